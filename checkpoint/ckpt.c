/* ckpt.c - life, roles and events of the link core. */
#include "checkpoint/ckpt.h"

#include <stdlib.h>

#include "checkpoint/ckpt_proof.h"
#include "session/session_types.h"

static bool
is_config_good(const struct ckpt_config *cfg)
{
	return cfg->instance >= 1 && cfg->instance <= TEID_INSTANCE_MAX && cfg->incarnation != 0 && cfg->slots >= 1 &&
	       cfg->slots <= TEID_SLOTS_MAX && cfg->tombs >= 1 && cfg->ops != NULL && cfg->ops->teid != NULL &&
	       cfg->ops->slots_used != NULL;
}

struct ckpt *
ckpt_new(const struct ckpt_config *cfg)
{
	struct ckpt *c;

	if (!is_config_good(cfg))
		return NULL;
	c = calloc(1, sizeof *c);
	if (c == NULL)
		return NULL;
	c->cfg = *cfg;
	c->unshown_from = cfg->slots;
	c->tx.next_batch = c->tx.first_batch = 1; /* 0 acknowledges nothing */
	c->offered = c->offered_next = COMPRESS_OFFERED;
	c->compress = compress_new();
	c->marks = calloc(cfg->slots, 1);
	c->nack.at = calloc(cfg->slots, sizeof *c->nack.at);
	c->nack.entries = calloc(CKPT_NACKS_MAX, sizeof *c->nack.entries);
	c->nack.tokens = CKPT_NACK_BURST;
	c->account.marked = calloc(cfg->slots / 64 + 1, sizeof *c->account.marked);
	c->in = malloc(CKPT_IN_BYTES);
	c->rx_raw = malloc(CKPT_RAW_MAX);
	c->tx_raw = malloc(CKPT_SEND_RAW);
	c->rx_whole = malloc(ckpt_unpack_room(CKPT_RAW_MAX));
	c->records = malloc(CKPT_RECORDS_MAX * sizeof *c->records);
	c->tokens = malloc(CKPT_RECORDS_MAX * sizeof *c->tokens);
	c->proof = cfg->digest != NULL ? proof_new(cfg->digest, cfg->slots) : NULL;
	if (changes_init(&c->changes, cfg->slots, cfg->tombs) != ERR_OK || c->compress == NULL || c->marks == NULL ||
	    c->account.marked == NULL || c->nack.at == NULL || c->nack.entries == NULL || c->in == NULL ||
	    c->rx_raw == NULL || c->tx_raw == NULL || c->rx_whole == NULL || c->records == NULL || c->tokens == NULL ||
	    (cfg->digest != NULL && c->proof == NULL)) {
		ckpt_free(c);
		return NULL;
	}
	return c;
}

void
ckpt_free(struct ckpt *c)
{
	if (c == NULL)
		return;
	changes_fini(&c->changes);
	compress_free(c->compress);
	proof_free(c->proof);
	free(c->marks);
	free(c->account.marked);
	free(c->nack.at);
	free(c->nack.entries);
	free(c->in);
	free(c->rx_raw);
	free(c->tx_raw);
	free(c->rx_whole);
	free(c->records);
	free(c->tokens);
	free(c);
}

void
ckpt_configure(struct ckpt *c, const struct ckpt_settings *settings)
{
	if (settings->periodic_ms != c->cfg.settings.periodic_ms)
		ckpt_periodic_restart(c);
	c->cfg.settings = *settings;
	ckpt_consider_ready(c);
}

void
ckpt_offer(struct ckpt *c, uint32_t mask)
{
	c->offered_next = mask;
}

enum ckpt_conn
ckpt_conn(const struct ckpt *c)
{
	if (!c->is_up || !c->is_open)
		return c->is_up ? CKPT_CONN_CONN : CKPT_CONN_NONE;
	if (c->role == CKPT_ACTIVE)
		return c->tx.is_ready ? CKPT_CONN_READY : CKPT_CONN_CONN;
	return c->ready_epoch != 0 ? CKPT_CONN_READY : CKPT_CONN_CONN;
}

