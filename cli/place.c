/* place.c - where a session or a file stands in the configuration: modes inside modes. */
#include "base/hits.h"
#include "cli/cli_internal.h"

void
place_init(struct cli_place *p)
{
	*p = (struct cli_place){.mode = {&cli_exec_mode}};
}

const struct cli_mode *
place_mode(const struct cli_place *p)
{
	return p->mode[p->depth];
}

struct cfg_node *
place_block(const struct cli_place *p, struct cfg *cfg)
{
	if (p->depth == 1) /* the root outlives every tree */
		return cfg_deref(cfg, cfg_ref(cfg, cfg_root(cfg)));
	return p->depth ? cfg_deref(cfg, p->block[p->depth]) : NULL;
}

bool
place_down(struct cli_place *p, const struct cfg *cfg, const struct cli_mode *mode, const struct cfg_node *block)
{
	if (p->depth + 1 == CLI_DEPTH_MAX)
		return false;
	p->depth++;
	p->mode[p->depth] = mode;
	p->block[p->depth] = cfg_ref(cfg, block);
	return true;
}

enum err
place_up(struct cli_place *p, struct cfg *cfg, unsigned depth, struct text *why)
{
	enum err worst = ERR_OK;

	for (; p->depth > depth; p->depth--) {
		struct cfg_node *block = place_block(p, cfg);
		char said[300];
		struct text_fixed f;
		struct text sink;

		text_fixed_init(&f, &sink, said, sizeof said);
		if (!block || !cfg_left(cfg, block, &sink))
			continue;
		text_printf(why, "Failure: %s\n", said);
		worst = ERR_REFUSED;
	}
	return worst;
}

void
place_settle(struct cli_place *p, struct cfg *cfg)
{
	while (p->depth > 1 && !place_block(p, cfg))
		p->depth--;
}

enum err
place_apply(struct cli_place *p, struct cfg *cfg, const struct cli_bound *line, struct text *why)
{
	char said[300];
	struct cfg_node *node;
	struct text_fixed f;
	struct text sink;
	enum err e;

	text_fixed_init(&f, &sink, said, sizeof said);
	if (line->row->kind == CLI_OPENS && p->depth + 1 == CLI_DEPTH_MAX)
		return text_put(why, "Failure: too many modes inside each other\n"), ERR_FULL;
	e = cfg_apply(cfg, place_block(p, cfg), line, &node, &sink);
	if (e) {
		text_printf(why, "Failure: %s\n", said);
		return e;
	}
	hits_count("leaf", "command", line->row->id);
	if (node)
		place_down(p, cfg, line->row->opens, node);
	return ERR_OK;
}
