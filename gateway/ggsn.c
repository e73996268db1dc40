/* ggsn.c - requests to the GGSN service; the engine's life and its pools are in ggsn_pools.c. */
#include "gateway/ggsn.h"

#include <assert.h>
#include <string.h>

#include "gateway/ggsn_internal.h"
#include "gateway/gtp1.h"

/* The spare bits of a yes/no element are ones. */
enum { REORDERING_NOT_REQUIRED = 0xfe, REPEAT_SECONDS_MAX = 120 };

/* All that the steps of one request hand to each other. */
struct step {
	struct ggsn *g;
	const struct ggsn_request *in;
	struct gtp1_header head;
	struct gtp1_msg msg;
	struct wbuf *reply;
	struct ggsn_result *out;
	const struct gateway_service *service;
};

static enum err
store_get(struct ggsn *g, uint32_t teid, struct call *call)
{
	return g->store.ops->get(g->store.arg, teid, call);
}

static void
reject(struct step *s, uint32_t teid, uint8_t cause)
{
	enum err e = gtp1_reject(&s->head, teid, cause, s->reply);

	assert(e == ERR_OK);
	s->out->verdict = GGSN_ANSWER;
	s->out->cause = cause;
}

static void
put_gsn_addresses(struct step *s, struct gtp1_msg *m)
{
	m->gsn_control = s->service->bind;
	m->gsn_user = m->gsn_control;
	gtp1_set(m, GTP1_IE_GSN_CONTROL);
	gtp1_set(m, GTP1_IE_GSN_USER);
}

static void
put_qos(struct gtp1_msg *m, const uint8_t *qos, uint8_t len)
{
	m->qos_len = len < GTP1_QOS_MAX ? len : GTP1_QOS_MAX;
	memcpy(m->qos, qos, m->qos_len);
	gtp1_set(m, GTP1_IE_QOS);
}

/* What accepted answers to Create and Update have in common. */
static void
put_accepted(struct step *s, const struct call *call, struct gtp1_msg *m)
{
	m->cause = GTP1_CAUSE_ACCEPTED;
	m->recovery = s->g->restart_counter;
	m->teid_data = call->teid;
	m->teid_control = call->teid;
	m->charging_id = call->charging_id;
	gtp1_set(m, GTP1_IE_CAUSE);
	gtp1_set(m, GTP1_IE_RECOVERY);
	gtp1_set(m, GTP1_IE_TEID_DATA);
	gtp1_set(m, GTP1_IE_TEID_CONTROL);
	gtp1_set(m, GTP1_IE_CHARGING_ID);
	put_gsn_addresses(s, m);
}

static void
send_answer(struct step *s, uint32_t teid, const struct gtp1_msg *m)
{
	struct gtp1_header h = {
	    .type = gtp1_response_type(s->head.type), .teid = teid, .has_seq = true, .seq = s->head.seq};
	enum err e = gtp1_encode(&h, m, s->reply);

	assert(e == ERR_OK);
	s->out->verdict = GGSN_ANSWER;
	s->out->cause = m->cause;
}

/*
 * The answer to a Create is made of what never changes in a call and of the request itself (the SGSN's TEID, the QoS
 * asked for), so a repeated one gets the same octets even when an Update came in between.
 */
static void
answer_create(struct step *s, const struct call *call)
{
	struct gtp1_msg m = {.reordering = REORDERING_NOT_REQUIRED};

	gtp1_set(&m, GTP1_IE_REORDERING);
	put_accepted(s, call, &m);
	gtp1_eua_ipv4(&m, addr_v4_u32(&call->address));
	put_qos(&m, s->msg.qos, s->msg.qos_len);
	if (call->present & CALL_HAS(CALL_F_PCO)) {
		m.pco_len = call->pco_len;
		memcpy(m.pco, call->pco, call->pco_len);
		gtp1_set(&m, GTP1_IE_PCO);
	}
	send_answer(s, s->msg.teid_control, &m);
}

static void
answer_update(struct step *s, const struct call *call)
{
	struct gtp1_msg m = {0};

	put_accepted(s, call, &m);
	put_qos(&m, call->qos, call->qos_len);
	send_answer(s, call->peer_teid_control, &m);
}

static bool
is_same_sender(const struct step *s, const struct addr *peer, uint16_t port, uint16_t seq)
{
	return seq == s->head.seq && port == s->in->peer_port && addr_equal(peer, &s->in->peer);
}

