/* srp_validate.c - two chassis' configuration lines, sorted and compared. */
#include "srp/srp_validate.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* One line of a list: with its mark, without its newline. */
struct line {
	const char *text;
	uint32_t bytes;
	uint32_t block; /* of the octets before what stands in the block, the mark included: the sequence's name */
	uint32_t came;  /* number in the text it was read from */
	bool is_common;
	bool is_secret; /* the peer has it with another secret */
};

struct srp_lines {
	char *text;
	size_t len;
	struct line *lines;
	uint32_t count;
	uint32_t ordered; /* the first of the ordered ones */
};

struct srp_diff {
	struct srp_difference *items;
	uint32_t count, cap;
	char *text;
	size_t used;
};

/* --- reading ------------------------------------------------------------------------------------------------- */

/* What a line may hold: nothing that moves the cursor, and secrets whole. */
static enum err
line_check(const char *s, size_t n)
{
	unsigned marks = 0;

	if (n > SRP_LINE_BYTES_MAX)
		return ERR_RANGE;
	if (n < 2 || (s[0] != '=' && s[0] != '#'))
		return ERR_FORMAT;
	for (size_t i = 1; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == SRP_LINES_SECRET)
			marks++;
		else if (c < ' ' || c == 0x7f)
			return ERR_FORMAT;
	}
	return marks % 2 == 0 ? ERR_OK : ERR_FORMAT;
}

/* block_bytes - up to and with the last ": " of the line; 1 at global level. */
static uint32_t
block_bytes(const char *s, size_t n)
{
	for (size_t i = n; i > 2; i--)
		if (s[i - 2] == ':' && s[i - 1] == ' ')
			return (uint32_t)i;
	return 1;
}

static int
bytes_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return c != 0 ? c : a_len < b_len ? -1 : a_len > b_len;
}

/* The canonical order: = before #; among = the text; among # the block, then as they came. */
static int
line_compare(const void *a, const void *b)
{
	const struct line *x = a, *y = b;
	int c;

	if (x->text[0] != y->text[0])
		return x->text[0] == '=' ? -1 : 1;
	if (x->text[0] == '=') {
		c = bytes_compare(x->text, x->bytes, y->text, y->bytes);
		return c != 0 ? c : x->came < y->came ? -1 : x->came > y->came;
	}
	c = bytes_compare(x->text, x->block, y->text, y->block);
	return c != 0 ? c : x->came < y->came ? -1 : x->came > y->came;
}

static enum err
lines_read(struct srp_lines *l, const char *text, size_t len)
{
	size_t at = 0;

	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end == NULL ? 0 : (size_t)(end - text) - at;
		enum err e = end == NULL ? ERR_FORMAT : line_check(text + at, n);

		if (e != ERR_OK)
			return e;
		l->lines[l->count] = (struct line){
		    .text = text + at, .bytes = (uint32_t)n, .block = block_bytes(text + at, n), .came = l->count};
		l->count++;
		at += n + 1;
	}
	return ERR_OK;
}

/* lines_settle - sort, and copy the text in that order, to which the lines point from now on. */
static void
lines_settle(struct srp_lines *l)
{
	qsort(l->lines, l->count, sizeof *l->lines, line_compare);
	l->ordered = l->count;
	for (uint32_t i = 0; i < l->count; i++) {
		struct line *x = &l->lines[i];

		memcpy(l->text + l->len, x->text, x->bytes);
		x->text = l->text + l->len;
		l->len += x->bytes;
		l->text[l->len++] = '\n';
		if (x->text[0] == '#' && l->ordered == l->count)
			l->ordered = i;
	}
}

