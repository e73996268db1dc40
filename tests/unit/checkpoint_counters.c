/*
 * checkpoint_counters.c - every counter and gauge of the checkpoint link is moved by the event it names, by as much as
 * happened; the last test fails when one was moved by none. Refusals by name are checkpoint_refusals.c's.
 */
#include <stdio.h>

#include "session/arena_layout.h"
#include "tests/unit/ckpt_moved.h"

static void
pass(uint64_t ms)
{
	pass_by(ms, 100);
}

static void
update(uint32_t teid, uint32_t group, uint32_t value)
{
	struct call c;

	assert_int_equal(a.store.ops->get(a.store.arg, teid, &c), ERR_OK);
	c.updates = c.repeats = c.active_s = value;
	c.in_bytes = value;
	c.present |=
	    CALL_HAS(CALL_F_UPDATES) | CALL_HAS(CALL_F_REPEATS) | CALL_HAS(CALL_F_ACTIVE_S) | CALL_HAS(CALL_F_IN_BYTES);
	assert_int_equal(a.store.ops->update(a.store.arg, &c, group), ERR_OK);
}

static void
configure(const struct ckpt_settings *s)
{
	ckpt_configure(a.ckpt, s);
	ckpt_configure(b.ckpt, s);
}

static struct ckpt_settings
with_nacks(uint16_t max)
{
	return (struct ckpt_settings){.is_aggressive = true, .is_nack = {true, true}, .nacks_max = {max, max}};
}

/* --- connections and synchronisations ----------------------------------------------------------------------- */

static void
a_connection_its_synchronisation_and_its_end(void **state)
{
	(void)state;
	add(&a, 1);
	add(&a, 2);
	mark();
	join();
	run();
	for (struct side *s = &a; s != NULL; s = s == &a ? &b : NULL) {
		moved(s, CKPT_CONNECTS, 1);
		moved(s, CKPT_HEARTBEATS_SENT, 1);
		moved(s, CKPT_HEARTBEATS_RECEIVED, 1);
		moved_on(s, CKPT_WIRE_BYTES_SENT);
		moved_on(s, CKPT_WIRE_BYTES_RECEIVED);
		became(s, CKPT_NOW_CONN, CKPT_CONN_READY);
		became(s, CKPT_NOW_SYNC, CKPT_SYNC_CHANGES);
		became(s, CKPT_NOW_COMPRESSION, COMPRESS_ZLIB);
		became(s, CKPT_NOW_SCHEMA, 1);
	}
	assert_int_equal(moved_by(&a, CKPT_WIRE_BYTES_SENT), moved_by(&b, CKPT_WIRE_BYTES_RECEIVED));
	moved(&a, CKPT_SYNCS_FULL, 1);
	moved(&b, CKPT_SYNCS_RECEIVED, 1);
	moved(&a, CKPT_SYNCS_CHANGES, 0);
	mark();
	cut();
	moved(&a, CKPT_DISCONNECTS, 1);
	moved(&b, CKPT_DISCONNECTS, 1);
	became(&a, CKPT_NOW_CONN, CKPT_CONN_NONE);
	ckpt_offer(a.ckpt, COMPRESS_OFFERED_LZ4);
	became(&a, CKPT_NOW_CONFIGURED, COMPRESS_LZ4);
	join();
	run();
	moved(&a, CKPT_SYNCS_CHANGES, 1);
	moved(&a, CKPT_SYNCS_FULL, 0);
}

static void
calls_that_the_active_no_longer_has_are_dropped_by_a_full_synchronisation(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++)
		add(&b, 10 + i);
	mark();
	join();
	run();
	moved(&b, CKPT_SYNC_DROPPED, 5);
}

static void
roles_epochs_and_incarnations(void **state)
{
	(void)state;
	mark();
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 9);
	became(&b, CKPT_NOW_ROLE, CKPT_ACTIVE);
	became(&b, CKPT_NOW_EPOCH, 9);
	side_stop(&b);
	side_start(&b, 3, true);
	became(&b, CKPT_NOW_INCARNATION, 300);
	mark();
	join();
	run();
	became(&b, CKPT_NOW_EPOCH, 1); /* of the active it follows */
}

