/*
 * srp_validate.c - libFuzzer target: configuration lines as they come from a peer, compared with ours.
 *
 * The input, cut at its first octet 0xff, is two texts. What is taken must be canonical when it is read again, must
 * have no difference to itself, and the number of differences must be the same from both sides.
 */
#include <stdlib.h>
#include <string.h>

#include "srp/srp_validate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
nowhere(void *arg, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x7f || ((unsigned char)s[i] < ' ' && s[i] != '\n'))
			abort(); /* it would reach an operator's screen */
	(void)arg;
}

static uint32_t
count(const struct srp_lines *a, const struct srp_lines *b)
{
	struct text out = {.write = nowhere};
	struct srp_diff *d = srp_diff_new(a, b);
	uint32_t n = srp_diff_count(d);

	srp_diff_print(d, 100, &out);
	srp_diff_free(d);
	return n;
}

static void
again(const struct srp_lines *a)
{
	struct srp_lines *b;
	size_t n, m;
	const char *text = srp_lines_text(a, &n), *second;

	if (srp_lines_new(text, n, &b) != ERR_OK)
		abort();
	second = srp_lines_text(b, &m);
	if (m != n || memcmp(second, text, n) != 0 || count(a, b) != 0)
		abort();
	srp_lines_free(b);
}

/* The same octets as a peer's compressed lines of a declared size. */
static void
packed(const uint8_t *data, size_t size)
{
	struct srp_lines *a = NULL;

	if (size > 2 && srp_lines_unpack(data + 2, size - 2, (size_t)(data[0] << 8 | data[1]), &a) == ERR_OK)
		again(a);
	srp_lines_free(a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *cut = size == 0 ? NULL : memchr(data, 0xff, size);
	size_t n = cut == NULL ? size : (size_t)(cut - data);
	struct srp_lines *a = NULL, *b = NULL;

	if (srp_lines_new((const char *)data, n, &a) == ERR_OK)
		again(a);
	if (cut != NULL && srp_lines_new((const char *)cut + 1, size - n - 1, &b) == ERR_OK)
		again(b);
	if (a != NULL && b != NULL) {
		size_t x, y;
		const char *p = srp_lines_text(a, &x), *q = srp_lines_text(b, &y);

		if (count(a, b) != count(b, a) || (count(a, b) == 0) != (x == y && memcmp(p, q, x) == 0))
			abort();
	}
	srp_lines_free(a);
	srp_lines_free(b);
	packed(data, size);
	return 0;
}
