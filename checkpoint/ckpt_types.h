/*
 * ckpt_types.h - the plain values that checkpoints and their users share: groups, counters, lineage,
 * roles, and the table of functions by which the link core reaches the calls.
 *
 * Not the link (ckpt.h). Other features may include this file and session_types.h, nothing else of
 * these folders. CMD ids are those of the micro-checkpoint appendix of the product.
 */
#ifndef CHECKPOINT_CKPT_TYPES_H
#define CHECKPOINT_CKPT_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/* What of a call has changed: a bit mask. FULL carries everything; each other bit is one micro-checkpoint. */
enum ckpt_group {
	CKPT_GROUP_FULL = 1 << 0,
	CKPT_GROUP_SESSION = 1 << 1,    /* 171 GGSN_UPDATE_SESSION: peer, QoS, last request */
	CKPT_GROUP_STATS = 1 << 2,      /* 116 GGSN_UPDATE_STATS: packet and byte counters */
	CKPT_GROUP_IDLE = 1 << 3,       /* 2 UPDATE_IDLESECS: time of the last activity */
	CKPT_GROUP_ACCOUNTING = 1 << 4, /* 4 UPDATE_CLPSTATS: statistics of the call line, sent lazily */
	CKPT_GROUPS_MICRO = CKPT_GROUP_SESSION | CKPT_GROUP_STATS | CKPT_GROUP_IDLE | CKPT_GROUP_ACCOUNTING,
	CKPT_GROUPS_ALL = CKPT_GROUP_FULL | CKPT_GROUPS_MICRO
};

/* Record kinds on the wire: 0 is a full checkpoint, the others are the reference's CMD ids. */
enum ckpt_kind {
	CKPT_KIND_FULL = 0,
	CKPT_KIND_INVALIDATE_CRR = 1,
	CKPT_KIND_UPDATE_IDLESECS = 2,
	CKPT_KIND_UPDATE_CLPSTATS = 4,
	CKPT_KIND_GGSN_UPDATE_STATS = 116,
	CKPT_KIND_GGSN_UPDATE_SESSION = 171
};

/* A kind of checkpoint: number, group (0: none), the reference's name and category, and what makes it be sent. */
struct ckpt_micro_row {
	uint8_t kind;
	uint32_t group;
	const char *name;
	const char *category;
	const char *trigger;
	uint32_t interval_ms; /* sent so often when it has news; 0: by its trigger only */
	bool is_accounting;   /* counters that are billed */
	uint32_t within;      /* groups that have all fields of this one: not sent beside one of them */
};

/* The rows of micro groups come first, then the deletion, then the full checkpoint. */
enum {
	CKPT_MICRO_COUNT = 4,
	CKPT_ROW_INVALIDATE = CKPT_MICRO_COUNT,
	CKPT_ROW_FULL,
	CKPT_ROW_COUNT,
	CKPT_ROW_UNKNOWN = CKPT_ROW_COUNT
};

extern const struct ckpt_micro_row ckpt_micro_rows[CKPT_ROW_COUNT];

/* ckpt_row_of - the row of @kind, CKPT_ROW_UNKNOWN when there is none. */
static inline unsigned
ckpt_row_of(uint8_t kind)
{
	unsigned i = 0;

	while (i < CKPT_ROW_COUNT && ckpt_micro_rows[i].kind != kind)
		i++;
	return i;
}

/* ckpt_micro_group - the group that records of @kind carry, 0 when the kind is unknown. */
static inline uint32_t
ckpt_micro_group(uint8_t kind)
{
	for (int i = 0; i < CKPT_MICRO_COUNT; i++)
		if (ckpt_micro_rows[i].kind == kind)
			return ckpt_micro_rows[i].group;
	return 0;
}

enum { CKPT_RECORD_MAX = 1024 }; /* bytes of one record's payload, no record is longer */

