/*
 * srp_pair.c - two redundancy engines in virtual time, with links, address drivers, guard timers, crashes and a seed.
 *
 * A seed is one virtual hour. Half of them inject one fault at a time and check what it may and may not do; the other
 * half lets faults overlap and checks that the pair heals. Every step is held against the claims of srp_claims.h, and
 * every change of the state against the production history (srp_history.h), which both chassis keep. A seed replays
 * exactly: every 50th is run twice, and everything that happened must be the same.
 *
 * Loss is what TCP makes of it: what is sent again is late, and so is all behind it; a connection loses what is on the
 * way. Duplication: every message comes twice, as of a sender or relay that repeats them. A frozen chassis wakes with
 * everything overdue, in any order. The clock that jumps is the wall clock: nothing but times shown may follow it.
 *
 * Usage: srp_pair [first seed [count]], or FIRST_SEED and SEEDS in the environment.
 * Ends with "srp_pair: N seeds, ..." and exit status 0, or prints the seed at fault.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "monitor/guard_timer.h"
#include "srp/srp_fsm.h"
#include "srp/srp_history.h"
#include "tests/model/srp_claims.h"

enum {
	MS = 1000, /* virtual time is microseconds */
	SEC = 1000 * MS,
	HELLO_MS = 1000,
	DEAD_MS = 3000,
	PHASE_MS = 500,
	FIFO_MAX = 64,
	DIAL_PACE = 100 * MS,
	RESEND = 200 * MS,
	EPSILON = 100 * MS,
	SETTLE = 3 * DEAD_MS * MS,
	DUAL_BOUND = (HELLO_MS + 500) * MS, /* two Active with a working link end within a hello and a half */
	WILD_STEPS = 40,
	EPOCH_BLOCK = 64,
	DISK_US = 500,
	GUARD_MS = 60000,
	DAMPING_MS = 10000,
	SEEDS_DEFAULT = 200,
	TWICE_EVERY = 50,
	ROWS_SEEN_MAX = 256
};

static const uint64_t NEVER = UINT64_MAX;
static const uint64_t HOUR = UINT64_C(3600) * SEC;
static const uint64_t WALL_BASE = UINT64_C(1800000000) * SEC;

#include "tests/sim/srp_pair_world.h"

#include "tests/sim/srp_pair_guard.h"

/* --- chassis come and go -------------------------------------------------------------------------------------- */

/* @incarnation  of the program that starts; the same one when it was only stopped by configuration */
static void
start(int i, uint64_t incarnation)
{
	struct chassis *c = &sim.c[i];
	struct srp_config cfg;

	srp_config_init(&cfg);
	cfg.chassis_id = (uint64_t)i + 1;
	cfg.incarnation = incarnation;
	cfg.mode = i == 0 || sim.is_alike ? SRP_MODE_PRIMARY : SRP_MODE_BACKUP;
	cfg.priority = sim.is_alike ? 1 : (uint8_t)(i + 1);
	cfg.mac[MAC_LEN - 1] = sim.is_alike ? 0 : (uint8_t)i;
	cfg.hello_ms = HELLO_MS;
	cfg.dead_ms = DEAD_MS;
	cfg.phase_ms = PHASE_MS;
	cfg.delay_ms = sim.seed % 3 == 0 ? HELLO_MS : 0;
	cfg.rm_delta = (uint8_t)(1 + sim.seed % 4);
	cfg.internal_retry_ms = SRP_INTERNAL_RETRY_MS_MIN;
	cfg.options = sim.seed / 4 % 2 == 0 ? SRP_OPT_ALLOW_ALL | SRP_OPT_EARLY : 0;
	srp_init(&c->e, &cfg);
	c->is_alive = true;
	feed_kind(i, SRP_EV_START);
}

static void
boot(int i)
{
	start(i, ++sim.c[i].incarnation);
	for (int k = 0; k < KINDS; k++)
		guard_feed(i, k, GUARD_EV_LOCAL);
}

static void
crash(int i)
{
	struct chassis *c = &sim.c[i];
	struct chassis fresh = {.disk_epoch = c->disk_epoch,
	                        .incarnation = c->incarnation,
	                        .is_cut = c->is_cut,
	                        .unready = c->unready,
	                        .wall_offset = c->wall_offset};

	disconnect(i);
	for (int t = 0; t < SRP_TIMER_COUNT; t++)
		fresh.timer[t] = NEVER;
	for (int k = 0; k < KINDS; k++) {
		guard_init(&fresh.watched[k].guard, &c->watched[k].guard.periods);
		for (int t = 0; t < GUARD_TIMER_COUNT; t++)
			fresh.watched[k].timer[t] = NEVER;
	}
	fresh.driver_at = fresh.late_at = fresh.dial_at = fresh.notice_at = fresh.disk_at = NEVER;
	*c = fresh;
}

