/*
 * ckpt_account.c - counters of calls that need not travel with every message: marked, sent every now and then among the
 * changes, and at a planned switchover in one go, after the peer was told to take over.
 *
 * That flush stands beside batches and syncs, which stop when the roles change: ACCOUNTING frames go from whoever was
 * asked to send them to whoever is at the other end, whatever both are by then, and an end marker says how many there
 * were. Until it is out, the sender does not say READY to the new active, so that nothing overwrites what is still to
 * be sent.
 */
#include <string.h>

#include "checkpoint/ckpt_core.h"
#include "session/session_types.h"

enum { WORD_BITS = 64 };

static uint32_t
words(const struct ckpt *c)
{
	return (c->cfg.slots + WORD_BITS - 1) / WORD_BITS;
}

bool
ckpt_account_take(struct ckpt *c, uint32_t slot)
{
	uint64_t bit = UINT64_C(1) << slot % WORD_BITS;
	bool was = (c->account.marked[slot / WORD_BITS] & bit) != 0;

	c->account.marked[slot / WORD_BITS] &= ~bit;
	return was;
}

void
ckpt_account_mark(struct ckpt *c, uint32_t slot)
{
	c->account.marked[slot / WORD_BITS] |= UINT64_C(1) << slot % WORD_BITS;
}

void
ckpt_account_forget(struct ckpt *c)
{
	memset(c->account.marked, 0, words(c) * sizeof c->account.marked[0]);
	c->account.lazy_word = words(c);
}

/* The next marked slot from word *@word on, whose mark is taken off; false: there is none. */
static bool
next_marked(struct ckpt *c, uint32_t *word, uint32_t *slot)
{
	for (; *word < words(c); ++*word) {
		uint64_t marks = c->account.marked[*word];

		if (marks == 0)
			continue;
		*slot = *word * WORD_BITS + (uint32_t)__builtin_ctzll(marks);
		(void)ckpt_account_take(c, *slot);
		return true;
	}
	return false;
}

/* --- now and then ------------------------------------------------------------------------------------------ */

void
ckpt_account_tick(struct ckpt *c, uint64_t now_ms)
{
	struct ckpt_account *a = &c->account;
	uint32_t slot;

	if (now_ms >= a->next_ms) {
		a->next_ms = now_ms + CKPT_ACCOUNTING_MS;
		a->lazy_word = 0;
	}
	if (c->role != CKPT_ACTIVE || !c->tx.is_ready || c->is_flushing || a->is_sending)
		return;
	for (unsigned n = 0; n < CKPT_ADMIT_SLICE && next_marked(c, &a->lazy_word, &slot); n++)
		changes_touch(&c->changes, slot, CKPT_GROUP_ACCOUNTING);
}

/* --- the flush, sending ------------------------------------------------------------------------------------ */

enum err
ckpt_account_send(struct ckpt *c)
{
	if (!c->is_open || c->is_dead)
		return ERR_REFUSED;
	if (c->account.is_sending)
		return ERR_OK;
	c->account.is_sending = true;
	c->account.word = 0;
	c->account.sent = 0;
	c->account.epoch = c->epoch;
	return ERR_OK;
}

/* One record; false when the call is gone or has no such counters. */
static bool
put_record(struct ckpt *c, uint32_t slot, struct wbuf *out)
{
	struct wbuf content;
	uint32_t teid = 0;

	wbuf_init(&content, c->content, sizeof c->content);
	if (c->cfg.ops->read_micro(c->cfg.arg, slot, CKPT_GROUP_ACCOUNTING, &teid, &content) != ERR_OK)
		return false;
	ckpt_put(c, CKPT_KIND_UPDATE_CLPSTATS, teid, 0, content.len, out);
	return true;
}

static void
put_end(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_msg m = {.epoch = c->account.epoch, .incarnation = c->cfg.incarnation, .seq = c->account.sent};

	(void)ckpt_msg_write(out, CKPT_ACCOUNTING_END, &m);
	c->account.is_sending = false;
	ckpt_consider_ready(c);
}

/* As many records as fit into one frame of @out; the marker when there are no more. */
void
ckpt_account_fill(struct ckpt *c, struct wbuf *out)
{
	size_t room = CKPT_CONTROL_ROOM + CKPT_RECORD_MAX + CKPT_RECORD_HEAD_MAX;
	size_t begin = out->len, at, records;
	uint32_t count = 0, slot;
	bool is_last = false;

	if (!c->account.is_sending || out->cap - out->len < room)
		return;
	at = ckpt_frame_begin(out, CKPT_ACCOUNTING);
	wbuf_u32(out, 0);
	records = out->len;
	ckpt_pack_begin(&c->packer, 0);
	while (out->cap - out->len >= room && out->len - records < CKPT_SEND_RAW - room && !is_last) {
		is_last = !next_marked(c, &c->account.word, &slot);
		count += !is_last && put_record(c, slot, out);
	}
	if (count == 0)
		out->len = begin;
	else {
		wbuf_patch_u32(out, at + CKPT_HEADER_BYTES, count);
		ckpt_frame_end(out, at);
	}
	c->account.sent += count;
	c->counters[CKPT_ACCOUNTING_SENT] += count;
	if (is_last)
		put_end(c, out);
}

/* --- the flush, receiving ---------------------------------------------------------------------------------- */

enum err
ckpt_account_input(struct ckpt *c, const uint8_t *p, size_t n, const char **field)
{
	struct ckpt_check what = {.only = CKPT_KIND_UPDATE_CLPSTATS};
	struct rbuf in;
	enum err e;

	rbuf_init(&in, p, n);
	what.count = rbuf_u32(&in);
	*field = "accounting header";
	if (in.is_short)
		return ERR_SHORT;
	e = ckpt_check_records(c, &what, in, field);
	if (e != ERR_OK)
		return e;
	for (uint32_t i = 0; i < what.count && c->cfg.ops->account != NULL; i++)
		c->cfg.ops->account(c->cfg.arg, c->records[i].teid, c->records[i].bytes, c->records[i].len);
	c->account.received += what.count;
	c->counters[CKPT_ACCOUNTING_RECEIVED] += what.count;
	return ERR_OK;
}

enum err
ckpt_account_end(struct ckpt *c, const struct ckpt_msg *m)
{
	if (m->seq != c->account.received)
		return ERR_RANGE;
	c->account.ended_epoch = m->epoch;
	c->account.ended_count = m->seq;
	c->account.received = 0;
	if (c->cfg.ops->accounting_ended != NULL)
		c->cfg.ops->accounting_ended(c->cfg.arg);
	return ERR_OK;
}

bool
ckpt_account_ended(const struct ckpt *c, uint64_t epoch, uint64_t *count)
{
	if (epoch == 0 || c->account.ended_epoch != epoch)
		return false;
	*count = c->account.ended_count;
	return true;
}
