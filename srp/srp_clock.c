/* srp_clock.c - the offset of two clocks. */
#include "srp/srp_clock.h"

enum { AGEING = 32, WANDER_US = 100000 };

void
srp_clock_note(struct srp_clock *c, uint64_t rtt_us, uint64_t peer_us, uint64_t here_us)
{
	/* the reply was written in the middle of the round trip, as far as anybody knows */
	int64_t offset_us = (int64_t)(peer_us - here_us) + (int64_t)(rtt_us / 2);
	uint64_t apart_us = offset_us > c->offset_us ? (uint64_t)offset_us - (uint64_t)c->offset_us
	                                             : (uint64_t)c->offset_us - (uint64_t)offset_us;

	/* further apart than both errors together: a clock was set, or it is another chassis */
	if (c->is_known && rtt_us > c->rtt_us && apart_us <= rtt_us + c->rtt_us + WANDER_US) {
		c->rtt_us += c->rtt_us / AGEING + 1;
		return;
	}
	*c = (struct srp_clock){true, offset_us, rtt_us};
}
