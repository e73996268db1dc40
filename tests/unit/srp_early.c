/* srp_early.c - claims about options that both chassis must have, and about the early active transition. */
#include "tests/unit/srp_engine.h"

enum { EARLY = SRP_OPT_ALLOW_ALL | SRP_OPT_EARLY, WAIT = 7000 };

static void
options_act_only_when_both_chassis_have_them(void **state)
{
	const uint8_t volte = SRP_OPT_ALLOW_VOLTE, accounting = SRP_OPT_VOLTE_ACCOUNTING, early = SRP_OPT_EARLY;

	(void)state;
	assert_int_equal(srp_options_agreed(SRP_OPT_CONTROL_OPTIMIZATION, SRP_OPT_ALLOW_ALL), 0);
	assert_int_equal(srp_options_agreed(SRP_OPT_ALL, SRP_OPT_ALL),
	                 SRP_OPT_ALL & ~(SRP_OPT_ALLOW_VOLTE | SRP_OPT_VOLTE_ACCOUNTING));
	assert_int_equal(srp_options_agreed(EARLY, EARLY), EARLY);
	assert_int_equal(srp_options_agreed(EARLY, early), 0); /* early without what it needs */
	assert_int_equal(srp_options_agreed(early | volte, early | volte), early | volte);
	assert_int_equal(srp_options_agreed(early | volte | accounting, early | volte), volte);
	assert_int_equal(srp_options_agreed(early | volte, early | volte | accounting), volte);
	assert_int_equal(srp_options_agreed(EARLY | volte, EARLY | volte), EARLY);
}

static void
hello_says_the_options_and_a_change_is_told(void **state)
{
	struct srp_hello h = {0};
	struct srp e = active();
	struct srp_config c = e.config;

	(void)state;
	c.options = EARLY;
	feed(&e, (struct srp_event){.kind = SRP_EV_RECONFIG, .config = &c});
	assert_non_null(action(SRP_ACT_SEND_HELLO));
	srp_hello_fill(&e, &h);
	assert_int_equal(h.options, EARLY);
}

/* An Active that has told the peer to take the address while it flushes. */
static struct srp
handing_flush(void)
{
	struct srp e = active();

	e.config.options = e.peer.options = EARLY;
	feed(&e, (struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER, .asker = 5, .timeout_ms = WAIT});
	feed_kind(&e, SRP_EV_READY);
	feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
	assert_int_equal(e.fsm_state, FSM_HANDING_FLUSH);
	return e;
}

static void
early_take_goes_out_while_the_flush_runs_and_the_flush_is_told(void **state)
{
	struct srp e = handing_flush();
	uint64_t was = e.epoch;

	(void)state;
	assert_non_null(action(SRP_ACT_SESSIONS_FLUSH));
	assert_true(action(SRP_ACT_SEND_TAKE)->is_early);
	assert_int_equal(action(SRP_ACT_SEND_TAKE)->ms, WAIT);
	assert_int_equal(srp_state(&e), SRP_PENDING_STANDBY);
	feed_kind(&e, SRP_EV_FLUSH_DONE);
	assert_int_equal(e.fsm_state, FSM_HANDING);
	assert_int_equal(action(SRP_ACT_SEND_FLUSHED)->epoch, was);
	assert_int_equal(action(SRP_ACT_SEND_FLUSHED)->request, e.request);
	feed_kind(&e, SRP_EV_LINK_UP); /* FLUSHED may be lost with the connection */
	assert_false(action(SRP_ACT_SEND_TAKE)->is_early);
}

static void
flush_that_does_not_end_is_told_as_over_after_its_bound(void **state)
{
	struct srp e = handing_flush();

	(void)state;
	feed_kind(&e, SRP_EV_TIMER_PHASE);
	assert_int_equal(e.fsm_state, FSM_HANDING);
	assert_non_null(action(SRP_ACT_SEND_FLUSHED));
}

