/*
 * checkpoint_frame.c - any bytes into a link core of either role. The first byte picks the role and how far the
 * connection is; then the rest goes in in pieces. Bytes that no peer could get right (the CRCs of frames and batches)
 * are put right, so that what is behind them is reached; bit 6 leaves those of frames wrong.
 */
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_wire.h"
#include "checkpoint/compress.h"
#include "session/call_ckpt.h"

enum { SLOTS = 64, TOMBS = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *mem;
static struct arena arena;

/* The frames of @from with the CRC that they should have: a copy in the callee's storage. */
static const uint8_t *
resealed(const uint8_t *from, size_t n)
{
	static uint8_t sealed[CKPT_RAW_MAX];
	size_t at = 0;

	memcpy(sealed, from, n);
	while (n - at >= CKPT_HEADER_BYTES) {
		struct wbuf w = {.data = sealed, .cap = n, .len = n};
		struct ckpt_header h;
		const char *field;

		if (ckpt_header_read(sealed + at, n - at, &h, &field) != ERR_OK ||
		    n - at - CKPT_HEADER_BYTES < h.length)
			break;
		w.len = at + CKPT_HEADER_BYTES + h.length;
		ckpt_frame_end(&w, at);
		at = w.len;
	}
	return sealed;
}

static struct ckpt *
new_core(struct call_table *table, uint64_t id)
{
	struct ckpt_config cfg = {
	    .instance = 1,
	    .chassis_id = id,
	    .incarnation = id,
	    .slots = SLOTS,
	    .tombs = TOMBS,
	    .settings = {.is_aggressive = true, .is_nack = {true, true}, .nacks_max = {3, 3}, .periodic_ms = 1000},
	    .ops = &call_ckpt_ops,
	    .arg = table};

	return ckpt_new(&cfg);
}

static void
give(struct ckpt *c, const uint8_t *p, size_t n, size_t piece)
{
	static uint8_t out[CKPT_FILL_ROOM];
	struct wbuf w;

	while (n > 0) {
		size_t k = n < piece ? n : piece;

		if (ckpt_input(c, p, k, 1000) != ERR_OK) {
			ckpt_disconnected(c);
			return;
		}
		wbuf_init(&w, out, sizeof out);
		if (ckpt_wants_fill(c))
			ckpt_fill(c, &w, 1000);
		p += k;
		n -= k;
	}
}

static void
give_msg(struct ckpt *c, uint8_t type, struct ckpt_msg m)
{
	uint8_t frame[256];
	struct wbuf w;

	wbuf_init(&w, frame, sizeof frame);
	ckpt_msg_write(&w, type, &m);
	give(c, frame, w.len, w.len);
}

/* The input as the records of a batch whose header is right; @codec other than none: as what is to be unpacked. */
static void
give_batch(struct ckpt *c, const uint8_t *p, size_t n, uint32_t count, uint8_t codec)
{
	static uint8_t frame[CKPT_RAW_MAX + 64];
	struct ckpt_batch b = {.number = 1, .through = UINT64_MAX, .codec = codec, .raw_bytes = (uint32_t)n};
	struct wbuf w;
	size_t at;

	b.count = count;
	if (codec != COMPRESS_NONE)
		b.raw_bytes = (uint32_t)(n * 4 > CKPT_RAW_MAX ? CKPT_RAW_MAX : n * 4);
	b.crc = crc32c(0, p, n);
	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, CKPT_BATCH);
	ckpt_batch_write(&w, &b);
	wbuf_bytes(&w, p, n);
	ckpt_frame_end(&w, at);
	if (!w.is_over)
		give(c, frame, w.len, w.len);
}

/* The input as the records of an accounting flush, whose count is right or nearly so. */
static void
give_accounting(struct ckpt *c, const uint8_t *p, size_t n, uint32_t count)
{
	static uint8_t frame[CKPT_RAW_MAX + 64];
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, CKPT_ACCOUNTING);
	wbuf_u32(&w, count);
	wbuf_bytes(&w, p, n);
	ckpt_frame_end(&w, at);
	if (!w.is_over)
		give(c, frame, w.len, w.len);
}

static void
open_standby(struct ckpt *c, bool is_lz4)
{
	struct ckpt_msg m = {.instance = 1, .chassis_id = 9, .role = CKPT_ACTIVE, .epoch = 1, .incarnation = 9};
	uint8_t heartbeat[CKPT_HEADER_BYTES];
	struct wbuf w;

	m.compressions = is_lz4 ? COMPRESS_OFFERED_LZ4 : COMPRESS_OFFERED;
	ckpt_offer(c, m.compressions);
	m.is_full = 1;
	m.batch = 1;
	ckpt_connected(c, false, 1000);
	give_msg(c, CKPT_OPEN, m);
	wbuf_init(&w, heartbeat, sizeof heartbeat);
	ckpt_frame_end(&w, ckpt_frame_begin(&w, CKPT_HEARTBEAT));
	give(c, heartbeat, sizeof heartbeat, sizeof heartbeat);
	give_msg(c, CKPT_SYNC_BEGIN, m);
}

static void
open_active(struct ckpt *c)
{
	struct ckpt_msg m = {.instance = 1, .chassis_id = 9, .role = CKPT_STANDBY, .epoch = 1, .incarnation = 9};
	uint8_t out[CKPT_FILL_MIN];
	struct wbuf w;

	m.compressions = 1u << COMPRESS_ZLIB;
	ckpt_set_role(c, CKPT_ACTIVE, 1);
	ckpt_connected(c, true, 1000);
	wbuf_init(&w, out, sizeof out);
	ckpt_fill(c, &w, 1000);
	give_msg(c, CKPT_OPEN_ACK, m);
	m.incarnation = 2;
	give_msg(c, CKPT_READY, m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct call_table *table;
	uint64_t chassis_id;
	uint32_t instance;
	struct ckpt *c;

	if (size < 2 || size > CKPT_RAW_MAX)
		return 0;
	(void)ckpt_peek_open(data + 2, size - 2, &instance, &chassis_id); /* as chassisd looks at a newcomer */
	if (mem == NULL) {
		mem = calloc(1, arena_bytes(SLOTS));
		if (mem == NULL || arena_init(&arena, mem, arena_bytes(SLOTS), 1, SLOTS) != ERR_OK)
			abort();
		table = call_table_new(&arena, NULL);
	}
	c = new_core(table, 2);
	if (c == NULL || table == NULL)
		abort();
	if (data[0] & 1)
		open_standby(c, (data[0] & 16) != 0);
	else if (data[0] & 2)
		open_active(c);
	else
		ckpt_connected(c, (data[0] & 4) != 0, 1000);
	if ((data[0] & 65) == 65)
		give_accounting(c, data + 2, size - 2, data[1]);
	else if ((data[0] & 9) == 9)
		give_batch(c, data + 2, size - 2, data[1], COMPRESS_NONE);
	else if ((data[0] & 33) == 33)
		give_batch(c, data + 2, size - 2, data[1], data[0] & 16 ? COMPRESS_LZ4 : COMPRESS_ZLIB);
	else
		give(c, data[0] & 64 ? data + 2 : resealed(data + 2, size - 2), size - 2, (size_t)data[1] + 1);
	ckpt_disconnected(c);
	for (uint32_t slot = 0; slot < SLOTS; slot++)
		call_table_drop(table, slot);
	ckpt_free(c);
	return 0;
}
