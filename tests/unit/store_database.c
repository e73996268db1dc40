/* Claims about chassis.db: what is kept and what is refused. */
#include "tests/unit/store_rig.h"

/* ---- identity and counters ---- */

static void
identity_is_made_once_and_kept(void **state)
{
	struct store *s = must_open();
	uint64_t id = store_chassis_id(s);
	uint8_t mac[MAC_LEN];
	struct stat st;

	(void)state;
	memcpy(mac, store_mac(s), MAC_LEN);
	assert_int_not_equal(id, 0);
	assert_int_equal(mac[0], 0x02);
	store_close(s);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = must_open();
	assert_true(store_chassis_id(s) == id);
	assert_memory_equal(store_mac(s), mac, MAC_LEN);
	store_close(s);
}

static void
a_set_mac_is_kept_and_no_group_or_zero_mac_is_taken(void **state)
{
	const uint8_t mac[MAC_LEN] = {0x02, 0, 0x43, 0x03, 0x1c, 0x2b}, group[MAC_LEN] = {0x03, 0, 0, 0, 0, 1},
	              zero[MAC_LEN] = {0};
	struct store *s = must_open();

	(void)state;
	assert_int_equal(store_set_mac(s, mac), ERR_OK);
	assert_int_equal(store_set_mac(s, group), ERR_RANGE);
	assert_int_equal(store_set_mac(s, zero), ERR_RANGE);
	store_close(s);
	s = must_open();
	assert_memory_equal(store_mac(s), mac, MAC_LEN);
	store_close(s);
}

static void
epochs_are_never_given_twice(void **state)
{
	struct store *s = must_open();
	uint64_t a = 0, b = 0, c = 0;

	(void)state;
	assert_int_equal(store_reserve_epochs(s, 1000, 0, &a), ERR_OK);
	assert_true(a >= 1);
	store_close(s);
	s = must_open();
	assert_int_equal(store_reserve_epochs(s, 1, 0, &b), ERR_OK);
	assert_true(b >= a + 1000);
	assert_int_equal(store_reserve_epochs(s, 10, b + 5000, &c), ERR_OK);
	assert_true(c == b + 5001);
	assert_int_equal(store_reserve_epochs(s, 1, 0, &a), ERR_OK);
	assert_true(a == c + 10);
	store_close(s);
}

static void
epoch_bounds_are_refused_and_reserve_nothing(void **state)
{
	struct store *s = must_open();
	uint64_t a = 0, b = 0;

	(void)state;
	assert_int_equal(store_reserve_epochs(s, 1, 0, &a), ERR_OK);
	assert_int_equal(store_reserve_epochs(s, 0, 0, &b), ERR_RANGE);
	assert_int_equal(store_reserve_epochs(s, STORE_EPOCHS_MAX + 1, 0, &b), ERR_RANGE);
	assert_int_equal(store_reserve_epochs(s, 1, UINT64_MAX, &b), ERR_RANGE);
	assert_int_equal(store_reserve_epochs(s, 1, INT64_MAX, &b), ERR_RANGE);
	assert_int_equal(store_reserve_epochs(s, STORE_EPOCHS_MAX, 0, &b), ERR_OK);
	assert_true(b == a + 1);
	store_close(s);
}

static void
the_restart_counter_goes_on_from_what_was_used_or_adopted_and_wraps(void **state)
{
	struct store *s = must_open();
	uint8_t a = 0, b = 0;

	(void)state;
	assert_int_equal(store_gtp_restart_next(s, &a), ERR_OK);
	store_close(s);
	s = must_open();
	assert_int_equal(store_gtp_restart_next(s, &b), ERR_OK);
	assert_int_equal(b, (uint8_t)(a + 1));
	assert_int_equal(store_gtp_restart_adopt(s, 255), ERR_OK);
	store_close(s);
	s = must_open();
	assert_int_equal(store_gtp_restart_next(s, &a), ERR_OK);
	assert_int_equal(a, 0);
	store_close(s);
}

/* ---- boot entries ---- */

