/* demux.c - which session manager gets a datagram; the table of subscribers is in demux_imsi.c. */
#include "gateway/demux.h"

#include <assert.h>
#include <stdlib.h>

#include "gateway/demux_imsi.h"
#include "gateway/gtp1.h"

/* A TEID names its session manager in its upper seven bits (session/session_types.h has the whole layout). */
#include "session/session_types.h"

/* One Create in flight; the ring forgets the oldest. */
struct flight {
	uint64_t imsi;
	uint64_t since_ms;
};

struct demux {
	unsigned count;
	uint8_t restart_counter;
	bool is_dropping;
	unsigned next; /* instance the search for the least loaded begins at */
	bool is_ready[GATEWAY_SESSMGRS_MAX + 1];
	uint32_t load[GATEWAY_SESSMGRS_MAX + 1];  /* calls bound and Creates in flight */
	uint32_t ahead[GATEWAY_SESSMGRS_MAX + 1]; /* calls that each is to have, as far as it has told */
	struct demux_imsi *imsis;
	struct {
		uint32_t network;
		uint8_t prefix_len;
	} pools[GATEWAY_POOLS_MAX];
	unsigned pool_count;
	unsigned share_count; /* session managers that share the pools */
	struct flight flights[DEMUX_FLIGHT_MAX];
	uint32_t flight_head; /* oldest; both count up for ever, the ring position is the rest */
	uint32_t flight_tail;
	struct demux_stats stats;
};

void
demux_set_pools(struct demux *d, const struct gateway_config *cfg)
{
	d->pool_count = cfg->pool_count;
	d->share_count = cfg->sessmgr_count;
	for (unsigned i = 0; i < cfg->pool_count; i++) {
		d->pools[i].network = cfg->pools[i].network;
		d->pools[i].prefix_len = cfg->pools[i].prefix_len;
	}
}

