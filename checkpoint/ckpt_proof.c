/* ckpt_proof.c - frames of the proof, who takes them, and what is known of how both sides differ. */
#include "checkpoint/ckpt_proof.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64 };

struct ckpt_proof *
proof_new(struct digest *d, uint32_t slots)
{
	struct ckpt_proof *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->digest = d;
	p->picked = calloc(digest_buckets(d) / WORD_BITS + 1, sizeof *p->picked);
	p->resend = calloc(slots / WORD_BITS + 1, sizeof *p->resend);
	if (p->picked == NULL || p->resend == NULL) {
		proof_free(p);
		return NULL;
	}
	return p;
}

void
proof_free(struct ckpt_proof *p)
{
	if (p == NULL)
		return;
	free(p->picked);
	free(p->resend);
	free(p);
}

/* --- frames ---------------------------------------------------------------------------------------- */

size_t
proof_begin(const struct ckpt *c, struct wbuf *out, enum proof_step step)
{
	size_t at = ckpt_frame_begin(out, CKPT_PROOF);

	wbuf_u8(out, (uint8_t)step);
	wbuf_u32(out, c->proof->round);
	return at;
}

void
proof_end(struct wbuf *out, size_t at)
{
	ckpt_frame_end(out, at);
}

bool
proof_room(const struct wbuf *out, size_t bytes)
{
	return out->cap - out->len >= CKPT_HEADER_BYTES + PROOF_HEADER_BYTES + CKPT_CONTROL_ROOM + bytes;
}

uint32_t
proof_age(uint64_t since_ms, uint64_t now_ms)
{
	if (since_ms == 0 || now_ms - since_ms >= UINT32_MAX)
		return UINT32_MAX;
	return (uint32_t)(now_ms - since_ms);
}

uint64_t
proof_since(uint32_t age_ms, uint64_t now_ms)
{
	return age_ms == UINT32_MAX || age_ms >= now_ms ? 0 : now_ms - age_ms;
}

/* --- what is known --------------------------------------------------------------------------------- */

void
proof_forget(struct proof_found *f)
{
	memset(f->counts, 0, sizeof f->counts);
	f->named = 0;
}

void
proof_find(struct proof_found *f, uint32_t slot, uint32_t teid, uint8_t kind)
{
	f->counts[kind]++;
	if (f->named < CKPT_DIFFER_NAMES)
		f->names[f->named++] = (struct ckpt_differ){slot, teid, kind};
}

/* What this side sees by itself at any moment, and therefore does not take from the last round. */
static uint8_t
own_damage(const struct ckpt *c)
{
	return c->role == CKPT_ACTIVE ? CKPT_DAMAGED_ACTIVE : CKPT_DAMAGED_STANDBY;
}

uint32_t
ckpt_proof_counts(const struct ckpt *c, uint32_t counts[CKPT_DIFFER_KINDS])
{
	const struct ckpt_proof *p = c->proof;
	uint32_t sum = 0;

	memset(counts, 0, CKPT_DIFFER_KINDS * sizeof counts[0]);
	if (p == NULL)
		return 0;
	memcpy(counts, p->last.counts, sizeof p->last.counts);
	counts[own_damage(c)] = digest_damaged(p->digest);
	counts[CKPT_UNSENT] = c->role == CKPT_ACTIVE ? p->scrub.unsent : 0;
	for (unsigned i = 0; i < CKPT_DIFFER_KINDS; i++)
		sum += counts[i];
	return sum;
}

uint32_t
ckpt_proof_names(const struct ckpt *c, struct ckpt_differ *out, uint32_t max)
{
	const struct ckpt_proof *p = c->proof;
	uint32_t n = 0, slot = 0;

	if (p == NULL)
		return 0;
	for (; n < max && digest_damaged_next(p->digest, &slot); slot++)
		out[n++] = (struct ckpt_differ){slot, c->cfg.ops->teid(c->cfg.arg, slot), own_damage(c)};
	for (uint32_t i = 0; n < max && c->role == CKPT_ACTIVE && i < p->scrub.unsent_named; i++) {
		slot = p->scrub.unsent_slots[i];
		out[n++] = (struct ckpt_differ){slot, c->cfg.ops->teid(c->cfg.arg, slot), CKPT_UNSENT};
	}
	for (uint32_t i = 0; n < max && i < p->last.named; i++)
		if (p->last.names[i].kind != own_damage(c))
			out[n++] = p->last.names[i];
	return n;
}

uint64_t
proof_proved_ms(const struct ckpt_proof *p)
{
	uint64_t ms = proof_read_ms(p);

	if (p->peer_read_ms < ms)
		ms = p->peer_read_ms;
	return p->compared_ms < ms ? p->compared_ms : ms;
}

/* --- what comes --------------------------------------------------------------------------------- */

static bool
is_of_active(enum proof_step step)
{
	return (step >= PROOF_ROOT && step <= PROOF_READ) || step == PROOF_LEND;
}

enum err
proof_input(struct ckpt *c, const void *p, size_t n, const char **field)
{
	struct rbuf in;
	enum proof_step step;
	uint32_t round;

	rbuf_init(&in, p, n);
	step = (enum proof_step)rbuf_u8(&in);
	round = rbuf_u32(&in);
	*field = "proof header";
	if (in.is_short)
		return ERR_SHORT;
	if (step == 0 || step >= PROOF_STEP_COUNT) {
		c->counters[CKPT_UNKNOWN_RECEIVED]++; /* of a newer release */
		return ERR_OK;
	}
	/* What was sent before a role turned, or a round was given up, is passed over. */
	if (c->proof == NULL || is_of_active(step) != (c->role == CKPT_STANDBY))
		return ERR_OK;
	if (c->role == CKPT_STANDBY) {
		if (!c->rx.is_open || c->rx.is_syncing || c->rx.is_sweeping)
			return ERR_OK;
		if (step == PROOF_LEND)
			return proof_on_lend(c, &in, field);
		if (step == PROOF_ROOT)
			c->proof->round = round;
		return round == c->proof->round || step == PROOF_READ ? proof_peer_input(c, step, &in, field) : ERR_OK;
	}
	if (step == PROOF_DONE) {
		proof_peer_scrubbed(c);
		return ERR_OK;
	}
	if (step == PROOF_LENT)
		return proof_on_lent(c, &in, field);
	return c->proof->is_round && round == c->proof->round ? proof_active_input(c, step, &in, field) : ERR_OK;
}
