/*
 * srp_pair.c - two redundancy engines in virtual time, with links, address drivers, crashes and a seed.
 *
 * Half of the seeds inject one fault at a time and check what it may and may not do; the other half lets
 * faults overlap and checks that the pair heals. A seed replays exactly.
 *
 * Usage: srp_pair [first seed [count]], or FIRST_SEED and SEEDS in the environment.
 * Ends with "srp_pair: N seeds, ..." and exit status 0, or prints the seed at fault.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "srp/srp_fsm.h"

enum {
	MS = 1000, /* virtual time is microseconds */
	SEC = 1000 * MS,
	HELLO_MS = 1000,
	DEAD_MS = 3000,
	PHASE_MS = 500,
	FIFO_MAX = 64,
	DIAL_PACE = 100 * MS,
	EPSILON = 100 * MS,
	SETTLE = 3 * DEAD_MS * MS,
	DUAL_BOUND = (HELLO_MS + 500) * MS, /* two Active with a working link end within a hello and a half */
	CALM_STEPS = 16,
	WILD_STEPS = 40,
	EPOCH_BLOCK = 64,
	SEEDS_DEFAULT = 200,
	ROWS_SEEN_MAX = 256
};

static const uint64_t NEVER = UINT64_MAX;

struct packet {
	uint64_t at;
	uint8_t event; /* enum srp_event_kind */
	bool is_reply;
	struct srp_hello hello;
	struct srp_event ev;
};

struct chassis {
	struct srp e;
	bool is_alive, is_frozen, is_holding;
	bool is_cut; /* nothing arrives here */
	uint64_t timer[SRP_TIMER_COUNT];
	uint64_t driver_at, dial_at, notice_at;
	uint8_t driver; /* action that waits for an answer */
	uint32_t driver_token;
	uint64_t late_at; /* the answer to a request that was withdrawn meanwhile */
	uint32_t late_token;
	uint8_t late_event;
	struct packet in[FIFO_MAX];
	unsigned in_count;
	uint64_t disk_epoch, incarnation;
	unsigned transitions;
	uint8_t answer;
	unsigned answers;
};

struct sim {
	struct chassis c[2];
	struct rng rng;
	uint64_t seed, now;
	uint64_t latency;    /* one way, microseconds */
	uint64_t dual_since; /* both serve over a working link since; NEVER when not */
	bool is_connected, is_split, has_stranger;
};

static uint64_t row_hits[ROWS_SEEN_MAX];
static uint64_t late_answers, dual_longest, takeover_longest, gap_longest;
static struct sim sim;

static void
fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("seed %" PRIu64 " at %.6f s: ", sim.seed, (double)sim.now / SEC);
	vprintf(fmt, ap);
	va_end(ap);
	for (int i = 0; i < 2; i++)
		printf("; %c %s%s rm %u", 'A' + i, srp_fsm_table()->states[sim.c[i].e.fsm_state],
		       sim.c[i].is_alive ? "" : " (dead)", sim.c[i].e.route_modifier);
	printf("\n");
	exit(1);
}

static uint64_t
between(uint64_t low, uint64_t high)
{
	return low + rng_below(&sim.rng, (uint32_t)(high - low + 1));
}

/* --- the shell of a chassis: carries out actions ---------------------------------------------------------- */

static void
disconnect(int noticed_by)
{
	if (!sim.is_connected)
		return;
	sim.is_connected = false;
	for (int i = 0; i < 2; i++) {
		sim.c[i].in_count = 0;
		/* A cut hides the end of the connection from the side that nothing reaches. */
		if (i != noticed_by && sim.c[i].is_alive && !sim.c[i].is_cut)
			sim.c[i].notice_at = sim.now + between(1, 2 * MS);
	}
}

static void
transmit(int from, struct packet p)
{
	struct chassis *to = &sim.c[1 - from];

	if (!sim.is_connected || to->in_count == FIFO_MAX)
		return;
	p.at = sim.now + sim.latency + between(0, sim.latency / 4);
	if (to->in_count > 0 && p.at < to->in[to->in_count - 1].at)
		p.at = to->in[to->in_count - 1].at;
	to->in[to->in_count++] = p;
}

static void
transmit_hello(int from, bool is_reply)
{
	struct packet p = {.event = SRP_EV_HELLO, .is_reply = is_reply};

	srp_hello_fill(&sim.c[from].e, &p.hello);
	transmit(from, p);
}

