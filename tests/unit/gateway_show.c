/* gateway_show.c - the renderers print what operators' programs look for. */
#include "tests/unit/gateway_fixture.h"

#include "gateway/gateway_show.h"

static char said[16384];
static struct text_fixed fixed;
static struct text out;

static int
clear(void **state)
{
	(void)state;
	text_fixed_init(&fixed, &out, said, sizeof said);
	return 0;
}

static void
summary_has_the_reference_layout_and_true_numbers(void **state)
{
	struct gateway_summary_view v = {.total = 200, .active = 200, .ggsn_ipv4 = 200};

	(void)state;
	gateway_show_summary(&v, &out);
	assert_false(fixed.is_cut);
	assert_int_equal(strncmp(said,
	                         "Total Subscribers:             200\n"
	                         "Active:                        200           Dormant:                       0\n",
	                         35 + 78),
	                 0);
	assert_non_null(
	    strstr(said, "\nggsn-pdp-type-ipv4:            200           lns-l2tp:                      0\n"));
	assert_non_null(strstr(said, "\npcc:                           0\n"));
	assert_non_null(strstr(said, "\ntraffic flow templates:        0\n"));
}

static void
subscriber_table_has_legend_rows_and_total(void **state)
{
	struct gateway_subscriber_view v = {.callid = 0x02000001,
	                                    .imsi = "240010123456789",
	                                    .username = "46702123456",
	                                    .address = addr_v4(0x0a010001),
	                                    .idle_s = 3725};

	(void)state;
	gateway_show_subscribers_head(&out);
	gateway_show_subscriber(&v, &out);
	gateway_show_subscribers_foot(1, &out);
	assert_false(fixed.is_cut);
	assert_int_equal(strncmp(said, "+-----Access  (S) - pdsn-simple-ip", 34), 0);
	assert_non_null(strstr(said, "|             (I) - ggsn-pdp-type-ipv4"));
	assert_non_null(strstr(
	    said, "\nvvvvvv CALLID   MSID            USERNAME               IP                            TIME-IDLE\n"
	          "------ -------- --------------- ---------------------- ----------------------------- ---------\n"
	          "I.CNAI 02000001 240010123456789 46702123456            10.1.0.1                      01h02m05s\n"
	          "\nTotal subscribers matching specified criteria: 1\n"));
}

static void
text_of_a_peer_is_escaped_in_the_table(void **state)
{
	struct gateway_subscriber_view v = {.imsi = "1\n2", .username = "\033[2J"};

	(void)state;
	gateway_show_subscriber(&v, &out);
	assert_null(strchr(said, '\033'));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static void
service_says_started_only_when_it_is(void **state)
{
	struct gateway_service_view v = {.name = "ggsn",
	                                 .context = "gn",
	                                 .bind = addr_v4(FIXTURE_SERVICE),
	                                 .port = 2123,
	                                 .is_srp_activated = true,
	                                 .state = GATEWAY_SERVICE_STARTED,
	                                 .contexts = 3};

	(void)state;
	gateway_show_service(&v, &out);
	assert_non_null(strstr(said, "Service name: ggsn\n"));
	assert_non_null(strstr(said, "Service Status:          Started\n"));
	assert_non_null(strstr(said, "127.0.1.100"));
	for (int s = GATEWAY_SERVICE_NOT_STARTED; s <= GATEWAY_SERVICE_WAITING; s++) {
		(void)clear(NULL);
		v.state = (enum gateway_service_state)s;
		v.bind.family = ADDR_NONE;
		v.reason = "chassis is Standby";
		gateway_show_service(&v, &out);
		assert_null(strstr(said, "Started"));
		assert_non_null(strstr(said, "Service Status:          Not started"));
		assert_non_null(strstr(said, "chassis is Standby"));
		assert_non_null(strstr(said, "Not Done"));
	}
}

static void
msisdn_digits_are_read_up_to_the_filler(void **state)
{
	static const uint8_t msisdn[] = {0x91, 0x64, 0x07, 0x12, 0x32, 0x54, 0xf6};
	static const uint8_t longest[] = {0x91, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11};
	char text[20];

	(void)state;
	gateway_msisdn_text(msisdn, sizeof msisdn, text);
	assert_string_equal(text, "46702123456");
	gateway_msisdn_text(msisdn, 1, text);
	assert_string_equal(text, "-");
	gateway_msisdn_text(msisdn, 0, text);
	assert_string_equal(text, "-");
	gateway_msisdn_text(longest, sizeof longest, text);
	assert_string_equal(text, "1111111111111111");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(summary_has_the_reference_layout_and_true_numbers, clear),
	    cmocka_unit_test_setup(subscriber_table_has_legend_rows_and_total, clear),
	    cmocka_unit_test_setup(text_of_a_peer_is_escaped_in_the_table, clear),
	    cmocka_unit_test_setup(service_says_started_only_when_it_is, clear),
	    cmocka_unit_test_setup(msisdn_digits_are_read_up_to_the_filler, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
