/* srp_post.c - claims about what follows a takeover, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "srp/srp_fsm.h"
#include "srp/srp_phase.h"
#include "srp/srp_post.h"

enum { NEVER = 0, US_PER_MS = 1000 };

/* The shell in virtual time: timers, phase times, what was started and what the gate is. */
struct rig {
	struct srp_post post;
	struct srp_phase_times times;
	uint64_t now_ms;
	uint64_t due_ms[SRP_POST_TIMER_COUNT];
	bool is_started[SRP_PHASE_COUNT], is_cancelled[SRP_PHASE_COUNT];
	unsigned no_flush;
	uint8_t gate;
	int answer; /* -1: none */
	uint32_t asker;
};

static void
carry_out(struct rig *r, const struct srp_post_action *a)
{
	uint64_t us = r->now_ms * US_PER_MS;

	switch (a->kind) {
	case SRP_POST_ACT_PHASE_BEGIN:
		srp_phase_begin(&r->times, a->phase, us, r->now_ms);
		break;
	case SRP_POST_ACT_PHASE_END:
		srp_phase_end(&r->times, a->phase, a->is_cut, us);
		break;
	case SRP_POST_ACT_TIMER_START:
		r->due_ms[a->timer] = r->now_ms + a->ms;
		break;
	case SRP_POST_ACT_TIMER_STOP:
		r->due_ms[a->timer] = NEVER;
		break;
	case SRP_POST_ACT_START:
		r->is_started[a->phase] = true;
		break;
	case SRP_POST_ACT_CANCEL:
		r->is_cancelled[a->phase] = true;
		break;
	case SRP_POST_ACT_NO_FLUSH:
		r->no_flush++;
		break;
	case SRP_POST_ACT_GATE:
		r->gate = a->gate;
		break;
	default:
		r->answer = a->answer;
		r->asker = a->asker;
	}
}

static void
feed(struct rig *r, struct srp_post_event ev)
{
	struct srp_post_out out;

	r->answer = -1;
	assert_int_equal(srp_post_input(&r->post, &ev, &out), ERR_OK);
	assert_true(strlen(srp_post_row_reason(out.row)) > 1);
	for (size_t i = 0; i < out.count; i++)
		carry_out(r, &out.actions[i]);
}

static void
say(struct rig *r, uint8_t kind)
{
	feed(r, (struct srp_post_event){.kind = kind});
}

static void
options(struct rig *r, bool is_optimized)
{
	feed(r, (struct srp_post_event){.kind = SRP_POST_EV_OPTIONS, .is_optimized = is_optimized});
}

static int
terminate(struct rig *r)
{
	feed(r, (struct srp_post_event){.kind = SRP_POST_EV_TERMINATE, .asker = 7});
	if (r->answer >= 0)
		assert_int_equal(r->asker, 7);
	return r->answer;
}

/* Time goes on by @ms; timers fire when they are due. */
static void
pass(struct rig *r, uint64_t ms)
{
	static const uint8_t events[SRP_POST_TIMER_COUNT] = {
	    [SRP_POST_TIMER_FLUSH] = SRP_POST_EV_TIMER_FLUSH,
	    [SRP_POST_TIMER_AUDIT] = SRP_POST_EV_TIMER_AUDIT,
	    [SRP_POST_TIMER_READY] = SRP_POST_EV_TIMER_READY,
	};
	uint64_t end = r->now_ms + ms;

	for (;;) {
		int next = -1;

		for (int i = 0; i < SRP_POST_TIMER_COUNT; i++)
			if (r->due_ms[i] != NEVER && r->due_ms[i] <= end &&
			    (next < 0 || r->due_ms[i] < r->due_ms[next]))
				next = i;
		if (next < 0)
			break;
		r->now_ms = r->due_ms[next];
		r->due_ms[next] = NEVER;
		say(r, events[next]);
	}
	r->now_ms = end;
}

static struct rig
idle(void)
{
	return (struct rig){.now_ms = 1000, .answer = -1};
}

/* A takeover that has come to the state in which this chassis serves. */
static struct rig
taken(bool is_first, bool is_planned)
{
	struct rig r = idle();

	feed(&r, (struct srp_post_event){.kind = SRP_POST_EV_BEGIN, .is_first = is_first, .is_planned = is_planned});
	pass(&r, 2);
	say(&r, SRP_POST_EV_CONVERGED);
	return r;
}

static bool
is_running(const struct rig *r, uint8_t phase)
{
	return r->times.of[phase].is_running;
}