static void
batches_for_a_side_that_is_no_longer_the_standby_are_ignored(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	count_bytes(&a, teid, 9);
	fill(&a);
	mark();
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	assert_int_equal(ckpt_input(b.ckpt, a.out, a.out_len, now), ERR_OK);
	a.out_len = 0;
	moved(&b, CKPT_BATCHES_IGNORED, 1);
	moved(&b, CKPT_BATCHES_RECEIVED, 0);
}

/* --- records --------------------------------------------------------------------------------------------------- */

static void
a_new_call_is_a_full_checkpoint_in_a_batch(void **state)
{
	(void)state;
	join();
	run();
	mark();
	add(&a, 1);
	became(&a, CKPT_NOW_UNACKED, 1);
	became(&a, CKPT_NOW_LIST_PEAK, 1);
	fill(&a);
	became(&a, CKPT_NOW_IN_FLIGHT, 1);
	run();
	moved(&a, CKPT_CHANGES_MADE, 1);
	moved(&a, CKPT_FULL_SENT, 1);
	moved(&b, CKPT_FULL_RECEIVED, 1);
	moved(&a, ckpt_row_counter(CKPT_ROW_FULL, CKPT_ROW_SENT), 1);
	moved(&b, ckpt_row_counter(CKPT_ROW_FULL, CKPT_ROW_RECEIVED), 1);
	moved(&a, CKPT_BATCHES_SENT, 1);
	moved(&b, CKPT_BATCHES_RECEIVED, 1);
	moved(&b, CKPT_ACKS_SENT, 1);
	moved(&a, CKPT_ACKS_RECEIVED, 1);
	moved_on(&a, CKPT_RAW_BYTES_SENT);
	moved(&b, CKPT_RAW_BYTES_RECEIVED, moved_by(&a, CKPT_RAW_BYTES_SENT));
	for (struct side *s = &a; s != NULL; s = s == &a ? &b : NULL) {
		moved(s, CKPT_NOW_SEQ, 1);
		moved(s, CKPT_NOW_ACKED, 1);
		moved(s, CKPT_NOW_BATCH, 1);
	}
}

static void
each_kind_of_micro_checkpoint_counts_for_itself(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	for (unsigned row = 0; row < CKPT_MICRO_COUNT; row++) {
		mark();
		update(teid, ckpt_micro_rows[row].group, 7 + row);
		if (ckpt_micro_rows[row].group == CKPT_GROUP_ACCOUNTING)
			pass(ckpt_micro_rows[row].interval_ms);
		run();
		moved(&a, CKPT_MICRO_SENT, 1);
		moved(&b, CKPT_MICRO_RECEIVED, 1);
		for (unsigned other = 0; other < CKPT_ROW_COUNT; other++) {
			moved(&a, ckpt_row_counter(other, CKPT_ROW_SENT), other == row);
			moved(&b, ckpt_row_counter(other, CKPT_ROW_RECEIVED), other == row);
		}
	}
	mark();
	update(teid, CKPT_GROUP_STATS, 100);
	update(teid, CKPT_GROUP_STATS, 101);
	update(teid, CKPT_GROUP_STATS, 102);
	run();
	moved(&a, CKPT_CHANGES_MADE, 3);
	moved(&a, CKPT_CHANGES_MERGED, 2);
	moved(&a, CKPT_MICRO_SENT, 1);
}

static void
a_deletion_counts_once_and_apart_when_it_is_sent_again(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	mark();
	drop_call(&a, teid);
	fill(&a);
	moved(&a, CKPT_INVALIDATE_SENT, 1);
	moved(&a, ckpt_row_counter(CKPT_ROW_INVALIDATE, CKPT_ROW_SENT), 1);
	cut();
	join();
	run();
	moved(&a, CKPT_INVALIDATE_SENT, 1);
	moved(&a, CKPT_INVALIDATE_AGAIN, 1);
	moved(&b, CKPT_INVALIDATE_RECEIVED, 1);
	moved(&b, ckpt_row_counter(CKPT_ROW_INVALIDATE, CKPT_ROW_RECEIVED), 1);
}

static enum err
apply_nothing(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	(void)arg, (void)kind, (void)teid, (void)p, (void)n, (void)token;
	return ERR_FULL;
}

