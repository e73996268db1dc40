/* srp_link.c - events in, actions out. */
#include "srp/srp_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "srp/srp_conn_link.h"
#include "srp/srp_timer_link.h"
#include "srp/srp_wire.h"

enum { QUEUE_MAX = 32, US_PER_MS = 1000 };

/* Epoch counters come in blocks of 65536 for each start of a chassis: more than 65536 starts unheard are not believed.
 */
#define EPOCH_AHEAD_MAX (UINT64_C(1) << 32)

struct queued {
	struct srp_event ev;
	struct srp_hello hello;
	struct srp_config config;
};

struct srp_link {
	struct event_base *base;
	const struct srp_link_ops *ops;
	void *arg;
	struct srp engine;
	struct srp_conn_link *conn;
	struct addr local, peer;
	bool is_started;
	bool is_feeding;
	struct queued queue[QUEUE_MAX];
	unsigned queue_head, queue_count;
	struct srp_timer_link *timers;
	struct srp_counters counters;
	struct hist rtt;
	struct srp_clock clock;
	uint64_t row_hits[SRP_ROW_HITS];
	uint32_t seq;
	uint64_t hello_wall_ms;
};

/* --- messages out ------------------------------------------------------------------------------------- */

static void
fill_hello(struct srp_link *l, struct srp_hello *h)
{
	srp_hello_fill(&l->engine, h);
	l->ops->fill_hello(l->arg, h);
}

static void
send_msg(struct srp_link *l, struct srp_msg *m, uint64_t *counter)
{
	m->hello.chassis_id = l->engine.config.chassis_id;
	if (srp_conn_send(l->conn, m) == ERR_OK)
		(*counter)++;
}

static void
send_hello(struct srp_link *l)
{
	struct srp_msg m = {
	    .type = SRP_MSG_HELLO, .seq = ++l->seq, .sent_us = clock_now_us(), .wall_us = clock_wall_us()};

	fill_hello(l, &m.hello);
	send_msg(l, &m, &l->counters.hello_sent);
}

static void
send_reply(struct srp_link *l, const struct srp_msg *hello)
{
	struct srp_msg m = {
	    .type = SRP_MSG_HELLO_REPLY, .seq = hello->seq, .sent_us = hello->sent_us, .wall_us = clock_wall_us()};

	fill_hello(l, &m.hello);
	send_msg(l, &m, &l->counters.reply_sent);
}

static void
send_switch(struct srp_link *l, uint8_t type, const struct srp_action *a)
{
	struct srp_msg m = {.type = type,
	                    .request = a->request,
	                    .is_forced = a->is_forced,
	                    .refuse = a->refuse,
	                    .reason = a->reason,
	                    .is_rm_reset = a->is_rm_reset,
	                    .is_early = a->is_early,
	                    .wait_ms = a->ms,
	                    .count = a->count};

	m.hello.epoch = a->epoch;
	send_msg(l, &m, &l->counters.switch_sent);
}

/* --- actions -------------------------------------------------------------------------------------------- */

static void
start_timer(struct srp_link *l, const struct srp_action *a)
{
	srp_timer_start(l->timers, (enum srp_timer)a->timer, a->ms,
	                a->timer == SRP_TIMER_DEAD ? l->engine.config.hello_ms : 0);
}

static void
reserve_epochs(struct srp_link *l, const struct srp_action *a)
{
	struct srp_event ev = {.kind = SRP_EV_EPOCH_BLOCK};

	if (l->ops->epoch_reserve(l->arg, a->epoch, &ev.block_first, &ev.block_count) == ERR_OK)
		srp_link_feed(l, &ev);
}

