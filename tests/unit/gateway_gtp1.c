/* gateway_gtp1.c - the codec against octets written by hand from TS 29.060, and against bad input. */
#include "tests/unit/gateway_fixture.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

/* A Create PDP Context Request of sgsnemu (osmo-ggsn 1.9.0), as it stood on the wire. */
static const char *const sgsnemu_create =
    "3210006800000000040100000242000121436587f90e010f011000000001110000000114001a0800800002f1218300090869"
    "6e7465726e657484001580c0231101010011036d69670868656d6d656c69678500047f4d03018500047f4d0301860007916407"
    "123254f6870004000b921f";

static size_t
unhex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		unsigned v;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &v), 1);
		out[i] = (uint8_t)v;
	}
	return n;
}

static enum err
decode(const uint8_t *bytes, size_t len, struct gtp1_header *h, struct gtp1_msg *m, struct rows_verdict *v)
{
	struct rbuf body;
	enum err e = gtp1_header_decode(bytes, len, h, &body);

	return e != ERR_OK ? e : gtp1_decode(h->type, &body, m, v);
}

static void
table_of_elements_is_consistent(void **state)
{
	(void)state;
	assert_int_equal(rows_check(&gtp1_format), ERR_OK);
	for (size_t i = 1; i < gtp1_format.count; i++)
		assert_true(gtp1_format.rows[i].id >= gtp1_format.rows[i - 1].id);
	for (size_t i = 0; i < gtp1_format.count; i++)
		if (gtp1_format.rows[i].id < 128)
			assert_true(gtp1_format.tv_len[gtp1_format.rows[i].id] > 0);
}

static void
create_request_of_sgsnemu_is_read(void **state)
{
	uint8_t bytes[256];
	size_t len = unhex(sgsnemu_create, bytes);
	struct gtp1_header h;
	struct gtp1_msg m;
	struct rows_verdict v;
	char imsi[GTP1_IMSI_TEXT_MAX], apn[GTP1_APN_TEXT_MAX];
	const char *why;
	enum gtp1_pdp pdp;
	uint32_t v4;

	(void)state;
	assert_int_equal(decode(bytes, len, &h, &m, &v), ERR_OK);
	assert_int_equal(h.type, GTP1_CREATE_REQUEST);
	assert_int_equal(h.seq, 0x0401);
	assert_int_equal(h.teid, 0);
	assert_int_equal(v.skipped, 0);
	assert_int_equal(gtp1_cause_of(h.type, &m, ERR_OK, &v, &why), GTP1_CAUSE_ACCEPTED);
	assert_true(gtp1_imsi_text(m.imsi, imsi));
	assert_string_equal(imsi, "240010123456789");
	assert_int_equal(gtp1_apn_text(m.apn, m.apn_len, apn), ERR_OK);
	assert_string_equal(apn, "internet");
	assert_int_equal(m.teid_control, 1);
	assert_int_equal(m.nsapi, 0);
	assert_int_equal(addr_v4_u32(&m.gsn_user), 0x7f4d0301);
	assert_int_equal(gtp1_eua_parse(m.eua, m.eua_len, &pdp, &v4), ERR_OK);
	assert_int_equal(pdp, GTP1_PDP_IPV4);
	assert_int_equal(v4, 0);
	assert_int_equal(m.qos_len, 4);
	assert_int_equal(m.charging_characteristics, 0x0800);
}

