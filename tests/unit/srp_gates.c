/* srp_gates.c - claims about what a switchover asks for, carries and tells: gates, reasons, bounds, steps, histories.
 */
#include "tests/unit/srp_engine.h"

static void
ask(struct srp *e, struct srp_event ev)
{
	ev.kind = SRP_EV_OPERATOR_SWITCHOVER;
	ev.asker = 5;
	feed(e, ev);
}

static size_t
count_of(uint8_t kind)
{
	size_t n = 0;

	for (size_t i = 0; i < out.count; i++)
		n += out.actions[i].kind == kind;
	return n;
}

/* --- gates ----------------------------------------------------------------------------------------------------- */

static void
switchover_is_refused_with_the_number_of_differing_lines_unless_forced(void **state)
{
	struct srp e = active();

	(void)state;
	ask(&e, (struct srp_event){.config_differs = 4});
	assert_int_equal(answered(), SRP_ANSWER_CONFIG_DIFFERS);
	assert_int_equal(action(SRP_ACT_OPERATOR_ANSWER)->count, 4);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	ask(&e, (struct srp_event){.config_differs = 4, .is_forced = true});
	assert_int_equal(e.fsm_state, FSM_PREPARING);
}

static void
standby_refuses_when_it_sees_differing_lines_unless_forced(void **state)
{
	struct srp_event ev = {.kind = SRP_EV_PREPARE, .epoch = epoch(50, PEER_ID), .request = 3, .config_differs = 2};
	struct srp e = standby();

	(void)state;
	feed(&e, ev);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_CONFIG_DIFFERS);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->count, 2);
	ev.is_forced = true;
	feed(&e, ev);
	assert_non_null(action(SRP_ACT_SEND_READY));
}

static void
dry_run_answers_as_the_switchover_would_and_changes_nothing(void **state)
{
	struct srp e = active(), before = e;

	(void)state;
	ask(&e, (struct srp_event){.is_dry_run = true});
	assert_int_equal(answered(), SRP_ANSWER_DRY_RUN_OK);
	ask(&e, (struct srp_event){.is_dry_run = true, .not_connected = 1});
	assert_int_equal(answered(), SRP_ANSWER_NOT_CONNECTED);
	ask(&e, (struct srp_event){.is_dry_run = true, .config_differs = 1});
	assert_int_equal(answered(), SRP_ANSWER_CONFIG_DIFFERS);
	assert_memory_equal(&e, &before, sizeof e);
}

static void
reasons_that_do_not_exist_are_no_events(void **state)
{
	struct srp e = active(), before = e;

	(void)state;
	assert_int_equal(
	    srp_input(&e, &(struct srp_event){.kind = SRP_EV_MONITOR_FAILED, .reason = SRP_REASON_COUNT}, &out),
	    ERR_RANGE);
	assert_memory_equal(&e, &before, sizeof e);
}

/* --- what it carries ------------------------------------------------------------------------------------------- */

static void
both_chassis_tell_the_reason_of_the_one_that_hands_over(void **state)
{
	struct srp e = standby();
	struct srp_event ev = {.epoch = epoch(50, PEER_ID), .request = 3, .reason = SRP_REASON_DIAMETER_FAILURE};

	(void)state;
	ev.kind = SRP_EV_PREPARE;
	feed(&e, ev);
	ev.kind = SRP_EV_TAKE;
	feed(&e, ev);
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_DIAMETER_FAILURE);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_DIAMETER_FAILURE);
}

static void
timeout_bounds_the_phases_of_this_switchover_only(void **state)
{
	struct srp e = active();

	(void)state;
	ask(&e, (struct srp_event){.timeout_ms = 90000});
	assert_int_equal(action(SRP_ACT_TIMER_START)->ms, 90000);
	feed_kind(&e, SRP_EV_READY);
	assert_int_equal(action(SRP_ACT_TIMER_START)->ms, 90000);
	feed_kind(&e, SRP_EV_TIMER_PHASE);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	hear(&e, peer_hello(SRP_STANDBY));
	e.peer.state = SRP_STANDBY;
	ask(&e, (struct srp_event){0});
	assert_int_equal(action(SRP_ACT_TIMER_START)->ms, e.config.phase_ms);
}

