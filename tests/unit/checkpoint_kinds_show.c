/* checkpoint_kinds_show.c - every counter of a kind, a NACK and a refusal is shown where it belongs, within the width.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "checkpoint/ckpt_show.h"

enum { WIDTH_MAX = 110 };

static struct ckpt_sessmgr_view views[2];
static struct ckpt_settings settings;
static char buf[65536];

enum what { INFO, MICRO, MICRO_DEBUG, DEBUG, ACTIVE, SESSMGRS, SESSMGRS_DEBUG, WRITE_LISTS, IPSECMGRS, WHAT_COUNT };

static void
render(enum what what, struct report *r)
{
	if (what == INFO)
		ckpt_show_info(views, 2, &settings, r);
	else if (what == MICRO || what == MICRO_DEBUG)
		ckpt_show_micro(views, 2, what == MICRO_DEBUG, r);
	else if (what == DEBUG)
		ckpt_show_statistics_debug(views, 2, r);
	else if (what == ACTIVE)
		ckpt_show_statistics_active(views, 2, r);
	else if (what == WRITE_LISTS)
		ckpt_show_write_lists(views, 2, r);
	else if (what == IPSECMGRS)
		ckpt_show_ipsecmgrs(r);
	else
		ckpt_show_sessmgrs(views, 2, what == SESSMGRS_DEBUG, r);
}

static const char *
shown(enum what what, bool is_json)
{
	struct text_fixed f;
	struct report r;
	struct text out;

	text_fixed_init(&f, &out, buf, sizeof buf);
	report_begin(&r, &out, is_json);
	render(what, &r);
	report_end(&r);
	assert_false(f.is_cut);
	return buf;
}

static int
setup(void **state)
{
	(void)state;
	memset(views, 0, sizeof views);
	settings = (struct ckpt_settings){0};
	for (unsigned i = 0; i < 2; i++) {
		views[i].instance = i + 1;
		views[i].is_running = true;
		views[i].counters[CKPT_NOW_ROLE] = CKPT_ACTIVE;
	}
	return 0;
}

/* The line of @text that has @word, in the callee's storage. */
static const char *
line_with(const char *text, const char *word)
{
	static char line[256];
	const char *at = strstr(text, word), *begin = at;

	assert_non_null(at);
	while (begin > text && begin[-1] != '\n')
		begin--;
	snprintf(line, sizeof line, "%.*s", (int)strcspn(begin, "\n"), begin);
	return line;
}

static void
every_kind_is_listed_with_its_own_figures(void **state)
{
	(void)state;
	for (unsigned row = 0; row < CKPT_ROW_COUNT; row++)
		for (unsigned figure = 0; figure < CKPT_ROW_FIGURES; figure++)
			views[1].counters[ckpt_row_counter(row, (enum ckpt_row_figure)figure)] =
			    1000 + row * 10 + figure;
	for (unsigned row = 0; row < CKPT_ROW_COUNT; row++) {
		char figures[64];
		const char *line = line_with(shown(INFO, false), ckpt_micro_rows[row].name);

		snprintf(figures, sizeof figures, "%u     %u   %u", 1000 + row * 10, 1001 + row * 10, 1002 + row * 10);
		assert_non_null(strstr(line, figures));
		if (row == CKPT_ROW_FULL)
			continue;
		line = line_with(shown(MICRO, false), ckpt_micro_rows[row].name);
		for (unsigned figure = 0; figure < CKPT_ROW_FIGURES; figure++) {
			snprintf(figures, sizeof figures, " %u", 1000 + row * 10 + figure);
			assert_non_null(strstr(line, figures));
		}
	}
}

static void
the_numbers_are_those_of_the_product(void **state)
{
	static const struct {
		uint8_t number;
		const char *name;
	} known[] = {{1, "INVALIDATE_CRR"},
	             {2, "UPDATE_IDLESECS"},
	             {4, "UPDATE_CLPSTATS"},
	             {116, "GGSN_UPDATE_STATS"},
	             {171, "GGSN_UPDATE_SESSION"}};

	(void)state;
	for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
		char cell[64];

		snprintf(cell, sizeof cell, "%6u %s ", known[i].number, known[i].name);
		assert_non_null(strstr(shown(INFO, false), cell));
	}
	assert_non_null(strstr(shown(INFO, false), "     - FULL_CHECKPOINT "));
}

