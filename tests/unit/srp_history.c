/* srp_history.c - transitions made of steps, their one form for disk and wire, and what is shown of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "srp/srp.h"
#include "srp/srp_fsm.h"
#include "srp/srp_history_show.h"

#define NOON UINT64_C(1795262400000000) /* 2026-11-21 12:00:00 */

enum { SECOND = 1000000 };

static struct srp_history_builder builder;

static enum srp_history_change
step(uint64_t at_us, uint8_t reason, uint8_t from, uint8_t to, const char *why)
{
	struct srp_history_now now = {.now_us = 500 + at_us,
	                              .wall_us = NOON + at_us,
	                              .epoch = UINT64_C(3) << SRP_EPOCH_TAG_BITS,
	                              .calls = 20,
	                              .reason = reason,
	                              .route_modifier = 2,
	                              .peer_route_modifier = 1};

	return srp_history_step(&builder, &now, from, to, why);
}

static int
fresh(void **state)
{
	(void)state;
	memset(&builder, 0, sizeof builder);
	return 0;
}

/* A whole switchover of the operator, as its old Active sees it. */
static void
hand_over(void)
{
	assert_int_equal(step(0, 0, FSM_ACTIVE, FSM_PREPARING, "operator asks; the peer is asked"),
	                 SRP_HISTORY_NOTHING);
	assert_int_equal(step(100, 11, FSM_PREPARING, FSM_GIVING, "the peer is ready"), SRP_HISTORY_GREW);
	assert_int_equal(step(300, 11, FSM_GIVING, FSM_FLUSHING, "address given"), SRP_HISTORY_GREW);
	assert_int_equal(step(700, 11, FSM_FLUSHING, FSM_HANDING, "everything is acknowledged"), SRP_HISTORY_GREW);
	assert_int_equal(step(1500, 11, FSM_HANDING, FSM_STANDBY, "the peer serves"), SRP_HISTORY_ENDED);
}

static void
a_switchover_is_one_transition_with_its_steps_and_phases(void **state)
{
	const struct srp_history_entry *e = &builder.entry;

	(void)state;
	hand_over();
	assert_int_equal(e->from, SRP_ACTIVE);
	assert_int_equal(e->to, SRP_STANDBY);
	assert_int_equal(e->reason, SRP_REASON_MANUAL_SWITCHOVER);
	assert_int_equal(e->step_count, 5);
	assert_int_equal(e->duration_us, 1500);
	assert_int_equal(e->steps[3].at_us, 700);
	assert_string_equal(e->steps[3].to, srp_inner_text(FSM_HANDING));
	assert_int_equal(e->phase_us[SRP_PHASE_VALIDATE], 100);
	assert_int_equal(e->phase_us[SRP_PHASE_CRITICAL_FLUSH], 600);
	assert_int_equal(e->phase_us[SRP_PHASE_NETWORK_CONVERGENCE], 800);
	assert_int_equal(e->phase_us[SRP_PHASE_NONE], 0);
	assert_true(e->is_lost_known);
	assert_false(e->is_open);
	assert_string_equal(srp_history_why(e), "operator asks; the peer is asked");
	assert_int_equal(e->calls, 20);
}

static void
being_asked_and_refused_is_no_transition_and_the_next_one_is_whole(void **state)
{
	(void)state;
	assert_int_equal(step(0, 0, FSM_ACTIVE, FSM_PREPARING, "operator asks"), SRP_HISTORY_NOTHING);
	assert_int_equal(step(50, 0, FSM_PREPARING, FSM_ACTIVE, "the peer refuses"), SRP_HISTORY_NOTHING);
	assert_false(builder.is_running);
	hand_over();
	assert_int_equal(builder.entry.step_count, 5);
}

static void
starting_before_an_election_is_no_transition(void **state)
{
	(void)state;
	assert_int_equal(step(0, 0, FSM_DOWN, FSM_INIT, "started"), SRP_HISTORY_NOTHING);
	assert_int_equal(step(9, 0, FSM_INIT, FSM_STANDBY, "the peer is elected"), SRP_HISTORY_ENDED);
	assert_int_equal(builder.entry.from, SRP_INIT);
	assert_int_equal(builder.entry.step_count, 1);
	assert_false(builder.entry.is_lost_known);
}

