/* client_ctx.c - requests of a context, their repetition, and the check of every answer. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

static uint64_t
imsi_of(const struct options *o, uint32_t i)
{
	return gtp1_imsi_wire(o->imsi + i, o->imsi_digits);
}

bool
ctx_init(struct client *c)
{
	c->ctx = calloc((size_t)c->opt.contexts + 1, sizeof c->ctx[0]);
	if (c->ctx == NULL)
		return false;
	for (uint32_t i = 0; i < c->opt.contexts; i++) {
		c->ctx[i].imsi = imsi_of(&c->opt, i);
		c->ctx[i].local_teid = i + 1;
	}
	for (size_t i = 0; i < 65536; i++)
		c->by_seq[i] = CLIENT_NONE;
	c->head = c->tail = CLIENT_NONE;
	return true;
}

static void
queue_put(struct client *c, int32_t i)
{
	struct context *x = &c->ctx[i];

	x->next = CLIENT_NONE;
	x->prev = c->tail;
	if (c->tail == CLIENT_NONE)
		c->head = i;
	else
		c->ctx[c->tail].next = i;
	c->tail = i;
}

static void
queue_take(struct client *c, int32_t i)
{
	struct context *x = &c->ctx[i];

	if (x->prev == CLIENT_NONE)
		c->head = x->next;
	else
		c->ctx[x->prev].next = x->next;
	if (x->next == CLIENT_NONE)
		c->tail = x->prev;
	else
		c->ctx[x->next].prev = x->prev;
}

static void
build(struct client *c, struct context *x)
{
	struct sgsn_ask ask = {.type = x->type,
	                       .seq = x->seq,
	                       .teid = x->given.teid_control,
	                       .imsi = x->imsi,
	                       .address = ntohl(c->opt.local.sin_addr.s_addr),
	                       .teid_data = x->local_teid,
	                       .teid_control = x->local_teid,
	                       .apn = c->opt.apn};

	x->len = (uint16_t)sgsn_encode(&ask, x->bytes);
}

static uint16_t
free_seq(struct client *c)
{
	while (c->by_seq[c->next_seq] != CLIENT_NONE)
		c->next_seq++;
	return c->next_seq++;
}

void
ctx_request(struct client *c, int32_t i, uint8_t type)
{
	struct context *x = &c->ctx[i];

	if (type == GTP1_CREATE_REQUEST)
		x->given = (struct sgsn_given){0};
	x->type = type;
	x->seq = free_seq(c);
	x->transmissions = 1;
	x->first_ns = client_now_ns();
	x->deadline_ns = x->first_ns + c->opt.t3_ns;
	x->is_pending = true;
	build(c, x);
	c->by_seq[x->seq] = i;
	queue_put(c, i);
	c->pending++;
	c->t.sent++;
	net_send(c, x->bytes, x->len);
}

static void
finish(struct client *c, int32_t i)
{
	struct context *x = &c->ctx[i];

	queue_take(c, i);
	c->by_seq[x->seq] = CLIENT_NONE;
	x->is_pending = false;
	c->pending--;
}

static void
set_held(struct client *c, struct context *x, bool is_held)
{
	c->held += is_held;
	c->held -= x->is_held;
	x->is_held = is_held;
}

/* After the last repetition nothing is known of the other side: a context that was to be released is given up. */
static void
give_up(struct client *c, int32_t i)
{
	struct context *x = &c->ctx[i];

	finish(c, i);
	c->t.lost++;
	file_ledger(c, x, 0, 0, "lost");
	if (x->type == GTP1_DELETE_REQUEST)
		set_held(c, x, false);
}

uint64_t
ctx_expire(struct client *c, uint64_t now_ns)
{
	while (c->head != CLIENT_NONE && c->ctx[c->head].deadline_ns <= now_ns) {
		int32_t i = c->head;
		struct context *x = &c->ctx[i];

		if (x->transmissions >= c->opt.n3) {
			give_up(c, i);
			continue;
		}
		queue_take(c, i);
		x->transmissions++;
		x->deadline_ns = now_ns + c->opt.t3_ns;
		queue_put(c, i);
		c->t.retransmissions++;
		net_send(c, x->bytes, x->len);
	}
	return c->head == CLIENT_NONE ? 0 : c->ctx[c->head].deadline_ns;
}

static uint32_t
service_of(const struct client *c)
{
	return ntohl(c->opt.remote.sin_addr.s_addr);
}

static const char *
take_create(struct client *c, struct context *x, const struct gtp1_msg *m)
{
	const char *why = sgsn_read_create(m, service_of(c), &x->given);

	if (why != NULL)
		return why;
	set_held(c, x, true);
	return "ok";
}

static const char *
check_update(const struct client *c, const struct context *x, const struct gtp1_msg *m)
{
	const char *why = sgsn_check_update(m, service_of(c), &x->given);

	return why == NULL ? "ok" : why;
}

