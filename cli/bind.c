/* bind.c - the automaton that takes a line's words against one row. */
#include "cli/bind.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char noconfirm[] = "-noconfirm";

unsigned
bind_leading(const struct cli_row *row)
{
	unsigned n = 0;

	while (row->tokens[n].kind == CLI_KEYWORD)
		n++;
	return n;
}

/* closing - the CLI_CLOSE of the group that holds or begins at @at; or_too: the next CLI_OR of that group as well. */
static unsigned
closing(const struct cli_token *t, unsigned at, bool or_too)
{
	int depth = 0;

	for (unsigned i = at;; i++) {
		if (i > at && depth == 0 && (t[i].kind == CLI_CLOSE || (or_too && t[i].kind == CLI_OR)))
			return i;
		if (i > at && (t[i].kind == CLI_ONE_OF || t[i].kind == CLI_OPTION))
			depth++;
		else if (i > at && t[i].kind == CLI_CLOSE)
			depth--;
		assert(t[i].kind != CLI_STOP);
	}
}

/* opening - where the group that ends at @close began. */
static unsigned
opening(const struct cli_token *t, unsigned close)
{
	int depth = 0;

	for (unsigned i = close;; i--) {
		if (t[i].kind == CLI_CLOSE)
			depth++;
		else if ((t[i].kind == CLI_ONE_OF || t[i].kind == CLI_OPTION) && --depth == 0)
			return i;
		assert(i > 0);
	}
}

/* run_start - the first of the options that stand side by side with the one at @open. */
static unsigned
run_start(const struct cli_token *t, unsigned open)
{
	while (open > 0 && t[open - 1].kind == CLI_CLOSE && t[opening(t, open - 1)].kind == CLI_OPTION)
		open = opening(t, open - 1);
	return open;
}

static void
expect_from(const struct bind_walk *walk, unsigned at, struct bind_expect *e)
{
	const struct cli_token *t = walk->row->tokens;

	switch ((enum cli_token_kind)t[at].kind) {
	case CLI_STOP:
		e->can_end = true;
		return;
	case CLI_KEYWORD:
	case CLI_ARGUMENT:
		e->token[e->count++] = (uint8_t)at;
		return;
	case CLI_OR: /* the end of an alternative */
		expect_from(walk, closing(t, at, false) + 1, e);
		return;
	case CLI_CLOSE:
		if (t[opening(t, at)].kind == CLI_OPTION)
			expect_from(walk, run_start(t, opening(t, at)), e);
		else
			expect_from(walk, at + 1, e);
		return;
	case CLI_ONE_OF:
		for (; t[at].kind != CLI_CLOSE; at = closing(t, at, true))
			expect_from(walk, at + 1, e);
		return;
	case CLI_OPTION:
		for (; t[at].kind == CLI_OPTION; at = closing(t, at, false) + 1)
			if (!(walk->used >> at & 1))
				expect_from(walk, at + 1, e);
		expect_from(walk, at, e);
		return;
	}
}

/* last_key - index behind the last key argument, or behind the leading keywords. */
static unsigned
last_key(const struct cli_row *row)
{
	unsigned last = bind_leading(row);

	for (unsigned i = last; row->tokens[i].kind != CLI_STOP; i++)
		if (row->tokens[i].is_key)
			last = i + 1;
	return last;
}

void
bind_start(struct bind_walk *walk, const struct cli_row *row, enum cli_how how)
{
	*walk = (struct bind_walk){.row = row, .how = how, .at = (uint8_t)bind_leading(row)};
}

void
bind_expect(const struct bind_walk *walk, struct bind_expect *e)
{
	e->count = 0;
	e->can_end = false;
	expect_from(walk, walk->at, e);
	if (walk->how != CLI_HOW_PLAIN && walk->at >= last_key(walk->row))
		e->can_end = true;
	e->takes_noconfirm = e->can_end && !walk->has_noconfirm && (walk->row->flags & (CLI_MAY_ASK | CLI_ASKS_NEW));
}

/* take - note token @i with @value. */
static enum err
take(struct cli_bound *line, unsigned i, const char *value, bool is_ignored)
{
	size_t n = strlen(value) + 1;

	if (!line || is_ignored)
		return ERR_OK;
	if (line->count == CLI_TAKEN_MAX || line->used + n > sizeof line->text)
		return ERR_FULL;
	line->taken[line->count].token = (uint8_t)i;
	line->taken[line->count++].at = line->used;
	memcpy(line->text + line->used, value, n);
	line->used = (uint16_t)(line->used + n);
	return ERR_OK;
}

/* nearest - the argument of @type that stands nearest before token @i; 0 when there is none. */
static unsigned
nearest(const struct cli_token *t, unsigned i, enum cli_type type)
{
	while (i > 0 && (t[i].kind != CLI_ARGUMENT || t[i].type != type))
		i--;
	return i;
}

