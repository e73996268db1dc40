/*
 * srp_explore_world.h - the worlds of the explorer: two production engines, their surroundings, and every move.
 *
 * Part of srp_explore.c, which includes it once; split off for its length only.
 */
#ifndef SRP_EXPLORE_WORLD_H
#define SRP_EXPLORE_WORLD_H

enum msg_type { MSG_HELLO, MSG_PREPARE, MSG_READY, MSG_REFUSE, MSG_TAKE, MSG_FLUSHED };
enum pending { PENDING_NONE, PENDING_TAKE, PENDING_GIVE, PENDING_FLUSH };

struct msg {
	uint8_t type, state, rm, reason;
	uint16_t failed;
	uint64_t incarnation, epoch, lineage;
	uint32_t request;
	bool is_forced, is_early, is_rm_reset;
};

struct side {
	struct srp e;
	struct msg in[IN_FLIGHT]; /* on the way to this side */
	uint8_t in_count;
	uint8_t timers; /* bit per enum srp_timer */
	uint8_t pending;
	bool is_holding;        /* the service address */
	bool is_serving;        /* its sessions are told ACTIVE */
	bool is_flush_over;     /* the last flush is done, or its bound has passed */
	bool is_cut_short;      /* takes over without waiting for the peer's flush: its bound, or a dead interval */
	bool is_cut;            /* nothing arrives at this side */
	bool is_reset_due;      /* the closing of the connection has not been noticed yet */
	uint64_t serving_epoch; /* told with ACTIVE */
	uint64_t allotted;      /* highest epoch counter reserved by this chassis: survives a crash */
	uint8_t age[SRP_TIMER_COUNT]; /* fair schedule only: rounds since the start of a timer */
};

struct world {
	struct side s[2];
	bool is_connected;
};

/* What does not change while a set of worlds is explored: part of the state, told once. */
struct family {
	const char *name;
	bool is_split, is_tie, is_same_mode, is_early;
};

/* Where a search begins and which moves it has. settled: one Active, one Standby; calm: nothing is lost or cut. */
struct scenario {
	const char *name;
	uint8_t family;
	bool is_settled, is_calm, has_monitors, has_stops, has_orders;
};

/* What must hold of a whole world, or of the two chassis together. */
enum world_claim {
	CLAIM_UNIQUE,
	CLAIM_FLUSHED,
	CLAIM_GIVEN,
	CLAIM_SERVES,
	CLAIM_OWNERS,
	CLAIM_DUAL,
	CLAIM_INERT,
	CLAIM_FAIR,
	CLAIM_FAIR_ANSWERED,
	CLAIM_FAIR_ALARM,
	CLAIM_PACKED,
	CLAIM_WORLD_COUNT
};

static const char *const world_claim_texts[CLAIM_WORLD_COUNT] = {
    [CLAIM_UNIQUE] = "no two incarnations have the same number, crashes included",
    [CLAIM_FLUSHED] = "no chassis serves while the other still flushes for it, unless a bound has passed",
    [CLAIM_GIVEN] = "who hands over has given its address",
    [CLAIM_SERVES] = "who serves holds the address",
    [CLAIM_OWNERS] = "on one host never two hold the address",
    [CLAIM_DUAL] = "two Active: one hello each way, and one of them has left Active",
    [CLAIM_INERT] = "withdrawn answers, earlier requests, mirrored and old hellos change nothing",
    [CLAIM_FAIR] = "faults end: one Active and one Standby within the bound",
    [CLAIM_FAIR_ANSWERED] = "faults end: every operator has an answer within the bound",
    [CLAIM_FAIR_ALARM] = "faults end: a failure that should be handed over and cannot has its alarm, and no other",
    [CLAIM_PACKED] = "a world and what is kept of it do the same",
};

static uint64_t world_claims[CLAIM_WORLD_COUNT];
static uint64_t row_hits[ROWS_SEEN_MAX];
static const struct family *home;
static const struct scenario *now;
static uint64_t transitions;

static void
claim_world(enum world_claim c, bool holds)
{
	world_claims[c]++;
	if (!holds)
		claims_broken = world_claim_texts[c];
}

static void
configure(struct srp_config *c, int i)
{
	srp_config_init(c);
	c->chassis_id = (uint64_t)(TAG_BASE + i);
	c->incarnation = 2;
	c->mode = home->is_same_mode || i == 0 ? SRP_MODE_PRIMARY : SRP_MODE_BACKUP;
	c->mac[MAC_LEN - 1] = home->is_tie ? 0 : (uint8_t)i;
	c->rm_threshold = RM_THRESHOLD;
	c->delay_ms = i == 0 ? 1 : 0;
	c->internal_retries = 1;
	c->options = home->is_early ? SRP_OPT_ALLOW_ALL | SRP_OPT_EARLY : 0;
}

