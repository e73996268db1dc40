/*
 * srp_dead.h - did the peer keep silent, or did this chassis not listen?
 *
 * A chassis that stood still (a stopped process, a machine that did not run it) finds its dead interval over when it
 * goes on, while what the peer said may still be on its way; and a machine that stood still stood still for both. Such
 * an expiry is put off once, for one hello interval. A plain value; srp_timer_link.c asks it at each expiry.
 */
#ifndef SRP_DEAD_H
#define SRP_DEAD_H

#include <stdbool.h>
#include <stdint.h>

struct srp_dead {
	uint64_t due_ms; /* monotonic: when the dead interval ends */
	bool is_put_off;
};

/* srp_dead_start - a dead interval of @dead_ms begins at @now_ms. */
static inline void
srp_dead_start(struct srp_dead *d, uint64_t now_ms, uint32_t dead_ms)
{
	*d = (struct srp_dead){.due_ms = now_ms + dead_ms};
}

/*
 * srp_dead_put_off - the timer fired at @now_ms: milliseconds to wait on, or 0 when the peer counts as lost. A lateness
 * below half of @hello_ms (the interval between hellos, > 0) is the timer's own and changes nothing.
 */
static inline uint32_t
srp_dead_put_off(struct srp_dead *d, uint64_t now_ms, uint32_t hello_ms)
{
	if (d->is_put_off || now_ms < d->due_ms + (hello_ms + 1) / 2)
		return 0;
	d->is_put_off = true;
	return hello_ms;
}

#endif