static void
note_transition(struct srp_link *l, const struct srp_action *a, size_t row)
{
	struct srp_transition t = {.wall_ms = clock_wall_us() / US_PER_MS,
	                           .epoch = a->epoch,
	                           .from = a->from,
	                           .to = a->to,
	                           .reason = a->reason,
	                           .peer_state = l->engine.peer.state,
	                           .row = (uint16_t)row};

	if (a->to != a->from && (a->to == SRP_ACTIVE || a->from == SRP_ACTIVE) && a->reason != SRP_REASON_NOT_DEFINED)
		l->counters.switchovers[a->reason < SRP_REASON_COUNT ? a->reason : 0]++;
	log_event(LOG_SRP_STATE, srp_state_text(a->from), srp_state_text(a->to), srp_row_reason(row),
	          (unsigned long long)srp_epoch_counter(a->epoch), (unsigned)l->engine.route_modifier);
	l->ops->transition(l->arg, &t, srp_row_reason(row));
}

static void
run_local_action(struct srp_link *l, const struct srp_action *a, size_t row)
{
	switch (a->kind) {
	case SRP_ACT_ADDRESS_TAKE:
		l->ops->address_take(l->arg, a->token);
		break;
	case SRP_ACT_ADDRESS_GIVE:
		l->ops->address_give(l->arg, a->token);
		break;
	case SRP_ACT_SESSIONS_ACTIVE:
		l->ops->sessions_active(l->arg, a->epoch);
		break;
	case SRP_ACT_SESSIONS_STANDBY:
		l->ops->sessions_standby(l->arg);
		break;
	case SRP_ACT_SESSIONS_FLUSH:
		l->ops->sessions_flush(l->arg, a->token);
		break;
	case SRP_ACT_EPOCH_RESERVE:
		reserve_epochs(l, a);
		break;
	case SRP_ACT_ALARM_RAISE:
	case SRP_ACT_ALARM_CLEAR:
		l->ops->alarm(l->arg, a->alarm, a->kind == SRP_ACT_ALARM_RAISE);
		break;
	case SRP_ACT_OPERATOR_ANSWER:
		l->ops->operator_answer(l->arg, a);
		break;
	case SRP_ACT_HISTORY:
		note_transition(l, a, row);
		break;
	case SRP_ACT_STEP:
		if (l->ops->step != NULL)
			l->ops->step(l->arg, a->from_inner, a->to_inner, row);
		break;
	case SRP_ACT_COUNTED_STALE:
		l->counters.stale++;
		break;
	default:
		break;
	}
}

static void
run_action(struct srp_link *l, const struct srp_action *a, size_t row)
{
	switch (a->kind) {
	case SRP_ACT_TIMER_START:
		start_timer(l, a);
		break;
	case SRP_ACT_TIMER_STOP:
		srp_timer_stop(l->timers, (enum srp_timer)a->timer);
		break;
	case SRP_ACT_REDIAL:
		srp_conn_redial(l->conn);
		break;
	case SRP_ACT_SEND_HELLO:
		send_hello(l);
		break;
	case SRP_ACT_SEND_PREPARE:
		send_switch(l, SRP_MSG_PREPARE, a);
		break;
	case SRP_ACT_SEND_READY:
		send_switch(l, SRP_MSG_READY, a);
		break;
	case SRP_ACT_SEND_REFUSE:
		send_switch(l, SRP_MSG_REFUSE, a);
		break;
	case SRP_ACT_SEND_TAKE:
		send_switch(l, SRP_MSG_TAKE, a);
		break;
	case SRP_ACT_SEND_FLUSHED:
		send_switch(l, SRP_MSG_FLUSHED, a);
		break;
	default:
		run_local_action(l, a, row);
	}
}

/* --- events ----------------------------------------------------------------------------------------------- */

static void
feed_one(struct srp_link *l, const struct queued *q)
{
	struct srp_event ev = q->ev;
	struct srp_out out;
	enum err e;

	if (ev.hello != NULL)
		ev.hello = &q->hello;
	if (ev.config != NULL)
		ev.config = &q->config;
	if (ev.kind == SRP_EV_ADDRESS_BUSY)
		l->counters.address_busy++;
	e = srp_input(&l->engine, &ev, &out);
	if (e != ERR_OK) {
		l->counters.bad_messages[(unsigned)e < SRP_BAD_KINDS ? (unsigned)e : 0]++;
		return;
	}
	if (out.row < SRP_ROW_HITS)
		l->row_hits[out.row]++;
	for (size_t i = 0; i < out.count; i++)
		run_action(l, &out.actions[i], out.row);
}

