/*
 * srp_wire.c - frame header and field rows of the redundancy link.
 *
 * One list of rows for all messages: the groups say which message carries which row, and every row of a
 * message is mandatory in this version. A new field of a later version becomes a row that is not in `needed`.
 */
#include "srp/srp_wire.h"

#include <zlib.h>

#include "srp/srp_validate.h"

/* Group bits: 1 << type. */
#define IN(type) (1u << (type))
#define IN_HELLO (IN(SRP_MSG_HELLO) | IN(SRP_MSG_HELLO_REPLY))
#define IN_SWITCH                                                                                                      \
	(IN(SRP_MSG_PREPARE) | IN(SRP_MSG_READY) | IN(SRP_MSG_REFUSE) | IN(SRP_MSG_TAKE) | IN(SRP_MSG_FLUSHED))
#define IN_HANDOVER (IN(SRP_MSG_PREPARE) | IN(SRP_MSG_TAKE))
#define IN_LINES    (IN(SRP_MSG_CONFIG_REQUEST) | IN(SRP_MSG_CONFIG_LINES))
#define IN_VALIDATE (IN_LINES | IN(SRP_MSG_VALIDATE_ASK) | IN(SRP_MSG_VALIDATE_ANSWER))
#define IN_ANSWER   IN(SRP_MSG_VALIDATE_ANSWER)
#define IN_RES      (IN_HELLO | IN(SRP_MSG_RESOURCE))
#define IN_HISTORY  (IN(SRP_MSG_TRANSITION) | IN(SRP_MSG_TRANSITION_ASK))
#define IN_ALL      (IN(SRP_MSG_OPEN) | IN_RES | IN_SWITCH)
#define AT(member)  .offset = offsetof(struct srp_msg, member)

/* clang-format off */
#define CHUNK(i)                                                                                                       \
    {.id = 44, .nth = i, .kind = FIELD_BYTES, AT(chunk[i]), .len_offset = offsetof(struct srp_msg, chunk_bytes[i]),    \
     .max = SRP_CHUNK_BYTES, .groups = IN(SRP_MSG_CONFIG_LINES), .name = "chunk"}
/* clang-format on */

enum { SEC_MAX_MS = 65535 * 1000, SESSMGR_MAX = 127, COUNT_MAX = 65535, PARTS_MAX = 128 };

