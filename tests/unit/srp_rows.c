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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(alarm_of_equal_macs_clears_when_this_chassis_takes_over_all_the_same),
	    cmocka_unit_test(failure_that_stands_when_the_address_is_held_early_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
