/*
 * cli_chapter.c - the configuration blocks of the interchassis chapter load line by line, in its order.
 *
 * The blocks are data (tests/cli/chapter/): the chapter's syntax, not its sentences. Every alternative of a line is
 * tried; names in the place of arguments get a value from the table below.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/cli_rig.h"

enum { LINE_BYTES = 1024, VARIANTS_MAX = 64, BLOCK_LINES = 32 };

static const char *const values[][2] = {
    {"[-noconfirm]", "[ -noconfirm ]"},
    {"srp_ctxt_name", "srp"},
    {"context_name", "srp"},
    {"vpn_ctxt_name", "srp"},
    {"ip_address", "192.0.2.1"},
    {"ip_address/mask", "192.0.2.1/24"},
    {"priority", "1"},
    {"dur_sec", "10"},
    {"dead_dur_sec", "30"},
    {"seconds", "90"},
    {"dscp_value",
     "{ af11 | af12 | af13 | af21 | af22 | af23 | af31 | af32 | af33 | af41 | af42 | af43 | be | cs1 | cs2 | "
     "cs3 | cs4 | cs5 | cs6 | cs7 | ef }"},
    {"slot_num/port_num", "1/10"},
    {"des_string", "\"to the other chassis\""},
    {"number", "5"},
    {"minutes", "60"},
    {"AS_num", "65001"},
    {"gw_ip_address", "192.0.2.100"},
    {"neighbor_ip_address", "192.0.2.200"},
};

/* All lines that one line of syntax stands for. */
struct variants {
	unsigned count;
	char text[VARIANTS_MAX][LINE_BYTES];
};

struct block {
	char title[128];
	unsigned count;
	struct variants lines[BLOCK_LINES];
};

/* put_values - @syntax with values in the place of arguments; the first word is never one. */
static void
put_values(const char *syntax, char *out, size_t cap)
{
	char copy[LINE_BYTES];
	char *rest = NULL;
	size_t n = 0;

	snprintf(copy, sizeof copy, "%s", syntax);
	for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		const char *value = word;

		for (size_t i = 0; n > 0 && i < sizeof values / sizeof values[0]; i++)
			if (strcmp(values[i][0], word) == 0)
				value = values[i][1];
		n += (size_t)snprintf(out + n, cap - n, n ? " %s" : "%s", value);
	}
}

/* group_end - behind the bracket that closes the one @s begins with. */
static const char *
group_end(const char *s)
{
	int depth = 0;

	do {
		depth += *s == '{' || *s == '[';
		depth -= *s == '}' || *s == ']';
		assert_true(*s != '\0');
		s++;
	} while (depth > 0);
	return s;
}

static void expand(const char *head, const char *syntax, struct variants *out);

/* expand_group - each alternative of the group at @s, and what follows it. */
static void
expand_group(const char *head, const char *s, struct variants *out)
{
	const char *end = group_end(s), *from = s + 1;
	char rest[2 * LINE_BYTES];

	if (*s == '[')
		expand(head, end, out);
	for (const char *p = s + 1; p < end; p++) {
		if (*p == '{' || *p == '[') {
			p = group_end(p) - 1;
		} else if (*p == '|' || p == end - 1) {
			snprintf(rest, sizeof rest, "%.*s%s", (int)(p - from), from, end);
			expand(head, rest, out);
			from = p + 1;
		}
	}
}

/* expand - every line that @head and @syntax stand for. */
static void
expand(const char *head, const char *syntax, struct variants *out)
{
	size_t n = strcspn(syntax, "{[");
	char line[LINE_BYTES];

	snprintf(line, sizeof line, "%s%.*s", head, (int)n, syntax);
	if (syntax[n] != '\0') {
		expand_group(line, syntax + n, out);
		return;
	}
	assert_true(out->count < VARIANTS_MAX);
	snprintf(out->text[out->count++], LINE_BYTES, "%s", line);
}

