/*
 * monitor_guard.c - claims about guard and damping periods, in virtual time: hours of it, row by row and against a
 * model that reckons with time stamps where the engine has states.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "monitor/guard_timer.h"

enum { NEVER = -1, HOUR_MS = 3600 * 1000 };

/* An engine with its timers and what it has said: the shell in virtual time. */
struct rig {
	struct guard g;
	int64_t now;
	int64_t due[GUARD_TIMER_COUNT]; /* NEVER: not armed */
	bool is_reported;
	unsigned reports, withdrawals, damped;
	int64_t reported_at;
	struct guard_out out;
};

static const struct guard_periods usual = {{60000, 90000}, {20000, 30000}};

static void
feed(struct rig *r, enum guard_event ev)
{
	assert_int_equal(guard_input(&r->g, ev, &r->out), ERR_OK);
	for (size_t i = 0; i < r->out.count; i++) {
		const struct guard_action *a = &r->out.actions[i];

		switch (a->kind) {
		case GUARD_ACT_TIMER_START:
			assert_true(a->ms > 0);
			r->due[a->timer] = r->now + a->ms;
			break;
		case GUARD_ACT_TIMER_STOP:
			r->due[a->timer] = NEVER;
			break;
		case GUARD_ACT_REPORT_FAILED:
			assert_false(r->is_reported);
			r->is_reported = true;
			r->reports++;
			r->reported_at = r->now;
			break;
		case GUARD_ACT_REPORT_RECOVERED:
			assert_true(r->is_reported);
			r->is_reported = false;
			r->withdrawals++;
			break;
		default:
			assert_int_equal(a->kind, GUARD_ACT_DAMPED);
			r->damped++;
		}
	}
}

/* The timer that is due first, or GUARD_TIMER_COUNT. */
static int
next_timer(const struct rig *r)
{
	int first = GUARD_TIMER_COUNT;

	for (int i = 0; i < GUARD_TIMER_COUNT; i++)
		if (r->due[i] != NEVER && (first == GUARD_TIMER_COUNT || r->due[i] < r->due[first]))
			first = i;
	return first;
}

static void
run_until(struct rig *r, int64_t t)
{
	for (int i = next_timer(r); i < GUARD_TIMER_COUNT && r->due[i] <= t; i = next_timer(r)) {
		r->now = r->due[i];
		r->due[i] = NEVER;
		feed(r, (enum guard_event)(GUARD_EV_TIMER_SWITCHOVER + i));
	}
	r->now = t;
}

static void
wait_ms(struct rig *r, int64_t ms)
{
	run_until(r, r->now + ms);
}

static struct rig
rig_of(const struct guard_periods *p)
{
	struct rig r = {.due = {NEVER, NEVER, NEVER}};

	guard_init(&r.g, p);
	return r;
}

static void
the_table_has_no_holes(void **state)
{
	char why[1024];
	struct text_fixed fixed;
	struct text text;

	(void)state;
	text_fixed_init(&fixed, &text, why, sizeof why);
	assert_int_equal(guard_self_check(&text), ERR_OK);
	assert_string_equal(guard_row_reason(guard_fsm_table()->count), "?");
	for (size_t i = 0; i < guard_fsm_table()->count; i++) /* behind a label of 40 columns */
		assert_true(strlen(guard_row_reason(i)) <= 70);
	assert_string_equal(guard_state_text(GUARD_STATE_COUNT), "?");
}

static void
an_event_that_does_not_exist_changes_nothing(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	assert_int_equal(guard_input(&r.g, GUARD_EV_COUNT, &r.out), ERR_RANGE);
	assert_int_equal(r.g.state, GUARD_CLEAR);
}

static void
a_failure_outside_of_a_guard_period_counts_at_once(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	wait_ms(&r, 3 * HOUR_MS);
	feed(&r, GUARD_EV_FAILED);
	assert_true(r.is_reported);
	assert_int_equal(r.reported_at, 3 * HOUR_MS);
	feed(&r, GUARD_EV_RECOVERED);
	assert_false(r.is_reported);
	assert_int_equal(r.g.state, GUARD_CLEAR);
}

