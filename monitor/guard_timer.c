/*
 * guard_timer.c - the table of guard and damping periods, and the little that runs it. Rows are tried in order, the
 * first whose guard holds is taken.
 */
#include "monitor/guard_timer.h"

#include <assert.h>

enum {
	G_ALWAYS,
	G_HAS_SWITCHOVER_PERIOD,   /* a guard period after a switchover is configured */
	G_HAS_LOCAL_PERIOD,        /* a guard period after a local failure is configured */
	G_DAMPED_AFTER_SWITCHOVER, /* that after a switchover, and its damping period */
	G_HAS_DAMPING,             /* a damping period of a guard period that runs is configured */
	G_GUARD_RUNS,              /* a guard period runs */
	G_LOCAL_RUNS,              /* the guard period after a local failure runs */
	G_SWITCHOVER_RUNS,         /* the guard period after a switchover runs */
	G_COUNT
};

enum {
	DO_NOTHING,
	DO_START_SWITCHOVER,
	DO_START_LOCAL,
	DO_START_DAMPING,
	DO_STOP_DAMPING,
	DO_END_SWITCHOVER,
	DO_END_LOCAL,
	DO_REPORT_FAILED,
	DO_REPORT_RECOVERED,
	DO_DAMPED,
	DO_COUNT
};

