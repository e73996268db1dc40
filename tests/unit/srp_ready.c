/* Claims about the verdict of srp validate-switchover. */
#include "srp/srp_ready.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "srp/srp_types.h"

static struct srp_ready_facts
good(void)
{
	return (struct srp_ready_facts){.state = SRP_ACTIVE,
	                                .peer_state = SRP_STANDBY,
	                                .is_link_up = true,
	                                .has_answer = true,
	                                .is_compared = true,
	                                .compare_error = "",
	                                .finding = "",
	                                .peer_finding = ""};
}

static const char *
words(const struct srp_ready_facts *f)
{
	static char said[300];
	struct text_fixed fixed;
	struct text out;

	text_fixed_init(&fixed, &out, said, sizeof said);
	srp_ready_put(srp_ready_decide(f), f, &out);
	return said;
}

static void
a_pair_without_a_reason_against_it_is_ready(void **state)
{
	struct srp_ready_facts f = good();
	char status[100];

	(void)state;
	assert_int_equal(srp_ready_decide(&f), SRP_READY);
	srp_ready_status(SRP_READY, &f, status, sizeof status);
	assert_string_equal(status, "Remote Chassis - Ready for Switchover");
}

/* Each reason in its words, the strongest last: it must win over all set before. */
static void
every_reason_has_words_and_its_rank(void **state)
{
	struct srp_ready_facts f = good();

	(void)state;
	f.peer_findings = 2;
	f.peer_finding = "x\n";
	assert_string_equal(words(&f), "2 errors in the configuration of the peer chassis (first: x\\x0a)");
	f.findings = 1;
	f.finding = "ip pool p: is not srp-activated";
	assert_string_equal(words(&f),
	                    "1 error in the configuration of this chassis (ip pool p: is not srp-activated)");
	f.differs = 1;
	assert_string_equal(words(&f), "1 line of the configuration differs from the peer's");
	f.differs = 3;
	assert_string_equal(words(&f), "3 lines of the configuration differ from the peer's");
	f.is_compared = false;
	f.compare_error = "the lines could not be compared";
	assert_string_equal(words(&f), "the lines could not be compared");
	f.peer_is_post_processing = true;
	assert_string_equal(words(&f), "post-switchover processing runs on the peer chassis");
	f.is_post_processing = true;
	assert_string_equal(words(&f), "post-switchover processing runs on this chassis");
	f.peer_not_connected = 1;
	assert_string_equal(words(&f), "1 session manager of the peer chassis is not connected");
	f.not_connected = 2;
	assert_string_equal(words(&f), "2 session managers of this chassis are not connected");
	f.peer_state = SRP_INIT;
	assert_string_equal(words(&f), "the peer chassis is not Standby but Init");
	f.has_answer = false;
	assert_string_equal(words(&f), "the peer chassis did not answer in time");
	f.is_link_up = false;
	assert_string_equal(words(&f), srp_answer_text(SRP_ANSWER_LINK_DOWN));
	f.state = SRP_STANDBY;
	assert_string_equal(words(&f), "chassis is not Active");
}

static void
the_status_holds_no_colon(void **state)
{
	struct srp_ready_facts f = good();
	char status[300];

	(void)state;
	f.peer_findings = 2;
	f.peer_finding = "context a: ip pool p: fd00::1";
	srp_ready_status(srp_ready_decide(&f), &f, status, sizeof status);
	assert_null(strchr(status, ':'));
	assert_string_equal(status,
	                    "Remote Chassis - Not Ready for Switchover, 2 errors in the configuration of the peer "
	                    "chassis, see show configuration errors there");
	f.findings = 1;
	f.finding = "context a: ip pool p: fd00::1";
	srp_ready_status(srp_ready_decide(&f), &f, status, sizeof status);
	assert_string_equal(status, "Remote Chassis - Not Ready for Switchover, 1 error in the configuration of this "
	                            "chassis, see show configuration errors");
	f = good();
	f.is_compared = false;
	f.compare_error = "a: b";
	srp_ready_status(srp_ready_decide(&f), &f, status, sizeof status);
	assert_string_equal(status, "Remote Chassis - Not Ready for Switchover, a- b");
	srp_ready_status(srp_ready_decide(&f), &f, status, 20);
	assert_string_equal(status, "Remote Chassis - No");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_pair_without_a_reason_against_it_is_ready),
	    cmocka_unit_test(every_reason_has_words_and_its_rank),
	    cmocka_unit_test(the_status_holds_no_colon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
