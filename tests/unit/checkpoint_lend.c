/* checkpoint_lend.c - records damaged on the active: taken back from the standby, or their calls ended. */
#include "checkpoint/ckpt_proof.h"
#include "session/arena_layout.h"
#include "tests/unit/ckpt_rig.h"

static struct ckpt_ops ops;
static struct {
	unsigned restored, lost;
	uint32_t teid;
	size_t known; /* octets of the record that the standby had of a lost one */
} told;

static void
mended(void *arg, uint32_t teid, bool is_restored, const uint8_t *p, size_t n)
{
	struct side *s = arg;

	(void)p;
	told.teid = teid;
	told.known = n;
	told.restored += is_restored;
	told.lost += !is_restored;
	if (!is_restored)
		drop_call(s, teid);
}

static int
begin(void **state)
{
	setup(state);
	ops = side_ops;
	ops.mended = mended;
	side_stop(&a);
	side_start_with(&a, 1, true, &ops);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 1);
	memset(&told, 0, sizeof told);
	return 0;
}

static void
pass(unsigned ms)
{
	pass_by(ms, 10);
}

static struct arena_view
view_of(struct side *s, uint32_t teid)
{
	struct arena arena;
	struct arena_view v;

	assert_int_equal(arena_attach(&arena, s->mem, arena_bytes(SLOTS)), ERR_OK);
	assert_int_equal(arena_peek(&arena, teid_slot(teid), &v), ERR_OK);
	return v;
}

/* A bit of what does not change all the time. */
static void
flip(struct side *s, uint32_t teid)
{
	struct arena_view v = view_of(s, teid);

	((uint8_t *)s->mem)[v.rest + v.rest_len / 2 - (const uint8_t *)s->mem] ^= 4;
}

/* A bit of the counters. */
static void
flip_side(struct side *s, uint32_t teid)
{
	struct arena_view v = view_of(s, teid);

	((uint8_t *)s->mem)[v.side.p + v.side.n - 1 - (const uint8_t *)s->mem] ^= 4;
}

static struct call
held(struct side *s, uint32_t teid)
{
	struct call c;

	assert_int_equal(s->store.ops->get(s->store.arg, teid, &c), ERR_OK);
	return c;
}

/* Two calls in sync and proved; the TEID of the first. */
static uint32_t
in_sync(void)
{
	uint32_t teid = add(&a, 1000);

	count_bytes(&a, teid, 4711);
	add(&a, 1001);
	join();
	run();
	pass(2000);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
	return teid;
}

static void
assert_clean(uint32_t calls)
{
	pass(2000);
	assert_int_equal(call_table_count(a.table), calls);
	assert_int_equal(call_table_count(b.table), calls);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
	assert_true(counter(&a, CKPT_NOW_DIGEST) == counter(&b, CKPT_NOW_DIGEST));
}

static void
a_damaged_record_of_the_active_comes_back_from_the_standby(void **state)
{
	uint32_t teid = in_sync();
	uint64_t sent = counter(&a, CKPT_FULL_SENT) + counter(&a, CKPT_MICRO_SENT);

	(void)state;
	flip(&a, teid);
	pass(2000);
	assert_int_equal(told.restored, 1);
	assert_int_equal(told.teid, teid);
	assert_int_equal(told.lost, 0);
	assert_int_equal(counter(&a, CKPT_RECORDS_RESTORED), 1);
	assert_int_equal(held(&a, teid).in_bytes, 4711);
	assert_int_equal(held(&a, teid).imsi, 1000);
	assert_int_equal(counter(&a, CKPT_FULL_SENT) + counter(&a, CKPT_MICRO_SENT), sent);
	assert_clean(2);
	count_bytes(&a, teid, 5000); /* and it is served on */
	run();
	assert_int_equal(held(&b, teid).in_bytes, 5000);
}

static void
a_record_damaged_on_both_sides_ends_its_call_on_both(void **state)
{
	uint32_t teid = in_sync();

	(void)state;
	flip(&a, teid);
	flip(&b, teid);
	pass(2000);
	assert_int_equal(told.lost, 1);
	assert_int_equal(told.known, 0);
	assert_int_equal(counter(&a, CKPT_RECORDS_LOST), 1);
	assert_clean(1);
}