/* --- carrying actions out -------------------------------------------------------------------------------- */

static void feed(struct world *w, int i, struct srp_event *ev);

/* A message that does not fit is lost, and a newer hello takes the place of an older one: the link is lossy. */
static void
send(struct world *w, int from, struct msg m)
{
	struct side *to = &w->s[1 - from];

	if (!w->is_connected)
		return;
	if (m.type == MSG_HELLO && to->in_count > 0 && to->in[to->in_count - 1].type == MSG_HELLO)
		to->in[to->in_count - 1] = m;
	else if (to->in_count < IN_FLIGHT)
		to->in[to->in_count++] = m;
}

static void
send_hello(struct world *w, int from)
{
	struct srp_hello h = {0};

	srp_hello_fill(&w->s[from].e, &h);
	send(w, from,
	     (struct msg){.type = MSG_HELLO,
	                  .state = h.state,
	                  .rm = h.route_modifier,
	                  .failed = h.failed,
	                  .incarnation = h.incarnation,
	                  .epoch = h.epoch,
	                  .lineage = h.lineage});
}

static void
disconnect(struct world *w, int noticed_by)
{
	if (!w->is_connected)
		return;
	w->is_connected = false;
	for (int i = 0; i < 2; i++) {
		w->s[i].in_count = 0;
		if (i != noticed_by && w->s[i].e.fsm_state != FSM_DOWN)
			w->s[i].is_reset_due = true;
	}
}

static void
act(struct world *w, int i, const struct srp_action *a)
{
	static const uint8_t type_of[SRP_ACT_COUNT] = {
	    [SRP_ACT_SEND_PREPARE] = MSG_PREPARE, [SRP_ACT_SEND_READY] = MSG_READY,
	    [SRP_ACT_SEND_REFUSE] = MSG_REFUSE,   [SRP_ACT_SEND_TAKE] = MSG_TAKE,
	    [SRP_ACT_SEND_FLUSHED] = MSG_FLUSHED,
	};
	struct side *s = &w->s[i];

	switch (a->kind) {
	case SRP_ACT_TIMER_START:
		s->timers |= (uint8_t)(1u << a->timer);
		s->age[a->timer] = 0;
		break;
	case SRP_ACT_TIMER_STOP:
		s->timers &= (uint8_t) ~(1u << a->timer);
		break;
	case SRP_ACT_REDIAL:
		s->is_reset_due = false;
		disconnect(w, i);
		break;
	case SRP_ACT_SEND_HELLO:
		send_hello(w, i);
		break;
	case SRP_ACT_SEND_PREPARE:
	case SRP_ACT_SEND_READY:
	case SRP_ACT_SEND_REFUSE:
	case SRP_ACT_SEND_TAKE:
	case SRP_ACT_SEND_FLUSHED:
		send(w, i,
		     (struct msg){.type = type_of[a->kind],
		                  .reason = a->reason,
		                  .epoch = a->epoch,
		                  .request = a->request,
		                  .is_forced = a->is_forced,
		                  .is_early = a->is_early,
		                  .is_rm_reset = a->is_rm_reset});
		break;
	case SRP_ACT_ADDRESS_TAKE:
		s->pending = PENDING_TAKE;
		break;
	case SRP_ACT_ADDRESS_GIVE:
		s->pending = PENDING_GIVE;
		break;
	case SRP_ACT_SESSIONS_FLUSH:
		s->pending = PENDING_FLUSH;
		s->is_flush_over = false;
		break;
	case SRP_ACT_SESSIONS_ACTIVE:
		claim_world(CLAIM_UNIQUE, srp_epoch_counter(a->epoch) > s->allotted);
		s->allotted = srp_epoch_counter(a->epoch);
		s->serving_epoch = a->epoch;
		s->is_serving = true;
		break;
	case SRP_ACT_SESSIONS_STANDBY:
		s->is_serving = false;
		break;
	default:
		break;
	}
}

/* Before an event: what says later whether calls that the peer still flushes may be left behind. */
static void
note_flush(struct side *s, const struct srp_event *ev)
{
	bool is_waiting = s->e.fsm_state == FSM_TAKING || s->e.fsm_state == FSM_HOLDING;

	if (ev->kind == SRP_EV_FLUSH_DONE || (ev->kind == SRP_EV_TIMER_PHASE && s->e.fsm_state == FSM_HANDING_FLUSH))
		s->is_flush_over = true;
	if (!is_waiting)
		s->is_cut_short = ev->kind != SRP_EV_TAKE;
	else if (ev->kind == SRP_EV_TIMER_PHASE || ev->kind == SRP_EV_TIMER_DEAD)
		s->is_cut_short = true;
}

