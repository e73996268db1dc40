/* session_arena.c - the arena: what is written is read, damage is seen, memory untouched costs nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "session/arena_cells.h"
#include "session/arena_layout.h"

enum { SLOTS = 64 };

static uint8_t *mem;
static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	mem = calloc(1, arena_bytes(SLOTS));
	if (arena_init(&arena, mem, arena_bytes(SLOTS), 3, SLOTS) != ERR_OK)
		return 1;
	return arena_open(&arena) == ERR_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_close(&arena);
	free(mem);
	return 0;
}

static void
assert_slot(uint32_t slot, const void *want, size_t want_n, uint8_t want_tag)
{
	uint8_t buf[ARENA_RECORD_MAX], tag = 0;
	size_t n = 0;

	assert_int_equal(arena_read(&arena, slot, buf, &n, &tag), ERR_OK);
	assert_int_equal(n, want_n);
	assert_memory_equal(buf, want, want_n);
	assert_int_equal(tag, want_tag);
}

/* The writer has died and comes again: every slot is adopted, what is damaged is cleared. Returns how many were. */
static unsigned
restart(void)
{
	uint8_t buf[ARENA_RECORD_MAX];
	unsigned damaged = 0;
	size_t n;

	arena_close(&arena);
	assert_int_equal(arena_open(&arena), ERR_OK);
	for (uint32_t i = 0; i < arena.slot_count; i++)
		if (arena_adopt(&arena, i, buf, &n, NULL) == ERR_CORRUPT) {
			arena_clear(&arena, i, 0);
			damaged++;
		}
	arena_recovered(&arena);
	return damaged;
}

static uint32_t
cell_of(uint32_t slot)
{
	return arena_entry_unpack(*arena_entry_at(&arena, slot)).ref - 1;
}

static void
what_is_written_is_read_and_the_last_write_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "record number %d", i);

		assert_int_equal(arena_write(&arena, 5, (uint8_t)i, text, (size_t)n, (struct arena_run){0}), ERR_OK);
		assert_slot(5, text, (size_t)n, (uint8_t)i);
	}
	assert_int_equal(arena_cells_used(&arena), 1);
}

static void
records_of_every_length_fit_and_others_are_refused(void **state)
{
	uint8_t big[ARENA_RECORD_MAX + 1];

	(void)state;
	memset(big, 0xa5, sizeof big);
	for (size_t n = 1; n <= ARENA_RECORD_MAX; n++) {
		big[n - 1] = (uint8_t)n;
		assert_int_equal(arena_write(&arena, (uint32_t)n % SLOTS, 2, big, n, (struct arena_run){0}), ERR_OK);
		assert_slot((uint32_t)n % SLOTS, big, n, 2);
	}
	assert_int_equal(arena_cells_used(&arena), SLOTS);
	assert_int_equal(arena_write(&arena, 0, 1, big, ARENA_RECORD_MAX + 1, (struct arena_run){0}), ERR_RANGE);
	assert_int_equal(arena_write(&arena, 0, 1, big, 0, (struct arena_run){0}), ERR_RANGE);
	assert_int_equal(arena_write(&arena, SLOTS, 1, big, 1, (struct arena_run){0}), ERR_RANGE);
	assert_true(ARENA_RECORD_MAX >= 700);
}

static void
a_cleared_slot_is_empty_and_keeps_its_tag_over_a_restart(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX], tag = 99;
	size_t n;

	(void)state;
	assert_int_equal(arena_read(&arena, 7, buf, &n, &tag), ERR_NOT_FOUND);
	assert_int_equal(tag, 0);
	arena_write(&arena, 7, 1, "abc", 3, (struct arena_run){0});
	arena_clear(&arena, 7, 17);
	assert_int_equal(arena_cells_used(&arena), 0);
	assert_int_equal(restart(), 0);
	assert_int_equal(arena_read(&arena, 7, buf, &n, &tag), ERR_NOT_FOUND);
	assert_int_equal(tag, 17);
	arena_write(&arena, 7, 18, "def", 3, (struct arena_run){0});
	assert_slot(7, "def", 3, 18);
	assert_int_equal(arena_read(&arena, SLOTS, buf, &n, &tag), ERR_NOT_FOUND);
}

