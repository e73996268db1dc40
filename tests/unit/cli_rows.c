/*
 * cli_rows.c - claims about every command row: what is legal is kept, printed and loaded as it is, what is beyond a
 * bound is refused with the range. Lines are made by the rows themselves, with random legal values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "tests/unit/cli_rig.h"

enum { GENERATED_ROUNDS = 40 };

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

/* legal - a legal value of argument @t; for a UINT @pick 0 is the least, 1 the greatest, others random. */
static void
legal(struct rng *rng, const struct cli_token *t, unsigned pick, char *out, size_t cap)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABC0123456789._-+";
	uint64_t span = t->max - t->min + 1, n = t->min + (pick > 1 ? rng_next(rng) % span : pick * (span - 1));
	unsigned choices = 0;

	switch ((enum cli_type)t->type) {
	case CLI_UINT:
		n -= t->step ? n % t->step : 0;
		snprintf(out, cap, "%llu", (unsigned long long)n);
		return;
	case CLI_NETWORK:
		snprintf(out, cap, rng_below(rng, 2) ? "10.%u.0.0/%u" : "2001:db8:%x::/%u", 1 + rng_below(rng, 200),
		         rng_below(rng, 33));
		if (rng_below(rng, 2))
			*strchr(out, '/') = '\0';
		return;
	case CLI_DIGITS:
		for (uint64_t i = 0; i < n; i++)
			out[i] = (char)('0' + rng_below(rng, 10));
		out[n] = '\0';
		return;
	case CLI_CHOICE:
		while (t->choices[choices].name)
			choices++;
		snprintf(out, cap, "%s", t->choices[rng_below(rng, choices)].name);
		return;
	case CLI_ADDR:
		snprintf(out, cap, rng_below(rng, 2) ? "10.%u.3.4" : "2001:db8::%x", 1 + rng_below(rng, 200));
		return;
	case CLI_ADDR4:
		snprintf(out, cap, "10.%u.3.4", rng_below(rng, 200));
		return;
	case CLI_MASK:
		snprintf(out, cap, "/%u", (unsigned)n);
		if (rng_below(rng, 2))
			snprintf(out, cap, "255.255.0.0");
		return;
	case CLI_PREFIX:
		snprintf(out, cap, "10.1.0.0/%u", (unsigned)n);
		return;
	case CLI_MAC:
		snprintf(out, cap, "02-00-00-00-00-%02X", rng_below(rng, 256));
		return;
	case CLI_PORT:
		snprintf(out, cap, "%u/%u", 1 + rng_below(rng, (uint32_t)t->max), 1 + rng_below(rng, (uint32_t)t->max));
		return;
	case CLI_URL:
		snprintf(out, cap, "/flash/file%u.cfg", rng_below(rng, 1000));
		return;
	case CLI_STRING:
		snprintf(out, cap, "\"%.*s\"", (int)n, "say \\\"x\\\" | and \\\\ more");
		if (n < 24) /* do not cut an escape in two */
			snprintf(out, cap, "\"%.*s\"", (int)n, "a b c d e f g h i j k l m n");
		return;
	default:
		for (uint64_t i = 0; i < n; i++)
			out[i] = letters[rng_below(rng, i ? sizeof letters - 1 : 26)];
		out[n] = '\0';
	}
}

/* generate - a random legal line of @row behind @line; follows the same automaton as the binder. */
static void
generate(struct rng *rng, const struct cli_row *row, char *line, size_t cap)
{
	struct bind_walk walk;
	char value[CLI_LINE_MAX];

	for (unsigned i = 0; i < bind_leading(row); i++)
		snprintf(line + strlen(line), cap - strlen(line), "%s ", row->tokens[i].name);
	bind_start(&walk, row, CLI_HOW_PLAIN);
	for (;;) {
		char said[300];
		struct bind_expect e;
		struct text_fixed f;
		struct text why;
		const struct cli_token *t;
		struct words w;

		bind_expect(&walk, &e);
		if (e.count == 0 || (e.can_end && rng_below(rng, 3) == 0))
			return;
		t = &row->tokens[e.token[rng_below(rng, e.count)]];
		snprintf(value, sizeof value, "%s", t->name);
		if (t->kind == CLI_ARGUMENT)
			legal(rng, t, rng_below(rng, 6), value, sizeof value);
		snprintf(line + strlen(line), cap - strlen(line), "%s ", value);
		text_fixed_init(&f, &why, said, sizeof said);
		if (value[0] == '"') {
			assert_int_equal(words_split(value, strlen(value), &w, &why), ERR_OK);
			snprintf(value, sizeof value, "%s", w.word[0]);
		}
		if (bind_word(&walk, value, true && t->kind == CLI_ARGUMENT, NULL, NULL, &why))
			fail_msg("%s: %s", line, said);
	}
}