static void
create_response_is_written_as_the_specification_draws_it(void **state)
{
	static const char *const expected = "3211004011111111abcd0000" /* header, sequence number */
	                                    "0180"                     /* Cause: request accepted */
	                                    "08fe"                     /* reordering not required */
	                                    "0e07"                     /* Recovery */
	                                    "1002000001"               /* TEID Data I */
	                                    "1102000001"               /* TEID Control Plane */
	                                    "7f02000005"               /* Charging ID */
	                                    "800006f1210a010001"       /* End User Address: IETF, IPv4 */
	                                    "8500047f000164"           /* GSN Address, signalling */
	                                    "8500047f000164"           /* GSN Address, user traffic */
	                                    "870004010b921f";          /* QoS */
	uint8_t want[128], got[128];
	size_t len = unhex(expected, want);
	struct gtp1_header h = {.type = GTP1_CREATE_RESPONSE, .has_seq = true, .seq = 0xabcd, .teid = 0x11111111};
	struct gtp1_msg m = {.cause = 128,
	                     .reordering = 0xfe,
	                     .recovery = 7,
	                     .teid_data = 0x02000001,
	                     .teid_control = 0x02000001,
	                     .charging_id = 0x02000005,
	                     .qos = {1, 0x0b, 0x92, 0x1f},
	                     .qos_len = 4};
	struct wbuf w;

	(void)state;
	m.gsn_control = m.gsn_user = addr_v4(FIXTURE_SERVICE);
	gtp1_eua_ipv4(&m, 0x0a010001);
	for (int ie = 0; ie < GTP1_IE_COUNT; ie++)
		gtp1_set(&m, (enum gtp1_ie)ie); /* what the message does not carry stays out */
	m.present &= ~(UINT64_C(1) << GTP1_IE_PCO | UINT64_C(1) << GTP1_IE_NSAPI);
	wbuf_init(&w, got, sizeof got);
	assert_int_equal(gtp1_encode(&h, &m, &w), ERR_OK);
	want[3] = (uint8_t)(len - 8);
	assert_int_equal(w.len, len);
	assert_memory_equal(got, want, len);
}

static void
echo_and_version_answers_have_the_octets_of_the_specification(void **state)
{
	static const uint8_t echo[] = {0x32, 2, 0, 6, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 14, 77};
	static const uint8_t version[] = {0x32, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0};
	struct gtp1_header request = {.type = GTP1_ECHO_REQUEST, .has_seq = true, .seq = 0x1234};
	uint8_t got[64];
	struct wbuf w;

	(void)state;
	wbuf_init(&w, got, sizeof got);
	assert_int_equal(gtp1_echo_response(&request, 77, &w), ERR_OK);
	assert_int_equal(w.len, sizeof echo);
	assert_memory_equal(got, echo, sizeof echo);
	wbuf_init(&w, got, sizeof got);
	assert_int_equal(gtp1_version_not_supported(&w), ERR_OK);
	assert_int_equal(w.len, sizeof version);
	assert_memory_equal(got, version, sizeof version);
}

static void
message_cut_at_any_octet_is_short(void **state)
{
	uint8_t bytes[256];
	size_t len = unhex(sgsnemu_create, bytes);
	struct gtp1_header h;
	struct gtp1_msg m;
	struct rows_verdict v;

	(void)state;
	for (size_t n = 0; n < len; n++)
		assert_int_equal(decode(bytes, n, &h, &m, &v), ERR_SHORT);
	assert_int_equal(decode(bytes, len, &h, &m, &v), ERR_OK);
}

/* The header's length is made to fit each cut: only cuts between two elements decode, and never as a whole request. */
static void
message_cut_with_fitting_length_gets_a_cause(void **state)
{
	uint8_t bytes[256];
	size_t len = unhex(sgsnemu_create, bytes);
	unsigned accepted = 0;

	(void)state;
	for (size_t n = 12; n < len; n++) {
		struct gtp1_header h;
		struct gtp1_msg m;
		struct rows_verdict v;
		const char *why;
		uint8_t cut[256];
		enum err e;
		uint8_t cause;

		memcpy(cut, bytes, n);
		cut[3] = (uint8_t)(n - 8);
		e = decode(cut, n, &h, &m, &v);
		cause = gtp1_cause_of(GTP1_CREATE_REQUEST, &m, e, &v, &why);
		assert_true(e == ERR_OK || e == ERR_SHORT);
		assert_int_not_equal(cause, GTP1_CAUSE_ACCEPTED);
		accepted += cause == GTP1_CAUSE_MANDATORY_MISSING;
	}
	assert_true(accepted > 5);
}

