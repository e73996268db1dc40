/* ckpt_proof_active.c - the active's part of a round, and the audit. */
#include <string.h>

#include "checkpoint/ckpt_proof.h"

enum { WORD_BITS = 64, SLOT_ENTRY_BYTES = 14, FRAMES_PER_FILL = 8 };

/* --- rounds of the active -------------------------------------------------------------------------- */

bool
proof_may_compare(const struct ckpt *c)
{
	const struct changes *x = &c->changes;

	if (c->role != CKPT_ACTIVE || !c->is_open || !c->tx.is_ready || c->tx.sync != CKPT_SYNC_CHANGES || x->is_broken)
		return false;
	return x->cursor == CHANGES_NONE || x->entries[x->cursor].seq > c->proof->not_before;
}

static void
end_audit(struct ckpt *c, uint64_t now_ms, bool is_ended)
{
	struct proof_audit *a = &c->proof->audit;

	a->stage = AUDIT_NONE;
	a->report.is_ended = is_ended;
	a->report.took_ms = (uint32_t)(now_ms - a->begun_ms);
	if (c->cfg.ops->audited != NULL)
		c->cfg.ops->audited(c->cfg.arg, &a->report);
}

void
proof_stop(struct ckpt *c)
{
	struct ckpt_proof *p = c->proof;

	if (p == NULL)
		return;
	p->is_round = false;
	p->wants = 0;
	p->next_ms = 0;
	p->not_before = c->changes.seq;
	p->compared_ms = p->peer_read_ms = 0;
	proof_forget(&p->last);
	proof_forget(&p->peer_damaged);
	if (p->audit.stage != AUDIT_NONE)
		end_audit(c, c->heard_ms > p->audit.begun_ms ? c->heard_ms : p->audit.begun_ms, false);
}

enum err
ckpt_audit_begin(struct ckpt *c, bool is_repair, uint64_t now_ms)
{
	struct ckpt_proof *p = c->proof;

	if (p == NULL || c->role != CKPT_ACTIVE || !c->tx.is_ready || c->tx.sync != CKPT_SYNC_CHANGES)
		return ERR_REFUSED;
	if (p->audit.stage != AUDIT_NONE)
		return ERR_EXISTS;
	p->audit = (struct proof_audit){.stage = AUDIT_READ, .is_repair = is_repair, .begun_ms = now_ms};
	p->wants |= 1u << PROOF_READ;
	proof_scrub_fast(p);
	return ERR_OK;
}

bool
ckpt_is_resent(enum ckpt_differ_kind kind)
{
	return kind != CKPT_STALE && kind != CKPT_DAMAGED_ACTIVE;
}

void
proof_resend_named(struct ckpt *c)
{
	const struct proof_found *f = c->proof != NULL ? &c->proof->last : NULL;

	for (uint32_t i = 0; f != NULL && i < f->named; i++) {
		uint32_t slot = f->names[i].slot;

		if (ckpt_is_resent((enum ckpt_differ_kind)f->names[i].kind) &&
		    c->cfg.ops->teid(c->cfg.arg, slot) != 0 && !digest_is_damaged(c->proof->digest, slot))
			changes_touch(&c->changes, slot, CKPT_GROUP_FULL);
	}
}

/* Both sides have read everything: the next round is the audit's. */
static void
consider_compare(struct ckpt *c, uint64_t now_ms)
{
	struct proof_audit *a = &c->proof->audit;

	if (a->stage != AUDIT_READ || !a->is_read || !a->is_peer_read)
		return;
	a->report.read_ms = (uint32_t)(now_ms - a->begun_ms);
	a->stage = AUDIT_COMPARE;
	c->proof->next_ms = now_ms;
}

void
proof_scrubbed(struct ckpt *c, uint64_t now_ms)
{
	if (c->role == CKPT_STANDBY) {
		c->proof->wants |= 1u << PROOF_DONE;
		return;
	}
	c->proof->audit.is_read = true;
	consider_compare(c, now_ms);
}

void
proof_peer_scrubbed(struct ckpt *c)
{
	c->proof->audit.is_peer_read = true;
	consider_compare(c, c->heard_ms);
}

