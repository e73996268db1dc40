/* checkpoint_proof.c - proof of sync between two link cores: rounds, what differs by name, audit and repair. */
#include "checkpoint/ckpt_proof.h"
#include "session/arena_layout.h"
#include "tests/unit/ckpt_rig.h"

static void
pass(unsigned ms)
{
	pass_by(ms, 10);
}

static struct arena
arena_of(struct side *s)
{
	struct arena arena;

	assert_int_equal(arena_attach(&arena, s->mem, arena_bytes(SLOTS)), ERR_OK);
	return arena;
}

static void
flip(struct side *s, uint32_t teid)
{
	struct arena arena = arena_of(s);
	struct arena_view v;

	assert_int_equal(arena_peek(&arena, teid_slot(teid), &v), ERR_OK);
	((uint8_t *)s->mem)[v.rest + v.rest_len / 2 - (const uint8_t *)s->mem] ^= 4;
}

static uint32_t
count(struct side *s, enum ckpt_differ_kind kind)
{
	uint32_t counts[CKPT_DIFFER_KINDS];

	ckpt_proof_counts(s->ckpt, counts);
	return counts[kind];
}

static void
assert_only(struct side *s, enum ckpt_differ_kind kind, uint32_t teid)
{
	struct ckpt_differ names[4];

	assert_int_equal(counter(s, CKPT_NOW_DIFFERENT), 1);
	assert_int_equal(count(s, kind), 1);
	assert_int_equal(ckpt_proof_names(s->ckpt, names, 4), 1);
	assert_int_equal(names[0].kind, kind);
	assert_int_equal(names[0].teid, teid);
}

/* A table change that the link core is not told of. */
static void
change_unseen(struct side *s, uint32_t teid)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct call c;
	struct wbuf w;

	assert_int_equal(s->store.ops->get(s->store.arg, teid, &c), ERR_OK);
	c.in_bytes += 77;
	c.present |= CALL_HAS(CALL_F_IN_BYTES);
	wbuf_init(&w, buf, sizeof buf);
	assert_int_equal(call_rows_encode(&c, &w), ERR_OK);
	assert_int_equal(call_table_place(s->table, teid, buf, w.len, call_rows_key(c.imsi, c.imsi_digits, c.nsapi)),
	                 ERR_OK);
}

static void
a_pair_in_sync_is_proved_equal_and_says_how_old_that_is(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		add(&a, 1000 + i);
	join();
	run();
	pass(3000);
	for (struct side *s = &a; s != NULL; s = s == &a ? &b : NULL) {
		assert_int_equal(counter(s, CKPT_NOW_DIFFERENT), 0);
		assert_int_equal(counter(s, CKPT_NOW_PROOF_CALLS), 1500);
		assert_in_range(now - counter(s, CKPT_NOW_PROVED_MS), 1, 1500);
		assert_in_range(counter(s, CKPT_PROOFS), 8, 13);
		assert_int_equal(counter(s, CKPT_PROOFS_DIFFERENT), 0);
	}
	assert_true(counter(&a, CKPT_NOW_DIGEST) == counter(&b, CKPT_NOW_DIGEST));
	cut();
	assert_int_equal(counter(&a, CKPT_NOW_PROVED_MS), 0);
}

static void
a_bit_flipped_on_the_standby_is_named_on_both_sides_within_two_seconds(void **state)
{
	uint32_t teid = 0;
	uint64_t begun;

	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		teid = add(&a, 1000 + i);
	join();
	run();
	pass(2000);
	flip(&b, teid);
	begun = now;
	while (counter(&b, CKPT_NOW_DIFFERENT) == 0 && now < begun + 5000)
		pass(10);
	assert_in_range(now - begun, 0, 1300);
	assert_only(&b, CKPT_DAMAGED_STANDBY, teid);
	while (counter(&a, CKPT_NOW_DIFFERENT) == 0 && now < begun + 5000)
		pass(10);
	assert_in_range(now - begun, 0, 1800);
	assert_only(&a, CKPT_DAMAGED_STANDBY, teid);
	flip(&b, teid);
	pass(2000);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
}