static void
octets_behind_the_message_and_wrong_headers_are_refused(void **state)
{
	uint8_t bytes[256] = {0};
	size_t len = unhex(sgsnemu_create, bytes);
	struct gtp1_header h;
	struct rbuf body;

	(void)state;
	assert_int_equal(gtp1_header_decode(bytes, len + 1, &h, &body), ERR_TRAILING);
	bytes[0] = 0x12;
	assert_int_equal(gtp1_header_decode(bytes, len, &h, &body), ERR_VERSION);
	bytes[0] = 0x52;
	assert_int_equal(gtp1_header_decode(bytes, len, &h, &body), ERR_VERSION);
	bytes[0] = 0x22;
	assert_int_equal(gtp1_header_decode(bytes, len, &h, &body), ERR_FORMAT);
}

static void
extension_headers_are_passed_over_by_rule(void **state)
{
	/* Echo Request with E and S: PDCP PDU number (known), then a type of which comprehension is not required. */
	uint8_t bytes[] = {0x36, 1, 0, 12, 0, 0, 0, 0, 0, 9, 0, 0xc0, 1, 0xaa, 0xbb, 0x01, 1, 0, 0, 0};
	struct gtp1_header h;
	struct rbuf body;

	(void)state;
	assert_int_equal(gtp1_header_decode(bytes, sizeof bytes, &h, &body), ERR_OK);
	assert_false(h.has_unknown_extension);
	assert_int_equal(rbuf_left(&body), 0);
	bytes[15] = 0x81; /* unknown, comprehension required */
	assert_int_equal(gtp1_header_decode(bytes, sizeof bytes, &h, &body), ERR_OK);
	assert_true(h.has_unknown_extension);
	bytes[16] = 0; /* a length of nothing would not end */
	assert_int_equal(gtp1_header_decode(bytes, sizeof bytes, &h, &body), ERR_FORMAT);
	bytes[16] = 2; /* beyond the message */
	assert_int_equal(gtp1_header_decode(bytes, sizeof bytes, &h, &body), ERR_SHORT);
}

static void
every_missing_mandatory_element_is_named(void **state)
{
	static const enum gtp1_ie needed[] = {GTP1_IE_IMSI, GTP1_IE_TEID_DATA, GTP1_IE_TEID_CONTROL, GTP1_IE_NSAPI,
	                                      GTP1_IE_EUA,  GTP1_IE_GSN_USER,  GTP1_IE_QOS};

	(void)state;
	for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
		struct ask ask = ask_create("240010000000001", 1);
		uint8_t bytes[GTP1_MESSAGE_MAX];
		struct gtp1_header h;
		struct gtp1_msg m;
		struct rows_verdict v;
		const char *why = NULL;
		size_t len;

		ask.without = UINT64_C(1) << needed[i];
		len = ask_bytes(&ask, bytes);
		assert_int_equal(decode(bytes, len, &h, &m, &v), ERR_OK);
		assert_int_equal(gtp1_cause_of(h.type, &m, ERR_OK, &v, &why), GTP1_CAUSE_MANDATORY_MISSING);
		assert_string_equal(why, gtp1_format.rows[needed[i]].name);
	}
}

