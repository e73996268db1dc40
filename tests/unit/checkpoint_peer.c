/* checkpoint_peer.c - the link core: what a peer may do wrong, and the bounds of a configuration. */
#include "base/crc32c.h"
#include "base/rng.h"
#include "tests/unit/ckpt_rig.h"

/* Two good records and a bad one in a batch whose number and checksum are right. */
static enum err
bad_batch(const void *raw, uint32_t raw_bytes, uint32_t count, uint64_t number, uint32_t crc_flip, uint8_t codec,
          uint32_t declared)
{
	static uint8_t frame[CKPT_RAW_MAX + 100];
	struct ckpt_batch h = {.number = number,
	                       .through = 1000,
	                       .codec = codec,
	                       .count = count,
	                       .raw_bytes = declared,
	                       .crc = crc32c(0, raw, raw_bytes) ^ crc_flip};
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, CKPT_BATCH);
	ckpt_batch_write(&w, &h);
	wbuf_bytes(&w, raw, raw_bytes);
	ckpt_frame_end(&w, at);
	assert_false(w.is_over);
	return ckpt_input(b.ckpt, frame, w.len, now);
}

static struct ckpt_packer packer;

static void
put(struct wbuf *w, uint8_t kind, uint64_t seq, uint32_t teid, const void *content, size_t n)
{
	struct ckpt_record r = {.kind = kind, .len = (uint16_t)n, .teid = teid, .seq = seq, .bytes = content};

	assert_true(ckpt_pack(&packer, w, &r));
}

static uint32_t
good_records(struct wbuf *w, unsigned n)
{
	uint8_t content[ARENA_RECORD_MAX];
	struct wbuf record;

	ckpt_pack_begin(&packer, 0);
	for (unsigned i = 0; i < n; i++) {
		struct call c = {.imsi = 900 + i, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

		c.teid = teid_make(INSTANCE, 0, 100 + i);
		c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
		            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_TEID);
		wbuf_init(&record, content, sizeof content);
		assert_int_equal(call_rows_encode(&c, &record), ERR_OK);
		put(w, CKPT_KIND_FULL, 1, c.teid, content, record.len);
	}
	return n;
}

static void
assert_refused(enum err got, enum err want, const char *field)
{
	assert_int_equal(got, want);
	assert_string_equal(ckpt_verdict(b.ckpt)->field, field);
	assert_int_equal(counter(&b, CKPT_REJECTED), 1);
	assert_int_equal(call_table_count(b.table), 0);
	assert_int_equal(ckpt_input(b.ckpt, "x", 1, now), ERR_REFUSED);
	/* The link falls, and the next connection works. */
	side_stop(&a);
	side_stop(&b);
	setup(NULL);
	join();
	run();
}

/* The number of the batch that b expects: nothing was sent, the full sync's end took number 1. */
enum { NEXT = 2 };

static void
a_batch_with_a_fault_is_refused_whole(void **state)
{
	static uint8_t raw[CKPT_RAW_MAX + 16];
	struct ckpt_packer packed;
	struct wbuf w;
	size_t len;

	(void)state;
	join();
	run();
	wbuf_init(&w, raw, sizeof raw);
	good_records(&w, 2);
	len = w.len;
	packed = packer;
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 1, 0, (uint32_t)len), ERR_CORRUPT, "crc32c");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT + 1, 0, 0, (uint32_t)len), ERR_RANGE, "number");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT - 1, 0, 0, (uint32_t)len), ERR_RANGE, "number");
	assert_refused(bad_batch(raw, (uint32_t)len, 3, NEXT, 0, 0, (uint32_t)len), ERR_SHORT, "record length");
	assert_refused(bad_batch(raw, (uint32_t)len - 1, 2, NEXT, 0, 0, (uint32_t)len - 1), ERR_SHORT, "record length");
	assert_refused(bad_batch(raw, (uint32_t)len, 1, NEXT, 0, 0, (uint32_t)len), ERR_TRAILING, "count");
	assert_refused(bad_batch(raw, (uint32_t)len, 60000, NEXT, 0, 0, (uint32_t)len), ERR_RANGE, "count");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, 0, (uint32_t)len + 1), ERR_RANGE, "raw bytes");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, 0, CKPT_RAW_MAX + 1), ERR_RANGE, "raw bytes");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, 9, (uint32_t)len), ERR_RANGE, "codec");
	assert_refused(bad_batch(raw, (uint32_t)len, 2, NEXT, 0, COMPRESS_ZLIB, (uint32_t)len), ERR_FORMAT,
	               "raw bytes");
	put(&w, CKPT_KIND_FULL, 1, teid_make(INSTANCE, 0, 5), "\x02\x01\x00", 3);
	assert_refused(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_FORMAT, "imsi");
	w.len = len;
	packer = packed;
	put(&w, CKPT_KIND_INVALIDATE_CRR, 1, teid_make(INSTANCE, 0, SLOTS), "", 0);
	assert_refused(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_RANGE, "record teid");
	w.len = len;
	packer = packed;
	put(&w, CKPT_KIND_INVALIDATE_CRR, 1001, teid_make(INSTANCE, 0, 5), "", 0);
	assert_refused(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_RANGE, "record seq");
}

