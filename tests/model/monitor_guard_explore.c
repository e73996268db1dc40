/*
 * monitor_guard_explore.c - every state that a guard timer can be in, with every order of failures, recoveries,
 * switchovers, local failures and ends of periods, for every choice of periods.
 *
 * The property of the chapter is said without the table: a failure inside a guard period is reported only when it has
 * lasted for a damping period, any other at once, and what has recovered is never reported as failed. The surroundings
 * keep for themselves which periods run. The states are so few that all are met.
 *
 * Usage: monitor_guard_explore. Ends with "monitor_guard_explore: N states, rows R/R hit".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/guard_timer.h"

enum { WORLDS_MAX = 1 << 14, ROWS_MAX = 128, GUARD_MS = 1000, DAMPING_MS = 100, PERIODS = 16 };

enum claim {
	CLAIM_AT_ONCE,
	CLAIM_OUTLASTS,
	CLAIM_TRUE,
	CLAIM_NEW,
	CLAIM_DAMPED,
	CLAIM_TAKEN_BACK,
	CLAIM_GUARDS,
	CLAIM_LENGTHS,
	CLAIM_DAMPING,
	CLAIM_INERT,
	CLAIM_ENDS,
	CLAIM_COUNT
};

static const char *const claim_texts[CLAIM_COUNT] = {
    [CLAIM_AT_ONCE] = "a failure outside of every damped guard period is reported at once",
    [CLAIM_OUTLASTS] = "one inside is reported when it has lasted for the damping period, and not before",
    [CLAIM_TRUE] = "what is reported as failed has failed",
    [CLAIM_NEW] = "a report says something new",
    [CLAIM_DAMPED] = "a failure that ends within the damping period is counted, and not reported",
    [CLAIM_TAKEN_BACK] =
        "a report is taken back when the monitor recovers, or when the chassis has become Active inside a "
        "damped guard period, and for nothing else",
    [CLAIM_GUARDS] = "a guard period begins with its cause and lasts until its end",
    [CLAIM_LENGTHS] = "periods are as long as configured; of two damping periods that run the longer",
    [CLAIM_DAMPING] = "the damping period runs while a failure is neither reported nor over",
    [CLAIM_INERT] = "what is known already, or for which no period is configured, changes nothing",
    [CLAIM_ENDS] = "when every period has ended, a failure is reported and its absence is not",
};

static uint64_t checked[CLAIM_COUNT], row_hits[ROWS_MAX];
static const char *broken;

struct world {
	struct guard g;
	bool guards[GUARD_CAUSE_COUNT]; /* periods that run, as the surroundings see it */
	bool timers[GUARD_TIMER_COUNT];
	bool has_failed, is_reported;
};

static void
claim(enum claim c, bool holds)
{
	checked[c]++;
	if (!holds)
		broken = claim_texts[c];
}

/* The longest damping period of the guard periods that run. */
static uint32_t
damping(const struct world *w)
{
	uint32_t ms = 0;

	for (int c = 0; c < GUARD_CAUSE_COUNT; c++)
		if (w->guards[c] && w->g.periods.damping_ms[c] > ms)
			ms = w->g.periods.damping_ms[c];
	return ms;
}

/* What must be reported after @ev: 1 failed, -1 recovered, 0 nothing. */
static int
expected(const struct world *was, const struct world *w, enum guard_event ev)
{
	switch (ev) {
	case GUARD_EV_FAILED:
		return !was->has_failed && damping(w) == 0 ? 1 : 0;
	case GUARD_EV_TIMER_DAMPING:
		return was->timers[GUARD_TIMER_DAMPING] ? 1 : 0;
	case GUARD_EV_RECOVERED:
		return was->is_reported ? -1 : 0;
	case GUARD_EV_SWITCHOVER:
		return was->is_reported && w->guards[GUARD_SWITCHOVER] && w->g.periods.guard_ms[GUARD_SWITCHOVER] > 0 &&
		               w->g.periods.damping_ms[GUARD_SWITCHOVER] > 0
		           ? -1
		           : 0;
	default:
		return 0;
	}
}

static void
act(struct world *w, const struct guard_action *a, int *report, unsigned *damped)
{
	switch (a->kind) {
	case GUARD_ACT_TIMER_START:
		w->timers[a->timer] = true;
		claim(CLAIM_LENGTHS,
		      a->ms == (a->timer == GUARD_TIMER_DAMPING ? damping(w) : w->g.periods.guard_ms[a->timer]) &&
		          a->ms > 0);
		break;
	case GUARD_ACT_TIMER_STOP:
		claim(CLAIM_DAMPING, a->timer == GUARD_TIMER_DAMPING);
		w->timers[a->timer] = false;
		break;
	case GUARD_ACT_DAMPED:
		++*damped;
		break;
	default:
		claim(CLAIM_NEW, *report == 0);
		*report = a->kind == GUARD_ACT_REPORT_FAILED ? 1 : -1;
	}
}

