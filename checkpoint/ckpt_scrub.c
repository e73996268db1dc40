/*
 * ckpt_scrub.c - every stored record is read again within CKPT_SCRUB_PASS_MS and compared with what was written, a
 * slice at a time; much more slowly while a full synchronization, which needs the processor more, runs, and then
 * from the beginning again. On the active a call that the standby does not have as it is, and that nothing is under way
 * for, is found as well.
 */
#include "checkpoint/ckpt_proof.h"

/*
 * A record takes 0.1 to 0.25 us, so the longest slice takes less than a tenth of a millisecond: an update that comes
 * meanwhile waits no longer, however many slices are due.
 */
enum { SLICE_MAX = 256, SLICE_MIN = 64, WAIT_MAX_MS = 100, EMPTY_WAIT_MS = 50, PAUSE_MS = 50 };

void
proof_scrub_fast(struct ckpt_proof *p)
{
	p->scrub.is_passing = false;
	p->scrub.is_fast = true;
}

uint64_t
proof_read_ms(const struct ckpt_proof *p)
{
	uint64_t oldest = UINT64_MAX;

	for (unsigned i = 0; i < PROOF_SCRUB_PARTS; i++)
		if (p->scrub.read_ms[i] < oldest)
			oldest = p->scrub.read_ms[i];
	return oldest;
}

/* Behind, and neither listed nor young: nothing will ever send it. */
static bool
is_unsent(const struct ckpt *c, uint32_t slot)
{
	const struct changes *x = &c->changes;

	if (!digest_is_behind(c->proof->digest, slot) || changes_is_young(x, slot))
		return false;
	return x->cursor == CHANGES_NONE ||
	       (c->cfg.ops->teid(c->cfg.arg, slot) != 0 && x->entries[slot].place == CHANGES_UNLISTED);
}

static void
look_for_unsent(struct ckpt *c, uint32_t from, uint32_t to)
{
	struct proof_scrub *s = &c->proof->scrub;

	if (!proof_may_compare(c))
		return;
	for (uint32_t slot = from; slot < to; slot++) {
		if (!is_unsent(c, slot))
			continue;
		if (s->unsent_so_far < PROOF_UNSENT_MAX)
			s->unsent_slots_so_far[s->unsent_so_far] = slot;
		s->unsent_so_far++;
	}
}

static void
begin_pass(struct ckpt *c, uint64_t now_ms)
{
	struct proof_scrub *s = &c->proof->scrub;

	s->is_passing = true;
	s->slot = s->part = s->unsent_so_far = 0;
	s->used = c->cfg.ops->slots_used(c->cfg.arg);
	s->begun_ms = s->part_ms = now_ms;
}

/* Parts that end at or before the next slot were read to their end. */
static void
end_parts(struct proof_scrub *s, uint64_t now_ms)
{
	while (s->part < PROOF_SCRUB_PARTS &&
	       (uint64_t)s->used * (s->part + 1) / PROOF_SCRUB_PARTS <= (uint64_t)s->slot) {
		s->read_ms[s->part++] = s->part_ms;
		s->part_ms = now_ms;
	}
}

static void
end_pass(struct ckpt *c, uint64_t now_ms)
{
	struct proof_scrub *s = &c->proof->scrub;

	s->is_passing = false;
	s->unsent = s->unsent_so_far;
	s->unsent_named = s->unsent < PROOF_UNSENT_MAX ? s->unsent : PROOF_UNSENT_MAX;
	for (uint32_t i = 0; i < s->unsent_named; i++)
		s->unsent_slots[i] = s->unsent_slots_so_far[i];
	if (s->is_fast) {
		s->is_fast = false;
		proof_scrubbed(c, now_ms);
	}
}

/* How many records are due at @now_ms; the slice takes some even if none is. */
static uint32_t
due(const struct proof_scrub *s, uint64_t now_ms)
{
	uint64_t until = (now_ms - s->begun_ms) * s->used / s->pass_ms;

	if (s->is_fast || until > s->used)
		until = s->used;
	return until > s->slot ? (uint32_t)(until - s->slot) : 0;
}

static uint32_t
slice(const struct proof_scrub *s, uint64_t now_ms)
{
	uint32_t n = due(s, now_ms), left = s->used - s->slot;

	n = n < SLICE_MIN ? SLICE_MIN : n > SLICE_MAX ? SLICE_MAX : n;
	return n < left ? n : left;
}

/* At once while a slice is due, behind what has come meanwhile; else a slice each time, if that is not too seldom. */
static uint32_t
wait_ms(const struct proof_scrub *s, uint64_t now_ms)
{
	uint64_t ms;

	if (s->used == 0)
		return EMPTY_WAIT_MS;
	if (due(s, now_ms) >= SLICE_MIN)
		return 0;
	ms = (uint64_t)s->pass_ms * SLICE_MAX / s->used;
	return ms > WAIT_MAX_MS ? WAIT_MAX_MS : ms < 1 ? 1 : (uint32_t)ms;
}

/* The pace is that of the moment. What a slow pass has read is read again as soon as there is time for it. */
static void
choose_pace(struct ckpt *c)
{
	struct proof_scrub *s = &c->proof->scrub;
	uint32_t pass_ms = ckpt_sync(c) == CKPT_SYNC_FULL ? CKPT_SCRUB_SYNC_MS : CKPT_SCRUB_PASS_MS;

	if (pass_ms < s->pass_ms && !s->is_fast)
		s->is_passing = false;
	s->pass_ms = pass_ms;
}

/* A pass that had to rest goes on at its pace: in one burst, what was left out would take the processors of others. */
static void
go_on(struct proof_scrub *s, uint64_t now_ms)
{
	uint64_t late = now_ms > s->asked_ms ? now_ms - s->asked_ms : 0;

	if (s->is_passing && late >= PAUSE_MS)
		s->begun_ms += late;
}

uint32_t
ckpt_scrub(struct ckpt *c, uint64_t now_ms)
{
	struct proof_scrub *s;
	uint32_t from, n, wait;

	if (c->proof == NULL)
		return WAIT_MAX_MS;
	s = &c->proof->scrub;
	choose_pace(c);
	go_on(s, now_ms);
	if (!s->is_passing)
		begin_pass(c, now_ms);
	from = s->slot;
	n = slice(s, now_ms);
	if (n > 0)
		(void)c->cfg.ops->scrub(c->cfg.arg, &s->slot, n);
	s->slot = from + n;
	look_for_unsent(c, from, s->slot);
	end_parts(s, now_ms);
	if (s->slot >= s->used)
		end_pass(c, now_ms);
	wait = wait_ms(s, now_ms);
	s->asked_ms = now_ms + wait;
	return wait;
}
