/* ckpt_send.c - what goes out: control frames, batches of changes, the walk of a full sync. */
#include <assert.h>

#include "base/crc32c.h"
#include "checkpoint/ckpt_proof.h"
#include "session/session_types.h"

/* --- control frames -------------------------------------------------------------------------------- */

static struct ckpt_msg
own_msg(const struct ckpt *c)
{
	struct ckpt_lineage held = ckpt_lineage(c);

	return (struct ckpt_msg){
	    .instance = c->cfg.instance,
	    .chassis_id = c->cfg.chassis_id,
	    .role = (uint8_t)c->role,
	    .epoch = c->epoch,
	    .incarnation = c->cfg.incarnation,
	    .schema = c->cfg.schema,
	    .compressions = c->offered,
	    .is_aggressive = c->cfg.settings.is_aggressive,
	    .held_epoch = held.epoch,
	    .held_incarnation = held.incarnation,
	    .held_seq = held.seq,
	};
}

static void
send_msg(struct wbuf *out, uint8_t type, struct ckpt_msg *m)
{
	ckpt_msg_write(out, type, m);
}

static void
send_opens(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_msg m = own_msg(c);

	if (c->wants.open)
		send_msg(out, CKPT_OPEN, &m);
	m.compressions = 1u << c->agreed;
	if (c->wants.open_ack)
		send_msg(out, CKPT_OPEN_ACK, &m);
	c->wants.open = c->wants.open_ack = false;
}

static void
send_heartbeat(struct ckpt *c, struct wbuf *out)
{
	ckpt_frame_end(out, ckpt_frame_begin(out, CKPT_HEARTBEAT));
	c->counters[CKPT_HEARTBEATS_SENT]++;
	c->wants.heartbeat = false;
}

/* READY names the incarnation of the active that it is meant for, and what this standby holds. */
static void
send_ready(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_msg m = own_msg(c);

	m.epoch = c->ready_epoch;
	m.incarnation = c->ready_incarnation;
	send_msg(out, CKPT_READY, &m);
	c->wants.ready = false;
}

/* Everything applied, or, while a sweep runs, everything before the end of the full sync. */
static void
send_ack(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_msg m = {.batch = (c->rx.is_sweeping ? c->rx.sweep_batch : c->rx.next_batch) - 1};

	send_msg(out, CKPT_ACK, &m);
	c->counters[CKPT_ACKS_SENT]++;
	c->wants.ack = false;
}

static void
send_control(struct ckpt *c, struct wbuf *out)
{
	if (!c->is_open)
		return;
	if (c->wants.role) {
		struct ckpt_msg m = own_msg(c);

		send_msg(out, CKPT_ROLE, &m);
		c->wants.role = false;
	}
	if (c->wants.heartbeat)
		send_heartbeat(c, out);
	if (c->wants.ready)
		send_ready(c, out);
	if (c->wants.ack)
		send_ack(c, out);
}

/* --- starting -------------------------------------------------------------------------------------- */

static bool
is_lineage(const struct ckpt_lineage *a, uint64_t epoch, uint64_t incarnation)
{
	return a->epoch == epoch && a->incarnation == incarnation && epoch != 0;
}

/*
 * The sequence from which a standby with @held can go on, or false. Its lineage is ours, or it stands
 * exactly where we were promoted: that is where our own sequence began.
 */
static bool
resume_point(const struct ckpt *c, const struct ckpt_lineage *held, uint64_t begun, uint64_t *seq)
{
	const struct changes *x = &c->changes;

	if (is_lineage(held, c->epoch, c->cfg.incarnation))
		*seq = held->seq;
	else if (is_lineage(held, c->base.epoch, c->base.incarnation) && held->seq == c->base.seq)
		*seq = begun;
	else
		return false;
	return !x->is_broken && *seq >= x->acked && *seq <= x->seq;
}

void
ckpt_begin_sync(struct ckpt *c, const struct ckpt_lineage *held)
{
	uint64_t seq = 0;
	bool is_known = resume_point(c, held, c->begun_seq, &seq);
	struct ckpt_sender *tx = &c->tx;

	tx->is_ready = true;
	tx->first_batch = tx->next_batch;
	tx->is_ending = false;
	changes_connect(&c->changes, is_known ? seq : c->changes.acked);
	tx->sync = is_known && !c->changes.is_broken ? CKPT_SYNC_CHANGES : CKPT_SYNC_FULL;
	c->changes.is_broken = false;
	tx->tombs_walked = tx->slots_walked = 0;
	tx->tombs_from = c->cfg.ops->oldest_tomb != NULL ? c->cfg.ops->oldest_tomb(c->cfg.arg) : 0;
	c->counters[tx->sync == CKPT_SYNC_FULL ? CKPT_SYNCS_FULL : CKPT_SYNCS_CHANGES]++;
	c->wants.sync_begin = true;
	proof_stop(c);
	ckpt_told(c);
}

