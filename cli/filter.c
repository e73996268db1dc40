/* filter.c - grep, count, more and json behind a command. */
#include "cli/filter.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/words.h"

enum { STAGE_WORDS_MAX = 8 };

/* The words of one stage. Unlike a command's, they may stand in single quotes, and a backslash is the pattern's. */
struct stage {
	unsigned count;
	const char *word[STAGE_WORDS_MAX];
	char text[CLI_LINE_MAX + STAGE_WORDS_MAX + 1];
};

static const struct cli_choice words[] = {
    {"grep", "Lines that match a pattern: [-E] extended, [-i] without case, [-v] the others"},
    {"count", "Only the number of lines"},
    {"more", "Page by page, where the terminal can"},
    {"json", "As one JSON document (show srp ... have it); the first behind the bar"},
};

const struct cli_choice *
filter_words(unsigned i)
{
	return i < sizeof words / sizeof words[0] ? &words[i] : NULL;
}

static enum err
refuse(struct text *why, const char *sentence)
{
	text_printf(why, "Failure: %s\n", sentence);
	return ERR_FORMAT;
}

/* stage_split - one stage from @s; @end receives where it stopped: a bar or the end. */
static enum err
stage_split(const char *s, size_t n, struct stage *st, size_t *end, struct text *why)
{
	size_t i = 0, used = 0;
	char quote = '\0';

	st->count = 0;
	for (;;) {
		while (i < n && isspace((unsigned char)s[i]))
			i++;
		if (i >= n || s[i] == '|')
			break;
		if (st->count == STAGE_WORDS_MAX)
			return refuse(why, "too many words behind the bar");
		st->word[st->count++] = st->text + used;
		for (; i < n && (quote || (!isspace((unsigned char)s[i]) && s[i] != '|')); i++) {
			if (quote ? s[i] == quote : (s[i] == '"' || s[i] == '\''))
				quote = quote ? '\0' : s[i];
			else if (s[i] == '\\' && quote == '"' && i + 1 < n && s[i + 1] == '"')
				st->text[used++] = s[++i];
			else if (s[i])
				st->text[used++] = s[i];
		}
		if (quote)
			return refuse(why, "a quotation mark has no end");
		st->text[used++] = '\0';
	}
	*end = i;
	return ERR_OK;
}

/* is_bounded - patterns whose compiling or matching could take long are not taken. */
static bool
is_bounded(const char *p, struct text *why)
{
	unsigned groups = 0;

	if (strlen(p) < 1 || strlen(p) > FILTER_PATTERN_MAX)
		return refuse(why, "the pattern must be 1 to 128 characters long"), false;
	for (const char *c = p; *c; c++) {
		if (*c == '\\' && isdigit((unsigned char)c[1]))
			return refuse(why, "a pattern cannot refer back"), false;
		if (*c != '{')
			continue;
		for (const char *d = c + 1; *d && *d != '}'; d++)
			if (isdigit((unsigned char)*d) && (d == c + 1 || !isdigit((unsigned char)d[-1])) &&
			    strtoul(d, NULL, 10) > FILTER_REPEAT_MAX)
				return refuse(why, "a pattern repeats at most 32 times"), false;
		if (++groups > 1)
			return refuse(why, "a pattern may hold one { } only"), false;
	}
	return true;
}

static enum err
parse_grep(const struct stage *st, struct filter *f, struct text *why)
{
	const char *pattern = NULL;
	int flags = REG_NOSUB;
	char said[80];

	for (unsigned i = 1; i < st->count; i++) {
		const char *w = st->word[i];

		if (!pattern && w[0] == '-' && w[1] && strspn(w + 1, "Eiv") == strlen(w + 1)) {
			flags |= strchr(w, 'E') ? REG_EXTENDED : 0;
			flags |= strchr(w, 'i') ? REG_ICASE : 0;
			f->is_inverted |= strchr(w, 'v') != NULL;
		} else if (!pattern && w[0] == '-' && w[1]) {
			return refuse(why, "the options of grep are -E, -i and -v");
		} else if (pattern) {
			return refuse(why, "grep takes one pattern; put blanks in quotation marks");
		} else {
			pattern = w;
		}
	}
	if (!pattern)
		return refuse(why, "grep needs a pattern");
	if (!is_bounded(pattern, why))
		return ERR_FORMAT;
	flags = regcomp(&f->regex, pattern, flags);
	if (!flags)
		return ERR_OK;
	regerror(flags, NULL, said, sizeof said);
	text_printf(why, "Failure: the pattern is wrong: %s\n", said);
	return ERR_FORMAT;
}

