/* srp_rows.c - claims about rows that no other claim had noticed the loss of. */
#include "tests/unit/srp_engine.h"

/* A tie is an alarm while it keeps both chassis from serving, and no longer. */
static void
alarm_of_equal_macs_clears_when_this_chassis_takes_over_all_the_same(void **state)
{
	struct srp e = started(SRP_MODE_BACKUP);
	struct srp_hello h = peer_hello(SRP_INIT);

	(void)state;
	h.mac[5] = 1;
	hear(&e, h);
	assert_true(raises(SRP_ALARM_MAC_CONFLICT));
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_int_equal(e.fsm_state, FSM_TAKING);
	assert_int_equal(e.alarms, 0);

	for (int is_silent = 0; is_silent < 2; is_silent++) {
		e = standby();
		h = peer_hello(SRP_STANDBY);
		h.mode = SRP_MODE_BACKUP;
		h.mac[5] = 1;
		h.epoch = h.lineage = e.lineage;
		hear(&e, h);
		assert_true(raises(SRP_ALARM_MAC_CONFLICT));
		h.state = SRP_INIT;
		h.incarnation++;
		if (is_silent)
			feed_kind(&e, SRP_EV_TIMER_DEAD);
		else
			hear(&e, h);
		assert_int_equal(e.fsm_state, FSM_TAKING);
		assert_int_equal(e.alarms, 0);
	}
}

/* Whichever way a chassis became Active: a failure that stands is tried, and then has its alarm. */
static void
failure_that_stands_when_the_address_is_held_early_is_waited_for(void **state)
{
	struct srp e = standby();
	const uint64_t of = epoch(50, PEER_ID);

	(void)state;
	feed(&e, (struct srp_event){.kind = SRP_EV_MONITOR_FAILED, .reason = SRP_REASON_BGP_FAILURE});
	prepare(&e, of, 0, false);
	feed(&e, (struct srp_event){.kind = SRP_EV_TAKE, .epoch = of, .request = 3, .is_early = true});
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(e.fsm_state, FSM_HOLDING);
	feed(&e, (struct srp_event){.kind = SRP_EV_FLUSHED, .epoch = of});
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	assert_true(starts(SRP_TIMER_INTERNAL));
}

/* An engine in @state by hand, in contact with a Standby that holds its calls. */
static struct srp
in_state(uint8_t state)
{
	struct srp e = active();

	e.fsm_state = state;
	return e;
}

static void
assert_inert(uint8_t state, struct srp_event ev)
{
	struct srp e = in_state(state), before = e;

	ev.token = e.token;
	ev.request = e.request;
	feed(&e, ev);
	if (out.count != 0 || memcmp(&e, &before, sizeof e) != 0)
		fail_msg("event %u in %s is not ignored", ev.kind, srp_inner_text(state));
}

static bool
is_among(uint8_t state, const uint8_t *states, size_t count)
{
	return memchr(states, state, count) != NULL;
}

