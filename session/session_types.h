/*
 * session_types.h - a call as a plain value, a tombstone, the TEID layout, and the store interface
 * through which the gateway reaches calls.
 *
 * Not the store itself (arena.h, call_table.h) and not the encoding (call_rows.h).
 */
#ifndef SESSION_SESSION_TYPES_H
#define SESSION_SESSION_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "checkpoint/ckpt_types.h"

/*
 * TEID, control and data the same value, also the call id: instance (7 bits, 1..127), generation of the slot
 * (5 bits, counts up with each reuse), slot (20 bits). The standby places a call in the same slot, so the TEID
 * names the same call on both chassis.
 */
enum {
	TEID_SLOT_BITS = 20,
	TEID_GEN_BITS = 5,
	TEID_INSTANCE_MAX = 127,
	TEID_SLOTS_MAX = 1 << TEID_SLOT_BITS,
	TEID_GEN_MASK = (1 << TEID_GEN_BITS) - 1
};

static inline uint32_t
teid_make(uint32_t instance, uint32_t gen, uint32_t slot)
{
	return instance << (TEID_SLOT_BITS + TEID_GEN_BITS) | (gen & TEID_GEN_MASK) << TEID_SLOT_BITS |
	       (slot & (TEID_SLOTS_MAX - 1));
}

static inline uint32_t
teid_instance(uint32_t teid)
{
	return teid >> (TEID_SLOT_BITS + TEID_GEN_BITS);
}

static inline uint32_t
teid_gen(uint32_t teid)
{
	return teid >> TEID_SLOT_BITS & TEID_GEN_MASK;
}

static inline uint32_t
teid_slot(uint32_t teid)
{
	return teid & (TEID_SLOTS_MAX - 1);
}

enum {
	CALL_IMSI_DIGITS_MAX = 15,
	CALL_MSISDN_MAX = 9, /* bytes: type of number and TBCD digits, as in the message */
	CALL_APN_MAX = 100,  /* characters, dotted text */
	CALL_QOS_MAX = 32,   /* bytes of the negotiated QoS profile, as in the message */
	CALL_PCO_MAX = 32,   /* bytes of the protocol configuration options answered */
	CALL_NSAPI_MAX = 15,
	CALL_APP_PARTS = 3,
	CALL_APP_PART_MAX = 255,
	CALL_APP_LAST_MAX = 66 /* bytes of the last part: a record with everything in it fits a cell */
};

enum call_state { CALL_CONNECTED = 1, CALL_STATE_COUNT };

/* The row numbers of struct call: bit i of `present`. The order is the order of call_rows. */
enum call_field {
	CALL_F_TEID,
	CALL_F_IMSI,
	CALL_F_IMSI_DIGITS,
	CALL_F_NSAPI,
	CALL_F_STATE,
	CALL_F_SERVICE,
	CALL_F_MSISDN,
	CALL_F_APN,
	CALL_F_ADDRESS,
	CALL_F_CHARGING_ID,
	CALL_F_SELECTION_MODE,
	CALL_F_CREATED_S,
	CALL_F_PCO,
	CALL_F_CREATE_SEQ,
	CALL_F_CREATE_PEER,
	CALL_F_CREATE_PORT,
	CALL_F_SGSN_CONTROL,
	CALL_F_SGSN_USER,
	CALL_F_PEER_TEID_CONTROL,
	CALL_F_PEER_TEID_USER,
	CALL_F_QOS,
	CALL_F_LAST_TYPE,
	CALL_F_LAST_SEQ,
	CALL_F_LAST_PEER,
	CALL_F_LAST_PORT,
	CALL_F_LAST_CAUSE,
	CALL_F_UPDATES,
	CALL_F_IN_PACKETS,
	CALL_F_IN_BYTES,
	CALL_F_OUT_PACKETS,
	CALL_F_OUT_BYTES,
	CALL_F_ACTIVE_S,
	CALL_F_REPEATS,
	CALL_F_REFUSED,
	CALL_F_APP_1,
	CALL_F_APP_2,
	CALL_F_APP_3,
	CALL_F_COUNT
};

#define CALL_HAS(field) (UINT64_C(1) << (field))

/*
 * One PDP context. A member counts when its bit in `present` is set (CALL_HAS(CALL_F_APN)); a member that must
 * always be there is marked *.
 */
