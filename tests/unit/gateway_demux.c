/* gateway_demux.c - where a datagram goes, what is answered at once, what is dropped and under which name. */
#include "tests/unit/gateway_fixture.h"

#include "base/rng.h"

struct decided {
	struct demux_result result;
	uint8_t bytes[GTP1_MESSAGE_MAX];
	size_t len;
};

static struct decided
put(struct demux *d, const void *bytes, size_t len, uint64_t now_ms)
{
	struct decided out = {0};
	struct wbuf w;

	wbuf_init(&w, out.bytes, sizeof out.bytes);
	demux_input(d, bytes, len, now_ms, &w, &out.result);
	out.len = w.len;
	assert_int_equal(out.result.verdict == DEMUX_ANSWER, out.len > 0);
	return out;
}

static struct demux_result
put_create(struct demux *d, const char *imsi, uint64_t now_ms)
{
	struct ask ask = ask_create(imsi, 1);
	uint8_t bytes[GTP1_MESSAGE_MAX];
	size_t len = ask_bytes(&ask, bytes);

	return put(d, bytes, len, now_ms).result;
}

static struct demux *
demux_make(unsigned count, uint32_t imsi_max)
{
	struct demux *d = demux_new(count, imsi_max);

	assert_non_null(d);
	demux_set_restart(d, FIXTURE_RESTART);
	for (unsigned i = 1; i <= count; i++)
		demux_set_ready(d, i, true);
	return d;
}

static uint64_t
imsi_of(const char *text)
{
	uint64_t imsi = 0;

	assert_int_equal(gtp1_imsi_parse(text, &imsi), ERR_OK);
	return imsi;
}

static void
echo_is_answered_with_the_restart_counter(void **state)
{
	static const uint8_t echo[] = {0x32, 1, 0, 4, 0, 0, 0, 0, 0x12, 0x34, 0, 0};
	static const uint8_t want[] = {0x32, 2, 0, 6, 0, 0, 0, 0, 0x12, 0x34, 0, 0, 14, FIXTURE_RESTART};
	struct demux *d = demux_make(2, 16);
	struct decided out = put(d, echo, sizeof echo, 0);

	(void)state;
	assert_int_equal(out.result.reason, DEMUX_REASON_ECHO);
	assert_int_equal(out.len, sizeof want);
	assert_memory_equal(out.bytes, want, sizeof want);
	demux_free(d);
}

static void
message_with_teid_goes_to_the_instance_in_it(void **state)
{
	struct demux *d = demux_make(3, 16);

	(void)state;
	for (unsigned i = 1; i <= 3; i++) {
		struct ask ask = ask_update(teid_make(i, 5, 77), 1);
		uint8_t bytes[GTP1_MESSAGE_MAX];
		size_t len = ask_bytes(&ask, bytes);
		struct decided out = put(d, bytes, len, 0);

		assert_int_equal(out.result.verdict, DEMUX_FORWARD);
		assert_int_equal(out.result.instance, i);
	}
	demux_free(d);
}

static void
teid_of_no_instance_is_answered_non_existent(void **state)
{
	static const uint32_t teids[] = {1, 0x01ffffff, 0x08000000, 0xffffffff};
	struct demux *d = demux_make(3, 16);

	(void)state;
	for (size_t i = 0; i < sizeof teids / sizeof teids[0]; i++) {
		struct ask ask = ask_delete(teids[i], 9);
		static const uint8_t want[] = {0x32, 21, 0, 6, 0, 0, 0, 0, 0, 9, 0, 0, 1, 192};
		uint8_t bytes[GTP1_MESSAGE_MAX];
		size_t len = ask_bytes(&ask, bytes);
		struct decided out = put(d, bytes, len, 0);

		assert_int_equal(out.result.reason, DEMUX_REASON_UNKNOWN_TEID);
		assert_int_equal(out.len, sizeof want);
		assert_memory_equal(out.bytes, want, sizeof want);
	}
	demux_free(d);
}

