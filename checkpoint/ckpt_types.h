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
	CKPT_GROUP_ACCOUNTING = 1 << 4, /* 240 CALL_ACCOUNTING, ours: signalling counters, sent lazily */
	CKPT_GROUPS_MICRO = CKPT_GROUP_SESSION | CKPT_GROUP_STATS | CKPT_GROUP_IDLE | CKPT_GROUP_ACCOUNTING,
	CKPT_GROUPS_ALL = CKPT_GROUP_FULL | CKPT_GROUPS_MICRO
};

/* Record kinds on the wire: 0 is a full checkpoint, the others are the reference's CMD ids. */
enum ckpt_kind {
	CKPT_KIND_FULL = 0,
	CKPT_KIND_INVALIDATE_CRR = 1,
	CKPT_KIND_UPDATE_IDLESECS = 2,
	CKPT_KIND_GGSN_UPDATE_STATS = 116,
	CKPT_KIND_GGSN_UPDATE_SESSION = 171,
	CKPT_KIND_CALL_ACCOUNTING = 240 /* of no number of the appendix, which ends below 200 */
};

/* A micro-checkpoint: its number, group and the reference's names. */
struct ckpt_micro_row {
	uint8_t kind;
	uint32_t group;
	const char *name;
	const char *category;
};

enum { CKPT_MICRO_COUNT = 4 };

extern const struct ckpt_micro_row ckpt_micro_rows[CKPT_MICRO_COUNT];

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
	CKPT_NOW_PROVED_MS,    /* gauge: monotonic ms; all records were read again and compared after it; 0: not yet */
	CKPT_NOW_PROOF_CALLS,  /* gauge: calls of the last comparison */
	CKPT_NOW_DIFFERENT,    /* gauge: calls known to differ, damaged ones of this side included */
	CKPT_NOW_DIGEST,       /* gauge: sum of the calls that the standby holds */
	CKPT_NOW_UNACKED,      /* gauge: calls and tombstones the peer has not acknowledged */
	CKPT_NOW_YOUNG,        /* gauge: calls that wait for `checkpoint session duration` */
	CKPT_NOW_CONN,         /* gauge: enum ckpt_conn */
	CKPT_NOW_SYNC,         /* gauge: enum ckpt_sync */
	CKPT_NOW_ROLE,         /* gauge: enum ckpt_role */
	CKPT_NOW_COMPRESSION,  /* gauge: enum compress_id agreed on this connection */
	CKPT_NOW_CONFIGURED,   /* gauge: enum compress_id wanted for the next connection */
	CKPT_COUNTER_COUNT
};

/*
 * The link core's way to the calls of this session manager. Implemented by session/call_ckpt.c; @arg
 * is what was handed to ckpt_new. None of these may call back into the link core, except as said.
 */
struct digest;

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
	bool is_ended;                      /* false: the connection or the roles changed, nothing is known */
};

struct ckpt_ops {
	/* Append the stored full record of @slot and say its TEID; ERR_NOT_FOUND: no call there. */
	enum err (*read_full)(void *arg, uint32_t slot, uint32_t *teid, struct wbuf *out);
	/* Append the fields of one micro group of @slot; ERR_NOT_FOUND: no call there. */
	enum err (*read_micro)(void *arg, uint32_t slot, uint32_t group, uint32_t *teid, struct wbuf *out);
	/* @slot is about to be read: a hint. May be NULL. */
	void (*ahead)(void *arg, uint32_t slot);
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
	/* The records with these tokens passed the check and are about to be applied: a hint. May be NULL. */
	void (*expect)(void *arg, const uint64_t *tokens, size_t n);
	/* Apply a record that passed the check. Errors: ERR_NOT_FOUND, ERR_FULL, ERR_REFUSED; then nothing changed. */
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
	 * For the proof that both sides hold the same; NULL: none is made. scrub: read the stored records of up to @max
	 * slots from *slot on again, telling the digest, *slot moves on; ERR_SHORT: more to do, ERR_OK: that was all.
	 * slots_used: no slot from there on was ever used. teid: of the call in @slot, 0: none. audited: the audit that
	 * ckpt_audit_begin began has ended; may be NULL.
	 */
	enum err (*scrub)(void *arg, uint32_t *slot, uint32_t max);
	uint32_t (*slots_used)(void *arg);
	uint32_t (*teid)(void *arg, uint32_t slot);
	void (*audited)(void *arg, const struct ckpt_audit *a);

	/* The link came up, became ready or fell: now @conn. May be NULL. */
	void (*conn_changed)(void *arg, enum ckpt_conn conn);
	/* A critical flush ended: ERR_OK, everything is acknowledged; ERR_REFUSED, the link fell. May be NULL. */
	void (*flushed)(void *arg, enum err result);
};

#endif
