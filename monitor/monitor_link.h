/*
 * monitor_link.h - the shell of the monitors: gives the cores time, logs and counts what they say.
 *
 * Owns the group (monitor_group.h), a guard engine each for AAA, BGP and Diameter (guard_timer.h) with its timers, and
 * the failure information that an operator can reset. It probes nothing: probes call monitor_link_set_state. What
 * counts goes to the redundancy engine through struct monitor_link_ops. BFD and HSRP are judged and shown, and reported
 * to nobody yet. Caller: chassisd (chassis/monitors.c).
 */
#ifndef MONITOR_MONITOR_LINK_H
#define MONITOR_MONITOR_LINK_H

#include <event2/event.h>

#include "monitor/guard_timer.h"
#include "monitor/monitor_group.h"
#include "monitor/monitor_show.h"

/* The kinds with guard engines come first in enum monitor_kind. */
enum { MONITOR_GUARDED = MONITOR_DIAMETER + 1, MONITOR_GUARD_MS_DEFAULT = 60000 };

struct monitor_link;

/* Called from within monitor_link; none may call monitor_link_free or monitor_link_configure. */
struct monitor_link_ops {
	/* the verdict on a kind has changed, guarded or not; @cause is empty when it recovered, and borrowed */
	void (*verdict)(void *arg, enum monitor_kind kind, bool is_failed, const char *cause);
	/* a failure of AAA, BGP or Diameter counts from now on, or no longer: for the redundancy engine */
	void (*report)(void *arg, enum monitor_kind kind, bool is_failed);
};

/* monitor_link_new - nothing is watched; all periods are MONITOR_GUARD_MS_DEFAULT. NULL: no memory. Arguments borrowed.
 */
struct monitor_link *monitor_link_new(struct event_base *base, const struct monitor_link_ops *ops, void *arg);
void monitor_link_free(struct monitor_link *l);

/*
 * monitor_link_configure - @count objects are watched (see monitor_configure), with @periods[MONITOR_GUARDED] by enum
 * monitor_kind. ERR_RANGE: nothing is changed.
 */
enum err monitor_link_configure(struct monitor_link *l, const struct monitor_object *objects, size_t count,
                                const struct guard_periods *periods);

/* monitor_link_set_active - does this chassis probe AAA servers? */
void monitor_link_set_active(struct monitor_link *l, bool is_active);

/* monitor_link_switchover - this chassis has just become Active. monitor_link_local_failure - @what died or started. */
void monitor_link_switchover(struct monitor_link *l);
void monitor_link_local_failure(struct monitor_link *l, const char *what);

/* monitor_link_set_state - what a probe found out now; errors as monitor_set_state. The one way in for states. */
enum err monitor_link_set_state(struct monitor_link *l, const struct monitor_key *key, enum monitor_state state);

/* monitor_link_forget_peer - a Diameter peer has left its endpoint; errors as monitor_forget_peer. */
enum err monitor_link_forget_peer(struct monitor_link *l, const struct monitor_key *key);

/*
 * monitor_link_reset - failure information of @kind to 0: counts, time and cause of the last failure. A failure that
 * stands goes on to stand. False: there was nothing to reset.
 */
bool monitor_link_reset(struct monitor_link *l, enum monitor_kind kind);

/* monitor_link_is_reported - does a failure of @kind count now? */
bool monitor_link_is_reported(const struct monitor_link *l, enum monitor_kind kind);

/* monitor_link_view - what the show commands print; context is the caller's. Borrowed parts die at the next event. */
void monitor_link_view(const struct monitor_link *l, struct monitor_view *v);

#endif
