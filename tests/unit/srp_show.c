/* srp_show.c - claims about the text of `show srp ...`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/err.h"
#include "srp/srp.h"
#include "srp/srp_details_show.h"
#include "srp/srp_history.h"
#include "srp/srp_show.h"

enum { TEXT_MAX = 8192 };

static char shown[TEXT_MAX];
static struct srp_counters counters;
static struct hist rtt;

static struct srp_view
view(void)
{
	return (struct srp_view){
	    .context = "srp",
	    .local = {.family = ADDR_V4, .bytes = {192, 0, 2, 1}},
	    .peer = {.family = ADDR_V4, .bytes = {192, 0, 2, 2}},
	    .self = {.state = SRP_ACTIVE,
	             .mode = SRP_MODE_PRIMARY,
	             .priority = 1,
	             .mac = {0, 2, 0x43, 3, 0x1c, 0x2b},
	             .route_modifier = 6,
	             .hello_ms = 1000,
	             .dead_ms = 3000},
	    .peer_hello = {.state = SRP_STANDBY,
	                   .mode = SRP_MODE_BACKUP,
	                   .priority = 2,
	                   .mac = {0, 2, 0x43, 3, 1, 0x3b},
	                   .route_modifier = 7},
	    .is_peer_heard = true,
	    .is_link_up = true,
	    .link_text = "Connected",
	    .now_wall_ms = UINT64_C(1585608521000),
	    .hello_wall_ms = UINT64_C(1585608519000),
	    .config_event_wall_ms = UINT64_C(1585606719000),
	    .config_validation = "Complete",
	    .config_error = "None",
	    .validate_switchover = "None",
	    .counters = &counters,
	    .hello_rtt = &rtt,
	};
}

static void
show(void (*render)(const struct srp_view *, struct report *), const struct srp_view *v)
{
	struct text_fixed f;
	struct report r;
	struct text t;

	text_fixed_init(&f, &t, shown, sizeof shown);
	report_begin(&r, &t, false);
	render(v, &r);
	report_end(&r);
	assert_false(f.is_cut);
}

static void
info_begins_with_the_layout_of_the_reference(void **state)
{
	static const char expected[] =
	    "Service Redundancy Protocol:\n"
	    "-------------------------------------------------------------------------------\n"
	    "Context:                                srp\n"
	    "Local Address:                          192.0.2.1\n"
	    "Chassis State:                          Active\n"
	    "Chassis Mode:                           Primary\n"
	    "Chassis Priority:                       1\n"
	    "Local Tiebreaker:                       00-02-43-03-1C-2B\n"
	    "Route-Modifier:                         6\n"
	    "Peer Remote Address:                    192.0.2.2\n"
	    "Peer State:                             Standby\n"
	    "Peer Mode:                              Backup\n"
	    "Peer Priority:                          2\n"
	    "Peer Tiebreaker:                        00-02-43-03-01-3B\n"
	    "Peer Route-Modifier:                    7\n"
	    "Last Hello Message received:            Mon Mar 30 22:48:39 2020 (2 seconds ago)\n"
	    "Peer Configuration Validation:          Complete\n"
	    "Last Peer Configuration Error:          None\n"
	    "Last Peer Configuration Event:          Mon Mar 30 22:18:39 2020 (1802 seconds ago)\n"
	    "Last Validate Switchover Status:        None\n"
	    "Connection State:                       Connected\n";
	struct srp_view v = view();

	(void)state;
	show(srp_show_info, &v);
	assert_int_equal(strncmp(shown, expected, sizeof expected - 1), 0);
}

static void
chassis_state_is_one_word_after_the_only_colon(void **state)
{
	(void)state;
	for (uint8_t s = 0; s < SRP_STATE_COUNT; s++) {
		struct srp_view v = view();
		char line[128], *at;
		int n = 0;

		v.self.state = s;
		show(srp_show_info, &v);
		at = strstr(shown, "Chassis State:");
		assert_non_null(at);
		assert_int_equal(sscanf(at, "Chassis State: %100s%n", line, &n), 1);
		assert_int_equal(at[n], '\n');
		assert_string_equal(line, srp_state_text(s));
	}
	assert_string_equal(srp_state_text(SRP_PENDING_STANDBY), "ActivePendingStandby");
	assert_string_equal(srp_state_text(SRP_STATE_COUNT), "?");
}

static void
before_contact_the_peer_is_in_init_and_was_never_heard(void **state)
{
	struct srp_view v = view();

	(void)state;
	v.peer_hello = (struct srp_hello){0};
	v.is_peer_heard = false;
	v.hello_wall_ms = v.config_event_wall_ms = 0;
	show(srp_show_info, &v);
	assert_non_null(strstr(shown, "Peer State:                             Init\n"));
	assert_non_null(strstr(shown, "Last Hello Message received:            -\n"));
	assert_non_null(strstr(shown, "Peer Sessmgrs Ready:                    -\n"));
	assert_non_null(strstr(shown, "Peer Calls:                             -\n"));
	assert_non_null(strstr(shown, "Alarms:                                 None\n"));
}

static void
info_names_alarms_and_the_last_change(void **state)
{
	static const char *const alarms[] = {"service address in use", "peer lost"};
	struct srp_history_entry e = {.from = SRP_STANDBY,
	                              .to = SRP_ACTIVE,
	                              .reason = SRP_REASON_DEAD_TIMER_EXPIRY,
	                              .wall_us = UINT64_C(1585608511000000),
	                              .step_count = 1,
	                              .steps = {{0, "Standby", "Taking", "no hello within the dead interval"}}};
	struct srp_view v = view();

	(void)state;
	v.alarm_texts = alarms;
	v.alarm_count = 2;
	v.last = &e;
	show(srp_show_info, &v);
	assert_non_null(
	    strstr(shown, "Last State Change:                      Mon Mar 30 22:48:31 2020 (10 seconds ago)\n"));
	assert_non_null(strstr(shown, "Last State Change Reason:               deadTimerExpiry\n"));
	assert_non_null(strstr(shown, "Last State Change Cause:                no hello within the dead interval\n"));
	assert_non_null(strstr(shown, "Alarms:                                 service address in use\n"
	                              "                                        peer lost\n"));
	/* an election is not left at a word that says nothing */
	e.reason = SRP_REASON_NOT_DEFINED;
	e.steps[0].why = "elected by mode, priority or MAC";
	show(srp_show_info, &v);
	assert_non_null(
	    strstr(shown, "Last State Change Reason:               notDefined (elected by mode, priority or MAC)\n"));
}

