/*
 * srp_pair_world.h - two chassis in virtual time: engine, guard timers, history, timers, driver, disk, and the link.
 *
 * Part of srp_pair.c, which includes it once; split off for its length only.
 */
#ifndef SRP_PAIR_WORLD_H
#define SRP_PAIR_WORLD_H

enum { KINDS = 3 }; /* AAA, BGP, Diameter: each with a guard timer */

static const uint8_t kind_reasons[KINDS] = {SRP_REASON_AAA_FAILURE, SRP_REASON_BGP_FAILURE,
                                            SRP_REASON_DIAMETER_FAILURE};

struct packet {
	uint64_t at;
	uint8_t event; /* enum srp_event_kind */
	bool is_reply;
	struct srp_hello hello;
	struct srp_event ev;
};

/* What is watched, and what the guard timer must do about it, kept without it. */
struct watched {
	struct guard guard;
	uint64_t timer[GUARD_TIMER_COUNT];
	bool has_failed, is_reported;
	uint64_t failed_at;
	uint64_t window_end[GUARD_CAUSE_COUNT]; /* guard periods as the clock has them */
	uint32_t damping_ms;                    /* of those that ran when it failed */
};

struct chassis {
	struct srp e;
	bool is_alive, is_frozen, is_holding, is_serving, is_flush_over;
	bool is_cut; /* nothing arrives here */
	uint64_t serving_epoch;
	uint64_t timer[SRP_TIMER_COUNT];
	uint64_t driver_at, dial_at, notice_at, disk_at;
	uint8_t driver; /* action that waits for an answer */
	uint32_t driver_token;
	uint64_t late_at; /* the answer to a request that was withdrawn meanwhile */
	uint32_t late_token;
	uint8_t late_event;
	struct packet in[FIFO_MAX];
	unsigned in_count;
	uint64_t disk_epoch, disk_above, incarnation;
	uint32_t unready; /* session managers without a Ready connection */
	struct watched watched[KINDS];
	struct srp_history_builder builder;
	uint8_t told; /* state that the history ends with */
	int64_t wall_offset;
	unsigned transitions;
	uint8_t answer;
	unsigned answers;
};

struct sim {
	struct chassis c[2];
	struct rng rng;
	uint64_t seed, now, digest;
	uint64_t latency;    /* one way, microseconds */
	uint64_t dual_since; /* both serve over a working link since; NEVER when not */
	uint32_t loss;       /* packets in a hundred that are sent again */
	uint32_t differs;    /* lines of the configuration that the chassis see to differ */
	uint64_t disk_us;    /* how long a block of epochs takes */
	bool is_doubling;    /* every message comes twice */
	uint32_t hang_ms;    /* so long at most drivers and flushes hang now and then */
	bool is_connected, is_split, has_stranger;
	bool is_alike; /* mode, priority and MAC are equal on both */
};

static uint64_t row_hits[ROWS_SEEN_MAX], guard_hits[ROWS_SEEN_MAX];
static uint64_t late_answers, dual_longest, takeover_longest, gap_longest, events, entries;
static uint64_t lost_packets, doubled_packets, damped, guarded_reports;
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

/* Everything that happens goes into one number: a seed that is run again must give the same. */
static void
digest(uint64_t v)
{
	sim.digest = hash_u64(sim.digest ^ v);
}

/* --- the link --------------------------------------------------------------------------------------------- */

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

