/* base_backoff.c - claims about the waits between two tries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/backoff.h"

static void
waits_double_up_to_the_limit_and_begin_again_after_a_reset(void **state)
{
	static const unsigned want[] = {5, 10, 20, 40, 80, 160, 200, 200};
	struct backoff b = backoff_make(5, 200);

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		for (unsigned i = 0; i < sizeof want / sizeof want[0]; i++)
			assert_int_equal(backoff_next(&b), want[i]);
		backoff_reset(&b);
	}
}

static void
a_limit_near_the_largest_number_does_not_wrap(void **state)
{
	struct backoff b = backoff_make(3u << 30, UINT32_MAX);

	(void)state;
	assert_int_equal(backoff_next(&b), 3u << 30);
	assert_int_equal(backoff_next(&b), UINT32_MAX);
	assert_int_equal(backoff_next(&b), UINT32_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(waits_double_up_to_the_limit_and_begin_again_after_a_reset),
	    cmocka_unit_test(a_limit_near_the_largest_number_does_not_wrap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