static void
transmit_switch(int from, const struct srp_action *a)
{
	static const uint8_t event_of[SRP_ACT_COUNT] = {
	    [SRP_ACT_SEND_PREPARE] = SRP_EV_PREPARE, [SRP_ACT_SEND_READY] = SRP_EV_READY,
	    [SRP_ACT_SEND_REFUSE] = SRP_EV_REFUSE,   [SRP_ACT_SEND_TAKE] = SRP_EV_TAKE,
	    [SRP_ACT_SEND_FLUSHED] = SRP_EV_FLUSHED,
	};

	transmit(from, (struct packet){.event = event_of[a->kind],
	                               .ev = {.epoch = a->epoch,
	                                      .request = a->request,
	                                      .is_forced = a->is_forced,
	                                      .is_early = a->is_early,
	                                      .is_rm_reset = a->is_rm_reset,
	                                      .reason = a->reason,
	                                      .timeout_ms = a->ms,
	                                      .refuse = a->refuse,
	                                      .count = a->count}});
}

static void feed(int i, const struct srp_event *ev);

/* Blocks come from the disk at once here; what was handed out is never handed out again. */
static void
reserve(int i, uint64_t above)
{
	struct chassis *c = &sim.c[i];
	uint64_t first = (above > c->disk_epoch ? above : c->disk_epoch) + 1;

	c->disk_epoch = first + EPOCH_BLOCK - 1;
	feed(i, &(struct srp_event){.kind = SRP_EV_EPOCH_BLOCK, .block_first = first, .block_count = EPOCH_BLOCK});
}

/* A new request withdraws the one before; sometimes its answer is on the way already. */
static void
request(int i, const struct srp_action *a)
{
	static const uint8_t answer_of[SRP_ACT_COUNT] = {
	    [SRP_ACT_ADDRESS_TAKE] = SRP_EV_ADDRESS_TAKEN,
	    [SRP_ACT_ADDRESS_GIVE] = SRP_EV_ADDRESS_GIVEN,
	    [SRP_ACT_SESSIONS_FLUSH] = SRP_EV_FLUSH_DONE,
	};
	struct chassis *c = &sim.c[i];

	if (c->driver_at != NEVER && rng_below(&sim.rng, 2) == 0) {
		c->late_at = sim.now + between(0, MS);
		c->late_event = answer_of[c->driver];
		c->late_token = c->driver_token;
		late_answers++;
	}
	c->driver = a->kind;
	c->driver_token = a->token;
	c->driver_at = sim.now + between(20, 3 * MS);
}

static void
act(int i, const struct srp_action *a)
{
	struct chassis *c = &sim.c[i];

	switch (a->kind) {
	case SRP_ACT_TIMER_START:
		c->timer[a->timer] = sim.now + (uint64_t)a->ms * MS;
		break;
	case SRP_ACT_TIMER_STOP:
		c->timer[a->timer] = NEVER;
		break;
	case SRP_ACT_REDIAL:
		c->notice_at = NEVER;
		disconnect(i);
		c->dial_at = sim.now;
		break;
	case SRP_ACT_SEND_HELLO:
		transmit_hello(i, false);
		break;
	case SRP_ACT_SEND_PREPARE:
	case SRP_ACT_SEND_READY:
	case SRP_ACT_SEND_REFUSE:
	case SRP_ACT_SEND_TAKE:
	case SRP_ACT_SEND_FLUSHED:
		transmit_switch(i, a);
		break;
	case SRP_ACT_ADDRESS_TAKE:
	case SRP_ACT_ADDRESS_GIVE:
	case SRP_ACT_SESSIONS_FLUSH:
		request(i, a);
		break;
	case SRP_ACT_HISTORY:
		c->transitions++;
		break;
	case SRP_ACT_OPERATOR_ANSWER:
		c->answer = a->answer;
		c->answers++;
		break;
	case SRP_ACT_EPOCH_RESERVE:
		reserve(i, a->epoch);
		break;
	default:
		break;
	}
}

static void
feed(int i, const struct srp_event *ev)
{
	struct srp_out out;

	if (srp_input(&sim.c[i].e, ev, &out) != ERR_OK)
		fail("event %u has no row", ev->kind);
	row_hits[out.row]++;
	if (ev->kind == SRP_EV_TAKE && out.count > 0 && sim.c[i].e.fsm_state == FSM_TAKING && sim.c[i].e.lineage == 0)
		fail("took over what it never held");
	for (size_t k = 0; k < out.count; k++)
		act(i, &out.actions[k]);
}

static void
feed_kind(int i, uint8_t kind)
{
	feed(i, &(struct srp_event){.kind = kind, .token = sim.c[i].driver_token});
}

/* --- things that happen -------------------------------------------------------------------------------------- */

