/*
 * cmd_tree.h - the leading keywords of all rows of one mode and privilege, as a libcli tree.
 *
 * The only module that knows libcli, and it uses it as a matcher only: no loop, no filters, no files, no
 * arguments. Built once, shared by all sessions. It finds the row; bind.h does the rest of the line.
 */
#ifndef CLI_CMD_TREE_H
#define CLI_CMD_TREE_H

#include "cli/bind.h"

struct cmd_tree;

/* cmd_tree_new - a tree of those @count rows that stand in @mode, that @privilege may use and whose feature is among
 * @features. NULL: no memory. */
struct cmd_tree *cmd_tree_new(const struct cli_row *const *rows, size_t count, const struct cli_mode *mode,
                              enum cli_privilege privilege, uint32_t features);
void cmd_tree_free(struct cmd_tree *tree);

/* Where a line stands in the tree. */
struct cmd_at {
	const struct cli_row *row; /* NULL: not a whole command yet */
	enum cli_how how;
	unsigned words;    /* words of the line that were leading keywords */
	const void *level; /* what may come next: for cmd_tree_next */
	const struct cmd_tree *tree;
};

/*
 * cmd_tree_walk - take leading keywords from the first @n words of @w as far as they go.
 *
 * Returns ERR_FORMAT and the whole refusal (unknown or ambiguous) in @why. A word that is no keyword is not an
 * error behind a row: it is left for the binder.
 */
enum err cmd_tree_walk(const struct cmd_tree *tree, const struct words *w, unsigned n, struct cmd_at *at,
                       struct text *why);

/* cmd_tree_find - the same for a whole line, matched by libcli; ERR_SHORT: incomplete. */
enum err cmd_tree_find(struct cmd_tree *tree, const struct words *w, struct cmd_at *at, struct text *why);

/* A keyword of a level. */
struct cmd_word {
	const void *it; /* NULL at first */
	const char *name, *help;
	bool is_idle; /* every command that it begins has no effect yet */
};

/* cmd_tree_next - the keywords of a level one by one; false at the end. */
bool cmd_tree_next(const struct cmd_at *at, struct cmd_word *word);

#endif