static void
a_failure_inside_a_guard_period_counts_when_it_outlasts_the_damping_period(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	feed(&r, GUARD_EV_SWITCHOVER);
	wait_ms(&r, 10000);
	feed(&r, GUARD_EV_FAILED);
	wait_ms(&r, 19999);
	assert_false(r.is_reported);
	wait_ms(&r, 1);
	assert_true(r.is_reported);
	assert_int_equal(r.damped, 0);
}

static void
a_failure_that_recovers_within_the_damping_period_is_only_counted(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	feed(&r, GUARD_EV_LOCAL);
	for (unsigned i = 1; i <= 3; i++) {
		wait_ms(&r, 100);
		feed(&r, GUARD_EV_FAILED);
		wait_ms(&r, 25000);
		feed(&r, GUARD_EV_RECOVERED);
		assert_int_equal(r.damped, i);
		assert_int_equal(r.g.state, GUARD_GUARDED);
		assert_int_equal(r.due[GUARD_TIMER_DAMPING], NEVER);
	}
	wait_ms(&r, HOUR_MS);
	assert_int_equal(r.reports, 0);
	assert_int_equal(r.g.state, GUARD_CLEAR);
}

static void
a_guard_period_that_ends_does_not_end_the_damping(void **state)
{
	(void)state;
	for (enum guard_event cause = GUARD_EV_SWITCHOVER; cause <= GUARD_EV_LOCAL; cause++) {
		struct rig r = rig_of(&usual);
		int64_t guard = usual.guard_ms[cause], damping = usual.damping_ms[cause];

		feed(&r, cause);
		wait_ms(&r, guard - 1);
		feed(&r, GUARD_EV_FAILED);
		wait_ms(&r, damping - 1);
		assert_false(r.g.is_running[GUARD_SWITCHOVER] || r.g.is_running[GUARD_LOCAL]);
		assert_int_equal(r.g.state, GUARD_DAMPING);
		wait_ms(&r, 1);
		assert_int_equal(r.reported_at, guard - 1 + damping);
		feed(&r, GUARD_EV_RECOVERED);
		assert_int_equal(r.g.state, GUARD_CLEAR);

		/* and a recovery then leaves nothing behind */
		feed(&r, cause);
		wait_ms(&r, guard - 1);
		feed(&r, GUARD_EV_FAILED);
		wait_ms(&r, 10);
		feed(&r, GUARD_EV_RECOVERED);
		assert_int_equal(r.g.state, GUARD_CLEAR);
		assert_int_equal(next_timer(&r), GUARD_TIMER_COUNT);
	}
}

static void
of_overlapping_guard_periods_the_later_end_counts(void **state)
{
	(void)state;
	for (enum guard_event first = GUARD_EV_SWITCHOVER; first <= GUARD_EV_LOCAL; first++) {
		enum guard_event second = first == GUARD_EV_LOCAL ? GUARD_EV_SWITCHOVER : GUARD_EV_LOCAL;
		struct rig r = rig_of(&usual);
		int64_t end;

		feed(&r, first);
		wait_ms(&r, 50000);
		feed(&r, second);
		end = 50000 + (int64_t)usual.guard_ms[second];
		run_until(&r, end - 1);
		assert_int_equal(r.g.state, GUARD_GUARDED);
		run_until(&r, end);
		assert_int_equal(r.g.state, GUARD_CLEAR);
	}
}

static void
a_second_local_failure_begins_the_guard_period_again(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		feed(&r, GUARD_EV_LOCAL);
		wait_ms(&r, 89999);
		assert_int_equal(r.g.state, GUARD_GUARDED);
		feed(&r, GUARD_EV_SWITCHOVER);
		feed(&r, GUARD_EV_SWITCHOVER);
	}
	wait_ms(&r, 60000);
	assert_int_equal(r.g.state, GUARD_CLEAR);
}

