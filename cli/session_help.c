/*
 * session_help.c - Tab and `?`: what may come next.
 *
 * The same walk as for running a line (cmd_tree.h, bind.h), stopped before the word under the cursor.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/session.h"

enum { HINTS_MAX = 256, HINT_NAME_MAX = 96, HELP_WIDTH = 28 };

struct hint {
	char name[HINT_NAME_MAX];
	const char *help;
	bool is_word; /* can be typed as it stands: Tab offers it */
	bool is_idle; /* belongs to commands without effect yet only */
};

struct hints {
	unsigned count;
	const char *part; /* the word under the cursor so far */
	struct hint hint[HINTS_MAX];
};

static void
hint_add(struct hints *h, const char *name, const char *help, bool is_word)
{
	struct hint *to = &h->hint[h->count];

	if (h->count == HINTS_MAX || (is_word && !words_begins(name, h->part)))
		return;
	snprintf(to->name, sizeof to->name, "%s", name);
	to->help = help;
	to->is_word = is_word;
	to->is_idle = false;
	h->count++;
}

/* hint_existing - names of blocks that are there already, for Tab behind their opener. */
static void
hint_existing(struct cli_session *s, const struct cli_row *row, const struct cli_token *t, struct hints *h)
{
	const struct cfg *cfg = s->cli->running;
	const struct cfg_node *block = s->place.depth ? place_block(&s->place, s->cli->running) : cfg_root(cfg);
	uint16_t id = row->id == CLI_ROW_CONTEXT_EXEC ? CLI_ROW_CONTEXT : row->id;
	bool has_local = false;

	if (!t->is_key || !block || (row->kind != CLI_OPENS && row->id != CLI_ROW_CONTEXT_EXEC))
		return;
	for (const struct cfg_node *n = cfg_first(cfg, block, id); n; n = cfg_next(cfg, n)) {
		hint_add(h, cfg_leaf_key(cfg, n), "is there already", true);
		has_local |= strcmp(cfg_leaf_key(cfg, n), "local") == 0;
	}
	if (id == CLI_ROW_CONTEXT && !has_local) /* it needs no line in the configuration */
		hint_add(h, "local", "is always there", true);
}

static void
hint_token(struct cli_session *s, const struct cli_row *row, const struct cli_token *t, struct hints *h)
{
	char name[HINT_NAME_MAX];
	struct text_fixed f;
	struct text out;

	if (t->kind == CLI_KEYWORD) {
		hint_add(h, t->name, t->help, true);
		return;
	}
	if (t->type == CLI_CHOICE) {
		for (const struct cli_choice *c = t->choices; c->name; c++)
			hint_add(h, c->name, c->help, true);
		return;
	}
	text_fixed_init(&f, &out, name, sizeof name);
	arg_placeholder(t, &out);
	hint_add(h, name, t->help, false);
	hint_existing(s, row, t, h);
}

static void
hint_expected(struct cli_session *s, const struct bind_walk *walk, struct hints *h)
{
	struct bind_expect e;

	bind_expect(walk, &e);
	for (unsigned i = 0; i < e.count; i++) {
		const struct cli_token *t = &walk->row->tokens[e.token[i]];
		unsigned first = h->count;

		hint_token(s, walk->row, t, h);
		for (unsigned k = first; k < h->count; k++)
			h->hint[k].is_idle = t->is_idle || walk->row->flags & CLI_NO_EFFECT_YET;
	}
	if (e.takes_noconfirm)
		hint_add(h, "-noconfirm", "Does not ask \"Are you sure?\"", true);
	if (e.can_end && !*h->part)
		hint_add(h, "<cr>", "Ends the command", false);
}

/* hint_filters - behind a bar. */
static void
hint_filters(const char *line, size_t n, struct hints *h, struct words *w)
{
	char said[128];
	struct text_fixed f;
	struct text why;

	while (words_bar(line, n) < n) {
		size_t bar = words_bar(line, n);

		line += bar + 1;
		n -= bar + 1;
	}
	text_fixed_init(&f, &why, said, sizeof said);
	if (words_split(line, n, w, &why) || w->count > 1 || (w->count == 1 && !w->ends_open))
		return;
	h->part = w->count ? w->word[0] : "";
	for (unsigned i = 0; filter_words(i); i++)
		hint_add(h, filter_words(i)->name, filter_words(i)->help, true);
}