static void
route_modifiers_restart_on_both_sides_when_asked_for(void **state)
{
	struct srp e = active(), f = standby();
	struct srp_event ev = {.epoch = epoch(50, PEER_ID), .request = 3, .is_rm_reset = true};
	struct srp_hello h = {0};

	(void)state;
	e.route_modifier = 7;
	ask(&e, (struct srp_event){.is_rm_reset = true});
	assert_true(action(SRP_ACT_SEND_PREPARE)->is_rm_reset);
	feed_kind(&e, SRP_EV_READY);
	feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
	feed_kind(&e, SRP_EV_FLUSH_DONE);
	assert_true(action(SRP_ACT_SEND_TAKE)->is_rm_reset);

	f.route_modifier = 8;
	ev.kind = SRP_EV_PREPARE;
	feed(&f, ev);
	ev.kind = SRP_EV_TAKE;
	feed(&f, ev);
	feed_kind(&f, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(f.route_modifier, 1);

	srp_hello_fill(&f, &h);
	h.chassis_id = PEER_ID;
	h.incarnation = 20;
	h.epoch = epoch(1001, PEER_ID);
	hear(&e, h);
	assert_int_equal(e.route_modifier, 2);
}

static void
follower_stands_above_the_active_by_the_delta_and_below_every_initial_value(void **state)
{
	struct {
		uint8_t active, delta, follower;
	} cases[] = {
	    {1, 1, 2},    {1, 16, 17}, {17, 16, 32}, {31, 1, 32}, {31, 16, 32},
	    {32, 16, 33}, {33, 1, 34}, {33, 16, 34}, {34, 2, 35}, {SRP_RM_MAX, 1, SRP_RM_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp e = standby();
		struct srp_hello h = e.peer;

		e.config.rm_delta = cases[i].delta;
		h.route_modifier = cases[i].active;
		hear(&e, h);
		assert_int_equal(e.route_modifier, cases[i].follower);
	}
}

static void
bounds_of_the_new_configuration_are_named(void **state)
{
	struct srp_config c = config(SRP_MODE_BACKUP);
	const char *field = NULL;

	(void)state;
	c.rm_delta = SRP_RM_DELTA_MAX + 1;
	assert_int_equal(srp_config_check(&c, &field), ERR_RANGE);
	assert_string_equal(field, "delta-route-modifier");
	c = config(SRP_MODE_BACKUP);
	c.internal_retries = SRP_INTERNAL_RETRIES_MAX + 1;
	assert_int_equal(srp_config_check(&c, &field), ERR_RANGE);
	assert_string_equal(field, "num-internal-switchover-retry");
	c = config(SRP_MODE_BACKUP);
	c.internal_retry_ms = SRP_INTERNAL_RETRY_MS_MIN - 1;
	assert_int_equal(srp_config_check(&c, &field), ERR_RANGE);
	assert_string_equal(field, "internal-switchover-retry-interval");
	c = config(SRP_MODE_BACKUP);
	c.options = SRP_OPT_ALL + 1;
	assert_int_equal(srp_config_check(&c, &field), ERR_RANGE);
	assert_string_equal(field, "switchover options");
}

/* --- what it tells --------------------------------------------------------------------------------------------- */

static void
every_inner_step_is_told_with_its_row(void **state)
{
	static const struct {
		uint8_t event, from, to;
	} steps[] = {
	    {SRP_EV_OPERATOR_SWITCHOVER, FSM_ACTIVE, FSM_PREPARING},
	    {SRP_EV_READY, FSM_PREPARING, FSM_GIVING},
	    {SRP_EV_ADDRESS_GIVEN, FSM_GIVING, FSM_FLUSHING},
	    {SRP_EV_FLUSH_DONE, FSM_FLUSHING, FSM_HANDING},
	    {SRP_EV_TIMER_DEAD, FSM_HANDING, FSM_TAKING},
	    {SRP_EV_ADDRESS_TAKEN, FSM_TAKING, FSM_ACTIVE},
	};
	struct srp e = active();

	(void)state;
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		feed_kind(&e, steps[i].event);
		assert_int_equal(count_of(SRP_ACT_STEP), 1);
		assert_int_equal(action(SRP_ACT_STEP)->from_inner, steps[i].from);
		assert_int_equal(action(SRP_ACT_STEP)->to_inner, steps[i].to);
		assert_string_not_equal(srp_inner_text(steps[i].to), "?");
		assert_string_not_equal(srp_row_reason(out.row), "?");
	}
	feed_kind(&e, SRP_EV_TIMER_HELLO);
	assert_int_equal(count_of(SRP_ACT_STEP), 0);
	assert_string_equal(srp_inner_text(FSM_STATE_COUNT), "?");
}

static void
winner_of_a_dual_active_tells_it_once(void **state)
{
	struct srp e = active();
	struct srp_hello h = peer_hello(SRP_ACTIVE);
	const struct srp_action *a;

	(void)state;
	h.route_modifier = 9;
	h.epoch = epoch(5000, PEER_ID);
	e.epoch_end = 10000;
	hear(&e, h);
	a = action(SRP_ACT_HISTORY);
	assert_non_null(a);
	assert_int_equal(a->from, SRP_ACTIVE);
	assert_int_equal(a->to, SRP_ACTIVE);
	assert_int_equal(a->reason, SRP_REASON_DUAL_ACTIVE);
	hear(&e, h); /* not yielded yet */
	assert_int_equal(count_of(SRP_ACT_HISTORY), 0);
	h.state = SRP_PENDING_STANDBY;
	hear(&e, h);
	h.state = SRP_ACTIVE; /* another one */
	h.epoch = epoch(6000, PEER_ID);
	hear(&e, h);
	assert_int_equal(count_of(SRP_ACT_HISTORY), 1);

	e = active();
	h.incarnation++;
	h.epoch = e.epoch - 1; /* a lower one: no new epoch is needed, the history is told all the same */
	hear(&e, h);
	assert_null(action(SRP_ACT_SESSIONS_ACTIVE));
	assert_int_equal(count_of(SRP_ACT_HISTORY), 1);
	assert_true(raises(SRP_ALARM_DUAL_ACTIVE));
}

static void
stop_clears_every_alarm(void **state)
{
	struct srp e = active();

	(void)state;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_true(raises(SRP_ALARM_PEER_LOST));
	feed_kind(&e, SRP_EV_STOP);
	assert_int_equal(action(SRP_ACT_ALARM_CLEAR)->alarm, SRP_ALARM_PEER_LOST);
	assert_int_equal(e.alarms, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(switchover_is_refused_with_the_number_of_differing_lines_unless_forced),
	    cmocka_unit_test(standby_refuses_when_it_sees_differing_lines_unless_forced),
	    cmocka_unit_test(dry_run_answers_as_the_switchover_would_and_changes_nothing),
	    cmocka_unit_test(reasons_that_do_not_exist_are_no_events),
	    cmocka_unit_test(both_chassis_tell_the_reason_of_the_one_that_hands_over),
	    cmocka_unit_test(timeout_bounds_the_phases_of_this_switchover_only),
	    cmocka_unit_test(route_modifiers_restart_on_both_sides_when_asked_for),
	    cmocka_unit_test(follower_stands_above_the_active_by_the_delta_and_below_every_initial_value),
	    cmocka_unit_test(bounds_of_the_new_configuration_are_named),
	    cmocka_unit_test(every_inner_step_is_told_with_its_row),
	    cmocka_unit_test(winner_of_a_dual_active_tells_it_once),
	    cmocka_unit_test(stop_clears_every_alarm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