static void
create_that_asks_for_an_address_goes_to_the_owner_of_its_share(void **state)
{
	struct gateway_config cfg = fixture_config(4);
	struct demux *d = demux_make(4, 1000);

	(void)state;
	demux_set_pools(d, &cfg);
	for (uint32_t host = 1; host < 20; host++) {
		char imsi[GTP1_IMSI_TEXT_MAX];
		struct ask ask;
		uint8_t bytes[GTP1_MESSAGE_MAX];

		snprintf(imsi, sizeof imsi, "240010000000%03u", host);
		ask = ask_create(imsi, (uint16_t)host);
		ask.address = cfg.pools[0].network + host;
		assert_int_equal(put(d, bytes, ask_bytes(&ask, bytes), 0).result.instance, 1 + host % 4);
	}
	demux_free(d);
}

static void
new_subscribers_are_spread_evenly(void **state)
{
	struct demux *d = demux_make(4, 1000);
	unsigned count[5] = {0};
	char imsi[GTP1_IMSI_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		struct demux_result r;

		snprintf(imsi, sizeof imsi, "240010000000%03u", i);
		r = put_create(d, imsi, i);
		assert_int_equal(r.verdict, DEMUX_FORWARD);
		assert_true(r.imsi == imsi_of(imsi));
		count[r.instance]++;
		assert_int_equal(demux_bind(d, r.imsi, r.instance), ERR_OK);
		demux_answered(d, r.imsi);
	}
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(count[i], 50);
		assert_int_equal(demux_load(d, i), 50);
	}
	demux_free(d);
}

static void
repeated_create_in_flight_goes_to_the_same_instance(void **state)
{
	struct demux *d = demux_make(4, 1000);
	struct demux_result first = put_create(d, "240010000000001", 0), again;

	(void)state;
	for (int i = 0; i < 10; i++) {
		(void)put_create(d, "240010000000002", 10);
		again = put_create(d, "240010000000001", 100);
		assert_int_equal(again.instance, first.instance);
	}
	assert_int_equal(demux_load(d, first.instance), 1);
	demux_free(d);
}

static void
subscriber_with_calls_goes_to_their_instance_until_the_last_is_released(void **state)
{
	struct demux *d = demux_make(2, 1000);
	uint64_t imsi = imsi_of("240010000000001");

	(void)state;
	assert_int_equal(demux_bind(d, imsi, 2), ERR_OK);
	assert_int_equal(demux_bind(d, imsi, 2), ERR_OK);
	assert_int_equal(put_create(d, "240010000000001", 0).instance, 2);
	demux_answered(d, imsi);
	assert_int_equal(demux_unbind(d, imsi, 1), ERR_NOT_FOUND);
	assert_int_equal(demux_unbind(d, imsi, 2), ERR_OK);
	assert_int_equal(put_create(d, "240010000000001", 0).instance, 2);
	demux_answered(d, imsi);
	assert_int_equal(demux_unbind(d, imsi, 2), ERR_OK);
	assert_int_equal(demux_unbind(d, imsi, 2), ERR_NOT_FOUND);
	assert_int_equal(demux_load(d, 1) + demux_load(d, 2), 0);
	assert_int_equal(demux_bind(d, imsi, 3), ERR_RANGE);
	assert_int_equal(demux_bind(d, 0, 1), ERR_RANGE);
	demux_free(d);
}

static void
rejected_create_leaves_no_trace(void **state)
{
	struct demux *d = demux_make(2, 4);
	char imsi[GTP1_IMSI_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct demux_result r;

		snprintf(imsi, sizeof imsi, "240010000000%03u", i);
		r = put_create(d, imsi, i);
		assert_int_equal(r.verdict, DEMUX_FORWARD);
		demux_answered(d, r.imsi);
	}
	assert_int_equal(demux_load(d, 1) + demux_load(d, 2), 0);
	assert_int_equal(demux_stats(d)->imsis_refused, 0);
	demux_free(d);
}

static void
unanswered_create_is_forgotten_after_its_time(void **state)
{
	struct demux *d = demux_make(2, 4);

	(void)state;
	(void)put_create(d, "240010000000001", 1000);
	(void)put_create(d, "240010000000002", 1000 + DEMUX_FLIGHT_MS - 1);
	assert_int_equal(demux_load(d, 1) + demux_load(d, 2), 2);
	(void)put(d, "", 0, 1000 + DEMUX_FLIGHT_MS);
	assert_int_equal(demux_load(d, 1) + demux_load(d, 2), 1);
	demux_free(d);
}

