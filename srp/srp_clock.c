/* srp_clock.c - the offset of two clocks. */
#include "srp/srp_clock.h"

enum { AGEING = 32 };

void
srp_clock_note(struct srp_clock *c, uint64_t rtt_us, uint64_t peer_us, uint64_t here_us)
{
	if (c->is_known && rtt_us > c->rtt_us) {
		c->rtt_us += c->rtt_us / AGEING + 1;
		return;
	}
	/* the reply was written in the middle of the round trip, as far as anybody knows */
	*c = (struct srp_clock){true, (int64_t)(peer_us - here_us) + (int64_t)(rtt_us / 2), rtt_us};
}
