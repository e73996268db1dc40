/* srp_history_show.c - what is shown of the history: one line a transition, verbose, JSON, call loss, audits. */
#include <jansson.h>

#include "tests/unit/srp_history_rig.h"

static char shown[65536];

static void
show(const struct srp_history_view *v, bool is_verbose, bool is_json)
{
	struct text_fixed f;
	struct report r;
	struct text t;

	text_fixed_init(&f, &t, shown, sizeof shown);
	report_begin(&r, &t, is_json);
	srp_show_history(v, is_verbose, 0, &r);
	report_end(&r);
	assert_false(f.is_cut);
}

static void
show_youngest(const struct srp_history_view *v, size_t max)
{
	struct text_fixed f;
	struct report r;
	struct text t;

	text_fixed_init(&f, &t, shown, sizeof shown);
	report_begin(&r, &t, false);
	srp_show_history(v, false, max, &r);
	report_end(&r);
	assert_false(f.is_cut);
}

static void
assert_narrow(unsigned columns)
{
	for (const char *line = shown, *end; (end = strchr(line, '\n')) != NULL; line = end + 1)
		if ((size_t)(end - line) > columns)
			fail_msg("%u columns: %.*s", (unsigned)(end - line), (int)(end - line), line);
}

/* The longest of everything there is. */
static void
every_transition_is_one_line_of_at_most_110_columns(void **state)
{
	static struct srp_history_entry own[SRP_REASON_COUNT];
	struct srp_history_view v = {.list = {own, NULL, SRP_REASON_COUNT, 0}};
	const struct fsm_table *t = srp_fsm_table();

	(void)state;
	for (size_t row = 0; row < t->count; row++) {
		assert_true(strlen(t->rows[row].reason) <= 62); /* show srp details has more columns before it */
		for (unsigned i = 0; i < SRP_REASON_COUNT; i++) {
			own[i] = entry(9000 + i, NOON + i * 9 * SECOND, SRP_STANDBY, SRP_ACTIVE, (uint8_t)i,
			               t->rows[row].reason);
			own[i].is_lost_known = true;
			own[i].lost[SRP_LOST_YOUNG] = 1000;
		}
		show(&v, false, false);
		assert_narrow(110);
		if (t->rows[row].state == FSM_ANY_STATE || t->rows[row].next == FSM_SAME_STATE)
			continue;
		own[0].steps[0].from = t->states[t->rows[row].state];
		own[0].steps[0].to = t->states[t->rows[row].next];
		show(&v, true, false);
		assert_narrow(110);
	}
	assert_non_null(strstr(shown, "9009 2026-11-21 12:01:21 this Standby>Active deadTimerExpiry  1000 "));
}

static void
an_event_of_both_is_one_line_and_one_of_the_peer_alone_is_not_missing(void **state)
{
	struct srp_history_entry own[] = {entry(1, NOON, SRP_ACTIVE, SRP_STANDBY, 11, "operator asks; and so on")};
	struct srp_history_entry peer[] = {
	    entry(4, NOON + 700, SRP_STANDBY, SRP_ACTIVE, 11, "the peer hands over"),
	    entry(5, NOON + 90 * SECOND, SRP_STANDBY, SRP_ACTIVE, 9, "no hello within the dead interval"),
	};
	struct srp_history_view v = {.list = {own, peer, 1, 2}, .unsaved_why = ""};

	(void)state;
	own[0].is_lost_known = true;
	show(&v, false, false);
	assert_non_null(
	    strstr(shown, "   1 2026-11-21 12:00:00 this Active>Standby manualSwitchOver    0 operator asks\n"));
	assert_non_null(strstr(
	    shown,
	    "   5 2026-11-21 12:01:30 peer Standby>Active deadTimerExpiry     ? no hello within the dead interval\n"));
	assert_null(strstr(shown, "   4 "));
	assert_non_null(strstr(shown, "clock was not compared"));
	show(&v, true, false);
	assert_non_null(strstr(shown, "+0.000 ms this A > B: operator asks; and so on\n"));
	assert_non_null(strstr(shown, "+0.700 ms peer A > B: the peer hands over\n"));
}

