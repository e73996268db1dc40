/*
 * store_config.c - the generations of the configuration in chassis.db.
 *
 * Lines are compressed, stored once however many generations have them, and checked by CRC when they are read. All of
 * it is the writer thread's work; the loop keeps a list of numbers, names and times, so that showing it reads no disk.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/log.h"
#include "store/store_internal.h"

enum { PACK_LEVEL = 1, RUNNING_KEPT = 2 };

/* The columns of config_text that unpack needs. */
#define TEXT_COLUMNS "t.crc, t.bytes, t.is_packed, t.body"

static int64_t
checksum(const void *data, size_t len)
{
	return (int64_t)crc32_z(0, data, len);
}

/*
 * unpack - the text in columns @at.. (TEXT_COLUMNS) of a row, NUL-terminated heap memory.
 *
 * Returns ERR_CORRUPT when it is not what was written, ERR_SYSTEM without memory.
 */
static enum err
unpack(sqlite3_stmt *st, int at, char **out, size_t *len)
{
	int64_t crc = sqlite3_column_int64(st, at), bytes = sqlite3_column_int64(st, at + 1);
	const void *body = sqlite3_column_blob(st, at + 3);
	size_t packed = (size_t)sqlite3_column_bytes(st, at + 3);
	bool is_packed = sqlite3_column_int(st, at + 2) != 0;
	uLongf n = (uLongf)bytes;
	char *text;

	if (bytes < 0 || bytes > STORE_CONFIG_MAX || (!is_packed && packed != n))
		return ERR_CORRUPT;
	text = malloc(n + 1);
	if (text == NULL)
		return ERR_SYSTEM;
	if (!is_packed && n > 0)
		memcpy(text, body, n);
	if ((is_packed &&
	     (body == NULL || uncompress((Bytef *)text, &n, body, packed) != Z_OK || n != (uLongf)bytes)) ||
	    checksum(text, n) != crc) {
		free(text);
		return ERR_CORRUPT;
	}
	text[n] = '\0';
	*out = text;
	*len = n;
	return ERR_OK;
}

/* ---- at the start ---- */

int
store_config_list(struct store *s)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(s->db,
	                            "SELECT g.id, g.at_s, t.lines, t.bytes, g.is_saved, g.who, g.what"
	                            " FROM generation g JOIN config_text t ON t.id = g.text_id ORDER BY g.id",
	                            -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && s->generation_count < STORE_GENERATIONS_MAX) {
		struct store_generation *g = &s->generations[s->generation_count++];

		g->number = sqlite3_column_int64(st, 0);
		g->at_s = sqlite3_column_int64(st, 1);
		g->lines = (uint32_t)sqlite3_column_int64(st, 2);
		g->bytes = (uint32_t)sqlite3_column_int64(st, 3);
		g->is_saved = sqlite3_column_int(st, 4) != 0;
		store_copy_column(st, 5, g->who, sizeof g->who);
		store_copy_column(st, 6, g->what, sizeof g->what);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? SQLITE_OK : rc;
}

enum err
store_config_load(struct store *s, char **out, size_t *len)
{
	enum err e = ERR_NOT_FOUND;
	sqlite3_stmt *st;
	size_t n = 0;
	int rc =
	    sqlite3_prepare_v2(s->db,
	                       "SELECT g.id, " TEXT_COLUMNS " FROM generation g JOIN config_text t ON t.id = g.text_id"
	                       " WHERE g.is_saved = 0 ORDER BY g.id DESC",
	                       -1, &st, NULL);

	if (rc != SQLITE_OK)
		return store_sql_error(rc);
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		char which[64];

		e = unpack(st, 1, out, &n);
		if (e != ERR_CORRUPT)
			break;
		snprintf(which, sizeof which, "generation %lld", (long long)sqlite3_column_int64(st, 0));
		log_event(LOG_STORE_ERROR, which, "its checksum does not match; the one before is tried");
	}
	sqlite3_finalize(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return store_sql_error(rc);
	if (e == ERR_OK && len != NULL)
		*len = n;
	return e;
}

/* ---- keeping one: on the writer thread ---- */

/* A generation on its way; its result is the loop's when the job is done. */
struct keeping {
	struct store *store;
	struct store_generation g;
	bool is_same; /* as the running configuration before: no generation was made */
	size_t kept_count;
	int64_t kept[STORE_GENERATIONS_MAX]; /* all that there are now */
	store_done_fn *done;
	void *arg;
};

/* The one number of a query with up to two numbers bound; 0 when it has no row. */
static int
one_number(sqlite3 *db, const char *sql, int64_t a, int64_t b, int64_t *out)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db, sql, -1, &st, NULL);

	*out = 0;
	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_bind_parameter_count(st) > 0)
		sqlite3_bind_int64(st, 1, a);
	if (sqlite3_bind_parameter_count(st) > 1)
		sqlite3_bind_int64(st, 2, b);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

