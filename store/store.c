/*
 * store.c - the store's contents: identity, counters, boot entries; store_config.c has the generations of the
 * configuration, store_history.c the transitions.
 *
 * Each has its copy in memory that answers; the boot list is written whole each time, so a write that
 * failed is made good by the next one.
 */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "store/store_internal.h"

static const char meta_put_sql[] =
    "INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2";

/* ---- meta: one value by name ---- */

/* SQLITE_ROW: there, *@number is set. SQLITE_DONE: not there. */
static int
meta_number(sqlite3 *db, const char *key, int64_t *number)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(db, "SELECT value FROM meta WHERE key = ?1", -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		if (sqlite3_column_type(st, 0) == SQLITE_INTEGER)
			*number = sqlite3_column_int64(st, 0);
		else
			rc = SQLITE_CORRUPT;
	}
	sqlite3_finalize(st);
	return rc;
}

static int
meta_put_number(sqlite3 *db, const char *key, int64_t number)
{
	return store_sql_run(db, meta_put_sql, "ti", key, number);
}

/* Read a number, or make it of @fresh random bits the first time. */
static int
meta_number_once(sqlite3 *db, const char *key, uint64_t mask, uint64_t bits, int64_t *number)
{
	uint64_t fresh = 0;
	int rc = meta_number(db, key, number);

	if (rc != SQLITE_DONE)
		return rc == SQLITE_ROW ? SQLITE_OK : rc;
	while ((fresh & mask) == 0)
		if (getrandom(&fresh, sizeof fresh, 0) != (ssize_t)sizeof fresh)
			return SQLITE_IOERR;
	*number = (int64_t)((fresh & mask) | bits);
	return meta_put_number(db, key, *number);
}

static uint64_t
mac_number(const uint8_t mac[MAC_LEN])
{
	uint64_t v = 0;

	for (int i = 0; i < MAC_LEN; i++)
		v = v << 8 | mac[i];
	return v;
}

static void
mac_of_number(uint64_t v, uint8_t mac[MAC_LEN])
{
	for (int i = MAC_LEN; i-- > 0; v >>= 8)
		mac[i] = (uint8_t)v;
}

/* ---- reading at start ---- */

void
store_copy_column(sqlite3_stmt *st, int column, char *out, size_t max)
{
	const unsigned char *s = sqlite3_column_text(st, column);

	snprintf(out, max, "%s", s != NULL ? (const char *)s : "");
}

static int
load_identity(struct store *s)
{
	int64_t id, mac;
	int rc = meta_number_once(s->db, "chassis_id", UINT64_MAX, 0, &id);

	if (rc == SQLITE_OK)
		rc = meta_number_once(s->db, "mac", UINT64_C(0xffffffffff), UINT64_C(0x02) << 40, &mac);
	if (rc != SQLITE_OK)
		return rc;
	mac_of_number((uint64_t)mac, s->mac);
	if (id == 0 || mac <= 0 || mac >> 48 != 0 || (s->mac[0] & 1) != 0)
		return SQLITE_CORRUPT; /* no chassis was ever given these */
	s->chassis_id = (uint64_t)id;
	return SQLITE_OK;
}

static int
load_boot(struct store *s)
{
	sqlite3_stmt *st;
	int rc = sqlite3_prepare_v2(s->db, "SELECT priority, image, config FROM boot ORDER BY priority", -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && s->boot_count < STORE_BOOT_MAX) {
		struct store_boot *b = &s->boot[s->boot_count++];

		b->priority = (uint8_t)sqlite3_column_int(st, 0);
		store_copy_column(st, 1, b->image, sizeof b->image);
		store_copy_column(st, 2, b->config, sizeof b->config);
		if (b->image[0] == '\0' || sqlite3_column_bytes(st, 1) > STORE_URL_MAX ||
		    sqlite3_column_bytes(st, 2) > STORE_URL_MAX)
			break; /* a part of a name is another name */
	}
	sqlite3_finalize(st);
	return rc == SQLITE_DONE ? SQLITE_OK : rc == SQLITE_ROW ? SQLITE_CORRUPT : rc;
}

static enum err
load_all(struct store *s, const char *path, struct text *why)
{
	int rc = load_identity(s);

	if (rc == SQLITE_OK)
		rc = load_boot(s);
	if (rc == SQLITE_OK)
		rc = store_config_list(s);
	if (rc != SQLITE_OK)
		text_printf(why, "%s: %s", path, sqlite3_errstr(rc));
	return store_sql_error(rc);
}