static void
send_sync_begin(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_msg m = own_msg(c);

	m.is_full = c->tx.sync == CKPT_SYNC_FULL;
	m.calls = c->cfg.ops->slots_used(c->cfg.arg);
	m.seq = c->tx.told = c->changes.sent;
	m.batch = c->tx.next_batch;
	send_msg(out, CKPT_SYNC_BEGIN, &m);
	c->wants.sync_begin = false;
}

/* --- batches --------------------------------------------------------------------------------------- */

static bool
has_window(const struct ckpt *c)
{
	return c->tx.next_batch - c->tx.first_batch < CKPT_WINDOW;
}

static bool
is_walking(const struct ckpt *c)
{
	return c->tx.sync == CKPT_SYNC_FULL && !c->tx.is_ending;
}

void
ckpt_put(struct ckpt *c, uint8_t kind, uint32_t teid, uint64_t seq, size_t n, struct wbuf *out)
{
	struct ckpt_record r = {.kind = kind, .len = (uint16_t)n, .teid = teid, .seq = seq, .bytes = c->content};

	bool has_room = ckpt_pack(&c->packer, out, &r);

	assert(has_room);
}

static uint32_t
put_full(struct ckpt *c, uint32_t slot, uint64_t seq, struct wbuf *w)
{
	struct wbuf content;
	uint32_t teid = 0;

	wbuf_init(&content, c->content, sizeof c->content);
	if (c->cfg.ops->read_full(c->cfg.arg, slot, &teid, &content) != ERR_OK)
		return 0;
	ckpt_put(c, CKPT_KIND_FULL, teid, seq, content.len, w);
	if (c->proof != NULL)
		digest_sent(c->proof->digest, slot);
	c->counters[CKPT_FULL_SENT]++;
	c->counters[ckpt_row_counter(CKPT_ROW_FULL, CKPT_ROW_SENT)]++;
	return 1;
}

static uint32_t
put_tomb(struct ckpt *c, uint32_t tomb, uint64_t seq, bool is_again, uint32_t *teid, struct wbuf *w)
{
	struct wbuf content;

	wbuf_init(&content, c->content, sizeof c->content);
	if (c->cfg.ops->read_tomb(c->cfg.arg, tomb, teid, &content) != ERR_OK)
		return 0;
	ckpt_put(c, CKPT_KIND_INVALIDATE_CRR, *teid, seq, content.len, w);
	c->counters[is_again ? CKPT_INVALIDATE_AGAIN : CKPT_INVALIDATE_SENT]++;
	c->counters[ckpt_row_counter(CKPT_ROW_INVALIDATE, CKPT_ROW_SENT)] += !is_again;
	return 1;
}

static uint32_t
put_micro(struct ckpt *c, uint32_t slot, uint64_t seq, const struct ckpt_micro_row *row, struct wbuf *w)
{
	struct wbuf content;
	uint32_t teid = 0;

	wbuf_init(&content, c->content, sizeof c->content);
	if (c->cfg.ops->read_micro(c->cfg.arg, slot, row->group, &teid, &content) != ERR_OK)
		return 0;
	ckpt_put(c, row->kind, teid, seq, content.len, w);
	c->counters[CKPT_MICRO_SENT]++;
	c->counters[ckpt_row_counter((unsigned)(row - ckpt_micro_rows), CKPT_ROW_SENT)]++;
	return 1;
}

static uint32_t
put_entry(struct ckpt *c, uint32_t entry, struct wbuf *w)
{
	uint32_t groups = changes_groups(&c->changes, entry);
	uint64_t seq = c->changes.entries[entry].seq;
	uint32_t n = 0, teid = 0;

	if (entry >= c->changes.slots) {
		n = put_tomb(c, entry - c->changes.slots, seq, c->changes.entries[entry].unacked != 0, &teid, w);
		if (c->proof != NULL && n > 0)
			digest_sent_gone(c->proof->digest, teid_slot(teid));
		return n;
	}
	if (groups & CKPT_GROUP_FULL)
		return put_full(c, entry, seq, w);
	for (int i = 0; i < CKPT_MICRO_COUNT; i++)
		if ((groups & ckpt_micro_rows[i].group) && !(groups & ckpt_micro_rows[i].within))
			n += put_micro(c, entry, seq, &ckpt_micro_rows[i], w);
	if (c->proof != NULL && n > 0)
		digest_sent(c->proof->digest, entry);
	return n;
}

/* The largest that one entry can become: a full record, or all its micro-checkpoints, which are parts of one. */
enum { ENTRY_ROOM = CKPT_RECORD_MAX + CKPT_MICRO_COUNT * CKPT_RECORD_HEAD_MAX };

