/* words.c - the tokenizer of the command line. */
#include "cli/words.h"

#include <string.h>
#include <strings.h>

/* words_split_one - the word that begins at @i; returns where it ends, or 0 when a quotation mark has no end. */
static size_t
words_split_one(const char *line, size_t n, size_t i, struct words *w, size_t *used)
{
	bool in_quotes = false;

	w->word[w->count] = w->text + *used;
	w->is_quoted[w->count] = line[i] == '"';
	for (; i < n && (in_quotes || (line[i] != ' ' && line[i] != '\t')); i++) {
		if (line[i] == '"') {
			in_quotes = !in_quotes;
			continue;
		}
		if (in_quotes && line[i] == '\\' && i + 1 < n && (line[i + 1] == '"' || line[i + 1] == '\\'))
			i++;
		w->text[(*used)++] = line[i];
	}
	w->text[(*used)++] = '\0';
	w->count++;
	return in_quotes ? 0 : i;
}

enum err
words_split(const char *line, size_t n, struct words *w, struct text *why)
{
	size_t used = 0, i = 0;

	w->count = 0;
	w->ends_open = false;
	if (n > CLI_LINE_MAX) {
		text_printf(why, "the line is longer than %d characters", CLI_LINE_MAX);
		return ERR_RANGE;
	}
	for (i = 0; i < n; i++) {
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || (unsigned char)line[i] >= 0x7f) {
			text_printf(why, "byte 0x%02x at column %zu cannot be part of a command",
			            (unsigned char)line[i], i + 1);
			return ERR_FORMAT;
		}
	}
	for (i = 0;;) {
		while (i < n && (line[i] == ' ' || line[i] == '\t'))
			i++;
		if (i >= n)
			return ERR_OK;
		if (w->count == CLI_WORDS_MAX) {
			text_printf(why, "the line has more than %d words", CLI_WORDS_MAX);
			return ERR_RANGE;
		}
		i = words_split_one(line, n, i, w, &used);
		if (!i) {
			text_put(why, "a quotation mark has no end");
			return ERR_FORMAT;
		}
		w->ends_open = i >= n;
	}
}

bool
words_remark(const char *line, size_t n, bool *is_exit)
{
	static const char exit_word[] = "#exit";
	size_t i = 0;

	while (i < n && (line[i] == ' ' || line[i] == '\t'))
		i++;
	while (n > i && (line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\r'))
		n--;
	*is_exit = n - i == sizeof exit_word - 1 && memcmp(line + i, exit_word, n - i) == 0;
	return i == n || line[i] == '#';
}

size_t
words_bar(const char *line, size_t n)
{
	bool in_quotes = false;

	for (size_t i = 0; i < n; i++) {
		if (in_quotes && line[i] == '\\' && i + 1 < n && (line[i + 1] == '"' || line[i + 1] == '\\'))
			i++;
		else if (line[i] == '"')
			in_quotes = !in_quotes;
		else if (line[i] == '|' && !in_quotes)
			return i;
	}
	return n;
}

void
words_put(const char *s, struct text *out)
{
	if (*s && !strpbrk(s, " \t\"|") && s[0] != '#') {
		text_put(out, s);
		return;
	}
	text_put(out, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			text_put(out, "\\");
		out->write(out->arg, s, 1);
	}
	text_put(out, "\"");
}

bool
words_begins(const char *whole, const char *part)
{
	return strncasecmp(whole, part, strlen(part)) == 0;
}