static void
on_driver(int i)
{
	struct chassis *c = &sim.c[i];

	c->driver_at = NEVER;
	if (c->driver == SRP_ACT_ADDRESS_GIVE) {
		c->is_holding = false;
		feed_kind(i, SRP_EV_ADDRESS_GIVEN);
	} else if (c->driver == SRP_ACT_SESSIONS_FLUSH) {
		feed_kind(i, SRP_EV_FLUSH_DONE);
	} else if (sim.has_stranger || (!sim.is_split && sim.c[1 - i].is_holding)) {
		feed_kind(i, SRP_EV_ADDRESS_BUSY);
	} else {
		c->is_holding = true;
		feed_kind(i, SRP_EV_ADDRESS_TAKEN);
	}
}

static void
on_dial(int i)
{
	struct chassis *c = &sim.c[i], *peer = &sim.c[1 - i];

	c->dial_at = NEVER;
	if (sim.is_connected)
		return;
	if (!peer->is_alive || peer->is_frozen || c->is_cut || peer->is_cut) {
		c->dial_at = sim.now + DIAL_PACE;
		return;
	}
	sim.is_connected = true;
	c->notice_at = peer->notice_at = peer->dial_at = NEVER;
	feed_kind(i, SRP_EV_LINK_UP);
	if (sim.is_connected)
		feed_kind(1 - i, SRP_EV_LINK_UP);
}

static void
on_packet(int i)
{
	struct chassis *c = &sim.c[i];
	struct packet p = c->in[0];

	c->in_count--;
	memmove(c->in, c->in + 1, c->in_count * sizeof c->in[0]);
	p.ev.kind = p.event;
	p.ev.hello = &p.hello;
	feed(i, &p.ev);
	if (p.event == SRP_EV_HELLO && !p.is_reply)
		transmit_hello(i, true);
}

enum due { DUE_TIMER, DUE_DRIVER = SRP_TIMER_COUNT, DUE_DIAL, DUE_NOTICE, DUE_LATE, DUE_PACKET, DUE_COUNT };

static uint64_t
due_at(int i, int what)
{
	const struct chassis *c = &sim.c[i];

	if (!c->is_alive || c->is_frozen)
		return NEVER;
	if (what < DUE_DRIVER)
		return c->timer[what];
	switch (what) {
	case DUE_DRIVER:
		return c->driver_at;
	case DUE_DIAL:
		return c->dial_at;
	case DUE_NOTICE:
		return c->notice_at;
	case DUE_LATE:
		return c->late_at;
	default:
		return c->in_count > 0 && !c->is_cut ? c->in[0].at : NEVER;
	}
}

static void
happen(int i, int what)
{
	static const uint8_t expired[SRP_TIMER_COUNT] = {SRP_EV_TIMER_HELLO, SRP_EV_TIMER_DEAD,  SRP_EV_TIMER_DELAY,
	                                                 SRP_EV_TIMER_RETRY, SRP_EV_TIMER_PHASE, SRP_EV_TIMER_INTERNAL};

	if (what < DUE_DRIVER) {
		sim.c[i].timer[what] = NEVER;
		feed_kind(i, expired[what]);
	} else if (what == DUE_DRIVER) {
		on_driver(i);
	} else if (what == DUE_DIAL) {
		on_dial(i);
	} else if (what == DUE_NOTICE) {
		sim.c[i].notice_at = NEVER;
		feed_kind(i, SRP_EV_LINK_DOWN);
	} else if (what == DUE_LATE) {
		sim.c[i].late_at = NEVER;
		feed(i, &(struct srp_event){.kind = sim.c[i].late_event, .token = sim.c[i].late_token});
	} else {
		on_packet(i);
	}
}

/* What must hold at every instant. */
static void
check_now(void)
{
	const struct chassis *a = &sim.c[0], *b = &sim.c[1];
	bool is_working = a->is_alive && b->is_alive && !a->is_frozen && !b->is_frozen && !a->is_cut && !b->is_cut;
	bool is_dual = a->is_alive && b->is_alive && srp_serves(&a->e) && srp_serves(&b->e);

	for (int i = 0; i < 2; i++)
		if (sim.c[i].is_alive && srp_serves(&sim.c[i].e) && !sim.c[i].is_holding)
			fail("Active without the address");
	if (!sim.is_split && a->is_holding && b->is_holding)
		fail("two owners of one address");
	if (!is_dual || !is_working) {
		sim.dual_since = NEVER;
		return;
	}
	if (sim.dual_since == NEVER)
		sim.dual_since = sim.now;
	if (sim.now - sim.dual_since > dual_longest)
		dual_longest = sim.now - sim.dual_since;
	if (sim.now - sim.dual_since > DUAL_BOUND)
		fail("two Active for longer than the bound over a working link");
}

