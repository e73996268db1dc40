/*
 * cmd_tree.c - rows registered with libcli.
 *
 * libcli 1.10.7 has faults that shape this file: it crashes in its own filters and in REMAINDER arguments
 * (never registered), words its errors in one way (so the walk here words them first, and what libcli prints
 * is dropped), and computes abbreviation lengths only when the privilege changes.
 */
#include "cli/cmd_tree.h"

#include <libcli.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct cmd_place {
	const struct cli_command *command;
	const struct cli_row *row;
	enum cli_how how;
};

struct cmd_tree {
	struct cli_def *cli;
	struct cmd_place *places;
	size_t count, cap;
	const struct cli_command *found; /* set by libcli's call-back during a run */
};

static int
on_match(struct cli_def *cli, const char *command, char **argv, int argc)
{
	struct cmd_tree *tree = cli_get_context(cli);

	(void)command, (void)argv, (void)argc;
	tree->found = cli->pipeline->current_stage->command;
	return CLI_OK;
}

/* drop_text - libcli's own error texts: the walk has worded them already. */
static void
drop_text(struct cli_def *cli, const char *text)
{
	(void)cli, (void)text;
}

static struct cli_command *
child(struct cmd_tree *tree, struct cli_command *parent, const char *name)
{
	struct cli_command *c = parent ? parent->children : tree->cli->commands;

	while (c && strcmp(c->command, name) != 0)
		c = c->next;
	return c;
}

/* descend - the node of keyword @name under @parent, made when it is not there. */
static struct cli_command *
descend(struct cmd_tree *tree, struct cli_command *parent, const char *name, const char *help)
{
	struct cli_command *c = child(tree, parent, name);

	return c ? c : cli_register_command(tree->cli, parent, name, NULL, PRIVILEGE_UNPRIVILEGED, MODE_ANY, help);
}

/* add - all leading keywords of @row below @parent; the last one carries the row. */
static bool
add(struct cmd_tree *tree, struct cli_command *parent, const struct cli_row *row, enum cli_how how)
{
	struct cli_command *c = parent;

	for (unsigned i = 0; i < bind_leading(row); i++) {
		c = descend(tree, c, row->tokens[i].name, row->tokens[i].help);
		if (!c)
			return false;
	}
	if (tree->count == tree->cap) {
		size_t cap = tree->cap ? 2 * tree->cap : 64;
		struct cmd_place *grown = realloc(tree->places, cap * sizeof *grown);

		if (!grown)
			return false;
		tree->places = grown;
		tree->cap = cap;
	}
	c->callback = on_match;
	tree->places[tree->count++] = (struct cmd_place){c, row, how};
	return true;
}

static bool
add_forms(struct cmd_tree *tree, const struct cli_row *row)
{
	struct cli_command *form;

	if (!add(tree, NULL, row, CLI_HOW_PLAIN))
		return false;
	if (row->forms & (CLI_NO | CLI_NO_KEPT)) {
		form = descend(tree, NULL, "no", "Removes or disables what follows");
		if (!form || !add(tree, form, row, CLI_HOW_NO))
			return false;
	}
	if (row->forms & (CLI_DEFAULT | CLI_NO_KEPT)) {
		form = descend(tree, NULL, "default", "Puts what follows back to its default");
		if (!form || !add(tree, form, row, CLI_HOW_DEFAULT))
			return false;
	}
	return true;
}

struct cmd_tree *
cmd_tree_new(const struct cli_row *const *rows, size_t count, const struct cli_mode *mode, enum cli_privilege privilege,
             uint32_t features)
{
	struct cmd_tree *tree = calloc(1, sizeof *tree);

	if (!tree)
		return NULL;
	tree->cli = cli_init();
	if (!tree->cli) {
		free(tree);
		return NULL;
	}
	cli_unregister_all_filters(tree->cli);
	cli_unregister_all(tree->cli, NULL);
	tree->cli->commands = NULL;
	cli_print_callback(tree->cli, drop_text);
	for (size_t i = 0; i < count; i++) {
		bool is_here = (rows[i]->mode ? rows[i]->mode == mode : mode != &cli_exec_mode) &&
		               (rows[i]->feature & ~features) == 0;

		if (is_here && rows[i]->privilege <= (unsigned)privilege && !add_forms(tree, rows[i])) {
			cmd_tree_free(tree);
			return NULL;
		}
	}
	cli_set_privilege(tree->cli, PRIVILEGE_PRIVILEGED);
	return tree;
}

