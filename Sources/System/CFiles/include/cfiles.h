// What a folder of objects needs of the system and Swift cannot call: locks of open files, and renames with conditions.
#ifndef CAIRN_CFILES_H
#define CAIRN_CFILES_H

// A lock on a whole file, held by an open file and not by a process: it ends when the file is closed by all who have it open,
// however they end. Each returns 0, or an error number.

// Takes the lock alone, without waiting: EAGAIN when another open file has it.
int cairn_lock(int file);

// Gives the lock up.
int cairn_unlock(int file);

// Whether another open file has the lock: EAGAIN when it has. Takes nothing.
int cairn_test_lock(int file);

// Renames, and fails with EEXIST where there is something of the new name.
int cairn_rename_new(int from_folder, const char *from, int to_folder, const char *to);

// Swaps two names: each is never absent.
int cairn_exchange(int one_folder, const char *one, int other_folder, const char *other);

#endif
