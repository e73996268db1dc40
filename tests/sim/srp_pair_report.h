/*
 * srp_pair_report.h - how often each fault, claim and row occurred in the simulation; a zero fails.
 *
 * Part of srp_pair.c, which includes it once; split off for its length only.
 */
#ifndef SRP_PAIR_REPORT_H
#define SRP_PAIR_REPORT_H

/*
 * Rows that are there so that no pair of state and event is left open, and that two chassis never take while their
 * shells keep what srp.h asks for. The explorer, which loses single messages, or its scripts take them.
 */
static const struct {
	const char *table;
	uint8_t state, event, guard;
} beyond[] = {
    /* a shell does not feed an engine that it has not started, and starts it once */
    {"srp", FSM_DOWN, SRP_EV_STOP, 0},
    {"srp", FSM_DOWN, SRP_EV_RECONFIG, 0},
    {"srp", FSM_DOWN, SRP_EV_LINK_UP, 0},
    {"srp", FSM_DOWN, SRP_EV_LINK_DOWN, 0},
    {"srp", FSM_DOWN, SRP_EV_HELLO, 0},
    {"srp", FSM_DOWN, SRP_EV_TIMER_HELLO, 0},
    {"srp", FSM_DOWN, SRP_EV_TIMER_DEAD, 0},
    {"srp", FSM_DOWN, SRP_EV_PREPARE, 0},
    {"srp", FSM_DOWN, SRP_EV_TAKE, 0},
    {"srp", FSM_ANY_STATE, SRP_EV_START, 0},
    /* a timer that was stopped does not fire, and no answer comes twice */
    {"srp", FSM_ANY_STATE, SRP_EV_TIMER_DELAY, 0},
    {"srp", FSM_ANY_STATE, SRP_EV_TIMER_RETRY, 0},
    {"srp", FSM_ANY_STATE, SRP_EV_TIMER_PHASE, 0},
    {"srp", FSM_ANY_STATE, SRP_EV_ADDRESS_TAKEN, 0},
    {"srp", FSM_ANY_STATE, SRP_EV_ADDRESS_BUSY, 0},
    {"guard", GUARD_CLEAR, GUARD_EV_TIMER_SWITCHOVER, 0},
    {"guard", GUARD_CLEAR, GUARD_EV_TIMER_LOCAL, 0},
    {"guard", FSM_ANY_STATE, GUARD_EV_TIMER_DAMPING, 0},
    /* a connection keeps the order: the hello of a change comes before what follows it */
    {"srp", FSM_INIT, SRP_EV_TAKE, 0},
    {"srp", FSM_STANDBY, SRP_EV_PREPARE, G_EPOCH_OLD},
    {"srp", FSM_HOLDING, SRP_EV_FLUSHED, G_NOT_GIVEN},
    {"srp", FSM_PREPARING, SRP_EV_HELLO, G_DUAL_LOST},
    {"srp", FSM_PREPARING, SRP_EV_TAKE, 0},
    {"srp", FSM_HANDING_FLUSH, SRP_EV_REFUSE, G_REQUEST_OLD},
    {"srp", FSM_HANDING, SRP_EV_REFUSE, G_REQUEST_OLD},
    {"srp", FSM_ANY_STATE, SRP_EV_TAKE, 0},
    /* there was a number for the new incarnation when the address was taken */
    {"srp", FSM_HOLDING, SRP_EV_FLUSHED, G_NO_EPOCH},
    /* READY is said by a Standby only, so never do both hand over */
    {"srp", FSM_HANDING_FLUSH, SRP_EV_HELLO, G_BOTH_PENDING_STANDBY},
    {"srp", FSM_HANDING, SRP_EV_HELLO, G_BOTH_PENDING_STANDBY},
};

static bool
is_beyond_simulation(const struct fsm_table *t, const struct fsm_row *r)
{
	for (size_t k = 0; k < sizeof beyond / sizeof beyond[0]; k++)
		if (strcmp(beyond[k].table, t->name) == 0 && beyond[k].state == r->state &&
		    beyond[k].event == r->event && beyond[k].guard == r->guard)
			return true;
	return false;
}

static unsigned
print_table(const struct fsm_table *t, const uint64_t *hits, size_t *hit)
{
	unsigned missing = 0;

	*hit = 0;
	for (size_t i = 0; i < t->count; i++) {
		const struct fsm_row *r = &t->rows[i];
		bool is_beyond = is_beyond_simulation(t, r);

		*hit += hits[i] > 0;
		missing += (hits[i] == 0) != is_beyond;
		printf("%10" PRIu64 " %s %zu %s, %s: %s%s\n", hits[i], t->name, i,
		       r->state == FSM_ANY_STATE ? "any" : t->states[r->state], t->events[r->event], r->reason,
		       hits[i] > 0 ? ""
		       : is_beyond ? " (beyond the simulation)"
		                   : " (NEVER)");
	}
	return missing;
}

static int
report(uint64_t first, uint64_t count, uint64_t hours, uint64_t twice)
{
	double cpu_hours = (double)clock() / CLOCKS_PER_SEC / 3600;
	size_t hit, guard_hit;
	unsigned missing = 0, faults = 0;

	for (int f = 0; f < FAULT_COUNT; f++) {
		printf("%10" PRIu64 " fault: %s\n", fault_counts[f], fault_names[f]);
		faults += fault_counts[f] == 0;
	}
	printf("%10" PRIu64 " packets sent again, %" PRIu64 " twice\n", lost_packets, doubled_packets);
	printf("%10" PRIu64 " answers to requests withdrawn meanwhile\n", late_answers);
	printf("%10" PRIu64 " failures damped, %" PRIu64 " that outlasted the damping period\n", damped,
	       guarded_reports);
	claims_print();
	missing += print_table(srp_fsm_table(), row_hits, &hit);
	missing += print_table(guard_fsm_table(), guard_hits, &guard_hit);
	printf("longest: two Active over a working link %.3f ms, takeover after a crash %.3f ms, planned gap %.3f ms\n",
	       (double)dual_longest / MS, (double)takeover_longest / MS, (double)gap_longest / MS);
	printf("%" PRIu64 " events, %" PRIu64 " entries of the history; %.0f virtual hours in an hour of CPU\n", events,
	       entries, (double)hours / cpu_hours);
	printf("srp_pair: %" PRIu64 " seeds of an hour from %" PRIu64 ", %" PRIu64
	       " run twice, %u of %d fault kinds, rows %zu/%zu and %zu/%zu hit\n",
	       count, first, twice, FAULT_COUNT - faults, FAULT_COUNT, hit, srp_fsm_table()->count, guard_hit,
	       guard_fsm_table()->count);
	if (count < SEEDS_FOR_ALL)
		return 0;
	return faults > 0 || missing > 0 || late_answers == 0 || lost_packets == 0 || doubled_packets == 0 ||
	       damped == 0 || guarded_reports == 0;
}

#endif
