/* checkpoint_ckpt.c - the link core: readiness, lineage, coalescing, the critical flush, verdicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_wire.h"
#include "checkpoint/compress.h"
#include "session/call_ckpt.h"
#include "session/call_rows.h"

enum { SLOTS = 2000, OUT = 1 << 20, INSTANCE = 1 };

struct side {
	void *mem;
	struct call_table *table;
	struct call_store store;
	struct ckpt *ckpt;
	struct ckpt_ops ops;
	uint8_t *out;
	size_t out_len;
	unsigned flushes;
	enum err flush_result;
};

static struct side a, b;
static uint64_t now;

static enum err
side_check(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t *token, const char **field)
{
	return call_ckpt_ops.check(((struct side *)arg)->table, kind, teid, p, n, token, field);
}

static enum err
side_read_full(void *arg, uint32_t slot, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_full(((struct side *)arg)->table, slot, teid, out);
}

static enum err
side_read_micro(void *arg, uint32_t slot, uint32_t group, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_micro(((struct side *)arg)->table, slot, group, teid, out);
}

static enum err
side_read_tomb(void *arg, uint32_t tomb, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_tomb(((struct side *)arg)->table, tomb, teid, out);
}

static enum err
side_apply(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	return call_ckpt_ops.apply(((struct side *)arg)->table, kind, teid, p, n, token);
}

static bool
side_drop(void *arg, uint32_t slot)
{
	return call_table_drop(((struct side *)arg)->table, slot);
}

static void
side_flushed(void *arg, enum err result)
{
	struct side *s = arg;

	s->flushes++;
	s->flush_result = result;
}

static const struct ckpt_ops side_ops = {.read_full = side_read_full,
                                         .read_micro = side_read_micro,
                                         .read_tomb = side_read_tomb,
                                         .check = side_check,
                                         .apply = side_apply,
                                         .drop = side_drop,
                                         .flushed = side_flushed};

static void
on_created(void *arg, uint32_t slot)
{
	ckpt_call_created(((struct side *)arg)->ckpt, slot, now);
}

static void
on_changed(void *arg, uint32_t slot, uint32_t groups)
{
	ckpt_call_changed(((struct side *)arg)->ckpt, slot, groups);
}

static void
on_released(void *arg, uint32_t slot, uint32_t tomb)
{
	ckpt_call_released(((struct side *)arg)->ckpt, slot, tomb);
}

static void
side_start(struct side *s, uint64_t id, bool is_aggressive)
{
	struct call_table_events events = {on_created, on_changed, on_released, s, NULL};
	struct ckpt_config cfg = {.instance = INSTANCE,
	                          .chassis_id = id,
	                          .incarnation = id * 100,
	                          .slots = SLOTS,
	                          .tombs = CALL_TOMBS,
	                          .is_aggressive = is_aggressive,
	                          .schema = 1,
	                          .ops = &side_ops,
	                          .arg = s};
	struct arena arena;

	*s = (struct side){.mem = calloc(1, arena_bytes(SLOTS)), .out = malloc(OUT)};
	assert_int_equal(arena_init(&arena, s->mem, arena_bytes(SLOTS), INSTANCE, SLOTS), ERR_OK);
	s->table = call_table_new(&arena, &events);
	s->store = call_table_store(s->table);
	s->ckpt = ckpt_new(&cfg);
	assert_non_null(s->ckpt);
}

static void
side_stop(struct side *s)
{
	ckpt_free(s->ckpt);
	call_table_free(s->table);
	free(s->mem);
	free(s->out);
}

static int
setup(void **state)
{
	(void)state;
	now = 100000;
	side_start(&a, 1, true);
	side_start(&b, 2, true);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	side_stop(&a);
	side_stop(&b);
	return 0;
}

static void
join(void)
{
	assert_int_equal(ckpt_connected(a.ckpt, true, now), ERR_OK);
	assert_int_equal(ckpt_connected(b.ckpt, false, now), ERR_OK);
}

static void
cut(void)
{
	a.out_len = b.out_len = 0;
	ckpt_disconnected(a.ckpt);
	ckpt_disconnected(b.ckpt);
}

static void
fill(struct side *s)
{
	struct wbuf w;

	wbuf_init(&w, s->out + s->out_len, OUT - s->out_len);
	assert_int_equal(ckpt_fill(s->ckpt, &w, now), ERR_OK);
	s->out_len += w.len;
}

static bool
move(struct side *from, struct side *to)
{
	bool has_moved = false;

	if (ckpt_wants_fill(from->ckpt)) {
		fill(from);
		has_moved = true;
	}
	if (from->out_len > 0) {
		assert_int_equal(ckpt_input(to->ckpt, from->out, from->out_len, now), ERR_OK);
		from->out_len = 0;
		has_moved = true;
	}
	return has_moved;
}

static void
run(void)
{
	for (int i = 0; i < 10000; i++)
		if (!(move(&a, &b) | move(&b, &a)))
			return;
	fail_msg("no rest");
}

static uint32_t
add(struct side *s, uint64_t imsi)
{
	struct call c = {.imsi = imsi, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

	c.present =
	    CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE);
	assert_int_equal(s->store.ops->add(s->store.arg, &c), ERR_OK);
	return c.teid;
}

static void
count_bytes(struct side *s, uint32_t teid, uint64_t bytes)
{
	struct call c;

	assert_int_equal(s->store.ops->get(s->store.arg, teid, &c), ERR_OK);
	c.in_bytes = bytes;
	c.present |= CALL_HAS(CALL_F_IN_BYTES);
	assert_int_equal(s->store.ops->update(s->store.arg, &c, CKPT_GROUP_STATS), ERR_OK);
}

static void
drop_call(struct side *s, uint32_t teid)
{
	struct tombstone t = {.teid = teid, .cause = 128, .seq = 7};

	assert_int_equal(s->store.ops->release(s->store.arg, &t), ERR_OK);
}

static uint64_t
counter(struct side *s, enum ckpt_counter n)
{
	return ckpt_counters(s->ckpt)[n];
}

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
	ckpt_configure(b.ckpt, 0, false);
	add(&a, 1);
	join();
	for (int i = 1; i <= CKPT_HEARTBEATS_NORMAL; i++) {
		run();
		assert_int_equal(counter(&b, CKPT_HEARTBEATS_RECEIVED), i);
		assert_int_equal(ckpt_conn(a.ckpt), i < CKPT_HEARTBEATS_NORMAL ? CKPT_CONN_CONN : CKPT_CONN_READY);
		now += CKPT_HEARTBEAT_MS - 1;
		assert_int_equal(ckpt_tick(a.ckpt, now), ERR_OK);
		assert_int_equal(ckpt_tick(b.ckpt, now), ERR_OK);
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
	ckpt_configure(a.ckpt, 60000, true);
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
unacknowledged_changes_are_named_and_tell_lost_calls_from_lost_changes(void **state)
{
	uint32_t held = add(&a, 1), fresh;
	struct ckpt_unacked u;
	uint64_t cursor = 0;

	(void)state;
	join();
	run();
	cut();
	count_bytes(&a, held, 1);
	fresh = add(&a, 2);
	assert_true(ckpt_unacked_next(a.ckpt, &cursor, &u));
	assert_int_equal(u.index, teid_slot(held));
	assert_false(u.is_never_held);
	assert_true(ckpt_unacked_next(a.ckpt, &cursor, &u));
	assert_int_equal(u.index, teid_slot(fresh));
	assert_true(u.is_never_held);
	assert_false(ckpt_unacked_next(a.ckpt, &cursor, &u));
}

static void
more_deletions_than_tombstones_end_in_a_full_sync(void **state)
{
	uint32_t victim = add(&a, 1);

	(void)state;
	join();
	run();
	cut();
	drop_call(&a, victim);
	for (uint32_t i = 0; i < CALL_TOMBS; i++)
		drop_call(&a, add(&a, 2));
	join();
	run();
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 2);
	assert_int_equal(call_table_count(b.table), 0);
	assert_true(ckpt_is_quiet(a.ckpt));
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

/* --- what a peer may do wrong ---------------------------------------------------------------------- */