static void
in_every_slot_the_longest_record_fits_whatever_was_there_before(void **state)
{
	uint8_t big[ARENA_RECORD_MAX];
	struct rng r = {.state = 3};

	(void)state;
	memset(big, 0x3c, sizeof big);
	for (int round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < SLOTS; i++)
			assert_int_equal(
			    arena_write(&arena, i, 1, big, 1 + rng_below(&r, ARENA_RECORD_MAX), (struct arena_run){0}),
			    ERR_OK);
		for (uint32_t i = 0; i < SLOTS; i++)
			assert_int_equal(arena_write(&arena, i, 1, big, ARENA_RECORD_MAX, (struct arena_run){0}),
			                 ERR_OK);
		assert_int_equal(arena_cells_used(&arena), SLOTS);
	}
}

/* One slab of 64 KiB: 56 of the longest records, and the next write finds nothing, not even for a slot that has one. */
static void
a_full_arena_refuses_a_write_and_leaves_the_slot_as_it_was(void **state)
{
	enum { FEW = ARENA_SLAB_BYTES / ARENA_CELL_MAX, MANY = 100 };
	size_t bytes = arena_cells_at(MANY) + ARENA_SLAB_BYTES;
	uint8_t *few = calloc(1, bytes), big[ARENA_RECORD_MAX], buf[ARENA_RECORD_MAX], tag;
	struct arena kept = arena;
	size_t n;

	(void)state;
	memset(big, 1, sizeof big);
	assert_int_equal(arena_init(&arena, few, bytes, 1, MANY), ERR_OK);
	assert_int_equal(arena_open(&arena), ERR_OK);
	for (uint32_t i = 0; i < FEW; i++)
		assert_int_equal(arena_write(&arena, i, 1, big, sizeof big, (struct arena_run){0}), ERR_OK);
	assert_int_equal(arena_write(&arena, FEW, 1, "x", 1, (struct arena_run){0}), ERR_FULL);
	assert_int_equal(arena_read(&arena, FEW, buf, &n, &tag), ERR_NOT_FOUND);
	assert_int_equal(arena_write(&arena, 3, 9, "x", 1, (struct arena_run){0}), ERR_FULL);
	assert_slot(3, big, sizeof big, 1);
	/* A smaller record goes into a larger cell when nothing else is left. */
	arena_clear(&arena, 3, 2);
	assert_int_equal(arena_write(&arena, FEW, 1, "x", 1, (struct arena_run){0}), ERR_OK);
	assert_slot(FEW, "x", 1, 1);
	assert_int_equal(restart(), 0);
	assert_slot(FEW, "x", 1, 1);
	assert_int_equal(arena_cells_used(&arena), FEW);
	/* An empty slab is cut anew for what is needed then. */
	for (uint32_t i = 0; i < MANY; i++)
		arena_clear(&arena, i, 0);
	for (uint32_t i = 0; i < MANY; i++)
		assert_int_equal(arena_write(&arena, i, 1, big, 400, (struct arena_run){0}), ERR_OK);
	arena_close(&arena);
	arena = kept;
	free(few);
}

/* After the damage: the record, or an error that restores to an empty slot; the neighbour is as it was. */
static void
assert_damage_is_seen(const void *want, size_t want_n, uint8_t want_tag)
{
	uint8_t buf[ARENA_RECORD_MAX], tag = 0;
	size_t n = 0;
	enum err e = arena_read(&arena, 9, buf, &n, &tag);

	assert_true(e == ERR_OK || e == ERR_CORRUPT);
	if (e == ERR_OK) {
		assert_int_equal(n, want_n);
		assert_memory_equal(buf, want, n);
		assert_int_equal(tag, want_tag);
	}
	assert_int_equal(restart(), e == ERR_CORRUPT);
	assert_int_equal(arena_cells_used(&arena), e == ERR_OK ? 2 : 1);
	assert_slot(10, "neighbour", 9, 4);
	assert_int_equal(arena_write(&arena, 9, 3, "next", 4, (struct arena_run){0}), ERR_OK);
	assert_slot(9, "next", 4, 3);
	assert_slot(10, "neighbour", 9, 4);
}

