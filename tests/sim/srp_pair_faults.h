/*
 * srp_pair_faults.h - the faults of the simulation, what each may and may not do, and the counts.
 *
 * Part of srp_pair.c, which includes it once; split off for its length only.
 */
#ifndef SRP_PAIR_FAULTS_H
#define SRP_PAIR_FAULTS_H

enum fault {
	FAULT_RESET,
	FAULT_SHORT_CUT,
	FAULT_LONG_CUT,
	FAULT_ONE_WAY_TO_ACTIVE,
	FAULT_ONE_WAY_TO_STANDBY,
	FAULT_SLOW_LINK,
	FAULT_SHORT_FREEZE,
	FAULT_FREEZE_ACTIVE,
	FAULT_FREEZE_STANDBY,
	FAULT_CRASH_ACTIVE,
	FAULT_CRASH_STANDBY,
	FAULT_CRASH_BOTH,
	FAULT_QUICK_RESTART,
	FAULT_SWITCHOVER,
	FAULT_SWITCHOVER_CRASH_ACTIVE,
	FAULT_SWITCHOVER_CRASH_STANDBY,
	FAULT_SWITCHOVER_RESET,
	FAULT_SWITCHOVER_CUT,
	FAULT_SWITCHOVER_FREEZE,
	FAULT_STRANGER,
	FAULT_MONITOR,
	FAULT_MONITOR_KEPT,
	FAULT_MONITOR_SHARED,
	FAULT_MONITOR_ALONE,
	FAULT_COUNT
};

static const char *const fault_names[FAULT_COUNT] = {
    "reset",
    "short cut",
    "long cut",
    "one-way cut towards the Active",
    "one-way cut towards the Standby",
    "slow link",
    "short freeze",
    "freeze of the Active",
    "freeze of the Standby",
    "crash of the Active",
    "crash of the Standby",
    "crash of both",
    "quick restart of the Active",
    "operator switchover",
    "switchover and crash of the Active",
    "switchover and crash of the Standby",
    "switchover and reset",
    "switchover and cut",
    "switchover and freeze",
    "stranger on the address, crash of the Active",
    "monitor failure of the Active",
    "AAA failure of one chassis after the other",
    "monitor failure of both chassis",
    "monitor failure of the Active without a Standby",
};

enum { SEEDS_FOR_ALL = 50 }; /* with so many, a fault kind that never happened is a fault of the simulation */

static uint64_t fault_counts[FAULT_COUNT];

static void
expect_unchanged(int a, unsigned transitions)
{
	if (active_side() != a || sim.c[0].transitions + sim.c[1].transitions != transitions)
		fail("a chassis changed its state");
}

static void
cut(bool to_active, bool to_standby, int a, uint64_t us)
{
	sim.c[a].is_cut = to_active;
	sim.c[1 - a].is_cut = to_standby;
	run_for(us);
}

/* The loss of the Active: the Standby serves within the dead interval and a little, as nothing else is wrong. */
static void
lose_active(int a)
{
	uint64_t from = sim.now;

	crash(a);
	while (active_side() < 0 && sim.now - from <= DEAD_MS * MS + EPSILON)
		run_for(MS);
	if (active_side() != 1 - a)
		fail("no takeover within the dead interval");
	if (sim.now - from > takeover_longest)
		takeover_longest = sim.now - from;
	run_for(between(0, 5 * SEC));
}

static void
planned(int a)
{
	unsigned before = sim.c[a].answers;
	uint64_t from = 0;

	operate(a);
	for (int ms = 0; ms < PHASE_MS && sim.c[a].answers == before; ms++) {
		run_for(MS);
		if (active_side() < 0 && from == 0)
			from = sim.now;
		if (active_side() >= 0 && from != 0 && sim.now - from > gap_longest)
			gap_longest = sim.now - from;
	}
	if (sim.c[a].answers != before + 1 || sim.c[a].answer != SRP_ANSWER_OK)
		fail("a switchover of a healthy pair is not answered with success");
	if (active_side() != 1 - a || srp_state(&sim.c[a].e) != SRP_STANDBY)
		fail("a switchover of a healthy pair did not swap the roles");
}

/* Faults without any right to change who serves. */
static void
harmless(int a, enum fault f)
{
	unsigned before = sim.c[0].transitions + sim.c[1].transitions;
	uint64_t shorter = between(0, (DEAD_MS - HELLO_MS) * MS - EPSILON);

	switch (f) {
	case FAULT_RESET:
		disconnect(-1);
		break;
	case FAULT_SHORT_CUT:
		cut(true, true, a, shorter);
		break;
	case FAULT_SLOW_LINK:
		sim.latency = between(5 * MS, 200 * MS);
		run_for(2 * SETTLE);
		break;
	case FAULT_SHORT_FREEZE:
		sim.c[rng_below(&sim.rng, 2)].is_frozen = true;
		run_for(shorter);
		break;
	case FAULT_ONE_WAY_TO_ACTIVE: /* the Standby still hears it */
		cut(true, false, a, between(0, 4 * DEAD_MS) * MS);
		break;
	default: /* FAULT_CRASH_STANDBY */
		crash(1 - a);
		run_for(between(0, 4 * DEAD_MS) * MS);
		heal();
		run_for(SETTLE);
		if (active_side() != a)
			fail("the loss of the Standby moved the service");
		return;
	}
	heal();
	run_for(SETTLE);
	/* A one-way cut ends the connection when its deaf side dials afresh; it cannot, and the other side takes over.
	 */
	if (f != FAULT_ONE_WAY_TO_ACTIVE)
		expect_unchanged(a, before);
}

