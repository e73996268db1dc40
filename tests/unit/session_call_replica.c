/* session_call_replica.c - replicated calls in a call table, and the TEIDs of the side that takes over. */
#include "tests/unit/session_table_rig.h"

static void
a_replicated_call_takes_its_slot_and_shows_as_pre_allocated(void **state)
{
	struct call c;

	(void)state;
	call_table_set_role(table, CKPT_STANDBY, 1);
	assert_int_equal(place(teid_make(INSTANCE, 9, 40), 1), ERR_OK);
	assert_int_equal(arena_count(&arena, ARENA_CALLS_STANDBY), 1);
	assert_int_equal(arena_count(&arena, ARENA_CALLS_NOW), 0);
	assert_int_equal(created, 0);
	assert_int_equal(call_table_teid(table, 40), teid_make(INSTANCE, 9, 40));
	assert_int_equal(place(teid_make(INSTANCE + 1, 9, 40), 1), ERR_REFUSED);
	assert_int_equal(place(teid_make(INSTANCE, 9, SLOTS), 2), ERR_REFUSED);
	call_table_set_role(table, CKPT_ACTIVE, 1);
	assert_int_equal(store.ops->find(store.arg, 1, 15, 5, &c), ERR_OK);
	assert_int_equal(arena_count(&arena, ARENA_CALLS_NOW), 1);
	assert_int_equal(arena_count(&arena, ARENA_RESTORED), 1);
}

/* What a lost Active made and this side never heard of: its TEIDs are not those that are given now. */
static void
a_side_that_takes_over_gives_other_teids_than_the_one_it_followed(void **state)
{
	struct call_table *followed = table;
	struct call_store of_followed = store;
	uint32_t teids[SLOTS - 20], heard = 0, unheard, n = 0;
	struct arena own;
	void *own_mem = calloc(1, arena_bytes(SLOTS));

	(void)state;
	for (uint64_t imsi = 1; imsi <= 30; imsi++) {
		teids[heard] = add(imsi);
		if (imsi % 3 == 0) { /* generations differ */
			assert_int_equal(release(teids[heard], 1), ERR_OK);
			continue;
		}
		heard++;
	}
	assert_int_equal(arena_init(&own, own_mem, arena_bytes(SLOTS), INSTANCE, SLOTS), ERR_OK);
	table = call_table_new(&own, &events);
	store = call_table_store(table);
	for (uint32_t i = 0; i < heard; i++)
		assert_int_equal(place(teids[i], 1000 + i), ERR_OK);
	for (uint32_t slot = 0; slot < 8; slot++) { /* deletions were heard of as well */
		struct tombstone t = {.teid = teid_make(INSTANCE, 5, SLOTS - 1 - slot)};

		assert_int_equal(call_table_bury(table, &t), ERR_OK);
	}
	for (unheard = heard; unheard < sizeof teids / sizeof teids[0]; unheard++) {
		struct call c = call_of(5000 + unheard);

		assert_int_equal(of_followed.ops->add(of_followed.arg, &c), ERR_OK);
		teids[unheard] = c.teid;
	}
	call_table_set_role(table, CKPT_ACTIVE, 2);
	for (uint32_t i = 0; i < heard; i++)
		assert_int_equal(call_table_teid(table, teid_slot(teids[i])), teids[i]);
	for (; call_table_count(table) < SLOTS; n++) {
		uint32_t teid = add(9000 + n);

		for (uint32_t i = 0; i < unheard; i++)
			assert_int_not_equal(teid, teids[i]);
	}
	assert_int_equal(n, SLOTS - heard);
	call_table_free(table);
	free(own_mem);
	table = followed;
}

/* A session manager that died is started again with an empty arena: SGSNs still use the TEIDs of its calls. */
/* The lost Active had deleted them, and given their slots to others that this side never heard of. */
static void
what_is_dropped_after_a_takeover_leaves_other_teids_than_those_that_came_next(void **state)
{
	enum { FIRST = 10, STALE = 8, UNHEARD = 3 };

	(void)state;
	call_table_set_role(table, CKPT_STANDBY, 1);
	for (uint32_t i = 0; i < STALE; i++)
		assert_int_equal(place(teid_make(INSTANCE, 5, FIRST + i), 1000 + i), ERR_OK);
	call_table_set_role(table, CKPT_ACTIVE, 2);
	for (uint32_t i = 0; i < STALE; i++)
		assert_true(call_table_drop(table, FIRST + i));
	for (uint32_t n = 0; call_table_count(table) < SLOTS; n++) {
		uint32_t teid = add(9000 + n);

		for (uint32_t i = 0; i < STALE * UNHEARD; i++)
			assert_int_not_equal(teid, teid_make(INSTANCE, 6 + i / STALE, FIRST + i % STALE));
	}
}

