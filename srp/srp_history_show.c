/* srp_history_show.c - transitions of both chassis in the order of time, one line each, or whole. */
#include "srp/srp_history_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "srp/srp.h"

enum { US_PER_MS = 1000, MS_PER_SEC = 1000, WHEN_MAX = 40, CHANGE_MAX = 48, WHY_WIDTH = 43, TEXT_MAX = 128 };

const char *
srp_lost_text(uint8_t why)
{
	static const char *const names[SRP_LOST_WHY_COUNT] = {
	    [SRP_LOST_YOUNG] = "younger than the checkpoint duration",
	    [SRP_LOST_NEVER_SENT] = "never checkpointed",
	    [SRP_LOST_UNACKED] = "not acknowledged",
	};

	return why < SRP_LOST_WHY_COUNT ? names[why] : "?";
}

static double
ms(int64_t us)
{
	return (double)us / US_PER_MS;
}

/* --- walking ---------------------------------------------------------------------------------------------- */

/* One event: our view, the peer's, or both. */
struct event {
	const struct srp_history_entry *own, *peer;
};

struct walk {
	const struct srp_history_list *l;
	size_t own, peer;
};

/* walk_next - the next event in the order of time; false at the end. */
static bool
walk_next(struct walk *w, struct event *ev)
{
	const struct srp_history_list *l = w->l;

	*ev = (struct event){0};
	while (w->peer < l->peer_count && srp_history_view_of(l, &l->peer[w->peer], false) != NULL)
		w->peer++; /* told with our view of it */
	if (w->own < l->own_count &&
	    (w->peer == l->peer_count || srp_history_time(&l->own[w->own]) <= srp_history_time(&l->peer[w->peer]))) {
		ev->own = &l->own[w->own++];
		ev->peer = srp_history_view_of(l, ev->own, true);
		return true;
	}
	if (w->peer == l->peer_count)
		return false;
	ev->peer = &l->peer[w->peer++];
	return true;
}

static const struct srp_history_entry *
main_view(const struct event *ev)
{
	return ev->own != NULL ? ev->own : ev->peer;
}

/* The view that knows what was lost; NULL: nobody does (the chassis that had the calls did not live to tell). */
static const struct srp_history_entry *
lost_view(const struct event *ev)
{
	if (ev->own != NULL && ev->own->is_lost_known)
		return ev->own;
	return ev->peer != NULL && ev->peer->is_lost_known ? ev->peer : NULL;
}

/* Did the service go from one chassis to another, or come back? The first election of a pair is none. */
static bool
is_switchover(const struct srp_history_entry *e)
{
	return e->from != SRP_INIT && e->from != e->to && (e->from == SRP_ACTIVE || e->to == SRP_ACTIVE);
}

/* --- words ------------------------------------------------------------------------------------------------ */

static const char *
change_text(const struct srp_history_entry *e, char buf[CHANGE_MAX])
{
	const char *to = e->is_interrupted ? "?" : srp_state_text(e->to);

	snprintf(buf, CHANGE_MAX, "%s>%s", srp_state_text(e->from), to);
	return buf;
}