static void
boot_entries_are_sorted_replaced_removed_and_kept(void **state)
{
	struct store *s = must_open();
	struct outcome o = {0};
	struct store_boot b;

	(void)state;
	for (unsigned p = 100; p > 90; p--) {
		b = boot_entry(p);
		assert_int_equal(store_boot_set(s, &b, note, &o), ERR_OK);
	}
	b = boot_entry(1);
	assert_int_equal(store_boot_set(s, &b, note, &o), ERR_FULL);
	b = boot_entry(95);
	strcpy(b.config, "/flash/other.cfg");
	assert_int_equal(store_boot_set(s, &b, note, &o), ERR_OK);
	assert_int_equal(store_boot_remove(s, 91, note, &o), ERR_OK);
	assert_int_equal(store_boot_remove(s, 91, note, &o), ERR_NOT_FOUND);
	wait_for(s, &o, 12);
	assert_int_equal(o.e, ERR_OK);
	store_close(s);
	s = must_open();
	assert_int_equal(store_boot_count(s), 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(store_boot_at(s, i)->priority, 92 + i);
	assert_string_equal(store_boot_at(s, 3)->config, "/flash/other.cfg");
	assert_string_equal(store_boot_at(s, 3)->image, "/flash/starling-95.bin");
	assert_null(store_boot_at(s, 9));
	store_close(s);
}

static void
a_boot_entry_out_of_bounds_is_refused(void **state)
{
	struct store *s = must_open();
	struct store_boot b = boot_entry(1);

	(void)state;
	b.priority = 0;
	assert_int_equal(store_boot_set(s, &b, NULL, NULL), ERR_RANGE);
	b.priority = STORE_BOOT_PRIORITY_MAX + 1;
	assert_int_equal(store_boot_set(s, &b, NULL, NULL), ERR_RANGE);
	b = boot_entry(1);
	b.image[0] = '\0';
	assert_int_equal(store_boot_set(s, &b, NULL, NULL), ERR_RANGE);
	memset(b.image, 'x', sizeof b.image);
	assert_int_equal(store_boot_set(s, &b, NULL, NULL), ERR_RANGE);
	b.image[sizeof b.image - 1] = '\0';
	assert_int_equal(store_boot_set(s, &b, NULL, NULL), ERR_OK);
	assert_int_equal(store_boot_count(s), 1);
	store_close(s);
}

/* ---- configuration ---- */

static void
a_configuration_is_replaced_whole(void **state)
{
	struct store *s = must_open();
	struct outcome o = {0};
	char *text = NULL;
	size_t len = 0;

	(void)state;
	assert_int_equal(store_config_load(s, &text, &len), ERR_NOT_FOUND);
	assert_int_equal(store_config_replace(s, "config\nend\n", 11, note, &o), ERR_OK);
	assert_int_equal(store_config_replace(s, "", 0, note, &o), ERR_OK);
	wait_for(s, &o, 2);
	assert_int_equal(store_config_load(s, &text, &len), ERR_OK);
	assert_int_equal(len, 0);
	free(text);
	assert_int_equal(store_config_replace(s, "config\n  context srp\n  #exit\nend\n", 33, note, &o), ERR_OK);
	store_close(s); /* the queue is written out, the completion runs */
	assert_int_equal(o.calls, 3);
	s = must_open();
	assert_int_equal(store_config_load(s, &text, NULL), ERR_OK);
	assert_string_equal(text, "config\n  context srp\n  #exit\nend\n");
	free(text);
	store_close(s);
}

static void
a_full_queue_refuses_and_serves_again_when_collected(void **state)
{
	struct store *s = must_open();
	struct outcome o = {0};
	int taken = 0;

	(void)state;
	while (taken <= STORE_QUEUE_MAX && store_config_replace(s, "x", 1, note, &o) == ERR_OK)
		taken++;
	assert_int_equal(taken, STORE_QUEUE_MAX);
	assert_int_equal(o.calls, 0); /* completions run only when the loop asks */
	wait_for(s, &o, taken);
	assert_int_equal(store_config_replace(s, "y", 1, note, &o), ERR_OK);
	wait_for(s, &o, taken + 1);
	store_close(s);
}

static void
a_configuration_of_a_hundred_thousand_lines_does_not_hold_the_loop(void **state)
{
	enum { LINES = 100000 };
	struct store *s = must_open();
	struct outcome o = {0};
	struct timespec a, b;
	char *text = malloc(LINES * 40), *taken = malloc(LINES * 40), *back = NULL;
	size_t n = 0, len = 0;
	double ms;

	(void)state;
	for (int i = 0; i < LINES; i++)
		n += (size_t)sprintf(text + n, "    ip route 10.%d.%d.0 next-hop\n", i >> 8 & 255, i & 255);
	assert_int_equal(store_config_replace(s, text, STORE_CONFIG_MAX + 1, note, &o), ERR_RANGE);
	memcpy(taken, text, n);
	assert_int_equal(store_config_take(s, taken, STORE_CONFIG_MAX + 1, NULL, note, &o), ERR_RANGE); /* still ours */
	clock_gettime(CLOCK_MONOTONIC, &a);
	assert_int_equal(store_config_take(s, taken, n, NULL, note, &o), ERR_OK);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ms = (double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6;
	print_message("%zu bytes handed over in %.2f ms\n", n, ms);
	wait_for(s, &o, 1);
	assert_int_equal(o.e, ERR_OK);
	assert_int_equal(store_config_load(s, &back, &len), ERR_OK);
	assert_int_equal(len, n);
	assert_memory_equal(back, text, n);
	free(back);
	free(text);
	store_close(s);
}

/* ---- history ---- */

struct reading {
	unsigned count;
	uint64_t first, last, chassis;
	char body[32];
};

static void
on_transition(void *arg, const struct store_transition *t)
{
	struct reading *r = arg;

	if (r->count++ == 0)
		r->first = t->number;
	r->last = t->number;
	r->chassis = t->chassis;
	snprintf(r->body, sizeof r->body, "%s", t->body);
}

static struct reading
read_transitions(struct store *s)
{
	struct reading r = {0};

	assert_int_equal(store_transitions_read(s, on_transition, &r), ERR_OK);
	return r;
}

static void
transitions_come_back_in_order_and_a_later_word_replaces_the_first(void **state)
{
	struct store_transition list[] = {
	    {.chassis = UINT64_MAX, .number = 2, .at_us = 2000, .body = "{\"b\":2}"},
	    {.chassis = UINT64_MAX, .number = 1, .at_us = 1000, .body = "{\"a\":1}"},
	};
	struct store *s = must_open();
	struct reading r;

	(void)state;
	assert_int_equal(store_transitions_write(s, list, 2, NULL, NULL), ERR_OK);
	list[0].body = "{\"b\":3}";
	assert_int_equal(store_transitions_write(s, list, 1, NULL, NULL), ERR_OK);
	/* the same number again, of another time: a chassis whose last ones were lost counts from where it was */
	list[1].at_us = 1500;
	assert_int_equal(store_transitions_write(s, list + 1, 1, NULL, NULL), ERR_OK);
	store_close(s);
	s = must_open();
	r = read_transitions(s);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.first, 1);
	assert_int_equal(r.last, 2);
	assert_true(r.chassis == UINT64_MAX);
	assert_string_equal(r.body, "{\"b\":3}");
	store_close(s);
}

struct audits {
	unsigned count;
	struct store_audit first, last;
};

static void
on_audit(void *arg, const struct store_audit *a)
{
	struct audits *r = arg;

	if (r->count++ == 0)
		r->first = *a;
	r->last = *a;
}

static struct audits
read_audits(void)
{
	struct store *s = must_open();
	struct audits r = {0};

	assert_int_equal(store_audits_read(s, on_audit, &r), ERR_OK);
	store_close(s);
	return r;
}

static void
an_audit_comes_back_as_it_was_written_last_and_the_youngest_are_kept(void **state)
{
	struct store_audit a = {.number = 7,
	                        .state = 3,
	                        .reason = 2,
	                        .result = 1,
	                        .start_ms = 11,
	                        .sync_ms = 12,
	                        .ready_ms = 13,
	                        .took_ms = 14,
	                        .active = 15,
	                        .fresh = 16,
	                        .stale = 17,
	                        .inactive = 18,
	                        .left = 19};
	struct store *s = must_open();
	struct audits r;

	(void)state;
	assert_int_equal(store_audit_write(s, &(struct store_audit){.number = 7, .start_ms = 11}), ERR_OK);
	assert_int_equal(store_audit_write(s, &a), ERR_OK);
	store_close(s);
	r = read_audits();
	assert_int_equal(r.count, 1);
	assert_int_equal(r.first.number, 7);
	assert_true(r.first.state == 3 && r.first.reason == 2 && r.first.result == 1);
	assert_memory_equal(&r.first.start_ms, &a.start_ms, sizeof a - offsetof(struct store_audit, start_ms));
	for (unsigned i = 0; i < STORE_AUDITS_MAX; i += 20) {
		s = must_open();
		for (unsigned k = 1; k <= 20; k++) {
			a.number = 7 + i + k;
			assert_int_equal(store_audit_write(s, &a), ERR_OK);
		}
		store_close(s);
	}
	r = read_audits();
	assert_int_equal(r.count, STORE_AUDITS_MAX);
	assert_int_equal(r.first.number, 8);
	assert_int_equal(r.last.number, 7 + STORE_AUDITS_MAX);
}

static void
the_youngest_transitions_of_each_chassis_are_kept(void **state)
{
	enum { BATCH = 500, MORE = 7 };
	struct store_transition list[BATCH];
	struct store *s = must_open();
	uint64_t number = 0;
	struct reading r;

	(void)state;
	while (number < STORE_TRANSITIONS_MAX + MORE) {
		size_t n = 0;

		for (; n < BATCH && number < STORE_TRANSITIONS_MAX + MORE; n++) {
			number++;
			list[n] = (struct store_transition){1, number, (int64_t)number, "{}"};
		}
		assert_int_equal(store_transitions_write(s, list, n, NULL, NULL), ERR_OK);
	}
	list[0] = (struct store_transition){2, 1, 0, "{}"};
	assert_int_equal(store_transitions_write(s, list, 1, NULL, NULL), ERR_OK);
	store_close(s);
	s = must_open();
	r = read_transitions(s);
	assert_int_equal(r.count, STORE_TRANSITIONS_MAX + 1);
	assert_int_equal(r.last, STORE_TRANSITIONS_MAX + MORE);
	store_close(s);
}

/* ---- what is not sound ---- */

static void
write_file(const char *bytes, size_t n, long at)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

static void
rubbish_is_refused_with_a_reason_and_left_as_it_is(void **state)
{
	char rubbish[8192];
	struct store *s = NULL;
	struct stat st;

	(void)state;
	memset(rubbish, 0xa5, sizeof rubbish);
	write_file(rubbish, sizeof rubbish, 0);
	assert_int_equal(try_open(&s), ERR_CORRUPT);
	assert_non_null(strstr(said, "chassis.db"));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, sizeof rubbish);
}

