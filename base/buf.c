/* buf.c - bounded buffers. */
#include "base/buf.h"

#include <endian.h>
#include <string.h>

void
wbuf_init(struct wbuf *w, void *data, size_t cap)
{
	*w = (struct wbuf){.data = data, .cap = cap};
}

uint8_t *
wbuf_space(struct wbuf *w, size_t n)
{
	uint8_t *p;

	if (w->is_over || n > w->cap - w->len) {
		w->is_over = true;
		return NULL;
	}
	p = w->data + w->len;
	w->len += n;
	return p;
}

/* @n is a constant of 1 to 8 wherever these are called: a swap and a store. */
static inline void
store(uint8_t *p, uint64_t v, size_t n)
{
	v = htobe64(v << (64 - 8 * n));
	memcpy(p, &v, n);
}

static inline uint64_t
load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return be64toh(v) >> (64 - 8 * n);
}

static inline void
wbuf_uint(struct wbuf *w, uint64_t v, size_t n)
{
	uint8_t *p = wbuf_space(w, n);

	if (p != NULL)
		store(p, v, n);
}

void
wbuf_u8(struct wbuf *w, uint8_t v)
{
	wbuf_uint(w, v, 1);
}

void
wbuf_u16(struct wbuf *w, uint16_t v)
{
	wbuf_uint(w, v, 2);
}

void
wbuf_u32(struct wbuf *w, uint32_t v)
{
	wbuf_uint(w, v, 4);
}

void
wbuf_u64(struct wbuf *w, uint64_t v)
{
	wbuf_uint(w, v, 8);
}

void
wbuf_bytes(struct wbuf *w, const void *src, size_t n)
{
	uint8_t *p = wbuf_space(w, n);

	if (p != NULL && n > 0)
		memcpy(p, src, n);
}

static inline void
wbuf_patch(struct wbuf *w, size_t at, uint64_t v, size_t n)
{
	if (at > w->len || n > w->len - at) {
		w->is_over = true;
		return;
	}
	store(w->data + at, v, n);
}

void
wbuf_patch_u16(struct wbuf *w, size_t at, uint16_t v)
{
	wbuf_patch(w, at, v, 2);
}

void
wbuf_patch_u32(struct wbuf *w, size_t at, uint32_t v)
{
	wbuf_patch(w, at, v, 4);
}

void
rbuf_init(struct rbuf *r, const void *data, size_t len)
{
	*r = (struct rbuf){.data = data, .len = len};
}

const uint8_t *
rbuf_take(struct rbuf *r, size_t n)
{
	const uint8_t *p;

	if (r->is_short || n > r->len - r->pos) {
		r->is_short = true;
		return NULL;
	}
	p = r->data + r->pos;
	r->pos += n;
	return p;
}

static inline uint64_t
rbuf_uint(struct rbuf *r, size_t n)
{
	const uint8_t *p = rbuf_take(r, n);

	return p != NULL ? load(p, n) : 0;
}

uint8_t
rbuf_u8(struct rbuf *r)
{
	return (uint8_t)rbuf_uint(r, 1);
}

uint16_t
rbuf_u16(struct rbuf *r)
{
	return (uint16_t)rbuf_uint(r, 2);
}

uint32_t
rbuf_u32(struct rbuf *r)
{
	return (uint32_t)rbuf_uint(r, 4);
}

uint64_t
rbuf_u64(struct rbuf *r)
{
	return rbuf_uint(r, 8);
}

void
rbuf_sub(struct rbuf *r, size_t n, struct rbuf *sub)
{
	const uint8_t *p = rbuf_take(r, n);

	rbuf_init(sub, p, p == NULL ? 0 : n);
	sub->is_short = p == NULL;
}