static void
a_bit_flipped_on_the_active_is_named_on_both_sides(void **state)
{
	uint32_t teid;

	(void)state;
	add(&a, 1000);
	teid = add(&a, 1001);
	join();
	run();
	pass(2000);
	flip(&a, teid);
	pass(2000);
	assert_only(&a, CKPT_DAMAGED_ACTIVE, teid);
	assert_only(&b, CKPT_DAMAGED_ACTIVE, teid);
}

static void
a_call_that_differs_is_found_by_sums_and_named(void **state)
{
	uint32_t teid, other;

	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		teid = add(&a, 1000 + i);
	join();
	run();
	change_unseen(&b, teid);
	pass(1500);
	assert_only(&a, CKPT_DIFFERS, teid);
	assert_only(&b, CKPT_DIFFERS, teid);
	count_bytes(&a, teid, 77); /* the same on both again */
	pass(1000);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
	other = teid - 700;
	assert_true(call_table_drop(b.table, teid_slot(other)));
	pass(1000);
	assert_only(&a, CKPT_MISSING, other);
	assert_only(&b, CKPT_MISSING, other);
}

static void
a_change_nobody_told_the_link_is_named_unsent(void **state)
{
	uint32_t teid;

	(void)state;
	add(&a, 1000);
	teid = add(&a, 1001);
	join();
	run();
	pass(1500);
	change_unseen(&a, teid);
	pass(2500);
	assert_only(&a, CKPT_UNSENT, teid);
	count_bytes(&a, teid, 5);
	pass(2500);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
}

static void
rounds_are_exact_while_calls_come_change_and_go(void **state)
{
	uint32_t teids[300];

	(void)state;
	for (unsigned i = 0; i < 300; i++)
		teids[i] = add(&a, 1000 + i);
	join();
	run();
	for (unsigned i = 0; i < 3000; i++) {
		unsigned k = i * 7 % 300;

		if (i % 3 == 0) {
			drop_call(&a, teids[k]);
			teids[k] = add(&a, 1000 + k);
		} else {
			count_bytes(&a, teids[k], i);
		}
		now += 7;
		ckpt_scrub(a.ckpt, now);
		ckpt_scrub(b.ckpt, now);
		ckpt_tick(a.ckpt, now);
		/* Halves of rounds stay under way while changes are made. */
		move(&a, &b);
		count_bytes(&a, teids[(k + 1) % 300], i);
		move(&b, &a);
		assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
	}
	assert_in_range(counter(&a, CKPT_PROOFS), 60, 100);
	assert_int_equal(counter(&a, CKPT_PROOFS_DIFFERENT), 0);
}

/* Reads the records of @s as often as is wanted, for @ms. */
static void
scrub_for(struct side *s, uint64_t ms)
{
	for (uint64_t end = now + ms; now < end;)
		now += ckpt_scrub(s->ckpt, now);
}

/* Slices that are wanted at once, one behind the other. */
static unsigned
slices_in_a_row(struct side *s)
{
	unsigned n = 1;

	while (ckpt_scrub(s->ckpt, now) == 0)
		n++;
	return n;
}

static void
what_a_rest_leaves_out_is_not_read_in_one_burst(void **state)
{
	unsigned usual;

	(void)state;
	for (unsigned i = 0; i < 1900; i++)
		add(&a, i);
	scrub_for(&a, CKPT_SCRUB_PASS_MS / 4);
	usual = slices_in_a_row(&a);
	now += ckpt_scrub(a.ckpt, now);
	now += CKPT_SCRUB_PASS_MS / 2;
	assert_in_range(slices_in_a_row(&a), 1, usual + 1);
}

