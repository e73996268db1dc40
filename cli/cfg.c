/*
 * cfg.c - the configuration tree: storage and changes.
 *
 * Lines are nodes of a fixed pool, their values lie in a text heap that only grows and is copied together
 * when its end is reached. A hash over (block, row, keys) finds a line among its many siblings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cli/cfg_internal.h"

struct cfg *
cfg_new(struct cli *cli, uint32_t nodes, uint32_t text)
{
	struct cfg *cfg = calloc(1, sizeof *cfg);
	uint32_t buckets = 16;

	if (!cfg)
		return NULL;
	while (buckets < nodes)
		buckets *= 2;
	cfg->cli = cli;
	cfg->births = (uint64_t)++cli->trees_made << 40;
	cfg->cap = nodes + 2;
	cfg->fresh = CFG_ROOT + 1;
	cfg->text_cap = text;
	cfg->bucket_mask = buckets - 1;
	cfg->pool = calloc(cfg->cap, sizeof *cfg->pool);
	cfg->buckets = calloc(buckets, sizeof *cfg->buckets);
	cfg->text = malloc(text);
	cfg->spare = malloc(text);
	if (!cfg->pool || !cfg->buckets || !cfg->text || !cfg->spare) {
		cfg_free(cfg);
		return NULL;
	}
	cfg->pool[CFG_ROOT].birth = ++cfg->births;
	return cfg;
}

void
cfg_free(struct cfg *cfg)
{
	if (!cfg)
		return;
	free(cfg->pool);
	free(cfg->buckets);
	free(cfg->text);
	free(cfg->spare);
	free(cfg);
}

/* --- storage ------------------------------------------------------------------------------------------- */

/* text_gather - copy the values of all lines to the other half, one behind the other. */
static void
text_gather(struct cfg *cfg)
{
	char *to = cfg->spare;
	uint32_t used = 0;

	for (uint32_t i = CFG_ROOT; i < cfg->fresh; i++) {
		struct cfg_node *n = &cfg->pool[i];

		if (!n->birth || !n->blob_bytes)
			continue;
		memcpy(to + used, cfg->text + n->blob, n->blob_bytes);
		n->blob = used;
		used += n->blob_bytes;
	}
	cfg->spare = cfg->text;
	cfg->text = to;
	cfg->text_used = used;
}

/* has_room - for @nodes more lines and @bytes more text; gathers when that helps. */
static bool
has_room(struct cfg *cfg, uint32_t nodes, size_t bytes)
{
	if (cfg->lines + nodes + 2 > cfg->cap || cfg->text_live + bytes > cfg->text_cap)
		return false;
	if (cfg->text_used + bytes > cfg->text_cap)
		text_gather(cfg);
	return true;
}

static uint32_t
node_new(struct cfg *cfg)
{
	uint32_t i = cfg->free;

	if (i)
		cfg->free = cfg->pool[i].next;
	else
		i = cfg->fresh++;
	cfg->pool[i] = (struct cfg_node){.birth = ++cfg->births};
	cfg->lines++;
	return i;
}

static void
node_free(struct cfg *cfg, uint32_t i)
{
	cfg->text_live -= cfg->pool[i].blob_bytes;
	cfg->pool[i] = (struct cfg_node){.next = cfg->free};
	cfg->free = i;
	cfg->lines--;
}

static size_t
blob_size(const struct cli_bound *line)
{
	return 1 + (size_t)line->count + line->used;
}

/* blob_write - the values of @line; there is room (has_room). */
static void
blob_write(struct cfg *cfg, struct cfg_node *n, const struct cli_bound *line)
{
	char *p = cfg->text + cfg->text_used;
	const char *start = p;

	cfg->text_live -= n->blob_bytes;
	*p++ = (char)line->count;
	for (unsigned i = 0; i < line->count; i++) {
		const char *value = line->text + line->taken[i].at;

		*p++ = (char)line->taken[i].token;
		memcpy(p, value, strlen(value) + 1);
		p += strlen(value) + 1;
	}
	n->blob = cfg->text_used;
	n->blob_bytes = (uint16_t)(p - start);
	cfg->text_used += n->blob_bytes;
	cfg->text_live += n->blob_bytes;
}

static bool
blob_equals(const struct cfg *cfg, const struct cfg_node *n, const struct cli_bound *line)
{
	struct cfg_values v;
	unsigned i = 0;

	cfg_values_init(&v, cfg, n);
	for (; cfg_values_next(&v); i++)
		if (i >= line->count || v.token != line->taken[i].token ||
		    strcmp(v.value, line->text + line->taken[i].at) != 0)
			return false;
	return i == line->count;
}

