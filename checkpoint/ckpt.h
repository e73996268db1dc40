/*
 * ckpt.h - the checkpoint link core of one session manager: both directions of its one TCP connection
 * to the session manager of the same number on the other chassis.
 *
 * Pure: no socket, clock, log or allocation outside ckpt_new. The shell (checkpoint/ckpt_link.c) moves
 * bytes and time in and out. Frames and record layout are ckpt_wire.h, the order of changes is
 * ckpt_changes.h, the calls are reached through struct ckpt_ops.
 *
 * Life of a connection:
 *
 *   dialled:  OPEN ------------------------> accepted: checks, OPEN_ACK
 *   both send HEARTBEAT at once and every 3 s; ROLE whenever their role or epoch changes
 *   standby:  after 7 heartbeats (aggressive: 1) and for each epoch of its active: READY(lineage)
 *   active:   lineage known -> SYNC_BEGIN(changes), BATCH ...
 *             else          -> SYNC_BEGIN(full), BATCH ... (changes in between), SYNC_END, BATCH ...
 *   standby:  one ACK for every BATCH and SYNC_END, at once
 *   both:     PROOF frames, see ckpt_proof.c
 *   standby:  NACK for a record it could not apply -> active: the call in full (ckpt_nack.c)
 *   in a planned switchover, old active: ACCOUNTING ..., ACCOUNTING_END
 *
 * Lineage. Changes are numbered per (epoch, incarnation of the active). The standby remembers up to
 * where it holds everything. A new active remembers the lineage it was promoted with (its base): an
 * old active whose own last change is that base has everything too, so after a planned switchover the
 * direction turns and only changes travel. Whatever does not match ends in a full sync, in which the
 * standby keeps what it has and drops at the end what was not refreshed.
 *
 * Source: interchassis session recovery chapter, "Checkpoint", "standby database-recovery"; the
 * project's design, section 6.
 */
#ifndef CHECKPOINT_CKPT_H
#define CHECKPOINT_CKPT_H

#include "checkpoint/ckpt_types.h"

enum {
	CKPT_HEARTBEAT_MS = 3000,
	CKPT_HEARTBEATS_NORMAL = 7, /* before a standby in normal recovery mode says READY */
	CKPT_HEARTBEATS_AGGRESSIVE = 1,
	CKPT_SILENCE_MS = 4 * CKPT_HEARTBEAT_MS, /* nothing heard that long: the connection is to be closed */
	CKPT_NACK_WINDOW_MS = 10 * 60 * 1000,    /* a call that was asked for and has not come is asked for again */
	CKPT_ACCOUNTING_MS = 30000,  /* signalling counters of calls are as old as this on the standby, or younger */
	CKPT_PROOF_MS = 250,         /* from one comparison with the peer to the next */
	CKPT_SCRUB_PASS_MS = 1200,   /* in which every stored record is read again */
	CKPT_SCRUB_SYNC_MS = 60000,  /* the same while a full synchronization runs */
	CKPT_FILL_MIN = 4096,        /* ckpt_fill needs at least this much room in its writer */
	CKPT_FILL_ROOM = 136 * 1024, /* room with which a batch reaches its full size */
	CKPT_INPUT_MAX = 64 * 1024   /* bytes received at most before they are carried out */
};

struct ckpt;

struct ckpt_config {
	uint32_t instance;    /* of the session manager, 1..127; the peer's must be the same */
	uint64_t chassis_id;  /* of this chassis; the peer's must differ */
	uint64_t incarnation; /* of this process: unique among all that ever were active; not 0 */
	uint32_t slots;       /* calls at most, 1..2^20; records for higher slots are refused */
	uint32_t tombs;       /* tombstones at most */
	struct ckpt_settings settings;
	uint32_t schema; /* of the call rows; carried in OPEN, shown, differing ones are understood by the rows */
	const struct ckpt_ops *ops;
	void *arg;
	struct digest *digest; /* of the stored records, borrowed for the core's life; NULL: no proof of sync */
};

/* Why a connection was refused or is to be closed; text constants. */
struct ckpt_verdict {
	enum err err;      /* ERR_OK: nothing wrong so far */
	const char *frame; /* frame type, for example "BATCH" */
	const char *field; /* field or rule that was broken, for example "crc32c" */
};

/* ckpt_new - a link core, disconnected, standby, epoch 0. NULL when memory is short or @cfg breaks its bounds. */
struct ckpt *ckpt_new(const struct ckpt_config *cfg);
void ckpt_free(struct ckpt *c);

/* ckpt_configure - the operator changed something; young calls are measured by the new durations. */
void ckpt_configure(struct ckpt *c, const struct ckpt_settings *settings);