/* generate_mode - lines of @mode and of the blocks it opens, indented by nobody. */
static void
generate_mode(struct rig *r, struct rng *rng, const struct cli_mode *mode, char *text, size_t cap)
{
	const struct cli_row *row;

	for (size_t i = 0; (row = cli_row_at(r->cli, i)); i++) {
		if (row->mode != mode || (row->kind != CLI_LEAF && row->kind != CLI_OPENS) || rng_below(rng, 5) == 0)
			continue;
		if (row->id == SRP_ROW_BLOCK && strstr(text, "service-redundancy-protocol"))
			continue;
		if (row->id == SRP_ROW_HELLO || row->id == SRP_ROW_DEAD) { /* bound to each other */
			snprintf(text + strlen(text), cap - strlen(text),
			         row->id == SRP_ROW_HELLO ? "hello-interval 10\n" : "dead-interval 180\n");
			continue;
		}
		if (row->id == SRP_ROW_ALLOW_EARLY && !strstr(text, "allow-all-data-traffic"))
			continue; /* needs the other */
		if (row->forms & CLI_NO_KEPT && rng_below(rng, 2))
			snprintf(text + strlen(text), cap - strlen(text), "no ");
		generate(rng, row, text, cap);
		snprintf(text + strlen(text), cap - strlen(text), "\n");
		if (row->opens) {
			generate_mode(r, rng, row->opens, text, cap);
			snprintf(text + strlen(text), cap - strlen(text), "#exit\n");
		}
	}
}

static void
what_is_printed_loads_and_prints_the_same(void **state)
{
	char *text = malloc(RIG_SCREEN);

	(void)state;
	for (unsigned seed = 1; seed <= GENERATED_ROUNDS; seed++) {
		struct rig *r = rig_new(CLI_ADMINISTRATOR);
		struct rng rng = {.state = seed};
		struct cfg *again = cfg_new(r->cli, 4096, 256 * 1024);
		char *first, *second;

		text[0] = '\0';
		for (unsigned i = 0; i < 3; i++)
			generate_mode(r, &rng, &cli_config_mode, text, RIG_SCREEN);
		if (rig_load(r, cli_running(r->cli), text, strlen(text)) != 0)
			fail_msg("seed %u line %u: %s\n%s", seed, r->refused_line, r->refused, text);
		first = rig_print(cli_running(r->cli));
		if (rig_load(r, again, first, strlen(first)) != 0)
			fail_msg("seed %u reload line %u: %s\n%s", seed, r->refused_line, r->refused, first);
		second = rig_print(again);
		if (strcmp(first, second) != 0)
			fail_msg("seed %u: %s\nbecame %s", seed, first, second);
		free(first);
		free(second);
		cfg_free(again);
		rig_free(r);
	}
	free(text);
}

static void
every_number_is_taken_at_both_bounds_and_refused_beyond(void **state)
{
	struct rig *r = *state;
	const struct cli_row *row;
	unsigned seen = 0;

	for (size_t i = 0; (row = cli_row_at(r->cli, i)); i++)
		for (const struct cli_token *t = row->tokens; t->kind != CLI_STOP; t++) {
			char value[ARG_VALUE_MAX], word[64], said[300];
			struct text_fixed f;
			struct text why;

			if (t->kind != CLI_ARGUMENT || t->type != CLI_UINT)
				continue;
			seen++;
			text_fixed_init(&f, &why, said, sizeof said);
			snprintf(word, sizeof word, "000%0*llu", t->digits, (unsigned long long)t->min);
			assert_int_equal(arg_accept(t, "x", word, value, &why), ERR_OK);
			assert_string_equal(value, word + 3);
			snprintf(word, sizeof word, "%llu", (unsigned long long)t->max);
			assert_int_equal(arg_accept(t, "x", word, value, &why), ERR_OK);
			snprintf(word, sizeof word, "%llu", (unsigned long long)t->max + 1);
			assert_int_equal(arg_accept(t, "x", word, value, &why), ERR_RANGE);
			assert_non_null(strstr(said, word));
			snprintf(word, sizeof word, "range %llu to %llu", (unsigned long long)t->min,
			         (unsigned long long)t->max);
			assert_non_null(strstr(said, word));
			if (t->step) {
				snprintf(word, sizeof word, "%llu", (unsigned long long)t->min + t->step - 1);
				assert_int_equal(arg_accept(t, "x", word, value, &why), ERR_RANGE);
			}
			snprintf(word, sizeof word, "%lld", (long long)t->min - 1);
			assert_int_not_equal(arg_accept(t, "x", word, value, &why), ERR_OK);
			assert_int_equal(arg_accept(t, "x", "99999999999999999999999", value, &why), ERR_RANGE);
			assert_int_equal(arg_accept(t, "x", "1x", value, &why), ERR_FORMAT);
		}
	assert_true(seen >= 10);
}

