/*
 * filter.h - what stands behind the bar: grep, count, more, json.
 *
 * Works on the output line by line as it is written, also across the steps of a long command. Up to four in a row.
 * json is told to the command, which then writes another document (base/report.h); it stands first. libcli's own
 * filters crash and are never used.
 */
#ifndef CLI_FILTER_H
#define CLI_FILTER_H

#include <regex.h>

#include "cli/cmd_rows.h"

enum {
	FILTERS_MAX = 4,
	FILTER_LINE_MAX = 4096, /* a longer output line is looked at in pieces of this size */
	FILTER_PATTERN_MAX = 128,
	FILTER_REPEAT_MAX = 32, /* in {n}; one such group a pattern, so that compiling stays short */
};

enum filter_kind { FILTER_GREP, FILTER_COUNT, FILTER_MORE, FILTER_JSON };

struct filter {
	enum filter_kind kind;
	bool is_inverted;
	regex_t regex;
	uint64_t lines;
};

struct filters {
	unsigned count;
	struct filter filter[FILTERS_MAX];
	struct text out;
	size_t used;
	char line[FILTER_LINE_MAX + 1];
};

/*
 * filters_parse - the @n bytes of @s that begin with the first bar.
 *
 * Returns ERR_FORMAT and the whole refusal in @why; nothing is left to free then. No bytes: no filters.
 */
enum err filters_parse(struct filters *f, const char *s, size_t n, struct text *why);

/* filters_want_json - does the line ask for JSON? */
bool filters_want_json(const struct filters *f);

/* filters_write - @n bytes of output; what passes goes to f->out. */
void filters_write(struct filters *f, const char *s, size_t n);

/* filters_end - the output is complete: the last unfinished line, the counts; frees the patterns. May be called again.
 */
void filters_end(struct filters *f);

/* filter_words - the words that may stand behind a bar, for Tab and `?`; NULL past the last. */
const struct cli_choice *filter_words(unsigned i);

#endif
