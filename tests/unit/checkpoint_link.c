/* checkpoint_link.c - the link core: readiness, compression, coalescing, the critical flush, what a loss costs. What a
 * side that gives way, or a standby that was cut off, lacks: checkpoint_unacked.c. */
#include "tests/unit/ckpt_rig.h"

static void
an_aggressive_standby_is_ready_after_one_heartbeat_without_waiting(void **state)
{
	(void)state;
	add(&a, 1);
	join();
	assert_int_equal(ckpt_conn(a.ckpt), CKPT_CONN_CONN);
	run();
	assert_int_equal(ckpt_conn(a.ckpt), CKPT_CONN_READY);
	assert_int_equal(ckpt_conn(b.ckpt), CKPT_CONN_READY);
	assert_int_equal(call_table_count(b.table), 1);
	assert_int_equal(counter(&a, CKPT_NOW_COMPRESSION), COMPRESS_ZLIB);
	assert_true(ckpt_is_quiet(a.ckpt));
}

static void
lz4_is_used_when_both_sides_offer_it_and_a_change_waits_for_the_next_connection(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 200; i++)
		add(&a, i);
	ckpt_offer(a.ckpt, COMPRESS_OFFERED_LZ4);
	join();
	run();
	assert_int_equal(counter(&a, CKPT_NOW_COMPRESSION), COMPRESS_ZLIB);
	assert_int_equal(counter(&a, CKPT_NOW_CONFIGURED), COMPRESS_LZ4);
	assert_int_equal(counter(&b, CKPT_NOW_CONFIGURED), COMPRESS_ZLIB);
	ckpt_offer(b.ckpt, COMPRESS_OFFERED_LZ4);
	run();
	assert_int_equal(counter(&b, CKPT_NOW_COMPRESSION), COMPRESS_ZLIB);
	cut();
	for (uint64_t i = 201; i <= 400; i++)
		add(&a, i);
	join();
	run();
	assert_int_equal(counter(&a, CKPT_NOW_COMPRESSION), COMPRESS_LZ4);
	assert_int_equal(counter(&b, CKPT_NOW_COMPRESSION), COMPRESS_LZ4);
	assert_int_equal(call_table_count(b.table), 400);
	assert_true(counter(&a, CKPT_WIRE_BYTES_SENT) < counter(&a, CKPT_RAW_BYTES_SENT));
	ckpt_offer(a.ckpt, COMPRESS_OFFERED);
	cut();
	join();
	run();
	assert_int_equal(counter(&b, CKPT_NOW_COMPRESSION), COMPRESS_ZLIB);
	assert_true(ckpt_is_quiet(a.ckpt));
}

static void
a_normal_standby_waits_for_seven_heartbeats_three_seconds_apart(void **state)
{
	(void)state;
	ckpt_configure(b.ckpt, &(struct ckpt_settings){0});
	add(&a, 1);
	join();
	for (int i = 1; i <= CKPT_HEARTBEATS_NORMAL; i++) {
		run();
		assert_int_equal(counter(&b, CKPT_HEARTBEATS_RECEIVED), i);
		assert_int_equal(ckpt_conn(a.ckpt), i < CKPT_HEARTBEATS_NORMAL ? CKPT_CONN_CONN : CKPT_CONN_READY);
		now += CKPT_HEARTBEAT_MS - 1;
		assert_int_equal(ckpt_tick(a.ckpt, now), ERR_OK);
		assert_int_equal(ckpt_tick(b.ckpt, now), ERR_OK);
		if (i < CKPT_HEARTBEATS_NORMAL) /* once Ready, a proof of sync is due in between */
			assert_false(ckpt_wants_fill(a.ckpt));
		now++;
		ckpt_tick(a.ckpt, now);
		ckpt_tick(b.ckpt, now);
	}
	assert_int_equal(call_table_count(b.table), 1);
}

static void
a_silent_peer_is_given_up_after_four_heartbeats(void **state)
{
	(void)state;
	join();
	run();
	assert_int_equal(ckpt_tick(a.ckpt, now + CKPT_SILENCE_MS - 1), ERR_OK);
	assert_int_equal(ckpt_tick(a.ckpt, now + CKPT_SILENCE_MS), ERR_REFUSED);
	assert_string_equal(ckpt_verdict(a.ckpt)->field, "silence");
}

