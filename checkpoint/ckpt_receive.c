/* ckpt_receive.c - what comes in: framing, verdicts, and a batch that is checked whole before any of it is applied. */
#include <string.h>

#include "base/crc32c.h"
#include "checkpoint/ckpt_proof.h"
#include "session/session_types.h"

/* The place of @field among the names; the last one stands for fields of records. */
static unsigned
refuse_name(const char *field)
{
	unsigned i = 0;

	while (i < CKPT_REFUSALS - 1 && strcmp(ckpt_refusals[i], field) != 0)
		i++;
	return i;
}

static enum err
refuse(struct ckpt *c, enum err e, uint8_t type, const char *field)
{
	c->verdict = (struct ckpt_verdict){e, ckpt_frame_name(type), field};
	c->counters[CKPT_REJECTED]++;
	c->counters[CKPT_REFUSED_FIRST + refuse_name(field)]++;
	c->is_dead = true;
	return e;
}

/* --- control frames -------------------------------------------------------------------------------- */

static void
take_role(struct ckpt *c, const struct ckpt_msg *m)
{
	bool is_other = m->role != c->peer.role || m->epoch != c->peer.epoch || m->incarnation != c->peer.incarnation;

	c->peer.role = (enum ckpt_role)m->role;
	c->peer.epoch = m->epoch;
	c->peer.incarnation = m->incarnation;
	if (is_other && c->is_open)
		ckpt_stop_directions(c);
	ckpt_consider_ready(c);
	ckpt_told(c);
}

static enum err
on_open(struct ckpt *c, uint8_t type, const struct ckpt_msg *m)
{
	if (c->is_open || c->is_dialler != (type == CKPT_OPEN_ACK))
		return refuse(c, ERR_REFUSED, type, "unexpected");
	if (m->instance != c->cfg.instance)
		return refuse(c, ERR_RANGE, type, "instance");
	if (m->chassis_id == c->cfg.chassis_id)
		return refuse(c, ERR_RANGE, type, "chassis-id");
	if (type == CKPT_OPEN_ACK && (m->compressions & c->offered) == 0)
		return refuse(c, ERR_RANGE, type, "compressions");
	c->agreed = compress_agree(c->offered, m->compressions);
	c->peer.chassis_id = m->chassis_id;
	c->peer.schema = m->schema;
	c->wants.open_ack = type == CKPT_OPEN;
	c->wants.heartbeat = true;
	take_role(c, m);
	c->is_open = true;
	ckpt_consider_ready(c);
	ckpt_told(c);
	return ERR_OK;
}

static void
on_heartbeat(struct ckpt *c)
{
	c->heartbeats_heard++;
	c->counters[CKPT_HEARTBEATS_RECEIVED]++;
	ckpt_consider_ready(c);
}

static void
on_ready(struct ckpt *c, const struct ckpt_msg *m)
{
	struct ckpt_lineage held = {m->held_epoch, m->held_incarnation, m->held_seq};

	/* Said to another incarnation of this side, or to a side that is no longer active: it will be said again. */
	if (c->role != CKPT_ACTIVE || m->epoch != c->epoch || m->incarnation != c->cfg.incarnation)
		return;
	if (c->rx.is_sweeping) {
		c->is_standby_waiting = true;
		c->standby_holds = held;
	} else {
		ckpt_begin_sync(c, &held);
	}
}

static bool
is_from_our_active(const struct ckpt *c, const struct ckpt_msg *m)
{
	return c->role == CKPT_STANDBY && c->peer.role == CKPT_ACTIVE && m->epoch == c->peer.epoch &&
	       m->incarnation == c->peer.incarnation && c->ready_epoch == m->epoch;
}