static void
of_two_guard_periods_the_longer_damping_period_counts(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	feed(&r, GUARD_EV_SWITCHOVER);
	feed(&r, GUARD_EV_LOCAL);
	wait_ms(&r, 1000);
	feed(&r, GUARD_EV_FAILED);
	wait_ms(&r, 29999);
	assert_false(r.is_reported);
	wait_ms(&r, 1);
	assert_true(r.is_reported);
}

static void
events_while_damping_neither_shorten_nor_prolong_it(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	feed(&r, GUARD_EV_SWITCHOVER);
	feed(&r, GUARD_EV_FAILED);
	wait_ms(&r, 15000);
	feed(&r, GUARD_EV_LOCAL);
	feed(&r, GUARD_EV_SWITCHOVER);
	feed(&r, GUARD_EV_FAILED);
	wait_ms(&r, 4999);
	assert_false(r.is_reported);
	wait_ms(&r, 1);
	assert_true(r.is_reported);
	assert_int_equal(r.reports, 1);
}

static void
a_chassis_that_becomes_active_with_a_failure_gives_it_the_damping_period(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	feed(&r, GUARD_EV_FAILED); /* on the Standby */
	wait_ms(&r, HOUR_MS);
	feed(&r, GUARD_EV_SWITCHOVER);
	assert_false(r.is_reported);
	wait_ms(&r, 19999);
	assert_false(r.is_reported);
	wait_ms(&r, 1);
	assert_true(r.is_reported);
	assert_int_equal(r.reports, 2);
	wait_ms(&r, 10 * HOUR_MS); /* the guard period ends meanwhile: reported stays reported */
	assert_int_equal(r.g.state, GUARD_FAILED);
	assert_int_equal(r.reports, 2);
}

static void
a_local_failure_does_not_take_a_report_back(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	feed(&r, GUARD_EV_FAILED);
	feed(&r, GUARD_EV_LOCAL);
	assert_true(r.is_reported);
	feed(&r, GUARD_EV_RECOVERED);
	assert_int_equal(r.g.state, GUARD_GUARDED);
	feed(&r, GUARD_EV_FAILED);
	assert_int_equal(r.g.state, GUARD_DAMPING);
	wait_ms(&r, HOUR_MS);
	assert_int_equal(r.reports, 2);
	feed(&r, GUARD_EV_LOCAL);
	wait_ms(&r, HOUR_MS); /* its guard period ends with the failure standing */
	assert_true(r.is_reported);
	feed(&r, GUARD_EV_RECOVERED);
	assert_int_equal(r.g.state, GUARD_CLEAR);
}

static void
without_a_damping_period_a_failure_counts_at_once_inside_the_guard_period(void **state)
{
	struct rig r = rig_of(&(struct guard_periods){{60000, 60000}, {0, 0}});

	(void)state;
	feed(&r, GUARD_EV_SWITCHOVER);
	feed(&r, GUARD_EV_FAILED);
	assert_true(r.is_reported);
	feed(&r, GUARD_EV_SWITCHOVER); /* nothing to wait for: it goes on to count */
	assert_true(r.is_reported);
	assert_int_equal(r.withdrawals, 0);

	/* but the guard period has begun */
	r = rig_of(&(struct guard_periods){{60000, 60000}, {0, 5000}});
	feed(&r, GUARD_EV_FAILED);
	feed(&r, GUARD_EV_SWITCHOVER);
	feed(&r, GUARD_EV_RECOVERED);
	assert_int_equal(r.g.state, GUARD_GUARDED);
}

static void
without_guard_periods_every_failure_counts_at_once(void **state)
{
	struct rig r = rig_of(&(struct guard_periods){{0, 0}, {60000, 60000}});

	(void)state;
	feed(&r, GUARD_EV_SWITCHOVER);
	feed(&r, GUARD_EV_LOCAL);
	assert_int_equal(r.g.state, GUARD_CLEAR);
	feed(&r, GUARD_EV_FAILED);
	assert_true(r.is_reported);
	feed(&r, GUARD_EV_SWITCHOVER);
	feed(&r, GUARD_EV_LOCAL);
	assert_true(r.is_reported);
}