static void
answers_and_timers_count_only_where_they_are_waited_for(void **state)
{
	static const struct {
		uint8_t event;
		uint8_t states[8]; /* that wait for it */
		uint8_t count;
	} cases[] = {
	    {SRP_EV_START, {FSM_DOWN}, 1},
	    {SRP_EV_READY, {FSM_PREPARING}, 1},
	    {SRP_EV_REFUSE, {FSM_PREPARING, FSM_HANDING, FSM_HANDING_FLUSH}, 3},
	    {SRP_EV_FLUSHED, {FSM_TAKING, FSM_HOLDING}, 2},
	    {SRP_EV_ADDRESS_TAKEN, {FSM_TAKING}, 1},
	    {SRP_EV_ADDRESS_BUSY, {FSM_TAKING}, 1},
	    {SRP_EV_ADDRESS_GIVEN, {FSM_GIVING, FSM_YIELDING}, 2},
	    {SRP_EV_FLUSH_DONE, {FSM_FLUSHING, FSM_HANDING_FLUSH}, 2},
	    {SRP_EV_TIMER_DELAY, {FSM_INIT}, 1},
	    {SRP_EV_TIMER_RETRY, {FSM_TAKING}, 1},
	    {SRP_EV_TIMER_PHASE, {FSM_PREPARING, FSM_GIVING, FSM_FLUSHING, FSM_HANDING_FLUSH, FSM_HOLDING}, 5},
	    {SRP_EV_TIMER_INTERNAL, {FSM_ACTIVE}, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		for (uint8_t s = 0; s < FSM_STATE_COUNT; s++)
			if (!is_among(s, cases[i].states, cases[i].count))
				assert_inert(s, (struct srp_event){.kind = cases[i].event});
}

static void
what_has_not_started_does_nothing(void **state)
{
	static const uint8_t noted[] = {SRP_EV_START,
	                                SRP_EV_RECONFIG,
	                                SRP_EV_EPOCH_BLOCK,
	                                SRP_EV_PREPARE,
	                                SRP_EV_OPERATOR_SWITCHOVER,
	                                SRP_EV_MONITOR_FAILED,
	                                SRP_EV_MONITOR_RECOVERED,
	                                SRP_EV_RESET_FAIL};
	struct srp_hello h = peer_hello(SRP_ACTIVE);
	struct srp_config c = config(SRP_MODE_BACKUP);
	struct srp e;

	(void)state;
	h.epoch = epoch(500, PEER_ID);
	for (uint8_t kind = 0; kind < SRP_EV_COUNT; kind++)
		if (!is_among(kind, noted, sizeof noted))
			assert_inert(FSM_DOWN,
			             (struct srp_event){.kind = kind, .hello = &h, .epoch = epoch(500, PEER_ID)});
	assert_inert(FSM_DOWN, (struct srp_event){.kind = SRP_EV_PREPARE});
	e = in_state(FSM_DOWN);
	feed(&e, (struct srp_event){.kind = SRP_EV_RECONFIG, .config = &c});
	assert_int_equal(out.count, 0);
	assert_int_equal(e.fsm_state, FSM_DOWN);
	assert_int_equal(e.config.mode, SRP_MODE_BACKUP);
	assert_int_equal(e.route_modifier, SRP_RM_INITIAL_BACKUP);
}

static void
what_is_asked_at_a_wrong_time_is_refused_and_changes_nothing(void **state)
{
	(void)state;
	for (uint8_t s = FSM_INIT; s < FSM_STATE_COUNT; s++) {
		struct srp e = in_state(s), before = e;
		uint8_t answer = s >= FSM_PREPARING && s <= FSM_HANDING ? SRP_ANSWER_BUSY : SRP_ANSWER_NOT_ACTIVE;

		if (s != FSM_ACTIVE) {
			operate(&e, 0, false);
			assert_int_equal(answered(), answer);
			assert_int_equal(out.count, 1);
			assert_memory_equal(&e, &before, sizeof e);
		}
		if (s == FSM_STANDBY)
			continue;
		prepare(&e, epoch(50, PEER_ID), 0, false);
		assert_int_equal(e.fsm_state, s);
		assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_NOT_STANDBY);
		assert_int_equal(out.count, 1);
		take(&e, epoch(50, PEER_ID));
		assert_int_equal(e.fsm_state, s);
		if (s == FSM_INIT || s > FSM_PREPARING)
			assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse,
			                 s == FSM_INIT ? SRP_REFUSE_NOT_PREPARED : SRP_REFUSE_NOT_STANDBY);
		else
			assert_int_equal(action(SRP_ACT_SEND_HELLO) != NULL, srp_serves(&e));
	}
}

static void
reserved_epochs_configuration_and_intervals_act_in_every_state(void **state)
{
	(void)state;
	for (uint8_t s = FSM_INIT; s < FSM_STATE_COUNT; s++) {
		struct srp e = in_state(s);
		struct srp_config c = e.config;

		feed(&e, (struct srp_event){.kind = SRP_EV_EPOCH_BLOCK, .block_first = 5000, .block_count = 64});
		assert_int_equal(e.fsm_state, s);
		assert_int_equal(e.epoch_next, 5000);
		assert_int_equal(e.epoch_end, 5064);
		c.priority = 7;
		feed(&e, (struct srp_event){.kind = SRP_EV_RECONFIG, .config = &c});
		assert_int_equal(e.fsm_state, s);
		assert_int_equal(e.config.priority, 7);
		assert_true(starts(SRP_TIMER_HELLO));
		assert_non_null(action(SRP_ACT_SEND_HELLO));
		assert_int_equal(e.route_modifier, s == FSM_INIT ? SRP_RM_INITIAL_PRIMARY : 1);
		feed_kind(&e, SRP_EV_TIMER_HELLO);
		assert_int_equal(e.fsm_state, s);
		assert_true(starts(SRP_TIMER_HELLO));
		assert_non_null(action(SRP_ACT_SEND_HELLO));
	}
}

