/* srp_engine.c - claims about the redundancy engine, each rule by itself; switchovers are in srp_switchover.c. */
#include "tests/unit/srp_engine.h"

/* --- table and configuration ------------------------------------------------------------------------------ */

static void
table_has_no_holes_and_no_dead_rows(void **state)
{
	char buf[4096];
	struct text_fixed f;
	struct text t;

	(void)state;
	text_fixed_init(&f, &t, buf, sizeof buf);
	if (srp_self_check(&t) != ERR_OK)
		fail_msg("%s", buf);
}

static void
no_row_overflows_the_list_of_actions(void **state)
{
	const struct fsm_table *t = srp_fsm_table();

	(void)state;
	/* Per row at most: every action one, those below more, and step, history, hello, reserve. */
	for (size_t i = 0; i < t->count; i++) {
		size_t n = 4;

		for (size_t k = 0; k < FSM_ACTIONS_MAX && t->rows[i].actions[k] != DO_NOTHING; k++)
			n += t->rows[i].actions[k] == DO_HEARD          ? 3
			     : t->rows[i].actions[k] == DO_STOP_TIMERS  ? SRP_TIMER_COUNT
			     : t->rows[i].actions[k] == DO_CLEAR_ALARMS ? SRP_ALARM_COUNT
			     : t->rows[i].actions[k] == DO_DUAL_WON     ? 2
			                                                : 1;
		assert_true(n <= SRP_OUT_MAX);
	}
}

static void
configuration_bounds_are_named(void **state)
{
	struct srp_config c = config(SRP_MODE_BACKUP);
	const char *field = NULL;

	(void)state;
	assert_int_equal(srp_config_check(&c, &field), ERR_OK);
	c.dead_ms = 3 * c.hello_ms - 1;
	assert_int_equal(srp_config_check(&c, &field), ERR_RANGE);
	assert_string_equal(field, "dead-interval");
	c = config(SRP_MODE_BACKUP);
	c.rm_threshold = 33;
	assert_int_equal(srp_config_check(&c, &field), ERR_RANGE);
	assert_string_equal(field, "route-modifier threshold");
}

static void
what_is_no_event_changes_nothing(void **state)
{
	struct srp e = started(SRP_MODE_PRIMARY), before = e;
	struct srp_hello h = peer_hello(SRP_STATE_COUNT);

	(void)state;
	assert_int_equal(srp_input(&e, &(struct srp_event){.kind = SRP_EV_COUNT}, &out), ERR_RANGE);
	assert_int_equal(srp_input(&e, &(struct srp_event){.kind = SRP_EV_HELLO, .hello = &h}, &out), ERR_RANGE);
	assert_memory_equal(&e, &before, sizeof e);
}

/* --- election ------------------------------------------------------------------------------------------------ */

static void
higher_mac_wins_in_the_last_three_octets(void **state)
{
	const uint8_t chapter_a[] = {0, 2, 0x43, 3, 0x1c, 0x2b}, chapter_b[] = {0, 2, 0x43, 3, 1, 0x3b};
	const uint8_t vendor_high[] = {9, 9, 9, 3, 1, 0x3b};

	(void)state;
	assert_true(srp_mac_compare(chapter_a, chapter_b) > 0);
	assert_true(srp_mac_compare(chapter_b, chapter_a) < 0);
	assert_true(srp_mac_compare(chapter_a, vendor_high) > 0);
	assert_true(srp_mac_compare(vendor_high, chapter_b) > 0); /* equal octets: the whole decides */
	assert_int_equal(srp_mac_compare(chapter_a, chapter_a), 0);
}