/* ckpt_offer - codecs offered from the next connection on, a mask of compress.h; COMPRESS_OFFERED at first. */
void ckpt_offer(struct ckpt *c, uint32_t mask);

/*
 * ckpt_set_role - this chassis is now Active with @epoch (greater than every one before), or Standby.
 *
 * To Active: what this side held as a standby becomes its base. To Standby: changes that the peer has not
 * acknowledged stay listed (ckpt_unacked_next) until a sync from the peer begins. Tells the peer.
 */
void ckpt_set_role(struct ckpt *c, enum ckpt_role role, uint64_t epoch);

/*
 * Connection events. ckpt_connected: a TCP connection is up; the side that @is_dialler sends OPEN. A former
 * connection must have been ended by ckpt_disconnected first (ERR_REFUSED).
 */
enum err ckpt_connected(struct ckpt *c, bool is_dialler, uint64_t now_ms);
void ckpt_disconnected(struct ckpt *c);

/*
 * ckpt_input_space - where bytes of the connection are to be received: *room of them, at most CKPT_INPUT_MAX, so that
 * what they bring is carried out in a millisecond. Good until the next call on @c; then ckpt_input_came says how many
 * came. ckpt_input does both with bytes that lie elsewhere.
 *
 * Any cut of the stream is right.
 * Complete frames are carried out in order. An error (ERR_FORMAT, ERR_RANGE, ERR_SHORT, ERR_TRAILING, ERR_CORRUPT,
 * ERR_VERSION, ERR_REFUSED) means: nothing of that frame was applied, it was counted, ckpt_verdict says what was
 * wrong; the caller closes the connection and calls ckpt_disconnected. Input after it is refused.
 */
uint8_t *ckpt_input_space(struct ckpt *c, size_t *room);
enum err ckpt_input_came(struct ckpt *c, size_t n, uint64_t now_ms);
enum err ckpt_input(struct ckpt *c, const void *p, size_t n, uint64_t now_ms);
const struct ckpt_verdict *ckpt_verdict(const struct ckpt *c);

/*
 * ckpt_fill - append what is to be sent, at most one batch, to @out; also does one slice of background work.
 * Call it after any other call and whenever the socket has room, as long as ckpt_wants_fill says so.
 *
 * @out  at least CKPT_FILL_MIN free bytes (ERR_FULL, nothing done); CKPT_FILL_ROOM for full batches
 */
enum err ckpt_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms);
bool ckpt_wants_fill(const struct ckpt *c);

/*
 * ckpt_work - a slice of what goes on without the peer: the calls that a full synchronization did not bring are dropped
 * although the connection has ended or this side has become active, or what the peer had deleted would be back. At most
 * about 1 ms: call it while ckpt_wants_work says so, and other work in between. ckpt_tick does a slice as well.
 */
void ckpt_work(struct ckpt *c);
bool ckpt_wants_work(const struct ckpt *c);

/*
 * ckpt_tick - time goes on: heartbeats, young calls that have come of age, silence. Call it at least every
 * second, better 100 ms (with a duration of 0 nothing but heartbeats depends on it).
 *
 * Returns ERR_REFUSED when the peer has been silent for CKPT_SILENCE_MS: close as for ckpt_input.
 */
enum err ckpt_tick(struct ckpt *c, uint64_t now_ms);

/*
 * A change of CKPT_GROUP_ACCOUNTING alone is sent with the call's next other change, or within CKPT_ACCOUNTING_MS.
 *
 * What happened to the calls of this side while it is active; without effect on a standby. O(1).
 * ckpt_call_released: @tomb is the tombstone that was written for it.
 */
void ckpt_call_created(struct ckpt *c, uint32_t slot, enum ckpt_age_class age, uint64_t now_ms);
void ckpt_call_changed(struct ckpt *c, uint32_t slot, uint32_t groups);

/* ckpt_call_expect - a hint: the call in @slot is about to change. */
void ckpt_call_expect(const struct ckpt *c, uint32_t slot);

void ckpt_call_released(struct ckpt *c, uint32_t slot, uint32_t tomb);

/* ckpt_call_restored - a call found in the arena after this task was restarted: it must be sent in full, not young. */
void ckpt_call_restored(struct ckpt *c, uint32_t slot);

/*
 * ckpt_flush - the critical flush: all young calls in, until cancelled no call is young, and ops->flushed once
 * nothing is unacknowledged. ERR_REFUSED unless active and the peer Ready; ERR_EXISTS when one runs.
 */
enum err ckpt_flush(struct ckpt *c);
void ckpt_flush_cancel(struct ckpt *c);