static bool
has_entry_room(const struct wbuf *w)
{
	return w->cap - w->len >= ENTRY_ROOM;
}

static void
announce(struct ckpt *c, uint32_t entry, uint32_t groups, enum ckpt_when when)
{
	if (entry < c->changes.slots && c->cfg.ops->ahead != NULL)
		c->cfg.ops->ahead(c->cfg.arg, entry, groups, when);
}

/* The entry behind the next one is asked for, and the record of the next one. */
static void
announce_next(struct ckpt *c)
{
	const struct changes *x = &c->changes;
	uint32_t next = x->entries[x->cursor].after, second;

	if (next == CHANGES_NONE)
		return;
	announce(c, next, changes_groups(x, next), CKPT_NEXT);
	second = x->entries[next].after;
	if (second == CHANGES_NONE)
		return;
	__builtin_prefetch(&x->entries[second], 1);
	announce(c, second, 0, CKPT_SOON);
}

/* Changed calls the walk has still to come to are left to it. */
static uint32_t
put_changes(struct ckpt *c, struct wbuf *w)
{
	struct changes *x = &c->changes;
	uint32_t n = 0;

	for (unsigned steps = 0; x->cursor != CHANGES_NONE && steps < CKPT_WALK_SLICE && has_entry_room(w); steps++) {
		announce_next(c);
		if (!is_walking(c) || x->cursor >= x->slots || x->cursor < c->tx.slots_walked)
			n += put_entry(c, x->cursor, w);
		changes_sent(x);
	}
	return n;
}

static bool
is_walk_done(const struct ckpt *c)
{
	return c->tx.tombs_walked == c->cfg.tombs && c->tx.slots_walked >= c->cfg.ops->slots_used(c->cfg.arg);
}

/* A slot of the walk: what is not shown to the standby is dropped by it when the walk has ended. */
static uint32_t
put_walked(struct ckpt *c, uint32_t slot, struct wbuf *w)
{
	bool is_young = changes_young_count(&c->changes) > 0 && changes_is_young(&c->changes, slot);
	uint32_t n = is_young ? 0 : put_full(c, slot, c->changes.sent, w);

	if (n == 0 && c->proof != NULL)
		digest_sent_gone(c->proof->digest, slot);
	return n;
}

/*
 * Tombstones first, oldest first: a TEID may have come round again, and then the call must arrive after the
 * tombstone of its namesake. Young calls are not shown to the standby.
 */
static uint32_t
put_walk(struct ckpt *c, struct wbuf *w)
{
	struct ckpt_sender *tx = &c->tx;
	uint32_t n = 0, teid;

	for (unsigned steps = 0; !is_walk_done(c) && steps < CKPT_WALK_SLICE && has_entry_room(w); steps++) {
		if (tx->tombs_walked < c->cfg.tombs) {
			n += put_tomb(c, (tx->tombs_from + tx->tombs_walked++) % c->cfg.tombs, c->changes.sent, true,
			              &teid, w);
			continue;
		}
		if (c->cfg.ops->ahead != NULL)
			c->cfg.ops->ahead(c->cfg.arg, tx->slots_walked + CKPT_AHEAD, CKPT_GROUP_FULL, CKPT_NEXT);
		n += put_walked(c, tx->slots_walked, w);
		tx->slots_walked++;
	}
	return n;
}

/* Packs what is in tx_raw behind the batch header; a batch that does not shrink goes as it is. */
static void
send_batch(struct ckpt *c, uint32_t count, size_t raw_bytes, struct wbuf *out)
{
	struct ckpt_sender *tx = &c->tx;
	struct ckpt_batch b = {
	    .number = tx->next_batch,
	    .through = c->changes.sent,
	    .codec = raw_bytes < CKPT_PACK_MIN ? COMPRESS_NONE : (uint8_t)c->agreed,
	    .count = count,
	    .raw_bytes = (uint32_t)raw_bytes,
	    .crc = crc32c(0, c->tx_raw, raw_bytes),
	};
	uint8_t *to = out->data + out->len + CKPT_HEADER_BYTES + CKPT_BATCH_HEADER_BYTES;
	size_t len = 0, at;

	if (b.codec == COMPRESS_NONE ||
	    compress_pack(c->compress, b.codec, c->tx_raw, raw_bytes, to, raw_bytes, &len) != ERR_OK)
		b.codec = COMPRESS_NONE;
	at = ckpt_frame_begin(out, CKPT_BATCH);
	ckpt_batch_write(out, &b);
	if (b.codec == COMPRESS_NONE)
		wbuf_bytes(out, c->tx_raw, raw_bytes);
	else
		wbuf_space(out, len);
	ckpt_frame_end(out, at);
	tx->through[tx->next_batch++ % CKPT_WINDOW] = is_walking(c) ? 0 : b.through;
	tx->told = b.through;
	c->counters[CKPT_BATCHES_SENT]++;
	c->counters[CKPT_RAW_BYTES_SENT] += raw_bytes;
}

