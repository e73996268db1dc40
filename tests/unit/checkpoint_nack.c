/* checkpoint_nack.c - NACKs between two link cores: what is asked for, how often, what answers, and what stops them. */
#include "tests/unit/ckpt_rig.h"

enum { WINDOW = CKPT_NACK_WINDOW_MS, MANY = 200 };

static struct ckpt_settings
with_nacks(uint16_t max)
{
	return (struct ckpt_settings){.is_aggressive = true, .is_nack = {true, true}, .nacks_max = {max, max}};
}

static void
ready(uint16_t max)
{
	struct ckpt_settings s = with_nacks(max);

	ckpt_configure(a.ckpt, &s);
	ckpt_configure(b.ckpt, &s);
	join();
	run();
}

/* Time goes on in steps of a tick, with everything delivered. */
static void
pass(uint64_t ms)
{
	for (uint64_t t = 0; t < ms; t += 100) {
		now += 100;
		assert_int_equal(ckpt_tick(a.ckpt, now), ERR_OK);
		assert_int_equal(ckpt_tick(b.ckpt, now), ERR_OK);
		run();
	}
}

static bool
holds(struct side *s, uint32_t teid)
{
	return call_table_teid(s->table, teid_slot(teid)) == teid;
}

/* From now on the standby refuses full checkpoints of every call. */
static enum err
apply_no_full(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	return kind == CKPT_KIND_FULL ? ERR_FULL : side_apply(arg, kind, teid, p, n, token);
}

static enum err
apply_no_micro(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	if (kind == CKPT_KIND_FULL || kind == CKPT_KIND_INVALIDATE_CRR)
		return side_apply(arg, kind, teid, p, n, token);
	return ERR_CORRUPT;
}

/* The standby b anew, with its own way to apply. */
static void standby_applies_with(enum err (*apply)(void *, uint8_t, uint32_t, const uint8_t *, size_t, uint64_t))
{
	static struct ckpt_ops ops;

	ops = side_ops;
	ops.apply = apply;
	side_stop(&b);
	side_start_with(&b, 2, true, &ops);
}

static void
a_lost_call_is_asked_for_by_its_next_micro_checkpoint_and_comes_back(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	ready(3);
	assert_true(call_table_drop(b.table, teid_slot(teid)));
	count_bytes(&a, teid, 77);
	run();
	assert_true(holds(&b, teid));
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), 1);
	assert_int_equal(counter(&b, CKPT_NACK_NOT_FOUND_SENT), 1);
	assert_int_equal(counter(&a, CKPT_NACK_MC_RECEIVED), 1);
	assert_int_equal(counter(&a, CKPT_NACK_NOT_FOUND_RECEIVED), 1);
	assert_int_equal(counter(&a, CKPT_NACK_ANSWERED), 1);
	assert_int_equal(counter(&b, CKPT_NACK_REPAIRED), 1);
	assert_int_equal(counter(&b, CKPT_NOW_NACKS), 0);
	for (int side = 0; side < 2; side++) {
		unsigned row = ckpt_row_of(CKPT_KIND_GGSN_UPDATE_STATS);
		enum ckpt_row_figure figure = side == 0 ? CKPT_ROW_NACK_RECEIVED : CKPT_ROW_NACK_SENT;

		assert_int_equal(counter(side == 0 ? &a : &b, ckpt_row_counter(row, figure)), 1);
	}
	/* what was repaired leaves nothing to be made up for */
	assert_int_equal(ckpt_lineage(b.ckpt).seq, ckpt_lineage(a.ckpt).seq);
}

static void
a_call_in_anothers_place_is_a_key_mismatch(void **state)
{
	uint32_t teid = add(&a, 1), other = teid_make(INSTANCE, teid_gen(teid) + 1, teid_slot(teid));
	uint8_t record[ARENA_RECORD_MAX];
	struct call c = {.imsi = 5, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED, .teid = other};
	struct wbuf w;

	(void)state;
	ready(3);
	wbuf_init(&w, record, sizeof record);
	c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_TEID);
	assert_int_equal(call_rows_encode(&c, &w), ERR_OK);
	assert_int_equal(call_table_place(b.table, other, record, w.len, call_rows_key(5, 15, 5)), ERR_OK);
	count_bytes(&a, teid, 77);
	run();
	assert_true(holds(&b, teid));
	assert_int_equal(counter(&b, CKPT_NACK_CKEY_SENT), 1);
	assert_int_equal(counter(&a, CKPT_NACK_CKEY_RECEIVED), 1);
}