enum err
srp_lines_own(const char *text, size_t len, struct srp_lines **out)
{
	struct srp_lines *l = calloc(1, sizeof *l);
	uint32_t cap = 1;
	enum err e;

	if (l == NULL)
		return ERR_SYSTEM;
	for (size_t i = 0; i < len; i++)
		cap += text[i] == '\n';
	l->lines = calloc(cap, sizeof *l->lines);
	l->text = malloc(len + 1);
	e = l->lines == NULL || l->text == NULL ? ERR_SYSTEM : lines_read(l, text, len);
	if (e != ERR_OK) {
		srp_lines_free(l);
		return e;
	}
	lines_settle(l);
	*out = l;
	return ERR_OK;
}

bool
srp_lines_is_long(const struct srp_lines *l)
{
	return l->len > SRP_LINES_BYTES_MAX || l->count - l->ordered > SRP_LINES_ORDERED_MAX;
}

enum err
srp_lines_new(const char *text, size_t len, struct srp_lines **out)
{
	struct srp_lines *l;
	enum err e = len > SRP_LINES_BYTES_MAX ? ERR_RANGE : srp_lines_own(text, len, &l);

	if (e != ERR_OK)
		return e;
	if (srp_lines_is_long(l)) {
		srp_lines_free(l);
		return ERR_RANGE;
	}
	*out = l;
	return ERR_OK;
}

void
srp_lines_free(struct srp_lines *l)
{
	if (l == NULL)
		return;
	free(l->lines);
	free(l->text);
	free(l);
}

enum err
srp_lines_pack(const struct srp_lines *l, uint8_t **take, size_t *len)
{
	uLongf n = compressBound((uLong)l->len);
	uint8_t *p;

	if (srp_lines_is_long(l))
		return ERR_RANGE;
	p = malloc(n);
	if (p == NULL || compress(p, &n, (const Bytef *)l->text, (uLong)l->len) != Z_OK) {
		free(p);
		return ERR_SYSTEM;
	}
	*take = p;
	*len = n;
	return ERR_OK;
}

enum err
srp_lines_unpack(const uint8_t *packed, size_t len, size_t plain_bytes, struct srp_lines **out)
{
	uLongf n = (uLongf)plain_bytes;
	enum err e = ERR_CORRUPT;
	char *plain;
	int z;

	if (plain_bytes > SRP_LINES_BYTES_MAX)
		return ERR_RANGE;
	plain = malloc(plain_bytes + 1);
	if (plain == NULL)
		return ERR_SYSTEM;
	z = uncompress((Bytef *)plain, &n, packed, (uLong)len);
	if (z == Z_MEM_ERROR)
		e = ERR_SYSTEM;
	else if (z == Z_OK && n == plain_bytes)
		e = srp_lines_new(plain, plain_bytes, out);
	free(plain);
	return e;
}

const char *
srp_lines_text(const struct srp_lines *l, size_t *len)
{
	*len = l->len;
	return l->text;
}

uint32_t
srp_lines_count(const struct srp_lines *l)
{
	return l->count;
}

/* --- comparing ----------------------------------------------------------------------------------------------- */

/* Both sides of one comparison: copies of the lines, so that what is found can be noted. */
struct match {
	struct line *here, *peer;
	struct srp_diff *diff;
};

/* diff_add - there is room for every line of both sides, see srp_diff_new. */
static void
diff_add(struct srp_diff *d, enum srp_diff_kind kind, const struct line *l, uint32_t here, uint32_t peer)
{
	struct srp_difference *x = &d->items[d->count++];

	*x = (struct srp_difference){
	    .kind = (uint8_t)kind, .bytes = l->bytes - 1, .here = here, .peer = peer, .line = d->text + d->used};
	memcpy(d->text + d->used, l->text + 1, l->bytes - 1);
	d->used += l->bytes - 1;
}

/* is_same_but_secret - equal outside the secrets, of which there is one at least. */
static bool
is_same_but_secret(const struct line *a, const struct line *b)
{
	uint32_t i = 0, k = 0;
	bool has_secret = false;

	while (i < a->bytes && k < b->bytes && a->text[i] == b->text[k]) {
		if (a->text[i] == SRP_LINES_SECRET) {
			has_secret = true;
			while (a->text[++i] != SRP_LINES_SECRET)
				;
			while (b->text[++k] != SRP_LINES_SECRET)
				;
		}
		i++;
		k++;
	}
	return has_secret && i == a->bytes && k == b->bytes;
}

