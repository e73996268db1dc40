/*
 * sessmgr_link.c - calls that come and go by checkpoints: the table through call_ckpt_ops, and behind it the address
 * pools and demux, which follow what really happened.
 */
#include "base/log.h"
#include "gateway/gtp1.h"
#include "session/call_ckpt.h"
#include "session/call_rows.h"
#include "session/sessmgr.h"

uint64_t
sessmgr_imsi(const struct call *c)
{
	return gtp1_imsi_wire(c->imsi, c->imsi_digits);
}

bool
sessmgr_call_in_slot(struct sessmgr *s, uint32_t slot, struct call *out)
{
	uint32_t teid = call_table_teid(s->table, slot);

	return teid != 0 && s->store.ops->get(s->store.arg, teid, out) == ERR_OK;
}

void
sessmgr_count_service(struct sessmgr *s, uint32_t slot, const struct call *c)
{
	call_services_set(s->services, slot, c != NULL ? c->service : 0);
	s->is_services_due = true;
	sessmgr_arm_turn(s);
}

/* An id and its count may be of different moments for a reader, so an id that changes is taken away first. */
void
sessmgr_publish_services(struct sessmgr *s)
{
	s->is_services_due = false;
	for (unsigned i = 0; i < ARENA_SERVICES; i++) {
		uint32_t id = i < s->cfg.service_count ? s->cfg.services[i].id : 0;

		if (arena_count(&s->arena, SESSMGR_SERVICE_ID_FIRST + i) != id)
			arena_count_set(&s->arena, SESSMGR_SERVICE_ID_FIRST + i, 0);
		arena_count_set(&s->arena, ARENA_SERVICE_FIRST + i, call_services_count(s->services, id));
		arena_count_set(&s->arena, SESSMGR_SERVICE_ID_FIRST + i, id);
	}
}

/* What pools and demux follow of the call in @slot: the other members of @out are not set. */
static bool
brief_in_slot(struct sessmgr *s, uint32_t slot, struct call *out)
{
	const uint8_t *p;
	uint32_t teid;
	size_t n;

	return call_table_peek(s->table, slot, &teid, &p, &n) == ERR_OK && call_rows_brief(p, n, out) == ERR_OK;
}

static void
call_came(struct sessmgr *s, const struct call *c)
{
	sessmgr_count_service(s, teid_slot(c->teid), c);
	(void)ggsn_restore(s->ggsn, c); /* a pool that is no longer configured leaves the call as it is */
	sessmgr_note_bind(s, &s->bind, sessmgr_imsi(c));
}

static void
call_went(struct sessmgr *s, const struct call *c)
{
	sessmgr_count_service(s, teid_slot(c->teid), NULL);
	(void)ggsn_forget(s->ggsn, c);
	sessmgr_note_bind(s, &s->unbind, sessmgr_imsi(c));
}

void
sessmgr_evicted(void *arg, uint32_t slot)
{
	struct sessmgr *s = arg;
	struct call c;

	if (sessmgr_call_in_slot(s, slot, &c))
		call_went(s, &c);
}

static enum err
ckpt_read_full(void *arg, uint32_t slot, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_full(((struct sessmgr *)arg)->table, slot, teid, out);
}

static enum err
ckpt_read_micro(void *arg, uint32_t slot, uint32_t group, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_micro(((struct sessmgr *)arg)->table, slot, group, teid, out);
}

static enum err
ckpt_read_tomb(void *arg, uint32_t tomb, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_tomb(((struct sessmgr *)arg)->table, tomb, teid, out);
}

static uint32_t
ckpt_oldest_tomb(void *arg)
{
	return call_ckpt_ops.oldest_tomb(((struct sessmgr *)arg)->table);
}

static enum err
ckpt_check(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t *token, const char **field)
{
	return call_ckpt_ops.check(((struct sessmgr *)arg)->table, kind, teid, p, n, token, field);
}

static void
ckpt_ahead(void *arg, uint32_t slot, uint32_t groups, enum ckpt_when when)
{
	call_ckpt_ops.ahead(((struct sessmgr *)arg)->table, slot, groups, when);
}

static void
ckpt_coming(void *arg, uint32_t calls)
{
	struct sessmgr *s = arg;

	s->calls_ahead = calls;
	call_ckpt_ops.coming(s->table, calls);
	/* Told at once: demux prepares best before the first ones come. */
	if (s->data != NULL)
		(void)ipc_send(s->data, IPC_BIND, calls, NULL, 0, -1, 0);
}

static void
ckpt_expect(void *arg, const uint64_t *tokens, size_t n, enum ckpt_when when)
{
	call_ckpt_ops.expect(((struct sessmgr *)arg)->table, tokens, n, when);
}