void
srp_link_feed(struct srp_link *l, const struct srp_event *ev)
{
	struct queued *q = &l->queue[(l->queue_head + l->queue_count) % QUEUE_MAX];

	if (l->queue_count == QUEUE_MAX)
		abort(); /* one event causes a handful at most: our bug */
	q->ev = *ev;
	if (ev->hello != NULL)
		q->hello = *ev->hello;
	if (ev->config != NULL)
		q->config = *ev->config;
	l->queue_count++;
	if (l->is_feeding)
		return;
	l->is_feeding = true;
	while (l->queue_count > 0) {
		struct queued next = l->queue[l->queue_head];

		l->queue_head = (l->queue_head + 1) % QUEUE_MAX;
		l->queue_count--;
		feed_one(l, &next);
	}
	l->is_feeding = false;
}

static void
feed(struct srp_link *l, enum srp_event_kind kind)
{
	srp_link_feed(l, &(struct srp_event){.kind = (uint8_t)kind});
}

static void
on_timer(void *arg, enum srp_timer timer)
{
	static const uint8_t events[SRP_TIMER_COUNT] = {
	    [SRP_TIMER_HELLO] = SRP_EV_TIMER_HELLO, [SRP_TIMER_DEAD] = SRP_EV_TIMER_DEAD,
	    [SRP_TIMER_DELAY] = SRP_EV_TIMER_DELAY, [SRP_TIMER_RETRY] = SRP_EV_TIMER_RETRY,
	    [SRP_TIMER_PHASE] = SRP_EV_TIMER_PHASE, [SRP_TIMER_INTERNAL] = SRP_EV_TIMER_INTERNAL,
	};
	struct srp_link *l = arg;
	bool is_news = l->engine.is_peer_heard || srp_state(&l->engine) == SRP_INIT; /* once for each loss */
	char text[ADDR_TEXT_MAX];

	if (timer == SRP_TIMER_DEAD && is_news)
		log_event(LOG_SRP_DEAD, addr_text(&l->peer, text), l->engine.config.dead_ms);
	feed(l, events[timer]);
}

/* --- connection ------------------------------------------------------------------------------------------- */

static void
on_up(void *arg, const struct srp_msg *open)
{
	struct srp_link *l = arg;
	char text[ADDR_TEXT_MAX];

	(void)open;
	l->counters.link_up++;
	log_event(LOG_SRP_LINK_UP, addr_text(&l->peer, text), "control connection");
	feed(l, SRP_EV_LINK_UP);
}

static void
on_down(void *arg, const char *why)
{
	struct srp_link *l = arg;
	char text[ADDR_TEXT_MAX];

	l->counters.link_down++;
	log_event(LOG_SRP_LINK_DOWN, addr_text(&l->peer, text), why);
	feed(l, SRP_EV_LINK_DOWN);
}

static void
on_bad(void *arg, const struct addr *from, enum err e, const char *field)
{
	struct srp_link *l = arg;
	char text[ADDR_TEXT_MAX];

	l->counters.bad_messages[(unsigned)e < SRP_BAD_KINDS ? (unsigned)e : 0]++;
	log_event(LOG_SRP_BAD_MESSAGE, addr_text(from, text), err_text(e), field != NULL ? field : "frame");
}

/* A hello that the engine has taken for what the peer is now; a refused one leaves the former. */
static bool
is_accepted(const struct srp_link *l, const struct srp_hello *h)
{
	const struct srp_hello *known = &l->engine.peer;

	return l->engine.is_peer_heard && known->chassis_id == h->chassis_id && known->incarnation == h->incarnation &&
	       known->epoch == h->epoch && known->state == h->state;
}