static void
check_step(const struct world *was, const struct world *w, enum guard_event ev, int report, unsigned damped,
           size_t count)
{
	bool is_short = ev == GUARD_EV_RECOVERED && was->timers[GUARD_TIMER_DAMPING];
	enum guard_cause cause = ev == GUARD_EV_SWITCHOVER ? GUARD_SWITCHOVER : GUARD_LOCAL;

	claim(report > 0 && ev == GUARD_EV_TIMER_DAMPING ? CLAIM_OUTLASTS
	      : report >= 0                              ? CLAIM_AT_ONCE
	                                                 : CLAIM_TAKEN_BACK,
	      report == expected(was, w, ev));
	if (report != 0) {
		claim(CLAIM_NEW, was->is_reported == (report < 0));
		claim(CLAIM_TRUE, report < 0 || w->has_failed);
	}
	claim(CLAIM_DAMPED, damped == (is_short ? 1u : 0u));
	claim(CLAIM_DAMPING, w->timers[GUARD_TIMER_DAMPING] == (w->has_failed && !w->is_reported));
	for (int c = 0; c < GUARD_CAUSE_COUNT; c++)
		claim(CLAIM_GUARDS, w->timers[c] == w->guards[c] && w->g.is_running[c] == w->guards[c]);
	if ((ev == GUARD_EV_SWITCHOVER || ev == GUARD_EV_LOCAL) && w->g.periods.guard_ms[cause] == 0)
		claim(CLAIM_INERT, count == 0 && w->g.state == was->g.state);
	if ((ev == GUARD_EV_FAILED && was->has_failed) || (ev == GUARD_EV_RECOVERED && !was->has_failed) ||
	    (ev >= GUARD_EV_TIMER_SWITCHOVER && !was->timers[ev - GUARD_EV_TIMER_SWITCHOVER]))
		claim(CLAIM_INERT, count == 0 && w->g.state == was->g.state);
}

static void
feed(struct world *w, enum guard_event ev)
{
	struct world was = *w;
	struct guard_out out;
	unsigned damped = 0;
	int report = 0;

	if (ev == GUARD_EV_FAILED || ev == GUARD_EV_RECOVERED)
		w->has_failed = ev == GUARD_EV_FAILED;
	else if (ev == GUARD_EV_SWITCHOVER || ev == GUARD_EV_LOCAL)
		w->guards[ev - GUARD_EV_SWITCHOVER] |= w->g.periods.guard_ms[ev - GUARD_EV_SWITCHOVER] > 0;
	else
		w->timers[ev - GUARD_EV_TIMER_SWITCHOVER] = false;
	if (ev == GUARD_EV_TIMER_SWITCHOVER || ev == GUARD_EV_TIMER_LOCAL)
		w->guards[ev - GUARD_EV_TIMER_SWITCHOVER] = false;
	if (guard_input(&w->g, ev, &out) != ERR_OK) {
		broken = "every event has a row";
		return;
	}
	row_hits[out.row]++;
	for (size_t k = 0; k < out.count; k++)
		act(w, &out.actions[k], &report, &damped);
	if (report != 0)
		w->is_reported = report > 0;
	check_step(&was, w, ev, report, damped, out.count);
}

static void
check_end(const struct world *from)
{
	struct world w = *from;

	for (int t = 0; t < GUARD_TIMER_COUNT; t++)
		if (w.timers[t])
			feed(&w, (enum guard_event)(GUARD_EV_TIMER_SWITCHOVER + t));
	claim(CLAIM_ENDS, w.is_reported == w.has_failed && w.g.state == (w.has_failed ? GUARD_FAILED : GUARD_CLEAR));
}

/* --- all worlds ----------------------------------------------------------------------------------------------- */

static struct world worlds[WORLDS_MAX];
static unsigned count, total;

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
	for (int ev = 0; ev < GUARD_EV_COUNT; ev++) {
		struct world w;

		memcpy(&w, from, sizeof w);
		feed(&w, (enum guard_event)ev);
		if (broken != NULL) {
			printf("FAULT: not so: %s (state %s, event %s)\n", broken, guard_state_text(from->g.state),
			       guard_fsm_table()->events[ev]);
			exit(1);
		}
		add(&w);
	}
	check_end(from);
}

/* Each of the four periods configured or not. */
static void
explore_periods(unsigned which)
{
	const struct guard_periods p = {
	    .guard_ms = {which & 1 ? GUARD_MS : 0, which & 2 ? 2 * GUARD_MS : 0},
	    .damping_ms = {which & 4 ? DAMPING_MS : 0, which & 8 ? 2 * DAMPING_MS : 0},
	};

	memset(worlds, 0, sizeof worlds);
	guard_init(&worlds[0].g, &p);
	count = 1;
	for (unsigned at = 0; at < count && broken == NULL; at++)
		explore(&worlds[at]);
	total += count;
}

int
main(void)
{
	const struct fsm_table *t = guard_fsm_table();
	unsigned hit = 0, idle = 0;

	for (unsigned which = 0; which < PERIODS; which++)
		explore_periods(which);
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
	printf("monitor_guard_explore: %u states, rows %u/%zu hit\n", total, hit, t->count);
	return broken != NULL || idle > 0 || hit < t->count;
}