static void
a_table_of_a_later_life_gives_other_teids_than_those_before_it(void **state)
{
	enum { LIVES = 4, REUSES = 3, EACH = 3 };
	uint32_t teids[LIVES * REUSES * EACH], n = 0;

	for (uint64_t life = 0; life < LIVES; life++) {
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
		call_table_free(table);
		arena_count_set(&arena, ARENA_LIFE, life);
		table = call_table_new(&arena, &events);
		store = call_table_store(table);
		call_table_set_role(table, CKPT_ACTIVE, 1);
		for (unsigned i = 0; i < REUSES * EACH; i++) {
			uint32_t teid = add(1 + i);

			for (uint32_t k = 0; k < n; k++)
				assert_int_not_equal(teid, teids[k]);
			teids[n++] = teid;
			if (i % REUSES != 0)
				assert_int_equal(release(teid, 1), ERR_OK);
		}
	}
}

/*
 * One chassis after the other is lost with its last calls and comes back knowing only those that were heard of: SGSNs
 * use the TEIDs of all of them. A chassis that was started again counts on in another block.
 */
static void
no_teid_comes_again_over_takeovers_in_a_row(void **state)
{
	static const uint64_t numbers[] = {1, 2, 65537, 65538, 131073, 131074, 196609, 196610};
	enum { EPOCHS = sizeof numbers / sizeof numbers[0], HEARD = 4, UNHEARD = 6, MOST = EPOCHS * (HEARD + UNHEARD) };
	uint32_t teids[MOST], held[EPOCHS * HEARD], n = 0, held_count = 0;

	for (unsigned epoch = 0; epoch < EPOCHS; epoch++) {
		assert_int_equal(teardown(state), 0);
		assert_int_equal(setup(state), 0);
		call_table_set_role(table, CKPT_STANDBY, 1);
		for (uint32_t i = 0; i < held_count; i++)
			assert_int_equal(place(held[i], 1 + i), ERR_OK);
		call_table_set_role(table, CKPT_ACTIVE, numbers[epoch]);
		for (uint32_t i = 0; i < HEARD + UNHEARD; i++) {
			uint32_t teid = add(1000 * epoch + i);

			for (uint32_t k = 0; k < n; k++)
				assert_int_not_equal(teid, teids[k]);
			teids[n++] = teid;
			if (i < HEARD)
				held[held_count++] = teid;
			else if (i % 2 == 0)
				assert_int_equal(release(teid, 1), ERR_OK);
		}
	}
}

static void
a_replicated_call_replaces_what_was_in_its_slot_and_its_own_double(void **state)
{
	struct call c;

	(void)state;
	place(teid_make(INSTANCE, 0, 10), 1);
	place(teid_make(INSTANCE, 0, 11), 2);
	assert_int_equal(place(teid_make(INSTANCE, 1, 10), 3), ERR_OK);
	assert_int_equal(store.ops->find(store.arg, 1, 15, 5, &c), ERR_NOT_FOUND);
	assert_int_equal(evicted, 0);
	assert_int_equal(place(teid_make(INSTANCE, 0, 12), 2), ERR_OK);
	assert_int_equal(evicted, 1);
	assert_int_equal(last_slot, 11);
	assert_int_equal(call_table_teid(table, 11), 0);
	assert_int_equal(store.ops->count(store.arg), 2);
}

static void
a_replicated_deletion_spares_a_younger_call_in_the_slot(void **state)
{
	struct tombstone t = {.teid = teid_make(INSTANCE, 4, 10), .seq = 1};

	(void)state;
	place(teid_make(INSTANCE, 5, 10), 1);
	assert_int_equal(call_table_bury(table, &t), ERR_OK);
	assert_int_equal(call_table_teid(table, 10), teid_make(INSTANCE, 5, 10));
	t.teid = teid_make(INSTANCE, 5, 10);
	assert_int_equal(call_table_bury(table, &t), ERR_OK);
	assert_int_equal(call_table_teid(table, 10), 0);
	assert_int_equal(store.ops->find_tombstone(store.arg, t.teid, &t), ERR_OK);
	assert_int_equal(released, 0);
	assert_int_equal(call_table_merge(table, t.teid, (const uint8_t *)"", 0), ERR_NOT_FOUND);
	assert_false(call_table_drop(table, 10));
}

