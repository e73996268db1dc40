/* cli_session.c - what an operator sees: prompts, abbreviations, errors, questions, filters, Tab and help. */
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

#define SAYS(r, line, text) assert_string_equal(rig_type(r, line), text)
#define PROMPT(r, text)     assert_string_equal(rig_prompt(r), text)

static void
prompts_follow_the_modes(void **state)
{
	struct rig *r = *state;

	PROMPT(r, "[local]starling# ");
	SAYS(r, "configure", "");
	PROMPT(r, "[local]starling(config)# ");
	SAYS(r, "system hostname chassis-a", "");
	PROMPT(r, "[local]chassis-a(config)# ");
	SAYS(r, "context srp -noconfirm", "");
	PROMPT(r, "[srp]chassis-a(config-ctx)# ");
	SAYS(r, "service-redundancy-protocol", "");
	PROMPT(r, "[srp]chassis-a(config-srp)# ");
	SAYS(r, "exit", "");
	SAYS(r, "interface lo0 loopback", "");
	PROMPT(r, "[srp]chassis-a(config-if-loopback)# ");
	SAYS(r, "#exit", "");
	SAYS(r, "interface eth0", "");
	PROMPT(r, "[srp]chassis-a(config-if-eth)# ");
	SAYS(r, "end", "");
	PROMPT(r, "[local]chassis-a# ");
	SAYS(r, "conf", "");
	SAYS(r, "port ethernet 1/10", "");
	PROMPT(r, "[local]chassis-a(config-port-1/10)# ");
	SAYS(r, "end", "");
	SAYS(r, "context srp", "");
	PROMPT(r, "[srp]chassis-a# ");
	SAYS(r, "context nowhere", "Failure: context nowhere does not exist\n");
	assert_true(r->last.has_failed);
	SAYS(r, "exit", "");
	assert_int_equal(r->last.state, CLI_STATE_EXIT);
}

static void
operators_see_another_sign_and_cannot_configure(void **state)
{
	struct rig *r = rig_new(CLI_OPERATOR);

	(void)state;
	PROMPT(r, "[local]starling> ");
	SAYS(r, "configure", "Unknown command - \"configure\", unrecognized keyword\n");
	SAYS(r, "srp initiate-switchover", "Unknown command - \"initiate-switchover\", unrecognized keyword\n");
	SAYS(r, "show configuration", "config\nend\n");
	rig_free(r);
	r = rig_new(CLI_INSPECTOR);
	SAYS(r, "show configuration", "Unknown command - \"configuration\", unrecognized keyword\n");
	rig_free(r);
}

static void
unique_abbreviations_and_capitals_are_accepted(void **state)
{
	struct rig *r = *state;
	char *printed;

	assert_non_null(strstr(rig_type(r, "sh ver"), "Image Version"));
	assert_non_null(strstr(rig_type(r, "Show Version"), "Image Version"));
	SAYS(r, "SHOW CONF", "config\nend\n");
	SAYS(r, "term len 0", "");
	SAYS(r, "terminal width 512", "");
	SAYS(r, "no timestamps", "");
	SAYS(r, "conf", "");
	SAYS(r, "cont x -n", "");
	SAYS(r, "serv", "");
	SAYS(r, "chassis p", "");
	SAYS(r, "standby data aggr", "");
	printed = rig_print(cli_running(r->cli));
	assert_non_null(strstr(printed, "chassis-mode primary\n      standby database-recovery aggressive"));
	free(printed);
}

