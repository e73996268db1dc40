/*
 * srp_post_explore.c - every state that the engine of what follows a takeover can be in, with everything that its shell
 * can say in any order, early, late and twice.
 *
 * The shell is reduced to what it was told: which phases, timers and work run, and the gate. What must hold is said
 * with these alone, not with the table. The states are so few that all are met.
 *
 * Usage: srp_post_explore. Ends with "srp_post_explore: N states, rows R/R hit".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "srp/srp_post.h"

enum { WORLDS_MAX = 1 << 16, ROWS_MAX = 128, ASKER = 5 };

enum claim {
	CLAIM_PHASES,
	CLAIM_TIMERS,
	CLAIM_WORK,
	CLAIM_DROPPED,
	CLAIM_REFUSED,
	CLAIM_OPEN,
	CLAIM_AUDITED,
	CLAIM_FLUSHED,
	CLAIM_POST,
	CLAIM_CUT,
	CLAIM_ANSWERED,
	CLAIM_STOPPED,
	CLAIM_INERT,
	CLAIM_ENDS,
	CLAIM_COUNT
};

static const char *const claim_texts[CLAIM_COUNT] = {
    [CLAIM_PHASES] = "a phase begins that does not run, and ends once",
    [CLAIM_TIMERS] = "flush, audit and post-switchover have a bound while they run, and only then",
    [CLAIM_WORK] = "the shell works on a phase from its beginning to its end, and a phase that is cut is withdrawn",
    [CLAIM_DROPPED] = "control packets are dropped until the network has converged",
    [CLAIM_REFUSED] = "new calls are refused until flush and audit are over, or the audit when that is agreed",
    [CLAIM_OPEN] = "nothing is dropped or refused when no flush and no audit runs",
    [CLAIM_AUDITED] =
        "calls that came from the other chassis are audited, once more after an audit that was broken off",
    [CLAIM_FLUSHED] = "accounting is waited for after a hand-over; after a loss it is said that none comes",
    [CLAIM_POST] = "post-switchover follows flush and audit that were not ended by an operator",
    [CLAIM_CUT] = "a phase is cut by its bound, an operator or the end of serving, and by nothing else",
    [CLAIM_ANSWERED] = "an operator is told once what ran, and then nothing runs any more",
    [CLAIM_STOPPED] = "a chassis that gives way has nothing running and no gate closed",
    [CLAIM_INERT] = "what nobody waits for changes nothing",
    [CLAIM_ENDS] = "everything ends: with all answers or all bounds, at rest and open",
};

static uint64_t checked[CLAIM_COUNT], row_hits[ROWS_MAX];
static const char *broken;

struct world {
	struct srp_post p;
	bool runs[SRP_PHASE_COUNT], works[SRP_PHASE_COUNT], timers[SRP_POST_TIMER_COUNT];
	uint8_t gate;
	bool is_begun, is_serving, is_first, is_planned, is_agreed, is_owed;
};

static const uint8_t phase_of[SRP_POST_TIMER_COUNT] = {
    [SRP_POST_TIMER_FLUSH] = SRP_PHASE_ACCOUNTING_FLUSH,
    [SRP_POST_TIMER_AUDIT] = SRP_PHASE_INTERNAL_AUDIT,
    [SRP_POST_TIMER_READY] = SRP_PHASE_POST_SWITCHOVER,
};

static void
claim(enum claim c, bool holds)
{
	checked[c]++;
	if (!holds)
		broken = claim_texts[c];
}

static bool
works_on(const struct world *w)
{
	return w->runs[SRP_PHASE_ACCOUNTING_FLUSH] || w->runs[SRP_PHASE_INTERNAL_AUDIT] ||
	       w->runs[SRP_PHASE_POST_SWITCHOVER];
}

/* The shell does as it is told. */
static void
act(struct world *w, const struct srp_post_action *a, bool *is_cut)
{
	switch (a->kind) {
	case SRP_POST_ACT_PHASE_BEGIN:
		claim(CLAIM_PHASES, !w->runs[a->phase]);
		w->runs[a->phase] = true;
		break;
	case SRP_POST_ACT_PHASE_END:
		claim(CLAIM_PHASES, w->runs[a->phase]);
		w->runs[a->phase] = false;
		*is_cut = *is_cut || a->is_cut;
		break;
	case SRP_POST_ACT_TIMER_START:
	case SRP_POST_ACT_TIMER_STOP:
		w->timers[a->timer] = a->kind == SRP_POST_ACT_TIMER_START;
		claim(CLAIM_TIMERS, a->kind == SRP_POST_ACT_TIMER_STOP || a->ms > 0);
		break;
	case SRP_POST_ACT_START:
		w->works[a->phase] = true;
		break;
	case SRP_POST_ACT_CANCEL:
		claim(CLAIM_WORK, w->works[a->phase]);
		w->works[a->phase] = false;
		break;
	case SRP_POST_ACT_GATE:
		w->gate = a->gate;
		break;
	default:
		break;
	}
}

