/* session_call_table.c - calls by TEID and IMSI, slots and generations, tombstones, recovery, want of memory. */
#include "tests/unit/session_table_rig.h"

static void
a_call_is_found_by_teid_and_by_imsi(void **state)
{
	uint32_t teid = add(1001);
	struct call c;

	(void)state;
	assert_int_equal(teid_instance(teid), INSTANCE);
	assert_int_equal(created, 1);
	assert_int_equal(store.ops->get(store.arg, teid, &c), ERR_OK);
	assert_int_equal(c.imsi, 1001);
	assert_int_equal(c.teid, teid);
	assert_int_equal(store.ops->find(store.arg, 1001, 15, 5, &c), ERR_OK);
	assert_int_equal(c.teid, teid);
	assert_int_equal(store.ops->find(store.arg, 1001, 15, 6, &c), ERR_NOT_FOUND);
	assert_int_equal(store.ops->get(store.arg, teid + 1, &c), ERR_NOT_FOUND);
	assert_int_equal(store.ops->get(store.arg, 0, &c), ERR_NOT_FOUND);
	assert_int_equal(store.ops->get(store.arg, teid ^ 1u << 31, &c), ERR_NOT_FOUND);
}

static void
the_same_imsi_and_nsapi_is_refused_and_a_full_table_too(void **state)
{
	struct call c = call_of(5);

	(void)state;
	for (uint64_t i = 0; i < SLOTS; i++)
		add(i);
	assert_int_equal(store.ops->add(store.arg, &c), ERR_EXISTS);
	c = call_of(5000);
	assert_int_equal(store.ops->add(store.arg, &c), ERR_FULL);
	assert_int_equal(store.ops->count(store.arg), SLOTS);
	assert_int_equal(created, SLOTS);
	assert_int_equal(arena_count(&arena, ARENA_CALLS_NOW), SLOTS);
}

static void
a_call_that_breaks_its_bounds_changes_nothing(void **state)
{
	struct call c = call_of(1);

	(void)state;
	c.imsi_digits = 16;
	assert_int_equal(store.ops->add(store.arg, &c), ERR_RANGE);
	assert_int_equal(store.ops->count(store.arg), 0);
	assert_int_equal(created, 0);
}

static void
an_update_is_written_and_told_with_its_groups(void **state)
{
	uint32_t teid = add(9);
	struct call c;

	(void)state;
	store.ops->get(store.arg, teid, &c);
	c.in_bytes = 4711;
	c.present |= CALL_HAS(CALL_F_IN_BYTES);
	assert_int_equal(store.ops->update(store.arg, &c, CKPT_GROUP_STATS), ERR_OK);
	assert_int_equal(changed, 1);
	assert_int_equal(last_groups, CKPT_GROUP_STATS);
	store.ops->get(store.arg, teid, &c);
	assert_int_equal(c.in_bytes, 4711);
	c.imsi++;
	assert_int_equal(store.ops->update(store.arg, &c, CKPT_GROUP_STATS), ERR_REFUSED);
	c.imsi--;
	c.teid ^= 1u << TEID_SLOT_BITS;
	assert_int_equal(store.ops->update(store.arg, &c, CKPT_GROUP_STATS), ERR_NOT_FOUND);
	assert_int_equal(changed, 1);
}

static void
fields_of_an_own_call_change_without_decoding_it(void **state)
{
	static const uint8_t bytes_in[] = {CALL_F_IN_BYTES + 1, 8, 0, 0, 0, 0, 0, 0, 0x12, 0x67};
	uint32_t teid = add(9);
	struct call before, after;

	(void)state;
	store.ops->get(store.arg, teid, &before);
	assert_int_equal(call_table_change(table, teid, bytes_in, sizeof bytes_in, CKPT_GROUP_STATS), ERR_OK);
	assert_int_equal(changed, 1);
	assert_int_equal(last_slot, teid_slot(teid));
	assert_int_equal(last_groups, CKPT_GROUP_STATS);
	store.ops->get(store.arg, teid, &after);
	assert_int_equal(after.in_bytes, 4711);
	assert_true(after.imsi == before.imsi && after.present == (before.present | CALL_HAS(CALL_F_IN_BYTES)));
	assert_int_equal(call_table_change(table, teid + 1, bytes_in, sizeof bytes_in, CKPT_GROUP_STATS),
	                 ERR_NOT_FOUND);
	assert_int_equal(call_table_change(table, teid, bytes_in, 5, CKPT_GROUP_STATS), ERR_SHORT);
	assert_int_equal(changed, 1);
}