static void
on_sync_begin(struct ckpt *c, const struct ckpt_msg *m)
{
	struct ckpt_receiver *rx = &c->rx;

	if (!is_from_our_active(c, m))
		return;
	changes_forget(&c->changes);
	proof_stop(c);
	rx->is_open = true;
	rx->is_sweeping = false;
	rx->is_syncing = m->is_full;
	rx->next_batch = m->batch;
	rx->through = m->seq;
	rx->announced = m->is_full ? m->calls : 0;
	rx->came = 0;
	c->counters[CKPT_SYNCS_RECEIVED]++;
	if (!m->is_full) {
		rx->held = (struct ckpt_lineage){m->epoch, m->incarnation, m->seq};
		return;
	}
	rx->held = (struct ckpt_lineage){0};
	rx->is_damaged = false;
	ckpt_nack_forget(c);
	if (c->cfg.ops->coming != NULL)
		c->cfg.ops->coming(c->cfg.arg, m->calls < c->cfg.slots ? m->calls : c->cfg.slots);
	if (++rx->mark == 0) {
		memset(c->marks, 0, c->cfg.slots);
		rx->mark = 1;
	}
}

static enum err
on_sync_end(struct ckpt *c, const struct ckpt_msg *m)
{
	struct ckpt_receiver *rx = &c->rx;

	if (!rx->is_open)
		return ERR_OK;
	if (!rx->is_syncing)
		return refuse(c, ERR_REFUSED, CKPT_SYNC_END, "no sync runs");
	if (m->batch != rx->next_batch)
		return refuse(c, ERR_RANGE, CKPT_SYNC_END, "batch");
	if (m->seq < rx->through)
		return refuse(c, ERR_RANGE, CKPT_SYNC_END, "seq");
	rx->through = m->seq;
	rx->sweep_batch = rx->next_batch++;
	rx->is_syncing = false;
	rx->is_sweeping = true;
	rx->swept_of = (struct ckpt_lineage){c->peer.epoch, c->peer.incarnation, 0};
	rx->announced = 0;
	rx->swept = 0;
	return ERR_OK;
}

static enum err
on_ack(struct ckpt *c, const struct ckpt_msg *m)
{
	struct ckpt_sender *tx = &c->tx;
	uint64_t held = 0;

	c->counters[CKPT_ACKS_RECEIVED]++;
	if (m->batch >= tx->next_batch)
		return refuse(c, ERR_RANGE, CKPT_ACK, "batch");
	while (tx->first_batch <= m->batch) {
		uint64_t through = tx->through[tx->first_batch++ % CKPT_WINDOW];

		held = through > held ? through : held;
		if (tx->is_ending && tx->end_batch < tx->first_batch) {
			tx->is_ending = false;
			tx->sync = CKPT_SYNC_CHANGES;
		}
	}
	changes_ack(&c->changes, held);
	ckpt_consider_flushed(c);
	return ERR_OK;
}

/* --- batches --------------------------------------------------------------------------------------- */

static bool
is_known_kind(uint8_t kind)
{
	return kind == CKPT_KIND_FULL || kind == CKPT_KIND_INVALIDATE_CRR || ckpt_micro_group(kind) != 0;
}

static enum err
check_record(struct ckpt *c, const struct ckpt_check *what, const struct ckpt_record *r, uint64_t *token,
             const char **field)
{
	*field = "record seq";
	if (r->seq > what->through)
		return ERR_RANGE;
	*field = "record teid";
	if (teid_instance(r->teid) != c->cfg.instance || teid_slot(r->teid) >= c->cfg.slots)
		return ERR_RANGE;
	*field = "record kind";
	if (what->only != CKPT_KIND_FULL && r->kind != what->only)
		return ERR_FORMAT;
	*token = 0;
	if (!is_known_kind(r->kind))
		return ERR_OK;
	return c->cfg.ops->check(c->cfg.arg, r->kind, r->teid, r->bytes, r->len, token, field);
}

enum err
ckpt_check_records(struct ckpt *c, const struct ckpt_check *what, struct rbuf raw, const char **field)
{
	struct ckpt_unpacker x;
	enum err e = ERR_OK;

	*field = "count";
	if (rbuf_left(&raw) > CKPT_RAW_MAX || what->count > CKPT_RECORDS_MAX ||
	    what->count > rbuf_left(&raw) / CKPT_RECORD_HEAD_MIN)
		return ERR_RANGE;
	ckpt_unpack_begin(&x, raw.data + raw.pos, rbuf_left(&raw), what->seq, c->rx_whole,
	                  ckpt_unpack_room(CKPT_RAW_MAX));
	for (uint32_t i = 0; i < what->count && e == ERR_OK; i++) {
		e = ckpt_unpack(&x, &c->records[i], field);
		if (e == ERR_OK)
			e = check_record(c, what, &c->records[i], &c->tokens[i], field);
	}
	if (e != ERR_OK)
		return e;
	*field = "count";
	return rbuf_left(&x.in) == 0 ? ERR_OK : ERR_TRAILING;
}