/* find_text - the row that holds exactly these lines; 0: none. A checksum alone would be a guess. */
static int
find_text(sqlite3 *db, const struct store_job *job, int64_t *id)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(
	    db, "SELECT t.id, " TEXT_COLUMNS " FROM config_text t WHERE t.crc = ?1 AND t.bytes = ?2", -1, &st, NULL);

	*id = 0;
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(st, 1, checksum(job->bytes, job->len));
	sqlite3_bind_int64(st, 2, (int64_t)job->len);
	while (*id == 0 && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		char *text;
		size_t n;

		if (unpack(st, 1, &text, &n) != ERR_OK)
			continue;
		if (memcmp(text, job->bytes, n) == 0)
			*id = sqlite3_column_int64(st, 0);
		free(text);
	}
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static uint32_t
count_lines(const char *text, size_t len)
{
	uint32_t lines = 0;

	for (const char *p = text; len > 0 && (p = memchr(p, '\n', len - (size_t)(p - text))) != NULL; p++)
		lines++;
	return lines;
}

static int
insert_text(sqlite3 *db, const struct store_job *job, int64_t *id)
{
	uLongf n = compressBound(job->len);
	Bytef *packed = malloc(n);
	int rc;

	if (packed == NULL || compress2(packed, &n, job->bytes, job->len, PACK_LEVEL) != Z_OK) {
		free(packed);
		return SQLITE_NOMEM;
	}
	rc = store_sql_run(db, "INSERT INTO config_text(crc, bytes, lines, is_packed, body) VALUES(?1, ?2, ?3, 1, ?4)",
	                   "iiib", checksum(job->bytes, job->len), (int64_t)job->len,
	                   (int64_t)count_lines(job->bytes, job->len), (const void *)packed, (int)n);
	free(packed);
	*id = sqlite3_last_insert_rowid(db);
	return rc;
}

/* The oldest one goes until both bounds hold; the last RUNNING_KEPT of the running configuration are never old. */
static int
prune(sqlite3 *db)
{
	static const char too_many[] = "SELECT (SELECT count(*) FROM generation) > ?1 OR"
	                               " (SELECT sum(length(body)) FROM config_text) > ?2";
	int64_t is_over = 1, oldest;
	int rc = SQLITE_OK;

	while (rc == SQLITE_OK) {
		rc = one_number(db, too_many, STORE_GENERATIONS_MAX, STORE_PACKED_MAX, &is_over);
		if (rc != SQLITE_OK || !is_over)
			return rc;
		rc = one_number(db,
		                "SELECT min(id) FROM generation WHERE id NOT IN"
		                " (SELECT id FROM generation WHERE is_saved = 0 ORDER BY id DESC LIMIT ?1)",
		                RUNNING_KEPT, 0, &oldest);
		if (rc != SQLITE_OK || oldest == 0)
			return rc;
		rc = store_sql_run(db, "DELETE FROM generation WHERE id = ?1", "i", oldest);
		if (rc == SQLITE_OK)
			rc = store_sql_run(
			    db, "DELETE FROM config_text WHERE id NOT IN (SELECT text_id FROM generation)", "");
	}
	return rc;
}

static int
list_kept(sqlite3 *db, struct keeping *k)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db, "SELECT id FROM generation ORDER BY id", -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	k->kept_count = 0;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && k->kept_count < STORE_GENERATIONS_MAX)
		k->kept[k->kept_count++] = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
write_generation(sqlite3 *db, const struct store_job *job)
{
	struct keeping *k = job->arg;
	int64_t text, running = 0;
	int rc = find_text(db, job, &text);

	if (rc == SQLITE_OK)
		rc = one_number(db, "SELECT text_id FROM generation WHERE is_saved = 0 ORDER BY id DESC LIMIT 1", 0, 0,
		                &running);
	if (rc != SQLITE_OK)
		return rc;
	k->is_same = !k->g.is_saved && text != 0 && text == running;
	if (k->is_same)
		return SQLITE_OK;
	if (text == 0)
		rc = insert_text(db, job, &text);
	if (rc == SQLITE_OK)
		rc = store_sql_run(
		    db, "INSERT INTO generation(at_s, is_saved, who, what, text_id) VALUES(?1, ?2, ?3, ?4, ?5)",
		    "iitti", k->g.at_s, (int64_t)k->g.is_saved, k->g.who, k->g.what, text);
	k->g.number = sqlite3_last_insert_rowid(db);
	k->g.bytes = (uint32_t)job->len;
	k->g.lines = count_lines(job->bytes, job->len);
	if (rc == SQLITE_OK)
		rc = prune(db);
	return rc == SQLITE_OK ? list_kept(db, k) : rc;
}

/* ---- keeping one: on the loop's thread ---- */

