// What Swift cannot import from sqlite3.h: variadic functions and macros that cast.
#ifndef CAIRN_CSQLITE_SHIM_H
#define CAIRN_CSQLITE_SHIM_H

#include <sqlite3.h>

/// `sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL)`: SQL cannot write the file's internals.
static inline int cairn_sqlite3_enable_defensive(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

/// `sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL / _DML, 0, NULL)`: "name" is an identifier, never a text literal.
static inline int cairn_sqlite3_disable_double_quoted_strings(sqlite3 *db) {
    int code = sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
    return code != SQLITE_OK ? code : sqlite3_db_config(db, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
}

/// Text the caller keeps alive and unchanged until the statement is reset (SQLITE_STATIC).
static inline int cairn_sqlite3_bind_text_static(sqlite3_stmt *statement, int index, const char *text, int count) {
    return sqlite3_bind_text(statement, index, text, count, SQLITE_STATIC);
}

/// A blob the caller keeps alive and unchanged until the statement is reset (SQLITE_STATIC).
static inline int cairn_sqlite3_bind_blob_static(sqlite3_stmt *statement, int index, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_STATIC);
}

/// A text result that SQLite copies (SQLITE_TRANSIENT).
static inline void cairn_sqlite3_result_text(sqlite3_context *context, const char *text, int count) {
    sqlite3_result_text(context, text, count, SQLITE_TRANSIENT);
}

/// Whether a primary key or a unique index refused (the extended codes are macros that Swift cannot read).
static inline int cairn_sqlite3_is_duplicate(int extended_code) {
    return extended_code == SQLITE_CONSTRAINT_PRIMARYKEY || extended_code == SQLITE_CONSTRAINT_ROWID
        || extended_code == SQLITE_CONSTRAINT_UNIQUE;
}

#endif
