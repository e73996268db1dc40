/*
 * guard_timer.h - guard and damping periods: does a failed monitor cause a switchover now, later or not at all?
 *
 * One engine for each of AAA, BGP and Diameter, all with one table (guard_timer.c). It is told that the monitor failed
 * or recovered, that this chassis became Active, and that something failed locally; it reports a failure at once, after
 * the damping period, or never. Pure: no clock, timers are actions and events. Caller: monitor_link.c.
 *
 *              guard period begins                    failed
 *   CLEAR <--------------------------> GUARDED ------------------> DAMPING
 *     |        the last one ends           ^      recovered (or to CLEAR) |
 *     | failed: reported at once           | recovered                    | outlasted the damping period: reported
 *     v                                    |                              v
 *   FAILED ----------------------------- (as CLEAR or GUARDED) <------- FAILED
 *
 * Choices that the chapter leaves open
 *  - Two guard periods that overlap: the chassis is guarded until the later one ends; the longer damping period of
 * those that run when the monitor fails counts.
 *  - A guard period that ends does not end the damping: the failure began inside it.
 *  - A chassis that becomes Active while its monitor is reported as failed takes the report back and lets the failure
 *    outlast the damping period: the network has just been turned round.
 *  - A period that is changed counts from its next start; 0 is none.
 *
 * Source: interchassis session recovery chapter, "SRP Redundancy, AAA and Diameter Guard Timers".
 */
#ifndef MONITOR_GUARD_TIMER_H
#define MONITOR_GUARD_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/fsm.h"

enum guard_state { GUARD_CLEAR, GUARD_GUARDED, GUARD_DAMPING, GUARD_FAILED, GUARD_STATE_COUNT };

/* Guard periods run side by side, one for each cause. */
enum guard_cause { GUARD_SWITCHOVER, GUARD_LOCAL, GUARD_CAUSE_COUNT };

/* The timers of one engine: its guard periods by cause, then the damping period. */
enum guard_timer { GUARD_TIMER_SWITCHOVER, GUARD_TIMER_LOCAL, GUARD_TIMER_DAMPING, GUARD_TIMER_COUNT };

enum guard_event {
	GUARD_EV_SWITCHOVER, /* this chassis has become Active */
	GUARD_EV_LOCAL,      /* a local failure: a task died, or the chassis has just started */
	GUARD_EV_FAILED,     /* the monitor has failed */
	GUARD_EV_RECOVERED,  /* it has not failed any longer */
	GUARD_EV_TIMER_SWITCHOVER,
	GUARD_EV_TIMER_LOCAL,
	GUARD_EV_TIMER_DAMPING,
	GUARD_EV_COUNT
};

/* Milliseconds by enum guard_cause; 0: none. */
struct guard_periods {
	uint32_t guard_ms[GUARD_CAUSE_COUNT];
	uint32_t damping_ms[GUARD_CAUSE_COUNT];
};

enum guard_act_kind {
	GUARD_ACT_TIMER_START,      /* timer, ms > 0: (re)arms one shot */
	GUARD_ACT_TIMER_STOP,       /* timer */
	GUARD_ACT_REPORT_FAILED,    /* the failure counts: the redundancy engine is told */
	GUARD_ACT_REPORT_RECOVERED, /* a failure that was reported no longer counts */
	GUARD_ACT_DAMPED,           /* the monitor recovered in the damping period: nothing but counted and logged */
	GUARD_ACT_COUNT
};

struct guard_action {
	uint8_t kind;  /* enum guard_act_kind */
	uint8_t timer; /* enum guard_timer */
	uint32_t ms;
};

enum { GUARD_OUT_MAX = 4 };

struct guard_out {
	size_t count; /* 0..GUARD_OUT_MAX */
	size_t row;   /* of guard_fsm_table() */
	struct guard_action actions[GUARD_OUT_MAX];
};

/* The engine: a plain value. */
struct guard {
	struct guard_periods periods;
	uint8_t state; /* enum guard_state */
	bool is_running[GUARD_CAUSE_COUNT];
};

/* guard_init - nothing has failed, no period runs. @p is copied. */
void guard_init(struct guard *g, const struct guard_periods *p);

/* guard_configure - other periods, from the next start of each on. */
void guard_configure(struct guard *g, const struct guard_periods *p);

/*
 * guard_input - one event.
 *
 * @out  receives the actions, to be run in order after return, and the row taken
 *
 * Returns ERR_OK, or ERR_RANGE for an event that does not exist, or ERR_NO_ROW (our bug); nothing is changed then.
 */
enum err guard_input(struct guard *g, enum guard_event ev, struct guard_out *out);

/* guard_state_text - "clear", "guarded", "damping", "failed"; "?" outside. */
const char *guard_state_text(uint8_t state);

/* guard_fsm_table - for the start-up self-check, docs/FSM.md and row counts. */
const struct fsm_table *guard_fsm_table(void);

/* guard_row_reason - the words of row @row; "?" outside. */
const char *guard_row_reason(size_t row);

/* guard_self_check - fsm_check of the table; ERR_FORMAT and the faults in @out. */
enum err guard_self_check(struct text *out);

#endif
