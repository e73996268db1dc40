/* base_keymap.c - numbers by key against a plain array, and how little one change does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/keymap.h"
#include "base/rng.h"

enum { MAX = 3000 };

static struct keymap m;

static int
setup(void **state)
{
	(void)state;
	return keymap_init(&m, MAX) == ERR_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	keymap_fini(&m);
	return 0;
}

static void
an_empty_map_finds_nothing(void **state)
{
	(void)state;
	for (uint64_t key = 0; key < 100; key++)
		assert_int_equal(keymap_find(&m, key), KEYMAP_NONE);
}

static void
the_map_agrees_with_a_plain_array_while_it_fills_and_empties(void **state)
{
	static uint64_t keys[MAX];
	struct rng r = {.state = 12};

	(void)state;
	for (unsigned round = 0; round < 200000; round++) {
		uint32_t item = rng_below(&r, MAX), bias = round / 20000 % 2 ? 2 : 8;

		if (keys[item] != 0) {
			assert_int_equal(keymap_find(&m, keys[item]), item);
			if (rng_below(&r, 10) >= bias) {
				keymap_remove(&m, item);
				assert_int_equal(keymap_find(&m, keys[item]), KEYMAP_NONE);
				keys[item] = 0;
			}
		} else if (rng_below(&r, 10) < bias) {
			keys[item] = (uint64_t)item << 32 | (rng_next(&r) >> 32) | 1;
			keymap_add(&m, item, keys[item]);
		}
	}
	for (uint32_t item = 0; item < MAX; item++)
		if (keys[item] != 0)
			assert_int_equal(keymap_find(&m, keys[item]), item);
}

/* A full map: every item in a chain of its own bucket, as many buckets as items, none long. */
static void
buckets_follow_the_items_and_chains_stay_short(void **state)
{
	unsigned longest = 0;

	(void)state;
	for (uint32_t item = 0; item < MAX; item++) {
		uint32_t before = m.buckets;

		keymap_add(&m, item, UINT64_C(240010000000000) + item);
		assert_true(m.buckets - before <= 1);
	}
	assert_int_equal(m.buckets, MAX);
	for (uint32_t b = 0; b < m.buckets; b++) {
		unsigned length = 0;

		for (uint32_t i = m.heads[b]; i != 0; i = m.next[i - 1])
			length++;
		longest = length > longest ? length : longest;
	}
	assert_in_range(longest, 1, 12);
}

static void
a_map_that_is_told_what_comes_finds_what_it_has_and_splits_no_bucket_for_it(void **state)
{
	(void)state;
	for (uint32_t item = 0; item < 100; item++)
		keymap_add(&m, item, UINT64_C(240010000000000) + item);
	keymap_reserve(&m, 50);
	assert_int_equal(m.buckets, 100);
	keymap_reserve(&m, 2000);
	assert_int_equal(m.buckets, 2000);
	for (uint32_t item = 0; item < 100; item++)
		assert_int_equal(keymap_find(&m, UINT64_C(240010000000000) + item), item);
	for (uint32_t item = 100; item < 2000; item++)
		keymap_add(&m, item, UINT64_C(240010000000000) + item);
	assert_int_equal(m.buckets, 2000);
	keymap_remove(&m, 7);
	for (uint32_t item = 0; item < 2000; item++)
		assert_int_equal(keymap_find(&m, UINT64_C(240010000000000) + item), item == 7 ? KEYMAP_NONE : item);
	keymap_add(&m, 7, 1);
	keymap_add(&m, 2000, 2);
	assert_int_equal(m.buckets, 2001);
	keymap_reserve(&m, UINT32_MAX);
	assert_int_equal(m.buckets, MAX);
}

static void
a_map_with_many_items_is_not_shared_out_at_once(void **state)
{
	enum { LARGE = KEYMAP_RESERVE_MAX + 1 };
	struct keymap large;

	(void)state;
	assert_int_equal(keymap_init(&large, 4 * LARGE), ERR_OK);
	for (uint32_t item = 0; item < LARGE; item++)
		keymap_add(&large, item, item + UINT64_C(1));
	keymap_reserve(&large, 4 * LARGE);
	assert_int_equal(large.buckets, LARGE);
	keymap_fini(&large);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_empty_map_finds_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_map_agrees_with_a_plain_array_while_it_fills_and_empties, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(buckets_follow_the_items_and_chains_stay_short, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_map_that_is_told_what_comes_finds_what_it_has_and_splits_no_bucket_for_it,
	                                    setup, teardown),
	    cmocka_unit_test(a_map_with_many_items_is_not_shared_out_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
