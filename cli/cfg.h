/*
 * cfg.h - the configuration tree: rows with the values the operator wrote, blocks inside blocks.
 *
 * Not a parser and not a file: lines come bound (cli/bind.h) and go out printed. All storage is taken
 * in cfg_new and bounded. A `const struct cfg_node *` stays good until the tree's next change.
 * Application code reads with cfg_block, cfg_first/next and the typed getters; while a block breaks the
 * rule of its mode (cli_mode.left) the getters still give the leaves that were in force before.
 */
#ifndef CLI_CFG_H
#define CLI_CFG_H

#include "cli/cmd_rows.h"

struct cfg;
struct cfg_node;
struct cli;

enum { CFG_NODES_DEFAULT = 131072, CFG_TEXT_DEFAULT = 8 << 20 };

/* cfg_new - an empty tree of at most @nodes lines and @text bytes of values; rows are @cli's. NULL: no memory. */
struct cfg *cfg_new(struct cli *cli, uint32_t nodes, uint32_t text);
void cfg_free(struct cfg *cfg);

/* --- reading ------------------------------------------------------------------------------------- */

/* cfg_root - the block that holds global configuration; never NULL. */
const struct cfg_node *cfg_root(const struct cfg *cfg);

/* cfg_first/cfg_next - the lines of row @row_id in @block, in printed order; NULL at the end. */
const struct cfg_node *cfg_first(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id);
const struct cfg_node *cfg_next(const struct cfg *cfg, const struct cfg_node *line);

/* cfg_find - the line of row @row_id in @block whose first key argument is @key; NULL when there is none. */
const struct cfg_node *cfg_find(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id, const char *key);

/* cfg_str - argument @name of @line as canonical text, or NULL when the line does not hold it. */
const char *cfg_str(const struct cfg *cfg, const struct cfg_node *line, const char *name);

/* cfg_has - the line holds the keyword or argument @name. */
bool cfg_has(const struct cfg *cfg, const struct cfg_node *line, const char *name);

/* cfg_is_no - the line is kept as `no X` (rows with CLI_NO_KEPT). */
bool cfg_is_no(const struct cfg_node *line);

/* cfg_addr - argument @name as an address; false (and @out unchanged) when the line does not hold it. */
bool cfg_addr(const struct cfg *cfg, const struct cfg_node *line, const char *name, struct addr *out);

/*
 * cfg_leaf_* - the first argument of the only line of row @row_id in @block, or the row's default when the
 * line is not there. uint: 0 when there is no default; str: NULL; addr: false.
 */
uint64_t cfg_leaf_uint(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id);
const char *cfg_leaf_str(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id);
bool cfg_leaf_addr(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id, struct addr *out);

/* cfg_generation - counts up with every accepted change, never repeats. */
uint64_t cfg_generation(const struct cfg *cfg);

/* cfg_lines - how many lines are kept. */
uint32_t cfg_lines(const struct cfg *cfg);

/* A walk over all lines in force, a block before what it holds: a plain value. */
struct cfg_walk {
	const struct cfg *cfg;
	uint64_t edits;
	uint32_t at;
	bool is_up; /* the block at `at` is not entered */
};

void cfg_walk_init(struct cfg_walk *w, const struct cfg *cfg);
/* cfg_walk_next - the next line, or NULL at the end; not once the walk is stale. */
const struct cfg_node *cfg_walk_next(struct cfg_walk *w);
/* cfg_walk_skip - what the line given last holds is passed over. */
void cfg_walk_skip(struct cfg_walk *w);
/* cfg_walk_is_stale - the configuration has changed since the start. */
bool cfg_walk_is_stale(const struct cfg_walk *w);

/* --- changing ------------------------------------------------------------------------------------- */

/*
 * cfg_apply - keep, replace or remove what the bound @line says, in @block.
 *
 * @node  receives the block that an opener opened (it stays good until it is removed), otherwise NULL
 * @why   receives one sentence, without `Failure: `, when it is refused
 *
 * Returns ERR_FULL, ERR_NOT_FOUND (`no X` of a block or a keyed line that is not there; for other lines that is
 * silent) or ERR_REFUSED (a row's check; the block exists as another kind); the tree is unchanged then.
 */
enum err cfg_apply(struct cfg *cfg, struct cfg_node *block, const struct cli_bound *line, struct cfg_node **node,
                   struct text *why);

/* cfg_left - the operator or the file leaves @block: ERR_REFUSED and the rule's sentence when the
 * leaves it is about were put back. */
enum err cfg_left(struct cfg *cfg, struct cfg_node *block, struct text *why);

/* cfg_on_change - @changed(@arg) after every accepted change; one per tree. */
void cfg_on_change(struct cfg *cfg, void (*changed)(void *arg), void *arg);

/* cfg_ref/cfg_deref - a block that may be removed meanwhile: NULL then. */
struct cfg_ref {
	uint32_t index;
	uint64_t birth;
};
struct cfg_ref cfg_ref(const struct cfg *cfg, const struct cfg_node *block);
struct cfg_node *cfg_deref(struct cfg *cfg, struct cfg_ref ref);

/* --- printing ------------------------------------------------------------------------------------ */

enum cfg_scope { CFG_ALL, CFG_SRP, CFG_ONE_CONTEXT };

/* A print in progress: a plain value. */
struct cfg_print {
	const struct cfg *cfg;
	enum cfg_scope scope;
	char context[80];
	uint64_t generation;
	uint32_t at;
	uint8_t depth;
	uint8_t stage; /* 0 head, 1 body, 2 done */
	bool is_up;    /* the block at `at` is to be closed */
};

/* cfg_print_init - print @cfg from the start; @context only for CFG_ONE_CONTEXT. */
void cfg_print_init(struct cfg_print *p, const struct cfg *cfg, enum cfg_scope scope, const char *context);

/*
 * cfg_print_step - print at most @lines lines. Returns ERR_OK when all is printed, ERR_SHORT when there is more,
 * ERR_REFUSED when the tree has changed since the start (print again).
 */
enum err cfg_print_step(struct cfg_print *p, struct text *out, unsigned lines);

/* cfg_print_all - everything at once: tests and small trees. */
void cfg_print_all(const struct cfg *cfg, struct text *out);

/* --- loading a file --------------------------------------------------------------------------------- */

struct cfg_loader;

/* What is told of a line that was refused: the rest of the file goes on. @reason is borrowed. */
typedef void cfg_load_error(void *arg, unsigned line, const char *reason);

/*
 * cfg_load_new - begin to load lines into @cfg (the running tree or a fresh one), as an administrator, without
 * questions. The change callback of @cfg is called once, by cfg_load_end. @cfg outlives the loader: no cli_swap
 * of the running tree meanwhile. NULL: no memory.
 */
struct cfg_loader *cfg_load_new(struct cli *cli, struct cfg *cfg, cfg_load_error *error, void *arg);

/* cfg_load_line - one line of @n bytes, with or without its end of line. A line is applied whole or not at all. */
void cfg_load_line(struct cfg_loader *l, const char *line, size_t n);

/* cfg_load_end - leaves all blocks, frees @l and returns how many lines were refused. */
unsigned cfg_load_end(struct cfg_loader *l);

#endif
