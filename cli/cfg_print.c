/*
 * cfg_print.c - show configuration: the tree as text that loads again, in slices.
 *
 * Starts with config, two blanks a level, #exit at the block's own indentation, end. Source: reference section 1.8.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cfg_internal.h"
#include "cli/cfg_pair.h"

/* put_value - @v of @row as it is printed; a sealed secret between @mark, when it is not empty. */
static void
put_value(const struct cli_row *row, const struct cfg_values *v, const char *mark, struct text *out)
{
	const struct cli_token *t = &row->tokens[v->token];

	text_put(out, " ");
	if (t->kind == CLI_KEYWORD) {
		text_put(out, t->name);
	} else if (t->type == CLI_SEALED && mark[0]) {
		text_put(out, mark);
		text_put(out, v->value);
		text_put(out, mark);
	} else {
		words_put(v->value, out);
	}
}

static void
put_leading(const struct cli_row *row, const struct cfg_node *n, struct text *out)
{
	text_put(out, n->is_no ? "no " : "");
	for (unsigned i = 0; i < bind_leading(row); i++) {
		text_put(out, i ? " " : "");
		text_put(out, row->tokens[i].name);
	}
}

static void
line_put(const struct cfg *cfg, const struct cfg_node *n, const char *mark, struct text *out)
{
	const struct cli_row *row = cfg_row(cfg, n);
	struct cfg_values v;

	put_leading(row, n, out);
	cfg_values_init(&v, cfg, n);
	while (cfg_values_next(&v))
		put_value(row, &v, mark, out);
}

/* says_fallback - all that @n says behind its leading words is an option with the value that counts without it. */
static bool
says_fallback(const struct cfg *cfg, const struct cfg_node *n)
{
	const struct cli_row *row = cfg_row(cfg, n);
	struct cfg_values v;

	cfg_values_init(&v, cfg, n);
	if (row->fallback == NULL || v.left != 2 || !cfg_values_next(&v) || row->tokens[v.token].kind != CLI_KEYWORD)
		return false;
	return cfg_values_next(&v) && row->tokens[v.token].kind == CLI_ARGUMENT && strcmp(v.value, row->fallback) == 0;
}

void
cfg_line_put(const struct cfg *cfg, const struct cfg_node *n, struct text *out)
{
	line_put(cfg, n, "", out);
}

void
cfg_line_put_marked(const struct cfg *cfg, const struct cfg_node *n, struct text *out)
{
	if (says_fallback(cfg, n))
		put_leading(cfg_row(cfg, n), n, out);
	else
		line_put(cfg, n, CFG_SECRET_MARK, out);
}

/* --- what belongs to show configuration srp ---------------------------------------------------------------- */

static const char srp_activate[] = "srp-activate";

/* has_address - does a leaf of @block hold address @a (and, when asked for, srp-activate)? */
static bool
has_address(const struct cfg *cfg, const struct cfg_node *block, const char *a, bool is_activated)
{
	for (const struct cfg_node *n = cfg_at(cfg, block->first); n; n = cfg_at(cfg, n->next)) {
		const char *have = cfg_str(cfg, n, "address");

		if (have && strcmp(have, a) == 0 && (!is_activated || cfg_has(cfg, n, srp_activate)))
			return true;
	}
	return false;
}

static bool
has_activated_leaf(const struct cfg *cfg, const struct cfg_node *block)
{
	for (const struct cfg_node *n = cfg_at(cfg, block->first); n; n = cfg_at(cfg, n->next))
		if (cfg_has(cfg, n, srp_activate))
			return true;
	return false;
}

/* binds_activated - a service whose `bind address` is an srp-activated address of its context. */
static bool
binds_activated(const struct cfg *cfg, const struct cfg_node *block)
{
	const struct cfg_node *context = cfg_at(cfg, block->parent);

	for (const struct cfg_node *n = cfg_at(cfg, block->first); n; n = cfg_at(cfg, n->next)) {
		const char *a = cfg_str(cfg, n, "address");

		if (!a || strcmp(cfg_row(cfg, n)->tokens[0].name, "bind") != 0)
			continue;
		for (const struct cfg_node *i = cfg_at(cfg, context->first); i; i = cfg_at(cfg, i->next))
			if (i != block && i->first && has_address(cfg, i, a, true))
				return true;
	}
	return false;
}

