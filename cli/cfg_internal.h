/* cfg_internal.h - the tree's storage, shared by cfg.c (changes), cfg_read.c and cfg_print.c. */
#ifndef CLI_CFG_INTERNAL_H
#define CLI_CFG_INTERNAL_H

#include "cli/cli_internal.h"

/* One kept line. Links are indices into the pool, 0 is none. */
struct cfg_node {
	uint64_t birth; /* of this use of the slot, unlike any in another tree; 0: free */
	uint32_t parent, first, last, prev, next, chain;
	uint32_t saved; /* leaves in force while is_unsettled, linked by next */
	uint32_t blob;  /* byte offset of the values: count u8, then count times token u8 and text with NUL */
	uint16_t blob_bytes;
	uint16_t row; /* index into cli->rows: the printed order */
	bool is_no;
	bool is_unsettled; /* the block breaks its mode's rule: `saved` is what is in force */
};

struct cfg {
	const struct cli *cli;
	struct cfg_node *pool;
	uint32_t cap, free, fresh, lines;
	uint64_t births;
	char *text, *spare;
	uint32_t text_cap, text_used, text_live;
	uint32_t *buckets;
	uint32_t bucket_mask;
	uint64_t generation, edits;
	void (*changed)(void *arg);
	void *arg;
	bool is_quiet, owes_change;
};

enum { CFG_ROOT = 1 };

static inline struct cfg_node *
cfg_at(const struct cfg *cfg, uint32_t index)
{
	return index ? &cfg->pool[index] : NULL;
}

static inline uint32_t
cfg_index(const struct cfg *cfg, const struct cfg_node *n)
{
	return n ? (uint32_t)(n - cfg->pool) : 0;
}

static inline const struct cli_row *
cfg_row(const struct cfg *cfg, const struct cfg_node *n)
{
	return cfg->cli->rows[n->row];
}

/* A walk over the values of a line. */
struct cfg_values {
	const char *at;
	unsigned left;
	unsigned token;
	const char *value;
};
void cfg_values_init(struct cfg_values *v, const struct cfg *cfg, const struct cfg_node *n);
bool cfg_values_next(struct cfg_values *v);

/* cfg_line_put - the line as it is printed, without indentation and end of line. */
void cfg_line_put(const struct cfg *cfg, const struct cfg_node *n, struct text *out);

/*
 * cfg_line_put_marked - the same with CFG_SECRET_MARK before and behind every sealed secret, and without an option that
 * says what counts when it is left out: for lines that are compared.
 */
void cfg_line_put_marked(const struct cfg *cfg, const struct cfg_node *n, struct text *out);

/* cfg_is_srp - @n, a line inside a context, belongs to interchassis redundancy (show configuration srp). */
bool cfg_is_srp(const struct cfg *cfg, const struct cfg_node *n);

#endif