static void
a_record_that_the_standby_lacks_ends_its_call(void **state)
{
	uint32_t teid = in_sync();

	(void)state;
	assert_true(call_table_drop(b.table, teid_slot(teid)));
	flip(&a, teid);
	pass(2000);
	assert_int_equal(told.lost, 1);
	assert_int_equal(told.teid, teid);
	assert_clean(1);
}

/* The change was written and damaged before it could be sent: the standby's record is older, but says whose call. */
static void
a_change_that_was_never_sent_is_not_taken_back_as_something_older(void **state)
{
	uint32_t teid = in_sync();

	(void)state;
	count_bytes(&a, teid, 9999);
	flip_side(&a, teid);
	add(&a, 1002); /* the record written last is another one */
	pass(2000);
	assert_int_equal(told.restored, 0);
	assert_int_equal(told.lost, 1);
	assert_true(told.known > 0);
	assert_clean(2);
}

/* Counters lie apart from the rest of a record: they are sent, and then the standby has what was written. */
static void
a_change_of_counters_is_sent_although_the_rest_is_damaged(void **state)
{
	uint32_t teid = in_sync();

	(void)state;
	count_bytes(&a, teid, 9999);
	flip(&a, teid);
	add(&a, 1002);
	pass(2000);
	assert_int_equal(told.restored, 1);
	assert_int_equal(told.lost, 0);
	assert_int_equal(held(&a, teid).in_bytes, 9999);
	assert_int_equal(held(&b, teid).in_bytes, 9999);
	assert_clean(3);
}

static void
an_audit_takes_damaged_records_of_the_active_back_and_says_what_it_found(void **state)
{
	uint32_t teid = in_sync();

	(void)state;
	flip(&a, teid);
	assert_int_equal(ckpt_audit_begin(a.ckpt, true, now), ERR_OK);
	pass(2000);
	assert_int_equal(a.audits, 1);
	assert_int_equal(a.audit.found[CKPT_DAMAGED_ACTIVE], 1);
	assert_int_equal(a.audit.left, 0);
	assert_int_equal(told.restored, 1);
	assert_clean(2);
}

static void
more_damaged_records_than_one_question_names_all_come_back(void **state)
{
	enum { MANY = 3 * PROOF_NAMES_CHUNK };
	uint32_t teids[MANY];

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		teids[i] = add(&a, 1000 + i);
	join();
	run();
	pass(2000);
	for (unsigned i = 0; i < MANY; i++)
		flip(&a, teids[i]);
	pass(4000);
	assert_int_equal(told.restored, MANY);
	assert_clean(MANY);
}

static void
without_a_connection_a_damaged_record_waits(void **state)
{
	uint32_t teid = in_sync();

	(void)state;
	cut();
	flip(&a, teid);
	for (unsigned i = 0; i < 200; i++) {
		now += 10;
		ckpt_scrub(a.ckpt, now);
		ckpt_tick(a.ckpt, now);
	}
	assert_int_equal(told.restored + told.lost, 0);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 1);
	join();
	run();
	pass(2000);
	assert_int_equal(told.restored, 1);
	assert_clean(2);
}

/* --- what a peer may do wrong ---------------------------------------------------------------------------------- */

static enum err
say(struct side *to, enum proof_step step, const void *rest, size_t n)
{
	uint8_t frame[2048];
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = proof_begin(to->ckpt, &w, step);
	wbuf_bytes(&w, rest, n);
	proof_end(&w, at);
	return ckpt_input(to->ckpt, frame, w.len, now);
}

