/* cli_words.c - the tokenizer, the argument types, and the self-check of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "cli/cmd_card.h"
#include "tests/unit/cli_rig.h"

static struct words w;
static char said[400];
static struct text_fixed fixed;
static struct text why;

static enum err
split(const char *line)
{
	text_fixed_init(&fixed, &why, said, sizeof said);
	return words_split(line, strlen(line), &w, &why);
}

static void
blanks_part_words_and_quotes_hold_them(void **state)
{
	(void)state;
	assert_int_equal(split("  a \t b  "), ERR_OK);
	assert_int_equal(w.count, 2);
	assert_false(w.ends_open);
	assert_int_equal(split("a \"b  c\" d\"e f\"g"), ERR_OK);
	assert_int_equal(w.count, 3);
	assert_string_equal(w.word[1], "b  c");
	assert_true(w.is_quoted[1]);
	assert_string_equal(w.word[2], "de fg");
	assert_false(w.is_quoted[2]);
	assert_true(w.ends_open);
	assert_int_equal(split("\"\""), ERR_OK);
	assert_int_equal(w.count, 1);
	assert_string_equal(w.word[0], "");
	assert_int_equal(split(""), ERR_OK);
	assert_int_equal(w.count, 0);
}

static void
backslashes_survive_and_escape_only_in_quotes(void **state)
{
	(void)state;
	assert_int_equal(split("a\\b \"c\\\"d\\\\e\\f\""), ERR_OK);
	assert_string_equal(w.word[0], "a\\b");
	assert_string_equal(w.word[1], "c\"d\\e\\f");
}

static void
a_word_printed_is_read_back(void **state)
{
	static const char *const words[] = {"",  "a",   "a b", "\"",  "\\",   "a\\", "\\\"",
	                                    "|", "# x", "#x",  "a|b", "a\tb", "x#",  "\\ \\"};

	(void)state;
	for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
		char line[100];
		struct text_fixed f;
		struct text out;

		text_fixed_init(&f, &out, line, sizeof line);
		words_put(words[i], &out);
		assert_int_equal(words_bar(line, strlen(line)), strlen(line));
		assert_int_equal(split(line), ERR_OK);
		assert_int_equal(w.count, 1);
		assert_string_equal(w.word[0], words[i]);
	}
}

static void
the_bar_is_found_outside_quotes_only(void **state)
{
	(void)state;
	assert_int_equal(words_bar("a|b", 3), 1);
	assert_int_equal(words_bar("a \"|\" b", 7), 7);
	assert_int_equal(words_bar("a \"\\\"|\" | b", 11), 8);
}

static void
the_120th_word_is_the_last(void **state)
{
	char line[300] = "";

	(void)state;
	for (unsigned i = 0; i < CLI_WORDS_MAX; i++)
		strcat(line, "a ");
	assert_int_equal(split(line), ERR_OK);
	assert_int_equal(w.count, CLI_WORDS_MAX);
	strcat(line, "a");
	assert_int_equal(split(line), ERR_RANGE);
	assert_int_equal(split("a \"b"), ERR_FORMAT);
	assert_int_equal(split("\xc3\xa4"), ERR_FORMAT);
}

static void
remarks_are_seen_before_anything_else(void **state)
{
	bool is_exit;

	(void)state;
	assert_true(words_remark("  # \x01 \"", 7, &is_exit));
	assert_false(is_exit);
	assert_true(words_remark("  #exit \r", 9, &is_exit));
	assert_true(is_exit);
	assert_true(words_remark("#exits", 6, &is_exit));
	assert_false(is_exit);
	assert_false(words_remark("exit", 4, &is_exit));
	assert_true(words_remark("", 0, &is_exit));
}

static void
takes(const struct cli_token *t, const char *word, const char *canonical)
{
	char value[ARG_VALUE_MAX];

	text_fixed_init(&fixed, &why, said, sizeof said);
	if (arg_accept(t, "x", word, value, &why))
		fail_msg("%s: %s", word, said);
	assert_string_equal(value, canonical);
}

static void
refuses(const struct cli_token *t, const char *word)
{
	char value[ARG_VALUE_MAX];

	text_fixed_init(&fixed, &why, said, sizeof said);
	if (!arg_accept(t, "x", word, value, &why))
		fail_msg("%s was taken", word);
	assert_memory_equal(said, "Failure: ", 9);
}

static void
argument_types_take_what_they_are_and_nothing_else(void **state)
{
	static const struct cli_token mask = MASK("m", "h"), prefix = PREFIX("p", "h"), port = KEY_PORT("p", 255, "h"),
	                              mac = MAC("m", "h"), url = URL("u", "h"), name = NAME("n", 1, 3, "h"),
	                              pool = MASK_OF("m", 8, 30, "h"), network = PREFIX_OF("p", 8, 30, "h"),
	                              four = ADDRESS4("a", "h"), any = ADDRESS("a", "h"), text = STRING("t", 1, 3, "h");

	(void)state;
	takes(&mask, "255.255.255.0", "255.255.255.0");
	takes(&mask, "/0", "0.0.0.0");
	takes(&mask, "/32", "255.255.255.255");
	refuses(&mask, "/33");
	refuses(&mask, "255.0.255.0");
	refuses(&mask, "/");
	takes(&pool, "/8", "255.0.0.0");
	takes(&pool, "255.255.255.252", "255.255.255.252");
	refuses(&pool, "/7");
	refuses(&pool, "255.255.255.254");
	takes(&network, "10.0.0.0/30", "10.0.0.0");
	refuses(&network, "10.0.0.0/31");
	refuses(&network, "10.0.0.0/7");
	takes(&prefix, "10.0.0.1/8", "10.0.0.1");
	refuses(&prefix, "10.0.0.1");
	refuses(&prefix, "10.0.0.1/33");
	refuses(&prefix, "2001:db8::/32");
	takes(&port, "1/010", "1/10");
	refuses(&port, "0/1");
	refuses(&port, "1/256");
	refuses(&port, "1");
	refuses(&port, "1/");
	refuses(&port, "/1");
	takes(&mac, "02:00:43:03:1c:2b", "02-00-43-03-1C-2B");
	refuses(&mac, "02:00:43");
	takes(&url, "/flash/a.cfg", "/flash/a.cfg");
	refuses(&url, "/flash/");
	refuses(&url, "/flash/a/../../b");
	refuses(&url, "");
	takes(&name, "a-b", "a-b");
	refuses(&name, "abcd");
	refuses(&name, "");
	refuses(&name, "a/b");
	refuses(&name, "-a");
	takes(&any, "2001:DB8:0::1", "2001:db8::1");
	refuses(&four, "::1");
	refuses(&any, "1.2.3");
	takes(&text, "a b", "a b");
	refuses(&text, "");
}

static void
faulty_rows_are_named_at_the_start(void **state)
{
	static const struct cli_token fine[] = {KEYWORD("show", "h"), KEYWORD("version", "h"), {.kind = CLI_STOP}};
	static const struct cli_token open_group[] = {KEYWORD("a", "h"), OPTION, KEYWORD("b", "h"), {.kind = CLI_STOP}};
	static const struct cli_token empty[] = {KEYWORD("a", "h"), ONE_OF, KEYWORD("b", "h"), OR, CLOSE,
	                                         {.kind = CLI_STOP}};
	static const struct cli_token no_help[] = {KEYWORD("a", NULL), {.kind = CLI_STOP}};
	static const struct cli_token no_keyword[] = {UINT("n", 1, 2, "h"), {.kind = CLI_STOP}};
	static const struct cli_token bounds[] = {KEYWORD("a", "h"), UINT("n", 2, 1, "h"), {.kind = CLI_STOP}};
	const struct cli_token *const bad[] = {open_group, empty, no_help, no_keyword, bounds, fine};

	(void)state;
	for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct cli_row row = {
		    .id = 900, .mode = &cli_exec_mode, .kind = CLI_VIEW, .tokens = bad[i], .doc = "d"};
		struct cli_table table = {&row, 1};
		const struct cli_table *tables[] = {&chassis_table, &table, NULL};
		struct cli_setup setup = {.tables = tables, .cfg_nodes = 10, .cfg_text = 1000};

		text_fixed_init(&fixed, &why, said, sizeof said);
		assert_null(cli_new(&setup, &why));
		assert_memory_equal(said, "command row 900", 15);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(blanks_part_words_and_quotes_hold_them),
	    cmocka_unit_test(backslashes_survive_and_escape_only_in_quotes),
	    cmocka_unit_test(a_word_printed_is_read_back),
	    cmocka_unit_test(the_bar_is_found_outside_quotes_only),
	    cmocka_unit_test(the_120th_word_is_the_last),
	    cmocka_unit_test(remarks_are_seen_before_anything_else),
	    cmocka_unit_test(argument_types_take_what_they_are_and_nothing_else),
	    cmocka_unit_test(faulty_rows_are_named_at_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
