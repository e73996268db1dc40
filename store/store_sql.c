/* store_sql.c - opening, checking and migrating chassis.db. The schema is a list of migrations, never edited, only
 * added to. */
#include "store/store_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 2000, WAL_KEPT_BYTES = 4 << 20, APPLICATION_ID = 0x53544152 /* "STAR" */ };

/* Entry i brings a file of user_version i to i + 1. */
static const char *const migrations[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE TABLE boot(priority INTEGER PRIMARY KEY CHECK(priority BETWEEN 1 AND 100), image TEXT NOT NULL CHECK(image "
    "<> ''),"
    " config TEXT NOT NULL) STRICT;"
    "CREATE TABLE config(id INTEGER PRIMARY KEY CHECK(id = 1), crc INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE switchover(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, epoch INTEGER NOT NULL,"
    " route_modifier INTEGER NOT NULL, duration_us INTEGER NOT NULL, from_state TEXT NOT NULL, to_state TEXT NOT NULL,"
    " cause TEXT NOT NULL, peer_cause TEXT NOT NULL) STRICT;",

    "CREATE TABLE config_text(id INTEGER PRIMARY KEY, crc INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " lines INTEGER NOT NULL, is_packed INTEGER NOT NULL, body BLOB NOT NULL) STRICT;"
    "CREATE TABLE generation(id INTEGER PRIMARY KEY, at_s INTEGER NOT NULL, is_saved INTEGER NOT NULL,"
    " who TEXT NOT NULL, what TEXT NOT NULL, text_id INTEGER NOT NULL REFERENCES config_text(id)) STRICT;"
    "INSERT INTO config_text SELECT 1, crc, length(body),"
    " length(CAST(body AS TEXT)) - length(replace(CAST(body AS TEXT), char(10), '')), 0, body FROM config;"
    "INSERT INTO generation SELECT 1, CAST(strftime('%s', 'now') AS INTEGER), 0, 'system',"
    " 'kept by an earlier release', 1 FROM config;"
    "DROP TABLE config;",

    "CREATE TABLE transition(chassis INTEGER NOT NULL, number INTEGER NOT NULL, at_us INTEGER NOT NULL,"
    " body TEXT NOT NULL, PRIMARY KEY(chassis, number, at_us)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX transition_time ON transition(at_us);"
    "DROP TABLE switchover;",

    "CREATE TABLE audit(number INTEGER PRIMARY KEY, state INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " result INTEGER NOT NULL, start_ms INTEGER NOT NULL, sync_ms INTEGER NOT NULL, ready_ms INTEGER NOT NULL,"
    " took_ms INTEGER NOT NULL, active INTEGER NOT NULL, fresh INTEGER NOT NULL, stale INTEGER NOT NULL,"
    " inactive INTEGER NOT NULL, remaining INTEGER NOT NULL) STRICT;",
};
enum { SCHEMA_VERSION = sizeof migrations / sizeof migrations[0] };

enum err
store_sql_error(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return ERR_OK;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_MISMATCH:
		return ERR_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_REFUSED;
	default:
		return ERR_SYSTEM;
	}
}

/* SQLite would open an unwritable file for reading only and make a new one readable by all: both are settled here. */
static enum err
touch(const char *path, struct text *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0) {
		text_printf(why, "%s cannot be opened for writing: %s", path, strerror(errno));
		return ERR_SYSTEM;
	}
	close(fd);
	return ERR_OK;
}

enum err
store_sql_open(const char *path, sqlite3 **out, struct text *why)
{
	static const char *const settings[] = {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL",
	                                       "PRAGMA foreign_keys=ON", "PRAGMA trusted_schema=OFF"};
	sqlite3 *db = NULL;
	char limit[64];
	enum err e = touch(path, why);
	int rc;

	if (e != ERR_OK)
		return e;
	snprintf(limit, sizeof limit, "PRAGMA journal_size_limit=%d", WAL_KEPT_BYTES);
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_busy_timeout(db, BUSY_MS);
	for (size_t i = 0; rc == SQLITE_OK && i < sizeof settings / sizeof settings[0]; i++)
		rc = sqlite3_exec(db, settings[i], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, limit, NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		text_printf(why, "%s: %s", path, db != NULL ? sqlite3_errmsg(db) : "out of memory");
		sqlite3_close(db);
		return store_sql_error(rc);
	}
	*out = db;
	return ERR_OK;
}

