/*
 * ckpt_nack.c - NACKs: the standby asks for calls whose checkpoints it could not apply, the active answers each with a
 * full checkpoint of the call.
 *
 * The rule. A failed checkpoint of a call is NACKed and opens a window of ten minutes. Micro-checkpoints of the call
 * that fail meanwhile say nothing new; a full checkpoint that fails is the failed answer and is NACKed again, and so is
 * the end of the window. Each NACK begins the window anew, until a full checkpoint (or the end of the call) is applied
 * or max-response is reached. A deletion that fails is carried out all the same, without its tombstone. What is given
 * up, or not asked for, leaves the standby damaged: the next connection begins with a full synchronisation.
 *
 * A NACK stands on the wire before the acknowledgement of the batch, so the active lists the call again before it can
 * count it as held: a critical flush waits for it.
 *
 * Storms. At most CKPT_NACK_BURST NACKs at once and CKPT_NACKS_PER_S a second are sent, the others wait. While any
 * waits there is a storm, which is told with its most frequent kind.
 *
 * Source: interchassis session recovery chapter, "Configuring NACK Generation for SRP Checkpoint Messaging Failures",
 * "Selective Disabling of NACK Messaging"; where the two sentences about the window leave it open, the rule above.
 */
#include <string.h>

#include "checkpoint/ckpt_core.h"
#include "session/session_types.h"

enum {
	STORM_MS = 1000,      /* told at most so often, and over when none waited that long */
	FRAME_ROOM = 64,      /* of one NACK */
	FRAMES_PER_FILL = 32, /* CKPT_FILL_MIN and what stands beside them has room for these */
};

static enum ckpt_nack_class
class_of(uint8_t kind)
{
	return kind == CKPT_KIND_FULL ? CKPT_NACK_MACRO : CKPT_NACK_MICRO;
}

static struct ckpt_nack *
find(struct ckpt *c, uint32_t slot)
{
	uint16_t at = c->nack.at[slot];

	return at != 0 ? &c->nack.entries[at - 1] : NULL;
}

/* The entry goes; the last one takes its place. */
static void
remove_entry(struct ckpt *c, struct ckpt_nack *n)
{
	struct ckpt_nacks *x = &c->nack;
	struct ckpt_nack *last = &x->entries[--x->count];

	x->at[teid_slot(n->teid)] = 0;
	if (n == last)
		return;
	*n = *last;
	x->at[teid_slot(n->teid)] = (uint16_t)(n - x->entries + 1);
}

static void
give_up(struct ckpt *c, struct ckpt_nack *n)
{
	c->counters[CKPT_NACK_GIVEN_UP]++;
	c->rx.is_damaged = true;
	remove_entry(c, n);
}

static bool
may_nack(const struct ckpt *c, uint8_t kind)
{
	const struct ckpt_settings *s = &c->cfg.settings;
	enum ckpt_nack_class class = class_of(kind);

	return s->is_nack[class] && s->nacks_max[class] > 0 && !(s->nack_disabled[kind / 8] & 1u << kind % 8);
}

static enum ckpt_nack_reason
reason_of(enum err e)
{
	if (e == ERR_NOT_FOUND)
		return CKPT_NACK_SESS_NOT_FOUND;
	return e == ERR_EXISTS ? CKPT_NACK_CKEY_MISMATCH : CKPT_NACK_APPL_FAILURE;
}

static void
open_entry(struct ckpt *c, const struct ckpt_record *r, enum ckpt_nack_reason reason)
{
	struct ckpt_nacks *x = &c->nack;

	if (x->count == CKPT_NACKS_MAX) {
		c->counters[CKPT_NACK_GIVEN_UP]++;
		c->rx.is_damaged = true;
		return;
	}
	x->entries[x->count] = (struct ckpt_nack){
	    .teid = r->teid, .seq = r->seq, .kind = r->kind, .reason = (uint8_t)reason, .due_ms = x->now_ms};
	x->at[teid_slot(r->teid)] = (uint16_t)++x->count;
	x->is_due = true;
}

/* A deletion has no full checkpoint that could answer for it. The call must not live on; its tombstone comes with the
 * next full synchronisation. */