static bool
is_anything_due(const struct rig *r)
{
	for (int i = 0; i < SRP_POST_TIMER_COUNT; i++)
		if (r->due_ms[i] != NEVER)
			return true;
	return false;
}

static void
the_table_has_no_holes(void **state)
{
	char why[1024];
	struct text_fixed f;
	struct text t;

	(void)state;
	text_fixed_init(&f, &t, why, sizeof why);
	if (fsm_check(srp_post_table(), 0, &t) != ERR_OK)
		fail_msg("%s", why);
}

static void
control_packets_are_dropped_until_the_chassis_serves(void **state)
{
	struct rig r = idle();

	(void)state;
	assert_int_equal(r.gate, SRP_GATE_OPEN);
	feed(&r, (struct srp_post_event){.kind = SRP_POST_EV_BEGIN, .is_planned = true});
	assert_int_equal(r.gate, SRP_GATE_DROP_CONTROL);
	assert_true(is_running(&r, SRP_PHASE_NETWORK_CONVERGENCE));
	pass(&r, 3);
	say(&r, SRP_POST_EV_BEGIN); /* another attempt at a busy address is the same takeover */
	assert_int_equal(r.gate, SRP_GATE_DROP_CONTROL);
	pass(&r, 1);
	say(&r, SRP_POST_EV_CONVERGED);
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
	assert_int_equal(r.times.of[SRP_PHASE_NETWORK_CONVERGENCE].duration_us, 4 * US_PER_MS);
	say(&r, SRP_POST_EV_CONVERGED); /* a new epoch of the same Active */
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
}

static void
flush_and_audit_run_side_by_side_and_new_calls_wait_for_both(void **state)
{
	(void)state;
	for (int flush_first = 0; flush_first <= 1; flush_first++) {
		struct rig r = taken(false, true);

		assert_true(r.is_started[SRP_PHASE_ACCOUNTING_FLUSH] && r.is_started[SRP_PHASE_INTERNAL_AUDIT]);
		assert_true(is_running(&r, SRP_PHASE_ACCOUNTING_FLUSH) && is_running(&r, SRP_PHASE_INTERNAL_AUDIT));
		pass(&r, 10);
		say(&r, flush_first ? SRP_POST_EV_FLUSH_DONE : SRP_POST_EV_AUDIT_DONE);
		assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
		pass(&r, 20);
		say(&r, flush_first ? SRP_POST_EV_AUDIT_DONE : SRP_POST_EV_FLUSH_DONE);
		assert_int_equal(r.gate, SRP_GATE_OPEN);
		assert_int_equal(
		    r.times.of[flush_first ? SRP_PHASE_ACCOUNTING_FLUSH : SRP_PHASE_INTERNAL_AUDIT].duration_us,
		    10 * US_PER_MS);
		assert_int_equal(
		    r.times.of[flush_first ? SRP_PHASE_INTERNAL_AUDIT : SRP_PHASE_ACCOUNTING_FLUSH].duration_us,
		    30 * US_PER_MS);
		assert_true(r.is_started[SRP_PHASE_POST_SWITCHOVER]);
		assert_int_equal(srp_phase_running(&r.times), SRP_PHASE_POST_SWITCHOVER);
		pass(&r, 40);
		say(&r, SRP_POST_EV_READY);
		assert_int_equal(srp_phase_running(&r.times), SRP_PHASE_NONE);
		assert_false(srp_post_is_running(&r.post));
		assert_false(is_anything_due(&r));
	}
}

static void
with_the_optimization_new_calls_wait_for_the_audit_only(void **state)
{
	struct rig r = idle();

	(void)state;
	options(&r, true);
	feed(&r, (struct srp_post_event){.kind = SRP_POST_EV_BEGIN, .is_planned = true});
	say(&r, SRP_POST_EV_CONVERGED);
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
	say(&r, SRP_POST_EV_AUDIT_DONE);
	assert_int_equal(r.gate, SRP_GATE_OPEN);
	assert_true(is_running(&r, SRP_PHASE_ACCOUNTING_FLUSH));
	say(&r, SRP_POST_EV_FLUSH_DONE);
	assert_true(is_running(&r, SRP_PHASE_POST_SWITCHOVER));

	r = taken(false, true);
	options(&r, true);
	say(&r, SRP_POST_EV_FLUSH_DONE);
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW); /* never before the audit */
	say(&r, SRP_POST_EV_AUDIT_DONE);
	assert_int_equal(r.gate, SRP_GATE_OPEN);
}

