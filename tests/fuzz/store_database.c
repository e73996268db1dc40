/*
 * store_database.c - a chassis.db that somebody has changed: octets of the file, or values of its tables that no
 * program of ours would write (boot entries, generations and their compressed lines, history, numbers). It is refused,
 * or everything read from it keeps its bounds, and a configuration is only given with the checksum that was kept with
 * it.
 */
#include <fcntl.h>
#include <poll.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/log.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEMPLATE_MAX = 1 << 18, WAIT_MS = 60000 };

static char folder[64], path[96];
static uint8_t template[TEMPLATE_MAX];
static size_t template_len;

static void
must(bool is_true)
{
	if (!is_true)
		abort();
}

static void
remove_files(void)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[128];

	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
}

static void
remove_folder(void)
{
	remove_files();
	rmdir(folder);
}

static void
finish_writes(struct store *s, const unsigned *done, unsigned wanted)
{
	while (*done < wanted) {
		struct pollfd p = {.fd = store_fd(s), .events = POLLIN};

		must(poll(&p, 1, WAIT_MS) == 1);
		store_run_done(s);
	}
}

static void
count(void *arg, enum err e, const char *why)
{
	(void)e, (void)why;
	++*(unsigned *)arg;
}

static enum err
open_store(struct store **out)
{
	struct text_fixed f;
	struct text why;
	char said[512];

	text_fixed_init(&f, &why, said, sizeof said);
	return store_open(path, out, &why);
}

/* A database with something in every table. */
static void
make_template(void)
{
	struct store_boot boot = {.priority = 7, .image = "/flash/starling.bin", .config = "/flash/a.cfg"};
	struct store_generation about = {.at_s = 1700000000, .who = "fuzz", .what = "configured"};
	struct store_transition t = {.chassis = 1, .number = 1, .at_us = 1, .body = "{\"number\":1}"};
	struct store *s = NULL;
	unsigned done = 0;
	FILE *f;

	must(open_store(&s) == ERR_OK);
	must(store_boot_set(s, &boot, count, &done) == ERR_OK);
	for (unsigned i = 0; i < 3; i++) {
		char *lines = malloc(4000);
		int n = lines == NULL ? 0 : snprintf(lines, 4000, "hostname a%u\ncontext local\n#exit\n", i);

		must(n > 0 && store_config_take(s, lines, (size_t)n, &about, count, &done) == ERR_OK);
	}
	must(store_transitions_write(s, &t, 1, count, &done) == ERR_OK);
	must(store_audit_write(s, &(struct store_audit){.number = 1, .active = 7}) == ERR_OK);
	finish_writes(s, &done, 5);
	store_close(s);
	f = fopen(path, "re");
	must(f != NULL);
	template_len = fread(template, 1, sizeof template, f);
	fclose(f);
	must(template_len > 0 && template_len < sizeof template);
}

/* @data: position (2 octets, times 8 and a bit) and value, again and again. */
static void
damage_octets(const uint8_t *data, size_t size)
{
	static uint8_t bytes[TEMPLATE_MAX];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	memcpy(bytes, template, template_len);
	for (size_t k = 0; k + 3 < size; k += 4)
		bytes[((size_t)data[k] << 16 | (size_t)data[k + 1] << 8 | data[k + 2]) % template_len] = data[k + 3];
	must(fd >= 0 && write(fd, bytes, template_len) == (ssize_t)template_len);
	close(fd);
}

