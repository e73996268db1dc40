/*
 * buf.h - bounded buffers: the only way bytes are written to or read from a message.
 *
 * Both cursors carry a sticky fault: after the first overrun every later call does nothing (a
 * reader returns 0), so a caller may do a run of calls and check once. All integers are
 * big-endian on the wire. Used by the field rows and by frame headers; nobody else does length
 * arithmetic.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A writer over storage of the caller; [0, len) is written. */
struct wbuf {
	uint8_t *data;
	size_t cap;
	size_t len;
	bool is_over; /* something did not fit; contents up to len are intact */
};

/* A reader over borrowed bytes; [pos, len) is unread. */
struct rbuf {
	const uint8_t *data;
	size_t len;
	size_t pos;
	bool is_short; /* something was asked for that is not there */
};

void wbuf_init(struct wbuf *w, void *data, size_t cap);
void wbuf_u8(struct wbuf *w, uint8_t v);
void wbuf_u16(struct wbuf *w, uint16_t v);
void wbuf_u32(struct wbuf *w, uint32_t v);
void wbuf_u64(struct wbuf *w, uint64_t v);
void wbuf_bytes(struct wbuf *w, const void *p, size_t n);

/* wbuf_space - reserve @n bytes and return where they are, or NULL (and the fault) if they do not fit. */
uint8_t *wbuf_space(struct wbuf *w, size_t n);

/* wbuf_patch_* - overwrite an already written integer at byte @at; a position outside is the fault. */
void wbuf_patch_u16(struct wbuf *w, size_t at, uint16_t v);
void wbuf_patch_u32(struct wbuf *w, size_t at, uint32_t v);

void rbuf_init(struct rbuf *r, const void *data, size_t len);
uint8_t rbuf_u8(struct rbuf *r);
uint16_t rbuf_u16(struct rbuf *r);
uint32_t rbuf_u32(struct rbuf *r);
uint64_t rbuf_u64(struct rbuf *r);

/* rbuf_take - the next @n bytes, borrowed from the input, or NULL (and the fault) if they are not there. */
const uint8_t *rbuf_take(struct rbuf *r, size_t n);

/* rbuf_sub - a reader over the next @n bytes; on a fault @sub is empty and faulted too. */
void rbuf_sub(struct rbuf *r, size_t n, struct rbuf *sub);

static inline size_t
rbuf_left(const struct rbuf *r)
{
	return r->is_short ? 0 : r->len - r->pos;
}

#endif
