/*
 * ckpt_periodic.c - `checkpoint session periodic-interval`: every call is sent in full once in that time, on top of
 * what its changes ask for.
 *
 * One pass over the slots, from the highest one down, takes one interval, so the load is even and a call's turn comes
 * round once an interval; those of a chassis that is not full, which are in low slots, an interval after the
 * synchronisation. What a pause (no standby, a full synchronisation) keeps from being sent is not made up for: the
 * synchronisation has brought it. Source: interchassis session recovery chapter, "periodic-interval".
 */
#include "checkpoint/ckpt_core.h"
#include "session/session_types.h"

static bool
is_sending(const struct ckpt *c)
{
	return c->role == CKPT_ACTIVE && c->tx.is_ready && c->tx.sync == CKPT_SYNC_CHANGES;
}

/* How far the pass should have come at @now_ms; a new one begins where one ends. */
static uint32_t
pass_position(struct ckpt *c, uint64_t now_ms)
{
	uint64_t period = c->cfg.settings.periodic_ms;

	if (now_ms - c->periodic.begun_ms >= period && c->periodic.slot >= c->cfg.slots) {
		c->periodic.begun_ms += (now_ms - c->periodic.begun_ms) / period * period;
		c->periodic.slot = 0;
	}
	if (now_ms - c->periodic.begun_ms >= period)
		return c->cfg.slots;
	return (uint32_t)((now_ms - c->periodic.begun_ms) * c->cfg.slots / period);
}

void
ckpt_periodic_restart(struct ckpt *c)
{
	c->periodic.is_begun = false;
}

void
ckpt_periodic_tick(struct ckpt *c, uint64_t now_ms)
{
	uint32_t until;

	if (c->cfg.settings.periodic_ms == 0 || !is_sending(c)) {
		c->periodic.is_begun = false;
		return;
	}
	if (!c->periodic.is_begun) {
		c->periodic.is_begun = true;
		c->periodic.begun_ms = now_ms;
		c->periodic.slot = 0;
	}
	until = pass_position(c, now_ms);
	for (unsigned n = 0; n < CKPT_WALK_SLICE && c->periodic.slot < until; n++, c->periodic.slot++) {
		uint32_t slot = c->cfg.slots - 1 - c->periodic.slot;

		if (c->cfg.ops->teid(c->cfg.arg, slot) == 0 || changes_is_young(&c->changes, slot))
			continue;
		c->counters[CKPT_FULL_PERIODIC]++;
		ckpt_call_changed(c, slot, CKPT_GROUP_FULL);
	}
}