/* take_prefix - `address/length` becomes the address and the mask of the form before it. */
static enum err
take_prefix(const struct cli_token *t, struct cli_bound *line, unsigned i, const char *value)
{
	enum err e = take(line, nearest(t, i, CLI_ADDR4), value, false);

	return e ? e : take(line, nearest(t, i, CLI_MASK), value + strlen(value) + 1, false);
}

/* take_secret - `KEYWORD secret` becomes the `encrypted KEYWORD sealed` before it. */
static enum err
take_secret(const struct cli_token *t, struct cli_bound *line, unsigned i, const char *clear,
            const struct bind_env *env, struct text *why)
{
	unsigned at = nearest(t, i, CLI_SEALED);
	char sealed[256];

	if (!line)
		return ERR_OK;
	if (!env || !env->seal || env->seal(env->app, clear, sealed, sizeof sealed)) {
		text_put(why, "Failure: the secret cannot be sealed on this chassis\n");
		return ERR_REFUSED;
	}
	line->count--; /* the keyword of the clear form */
	if (take(line, at - 2, "", false) || take(line, at - 1, "", false) || take(line, at, sealed, false))
		return ERR_FULL;
	return ERR_OK;
}

/* accept - token @i has been matched with @value: keep it and go behind it. */
static enum err
accept(struct bind_walk *walk, unsigned i, const char *value, const struct bind_env *env, struct cli_bound *line,
       struct text *why)
{
	const struct cli_token *t = walk->row->tokens;
	bool is_argument = t[i].kind == CLI_ARGUMENT;
	enum err e;

	if (is_argument && t[i].type == CLI_PREFIX)
		e = take_prefix(t, line, i, value);
	else if (is_argument && t[i].type == CLI_SECRET)
		e = take_secret(t, line, i, value, env, why);
	else
		e = take(line, i, value, t[i].is_ignored);
	if (e == ERR_FULL)
		text_put(why, "Failure: the line is too long\n");
	if (e)
		return e;
	for (unsigned o = 0; o < i; o++)
		if (t[o].kind == CLI_OPTION && closing(t, o, false) > i)
			walk->used |= UINT64_C(1) << o;
	walk->at = (uint8_t)(i + 1);
	return ERR_OK;
}

/* keyword_hits - which expected keyword @word names: the token, and how many fit. */
static unsigned
keyword_hits(const struct bind_walk *walk, const struct bind_expect *e, const char *word, unsigned *token)
{
	unsigned hits = 0;

	for (unsigned i = 0; i < e->count; i++) {
		const struct cli_token *t = &walk->row->tokens[e->token[i]];

		if (t->kind != CLI_KEYWORD || !words_begins(t->name, word))
			continue;
		*token = e->token[i];
		hits++;
		if (strcasecmp(t->name, word) == 0)
			return 1;
	}
	return hits;
}

/* keyword_before - the keyword nearest before token @i: what a range error names. */
static const char *
keyword_before(const struct cli_row *row, unsigned i)
{
	while (i-- > 0)
		if (row->tokens[i].kind == CLI_KEYWORD)
			return row->tokens[i].name;
	return "value";
}

static enum err
unknown(const char *word, struct text *why)
{
	text_put(why, "Unknown command - \"");
	text_escaped(why, word, strnlen(word, 60));
	text_put(why, "\", unrecognized keyword\n");
	return ERR_FORMAT;
}

/* bind_argument - @word as one of the expected arguments. */
static enum err
bind_argument(struct bind_walk *walk, const struct bind_expect *e, const char *word, const struct bind_env *env,
              struct cli_bound *line, struct text *why)
{
	char value[ARG_VALUE_MAX], reason[256] = "";
	enum err worst = ERR_OK;
	unsigned arguments = 0;

	for (unsigned i = 0; i < e->count; i++) {
		const struct cli_token *t = &walk->row->tokens[e->token[i]];
		struct text_fixed f;
		struct text sink;
		char said[256];
		enum err err;

		if (t->kind != CLI_ARGUMENT)
			continue;
		arguments++;
		text_fixed_init(&f, &sink, said, sizeof said);
		err = arg_accept(t, keyword_before(walk->row, e->token[i]), word, value, &sink);
		if (!err)
			return accept(walk, e->token[i], value, env, line, why);
		if (!worst || err == ERR_RANGE) {
			worst = err;
			memcpy(reason, said, sizeof reason);
		}
	}
	if (!arguments || (worst == ERR_FORMAT && arguments < e->count))
		return unknown(word, why);
	text_put(why, reason);
	return worst;
}

enum err
bind_word(struct bind_walk *walk, const char *word, bool is_quoted, const struct bind_env *env, struct cli_bound *line,
          struct text *why)
{
	unsigned hits = 0, token = 0;
	struct bind_expect e;