struct demux *
demux_new(unsigned count, uint32_t imsi_max)
{
	struct demux *d;

	if (count < 1 || count > GATEWAY_SESSMGRS_MAX || imsi_max < 1 || imsi_max > DEMUX_IMSI_MAX)
		return NULL;
	d = calloc(1, sizeof *d);
	if (d == NULL)
		return NULL;
	d->count = count;
	d->next = 1;
	d->imsis = demux_imsi_new(imsi_max);
	if (d->imsis == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void
demux_free(struct demux *d)
{
	if (d == NULL)
		return;
	demux_imsi_free(d->imsis);
	free(d);
}

void
demux_set_restart(struct demux *d, uint8_t restart_counter)
{
	d->restart_counter = restart_counter;
}

void
demux_set_dropping(struct demux *d, bool is_dropping)
{
	d->is_dropping = is_dropping;
}

/* The Create of @e is no longer in flight; an entry without calls goes. */
static void
land(struct demux *d, struct demux_imsi_entry *e)
{
	if (!e->is_in_flight)
		return;
	e->is_in_flight = false;
	d->load[e->instance]--;
	if (e->calls == 0)
		demux_imsi_remove(d->imsis, e);
}

void
demux_answered(struct demux *d, uint64_t imsi)
{
	struct demux_imsi_entry *e = demux_imsi_find(d->imsis, imsi);

	if (e != NULL)
		land(d, e);
}

/* Forgets the oldest flight, unless it has landed or was begun anew since. */
static void
flight_drop_oldest(struct demux *d)
{
	uint32_t number = d->flight_head++;
	struct demux_imsi_entry *e = demux_imsi_find(d->imsis, d->flights[number % DEMUX_FLIGHT_MAX].imsi);

	if (e != NULL && e->flight == (uint16_t)number)
		land(d, e);
}

static void
flight_age(struct demux *d, uint64_t now_ms)
{
	while (d->flight_head != d->flight_tail &&
	       d->flights[d->flight_head % DEMUX_FLIGHT_MAX].since_ms + DEMUX_FLIGHT_MS <= now_ms)
		flight_drop_oldest(d);
}

static void
flight_begin(struct demux *d, uint64_t imsi, struct demux_imsi_entry *e, uint64_t now_ms)
{
	if (d->flight_tail - d->flight_head == DEMUX_FLIGHT_MAX)
		flight_drop_oldest(d);
	e->is_in_flight = true;
	e->flight = (uint16_t)d->flight_tail;
	d->flights[d->flight_tail++ % DEMUX_FLIGHT_MAX] = (struct flight){.imsi = imsi, .since_ms = now_ms};
	d->load[e->instance]++;
}

void
demux_set_ready(struct demux *d, unsigned instance, bool is_ready)
{
	if (instance < 1 || instance > d->count || d->is_ready[instance] == is_ready)
		return;
	d->is_ready[instance] = is_ready;
	if (is_ready)
		return;
	for (uint32_t i = d->flight_head; i != d->flight_tail; i++) {
		struct demux_imsi_entry *e = demux_imsi_find(d->imsis, d->flights[i % DEMUX_FLIGHT_MAX].imsi);

		if (e != NULL && e->instance == instance)
			land(d, e);
	}
}

enum err
demux_bind(struct demux *d, uint64_t imsi, unsigned instance)
{
	struct demux_imsi_entry *e;

	if (instance < 1 || instance > d->count || imsi == 0)
		return ERR_RANGE;
	e = demux_imsi_find(d->imsis, imsi);
	if (e == NULL)
		e = demux_imsi_add(d->imsis, imsi, (uint8_t)instance);
	if (e == NULL || (e->instance == instance && e->calls == UINT16_MAX)) {
		d->stats.imsis_refused++;
		return ERR_FULL;
	}
	if (e->instance != instance) {
		d->load[e->instance] -= (uint32_t)(e->calls + e->is_in_flight);
		demux_imsi_move(d->imsis, e, (uint8_t)instance);
	}
	e->calls++;
	d->load[instance]++;
	return ERR_OK;
}

void
demux_reserve(struct demux *d, unsigned instance, uint32_t n)
{
	uint64_t sum = 0;

	if (instance < 1 || instance > d->count || d->ahead[instance] >= n)
		return;
	d->ahead[instance] = n;
	for (unsigned i = 1; i <= d->count; i++)
		sum += d->ahead[i];
	demux_imsi_reserve(d->imsis, sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX);
}

void
demux_expect(const struct demux *d, const uint64_t *imsis, size_t n)
{
	demux_imsi_expect(d->imsis, imsis, n);
}

enum err
demux_unbind(struct demux *d, uint64_t imsi, unsigned instance)
{
	struct demux_imsi_entry *e = demux_imsi_find(d->imsis, imsi);

	if (instance < 1 || instance > d->count)
		return ERR_RANGE;
	if (e == NULL || e->instance != instance || e->calls == 0)
		return ERR_NOT_FOUND;
	e->calls--;
	d->load[instance]--;
	if (e->calls == 0 && !e->is_in_flight)
		demux_imsi_remove(d->imsis, e);
	return ERR_OK;
}

void
demux_unbind_all(struct demux *d, unsigned instance)
{
	if (instance < 1 || instance > d->count)
		return;
	demux_imsi_remove_instance(d->imsis, (uint8_t)instance);
	d->load[instance] = 0;
}

bool
demux_sweep(struct demux *d)
{
	return demux_imsi_sweep(d->imsis);
}

/* The ready instance with the least load, beginning behind the last one chosen; 0: none is ready. */
static unsigned
least_loaded(struct demux *d)
{
	unsigned best = 0;

	for (unsigned k = 0; k < d->count; k++) {
		unsigned i = (d->next - 1 + k) % d->count + 1;

		if (d->is_ready[i] && (best == 0 || d->load[i] < d->load[best]))
			best = i;
	}
	if (best != 0)
		d->next = best % d->count + 1;
	return best;
}

/* The session manager whose share of a pool (pool.h) holds the address that @m asks for; 0: it asks for none of ours.
 */
static unsigned
owner_of_address(const struct demux *d, const struct gtp1_msg *m)
{
	enum gtp1_pdp pdp;
	uint32_t v4;

	if (!gtp1_has(m, GTP1_IE_EUA) || gtp1_eua_parse(m->eua, m->eua_len, &pdp, &v4) != ERR_OK || v4 == 0)
		return 0;
	for (unsigned i = 0; i < d->pool_count; i++) {
		uint32_t host = v4 - d->pools[i].network;

		if (v4 >= d->pools[i].network && host >> (32 - d->pools[i].prefix_len) == 0)
			return 1 + host % d->share_count;
	}
	return 0;
}

static unsigned
choose(struct demux *d, const struct gtp1_msg *m)
{
	unsigned owner = owner_of_address(d, m);

	return owner != 0 ? owner : least_loaded(d);
}

static void
discard(struct demux_result *out, enum demux_reason reason)
{
	out->verdict = DEMUX_DISCARD;
	out->reason = reason;
}

static void
answer(struct demux_result *out, enum demux_reason reason, enum err e)
{
	assert(e == ERR_OK);
	out->verdict = DEMUX_ANSWER;
	out->reason = reason;
}

static void
forward(struct demux *d, struct demux_result *out, unsigned instance)
{
	if (!d->is_ready[instance]) {
		discard(out, DEMUX_REASON_NO_SESSMGR);
		return;
	}
	out->verdict = DEMUX_FORWARD;
	out->instance = (uint8_t)instance;
}

/* The subscriber's instance, or a new choice that is remembered until the Create is answered. */
static void
input_create(struct demux *d, const struct gtp1_header *h, struct rbuf *body, uint64_t now_ms, struct wbuf *reply,
             struct demux_result *out)
{
	struct rows_verdict verdict;
	struct demux_imsi_entry *e;
	struct gtp1_msg m;
	const char *why;
	unsigned instance;
	enum err err = gtp1_decode(h->type, body, &m, &verdict);
	uint8_t cause = gtp1_cause_of(h->type, &m, err, &verdict, &why);
	char digits[GTP1_IMSI_TEXT_MAX];

	if (cause == GTP1_CAUSE_ACCEPTED && !gtp1_imsi_text(m.imsi, digits))
		cause = GTP1_CAUSE_MANDATORY_INCORRECT;
	if (h->has_unknown_extension)
		cause = GTP1_CAUSE_UNKNOWN_EXTENSION;
	if (cause != GTP1_CAUSE_ACCEPTED) {
		uint32_t teid = gtp1_has(&m, GTP1_IE_TEID_CONTROL) ? m.teid_control : 0;

		answer(out, DEMUX_REASON_BAD_CREATE, gtp1_reject(h, teid, cause, reply));
		return;
	}
	e = demux_imsi_find(d->imsis, m.imsi);
	instance = e != NULL ? e->instance : choose(d, &m);
	if (instance == 0 || !d->is_ready[instance]) {
		discard(out, DEMUX_REASON_NO_SESSMGR);
		return;
	}
	if (e == NULL)
		e = demux_imsi_add(d->imsis, m.imsi, (uint8_t)instance);
	if (e == NULL)
		d->stats.imsis_refused++;
	else if (!e->is_in_flight)
		flight_begin(d, m.imsi, e, now_ms);
	out->imsi = m.imsi;
	forward(d, out, instance);
}

static void
input_by_teid(struct demux *d, const struct gtp1_header *h, struct wbuf *reply, struct demux_result *out)
{
	uint32_t instance = teid_instance(h->teid);

	if (instance < 1 || instance > d->count)
		answer(out, DEMUX_REASON_UNKNOWN_TEID, gtp1_reject(h, 0, GTP1_CAUSE_NON_EXISTENT, reply));
	else
		forward(d, out, instance);
}

static void
input_message(struct demux *d, const struct gtp1_header *h, struct rbuf *body, uint64_t now_ms, struct wbuf *reply,
              struct demux_result *out)
{
	out->type = h->type;
	if (gtp1_group(h->type) == 0)
		discard(out, DEMUX_REASON_UNKNOWN_TYPE);
	else if (h->type == GTP1_DELETE_RESPONSE && h->has_seq && teid_instance(h->teid) >= 1 &&
	         teid_instance(h->teid) <= d->count)
		forward(d, out, teid_instance(h->teid)); /* it may have asked: gtp_notice.h */
	else if (!gtp1_is_request(h->type))
		discard(out, DEMUX_REASON_RESPONSE);
	else if (!h->has_seq)
		discard(out, DEMUX_REASON_NO_SEQUENCE);
	else if (h->type == GTP1_ECHO_REQUEST)
		answer(out, DEMUX_REASON_ECHO, gtp1_echo_response(h, d->restart_counter, reply));
	else if (h->teid != 0)
		input_by_teid(d, h, reply, out);
	else if (h->type == GTP1_CREATE_REQUEST)
		input_create(d, h, body, now_ms, reply, out);
	else
		answer(out, DEMUX_REASON_ZERO_TEID, gtp1_reject(h, 0, GTP1_CAUSE_NON_EXISTENT, reply));
}

/* A header that cannot be read: dropped, but another version is told ours. */
static void
input_unreadable(const uint8_t *bytes, size_t len, enum err e, struct wbuf *reply, struct demux_result *out)
{
	enum { SHORTEST = 8 };
	bool is_prime = len > 0 && (bytes[0] & 0x10) == 0;

	if (len < SHORTEST)
		discard(out, DEMUX_REASON_TOO_SHORT);
	else if (e == ERR_VERSION && bytes[1] == GTP1_VERSION_NOT_SUPPORTED)
		discard(out, DEMUX_REASON_RESPONSE);
	else if (e == ERR_VERSION)
		answer(out, DEMUX_REASON_VERSION, gtp1_version_not_supported(reply));
	else if (is_prime)
		discard(out, DEMUX_REASON_GTP_PRIME);
	else
		discard(out, e == ERR_FORMAT ? DEMUX_REASON_BAD_EXTENSION : DEMUX_REASON_BAD_LENGTH);
}

static void
count_result(struct demux *d, const struct demux_result *out)
{
	d->stats.received++;
	d->stats.by_reason[out->reason]++;
	d->stats.forwarded += out->verdict == DEMUX_FORWARD;
	d->stats.answered += out->verdict == DEMUX_ANSWER;
	d->stats.discarded += out->verdict == DEMUX_DISCARD;
}

void
demux_input(struct demux *d, const void *bytes, size_t len, uint64_t now_ms, struct wbuf *reply,
            struct demux_result *out)
{
	struct gtp1_header h;
	struct rbuf body;
	enum err e;

	*out = (struct demux_result){.verdict = DEMUX_DISCARD, .reason = DEMUX_REASON_NONE};
	flight_age(d, now_ms);
	if (d->is_dropping) {
		discard(out, DEMUX_REASON_SWITCHOVER);
		count_result(d, out);
		return;
	}
	e = gtp1_header_decode(bytes, len, &h, &body);
	if (len > GTP1_MESSAGE_MAX)
		discard(out, DEMUX_REASON_TOO_LONG);
	else if (e != ERR_OK)
		input_unreadable(bytes, len, e, reply, out);
	else
		input_message(d, &h, &body, now_ms, reply, out);
	count_result(d, out);
}

const struct demux_stats *
demux_stats(const struct demux *d)
{
	return &d->stats;
}

uint32_t
demux_load(const struct demux *d, unsigned instance)
{
	return instance >= 1 && instance <= d->count ? d->load[instance] : 0;
}

const char *
demux_reason_text(enum demux_reason r)
{
	static const char *const names[DEMUX_REASON_COUNT] = {
	    [DEMUX_REASON_NONE] = "forwarded",
	    [DEMUX_REASON_ECHO] = "echo answered",
	    [DEMUX_REASON_VERSION] = "version not supported",
	    [DEMUX_REASON_UNKNOWN_TEID] = "unknown TEID",
	    [DEMUX_REASON_BAD_CREATE] = "bad create request",
	    [DEMUX_REASON_TOO_SHORT] = "too short",
	    [DEMUX_REASON_TOO_LONG] = "too long",
	    [DEMUX_REASON_BAD_LENGTH] = "length mismatch",
	    [DEMUX_REASON_GTP_PRIME] = "GTP prime",
	    [DEMUX_REASON_BAD_EXTENSION] = "bad extension header",
	    [DEMUX_REASON_NO_SEQUENCE] = "no sequence number",
	    [DEMUX_REASON_UNKNOWN_TYPE] = "unknown message type",
	    [DEMUX_REASON_RESPONSE] = "unexpected response",
	    [DEMUX_REASON_ZERO_TEID] = "TEID zero",
	    [DEMUX_REASON_NO_SESSMGR] = "no session manager",
	    [DEMUX_REASON_SWITCHOVER] = "dropped in a switchover",
	};

	return r < DEMUX_REASON_COUNT ? names[r] : "unknown";
}