static void
element_out_of_bounds_is_incorrect_mandatory_or_optional(void **state)
{
	uint8_t qos_short[] = {0x32, 16, 0, 10, 0, 0, 0, 0, 0, 1, 0, 0, 135, 0, 3, 1, 2, 3};
	uint8_t teid_zero[] = {0x32, 16, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 16, 0, 0, 0, 0};
	uint8_t msisdn_long[] = {0x32, 16, 0, 17, 0, 0, 0, 0, 0, 1, 0, 0, 134, 0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0};
	uint8_t unknown_tv[] = {0x32, 16, 0, 6, 0, 0, 0, 0, 0, 1, 0, 0, 99, 0};
	struct {
		uint8_t *bytes;
		size_t len;
		uint8_t cause;
	} cases[] = {
	    {qos_short, sizeof qos_short, GTP1_CAUSE_MANDATORY_INCORRECT},
	    {teid_zero, sizeof teid_zero, GTP1_CAUSE_MANDATORY_INCORRECT},
	    {msisdn_long, sizeof msisdn_long, GTP1_CAUSE_OPTIONAL_INCORRECT},
	    {unknown_tv, sizeof unknown_tv, GTP1_CAUSE_INVALID_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct gtp1_header h;
		struct gtp1_msg m;
		struct rows_verdict v;
		const char *why;
		enum err e = decode(cases[i].bytes, cases[i].len, &h, &m, &v);

		assert_int_not_equal(e, ERR_OK);
		assert_int_equal(gtp1_cause_of(h.type, &m, e, &v, &why), cases[i].cause);
	}
}

static void
unknown_and_repeated_elements_are_passed_over(void **state)
{
	/* Recovery twice, RAB Context (TV of 9), an unknown TLV, Delete's own Cause, then NSAPI. */
	static const uint8_t bytes[] = {0x32, 20, 0, 28, 0, 0, 0, 1, 0,  1, 0,   0, 14, 1, 14, 2, 22, 5,
	                                0,    0,  0, 0,  0, 0, 0, 0, 20, 5, 200, 0, 3,  1, 2,  3, 20, 6};
	struct gtp1_header h;
	struct gtp1_msg m;
	struct rows_verdict v;

	(void)state;
	assert_int_equal(decode(bytes, sizeof bytes, &h, &m, &v), ERR_OK);
	assert_int_equal(m.nsapi, 5);
	assert_int_equal(v.skipped, 5);
}

/* The row's largest value: numbers at their upper bound, octets as many as there may be. */
static void
fill_row(const struct field_row *row, char *m)
{
	static const size_t bytes[] = {[FIELD_U8] = 1, [FIELD_U16] = 2, [FIELD_U32] = 4, [FIELD_U64] = 8};

	if (row->kind == FIELD_ADDR)
		*(struct addr *)(void *)(m + row->offset) =
		    (struct addr){.family = ADDR_V6, .bytes = {0x20, 1, 13, 184}};
	else if (row->kind == FIELD_BYTES)
		memset(m + row->offset, 0x41, *(uint8_t *)(m + row->len_offset) = (uint8_t)row->max);
	else
		memset(m + row->offset, 0xff, bytes[row->kind]); /* every number may be all ones */
}

static void
every_element_of_every_message_goes_both_ways(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		struct gtp1_header h = {.type = (uint8_t)type, .teid = 1, .has_seq = true, .seq = 9}, back;
		struct gtp1_msg in = {0}, got;
		struct rows_verdict v;
		uint8_t bytes[GTP1_MESSAGE_MAX];
		struct wbuf w;

		for (size_t i = 0; i < gtp1_format.count; i++) {
			if (!(gtp1_format.rows[i].groups & gtp1_group((uint8_t)type)))
				continue;
			fill_row(&gtp1_format.rows[i], (char *)&in);
			gtp1_set(&in, (enum gtp1_ie)i);
		}
		if (in.present == 0)
			continue;
		wbuf_init(&w, bytes, sizeof bytes);
		assert_int_equal(gtp1_encode(&h, &in, &w), ERR_OK);
		assert_int_equal(decode(bytes, w.len, &back, &got, &v), ERR_OK);
		assert_true(got.present == in.present);
		assert_int_equal(v.skipped, 0);
		assert_memory_equal(&got, &in, sizeof in);
	}
}

