/* checkpoint_sweep.c - what a full synchronization did not bring is dropped to its end: after a cut, as the active. */
#include "tests/unit/ckpt_rig.h"

enum { STALE = 1900, KEPT = 300 }; /* more than one slice drops */

/* B holds STALE calls of an A that is gone. The new A has KEPT others, and B has just heard that these are all. */
static void
b_is_about_to_sweep(void)
{
	for (uint32_t i = 0; i < STALE; i++)
		add(&a, i);
	join();
	run();
	assert_int_equal(call_table_count(b.table), STALE);
	cut();
	side_stop(&a);
	side_start(&a, 3, true);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 1);
	for (uint32_t i = 0; i < KEPT; i++)
		add(&a, 10000 + i);
	join();
	while (counter(&b, CKPT_SYNCS_RECEIVED) < 2)
		(void)(move(&a, &b) | move(&b, &a));
	while (move(&a, &b))
		;
	assert_int_equal(counter(&a, CKPT_FULL_SENT), KEPT);
	assert_int_equal(call_table_count(b.table), STALE);
}

static unsigned
work_to_the_end(struct side *s)
{
	unsigned slices = 0;

	for (; ckpt_wants_work(s->ckpt); slices++)
		ckpt_work(s->ckpt);
	return slices;
}

static void
an_active_that_is_lost_just_then_leaves_nothing_that_it_had_deleted(void **state)
{
	(void)state;
	b_is_about_to_sweep();
	cut();
	assert_true(work_to_the_end(&b) > 1);
	assert_int_equal(call_table_count(b.table), KEPT);
	assert_int_equal(counter(&b, CKPT_SYNC_DROPPED), STALE - KEPT);
}

static void
time_alone_ends_it_as_well(void **state)
{
	(void)state;
	b_is_about_to_sweep();
	cut();
	for (int i = 0; i < 10; i++)
		assert_int_equal(ckpt_tick(b.ckpt, now += 100), ERR_OK);
	assert_int_equal(call_table_count(b.table), KEPT);
}

static void
a_connection_that_comes_back_before_the_end_waits_for_it(void **state)
{
	(void)state;
	b_is_about_to_sweep();
	cut();
	add(&a, 20000);
	join();
	run();
	assert_int_equal(counter(&b, CKPT_SYNC_DROPPED), STALE - KEPT);
	assert_int_equal(call_table_count(b.table), KEPT + 1);
}

/* Slices of both: B is active at once, and what it does itself meanwhile stays. */
static void
who_becomes_active_serves_at_once_and_drops_on(void **state)
{
	uint32_t mine;

	(void)state;
	b_is_about_to_sweep();
	cut();
	ckpt_work(b.ckpt);
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	assert_true(call_table_count(b.table) > KEPT);
	mine = add(&b, 30000);
	assert_true(work_to_the_end(&b) > 1);
	assert_int_equal(call_table_count(b.table), KEPT + 1);
	assert_int_equal(call_table_teid(b.table, teid_slot(mine)), mine);
}

static void
the_old_active_comes_back_and_is_given_what_changed_when_it_is_over(void **state)
{
	(void)state;
	b_is_about_to_sweep();
	cut();
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	ckpt_set_role(a.ckpt, CKPT_STANDBY, 2);
	add(&b, 30000);
	assert_int_equal(ckpt_connected(a.ckpt, true, now), ERR_OK);
	assert_int_equal(ckpt_connected(b.ckpt, false, now), ERR_OK);
	run();
	assert_int_equal(call_table_count(b.table), KEPT + 1);
	assert_int_equal(call_table_count(a.table), KEPT + 1);
	assert_int_equal(counter(&b, CKPT_SYNCS_FULL), 0);
	assert_int_equal(counter(&b, CKPT_SYNCS_CHANGES), 1);
	pass_by(5000, 100);
	assert_true(counter(&b, CKPT_PROOFS) > 0);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
	assert_int_equal(counter(&a, CKPT_NOW_DIFFERENT), 0);
}

/* Whoever is ready before the end waits for it: a full synchronization would bring what is about to be dropped. */
static void
another_standby_that_is_ready_before_gets_none_of_it(void **state)
{
	(void)state;
	b_is_about_to_sweep();
	cut();
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	side_stop(&a);
	side_start(&a, 4, true);
	join();
	for (int i = 0; i < 3; i++)
		move(&a, &b); /* B hears before it fills */
	run();
	assert_int_equal(call_table_count(b.table), KEPT);
	assert_int_equal(call_table_count(a.table), KEPT);
	assert_int_equal(counter(&b, CKPT_FULL_SENT), KEPT);
	pass_by(5000, 100);
	assert_int_equal(counter(&b, CKPT_NOW_DIFFERENT), 0);
}

static void
who_was_active_in_between_goes_on_as_a_standby(void **state)
{
	uint32_t mine;

	(void)state;
	b_is_about_to_sweep();
	cut();
	ckpt_set_role(b.ckpt, CKPT_ACTIVE, 2);
	mine = add(&b, 30000);
	ckpt_set_role(b.ckpt, CKPT_STANDBY, 2);
	work_to_the_end(&b);
	assert_int_equal(call_table_count(b.table), KEPT + 1);
	assert_int_equal(call_table_teid(b.table, teid_slot(mine)), mine);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 3);
	join();
	run();
	assert_int_equal(call_table_count(b.table), KEPT);
	assert_int_equal(call_table_count(a.table), KEPT);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(an_active_that_is_lost_just_then_leaves_nothing_that_it_had_deleted),
	    T(time_alone_ends_it_as_well),
	    T(a_connection_that_comes_back_before_the_end_waits_for_it),
	    T(who_becomes_active_serves_at_once_and_drops_on),
	    T(the_old_active_comes_back_and_is_given_what_changed_when_it_is_over),
	    T(another_standby_that_is_ready_before_gets_none_of_it),
	    T(who_was_active_in_between_goes_on_as_a_standby),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
