/*
 * srp_explore.c - explores the product of two production engines over a lossy link, breadth first.
 *
 * A world is two engines, at most two messages in flight each way, running timers (any of them may
 * fire at any time), the service address (one owner on one host, or one namespace per chassis), cuts per direction,
 * resets, crashes and restarts, operator switchovers, monitors that fail and recover. Absolute numbers are taken out:
 * epochs by rank, incarnations as current, old or none, request numbers as matching or not. In every world reached:
 *
 *   - who serves holds the address; on one host never two hold it;
 *   - two Active end with one hello each way: one of them leaves Active;
 *   - from sampled worlds, once the faults stop, a fair schedule ends in one Active and one Standby, whatever monitors
 *     have failed by then.
 *
 * Usage: srp_explore [states per scenario]. Ends with "srp_explore: N states, rows R/R hit".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "srp/srp_fsm.h"

enum {
	IN_FLIGHT = 2,
	ROWS_SEEN_MAX = 256,
	EPOCH_BLOCK_BIG = 1 << 30,
	PACKED_BYTES = 80,
	SAMPLE_EVERY = 16,
	FAIR_ROUNDS = 60,
	FAIR_STABLE = 8,
	RM_THRESHOLD = 3,
	STATES_DEFAULT = 600000,
	SECONDS_PER_SCENARIO = 15,
	TAG_BASE = 0x100
};

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
	bool is_holding;              /* the service address */
	bool is_cut;                  /* nothing arrives at this side */
	bool is_reset_due;            /* the closing of the connection has not been noticed yet */
	uint64_t allotted;            /* highest epoch counter reserved by this chassis: survives a crash */
	uint8_t age[SRP_TIMER_COUNT]; /* fair schedule only: rounds since the start of a timer */
};

struct world {
	struct side s[2];
	bool is_connected;
};

struct scenario {
	const char *name;
	/* settled: begins with one Active and one Standby; calm: timers and operators only, which goes deeper */
	bool is_split, is_tie, is_same_mode, is_settled, is_calm, has_monitors, is_early;
};

static const struct scenario scenarios[] = {
    {.name = "one host, primary and backup"},
    {.name = "two namespaces, primary and backup", .is_split = true},
    {.name = "one host, same mode and priority", .is_same_mode = true},
    {.name = "two namespaces, nothing tells them apart", .is_split = true, .is_tie = true, .is_same_mode = true},
    {.name = "one host, Active and Standby", .is_settled = true},
    {.name = "two namespaces, Active and Standby", .is_split = true, .is_settled = true},
    {.name = "one host, Active and Standby, calm", .is_settled = true, .is_calm = true},
    {.name = "two namespaces, Active and Standby, calm", .is_split = true, .is_settled = true, .is_calm = true},
    {.name = "one host, monitors", .is_settled = true, .has_monitors = true},
    {.name = "two namespaces, monitors, calm",
     .is_split = true,
     .is_settled = true,
     .is_calm = true,
     .has_monitors = true},
    {.name = "one host, early", .is_settled = true, .is_early = true},
    {.name = "two namespaces, early", .is_split = true, .is_settled = true, .is_early = true},
    {.name = "one host, early, monitors, calm",
     .is_settled = true,
     .is_calm = true,
     .has_monitors = true,
     .is_early = true},
};

static const struct scenario *now;
static uint64_t row_hits[ROWS_SEEN_MAX];
static uint64_t pair_counts[SRP_STATE_COUNT][SRP_STATE_COUNT];
static uint64_t transitions;
static bool is_robbed; /* a chassis that holds no calls accepted a TAKE */

static void
configure(struct srp_config *c, int i)
{
	srp_config_init(c);
	c->chassis_id = (uint64_t)(TAG_BASE + i);
	c->incarnation = 2;
	c->mode = now->is_same_mode || i == 0 ? SRP_MODE_PRIMARY : SRP_MODE_BACKUP;
	c->mac[MAC_LEN - 1] = now->is_tie ? 0 : (uint8_t)i;
	c->rm_threshold = RM_THRESHOLD;
	c->delay_ms = i == 0 ? 1 : 0;
	c->internal_retries = 1;
	c->options = now->is_early ? SRP_OPT_ALLOW_ALL | SRP_OPT_EARLY : 0;
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
		break;
	case SRP_ACT_SESSIONS_ACTIVE:
		s->allotted = srp_epoch_counter(a->epoch);
		break;
	default:
		break;
	}
}

