/*
 * sync.c - both chassis hold the same calls: what session managers say differs, and the external audits, which an
 * operator or the time of the day begins.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "chassis/audit_time.h"
#include "chassis/chassis.h"
#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_proof_show.h"
#include "srp/srp_cmds.h"

enum { AUDITS_SHOWN = 10, NAMES_SHOWN = 1000, LOGGED_MAX = 20, AUDIT_LIMIT_S = 60 };

/* The numbers are on disk. */
enum audit_reason { MANUAL, DAILY, PERIODIC, REASONS };
enum audit_result { RUNNING, COMPARED, BROKEN_OFF };

struct sync {
	struct chassis *chassis;
	struct sessmgr_proof proofs[SESSMGRS_MAX + 1];
	struct store_audit audits[AUDITS_SHOWN]; /* a ring; the one of number n is at n % AUDITS_SHOWN */
	uint64_t count;                          /* number of the last one; counts on over restarts */
	bool is_running;
	bool is_broken_off; /* some session manager could not compare */
	bool is_awaited[SESSMGRS_MAX + 1];
	unsigned left;
	uint64_t begun_us;
	struct cli_call *call; /* the operator who waits, or NULL */
	bool is_ordered;       /* and whose audit begins in the next turn */
	struct event *due_ev, *limit_ev;
	bool is_scheduled, is_daily; /* the next one due */
	uint32_t start_s, period_s;
};

/* --- what differs ------------------------------------------------------------------------------------------ */

static bool
was_named(const struct sessmgr_proof *p, const struct sessmgr_differ *d)
{
	for (uint32_t i = 0; i < p->named; i++)
		if (p->names[i].teid == d->teid && p->names[i].kind == d->kind)
			return true;
	return false;
}

static void
imsi_text(const struct sessmgr_differ *d, char *buf, size_t cap)
{
	if (d->imsi_digits > 0)
		snprintf(buf, cap, "%0*llu", d->imsi_digits, (unsigned long long)d->imsi);
	else
		snprintf(buf, cap, "unknown");
}

static void
tell_alarm(struct chassis *c)
{
	uint64_t total = 0;
	char text[ALARM_TEXT_MAX];

	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		total += c->sync->proofs[i].total;
	snprintf(text, sizeof text, "%llu calls are not the same on both chassis: show srp checkpoint proof",
	         (unsigned long long)total);
	alarm_set(c, "sync", total > 0, text);
}

static void
on_proof(struct chassis *c, unsigned instance, const struct ipc_msg *m)
{
	struct sessmgr_proof *old = &c->sync->proofs[instance], *now;
	unsigned logged = 0;
	char imsi[24];

	if (m->len != sizeof *now)
		return;
	now = malloc(sizeof *now);
	if (now == NULL)
		return;
	memcpy(now, m->body, sizeof *now);
	if (now->named > SESSMGR_DIFFER_MAX) {
		log_event(LOG_IPC_BAD, (unsigned)m->type, "sessmgr", instance, "more names than there is room for");
		free(now);
		return;
	}
	for (uint32_t i = 0; i < now->named && logged < LOGGED_MAX; i++) {
		if (was_named(old, &now->names[i]))
			continue;
		imsi_text(&now->names[i], imsi, sizeof imsi);
		log_event(LOG_CALL_DIFFERS, now->names[i].teid, imsi, ckpt_differ_text(now->names[i].kind));
		logged++;
	}
	*old = *now;
	free(now);
	tell_alarm(c);
}

/* --- external audits ----------------------------------------------------------------------------------------- */

static struct store_audit *
current(struct sync *s)
{
	return &s->audits[s->count % AUDITS_SHOWN];
}

static void
answer(struct sync *s, const struct store_audit *a)
{
	struct cli_call *call = s->call;

	s->call = NULL;
	if (call == NULL)
		return;
	if (a->result != COMPARED) {
		(void)cli_fail(call, "a connection to the other chassis or the roles changed during the audit");
		cli_session_finish(call->session, false);
		return;
	}
	text_printf(call->out,
	            "Audit %llu: %llu sessions compared, %llu new, %llu stale, %llu inactive, %llu still different\n",
	            (unsigned long long)a->number, (unsigned long long)a->active, (unsigned long long)a->fresh,
	            (unsigned long long)a->stale, (unsigned long long)a->inactive, (unsigned long long)a->left);
	cli_session_finish(call->session, true);
}

