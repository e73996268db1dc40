/*
 * session_call_rows.c - arbitrary bytes as a stored call record and as a micro-checkpoint.
 *
 * What the check lets pass can be decoded and encoded, gives micro-checkpoints that pass, and stays a record that
 * passes when a checked micro-checkpoint is merged into it. The first byte is the length of the record, the rest is the
 * micro.
 */
#include <stdlib.h>

#include "session/arena.h"
#include "session/call_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEID = 7 };

static void
must(int is_true)
{
	if (!is_true)
		abort();
}

/* @rec passed the check as a full record. */
static void
use_record(const uint8_t *rec, size_t n, const uint8_t *micro, size_t micro_n)
{
	static const uint32_t groups[] = {CKPT_GROUP_SESSION, CKPT_GROUP_STATS, CKPT_GROUP_IDLE};
	uint8_t bytes[2 * CKPT_RECORD_MAX];
	const char *field;
	struct call c;
	struct wbuf w;
	uint64_t key;

	must(call_rows_decode(rec, n, &c) == ERR_OK);
	wbuf_init(&w, bytes, sizeof bytes);
	must(call_rows_encode(&c, &w) == ERR_OK);
	must(call_rows_check(bytes, w.len, CKPT_GROUP_FULL, TEID, &key, &field) == ERR_OK);
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		wbuf_init(&w, bytes, sizeof bytes);
		must(call_rows_cut(rec, n, groups[i], &w) == ERR_OK);
		must(call_rows_check(bytes, w.len, groups[i], TEID, &key, &field) == ERR_OK);
		if (call_rows_check(micro, micro_n, groups[i], TEID, &key, &field) != ERR_OK)
			continue;
		wbuf_init(&w, bytes, sizeof bytes);
		must(call_rows_merge(rec, n, micro, micro_n, &w) == ERR_OK);
		must(call_rows_check(bytes, w.len, CKPT_GROUP_FULL, TEID, &key, &field) == ERR_OK);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *field;
	uint64_t key;
	size_t n;

	if (size < 1 || size > CKPT_RECORD_MAX)
		return 0;
	n = data[0] < size - 1 ? data[0] : size - 1;
	if (call_rows_check(data + 1, n, CKPT_GROUP_FULL, TEID, &key, &field) == ERR_OK)
		use_record(data + 1, n, data + 1 + n, size - 1 - n);
	return 0;
}