/* --- the hash: (block, row, keys) ------------------------------------------------------------------------- */

static uint64_t
hash_text(uint64_t h, const char *s)
{
	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return hash_u64(h);
}

static uint32_t *
bucket(struct cfg *cfg, uint32_t parent, uint16_t row, uint64_t keys)
{
	return &cfg->buckets[hash_u64(keys ^ hash_u64((uint64_t)parent << 16 | row)) & cfg->bucket_mask];
}

static uint32_t *
bucket_of_node(struct cfg *cfg, const struct cfg_node *n)
{
	const struct cli_token *t = cfg_row(cfg, n)->tokens;
	struct cfg_values v;
	uint64_t keys = 0;

	cfg_values_init(&v, cfg, n);
	while (cfg_values_next(&v))
		if (t[v.token].is_key)
			keys = hash_text(keys, v.value);
	return bucket(cfg, n->parent, n->row, keys);
}

static void
hash_add(struct cfg *cfg, uint32_t i)
{
	uint32_t *b = bucket_of_node(cfg, &cfg->pool[i]);

	cfg->pool[i].chain = *b;
	*b = i;
}

static void
hash_remove(struct cfg *cfg, uint32_t i)
{
	uint32_t *b = bucket_of_node(cfg, &cfg->pool[i]);

	while (*b != i)
		b = &cfg->pool[*b].chain;
	*b = cfg->pool[i].chain;
}

/* keys_equal - the key arguments of @n are those of @line, all of them: a key within an option may be left out. */
static bool
keys_equal(const struct cfg *cfg, const struct cfg_node *n, const struct cli_bound *line)
{
	const struct cli_token *t = line->row->tokens;
	struct cfg_values v;
	unsigned keys = 0;

	for (unsigned i = 0; i < line->count; i++) {
		if (!t[line->taken[i].token].is_key)
			continue;
		keys++;
		cfg_values_init(&v, cfg, n);
		while (cfg_values_next(&v) && v.token != line->taken[i].token)
			;
		if (v.token != line->taken[i].token || strcmp(v.value, line->text + line->taken[i].at) != 0)
			return false;
	}
	cfg_values_init(&v, cfg, n);
	while (cfg_values_next(&v))
		keys -= t[v.token].is_key;
	return keys == 0;
}

struct cfg_node *
cfg_lookup(struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line)
{
	uint16_t row = (uint16_t)(cfg->cli->index_of[line->row->id] - 1);
	uint32_t parent = cfg_index(cfg, block);
	uint64_t keys = 0;

	for (unsigned i = 0; i < line->count; i++)
		if (line->row->tokens[line->taken[i].token].is_key)
			keys = hash_text(keys, line->text + line->taken[i].at);
	for (uint32_t i = *bucket(cfg, parent, row, keys); i; i = cfg->pool[i].chain)
		if (cfg->pool[i].parent == parent && cfg->pool[i].row == row && keys_equal(cfg, &cfg->pool[i], line))
			return &cfg->pool[i];
	return NULL;
}

/* --- links -------------------------------------------------------------------------------------------------- */

/* link_in - as a child of its parent: behind the last sibling whose row does not come later. */
static void
link_in(struct cfg *cfg, uint32_t i)
{
	struct cfg_node *n = &cfg->pool[i], *block = &cfg->pool[n->parent];
	uint32_t after = block->last;

	while (after && cfg->pool[after].row > n->row)
		after = cfg->pool[after].prev;
	n->prev = after;
	n->next = after ? cfg->pool[after].next : block->first;
	if (n->next)
		cfg->pool[n->next].prev = i;
	else
		block->last = i;
	if (after)
		cfg->pool[after].next = i;
	else
		block->first = i;
	hash_add(cfg, i);
}

static void
link_out(struct cfg *cfg, uint32_t i)
{
	struct cfg_node *n = &cfg->pool[i], *block = &cfg->pool[n->parent];

	hash_remove(cfg, i);
	if (n->prev)
		cfg->pool[n->prev].next = n->next;
	else
		block->first = n->next;
	if (n->next)
		cfg->pool[n->next].prev = n->prev;
	else
		block->last = n->prev;
}

static void
free_saved(struct cfg *cfg, struct cfg_node *block)
{
	while (block->saved) {
		uint32_t i = block->saved;

		block->saved = cfg->pool[i].next;
		node_free(cfg, i);
	}
	block->is_unsettled = false;
}