/* Every page of a good file overwritten in turn: an error or a sound opening, never a crash. */
static void
a_damaged_page_is_an_error_or_harmless(void **state)
{
	struct store *s = must_open();
	char rubbish[1024], *text;
	struct outcome o = {0};
	struct store_boot b = boot_entry(1);
	struct stat st;
	int refused = 0;
	char *whole;
	int fd;

	(void)state;
	log_open(open("/dev/null", O_WRONLY), "test", LOG_INFO);
	memset(rubbish, 0x5a, sizeof rubbish);
	text = malloc(20000);
	fill_random(text, 20000);
	assert_int_equal(store_boot_set(s, &b, note, &o), ERR_OK);
	assert_int_equal(store_config_replace(s, text, 20000, note, &o), ERR_OK);
	store_close(s); /* the last connection moves the WAL into the file */
	free(text);
	assert_int_equal(stat(path, &st), 0);
	whole = malloc((size_t)st.st_size);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, whole, (size_t)st.st_size), st.st_size);
	close(fd);
	for (long at = 0; at < st.st_size; at += (long)sizeof rubbish) {
		enum err e;

		write_file(whole, (size_t)st.st_size, 0);
		assert_int_equal(truncate(path, st.st_size), 0);
		write_file(rubbish, sizeof rubbish, at);
		e = try_open(&s);
		if (e != ERR_OK) {
			refused++;
			continue;
		}
		e = store_config_load(s, &text, NULL);
		if (e == ERR_OK)
			free(text);
		else
			refused++;
		store_close(s);
	}
	print_message("%d of %ld damages refused\n", refused, (long)st.st_size / (long)sizeof rubbish);
	assert_true(refused > 4);
	free(whole);
}