/* By configuration: the program goes on, its engine begins anew. */
static void
stop(int i)
{
	feed_kind(i, SRP_EV_STOP);
	disconnect(i);
	sim.c[i].dial_at = sim.c[i].notice_at = sim.c[i].disk_at = NEVER;
}

static bool
is_up(int i)
{
	return sim.c[i].is_alive && sim.c[i].e.fsm_state != FSM_DOWN;
}

static int
active_side(void)
{
	for (int i = 0; i < 2; i++)
		if (sim.c[i].is_alive && srp_serves(&sim.c[i].e))
			return i;
	return -1;
}

static void
heal(void)
{
	sim.latency = between(50, 400);
	sim.has_stranger = sim.is_doubling = false;
	sim.loss = sim.differs = sim.hang_ms = 0;
	sim.disk_us = DISK_US;
	for (int i = 0; i < 2; i++) {
		sim.c[i].is_cut = sim.c[i].is_frozen = false;
		sim.c[i].unready = 0;
		if (!sim.c[i].is_alive)
			boot(i);
		else if (sim.c[i].e.fsm_state == FSM_DOWN)
			start(i, sim.c[i].incarnation);
	}
}

static bool
is_settled(void)
{
	int a = active_side();

	return a >= 0 && sim.c[1 - a].e.fsm_state == FSM_STANDBY && sim.c[a].e.fsm_state == FSM_ACTIVE;
}

/* Heals and waits; returns the Active side. */
static int
settle(void)
{
	int a;

	heal();
	run_for(SETTLE);
	if (!is_settled()) /* a failure has just outlasted its damping period */
		run_for(2 * PHASE_MS * MS);
	a = active_side();
	if (!is_settled())
		fail("healed, and not one Active and one Standby within the bound");
	if (sim.c[a].e.route_modifier >= sim.c[1 - a].e.route_modifier)
		fail("the Active's route modifier is not the lower one");
	if (sim.c[a].e.lineage != sim.c[1 - a].e.lineage)
		fail("the Standby does not follow the Active's epoch");
	for (int i = 0; i < 2; i++)
		if (sim.c[i].builder.is_running || sim.c[i].told != srp_state(&sim.c[i].e))
			fail("settled, and the history has not ended in the state shown");
	return a;
}

static void
operate(int i)
{
	feed(i, &(struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER,
	                            .asker = 1 + rng_below(&sim.rng, 9),
	                            .not_connected = sim.c[i].unready,
	                            .config_differs = sim.differs,
	                            .is_rm_reset = rng_below(&sim.rng, 4) == 0});
}

static void
reset_fail(int i, uint8_t reason)
{
	feed(i, &(struct srp_event){.kind = SRP_EV_RESET_FAIL, .reason = reason});
}

#include "tests/sim/srp_pair_faults.h"

#include "tests/sim/srp_pair_wild.h"

#include "tests/sim/srp_pair_report.h"

/* Returns the digest of everything that happened. */
static uint64_t
run_seed(uint64_t seed)
{
	memset(&sim, 0, sizeof sim);
	sim.seed = sim.digest = seed;
	sim.rng.state = seed;
	sim.dual_since = NEVER;
	sim.is_split = seed % 2 == 0;
	for (int i = 0; i < 2; i++)
		crash(i);
	if (seed % 16 == 5)
		tie();
	if (settle() != 0)
		fail("both started; the primary is not Active");
	while (sim.now < HOUR)
		if (seed / 2 % 2 == 0)
			calm_step();
		else
			wild_round();
	digest(sim.now);
	return sim.digest;
}

int
main(int argc, char **argv)
{
	const char *first_text = argc > 1 ? argv[1] : getenv("FIRST_SEED");
	const char *count_text = argc > 2 ? argv[2] : getenv("SEEDS");
	uint64_t first = first_text != NULL ? strtoull(first_text, NULL, 10) : 1;
	uint64_t count = count_text != NULL ? strtoull(count_text, NULL, 10) : SEEDS_DEFAULT;
	uint64_t hours = 0, twice = 0;

	for (uint64_t s = first; s < first + count; s++) {
		uint64_t once = run_seed(s);

		hours++;
		if ((s - first) % TWICE_EVERY != 0)
			continue;
		if (run_seed(s) != once)
			fail("run again, and something else happened");
		hours++;
		twice++;
	}
	return report(first, count, hours, twice);
}
