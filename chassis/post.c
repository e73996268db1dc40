/*
 * post.c - the shell of the engine of srp_post.h: what follows when this chassis has become Active. Carries its orders
 * to demux and session managers, times the phases, and feeds it what the tasks and the operator say.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "chassis/chassis.h"
#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_types.h"
#include "srp/srp_phase.h"

static void feed(struct chassis *c, struct srp_post_event ev);

static uint64_t
calls_taken_over(const struct chassis *c)
{
	uint64_t n = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		if (c->sessmgrs[i].arena_mem != NULL)
			n += arena_count(&c->sessmgrs[i].arena, ARENA_CALLS_STANDBY) +
			     arena_count(&c->sessmgrs[i].arena, ARENA_CALLS_NOW);
	return n;
}

/* --- what the engine asks for ----------------------------------------------------------------------------- */

static void
end_phase(struct chassis *c, const struct srp_post_action *a, size_t row)
{
	struct srp_phase_times *t = &c->post.times;
	uint64_t now = clock_now_us();

	if (!t->of[a->phase].is_running)
		return;
	srp_phase_end(t, a->phase, a->is_cut, now);
	if (a->phase > SRP_PHASE_NETWORK_CONVERGENCE) /* those before it are of the transition itself */
		history_phase(c, a->phase, srp_phase_us(t, a->phase, now));
	log_event(LOG_SRP_PHASE, srp_phase_text(a->phase), a->is_cut ? "cut" : "ended",
	          (unsigned long long)srp_phase_us(t, a->phase, now), srp_post_row_reason(row));
}

/* Every session manager that is there is asked; those that are not have nothing to tell. */
static void
start_flush(struct chassis *c)
{
	uint64_t epoch = srp_link_engine(c->srp)->given_epoch;

	c->post.flush_left = 0;
	c->post.flushed = (struct post_flushed){0};
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		struct sessmgr_slot *s = &c->sessmgrs[i];

		s->is_accounting_awaited = tasks_order(s, IPC_ACCOUNTING_AWAIT, c->post.id, &epoch, sizeof epoch);
		c->post.flush_left += s->is_accounting_awaited;
		c->post.flushed.not_whole += !s->is_accounting_awaited;
	}
	c->post.is_flushing = true;
}

static void
start_audit(struct chassis *c)
{
	c->post.audit_left = 0;
	c->post.audit = (struct sessmgr_audited){0};
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		struct sessmgr_slot *s = &c->sessmgrs[i];

		s->is_audit_awaited = tasks_order(s, IPC_AUDIT, c->post.id, NULL, 0);
		c->post.audit_left += s->is_audit_awaited;
	}
	c->post.is_auditing = true;
}

static void
start(struct chassis *c, uint8_t phase)
{
	if (phase == SRP_PHASE_ACCOUNTING_FLUSH)
		start_flush(c);
	else if (phase == SRP_PHASE_INTERNAL_AUDIT)
		start_audit(c);
	else
		c->post.is_ready_awaited = true;
}

static void
cancel(struct chassis *c, uint8_t phase)
{
	if (phase == SRP_PHASE_ACCOUNTING_FLUSH) {
		c->post.is_flushing = false;
		for (unsigned i = 1; i <= c->sessmgr_count; i++)
			c->sessmgrs[i].is_accounting_awaited = false;
	} else if (phase == SRP_PHASE_INTERNAL_AUDIT) {
		c->post.is_auditing = false;
		for (unsigned i = 1; i <= c->sessmgr_count; i++) {
			c->sessmgrs[i].is_audit_awaited = false;
			(void)tasks_order(&c->sessmgrs[i], IPC_AUDIT_END, 0, NULL, 0);
		}
	} else {
		c->post.is_ready_awaited = false;
	}
}

static void
answer(struct chassis *c, const struct srp_post_action *a)
{
	c->post.answer = a->answer;
}

static void
run_action(struct chassis *c, const struct srp_post_action *a, size_t row)
{
	struct timeval tv = {a->ms / 1000, (a->ms % 1000) * 1000};

	switch (a->kind) {
	case SRP_POST_ACT_PHASE_BEGIN:
		srp_phase_begin(&c->post.times, a->phase, clock_now_us(), clock_wall_ms());
		break;
	case SRP_POST_ACT_PHASE_END:
		end_phase(c, a, row);
		break;
	case SRP_POST_ACT_TIMER_START:
		event_add(c->post.timers[a->timer].ev, &tv);
		break;
	case SRP_POST_ACT_TIMER_STOP:
		event_del(c->post.timers[a->timer].ev);
		break;
	case SRP_POST_ACT_START:
		start(c, a->phase);
		break;
	case SRP_POST_ACT_CANCEL:
		cancel(c, a->phase);
		break;
	case SRP_POST_ACT_NO_FLUSH:
		log_event(LOG_SRP_NO_FLUSH, (unsigned long long)calls_taken_over(c),
		          (unsigned)(CKPT_ACCOUNTING_MS / 1000));
		break;
	case SRP_POST_ACT_GATE:
		tasks_gate(c, a->gate);
		break;
	default:
		answer(c, a);
	}
}