static void
on_hello(struct srp_link *l, const struct srp_msg *m)
{
	struct srp_event ev = {.kind = SRP_EV_HELLO, .hello = &m->hello};
	uint64_t now_us = clock_now_us();

	/* what is heard once is above every later epoch of both: near the end of the numbers nobody could serve again
	 */
	if (srp_epoch_counter(m->hello.epoch) > srp_epoch_counter(l->engine.epoch_known) + EPOCH_AHEAD_MAX) {
		on_bad(l, &l->peer, ERR_RANGE, "epoch");
		return;
	}
	srp_link_feed(l, &ev);
	if (is_accepted(l, &m->hello)) {
		l->hello_wall_ms = clock_wall_us() / US_PER_MS;
		l->ops->heard(l->arg, &m->hello);
	}
	if (m->type == SRP_MSG_HELLO) {
		l->counters.hello_received++;
		send_reply(l, m);
		return;
	}
	l->counters.reply_received++;
	if (m->sent_us > now_us)
		return;
	hist_add(&l->rtt, now_us - m->sent_us);
	srp_clock_note(&l->clock, now_us - m->sent_us, m->wall_us, clock_wall_us());
}

static bool
is_validation(uint8_t type)
{
	return type >= SRP_MSG_CONFIG_REQUEST && type <= SRP_MSG_VALIDATE_ANSWER;
}

static void
on_message(void *arg, const struct srp_msg *m, unsigned skipped)
{
	static const uint8_t events[SRP_MSG_TYPE_END] = {
	    [SRP_MSG_PREPARE] = SRP_EV_PREPARE, [SRP_MSG_READY] = SRP_EV_READY,     [SRP_MSG_REFUSE] = SRP_EV_REFUSE,
	    [SRP_MSG_TAKE] = SRP_EV_TAKE,       [SRP_MSG_FLUSHED] = SRP_EV_FLUSHED,
	};
	struct srp_link *l = arg;
	struct srp_event ev = {.epoch = m->hello.epoch,
	                       .request = m->request,
	                       .is_forced = m->is_forced != 0,
	                       .is_rm_reset = m->is_rm_reset != 0,
	                       .is_early = m->is_early != 0,
	                       .reason = m->reason,
	                       .timeout_ms = m->wait_ms,
	                       .refuse = m->refuse,
	                       .count = m->count};

	l->counters.skipped_fields += skipped;
	if (m->type == SRP_MSG_HELLO || m->type == SRP_MSG_HELLO_REPLY) {
		on_hello(l, m);
		return;
	}
	if (m->type == SRP_MSG_RESOURCE) {
		l->counters.resource_received++;
		l->counters.resource_applied += srp_peer_resources(&l->engine, &m->hello);
		return;
	}
	if (events[m->type] == 0) {
		l->counters.config_received += is_validation(m->type);
		if (l->ops->message != NULL)
			l->ops->message(l->arg, m);
		return;
	}
	l->counters.switch_received++;
	ev.kind = events[m->type];
	ev.not_connected = l->ops->not_connected(l->arg);
	ev.config_differs = l->ops->config_differs != NULL ? l->ops->config_differs(l->arg) : 0;
	srp_link_feed(l, &ev);
}

static void
on_listening(void *arg, const char *why)
{
	struct srp_link *l = arg;

	l->ops->listening(l->arg, &l->local, why);
}

static void
on_unknown_type(void *arg)
{
	((struct srp_link *)arg)->counters.unknown_types++;
}

static void
on_dialled(void *arg)
{
	((struct srp_link *)arg)->counters.dials++;
}

static void
on_checkpoint(void *arg, uint32_t instance, int fd)
{
	struct srp_link *l = arg;

	l->ops->checkpoint_socket(l->arg, instance, fd);
}

static void
on_fill_open(void *arg, struct srp_msg *m)
{
	struct srp_link *l = arg;

	srp_hello_fill(&l->engine, &m->hello);
}

static const struct srp_conn_ops conn_ops = {
    .up = on_up,
    .down = on_down,
    .message = on_message,
    .bad = on_bad,
    .listening = on_listening,
    .unknown_type = on_unknown_type,
    .dialled = on_dialled,
    .checkpoint = on_checkpoint,
    .fill_open = on_fill_open,
};