static void
a_good_batch_by_hand_is_applied_and_unknown_kinds_are_passed_over(void **state)
{
	static uint8_t raw[4096];
	struct wbuf w;

	(void)state;
	join();
	run();
	wbuf_init(&w, raw, sizeof raw);
	good_records(&w, 2);
	put(&w, 250, 1, teid_make(INSTANCE, 0, 5), "", 0);
	assert_int_equal(bad_batch(raw, (uint32_t)w.len, 3, NEXT, 0, 0, (uint32_t)w.len), ERR_OK);
	assert_int_equal(call_table_count(b.table), 2);
	assert_int_equal(counter(&b, CKPT_UNKNOWN_RECEIVED), 1);
}

static void
a_size_that_lies_about_the_inflated_bytes_is_refused(void **state)
{
	static uint8_t zeros[CKPT_RAW_MAX], packed[CKPT_RAW_MAX];
	struct compress *z = compress_new();
	size_t n = 0;

	(void)state;
	assert_int_equal(compress_pack(z, COMPRESS_ZLIB, zeros, sizeof zeros, packed, sizeof packed, &n), ERR_OK);
	join();
	run();
	assert_refused(bad_batch(packed, (uint32_t)n, 1, NEXT, 0, COMPRESS_ZLIB, 100), ERR_RANGE, "raw bytes");
	assert_refused(bad_batch(packed, (uint32_t)n - 4, 1, NEXT, 0, COMPRESS_ZLIB, sizeof zeros), ERR_RANGE,
	               "raw bytes");
	compress_free(z);
}

static void
refuse_frame(uint8_t type, const char *body, size_t n, enum err want, const char *field)
{
	uint8_t frame[64];
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = ckpt_frame_begin(&w, type);
	wbuf_bytes(&w, body, n);
	ckpt_frame_end(&w, at);
	assert_refused(ckpt_input(b.ckpt, frame, w.len, now), want, field);
}

static void
control_frames_with_faults_are_refused_by_name(void **state)
{
	(void)state;
	join();
	run();
	refuse_frame(CKPT_ACK, "\x0b\x08\0\0\0\0\0\0\0\x63", 10, ERR_RANGE, "batch");
	refuse_frame(CKPT_ACK, "\x0b\x04\0\0\0\x63", 6, ERR_FORMAT, "batch");
	refuse_frame(CKPT_ACK, "", 0, ERR_SHORT, "missing field");
	refuse_frame(CKPT_ROLE, "\x03\x01\x09", 3, ERR_RANGE, "role");
	refuse_frame(CKPT_BATCH, "abc", 3, ERR_SHORT, "batch header");
	refuse_frame(CKPT_OPEN, "", 0, ERR_SHORT, "missing field");
	assert_refused(ckpt_input(b.ckpt, "GET / HTTP/1", 12, now), ERR_FORMAT, "magic");
	assert_refused(ckpt_input(b.ckpt, "\x53\x43\x02\x03\0\0\0\0\0\0\0\0", 12, now), ERR_VERSION, "version");
	assert_refused(ckpt_input(b.ckpt, "\x53\x43\x04\x07\0\x10\0\x01\0\0\0\0", 12, now), ERR_RANGE, "length");
}

static void
another_instance_or_the_own_chassis_is_refused_and_nothing_goes_before_open(void **state)
{
	struct ckpt_msg m = {.instance = INSTANCE + 1, .chassis_id = 1, .incarnation = 1, .compressions = 3};
	uint8_t frame[256];
	struct wbuf w;

	(void)state;
	wbuf_init(&w, frame, sizeof frame);
	ckpt_msg_write(&w, CKPT_OPEN, &m);
	ckpt_connected(b.ckpt, false, now);
	assert_refused(ckpt_input(b.ckpt, frame, w.len, now), ERR_RANGE, "instance");
	cut();
	m.instance = INSTANCE;
	m.chassis_id = 2;
	w.len = 0;
	ckpt_msg_write(&w, CKPT_OPEN, &m);
	ckpt_connected(b.ckpt, false, now);
	assert_refused(ckpt_input(b.ckpt, frame, w.len, now), ERR_RANGE, "chassis-id");
	cut();
	ckpt_connected(b.ckpt, false, now);
	w.len = 0;
	ckpt_frame_end(&w, ckpt_frame_begin(&w, CKPT_HEARTBEAT));
	assert_refused(ckpt_input(b.ckpt, frame, w.len, now), ERR_REFUSED, "before OPEN");
}

static void
the_first_bytes_of_a_connection_tell_instance_and_chassis(void **state)
{
	uint32_t instance = 0;
	uint64_t chassis = 0;

	(void)state;
	ckpt_connected(a.ckpt, true, now);
	fill(&a);
	assert_true(a.out_len >= CKPT_OPEN_BYTES);
	assert_int_equal(ckpt_peek_open(a.out, CKPT_OPEN_BYTES, &instance, &chassis), ERR_OK);
	assert_int_equal(instance, INSTANCE);
	assert_int_equal(chassis, 1);
	for (size_t n = 0; n < 24; n++)
		assert_int_equal(ckpt_peek_open(a.out, n, &instance, &chassis), ERR_SHORT);
	a.out[3] = CKPT_BATCH;
	assert_int_equal(ckpt_peek_open(a.out, CKPT_OPEN_BYTES, &instance, &chassis), ERR_FORMAT);
}

