/*
 * monitor_link.c - claims about the shell of the monitors: what it tells the redundancy engine, what it counts and what
 * show srp monitor prints. The periods are a few milliseconds long and are waited for by their effect.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "monitor/monitor_link.h"

enum { LONG_MS = 300000, SHORT_MS = 20, SCREEN = 16384 };

struct rig {
	struct event_base *base;
	struct monitor_link *l;
	unsigned verdicts[MONITOR_KIND_COUNT], reports[MONITOR_KIND_COUNT], withdrawals[MONITOR_KIND_COUNT];
	struct monitor_object lines[8];
	size_t count;
	char screen[SCREEN];
};

static void
on_verdict(void *arg, enum monitor_kind kind, bool is_failed, const char *cause)
{
	struct rig *r = arg;

	assert_int_equal(cause[0] != '\0', is_failed);
	r->verdicts[kind]++;
}

static void
on_report(void *arg, enum monitor_kind kind, bool is_failed)
{
	struct rig *r = arg;

	assert_int_equal(monitor_link_is_reported(r->l, kind), is_failed);
	(is_failed ? r->reports : r->withdrawals)[kind]++;
}

static const struct monitor_link_ops ops = {.verdict = on_verdict, .report = on_report};

static struct monitor_key
bgp(const char *address)
{
	struct monitor_key k = {.kind = MONITOR_BGP, .context = "isp"};

	assert_int_equal(addr_parse(address, &k.address), ERR_OK);
	return k;
}

static void
watch(struct rig *r, struct monitor_key k, uint8_t group)
{
	r->lines[r->count++] = (struct monitor_object){.key = k, .group = group};
}

static struct guard_periods
periods(uint32_t guard_ms, uint32_t damping_ms)
{
	return (struct guard_periods){{guard_ms, guard_ms}, {damping_ms, damping_ms}};
}

static void
configure(struct rig *r, struct guard_periods p)
{
	struct guard_periods all[MONITOR_GUARDED] = {p, p, p};

	assert_int_equal(monitor_link_configure(r->l, r->lines, r->count, all), ERR_OK);
}

static void
set(struct rig *r, struct monitor_key k, enum monitor_state state)
{
	assert_int_equal(monitor_link_set_state(r->l, &k, state), ERR_OK);
}

static int
setup(void **state)
{
	struct rig *r = calloc(1, sizeof *r);
	struct monitor_key aaa = bgp("10.2.0.1"), gx = {.kind = MONITOR_DIAMETER, .context = "isp", .name = "gx"};

	r->base = event_base_new();
	r->l = monitor_link_new(r->base, &ops, r);
	aaa.kind = MONITOR_AAA;
	watch(r, bgp("10.1.1.1"), 3);
	watch(r, bgp("10.1.1.2"), 3);
	watch(r, aaa, 0);
	r->lines[r->count - 1].port = 1812;
	watch(r, gx, 0);
	*state = r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	monitor_link_free(r->l);
	event_base_free(r->base);
	free(r);
	return 0;
}

static void
bgp_is_down(struct rig *r)
{
	set(r, bgp("10.1.1.1"), MONITOR_DOWN);
	set(r, bgp("10.1.1.2"), MONITOR_DOWN);
}

static const char *
shown(struct rig *r, void (*show)(const struct monitor_view *, struct report *), bool is_json)
{
	struct monitor_view v;
	struct text_fixed f;
	struct text out;
	struct report rep;

	text_fixed_init(&f, &out, r->screen, sizeof r->screen);
	monitor_link_view(r->l, &v);
	v.context = "srp";
	report_begin(&rep, &out, is_json);
	show(&v, &rep);
	report_end(&rep);
	assert_false(f.is_cut);
	return r->screen;
}

static void
show_all(const struct monitor_view *v, struct report *r)
{
	monitor_show_objects(v, MONITOR_SHOW_ALL, r);
}

static void
show_diameter_debug(const struct monitor_view *v, struct report *r)
{
	monitor_show_debug(v, MONITOR_DIAMETER, r);
}

static void
a_failure_outside_of_guard_periods_is_told_at_once_and_once(void **state)
{
	struct rig *r = *state;

	configure(r, periods(LONG_MS, LONG_MS));
	bgp_is_down(r);
	set(r, bgp("10.1.1.2"), MONITOR_DOWN);
	assert_int_equal(r->reports[MONITOR_BGP], 1);
	assert_int_equal(r->verdicts[MONITOR_BGP], 1);
	set(r, bgp("10.1.1.2"), MONITOR_UP);
	assert_int_equal(r->withdrawals[MONITOR_BGP], 1);
	assert_int_equal(r->reports[MONITOR_AAA] + r->reports[MONITOR_DIAMETER], 0);
}

static void
a_failure_after_a_local_failure_is_told_when_it_outlasts_the_damping_period(void **state)
{
	struct rig *r = *state;

	configure(r, periods(LONG_MS, SHORT_MS));
	monitor_link_local_failure(r->l, "a task ended");
	bgp_is_down(r);
	assert_int_equal(r->reports[MONITOR_BGP], 0);
	assert_int_equal(r->verdicts[MONITOR_BGP], 1);
	while (r->reports[MONITOR_BGP] == 0)
		assert_int_equal(event_base_loop(r->base, EVLOOP_ONCE), 0);
	assert_non_null(strstr(shown(r, monitor_show_summary, false), "BGP          Failed "));
}

static void
a_failure_that_recovers_in_the_damping_period_is_counted_and_told_to_nobody(void **state)
{
	struct rig *r = *state;
	const char *text;

	configure(r, periods(LONG_MS, LONG_MS));
	monitor_link_local_failure(r->l, "a task ended");
	bgp_is_down(r);
	text = shown(r, monitor_show_summary, false);
	assert_non_null(strstr(text, "BGP          Damping             2     0     2     0         1       0 "));
	set(r, bgp("10.1.1.1"), MONITOR_UP);
	text = shown(r, monitor_show_summary, false);
	assert_non_null(strstr(text, "BGP          Up                  2     1     1     0         1       1 "));
	assert_int_equal(r->reports[MONITOR_BGP], 0);
}

static void
a_guard_period_ends_by_its_timer(void **state)
{
	struct rig *r = *state;
	struct monitor_view v;

	configure(r, periods(SHORT_MS, LONG_MS));
	monitor_link_switchover(r->l);
	monitor_link_view(r->l, &v);
	assert_in_range(v.kinds[MONITOR_AAA].guard_left_ms[GUARD_SWITCHOVER], 1, SHORT_MS);
	assert_int_equal(v.kinds[MONITOR_AAA].guard_left_ms[GUARD_LOCAL], 0);
	event_base_dispatch(r->base); /* until no timer is left */
	monitor_link_view(r->l, &v);
	assert_int_equal(v.kinds[MONITOR_AAA].guard_left_ms[GUARD_SWITCHOVER], 0);
	bgp_is_down(r);
	assert_int_equal(r->reports[MONITOR_BGP], 1);
}

