/*
 * hist.h - a latency histogram: log-linear buckets of microseconds, percentiles within 1.6 %.
 * A plain value of fixed size; used for hello round trips and switchover phases.
 */
#ifndef BASE_HIST_H
#define BASE_HIST_H

#include <stdint.h>

enum { HIST_BUCKETS = 64 * 30 };

struct hist {
	uint64_t count;
	uint64_t max_us;
	uint32_t buckets[HIST_BUCKETS];
};

void hist_add(struct hist *h, uint64_t us);

/* hist_percentile - upper bound of the bucket that holds the @p-th of 100 (0 < p <= 100); 0 when empty. */
uint64_t hist_percentile(const struct hist *h, double p);

#endif
