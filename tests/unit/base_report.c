/* base_report.c - one description, two forms: the text as it stands, the JSON as a program reads it back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/report.h"

#define WHEN UINT64_C(1585608519007)

static const struct report_column columns[] = {
    {.key = "time", .head = "Time", .width = 24},
    {.key = "id", .head = "id", .width = 8, .gap = 2},
    {.key = "calls", .head = "calls", .width = 7, .gap = 1, .is_right = true},
    {.key = "why", .head = "why", .gap = 1},
};
static const struct report_table table = {.key = "rows", .columns = columns, .count = 4};

static void
describe(struct report *r)
{
	static const char *const alarms[] = {"peer lost", "dual active"};
	const struct report_cell first[] = {cell_when(WHEN), cell_hex(0xbeef), cell_number(12), cell_text("a \"b\"")};
	const struct report_cell second[] = {cell_when(0), cell_none(), cell_none(), cell_text(NULL)};

	report_ruled(r, "Title:");
	report_text(r, "state", "State:", "Active");
	report_text(r, "error", "Error:", NULL);
	report_number(r, "hello_ms", "Hello:", 20, "ms");
	report_when(r, "heard", "Heard:", WHEN, WHEN + 2500);
	report_when(r, "asked", "Asked:", 0, WHEN);
	report_texts(r, "alarms", "Alarms:", alarms, 2, "None");
	report_texts(r, "faults", "Faults:", NULL, 0, "None");
	report_open(r, "inner");
	report_number(r, "state", "  state:", UINT64_C(9007199254740993), NULL);
	report_only_bool(r, "is_odd", true);
	report_close(r);
	report_blank(r);
	report_table_begin(r, &table);
	report_row(r, &table, first);
	report_row(r, &table, second);
	report_table_end(r, &table);
	report_note(r, "note %d", 1);
	report_line(r, "layout only");
	report_only_text(r, "raw", "\xff!");
	report_only_when(r, "at", WHEN);
}

static struct text_grown made;

static const char *
make(bool is_json)
{
	struct report r;
	struct text t;

	text_grown_init(&made, &t);
	report_begin(&r, &t, is_json);
	describe(&r);
	report_end(&r);
	t.write(t.arg, "", 1);
	assert_false(made.is_cut);
	return made.data;
}

static void
text_is_laid_out_as_described(void **state)
{
	static const char expected[] =
	    "Title:\n"
	    "-------------------------------------------------------------------------------\n"
	    "State:                                  Active\n"
	    "Error:                                  -\n"
	    "Hello:                                  20 ms\n"
	    "Heard:                                  Mon Mar 30 22:48:39 2020 (2 seconds ago)\n"
	    "Asked:                                  -\n"
	    "Alarms:                                 peer lost\n"
	    "                                        dual active\n"
	    "Faults:                                 None\n"
	    "  state:                                9007199254740993\n"
	    "\n"
	    "Time                      id         calls why\n"
	    "Mon Mar 30 22:48:39 2020  0000beef      12 a \"b\"\n"
	    "-                         -              - \n"
	    "note 1\n"
	    "layout only\n";

	(void)state;
	assert_string_equal(make(false), expected);
	free(made.data);
}

static void
json_reads_back_with_numbers_moments_nulls_and_nesting(void **state)
{
	json_error_t e;
	json_t *doc = json_loads(make(true), JSON_REJECT_DUPLICATES, &e);
	json_t *row;

	(void)state;
	assert_non_null(doc);
	assert_string_equal(json_string_value(json_object_get(doc, "state")), "Active");
	assert_true(json_is_null(json_object_get(doc, "error")));
	assert_int_equal(json_integer_value(json_object_get(doc, "hello_ms")), 20);
	assert_string_equal(json_string_value(json_object_get(doc, "heard")), "2020-03-30T22:48:39.007Z");
	assert_int_equal(json_integer_value(json_object_get(doc, "heard_ms")), WHEN);
	assert_int_equal(json_integer_value(json_object_get(doc, "heard_age_s")), 2);
	assert_true(json_is_null(json_object_get(doc, "asked_ms")));
	assert_int_equal(json_array_size(json_object_get(doc, "alarms")), 2);
	assert_int_equal(json_array_size(json_object_get(doc, "faults")), 0);
	assert_true(json_is_array(json_object_get(doc, "faults")));
	assert_true(json_integer_value(json_object_get(json_object_get(doc, "inner"), "state")) == 9007199254740993);
	assert_true(json_is_true(json_object_get(json_object_get(doc, "inner"), "is_odd")));
	assert_int_equal(json_array_size(json_object_get(doc, "rows")), 2);
	row = json_array_get(json_object_get(doc, "rows"), 0);
	assert_string_equal(json_string_value(json_object_get(row, "id")), "0000beef");
	assert_int_equal(json_integer_value(json_object_get(row, "calls")), 12);
	assert_string_equal(json_string_value(json_object_get(row, "why")), "a \"b\"");
	row = json_array_get(json_object_get(doc, "rows"), 1);
	assert_true(json_is_null(json_object_get(row, "time")));
	assert_true(json_is_null(json_object_get(row, "calls")));
	assert_string_equal(json_string_value(json_array_get(json_object_get(doc, "notes"), 0)), "note 1");
	assert_string_equal(json_string_value(json_object_get(doc, "raw")), "\\xff!");
	assert_null(json_object_get(doc, "layout only"));
	json_decref(doc);
	free(made.data);
}

static void
what_is_too_long_for_a_line_goes_on_below_it(void **state)
{
	static const char *const alarms[] = {
	    "configuration differs from the peer's: 3 lines differ (first: only here: context srp: hello-interval 20)",
	    "a-word-without-any-blank-in-it-that-is-longer-than-all-the-room-there-is-on-one-line-of-the-terminal "
	    "ends"};
	struct report r;
	struct text t;

	(void)state;
	text_grown_init(&made, &t);
	report_begin(&r, &t, false);
	report_texts(&r, "alarms", "Alarms:", alarms, 2, "None");
	report_end(&r);
	t.write(t.arg, "", 1);
	assert_string_equal(
	    made.data,
	    "Alarms:                                 configuration differs from the peer's: 3 lines differ (first: "
	    "only\n"
	    "                                          here: context srp: hello-interval 20)\n"
	    "                                        a-word-without-any-blank-in-it-that-is-longer-than-all-the-room-"
	    "there-is-on-one-line-of-the-terminal\n"
	    "                                          ends\n");
	free(made.data);
}

static void
a_real_has_no_more_digits_in_json_than_were_meant(void **state)
{
	struct report r;
	struct text t;

	(void)state;
	text_grown_init(&made, &t);
	report_begin(&r, &t, true);
	report_only_real(&r, "at_ms", 0.304);
	report_end(&r);
	t.write(t.arg, "", 1);
	assert_non_null(strstr(made.data, "\"at_ms\": 0.304\n"));
	free(made.data);
}

static void
json_has_a_field_a_line(void **state)
{
	(void)state;
	assert_non_null(strstr(make(true), "\n  \"state\": \"Active\",\n"));
	free(made.data);
}

/* Memory ends at every allocation once: what comes out is a document all the same. */
static unsigned allowed;

