/*
 * srp_history_show.h - what `show srp history [verbose]`, `call-loss statistics` and `audit-statistics` say.
 *
 * From const entries of both chassis to a report; no state, no clock. Labels of the call-loss and audit statistics are
 * the variables 1..20, 38, 39, 44, 52 and 56 of the icsr bulk statistics in words, as far as what they count exists.
 */
#ifndef SRP_SRP_HISTORY_SHOW_H
#define SRP_SRP_HISTORY_SHOW_H

#include "base/report.h"
#include "srp/srp_history.h"

enum { SRP_HISTORY_LATE = 10 }; /* switchovers that call-loss, audit and srp statistics list */

struct srp_history_view {
	struct srp_history_list list;
	uint64_t left_out; /* older ones that are no longer kept */
	bool is_offset_known;
	int64_t offset_us; /* clock of the peer less ours */
	uint64_t rtt_us;   /* the round trip it is estimated from: half of it is the largest error */
	uint64_t unsaved;  /* transitions that are not on disk */
	const char *unsaved_why;
};

/* srp_show_history - one line a transition, the oldest first; with @is_verbose the chain of both chassis below it. The
 * youngest @max, and a note when there are more; 0: all, which can take seconds: not on the loop. */
void srp_show_history(const struct srp_history_view *v, bool is_verbose, size_t max, struct report *r);

/* srp_show_history_late - the lines of the last SRP_HISTORY_LATE. */
void srp_show_history_late(const struct srp_history_view *v, struct report *r);

void srp_show_call_loss(const struct srp_history_view *v, struct report *r);
/* srp_show_audits - without the title of the first part: what the last audit found stands between. */
void srp_show_audits(const struct srp_history_view *v, struct report *r);

/* srp_lost_text - a reason of loss in words; "?" outside. */
const char *srp_lost_text(uint8_t why);

#endif
