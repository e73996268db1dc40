/* session_call_rows.c - the call's field rows, and records cut and merged without decoding. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "session/arena.h"
#include "session/call_rows.h"

static struct addr
v6(uint8_t last)
{
	struct addr a = {.family = ADDR_V6};

	memset(a.bytes, 0xfd, sizeof a.bytes);
	a.bytes[15] = last;
	return a;
}

/* The largest call there can be: all fields, IPv6 everywhere, every length at its maximum. */
static struct call
largest(void)
{
	struct call c = {
	    .teid = 0x02300007, .imsi = 262010123456789, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

	c.present = (UINT64_C(1) << CALL_F_COUNT) - 1;
	memset(c.apn, 'a', CALL_APN_MAX);
	c.msisdn_len = CALL_MSISDN_MAX;
	c.pco_len = CALL_PCO_MAX;
	c.qos_len = CALL_QOS_MAX;
	for (int i = 0; i < CALL_APP_PARTS; i++)
		c.app_len[i] = i < CALL_APP_PARTS - 1 ? CALL_APP_PART_MAX : CALL_APP_LAST_MAX;
	memset(c.app, 3, sizeof c.app);
	memset(c.qos, 7, sizeof c.qos);
	c.address = v6(1);
	c.create_peer = v6(2);
	c.sgsn_control = v6(3);
	c.sgsn_user = v6(4);
	c.last_peer = v6(5);
	c.in_bytes = UINT64_MAX;
	return c;
}

static size_t
encode(const struct call *c, uint8_t buf[ARENA_RECORD_MAX])
{
	struct wbuf w;

	wbuf_init(&w, buf, ARENA_RECORD_MAX);
	assert_int_equal(call_rows_encode(c, &w), ERR_OK);
	return w.len;
}

static void
the_schema_is_the_one_of_version_4(void **state)
{
	(void)state;
	/* Another hash means another format: raise CALL_ROWS_VERSION and say what changed. */
	assert_int_equal(CALL_ROWS_VERSION, 4);
	assert_int_equal(rows_schema_hash(&call_format), 0xca1c3012);
	assert_int_equal(rows_schema_hash(&tombstone_format), 0x7263a198);
}

static void
rows_are_in_the_order_of_their_ids_and_each_name_is_right(void **state)
{
	(void)state;
	assert_int_equal(rows_check(&call_format), ERR_OK);
	assert_int_equal(rows_check(&tombstone_format), ERR_OK);
	for (size_t i = 0; i < call_format.count; i++)
		assert_int_equal(call_format.rows[i].id, i + 1);
	assert_string_equal(call_format.rows[CALL_F_ACTIVE_S].name, "active-s");
	assert_string_equal(call_format.rows[CALL_F_SGSN_CONTROL].name, "sgsn-control");
}

static void
the_largest_call_fits_a_slot_and_comes_back(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX], again[ARENA_RECORD_MAX];
	struct call c = largest(), d;
	size_t n = encode(&c, buf);

	(void)state;
	assert_true(n <= ARENA_RECORD_MAX);
	assert_int_equal(call_rows_decode(buf, n, &d), ERR_OK);
	assert_int_equal(encode(&d, again), n);
	assert_memory_equal(buf, again, n);
	assert_string_equal(c.apn, d.apn);
}

/* The fields of fixed size that change all the time, and no others, are those of the side; the lazy ones stand behind.
 */
static void
the_rows_of_the_side_stand_together_and_fit_it(void **state)
{
	const uint32_t changing = CKPT_GROUP_STATS | CKPT_GROUP_IDLE | CKPT_GROUP_ACCOUNTING;
	size_t bytes = 0, eager = 0;

	(void)state;
	for (size_t i = 0; i < call_format.count; i++) {
		const struct field_row *row = &call_format.rows[i];
		bool is_side = row->kind <= FIELD_U64 && (row->groups & changing) != 0;
		size_t len = (size_t)1 << (row->kind <= FIELD_U64 ? row->kind : 0);
		uint8_t field[2 + sizeof(uint64_t)] = {row->id, (uint8_t)len};

		assert_true(is_side || (row->groups & changing) == 0);
		assert_int_equal(call_rows_is_side(field, 2 + len), is_side);
		if (!is_side)
			continue;
		assert_int_equal(call_rows_eager(field, 2 + len), row->groups & CKPT_GROUP_ACCOUNTING ? 0 : 2 + len);
		assert_true((row->groups & CKPT_GROUP_ACCOUNTING) || eager == bytes);
		bytes += 2 + len;
		eager += row->groups & CKPT_GROUP_ACCOUNTING ? 0 : 2 + len;
	}
	assert_true(bytes > 0 && bytes <= ARENA_SIDE_MAX);
	assert_int_equal(call_rows_side_groups(), changing);
	assert_false(call_rows_is_side("", 0));
	assert_false(call_rows_is_side("\x1c\x08", 2));
}