static void
check_world(const struct world *w)
{
	bool has_flush = w->runs[SRP_PHASE_ACCOUNTING_FLUSH], has_audit = w->runs[SRP_PHASE_INTERNAL_AUDIT];

	for (int t = 0; t < SRP_POST_TIMER_COUNT; t++) {
		claim(CLAIM_TIMERS, w->timers[t] == w->runs[phase_of[t]]);
		claim(CLAIM_WORK, w->works[phase_of[t]] == w->runs[phase_of[t]]);
	}
	if (w->runs[SRP_PHASE_NETWORK_CONVERGENCE])
		claim(CLAIM_DROPPED, w->gate == SRP_GATE_DROP_CONTROL && !works_on(w));
	else if (has_audit || (has_flush && !w->is_agreed))
		claim(CLAIM_REFUSED, w->gate == SRP_GATE_REFUSE_NEW);
	else if (has_flush)
		claim(CLAIM_REFUSED, w->gate == SRP_GATE_OPEN);
	else
		claim(CLAIM_OPEN, w->gate == SRP_GATE_OPEN);
	claim(CLAIM_ANSWERED, srp_post_is_running(&w->p) == works_on(w));
}

static const struct srp_post_action *
find(const struct srp_post_out *out, uint8_t kind, unsigned *n)
{
	const struct srp_post_action *found = NULL;

	*n = 0;
	for (size_t k = 0; k < out->count; k++)
		if (out->actions[k].kind == kind) {
			found = &out->actions[k];
			++*n;
		}
	return found;
}

static void
check_converged(const struct world *was, const struct world *w, const struct srp_post_out *out)
{
	bool is_audited = !was->is_first || was->is_owed;
	unsigned n;

	if (!was->runs[SRP_PHASE_NETWORK_CONVERGENCE])
		return;
	claim(CLAIM_AUDITED, w->runs[SRP_PHASE_INTERNAL_AUDIT] == is_audited);
	claim(CLAIM_FLUSHED, w->runs[SRP_PHASE_ACCOUNTING_FLUSH] == (is_audited && was->is_planned));
	(void)find(out, SRP_POST_ACT_NO_FLUSH, &n);
	claim(CLAIM_FLUSHED, n == (is_audited && !was->is_planned ? 1u : 0u));
}

static void
check_answer(const struct world *was, const struct world *w, const struct srp_post_event *ev,
             const struct srp_post_out *out)
{
	unsigned n;
	const struct srp_post_action *a = find(out, SRP_POST_ACT_ANSWER, &n);
	uint8_t expected = works_on(was)                              ? SRP_POST_ANSWER_OK
	                   : was->runs[SRP_PHASE_NETWORK_CONVERGENCE] ? SRP_POST_ANSWER_NOT_YET
	                   : was->is_serving                          ? SRP_POST_ANSWER_NONE_RUNS
	                                                              : SRP_POST_ANSWER_NOT_ACTIVE;

	if (ev->kind != SRP_POST_EV_TERMINATE) {
		claim(CLAIM_ANSWERED, n == 0);
		return;
	}
	claim(CLAIM_ANSWERED, n == 1 && a->answer == expected && a->asker == ASKER && !works_on(w));
}