enum ckpt_role
ckpt_role(const struct ckpt *c)
{
	return c->role;
}

enum ckpt_sync
ckpt_sync(const struct ckpt *c)
{
	if (c->role == CKPT_ACTIVE)
		return c->tx.sync;
	if (!c->rx.is_open)
		return CKPT_SYNC_NONE;
	return c->rx.is_syncing || c->rx.is_sweeping ? CKPT_SYNC_FULL : CKPT_SYNC_CHANGES;
}

struct ckpt_lineage
ckpt_lineage(const struct ckpt *c)
{
	if (c->role == CKPT_ACTIVE)
		return (struct ckpt_lineage){c->epoch, c->cfg.incarnation, c->changes.seq};
	return c->rx.is_damaged || c->nack.count > 0 ? (struct ckpt_lineage){0} : c->rx.held;
}

void
ckpt_told(struct ckpt *c)
{
	enum ckpt_conn now = ckpt_conn(c);

	if (now == c->told_conn)
		return;
	c->told_conn = now;
	if (c->cfg.ops->conn_changed != NULL)
		c->cfg.ops->conn_changed(c->cfg.arg, now);
}

/* What the standby that is being left was not shown, should this side give way before there is another connection. */
static void
note_unshown(struct ckpt *c)
{
	if (c->tx.sync == CKPT_SYNC_CHANGES) {
		c->whole_peer = c->peer.incarnation;
		c->unshown_from = c->cfg.slots;
	} else if (c->tx.sync == CKPT_SYNC_FULL && c->peer.incarnation != c->whole_peer) {
		c->unshown_from = c->tx.slots_walked;
	}
}

void
ckpt_stop_directions(struct ckpt *c)
{
	uint64_t next = c->tx.next_batch;
	struct ckpt_receiver *rx = &c->rx;

	/* What was asked for and has not come is asked for with everything else. */
	if (c->nack.count > 0)
		rx->is_damaged = true;
	ckpt_nack_forget(c);
	/* A standby that was inside a full sync may have missed what only a full sync tells. */
	if (c->tx.sync == CKPT_SYNC_FULL)
		c->changes.is_broken = true;
	note_unshown(c);
	/* Batch numbers go on, so that a late acknowledgement names none of the batches to come. */
	c->tx = (struct ckpt_sender){.next_batch = next, .first_batch = next};
	rx->is_open = rx->is_syncing = c->is_standby_waiting = false;
	c->ready_epoch = c->ready_incarnation = 0;
	c->wants.ready = c->wants.ack = c->wants.sync_begin = false;
	proof_stop(c);
}

/* A sweep goes on: the calls it will drop are none of what the peer that was synchronized from has. */
static void
become_active(struct ckpt *c, uint64_t epoch)
{
	struct ckpt_receiver *rx = &c->rx;

	if (rx->is_sweeping && rx->swept_of.incarnation != 0)
		rx->held = (struct ckpt_lineage){rx->swept_of.epoch, rx->swept_of.incarnation, rx->through};
	rx->swept_of = (struct ckpt_lineage){0};
	c->base = ckpt_lineage(c);
	changes_forget(&c->changes);
	ckpt_account_forget(c);
	c->begun_seq = c->changes.seq;
	c->whole_peer = 0;
	c->unshown_from = c->cfg.slots;
	c->rx.announced = 0;
	c->epoch = epoch;
	c->role = CKPT_ACTIVE;
}

/* Young calls are in no sequence, so a side that has any does not hold what its last sequence promises. */
static void
become_standby(struct ckpt *c, uint64_t epoch)
{
	c->rx.held = ckpt_lineage(c);
	c->rx.is_damaged = false;
	if (changes_young_count(&c->changes) > 0)
		c->rx.held = (struct ckpt_lineage){0};
	c->epoch = epoch;
	c->role = CKPT_STANDBY;
}

static void
end_flush(struct ckpt *c, enum err result)
{
	bool is_told = c->is_flushed;

	c->is_flushed = true;
	if (!is_told && c->cfg.ops->flushed != NULL)
		c->cfg.ops->flushed(c->cfg.arg, result);
}

