/*
 * ckpt_proof.h - the proof that both sides hold the same calls, inside the link core. Private to checkpoint/.
 *
 *   ckpt_scrub.c         every stored record is read again and again, on both sides
 *   ckpt_proof.c         frames, and what is known
 *   ckpt_proof_active.c  the active's part of a round, the audit
 *   ckpt_proof_peer.c    the standby's part of a round
 *   ckpt_lend.c          damaged records of the active come back
 *
 * A round, in PROOF frames of the same stream that carries the records, so that what is compared is of one and the same
 * point of it, while calls go on changing:
 *
 *   active                                     standby
 *   ROOT: sum, calls, its damaged calls   ->   equal: VERDICT
 *                                         <-   ASK_BUCKETS
 *   BUCKETS: the sum of each bucket       ->
 *                                         <-   ASK_SLOTS: those that differ
 *   SLOTS: TEID and hash of each call     ->   names what differs; in a repair drops what is stale
 *                                         <-   NAMES, in a repair RESEND (slots), VERDICT
 *
 * An audit goes before a round with READ (both sides read all records at once), which the standby answers with DONE.
 */
#ifndef CHECKPOINT_CKPT_PROOF_H
#define CHECKPOINT_CKPT_PROOF_H

#include "checkpoint/ckpt_core.h"
#include "checkpoint/ckpt_digest.h"

enum proof_step {
	PROOF_ROOT = 1,
	PROOF_BUCKETS,
	PROOF_SLOTS,
	PROOF_READ,
	PROOF_ASK_BUCKETS,
	PROOF_ASK_SLOTS,
	PROOF_NAMES,
	PROOF_RESEND,
	PROOF_VERDICT,
	PROOF_DONE,
	PROOF_LEND, /* of the active: ckpt_lend.c */
	PROOF_LENT,
	PROOF_STEP_COUNT
};

enum {
	PROOF_HEADER_BYTES = 5,
	PROOF_SCRUB_PARTS = 16,
	PROOF_UNSENT_MAX = 64,
	PROOF_NAMES_CHUNK = 128, /* in one frame, of names and of slots to send again */
	PROOF_WAIT_MS = 5000     /* for an answer; then the round is given up and another begun */
};

/* Differences, counted by kind; the first ones by name. */
struct proof_found {
	uint32_t counts[CKPT_DIFFER_KINDS];
	uint32_t named;
	struct ckpt_differ names[CKPT_DIFFER_NAMES];
};

struct proof_scrub {
	uint32_t slot, used; /* the next one to be read; how many this pass goes through */
	bool is_passing, is_fast;
	uint32_t part;              /* the sixteenth of the pass that is being read */
	uint64_t begun_ms, part_ms; /* this pass, this part */
	uint32_t pass_ms;           /* in which a pass is to be done */
	uint64_t asked_ms;          /* when the next slice was to be */
	uint64_t
	    read_ms[PROOF_SCRUB_PARTS]; /* when each part was begun the last time it was read to its end; 0: never */
	uint32_t unsent, unsent_named;  /* of the last pass */
	uint32_t unsent_so_far;         /* of this one */
	uint32_t unsent_slots[PROOF_UNSENT_MAX], unsent_slots_so_far[PROOF_UNSENT_MAX];
};

enum proof_audit_stage { AUDIT_NONE, AUDIT_READ, AUDIT_COMPARE, AUDIT_VERIFY };

struct proof_audit {
	uint8_t stage; /* enum proof_audit_stage */
	bool is_repair, is_read, is_peer_read;
	uint64_t begun_ms;
	struct ckpt_audit report;
};

/* A record that the active asks for. */
struct proof_lent {
	uint32_t slot, teid;
	uint64_t hash; /* of what the standby was given last */
};