static void
damage_of_any_byte_of_a_cell_or_an_entry_is_seen_or_harmless(void **state)
{
	static const uint8_t flips[] = {0x01, 0x80, 0xff, 0x40};
	enum {
		LEN = 150,
		SIDE = 40,
		BYTES = sizeof(uint64_t) + ARENA_HEAD_AT + sizeof(struct arena_cell_head) + LEN - SIDE
	};
	const struct arena_run side = {.at = 60, .len = SIDE};
	uint8_t record[LEN], buf[ARENA_RECORD_MAX];
	unsigned seen = 0;
	size_t n;

	(void)state;
	memset(record, 0x77, sizeof record);
	arena_write(&arena, 10, 4, "neighbour", 9, (struct arena_run){0});
	for (unsigned at = 0; at < BYTES; at++)
		for (unsigned k = 0; k < sizeof flips; k++) {
			uint8_t *p;

			assert_int_equal(arena_write(&arena, 9, 2, record, sizeof record, side), ERR_OK);
			p = at < sizeof(uint64_t) ? (uint8_t *)arena_entry_at(&arena, 9) + at
			                          : arena_cell_at(&arena, cell_of(9)) + at - sizeof(uint64_t);
			*p ^= flips[k];
			seen += arena_read(&arena, 9, buf, &n, NULL) == ERR_CORRUPT;
			assert_damage_is_seen(record, sizeof record, 2);
		}
	/* harmless: the copy of the side that is not current, but for its sequence */
	assert_int_equal(seen, (BYTES - (sizeof(struct arena_side) - 1)) * sizeof flips);
}

static void
damage_of_an_empty_slots_entry_brings_no_record(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX];
	size_t n;

	(void)state;
	arena_write(&arena, 10, 4, "neighbour", 9, (struct arena_run){0});
	for (unsigned bit = 0; bit < 64; bit++) {
		arena_write(&arena, 9, 4, "gone", 4, (struct arena_run){0});
		arena_clear(&arena, 9, 5);
		*arena_entry_at(&arena, 9) ^= UINT64_C(1) << bit;
		assert_int_equal(arena_read(&arena, 9, buf, &n, NULL), ERR_CORRUPT);
		assert_int_equal(restart(), 1);
	}
}

static void
two_entries_that_name_one_cell_do_not_share_it(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX];
	size_t n;

	(void)state;
	arena_write(&arena, 1, 4, "first", 5, (struct arena_run){0});
	arena_write(&arena, 2, 4, "second", 6, (struct arena_run){0});
	*arena_entry_at(&arena, 2) = *arena_entry_at(&arena, 1);
	assert_int_equal(arena_read(&arena, 2, buf, &n, NULL), ERR_CORRUPT);
	/* Also while the writer lives: it knows which cell was whose. */
	assert_int_equal(arena_write(&arena, 2, 5, "third", 5, (struct arena_run){0}), ERR_OK);
	assert_slot(1, "first", 5, 4);
	assert_slot(2, "third", 5, 5);
	assert_int_equal(arena_cells_used(&arena), 2);
	*arena_entry_at(&arena, 2) = *arena_entry_at(&arena, 1);
	assert_int_equal(restart(), 1);
	assert_int_equal(arena_cells_used(&arena), 1);
	assert_slot(1, "first", 5, 4);
}