static void
errors_name_what_is_wrong(void **state)
{
	struct rig *r = *state;

	SAYS(r, "frobnicate", "Unknown command - \"frobnicate\", unrecognized keyword\n");
	assert_true(r->last.has_failed);
	SAYS(r, "show frob", "Unknown command - \"frob\", unrecognized keyword\n");
	SAYS(r, "show version now", "Unknown command - \"now\", unrecognized keyword\n");
	SAYS(r, "c", "Ambiguous command - \"c\"\n");
	SAYS(r, "con", "Ambiguous command - \"con\"\n");
	SAYS(r, "show s", "Ambiguous command - \"s\"\n");
	SAYS(r, "show", "Incomplete command\n");
	SAYS(r, "show subscribers", "Incomplete command\n");
	SAYS(r, "terminal length", "Incomplete command\n");
	SAYS(r, "show configuration context", "Incomplete command\n");
	SAYS(r, "terminal length x", "Failure: \"x\" is not a number in the range 0 to 4294967295\n");
	SAYS(r, "save configuration /etc/passwd", "Failure: \"/etc/passwd\" is not a file in /flash/\n");
	SAYS(r, "save configuration /flash/../x", "Failure: \"/flash/../x\" is not a file in /flash/\n");
	SAYS(r, "show \"version", "Failure: a quotation mark has no end\n");
	SAYS(r, "show\x01version", "Failure: byte 0x01 at column 5 cannot be part of a command\n");
	rig_type(r, "configure");
	SAYS(r, "boot system priority 101", "Failure: priority 101 must be in the range 1 to 100\n");
	SAYS(r, "no boot system priority 5", "");
	assert_int_equal(r->events, 1);
	SAYS(r, "no context nowhere", "Failure: context nowhere does not exist\n");
	rig_type(r, "context srp -noconfirm");
	rig_type(r, "service-redundancy-protocol");
	SAYS(r, "priority 0", "Failure: priority 0 must be in the range 1 to 255\n");
	SAYS(r, "bind address 300.1.1.1", "Failure: \"300.1.1.1\" is not an IP address\n");
	SAYS(r, "chassis-mode third", "Unknown command - \"third\", unrecognized keyword\n");
	assert_true(r->last.has_failed);
}

static void
too_many_words_and_too_long_lines_are_refused(void **state)
{
	struct rig *r = *state;
	char line[2 * CLI_LINE_MAX];

	for (unsigned i = 0; i < 2000; i++)
		memcpy(line + 2 * i, "a ", 2);
	line[3999] = '\0';
	SAYS(r, line, "Failure: the line has more than 120 words\n");
	memset(line, 'a', CLI_LINE_MAX + 1);
	line[CLI_LINE_MAX + 1] = '\0';
	SAYS(r, line, "Failure: the line is longer than 4000 characters\n");
	line[CLI_LINE_MAX] = '\0';
	assert_memory_equal(rig_type(r, line), "Unknown command - \"aaaa", 20);
}

static void
remarks_and_blank_lines_do_nothing(void **state)
{
	struct rig *r = *state;

	SAYS(r, "", "");
	SAYS(r, "   ", "");
	SAYS(r, "# anything | at all \"", "");
	assert_false(r->last.has_failed);
	SAYS(r, "#exit", "");
	assert_int_equal(r->last.state, CLI_STATE_DONE);
	rig_type(r, "configure");
	SAYS(r, "#exit", "");
	PROMPT(r, "[local]starling(config)# ");
}

static void
help_names_noconfirm_wherever_a_question_may_come(void **state)
{
	static const char *const exec[] = {"srp initiate-switchover ", "srp initiate-switchover force ",
	                                   "srp initiate-switchover -", "clear subscribers all ",
	                                   "save configuration /flash/x.cfg "};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof exec / sizeof exec[0]; i++)
		assert_non_null(strstr(rig_help(r, exec[i]), "  -noconfirm"));
	assert_string_equal(rig_tab(r, "clear subscribers all -n"), "-noconfirm\n");
	rig_type(r, "configure");
	assert_non_null(strstr(rig_help(r, "context fresh "), "  -noconfirm"));
	rig_type(r, "context there -noconfirm");
	rig_type(r, "exit");
	assert_non_null(strstr(rig_help(r, "no context there "), "  -noconfirm"));
}

static void
the_context_local_is_offered_though_no_line_names_it(void **state)
{
	struct rig *r = *state;

	assert_non_null(strstr(rig_help(r, "context "), "  local "));
	assert_string_equal(rig_tab(r, "context lo"), "local\n");
	rig_type(r, "configure");
	assert_non_null(strstr(rig_help(r, "context "), "  local "));
	rig_type(r, "context local");
	rig_type(r, "end");
	assert_string_equal(rig_tab(r, "context lo"), "local\n");
	assert_null(strstr(strstr(rig_help(r, "context "), "  local ") + 1, "  local "));
}

