/* srp_switchover.c - claims about the planned switchover, from both sides. */
#include "tests/unit/srp_engine.h"

static void
switchover_gives_flushes_and_hands_over_in_this_order(void **state)
{
	struct srp e = active();
	struct srp_hello h = peer_hello(SRP_ACTIVE);
	uint64_t was = e.epoch;

	(void)state;
	operate(&e, 0, false);
	assert_int_equal(action(SRP_ACT_SEND_PREPARE)->epoch, was);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	assert_true(srp_serves(&e));
	feed_kind(&e, SRP_EV_READY);
	assert_int_equal(srp_state(&e), SRP_PENDING_STANDBY);
	assert_non_null(action(SRP_ACT_ADDRESS_GIVE));
	feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
	assert_non_null(action(SRP_ACT_SESSIONS_FLUSH));
	assert_null(action(SRP_ACT_SEND_TAKE));
	feed_kind(&e, SRP_EV_FLUSH_DONE);
	assert_int_equal(action(SRP_ACT_SEND_TAKE)->epoch, was);
	assert_int_equal(srp_state(&e), SRP_PENDING_STANDBY);
	h.epoch = epoch(1001, PEER_ID);
	h.route_modifier = 2;
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_int_equal(answered(), SRP_ANSWER_OK);
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_MANUAL_SWITCHOVER);
	assert_int_equal(e.route_modifier, 3); /* the new Active keeps its value, the old one follows */
}

static void
switchover_is_refused_with_the_number_not_connected_unless_forced(void **state)
{
	struct srp e = active();

	(void)state;
	operate(&e, 2, false);
	assert_int_equal(answered(), SRP_ANSWER_NOT_CONNECTED);
	assert_int_equal(action(SRP_ACT_OPERATOR_ANSWER)->count, 2);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	operate(&e, 2, true);
	assert_true(action(SRP_ACT_SEND_PREPARE)->is_forced);
	operate(&e, 0, false);
	assert_int_equal(answered(), SRP_ANSWER_BUSY);
}

static void
switchover_is_refused_where_it_makes_no_sense(void **state)
{
	struct srp e = standby();

	(void)state;
	operate(&e, 0, true);
	assert_int_equal(answered(), SRP_ANSWER_NOT_ACTIVE);
	e = active();
	feed_kind(&e, SRP_EV_LINK_DOWN);
	operate(&e, 0, true);
	assert_int_equal(answered(), SRP_ANSWER_LINK_DOWN);
	e = active();
	e.peer.state = SRP_PENDING_ACTIVE;
	operate(&e, 0, true);
	assert_int_equal(answered(), SRP_ANSWER_PEER_NOT_STANDBY);
}

static void
before_anything_is_given_up_every_doubt_ends_in_active(void **state)
{
	struct {
		uint8_t event, answer;
	} cases[] = {
	    {SRP_EV_REFUSE, SRP_ANSWER_PEER_REFUSED},
	    {SRP_EV_TIMER_PHASE, SRP_ANSWER_NO_READY},
	    {SRP_EV_LINK_DOWN, SRP_ANSWER_LINK_DOWN},
	    {SRP_EV_TIMER_DEAD, SRP_ANSWER_LINK_DOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp e = active();

		operate(&e, 0, false);
		feed(&e,
		     (struct srp_event){
		         .kind = cases[i].event, .request = e.request, .refuse = SRP_REFUSE_NOT_CONNECTED, .count = 4});
		assert_int_equal(e.fsm_state, FSM_ACTIVE);
		assert_int_equal(answered(), cases[i].answer);
		if (cases[i].event == SRP_EV_REFUSE)
			assert_int_equal(action(SRP_ACT_OPERATOR_ANSWER)->count, 4);
	}
}

static void
answers_to_an_earlier_request_are_ignored(void **state)
{
	struct srp e = active();

	(void)state;
	operate(&e, 0, false);
	feed(&e, (struct srp_event){.kind = SRP_EV_READY, .request = e.request - 1});
	assert_int_equal(e.fsm_state, FSM_PREPARING);
	feed(&e, (struct srp_event){.kind = SRP_EV_REFUSE, .request = e.request - 1});
	assert_int_equal(e.fsm_state, FSM_PREPARING);
}

/* An Active that has sent its TAKE. */
static struct srp
handing(void)
{
	struct srp e = active();

	operate(&e, 0, false);
	feed_kind(&e, SRP_EV_READY);
	feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
	feed_kind(&e, SRP_EV_FLUSH_DONE);
	assert_int_equal(e.fsm_state, FSM_HANDING);
	return e;
}

static void
lost_take_is_repeated_on_a_new_link_and_a_standby_hello(void **state)
{
	struct srp e = handing();
	struct srp_hello h = peer_hello(SRP_STANDBY);

	(void)state;
	feed_kind(&e, SRP_EV_LINK_DOWN);
	assert_int_equal(srp_state(&e), SRP_PENDING_STANDBY); /* unknown is not no */
	feed_kind(&e, SRP_EV_LINK_UP);
	assert_non_null(action(SRP_ACT_SEND_TAKE));
	h.epoch = h.lineage = e.epoch;
	hear(&e, h);
	assert_non_null(action(SRP_ACT_SEND_TAKE));
	assert_int_equal(srp_state(&e), SRP_PENDING_STANDBY);
}

static void
handing_over_ends_by_dead_interval_refusal_or_restart_of_the_peer(void **state)
{
	struct srp_hello restarted = peer_hello(SRP_STANDBY);
	struct srp e = handing();

	(void)state;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_null(action(SRP_ACT_OPERATOR_ANSWER)); /* nobody knows yet */
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(answered(), SRP_ANSWER_RESUMED);
	e = handing();
	feed_kind(&e, SRP_EV_REFUSE);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	e = handing();
	restarted.incarnation++;
	hear(&e, restarted);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
}

static void
link_lost_before_the_hand_over_serves_again_at_once(void **state)
{
	struct srp e = active();

	(void)state;
	operate(&e, 0, false);
	feed_kind(&e, SRP_EV_READY);
	feed_kind(&e, SRP_EV_LINK_DOWN);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_non_null(action(SRP_ACT_ADDRESS_TAKE));
}

static void
standby_says_ready_or_why_not(void **state)
{
	struct srp e = standby();

	(void)state;
	prepare(&e, epoch(50, PEER_ID), 1, false);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_NOT_CONNECTED);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->count, 1);
	prepare(&e, epoch(49, PEER_ID), 0, false);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_STALE_EPOCH);
	assert_non_null(action(SRP_ACT_COUNTED_STALE));
	prepare(&e, epoch(51, PEER_ID), 0, true); /* calls of 50 are here, not of 51 */
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_NOT_PREPARED);
	prepare(&e, epoch(50, PEER_ID), 1, true);
	assert_int_equal(action(SRP_ACT_SEND_READY)->request, 3);
	e = active();
	prepare(&e, epoch(50, PEER_ID), 0, false);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_NOT_STANDBY);
}

