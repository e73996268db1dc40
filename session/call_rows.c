/* call_rows.c - the two tables, and cutting and merging of encoded records. */
#include "session/call_rows.h"

#include <endian.h>
#include <string.h>

enum {
	G_FULL = CKPT_GROUP_FULL,
	G_SESSION = CKPT_GROUP_FULL | CKPT_GROUP_SESSION,
	G_STATS = CKPT_GROUP_FULL | CKPT_GROUP_STATS,
	G_IDLE = CKPT_GROUP_FULL | CKPT_GROUPS_MICRO, /* whatever is told of a call is an activity */
	G_ACCOUNTING = CKPT_GROUP_FULL | CKPT_GROUP_ACCOUNTING,
};

/* The rows of the side, from SIDE_LAZY on those of CKPT_GROUP_ACCOUNTING; a test holds them to their groups and kinds.
 */
enum { SIDE_FIRST = CALL_F_IN_PACKETS, SIDE_LAZY = CALL_F_ACTIVE_S, SIDE_LAST = CALL_F_REFUSED };

#define AT(member)  .offset = offsetof(struct call, member)
#define LEN(member) .len_offset = offsetof(struct call, member)

/*
 * Ids count from 1 in row order; call_rows_check looks rows up by id and a test holds them together. A field joins or
 * leaves a micro group only under a new id and with a new version.
 */