/* What a table may be told: column and table, then a value of any kind. Constraints of SQLite may refuse it. */
static void
damage_values(const uint8_t *data, size_t size)
{
	static const char *const updates[] = {
	    "UPDATE boot SET priority = ?1",
	    "UPDATE boot SET image = ?1",
	    "UPDATE boot SET config = ?1",
	    "UPDATE config_text SET crc = ?1 WHERE id = 3",
	    "UPDATE config_text SET bytes = ?1 WHERE id = 3",
	    "UPDATE config_text SET lines = ?1 WHERE id = 3",
	    "UPDATE config_text SET is_packed = ?1 WHERE id = 3",
	    "UPDATE config_text SET body = ?1 WHERE id = 3",
	    "UPDATE generation SET at_s = ?1",
	    "UPDATE generation SET is_saved = ?1 WHERE id = 2",
	    "UPDATE generation SET who = ?1",
	    "UPDATE generation SET what = ?1",
	    "UPDATE generation SET id = ?1 WHERE id = 1",
	    "UPDATE transition SET body = ?1",
	    "UPDATE transition SET at_us = ?1, number = ?1, chassis = ?1",
	    "INSERT OR REPLACE INTO boot VALUES(?1, 'x', 'y')",
	    "UPDATE meta SET value = ?1 WHERE key = 'mac'",
	    "UPDATE meta SET value = ?1 WHERE key = 'chassis_id'",
	    "UPDATE meta SET value = ?1",
	};
	sqlite3 *db = NULL;
	sqlite3_stmt *st;
	int64_t number = 0;

	must(sqlite3_open(path, &db) == SQLITE_OK);
	while (size >= 3) {
		size_t n = data[2] < size - 3 ? data[2] : size - 3;

		must(sqlite3_prepare_v2(db, updates[data[0] % (sizeof updates / sizeof updates[0])], -1, &st, NULL) ==
		     SQLITE_OK);
		memcpy(&number, data + 3, n < 8 ? n : 8);
		if (data[1] % 3 == 0)
			sqlite3_bind_int64(st, 1, number);
		else if (data[1] % 3 == 1)
			sqlite3_bind_text(st, 1, (const char *)data + 3, (int)n, SQLITE_TRANSIENT);
		else
			sqlite3_bind_blob(st, 1, data + 3, (int)n, SQLITE_TRANSIENT);
		(void)sqlite3_step(st);
		sqlite3_finalize(st);
		data += 3 + n;
		size -= 3 + n;
	}
	sqlite3_close(db);
}

static void
read_text(void *arg, enum err e, char *take_text, size_t len)
{
	must((e == ERR_OK) == (take_text != NULL) && len <= STORE_CONFIG_MAX);
	if (take_text != NULL)
		(void)crc32(0, (const Bytef *)take_text, (uInt)len);
	free(take_text);
	++*(unsigned *)arg;
}

static void
read_transition(void *arg, const struct store_transition *t)
{
	*(size_t *)arg += strlen(t->body);
}

static void
read_audit(void *arg, const struct store_audit *a)
{
	*(size_t *)arg += a->number & 1;
}

static void
read_all(struct store *s)
{
	unsigned done = 0, asked = 0;
	char *text = NULL;
	size_t len = 0;

	if (store_config_load(s, &text, &len) == ERR_OK)
		must(text[len] == '\0' && len <= STORE_CONFIG_MAX);
	free(text);
	must(store_boot_count(s) <= STORE_BOOT_MAX && store_generation_count(s) <= STORE_GENERATIONS_MAX &&
	     store_chassis_id(s) != 0);
	for (size_t i = 0; i < store_boot_count(s); i++) {
		const struct store_boot *b = store_boot_at(s, i);

		must(b->priority >= 1 && b->priority <= STORE_BOOT_PRIORITY_MAX && b->image[0] != '\0' &&
		     strlen(b->image) <= STORE_URL_MAX && strlen(b->config) <= STORE_URL_MAX);
	}
	(void)store_transitions_read(s, read_transition, &len);
	(void)store_audits_read(s, read_audit, &len);
	for (size_t i = 0; i < store_generation_count(s) && i < 8; i++, asked++)
		must(store_generation_read(s, store_generation_at(s, i)->number, 0, NULL, read_text, &done) == ERR_OK);
	finish_writes(s, &done, asked);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store *s = NULL;
	int sink;

	if (template_len == 0) {
		sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
		strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/starling-XXXXXX" : "/tmp/starling-XXXXXX");
		must(sink >= 0 && mkdtemp(folder) != NULL);
		log_open(sink, "fuzz", LOG_CRITICAL);
		snprintf(path, sizeof path, "%s/chassis.db", folder);
		atexit(remove_folder);
		make_template();
	}
	if (size < 4)
		return 0;
	remove_files();
	damage_octets(data + 1, data[0] & 1 ? 0 : size - 1);
	if (data[0] & 1)
		damage_values(data + 1, size - 1);
	if (open_store(&s) == ERR_OK) {
		read_all(s);
		store_close(s);
	}
	return 0;
}
