/* srp_dry_run.c - two engines, a queue between them, and drivers that answer at once. */
#include "srp/srp_dry_run.h"

#include "srp/srp_fsm.h"

enum { SELF, PEER, SIDES, QUEUE_MAX = 32, EVENTS_MAX = 64, EPOCHS = 64 };

struct queued {
	uint8_t side;
	struct srp_event ev;
	struct srp_hello hello;
};

struct run {
	struct srp engine[SIDES];
	uint32_t not_connected[SIDES];
	uint32_t config_differs;
	struct queued queue[QUEUE_MAX];
	unsigned head, count;
	struct srp_dry_run *out;
};

static void
push(struct run *r, uint8_t side, const struct srp_event *ev, const struct srp_hello *hello)
{
	struct queued *q = &r->queue[(r->head + r->count) % QUEUE_MAX];

	if (r->count == QUEUE_MAX)
		return; /* two engines that talk without end: the answer is then that there is none */
	r->count++;
	q->side = side;
	q->ev = *ev;
	if (hello != NULL)
		q->hello = *hello;
}

/* The Standby that the last hello describes; it has heard this chassis, and has epochs to take. */
static void
make_peer(struct run *r, const struct srp *live)
{
	const struct srp_hello *h = &live->peer;
	struct srp_config c = live->config;
	struct srp *e = &r->engine[PEER];

	c.chassis_id = h->chassis_id;
	c.incarnation = h->incarnation;
	for (size_t i = 0; i < MAC_LEN; i++)
		c.mac[i] = h->mac[i];
	c.mode = h->mode;
	c.priority = h->priority;
	c.options = h->options;
	srp_init(e, &c);
	e->fsm_state = FSM_STANDBY;
	e->is_link_up = e->is_peer_heard = true;
	srp_hello_fill(live, &e->peer);
	e->route_modifier = h->route_modifier;
	e->failed = h->failed;
	e->lineage = h->lineage;
	e->epoch_known = live->epoch_known > h->epoch ? live->epoch_known : h->epoch;
	e->epoch_next = srp_epoch_counter(e->epoch_known) + 1;
	e->epoch_end = e->epoch_next + EPOCHS;
	r->not_connected[PEER] = h->sessmgrs > h->sessmgrs_ready ? h->sessmgrs - (uint32_t)h->sessmgrs_ready : 0;
}

static void
send(struct run *r, uint8_t side, uint8_t kind, const struct srp_action *a)
{
	struct srp_event ev = {.kind = kind,
	                       .epoch = a->epoch,
	                       .request = a->request,
	                       .is_forced = a->is_forced,
	                       .is_rm_reset = a->is_rm_reset,
	                       .is_early = a->is_early,
	                       .reason = a->reason,
	                       .timeout_ms = a->ms,
	                       .refuse = a->refuse,
	                       .count = a->count,
	                       .not_connected = r->not_connected[1 - side],
	                       .config_differs = r->config_differs};
	struct srp_hello h = {0};

	srp_hello_fill(&r->engine[side], &h);
	push(r, 1 - side, &ev, &h);
}

static void
note_step(struct run *r, uint8_t side, const struct srp_action *a, size_t row)
{
	struct srp_dry_run *out = r->out;

	if (out->step_count < SRP_DRY_RUN_STEPS_MAX)
		out->steps[out->step_count++] = (struct srp_dry_step){.is_peer = side == PEER,
		                                                      .from_inner = a->from_inner,
		                                                      .to_inner = a->to_inner,
		                                                      .row = (uint16_t)row};
}

/* What goes to the other side, and what a driver answers; 0: neither. */
static const uint8_t sends[SRP_ACT_COUNT] = {
    [SRP_ACT_SEND_HELLO] = SRP_EV_HELLO, [SRP_ACT_SEND_PREPARE] = SRP_EV_PREPARE,
    [SRP_ACT_SEND_READY] = SRP_EV_READY, [SRP_ACT_SEND_REFUSE] = SRP_EV_REFUSE,
    [SRP_ACT_SEND_TAKE] = SRP_EV_TAKE,   [SRP_ACT_SEND_FLUSHED] = SRP_EV_FLUSHED,
};
static const uint8_t answers[SRP_ACT_COUNT] = {
    [SRP_ACT_ADDRESS_TAKE] = SRP_EV_ADDRESS_TAKEN,
    [SRP_ACT_ADDRESS_GIVE] = SRP_EV_ADDRESS_GIVEN,
    [SRP_ACT_SESSIONS_FLUSH] = SRP_EV_FLUSH_DONE,
};

static void
act(struct run *r, uint8_t side, const struct srp_action *a, size_t row)
{
	if (sends[a->kind] != 0)
		send(r, side, sends[a->kind], a);
	else if (answers[a->kind] != 0)
		push(r, side, &(struct srp_event){.kind = answers[a->kind], .token = a->token}, NULL);
	else if (a->kind == SRP_ACT_STEP)
		note_step(r, side, a, row);
	else if (a->kind == SRP_ACT_OPERATOR_ANSWER && side == SELF) {
		r->out->answer = a->answer;
		r->out->refuse = a->refuse;
		r->out->count = a->count;
	}
}

void
srp_dry_run(const struct srp *live, const struct srp_event *ev, struct srp_dry_run *out)
{
	struct run r = {.out = out, .config_differs = ev->config_differs};
	struct srp_event first = *ev;

	*out = (struct srp_dry_run){.answer = SRP_ANSWER_NO_READY};
	r.engine[SELF] = *live;
	make_peer(&r, live);
	first.kind = SRP_EV_OPERATOR_SWITCHOVER;
	first.asker = 1;
	first.is_dry_run = false;
	push(&r, SELF, &first, NULL);
	for (unsigned n = 0; n < EVENTS_MAX && r.count > 0; n++) {
		struct queued q = r.queue[r.head];
		struct srp_out done;

		r.head = (r.head + 1) % QUEUE_MAX;
		r.count--;
		q.ev.hello = &q.hello;
		if (srp_input(&r.engine[q.side], &q.ev, &done) != ERR_OK)
			continue;
		for (size_t i = 0; i < done.count; i++)
			act(&r, q.side, &done.actions[i], done.row);
	}
	out->would_switch =
	    out->answer == SRP_ANSWER_OK && srp_serves(&r.engine[PEER]) && srp_state(&r.engine[SELF]) == SRP_STANDBY;
}