	bind_expect(walk, &e);
	if (!is_quoted && *word)
		hits = keyword_hits(walk, &e, word, &token);
	if (e.takes_noconfirm && !is_quoted && *word && words_begins(noconfirm, word)) {
		if (hits == 0) {
			walk->has_noconfirm = true;
			if (line)
				line->has_noconfirm = true;
			return ERR_OK;
		}
		hits++;
	}
	if (hits == 1)
		return accept(walk, token, "", env, line, why);
	if (hits > 1) {
		text_printf(why, "Ambiguous command - \"%.60s\"\n", word);
		return ERR_FORMAT;
	}
	return bind_argument(walk, &e, word, env, line, why);
}

/* settle - sort what was taken by token, and move an alias' tokens to the row under which the line is kept. */
static void
settle(struct cli_bound *line, const struct cli_row *canonical)
{
	int shift = (int)bind_leading(canonical) - (int)bind_leading(line->row);

	for (unsigned i = 1; i < line->count; i++)
		for (unsigned k = i; k > 0 && line->taken[k].token < line->taken[k - 1].token; k--) {
			uint8_t token = line->taken[k].token;
			uint16_t at = line->taken[k].at;

			line->taken[k] = line->taken[k - 1];
			line->taken[k - 1].token = token;
			line->taken[k - 1].at = at;
		}
	for (unsigned i = 0; i < line->count; i++)
		line->taken[i].token = (uint8_t)(line->taken[i].token + shift);
	line->row = canonical;
}

enum err
bind_line(const struct cli_row *row, enum cli_how how, const struct words *w, unsigned first,
          const struct bind_env *env, struct cli_bound *line, struct text *why)
{
	struct bind_walk walk;
	struct bind_expect e;

	line->row = row;
	line->how = how;
	line->has_noconfirm = false;
	line->count = 0;
	line->used = 0;
	bind_start(&walk, row, how);
	for (unsigned i = first; i < w->count; i++) {
		enum err err = bind_word(&walk, w->word[i], w->is_quoted[i], env, line, why);

		if (err)
			return err;
	}
	bind_expect(&walk, &e);
	if (!e.can_end) {
		text_put(why, "Incomplete command\n");
		return ERR_SHORT;
	}
	settle(line, env->canonical);
	return ERR_OK;
}

/* check_group - the group at @open begins each alternative with a word, not with another option. */
static bool
check_group(const struct cli_token *t, unsigned open)
{
	for (unsigned at = open; t[at].kind != CLI_CLOSE; at = closing(t, at, true))
		if (t[at + 1].kind == CLI_OPTION || t[at + 1].kind == CLI_OR || t[at + 1].kind == CLI_CLOSE)
			return false;
	return true;
}

/* check_token - one token: names, bounds, and the shapes that PREFIX and SECRET lean on. */
static const char *
check_token(const struct cli_token *t, unsigned i)
{
	if ((t[i].kind == CLI_KEYWORD || t[i].kind == CLI_ARGUMENT) && (!t[i].name || !t[i].help))
		return "a word has no name or no help";
	if ((t[i].kind == CLI_ONE_OF || t[i].kind == CLI_OPTION) && !check_group(t, i))
		return "a group may be passed through without a word";
	if (t[i].kind != CLI_ARGUMENT)
		return NULL;
	if (t[i].min > t[i].max || t[i].type >= CLI_TYPE_COUNT || (t[i].type == CLI_CHOICE && !t[i].choices))
		return "an argument has no proper bounds";
	if (t[i].step && (t[i].type != CLI_UINT || t[i].min % t[i].step || t[i].max % t[i].step))
		return "the bounds of a number are not of its step";
	if (t[i].type == CLI_PREFIX && (!nearest(t, i, CLI_ADDR4) || !nearest(t, i, CLI_MASK)))
		return "a prefix does not stand behind an address and a mask";
	if (t[i].type == CLI_SECRET && (nearest(t, i, CLI_SEALED) < 3 || t[i - 1].kind != CLI_KEYWORD))
		return "a secret does not stand behind its sealed form";
	return NULL;
}

enum err
bind_check(const struct cli_row *row, struct text *why)
{
	const struct cli_token *t = row->tokens;
	const char *fault = NULL;
	unsigned n = 0;
	int depth = 0;

	for (; !fault && t[n].kind != CLI_STOP; n++) {
		depth += t[n].kind == CLI_ONE_OF || t[n].kind == CLI_OPTION;
		depth -= t[n].kind == CLI_CLOSE;
		if (depth < 0 || n + 1 >= CLI_TOKENS_MAX)
			fault = "groups do not close, or too many tokens";
	}
	if (!fault && (depth || !bind_leading(row)))
		fault = "groups do not close, or no leading keyword";
	for (unsigned i = 0; !fault && i < n; i++)
		fault = check_token(t, i);
	if (!fault && (!row->doc || (row->kind == CLI_OPENS) != (row->opens != NULL)))
		fault = "no documentation, or an opener without a mode";
	if (!fault)
		return ERR_OK;
	text_printf(why, "command row %u (%s): %s\n", row->id, t[0].name ? t[0].name : "?", fault);
	return ERR_FORMAT;
}
