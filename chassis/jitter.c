/*
 * jitter.c - is the dead interval well above what this machine makes the loop late?
 *
 * A chassis that stands still sends no hello and hears none: a lateness near the dead interval of the peer, which is to
 * be the same as ours, makes the peer take over although nobody has died. The alarm names both before that happens.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "chassis/chassis.h"
#include "task/priority.h"

enum { CALM_S = 60, US_PER_MS = 1000, REALTIME_BELOW_MS = 1000 };

/* Half the dead interval: what the peer misses then is a hello and the time to notice it. */
static bool
is_near(uint64_t late_us, uint32_t dead_ms)
{
	return late_us >= (uint64_t)dead_ms * US_PER_MS / 2;
}

void
jitter_note(void *arg, uint64_t late_us)
{
	struct chassis *c = arg;
	uint64_t now_s = clock_now_ms() / 1000;
	char text[ALARM_TEXT_MAX];
	uint32_t dead_ms;

	if (!srp_link_is_started(c->srp))
		return;
	dead_ms = srp_link_engine(c->srp)->config.dead_ms;
	if (is_near(late_us, dead_ms)) {
		c->jitter_s = now_s;
		snprintf(text, sizeof text,
		         "dead-interval of %" PRIu32 " ms is below the machine's jitter: the loop was %" PRIu64
		         " ms late",
		         dead_ms, late_us / US_PER_MS);
		alarm_set(c, "srp/jitter", true, text);
	} else if (c->jitter_s != 0 && now_s >= c->jitter_s + CALM_S) {
		c->jitter_s = 0;
		alarm_set(c, "srp/jitter", false, "");
	}
}

void
jitter_apply(struct chassis *c, uint32_t dead_ms)
{
	bool is_wanted = dead_ms < REALTIME_BELOW_MS;

	if (is_wanted != c->is_realtime)
		c->is_realtime = priority_realtime(is_wanted);
}
