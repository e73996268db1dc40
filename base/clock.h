/*
 * clock.h - the monotonic clock of the shells: what they hand to the cores and measure with. Cores never call it.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* clock_now_us, clock_now_ms - since an arbitrary start, never going back. */
static inline uint64_t
clock_now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* clock_wall_us, clock_wall_ms - Unix time; goes where somebody sets it. */
static inline uint64_t
clock_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static inline uint64_t
clock_now_ms(void)
{
	return clock_now_us() / 1000;
}

static inline uint64_t
clock_wall_ms(void)
{
	return clock_wall_us() / 1000;
}

#endif