static const struct field_row call_field_rows[] = {
    [CALL_F_TEID] = {1, 0, FIELD_U32, 0, AT(teid), .min = 1, .max = UINT32_MAX, .groups = G_FULL, .name = "teid"},
    [CALL_F_IMSI] = {2, 0, FIELD_U64, 0, AT(imsi), .max = 999999999999999, .groups = G_FULL, .name = "imsi"},
    [CALL_F_IMSI_DIGITS] = {3, 0, FIELD_U8, 0, AT(imsi_digits), .min = 6, .max = CALL_IMSI_DIGITS_MAX, .groups = G_FULL,
                            .name = "imsi-digits"},
    [CALL_F_NSAPI] = {4, 0, FIELD_U8, 0, AT(nsapi), .max = CALL_NSAPI_MAX, .groups = G_FULL, .name = "nsapi"},
    [CALL_F_STATE] = {5, 0, FIELD_U8, 0, AT(state), .min = 1, .max = UINT8_MAX, .groups = G_FULL, .name = "state"},
    [CALL_F_SERVICE] = {6, 0, FIELD_U32, 0, AT(service), .max = UINT32_MAX, .groups = G_FULL, .name = "service"},
    [CALL_F_MSISDN] = {7, 0, FIELD_BYTES, 0, AT(msisdn), LEN(msisdn_len), .max = CALL_MSISDN_MAX, .groups = G_FULL,
                       .name = "msisdn"},
    [CALL_F_APN] = {8, 0, FIELD_STR, 0, AT(apn), .max = CALL_APN_MAX, .groups = G_FULL, .name = "apn"},
    [CALL_F_ADDRESS] = {9, 0, FIELD_ADDR, 0, AT(address), .groups = G_FULL, .name = "address"},
    [CALL_F_CHARGING_ID] = {10, 0, FIELD_U32, 0, AT(charging_id), .max = UINT32_MAX, .groups = G_FULL,
                            .name = "charging-id"},
    [CALL_F_SELECTION_MODE] = {11, 0, FIELD_U8, 0, AT(selection_mode), .max = 3, .groups = G_FULL,
                               .name = "selection-mode"},
    [CALL_F_CREATED_S] = {12, 0, FIELD_U32, 0, AT(created_s), .max = UINT32_MAX, .groups = G_FULL, .name = "created-s"},
    [CALL_F_PCO] = {13, 0, FIELD_BYTES, 0, AT(pco), LEN(pco_len), .max = CALL_PCO_MAX, .groups = G_FULL, .name = "pco"},
    [CALL_F_CREATE_SEQ] = {14, 0, FIELD_U16, 0, AT(create_seq), .max = UINT16_MAX, .groups = G_FULL,
                           .name = "create-seq"},
    [CALL_F_CREATE_PEER] = {15, 0, FIELD_ADDR, 0, AT(create_peer), .groups = G_FULL, .name = "create-peer"},
    [CALL_F_CREATE_PORT] = {16, 0, FIELD_U16, 0, AT(create_port), .max = UINT16_MAX, .groups = G_FULL,
                            .name = "create-port"},
    [CALL_F_SGSN_CONTROL] = {17, 0, FIELD_ADDR, 0, AT(sgsn_control), .groups = G_SESSION, .name = "sgsn-control"},
    [CALL_F_SGSN_USER] = {18, 0, FIELD_ADDR, 0, AT(sgsn_user), .groups = G_SESSION, .name = "sgsn-user"},
    [CALL_F_PEER_TEID_CONTROL] = {19, 0, FIELD_U32, 0, AT(peer_teid_control), .max = UINT32_MAX, .groups = G_SESSION,
                                  .name = "peer-teid-control"},
    [CALL_F_PEER_TEID_USER] = {20, 0, FIELD_U32, 0, AT(peer_teid_user), .max = UINT32_MAX, .groups = G_SESSION,
                               .name = "peer-teid-user"},
    [CALL_F_QOS] = {21, 0, FIELD_BYTES, 0, AT(qos), LEN(qos_len), .max = CALL_QOS_MAX, .groups = G_SESSION,
                    .name = "qos"},
    [CALL_F_LAST_TYPE] = {22, 0, FIELD_U8, 0, AT(last_type), .max = UINT8_MAX, .groups = G_SESSION,
                          .name = "last-type"},
    [CALL_F_LAST_SEQ] = {23, 0, FIELD_U16, 0, AT(last_seq), .max = UINT16_MAX, .groups = G_SESSION, .name = "last-seq"},
    [CALL_F_LAST_PEER] = {24, 0, FIELD_ADDR, 0, AT(last_peer), .groups = G_SESSION, .name = "last-peer"},
    [CALL_F_LAST_PORT] = {25, 0, FIELD_U16, 0, AT(last_port), .max = UINT16_MAX, .groups = G_SESSION,
                          .name = "last-port"},
    [CALL_F_LAST_CAUSE] = {26, 0, FIELD_U8, 0, AT(last_cause), .max = UINT8_MAX, .groups = G_SESSION,
                           .name = "last-cause"},
    [CALL_F_UPDATES] = {27, 0, FIELD_U32, 0, AT(updates), .max = UINT32_MAX, .groups = G_SESSION, .name = "updates"},
    [CALL_F_IN_PACKETS] = {28, 0, FIELD_U64, 0, AT(in_packets), .max = UINT64_MAX, .groups = G_STATS,
                           .name = "in-packets"},
    [CALL_F_IN_BYTES] = {29, 0, FIELD_U64, 0, AT(in_bytes), .max = UINT64_MAX, .groups = G_STATS, .name = "in-bytes"},
    [CALL_F_OUT_PACKETS] = {30, 0, FIELD_U64, 0, AT(out_packets), .max = UINT64_MAX, .groups = G_STATS,
                            .name = "out-packets"},
    [CALL_F_OUT_BYTES] = {31, 0, FIELD_U64, 0, AT(out_bytes), .max = UINT64_MAX, .groups = G_STATS,
                          .name = "out-bytes"},
    [CALL_F_ACTIVE_S] = {32, 0, FIELD_U32, 0, AT(active_s), .max = UINT32_MAX, .groups = G_IDLE, .name = "active-s"},
    [CALL_F_REPEATS] = {33, 0, FIELD_U32, 0, AT(repeats), .max = UINT32_MAX, .groups = G_ACCOUNTING, .name = "repeats"},
    [CALL_F_REFUSED] = {34, 0, FIELD_U32, 0, AT(refused), .max = UINT32_MAX, .groups = G_ACCOUNTING, .name = "refused"},
    [CALL_F_APP_1] = {35, 0, FIELD_BYTES, 0, AT(app[0]), LEN(app_len[0]), .max = CALL_APP_PART_MAX, .groups = G_FULL,
                      .name = "application-data-1"},
    [CALL_F_APP_2] = {36, 0, FIELD_BYTES, 0, AT(app[1]), LEN(app_len[1]), .max = CALL_APP_PART_MAX, .groups = G_FULL,
                      .name = "application-data-2"},
    [CALL_F_APP_3] = {37, 0, FIELD_BYTES, 0, AT(app[2]), LEN(app_len[2]), .max = CALL_APP_LAST_MAX, .groups = G_FULL,
                      .name = "application-data-3"},
};

#undef AT
#define AT(member) .offset = offsetof(struct tombstone, member)

