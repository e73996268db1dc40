/* checkpoint_account.c - counters of calls that travel lazily, and the accounting flush of a planned switchover. */
#include "tests/unit/ckpt_rig.h"

static struct call
held(struct side *s, uint32_t teid)
{
	struct call c;

	assert_int_equal(s->store.ops->get(s->store.arg, teid, &c), ERR_OK);
	return c;
}

/* Side @s answers @n requests of call @teid again, as the gateway does it. */
static void
repeat(struct side *s, uint32_t teid, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		struct call c = held(s, teid);

		c.repeats++;
		c.active_s++;
		c.present |= CALL_HAS(CALL_F_REPEATS) | CALL_HAS(CALL_F_ACTIVE_S);
		assert_int_equal(s->store.ops->update(s->store.arg, &c, CKPT_GROUP_ACCOUNTING), ERR_OK);
		call_account_note(&s->window, teid, true);
	}
}

static void
tick(uint64_t ms)
{
	now += ms;
	assert_int_equal(ckpt_tick(a.ckpt, now), ERR_OK);
	assert_int_equal(ckpt_tick(b.ckpt, now), ERR_OK);
	run();
}

/* As time goes on in the shells: never so long that a peer counts as silent. */
static void
pass(uint64_t ms)
{
	for (; ms > CKPT_HEARTBEAT_MS; ms -= CKPT_HEARTBEAT_MS)
		tick(CKPT_HEARTBEAT_MS);
	tick(ms);
}

static uint32_t
ready_with_one_call(void)
{
	uint32_t teid = add(&a, 1);

	join();
	run();
	pass(100);
	return teid;
}

/* A hands over to B: roles as the chassis tell them, after A was asked for its accounting. */
static void
hand_over(void)
{
	call_account_reset(&b.window);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 1);
}

static void
a_counter_alone_is_not_sent_at_once_but_within_its_interval(void **state)
{
	uint32_t teid = ready_with_one_call();

	(void)state;
	repeat(&a, teid, 5);
	run();
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 0);
	assert_true(ckpt_is_quiet(a.ckpt)); /* a critical flush does not wait for it */
	pass(CKPT_ACCOUNTING_MS);
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 1);
	assert_int_equal(held(&b, teid).repeats, 5);
	pass(2 * CKPT_ACCOUNTING_MS);
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 1);
}

static void
a_counter_goes_along_with_the_next_other_change(void **state)
{
	uint32_t teid = ready_with_one_call();

	(void)state;
	repeat(&a, teid, 2);
	count_bytes(&a, teid, 7);
	run();
	assert_int_equal(held(&b, teid).repeats, 2);
	assert_int_equal(held(&b, teid).in_bytes, 7);
	pass(CKPT_ACCOUNTING_MS);
	assert_int_equal(counter(&a, CKPT_MICRO_SENT), 2); /* STATS and UPDATE_CLPSTATS, and no third */
}

/* The last activity stands in every micro-checkpoint: alone it is one, beside another it is none of its own. */
static void
an_activity_is_a_record_of_its_own_only_when_nothing_else_is_told(void **state)
{
	uint32_t teid = ready_with_one_call();
	struct call c = held(&a, teid);

	(void)state;
	for (uint32_t i = 1; i <= 2; i++) {
		uint32_t groups = i == 1 ? CKPT_GROUP_IDLE : CKPT_GROUP_IDLE | CKPT_GROUP_STATS;

		c.active_s = i;
		c.in_bytes = 10 * i;
		c.present |= CALL_HAS(CALL_F_ACTIVE_S) | CALL_HAS(CALL_F_IN_BYTES);
		assert_int_equal(a.store.ops->update(a.store.arg, &c, groups), ERR_OK);
		run();
		assert_int_equal(counter(&a, CKPT_MICRO_SENT), i);
		assert_int_equal(held(&b, teid).active_s, i);
		assert_int_equal(held(&b, teid).in_bytes, i == 1 ? 0 : 20);
	}
	assert_int_equal(counter(&a, ckpt_row_counter(ckpt_row_of(CKPT_KIND_UPDATE_IDLESECS), CKPT_ROW_SENT)), 1);
	assert_int_equal(counter(&a, ckpt_row_counter(ckpt_row_of(CKPT_KIND_GGSN_UPDATE_STATS), CKPT_ROW_SENT)), 1);
}

static void
a_counter_sent_into_a_cut_is_sent_again(void **state)
{
	uint32_t teid = ready_with_one_call();

	(void)state;
	repeat(&a, teid, 3);
	count_bytes(&a, teid, 7);
	fill(&a);
	cut();
	join();
	run();
	assert_int_equal(held(&b, teid).repeats, 3);
}

static void
a_flush_brings_every_counter_and_says_where_it_ends(void **state)
{
	uint32_t teids[500];
	uint64_t count = 0;

	(void)state;
	for (uint64_t i = 0; i < 500; i++)
		teids[i] = add(&a, i + 1);
	join();
	run();
	pass(100);
	for (unsigned i = 0; i < 500; i += 2)
		repeat(&a, teids[i], 1 + i % 3);
	drop_call(&a, teids[4]); /* what is gone has no counters */
	run();
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK);
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK); /* asked twice is asked once */
	assert_false(ckpt_account_ended(b.ckpt, 1, &count));
	hand_over();
	run();
	assert_true(ckpt_account_ended(b.ckpt, 1, &count));
	assert_int_equal(count, 249);
	assert_int_equal(b.accounted, 249);
	assert_int_equal(b.accounting_ends, 1);
	assert_int_equal(counter(&b, CKPT_ACCOUNTING_RECEIVED), 249);
	assert_int_equal(counter(&a, CKPT_ACCOUNTING_SENT), 249);
	for (unsigned i = 0; i < 500; i++)
		if (i != 4)
			assert_int_equal(held(&b, teids[i]).repeats, i % 2 ? 0 : 1 + i % 3);
	assert_false(ckpt_account_ended(b.ckpt, 2, &count));
	assert_int_equal(ckpt_conn(b.ckpt), CKPT_CONN_READY); /* and the connection has turned round */
}