/* Why a standby asks for a full checkpoint. The numbers are on the wire. */
enum ckpt_nack_reason {
	CKPT_NACK_CKEY_MISMATCH = 1, /* another call lives where this one should */
	CKPT_NACK_SESS_NOT_FOUND,    /* there is no such call */
	CKPT_NACK_APPL_FAILURE,      /* the call is there, the checkpoint could not be written */
	CKPT_NACK_REASON_COUNT
};

/* The NACKs of full and of micro-checkpoints are configured apart. */
enum ckpt_nack_class { CKPT_NACK_MACRO, CKPT_NACK_MICRO, CKPT_NACK_CLASS_COUNT };

/* Calls of one kind of access point have their own `checkpoint session duration`. */
enum ckpt_age_class { CKPT_NON_IMS, CKPT_IMS, CKPT_AGE_CLASS_COUNT };

/* What an operator configures of a link; plain values. */
struct ckpt_settings {
	uint32_t duration_ms[CKPT_AGE_CLASS_COUNT]; /* `checkpoint session duration`; 0: at once */
	uint32_t periodic_ms;                       /* between two full checkpoints of a call; 0: no periodic ones */
	bool is_aggressive;                         /* `standby database-recovery aggressive` */
	bool is_nack[CKPT_NACK_CLASS_COUNT];        /* `checkpoint session nack`: ask for what could not be applied */
	uint16_t nacks_max[CKPT_NACK_CLASS_COUNT];  /* of one call, until a full checkpoint is applied */
	uint8_t nack_disabled[32];                  /* bit N: no NACK for CMD id N */
};

/* A rush of NACKs that is being held back, or (is_over) the end of it. */
struct ckpt_nack_storm {
	bool is_over;
	uint8_t kind;     /* the failing kind seen most: CMD id */
	uint8_t reason;   /* enum ckpt_nack_reason of the last one */
	uint32_t waiting; /* calls whose NACK has to wait */
};

enum ckpt_role { CKPT_STANDBY, CKPT_ACTIVE };

/* The `peer conn` column: nothing, Conn (TCP up, not yet ready), Ready. */
enum ckpt_conn { CKPT_CONN_NONE, CKPT_CONN_CONN, CKPT_CONN_READY };

/* How far the standby's copy is: none, a full sync runs, only changes travel. */
enum ckpt_sync { CKPT_SYNC_NONE, CKPT_SYNC_FULL, CKPT_SYNC_CHANGES };

/*
 * Up to where a side holds everything: all changes of one incarnation of an active session manager
 * in one epoch with a sequence of at most @seq. {0, 0, 0}: nothing.
 */
struct ckpt_lineage {
	uint64_t epoch;
	uint64_t incarnation;
	uint64_t seq;
};