static void
full_table_still_forwards_and_counts(void **state)
{
	struct demux *d = demux_make(2, 1);

	(void)state;
	assert_int_equal(demux_bind(d, imsi_of("240010000000001"), 1), ERR_OK);
	assert_int_equal(demux_bind(d, imsi_of("240010000000002"), 1), ERR_FULL);
	assert_int_equal(put_create(d, "240010000000003", 0).verdict, DEMUX_FORWARD);
	assert_int_equal(demux_stats(d)->imsis_refused, 2);
	demux_free(d);
}

static void
instance_that_is_not_ready_gets_nothing(void **state)
{
	struct demux *d = demux_make(2, 16);
	struct ask ask = ask_update(teid_make(1, 0, 0), 1);
	uint8_t bytes[GTP1_MESSAGE_MAX];
	size_t len = ask_bytes(&ask, bytes);

	(void)state;
	assert_int_equal(demux_bind(d, imsi_of("240010000000001"), 1), ERR_OK);
	(void)put_create(d, "240010000000002", 0);
	(void)put_create(d, "240010000000003", 0);
	demux_set_ready(d, 1, false);
	assert_int_equal(demux_load(d, 1), 1); /* its Create in flight is forgotten, its call is not */
	assert_int_equal(put(d, bytes, len, 0).result.reason, DEMUX_REASON_NO_SESSMGR);
	assert_int_equal(put_create(d, "240010000000001", 0).reason, DEMUX_REASON_NO_SESSMGR);
	assert_int_equal(put_create(d, "240010000000004", 0).instance, 2);
	demux_set_ready(d, 2, false);
	assert_int_equal(put_create(d, "240010000000005", 0).reason, DEMUX_REASON_NO_SESSMGR);
	demux_unbind_all(d, 1);
	assert_int_equal(demux_load(d, 1), 0);
	demux_free(d);
}

/* The answer of an SGSN that was told of a purged call: other responses, and those to nobody, are discarded. */
static void
a_delete_response_goes_to_the_instance_in_its_teid(void **state)
{
	struct demux *d = demux_make(2, 16);
	struct decided out = put(d, "\x32\x15\0\6\4\0\0\1\0\1\0\0\1\x80", 14, 0);

	(void)state;
	assert_int_equal(out.result.verdict, DEMUX_FORWARD);
	assert_int_equal(out.result.instance, 2);
	assert_int_equal(put(d, "\x32\x15\0\6\6\0\0\1\0\1\0\0\1\x80", 14, 0).result.reason, DEMUX_REASON_RESPONSE);
	assert_int_equal(put(d, "\x32\x15\0\6\0\0\0\0\0\1\0\0\1\x80", 14, 0).result.reason, DEMUX_REASON_RESPONSE);
	assert_int_equal(put(d, "\x32\x13\0\6\4\0\0\1\0\1\0\0\1\x80", 14, 0).result.reason, DEMUX_REASON_RESPONSE);
	demux_free(d);
}