static void
begin_round(struct ckpt *c, uint64_t now_ms)
{
	struct ckpt_proof *p = c->proof;

	p->round++;
	p->is_round = true;
	p->is_of_audit = p->audit.stage == AUDIT_COMPARE || p->audit.stage == AUDIT_VERIFY;
	p->is_repair = p->audit.stage == AUDIT_COMPARE && p->audit.is_repair;
	p->begun_ms = now_ms;
	p->next_ms = now_ms + PROOF_WAIT_MS;
	p->wants |= 1u << PROOF_ROOT;
	proof_forget(&p->found);
}

void
proof_tick(struct ckpt *c, uint64_t now_ms)
{
	struct ckpt_proof *p = c->proof;

	if (p == NULL || now_ms < p->next_ms || !proof_may_compare(c))
		return;
	p->wants &= 1u << PROOF_READ | 1u << PROOF_DONE |
	            1u << PROOF_LEND; /* an answer that did not come is waited for no longer */
	begin_round(c, now_ms);
}

/* --- what the active writes ------------------------------------------------------------------------ */

static void
write_root(struct ckpt *c, struct wbuf *out, uint64_t now_ms)
{
	struct ckpt_proof *p = c->proof;
	size_t at = proof_begin(c, out, PROOF_ROOT), count_at;
	uint32_t slot = 0;
	uint16_t named = 0;

	wbuf_u64(out, c->tx.next_batch);
	wbuf_u8(out, p->is_repair);
	wbuf_u32(out, digest_calls(p->digest));
	wbuf_u64(out, digest_sum(p->digest));
	wbuf_u32(out, proof_age(proof_read_ms(p), now_ms));
	wbuf_u32(out, digest_damaged(p->digest));
	count_at = out->len;
	wbuf_u16(out, 0);
	for (; named < PROOF_NAMES_CHUNK && digest_damaged_next(p->digest, &slot); slot++, named++) {
		wbuf_u32(out, slot);
		wbuf_u32(out, c->cfg.ops->teid(c->cfg.arg, slot));
	}
	wbuf_patch_u16(out, count_at, named);
	proof_end(out, at);
	p->calls = digest_calls(p->digest);
	p->wants &= ~(1u << PROOF_ROOT);
}

/* As many sums as there is room for; the rest in the next frame. */
static void
write_buckets(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;
	uint32_t n = digest_buckets(p->digest) - p->at;
	size_t at, room = (out->cap - out->len - CKPT_HEADER_BYTES - PROOF_HEADER_BYTES - CKPT_CONTROL_ROOM - 16) / 8;

	if (n > room)
		n = (uint32_t)room;
	at = proof_begin(c, out, PROOF_BUCKETS);
	wbuf_u64(out, c->tx.next_batch);
	wbuf_u32(out, p->at);
	wbuf_u16(out, (uint16_t)n);
	for (uint32_t i = 0; i < n; i++)
		wbuf_u64(out, digest_bucket(p->digest, p->at + i));
	proof_end(out, at);
	p->at += n;
	if (p->at == digest_buckets(p->digest))
		p->wants &= ~(1u << PROOF_BUCKETS);
}

static bool
is_picked(const struct ckpt_proof *p, uint32_t bucket)
{
	return (p->picked[bucket / WORD_BITS] >> bucket % WORD_BITS & 1) != 0;
}

/* The first slot at or behind @slot that lies in a picked bucket, or the number of slots. */
static uint32_t
next_picked(const struct ckpt *c, uint32_t slot)
{
	const struct ckpt_proof *p = c->proof;

	while (slot < c->cfg.slots && !is_picked(p, slot / DIGEST_BUCKET_SLOTS))
		slot = (slot / DIGEST_BUCKET_SLOTS + 1) * DIGEST_BUCKET_SLOTS;
	return slot < c->cfg.slots ? slot : c->cfg.slots;
}

