/*
 * bind.h - the rest of a line against its row: options, choices, arguments.
 *
 * libcli finds the row by its leading keywords (cmd_tree.c); from there this walk takes word after word. It
 * is one automaton for running, Tab and `?`, so they cannot disagree.
 */
#ifndef CLI_BIND_H
#define CLI_BIND_H

#include "cli/arg.h"
#include "cli/words.h"

enum cli_how { CLI_HOW_PLAIN, CLI_HOW_NO, CLI_HOW_DEFAULT };

/* A line that fits its row. Leading keywords are not among taken. */
struct cli_bound {
	const struct cli_row *row; /* the row under which it is kept: never an alias */
	enum cli_how how;
	bool has_noconfirm;
	uint8_t count;
	uint16_t used;
	struct {
		uint8_t token; /* index into row->tokens, ascending */
		uint16_t at;   /* canonical value in text; "" for a keyword */
	} taken[CLI_TAKEN_MAX];
	char text[2 * CLI_LINE_MAX];
};

/* What may come next. */
struct bind_expect {
	unsigned count;
	uint8_t token[CLI_TOKENS_MAX];
	bool can_end;
	bool takes_noconfirm;
};

struct bind_env {
	const struct cli_row *canonical; /* row->same_as resolved; the row itself otherwise */
	enum err (*seal)(void *app, const char *clear, char *sealed, size_t cap);
	void *app;
};

/* A walk in progress. */
struct bind_walk {
	const struct cli_row *row;
	enum cli_how how;
	uint8_t at;    /* token index from which to go on */
	uint64_t used; /* options taken: bit of their CLI_OPTION token */
	bool has_noconfirm;
};

/* bind_start - a walk behind the leading keywords of @row. bind_leading - how many those are. */
void bind_start(struct bind_walk *walk, const struct cli_row *row, enum cli_how how);
unsigned bind_leading(const struct cli_row *row);

void bind_expect(const struct bind_walk *walk, struct bind_expect *e);

/*
 * bind_word - take @word. @env may be NULL for Tab and `?` (nothing is sealed). @line may be NULL: nothing is kept.
 *
 * Returns ERR_FORMAT, ERR_RANGE or ERR_FULL and the whole refusal in @why.
 */
enum err bind_word(struct bind_walk *walk, const char *word, bool is_quoted, const struct bind_env *env,
                   struct cli_bound *line, struct text *why);

/*
 * bind_line - @n words behind the leading keywords into @line.
 *
 * Returns as bind_word; `Incomplete command` is ERR_SHORT. @line is unspecified then.
 */
enum err bind_line(const struct cli_row *row, enum cli_how how, const struct words *w, unsigned first,
                   const struct bind_env *env, struct cli_bound *line, struct text *why);

/* bind_check - start-up self-check of one row: ERR_FORMAT and one sentence. */
enum err bind_check(const struct cli_row *row, struct text *why);

#endif