void
ckpt_set_role(struct ckpt *c, enum ckpt_role role, uint64_t epoch)
{
	if (role == c->role && epoch == c->epoch)
		return;
	if (role == CKPT_ACTIVE && c->role == CKPT_ACTIVE)
		become_standby(c, c->epoch);
	if (role == CKPT_ACTIVE)
		become_active(c, epoch);
	else if (c->role == CKPT_ACTIVE)
		become_standby(c, epoch);
	else
		c->epoch = epoch;
	if (c->proof != NULL)
		digest_set_active(c->proof->digest, role == CKPT_ACTIVE);
	ckpt_stop_directions(c);
	ckpt_work(c);
	if (c->is_flushing && !c->is_flushed)
		end_flush(c, ERR_REFUSED);
	c->is_flushing = c->is_flushed = false;
	c->wants.role = c->is_up; /* waits for the exchange of OPEN, which may have told the old one */
	ckpt_consider_ready(c);
	ckpt_told(c);
}

enum err
ckpt_connected(struct ckpt *c, bool is_dialler, uint64_t now_ms)
{
	if (c->is_up)
		return ERR_REFUSED;
	c->is_up = true;
	c->offered = c->offered_next;
	c->is_dialler = is_dialler;
	c->is_open = c->is_dead = false;
	c->verdict = (struct ckpt_verdict){0};
	c->in_pos = c->in_len = 0;
	c->heartbeats_heard = 0;
	c->account.received = 0;
	c->heard_ms = now_ms;
	c->next_heartbeat_ms = now_ms;
	c->peer = (struct ckpt_peer){0};
	c->wants = (struct ckpt_wants){.open = is_dialler};
	c->counters[CKPT_CONNECTS]++;
	ckpt_stop_directions(c);
	ckpt_told(c);
	return ERR_OK;
}

void
ckpt_disconnected(struct ckpt *c)
{
	if (!c->is_up)
		return;
	c->is_up = c->is_open = c->account.is_sending = false;
	c->in_pos = c->in_len = 0;
	c->wants = (struct ckpt_wants){0};
	c->counters[CKPT_DISCONNECTS]++;
	ckpt_stop_directions(c);
	if (c->is_flushing && !c->is_flushed)
		end_flush(c, ERR_REFUSED);
	ckpt_told(c);
}

void
ckpt_consider_ready(struct ckpt *c)
{
	uint32_t need = c->cfg.settings.is_aggressive ? CKPT_HEARTBEATS_AGGRESSIVE : CKPT_HEARTBEATS_NORMAL;

	if (!c->is_open || c->role != CKPT_STANDBY || c->peer.role != CKPT_ACTIVE || c->heartbeats_heard < need ||
	    c->account.is_sending || c->is_kept || c->rx.is_sweeping)
		return;
	if (c->ready_epoch == c->peer.epoch && c->ready_incarnation == c->peer.incarnation)
		return;
	c->ready_epoch = c->peer.epoch;
	c->ready_incarnation = c->peer.incarnation;
	c->wants.ready = true;
	ckpt_told(c);
}

enum err
ckpt_tick(struct ckpt *c, uint64_t now_ms)
{
	for (int age = 0; c->role == CKPT_ACTIVE && age < CKPT_AGE_CLASS_COUNT; age++)
		if (now_ms >= c->cfg.settings.duration_ms[age])
			changes_admit(&c->changes, age, now_ms - c->cfg.settings.duration_ms[age], CKPT_ADMIT_SLICE);
	ckpt_periodic_tick(c, now_ms);
	ckpt_nack_tick(c, now_ms);
	ckpt_account_tick(c, now_ms);
	ckpt_work(c);
	if (!c->is_up)
		return ERR_OK;
	proof_tick(c, now_ms);
	if (now_ms >= c->next_heartbeat_ms && c->is_open) {
		c->wants.heartbeat = true;
		c->next_heartbeat_ms = now_ms + CKPT_HEARTBEAT_MS;
	}
	if (now_ms - c->heard_ms < CKPT_SILENCE_MS)
		return ERR_OK;
	c->verdict = (struct ckpt_verdict){ERR_REFUSED, "HEARTBEAT", "silence"};
	return ERR_REFUSED;
}