static bool
has_secret(const struct line *l)
{
	return memchr(l->text, SRP_LINES_SECRET, l->bytes) != NULL;
}

/* Lines only here that the peer has with another secret: both are told as one. */
static void
mark_secrets(struct match *m, uint32_t here, uint32_t peer)
{
	for (uint32_t i = 0; i < here; i++) {
		struct line *a = &m->here[i];

		if (a->is_common || !has_secret(a))
			continue;
		for (uint32_t k = 0; k < peer && !a->is_secret; k++) {
			struct line *b = &m->peer[k];

			a->is_secret = !b->is_common && is_same_but_secret(a, b);
			b->is_common |= a->is_secret;
		}
	}
}

/* Both lists are sorted: what is in both is marked. */
static void
mark_common(struct match *m, uint32_t here, uint32_t peer)
{
	for (uint32_t i = 0, k = 0; i < here && k < peer;) {
		struct line *a = &m->here[i], *b = &m->peer[k];
		int c = bytes_compare(a->text, a->bytes, b->text, b->bytes);

		if (c == 0)
			a->is_common = b->is_common = true;
		i += c <= 0;
		k += c >= 0;
	}
}

/* What is not common, in the order of the text, ours first. */
static void
tell_sorted(struct match *m, uint32_t here, uint32_t peer)
{
	uint32_t k = 0;

	for (uint32_t i = 0; i < here; i++) {
		const struct line *a = &m->here[i];

		if (a->is_common)
			continue;
		for (; k < peer && line_compare(&m->peer[k], a) < 0; k++)
			if (!m->peer[k].is_common)
				diff_add(m->diff, SRP_DIFF_PEER, &m->peer[k], 0, 0);
		diff_add(m->diff, a->is_secret ? SRP_DIFF_SECRET : SRP_DIFF_HERE, a, 0, 0);
	}
	for (; k < peer; k++)
		if (!m->peer[k].is_common)
			diff_add(m->diff, SRP_DIFF_PEER, &m->peer[k], 0, 0);
}

static uint32_t
sequence_end(const struct line *lines, uint32_t i, uint32_t count)
{
	const struct line *first = &lines[i];

	while (i < count && bytes_compare(first->text, first->block, lines[i].text, lines[i].block) == 0)
		i++;
	return i;
}

/* One sequence: [a, a_end) of ours and [b, b_end) of the peer's. Of what both have the rank has to be the same. */
static void
tell_sequence(struct match *m, uint32_t a, uint32_t a_end, uint32_t b, uint32_t b_end)
{
	for (uint32_t i = a; i < a_end; i++) {
		for (uint32_t k = b; k < b_end && !m->here[i].is_common; k++) {
			if (m->peer[k].is_common ||
			    bytes_compare(m->here[i].text, m->here[i].bytes, m->peer[k].text, m->peer[k].bytes) != 0)
				continue;
			m->here[i].is_common = m->peer[k].is_common = true;
			m->peer[k].came = i; /* the partner: who came when is settled by now */
		}
		if (!m->here[i].is_common)
			diff_add(m->diff, SRP_DIFF_HERE, &m->here[i], 0, 0);
	}
	for (uint32_t i = a, rank = 0; i < a_end; i++)
		if (m->here[i].is_common)
			m->here[i].came = ++rank;
	for (uint32_t k = b, rank = 0; k < b_end; k++) {
		const struct line *p = &m->peer[k], *ours = p->is_common ? &m->here[p->came] : NULL;

		if (ours == NULL)
			diff_add(m->diff, SRP_DIFF_PEER, p, 0, 0);
		else if (ours->came != ++rank)
			diff_add(m->diff, SRP_DIFF_ORDER, ours, ours->came, rank);
	}
}

