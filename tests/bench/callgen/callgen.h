/*
 * callgen.h - the load generator: up to a million PDP contexts through GTP, and a ledger of what was answered.
 *
 * Several SGSNs (addresses of their own, one after the other) in one process and one loop; requests under way are
 * bounded by a window; each is repeated until it is answered or given up. The ledger is a file between runs, so that
 * one run makes contexts, another changes them while a chassis dies, and a third asks for every one of them. The
 * messages are those of tests/gtp_client/sgsn.h; nothing of a chassis is used but its codec.
 *
 *   callgen.c         options, summary         callgen_ask.c      requests under way, repetition, answers
 *   callgen_run.c     the modes, the loop      callgen_ledger.c   what is known of each context, its file
 *
 * How a change is known again: each Create and Update carries a control TEID made of the context's number and a serial
 * that counts up. The chassis keeps it and addresses its answers to it. So an Update without that element, which
 * leaves it as it is, is answered to the last one the chassis has, and that says whose call it is and which change
 * it has seen.
 */
#ifndef TESTS_BENCH_CALLGEN_H
#define TESTS_BENCH_CALLGEN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/hist.h"
#include "base/rng.h"
#include "tests/gtp_client/sgsn.h"

enum {
	CONTEXTS_MAX = 1000000,
	CONTEXT_BITS = 20, /* of a control TEID: number of the context plus one; above it the serial */
	SERIAL_MASK = (1 << (32 - CONTEXT_BITS)) - 1,
	WINDOW_MAX = 4096,
	DELETED_KEPT = 4, /* deleted calls of a context that are asked for again */
	SGSNS_MAX = 64,
	NONE = -1
};

enum mode { MODE_CREATE, MODE_UPDATE, MODE_DELETE, MODE_CHURN, MODE_VERIFY, MODE_COUNT };

struct options {
	enum mode mode;
	struct sockaddr_in local, remote; /* of the first SGSN; of the service */
	uint32_t sgsns;
	uint32_t contexts;
	uint64_t imsi; /* of the first context, as a number; the others follow */
	uint8_t imsi_digits;
	const char *apn;
	uint32_t rate;   /* requests a second, 0: as fast as answers come */
	uint32_t window; /* requests under way at most */
	uint32_t count;  /* update, delete: how many; 0: as many as there are contexts */
	uint64_t t3_ns;
	uint32_t n3;
	double seconds; /* churn; 0: until SIGTERM */
	uint64_t seed;
	uint32_t print; /* contradictions told in words, at most */
	const char *ledger;
};

/* What is known of a context. */
enum state {
	FREE,          /* no call: none was made, or it was deleted */
	HELD,          /* a Create was answered */
	UNSURE_CREATE, /* a Create was given up without an answer, or repeated and refused once: there may be a call,
	                  its TEID is not known */
	UNSURE_DELETE, /* a Delete was given up without an answer: the call may be there or not */
	LOST,          /* the chassis said that an acknowledged call does not exist */
	STATE_COUNT
};

/* One line of the ledger. Moments are of the monotonic clock, nanoseconds, when the answer was read; 0: never. */
struct entry {
	struct sgsn_given given; /* HELD, UNSURE_DELETE, LOST */
	uint16_t serial;         /* of the last change that was acknowledged */
	uint16_t sent;           /* of the last change that was sent; another one: not acknowledged */
	uint16_t seq;            /* of the last request: the next one must have another */
	uint8_t state;           /* enum state */
	bool is_pending;
	uint64_t created_ns, acked_ns;
	struct {
		uint32_t teid; /* 0: none */
		uint64_t ns;
	} deleted[DELETED_KEPT]; /* the last calls that were deleted, the youngest first */
};

/* Why a request is sent: CHANGE alters what is known, the others only ask. */
enum purpose { CHANGE, ASK_HELD, ASK_DELETED /* and what follows: of the calls deleted before */ };

struct flight {
	uint32_t context;
	uint8_t type;
	uint8_t purpose; /* enum purpose */
	uint16_t seq;
	uint16_t len;
	uint32_t transmissions;
	uint64_t first_ns, deadline_ns;
	int32_t next, prev; /* in the order of deadlines; next in the list of free ones */
	uint8_t bytes[SGSN_REQUEST_MAX];
};

