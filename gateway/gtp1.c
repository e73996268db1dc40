/* gtp1.c - GTPv1-C header, messages, causes; the elements' rows are in gtp1_rows.c. */
#include "gateway/gtp1.h"

/* First octet of the header, TS 29.060 figure 2. */
enum { VERSION_SHIFT = 5, FLAG_PT = 0x10, FLAG_E = 0x04, FLAG_S = 0x02, FLAG_PN = 0x01 };

enum { HEADER_BYTES = 8, LENGTH_AT = 2, EXTENSION_REQUIRED = 0x80 };

/* Extension header types we comprehend well enough to pass over (TS 29.060 figure 4): PDCP PDU number, suspend. */
static bool
is_known_extension(uint8_t type)
{
	return type == 0xc0 || type == 0xc1 || type == 0xc2;
}

/* Passes over the chain that starts with type @next: each is a count of 4-octet units, content, the next type. */
static enum err
skip_extensions(struct rbuf *body, uint8_t next, bool *has_unknown)
{
	while (next != 0) {
		uint8_t units = rbuf_u8(body);
		const uint8_t *p;

		if (body->is_short)
			return ERR_SHORT;
		if (units == 0)
			return ERR_FORMAT;
		if ((next & EXTENSION_REQUIRED) && !is_known_extension(next))
			*has_unknown = true;
		p = rbuf_take(body, (size_t)units * 4 - 1);
		if (p == NULL)
			return ERR_SHORT;
		next = p[(size_t)units * 4 - 2];
	}
	return ERR_OK;
}

/* Sequence number, N-PDU number and extension type: four octets that are there when any of the flags is set. */
static enum err
decode_optional(struct rbuf *body, uint8_t flags, struct gtp1_header *h)
{
	uint16_t seq = rbuf_u16(body);
	uint8_t npdu = rbuf_u8(body);
	uint8_t next = rbuf_u8(body);

	if (body->is_short)
		return ERR_SHORT;
	h->has_seq = (flags & FLAG_S) != 0;
	h->has_npdu = (flags & FLAG_PN) != 0;
	h->seq = h->has_seq ? seq : 0;
	h->npdu = h->has_npdu ? npdu : 0;
	h->next_extension = (flags & FLAG_E) ? next : 0;
	return skip_extensions(body, h->next_extension, &h->has_unknown_extension);
}

enum err
gtp1_header_decode(const void *bytes, size_t len, struct gtp1_header *h, struct rbuf *body)
{
	struct gtp1_header got = {0};
	struct rbuf in, rest;
	uint8_t flags;
	uint16_t length;
	enum err e;

	rbuf_init(&in, bytes, len);
	flags = rbuf_u8(&in);
	got.type = rbuf_u8(&in);
	length = rbuf_u16(&in);
	got.teid = rbuf_u32(&in);
	if (len > 0 && flags >> VERSION_SHIFT != 1)
		return ERR_VERSION;
	if (in.is_short)
		return ERR_SHORT;
	if (!(flags & FLAG_PT))
		return ERR_FORMAT;
	if (length > rbuf_left(&in))
		return ERR_SHORT;
	if (length < rbuf_left(&in))
		return ERR_TRAILING;
	rbuf_sub(&in, length, &rest);
	if (flags & (FLAG_E | FLAG_S | FLAG_PN)) {
		e = decode_optional(&rest, flags, &got);
		if (e != ERR_OK)
			return e;
	}
	*h = got;
	*body = rest;
	return ERR_OK;
}

enum err
gtp1_decode(uint8_t type, struct rbuf *body, struct gtp1_msg *m, struct rows_verdict *v)
{
	uint32_t group = gtp1_group(type);

	*v = (struct rows_verdict){0};
	*m = (struct gtp1_msg){0};
	if (group == 0)
		return ERR_NOT_FOUND;
	return rows_decode(&gtp1_format, body, m, group, v);
}

bool
gtp1_has(const struct gtp1_msg *m, enum gtp1_ie ie)
{
	return (m->present >> ie & 1) != 0;
}

void
gtp1_set(struct gtp1_msg *m, enum gtp1_ie ie)
{
	m->present |= UINT64_C(1) << ie;
}

#define BIT(ie) (UINT64_C(1) << GTP1_IE_##ie)

/*
 * Elements without which a request cannot be served: the mandatory ones of TS 29.060 tables 5, 7 and 9, and of
 * the conditional ones those that a first PDP context needs (a secondary one is refused before).
 */