/* A standby that can write nothing down: each kind fails, and is asked for where a full checkpoint could answer. */
static void
what_cannot_be_applied_has_failed_and_is_asked_for(void **state)
{
	struct ckpt_settings s = with_nacks(1);

	(void)state;
	for (unsigned row = 0; row < CKPT_ROW_COUNT; row++) {
		static struct ckpt_ops ops;
		bool is_asked = row != CKPT_ROW_INVALIDATE, is_full = row == CKPT_ROW_FULL;
		uint32_t teid = 0;

		teardown(NULL);
		setup(NULL);
		if (!is_full)
			teid = add(&a, 1);
		ops = side_ops;
		side_stop(&b);
		side_start_with(&b, 2, true, &ops);
		configure(&s);
		join();
		run();
		ops.apply = apply_nothing;
		mark();
		if (is_full)
			add(&a, 2);
		else if (row == CKPT_ROW_INVALIDATE)
			drop_call(&a, teid);
		else
			update(teid, ckpt_micro_rows[row].group, 9);
		if (!is_full && ckpt_micro_rows[row].group == CKPT_GROUP_ACCOUNTING)
			pass(ckpt_micro_rows[row].interval_ms);
		run();
		moved_on(&b, is_full                      ? CKPT_FULL_FAILED
		             : row == CKPT_ROW_INVALIDATE ? CKPT_INVALIDATE_FAILED
		                                          : CKPT_MICRO_FAILED);
		moved_on(&b, ckpt_row_counter(row, CKPT_ROW_FAILED));
		if (is_asked) {
			moved(&b, ckpt_row_counter(row, CKPT_ROW_NACK_SENT), 1);
			moved(&a, ckpt_row_counter(row, CKPT_ROW_NACK_RECEIVED), 1);
			moved_on(&b, is_full ? CKPT_NACK_FC_SENT : CKPT_NACK_MC_SENT);
			moved_on(&a, is_full ? CKPT_NACK_FC_RECEIVED : CKPT_NACK_MC_RECEIVED);
			moved_on(&b, CKPT_NACK_APPL_SENT);
			moved_on(&a, CKPT_NACK_APPL_RECEIVED);
			moved_on(&a, CKPT_NACK_ANSWERED);
			moved_on(&b, CKPT_NACK_GIVEN_UP);
		} else {
			moved(&b, ckpt_row_counter(row, CKPT_ROW_NACK_SENT), 0); /* it has no answer: of no use */
		}
	}
}

/* This release asks for no deletion; a peer that does is counted. */
static void
a_nack_for_a_deletion_and_one_for_a_call_that_has_ended_are_counted(void **state)
{
	struct ckpt_msg m = {.teid = teid_make(INSTANCE, 0, 7), .kind = CKPT_KIND_INVALIDATE_CRR, .reason = 2};
	uint8_t frame[128];
	struct wbuf w;

	(void)state;
	join();
	run();
	mark();
	wbuf_init(&w, frame, sizeof frame);
	assert_int_equal(ckpt_msg_write(&w, CKPT_NACK, &m), ERR_OK);
	assert_int_equal(ckpt_input(a.ckpt, frame, w.len, now), ERR_OK);
	moved(&a, ckpt_row_counter(CKPT_ROW_INVALIDATE, CKPT_ROW_NACK_RECEIVED), 1);
	moved(&a, CKPT_NACK_GONE, 1);
}

static void
nacks_by_their_reason_and_what_becomes_of_them(void **state)
{
	struct ckpt_settings s = with_nacks(3);
	uint32_t teid = add(&a, 1), other;
	uint8_t record[ARENA_RECORD_MAX];
	struct call c = {.imsi = 5, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};
	struct wbuf w;

	(void)state;
	configure(&s);
	join();
	run();
	mark();
	call_table_drop(b.table, teid_slot(teid));
	count_bytes(&a, teid, 7);
	move(&a, &b);
	became(&b, CKPT_NOW_NACKS, 1);
	run();
	moved(&b, CKPT_NACK_NOT_FOUND_SENT, 1);
	moved(&a, CKPT_NACK_NOT_FOUND_RECEIVED, 1);
	moved(&b, CKPT_NACK_REPAIRED, 1);
	/* another call in its place */
	c.teid = other = teid_make(INSTANCE, teid_gen(teid) + 1, teid_slot(teid));
	c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_TEID);
	wbuf_init(&w, record, sizeof record);
	assert_int_equal(call_rows_encode(&c, &w), ERR_OK);
	call_table_drop(b.table, teid_slot(teid));
	assert_int_equal(call_table_place(b.table, other, record, w.len, call_rows_key(5, 15, 5)), ERR_OK);
	mark();
	count_bytes(&a, teid, 8);
	run();
	moved(&b, CKPT_NACK_CKEY_SENT, 1);
	moved(&a, CKPT_NACK_CKEY_RECEIVED, 1);
	/* and where nothing is to be asked for */
	s.nacks_max[CKPT_NACK_MICRO] = 0;
	configure(&s);
	mark();
	call_table_drop(b.table, teid_slot(teid));
	count_bytes(&a, teid, 9);
	run();
	moved(&b, CKPT_NACK_SUPPRESSED, 1);
}

