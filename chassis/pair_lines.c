/* pair_lines.c - this chassis' lines as they are compared with the peer's. */
#include "chassis/pair_lines.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

enum { TAG_BYTES = 16, ID_BYTES = 8 };

static const char label[] = "starling pair secret 1";

struct known_secret {
	uint8_t key[SHA256_DIGEST_LENGTH]; /* of salt and sealed text */
	uint8_t tag[TAG_BYTES];
};

struct pair_secrets {
	struct known_secret *items;
	size_t count, cap;
};

/* One run. */
struct run {
	const struct secrets *secrets;
	uint8_t ids[2 * ID_BYTES]; /* the smaller one first: the same on both chassis */
	const struct pair_secrets *before;
	struct pair_secrets *now;
	struct text_grown grown;
	struct text out;
	bool is_broken;
};

void
pair_secrets_free(struct pair_secrets *s)
{
	if (s == NULL)
		return;
	free(s->items);
	free(s);
}

static void
put_u64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < ID_BYTES; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

/* --- one secret ---------------------------------------------------------------------------------------------- */

/* The salt: what this is, whose pair, and the line without what stands between its marks. */
static size_t
make_salt(const struct run *r, const char *line, size_t n, uint8_t *salt)
{
	bool is_inside = false;
	size_t len = 0;

	memcpy(salt, label, sizeof label);
	len += sizeof label;
	memcpy(salt + len, r->ids, sizeof r->ids);
	len += sizeof r->ids;
	for (size_t i = 0; i < n; i++) {
		if (line[i] == SRP_LINES_SECRET)
			is_inside = !is_inside;
		if (!is_inside)
			salt[len++] = (uint8_t)line[i];
	}
	return len;
}

static bool
hash(uint8_t out[SHA256_DIGEST_LENGTH], const void *a, size_t a_len, const void *b, size_t b_len)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool is_ok = c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) == 1 && EVP_DigestUpdate(c, a, a_len) == 1 &&
	             EVP_DigestUpdate(c, b, b_len) == 1 && EVP_DigestFinal_ex(c, out, NULL) == 1;

	EVP_MD_CTX_free(c);
	return is_ok;
}

static bool
work_out(const struct run *r, const char *sealed, const uint8_t *salt, size_t salt_len, uint8_t tag[TAG_BYTES])
{
	char clear[SECRETS_CLEAR_MAX + 1];
	bool is_ok = secrets_open(r->secrets, sealed, clear) == ERR_OK;

	if (is_ok && PKCS5_PBKDF2_HMAC(clear, (int)strlen(clear), salt, (int)salt_len, PAIR_SECRET_ROUNDS, EVP_sha256(),
	                               TAG_BYTES, tag) != 1)
		is_ok = false;
	explicit_bzero(clear, sizeof clear);
	return is_ok;
}

static const uint8_t *
recall(const struct pair_secrets *s, const uint8_t key[SHA256_DIGEST_LENGTH])
{
	for (size_t i = 0; s != NULL && i < s->count; i++)
		if (memcmp(s->items[i].key, key, SHA256_DIGEST_LENGTH) == 0)
			return s->items[i].tag;
	return NULL;
}

static void
remember(struct run *r, const uint8_t key[SHA256_DIGEST_LENGTH], const uint8_t tag[TAG_BYTES])
{
	struct pair_secrets *s = r->now;

	if (s->count == s->cap) {
		size_t cap = s->cap * 2 + 16;
		struct known_secret *items = realloc(s->items, cap * sizeof *items);

		if (items == NULL)
			return; /* it is worked out again the next time */
		s->items = items;
		s->cap = cap;
	}
	memcpy(s->items[s->count].key, key, SHA256_DIGEST_LENGTH);
	memcpy(s->items[s->count++].tag, tag, TAG_BYTES);
}

