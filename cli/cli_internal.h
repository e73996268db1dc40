/*
 * cli_internal.h - what the files of the core share: struct cli, and where a session or a file stands.
 */
#ifndef CLI_CLI_INTERNAL_H
#define CLI_CLI_INTERNAL_H

#include "cli/bind.h"
#include "cli/cfg.h"
#include "cli/cli.h"
#include "cli/cmd_tree.h"

enum { CLI_MODES_MAX = 64, CLI_PRIVILEGES = 3 };

struct cli_mode_trees {
	const struct cli_mode *mode;
	struct cmd_tree *tree[CLI_PRIVILEGES]; /* of the features in force; configuration modes: administrators only */
};

struct cli {
	struct cli_setup setup;
	const struct cli_row **rows; /* all tables behind one another; the index is the printed order */
	size_t row_count;
	uint16_t index_of[CLI_ROW_ID_MAX]; /* row id to index + 1 */
	struct cli_handler handlers[CLI_ROW_ID_MAX];
	struct cli_mode_trees modes[CLI_MODES_MAX];
	size_t mode_count;
	uint32_t trees_made;
	struct cfg *running;
	char actor[32]; /* the user of the session that acts */
	uint32_t features;
};

/* cli_row - the row of @id; NULL for an unknown id. */
const struct cli_row *cli_row(const struct cli *cli, uint16_t id);

/* cli_tree - the tree of @mode for @privilege, made when it is not there; NULL: that privilege may not be there. */
struct cmd_tree *cli_tree(struct cli *cli, const struct cli_mode *mode, enum cli_privilege privilege);

/* cli_bind - a whole line of @w in @mode: row and arguments in @line, or the refusal in @why. */
enum err cli_bind(struct cli *cli, const struct cli_mode *mode, enum cli_privilege privilege, const struct words *w,
                  struct cli_bound *line, struct text *why);

/* Where a session or a file stands: depth 0 is Exec, 1 global configuration, and so on. */
struct cli_place {
	unsigned depth;
	const struct cli_mode *mode[CLI_DEPTH_MAX]; /* [0] is Exec */
	struct cfg_ref block[CLI_DEPTH_MAX];        /* [0] unused */
};

void place_init(struct cli_place *p);
const struct cli_mode *place_mode(const struct cli_place *p);
struct cfg_node *place_block(const struct cli_place *p, struct cfg *cfg);
/* place_down - into @block, whose mode is @mode; false when there is no deeper place. */
bool place_down(struct cli_place *p, const struct cfg *cfg, const struct cli_mode *mode, const struct cfg_node *block);
/* place_up - leave until @depth is reached; ERR_REFUSED and a whole refusal in @why when a rule put leaves back. */
enum err place_up(struct cli_place *p, struct cfg *cfg, unsigned depth, struct text *why);
/* place_settle - blocks that somebody else has removed are left. */
void place_settle(struct cli_place *p, struct cfg *cfg);
/* place_apply - a leaf or an opener into the tree, and the place into the opened block. Whole refusal in @why. */
enum err place_apply(struct cli_place *p, struct cfg *cfg, const struct cli_bound *line, struct text *why);

/*
 * cli_apply - place_apply for sessions and files: a license key is checked before it is kept, and opens its features
 * before the next line is read.
 */
enum err cli_apply(struct cli *cli, struct cli_place *p, struct cfg *cfg, const struct cli_bound *line,
                   struct text *why);

/* cfg_lookup - the line in @block that @line would replace or remove; NULL. */
struct cfg_node *cfg_lookup(struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line);
/* cfg_leaf_key - the first key argument of @line, "" when it has none. */
const char *cfg_leaf_key(const struct cfg *cfg, const struct cfg_node *line);
/* cfg_quiet - no change call-backs until switched off; then one, if something changed. */
void cfg_quiet(struct cfg *cfg, bool is_quiet);

#endif