static void
what_answers_an_earlier_question_is_counted(void **state)
{
	static const struct {
		uint8_t state, event;
	} cases[] = {
	    {FSM_PREPARING, SRP_EV_READY}, {FSM_PREPARING, SRP_EV_REFUSE}, {FSM_HANDING_FLUSH, SRP_EV_REFUSE},
	    {FSM_HANDING, SRP_EV_REFUSE},  {FSM_STANDBY, SRP_EV_TAKE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp e = in_state(cases[i].state);

		feed(&e, (struct srp_event){.kind = cases[i].event, .request = e.request + 1});
		assert_non_null(action(SRP_ACT_COUNTED_STALE));
		assert_int_equal(e.fsm_state, cases[i].state);
	}
}

/* Epochs run out between the address and the peer's flush: the address is asked for again until there are some. */
static void
flushed_address_without_epochs_is_asked_for_again(void **state)
{
	struct srp e = in_state(FSM_HOLDING);

	(void)state;
	e.given_epoch = epoch(50, PEER_ID);
	e.is_flush_awaited = true;
	e.epoch_end = 0;
	feed(&e, (struct srp_event){.kind = SRP_EV_FLUSHED, .epoch = e.given_epoch});
	assert_int_equal(e.fsm_state, FSM_TAKING);
	assert_false(e.is_flush_awaited);
	assert_int_equal(action(SRP_ACT_TIMER_STOP)->timer, SRP_TIMER_PHASE);
	assert_non_null(action(SRP_ACT_ADDRESS_TAKE));
}

/* The Active's number stays above all that its peer was, and the peer is told at once. */
static void
active_that_hears_of_a_higher_epoch_takes_one_above(void **state)
{
	static const uint8_t peers[] = {SRP_STANDBY, SRP_ACTIVE};

	(void)state;
	for (size_t i = 0; i < sizeof peers; i++) {
		struct srp e = in_state(FSM_ACTIVE);
		struct srp_hello h = peer_hello(peers[i]);

		h.epoch = h.lineage = epoch(700, PEER_ID);
		h.route_modifier = 9;
		hear(&e, h);
		assert_int_equal(e.fsm_state, FSM_ACTIVE);
		assert_true(e.epoch > h.epoch);
		assert_int_equal(action(SRP_ACT_SESSIONS_ACTIVE)->epoch, e.epoch);
		assert_non_null(action(SRP_ACT_SEND_HELLO));
	}
}

static void
fail_monitor(struct srp *e, uint8_t reason)
{
	feed(e, (struct srp_event){.kind = SRP_EV_MONITOR_FAILED, .reason = reason});
}

/* What makes a hand-over possible again begins the attempts anew; one that is repeated is counted. */
static void
attempts_are_counted_from_what_made_them_possible(void **state)
{
	struct srp e = in_state(FSM_ACTIVE);
	struct srp_hello h = e.peer;

	(void)state;
	e.failed = 1u << SRP_REASON_BGP_FAILURE;
	e.tries = 1;
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	assert_int_equal(e.tries, 2);

	e = in_state(FSM_ACTIVE);
	e.failed = 1u << SRP_REASON_BGP_FAILURE;
	e.tries = 2;
	feed_kind(&e, SRP_EV_LINK_UP);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	assert_int_equal(action(SRP_ACT_SEND_PREPARE)->reason, SRP_REASON_BGP_FAILURE);
	assert_int_equal(e.tries, 0);

	e = in_state(FSM_ACTIVE);
	e.failed = 1u << SRP_REASON_BGP_FAILURE;
	e.tries = 2;
	h.incarnation++;
	hear(&e, h);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	assert_int_equal(e.tries, 0);

	for (int is_there = 0; is_there < 2; is_there++) {
		e = in_state(FSM_ACTIVE);
		e.failed = 1u << SRP_REASON_AAA_FAILURE;
		e.won_by = SRP_REASON_AAA_FAILURE;
		e.tries = 2;
		e.is_link_up = is_there != 0;
		feed(&e, (struct srp_event){.kind = SRP_EV_RESET_FAIL, .reason = SRP_REASON_AAA_FAILURE});
		assert_int_equal(e.fsm_state, is_there ? FSM_PREPARING : FSM_ACTIVE);
		assert_int_equal(e.tries, 0);
	}
}

static void
alarm_of_a_failure_ends_when_nothing_asks_for_a_switchover(void **state)
{
	struct srp e = in_state(FSM_ACTIVE);

	(void)state;
	e.is_link_up = false;
	fail_monitor(&e, SRP_REASON_BGP_FAILURE);
	e.alarms = 1u << SRP_ALARM_INTERNAL_SWITCHOVER;
	e.peer.failed = 1u << SRP_REASON_BGP_FAILURE;
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_int_equal(e.alarms, 0);

	e.alarms = 1u << SRP_ALARM_INTERNAL_SWITCHOVER;
	feed(&e, (struct srp_event){.kind = SRP_EV_MONITOR_RECOVERED, .reason = SRP_REASON_BGP_FAILURE});
	assert_int_equal(e.alarms, 0);
	assert_int_equal(action(SRP_ACT_TIMER_STOP)->timer, SRP_TIMER_INTERNAL);
}

static unsigned
count_of(uint8_t kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < out.count; i++)
		n += out.actions[i].kind == kind;
	return n;
}

