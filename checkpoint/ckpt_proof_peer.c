/* ckpt_proof_peer.c - the standby's part of a round: it compares, names what differs, and in a repair has it mended. */
#include <string.h>

#include "checkpoint/ckpt_proof.h"

enum { WORD_BITS = 64 };

static void
set_bit(uint64_t *map, uint32_t n)
{
	map[n / WORD_BITS] |= UINT64_C(1) << n % WORD_BITS;
}

/* --- what came -------------------------------------------------------------------------------------- */

/* The damaged calls of this side belong to the result; and the round's result becomes what is known. */
static void
end_round(struct ckpt *c)
{
	struct ckpt_proof *p = c->proof;

	for (uint32_t slot = 0; digest_damaged_next(p->digest, &slot); slot++) {
		proof_find(&p->found, slot, c->cfg.ops->teid(c->cfg.arg, slot), CKPT_DAMAGED_STANDBY);
		if (p->is_repair)
			set_bit(p->resend, slot);
	}
	p->is_round = false;
	p->last = p->found;
	p->last.counts[CKPT_DAMAGED_ACTIVE] = p->peer_damaged.counts[CKPT_DAMAGED_ACTIVE];
	for (uint32_t i = 0; i < p->peer_damaged.named && p->last.named < CKPT_DIFFER_NAMES; i++)
		p->last.names[p->last.named++] = p->peer_damaged.names[i];
	p->compared_ms = c->heard_ms;
	p->at = 0;
	p->wants |= 1u << PROOF_VERDICT | (p->found.named > 0 ? 1u << PROOF_NAMES : 0) |
	            (p->is_repair ? 1u << PROOF_RESEND : 0);
	c->counters[CKPT_PROOFS]++;
	c->counters[CKPT_PROOFS_DIFFERENT] += ckpt_proof_counts(c, (uint32_t[CKPT_DIFFER_KINDS]){0}) > 0;
}

static enum err
read_damaged(struct ckpt *c, struct rbuf *in, uint32_t total, struct proof_found *f)
{
	uint32_t count = rbuf_u16(in);

	if (in->is_short || rbuf_left(in) != count * 8u || count > PROOF_NAMES_CHUNK)
		return ERR_SHORT;
	proof_forget(f);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t slot = rbuf_u32(in), teid = rbuf_u32(in);

		if (slot >= c->cfg.slots)
			return ERR_RANGE;
		proof_find(f, slot, teid, CKPT_DAMAGED_ACTIVE);
	}
	f->counts[CKPT_DAMAGED_ACTIVE] = total;
	return ERR_OK;
}

static enum err
on_root(struct ckpt *c, struct rbuf *in, const char **field)
{
	struct ckpt_proof *p = c->proof;
	bool is_repair = rbuf_u8(in) != 0;
	uint32_t calls = rbuf_u32(in);
	uint64_t sum = rbuf_u64(in);
	uint32_t age = rbuf_u32(in), damaged = rbuf_u32(in);
	enum err e;

	*field = "damaged calls";
	e = read_damaged(c, in, damaged, &p->peer_damaged);
	if (e != ERR_OK)
		return e;
	p->is_round = true;
	p->is_repair = is_repair;
	p->wants &= 1u << PROOF_DONE | 1u << PROOF_LENT;
	p->at = 0;
	p->calls = calls;
	p->peer_read_ms = proof_since(age, c->heard_ms);
	proof_forget(&p->found);
	memset(p->resend, 0, (c->cfg.slots / WORD_BITS + 1) * sizeof *p->resend);
	memset(p->picked, 0, (digest_buckets(p->digest) / WORD_BITS + 1) * sizeof *p->picked);
	if (sum == digest_sum(p->digest) && calls == digest_calls(p->digest))
		end_round(c);
	else
		p->wants |= 1u << PROOF_ASK_BUCKETS;
	return ERR_OK;
}