static void
without_the_configuration_nothing_is_asked_for_and_the_next_connection_brings_everything(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	join();
	run();
	call_table_drop(b.table, teid_slot(teid));
	count_bytes(&a, teid, 77);
	run();
	assert_false(holds(&b, teid));
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), 0);
	assert_int_equal(counter(&b, CKPT_NACK_SUPPRESSED), 1);
	cut();
	join();
	run();
	assert_true(holds(&b, teid));
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 2);
}

static void
a_failed_answer_is_asked_for_again_until_max_response(void **state)
{
	uint32_t teid;

	(void)state;
	standby_applies_with(apply_no_full);
	ready(3);
	teid = add(&a, 1);
	run();
	assert_false(holds(&b, teid));
	assert_int_equal(counter(&b, CKPT_NACK_FC_SENT), 3);
	assert_int_equal(counter(&b, CKPT_NACK_APPL_SENT), 3);
	assert_int_equal(counter(&a, CKPT_NACK_FC_RECEIVED), 3);
	assert_int_equal(counter(&a, CKPT_NACK_APPL_RECEIVED), 3);
	assert_int_equal(counter(&b, CKPT_NACK_GIVEN_UP), 1);
	assert_int_equal(ckpt_lineage(b.ckpt).epoch, 0); /* it does not hold everything, and says so */
}

/* It comes again and again and cannot be written: what is asked for is under way, and a comparison does not name it. */
static void
a_call_that_is_asked_for_is_no_difference_until_it_is_given_up(void **state)
{
	(void)state;
	standby_applies_with(apply_no_full);
	ready(60);
	pass(1000);
	add(&a, 1);
	run();
	while (counter(&b, CKPT_NOW_NACKS) == 1) {
		assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
		pass(100);
	}
	assert_true(counter(&b, CKPT_NACK_FC_SENT) == 60);
	pass(1000);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 1);
}

static enum err
apply_no_deletion(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	return kind == CKPT_KIND_INVALIDATE_CRR ? ERR_FULL : side_apply(arg, kind, teid, p, n, token);
}

static void
a_deletion_that_fails_ends_the_call_all_the_same(void **state)
{
	struct tombstone t;
	uint32_t teid;

	(void)state;
	standby_applies_with(apply_no_deletion);
	ready(3);
	teid = add(&a, 1);
	run();
	assert_true(holds(&b, teid));
	drop_call(&a, teid);
	run();
	assert_false(holds(&b, teid));
	assert_int_equal(counter(&b, CKPT_INVALIDATE_FAILED), 1);
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), 0); /* no full checkpoint could answer it */
	assert_int_equal(b.store.ops->find_tombstone(b.store.arg, teid, &t), ERR_NOT_FOUND);
	assert_int_equal(ckpt_lineage(b.ckpt).epoch, 0); /* so everything comes again with the next connection */
}

static bool has_failed;

static enum err
apply_but_not_at_first(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	if (kind == CKPT_KIND_FULL && !has_failed) {
		has_failed = true;
		return ERR_FULL;
	}
	return side_apply(arg, kind, teid, p, n, token);
}

static void
a_critical_flush_ends_only_when_what_failed_has_come_again(void **state)
{
	uint32_t teid;

	(void)state;
	has_failed = false;
	standby_applies_with(apply_but_not_at_first);
	ready(3);
	teid = add(&a, 1);
	assert_int_equal(ckpt_flush(a.ckpt), ERR_OK);
	for (int i = 0; i < 100 && a.flushes == 0; i++) {
		move(&a, &b);
		move(&b, &a);
	}
	assert_true(has_failed);
	assert_int_equal(a.flushes, 1);
	assert_int_equal(a.flush_result, ERR_OK);
	assert_true(holds(&b, teid));
}