/* TCP delivers in order: what is lost on the way is late, and with it what follows. */
static void
transmit(int from, struct packet p)
{
	struct chassis *to = &sim.c[1 - from];

	if (!sim.is_connected || to->in_count == FIFO_MAX)
		return;
	p.at = sim.now + sim.latency + between(0, sim.latency / 4);
	for (uint64_t again = RESEND; rng_below(&sim.rng, 100) < sim.loss && again < 16 * RESEND; again *= 2) {
		p.at += again;
		lost_packets++;
	}
	if (to->in_count > 0 && p.at < to->in[to->in_count - 1].at)
		p.at = to->in[to->in_count - 1].at;
	to->in[to->in_count++] = p;
	if (sim.is_doubling && to->in_count < FIFO_MAX) {
		to->in[to->in_count++] = p;
		doubled_packets++;
	}
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

/* --- the shell of a chassis: carries out actions ---------------------------------------------------------- */

static void feed(int i, const struct srp_event *ev);

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
		if (c->late_event == SRP_EV_ADDRESS_TAKEN && rng_below(&sim.rng, 2) == 0)
			c->late_event = SRP_EV_ADDRESS_BUSY;
		c->late_token = c->driver_token;
		late_answers++;
	}
	c->driver = a->kind;
	c->driver_token = a->token;
	c->driver_at = sim.now + between(20, 3 * MS);
	if (sim.hang_ms > 0 && rng_below(&sim.rng, 3) == 0)
		c->driver_at += between(0, sim.hang_ms) * MS;
	if (a->kind == SRP_ACT_SESSIONS_FLUSH)
		c->is_flush_over = false;
}

/* Returns whether it was about a timer or a message. */
static bool
act_link(int i, const struct srp_action *a)
{
	struct chassis *c = &sim.c[i];

	switch (a->kind) {
	case SRP_ACT_TIMER_START:
		c->timer[a->timer] = sim.now + (uint64_t)a->ms * MS;
		return true;
	case SRP_ACT_TIMER_STOP:
		c->timer[a->timer] = NEVER;
		return true;
	case SRP_ACT_REDIAL:
		c->notice_at = NEVER;
		disconnect(i);
		c->dial_at = sim.now;
		return true;
	case SRP_ACT_SEND_HELLO:
		transmit_hello(i, false);
		return true;
	case SRP_ACT_SEND_PREPARE:
	case SRP_ACT_SEND_READY:
	case SRP_ACT_SEND_REFUSE:
	case SRP_ACT_SEND_TAKE:
	case SRP_ACT_SEND_FLUSHED:
		transmit_switch(i, a);
		return true;
	default:
		return false;
	}
}

static void guard_feed(int i, int k, enum guard_event ev);

/* The production history is fed as chassisd feeds it; it must account for every change. */
static void
act_step(int i, const struct srp_action *a, size_t row)
{
	struct chassis *c = &sim.c[i];
	const struct srp_history_now now = {.now_us = sim.now,
	                                    .wall_us = WALL_BASE + sim.now + (uint64_t)c->wall_offset,
	                                    .epoch = c->e.epoch_known,
	                                    .reason = c->e.cause,
	                                    .route_modifier = c->e.route_modifier,
	                                    .peer_route_modifier = c->e.peer.route_modifier};
	const struct srp_history_entry *h = &c->builder.entry;
	uint64_t begun = c->builder.begin_us;
	bool was_running = c->builder.is_running;

	if (srp_history_step(&c->builder, &now, a->from_inner, a->to_inner, srp_row_reason(row)) != SRP_HISTORY_ENDED)
		return;
	entries++;
	if (h->from != c->told)
		fail("the history goes on from %s, and ended with %s", srp_state_text(h->from),
		     srp_state_text(c->told));
	if (h->reason != c->e.cause || h->step_count == 0 || srp_history_why(h)[0] == '\0')
		fail("a change that the history does not explain");
	for (uint32_t k = 1; k < h->step_count && h->steps_left_out == 0; k++)
		if (strcmp(h->steps[k].from, h->steps[k - 1].to) != 0)
			fail("the chain of causes is broken at %s", h->steps[k].from);
	if (h->duration_us != (was_running ? sim.now - begun : 0))
		fail("a duration that is not that of the clock that does not jump");
	c->told = h->to;
}