/* clang-format off */
static const struct fsm_row rows[] = {
	/* state, event, guard, next, actions, reason */

	/* ---- the monitor is well, no guard period runs ------------------------------------------------------- */
	{GUARD_CLEAR, GUARD_EV_SWITCHOVER, G_HAS_SWITCHOVER_PERIOD, GUARD_GUARDED, {DO_START_SWITCHOVER},
	 "this chassis became Active: the guard period begins"},
	{GUARD_CLEAR, GUARD_EV_LOCAL, G_HAS_LOCAL_PERIOD, GUARD_GUARDED, {DO_START_LOCAL},
	 "a local failure: the guard period begins"},
	{GUARD_CLEAR, GUARD_EV_FAILED, G_ALWAYS, GUARD_FAILED, {DO_REPORT_FAILED},
	 "failed outside of any guard period"},
	{GUARD_CLEAR, GUARD_EV_TIMER_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {0}, "no guard period runs"},
	{GUARD_CLEAR, GUARD_EV_TIMER_LOCAL, G_ALWAYS, FSM_SAME_STATE, {0}, "no guard period runs"},

	/* ---- the monitor is well, inside a guard period ------------------------------------------------------ */
	{GUARD_GUARDED, GUARD_EV_SWITCHOVER, G_HAS_SWITCHOVER_PERIOD, FSM_SAME_STATE, {DO_START_SWITCHOVER},
	 "became Active: the guard period begins, again or beside the other"},
	{GUARD_GUARDED, GUARD_EV_LOCAL, G_HAS_LOCAL_PERIOD, FSM_SAME_STATE, {DO_START_LOCAL},
	 "a local failure: the guard period begins, again or beside the other"},
	{GUARD_GUARDED, GUARD_EV_FAILED, G_HAS_DAMPING, GUARD_DAMPING, {DO_START_DAMPING},
	 "failed in a guard period: counts when it outlasts the damping period"},
	{GUARD_GUARDED, GUARD_EV_FAILED, G_ALWAYS, GUARD_FAILED, {DO_REPORT_FAILED},
	 "failed inside a guard period, and no damping period is configured"},
	{GUARD_GUARDED, GUARD_EV_TIMER_SWITCHOVER, G_LOCAL_RUNS, FSM_SAME_STATE, {DO_END_SWITCHOVER},
	 "this guard period is over, the one after a local failure is not"},
	{GUARD_GUARDED, GUARD_EV_TIMER_SWITCHOVER, G_ALWAYS, GUARD_CLEAR, {DO_END_SWITCHOVER}, "the guard period is over"},
	{GUARD_GUARDED, GUARD_EV_TIMER_LOCAL, G_SWITCHOVER_RUNS, FSM_SAME_STATE, {DO_END_LOCAL},
	 "this guard period is over, the one after a switchover is not"},
	{GUARD_GUARDED, GUARD_EV_TIMER_LOCAL, G_ALWAYS, GUARD_CLEAR, {DO_END_LOCAL}, "the guard period is over"},

	/* ---- failed inside a guard period, not yet outlasted ------------------------------------------------- */
	{GUARD_DAMPING, GUARD_EV_TIMER_DAMPING, G_ALWAYS, GUARD_FAILED, {DO_REPORT_FAILED},
	 "the failure has outlasted the damping period"},
	{GUARD_DAMPING, GUARD_EV_RECOVERED, G_GUARD_RUNS, GUARD_GUARDED, {DO_STOP_DAMPING, DO_DAMPED},
	 "recovered within the damping period"},
	{GUARD_DAMPING, GUARD_EV_RECOVERED, G_ALWAYS, GUARD_CLEAR, {DO_STOP_DAMPING, DO_DAMPED},
	 "recovered within the damping period; the guard period was over already"},
	{GUARD_DAMPING, GUARD_EV_TIMER_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {DO_END_SWITCHOVER},
	 "guard period over; the failure began inside it, damping goes on"},
	{GUARD_DAMPING, GUARD_EV_TIMER_LOCAL, G_ALWAYS, FSM_SAME_STATE, {DO_END_LOCAL},
	 "guard period over; the failure began inside it, damping goes on"},
	{GUARD_DAMPING, GUARD_EV_SWITCHOVER, G_HAS_SWITCHOVER_PERIOD, FSM_SAME_STATE, {DO_START_SWITCHOVER},
	 "became Active: a guard period begins, the damping period goes on"},
	{GUARD_DAMPING, GUARD_EV_LOCAL, G_HAS_LOCAL_PERIOD, FSM_SAME_STATE, {DO_START_LOCAL},
	 "a local failure: a guard period begins, the damping period goes on"},

	/* ---- failed, and reported ---------------------------------------------------------------------------- */
	{GUARD_FAILED, GUARD_EV_RECOVERED, G_GUARD_RUNS, GUARD_GUARDED, {DO_REPORT_RECOVERED}, "recovered, inside a guard period"},
	{GUARD_FAILED, GUARD_EV_RECOVERED, G_ALWAYS, GUARD_CLEAR, {DO_REPORT_RECOVERED}, "recovered"},
	{GUARD_FAILED, GUARD_EV_SWITCHOVER, G_DAMPED_AFTER_SWITCHOVER, GUARD_DAMPING,
	 {DO_START_SWITCHOVER, DO_REPORT_RECOVERED, DO_START_DAMPING},
	 "became Active with the failure: counts if it outlasts damping again"},
	{GUARD_FAILED, GUARD_EV_SWITCHOVER, G_HAS_SWITCHOVER_PERIOD, FSM_SAME_STATE, {DO_START_SWITCHOVER},
	 "became Active: guard period begins; undamped, the failure counts on"},
	{GUARD_FAILED, GUARD_EV_LOCAL, G_HAS_LOCAL_PERIOD, FSM_SAME_STATE, {DO_START_LOCAL},
	 "a local failure: the guard period begins; the old one counts already"},
	{GUARD_FAILED, GUARD_EV_TIMER_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {DO_END_SWITCHOVER}, "the guard period is over"},
	{GUARD_FAILED, GUARD_EV_TIMER_LOCAL, G_ALWAYS, FSM_SAME_STATE, {DO_END_LOCAL}, "the guard period is over"},

	/* ---- in any state ------------------------------------------------------------------------------------ */
	{FSM_ANY_STATE, GUARD_EV_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {0}, "no guard period after a switchover is configured"},
	{FSM_ANY_STATE, GUARD_EV_LOCAL, G_ALWAYS, FSM_SAME_STATE, {0}, "no guard period after a local failure is configured"},
	{FSM_ANY_STATE, GUARD_EV_FAILED, G_ALWAYS, FSM_SAME_STATE, {0}, "known to have failed"},
	{FSM_ANY_STATE, GUARD_EV_RECOVERED, G_ALWAYS, FSM_SAME_STATE, {0}, "had not failed"},
	{FSM_ANY_STATE, GUARD_EV_TIMER_DAMPING, G_ALWAYS, FSM_SAME_STATE, {0}, "no damping period runs"},
};

static const char *const states[] = {"clear", "guarded", "damping", "failed"};
static const char *const events[] = {"SWITCHOVER", "LOCAL", "FAILED", "RECOVERED",
                                     "TIMER_SWITCHOVER", "TIMER_LOCAL", "TIMER_DAMPING"};
static const char *const guards[] = {"", "has switchover period", "has local period", "damped after switchover",
                                     "has damping", "guard runs", "local runs", "switchover runs"};
static const char *const actions[] = {"", "start switchover guard", "start local guard", "start damping", "stop damping",
                                      "end switchover guard", "end local guard", "report failed", "report recovered",
                                      "count damped"};
/* clang-format on */

_Static_assert(sizeof states / sizeof states[0] == GUARD_STATE_COUNT, "a state without a name");
_Static_assert(sizeof events / sizeof events[0] == GUARD_EV_COUNT, "an event without a name");
_Static_assert(sizeof guards / sizeof guards[0] == G_COUNT, "a guard without a name");
_Static_assert(sizeof actions / sizeof actions[0] == DO_COUNT, "an action without a name");