static void
the_state_of_nacks_and_the_intervals_are_those_in_force(void **state)
{
	(void)state;
	settings.periodic_ms = 45 * 60 * 1000;
	assert_non_null(strstr(line_with(shown(INFO, false), "FULL_CHECKPOINT"), " 45 min "));
	assert_non_null(strstr(line_with(shown(INFO, false), "UPDATE_CLPSTATS"), " 30 s "));
	assert_non_null(strstr(line_with(shown(INFO, false), "FULL_CHECKPOINT"), " off"));
	settings.periodic_ms = 0;
	settings.is_nack[CKPT_NACK_MICRO] = true;
	settings.nacks_max[CKPT_NACK_MICRO] = 7;
	settings.nack_disabled[116 / 8] = 1u << 116 % 8;
	assert_non_null(strstr(line_with(shown(INFO, false), "FULL_CHECKPOINT"), " -      yes "));
	assert_non_null(strstr(line_with(shown(INFO, false), "FULL_CHECKPOINT"), " off"));
	assert_non_null(strstr(line_with(shown(INFO, false), "GGSN_UPDATE_SESSION"), " max 7"));
	assert_non_null(strstr(line_with(shown(INFO, false), "GGSN_UPDATE_STATS"), " disabled"));
}

/* Gauges and counters that the sums do not have. */
static void
debug_info_and_write_lists_show_every_gauge_and_every_refusal(void **state)
{
	(void)state;
	for (unsigned k = CKPT_NOW_LIST_PEAK; k < CKPT_ROWS_FIRST; k++) {
		setup(NULL);
		views[1].counters[k] = 77777;
		if (strstr(shown(DEBUG, false), "77777") == NULL && strstr(shown(WRITE_LISTS, false), "77777") == NULL)
			fail_msg("counter %u is not shown", k);
	}
	for (unsigned i = 0; i < CKPT_REFUSALS; i++) {
		setup(NULL);
		views[1].counters[CKPT_REFUSED_FIRST + i] = 77777;
		assert_non_null(strstr(line_with(shown(SESSMGRS_DEBUG, false), "77777"), ckpt_refusals[i]));
	}
}

static void
all_of_it_is_at_most_110_columns_wide_and_valid_json(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++)
		for (unsigned k = 0; k < CKPT_COUNTER_COUNT; k++)
			views[i].counters[k] = k == CKPT_NOW_ROLE ? CKPT_ACTIVE : 12345678;
	for (unsigned what = 0; what < WHAT_COUNT; what++) {
		const char *p = shown((enum what)what, false);
		json_t *document;
		json_error_t error;

		while (*p != '\0') {
			if (strncmp(p, "The product", 11) != 0 && strncmp(p, "Heartbeats", 10) != 0 &&
			    strncmp(p, "Listed:", 7) != 0 && strcspn(p, "\n") > WIDTH_MAX)
				fail_msg("too wide: %.*s", (int)strcspn(p, "\n"), p);
			p += strcspn(p, "\n");
			p += *p == '\n';
		}
		document = json_loads(shown((enum what)what, true), JSON_REJECT_DUPLICATES, &error);
		if (document == NULL)
			fail_msg("%u: %s", what, error.text);
		json_decref(document);
	}
}

static void
a_standby_has_no_active_session_manager_and_there_are_no_ipsec_managers(void **state)
{
	struct text_fixed f;
	struct report r;
	struct text out;

	(void)state;
	text_fixed_init(&f, &out, buf, sizeof buf);
	report_begin(&r, &out, false);
	ckpt_show_statistics_active(views, 0, &r);
	report_end(&r);
	assert_non_null(strstr(buf, "No session manager of this chassis is active."));
	assert_non_null(strstr(shown(IPSECMGRS, false), "Number of Ipsecmgrs:"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(every_kind_is_listed_with_its_own_figures, setup),
	    cmocka_unit_test_setup(the_numbers_are_those_of_the_product, setup),
	    cmocka_unit_test_setup(the_state_of_nacks_and_the_intervals_are_those_in_force, setup),
	    cmocka_unit_test_setup(debug_info_and_write_lists_show_every_gauge_and_every_refusal, setup),
	    cmocka_unit_test_setup(all_of_it_is_at_most_110_columns_wide_and_valid_json, setup),
	    cmocka_unit_test_setup(a_standby_has_no_active_session_manager_and_there_are_no_ipsec_managers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