static void
stop_in_every_state_leaves_nothing_running(void **state)
{
	(void)state;
	for (uint8_t s = FSM_INIT; s < FSM_STATE_COUNT; s++) {
		struct srp e = in_state(s);

		e.asker = 5;
		e.alarms = 1u << SRP_ALARM_PEER_LOST;
		e.won_by = SRP_REASON_AAA_FAILURE;
		e.is_flush_awaited = true;
		feed_kind(&e, SRP_EV_STOP);
		assert_int_equal(e.fsm_state, FSM_DOWN);
		assert_int_equal(count_of(SRP_ACT_TIMER_STOP), SRP_TIMER_COUNT);
		assert_int_equal(count_of(SRP_ACT_ADDRESS_GIVE), 1);
		assert_int_equal(count_of(SRP_ACT_SESSIONS_STANDBY), 1);
		assert_int_equal(e.alarms, 0);
		assert_int_equal(e.won_by, 0);
		assert_false(e.is_link_up || e.is_flush_awaited);
		assert_int_equal(answered(), SRP_ANSWER_NOT_ACTIVE);
		assert_int_equal(e.cause, SRP_REASON_NOT_DEFINED);
	}
}

/* What a chassis in Init does with the first hello; and a tie that came before it is over, with its alarm. */
static void
first_hello_decides(void **state)
{
	static const struct {
		uint8_t peer, is_elected, has_calls, next;
	} cases[] = {
	    {SRP_ACTIVE, 1, 1, FSM_STANDBY},
	    {SRP_ACTIVE, 0, 1, FSM_STANDBY},
	    {SRP_PENDING_ACTIVE, 1, 1, FSM_STANDBY},
	    {SRP_PENDING_ACTIVE, 1, 0, FSM_STANDBY},
	    {SRP_PENDING_STANDBY, 1, 1, FSM_STANDBY},
	    {SRP_PENDING_STANDBY, 0, 1, FSM_STANDBY},
	    {SRP_STANDBY, 1, 1, FSM_STANDBY},
	    {SRP_STANDBY, 1, 0, FSM_TAKING},
	    {SRP_STANDBY, 0, 0, FSM_STANDBY},
	    {SRP_INIT, 1, 0, FSM_TAKING},
	    {SRP_INIT, 0, 0, FSM_STANDBY},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp e = started(SRP_MODE_PRIMARY);
		struct srp_hello h = peer_hello(SRP_INIT);

		h.mode = SRP_MODE_PRIMARY;
		h.mac[5] = 1;
		hear(&e, h);
		assert_true(raises(SRP_ALARM_MAC_CONFLICT));
		h.state = cases[i].peer;
		h.mac[5] = cases[i].is_elected ? 0 : 2;
		h.epoch = h.lineage = cases[i].has_calls ? epoch(50, PEER_ID) : 0;
		hear(&e, h);
		assert_int_equal(e.fsm_state, cases[i].next);
		assert_int_equal(e.alarms, 0);
		assert_int_equal(e.cause, SRP_REASON_NOT_DEFINED);
		assert_int_equal(e.peer.state, cases[i].peer);
		assert_true(starts(SRP_TIMER_DEAD));
		assert_int_equal(action(SRP_ACT_ADDRESS_TAKE) != NULL, cases[i].next == FSM_TAKING);
		assert_int_equal(e.lineage, cases[i].peer == SRP_ACTIVE ? h.epoch : 0);
		assert_int_equal(e.route_modifier, cases[i].peer == SRP_ACTIVE ? 2 : SRP_RM_INITIAL_PRIMARY);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(alarm_of_equal_macs_clears_when_this_chassis_takes_over_all_the_same),
	    cmocka_unit_test(failure_that_stands_when_the_address_is_held_early_is_waited_for),
	    cmocka_unit_test(answers_and_timers_count_only_where_they_are_waited_for),
	    cmocka_unit_test(what_has_not_started_does_nothing),
	    cmocka_unit_test(what_is_asked_at_a_wrong_time_is_refused_and_changes_nothing),
	    cmocka_unit_test(reserved_epochs_configuration_and_intervals_act_in_every_state),
	    cmocka_unit_test(first_hello_decides),
	    cmocka_unit_test(what_answers_an_earlier_question_is_counted),
	    cmocka_unit_test(flushed_address_without_epochs_is_asked_for_again),
	    cmocka_unit_test(active_that_hears_of_a_higher_epoch_takes_one_above),
	    cmocka_unit_test(attempts_are_counted_from_what_made_them_possible),
	    cmocka_unit_test(alarm_of_a_failure_ends_when_nothing_asks_for_a_switchover),
	    cmocka_unit_test(stop_in_every_state_leaves_nothing_running),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