/* What differed and does not any more; a call that changed meanwhile may be among the latter alone. */
static uint64_t
repaired(const struct store_audit *a)
{
	uint64_t found = a->fresh + a->stale + a->inactive;

	return found > a->left ? found - a->left : 0;
}

static void
end_audit(struct sync *s)
{
	struct store_audit *a = current(s);

	s->is_running = false;
	event_del(s->limit_ev);
	a->result = s->is_broken_off ? BROKEN_OFF : COMPARED;
	a->took_ms = (clock_now_us() - s->begun_us) / 1000;
	if (a->result == COMPARED)
		a->ready_ms = clock_wall_ms();
	(void)store_audit_write(s->chassis->store, a); /* what the disk does not take is shown until the end */
	log_event(LOG_SYNC_AUDIT, (unsigned long long)a->number, a->result == COMPARED ? "compared" : "broken off",
	          (unsigned long long)a->active, (unsigned long long)repaired(a), (unsigned long long)a->left);
	answer(s, a);
}

/* Session managers audit side by side: the last one ends it. */
static void
sessmgr_ended(struct sync *s, unsigned instance, const struct ckpt_audit *r)
{
	struct store_audit *a = current(s);

	if (!s->is_running || !s->is_awaited[instance])
		return;
	s->is_awaited[instance] = false;
	s->left--;
	s->is_broken_off |= !r->is_ended;
	a->active += r->calls;
	a->fresh += r->found[CKPT_MISSING];
	a->stale += r->found[CKPT_STALE];
	a->inactive += r->found[CKPT_DIFFERS] + r->found[CKPT_DAMAGED_STANDBY] + r->found[CKPT_DAMAGED_ACTIVE];
	a->left += r->left;
	if (r->sync_ms > 0 && (a->sync_ms == 0 || a->start_ms + r->sync_ms < a->sync_ms))
		a->sync_ms = a->start_ms + r->sync_ms;
	if (s->left == 0)
		end_audit(s);
}

static void
begin_audit(struct sync *s, enum audit_reason reason)
{
	struct chassis *c = s->chassis;
	struct timeval limit = {AUDIT_LIMIT_S, 0};

	s->count++;
	*current(s) = (struct store_audit){.number = s->count,
	                                   .state = c->is_active ? SRP_ACTIVE : SRP_STANDBY,
	                                   .reason = (uint8_t)reason,
	                                   .result = RUNNING,
	                                   .start_ms = clock_wall_ms()};
	(void)store_audit_write(c->store, current(s)); /* its number is used, whatever becomes of it */
	s->is_running = true;
	s->is_broken_off = false;
	s->begun_us = clock_now_us();
	s->left = c->sessmgr_count;
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		s->is_awaited[i] = true;
	event_add(s->limit_ev, &limit);
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		if (!tasks_order(&c->sessmgrs[i], IPC_SYNC_AUDIT, (uint32_t)s->count, NULL, 0))
			sessmgr_ended(s, i, &(struct ckpt_audit){.is_ended = false});
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;

	(void)fd;
	(void)what;
	for (unsigned i = 1; s->is_running && i <= SESSMGRS_MAX; i++)
		sessmgr_ended(s, i, &(struct ckpt_audit){.is_ended = false});
}

/* NULL: an audit may begin; else why not. */
static const char *
refusal(const struct chassis *c)
{
	if (!srp_link_is_started(c->srp))
		return "service-redundancy-protocol is not configured";
	if (!c->is_active)
		return "this chassis is not Active, the Active one compares";
	if (tasks_not_connected(c) > 0)
		return "not every session manager is connected to the other chassis";
	return c->sync->is_running ? "an audit runs" : NULL;
}

static void
call_ended(struct cli_call *call)
{
	struct chassis *c = call->app;

	if (c->sync->call == call)
		c->sync->call = NULL;
}

