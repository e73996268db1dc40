/* Claims about the comparison of two printed configurations. */
#include "cli/cfg_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static char said[8192];

static const char *
diff(const char *a, const char *b)
{
	struct text_fixed f;
	struct text out;

	text_fixed_init(&f, &out, said, sizeof said);
	assert_int_equal(cfg_diff(a, strlen(a), b, strlen(b), &out), ERR_OK);
	return said;
}

static const char before[] = "config\n"
                             "  system hostname a\n"
                             "  context one\n"
                             "    interface x\n"
                             "      ip address 1.1.1.1\n"
                             "    #exit\n"
                             "    apn p\n"
                             "    #exit\n"
                             "  #exit\n"
                             "  context two\n"
                             "    apn p\n"
                             "    #exit\n"
                             "  #exit\n"
                             "end\n";

static void
equal_configurations_say_nothing(void **state)
{
	(void)state;
	assert_string_equal(diff(before, before), "");
	assert_string_equal(diff("", ""), "");
	assert_string_equal(diff("config\nend\n", ""), "");
}

static void
a_line_is_told_below_its_blocks(void **state)
{
	(void)state;
	assert_string_equal(diff(before, "config\n"
	                                 "  system hostname b\n"
	                                 "  context one\n"
	                                 "    interface x\n"
	                                 "      ip address 1.1.1.2\n"
	                                 "    #exit\n"
	                                 "    apn p\n"
	                                 "    #exit\n"
	                                 "  #exit\n"
	                                 "  context two\n"
	                                 "    apn p\n"
	                                 "      ip address pool name q\n"
	                                 "    #exit\n"
	                                 "  #exit\n"
	                                 "end\n"),
	                    "-   system hostname a\n"
	                    "+   system hostname b\n"
	                    "    context one\n"
	                    "      interface x\n"
	                    "-       ip address 1.1.1.1\n"
	                    "+       ip address 1.1.1.2\n"
	                    "    context two\n"
	                    "      apn p\n"
	                    "+       ip address pool name q\n");
}

static void
a_block_that_came_or_went_is_told_with_its_lines(void **state)
{
	(void)state;
	assert_string_equal(diff("config\nend\n", before), "+   system hostname a\n"
	                                                   "+   context one\n"
	                                                   "+     interface x\n"
	                                                   "+       ip address 1.1.1.1\n"
	                                                   "+     apn p\n"
	                                                   "+   context two\n"
	                                                   "+     apn p\n");
	assert_string_equal(
	    diff(before, "config\n  system hostname a\n  context two\n    apn p\n    #exit\n  #exit\nend\n"),
	    "-   context one\n"
	    "-     interface x\n"
	    "-       ip address 1.1.1.1\n"
	    "-     apn p\n");
}

static void
the_same_line_in_another_block_is_another_line(void **state)
{
	(void)state;
	assert_string_equal(diff("config\n  context one\n    apn p\n    #exit\n  #exit\n  context two\n  #exit\nend\n",
	                         "config\n  context one\n  #exit\n  context two\n    apn p\n    #exit\n  #exit\nend\n"),
	                    "    context one\n"
	                    "-     apn p\n"
	                    "    context two\n"
	                    "+     apn p\n");
}

static void
what_only_moved_is_not_told(void **state)
{
	(void)state;
	assert_string_equal(diff("config\n  a\n  b\n  c\n  d\nend\n", "config\n  d\n  x\n  c\n  a\n  b\nend\n"),
	                    "+   x\n");
}

static void
a_hundred_thousand_lines_are_compared_in_proportion(void **state)
{
	enum { LINES = 100000 };
	char *a = malloc(LINES * 40), *b = malloc(LINES * 40);
	size_t n = 0, m = 0;
	struct timespec from, to;
	struct text_fixed f;
	struct text out;

	(void)state;
	for (int i = 0; i < LINES; i++) {
		n += (size_t)sprintf(a + n, "  line %d of the configuration\n", i);
		m += (size_t)sprintf(b + m, "  line %d of the configuration\n", i == 50000 ? LINES : LINES - 1 - i);
	}
	text_fixed_init(&f, &out, said, sizeof said);
	clock_gettime(CLOCK_MONOTONIC, &from);
	assert_int_equal(cfg_diff(a, n, b, m, &out), ERR_OK);
	clock_gettime(CLOCK_MONOTONIC, &to);
	print_message("%.0f ms\n", (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	assert_string_equal(said, "+   line 100000 of the configuration\n-   line 49999 of the configuration\n");
	free(a);
	free(b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_configurations_say_nothing),
	    cmocka_unit_test(a_line_is_told_below_its_blocks),
	    cmocka_unit_test(a_block_that_came_or_went_is_told_with_its_lines),
	    cmocka_unit_test(the_same_line_in_another_block_is_another_line),
	    cmocka_unit_test(what_only_moved_is_not_told),
	    cmocka_unit_test(a_hundred_thousand_lines_are_compared_in_proportion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