static void
a_hand_over_that_turns_back_tells_why_it_turned(void **state)
{
	(void)state;
	step(0, 0, FSM_ACTIVE, FSM_PREPARING, "operator asks");
	step(10, 11, FSM_PREPARING, FSM_GIVING, "the peer is ready");
	assert_int_equal(step(20, 0, FSM_GIVING, FSM_TAKING, "connection lost; serving again"), SRP_HISTORY_GREW);
	assert_true(builder.entry.is_open);
	assert_int_equal(step(30, 0, FSM_TAKING, FSM_ACTIVE, "service address taken"), SRP_HISTORY_ENDED);
	assert_int_equal(builder.entry.to, SRP_ACTIVE);
	assert_string_equal(srp_history_why(&builder.entry), "connection lost; serving again");
	assert_false(builder.entry.is_lost_known);
}

static void
an_event_without_change_is_told_but_not_within_a_transition(void **state)
{
	struct srp_history_now now = {.now_us = 1, .wall_us = NOON, .reason = SRP_REASON_DUAL_ACTIVE};

	(void)state;
	assert_true(srp_history_event(&builder, &now, FSM_ACTIVE, "dual active won"));
	assert_int_equal(builder.entry.from, SRP_ACTIVE);
	assert_int_equal(builder.entry.to, SRP_ACTIVE);
	assert_string_equal(srp_history_why(&builder.entry), "dual active won");
	assert_false(builder.is_running);
	step(0, 0, FSM_STANDBY, FSM_TAKING, "no hello");
	assert_false(srp_history_event(&builder, &now, FSM_TAKING, "dual active won"));
	assert_int_equal(builder.entry.step_count, 1);
}

static void
more_steps_than_there_is_room_for_are_counted(void **state)
{
	(void)state;
	for (unsigned i = 0; i < SRP_HISTORY_STEPS_MAX + 5; i++)
		step(i, 0, i % 2 ? FSM_YIELDING : FSM_TAKING, i % 2 ? FSM_TAKING : FSM_YIELDING, "to and fro");
	assert_int_equal(builder.entry.step_count, SRP_HISTORY_STEPS_MAX);
	assert_int_equal(builder.entry.steps_left_out, 5);
	assert_int_equal(builder.entry.steps[SRP_HISTORY_STEPS_MAX - 1].at_us, SRP_HISTORY_STEPS_MAX + 4);
}

/* --- the one form -------------------------------------------------------------------------------------------- */

static const char *
same_word(void *arg, const char *s)
{
	static char words[64][96];
	unsigned i = 0;

	(void)arg;
	while (i < 63 && words[i][0] != '\0' && strcmp(words[i], s) != 0)
		i++;
	snprintf(words[i], sizeof words[i], "%s", s);
	return words[i];
}

static struct srp_lost_call room[SRP_HISTORY_NAMES_MAX];
static const struct srp_history_keep keep = {.word = same_word, .names = room};

static const struct srp_lost_call lost[] = {
    {.callid = 0xbeef, .sessmgr = 2, .why = SRP_LOST_YOUNG, .imsi = "240010123456789"},
    {.callid = 0xcafe, .sessmgr = 1, .why = SRP_LOST_UNACKED, .imsi = "240010123456780"},
};

static struct srp_history_entry
sample(void)
{
	struct srp_history_entry e;

	fresh(NULL);
	hand_over();
	e = builder.entry;
	e.number = 7;
	e.changed = 99;
	e.lost[SRP_LOST_YOUNG] = 4;
	e.lost[SRP_LOST_UNACKED] = 1;
	e.named = 2;
	e.names = lost;
	return e;
}

static void
what_is_encoded_comes_back_whole(void **state)
{
	struct srp_history_entry e = sample(), got;
	char *text;

	(void)state;
	e.is_offset_known = true;
	e.offset_us = -1234567;
	text = srp_history_encode(&e, SRP_HISTORY_NAMES_MAX);
	assert_null(strchr(text, '\n'));
	assert_int_equal(srp_history_decode(text, strlen(text), &keep, &got), ERR_OK);
	assert_int_equal(got.number, 7);
	assert_int_equal(got.changed, 99);
	assert_true(got.wall_us == e.wall_us && got.epoch == e.epoch && got.offset_us == e.offset_us);
	assert_memory_equal(got.phase_us, e.phase_us, sizeof e.phase_us);
	assert_memory_equal(got.lost, e.lost, sizeof e.lost);
	assert_int_equal(got.step_count, e.step_count);
	for (uint32_t i = 0; i < e.step_count; i++) {
		assert_int_equal(got.steps[i].at_us, e.steps[i].at_us);
		assert_string_equal(got.steps[i].why, e.steps[i].why);
	}
	assert_int_equal(got.named, 2);
	assert_memory_equal(got.names, lost, sizeof lost);
	assert_true(got.is_lost_known && got.is_offset_known && !got.is_open);
	free(text);
	text = srp_history_encode(&e, 1);
	assert_int_equal(srp_history_decode(text, strlen(text), &keep, &got), ERR_OK);
	assert_int_equal(got.named, 1);
	free(text);
}

