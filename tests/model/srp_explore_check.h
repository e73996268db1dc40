/*
 * srp_explore_check.h - what must hold in every world of the explorer.
 *
 * Part of srp_explore.c, which includes it once; split off for its length only.
 */
#ifndef SRP_EXPLORE_CHECK_H
#define SRP_EXPLORE_CHECK_H

static unsigned fair_longest; /* rounds until one Active and one Standby */

static void
print_world(const struct world *w)
{
	for (int i = 0; i < 2; i++) {
		const struct side *s = &w->s[i];

		printf(" [%-9s rm=%u e=%" PRIu64 " known=%" PRIu64 " lin=%" PRIu64 " peer=%s t=%02x pend=%u%s%s%s in:",
		       srp_fsm_table()->states[s->e.fsm_state], s->e.route_modifier, srp_epoch_counter(s->e.epoch),
		       srp_epoch_counter(s->e.epoch_known), srp_epoch_counter(s->e.lineage),
		       srp_state_text(s->e.peer.state), s->timers, s->pending, s->is_holding ? " holds" : "",
		       s->is_cut ? " cut" : "", s->e.is_link_up ? " up" : "");
		for (int k = 0; k < s->in_count; k++)
			printf(" %u/%u/%" PRIu64, s->in[k].type, s->in[k].state, srp_epoch_counter(s->in[k].epoch));
		printf("]");
	}
	printf("%s\n", w->is_connected ? " connected" : "");
}

/* One hello each way, both made before either is read: a dual active must end with them. */
static bool
ends_with_hellos(const struct world *w)
{
	struct srp e[2] = {w->s[0].e, w->s[1].e};
	struct srp_hello h[2] = {{0}, {0}};
	struct srp_out out;

	for (int i = 0; i < 2; i++)
		srp_hello_fill(&e[i], &h[i]);
	for (int i = 0; i < 2; i++)
		(void)srp_input(&e[i], &(struct srp_event){.kind = SRP_EV_HELLO, .hello = &h[1 - i]}, &out);
	return srp_serves(&e[0]) != srp_serves(&e[1]);
}

static void
check_safety(const struct world *w)
{
	for (int i = 0; i < 2; i++)
		if (srp_serves(&w->s[i].e))
			claim_world(CLAIM_SERVES, w->s[i].is_holding);
	if (!home->is_split)
		claim_world(CLAIM_OWNERS, !w->s[0].is_holding || !w->s[1].is_holding);
	if (srp_serves(&w->s[0].e) && srp_serves(&w->s[1].e))
		claim_world(CLAIM_DUAL, ends_with_hellos(w));
}

/* @ev must leave the engine as it is, and ask nothing but to be counted or refused. */
static void
check_inert(const struct srp *e, struct srp_event ev)
{
	struct srp after = *e;
	struct srp_out out;
	bool is_fed = srp_input(&after, &ev, &out) == ERR_OK;

	for (size_t k = 0; is_fed && k < out.count; k++)
		is_fed = out.actions[k].kind == SRP_ACT_COUNTED_STALE || out.actions[k].kind == SRP_ACT_SEND_REFUSE ||
		         (out.actions[k].kind == SRP_ACT_SEND_HELLO && ev.kind == SRP_EV_TAKE);
	claim_world(CLAIM_INERT, is_fed && memcmp(&after, e, sizeof after) == 0);
}

static void
check_all_inert(const struct srp *e)
{
	struct srp_hello h = e->peer;

	for (uint8_t kind = SRP_EV_ADDRESS_TAKEN; kind <= SRP_EV_FLUSH_DONE; kind++)
		check_inert(e, (struct srp_event){.kind = kind, .token = e->token + 7});
	check_inert(e, (struct srp_event){.kind = SRP_EV_READY, .request = e->request + 7});
	check_inert(e, (struct srp_event){.kind = SRP_EV_REFUSE, .request = e->request + 7});
	check_inert(e, (struct srp_event){.kind = SRP_EV_TAKE, .request = 7, .epoch = 1});
	check_inert(e, (struct srp_event){.kind = SRP_EV_FLUSHED, .epoch = 1});
	check_inert(e, (struct srp_event){.kind = SRP_EV_PREPARE, .request = 7, .epoch = 1});
	if (e->fsm_state != FSM_DOWN)
		check_inert(e, (struct srp_event){.kind = SRP_EV_START});
	h.chassis_id = e->config.chassis_id;
	check_inert(e, (struct srp_event){.kind = SRP_EV_HELLO, .hello = &h});
	h.chassis_id = e->config.chassis_id + 1;
	h.state = SRP_STANDBY;
	if (h.incarnation == 0 || h.epoch == 0)
		return;
	h.epoch--;
	check_inert(e, (struct srp_event){.kind = SRP_EV_HELLO, .hello = &h});
}