/* The one number (or, into @words, the one text) of a query. */
static int
query_one(sqlite3 *db, const char *sql, int64_t *number, char *words, size_t words_max)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && number != NULL)
		*number = sqlite3_column_int64(st, 0);
	if (rc == SQLITE_ROW && words != NULL)
		snprintf(words, words_max, "%s", (const char *)sqlite3_column_text(st, 0));
	rc = rc == SQLITE_ROW ? SQLITE_OK : rc == SQLITE_DONE ? SQLITE_CORRUPT : rc;
	sqlite3_finalize(st);
	return rc;
}

static int
migrate(sqlite3 *db, int from)
{
	char mark[96];
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (int v = from; rc == SQLITE_OK && v < SCHEMA_VERSION; v++)
		rc = sqlite3_exec(db, migrations[v], NULL, NULL, NULL);
	snprintf(mark, sizeof mark, "PRAGMA user_version=%d; PRAGMA application_id=%d; COMMIT", SCHEMA_VERSION,
	         APPLICATION_ID);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, mark, NULL, NULL, NULL);
	return rc;
}

enum err
store_sql_prepare_file(sqlite3 *db, const char *path, struct text *why)
{
	int64_t version = 0, application = 0, tables = 0;
	char verdict[200] = "";
	int rc = query_one(db, "PRAGMA quick_check(1)", NULL, verdict, sizeof verdict);

	if (rc == SQLITE_OK && strcmp(verdict, "ok") != 0) {
		text_printf(why, "%s is damaged: %s", path, verdict);
		return ERR_CORRUPT;
	}
	if (rc == SQLITE_OK)
		rc = query_one(db, "PRAGMA user_version", &version, NULL, 0);
	if (rc == SQLITE_OK)
		rc = query_one(db, "PRAGMA application_id", &application, NULL, 0);
	if (rc == SQLITE_OK)
		rc = query_one(db, "SELECT count(*) FROM sqlite_schema", &tables, NULL, 0);
	if (rc == SQLITE_OK && tables > 0 && application != APPLICATION_ID) {
		text_printf(why, "%s is the database of another program", path);
		return ERR_CORRUPT;
	}
	if (rc == SQLITE_OK && version > SCHEMA_VERSION) {
		text_printf(why, "%s was written by a newer release (schema %d, this one knows %d)", path, (int)version,
		            SCHEMA_VERSION);
		return ERR_VERSION;
	}
	if (rc == SQLITE_OK && version < SCHEMA_VERSION)
		rc = migrate(db, (int)version);
	if (rc != SQLITE_OK)
		text_printf(why, "%s: %s", path, sqlite3_errmsg(db));
	return store_sql_error(rc);
}

static int
bind_all(sqlite3_stmt *st, const char *kinds, va_list ap)
{
	int rc = SQLITE_OK;

	for (int i = 1; *kinds != '\0' && rc == SQLITE_OK; i++, kinds++) {
		if (*kinds == 'i') {
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		} else if (*kinds == 't') {
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_STATIC);
		} else {
			const void *data = va_arg(ap, const void *);

			rc = sqlite3_bind_blob(st, i, data, va_arg(ap, int), SQLITE_STATIC);
		}
	}
	return rc;
}

int
store_sql_run(sqlite3 *db, const char *sql, const char *kinds, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	va_start(ap, kinds);
	rc = bind_all(st, kinds, ap);
	va_end(ap);
	if (rc == SQLITE_OK)
		while ((rc = sqlite3_step(st)) == SQLITE_ROW)
			;
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}
