/* checkpoint_unacked.c - what the peer never held when a side gives way, and what a standby lacks that was cut off. */
#include "tests/unit/ckpt_rig.h"

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

/* Room for a few records only: a full synchronisation that is cut in its middle. */
static void
begin_a_sync_and_cut_it(void)
{
	uint64_t begun = counter(&a, CKPT_SYNCS_FULL);
	uint8_t few[2 * CKPT_FILL_MIN];
	struct wbuf w;

	join();
	while (counter(&a, CKPT_SYNCS_FULL) == begun || counter(&a, CKPT_NOW_IN_FLIGHT) == 0) {
		wbuf_init(&w, few, sizeof few);
		assert_int_equal(ckpt_fill(a.ckpt, &w, now), ERR_OK);
		assert_int_equal(ckpt_input(b.ckpt, few, w.len, now), ERR_OK);
		if (counter(&a, CKPT_NOW_IN_FLIGHT) == 0)
			move(&b, &a);
	}
	cut();
}

/* The calls that are lost when A gives way now; each once, as never sent. */
static uint32_t
never_sent(void)
{
	bool is_told[SLOTS] = {false};
	struct ckpt_unacked u;
	uint64_t cursor = 0;
	uint32_t n = 0;

	ckpt_set_role(a.ckpt, CKPT_STANDBY, 1);
	while (ckpt_unacked_next(a.ckpt, &cursor, &u)) {
		if (u.is_tomb || !u.is_never_held)
			continue;
		assert_false(u.is_sent || u.is_young || is_told[u.index]);
		is_told[u.index] = true;
		n++;
	}
	return n;
}

static unsigned
walk_on(uint64_t *cursor, unsigned steps)
{
	struct ckpt_unacked u;
	unsigned n = 0;

	while (steps-- > 0 && ckpt_unacked_next(a.ckpt, cursor, &u))
		n += !u.is_tomb && u.is_never_held;
	return n;
}

/* A side that gave way names its calls in slices: meanwhile nothing may replace, or move, what is still to be named. */
static void
a_side_that_keeps_its_changes_is_synchronized_when_they_are_walked(void **state)
{
	struct ckpt_settings s = {.is_aggressive = true, .duration_ms = {0, 500}};
	uint64_t cursor = 0;
	unsigned named;

	(void)state;
	ckpt_configure(a.ckpt, &s);
	for (uint64_t i = 0; i < 40; i++) {
		age_of_next = i % 2 == 0 ? CKPT_NON_IMS : CKPT_IMS;
		add(&a, UINT64_C(262010000000001) + i);
	}
	ckpt_keep_unacked(a.ckpt, true);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 1);
	named = walk_on(&cursor, 10);
	assert_int_equal(named, 10);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	join();
	run();
	pass_by(2 * CKPT_HEARTBEAT_MS, 500);
	assert_int_equal(ckpt_conn(b.ckpt), CKPT_CONN_CONN);
	assert_int_equal(counter(&a, CKPT_SYNCS_RECEIVED), 0);
	named += walk_on(&cursor, 100);
	assert_int_equal(named, 40);
	ckpt_keep_unacked(a.ckpt, false);
	run();
	assert_true(ckpt_is_quiet(b.ckpt));
	assert_int_equal(call_table_count(a.table), 0);
}

static void
calls_that_a_new_standby_was_not_shown_before_the_link_fell_are_named_as_never_sent(void **state)
{
	enum { CALLS = 1500 };
	uint64_t before;

	(void)state;
	for (unsigned i = 0; i < CALLS; i++)
		add(&a, 1 + i);
	join();
	run();
	cut();
	side_stop(&b);
	side_start(&b, 3, true);
	before = counter(&a, CKPT_FULL_SENT);
	begin_a_sync_and_cut_it();
	assert_in_range(counter(&a, CKPT_FULL_SENT) - before, 1, CALLS - 1);
	add(&a, CALLS + 1);
	assert_int_equal(never_sent(), CALLS + 1 - (counter(&a, CKPT_FULL_SENT) - before));
}

/* The connection is gone, and so is @victim, with its tombstone: only a full synchronization tells of it. */
static void
cut_and_forget(uint32_t victim)
{
	cut();
	drop_call(&a, victim);
	for (uint32_t i = 0; i < CALL_TOMBS; i++)
		drop_call(&a, add(&a, 2));
}

static void
a_standby_that_once_had_everything_lacks_nothing_when_a_full_sync_is_cut(void **state)
{
	uint32_t victim = add(&a, 1);

	(void)state;
	for (unsigned i = 0; i < 500; i++)
		add(&a, 1000 + i);
	join();
	run();
	cut_and_forget(victim);
	begin_a_sync_and_cut_it();
	assert_int_equal(never_sent(), 0);
}

static void
more_deletions_than_tombstones_end_in_a_full_sync(void **state)
{
	uint32_t victim = add(&a, 1);

	(void)state;
	join();
	run();
	cut_and_forget(victim);
	join();
	run();
	assert_int_equal(counter(&a, CKPT_SYNCS_FULL), 2);
	assert_int_equal(call_table_count(b.table), 0);
	assert_true(ckpt_is_quiet(a.ckpt));
}

static void
a_standby_knows_that_a_full_sync_has_not_come_to_its_end(void **state)
{
	uint32_t came, of;

	(void)state;
	assert_false(ckpt_is_partial(b.ckpt, &came, &of));
	for (uint32_t i = 0; i < SLOTS; i++)
		add(&a, i);
	begin_a_sync_and_cut_it(); /* as when the active dies: the connection falls first */
	assert_true(ckpt_is_partial(b.ckpt, &came, &of));
	assert_int_equal(came, call_table_count(b.table));
	assert_true(came > 0 && came < SLOTS && of == SLOTS);
	join();
	run();
	assert_false(ckpt_is_partial(b.ckpt, &came, &of));
	cut();
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	assert_false(ckpt_is_partial(b.ckpt, &came, &of));
}
int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(unacknowledged_changes_are_named_and_tell_lost_calls_from_lost_changes),
	    T(a_side_that_keeps_its_changes_is_synchronized_when_they_are_walked),
	    T(calls_that_a_new_standby_was_not_shown_before_the_link_fell_are_named_as_never_sent),
	    T(a_standby_that_once_had_everything_lacks_nothing_when_a_full_sync_is_cut),
	    T(more_deletions_than_tombstones_end_in_a_full_sync),
	    T(a_standby_knows_that_a_full_sync_has_not_come_to_its_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
