#include "faulty_disk.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

// The counters are shared by all connections of the process; tests that use them run one after the other.
static atomic_int syncs_left = -1;
static atomic_int writes_left = -1;
static atomic_int changes_left = -1;
static atomic_int changes_failing = 0;
static atomic_int locks_refused = 0;
static atomic_int error = FAULTY_DISK_IO;
static atomic_int is_torn = 0;
static atomic_int failures = 0;
static _Atomic(void (*)(void)) watcher;

typedef struct faulty_file {
    sqlite3_file base;
    int is_log;
    // The file of the real VFS follows this struct in memory.
} faulty_file;

static sqlite3_vfs *real_vfs;

static sqlite3_file *real(sqlite3_file *file) { return (sqlite3_file *)((faulty_file *)file + 1); }

// Takes one from a counter; false when there was none left to take.
static int take(atomic_int *left) {
    int current = atomic_load(left);
    while (current > 0 && !atomic_compare_exchange_weak(left, &current, current - 1)) {}
    return current > 0;
}

// Whether a counter that counts down to failure has come to 0.
static int is_used_up(atomic_int *left) {
    if (atomic_load(left) < 0 || take(left)) return 0;
    atomic_fetch_add(&failures, 1);
    return 1;
}

static void watch(void) {
    void (*current)(void) = atomic_load(&watcher);
    if (current) current();
}

// What a change needs of the disk.
enum need { NEEDS_NOTHING, NEEDS_PLACE, NEEDS_ROOM };

// Whether the change that is about to happen fails. A full disk has room for what takes the place of something.
static int change_fails(enum need need) {
    int kind = atomic_load(&error);
    if (kind == FAULTY_DISK_FULL && need != NEEDS_ROOM) return 0;
    if (kind == FAULTY_DISK_FULL_EVERYWHERE && need == NEEDS_NOTHING) return 0;
    if (atomic_load(&changes_left) < 0 || take(&changes_left) || !take(&changes_failing)) return 0;
    atomic_fetch_add(&failures, 1);
    return 1;
}

static int code(int io_code) { return atomic_load(&error) == FAULTY_DISK_IO ? io_code : SQLITE_FULL; }

static enum need need_of_write(sqlite3_file *f, sqlite3_int64 end) {
    sqlite3_int64 size = 0;
    real(f)->pMethods->xFileSize(real(f), &size);
    return end > size ? NEEDS_ROOM : NEEDS_PLACE;
}

static int f_close(sqlite3_file *f) { return real(f)->pMethods->xClose(real(f)); }
static int f_read(sqlite3_file *f, void *b, int n, sqlite3_int64 o) { return real(f)->pMethods->xRead(real(f), b, n, o); }

static int f_write(sqlite3_file *f, const void *b, int n, sqlite3_int64 o) {
    int fails = change_fails(need_of_write(f, o + n));
    if ((fails && atomic_load(&is_torn)) || atomic_load(&watcher)) real(f)->pMethods->xWrite(real(f), b, n / 2, o);
    watch();
    if (fails || (((faulty_file *)f)->is_log && is_used_up(&writes_left))) return code(SQLITE_IOERR_WRITE);
    return real(f)->pMethods->xWrite(real(f), b, n, o);
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 n) {
    watch();
    return change_fails(NEEDS_NOTHING) ? SQLITE_IOERR_TRUNCATE : real(f)->pMethods->xTruncate(real(f), n);
}

static int f_sync(sqlite3_file *f, int flags) {
    (void)flags;
    watch();
    return change_fails(NEEDS_NOTHING) || (((faulty_file *)f)->is_log && is_used_up(&syncs_left)) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int f_size(sqlite3_file *f, sqlite3_int64 *n) { return real(f)->pMethods->xFileSize(real(f), n); }
static int f_lock(sqlite3_file *f, int l) { return take(&locks_refused) ? SQLITE_BUSY : real(f)->pMethods->xLock(real(f), l); }
static int f_unlock(sqlite3_file *f, int l) { return real(f)->pMethods->xUnlock(real(f), l); }
static int f_reserved(sqlite3_file *f, int *r) { return real(f)->pMethods->xCheckReservedLock(real(f), r); }
static int f_control(sqlite3_file *f, int op, void *a) { return real(f)->pMethods->xFileControl(real(f), op, a); }
static int f_sector(sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); }
static int f_device(sqlite3_file *f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }

