/*
 * sessmgr.h - inside the session manager role: what its parts share. Private to session/sessmgr_*.c.
 *
 *   sessmgr_main.c     the role: requests from demux, orders of chassisd
 *   sessmgr_clear.c    all calls released, or told to a new demux, a slice a turn
 *   sessmgr_pools.c    the pools of a changed configuration are marked again
 *   sessmgr_lost.c     calls lost because this side gave way are named
 *   sessmgr_link.c     calls that come and go by checkpoints, and what follows them
 *   sessmgr_bulk.c     the entry of the benches (sessmgr_bulk.h)
 *   sessmgr_audit.c    the internal audit, a slice a turn
 *   sessmgr_proof.c    the proof of sync: records read again, what differs is named, audits with the peer
 *   sessmgr_notice.c   SGSNs are told of calls that the audit purges
 *   sessmgr_account.c  the accounting flush of a planned switchover
 */
#ifndef SESSION_SESSMGR_H
#define SESSION_SESSMGR_H

#include <event2/event.h>

#include "checkpoint/ckpt_link.h"
#include "gateway/ggsn.h"
#include "gateway/gtp_channel.h"
#include "gateway/gtp_notice.h"
#include "session/call_account.h"
#include "session/call_services.h"
#include "session/call_table.h"
#include "session/sessmgr_ipc.h"
#include "task/ipc.h"
#include "task/turns.h"

/* IMSIs to be told to demux, one list per kind of message. */
struct binds {
	uint64_t imsis[GTP_BINDS_MAX];
	size_t count;
};

struct bulk;

struct sessmgr {
	struct event_base *base;
	struct turns turns;
	unsigned instance;
	struct ipc_chan *control, *data;
	struct arena arena;
	struct call_table *table;
	struct call_store store;
	struct gateway_config cfg;
	struct ggsn *ggsn;
	struct ckpt *ckpt;
	struct ckpt_link *link;
	struct binds bind, unbind;
	struct event *turn_ev;  /* end of this loop turn: send binds and checkpoints */
	struct event *clear_ev; /* next slice of a clear */
	struct event *rebind_ev;
	uint32_t rebind_slot;
	uint32_t calls_ahead; /* about so many are to be there in all; 0: not known */
	bool is_turn_armed;
	bool is_conn_due; /* conn is to be told to chassisd */
	uint8_t conn;     /* enum ckpt_conn */
	uint32_t flush_id, clear_id;
	uint32_t clear_slot, cleared;
	bool is_clearing;
	struct {
		struct event *ev;  /* next slice */
		uint32_t slot;     /* how far the calls have come */
		bool is_restoring; /* their addresses are being marked in new pools */
	} pools;
	struct {
		struct event *ev; /* next slice */
		uint32_t id;      /* of the order; 0: no audit runs */
		uint64_t begin_us;
		unsigned slice; /* calls in the next one */
	} audit;
	struct {
		uint32_t id;                /* of the order to await the flush; 0: none */
		uint64_t epoch;             /* of the old Active */
		struct event *send_ev;      /* a flush that is held back */
		struct call_account window; /* counted here since the takeover */
	} account;
	struct {
		struct event *ev;  /* next slice of stored records */
		uint32_t audit_id; /* of the order; 0: none runs */
		bool is_audit_due; /* ordered, and a full synchronization is not over */
		uint64_t told;     /* hash of what chassisd was told differs; 0: nothing */
	} proof;
	struct {
		struct notices *core; /* NULL: nobody was to be told so far */
		struct event *ev;     /* next ones due */
	} notice;
	struct {
		struct event *ev; /* next slice */
		uint64_t cursor;  /* of ckpt_unacked_next */
		bool is_walking;
		unsigned named;
		uint32_t unnamed[SESSMGR_LOST_REASONS];
	} lost;
	uint8_t gate; /* enum srp_gate */
	uint64_t epoch;
	uint8_t restart_counter;
	struct bulk *bulk; /* NULL: no bench */
	struct call_services *services;
	bool is_services_due; /* their counts are to be published */
};

/* sessmgr_wall_s - Unix time in seconds. */
uint32_t sessmgr_wall_s(void);

/*
 * The pools of a changed configuration. restore: every call marks its address in them. gate: new calls are taken when
 * the chassis takes them and all addresses are marked. slice: the timer.
 */
void sessmgr_pools_restore(struct sessmgr *s);
void sessmgr_pools_gate(struct sessmgr *s);
void sessmgr_pools_slice(evutil_socket_t fd, short what, void *arg);

/* sessmgr_audit_start - examine every call of this Active; the report goes to chassisd under @id. */
void sessmgr_audit_start(struct sessmgr *s, uint32_t id);

/* sessmgr_audit_stop - without a report. sessmgr_audit_again - the engine is a new one: from the first call, if one
 * ran. */
void sessmgr_audit_stop(struct sessmgr *s);
void sessmgr_audit_again(struct sessmgr *s);

/* sessmgr_purge_damaged - the record of @teid cannot be read and not be had back: the call ends as in an audit. @known:
 * what the other chassis has of it, or NULL. */
void sessmgr_purge_damaged(struct sessmgr *s, uint32_t teid, const struct call *known);