static void
a_released_call_leaves_a_tombstone_and_its_teid_rests(void **state)
{
	uint32_t teid = add(1), next;
	struct tombstone t;
	struct call c;

	(void)state;
	assert_int_equal(release(teid, 77), ERR_OK);
	assert_int_equal(released, 1);
	assert_int_equal(release(teid, 78), ERR_NOT_FOUND);
	assert_int_equal(store.ops->get(store.arg, teid, &c), ERR_NOT_FOUND);
	assert_int_equal(store.ops->find(store.arg, 1, 15, 5, &c), ERR_NOT_FOUND);
	assert_int_equal(store.ops->find_tombstone(store.arg, teid, &t), ERR_OK);
	assert_int_equal(t.seq, 77);
	assert_int_equal(store.ops->find_tombstone(store.arg, teid + 1, &t), ERR_NOT_FOUND);
	next = add(2);
	assert_int_not_equal(teid_slot(next), teid_slot(teid));
}

static void
a_slot_comes_back_with_the_next_generation_and_generations_wrap(void **state)
{
	struct rng r = {.state = 1};
	uint8_t seen[SLOTS] = {0};
	uint32_t teid = 0;

	(void)state;
	for (unsigned i = 0; i < SLOTS * 70; i++) {
		uint32_t slot;

		teid = add(i);
		slot = teid_slot(teid);
		assert_int_equal(teid_gen(teid), seen[slot] & TEID_GEN_MASK);
		seen[slot]++;
		assert_int_equal(release(teid, (uint16_t)rng_next(&r)), ERR_OK);
	}
	assert_int_equal(store.ops->count(store.arg), 0);
	/* Memory stays dense: only the slots that rest and one more were ever used. */
	for (uint32_t i = SLOTS / 4 + 2; i < SLOTS; i++)
		assert_int_equal(seen[i], 0);
}

static void
the_tombstone_ring_forgets_the_oldest_and_finds_the_latest(void **state)
{
	uint32_t first = add(1), teid = 0;
	struct tombstone t;

	(void)state;
	release(first, 1);
	for (uint32_t i = 0; i < CALL_TOMBS; i++) {
		assert_int_equal(store.ops->find_tombstone(store.arg, first, &t), ERR_OK);
		teid = add(2);
		if (teid == first) /* after 32 rounds its TEID comes again */
			first = teid;
		release(teid, (uint16_t)i);
	}
	assert_int_equal(store.ops->find_tombstone(store.arg, teid, &t), ERR_OK);
	assert_int_equal(t.seq, (uint16_t)(CALL_TOMBS - 1));
	assert_int_equal(call_table_tomb(table, CALL_TOMBS, &t), ERR_NOT_FOUND);
	assert_int_equal(call_table_oldest_tomb(table), 1);
}

/* Random histories against a plain array. */
static void
the_index_agrees_with_a_simple_model_over_random_histories(void **state)
{
	enum { IMSIS = 100 };
	uint32_t teids[IMSIS] = {0};
	struct rng r = {.state = 42};
	unsigned live = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint32_t imsi = rng_below(&r, IMSIS);
		struct call c = call_of(imsi);

		if (teids[imsi] == 0) {
			enum err e = store.ops->add(store.arg, &c);

			assert_int_equal(e, live == SLOTS ? ERR_FULL : ERR_OK);
			live += e == ERR_OK;
			teids[imsi] = e == ERR_OK ? c.teid : 0;
		} else {
			assert_int_equal(store.ops->find(store.arg, imsi, 15, 5, &c), ERR_OK);
			assert_int_equal(c.teid, teids[imsi]);
			assert_int_equal(release(teids[imsi], 0), ERR_OK);
			teids[imsi] = 0;
			live--;
		}
		assert_int_equal(store.ops->count(store.arg), live);
	}
	for (uint32_t imsi = 0; imsi < IMSIS; imsi++) {
		struct call c;

		assert_int_equal(store.ops->find(store.arg, imsi, 15, 5, &c), teids[imsi] ? ERR_OK : ERR_NOT_FOUND);
	}
}

static void
the_walk_sees_every_call_once(void **state)
{
	uint64_t sum = 0;
	uint32_t slot = 0;
	struct call c;

	(void)state;
	for (uint64_t i = 1; i <= 20; i++)
		add(i);
	release(teid_make(INSTANCE, 0, 4), 0);
	while (store.ops->next(store.arg, &slot, &c) == ERR_OK)
		sum += c.imsi;
	assert_int_equal(sum, 210 - 5);
}