static void
tell_ordered(struct match *m, const struct srp_lines *here, const struct srp_lines *peer)
{
	uint32_t i = here->ordered, k = peer->ordered;

	while (i < here->count || k < peer->count) {
		uint32_t i_end = i < here->count ? sequence_end(m->here, i, here->count) : i;
		uint32_t k_end = k < peer->count ? sequence_end(m->peer, k, peer->count) : k;
		int c = i == i_end ? 1
		        : k == k_end
		            ? -1
		            : bytes_compare(m->here[i].text, m->here[i].block, m->peer[k].text, m->peer[k].block);

		tell_sequence(m, i, c <= 0 ? i_end : i, k, c >= 0 ? k_end : k);
		i = c <= 0 ? i_end : i;
		k = c >= 0 ? k_end : k;
	}
}

struct srp_diff *
srp_diff_new(const struct srp_lines *here, const struct srp_lines *peer)
{
	struct srp_diff *d = calloc(1, sizeof *d);
	struct match m = {.diff = d};
	size_t lines = (size_t)here->count + peer->count;

	if (d == NULL)
		return NULL;
	d->items = calloc(lines + 1, sizeof *d->items);
	d->text = malloc(here->len + peer->len + 1);
	m.here = calloc(lines + 1, sizeof *m.here);
	if (d->items == NULL || d->text == NULL || m.here == NULL) {
		free(m.here);
		srp_diff_free(d);
		return NULL;
	}
	m.peer = m.here + here->count;
	memcpy(m.here, here->lines, here->count * sizeof *m.here);
	memcpy(m.peer, peer->lines, peer->count * sizeof *m.peer);
	mark_common(&m, here->ordered, peer->ordered);
	mark_secrets(&m, here->ordered, peer->ordered);
	tell_sorted(&m, here->ordered, peer->ordered);
	tell_ordered(&m, here, peer);
	free(m.here);
	return d;
}

void
srp_diff_free(struct srp_diff *d)
{
	if (d == NULL)
		return;
	free(d->items);
	free(d->text);
	free(d);
}

uint32_t
srp_diff_count(const struct srp_diff *d)
{
	return d->count;
}

const struct srp_difference *
srp_diff_at(const struct srp_diff *d, uint32_t i)
{
	return &d->items[i];
}

/* --- telling ------------------------------------------------------------------------------------------------- */

/* The line with <secret> for what stands between the marks. */
static void
put_line(const char *s, size_t n, struct text *out)
{
	for (size_t from = 0; from < n;) {
		const char *mark = memchr(s + from, SRP_LINES_SECRET, n - from);
		const char *end = mark == NULL ? NULL : memchr(mark + 1, SRP_LINES_SECRET, n - (size_t)(mark + 1 - s));

		if (end == NULL) {
			text_escaped(out, s + from, n - from);
			return;
		}
		text_escaped(out, s + from, (size_t)(mark - s) - from);
		text_put(out, "<secret>");
		from = (size_t)(end + 1 - s);
	}
}

void
srp_diff_put(const struct srp_difference *x, struct text *out)
{
	static const char *const words[SRP_DIFF_KIND_COUNT] = {
	    [SRP_DIFF_HERE] = "only here",
	    [SRP_DIFF_PEER] = "only on the peer",
	    [SRP_DIFF_ORDER] = "order differs",
	    [SRP_DIFF_SECRET] = "secret differs",
	};

	text_printf(out, "%s: ", words[x->kind]);
	put_line(x->line, x->bytes, out);
	if (x->kind == SRP_DIFF_ORDER)
		text_printf(out, " (number %u here, %u on the peer)", x->here, x->peer);
}

void
srp_diff_print(const struct srp_diff *d, uint32_t max, struct text *out)
{
	uint32_t shown = d->count < max ? d->count : max;

	for (uint32_t i = 0; i < shown; i++) {
		srp_diff_put(&d->items[i], out);
		text_put(out, "\n");
	}
	if (shown < d->count)
		text_printf(out, "and %u more\n", d->count - shown);
}