static void
the_optimization_acts_and_stops_acting_when_it_is_agreed_or_withdrawn_during_the_flush(void **state)
{
	struct rig r = taken(false, true);

	(void)state;
	say(&r, SRP_POST_EV_AUDIT_DONE);
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
	options(&r, true);
	assert_int_equal(r.gate, SRP_GATE_OPEN);
	options(&r, false);
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
	options(&r, true);
	say(&r, SRP_POST_EV_FLUSH_DONE);
	options(&r, false);
	assert_int_equal(r.gate, SRP_GATE_OPEN); /* over is over */
}

static void
an_unplanned_takeover_has_nothing_to_flush_and_says_so(void **state)
{
	struct rig r = taken(false, false);

	(void)state;
	assert_int_equal(r.no_flush, 1);
	assert_false(r.is_started[SRP_PHASE_ACCOUNTING_FLUSH]);
	assert_false(is_running(&r, SRP_PHASE_ACCOUNTING_FLUSH));
	assert_true(r.times.of[SRP_PHASE_ACCOUNTING_FLUSH].begin_wall_ms != 0);
	assert_true(r.is_started[SRP_PHASE_INTERNAL_AUDIT]);
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
	say(&r, SRP_POST_EV_AUDIT_DONE);
	assert_int_equal(r.gate, SRP_GATE_OPEN);
}

static void
a_chassis_without_predecessor_opens_at_once(void **state)
{
	struct rig r = taken(true, false);

	(void)state;
	assert_int_equal(r.gate, SRP_GATE_OPEN);
	assert_int_equal(srp_phase_running(&r.times), SRP_PHASE_NONE);
	for (int i = 0; i < SRP_PHASE_COUNT; i++)
		assert_false(r.is_started[i]);
	assert_int_equal(terminate(&r), SRP_POST_ANSWER_NONE_RUNS);
}

static void
every_phase_has_a_bound_after_which_the_next_begins(void **state)
{
	struct rig r = taken(false, true);

	(void)state;
	pass(&r, SRP_POST_FLUSH_MS - 1);
	assert_true(is_running(&r, SRP_PHASE_ACCOUNTING_FLUSH));
	pass(&r, 1);
	assert_false(is_running(&r, SRP_PHASE_ACCOUNTING_FLUSH));
	assert_true(r.times.of[SRP_PHASE_ACCOUNTING_FLUSH].is_cut && r.is_cancelled[SRP_PHASE_ACCOUNTING_FLUSH]);
	assert_int_equal(r.gate, SRP_GATE_REFUSE_NEW);
	pass(&r, SRP_POST_AUDIT_MS - SRP_POST_FLUSH_MS);
	assert_true(r.times.of[SRP_PHASE_INTERNAL_AUDIT].is_cut && r.is_cancelled[SRP_PHASE_INTERNAL_AUDIT]);
	assert_int_equal(r.gate, SRP_GATE_OPEN);
	pass(&r, SRP_POST_READY_MS - 1);
	assert_true(is_running(&r, SRP_PHASE_POST_SWITCHOVER));
	pass(&r, 1);
	assert_true(r.times.of[SRP_PHASE_POST_SWITCHOVER].is_cut);
	assert_false(srp_post_is_running(&r.post));

	r = taken(false, true);
	say(&r, SRP_POST_EV_AUDIT_DONE);
	pass(&r, SRP_POST_FLUSH_MS);
	assert_int_equal(r.gate, SRP_GATE_OPEN);
	assert_true(is_running(&r, SRP_PHASE_POST_SWITCHOVER));
}

/* Flush and audit end by themselves long before each other's bound; a test of the rows must bring the audit's forward.
 */
static void
an_audit_that_takes_too_long_is_cut_while_the_flush_goes_on(void **state)
{
	(void)state;
	for (int is_optimized = 0; is_optimized <= 1; is_optimized++) {
		struct rig r = taken(false, true);

		options(&r, is_optimized);
		say(&r, SRP_POST_EV_TIMER_AUDIT);
		assert_true(is_running(&r, SRP_PHASE_ACCOUNTING_FLUSH));
		assert_int_equal(r.gate, is_optimized ? SRP_GATE_OPEN : SRP_GATE_REFUSE_NEW);
		say(&r, SRP_POST_EV_FLUSH_DONE);
		assert_int_equal(r.gate, SRP_GATE_OPEN);
	}
}

