/* client_ctx.c - requests of a context, their repetition, and the check of every answer. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
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
put_bytes(struct gtp1_msg *m, enum gtp1_ie ie, uint8_t *to, uint8_t *to_len, const void *from, uint8_t n)
{
	memcpy(to, from, n);
	*to_len = n;
	gtp1_set(m, ie);
}

/* The SGSN's side of a context: what Create and Update both say. */
static void
put_sgsn(const struct client *c, const struct context *x, struct gtp1_msg *m)
{
	static const uint8_t qos[] = {0x01, 0x0b, 0x92, 0x1f};

	m->teid_data = x->local_teid;
	m->teid_control = x->local_teid;
	m->gsn_control = addr_v4(ntohl(c->opt.local.sin_addr.s_addr));
	m->gsn_user = m->gsn_control;
	gtp1_set(m, GTP1_IE_TEID_DATA);
	gtp1_set(m, GTP1_IE_TEID_CONTROL);
	gtp1_set(m, GTP1_IE_NSAPI);
	gtp1_set(m, GTP1_IE_GSN_CONTROL);
	gtp1_set(m, GTP1_IE_GSN_USER);
	m->nsapi = 5;
	put_bytes(m, GTP1_IE_QOS, m->qos, &m->qos_len, qos, sizeof qos);
}

static void
put_create(const struct client *c, const struct context *x, struct gtp1_msg *m)
{
	static const uint8_t msisdn[] = {0x91, 0x64, 0x07, 0x12, 0x32, 0x54, 0xf6};
	static const uint8_t rai[] = {0x42, 0xf0, 0x10, 0x00, 0x01, 0x01};

	put_sgsn(c, x, m);
	m->imsi = x->imsi;
	m->selection_mode = 0xfd;
	m->recovery = 1;
	m->charging_characteristics = 0x0800;
	gtp1_set(m, GTP1_IE_IMSI);
	gtp1_set(m, GTP1_IE_SELECTION_MODE);
	gtp1_set(m, GTP1_IE_RECOVERY);
	gtp1_set(m, GTP1_IE_CHARGING_CHARACTERISTICS);
	put_bytes(m, GTP1_IE_RAI, m->rai, &m->rai_len, rai, sizeof rai);
	put_bytes(m, GTP1_IE_MSISDN, m->msisdn, &m->msisdn_len, msisdn, sizeof msisdn);
	gtp1_eua_ipv4(m, 0);
	if (gtp1_apn_wire(c->opt.apn, m->apn, &m->apn_len) == ERR_OK)
		gtp1_set(m, GTP1_IE_APN);
}

static void
build(struct client *c, struct context *x)
{
	struct gtp1_header h = {.type = x->type, .has_seq = true, .seq = x->seq, .teid = x->teid_control};
	struct gtp1_msg m = {0};
	struct wbuf w;

	if (x->type == GTP1_CREATE_REQUEST) {
		put_create(c, x, &m);
	} else if (x->type == GTP1_UPDATE_REQUEST) {
		put_sgsn(c, x, &m);
	} else if (x->type == GTP1_DELETE_REQUEST) {
		m.teardown = 0xff;
		m.nsapi = 5;
		gtp1_set(&m, GTP1_IE_TEARDOWN);
		gtp1_set(&m, GTP1_IE_NSAPI);
	}
	wbuf_init(&w, x->bytes, sizeof x->bytes);
	if (gtp1_encode(&h, &m, &w) != ERR_OK)
		abort();
	x->len = (uint16_t)w.len;
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
		x->teid_control = x->teid_data = x->address = x->charging_id = 0;
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

static bool
is_service_address(const struct client *c, const struct gtp1_msg *m)
{
	struct addr remote = addr_v4(ntohl(c->opt.remote.sin_addr.s_addr));

	return gtp1_has(m, GTP1_IE_GSN_CONTROL) && gtp1_has(m, GTP1_IE_GSN_USER) &&
	       addr_equal(&m->gsn_control, &remote) && addr_equal(&m->gsn_user, &remote);
}

static const char *
take_create(struct client *c, struct context *x, const struct gtp1_msg *m)
{
	enum gtp1_pdp pdp;

	if (!gtp1_has(m, GTP1_IE_TEID_CONTROL) || !gtp1_has(m, GTP1_IE_TEID_DATA) || !gtp1_has(m, GTP1_IE_CHARGING_ID))
		return "element-missing";
	if (!is_service_address(c, m))
		return "gsn-address";
	if (!gtp1_has(m, GTP1_IE_EUA) || gtp1_eua_parse(m->eua, m->eua_len, &pdp, &x->address) != ERR_OK ||
	    pdp != GTP1_PDP_IPV4 || x->address == 0)
		return "end-user-address";
	x->teid_control = m->teid_control;
	x->teid_data = m->teid_data;
	x->charging_id = m->charging_id;
	set_held(c, x, true);
	return "ok";
}

static const char *
check_update(const struct client *c, const struct context *x, const struct gtp1_msg *m)
{
	if (gtp1_has(m, GTP1_IE_TEID_CONTROL) && m->teid_control != x->teid_control)
		return "teid-control-changed";
	if (gtp1_has(m, GTP1_IE_TEID_DATA) && m->teid_data != x->teid_data)
		return "teid-data-changed";
	if (gtp1_has(m, GTP1_IE_CHARGING_ID) && m->charging_id != x->charging_id)
		return "charging-id-changed";
	return is_service_address(c, m) ? "ok" : "gsn-address";
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
	if (i == CLIENT_NONE) {
		c->t.surplus++;
		return;
	}
	cause = h.type == GTP1_ECHO_RESPONSE ? GTP1_CAUSE_ACCEPTED : gtp1_has(&m, GTP1_IE_CAUSE) ? m.cause : 0;
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
			seen[n++] = c->ctx[i].address;
	qsort(seen, n, sizeof *seen, compare_u32);
	for (uint32_t i = 1; i < n; i++)
		if (seen[i] == seen[i - 1]) {
			fprintf(stderr, "two contexts hold address %08" PRIx32 "\n", seen[i]);
			c->t.wrong++;
		}
	free(seen);
}
