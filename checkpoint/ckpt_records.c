/* ckpt_records.c - packing and unpacking of records: short heads, and fields in two parts. */
#include "checkpoint/ckpt_records.h"

#include <assert.h>
#include <endian.h>
#include <string.h>

/* The first octet of a record. */
enum {
	FORM_MASK = 3,
	TEID_SHIFT = 2,
	SEQ_SHIFT = 4,
	STEP_MASK = 3,
	STEP_OTHER = 2, /* not 0 or 1: a number follows */
	KIND_OTHER = 0x40,
	LEAD_MAX = 0x7f
};

enum { OWN_ID = 1, OWN_LEN = 4, STRIDE = 16 };

/* --- numbers ---------------------------------------------------------------------------------------------- */

static uint8_t *
varint_put(uint8_t *to, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		*to++ = (uint8_t)(v | 0x80);
	*to++ = (uint8_t)v;
	return to;
}

/* ERR_SHORT when it is cut, ERR_RANGE when it is longer than 64 bits. */
static enum err
varint_get(struct rbuf *in, uint64_t *v)
{
	*v = 0;
	for (unsigned shift = 0; in->pos < in->len; shift += 7) {
		uint8_t b = in->data[in->pos++];

		if (shift == 63 && b > 1)
			return ERR_RANGE;
		*v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return ERR_OK;
	}
	return ERR_SHORT;
}

static uint64_t
zigzag(int64_t v)
{
	return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1 ^ ((v & 1) != 0 ? UINT64_MAX : 0));
}

/* --- packing ---------------------------------------------------------------------------------------------- */

void
ckpt_pack_begin(struct ckpt_packer *x, uint64_t seq)
{
	x->seq = seq;
	x->teid = 0;
	x->kind = CKPT_KIND_FULL;
	x->count = 0;
}

/* Ids and lengths of the fields in @p into @x; false when these are no fields, or too many. */
static bool
heads_find(struct ckpt_packer *x, const uint8_t *p, size_t n)
{
	uint32_t k = 0;
	size_t at = 0;

	x->count = 0;
	while (at < n) {
		if (k == CKPT_FIELDS_MAX || n - at < 2)
			return false;
		memcpy(x->heads + 2 * k, p + at, 2);
		at += 2u + p[at + 1];
		k++;
	}
	x->count = k;
	return at == n;
}

/* A value of @n bytes; where @is_roomy, a stride can be read and written at either place: one move for most values. */
static void
value_copy(uint8_t *to, const uint8_t *from, size_t n, bool is_roomy)
{
	if (is_roomy && n <= STRIDE)
		memcpy(to, from, STRIDE);
	else
		memcpy(to, from, n);
}

/*
 * The fields in @n bytes at @p in two parts, as many as the record before had: where their ids and lengths are those
 * of that record, the processor need not wait for one length to find the next field. The end of them, or NULL: they
 * are others in number, or none. @is_roomy: a stride more than the record, with ids and lengths of as many fields,
 * can be written.
 */
static uint8_t *
fields_put(struct ckpt_packer *x, uint8_t *to, const uint8_t *p, size_t n, bool is_roomy)
{
	uint8_t *value = to + 1 + 2 * x->count;
	const uint8_t *end = p + n;

	for (uint32_t k = 0; k < x->count; k++) {
		uint8_t *head = x->heads + 2 * k;

		if (end - p < 2)
			return NULL;
		if (memcmp(head, p, 2) != 0)
			memcpy(head, p, 2);
		if (end - p - 2 < head[1])
			return NULL;
		value_copy(value, p + 2, head[1], is_roomy && end - p >= 2 + STRIDE);
		p += 2 + head[1];
		value += head[1];
	}
	*to = (uint8_t)x->count;
	memcpy(to + 1, x->heads, 2 * x->count);
	return p == end ? value : NULL;
}

static bool
is_own(const struct ckpt_record *r)
{
	uint32_t big = htobe32(r->teid);

	return r->len >= CKPT_OWN_BYTES && r->bytes[0] == OWN_ID && r->bytes[1] == OWN_LEN &&
	       memcmp(r->bytes + 2, &big, sizeof big) == 0;
}

/* Everything before the content; the form is still to be put into the first octet. */
static uint8_t *
head_put(const struct ckpt_packer *x, uint8_t *to, const struct ckpt_record *r)
{
	uint64_t teid_step = (uint64_t)r->teid - x->teid, seq_step = r->seq - x->seq;
	uint8_t *lead = to++;

	*lead = (uint8_t)((teid_step < STEP_OTHER ? teid_step : STEP_OTHER) << TEID_SHIFT |
	                  (seq_step < STEP_OTHER ? seq_step : STEP_OTHER) << SEQ_SHIFT);
	if (r->kind != x->kind) {
		*lead |= KIND_OTHER;
		*to++ = r->kind;
	}
	if (seq_step >= STEP_OTHER)
		to = varint_put(to, seq_step);
	if (teid_step >= STEP_OTHER)
		to = varint_put(to, zigzag((int64_t)teid_step));
	return varint_put(to, r->len);
}

bool
ckpt_pack(struct ckpt_packer *x, struct wbuf *out, const struct ckpt_record *r)
{
	size_t room = out->cap - out->len, skip = is_own(r) ? CKPT_OWN_BYTES : 0, most = CKPT_RECORD_HEAD_MAX + r->len;
	uint8_t *lead = out->data + out->len, *at, *end = NULL;

	assert(r->seq >= x->seq && r->len <= CKPT_RECORD_MAX);
	if (out->is_over || room < most)
		return false;
	at = head_put(x, lead, r);
	if (room >= most + 2 * x->count + STRIDE)
		end = fields_put(x, at, r->bytes + skip, r->len - skip, true);
	if (end == NULL && heads_find(x, r->bytes + skip, r->len - skip))
		end = fields_put(x, at, r->bytes + skip, r->len - skip, room >= most + STRIDE);
	if (end != NULL) {
		*lead |= skip > 0 ? CKPT_FORM_OWN : CKPT_FORM_FIELDS;
	} else {
		memcpy(at, r->bytes, r->len);
		end = at + r->len;
	}
	out->len = (size_t)(end - out->data);
	x->kind = r->kind;
	x->seq = r->seq;
	x->teid = r->teid;
	return true;
}