static void
during_switchover(int a, enum fault f)
{
	operate(a);
	run_for(between(0, 20 * MS));
	switch (f) {
	case FAULT_SWITCHOVER_CRASH_ACTIVE:
		crash(a);
		break;
	case FAULT_SWITCHOVER_CRASH_STANDBY:
		crash(1 - a);
		break;
	case FAULT_SWITCHOVER_RESET:
		disconnect(-1);
		break;
	case FAULT_SWITCHOVER_CUT:
		sim.c[0].is_cut = rng_below(&sim.rng, 2) == 0;
		sim.c[1].is_cut = rng_below(&sim.rng, 2) == 0;
		break;
	default:
		sim.c[rng_below(&sim.rng, 2)].is_frozen = true;
		break;
	}
	run_for(between(0, 3 * DEAD_MS) * MS);
}

static void
expect_active(int a, uint8_t cause, const char *why)
{
	run_for(PHASE_MS * MS);
	if (active_side() != a || srp_state(&sim.c[1 - a].e) != SRP_STANDBY)
		fail("%s", why);
	if (sim.c[0].e.cause != cause || sim.c[1].e.cause != cause)
		fail("the two histories do not tell the same reason");
}

/* The pair is healthy but for its monitors; who may hand over does so at once, who may not stays. */
static void
monitors(int a, enum fault f)
{
	uint8_t reason = f == FAULT_MONITOR_KEPT ? SRP_REASON_AAA_FAILURE : SRP_REASON_BGP_FAILURE;
	int b = 1 - a;

	monitor(a, SRP_EV_RESET_FAIL, SRP_REASON_AAA_FAILURE);
	if (f == FAULT_MONITOR_SHARED) {
		monitor(b, SRP_EV_MONITOR_FAILED, reason);
		run_for(HELLO_MS * MS);
		monitor(a, SRP_EV_MONITOR_FAILED, reason);
		run_for(4 * SRP_INTERNAL_RETRY_MS_MIN * (uint64_t)MS);
		if (active_side() != a)
			fail("handed over to a chassis with the same failure");
		monitor(b, SRP_EV_MONITOR_RECOVERED, reason);
	} else if (f == FAULT_MONITOR_ALONE) {
		crash(b);
		monitor(a, SRP_EV_MONITOR_FAILED, reason);
		run_for(6 * SRP_INTERNAL_RETRY_MS_MIN * (uint64_t)MS);
		if (active_side() != a || !(sim.c[a].e.alarms >> SRP_ALARM_INTERNAL_SWITCHOVER & 1))
			fail("alone with a failure, and no alarm says that this chassis should hand over");
		boot(b);
		run_for(SETTLE);
	} else {
		monitor(a, SRP_EV_MONITOR_FAILED, reason);
	}
	expect_active(b, reason, "a monitor of the Active failed, and it did not hand over to a healthy Standby");
	if (sim.c[a].e.alarms >> SRP_ALARM_INTERNAL_SWITCHOVER & 1)
		fail("handed over, and the alarm stands");
	monitor(a, SRP_EV_MONITOR_RECOVERED, reason);
	if (f != FAULT_MONITOR_KEPT)
		return;
	monitor(b, SRP_EV_MONITOR_FAILED, reason);
	run_for(4 * SRP_INTERNAL_RETRY_MS_MIN * (uint64_t)MS);
	if (active_side() != b)
		fail("a non-revertible failure was handed to and fro");
	monitor(b, SRP_EV_RESET_FAIL, reason);
	expect_active(a, reason, "the failure was reset, stands, and was not handed over");
	monitor(b, SRP_EV_MONITOR_RECOVERED, reason);
}