static void *
limited_malloc(size_t n)
{
	if (allowed == 0)
		return NULL;
	allowed--;
	return malloc(n);
}

static void
without_memory_json_says_so_and_is_still_one_document(void **state)
{
	unsigned failures = 0;

	(void)state;
	json_set_alloc_funcs(limited_malloc, free);
	for (unsigned n = 0;; n++) {
		const char *text;
		json_t *doc;

		allowed = n;
		text = make(true);
		json_set_alloc_funcs(malloc, free);
		doc = json_loads(text, 0, NULL);
		assert_non_null(doc);
		failures += json_object_get(doc, "error") != NULL && json_is_string(json_object_get(doc, "error"));
		json_decref(doc);
		free(made.data);
		json_set_alloc_funcs(limited_malloc, free);
		if (allowed > 0)
			break;
	}
	json_set_alloc_funcs(malloc, free);
	assert_true(failures > 20);
}

static void
lists(struct report *r, unsigned elements, bool has_more, void (*list)(struct report *, const char *))
{
	list(r, "items");
	for (unsigned i = 0; i < elements; i++) {
		report_open(r, NULL);
		report_only_number(r, "n", i);
		report_list(r, "inner");
		report_open(r, NULL);
		report_only_text(r, "why", "a\nb {");
		report_close(r);
		report_close(r);
		report_close(r);
	}
	report_close(r);
	if (has_more)
		report_note(r, "one");
}

static void
a_list_that_is_written_element_by_element_is_the_same_document(void **state)
{
	(void)state;
	for (unsigned elements = 0; elements < 3; elements++)
		for (int has_more = 0; has_more < 2; has_more++) {
			struct text_grown whole, parts;
			struct text whole_text, parts_text;
			struct report r;

			text_grown_init(&whole, &whole_text);
			report_begin(&r, &whole_text, true);
			lists(&r, elements, has_more, report_list);
			report_end(&r);
			text_grown_init(&parts, &parts_text);
			report_begin(&r, &parts_text, true);
			lists(&r, elements, has_more, report_stream);
			report_end(&r);
			assert_false(r.is_cut);
			assert_int_equal(parts.len, whole.len);
			assert_memory_equal(parts.data, whole.data, whole.len);
			free(whole.data);
			free(parts.data);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_list_that_is_written_element_by_element_is_the_same_document),
	    cmocka_unit_test(text_is_laid_out_as_described),
	    cmocka_unit_test(json_reads_back_with_numbers_moments_nulls_and_nesting),
	    cmocka_unit_test(what_is_too_long_for_a_line_goes_on_below_it),
	    cmocka_unit_test(a_real_has_no_more_digits_in_json_than_were_meant),
	    cmocka_unit_test(json_has_a_field_a_line),
	    cmocka_unit_test(without_memory_json_says_so_and_is_still_one_document),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