static void
check_step(const struct world *w, int i, const struct srp *before, const struct srp_event *ev,
           const struct srp_out *out)
{
	static const uint8_t waits_for[] = {[PENDING_NONE] = 0,
	                                    [PENDING_TAKE] = SRP_ACT_ADDRESS_TAKE,
	                                    [PENDING_GIVE] = SRP_ACT_ADDRESS_GIVE,
	                                    [PENDING_FLUSH] = SRP_ACT_SESSIONS_FLUSH};
	const struct side *s = &w->s[i], *peer = &w->s[1 - i];

	claims_step(before, ev, &s->e, out,
	            &(struct claims_env){.timers = s->timers,
	                                 .waiting = waits_for[s->pending],
	                                 .is_holding = s->is_holding,
	                                 .is_serving = s->is_serving,
	                                 .is_flush_over = s->is_flush_over,
	                                 .serving_epoch = s->serving_epoch});
	if (srp_serves(&s->e) && !srp_serves(before) && before->given_epoch == peer->e.epoch &&
	    peer->e.fsm_state == FSM_HANDING_FLUSH)
		claim_world(CLAIM_FLUSHED, peer->is_flush_over || s->is_cut_short);
	if (ev->kind == SRP_EV_TAKE && before->fsm_state == FSM_STANDBY && s->e.fsm_state == FSM_TAKING)
		claim_world(CLAIM_GIVEN, !peer->is_holding || srp_serves(&peer->e) || peer->e.fsm_state == FSM_DOWN ||
		                             peer->e.epoch != ev->epoch);
}

static void
feed(struct world *w, int i, struct srp_event *ev)
{
	struct srp before = w->s[i].e;
	struct srp_out out;

	transitions++;
	note_flush(&w->s[i], ev);
	if (srp_input(&w->s[i].e, ev, &out) != ERR_OK) {
		claims_broken = "every event has a row";
		return;
	}
	row_hits[out.row]++;
	for (size_t k = 0; k < out.count; k++)
		act(w, i, &out.actions[k]);
	check_step(w, i, &before, ev, &out);
}

static void
feed_kind(struct world *w, int i, uint8_t kind)
{
	feed(w, i, &(struct srp_event){.kind = kind, .token = w->s[i].e.token});
}

/* --- moves ------------------------------------------------------------------------------------------------- */

enum move {
	MOVE_DELIVER,
	MOVE_DELIVER_UNREADY, /* a PREPARE or a TAKE that finds session managers not ready */
	MOVE_LOSE,
	MOVE_TIMER_FIRST,
	MOVE_TIMER_LAST = MOVE_TIMER_FIRST + SRP_TIMER_COUNT - 1,
	MOVE_DRIVER,      /* the address driver or the flush answers */
	MOVE_DRIVER_BUSY, /* a stranger holds the address */
	MOVE_OPERATOR,
	MOVE_OPERATOR_RESET, /* the same, and the route modifiers start again */
	MOVE_OPERATOR_FORCE, /* forced, with session managers that are not connected */
	MOVE_MONITOR_FIRST,
	MOVE_MONITOR_LAST = MOVE_MONITOR_FIRST + 4, /* what monitor_moves says */
	MOVE_CRASH,
	MOVE_STOP, /* by configuration: the same incarnation when it starts again */
	MOVE_START,
	MOVE_CUT,
	MOVE_HEAL,
	MOVE_NOTICE,
	MOVE_RESET,
	MOVE_CONNECT_OVER, /* a fresh connection takes the place of one whose end was not noticed */
	MOVE_CONNECT,
	MOVE_COUNT
};

/* One revertible and one non-revertible kind of failure. */
static const struct {
	uint8_t event, reason;
} monitor_moves[] = {
    {SRP_EV_MONITOR_FAILED, SRP_REASON_BGP_FAILURE},    {SRP_EV_MONITOR_FAILED, SRP_REASON_AAA_FAILURE},
    {SRP_EV_MONITOR_RECOVERED, SRP_REASON_BGP_FAILURE}, {SRP_EV_MONITOR_RECOVERED, SRP_REASON_AAA_FAILURE},
    {SRP_EV_RESET_FAIL, SRP_REASON_AAA_FAILURE},
};