struct totals {
	uint64_t sent; /* requests, without repetitions */
	uint64_t answered, unanswered;
	uint64_t accepted; /* cause 128 */
	uint64_t refused;  /* a Create with cause 199, as it may be for a while after a takeover */
	uint64_t gone;     /* a repeated Delete with cause 192: the first one was carried out */
	uint64_t other;    /* any other cause that nothing explains */
	uint64_t retransmissions, surplus;
	uint64_t verified_held, verified_deleted;
	uint64_t unsure_there, unsure_gone; /* calls of which nothing is known for certain, as they were found */
	uint64_t reused;                    /* deleted calls whose TEID belongs to another one by now: not asked for */
	/* Contradictions to what was acknowledged. */
	uint64_t lost;     /* a call is not there */
	uint64_t older;    /* a call has not seen a change */
	uint64_t returned; /* a deleted call is there */
	uint64_t twice;    /* two calls have one TEID or one address */
	uint64_t wrong;    /* an answer that cannot be */
	struct hist round_trip;
};

struct gen {
	struct options opt;
	uint32_t service;      /* host order */
	struct entry *entries; /* opt.contexts */
	uint32_t held;
	uint32_t *held_teids, *held_addresses; /* verify: sorted, behind its first pass */
	uint32_t held_teid_count;
	struct flight *flights; /* opt.window */
	int32_t free_head, head, tail;
	uint32_t in_flight;
	int32_t by_seq[65536];
	uint16_t next_seq;
	int fds[SGSNS_MAX];
	struct rng rng;
	struct totals t;
	uint32_t printed;
	volatile bool *is_stop_asked; /* set by SIGTERM and SIGINT */
};

uint64_t now_ns(void);

/* --- callgen_ask.c ---------------------------------------------------------------------------------------------- */

/* ask_open - flights and sockets; false with errno. ask_close - and back. */
bool ask_open(struct gen *g);
void ask_close(struct gen *g);

/* ask_context - one request of @type about context @i, which has none under way; there must be room in the window. */
void ask_context(struct gen *g, uint32_t i, uint8_t type, unsigned purpose);

/* ask_receive - reads what has come to all sockets. */
void ask_receive(struct gen *g);

/* ask_expire - repeats or gives up what is due; returns the next deadline, 0: none. */
uint64_t ask_expire(struct gen *g, uint64_t now);

/* --- callgen_ledger.c ------------------------------------------------------------------------------------------- */

/* ledger_open - entries, from the file if it is there. NULL, or what is wrong with it (static text). */
const char *ledger_open(struct gen *g);
bool ledger_save(const struct gen *g);

/* ledger_control_teid - what context @i says with change @serial. ledger_context - and back; NONE: nobody's. */
uint32_t ledger_control_teid(uint32_t i, uint16_t serial);
int32_t ledger_context(const struct gen *g, uint32_t control_teid);

/* ledger_may_have - may the chassis have change @control_teid of context @i: the last acknowledged one, or one behind
 * it that was not answered? */
bool ledger_may_have(const struct gen *g, uint32_t i, uint32_t control_teid);

/* ledger_deleted - the call @teid of context @i was deleted. */
void ledger_deleted(struct gen *g, uint32_t i, uint32_t teid, uint64_t now);

/* ledger_set - the state of context @i, and how many are held. */
void ledger_set(struct gen *g, uint32_t i, enum state state);

/* ledger_contradiction - counts in @counter and tells, up to opt.print lines, what context @i contradicts;
 * @deleted_ns: of a deleted call, when. */
void ledger_contradiction(struct gen *g, uint32_t i, uint64_t *counter, const char *what, uint32_t teid, int cause,
                          uint64_t deleted_ns);

/* ledger_check_unique - no two held contexts share a TEID or an address; g->held_teids is filled. */
void ledger_check_unique(struct gen *g);
bool ledger_is_held_teid(const struct gen *g, uint32_t teid);

/* --- callgen_run.c ---------------------------------------------------------------------------------------------- */

void run(struct gen *g);

#endif
