/*
 * cfg_diff.c - two printed configurations compared as sets of lines in their blocks.
 *
 * A line is known by 64 bits made of its own text and of those of its blocks; two different lines of one configuration
 * with the same bits would need billions of lines.
 */
#include "cli/cfg_diff.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16 };

struct line {
	const char *text; /* without indentation and end of line */
	uint32_t bytes;
	uint32_t place;  /* its index in the other side, NOWHERE */
	uint32_t parent; /* the line that opened its block, NOWHERE */
	uint16_t depth;
	uint64_t hash;
};

struct side {
	struct line *lines;
	uint32_t count;
};

static const uint32_t NOWHERE = UINT32_MAX;

static uint64_t
hash_of(uint64_t seed, const char *s, size_t n)
{
	uint64_t h = seed ^ UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)s[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 29;
	return h * UINT64_C(0xbf58476d1ce4e5b9) ^ h >> 32;
}

/* is_frame - the words around the lines: they say nothing themselves. */
static bool
is_frame(const char *s, size_t n, unsigned depth)
{
	if (n == 0 || s[0] == '#')
		return true;
	return depth == 0 && ((n == 6 && memcmp(s, "config", 6) == 0) || (n == 3 && memcmp(s, "end", 3) == 0));
}

static enum err
side_read(struct side *side, const char *text, size_t len)
{
	uint32_t open[DEPTH_MAX + 1], cap = 2;

	for (size_t i = 0; i < len; i++)
		cap += text[i] == '\n';
	for (unsigned i = 0; i <= DEPTH_MAX; i++)
		open[i] = NOWHERE;
	*side = (struct side){.lines = malloc(cap * sizeof *side->lines)};
	if (side->lines == NULL)
		return ERR_SYSTEM;
	for (size_t at = 0; at < len;) {
		const char *s = text + at, *nl = memchr(s, '\n', len - at);
		size_t n = nl != NULL ? (size_t)(nl - s) : len - at, blanks = 0;
		struct line *l = &side->lines[side->count];
		unsigned depth;

		at += n + 1;
		while (blanks < n && s[blanks] == ' ')
			blanks++;
		depth = blanks / 2 > DEPTH_MAX ? DEPTH_MAX : (unsigned)(blanks / 2);
		if (is_frame(s + blanks, n - blanks, depth))
			continue;
		*l = (struct line){
		    .text = s + blanks, .bytes = (uint32_t)(n - blanks), .place = NOWHERE, .depth = (uint16_t)depth};
		l->parent = depth > 0 ? open[depth - 1] : NOWHERE;
		l->hash = hash_of(l->parent != NOWHERE ? side->lines[l->parent].hash : 1, l->text, l->bytes);
		open[depth] = side->count++;
		for (unsigned i = depth + 1; i <= DEPTH_MAX; i++)
			open[i] = NOWHERE;
	}
	return ERR_OK;
}

/* side_match - where each line of @a stands in @b, and the other way round. */
static enum err
side_match(struct side *a, struct side *b)
{
	size_t buckets = 16;
	uint32_t *table;

	while (buckets < 2 * (size_t)b->count)
		buckets *= 2;
	table = malloc(buckets * sizeof *table);
	if (table == NULL)
		return ERR_SYSTEM;
	memset(table, 0xff, buckets * sizeof *table);
	for (uint32_t i = 0; i < b->count; i++) {
		size_t at = b->lines[i].hash & (buckets - 1);

		while (table[at] != NOWHERE)
			at = (at + 1) & (buckets - 1);
		table[at] = i;
	}
	for (uint32_t i = 0; i < a->count; i++) {
		size_t at = a->lines[i].hash & (buckets - 1);

		/* a line that stands there twice is matched once each */
		while (table[at] != NOWHERE &&
		       (b->lines[table[at]].hash != a->lines[i].hash || b->lines[table[at]].place != NOWHERE))
			at = (at + 1) & (buckets - 1);
		if (table[at] == NOWHERE)
			continue;
		a->lines[i].place = table[at];
		b->lines[table[at]].place = i;
	}
	free(table);
	return ERR_OK;
}

static void
put_line(char mark, const struct line *l, struct text *out)
{
	text_printf(out, "%c %*s%.*s\n", mark, 2 * l->depth, "", (int)l->bytes, l->text);
}

/* The blocks of line @i that are not on the screen: @open holds, by depth, what is. */
static void
put_blocks(const struct side *side, uint32_t i, uint64_t open[DEPTH_MAX + 1], struct text *out)
{
	uint32_t parent = side->lines[i].parent;
	const struct line *p;

	if (parent == NOWHERE)
		return;
	p = &side->lines[parent];
	if (open[p->depth] == p->hash)
		return;
	put_blocks(side, parent, open, out);
	put_line(' ', p, out);
	open[p->depth] = p->hash;
	for (unsigned d = p->depth + 1u; d <= DEPTH_MAX; d++)
		open[d] = 0;
}

static void
put_one(const struct side *side, uint32_t i, char mark, uint64_t open[DEPTH_MAX + 1], struct text *out)
{
	const struct line *l = &side->lines[i];

	put_blocks(side, i, open, out);
	put_line(mark, l, out);
	open[l->depth] = l->hash;
	for (unsigned d = l->depth + 1u; d <= DEPTH_MAX; d++)
		open[d] = 0;
}

/* Both sides at once: what only one has is told, what both have is passed over where it comes first. */
static void
put_all(const struct side *a, const struct side *b, struct text *out)
{
	uint64_t open[DEPTH_MAX + 1] = {0};

	for (uint32_t i = 0, k = 0; i < a->count || k < b->count;) {
		if (i < a->count && a->lines[i].place == NOWHERE)
			put_one(a, i++, '-', open, out);
		else if (k < b->count && b->lines[k].place == NOWHERE)
			put_one(b, k++, '+', open, out);
		else if (i < a->count && (k == b->count || a->lines[i].place < k))
			i++;
		else if (k < b->count && (i == a->count || b->lines[k].place != i))
			k++;
		else {
			i++;
			k++;
		}
	}
}

enum err
cfg_diff(const char *a, size_t a_len, const char *b, size_t b_len, struct text *out)
{
	struct side x = {0}, y = {0};
	enum err e = side_read(&x, a, a_len);

	if (e == ERR_OK)
		e = side_read(&y, b, b_len);
	if (e == ERR_OK)
		e = side_match(&x, &y);
	if (e == ERR_OK)
		put_all(&x, &y, out);
	free(x.lines);
	free(y.lines);
	return e;
}