static enum err
on_buckets(struct ckpt *c, struct rbuf *in, const char **field)
{
	struct ckpt_proof *p = c->proof;
	uint32_t first = rbuf_u32(in), count = rbuf_u16(in), all = digest_buckets(p->digest);
	bool is_any = false;

	*field = "buckets";
	if (in->is_short || rbuf_left(in) != count * sizeof(uint64_t))
		return ERR_SHORT;
	if (first > all || count > all - first)
		return ERR_RANGE;
	for (uint32_t i = first; i < first + count; i++)
		if (rbuf_u64(in) != digest_bucket(p->digest, i))
			set_bit(p->picked, i);
	if (first + count < all)
		return ERR_OK;
	for (uint32_t i = 0; i < all / WORD_BITS + 1; i++)
		is_any = is_any || p->picked[i] != 0;
	if (is_any)
		p->wants |= 1u << PROOF_ASK_SLOTS;
	else
		end_round(c);
	return ERR_OK;
}

/* One slot: @theirs, 0 none, is what the active says this side holds. */
static void
compare_slot(struct ckpt *c, uint32_t slot, uint32_t teid, uint64_t theirs)
{
	struct ckpt_proof *p = c->proof;
	uint64_t mine = digest_of(p->digest, slot);
	uint8_t kind = mine == 0 ? CKPT_MISSING : theirs == 0 ? CKPT_STALE : CKPT_DIFFERS;

	if (mine == theirs)
		return;
	if (c->nack.at[slot] != 0 && !p->is_repair)
		return; /* it was asked for and is on its way, as a change is */
	if (mine != 0)
		teid = c->cfg.ops->teid(c->cfg.arg, slot);
	/* A damaged one is named as such, unless it is to go. */
	if (kind == CKPT_STALE || !digest_is_damaged(p->digest, slot))
		proof_find(&p->found, slot, teid, kind);
	if (!p->is_repair)
		return;
	if (kind != CKPT_STALE)
		set_bit(p->resend, slot);
	else if (c->cfg.ops->drop(c->cfg.arg, slot))
		c->counters[CKPT_SYNC_DROPPED]++;
}

static enum err
check_slots(const struct ckpt *c, struct rbuf in, uint32_t from, uint32_t to, uint32_t count)
{
	int64_t before = -1;

	if (to > c->cfg.slots || from > to || to - from > DIGEST_BUCKET_SLOTS || rbuf_left(&in) != count * 14u)
		return ERR_RANGE;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = rbuf_u16(&in);

		rbuf_take(&in, 12);
		if (at >= to - from || at <= before)
			return ERR_RANGE;
		before = at;
	}
	return ERR_OK;
}

static enum err
on_slots(struct ckpt *c, struct rbuf *in, const char **field)
{
	uint32_t from = rbuf_u32(in), to = rbuf_u32(in), slot = from;
	bool is_last = rbuf_u8(in) != 0;
	uint32_t count = rbuf_u16(in);
	enum err e;

	*field = "slots";
	if (in->is_short)
		return ERR_SHORT;
	e = check_slots(c, *in, from, to, count);
	if (e != ERR_OK)
		return e;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = from + rbuf_u16(in), teid = rbuf_u32(in);
		uint64_t theirs = rbuf_u64(in);

		for (; slot < at; slot++)
			compare_slot(c, slot, 0, 0);
		compare_slot(c, slot++, teid, theirs);
	}
	for (; slot < to; slot++)
		compare_slot(c, slot, 0, 0);
	if (is_last)
		end_round(c);
	return ERR_OK;
}

enum err
proof_peer_input(struct ckpt *c, enum proof_step step, struct rbuf *in, const char **field)
{
	*field = "step";
	if (step == PROOF_READ) {
		proof_scrub_fast(c->proof);
		return ERR_OK;
	}
	if (step != PROOF_ROOT && !c->proof->is_round)
		return ERR_OK;
	*field = "batch";
	if (rbuf_u64(in) != c->rx.next_batch)
		return ERR_RANGE;
	if (step == PROOF_ROOT)
		return on_root(c, in, field);
	return step == PROOF_BUCKETS ? on_buckets(c, in, field) : on_slots(c, in, field);
}

