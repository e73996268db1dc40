/*
 * words.h - a typed line to words, and words back to a line.
 *
 * Blanks part words; "..." holds blanks, with \" and \\ inside; a backslash elsewhere is itself. The line is cut
 * at the first unquoted bar before libcli or the binder see it. Implements reference section 1.6, "Strings with
 * blanks in double quotes".
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "cli/cmd_rows.h"

struct words {
	unsigned count;
	const char *word[CLI_WORDS_MAX]; /* into text */
	bool is_quoted[CLI_WORDS_MAX];
	bool ends_open; /* the last word may still grow: no blank after it */
	char text[CLI_LINE_MAX + CLI_WORDS_MAX + 1];
};

/*
 * words_split - @n bytes of @line to @w.
 *
 * Returns ERR_RANGE (too long, too many words) or ERR_FORMAT (a byte that cannot be printed, a quotation mark
 * without an end) with one sentence in @why; @w is then unspecified.
 */
enum err words_split(const char *line, size_t n, struct words *w, struct text *why);

/*
 * words_remark - is @line blank or a remark (its first character is #)? Whatever stands in it is not looked at.
 * @is_exit says whether it is `#exit`, which closes a block.
 */
bool words_remark(const char *line, size_t n, bool *is_exit);

/* words_bar - where the first unquoted bar of @line stands, or @n. */
size_t words_bar(const char *line, size_t n);

/* words_put - print @s so that words_split gives it back as one word. */
void words_put(const char *s, struct text *out);

/* words_begins - does @whole begin with @part, letters compared without case? An empty part begins everything. */
bool words_begins(const char *whole, const char *part);

#endif