/* remove_line - @i and all inside it. Depth is bounded by the modes (CLI_DEPTH_MAX). */
static void
remove_line(struct cfg *cfg, uint32_t i)
{
	while (cfg->pool[i].first)
		remove_line(cfg, cfg->pool[i].first);
	free_saved(cfg, &cfg->pool[i]);
	link_out(cfg, i);
	node_free(cfg, i);
}

/* --- the rule of a mode --------------------------------------------------------------------------------------- */

static enum err (*rule_of(const struct cfg *cfg, const struct cfg_node *block))(const struct cfg *,
                                                                                const struct cfg_node *, struct text *)
{
	const struct cli_row *row = cfg_index(cfg, block) == CFG_ROOT ? NULL : cfg_row(cfg, block);

	return row && row->opens ? row->opens->left : NULL;
}

/* save_leaves - a copy of @block's leaves, so that they can stay in force. */
static enum err
save_leaves(struct cfg *cfg, struct cfg_node *block)
{
	uint32_t count = 0, bytes = 0, *tail = &block->saved;

	for (uint32_t i = block->first; i; i = cfg->pool[i].next) {
		count++;
		bytes += cfg->pool[i].blob_bytes;
	}
	if (!has_room(cfg, count + 1, bytes + 2 * (size_t)CLI_LINE_MAX))
		return ERR_FULL;
	for (uint32_t i = block->first; i; i = cfg->pool[i].next) {
		uint32_t copy = node_new(cfg);
		struct cfg_node *to = &cfg->pool[copy], *from = &cfg->pool[i];

		to->row = from->row;
		to->is_no = from->is_no;
		to->parent = from->parent;
		to->blob = cfg->text_used;
		to->blob_bytes = from->blob_bytes;
		memcpy(cfg->text + to->blob, cfg->text + from->blob, from->blob_bytes);
		cfg->text_used += to->blob_bytes;
		cfg->text_live += to->blob_bytes;
		*tail = copy;
		tail = &to->next;
	}
	return ERR_OK;
}

static void
tell(struct cfg *cfg)
{
	cfg->generation++;
	if (cfg->is_quiet)
		cfg->owes_change = true;
	else if (cfg->changed)
		cfg->changed(cfg->arg);
}

/* settle - after a change in @block: is what stands there now in force? */
static void
settle(struct cfg *cfg, struct cfg_node *block)
{
	char said[256];
	struct text_fixed f;
	struct text why;

	cfg->edits++;
	if (!rule_of(cfg, block)) {
		tell(cfg);
		return;
	}
	text_fixed_init(&f, &why, said, sizeof said);
	block->is_unsettled = false; /* the rule looks at the new leaves */
	if (rule_of(cfg, block)(cfg, block, &why)) {
		block->is_unsettled = true;
		return;
	}
	free_saved(cfg, block);
	tell(cfg);
}

/* Is @leaf one of those that the rule of @block's mode is about? */
static bool
is_ruled(const struct cfg *cfg, const struct cfg_node *block, const struct cfg_node *leaf)
{
	for (const uint16_t *id = cfg_row(cfg, block)->opens->ruled; *id != 0; id++)
		if (cfg_row(cfg, leaf)->id == *id)
			return true;
	return false;
}

enum err
cfg_left(struct cfg *cfg, struct cfg_node *block, struct text *why)
{
	uint32_t i, next;

	if (!block->is_unsettled)
		return ERR_OK;
	block->is_unsettled = false;
	rule_of(cfg, block)(cfg, block, why);
	for (i = block->first; i; i = next) {
		next = cfg->pool[i].next;
		if (is_ruled(cfg, block, &cfg->pool[i]))
			remove_line(cfg, i);
	}
	while ((i = block->saved) != 0) {
		block->saved = cfg->pool[i].next;
		if (is_ruled(cfg, block, &cfg->pool[i]))
			link_in(cfg, i);
		else
			node_free(cfg, i);
	}
	cfg->edits++;
	tell(cfg);
	return ERR_REFUSED;
}

/* --- changes ----------------------------------------------------------------------------------------------------- */

/* has_keys - the line bears a name of the operator's; one of a fixed choice is none. */
static bool
has_keys(const struct cli_row *row)
{
	for (const struct cli_token *t = row->tokens; t->kind != CLI_STOP; t++)
		if (t->is_key && t->type != CLI_CHOICE)
			return true;
	return false;
}

static void
put_bound(const struct cli_bound *line, struct text *out)
{
	for (unsigned i = 0; i < bind_leading(line->row); i++)
		text_printf(out, i ? " %s" : "%s", line->row->tokens[i].name);
	for (unsigned i = 0; i < line->count; i++)
		if (line->row->tokens[line->taken[i].token].is_key)
			text_printf(out, " %.80s", line->text + line->taken[i].at);
}

