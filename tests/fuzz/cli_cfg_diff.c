/*
 * cli_cfg_diff.c - two texts, parted by a NUL, as generations to be compared: each has no difference to itself, and one
 * way round there are as many lines as the other way round.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cfg_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct marks {
	size_t minus, plus;
	bool is_in_line;
};

/* What begins a line with - or +, however the text is cut into writes. */
static void
count(void *arg, const char *bytes, size_t n)
{
	struct marks *m = arg;

	for (size_t i = 0; i < n; i++) {
		if (!m->is_in_line) {
			m->minus += bytes[i] == '-';
			m->plus += bytes[i] == '+';
		}
		m->is_in_line = bytes[i] != '\n';
	}
}

static struct marks
diff(const char *a, size_t a_len, const char *b, size_t b_len)
{
	struct marks m = {0};
	struct text out = {.write = count, .arg = &m};

	if (cfg_diff(a, a_len, b, b_len, &out) != ERR_OK)
		abort();
	return m;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *bar = memchr(data, '\0', size);
	const char *a = (const char *)data, *b = bar == NULL ? a : (const char *)bar + 1;
	size_t a_len = bar == NULL ? size : (size_t)(bar - data), b_len = bar == NULL ? size : size - a_len - 1;
	struct marks forth = diff(a, a_len, b, b_len), back = diff(b, b_len, a, a_len), same = diff(a, a_len, a, a_len);

	if (same.minus + same.plus != 0 || forth.minus != back.plus || forth.plus != back.minus)
		abort();
	return 0;
}
