/*
 * srp_views.c - show srp ...: gathers what the show functions of srp/ and checkpoint/ need, and hands it to a report.
 *
 * A view function writes a report and knows nothing of the form asked for; support.c calls the same.
 */
#include "chassis/chassis.h"
#include "checkpoint/ckpt_show.h"
#include "srp/srp_cmds.h"
#include "srp/srp_details_show.h"
#include "srp/srp_show.h"

enum { HISTORY_IN_DETAILS = 100 };

/* show - what a view function reports, as text or as one JSON document. */
static enum cli_answer
show_report(struct cli_call *call, void (*show)(struct chassis *, struct report *))
{
	struct report r;

	report_begin(&r, call->out, cli_wants_json(call));
	show(call->app, &r);
	report_end(&r);
	return CLI_ANSWER_DONE;
}

void
views_srp_info(struct chassis *c, struct report *r)
{
	const char *alarms[ALARMS_MAX];
	struct srp_history_view h;
	struct srp_view v;

	srp_link_view(c->srp, &v);
	history_view(c, &h);
	v.context = c->srp_context;
	v.alarm_texts = alarms;
	v.alarm_count = redundancy_alarms(c, alarms);
	validation_view(c, &v);
	post_view(c, &v);
	v.last = h.list.own_count > 0 ? &h.list.own[h.list.own_count - 1] : NULL;
	srp_show_info(&v, r);
	post_show_audit(c, r);
}

void
views_srp_statistics(struct chassis *c, struct report *r)
{
	enum { MEDIAN = 50, TAIL = 99 };
	const struct hist *late = loop_watch_hist(c->watch), *turns = &c->turns.hist;
	struct srp_history_view h;
	struct srp_view v;

	srp_link_view(c->srp, &v);
	v.context = c->srp_context;
	srp_show_statistics(&v, r);
	report_line(r, "Event loop lateness (us):               p50 %llu  p99 %llu  max %llu",
	            (unsigned long long)hist_percentile(late, MEDIAN), (unsigned long long)hist_percentile(late, TAIL),
	            (unsigned long long)late->max_us);
	report_only_number(r, "event_loop_lateness_p50_us", hist_percentile(late, MEDIAN));
	report_only_number(r, "event_loop_lateness_p99_us", hist_percentile(late, TAIL));
	report_only_number(r, "event_loop_lateness_max_us", late->max_us);
	report_line(r, "Event loop turns, processor time (us):  p50 %llu  p99 %llu  max %llu",
	            (unsigned long long)hist_percentile(turns, MEDIAN),
	            (unsigned long long)hist_percentile(turns, TAIL), (unsigned long long)turns->max_us);
	report_only_number(r, "event_loop_turn_p50_us", hist_percentile(turns, MEDIAN));
	report_only_number(r, "event_loop_turn_p99_us", hist_percentile(turns, TAIL));
	report_only_number(r, "event_loop_turn_max_us", turns->max_us);
	history_view(c, &h);
	report_title(r, "\nLast changes of the chassis state:");
	srp_show_history_late(&h, r);
}

static enum cli_answer
show_srp(struct cli_call *call, void (*show)(struct chassis *, struct report *))
{
	const struct chassis *c = call->app;

	if (!srp_link_is_started(c->srp))
		return cli_fail(call, "service-redundancy-protocol is not configured");
	return show_report(call, show);
}

static enum cli_answer
show_srp_info(struct cli_call *call)
{
	return show_srp(call, views_srp_info);
}

static enum cli_answer
show_srp_statistics(struct cli_call *call)
{
	return show_srp(call, views_srp_statistics);
}

/* --- checkpoints -------------------------------------------------------------------------------------------- */

struct sessmgr_views {
	struct ckpt_sessmgr_view of[SESSMGRS_MAX];
	unsigned count;
};

static void
gather(const struct chassis *c, struct sessmgr_views *x)
{
	x->count = c->sessmgr_count;
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		const struct sessmgr_slot *s = &c->sessmgrs[i];
		struct ckpt_sessmgr_view *v = &x->of[i - 1];

		*v = (struct ckpt_sessmgr_view){.instance = i, .is_running = s->arena_mem != NULL};
		if (s->arena_mem == NULL)
			continue;
		for (unsigned k = 0; k < CKPT_COUNTER_COUNT; k++)
			v->counters[k] = arena_ckpt_count(&s->arena, (enum ckpt_counter)k);
		/* these two are known to chassisd at once, the task publishes them a moment later */
		v->counters[CKPT_NOW_CONN] = s->peer_conn;
		v->counters[CKPT_NOW_ROLE] = c->is_active ? CKPT_ACTIVE : CKPT_STANDBY;
		v->calls_active = arena_count(&s->arena, ARENA_CALLS_NOW);
		v->calls_standby = arena_count(&s->arena, ARENA_CALLS_STANDBY);
		v->calls_restored = arena_count(&s->arena, ARENA_RESTORED);
		v->calls_lost = arena_count(&s->arena, ARENA_CALLS_LOST);
	}
}

void
views_checkpoint(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_statistics(x.of, x.count, r);
}

void
views_checkpoint_verbose(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_statistics_verbose(x.of, x.count, r);
}

void
views_checkpoint_debug(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_statistics_debug(x.of, x.count, r);
}

static void
views_checkpoint_active(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	unsigned active = 0;

	gather(c, &x);
	for (unsigned i = 0; i < x.count; i++)
		if (x.of[i].is_running && x.of[i].counters[CKPT_NOW_ROLE] == CKPT_ACTIVE)
			x.of[active++] = x.of[i];
	ckpt_show_statistics_active(x.of, active, r);
}

