/* srp_wire.c - claims about the messages of the redundancy link. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "srp/srp.h"
#include "srp/srp_wire.h"

static struct srp_msg
sample(uint8_t type)
{
	return (struct srp_msg){
	    .type = type,
	    .hello = {.chassis_id = 0x1122334455667788,
	              .incarnation = 7,
	              .epoch = UINT64_C(9) << SRP_EPOCH_TAG_BITS,
	              .lineage = 3,
	              .state = SRP_ACTIVE,
	              .mode = SRP_MODE_PRIMARY,
	              .priority = 1,
	              .route_modifier = 33,
	              .mac = {0, 2, 0x43, 3, 0x1c, 0x2b},
	              .mac_len = MAC_LEN,
	              .restart_counter = 200,
	              .sessmgrs = 2,
	              .sessmgrs_ready = 1,
	              .calls = 70000,
	              .hello_ms = 1000,
	              .dead_ms = 3000,
	              .options = SRP_OPT_EARLY,
	              .failed = 1u << SRP_REASON_BGP_FAILURE,
	              .config_digest = 0x0123456789abcdef,
	              .history_seq = 17},
	    .seq = 5,
	    .sent_us = 123456789,
	    .open_kind = SRP_OPEN_CONTROL,
	    .format = 1,
	    .request = 77,
	    .is_forced = 1,
	    .reason = SRP_REASON_MANUAL_SWITCHOVER,
	    .is_rm_reset = 1,
	    .is_early = 1,
	    .wait_ms = 5000,
	    .wall_us = UINT64_C(1585608519007123),
	    .change = UINT64_C(1585608519123),
	    .part = 1,
	    .parts = 2,
	    .piece = "{\"number\":1}",
	    .refuse = SRP_REFUSE_NOT_CONNECTED,
	    .count = 2,
	    .status = SRP_LINES_NOT_READY,
	    .offset = 765,
	    .packed_bytes = 100000,
	    .plain_bytes = 1 << 20,
	    .chunk = {{1, 2, 3}, {4}},
	    .chunk_bytes = {SRP_CHUNK_BYTES, 1, 0},
	    .findings = 3,
	    .finding = "ip pool x: is not srp-activated",
	    .is_post_processing = 1,
	};
}

static size_t
encode(const struct srp_msg *m, uint8_t bytes[SRP_FRAME_MAX])
{
	struct wbuf w;

	wbuf_init(&w, bytes, SRP_FRAME_MAX);
	assert_int_equal(srp_msg_encode(m, &w), ERR_OK);
	return w.len;
}

/* Types whose rows are still to come have a number only. */
static bool
is_known(uint8_t type)
{
	return srp_msg_name(type) != NULL;
}

static enum err
decode(const uint8_t *bytes, size_t n, struct srp_msg *out, struct rows_verdict *v)
{
	struct srp_frame f;
	struct rbuf r;
	enum err e;

	rbuf_init(&r, bytes, n);
	e = srp_frame_decode(&r, &f);
	return e != ERR_OK ? e : srp_msg_decode(f.type, &r, out, v);
}

static void
every_message_comes_back_as_it_was(void **state)
{
	(void)state;
	for (uint8_t type = SRP_MSG_OPEN; type < SRP_MSG_TYPE_END; type++) {
		if (!is_known(type))
			continue;

		struct srp_msg m = sample(type), a, b;
		uint8_t first[SRP_FRAME_MAX], second[SRP_FRAME_MAX];
		struct rows_verdict v;
		size_t n = encode(&m, first);

		assert_int_equal(decode(first, n, &a, &v), ERR_OK);
		assert_int_equal(a.type, type);
		assert_int_equal(encode(&a, second), n);
		assert_memory_equal(first, second, n);
		assert_int_equal(decode(second, n, &b, &v), ERR_OK);
		assert_memory_equal(&a, &b, sizeof a);
	}
}