void
ckpt_call_created(struct ckpt *c, uint32_t slot, enum ckpt_age_class age, uint64_t now_ms)
{
	if (c->role != CKPT_ACTIVE || slot >= c->cfg.slots)
		return;
	(void)ckpt_account_take(c, slot);
	if (c->rx.is_sweeping)
		c->marks[slot] = c->rx.mark;
	if (c->cfg.settings.duration_ms[age] > 0 && !c->is_flushing)
		changes_make_young(&c->changes, age, slot, now_ms);
	else
		changes_touch(&c->changes, slot, CKPT_GROUP_FULL);
}

void
ckpt_call_changed(struct ckpt *c, uint32_t slot, uint32_t groups)
{
	groups &= CKPT_GROUPS_ALL;
	if (c->role != CKPT_ACTIVE || slot >= c->cfg.slots || groups == 0)
		return;
	if (groups == CKPT_GROUP_ACCOUNTING) {
		ckpt_account_mark(c, slot);
		return;
	}
	if (ckpt_account_take(c, slot))
		groups |= CKPT_GROUP_ACCOUNTING;
	changes_touch(&c->changes, slot, groups);
}

void
ckpt_call_expect(const struct ckpt *c, uint32_t slot)
{
	if (slot < c->cfg.slots)
		__builtin_prefetch(&c->changes.entries[slot], 1);
}

void
ckpt_call_released(struct ckpt *c, uint32_t slot, uint32_t tomb)
{
	if (c->role != CKPT_ACTIVE || slot >= c->cfg.slots || tomb >= c->cfg.tombs)
		return;
	(void)ckpt_account_take(c, slot);
	changes_bury(&c->changes, slot, tomb);
}

void
ckpt_call_restored(struct ckpt *c, uint32_t slot)
{
	ckpt_call_changed(c, slot, CKPT_GROUP_FULL);
}

enum err
ckpt_flush(struct ckpt *c)
{
	if (c->role != CKPT_ACTIVE || !c->tx.is_ready)
		return ERR_REFUSED;
	if (c->is_flushing && !c->is_flushed)
		return ERR_EXISTS;
	c->is_flushing = true;
	c->is_flushed = false;
	proof_resend_named(c); /* the internal audit of the next Active would purge what this one still has whole */
	return ERR_OK;
}

void
ckpt_flush_cancel(struct ckpt *c)
{
	c->is_flushing = c->is_flushed = false;
}

bool
ckpt_is_quiet(const struct ckpt *c)
{
	return c->role == CKPT_ACTIVE && c->tx.is_ready && c->tx.sync == CKPT_SYNC_CHANGES && !c->changes.is_broken &&
	       c->changes.listed.count == 0 && changes_young_count(&c->changes) == 0 &&
	       c->tx.first_batch == c->tx.next_batch;
}

void
ckpt_consider_flushed(struct ckpt *c)
{
	if (c->is_flushing && !c->is_flushed && ckpt_is_quiet(c))
		end_flush(c, ERR_OK);
}

bool
ckpt_is_partial(const struct ckpt *c, uint32_t *came, uint32_t *of)
{
	*came = c->rx.came;
	*of = c->rx.announced;
	return c->role == CKPT_STANDBY && c->rx.announced > 0;
}

/* Cursors of ckpt_unacked_next from here on are slots. */
#define UNSHOWN (UINT64_C(1) << 32)

enum { UNSHOWN_STEP = 64 };

/* A call at or behind slot @from that the standby was never shown, and that no list has as such; or how far it was
 * looked for. */
static bool
unshown_next(const struct ckpt *c, uint64_t from, struct ckpt_unacked *out)
{
	uint64_t slot = from > c->unshown_from ? from : c->unshown_from, used = c->cfg.ops->slots_used(c->cfg.arg);
	bool is_one = false;

	for (unsigned n = 0; n < UNSHOWN_STEP && slot < used && !is_one; n++, slot++)
		is_one = c->cfg.ops->teid(c->cfg.arg, (uint32_t)slot) != 0 &&
		         !changes_is_never_held(&c->changes, (uint32_t)slot);
	*out = (struct ckpt_unacked){.index = (uint32_t)(slot > 0 ? slot - 1 : 0), .is_never_held = is_one};
	return is_one || slot < used;
}