static void
one_update_goes_out_at_once_and_is_acknowledged_at_once(void **state)
{
	uint32_t teid = add(&a, 1);
	struct call c;

	(void)state;
	join();
	run();
	count_bytes(&a, teid, 55);
	assert_true(ckpt_wants_fill(a.ckpt));
	assert_true(move(&a, &b));
	assert_int_equal(b.store.ops->get(b.store.arg, teid, &c), ERR_OK);
	assert_int_equal(c.in_bytes, 55);
	assert_true(move(&b, &a));
	assert_int_equal(counter(&a, CKPT_NOW_UNACKED), 0);
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 1);
	assert_int_equal(counter(&a, CKPT_FULL_SENT), 1);
}

static void
several_changes_between_two_sends_travel_once(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	for (uint64_t i = 0; i < 100; i++)
		count_bytes(&a, teid, i);
	run();
	assert_int_equal(counter(&b, CKPT_MICRO_RECEIVED), 1);
}

static void
after_a_cut_only_what_changed_travels(void **state)
{
	uint32_t teids[SLOTS];
	struct tombstone t;
	uint64_t full;

	(void)state;
	for (uint32_t i = 0; i < 1500; i++)
		teids[i] = add(&a, i);
	join();
	run();
	full = counter(&a, CKPT_FULL_SENT);
	assert_int_equal(full, 1500);
	cut();
	for (uint32_t i = 0; i < 15; i++)
		count_bytes(&a, teids[i * 100], 5);
	drop_call(&a, teids[7]);
	add(&a, 5000);
	assert_int_equal(counter(&a, CKPT_NOW_UNACKED), 17);
	join();
	run();
	assert_int_equal(counter(&a, CKPT_FULL_SENT), full + 1);
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 15);
	assert_int_equal(counter(&a, CKPT_INVALIDATE_SENT), 1);
	assert_int_equal(counter(&a, CKPT_SYNCS_CHANGES), 1);
	assert_int_equal(call_table_count(b.table), 1500);
	assert_int_equal(call_table_teid(b.table, teid_slot(teids[7])), 0);
	assert_int_equal(b.store.ops->find_tombstone(b.store.arg, teids[7], &t), ERR_OK);
	assert_int_equal(t.seq, 7);
}

static void
a_deletion_is_counted_once_however_often_it_travels(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	drop_call(&a, teid);
	fill(&a); /* on its way when the path is cut */
	cut();
	assert_int_equal(counter(&a, CKPT_INVALIDATE_SENT), 1);
	join();
	run();
	assert_int_equal(counter(&a, CKPT_INVALIDATE_SENT), 1);
	assert_int_equal(counter(&a, CKPT_INVALIDATE_AGAIN), 1);
	cut();
	side_stop(&b); /* a standby that knows nothing is told all tombstones */
	side_start(&b, 2, true);
	join();
	run();
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 2);
	assert_int_equal(counter(&a, CKPT_INVALIDATE_SENT), 1);
	assert_int_equal(counter(&a, CKPT_INVALIDATE_AGAIN), 2);
	assert_int_equal(counter(&b, CKPT_INVALIDATE_RECEIVED), 1);
}

static void
what_was_sent_but_not_acknowledged_before_a_cut_goes_again(void **state)
{
	uint32_t teid = add(&a, 1);
	struct call c;

	(void)state;
	join();
	run();
	count_bytes(&a, teid, 9);
	fill(&a); /* into a dead pipe */
	cut();
	join();
	run();
	assert_int_equal(b.store.ops->get(b.store.arg, teid, &c), ERR_OK);
	assert_int_equal(c.in_bytes, 9);
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 1);
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 2);
}

static void
a_lost_acknowledgement_costs_nothing_but_a_look_at_the_lineage(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	count_bytes(&a, teid, 9);
	move(&a, &b);
	cut();
	join();
	run();
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 1);
	assert_true(ckpt_is_quiet(a.ckpt));
}