static enum err
apply_remove(struct cfg *cfg, struct cfg_node *block, const struct cli_bound *line, struct cfg_node *old,
             struct text *why)
{
	if (!old) {
		if (line->how == CLI_HOW_DEFAULT || (!has_keys(line->row) && line->row->kind == CLI_LEAF))
			return ERR_OK;
		put_bound(line, why);
		text_put(why, " does not exist");
		return ERR_NOT_FOUND;
	}
	if (rule_of(cfg, block) && !block->is_unsettled && save_leaves(cfg, block)) {
		text_put(why, "the configuration is full");
		return ERR_FULL;
	}
	remove_line(cfg, cfg_index(cfg, old));
	settle(cfg, block);
	return ERR_OK;
}

static enum err
apply_set(struct cfg *cfg, struct cfg_node *block, const struct cli_bound *line, struct cfg_node *old,
          struct cfg_node **node, struct text *why)
{
	bool needs_copy = rule_of(cfg, block) && !block->is_unsettled;

	if ((needs_copy && save_leaves(cfg, block)) || !has_room(cfg, !old, blob_size(line))) {
		if (needs_copy)
			free_saved(cfg, block);
		text_printf(why, "the configuration is full: at most %u lines and %u bytes of values", cfg->cap - 2,
		            cfg->text_cap);
		return ERR_FULL;
	}
	if (!old) {
		uint32_t i = node_new(cfg);

		old = &cfg->pool[i];
		old->row = (uint16_t)(cfg->cli->index_of[line->row->id] - 1);
		old->parent = cfg_index(cfg, block);
		blob_write(cfg, old, line);
		link_in(cfg, i);
	} else {
		blob_write(cfg, old, line); /* its keys, and so its place in the hash, are the same */
	}
	old->is_no = line->how == CLI_HOW_NO;
	*node = line->row->kind == CLI_OPENS ? old : NULL;
	settle(cfg, block);
	return ERR_OK;
}

/* apply_enter - an opener whose block is there: entered as it is. */
static enum err
apply_enter(struct cfg *cfg, const struct cli_bound *line, struct cfg_node *old, struct cfg_node **node,
            struct text *why)
{
	struct cfg_values v;

	cfg_values_init(&v, cfg, old);
	if (line->count > v.left) {
		put_bound(line, why);
		text_put(why, " exists and is of another kind");
		return ERR_REFUSED;
	}
	*node = old;
	return ERR_OK;
}

/* is_refused - what the row itself has against the line: it looks at the new leaves, in force or not yet. */
static bool
is_refused(const struct cfg *cfg, struct cfg_node *block, const struct cli_bound *line, bool is_removal,
           struct text *why)
{
	enum err (*check)(const struct cfg *, const struct cfg_node *, const struct cli_bound *, struct text *) =
	    is_removal ? line->row->check_no : line->row->check;
	bool was_unsettled = block->is_unsettled, is_bad;

	if (!check)
		return false;
	block->is_unsettled = false;
	is_bad = check(cfg, block, line, why) != ERR_OK;
	block->is_unsettled = was_unsettled;
	return is_bad;
}

enum err
cfg_apply(struct cfg *cfg, struct cfg_node *block, const struct cli_bound *line, struct cfg_node **node,
          struct text *why)
{
	struct cfg_node *old = cfg_lookup(cfg, block, line);
	bool is_no = line->how == CLI_HOW_NO;
	bool is_removal = line->how == CLI_HOW_DEFAULT || (is_no && !(line->row->forms & CLI_NO_KEPT));

	*node = NULL;
	if ((old || !is_removal) && is_refused(cfg, block, line, is_removal, why))
		return ERR_REFUSED;
	if (is_removal)
		return apply_remove(cfg, block, line, old, why);
	if (old && line->row->kind == CLI_OPENS)
		return apply_enter(cfg, line, old, node, why);
	if (old && old->is_no == is_no && blob_equals(cfg, old, line))
		return ERR_OK;
	return apply_set(cfg, block, line, old, node, why);
}

void
cfg_on_change(struct cfg *cfg, void (*changed)(void *arg), void *arg)
{
	cfg->changed = changed;
	cfg->arg = arg;
}

void
cfg_quiet(struct cfg *cfg, bool is_quiet)
{
	cfg->is_quiet = is_quiet;
	if (is_quiet || !cfg->owes_change)
		return;
	cfg->owes_change = false;
	if (cfg->changed)
		cfg->changed(cfg->arg);
}