static void
every_shortened_or_changed_form_is_refused_or_sound(void **state)
{
	struct srp_history_entry e = sample(), got;
	char *text = srp_history_encode(&e, 2), *copy;
	size_t n = strlen(text);

	(void)state;
	for (size_t k = 0; k < n; k++)
		assert_int_not_equal(srp_history_decode(text, k, &keep, &got), ERR_OK);
	copy = strdup(text);
	for (size_t k = 0; k < n; k++)
		for (const char *c = "9-\"[x{"; *c != '\0'; c++) {
			copy[k] = *c;
			if (srp_history_decode(copy, n, &keep, &got) == ERR_OK) {
				assert_true(got.from < SRP_STATE_COUNT && got.to < SRP_STATE_COUNT);
				assert_true(got.reason < SRP_REASON_COUNT && got.step_count <= SRP_HISTORY_STEPS_MAX);
				assert_true(got.number > 0 && got.named <= SRP_HISTORY_NAMES_MAX);
			}
			copy[k] = text[k];
		}
	free(copy);
	free(text);
	assert_int_equal(srp_history_decode("[]", 2, &keep, &got), ERR_FORMAT);
	assert_int_equal(srp_history_decode("{}", 2, &keep, &got), ERR_RANGE);
	assert_int_equal(srp_history_decode("{}", SRP_HISTORY_BODY_MAX + 1, &keep, &got), ERR_RANGE);
}

/* --- two views ----------------------------------------------------------------------------------------------- */

static struct srp_history_entry
entry(uint64_t number, uint64_t wall_us, uint8_t from, uint8_t to, uint8_t reason, const char *why)
{
	return (struct srp_history_entry){.number = number,
	                                  .changed = number,
	                                  .wall_us = wall_us,
	                                  .from = from,
	                                  .to = to,
	                                  .reason = reason,
	                                  .step_count = 1,
	                                  .steps = {{0, "A", "B", why}}};
}

static void
two_views_of_one_event_find_each_other_and_nobody_else(void **state)
{
	/* the peer's clock is 5 s ahead */
	struct srp_history_entry own[] = {
	    entry(1, NOON, SRP_ACTIVE, SRP_STANDBY, 11, "operator asks"),
	    entry(2, NOON + 60 * SECOND, SRP_STANDBY, SRP_ACTIVE, 9, "no hello"),
	};
	struct srp_history_entry peer[] = {
	    entry(1, NOON + 5 * SECOND + 900, SRP_STANDBY, SRP_ACTIVE, 11, "the peer hands over"),
	    entry(2, NOON + 66 * SECOND, SRP_INIT, SRP_STANDBY, 0, "the peer is Active already"),
	};
	struct srp_history_list l = {own, peer, 2, 2};

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		peer[i].is_offset_known = true;
		peer[i].offset_us = 5 * SECOND;
	}
	assert_ptr_equal(srp_history_view_of(&l, &own[0], true), &peer[0]);
	assert_ptr_equal(srp_history_view_of(&l, &peer[0], false), &own[0]);
	/* it came up a second after: that is no view of the take-over */
	assert_null(srp_history_view_of(&l, &own[1], true));
	assert_null(srp_history_view_of(&l, &peer[1], false));
}

static void
of_two_that_could_be_the_nearer_one_is_the_view(void **state)
{
	const struct srp_history_entry own[] = {
	    entry(1, NOON, SRP_ACTIVE, SRP_STANDBY, 11, "first"),
	    entry(2, NOON + SECOND, SRP_STANDBY, SRP_ACTIVE, 11, "second"),
	};
	const struct srp_history_entry peer[] = {entry(5, NOON + SECOND + 10, SRP_ACTIVE, SRP_STANDBY, 11, "one")};
	const struct srp_history_list l = {own, peer, 2, 1};

	(void)state;
	assert_ptr_equal(srp_history_view_of(&l, &peer[0], false), &own[1]);
	assert_ptr_equal(srp_history_view_of(&l, &own[1], true), &peer[0]);
	assert_null(srp_history_view_of(&l, &own[0], true));
}

