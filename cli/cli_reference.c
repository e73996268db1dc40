/* cli_reference.c - the command reference (docs/COMMANDS.md), made of the rows. */

#include "cli/cli_internal.h"

static void
put_token(const struct cli_token *t, struct text *out)
{
	if (t->kind == CLI_ONE_OF)
		text_put(out, " {");
	else if (t->kind == CLI_OR)
		text_put(out, " |");
	else if (t->kind == CLI_OPTION)
		text_put(out, " [");
	else if (t->kind == CLI_KEYWORD)
		text_printf(out, " %s", t->name);
	else if (t->kind == CLI_ARGUMENT && t->type == CLI_CHOICE)
		for (const struct cli_choice *c = t->choices; c->name; c++)
			text_printf(out, "%s%s%s", c == t->choices ? " {" : " |", c == t->choices ? " " : " ", c->name);
	else if (t->kind == CLI_ARGUMENT)
		text_printf(out, " *%s*", t->name);
	if (t->kind == CLI_ARGUMENT && t->type == CLI_CHOICE)
		text_put(out, " }");
}

/* put_syntax - the whole line in the usual brackets. */
static void
put_syntax(const struct cli_row *row, struct text *out)
{
	char closes[CLI_TOKENS_MAX] = "";
	unsigned depth = 0;

	if (row->forms)
		text_printf(out, " [ %s%s%s ]", row->forms & (CLI_NO | CLI_NO_KEPT) ? "no" : "",
		            row->forms & (CLI_DEFAULT | CLI_NO_KEPT) && row->forms != CLI_DEFAULT ? " | " : "",
		            row->forms & (CLI_DEFAULT | CLI_NO_KEPT) ? "default" : "");
	for (const struct cli_token *t = row->tokens; t->kind != CLI_STOP; t++) {
		if (t->kind == CLI_CLOSE) {
			text_printf(out, " %c", closes[--depth]);
			continue;
		}
		if (t->kind == CLI_ONE_OF || t->kind == CLI_OPTION)
			closes[depth++] = t->kind == CLI_OPTION ? ']' : '}';
		put_token(t, out);
	}
	if (row->flags & (CLI_MAY_ASK | CLI_ASKS_NEW))
		text_put(out, " [ -noconfirm ]");
}

static void
put_arguments(const struct cli_row *row, struct text *out)
{
	for (const struct cli_token *t = row->tokens; t->kind != CLI_STOP; t++) {
		if (t->kind != CLI_ARGUMENT)
			continue;
		text_printf(out, "- *%s*: %s", t->name, t->help);
		if (t->type != CLI_CHOICE) {
			text_put(out, " (");
			arg_placeholder(t, out);
			text_put(out, ")");
		}
		text_put(out, "\n");
	}
	if (row->fallback)
		text_printf(out, "- default: %s\n", row->fallback);
}

static const char *
feature_name(unsigned feature)
{
	switch ((enum cli_feature)feature) {
	case CLI_FEATURE_ICSR:
		return "Inter-Chassis Session Recovery";
	case CLI_FEATURE_SESSION_RECOVERY:
		return "Session Recovery";
	case CLI_FEATURE_ICSR_OPTIMIZATION:
		return "ICSR Optimization";
	case CLI_FEATURES_ALL:
		break;
	}
	return "several features";
}

static void
put_mode(const struct cli *cli, const struct cli_mode *mode, const char *name, struct text *out)
{
	text_printf(out, "\n## %s\n", name);
	for (size_t i = 0; i < cli->row_count; i++) {
		const struct cli_row *row = cli->rows[i];

		if (row->mode != mode)
			continue;
		text_put(out, "\n###");
		put_syntax(row, out);
		text_printf(out, "\n\n%s\n\n", row->doc);
		if (row->flags & CLI_NO_EFFECT_YET)
			text_put(out, row->kind == CLI_LEAF || row->kind == CLI_OPENS
			                  ? "Kept in the configuration; it has no effect yet.\n\n"
			                  : "It has no effect yet, and says so.\n\n");
		if (row->flags & CLI_PER_CHASSIS)
			text_put(out, "Of this chassis alone: it is not compared with the other chassis.\n\n");
		if (row->flags & CLI_ORDERED)
			text_put(out, "The other chassis must have these lines in the same order.\n\n");
		put_arguments(row, out);
		if (row->flags & CLI_HAS_JSON)
			text_put(out, "- `| json` gives one JSON document\n");
		if (row->feature)
			text_printf(out, "- needs the license for %s\n", feature_name(row->feature));
	}
}

void
cli_reference(const struct cli *cli, struct text *out)
{
	text_put(out, "# Commands\n\nMade of the command rows by `make docs`; change those, not this page.\n");
	for (size_t i = 0; i < cli->mode_count; i++)
		put_mode(cli, cli->modes[i].mode, cli->modes[i].mode->name, out);
	put_mode(cli, NULL, "Every configuration mode", out);
}
