/* Claims about the generations of the configuration, and that a kill leaves the old or the new. */
#include "tests/unit/store_rig.h"

enum { KILL_ROUNDS = 200, KILL_CONFIG_BYTES = 96 * 1024 };

/* ---- generations ---- */

/* Keeps @text as @who did it, and waits. */
static void
keep(struct store *s, const char *text, const char *who, bool is_saved)
{
	struct store_generation about = {.at_s = 1700000000, .is_saved = is_saved};
	struct outcome o = {0};

	snprintf(about.who, sizeof about.who, "%s", who);
	snprintf(about.what, sizeof about.what, "%s", is_saved ? "saved as /flash/a.cfg" : "changed");
	assert_int_equal(store_config_take(s, strdup(text), strlen(text), &about, note, &o), ERR_OK);
	wait_for(s, &o, 1);
	assert_int_equal(o.e, ERR_OK);
}

struct read_back {
	bool is_done;
	enum err e;
	char text[256];
};

static void
note_text(void *arg, enum err e, char *take_text, size_t len)
{
	struct read_back *r = arg;

	r->is_done = true;
	r->e = e;
	assert_true((e == ERR_OK) == (take_text != NULL));
	if (take_text != NULL)
		snprintf(r->text, sizeof r->text, "%.*s", (int)len, take_text);
	free(take_text);
}

static enum err
join(const char *a, size_t a_len, const char *b, size_t b_len, char **out, size_t *out_len)
{
	*out = malloc(a_len + b_len + 2);
	*out_len = (size_t)sprintf(*out, "%.*s|%.*s", (int)a_len, a, (int)b_len, b);
	return ERR_OK;
}

static struct read_back
read_back(struct store *s, int64_t a, int64_t b, store_make_fn *make)
{
	struct read_back r = {0};

	assert_int_equal(store_generation_read(s, a, b, make, note_text, &r), ERR_OK);
	while (!r.is_done) {
		struct pollfd p = {.fd = store_fd(s), .events = POLLIN};

		assert_int_equal(poll(&p, 1, WAIT_MS), 1);
		store_run_done(s);
	}
	return r;
}

static void
each_change_and_each_save_is_a_generation_and_the_same_lines_are_not(void **state)
{
	struct store *s = must_open();
	const struct store_generation *g;

	(void)state;
	keep(s, "config\nend\n", "anna", false);
	keep(s, "config\nend\n", "bob", false); /* nothing changed */
	keep(s, "config\n  a\nend\n", "bob", false);
	keep(s, "config\n  a\nend\n", "bob", true);
	keep(s, "config\nend\n", "anna", false); /* back again: a change */
	for (int again = 0; again < 2; again++) {
		assert_int_equal(store_generation_count(s), 4);
		g = store_generation_at(s, 0);
		assert_int_equal(g->number, 1);
		assert_string_equal(g->who, "anna");
		assert_int_equal(g->lines, 2);
		g = store_generation_at(s, 2);
		assert_int_equal(g->number, 3);
		assert_true(g->is_saved);
		assert_int_equal(g->lines, 3);
		assert_int_equal(g->at_s, 1700000000);
		assert_string_equal(g->what, "saved as /flash/a.cfg");
		assert_null(store_generation_at(s, 4));
		assert_null(store_generation_find(s, 5));
		assert_string_equal(store_generation_find(s, 4)->who, "anna");
		store_close(s);
		s = must_open();
	}
	store_close(s);
}

static void
a_save_of_other_lines_is_not_what_is_loaded(void **state)
{
	struct store *s = must_open();
	char *text;

	(void)state;
	keep(s, "running", "anna", false);
	keep(s, "older, saved late", "anna", true);
	assert_int_equal(store_config_load(s, &text, NULL), ERR_OK);
	assert_string_equal(text, "running");
	free(text);
	store_close(s);
}

static void
generations_are_read_and_compared_by_number(void **state)
{
	struct store *s = must_open();
	struct read_back r;

	(void)state;
	keep(s, "one", "anna", false);
	keep(s, "", "anna", false);
	r = read_back(s, 1, 0, NULL);
	assert_int_equal(r.e, ERR_OK);
	assert_string_equal(r.text, "one");
	r = read_back(s, 2, 1, join);
	assert_string_equal(r.text, "|one");
	assert_int_equal(read_back(s, 3, 0, NULL).e, ERR_NOT_FOUND);
	assert_int_equal(read_back(s, 1, 3, join).e, ERR_NOT_FOUND);
	store_close(s);
}