static void
a_cell_is_claimed_once_whole_and_only_after_a_restart(void **state)
{
	uint8_t classes[2] = {0};
	struct arena_cells *c = arena_cells_new(classes, 2);
	uint32_t cell = arena_cells_take(c, 200);

	(void)state;
	assert_int_equal(arena_cells_take(c, 200), cell + 4);
	assert_false(arena_cells_claim(c, cell + 8, 200));
	arena_cells_free(c);
	c = arena_cells_new(classes, 2);
	assert_false(arena_cells_claim(c, cell + 4, 257));
	assert_false(arena_cells_claim(c, cell + 5, 200));
	assert_false(arena_cells_claim(c, ARENA_SLAB_GRANULES, 200));
	assert_false(arena_cells_claim(c, 2 * ARENA_SLAB_GRANULES, 200));
	assert_true(arena_cells_claim(c, cell + 4, 200));
	assert_false(arena_cells_claim(c, cell + 4, 200));
	/* Until all are claimed, only the slab that held nothing is used. */
	assert_int_equal(arena_cells_take(c, 200), ARENA_SLAB_GRANULES);
	arena_cells_recovered(c);
	assert_int_equal(arena_cells_taken(c), 2);
	assert_int_equal(arena_cells_take(c, 200), cell);
	arena_cells_free(c);
}

static void
a_damaged_class_table_loses_records_and_shares_no_cell(void **state)
{
	uint8_t text[ARENA_RECORD_MAX];

	(void)state;
	for (unsigned cls = 0; cls <= UINT8_MAX; cls++) {
		for (uint32_t i = 0; i < SLOTS; i++) {
			memset(text, (int)i, sizeof text);
			assert_int_equal(arena_write(&arena, i, 1, text, 180, (struct arena_run){0}), ERR_OK);
		}
		arena_classes(&arena)[cell_of(SLOTS - 1) / ARENA_SLAB_GRANULES] = (uint8_t)cls;
		(void)restart();
		for (uint32_t i = 0; i < SLOTS; i += 2) {
			memset(text, (int)i + 1, sizeof text);
			assert_int_equal(arena_write(&arena, i, 1, text, 250, (struct arena_run){0}), ERR_OK);
		}
		for (uint32_t i = 0; i < SLOTS; i++) {
			uint8_t buf[ARENA_RECORD_MAX];
			size_t n = 0;
			enum err e = arena_read(&arena, i, buf, &n, NULL);

			memset(text, (int)i + (i % 2 == 0), sizeof text);
			assert_true(e == ERR_OK || (e == ERR_NOT_FOUND && i % 2 == 1));
			assert_memory_equal(buf, text, n);
		}
	}
}

static void
sequences_wrap_without_harm(void **state)
{
	uint32_t text;

	(void)state;
	for (text = 0; text < 70000; text++)
		arena_write(&arena, 0, 6, &text, sizeof text, (struct arena_run){0});
	text--;
	assert_slot(0, &text, sizeof text, 6);
}

static void
attaching_finds_the_records_and_refuses_what_is_no_arena(void **state)
{
	struct arena_header *h = (void *)mem;
	struct arena other;

	(void)state;
	arena_write(&arena, 4, 1, "kept", 4, (struct arena_run){0});
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS)), ERR_OK);
	assert_int_equal(arena_instance(&other), 3);
	assert_int_equal(other.slot_count, SLOTS);
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS) - 1), ERR_RANGE);
	assert_int_equal(arena_attach(&other, mem, 10), ERR_FORMAT);
	h->slab_count++;
	assert_int_equal(arena_attach(&other, mem, SIZE_MAX), ERR_RANGE);
	h->slab_count = 0;
	assert_int_equal(arena_attach(&other, mem, SIZE_MAX), ERR_RANGE);
	h->slot_count = ARENA_SLOTS_MAX + 1;
	assert_int_equal(arena_attach(&other, mem, SIZE_MAX), ERR_RANGE);
	h->version++;
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS)), ERR_VERSION);
	h->magic++;
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS)), ERR_FORMAT);
	assert_int_equal(arena_init(&other, mem, arena_bytes(SLOTS), 1, 0), ERR_RANGE);
	assert_int_equal(arena_init(&other, mem, SIZE_MAX, 1, ARENA_SLOTS_MAX + 1), ERR_RANGE);
	assert_int_equal(arena_init(&other, mem, arena_cells_at(SLOTS) + ARENA_SLAB_BYTES - 1, 1, SLOTS), ERR_RANGE);
}

