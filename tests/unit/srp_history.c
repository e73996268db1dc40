/* srp_history.c - transitions made of steps, their one form for disk and wire, and two views of one event. */
#include "tests/unit/srp_history_rig.h"

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

static void
what_is_encoded_comes_back_whole(void **state)
{
	struct srp_history_entry e = sample(), got;
	char *text;

	(void)state;
	e.is_offset_known = true;
	e.offset_us = -1234567;
	e.came = 12;
	e.announced = 40;
	text = srp_history_encode(&e, SRP_HISTORY_NAMES_MAX);
	assert_null(strchr(text, '\n'));
	assert_int_equal(srp_history_decode(text, strlen(text), &keep, &got), ERR_OK);
	assert_int_equal(got.number, 7);
	assert_int_equal(got.changed, 99);
	assert_true(got.came == 12 && got.announced == 40);
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
	    cmocka_unit_test_setup(stopped_in_the_middle_of_a_hand_over_it_says_that_it_was_stopped, fresh),
	    cmocka_unit_test(words_of_a_peer_that_would_reach_a_terminal_as_orders_are_refused),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