static void
a_newer_schema_and_a_strangers_database_are_refused(void **state)
{
	struct store *s = must_open();

	(void)state;
	store_close(s);
	sql("PRAGMA user_version=999");
	assert_int_equal(try_open(&s), ERR_VERSION);
	unlink(path);
	sql("CREATE TABLE t(x)");
	assert_int_equal(try_open(&s), ERR_CORRUPT);
	assert_non_null(strstr(said, "another program"));
}

static void
values_of_a_wrong_type_are_refused(void **state)
{
	struct store *s = must_open();
	uint64_t first;
	uint8_t counter;

	(void)state;
	store_close(s);
	sql("INSERT INTO meta VALUES('epoch_next', 'x'), ('gtp_restart', x'00')");
	s = must_open();
	assert_int_equal(store_reserve_epochs(s, 1, 0, &first), ERR_SYSTEM);
	assert_int_equal(store_gtp_restart_next(s, &counter), ERR_SYSTEM);
	store_close(s);
	sql("UPDATE meta SET value = 'not a number' WHERE key = 'mac'");
	assert_int_equal(try_open(&s), ERR_CORRUPT);
}

static void
values_out_of_their_bounds_are_refused(void **state)
{
	static const char *const bad[] = {
	    "UPDATE meta SET value = 0 WHERE key = 'chassis_id'",
	    "UPDATE meta SET value = 0 WHERE key = 'mac'",
	    "UPDATE meta SET value = 1 << 40 WHERE key = 'mac'", /* of a group */
	    "UPDATE meta SET value = 1 << 49 WHERE key = 'mac'",
	    "INSERT INTO boot VALUES(5, char(0, 65), '')",
	    "INSERT INTO boot VALUES(5, printf('%.*c', 256, 'x'), '')",
	    "INSERT INTO boot VALUES(5, 'x', printf('%.*c', 256, 'x'))",
	};
	struct store *s;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		store_close(must_open());
		sql(bad[i]);
		assert_int_equal(try_open(&s), ERR_CORRUPT);
		unlink(path);
	}
}