static void
untouched_slots_cost_no_memory(void **state)
{
	enum { WRITTEN = 1000, LEN = 624 };
	int fd = memfd_create("arena", 0);
	size_t bytes = arena_bytes(ARENA_SLOTS_MAX);
	uint8_t record[LEN] = {1};
	struct arena big;
	struct stat st;
	void *p;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(arena_init(&big, p, bytes, 1, ARENA_SLOTS_MAX), ERR_OK);
	assert_int_equal(arena_open(&big), ERR_OK);
	for (unsigned round = 0; round < 3; round++)
		for (uint32_t i = 0; i < WRITTEN; i++)
			assert_int_equal(arena_write(&big, i, 0, record, LEN, (struct arena_run){0}), ERR_OK);
	arena_clear(&big, ARENA_SLOTS_MAX - 1, 1);
	assert_int_equal(fstat(fd, &st), 0);
	/* cells of 768 bytes and a slab begun, 8 bytes a slot, header and class table */
	assert_true(st.st_blocks * 512 <= WRITTEN * (768 + 8) + 2 * ARENA_SLAB_BYTES + 4 * ARENA_PAGE);
	arena_close(&big);
	munmap(p, bytes);
	close(fd);
}

/* Random writes, clears, damage and restarts against plain arrays, with more slots than memory. */
static void
the_arena_agrees_with_a_plain_array_over_random_histories(void **state)
{
	enum { MANY = 400, SLABS = 3 };
	static uint8_t want[MANY][ARENA_RECORD_MAX];
	size_t want_n[MANY] = {0}, bytes = arena_cells_at(MANY) + SLABS * ARENA_SLAB_BYTES, n;
	uint8_t *few = calloc(1, bytes), tags[MANY] = {0}, buf[ARENA_RECORD_MAX], tag;
	struct rng r = {.state = 99};
	struct arena kept = arena;
	uint32_t live = 0, full = 0;

	(void)state;
	assert_int_equal(arena_init(&arena, few, bytes, 1, MANY), ERR_OK);
	assert_int_equal(arena_open(&arena), ERR_OK);
	for (int i = 0; i < 100000; i++) {
		uint32_t slot = rng_below(&r, MANY), dice = rng_below(&r, 1000);

		tag = (uint8_t)rng_next(&r);
		if (dice < 600) {
			n = 1 + rng_below(&r, 1 + rng_below(&r, ARENA_RECORD_MAX));
			memset(buf, (int)rng_next(&r), n);
			if (arena_write(&arena, slot, tag, buf, n, (struct arena_run){0}) == ERR_FULL) {
				full++;
			} else {
				live += want_n[slot] == 0;
				want_n[slot] = n;
				memcpy(want[slot], buf, n);
				tags[slot] = tag;
			}
		} else if (dice < 999) {
			if (want_n[slot] != 0 || tags[slot] != 0) {
				arena_clear(&arena, slot, tag);
				tags[slot] = tag;
			}
			live -= want_n[slot] != 0;
			want_n[slot] = 0;
		} else {
			assert_int_equal(restart(), 0);
		}
		slot = rng_below(&r, MANY);
		tag = 0;
		assert_int_equal(arena_read(&arena, slot, buf, &n, &tag), want_n[slot] ? ERR_OK : ERR_NOT_FOUND);
		assert_int_equal(tag, tags[slot]);
		if (want_n[slot] != 0) {
			assert_int_equal(n, want_n[slot]);
			assert_memory_equal(buf, want[slot], n);
		}
		assert_int_equal(arena_cells_used(&arena), live);
	}
	assert_true(full > 0);
	arena_close(&arena);
	arena = kept;
	free(few);
}

