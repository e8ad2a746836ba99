#pragma once
#include <errno.h>
#include <sqlite3.h>

/// `SQLITE_TRANSIENT` is a cast macro, which Swift cannot import: SQLite copies the text.
static inline int omsd_bind_text(sqlite3_stmt *statement, int at, const char *text, int bytes) {
    return sqlite3_bind_text(statement, at, text, bytes, SQLITE_TRANSIENT);
}

/// As above, for bytes.
static inline int omsd_bind_blob(sqlite3_stmt *statement, int at, const void *bytes, int count) {
    return sqlite3_bind_blob(statement, at, bytes, count, SQLITE_TRANSIENT);
}

/// `sqlite3_db_config` is variadic, which Swift cannot call. Defensive: SQL cannot write the schema or make the file unreadable.
static inline int omsd_defensive(sqlite3 *connection) {
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}

static inline int omsd_has_eio(sqlite3_file *file) {
    int number = 0;
    return file && file->pMethods && file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number) == SQLITE_OK && number == EIO;
}

/// Since 3.32 SQLite calls a file damaged when a page of it cannot be read (SQLITE_IOERR_CORRUPTFS becomes SQLITE_CORRUPT). The files remember why.
static inline int omsd_could_not_be_read(sqlite3 *connection) {
    sqlite3_file *file = 0, *wal = 0;
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    sqlite3_file_control(connection, "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
    return omsd_has_eio(file) || omsd_has_eio(wal);
}

/// `sqlite3_db_config` again. A close leaves the WAL as it is.
static inline void omsd_no_checkpoint_on_close(sqlite3 *connection) {
    sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

/// `sqlite3_config` is variadic. Without memory statistics SQLite takes no lock around each allocation; only before its first use.
static inline int omsd_without_memory_statistics(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