static void
count_record(struct ckpt *c, uint8_t kind, enum err e)
{
	enum ckpt_counter received = CKPT_MICRO_RECEIVED;

	if (kind == CKPT_KIND_FULL)
		received = CKPT_FULL_RECEIVED;
	else if (kind == CKPT_KIND_INVALIDATE_CRR)
		received = CKPT_INVALIDATE_RECEIVED;
	c->counters[received]++;
	c->counters[ckpt_row_counter(ckpt_row_of(kind), CKPT_ROW_RECEIVED)]++;
	if (e == ERR_OK)
		return;
	c->counters[received + 1]++;
	c->counters[ckpt_row_counter(ckpt_row_of(kind), CKPT_ROW_FAILED)]++;
}

/* What a record means for the calls that are asked for. */
static void
follow_record(struct ckpt *c, const struct ckpt_record *r, enum err e)
{
	if (e != ERR_OK)
		ckpt_nack_failed(c, r, e);
	else if (r->kind == CKPT_KIND_FULL || r->kind == CKPT_KIND_INVALIDATE_CRR)
		ckpt_nack_applied(c, teid_slot(r->teid));
}

/* The group of records that begins with number @i is announced, if there is one. */
static void
announce(struct ckpt *c, const struct ckpt_batch *b, uint32_t i, enum ckpt_when when)
{
	if (c->cfg.ops->expect != NULL && i < b->count)
		c->cfg.ops->expect(c->cfg.arg, c->tokens + i, b->count - i < CKPT_EXPECT ? b->count - i : CKPT_EXPECT,
		                   when);
}

/* Before a group is applied the next one is announced for the second time, and the one behind it for the first. */
static void
announce_ahead(struct ckpt *c, const struct ckpt_batch *b, uint32_t i)
{
	if (i == 0) {
		announce(c, b, 0, CKPT_SOON);
		announce(c, b, CKPT_EXPECT, CKPT_SOON);
		announce(c, b, 0, CKPT_NEXT);
	}
	announce(c, b, i + 2 * CKPT_EXPECT, CKPT_SOON);
	announce(c, b, i + CKPT_EXPECT, CKPT_NEXT);
}

static void
mark_came(struct ckpt *c, uint32_t slot)
{
	c->rx.came += c->marks[slot] != c->rx.mark;
	c->marks[slot] = c->rx.mark;
}

static void
apply_records(struct ckpt *c, const struct ckpt_batch *b)
{
	for (uint32_t i = 0; i < b->count; i++) {
		const struct ckpt_record *r = &c->records[i];
		enum err e;

		if (i % CKPT_EXPECT == 0)
			announce_ahead(c, b, i);
		if (!is_known_kind(r->kind)) {
			c->counters[CKPT_UNKNOWN_RECEIVED]++;
			continue;
		}
		e = c->cfg.ops->apply(c->cfg.arg, r->kind, r->teid, r->bytes, r->len, c->tokens[i]);
		count_record(c, r->kind, e);
		follow_record(c, r, e);
		if (e == ERR_OK && r->kind == CKPT_KIND_FULL)
			mark_came(c, teid_slot(r->teid));
	}
}

/* The records of @b, unpacked: borrowed from the frame, or in rx_raw. */
static enum err
unpack(struct ckpt *c, const struct ckpt_batch *b, struct rbuf *in, struct rbuf *raw, const char **field)
{
	size_t n = rbuf_left(in);
	const uint8_t *p = rbuf_take(in, n);
	enum err e;

	*field = "codec";
	if (b->codec != COMPRESS_NONE && b->codec != c->agreed)
		return ERR_RANGE;
	*field = "raw bytes";
	if (b->codec == COMPRESS_NONE) {
		if (n != b->raw_bytes)
			return ERR_RANGE;
		rbuf_init(raw, p, n);
	} else {
		e = compress_unpack(c->compress, b->codec, p, n, c->rx_raw, b->raw_bytes);
		if (e != ERR_OK)
			return e;
		rbuf_init(raw, c->rx_raw, b->raw_bytes);
	}
	*field = "crc32c";
	return crc32c(0, raw->data, raw->len) == b->crc ? ERR_OK : ERR_CORRUPT;
}

