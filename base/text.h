/*
 * text.h - where printed text goes: a sink handed in by the caller.
 *
 * Renderers (show commands, dumps, generated documents) write to it and know neither sessions nor
 * files. text_fixed collects into storage of the caller.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
	void (*write)(void *arg, const char *s, size_t n);
	void *arg;
};

void text_put(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* text_escaped - @n bytes that came from a peer or a file: anything but printable ASCII prints as \xNN. */
void text_escaped(struct text *t, const char *s, size_t n);

/* A sink over the caller's storage; always NUL-terminated; is_cut when something did not fit. */
struct text_fixed {
	char *data;
	size_t cap;
	size_t len;
	bool is_cut;
};

/* text_fixed_init - makes @t write into @f, which writes into @data of @cap >= 1 bytes. */
void text_fixed_init(struct text_fixed *f, struct text *t, char *data, size_t cap);

/* A sink into heap memory that grows, of the caller to free; not NUL-terminated. is_cut when memory ran out. */
struct text_grown {
	char *data; /* NULL as long as nothing was written */
	size_t cap;
	size_t len;
	bool is_cut;
};

/* text_grown_init - makes @t write into @g, which is empty at first. */
void text_grown_init(struct text_grown *g, struct text *t);

#endif
