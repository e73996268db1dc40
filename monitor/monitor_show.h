/*
 * monitor_show.h - renderer of `show srp monitor`: from a const view to a report; no state, no clock.
 *
 * Legend and columns of the objects are those of the reference's proposal (section 4.6); the table of monitors is ours.
 */
#ifndef MONITOR_MONITOR_SHOW_H
#define MONITOR_MONITOR_SHOW_H

#include "base/report.h"
#include "monitor/guard_timer.h"
#include "monitor/monitor_group.h"

/* One kind of monitor; times are Unix time in milliseconds, 0 never; what is left is 0 when nothing runs. */
struct monitor_kind_view {
	bool is_guarded; /* the kind has guard and damping periods: AAA, BGP, Diameter; the next six are theirs */
	bool is_reported;
	uint8_t guard_state; /* enum guard_state */
	uint32_t guard_left_ms[GUARD_CAUSE_COUNT];
	uint32_t damping_left_ms;
	struct guard_periods periods;
	uint64_t failed_since_ms; /* 0: has not failed */
	uint64_t last_failed_ms;
	uint32_t failures;      /* since the start or the last reset */
	uint32_t damped;        /* of them: recovered within the damping period */
	uint32_t reported;      /* of them: told to the redundancy engine */
	const char *last_cause; /* borrowed; empty: none */
	const char *last_words; /* what the guard engine did last, and why; empty: nothing yet */
};

struct monitor_view {
	const char *context; /* of service-redundancy-protocol; empty: not configured */
	uint64_t now_ms;     /* Unix time */
	const struct monitor_group *group;
	struct monitor_kind_view kinds[MONITOR_KIND_COUNT];
};

/* What of it: bit per enum monitor_kind. */
enum { MONITOR_SHOW_ALL = (1 << MONITOR_KIND_COUNT) - 1 };

/* monitor_show_summary - each kind, why it has failed, and the objects that are down. */
void monitor_show_summary(const struct monitor_view *v, struct report *r);

/* monitor_show_objects - all objects of @kinds. */
void monitor_show_objects(const struct monitor_view *v, unsigned kinds, struct report *r);

/* monitor_show_debug - all objects of the kind with the peers of endpoints, its counters, periods and guard engine. */
void monitor_show_debug(const struct monitor_view *v, enum monitor_kind kind, struct report *r);

#endif