static void
mode_then_priority_then_mac_elect(void **state)
{
	struct {
		uint8_t mode, priority, mac, next;
	} cases[] = {
	    {SRP_MODE_BACKUP, 1, 9, FSM_TAKING},    /* our mode wins against priority and MAC */
	    {SRP_MODE_PRIMARY, 126, 9, FSM_TAKING}, /* lower number wins against MAC */
	    {SRP_MODE_PRIMARY, 124, 0, FSM_STANDBY}, {SRP_MODE_PRIMARY, 125, 0, FSM_TAKING},
	    {SRP_MODE_PRIMARY, 125, 2, FSM_STANDBY}, {SRP_MODE_PRIMARY, 125, 1, FSM_INIT}, /* equal: refused */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp e = started(SRP_MODE_PRIMARY);
		struct srp_hello h = peer_hello(SRP_INIT);

		h.mode = cases[i].mode;
		h.priority = cases[i].priority;
		h.mac[5] = cases[i].mac;
		hear(&e, h);
		assert_int_equal(e.fsm_state, cases[i].next);
		assert_int_equal(raises(SRP_ALARM_MAC_CONFLICT), cases[i].next == FSM_INIT);
	}
}

static void
alarm_of_equal_macs_clears_when_the_tie_ends(void **state)
{
	struct srp e = started(SRP_MODE_BACKUP);
	struct srp_hello h = peer_hello(SRP_INIT);

	(void)state;
	h.mac[5] = 1;
	hear(&e, h);
	assert_true(raises(SRP_ALARM_MAC_CONFLICT));
	assert_true(starts(SRP_TIMER_DEAD)); /* the peer is there: silence does not make us Active */
	hear(&e, h);
	assert_null(action(SRP_ACT_ALARM_RAISE));
	h.priority = 1;
	hear(&e, h);
	assert_int_equal(action(SRP_ACT_ALARM_CLEAR)->alarm, SRP_ALARM_MAC_CONFLICT);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
}

static void
init_without_a_hello_becomes_active_by_the_dead_interval_after_the_delay(void **state)
{
	struct srp_config c = config(SRP_MODE_BACKUP);
	struct srp e;

	(void)state;
	c.delay_ms = 500;
	srp_init(&e, &c);
	feed_kind(&e, SRP_EV_START);
	assert_true(starts(SRP_TIMER_DELAY));
	assert_false(starts(SRP_TIMER_DEAD));
	feed(&e, (struct srp_event){.kind = SRP_EV_EPOCH_BLOCK, .block_first = 1, .block_count = 100});
	feed_kind(&e, SRP_EV_TIMER_DELAY);
	assert_true(starts(SRP_TIMER_DEAD));
	assert_int_equal(srp_state(&e), SRP_INIT);
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_non_null(action(SRP_ACT_ADDRESS_TAKE));
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	assert_int_equal(e.route_modifier,
	                 SRP_RM_INITIAL_BACKUP); /* alone: never attracts routes from one that serves */
}

static void
returning_primary_stays_standby_of_an_active_backup(void **state)
{
	struct srp e = started(SRP_MODE_PRIMARY);
	struct srp_hello h = peer_hello(SRP_ACTIVE);

	(void)state;
	h.route_modifier = 2;
	h.epoch = epoch(7, PEER_ID);
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_int_equal(e.route_modifier, 3);
	assert_int_equal(e.lineage, h.epoch);
}

static void
restarted_chassis_gives_way_to_a_standby_that_holds_the_calls(void **state)
{
	struct srp e = started(SRP_MODE_PRIMARY), b = standby();
	struct srp_hello h = peer_hello(SRP_STANDBY);

	(void)state;
	h.lineage = epoch(7, PEER_ID);
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	h = peer_hello(SRP_INIT);
	h.incarnation++;
	hear(&b, h);
	assert_int_equal(srp_state(&b), SRP_PENDING_ACTIVE);
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_FORCE_STATE_CHANGE);
}

/* --- loss of the peer or the link ------------------------------------------------------------------------------ */