static void
do_show_reaches_the_views_of_exec_from_any_mode_and_nothing_else(void **state)
{
	struct rig *r = *state;

	assert_string_equal(rig_type(r, "do show version"), "Unknown command - \"do\", unrecognized keyword\n");
	rig_type(r, "configure");
	rig_type(r, "context srp -noconfirm");
	assert_non_null(strstr(rig_type(r, "do show version"), "Image Version"));
	assert_string_equal(rig_type(r, "do sh ver | count"), "Count: 3 lines\n");
	assert_string_equal(rig_type(r, "do show"), "Incomplete command\n");
	assert_string_equal(rig_type(r, "do show nonsense"), "Unknown command - \"nonsense\", unrecognized keyword\n");
	assert_non_null(strstr(rig_type(r, "do configure"), "Unknown command"));
	assert_non_null(strstr(rig_type(r, "do srp initiate-switchover"), "Unknown command"));
	assert_int_equal(r->events, 0);
	assert_string_equal(rig_tab(r, "do "), "show\n");
	assert_string_equal(rig_tab(r, "do show ver"), "version\n");
	assert_non_null(strstr(rig_help(r, "do show srp "), "  statistics "));
	assert_string_equal(rig_prompt(r), "[srp]starling(config-ctx)# ");
}

static void
questions_are_asked_and_only_yes_is_yes(void **state)
{
	struct rig *r = *state;

	SAYS(r, "clear subscribers all", "");
	assert_int_equal(r->last.state, CLI_STATE_ASKS);
	PROMPT(r, "Are you sure? [Yes|No]: ");
	SAYS(r, "no", "Action aborted\n");
	assert_int_equal(r->events, 0);
	rig_type(r, "clear subscribers all");
	SAYS(r, "", "Action aborted\n");
	rig_type(r, "clear subscribers all");
	SAYS(r, "yesterday", "Action aborted\n");
	rig_type(r, "clear subscribers all");
	SAYS(r, "Y", "");
	assert_int_equal(r->events, 1);
	rig_type(r, "clear subscribers all");
	SAYS(r, " yes\r", "");
	SAYS(r, "clear subscribers all -n", "");
	assert_int_equal(r->events, 3);
	SAYS(r, "save configuration /flash/a.cfg", "");
	assert_int_equal(r->last.state, CLI_STATE_ASKS);
	SAYS(r, "yes", "");
	SAYS(r, "save configuration /flash/a.cfg -r -n", "");
	SAYS(r, "save configuration /flash/a.cfg -noconfirm -redundant", "");
	assert_int_equal(r->events, 6);
	SAYS(r, "autoconfirm", "");
	SAYS(r, "clear subscribers all", "");
	assert_int_equal(r->events, 7);
	SAYS(r, "no autoconfirm", "");
	rig_type(r, "clear subscribers all");
	cli_session_interrupt(r->s);
	PROMPT(r, "[local]starling# ");
}

static void
creating_a_context_asks_and_entering_it_does_not(void **state)
{
	struct rig *r = *state;

	rig_type(r, "configure");
	rig_type(r, "context a");
	assert_int_equal(r->last.state, CLI_STATE_ASKS);
	rig_type(r, "n");
	PROMPT(r, "[local]starling(config)# ");
	assert_int_equal(cfg_lines(cli_running(r->cli)), 0);
	rig_type(r, "context a");
	SAYS(r, "y", "");
	PROMPT(r, "[a]starling(config-ctx)# ");
	rig_type(r, "exit");
	SAYS(r, "context a", "");
	assert_int_equal(r->last.state, CLI_STATE_DONE);
	rig_type(r, "exit");
	SAYS(r, "context local", "");
	assert_int_equal(r->last.state, CLI_STATE_DONE);
}

static void
a_block_removed_by_another_session_is_left(void **state)
{
	struct rig *r = *state;
	struct cli_session *other = cli_session_new(r->cli, "other", CLI_ADMINISTRATOR, r->out, NULL, NULL);

	rig_type(r, "configure");
	rig_type(r, "context a -noconfirm");
	rig_type(r, "interface i");
	cli_session_line(other, "configure", 9);
	cli_session_line(other, "no context a -noconfirm", 23);
	SAYS(r, "exit", "");
	PROMPT(r, "[local]starling# ");
	cli_session_free(other);
}