static void
end_anyway(struct ckpt *c, const struct ckpt_record *r)
{
	uint32_t slot = teid_slot(r->teid);
	struct ckpt_nack *n = find(c, slot);

	if (n != NULL && n->teid == r->teid)
		remove_entry(c, n);
	if (c->cfg.ops->teid(c->cfg.arg, slot) == r->teid)
		(void)c->cfg.ops->drop(c->cfg.arg, slot);
	c->rx.is_damaged = true;
}

void
ckpt_nack_failed(struct ckpt *c, const struct ckpt_record *r, enum err e)
{
	struct ckpt_nacks *x = &c->nack;
	struct ckpt_nack *n = find(c, teid_slot(r->teid));

	if (r->kind == CKPT_KIND_INVALIDATE_CRR) {
		end_anyway(c, r);
		return;
	}
	if (n != NULL && n->teid != r->teid) {
		remove_entry(c, n); /* another call has the slot */
		n = NULL;
	}
	if (!may_nack(c, r->kind)) {
		c->counters[CKPT_NACK_SUPPRESSED]++;
		c->rx.is_damaged = true;
		return;
	}
	x->storm.by_row[ckpt_row_of(r->kind)]++;
	if (n == NULL) {
		open_entry(c, r, reason_of(e));
		return;
	}
	if (r->kind != CKPT_KIND_FULL)
		return;
	n->kind = r->kind;
	n->seq = r->seq;
	n->reason = (uint8_t)reason_of(e);
	n->due_ms = x->now_ms;
	x->is_due = true;
}

void
ckpt_nack_applied(struct ckpt *c, uint32_t slot)
{
	struct ckpt_nack *n = c->nack.count > 0 ? find(c, slot) : NULL;

	if (n == NULL)
		return;
	c->counters[CKPT_NACK_REPAIRED]++;
	remove_entry(c, n);
}

void
ckpt_nack_forget(struct ckpt *c)
{
	struct ckpt_nacks *x = &c->nack;

	for (uint32_t i = 0; i < x->count; i++)
		x->at[teid_slot(x->entries[i].teid)] = 0;
	x->count = 0;
	x->is_due = false;
}

/* --- how many at a time ------------------------------------------------------------------------------------ */

static void
refill(struct ckpt_nacks *x)
{
	uint64_t gap = 1000 / CKPT_NACKS_PER_S, n = (x->now_ms - x->refilled_ms) / gap;

	x->tokens = x->tokens + n > CKPT_NACK_BURST ? CKPT_NACK_BURST : x->tokens + (uint32_t)n;
	x->refilled_ms += n * gap;
}

static uint8_t
kind_most(const struct ckpt_nacks *x)
{
	unsigned most = 0;

	for (unsigned i = 1; i < CKPT_ROW_COUNT; i++)
		if (x->storm.by_row[i] > x->storm.by_row[most])
			most = i;
	return ckpt_micro_rows[most].kind;
}

static void
tell_storm(struct ckpt *c, bool is_over, uint32_t waiting, uint8_t reason)
{
	struct ckpt_nack_storm s = {
	    .is_over = is_over, .kind = kind_most(&c->nack), .reason = reason, .waiting = waiting};

	c->nack.storm.is_on = !is_over;
	if (!is_over)
		c->counters[CKPT_NACK_STORMS]++;
	if (c->cfg.ops->nack_storm != NULL)
		c->cfg.ops->nack_storm(c->cfg.arg, &s);
}

/* Some had to wait: a storm begins, or goes on. */
static void
storm_goes_on(struct ckpt *c, uint32_t waiting, uint8_t reason)
{
	struct ckpt_nacks *x = &c->nack;

	x->storm.last_ms = x->now_ms;
	if (!x->storm.is_on)
		tell_storm(c, false, waiting, reason);
}

void
ckpt_nack_tick(struct ckpt *c, uint64_t now_ms)
{
	struct ckpt_nacks *x = &c->nack;

	x->now_ms = now_ms;
	refill(x);
	for (uint32_t i = 0; i < x->count && !x->is_due; i++)
		x->is_due = x->entries[i].due_ms <= now_ms;
	if (now_ms - x->storm.last_ms < STORM_MS)
		return;
	if (x->storm.is_on)
		tell_storm(c, true, 0, CKPT_NACK_APPL_FAILURE);
	memset(x->storm.by_row, 0, sizeof x->storm.by_row);
	x->storm.last_ms = now_ms;
}

