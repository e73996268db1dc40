/* cfg_pair.c - the lines that both chassis of a pair must have. */
#include "cli/cfg_pair.h"

#include <string.h>

#include "cli/cfg_internal.h"

/* says_default - a leaf with nothing but the argument that counts without the line as well. */
static bool
says_default(const struct cfg *cfg, const struct cfg_node *n)
{
	const struct cli_row *row = cfg_row(cfg, n);
	struct cfg_values v;

	if (row->kind != CLI_LEAF || row->fallback == NULL || n->is_no)
		return false;
	cfg_values_init(&v, cfg, n);
	if (v.left != 1 || !cfg_values_next(&v))
		return false;
	return row->tokens[v.token].kind == CLI_ARGUMENT && strcmp(v.value, row->fallback) == 0;
}

/* is_pairs - @n, or a block around it, is the pair's. */
static bool
is_pairs(const struct cfg *cfg, const struct cfg_node *n)
{
	for (; cfg_index(cfg, n) != CFG_ROOT; n = cfg_at(cfg, n->parent)) {
		const struct cfg_node *block = cfg_at(cfg, n->parent);

		if (cfg_row(cfg, n)->flags & (CLI_PAIR | CLI_SRP_BLOCK))
			return true;
		if (cfg_index(cfg, block) != CFG_ROOT && cfg_row(cfg, block)->id == CLI_ROW_CONTEXT &&
		    cfg_is_srp(cfg, n))
			return true;
	}
	return false;
}

static void
put_place(const struct cfg *cfg, const struct cfg_node *n, struct text *out)
{
	const struct cfg_node *block = cfg_at(cfg, n->parent);

	if (cfg_index(cfg, block) == CFG_ROOT)
		return;
	put_place(cfg, block, out);
	cfg_line_put_marked(cfg, block, out);
	text_put(out, ": ");
}

void
cfg_pair_init(struct cfg_pair *p, const struct cfg *cfg)
{
	cfg_walk_init(&p->walk, cfg);
}

enum err
cfg_pair_step(struct cfg_pair *p, struct text *out, unsigned lines)
{
	const struct cfg *cfg = p->walk.cfg;

	if (cfg_walk_is_stale(&p->walk))
		return ERR_REFUSED;
	for (; lines > 0; lines--) {
		const struct cfg_node *n = cfg_walk_next(&p->walk);

		if (n == NULL)
			return ERR_OK;
		if (cfg_row(cfg, n)->flags & CLI_PER_CHASSIS) {
			cfg_walk_skip(&p->walk);
			continue;
		}
		if (!is_pairs(cfg, n) || says_default(cfg, n))
			continue;
		text_put(out, cfg_row(cfg, n)->flags & CLI_ORDERED ? "#" : "=");
		put_place(cfg, n, out);
		cfg_line_put_marked(cfg, n, out);
		text_put(out, "\n");
	}
	return ERR_SHORT;
}