static void
act(int i, const struct srp_action *a, size_t row)
{
	struct chassis *c = &sim.c[i];

	if (act_link(i, a))
		return;
	switch (a->kind) {
	case SRP_ACT_ADDRESS_TAKE:
	case SRP_ACT_ADDRESS_GIVE:
	case SRP_ACT_SESSIONS_FLUSH:
		request(i, a);
		break;
	case SRP_ACT_SESSIONS_ACTIVE:
		c->is_serving = true;
		c->serving_epoch = a->epoch;
		break;
	case SRP_ACT_SESSIONS_STANDBY:
		c->is_serving = false;
		break;
	case SRP_ACT_HISTORY:
		c->transitions += a->from != a->to;
		break;
	case SRP_ACT_STEP:
		act_step(i, a, row);
		break;
	case SRP_ACT_OPERATOR_ANSWER:
		c->answer = a->answer;
		c->answers++;
		break;
	case SRP_ACT_EPOCH_RESERVE:
		c->disk_above = a->epoch;
		c->disk_at = sim.now + between(20, (uint32_t)sim.disk_us);
		break;
	default:
		break;
	}
}

/* Every claim about a step, and that the history tells the state that is shown, and both the same reason. */
static void
check_step(int i, const struct srp *before, const struct srp_event *ev, const struct srp_out *out)
{
	const struct chassis *c = &sim.c[i], *peer = &sim.c[1 - i];
	struct claims_env env = {.waiting = c->driver_at != NEVER ? c->driver : 0,
	                         .is_holding = c->is_holding,
	                         .is_serving = c->is_serving,
	                         .is_flush_over = c->is_flush_over,
	                         .serving_epoch = c->serving_epoch};

	for (int t = 0; t < SRP_TIMER_COUNT; t++)
		env.timers |= (uint8_t)((c->timer[t] != NEVER) << t);
	claims_step(before, ev, &c->e, out, &env);
	if (claims_broken != NULL)
		fail("not so: %s", claims_broken);
	if ((c->builder.is_running ? c->builder.entry.to : c->told) != srp_state(&c->e))
		fail("the history tells another state than the engine");
	if (srp_state(before) != srp_state(&c->e) && srp_state(&c->e) == SRP_PENDING_ACTIVE &&
	    ev->kind == SRP_EV_TAKE && (peer->e.fsm_state == FSM_HANDING || peer->e.fsm_state == FSM_HANDING_FLUSH) &&
	    peer->is_alive && peer->e.cause != c->e.cause)
		fail("the two histories tell different reasons of one switchover");
}

