/*
 * report.h - what a show command says, described once, written as text or as JSON.
 *
 * A show function names titles, fields, tables and notes in their order; the report writes each at once as text, or
 * collects them for one JSON document. Every field has a key beside its label: numbers are JSON numbers, "nothing" is
 * null, a moment is KEY (ISO 8601, UTC) and KEY_ms (milliseconds since 1970). Fields belong to the innermost open
 * section; keys of one section differ. Not for the configuration and not for outputs that are made in steps.
 */
#ifndef BASE_REPORT_H
#define BASE_REPORT_H

#include <stdarg.h>

#include "base/text.h"

struct json_t; /* of jansson */

enum { REPORT_DEPTH_MAX = 8, REPORT_LABEL_WIDTH = 40, REPORT_COLUMNS = 110, REPORT_DATE_MAX = 40 };

/* A plain value in the caller's storage, good between report_begin and report_end. */
struct report {
	struct text *out;
	unsigned label_width; /* of the text: column of the values; may be changed at any time */
	bool is_json;
	bool is_cut;       /* memory ran out; JSON only */
	bool is_streaming; /* the list at depth 1 is written element by element */
	bool is_begun;     /* a part of the document is written already */
	size_t streamed;   /* elements written */
	unsigned depth;
	struct json_t *open[REPORT_DEPTH_MAX];
};

/* report_begin - @out is borrowed until report_end; @is_json decides how all that follows is written. */
void report_begin(struct report *r, struct text *out, bool is_json);

/* report_end - the document is complete. JSON is written here, indented, a field a line; without memory
 * {"error": "no memory"}. */
void report_end(struct report *r);

/* --- text only: how it is laid out ------------------------------------------------------------------ */

/* report_title - a line; report_ruled - the same with a rule below; report_blank - an empty line. */
void report_title(struct report *r, const char *line);
void report_ruled(struct report *r, const char *line);
void report_blank(struct report *r);

/* --- fields ----------------------------------------------------------------------------------------- */

/*
 * report_open, report_close - the fields between them are an object @key of the document. report_list opens an
 * array: each report_open(r, NULL) in it is an element. Text shows nothing of them.
 */
void report_open(struct report *r, const char *key);
void report_list(struct report *r, const char *key);

/*
 * report_stream - report_list of a list that may be long: each element is written as it is closed, so that it takes no
 * more memory than one. It is the first member of the whole document. When memory runs out (is_cut at report_end) what
 * is written is no document, so @out is one that can be thrown away.
 */
void report_stream(struct report *r, const char *key);
void report_close(struct report *r);

/* report_text - @value NULL is "-" and null. report_number - @unit ("ms") or NULL stands behind the number. */
void report_text(struct report *r, const char *key, const char *label, const char *value);
void report_number(struct report *r, const char *key, const char *label, uint64_t value, const char *unit);

/* report_when - a moment in ms since 1970 with its age at @now_ms ("(2 seconds ago)", KEY_age_s); 0 is never: "-",
 * null. */
void report_when(struct report *r, const char *key, const char *label, uint64_t when_ms, uint64_t now_ms);

/*
 * report_texts - a line for each of @count texts, the label before the first; @none when there are none. An array.
 * What goes beyond REPORT_COLUMNS continues on the next line, two columns to the right.
 */
void report_texts(struct report *r, const char *key, const char *label, const char *const *texts, size_t count,
                  const char *none);

/* report_note - a line in words; the notes of a section are its array "notes". */
void report_note(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* report_only_* - what text tells within another line, JSON as a field of its own. report_line - text only. */
void report_only_number(struct report *r, const char *key, uint64_t value);
void report_only_text(struct report *r, const char *key, const char *value);
void report_only_real(struct report *r, const char *key, double value);
void report_only_hex(struct report *r, const char *key, uint32_t value);
void report_only_bool(struct report *r, const char *key, bool value);
void report_only_when(struct report *r, const char *key, uint64_t when_ms);
void report_line(struct report *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* --- tables ----------------------------------------------------------------------------------------- */

struct report_column {
	const char *key;
	const char *head;
	uint8_t width; /* of the text; 0: as long as it is, for the last one */
	uint8_t gap;   /* blanks before it */
	bool is_right; /* numbers: to the right edge */
};

/* Rows are the elements of the array @key. heading, when given, stands in place of the heads: whole lines. */
struct report_table {
	const char *key;
	const char *heading;
	const struct report_column *columns;
	size_t count;
};

enum report_cell_kind { REPORT_CELL_TEXT, REPORT_CELL_NUMBER, REPORT_CELL_HEX, REPORT_CELL_WHEN, REPORT_CELL_NONE };

struct report_cell {
	uint8_t kind; /* enum report_cell_kind */
	const char *text;
	uint64_t number;
};

/* cell_text - NULL shows blanks. cell_hex - eight digits, in JSON too. cell_when - ms since 1970. cell_none - "-". */
static inline struct report_cell
cell_text(const char *text)
{
	return (struct report_cell){.kind = REPORT_CELL_TEXT, .text = text};
}

static inline struct report_cell
cell_number(uint64_t number)
{
	return (struct report_cell){.kind = REPORT_CELL_NUMBER, .number = number};
}

static inline struct report_cell
cell_hex(uint32_t number)
{
	return (struct report_cell){.kind = REPORT_CELL_HEX, .number = number};
}

static inline struct report_cell
cell_when(uint64_t wall_ms)
{
	return (struct report_cell){.kind = REPORT_CELL_WHEN, .number = wall_ms};
}

static inline struct report_cell
cell_none(void)
{
	return (struct report_cell){.kind = REPORT_CELL_NONE};
}

/* report_table_begin, report_row (one cell a column), report_table_end. report_heads - the heads alone, text only: for
 * rows within a list of the caller's. */
void report_heads(struct report *r, const struct report_table *t);
void report_table_begin(struct report *r, const struct report_table *t);
void report_row(struct report *r, const struct report_table *t, const struct report_cell *cells);
void report_table_end(struct report *r, const struct report_table *t);

/* --- moments ---------------------------------------------------------------------------------------- */

/* report_date - "Mon Mar 30 22:48:39 2020", in the time zone of show clock; returns @buf. */
const char *report_date(uint64_t wall_ms, char buf[REPORT_DATE_MAX]);

/* report_iso - "2020-03-30T22:48:39.000Z"; returns @buf. */
const char *report_iso(uint64_t wall_ms, char buf[REPORT_DATE_MAX]);

#endif