static void
every_row_can_be_typed_and_is_in_the_reference(void **state)
{
	struct rig *r = *state;
	struct rng rng = {.state = 3};
	const struct cli_row *row;

	rig_clear(r);
	cli_reference(r->cli, &r->out);
	for (size_t i = 0; (row = cli_row_at(r->cli, i)); i++) {
		char line[CLI_LINE_MAX] = "", said[300];
		const struct cli_mode *mode = row->mode ? row->mode : &cli_config_mode;
		struct cli_bound bound;
		struct text_fixed f;
		struct text why;
		struct words w;

		assert_non_null(strstr(r->screen, row->doc));
		generate(&rng, row, line, sizeof line);
		text_fixed_init(&f, &why, said, sizeof said);
		assert_int_equal(words_split(line, strlen(line), &w, &why), ERR_OK);
		if (cli_bind(r->cli, mode, CLI_ADMINISTRATOR, &w, &bound, &why))
			fail_msg("%s: %s", line, said);
		assert_int_equal(bound.row->id, row->same_as ? row->same_as : row->id);
	}
}

/* refused_with - @word is refused as argument @t, and the reason says @part. */
static void
refused_with(const struct cli_token *t, const char *word, enum err e, const char *part)
{
	char value[ARG_VALUE_MAX], said[CLI_LINE_MAX];
	struct text_fixed f;
	struct text why;

	text_fixed_init(&f, &why, said, sizeof said);
	if (arg_accept(t, "x", word, value, &why) != e || !strstr(said, part))
		fail_msg("%s \"%.80s\" is answered: %s", t->name, word, said);
}

static void
every_length_is_taken_at_both_bounds_and_refused_beyond(void **state)
{
	struct rig *r = *state;
	const struct cli_row *row;
	unsigned seen = 0;

	for (size_t i = 0; (row = cli_row_at(r->cli, i)); i++)
		for (const struct cli_token *t = row->tokens; t->kind != CLI_STOP; t++) {
			char word[CLI_LINE_MAX], range[64], value[ARG_VALUE_MAX], said[300];
			struct text_fixed f;
			struct text why;

			if (t->kind != CLI_ARGUMENT || (t->type != CLI_STRING && t->type != CLI_NAME &&
			                                t->type != CLI_SEALED && t->type != CLI_SECRET))
				continue;
			seen++;
			text_fixed_init(&f, &why, said, sizeof said);
			snprintf(range, sizeof range, "%u to %u characters", (unsigned)t->min, (unsigned)t->max);
			memset(word, 'a', sizeof word);
			word[t->max + 1] = '\0';
			refused_with(t, word, ERR_RANGE, range);
			word[t->max] = '\0';
			assert_int_equal(arg_accept(t, "x", word, value, &why), ERR_OK);
			word[t->min] = '\0';
			assert_int_equal(arg_accept(t, "x", word, value, &why), ERR_OK);
			word[t->min - 1] = '\0';
			refused_with(t, word, ERR_RANGE, range);
		}
	assert_true(seen >= 10);
}

static void
every_address_mask_port_and_choice_is_refused_beyond_its_kind(void **state)
{
	struct rig *r = *state;
	const struct cli_row *row;
	char word[64], range[64];

	for (size_t i = 0; (row = cli_row_at(r->cli, i)); i++)
		for (const struct cli_token *t = row->tokens; t->kind != CLI_STOP; t++) {
			if (t->kind != CLI_ARGUMENT)
				continue;
			if (t->type == CLI_ADDR || t->type == CLI_ADDR4 || t->type == CLI_NETWORK) {
				refused_with(t, "10.0.0.256", ERR_FORMAT, "is not an");
				refused_with(t, "10.0.0.1/33", ERR_FORMAT, "is not an");
			}
			if (t->type == CLI_ADDR4)
				refused_with(t, "2001:db8::1", ERR_FORMAT, "is not an IPv4 address");
			if (t->type == CLI_NETWORK)
				refused_with(t, "2001:db8::1/129", ERR_FORMAT, "with or without /length");
			snprintf(range, sizeof range, "/%u to /%u", (unsigned)t->min, (unsigned)t->max);
			if (t->type == CLI_MASK && t->max < 32) {
				snprintf(word, sizeof word, "/%u", (unsigned)t->max + 1);
				refused_with(t, word, ERR_RANGE, range);
			}
			if (t->type == CLI_MASK && t->min > 0) {
				snprintf(word, sizeof word, "/%u", (unsigned)t->min - 1);
				refused_with(t, word, ERR_RANGE, range);
			}
			if (t->type == CLI_DIGITS) {
				snprintf(range, sizeof range, "%u to %u digits", (unsigned)t->min, (unsigned)t->max);
				snprintf(word, sizeof word, "%0*u", (int)t->max + 1, 1);
				refused_with(t, word, ERR_RANGE, range);
				word[t->min - 1] = '\0';
				refused_with(t, word, ERR_RANGE, range);
				snprintf(word, sizeof word, "%0*ux", (int)t->min, 1);
				refused_with(t, word, ERR_FORMAT, range);
			}
			if (t->type == CLI_PORT) {
				snprintf(word, sizeof word, "1/%u", (unsigned)t->max + 1);
				refused_with(t, word, ERR_RANGE, "must be in the range");
				refused_with(t, "0/1", ERR_RANGE, "must be in the range");
			}
			if (t->type == CLI_CHOICE)
				refused_with(t, "nothing-of-this", ERR_FORMAT, "unrecognized keyword");
		}
}