struct ckpt_proof {
	struct digest *digest;
	struct proof_scrub scrub;
	struct proof_audit audit;
	uint32_t round; /* of the active: the last one begun; of the standby: the one that is answered; 0: none yet */
	bool is_round;  /* one runs */
	bool is_repair; /* and repairs */
	bool is_of_audit;
	uint64_t begun_ms;   /* the round */
	uint64_t next_ms;    /* of the active: when to begin the next one */
	uint64_t not_before; /* what was changed until this sequence must have been sent before anything is compared */
	uint32_t wants;      /* bits by enum proof_step: to be written */
	uint32_t at;         /* how far the list that is being written has come */
	uint64_t *picked;    /* a bit a bucket: differs */
	uint64_t *resend;    /* a bit a slot: to be sent in full again */
	uint32_t lend_slot;  /* where the next question for damaged records goes on */
	uint32_t lent_count, lent_at;
	struct proof_lent lent[PROOF_NAMES_CHUNK];
	uint32_t calls;                     /* of the last round that ended */
	uint64_t compared_ms, peer_read_ms; /* 0: not yet */
	struct proof_found found, last;     /* of this round, of the last one that ended */
	struct proof_found peer_damaged;    /* of the standby: damaged calls that the active names */
};

/* proof_new, proof_free - for the core's life; NULL: no memory. */
struct ckpt_proof *proof_new(struct digest *d, uint32_t slots);
void proof_free(struct ckpt_proof *p);

/* proof_stop - role, connection or synchronization changed: round and audit end without a result. */
void proof_stop(struct ckpt *c);

/* proof_tick - rounds begin, and are given up. */
void proof_tick(struct ckpt *c, uint64_t now_ms);

/* proof_wants_fill - is there something to write now? proof_fill - write it. */
bool proof_wants_fill(const struct ckpt *c);
void proof_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms);

/* proof_input - the body of a PROOF frame. Errors name @field and end the connection, and the round with it: what the
 * frame had told until there is forgotten; calls it had sent again are only sent once more. */
enum err proof_input(struct ckpt *c, const void *p, size_t n, const char **field);

/* proof_proved_ms - since when (monotonic) all records of both sides were read again and compared; 0: not yet. */
uint64_t proof_proved_ms(const struct ckpt_proof *p);

/* proof_read_ms - the oldest moment at which a record of this side was read again; 0: not all were. */
uint64_t proof_read_ms(const struct ckpt_proof *p);

/* proof_resend_named - of the active: calls that the last comparison named, and that it can read, go to the standby in
 * full, as in an audit. What only the standby has is left. */
void proof_resend_named(struct ckpt *c);

/* proof_scrub_fast - read everything again, from the first record, as fast as slices allow. */
void proof_scrub_fast(struct ckpt_proof *p);

/* proof_scrubbed - a fast pass came to its end. */
void proof_scrubbed(struct ckpt *c, uint64_t now_ms);

/* proof_find - one more difference. */
void proof_find(struct proof_found *f, uint32_t slot, uint32_t teid, uint8_t kind);
void proof_forget(struct proof_found *f);

/* proof_may_compare - of the active: what the sums say is what the standby holds at this point of the stream. */
bool proof_may_compare(const struct ckpt *c);

/* proof_begin - a frame of @step; proof_end - its end. */
size_t proof_begin(const struct ckpt *c, struct wbuf *out, enum proof_step step);
void proof_end(struct wbuf *out, size_t at);

/* proof_room - can @bytes more be written behind a frame's headers, with room left for control frames? */
bool proof_room(const struct wbuf *out, size_t bytes);

/* proof_age - of @since_ms at @now_ms as it is told to the peer; UINT32_MAX: never. proof_since - and back. */
uint32_t proof_age(uint64_t since_ms, uint64_t now_ms);
uint64_t proof_since(uint32_t age_ms, uint64_t now_ms);

/* Damaged records of the active. consider: ask for them, if there are any. write: false when there was no room. */
void proof_consider_lend(struct ckpt *c);
bool proof_write_lend(struct ckpt *c, struct wbuf *out);
bool proof_write_lent(struct ckpt *c, struct wbuf *out);
enum err proof_on_lend(struct ckpt *c, struct rbuf *in, const char **field);
enum err proof_on_lent(struct ckpt *c, struct rbuf *in, const char **field);

/* The active's part: what came from the standby. proof_peer_scrubbed - it has read everything again. */
enum err proof_active_input(struct ckpt *c, enum proof_step step, struct rbuf *in, const char **field);
void proof_peer_scrubbed(struct ckpt *c);

/* The standby's part: what came from the active, and what is to be written. */
enum err proof_peer_input(struct ckpt *c, enum proof_step step, struct rbuf *in, const char **field);
void proof_peer_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms);

#endif