static enum err
check_batch(struct ckpt *c, struct rbuf *in, struct ckpt_batch *b, const char **field)
{
	enum err e = ckpt_batch_read(in, b, field);
	struct ckpt_check what;
	struct rbuf raw;

	if (e != ERR_OK)
		return e;
	*field = "number";
	if (b->number != c->rx.next_batch)
		return ERR_RANGE;
	*field = "through";
	if (b->through < c->rx.through)
		return ERR_RANGE;
	e = unpack(c, b, in, &raw, field);
	if (e != ERR_OK)
		return e;
	what = (struct ckpt_check){.seq = c->rx.through, .through = b->through, .count = b->count};
	return ckpt_check_records(c, &what, raw, field);
}

static enum err
on_batch(struct ckpt *c, const uint8_t *p, size_t n)
{
	struct ckpt_receiver *rx = &c->rx;
	struct ckpt_batch b;
	struct rbuf in;
	const char *field;
	enum err e;

	if (!rx->is_open) {
		c->counters[CKPT_BATCHES_IGNORED]++;
		return ERR_OK;
	}
	rbuf_init(&in, p, n);
	e = check_batch(c, &in, &b, &field);
	if (e != ERR_OK)
		return refuse(c, e, CKPT_BATCH, field);
	apply_records(c, &b);
	c->counters[CKPT_BATCHES_RECEIVED]++;
	c->counters[CKPT_RAW_BYTES_RECEIVED] += b.raw_bytes;
	rx->next_batch++;
	rx->through = b.through;
	if (!rx->is_syncing && !rx->is_sweeping)
		rx->held.seq = b.through;
	c->wants.ack = true;
	return ERR_OK;
}

/* --- framing --------------------------------------------------------------------------------------- */

static enum err
on_control(struct ckpt *c, uint8_t type, const uint8_t *p, size_t n)
{
	struct ckpt_msg m;
	const char *field;
	enum err e = ckpt_msg_read(p, n, type, &m, &field);

	if (e != ERR_OK)
		return refuse(c, e, type, field);
	switch (type) {
	case CKPT_OPEN:
	case CKPT_OPEN_ACK:
		return on_open(c, type, &m);
	case CKPT_HEARTBEAT:
		on_heartbeat(c);
		break;
	case CKPT_READY:
		on_ready(c, &m);
		break;
	case CKPT_SYNC_BEGIN:
		on_sync_begin(c, &m);
		break;
	case CKPT_SYNC_END:
		return on_sync_end(c, &m);
	case CKPT_ACK:
		return on_ack(c, &m);
	case CKPT_NACK:
		e = ckpt_nack_input(c, &m);
		return e == ERR_OK ? e : refuse(c, e, type, "record teid");
	case CKPT_ACCOUNTING_END:
		e = ckpt_account_end(c, &m);
		return e == ERR_OK ? e : refuse(c, e, type, "seq");
	default:
		take_role(c, &m);
	}
	return ERR_OK;
}

static enum err
on_accounting(struct ckpt *c, const uint8_t *p, size_t n)
{
	const char *field;
	enum err e = ckpt_account_input(c, p, n, &field);

	return e == ERR_OK ? e : refuse(c, e, CKPT_ACCOUNTING, field);
}

static enum err
on_proof(struct ckpt *c, const uint8_t *p, size_t n)
{
	const char *field;
	enum err e = proof_input(c, p, n, &field);

	return e == ERR_OK ? e : refuse(c, e, CKPT_PROOF, field);
}

static enum err
on_frame(struct ckpt *c, const struct ckpt_header *h, const uint8_t *body)
{
	if (ckpt_header_verify(h, body) != ERR_OK)
		return refuse(c, ERR_CORRUPT, h->type, "frame crc");
	if (!c->is_open && h->type != CKPT_OPEN && h->type != CKPT_OPEN_ACK)
		return refuse(c, ERR_REFUSED, h->type, "before OPEN");
	if (h->type == CKPT_BATCH)
		return on_batch(c, body, h->length);
	if (h->type == CKPT_ACCOUNTING)
		return on_accounting(c, body, h->length);
	if (h->type == CKPT_PROOF)
		return on_proof(c, body, h->length);
	if (h->type == 0 || h->type >= CKPT_FRAME_TYPE_COUNT) {
		/* Of a newer release: passed over. */
		c->counters[CKPT_UNKNOWN_RECEIVED]++;
		return ERR_OK;
	}
	return on_control(c, h->type, body, h->length);
}

