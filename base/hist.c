/* hist.c - latency histogram. 64 linear steps in each power of two. */
#include "base/hist.h"

enum { STEPS = 64 };

static unsigned
bucket_of(uint64_t us)
{
	unsigned exp = 0, b;

	while (us >> exp >= 2 * STEPS)
		exp++;
	b = exp * STEPS + (unsigned)(us >> exp);
	return b < HIST_BUCKETS ? b : HIST_BUCKETS - 1;
}

/* The largest value that falls into bucket @b; the last one takes all that is larger. */
static uint64_t
bucket_top(unsigned b)
{
	unsigned exp;

	if (b < 2 * STEPS)
		return b;
	if (b == HIST_BUCKETS - 1)
		return UINT64_MAX;
	exp = b / STEPS - 1;
	return ((uint64_t)(b - exp * STEPS + 1) << exp) - 1;
}

void
hist_add(struct hist *h, uint64_t us)
{
	h->count++;
	h->buckets[bucket_of(us)]++;
	if (us > h->max_us)
		h->max_us = us;
}

uint64_t
hist_percentile(const struct hist *h, double p)
{
	double need = (double)h->count * p / 100.0;
	uint64_t seen = 0;

	for (unsigned b = 0; b < HIST_BUCKETS && h->count > 0; b++) {
		seen += h->buckets[b];
		if ((double)seen >= need)
			return bucket_top(b) < h->max_us ? bucket_top(b) : h->max_us;
	}
	return h->max_us;
}
