/* callgen_ask.c - requests under way, their repetition, and what each answer says of the ledger. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "callgen.h"

enum { SOCKET_BUFFER_BYTES = 8 << 20 };

static bool
open_socket(struct gen *g, uint32_t i)
{
	struct sockaddr_in local = g->opt.local;
	int bytes = SOCKET_BUFFER_BYTES, fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	g->fds[i] = fd;
	local.sin_addr.s_addr = htonl(ntohl(local.sin_addr.s_addr) + i);
	if (fd < 0)
		return false;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	return bind(fd, (const struct sockaddr *)&local, sizeof local) == 0;
}

bool
ask_open(struct gen *g)
{
	for (uint32_t i = 0; i < SGSNS_MAX; i++)
		g->fds[i] = NONE;
	for (size_t i = 0; i < 65536; i++)
		g->by_seq[i] = NONE;
	g->head = g->tail = g->free_head = NONE;
	g->flights = calloc(g->opt.window, sizeof g->flights[0]);
	if (g->flights == NULL)
		return false;
	for (uint32_t i = 0; i < g->opt.window; i++) {
		g->flights[i].next = g->free_head;
		g->free_head = (int32_t)i;
	}
	for (uint32_t i = 0; i < g->opt.sgsns; i++)
		if (!open_socket(g, i))
			return false;
	return true;
}

void
ask_close(struct gen *g)
{
	for (uint32_t i = 0; i < SGSNS_MAX; i++)
		if (g->fds[i] != NONE)
			close(g->fds[i]);
	free(g->flights);
}

/* --- the queue of deadlines: T3 is the same for all, so the order of sending is the order of deadlines ---------- */

static void
queue_put(struct gen *g, int32_t n)
{
	struct flight *f = &g->flights[n];

	f->next = NONE;
	f->prev = g->tail;
	if (g->tail == NONE)
		g->head = n;
	else
		g->flights[g->tail].next = n;
	g->tail = n;
}

static void
queue_take(struct gen *g, int32_t n)
{
	struct flight *f = &g->flights[n];

	if (f->prev == NONE)
		g->head = f->next;
	else
		g->flights[f->prev].next = f->next;
	if (f->next == NONE)
		g->tail = f->prev;
	else
		g->flights[f->next].prev = f->prev;
}

/* The flight is free, but what it says stays readable until the next request. */
static void
land(struct gen *g, int32_t n)
{
	struct flight *f = &g->flights[n];

	queue_take(g, n);
	g->by_seq[f->seq] = NONE;
	g->entries[f->context].is_pending = false;
	f->next = g->free_head;
	g->free_head = n;
	g->in_flight--;
}

/* --- requests --------------------------------------------------------------------------------------------------- */

/* Another one than the context's last: the chassis would take the request for its repetition. */
static uint16_t
choose_seq(struct gen *g, const struct entry *e)
{
	while (g->by_seq[g->next_seq] != NONE || g->next_seq == e->seq)
		g->next_seq++;
	return g->next_seq++;
}

static uint32_t
sgsn_of(const struct gen *g, uint32_t context)
{
	return context % g->opt.sgsns;
}

static void
transmit(struct gen *g, struct flight *f)
{
	f->transmissions++;
	(void)sendto(g->fds[sgsn_of(g, f->context)], f->bytes, f->len, 0, (const struct sockaddr *)&g->opt.remote,
	             sizeof g->opt.remote); /* what cannot be sent now is repeated like what is lost */
}

void
ask_context(struct gen *g, uint32_t i, uint8_t type, unsigned purpose)
{
	int32_t n = g->free_head;
	struct flight *f = &g->flights[n];
	struct entry *e = &g->entries[i];
	bool is_marked = purpose == CHANGE && type != GTP1_DELETE_REQUEST;
	struct sgsn_ask ask = {.type = type,
	                       .seq = choose_seq(g, e),
	                       .imsi = gtp1_imsi_wire(g->opt.imsi + i, g->opt.imsi_digits),
	                       .address = ntohl(g->opt.local.sin_addr.s_addr) + sgsn_of(g, i),
	                       .teid_data = i + 1,
	                       .apn = g->opt.apn};

	if (type != GTP1_CREATE_REQUEST)
		ask.teid = purpose >= ASK_DELETED ? e->deleted[purpose - ASK_DELETED].teid : e->given.teid_control;
	if (is_marked) {
		e->sent = e->sent == UINT16_MAX ? SERIAL_MASK + 1 : (uint16_t)(e->sent + 1); /* 0 is: never asked */
		ask.teid_control = ledger_control_teid(i, e->sent);
	}
	e->seq = ask.seq;
	e->is_pending = true;
	g->free_head = f->next;
	f->context = i;
	f->type = type;
	f->purpose = (uint8_t)purpose;
	f->seq = ask.seq;
	f->transmissions = 0;
	f->first_ns = now_ns();
	f->deadline_ns = f->first_ns + g->opt.t3_ns;
	f->len = (uint16_t)sgsn_encode(&ask, f->bytes);
	g->by_seq[f->seq] = n;
	queue_put(g, n);
	g->in_flight++;
	g->t.sent++;
	transmit(g, f);
}