void
ckpt_keep_unacked(struct ckpt *c, bool is_kept)
{
	c->is_kept = is_kept;
	ckpt_consider_ready(c);
}

bool
ckpt_unacked_next(const struct ckpt *c, uint64_t *cursor, struct ckpt_unacked *out)
{
	const struct changes *x = &c->changes;
	uint32_t entry = CHANGES_NONE;

	/* The cursor is 1 + the entry returned last; behind each list's last one comes the next list, at last the
	 * slots that are in none, from UNSHOWN on. */
	if (*cursor == 0)
		entry = changes_first_from(x, 0);
	else if (*cursor < UNSHOWN)
		entry = changes_next(x, (uint32_t)(*cursor - 1));
	if (entry == CHANGES_NONE) {
		bool is_more = unshown_next(c, *cursor < UNSHOWN ? 0 : *cursor - UNSHOWN, out);

		*cursor = UNSHOWN + out->index + 1;
		return is_more;
	}
	*cursor = (uint64_t)entry + 1;
	out->is_tomb = entry >= x->slots;
	out->index = out->is_tomb ? entry - x->slots : entry;
	out->is_young = x->entries[entry].place == CHANGES_YOUNG;
	out->is_never_held = changes_is_never_held(x, entry);
	out->is_sent = !out->is_young && !(x->entries[entry].pending & CKPT_GROUP_FULL);
	return true;
}

const uint64_t *
ckpt_counters(struct ckpt *c)
{
	const struct changes *x = &c->changes;
	bool is_active = c->role == CKPT_ACTIVE;

	if (c->proof != NULL) {
		c->counters[CKPT_NOW_PROVED_MS] = proof_proved_ms(c->proof);
		c->counters[CKPT_NOW_PROOF_CALLS] = c->proof->calls;
		c->counters[CKPT_NOW_DIFFERENT] = ckpt_proof_counts(c, (uint32_t[CKPT_DIFFER_KINDS]){0});
		c->counters[CKPT_NOW_DIGEST] = digest_sum(c->proof->digest);
	}
	c->counters[CKPT_NOW_UNACKED] = x->listed.count;
	c->counters[CKPT_NOW_YOUNG] = changes_young_count(x);
	c->counters[CKPT_CHANGES_MADE] = x->made;
	c->counters[CKPT_CHANGES_MERGED] = x->merged;
	c->counters[CKPT_NOW_LIST_PEAK] = x->peak;
	c->counters[CKPT_NOW_IN_FLIGHT] = c->tx.next_batch - c->tx.first_batch;
	c->counters[CKPT_NOW_NACKS] = c->nack.count;
	c->counters[CKPT_NOW_EPOCH] = !is_active && c->peer.epoch > c->epoch ? c->peer.epoch : c->epoch;
	c->counters[CKPT_NOW_INCARNATION] = c->cfg.incarnation;
	c->counters[CKPT_NOW_SEQ] = is_active ? x->seq : c->rx.held.seq;
	c->counters[CKPT_NOW_ACKED] = is_active ? x->acked : c->rx.held.seq;
	c->counters[CKPT_NOW_BATCH] = is_active ? c->tx.next_batch : c->rx.next_batch;
	c->counters[CKPT_NOW_SCHEMA] = c->peer.schema;
	c->counters[CKPT_NOW_CONN] = ckpt_conn(c);
	c->counters[CKPT_NOW_SYNC] = ckpt_sync(c);
	c->counters[CKPT_NOW_ROLE] = c->role;
	c->counters[CKPT_NOW_COMPRESSION] = c->is_open ? c->agreed : COMPRESS_NONE;
	c->counters[CKPT_NOW_CONFIGURED] = compress_best(c->offered_next);
	return c->counters;
}

const struct ckpt_verdict *
ckpt_verdict(const struct ckpt *c)
{
	return &c->verdict;
}
