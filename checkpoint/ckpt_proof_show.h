/*
 * ckpt_proof_show.h - what `show srp checkpoint proof` says, and the external audits of `show srp audit-statistics`.
 *
 * From const views to a report. The proof is ours; the contents of an audit are variables 9 to 20 of the icsr
 * bulk-statistics schema (reference, section 4.3), their layout is chosen here.
 */
#ifndef CHECKPOINT_CKPT_PROOF_SHOW_H
#define CHECKPOINT_CKPT_PROOF_SHOW_H

#include "base/report.h"
#include "checkpoint/ckpt_types.h"

/* A call that differs. */
struct ckpt_differ_view {
	uint32_t instance;
	uint32_t callid;
	uint8_t kind;     /* enum ckpt_differ_kind */
	const char *imsi; /* NULL: not known here */
};

/* One session manager. */
struct ckpt_proof_view {
	uint32_t instance;
	bool is_running;
	uint64_t proved_ms; /* CKPT_NOW_PROVED_MS; 0: nothing is proved */
	uint64_t calls;
	uint64_t different;
	uint64_t digest;
	uint64_t rounds, rounds_different;
};

/* ckpt_show_proof - @now_ms of the same clock as proved_ms; @total calls differ, @named of them are in @names. */
void ckpt_show_proof(const struct ckpt_proof_view *views, unsigned count, const struct ckpt_differ_view *names,
                     size_t named, uint64_t now_ms, struct report *r);

/* One external audit, all session managers. Moments are ms since 1970, 0: there was none. */
struct ckpt_audit_view {
	uint64_t number;
	const char *state;  /* of the chassis, as it began */
	const char *reason; /* manual, daily, periodic */
	uint64_t start_ms, sync_ms, ready_ms;
	uint64_t took_ms;
	uint64_t active, fresh, stale, inactive, left; /* calls */
	bool is_ended;                                 /* false: a connection or the roles changed meanwhile */
	bool is_running;
	bool is_cut; /* the program ended in the middle of it */
};

/* ckpt_show_audits - @count of them, the oldest first, with their ages at @now_ms, of the same clock. */
void ckpt_show_audits(const struct ckpt_audit_view *audits, size_t count, uint64_t now_ms, struct report *r);

/* ckpt_differ_text - "differs", "missing on the standby" ... */
const char *ckpt_differ_text(uint8_t kind);

#endif