/* --- events ------------------------------------------------------------------------------------------------- */

/* What has come to its end meanwhile is said to the engine, until nothing more follows from it. */
static void
settle(struct chassis *c)
{
	struct post *p = &c->post;

	if (p->is_flushing && p->flush_left == 0) {
		p->is_flushing = false;
		log_event(LOG_SRP_FLUSHED, (unsigned long long)p->flushed.calls, p->flushed.not_whole);
		feed(c, (struct srp_post_event){.kind = SRP_POST_EV_FLUSH_DONE});
	}
	if (p->is_auditing && p->audit_left == 0) {
		p->is_auditing = false;
		log_event(LOG_SRP_AUDIT, (unsigned long long)p->audit.report.audited,
		          (unsigned long long)p->audit.report.purged,
		          (unsigned long long)p->audit.report.addresses_freed,
		          (unsigned long long)p->audit.report.left);
		feed(c, (struct srp_post_event){.kind = SRP_POST_EV_AUDIT_DONE});
	}
	if (p->is_ready_awaited && tasks_not_connected(c) == 0) {
		p->is_ready_awaited = false;
		feed(c, (struct srp_post_event){.kind = SRP_POST_EV_READY});
	}
}

static void
feed(struct chassis *c, struct srp_post_event ev)
{
	struct srp_post_out out;

	if (srp_post_input(&c->post.engine, &ev, &out) != ERR_OK)
		return;
	for (size_t i = 0; i < out.count; i++)
		run_action(c, &out.actions[i], out.row);
	settle(c);
}

void
post_options(struct chassis *c)
{
	const struct srp *e = srp_link_engine(c->srp);
	bool is_optimized =
	    (srp_options_agreed(e->config.options, e->peer.options) & SRP_OPT_CONTROL_OPTIMIZATION) != 0;

	if (is_optimized != c->post.engine.is_optimized)
		feed(c, (struct srp_post_event){.kind = SRP_POST_EV_OPTIONS, .is_optimized = is_optimized});
}

/*
 * The calls were this chassis' own when it followed nobody, or when its session managers still serve as the Active that
 * a hand-over did not complete for. The old Active can speak when it has handed over the incarnation that was followed.
 */
static void
begin(struct chassis *c)
{
	const struct srp *e = srp_link_engine(c->srp);
	struct srp_post_event ev = {.kind = SRP_POST_EV_BEGIN};

	ev.is_first = c->is_active || e->lineage == 0;
	ev.is_planned = e->given_epoch != 0 && e->given_epoch == e->lineage;
	if (!c->is_active)
		c->post.times = (struct srp_phase_times){0};
	c->post.id++;
	post_options(c);
	feed(c, ev);
}

void
post_transition(struct chassis *c, uint8_t to)
{
	if (to == SRP_PENDING_ACTIVE)
		begin(c);
	else
		feed(c, (struct srp_post_event){.kind = to == SRP_ACTIVE ? SRP_POST_EV_CONVERGED : SRP_POST_EV_STOP});
}

/* On the side that gives way: once the peer was told to take over, it gets what it does not know of calls' counters. */
void
post_step(struct chassis *c, uint8_t from_inner, uint8_t to_inner)
{
	uint8_t was = srp_phase_of_step(from_inner), is = srp_phase_of_step(to_inner);

	srp_phase_step(&c->post.times, from_inner, to_inner, clock_now_us(), clock_wall_ms());
	if (is != SRP_PHASE_NETWORK_CONVERGENCE || was == is)
		return;
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		(void)tasks_order(&c->sessmgrs[i], IPC_ACCOUNTING_SEND, 0, NULL, 0);
}

static void
audit_ended(struct chassis *c, struct sessmgr_slot *s, const struct sessmgr_audited *a)
{
	struct sessmgr_audited *sum = &c->post.audit;

	if (!s->is_audit_awaited)
		return;
	s->is_audit_awaited = false;
	c->post.audit_left--;
	sum->report.audited += a->report.audited;
	sum->report.purged += a->report.purged;
	sum->report.addresses_freed += a->report.addresses_freed;
	sum->report.left += a->report.left;
	for (unsigned i = 0; i < GGSN_FAULT_COUNT; i++)
		sum->report.by_fault[i] += a->report.by_fault[i];
	if (a->duration_us > sum->duration_us)
		sum->duration_us = a->duration_us; /* they run side by side */
}

