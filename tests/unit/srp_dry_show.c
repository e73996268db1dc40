/* Claims about the text of srp initiate-switchover dry-run. */
#include "srp/srp_dry_show.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char said[8192];

static const char *
show(const struct srp_dry_view *v)
{
	struct text_fixed f;
	struct text out;

	text_fixed_init(&f, &out, said, sizeof said);
	srp_dry_show(v, &out);
	assert_false(f.is_cut);
	return said;
}

static const struct srp_dry_sessmgr calm[] = {
    {.instance = 1, .conn = "Ready", .is_ready = true, .calls = 100, .young = 3, .unacked = 1},
    {.instance = 2, .conn = "Ready", .is_ready = true, .calls = 90, .differ = 2},
};

static void
says(const struct srp_dry_view *v, const char *part)
{
	if (strstr(show(v), part) == NULL)
		fail_msg("no \"%s\" in:\n%s", part, said);
}

static void
a_connected_pair_loses_nothing_and_says_what_is_flushed(void **state)
{
	struct srp_dry_run run = {.would_switch = true};
	struct srp_dry_view v = {.run = &run, .sessmgrs = calm, .sessmgr_count = 2, .record_bytes = 300};

	(void)state;
	says(&v, "Dry run: nothing was changed.\nWould switch over:                      Yes\n");
	says(&v, "        1  Ready             100           3           1           0              0\n");
	says(&v, "Calls sent in the critical flush:       6\nCalls that would be lost:               0\n");
	says(&v,
	     "Expected gap:                           not known: no round trip and no switchover were measured yet\n");
	says(&v, "  critical flush:                       6 calls, about 1800 bytes\n");
}

static void
calls_of_a_session_manager_without_a_connection_are_at_risk_and_named(void **state)
{
	static const struct srp_dry_sessmgr cut[] = {
	    {.instance = 1, .conn = "", .calls = 5, .young = 4, .unacked = 3},
	    {.instance = 2, .conn = "Conn", .calls = 9, .young = 1, .unacked = 1},
	};
	static const struct srp_dry_call named[] = {
	    {.instance = 1, .callid = 0x2000001, .imsi = "240011234500001", .age_s = 7}};
	struct srp_dry_run run = {.answer = SRP_ANSWER_NOT_CONNECTED, .count = 2};
	struct srp_dry_view v = {.run = &run, .sessmgrs = cut, .sessmgr_count = 2, .calls = named, .call_count = 1};

	(void)state;
	assert_int_equal(srp_dry_lost(&cut[0]), 5);
	assert_int_equal(srp_dry_lost(&cut[1]), 2);
	says(&v, "Would switch over:                      No\n");
	says(&v, "Calls that would be lost:               up to 7\n"
	         "  session manager 1  callid 02000001  imsi 240011234500001  7 s old\n  and 6 more\n");
}

static void
the_gap_is_the_longest_measured_or_else_made_of_round_trips(void **state)
{
	struct srp_dry_run run = {.would_switch = true};
	struct srp_dry_view v = {.run = &run, .sessmgrs = calm, .sessmgr_count = 1, .rtt_us = 450, .rtt_p99_us = 900};

	(void)state;
	says(
	    &v,
	    "Expected gap:                           1.350 ms, 3 round trips; none was measured from this chassis yet\n"
	    "  hello round trip:                     p50 450 us, p99 900 us\n");
	v.gap_ms[0] = 4;
	v.gap_ms[1] = 9;
	v.gap_count = 2;
	says(&v,
	     "Expected gap:                           9 ms, the longest of the last 2 planned switchovers from this "
	     "chassis\n  measured, latest first:               4 ms, 9 ms\n");
}

static void
the_steps_of_both_engines_are_told_with_their_reasons(void **state)
{
	struct srp_dry_run run = {.would_switch = true,
	                          .step_count = 2,
	                          .steps = {{.from_inner = 1, .to_inner = 2, .row = 0},
	                                    {.is_peer = true, .from_inner = 2, .to_inner = 1, .row = 1}}};
	struct srp_dry_view v = {.run = &run, .sessmgrs = calm, .sessmgr_count = 1};
	char line[200];

	(void)state;
	snprintf(line, sizeof line, "  this chassis  %s -> %s", srp_inner_text(1), srp_inner_text(2));
	says(&v, line);
	says(&v, srp_row_reason(0));
	snprintf(line, sizeof line, "  peer chassis  %s -> %s", srp_inner_text(2), srp_inner_text(1));
	says(&v, line);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_connected_pair_loses_nothing_and_says_what_is_flushed),
	    cmocka_unit_test(calls_of_a_session_manager_without_a_connection_are_at_risk_and_named),
	    cmocka_unit_test(the_gap_is_the_longest_measured_or_else_made_of_round_trips),
	    cmocka_unit_test(the_steps_of_both_engines_are_told_with_their_reasons),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