static void
imsi_goes_both_ways_and_keeps_leading_zeros(void **state)
{
	static const char *const good[] = {"240010123456789", "001010000000001", "123456", "00101000000000"};
	static const char *const bad[] = {"", "12345", "1234567890123456", "24001012345678a", "-24001012345678"};
	uint64_t imsi, number;
	char text[GTP1_IMSI_TEXT_MAX];
	uint8_t digits;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(gtp1_imsi_parse(good[i], &imsi), ERR_OK);
		assert_true(gtp1_imsi_text(imsi, text));
		assert_string_equal(text, good[i]);
		assert_true(gtp1_imsi_number(imsi, &number, &digits));
		assert_int_equal(digits, strlen(good[i]));
		assert_true(gtp1_imsi_wire(number, digits) == imsi);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(gtp1_imsi_parse(bad[i], &imsi), ERR_FORMAT);
	assert_false(gtp1_imsi_text(UINT64_MAX, text));
	assert_false(gtp1_imsi_text(0x4200012143658719, text)); /* sixteen digits */
	assert_false(gtp1_imsi_text(0x4200012143f587f9, text)); /* a filler in the middle */
	assert_true(gtp1_imsi_wire(1000000, 6) == 0);
	assert_true(gtp1_imsi_wire(1, 5) == 0);
	assert_true(gtp1_imsi_wire(1, 16) == 0);
}

static void
apn_labels_must_add_up(void **state)
{
	static const struct {
		const char *wire;
		size_t len;
	} bad[] = {{"", 0}, {"\0", 1}, {"\4abc", 4}, {"\2ab\0", 4}, {"\3a.b", 4}, {"\3a\0b", 4}, {"\2ab\5cd", 6}};
	uint8_t wire[GTP1_APN_WIRE_MAX], len;
	char text[GTP1_APN_TEXT_MAX];
	char label[80];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(gtp1_apn_text((const uint8_t *)bad[i].wire, bad[i].len, text), ERR_FORMAT);
	assert_int_equal(gtp1_apn_wire("tiny.corp.mnc001.mcc240.gprs", wire, &len), ERR_OK);
	assert_int_equal(gtp1_apn_text(wire, len, text), ERR_OK);
	assert_string_equal(text, "tiny.corp.mnc001.mcc240.gprs");
	memset(label, 'x', sizeof label);
	label[63] = '\0';
	assert_int_equal(gtp1_apn_wire(label, wire, &len), ERR_OK);
	label[63] = 'x';
	label[64] = '\0';
	assert_int_equal(gtp1_apn_wire(label, wire, &len), ERR_FORMAT);
	assert_int_equal(gtp1_apn_wire("", wire, &len), ERR_FORMAT);
	assert_int_equal(gtp1_apn_wire("a..b", wire, &len), ERR_FORMAT);
}

static void
end_user_address_types_are_told_apart(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum err e;
		enum gtp1_pdp pdp;
	} cases[] = {
	    {"\xf1\x21", 2, ERR_OK, GTP1_PDP_IPV4},
	    {"\xf1\x21\x0a\x01\x00\x07", 6, ERR_OK, GTP1_PDP_IPV4},
	    {"\xf1\x57", 2, ERR_OK, GTP1_PDP_IPV6},
	    {"\xf1\x8d", 2, ERR_OK, GTP1_PDP_IPV4V6},
	    {"\xf0\x01", 2, ERR_OK, GTP1_PDP_PPP},
	    {"\xf2\x21", 2, ERR_OK, GTP1_PDP_OTHER},
	    {"\xf1\x21\x0a", 3, ERR_FORMAT, GTP1_PDP_OTHER},
	    {"\xf1\x21\x0a\x01\x00\x07\x01", 7, ERR_FORMAT, GTP1_PDP_OTHER},
	    {"\xf1", 1, ERR_FORMAT, GTP1_PDP_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		enum gtp1_pdp pdp = GTP1_PDP_OTHER;
		uint32_t v4;

		assert_int_equal(gtp1_eua_parse((const uint8_t *)cases[i].bytes, cases[i].len, &pdp, &v4), cases[i].e);
		assert_int_equal(pdp, cases[i].pdp);
	}
}