struct call {
	uint64_t present;
	uint32_t teid;       /* * set by the store's add */
	uint64_t imsi;       /* * the digits as a number */
	uint8_t imsi_digits; /* * 6..15: leading zeros count */
	uint8_t nsapi;       /* * 0..15 */
	uint8_t state;       /* * enum call_state */
	uint32_t service;    /* gateway_service_id: whose call it is; 0: of none, as those of benches */
	uint8_t msisdn[CALL_MSISDN_MAX];
	uint8_t msisdn_len;
	char apn[CALL_APN_MAX + 1];
	struct addr address; /* of the subscriber, from the pool */
	uint32_t charging_id;
	uint8_t selection_mode; /* 0..3 */
	uint32_t created_s;     /* wall clock, seconds since 1970 */
	uint8_t pco[CALL_PCO_MAX];
	uint8_t pco_len;

	uint16_t create_seq; /* of the Create request, to know its repetition */
	struct addr create_peer;
	uint16_t create_port;

	struct addr sgsn_control; /* GSN addresses of the peer */
	struct addr sgsn_user;
	uint32_t peer_teid_control;
	uint32_t peer_teid_user;
	uint8_t qos[CALL_QOS_MAX];
	uint8_t qos_len;

	uint8_t last_type; /* of the last request, GTP message type; its answer is encoded again from this call */
	uint16_t last_seq;
	struct addr last_peer;
	uint16_t last_port;
	uint8_t last_cause;

	uint32_t updates;
	uint64_t in_packets, in_bytes, out_packets, out_bytes;
	uint32_t active_s; /* wall clock second of the last activity */
	uint32_t repeats;  /* requests answered again; with `refused` the accounting group, checkpointed lazily */
	uint32_t refused;  /* requests about this call that were refused */

	/* Application data: bytes that whoever made the call left with it, kept and replicated as they are. */
	uint8_t app[CALL_APP_PARTS][CALL_APP_PART_MAX];
	uint8_t app_len[CALL_APP_PARTS];
};

/* What is left of a released call, so that a repeated request is answered the same. */
struct tombstone {
	uint64_t present;           /* all fields, set by the store */
	uint32_t teid;              /* * */
	uint32_t peer_teid_control; /* where the answer goes */
	struct addr peer;           /* * who sent the request, and from which port */
	uint16_t port;
	uint8_t type; /* message type of the request; 0: released by this side */
	uint16_t seq;
	uint8_t cause; /* answered */
	uint32_t released_s;
};

/*
 * The store of one session manager as the gateway sees it. Calls are copied in and out. Errors leave everything
 * unchanged. No function blocks.
 */
struct call_store_ops {
	/* ERR_NOT_FOUND: no call with exactly this TEID; ERR_CORRUPT: there is one, and its record is damaged: find
	 * then sets no more of it than its teid. */
	enum err (*get)(void *arg, uint32_t teid, struct call *out);
	enum err (*find)(void *arg, uint64_t imsi, uint8_t imsi_digits, uint8_t nsapi, struct call *out);
	/* Adds @call, sets its teid. ERR_EXISTS: IMSI and NSAPI are taken; ERR_FULL: no slot; ERR_RANGE: a value is. */
	enum err (*add)(void *arg, struct call *call);
	/* Writes @call over the one with its TEID; @groups (enum ckpt_group) says what changed and is to be sent. IMSI
	 * and NSAPI do not change (ERR_REFUSED). */
	enum err (*update)(void *arg, const struct call *call, uint32_t groups);
	/* Releases the call @tomb->teid and keeps @tomb. */
	enum err (*release)(void *arg, const struct tombstone *tomb);
	/* The latest tombstone of @teid, if its slot was not used 32 times since. */
	enum err (*find_tombstone)(void *arg, uint32_t teid, struct tombstone *out);
	/* The first call in a slot >= *slot; sets *slot behind it. ERR_NOT_FOUND at the end. Looks at no more than
	 * 4096 slots and then returns ERR_SHORT with *slot moved: call again, later if need be. */
	enum err (*next)(void *arg, uint32_t *slot, struct call *out);
	uint32_t (*count)(void *arg);
	/*
	 * The first slot >= *slot that is in use, whether or not its record can be read; sets *slot behind it and *teid
	 * to what the slot is known as. ERR_CORRUPT: the record cannot be read; ERR_REFUSED: it can, but find() does
	 * not lead to it; ERR_NOT_FOUND and ERR_SHORT as next.
	 */
	enum err (*examine)(void *arg, uint32_t *slot, uint32_t *teid, struct call *out);
};

struct call_store {
	const struct call_store_ops *ops;
	void *arg;
};

#endif