/* The last @n lines of @text. */
static const char *
last_lines(const char *text, unsigned n)
{
	const char *at = text + strlen(text) - 1;

	for (; at > text; at--)
		if (at[-1] == '\n' && n-- == 1)
			break;
	return at;
}

static void
the_youngest_of_many_are_those_that_the_whole_ends_with(void **state)
{
	enum { PAIRS = 300, YOUNGEST = 7 };
	static struct srp_history_entry own[PAIRS], peer[2 * PAIRS];
	struct srp_history_view v = {.list = {own, peer, PAIRS, 0}, .is_offset_known = false};
	static char whole[sizeof shown];

	(void)state;
	for (unsigned i = 0; i < PAIRS; i++) {
		uint64_t at = NOON + (uint64_t)i * 60 * SECOND;

		own[i] = entry(i + 1, at, SRP_ACTIVE, SRP_STANDBY, 11, "operator asks");
		peer[v.list.peer_count++] =
		    entry(2 * i + 1, at + 500, SRP_STANDBY, SRP_ACTIVE, 11, "the peer hands over");
		if (i % 5 == 0) /* and some of the peer alone */
			peer[v.list.peer_count++] =
			    entry(2 * i + 2, at + 30 * SECOND, SRP_INIT, SRP_STANDBY, 0, "back");
	}
	show(&v, false, false);
	memcpy(whole, shown, sizeof whole);
	show_youngest(&v, YOUNGEST);
	assert_non_null(strstr(shown, "The youngest 7 transitions; show srp history lists all.\n"));
	assert_string_equal(last_lines(shown, YOUNGEST + 1), last_lines(whole, YOUNGEST + 1));
	show_youngest(&v, 5000);
	assert_string_equal(shown, whole);
}

