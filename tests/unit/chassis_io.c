/* chassis_io.c - claims about the address drivers, durable saving, supervision-free helpers and /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chassis/file_save.h"
#include "chassis/task_usage.h"
#include "gateway/address_io.h"

/* An address and port of this process alone: the process id spreads tests that run side by side. */
static struct addr
own_address(void)
{
	return addr_v4(0x7f000000u | (uint32_t)(getpid() & 0xffff) << 8 | 9u);
}

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
on_saved(void *arg, const char *why)
{
	struct saved *s = arg;

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

static void
usage_of_this_process_is_read_and_of_none_is_not(void **state)
{
	struct task_usage u;

	(void)state;
	assert_int_equal(task_usage_read(getpid(), &u), ERR_OK);
	assert_true(u.rss_bytes > 100000);
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
		cmocka_unit_test(usage_of_this_process_is_read_and_of_none_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