/* A pair ends an event in two states: a chassis restarted soon after an election tells of another one. */
static void
two_that_end_in_the_same_state_are_two_events(void **state)
{
	struct srp_history_entry own[] = {entry(1, NOON, SRP_INIT, SRP_STANDBY, 0, "the peer is Active already")};
	struct srp_history_entry peer[] = {entry(1, NOON - SECOND, SRP_INIT, SRP_STANDBY, 0, "the peer is elected")};
	struct srp_history_list l = {own, peer, 1, 1};

	(void)state;
	assert_null(srp_history_view_of(&l, &own[0], true));
	peer[0].to = SRP_ACTIVE;
	assert_ptr_equal(srp_history_view_of(&l, &own[0], true), &peer[0]);
	/* cut off in the middle, where it ended is not known */
	peer[0].to = SRP_STANDBY;
	peer[0].is_interrupted = true;
	assert_ptr_equal(srp_history_view_of(&l, &own[0], true), &peer[0]);
}

/* --- shown --------------------------------------------------------------------------------------------------- */

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

static void
stopped_in_the_middle_of_a_hand_over_it_says_that_it_was_stopped(void **state)
{
	(void)state;
	step(0, 0, FSM_ACTIVE, FSM_PREPARING, "operator asks");
	step(10, 11, FSM_PREPARING, FSM_GIVING, "the peer is ready");
	assert_int_equal(step(20, 0, FSM_GIVING, FSM_DOWN, "stopped by configuration"), SRP_HISTORY_ENDED);
	assert_int_equal(builder.entry.to, SRP_INIT);
	assert_string_equal(srp_history_why(&builder.entry), "stopped by configuration");
}

static void
words_of_a_peer_that_would_reach_a_terminal_as_orders_are_refused(void **state)
{
	static const char *const bad[] = {"\x1b[2J", "a\nb", "\x7f",
	                                  "\xc2\x9b"
	                                  "2J"};
	struct srp_history_entry e = sample(), got;
	struct srp_lost_call names[] = {lost[0]};
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e = sample();
		e.steps[1].why = bad[i];
		text = srp_history_encode(&e, SRP_HISTORY_NAMES_MAX);
		assert_int_equal(srp_history_decode(text, strlen(text), &keep, &got), ERR_RANGE);
		free(text);
		e = sample();
		snprintf(names[0].imsi, sizeof names[0].imsi, "%s", bad[i]);
		e.named = 1;
		e.names = names;
		text = srp_history_encode(&e, SRP_HISTORY_NAMES_MAX);
		assert_int_equal(srp_history_decode(text, strlen(text), &keep, &got), ERR_RANGE);
		free(text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(a_switchover_is_one_transition_with_its_steps_and_phases, fresh),
	    cmocka_unit_test_setup(being_asked_and_refused_is_no_transition_and_the_next_one_is_whole, fresh),
	    cmocka_unit_test_setup(starting_before_an_election_is_no_transition, fresh),
	    cmocka_unit_test_setup(a_hand_over_that_turns_back_tells_why_it_turned, fresh),
	    cmocka_unit_test_setup(an_event_without_change_is_told_but_not_within_a_transition, fresh),
	    cmocka_unit_test_setup(more_steps_than_there_is_room_for_are_counted, fresh),
	    cmocka_unit_test(what_is_encoded_comes_back_whole),
	    cmocka_unit_test(every_shortened_or_changed_form_is_refused_or_sound),
	    cmocka_unit_test(two_views_of_one_event_find_each_other_and_nobody_else),
	    cmocka_unit_test(of_two_that_could_be_the_nearer_one_is_the_view),
	    cmocka_unit_test(two_that_end_in_the_same_state_are_two_events),
	    cmocka_unit_test(every_transition_is_one_line_of_at_most_110_columns),
	    cmocka_unit_test(an_event_of_both_is_one_line_and_one_of_the_peer_alone_is_not_missing),
	    cmocka_unit_test(the_youngest_of_many_are_those_that_the_whole_ends_with),
	    cmocka_unit_test(verbose_names_phases_and_lost_calls_in_text_and_json),
	    cmocka_unit_test(call_loss_takes_each_phase_from_the_chassis_that_had_it),
	    cmocka_unit_test(call_loss_lists_the_last_ten_switchovers_and_says_what_nobody_knows),
	    cmocka_unit_test(audits_are_those_that_ran),
	    cmocka_unit_test_setup(stopped_in_the_middle_of_a_hand_over_it_says_that_it_was_stopped, fresh),
	    cmocka_unit_test(words_of_a_peer_that_would_reach_a_terminal_as_orders_are_refused),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
