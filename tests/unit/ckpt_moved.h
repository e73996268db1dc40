/* ckpt_moved.h - by how much an event moved a counter of the checkpoint link, and which were moved at all. */
#ifndef TESTS_CKPT_MOVED_H
#define TESTS_CKPT_MOVED_H

#include "tests/unit/ckpt_rig.h"

static bool seen[CKPT_COUNTER_COUNT];
static uint64_t before_a[CKPT_COUNTER_COUNT], before_b[CKPT_COUNTER_COUNT];

/* From here on is what happens now. */
static inline void
mark(void)
{
	memcpy(before_a, ckpt_counters(a.ckpt), sizeof before_a);
	memcpy(before_b, ckpt_counters(b.ckpt), sizeof before_b);
}

static inline uint64_t
moved_by(struct side *s, enum ckpt_counter n)
{
	return counter(s, n) - (s == &a ? before_a : before_b)[n];
}

static inline void
moved(struct side *s, enum ckpt_counter n, uint64_t by)
{
	if (moved_by(s, n) != by)
		fail_msg("counter %d of %s moved by %llu, not by %llu", (int)n, s == &a ? "a" : "b",
		         (unsigned long long)moved_by(s, n), (unsigned long long)by);
	seen[n] |= by > 0;
}

static inline void
moved_on(struct side *s, enum ckpt_counter n)
{
	assert_in_range(moved_by(s, n), 1, UINT64_MAX / 2);
	seen[n] = true;
}

static inline void
became(struct side *s, enum ckpt_counter n, uint64_t value)
{
	assert_true((s == &a ? before_a : before_b)[n] != value);
	assert_int_equal(counter(s, n), value);
	seen[n] = true;
}

#endif