static void
dns_is_answered_only_when_asked_for_and_known(void **state)
{
	/* PPP; IPCP Configure-Request id 7 with DNS 1 and 2 as 0.0.0.0; container 000dH. */
	static const uint8_t ask[] = {0x80, 0x80, 0x21, 0x10, 1, 7, 0, 16, 129, 6,    0, 0,
	                              0,    0,    131,  6,    0, 0, 0, 0,  0,   0x0d, 0};
	static const uint8_t want[] = {0x80, 0x80, 0x21, 0x0a, 3, 7, 0, 10, 129, 6, 8, 8, 8, 8, 0, 0x0d, 4, 8, 8, 8, 8};
	static const uint8_t pap[] = {0x80, 0xc0, 0x23, 0x06, 1, 1, 0, 6, 0, 0};
	uint8_t out[GTP1_PCO_ANSWER_MAX], len;
	struct gtp1_pco p;

	(void)state;
	assert_int_equal(gtp1_pco_parse(ask, sizeof ask, &p), ERR_OK);
	gtp1_pco_answer(&p, 0x08080808, 0, out, &len);
	assert_int_equal(len, sizeof want);
	assert_memory_equal(out, want, len);
	gtp1_pco_answer(&p, 0, 0, out, &len);
	assert_int_equal(len, 0);
	gtp1_pco_answer(&p, 0x08080808, 0x08080404, out, &len);
	assert_true(len <= GTP1_PCO_ANSWER_MAX);
	assert_int_equal(gtp1_pco_parse(pap, sizeof pap, &p), ERR_OK);
	gtp1_pco_answer(&p, 0x08080808, 0x08080404, out, &len);
	assert_int_equal(len, 0);
	for (size_t n = 2; n < sizeof ask; n++) /* cut inside a protocol: refused; between two: as it stands */
		if (n != 20)
			assert_int_equal(gtp1_pco_parse(ask, n, &p), ERR_FORMAT);
}

static void
mutated_messages_never_decode_out_of_bounds(void **state)
{
	struct rng rng = {.state = 29060};
	uint8_t bytes[256];
	size_t len = unhex(sgsnemu_create, bytes);

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint8_t *mutant = malloc(len); /* of its own, so that the sanitizer sees a step too far */
		struct gtp1_header h;
		struct gtp1_msg m;
		struct rows_verdict v;
		struct gtp1_pco pco;
		char apn[GTP1_APN_TEXT_MAX], imsi[GTP1_IMSI_TEXT_MAX];

		memcpy(mutant, bytes, len);
		for (uint32_t k = rng_below(&rng, 4) + 1; k > 0; k--)
			mutant[rng_below(&rng, (uint32_t)len)] = (uint8_t)rng_next(&rng);
		if (decode(mutant, len, &h, &m, &v) == ERR_OK) {
			(void)gtp1_apn_text(m.apn, m.apn_len, apn);
			(void)gtp1_imsi_text(m.imsi, imsi);
			(void)gtp1_pco_parse(m.pco, m.pco_len, &pco);
		}
		free(mutant);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(table_of_elements_is_consistent),
	    cmocka_unit_test(create_request_of_sgsnemu_is_read),
	    cmocka_unit_test(create_response_is_written_as_the_specification_draws_it),
	    cmocka_unit_test(echo_and_version_answers_have_the_octets_of_the_specification),
	    cmocka_unit_test(message_cut_at_any_octet_is_short),
	    cmocka_unit_test(message_cut_with_fitting_length_gets_a_cause),
	    cmocka_unit_test(octets_behind_the_message_and_wrong_headers_are_refused),
	    cmocka_unit_test(extension_headers_are_passed_over_by_rule),
	    cmocka_unit_test(every_missing_mandatory_element_is_named),
	    cmocka_unit_test(element_out_of_bounds_is_incorrect_mandatory_or_optional),
	    cmocka_unit_test(unknown_and_repeated_elements_are_passed_over),
	    cmocka_unit_test(every_element_of_every_message_goes_both_ways),
	    cmocka_unit_test(imsi_goes_both_ways_and_keeps_leading_zeros),
	    cmocka_unit_test(apn_labels_must_add_up),
	    cmocka_unit_test(end_user_address_types_are_told_apart),
	    cmocka_unit_test(dns_is_answered_only_when_asked_for_and_known),
	    cmocka_unit_test(mutated_messages_never_decode_out_of_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