static int
depth_of(const char *s)
{
	int depth = 0;

	for (; *s; s++)
		depth += (*s == '{' || *s == '[') - (*s == '}' || *s == ']');
	return depth;
}

static void
block_add(struct block *b, char *syntax)
{
	char line[LINE_BYTES] = "";

	if (*syntax == '\0')
		return;
	for (int open = depth_of(syntax); open > 0; open--) /* one bracket is missing in the chapter */
		strcat(syntax, " }");
	put_values(syntax, line, sizeof line);
	assert_true(b->count < BLOCK_LINES);
	b->lines[b->count].count = 0;
	expand("", line, &b->lines[b->count++]);
	*syntax = '\0';
}

/* next_block - the block at *@at into @b; false at the end. */
static bool
next_block(const char **at, struct block *b)
{
	char syntax[LINE_BYTES] = "";

	b->count = 0;
	for (; **at; *at += strcspn(*at, "\n") + 1) {
		char line[LINE_BYTES];

		snprintf(line, sizeof line, "%.*s", (int)strcspn(*at, "\n"), *at);
		if (line[0] == '#' && b->count > 0)
			return true;
		if (line[0] == '#')
			snprintf(b->title, sizeof b->title, "%.100s", line);
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (depth_of(syntax) <= 0 || strcmp(line, "end") == 0)
			block_add(b, syntax);
		snprintf(syntax + strlen(syntax), sizeof syntax - strlen(syntax), " %.500s", line + (line[0] == '+'));
		if (depth_of(syntax) <= 0)
			block_add(b, syntax);
	}
	block_add(b, syntax);
	return b->count > 0;
}

/* load_block - the @pick-th alternative of every line, as one file. */
static void
load_block(struct rig *r, const struct block *b, unsigned pick)
{
	char text[8192] = "";

	for (unsigned i = 0; i < b->count; i++) {
		const struct variants *v = &b->lines[i];

		snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", v->text[pick % v->count]);
	}
	if (rig_load(r, cli_running(r->cli), text, strlen(text)) != 0)
		fail_msg("%s, line %u: %s\n%s", b->title, r->refused_line, r->refused, text);
}

static void
every_block_of_the_chapter_loads_line_by_line(void **state)
{
	struct rig *r = rig_new(CLI_ADMINISTRATOR);
	char *blocks = rig_file("tests/cli/chapter/blocks"), *wanted = rig_file("tests/cli/chapter/printed"), *printed;
	struct block *b = calloc(1, sizeof *b);
	const char *at = blocks;
	unsigned count = 0, lines = 0;

	(void)state;
	while (next_block(&at, b)) {
		unsigned most = 1;

		for (unsigned i = 0; i < b->count; i++)
			most = b->lines[i].count > most ? b->lines[i].count : most;
		for (unsigned pick = 0; pick < most; pick++)
			load_block(r, b, pick);
		count++;
		lines += most * b->count;
	}
	assert_int_equal(count, 22);
	assert_true(lines > 400);
	printed = rig_print(cli_running(r->cli));
	assert_string_equal(printed, wanted);
	assert_int_equal(rig_load(r, cli_running(r->cli), printed, strlen(printed)), 0);
	free(printed);
	free(wanted);
	free(blocks);
	free(b);
	rig_free(r);
}

/* unindented - @text without the blanks its lines begin with: the chapter's page has lost most of them. */
static void
unindented(const char *text, char *out)
{
	for (; *text; text += *text == '\n') {
		size_t n;

		text += strspn(text, " ");
		n = strcspn(text, "\n");
		memcpy(out, text, n);
		out[n] = '\n';
		out += n + 1;
		text += n;
	}
	*out = '\0';
}

