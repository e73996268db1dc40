/*
 * ckpt_show.h - what `show srp checkpoint ...` and `show srp micro-checkpoint ...` say.
 *
 * From const views to a report (text or JSON); who gathers the counters (chassisd, from the arenas) is the caller's
 * affair. Labels are those of the reference (sections 4.2, 4.3, 4.5); what it leaves open is chosen here.
 */
#ifndef CHECKPOINT_CKPT_SHOW_H
#define CHECKPOINT_CKPT_SHOW_H

#include "base/report.h"
#include "checkpoint/ckpt_types.h"

/* One session manager as it is now. */
struct ckpt_sessmgr_view {
	uint32_t instance;
	bool is_running;
	uint64_t counters[CKPT_COUNTER_COUNT];
	uint64_t calls_active;   /* served */
	uint64_t calls_standby;  /* pre-allocated */
	uint64_t calls_restored; /* recovered or taken over since the task started */
	uint64_t calls_lost;
};

/* ckpt_show_statistics - sums over @count session managers. */
void ckpt_show_statistics(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r);

/* ckpt_show_statistics_verbose - the sums, then one row a session manager with the columns `smgr inst` and `peer conn`.
 */
void ckpt_show_statistics_verbose(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r);

/* ckpt_show_statistics_debug - the same, then for each session manager where its link stands and what was refused. */
void ckpt_show_statistics_debug(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r);

/* ckpt_show_statistics_active - verbose, of @views, which are active, and their micro-checkpoints. */
void ckpt_show_statistics_active(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r);

/* ckpt_show_sessmgrs - the statistics of each of @views by itself; with @is_debug where its link stands as well. */
void ckpt_show_sessmgrs(const struct ckpt_sessmgr_view *views, unsigned count, bool is_debug, struct report *r);

/* ckpt_show_write_lists - a row a session manager: what waits to be sent or acknowledged. */
void ckpt_show_write_lists(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r);

/* ckpt_show_ipsecmgrs - that there are none. */
void ckpt_show_ipsecmgrs(struct report *r);

/* ckpt_show_debug - fields: where the link of @v stands, and a table of what was refused by name. */
void ckpt_show_debug(const struct ckpt_sessmgr_view *v, struct report *r);

/* ckpt_show_info - the kinds of checkpoints: number, name, what makes them be sent, counters, NACK state by @s. */
void ckpt_show_info(const struct ckpt_sessmgr_view *views, unsigned count, const struct ckpt_settings *s,
                    struct report *r);

/* ckpt_show_micro - counters of each micro-checkpoint, with @is_debug for each session manager as well. */
void ckpt_show_micro(const struct ckpt_sessmgr_view *views, unsigned count, bool is_debug, struct report *r);

#endif