static void
records_are_read_slowly_while_a_full_synchronization_runs_and_all_again_when_it_has_ended(void **state)
{
	uint64_t ended;

	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		add(&a, 1000 + i);
	join();
	while (ckpt_sync(a.ckpt) != CKPT_SYNC_FULL)
		move(&a, &b), move(&b, &a);
	scrub_for(&a, CKPT_SCRUB_PASS_MS + 300);
	assert_int_equal(proof_read_ms(a.ckpt->proof), 0);
	run();
	ended = now;
	scrub_for(&a, CKPT_SCRUB_PASS_MS + 300);
	assert_true(proof_read_ms(a.ckpt->proof) >= ended);
}

static void
calls_too_young_to_be_sent_are_no_difference(void **state)
{
	(void)state;
	add(&a, 1000);
	join();
	run();
	ckpt_configure(a.ckpt, &(struct ckpt_settings){.duration_ms = {60000, 60000}, .is_aggressive = true});
	add(&a, 1001);
	pass(3000);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
	assert_int_equal(counter(&a, CKPT_NOW_PROOF_CALLS), 1);
	cut();
	join();
	run();
	pass(3000);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
	pass(60000);
	assert_int_equal(counter(&a, CKPT_NOW_PROOF_CALLS), 2);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
}

static void
a_pair_whose_roles_turned_is_proved_at_once(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		add(&a, 1000 + i);
	join();
	run();
	pass(1500);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 2);
	run();
	assert_int_equal(counter(&b, CKPT_SYNCS_CHANGES), 1);
	add(&b, 5000);
	pass(2000);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
	assert_int_equal(counter(&a, CKPT_NOW_PROOF_CALLS), 101);
	assert_true(counter(&a, CKPT_NOW_PROVED_MS) > 0 && counter(&b, CKPT_NOW_PROVED_MS) > 0);
}

static void
an_audit_repairs_what_differs_and_counts_it(void **state)
{
	uint32_t teids[1500], stale;
	struct call c = {.imsi = 999999, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};
	uint8_t buf[ARENA_RECORD_MAX];
	struct wbuf w;

	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		teids[i] = add(&a, 1000 + i);
	join();
	run();
	assert_true(call_table_drop(b.table, teid_slot(teids[3])));
	assert_true(call_table_drop(b.table, teid_slot(teids[1400])));
	change_unseen(&b, teids[70]);
	flip(&b, teids[800]);
	stale = teid_make(INSTANCE, 0, 1999);
	c.teid = stale;
	c.present = CALL_HAS(CALL_F_TEID) | CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) |
	            CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE);
	wbuf_init(&w, buf, sizeof buf);
	assert_int_equal(call_rows_encode(&c, &w), ERR_OK);
	assert_int_equal(call_table_place(b.table, stale, buf, w.len, call_rows_key(999999, 15, 5)), ERR_OK);
	assert_int_equal(ckpt_audit_begin(b.ckpt, true, now), ERR_REFUSED);
	assert_int_equal(ckpt_audit_begin(a.ckpt, true, now), ERR_OK);
	assert_int_equal(ckpt_audit_begin(a.ckpt, true, now), ERR_EXISTS);
	pass(2000);
	assert_int_equal(a.audits, 1);
	assert_true(a.audit.is_ended);
	assert_int_equal(a.audit.calls, 1500);
	assert_int_equal(a.audit.found[CKPT_MISSING], 2);
	assert_int_equal(a.audit.found[CKPT_STALE], 1);
	assert_int_equal(a.audit.found[CKPT_DIFFERS], 1);
	assert_int_equal(a.audit.found[CKPT_DAMAGED_STANDBY], 1);
	assert_int_equal(a.audit.left, 0);
	assert_int_equal(call_table_count(b.table), 1500);
	pass(1500);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
	assert_int_equal(counter(&b, CKPT_FULL_RECEIVED), 1500 + 4);
	/* Nothing to repair: the second one is the comparison alone. */
	assert_int_equal(ckpt_audit_begin(a.ckpt, true, now), ERR_OK);
	pass(1000);
	assert_int_equal(a.audits, 2);
	assert_true(a.audit.is_ended && a.audit.sync_ms == 0 && a.audit.found[CKPT_MISSING] == 0);
}