/* NACKs whose answers never come: everything from the active to the standby is thrown away. */
static void
an_answer_that_does_not_come_is_asked_for_again_every_ten_minutes(void **state)
{
	uint32_t teid = add(&a, 1);
	uint64_t sent_at[4] = {0}, began;

	(void)state;
	ready(3);
	call_table_drop(b.table, teid_slot(teid));
	count_bytes(&a, teid, 77);
	move(&a, &b);
	began = now;
	for (unsigned n = 0; now < began + 4 * (uint64_t)WINDOW; now += 1000) {
		uint8_t heartbeat[64];
		struct wbuf w;

		wbuf_init(&w, heartbeat, sizeof heartbeat);
		ckpt_frame_end(&w, ckpt_frame_begin(&w, CKPT_HEARTBEAT));
		assert_int_equal(ckpt_input(b.ckpt, heartbeat, w.len, now), ERR_OK); /* the active lives */
		assert_int_equal(ckpt_tick(b.ckpt, now), ERR_OK);
		wbuf_init(&w, b.out, OUT);
		assert_int_equal(ckpt_fill(b.ckpt, &w, now), ERR_OK);
		if (counter(&b, CKPT_NACK_MC_SENT) > n && n < 4)
			sent_at[n++] = now;
	}
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), 3);
	assert_int_equal(sent_at[0], began);
	assert_in_range(sent_at[1], began + WINDOW, began + WINDOW + 1000);
	assert_in_range(sent_at[2], began + 2 * WINDOW, began + 2 * WINDOW + 2000);
	assert_int_equal(counter(&b, CKPT_NACK_GIVEN_UP), 1);
}

static void
a_response_of_zero_asks_for_nothing(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	ready(0);
	call_table_drop(b.table, teid_slot(teid));
	count_bytes(&a, teid, 77);
	run();
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), 0);
	assert_int_equal(counter(&b, CKPT_NACK_SUPPRESSED), 1);
}

static void
a_disabled_kind_is_not_asked_for_and_the_others_are(void **state)
{
	struct ckpt_settings s = with_nacks(3);
	uint32_t teid = add(&a, 1), other = add(&a, 2);
	struct call c;

	(void)state;
	ready(3);
	s.nack_disabled[CKPT_KIND_GGSN_UPDATE_STATS / 8] |= 1u << CKPT_KIND_GGSN_UPDATE_STATS % 8;
	ckpt_configure(b.ckpt, &s);
	call_table_drop(b.table, teid_slot(teid));
	call_table_drop(b.table, teid_slot(other));
	count_bytes(&a, teid, 77);
	run();
	assert_false(holds(&b, teid));
	assert_int_equal(counter(&b, CKPT_NACK_SUPPRESSED), 1);
	assert_int_equal(a.store.ops->get(a.store.arg, other, &c), ERR_OK);
	assert_int_equal(a.store.ops->update(a.store.arg, &c, CKPT_GROUP_SESSION), ERR_OK);
	run();
	assert_true(holds(&b, other));
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), 1);
	/* enabled again, the next failure asks */
	s = with_nacks(3);
	ckpt_configure(b.ckpt, &s);
	count_bytes(&a, teid, 78);
	run();
	assert_true(holds(&b, teid));
}

static void
a_call_that_ended_meanwhile_is_not_sent_again(void **state)
{
	uint32_t teid = add(&a, 1);

	(void)state;
	ready(3);
	call_table_drop(b.table, teid_slot(teid));
	count_bytes(&a, teid, 77);
	move(&a, &b);
	fill(&b); /* the NACK is under way */
	drop_call(&a, teid);
	run();
	assert_int_equal(counter(&a, CKPT_NACK_GONE), 1);
	assert_int_equal(counter(&a, CKPT_NACK_ANSWERED), 0);
	assert_int_equal(call_table_count(b.table), 0);
	assert_int_equal(counter(&b, CKPT_NOW_NACKS), 0);
}

static void
a_storm_is_slowed_named_and_ends(void **state)
{
	uint32_t teids[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		teids[i] = add(&a, 1 + i);
	ready(3);
	for (unsigned i = 0; i < MANY; i++) {
		call_table_drop(b.table, teid_slot(teids[i]));
		count_bytes(&a, teids[i], 9);
	}
	run();
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), 32);
	assert_int_equal(b.storms, 1);
	assert_false(b.storm.is_over);
	assert_int_equal(b.storm.kind, CKPT_KIND_GGSN_UPDATE_STATS);
	assert_int_equal(b.storm.reason, CKPT_NACK_SESS_NOT_FOUND);
	assert_int_equal(b.storm.waiting, MANY - 32);
	assert_int_equal(counter(&b, CKPT_NACK_DELAYED), MANY - 32);
	pass(1000);
	assert_in_range(counter(&b, CKPT_NACK_MC_SENT), 32 + 40, 32 + 50); /* 50 a second */
	pass(5000);
	assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), MANY);
	for (unsigned i = 0; i < MANY; i++)
		assert_true(holds(&b, teids[i]));
	assert_int_equal(b.storms, 2);
	assert_true(b.storm.is_over);
	assert_int_equal(counter(&b, CKPT_NACK_STORMS), 1);
}

