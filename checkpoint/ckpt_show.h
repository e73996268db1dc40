/*
 * ckpt_show.h - what `show srp checkpoint statistics [verbose]` says.
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

/* ckpt_show_info - the kinds of records that are sent: number, name, category, what makes them be sent. */
void ckpt_show_info(struct report *r);

#endif
