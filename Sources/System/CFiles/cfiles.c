#define _GNU_SOURCE
#include "cfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __APPLE__

#include <sys/file.h>

static int result(int code) { return code == 0 ? 0 : errno == EWOULDBLOCK ? EAGAIN : errno; }

int cairn_lock(int file) { return result(flock(file, LOCK_EX | LOCK_NB)); }

int cairn_unlock(int file) { return result(flock(file, LOCK_UN)); }

int cairn_test_lock(int file) {
    int code = result(flock(file, LOCK_SH | LOCK_NB));
    return code != 0 ? code : cairn_unlock(file);
}

int cairn_rename_new(int from_folder, const char *from, int to_folder, const char *to) {
    return result(renameatx_np(from_folder, from, to_folder, to, RENAME_EXCL));
}

int cairn_exchange(int one_folder, const char *one, int other_folder, const char *other) {
    return result(renameatx_np(one_folder, one, other_folder, other, RENAME_SWAP));
}

#else

static int result(int code) { return code == 0 ? 0 : errno == EACCES ? EAGAIN : errno; }

static struct flock whole(short type) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    return lock;
}

int cairn_lock(int file) {
    struct flock lock = whole(F_WRLCK);
    return result(fcntl(file, F_OFD_SETLK, &lock));
}

int cairn_unlock(int file) {
    struct flock lock = whole(F_UNLCK);
    return result(fcntl(file, F_OFD_SETLK, &lock));
}

int cairn_test_lock(int file) {
    struct flock lock = whole(F_RDLCK);
    int code = result(fcntl(file, F_OFD_GETLK, &lock));
    return code != 0 ? code : lock.l_type == F_UNLCK ? 0 : EAGAIN;
}

int cairn_rename_new(int from_folder, const char *from, int to_folder, const char *to) {
    return renameat2(from_folder, from, to_folder, to, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

int cairn_exchange(int one_folder, const char *one, int other_folder, const char *other) {
    return renameat2(one_folder, one, other_folder, other, RENAME_EXCHANGE) == 0 ? 0 : errno;
}

#endif