static void
hello_carries_everything_a_chassis_says_of_itself(void **state)
{
	struct srp_msg m = sample(SRP_MSG_HELLO), got;
	uint8_t bytes[SRP_FRAME_MAX];
	struct rows_verdict v;

	(void)state;
	assert_int_equal(decode(bytes, encode(&m, bytes), &got, &v), ERR_OK);
	assert_memory_equal(&got.hello, &m.hello, sizeof m.hello);
	assert_int_equal(got.seq, 5);
	assert_int_equal(got.sent_us, 123456789);
}

static void
every_changed_octet_of_a_body_is_noticed(void **state)
{
	struct srp_msg m = sample(SRP_MSG_HELLO);
	uint8_t bytes[SRP_FRAME_MAX];
	size_t n = encode(&m, bytes);
	struct srp_frame f;
	struct rbuf r;

	(void)state;
	rbuf_init(&r, bytes, n);
	assert_int_equal(srp_frame_decode(&r, &f), ERR_OK);
	assert_int_equal(srp_frame_check(&f, bytes + SRP_HEADER_BYTES), ERR_OK);
	for (size_t k = SRP_HEADER_BYTES; k < n; k++) {
		bytes[k] ^= 0x10;
		assert_int_equal(srp_frame_check(&f, bytes + SRP_HEADER_BYTES), ERR_CORRUPT);
		bytes[k] ^= 0x10;
	}
	f.type = SRP_MSG_HELLO_REPLY;
	assert_int_equal(srp_frame_check(&f, bytes + SRP_HEADER_BYTES), ERR_CORRUPT);
}

static void
every_shortened_message_is_refused(void **state)
{
	(void)state;
	for (uint8_t type = SRP_MSG_OPEN; type < SRP_MSG_TYPE_END; type++) {
		if (!is_known(type))
			continue;

		struct srp_msg m = sample(type), got;
		uint8_t bytes[SRP_FRAME_MAX];
		struct rows_verdict v;
		size_t n = encode(&m, bytes);

		for (size_t k = 0; k < n; k++)
			assert_int_not_equal(decode(bytes, k, &got, &v), ERR_OK);
	}
}

static void
a_missing_field_is_named(void **state)
{
	struct srp_msg m = sample(SRP_MSG_READY), got;
	uint8_t bytes[SRP_FRAME_MAX];
	struct rows_verdict v;
	size_t n = encode(&m, bytes);

	(void)state;
	assert_int_equal(decode(bytes, n - 6, &got, &v), ERR_FORMAT); /* without request: id, length, four octets */
	assert_string_equal(v.field, "request");
}

static void
a_value_outside_its_bounds_is_refused_and_named(void **state)
{
	struct srp_msg m = sample(SRP_MSG_HELLO), got;
	uint8_t bytes[SRP_FRAME_MAX];
	struct rows_verdict v;
	struct wbuf w;
	size_t n = encode(&m, bytes);

	(void)state;
	for (size_t k = SRP_HEADER_BYTES; k < n; k += 2u + bytes[k + 1])
		if (bytes[k] == 10) /* state */
			bytes[k + 2] = SRP_STATE_COUNT;
	assert_int_equal(decode(bytes, n, &got, &v), ERR_RANGE);
	assert_string_equal(v.field, "state");
	m.hello.state = SRP_STATE_COUNT;
	wbuf_init(&w, bytes, sizeof bytes);
	assert_int_equal(srp_msg_encode(&m, &w), ERR_RANGE);
	assert_int_equal(w.len, 0);
}

static void
unknown_fields_are_skipped_and_counted(void **state)
{
	struct srp_msg m = sample(SRP_MSG_TAKE), got;
	uint8_t bytes[SRP_FRAME_MAX];
	struct rows_verdict v;
	size_t n = encode(&m, bytes);

	(void)state;
	memcpy(bytes + n, (const uint8_t[]){250, 2, 1, 1}, 4);
	assert_int_equal(decode(bytes, n + 4, &got, &v), ERR_OK);
	assert_int_equal(v.skipped, 1);
}

