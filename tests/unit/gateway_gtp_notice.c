/* gateway_gtp_notice.c - Delete PDP Context Requests of this side: repeated until answered, given up after N3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/gtp1.h"
#include "gateway/gtp_notice.h"

static struct notices *n;
static uint8_t bytes[NOTICE_BYTES];
static size_t len;
static uint32_t wait_ms;

static int
setup(void **state)
{
	(void)state;
	n = notices_new();
	return n == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	notices_free(n);
	return 0;
}

static struct call
call_of(uint32_t teid)
{
	struct call c = {.teid = teid, .nsapi = 6, .service = 0xfedcba98, .peer_teid_control = 0xabc0 + teid};

	c.sgsn_control = addr_v4(0x7f000009);
	c.present = CALL_HAS(CALL_F_SGSN_CONTROL) | CALL_HAS(CALL_F_PEER_TEID_CONTROL);
	return c;
}

static void
add(uint32_t teid, uint8_t cause, uint64_t now)
{
	struct call c = call_of(teid);

	assert_int_equal(notices_add(n, &c, cause, now), ERR_OK);
}

static bool
next(uint64_t now, struct notice *what)
{
	struct wbuf w;
	bool is_due;

	wbuf_init(&w, bytes, sizeof bytes);
	is_due = notices_next(n, now, what, &w, &wait_ms);
	assert_false(w.is_over);
	len = w.len;
	return is_due;
}

static struct gtp1_header
sent(struct gtp1_msg *m)
{
	struct rows_verdict v;
	struct gtp1_header h;
	struct rbuf body;

	assert_int_equal(gtp1_header_decode(bytes, len, &h, &body), ERR_OK);
	*m = (struct gtp1_msg){0};
	assert_int_equal(gtp1_decode(h.type, &body, m, &v), ERR_OK);
	return h;
}

static bool
reply(uint32_t teid, uint16_t seq)
{
	struct gtp1_header h = {.type = GTP1_DELETE_RESPONSE, .has_seq = true, .seq = seq, .teid = teid};
	struct gtp1_msg m = {.cause = GTP1_CAUSE_ACCEPTED};
	uint8_t message[32];
	struct wbuf w;

	gtp1_set(&m, GTP1_IE_CAUSE);
	wbuf_init(&w, message, sizeof message);
	assert_int_equal(gtp1_encode(&h, &m, &w), ERR_OK);
	return notices_answer(n, message, w.len);
}

static void
the_sgsn_is_told_with_its_teid_the_nsapi_teardown_and_the_cause(void **state)
{
	struct gtp1_header h;
	struct gtp1_msg m;
	struct notice what;

	(void)state;
	add(7, 204, 1000);
	assert_true(next(1000, &what));
	assert_true(what.teid == 7 && what.port == 2123 && what.service == 0xfedcba98 && !what.is_unanswered);
	h = sent(&m);
	assert_int_equal(h.type, GTP1_DELETE_REQUEST);
	assert_int_equal(h.teid, 0xabc7);
	assert_true(m.nsapi == 6 && m.cause == 204 && gtp1_has(&m, GTP1_IE_CAUSE) && (m.teardown & 1) == 1);
	add(8, 0, 1000);
	assert_true(next(1000, &what));
	sent(&m);
	assert_false(gtp1_has(&m, GTP1_IE_CAUSE));
}

static void
a_request_is_repeated_with_its_number_and_given_up_after_n3(void **state)
{
	struct gtp1_msg m;
	struct notice what;
	uint16_t seq = 0;

	(void)state;
	add(7, 0, 1000);
	for (unsigned i = 0; i < NOTICE_N3; i++) {
		uint64_t now = 1000 + (uint64_t)i * NOTICE_T3_MS;

		assert_false(i > 0 && next(now - 1, &what));
		assert_true(i == 0 || wait_ms == 1);
		assert_true(next(now, &what) && !what.is_unanswered);
		assert_true(i == 0 || sent(&m).seq == seq);
		seq = sent(&m).seq;
		assert_false(next(now, &what));
		assert_int_equal(wait_ms, NOTICE_T3_MS);
	}
	assert_true(next(1000 + NOTICE_N3 * NOTICE_T3_MS, &what));
	assert_true(what.is_unanswered && what.teid == 7);
	assert_int_equal(notices_waiting(n), 0);
	assert_false(next(UINT64_MAX, &what));
	assert_int_equal(wait_ms, UINT32_MAX);
}

static void
only_the_answer_with_teid_and_number_of_a_request_ends_it(void **state)
{
	struct gtp1_msg m;
	struct notice what;
	uint16_t seq;

	(void)state;
	add(7, 0, 1000);
	assert_false(reply(7, 0)); /* nothing was sent yet */
	assert_true(next(1000, &what));
	seq = sent(&m).seq;
	assert_false(notices_answer(n, bytes, len)); /* a request is no answer */
	assert_false(reply(8, seq));
	assert_false(reply(7, (uint16_t)(seq + 1)));
	assert_false(notices_answer(n, "x", 1));
	assert_int_equal(notices_waiting(n), 1);
	assert_true(reply(7, seq));
	assert_false(reply(7, seq));
	assert_int_equal(notices_waiting(n), 0);
}

static void
a_new_one_does_not_wait_for_those_that_do(void **state)
{
	struct notice what;

	(void)state;
	add(7, 0, 1000);
	assert_true(next(1000, &what));
	add(8, 0, 2000);
	add(9, 0, 2000);
	assert_true(next(2000, &what));
	assert_true(next(2000, &what));
	assert_false(next(2000, &what));
	assert_int_equal(wait_ms, 4000);
	assert_true(next(6000, &what));
	assert_int_equal(what.teid, 7);
}

static void
there_is_a_limit_and_a_call_without_sgsn_is_not_told(void **state)
{
	struct call c = call_of(1);
	struct notice what;

	(void)state;
	c.present = 0;
	assert_int_equal(notices_add(n, &c, 0, 1000), ERR_NOT_FOUND);
	c = call_of(1);
	c.peer_teid_control = 0;
	assert_int_equal(notices_add(n, &c, 0, 1000), ERR_NOT_FOUND);
	for (uint32_t i = 0; i < NOTICE_MAX; i++)
		add(i + 1, 0, 1000);
	c = call_of(1);
	assert_int_equal(notices_add(n, &c, 0, 1000), ERR_FULL);
	for (uint32_t i = 0; i < NOTICE_MAX; i++)
		assert_true(next(1000, &what));
	assert_false(next(1000, &what));
	assert_true(reply(5, 4));
	add(99999, 0, 1000);
	assert_int_equal(notices_waiting(n), NOTICE_MAX);
	notices_forget(n);
	assert_false(next(UINT64_MAX, &what));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_sgsn_is_told_with_its_teid_the_nsapi_teardown_and_the_cause, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(a_request_is_repeated_with_its_number_and_given_up_after_n3, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(only_the_answer_with_teid_and_number_of_a_request_ends_it, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_new_one_does_not_wait_for_those_that_do, setup, teardown),
	    cmocka_unit_test_setup_teardown(there_is_a_limit_and_a_call_without_sgsn_is_not_told, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
