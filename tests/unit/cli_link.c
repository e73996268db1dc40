/* cli_link.c - claims about what a shell at the CLI socket gets: output, questions, order, and ends. */
#include "tests/unit/cli_link_rig.h"

static void
a_line_is_answered_by_its_output_and_its_status(void **state)
{
	struct shell s = shell_new(0);

	(void)state;
	put(&s, CLI_MSG_LINE, "greet");
	put(&s, CLI_MSG_LINE, "refuse");
	put(&s, CLI_MSG_LINE, "nonsense");
	expect(&s, CLI_MSG_OUTPUT, "hello\n");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_OUTPUT, "Failure: not now\n");
	expect(&s, CLI_MSG_END, "failed");
	expect(&s, CLI_MSG_OUTPUT, "Unknown command - \"nonsense\"");
	expect(&s, CLI_MSG_END, "failed");
	assert_int_equal(cli_link_sessions(t.link), 1);
	shell_free(&s);
	settle();
	assert_int_equal(cli_link_sessions(t.link), 0);
}

static void
an_interactive_session_gets_prompts_help_and_candidates(void **state)
{
	struct shell s = shell_new(CLI_HELLO_INTERACTIVE);

	(void)state;
	expect(&s, CLI_MSG_PROMPT, "[local]starling# ");
	put(&s, CLI_MSG_HELP, "");
	expect(&s, CLI_MSG_HELPTEXT, "Asks no more questions");
	put(&s, CLI_MSG_COMPLETE, "gre");
	expect(&s, CLI_MSG_CANDIDATES, "greet");
	put(&s, CLI_MSG_LINE, "configure");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_PROMPT, "(config)# ");
	put(&s, CLI_MSG_TO_EXEC, "");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_PROMPT, "[local]starling# ");
	put(&s, CLI_MSG_TO_EXEC, ""); /* already there: nothing is said */
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_PROMPT, "[local]starling# ");
	put(&s, CLI_MSG_LINE, "exit");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_BYE, "");
	expect_closed(&s);
	shell_free(&s);
}

static void
a_question_is_answered_by_the_next_line_or_taken_back(void **state)
{
	struct shell s = shell_new(0);

	(void)state;
	put(&s, CLI_MSG_LINE, "ask");
	put(&s, CLI_MSG_LINE, "yes");
	expect(&s, CLI_MSG_QUESTION, "Are you sure? [Yes|No]: ");
	expect(&s, CLI_MSG_OUTPUT, "done");
	expect(&s, CLI_MSG_END, "ok");
	put(&s, CLI_MSG_LINE, "ask");
	expect(&s, CLI_MSG_QUESTION, "Are you sure?");
	put(&s, CLI_MSG_INTERRUPT, "");
	expect(&s, CLI_MSG_OUTPUT, "aborted");
	expect(&s, CLI_MSG_END, "failed");
	put(&s, CLI_MSG_INTERRUPT, ""); /* nothing runs: no answer */
	put(&s, CLI_MSG_LINE, "greet");
	expect(&s, CLI_MSG_OUTPUT, "hello");
	shell_free(&s);
}

static void
lines_behind_a_running_one_wait_and_an_interrupt_passes_them(void **state)
{
	struct shell s = shell_new(0);

	(void)state;
	put(&s, CLI_MSG_LINE, "wait");
	put(&s, CLI_MSG_LINE, "greet");
	settle();
	hear(&s);
	assert_int_equal(s.len, 0);
	cli_session_finish(t.waiting, true);
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_OUTPUT, "hello");
	expect(&s, CLI_MSG_END, "ok");
	put(&s, CLI_MSG_LINE, "wait");
	put(&s, CLI_MSG_LINE, "greet");
	put(&s, CLI_MSG_LINE, "refuse");
	put(&s, CLI_MSG_INTERRUPT, "");
	expect(&s, CLI_MSG_OUTPUT, "interrupted");
	expect(&s, CLI_MSG_END, "failed");
	expect(&s, CLI_MSG_OUTPUT, "hello");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_OUTPUT, "not now");
	expect(&s, CLI_MSG_END, "failed");
	assert_int_equal(t.ended, 2);
	shell_free(&s);
}

static void
a_reader_that_does_not_read_stops_its_command_and_no_other(void **state)
{
	struct shell slow = shell_new(0), other = shell_new(0);
	unsigned steps;

	(void)state;
	put(&slow, CLI_MSG_LINE, "flood");
	for (unsigned before = ~0U; before != t.steps;) {
		before = t.steps;
		settle();
	}
	assert_true(t.steps > 0);
	steps = t.steps;
	/* 3.6 KB a step: what the socket takes, the mark, and one step over it */
	assert_true((size_t)steps * 3600 < CLI_LINK_OUTPUT_MARK + (1U << 20));
	put(&other, CLI_MSG_LINE, "greet");
	expect(&other, CLI_MSG_OUTPUT, "hello");
	assert_int_equal(t.steps, steps);
	for (int i = 0; i < 40; i++) /* it goes on as soon as it is read */
		expect(&slow, CLI_MSG_OUTPUT, "no end");
	settle();
	assert_true(t.steps > steps);
	shell_free(&slow);
	shell_free(&other);
}

static void
a_shell_that_dies_ends_its_command(void **state)
{
	static const char *const lines[] = {"flood", "wait", "ask"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct shell s = shell_new(0);

		put(&s, CLI_MSG_LINE, lines[i]);
		settle();
		assert_int_equal(cli_link_sessions(t.link), 1);
		shell_free(&s);
		settle();
		assert_int_equal(cli_link_sessions(t.link), 0);
		assert_int_equal(t.ended, i < 2 ? i + 1 : 2);
	}
}

static void
the_end_of_the_chassis_is_told_and_ends_what_runs(void **state)
{
	struct shell a = shell_new(0), b = shell_new(0);

	(void)state;
	put(&a, CLI_MSG_LINE, "wait");
	put(&b, CLI_MSG_LINE, "flood");
	settle();
	cli_link_free(t.link);
	t.link = NULL;
	assert_int_equal(t.ended, 2);
	expect(&a, CLI_MSG_BYE, "going down");
	expect_closed(&a);
	assert_int_equal(access(t.path, F_OK), -1);
	shell_free(&a);
	shell_free(&b);
}

int
main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CLAIM(a_line_is_answered_by_its_output_and_its_status),
	    CLAIM(an_interactive_session_gets_prompts_help_and_candidates),
	    CLAIM(a_question_is_answered_by_the_next_line_or_taken_back),
	    CLAIM(lines_behind_a_running_one_wait_and_an_interrupt_passes_them),
	    CLAIM(a_reader_that_does_not_read_stops_its_command_and_no_other),
	    CLAIM(a_shell_that_dies_ends_its_command),
	    CLAIM(the_end_of_the_chassis_is_told_and_ends_what_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
