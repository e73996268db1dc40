/*
 * cfg_diff.h - what two printed configurations do not have in common. Text in, text out; knows no row.
 *
 * A configuration is a set of lines, each in its block: the order of two blocks or two lines says nothing, so lines
 * that only moved are not told. Thread-safe: the archive compares on a thread of its own.
 */
#ifndef CLI_CFG_DIFF_H
#define CLI_CFG_DIFF_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

/*
 * cfg_diff - the lines that only @a has with `-` before them, those that only @b has with `+`, each below the blocks it
 * stands in. Nothing is written when they hold the same lines. Takes time and memory in proportion to the number of
 * lines.
 *
 * Returns ERR_SYSTEM (no memory): nothing was written.
 */
enum err cfg_diff(const char *a, size_t a_len, const char *b, size_t b_len, struct text *out);

#endif