/* --- unpacking -------------------------------------------------------------------------------------------- */

void
ckpt_unpack_begin(struct ckpt_unpacker *x, const void *p, size_t n, uint64_t seq, void *store, size_t cap)
{
	rbuf_init(&x->in, p, n);
	wbuf_init(&x->whole, store, cap);
	x->seq = seq;
	x->teid = 0;
	x->kind = CKPT_KIND_FULL;
}

/* What a step in @lead adds; a number follows where it is another one than 0 or 1. */
static enum err
step_get(struct rbuf *in, unsigned step, uint64_t *v)
{
	*v = step;
	if (step < STEP_OTHER)
		return ERR_OK;
	return step == STEP_OTHER ? varint_get(in, v) : ERR_FORMAT;
}

static enum err
seq_get(struct ckpt_unpacker *x, uint8_t lead)
{
	uint64_t later = 0;
	enum err e = step_get(&x->in, lead >> SEQ_SHIFT & STEP_MASK, &later);

	if (e != ERR_OK || later > UINT64_MAX - x->seq)
		return e != ERR_OK ? e : ERR_RANGE;
	x->seq += later;
	return ERR_OK;
}

static enum err
teid_get(struct ckpt_unpacker *x, uint8_t lead)
{
	unsigned step = lead >> TEID_SHIFT & STEP_MASK;
	uint64_t v = 0;
	enum err e = step_get(&x->in, step, &v);

	v = x->teid + (step == STEP_OTHER ? (uint64_t)unzigzag(v) : v);
	if (e != ERR_OK || v > UINT32_MAX)
		return e != ERR_OK ? e : ERR_RANGE;
	x->teid = (uint32_t)v;
	return ERR_OK;
}

static enum err
head_get(struct ckpt_unpacker *x, struct ckpt_record *r, enum ckpt_form *form, const char **field)
{
	uint8_t lead = rbuf_u8(&x->in);
	uint64_t length;
	enum err e;

	*field = "record length";
	if ((lead & KIND_OTHER) != 0)
		x->kind = rbuf_u8(&x->in);
	if (x->in.is_short)
		return ERR_SHORT;
	*field = "record seq";
	e = seq_get(x, lead);
	if (e != ERR_OK)
		return e;
	*field = "record teid";
	e = teid_get(x, lead);
	if (e != ERR_OK)
		return e;
	*field = "record length";
	e = varint_get(&x->in, &length);
	if (e != ERR_OK || length > CKPT_RECORD_MAX || lead > LEAD_MAX)
		return e != ERR_OK ? e : length > CKPT_RECORD_MAX ? ERR_RANGE : ERR_FORMAT;
	*form = (enum ckpt_form)(lead & FORM_MASK);
	*r = (struct ckpt_record){.kind = x->kind, .len = (uint16_t)length, .teid = x->teid, .seq = x->seq};
	return ERR_OK;
}

/* The field that is the TEID again. */
static void
own_put(struct wbuf *w, uint32_t teid)
{
	wbuf_u8(w, OWN_ID);
	wbuf_u8(w, OWN_LEN);
	wbuf_u32(w, teid);
}

/* Fields that lie in two parts, as they were: @n bytes in all. */
static enum err
fields_get(struct rbuf *in, struct wbuf *w, size_t n)
{
	size_t count = rbuf_u8(in), bytes = 2 * count;
	const uint8_t *heads = rbuf_take(in, 2 * count), *from;
	uint8_t *to;
	bool is_roomy;

	if (heads == NULL)
		return ERR_SHORT;
	for (size_t k = 0; k < count; k++)
		bytes += heads[2 * k + 1];
	if (bytes != n)
		return ERR_FORMAT;
	from = rbuf_take(in, n - 2 * count);
	to = wbuf_space(w, n);
	if (from == NULL || to == NULL)
		return from == NULL ? ERR_SHORT : ERR_FULL;
	is_roomy = in->len - in->pos >= STRIDE && w->cap - w->len >= STRIDE;
	for (size_t k = 0; k < count; k++) {
		size_t len = heads[2 * k + 1];

		memcpy(to, heads + 2 * k, 2);
		value_copy(to + 2, from, len, is_roomy);
		to += 2 + len;
		from += len;
	}
	return ERR_OK;
}

static enum err
content_get(struct ckpt_unpacker *x, struct ckpt_record *r, enum ckpt_form form)
{
	size_t own = form == CKPT_FORM_OWN ? CKPT_OWN_BYTES : 0;

	if (form == CKPT_FORM_PLAIN) {
		r->bytes = rbuf_take(&x->in, r->len);
		return r->bytes != NULL ? ERR_OK : ERR_SHORT;
	}
	if (form > CKPT_FORM_OWN || r->len < own)
		return ERR_FORMAT;
	r->bytes = x->whole.data + x->whole.len;
	if (own > 0)
		own_put(&x->whole, r->teid);
	return fields_get(&x->in, &x->whole, r->len - own);
}

enum err
ckpt_unpack(struct ckpt_unpacker *x, struct ckpt_record *r, const char **field)
{
	enum ckpt_form form;
	enum err e = head_get(x, r, &form, field);

	return e == ERR_OK ? content_get(x, r, form) : e;
}