static void
after_a_planned_switchover_the_direction_turns_without_a_full_sync(void **state)
{
	uint32_t teid = add(&a, 1);
	struct call c;

	(void)state;
	join();
	run();
	assert_int_equal(ckpt_flush(a.ckpt), ERR_OK);
	run();
	assert_int_equal(a.flushes, 1);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 2);
	count_bytes(&b, teid, 77);
	run();
	assert_int_equal(ckpt_conn(b.ckpt), CKPT_CONN_READY);
	assert_int_equal(counter(&b, CKPT_SYNCS_FULL), 0);
	assert_int_equal(counter(&b, CKPT_SYNCS_CHANGES), 1);
	assert_int_equal(a.store.ops->get(a.store.arg, teid, &c), ERR_OK);
	assert_int_equal(c.in_bytes, 77);
	/* And back. */
	assert_int_equal(ckpt_flush(b.ckpt), ERR_OK);
	run();
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 3);
	ckpt_set_role(b.ckpt, CKPT_STANDBY, 3);
	add(&a, 2);
	run();
	assert_int_equal(call_table_count(b.table), 2);
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 1);
	assert_int_equal(counter(&a, CKPT_SYNCS_CHANGES), 1);
}

static void
a_restarted_standby_gets_everything_and_a_restarted_active_is_not_believed_to_be_the_same(void **state)
{
	(void)state;
	add(&a, 1);
	join();
	run();
	cut();
	side_stop(&b);
	side_start(&b, 2, true);
	join();
	run();
	assert_int_equal(call_table_count(b.table), 1);
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 2);
	/* The active dies, its table with it, and comes back active in the same epoch, with other calls. */
	cut();
	side_stop(&a);
	side_start(&a, 3, true);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 1);
	add(&a, 50);
	add(&a, 51);
	join();
	run();
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 1);
	assert_int_equal(call_table_count(b.table), 2);
}

static void
a_full_sync_empties_nothing_before_its_end_and_then_drops_what_was_not_refreshed(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < SLOTS; i++)
		add(&a, i);
	join();
	run();
	cut();
	/* The other side starts anew as the active, with other calls in half of the slots; the first gives way. */
	side_stop(&b);
	side_start(&b, 2, true);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	for (uint32_t i = 0; i < SLOTS / 2; i++)
		add(&b, 10000 + i);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 2);
	join();
	for (int i = 0; i < 1000 && counter(&a, CKPT_FULL_RECEIVED) < SLOTS / 2; i++) {
		assert_int_equal(call_table_count(a.table), SLOTS);
		move(&b, &a);
		move(&a, &b);
	}
	run();
	assert_int_equal(call_table_count(a.table), SLOTS / 2);
	assert_int_equal(counter(&b, CKPT_SYNCS_FULL), 1);
	assert_int_equal(counter(&a, CKPT_SYNC_DROPPED), SLOTS / 2);
}

static void
a_young_call_waits_for_its_duration_and_the_critical_flush_lets_it_in(void **state)
{
	struct ckpt_unacked u;
	uint64_t cursor = 0;

	(void)state;
	ckpt_configure(a.ckpt, &(struct ckpt_settings){.duration_ms = {60000, 60000}, .is_aggressive = true});
	join();
	run();
	add(&a, 1);
	run();
	assert_int_equal(call_table_count(b.table), 0);
	assert_int_equal(counter(&a, CKPT_NOW_YOUNG), 1);
	assert_false(ckpt_is_quiet(a.ckpt));
	assert_true(ckpt_unacked_next(a.ckpt, &cursor, &u));
	assert_true(u.is_young && u.is_never_held && !u.is_tomb);
	assert_false(ckpt_unacked_next(a.ckpt, &cursor, &u));
	for (int i = 0; i < 19; i++) {
		now += CKPT_HEARTBEAT_MS;
		ckpt_tick(a.ckpt, now);
		ckpt_tick(b.ckpt, now);
		run();
		assert_int_equal(call_table_count(b.table), 0);
	}
	now += CKPT_HEARTBEAT_MS;
	ckpt_tick(a.ckpt, now);
	run();
	assert_int_equal(call_table_count(b.table), 1);
	add(&a, 2);
	assert_int_equal(ckpt_flush(a.ckpt), ERR_OK);
	assert_int_equal(ckpt_flush(a.ckpt), ERR_EXISTS);
	assert_int_equal(a.flushes, 0);
	run();
	assert_int_equal(a.flushes, 1);
	assert_int_equal(a.flush_result, ERR_OK);
	assert_int_equal(call_table_count(b.table), 2);
	assert_int_equal(counter(&a, CKPT_FLUSH_FIRST_FULL), 1);
	add(&a, 3); /* no call is young until the flush is called off */
	run();
	assert_int_equal(call_table_count(b.table), 3);
	ckpt_flush_cancel(a.ckpt);
	add(&a, 4);
	run();
	assert_int_equal(call_table_count(b.table), 3);
}