static void
early_needs_both_chassis(void **state)
{
	struct srp e = active();

	(void)state;
	e.config.options = EARLY;
	operate(&e, 0, false);
	feed_kind(&e, SRP_EV_READY);
	feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
	assert_int_equal(e.fsm_state, FSM_FLUSHING);
	assert_null(action(SRP_ACT_SEND_TAKE));
	feed_kind(&e, SRP_EV_FLUSH_DONE);
	assert_false(action(SRP_ACT_SEND_TAKE)->is_early);
}

static void
after_an_early_take_unknown_is_not_no(void **state)
{
	struct srp_hello h = peer_hello(SRP_STANDBY);
	struct srp e = handing_flush();

	(void)state;
	h.epoch = h.lineage = e.epoch;
	feed_kind(&e, SRP_EV_LINK_DOWN);
	assert_int_equal(e.fsm_state, FSM_HANDING_FLUSH);
	feed_kind(&e, SRP_EV_LINK_UP);
	assert_true(action(SRP_ACT_SEND_TAKE)->is_early);
	hear(&e, h);
	assert_true(action(SRP_ACT_SEND_TAKE)->is_early);
	operate(&e, 0, false);
	assert_int_equal(answered(), SRP_ANSWER_BUSY);
	feed(&e, (struct srp_event){.kind = SRP_EV_REFUSE, .request = e.request - 1});
	assert_int_equal(e.fsm_state, FSM_HANDING_FLUSH);
}

static void
early_hand_over_ends_as_one_that_is_not(void **state)
{
	const uint8_t events[] = {SRP_EV_REFUSE, SRP_EV_TIMER_DEAD};
	struct srp_hello h = peer_hello(SRP_PENDING_STANDBY);
	struct srp e;

	(void)state;
	for (size_t i = 0; i < sizeof events; i++) {
		e = handing_flush();
		feed_kind(&e, events[i]);
		assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	}
	e = handing_flush();
	h.epoch = e.epoch;
	h.route_modifier = e.route_modifier + 1;
	hear(&e, h); /* both hand over */
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	e = handing_flush();
	h.state = SRP_INIT;
	h.incarnation++;
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	e = handing_flush();
	h = peer_hello(SRP_ACTIVE);
	h.epoch = e.epoch + (1u << SRP_EPOCH_TAG_BITS);
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_int_equal(answered(), SRP_ANSWER_OK);
}

/* --- the other side -------------------------------------------------------------------------------------------- */

static void
take_early(struct srp *e, bool is_early)
{
	feed(e, (struct srp_event){.kind = SRP_EV_TAKE,
	                           .epoch = epoch(50, PEER_ID),
	                           .request = 3,
	                           .is_early = is_early,
	                           .timeout_ms = WAIT,
	                           .reason = SRP_REASON_MANUAL_SWITCHOVER});
}

static void
flushed(struct srp *e, uint64_t of)
{
	feed(e, (struct srp_event){.kind = SRP_EV_FLUSHED, .epoch = of, .request = 3});
}

static struct srp
taking(void)
{
	struct srp e = standby();

	prepare(&e, epoch(50, PEER_ID), 0, false);
	take_early(&e, true);
	assert_int_equal(e.fsm_state, FSM_TAKING);
	return e;
}

static struct srp
holding(void)
{
	struct srp e = taking();

	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(e.fsm_state, FSM_HOLDING);
	return e;
}