static void
counters_are_shared_through_the_header(void **state)
{
	uint64_t ckpt[CKPT_COUNTER_COUNT] = {[CKPT_FULL_SENT] = 5, [CKPT_NOW_COMPRESSION] = 1};
	struct arena reader;

	(void)state;
	arena_count_add(&arena, ARENA_CREATED, 2);
	arena_count_add(&arena, ARENA_CREATED, 3);
	arena_count_set(&arena, ARENA_COUNTER_COUNT, 9);
	arena_ckpt_publish(&arena, ckpt);
	assert_int_equal(arena_attach(&reader, mem, arena_bytes(SLOTS)), ERR_OK);
	assert_int_equal(arena_count(&reader, ARENA_CREATED), 5);
	assert_int_equal(arena_count(&reader, ARENA_COUNTER_COUNT), 0);
	assert_int_equal(arena_ckpt_count(&reader, CKPT_FULL_SENT), 5);
	assert_int_equal(arena_ckpt_count(&reader, CKPT_NOW_COMPRESSION), 1);
}

static void
a_record_is_borrowed_where_it_lies_and_damage_in_any_octet_is_seen(void **state)
{
	const struct arena_run side = {.at = 100, .len = ARENA_SIDE_MAX};
	uint8_t record[300], joined[ARENA_RECORD_MAX], *cell;
	struct arena_view v, other;

	(void)state;
	for (size_t i = 0; i < sizeof record; i++)
		record[i] = (uint8_t)(i * 7);
	assert_int_equal(arena_borrow(&arena, 7, &v), ERR_NOT_FOUND);
	assert_int_equal(arena_borrow(&arena, SLOTS, &v), ERR_NOT_FOUND);
	assert_int_equal(arena_write(&arena, 7, 1, record, sizeof record, side), ERR_OK);
	assert_int_equal(arena_write(&arena, 8, 1, "x", 1, (struct arena_run){0}), ERR_OK);
	assert_int_equal(arena_borrow(&arena, 7, &v), ERR_OK);
	assert_int_equal(arena_join(&v, joined), sizeof record);
	assert_memory_equal(joined, record, sizeof record);
	assert_int_equal(v.side.n, ARENA_SIDE_MAX);
	assert_memory_equal(v.side.p, record + 100, ARENA_SIDE_MAX);
	cell = mem + (v.cell - mem);
	for (size_t i = 0; i < v.cell_bytes; i++) {
		/* another record was looked at last, so this one is verified */
		assert_int_equal(arena_borrow(&arena, 8, &other), ERR_OK);
		cell[i] ^= 0x10;
		/* the copy of the side that is not current is nobody's but the scrub's, unless its sequence says so */
		if (i < sizeof(struct arena_side) - sizeof(uint32_t) - 1)
			assert_int_equal(arena_borrow(&arena, 7, &v), ERR_OK);
		else if (i < sizeof(struct arena_side) - sizeof(uint32_t) || i >= sizeof(struct arena_side))
			assert_int_equal(arena_borrow(&arena, 7, &v), ERR_CORRUPT);
		cell[i] ^= 0x10;
	}
	assert_int_equal(arena_borrow(&arena, 7, &v), ERR_OK);
	arena_clear(&arena, 7, 2);
	assert_int_equal(arena_borrow(&arena, 7, &v), ERR_NOT_FOUND);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(what_is_written_is_read_and_the_last_write_counts),
	    T(records_of_every_length_fit_and_others_are_refused),
	    T(a_cleared_slot_is_empty_and_keeps_its_tag_over_a_restart),
	    T(in_every_slot_the_longest_record_fits_whatever_was_there_before),
	    T(a_full_arena_refuses_a_write_and_leaves_the_slot_as_it_was),
	    T(damage_of_any_byte_of_a_cell_or_an_entry_is_seen_or_harmless),
	    T(damage_of_an_empty_slots_entry_brings_no_record),
	    T(two_entries_that_name_one_cell_do_not_share_it),
	    T(a_cell_is_claimed_once_whole_and_only_after_a_restart),
	    T(a_damaged_class_table_loses_records_and_shares_no_cell),
	    T(sequences_wrap_without_harm),
	    T(attaching_finds_the_records_and_refuses_what_is_no_arena),
	    T(untouched_slots_cost_no_memory),
	    T(the_arena_agrees_with_a_plain_array_over_random_histories),
	    T(a_record_is_borrowed_where_it_lies_and_damage_in_any_octet_is_seen),
	    T(counters_are_shared_through_the_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
