/* checkpoint_records.c - records packed and unpacked: what goes in comes out, what is broken is refused by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "checkpoint/ckpt_records.h"

enum { RECORDS = 200, RAW = 256 * 1024 };

static uint8_t raw[RAW], contents[RECORDS][CKPT_RECORD_MAX];
static struct ckpt_record in[RECORDS];

/* Fields of random ids and lengths, @n octets at most. */
static size_t
random_fields(struct rng *r, uint8_t *p, size_t n, unsigned longest)
{
	size_t at = 0;

	while (n - at >= 2) {
		size_t len = rng_below(r, longest + 1);

		if (len > n - at - 2)
			len = n - at - 2 < UINT8_MAX ? n - at - 2 : 0;
		p[at] = (uint8_t)rng_next(r);
		p[at + 1] = (uint8_t)len;
		for (size_t i = 0; i < len; i++)
			p[at + 2 + i] = (uint8_t)rng_next(r);
		at += 2 + len;
	}
	return at;
}

static size_t
random_content(struct rng *r, uint32_t teid, uint8_t *p)
{
	static const uint16_t sizes[] = {0, 1, 2, 6, 7, 40, 300, CKPT_RECORD_MAX};
	size_t n = sizes[rng_below(r, sizeof sizes / sizeof sizes[0])], own = 0;

	if (rng_below(r, 4) == 0) { /* anything */
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)rng_next(r);
		return n;
	}
	if (n >= CKPT_OWN_BYTES && rng_below(r, 2) == 0) {
		struct wbuf w;

		wbuf_init(&w, p, CKPT_OWN_BYTES);
		wbuf_u16(&w, 0x0104);
		wbuf_u32(&w, teid);
		own = CKPT_OWN_BYTES;
	}
	return own + random_fields(r, p + own, n - own, rng_below(r, 3) == 0 ? 0 : rng_below(r, UINT8_MAX));
}

/* As record @i before, with a few octets that are others: mostly in values, now and then in an id or a length. */
static size_t
near_content(struct rng *r, unsigned i, uint8_t *p)
{
	memcpy(p, contents[i], in[i].len);
	for (unsigned k = rng_below(r, 4); k > 0 && in[i].len > 0; k--)
		p[rng_below(r, in[i].len)] = (uint8_t)rng_next(r);
	return in[i].len;
}

static void
random_records(struct rng *r)
{
	uint64_t seq = rng_next(r) >> 1;

	for (unsigned i = 0; i < RECORDS; i++) {
		seq += rng_below(r, 3) == 0 ? rng_below(r, 100000) : rng_below(r, 2);
		in[i].kind = (uint8_t)rng_next(r);
		in[i].seq = seq;
		in[i].teid = rng_below(r, 2) == 0 ? (uint32_t)rng_next(r) : i / 2;
		if (i > 1 && rng_below(r, 3) > 0)
			in[i].len = (uint16_t)near_content(r, i - 1 - rng_below(r, 2), contents[i]);
		else
			in[i].len = (uint16_t)random_content(r, in[i].teid, contents[i]);
		in[i].bytes = contents[i];
	}
}

/* All records of @in into @raw. */
static size_t
pack_all(uint64_t base)
{
	struct ckpt_packer x;
	struct wbuf w;

	wbuf_init(&w, raw, sizeof raw);
	ckpt_pack_begin(&x, base);
	for (unsigned i = 0; i < RECORDS; i++)
		assert_true(ckpt_pack(&x, &w, &in[i]));
	return w.len;
}

static void
what_is_packed_comes_out_as_it_was(void **state)
{
	struct rng r = {.state = 5};

	(void)state;
	for (unsigned round = 0; round < 100; round++) {
		struct ckpt_unpacker x;
		struct ckpt_record got;
		const char *field;
		uint8_t *p, *store;
		size_t n;

		random_records(&r);
		n = pack_all(in[0].seq - 1);
		p = malloc(n); /* to the octet, so that a read beyond it is seen */
		store = malloc(ckpt_unpack_room(n));
		memcpy(p, raw, n);
		ckpt_unpack_begin(&x, p, n, in[0].seq - 1, store, ckpt_unpack_room(n));
		for (unsigned i = 0; i < RECORDS; i++) {
			assert_int_equal(ckpt_unpack(&x, &got, &field), ERR_OK);
			assert_int_equal(got.kind, in[i].kind);
			assert_true(got.seq == in[i].seq);
			assert_int_equal(got.teid, in[i].teid);
			assert_int_equal(got.len, in[i].len);
			assert_memory_equal(got.bytes, in[i].bytes, in[i].len);
		}
		assert_int_equal(rbuf_left(&x.in), 0);
		free(p);
		free(store);
	}
}

static void
a_record_that_follows_its_neighbour_has_a_head_of_two_octets_and_no_teid(void **state)
{
	static const uint8_t content[] = {1, 4, 2, 0, 0, 8, 9, 2, 0xaa, 0xbb, 10, 1, 0xcc};
	struct ckpt_record first = {.teid = 0x02000007, .seq = 70, .len = sizeof content}, second;
	uint8_t own[2][sizeof content];
	struct ckpt_packer x;
	struct wbuf w;
	size_t before;

	(void)state;
	wbuf_init(&w, raw, sizeof raw);
	ckpt_pack_begin(&x, 70);
	second = first;
	second.teid++;
	memcpy(own[0], content, sizeof content);
	memcpy(own[1], content, sizeof content);
	own[0][5] = 7; /* of the TEID */
	first.bytes = own[0];
	second.bytes = own[1];
	assert_true(ckpt_pack(&x, &w, &first));
	before = w.len;
	assert_true(ckpt_pack(&x, &w, &second));
	assert_int_equal(w.len - before, 2 + 1 + sizeof content - CKPT_OWN_BYTES);
	assert_memory_equal(raw + before, "\x06\x0d\x02\x09\x02\x0a\x01\xaa\xbb\xcc", 10);
}

