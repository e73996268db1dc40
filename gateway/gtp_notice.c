/* gtp_notice.c - requests that wait for their answer, in the order in which they are due. */
#include "gateway/gtp_notice.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "gateway/gateway_types.h"
#include "gateway/gtp1.h"

enum { NONE = UINT32_MAX, TEARDOWN_YES = 0xff };

/* What is new is due at once and goes to the front, what is sent is due after the same time and goes to the end: the
 * list is in the order of time. A request is found by its sequence number. */
struct entry {
	uint64_t due_ms;
	uint32_t before, after;
	uint32_t teid, peer_teid;
	struct addr peer;
	uint16_t seq;
	uint32_t service;
	uint8_t nsapi, cause;
	uint8_t sent; /* times; 0 also of a free entry */
	bool is_used;
};

struct notices {
	struct entry entries[NOTICE_MAX];
	uint32_t first, last, count;
	uint16_t next_seq;
};

_Static_assert((NOTICE_MAX & (NOTICE_MAX - 1)) == 0 && NOTICE_MAX <= 65536, "sequence numbers are entries");

struct notices *
notices_new(void)
{
	struct notices *n = calloc(1, sizeof *n);

	if (n != NULL)
		n->first = n->last = NONE;
	return n;
}

void
notices_free(struct notices *n)
{
	free(n);
}

static void
append(struct notices *n, uint32_t i)
{
	n->entries[i].before = n->last;
	n->entries[i].after = NONE;
	if (n->last == NONE)
		n->first = i;
	else
		n->entries[n->last].after = i;
	n->last = i;
}

static void
prepend(struct notices *n, uint32_t i)
{
	n->entries[i].before = NONE;
	n->entries[i].after = n->first;
	if (n->first == NONE)
		n->last = i;
	else
		n->entries[n->first].before = i;
	n->first = i;
}

static void
take_out(struct notices *n, uint32_t i)
{
	const struct entry *e = &n->entries[i];

	if (e->before == NONE)
		n->first = e->after;
	else
		n->entries[e->before].after = e->after;
	if (e->after == NONE)
		n->last = e->before;
	else
		n->entries[e->after].before = e->before;
}

static void
drop(struct notices *n, uint32_t i)
{
	take_out(n, i);
	n->entries[i].is_used = false;
	n->count--;
}

enum err
notices_add(struct notices *n, const struct call *call, uint8_t cause, uint64_t now_ms)
{
	uint16_t seq = n->next_seq;
	struct entry *e;

	if (!(call->present & CALL_HAS(CALL_F_SGSN_CONTROL)) || call->sgsn_control.family == ADDR_NONE ||
	    !(call->present & CALL_HAS(CALL_F_PEER_TEID_CONTROL)) || call->peer_teid_control == 0)
		return ERR_NOT_FOUND;
	if (n->count == NOTICE_MAX)
		return ERR_FULL;
	while (n->entries[seq % NOTICE_MAX].is_used)
		seq++;
	n->next_seq = (uint16_t)(seq + 1);
	e = &n->entries[seq % NOTICE_MAX];
	*e = (struct entry){.due_ms = now_ms,
	                    .teid = call->teid,
	                    .peer_teid = call->peer_teid_control,
	                    .peer = call->sgsn_control,
	                    .seq = seq,
	                    .nsapi = call->nsapi,
	                    .cause = cause,
	                    .service = call->service,
	                    .is_used = true};
	prepend(n, seq % NOTICE_MAX);
	n->count++;
	return ERR_OK;
}

static void
encode(const struct entry *e, struct wbuf *out)
{
	struct gtp1_header h = {.type = GTP1_DELETE_REQUEST, .has_seq = true, .seq = e->seq, .teid = e->peer_teid};
	struct gtp1_msg m = {.cause = e->cause, .teardown = TEARDOWN_YES, .nsapi = e->nsapi};

	if (e->cause != 0)
		gtp1_set(&m, GTP1_IE_CAUSE);
	gtp1_set(&m, GTP1_IE_TEARDOWN);
	gtp1_set(&m, GTP1_IE_NSAPI);
	(void)gtp1_encode(&h, &m, out);
}

bool
notices_next(struct notices *n, uint64_t now_ms, struct notice *what, struct wbuf *out, uint32_t *wait_ms)
{
	uint32_t i = n->first;
	struct entry *e;

	*wait_ms = UINT32_MAX;
	if (i == NONE)
		return false;
	e = &n->entries[i];
	if (e->due_ms > now_ms) {
		*wait_ms = (uint32_t)(e->due_ms - now_ms);
		return false;
	}
	*what = (struct notice){.teid = e->teid, .peer = e->peer, .port = GATEWAY_PORT_GTPC, .service = e->service};
	if (e->sent == NOTICE_N3) {
		what->is_unanswered = true;
		drop(n, i);
		return true;
	}
	encode(e, out);
	e->sent++;
	e->due_ms = now_ms + NOTICE_T3_MS;
	take_out(n, i);
	append(n, i);
	return true;
}

bool
notices_answer(struct notices *n, const void *bytes, size_t len)
{
	struct gtp1_header h;
	struct rbuf body;
	uint32_t i;

	if (gtp1_header_decode(bytes, len, &h, &body) != ERR_OK || h.type != GTP1_DELETE_RESPONSE || !h.has_seq)
		return false;
	i = h.seq % NOTICE_MAX;
	if (!n->entries[i].is_used || n->entries[i].seq != h.seq || n->entries[i].teid != h.teid ||
	    n->entries[i].sent == 0)
		return false;
	drop(n, i);
	return true;
}

void
notices_forget(struct notices *n)
{
	while (n->first != NONE)
		drop(n, n->first);
}

uint32_t
notices_waiting(const struct notices *n)
{
	return n->count;
}