static const struct field_row tombstone_field_rows[] = {
    {1, 0, FIELD_U32, 0, AT(teid), .min = 1, .max = UINT32_MAX, .groups = G_FULL, .name = "teid"},
    {2, 0, FIELD_U32, 0, AT(peer_teid_control), .max = UINT32_MAX, .groups = G_FULL, .name = "peer-teid-control"},
    {3, 0, FIELD_ADDR, 0, AT(peer), .groups = G_FULL, .name = "peer"},
    {4, 0, FIELD_U16, 0, AT(port), .max = UINT16_MAX, .groups = G_FULL, .name = "port"},
    {5, 0, FIELD_U8, 0, AT(type), .max = UINT8_MAX, .groups = G_FULL, .name = "type"},
    {6, 0, FIELD_U16, 0, AT(seq), .max = UINT16_MAX, .groups = G_FULL, .name = "seq"},
    {7, 0, FIELD_U8, 0, AT(cause), .max = UINT8_MAX, .groups = G_FULL, .name = "cause"},
    {8, 0, FIELD_U32, 0, AT(released_s), .max = UINT32_MAX, .groups = G_FULL, .name = "released-s"},
};

const struct rows_format call_format = {
    .name = "call",
    .style = ROWS_TLV8,
    .version = CALL_ROWS_VERSION,
    .rows = call_field_rows,
    .count = CALL_F_COUNT,
    .present_offset = offsetof(struct call, present),
};

const struct rows_format tombstone_format = {
    .name = "tombstone",
    .style = ROWS_TLV8,
    .version = CALL_ROWS_VERSION,
    .rows = tombstone_field_rows,
    .count = sizeof tombstone_field_rows / sizeof tombstone_field_rows[0],
    .present_offset = offsetof(struct tombstone, present),
};

static const uint64_t call_required = CALL_HAS(CALL_F_TEID) | CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) |
                                      CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE);

/* The presence bits of address members that hold no address: on the wire there is no such thing. */
static uint64_t
empty_addresses(const struct call *c)
{
	const struct {
		int field;
		const struct addr *a;
	} all[] = {{CALL_F_ADDRESS, &c->address},
	           {CALL_F_CREATE_PEER, &c->create_peer},
	           {CALL_F_SGSN_CONTROL, &c->sgsn_control},
	           {CALL_F_SGSN_USER, &c->sgsn_user},
	           {CALL_F_LAST_PEER, &c->last_peer}};
	uint64_t mask = 0;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i].a->family == ADDR_NONE)
			mask |= CALL_HAS(all[i].field);
	return mask;
}

enum err
call_rows_encode(const struct call *call, struct wbuf *out)
{
	uint64_t empty = call->present & empty_addresses(call);

	if (empty != 0) {
		struct call copy = *call;

		copy.present &= ~empty;
		return call_rows_encode(&copy, out);
	}
	if ((call->present & call_required) != call_required)
		return ERR_RANGE;
	return rows_encode(&call_format, call, CKPT_GROUP_FULL, out);
}

enum err
call_rows_decode(const void *p, size_t n, struct call *out)
{
	struct rows_verdict v;
	struct rbuf in;
	struct call call = {0};
	enum err e;

	rbuf_init(&in, p, n);
	e = rows_decode(&call_format, &in, &call, CKPT_GROUP_FULL, &v);
	if (e == ERR_OK && (call.present & call_required) != call_required)
		e = ERR_SHORT;
	if (e == ERR_OK)
		*out = call;
	return e;
}

uint64_t
call_rows_key(uint64_t imsi, uint8_t imsi_digits, uint8_t nsapi)
{
	return (uint64_t)(imsi_digits & 15) << 60 | (uint64_t)(nsapi & 15) << 56 | (imsi & (UINT64_MAX >> 8));
}

static uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	if (n == sizeof v) {
		memcpy(&v, p, sizeof v);
		return be64toh(v);
	}
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* One value against its row: shape and bounds, as rows_decode judges them. */
static enum err
check_value(const struct field_row *row, const uint8_t *p, size_t n)
{
	switch (row->kind) {
	case FIELD_ADDR:
		return n == 4 || n == 16 ? ERR_OK : ERR_FORMAT;
	case FIELD_STR:
		if (memchr(p, 0, n) != NULL)
			return ERR_FORMAT;
		/* fall through */
	case FIELD_BYTES:
		return n >= row->min && n <= row->max ? ERR_OK : ERR_RANGE;
	default:
		if (n != (size_t)1 << row->kind)
			return ERR_FORMAT;
		return load(p, n) >= row->min && load(p, n) <= row->max ? ERR_OK : ERR_RANGE;
	}
}

/* The field at @at of @p: its id, and *bytes its whole length; ERR_SHORT when it is cut. */
static enum err
field_at(const uint8_t *p, size_t n, size_t at, uint8_t *id, size_t *bytes)
{
	if (n - at < 2 || n - at - 2 < p[at + 1])
		return ERR_SHORT;
	*id = p[at];
	*bytes = (size_t)p[at + 1] + 2;
	return ERR_OK;
}