static const struct field_row rows[] = {
    {.id = 1,
     .kind = FIELD_U64,
     AT(hello.chassis_id),
     .min = 1,
     .max = UINT64_MAX,
     .groups = IN_ALL | IN_VALIDATE | IN_HISTORY,
     .name = "chassis-id"},
    {.id = 2,
     .kind = FIELD_U64,
     AT(hello.incarnation),
     .min = 1,
     .max = UINT64_MAX,
     .groups = IN(SRP_MSG_OPEN) | IN_HELLO,
     .name = "incarnation"},
    {.id = 3, .kind = FIELD_U64, AT(hello.epoch), .max = UINT64_MAX, .groups = IN_ALL, .name = "epoch"},
    {.id = 4,
     .kind = FIELD_U8,
     AT(open_kind),
     .min = SRP_OPEN_CONTROL,
     .max = SRP_OPEN_CONTROL,
     .groups = IN(SRP_MSG_OPEN),
     .name = "kind"},
    {.id = 6, .kind = FIELD_U16, AT(format), .min = 1, .max = UINT16_MAX, .groups = IN(SRP_MSG_OPEN), .name = "format"},
    {.id = 7, .kind = FIELD_U32, AT(seq), .max = UINT32_MAX, .groups = IN_HELLO, .name = "seq"},
    {.id = 8, .kind = FIELD_U64, AT(sent_us), .max = UINT64_MAX, .groups = IN_HELLO, .name = "sent-us"},
    {.id = 9, .kind = FIELD_U64, AT(hello.lineage), .max = UINT64_MAX, .groups = IN_HELLO, .name = "lineage"},
    {.id = 10,
     .kind = FIELD_U8,
     AT(hello.state),
     .max = SRP_STATE_COUNT - 1,
     .groups = IN_HELLO | IN_ANSWER,
     .name = "state"},
    {.id = 11, .kind = FIELD_U8, AT(hello.mode), .max = SRP_MODE_COUNT - 1, .groups = IN_HELLO, .name = "mode"},
    {.id = 12,
     .kind = FIELD_U8,
     AT(hello.priority),
     .min = 1,
     .max = UINT8_MAX,
     .groups = IN_HELLO,
     .name = "priority"},
    {.id = 13,
     .kind = FIELD_U8,
     AT(hello.route_modifier),
     .max = SRP_RM_MAX,
     .groups = IN_HELLO,
     .name = "route-modifier"},
    {.id = 14,
     .kind = FIELD_BYTES,
     AT(hello.mac),
     .len_offset = offsetof(struct srp_msg, hello.mac_len),
     .min = MAC_LEN,
     .max = MAC_LEN,
     .groups = IN_HELLO,
     .name = "mac"},
    {.id = 15,
     .kind = FIELD_U8,
     AT(hello.restart_counter),
     .max = UINT8_MAX,
     .groups = IN_HELLO,
     .name = "restart-counter"},
    {.id = 16,
     .kind = FIELD_U16,
     AT(hello.sessmgrs),
     .max = SESSMGR_MAX,
     .groups = IN_RES | IN_ANSWER,
     .name = "sessmgrs"},
    {.id = 17,
     .kind = FIELD_U16,
     AT(hello.sessmgrs_ready),
     .max = SESSMGR_MAX,
     .groups = IN_RES | IN_ANSWER,
     .name = "sessmgrs-ready"},
    {.id = 18,
     .kind = FIELD_U32,
     AT(hello.hello_ms),
     .min = 1,
     .max = SEC_MAX_MS,
     .groups = IN_HELLO,
     .name = "hello-ms"},
    {.id = 19,
     .kind = FIELD_U32,
     AT(hello.dead_ms),
     .min = 1,
     .max = SEC_MAX_MS,
     .groups = IN_HELLO,
     .name = "dead-ms"},
    {.id = 20, .kind = FIELD_U32, AT(request), .max = UINT32_MAX, .groups = IN_SWITCH | IN_VALIDATE, .name = "request"},
    {.id = 21, .kind = FIELD_U8, AT(is_forced), .max = 1, .groups = IN(SRP_MSG_PREPARE), .name = "forced"},
    {.id = 22,
     .kind = FIELD_U8,
     AT(refuse),
     .min = 1,
     .max = UINT8_MAX,
     .groups = IN(SRP_MSG_REFUSE),
     .name = "refuse"},
    {.id = 23, .kind = FIELD_U32, AT(count), .max = COUNT_MAX, .groups = IN(SRP_MSG_REFUSE), .name = "count"},
    {.id = 24, .kind = FIELD_U8, AT(hello.options), .max = UINT8_MAX, .groups = IN_HELLO, .name = "options"},
    {.id = 25, .kind = FIELD_U16, AT(hello.failed), .max = UINT16_MAX, .groups = IN_HELLO, .name = "failed"},
    {.id = 26,
     .kind = FIELD_U64,
     AT(hello.config_digest),
     .max = UINT64_MAX,
     .groups = IN_HELLO | IN_LINES | IN_ANSWER,
     .name = "config-digest"},
    {.id = 27, .kind = FIELD_U64, AT(hello.history_seq), .max = UINT64_MAX, .groups = IN_HELLO, .name = "history-seq"},
    {.id = 28, .kind = FIELD_U8, AT(reason), .max = SRP_REASON_COUNT - 1, .groups = IN_HANDOVER, .name = "reason"},
    {.id = 29, .kind = FIELD_U8, AT(is_rm_reset), .max = 1, .groups = IN_HANDOVER, .name = "rm-reset"},
    {.id = 30, .kind = FIELD_U8, AT(is_early), .max = 1, .groups = IN(SRP_MSG_TAKE), .name = "early"},
    {.id = 31, .kind = FIELD_U32, AT(wait_ms), .max = SEC_MAX_MS, .groups = IN(SRP_MSG_TAKE), .name = "wait-ms"},
    {.id = 40, .kind = FIELD_U32, AT(offset), .max = SRP_LINES_PACKED_MAX, .groups = IN_LINES, .name = "offset"},
    {.id = 41,
     .kind = FIELD_U8,
     AT(status),
     .max = SRP_LINES_STATUS_COUNT - 1,
     .groups = IN(SRP_MSG_CONFIG_LINES),
     .name = "status"},
    {.id = 42,
     .kind = FIELD_U32,
     AT(packed_bytes),
     .max = SRP_LINES_PACKED_MAX,
     .groups = IN(SRP_MSG_CONFIG_LINES),
     .name = "packed-bytes"},
    {.id = 43,
     .kind = FIELD_U32,
     AT(plain_bytes),
     .max = SRP_LINES_BYTES_MAX,
     .groups = IN(SRP_MSG_CONFIG_LINES),
     .name = "plain-bytes"},
    CHUNK(0),
    CHUNK(1),
    CHUNK(2),
    {.id = 45, .kind = FIELD_U32, AT(findings), .max = UINT32_MAX, .groups = IN_ANSWER, .name = "findings"},
    {.id = 46, .kind = FIELD_STR, AT(finding), .max = SRP_FINDING_MAX, .groups = IN_ANSWER, .name = "finding"},
    {.id = 47, .kind = FIELD_U8, AT(is_post_processing), .max = 1, .groups = IN_ANSWER, .name = "post-processing"},
    {.id = 50, .kind = FIELD_U64, AT(wall_us), .max = INT64_MAX / 2, .groups = IN_HELLO, .name = "wall-us"},
    {.id = 51, .kind = FIELD_U64, AT(change), .max = INT64_MAX, .groups = IN_HISTORY, .name = "change"},
    {.id = 52, .kind = FIELD_U16, AT(part), .max = PARTS_MAX - 1, .groups = IN_HISTORY, .name = "part"},
    {.id = 53,
     .kind = FIELD_U16,
     AT(parts),
     .min = 1,
     .max = PARTS_MAX,
     .groups = IN(SRP_MSG_TRANSITION),
     .name = "parts"},
    {.id = 54,
     .kind = FIELD_STR,
     AT(piece),
     .min = 1,
     .max = SRP_PIECE_MAX,
     .groups = IN(SRP_MSG_TRANSITION),
     .name = "piece"},
    {.id = 60, .kind = FIELD_U32, AT(hello.calls), .max = UINT32_MAX, .groups = IN_RES, .name = "calls"},
};