static void
the_youngest_generations_are_kept_and_two_that_can_be_loaded(void **state)
{
	struct store *s = must_open();
	char text[64];
	int i;

	(void)state;
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof text, "running %d", i);
		keep(s, text, "anna", false);
	}
	for (i = 0; i < STORE_GENERATIONS_MAX + 5; i++) {
		snprintf(text, sizeof text, "saved %d", i);
		keep(s, text, "anna", true);
	}
	for (int again = 0; again < 2; again++) {
		assert_int_equal(store_generation_count(s), STORE_GENERATIONS_MAX);
		assert_int_equal(store_generation_at(s, 0)->number, 1);
		assert_int_equal(store_generation_at(s, 1)->number, 2);
		assert_int_equal(store_generation_at(s, 2)->number, 10);
		assert_int_equal(store_generation_at(s, STORE_GENERATIONS_MAX - 1)->number, STORE_GENERATIONS_MAX + 7);
		assert_int_equal(read_back(s, 9, 0, NULL).e, ERR_NOT_FOUND);
		store_close(s);
		s = must_open();
	}
	store_close(s);
}

/* ---- what is not sound ---- */

/* A body that was changed on the disk: the one before is loaded, or nothing, but never rubbish. */
static void
a_damaged_generation_is_passed_over_for_the_one_before(void **state)
{
	struct store *s = must_open();
	char *text;

	(void)state;
	log_open(open("/dev/null", O_WRONLY), "test", LOG_INFO);
	keep(s, "before", "anna", false);
	keep(s, "after", "anna", false);
	store_close(s);
	sql("UPDATE config_text SET body = zeroblob(length(body)) WHERE id = (SELECT max(text_id) FROM generation)");
	s = must_open();
	assert_int_equal(store_config_load(s, &text, NULL), ERR_OK);
	assert_string_equal(text, "before");
	free(text);
	store_close(s);
	sql("UPDATE config_text SET bytes = 1 << 30");
	s = must_open();
	assert_int_equal(store_config_load(s, &text, NULL), ERR_CORRUPT);
	keep(s, "new", "anna", false);
	assert_int_equal(store_config_load(s, &text, NULL), ERR_OK);
	assert_string_equal(text, "new");
	free(text);
	store_close(s);
}

static void
a_file_of_the_first_schema_keeps_its_configuration(void **state)
{
	struct store *s;
	char *text;

	(void)state;
	sql("CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;"
	    "CREATE TABLE boot(priority INTEGER PRIMARY KEY, image TEXT NOT NULL, config TEXT NOT NULL) STRICT;"
	    "CREATE TABLE config(id INTEGER PRIMARY KEY CHECK(id = 1), crc INTEGER NOT NULL, body BLOB NOT NULL) "
	    "STRICT;"
	    "CREATE TABLE switchover(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	    " route_modifier INTEGER NOT NULL, duration_us INTEGER NOT NULL, from_state TEXT NOT NULL, to_state TEXT "
	    "NOT NULL,"
	    " cause TEXT NOT NULL, peer_cause TEXT NOT NULL) STRICT;"
	    "INSERT INTO config VALUES(1, 4007814641, CAST('config' || char(10) || 'end' || char(10) AS BLOB));"
	    "PRAGMA user_version=1; PRAGMA application_id=0x53544152");
	s = must_open();
	assert_int_equal(store_generation_count(s), 1);
	assert_int_equal(store_generation_at(s, 0)->lines, 2);
	assert_int_equal(store_config_load(s, &text, NULL), ERR_OK);
	assert_string_equal(text, "config\nend\n");
	free(text);
	keep(s, "config\nend\n", "anna", false);
	assert_int_equal(store_generation_count(s), 1);
	store_close(s);
}

/* A limit on the size of files stands for the full disk: SQLite sees a failing write either way. */
static void
on_a_full_disk_the_old_configuration_stands(void **state)
{
	struct store *s = must_open();
	struct outcome o = {0};
	char *text = NULL;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(store_config_replace(s, "old", 3, note, &o), ERR_OK);
	store_close(s);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct rlimit limit = {.rlim_cur = 128 * 1024, .rlim_max = 128 * 1024};
		char *big = calloc(1, 1 << 20);

		fill_random(big, 1 << 20); /* what compresses well would fit */
		log_open(open("/dev/null", O_WRONLY), "test", LOG_INFO);
		signal(SIGXFSZ, SIG_IGN);
		s = must_open();
		setrlimit(RLIMIT_FSIZE, &limit);
		if (store_config_replace(s, big, 1 << 20, note, &o) != ERR_OK)
			_exit(2);
		wait_for(s, &o, 2);
		if (o.e != ERR_SYSTEM)
			_exit(3);
		if (store_config_load(s, &text, NULL) != ERR_OK || strcmp(text, "old") != 0)
			_exit(4);
		if (store_config_replace(s, "new", 3, note, &o) != ERR_OK)
			_exit(5);
		wait_for(s, &o, 3);
		_exit(o.e == ERR_OK ? 0 : 6); /* the next write that fits succeeds */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	s = must_open();
	assert_int_equal(store_config_load(s, &text, NULL), ERR_OK);
	assert_string_equal(text, "new");
	free(text);
	store_close(s);
}

