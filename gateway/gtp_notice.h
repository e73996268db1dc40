/*
 * gtp_notice.h - Delete PDP Context Requests of this side: an SGSN is told that a call is gone, and told again until it
 * answers.
 *
 * TS 29.060 sections 7.3.5 and 7.6: a request is repeated after T3-RESPONSE, N3-REQUESTS times in all, with the same
 * sequence number; the answer carries our TEID and that number. Pure: time comes in, messages go out one by one.
 * Caller: the session manager role, for calls that the internal audit purges.
 * Source: interchassis session recovery chapter, "Graceful Cleanup of ICSR After Audit of Failed Calls".
 */
#ifndef GATEWAY_GTP_NOTICE_H
#define GATEWAY_GTP_NOTICE_H

#include "base/buf.h"
#include "session/session_types.h"

enum {
	NOTICE_MAX = 16384,  /* waiting for an answer at one time */
	NOTICE_T3_MS = 5000, /* from one transmission to the next */
	NOTICE_N3 = 5,       /* transmissions in all */
	NOTICE_BYTES = 32    /* a message is not longer */
};

struct notices;

/* A message to be sent, or one that is given up. */
struct notice {
	uint32_t teid; /* of the call */
	struct addr peer;
	uint16_t port;
	uint32_t service;   /* id of the one from whose address it goes */
	bool is_unanswered; /* nothing is to be sent: the SGSN did not answer */
};

struct notices *notices_new(void); /* NULL: no memory */
void notices_free(struct notices *n);

/*
 * notices_add - the SGSN of @call is to be told. @cause is that of the message, 0: without one.
 * ERR_NOT_FOUND: the call does not know its SGSN; ERR_FULL: too many wait already.
 */
enum err notices_add(struct notices *n, const struct call *call, uint8_t cause, uint64_t now_ms);

/* notices_next - what is due at @now_ms, its bytes into @out; false: nothing is, for *wait_ms (UINT32_MAX: ever). */
bool notices_next(struct notices *n, uint64_t now_ms, struct notice *what, struct wbuf *out, uint32_t *wait_ms);

/* notices_answer - a message came; true: it is the answer to one of ours, which is told. */
bool notices_answer(struct notices *n, const void *bytes, size_t len);

/* notices_forget - nobody is told any more. */
void notices_forget(struct notices *n);

uint32_t notices_waiting(const struct notices *n);

#endif
