/* srp_monitors.c - claims about switchovers that failed monitors ask for, and about those that are not asked for. */
#include "tests/unit/srp_engine.h"

enum { BGP = SRP_REASON_BGP_FAILURE, AAA = SRP_REASON_AAA_FAILURE, DIAMETER = SRP_REASON_DIAMETER_FAILURE };

static void
monitor(struct srp *e, uint8_t kind, uint8_t reason)
{
	feed(e, (struct srp_event){.kind = kind, .reason = reason});
}

static void
fails(struct srp *e, uint8_t reason)
{
	monitor(e, SRP_EV_MONITOR_FAILED, reason);
}

static void
recovers(struct srp *e, uint8_t reason)
{
	monitor(e, SRP_EV_MONITOR_RECOVERED, reason);
}

/* What the Standby of @e says, with these failures. */
static void
hear_standby(struct srp *e, uint16_t failed)
{
	struct srp_hello h = peer_hello(SRP_STANDBY);

	h.epoch = h.lineage = e->epoch;
	h.failed = failed;
	hear(e, h);
}

/* Active because the peer handed over for @reason, with a Standby that follows. */
static struct srp
active_by(uint8_t reason)
{
	struct srp e = standby();

	feed(&e, (struct srp_event){.kind = SRP_EV_PREPARE,
	                            .epoch = epoch(50, PEER_ID),
	                            .request = 3,
	                            .is_forced = true,
	                            .reason = reason});
	feed(&e, (struct srp_event){.kind = SRP_EV_TAKE, .epoch = epoch(50, PEER_ID), .request = 3, .reason = reason});
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	hear_standby(&e, 0);
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	return e;
}

static void
failure_of_the_active_hands_over_without_asking_for_session_managers(void **state)
{
	struct srp e = active();
	const struct srp_action *p;

	(void)state;
	fails(&e, BGP);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	p = action(SRP_ACT_SEND_PREPARE);
	assert_int_equal(p->reason, BGP);
	assert_true(p->is_forced);
	feed_kind(&e, SRP_EV_READY);
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, BGP);
	feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
	feed_kind(&e, SRP_EV_FLUSH_DONE);
	assert_int_equal(action(SRP_ACT_SEND_TAKE)->reason, BGP);
}

static void
failure_of_the_standby_is_remembered_and_told(void **state)
{
	struct srp_hello h = {0};
	struct srp e = standby();

	(void)state;
	fails(&e, DIAMETER);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_non_null(action(SRP_ACT_SEND_HELLO));
	srp_hello_fill(&e, &h);
	assert_int_equal(h.failed, 1u << DIAMETER);
	recovers(&e, DIAMETER);
	srp_hello_fill(&e, &h);
	assert_int_equal(h.failed, 0);
}

static void
active_stays_while_the_peer_reports_the_same_failure_or_as_many(void **state)
{
	const uint16_t peers[] = {1u << BGP, 1u << AAA, 1u << BGP | 1u << AAA};

	(void)state;
	for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
		struct srp e = active();

		hear_standby(&e, peers[i]);
		fails(&e, BGP);
		assert_int_equal(e.fsm_state, FSM_ACTIVE);
		assert_false(starts(SRP_TIMER_INTERNAL));
		hear_standby(&e, 0); /* it has recovered: now it is better off */
		assert_int_equal(e.fsm_state, FSM_PREPARING);
		assert_int_equal(action(SRP_ACT_SEND_PREPARE)->reason, BGP);
	}
}

static void
more_failures_than_the_peer_hand_over_for_one_it_does_not_share(void **state)
{
	struct srp e = active();

	(void)state;
	hear_standby(&e, 1u << AAA);
	fails(&e, AAA);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	fails(&e, BGP);
	assert_int_equal(action(SRP_ACT_SEND_PREPARE)->reason, BGP);
}

static void
attempts_are_repeated_at_most_so_often_then_an_alarm(void **state)
{
	struct srp e = active();

	(void)state;
	feed_kind(&e, SRP_EV_LINK_DOWN);
	fails(&e, BGP);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	assert_true(starts(SRP_TIMER_INTERNAL));
	for (unsigned k = 0; k < e.config.internal_retries; k++) {
		assert_null(action(SRP_ACT_ALARM_RAISE));
		feed_kind(&e, SRP_EV_TIMER_INTERNAL);
		assert_true(starts(SRP_TIMER_INTERNAL));
	}
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_true(raises(SRP_ALARM_INTERNAL_SWITCHOVER));
	assert_false(starts(SRP_TIMER_INTERNAL));
	feed_kind(&e, SRP_EV_LINK_UP); /* the Standby was not lost, only the connection: asked at once */
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	feed_kind(&e, SRP_EV_READY);
	assert_int_equal(action(SRP_ACT_ALARM_CLEAR)->alarm, SRP_ALARM_INTERNAL_SWITCHOVER);
}