static void
malformed_datagrams_are_counted_by_reason(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		enum demux_reason reason;
	} cases[] = {
	    {"", 0, DEMUX_REASON_TOO_SHORT},
	    {"\x32\x01\0\4\0\0\0", 7, DEMUX_REASON_TOO_SHORT},
	    {"\x32\x01\0\4\0\0\0\0\0\1\0", 11, DEMUX_REASON_BAD_LENGTH},
	    {"\x32\x01\0\4\0\0\0\0\0\1\0\0\0", 13, DEMUX_REASON_BAD_LENGTH},
	    {"\x22\x01\0\4\0\0\0\0\0\1\0\0", 12, DEMUX_REASON_GTP_PRIME},
	    {"\x36\x01\0\5\0\0\0\0\0\1\0\xc0\0", 13, DEMUX_REASON_BAD_EXTENSION},
	    {"\x30\x01\0\0\0\0\0\0", 8, DEMUX_REASON_NO_SEQUENCE},
	    {"\x32\xee\0\4\0\0\0\0\0\1\0\0", 12, DEMUX_REASON_UNKNOWN_TYPE},
	    {"\x32\x02\0\6\0\0\0\0\0\1\0\0\x0e\1", 14, DEMUX_REASON_RESPONSE},
	    {"\x32\x03\0\4\0\0\0\0\0\1\0\0", 12, DEMUX_REASON_RESPONSE},
	    {"\x52\x03\0\4\0\0\0\0\0\1\0\0", 12, DEMUX_REASON_RESPONSE},
	    {"\x48\x20\0\4\0\0\0\0\0\1\0\0", 12, DEMUX_REASON_VERSION},
	    {"\x1e\x10\0\4\0\0\0\0\0\1\0\0", 12, DEMUX_REASON_VERSION},
	    {"\x32\x14\0\6\0\0\0\0\0\1\0\0\x14\5", 14, DEMUX_REASON_ZERO_TEID},
	    {"\x32\x10\0\4\0\0\0\0\0\1\0\0", 12, DEMUX_REASON_BAD_CREATE},
	};
	struct demux *d = demux_make(2, 16);
	uint8_t oversized[GTP1_MESSAGE_MAX + 1] = {0x32, 1, 0x07, 0xf9};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(put(d, cases[i].bytes, cases[i].len, 0).result.reason, cases[i].reason);
		assert_string_not_equal(demux_reason_text(cases[i].reason), "unknown");
	}
	assert_int_equal(put(d, oversized, sizeof oversized, 0).result.reason, DEMUX_REASON_TOO_LONG);
	assert_int_equal(demux_stats(d)->by_reason[DEMUX_REASON_RESPONSE], 3);
	assert_int_equal(demux_stats(d)->received, demux_stats(d)->discarded + demux_stats(d)->answered);
	demux_free(d);
}

static void
another_version_is_told_ours_and_a_reject_is_not_answered(void **state)
{
	static const uint8_t want[] = {0x32, 3, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0};
	static const uint8_t v2[] = {0x48, 0x20, 0, 8, 0, 0, 0, 0, 0, 1, 0, 0};
	struct demux *d = demux_make(1, 16);
	struct decided out = put(d, v2, sizeof v2, 0);

	(void)state;
	assert_int_equal(out.len, sizeof want);
	assert_memory_equal(out.bytes, want, sizeof want);
	assert_int_equal(put(d, out.bytes, out.len, 0).result.verdict, DEMUX_DISCARD);
	demux_free(d);
}

static void
bad_create_is_answered_to_the_senders_teid(void **state)
{
	struct demux *d = demux_make(1, 16);
	struct ask ask = ask_create("240010000000001", 5);
	uint8_t bytes[GTP1_MESSAGE_MAX];
	struct gtp1_header h;
	struct gtp1_msg m;
	struct rows_verdict v;
	struct rbuf body;
	struct decided out;
	size_t len;

	(void)state;
	ask.without = UINT64_C(1) << GTP1_IE_NSAPI;
	len = ask_bytes(&ask, bytes);
	out = put(d, bytes, len, 0);
	assert_int_equal(out.result.reason, DEMUX_REASON_BAD_CREATE);
	assert_int_equal(gtp1_header_decode(out.bytes, out.len, &h, &body), ERR_OK);
	assert_int_equal(gtp1_decode(h.type, &body, &m, &v), ERR_OK);
	assert_int_equal(h.teid, ask.sgsn_teid);
	assert_int_equal(m.cause, GTP1_CAUSE_MANDATORY_MISSING);
	demux_free(d);
}