static void
see_restart_counter(struct client *c, const struct gtp1_msg *m)
{
	if (!gtp1_has(m, GTP1_IE_RECOVERY))
		return;
	if (c->restart_counter >= 0 && c->restart_counter != m->recovery)
		c->restart_changes++;
	c->restart_counter = m->recovery;
}

/* What an accepted answer says of the context. */
static const char *
take_accepted(struct client *c, struct context *x, const struct gtp1_msg *m)
{
	switch (x->type) {
	case GTP1_CREATE_REQUEST:
		return take_create(c, x, m);
	case GTP1_UPDATE_REQUEST:
		return check_update(c, x, m);
	case GTP1_DELETE_REQUEST:
		set_held(c, x, false);
		return "ok";
	default:
		return gtp1_has(m, GTP1_IE_RECOVERY) ? "ok" : "element-missing";
	}
}

static const char *
take_answer(struct client *c, struct context *x, const struct gtp1_header *h, const struct gtp1_msg *m, int cause)
{
	bool is_unknown_context = cause == GTP1_CAUSE_NON_EXISTENT;

	if (h->type != gtp1_response_type(x->type))
		return "type";
	if (x->type != GTP1_ECHO_REQUEST && !is_unknown_context && h->teid != x->local_teid)
		return "teid";
	if (cause == GTP1_CAUSE_ACCEPTED)
		return take_accepted(c, x, m);
	if (is_unknown_context && x->type == GTP1_DELETE_REQUEST)
		set_held(c, x, false);
	return "refused";
}

static void
count_answer(struct client *c, const struct context *x, uint64_t now, int cause, const char *verdict)
{
	c->t.answered++;
	c->t.accepted += cause == GTP1_CAUSE_ACCEPTED;
	if (cause == GTP1_CAUSE_NO_RESOURCES && x->type == GTP1_CREATE_REQUEST)
		c->t.no_resources++;
	else
		c->t.other += cause != GTP1_CAUSE_ACCEPTED;
	c->t.wrong += strcmp(verdict, "ok") != 0 && strcmp(verdict, "refused") != 0;
	hist_add(&c->t.round_trip, (now - x->first_ns) / 1000);
	if (cause == GTP1_CAUSE_ACCEPTED)
		gap_answer(&c->gaps, now);
	file_ledger(c, x, now, cause, verdict);
}

/* A Create that was refused and whose repetition, on its way meanwhile, was not: the call is there. */
static void
take_surplus(struct client *c, const struct gtp1_header *h, const struct gtp1_msg *m, int cause)
{
	if (h->type != GTP1_CREATE_RESPONSE || cause != GTP1_CAUSE_ACCEPTED)
		return;
	for (uint32_t i = 0; i < c->opt.contexts; i++) {
		struct context *x = &c->ctx[i];

		if (x->local_teid == h->teid && !x->is_pending && !x->is_held && x->type == GTP1_CREATE_REQUEST &&
		    x->seq == h->seq && strcmp(take_create(c, x, m), "ok") == 0)
			c->t.late++;
	}
}

void
ctx_answer(struct client *c, const uint8_t *bytes, size_t len, const struct sockaddr_in *from)
{
	uint64_t now = client_now_ns();
	struct rows_verdict v;
	struct gtp1_header h;
	struct gtp1_msg m;
	struct rbuf body;
	int32_t i;
	int cause;

	if (from->sin_addr.s_addr != c->opt.remote.sin_addr.s_addr || from->sin_port != c->opt.remote.sin_port ||
	    gtp1_header_decode(bytes, len, &h, &body) != ERR_OK || !h.has_seq ||
	    gtp1_decode(h.type, &body, &m, &v) != ERR_OK) {
		c->t.wrong++;
		return;
	}
	i = c->by_seq[h.seq];
	cause = h.type == GTP1_ECHO_RESPONSE ? GTP1_CAUSE_ACCEPTED : gtp1_has(&m, GTP1_IE_CAUSE) ? m.cause : 0;
	if (i == CLIENT_NONE) {
		c->t.surplus++;
		take_surplus(c, &h, &m, cause);
		return;
	}
	finish(c, i);
	see_restart_counter(c, &m);
	count_answer(c, &c->ctx[i], now, cause, take_answer(c, &c->ctx[i], &h, &m, cause));
}

static int
compare_u32(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

void
ctx_check_addresses(struct client *c)
{
	uint32_t *seen = malloc(((size_t)c->held + 1) * sizeof *seen), n = 0;

	if (seen == NULL)
		return;
	for (uint32_t i = 0; i < c->opt.contexts && n < c->held; i++)
		if (c->ctx[i].is_held)
			seen[n++] = c->ctx[i].given.address;
	qsort(seen, n, sizeof *seen, compare_u32);
	for (uint32_t i = 1; i < n; i++)
		if (seen[i] == seen[i - 1]) {
			fprintf(stderr, "two contexts hold address %08" PRIx32 "\n", seen[i]);
			c->t.wrong++;
		}
	free(seen);
}