/* The phase that an answer or a bound is about; SRP_PHASE_NONE: another event. */
static uint8_t
about(uint8_t kind)
{
	switch (kind) {
	case SRP_POST_EV_FLUSH_DONE:
	case SRP_POST_EV_TIMER_FLUSH:
		return SRP_PHASE_ACCOUNTING_FLUSH;
	case SRP_POST_EV_AUDIT_DONE:
	case SRP_POST_EV_TIMER_AUDIT:
		return SRP_PHASE_INTERNAL_AUDIT;
	case SRP_POST_EV_READY:
	case SRP_POST_EV_TIMER_READY:
		return SRP_PHASE_POST_SWITCHOVER;
	case SRP_POST_EV_CONVERGED:
		return SRP_PHASE_NETWORK_CONVERGENCE;
	default:
		return SRP_PHASE_NONE;
	}
}

static void
check_step(const struct world *was, const struct world *w, const struct srp_post_event *ev,
           const struct srp_post_out *out, bool is_cut)
{
	uint8_t phase = about(ev->kind);
	bool is_bound = ev->kind >= SRP_POST_EV_TIMER_FLUSH && ev->kind <= SRP_POST_EV_TIMER_READY;
	bool had_both = was->runs[SRP_PHASE_ACCOUNTING_FLUSH] || was->runs[SRP_PHASE_INTERNAL_AUDIT];
	bool has_both = w->runs[SRP_PHASE_ACCOUNTING_FLUSH] || w->runs[SRP_PHASE_INTERNAL_AUDIT];

	if (phase != SRP_PHASE_NONE && !was->runs[phase])
		claim(CLAIM_INERT, out->count == 0 && was->p.state == w->p.state);
	else if (phase != SRP_PHASE_NONE)
		claim(CLAIM_PHASES, !w->runs[phase]);
	if (ev->kind == SRP_POST_EV_CONVERGED)
		check_converged(was, w, out);
	if (ev->kind == SRP_POST_EV_BEGIN)
		claim(CLAIM_DROPPED, was->is_begun ? out->count == 0 : w->runs[SRP_PHASE_NETWORK_CONVERGENCE]);
	if (ev->kind == SRP_POST_EV_STOP)
		claim(CLAIM_STOPPED,
		      !works_on(w) && !w->runs[SRP_PHASE_NETWORK_CONVERGENCE] && w->gate == SRP_GATE_OPEN);
	if (had_both && !has_both && ev->kind != SRP_POST_EV_STOP && ev->kind != SRP_POST_EV_TERMINATE)
		claim(CLAIM_POST, w->runs[SRP_PHASE_POST_SWITCHOVER]);
	else if (!was->runs[SRP_PHASE_POST_SWITCHOVER])
		claim(CLAIM_POST, !w->runs[SRP_PHASE_POST_SWITCHOVER]);
	if (is_cut)
		claim(CLAIM_CUT, is_bound || ev->kind == SRP_POST_EV_STOP || ev->kind == SRP_POST_EV_TERMINATE);
	else if (is_bound && was->runs[phase])
		claim(CLAIM_CUT, false);
	check_answer(was, w, ev, out);
	check_world(w);
}

/* What the shell knows of itself, before the engine is asked. */
static void
note(struct world *w, const struct srp_post_event *ev)
{
	uint8_t phase = about(ev->kind);

	switch (ev->kind) {
	case SRP_POST_EV_FLUSH_DONE:
	case SRP_POST_EV_AUDIT_DONE:
	case SRP_POST_EV_READY:
		w->works[phase] = false;
		if (ev->kind == SRP_POST_EV_AUDIT_DONE && w->runs[phase])
			w->is_owed = false;
		break;
	case SRP_POST_EV_TIMER_FLUSH:
	case SRP_POST_EV_TIMER_AUDIT:
	case SRP_POST_EV_TIMER_READY:
		w->timers[ev->kind - SRP_POST_EV_TIMER_FLUSH] = false;
		break;
	case SRP_POST_EV_OPTIONS:
		w->is_agreed = ev->is_optimized;
		break;
	case SRP_POST_EV_CONVERGED:
		w->is_serving = true;
		break;
	case SRP_POST_EV_STOP:
		w->is_owed = w->is_owed || w->runs[SRP_PHASE_INTERNAL_AUDIT];
		w->is_serving = false;
		break;
	default:
		break;
	}
}