static void
accounting_ended(struct chassis *c, struct sessmgr_slot *s, const struct sessmgr_accounted *a)
{
	if (!s->is_accounting_awaited)
		return;
	s->is_accounting_awaited = false;
	c->post.flush_left--;
	c->post.flushed.calls += a->calls;
	c->post.flushed.not_whole += !a->is_whole;
}

void
post_message(struct chassis *c, struct sessmgr_slot *s, const struct ipc_msg *m)
{
	struct sessmgr_audited audited;
	struct sessmgr_accounted accounted;

	if (m->id != c->post.id)
		return; /* of a takeover that is over */
	if (m->type == IPC_AUDITED && m->len == sizeof audited) {
		memcpy(&audited, m->body, sizeof audited);
		audit_ended(c, s, &audited);
	} else if (m->type == IPC_ACCOUNTING_DONE && m->len == sizeof accounted) {
		memcpy(&accounted, m->body, sizeof accounted);
		accounting_ended(c, s, &accounted);
	}
	settle(c);
}

void
post_sessmgr_gone(struct chassis *c, struct sessmgr_slot *s)
{
	audit_ended(c, s, &(struct sessmgr_audited){0});
	accounting_ended(c, s, &(struct sessmgr_accounted){0});
	settle(c);
}

void
post_connections_changed(struct chassis *c)
{
	settle(c);
}

uint8_t
post_terminate(struct chassis *c)
{
	c->post.answer = SRP_POST_ANSWER_NOT_ACTIVE;
	feed(c, (struct srp_post_event){.kind = SRP_POST_EV_TERMINATE, .asker = 1});
	return c->post.answer;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	static const uint8_t events[SRP_POST_TIMER_COUNT] = {
	    [SRP_POST_TIMER_FLUSH] = SRP_POST_EV_TIMER_FLUSH,
	    [SRP_POST_TIMER_AUDIT] = SRP_POST_EV_TIMER_AUDIT,
	    [SRP_POST_TIMER_READY] = SRP_POST_EV_TIMER_READY,
	};
	struct post_timer *t = arg;

	(void)fd;
	(void)what;
	feed(t->chassis, (struct srp_post_event){.kind = events[t->timer]});
}

enum err
post_new(struct chassis *c)
{
	for (unsigned i = 0; i < SRP_POST_TIMER_COUNT; i++) {
		struct post_timer *t = &c->post.timers[i];

		*t = (struct post_timer){.chassis = c, .timer = (uint8_t)i};
		t->ev = evtimer_new(c->base, on_timer, t);
		if (t->ev == NULL)
			return ERR_SYSTEM;
	}
	return ERR_OK;
}

/* --- what is shown -------------------------------------------------------------------------------------------- */

void
post_view(const struct chassis *c, struct srp_view *v)
{
	v->phases = &c->post.times;
	v->now_us = clock_now_us();
	v->gate = c->gate;
}

void
post_show_audit(const struct chassis *c, struct report *r)
{
	const struct ggsn_audit_report *a = &c->post.audit.report;

	if (c->post.times.of[SRP_PHASE_INTERNAL_AUDIT].begin_wall_ms == 0 || c->post.is_auditing)
		return;
	report_line(r, "%-*s%llu calls, %llu purged, %llu addresses freed", REPORT_LABEL_WIDTH,
	            "Last Internal Audit:", (unsigned long long)a->audited, (unsigned long long)a->purged,
	            (unsigned long long)a->addresses_freed);
	report_open(r, "internal_audit");
	report_only_number(r, "calls", a->audited);
	report_only_number(r, "purged", a->purged);
	report_only_number(r, "addresses_freed", a->addresses_freed);
	report_only_number(r, "left", a->left);
	if (a->left > 0)
		report_line(r, "  %-*s%llu", REPORT_LABEL_WIDTH - 2, "damaged, left to the other chassis",
		            (unsigned long long)a->left);
	for (unsigned i = 1; i < GGSN_FAULT_COUNT; i++)
		if (a->by_fault[i] > 0) {
			report_line(r, "  %-*s%llu", REPORT_LABEL_WIDTH - 2, ggsn_fault_text((enum ggsn_fault)i),
			            (unsigned long long)a->by_fault[i]);
			report_only_number(r, ggsn_fault_text((enum ggsn_fault)i), a->by_fault[i]);
		}
	report_close(r);
}
