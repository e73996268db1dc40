/*
 * srp_dry_show.h - text of `srp initiate-switchover dry-run`: would it switch, what would be lost, which gap is to be
 * expected and what that figure is made of.
 *
 * From a const view to text; no state, no clock. The view is gathered by chassis/dry_run.c.
 */
#ifndef SRP_SRP_DRY_SHOW_H
#define SRP_SRP_DRY_SHOW_H

#include "base/text.h"
#include "srp/srp_dry_run.h"

enum { SRP_DRY_CALLS_NAMED = 10, SRP_DRY_GAPS = 8 };

/* One session manager. Without a Ready connection its flush cannot reach the peer. */
struct srp_dry_sessmgr {
	unsigned instance;
	const char *conn; /* as show srp checkpoint statistics verbose says it: "Ready", "Conn", "" */
	bool is_ready;
	uint64_t calls;
	uint64_t young;   /* younger than checkpoint session duration: not checkpointed yet */
	uint64_t unacked; /* calls with changes that the peer has not acknowledged */
	uint64_t differ;  /* calls known not to be the same on both chassis that are sent again */
};

/* A call that the peer does not have yet. */
struct srp_dry_call {
	unsigned instance;
	uint32_t callid;
	char imsi[16];
	uint32_t age_s;
};

struct srp_dry_view {
	const struct srp_dry_run *run;
	const struct srp_dry_sessmgr *sessmgrs;
	size_t sessmgr_count;
	const struct srp_dry_call *calls; /* of session managers without a Ready connection */
	size_t call_count;
	uint64_t record_bytes;         /* mean size of a checkpoint sent so far; 0: none was */
	uint64_t rtt_us, rtt_p99_us;   /* of hellos; 0: not measured */
	uint32_t gap_ms[SRP_DRY_GAPS]; /* of planned switchovers measured here, latest first */
	size_t gap_count;
};

/* srp_dry_lost - calls of @s that a switchover would lose, at most: those the peer may not hold. */
uint64_t srp_dry_lost(const struct srp_dry_sessmgr *s);

/* srp_dry_show - the whole output. */
void srp_dry_show(const struct srp_dry_view *v, struct text *out);

#endif