static void
send_sync_end(struct ckpt *c, struct wbuf *out)
{
	struct ckpt_msg m = own_msg(c);

	m.seq = c->tx.told = c->changes.sent;
	m.batch = c->tx.next_batch;
	send_msg(out, CKPT_SYNC_END, &m);
	c->tx.end_batch = c->tx.next_batch;
	c->tx.through[c->tx.next_batch++ % CKPT_WINDOW] = c->changes.sent;
	c->tx.is_ending = true;
}

static void
send_records(struct ckpt *c, struct wbuf *out)
{
	size_t room = out->cap - out->len, piece = compress_piece((enum compress_id)c->agreed);
	size_t overhead = CKPT_HEADER_BYTES + CKPT_BATCH_HEADER_BYTES + CKPT_CONTROL_ROOM;
	uint64_t sent = c->changes.sent;
	struct wbuf w;
	uint32_t count;

	if (!has_window(c))
		c->counters[CKPT_WINDOW_FULL]++;
	if (room < overhead + ENTRY_ROOM || !has_window(c))
		return;
	room -= overhead;
	wbuf_init(&w, c->tx_raw, room < piece ? room : piece);
	ckpt_pack_begin(&c->packer, c->tx.told);
	count = put_changes(c, &w);
	if (is_walking(c))
		count += put_walk(c, &w);
	/* Entries that turned out to have nothing to say still want their acknowledgement: an empty batch asks for it.
	 */
	if (count > 0 || (!is_walking(c) && c->changes.sent != sent))
		send_batch(c, count, w.len, out);
	if (is_walking(c) && is_walk_done(c) && has_window(c))
		send_sync_end(c, out);
}

/* A side that has given way leaves its list as it is, for those who walk it. */
static bool
is_unsettled(const struct ckpt *c)
{
	return c->role == CKPT_ACTIVE && !changes_is_settled(&c->changes);
}

/* What the peer holds leaves the list; a flush may have waited for the last of it. */
static void
settle_work(struct ckpt *c)
{
	changes_settle(&c->changes);
	ckpt_consider_flushed(c);
}

static void
flush_work(struct ckpt *c)
{
	for (int age = 0; age < CKPT_AGE_CLASS_COUNT; age++)
		c->counters[CKPT_FLUSH_FIRST_FULL] += changes_admit(&c->changes, age, UINT64_MAX, CKPT_ADMIT_SLICE);
	ckpt_consider_flushed(c);
}

bool
ckpt_wants_fill(const struct ckpt *c)
{
	const struct ckpt_wants *w = &c->wants;

	if (!c->is_up || c->is_dead)
		return false;
	if (w->open || w->open_ack)
		return true;
	if (!c->is_open)
		return false;
	if (w->heartbeat || w->role || w->ready || w->ack || w->sync_begin || c->rx.is_sweeping ||
	    c->account.is_sending || proof_wants_fill(c) || ckpt_nack_wants(c) || is_unsettled(c))
		return true;
	if (!c->tx.is_ready)
		return false;
	if (c->is_flushing && !c->is_flushed && (changes_young_count(&c->changes) > 0 || ckpt_is_quiet(c)))
		return true;
	if (c->changes.is_broken)
		return true;
	return has_window(c) && (c->changes.cursor != CHANGES_NONE || is_walking(c));
}

enum err
ckpt_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms)
{
	size_t before = out->len;

	if (out->cap - out->len < CKPT_FILL_MIN)
		return ERR_FULL;
	if (!c->is_up || c->is_dead)
		return ERR_OK;
	if (c->is_open && now_ms >= c->next_heartbeat_ms) {
		c->wants.heartbeat = true;
		c->next_heartbeat_ms = now_ms + CKPT_HEARTBEAT_MS;
	}
	if (c->rx.is_sweeping)
		ckpt_sweep(c);
	if (is_unsettled(c))
		settle_work(c);
	/* NACKs stand before the acknowledgement of their batch: who hears that has heard what it does not cover. */
	send_opens(c, out);
	if (c->is_open)
		ckpt_nack_fill(c, out, now_ms);
	send_control(c, out);
	ckpt_account_fill(c, out);
	if (c->tx.is_ready && c->changes.is_broken)
		ckpt_begin_sync(c, &(struct ckpt_lineage){0});
	if (c->wants.sync_begin)
		send_sync_begin(c, out);
	proof_fill(c, out, now_ms);
	if (c->tx.is_ready) {
		if (c->is_flushing && !c->is_flushed)
			flush_work(c);
		send_records(c, out);
	}
	c->counters[CKPT_WIRE_BYTES_SENT] += out->len - before;
	return ERR_OK;
}