static void
an_operator_ends_whatever_runs_and_new_calls_are_taken(void **state)
{
	static const uint8_t ways[][2] = {{SRP_POST_EV_COUNT, SRP_POST_EV_COUNT},
	                                  {SRP_POST_EV_FLUSH_DONE, SRP_POST_EV_COUNT},
	                                  {SRP_POST_EV_AUDIT_DONE, SRP_POST_EV_COUNT},
	                                  {SRP_POST_EV_AUDIT_DONE, SRP_POST_EV_FLUSH_DONE}};

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
		struct rig r = taken(false, true);

		for (int k = 0; k < 2; k++)
			if (ways[i][k] != SRP_POST_EV_COUNT)
				say(&r, ways[i][k]);
		assert_true(srp_post_is_running(&r.post));
		assert_int_equal(terminate(&r), SRP_POST_ANSWER_OK);
		assert_int_equal(r.gate, SRP_GATE_OPEN);
		assert_int_equal(srp_phase_running(&r.times), SRP_PHASE_NONE);
		assert_false(is_anything_due(&r));
		assert_int_equal(terminate(&r), SRP_POST_ANSWER_NONE_RUNS);
	}
}

static void
an_operator_is_refused_where_there_is_nothing_to_end(void **state)
{
	struct rig r = idle();

	(void)state;
	assert_int_equal(terminate(&r), SRP_POST_ANSWER_NOT_ACTIVE);
	say(&r, SRP_POST_EV_BEGIN);
	assert_int_equal(terminate(&r), SRP_POST_ANSWER_NOT_YET);
	say(&r, SRP_POST_EV_STOP);
	assert_int_equal(terminate(&r), SRP_POST_ANSWER_NOT_ACTIVE);
}

static void
giving_way_ends_everything_at_any_moment(void **state)
{
	static const uint8_t way[] = {SRP_POST_EV_CONVERGED, SRP_POST_EV_FLUSH_DONE, SRP_POST_EV_AUDIT_DONE};
	static const uint8_t other[] = {SRP_POST_EV_CONVERGED, SRP_POST_EV_AUDIT_DONE};

	(void)state;
	for (size_t steps = 0; steps <= sizeof way + sizeof other; steps++) {
		const uint8_t *p = steps <= sizeof way ? way : other;
		size_t n = steps <= sizeof way ? steps : steps - sizeof way;
		struct rig r = idle();

		feed(&r, (struct srp_post_event){.kind = SRP_POST_EV_BEGIN, .is_planned = true});
		for (size_t i = 0; i < n; i++)
			say(&r, p[i]);
		say(&r, SRP_POST_EV_STOP);
		assert_int_equal(r.gate, SRP_GATE_OPEN);
		assert_int_equal(srp_phase_running(&r.times), SRP_PHASE_NONE);
		assert_false(srp_post_is_running(&r.post));
		assert_false(is_anything_due(&r));
		say(&r, SRP_POST_EV_STOP); /* and again changes nothing */
		assert_int_equal(r.gate, SRP_GATE_OPEN);
	}
}

static void
an_audit_broken_off_is_made_up_for_when_the_chassis_takes_back(void **state)
{
	(void)state;
	for (int is_flushed = 0; is_flushed <= 1; is_flushed++) {
		struct rig r = taken(false, true);

		if (is_flushed)
			say(&r, SRP_POST_EV_FLUSH_DONE);
		say(&r, SRP_POST_EV_STOP);
		r.is_started[SRP_PHASE_INTERNAL_AUDIT] = false;
		feed(&r, (struct srp_post_event){.kind = SRP_POST_EV_BEGIN, .is_first = true});
		say(&r, SRP_POST_EV_CONVERGED);
		assert_true(r.is_started[SRP_PHASE_INTERNAL_AUDIT]);
		say(&r, SRP_POST_EV_AUDIT_DONE);
		say(&r, SRP_POST_EV_STOP);
		feed(&r, (struct srp_post_event){.kind = SRP_POST_EV_BEGIN, .is_first = true});
		say(&r, SRP_POST_EV_CONVERGED);
		assert_int_equal(r.gate, SRP_GATE_OPEN);
		assert_false(srp_post_is_running(&r.post));
	}
}