static void
an_audit_without_repair_leaves_everything(void **state)
{
	uint32_t teid;

	(void)state;
	add(&a, 1000);
	teid = add(&a, 1001);
	join();
	run();
	assert_true(call_table_drop(b.table, teid_slot(teid)));
	assert_int_equal(ckpt_audit_begin(a.ckpt, false, now), ERR_OK);
	pass(1000);
	assert_int_equal(a.audit.found[CKPT_MISSING], 1);
	assert_int_equal(a.audit.left, 1);
	assert_int_equal(call_table_count(b.table), 1);
}

static void
an_audit_whose_connection_falls_ends_without_a_result(void **state)
{
	(void)state;
	add(&a, 1000);
	join();
	run();
	assert_int_equal(ckpt_audit_begin(a.ckpt, true, now), ERR_OK);
	cut();
	assert_int_equal(a.audits, 1);
	assert_false(a.audit.is_ended);
	join();
	run();
	assert_int_equal(ckpt_audit_begin(a.ckpt, true, now), ERR_OK);
	pass(1000);
	assert_true(a.audit.is_ended);
}

static void
a_critical_flush_sends_again_what_is_known_to_differ_on_the_standby(void **state)
{
	uint32_t damaged, missing;

	(void)state;
	add(&a, 1000);
	damaged = add(&a, 1001);
	missing = add(&a, 1002);
	join();
	run();
	flip(&b, damaged);
	assert_true(call_table_drop(b.table, teid_slot(missing)));
	pass(2500);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 2);
	assert_int_equal(ckpt_flush(a.ckpt), ERR_OK);
	run();
	assert_int_equal(a.flushes, 1);
	assert_int_equal(a.flush_result, ERR_OK);
	assert_int_equal(counter(&a, CKPT_FULL_SENT), 3 + 2);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 2);
	run();
	pass(2500);
	assert_int_equal(counter(&b, CKPT_NOW_PROOF_CALLS), 3);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
}

static void
more_calls_than_can_be_named_are_all_counted_and_all_repaired(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 1900; i++)
		add(&a, 1000 + i);
	join();
	run();
	for (uint32_t slot = 0; slot < 1900; slot++)
		assert_true(call_table_drop(b.table, slot));
	pass(1000);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 1900);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 1900);
	assert_int_equal(ckpt_audit_begin(a.ckpt, true, now), ERR_OK);
	pass(2000);
	assert_int_equal(a.audit.found[CKPT_MISSING], 1900);
	assert_int_equal(a.audit.left, 0);
	assert_int_equal(call_table_count(b.table), 1900);
}

/* A frame as the active's, with a right checksum. */
static enum err
say(enum proof_step step, const void *rest, size_t n)
{
	uint8_t frame[2048];
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, CKPT_PROOF);
	wbuf_u8(&w, (uint8_t)step);
	wbuf_u32(&w, 9);
	wbuf_bytes(&w, rest, n);
	proof_end(&w, at);
	return ckpt_input(b.ckpt, frame, w.len, now);
}

static void
assert_refused(enum proof_step step, const void *rest, size_t n, enum err want, const char *field)
{
	side_stop(&a);
	side_stop(&b);
	setup(NULL);
	join();
	run();
	/* A round with another sum is opened, so that its later steps are listened to; the next batch is number 2. */
	assert_int_equal(say(PROOF_ROOT,
	                     "\0\0\0\0\0\0\0\2"
	                     "\0"
	                     "\0\0\0\1"
	                     "\0\0\0\0\0\0\0\1"
	                     "\0\0\0\0"
	                     "\0\0\0\0"
	                     "\0\0",
	                     31),
	                 ERR_OK);
	assert_int_equal(say(step, rest, n), want);
	assert_string_equal(ckpt_verdict(b.ckpt)->frame, "PROOF");
	assert_string_equal(ckpt_verdict(b.ckpt)->field, field);
}