static void
feed(int i, const struct srp_event *ev)
{
	struct chassis *c = &sim.c[i];
	struct srp before = c->e;
	struct srp_out out;

	events++;
	if (ev->kind == SRP_EV_FLUSH_DONE || (ev->kind == SRP_EV_TIMER_PHASE && before.fsm_state == FSM_HANDING_FLUSH))
		c->is_flush_over = true;
	if (srp_input(&c->e, ev, &out) != ERR_OK)
		fail("event %u has no row", ev->kind);
	row_hits[out.row]++;
	digest(sim.now << 16 ^ (uint64_t)(i << 8) ^ ev->kind);
	digest(out.row << 32 ^ out.count << 16 ^ c->e.fsm_state);
	for (size_t k = 0; k < out.count; k++) {
		digest((uint64_t)out.actions[k].kind << 56 ^ out.actions[k].epoch ^ (uint64_t)out.actions[k].ms << 24);
		act(i, &out.actions[k], out.row);
	}
	check_step(i, &before, ev, &out);
	if (!srp_serves(&before) && srp_serves(&c->e))
		for (int k = 0; k < KINDS; k++)
			guard_feed(i, k, GUARD_EV_SWITCHOVER);
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
	if (!peer->is_alive || peer->is_frozen || c->is_cut || peer->is_cut || peer->e.fsm_state == FSM_DOWN) {
		c->dial_at = sim.now + DIAL_PACE;
		return;
	}
	if (rng_below(&sim.rng, 100) < sim.loss) { /* the first packet is lost */
		c->dial_at = sim.now + SEC;
		lost_packets++;
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
	p.ev.not_connected = c->unready;
	p.ev.config_differs = sim.differs;
	feed(i, &p.ev);
	if (p.event == SRP_EV_HELLO && !p.is_reply)
		transmit_hello(i, true);
}

/* What was handed out is never handed out again. */
static void
on_disk(int i)
{
	struct chassis *c = &sim.c[i];
	uint64_t first = (c->disk_above > c->disk_epoch ? c->disk_above : c->disk_epoch) + 1;

	c->disk_at = NEVER;
	c->disk_epoch = first + EPOCH_BLOCK - 1;
	feed(i, &(struct srp_event){.kind = SRP_EV_EPOCH_BLOCK, .block_first = first, .block_count = EPOCH_BLOCK});
}

enum due {
	DUE_TIMER,
	DUE_DRIVER = SRP_TIMER_COUNT,
	DUE_DIAL,
	DUE_NOTICE,
	DUE_LATE,
	DUE_PACKET,
	DUE_DISK,
	DUE_GUARD,
	DUE_COUNT = DUE_GUARD + KINDS * GUARD_TIMER_COUNT
};

static uint64_t
due_at(const struct chassis *c, int what)
{
	if (what < DUE_DRIVER)
		return c->timer[what];
	if (what >= DUE_GUARD)
		return c->watched[(what - DUE_GUARD) / GUARD_TIMER_COUNT].timer[(what - DUE_GUARD) % GUARD_TIMER_COUNT];
	switch (what) {
	case DUE_DRIVER:
		return c->driver_at;
	case DUE_DIAL:
		return c->dial_at;
	case DUE_NOTICE:
		return c->notice_at;
	case DUE_LATE:
		return c->late_at;
	case DUE_DISK:
		return c->disk_at;
	default:
		return c->in_count > 0 && !c->is_cut ? c->in[0].at : NEVER;
	}
}

static void
happen(int i, int what)
{
	static const uint8_t expired[SRP_TIMER_COUNT] = {SRP_EV_TIMER_HELLO, SRP_EV_TIMER_DEAD,  SRP_EV_TIMER_DELAY,
	                                                 SRP_EV_TIMER_RETRY, SRP_EV_TIMER_PHASE, SRP_EV_TIMER_INTERNAL};
	struct chassis *c = &sim.c[i];

	if (what < DUE_DRIVER) {
		c->timer[what] = NEVER;
		feed_kind(i, expired[what]);
	} else if (what >= DUE_GUARD) {
		int k = (what - DUE_GUARD) / GUARD_TIMER_COUNT, t = (what - DUE_GUARD) % GUARD_TIMER_COUNT;

		c->watched[k].timer[t] = NEVER;
		guard_feed(i, k, (enum guard_event)(GUARD_EV_TIMER_SWITCHOVER + t));
	} else if (what == DUE_DRIVER) {
		on_driver(i);
	} else if (what == DUE_DIAL) {
		on_dial(i);
	} else if (what == DUE_NOTICE) {
		c->notice_at = NEVER;
		feed_kind(i, SRP_EV_LINK_DOWN);
	} else if (what == DUE_LATE) {
		c->late_at = NEVER;
		feed(i, &(struct srp_event){.kind = c->late_event, .token = c->late_token});
	} else if (what == DUE_DISK) {
		on_disk(i);
	} else {
		on_packet(i);
	}
}

/* What must hold at every instant. */
static void
check_now(void)
{
	const struct chassis *a = &sim.c[0], *b = &sim.c[1];
	bool is_working = a->is_alive && b->is_alive && !a->is_frozen && !b->is_frozen && !a->is_cut && !b->is_cut &&
	                  sim.loss == 0 && sim.latency <= 200 * MS;
	bool is_dual = a->is_alive && b->is_alive && srp_serves(&a->e) && srp_serves(&b->e);

	for (int i = 0; i < 2; i++) /* what was sent while the link was slow is still behind */
		if (sim.c[i].in_count > 0 && sim.c[i].in[sim.c[i].in_count - 1].at > sim.now + 250 * MS)
			is_working = false;

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
		if (!sim.c[i].is_alive || sim.c[i].is_frozen)
			continue;
		for (int d = 0; d < DUE_COUNT; d++) {
			uint64_t at = due_at(&sim.c[i], d);

			if (at > until)
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

#endif