/* Does @call's last request have this one's type, sequence number and sender? */
static bool
is_repeat_of_last(const struct step *s, const struct call *call)
{
	return call->last_type == s->head.type && is_same_sender(s, &call->last_peer, call->last_port, call->last_seq);
}

/*
 * A repeated Create has the sequence number and the sender of the first. An SGSN that restarted counts from
 * the beginning and may by chance use the same ones for a new context: then its own TEID differs from the call's,
 * unless an Update has changed that meanwhile; after an Update only the time tells (T3 times N3 is far less).
 */
static bool
is_repeat_of_create(const struct step *s, const struct call *call)
{
	bool is_teid_same =
	    !addr_equal(&call->sgsn_control, &s->msg.gsn_control) || call->peer_teid_control == s->msg.teid_control;
	bool is_young = s->in->now_s - call->created_s <= REPEAT_SECONDS_MAX;

	if (!is_same_sender(s, &call->create_peer, call->create_port, call->create_seq))
		return false;
	return is_teid_same || (call->updates > 0 && is_young);
}

static void
note_request(const struct step *s, struct call *call)
{
	call->last_type = s->head.type;
	call->last_seq = s->head.seq;
	call->last_peer = s->in->peer;
	call->last_port = s->in->peer_port;
	call->last_cause = GTP1_CAUSE_ACCEPTED;
	call->active_s = s->in->now_s;
	call->present |= CALL_HAS(CALL_F_LAST_TYPE) | CALL_HAS(CALL_F_LAST_SEQ) | CALL_HAS(CALL_F_LAST_PEER) |
	                 CALL_HAS(CALL_F_LAST_PORT) | CALL_HAS(CALL_F_LAST_CAUSE) | CALL_HAS(CALL_F_ACTIVE_S);
}

/* A request that changes nothing in @call but its signalling counters, which are checkpointed lazily. */
static void
count_signalling(struct step *s, struct call *call)
{
	if (s->out->is_repeat)
		call->repeats++;
	else
		call->refused++;
	if (s->in->now_s > call->active_s)
		call->active_s = s->in->now_s;
	call->present |= CALL_HAS(CALL_F_REPEATS) | CALL_HAS(CALL_F_REFUSED) | CALL_HAS(CALL_F_ACTIVE_S);
	if (s->g->store.ops->update(s->g->store.arg, call, CKPT_GROUP_ACCOUNTING) == ERR_OK)
		s->out->counted_teid = call->teid;
}

/* The SGSN's side of the context, as Create and Update give it. */
static void
note_sgsn(const struct step *s, struct call *call)
{
	const struct gtp1_msg *m = &s->msg;

	call->sgsn_control = m->gsn_control;
	call->sgsn_user = m->gsn_user;
	call->peer_teid_user = m->teid_data;
	if (gtp1_has(m, GTP1_IE_TEID_CONTROL))
		call->peer_teid_control = m->teid_control;
	call->qos_len = m->qos_len;
	memcpy(call->qos, m->qos, m->qos_len);
	call->present |= CALL_HAS(CALL_F_SGSN_CONTROL) | CALL_HAS(CALL_F_SGSN_USER) |
	                 CALL_HAS(CALL_F_PEER_TEID_CONTROL) | CALL_HAS(CALL_F_PEER_TEID_USER) | CALL_HAS(CALL_F_QOS);
}

/* Releases @call; @type 0 when no request of the SGSN asked for it. */
static enum err
release(struct ggsn *g, const struct call *call, const struct tombstone *tomb, struct ggsn_result *out)
{
	enum err e = g->store.ops->release(g->store.arg, tomb);

	if (e != ERR_OK)
		return e;
	(void)ggsn_forget(g, call);
	out->removed_teid = call->teid;
	return ERR_OK;
}

static struct tombstone
tombstone_of(const struct call *call, uint32_t now_s)
{
	return (struct tombstone){
	    .teid = call->teid,
	    .peer_teid_control = call->peer_teid_control,
	    .peer = call->last_peer,
	    .port = call->last_port,
	    .cause = GTP1_CAUSE_ACCEPTED,
	    .released_s = now_s,
	};
}

/* --- Create --------------------------------------------------------------------------------------- */

/* The APN, the address asked for and the PDP type, or the cause to refuse with. */
struct create_wish {
	int apn;          /* index into the configuration */
	uint32_t address; /* host order; 0: any */
};