/* Two good records and a bad one in a batch whose number and checksum are right. */
static enum err
bad_batch(const void *raw, uint32_t raw_bytes, uint32_t count, uint64_t number, uint32_t crc_flip, uint8_t codec,
          uint32_t declared)
{
	static uint8_t frame[CKPT_RAW_MAX + 100];
	struct ckpt_batch h = {.number = number,
	                       .through = 1000,
	                       .codec = codec,
	                       .count = count,
	                       .raw_bytes = declared,
	                       .crc = (uint32_t)crc32(0, raw, raw_bytes) ^ crc_flip};
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, CKPT_BATCH);
	ckpt_batch_write(&w, &h);
	wbuf_bytes(&w, raw, raw_bytes);
	ckpt_frame_end(&w, at);
	assert_false(w.is_over);
	return ckpt_input(b.ckpt, frame, w.len, now);
}

static uint32_t
good_records(struct wbuf *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct call c = {.imsi = 900 + i, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};
		size_t at = ckpt_record_begin(w, CKPT_KIND_FULL, 1);

		c.teid = teid_make(INSTANCE, 0, 100 + i);
		c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
		            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_TEID);
		assert_int_equal(call_rows_encode(&c, w), ERR_OK);
		ckpt_record_end(w, at, c.teid);
	}
	return n;
}