/* sessmgr_is_mending - may a record that is damaged come back from the other chassis? */
bool sessmgr_is_mending(const struct sessmgr *s);

/* sessmgr_note_purged - the call @teid has left the store as one that an audit purges: it is counted and logged. */
void sessmgr_note_purged(struct sessmgr *s, uint32_t teid);

/* sessmgr_audit_slice - the timer of the next slice. */
void sessmgr_audit_slice(evutil_socket_t fd, short what, void *arg);

/*
 * The accounting flush. send: as the side that has handed over. await: answer chassisd under @id when that of the
 * Active of @epoch has come, or cannot. look: something has changed that may end the wait. came: one record of it.
 */
void sessmgr_account_send(struct sessmgr *s);
void sessmgr_account_send_now(evutil_socket_t fd, short what, void *arg);
void sessmgr_account_await(struct sessmgr *s, uint32_t id, uint64_t epoch);
void sessmgr_account_look(struct sessmgr *s);
void sessmgr_account_came(struct sessmgr *s, uint32_t teid, const uint8_t *p, size_t n);

/*
 * The proof of sync (checkpoint/ckpt.h). slice: its timer, begun when there is a link. publish: what differs is told to
 * chassisd when it is something else. audit: an order; audited: its end.
 */
void sessmgr_proof_slice(evutil_socket_t fd, short what, void *arg);
void sessmgr_proof_publish(struct sessmgr *s);
void sessmgr_proof_audit(struct sessmgr *s, uint32_t id);
void sessmgr_proof_audited(struct sessmgr *s, const struct ckpt_audit *a);

/*
 * Graceful cleanup (gateway/gtp_notice.h). purged: the SGSN of @call is told, when that is configured. answer: was the
 * message an answer to that? stop: nobody is told any more. slice: the timer.
 */
void sessmgr_notice_purged(struct sessmgr *s, const struct call *call);
bool sessmgr_notice_answer(struct sessmgr *s, const void *bytes, size_t len);
void sessmgr_notice_stop(struct sessmgr *s);
void sessmgr_notice_slice(evutil_socket_t fd, short what, void *arg);

/* sessmgr_publish - counters of the link into the arena, and what differs to chassisd. */
void sessmgr_publish(struct sessmgr *s);

/* sessmgr_arm_turn - at the end of this loop turn binds and checkpoints are sent. */
void sessmgr_arm_turn(struct sessmgr *s);

/* sessmgr_note_bind - tell demux about @imsi with @list (s->bind or s->unbind); 0 is no IMSI. */
void sessmgr_note_bind(struct sessmgr *s, struct binds *list, uint64_t imsi);

/* sessmgr_call_in_slot - the call in @slot; false when there is none. sessmgr_imsi - its IMSI as demux has it. */
bool sessmgr_call_in_slot(struct sessmgr *s, uint32_t slot, struct call *out);
uint64_t sessmgr_imsi(const struct call *c);

/* sessmgr_rest - what goes over all calls in slices (records read again, the internal audit) makes way for a takeover.
 */
void sessmgr_rest(struct sessmgr *s);

/* sessmgr_count_service - @slot now holds @c, or nothing (NULL). sessmgr_publish_services - the calls of each
 * configured service into the arena, at the end of a turn in which they changed. */
void sessmgr_count_service(struct sessmgr *s, uint32_t slot, const struct call *c);
void sessmgr_publish_services(struct sessmgr *s);

/* sessmgr_evicted - a call table event: a replicated call takes the place of the one in @slot. */
void sessmgr_evicted(void *arg, uint32_t slot);

/*
 * Calls that the peer never held, when this side gives way. keep: before the core becomes Standby; begin: behind that,
 * they are counted and named; finish: at once, if they are not yet. slice: the timer.
 */
void sessmgr_lost_keep(struct sessmgr *s);
void sessmgr_lost_begin(struct sessmgr *s);
void sessmgr_lost_finish(struct sessmgr *s);
void sessmgr_lost_slice(evutil_socket_t fd, short what, void *arg);

/*
 * `clear subscribers all`. start: of an order, answered under @id; end: @is_cut by a switchover; slice: the timer.
 * rebind_slice: the timer by which a new demux is told which subscribers are here.
 */
void sessmgr_clear_start(struct sessmgr *s, uint32_t id);
void sessmgr_clear_end(struct sessmgr *s, bool is_cut);
void sessmgr_clear_slice(evutil_socket_t fd, short what, void *arg);
void sessmgr_rebind_slice(evutil_socket_t fd, short what, void *arg);

/* sessmgr_follow_result - demux and the counters follow what the engine did. */
void sessmgr_follow_result(struct sessmgr *s, const struct ggsn_result *r);

/* sessmgr_bulk_open - listen for a bench, when the environment says so. _applied: a micro-checkpoint came, s->bulk is
 * there. */
void sessmgr_bulk_open(struct sessmgr *s);
void sessmgr_bulk_applied(struct sessmgr *s, const uint8_t *p, size_t n);

/* sessmgr_tell_flushed - tell chassisd that the flush under way has ended. */
void sessmgr_tell_flushed(struct sessmgr *s, bool is_ok);

/* What the checkpoint link reaches calls by; @arg is the struct sessmgr. */
extern const struct ckpt_ops sessmgr_ckpt_ops;

#endif