static void
a_changed_period_counts_from_its_next_start(void **state)
{
	struct rig r = rig_of(&usual);

	(void)state;
	feed(&r, GUARD_EV_SWITCHOVER);
	guard_configure(&r.g, &(struct guard_periods){{0, 0}, {0, 0}});
	wait_ms(&r, 59999);
	assert_int_equal(r.g.state, GUARD_GUARDED);
	guard_configure(&r.g, &(struct guard_periods){{60000, 0}, {5000, 0}});
	feed(&r, GUARD_EV_FAILED);
	wait_ms(&r, 4999);
	assert_false(r.is_reported);
	wait_ms(&r, 1);
	assert_true(r.is_reported);
}

static void
timers_and_recoveries_that_belong_to_nothing_change_nothing(void **state)
{
	(void)state;
	for (enum guard_event ev = GUARD_EV_RECOVERED; ev <= GUARD_EV_TIMER_DAMPING; ev++) {
		struct rig r = rig_of(&usual);

		feed(&r, ev);
		assert_int_equal(r.out.count, 0);
		assert_int_equal(r.g.state, GUARD_CLEAR);
	}
}

static void
a_damping_timer_that_belongs_to_nothing_changes_no_state(void **state)
{
	static const enum guard_event ways[][2] = {{GUARD_EV_RECOVERED, GUARD_EV_RECOVERED},
	                                           {GUARD_EV_SWITCHOVER, GUARD_EV_RECOVERED},
	                                           {GUARD_EV_FAILED, GUARD_EV_LOCAL}};
	static const enum guard_state states[] = {GUARD_CLEAR, GUARD_GUARDED, GUARD_FAILED};

	(void)state;
	for (unsigned i = 0; i < sizeof states / sizeof states[0]; i++) {
		struct rig r = rig_of(&usual);

		feed(&r, ways[i][0]);
		feed(&r, ways[i][1]);
		assert_int_equal(r.g.state, states[i]);
		feed(&r, GUARD_EV_TIMER_DAMPING);
		assert_int_equal(r.out.count, 0);
		assert_int_equal(r.g.state, states[i]);
	}
}

/* --- against a model ---------------------------------------------------------------------------------------------- */

/*
 * What the rules say, reckoned with time stamps: until when each guard period lasts, since when the failure stands as
 * judged, and until when it must last.
 */
struct model {
	struct guard_periods p;
	int64_t guard_end[GUARD_CAUSE_COUNT]; /* inside while now < end */
	bool is_failed, is_reported;
	int64_t report_at; /* while failed and not reported */
	unsigned damped;
};

static int64_t
model_damping(const struct model *m, int64_t now)
{
	int64_t ms = 0;

	for (unsigned i = 0; i < GUARD_CAUSE_COUNT; i++)
		if (now < m->guard_end[i] && m->p.damping_ms[i] > ms)
			ms = m->p.damping_ms[i];
	return ms;
}

static void
model_time(struct model *m, int64_t now)
{
	if (m->is_failed && !m->is_reported && m->report_at <= now)
		m->is_reported = true;
}

static void
model_feed(struct model *m, enum guard_event ev, int64_t now)
{
	if (ev == GUARD_EV_SWITCHOVER || ev == GUARD_EV_LOCAL) {
		unsigned cause = ev == GUARD_EV_LOCAL;

		if (m->p.guard_ms[cause] == 0)
			return;
		m->guard_end[cause] = now + m->p.guard_ms[cause];
		if (ev == GUARD_EV_SWITCHOVER && m->is_failed && m->is_reported && m->p.damping_ms[cause] > 0) {
			m->is_reported = false;
			m->report_at = now + model_damping(m, now);
		}
	} else if (ev == GUARD_EV_FAILED && !m->is_failed) {
		m->is_failed = true;
		m->report_at = now + model_damping(m, now);
		model_time(m, now);
	} else if (ev == GUARD_EV_RECOVERED && m->is_failed) {
		m->damped += !m->is_reported;
		m->is_failed = m->is_reported = false;
	}
}