_Static_assert(SRP_MSG_TYPE_END <= 32, "a group is a bit of 32");

static const struct rows_format format = {
    .name = "srp",
    .style = ROWS_TLV8,
    .version = SRP_SCHEMA_VERSION,
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .present_offset = offsetof(struct srp_msg, present),
};

static const char *const type_names[SRP_MSG_TYPE_END] = {
    [SRP_MSG_OPEN] = "OPEN",
    [SRP_MSG_HELLO] = "HELLO",
    [SRP_MSG_HELLO_REPLY] = "HELLO_REPLY",
    [SRP_MSG_PREPARE] = "PREPARE",
    [SRP_MSG_READY] = "READY",
    [SRP_MSG_REFUSE] = "REFUSE",
    [SRP_MSG_TAKE] = "TAKE",
    [SRP_MSG_FLUSHED] = "FLUSHED",
    [SRP_MSG_TRANSITION] = "TRANSITION",
    [SRP_MSG_TRANSITION_ASK] = "TRANSITION_ASK",
    [SRP_MSG_CONFIG_REQUEST] = "CONFIG_REQUEST",
    [SRP_MSG_CONFIG_LINES] = "CONFIG_LINES",
    [SRP_MSG_VALIDATE_ASK] = "VALIDATE_ASK",
    [SRP_MSG_VALIDATE_ANSWER] = "VALIDATE_ANSWER",
    [SRP_MSG_RESOURCE] = "RESOURCE",
};