static void
assert_refused(enum err got, enum err want, const char *field)
{
	assert_int_equal(got, want);
	assert_string_equal(ckpt_verdict(b.ckpt)->field, field);
	assert_int_equal(counter(&b, CKPT_REJECTED), 1);
	assert_int_equal(call_table_count(b.table), 0);
	assert_int_equal(ckpt_input(b.ckpt, "x", 1, now), ERR_REFUSED);
	/* The link falls, and the next connection works. */
	side_stop(&a);
	side_stop(&b);
	setup(NULL);
	join();
	run();
}

/* The number of the batch that b expects: nothing was sent, the full sync's end took number 1. */
enum { NEXT = 2 };

static void
a_batch_with_a_fault_is_refused_whole(void **state)
{
	static uint8_t raw[CKPT_RAW_MAX + 16];
	struct wbuf w;
	size_t len, at;

	(void)state;
	join();
	run();
	wbuf_init(&w, raw, sizeof raw);
	good_records(&w, 2);
	len = w.len;
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 1, 0, (uint32_t)len), ERR_CORRUPT, "crc32");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT + 1, 0, 0, (uint32_t)len), ERR_RANGE, "number");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT - 1, 0, 0, (uint32_t)len), ERR_RANGE, "number");
	assert_refused(bad_batch(raw, (uint32_t)len, 3, NEXT, 0, 0, (uint32_t)len), ERR_SHORT, "record length");
	assert_refused(bad_batch(raw, (uint32_t)len, 1, NEXT, 0, 0, (uint32_t)len), ERR_TRAILING, "count");
	assert_refused(bad_batch(raw, (uint32_t)len, 60000, NEXT, 0, 0, (uint32_t)len), ERR_RANGE, "count");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, 0, (uint32_t)len + 1), ERR_RANGE, "raw bytes");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, 0, CKPT_RAW_MAX + 1), ERR_RANGE, "raw bytes");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, 9, (uint32_t)len), ERR_RANGE, "codec");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, COMPRESS_ZLIB, (uint32_t)len), ERR_FORMAT,
	               "raw bytes");
	at = ckpt_record_begin(&w, CKPT_KIND_FULL, 1);
	wbuf_bytes(&w, "\x02\x01\x00", 3);
	ckpt_record_end(&w, at, teid_make(INSTANCE, 0, 5));
	assert_refused(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_FORMAT, "imsi");
	w.len = len;
	ckpt_record_end(&w, ckpt_record_begin(&w, CKPT_KIND_INVALIDATE_CRR, 1), teid_make(INSTANCE, 0, SLOTS));
	assert_refused(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_RANGE, "record teid");
	w.len = len;
	ckpt_record_end(&w, ckpt_record_begin(&w, CKPT_KIND_INVALIDATE_CRR, 1001), teid_make(INSTANCE, 0, 5));
	assert_refused(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_RANGE, "record seq");
}