static void
frames_with_a_fault_are_refused_by_name(void **state)
{
	uint8_t frame[64];
	struct wbuf w;
	size_t at;

	(void)state;
	assert_refused(PROOF_ROOT, "\0\0\0\0\0\0\0\3", 8, ERR_RANGE, "batch");
	assert_refused(PROOF_ROOT, "\0\0\0\0\0\0\0\2", 8, ERR_SHORT, "damaged calls");
	assert_refused(PROOF_BUCKETS,
	               "\0\0\0\0\0\0\0\2"
	               "\0\0\0\0"
	               "\0\1"
	               "\0\0\0",
	               17, ERR_SHORT, "buckets");
	assert_refused(PROOF_BUCKETS,
	               "\0\0\0\0\0\0\0\2"
	               "\0\0\0\2"
	               "\0\1"
	               "\0\0\0\0\0\0\0\0",
	               22, ERR_RANGE, "buckets");
	assert_refused(PROOF_SLOTS,
	               "\0\0\0\0\0\0\0\2"
	               "\0\0\0\0"
	               "\0\0\xff\xff"
	               "\1"
	               "\0\0",
	               19, ERR_RANGE, "slots");
	assert_refused(PROOF_SLOTS,
	               "\0\0\0\0\0\0\0\2"
	               "\0\0\0\5"
	               "\0\0\0\2"
	               "\1"
	               "\0\0",
	               19, ERR_RANGE, "slots");
	assert_refused(PROOF_SLOTS,
	               "\0\0\0\0\0\0\0\2"
	               "\0\0\0\0"
	               "\0\0\0\2"
	               "\1"
	               "\0\1"
	               "\0\2"
	               "\0\0\0\0"
	               "\0\0\0\0\0\0\0\0",
	               33, ERR_RANGE, "slots");
	assert_refused(PROOF_SLOTS,
	               "\0\0\0\0\0\0\0\2"
	               "\0\0",
	               10, ERR_SHORT, "slots");
	/* A wrong checksum. */
	side_stop(&a);
	side_stop(&b);
	setup(NULL);
	join();
	run();
	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, CKPT_PROOF);
	wbuf_u8(&w, PROOF_READ);
	wbuf_u32(&w, 9);
	proof_end(&w, at);
	frame[CKPT_HEADER_BYTES + 3] ^= 1;
	assert_int_equal(ckpt_input(b.ckpt, frame, w.len, now), ERR_CORRUPT);
	assert_string_equal(ckpt_verdict(b.ckpt)->field, "frame crc");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_pair_in_sync_is_proved_equal_and_says_how_old_that_is, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_bit_flipped_on_the_standby_is_named_on_both_sides_within_two_seconds,
	                                    setup, teardown),
	    cmocka_unit_test_setup_teardown(a_bit_flipped_on_the_active_is_named_on_both_sides, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_call_that_differs_is_found_by_sums_and_named, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_change_nobody_told_the_link_is_named_unsent, setup, teardown),
	    cmocka_unit_test_setup_teardown(rounds_are_exact_while_calls_come_change_and_go, setup, teardown),
	    cmocka_unit_test_setup_teardown(what_a_rest_leaves_out_is_not_read_in_one_burst, setup, teardown),
	    cmocka_unit_test_setup_teardown(
	        records_are_read_slowly_while_a_full_synchronization_runs_and_all_again_when_it_has_ended, setup,
	        teardown),
	    cmocka_unit_test_setup_teardown(calls_too_young_to_be_sent_are_no_difference, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_pair_whose_roles_turned_is_proved_at_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_audit_repairs_what_differs_and_counts_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_audit_without_repair_leaves_everything, setup, teardown),
	    cmocka_unit_test_setup_teardown(an_audit_whose_connection_falls_ends_without_a_result, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_critical_flush_sends_again_what_is_known_to_differ_on_the_standby, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(more_calls_than_can_be_named_are_all_counted_and_all_repaired, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(frames_with_a_fault_are_refused_by_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
