/*
 * store_sql.h - chassis.db as SQLite sees it: opening, checking, migrating, one statement at a time.
 * Internal to store/store*.c; a connection belongs to one thread at a time.
 */
#ifndef STORE_STORE_SQL_H
#define STORE_STORE_SQL_H

#include <sqlite3.h>

#include "base/err.h"
#include "base/text.h"

/* store_sql_error - an SQLite result (SQLITE_OK, SQLITE_DONE and SQLITE_ROW are success) as the error store.h promises.
 */
enum err store_sql_error(int rc);

/* store_sql_open - a connection to @path, set to WAL, synchronous=FULL and a busy timeout of 2 s. The caller closes it.
 */
enum err store_sql_open(const char *path, sqlite3 **out, struct text *why);

/* store_sql_prepare_file - check the whole file, refuse strangers and newer releases, bring older schemas up to date.
 */
enum err store_sql_prepare_file(sqlite3 *db, const char *path, struct text *why);

/*
 * store_sql_run - prepare, bind, step to the end, finalize. @kinds has a letter per value: 'i' int64_t, 't' const char
 * *, 'b' const void * and int. Rows are passed over. Returns SQLite's result, SQLITE_OK for success.
 */
int store_sql_run(sqlite3 *db, const char *sql, const char *kinds, ...);

#endif