/* What the walk over a full record picks up for the index. */
struct picked {
	uint64_t present;
	uint64_t v[CALL_F_NSAPI + 1];
};

static enum err
check_field(uint8_t id, const uint8_t *p, size_t n, uint32_t groups, struct picked *pick, const char **field)
{
	const struct field_row *row;
	enum err e;

	if (id == 0 || id > CALL_F_COUNT)
		return ERR_OK; /* of a newer release: kept, not understood */
	row = &call_field_rows[id - 1];
	*field = row->name;
	e = row->groups & groups ? check_value(row, p, n) : ERR_FORMAT;
	if (e != ERR_OK)
		return e;
	pick->present |= CALL_HAS(id - 1);
	if (id - 1 <= CALL_F_NSAPI)
		pick->v[id - 1] = load(p, n);
	return ERR_OK;
}

static enum err
check_full(const struct picked *pick, uint32_t teid, uint64_t *key, const char **field)
{
	if ((pick->present & call_required) != call_required) {
		*field = "required field";
		return ERR_SHORT;
	}
	if (pick->v[CALL_F_TEID] != teid) {
		*field = "teid";
		return ERR_FORMAT;
	}
	*key =
	    call_rows_key(pick->v[CALL_F_IMSI], (uint8_t)pick->v[CALL_F_IMSI_DIGITS], (uint8_t)pick->v[CALL_F_NSAPI]);
	return ERR_OK;
}

enum err
call_rows_check(const void *p, size_t n, uint32_t groups, uint32_t teid, uint64_t *key, const char **field)
{
	struct picked pick = {0};
	const uint8_t *from = p;
	uint8_t before = 0, id;
	size_t bytes;
	enum err e;

	*field = "record";
	for (size_t at = 0; at < n; at += bytes) {
		if (field_at(from, n, at, &id, &bytes) != ERR_OK)
			return ERR_SHORT;
		*field = "field order";
		if (id <= before)
			return ERR_FORMAT;
		before = id;
		e = check_field(id, from + at + 2, bytes - 2, groups, &pick, field);
		if (e != ERR_OK)
			return e;
	}
	return groups & CKPT_GROUP_FULL ? check_full(&pick, teid, key, field) : ERR_OK;
}

/* One field of the beginning; others are passed over. */
static void
brief_field(uint8_t id, const uint8_t *v, size_t len, struct call *out)
{
	switch (id - 1) {
	case CALL_F_TEID:
		out->teid = (uint32_t)load(v, len);
		break;
	case CALL_F_IMSI:
		out->imsi = load(v, len);
		break;
	case CALL_F_IMSI_DIGITS:
		out->imsi_digits = (uint8_t)load(v, len);
		break;
	case CALL_F_NSAPI:
		out->nsapi = (uint8_t)load(v, len);
		break;
	case CALL_F_STATE:
		out->state = (uint8_t)load(v, len);
		break;
	case CALL_F_SERVICE:
		out->service = (uint32_t)load(v, len);
		break;
	case CALL_F_APN:
		memcpy(out->apn, v, len <= CALL_APN_MAX ? len : CALL_APN_MAX);
		out->apn[len <= CALL_APN_MAX ? len : CALL_APN_MAX] = '\0';
		break;
	case CALL_F_ADDRESS:
		out->address = (struct addr){.family = len == 4 ? ADDR_V4 : ADDR_V6};
		memcpy(out->address.bytes, v, len <= sizeof out->address.bytes ? len : sizeof out->address.bytes);
		break;
	case CALL_F_CHARGING_ID:
		out->charging_id = (uint32_t)load(v, len);
		break;
	default:
		return;
	}
	out->present |= CALL_HAS(id - 1);
}

enum err
call_rows_brief(const void *p, size_t n, struct call *out)
{
	const uint8_t *from = p;
	size_t bytes;
	uint8_t id;

	out->present = 0;
	out->teid = out->charging_id = 0;
	out->service = 0;
	out->apn[0] = '\0';
	out->address = (struct addr){0};
	for (size_t at = 0; at < n; at += bytes) {
		if (field_at(from, n, at, &id, &bytes) != ERR_OK)
			return ERR_SHORT;
		if (id > CALL_F_CHARGING_ID + 1)
			break;
		brief_field(id, from + at + 2, bytes - 2, out);
	}
	return (out->present & call_required) == call_required ? ERR_OK : ERR_SHORT;
}

static bool
is_side(uint8_t id)
{
	return id >= SIDE_FIRST + 1 && id <= SIDE_LAST + 1;
}