static void
standby_takes_over_after_the_dead_interval_with_its_reason(void **state)
{
	struct srp e = standby();
	const struct srp_action *h;

	(void)state;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_non_null(action(SRP_ACT_REDIAL));
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	h = action(SRP_ACT_HISTORY);
	assert_int_equal(h->from, SRP_PENDING_ACTIVE);
	assert_int_equal(h->reason, SRP_REASON_DEAD_TIMER_EXPIRY);
	assert_true(action(SRP_ACT_SESSIONS_ACTIVE)->epoch > epoch(50, PEER_ID));
	assert_int_equal(e.route_modifier, 2); /* one above the lost Active, that is preferred should it live */
}

static void
reset_link_is_dialled_at_once_and_switches_nothing(void **state)
{
	struct srp e = standby();

	(void)state;
	feed_kind(&e, SRP_EV_LINK_DOWN);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_int_equal(out.count, 1);
	assert_int_equal(out.actions[0].kind, SRP_ACT_REDIAL); /* and the dead timer is not touched */
}

static void
busy_address_keeps_pending_active_with_alarm_and_retry(void **state)
{
	struct srp e = standby();

	(void)state;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	feed_kind(&e, SRP_EV_ADDRESS_BUSY);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_true(raises(SRP_ALARM_ADDRESS_BUSY));
	assert_true(starts(SRP_TIMER_RETRY));
	feed_kind(&e, SRP_EV_TIMER_RETRY);
	assert_non_null(action(SRP_ACT_ADDRESS_TAKE));
	feed_kind(&e, SRP_EV_ADDRESS_BUSY);
	assert_null(action(SRP_ACT_ALARM_RAISE)); /* once */
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	assert_int_equal(action(SRP_ACT_ALARM_CLEAR)->alarm, SRP_ALARM_ADDRESS_BUSY);
}

static void
pending_active_that_hears_the_active_again_steps_back(void **state)
{
	struct srp e = standby();
	struct srp_hello h = peer_hello(SRP_ACTIVE);

	(void)state;
	h.epoch = epoch(50, PEER_ID);
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_non_null(action(SRP_ACT_ADDRESS_GIVE));
	feed(&e, (struct srp_event){.kind = SRP_EV_ADDRESS_TAKEN, .token = e.token - 1}); /* too late */
	assert_int_equal(srp_state(&e), SRP_STANDBY);
}

static void
answers_to_withdrawn_requests_are_ignored(void **state)
{
	struct srp e = standby();
	struct srp_hello h = peer_hello(SRP_ACTIVE);
	uint32_t withdrawn;

	(void)state;
	h.epoch = epoch(50, PEER_ID);
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	withdrawn = e.token;
	hear(&e, h);
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	feed(&e, (struct srp_event){.kind = SRP_EV_ADDRESS_TAKEN, .token = withdrawn});
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
}

static void
active_goes_on_alone_when_the_peer_is_lost(void **state)
{
	struct srp e = active();

	(void)state;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	assert_true(raises(SRP_ALARM_PEER_LOST));
	assert_non_null(action(SRP_ACT_REDIAL));
	operate(&e, 0, true);
	assert_int_equal(answered(), SRP_ANSWER_LINK_DOWN);
	hear(&e, peer_hello(SRP_INIT));
	assert_null(action(SRP_ACT_ALARM_CLEAR)); /* a lower epoch in the same incarnation: refused */
}

static void
hello_of_a_lower_epoch_is_refused_and_counted(void **state)
{
	struct srp e = standby();
	struct srp_hello h = peer_hello(SRP_ACTIVE);

	(void)state;
	h.epoch = epoch(49, PEER_ID);
	hear(&e, h);
	assert_non_null(action(SRP_ACT_COUNTED_STALE));
	assert_false(starts(SRP_TIMER_DEAD));
	h.incarnation++; /* another life of the peer begins below */
	hear(&e, h);
	assert_true(starts(SRP_TIMER_DEAD));
	h = peer_hello(SRP_ACTIVE);
	h.chassis_id = SELF_ID; /* our own voice from a relay */
	hear(&e, h);
	assert_non_null(action(SRP_ACT_COUNTED_STALE));
}

