/* rows.c - one encoder, one decoder and one dump for every table of field rows. */
#include "base/rows.h"

#include <inttypes.h>
#include <string.h>

#include "base/addr.h"
#include "base/hits.h"

static uint64_t
load_uint(const void *p, uint8_t kind)
{
	switch (kind) {
	case FIELD_U8:
		return *(const uint8_t *)p;
	case FIELD_U16:
		return *(const uint16_t *)p;
	case FIELD_U32:
		return *(const uint32_t *)p;
	default:
		return *(const uint64_t *)p;
	}
}

static void
store_uint(void *p, uint8_t kind, uint64_t v)
{
	switch (kind) {
	case FIELD_U8:
		*(uint8_t *)p = (uint8_t)v;
		break;
	case FIELD_U16:
		*(uint16_t *)p = (uint16_t)v;
		break;
	case FIELD_U32:
		*(uint32_t *)p = (uint32_t)v;
		break;
	default:
		*(uint64_t *)p = v;
	}
}

static int
is_uint(uint8_t kind)
{
	return kind <= FIELD_U64;
}

static size_t
uint_bytes(uint8_t kind)
{
	return (size_t)1 << kind;
}

static uint64_t *
present_mask(const struct rows_format *f, void *obj)
{
	return (uint64_t *)(void *)((char *)obj + f->present_offset);
}

int
rows_present(const struct rows_format *f, const void *obj, size_t row)
{
	uint64_t mask;

	memcpy(&mask, (const char *)obj + f->present_offset, sizeof mask);
	return (mask >> row & 1) != 0;
}

static size_t
value_len(const struct field_row *row, const char *obj)
{
	switch (row->kind) {
	case FIELD_BYTES:
		return *(const uint8_t *)(obj + row->len_offset);
	case FIELD_STR:
		return strnlen(obj + row->offset, row->max + 1);
	case FIELD_ADDR:
		return addr_bytes((const struct addr *)(const void *)(obj + row->offset));
	default:
		return uint_bytes(row->kind);
	}
}

static int
is_in_bounds(const struct field_row *row, uint64_t v)
{
	return v >= row->min && v <= row->max;
}

static void
put_value(const struct field_row *row, const char *obj, size_t len, struct wbuf *out)
{
	const char *p = obj + row->offset;

	if (is_uint(row->kind)) {
		uint64_t v = load_uint(p, row->kind);

		for (size_t i = len; i-- > 0;)
			wbuf_u8(out, (uint8_t)(v >> (8 * i)));
	} else if (row->kind == FIELD_ADDR) {
		wbuf_bytes(out, ((const struct addr *)(const void *)p)->bytes, len);
	} else {
		wbuf_bytes(out, p, len);
	}
}

static enum err
encode_row(const struct rows_format *f, const struct field_row *row, const char *obj, struct wbuf *out)
{
	size_t len = value_len(row, obj);

	if (is_uint(row->kind) ? !is_in_bounds(row, load_uint(obj + row->offset, row->kind))
	                       : row->kind != FIELD_ADDR && !is_in_bounds(row, len))
		return ERR_RANGE;
	wbuf_u8(out, row->id);
	if (f->style == ROWS_TLV8) {
		if (len > UINT8_MAX)
			return ERR_RANGE;
		wbuf_u8(out, (uint8_t)len);
	} else if (row->id >= 128) {
		wbuf_u16(out, (uint16_t)len);
	} else if (len != f->tv_len[row->id]) {
		return ERR_RANGE;
	}
	put_value(row, obj, len, out);
	return out->is_over ? ERR_FULL : ERR_OK;
}

enum err
rows_encode(const struct rows_format *f, const void *obj, uint32_t groups, struct wbuf *out)
{
	for (size_t i = 0; i < f->count; i++) {
		enum err e;

		if (!(f->rows[i].groups & groups) || !rows_present(f, obj, i))
			continue;
		e = encode_row(f, &f->rows[i], obj, out);
		if (e != ERR_OK)
			return e;
		hits_count("encoded", f->name, (unsigned)i);
	}
	return ERR_OK;
}

/* The row for the @nth occurrence of @id, or -1: an id we do not know, or one too many of it. */
static int
find_row(const struct rows_format *f, uint8_t id, unsigned nth, uint32_t groups)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->rows[i].id == id && f->rows[i].nth == nth && (f->rows[i].groups & groups))
			return (int)i;
	return -1;
}

static enum err
decode_uint(const struct field_row *row, char *obj, const uint8_t *p, size_t len)
{
	uint64_t v = 0;

	if (len != uint_bytes(row->kind))
		return ERR_FORMAT;
	for (size_t i = 0; i < len; i++)
		v = v << 8 | p[i];
	if (!is_in_bounds(row, v))
		return ERR_RANGE;
	store_uint(obj + row->offset, row->kind, v);
	return ERR_OK;
}

static enum err
decode_addr(const struct field_row *row, char *obj, const uint8_t *p, size_t len)
{
	struct addr a = {.family = len == 4 ? ADDR_V4 : ADDR_V6};

	if (len != 4 && len != 16)
		return ERR_FORMAT;
	memcpy(a.bytes, p, len);
	memcpy(obj + row->offset, &a, sizeof a);
	return ERR_OK;
}