/* A record that can bring or remove a call: pools and demux follow what really happened. */
static enum err
ckpt_apply(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	struct sessmgr *s = arg;
	struct call before, after;
	bool had, has;
	uint32_t was;
	enum err e;

	if (s->bulk != NULL && kind == CKPT_KIND_GGSN_UPDATE_STATS)
		sessmgr_bulk_applied(s, p, n);
	if (kind != CKPT_KIND_FULL && kind != CKPT_KIND_INVALIDATE_CRR)
		return call_ckpt_ops.apply(s->table, kind, teid, p, n, token);
	was = call_table_teid(s->table, teid_slot(teid));
	had = brief_in_slot(s, teid_slot(teid), &before);
	e = call_ckpt_ops.apply(s->table, kind, teid, p, n, token);
	if (kind == CKPT_KIND_FULL && e == ERR_OK)
		has = call_rows_brief(p, n, &after) == ERR_OK;
	else
		has = brief_in_slot(s, teid_slot(teid), &after);
	if (!had && has && was == after.teid)
		return e; /* the same call, whose record was damaged: pools and demux know it */
	if (had && has && before.teid == after.teid && addr_equal(&before.address, &after.address))
		return e;
	if (had)
		call_went(s, &before);
	if (has)
		call_came(s, &after);
	return e;
}

static void
ckpt_nack_storm(void *arg, const struct ckpt_nack_storm *storm)
{
	static const char *const reasons[CKPT_NACK_REASON_COUNT] = {
	    [CKPT_NACK_CKEY_MISMATCH] = "call key mismatch",
	    [CKPT_NACK_SESS_NOT_FOUND] = "session not found",
	    [CKPT_NACK_APPL_FAILURE] = "application failure",
	};
	unsigned row = ckpt_row_of(storm->kind);

	(void)arg;
	if (storm->is_over)
		log_event(LOG_NACK_STORM_OVER);
	else
		log_event(LOG_NACK_STORM, row < CKPT_ROW_COUNT ? ckpt_micro_rows[row].name : "unknown",
		          (unsigned)storm->kind, reasons[storm->reason], storm->waiting);
}

static bool
ckpt_drop(void *arg, uint32_t slot)
{
	struct sessmgr *s = arg;
	struct call c;

	if (brief_in_slot(s, slot, &c))
		call_went(s, &c);
	return call_ckpt_ops.drop(s->table, slot);
}

/* Told at the end of the turn: the core is in the middle of an event, and its counters are to be published first. */
static void
ckpt_conn_changed(void *arg, enum ckpt_conn conn)
{
	struct sessmgr *s = arg;

	s->conn = (uint8_t)conn;
	s->is_conn_due = true;
	sessmgr_arm_turn(s);
	sessmgr_account_look(s);
}

static enum err
ckpt_ops_scrub(void *arg, uint32_t *slot, uint32_t max)
{
	return call_ckpt_ops.scrub(((struct sessmgr *)arg)->table, slot, max);
}

static uint32_t
ckpt_slots_used(void *arg)
{
	return call_ckpt_ops.slots_used(((struct sessmgr *)arg)->table);
}

static uint32_t
ckpt_teid(void *arg, uint32_t slot)
{
	return call_ckpt_ops.teid(((struct sessmgr *)arg)->table, slot);
}

static void
ckpt_audited(void *arg, const struct ckpt_audit *a)
{
	sessmgr_proof_audited(arg, a);
}

static void
ckpt_mended(void *arg, uint32_t teid, bool is_restored, const uint8_t *p, size_t n)
{
	struct call known;
	bool is_known = n > 0 && call_rows_decode(p, n, &known) == ERR_OK;

	if (is_restored)
		log_event(LOG_CALL_RESTORED, teid);
	else
		sessmgr_purge_damaged(arg, teid, is_known ? &known : NULL);
}

static void
ckpt_account(void *arg, uint32_t teid, const uint8_t *p, size_t n)
{
	sessmgr_account_came(arg, teid, p, n);
}

static void
ckpt_accounting_ended(void *arg)
{
	sessmgr_account_look(arg);
}

void
sessmgr_tell_flushed(struct sessmgr *s, bool is_ok)
{
	uint8_t value = is_ok;

	(void)ipc_send(s->control, IPC_FLUSHED, s->flush_id, &value, sizeof value, -1, 0);
}

static void
ckpt_flushed(void *arg, enum err result)
{
	sessmgr_tell_flushed(arg, result == ERR_OK);
}

const struct ckpt_ops sessmgr_ckpt_ops = {
    .read_full = ckpt_read_full,
    .read_micro = ckpt_read_micro,
    .read_tomb = ckpt_read_tomb,
    .oldest_tomb = ckpt_oldest_tomb,
    .check = ckpt_check,
    .ahead = ckpt_ahead,
    .coming = ckpt_coming,
    .expect = ckpt_expect,
    .apply = ckpt_apply,
    .drop = ckpt_drop,
    .scrub = ckpt_ops_scrub,
    .slots_used = ckpt_slots_used,
    .teid = ckpt_teid,
    .audited = ckpt_audited,
    .mended = ckpt_mended,
    .nack_storm = ckpt_nack_storm,
    .account = ckpt_account,
    .accounting_ended = ckpt_accounting_ended,
    .conn_changed = ckpt_conn_changed,
    .flushed = ckpt_flushed,
};