static void
begin_manual(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;
	struct cli_call *call = s->call;
	const char *why = refusal(s->chassis); /* what has come between the order and its turn counts */

	(void)fd;
	(void)what;
	if (call == NULL || !s->is_ordered)
		return;
	s->is_ordered = false;
	if (why == NULL) {
		begin_audit(s, MANUAL);
		return;
	}
	s->call = NULL;
	(void)cli_fail(call, "%s", why);
	cli_session_finish(call->session, false);
}

enum cli_answer
sync_run_audit(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct timeval zero = {0, 0};
	const char *why = c->sync->call != NULL ? "an audit runs" : refusal(c);

	if (why != NULL)
		return cli_fail(call, "%s", why);
	if (event_base_once(c->base, -1, EV_TIMEOUT, begin_manual, c->sync, &zero) < 0)
		return cli_fail(call, "no memory");
	c->sync->call = call;
	c->sync->is_ordered = true;
	call->ended = call_ended;
	return CLI_ANSWER_PENDING;
}

/* --- time ---------------------------------------------------------------------------------------------------- */

static void
schedule(struct sync *s)
{
	time_t now = time(NULL);
	struct timeval tv = {0, 0};
	struct tm tm;

	localtime_r(&now, &tm);
	tv.tv_sec = (time_t)audit_time_wait_s((uint32_t)(tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec % 60),
	                                      s->start_s, s->period_s, &s->is_daily);
	event_add(s->due_ev, &tv);
}

static void
on_due(evutil_socket_t fd, short what, void *arg)
{
	struct sync *s = arg;

	(void)fd;
	(void)what;
	if (refusal(s->chassis) == NULL)
		begin_audit(s, s->is_daily ? DAILY : PERIODIC);
	schedule(s);
}

void
sync_apply(struct chassis *c, bool is_scheduled, uint32_t start_s, uint32_t period_s)
{
	struct sync *s = c->sync;

	if (is_scheduled == s->is_scheduled && start_s == s->start_s && period_s == s->period_s)
		return;
	s->is_scheduled = is_scheduled;
	s->start_s = start_s;
	s->period_s = period_s;
	event_del(s->due_ev);
	if (is_scheduled)
		schedule(s);
}

/* --- life and views ------------------------------------------------------------------------------------------- */

static void
on_kept(void *arg, const struct store_audit *a)
{
	struct sync *s = arg;

	s->count = a->number;
	*current(s) = *a;
}

enum err
sync_new(struct chassis *c)
{
	struct sync *s = calloc(1, sizeof *s);

	if (s == NULL)
		return ERR_SYSTEM;
	c->sync = s;
	s->chassis = c;
	if (store_audits_read(c->store, on_kept, s) != ERR_OK)
		return ERR_SYSTEM;
	s->due_ev = evtimer_new(c->base, on_due, s);
	s->limit_ev = evtimer_new(c->base, on_limit, s);
	return s->due_ev != NULL && s->limit_ev != NULL ? ERR_OK : ERR_SYSTEM;
}

void
sync_free(struct chassis *c)
{
	if (c->sync == NULL)
		return;
	if (c->sync->due_ev != NULL)
		event_free(c->sync->due_ev);
	if (c->sync->limit_ev != NULL)
		event_free(c->sync->limit_ev);
	free(c->sync);
	c->sync = NULL;
}

void
sync_message(struct chassis *c, struct sessmgr_slot *s, const struct ipc_msg *m)
{
	struct ckpt_audit a;

	if (m->type == IPC_PROOF) {
		on_proof(c, s->instance, m);
	} else if (m->len == sizeof a && m->id == (uint32_t)c->sync->count) {
		memcpy(&a, m->body, sizeof a);
		sessmgr_ended(c->sync, s->instance, &a);
	}
}

void
sync_sessmgr_gone(struct chassis *c, struct sessmgr_slot *s)
{
	c->sync->proofs[s->instance].total = c->sync->proofs[s->instance].named = 0;
	tell_alarm(c);
	sessmgr_ended(c->sync, s->instance, &(struct ckpt_audit){.is_ended = false});
}