static void
feed(struct world *w, int i, struct srp_event *ev)
{
	struct srp_out out;

	transitions++;
	if (srp_input(&w->s[i].e, ev, &out) != ERR_OK) {
		printf("no row for event %u\n", ev->kind);
		exit(1);
	}
	row_hits[out.row]++;
	if (ev->kind == SRP_EV_TAKE && out.count > 0 && w->s[i].e.fsm_state == FSM_TAKING && w->s[i].e.lineage == 0)
		is_robbed = true;
	for (size_t k = 0; k < out.count; k++)
		act(w, i, &out.actions[k]);
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
	MOVE_MONITOR_FIRST,
	MOVE_MONITOR_LAST = MOVE_MONITOR_FIRST + 4, /* what monitor_moves says */
	MOVE_CRASH,
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
	} else if (is_strange || (!now->is_split && w->s[1 - i].is_holding)) {
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
		return s->pending == PENDING_TAKE && now->is_split;
	case MOVE_OPERATOR_RESET:
		return is_up && now->is_early;
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
		feed(w, i,
		     &(struct srp_event){
		         .kind = SRP_EV_OPERATOR_SWITCHOVER, .asker = 1, .is_rm_reset = m == MOVE_OPERATOR_RESET});
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

#include "tests/model/srp_explore_pack.h"

#include "tests/model/srp_explore_check.h"

#include "tests/model/srp_explore_seen.h"

/* --- breadth first ------------------------------------------------------------------------------------------ */

static void
check_world(const struct seen *s, uint32_t at, const struct world *w, bool is_sampled)
{
	const char *fault = check_safety(w);

	if (fault == NULL && is_sampled)
		fault = check_fair(w, NULL);
	if (fault == NULL)
		return;
	printf("FAULT in \"%s\": %s\n", now->name, fault);
	print_path(s, at);
	exit(1);
}

static uint32_t
explore(struct seen *s, time_t until)
{
	struct world w, next;
	uint8_t packed[PACKED_BYTES];

	memset(&w, 0, sizeof w);
	for (int i = 0; i < 2; i++) {
		struct srp_config c;

		configure(&c, i);
		srp_init(&w.s[i].e, &c);
	}
	if (now->is_settled && check_fair(&w, &w) != NULL)
		exit(1);
	pack(&w, packed);
	(void)seen_add(s, packed, 0, 0);
	for (uint32_t at = 0; at < s->count; at++) {
		unpack(s->packed[at], &w);
		pair_counts[srp_state(&w.s[0].e)][srp_state(&w.s[1].e)]++;
		check_world(s, at, &w, at % SAMPLE_EVERY == 0);
		if (at % 1024 == 0 && time(NULL) > until)
			return at;
		for (int i = 0; i < 2; i++) {
			for (int m = 0; m < MOVE_COUNT; m++) {
				if (!is_possible(&w, i, m))
					continue;
				next = w;
				make_move(&next, i, m);
				pack(&next, packed);
				(void)seen_add(s, packed, at, (uint16_t)(i << 8 | m));
			}
		}
	}
	return s->count;
}

static uint32_t
run_scenario(uint32_t limit)
{
	struct seen s = {.limit = limit};
	uint32_t slots = 1, done;

	while (slots < 2 * limit)
		slots *= 2;
	s.mask = slots - 1;
	s.packed = malloc((size_t)limit * PACKED_BYTES);
	s.parent = malloc((size_t)limit * sizeof *s.parent);
	s.how = malloc((size_t)limit * sizeof *s.how);
	s.slots = calloc(slots, sizeof *s.slots);
	if (s.packed == NULL || s.parent == NULL || s.how == NULL || s.slots == NULL) {
		printf("out of memory\n");
		exit(1);
	}
	done = explore(&s, time(NULL) + SECONDS_PER_SCENARIO);
	printf("%-45s %8u worlds, %8u expanded%s\n", now->name, s.count, done, done < limit ? "" : " (limit)");
	free(s.packed);
	free(s.parent);
	free(s.how);
	free(s.slots);
	return s.count;
}

int
main(int argc, char **argv)
{
	uint32_t limit = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : STATES_DEFAULT;
	uint32_t total = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t k = 0; k < sizeof scenarios / sizeof scenarios[0]; k++) {
		now = &scenarios[k];
		total += run_scenario(limit > 0 ? limit : 1);
	}
	print_pairs();
	printf("%" PRIu64 " transitions, %" PRIu64 " fair schedules\n", transitions, fair_runs);
	print_scripts_rows();
	return report_rows(total);
}
