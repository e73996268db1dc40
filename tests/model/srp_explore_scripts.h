/*
 * srp_explore_scripts.h - the directed scripts of the explorer: rows that need a refusal of the shell, a stop at a
 * certain moment, or two switchovers at once.
 *
 * Part of srp_explore.c, which includes it once; split off for its length only.
 */
#ifndef SRP_EXPLORE_SCRIPTS_H
#define SRP_EXPLORE_SCRIPTS_H

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

	home = &families[0];
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

#endif
