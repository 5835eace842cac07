// A SQLite VFS that fails on demand: everything goes to the system's own VFS, but what changes files can be made to fail, once or
// from then on, and can be watched. Nothing is synced: what that adds is for power cuts, which no test makes. For tests only.
#ifndef CAIRN_FAULTY_DISK_H
#define CAIRN_FAULTY_DISK_H

/// How calls fail.
enum faulty_disk_error {
    /// Whatever it is.
    FAULTY_DISK_IO = 0,
    /// What needs room: a file that grows, a new one, shared memory.
    FAULTY_DISK_FULL = 1,
    /// Every write, as on a file system that never writes to the same place twice.
    FAULTY_DISK_FULL_EVERYWHERE = 2
};

/// Registers the VFS under the name "faulty". Calling it again does no harm. Returns 0 when it worked.
int faulty_disk_register(void);

/// From now on lets `count` syncs of a log succeed and fails every one after. Negative: never fails.
void faulty_disk_fail_syncs_after(int count);

/// From now on lets `count` writes to a log succeed and fails every one after, with an error. Negative: never fails.
void faulty_disk_fail_writes_after(int count, enum faulty_disk_error error);

/// From now on lets `count` changes succeed and fails so many after them. A change is a write, a sync or a truncation of any file, a
/// file made or removed, a piece of shared memory added. Negative: never fails.
///
/// Only what can fail in this way counts. A write that is torn leaves the first half of its bytes.
void faulty_disk_fail_changes_after(int count, int failing, enum faulty_disk_error error, int is_torn);

/// From now on calls `watcher` at every change: before it, and in the middle of a write. NULL: nobody watches.
void faulty_disk_watch_changes(void (*watcher)(void));

/// Answers the next `count` requests for a lock as if another process had the file.
void faulty_disk_lock_out(int count);

/// How many calls were made to fail since the start.
int faulty_disk_failures(void);

#endif
