/* session_arena.c - the arena: records survive a write that stops anywhere, slots untouched cost nothing. */
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

#include "session/arena.h"

enum { SLOTS = 64 };

static uint8_t *mem;
static struct arena arena;

static int
setup(void **state)
{
	(void)state;
	mem = calloc(1, arena_bytes(SLOTS));
	return arena_init(&arena, mem, arena_bytes(SLOTS), 3, SLOTS) == ERR_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	free(mem);
	return 0;
}

static void
assert_slot(uint32_t slot, const void *want, size_t want_n, uint16_t want_tag)
{
	uint8_t buf[ARENA_RECORD_MAX];
	uint16_t tag = 0;
	size_t n = 0;

	assert_int_equal(arena_read(&arena, slot, buf, &n, &tag), ERR_OK);
	assert_int_equal(n, want_n);
	assert_memory_equal(buf, want, want_n);
	assert_int_equal(tag, want_tag);
}

static void
what_is_written_is_read_and_the_last_write_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		char text[32];
		int n = snprintf(text, sizeof text, "record number %d", i);

		assert_int_equal(arena_write(&arena, 5, (uint16_t)i, text, (size_t)n), ERR_OK);
		assert_slot(5, text, (size_t)n, (uint16_t)i);
	}
}

static void
records_of_one_byte_and_of_the_maximum_fit_and_others_are_refused(void **state)
{
	uint8_t big[ARENA_RECORD_MAX + 1];

	(void)state;
	memset(big, 0xa5, sizeof big);
	assert_int_equal(arena_write(&arena, 0, 1, big, 1), ERR_OK);
	assert_slot(0, big, 1, 1);
	assert_int_equal(arena_write(&arena, SLOTS - 1, 2, big, ARENA_RECORD_MAX), ERR_OK);
	assert_slot(SLOTS - 1, big, ARENA_RECORD_MAX, 2);
	assert_int_equal(arena_write(&arena, 0, 1, big, ARENA_RECORD_MAX + 1), ERR_RANGE);
	assert_int_equal(arena_write(&arena, 0, 1, big, 0), ERR_RANGE);
	assert_int_equal(arena_write(&arena, SLOTS, 1, big, 1), ERR_RANGE);
	assert_slot(0, big, 1, 1);
}

static void
a_cleared_slot_is_empty_and_keeps_its_tag(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX];
	uint16_t tag = 99;
	size_t n;

	(void)state;
	assert_int_equal(arena_read(&arena, 7, buf, &n, &tag), ERR_NOT_FOUND);
	assert_int_equal(tag, 0);
	arena_write(&arena, 7, 1, "abc", 3);
	arena_clear(&arena, 7, 17);
	assert_int_equal(arena_read(&arena, 7, buf, &n, &tag), ERR_NOT_FOUND);
	assert_int_equal(tag, 17);
	arena_write(&arena, 7, 18, "def", 3);
	assert_slot(7, "def", 3, 18);
}

/* Every state of a slot on the way from one write to the next, with the writer's order of bytes and without. */
static void
torn_write_at(size_t cut, int is_header_first, int clears)
{
	static uint8_t before[ARENA_SLOT_BYTES], after[ARENA_SLOT_BYTES];
	uint8_t *slot = mem + ARENA_HEADER_BYTES + 9 * ARENA_SLOT_BYTES;
	uint8_t buf[ARENA_RECORD_MAX];
	const char *old = "the record before the crash", *new = "the record that was being written in the crash";
	size_t n = 0, first = 0, last = ARENA_SLOT_BYTES;
	enum err e;

	memset(slot, 0, ARENA_SLOT_BYTES);
	arena_write(&arena, 9, 1, "the first of all, longer than the others so that it shows through", 66);
	arena_write(&arena, 9, 1, old, strlen(old));
	memcpy(before, slot, sizeof before);
	if (clears)
		arena_clear(&arena, 9, 2);
	else
		arena_write(&arena, 9, 2, new, strlen(new));
	memcpy(after, slot, sizeof after);
	while (first < last && before[first] == after[first])
		first++;
	while (last > first && before[last - 1] == after[last - 1])
		last--;
	if (first + cut > last)
		return;
	memcpy(slot, before, sizeof before);
	if (is_header_first)
		memcpy(slot + first, after + first, cut);
	else
		memcpy(slot + last - cut, after + last - cut, cut);
	assert_int_not_equal(arena_check(&arena, 9), ERR_CORRUPT);
	e = arena_read(&arena, 9, buf, &n, NULL);
	if (e == ERR_NOT_FOUND) {
		assert_true(clears);
		return;
	}
	assert_int_equal(e, ERR_OK);
	assert_true((n == strlen(old) && memcmp(buf, old, n) == 0) ||
	            (!clears && n == strlen(new) && memcmp(buf, new, n) == 0));
	/* And the next write goes through. */
	assert_int_equal(arena_write(&arena, 9, 3, "next", 4), ERR_OK);
	assert_slot(9, "next", 4, 3);
}