/* Random binds, unbinds, Creates and answers against a plain list. */
static void
table_agrees_with_a_plain_list(void **state)
{
	enum { SUBSCRIBERS = 300 };
	struct rng rng = {.state = 5};
	struct demux *d = demux_make(3, SUBSCRIBERS);
	uint8_t owner[SUBSCRIBERS] = {0}, calls[SUBSCRIBERS] = {0};
	uint32_t total = 0;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		uint32_t i = rng_below(&rng, SUBSCRIBERS), instance = rng_below(&rng, 3) + 1;
		char imsi[GTP1_IMSI_TEXT_MAX];

		snprintf(imsi, sizeof imsi, "240010000000%03u", i);
		if (rng_below(&rng, 2) == 0 && calls[i] < 3) {
			uint32_t at = calls[i] > 0 ? owner[i] : instance;

			assert_int_equal(demux_bind(d, imsi_of(imsi), at), ERR_OK);
			owner[i] = (uint8_t)at;
			calls[i]++;
			total++;
		} else {
			enum err e = demux_unbind(d, imsi_of(imsi), owner[i] ? owner[i] : instance);

			assert_int_equal(e, calls[i] > 0 ? ERR_OK : ERR_NOT_FOUND);
			total -= calls[i] > 0;
			calls[i] -= calls[i] > 0;
		}
		if (calls[i] > 0)
			assert_int_equal(put_create(d, imsi, 0).instance, owner[i]);
		else
			(void)put_create(d, imsi, 0);
		demux_answered(d, imsi_of(imsi));
		assert_int_equal(demux_load(d, 1) + demux_load(d, 2) + demux_load(d, 3), total);
	}
	demux_free(d);
}

static void
the_calls_of_a_dead_instance_are_gone_at_once_and_its_replacement_binds_anew(void **state)
{
	enum { MANY = 10000 };
	struct demux *d = demux_make(2, MANY);
	unsigned slices = 1;

	(void)state;
	for (uint64_t i = 1; i <= MANY; i++)
		assert_int_equal(demux_bind(d, i, 1 + i % 2), ERR_OK);
	demux_unbind_all(d, 1);
	assert_int_equal(demux_load(d, 1), 0);
	for (uint64_t i = 2; i <= 1000; i += 2)
		assert_int_equal(demux_unbind(d, i, 1), ERR_NOT_FOUND);
	for (uint64_t i = 2; i <= 200; i += 2)
		assert_int_equal(demux_bind(d, i, 1), ERR_OK);
	/* Nothing of the other is lost, and new ones find room although what is dead was not swept. */
	for (uint64_t i = 1; i <= 1000; i += 2)
		assert_int_equal(demux_unbind(d, i, 2), ERR_OK);
	for (uint64_t i = 1; i <= 1000; i += 2)
		assert_int_equal(demux_bind(d, i, 1), ERR_OK);
	assert_int_equal(demux_bind(d, MANY + 1, 1), ERR_OK);
	while (demux_sweep(d))
		slices++;
	assert_true(slices <= MANY / 4096 + 1);
	assert_int_equal(demux_load(d, 1), 100 + 500 + 1);
	for (uint64_t i = 2; i <= 200; i += 2)
		assert_int_equal(demux_unbind(d, i, 1), ERR_OK);
	demux_free(d);
}

/* Instances that die again and again, with sweeps that never end between: no death brings a call back. */
static void
a_call_of_an_earlier_life_never_comes_back(void **state)
{
	struct demux *d = demux_make(1, 20000);

	(void)state;
	assert_int_equal(demux_bind(d, 99999, 1), ERR_OK);
	for (unsigned life = 0; life < 256; life++)
		demux_unbind_all(d, 1);
	assert_int_equal(demux_unbind(d, 99999, 1), ERR_NOT_FOUND);
	for (uint64_t life = 0; life < 600; life++) {
		for (uint64_t i = 1; i <= 20; i++)
			assert_int_equal(demux_bind(d, life * 20 + i, 1), ERR_OK);
		demux_unbind_all(d, 1);
		for (uint64_t i = 1 + life % 7; i <= (life + 1) * 20; i += 7)
			assert_int_equal(demux_unbind(d, i, 1), ERR_NOT_FOUND);
		if (life % 3 == 0)
			(void)demux_sweep(d);
	}
	demux_free(d);
}

static void
a_subscriber_with_more_calls_than_can_be_counted_is_refused(void **state)
{
	struct demux *d = demux_make(1, 16);

	(void)state;
	for (unsigned i = 0; i < UINT16_MAX; i++)
		assert_int_equal(demux_bind(d, 5, 1), ERR_OK);
	assert_int_equal(demux_bind(d, 5, 1), ERR_FULL);
	assert_int_equal(demux_load(d, 1), UINT16_MAX);
	demux_free(d);
}

