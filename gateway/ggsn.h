/*
 * ggsn.h - the GGSN service of one session manager: GTPv1-C requests in, answers and calls out.
 *
 * Calls live in the store that is handed in; the engine keeps only its copy of the configuration and the
 * bitmaps of the address pools, which follow the calls. Whatever it answers can be answered again from the call
 * or its tombstone, here or on the other chassis. It opens no socket and reads no clock. Callers: the session
 * manager role, simulator, fuzzer.
 *
 *   Create, unknown IMSI+NSAPI     address from the APN's pool, store.add, answer
 *   Create, known                  repeated: the same answer; else the old call is released and a new one made
 *   Update, Delete by TEID         repeated: the same answer; unknown: cause 192 with TEID 0
 *
 * Source: 3GPP TS 29.060 sections 7.3.1 to 7.3.6 and 11.1.
 */
#ifndef GATEWAY_GGSN_H
#define GATEWAY_GGSN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "gateway/gateway_types.h"
#include "session/session_types.h"

struct ggsn;

/* One datagram, as the demux has handed it over. */
struct ggsn_request {
	const void *bytes; /* borrowed */
	size_t len;
	struct addr peer; /* where it came from; the answer goes there */
	uint16_t peer_port;
	uint32_t service; /* id of the one whose address it came to, and the answer leaves from */
	uint32_t now_s;   /* wall clock, seconds since 1970 */
	bool is_mending;  /* a damaged record may come back from the other chassis: nobody is told that the call is gone
	                   */
};

enum ggsn_verdict {
	GGSN_DISCARD, /* not a request we may answer: counted, nothing sent */
	GGSN_ANSWER
};

struct ggsn_result {
	enum ggsn_verdict verdict;
	uint8_t type;  /* of the request, 0 if unreadable */
	uint8_t cause; /* answered; 0 when discarded */
	bool is_repeat;
	bool is_gated;         /* refused because no new contexts are let in now */
	bool is_purged;        /* removed_teid had a damaged record, and nobody to mend it */
	uint32_t counted_teid; /* the signalling counters of this call went up, is_repeat says which; 0: none */
	const char *why;       /* the element at fault, or NULL */
	uint64_t imsi;         /* as gtp1 has it (for demux_bind, demux_unbind, demux_answered), 0: not known */
	uint32_t added_teid;   /* a call was made: bind its IMSI; 0: none */
	uint32_t
	    removed_teid; /* a call was released: unbind its IMSI; 0: none. Both are set when one replaced another */
};

struct ggsn_stats {
	uint64_t requests;
	uint64_t accepted;
	uint64_t rejected;
	uint64_t repeated;
	uint64_t discarded;
	uint64_t by_cause[256];
};

/*
 * ggsn_new - the service of session manager @instance (1..cfg->sessmgr_count) over @store.
 *
 * @cfg    copied; must pass gateway_config_check with anything but ERR_FORMAT
 * @store  kept; must outlive the engine. Calls already in it are taken in by ggsn_restore, one by one.
 *
 * NULL when the configuration is unreadable or memory is missing. A changed configuration means a new engine:
 * ggsn_new_from.
 */
struct ggsn *ggsn_new(const struct gateway_config *cfg, unsigned instance, struct call_store store);
void ggsn_free(struct ggsn *g);

/*
 * ggsn_new_from - the service under a changed configuration.
 *
 * @take_old             freed on success
 * @is_restore_needed    false: the pools are the same and were taken over; true: the pools are empty and the caller
 *                       hands every call of the store to ggsn_restore before the next input
 *
 * NULL as ggsn_new; then @take_old is unchanged.
 */
struct ggsn *ggsn_new_from(struct ggsn *take_old, const struct gateway_config *cfg, bool *is_restore_needed);

/* ggsn_set_restart - the GTP restart counter of the service address, sent as Recovery. */
void ggsn_set_restart(struct ggsn *g, uint8_t restart_counter);

/*
 * ggsn_set_gate - while @is_new_refused a Create of a context that does not exist is refused with cause 199, no
 * resources available: what is lacking is lacking for the moment, the SGSN may try again or elsewhere. 204, system
 * failure, would call it a fault. One that would replace a context is new as well, and the old one stays. What exists
 * is served. Kept by ggsn_new_from. Source: interchassis session recovery chapter, "Optimization of Switchover Control
 * Outage Time".
 */
void ggsn_set_gate(struct ggsn *g, bool is_new_refused);

/*
 * ggsn_lead - this chassis has followed another one and serves now: its pools give out addresses that lie far from
 * those in use, since the other one may have given out some more that were never heard of here (pool_leap). Walks the
 * bitmaps.
 */
void ggsn_lead(struct ggsn *g);

/*
 * ggsn_input - serve one request.
 *
 * @reply  an empty writer of at least GTP1_MESSAGE_MAX bytes; filled when the verdict is GGSN_ANSWER
 * @out    always written
 *
 * Never blocks, allocates or sends. The store has been changed when it returns; the answer may be sent at once.
 */
void ggsn_input(struct ggsn *g, const struct ggsn_request *in, struct wbuf *reply, struct ggsn_result *out);

/*
 * ggsn_restore - @call is in the store without ggsn_input having made it (replicated, or found after a restart): its
 * address is in use.
 *
 * ERR_NOT_FOUND: no such APN or pool any more; ERR_RANGE: the address is not of this share; ERR_EXISTS: in use
 * already (the same call again, or two calls with one address). The call itself is not touched.
 */
enum err ggsn_restore(struct ggsn *g, const struct call *call);

/* ggsn_forget - @call has left the store without ggsn_input: its address is free. Errors as ggsn_restore. */
enum err ggsn_forget(struct ggsn *g, const struct call *call);

/*
 * ggsn_clear - release the call @teid on the operator's order (`clear subscribers`).
 *
 * No message goes to the SGSN: it learns of it by cause 192 at its next request. ERR_NOT_FOUND: no such call.
 */
enum err ggsn_clear(struct ggsn *g, uint32_t teid, uint32_t now_s, struct ggsn_result *out);

/*
 * ggsn_purge - the call @teid has no record any more that could be read: it leaves the store with a tombstone of type
 * 0.
 * @known says what it was, as far as its address goes, or is NULL: then the next audit frees that. ERR_NOT_FOUND.
 */
enum err ggsn_purge(struct ggsn *g, uint32_t teid, const struct call *known, uint32_t now_s);

/* ggsn_pool - size and use of this share of pool @index of the configuration; ERR_RANGE. */
enum err ggsn_pool(const struct ggsn *g, unsigned index, uint32_t *size, uint32_t *used);

/* ggsn_stats - counters since ggsn_new (kept by ggsn_new_from). */
const struct ggsn_stats *ggsn_stats(const struct ggsn *g);

#endif
