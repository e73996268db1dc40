/*
 * srp_explore_check.h - what must hold in every world of the explorer, and the directed scripts.
 *
 * Part of srp_explore.c, which includes it once; split off for its length only.
 */
#ifndef SRP_EXPLORE_CHECK_H
#define SRP_EXPLORE_CHECK_H

static uint64_t fair_runs;

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

static const char *
check_safety(const struct world *w)
{
	if (is_robbed)
		return "a chassis that holds no calls took over by TAKE (in a move from a world before this one)";
	for (int i = 0; i < 2; i++)
		if (srp_serves(&w->s[i].e) && !w->s[i].is_holding)
			return "Active without the service address";
	if (!now->is_split && w->s[0].is_holding && w->s[1].is_holding)
		return "two owners on one host";
	if (srp_serves(&w->s[0].e) && srp_serves(&w->s[1].e) && !ends_with_hellos(w))
		return "one hello each way does not end a dual active with one Active";
	return NULL;
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
	return now->is_tie && !srp_serves(&w->s[0].e) && !srp_serves(&w->s[1].e) &&
	       (w->s[0].e.alarms & w->s[1].e.alarms & 1u << SRP_ALARM_MAC_CONFLICT) != 0;
}

/* @end receives the settled world when it is not NULL. */
static const char *
check_fair(const struct world *from, struct world *end)
{
	struct world w = *from;
	int settled = 0;

	fair_runs++;
	for (int i = 0; i < 2; i++) {
		w.s[i].is_cut = false;
		if (w.s[i].e.fsm_state == FSM_DOWN)
			start(&w, i);
	}
	for (int round = 0; round < FAIR_ROUNDS; round++) {
		fair_round(&w);
		settled = is_settled(&w) ? settled + 1 : 0;
		if (settled == FAIR_STABLE) {
			if (end != NULL)
				*end = w;
			return NULL;
		}
	}
	print_world(&w);
	return "a fair schedule without faults does not end in one Active and one Standby";
}

/* --- directed scripts: rows that need a refusal of the shell, a stop, or two switchovers at once -------------- */

static void
script_event(struct srp *e, struct srp_event ev)
{
	struct srp_out out;

	if (srp_input(e, &ev, &out) != ERR_OK) {
		printf("script: event %u refused\n", ev.kind);
		exit(1);
	}
	row_hits[out.row]++;
}

/* An engine in @state by hand, with room for epochs and a peer that was heard as Standby in epoch 5. */
static struct srp
script_engine(uint8_t state)
{
	struct srp e;
	struct srp_config c;

	now = &scenarios[0];
	configure(&c, 0);
	srp_init(&e, &c);
	e.fsm_state = state;
	e.epoch_next = 10;
	e.epoch_end = EPOCH_BLOCK_BIG;
	e.is_link_up = true;
	e.is_peer_heard = true;
	e.peer = (struct srp_hello){.chassis_id = TAG_BASE + 1,
	                            .incarnation = 2,
	                            .state = SRP_STANDBY,
	                            .epoch = UINT64_C(5) << SRP_EPOCH_TAG_BITS,
	                            .priority = 1};
	return e;
}

static void
script_one(uint8_t state, struct srp_event ev)
{
	struct srp e = script_engine(state);

	script_event(&e, ev);
}