static void
a_good_batch_by_hand_is_applied_and_unknown_kinds_are_passed_over(void **state)
{
	static uint8_t raw[4096];
	struct wbuf w;

	(void)state;
	join();
	run();
	wbuf_init(&w, raw, sizeof raw);
	good_records(&w, 2);
	ckpt_record_end(&w, ckpt_record_begin(&w, 250, 1), teid_make(INSTANCE, 0, 5));
	assert_int_equal(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_OK);
	assert_int_equal(call_table_count(b.table), 2);
	assert_int_equal(counter(&b, CKPT_UNKNOWN_RECEIVED), 1);
}

static void
a_size_that_lies_about_the_inflated_bytes_is_refused(void **state)
{
	static uint8_t zeros[CKPT_RAW_MAX], packed[CKPT_RAW_MAX];
	struct compress *z = compress_new();
	size_t n = 0;

	(void)state;
	assert_int_equal(compress_pack(z, COMPRESS_ZLIB, zeros, sizeof zeros, packed, sizeof packed, &n), ERR_OK);
	join();
	run();
	assert_refused(bad_batch(packed, (uint32_t)n, 1, NEXT, 0, COMPRESS_ZLIB, 100), ERR_RANGE, "raw bytes");
	assert_refused(bad_batch(packed, (uint32_t)n - 4, 1, NEXT, 0, COMPRESS_ZLIB, sizeof zeros), ERR_RANGE,
	               "raw bytes");
	compress_free(z);
}

static void
refuse_frame(uint8_t type, const char *body, size_t n, enum err want, const char *field)
{
	uint8_t frame[64];
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, type);
	wbuf_bytes(&w, body, n);
	ckpt_frame_end(&w, at);
	assert_refused(ckpt_input(b.ckpt, frame, w.len, now), want, field);
}

static void
control_frames_with_faults_are_refused_by_name(void **state)
{
	(void)state;
	join();
	run();
	refuse_frame(CKPT_ACK, "\x0b\x08\0\0\0\0\0\0\0\x63", 10, ERR_RANGE, "batch");
	refuse_frame(CKPT_ACK, "\x0b\x04\0\0\0\x63", 6, ERR_FORMAT, "batch");
	refuse_frame(CKPT_ACK, "", 0, ERR_SHORT, "missing field");
	refuse_frame(CKPT_ROLE, "\x03\x01\x09", 3, ERR_RANGE, "role");
	refuse_frame(CKPT_BATCH, "abc", 3, ERR_SHORT, "batch header");
	refuse_frame(CKPT_OPEN, "", 0, ERR_SHORT, "missing field");
	assert_refused(ckpt_input(b.ckpt, "GET / HT", 8, now), ERR_FORMAT, "magic");
	assert_refused(ckpt_input(b.ckpt, "\x53\x43\x02\x03\0\0\0\0", 8, now), ERR_VERSION, "version");
	assert_refused(ckpt_input(b.ckpt, "\x53\x43\x01\x07\0\x10\0\x01", 8, now), ERR_RANGE, "length");
}

static void
another_instance_or_the_own_chassis_is_refused_and_nothing_goes_before_open(void **state)
{
	struct ckpt_msg m = {.instance = INSTANCE + 1, .chassis_id = 1, .incarnation = 1, .compressions = 3};
	uint8_t frame[256];
	struct wbuf w;

	(void)state;
	wbuf_init(&w, frame, sizeof frame);
	ckpt_msg_write(&w, CKPT_OPEN, &m);
	ckpt_connected(b.ckpt, false, now);
	assert_refused(ckpt_input(b.ckpt, frame, w.len, now), ERR_RANGE, "instance");
	cut();
	m.instance = INSTANCE;
	m.chassis_id = 2;
	w.len = 0;
	ckpt_msg_write(&w, CKPT_OPEN, &m);
	ckpt_connected(b.ckpt, false, now);
	assert_refused(ckpt_input(b.ckpt, frame, w.len, now), ERR_RANGE, "chassis-id");
	cut();
	ckpt_connected(b.ckpt, false, now);
	assert_refused(ckpt_input(b.ckpt, "\x53\x43\x01\x03\0\0\0\0", 8, now), ERR_REFUSED, "before OPEN");
}