static bool
is_known(uint8_t type)
{
	return type < SRP_MSG_TYPE_END && type_names[type] != NULL;
}

const char *
srp_msg_name(uint8_t type)
{
	return is_known(type) ? type_names[type] : NULL;
}

/* The rows a message of @type must have, as a presence mask. */
static uint64_t
needed(uint8_t type)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < format.count; i++)
		if (rows[i].groups & IN(type))
			mask |= UINT64_C(1) << i;
	return mask;
}

const struct rows_format *
srp_wire_format(void)
{
	return &format;
}

enum err
srp_frame_decode(struct rbuf *in, struct srp_frame *out)
{
	struct srp_frame f;

	if (rbuf_left(in) < SRP_HEADER_BYTES)
		return ERR_SHORT;
	if (rbuf_u16(in) != SRP_MAGIC)
		return ERR_FORMAT;
	if (rbuf_u8(in) != SRP_VERSION)
		return ERR_VERSION;
	f.type = rbuf_u8(in);
	f.body_bytes = rbuf_u32(in);
	f.crc = rbuf_u32(in);
	if (f.body_bytes > SRP_BODY_MAX)
		return ERR_RANGE;
	*out = f;
	return ERR_OK;
}

static uint32_t
frame_crc(uint8_t type, const uint8_t *body, size_t n)
{
	return (uint32_t)crc32(crc32(0, &type, 1), body, (uInt)n);
}

enum err
srp_frame_check(const struct srp_frame *f, const uint8_t *body)
{
	return frame_crc(f->type, body, f->body_bytes) == f->crc ? ERR_OK : ERR_CORRUPT;
}

enum err
srp_msg_encode(const struct srp_msg *m, struct wbuf *out)
{
	struct srp_msg copy = *m;
	struct wbuf saved = *out;
	size_t body;
	enum err e;

	if (!is_known(m->type))
		return ERR_RANGE;
	copy.present = needed(m->type);
	wbuf_u16(out, SRP_MAGIC);
	wbuf_u8(out, SRP_VERSION);
	wbuf_u8(out, m->type);
	wbuf_u32(out, 0); /* length and CRC, when they are known */
	wbuf_u32(out, 0);
	e = out->is_over ? ERR_FULL : rows_encode(&format, &copy, IN(m->type), out);
	if (e != ERR_OK) {
		*out = saved;
		return e;
	}
	body = saved.len + SRP_HEADER_BYTES;
	wbuf_patch_u32(out, body - 2 * sizeof(uint32_t), (uint32_t)(out->len - body));
	wbuf_patch_u32(out, body - sizeof(uint32_t), frame_crc(m->type, out->data + body, out->len - body));
	return ERR_OK;
}

enum err
srp_msg_decode(uint8_t type, struct rbuf *body, struct srp_msg *out, struct rows_verdict *v)
{
	struct srp_msg m = {.type = type};
	enum err e;

	*v = (struct rows_verdict){0};
	if (!is_known(type))
		return ERR_NOT_FOUND;
	e = rows_decode(&format, body, &m, IN(type), v);
	if (e != ERR_OK)
		return e;
	for (size_t i = 0; i < format.count; i++) {
		if ((rows[i].groups & IN(type)) && !rows_present(&format, &m, i)) {
			v->field = rows[i].name;
			v->id = rows[i].id;
			return ERR_FORMAT;
		}
	}
	*out = m;
	return ERR_OK;
}

void
srp_msg_dump(const struct srp_msg *m, struct text *out)
{
	text_printf(out, "%s ", is_known(m->type) ? type_names[m->type] : "?");
	rows_dump(&format, m, out);
}