static void
filters_work_line_by_line_and_across_steps(void **state)
{
	struct rig *r = *state;

	SAYS(r, "show version | grep Build", "  Image Build Number:             7\n");
	SAYS(r, "show version |grep -v Image", "Active Software:\n");
	SAYS(r, "show version | grep -i 'image version'", "  Image Version:                  1.0\n");
	SAYS(r, "show version | grep -E \"Version|Active\"",
	     "Active Software:\n  Image Version:                  1.0\n");
	SAYS(r, "show version | count", "Count: 3 lines\n");
	SAYS(r, "show version | gr -vi BUILD | c", "Count: 2 lines\n");
	SAYS(r, "show subscribers all | grep 3", "line 3 of a long output\n");
	SAYS(r, "show subscribers all | grep long | count", "Count: 5 lines\n");
	assert_int_equal(r->finished, 2);
	assert_non_null(strstr(rig_type(r, "show version | more"), "Active Software"));
	SAYS(r, "show version | frob", "Unknown command - \"frob\", unrecognized keyword\n");
	SAYS(r, "show version |", "Incomplete command\n");
	SAYS(r, "| grep x", "Incomplete command\n");
	SAYS(r, "show version | grep", "Failure: grep needs a pattern\n");
	SAYS(r, "show version | grep -A2 a", "Failure: the options of grep are -E, -i and -v\n");
	SAYS(r, "show version | grep a b", "Failure: grep takes one pattern; put blanks in quotation marks\n");
	SAYS(r, "show version | grep 'a", "Failure: a quotation mark has no end\n");
	assert_memory_equal(rig_type(r, "show version | grep '['"), "Failure: the pattern is wrong", 29);
	SAYS(r, "show version | grep -E '(a)\\1'", "Failure: a pattern cannot refer back\n");
	SAYS(r, "show version | grep -E '(a{9}){9}'", "Failure: a pattern may hold one { } only\n");
	SAYS(r, "show version | json", "Failure: this command has no JSON form\n");
	SAYS(r, "show srp info | grep x | json", "Failure: json must be the first behind the bar\n");
	SAYS(r, "show srp info | json x", "Failure: nothing more is expected behind count, more or json\n");
	SAYS(r, "show alarm outstanding | grep nothing", "Failure: not now\n");
	SAYS(r, "clear subscribers all | frob", "Unknown command - \"frob\", unrecognized keyword\n");
	assert_int_equal(r->events, 0);
}

static void
pending_commands_are_finished_by_the_application(void **state)
{
	struct rig *r = *state;

	SAYS(r, "srp initiate-switchover -noconfirm", "");
	assert_int_equal(r->last.state, CLI_STATE_PENDING);
	SAYS(r, "show version", ""); /* ignored meanwhile */
	cli_session_finish(r->s, false);
	assert_int_equal(r->last.state, CLI_STATE_DONE);
	assert_true(r->last.has_failed);
	assert_int_equal(r->finished, 1);
	rig_type(r, "srp initiate-s force -n");
	r->last = cli_session_interrupt(r->s);
	assert_int_equal(r->finished, 2);
	cli_session_finish(r->s, true); /* too late: nothing happens */
	assert_int_equal(r->finished, 2);
}

static void
timestamps_stand_before_output(void **state)
{
	struct rig *r = *state;

	setenv("TZ", "UTC", 1);
	SAYS(r, "timestamps", "");
	assert_memory_equal(rig_type(r, "show version"), "Monday November 25 14:12:58 UTC 2019\nActive Software:\n",
	                    54);
	SAYS(r, "terminal length 0", "");
	SAYS(r, "no timestamps", "");
	assert_memory_equal(rig_type(r, "show version"), "Active Software:\n", 17);
	rig_type(r, "configure");
	SAYS(r, "timestamps", "");
	rig_type(r, "end");
	assert_memory_equal(rig_type(r, "show version"), "Active Software:\n", 17); /* this operator said no */
}

static void
tab_offers_what_the_word_can_become(void **state)
{
	struct rig *r = *state;

	assert_string_equal(rig_tab(r, "sho"), "show\n");
	assert_string_equal(rig_tab(r, "con"), "configure\ncontext\n");
	assert_string_equal(
	    rig_tab(r, "show srp "),
	    "audit-statistics\ncall-loss\ncheckpoint\ndetails\nhistory\ninfo\nmicro-checkpoint\nmonitor\nstatistics\n");
	assert_string_equal(rig_tab(r, "show srp ch"), "checkpoint\n");
	assert_string_equal(rig_tab(r, "show srp checkpoint statistics v"), "verbose\n");
	assert_string_equal(rig_tab(r, "show configuration "), "archive\ncontext\ndiff\nerrors\nsrp\n");
	assert_string_equal(rig_tab(r, "show version | "), "count\ngrep\njson\nmore\n");
	assert_string_equal(rig_tab(r, "show version | g"), "grep\n");
	assert_string_equal(rig_tab(r, "show version | grep foo "), "");
	assert_string_equal(rig_tab(r, "frob "), "");
	assert_string_equal(rig_tab(r, "no "), "autoconfirm\ntimestamps\n");
	assert_string_equal(rig_tab(r, "clear subscribers all "), "-noconfirm\n");
	rig_type(r, "configure");
	rig_type(r, "context isp -noconfirm");
	assert_string_equal(rig_tab(r, "ip pool a 10.0.0.0/8 srp-activate "),
	                    "group-name\nprivate\npublic\nresource\nstatic\n");
	rig_type(r, "exit");
	assert_string_equal(rig_tab(r, "context i"), "isp\n");
	rig_type(r, "port ethernet 1/1");
	assert_string_equal(rig_tab(r, "medium speed 1"), "10\n100\n1000\n");
	assert_string_equal(rig_tab(r, "medium speed 1000 duplex "), "full\nhalf\n");
	assert_string_equal(rig_tab(r, "# sho"), "");
}