bool
cfg_is_srp(const struct cfg *cfg, const struct cfg_node *n)
{
	if (cfg_row(cfg, n)->flags & CLI_SRP_BLOCK || cfg_has(cfg, n, srp_activate))
		return true;
	return n->first && (has_activated_leaf(cfg, n) || binds_activated(cfg, n));
}

static bool
is_wanted(const struct cfg_print *p, const struct cfg_node *n)
{
	const struct cfg *cfg = p->cfg;
	bool is_context = cfg_row(cfg, n)->id == CLI_ROW_CONTEXT;

	if (p->scope == CFG_ALL || p->depth > 2)
		return true;
	if (p->scope == CFG_ONE_CONTEXT)
		return p->depth == 2 || (is_context && strcmp(cfg_str(cfg, n, "name"), p->context) == 0);
	if (p->depth == 2)
		return cfg_is_srp(cfg, n);
	if (is_context)
		for (const struct cfg_node *c = cfg_at(cfg, n->first); c; c = cfg_at(cfg, c->next))
			if (cfg_is_srp(cfg, c))
				return true;
	return false;
}

/* --- the walk -------------------------------------------------------------------------------------------------- */

void
cfg_print_init(struct cfg_print *p, const struct cfg *cfg, enum cfg_scope scope, const char *context)
{
	*p = (struct cfg_print){.cfg = cfg, .scope = scope, .generation = cfg->edits};
	snprintf(p->context, sizeof p->context, "%s", context ? context : "");
}

/* print_next - go to the line after the one at `at`; a block just printed is entered, one that ends is closed. */
static void
print_next(struct cfg_print *p, struct text *out)
{
	const struct cfg *cfg = p->cfg;
	const struct cfg_node *n = &cfg->pool[p->at];

	uint32_t inside = n->is_unsettled ? n->saved : n->first; /* what is in force */

	if (!p->is_up && inside) {
		p->at = inside;
		p->depth++;
		return;
	}
	if (cfg_row(cfg, n)->kind == CLI_OPENS)
		text_printf(out, "%*s#exit\n", 2 * p->depth, "");
	p->is_up = !n->next;
	p->at = n->next ? n->next : n->parent;
	p->depth -= p->is_up;
}

static void
print_one(struct cfg_print *p, struct text *out)
{
	const struct cfg_node *n = &p->cfg->pool[p->at];

	if (!p->is_up && !is_wanted(p, n)) { /* as if it were not there: neither printed nor entered */
		p->is_up = !n->next;
		p->at = n->next ? n->next : n->parent;
		p->depth -= p->is_up;
		return;
	}
	if (!p->is_up) {
		text_printf(out, "%*s", 2 * p->depth, "");
		cfg_line_put(p->cfg, n, out);
		text_put(out, "\n");
	}
	print_next(p, out);
}

enum err
cfg_print_step(struct cfg_print *p, struct text *out, unsigned lines)
{
	if (p->stage == 2)
		return ERR_OK;
	if (p->generation != p->cfg->edits)
		return ERR_REFUSED;
	if (p->stage == 0) {
		text_put(out, "config\n");
		p->stage = 1;
		p->depth = 1;
		p->at = p->cfg->pool[CFG_ROOT].first;
		if (!p->at)
			p->depth = 0;
	}
	for (; p->depth > 0 && lines > 0; lines--)
		print_one(p, out);
	if (p->depth > 0)
		return ERR_SHORT;
	text_put(out, "end\n");
	p->stage = 2;
	return ERR_OK;
}

void
cfg_print_all(const struct cfg *cfg, struct text *out)
{
	struct cfg_print p;

	cfg_print_init(&p, cfg, CFG_ALL, NULL);
	while (cfg_print_step(&p, out, 1000) == ERR_SHORT)
		;
}