static void
take_is_idempotent_and_needs_the_ready_before(void **state)
{
	struct srp e = standby();
	uint64_t of = epoch(50, PEER_ID);

	(void)state;
	take(&e, of);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_NOT_PREPARED);
	prepare(&e, of, 0, false);
	take(&e, of);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	take(&e, of);
	assert_int_equal(out.count, 0);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	take(&e, of);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	assert_int_equal(out.count, 1); /* the peer is told */
	assert_int_equal(out.actions[0].kind, SRP_ACT_SEND_HELLO);
	assert_int_equal(e.route_modifier, 2);
}

static void
ready_is_void_when_the_active_serves_as_another_incarnation(void **state)
{
	struct srp e = standby();
	struct srp_hello h = peer_hello(SRP_ACTIVE);

	(void)state;
	prepare(&e, epoch(50, PEER_ID), 0, false);
	h.epoch = epoch(51, PEER_ID);
	hear(&e, h);
	take(&e, epoch(50, PEER_ID));
	assert_int_equal(srp_state(&e), SRP_STANDBY);
}

static void
take_is_refused_when_session_managers_were_lost_since_ready_unless_forced(void **state)
{
	struct srp_event ev = {.kind = SRP_EV_TAKE, .epoch = epoch(50, PEER_ID), .request = 3, .not_connected = 1};
	struct srp e = standby();

	(void)state;
	prepare(&e, ev.epoch, 0, false);
	feed(&e, ev);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->refuse, SRP_REFUSE_NOT_CONNECTED);
	assert_int_equal(action(SRP_ACT_SEND_REFUSE)->count, 1);
	prepare(&e, ev.epoch, 1, true);
	feed(&e, ev);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(switchover_gives_flushes_and_hands_over_in_this_order),
	    cmocka_unit_test(switchover_is_refused_with_the_number_not_connected_unless_forced),
	    cmocka_unit_test(switchover_is_refused_where_it_makes_no_sense),
	    cmocka_unit_test(before_anything_is_given_up_every_doubt_ends_in_active),
	    cmocka_unit_test(answers_to_an_earlier_request_are_ignored),
	    cmocka_unit_test(lost_take_is_repeated_on_a_new_link_and_a_standby_hello),
	    cmocka_unit_test(handing_over_ends_by_dead_interval_refusal_or_restart_of_the_peer),
	    cmocka_unit_test(link_lost_before_the_hand_over_serves_again_at_once),
	    cmocka_unit_test(standby_says_ready_or_why_not),
	    cmocka_unit_test(take_is_idempotent_and_needs_the_ready_before),
	    cmocka_unit_test(take_is_refused_when_session_managers_were_lost_since_ready_unless_forced),
	    cmocka_unit_test(ready_is_void_when_the_active_serves_as_another_incarnation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