static void
feed(struct world *w, const struct srp_post_event *ev)
{
	struct world was = *w;
	struct srp_post_out out;
	bool is_cut = false;

	if (ev->kind == SRP_POST_EV_BEGIN && !w->is_begun) {
		w->is_first = ev->is_first;
		w->is_planned = ev->is_planned;
	}
	note(w, ev);
	if (srp_post_input(&w->p, ev, &out) != ERR_OK) {
		broken = "every event has a row";
		return;
	}
	row_hits[out.row]++;
	for (size_t k = 0; k < out.count; k++)
		act(w, &out.actions[k], &is_cut);
	w->is_begun = w->runs[SRP_PHASE_NETWORK_CONVERGENCE] || works_on(w);
	check_step(&was, w, ev, &out, is_cut);
}

/* Answers, or bounds, until nothing runs. */
static void
check_end(const struct world *from, bool is_bound)
{
	static const uint8_t done[] = {SRP_POST_EV_CONVERGED, SRP_POST_EV_FLUSH_DONE, SRP_POST_EV_AUDIT_DONE,
	                               SRP_POST_EV_READY};
	static const uint8_t bounds[] = {SRP_POST_EV_CONVERGED, SRP_POST_EV_TIMER_FLUSH, SRP_POST_EV_TIMER_AUDIT,
	                                 SRP_POST_EV_TIMER_READY};
	struct world w = *from;

	for (size_t k = 0; k < sizeof done; k++)
		feed(&w, &(struct srp_post_event){.kind = is_bound ? bounds[k] : done[k]});
	claim(CLAIM_ENDS, !w.is_begun && w.gate == SRP_GATE_OPEN);
}

/* --- all worlds ----------------------------------------------------------------------------------------------- */

static struct world worlds[WORLDS_MAX];
static unsigned count;

/* Zeroes between the members too: worlds are compared as they lie. */
static void
add(const struct world *w)
{
	for (unsigned k = 0; k < count; k++)
		if (memcmp(&worlds[k], w, sizeof *w) == 0)
			return;
	if (count == WORLDS_MAX) {
		printf("more worlds than there is room for\n");
		exit(1);
	}
	memcpy(&worlds[count++], w, sizeof *w);
}

static void
explore(const struct world *from)
{
	for (uint8_t kind = 0; kind < SRP_POST_EV_COUNT; kind++) {
		for (unsigned bits = 0; bits < 8; bits++) {
			struct srp_post_event ev = {.kind = kind,
			                            .is_first = (bits & 1) != 0,
			                            .is_planned = (bits & 2) != 0,
			                            .is_optimized = (bits & 4) != 0,
			                            .asker = ASKER};
			struct world w;

			memcpy(&w, from, sizeof w);
			feed(&w, &ev);
			if (broken != NULL) {
				printf("FAULT: not so: %s (state %s, event %s)\n", broken,
				       srp_post_table()->states[from->p.state], srp_post_table()->events[kind]);
				exit(1);
			}
			add(&w);
		}
	}
	check_end(from, false);
	check_end(from, true);
}

int
main(void)
{
	const struct fsm_table *t = srp_post_table();
	unsigned hit = 0, idle = 0;

	count = 1; /* at rest: zeroes */
	for (unsigned at = 0; at < count && broken == NULL; at++)
		explore(&worlds[at]);
	for (unsigned c = 0; c < CLAIM_COUNT; c++) {
		printf("%10" PRIu64 "  %s\n", checked[c], claim_texts[c]);
		idle += checked[c] == 0;
	}
	for (size_t i = 0; i < t->count; i++) {
		hit += row_hits[i] > 0;
		if (row_hits[i] == 0)
			printf("row %zu is not hit: %s\n", i, t->rows[i].reason);
	}
	if (broken != NULL)
		printf("FAULT: not so: %s\n", broken);
	printf("srp_post_explore: %u states, rows %u/%zu hit\n", count, hit, t->count);
	return broken != NULL || idle > 0 || hit < t->count;
}
