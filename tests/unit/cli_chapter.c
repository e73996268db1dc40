/* cli_chapter.c - the configuration blocks of the interchassis session recovery chapter, line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/cli_rig.h"

static int
setup(void **state)
{
	*state = rig_new(CLI_ADMINISTRATOR);
	return 0;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static void
loads_clean(struct rig *r, const char *text)
{
	if (rig_load(r, cli_running(r->cli), text, strlen(text)) != 0)
		fail_msg("line %u: %s", r->refused_line, r->refused);
}

static void
prints_as(struct rig *r, const char *text)
{
	char *printed = rig_print(cli_running(r->cli));

	assert_string_equal(printed, text);
	free(printed);
}

static void
enter_srp(struct rig *r)
{
	rig_type(r, "configure");
	rig_type(r, "context srp -noconfirm");
	rig_type(r, "service-redundancy-protocol");
}

static void
the_chapters_blocks_load(void **state)
{
	struct rig *r = *state;

	loads_clean(
	    r, "configure\ncontext srp_ctxt_name -noconfirm\nservice-redundancy-protocol\nbind address 192.0.2.1\nend\n"
	       "configure\ncontext srp_ctxt_name\nservice-redundancy-protocol\nchassis-mode primary\npriority 1\n"
	       "peer-ip-address 192.0.2.2\nhello-interval 10\ndead-interval 30\nend\n"
	       "configure\n  context srp_ctxt_name\n    service-redundancy-protocol variable\n"
	       "    standby database-recovery aggressive\n   end\n"
	       "configure\ncontext srp_ctxt_name -noconfirm\n    interface srp_if_name\n    ip-address 192.0.2.1/24\n"
	       "    exit\n    exit\n    exit\n    port ethernet 1/10\n    description \"srp port\"\n"
	       "    medium speed 1000 duplex full\n    no shutdown\n    bind interface srp_if_name srp_ctxt_name\n    "
	       "end\n");
	prints_as(r, "config\n"
	             "  context srp_ctxt_name\n"
	             "    interface srp_if_name\n"
	             "      ip address 192.0.2.1 255.255.255.0\n"
	             "    #exit\n"
	             "    service-redundancy-protocol\n"
	             "      chassis-mode primary\n"
	             "      priority 1\n"
	             "      peer-ip-address 192.0.2.2\n"
	             "      hello-interval 10\n"
	             "      dead-interval 30\n"
	             "      standby database-recovery aggressive\n"
	             "      bind address 192.0.2.1\n"
	             "    #exit\n"
	             "  #exit\n"
	             "  port ethernet 1/10\n"
	             "    description \"srp port\"\n"
	             "    medium speed 1000 duplex full\n"
	             "    no shutdown\n"
	             "    bind interface srp_if_name srp_ctxt_name\n"
	             "  #exit\n"
	             "end\n");
}

/* Every line of "Configuring SRP Context Parameters" behind the basic ones. */
static const char parameters[] =
    "config\n"
    "  context srp\n"
    "    service-redundancy-protocol\n"
    "      guard-timer aaa-switchover-timers damping-period 61\n"
    "      guard-timer aaa-switchover-timers guard-period 62\n"
    "      guard-timer diameter-switchover-timers damping-period 63\n"
    "      guard-timer diameter-switchover-timers guard-period 64\n"
    "      guard-timer srp-redundancy-timers aaa damping-period 65\n"
    "      guard-timer srp-redundancy-timers aaa guard-period 66\n"
    "      guard-timer srp-redundancy-timers bgp damping-period 67\n"
    "      guard-timer srp-redundancy-timers bgp guard-period 68\n"
    "      guard-timer srp-redundancy-timers diam damping-period 69\n"
    "      guard-timer srp-redundancy-timers diam guard-period 70\n"
    "      dscp-marking control af11\n"
    "      dscp-marking session ef\n"
    "      switchover allow-all-data-traffic\n"
    "      switchover allow-volte-data-traffic maintain-accounting\n"
    "      switchover allow-early-active-transition\n"
    "      switchover control-outage-optimization\n"
    "    #exit\n"
    "  #exit\n"
    "  require graceful-cleanup-during-audit-failure del-cause non-ims-apn system-failure\n"
    "end\n";

static void
the_chapters_parameters_load_and_print_as_they_are(void **state)
{
	loads_clean(*state, parameters);
	prints_as(*state, parameters);
}

static void
a_dscp_value_that_does_not_exist_is_refused(void **state)
{
	struct rig *r = *state;

	enter_srp(r);
	assert_string_equal(rig_type(r, "dscp-marking control cs8"),
	                    "Unknown command - \"cs8\", unrecognized keyword\n");
	assert_string_equal(rig_type(r, "dscp-marking control cs7"), "");
	assert_string_equal(rig_type(r, "dscp-marking control c"), "Ambiguous command - \"c\"\n");
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(the_chapters_blocks_load),
	    T(the_chapters_parameters_load_and_print_as_they_are),
	    T(a_dscp_value_that_does_not_exist_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
