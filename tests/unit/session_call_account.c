/* session_call_account.c - how counters of the old and of the new Active are joined. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/call_account.h"
#include "session/call_rows.h"

/* The accounting record of a call with these counters. */
static size_t
record(uint32_t repeats, uint32_t refused, uint32_t active_s, uint8_t *buf, size_t cap)
{
	struct call c = {.repeats = repeats, .refused = refused, .active_s = active_s};
	struct wbuf w;

	c.present = CALL_HAS(CALL_F_REPEATS) | CALL_HAS(CALL_F_REFUSED) | CALL_HAS(CALL_F_ACTIVE_S);
	wbuf_init(&w, buf, cap);
	assert_int_equal(rows_encode(&call_format, &c, CKPT_GROUP_ACCOUNTING, &w), ERR_OK);
	return w.len;
}

static void
a_counter_is_the_old_value_plus_what_was_counted_here_whichever_came_first(void **state)
{
	/* known at the takeover, counted on the old side after that was sent, counted here before and after the flush
	 */
	(void)state;
	for (uint32_t known = 0; known < 4; known++)
		for (uint32_t old = 0; old < 4; old++)
			for (uint32_t before = 0; before < 4; before++) {
				struct call_account x;
				struct call mine = {.teid = 7, .repeats = known + before, .active_s = 50};
				uint8_t buf[64];
				size_t n = record(known + old, 0, 40 + old, buf, sizeof buf);
				enum err e;

				call_account_reset(&x);
				for (uint32_t i = 0; i < before; i++)
					call_account_note(&x, 7, true);
				call_account_note(&x, 8, true);
				e = call_account_merge(&x, &mine, buf, n);
				assert_int_equal(e, old > 0 ? ERR_OK : ERR_EXISTS);
				assert_int_equal(mine.repeats, known + old + before);
				assert_int_equal(mine.refused, 0);
				assert_int_equal(mine.active_s, 50); /* the younger one */
				/* the same record once more changes nothing */
				assert_int_equal(call_account_merge(&x, &mine, buf, n), ERR_EXISTS);
			}
}

static void
repeated_and_refused_requests_are_told_apart(void **state)
{
	struct call_account x;
	struct call mine = {.teid = 7, .repeats = 1, .refused = 2, .active_s = 9};
	uint8_t buf[64];

	(void)state;
	call_account_reset(&x);
	call_account_note(&x, 7, true);
	call_account_note(&x, 7, false);
	call_account_note(&x, 7, false);
	assert_int_equal(call_account_merge(&x, &mine, buf, record(10, 20, 30, buf, sizeof buf)), ERR_OK);
	assert_int_equal(mine.repeats, 11);
	assert_int_equal(mine.refused, 22);
	assert_int_equal(mine.active_s, 30);
}

static void
beyond_the_window_no_counter_goes_back(void **state)
{
	struct call_account x;
	struct call first = {.teid = 1, .repeats = 6}, late = {.teid = 99999, .repeats = 6};
	uint8_t buf[64];
	size_t n = record(7, 0, 0, buf, sizeof buf);

	(void)state;
	call_account_reset(&x);
	for (uint32_t teid = 1; teid <= CALL_ACCOUNT_CALLS; teid++)
		call_account_note(&x, teid, true);
	call_account_note(&x, late.teid, true); /* no room: it is not known how much of the six is from here */
	call_account_note(&x, first.teid, true);
	assert_int_equal(call_account_merge(&x, &late, buf, n), ERR_OK);
	assert_int_equal(late.repeats, 7);
	assert_int_equal(call_account_merge(&x, &first, buf, n), ERR_OK);
	assert_int_equal(first.repeats, 7 + 2);
	late.repeats = 50;
	assert_int_equal(call_account_merge(&x, &late, buf, n), ERR_EXISTS);
	assert_int_equal(late.repeats, 50);
}

static void
what_is_no_accounting_record_changes_nothing(void **state)
{
	struct call_account x;
	struct call mine = {.teid = 7, .repeats = 1};
	uint8_t buf[64];
	size_t n = record(5, 5, 5, buf, sizeof buf);

	(void)state;
	call_account_reset(&x);
	assert_int_not_equal(call_account_merge(&x, &mine, buf, n - 1), ERR_OK);
	assert_int_equal(call_account_merge(&x, &mine, buf, 0), ERR_EXISTS);
	assert_int_equal(mine.repeats, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_counter_is_the_old_value_plus_what_was_counted_here_whichever_came_first),
	    cmocka_unit_test(repeated_and_refused_requests_are_told_apart),
	    cmocka_unit_test(beyond_the_window_no_counter_goes_back),
	    cmocka_unit_test(what_is_no_accounting_record_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