enum err
store_open(const char *path, struct store **out, struct text *why)
{
	struct store *s = calloc(1, sizeof *s);
	enum err e;

	if (s == NULL) {
		text_put(why, "Out of memory");
		return ERR_SYSTEM;
	}
	e = store_sql_open(path, &s->db, why);
	if (e == ERR_OK)
		e = store_sql_prepare_file(s->db, path, why);
	if (e == ERR_OK)
		e = load_all(s, path, why);
	if (e == ERR_OK)
		e = store_worker_new(path, &s->worker, why);
	if (e != ERR_OK) {
		store_close(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_worker_free(s->worker);
	sqlite3_close(s->db);
	free(s);
}

int
store_fd(const struct store *s)
{
	return store_worker_fd(s->worker);
}

void
store_run_done(struct store *s)
{
	store_worker_run_done(s->worker);
}

/* ---- identity and counters ---- */

uint64_t
store_chassis_id(const struct store *s)
{
	return s->chassis_id;
}

const uint8_t *
store_mac(const struct store *s)
{
	return s->mac;
}

enum err
store_set_mac(struct store *s, const uint8_t mac[MAC_LEN])
{
	uint64_t number = mac_number(mac);
	int rc;

	if (number == 0 || (mac[0] & 1) != 0)
		return ERR_RANGE;
	rc = meta_put_number(s->db, "mac", (int64_t)number);
	if (rc != SQLITE_OK)
		return ERR_SYSTEM;
	memcpy(s->mac, mac, MAC_LEN);
	return ERR_OK;
}

enum err
store_reserve_epochs(struct store *s, uint32_t n, uint64_t above, uint64_t *first)
{
	int64_t next = 1;
	int rc = meta_number(s->db, "epoch_next", &next);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return ERR_SYSTEM;
	if (n < 1 || n > STORE_EPOCHS_MAX || next < 1 || above >= (uint64_t)INT64_MAX - n)
		return ERR_RANGE;
	if ((uint64_t)next <= above)
		next = (int64_t)above + 1;
	if (next > INT64_MAX - (int64_t)n)
		return ERR_RANGE;
	if (meta_put_number(s->db, "epoch_next", next + (int64_t)n) != SQLITE_OK)
		return ERR_SYSTEM;
	*first = (uint64_t)next;
	return ERR_OK;
}

enum err
store_gtp_restart_next(struct store *s, uint8_t *out)
{
	int64_t last = 0;
	int rc = meta_number(s->db, "gtp_restart", &last);

	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return ERR_SYSTEM;
	last = (last + 1) & 0xff;
	if (meta_put_number(s->db, "gtp_restart", last) != SQLITE_OK)
		return ERR_SYSTEM;
	*out = (uint8_t)last;
	return ERR_OK;
}

static int
write_gtp_restart(sqlite3 *db, const struct store_job *job)
{
	return meta_put_number(db, "gtp_restart", *(const uint8_t *)job->bytes);
}

enum err
store_gtp_restart_adopt(struct store *s, uint8_t value)
{
	return store_worker_write(s->worker, write_gtp_restart, "GTP restart counter", &value, 1, NULL, NULL);
}

/* ---- boot entries ---- */

size_t
store_boot_count(const struct store *s)
{
	return s->boot_count;
}

const struct store_boot *
store_boot_at(const struct store *s, size_t i)
{
	return i < s->boot_count ? &s->boot[i] : NULL;
}

static int
write_boot(sqlite3 *db, const struct store_job *job)
{
	const struct store_boot *b = job->bytes;
	int rc = store_sql_run(db, "DELETE FROM boot", "");

	for (size_t i = 0; rc == SQLITE_OK && i < job->len / sizeof *b; i++)
		rc = store_sql_run(db, "INSERT INTO boot(priority, image, config) VALUES(?1, ?2, ?3)", "itt",
		                   (int64_t)b[i].priority, b[i].image, b[i].config);
	return rc;
}

/* Hand @list to the writer; memory follows only when it was taken. */
static enum err
replace_boot(struct store *s, const struct store_boot *list, size_t count, store_done_fn *done, void *arg)
{
	enum err e = store_worker_write(s->worker, write_boot, "boot entries", list, count * sizeof *list, done, arg);

	if (e != ERR_OK)
		return e;
	memcpy(s->boot, list, count * sizeof *list);
	s->boot_count = count;
	return ERR_OK;
}

enum err
store_boot_set(struct store *s, const struct store_boot *entry, store_done_fn *done, void *arg)
{
	struct store_boot list[STORE_BOOT_MAX + 1];
	size_t at = 0, count = s->boot_count;

	if (entry->priority < 1 || entry->priority > STORE_BOOT_PRIORITY_MAX || entry->image[0] == '\0' ||
	    memchr(entry->image, 0, sizeof entry->image) == NULL ||
	    memchr(entry->config, 0, sizeof entry->config) == NULL)
		return ERR_RANGE;
	memcpy(list, s->boot, count * sizeof list[0]);
	while (at < count && list[at].priority < entry->priority)
		at++;
	if (at == count || list[at].priority != entry->priority) {
		if (count >= STORE_BOOT_MAX)
			return ERR_FULL;
		memmove(&list[at + 1], &list[at], (count - at) * sizeof list[0]);
		count++;
	}
	list[at] = *entry;
	return replace_boot(s, list, count, done, arg);
}

enum err
store_boot_remove(struct store *s, uint8_t priority, store_done_fn *done, void *arg)
{
	struct store_boot list[STORE_BOOT_MAX];
	size_t count = 0;

	for (size_t i = 0; i < s->boot_count; i++)
		if (s->boot[i].priority != priority)
			list[count++] = s->boot[i];
	if (count == s->boot_count)
		return ERR_NOT_FOUND;
	return replace_boot(s, list, count, done, arg);
}