void
cmd_tree_free(struct cmd_tree *tree)
{
	if (!tree)
		return;
	cli_done(tree->cli);
	free(tree->places);
	free(tree);
}

static const struct cmd_place *
place_of(const struct cmd_tree *tree, const struct cli_command *c)
{
	for (size_t i = 0; i < tree->count; i++)
		if (tree->places[i].command == c)
			return &tree->places[i];
	return NULL;
}

/* hits_on - the node of @level that @word names; @hits says how many fit. */
static const struct cli_command *
hits_on(const struct cli_command *level, const char *word, unsigned *hits)
{
	const struct cli_command *hit = NULL;

	*hits = 0;
	for (const struct cli_command *c = level; c; c = c->next) {
		if (strcasecmp(c->command, word) == 0) {
			*hits = 1;
			return c;
		}
		if (words_begins(c->command, word)) {
			hit = c;
			++*hits;
		}
	}
	return hit;
}

enum err
cmd_tree_walk(const struct cmd_tree *tree, const struct words *w, unsigned n, struct cmd_at *at, struct text *why)
{
	const struct cli_command *level = tree->cli->commands, *node = NULL;
	const struct cmd_place *place;

	*at = (struct cmd_at){.tree = tree};
	for (unsigned i = 0; i < n && level; i++) {
		unsigned hits = 0;
		const struct cli_command *c = NULL;

		if (!w->is_quoted[i] && *w->word[i])
			c = hits_on(level, w->word[i], &hits);
		if (hits > 1) {
			text_printf(why, "Ambiguous command - \"%.60s\"\n", w->word[i]);
			return ERR_FORMAT;
		}
		if (hits == 0 && (!node || !place_of(tree, node))) {
			text_printf(why, "Unknown command - \"%.60s\", unrecognized keyword\n", w->word[i]);
			return ERR_FORMAT;
		}
		if (hits == 0)
			break;
		node = c;
		level = c->children;
		at->words = i + 1;
	}
	place = node ? place_of(tree, node) : NULL;
	if (place) {
		at->row = place->row;
		at->how = place->how;
	}
	at->level = at->words == n ? level : NULL;
	return ERR_OK;
}

enum err
cmd_tree_find(struct cmd_tree *tree, const struct words *w, struct cmd_at *at, struct text *why)
{
	char line[CLI_LINE_MAX + 2];
	const struct cmd_place *place;
	enum err e = cmd_tree_walk(tree, w, w->count, at, why);
	size_t n = 0;

	if (e)
		return e;
	if (!at->row) {
		text_put(why, "Incomplete command\n");
		return ERR_SHORT;
	}
	for (unsigned i = 0; i < at->words; i++) {
		size_t len = strlen(w->word[i]);

		memcpy(line + n, w->word[i], len);
		n += len;
		line[n++] = ' ';
	}
	line[n - 1] = '\0';
	tree->found = NULL;
	cli_set_context(tree->cli, tree);
	cli_run_command(tree->cli, line);
	place = tree->found ? place_of(tree, tree->found) : NULL;
	if (!place || place->row != at->row || place->how != at->how) {
		text_printf(why, "Unknown command - \"%.60s\", unrecognized keyword\n", w->word[0]);
		return ERR_FORMAT;
	}
	return ERR_OK;
}

/* has_effect - is a command at @c or below it in effect? Depth is bounded by the leading keywords of a row. */
static bool
has_effect(const struct cmd_tree *tree, const struct cli_command *c)
{
	const struct cmd_place *place = place_of(tree, c);

	if (place && !(place->row->flags & CLI_NO_EFFECT_YET))
		return true;
	for (const struct cli_command *k = c->children; k; k = k->next)
		if (has_effect(tree, k))
			return true;
	return false;
}

bool
cmd_tree_next(const struct cmd_at *at, struct cmd_word *word)
{
	const struct cli_command *c = word->it ? ((const struct cli_command *)word->it)->next : at->level;
	bool is_form; /* no and default begin commands, and are none */

	if (!c)
		return false;
	is_form = !c->parent && (strcmp(c->command, "no") == 0 || strcmp(c->command, "default") == 0);
	*word = (struct cmd_word){.it = c, .name = c->command, .help = c->help};
	word->is_idle = !is_form && !has_effect(at->tree, c);
	return true;
}