static void
without_room_nothing_is_packed(void **state)
{
	struct ckpt_record r = {.len = 100, .bytes = contents[0]};
	uint8_t small[CKPT_RECORD_HEAD_MAX + 100];
	struct ckpt_packer x;
	struct wbuf w;

	(void)state;
	ckpt_pack_begin(&x, 0);
	wbuf_init(&w, small, sizeof small - 1);
	assert_false(ckpt_pack(&x, &w, &r));
	assert_int_equal(w.len, 0);
	wbuf_init(&w, small, sizeof small);
	assert_true(ckpt_pack(&x, &w, &r));
}

static enum err
unpack_all(const uint8_t *p, size_t n, size_t room, unsigned count, const char **field)
{
	uint8_t *copy = malloc(n + !n), *store = malloc(room + !room);
	struct ckpt_unpacker x;
	struct ckpt_record r;
	enum err e = ERR_OK;

	memcpy(copy, p, n);
	ckpt_unpack_begin(&x, copy, n, 10, store, room);
	for (unsigned i = 0; i < count && e == ERR_OK; i++)
		e = ckpt_unpack(&x, &r, field);
	free(copy);
	free(store);
	return e;
}

static void
records_that_are_cut_anywhere_are_short(void **state)
{
	struct rng r = {.state = 6};
	const char *field;
	size_t n;

	(void)state;
	random_records(&r);
	for (unsigned i = 0; i < RECORDS; i++)
		in[i].seq = 10 + i;
	n = pack_all(10);
	assert_int_equal(unpack_all(raw, n, ckpt_unpack_room(n), RECORDS, &field), ERR_OK);
	for (size_t cut = 0; cut < n; cut += cut < 3000 ? 1 : 97)
		assert_int_equal(unpack_all(raw, cut, ckpt_unpack_room(cut), RECORDS, &field), ERR_SHORT);
}

static void
broken_records_are_refused_by_name(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		enum err err;
		const char *field;
	} cases[] = {
	    {"", 0, ERR_SHORT, "record length"},
	    {"\x40", 1, ERR_SHORT, "record length"}, /* no kind */
	    {"\x20\x80", 2, ERR_SHORT, "record seq"},
	    {"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\0", 12, ERR_RANGE, "record seq"}, /* 65 bits */
	    {"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\0", 12, ERR_RANGE, "record seq"}, /* goes round */
	    {"\x30\0", 2, ERR_FORMAT, "record seq"},                                         /* no step */
	    {"\x08", 1, ERR_SHORT, "record teid"},
	    {"\x08\x01\0", 3, ERR_RANGE, "record teid"},                 /* below 0 */
	    {"\x08\x80\x80\x80\x80\x20\0", 7, ERR_RANGE, "record teid"}, /* 2^32 */
	    {"\x0c\0", 2, ERR_FORMAT, "record teid"},                    /* no step */
	    {"\0", 1, ERR_SHORT, "record length"},
	    {"\0\x81\x08", 3, ERR_RANGE, "record length"}, /* 1025 */
	    {"\0\x02\0", 3, ERR_SHORT, "record length"},
	    {"\x80\0", 2, ERR_FORMAT, "record length"},                       /* bit 7 */
	    {"\x03\0", 2, ERR_FORMAT, "record length"},                       /* no form */
	    {"\x02\x05", 2, ERR_FORMAT, "record length"},                     /* too short for its TEID */
	    {"\x01\x03", 2, ERR_SHORT, "record length"},                      /* no count */
	    {"\x01\x04\x02\x07\x01\x08", 6, ERR_SHORT, "record length"},      /* no lengths */
	    {"\x01\x03\x01\x07\x01", 5, ERR_SHORT, "record length"},          /* no value */
	    {"\x01\x03\x01\x07\x02\x01\x01", 7, ERR_FORMAT, "record length"}, /* lengths and sum differ */
	};
	const char *field;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		field = "";
		assert_int_equal(unpack_all((const uint8_t *)cases[i].bytes, cases[i].n, 100, 1, &field), cases[i].err);
		assert_string_equal(field, cases[i].field);
	}
	assert_int_equal(unpack_all((const uint8_t *)"\x01\x03\x01\x07\x01\x63", 6, 3, 1, &field), ERR_OK);
	assert_int_equal(unpack_all((const uint8_t *)"\x01\x03\x01\x07\x01\x63", 6, 2, 1, &field), ERR_FULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_packed_comes_out_as_it_was),
	    cmocka_unit_test(a_record_that_follows_its_neighbour_has_a_head_of_two_octets_and_no_teid),
	    cmocka_unit_test(without_room_nothing_is_packed),
	    cmocka_unit_test(records_that_are_cut_anywhere_are_short),
	    cmocka_unit_test(broken_records_are_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