static void
read_view(const struct sessmgr_slot *s, struct ckpt_proof_view *v)
{
	*v = (struct ckpt_proof_view){.instance = s->instance, .is_running = s->arena_mem != NULL};
	if (s->arena_mem == NULL)
		return;
	v->proved_ms = s->peer_conn == CKPT_CONN_READY ? arena_ckpt_count(&s->arena, CKPT_NOW_PROVED_MS) : 0;
	v->calls = arena_ckpt_count(&s->arena, CKPT_NOW_PROOF_CALLS);
	v->different = arena_ckpt_count(&s->arena, CKPT_NOW_DIFFERENT);
	v->digest = arena_ckpt_count(&s->arena, CKPT_NOW_DIGEST);
	v->rounds = arena_ckpt_count(&s->arena, CKPT_PROOFS);
	v->rounds_different = arena_ckpt_count(&s->arena, CKPT_PROOFS_DIFFERENT);
}

void
views_proof(struct chassis *c, struct report *r)
{
	struct ckpt_differ_view names[NAMES_SHOWN];
	struct ckpt_proof_view views[SESSMGRS_MAX];
	char imsis[NAMES_SHOWN][16];
	size_t named = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		const struct sessmgr_proof *p = &c->sync->proofs[i];

		read_view(&c->sessmgrs[i], &views[i - 1]);
		for (uint32_t k = 0; k < p->named && k < SESSMGR_DIFFER_MAX && named < NAMES_SHOWN; k++, named++) {
			const struct sessmgr_differ *d = &p->names[k];

			names[named] = (struct ckpt_differ_view){.instance = i, .callid = d->teid, .kind = d->kind};
			if (d->imsi_digits == 0 || d->imsi_digits > 15)
				continue;
			snprintf(imsis[named], sizeof imsis[0], "%0*llu", d->imsi_digits,
			         (unsigned long long)(d->imsi % UINT64_C(1000000000000000)));
			names[named].imsi = imsis[named];
		}
	}
	ckpt_show_proof(views, c->sessmgr_count, names, named, clock_now_ms(), r);
}

uint32_t
sync_to_resend(const struct chassis *c, unsigned instance)
{
	const uint32_t *counts = c->sync->proofs[instance].counts;
	uint32_t n = 0;

	for (unsigned kind = 0; kind < CKPT_DIFFER_KINDS; kind++)
		n += ckpt_is_resent((enum ckpt_differ_kind)kind) ? counts[kind] : 0;
	return n < CKPT_DIFFER_NAMES ? n : CKPT_DIFFER_NAMES;
}

/* One that was running when the program ended is still so on disk. */
static struct ckpt_audit_view
audit_view(const struct sync *s, const struct store_audit *a)
{
	static const char *const reasons[REASONS] = {[MANUAL] = "manual", [DAILY] = "daily", [PERIODIC] = "periodic"};
	bool is_running = s->is_running && a->number == s->count;

	return (struct ckpt_audit_view){
	    .number = a->number,
	    .state = srp_state_text(a->state),
	    .reason = a->reason < REASONS ? reasons[a->reason] : "?",
	    .start_ms = a->start_ms,
	    .sync_ms = a->sync_ms,
	    .ready_ms = a->ready_ms,
	    .took_ms = a->took_ms,
	    .active = a->active,
	    .fresh = a->fresh,
	    .stale = a->stale,
	    .inactive = a->inactive,
	    .left = a->left,
	    .is_ended = a->result == COMPARED,
	    .is_running = is_running,
	    .is_cut = a->result == RUNNING && !is_running,
	};
}

void
sync_show_audits(struct chassis *c, struct report *r)
{
	struct ckpt_audit_view list[AUDITS_SHOWN];
	const struct sync *s = c->sync;
	size_t n = 0;

	for (unsigned i = 1; i <= AUDITS_SHOWN; i++) {
		const struct store_audit *a = &s->audits[(s->count + i) % AUDITS_SHOWN];

		if (a->number > 0 && s->count - a->number < AUDITS_SHOWN)
			list[n++] = audit_view(s, a);
	}
	ckpt_show_audits(list, n, clock_wall_ms(), r);
}