/* The secret @sealed of a line with this @salt, as 32 digits; after a ! what cannot be opened. */
static void
put_secret(struct run *r, const char *sealed, const uint8_t *salt, size_t salt_len)
{
	uint8_t key[SHA256_DIGEST_LENGTH], tag[TAG_BYTES];
	const uint8_t *known;

	if (!hash(key, salt, salt_len, sealed, strlen(sealed))) {
		r->is_broken = true;
		return;
	}
	known = recall(r->before, key);
	if (known != NULL) {
		memcpy(tag, known, TAG_BYTES);
	} else if (!work_out(r, sealed, salt, salt_len, tag)) {
		text_put(&r->out, "!");
		if (!hash(key, sealed, strlen(sealed), "", 0))
			r->is_broken = true;
		memcpy(tag, key, TAG_BYTES);
		known = tag; /* it costs nothing and is not kept */
	}
	for (unsigned i = 0; i < TAG_BYTES; i++)
		text_printf(&r->out, "%02x", tag[i]);
	if (known == NULL || known != tag)
		remember(r, key, tag);
}

/* --- all lines ----------------------------------------------------------------------------------------------- */

/* One line, its newline included; @copy and @salt have room for it. */
static void
put_line(struct run *r, const char *line, size_t n, char *copy, uint8_t *salt)
{
	size_t salt_len = 0;

	while (n > 0) {
		const char *mark = memchr(line, SRP_LINES_SECRET, n), *end = NULL;
		size_t before = mark == NULL ? n : (size_t)(mark - line) + 1;

		if (mark != NULL)
			end = memchr(mark + 1, SRP_LINES_SECRET, n - before);
		if (mark != NULL && salt_len == 0)
			salt_len = make_salt(r, line, n, salt);
		r->out.write(r->out.arg, line, before);
		line += before;
		n -= before;
		if (end == NULL)
			continue;
		memcpy(copy, line, (size_t)(end - line));
		copy[end - line] = '\0';
		put_secret(r, copy, salt, salt_len);
		text_put(&r->out, "\x1e");
		n -= (size_t)(end - line) + 1;
		line = end + 1;
	}
}

static bool
put_lines(struct run *r, const char *text, size_t len)
{
	uint8_t *salt = malloc(sizeof label + sizeof r->ids + SRP_LINE_BYTES_MAX + 2);
	char *copy = malloc(SRP_LINE_BYTES_MAX + 2);
	bool is_ok = salt != NULL && copy != NULL;

	for (size_t at = 0; is_ok && at < len;) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t n = end == NULL ? len - at : (size_t)(end - text) + 1 - at;

		is_ok = n <= SRP_LINE_BYTES_MAX + 1;
		if (is_ok)
			put_line(r, text + at, n, copy, salt);
		at += n;
	}
	free(salt);
	free(copy);
	return is_ok && !r->is_broken && !r->grown.is_cut;
}

static bool
settle(struct pair_lines *p, const char *text, size_t len)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	const char *canonical;

	if (srp_lines_own(text == NULL ? "" : text, len, &p->lines) != ERR_OK)
		return false;
	canonical = srp_lines_text(p->lines, &p->plain_bytes);
	if (!hash(digest, canonical, p->plain_bytes, "", 0))
		return false;
	for (unsigned i = 0; i < ID_BYTES; i++)
		p->digest = p->digest << 8 | digest[i];
	p->digest += p->digest == 0; /* 0 says that it is not known */
	return srp_lines_is_long(p->lines) || srp_lines_pack(p->lines, &p->packed, &p->packed_bytes) == ERR_OK;
}

struct pair_lines *
pair_lines_new(const struct secrets *secrets, uint64_t own_id, uint64_t peer_id, const char *text, size_t len,
               struct pair_secrets **known)
{
	struct run r = {.secrets = secrets, .before = *known, .now = calloc(1, sizeof *r.now)};
	struct pair_lines *p = calloc(1, sizeof *p);
	bool is_ok = p != NULL && r.now != NULL;

	put_u64(r.ids, own_id < peer_id ? own_id : peer_id);
	put_u64(r.ids + ID_BYTES, own_id < peer_id ? peer_id : own_id);
	text_grown_init(&r.grown, &r.out);
	is_ok = is_ok && put_lines(&r, text, len) && settle(p, r.grown.data, r.grown.len);
	free(r.grown.data);
	if (!is_ok) {
		pair_secrets_free(r.now);
		pair_lines_free(p);
		return NULL;
	}
	pair_secrets_free(*known);
	*known = r.now;
	return p;
}

void
pair_lines_free(struct pair_lines *p)
{
	if (p == NULL)
		return;
	srp_lines_free(p->lines);
	free(p->packed);
	free(p);
}