/* Every micro-checkpoint fails and every full one is applied: no max-response ends that, only the pace bounds it. */
static void
a_kind_that_fails_all_the_time_costs_no_more_than_the_pace_and_can_be_disabled(void **state)
{
	struct ckpt_settings s = with_nacks(3);
	uint32_t teids[MANY];

	(void)state;
	standby_applies_with(apply_no_micro);
	for (unsigned i = 0; i < MANY; i++)
		teids[i] = add(&a, 1 + i);
	ready(3);
	for (unsigned round = 0; round < 50; round++) {
		for (unsigned i = 0; i < MANY; i++)
			count_bytes(&a, teids[i], 9 + round);
		pass(100);
	}
	assert_in_range(counter(&b, CKPT_NACK_MC_SENT), 32 + 200, 32 + 250); /* in five seconds */
	assert_int_equal(b.storm.kind, CKPT_KIND_GGSN_UPDATE_STATS);
	s.nack_disabled[CKPT_KIND_GGSN_UPDATE_STATS / 8] |= 1u << CKPT_KIND_GGSN_UPDATE_STATS % 8;
	ckpt_configure(b.ckpt, &s);
	pass(100);
	{
		uint64_t sent = counter(&b, CKPT_NACK_MC_SENT);

		count_bytes(&a, teids[0], 1000);
		pass(3000);
		assert_int_equal(counter(&b, CKPT_NACK_MC_SENT), sent);
	}
	assert_true(b.storm.is_over);
	assert_int_equal(counter(&b, CKPT_NOW_NACKS), 0);
}

static void
more_failures_than_can_be_remembered_end_in_a_full_sync(void **state)
{
	enum { TOO_MANY = 1100 };
	uint32_t teids[TOO_MANY];

	(void)state;
	for (unsigned i = 0; i < TOO_MANY; i++)
		teids[i] = add(&a, 1 + i);
	ready(3);
	for (unsigned i = 0; i < TOO_MANY; i++) {
		call_table_drop(b.table, teid_slot(teids[i]));
		count_bytes(&a, teids[i], 9);
	}
	run();
	assert_int_equal(counter(&b, CKPT_NOW_NACKS) + counter(&b, CKPT_NACK_REPAIRED), 1024 + 32 - 32);
	assert_true(counter(&b, CKPT_NACK_GIVEN_UP) > 0);
	cut();
	join();
	run();
	for (unsigned i = 0; i < TOO_MANY; i++)
		assert_true(holds(&b, teids[i]));
	assert_int_equal(counter(&b, CKPT_NOW_NACKS), 0);
}

static void
a_nack_for_another_session_manager_is_refused_by_name(void **state)
{
	struct ckpt_msg m = {
	    .teid = teid_make(INSTANCE + 1, 0, 1), .kind = CKPT_KIND_UPDATE_IDLESECS, .reason = 2, .seq = 1};
	uint8_t frame[128];
	struct wbuf w;

	(void)state;
	ready(3);
	wbuf_init(&w, frame, sizeof frame);
	assert_int_equal(ckpt_msg_write(&w, CKPT_NACK, &m), ERR_OK);
	assert_int_equal(ckpt_input(a.ckpt, frame, w.len, now), ERR_RANGE);
	assert_string_equal(ckpt_verdict(a.ckpt)->frame, "NACK");
	assert_string_equal(ckpt_verdict(a.ckpt)->field, "record teid");
}

/* --- periodic full checkpoints ------------------------------------------------------------------------------ */

static void
every_call_is_sent_in_full_once_an_interval(void **state)
{
	enum { CALLS = 40, MINUTES = 30 };
	struct ckpt_settings s = {.is_aggressive = true, .periodic_ms = MINUTES * 60 * 1000};

	(void)state;
	ckpt_configure(a.ckpt, &s);
	for (unsigned i = 0; i < CALLS; i++)
		add(&a, 1 + i);
	join();
	run();
	assert_int_equal(counter(&b, CKPT_FULL_RECEIVED), CALLS);
	pass(100);
	for (unsigned interval = 1; interval <= 3; interval++) {
		pass(s.periodic_ms);
		assert_in_range(counter(&a, CKPT_FULL_PERIODIC), interval * CALLS - 1, interval * CALLS + 1);
		assert_int_equal(counter(&b, CKPT_FULL_RECEIVED), CALLS + counter(&a, CKPT_FULL_PERIODIC));
	}
	/* off: none */
	s.periodic_ms = 0;
	ckpt_configure(a.ckpt, &s);
	{
		uint64_t n = counter(&a, CKPT_FULL_PERIODIC);

		pass(MINUTES * 60 * 1000);
		assert_int_equal(counter(&a, CKPT_FULL_PERIODIC), n);
	}
}

