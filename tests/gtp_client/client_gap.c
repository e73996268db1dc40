/* client_gap.c - the largest pause between two accepted answers, as a whole and behind each marker (SIGUSR1). */
#include <stdlib.h>

#include "client.h"

void
gap_answer(struct gaps *g, uint64_t now_ns)
{
	uint64_t us = g->last_ns == 0 ? 0 : (now_ns - g->last_ns) / 1000;

	if (us > g->max_us)
		g->max_us = us;
	if (g->markers > 0 && us > g->markers_us[g->markers - 1])
		g->markers_us[g->markers - 1] = us;
	g->last_ns = now_ns;
}

void
gap_marker(struct gaps *g, uint64_t now_ns)
{
	(void)now_ns;
	if (g->markers < CLIENT_MARKERS_MAX)
		g->markers_us[g->markers++] = 0;
}

static int
compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The @p-th percentile of sorted values, nearest rank. */
static uint64_t
percentile(const uint64_t *sorted, unsigned n, unsigned p)
{
	unsigned rank = (n * p + 99) / 100;

	return sorted[rank == 0 ? 0 : rank - 1];
}

void
gap_print(const struct gaps *g, FILE *out)
{
	uint64_t sorted[CLIENT_MARKERS_MAX];

	for (unsigned i = 0; i < g->markers; i++) {
		sorted[i] = g->markers_us[i];
		fprintf(out, "marker=%u gap_us=%llu\n", i + 1, (unsigned long long)g->markers_us[i]);
	}
	if (g->markers == 0)
		return;
	qsort(sorted, g->markers, sizeof sorted[0], compare);
	fprintf(out, "markers=%u gap_median_us=%llu gap_p99_us=%llu gap_max_us=%llu\n", g->markers,
	        (unsigned long long)percentile(sorted, g->markers, 50),
	        (unsigned long long)percentile(sorted, g->markers, 99), (unsigned long long)sorted[g->markers - 1]);
}