static uint8_t
create_read_wish(struct step *s, struct create_wish *wish)
{
	const struct gtp1_msg *m = &s->msg;
	char apn[GTP1_APN_TEXT_MAX];
	enum gtp1_pdp pdp;
	const struct gateway_apn *found;

	s->out->why = "end_user_address";
	if (gtp1_eua_parse(m->eua, m->eua_len, &pdp, &wish->address) != ERR_OK)
		return GTP1_CAUSE_MANDATORY_INCORRECT;
	if (pdp != GTP1_PDP_IPV4)
		return GTP1_CAUSE_UNKNOWN_PDP_TYPE;
	s->out->why = "apn";
	if (!gtp1_has(m, GTP1_IE_APN) || gtp1_apn_text(m->apn, m->apn_len, apn) != ERR_OK)
		return GTP1_CAUSE_UNKNOWN_APN;
	found = gateway_find_apn(&s->g->cfg, apn);
	if (found == NULL)
		return GTP1_CAUSE_UNKNOWN_APN;
	s->out->why = NULL;
	wish->apn = (int)(found - s->g->cfg.apns);
	return GTP1_CAUSE_ACCEPTED;
}

static void
create_fill_pco(const struct step *s, const struct gateway_apn *apn, struct call *call)
{
	struct gtp1_pco ask;

	if (!gtp1_has(&s->msg, GTP1_IE_PCO) || gtp1_pco_parse(s->msg.pco, s->msg.pco_len, &ask) != ERR_OK)
		return;
	gtp1_pco_answer(&ask, apn->dns_primary, apn->dns_secondary, call->pco, &call->pco_len);
	if (call->pco_len > 0)
		call->present |= CALL_HAS(CALL_F_PCO);
}

static void
create_fill_call(struct step *s, const struct gateway_apn *apn, uint32_t address, struct call *call)
{
	const struct gtp1_msg *m = &s->msg;

	call->state = CALL_CONNECTED;
	call->service = s->in->service;
	call->address = addr_v4(address);
	call->charging_id = ggsn_next_charging_id(s->g);
	call->created_s = s->in->now_s;
	call->create_seq = s->head.seq;
	call->create_peer = s->in->peer;
	call->create_port = s->in->peer_port;
	memcpy(call->apn, apn->name, sizeof apn->name);
	call->present |= CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_SERVICE) | CALL_HAS(CALL_F_ADDRESS) |
	                 CALL_HAS(CALL_F_CHARGING_ID) | CALL_HAS(CALL_F_CREATED_S) | CALL_HAS(CALL_F_CREATE_SEQ) |
	                 CALL_HAS(CALL_F_CREATE_PEER) | CALL_HAS(CALL_F_CREATE_PORT) | CALL_HAS(CALL_F_APN);
	if (gtp1_has(m, GTP1_IE_SELECTION_MODE)) {
		call->selection_mode = m->selection_mode & 3;
		call->present |= CALL_HAS(CALL_F_SELECTION_MODE);
	}
	if (gtp1_has(m, GTP1_IE_MSISDN)) {
		call->msisdn_len = m->msisdn_len;
		memcpy(call->msisdn, m->msisdn, m->msisdn_len);
		call->present |= CALL_HAS(CALL_F_MSISDN);
	}
	create_fill_pco(s, apn, call);
	note_sgsn(s, call);
	note_request(s, call);
}

static uint8_t
create_add(struct step *s, const struct create_wish *wish, struct call *call)
{
	const struct gateway_apn *apn = &s->g->cfg.apns[wish->apn];
	uint32_t address = wish->address;
	uint8_t cause = ggsn_take_address(s->g, wish->apn, &address);
	enum err e;

	if (cause != GTP1_CAUSE_ACCEPTED)
		return cause;
	create_fill_call(s, apn, address, call);
	e = s->g->store.ops->add(s->g->store.arg, call);
	if (e != ERR_OK) {
		(void)ggsn_forget(s->g, call);
		return e == ERR_FULL ? GTP1_CAUSE_NO_RESOURCES : GTP1_CAUSE_SYSTEM_FAILURE;
	}
	s->out->added_teid = call->teid;
	ggsn_audit_added(s->g, call);
	return GTP1_CAUSE_ACCEPTED;
}

/* Releases the call that the new one replaces. Its own request stays in the tombstone as nobody's: type 0. */
static uint8_t
create_replace(struct step *s, const struct call *old)
{
	struct tombstone tomb = tombstone_of(old, s->in->now_s);

	if (release(s->g, old, &tomb, s->out) != ERR_OK)
		return GTP1_CAUSE_SYSTEM_FAILURE;
	return GTP1_CAUSE_ACCEPTED;
}