static const struct fsm_table table = FSM_TABLE("guard");

const struct fsm_table *
guard_fsm_table(void)
{
	return &table;
}

const char *
guard_row_reason(size_t row)
{
	return row < table.count ? rows[row].reason : "?";
}

const char *
guard_state_text(uint8_t state)
{
	return state < GUARD_STATE_COUNT ? states[state] : "?";
}

enum err
guard_self_check(struct text *out)
{
	return fsm_check(&table, GUARD_CLEAR, out);
}

/* The longer damping period of the guard periods that run; 0: none. */
static uint32_t
damping_ms(const struct guard *g)
{
	uint32_t ms = 0;

	for (unsigned i = 0; i < GUARD_CAUSE_COUNT; i++)
		if (g->is_running[i] && g->periods.damping_ms[i] > ms)
			ms = g->periods.damping_ms[i];
	return ms;
}

static bool
holds(uint8_t guard, const void *arg)
{
	const struct guard *g = arg;
	const struct guard_periods *p = &g->periods;

	switch (guard) {
	case G_HAS_SWITCHOVER_PERIOD:
		return p->guard_ms[GUARD_SWITCHOVER] > 0;
	case G_HAS_LOCAL_PERIOD:
		return p->guard_ms[GUARD_LOCAL] > 0;
	case G_DAMPED_AFTER_SWITCHOVER:
		return p->guard_ms[GUARD_SWITCHOVER] > 0 && p->damping_ms[GUARD_SWITCHOVER] > 0;
	case G_HAS_DAMPING:
		return damping_ms(g) > 0;
	case G_GUARD_RUNS:
		return g->is_running[GUARD_SWITCHOVER] || g->is_running[GUARD_LOCAL];
	case G_LOCAL_RUNS:
		return g->is_running[GUARD_LOCAL];
	case G_SWITCHOVER_RUNS:
		return g->is_running[GUARD_SWITCHOVER];
	default:
		return true;
	}
}

static void
add(struct guard_out *out, enum guard_act_kind kind, enum guard_timer timer, uint32_t ms)
{
	assert(out->count < GUARD_OUT_MAX);
	out->actions[out->count++] = (struct guard_action){(uint8_t)kind, (uint8_t)timer, ms};
}

static void
start_guard(struct guard *g, enum guard_cause cause, struct guard_out *out)
{
	g->is_running[cause] = true;
	add(out, GUARD_ACT_TIMER_START, (enum guard_timer)cause, g->periods.guard_ms[cause]);
}

static void
run(struct guard *g, uint8_t what, struct guard_out *out)
{
	switch (what) {
	case DO_START_SWITCHOVER:
		start_guard(g, GUARD_SWITCHOVER, out);
		break;
	case DO_START_LOCAL:
		start_guard(g, GUARD_LOCAL, out);
		break;
	case DO_START_DAMPING:
		add(out, GUARD_ACT_TIMER_START, GUARD_TIMER_DAMPING, damping_ms(g));
		break;
	case DO_STOP_DAMPING:
		add(out, GUARD_ACT_TIMER_STOP, GUARD_TIMER_DAMPING, 0);
		break;
	case DO_END_SWITCHOVER:
		g->is_running[GUARD_SWITCHOVER] = false;
		break;
	case DO_END_LOCAL:
		g->is_running[GUARD_LOCAL] = false;
		break;
	case DO_REPORT_FAILED:
		add(out, GUARD_ACT_REPORT_FAILED, 0, 0);
		break;
	case DO_REPORT_RECOVERED:
		add(out, GUARD_ACT_REPORT_RECOVERED, 0, 0);
		break;
	case DO_DAMPED:
		add(out, GUARD_ACT_DAMPED, 0, 0);
		break;
	default:
		break;
	}
}

void
guard_init(struct guard *g, const struct guard_periods *p)
{
	*g = (struct guard){.periods = *p};
}

void
guard_configure(struct guard *g, const struct guard_periods *p)
{
	g->periods = *p;
}

enum err
guard_input(struct guard *g, enum guard_event ev, struct guard_out *out)
{
	const struct fsm_row *row;
	enum err e;

	*out = (struct guard_out){0};
	if ((unsigned)ev >= GUARD_EV_COUNT)
		return ERR_RANGE;
	e = fsm_find(&table, g->state, (uint8_t)ev, holds, g, &out->row);
	if (e != ERR_OK)
		return e;
	row = fsm_row(&table, out->row);
	for (size_t i = 0; i < FSM_ACTIONS_MAX && row->actions[i] != DO_NOTHING; i++)
		run(g, row->actions[i], out);
	if (row->next != FSM_SAME_STATE)
		g->state = row->next;
	return ERR_OK;
}