static void
without_retries_the_alarm_follows_the_first_attempt(void **state)
{
	struct srp e = active();

	(void)state;
	e.config.internal_retries = 0;
	fails(&e, BGP);
	feed_kind(&e, SRP_EV_REFUSE);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_true(raises(SRP_ALARM_INTERNAL_SWITCHOVER));
}

static void
attempt_that_fails_before_or_after_giving_up_is_repeated(void **state)
{
	const uint8_t before[] = {SRP_EV_REFUSE, SRP_EV_TIMER_PHASE, SRP_EV_LINK_DOWN, SRP_EV_TIMER_DEAD};
	struct srp e;

	(void)state;
	for (size_t i = 0; i < sizeof before; i++) {
		e = active();
		fails(&e, BGP);
		feed_kind(&e, before[i]);
		assert_int_equal(e.fsm_state, FSM_ACTIVE);
		assert_true(starts(SRP_TIMER_INTERNAL));
		assert_null(action(SRP_ACT_OPERATOR_ANSWER)); /* nobody asked */
	}
	e = active();
	fails(&e, BGP);
	feed_kind(&e, SRP_EV_READY);
	feed_kind(&e, SRP_EV_TIMER_PHASE);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	assert_true(starts(SRP_TIMER_INTERNAL));
	hear_standby(&e, 0); /* follows the new incarnation: that is news */
	assert_int_equal(e.fsm_state, FSM_PREPARING);
}

static void
refused_attempt_is_asked_again_after_the_interval(void **state)
{
	struct srp e = active();

	(void)state;
	fails(&e, BGP);
	feed_kind(&e, SRP_EV_REFUSE);
	hear_standby(&e, 0); /* no news */
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
}

static void
recovery_in_time_ends_the_attempt_and_the_alarm(void **state)
{
	struct srp e = active();

	(void)state;
	fails(&e, BGP);
	recovers(&e, AAA); /* another one */
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	recovers(&e, BGP);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	feed_kind(&e, SRP_EV_READY); /* too late */
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	e.peer.state = SRP_PENDING_ACTIVE;
	e.config.internal_retries = 0;
	fails(&e, BGP);
	feed_kind(&e, SRP_EV_TIMER_INTERNAL);
	assert_true(raises(SRP_ALARM_INTERNAL_SWITCHOVER));
	recovers(&e, BGP);
	assert_int_equal(action(SRP_ACT_ALARM_CLEAR)->alarm, SRP_ALARM_INTERNAL_SWITCHOVER);
}

static void
operators_attempt_is_not_ended_by_a_recovery(void **state)
{
	struct srp e = active();

	(void)state;
	operate(&e, 0, false);
	fails(&e, BGP);
	recovers(&e, BGP);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	feed_kind(&e, SRP_EV_READY);
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_MANUAL_SWITCHOVER);
}

static void
standing_failure_hands_over_to_a_standby_that_appears(void **state)
{
	struct srp e = active();
	struct srp_hello h = peer_hello(SRP_STANDBY);

	(void)state;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	fails(&e, BGP);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	h.incarnation++;
	h.epoch = e.epoch;
	h.lineage = 0; /* holds no calls of this incarnation yet */
	feed_kind(&e, SRP_EV_LINK_UP);
	hear(&e, h);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	h.lineage = e.epoch;
	hear(&e, h);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
}

static void
active_because_of_aaa_or_diameter_does_not_hand_back_for_the_same(void **state)
{
	const uint8_t kept[] = {AAA, DIAMETER};

	(void)state;
	for (size_t i = 0; i < sizeof kept; i++) {
		struct srp e = active_by(kept[i]);

		fails(&e, kept[i]);
		assert_int_equal(e.fsm_state, FSM_ACTIVE);
		assert_non_null(strstr(srp_row_reason(out.row), "not given back"));
		feed_kind(&e, SRP_EV_TIMER_INTERNAL);
		assert_int_equal(e.fsm_state, FSM_ACTIVE);
		monitor(&e, SRP_EV_RESET_FAIL, kept[i] == AAA ? DIAMETER : AAA); /* of the other kind */
		assert_int_equal(e.fsm_state, FSM_ACTIVE);
		monitor(&e, SRP_EV_RESET_FAIL, kept[i]);
		assert_int_equal(e.fsm_state, FSM_PREPARING);
		assert_int_equal(action(SRP_ACT_SEND_PREPARE)->reason, kept[i]);
	}
}

static void
kept_failure_asks_for_no_attempt_even_when_nobody_could_take_over(void **state)
{
	struct srp e = active_by(AAA);

	(void)state;
	feed_kind(&e, SRP_EV_LINK_DOWN);
	fails(&e, AAA);
	assert_false(starts(SRP_TIMER_INTERNAL));
}