static void
verbose_names_phases_and_lost_calls_in_text_and_json(void **state)
{
	struct srp_history_entry own[] = {sample()};
	struct srp_history_view v = {
	    .list = {own, NULL, 1, 0}, .unsaved = 3, .unsaved_why = "disk full", .left_out = 2};
	json_t *doc, *t;

	(void)state;
	show(&v, true, false);
	assert_non_null(strstr(shown, "this phase critical flush            0.600 ms\n"));
	assert_non_null(strstr(shown, "calls lost 5 (4 too young, 0 never checkpointed, 1 not acknowledged)\n"));
	assert_non_null(
	    strstr(shown, "call 0000beef imsi 240010123456789 sessmgr 2: younger than the checkpoint duration\n"));
	assert_non_null(strstr(shown, "2 older transitions are no longer kept.\n"));
	assert_non_null(strstr(shown, "3 transitions are not on disk yet: disk full.\n"));
	show(&v, true, true);
	doc = json_loads(shown, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	t = json_array_get(json_object_get(doc, "transitions"), 0);
	assert_int_equal(json_integer_value(json_object_get(t, "reason_code")), 11);
	assert_int_equal(json_integer_value(json_object_get(t, "calls_lost")), 5);
	assert_int_equal(json_array_size(json_object_get(t, "chain")), 5);
	assert_int_equal(json_array_size(json_object_get(json_object_get(t, "this"), "lost_calls")), 2);
	assert_int_equal(json_array_size(json_object_get(doc, "notes")), 2);
	json_decref(doc);
}

static void
call_loss_lists_the_last_ten_switchovers_and_says_what_nobody_knows(void **state)
{
	static struct srp_history_entry own[14];
	struct srp_history_view v = {.list = {own, NULL, 14, 0}};
	unsigned blocks = 0;
	struct text_fixed f;
	struct report r;
	struct text t;

	(void)state;
	own[0] = entry(1, NOON, SRP_INIT, SRP_ACTIVE, 0, "elected");
	for (unsigned i = 1; i < 14; i++) {
		own[i] = entry(i + 1, NOON + i * 60 * SECOND, SRP_ACTIVE, SRP_STANDBY, 11, "operator");
		own[i].is_lost_known = true;
		own[i].lost[SRP_LOST_NEVER_SENT] = 1;
	}
	own[13] = entry(14, NOON + 14 * 60 * SECOND, SRP_STANDBY, SRP_ACTIVE, 9, "dead");
	text_fixed_init(&f, &t, shown, sizeof shown);
	report_begin(&r, &t, false);
	srp_show_call_loss(&v, &r);
	report_end(&r);
	for (const char *at = shown; (at = strstr(at, "Switchover Number:")) != NULL; at++)
		blocks++;
	assert_int_equal(blocks, SRP_HISTORY_LATE);
	assert_non_null(strstr(shown, "Calls lost by this chassis in all:      12\n"));
	assert_null(strstr(shown, "Switchover Number:                      4\n"));
	assert_non_null(strstr(shown, "Switchover Number:                      5\n"));
	assert_non_null(strstr(shown, "Lost Calls at Switchover Time:          not known"));
}

/* The flush is of who gave way, the audit of who took over; what did not run, or was not told, is no 0.000 ms. */
static void
call_loss_takes_each_phase_from_the_chassis_that_had_it(void **state)
{
	struct srp_history_entry own[] = {entry(2, NOON, SRP_ACTIVE, SRP_STANDBY, 11, "operator asks")};
	struct srp_history_entry peer[] = {entry(4, NOON + 700, SRP_STANDBY, SRP_ACTIVE, 11, "the peer hands over")};
	struct srp_history_view v = {.list = {own, peer, 1, 1}};

	(void)state;
	own[0].phase_us[SRP_PHASE_CRITICAL_FLUSH] = 323;
	peer[0].phase_us[SRP_PHASE_INTERNAL_AUDIT] = 2850;
	for (unsigned told = 0; told < 2; told++) {
		struct text_fixed f;
		struct report r;
		struct text t;

		v.list.peer_count = told;
		text_fixed_init(&f, &t, shown, sizeof shown);
		report_begin(&r, &t, false);
		srp_show_call_loss(&v, &r);
		report_end(&r);
		assert_non_null(strstr(shown, "Critical Flush Duration:                0.323 ms\n"));
		assert_int_equal(strstr(shown, "Internal Audit Duration:                2.850 ms\n") != NULL, told);
		assert_int_equal(strstr(shown, "Internal Audit Duration:                -\n") != NULL, !told);
	}
}

static void
audits_are_those_that_ran(void **state)
{
	struct srp_history_entry own[] = {entry(3, NOON, SRP_STANDBY, SRP_ACTIVE, 9, "dead")};
	struct srp_history_view v = {.list = {own, NULL, 1, 0}};
	struct text_fixed f;
	struct report r;
	struct text t;

	(void)state;
	for (unsigned has = 0; has < 2; has++) {
		own[0].phase_us[SRP_PHASE_INTERNAL_AUDIT] = has * 1500;
		text_fixed_init(&f, &t, shown, sizeof shown);
		report_begin(&r, &t, false);
		srp_show_audits(&v, &r);
		report_end(&r);
		assert_int_equal(strstr(shown, "No internal audit has run.") == NULL, has);
		assert_int_equal(strstr(shown, "Audit Duration:                         1.500 ms\n") != NULL, has);
		assert_int_equal(strstr(shown, "Audit Start Time:                       Sat Nov 21 12:00:0") != NULL,
		                 has);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_transition_is_one_line_of_at_most_110_columns),
	    cmocka_unit_test(an_event_of_both_is_one_line_and_one_of_the_peer_alone_is_not_missing),
	    cmocka_unit_test(the_youngest_of_many_are_those_that_the_whole_ends_with),
	    cmocka_unit_test(verbose_names_phases_and_lost_calls_in_text_and_json),
	    cmocka_unit_test(call_loss_takes_each_phase_from_the_chassis_that_had_it),
	    cmocka_unit_test(call_loss_lists_the_last_ten_switchovers_and_says_what_nobody_knows),
	    cmocka_unit_test(audits_are_those_that_ran),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