static void
harmful(int a, enum fault f)
{
	uint64_t longer = between(DEAD_MS, 4 * DEAD_MS) * MS;

	switch (f) {
	case FAULT_LONG_CUT:
		cut(true, true, a, longer);
		break;
	case FAULT_ONE_WAY_TO_STANDBY:
		cut(false, true, a, longer);
		break;
	case FAULT_FREEZE_ACTIVE:
	case FAULT_FREEZE_STANDBY:
		sim.c[f == FAULT_FREEZE_ACTIVE ? a : 1 - a].is_frozen = true;
		run_for(longer);
		break;
	case FAULT_CRASH_ACTIVE:
		lose_active(a);
		break;
	case FAULT_CRASH_BOTH:
		crash(a);
		run_for(between(0, DEAD_MS) * MS);
		crash(1 - a);
		break;
	case FAULT_QUICK_RESTART:
		crash(a);
		run_for(between(0, HELLO_MS) * MS);
		boot(a);
		run_for(EPSILON + 2 * DIAL_PACE);
		if (active_side() != 1 - a)
			fail("the Active came back without its calls, and the Standby did not take over at once");
		break;
	case FAULT_SWITCHOVER:
		planned(a);
		break;
	case FAULT_STRANGER:
		sim.has_stranger = true;
		crash(a);
		run_for(2 * DEAD_MS * MS);
		if (active_side() >= 0 || srp_state(&sim.c[1 - a].e) != SRP_PENDING_ACTIVE)
			fail("the address is in use elsewhere, and the chassis is not PendingActive");
		sim.has_stranger = false;
		run_for(EPSILON);
		if (active_side() != 1 - a)
			fail("the address is free again, and the chassis is not Active");
		break;
	case FAULT_MONITOR:
	case FAULT_MONITOR_KEPT:
	case FAULT_MONITOR_SHARED:
	case FAULT_MONITOR_ALONE:
		monitors(a, f);
		break;
	default:
		during_switchover(a, f);
	}
}

static void
inject(int a, enum fault f)
{
	fault_counts[f]++;
	switch (f) {
	case FAULT_RESET:
	case FAULT_SHORT_CUT:
	case FAULT_SLOW_LINK:
	case FAULT_SHORT_FREEZE:
	case FAULT_CRASH_STANDBY:
	case FAULT_ONE_WAY_TO_ACTIVE:
		harmless(a, f);
		break;
	default:
		harmful(a, f);
	}
}

static void
calm_step(void)
{
	int a = settle();

	run_for(between(0, HELLO_MS) * MS);
	inject(a, (enum fault)rng_below(&sim.rng, FAULT_COUNT));
	(void)settle();
}

static void
wild_monitor(int i)
{
	static const enum srp_reason reasons[] = {SRP_REASON_AAA_FAILURE, SRP_REASON_BGP_FAILURE,
	                                          SRP_REASON_DIAMETER_FAILURE};

	if (sim.c[i].is_alive && !sim.c[i].is_frozen)
		monitor(i, SRP_EV_MONITOR_FAILED + rng_below(&sim.rng, 3), reasons[rng_below(&sim.rng, 3)]);
}

/* Faults over each other; nothing is expected of any of them but the invariants, and that the pair heals. */
static void
wild_fault(void)
{
	int i = (int)rng_below(&sim.rng, 2);
	struct chassis *c = &sim.c[i];

	switch (rng_below(&sim.rng, 9)) {
	case 0:
		disconnect(-1);
		fault_counts[FAULT_RESET]++;
		break;
	case 1:
		c->is_cut = !c->is_cut;
		break;
	case 2:
		c->is_frozen = !c->is_frozen;
		break;
	case 3:
		if (c->is_alive)
			crash(i);
		else
			boot(i);
		break;
	case 4:
		sim.latency = between(50, 100 * MS);
		break;
	case 5:
		sim.has_stranger = !sim.has_stranger;
		break;
	case 6:
		if (!c->is_alive || c->is_frozen)
			break;
		operate(i);
		break;
	case 7:
		wild_monitor(i);
		break;
	default:
		sim.c[0].is_cut = sim.c[1].is_cut = false;
	}
}

static void
wild_run(void)
{
	for (int round = 0; round < 4; round++) {
		for (int k = 0; k < WILD_STEPS; k++) {
			static const uint32_t waits[] = {2, 50, HELLO_MS, DEAD_MS, 2 * DEAD_MS};

			wild_fault();
			run_for(between(0, waits[rng_below(&sim.rng, 5)]) * MS);
		}
		(void)settle();
	}
}

static int
report(uint64_t first, uint64_t count)
{
	const struct fsm_table *t = srp_fsm_table();
	size_t hit = 0;
	int missing = 0;

	for (int f = 0; f < FAULT_COUNT; f++) {
		printf("%8" PRIu64 " %s\n", fault_counts[f], fault_names[f]);
		missing += fault_counts[f] == 0;
	}
	printf("%8" PRIu64 " answers to requests withdrawn meanwhile\n", late_answers);
	for (size_t i = 0; i < t->count; i++) {
		hit += row_hits[i] > 0;
		printf("%8" PRIu64 " row %zu %s, %s: %s\n", row_hits[i], i,
		       t->rows[i].state == FSM_ANY_STATE ? "any" : t->states[t->rows[i].state],
		       t->events[t->rows[i].event], t->rows[i].reason);
	}
	printf("longest: two Active over a working link %.3f ms, takeover after a crash %.3f ms, planned gap %.3f ms\n",
	       (double)dual_longest / MS, (double)takeover_longest / MS, (double)gap_longest / MS);
	printf("srp_pair: %" PRIu64 " seeds from %" PRIu64 ", %d of %d fault kinds, rows %zu/%zu hit\n", count, first,
	       FAULT_COUNT - missing, FAULT_COUNT, hit, t->count);
	missing += late_answers == 0;
	return missing > 0 && count >= SEEDS_FOR_ALL;
}

#endif
