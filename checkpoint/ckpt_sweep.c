/*
 * ckpt_sweep.c - the end of a full synchronization: the calls that it did not bring are dropped, a slice at a time.
 *
 * It goes on to its end whatever happens meanwhile. The peer may be lost and this side become active: then nothing that
 * the peer had deleted comes back, calls made here in between are left, and a new standby is not ready before it is
 * over.
 */
#include "checkpoint/ckpt_proof.h"

/* Nobody is told: whoever comes as a standby of this side waits until all are gone. */
static bool
drop_stale(struct ckpt *c, uint32_t slot)
{
	if (c->marks[slot] == c->rx.mark || !c->cfg.ops->drop(c->cfg.arg, slot))
		return false;
	c->counters[CKPT_SYNC_DROPPED]++;
	if (c->proof != NULL)
		digest_sent_gone(c->proof->digest, slot);
	return true;
}

void
ckpt_sweep(struct ckpt *c)
{
	struct ckpt_receiver *rx = &c->rx;
	uint32_t used = c->cfg.ops->slots_used(c->cfg.arg);
	uint32_t end = used - rx->swept > CKPT_SWEEP_SLICE ? rx->swept + CKPT_SWEEP_SLICE : used;

	for (unsigned drops = 0; rx->swept < end && drops < CKPT_SWEEP_DROPS; rx->swept++)
		drops += drop_stale(c, rx->swept);
	if (rx->swept < used)
		return;
	rx->is_sweeping = false;
	if (rx->swept_of.incarnation != 0)
		rx->held = (struct ckpt_lineage){rx->swept_of.epoch, rx->swept_of.incarnation, rx->through};
	if (rx->is_open)
		c->wants.ack = true;
	ckpt_consider_ready(c);
	if (c->is_standby_waiting)
		ckpt_begin_sync(c, &c->standby_holds);
	c->is_standby_waiting = false;
}

bool
ckpt_wants_work(const struct ckpt *c)
{
	return c->rx.is_sweeping && !c->rx.is_open; /* while it is open, ckpt_fill does it */
}

void
ckpt_work(struct ckpt *c)
{
	if (ckpt_wants_work(c))
		ckpt_sweep(c);
}