/* A Create that was answered and asked again within the same millisecond is one of its own. */
static void
the_oldest_flight_forgotten_is_not_a_younger_one_of_its_subscriber(void **state)
{
	struct demux *d = demux_make(1, 20000);
	char imsi[GTP1_IMSI_TEXT_MAX];

	(void)state;
	(void)put_create(d, "240010000000001", 0);
	demux_answered(d, imsi_of("240010000000001"));
	(void)put_create(d, "240010000000001", 0);
	for (unsigned i = 2; i < DEMUX_FLIGHT_MAX + 1; i++) {
		snprintf(imsi, sizeof imsi, "24001%010u", i);
		(void)put_create(d, imsi, 0);
	}
	assert_int_equal(demux_load(d, 1), DEMUX_FLIGHT_MAX);
	demux_free(d);
}

/* Nothing is answered or forwarded, whatever it is; afterwards everything as before. */
static void
while_a_switchover_converges_everything_is_dropped_under_its_name(void **state)
{
	static const uint8_t echo[] = {0x32, 1, 0, 4, 0, 0, 0, 0, 0x12, 0x34, 0, 0};
	struct demux *d = demux_make(2, 100);

	(void)state;
	demux_set_dropping(d, true);
	assert_int_equal(put(d, echo, sizeof echo, 0).result.verdict, DEMUX_DISCARD);
	assert_int_equal(put(d, "x", 1, 0).result.reason, DEMUX_REASON_SWITCHOVER);
	assert_int_equal(put_create(d, "240010000000001", 0).reason, DEMUX_REASON_SWITCHOVER);
	assert_int_equal(demux_stats(d)->by_reason[DEMUX_REASON_SWITCHOVER], 3);
	assert_int_equal(demux_stats(d)->discarded, 3);
	assert_int_equal(demux_load(d, 1) + demux_load(d, 2), 0);
	demux_set_dropping(d, false);
	assert_int_equal(put(d, echo, sizeof echo, 0).result.verdict, DEMUX_ANSWER);
	assert_int_equal(put_create(d, "240010000000001", 0).verdict, DEMUX_FORWARD);
	demux_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(echo_is_answered_with_the_restart_counter),
	    cmocka_unit_test(message_with_teid_goes_to_the_instance_in_it),
	    cmocka_unit_test(teid_of_no_instance_is_answered_non_existent),
	    cmocka_unit_test(create_that_asks_for_an_address_goes_to_the_owner_of_its_share),
	    cmocka_unit_test(new_subscribers_are_spread_evenly),
	    cmocka_unit_test(repeated_create_in_flight_goes_to_the_same_instance),
	    cmocka_unit_test(subscriber_with_calls_goes_to_their_instance_until_the_last_is_released),
	    cmocka_unit_test(rejected_create_leaves_no_trace),
	    cmocka_unit_test(unanswered_create_is_forgotten_after_its_time),
	    cmocka_unit_test(full_table_still_forwards_and_counts),
	    cmocka_unit_test(instance_that_is_not_ready_gets_nothing),
	    cmocka_unit_test(malformed_datagrams_are_counted_by_reason),
	    cmocka_unit_test(another_version_is_told_ours_and_a_reject_is_not_answered),
	    cmocka_unit_test(bad_create_is_answered_to_the_senders_teid),
	    cmocka_unit_test(while_a_switchover_converges_everything_is_dropped_under_its_name),
	    cmocka_unit_test(table_agrees_with_a_plain_list),
	    cmocka_unit_test(a_delete_response_goes_to_the_instance_in_its_teid),
	    cmocka_unit_test(the_calls_of_a_dead_instance_are_gone_at_once_and_its_replacement_binds_anew),
	    cmocka_unit_test(a_call_of_an_earlier_life_never_comes_back),
	    cmocka_unit_test(a_subscriber_with_more_calls_than_can_be_counted_is_refused),
	    cmocka_unit_test(the_oldest_flight_forgotten_is_not_a_younger_one_of_its_subscriber),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