static void
run_scripts(void)
{
	struct srp_hello h = script_engine(FSM_DOWN).peer;
	struct srp_config c;
	struct srp e;

	configure(&c, 0);
	for (uint8_t kind = SRP_EV_STOP; kind < SRP_EV_COUNT; kind++)
		script_one(FSM_DOWN, (struct srp_event){.kind = kind, .config = &c, .hello = &h});
	for (uint8_t state = FSM_DOWN; state < FSM_STATE_COUNT; state++) {
		script_one(state, (struct srp_event){.kind = SRP_EV_RECONFIG, .config = &c});
		script_one(state, (struct srp_event){.kind = SRP_EV_STOP});
		script_one(state,
		           (struct srp_event){.kind = SRP_EV_EPOCH_BLOCK, .block_first = 20, .block_count = 100});
		for (uint8_t kind = SRP_EV_ADDRESS_TAKEN; kind <= SRP_EV_FLUSH_DONE; kind++) {
			script_one(state, (struct srp_event){.kind = kind, .token = 99}); /* withdrawn */
			script_one(state, (struct srp_event){.kind = kind});
		}
		script_one(state, (struct srp_event){.kind = SRP_EV_START});
		script_one(state, (struct srp_event){.kind = SRP_EV_TIMER_DELAY});
		script_one(state, (struct srp_event){.kind = SRP_EV_TIMER_RETRY});
		script_one(state, (struct srp_event){.kind = SRP_EV_TIMER_PHASE});
		script_one(state, (struct srp_event){.kind = SRP_EV_TIMER_INTERNAL});
		script_one(state, (struct srp_event){.kind = SRP_EV_FLUSHED});
		for (uint8_t kind = SRP_EV_MONITOR_FAILED; kind <= SRP_EV_RESET_FAIL; kind++)
			script_one(state, (struct srp_event){.kind = kind, .reason = SRP_REASON_BGP_FAILURE});
	}
	script_one(FSM_ACTIVE, (struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER, .not_connected = 1, .asker = 1});
	script_one(FSM_ACTIVE, (struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER, .config_differs = 1, .asker = 1});
	script_one(FSM_ACTIVE, (struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER, .is_dry_run = true, .asker = 1});
	e = script_engine(FSM_STANDBY);
	e.lineage = e.peer.epoch;
	script_event(&e, (struct srp_event){.kind = SRP_EV_PREPARE, .epoch = e.lineage, .config_differs = 1});
	e = script_engine(FSM_HOLDING);
	e.given_epoch = e.peer.epoch;
	e.epoch_end = 0;
	script_event(&e, (struct srp_event){.kind = SRP_EV_FLUSHED, .epoch = e.given_epoch});
	script_one(FSM_HOLDING, (struct srp_event){.kind = SRP_EV_FLUSHED, .epoch = 1});
	e = script_engine(FSM_ACTIVE);
	e.peer.lineage = e.epoch = e.peer.epoch;
	e.failed = 1u << SRP_REASON_AAA_FAILURE;
	e.won_by = SRP_REASON_AAA_FAILURE;
	script_event(&e, (struct srp_event){.kind = SRP_EV_MONITOR_FAILED, .reason = SRP_REASON_AAA_FAILURE});
	script_event(&e, (struct srp_event){.kind = SRP_EV_RESET_FAIL, .reason = SRP_REASON_AAA_FAILURE});
	script_one(FSM_STANDBY, (struct srp_event){.kind = SRP_EV_PREPARE, .epoch = 1});
	h.epoch = 1; /* lower than the peer's last */
	script_one(FSM_STANDBY, (struct srp_event){.kind = SRP_EV_HELLO, .hello = &h});
	h.epoch = UINT64_C(6) << SRP_EPOCH_TAG_BITS;
	h.state = SRP_PENDING_STANDBY;
	h.route_modifier = SRP_RM_MAX;
	script_one(FSM_HANDING, (struct srp_event){.kind = SRP_EV_HELLO, .hello = &h});
	script_one(FSM_HANDING_FLUSH, (struct srp_event){.kind = SRP_EV_HELLO, .hello = &h});
	script_one(FSM_HANDING, (struct srp_event){.kind = SRP_EV_TAKE});
	script_one(FSM_PREPARING, (struct srp_event){.kind = SRP_EV_TAKE});
	for (uint8_t kind = SRP_EV_READY; kind <= SRP_EV_REFUSE; kind++) {
		script_one(FSM_PREPARING, (struct srp_event){.kind = kind, .request = 7});
		script_one(FSM_HANDING, (struct srp_event){.kind = kind, .request = 7});
		script_one(FSM_HANDING_FLUSH, (struct srp_event){.kind = kind, .request = 7});
	}
	e = script_engine(FSM_TAKING);
	e.epoch_end = 0;
	script_event(&e, (struct srp_event){.kind = SRP_EV_ADDRESS_TAKEN});
}

/* Runs the scripts and says which rows they added to what was explored. */
static void
print_scripts_rows(void)
{
	size_t before = 0, after = 0;

	for (size_t i = 0; i < srp_fsm_table()->count; i++)
		before += row_hits[i] > 0;
	run_scripts();
	for (size_t i = 0; i < srp_fsm_table()->count; i++)
		after += row_hits[i] > 0;
	printf("rows hit: %zu by exploration, %zu more by directed scripts\n", before, after - before);
}

static void
print_pairs(void)
{
	printf("%-22s", "state A \\ state B");
	for (uint8_t b = 0; b < SRP_STATE_COUNT; b++)
		printf("%22s", srp_state_text(b));
	printf("\n");
	for (uint8_t a = 0; a < SRP_STATE_COUNT; a++) {
		printf("%-22s", srp_state_text(a));
		for (uint8_t b = 0; b < SRP_STATE_COUNT; b++)
			printf("%22" PRIu64, pair_counts[a][b]);
		printf("\n");
	}
}

static int
report_rows(uint32_t total)
{
	const struct fsm_table *t = srp_fsm_table();
	size_t hit = 0;

	for (size_t i = 0; i < t->count; i++) {
		if (row_hits[i] > 0)
			hit++;
		else
			printf("row %zu is not hit: %s, %s: %s\n", i,
			       t->rows[i].state == FSM_ANY_STATE ? "any" : t->states[t->rows[i].state],
			       t->events[t->rows[i].event], t->rows[i].reason);
	}
	printf("srp_explore: %u states, rows %zu/%zu hit\n", total, hit, t->count);
	return hit == t->count ? 0 : 1;
}

#endif