/* Counters and gauges of one link; index of ckpt_counters() and of the arena's shared block. */
enum ckpt_counter {
	CKPT_FULL_SENT,
	CKPT_FULL_RECEIVED,
	CKPT_FULL_FAILED, /* received, in order, but could not be applied */
	CKPT_MICRO_SENT,
	CKPT_MICRO_RECEIVED,
	CKPT_MICRO_FAILED,
	CKPT_INVALIDATE_SENT,
	CKPT_INVALIDATE_RECEIVED,
	CKPT_INVALIDATE_FAILED,
	CKPT_INVALIDATE_AGAIN, /* sent once more: by a full synchronisation, or because a cut left it unacknowledged */
	CKPT_UNKNOWN_RECEIVED, /* records of a kind this release does not know, passed over */
	CKPT_BATCHES_SENT,
	CKPT_BATCHES_RECEIVED,
	CKPT_BATCHES_IGNORED, /* came while this side was not the standby of their sender */
	CKPT_ACKS_SENT,
	CKPT_ACKS_RECEIVED,
	CKPT_HEARTBEATS_SENT,
	CKPT_HEARTBEATS_RECEIVED,
	CKPT_RAW_BYTES_SENT, /* batch contents before compression */
	CKPT_RAW_BYTES_RECEIVED,
	CKPT_WIRE_BYTES_SENT, /* everything, frame headers included */
	CKPT_WIRE_BYTES_RECEIVED,
	CKPT_CONNECTS,
	CKPT_DISCONNECTS,
	CKPT_SYNCS_FULL,    /* full synchronisations begun by this side as the active */
	CKPT_SYNCS_CHANGES, /* connections on which only changes had to travel */
	CKPT_SYNCS_RECEIVED,
	CKPT_SYNC_DROPPED,     /* calls dropped at the end of a full sync because the active no longer had them */
	CKPT_REJECTED,         /* frames refused: see ckpt_verdict() */
	CKPT_FLUSH_FIRST_FULL, /* first full checkpoints of young calls sent in a critical flush */
	CKPT_ACCOUNTING_SENT,  /* records of accounting flushes */
	CKPT_ACCOUNTING_RECEIVED,
	CKPT_PROOFS,           /* comparisons with the peer that came to their end */
	CKPT_PROOFS_DIFFERENT, /* of these, with calls that differ */
	CKPT_RECORDS_RESTORED, /* damaged on the active, taken back from the standby */
	CKPT_RECORDS_LOST,     /* damaged on the active, and the standby did not have what was written: calls ended */
	CKPT_FULL_PERIODIC,    /* calls whose periodic full checkpoint was due */
	CKPT_NACK_FC_SENT,     /* for full checkpoints that could not be applied */
	CKPT_NACK_FC_RECEIVED,
	CKPT_NACK_MC_SENT, /* for micro-checkpoints */
	CKPT_NACK_MC_RECEIVED,
	CKPT_NACK_CKEY_SENT,
	CKPT_NACK_CKEY_RECEIVED,
	CKPT_NACK_NOT_FOUND_SENT,
	CKPT_NACK_NOT_FOUND_RECEIVED,
	CKPT_NACK_APPL_SENT,
	CKPT_NACK_APPL_RECEIVED,
	CKPT_NACK_ANSWERED,   /* full checkpoints made due by a NACK of the peer */
	CKPT_NACK_GONE,       /* NACKs of the peer for calls that have ended */
	CKPT_NACK_REPAIRED,   /* calls that were asked for and came */
	CKPT_NACK_GIVEN_UP,   /* calls still missing after max-response NACKs */
	CKPT_NACK_SUPPRESSED, /* not sent: not configured, or disabled for the kind */
	CKPT_NACK_DELAYED,    /* had to wait because there were too many */
	CKPT_NACK_STORMS,
	CKPT_CHANGES_MADE,    /* changes of calls, and deletions, put on the write list */
	CKPT_CHANGES_MERGED,  /* of which so many joined one that had not been sent yet */
	CKPT_WINDOW_FULL,     /* how often sending had to wait for acknowledgements */
	CKPT_NOW_PROVED_MS,   /* gauge: monotonic ms; all records were read again and compared after it; 0: not yet */
	CKPT_NOW_PROOF_CALLS, /* gauge: calls of the last comparison */
	CKPT_NOW_DIFFERENT,   /* gauge: calls known to differ, damaged ones of this side included */
	CKPT_NOW_DIGEST,      /* gauge: sum of the calls that the standby holds */
	CKPT_NOW_UNACKED,     /* gauge: calls and tombstones the peer has not acknowledged */
	CKPT_NOW_YOUNG,       /* gauge: calls that wait for `checkpoint session duration` */
	CKPT_NOW_CONN,        /* gauge: enum ckpt_conn */
	CKPT_NOW_SYNC,        /* gauge: enum ckpt_sync */
	CKPT_NOW_ROLE,        /* gauge: enum ckpt_role */
	CKPT_NOW_COMPRESSION, /* gauge: enum compress_id agreed on this connection */
	CKPT_NOW_CONFIGURED,  /* gauge: enum compress_id wanted for the next connection */
	CKPT_NOW_LIST_PEAK,   /* gauge: the longest the write list has been */
	CKPT_NOW_IN_FLIGHT,   /* gauge: batches sent and not acknowledged */
	CKPT_NOW_NACKS,       /* gauge: calls asked for by NACK that have not come */
	CKPT_NOW_EPOCH,       /* gauge */
	CKPT_NOW_INCARNATION, /* gauge: of this process */
	CKPT_NOW_SEQ,         /* gauge: last change made (active), or held (standby) */
	CKPT_NOW_ACKED,       /* gauge: last change the peer holds */
	CKPT_NOW_BATCH,       /* gauge: number of the next batch to be sent (active), or expected (standby) */
	CKPT_NOW_SCHEMA,      /* gauge: of the peer's call rows */
	CKPT_ROWS_FIRST,      /* CKPT_ROW_FIGURES for each row of ckpt_micro_rows: ckpt_row_counter */
	CKPT_REFUSED_FIRST = CKPT_ROWS_FIRST + 5 * CKPT_ROW_COUNT, /* one for each name of ckpt_refusals */
	CKPT_COUNTER_COUNT = CKPT_REFUSED_FIRST + 24
};

