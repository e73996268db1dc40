/*
 * ckpt_core.h - the inside of the link core, shared by ckpt.c (life and events), ckpt_send.c (what goes out),
 * ckpt_receive.c (what comes in), ckpt_nack.c, ckpt_periodic.c, ckpt_account.c and the proof (ckpt_proof.h). Nobody
 * else includes it.
 */
#ifndef CHECKPOINT_CKPT_CORE_H
#define CHECKPOINT_CKPT_CORE_H

#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_changes.h"
#include "checkpoint/ckpt_wire.h"
#include "checkpoint/compress.h"

enum {
	CKPT_WINDOW = 64,                   /* batches sent and not acknowledged */
	CKPT_SEND_RAW = COMPRESS_PIECE_MAX, /* records of one batch before compression, at most */
	CKPT_IN_BYTES =
	    CKPT_HEADER_BYTES + CKPT_BODY_MAX + CKPT_INPUT_MAX, /* the longest frame and what is behind it */
	CKPT_PACK_MIN = 256,      /* smaller batches go as they are: compressing them costs more than it saves */
	CKPT_CONTROL_ROOM = 512,  /* kept free for control frames beside a batch */
	CKPT_EXPECT = 16,         /* records announced together before they are applied */
	CKPT_AHEAD = 6,           /* slots that a walk announces before it reads them */
	CKPT_WALK_SLICE = 4096,   /* slots looked at in one call of ckpt_fill */
	CKPT_ADMIT_SLICE = 4096,  /* young calls let in in one call */
	CKPT_SWEEP_SLICE = 16384, /* slots examined after a full sync in one call */
	CKPT_SWEEP_DROPS = 512    /* of which so many are dropped */
};

struct ckpt_peer {
	uint64_t chassis_id;
	enum ckpt_role role;
	uint64_t epoch;
	uint64_t incarnation;
	uint32_t schema;
};

/* Control frames that wait to be written. */
struct ckpt_wants {
	bool open, open_ack, heartbeat, role, ready, ack, sync_begin;
};

/* This side as the active: what is under way to the standby. */
struct ckpt_sender {
	bool is_ready;  /* the standby said READY for our epoch */
	bool is_ending; /* SYNC_END is sent and not yet acknowledged */
	enum ckpt_sync sync;
	uint32_t tombs_walked; /* tombs: all */
	uint32_t tombs_from;
	uint32_t slots_walked;
	uint64_t end_batch; /* number of the SYNC_END */
	uint64_t next_batch;
	uint64_t first_batch; /* not yet acknowledged */
	uint64_t told;        /* sequence up to which the last batch, or mark of a sync, said that all went before */
	uint64_t
	    through[CKPT_WINDOW]; /* of the batches in flight, by number; 0: carries no promise (inside a full sync) */
};

/* This side as the standby: what it holds and what it is being given. */
struct ckpt_receiver {
	struct ckpt_lineage held;
	bool is_damaged;  /* something could not be applied: only a full sync makes it whole */
	bool is_open;     /* SYNC_BEGIN of the present active was seen */
	bool is_syncing;  /* inside a full sync */
	bool is_sweeping; /* SYNC_END was seen, what was not refreshed is being dropped: to its end, whatever happens */
	uint32_t swept;
	struct ckpt_lineage swept_of; /* whose full sync that was; incarnation 0: this side has become active since */
	uint64_t sweep_batch;         /* number of the SYNC_END */
	uint32_t announced; /* calls of a full sync that was begun and has not come to its end; 0: none, or no calls */
	uint32_t came;      /* of these */
	uint64_t next_batch;
	uint64_t through;
	uint8_t mark;
};

/* Lazy counters of calls: which calls have news, and a flush of them in either direction. */
struct ckpt_account {
	uint64_t *marked;   /* a bit a slot */
	uint64_t next_ms;   /* when all that are marked are sent among the changes */
	uint32_t lazy_word; /* how far that has come */
	bool is_sending;    /* a flush */
	uint32_t word;      /* how far it has come */
	uint64_t sent, epoch;
	uint64_t received; /* records since the last end marker */
	uint64_t ended_epoch, ended_count;
};

/* A call that is asked for in full. */
struct ckpt_nack {
	uint64_t seq;    /* change sequence of what failed */
	uint64_t due_ms; /* of the next NACK: at once, or at the end of the window */
	uint32_t teid;
	uint16_t sent;  /* NACKs */
	uint8_t kind;   /* what failed: CMD id */
	uint8_t reason; /* enum ckpt_nack_reason */
	bool is_delayed;
};

enum {
	CKPT_NACKS_MAX = 1024, /* calls asked for at one time; more leave the standby damaged */
	CKPT_NACK_BURST = 32,
	CKPT_NACKS_PER_S = 50,
};

struct ckpt_nacks {
	struct ckpt_nack *entries; /* CKPT_NACKS_MAX */
	uint16_t *at;              /* of each slot: its entry, plus one */
	uint32_t count;
	bool is_due; /* some entry may be due */
	uint64_t now_ms, refilled_ms;
	uint32_t tokens;
	struct {
		bool is_on;
		uint64_t last_ms; /* when one had to wait, or when by_row was begun */
		uint32_t by_row[CKPT_ROW_COUNT + 1];
	} storm;
};

/* Where the pass of periodic full checkpoints is. */
struct ckpt_periodic {
	bool is_begun;
	uint64_t begun_ms;
	uint32_t slot; /* how many it has been to */
};