static enum err
parse_stage(const struct stage *st, struct filter *f, struct text *why)
{
	*f = (struct filter){.kind = FILTER_GREP};
	if (st->count == 0)
		return text_put(why, "Incomplete command\n"), ERR_FORMAT;
	for (unsigned i = 0; filter_words(i); i++) {
		if (!*st->word[0] || !words_begins(words[i].name, st->word[0]))
			continue;
		f->kind = (enum filter_kind)i;
		if (f->kind == FILTER_GREP)
			return parse_grep(st, f, why);
		return st->count == 1 ? ERR_OK : refuse(why, "nothing more is expected behind count, more or json");
	}
	text_put(why, "Unknown command - \"");
	text_escaped(why, st->word[0], strnlen(st->word[0], 60));
	text_put(why, "\", unrecognized keyword\n");
	return ERR_FORMAT;
}

static void
free_patterns(struct filters *f)
{
	for (unsigned i = 0; i < f->count; i++)
		if (f->filter[i].kind == FILTER_GREP)
			regfree(&f->filter[i].regex);
	f->count = 0;
}

enum err
filters_parse(struct filters *f, const char *s, size_t n, struct text *why)
{
	struct stage st;

	f->count = 0;
	f->used = 0;
	if (n > CLI_LINE_MAX)
		return refuse(why, "the line is too long");
	while (n > 0) {
		size_t end;

		if (f->count == FILTERS_MAX || stage_split(s + 1, n - 1, &st, &end, why) ||
		    parse_stage(&st, &f->filter[f->count], why)) {
			if (f->count == FILTERS_MAX)
				refuse(why, "at most four bars in a line");
			free_patterns(f);
			return ERR_FORMAT;
		}
		if (f->filter[f->count].kind == FILTER_JSON && f->count > 0) {
			refuse(why, "json must be the first behind the bar");
			free_patterns(f);
			return ERR_FORMAT;
		}
		f->count++;
		s += end + 1;
		n -= end + 1;
	}
	return ERR_OK;
}

bool
filters_want_json(const struct filters *f)
{
	return f->count > 0 && f->filter[0].kind == FILTER_JSON;
}

/* pass - a whole line through the filters from number @from on. */
static void
pass(struct filters *f, unsigned from, const char *line, bool has_newline)
{
	for (unsigned i = from; i < f->count; i++) {
		struct filter *one = &f->filter[i];

		if (one->kind == FILTER_COUNT) {
			one->lines++;
			return;
		}
		if (one->kind == FILTER_GREP && (regexec(&one->regex, line, 0, NULL, 0) == 0) == one->is_inverted)
			return;
	}
	f->out.write(f->out.arg, line, strlen(line));
	if (has_newline)
		f->out.write(f->out.arg, "\n", 1);
}

static void
line_done(struct filters *f, bool has_newline)
{
	f->line[f->used] = '\0';
	f->used = 0;
	pass(f, 0, f->line, has_newline);
}

void
filters_write(struct filters *f, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n') {
			line_done(f, true);
			continue;
		}
		if (f->used == FILTER_LINE_MAX)
			line_done(f, false);
		f->line[f->used++] = s[i] ? s[i] : ' ';
	}
}

void
filters_end(struct filters *f)
{
	char said[40];

	if (f->used)
		line_done(f, true);
	for (unsigned i = 0; i < f->count; i++) {
		if (f->filter[i].kind != FILTER_COUNT)
			continue;
		snprintf(said, sizeof said, "Count: %" PRIu64 " lines", f->filter[i].lines);
		pass(f, i + 1, said, true);
	}
	free_patterns(f);
}
