/*
 * ckpt_lend.c - a record that is damaged on the active comes back from the standby, when that one still has what was
 * written; otherwise the call is ended. A damaged call cannot be served, so neither waits for an operator.
 *
 *   active                                        standby
 *   LEND: slot, TEID and hash of some calls  ->
 *                                            <-   LENT, one for each: its record, and whether it has that hash
 *
 * What the active wrote is known by its hash. The frames are in the stream of the records, so a change that was sent
 * before the question has arrived. The hash leaves out counters that are checkpointed lazily: they come back as the
 * standby has them, at most CKPT_ACCOUNTING_MS old.
 */
#include "checkpoint/ckpt_proof.h"
#include "session/session_types.h"

enum { LEND_ENTRY_BYTES = 16, LENT_HEAD_BYTES = 11 };

/* --- the active asks ------------------------------------------------------------------------------- */

void
proof_consider_lend(struct ckpt *c)
{
	if (c->cfg.ops->mended != NULL && digest_damaged(c->proof->digest) > 0)
		c->proof->wants |= 1u << PROOF_LEND;
}

static void
ask_for(struct ckpt *c, uint32_t slot, struct wbuf *out)
{
	wbuf_u32(out, slot);
	wbuf_u32(out, c->cfg.ops->teid(c->cfg.arg, slot));
	wbuf_u64(out, digest_of(c->proof->digest, slot));
}

/* All damaged ones, or as many as one question names; the next one goes on behind the last of them, round and round. */
bool
proof_write_lend(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;
	uint32_t from = p->lend_slot, slot = from;
	uint16_t count = 0;
	size_t at, count_at;

	if (!proof_room(out, 2 + PROOF_NAMES_CHUNK * LEND_ENTRY_BYTES))
		return false;
	p->wants &= ~(1u << PROOF_LEND);
	at = proof_begin(c, out, PROOF_LEND);
	count_at = out->len;
	wbuf_u16(out, 0);
	for (; count < PROOF_NAMES_CHUNK && digest_damaged_next(p->digest, &slot); count++)
		ask_for(c, slot++, out);
	if (count < PROOF_NAMES_CHUNK)
		slot = 0;
	for (; count < PROOF_NAMES_CHUNK && digest_damaged_next(p->digest, &slot) && slot < from; count++)
		ask_for(c, slot++, out);
	p->lend_slot = slot;
	wbuf_patch_u16(out, count_at, count);
	proof_end(out, at);
	return true;
}

/* --- the standby lends ----------------------------------------------------------------------------- */

/* What was asked for before and is not answered yet is asked for again by itself. */
enum err
proof_on_lend(struct ckpt *c, struct rbuf *in, const char **field)
{
	struct ckpt_proof *p = c->proof;
	uint32_t count = rbuf_u16(in);

	*field = "calls to lend";
	if (in->is_short || rbuf_left(in) != count * (size_t)LEND_ENTRY_BYTES)
		return ERR_SHORT;
	if (count > PROOF_NAMES_CHUNK)
		return ERR_RANGE;
	p->lent_count = p->lent_at = 0;
	for (uint32_t i = 0; i < count; i++) {
		struct proof_lent *l = &p->lent[i];

		*l = (struct proof_lent){.slot = rbuf_u32(in), .teid = rbuf_u32(in)};
		l->hash = rbuf_u64(in);
		if (l->slot >= c->cfg.slots)
			return ERR_RANGE;
	}
	p->lent_count = count;
	if (count > 0)
		p->wants |= 1u << PROOF_LENT;
	return ERR_OK;
}

/* The record is read again at this moment: a damaged one is not lent. */
static void
write_one(struct ckpt *c, const struct proof_lent *l, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;
	size_t at = proof_begin(c, out, PROOF_LENT), head = out->len, record;
	uint32_t slot = l->slot, teid = 0;
	bool is_good;

	wbuf_u32(out, l->slot);
	wbuf_u32(out, l->teid);
	wbuf_u8(out, 0);
	wbuf_u16(out, 0);
	record = out->len;
	(void)c->cfg.ops->scrub(c->cfg.arg, &slot, 1);
	is_good = !digest_is_damaged(p->digest, l->slot) &&
	          c->cfg.ops->read_full(c->cfg.arg, l->slot, &teid, out) == ERR_OK && teid == l->teid;
	if (!is_good)
		out->len = record;
	out->data[head + 8] = is_good && digest_of(p->digest, l->slot) == l->hash;
	wbuf_patch_u16(out, head + 9, (uint16_t)(out->len - record));
	proof_end(out, at);
}

bool
proof_write_lent(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_proof *p = c->proof;

	for (; p->lent_at < p->lent_count; p->lent_at++) {
		if (!proof_room(out, LENT_HEAD_BYTES + CKPT_RECORD_MAX))
			return false;
		write_one(c, &p->lent[p->lent_at], out);
	}
	p->wants &= ~(1u << PROOF_LENT);
	return true;
}

/* --- the active mends ------------------------------------------------------------------------------ */

/* The record of the standby in place of the damaged one; false: it is not what was written after all. */
static bool
put_back(struct ckpt *c, uint32_t slot, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	struct digest *d = c->proof->digest;

	return c->cfg.ops->apply(c->cfg.arg, CKPT_KIND_FULL, teid, p, n, token) == ERR_OK &&
	       !digest_is_behind(d, slot) && !digest_is_damaged(d, slot);
}

/* Will a change of the call in @slot still be tried to be sent? Then its standby may come to have what was written. */
static bool
is_under_way(const struct ckpt *c, uint32_t slot)
{
	const struct changes *x = &c->changes;

	return x->entries[slot].place == CHANGES_LISTED && changes_groups(x, slot) != 0;
}

enum err
proof_on_lent(struct ckpt *c, struct rbuf *in, const char **field)
{
	uint32_t slot = rbuf_u32(in), teid = rbuf_u32(in), n;
	bool is_equal = rbuf_u8(in) != 0, is_restored = false;
	struct digest *d = c->proof->digest;
	uint64_t token = 0;
	const uint8_t *p;
	enum err e = ERR_OK;

	n = rbuf_u16(in);
	p = rbuf_take(in, n);
	*field = "lent record";
	if (in->is_short || rbuf_left(in) > 0)
		return ERR_SHORT;
	if (slot >= c->cfg.slots || teid_slot(teid) != slot || n > CKPT_RECORD_MAX)
		return ERR_RANGE;
	if (n > 0)
		e = c->cfg.ops->check(c->cfg.arg, CKPT_KIND_FULL, teid, p, n, &token, field);
	if (e != ERR_OK)
		return e;
	if (c->cfg.ops->mended == NULL || !digest_is_damaged(d, slot) || c->cfg.ops->teid(c->cfg.arg, slot) != teid)
		return ERR_OK; /* it has ended, or was written anew */
	if (digest_is_behind(d, slot) && is_under_way(c, slot))
		return ERR_OK; /* asked again with the next round */
	if (is_equal && n > 0 && !digest_is_behind(d, slot))
		is_restored = put_back(c, slot, teid, p, n, token);
	c->counters[is_restored ? CKPT_RECORDS_RESTORED : CKPT_RECORDS_LOST]++;
	c->cfg.ops->mended(c->cfg.arg, teid, is_restored, p, n);
	return ERR_OK;
}