struct arena_run
call_rows_side(const void *p, size_t n)
{
	struct arena_run run = {.at = (uint16_t)n};
	const uint8_t *from = p;
	size_t bytes;
	uint8_t id;

	for (size_t at = 0; at < n; at += bytes) {
		if (field_at(from, n, at, &id, &bytes) != ERR_OK)
			break;
		if (id < SIDE_FIRST + 1)
			continue;
		run.at = run.len == 0 ? (uint16_t)at : run.at;
		if (!is_side(id) || run.len + bytes > ARENA_SIDE_MAX)
			break;
		run.len = (uint16_t)(run.len + bytes);
	}
	return run;
}

bool
call_rows_is_side(const void *p, size_t n)
{
	const uint8_t *from = p;
	size_t bytes;
	uint8_t id;

	for (size_t at = 0; at < n; at += bytes)
		if (field_at(from, n, at, &id, &bytes) != ERR_OK || !is_side(id))
			return false;
	return n > 0;
}

uint32_t
call_rows_side_groups(void)
{
	uint32_t groups = CKPT_GROUPS_ALL;

	for (size_t i = 0; i < CALL_F_COUNT; i++)
		if (!is_side((uint8_t)(i + 1)))
			groups &= ~call_field_rows[i].groups;
	return groups;
}

size_t
call_rows_eager(const uint8_t *side, size_t n)
{
	size_t at = 0;

	while (at + 2 <= n && side[at] < SIDE_LAZY + 1)
		at += side[at + 1] + 2u;
	return at < n ? at : n;
}

enum err
call_rows_cut(const void *p, size_t n, uint32_t groups, struct wbuf *out)
{
	const uint8_t *from = p;
	size_t bytes, begin = 0, at;
	uint8_t id;

	/* Neighbours go in one piece: [begin, at) is wanted. */
	for (at = 0; at < n; at += bytes) {
		if (field_at(from, n, at, &id, &bytes) != ERR_OK)
			return ERR_SHORT;
		if (id >= 1 && id <= CALL_F_COUNT && (call_field_rows[id - 1].groups & groups))
			continue;
		wbuf_bytes(out, from + begin, at - begin);
		begin = at + bytes;
	}
	wbuf_bytes(out, from + begin, at - begin);
	return out->is_over ? ERR_FULL : ERR_OK;
}

/* Where in @p the fields of @micro stand in one piece, each as long as there; @n: nowhere. */
static size_t
run_of(const uint8_t *p, size_t n, const uint8_t *micro, size_t micro_n)
{
	size_t at = 0, bytes;
	uint8_t id;

	for (; at < n && p[at] != micro[0]; at += bytes)
		if (field_at(p, n, at, &id, &bytes) != ERR_OK)
			return n;
	if (at >= n || n - at < micro_n)
		return n;
	for (size_t k = 0; k < micro_n; k += bytes)
		if (field_at(micro, micro_n, k, &id, &bytes) != ERR_OK || p[at + k] != id ||
		    p[at + k + 1] != micro[k + 1])
			return n;
	return at;
}

enum err
call_rows_merge(const void *p, size_t n, const void *micro, size_t micro_n, struct wbuf *out)
{
	const uint8_t *a = p, *b = micro;
	size_t i = micro_n > 0 ? run_of(a, n, b, micro_n) : n, k = 0, a_bytes = 0, b_bytes = 0;

	if (i < n) {
		wbuf_bytes(out, a, i);
		wbuf_bytes(out, b, micro_n);
		wbuf_bytes(out, a + i + micro_n, n - i - micro_n);
		return out->is_over ? ERR_FULL : ERR_OK;
	}
	for (i = 0; i < n || k < micro_n;) {
		unsigned a_id = UINT8_MAX + 1, b_id = UINT8_MAX + 1;
		uint8_t id = 0;

		if (i < n && field_at(a, n, i, &id, &a_bytes) != ERR_OK)
			return ERR_SHORT;
		a_id = i < n ? id : a_id;
		if (k < micro_n && field_at(b, micro_n, k, &id, &b_bytes) != ERR_OK)
			return ERR_SHORT;
		b_id = k < micro_n ? id : b_id;
		if (b_id <= a_id) {
			wbuf_bytes(out, b + k, b_bytes);
			k += b_bytes;
			i += a_id == b_id ? a_bytes : 0;
		} else {
			wbuf_bytes(out, a + i, a_bytes);
			i += a_bytes;
		}
	}
	return out->is_over ? ERR_FULL : ERR_OK;
}