/* --- both of a kind -------------------------------------------------------------------------------------------- */

static void
dual_active_lower_route_modifier_then_priority_then_mac_stays(void **state)
{
	struct {
		uint8_t rm, priority, mac;
		bool stays;
	} cases[] = {
	    {2, 1, 9, true},   {0, 200, 0, false}, {1, 126, 9, true},  {1, 124, 0, false},
	    {1, 125, 0, true}, {1, 125, 2, false}, {1, 125, 1, false}, /* all equal: the higher chassis id */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp e = active();
		struct srp_hello h = peer_hello(SRP_ACTIVE);

		assert_int_equal(e.route_modifier, 1);
		h.route_modifier = cases[i].rm;
		h.priority = cases[i].priority;
		h.mac[5] = cases[i].mac;
		h.epoch = epoch(5000, PEER_ID);
		e.epoch_end = 10000;
		hear(&e, h);
		assert_int_equal(srp_state(&e), cases[i].stays ? SRP_ACTIVE : SRP_PENDING_STANDBY);
		assert_true(raises(SRP_ALARM_DUAL_ACTIVE));
		if (cases[i].stays) {
			assert_true(action(SRP_ACT_SESSIONS_ACTIVE)->epoch > h.epoch);
			continue;
		}
		assert_non_null(action(SRP_ACT_ADDRESS_GIVE));
		assert_null(action(SRP_ACT_SESSIONS_STANDBY)); /* addresses first */
		assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_DUAL_ACTIVE);
		feed_kind(&e, SRP_EV_ADDRESS_GIVEN);
		assert_int_equal(srp_state(&e), SRP_STANDBY);
		assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_DUAL_ACTIVE);
	}
}

static void
both_pending_active_one_steps_back(void **state)
{
	struct srp e = standby(), f;
	struct srp_hello h = peer_hello(SRP_PENDING_ACTIVE);

	(void)state;
	h.epoch = epoch(50, PEER_ID);
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	f = e;
	h.route_modifier = 3; /* ours is 2 */
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	h.route_modifier = 1;
	hear(&f, h);
	assert_int_equal(srp_state(&f), SRP_STANDBY);
}

static void
both_standby_the_one_with_the_younger_calls_takes_over(void **state)
{
	struct srp e = standby(), f = e;
	struct srp_hello h = peer_hello(SRP_STANDBY);

	(void)state;
	h.epoch = epoch(50, PEER_ID);
	h.lineage = epoch(49, PEER_ID);
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_int_equal(action(SRP_ACT_HISTORY)->reason, SRP_REASON_DUAL_STANDBY);
	h.epoch = h.lineage = epoch(51, PEER_ID);
	hear(&f, h);
	assert_int_equal(srp_state(&f), SRP_STANDBY);
}

/* --- route modifier, epochs -------------------------------------------------------------------------------------- */

static void
at_the_threshold_the_pair_starts_again_at_one_and_two(void **state)
{
	struct srp e = active();
	struct srp_hello h = peer_hello(SRP_STANDBY);

	(void)state;
	e.route_modifier = SRP_RM_THRESHOLD_DEFAULT - 1;
	h.epoch = h.lineage = e.epoch;
	hear(&e, h);
	assert_int_equal(e.route_modifier, SRP_RM_THRESHOLD_DEFAULT - 1);
	e.route_modifier = SRP_RM_THRESHOLD_DEFAULT;
	hear(&e, h);
	assert_int_equal(e.route_modifier, 1);
	assert_non_null(action(SRP_ACT_SEND_HELLO));
}