static void
a_storm_of_nacks_is_counted_and_what_it_held_back(void **state)
{
	enum { MANY = 100 };
	struct ckpt_settings s = with_nacks(3);
	uint32_t teids[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		teids[i] = add(&a, 1 + i);
	configure(&s);
	join();
	run();
	for (unsigned i = 0; i < MANY; i++) {
		call_table_drop(b.table, teid_slot(teids[i]));
		count_bytes(&a, teids[i], 9);
	}
	mark();
	run();
	moved(&b, CKPT_NACK_STORMS, 1);
	moved(&b, CKPT_NACK_DELAYED, MANY - moved_by(&b, CKPT_NACK_MC_SENT));
	assert_true(moved_by(&b, CKPT_NACK_DELAYED) > 0);
}

static void
a_standby_that_does_not_acknowledge_fills_the_window(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	mark();
	for (unsigned i = 0; i < 10000 && moved_by(&a, CKPT_WINDOW_FULL) == 0; i++) {
		count_bytes(&a, teid, i + 1);
		fill(&a);
		a.out_len = 0;
	}
	moved_on(&a, CKPT_WINDOW_FULL);
}

static void
frames_of_a_newer_release_are_passed_over(void **state)
{
	uint8_t frame[64];
	struct wbuf w;

	(void)state;
	join();
	run();
	mark();
	wbuf_init(&w, frame, sizeof frame);
	ckpt_frame_end(&w, ckpt_frame_begin(&w, 250));
	assert_int_equal(ckpt_input(b.ckpt, frame, w.len, now), ERR_OK);
	moved(&b, CKPT_UNKNOWN_RECEIVED, 1);
}

/* --- by time and on order ------------------------------------------------------------------------------------ */

static void
young_calls_wait_and_the_critical_flush_sends_them(void **state)
{
	struct ckpt_settings s = {.is_aggressive = true, .duration_ms = {60000, 60000}};

	(void)state;
	configure(&s);
	join();
	run();
	mark();
	add(&a, 1);
	add(&a, 2);
	became(&a, CKPT_NOW_YOUNG, 2);
	run();
	moved(&a, CKPT_FULL_SENT, 0);
	assert_int_equal(ckpt_flush(a.ckpt), ERR_OK);
	run();
	moved(&a, CKPT_FLUSH_FIRST_FULL, 2);
	moved(&a, CKPT_FULL_SENT, 2);
}

static void
periodic_full_checkpoints(void **state)
{
	struct ckpt_settings s = {.is_aggressive = true, .periodic_ms = 60 * 1000};

	(void)state;
	configure(&s);
	for (unsigned i = 0; i < 3; i++)
		add(&a, 1 + i);
	join();
	run();
	pass(100);
	mark();
	pass(s.periodic_ms);
	moved(&a, CKPT_FULL_PERIODIC, 3);
	moved(&a, CKPT_FULL_SENT, 3);
}

static void
an_accounting_flush_brings_the_counters_that_were_held_back(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	pass(100);
	update(teid, CKPT_GROUP_ACCOUNTING, 5);
	mark();
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 1);
	run();
	moved(&a, CKPT_ACCOUNTING_SENT, 1);
	moved(&b, CKPT_ACCOUNTING_RECEIVED, 1);
}

