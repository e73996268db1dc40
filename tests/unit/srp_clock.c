/* srp_clock.c - the offset of the peer's clock, and clocks that are set. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "srp/srp_clock.h"

#define NOON UINT64_C(1795262400000000) /* 2026-11-21 12:00:00 */

enum { SECOND = 1000000 };

static void
the_shortest_round_trip_tells_the_offset_and_an_old_one_gives_way(void **state)
{
	struct srp_clock c = {0};

	(void)state;
	srp_clock_note(&c, 400, NOON + 5 * SECOND, NOON);
	assert_true(c.is_known);
	assert_int_equal(c.offset_us, 5 * SECOND + 200);
	srp_clock_note(&c, 4000, NOON + 5 * SECOND - 2000, NOON); /* a long way tells less */
	assert_int_equal(c.offset_us, 5 * SECOND + 200);
	srp_clock_note(&c, 100, NOON + 5 * SECOND, NOON);
	assert_int_equal(c.offset_us, 5 * SECOND + 50);
	for (unsigned i = 0; i < 200; i++)
		srp_clock_note(&c, 150, NOON + 5 * SECOND + 700, NOON);
	assert_int_equal(c.offset_us, 5 * SECOND + 775);
}

static void
a_clock_that_is_set_is_believed_at_once_and_whatever_it_says(void **state)
{
	struct srp_clock c = {0};

	(void)state;
	srp_clock_note(&c, 100, NOON, NOON);
	srp_clock_note(&c, 60000, NOON, NOON + 3600 * (uint64_t)SECOND);
	assert_true(c.offset_us == -3600 * (int64_t)SECOND + 30000);
	srp_clock_note(&c, 100, NOON, NOON + 3600 * (uint64_t)SECOND);
	assert_true(c.offset_us == -3600 * (int64_t)SECOND + 50);
	/* the largest clock of the wire, then a sound one after a longer way */
	srp_clock_note(&c, 50, UINT64_C(0x3fffffffffffffff), NOON);
	srp_clock_note(&c, 300, NOON, NOON);
	assert_int_equal(c.offset_us, 150);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_shortest_round_trip_tells_the_offset_and_an_old_one_gives_way),
	    cmocka_unit_test(a_clock_that_is_set_is_believed_at_once_and_whatever_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