/* Everything that `?` says at the prompt where the session is. */
static void
assert_help_is_a_table(struct rig *r, const char *line)
{
	const char *at = rig_help(r, line), *end;
	long column = 0;

	for (; (end = strchr(at, '\n')) != NULL; at = end + 1) {
		const char *dash = strstr(at, " - ");

		if (dash == NULL || dash > end || end - at > 110 || (column != 0 && dash - at != column))
			fail_msg("%s? %.*s", line, (int)(end - at), at);
		column = dash - at;
	}
	assert_true(column > 0);
}

static void
help_is_one_column_of_words_and_one_of_texts_in_110_columns(void **state)
{
	static const char *const lines[] = {
	    "", "no ", "default ", "switchover ", "monitor ", "checkpoint session ", "dscp-marking control "};
	static const char *const exec[] = {"", "show ", "srp ", "srp initiate-switchover ", "show srp | "};
	struct rig *r = *state;

	for (size_t i = 0; i < sizeof exec / sizeof exec[0]; i++)
		assert_help_is_a_table(r, exec[i]);
	rig_type(r, "configure");
	assert_help_is_a_table(r, "");
	rig_type(r, "context wide -noconfirm");
	assert_help_is_a_table(r, "");
	rig_type(r, "service-redundancy-protocol");
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_help_is_a_table(r, lines[i]);
}

static void
help_shows_words_placeholders_and_the_end(void **state)
{
	struct rig *r = *state;
	const char *help = rig_help(r, "show configuration ");

	assert_non_null(strstr(help, "  context                      - Only one context\n"));
	assert_non_null(strstr(help, "  <cr>                         - "));
	assert_non_null(strstr(rig_help(r, ""), "  show                         - Shows something\n"));
	assert_null(strstr(rig_help(r, "s"), "terminal"));
	assert_non_null(strstr(rig_help(r, "show v"), "version"));
	assert_non_null(strstr(rig_help(r, "context "), "string of size 1 to 79"));
	assert_string_equal(rig_help(r, "frob "), "Unknown command - \"frob\", unrecognized keyword\n");
	rig_type(r, "configure");
	rig_type(r, "context s -noconfirm");
	rig_type(r, "service-redundancy-protocol");
	assert_string_equal(rig_help(r, "priority "),
	                    "  <1..255>                     - The lower number wins; the two chassis must differ\n");
	assert_string_equal(rig_help(r, "priority 7 "), "  <cr>                         - Ends the command\n");
	assert_string_equal(rig_help(r, "priority 256 "), "Failure: priority 256 must be in the range 1 to 255\n");
	assert_non_null(strstr(rig_help(r, "default "), "hello-interval"));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(prompts_follow_the_modes),
	    T(operators_see_another_sign_and_cannot_configure),
	    T(unique_abbreviations_and_capitals_are_accepted),
	    T(errors_name_what_is_wrong),
	    T(too_many_words_and_too_long_lines_are_refused),
	    T(remarks_and_blank_lines_do_nothing),
	    T(help_names_noconfirm_wherever_a_question_may_come),
	    T(the_context_local_is_offered_though_no_line_names_it),
	    T(do_show_reaches_the_views_of_exec_from_any_mode_and_nothing_else),
	    T(questions_are_asked_and_only_yes_is_yes),
	    T(creating_a_context_asks_and_entering_it_does_not),
	    T(a_block_removed_by_another_session_is_left),
	    T(filters_work_line_by_line_and_across_steps),
	    T(pending_commands_are_finished_by_the_application),
	    T(timestamps_stand_before_output),
	    T(tab_offers_what_the_word_can_become),
	    T(help_is_one_column_of_words_and_one_of_texts_in_110_columns),
	    T(help_shows_words_placeholders_and_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