static void
a_write_cut_at_any_byte_leaves_the_previous_record_or_the_new_one(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= ARENA_SLOT_BYTES; cut++)
		for (int way = 0; way < 4; way++)
			torn_write_at(cut, way & 1, way >> 1);
}

static void
a_flipped_bit_shows_the_other_copy_and_two_are_an_error(void **state)
{
	uint8_t *slot = mem + ARENA_HEADER_BYTES + 2 * ARENA_SLOT_BYTES;
	uint8_t buf[ARENA_RECORD_MAX];
	size_t n;

	(void)state;
	arena_write(&arena, 2, 0, "one", 3); /* first copy */
	arena_write(&arena, 2, 0, "two", 3); /* second copy */
	slot[ARENA_SLOT_BYTES / 2 + 12] ^= 1;
	assert_slot(2, "one", 3, 0);
	slot[13] ^= 4;
	assert_int_equal(arena_read(&arena, 2, buf, &n, NULL), ERR_CORRUPT);
	assert_int_equal(arena_check(&arena, 2), ERR_CORRUPT);
}

static void
a_length_beyond_the_slot_is_not_believed(void **state)
{
	uint8_t *slot = mem + ARENA_HEADER_BYTES;
	uint8_t buf[ARENA_RECORD_MAX];
	size_t n;

	(void)state;
	arena_write(&arena, 0, 0, "one", 3);
	memset(slot + 8, 0xff, 2);
	assert_int_equal(arena_read(&arena, 0, buf, &n, NULL), ERR_CORRUPT);
}

static void
sequences_wrap_without_losing_order(void **state)
{
	uint8_t *slot = mem + ARENA_HEADER_BYTES;
	uint32_t seq = UINT32_MAX - 1;

	(void)state;
	arena_write(&arena, 0, 0, "zero", 4);
	memcpy(slot, &seq, sizeof seq);
	for (uint16_t i = 0; i < 6; i++) {
		arena_write(&arena, 0, i, &i, sizeof i);
		assert_slot(0, &i, sizeof i, i);
	}
}

static void
attaching_finds_the_records_and_refuses_what_is_no_arena(void **state)
{
	struct arena other;
	uint32_t version = 77;

	(void)state;
	arena_write(&arena, 4, 1, "kept", 4);
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS)), ERR_OK);
	assert_int_equal(arena_instance(&other), 3);
	assert_int_equal(other.slot_count, SLOTS);
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS) - 1), ERR_RANGE);
	assert_int_equal(arena_attach(&other, mem, 10), ERR_FORMAT);
	memcpy(mem + 8, &version, sizeof version);
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS)), ERR_VERSION);
	mem[0] ^= 1;
	assert_int_equal(arena_attach(&other, mem, arena_bytes(SLOTS)), ERR_FORMAT);
	assert_int_equal(arena_init(&other, mem, arena_bytes(SLOTS), 1, 0), ERR_RANGE);
	assert_int_equal(arena_init(&other, mem, arena_bytes(SLOTS) - 1, 1, SLOTS), ERR_RANGE);
}

static void
untouched_slots_cost_no_memory(void **state)
{
	enum { MANY = 262144 };
	int fd = memfd_create("arena", 0);
	struct arena big;
	struct stat st;
	void *p;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)arena_bytes(MANY)), 0);
	p = mmap(NULL, arena_bytes(MANY), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p, MAP_FAILED);
	assert_int_equal(arena_init(&big, p, arena_bytes(MANY), 1, MANY), ERR_OK);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(arena_write(&big, i, 0, "x", 1), ERR_OK);
	arena_clear(&big, MANY - 1, 1);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_blocks * 512 <= 100 * ARENA_SLOT_BYTES + 3 * 4096);
	munmap(p, arena_bytes(MANY));
	close(fd);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_is_written_is_read_and_the_last_write_counts, setup, teardown),
	    cmocka_unit_test_setup_teardown(records_of_one_byte_and_of_the_maximum_fit_and_others_are_refused, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(a_cleared_slot_is_empty_and_keeps_its_tag, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_write_cut_at_any_byte_leaves_the_previous_record_or_the_new_one, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(a_flipped_bit_shows_the_other_copy_and_two_are_an_error, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_length_beyond_the_slot_is_not_believed, setup, teardown),
	    cmocka_unit_test_setup_teardown(sequences_wrap_without_losing_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(attaching_finds_the_records_and_refuses_what_is_no_arena, setup, teardown),
	    cmocka_unit_test_setup_teardown(untouched_slots_cost_no_memory, setup, teardown),
	    cmocka_unit_test_setup_teardown(counters_are_shared_through_the_header, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