static void
a_flush_is_refused_without_a_ready_peer_and_ends_when_the_link_falls(void **state)
{
	(void)state;
	assert_int_equal(ckpt_flush(a.ckpt), ERR_REFUSED);
	join();
	run();
	add(&a, 1);
	assert_int_equal(ckpt_flush(a.ckpt), ERR_OK);
	cut();
	assert_int_equal(a.flushes, 1);
	assert_int_equal(a.flush_result, ERR_REFUSED);
	assert_int_equal(ckpt_flush(b.ckpt), ERR_REFUSED);
}

static void
a_promotion_right_after_a_full_sync_brings_no_deleted_call_back(void **state)
{
	struct wbuf w;

	(void)state;
	for (uint32_t i = 0; i < 100; i++)
		add(&a, i);
	join();
	run();
	cut();
	side_stop(&a);
	side_start(&a, 1, true);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 2);
	for (uint32_t i = 0; i < 10; i++)
		add(&a, 1000 + i);
	join();
	for (int i = 0; i < 1000 && counter(&b, CKPT_FULL_RECEIVED) < 110; i++) {
		move(&b, &a);
		move(&a, &b);
	}
	/* The end of the sync has come with the last batch, nothing has been dropped yet. */
	assert_int_equal(call_table_count(b.table), 100);
	assert_int_equal(ckpt_sync(b.ckpt), CKPT_SYNC_FULL);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 3);
	assert_int_equal(call_table_count(b.table), 10);
	wbuf_init(&w, b.out, OUT);
	assert_int_equal(ckpt_fill(b.ckpt, &w, now), ERR_OK);
}

static void
a_side_that_was_promoted_ignores_batches_of_the_old_active(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	count_bytes(&a, teid, 9);
	fill(&a);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	assert_int_equal(ckpt_input(b.ckpt, a.out, a.out_len, now), ERR_OK);
	a.out_len = 0;
	assert_int_equal(counter(&b, CKPT_BATCHES_IGNORED), 1);
	run();
	assert_int_equal(counter(&a, CKPT_NOW_UNACKED), 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(an_aggressive_standby_is_ready_after_one_heartbeat_without_waiting),
	    T(lz4_is_used_when_both_sides_offer_it_and_a_change_waits_for_the_next_connection),
	    T(a_normal_standby_waits_for_seven_heartbeats_three_seconds_apart),
	    T(a_silent_peer_is_given_up_after_four_heartbeats),
	    T(one_update_goes_out_at_once_and_is_acknowledged_at_once),
	    T(several_changes_between_two_sends_travel_once),
	    T(after_a_cut_only_what_changed_travels),
	    T(a_deletion_is_counted_once_however_often_it_travels),
	    T(what_was_sent_but_not_acknowledged_before_a_cut_goes_again),
	    T(a_lost_acknowledgement_costs_nothing_but_a_look_at_the_lineage),
	    T(after_a_planned_switchover_the_direction_turns_without_a_full_sync),
	    T(a_restarted_standby_gets_everything_and_a_restarted_active_is_not_believed_to_be_the_same),
	    T(a_full_sync_empties_nothing_before_its_end_and_then_drops_what_was_not_refreshed),
	    T(a_young_call_waits_for_its_duration_and_the_critical_flush_lets_it_in),
	    T(a_flush_is_refused_without_a_ready_peer_and_ends_when_the_link_falls),
	    T(a_promotion_right_after_a_full_sync_brings_no_deleted_call_back),
	    T(a_side_that_was_promoted_ignores_batches_of_the_old_active),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