/* What is counted of each kind of checkpoint. */
enum ckpt_row_figure {
	CKPT_ROW_SENT,
	CKPT_ROW_RECEIVED,
	CKPT_ROW_FAILED, /* received, in order, but could not be applied */
	CKPT_ROW_NACK_SENT,
	CKPT_ROW_NACK_RECEIVED,
	CKPT_ROW_FIGURES
};

static inline enum ckpt_counter
ckpt_row_counter(unsigned row, enum ckpt_row_figure figure)
{
	return (enum ckpt_counter)(CKPT_ROWS_FIRST + row * CKPT_ROW_FIGURES + figure);
}

/* The rules by which frames and batches are refused, as verdicts name them; the last one stands for all others, which
 * are fields of records. */
enum { CKPT_REFUSALS = CKPT_COUNTER_COUNT - CKPT_REFUSED_FIRST };

extern const char *const ckpt_refusals[CKPT_REFUSALS];

struct digest; /* ckpt_digest.h */

/* In which way a call is not the same on both sides. */
enum ckpt_differ_kind {
	CKPT_DIFFERS,         /* both have it, with other contents */
	CKPT_MISSING,         /* the standby lacks it */
	CKPT_STALE,           /* the active does not have it */
	CKPT_DAMAGED_STANDBY, /* the stored record is not what was written, on the standby */
	CKPT_DAMAGED_ACTIVE,
	CKPT_UNSENT, /* changed on the active, and nothing is under way: a mistake of ours */
	CKPT_DIFFER_KINDS
};

struct ckpt_differ {
	uint32_t slot;
	uint32_t teid; /* 0: neither side knows it */
	uint8_t kind;  /* enum ckpt_differ_kind */
};

enum { CKPT_DIFFER_NAMES = 1024 }; /* calls named at one time; all are counted */

/* What an audit found and did. */
struct ckpt_audit {
	uint32_t calls;                     /* that the active says the standby holds */
	uint32_t found[CKPT_DIFFER_KINDS];  /* before the repair */
	uint32_t left;                      /* different after it */
	uint32_t read_ms, sync_ms, took_ms; /* reading again; from begin to the repair (0: none); whole */
	uint8_t is_ended;                   /* 0 or 1; 0: the connection or the roles changed, nothing is known */
};

/* How near what is announced is. */
enum ckpt_when { CKPT_SOON, CKPT_NEXT };

/*
 * The link core's way to the calls of this session manager. Implemented by session/call_ckpt.c for a call table, and by
 * session/sessmgr_link.c, which has pools and demux follow; @arg is what was handed to ckpt_new. None of these may call
 * back into the link core, except as said.
 */