/* Without a field of the side: between those before and those behind it. */
static void
the_side_of_a_record_is_found_or_the_place_where_it_would_be(void **state)
{
	const uint64_t side = CALL_HAS(CALL_F_IN_PACKETS) | CALL_HAS(CALL_F_IN_BYTES) | CALL_HAS(CALL_F_OUT_PACKETS) |
	                      CALL_HAS(CALL_F_OUT_BYTES) | CALL_HAS(CALL_F_ACTIVE_S) | CALL_HAS(CALL_F_REPEATS) |
	                      CALL_HAS(CALL_F_REFUSED);
	struct rng r = {.state = 11};

	(void)state;
	for (int i = 0; i < 2000; i++) {
		uint8_t whole[ARENA_RECORD_MAX], rest[ARENA_RECORD_MAX];
		struct call c = largest();
		size_t n, rest_n;
		struct arena_run run, none;

		c.present &= rng_next(&r) | CALL_HAS(CALL_F_TEID) | CALL_HAS(CALL_F_IMSI) |
		             CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE);
		n = encode(&c, whole);
		run = call_rows_side(whole, n);
		c.present &= ~side;
		rest_n = encode(&c, rest);
		none = call_rows_side(rest, rest_n);
		assert_int_equal(run.len, n - rest_n);
		assert_int_equal(run.at, none.at);
		assert_int_equal(none.len, 0);
		assert_memory_equal(whole, rest, run.at);
		assert_memory_equal(whole + run.at + run.len, rest + run.at, rest_n - run.at);
		assert_int_equal(call_rows_is_side(whole + run.at, run.len), run.len > 0);
	}
}

/* Whatever stands there, a run lies inside it and is no longer than a side. */
static void
what_is_no_record_has_a_side_inside_it(void **state)
{
	struct rng r = {.state = 12};
	uint8_t bytes[200];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t n = rng_below(&r, sizeof bytes);
		struct arena_run run;

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)(rng_below(&r, 3) ? 25 + rng_below(&r, 12) : rng_below(&r, 12));
		run = call_rows_side(bytes, n);
		assert_true(run.len <= ARENA_SIDE_MAX && run.at <= n && run.len <= n - run.at);
		assert_true(call_rows_eager(bytes, n) <= n);
	}
}

static void
a_micro_checkpoint_that_is_within_another_has_no_field_that_the_other_lacks(void **state)
{
	(void)state;
	for (int i = 0; i < CKPT_MICRO_COUNT; i++)
		for (size_t f = 0; f < call_format.count; f++)
			if (call_format.rows[f].groups & ckpt_micro_rows[i].group)
				assert_int_equal(ckpt_micro_rows[i].within & ~call_format.rows[f].groups, 0);
	assert_int_equal(ckpt_micro_rows[ckpt_row_of(CKPT_KIND_UPDATE_IDLESECS)].within,
	                 CKPT_GROUPS_MICRO & ~CKPT_GROUP_IDLE);
}

static void
a_call_without_its_required_fields_is_refused(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct call c = largest();
	struct wbuf w;

	(void)state;
	c.present &= ~CALL_HAS(CALL_F_IMSI);
	wbuf_init(&w, buf, sizeof buf);
	assert_int_equal(call_rows_encode(&c, &w), ERR_RANGE);
	assert_int_equal(call_rows_decode("", 0, &c), ERR_SHORT);
}

static void
the_check_picks_the_key_and_names_what_is_wrong(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX], bad[ARENA_RECORD_MAX];
	struct call c = largest();
	size_t n = encode(&c, buf);
	const char *field;
	uint64_t key;

	(void)state;
	assert_int_equal(call_rows_check(buf, n, CKPT_GROUP_FULL, c.teid, &key, &field), ERR_OK);
	assert_true(key == call_rows_key(c.imsi, c.imsi_digits, c.nsapi));
	assert_int_equal(call_rows_check(buf, n, CKPT_GROUP_FULL, c.teid + 1, &key, &field), ERR_FORMAT);
	assert_string_equal(field, "teid");
	assert_int_equal(call_rows_check(buf, n, CKPT_GROUP_STATS, c.teid, &key, &field), ERR_FORMAT);
	memcpy(bad, buf, n);
	bad[2 + 4 + 2 + 8 + 2] = 3; /* digits of the IMSI */
	assert_int_equal(call_rows_check(bad, n, CKPT_GROUP_FULL, c.teid, &key, &field), ERR_RANGE);
	assert_string_equal(field, "imsi-digits");
	memcpy(bad, buf, n);
	bad[6] = 1; /* the second field under the id of the first */
	assert_int_equal(call_rows_check(bad, n, CKPT_GROUP_FULL, c.teid, &key, &field), ERR_FORMAT);
	assert_string_equal(field, "field order");
	assert_int_equal(call_rows_check(buf, 6, CKPT_GROUP_FULL, c.teid, &key, &field), ERR_SHORT);
	assert_string_equal(field, "required field");
}

