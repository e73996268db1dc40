/* report.c - the two renderers of a report. */
#include "base/report.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MS_PER_SEC = 1000, LINE_MAX_BYTES = 512, KEY_MAX_BYTES = 64, JSON_INDENT_BY = 2, REAL_DIGITS = 15 };

static const char rule[] = "-------------------------------------------------------------------------------\n";

const char *
report_date(uint64_t wall_ms, char buf[REPORT_DATE_MAX])
{
	time_t t = (time_t)(wall_ms / MS_PER_SEC);
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL || strftime(buf, REPORT_DATE_MAX, "%a %b %d %H:%M:%S %Y", &tm) == 0)
		snprintf(buf, REPORT_DATE_MAX, "?");
	return buf;
}

const char *
report_iso(uint64_t wall_ms, char buf[REPORT_DATE_MAX])
{
	time_t t = (time_t)(wall_ms / MS_PER_SEC);
	struct tm tm;
	size_t n;

	if (gmtime_r(&t, &tm) == NULL || (n = strftime(buf, REPORT_DATE_MAX, "%Y-%m-%dT%H:%M:%S", &tm)) == 0)
		snprintf(buf, REPORT_DATE_MAX, "?");
	else
		snprintf(buf + n, REPORT_DATE_MAX - n, ".%03uZ", (unsigned)(wall_ms % MS_PER_SEC));
	return buf;
}

/* --- JSON: into the innermost open object or array ----------------------------------------------------- */

/* json_add - takes @value; NULL means that there was no memory for it. False: it is not in the document. */
static bool
json_add(struct report *r, const char *key, json_t *value)
{
	json_t *in = r->open[r->depth];
	int failed;

	assert(json_is_array(in) || json_object_get(in, key) == NULL); /* a second field would hide the first */
	failed = json_is_array(in) ? json_array_append_new(in, value) : json_object_set_new(in, key, value);
	r->is_cut = r->is_cut || failed != 0;
	return failed == 0;
}

/* What comes from a peer may be no UTF-8: it is escaped as in text. */
static json_t *
json_words(const char *s)
{
	json_t *v = json_string(s);
	char line[LINE_MAX_BYTES];
	struct text_fixed f;
	struct text t;

	if (v != NULL)
		return v;
	text_fixed_init(&f, &t, line, sizeof line);
	text_escaped(&t, s, strlen(s));
	return json_string(line);
}

static json_t *
json_count(uint64_t n)
{
	/* beyond 2^63 an integer of JSON libraries overflows */
	return n <= INT64_MAX ? json_integer((json_int_t)n) : json_real((double)n);
}

static void
json_when(struct report *r, const char *key, uint64_t wall_ms)
{
	char key_ms[KEY_MAX_BYTES], iso[REPORT_DATE_MAX];

	snprintf(key_ms, sizeof key_ms, "%s_ms", key);
	json_add(r, key, wall_ms == 0 ? json_null() : json_string(report_iso(wall_ms, iso)));
	json_add(r, key_ms, wall_ms == 0 ? json_null() : json_count(wall_ms));
}

static void
json_push(struct report *r, const char *key, json_t *value)
{
	assert(r->depth + 1 < REPORT_DEPTH_MAX);
	if (!json_add(r, key, value))
		value = NULL;
	r->open[++r->depth] = value; /* the document owns it, the stack borrows it */
}

void
report_begin(struct report *r, struct text *out, bool is_json)
{
	*r = (struct report){.out = out, .label_width = REPORT_LABEL_WIDTH, .is_json = is_json};
	if (!is_json)
		return;
	r->open[0] = json_object();
	r->is_cut = r->open[0] == NULL;
}

void
report_end(struct report *r)
{
	char *document;

	if (!r->is_json)
		return;
	assert(r->depth == 0);
	/* whole before a byte of it is written, but for report_stream: half a document is none */
	document =
	    r->is_cut ? NULL : json_dumps(r->open[0], JSON_INDENT(JSON_INDENT_BY) | JSON_REAL_PRECISION(REAL_DIGITS));
	r->is_cut = document == NULL;
	if (!r->is_begun)
		text_put(r->out, document != NULL ? document : "{\"error\": \"no memory\"}");
	else if (document != NULL && json_object_size(r->open[0]) > 0)
		text_printf(r->out, ",%s", document + 1);
	else
		text_put(r->out, "\n}");
	text_put(r->out, "\n");
	free(document);
	json_decref(r->open[0]);
	r->open[0] = NULL;
}

/* --- layout ----------------------------------------------------------------------------------------------- */

void
report_title(struct report *r, const char *line)
{
	if (!r->is_json)
		text_printf(r->out, "%s\n", line);
}

void
report_ruled(struct report *r, const char *line)
{
	report_title(r, line);
	if (!r->is_json)
		text_put(r->out, rule);
}