/* --- life -------------------------------------------------------------------------------------------------- */

void
srp_link_configure(struct srp_link *l, const struct srp_config *cfg, const struct addr *local, const struct addr *peer)
{
	struct srp_event ev = {.kind = SRP_EV_RECONFIG, .config = cfg};

	if (!l->is_started) {
		srp_init(&l->engine, cfg);
		l->is_started = true;
		l->local = *local;
		l->peer = *peer;
		srp_conn_start(l->conn, local, peer);
		feed(l, SRP_EV_START);
		return;
	}
	if (!addr_equal(local, &l->local) || !addr_equal(peer, &l->peer)) {
		bool was_up = srp_conn_is_up(l->conn);

		l->local = *local;
		l->peer = *peer;
		srp_conn_start(l->conn, local, peer);
		if (was_up)
			on_down(l, "the addresses were changed");
	}
	if (memcmp(cfg, &l->engine.config, sizeof *cfg) != 0)
		srp_link_feed(l, &ev);
}

void
srp_link_mark(struct srp_link *l, uint8_t dscp)
{
	srp_conn_mark(l->conn, dscp);
}

void
srp_link_stop(struct srp_link *l)
{
	if (!l->is_started)
		return;
	feed(l, SRP_EV_STOP);
	srp_conn_stop(l->conn);
	srp_timer_stop(l->timers, SRP_TIMER_COUNT);
	l->is_started = false;
}

struct srp_link *
srp_link_new(struct event_base *base, const struct srp_link_ops *ops, void *arg)
{
	struct srp_link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	*l = (struct srp_link){.base = base, .ops = ops, .arg = arg};
	l->conn = srp_conn_new(base, &conn_ops, l);
	l->timers = srp_timer_new(base, on_timer, l);
	if (l->conn == NULL || l->timers == NULL) {
		srp_link_free(l);
		return NULL;
	}
	return l;
}

void
srp_link_free(struct srp_link *l)
{
	if (l == NULL)
		return;
	srp_conn_free(l->conn);
	srp_timer_free(l->timers);
	free(l);
}

enum err
srp_link_send(struct srp_link *l, const struct srp_msg *m)
{
	struct srp_msg copy = *m;
	enum err e;

	copy.hello.chassis_id = l->engine.config.chassis_id;
	e = srp_conn_send(l->conn, &copy);
	l->counters.resource_sent += e == ERR_OK && m->type == SRP_MSG_RESOURCE;
	l->counters.config_sent += e == ERR_OK && is_validation(m->type);
	return e;
}

const struct srp_clock *
srp_link_clock(const struct srp_link *l)
{
	return &l->clock;
}

const struct srp *
srp_link_engine(const struct srp_link *l)
{
	return &l->engine;
}

bool
srp_link_is_started(const struct srp_link *l)
{
	return l->is_started;
}

void
srp_link_view(const struct srp_link *l, struct srp_view *v)
{
	*v = (struct srp_view){
	    .local = l->local,
	    .peer = l->peer,
	    .peer_hello = l->engine.peer,
	    .is_peer_heard = l->hello_wall_ms != 0,
	    .is_link_up = srp_conn_is_up(l->conn),
	    .link_text = srp_conn_is_up(l->conn) ? "Connected"
	                 : l->is_started         ? "Connecting"
	                                         : "None",
	    .now_wall_ms = clock_wall_us() / US_PER_MS,
	    .hello_wall_ms = l->hello_wall_ms,
	    .config_validation = "Initial",
	    .config_error = "None",
	    .validate_switchover = "None",
	    .inner_state = l->engine.fsm_state,
	    .row_hits = l->row_hits,
	    .counters = &l->counters,
	    .hello_rtt = &l->rtt,
	};
	for (unsigned i = 0; i < SRP_TIMER_COUNT; i++)
		v->timer_ms[i] = srp_timer_left_ms(l->timers, (enum srp_timer)i);
	srp_hello_fill(&l->engine, &v->self);
	l->ops->fill_hello(l->arg, &v->self);
}