/* Slots above a gap: what was passed over is used first, and what was freed rests as ever. */
static void
slots_passed_over_by_replicated_calls_are_used_later(void **state)
{
	uint8_t seen[SLOTS] = {0};

	(void)state;
	place(teid_make(INSTANCE, 0, 40), 1000);
	place(teid_make(INSTANCE, 0, 2), 1002);
	assert_int_equal(arena_count(&arena, ARENA_SLOTS_USED), 41);
	seen[40] = seen[2] = 1;
	for (uint64_t i = 0; i < SLOTS - 2; i++) {
		uint32_t slot = teid_slot(add(i));

		assert_int_equal(seen[slot], 0);
		seen[slot] = 1;
	}
	assert_int_equal(arena_count(&arena, ARENA_SLOTS_USED), SLOTS);
	assert_int_equal(release(teid_make(INSTANCE, 0, 7), 0), ERR_OK);
	assert_int_equal(teid_slot(add(5000)), 7);
}

static void
begin_life(uint64_t life, uint64_t slot_first, enum ckpt_role role, uint64_t epoch)
{
	call_table_free(table);
	memset(mem, 0, arena_bytes(SLOTS));
	assert_int_equal(arena_init(&arena, mem, arena_bytes(SLOTS), INSTANCE, SLOTS), ERR_OK);
	arena_count_set(&arena, ARENA_LIFE, life);
	arena_count_set(&arena, ARENA_SLOT_FIRST, slot_first);
	table = call_table_new(&arena, &events);
	store = call_table_store(table);
	call_table_set_role(table, role, epoch);
}

static void
a_later_life_takes_the_slots_of_those_before_it_last(void **state)
{
	enum { FIRST = 40, REPLICATED = 50, LOW = 3 };

	(void)state;
	begin_life(1, FIRST, CKPT_STANDBY, 0);
	place(teid_make(INSTANCE, 0, REPLICATED), 1000);
	place(teid_make(INSTANCE, 0, LOW), 1001);
	call_table_set_role(table, CKPT_ACTIVE, 2);
	for (uint32_t slot = FIRST; slot < SLOTS; slot++)
		if (slot != REPLICATED)
			assert_int_equal(teid_slot(add(slot)), slot);
	for (uint32_t slot = 0; slot < FIRST; slot++)
		if (slot != LOW)
			assert_int_equal(teid_slot(add(slot)), slot);
	assert_int_equal(call_table_count(table), SLOTS);
	begin_life(2, SLOTS, CKPT_ACTIVE, 2); /* all were used */
	assert_int_equal(teid_slot(add(1)), 0);
}

/* It followed, took over in @epoch and died; what it gave out in slots whose generation it knew as @gen is still used.
 */
static void
check_next_life(uint64_t epoch, unsigned gen)
{
	enum { EACH = 6 };
	uint32_t teids[EACH], n = 0;

	begin_life(0, 0, CKPT_STANDBY, 0);
	for (uint32_t slot = 0; slot < EACH; slot++) {
		struct tombstone gone = {.teid = teid_make(INSTANCE, (uint8_t)gen, slot), .cause = 128};

		place(gone.teid, 1000 + slot);
		assert_int_equal(call_table_bury(table, &gone), ERR_OK);
	}
	call_table_set_role(table, CKPT_ACTIVE, epoch);
	for (uint32_t i = 0; n < EACH; i++) {
		uint32_t teid = add(100 + i);

		if (teid_slot(teid) < EACH)
			teids[n++] = teid;
		else
			assert_int_equal(release(teid, (uint16_t)i), ERR_OK);
	}
	begin_life(1, arena_count(&arena, ARENA_SLOTS_USED), CKPT_ACTIVE, epoch);
	for (uint32_t i = 0; i < EACH; i++) {
		uint32_t teid = add(300 + i);

		for (uint32_t k = 0; k < EACH; k++)
			assert_int_not_equal(teid, teids[k]);
	}
}

static void
no_teid_of_a_life_that_took_over_comes_again_in_the_next_one(void **state)
{
	(void)state;
	for (uint64_t epoch = 2; epoch < 12; epoch++)
		for (unsigned gen = 0; gen <= TEID_GEN_MASK; gen++)
			check_next_life(epoch, gen);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_replicated_call_takes_its_slot_and_shows_as_pre_allocated),
	    T(a_side_that_takes_over_gives_other_teids_than_the_one_it_followed),
	    T(what_is_dropped_after_a_takeover_leaves_other_teids_than_those_that_came_next),
	    T(a_table_of_a_later_life_gives_other_teids_than_those_before_it),
	    T(no_teid_comes_again_over_takeovers_in_a_row),
	    T(a_replicated_call_replaces_what_was_in_its_slot_and_its_own_double),
	    T(a_replicated_deletion_spares_a_younger_call_in_the_slot),
	    T(slots_passed_over_by_replicated_calls_are_used_later),
	    T(a_later_life_takes_the_slots_of_those_before_it_last),
	    T(no_teid_of_a_life_that_took_over_comes_again_in_the_next_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
