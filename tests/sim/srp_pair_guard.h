/*
 * srp_pair_guard.h - monitors of the simulated chassis, their guard timers, and what those may report, by the clock.
 *
 * Part of srp_pair.c, which includes it once; split off for its length only.
 */
#ifndef SRP_PAIR_GUARD_H
#define SRP_PAIR_GUARD_H

/* What a report may be, by the clock and without the table: at once, or after the damping period. */
static void
check_report(const struct watched *w)
{
	if (!w->has_failed)
		fail("a monitor that works is reported as failed");
	if (sim.now < w->failed_at + (uint64_t)w->damping_ms * MS)
		fail("a failure inside a guard period is reported before it has outlasted the damping period");
	guarded_reports += w->damping_ms > 0;
}

static void
guard_feed(int i, int k, enum guard_event ev)
{
	struct watched *w = &sim.c[i].watched[k];
	struct guard_out out;

	if (ev == GUARD_EV_SWITCHOVER || ev == GUARD_EV_LOCAL) {
		enum guard_cause cause = ev == GUARD_EV_SWITCHOVER ? GUARD_SWITCHOVER : GUARD_LOCAL;

		if (w->guard.periods.guard_ms[cause] > 0)
			w->window_end[cause] = sim.now + (uint64_t)w->guard.periods.guard_ms[cause] * MS;
	}
	if (guard_input(&w->guard, ev, &out) != ERR_OK)
		fail("guard event %u has no row", ev);
	guard_hits[out.row]++;
	digest(sim.now << 16 ^ (uint64_t)(k << 12 ^ i << 8) ^ out.row);
	for (size_t n = 0; n < out.count; n++) {
		const struct guard_action *a = &out.actions[n];
		bool is_failed = a->kind == GUARD_ACT_REPORT_FAILED;

		if (a->kind == GUARD_ACT_TIMER_START)
			w->timer[a->timer] = sim.now + (uint64_t)a->ms * MS;
		else if (a->kind == GUARD_ACT_TIMER_STOP)
			w->timer[a->timer] = NEVER;
		else if (a->kind == GUARD_ACT_DAMPED)
			damped++;
		if (is_failed)
			check_report(w);
		if (!is_failed && a->kind != GUARD_ACT_REPORT_RECOVERED)
			continue;
		if (w->is_reported == is_failed)
			fail("a report that says nothing new");
		w->is_reported = is_failed;
		feed(i, &(struct srp_event){.kind = is_failed ? SRP_EV_MONITOR_FAILED : SRP_EV_MONITOR_RECOVERED,
		                            .reason = kind_reasons[k]});
	}
}

static void
monitor_set(int i, int k, bool has_failed)
{
	struct watched *w = &sim.c[i].watched[k];

	if (w->has_failed == has_failed)
		return;
	w->has_failed = has_failed;
	w->failed_at = sim.now;
	w->damping_ms = 0;
	for (int c = 0; c < GUARD_CAUSE_COUNT; c++)
		if (sim.now < w->window_end[c] && w->guard.periods.damping_ms[c] > w->damping_ms)
			w->damping_ms = w->guard.periods.damping_ms[c];
	guard_feed(i, k, has_failed ? GUARD_EV_FAILED : GUARD_EV_RECOVERED);
}

#endif
