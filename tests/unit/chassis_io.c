/* chassis_io.c - claims about the address drivers, durable saving, supervision-free helpers and /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "gateway/address_io.h"
#include "store/file_save.h"
#include "task/task_usage.h"

/* An address and port of this process alone: the process id spreads tests that run side by side. */
static struct addr
own_address(void)
{
	return addr_v4(0x7f000000u | (uint32_t)(getpid() & 0xffff) << 8 | 9u);
}

enum { KILL_ROUNDS = 200, SAVE_BYTES = 256 * 1024 };

static void
an_address_has_one_owner(void **state)
{
	struct address_io a, b;
	struct addr at = own_address();

	(void)state;
	address_init(&a, ADDRESS_PLAIN, &at, 2123);
	address_init(&b, ADDRESS_PLAIN, &at, 2123);
	assert_int_equal(address_take(&a), ERR_OK);
	assert_int_equal(address_take(&a), ERR_OK);
	assert_int_equal(address_take(&b), ERR_REFUSED);
	assert_false(b.is_taken);
	address_give(&a);
	assert_int_equal(address_take(&b), ERR_OK);
	address_fini(&a);
	address_fini(&b);
}

static void
an_address_that_is_not_here_is_an_error(void **state)
{
	struct addr at = addr_v4(0xc0000201u); /* 192.0.2.1 */
	struct address_io a;

	(void)state;
	address_init(&a, ADDRESS_PLAIN, &at, 2123);
	assert_int_equal(address_take(&a), ERR_SYSTEM);
	address_fini(&a);
}

struct saved {
	bool is_done;
	char why[128];
};

static void
on_saved(void *arg, const char *why, char *take_data, size_t len)
{
	struct saved *s = arg;

	(void)len;
	free(take_data);
	s->is_done = true;
	snprintf(s->why, sizeof s->why, "%s", why == NULL ? "" : why);
}

static void
save(const char *path, const char *text, struct saved *s)
{
	struct event_base *base = event_base_new();

	*s = (struct saved){0};
	assert_int_equal(file_save(base, path, strdup(text), strlen(text), on_saved, s), ERR_OK);
	while (!s->is_done)
		event_base_loop(base, EVLOOP_ONCE);
	event_base_free(base);
}

static void
a_saved_file_holds_the_new_text_and_leaves_no_part(void **state)
{
	char dir[] = "/tmp/starling-save-XXXXXX", path[64], got[16] = "";
	struct saved s;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.cfg", dir);
	save(path, "old\n", &s);
	save(path, "new\n", &s);
	assert_string_equal(s.why, "");
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(got, sizeof got, f));
	fclose(f);
	assert_string_equal(got, "new\n");
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* nothing else was in it */
}

static void
a_folder_that_is_not_there_is_named_as_the_reason(void **state)
{
	struct saved s;

	(void)state;
	save("/tmp/starling-no-such-folder/x.cfg", "text\n", &s);
	assert_string_equal(s.why, "No such file or directory");
}

/* A limit on the size of files stands for the full disk: the write comes back short, the next one fails. */
static void
a_short_write_leaves_the_old_file_and_no_part(void **state)
{
	char dir[] = "/tmp/starling-save-XXXXXX", path[64], got[16] = "", big[20000];
	struct saved s;
	int status;
	pid_t pid;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.cfg", dir);
	save(path, "old\n", &s);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		struct rlimit limit = {.rlim_cur = 8192, .rlim_max = 8192};

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		memset(big, 'x', sizeof big - 1);
		big[sizeof big - 1] = '\0';
		save(path, big, &s);
		_exit(strcmp(s.why, "File too large") == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(got, sizeof got, f));
	fclose(f);
	assert_string_equal(got, "old\n");
	unlink(path);
	assert_int_equal(rmdir(dir), 0); /* empty: no part is left */
}

/* Saves files of one letter each, one after the other, and tells the pipe each letter that is durable. */
static void
save_for_ever(const char *path, int report, unsigned from)
{
	char *text = malloc(SAVE_BYTES + 1);
	struct saved s;

	for (unsigned i = from;; i++) {
		memset(text, 'a' + (int)(i % 26), SAVE_BYTES);
		text[SAVE_BYTES] = '\0';
		save(path, text, &s);
		if (s.why[0] != '\0' || write(report, &i, sizeof i) != sizeof i)
			_exit(1);
	}
}

static void
check_saved(const char *path, unsigned acknowledged)
{
	char *got = malloc(SAVE_BYTES + 1);
	FILE *f = fopen(path, "r");
	size_t n;

	if (f == NULL) {
		assert_int_equal(acknowledged, 0);
		free(got);
		return;
	}
	n = fread(got, 1, SAVE_BYTES + 1, f);
	fclose(f);
	assert_int_equal(n, SAVE_BYTES);
	assert_true(got[0] == 'a' + (int)(acknowledged % 26) || got[0] == 'a' + (int)((acknowledged + 1) % 26));
	for (size_t i = 1; i < n; i++)
		if (got[i] != got[0])
			fail_msg("a mix of two files at byte %zu", i);
	free(got);
}

/* With the parts that killed processes left. */
static void
remove_folder(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	assert_int_equal(rmdir(dir), 0);
}

static void
a_kill_while_a_file_is_saved_leaves_the_old_or_the_new(void **state)
{
	const char *env = getenv("SEED");
	uint64_t seed = env != NULL ? strtoull(env, NULL, 0) : (uint64_t)time(NULL);
	char dir[] = "/tmp/starling-save-XXXXXX", path[64];
	struct rng rng = {.state = seed};
	unsigned acknowledged = 0, got;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/x.cfg", dir);
	for (int round = 0; round < KILL_ROUNDS; round++) {
		int ends[2], status;
		pid_t pid;

		assert_int_equal(pipe(ends), 0);
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			close(ends[0]);
			save_for_ever(path, ends[1], acknowledged + 1);
		}
		close(ends[1]);
		usleep(1000 + rng_below(&rng, 20000)); /* the moment is the random thing under test */
		kill(pid, SIGKILL);
		while (read(ends[0], &got, sizeof got) == sizeof got)
			acknowledged = got;
		close(ends[0]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		check_saved(path, acknowledged);
	}
	print_message("%u files acknowledged in %d rounds\n", acknowledged, KILL_ROUNDS);
	assert_true(acknowledged > 0);
	remove_folder(dir);
}

static void
usage_of_this_process_is_read_and_of_none_is_not(void **state)
{
	struct task_usage u;

	(void)state;
	assert_int_equal(task_usage_read(getpid(), &u), ERR_OK);
	assert_true(u.rss_bytes > 100000);
	assert_true(u.peak_bytes >= u.rss_bytes);
	assert_true(u.files >= 3);
	assert_int_equal(task_usage_read(0x7ffffff0, &u), ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_address_has_one_owner),
	    cmocka_unit_test(an_address_that_is_not_here_is_an_error),
	    cmocka_unit_test(a_saved_file_holds_the_new_text_and_leaves_no_part),
	    cmocka_unit_test(a_folder_that_is_not_there_is_named_as_the_reason),
	    cmocka_unit_test(a_short_write_leaves_the_old_file_and_no_part),
	    cmocka_unit_test(a_kill_while_a_file_is_saved_leaves_the_old_or_the_new),
	    cmocka_unit_test(usage_of_this_process_is_read_and_of_none_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