/* put_openers - lines that lead from global configuration into @mode. */
static void
put_openers(struct rig *r, struct rng *rng, const struct cli_mode *mode, char *text, size_t cap)
{
	const struct cli_row *row;

	if (mode == &cli_config_mode)
		return;
	put_openers(r, rng, mode->parent, text, cap);
	for (size_t i = 0; (row = cli_row_at(r->cli, i)); i++)
		if (row->opens == mode)
			break;
	assert_non_null(row);
	generate(rng, row, text, cap);
	snprintf(text + strlen(text), cap - strlen(text), "\n");
}

static void
no_or_default_takes_every_line_back(void **state)
{
	struct rig *shared = *state;
	const struct cli_row *row;
	unsigned seen = 0;

	for (size_t i = 0; (row = cli_row_at(shared->cli, i)); i++) {
		char text[4 * CLI_LINE_MAX] = "", line[CLI_LINE_MAX] = "", *before, *after;
		struct rng rng = {.state = i + 1};
		struct rig *r;

		if (!row->mode || !row->forms || (row->kind != CLI_LEAF && row->kind != CLI_OPENS))
			continue;
		seen++;
		r = rig_new(CLI_ADMINISTRATOR);
		put_openers(r, &rng, row->mode, text, sizeof text);
		if (row->id == SRP_ROW_ALLOW_EARLY) /* needs the other */
			strcat(text, "switchover allow-all-data-traffic\n");
		assert_int_equal(rig_load(r, cli_running(r->cli), text, strlen(text)), 0);
		before = rig_print(cli_running(r->cli));
		generate(&rng, row, line, sizeof line);
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n%s%s %s\n", line,
		         row->kind == CLI_OPENS ? "exit\n" : "", row->forms & CLI_NO ? "no" : "default", line);
		if (rig_load(r, cli_running(r->cli), text, strlen(text)) != 0)
			fail_msg("line %u: %s\n%s", r->refused_line, r->refused, text);
		after = rig_print(cli_running(r->cli));
		if (strcmp(before, after) != 0)
			fail_msg("%s\nleaves %s", text, after);
		free(before);
		free(after);
		rig_free(r);
	}
	assert_true(seen > 50);
}

static void
what_has_no_effect_yet_says_so_where_it_is_typed_and_in_the_reference(void **state)
{
	struct rig *r = *state;

	rig_type(r, "configure");
	rig_type(r, "context srp -noconfirm");
	assert_non_null(strstr(rig_help(r, "rad"), "- RADIUS; no effect yet\n"));
	assert_non_null(strstr(rig_help(r, "ip pool p 10.0.0.0/8 "), "- Puts the pool into a group; no effect yet\n"));
	assert_null(strstr(rig_help(r, "ip pool p 10.0.0.0/8 srp"), "no effect yet"));
	rig_type(r, "service-redundancy-protocol");
	assert_non_null(strstr(rig_help(r, "checkpoint"), "- Replication of calls\n"));
	assert_non_null(
	    strstr(rig_help(r, "checkpoint session "), "- The standby says when a checkpoint was not taken over\n"));
	assert_non_null(strstr(rig_help(r, "checkpoint session "), "- How checkpoints are compressed\n"));
	assert_null(strstr(rig_help(r, "checkpoint session nack "), "no effect yet\n"));
	assert_non_null(strstr(rig_help(r, "n"), "- Removes or disables what follows\n"));
	rig_clear(r);
	cli_reference(r->cli, &r->out);
	assert_non_null(strstr(r->screen, "home agent service.\n\nKept in the configuration; it has no effect yet.\n"));
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(what_is_printed_loads_and_prints_the_same),
	    T(every_number_is_taken_at_both_bounds_and_refused_beyond),
	    T(every_length_is_taken_at_both_bounds_and_refused_beyond),
	    T(every_address_mask_port_and_choice_is_refused_beyond_its_kind),
	    T(no_or_default_takes_every_line_back),
	    T(every_row_can_be_typed_and_is_in_the_reference),
	    T(what_has_no_effect_yet_says_so_where_it_is_typed_and_in_the_reference),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