static uint64_t
required_of(uint8_t type)
{
	switch (type) {
	case GTP1_CREATE_REQUEST:
		return BIT(IMSI) | BIT(TEID_DATA) | BIT(TEID_CONTROL) | BIT(NSAPI) | BIT(EUA) | BIT(GSN_CONTROL) |
		       BIT(GSN_USER) | BIT(QOS);
	case GTP1_UPDATE_REQUEST:
		return BIT(TEID_DATA) | BIT(NSAPI) | BIT(GSN_CONTROL) | BIT(GSN_USER) | BIT(QOS);
	case GTP1_DELETE_REQUEST:
		return BIT(NSAPI);
	default:
		return 0;
	}
}

static uint64_t
row_bit(const char *name)
{
	for (size_t i = 0; i < gtp1_format.count; i++)
		if (gtp1_format.rows[i].name == name)
			return UINT64_C(1) << i;
	return 0;
}

static const char *
first_missing(uint64_t missing)
{
	for (size_t i = 0; i < gtp1_format.count; i++)
		if (missing >> i & 1)
			return gtp1_format.rows[i].name;
	return NULL;
}

uint8_t
gtp1_cause_of(uint8_t type, const struct gtp1_msg *m, enum err e, const struct rows_verdict *v, const char **why)
{
	uint64_t required = required_of(type);

	*why = v->field;
	if (e != ERR_OK && v->field == NULL)
		return GTP1_CAUSE_INVALID_FORMAT;
	if (e != ERR_OK)
		return (row_bit(v->field) & required) ? GTP1_CAUSE_MANDATORY_INCORRECT : GTP1_CAUSE_OPTIONAL_INCORRECT;
	*why = first_missing(required & ~m->present);
	return *why != NULL ? GTP1_CAUSE_MANDATORY_MISSING : GTP1_CAUSE_ACCEPTED;
}

enum err
gtp1_encode(const struct gtp1_header *h, const struct gtp1_msg *m, struct wbuf *out)
{
	size_t start = out->len;
	enum err e;

	wbuf_u8(out, 1 << VERSION_SHIFT | FLAG_PT | (h->has_seq ? FLAG_S : 0));
	wbuf_u8(out, h->type);
	wbuf_u16(out, 0);
	wbuf_u32(out, h->teid);
	if (h->has_seq) {
		wbuf_u16(out, h->seq);
		wbuf_u16(out, 0);
	}
	e = rows_encode(&gtp1_format, m, gtp1_group(h->type), out);
	if (e != ERR_OK)
		return e;
	if (out->is_over)
		return ERR_FULL;
	wbuf_patch_u16(out, start + LENGTH_AT, (uint16_t)(out->len - start - HEADER_BYTES));
	return ERR_OK;
}

uint8_t
gtp1_response_type(uint8_t type)
{
	switch (type) {
	case GTP1_ECHO_REQUEST:
	case GTP1_CREATE_REQUEST:
	case GTP1_UPDATE_REQUEST:
	case GTP1_DELETE_REQUEST:
		return (uint8_t)(type + 1);
	default:
		return 0;
	}
}

bool
gtp1_is_request(uint8_t type)
{
	return gtp1_response_type(type) != 0;
}

static struct gtp1_header
response_header(const struct gtp1_header *request, uint32_t teid)
{
	return (struct gtp1_header){
	    .type = gtp1_response_type(request->type),
	    .teid = teid,
	    .has_seq = request->has_seq,
	    .seq = request->seq,
	};
}

enum err
gtp1_reject(const struct gtp1_header *request, uint32_t teid, uint8_t cause, struct wbuf *out)
{
	struct gtp1_header h = response_header(request, teid);
	struct gtp1_msg m = {.cause = cause};

	gtp1_set(&m, GTP1_IE_CAUSE);
	return gtp1_encode(&h, &m, out);
}

enum err
gtp1_echo_response(const struct gtp1_header *request, uint8_t restart_counter, struct wbuf *out)
{
	struct gtp1_header h = response_header(request, 0);
	struct gtp1_msg m = {.recovery = restart_counter};

	gtp1_set(&m, GTP1_IE_RECOVERY);
	return gtp1_encode(&h, &m, out);
}

enum err
gtp1_version_not_supported(struct wbuf *out)
{
	struct gtp1_header h = {.type = GTP1_VERSION_NOT_SUPPORTED, .has_seq = true};
	struct gtp1_msg m = {0};

	return gtp1_encode(&h, &m, out);
}
