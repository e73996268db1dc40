/* sessmgr_ipc.h - bodies of the messages between chassisd and a session manager (task/ipc.h): plain
 * values, in which any octet is legal, so that a receiver may copy one before it has looked at it. */
#ifndef SESSION_SESSMGR_IPC_H
#define SESSION_SESSMGR_IPC_H

#include <stdint.h>

#include "base/addr.h"
#include "gateway/ggsn_audit.h"
#include "session/arena.h"

/* IPC_CONFIG, beside the descriptor of a struct gateway_config. */
struct sessmgr_setup {
	uint64_t chassis_id;
};

/* IPC_ROLE */
struct sessmgr_role {
	uint64_t epoch;
	uint8_t role; /* enum ckpt_role */
};

/* IPC_PEER: where the checkpoint connection is dialled, if it is. */
struct sessmgr_peer {
	struct addr local, peer;
	uint16_t port;
	uint8_t is_dialling; /* 0 or 1 */
	uint8_t dscp;        /* of checkpoint packets, dialled or accepted */
};

/* IPC_CALL_LOST: the peer has no record of this call and this side gave way. */
struct sessmgr_lost {
	uint64_t imsi;
	uint32_t teid;
	uint32_t unnamed;    /* not 0: so many further calls, lost for the same reason and not named */
	uint8_t imsi_digits; /* 0: the IMSI is not known */
	uint8_t is_young;    /* 0 or 1: it had not yet reached `checkpoint session duration` */
	uint8_t is_sent;     /* 0 or 1: a record of it was sent, and not acknowledged */
};

/* IPC_AUDITED */
struct sessmgr_audited {
	struct ggsn_audit_report report;
	uint64_t duration_us;
};

/* IPC_ACCOUNTING_DONE */
struct sessmgr_accounted {
	uint64_t calls; /* whose counters came */
	bool is_whole;  /* the end marker came; false: the connection was not there, or fell */
};

/* Counters of a session manager in the shared block of its arena, behind those of the arena itself. */
enum sessmgr_counter {
	SESSMGR_REJECTED_SWITCHOVER = ARENA_SERVICE_FIRST + ARENA_SERVICES, /* new contexts while the gate was closed */
	SESSMGR_AUDITED,                                                    /* calls examined by internal audits */
	SESSMGR_PURGED_FIRST, /* of these purged, by enum ggsn_fault, GGSN_FAULT_COUNT of them; [0] is not used */
	SESSMGR_SERVICE_ID_FIRST = SESSMGR_PURGED_FIRST + GGSN_FAULT_COUNT, /* whose calls ARENA_SERVICE_FIRST says */
	SESSMGR_TURN_P99_US = SESSMGR_SERVICE_ID_FIRST + ARENA_SERVICES, /* gauges: turns of its loop (task/turns.h) */
	SESSMGR_TURN_MAX_US,
	SESSMGR_COUNTER_END
};

_Static_assert((int)ARENA_SERVICES >= (int)GATEWAY_SERVICES_MAX, "a gauge for each service");
_Static_assert((int)SESSMGR_COUNTER_END <= (int)ARENA_COUNTER_COUNT, "no room for the counters");

/* IPC_TAKEOVER_PARTIAL: Active now, inside a full synchronization. Those that had not come are not known here. */
struct sessmgr_partial {
	uint32_t came, announced; /* calls */
};

enum { SESSMGR_DIFFER_MAX = 512 };

/* A call that is not the same on both chassis. */
struct sessmgr_differ {
	uint64_t imsi; /* known when imsi_digits is not 0 */
	uint32_t teid;
	uint8_t imsi_digits;
	uint8_t kind; /* enum ckpt_differ_kind */
};

/* IPC_PROOF: something else differs than was told before. IPC_SYNC_AUDITED has a struct ckpt_audit. */
struct sessmgr_proof {
	uint32_t total;
	uint32_t counts[CKPT_DIFFER_KINDS];
	uint32_t named;
	struct sessmgr_differ names[SESSMGR_DIFFER_MAX];
};

enum {
	SESSMGR_SLOTS = 1 << 20, /* calls of one session manager: all that a TEID can name */
	SESSMGR_LOST_MAX = 1000, /* lost ones named at one time */
	SESSMGR_LOST_REASONS = 3
};

#endif