static void
unknown_types_are_told_from_broken_ones(void **state)
{
	struct rows_verdict v;
	struct srp_msg got;
	struct rbuf r;

	(void)state;
	rbuf_init(&r, "", 0);
	assert_int_equal(srp_msg_decode(SRP_MSG_TYPE_END, &r, &got, &v), ERR_NOT_FOUND);
	assert_int_equal(srp_msg_decode(0, &r, &got, &v), ERR_NOT_FOUND);
	assert_int_equal(srp_msg_decode(SRP_MSG_HELLO, &r, &got, &v), ERR_FORMAT);
}

static void
a_frame_header_is_believed_only_with_magic_version_and_length(void **state)
{
	uint8_t good[SRP_HEADER_BYTES] = {0x53, 0x52, SRP_VERSION, SRP_MSG_HELLO, 0, 0, 4, 0};
	struct srp_frame f;
	struct rbuf r;

	(void)state;
	rbuf_init(&r, good, sizeof good);
	assert_int_equal(srp_frame_decode(&r, &f), ERR_OK);
	assert_int_equal(f.body_bytes, SRP_BODY_MAX);
	rbuf_init(&r, good, sizeof good - 1);
	assert_int_equal(srp_frame_decode(&r, &f), ERR_SHORT);
	assert_int_equal(r.pos, 0);
	good[7] = 1;
	rbuf_init(&r, good, sizeof good);
	assert_int_equal(srp_frame_decode(&r, &f), ERR_RANGE);
	good[2]++;
	rbuf_init(&r, good, sizeof good);
	assert_int_equal(srp_frame_decode(&r, &f), ERR_VERSION);
	good[0] = 0;
	rbuf_init(&r, good, sizeof good);
	assert_int_equal(srp_frame_decode(&r, &f), ERR_FORMAT);
}

static void
a_full_buffer_is_left_as_it_was(void **state)
{
	struct srp_msg m = sample(SRP_MSG_HELLO);
	uint8_t bytes[40];
	struct wbuf w;

	(void)state;
	wbuf_init(&w, bytes, sizeof bytes);
	wbuf_u8(&w, 1);
	assert_int_equal(srp_msg_encode(&m, &w), ERR_FULL);
	assert_int_equal(w.len, 1);
	assert_false(w.is_over);
}

/* Changing a row changes what the peer reads: raise SRP_SCHEMA_VERSION and this number together. */
static void
schema_hash_belongs_to_the_schema_version(void **state)
{
	(void)state;
	assert_int_equal(SRP_SCHEMA_VERSION, 4);
	assert_int_equal(rows_schema_hash(srp_wire_format()), 0xd863b234);
	assert_int_equal(rows_check(srp_wire_format()), ERR_OK);
}

static void
dump_names_type_and_fields(void **state)
{
	struct srp_msg m = sample(SRP_MSG_REFUSE), got;
	uint8_t bytes[SRP_FRAME_MAX];
	struct rows_verdict v;
	char buf[512];
	struct text_fixed f;
	struct text t;

	(void)state;
	assert_int_equal(decode(bytes, encode(&m, bytes), &got, &v), ERR_OK);
	text_fixed_init(&f, &t, buf, sizeof buf);
	srp_msg_dump(&got, &t);
	assert_non_null(strstr(buf, "REFUSE "));
	assert_non_null(strstr(buf, "count=2"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_message_comes_back_as_it_was),
	    cmocka_unit_test(hello_carries_everything_a_chassis_says_of_itself),
	    cmocka_unit_test(every_changed_octet_of_a_body_is_noticed),
	    cmocka_unit_test(every_shortened_message_is_refused),
	    cmocka_unit_test(a_missing_field_is_named),
	    cmocka_unit_test(a_value_outside_its_bounds_is_refused_and_named),
	    cmocka_unit_test(unknown_fields_are_skipped_and_counted),
	    cmocka_unit_test(unknown_types_are_told_from_broken_ones),
	    cmocka_unit_test(a_frame_header_is_believed_only_with_magic_version_and_length),
	    cmocka_unit_test(a_full_buffer_is_left_as_it_was),
	    cmocka_unit_test(schema_hash_belongs_to_the_schema_version),
	    cmocka_unit_test(dump_names_type_and_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
