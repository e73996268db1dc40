/*
 * rng.h - random numbers that are handed in: seeded in tests and simulation, seeded from the kernel
 * in the daemon. SplitMix64; not for secrets.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include <stdint.h>

struct rng {
	uint64_t state;
};

static inline uint64_t
rng_next(struct rng *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* rng_below - 0..n-1; n >= 1. */
static inline uint32_t
rng_below(struct rng *r, uint32_t n)
{
	return (uint32_t)((rng_next(r) >> 32) * n >> 32);
}

/* hash_u64 - one well mixed hash of a 64-bit key, for tables keyed by IMSI or call. */
static inline uint64_t
hash_u64(uint64_t v)
{
	struct rng r = {.state = v};

	return rng_next(&r);
}

#endif