static void
the_first_bytes_of_a_connection_tell_instance_and_chassis(void **state)
{
	uint32_t instance = 0;
	uint64_t chassis = 0;

	(void)state;
	ckpt_connected(a.ckpt, true, now);
	fill(&a);
	assert_true(a.out_len >= CKPT_OPEN_BYTES);
	assert_int_equal(ckpt_peek_open(a.out, CKPT_OPEN_BYTES, &instance, &chassis), ERR_OK);
	assert_int_equal(instance, INSTANCE);
	assert_int_equal(chassis, 1);
	for (size_t n = 0; n < 24; n++)
		assert_int_equal(ckpt_peek_open(a.out, n, &instance, &chassis), ERR_SHORT);
	a.out[3] = CKPT_BATCH;
	assert_int_equal(ckpt_peek_open(a.out, CKPT_OPEN_BYTES, &instance, &chassis), ERR_FORMAT);
}

static void
a_stream_cut_into_single_bytes_means_the_same(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		add(&a, i);
	join();
	for (int i = 0; i < 1000 && !ckpt_is_quiet(a.ckpt); i++) {
		fill(&a);
		for (size_t k = 0; k < a.out_len; k++)
			assert_int_equal(ckpt_input(b.ckpt, a.out + k, 1, now), ERR_OK);
		a.out_len = 0;
		fill(&b);
		for (size_t k = 0; k < b.out_len; k++)
			assert_int_equal(ckpt_input(a.ckpt, b.out + k, 1, now), ERR_OK);
		b.out_len = 0;
	}
	assert_int_equal(call_table_count(b.table), 200);
}

static void
configurations_out_of_bounds_make_no_core(void **state)
{
	struct ckpt_config cfg = {.instance = 1, .incarnation = 1, .slots = 1, .tombs = 1, .ops = &side_ops};
	struct ckpt_config bad = cfg;
	struct ckpt *c = ckpt_new(&cfg);

	(void)state;
	assert_non_null(c);
	ckpt_free(c);
	bad.instance = 128;
	assert_null(ckpt_new(&bad));
	bad = cfg;
	bad.incarnation = 0;
	assert_null(ckpt_new(&bad));
	bad = cfg;
	bad.slots = TEID_SLOTS_MAX + 1;
	assert_null(ckpt_new(&bad));
}

static void
the_schema_of_the_control_messages_is_the_one_of_version_1(void **state)
{
	(void)state;
	assert_int_equal(rows_check(&ckpt_msg_format), ERR_OK);
	assert_int_equal(CKPT_VERSION, 1);
	assert_int_equal(rows_schema_hash(&ckpt_msg_format), 0x4a9a66bd);
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
	    T(what_was_sent_but_not_acknowledged_before_a_cut_goes_again),
	    T(a_lost_acknowledgement_costs_nothing_but_a_look_at_the_lineage),
	    T(after_a_planned_switchover_the_direction_turns_without_a_full_sync),
	    T(a_restarted_standby_gets_everything_and_a_restarted_active_is_not_believed_to_be_the_same),
	    T(a_full_sync_empties_nothing_before_its_end_and_then_drops_what_was_not_refreshed),
	    T(a_young_call_waits_for_its_duration_and_the_critical_flush_lets_it_in),
	    T(a_flush_is_refused_without_a_ready_peer_and_ends_when_the_link_falls),
	    T(unacknowledged_changes_are_named_and_tell_lost_calls_from_lost_changes),
	    T(more_deletions_than_tombstones_end_in_a_full_sync),
	    T(a_promotion_right_after_a_full_sync_brings_no_deleted_call_back),
	    T(a_side_that_was_promoted_ignores_batches_of_the_old_active),
	    T(a_batch_with_a_fault_is_refused_whole),
	    T(a_good_batch_by_hand_is_applied_and_unknown_kinds_are_passed_over),
	    T(a_size_that_lies_about_the_inflated_bytes_is_refused),
	    T(control_frames_with_faults_are_refused_by_name),
	    T(another_instance_or_the_own_chassis_is_refused_and_nothing_goes_before_open),
	    T(the_first_bytes_of_a_connection_tell_instance_and_chassis),
	    T(a_stream_cut_into_single_bytes_means_the_same),
	    T(configurations_out_of_bounds_make_no_core),
	    T(the_schema_of_the_control_messages_is_the_one_of_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
