/*
 * session_arena_side.c - the side of a record, twice in its cell: a change that stops anywhere leaves one of both,
 * damage in either copy is found, a copy left half written is mended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "session/arena_layout.h"

enum { SLOTS = 64, SLOT = 9, LEN = 300, AT = 77, LINE = sizeof(struct arena_side) };

static const struct arena_run run = {.at = AT, .len = 40};
static uint8_t *mem, record[LEN];
static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	mem = calloc(1, arena_bytes(SLOTS));
	for (size_t i = 0; i < LEN; i++)
		record[i] = (uint8_t)(i * 5 + 1);
	if (arena_init(&arena, mem, arena_bytes(SLOTS), 3, SLOTS) != ERR_OK || arena_open(&arena) != ERR_OK)
		return 1;
	return arena_write(&arena, SLOT, 2, record, LEN, run) == ERR_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	arena_close(&arena);
	free(mem);
	return 0;
}

static uint8_t *
cell(void)
{
	return arena_cell_at(&arena, arena_entry_unpack(*arena_entry_at(&arena, SLOT)).ref - 1);
}

/* Side number @n: its length and its octets follow from that. */
static size_t
side_of(unsigned n, uint8_t p[ARENA_SIDE_MAX])
{
	size_t len = hash_u64(n) % (ARENA_SIDE_MAX + 1);

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)hash_u64((uint64_t)n << 32 | i);
	return len;
}

static enum err
change(unsigned n)
{
	uint8_t p[ARENA_SIDE_MAX];
	size_t len = side_of(n, p);
	struct arena_piece side;
	enum err e = arena_side(&arena, SLOT, &side);

	return e == ERR_OK ? arena_change(&arena, &side, p, len) : e;
}

/* Is what is read the record with side number @n? */
static bool
reads(unsigned n)
{
	uint8_t p[ARENA_SIDE_MAX], buf[ARENA_RECORD_MAX], tag = 0;
	size_t len = side_of(n, p), got = 0;

	return arena_read(&arena, SLOT, buf, &got, &tag) == ERR_OK && tag == 2 && got == LEN - run.len + len &&
	       memcmp(buf, record, AT) == 0 && memcmp(buf + AT, p, len) == 0 &&
	       memcmp(buf + AT + len, record + AT + run.len, LEN - AT - run.len) == 0;
}

/* The writer has died and comes again. */
static enum err
restart(void)
{
	uint8_t buf[ARENA_RECORD_MAX];
	enum err e;
	size_t n;

	arena_close(&arena);
	assert_int_equal(arena_open(&arena), ERR_OK);
	e = arena_adopt(&arena, SLOT, buf, &n, NULL);
	arena_recovered(&arena);
	return e;
}

static void
a_side_is_changed_in_its_cell_whatever_its_length(void **state)
{
	uint64_t entry = *arena_entry_at(&arena, SLOT);
	uint8_t p[ARENA_SIDE_MAX + 1] = {0};
	struct arena_piece side;

	(void)state;
	for (unsigned n = 0; n < 1000; n++) {
		assert_int_equal(change(n), ERR_OK);
		assert_true(reads(n));
	}
	assert_int_equal(*arena_entry_at(&arena, SLOT), entry);
	assert_int_equal(arena_cells_used(&arena), 1);
	assert_int_equal(arena_side(&arena, SLOT, &side), ERR_OK);
	assert_int_equal(arena_change(&arena, &side, p, sizeof p), ERR_RANGE);
	assert_true(reads(999));
	assert_int_equal(arena_side(&arena, SLOT + 1, &side), ERR_NOT_FOUND);
	assert_int_equal(arena_side(&arena, SLOTS, &side), ERR_NOT_FOUND);
	assert_int_equal(restart(), ERR_OK);
	assert_true(reads(999));
}

static void
a_run_outside_the_record_or_too_long_for_a_side_is_refused(void **state)
{
	static const struct arena_run bad[] = {{0, ARENA_SIDE_MAX + 1}, {LEN, 1}, {LEN - 9, 10}, {LEN + 1, 0}};
	static const struct arena_run good[] = {{0, 0}, {0, ARENA_SIDE_MAX}, {LEN, 0}, {LEN - 9, 9}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(arena_write(&arena, SLOT, 2, record, LEN, bad[i]), ERR_RANGE);
	assert_int_equal(arena_write(&arena, SLOT, 2, record, 4, (struct arena_run){0, 5}), ERR_RANGE);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		uint8_t buf[ARENA_RECORD_MAX];
		size_t n = 0;

		assert_int_equal(arena_write(&arena, SLOT, 2, record, LEN, good[i]), ERR_OK);
		assert_int_equal(arena_read(&arena, SLOT, buf, &n, NULL), ERR_OK);
		assert_int_equal(n, LEN);
		assert_memory_equal(buf, record, LEN);
	}
	/* A record that is all side. */
	assert_int_equal(arena_write(&arena, SLOT, 2, record, 10, (struct arena_run){0, 10}), ERR_OK);
	assert_int_equal(restart(), ERR_OK);
}