/* Carries out the frames that are whole in @p; *used is how many bytes they took. */
static enum err
take_frames(struct ckpt *c, const uint8_t *p, size_t n, size_t *used)
{
	struct ckpt_header h;
	const char *field;

	*used = 0;
	while (n - *used >= CKPT_HEADER_BYTES) {
		enum err e = ckpt_header_read(p + *used, n - *used, &h, &field);

		if (e != ERR_OK)
			return refuse(c, e, 0, field);
		if (n - *used - CKPT_HEADER_BYTES < h.length)
			return ERR_OK;
		e = on_frame(c, &h, p + *used + CKPT_HEADER_BYTES);
		if (e != ERR_OK)
			return e;
		*used += CKPT_HEADER_BYTES + h.length;
	}
	return ERR_OK;
}

uint8_t *
ckpt_input_space(struct ckpt *c, size_t *room)
{
	/* Less than a frame is left over, so the move is seldom, and the frame always has room to become whole. */
	if (CKPT_IN_BYTES - c->in_len < CKPT_INPUT_MAX) {
		memmove(c->in, c->in + c->in_pos, c->in_len - c->in_pos);
		c->in_len -= c->in_pos;
		c->in_pos = 0;
	}
	*room = CKPT_INPUT_MAX;
	return c->in + c->in_len;
}

enum err
ckpt_input_came(struct ckpt *c, size_t n, uint64_t now_ms)
{
	size_t used;
	enum err e;

	if (!c->is_up || c->is_dead)
		return ERR_REFUSED;
	if (n == 0)
		return ERR_OK;
	c->heard_ms = now_ms;
	c->nack.now_ms = now_ms;
	c->counters[CKPT_WIRE_BYTES_RECEIVED] += n;
	c->in_len += n;
	e = take_frames(c, c->in + c->in_pos, c->in_len - c->in_pos, &used);
	c->in_pos += used;
	if (c->in_pos == c->in_len)
		c->in_pos = c->in_len = 0;
	return e;
}

enum err
ckpt_input(struct ckpt *c, const void *p, size_t n, uint64_t now_ms)
{
	const uint8_t *bytes = p;
	enum err e;

	if (!c->is_up || c->is_dead)
		return ERR_REFUSED;
	for (size_t at = 0; at < n;) {
		size_t room;
		uint8_t *to = ckpt_input_space(c, &room);
		size_t now = n - at < room ? n - at : room;

		memcpy(to, bytes + at, now);
		at += now;
		e = ckpt_input_came(c, now, now_ms);
		if (e != ERR_OK)
			return e;
	}
	return ERR_OK;
}

/* --- the first bytes of a connection --------------------------------------------------------------- */

enum err
ckpt_peek_open(const void *p, size_t n, uint32_t *instance, uint64_t *chassis_id)
{
	/* The header and the first two rows of an OPEN: ids 1 and 2, four and eight bytes. */
	struct ckpt_header h;
	struct ckpt_msg m = {0};
	struct rows_verdict v;
	struct rbuf in, first;
	const char *field;
	enum err e = ckpt_header_read(p, n, &h, &field);

	if (e != ERR_OK)
		return e;
	if (h.type != CKPT_OPEN || h.length > CKPT_BODY_MAX)
		return ERR_FORMAT;
	rbuf_init(&in, p, n);
	rbuf_take(&in, CKPT_HEADER_BYTES);
	rbuf_sub(&in, 2 + 4 + 2 + 8, &first);
	if (first.is_short)
		return ERR_SHORT;
	e = rows_decode(&ckpt_msg_format, &first, &m, 1u << CKPT_OPEN, &v);
	if (e == ERR_OK && (m.present & 3) != 3)
		e = ERR_FORMAT;
	if (e != ERR_OK)
		return e;
	*instance = m.instance;
	*chassis_id = m.chassis_id;
	return ERR_OK;
}