/* One chassis of random periods for @hours, an event every minute or so. */
static void
random_hours(uint64_t seed, unsigned hours)
{
	static const uint32_t choices[] = {0, 1, 1000, 30000, 60000, 60000, 90000, 300000};
	struct rng rng = {.state = seed};
	struct model m = {0};
	struct rig r;
	int64_t failed_at = 0;

	for (unsigned i = 0; i < GUARD_CAUSE_COUNT; i++) {
		m.p.guard_ms[i] = choices[rng_below(&rng, 8)];
		m.p.damping_ms[i] = choices[rng_below(&rng, 8)];
	}
	r = rig_of(&m.p);
	while (r.now < (int64_t)hours * HOUR_MS) {
		enum guard_event ev = (enum guard_event)rng_below(&rng, GUARD_EV_TIMER_SWITCHOVER);
		int64_t t = r.now + (rng_below(&rng, 4) == 0 ? rng_below(&rng, 1000) : rng_below(&rng, 120000));
		unsigned reports = r.reports;
		bool was_guarded;

		run_until(&r, t);
		model_time(&m, t);
		if (r.is_reported != m.is_reported)
			fail_msg("seed %llu at %lld ms: reported %d, the rules say %d", (unsigned long long)seed,
			         (long long)t, r.is_reported, m.is_reported);
		if (r.reports > reports) /* by the damping timer */
			assert_true(r.reported_at > failed_at);
		was_guarded = t < m.guard_end[0] || t < m.guard_end[1];
		if (ev == GUARD_EV_FAILED && !m.is_failed)
			failed_at = t;
		reports = r.reports;
		feed(&r, ev);
		/* no switch inside a guard period unless the failure outlasts damping */
		if (r.reports > reports && was_guarded)
			assert_int_equal(model_damping(&m, t), 0);
		model_feed(&m, ev, t);
		assert_int_equal(r.is_reported, m.is_reported);
		assert_int_equal(r.damped, m.damped);
		assert_int_equal(r.g.state == GUARD_FAILED || r.g.state == GUARD_DAMPING, m.is_failed);
		assert_int_equal(r.g.is_running[GUARD_SWITCHOVER], t < m.guard_end[GUARD_SWITCHOVER]);
		assert_int_equal(r.g.is_running[GUARD_LOCAL], t < m.guard_end[GUARD_LOCAL]);
	}
}

static void
random_days_agree_with_the_rules_and_no_failure_counts_inside_a_guard_period_before_its_damping_is_over(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 500; seed++)
		random_hours(seed, 24);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_has_no_holes),
	    cmocka_unit_test(an_event_that_does_not_exist_changes_nothing),
	    cmocka_unit_test(a_failure_outside_of_a_guard_period_counts_at_once),
	    cmocka_unit_test(a_failure_inside_a_guard_period_counts_when_it_outlasts_the_damping_period),
	    cmocka_unit_test(a_failure_that_recovers_within_the_damping_period_is_only_counted),
	    cmocka_unit_test(a_guard_period_that_ends_does_not_end_the_damping),
	    cmocka_unit_test(of_overlapping_guard_periods_the_later_end_counts),
	    cmocka_unit_test(a_second_local_failure_begins_the_guard_period_again),
	    cmocka_unit_test(of_two_guard_periods_the_longer_damping_period_counts),
	    cmocka_unit_test(events_while_damping_neither_shorten_nor_prolong_it),
	    cmocka_unit_test(a_chassis_that_becomes_active_with_a_failure_gives_it_the_damping_period),
	    cmocka_unit_test(a_local_failure_does_not_take_a_report_back),
	    cmocka_unit_test(without_a_damping_period_a_failure_counts_at_once_inside_the_guard_period),
	    cmocka_unit_test(without_guard_periods_every_failure_counts_at_once),
	    cmocka_unit_test(a_changed_period_counts_from_its_next_start),
	    cmocka_unit_test(timers_and_recoveries_that_belong_to_nothing_change_nothing),
	    cmocka_unit_test(a_damping_timer_that_belongs_to_nothing_changes_no_state),
	    cmocka_unit_test(
	        random_days_agree_with_the_rules_and_no_failure_counts_inside_a_guard_period_before_its_damping_is_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