static void
a_new_table_over_the_arena_finds_the_calls_and_empties_damaged_slots(void **state)
{
	uint32_t teids[10], slot = 0, generation;
	uint8_t *damaged;
	struct call_table *again;
	struct call_store s;
	struct call c;

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		teids[i] = add(i);
	release(teids[3], 0);
	generation = (teid_gen(teids[3]) + 1) & TEID_GEN_MASK;
	damaged = arena_cell_at(&arena, arena_entry_unpack(*arena_entry_at(&arena, teid_slot(teids[6]))).ref - 1);
	damaged[ARENA_HEAD_AT + 20] ^= 0xee;
	again = call_table_new(&arena, NULL);
	while (call_table_restore(again, &slot, NULL, NULL) == ERR_SHORT)
		;
	s = call_table_store(again);
	assert_int_equal(s.ops->count(s.arg), 8);
	assert_int_equal(arena_count(&arena, ARENA_RESTORE_DAMAGED), 1);
	for (uint64_t i = 0; i < 10; i++)
		assert_int_equal(s.ops->get(s.arg, teids[i], &c), i == 3 || i == 6 ? ERR_NOT_FOUND : ERR_OK);
	for (uint64_t i = 100; i < 100 + SLOTS - 8; i++) {
		c = call_of(i);
		assert_int_equal(s.ops->add(s.arg, &c), ERR_OK);
		if (teid_slot(c.teid) == teid_slot(teids[3]))
			assert_int_equal(teid_gen(c.teid), generation);
	}
	call_table_free(again);
}

/* Everything about a table that a refused change must leave alone. */
struct sight {
	uint64_t hash;
	uint32_t count;
	unsigned told;
};

static struct sight
look(void)
{
	struct sight s = {.count = store.ops->count(store.arg), .told = created + changed + released + evicted};
	uint32_t slot = 0;
	struct call c;

	while (store.ops->next(store.arg, &slot, &c) == ERR_OK)
		s.hash += hash_u64(c.imsi ^ c.in_bytes << 40 ^ (uint64_t)c.teid << 8);
	return s;
}

/* One of the changes that need memory, on a table that has none left; @teid is a call of it. */
static enum err
change(unsigned step, uint32_t teid)
{
	struct call c = call_of(7777);
	uint8_t micro[64];
	struct wbuf w;
	enum err e;

	if (step == 0)
		return store.ops->add(store.arg, &c);
	if (step == 1)
		return place(teid_make(INSTANCE, 3, MANY - 1), 7778);
	if (step == 2)
		return place(teid, 7779);
	e = store.ops->get(store.arg, teid, &c);
	assert_int_equal(e, ERR_OK);
	c.updates = 99; /* no field of the side */
	c.present |= CALL_HAS(CALL_F_UPDATES);
	if (step == 3)
		return store.ops->update(store.arg, &c, CKPT_GROUP_SESSION);
	wbuf_init(&w, micro, sizeof micro);
	assert_int_equal(rows_encode(&call_format, &c, CKPT_GROUP_SESSION, &w), ERR_OK);
	return call_table_merge(table, teid, micro, w.len);
}

/* A table over one slab of memory and more slots than that: every change that needs a cell finds none, in turn. */
static void
a_change_that_finds_no_memory_changes_nothing(void **state)
{
	size_t bytes = arena_cells_at(MANY) + ARENA_SLAB_BYTES;

	for (unsigned step = 0; step < 5; step++) {
		struct call c = call_of(0);
		struct sight before, after;
		uint32_t teid;

		teardown(state);
		mem = calloc(1, bytes);
		created = changed = released = evicted = 0;
		assert_int_equal(arena_init(&arena, mem, bytes, INSTANCE, MANY), ERR_OK);
		table = call_table_new(&arena, &events);
		store = call_table_store(table);
		teid = add(1);
		for (c.imsi = 2; store.ops->add(store.arg, &c) == ERR_OK; c = call_of(c.imsi + 1))
			;
		before = look();
		assert_true(before.count > SLOTS && before.count < MANY);
		assert_int_equal(change(step, teid), ERR_FULL);
		after = look();
		assert_memory_equal(&before, &after, sizeof before);
		assert_int_equal(store.ops->find(store.arg, 7777, 15, 5, &c), ERR_NOT_FOUND);
		assert_int_equal(call_table_teid(table, MANY - 1), 0);
		/* With a little memory again it goes through. */
		assert_int_equal(store.ops->find(store.arg, 2, 15, 5, &c), ERR_OK);
		assert_int_equal(release(c.teid, 0), ERR_OK);
		assert_int_equal(change(step, teid), ERR_OK);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_call_is_found_by_teid_and_by_imsi),
	    T(the_same_imsi_and_nsapi_is_refused_and_a_full_table_too),
	    T(a_call_that_breaks_its_bounds_changes_nothing),
	    T(an_update_is_written_and_told_with_its_groups),
	    T(fields_of_an_own_call_change_without_decoding_it),
	    T(a_released_call_leaves_a_tombstone_and_its_teid_rests),
	    T(a_slot_comes_back_with_the_next_generation_and_generations_wrap),
	    T(the_tombstone_ring_forgets_the_oldest_and_finds_the_latest),
	    T(the_index_agrees_with_a_simple_model_over_random_histories),
	    T(the_walk_sees_every_call_once),
	    T(a_new_table_over_the_arena_finds_the_calls_and_empties_damaged_slots),
	    T(a_change_that_finds_no_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