static void
answers_that_nobody_waits_for_change_nothing(void **state)
{
	struct rig r = taken(true, false);
	const struct srp_post before = r.post;

	(void)state;
	say(&r, SRP_POST_EV_FLUSH_DONE);
	say(&r, SRP_POST_EV_AUDIT_DONE);
	say(&r, SRP_POST_EV_READY);
	say(&r, SRP_POST_EV_TIMER_FLUSH);
	say(&r, SRP_POST_EV_TIMER_AUDIT);
	say(&r, SRP_POST_EV_TIMER_READY);
	assert_memory_equal(&before, &r.post, sizeof before);
	assert_int_equal(
	    srp_post_input(&r.post, &(struct srp_post_event){.kind = SRP_POST_EV_COUNT}, &(struct srp_post_out){0}),
	    ERR_RANGE);
	assert_string_equal(srp_post_row_reason(9999), "?");
}

/* The side that gives way: the inner states of the redundancy engine are its phases. */
static void
the_old_active_times_validate_critical_flush_and_convergence(void **state)
{
	static const struct {
		uint8_t to;
		uint64_t at_us;
	} way[] = {
	    {FSM_PREPARING, 1000}, {FSM_GIVING, 1400}, {FSM_FLUSHING, 2000}, {FSM_HANDING, 3000}, {FSM_STANDBY, 3500}};
	struct srp_phase_times t = {.of[SRP_PHASE_INTERNAL_AUDIT] = {.begin_wall_ms = 5}};
	uint8_t from = FSM_ACTIVE;

	(void)state;
	for (size_t i = 0; i < sizeof way / sizeof way[0]; i++) {
		srp_phase_step(&t, from, way[i].to, way[i].at_us, 77);
		from = way[i].to;
	}
	assert_int_equal(t.of[SRP_PHASE_VALIDATE].duration_us, 400);
	assert_int_equal(t.of[SRP_PHASE_CRITICAL_FLUSH].duration_us, 1600);
	assert_int_equal(t.of[SRP_PHASE_NETWORK_CONVERGENCE].duration_us, 500);
	assert_false(t.of[SRP_PHASE_NETWORK_CONVERGENCE].is_cut);
	assert_int_equal(t.of[SRP_PHASE_INTERNAL_AUDIT].begin_wall_ms, 0); /* of the switchover before */
	srp_phase_step(&t, FSM_ACTIVE, FSM_PREPARING, 9000, 78);
	assert_int_equal(srp_phase_us(&t, SRP_PHASE_VALIDATE, 9100), 100);
	srp_phase_step(&t, FSM_PREPARING, FSM_ACTIVE, 9200, 78);
	assert_true(t.of[SRP_PHASE_VALIDATE].is_cut);
	assert_int_equal(srp_phase_us(&t, SRP_PHASE_VALIDATE, 99999), 200);
	assert_int_equal(srp_phase_running(&t), SRP_PHASE_NONE);
}

static void
every_number_has_a_name(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < SRP_PHASE_COUNT; i++)
		assert_string_not_equal(srp_phase_text(i), "?");
	for (uint8_t i = 0; i < SRP_GATE_COUNT; i++)
		assert_string_not_equal(srp_gate_text(i), "?");
	for (uint8_t i = 0; i < SRP_POST_ANSWER_COUNT; i++)
		assert_string_not_equal(srp_post_answer_text(i), "?");
	assert_string_equal(srp_phase_text(SRP_PHASE_COUNT), "?");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_table_has_no_holes),
	    cmocka_unit_test(control_packets_are_dropped_until_the_chassis_serves),
	    cmocka_unit_test(flush_and_audit_run_side_by_side_and_new_calls_wait_for_both),
	    cmocka_unit_test(with_the_optimization_new_calls_wait_for_the_audit_only),
	    cmocka_unit_test(the_optimization_acts_and_stops_acting_when_it_is_agreed_or_withdrawn_during_the_flush),
	    cmocka_unit_test(an_unplanned_takeover_has_nothing_to_flush_and_says_so),
	    cmocka_unit_test(a_chassis_without_predecessor_opens_at_once),
	    cmocka_unit_test(every_phase_has_a_bound_after_which_the_next_begins),
	    cmocka_unit_test(an_audit_that_takes_too_long_is_cut_while_the_flush_goes_on),
	    cmocka_unit_test(an_operator_ends_whatever_runs_and_new_calls_are_taken),
	    cmocka_unit_test(an_operator_is_refused_where_there_is_nothing_to_end),
	    cmocka_unit_test(giving_way_ends_everything_at_any_moment),
	    cmocka_unit_test(an_audit_broken_off_is_made_up_for_when_the_chassis_takes_back),
	    cmocka_unit_test(answers_that_nobody_waits_for_change_nothing),
	    cmocka_unit_test(the_old_active_times_validate_critical_flush_and_convergence),
	    cmocka_unit_test(every_number_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