/* Nothing is known of what became of it. */
static void
give_up(struct gen *g, int32_t n)
{
	const struct flight *f = &g->flights[n];

	land(g, n);
	g->t.unanswered++;
	if (f->purpose != CHANGE)
		return;
	if (f->type == GTP1_CREATE_REQUEST)
		ledger_set(g, f->context, UNSURE_CREATE);
	else if (f->type == GTP1_DELETE_REQUEST)
		ledger_set(g, f->context, UNSURE_DELETE);
}

uint64_t
ask_expire(struct gen *g, uint64_t now)
{
	while (g->head != NONE && g->flights[g->head].deadline_ns <= now) {
		int32_t n = g->head;
		struct flight *f = &g->flights[n];

		if (f->transmissions >= g->opt.n3) {
			give_up(g, n);
			continue;
		}
		queue_take(g, n);
		f->deadline_ns = now + g->opt.t3_ns;
		queue_put(g, n);
		g->t.retransmissions++;
		transmit(g, f);
	}
	return g->head == NONE ? 0 : g->flights[g->head].deadline_ns;
}

/* --- answers ---------------------------------------------------------------------------------------------------- */

/* An answer, read. */
struct answer {
	struct gtp1_header head;
	struct gtp1_msg msg;
	int cause;
	uint64_t now;
};

static void
wrong(struct gen *g, const struct flight *f, const struct answer *a, const char *why)
{
	ledger_contradiction(g, f->context, &g->t.wrong, why, a->head.teid, a->cause, 0);
}

static void
take_create(struct gen *g, const struct flight *f, const struct answer *a)
{
	struct entry *e = &g->entries[f->context];
	uint32_t before = e->state == UNSURE_DELETE ? e->given.teid_control : 0;
	struct sgsn_given given;
	const char *why;

	if (a->cause == GTP1_CAUSE_NO_RESOURCES) {
		g->t.refused++;
		if (f->transmissions > 1) /* a repetition that is still on its way may be accepted */
			ledger_set(g, f->context, UNSURE_CREATE);
		return;
	}
	if (a->cause != GTP1_CAUSE_ACCEPTED) {
		g->t.other++;
		return;
	}
	why = sgsn_read_create(&a->msg, g->service, &given);
	if (why == NULL && a->head.teid != ledger_control_teid(f->context, e->sent))
		why = "teid";
	if (why != NULL) {
		wrong(g, f, a, why);
		return;
	}
	if (before != 0) /* deleted, or replaced by this one: it is gone */
		ledger_deleted(g, f->context, before, a->now);
	e->given = given;
	e->serial = e->sent;
	e->created_ns = e->acked_ns = a->now;
	ledger_set(g, f->context, HELD);
}

static void
lose(struct gen *g, const struct flight *f, const struct answer *a)
{
	const struct entry *e = &g->entries[f->context];

	ledger_contradiction(g, f->context, &g->t.lost, "lost", e->given.teid_control, a->cause, 0);
	ledger_set(g, f->context, LOST);
}

static void
take_update(struct gen *g, const struct flight *f, const struct answer *a)
{
	struct entry *e = &g->entries[f->context];
	const char *why;

	if (a->cause == GTP1_CAUSE_NON_EXISTENT) {
		lose(g, f, a);
		return;
	}
	if (a->cause != GTP1_CAUSE_ACCEPTED) {
		g->t.other++;
		return;
	}
	why = sgsn_check_update(&a->msg, g->service, &e->given);
	if (why == NULL && a->head.teid != ledger_control_teid(f->context, e->sent))
		why = "teid";
	if (why != NULL) {
		wrong(g, f, a, why);
		return;
	}
	e->serial = e->sent;
	e->acked_ns = a->now;
}

static void
take_delete(struct gen *g, const struct flight *f, const struct answer *a)
{
	struct entry *e = &g->entries[f->context];

	if (a->cause == GTP1_CAUSE_NON_EXISTENT && f->transmissions == 1 && e->state == HELD) {
		lose(g, f, a);
		return;
	}
	if (a->cause == GTP1_CAUSE_ACCEPTED && !ledger_may_have(g, f->context, a->head.teid))
		ledger_contradiction(g, f->context, &g->t.older, "older", e->given.teid_control, a->cause, 0);
	else if (a->cause == GTP1_CAUSE_NON_EXISTENT)
		g->t.gone++;
	else if (a->cause != GTP1_CAUSE_ACCEPTED) {
		g->t.other++;
		return;
	}
	ledger_deleted(g, f->context, e->given.teid_control, a->now);
	e->acked_ns = a->now;
	ledger_set(g, f->context, FREE);
}