/* ---- kill -9 ---- */

/* A configuration all of one letter, boot entries and history of the same generation; the acknowledged one goes up the
 * pipe. */
static void
write_generations(int report, unsigned from)
{
	struct store *s = must_open();
	char *text = malloc(KILL_CONFIG_BYTES);
	struct outcome o = {0};

	for (unsigned generation = from;; generation++) {
		struct store_boot b = boot_entry(1);
		uint64_t epoch = 0;

		memset(text, 'a' + (int)(generation % 26), KILL_CONFIG_BYTES);
		memcpy(text, &generation, sizeof generation);
		snprintf(b.config, sizeof b.config, "%u", generation);
		if (store_config_replace(s, text, KILL_CONFIG_BYTES, note, &o) != ERR_OK ||
		    store_boot_set(s, &b, note, &o) != ERR_OK ||
		    store_reserve_epochs(s, 1, generation, &epoch) != ERR_OK)
			_exit(1);
		wait_for(s, &o, (int)(generation - from + 1) * 2);
		if (write(report, &generation, sizeof generation) != sizeof generation)
			_exit(1);
	}
}

static void
check_generation(unsigned acknowledged)
{
	struct store *s = must_open();
	unsigned generation = 0;
	char *text = NULL;
	size_t len = 0;
	uint64_t epoch;
	enum err e = store_config_load(s, &text, &len);

	if (acknowledged == 0 && e == ERR_NOT_FOUND) {
		store_close(s);
		return;
	}
	assert_int_equal(e, ERR_OK);
	assert_int_equal(len, KILL_CONFIG_BYTES);
	memcpy(&generation, text, sizeof generation);
	assert_in_range(generation, acknowledged, acknowledged + 1);
	for (size_t i = sizeof generation; i < len; i++)
		if (text[i] != 'a' + (int)(generation % 26))
			fail_msg("a mix of two configurations at byte %zu", i);
	free(text);
	if (acknowledged > 0) {
		assert_in_range(strtoul(store_boot_at(s, 0)->config, NULL, 10), acknowledged, acknowledged + 1);
		assert_int_equal(store_reserve_epochs(s, 1, 0, &epoch), ERR_OK);
		assert_true(epoch > acknowledged);
	}
	store_close(s);
}

static void
a_kill_at_any_moment_leaves_the_old_or_the_new(void **state)
{
	const char *env = getenv("SEED");
	uint64_t seed = env != NULL ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);
	struct rng rng = {.state = seed};
	unsigned acknowledged = 0;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < KILL_ROUNDS; round++) {
		unsigned got;
		int ends[2], status;
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			close(ends[0]);
			write_generations(ends[1], acknowledged + 1);
		}
		close(ends[1]);
		usleep(1000 + rng_below(&rng, 40000)); /* the moment is the random thing under test */
		kill(pid, SIGKILL);
		while (read(ends[0], &got, sizeof got) == sizeof got)
			acknowledged = got;
		close(ends[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		check_generation(acknowledged);
	}
	print_message("%u generations acknowledged in %d rounds\n", acknowledged, KILL_ROUNDS);
	assert_true(acknowledged > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(each_change_and_each_save_is_a_generation_and_the_same_lines_are_not),
	    CLAIM(a_save_of_other_lines_is_not_what_is_loaded),
	    CLAIM(generations_are_read_and_compared_by_number),
	    CLAIM(the_youngest_generations_are_kept_and_two_that_can_be_loaded),
	    CLAIM(a_damaged_generation_is_passed_over_for_the_one_before),
	    CLAIM(a_file_of_the_first_schema_keeps_its_configuration),
	    CLAIM(on_a_full_disk_the_old_configuration_stands),
	    CLAIM(a_kill_at_any_moment_leaves_the_old_or_the_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
