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

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(an_empty_map_finds_nothing, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_map_agrees_with_a_plain_array_while_it_fills_and_empties, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(buckets_follow_the_items_and_chains_stay_short, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