/* The calls of one picked bucket, or as many as there is room for. */
static void
write_slots(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;
	uint32_t from = next_picked(c, p->at), end = (from / DIGEST_BUCKET_SLOTS + 1) * DIGEST_BUCKET_SLOTS;
	size_t at = proof_begin(c, out, PROOF_SLOTS), to_at;
	uint16_t count = 0;
	uint32_t slot;

	if (end > c->cfg.slots)
		end = c->cfg.slots;
	wbuf_u64(out, c->tx.next_batch);
	wbuf_u32(out, from);
	to_at = out->len;
	wbuf_u32(out, 0);
	wbuf_u8(out, 0);
	wbuf_u16(out, 0);
	for (slot = from; slot < end && proof_room(out, SLOT_ENTRY_BYTES); slot++) {
		uint64_t hash = digest_of(p->digest, slot);

		if (hash == 0)
			continue;
		wbuf_u16(out, (uint16_t)(slot - from));
		wbuf_u32(out, c->cfg.ops->teid(c->cfg.arg, slot));
		wbuf_u64(out, hash);
		count++;
	}
	p->at = slot;
	wbuf_patch_u32(out, to_at, slot);
	out->data[to_at + 4] = next_picked(c, slot) == c->cfg.slots; /* the last one */
	wbuf_patch_u16(out, to_at + 5, count);
	if (out->data[to_at + 4])
		p->wants &= ~(1u << PROOF_SLOTS);
	proof_end(out, at);
}

static void
write_read(struct ckpt *c, struct wbuf *out)
{
	proof_end(out, proof_begin(c, out, PROOF_READ));
	c->proof->wants &= ~(1u << PROOF_READ);
}

enum { ACTIVE_COMPARES = 1 << PROOF_ROOT | 1 << PROOF_BUCKETS | 1 << PROOF_SLOTS | 1 << PROOF_LEND };

bool
proof_wants_fill(const struct ckpt *c)
{
	uint32_t wants = c->proof != NULL ? c->proof->wants : 0;

	if (c->role == CKPT_ACTIVE && !proof_may_compare(c))
		wants &= ~(uint32_t)ACTIVE_COMPARES;
	return wants != 0;
}

void
proof_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms)
{
	if (c->proof == NULL)
		return;
	if (c->role == CKPT_STANDBY) {
		proof_peer_fill(c, out, now_ms);
		return;
	}
	for (unsigned i = 0; i < FRAMES_PER_FILL && proof_wants_fill(c); i++) {
		uint32_t wants = c->proof->wants;

		if (!proof_room(out, 40 + PROOF_NAMES_CHUNK * 8))
			return;
		if (wants & 1u << PROOF_READ)
			write_read(c, out);
		else if (wants & 1u << PROOF_LEND && !proof_write_lend(c, out))
			return;
		else if (wants & 1u << PROOF_LEND)
			continue;
		else if (wants & 1u << PROOF_ROOT)
			write_root(c, out, now_ms);
		else if (wants & 1u << PROOF_BUCKETS)
			write_buckets(c, out);
		else
			write_slots(c, out);
	}
}

/* --- what the standby answers ---------------------------------------------------------------------- */

static void
ask(struct ckpt_proof *p, enum proof_step step)
{
	p->at = 0;
	p->wants |= 1u << step;
}

static enum err
on_ask_slots(struct ckpt *c, struct rbuf *in, const char **field)
{
	struct ckpt_proof *p = c->proof;
	uint32_t count = rbuf_u16(in), buckets = digest_buckets(p->digest);

	*field = "buckets";
	if (in->is_short || rbuf_left(in) != count * sizeof(uint16_t))
		return ERR_SHORT;
	if (count == 0 || count > buckets)
		return ERR_RANGE;
	memset(p->picked, 0, (buckets / WORD_BITS + 1) * sizeof *p->picked);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t bucket = rbuf_u16(in);

		if (bucket >= buckets)
			return ERR_RANGE;
		p->picked[bucket / WORD_BITS] |= UINT64_C(1) << bucket % WORD_BITS;
	}
	ask(p, PROOF_SLOTS);
	return ERR_OK;
}