struct ckpt_ops {
	/* Append the stored full record of @slot and say its TEID; ERR_NOT_FOUND: no call there. */
	enum err (*read_full)(void *arg, uint32_t slot, uint32_t *teid, struct wbuf *out);
	/* Append the fields of one micro group of @slot; ERR_NOT_FOUND: no call there. */
	enum err (*read_micro)(void *arg, uint32_t slot, uint32_t group, uint32_t *teid, struct wbuf *out);
	/* @groups of @slot are to be read soon, or next: a hint. May be NULL. */
	void (*ahead)(void *arg, uint32_t slot, uint32_t groups, enum ckpt_when when);
	/* Append tombstone number @tomb (0..tombs-1); ERR_NOT_FOUND: none there. */
	enum err (*read_tomb)(void *arg, uint32_t tomb, uint32_t *teid, struct wbuf *out);

	/* The number of the oldest tombstone, from which a full sync goes round the ring. */
	uint32_t (*oldest_tomb)(void *arg);

	/*
	 * Check a received record of @kind without changing anything. @token receives a value of the implementer's
	 * choice that the apply call gets back; @field names what is wrong on ERR_SHORT, ERR_RANGE or ERR_FORMAT.
	 */
	enum err (*check)(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t *token,
	                  const char **field);
	/* A full synchronization of about @calls calls has begun: a hint. May be NULL. */
	void (*coming)(void *arg, uint32_t calls);
	/*
	 * The records with these tokens passed the check and are to be applied soon, or next, each group once soon and
	 * once next: a hint. May be NULL.
	 */
	void (*expect)(void *arg, const uint64_t *tokens, size_t n, enum ckpt_when when);
	/*
	 * Apply a record that passed the check. Errors: ERR_NOT_FOUND, no such call; ERR_EXISTS, its place is another
	 * call's; ERR_FULL, ERR_REFUSED, ERR_CORRUPT. Then nothing changed.
	 */
	enum err (*apply)(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token);
	/* Drop the call in @slot, if there is one, because the active does not have it; true if there was one. */
	bool (*drop)(void *arg, uint32_t slot);

	/*
	 * A record of CKPT_GROUP_ACCOUNTING from an accounting flush, checked. This side may serve by now: what it has
	 * counted itself is to be kept. May call ckpt_call_changed. May be NULL: not wanted.
	 */
	void (*account)(void *arg, uint32_t teid, const uint8_t *p, size_t n);
	/* The end marker of an accounting flush came: ckpt_account_ended knows. May be NULL. */
	void (*accounting_ended)(void *arg);

	/*
	 * slots_used: no slot from there on was ever used; never goes back. teid: of the call in @slot, 0: none. scrub,
	 * for the proof that both sides hold the same: read the stored records of up to @max slots from *slot on again,
	 * telling the digest, *slot moves on; ERR_SHORT: more to do, ERR_OK: that was all. audited: the audit that
	 * ckpt_audit_begin began has ended; may be NULL.
	 */
	enum err (*scrub)(void *arg, uint32_t *slot, uint32_t max);
	uint32_t (*slots_used)(void *arg);
	uint32_t (*teid)(void *arg, uint32_t slot);
	void (*audited)(void *arg, const struct ckpt_audit *a);
	/*
	 * On the active the record of @teid was damaged. @is_restored: it is what was written again. Otherwise it is
	 * to be ended; @p (@n 0: none) is the last full record that the standby has of it, checked. May call into the
	 * core as a change does. NULL: damaged records of the active are only named.
	 */
	void (*mended)(void *arg, uint32_t teid, bool is_restored, const uint8_t *p, size_t n);
	/* Too many NACKs, which are being held back, or no longer. May be NULL. */
	void (*nack_storm)(void *arg, const struct ckpt_nack_storm *storm);

	/* The link came up, became ready or fell: now @conn. May be NULL. */
	void (*conn_changed)(void *arg, enum ckpt_conn conn);
	/* A critical flush ended: ERR_OK, everything is acknowledged; ERR_REFUSED, the link fell. May be NULL. */
	void (*flushed)(void *arg, enum err result);
};

#endif
