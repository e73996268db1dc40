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
	FAULT_SWITCHOVER_PARTITION,
	FAULT_STRANGER,
	FAULT_MONITOR,
	FAULT_MONITOR_KEPT,
	FAULT_MONITOR_SHARED,
	FAULT_MONITOR_ALONE,
	FAULT_MONITOR_GUARDED,
	FAULT_LOSS,
	FAULT_DUPLICATION,
	FAULT_CLOCK_JUMP,
	FAULT_SLOW_DISK,
	FAULT_HANGING_DRIVER,
	FAULT_UNREADY,
	FAULT_CONFIG_DIFFERS,
	FAULT_DRY_RUN,
	FAULT_OPTION_OF_ONE,
	FAULT_STOP_ACTIVE,
	FAULT_STOP_STANDBY,
	FAULT_TIE,
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
    "switchover that hangs, cut until the Standby serves",
    "stranger on the address, crash of the Active",
    "monitor failure of the Active",
    "AAA failure of one chassis after the other",
    "monitor failure of both chassis",
    "monitor failure of the Active without a Standby",
    "monitor failure inside a guard period",
    "loss",
    "duplication",
    "jump of the wall clock",
    "slow disk, crash of the Active",
    "switchover with a driver that hangs",
    "switchover without session managers, then forced",
    "switchover with configurations that differ, then forced",
    "dry run",
    "option of one side, switchover",
    "stop of the Active by configuration",
    "stop of the Standby by configuration",
    "start with nothing that tells them apart",
};