static void
a_folder_that_is_not_there_or_a_folder_in_its_place_is_said_so(void **state)
{
	char saved[sizeof path];
	struct store *s;

	(void)state;
	strcpy(saved, path);
	strcpy(path, "/nonexistent/chassis.db");
	assert_int_equal(try_open(&s), ERR_SYSTEM);
	assert_non_null(strstr(said, "No such file"));
	strcpy(path, folder);
	assert_int_equal(try_open(&s), ERR_SYSTEM);
	assert_non_null(strstr(said, "Is a directory"));
	strcpy(path, saved);
}

static void
an_unwritable_file_is_refused(void **state)
{
	struct store *s = must_open();
	int status;
	pid_t pid;

	(void)state;
	store_close(s);
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(folder, 0755), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		_exit(try_open(&s) == ERR_SYSTEM && strstr(said, "Permission denied") != NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(identity_is_made_once_and_kept),
	    CLAIM(a_set_mac_is_kept_and_no_group_or_zero_mac_is_taken),
	    CLAIM(epochs_are_never_given_twice),
	    CLAIM(epoch_bounds_are_refused_and_reserve_nothing),
	    CLAIM(the_restart_counter_goes_on_from_what_was_used_or_adopted_and_wraps),
	    CLAIM(boot_entries_are_sorted_replaced_removed_and_kept),
	    CLAIM(a_boot_entry_out_of_bounds_is_refused),
	    CLAIM(a_configuration_is_replaced_whole),
	    CLAIM(a_full_queue_refuses_and_serves_again_when_collected),
	    CLAIM(a_configuration_of_a_hundred_thousand_lines_does_not_hold_the_loop),
	    CLAIM(transitions_come_back_in_order_and_a_later_word_replaces_the_first),
	    CLAIM(an_audit_comes_back_as_it_was_written_last_and_the_youngest_are_kept),
	    CLAIM(the_youngest_transitions_of_each_chassis_are_kept),
	    CLAIM(rubbish_is_refused_with_a_reason_and_left_as_it_is),
	    CLAIM(a_damaged_page_is_an_error_or_harmless),
	    CLAIM(a_newer_schema_and_a_strangers_database_are_refused),
	    CLAIM(values_of_a_wrong_type_are_refused),
	    CLAIM(values_out_of_their_bounds_are_refused),
	    CLAIM(a_folder_that_is_not_there_or_a_folder_in_its_place_is_said_so),
	    CLAIM(an_unwritable_file_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
