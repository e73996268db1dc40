/*
 * srp_clock.h - how the peer's wall clock differs from ours, from the round trips of hellos. Pure.
 *
 * The shortest round trip says most: half of it is the largest error. It is believed a little less with each later one,
 * as clocks wander. What cannot be true beside it says that a clock was set, and is believed at once: transitions keep
 * the offset of the moment in which they came.
 */
#ifndef SRP_SRP_CLOCK_H
#define SRP_SRP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Zero it before use. */
struct srp_clock {
	bool is_known;
	int64_t offset_us; /* the peer's clock less ours */
	uint64_t rtt_us;   /* of the round trip it is taken from, and a little more with each one since */
};

/* srp_clock_note - a reply with the peer's clock at @peer_us came after @rtt_us, at @here_us by our clock. */
void srp_clock_note(struct srp_clock *c, uint64_t rtt_us, uint64_t peer_us, uint64_t here_us);

#endif