struct ckpt {
	struct ckpt_config cfg;
	struct ckpt_nacks nack;
	struct ckpt_periodic periodic;
	struct ckpt_account account;
	enum ckpt_role role;
	uint64_t epoch;
	struct ckpt_lineage base; /* what this side held when it became active */
	uint64_t begun_seq;       /* the last sequence when it became active */
	struct changes changes;
	/* of a standby that never had everything: the calls in slots from here on were not shown to it */
	uint32_t unshown_from;
	uint64_t whole_peer; /* incarnation of the standby that once had everything; 0: none in this epoch */

	bool is_up, is_dialler, is_open, is_dead;
	uint32_t offered, offered_next; /* masks: on this connection, on the next one */
	uint32_t agreed;                /* enum compress_id */
	uint32_t heartbeats_heard;
	uint64_t heard_ms, next_heartbeat_ms;
	uint64_t ready_epoch, ready_incarnation; /* READY is said or due for this incarnation of the active */
	enum ckpt_conn told_conn;
	struct ckpt_peer peer;
	struct ckpt_wants wants;
	struct ckpt_sender tx;
	struct ckpt_receiver rx;

	bool is_flushing;                  /* a critical flush was asked for: no call is young */
	bool is_flushed;                   /* and its end was told */
	bool is_kept;                      /* ckpt_keep_unacked */
	bool is_standby_waiting;           /* it said READY while this side, active, was still sweeping */
	struct ckpt_lineage standby_holds; /* and what it said it holds */

	struct ckpt_verdict verdict;
	uint64_t counters[CKPT_COUNTER_COUNT];
	struct compress *compress;
	struct ckpt_proof *proof; /* NULL: none is made */
	uint8_t *marks;           /* a byte a slot: the full sync that refreshed it last */
	uint8_t *in;              /* CKPT_IN_BYTES; what was received and not yet carried out is [in_pos, in_len) */
	size_t in_pos, in_len;
	uint8_t *rx_raw;             /* CKPT_RAW_MAX */
	uint8_t *tx_raw;             /* CKPT_SEND_RAW */
	uint8_t *rx_whole;           /* ckpt_unpack_room(CKPT_RAW_MAX): contents of the records of a batch */
	struct ckpt_record *records; /* CKPT_RECORDS_MAX: of the batch that is looked at */
	uint64_t *tokens;            /* CKPT_RECORDS_MAX: of the same */
	struct ckpt_packer packer;   /* of the batch that is being made */
	uint8_t content[CKPT_RECORD_MAX];
};

/* ckpt_told - tell the shell when the connection's state is another one now. */
void ckpt_told(struct ckpt *c);

/* ckpt_consider_ready - a standby that may say READY to its active decides so. */
void ckpt_consider_ready(struct ckpt *c);

/* ckpt_consider_flushed - end a critical flush when nothing is left. */
void ckpt_consider_flushed(struct ckpt *c);

/* ckpt_begin_sync - the active starts from what its standby holds. */
void ckpt_begin_sync(struct ckpt *c, const struct ckpt_lineage *held);

/* ckpt_sweep - a slice of the work after a full sync; the acknowledgement is due when it is done. */
void ckpt_sweep(struct ckpt *c);

/* ckpt_put - a record of @kind whose content, @n bytes, stands in c->content, into @out, which has room for it. */
void ckpt_put(struct ckpt *c, uint8_t kind, uint32_t teid, uint64_t seq, size_t n, struct wbuf *out);

/*
 * ckpt_check_records - @count records in @n bytes at @p, behind a batch that went up to @seq, into c->records: shape,
 * TEID, and what the owner of the calls says to each. Errors name @field. Nothing is applied.
 */
struct ckpt_check {
	uint64_t seq, through; /* sequences are within these */
	uint8_t only;          /* kind that all must have; CKPT_KIND_FULL: any */
	uint32_t count;
};
enum err ckpt_check_records(struct ckpt *c, const struct ckpt_check *what, struct rbuf raw, const char **field);

/*
 * ckpt_nack.c. Standby: a record could not be applied; the call in @slot was brought whole, or ended; nothing is asked
 * for any more. Then time, and frames. Active: a NACK came (ERR_RANGE: "teid").
 */
void ckpt_nack_failed(struct ckpt *c, const struct ckpt_record *r, enum err e);
void ckpt_nack_applied(struct ckpt *c, uint32_t slot);
void ckpt_nack_forget(struct ckpt *c);
void ckpt_nack_tick(struct ckpt *c, uint64_t now_ms);
void ckpt_nack_fill(struct ckpt *c, struct wbuf *out, uint64_t now_ms);
bool ckpt_nack_wants(const struct ckpt *c);
enum err ckpt_nack_input(struct ckpt *c, const struct ckpt_msg *m);

/* ckpt_periodic.c: a new interval counts from now on; calls whose turn has come are listed. */
void ckpt_periodic_restart(struct ckpt *c);
void ckpt_periodic_tick(struct ckpt *c, uint64_t now_ms);

/* ckpt_account.c: marks of calls with news; a mark that is taken is off. */
void ckpt_account_mark(struct ckpt *c, uint32_t slot);
bool ckpt_account_take(struct ckpt *c, uint32_t slot);
void ckpt_account_forget(struct ckpt *c);
void ckpt_account_tick(struct ckpt *c, uint64_t now_ms);
void ckpt_account_fill(struct ckpt *c, struct wbuf *out);
enum err ckpt_account_input(struct ckpt *c, const uint8_t *p, size_t n, const char **field);
enum err ckpt_account_end(struct ckpt *c, const struct ckpt_msg *m);

/* ckpt_stop_directions - nothing is under way in either direction any more: role or connection changed. */
void ckpt_stop_directions(struct ckpt *c);

#endif
