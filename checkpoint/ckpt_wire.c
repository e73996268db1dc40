/* ckpt_wire.c - frames and control messages of a checkpoint connection. */
#include "checkpoint/ckpt_wire.h"

#include "base/crc32c.h"

#define AT(member) .offset = offsetof(struct ckpt_msg, member)

enum {
	IN_OPENS = 1 << CKPT_OPEN | 1 << CKPT_OPEN_ACK,
	IN_ROLES = IN_OPENS | 1 << CKPT_ROLE,
	IN_SYNC = 1 << CKPT_SYNC_BEGIN | 1 << CKPT_SYNC_END,
	IN_READY = 1 << CKPT_READY,
	IN_ACCOUNTING = 1 << CKPT_ACCOUNTING_END,
	IN_NACK = 1 << CKPT_NACK,
};

/* instance and chassis id stand first: ckpt_peek_open reads them from the first bytes of a connection. */
static const struct field_row msg_rows[] = {
    {1, 0, FIELD_U32, 0, AT(instance), .min = 1, .max = 127, .groups = IN_OPENS, .name = "instance"},
    {2, 0, FIELD_U64, 0, AT(chassis_id), .max = UINT64_MAX, .groups = IN_OPENS, .name = "chassis-id"},
    {3, 0, FIELD_U8, 0, AT(role), .max = CKPT_ACTIVE, .groups = IN_ROLES, .name = "role"},
    {4, 0, FIELD_U64, 0, AT(epoch), .max = UINT64_MAX, .groups = IN_ROLES | IN_SYNC | IN_READY | IN_ACCOUNTING,
     .name = "epoch"},
    {5, 0, FIELD_U64, 0, AT(incarnation), .min = 1, .max = UINT64_MAX,
     .groups = IN_ROLES | IN_SYNC | IN_READY | IN_ACCOUNTING, .name = "incarnation"},
    {6, 0, FIELD_U32, 0, AT(schema), .max = UINT32_MAX, .groups = IN_OPENS, .name = "schema"},
    {7, 0, FIELD_U32, 0, AT(compressions), .max = UINT32_MAX, .groups = IN_OPENS, .name = "compressions"},
    {8, 0, FIELD_U8, 0, AT(is_aggressive), .max = 1, .groups = IN_OPENS, .name = "aggressive"},
    {9, 0, FIELD_U8, 0, AT(is_full), .max = 1, .groups = 1 << CKPT_SYNC_BEGIN, .name = "full"},
    {10, 0, FIELD_U64, 0, AT(seq), .max = UINT64_MAX, .groups = IN_SYNC | IN_ACCOUNTING, .name = "seq"},
    {11, 0, FIELD_U64, 0, AT(batch), .max = UINT64_MAX, .groups = IN_SYNC | 1 << CKPT_ACK, .name = "batch"},
    {12, 0, FIELD_U64, 0, AT(held_epoch), .max = UINT64_MAX, .groups = IN_READY | IN_OPENS, .name = "held-epoch"},
    {13, 0, FIELD_U64, 0, AT(held_incarnation), .max = UINT64_MAX, .groups = IN_READY | IN_OPENS,
     .name = "held-incarnation"},
    {14, 0, FIELD_U64, 0, AT(held_seq), .max = UINT64_MAX, .groups = IN_READY | IN_OPENS, .name = "held-seq"},
    {15, 0, FIELD_U32, 0, AT(teid), .min = 1, .max = UINT32_MAX, .groups = IN_NACK, .name = "teid"},
    {16, 0, FIELD_U8, 0, AT(kind), .max = UINT8_MAX, .groups = IN_NACK, .name = "kind"},
    {17, 0, FIELD_U8, 0, AT(reason), .min = CKPT_NACK_CKEY_MISMATCH, .max = UINT8_MAX, .groups = IN_NACK,
     .name = "reason"},
    {18, 0, FIELD_U32, 0, AT(calls), .max = UINT32_MAX, .groups = 1 << CKPT_SYNC_BEGIN, .name = "calls"},
};

const struct rows_format ckpt_msg_format = {
    .name = "checkpoint-control",
    .style = ROWS_TLV8,
    .version = CKPT_VERSION,
    .rows = msg_rows,
    .count = sizeof msg_rows / sizeof msg_rows[0],
    .present_offset = offsetof(struct ckpt_msg, present),
};

static const char *const frame_names[CKPT_FRAME_TYPE_COUNT] = {
    "frame", "OPEN", "OPEN_ACK", "HEARTBEAT",  "READY",          "SYNC_BEGIN", "SYNC_END",
    "BATCH", "ACK",  "ROLE",     "ACCOUNTING", "ACCOUNTING_END", "PROOF",      "NACK",
};

const char *
ckpt_frame_name(uint8_t type)
{
	return frame_names[type < CKPT_FRAME_TYPE_COUNT ? type : 0];
}