static void
deliver(struct world *w, int i, uint32_t not_connected)
{
	static const uint8_t kind_of[] = {
	    [MSG_HELLO] = SRP_EV_HELLO,   [MSG_PREPARE] = SRP_EV_PREPARE, [MSG_READY] = SRP_EV_READY,
	    [MSG_REFUSE] = SRP_EV_REFUSE, [MSG_TAKE] = SRP_EV_TAKE,       [MSG_FLUSHED] = SRP_EV_FLUSHED,
	};
	struct side *s = &w->s[i];
	struct msg m = s->in[0];
	struct srp_hello h = {0};

	s->in_count--;
	memmove(s->in, s->in + 1, s->in_count * sizeof s->in[0]);
	srp_hello_fill(&w->s[1 - i].e, &h); /* identity: what never changes */
	h.state = m.state;
	h.route_modifier = m.rm;
	h.incarnation = m.incarnation;
	h.epoch = m.epoch;
	h.lineage = m.lineage;
	h.failed = m.failed;
	feed(w, i,
	     &(struct srp_event){.kind = kind_of[m.type],
	                         .hello = &h,
	                         .epoch = m.epoch,
	                         .request = m.request,
	                         .is_forced = m.is_forced,
	                         .is_early = m.is_early,
	                         .is_rm_reset = m.is_rm_reset,
	                         .reason = m.reason,
	                         .not_connected = not_connected,
	                         .refuse = SRP_REFUSE_NOT_PREPARED});
}

static void
driver_answers(struct world *w, int i, bool is_strange)
{
	struct side *s = &w->s[i];
	uint8_t was = s->pending;

	s->pending = PENDING_NONE;
	if (was == PENDING_GIVE) {
		s->is_holding = false;
		feed_kind(w, i, SRP_EV_ADDRESS_GIVEN);
	} else if (was == PENDING_FLUSH) {
		feed_kind(w, i, SRP_EV_FLUSH_DONE);
	} else if (is_strange || (!home->is_split && w->s[1 - i].is_holding)) {
		feed_kind(w, i, SRP_EV_ADDRESS_BUSY);
	} else {
		s->is_holding = true;
		feed_kind(w, i, SRP_EV_ADDRESS_TAKEN);
	}
}

/* The engine's memory is gone, the reserved epochs and the identity stay; the next incarnation is another one. */
static void
crash(struct world *w, int i)
{
	struct side *s = &w->s[i];
	struct srp_config c = s->e.config;
	uint64_t allotted = s->allotted;
	bool is_cut = s->is_cut;

	disconnect(w, i);
	c.incarnation++;
	memset(s, 0, sizeof *s);
	srp_init(&s->e, &c);
	s->allotted = allotted;
	s->is_cut = is_cut;
}

static void
stop(struct world *w, int i)
{
	struct side *s = &w->s[i];

	struct srp_config c = s->e.config;

	feed_kind(w, i, SRP_EV_STOP);
	disconnect(w, i);
	s->is_reset_due = false;
	srp_init(&s->e, &c);
}

static void
start(struct world *w, int i)
{
	w->s[i].e.epoch_next = w->s[i].allotted + 1;
	w->s[i].e.epoch_end = EPOCH_BLOCK_BIG;
	feed_kind(w, i, SRP_EV_START);
}

static void
connect(struct world *w, bool is_end_reported)
{
	for (int i = 0; i < 2; i++) {
		if (w->s[i].is_reset_due && is_end_reported)
			feed_kind(w, i, SRP_EV_LINK_DOWN);
		w->s[i].is_reset_due = false;
	}
	w->is_connected = true;
	feed_kind(w, 0, SRP_EV_LINK_UP);
	if (w->is_connected)
		feed_kind(w, 1, SRP_EV_LINK_UP);
}