void
report_blank(struct report *r)
{
	report_title(r, "");
}

void
report_open(struct report *r, const char *key)
{
	if (r->is_json)
		json_push(r, key, json_object());
}

void
report_list(struct report *r, const char *key)
{
	if (r->is_json)
		json_push(r, key, json_array());
}

/* put_indented - @document, every line but the first by @by columns. */
static void
put_indented(struct report *r, const char *document, int by)
{
	for (const char *end; (end = strchr(document, '\n')) != NULL; document = end + 1) {
		r->out->write(r->out->arg, document, (size_t)(end - document) + 1);
		text_printf(r->out, "%*s", by, "");
	}
	text_put(r->out, document);
}

/* The only element of the list is complete. */
static void
stream_element(struct report *r)
{
	char *document = r->is_cut ? NULL
	                           : json_dumps(json_array_get(r->open[1], 0),
	                                        JSON_INDENT(JSON_INDENT_BY) | JSON_REAL_PRECISION(REAL_DIGITS));

	if (document == NULL) {
		r->is_cut = true;
	} else {
		text_printf(r->out, "%s\n%*s", r->streamed++ > 0 ? "," : "", 2 * JSON_INDENT_BY, "");
		put_indented(r, document, 2 * JSON_INDENT_BY);
	}
	free(document);
	json_array_clear(r->open[1]);
}

static void
stream_end(struct report *r)
{
	if (r->streamed > 0)
		text_printf(r->out, "\n%*s", JSON_INDENT_BY, "");
	text_put(r->out, "]");
	json_decref(r->open[1]);
	r->open[1] = NULL;
	r->is_streaming = false;
}

void
report_stream(struct report *r, const char *key)
{
	if (!r->is_json || r->is_cut)
		return report_list(r, key);
	assert(r->depth == 0 && json_object_size(r->open[0]) == 0 && !r->is_begun);
	r->open[++r->depth] = json_array();
	r->is_cut = r->open[1] == NULL;
	r->is_streaming = r->is_begun = true;
	text_printf(r->out, "{\n%*s\"%s\": [", JSON_INDENT_BY, "", key);
}

void
report_close(struct report *r)
{
	if (!r->is_json)
		return;
	assert(r->depth > 0);
	r->depth--;
	if (r->is_streaming && r->depth == 1)
		stream_element(r);
	else if (r->is_streaming && r->depth == 0)
		stream_end(r);
}

/* --- fields ----------------------------------------------------------------------------------------------- */

static void
put_label(struct report *r, const char *label)
{
	text_printf(r->out, "%-*s", (int)r->label_width, label);
}

void
report_text(struct report *r, const char *key, const char *label, const char *value)
{
	if (r->is_json) {
		report_only_text(r, key, value);
		return;
	}
	put_label(r, label);
	text_put(r->out, value != NULL ? value : "-");
	text_put(r->out, "\n");
}

void
report_number(struct report *r, const char *key, const char *label, uint64_t value, const char *unit)
{
	if (r->is_json) {
		json_add(r, key, json_count(value));
		return;
	}
	put_label(r, label);
	text_printf(r->out, "%" PRIu64 "%s%s\n", value, unit != NULL ? " " : "", unit != NULL ? unit : "");
}

void
report_when(struct report *r, const char *key, const char *label, uint64_t when_ms, uint64_t now_ms)
{
	uint64_t age_s = now_ms > when_ms ? (now_ms - when_ms) / MS_PER_SEC : 0;
	char text[KEY_MAX_BYTES];

	if (r->is_json) {
		snprintf(text, sizeof text, "%s_age_s", key);
		json_when(r, key, when_ms);
		json_add(r, text, when_ms == 0 ? json_null() : json_count(age_s));
		return;
	}
	put_label(r, label);
	if (when_ms == 0)
		text_put(r->out, "-\n");
	else
		text_printf(r->out, "%s (%" PRIu64 " seconds ago)\n", report_date(when_ms, text), age_s);
}

/* put_wrapped - words up to the last column, the rest below them and a little to the right; a long word stays whole. */
static void
put_wrapped(struct report *r, const char *words)
{
	enum { INDENT = 2 };
	size_t room = REPORT_COLUMNS - r->label_width;

	while (strlen(words) > room) {
		size_t n = room;

		while (n > 0 && words[n] != ' ')
			n--;
		if (n == 0)
			n = strcspn(words, " ");
		if (words[n] == '\0')
			break;
		text_printf(r->out, "%.*s\n%*s", (int)n, words, (int)r->label_width + INDENT, "");
		words += n + 1;
		room = REPORT_COLUMNS - r->label_width - INDENT;
	}
	text_printf(r->out, "%s\n", words);
}