enum err
ckpt_header_read(const void *p, size_t n, struct ckpt_header *h, const char **field)
{
	struct rbuf in;
	uint16_t magic;

	rbuf_init(&in, p, n);
	magic = rbuf_u16(&in);
	h->version = rbuf_u8(&in);
	h->type = rbuf_u8(&in);
	h->length = rbuf_u32(&in);
	h->crc = rbuf_u32(&in);
	*field = "header";
	if (in.is_short)
		return ERR_SHORT;
	*field = "magic";
	if (magic != CKPT_MAGIC)
		return ERR_FORMAT;
	*field = "version";
	if (h->version != CKPT_VERSION)
		return ERR_VERSION;
	*field = "length";
	return h->length <= CKPT_BODY_MAX ? ERR_OK : ERR_RANGE;
}

static uint32_t
header_crc(const struct ckpt_header *h, const uint8_t *body)
{
	uint32_t covered = h->length;
	uint8_t head[8];
	struct wbuf w;

	if (h->type == CKPT_BATCH && covered > CKPT_BATCH_HEADER_BYTES)
		covered = CKPT_BATCH_HEADER_BYTES;
	wbuf_init(&w, head, sizeof head);
	wbuf_u16(&w, CKPT_MAGIC);
	wbuf_u8(&w, h->version);
	wbuf_u8(&w, h->type);
	wbuf_u32(&w, h->length);
	return crc32c(crc32c(0, head, sizeof head), body, covered);
}

enum err
ckpt_header_verify(const struct ckpt_header *h, const uint8_t *body)
{
	return header_crc(h, body) == h->crc ? ERR_OK : ERR_CORRUPT;
}

size_t
ckpt_frame_begin(struct wbuf *out, uint8_t type)
{
	size_t at = out->len;

	wbuf_u16(out, CKPT_MAGIC);
	wbuf_u8(out, CKPT_VERSION);
	wbuf_u8(out, type);
	wbuf_u32(out, 0); /* length and CRC, when they are known */
	wbuf_u32(out, 0);
	return at;
}

void
ckpt_frame_end(struct wbuf *out, size_t at)
{
	struct ckpt_header h = {.version = CKPT_VERSION};

	if (out->is_over)
		return;
	h.type = out->data[at + 3];
	h.length = (uint32_t)(out->len - at - CKPT_HEADER_BYTES);
	wbuf_patch_u32(out, at + 4, h.length);
	wbuf_patch_u32(out, at + 8, header_crc(&h, out->data + at + CKPT_HEADER_BYTES));
}

static uint64_t
fields_of(uint8_t type)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < ckpt_msg_format.count; i++)
		if (msg_rows[i].groups & 1u << type)
			mask |= UINT64_C(1) << i;
	return mask;
}

enum err
ckpt_msg_write(struct wbuf *out, uint8_t type, struct ckpt_msg *m)
{
	size_t at = ckpt_frame_begin(out, type);
	enum err e;

	m->present = fields_of(type);
	e = rows_encode(&ckpt_msg_format, m, 1u << type, out);
	ckpt_frame_end(out, at);
	return e;
}

enum err
ckpt_msg_read(const void *p, size_t n, uint8_t type, struct ckpt_msg *m, const char **field)
{
	struct rows_verdict v;
	struct rbuf in;
	enum err e;

	*m = (struct ckpt_msg){0};
	rbuf_init(&in, p, n);
	e = rows_decode(&ckpt_msg_format, &in, m, 1u << type, &v);
	*field = v.field != NULL ? v.field : "body";
	if (e == ERR_OK && (m->present & fields_of(type)) != fields_of(type)) {
		*field = "missing field";
		return ERR_SHORT;
	}
	return e;
}

void
ckpt_batch_write(struct wbuf *out, const struct ckpt_batch *b)
{
	wbuf_u64(out, b->number);
	wbuf_u64(out, b->through);
	wbuf_u8(out, b->codec);
	wbuf_u32(out, b->count);
	wbuf_u32(out, b->raw_bytes);
	wbuf_u32(out, b->crc);
}

enum err
ckpt_batch_read(struct rbuf *in, struct ckpt_batch *b, const char **field)
{
	b->number = rbuf_u64(in);
	b->through = rbuf_u64(in);
	b->codec = rbuf_u8(in);
	b->count = rbuf_u32(in);
	b->raw_bytes = rbuf_u32(in);
	b->crc = rbuf_u32(in);
	*field = "batch header";
	if (in->is_short)
		return ERR_SHORT;
	*field = "raw bytes";
	if (b->raw_bytes > CKPT_RAW_MAX)
		return ERR_RANGE;
	*field = "count";
	return b->count <= CKPT_RECORDS_MAX && b->count <= b->raw_bytes / CKPT_RECORD_HEAD_MIN ? ERR_OK : ERR_RANGE;
}