/* Nobody can mend it, and the new one cannot stand beside it. Its address is not known: the next audit frees it. */
static uint8_t
create_replace_damaged(struct step *s, uint32_t teid)
{
	if (ggsn_purge(s->g, teid, NULL, s->in->now_s) != ERR_OK)
		return GTP1_CAUSE_SYSTEM_FAILURE;
	s->out->removed_teid = teid;
	s->out->is_purged = true;
	return GTP1_CAUSE_ACCEPTED;
}

static void
serve_create(struct step *s)
{
	struct call call = {0}, old;
	struct create_wish wish;
	uint32_t sgsn = s->msg.teid_control;
	uint8_t cause;
	bool is_known;
	enum err e;

	call.nsapi = s->msg.nsapi & GTP1_NSAPI_MASK;
	s->out->why = "imsi";
	if (!gtp1_imsi_number(s->msg.imsi, &call.imsi, &call.imsi_digits)) {
		reject(s, sgsn, GTP1_CAUSE_MANDATORY_INCORRECT);
		return;
	}
	call.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI);
	e = s->g->store.ops->find(s->g->store.arg, call.imsi, call.imsi_digits, call.nsapi, &old);
	is_known = e == ERR_OK;
	if (e == ERR_CORRUPT && s->in->is_mending)
		return; /* the SGSN repeats its request */
	if (is_known && is_repeat_of_create(s, &old)) {
		s->out->why = NULL;
		s->out->is_repeat = true;
		answer_create(s, &old);
		count_signalling(s, &old);
		return;
	}
	if (s->g->is_new_refused) {
		s->out->why = NULL;
		s->out->is_gated = true;
		reject(s, sgsn, GTP1_CAUSE_NO_RESOURCES);
		return;
	}
	cause = create_read_wish(s, &wish);
	if (cause == GTP1_CAUSE_ACCEPTED && is_known)
		cause = create_replace(s, &old);
	else if (cause == GTP1_CAUSE_ACCEPTED && e == ERR_CORRUPT)
		cause = create_replace_damaged(s, old.teid);
	if (cause == GTP1_CAUSE_ACCEPTED)
		cause = create_add(s, &wish, &call);
	if (cause == GTP1_CAUSE_ACCEPTED)
		answer_create(s, &call);
	else
		reject(s, sgsn, cause);
}

/* --- Update and Delete ---------------------------------------------------------------------------- */

static void
serve_update(struct step *s, struct call *call)
{
	note_sgsn(s, call);
	note_request(s, call);
	call->updates++;
	call->present |= CALL_HAS(CALL_F_UPDATES);
	if (s->g->store.ops->update(s->g->store.arg, call, CKPT_GROUP_SESSION) != ERR_OK) {
		reject(s, call->peer_teid_control, GTP1_CAUSE_SYSTEM_FAILURE);
		return;
	}
	answer_update(s, call);
}

/*
 * Every context has an address of its own, so Teardown Ind (all contexts that share one address) and its absence
 * come to the same.
 */
static void
serve_delete(struct step *s, const struct call *call)
{
	struct tombstone tomb = tombstone_of(call, s->in->now_s);

	tomb.type = s->head.type;
	tomb.seq = s->head.seq;
	tomb.peer = s->in->peer;
	tomb.port = s->in->peer_port;
	if (release(s->g, call, &tomb, s->out) != ERR_OK) {
		reject(s, call->peer_teid_control, GTP1_CAUSE_SYSTEM_FAILURE);
		return;
	}
	reject(s, call->peer_teid_control, GTP1_CAUSE_ACCEPTED);
}

/* A TEID of no call: a Delete that was answered before gets its answer again, anything else is non-existent. */
static void
serve_unknown_teid(struct step *s)
{
	struct tombstone tomb;
	enum err e = s->g->store.ops->find_tombstone(s->g->store.arg, s->head.teid, &tomb);

	if (e == ERR_OK && tomb.type == s->head.type && is_same_sender(s, &tomb.peer, tomb.port, tomb.seq)) {
		s->out->is_repeat = true;
		reject(s, tomb.peer_teid_control, tomb.cause);
		return;
	}
	reject(s, 0, GTP1_CAUSE_NON_EXISTENT);
}

/* Answers again when the last request of @call is repeated; the octets come from the call alone. */
static bool
serve_repeat(struct step *s, struct call *call)
{
	if (s->head.type != GTP1_UPDATE_REQUEST || !is_repeat_of_last(s, call))
		return false;
	s->out->is_repeat = true;
	answer_update(s, call);
	count_signalling(s, call);
	return true;
}