/* Lines before and after a change, from the place of the copy that it wrote. */
struct torn {
	uint8_t *at;
	uint8_t before[LINE], after[LINE];
};

static struct torn
torn_change(unsigned n)
{
	uint8_t before[ARENA_SIDES * LINE];
	struct torn t;

	memcpy(before, cell(), sizeof before);
	assert_int_equal(change(n), ERR_OK);
	t.at = memcmp(before, cell(), LINE) != 0 ? cell() : cell() + LINE;
	memcpy(t.after, t.at, LINE);
	memcpy(t.before, before + (t.at - cell()), LINE);
	assert_memory_equal(before + (t.at == cell() ? LINE : 0), t.at == cell() ? cell() + LINE : cell(), LINE);
	return t;
}

/* The octet of its sequence is the last one that is stored. */
static const size_t seq_at = offsetof(struct arena_side, seq);

static void
assert_old_then_new(unsigned n)
{
	struct arena_view v;

	assert_true(reads(n));
	assert_int_equal(restart(), ERR_OK);
	assert_true(reads(n));
	/* mended: both copies are whole again, and the next change finds what it needs */
	assert_int_equal(arena_peek(&arena, SLOT, &v), ERR_OK);
	assert_int_equal(change(n + 1), ERR_OK);
	assert_true(reads(n + 1));
	assert_int_equal(arena_peek(&arena, SLOT, &v), ERR_OK);
}

static void
a_change_that_stops_after_any_octet_leaves_the_side_before_it(void **state)
{
	unsigned n = 1;

	(void)state;
	assert_int_equal(change(n), ERR_OK);
	for (size_t stored = 0; stored < LINE; stored++) {
		struct torn t = torn_change(n + 1);

		memcpy(t.at, t.before, LINE);
		memcpy(t.at, t.after, stored);
		t.at[seq_at] = t.before[seq_at];
		assert_old_then_new(n++);
	}
}

/* Whatever order the processor keeps for all but the last store. */
static void
a_change_of_which_any_octets_are_stored_leaves_the_side_before_it(void **state)
{
	struct rng r = {.state = 5};
	unsigned n = 1;

	(void)state;
	assert_int_equal(change(n), ERR_OK);
	for (int round = 0; round < 2000; round++) {
		struct torn t = torn_change(n + 1);

		for (size_t i = 0; i < LINE; i++)
			t.at[i] = i != seq_at && rng_below(&r, 2) ? t.after[i] : t.before[i];
		assert_old_then_new(n++);
		/* and with its sequence it is the new one */
		t = torn_change(n + 1);
		memcpy(t.at, t.after, LINE);
		assert_true(reads(++n));
	}
}

static void
damage_of_any_octet_of_either_copy_is_found_and_never_read(void **state)
{
	struct arena_piece side;
	struct arena_view v;

	(void)state;
	for (unsigned n = 1; n < 6; n++) {
		assert_int_equal(change(n), ERR_OK);
		for (size_t i = 0; i < ARENA_SIDES * LINE * 8; i++) {
			uint8_t buf[ARENA_RECORD_MAX];
			size_t got;
			enum err e;

			cell()[i / 8] ^= (uint8_t)(1u << i % 8);
			assert_int_equal(arena_peek(&arena, SLOT, &v), ERR_CORRUPT);
			e = arena_read(&arena, SLOT, buf, &got, NULL);
			assert_true(e == ERR_CORRUPT || reads(n));
			/* what cannot be read is not changed either, so that it does not get a checksum that is right
			 */
			assert_int_equal(arena_side(&arena, SLOT, &side), e);
			cell()[i / 8] ^= (uint8_t)(1u << i % 8);
		}
		assert_true(reads(n));
	}
}

static void
a_side_of_another_slot_or_generation_is_none_of_this_one(void **state)
{
	struct arena_piece side;
	uint8_t *other;

	(void)state;
	assert_int_equal(arena_write(&arena, SLOT + 1, 2, record, LEN, run), ERR_OK);
	other = arena_cell_at(&arena, arena_entry_unpack(*arena_entry_at(&arena, SLOT + 1)).ref - 1);
	memcpy(cell(), other, (size_t)ARENA_SIDES * LINE);
	assert_int_equal(arena_side(&arena, SLOT, &side), ERR_CORRUPT);
	assert_int_equal(arena_write(&arena, SLOT, 2, record, LEN, run), ERR_OK);
	assert_int_equal(arena_write(&arena, SLOT + 1, 3, record, LEN, run), ERR_OK);
	assert_int_equal(arena_side(&arena, SLOT, &side), ERR_OK);
	assert_int_equal(arena_side(&arena, SLOT + 1, &side), ERR_OK);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_side_is_changed_in_its_cell_whatever_its_length),
	    T(a_run_outside_the_record_or_too_long_for_a_side_is_refused),
	    T(a_change_that_stops_after_any_octet_leaves_the_side_before_it),
	    T(a_change_of_which_any_octets_are_stored_leaves_the_side_before_it),
	    T(damage_of_any_octet_of_either_copy_is_found_and_never_read),
	    T(a_side_of_another_slot_or_generation_is_none_of_this_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