static void
aaa_is_probed_by_an_active_chassis_and_a_takeover_begins_its_guard_period(void **state)
{
	struct rig *r = *state;
	struct monitor_key aaa = r->lines[2].key;

	configure(r, periods(LONG_MS, LONG_MS));
	assert_int_equal(monitor_link_set_state(r->l, &aaa, MONITOR_DOWN), ERR_REFUSED);
	monitor_link_set_active(r->l, true);
	set(r, aaa, MONITOR_DOWN);
	assert_int_equal(r->reports[MONITOR_AAA], 1);
	monitor_link_set_active(r->l, true); /* no news */
	assert_int_equal(r->withdrawals[MONITOR_AAA], 0);
	monitor_link_set_active(r->l, false);
	assert_int_equal(r->withdrawals[MONITOR_AAA], 1);
	monitor_link_set_active(r->l, true);
	monitor_link_switchover(r->l);
	set(r, aaa, MONITOR_DOWN);
	assert_int_equal(r->reports[MONITOR_AAA], 1);
}

static void
a_reset_forgets_counts_and_the_last_failure_but_not_a_failure_that_stands(void **state)
{
	struct rig *r = *state;
	struct monitor_key peer = r->lines[3].key;
	const char *text;

	configure(r, periods(0, 0));
	assert_false(monitor_link_reset(r->l, MONITOR_DIAMETER));
	snprintf(peer.peer, sizeof peer.peer, "pcrf");
	set(r, peer, MONITOR_DOWN);
	text = shown(r, show_diameter_debug, false);
	assert_non_null(strstr(text, "Failures:                               1\n"));
	assert_non_null(strstr(text, "Last failure cause:                     the only peer of endpoint gx"));
	assert_non_null(strstr(text, "  gx, pcrf "));
	assert_true(monitor_link_reset(r->l, MONITOR_DIAMETER));
	assert_false(monitor_link_reset(r->l, MONITOR_DIAMETER));
	text = shown(r, show_diameter_debug, false);
	assert_non_null(strstr(text, "Failures:                               0\n"));
	assert_non_null(strstr(text, "Last failure cause:                     -\n"));
	assert_non_null(strstr(text, "State:                                  Failed\n"));
	assert_true(monitor_link_is_reported(r->l, MONITOR_DIAMETER));
	assert_int_equal(monitor_link_forget_peer(r->l, &peer), ERR_OK);
	assert_int_equal(monitor_link_forget_peer(r->l, &peer), ERR_NOT_FOUND);
	assert_false(monitor_link_is_reported(r->l, MONITOR_DIAMETER));
}

