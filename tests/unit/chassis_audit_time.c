/* chassis_audit_time.c - when external audits are due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chassis/audit_time.h"

enum { HOUR = 3600, MINUTE = 60 };

static void
audits_are_due_at_the_start_time_and_every_period_after_it(void **state)
{
	bool is_daily;

	(void)state;
	assert_int_equal(audit_time_wait_s(5 * HOUR, 6 * HOUR, 90 * MINUTE, &is_daily), HOUR);
	assert_true(is_daily);
	assert_int_equal(audit_time_wait_s(6 * HOUR, 6 * HOUR, 90 * MINUTE, &is_daily), 90 * MINUTE);
	assert_false(is_daily);
	assert_int_equal(audit_time_wait_s(6 * HOUR + 1, 6 * HOUR, 90 * MINUTE, &is_daily), 90 * MINUTE - 1);
	assert_int_equal(audit_time_wait_s(7 * HOUR + 30 * MINUTE - 1, 6 * HOUR, 90 * MINUTE, &is_daily), 1);
	/* Over midnight the count goes on from the start time. */
	assert_int_equal(audit_time_wait_s(0, 6 * HOUR, 90 * MINUTE, &is_daily),
	                 90 * MINUTE * 12 - 18 * HOUR + 90 * MINUTE);
	assert_false(is_daily);
	assert_int_equal(audit_time_wait_s(6 * HOUR - 1, 6 * HOUR, 90 * MINUTE, &is_daily), 1);
	assert_true(is_daily);
}

static void
a_period_that_does_not_divide_the_day_begins_anew_each_day(void **state)
{
	uint32_t at = 6 * HOUR, total = 0, audits = 0;
	bool is_daily = false;

	(void)state;
	while (!is_daily) {
		uint32_t wait = audit_time_wait_s(at, 6 * HOUR, 1000 * MINUTE, &is_daily);

		at = (at + wait) % AUDIT_DAY_S;
		total += wait;
		audits++;
	}
	assert_int_equal(at, 6 * HOUR);
	assert_int_equal(total, AUDIT_DAY_S);
	assert_int_equal(audits, 2);
	assert_int_equal(audit_time_wait_s(6 * HOUR, 6 * HOUR, AUDIT_DAY_S, &is_daily), AUDIT_DAY_S);
	assert_true(is_daily);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(audits_are_due_at_the_start_time_and_every_period_after_it),
	    cmocka_unit_test(a_period_that_does_not_divide_the_day_begins_anew_each_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