void
report_texts(struct report *r, const char *key, const char *label, const char *const *texts, size_t count,
             const char *none)
{
	if (r->is_json) {
		report_list(r, key);
		for (size_t i = 0; i < count; i++)
			json_add(r, NULL, json_words(texts[i]));
		report_close(r);
		return;
	}
	for (size_t i = 0; i < count || i == 0; i++) {
		put_label(r, i == 0 ? label : "");
		put_wrapped(r, count > 0 ? texts[i] : none);
	}
}

void
report_note(struct report *r, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	json_t *notes;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (!r->is_json) {
		text_printf(r->out, "%s\n", line);
		return;
	}
	notes = json_object_get(r->open[r->depth], "notes");
	if (notes == NULL) {
		notes = json_array();
		notes = json_add(r, "notes", notes) ? notes : NULL;
	}
	if (notes == NULL || json_array_append_new(notes, json_words(line)) != 0)
		r->is_cut = true;
}

void
report_line(struct report *r, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	va_list ap;

	if (r->is_json)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	text_printf(r->out, "%s\n", line);
}

void
report_only_number(struct report *r, const char *key, uint64_t value)
{
	if (r->is_json)
		json_add(r, key, json_count(value));
}

void
report_only_text(struct report *r, const char *key, const char *value)
{
	if (r->is_json)
		json_add(r, key, value != NULL ? json_words(value) : json_null());
}

void
report_only_real(struct report *r, const char *key, double value)
{
	if (r->is_json)
		json_add(r, key, json_real(value));
}

void
report_only_hex(struct report *r, const char *key, uint32_t value)
{
	char buf[REPORT_DATE_MAX];

	snprintf(buf, sizeof buf, "%08" PRIx32, value);
	report_only_text(r, key, buf);
}

void
report_only_bool(struct report *r, const char *key, bool value)
{
	if (r->is_json)
		json_add(r, key, json_boolean(value));
}

void
report_only_when(struct report *r, const char *key, uint64_t when_ms)
{
	if (r->is_json)
		json_when(r, key, when_ms);
}

/* --- tables ----------------------------------------------------------------------------------------------- */

/* put_cell - one column; the last one ends without blanks. */
static void
put_cell(struct report *r, const struct report_column *col, bool is_last, const char *text)
{
	text_printf(r->out, "%*s", (int)col->gap, "");
	if (col->is_right)
		text_printf(r->out, "%*s", (int)col->width, text);
	else if (is_last)
		text_put(r->out, text);
	else
		text_printf(r->out, "%-*s", (int)col->width, text);
}

static const char *
cell_words(const struct report_cell *c, char buf[REPORT_DATE_MAX])
{
	switch (c->kind) {
	case REPORT_CELL_TEXT:
		return c->text != NULL ? c->text : "";
	case REPORT_CELL_NUMBER:
		snprintf(buf, REPORT_DATE_MAX, "%" PRIu64, c->number);
		return buf;
	case REPORT_CELL_HEX:
		snprintf(buf, REPORT_DATE_MAX, "%08" PRIx64, c->number);
		return buf;
	case REPORT_CELL_WHEN:
		return c->number != 0 ? report_date(c->number, buf) : "-";
	default:
		return "-";
	}
}

static void
json_cell(struct report *r, const char *key, const struct report_cell *c)
{
	char buf[REPORT_DATE_MAX];

	if (c->kind == REPORT_CELL_WHEN)
		json_when(r, key, c->number);
	else if (c->kind == REPORT_CELL_NUMBER)
		json_add(r, key, json_count(c->number));
	else if (c->kind == REPORT_CELL_HEX)
		json_add(r, key, json_string(cell_words(c, buf)));
	else
		report_only_text(r, key, c->text);
}

void
report_table_begin(struct report *r, const struct report_table *t)
{
	report_list(r, t->key);
	report_heads(r, t);
}

void
report_heads(struct report *r, const struct report_table *t)
{
	if (r->is_json)
		return;
	if (t->heading != NULL) {
		text_put(r->out, t->heading);
		return;
	}
	for (size_t i = 0; i < t->count; i++)
		put_cell(r, &t->columns[i], i + 1 == t->count, t->columns[i].head);
	text_put(r->out, "\n");
}

void
report_row(struct report *r, const struct report_table *t, const struct report_cell *cells)
{
	char buf[REPORT_DATE_MAX];

	report_open(r, NULL);
	for (size_t i = 0; i < t->count; i++) {
		if (r->is_json)
			json_cell(r, t->columns[i].key, &cells[i]);
		else
			put_cell(r, &t->columns[i], i + 1 == t->count, cell_words(&cells[i], buf));
	}
	report_close(r);
	if (!r->is_json)
		text_put(r->out, "\n");
}

void
report_table_end(struct report *r, const struct report_table *t)
{
	(void)t;
	report_close(r);
}