/* Whether @m is possible for side @i (moves of the pair only for side 0). */
static bool
is_possible(const struct world *w, int i, int m)
{
	const struct side *s = &w->s[i];
	bool is_up = s->e.fsm_state != FSM_DOWN;

	if (m >= MOVE_TIMER_FIRST && m <= MOVE_TIMER_LAST)
		return (s->timers >> (m - MOVE_TIMER_FIRST) & 1) != 0;
	if (now->is_calm &&
	    (m == MOVE_LOSE || m == MOVE_DRIVER_BUSY || m == MOVE_CRASH || m == MOVE_CUT || m == MOVE_RESET))
		return false;
	if (m >= MOVE_MONITOR_FIRST && m <= MOVE_MONITOR_LAST) {
		const uint8_t event = monitor_moves[m - MOVE_MONITOR_FIRST].event;
		const uint8_t reason = monitor_moves[m - MOVE_MONITOR_FIRST].reason;
		bool has_failed = (s->e.failed >> reason & 1) != 0;

		return now->has_monitors && is_up &&
		       (event == SRP_EV_RESET_FAIL ? s->e.won_by == reason
		                                   : has_failed == (event == SRP_EV_MONITOR_RECOVERED));
	}
	switch (m) {
	case MOVE_DELIVER:
		return is_up && s->in_count > 0 && !s->is_cut;
	case MOVE_DELIVER_UNREADY:
		return is_up && s->in_count > 0 && !s->is_cut &&
		       (s->in[0].type == MSG_PREPARE || s->in[0].type == MSG_TAKE);
	case MOVE_LOSE:
		return s->in_count > 0;
	case MOVE_DRIVER:
		return s->pending != PENDING_NONE;
	case MOVE_DRIVER_BUSY:
		return s->pending == PENDING_TAKE && home->is_split;
	case MOVE_OPERATOR_RESET:
	case MOVE_OPERATOR_FORCE:
		return is_up && now->has_orders;
	case MOVE_STOP:
		return is_up && now->has_stops;
	case MOVE_OPERATOR:
	case MOVE_CRASH:
		return is_up;
	case MOVE_START:
		return !is_up;
	case MOVE_CUT:
		return !s->is_cut;
	case MOVE_HEAL:
		return s->is_cut;
	case MOVE_NOTICE:
		return s->is_reset_due;
	case MOVE_RESET:
		return i == 0 && w->is_connected;
	default:
		return i == 0 && !w->is_connected && is_up && w->s[1].e.fsm_state != FSM_DOWN && !s->is_cut &&
		       !w->s[1].is_cut;
	}
}

static void
make_move(struct world *w, int i, int m)
{
	static const uint8_t expired[SRP_TIMER_COUNT] = {SRP_EV_TIMER_HELLO, SRP_EV_TIMER_DEAD,  SRP_EV_TIMER_DELAY,
	                                                 SRP_EV_TIMER_RETRY, SRP_EV_TIMER_PHASE, SRP_EV_TIMER_INTERNAL};
	struct side *s = &w->s[i];

	if (m >= MOVE_TIMER_FIRST && m <= MOVE_TIMER_LAST) {
		s->timers &= (uint8_t) ~(1u << (m - MOVE_TIMER_FIRST));
		feed_kind(w, i, expired[m - MOVE_TIMER_FIRST]);
		return;
	}
	if (m >= MOVE_MONITOR_FIRST && m <= MOVE_MONITOR_LAST) {
		feed(w, i,
		     &(struct srp_event){.kind = monitor_moves[m - MOVE_MONITOR_FIRST].event,
		                         .reason = monitor_moves[m - MOVE_MONITOR_FIRST].reason});
		return;
	}
	switch (m) {
	case MOVE_DELIVER:
	case MOVE_DELIVER_UNREADY:
		deliver(w, i, m == MOVE_DELIVER_UNREADY);
		break;
	case MOVE_LOSE:
		s->in_count--;
		memmove(s->in, s->in + 1, s->in_count * sizeof s->in[0]);
		break;
	case MOVE_DRIVER:
	case MOVE_DRIVER_BUSY:
		driver_answers(w, i, m == MOVE_DRIVER_BUSY);
		break;
	case MOVE_OPERATOR:
	case MOVE_OPERATOR_RESET:
	case MOVE_OPERATOR_FORCE:
		feed(w, i,
		     &(struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER,
		                         .asker = s->e.asker == ASKER ? ASKER + 1 : ASKER,
		                         .is_forced = m == MOVE_OPERATOR_FORCE,
		                         .not_connected = m == MOVE_OPERATOR_FORCE,
		                         .is_rm_reset = m == MOVE_OPERATOR_RESET});
		break;
	case MOVE_STOP:
		stop(w, i);
		break;
	case MOVE_CRASH:
		crash(w, i);
		break;
	case MOVE_START:
		start(w, i);
		break;
	case MOVE_CUT:
	case MOVE_HEAL:
		s->is_cut = m == MOVE_CUT;
		break;
	case MOVE_NOTICE:
		s->is_reset_due = false;
		feed_kind(w, i, SRP_EV_LINK_DOWN);
		break;
	case MOVE_RESET:
		disconnect(w, -1);
		break;
	default:
		connect(w, m == MOVE_CONNECT);
	}
}

#endif