enum { SEEDS_FOR_ALL = 1000 }; /* with so many, a fault kind that never happened is a fault of the simulation */

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
	case FAULT_DUPLICATION:
		sim.is_doubling = true;
		run_for(between(0, 2 * SETTLE));
		if (rng_below(&sim.rng, 2) == 0) {
			planned(a);
			return;
		}
		break;
	case FAULT_CLOCK_JUMP:
		sim.c[rng_below(&sim.rng, 2)].wall_offset = ((int64_t)rng_below(&sim.rng, 2000000) - 1000000) * SEC;
		run_for(between(0, 2 * SETTLE));
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
	sim.hang_ms = rng_below(&sim.rng, 2) * 3 * PHASE_MS;
	operate(a);
	run_for(between(0, sim.hang_ms > 0 ? 2 * PHASE_MS * MS : 20 * MS));
	switch (f) {
	case FAULT_SWITCHOVER_CRASH_ACTIVE:
		crash(a);
		break;
	case FAULT_SWITCHOVER_CRASH_STANDBY:
		crash(1 - a);
		if (rng_below(&sim.rng, 2) == 0)
			boot(1 - a);
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

/*
 * Giving or flushing hangs, and the two lose each other: the Standby takes over by its dead interval before this
 * chassis knows, or, with the address held early, this chassis takes back before the Standby has given up.
 */
static void
partition(int a)
{
	bool is_early = (srp_options_agreed(sim.c[a].e.config.options, sim.c[a].e.peer.options) & SRP_OPT_EARLY) != 0;
	bool is_given = rng_below(&sim.rng, 2) == 0;
	uint8_t until = !is_given ? FSM_GIVING : is_early ? FSM_HANDING_FLUSH : FSM_FLUSHING;
	int first = until == FSM_HANDING_FLUSH ? a : 1 - a;
	uint8_t wanted = rng_below(&sim.rng, 2) == 0 ? SRP_ACTIVE : SRP_PENDING_ACTIVE;
	uint64_t from;

	sim.latency = 150 * MS; /* the Standby's dead interval is over so much earlier */
	feed(a, &(struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER, .asker = 8, .timeout_ms = 3 * DEAD_MS});
	for (int k = 0; k < PHASE_MS * 50 && sim.c[a].e.fsm_state != until && sim.c[a].e.fsm_state != FSM_HANDING; k++)
		run_for(20);
	if (sim.c[a].e.fsm_state != until)
		return;
	sim.c[a].driver_at = sim.now + 2 * DEAD_MS * MS;
	run_for(PHASE_MS * MS);
	sim.c[a].is_cut = true;
	sim.c[1 - a].is_cut = first != a;
	for (from = sim.now; sim.now - from < 2 * DEAD_MS * MS && srp_state(&sim.c[first].e) != wanted;)
		run_for(20);
	sim.latency = 50;
	sim.c[0].is_cut = sim.c[1].is_cut = false;
	run_for(EPSILON);
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
	int kind = f == FAULT_MONITOR_KEPT ? 0 : 1, b = 1 - a;
	uint8_t reason = kind_reasons[kind];

	reset_fail(a, SRP_REASON_AAA_FAILURE);
	if (f == FAULT_MONITOR_SHARED) {
		monitor_set(b, kind, true);
		run_for(HELLO_MS * MS);
		monitor_set(a, kind, true);
		run_for(4 * SRP_INTERNAL_RETRY_MS_MIN * (uint64_t)MS);
		if (active_side() != a)
			fail("handed over to a chassis with the same failure");
		monitor_set(b, kind, false);
	} else if (f == FAULT_MONITOR_ALONE) {
		crash(b);
		monitor_set(a, kind, true);
		run_for(6 * SRP_INTERNAL_RETRY_MS_MIN * (uint64_t)MS);
		if (active_side() != a || !(sim.c[a].e.alarms >> SRP_ALARM_INTERNAL_SWITCHOVER & 1))
			fail("alone with a failure, and no alarm says that this chassis should hand over");
		boot(b);
		run_for(SETTLE);
	} else {
		monitor_set(a, kind, true);
	}
	expect_active(b, reason, "a monitor of the Active failed, and it did not hand over to a healthy Standby");
	if (sim.c[a].e.alarms >> SRP_ALARM_INTERNAL_SWITCHOVER & 1)
		fail("handed over, and the alarm stands");
	monitor_set(a, kind, false);
	if (f != FAULT_MONITOR_KEPT)
		return;
	monitor_set(b, kind, true);
	run_for(4 * SRP_INTERNAL_RETRY_MS_MIN * (uint64_t)MS);
	if (active_side() != b)
		fail("a non-revertible failure was handed to and fro");
	reset_fail(b, reason);
	expect_active(a, reason, "the failure was reset, stands, and was not handed over");
	monitor_set(b, kind, false);
}

static void
guard_periods(uint32_t guard_ms, uint32_t damping_ms)
{
	const struct guard_periods p = {{guard_ms, guard_ms / 2}, {damping_ms, damping_ms / 2}};

	for (int i = 0; i < 2; i++)
		for (int k = 0; k < KINDS; k++)
			guard_configure(&sim.c[i].watched[k].guard, &p);
}

/* A chassis that has just taken over: what fails now hands over only when it outlasts the damping period. */
static void
guarded(int a)
{
	int b = 1 - a, kind = (int)rng_below(&sim.rng, KINDS);
	bool is_short = rng_below(&sim.rng, 2) == 0;
	uint64_t early = between(0, GUARD_MS - 1000) * MS;

	guard_periods(GUARD_MS, DAMPING_MS);
	reset_fail(a, SRP_REASON_AAA_FAILURE);
	reset_fail(a, SRP_REASON_DIAMETER_FAILURE);
	planned(a);
	reset_fail(b, kind_reasons[kind]);
	run_for(early);
	monitor_set(b, kind, true);
	run_for(DAMPING_MS * MS - EPSILON);
	if (active_side() != b)
		fail("switched inside the guard period before the damping period was over");
	if (is_short)
		monitor_set(b, kind, false);
	run_for(2 * EPSILON + PHASE_MS * MS);
	if (active_side() != (is_short ? b : a))
		fail(is_short ? "a failure that ended within the damping period switched"
		              : "a failure that outlasted the damping period did not switch");
	run_for(2 * GUARD_MS * MS);
	monitor_set(b, kind, false);
	guard_periods(0, 0);
}

#include "tests/sim/srp_pair_operators.h"

/* Neither serves, both have the alarm; a priority decides. Both in Init, or one Standby of a peer that never served. */
static void
tie(void)
{
	struct srp_config c;

	fault_counts[FAULT_TIE]++;
	sim.is_alike = true;
	if (rng_below(&sim.rng, 2) == 0) {
		sim.has_stranger = true;
		boot(0);
		run_for(2 * DEAD_MS * MS);
		boot(1);
		run_for(EPSILON);
		crash(0);
		boot(0);
	}
	heal();
	run_for(SETTLE);
	if (active_side() >= 0 || !(sim.c[0].e.alarms & sim.c[1].e.alarms & 1u << SRP_ALARM_MAC_CONFLICT))
		fail("nothing tells them apart, and one serves or has no alarm");
	sim.is_alike = false;
	for (int i = 1; i >= 0; i--) {
		c = sim.c[i].e.config;
		c.priority = (uint8_t)(i + 1);
		feed(i, &(struct srp_event){.kind = SRP_EV_RECONFIG, .config = &c});
	}
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
	case FAULT_MONITOR_GUARDED:
		guarded(a);
		break;
	case FAULT_LOSS:
		sim.loss = 30;
		run_for(longer);
		operate(a);
		run_for(longer);
		break;
	case FAULT_SLOW_DISK:
		sim.disk_us = 10 * SEC;
		crash(1 - a);
		boot(1 - a);
		run_for(EPSILON);
		sim.hang_ms = 3 * PHASE_MS;
		if (rng_below(&sim.rng, 2) == 0)
			crash(a);
		else
			operate(a);
		run_for(5 * DEAD_MS * MS);
		break;
	case FAULT_HANGING_DRIVER:
		hanging(a);
		break;
	case FAULT_UNREADY:
	case FAULT_CONFIG_DIFFERS:
	case FAULT_DRY_RUN:
	case FAULT_OPTION_OF_ONE:
		operators(a, f);
		break;
	case FAULT_STOP_ACTIVE:
	case FAULT_STOP_STANDBY:
		stopped(a, f);
		break;
	case FAULT_SWITCHOVER_PARTITION:
		partition(a);
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
	case FAULT_DUPLICATION:
	case FAULT_CLOCK_JUMP:
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
	inject(a, (enum fault)rng_below(&sim.rng, FAULT_TIE));
	(void)settle();
}

#endif