static void
frames_with_a_fault_are_refused_by_name(void **state)
{
	static const struct {
		bool is_lend;
		const char *rest, *field;
		size_t n;
		enum err want;
	} cases[] = {
	    {true, "", "calls to lend", 0, ERR_SHORT},
	    {true, "\0\1", "calls to lend", 2, ERR_SHORT},
	    {true, "\0\1\xff\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", "calls to lend", 18, ERR_RANGE},
	    {false, "\0\0\0\0", "lent record", 4, ERR_SHORT},
	    {false, "\0\0\0\0\2\0\0\0\1\0\7", "lent record", 11, ERR_SHORT},
	    {false, "\0\0\0\0\2\0\0\0\1\0\0x", "lent record", 12, ERR_SHORT},
	    {false, "\0\0\0\1\2\0\0\0\1\0\0", "lent record", 11, ERR_RANGE},
	    {false, "\xff\0\0\0\2\0\0\0\1\0\0", "lent record", 11, ERR_RANGE},
	    {false, "\0\0\0\0\2\0\0\0\1\0\3\1\1\1", "teid", 14, ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct side *to = cases[i].is_lend ? &b : &a;

		teardown(NULL);
		begin(NULL);
		in_sync();
		assert_int_equal(say(to, cases[i].is_lend ? PROOF_LEND : PROOF_LENT, cases[i].rest, cases[i].n),
		                 cases[i].want);
		assert_string_equal(ckpt_verdict(to->ckpt)->field, cases[i].field);
		assert_int_equal(told.restored + told.lost, 0);
	}
}

/* A LENT frame to a about @teid with the record @c, said to be equal. */
static void
lend(uint32_t teid, const struct call *c)
{
	uint8_t rest[ARENA_RECORD_MAX + 32];
	struct wbuf w;

	wbuf_init(&w, rest, sizeof rest);
	wbuf_u32(&w, teid_slot(teid));
	wbuf_u32(&w, teid);
	wbuf_u8(&w, 1);
	wbuf_u16(&w, 0);
	assert_int_equal(call_rows_encode(c, &w), ERR_OK);
	wbuf_patch_u16(&w, 9, (uint16_t)(w.len - 11));
	assert_int_equal(say(&a, PROOF_LENT, rest, w.len), ERR_OK);
}

static void
scrub_until_damaged(void)
{
	for (unsigned i = 0; i < 200 && counter(&a, CKPT_NOW_DIFFERENT) == 0; i++)
		ckpt_scrub(a.ckpt, now += 10);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 1);
}

static void
an_answer_about_a_call_that_is_whole_or_has_ended_changes_nothing(void **state)
{
	uint32_t teid = in_sync();
	struct call c = held(&a, teid);

	(void)state;
	c.in_bytes = 1;
	lend(teid, &c);
	assert_int_equal(held(&a, teid).in_bytes, 4711);
	flip(&a, teid);
	scrub_until_damaged();
	drop_call(&a, teid);
	lend(teid, &c);
	assert_int_equal(told.restored + told.lost, 0);
	assert_clean(1);
}

/* A record that is well formed and not what was written is not believed, whatever the peer says of it. */
static void
a_record_that_is_said_to_be_equal_and_is_not_ends_the_call(void **state)
{
	uint32_t teid = in_sync();
	struct call lie = held(&a, teid);

	(void)state;
	flip(&a, teid);
	scrub_until_damaged();
	lie.in_bytes = 1;
	lend(teid, &lie);
	assert_int_equal(told.restored, 0);
	assert_int_equal(told.lost, 1);
	assert_clean(1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, begin, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_damaged_record_of_the_active_comes_back_from_the_standby),
	    T(a_record_damaged_on_both_sides_ends_its_call_on_both),
	    T(a_record_that_the_standby_lacks_ends_its_call),
	    T(a_change_that_was_never_sent_is_not_taken_back_as_something_older),
	    T(a_change_of_counters_is_sent_although_the_rest_is_damaged),
	    T(an_answer_about_a_call_that_is_whole_or_has_ended_changes_nothing),
	    T(an_audit_takes_damaged_records_of_the_active_back_and_says_what_it_found),
	    T(more_damaged_records_than_one_question_names_all_come_back),
	    T(without_a_connection_a_damaged_record_waits),
	    T(frames_with_a_fault_are_refused_by_name),
	    T(a_record_that_is_said_to_be_equal_and_is_not_ends_the_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