/* What the check lets pass, the decoder takes, whatever happened to the bytes. */
static void
the_check_is_as_strict_as_the_decoder(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX], bad[ARENA_RECORD_MAX];
	struct call c = largest(), d;
	struct rng r = {.state = 7};
	size_t n = encode(&c, buf);
	const char *field;
	unsigned passed = 0;
	uint64_t key;

	(void)state;
	for (int i = 0; i < 50000; i++) {
		size_t len = rng_below(&r, 4) ? n : rng_below(&r, (uint32_t)n);

		memcpy(bad, buf, n);
		for (uint32_t k = rng_below(&r, 3); k-- > 0;)
			bad[rng_below(&r, (uint32_t)n)] = (uint8_t)rng_next(&r);
		if (call_rows_check(bad, len, CKPT_GROUP_FULL, c.teid, &key, &field) != ERR_OK)
			continue;
		passed++;
		assert_int_equal(call_rows_decode(bad, len, &d), ERR_OK);
		assert_true(key == call_rows_key(d.imsi, d.imsi_digits, d.nsapi));
	}
	assert_true(passed > 1000);
}

static void
cutting_out_a_group_and_merging_it_gives_the_changed_record(void **state)
{
	static const uint32_t groups[] = {CKPT_GROUP_SESSION, CKPT_GROUP_STATS, CKPT_GROUP_IDLE, CKPT_GROUP_ACCOUNTING};
	uint8_t old[ARENA_RECORD_MAX], new[ARENA_RECORD_MAX], micro[ARENA_RECORD_MAX], merged[ARENA_RECORD_MAX];
	struct call c = largest(), d = c;
	size_t old_n, new_n;
	struct wbuf m, w;

	(void)state;
	/* The old record lacks some fields that the micro-checkpoints bring. */
	c.present &= ~(CALL_HAS(CALL_F_SGSN_USER) | CALL_HAS(CALL_F_OUT_BYTES) | CALL_HAS(CALL_F_ACTIVE_S));
	d.peer_teid_user = 77;
	d.sgsn_control = addr_v4(0x0a000001);
	d.qos_len = 3;
	d.in_bytes = 12345;
	d.active_s = 99;
	d.repeats = 4;
	d.refused = 5;
	old_n = encode(&c, old);
	new_n = encode(&d, new);
	for (int i = 0; i < 4; i++) {
		wbuf_init(&m, micro, sizeof micro);
		assert_int_equal(call_rows_cut(new, new_n, groups[i], &m), ERR_OK);
		wbuf_init(&w, merged, sizeof merged);
		assert_int_equal(call_rows_merge(old, old_n, micro, m.len, &w), ERR_OK);
		memcpy(old, merged, w.len);
		old_n = w.len;
	}
	assert_int_equal(old_n, new_n);
	assert_memory_equal(old, new, new_n);
}

static void
fields_of_a_newer_release_survive_a_merge(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX], merged[ARENA_RECORD_MAX];
	static const uint8_t newer[] = {200, 3, 'n', 'e', 'w'};
	static const uint8_t micro[] = {29, 8, 0, 0, 0, 0, 0, 0, 0, 9};
	struct call c = largest(), d;
	size_t n;
	struct wbuf w;
	const char *field;
	uint64_t key;

	(void)state;
	c.pco_len = 0;
	n = encode(&c, buf);
	memcpy(buf + n, newer, sizeof newer);
	n += sizeof newer;
	assert_int_equal(call_rows_check(buf, n, CKPT_GROUP_FULL, c.teid, &key, &field), ERR_OK);
	wbuf_init(&w, merged, sizeof merged);
	assert_int_equal(call_rows_merge(buf, n, micro, sizeof micro, &w), ERR_OK);
	assert_memory_equal(merged + w.len - sizeof newer, newer, sizeof newer);
	assert_int_equal(call_rows_decode(merged, w.len, &d), ERR_OK);
	assert_int_equal(d.in_bytes, 9);
}

