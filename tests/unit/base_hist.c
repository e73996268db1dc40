/* base_hist.c - percentiles of the latency histogram against a sorted list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/hist.h"
#include "base/rng.h"

enum { VALUES = 5000 };

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
percentiles_are_upper_bounds_within_1_6_percent(void **state)
{
	static const double percents[] = {0.1, 1, 25, 50, 90, 99, 99.9, 100};
	static uint64_t sorted[VALUES];
	struct rng rng;

	(void)state;
	for (unsigned bits = 1; bits <= 34; bits++) {
		struct hist h = {0};

		rng = (struct rng){.state = bits};
		for (int i = 0; i < VALUES; i++) {
			sorted[i] = rng_next(&rng) & ((UINT64_C(1) << bits) - 1);
			hist_add(&h, sorted[i]);
		}
		qsort(sorted, VALUES, sizeof sorted[0], compare);
		assert_int_equal(h.count, VALUES);
		assert_int_equal(h.max_us, sorted[VALUES - 1]);
		for (size_t k = 0; k < sizeof percents / sizeof percents[0]; k++) {
			double rank = VALUES * percents[k] / 100;
			size_t at = (size_t)rank < rank ? (size_t)rank : (size_t)rank - 1;
			uint64_t exact = sorted[at], got = hist_percentile(&h, percents[k]);

			assert_true(got >= exact);
			assert_true((double)got <= (double)exact * 1.016 + 0.5);
		}
	}
}

static void
an_empty_one_says_0_and_what_is_too_large_is_the_maximum(void **state)
{
	struct hist h = {0};

	(void)state;
	assert_int_equal(hist_percentile(&h, 50), 0);
	hist_add(&h, UINT64_MAX);
	assert_int_equal(hist_percentile(&h, 50), UINT64_MAX);
	assert_int_equal(h.max_us, UINT64_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(percentiles_are_upper_bounds_within_1_6_percent),
	    cmocka_unit_test(an_empty_one_says_0_and_what_is_too_large_is_the_maximum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
