/* store_history.c - the store's transitions: read once at the start, written in batches by the writer thread. */
#include <stdlib.h>
#include <string.h>

#include "store/store_internal.h"

/* A batch as one piece of memory: for each transition a head and its body with the NUL. */
struct head {
	uint64_t chassis, number;
	int64_t at_us;
	size_t body_bytes; /* with the NUL */
};

enum err
store_transitions_read(struct store *s, void (*each)(void *arg, const struct store_transition *t), void *arg)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(s->db, "SELECT chassis, number, at_us, body FROM transition ORDER BY at_us, number",
	                            -1, &st, NULL);

	if (rc != SQLITE_OK)
		return store_sql_error(rc);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_transition t = {.chassis = (uint64_t)sqlite3_column_int64(st, 0),
		                             .number = (uint64_t)sqlite3_column_int64(st, 1),
		                             .at_us = sqlite3_column_int64(st, 2),
		                             .body = (const char *)sqlite3_column_text(st, 3)};

		if (t.body != NULL)
			each(arg, &t);
	}
	sqlite3_finalize(st);
	return store_sql_error(rc);
}

static int
write_one(sqlite3 *db, const struct head *h, const char *body)
{
	int rc = store_sql_run(db,
	                       "INSERT INTO transition(chassis, number, at_us, body) VALUES(?1, ?2, ?3, ?4)"
	                       " ON CONFLICT DO UPDATE SET body = ?4",
	                       "iiit", (int64_t)h->chassis, (int64_t)h->number, h->at_us, body);

	if (rc != SQLITE_OK)
		return rc;
	return store_sql_run(db,
	                     "DELETE FROM transition WHERE chassis = ?1 AND number <="
	                     " (SELECT max(number) FROM transition WHERE chassis = ?1) - ?2",
	                     "ii", (int64_t)h->chassis, (int64_t)STORE_TRANSITIONS_MAX);
}

static int
write_transitions(sqlite3 *db, const struct store_job *job)
{
	const uint8_t *at = job->bytes, *end = at + job->len;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK && at < end) {
		struct head h;

		memcpy(&h, at, sizeof h);
		rc = write_one(db, &h, (const char *)at + sizeof h);
		at += sizeof h + h.body_bytes;
	}
	return rc;
}

enum err
store_transitions_write(struct store *s, const struct store_transition *list, size_t count, store_done_fn *done,
                        void *arg)
{
	size_t bytes = 0, at = 0;
	uint8_t *heap;
	enum err e;

	for (size_t i = 0; i < count; i++)
		bytes += sizeof(struct head) + strlen(list[i].body) + 1;
	heap = malloc(bytes > 0 ? bytes : 1);
	if (heap == NULL)
		return ERR_SYSTEM;
	for (size_t i = 0; i < count; i++) {
		struct head h = {list[i].chassis, list[i].number, list[i].at_us, strlen(list[i].body) + 1};

		memcpy(heap + at, &h, sizeof h);
		memcpy(heap + at + sizeof h, list[i].body, h.body_bytes);
		at += sizeof h + h.body_bytes;
	}
	e = store_worker_take(s->worker, write_transitions, "transitions", heap, bytes, done, arg);
	if (e != ERR_OK)
		free(heap);
	return e;
}
