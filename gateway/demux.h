/*
 * demux.h - pure core of the demultiplexer: which session manager gets a GTP-C datagram.
 *
 * It answers Echo itself, sends a message with a TEID to the instance named in the TEID's top bits, and
 * a new Create to the instance that has calls of that IMSI, otherwise to the least loaded. The choice for
 * a Create in flight is remembered, so a repeated one goes to the same instance. It keeps no calls,
 * opens no socket and knows no time but what it is told. Caller: the demux role, the simulator, the fuzzer.
 * Source: 3GPP TS 29.060 sections 7.2, 8.2 and 11.1 for what is answered and what is dropped.
 */
#ifndef GATEWAY_DEMUX_H
#define GATEWAY_DEMUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "gateway/gateway_types.h"

enum {
	DEMUX_FLIGHT_MAX = 8192,  /* Creates in flight remembered; the oldest is forgotten beyond */
	DEMUX_FLIGHT_MS = 60000,  /* a Create not answered for so long is no longer in flight */
	DEMUX_IMSI_MAX = 16777216 /* bound subscribers, upper limit of demux_new */
};

enum demux_verdict { DEMUX_DISCARD, DEMUX_ANSWER, DEMUX_FORWARD };

/* Why; DISCARD and ANSWER have one, FORWARD is DEMUX_REASON_NONE. demux_reason_text names them. */
enum demux_reason {
	DEMUX_REASON_NONE,
	DEMUX_REASON_ECHO,         /* answered */
	DEMUX_REASON_VERSION,      /* answered with Version Not Supported */
	DEMUX_REASON_UNKNOWN_TEID, /* answered with cause 192 */
	DEMUX_REASON_BAD_CREATE,   /* answered with the cause: no IMSI to find an owner by, or unreadable */
	DEMUX_REASON_TOO_SHORT,
	DEMUX_REASON_TOO_LONG,
	DEMUX_REASON_BAD_LENGTH, /* header length and datagram disagree */
	DEMUX_REASON_GTP_PRIME,  /* protocol type 0 */
	DEMUX_REASON_BAD_EXTENSION,
	DEMUX_REASON_NO_SEQUENCE,
	DEMUX_REASON_UNKNOWN_TYPE,
	DEMUX_REASON_RESPONSE,   /* a response that nobody here can have asked for */
	DEMUX_REASON_ZERO_TEID,  /* a request other than Create and Echo with TEID 0 */
	DEMUX_REASON_NO_SESSMGR, /* the owner is not ready, or none is */
	DEMUX_REASON_SWITCHOVER, /* control packets are dropped while a switchover converges */
	DEMUX_REASON_COUNT
};

struct demux_result {
	enum demux_verdict verdict;
	enum demux_reason reason;
	uint8_t type;     /* GTP message type, 0 if unreadable */
	uint8_t instance; /* FORWARD: 1..count */
	uint64_t imsi;    /* FORWARD of a Create: its IMSI as gtp1 has it, otherwise 0 */
};

struct demux_stats {
	uint64_t received;
	uint64_t forwarded;
	uint64_t answered;
	uint64_t discarded;
	uint64_t by_reason[DEMUX_REASON_COUNT];
	uint64_t imsis_refused; /* binds beyond the declared maximum: such a Create may go to another instance */
};

struct demux;

/*
 * demux_new - a demux for instances 1..@count.
 *
 * @count     1..GATEWAY_SESSMGRS_MAX
 * @imsi_max  subscribers with calls at one time, 1..DEMUX_IMSI_MAX; 24 bytes of memory for each that
 *            there is, none for those there could be
 *
 * NULL when an argument is out of range or memory is missing. All instances start as not ready.
 */
struct demux *demux_new(unsigned count, uint32_t imsi_max);
void demux_free(struct demux *d);

/* demux_set_restart - the GTP restart counter given in Echo Responses; it belongs to the service address. */
void demux_set_restart(struct demux *d, uint8_t restart_counter);

/*
 * demux_set_pools - the pools of @cfg (copied; it must pass gateway_config_check with anything but ERR_FORMAT): a
 * Create that asks for an address goes to the session manager whose share holds it.
 */
void demux_set_pools(struct demux *d, const struct gateway_config *cfg);

/*
 * demux_set_dropping - a switchover converges: nothing is answered or forwarded, every datagram is discarded and
 * counted. Off at first.
 */
void demux_set_dropping(struct demux *d, bool is_dropping);

/* demux_set_ready - @instance takes messages (or not); when it stops its Creates in flight are forgotten. */
void demux_set_ready(struct demux *d, unsigned instance, bool is_ready);

/*
 * demux_bind / demux_unbind - a session manager has made (removed) one call of @imsi.
 *
 * Also called on a standby, as replicated calls come and go. A subscriber with calls at two instances is found at
 * the one bound last. ERR_RANGE: no such instance; ERR_FULL: the table is full, or the subscriber has 65535
 * calls (counted); ERR_NOT_FOUND: not bound
 * there. Nothing changes on an error.
 */
enum err demux_bind(struct demux *d, uint64_t imsi, unsigned instance);
enum err demux_unbind(struct demux *d, uint64_t imsi, unsigned instance);

/* demux_reserve - @instance will have about @n calls in all: a hint. */
void demux_reserve(struct demux *d, unsigned instance, uint32_t n);

/* demux_expect - these are about to be bound or unbound: a hint that lets their memory be fetched together. */
void demux_expect(const struct demux *d, const uint64_t *imsis, size_t n);

/*
 * demux_unbind_all - forget all calls of @instance; its replacement binds its calls again. The memory of what was
 * forgotten is taken back by demux_sweep, to be called until it says false: 4096 subscribers each time.
 */
void demux_unbind_all(struct demux *d, unsigned instance);
bool demux_sweep(struct demux *d);

/* demux_answered - the Create of @imsi has been answered, accepted or not: it is no longer in flight. */
void demux_answered(struct demux *d, uint64_t imsi);

/*
 * demux_input - decide on one datagram.
 *
 * @bytes, @len  borrowed; any bytes
 * @now_ms       monotonic milliseconds, never going back; ages the Creates in flight
 * @reply        an empty writer of at least GTP1_MESSAGE_MAX bytes; filled when the verdict is DEMUX_ANSWER
 * @out          always written
 *
 * An answer goes to where the datagram came from. Never blocks, allocates or sends.
 */
void demux_input(struct demux *d, const void *bytes, size_t len, uint64_t now_ms, struct wbuf *reply,
                 struct demux_result *out);

/* demux_stats - counters since demux_new; valid until the next call with @d. */
const struct demux_stats *demux_stats(const struct demux *d);

/* demux_load - calls bound to @instance plus Creates in flight to it. */
uint32_t demux_load(const struct demux *d, unsigned instance);

/* demux_reason_text - a short constant name, as the statistics print it. */
const char *demux_reason_text(enum demux_reason r);

#endif