static void
the_summary_names_what_failed_and_only_the_objects_that_are_down(void **state)
{
	struct rig *r = *state;
	const char *text;

	configure(r, periods(0, 0));
	text = shown(r, monitor_show_summary, false);
	assert_non_null(strstr(text, "No monitored object is down.\n"));
	set(r, bgp("10.1.1.1"), MONITOR_DOWN);
	text = shown(r, monitor_show_summary, false);
	assert_non_null(strstr(text, "(B)  (D)   3 (S)   10.1.1.1 "));
	assert_null(strstr(text, "10.1.1.2"));
	assert_null(strstr(text, "failed since"));
	set(r, bgp("10.1.1.2"), MONITOR_DOWN);
	text = shown(r, monitor_show_summary, false);
	assert_non_null(strstr(text, "BGP failed since "));
	assert_non_null(strstr(text, "all 2 BGP peers of group 3 of context isp are down\n"));
	text = shown(r, show_all, false);
	assert_non_null(strstr(text, "(A)  (I)           10.2.0.1                                 1812 isp "));
}

static void
no_line_of_any_form_is_longer_than_110_columns(void **state)
{
	static void (*const shows[])(const struct monitor_view *, struct report *) = {monitor_show_summary, show_all,
	                                                                              show_diameter_debug};
	struct rig *r = *state;
	struct monitor_key v6 = bgp("2001:4333:2010:1102:1030:2a10:1230:1001");

	watch(r, v6, 10);
	configure(r, periods(LONG_MS, LONG_MS));
	set(r, v6, MONITOR_UP);
	for (unsigned i = 0; i < sizeof shows / sizeof shows[0]; i++)
		for (const char *at = shown(r, shows[i], false), *end; (end = strchr(at, '\n')) != NULL; at = end + 1)
			assert_true(end - at <= 110);
}

static void
json_says_in_words_what_the_letters_say(void **state)
{
	struct rig *r = *state;
	const char *text;

	configure(r, periods(0, 0));
	bgp_is_down(r);
	text = shown(r, monitor_show_summary, true);
	assert_non_null(strstr(text, "\"monitor\": \"BGP\""));
	assert_non_null(strstr(text, "\"cause\": \"all 2 BGP peers of group 3 of context isp are down\""));
	assert_non_null(strstr(text, "\"state\": \"Down\""));
	assert_non_null(strstr(text, "\"group\": \"3\""));
	assert_null(strstr(text, "(D)"));
}

static void
a_configuration_that_cannot_be_taken_over_changes_nothing(void **state)
{
	struct rig *r = *state;
	struct guard_periods all[MONITOR_GUARDED] = {{{0}, {0}}};
	struct monitor_view v;

	configure(r, periods(LONG_MS, LONG_MS));
	r->lines[0].group = 11;
	assert_int_equal(monitor_link_configure(r->l, r->lines, r->count, all), ERR_RANGE);
	monitor_link_view(r->l, &v);
	assert_int_equal(v.kinds[MONITOR_BGP].periods.guard_ms[GUARD_LOCAL], LONG_MS);
	assert_int_equal(v.group->count, 4);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_failure_outside_of_guard_periods_is_told_at_once_and_once),
	    T(a_failure_after_a_local_failure_is_told_when_it_outlasts_the_damping_period),
	    T(a_failure_that_recovers_in_the_damping_period_is_counted_and_told_to_nobody),
	    T(a_guard_period_ends_by_its_timer),
	    T(aaa_is_probed_by_an_active_chassis_and_a_takeover_begins_its_guard_period),
	    T(a_reset_forgets_counts_and_the_last_failure_but_not_a_failure_that_stands),
	    T(the_summary_names_what_failed_and_only_the_objects_that_are_down),
	    T(no_line_of_any_form_is_longer_than_110_columns),
	    T(json_says_in_words_what_the_letters_say),
	    T(a_configuration_that_cannot_be_taken_over_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