/* Is the call there that should be? One that nothing is known of for certain is only counted. */
static void
verify_held(struct gen *g, const struct flight *f, const struct answer *a)
{
	const struct entry *e = &g->entries[f->context];
	bool is_sure = e->state == HELD;
	const char *why;

	if (a->cause == GTP1_CAUSE_NON_EXISTENT) {
		if (is_sure)
			lose(g, f, a);
		else
			g->t.unsure_gone++;
		return;
	}
	if (a->cause != GTP1_CAUSE_ACCEPTED) {
		g->t.other++;
		return;
	}
	if (ledger_context(g, a->head.teid) != (int32_t)f->context) { /* the TEID is another call's */
		if (is_sure)
			lose(g, f, a);
		else
			g->t.unsure_gone++;
		return;
	}
	why = sgsn_check_update(&a->msg, g->service, &e->given);
	if (why != NULL) {
		wrong(g, f, a, why);
		return;
	}
	if (!ledger_may_have(g, f->context, a->head.teid))
		ledger_contradiction(g, f->context, &g->t.older, "older", e->given.teid_control,
		                     (int)(a->head.teid >> CONTEXT_BITS), 0);
	else if (is_sure)
		g->t.verified_held++;
	else
		g->t.unsure_there++;
}

static void
verify_deleted(struct gen *g, const struct flight *f, const struct answer *a)
{
	const struct entry *e = &g->entries[f->context];
	unsigned nth = f->purpose - ASK_DELETED;
	int32_t owner;

	if (a->cause == GTP1_CAUSE_NON_EXISTENT) {
		g->t.verified_deleted++;
		return;
	}
	if (a->cause != GTP1_CAUSE_ACCEPTED) {
		g->t.other++;
		return;
	}
	owner = ledger_context(g, a->head.teid);
	if (owner == (int32_t)f->context)
		ledger_contradiction(g, f->context, &g->t.returned, "returned", e->deleted[nth].teid, a->cause,
		                     e->deleted[nth].ns);
	else if (owner != NONE && g->entries[owner].state == UNSURE_CREATE)
		g->t.reused++;
	else
		wrong(g, f, a, "call-of-nobody");
}

static void
take_answer(struct gen *g, int32_t n, const struct answer *a)
{
	const struct flight *f = &g->flights[n];

	g->t.answered++;
	g->t.accepted += a->cause == GTP1_CAUSE_ACCEPTED;
	hist_add(&g->t.round_trip, (a->now - f->first_ns) / 1000);
	if (a->head.type != gtp1_response_type(f->type))
		wrong(g, f, a, "type");
	else if (f->purpose == ASK_HELD)
		verify_held(g, f, a);
	else if (f->purpose >= ASK_DELETED)
		verify_deleted(g, f, a);
	else if (f->type == GTP1_CREATE_REQUEST)
		take_create(g, f, a);
	else if (f->type == GTP1_UPDATE_REQUEST)
		take_update(g, f, a);
	else
		take_delete(g, f, a);
	land(g, n);
}

static void
take_datagram(struct gen *g, const uint8_t *bytes, size_t len, const struct sockaddr_in *from, uint32_t sgsn)
{
	struct answer a = {.now = now_ns()};
	struct rows_verdict verdict;
	struct rbuf body;
	int32_t n;

	if (from->sin_addr.s_addr != g->opt.remote.sin_addr.s_addr || from->sin_port != g->opt.remote.sin_port ||
	    gtp1_header_decode(bytes, len, &a.head, &body) != ERR_OK || !a.head.has_seq ||
	    gtp1_decode(a.head.type, &body, &a.msg, &verdict) != ERR_OK) {
		g->t.wrong++;
		return;
	}
	n = g->by_seq[a.head.seq];
	if (n == NONE || sgsn_of(g, g->flights[n].context) != sgsn) {
		g->t.surplus++;
		return;
	}
	a.cause = gtp1_has(&a.msg, GTP1_IE_CAUSE) ? a.msg.cause : 0;
	take_answer(g, n, &a);
}

static void
receive_from(struct gen *g, uint32_t sgsn)
{
	uint8_t bytes[GTP1_MESSAGE_MAX];

	for (;;) {
		struct sockaddr_in from;
		socklen_t from_len = sizeof from;
		ssize_t n = recvfrom(g->fds[sgsn], bytes, sizeof bytes, 0, (struct sockaddr *)&from, &from_len);

		if (n >= 0)
			take_datagram(g, bytes, (size_t)n, &from, sgsn);
		else if (errno != EINTR && errno != ECONNREFUSED)
			return;
	}
}

void
ask_receive(struct gen *g)
{
	for (uint32_t i = 0; i < g->opt.sgsns; i++)
		receive_from(g, i);
}
