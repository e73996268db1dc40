/* cli.c - the command line of one chassis: tables, self-check, trees, the running configuration. */
#include <stdlib.h>
#include <string.h>

#include "base/hits.h"
#include "cli/cfg_internal.h"
#include "cli/session.h"

const struct cli_row *
cli_row(const struct cli *cli, uint16_t id)
{
	uint16_t i = id < CLI_ROW_ID_MAX ? cli->index_of[id] : 0;

	return i ? cli->rows[i - 1] : NULL;
}

const struct cli_row *
cli_row_at(const struct cli *cli, size_t index)
{
	return index < cli->row_count ? cli->rows[index] : NULL;
}

/* --- building ----------------------------------------------------------------------------------------- */

static bool
mode_add(struct cli *cli, const struct cli_mode *mode)
{
	for (size_t i = 0; i < cli->mode_count; i++)
		if (cli->modes[i].mode == mode)
			return true;
	if (cli->mode_count == CLI_MODES_MAX)
		return false;
	cli->modes[cli->mode_count++].mode = mode;
	return true;
}

static bool
table_add(struct cli *cli, const struct cli_table *table, struct text *why)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct cli_row *row = &table->rows[i];

		if (bind_check(row, why))
			return false;
		if (row->id == CLI_ROW_NONE || row->id >= CLI_ROW_ID_MAX || cli->index_of[row->id]) {
			text_printf(why, "command row %u (%s): its number is taken or out of bounds\n", row->id,
			            row->tokens[0].name);
			return false;
		}
		cli->rows[cli->row_count++] = row;
		cli->index_of[row->id] = 1; /* taken; its place is given by order_rows */
		if ((row->mode && !mode_add(cli, row->mode)) || (row->opens && !mode_add(cli, row->opens)))
			return text_put(why, "too many modes\n"), false;
	}
	return true;
}

/*
 * order_rows - the printed order: as the tables stand, but what global configuration keeps in single lines comes
 * before its blocks. Reference section 1.8: session recovery is written before all services.
 */
static void
order_rows(struct cli *cli, const struct cli_row **spare)
{
	size_t n = 0;

	memcpy(spare, cli->rows, cli->row_count * sizeof *spare);
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < cli->row_count; i++)
			if ((spare[i]->mode == &cli_config_mode && spare[i]->kind == CLI_LEAF) == (pass == 0))
				cli->rows[n++] = spare[i];
	for (size_t i = 0; i < n; i++)
		cli->index_of[cli->rows[i]->id] = (uint16_t)(i + 1);
}

/* is_twin - two rows that stand in one place of one tree. */
static bool
is_twin(const struct cli_row *a, const struct cli_row *b)
{
	unsigned n = bind_leading(a);

	if (n != bind_leading(b) || (a->mode && b->mode && a->mode != b->mode))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (strcmp(a->tokens[i].name, b->tokens[i].name) != 0)
			return false;
	return a->mode == b->mode || a->mode != &cli_exec_mode || b->mode != &cli_exec_mode;
}

/* check_rows - what no row alone can tell: twins, aliases, handlers. */
static bool
check_rows(const struct cli *cli, struct text *why)
{
	for (size_t i = 0; i < cli->row_count; i++) {
		const struct cli_row *row = cli->rows[i];
		const char *fault = NULL;

		for (size_t k = 0; k < i && !fault; k++)
			if (row->mode == cli->rows[k]->mode && is_twin(row, cli->rows[k]))
				fault = "the same words stand twice in one mode";
		if (row->same_as && !cli_row(cli, row->same_as))
			fault = "is an alias of nothing";
		if (row->opens && row->opens->parent != row->mode)
			fault = "opens a mode that has another parent";
		if (row->kind == CLI_OPENS && row->mode && row->mode->left)
			fault = "opens a block inside a mode with a rule across its leaves";
		if (!fault)
			continue;
		text_printf(why, "command row %u (%s): %s\n", row->id, row->tokens[0].name, fault);
		return false;
	}
	return true;
}

static void
drop_trees(struct cli *cli)
{
	for (size_t i = 0; i < cli->mode_count; i++)
		for (size_t k = 0; k < CLI_PRIVILEGES; k++) {
			cmd_tree_free(cli->modes[i].tree[k]);
			cli->modes[i].tree[k] = NULL;
		}
}

static void
handlers_add(struct cli *cli, const struct cli_handler *h)
{
	for (; h->run; h++)
		if (h->row_id < CLI_ROW_ID_MAX)
			cli->handlers[h->row_id] = *h;
}

static void
running_changed(void *arg)
{
	struct cli *cli = arg;

	if (cli->setup.hooks.changed)
		cli->setup.hooks.changed(cli->setup.app);
}

static bool
cli_build(struct cli *cli, struct text *why)
{
	const struct cli_setup *s = &cli->setup;
	size_t count = cli_table.count;

	for (const struct cli_table *const *t = s->tables; t && *t; t++)
		count += (*t)->count;
	cli->rows = calloc(2 * count, sizeof *cli->rows); /* the second half is order_rows' own */
	if (!cli->rows || !table_add(cli, &cli_table, why))
		return false;
	for (const struct cli_table *const *t = s->tables; t && *t; t++)
		if (!table_add(cli, *t, why))
			return false;
	order_rows(cli, cli->rows + count);
	if (!check_rows(cli, why))
		return false;
	handlers_add(cli, session_handlers);
	for (const struct cli_handler *const *h = s->handlers; h && *h; h++)
		handlers_add(cli, *h);
	cli->running = cfg_new(cli, s->cfg_nodes, s->cfg_text);
	if (!cli->running)
		return false;
	cfg_on_change(cli->running, running_changed, cli);
	cli->features = CLI_FEATURES_ALL;
	cli_features_settle(cli, cli->running);
	return true;
}

