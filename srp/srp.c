/*
 * srp.c - the redundancy engine: finds the row, has its actions run (srp_do.c), assigns the state.
 *
 * Policy is in srp_fsm.c and srp_guard.c; nothing here decides.
 */
#include "srp/srp.h"

#include <string.h>

#include "srp/srp_fsm.h"
#include "srp/srp_post.h"
#include "srp/srp_wire.h"

void
srp_init(struct srp *srp, const struct srp_config *c)
{
	*srp = (struct srp){.config = *c, .fsm_state = FSM_DOWN};
}

/* The only place where the state changes; a change that is shown is told to the history and the peer at once. */
static void
change_state(struct srp_step *s, uint8_t next)
{
	struct srp *srp = s->srp;
	uint8_t from = (uint8_t)srp_shown(srp->fsm_state);
	struct srp_action *a;

	if (next == FSM_SAME_STATE)
		return;
	a = srp_emit(s->out, SRP_ACT_STEP);
	a->from_inner = srp->fsm_state;
	a->to_inner = next;
	srp->fsm_state = next;
	if (srp_shown(next) == from)
		return;
	a = srp_emit(s->out, SRP_ACT_HISTORY);
	a->from = from;
	a->to = (uint8_t)srp_shown(next);
	a->reason = srp->cause;
	a->epoch = srp->epoch_known;
	srp_emit(s->out, SRP_ACT_SEND_HELLO);
}

/* Ask for the next block early, so that no switchover waits for a disk; a failed disk is asked again each hello. */
static void
reserve_epochs(struct srp_step *s)
{
	struct srp *srp = s->srp;
	uint64_t left;

	(void)srp_epoch_free(srp, &left);
	if (srp->fsm_state == FSM_DOWN || left >= SRP_EPOCH_LOW)
		return;
	if (srp->is_reserve_asked && s->ev->kind != SRP_EV_TIMER_HELLO)
		return;
	srp->is_reserve_asked = true;
	srp_emit(s->out, SRP_ACT_EPOCH_RESERVE)->epoch =
	    srp->epoch_end > srp_epoch_counter(srp->epoch_known) ? srp->epoch_end : srp_epoch_counter(srp->epoch_known);
}

enum err
srp_input(struct srp *srp, const struct srp_event *ev, struct srp_out *out)
{
	struct srp_guard_arg arg = {.srp = srp, .ev = ev};
	struct srp_step s = {.srp = srp, .ev = ev, .out = out};
	const struct fsm_row *row;
	const char *field;
	size_t i;

	out->count = 0;
	if (ev->kind >= SRP_EV_COUNT)
		return ERR_RANGE;
	if (ev->kind == SRP_EV_HELLO && (ev->hello->state >= SRP_STATE_COUNT || ev->hello->mode >= SRP_MODE_COUNT))
		return ERR_RANGE;
	if (ev->reason >= SRP_REASON_COUNT)
		return ERR_RANGE;
	if (ev->kind == SRP_EV_RECONFIG && srp_config_check(ev->config, &field) != ERR_OK)
		return ERR_RANGE;
	if (fsm_find(srp_fsm_table(), srp->fsm_state, ev->kind, srp_guard_holds, &arg, &i) != ERR_OK)
		return ERR_NO_ROW;
	out->row = i;
	row = fsm_row(srp_fsm_table(), i);
	for (size_t k = 0; k < FSM_ACTIONS_MAX && row->actions[k] != DO_NOTHING; k++)
		srp_do(&s, row->actions[k]);
	change_state(&s, row->next);
	reserve_epochs(&s);
	return ERR_OK;
}

enum srp_state
srp_state(const struct srp *srp)
{
	return srp_shown(srp->fsm_state);
}

bool
srp_serves(const struct srp *srp)
{
	return srp_state(srp) == SRP_ACTIVE;
}

void
srp_hello_fill(const struct srp *srp, struct srp_hello *out)
{
	const struct srp_config *c = &srp->config;

	out->chassis_id = c->chassis_id;
	out->incarnation = c->incarnation;
	out->epoch = srp_serves(srp) ? srp->epoch : srp->epoch_known;
	out->lineage = srp->lineage;
	out->state = (uint8_t)srp_state(srp);
	out->mode = c->mode;
	out->priority = c->priority;
	out->route_modifier = srp->route_modifier;
	memcpy(out->mac, c->mac, MAC_LEN);
	out->mac_len = MAC_LEN;
	out->hello_ms = c->hello_ms;
	out->dead_ms = c->dead_ms;
	out->options = c->options;
	out->failed = srp->failed;
}

bool
srp_peer_resources(struct srp *srp, const struct srp_hello *h)
{
	if (!(srp->config.options & SRP_OPT_INTERIM_RESOURCE) || !srp->is_peer_heard ||
	    h->chassis_id != srp->peer.chassis_id)
		return false;
	srp->peer.sessmgrs = h->sessmgrs;
	srp->peer.sessmgrs_ready = h->sessmgrs_ready;
	srp->peer.calls = h->calls;
	return true;
}

enum err
srp_self_check(struct text *out)
{
	enum err e = fsm_check(srp_fsm_table(), FSM_DOWN, out), post = fsm_check(srp_post_table(), 0, out);

	if (rows_check(srp_wire_format()) != ERR_OK) {
		text_put(out, "srp: field rows of the link are not consistent\n");
		return ERR_FORMAT;
	}
	return e != ERR_OK ? e : post;
}