/* The earliest thing due; what is overdue after a freeze comes in any order. */
static bool
next_due(uint64_t until, int *side, int *what)
{
	uint64_t best = NEVER;
	unsigned ties = 0;

	for (int i = 0; i < 2; i++) {
		for (int d = 0; d < DUE_COUNT; d++) {
			uint64_t at = due_at(i, d);

			if (at == NEVER || at > until)
				continue;
			if (at < sim.now)
				at = sim.now;
			ties = at < best ? 1 : at == best ? ties + 1 : ties;
			if (at < best || (at == best && rng_below(&sim.rng, ties) == 0)) {
				best = at;
				*side = i;
				*what = d;
			}
		}
	}
	if (best == NEVER)
		return false;
	sim.now = best;
	return true;
}

static void
run_for(uint64_t us)
{
	uint64_t until = sim.now + us;
	int side = 0, what = 0;

	while (next_due(until, &side, &what)) {
		happen(side, what);
		check_now();
	}
	sim.now = until;
	check_now();
}

/* --- chassis come and go -------------------------------------------------------------------------------------- */

static void
boot(int i)
{
	struct chassis *c = &sim.c[i];
	struct srp_config cfg;

	srp_config_init(&cfg);
	cfg.chassis_id = (uint64_t)i + 1;
	cfg.incarnation = ++c->incarnation;
	cfg.mode = i == 0 ? SRP_MODE_PRIMARY : SRP_MODE_BACKUP;
	cfg.priority = (uint8_t)(i + 1);
	cfg.mac[MAC_LEN - 1] = (uint8_t)i;
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
crash(int i)
{
	struct chassis *c = &sim.c[i];
	struct chassis fresh = {.disk_epoch = c->disk_epoch, .incarnation = c->incarnation, .is_cut = c->is_cut};

	disconnect(i);
	for (int t = 0; t < SRP_TIMER_COUNT; t++)
		fresh.timer[t] = NEVER;
	fresh.driver_at = fresh.late_at = fresh.dial_at = fresh.notice_at = NEVER;
	*c = fresh;
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
	sim.has_stranger = false;
	for (int i = 0; i < 2; i++) {
		sim.c[i].is_cut = sim.c[i].is_frozen = false;
		if (!sim.c[i].is_alive)
			boot(i);
	}
}

/* Heals and waits; returns the Active side. */
static int
settle(void)
{
	int a;

	heal();
	run_for(SETTLE);
	a = active_side();
	if (a < 0 || sim.c[1 - a].e.fsm_state != FSM_STANDBY || sim.c[a].e.fsm_state != FSM_ACTIVE)
		fail("healed, and not one Active and one Standby within the bound");
	if (sim.c[a].e.route_modifier >= sim.c[1 - a].e.route_modifier)
		fail("the Active's route modifier is not the lower one");
	if (sim.c[a].e.lineage != sim.c[1 - a].e.lineage)
		fail("the Standby does not follow the Active's epoch");
	return a;
}

static void
operate(int i)
{
	feed(i, &(struct srp_event){
	            .kind = SRP_EV_OPERATOR_SWITCHOVER, .asker = 1, .is_rm_reset = rng_below(&sim.rng, 4) == 0});
}

static void
monitor(int i, enum srp_event_kind kind, enum srp_reason reason)
{
	feed(i, &(struct srp_event){.kind = (uint8_t)kind, .reason = (uint8_t)reason});
}

#include "tests/sim/srp_pair_faults.h"

static void
run_seed(uint64_t seed)
{
	memset(&sim, 0, sizeof sim);
	sim.seed = seed;
	sim.rng.state = seed;
	sim.dual_since = NEVER;
	sim.is_split = seed % 2 == 0;
	for (int i = 0; i < 2; i++)
		crash(i);
	if (settle() != 0)
		fail("both started; the primary is not Active");
	if (seed / 2 % 2 == 0) {
		for (int k = 0; k < CALM_STEPS; k++)
			calm_step();
	} else {
		wild_run();
	}
}

int
main(int argc, char **argv)
{
	const char *first_text = argc > 1 ? argv[1] : getenv("FIRST_SEED");
	const char *count_text = argc > 2 ? argv[2] : getenv("SEEDS");
	uint64_t first = first_text != NULL ? strtoull(first_text, NULL, 10) : 1;
	uint64_t count = count_text != NULL ? strtoull(count_text, NULL, 10) : SEEDS_DEFAULT;

	for (uint64_t s = first; s < first + count; s++)
		run_seed(s);
	return report(first, count);
}
