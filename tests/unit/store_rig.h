/* store_rig.h - a folder with a chassis.db for the tests of the store, and how they wait for it. */
#ifndef TESTS_UNIT_STORE_RIG_H
#define TESTS_UNIT_STORE_RIG_H

#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/rng.h"

enum { WAIT_MS = 60000 };

static char folder[64], path[96], said[512];

static inline int
make_folder(void **state)
{
	(void)state;
	/* not on a disk, which may take its time to sync */
	strcpy(folder, access("/dev/shm", W_OK) == 0 ? "/dev/shm/starling-store-XXXXXX" : "/tmp/starling-store-XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/chassis.db", folder);
	return 0;
}

static inline int
drop_folder(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char name[128];

	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		snprintf(name, sizeof name, "%s%s", path, ends[i]);
		unlink(name);
	}
	return rmdir(folder);
}

static inline enum err
try_open(struct store **out)
{
	struct text_fixed f;
	struct text why;
	enum err e;

	text_fixed_init(&f, &why, said, sizeof said);
	e = store_open(path, out, &why);
	if ((e == ERR_OK) != (said[0] == '\0'))
		fail_msg("%s with the reason \"%s\"", err_text(e), said);
	return e;
}

static inline struct store *
must_open(void)
{
	struct store *s = NULL;

	if (try_open(&s) != ERR_OK)
		fail_msg("store_open: %s", said);
	return s;
}

struct outcome {
	int calls;
	enum err e;
};

static inline void
note(void *arg, enum err e, const char *why)
{
	struct outcome *o = arg;

	o->calls++;
	o->e = e;
	assert_true((e == ERR_OK) == (why[0] == '\0'));
}

static inline void
wait_for(struct store *s, const struct outcome *o, int calls)
{
	while (o->calls < calls) {
		struct pollfd p = {.fd = store_fd(s), .events = POLLIN};

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		store_run_done(s);
	}
}

static inline struct store_boot
boot_entry(unsigned priority)
{
	struct store_boot b = {.priority = (uint8_t)priority};

	snprintf(b.image, sizeof b.image, "/flash/starling-%u.bin", priority);
	snprintf(b.config, sizeof b.config, "/flash/%u.cfg", priority);
	return b;
}

static inline void
fill_random(char *out, size_t n)
{
	struct rng rng = {.state = 7};

	for (size_t i = 0; i < n; i++)
		out[i] = (char)rng_below(&rng, 256);
}

static inline void
sql(const char *statement)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, statement, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, make_folder, drop_folder)

#endif