static void
serve_by_teid(struct step *s, uint8_t cause)
{
	struct call call;
	enum err e = store_get(s->g, s->head.teid, &call);

	if (e == ERR_CORRUPT && s->in->is_mending)
		return; /* the SGSN repeats its request */
	if (e != ERR_OK) {
		s->out->why = NULL;
		serve_unknown_teid(s);
		return;
	}
	s->out->imsi = gtp1_imsi_wire(call.imsi, call.imsi_digits);
	if (serve_repeat(s, &call))
		return;
	if (s->head.type == GTP1_CREATE_REQUEST)
		cause = GTP1_CAUSE_NOT_SUPPORTED; /* a secondary context */
	else if (cause == GTP1_CAUSE_ACCEPTED && (s->msg.nsapi & GTP1_NSAPI_MASK) != call.nsapi)
		cause = GTP1_CAUSE_NON_EXISTENT;
	if (cause != GTP1_CAUSE_ACCEPTED) {
		reject(s, call.peer_teid_control, cause);
		count_signalling(s, &call);
	} else if (s->head.type == GTP1_UPDATE_REQUEST) {
		serve_update(s, &call);
	} else {
		serve_delete(s, &call);
	}
}

/* Header and elements; false: to be discarded. @cause is what the elements deserve so far. */
static bool
read_request(struct step *s, uint8_t *cause)
{
	int service = gateway_find_service(&s->g->cfg, s->in->service);
	struct rows_verdict verdict;
	struct rbuf body;
	enum err e;

	if (service < 0)
		return false;
	s->service = &s->g->cfg.services[service];
	if (gtp1_header_decode(s->in->bytes, s->in->len, &s->head, &body) != ERR_OK)
		return false;
	s->out->type = s->head.type;
	if (!s->head.has_seq || s->head.type == GTP1_ECHO_REQUEST || !gtp1_is_request(s->head.type))
		return false;
	e = gtp1_decode(s->head.type, &body, &s->msg, &verdict);
	*cause = gtp1_cause_of(s->head.type, &s->msg, e, &verdict, &s->out->why);
	if (s->head.has_unknown_extension)
		*cause = GTP1_CAUSE_UNKNOWN_EXTENSION;
	return true;
}

static void
count(struct ggsn *g, const struct ggsn_result *out)
{
	if (out->verdict == GGSN_DISCARD) {
		g->stats.discarded++;
		return;
	}
	g->stats.requests++;
	g->stats.by_cause[out->cause]++;
	g->stats.repeated += out->is_repeat;
	g->stats.accepted += out->cause == GTP1_CAUSE_ACCEPTED;
	g->stats.rejected += out->cause != GTP1_CAUSE_ACCEPTED;
}

void
ggsn_input(struct ggsn *g, const struct ggsn_request *in, struct wbuf *reply, struct ggsn_result *out)
{
	struct step s = {.g = g, .in = in, .reply = reply, .out = out};
	uint8_t cause = 0;

	*out = (struct ggsn_result){.verdict = GGSN_DISCARD};
	if (read_request(&s, &cause)) {
		if (s.head.teid != 0) {
			serve_by_teid(&s, cause);
		} else if (s.head.type != GTP1_CREATE_REQUEST) {
			reject(&s, 0, GTP1_CAUSE_NON_EXISTENT);
		} else {
			out->imsi = gtp1_has(&s.msg, GTP1_IE_IMSI) ? s.msg.imsi : 0;
			if (cause == GTP1_CAUSE_ACCEPTED)
				serve_create(&s);
			else
				reject(&s, gtp1_has(&s.msg, GTP1_IE_TEID_CONTROL) ? s.msg.teid_control : 0, cause);
		}
	}
	count(g, out);
}

enum err
ggsn_purge(struct ggsn *g, uint32_t teid, const struct call *known, uint32_t now_s)
{
	struct tombstone tomb = {.teid = teid, .released_s = now_s};
	enum err e = g->store.ops->release(g->store.arg, &tomb);

	if (e == ERR_OK && known != NULL)
		(void)ggsn_forget(g, known);
	return e;
}

enum err
ggsn_clear(struct ggsn *g, uint32_t teid, uint32_t now_s, struct ggsn_result *out)
{
	struct tombstone tomb;
	struct call call;
	enum err e = store_get(g, teid, &call);

	*out = (struct ggsn_result){.verdict = GGSN_DISCARD};
	if (e != ERR_OK)
		return e;
	tomb = tombstone_of(&call, now_s);
	out->imsi = gtp1_imsi_wire(call.imsi, call.imsi_digits);
	return release(g, &call, &tomb, out);
}