/* --- a fair schedule without faults: everything due happens, timers by age ---------------------------------- */

/* In rounds: hello 1, dead 4, delay 2, retry 1, phase 6, internal retry 8. */
static const uint8_t expires_at[SRP_TIMER_COUNT] = {1, 4, 2, 1, 6, 8};

static void
fair_drain(struct world *w)
{
	for (int guard = 0; guard < 64; guard++) {
		bool is_quiet = true;

		for (int i = 0; i < 2; i++) {
			while (w->s[i].pending != PENDING_NONE) {
				uint8_t before = w->s[i].pending;

				make_move(w, i, MOVE_DRIVER);
				is_quiet = false;
				if (w->s[i].pending == before)
					break;
			}
			if (w->s[i].in_count > 0) {
				bool is_hello = w->s[i].in[0].type == MSG_HELLO;

				make_move(w, i, MOVE_DELIVER);
				if (is_hello && guard < 2)
					send_hello(w, i); /* the reply */
				is_quiet = false;
			}
		}
		if (is_quiet)
			return;
	}
}

static void
fair_round(struct world *w)
{
	for (int i = 0; i < 2; i++)
		if (w->s[i].is_reset_due)
			make_move(w, i, MOVE_NOTICE);
	if (!w->is_connected)
		connect(w, true);
	fair_drain(w);
	for (int i = 0; i < 2; i++) {
		for (int t = 0; t < SRP_TIMER_COUNT; t++) {
			struct side *s = &w->s[i];

			if ((s->timers >> t & 1) && ++s->age[t] >= expires_at[t])
				make_move(w, i, MOVE_TIMER_FIRST + t);
		}
	}
	fair_drain(w);
}

static bool
is_settled(const struct world *w)
{
	for (int i = 0; i < 2; i++)
		if (w->s[i].e.fsm_state == FSM_ACTIVE && w->s[1 - i].e.fsm_state == FSM_STANDBY &&
		    w->s[i].e.route_modifier < w->s[1 - i].e.route_modifier)
			return true;
	/* nothing tells them apart: staying out of service with an alarm is what is asked for */
	return home->is_tie && !srp_serves(&w->s[0].e) && !srp_serves(&w->s[1].e) &&
	       (w->s[0].e.alarms & w->s[1].e.alarms & 1u << SRP_ALARM_MAC_CONFLICT) != 0;
}

static bool
is_alarm_due(const struct srp *e)
{
	return srp_serves(e) && srp_due(e) != SRP_REASON_NOT_DEFINED;
}

/* A failure that stands is handed over, or its alarm says why not; without one there is no such alarm. */
static void
check_fair_alarms(struct world *w)
{
	for (int round = 0; round < FAIR_ALARM; round++)
		fair_round(w);
	for (int i = 0; i < 2; i++) {
		bool is_raised = (w->s[i].e.alarms >> SRP_ALARM_INTERNAL_SWITCHOVER & 1) != 0;

		claim_world(CLAIM_FAIR_ALARM, is_raised ? w->s[i].e.failed != 0 : !is_alarm_due(&w->s[i].e));
	}
}

/* @end receives the settled world when it is not NULL. */
static void
check_fair(const struct world *from, struct world *end)
{
	struct world w = *from;
	unsigned settled = 0, round = 0;

	for (int i = 0; i < 2; i++) {
		w.s[i].is_cut = false;
		if (w.s[i].e.fsm_state == FSM_DOWN)
			start(&w, i);
	}
	for (; round < FAIR_ROUNDS && settled < FAIR_STABLE && claims_broken == NULL; round++) {
		fair_round(&w);
		settled = is_settled(&w) ? settled + 1 : 0;
	}
	claim_world(CLAIM_FAIR, settled == FAIR_STABLE);
	claim_world(CLAIM_FAIR_ANSWERED, w.s[0].e.asker == 0 && w.s[1].e.asker == 0);
	if (claims_broken != NULL) {
		print_world(&w);
		return;
	}
	if (round - settled > fair_longest)
		fair_longest = round - settled;
	if (end != NULL)
		*end = w;
	else if (now->has_monitors)
		check_fair_alarms(&w);
}

#endif