/* A bit of the stored record of @teid is another one. */
static void
damage(struct side *s, uint32_t teid)
{
	struct arena arena;
	struct arena_view v;

	assert_int_equal(arena_attach(&arena, s->mem, arena_bytes(SLOTS)), ERR_OK);
	assert_int_equal(arena_peek(&arena, teid_slot(teid), &v), ERR_OK);
	((uint8_t *)s->mem)[v.rest + v.rest_len / 2 - (const uint8_t *)s->mem] ^= 4;
}

static void
proofs_and_what_they_found(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	add(&a, 2);
	join();
	mark();
	run();
	pass(3000);
	for (struct side *s = &a; s != NULL; s = s == &a ? &b : NULL) {
		moved_on(s, CKPT_PROOFS);
		moved(s, CKPT_PROOFS_DIFFERENT, 0);
		moved_on(s, CKPT_NOW_PROVED_MS);
		became(s, CKPT_NOW_PROOF_CALLS, 2);
	}
	became(&b, CKPT_NOW_DIGEST, counter(&a, CKPT_NOW_DIGEST));
	mark();
	damage(&b, teid);
	pass(3000);
	for (struct side *s = &a; s != NULL; s = s == &a ? &b : NULL) {
		moved_on(s, CKPT_PROOFS_DIFFERENT);
		became(s, CKPT_NOW_DIFFERENT, 1);
	}
}

static void
mended(void *arg, uint32_t teid, bool is_restored, const uint8_t *p, size_t n)
{
	(void)p, (void)n;
	if (!is_restored)
		drop_call(arg, teid);
}

static void
records_damaged_on_the_active_are_taken_back_or_their_calls_ended(void **state)
{
	static struct ckpt_ops ops;
	uint32_t teids[3];

	(void)state;
	ops = side_ops;
	ops.mended = mended;
	side_stop(&a);
	side_start_with(&a, 1, true, &ops);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 1);
	for (unsigned i = 0; i < 3; i++)
		teids[i] = add(&a, 1 + i);
	join();
	run();
	pass(3000);
	mark();
	for (unsigned i = 0; i < 3; i++)
		damage(&a, teids[i]);
	call_table_drop(b.table, teid_slot(teids[2]));
	pass(3000);
	moved(&a, CKPT_RECORDS_RESTORED, 2);
	moved(&a, CKPT_RECORDS_LOST, 1);
}

/* --- the end ----------------------------------------------------------------------------------------------------- */

/* Runs last: counters that no test above has moved. */
static void
every_counter_was_moved(void **state)
{
	unsigned missing = 0;

	(void)state;
	for (unsigned n = 0; n < CKPT_REFUSED_FIRST; n++) {
		/* never asked for; and the sum of those of checkpoint_refusals.c */
		bool is_elsewhere =
		    n == (unsigned)ckpt_row_counter(CKPT_ROW_INVALIDATE, CKPT_ROW_NACK_SENT) || n == CKPT_REJECTED;

		if (seen[n] || is_elsewhere)
			continue;
		print_error("counter %u was moved by no test\n", n);
		missing++;
	}
	assert_int_equal(missing, 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_connection_its_synchronisation_and_its_end),
	    T(calls_that_the_active_no_longer_has_are_dropped_by_a_full_synchronisation),
	    T(roles_epochs_and_incarnations),
	    T(batches_for_a_side_that_is_no_longer_the_standby_are_ignored),
	    T(a_new_call_is_a_full_checkpoint_in_a_batch),
	    T(each_kind_of_micro_checkpoint_counts_for_itself),
	    T(a_deletion_counts_once_and_apart_when_it_is_sent_again),
	    T(what_cannot_be_applied_has_failed_and_is_asked_for),
	    T(a_nack_for_a_deletion_and_one_for_a_call_that_has_ended_are_counted),
	    T(nacks_by_their_reason_and_what_becomes_of_them),
	    T(a_storm_of_nacks_is_counted_and_what_it_held_back),
	    T(a_standby_that_does_not_acknowledge_fills_the_window),
	    T(frames_of_a_newer_release_are_passed_over),
	    T(young_calls_wait_and_the_critical_flush_sends_them),
	    T(periodic_full_checkpoints),
	    T(an_accounting_flush_brings_the_counters_that_were_held_back),
	    T(proofs_and_what_they_found),
	    T(records_damaged_on_the_active_are_taken_back_or_their_calls_ended),
	    cmocka_unit_test(every_counter_was_moved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
