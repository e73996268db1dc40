/* session_call_table.c - calls by TEID and IMSI, slots and generations, tombstones, replicated calls, recovery. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "session/arena_layout.h"
#include "session/call_ckpt.h"
#include "session/call_index.h"
#include "session/call_rows.h"

enum { SLOTS = 64, MANY = 600, INSTANCE = 3 };

static uint8_t *mem;
static struct arena arena;
static struct call_table *table;
static struct call_store store;
static unsigned created, changed, released, evicted;
static uint32_t last_slot, last_tomb, last_groups;

static void
on_created(void *arg, uint32_t slot)
{
	(void)arg;
	created++;
	last_slot = slot;
}

static void
on_changed(void *arg, uint32_t slot, uint32_t groups)
{
	(void)arg;
	changed++;
	last_slot = slot;
	last_groups = groups;
}

static void
on_released(void *arg, uint32_t slot, uint32_t tomb)
{
	(void)arg;
	released++;
	last_slot = slot;
	last_tomb = tomb;
}

static void
on_evicted(void *arg, uint32_t slot)
{
	(void)arg;
	evicted++;
	last_slot = slot;
}

static const struct call_table_events events = {on_created, on_changed, on_released, NULL, on_evicted};

static int
setup(void **state)
{
	(void)state;
	mem = calloc(1, arena_bytes(SLOTS));
	created = changed = released = evicted = 0;
	if (arena_init(&arena, mem, arena_bytes(SLOTS), INSTANCE, SLOTS) != ERR_OK)
		return 1;
	table = call_table_new(&arena, &events);
	store = call_table_store(table);
	call_table_set_role(table, CKPT_ACTIVE, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	call_table_free(table);
	free(mem);
	return 0;
}

static struct call
call_of(uint64_t imsi)
{
	return (struct call){.imsi = imsi,
	                     .imsi_digits = 15,
	                     .nsapi = 5,
	                     .state = CALL_CONNECTED,
	                     .present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	                                CALL_HAS(CALL_F_STATE)};
}

static uint32_t
add(uint64_t imsi)
{
	struct call c = call_of(imsi);

	assert_int_equal(store.ops->add(store.arg, &c), ERR_OK);
	return c.teid;
}

static enum err
release(uint32_t teid, uint16_t seq)
{
	struct tombstone t = {.teid = teid, .seq = seq, .cause = 128};

	return store.ops->release(store.arg, &t);
}

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

/* A record as the active of this instance would send it. */
static size_t
record(uint32_t teid, uint64_t imsi, uint8_t buf[ARENA_RECORD_MAX], uint64_t *key)
{
	struct call c = call_of(imsi);
	struct wbuf w;

	c.teid = teid;
	c.present |= CALL_HAS(CALL_F_TEID);
	*key = call_rows_key(imsi, 15, 5);
	wbuf_init(&w, buf, ARENA_RECORD_MAX);
	assert_int_equal(call_rows_encode(&c, &w), ERR_OK);
	return w.len;
}

static enum err
place(uint32_t teid, uint64_t imsi)
{
	uint8_t buf[ARENA_RECORD_MAX];
	uint64_t key;
	size_t n = record(teid, imsi, buf, &key);

	return call_table_place(table, teid, buf, n, key);
}

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
	    T(a_replicated_call_takes_its_slot_and_shows_as_pre_allocated),
	    T(a_side_that_takes_over_gives_other_teids_than_the_one_it_followed),
	    T(a_table_of_a_later_life_gives_other_teids_than_those_before_it),
	    T(no_teid_comes_again_over_takeovers_in_a_row),
	    T(a_replicated_call_replaces_what_was_in_its_slot_and_its_own_double),
	    T(a_replicated_deletion_spares_a_younger_call_in_the_slot),
	    T(a_new_table_over_the_arena_finds_the_calls_and_empties_damaged_slots),
	    T(slots_passed_over_by_replicated_calls_are_used_later),
	    T(a_change_that_finds_no_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