static void
what_the_new_active_has_counted_meanwhile_is_added_not_overwritten(void **state)
{
	uint32_t teid = ready_with_one_call(), other = add(&a, 2);

	(void)state;
	repeat(&a, teid, 2);
	count_bytes(&a, teid, 1); /* B knows of 2 */
	run();
	repeat(&a, teid, 5);
	repeat(&a, other, 4);
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK);
	hand_over();
	repeat(&b, teid, 3);
	assert_int_equal(held(&b, teid).repeats, 5);
	run();
	assert_int_equal(held(&b, teid).repeats, 2 + 5 + 3);
	assert_int_equal(held(&b, other).repeats, 4);
	/* and the old Active, a standby now, gets the sum lazily */
	pass(CKPT_ACCOUNTING_MS);
	assert_int_equal(held(&a, teid).repeats, 10);
}

/* The sum that the new Active has is not sent over what the old one has still to send. */
static void
the_connection_turns_round_only_when_the_flush_is_out(void **state)
{
	uint32_t teid = ready_with_one_call();
	uint64_t count;

	(void)state;
	repeat(&a, teid, 6);
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK);
	hand_over();
	count_bytes(&b, teid, 9);
	fill(&b);
	assert_int_equal(ckpt_input(a.ckpt, b.out, b.out_len, now), ERR_OK);
	b.out_len = 0;
	assert_int_equal(ckpt_conn(a.ckpt), CKPT_CONN_CONN);
	run();
	assert_true(ckpt_account_ended(b.ckpt, 1, &count));
	assert_int_equal(ckpt_conn(a.ckpt), CKPT_CONN_READY);
	assert_int_equal(held(&b, teid).repeats, 6);
	assert_int_equal(held(&a, teid).in_bytes, 9);
}

static void
a_flush_cut_by_the_connection_has_no_end_and_what_came_of_it_counts(void **state)
{
	uint32_t teid = ready_with_one_call();
	uint64_t count;

	(void)state;
	repeat(&a, teid, 6);
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK);
	hand_over();
	cut();
	assert_false(ckpt_account_ended(b.ckpt, 1, &count));
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_REFUSED);
	join();
	run();
	assert_false(ckpt_account_ended(b.ckpt, 1, &count));
	assert_int_equal(ckpt_conn(b.ckpt), CKPT_CONN_READY);
}

static void
a_flush_that_lies_is_refused_whole(void **state)
{
	uint32_t teid = ready_with_one_call();

	(void)state;
	repeat(&a, teid, 6);
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK);
	fill(&a);
	for (size_t i = CKPT_HEADER_BYTES; i < a.out_len; i++) {
		uint8_t bad[4096];
		struct wbuf w;
		enum err e;

		/* one octet wrong in the one record, or the end marker counts wrong */
		ckpt_disconnected(b.ckpt);
		assert_int_equal(ckpt_connected(b.ckpt, false, now), ERR_OK);
		{
			uint8_t open[256];
			struct ckpt_msg m = {.instance = INSTANCE,
			                     .chassis_id = 1,
			                     .role = CKPT_ACTIVE,
			                     .epoch = 1,
			                     .incarnation = 100,
			                     .compressions = COMPRESS_OFFERED};

			wbuf_init(&w, open, sizeof open);
			assert_int_equal(ckpt_msg_write(&w, CKPT_OPEN, &m), ERR_OK);
			assert_int_equal(ckpt_input(b.ckpt, open, w.len, now), ERR_OK);
		}
		assert_true(a.out_len <= sizeof bad);
		memcpy(bad, a.out, a.out_len);
		bad[i] ^= 0x40;
		e = ckpt_input(b.ckpt, bad, a.out_len, now);
		if (e == ERR_OK)
			continue; /* a frame type that is unknown, the epoch or incarnation of the marker */
		assert_true(ckpt_verdict(b.ckpt)->err == e);
	}
	assert_int_equal(held(&b, teid).refused, 0);
	assert_true(held(&b, teid).repeats == 0 || held(&b, teid).repeats == 6);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_counter_alone_is_not_sent_at_once_but_within_its_interval),
	    T(a_counter_goes_along_with_the_next_other_change),
	    T(an_activity_is_a_record_of_its_own_only_when_nothing_else_is_told),
	    T(a_counter_sent_into_a_cut_is_sent_again),
	    T(a_flush_brings_every_counter_and_says_where_it_ends),
	    T(what_the_new_active_has_counted_meanwhile_is_added_not_overwritten),
	    T(the_connection_turns_round_only_when_the_flush_is_out),
	    T(a_flush_cut_by_the_connection_has_no_end_and_what_came_of_it_counts),
	    T(a_flush_that_lies_is_refused_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
