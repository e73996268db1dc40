/* cfg_read.c - the configuration tree as the application reads it. */
#include <stdlib.h>
#include <string.h>

#include "cli/cfg_internal.h"

void
cfg_values_init(struct cfg_values *v, const struct cfg *cfg, const struct cfg_node *n)
{
	*v = (struct cfg_values){.token = CLI_TOKENS_MAX};
	if (!n->blob_bytes)
		return;
	v->left = (unsigned char)cfg->text[n->blob];
	v->at = cfg->text + n->blob + 1;
}

bool
cfg_values_next(struct cfg_values *v)
{
	if (!v->left)
		return false;
	v->left--;
	v->token = (unsigned char)*v->at;
	v->value = v->at + 1;
	v->at = v->value + strlen(v->value) + 1;
	return true;
}

const struct cfg_node *
cfg_root(const struct cfg *cfg)
{
	return cfg_at(cfg, CFG_ROOT);
}

/* same_row - the first of @n and its followers that is of row @row_id. */
static const struct cfg_node *
same_row(const struct cfg *cfg, const struct cfg_node *n, uint16_t row_id)
{
	while (n && cfg_row(cfg, n)->id != row_id)
		n = cfg_at(cfg, n->next);
	return n;
}

const struct cfg_node *
cfg_first(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id)
{
	return same_row(cfg, cfg_at(cfg, block->is_unsettled ? block->saved : block->first), row_id);
}

const struct cfg_node *
cfg_next(const struct cfg *cfg, const struct cfg_node *line)
{
	const struct cfg_node *n = cfg_at(cfg, line->next);

	return n && n->row == line->row ? n : NULL;
}

/* first_key - the value of the first key argument; NULL. */
static const char *
first_key(const struct cfg *cfg, const struct cfg_node *n)
{
	struct cfg_values v;

	cfg_values_init(&v, cfg, n);
	while (cfg_values_next(&v))
		if (cfg_row(cfg, n)->tokens[v.token].is_key)
			return v.value;
	return NULL;
}

const char *
cfg_leaf_key(const struct cfg *cfg, const struct cfg_node *line)
{
	const char *key = first_key(cfg, line);

	return key ? key : "";
}

const struct cfg_node *
cfg_find(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id, const char *key)
{
	const struct cfg_node *n = cfg_first(cfg, block, row_id);

	for (; n; n = cfg_next(cfg, n)) {
		const char *have = first_key(cfg, n);

		if (have && strcmp(have, key) == 0)
			return n;
	}
	return NULL;
}

const char *
cfg_str(const struct cfg *cfg, const struct cfg_node *line, const char *name)
{
	struct cfg_values v;

	cfg_values_init(&v, cfg, line);
	while (cfg_values_next(&v))
		if (strcmp(cfg_row(cfg, line)->tokens[v.token].name, name) == 0)
			return v.value;
	return NULL;
}

bool
cfg_has(const struct cfg *cfg, const struct cfg_node *line, const char *name)
{
	return cfg_str(cfg, line, name) != NULL;
}

bool
cfg_addr(const struct cfg *cfg, const struct cfg_node *line, const char *name, struct addr *out)
{
	const char *s = cfg_str(cfg, line, name);

	return s && addr_parse(s, out) == ERR_OK;
}

const char *
cfg_leaf_str(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id)
{
	const struct cfg_node *n = cfg_first(cfg, block, row_id);
	struct cfg_values v;

	if (n) {
		cfg_values_init(&v, cfg, n);
		while (cfg_values_next(&v))
			if (cfg_row(cfg, n)->tokens[v.token].kind == CLI_ARGUMENT)
				return v.value;
	}
	return cli_row(cfg->cli, row_id)->fallback;
}

uint64_t
cfg_leaf_uint(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id)
{
	const char *s = cfg_leaf_str(cfg, block, row_id);

	return s ? strtoull(s, NULL, 10) : 0;
}

bool
cfg_leaf_addr(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id, struct addr *out)
{
	const char *s = cfg_leaf_str(cfg, block, row_id);

	return s && addr_parse(s, out) == ERR_OK;
}

uint64_t
cfg_generation(const struct cfg *cfg)
{
	return cfg->generation;
}

uint32_t
cfg_lines(const struct cfg *cfg)
{
	return cfg->lines;
}

struct cfg_ref
cfg_ref(const struct cfg *cfg, const struct cfg_node *block)
{
	return (struct cfg_ref){.index = cfg_index(cfg, block), .birth = block ? block->birth : 0};
}

struct cfg_node *
cfg_deref(struct cfg *cfg, struct cfg_ref ref)
{
	return ref.index && cfg->pool[ref.index].birth == ref.birth ? &cfg->pool[ref.index] : NULL;
}

bool
cfg_is_no(const struct cfg_node *line)
{
	return line->is_no;
}

/* --- a walk ----------------------------------------------------------------------------------------------------- */

void
cfg_walk_init(struct cfg_walk *w, const struct cfg *cfg)
{
	*w = (struct cfg_walk){.cfg = cfg, .edits = cfg->edits, .at = CFG_ROOT};
}

const struct cfg_node *
cfg_walk_next(struct cfg_walk *w)
{
	const struct cfg_node *n = cfg_at(w->cfg, w->at);
	uint32_t inside = n && !w->is_up ? n->is_unsettled ? n->saved : n->first : 0;

	w->is_up = false;
	w->at = inside;
	for (; n && !w->at; n = cfg_at(w->cfg, n->parent))
		w->at = n->next;
	return cfg_at(w->cfg, w->at);
}

void
cfg_walk_skip(struct cfg_walk *w)
{
	w->is_up = true;
}

bool
cfg_walk_is_stale(const struct cfg_walk *w)
{
	return w->edits != w->cfg->edits;
}