static void
a_stream_cut_into_single_bytes_means_the_same(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 200; i++)
		add(&a, i);
	join();
	for (int i = 0; i < 1000 && !ckpt_is_quiet(a.ckpt); i++) {
		fill(&a);
		for (size_t k = 0; k < a.out_len; k++)
			assert_int_equal(ckpt_input(b.ckpt, a.out + k, 1, now), ERR_OK);
		a.out_len = 0;
		fill(&b);
		for (size_t k = 0; k < b.out_len; k++)
			assert_int_equal(ckpt_input(a.ckpt, b.out + k, 1, now), ERR_OK);
		b.out_len = 0;
	}
	assert_int_equal(call_table_count(b.table), 200);
}

/* Longer than all buffers together, in pieces that end anywhere: what is left of a frame is moved and completed. */
static void
a_long_stream_in_pieces_of_any_size_means_the_same(void **state)
{
	struct rng rng = {.state = 3};
	size_t total = 0;

	(void)state;
	for (uint32_t i = 0; i < SLOTS; i++) {
		struct call c = {.imsi = i, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

		c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
		            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_APP_1) | CALL_HAS(CALL_F_APP_2);
		c.app_len[0] = c.app_len[1] = CALL_APP_PART_MAX;
		for (unsigned k = 0; k < CALL_APP_PART_MAX; k++) /* nothing that a codec makes small */
			c.app[0][k] = (uint8_t)rng_next(&rng), c.app[1][k] = (uint8_t)rng_next(&rng);
		assert_int_equal(a.store.ops->add(a.store.arg, &c), ERR_OK);
	}
	join();
	for (int i = 0; i < 10000 && !ckpt_is_quiet(a.ckpt); i++) {
		fill(&a);
		total += a.out_len;
		for (size_t at = 0, n; at < a.out_len; at += n) {
			n = 1 + rng_below(&rng, 200000);
			n = n < a.out_len - at ? n : a.out_len - at;
			assert_int_equal(ckpt_input(b.ckpt, a.out + at, n, now), ERR_OK);
		}
		a.out_len = 0;
		fill(&b);
		assert_int_equal(ckpt_input(a.ckpt, b.out, b.out_len, now), ERR_OK);
		b.out_len = 0;
	}
	assert_true(total > 1000000);
	assert_int_equal(call_table_count(b.table), SLOTS);
	for (uint32_t slot = 0; slot < SLOTS; slot += 111) {
		uint8_t p[ARENA_RECORD_MAX], q[ARENA_RECORD_MAX];
		uint32_t teid, same;
		size_t n, m;

		assert_int_equal(call_table_record(a.table, slot, &teid, p, &n), ERR_OK);
		assert_int_equal(call_table_record(b.table, slot, &same, q, &m), ERR_OK);
		assert_int_equal(teid, same);
		assert_int_equal(n, m);
		assert_memory_equal(p, q, n);
	}
}

static void
configurations_out_of_bounds_make_no_core(void **state)
{
	struct ckpt_config cfg = {.instance = 1, .incarnation = 1, .slots = 1, .tombs = 1, .ops = &side_ops};
	struct ckpt_config bad = cfg;
	struct ckpt *c = ckpt_new(&cfg);

	(void)state;
	assert_non_null(c);
	ckpt_free(c);
	bad.instance = 128;
	assert_null(ckpt_new(&bad));
	bad = cfg;
	bad.incarnation = 0;
	assert_null(ckpt_new(&bad));
	bad = cfg;
	bad.slots = TEID_SLOTS_MAX + 1;
	assert_null(ckpt_new(&bad));
}

static void
the_schema_of_the_control_messages_is_the_one_of_version_4(void **state)
{
	(void)state;
	assert_int_equal(rows_check(&ckpt_msg_format), ERR_OK);
	assert_int_equal(CKPT_VERSION, 4);
	assert_int_equal(rows_schema_hash(&ckpt_msg_format), 0x6a20e821);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_batch_with_a_fault_is_refused_whole),
	    T(a_good_batch_by_hand_is_applied_and_unknown_kinds_are_passed_over),
	    T(a_size_that_lies_about_the_inflated_bytes_is_refused),
	    T(control_frames_with_faults_are_refused_by_name),
	    T(another_instance_or_the_own_chassis_is_refused_and_nothing_goes_before_open),
	    T(the_first_bytes_of_a_connection_tell_instance_and_chassis),
	    T(a_stream_cut_into_single_bytes_means_the_same),
	    T(a_long_stream_in_pieces_of_any_size_means_the_same),
	    T(configurations_out_of_bounds_make_no_core),
	    T(the_schema_of_the_control_messages_is_the_one_of_version_4),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
