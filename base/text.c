/* text.c - text sinks. */
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
text_put(struct text *t, const char *s)
{
	t->write(t->arg, s, strlen(s));
}

void
text_printf(struct text *t, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->write(t->arg, line, (size_t)n < sizeof line ? (size_t)n : sizeof line - 1);
}

void
text_escaped(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c < 0x7f)
			t->write(t->arg, s + i, 1);
		else
			text_printf(t, "\\x%02x", c);
	}
}

static void
fixed_write(void *arg, const char *s, size_t n)
{
	struct text_fixed *f = arg;
	size_t room = f->cap - 1 - f->len;

	if (n > room) {
		n = room;
		f->is_cut = true;
	}
	memcpy(f->data + f->len, s, n);
	f->len += n;
	f->data[f->len] = '\0';
}

void
text_fixed_init(struct text_fixed *f, struct text *t, char *data, size_t cap)
{
	*f = (struct text_fixed){.data = data, .cap = cap};
	data[0] = '\0';
	*t = (struct text){.write = fixed_write, .arg = f};
}

static void
grown_write(void *arg, const char *s, size_t n)
{
	struct text_grown *g = arg;

	if (g->is_cut)
		return;
	if (g->len + n > g->cap) {
		size_t cap = (g->cap + n) * 2 + 4096;
		char *data = realloc(g->data, cap);

		if (data == NULL) {
			g->is_cut = true;
			return;
		}
		g->data = data;
		g->cap = cap;
	}
	memcpy(g->data + g->len, s, n);
	g->len += n;
}

void
text_grown_init(struct text_grown *g, struct text *t)
{
	*g = (struct text_grown){0};
	*t = (struct text){.write = grown_write, .arg = g};
}