static void
epochs_are_reserved_early_and_never_made_up(void **state)
{
	struct srp e = standby();
	uint64_t first;

	(void)state;
	e.epoch_end = e.epoch_next; /* used up */
	e.is_reserve_asked = false;
	feed_kind(&e, SRP_EV_TIMER_HELLO);
	first = action(SRP_ACT_EPOCH_RESERVE)->epoch + 1;
	feed_kind(&e, SRP_EV_LINK_UP);
	assert_null(action(SRP_ACT_EPOCH_RESERVE)); /* asked once a hello interval */
	feed_kind(&e, SRP_EV_TIMER_HELLO);
	assert_non_null(action(SRP_ACT_EPOCH_RESERVE));
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	assert_true(starts(SRP_TIMER_RETRY));
	feed(&e, (struct srp_event){.kind = SRP_EV_EPOCH_BLOCK, .block_first = first, .block_count = 64});
	feed_kind(&e, SRP_EV_TIMER_RETRY);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_state(&e), SRP_ACTIVE);
	assert_int_equal(srp_epoch_counter(e.epoch), first);
}

static void
two_chassis_never_make_the_same_epoch(void **state)
{
	struct srp e = started(SRP_MODE_PRIMARY), f = e;

	(void)state;
	f.config.chassis_id = PEER_ID;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	feed_kind(&f, SRP_EV_TIMER_DEAD);
	feed_kind(&f, SRP_EV_ADDRESS_TAKEN);
	assert_int_equal(srp_epoch_counter(e.epoch), srp_epoch_counter(f.epoch));
	assert_int_not_equal(e.epoch, f.epoch);
}

static void
stop_gives_everything_back(void **state)
{
	struct srp e = active();

	(void)state;
	feed_kind(&e, SRP_EV_STOP);
	assert_int_equal(srp_state(&e), SRP_INIT);
	assert_non_null(action(SRP_ACT_ADDRESS_GIVE));
	assert_non_null(action(SRP_ACT_SESSIONS_STANDBY));
	hear(&e, peer_hello(SRP_INIT));
	assert_int_equal(e.fsm_state, FSM_DOWN);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_has_no_holes_and_no_dead_rows),
	    cmocka_unit_test(no_row_overflows_the_list_of_actions),
	    cmocka_unit_test(configuration_bounds_are_named),
	    cmocka_unit_test(what_is_no_event_changes_nothing),
	    cmocka_unit_test(higher_mac_wins_in_the_last_three_octets),
	    cmocka_unit_test(mode_then_priority_then_mac_elect),
	    cmocka_unit_test(alarm_of_equal_macs_clears_when_the_tie_ends),
	    cmocka_unit_test(init_without_a_hello_becomes_active_by_the_dead_interval_after_the_delay),
	    cmocka_unit_test(returning_primary_stays_standby_of_an_active_backup),
	    cmocka_unit_test(restarted_chassis_gives_way_to_a_standby_that_holds_the_calls),
	    cmocka_unit_test(standby_takes_over_after_the_dead_interval_with_its_reason),
	    cmocka_unit_test(reset_link_is_dialled_at_once_and_switches_nothing),
	    cmocka_unit_test(busy_address_keeps_pending_active_with_alarm_and_retry),
	    cmocka_unit_test(pending_active_that_hears_the_active_again_steps_back),
	    cmocka_unit_test(answers_to_withdrawn_requests_are_ignored),
	    cmocka_unit_test(active_goes_on_alone_when_the_peer_is_lost),
	    cmocka_unit_test(hello_of_a_lower_epoch_is_refused_and_counted),
	    cmocka_unit_test(dual_active_lower_route_modifier_then_priority_then_mac_stays),
	    cmocka_unit_test(both_pending_active_one_steps_back),
	    cmocka_unit_test(both_standby_the_one_with_the_younger_calls_takes_over),
	    cmocka_unit_test(at_the_threshold_the_pair_starts_again_at_one_and_two),
	    cmocka_unit_test(epochs_are_reserved_early_and_never_made_up),
	    cmocka_unit_test(two_chassis_never_make_the_same_epoch),
	    cmocka_unit_test(stop_gives_everything_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