/* "2026-11-21 02:13:05", in the time zone of show clock. */
static const char *
when_text(uint64_t wall_us, char buf[REPORT_DATE_MAX])
{
	time_t t = (time_t)(wall_us / US_PER_MS / MS_PER_SEC);
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL || strftime(buf, REPORT_DATE_MAX, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		snprintf(buf, REPORT_DATE_MAX, "?");
	return buf;
}

/* The first part of the words, as much as the line has room for. */
static const char *
short_why(const struct srp_history_entry *e, char buf[TEXT_MAX])
{
	const char *why = srp_history_why(e);
	size_t n = strcspn(why, ";:");

	snprintf(buf, TEXT_MAX, "%.*s", (int)n, why);
	if (strlen(buf) > WHY_WIDTH)
		snprintf(buf + WHY_WIDTH - 2, TEXT_MAX - WHY_WIDTH + 2, "..");
	return buf;
}

/* --- one line ---------------------------------------------------------------------------------------------- */

static void
line_head(struct report *r)
{
	report_line(r, "%4s %-19s %-4s %-14s %-16s %4s %s", "No", "When", "Who", "Change", "Reason", "Lost", "Why");
	report_line(r, "---- ------------------- ---- -------------- ---------------- ---- "
	               "-------------------------------------------");
}

static void
line_text(const struct event *ev, struct report *r)
{
	const struct srp_history_entry *e = main_view(ev), *loser = lost_view(ev);
	char when[REPORT_DATE_MAX], change[CHANGE_MAX], why[TEXT_MAX], lost[24] = "?";

	if (loser != NULL)
		snprintf(lost, sizeof lost, "%" PRIu64, srp_history_lost(loser));
	else if (!is_switchover(e))
		snprintf(lost, sizeof lost, "-");
	report_line(r, "%4" PRIu64 " %-19s %-4s %-14s %-16.16s %4s %s", e->number, when_text(srp_history_time(e), when),
	            ev->own != NULL ? "this" : "peer", change_text(e, change), srp_reason_text(e->reason), lost,
	            short_why(e, why));
}

/* --- whole ------------------------------------------------------------------------------------------------ */

static void
phases_of(const struct srp_history_entry *e, const char *who, struct report *r)
{
	report_open(r, "phases_us");
	for (uint8_t p = SRP_PHASE_NONE + 1; p < SRP_PHASE_COUNT; p++) {
		if (e->phase_us[p] == 0)
			continue;
		report_line(r, "     %-4s phase %-20s %10.3f ms", who, srp_phase_text(p), ms((int64_t)e->phase_us[p]));
		report_only_number(r, srp_phase_text(p), e->phase_us[p]);
	}
	report_close(r);
}

static void
loss_of(const struct srp_history_entry *e, const char *who, struct report *r)
{
	if (!e->is_lost_known)
		return;
	report_line(r,
	            "     %-4s calls lost %" PRIu64 " (%" PRIu32 " too young, %" PRIu32 " never checkpointed, %" PRIu32
	            " not acknowledged)",
	            who, srp_history_lost(e), e->lost[SRP_LOST_YOUNG], e->lost[SRP_LOST_NEVER_SENT],
	            e->lost[SRP_LOST_UNACKED]);
	report_list(r, "lost_calls");
	for (uint32_t i = 0; i < e->named; i++) {
		const struct srp_lost_call *c = &e->names[i];

		report_line(r, "     %-4s   call %08" PRIx32 " imsi %-15s sessmgr %u: %s", who, c->callid, c->imsi,
		            (unsigned)c->sessmgr, srp_lost_text(c->why));
		report_open(r, NULL);
		report_only_hex(r, "callid", c->callid);
		report_only_text(r, "imsi", c->imsi);
		report_only_number(r, "sessmgr", c->sessmgr);
		report_only_text(r, "why", srp_lost_text(c->why));
		report_close(r);
	}
	report_close(r);
}

/* Numbers of one chassis' view; its steps are told with the other's, in the order of time. */
static void
view_of(const struct srp_history_entry *e, const char *who, struct report *r)
{
	report_line(r, "     %-4s %s > %s in %.3f ms, reason %s (%u), %" PRIu32 " calls", who, srp_state_text(e->from),
	            e->is_interrupted ? "?" : srp_state_text(e->to), ms((int64_t)e->duration_us),
	            srp_reason_text(e->reason), (unsigned)e->reason, e->calls);
	report_line(r, "     %-4s epoch %" PRIu64 ", route modifier %u (other %u)", who, srp_epoch_counter(e->epoch),
	            (unsigned)e->route_modifier, (unsigned)e->peer_route_modifier);
	if (e->is_interrupted)
		report_line(r, "     %-4s the program ended in the middle of it; how it went on is not known", who);
	if (e->announced > 0)
		report_line(
		    r, "     %-4s took over inside a full synchronization: %" PRIu32 " of %" PRIu32 " calls had come",
		    who, e->came, e->announced);
	phases_of(e, who, r);
	loss_of(e, who, r);
}

/* JSON alone: all of one view. */
static void
view_json(const struct srp_history_entry *e, struct report *r)
{
	report_only_number(r, "number", e->number);
	report_only_when(r, "time", e->wall_us / US_PER_MS);
	report_only_text(r, "from", srp_state_text(e->from));
	report_only_text(r, "to", e->is_interrupted ? NULL : srp_state_text(e->to));
	report_only_text(r, "reason", srp_reason_text(e->reason));
	report_only_number(r, "reason_code", e->reason);
	report_only_text(r, "why", srp_history_why(e));
	report_only_number(r, "duration_us", e->duration_us);
	report_only_number(r, "epoch", srp_epoch_counter(e->epoch));
	report_only_number(r, "route_modifier", e->route_modifier);
	report_only_number(r, "peer_route_modifier", e->peer_route_modifier);
	report_only_number(r, "calls", e->calls);
	if (e->announced > 0) {
		report_only_number(r, "calls_that_had_come", e->came);
		report_only_number(r, "calls_announced", e->announced);
	}
	report_only_bool(r, "is_running", e->is_open);
	report_only_bool(r, "is_interrupted", e->is_interrupted);
	if (e->is_lost_known) {
		report_only_number(r, "calls_lost", srp_history_lost(e));
		report_only_number(r, "lost_young", e->lost[SRP_LOST_YOUNG]);
		report_only_number(r, "lost_never_checkpointed", e->lost[SRP_LOST_NEVER_SENT]);
		report_only_number(r, "lost_not_acknowledged", e->lost[SRP_LOST_UNACKED]);
	} else {
		report_only_text(r, "calls_lost", NULL);
	}
}

static void
step_line(const char *who, int64_t at_us, const struct srp_history_step *s, struct report *r)
{
	report_line(r, "     %+12.3f ms %-4s %s > %s: %s", ms(at_us), who, s->from, s->to, s->why);
	report_open(r, NULL);
	report_only_text(r, "chassis", who);
	report_only_real(r, "at_ms", ms(at_us));
	report_only_text(r, "from", s->from);
	report_only_text(r, "to", s->to);
	report_only_text(r, "why", s->why);
	report_close(r);
}

/* The steps of both, merged by time; zero is the beginning of the view that is told first. */
static void
chain_of(const struct event *ev, struct report *r)
{
	const struct srp_history_entry *a = ev->own, *b = ev->peer;
	int64_t zero = (int64_t)srp_history_time(main_view(ev));
	int64_t a0 = a != NULL ? (int64_t)srp_history_time(a) - zero : 0;
	int64_t b0 = b != NULL ? (int64_t)srp_history_time(b) - zero : 0;
	uint32_t i = 0, k = 0;

	report_list(r, "chain");
	while ((a != NULL && i < a->step_count) || (b != NULL && k < b->step_count)) {
		bool has_a = a != NULL && i < a->step_count, has_b = b != NULL && k < b->step_count;

		if (has_a && (!has_b || a0 + (int64_t)a->steps[i].at_us <= b0 + (int64_t)b->steps[k].at_us)) {
			step_line("this", a0 + (int64_t)a->steps[i].at_us, &a->steps[i], r);
			i++;
		} else {
			step_line("peer", b0 + (int64_t)b->steps[k].at_us, &b->steps[k], r);
			k++;
		}
	}
	report_close(r);
	if (a != NULL && a->steps_left_out > 0)
		report_line(r, "     this chassis left out %" PRIu32 " steps", a->steps_left_out);
}

static void
event_json(const struct event *ev, struct report *r)
{
	report_only_text(r, "chassis", ev->own != NULL ? "this" : "peer");
	view_json(main_view(ev), r);
}

static void
event_whole(const struct event *ev, struct report *r)
{
	chain_of(ev, r);
	if (ev->own != NULL) {
		report_open(r, "this");
		if (r->is_json)
			view_json(ev->own, r);
		view_of(ev->own, "this", r);
		report_close(r);
	}
	if (ev->peer != NULL) {
		report_open(r, "peer");
		if (r->is_json)
			view_json(ev->peer, r);
		view_of(ev->peer, "peer", r);
		report_close(r);
	}
	report_blank(r);
}

/* What has to be known of the list as a whole. */
static void
notes(const struct srp_history_view *v, struct report *r)
{
	if (v->list.peer_count > 0 && v->is_offset_known)
		report_note(r,
		            "The peer's times are shown by this clock; its own is %+.3f ms against it, within %.3f ms.",
		            ms(v->offset_us), ms((int64_t)v->rtt_us) / 2);
	else if (v->list.peer_count > 0)
		report_note(
		    r, "The peer's clock was not compared since the start; its times are as told, or compared then.");
	if (v->left_out > 0)
		report_note(r, "%" PRIu64 " older transitions are no longer kept.", v->left_out);
	if (v->unsaved > 0)
		report_note(r, "%" PRIu64 " transitions are not on disk yet%s%s.", v->unsaved,
		            v->unsaved_why[0] != '\0' ? ": " : "", v->unsaved_why);
}

/*
 * late - moves @w to where at most @max events are left for which @wanted holds. Looked for from the end, so that it
 * takes no longer for a history of ten thousand: what is looked at grows until it holds them.
 */
static void
late(struct walk *w, size_t max, bool (*wanted)(const struct event *ev))
{
	enum { MORE = 4 };
	const struct srp_history_list *l = w->l;
	struct walk scan;
	struct event ev;
	size_t count = 0;

	for (size_t back = max * MORE; count <= max; back *= MORE) {
		w->own = l->own_count > back ? l->own_count - back : 0;
		w->peer = l->peer_count > back ? l->peer_count - back : 0;
		count = 0;
		for (scan = *w; walk_next(&scan, &ev);)
			count += wanted(&ev);
		if (w->own == 0 && w->peer == 0)
			break;
	}
	for (; count > max; count -= wanted(&ev))
		(void)walk_next(w, &ev);
}

static bool
is_any(const struct event *ev)
{
	(void)ev;
	return true;
}

void
srp_show_history(const struct srp_history_view *v, bool is_verbose, size_t max, struct report *r)
{
	struct walk w = {.l = &v->list};
	struct event ev;

	if (max > 0)
		late(&w, max, is_any);
	if (w.own + w.peer > 0)
		report_note(r, "The youngest %zu transitions; show srp history lists all.", max);
	if (v->list.own_count + v->list.peer_count == 0)
		report_line(r, "No transition has been recorded.");
	else if (!is_verbose)
		line_head(r);
	if (max == 0)
		report_stream(r, "transitions");
	else
		report_list(r, "transitions");
	while (walk_next(&w, &ev)) {
		report_open(r, NULL);
		event_json(&ev, r);
		line_text(&ev, r);
		if (is_verbose)
			event_whole(&ev, r);
		report_close(r);
	}
	report_close(r);
	notes(v, r);
}

void
srp_show_history_late(const struct srp_history_view *v, struct report *r)
{
	struct walk w = {.l = &v->list};
	struct event ev;

	late(&w, SRP_HISTORY_LATE, is_any);
	line_head(r);
	report_list(r, "transitions");
	while (walk_next(&w, &ev)) {
		report_open(r, NULL);
		event_json(&ev, r);
		line_text(&ev, r);
		report_close(r);
	}
	report_close(r);
}

/* --- call loss ------------------------------------------------------------------------------------------- */

static bool
is_any_switchover(const struct event *ev)
{
	return is_switchover(main_view(ev));
}

static void
seconds(struct report *r, const char *key, const char *label, uint64_t us)
{
	report_line(r, "%-*s%.3f ms", (int)r->label_width, label, ms((int64_t)us));
	report_only_number(r, key, us);
}

/* phase - how long one took; 0 is that it did not run, or that nobody told. */
static void
phase(struct report *r, const char *key, const char *label, uint64_t us)
{
	if (us == 0)
		report_text(r, key, label, NULL);
	else
		seconds(r, key, label, us);
}

static void
loss_block(const struct event *ev, struct report *r)
{
	const struct srp_history_entry *e = main_view(ev), *loser = lost_view(ev);
	const struct srp_history_entry *giver = e->from == SRP_ACTIVE || ev->peer == NULL ? e : ev->peer;
	const struct srp_history_entry *taker = e->to == SRP_ACTIVE || ev->peer == NULL ? e : ev->peer;
	bool is_here = (e->to == SRP_ACTIVE) == (ev->own != NULL);
	char when[REPORT_DATE_MAX];

	report_number(r, "switchover_number", "Switchover Number:", e->number, NULL);
	report_line(r, "%-*s%s", (int)r->label_width,
	            "Switchover Time:", report_date(srp_history_time(e) / US_PER_MS, when));
	report_only_when(r, "switchover_time", srp_history_time(e) / US_PER_MS);
	report_text(r, "switchover_reason", "Switchover Reason:", srp_reason_text(e->reason));
	report_text(r, "recorded_by", "Recorded by:", ev->own != NULL ? "this chassis" : "the peer chassis");
	report_text(r, "direction", "Direction:", is_here ? "to this chassis" : "to the peer chassis");
	seconds(r, "switchover_duration_us", "Switchover Duration:", e->duration_us);
	report_number(r, "calls_at_switchover", "Active Calls at Switchover Time:", giver->calls, NULL);
	if (loser == NULL) {
		report_text(r, "calls_lost", "Lost Calls at Switchover Time:",
		            r->is_json ? NULL : "not known, the chassis that had them did not tell");
	} else {
		report_number(r, "calls_lost", "Lost Calls at Switchover Time:", srp_history_lost(loser), NULL);
		report_number(r, "checkpoints_never_sent", "  Checkpoints Never Sent:",
		              (uint64_t)loser->lost[SRP_LOST_YOUNG] + loser->lost[SRP_LOST_NEVER_SENT], NULL);
		report_number(r, "too_young", "    Younger than Checkpoint Duration:", loser->lost[SRP_LOST_YOUNG],
		              NULL);
		report_number(r, "checkpoints_send_failed", "  Checkpoints Send Failed:", loser->lost[SRP_LOST_UNACKED],
		              NULL);
	}
	phase(r, "critical_flush_duration_us", "Critical Flush Duration:", giver->phase_us[SRP_PHASE_CRITICAL_FLUSH]);
	phase(r, "internal_audit_duration_us", "Internal Audit Duration:", taker->phase_us[SRP_PHASE_INTERNAL_AUDIT]);
}

/* lost_names - the calls lost in the events from @w on that are known by name. */
static void
lost_names(struct walk w, struct report *r)
{
	static const struct report_column columns[] = {
	    {.key = "time", .head = "Time", .width = 24},
	    {.key = "switchover_number", .head = "swo", .width = 5, .gap = 1, .is_right = true},
	    {.key = "sessmgr", .head = "smgr inst", .width = 9, .gap = 1, .is_right = true},
	    {.key = "callid", .head = "callid", .width = 8, .gap = 2},
	    {.key = "imsi", .head = "imsi", .width = 15, .gap = 2},
	    {.key = "reason", .head = "reason", .gap = 2},
	};
	static const struct report_table table = {
	    .key = "lost_calls", .columns = columns, .count = sizeof columns / sizeof columns[0]};
	struct event ev;
	bool has_head = false;

	report_list(r, table.key);
	while (walk_next(&w, &ev)) {
		const struct srp_history_entry *e = lost_view(&ev);

		for (uint32_t i = 0; e != NULL && i < e->named; i++) {
			const struct srp_lost_call *c = &e->names[i];
			const struct report_cell cells[] = {
			    cell_when(srp_history_time(e) / US_PER_MS),
			    cell_number(main_view(&ev)->number),
			    cell_number(c->sessmgr),
			    cell_hex(c->callid),
			    cell_text(c->imsi),
			    cell_text(srp_lost_text(c->why)),
			};

			if (!has_head) {
				report_blank(r);
				report_heads(r, &table);
				has_head = true;
			}
			report_row(r, &table, cells);
		}
	}
	report_close(r);
}

void
srp_show_call_loss(const struct srp_history_view *v, struct report *r)
{
	struct walk w = {.l = &v->list};
	uint64_t lost[SRP_LOST_WHY_COUNT] = {0};
	struct event ev;

	for (size_t i = 0; i < v->list.own_count; i++)
		for (unsigned k = 0; k < SRP_LOST_WHY_COUNT; k++)
			lost[k] += v->list.own[i].lost[k];
	report_number(r, "calls_lost", "Calls lost by this chassis in all:",
	              lost[SRP_LOST_YOUNG] + lost[SRP_LOST_NEVER_SENT] + lost[SRP_LOST_UNACKED], NULL);
	report_number(r, "too_young", "  younger than the checkpoint duration:", lost[SRP_LOST_YOUNG], NULL);
	report_number(r, "never_checkpointed", "  never checkpointed:", lost[SRP_LOST_NEVER_SENT], NULL);
	report_number(r, "not_acknowledged", "  not acknowledged by the peer:", lost[SRP_LOST_UNACKED], NULL);
	late(&w, SRP_HISTORY_LATE, is_any_switchover);
	report_list(r, "switchovers");
	for (struct walk scan = w; walk_next(&scan, &ev);) {
		if (!is_any_switchover(&ev))
			continue;
		report_blank(r);
		report_open(r, NULL);
		loss_block(&ev, r);
		report_close(r);
	}
	report_close(r);
	lost_names(w, r);
}

/* --- audits ----------------------------------------------------------------------------------------------- */

void
srp_show_audits(const struct srp_history_view *v, struct report *r)
{
	uint64_t number = 0, first = 1;

	for (size_t i = 0; i < v->list.own_count; i++)
		number += v->list.own[i].phase_us[SRP_PHASE_INTERNAL_AUDIT] != 0;
	if (number > SRP_HISTORY_LATE)
		first = number - SRP_HISTORY_LATE + 1;
	number = 0;
	report_list(r, "internal_audits");
	for (size_t i = 0; i < v->list.own_count; i++) {
		const struct srp_history_entry *e = &v->list.own[i];
		uint64_t end_ms = (e->wall_us + e->duration_us) / US_PER_MS;
		char when[REPORT_DATE_MAX];

		if (e->phase_us[SRP_PHASE_INTERNAL_AUDIT] == 0 || ++number < first)
			continue;
		if (number > first)
			report_blank(r);
		report_open(r, NULL);
		report_number(r, "audit_number", "Audit Number:", number, NULL);
		report_text(r, "chassis_state", "Audit Chassis State:", srp_state_text(e->to));
		report_line(r, "%-*s%s", (int)r->label_width, "Audit Start Time:", report_date(end_ms, when));
		report_only_when(r, "audit_start", end_ms);
		report_text(r, "audit_reason", "Audit Reason:", "post-switchover");
		report_number(r, "switchover_number", "After Switchover Number:", e->number, NULL);
		seconds(r, "audit_duration_us", "Audit Duration:", e->phase_us[SRP_PHASE_INTERNAL_AUDIT]);
		report_close(r);
	}
	report_close(r);
	if (number == 0)
		report_line(r, "No internal audit has run.");
}
