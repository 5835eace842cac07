// A SQLite VFS that fails on demand: everything goes to the system's own VFS, but writes and syncs of write-ahead logs can be
// made to fail. For tests only.
#ifndef CAIRN_FAULTY_DISK_H
#define CAIRN_FAULTY_DISK_H

/// What a failing call answers.
enum faulty_disk_error { FAULTY_DISK_IO = 0, FAULTY_DISK_FULL = 1 };

/// Registers the VFS under the name "faulty". Calling it again does no harm. Returns 0 when it worked.
int faulty_disk_register(void);

/// From now on lets `count` syncs of a log succeed and fails every one after. Negative: never fails.
void faulty_disk_fail_syncs_after(int count);

/// From now on lets `count` writes to a log succeed and fails every one after, with an error. Negative: never fails.
void faulty_disk_fail_writes_after(int count, enum faulty_disk_error error);

/// How many calls were made to fail since the start.
int faulty_disk_failures(void);

#endif