static enum err
decode_value(const struct field_row *row, char *obj, const uint8_t *p, size_t len)
{
	if (is_uint(row->kind))
		return decode_uint(row, obj, p, len);
	if (row->kind == FIELD_ADDR)
		return decode_addr(row, obj, p, len);
	if (!is_in_bounds(row, len))
		return ERR_RANGE;
	if (row->kind == FIELD_STR && memchr(p, 0, len) != NULL)
		return ERR_FORMAT;
	memcpy(obj + row->offset, p, len);
	if (row->kind == FIELD_STR)
		obj[row->offset + len] = '\0';
	else
		*(uint8_t *)(obj + row->len_offset) = (uint8_t)len;
	return ERR_OK;
}

/* The length of the value after @id, or ERR_FORMAT for a fixed-length type nobody has told us of. */
static enum err
read_len(const struct rows_format *f, uint8_t id, struct rbuf *in, size_t *len)
{
	if (f->style == ROWS_TLV8)
		*len = rbuf_u8(in);
	else if (id >= 128)
		*len = rbuf_u16(in);
	else if (f->tv_len[id] == 0)
		return ERR_FORMAT;
	else
		*len = f->tv_len[id];
	return ERR_OK;
}

enum err
rows_decode(const struct rows_format *f, struct rbuf *in, void *obj, uint32_t groups, struct rows_verdict *v)
{
	uint8_t seen[256] = {0};

	*v = (struct rows_verdict){0};
	while (rbuf_left(in) > 0) {
		uint8_t id = rbuf_u8(in);
		int i = find_row(f, id, seen[id], groups);
		size_t len = 0;
		const uint8_t *p;
		enum err e;

		v->id = id;
		v->field = i < 0 ? NULL : f->rows[i].name;
		e = read_len(f, id, in, &len);
		if (e != ERR_OK)
			return e;
		p = rbuf_take(in, len);
		if (p == NULL)
			return ERR_SHORT;
		if (seen[id] < UINT8_MAX)
			seen[id]++;
		if (i < 0) {
			v->skipped++;
			continue;
		}
		e = decode_value(&f->rows[i], obj, p, len);
		if (e != ERR_OK)
			return e;
		*present_mask(f, obj) |= UINT64_C(1) << i;
		hits_count("decoded", f->name, (unsigned)i);
	}
	v->field = NULL;
	return in->is_short ? ERR_SHORT : ERR_OK;
}

static void
dump_bytes(const uint8_t *p, size_t len, struct text *out)
{
	for (size_t i = 0; i < len; i++)
		text_printf(out, "%02x", p[i]);
}

static void
dump_value(const struct field_row *row, const char *obj, struct text *out)
{
	size_t len = value_len(row, obj);
	const char *p = obj + row->offset;
	char a[ADDR_TEXT_MAX];

	if (row->is_secret)
		text_printf(out, "(%zu bytes)", len);
	else if (is_uint(row->kind))
		text_printf(out, "%" PRIu64, load_uint(p, row->kind));
	else if (row->kind == FIELD_ADDR)
		text_put(out, addr_text((const struct addr *)(const void *)p, a));
	else if (row->kind == FIELD_STR)
		text_escaped(out, p, len);
	else
		dump_bytes((const uint8_t *)p, len, out);
}

void
rows_dump(const struct rows_format *f, const void *obj, struct text *out)
{
	const char *space = "";

	for (size_t i = 0; i < f->count; i++) {
		if (!rows_present(f, obj, i))
			continue;
		text_printf(out, "%s%s=", space, f->rows[i].name);
		dump_value(&f->rows[i], obj, out);
		space = " ";
	}
}

static uint32_t
hash_step(uint32_t h, uint64_t v)
{
	for (int i = 0; i < 8; i++) {
		h = (h ^ (uint8_t)(v >> (8 * i))) * 16777619u;
	}
	return h;
}

uint32_t
rows_schema_hash(const struct rows_format *f)
{
	uint32_t h = 2166136261u;

	h = hash_step(h, f->style);
	for (size_t i = 0; i < f->count; i++) {
		const struct field_row *r = &f->rows[i];

		h = hash_step(h, r->id | (uint64_t)r->nth << 8 | (uint64_t)r->kind << 16 | (uint64_t)r->groups << 32);
		h = hash_step(h, r->min);
		h = hash_step(h, r->max);
	}
	return h;
}

enum err
rows_check(const struct rows_format *f)
{
	if (f->count == 0 || f->count > ROWS_MAX || (f->style == ROWS_GTP1 && f->tv_len == NULL))
		return ERR_FORMAT;
	for (size_t i = 0; i < f->count; i++) {
		const struct field_row *r = &f->rows[i];

		if (r->kind >= FIELD_KIND_COUNT || r->min > r->max || r->groups == 0 || r->name == NULL)
			return ERR_FORMAT;
		for (size_t k = 0; k < i; k++)
			if (f->rows[k].id == r->id && f->rows[k].nth == r->nth && (f->rows[k].groups & r->groups))
				return ERR_FORMAT;
	}
	return ERR_OK;
}
