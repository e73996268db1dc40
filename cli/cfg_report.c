/* cfg_report.c - the frame of `show configuration errors`, and the two sections that the rows themselves give. */
#include "cli/cfg_report.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cfg_internal.h"

void
cfg_report_init(struct cfg_report *r, struct text *out, bool is_verbose)
{
	*r = (struct cfg_report){.out = out, .is_verbose = is_verbose};
}

static void
head(struct cfg_report *r)
{
	static const char rule[] =
	    "######################################################################################\n";

	if (r->is_headed)
		return;
	text_put(r->out, rule);
	text_printf(r->out, "#                   Displaying %s\n", r->title);
	text_put(r->out, rule);
	r->is_headed = true;
}

static void
total(struct cfg_report *r, uint32_t count, const char *what)
{
	text_printf(r->out, "Total %u %s(s) in this section%s!\n\n", count, what, what[0] == 'e' ? " " : "");
}

void
cfg_report_begin(struct cfg_report *r, const char *title)
{
	r->title = title;
	r->errors = r->warnings = 0;
	r->is_headed = false;
	if (r->is_verbose)
		head(r);
}

void
cfg_report_end(struct cfg_report *r)
{
	if (!r->is_headed)
		return;
	if (r->warnings == 0)
		total(r, r->errors, "error");
	total(r, r->warnings, "warning");
}

/* put_place - the blocks around @line, outermost first. Depth is bounded by the modes. */
static void
put_place(const struct cfg *cfg, const struct cfg_node *line, struct text *out)
{
	const struct cfg_node *block = cfg_at(cfg, line->parent);

	if (cfg_index(cfg, block) == CFG_ROOT)
		return;
	put_place(cfg, block, out);
	cfg_line_put(cfg, block, out);
	text_put(out, ": ");
}

/* put_words - where, the line, and what is @said of it. */
static void
put_words(const struct cfg *cfg, const struct cfg_node *line, const char *said, struct text *out)
{
	if (line) {
		put_place(cfg, line, out);
		cfg_line_put(cfg, line, out);
		text_put(out, ": ");
	}
	text_put(out, said);
}

static void
finding(struct cfg_report *r, bool is_error, const struct cfg *cfg, const struct cfg_node *line, const char *fmt,
        va_list ap)
{
	char said[300];

	vsnprintf(said, sizeof said, fmt, ap);
	text_put(r->out, is_error ? "Error   : " : "Warning : ");
	put_words(cfg, line, said, r->out);
	text_put(r->out, "\n");
	if (!is_error || r->first == NULL)
		return;
	put_words(cfg, line, said, r->first);
	r->first = NULL;
}

void
cfg_report_error(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line, const char *fmt, ...)
{
	va_list ap;

	assert(r->warnings == 0);
	head(r);
	r->errors++;
	r->all_errors++;
	va_start(ap, fmt);
	finding(r, true, cfg, line, fmt, ap);
	va_end(ap);
}

void
cfg_report_warning(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line, const char *fmt, ...)
{
	va_list ap;

	head(r);
	if (r->warnings++ == 0)
		total(r, r->errors, "error");
	r->all_warnings++;
	va_start(ap, fmt);
	finding(r, false, cfg, line, fmt, ap);
	va_end(ap);
}

void
cfg_report_secret(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line)
{
	const struct cli_hooks *hooks = &cfg->cli->setup.hooks;
	struct cfg_values v;

	cfg_values_init(&v, cfg, line);
	while (cfg_values_next(&v)) {
		const struct cli_token *t = &cfg_row(cfg, line)->tokens[v.token];

		if (t->kind == CLI_ARGUMENT && t->type == CLI_SEALED && hooks->opens &&
		    !hooks->opens(cfg->cli->setup.app, v.value))
			cfg_report_error(r, cfg, line, "this chassis cannot open the secret; enter it again in clear");
	}
}

bool
cfg_report_idle(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line)
{
	const struct cli_row *row = cfg_row(cfg, line);
	struct cfg_values v;

	if (row->flags & CLI_NO_EFFECT_YET) {
		cfg_report_warning(r, cfg, line, "has no effect yet");
		return true;
	}
	cfg_values_init(&v, cfg, line);
	while (cfg_values_next(&v))
		if (row->tokens[v.token].is_idle)
			cfg_report_warning(r, cfg, line, "%s has no effect yet", row->tokens[v.token].name);
	return false;
}