static void
info_is_one_json_document_with_numbers_and_moments(void **state)
{
	struct srp_view v = view();
	struct text_fixed f;
	struct report r;
	struct text t;
	json_t *doc;

	(void)state;
	text_fixed_init(&f, &t, shown, sizeof shown);
	report_begin(&r, &t, true);
	srp_show_info(&v, &r);
	report_end(&r);
	doc = json_loads(shown, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(doc);
	assert_string_equal(json_string_value(json_object_get(doc, "chassis_state")), "Active");
	assert_int_equal(json_integer_value(json_object_get(doc, "route_modifier")), 6);
	assert_string_equal(json_string_value(json_object_get(doc, "last_hello_received")), "2020-03-30T22:48:39.000Z");
	assert_int_equal(json_integer_value(json_object_get(doc, "last_hello_received_ms")), 1585608519000);
	assert_int_equal(json_array_size(json_object_get(doc, "alarms")), 0);
	json_decref(doc);
}

static void
info_says_which_side_lacks_an_option(void **state)
{
	struct srp_view v = view();

	(void)state;
	v.self.options = SRP_OPT_ALLOW_VOLTE | SRP_OPT_EARLY | SRP_OPT_VOLTE_ACCOUNTING;
	v.peer_hello.options = SRP_OPT_ALLOW_VOLTE | SRP_OPT_EARLY | SRP_OPT_CONTROL_OPTIMIZATION;
	show(srp_show_info, &v);
	assert_non_null(strstr(shown, "Allow All Data Traffic:                 off\n"));
	assert_non_null(strstr(shown, "Allow VoLTE Data Traffic:               on\n"));
	assert_non_null(strstr(shown, "Maintain VoLTE Accounting:              waiting (the peer lacks it)\n"));
	assert_non_null(strstr(
	    shown, "Early Active Transition:                waiting (no data traffic is allowed that it needs)\n"));
	assert_non_null(strstr(shown, "Control Outage Optimization:            waiting (this chassis lacks it)\n"));
	v.self.options = v.peer_hello.options = SRP_OPT_ALL;
	show(srp_show_info, &v);
	assert_non_null(
	    strstr(shown, "Allow VoLTE Data Traffic:               off (allow-all-data-traffic takes its place)\n"));
	assert_non_null(strstr(shown, "Early Active Transition:                on\n"));
}

static void
times_are_in_the_time_zone_of_the_chassis(void **state)
{
	struct srp_view v = view();

	(void)state;
	setenv("TZ", "JST-9", 1);
	tzset();
	show(srp_show_info, &v);
	setenv("TZ", "UTC", 1);
	tzset();
	assert_non_null(strstr(shown, "Tue Mar 31 07:48:39 2020 "));
}

static void
statistics_print_every_counter_that_moved(void **state)
{
	struct srp_view v = view();

	(void)state;
	counters =
	    (struct srp_counters){.hello_sent = 11, .switchovers = {[SRP_REASON_MANUAL_SWITCHOVER] = 3}, .link_up = 4};
	counters.bad_messages[ERR_RANGE] = 2;
	hist_add(&rtt, 300);
	show(srp_show_statistics, &v);
	assert_non_null(strstr(shown, "Hello messages sent:                    11\n"));
	assert_non_null(strstr(shown, "Hello round trip max (us):              300\n"));
	assert_non_null(strstr(shown, "Switchovers:                            3\n"));
	assert_non_null(strstr(shown, "manualSwitchOver:"));
	assert_null(strstr(shown, "dualActive"));
	assert_non_null(strstr(shown, "Bad messages received:                  2\n"));
	assert_non_null(strstr(shown, err_text(ERR_RANGE)));
}

/* A row that was never taken says nothing; one that was says how often, and why it is there. */
static void
details_list_the_rows_taken_and_the_timers_that_run(void **state)
{
	uint64_t hits[SRP_ROW_HITS] = {[1] = 7};
	struct srp_view v = view();

	(void)state;
	v.row_hits = hits;
	for (unsigned i = 0; i < SRP_TIMER_COUNT; i++)
		v.timer_ms[i] = SRP_TIMER_OFF;
	v.timer_ms[SRP_TIMER_DEAD] = 2371;
	show(srp_show_details, &v);
	assert_non_null(strstr(shown, "dead                               2371\n"));
	assert_non_null(strstr(shown, "hello                                 -\n"));
	assert_non_null(strstr(shown, "   1          7 Down"));
	assert_non_null(strstr(shown, srp_row_reason(1)));
	assert_null(strstr(shown, srp_row_reason(0)));
	assert_true(srp_fsm_table()->count <= SRP_ROW_HITS);
}

/* The phase that runs, how long the phases took, and what is let in; nothing of it without times. */
static void
info_shows_the_phase_that_runs_and_what_the_others_took(void **state)
{
	struct srp_view v = view();
	struct srp_phase_times times = {
	    .of = {[SRP_PHASE_NETWORK_CONVERGENCE] = {.begin_wall_ms = 1, .begin_us = 100, .duration_us = 2345},
	           [SRP_PHASE_ACCOUNTING_FLUSH] =
	               {.begin_wall_ms = 2, .begin_us = 200, .duration_us = 5000000, .is_cut = true},
	           [SRP_PHASE_INTERNAL_AUDIT] = {.begin_wall_ms = 2, .begin_us = 200, .is_running = true}}};

	(void)state;
	show(srp_show_info, &v);
	assert_null(strstr(shown, "Switchover Phase"));
	v.phases = &times;
	v.now_us = 42200;
	v.gate = SRP_GATE_REFUSE_NEW;
	show(srp_show_info, &v);
	assert_non_null(strstr(shown, "\nSwitchover Phase:                       internal audit (42 ms)\n"));
	assert_non_null(strstr(shown, "\nControl Packets:                        new calls refused\n"));
	assert_non_null(strstr(shown, "\n  Last network convergence:             2.345 ms\n"));
	assert_non_null(strstr(shown, "\n  Last accounting flush:                5000.000 ms (cut)\n"));
	assert_non_null(strstr(shown, "\n  Last internal audit:                  42.000 ms (running)\n"));
	assert_null(strstr(shown, "critical flush"));
	times.of[SRP_PHASE_INTERNAL_AUDIT].is_running = false;
	show(srp_show_info, &v);
	assert_non_null(strstr(shown, "\nSwitchover Phase:                       none\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(info_begins_with_the_layout_of_the_reference),
	    cmocka_unit_test(chassis_state_is_one_word_after_the_only_colon),
	    cmocka_unit_test(before_contact_the_peer_is_in_init_and_was_never_heard),
	    cmocka_unit_test(info_names_alarms_and_the_last_change),
	    cmocka_unit_test(statistics_print_every_counter_that_moved),
	    cmocka_unit_test(info_says_which_side_lacks_an_option),
	    cmocka_unit_test(times_are_in_the_time_zone_of_the_chassis),
	    cmocka_unit_test(info_shows_the_phase_that_runs_and_what_the_others_took),
	    cmocka_unit_test(info_is_one_json_document_with_numbers_and_moments),
	    cmocka_unit_test(details_list_the_rows_taken_and_the_timers_that_run),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