static void
address_is_held_and_nothing_is_served_until_the_peer_has_flushed(void **state)
{
	struct srp e = holding();

	(void)state;
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_false(srp_serves(&e));
	assert_null(action(SRP_ACT_SESSIONS_ACTIVE));
	assert_true(starts(SRP_TIMER_PHASE));
	assert_int_equal(action(SRP_ACT_TIMER_START)->ms, WAIT); /* as long as the peer's flush may take */
	flushed(&e, epoch(49, PEER_ID));
	assert_non_null(action(SRP_ACT_COUNTED_STALE));
	take_early(&e, true);
	assert_int_equal(out.count, 0);
	hear(&e, (struct srp_hello){.chassis_id = PEER_ID,
	                            .incarnation = 20,
	                            .state = SRP_PENDING_STANDBY,
	                            .epoch = epoch(50, PEER_ID),
	                            .priority = 1});
	assert_int_equal(e.fsm_state, FSM_HOLDING);
	flushed(&e, epoch(50, PEER_ID));
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	assert_true(action(SRP_ACT_SESSIONS_ACTIVE)->epoch > epoch(50, PEER_ID));
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_MANUAL_SWITCHOVER);
}

static void
flush_told_before_the_address_is_taken_serves_at_once(void **state)
{
	struct srp e = taking();

	(void)state;
	flushed(&e, epoch(50, PEER_ID));
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	e = taking();
	flushed(&e, epoch(49, PEER_ID));
	assert_non_null(action(SRP_ACT_COUNTED_STALE));
	take_early(&e, false); /* repeated when the flush was over already */
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
}

static void
silence_timeout_restart_or_a_late_take_end_the_waiting(void **state)
{
	const uint8_t events[] = {SRP_EV_TIMER_PHASE, SRP_EV_TIMER_DEAD};
	struct srp_hello h = peer_hello(SRP_INIT);
	struct srp e;

	(void)state;
	for (size_t i = 0; i < sizeof events; i++) {
		e = holding();
		feed_kind(&e, events[i]);
		feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
		assert_int_equal(srp_state(&e), SRP_ACTIVE);
	}
	e = holding();
	h.incarnation++;
	hear(&e, h);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	e = holding();
	take_early(&e, false);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
}

static void
address_is_given_back_when_the_peer_serves_or_takes_it_back(void **state)
{
	const uint8_t states[] = {SRP_ACTIVE, SRP_PENDING_ACTIVE};

	(void)state;
	for (size_t i = 0; i < sizeof states; i++) {
		struct srp e = holding();
		struct srp_hello h = peer_hello(states[i]);

		h.epoch = epoch(51, PEER_ID);
		hear(&e, h);
		assert_int_equal(srp_state(&e), SRP_STANDBY);
		assert_non_null(action(SRP_ACT_ADDRESS_GIVE));
		assert_non_null(action(SRP_ACT_SESSIONS_STANDBY));
		feed_kind(&e, SRP_EV_TIMER_DEAD); /* later, by itself: no flush is waited for */
		feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
		assert_int_equal(srp_state(&e), SRP_ACTIVE);
	}
}

static void
without_epochs_the_flushed_address_waits_for_the_disk(void **state)
{
	struct srp e = holding();

	(void)state;
	e.epoch_end = e.epoch_next;
	flushed(&e, epoch(50, PEER_ID));
	assert_int_equal(e.fsm_state, FSM_TAKING);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_true(starts(SRP_TIMER_RETRY));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(options_act_only_when_both_chassis_have_them),
	    cmocka_unit_test(hello_says_the_options_and_a_change_is_told),
	    cmocka_unit_test(early_take_goes_out_while_the_flush_runs_and_the_flush_is_told),
	    cmocka_unit_test(flush_that_does_not_end_is_told_as_over_after_its_bound),
	    cmocka_unit_test(early_needs_both_chassis),
	    cmocka_unit_test(after_an_early_take_unknown_is_not_no),
	    cmocka_unit_test(early_hand_over_ends_as_one_that_is_not),
	    cmocka_unit_test(address_is_held_and_nothing_is_served_until_the_peer_has_flushed),
	    cmocka_unit_test(flush_told_before_the_address_is_taken_serves_at_once),
	    cmocka_unit_test(silence_timeout_restart_or_a_late_take_end_the_waiting),
	    cmocka_unit_test(address_is_given_back_when_the_peer_serves_or_takes_it_back),
	    cmocka_unit_test(without_epochs_the_flushed_address_waits_for_the_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