static void
active_because_of_aaa_hands_over_for_another_failure_and_on_request(void **state)
{
	struct srp e = active_by(AAA);

	(void)state;
	fails(&e, DIAMETER);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	e = active_by(AAA);
	fails(&e, AAA);
	operate(&e, 0, false);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
}

static void
failure_counts_again_after_a_switchover_for_another_reason(void **state)
{
	const uint8_t others[] = {SRP_REASON_MANUAL_SWITCHOVER, BGP, DIAMETER};
	struct srp e;

	(void)state;
	for (size_t i = 0; i < sizeof others; i++) {
		e = active_by(others[i]);
		fails(&e, AAA);
		assert_int_equal(e.fsm_state, FSM_PREPARING);
	}
	e = active_by(BGP); /* revertible */
	fails(&e, BGP);
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	e = active_by(AAA); /* then Standby, then Active by silence */
	hear(&e, (struct srp_hello){.chassis_id = PEER_ID,
	                            .incarnation = 21,
	                            .state = SRP_ACTIVE,
	                            .epoch = epoch(5000, PEER_ID),
	                            .priority = 1});
	feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_int_equal(e.won_by, 0);
}

static void
standby_refuses_what_has_failed_on_it_as_well(void **state)
{
	struct srp e = standby();
	struct srp_event ev = {.kind = SRP_EV_PREPARE, .epoch = epoch(50, PEER_ID), .is_forced = true, .reason = BGP};

	(void)state;
	fails(&e, BGP);
	feed(&e, ev);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_SAME_FAILURE);
	ev.reason = SRP_REASON_MANUAL_SWITCHOVER;
	feed(&e, ev);
	assert_non_null(action(SRP_ACT_SEND_READY));
}

static void
reset_without_a_taker_is_tried_after_the_interval(void **state)
{
	struct srp e = active_by(AAA);

	(void)state;
	fails(&e, AAA);
	feed_kind(&e, SRP_EV_LINK_DOWN);
	monitor(&e, SRP_EV_RESET_FAIL, AAA);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	assert_true(starts(SRP_TIMER_INTERNAL));
}

/* Two chassis whose failures never move, each handing over when it may: it ends, whatever they are. */
static void
no_set_of_failures_is_handed_to_and_fro(void **state)
{
	const uint8_t kinds[] = {AAA, BGP, DIAMETER};

	(void)state;
	for (unsigned sets = 0; sets < 64; sets++) {
		struct srp side[2] = {active(), active()};
		unsigned at = 0, moves = 0;

		for (unsigned i = 0; i < 2; i++)
			for (unsigned k = 0; k < 3; k++)
				side[i].failed |= (uint16_t)((sets >> (3 * i + k) & 1) << kinds[k]);
		for (; moves < 8; moves++, at = 1 - at) {
			uint8_t reason;

			side[at].peer.failed = side[1 - at].failed;
			reason = srp_due(&side[at]);
			if (reason == SRP_REASON_NOT_DEFINED)
				break;
			side[1 - at].won_by = srp_is_revertible(reason) ? SRP_REASON_NOT_DEFINED : reason;
		}
		assert_true(moves <= 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(failure_of_the_active_hands_over_without_asking_for_session_managers),
	    cmocka_unit_test(failure_of_the_standby_is_remembered_and_told),
	    cmocka_unit_test(active_stays_while_the_peer_reports_the_same_failure_or_as_many),
	    cmocka_unit_test(more_failures_than_the_peer_hand_over_for_one_it_does_not_share),
	    cmocka_unit_test(attempts_are_repeated_at_most_so_often_then_an_alarm),
	    cmocka_unit_test(without_retries_the_alarm_follows_the_first_attempt),
	    cmocka_unit_test(attempt_that_fails_before_or_after_giving_up_is_repeated),
	    cmocka_unit_test(refused_attempt_is_asked_again_after_the_interval),
	    cmocka_unit_test(recovery_in_time_ends_the_attempt_and_the_alarm),
	    cmocka_unit_test(operators_attempt_is_not_ended_by_a_recovery),
	    cmocka_unit_test(standing_failure_hands_over_to_a_standby_that_appears),
	    cmocka_unit_test(active_because_of_aaa_or_diameter_does_not_hand_back_for_the_same),
	    cmocka_unit_test(kept_failure_asks_for_no_attempt_even_when_nobody_could_take_over),
	    cmocka_unit_test(active_because_of_aaa_hands_over_for_another_failure_and_on_request),
	    cmocka_unit_test(failure_counts_again_after_a_switchover_for_another_reason),
	    cmocka_unit_test(standby_refuses_what_has_failed_on_it_as_well),
	    cmocka_unit_test(reset_without_a_taker_is_tried_after_the_interval),
	    cmocka_unit_test(no_set_of_failures_is_handed_to_and_fro),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
