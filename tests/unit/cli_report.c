/* cli_report.c - show configuration errors: its frame, the walk, secrets and lines without effect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/cfg_internal.h"
#include "cli/cfg_report.h"
#include "srp/srp_errors_show.c"
#include "srp/srp_types.c"
#include "tests/unit/cli_rig.h"

#define RULE "######################################################################################\n"

static const char file[] = "context isp\nradius server 10.0.0.9 encrypted key 01abd002c82b4a2c\n"
                           "radius server 10.0.0.10 key hush\nip pool p 10.0.0.0/8 group-name g\n"
                           "router bgp 65001\nneighbor 10.0.0.1 remote-as 65002\n#exit\n#exit\n";

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
a_section_counts_errors_then_warnings(void **state)
{
	struct rig *r = *state;
	struct cfg_report report;

	rig_clear(r);
	cfg_report_init(&report, &r->out, false);
	cfg_report_begin(&report, "First errors");
	cfg_report_error(&report, NULL, NULL, "one");
	cfg_report_error(&report, NULL, NULL, "two");
	cfg_report_warning(&report, NULL, NULL, "three");
	cfg_report_end(&report);
	cfg_report_begin(&report, "Second errors");
	cfg_report_end(&report);
	assert_string_equal(r->screen,
	                    RULE "#                   Displaying First errors\n" RULE "Error   : one\nError   : two\n"
	                         "Total 2 error(s) in this section !\n\nWarning : three\n"
	                         "Total 1 warning(s) in this section!\n\n");
	assert_int_equal(report.all_errors, 2);
	assert_int_equal(report.all_warnings, 1);
}

static void
verbose_prints_sections_that_found_nothing(void **state)
{
	struct rig *r = *state;
	struct cfg_report report;

	rig_clear(r);
	cfg_report_init(&report, &r->out, true);
	cfg_report_begin(&report, "First errors");
	cfg_report_end(&report);
	assert_string_equal(r->screen,
	                    RULE "#                   Displaying First errors\n" RULE
	                         "Total 0 error(s) in this section !\n\nTotal 0 warning(s) in this section!\n\n");
}

static void
the_walk_gives_every_line_in_force_once_and_passes_blocks_over(void **state)
{
	struct rig *r = *state;
	struct cfg *cfg = cli_running(r->cli);
	struct cfg_walk w;
	const struct cfg_node *n;
	unsigned all = 0, outside = 0;

	cfg_walk_init(&w, cfg);
	assert_null(cfg_walk_next(&w));
	loads_clean(r, file);
	assert_true(cfg_walk_is_stale(&w));
	cfg_walk_init(&w, cfg);
	while (cfg_walk_next(&w))
		all++;
	assert_null(cfg_walk_next(&w));
	assert_int_equal(all, cfg_lines(cfg));
	cfg_walk_init(&w, cfg);
	while ((n = cfg_walk_next(&w))) {
		outside++;
		if (cfg_row(cfg, n)->id == ROUTING_ROW_BGP)
			cfg_walk_skip(&w);
	}
	assert_int_equal(outside, all - 1);
	rig_type(r, "configure");
	rig_type(r, "context srp -noconfirm");
	rig_type(r, "service-redundancy-protocol");
	rig_type(r, "hello-interval 60"); /* breaks the rule: not in force */
	cfg_walk_init(&w, cfg);
	for (all = 0; (n = cfg_walk_next(&w)); all++)
		assert_int_not_equal(cfg_row(cfg, n)->id, SRP_ROW_HELLO);
	assert_int_equal(all, outside + 1 + 2);
}

static void
a_secret_of_another_chassis_is_kept_and_told(void **state)
{
	struct rig *r = *state;
	struct cfg *cfg = cli_running(r->cli);
	struct cfg_report report;
	struct cfg_walk w;
	const struct cfg_node *n;

	loads_clean(r, file);
	assert_non_null(strstr(rig_type(r, "show configuration"), " encrypted key 01abd002c82b4a2c\n"));
	rig_clear(r);
	cfg_report_init(&report, &r->out, false);
	cfg_report_begin(&report, "secrets");
	cfg_walk_init(&w, cfg);
	while ((n = cfg_walk_next(&w)))
		cfg_report_secret(&report, cfg, n);
	assert_int_equal(report.all_errors, 1);
	assert_non_null(strstr(r->screen,
	                       "Error   : context isp: radius server 10.0.0.9 encrypted key 01abd002c82b4a2c: "
	                       "this chassis cannot open the secret"));
}