/* --- what is written --------------------------------------------------------------------------------- */

static void
write_ask_slots(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;
	size_t at = proof_begin(c, out, PROOF_ASK_SLOTS), count_at = out->len;
	uint16_t count = 0;

	wbuf_u16(out, 0);
	for (uint32_t i = 0; i < digest_buckets(p->digest); i++)
		if (p->picked[i / WORD_BITS] >> i % WORD_BITS & 1) {
			wbuf_u16(out, (uint16_t)i);
			count++;
		}
	wbuf_patch_u16(out, count_at, count);
	proof_end(out, at);
}

/* False: that was the last of them. */
static bool
write_names(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;
	uint32_t n = p->found.named - p->at < PROOF_NAMES_CHUNK ? p->found.named - p->at : PROOF_NAMES_CHUNK;
	size_t at = proof_begin(c, out, PROOF_NAMES);

	wbuf_u16(out, (uint16_t)n);
	for (uint32_t i = 0; i < n; i++, p->at++) {
		wbuf_u32(out, p->found.names[p->at].slot);
		wbuf_u32(out, p->found.names[p->at].teid);
		wbuf_u8(out, p->found.names[p->at].kind);
	}
	proof_end(out, at);
	return p->at < p->found.named;
}

static bool
write_resend(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;
	size_t at = proof_begin(c, out, PROOF_RESEND), count_at = out->len;
	uint32_t words = c->cfg.slots / WORD_BITS + 1;
	uint16_t count = 0;

	wbuf_u16(out, 0);
	while (p->at < words && count < PROOF_NAMES_CHUNK) {
		uint64_t *word = &p->resend[p->at];

		if (*word == 0) {
			p->at++;
			continue;
		}
		wbuf_u32(out, p->at * WORD_BITS + (uint32_t)__builtin_ctzll(*word));
		*word &= *word - 1;
		count++;
	}
	wbuf_patch_u16(out, count_at, count);
	proof_end(out, at);
	return p->at < words;
}

static void
write_verdict(struct ckpt *c, struct wbuf *out, uint64_t now_ms)
{
	struct ckpt_proof *p = c->proof;
	size_t at = proof_begin(c, out, PROOF_VERDICT);

	for (unsigned i = 0; i < CKPT_DIFFER_KINDS; i++)
		wbuf_u32(out, p->found.counts[i]);
	wbuf_u32(out, proof_age(proof_read_ms(p), now_ms));
	proof_end(out, at);
}

/* Written in this order; the verdict ends the round at the active, so it comes last. */
void
proof_peer_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms)
{
	static const uint8_t order[] = {PROOF_DONE,  PROOF_ASK_BUCKETS, PROOF_ASK_SLOTS,
	                                PROOF_NAMES, PROOF_RESEND,      PROOF_VERDICT};
	struct ckpt_proof *p = c->proof;

	/* before the verdict: what is lent counts in the round that the verdict ends */
	if (p->wants & 1u << PROOF_LENT && !proof_write_lent(c, out))
		return;
	for (unsigned i = 0; i < sizeof order;) {
		bool is_more = false;

		if (!(p->wants & 1u << order[i])) {
			i++;
			continue;
		}
		if (!proof_room(out, 16 + 2 * digest_buckets(p->digest)) ||
		    !proof_room(out, 16 + 9 * PROOF_NAMES_CHUNK))
			return;
		if (order[i] == PROOF_ASK_SLOTS)
			write_ask_slots(c, out);
		else if (order[i] == PROOF_NAMES)
			is_more = write_names(c, out);
		else if (order[i] == PROOF_RESEND)
			is_more = write_resend(c, out);
		else if (order[i] == PROOF_VERDICT)
			write_verdict(c, out, now_ms);
		else
			proof_end(out, proof_begin(c, out, (enum proof_step)order[i]));
		if (is_more)
			continue;
		p->wants &= ~(1u << order[i]);
		p->at = 0;
	}
}