static int
by_name(const void *a, const void *b)
{
	const struct hint *x = a, *y = b;

	if (x->is_word != y->is_word)
		return x->is_word ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* hint_words - the words before the cursor, walked; ERR and the refusal in @why when they are wrong themselves. */
static enum err
hint_words(struct cli_session *s, struct words *w, unsigned full, struct hints *h, struct text *why)
{
	unsigned all = w->count;
	struct cmd_tree *tree = cli_tree(s->cli, session_mode(s, w, full), s->privilege);
	struct cmd_word word = {.it = NULL};
	struct bind_walk walk;
	struct cmd_at at;
	enum err e;

	if (!tree)
		return ERR_OK;
	full -= all - w->count;
	e = cmd_tree_walk(tree, w, full, &at, why);
	if (e)
		return e;
	while (cmd_tree_next(&at, &word)) {
		unsigned before = h->count;

		hint_add(h, word.name, word.help, true);
		if (h->count > before)
			h->hint[before].is_idle = word.is_idle;
	}
	if (!at.row)
		return ERR_OK;
	bind_start(&walk, at.row, at.how);
	for (unsigned i = at.words; i < full; i++) {
		e = bind_word(&walk, w->word[i], w->is_quoted[i], NULL, NULL, why);
		if (e)
			return e;
	}
	hint_expected(s, &walk, h);
	return ERR_OK;
}

/* hints_of - all that may come at the end of @line; a refusal goes to @why. */
static enum err
hints_of(struct cli_session *s, const char *line, size_t n, struct hints *h, struct words *w, struct text *why)
{
	unsigned full;
	bool is_exit;

	h->count = 0;
	h->part = "";
	place_settle(&s->place, s->cli->running);
	if (n > 0 && words_remark(line, n, &is_exit) && memchr(line, '#', n))
		return ERR_OK;
	if (words_bar(line, n) < n) {
		hint_filters(line, n, h, w);
	} else {
		char said[200];
		struct text_fixed f;
		struct text sink;
		enum err e;

		text_fixed_init(&f, &sink, said, sizeof said);
		e = words_split(line, n, w, &sink);
		if (e) {
			text_printf(why, "Failure: %s\n", said);
			return e;
		}
		full = w->count - (w->ends_open ? 1 : 0);
		h->part = w->ends_open ? w->word[full] : "";
		e = hint_words(s, w, full, h, why);
		if (e)
			return e;
	}
	qsort(h->hint, h->count, sizeof h->hint[0], by_name);
	return ERR_OK;
}

static void
refused(void *arg, const char *bytes, size_t n)
{
	(void)arg, (void)bytes, (void)n;
}

void
cli_session_complete(struct cli_session *s, const char *line, size_t n, struct text *out)
{
	struct text nowhere = {.write = refused};
	struct words w;
	struct hints h;

	if (s->state != CLI_STATE_DONE || hints_of(s, line, n, &h, &w, &nowhere))
		return;
	for (unsigned i = 0; i < h.count; i++)
		if (h.hint[i].is_word && (i == 0 || strcmp(h.hint[i].name, h.hint[i - 1].name) != 0))
			text_printf(out, "%s\n", h.hint[i].name);
}

void
cli_session_help(struct cli_session *s, const char *line, size_t n, struct text *out)
{
	size_t width = HELP_WIDTH; /* one column for all, also beside a long keyword */
	struct words w;
	struct hints h;

	if (s->state != CLI_STATE_DONE || hints_of(s, line, n, &h, &w, out))
		return;
	if (h.count == 0 && *h.part)
		text_put(out, "  nothing begins with these letters\n");
	for (unsigned i = 0; i < h.count; i++)
		width = strlen(h.hint[i].name) > width ? strlen(h.hint[i].name) : width;
	for (unsigned i = 0; i < h.count; i++)
		text_printf(out, "  %-*s - %s%s\n", (int)width, h.hint[i].name, h.hint[i].help,
		            h.hint[i].is_idle ? "; no effect yet" : "");
}