struct cli *
cli_new(const struct cli_setup *setup, struct text *why)
{
	struct cli *cli = calloc(1, sizeof *cli);

	if (!cli)
		return NULL;
	cli->setup = *setup;
	if (!cli->setup.cfg_nodes)
		cli->setup.cfg_nodes = CFG_NODES_DEFAULT;
	if (!cli->setup.cfg_text)
		cli->setup.cfg_text = CFG_TEXT_DEFAULT;
	if (!cli_build(cli, why)) {
		cli_free(cli);
		return NULL;
	}
	return cli;
}

void
cli_free(struct cli *cli)
{
	if (!cli)
		return;
	drop_trees(cli);
	cfg_free(cli->running);
	free(cli->rows);
	free(cli);
}

/* --- matching a line ------------------------------------------------------------------------------------- */

/* tree_at - made when somebody first types in that mode: a license key then costs no more than dropping trees. */
static struct cmd_tree *
tree_at(struct cli *cli, struct cli_mode_trees *m, unsigned k)
{
	static const enum cli_privilege privileges[CLI_PRIVILEGES] = {CLI_INSPECTOR, CLI_OPERATOR, CLI_ADMINISTRATOR};

	if (m->mode != &cli_exec_mode && privileges[k] != CLI_ADMINISTRATOR)
		return NULL;
	if (!m->tree[k])
		m->tree[k] = cmd_tree_new(cli->rows, cli->row_count, m->mode, privileges[k], cli->features);
	return m->tree[k];
}

struct cmd_tree *
cli_tree(struct cli *cli, const struct cli_mode *mode, enum cli_privilege privilege)
{
	unsigned k = privilege >= CLI_ADMINISTRATOR ? 2 : privilege >= CLI_OPERATOR ? 1 : 0;

	for (size_t i = 0; i < cli->mode_count; i++)
		if (cli->modes[i].mode == mode)
			return tree_at(cli, &cli->modes[i], k);
	return NULL;
}

enum err
cli_bind(struct cli *cli, const struct cli_mode *mode, enum cli_privilege privilege, const struct words *w,
         struct cli_bound *line, struct text *why)
{
	struct cmd_tree *tree = cli_tree(cli, mode, privilege);
	struct bind_env env = {.seal = cli->setup.hooks.seal, .app = cli->setup.app};
	struct cmd_at at;
	enum err e;

	if (!tree)
		return text_put(why, "Failure: this mode is for administrators\n"), ERR_REFUSED;
	e = cmd_tree_find(tree, w, &at, why);
	if (e)
		return e;
	env.canonical = at.row->same_as ? cli_row(cli, at.row->same_as) : at.row;
	e = bind_line(at.row, at.how, w, at.words, &env, line, why);
	if (e == ERR_OK && at.row->same_as) /* from here on it is the other row */
		hits_count("leaf", "command", at.row->id);
	return e;
}

/* --- features ------------------------------------------------------------------------------------------------ */

void
cli_features_settle(struct cli *cli, const struct cfg *cfg)
{
	const struct cli_hooks *h = &cli->setup.hooks;
	const char *key = cfg_leaf_str(cfg, cfg_root(cfg), CLI_ROW_LICENSE);
	uint32_t features = 0;

	if (!h->license)
		return;
	if (h->license(cli->setup.app, key, &features, NULL))
		features = 0;
	if (features == cli->features)
		return;
	cli->features = features;
	drop_trees(cli);
}

enum err
cli_apply(struct cli *cli, struct cli_place *p, struct cfg *cfg, const struct cli_bound *line, struct text *why)
{
	const struct cli_hooks *h = &cli->setup.hooks;
	struct text_fixed f;
	struct text sink;
	char said[300];
	uint32_t features;
	enum err e;

	if (line->row->id != CLI_ROW_LICENSE)
		return place_apply(p, cfg, line, why);
	text_fixed_init(&f, &sink, said, sizeof said);
	if (line->how == CLI_HOW_PLAIN && h->license &&
	    h->license(cli->setup.app, cli_bound_str(line, "key"), &features, &sink)) {
		text_printf(why, "Failure: %s\n", said);
		return ERR_REFUSED;
	}
	e = place_apply(p, cfg, line, why);
	if (!e)
		cli_features_settle(cli, cfg);
	return e;
}

/* --- the running configuration ------------------------------------------------------------------------------ */

struct cfg *
cli_running(struct cli *cli)
{
	return cli->running;
}

void
cli_swap(struct cli *cli, struct cfg *take)
{
	struct cfg *old = cli->running;

	take->generation = old->generation;
	take->edits += old->edits + 1;
	cli->running = take;
	cfg_on_change(take, running_changed, cli);
	cfg_free(old);
	cli_features_settle(cli, take);
	take->owes_change = true;
	take->generation++;
	cfg_quiet(take, false);
}

const char *
cli_hostname(const struct cli *cli)
{
	return cfg_leaf_str(cli->running, cfg_root(cli->running), CLI_ROW_HOSTNAME);
}

const char *
cli_actor(const struct cli *cli)
{
	return cli->actor;
}