static void
the_sample_of_show_configuration_srp_prints_as_it_was_loaded(void **state)
{
	struct rig *r = rig_new(CLI_ADMINISTRATOR);
	char *sample = rig_file("tests/cli/chapter/show-configuration-srp"), *again;
	char wanted[4096], got[4096];

	(void)state;
	if (rig_load(r, cli_running(r->cli), sample, strlen(sample)) != 0)
		fail_msg("line %u: %s", r->refused_line, r->refused);
	unindented(sample, wanted);
	strcat(wanted, "end\n"); /* the sample ends before it */
	unindented(rig_type(r, "show configuration srp"), got);
	assert_string_equal(got, wanted);
	again = strdup(rig_type(r, "show configuration"));
	assert_string_equal(again, rig_type(r, "show configuration srp"));
	free(again);
	free(sample);
	rig_free(r);
}

/* Every line of "Configuring SRP Context Parameters" behind the basic ones. */
static const char parameters[] =
    "config\n"
    "  require graceful-cleanup-during-audit-failure del-cause non-ims-apn system-failure\n"
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
    "end\n";

static void
the_chapters_parameters_load_and_print_as_they_are(void **state)
{
	struct rig *r = rig_new(CLI_ADMINISTRATOR);
	char *printed;

	(void)state;
	if (rig_load(r, cli_running(r->cli), parameters, strlen(parameters)) != 0)
		fail_msg("line %u: %s", r->refused_line, r->refused);
	printed = rig_print(cli_running(r->cli));
	assert_string_equal(printed, parameters);
	free(printed);
	rig_free(r);
}

static void
what_the_chapter_does_not_name_is_refused(void **state)
{
	static const char *const refused[][2] = {
	    {"dscp-marking control cs8", "Unknown command - \"cs8\", unrecognized keyword\n"},
	    {"dscp-marking control c", "Ambiguous command - \"c\"\n"},
	    {"checkpoint session periodic-interval 31",
	     "Failure: periodic-interval 31 must be a multiple of 15 in the range 30 to 1440\n"},
	    {"checkpoint session periodic-interval 15",
	     "Failure: periodic-interval 15 must be in the range 30 to 1440\n"},
	    {"audit daily-start-time 24 00", "Failure: daily-start-time 24 must be in the range 0 to 23\n"},
	    {"audit daily-start-time 06", "Incomplete command\n"},
	    {"monitor bgp context PGWin 10.1.1.16 group 11", "Failure: group 11 must be in the range 1 to 10\n"},
	};
	struct rig *r = rig_new(CLI_ADMINISTRATOR);

	(void)state;
	rig_type(r, "configure");
	rig_type(r, "context srp -noconfirm");
	rig_type(r, "service-redundancy-protocol");
	for (unsigned i = 0; i < sizeof refused / sizeof refused[0]; i++)
		assert_string_equal(rig_type(r, refused[i][0]), refused[i][1]);
	assert_int_equal(cfg_lines(cli_running(r->cli)), 2);
	assert_string_equal(rig_type(r, "no checkpoint session nack macro"), "");
	assert_string_equal(rig_type(r, "dscp-marking control cs7"), "");
	rig_free(r);
}

static void
a_context_has_one_bgp_router(void **state)
{
	struct rig *r = rig_new(CLI_ADMINISTRATOR);

	(void)state;
	rig_type(r, "configure");
	rig_type(r, "context isp -noconfirm");
	assert_string_equal(rig_type(r, "router bgp 65001"), "");
	assert_string_equal(rig_type(r, "exit"), "");
	assert_string_equal(rig_type(r, "router bgp 65002"), "Failure: router bgp 65001 is already in this context\n");
	assert_string_equal(rig_type(r, "router bgp 65001"), "");
	rig_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_block_of_the_chapter_loads_line_by_line),
	    cmocka_unit_test(the_chapters_parameters_load_and_print_as_they_are),
	    cmocka_unit_test(what_the_chapter_does_not_name_is_refused),
	    cmocka_unit_test(a_context_has_one_bgp_router),
	    cmocka_unit_test(the_sample_of_show_configuration_srp_prints_as_it_was_loaded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
