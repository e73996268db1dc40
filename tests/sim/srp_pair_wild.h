/*
 * srp_pair_wild.h - faults of the simulation that overlap, in any order.
 *
 * Part of srp_pair.c, which includes it once; split off for its length only.
 */
#ifndef SRP_PAIR_WILD_H
#define SRP_PAIR_WILD_H

static void
wild_monitor(int i)
{
	int kind = (int)rng_below(&sim.rng, KINDS);

	if (rng_below(&sim.rng, 8) == 0)
		reset_fail(i, kind_reasons[kind]);
	else if (rng_below(&sim.rng, 8) == 0) /* said again */
		guard_feed(i, kind, sim.c[i].watched[kind].has_failed ? GUARD_EV_FAILED : GUARD_EV_RECOVERED);
	else
		monitor_set(i, kind, rng_below(&sim.rng, 2) == 0);
}

static void
wild_chassis(int i)
{
	struct chassis *c = &sim.c[i];

	switch (rng_below(&sim.rng, 8)) {
	case 0:
		c->is_cut = !c->is_cut;
		break;
	case 1:
		c->is_frozen = !c->is_frozen;
		break;
	case 2:
		if (c->is_alive)
			crash(i);
		else
			boot(i);
		break;
	case 3:
		if (is_up(i) && !c->is_frozen && rng_below(&sim.rng, 4) == 0)
			stop(i);
		else if (c->is_alive && c->e.fsm_state == FSM_DOWN)
			start(i, c->incarnation);
		break;
	case 4:
		c->unready = rng_below(&sim.rng, 2);
		break;
	case 5:
		c->wall_offset = (int64_t)rng_below(&sim.rng, 2000000) * SEC;
		break;
	case 6: /* a task died */
		for (int k = 0; k < KINDS && is_up(i) && !c->is_frozen; k++)
			guard_feed(i, k, GUARD_EV_LOCAL);
		break;
	default:
		if (!is_up(i) || c->is_frozen)
			break;
		if (rng_below(&sim.rng, 2) == 0)
			operate(i);
		else
			ask(i, rng_below(&sim.rng, 2) == 0, rng_below(&sim.rng, 8) == 0);
	}
}

/* Whatever can happen to the two that hand over, at any moment of it, while drivers hang and the link is slow. */
static void
wild_switchover(void)
{
	int a = active_side();

	if (a < 0 || sim.c[a].is_frozen)
		return;
	sim.hang_ms = 2 * DEAD_MS;
	sim.latency = between(50, 300 * MS);
	feed(a, &(struct srp_event){
	            .kind = SRP_EV_OPERATOR_SWITCHOVER, .asker = 8, .is_forced = true, .timeout_ms = 3 * DEAD_MS});
	for (int k = 0; k < 3; k++) {
		int i = (int)rng_below(&sim.rng, 2);

		run_for(between(0, PHASE_MS) * MS);
		switch (rng_below(&sim.rng, 7)) {
		case 0:
			crash(i);
			boot(i);
			break;
		case 1:
			sim.c[i].is_frozen = true;
			break;
		case 2:
			sim.c[i].is_cut = true;
			break;
		case 3:
			sim.c[0].is_cut = sim.c[1].is_cut = sim.c[0].is_frozen = sim.c[1].is_frozen = false;
			break;
		case 4:
			disconnect(-1);
			break;
		case 5:
			if (is_up(i) && !sim.c[i].is_frozen)
				operate(i);
			break;
		default:
			run_for(DEAD_MS * MS);
		}
	}
}

/* Nothing is expected of any of them but the invariants, and that the pair heals. */
static void
wild_fault(void)
{
	int i = (int)rng_below(&sim.rng, 2);

	switch (rng_below(&sim.rng, 16)) {
	case 0:
		disconnect(-1);
		fault_counts[FAULT_RESET]++;
		break;
	case 1:
		sim.latency = between(50, 100 * MS);
		break;
	case 2:
		sim.latency = between(100 * MS, SEC);
		break;
	case 3:
		sim.has_stranger = !sim.has_stranger;
		break;
	case 4:
		sim.hang_ms = sim.hang_ms == 0 ? 3 * PHASE_MS : 0;
		break;
	case 5:
		sim.is_doubling = !sim.is_doubling;
		break;
	case 6:
		sim.loss = rng_below(&sim.rng, 3) * 20;
		break;
	case 7:
		sim.differs = rng_below(&sim.rng, 2);
		sim.disk_us = rng_below(&sim.rng, 2) == 0 ? DISK_US : 5 * SEC;
		break;
	case 8:
	case 9:
		if (is_up(i) && !sim.c[i].is_frozen)
			wild_monitor(i);
		break;
	case 11:
		wild_switchover();
		break;
	case 10:
		sim.c[0].is_cut = sim.c[1].is_cut = false;
		break;
	default:
		wild_chassis(i);
	}
}

static void
wild_round(void)
{
	guard_periods(sim.seed / 8 % 2 == 0 ? GUARD_MS : 0, sim.seed / 16 % 4 == 0 ? 0 : DAMPING_MS);
	for (int k = 0; k < WILD_STEPS; k++) {
		static const uint32_t waits[] = {2, 50, HELLO_MS, DEAD_MS, 2 * DEAD_MS};

		wild_fault();
		run_for(between(0, waits[rng_below(&sim.rng, 5)]) * MS);
	}
	(void)settle();
}

#endif