void
views_checkpoint_ipsecmgrs(struct chassis *c, struct report *r)
{
	(void)c;
	ckpt_show_ipsecmgrs(r);
}

static enum cli_answer
show_checkpoint(struct cli_call *call)
{
	if (cli_arg_has(call, "active"))
		return show_report(call, views_checkpoint_active);
	if (cli_arg_has(call, "ipsecmgr"))
		return show_report(call, views_checkpoint_ipsecmgrs);
	if (cli_arg_has(call, "debug-info"))
		return show_report(call, views_checkpoint_debug);
	return show_report(call, cli_arg_has(call, "verbose") ? views_checkpoint_verbose : views_checkpoint);
}

void
views_checkpoint_sessmgrs(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_sessmgrs(x.of, x.count, false, r);
}

void
views_checkpoint_sessmgrs_debug(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_sessmgrs(x.of, x.count, true, r);
}

void
views_checkpoint_write_lists(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_write_lists(x.of, x.count, r);
}

static enum cli_answer
show_checkpoint_sessmgr(struct cli_call *call)
{
	struct sessmgr_views x;
	const struct ckpt_sessmgr_view *first = x.of;
	struct report r;
	uint64_t number;

	gather(call->app, &x);
	if (cli_arg_uint(call, "number", &number)) {
		if (number > x.count)
			return cli_fail(call, "there is no session manager %u", (unsigned)number);
		first = &x.of[number - 1];
		x.count = 1;
	}
	report_begin(&r, call->out, cli_wants_json(call));
	if (cli_arg_has(call, "write-list-stats"))
		ckpt_show_write_lists(first, x.count, &r);
	else
		ckpt_show_sessmgrs(first, x.count, cli_arg_has(call, "debug-info"), &r);
	report_end(&r);
	return CLI_ANSWER_DONE;
}

static void
views_micro(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_micro(x.of, x.count, false, r);
}

static void
views_micro_debug(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_micro(x.of, x.count, true, r);
}

static enum cli_answer
show_micro(struct cli_call *call)
{
	return show_report(call, cli_arg_has(call, "debug-info") ? views_micro_debug : views_micro);
}

void
views_call_loss(struct chassis *c, struct report *r)
{
	struct srp_history_view v;

	history_view(c, &v);
	srp_show_call_loss(&v, r);
}

static enum cli_answer
show_call_loss(struct cli_call *call)
{
	return show_report(call, views_call_loss);
}

static void
views_history_verbose(struct chassis *c, struct report *r)
{
	struct srp_history_view v;

	history_view(c, &v);
	srp_show_history(&v, true, HISTORY_IN_DETAILS, r);
}

void
views_audit(struct chassis *c, struct report *r)
{
	struct srp_history_view v;

	history_view(c, &v);
	report_ruled(r, "Internal audits:");
	post_show_audit(c, r);
	srp_show_audits(&v, r);
	sync_show_audits(c, r);
}

static enum cli_answer
show_audit(struct cli_call *call)
{
	return show_report(call, views_audit);
}

void
views_checkpoint_info(struct chassis *c, struct report *r)
{
	struct sessmgr_views x;

	gather(c, &x);
	ckpt_show_info(x.of, x.count, &c->gateway.checkpoint, r);
}

static enum cli_answer
show_checkpoint_info(struct cli_call *call)
{
	return show_report(call, views_checkpoint_info);
}

static void
views_machine(struct chassis *c, struct report *r)
{
	struct srp_view v;

	srp_link_view(c->srp, &v);
	srp_show_details(&v, r);
}

/* Everything of one moment: all in one loop turn, so that it agrees. */
static void
views_details(struct chassis *c, struct report *r)
{
	static const struct {
		const char *key;
		void (*show)(struct chassis *, struct report *);
	} parts[] = {
	    {"info", views_srp_info},
	    {"statistics", views_srp_statistics},
	    {"checkpoint_statistics", views_checkpoint_verbose},
	    {"call_loss_statistics", views_call_loss},
	    {"audit_statistics", views_audit},
	    {"state_machine", views_machine},
	    {"history", views_history_verbose},
	};

	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		if (i > 0)
			report_blank(r);
		report_open(r, parts[i].key);
		r->label_width = REPORT_LABEL_WIDTH;
		parts[i].show(c, r);
		report_close(r);
	}
}

static enum cli_answer
show_details(struct cli_call *call)
{
	return show_srp(call, views_details);
}

static enum cli_answer
show_proof(struct cli_call *call)
{
	return show_report(call, views_proof);
}

const struct cli_handler srp_views[] = {
    {SRP_ROW_SHOW_INFO, show_srp_info},
    {SRP_ROW_SHOW_STATISTICS, show_srp_statistics},
    {SRP_ROW_SHOW_CHECKPOINT, show_checkpoint},
    {SRP_ROW_SHOW_CHECKPOINT_SHORT, show_checkpoint},
    {SRP_ROW_SHOW_CHECKPOINT_SESSMGR, show_checkpoint_sessmgr},
    {SRP_ROW_SHOW_CHECKPOINT_SESSMGR_SHORT, show_checkpoint_sessmgr},
    {SRP_ROW_SHOW_MICRO, show_micro},
    {SRP_ROW_SHOW_CHECKPOINT_INFO, show_checkpoint_info},
    {SRP_ROW_SHOW_PROOF, show_proof},
    {SRP_ROW_SHOW_CALL_LOSS, show_call_loss},
    {SRP_ROW_SHOW_AUDIT, show_audit},
    {SRP_ROW_SHOW_HISTORY, history_show},
    {SRP_ROW_SHOW_DETAILS, show_details},
    {0, NULL},
};