static void
periodic_checkpoints_need_a_standby_and_spread_over_the_interval(void **state)
{
	enum { CALLS = SLOTS };
	struct ckpt_settings s = {.is_aggressive = true, .periodic_ms = 30 * 60 * 1000};
	uint64_t before = 0;

	(void)state;
	ckpt_configure(a.ckpt, &s);
	for (unsigned i = 0; i < CALLS; i++)
		add(&a, 1 + i);
	now += 24 * 60 * 60 * 1000; /* a day alone */
	ckpt_tick(a.ckpt, now);
	assert_int_equal(counter(&a, CKPT_FULL_PERIODIC), 0);
	join();
	run();
	for (unsigned minute = 0; minute < 30; minute++) {
		pass(60 * 1000);
		assert_in_range(counter(&a, CKPT_FULL_PERIODIC) - before, CALLS / 30 - 2, CALLS / 30 + 2);
		before = counter(&a, CKPT_FULL_PERIODIC);
	}
}

/* --- two durations ------------------------------------------------------------------------------------------ */

static void
ims_calls_have_their_own_duration(void **state)
{
	struct ckpt_settings s = {.is_aggressive = true, .duration_ms = {[CKPT_NON_IMS] = 60000, [CKPT_IMS] = 5000}};
	uint32_t data, voice;

	(void)state;
	ckpt_configure(a.ckpt, &s);
	join();
	run();
	data = add(&a, 1);
	age_of_next = CKPT_IMS;
	voice = add(&a, 2);
	pass(4900);
	assert_false(holds(&b, voice));
	assert_int_equal(counter(&a, CKPT_NOW_YOUNG), 2);
	pass(200);
	assert_true(holds(&b, voice));
	assert_false(holds(&b, data));
	pass(55000);
	assert_true(holds(&b, data));
	/* 0 of one class is at once, whatever the other has */
	s.duration_ms[CKPT_IMS] = 0;
	ckpt_configure(a.ckpt, &s);
	voice = add(&a, 3);
	run();
	assert_true(holds(&b, voice));
}

static void
young_calls_of_both_classes_are_named_and_flushed(void **state)
{
	struct ckpt_settings s = {.is_aggressive = true, .duration_ms = {60000, 60000}};
	struct ckpt_unacked u;
	uint64_t cursor = 0;
	unsigned named = 0;

	(void)state;
	ckpt_configure(a.ckpt, &s);
	add(&a, 1);
	add(&a, 2);
	age_of_next = CKPT_IMS;
	add(&a, 3);
	while (ckpt_unacked_next(a.ckpt, &cursor, &u)) {
		assert_true(u.is_young && u.is_never_held);
		named++;
	}
	assert_int_equal(named, 3);
	join();
	run();
	assert_int_equal(ckpt_flush(a.ckpt), ERR_OK);
	run();
	assert_int_equal(a.flushes, 1);
	assert_int_equal(call_table_count(b.table), 3);
	assert_int_equal(counter(&a, CKPT_FLUSH_FIRST_FULL), 3);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_lost_call_is_asked_for_by_its_next_micro_checkpoint_and_comes_back),
	    T(a_call_in_anothers_place_is_a_key_mismatch),
	    T(without_the_configuration_nothing_is_asked_for_and_the_next_connection_brings_everything),
	    T(a_failed_answer_is_asked_for_again_until_max_response),
	    T(a_call_that_is_asked_for_is_no_difference_until_it_is_given_up),
	    T(a_deletion_that_fails_ends_the_call_all_the_same),
	    T(a_critical_flush_ends_only_when_what_failed_has_come_again),
	    T(an_answer_that_does_not_come_is_asked_for_again_every_ten_minutes),
	    T(a_response_of_zero_asks_for_nothing),
	    T(a_disabled_kind_is_not_asked_for_and_the_others_are),
	    T(a_call_that_ended_meanwhile_is_not_sent_again),
	    T(a_storm_is_slowed_named_and_ends),
	    T(a_kind_that_fails_all_the_time_costs_no_more_than_the_pace_and_can_be_disabled),
	    T(more_failures_than_can_be_remembered_end_in_a_full_sync),
	    T(a_nack_for_another_session_manager_is_refused_by_name),
	    T(every_call_is_sent_in_full_once_an_interval),
	    T(periodic_checkpoints_need_a_standby_and_spread_over_the_interval),
	    T(ims_calls_have_their_own_duration),
	    T(young_calls_of_both_classes_are_named_and_flushed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