static void
what_has_no_effect_yet_is_told_once_a_block(void **state)
{
	struct rig *r = *state;
	struct cfg *cfg = cli_running(r->cli);
	struct cfg_report report;
	struct cfg_walk w;
	const struct cfg_node *n;

	loads_clean(r, file);
	rig_clear(r);
	cfg_report_init(&report, &r->out, false);
	cfg_report_begin(&report, "no effect");
	cfg_walk_init(&w, cfg);
	while ((n = cfg_walk_next(&w)))
		if (cfg_report_idle(&report, cfg, n))
			cfg_walk_skip(&w);
	assert_int_equal(report.all_warnings, 4);
	assert_non_null(strstr(r->screen, "Warning : context isp: router bgp 65001: has no effect yet\n"));
	assert_non_null(strstr(r->screen, " group-name g: group-name has no effect yet\n"));
	assert_null(strstr(r->screen, "neighbor"));
}

/* srp_says - what the section of redundancy says of @lines in the block. */
static const char *
srp_says_of(const char *lines, const struct srp_hello *peer)
{
	static char said[4096];
	struct rig *r = rig_new(CLI_ADMINISTRATOR);
	struct cfg_report report;
	char text[2048];

	snprintf(text, sizeof text, "context isp\n#exit\ncontext srp\nservice-redundancy-protocol\n%s", lines);
	loads_clean(r, text);
	rig_clear(r);
	cfg_report_init(&report, &r->out, false);
	cfg_report_begin(&report, "x");
	srp_show_errors(cli_running(r->cli), &report, peer);
	snprintf(said, sizeof said, "%s", r->screen);
	rig_free(r);
	return said;
}

static const char *
srp_says(const char *lines)
{
	return srp_says_of(lines, NULL);
}

static void
what_the_peer_has_as_well_is_told(void **state)
{
	static const char own[] = "bind address 10.0.0.1\npeer-ip-address 10.0.0.2\nchassis-mode primary\npriority 7\n";
	struct srp_hello peer = {.mode = SRP_MODE_BACKUP, .priority = 8};
	const char *said;

	(void)state;
	said = srp_says_of(own, &peer);
	assert_null(strstr(said, "as well"));
	peer.mode = SRP_MODE_PRIMARY;
	said = srp_says_of(own, &peer);
	assert_non_null(strstr(said, "Warning : context srp: service-redundancy-protocol: chassis-mode primary: "
	                             "the peer is the Primary as well\n"));
	assert_null(strstr(said, "Error"));
	peer.priority = 7;
	assert_non_null(strstr(srp_says_of(own, &peer), "priority 7: the peer has priority 7 as well\n"));
}

static void
rules_of_the_redundancy_link_are_told(void **state)
{
	static const char ends[] = "bind address 10.0.0.1\npeer-ip-address 10.0.0.2\n";
	char text[1024];

	(void)state;
	assert_string_equal(srp_says(ends), "");
	assert_non_null(strstr(srp_says(""), "has no bind address"));
	assert_non_null(strstr(srp_says("bind address 10.0.0.1\n"), "has no peer-ip-address"));
	assert_non_null(
	    strstr(srp_says("bind address 10.0.0.1\npeer-ip-address 2001:db8::1\n"), "of different families"));
	assert_non_null(strstr(srp_says("bind address 10.0.0.1\npeer-ip-address 10.0.0.1\n"), "are the same"));
	snprintf(text, sizeof text,
	         "%sswitchover allow-volte-data-traffic maintain-accounting\nswitchover allow-all-data-traffic\n",
	         ends);
	assert_null(strstr(srp_says(text), "Error"));
	assert_non_null(strstr(srp_says(text),
	                       "Warning : context srp: service-redundancy-protocol: "
	                       "switchover allow-volte-data-traffic maintain-accounting: does not count"));
	snprintf(text, sizeof text, "%smonitor bgp context isp 10.1.1.1\n", ends);
	assert_string_equal(srp_says(text), "");
	strcat(text, "monitor bgp context nowhere 10.1.1.1\n");
	assert_non_null(strstr(srp_says(text), "monitor bgp context nowhere 10.1.1.1: the context does not exist\n"));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_section_counts_errors_then_warnings),
	    T(verbose_prints_sections_that_found_nothing),
	    T(the_walk_gives_every_line_in_force_once_and_passes_blocks_over),
	    T(a_secret_of_another_chassis_is_kept_and_told),
	    T(what_has_no_effect_yet_is_told_once_a_block),
	    T(rules_of_the_redundancy_link_are_told),
	    T(what_the_peer_has_as_well_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