static void
an_address_of_no_family_counts_as_absent(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct call c = largest(), d;
	size_t n;

	(void)state;
	c.sgsn_user = (struct addr){0};
	c.pco_len = 0;
	n = encode(&c, buf);
	assert_int_equal(call_rows_decode(buf, n, &d), ERR_OK);
	assert_false(d.present & CALL_HAS(CALL_F_SGSN_USER));
	assert_true(d.present & CALL_HAS(CALL_F_SGSN_CONTROL));
	assert_string_equal(tombstone_format.rows[2].name, "peer");
}

static void
keys_tell_nsapi_and_leading_zeros_apart(void **state)
{
	(void)state;
	assert_true(call_rows_key(1, 15, 5) != call_rows_key(1, 15, 6));
	assert_true(call_rows_key(1, 15, 5) != call_rows_key(1, 14, 5));
	assert_true(call_rows_key(0, 6, 0) != 0);
}

static void
the_beginning_of_a_record_says_the_same_as_the_whole(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct call c = largest(), brief, whole;
	size_t n = encode(&c, buf);

	(void)state;
	memset(&brief, 0xff, sizeof brief);
	assert_int_equal(call_rows_brief(buf, n, &brief), ERR_OK);
	assert_int_equal(call_rows_decode(buf, n, &whole), ERR_OK);
	assert_int_equal(brief.teid, whole.teid);
	assert_true(brief.imsi == whole.imsi && brief.imsi_digits == whole.imsi_digits);
	assert_true(brief.nsapi == whole.nsapi && brief.state == whole.state && brief.service == whole.service);
	assert_string_equal(brief.apn, whole.apn);
	assert_true(addr_equal(&brief.address, &whole.address));
	assert_int_equal(brief.charging_id, whole.charging_id);
	assert_false(brief.present & CALL_HAS(CALL_F_SGSN_USER));
	assert_true(brief.present & CALL_HAS(CALL_F_ADDRESS));
	for (size_t cut = 0; cut < 20; cut++)
		assert_int_equal(call_rows_brief(buf, cut, &brief), ERR_SHORT);
}

/* A call without APN, address and charging id leaves nothing behind of the one before it. */
static void
what_the_beginning_of_a_record_does_not_say_is_empty(void **state)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct call c = largest(), brief;
	size_t n;

	(void)state;
	assert_int_equal(call_rows_brief(buf, encode(&c, buf), &brief), ERR_OK);
	c.present &= ~(CALL_HAS(CALL_F_APN) | CALL_HAS(CALL_F_ADDRESS) | CALL_HAS(CALL_F_CHARGING_ID) |
	               CALL_HAS(CALL_F_SERVICE));
	n = encode(&c, buf);
	assert_int_equal(call_rows_brief(buf, n, &brief), ERR_OK);
	assert_string_equal(brief.apn, "");
	assert_int_equal(brief.address.family, ADDR_NONE);
	assert_int_equal(brief.charging_id, 0);
	assert_int_equal(brief.service, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_schema_is_the_one_of_version_4),
	    cmocka_unit_test(rows_are_in_the_order_of_their_ids_and_each_name_is_right),
	    cmocka_unit_test(the_largest_call_fits_a_slot_and_comes_back),
	    cmocka_unit_test(the_rows_of_the_side_stand_together_and_fit_it),
	    cmocka_unit_test(the_side_of_a_record_is_found_or_the_place_where_it_would_be),
	    cmocka_unit_test(what_is_no_record_has_a_side_inside_it),
	    cmocka_unit_test(a_micro_checkpoint_that_is_within_another_has_no_field_that_the_other_lacks),
	    cmocka_unit_test(a_call_without_its_required_fields_is_refused),
	    cmocka_unit_test(the_check_picks_the_key_and_names_what_is_wrong),
	    cmocka_unit_test(the_check_is_as_strict_as_the_decoder),
	    cmocka_unit_test(cutting_out_a_group_and_merging_it_gives_the_changed_record),
	    cmocka_unit_test(fields_of_a_newer_release_survive_a_merge),
	    cmocka_unit_test(an_address_of_no_family_counts_as_absent),
	    cmocka_unit_test(the_beginning_of_a_record_says_the_same_as_the_whole),
	    cmocka_unit_test(what_the_beginning_of_a_record_does_not_say_is_empty),
	    cmocka_unit_test(keys_tell_nsapi_and_leading_zeros_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