static int f_map(sqlite3_file *f, int r, int n, int extends, void volatile **p) {
    if (extends) watch();
    return extends && change_fails(NEEDS_ROOM) ? SQLITE_IOERR_SHMSIZE : real(f)->pMethods->xShmMap(real(f), r, n, extends, p);
}

static int f_shmlock(sqlite3_file *f, int o, int n, int g) { return real(f)->pMethods->xShmLock(real(f), o, n, g); }
static void f_barrier(sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); }
static int f_unmap(sqlite3_file *f, int d) { return real(f)->pMethods->xShmUnmap(real(f), d); }

static const sqlite3_io_methods methods = {
    2, f_close, f_read, f_write, f_truncate, f_sync, f_size, f_lock, f_unlock, f_reserved, f_control, f_sector, f_device,
    f_map, f_shmlock, f_barrier, f_unmap, 0, 0,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out) {
    (void)vfs;
    faulty_file *f = (faulty_file *)file;
    f->base.pMethods = 0;
    f->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    int exists = 1;
    if (name && (flags & SQLITE_OPEN_CREATE)) real_vfs->xAccess(real_vfs, name, SQLITE_ACCESS_EXISTS, &exists);
    if (!exists) {
        watch();
        if (change_fails(NEEDS_ROOM)) return SQLITE_CANTOPEN;
    }
    int code = real_vfs->xOpen(real_vfs, name, real(file), flags, out);
    if (code == SQLITE_OK) f->base.pMethods = &methods;
    return code;
}

static int vfs_delete(sqlite3_vfs *v, const char *n, int s) {
    (void)v;
    watch();
    return change_fails(NEEDS_NOTHING) ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, n, s);
}

static int vfs_access(sqlite3_vfs *v, const char *n, int f, int *r) { (void)v; return real_vfs->xAccess(real_vfs, n, f, r); }
static int vfs_path(sqlite3_vfs *v, const char *n, int c, char *o) { (void)v; return real_vfs->xFullPathname(real_vfs, n, c, o); }
static int vfs_random(sqlite3_vfs *v, int n, char *b) { (void)v; return real_vfs->xRandomness(real_vfs, n, b); }
static int vfs_sleep(sqlite3_vfs *v, int n) { (void)v; return real_vfs->xSleep(real_vfs, n); }
static int vfs_time(sqlite3_vfs *v, double *t) { (void)v; return real_vfs->xCurrentTime(real_vfs, t); }
static int vfs_error(sqlite3_vfs *v, int n, char *b) { (void)v; return real_vfs->xGetLastError(real_vfs, n, b); }
static int vfs_time64(sqlite3_vfs *v, sqlite3_int64 *t) { (void)v; return real_vfs->xCurrentTimeInt64(real_vfs, t); }

static sqlite3_vfs faulty;

int faulty_disk_register(void) {
    if (sqlite3_vfs_find("faulty")) return 0;
    real_vfs = sqlite3_vfs_find(0);
    if (!real_vfs) return 1;
    memset(&faulty, 0, sizeof faulty);
    faulty.iVersion = 2;
    faulty.szOsFile = (int)sizeof(faulty_file) + real_vfs->szOsFile;
    faulty.mxPathname = real_vfs->mxPathname;
    faulty.zName = "faulty";
    faulty.xOpen = vfs_open;
    faulty.xDelete = vfs_delete;
    faulty.xAccess = vfs_access;
    faulty.xFullPathname = vfs_path;
    faulty.xRandomness = vfs_random;
    faulty.xSleep = vfs_sleep;
    faulty.xCurrentTime = vfs_time;
    faulty.xGetLastError = vfs_error;
    faulty.xCurrentTimeInt64 = vfs_time64;
    return sqlite3_vfs_register(&faulty, 0);
}

void faulty_disk_fail_syncs_after(int count) { atomic_store(&syncs_left, count); }

void faulty_disk_fail_writes_after(int count, enum faulty_disk_error answer) {
    atomic_store(&error, answer);
    atomic_store(&writes_left, count);
}

void faulty_disk_fail_changes_after(int count, int failing, enum faulty_disk_error answer, int torn) {
    atomic_store(&error, answer);
    atomic_store(&is_torn, torn);
    atomic_store(&changes_failing, failing);
    atomic_store(&changes_left, count);
}

void faulty_disk_watch_changes(void (*function)(void)) { atomic_store(&watcher, function); }

void faulty_disk_lock_out(int count) { atomic_store(&locks_refused, count); }

int faulty_disk_failures(void) { return atomic_load(&failures); }
