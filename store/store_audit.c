/* store_audit.c - the store's external audits: read once at the start, written one by one by the writer thread. */
#include <string.h>

#include "store/store_internal.h"

enum err
store_audits_read(struct store *s, void (*each)(void *arg, const struct store_audit *a), void *arg)
{
	static const char sql[] = "SELECT number, state, reason, result, start_ms, sync_ms, ready_ms, took_ms, active,"
	                          " fresh, stale, inactive, remaining FROM audit ORDER BY number";
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(s->db, sql, -1, &st, NULL);

	if (rc != SQLITE_OK)
		return store_sql_error(rc);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_audit a = {.number = (uint64_t)sqlite3_column_int64(st, 0),
		                        .state = (uint8_t)sqlite3_column_int64(st, 1),
		                        .reason = (uint8_t)sqlite3_column_int64(st, 2),
		                        .result = (uint8_t)sqlite3_column_int64(st, 3),
		                        .start_ms = (uint64_t)sqlite3_column_int64(st, 4),
		                        .sync_ms = (uint64_t)sqlite3_column_int64(st, 5),
		                        .ready_ms = (uint64_t)sqlite3_column_int64(st, 6),
		                        .took_ms = (uint64_t)sqlite3_column_int64(st, 7),
		                        .active = (uint64_t)sqlite3_column_int64(st, 8),
		                        .fresh = (uint64_t)sqlite3_column_int64(st, 9),
		                        .stale = (uint64_t)sqlite3_column_int64(st, 10),
		                        .inactive = (uint64_t)sqlite3_column_int64(st, 11),
		                        .left = (uint64_t)sqlite3_column_int64(st, 12)};

		each(arg, &a);
	}
	sqlite3_finalize(st);
	return store_sql_error(rc);
}

static int
write_audit(sqlite3 *db, const struct store_job *job)
{
	struct store_audit a;
	int rc;

	memcpy(&a, job->bytes, sizeof a);
	rc = store_sql_run(
	    db, "INSERT OR REPLACE INTO audit VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
	    "iiiiiiiiiiiii", (int64_t)a.number, (int64_t)a.state, (int64_t)a.reason, (int64_t)a.result,
	    (int64_t)a.start_ms, (int64_t)a.sync_ms, (int64_t)a.ready_ms, (int64_t)a.took_ms, (int64_t)a.active,
	    (int64_t)a.fresh, (int64_t)a.stale, (int64_t)a.inactive, (int64_t)a.left);
	if (rc != SQLITE_OK)
		return rc;
	return store_sql_run(db, "DELETE FROM audit WHERE number <= (SELECT max(number) FROM audit) - ?1", "i",
	                     (int64_t)STORE_AUDITS_MAX);
}

enum err
store_audit_write(struct store *s, const struct store_audit *a)
{
	return store_worker_write(s->worker, write_audit, "audits", a, sizeof *a, NULL, NULL);
}