/*
 * ckpt_account_send - the accounting flush of a planned switchover, on the side that hands over, after the peer was
 * told: counters of calls that it was not yet told of, and an end marker. Goes on when the roles change meanwhile;
 * READY is withheld until it is out. ERR_REFUSED: no connection.
 *
 * ckpt_account_ended - did the end marker of the active of @epoch arrive, and how many calls came before it?
 */
enum err ckpt_account_send(struct ckpt *c);
bool ckpt_account_ended(const struct ckpt *c, uint64_t epoch, uint64_t *count);

/* A change the peer has not acknowledged, or has a moment ago: then is_never_held is false. */
struct ckpt_unacked {
	uint32_t index; /* slot, or number of the tombstone */
	bool is_tomb;
	bool is_young;      /* waits for `checkpoint session duration` */
	bool is_never_held; /* the peer acknowledged no full record of it: the call is lost with this side */
	bool is_sent;       /* a full record of it has left this side */
};

/*
 * ckpt_unacked_next - walk the unacknowledged changes, oldest first, then the young calls, then the calls that a
 * standby which never had everything was not shown when the connection to it ended. @cursor is 0 before the first. A
 * step looks at 64 slots at most; what it then comes to has is_never_held false. On a side that has given way the
 * cursor is valid while changes are kept, else until the core is given another event. False at the end.
 *
 * ckpt_keep_unacked - said before ckpt_set_role to Standby: until it is taken back this side does not say READY, so no
 * synchronization replaces its changes. They are gone as well when it becomes Active again.
 */
bool ckpt_unacked_next(const struct ckpt *c, uint64_t *cursor, struct ckpt_unacked *out);
void ckpt_keep_unacked(struct ckpt *c, bool is_kept);

/*
 * ckpt_is_partial - a standby that a full synchronization was begun with, and has not reached its end, whatever ended
 * it: it has got @came calls of at most @of. To be asked before it becomes Active: what is missing is missing then.
 */
bool ckpt_is_partial(const struct ckpt *c, uint32_t *came, uint32_t *of);

/*
 * Proof of sync. ckpt_scrub reads a slice of the stored records again, as much as is due at @now_ms so that all are
 * read within CKPT_SCRUB_PASS_MS (CKPT_SCRUB_SYNC_MS while a full synchronization runs); it returns in how many
 * milliseconds (0..100) it wants to be called again; what a rest of 50 ms or more leaves out is not caught up with, the
 * pass takes longer. Without a digest nothing is done. Comparisons with the peer are made by themselves every
 * CKPT_PROOF_MS.
 *
 * ckpt_is_resent - does a critical flush send calls that differ in this way again? The active has them whole then; of
 * those named (CKPT_DIFFER_NAMES).
 */
bool ckpt_is_resent(enum ckpt_differ_kind kind);
uint32_t ckpt_scrub(struct ckpt *c, uint64_t now_ms);

/* ckpt_proof_counts - calls known to differ by kind; returns their sum. ckpt_proof_names - the first @max of them. */
uint32_t ckpt_proof_counts(const struct ckpt *c, uint32_t counts[CKPT_DIFFER_KINDS]);
uint32_t ckpt_proof_names(const struct ckpt *c, struct ckpt_differ *out, uint32_t max);

/*
 * ckpt_audit_begin - the active has both sides read everything again at once and compares; with @is_repair differing
 * and missing calls are sent in full, stale ones dropped, and the comparison is made again. ops->audited tells the end.
 * ERR_REFUSED unless active, the peer Ready, and no full synchronization runs; ERR_EXISTS while one runs.
 */
enum err ckpt_audit_begin(struct ckpt *c, bool is_repair, uint64_t now_ms);

enum ckpt_conn ckpt_conn(const struct ckpt *c);
enum ckpt_role ckpt_role(const struct ckpt *c);
enum ckpt_sync ckpt_sync(const struct ckpt *c);

/* ckpt_is_quiet - active, peer Ready, no sync runs, nothing young or unacknowledged: the peer holds everything. */
bool ckpt_is_quiet(const struct ckpt *c);

/* ckpt_lineage - up to where this side holds everything: own changes when active, the peer's when standby. */
struct ckpt_lineage ckpt_lineage(const struct ckpt *c);

/* ckpt_counters - CKPT_COUNTER_COUNT values, gauges brought up to date; dies at the next call on @c. */
const uint64_t *ckpt_counters(struct ckpt *c);

/* ckpt_peek_open - read instance and chassis id out of the first bytes of a connection (chassisd picks the session
 * manager by it). ERR_SHORT: @n bytes are too few (CKPT_OPEN_BYTES suffice); other errors: not an OPEN frame. */
enum { CKPT_OPEN_BYTES = 64 };
enum err ckpt_peek_open(const void *p, size_t n, uint32_t *instance, uint64_t *chassis_id);

#endif