/* The list is what the database holds now: both ascend. */
static void
list_follow(struct store *s, const struct keeping *k)
{
	size_t n = 0;

	for (size_t i = 0, at = 0; i < k->kept_count; i++) {
		while (at < s->generation_count && s->generations[at].number < k->kept[i])
			at++;
		if (k->kept[i] == k->g.number)
			s->generations[n++] = k->g;
		else if (at < s->generation_count && s->generations[at].number == k->kept[i])
			s->generations[n++] = s->generations[at];
	}
	s->generation_count = n;
}

static void
kept(void *arg, enum err e, const char *why)
{
	struct keeping *k = arg;

	if (e == ERR_OK && !k->is_same)
		list_follow(k->store, k);
	if (k->done != NULL)
		k->done(k->arg, e, why);
	free(k);
}

static struct keeping *
keeping_new(struct store *s, const struct store_generation *about, store_done_fn *done, void *arg)
{
	struct keeping *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	k->store = s;
	if (about != NULL)
		k->g = *about;
	k->g.who[STORE_WHO_MAX] = k->g.what[STORE_WHAT_MAX] = '\0';
	k->done = done;
	k->arg = arg;
	return k;
}

static const char what_is_written[] = "configuration";

enum err
store_config_take(struct store *s, char *heap, size_t len, const struct store_generation *about, store_done_fn *done,
                  void *arg)
{
	struct keeping *k = len > STORE_CONFIG_MAX ? NULL : keeping_new(s, about, done, arg);
	enum err e;

	if (k == NULL)
		return len > STORE_CONFIG_MAX ? ERR_RANGE : ERR_SYSTEM;
	e = store_worker_take(s->worker, write_generation, what_is_written, heap, len, kept, k);
	if (e != ERR_OK)
		free(k);
	return e;
}

enum err
store_config_replace(struct store *s, const char *config, size_t len, store_done_fn *done, void *arg)
{
	struct keeping *k = len > STORE_CONFIG_MAX ? NULL : keeping_new(s, NULL, done, arg);
	enum err e;

	if (k == NULL)
		return len > STORE_CONFIG_MAX ? ERR_RANGE : ERR_SYSTEM;
	e = store_worker_write(s->worker, write_generation, what_is_written, config, len, kept, k);
	if (e != ERR_OK)
		free(k);
	return e;
}

size_t
store_generation_count(const struct store *s)
{
	return s->generation_count;
}

const struct store_generation *
store_generation_at(const struct store *s, size_t i)
{
	return i < s->generation_count ? &s->generations[i] : NULL;
}

const struct store_generation *
store_generation_find(const struct store *s, int64_t number)
{
	for (size_t i = 0; i < s->generation_count; i++)
		if (s->generations[i].number == number)
			return &s->generations[i];
	return NULL;
}

/* ---- reading ---- */

struct reading {
	int64_t a, b;
	store_make_fn *make;
	store_text_fn *done;
	void *arg;
	enum err e;
	char *text;
	size_t len;
};

static int
read_lines(sqlite3 *db, int64_t number, enum err *e, char **out, size_t *len)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(
	    db, "SELECT " TEXT_COLUMNS " FROM generation g JOIN config_text t ON t.id = g.text_id WHERE g.id = ?1", -1,
	    &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_int64(st, 1, number);
	rc = sqlite3_step(st);
	*e = rc == SQLITE_ROW ? unpack(st, 0, out, len) : ERR_NOT_FOUND;
	sqlite3_finalize(st);
	return rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static int
read_generations(sqlite3 *db, const struct store_job *job)
{
	struct reading *r = job->arg;
	char *a = NULL, *b = NULL;
	size_t a_len = 0, b_len = 0;
	int rc = read_lines(db, r->a, &r->e, &a, &a_len);

	if (rc == SQLITE_OK && r->e == ERR_OK && r->make != NULL)
		rc = read_lines(db, r->b, &r->e, &b, &b_len);
	if (rc == SQLITE_OK && r->e == ERR_OK && r->make != NULL)
		r->e = r->make(a, a_len, b, b_len, &r->text, &r->len);
	if (rc == SQLITE_OK && r->e == ERR_OK && r->make == NULL) {
		r->text = a;
		r->len = a_len;
		a = NULL;
	}
	free(a);
	free(b);
	return rc;
}

static void
read_done(void *arg, enum err e, const char *why)
{
	struct reading *r = arg;

	(void)why;
	if (e == ERR_OK)
		e = r->e;
	if (e != ERR_OK) {
		free(r->text);
		r->text = NULL;
		r->len = 0;
	}
	r->done(r->arg, e, r->text, r->len);
	free(r);
}

enum err
store_generation_read(struct store *s, int64_t a, int64_t b, store_make_fn *make, store_text_fn *done, void *arg)
{
	struct reading *r = calloc(1, sizeof *r);
	enum err e;

	if (r == NULL)
		return ERR_SYSTEM;
	*r = (struct reading){.a = a, .b = b, .make = make, .done = done, .arg = arg};
	e = store_worker_write(s->worker, read_generations, "reading generations", "", 0, read_done, r);
	if (e != ERR_OK)
		free(r);
	return e;
}