static enum err
on_names(struct ckpt *c, struct rbuf *in, const char **field)
{
	uint32_t count = rbuf_u16(in);

	*field = "names";
	if (in->is_short || rbuf_left(in) != count * 9u)
		return ERR_SHORT;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t slot = rbuf_u32(in), teid = rbuf_u32(in);
		uint8_t kind = rbuf_u8(in);

		if (slot >= c->cfg.slots || kind >= CKPT_DIFFER_KINDS)
			return ERR_RANGE;
		proof_find(&c->proof->found, slot, teid, kind);
	}
	return ERR_OK;
}

static enum err
on_resend(struct ckpt *c, struct rbuf *in, const char **field)
{
	uint32_t count = rbuf_u16(in);

	*field = "slots";
	if (in->is_short || rbuf_left(in) != count * sizeof(uint32_t))
		return ERR_SHORT;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t slot = rbuf_u32(in);

		if (slot >= c->cfg.slots)
			return ERR_RANGE;
		if (c->proof->is_repair && c->cfg.ops->teid(c->cfg.arg, slot) != 0 &&
		    !changes_is_young(&c->changes, slot))
			changes_touch(&c->changes, slot, CKPT_GROUP_FULL);
	}
	return ERR_OK;
}

static uint32_t
sum_of(const struct proof_found *f)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < CKPT_DIFFER_KINDS; i++)
		sum += f->counts[i];
	return sum;
}

/* A round of the audit has ended: repaired, it is compared once more, when what was sent again is there. */
static void
audit_compared(struct ckpt *c, uint64_t now_ms)
{
	struct ckpt_proof *p = c->proof;
	struct proof_audit *a = &p->audit;
	uint32_t different = sum_of(&p->last) + digest_damaged(p->digest);

	if (a->stage == AUDIT_VERIFY) {
		a->report.left = different;
		end_audit(c, now_ms, true);
		return;
	}
	a->report.calls = p->calls;
	memcpy(a->report.found, p->last.counts, sizeof a->report.found);
	a->report.found[CKPT_DAMAGED_ACTIVE] = digest_damaged(p->digest);
	a->report.left = different;
	if (different == 0 || !a->is_repair) {
		end_audit(c, now_ms, true);
		return;
	}
	a->report.sync_ms = (uint32_t)(now_ms - a->begun_ms);
	a->stage = AUDIT_VERIFY;
	p->not_before = c->changes.seq;
	p->next_ms = now_ms;
}

static enum err
on_verdict(struct ckpt *c, struct rbuf *in, const char **field)
{
	struct ckpt_proof *p = c->proof;
	uint32_t counts[CKPT_DIFFER_KINDS], age;

	for (unsigned i = 0; i < CKPT_DIFFER_KINDS; i++)
		counts[i] = rbuf_u32(in);
	age = rbuf_u32(in);
	*field = "counts";
	if (in->is_short || rbuf_left(in) > 0)
		return in->is_short ? ERR_SHORT : ERR_TRAILING;
	p->is_round = false;
	p->last = p->found;
	memcpy(p->last.counts, counts, sizeof counts);
	p->compared_ms = p->begun_ms;
	p->peer_read_ms = proof_since(age, c->heard_ms);
	p->next_ms = c->heard_ms + CKPT_PROOF_MS;
	c->counters[CKPT_PROOFS]++;
	c->counters[CKPT_PROOFS_DIFFERENT] += sum_of(&p->last) > 0;
	if (p->is_of_audit && p->audit.stage != AUDIT_NONE)
		audit_compared(c, c->heard_ms);
	if (p->audit.stage != AUDIT_READ && p->audit.stage != AUDIT_COMPARE) /* it counts what is damaged first */
		proof_consider_lend(c);
	return ERR_OK;
}

enum err
proof_active_input(struct ckpt *c, enum proof_step step, struct rbuf *in, const char **field)
{
	*field = "step";
	switch (step) {
	case PROOF_ASK_BUCKETS:
		ask(c->proof, PROOF_BUCKETS);
		return ERR_OK;
	case PROOF_ASK_SLOTS:
		return on_ask_slots(c, in, field);
	case PROOF_NAMES:
		return on_names(c, in, field);
	case PROOF_RESEND:
		return on_resend(c, in, field);
	case PROOF_VERDICT:
		return on_verdict(c, in, field);
	default:
		return ERR_OK;
	}
}
