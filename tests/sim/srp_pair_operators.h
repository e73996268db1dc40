/*
 * srp_pair_operators.h - operators and configuration in the simulation: what is refused, forced, tried, stopped.
 *
 * Part of srp_pair.c, which includes it once; split off for its length only.
 */
#ifndef SRP_PAIR_OPERATORS_H
#define SRP_PAIR_OPERATORS_H

static void
ask(int i, bool is_forced, bool is_dry_run)
{
	feed(i, &(struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER,
	                            .asker = 7,
	                            .is_forced = is_forced,
	                            .is_dry_run = is_dry_run,
	                            .not_connected = sim.c[i].unready,
	                            .config_differs = sim.differs});
}

/* Refused with @answer, and nothing changes; forced it goes. */
static void
refused(int a, enum srp_answer answer)
{
	unsigned before = sim.c[0].transitions + sim.c[1].transitions;

	ask(a, false, false);
	run_for(PHASE_MS * MS);
	if (sim.c[a].answer != answer)
		fail("answered %s instead of %s", srp_answer_text(sim.c[a].answer), srp_answer_text(answer));
	expect_unchanged(a, before);
	ask(a, true, false);
	run_for(PHASE_MS * MS);
	if (sim.c[a].answer != SRP_ANSWER_OK || active_side() != 1 - a)
		fail("a forced switchover of a healthy pair did not swap the roles");
}

/* Session managers are lost between READY and TAKE: the peer refuses, and this chassis serves again. */
static void
unready_since(int a)
{
	ask(a, false, false);
	while (sim.c[a].e.fsm_state == FSM_PREPARING)
		run_for(20);
	sim.c[1 - a].unready = 1;
	run_for(PHASE_MS * MS);
	if (active_side() != a || sim.c[a].answer != SRP_ANSWER_RESUMED)
		fail("session managers were lost after READY, and the calls were handed over all the same");
}

static void
operators(int a, enum fault f)
{
	unsigned before = sim.c[0].transitions + sim.c[1].transitions;

	switch (f) {
	case FAULT_UNREADY:
		if (rng_below(&sim.rng, 3) == 0) {
			unready_since(a);
		} else if (rng_below(&sim.rng, 2) == 0) {
			sim.c[a].unready = 3;
			refused(a, SRP_ANSWER_NOT_CONNECTED);
		} else {
			sim.c[1 - a].unready = 3;
			refused(a, SRP_ANSWER_PEER_REFUSED);
		}
		break;
	case FAULT_CONFIG_DIFFERS:
		if (rng_below(&sim.rng, 2) == 0) {
			sim.differs = 2;
			refused(a, SRP_ANSWER_CONFIG_DIFFERS);
			break;
		}
		ask(a, false, false); /* the peer finds out between question and answer */
		sim.differs = 2;
		run_for(PHASE_MS * MS);
		if (sim.c[a].answer != SRP_ANSWER_PEER_REFUSED)
			fail("the Standby saw lines that differ and did not refuse");
		expect_unchanged(a, before);
		break;
	case FAULT_DRY_RUN:
		ask(a, false, true);
		if (sim.c[a].answer != SRP_ANSWER_DRY_RUN_OK)
			fail("a dry run of a healthy pair does not say that it would go");
		expect_unchanged(a, before);
		break;
	default: { /* FAULT_OPTION_OF_ONE: the early transition acts only while both have it */
		struct srp_config c = sim.c[1 - a].e.config;

		c.options ^= SRP_OPT_EARLY;
		feed(1 - a, &(struct srp_event){.kind = SRP_EV_RECONFIG, .config = &c});
		run_for(EPSILON);
		expect_unchanged(a, before);
		planned(a);
		c.options ^= SRP_OPT_EARLY;
		feed(1 - a, &(struct srp_event){.kind = SRP_EV_RECONFIG, .config = &c});
	}
	}
}

static void
hanging(int a)
{
	unsigned before = sim.c[a].answers;

	sim.hang_ms = 3 * PHASE_MS;
	operate(a);
	run_for(6 * PHASE_MS * MS);
	if (sim.c[a].answers != before + 1)
		fail("a switchover with a driver that hangs has no answer");
	run_for(2 * DEAD_MS * MS);
}

static void
stopped(int a, enum fault f)
{
	int i = f == FAULT_STOP_ACTIVE ? a : 1 - a;

	stop(i);
	run_for(between(0, 2 * DEAD_MS) * MS);
	if (f == FAULT_STOP_STANDBY && active_side() != a)
		fail("the stop of the Standby moved the service");
}

#endif
