/* checkpoint_proof_show.c - text and JSON of the proof of sync and of external audits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint/ckpt_proof_show.h"

static char shown[16384];

enum { NOW_MS = 10000 };

static void
proof(const struct ckpt_proof_view *views, unsigned count, const struct ckpt_differ_view *names, size_t named,
      bool is_json)
{
	struct text_fixed f;
	struct report r;
	struct text out;

	text_fixed_init(&f, &out, shown, sizeof shown);
	report_begin(&r, &out, is_json);
	ckpt_show_proof(views, count, names, named, NOW_MS, &r);
	report_end(&r);
	assert_false(f.is_cut);
}

static void
two_proved_session_managers_are_summed_and_the_older_one_counts(void **state)
{
	struct ckpt_proof_view v[2] = {
	    {.instance = 1, .is_running = true, .proved_ms = 9000, .calls = 10, .digest = 0xf0, .rounds = 7},
	    {.instance = 2, .is_running = true, .proved_ms = 8800, .calls = 20, .digest = 0x0f, .rounds = 8}};

	(void)state;
	proof(v, 2, NULL, 0, false);
	assert_non_null(strstr(shown, "Calls of both chassis:                  0 of 30 differ\n"));
	assert_non_null(strstr(shown, "Age of the oldest record read:          1.2 s\n"));
	assert_non_null(strstr(shown, "00000000000000ff\n"));
	assert_null(strstr(shown, "Calls that differ"));
	proof(v, 2, NULL, 0, true);
	assert_non_null(strstr(shown, "\"is_proved\": true"));
	assert_non_null(strstr(shown, "\"age_ms\": 1200"));
	assert_non_null(strstr(shown, "\"rounds\": 15"));
}

static void
calls_that_differ_are_named_with_how(void **state)
{
	struct ckpt_proof_view v = {.instance = 1, .is_running = true, .proved_ms = 9000, .calls = 10, .different = 6};
	struct ckpt_differ_view names[CKPT_DIFFER_KINDS];

	(void)state;
	for (unsigned i = 0; i < CKPT_DIFFER_KINDS; i++)
		names[i] = (struct ckpt_differ_view){.instance = 1, .callid = 0x02000000 + i, .kind = (uint8_t)i};
	names[1].imsi = "240011234500001";
	proof(&v, 1, names, CKPT_DIFFER_KINDS, false);
	assert_non_null(strstr(shown, "6 of 10 differ\n"));
	assert_non_null(strstr(shown, "02000001  240011234500001  missing on the standby\n"));
	for (unsigned i = 0; i < CKPT_DIFFER_KINDS; i++)
		assert_non_null(strstr(shown, ckpt_differ_text((uint8_t)i)));
}

static void
a_part_that_is_compared_is_not_shown_as_the_whole(void **state)
{
	struct ckpt_proof_view v[2] = {{.instance = 1, .is_running = true, .proved_ms = 9000, .calls = 10},
	                               {.instance = 2, .is_running = true}};

	(void)state;
	proof(v, 2, NULL, 0, false);
	assert_non_null(strstr(shown, "0 of 10 differ, 1 of 2 session managers not compared\n"));
	v[0].proved_ms = 0;
	v[0].different = 1; /* damaged, and there is no other chassis */
	proof(v, 2, NULL, 0, false);
	assert_non_null(strstr(shown, "1 of 0 differ, 2 of 2 session managers not compared\n"));
	proof(v, 2, NULL, 0, true);
	assert_non_null(strstr(shown, "\"is_proved\": false"));
}

static void
without_a_connection_nothing_is_proved(void **state)
{
	struct ckpt_proof_view v[2] = {{.instance = 1, .is_running = true}, {.instance = 2}};

	(void)state;
	proof(v, 2, NULL, 0, false);
	assert_non_null(strstr(shown, "Calls of both chassis:                  not proved\n"));
	assert_null(strstr(shown, "Age"));
	proof(v, 2, NULL, 0, true);
	assert_non_null(strstr(shown, "\"is_proved\": false"));
}

static void
audits(const struct ckpt_audit_view *a, size_t n, bool is_json)
{
	struct text_fixed f;
	struct report r;
	struct text out;

	text_fixed_init(&f, &out, shown, sizeof shown);
	report_begin(&r, &out, is_json);
	ckpt_show_audits(a, n, NOW_MS, &r);
	report_end(&r);
	assert_false(f.is_cut);
}

static void
an_audit_tells_what_it_found_and_how_it_ended(void **state)
{
	struct ckpt_audit_view a = {.number = 3,
	                            .state = "Active",
	                            .reason = "periodic",
	                            .start_ms = 1000,
	                            .active = 100,
	                            .fresh = 4,
	                            .stale = 5,
	                            .inactive = 6,
	                            .is_ended = true};

	(void)state;
	audits(&a, 1, false);
	assert_non_null(strstr(shown, "Audit Number:                           3\n"));
	assert_non_null(strstr(shown, "1970 (9 seconds ago)\n"));
	assert_non_null(strstr(shown, "Audit Reason:                           periodic\n"));
	assert_non_null(strstr(shown, "Audit Result:                           compared\n"));
	assert_non_null(strstr(shown, "Total Stale Sessions:                   5\n"));
	a.is_ended = false;
	audits(&a, 1, false);
	assert_non_null(strstr(shown, "a connection or the roles changed\n"));
	a.is_cut = true;
	audits(&a, 1, false);
	assert_non_null(strstr(shown, "Audit Result:                           the program ended\n"));
	a.is_running = true;
	audits(&a, 1, true);
	assert_non_null(strstr(shown, "\"result\": \"running\""));
	assert_non_null(strstr(shown, "\"new_sessions\": 4"));
	audits(NULL, 0, false);
	assert_non_null(strstr(shown, "No external audit has run.\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_proved_session_managers_are_summed_and_the_older_one_counts),
	    cmocka_unit_test(calls_that_differ_are_named_with_how),
	    cmocka_unit_test(a_part_that_is_compared_is_not_shown_as_the_whole),
	    cmocka_unit_test(without_a_connection_nothing_is_proved),
	    cmocka_unit_test(an_audit_tells_what_it_found_and_how_it_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