/* --- sending ----------------------------------------------------------------------------------------------- */

static void
count_nack(struct ckpt *c, uint8_t kind, uint8_t reason, bool is_received)
{
	static const enum ckpt_counter by_reason[CKPT_NACK_REASON_COUNT] = {
	    [CKPT_NACK_CKEY_MISMATCH] = CKPT_NACK_CKEY_SENT,
	    [CKPT_NACK_SESS_NOT_FOUND] = CKPT_NACK_NOT_FOUND_SENT,
	    [CKPT_NACK_APPL_FAILURE] = CKPT_NACK_APPL_SENT,
	};
	unsigned row = ckpt_row_of(kind);

	c->counters[(class_of(kind) == CKPT_NACK_MACRO ? CKPT_NACK_FC_SENT : CKPT_NACK_MC_SENT) + is_received]++;
	c->counters[by_reason[reason < CKPT_NACK_REASON_COUNT ? reason : CKPT_NACK_APPL_FAILURE] + is_received]++;
	if (row < CKPT_ROW_COUNT)
		c->counters[ckpt_row_counter(row, is_received ? CKPT_ROW_NACK_RECEIVED : CKPT_ROW_NACK_SENT)]++;
}

static void
send_nack(struct ckpt *c, struct ckpt_nack *n, struct wbuf *out)
{
	struct ckpt_msg m = {.teid = n->teid, .kind = n->kind, .reason = n->reason, .seq = n->seq};

	(void)ckpt_msg_write(out, CKPT_NACK, &m);
	count_nack(c, n->kind, n->reason, false);
	n->sent++;
	n->due_ms = c->nack.now_ms + CKPT_NACK_WINDOW_MS;
}

bool
ckpt_nack_wants(const struct ckpt *c)
{
	return c->nack.is_due && c->nack.tokens > 0 && c->role == CKPT_STANDBY;
}

void
ckpt_nack_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms)
{
	struct ckpt_nacks *x = &c->nack;
	uint32_t waiting = 0, frames = 0, i = 0;
	uint8_t reason = 0;

	x->now_ms = now_ms;
	refill(x);
	if (!x->is_due || c->role != CKPT_STANDBY)
		return;
	x->is_due = false;
	while (i < x->count) {
		struct ckpt_nack *n = &x->entries[i];

		if (n->due_ms > now_ms) {
			i++;
		} else if (!may_nack(c, n->kind) || n->sent >= c->cfg.settings.nacks_max[class_of(n->kind)]) {
			give_up(c, n); /* another one is at i now */
		} else if (x->tokens > 0 && frames < FRAMES_PER_FILL && out->cap - out->len >= FRAME_ROOM) {
			send_nack(c, n, out);
			x->tokens--;
			frames++;
			i++;
		} else {
			if (!n->is_delayed && x->tokens == 0)
				c->counters[CKPT_NACK_DELAYED]++;
			n->is_delayed = x->tokens == 0;
			reason = n->reason;
			waiting++;
			i++;
		}
	}
	x->is_due = waiting > 0;
	if (waiting > 0 && x->tokens == 0)
		storm_goes_on(c, waiting, reason);
}

/* --- the active ------------------------------------------------------------------------------------------- */

enum err
ckpt_nack_input(struct ckpt *c, const struct ckpt_msg *m)
{
	uint32_t slot = teid_slot(m->teid);

	if (teid_instance(m->teid) != c->cfg.instance || slot >= c->cfg.slots)
		return ERR_RANGE;
	count_nack(c, m->kind, m->reason, true);
	if (c->role != CKPT_ACTIVE || !c->tx.is_ready)
		return ERR_OK;
	if (c->cfg.ops->teid(c->cfg.arg, slot) != m->teid) {
		c->counters[CKPT_NACK_GONE]++; /* its end is on the way, or has come */
		return ERR_OK;
	}
	c->counters[CKPT_NACK_ANSWERED]++;
	ckpt_call_changed(c, slot, CKPT_GROUP_FULL);
	return ERR_OK;
}
