/*
 * srp.c - the redundancy engine: finds the row, runs its actions, assigns the state.
 *
 * The actions of the table are a table again: each changes the engine's own data, or asks something of the shell, or
 * both. Policy is in srp_fsm.c and srp_guard.c; nothing here decides.
 */
#include "srp/srp.h"

#include <assert.h>
#include <string.h>

#include "srp/srp_fsm.h"
#include "srp/srp_wire.h"

struct step {
	struct srp *srp;
	const struct srp_event *ev;
	struct srp_out *out;
};

static struct srp_action *
emit(struct srp_out *out, uint8_t kind)
{
	struct srp_action *a = &out->actions[out->count];

	assert(out->count < SRP_OUT_MAX);
	out->count++;
	*a = (struct srp_action){.kind = kind};
	return a;
}

/* --- timers ------------------------------------------------------------------------------------------ */

static void
timer_start(struct step *s, uint8_t timer)
{
	const struct srp_config *c = &s->srp->config;
	const uint32_t ms[SRP_TIMER_COUNT] = {
	    [SRP_TIMER_HELLO] = c->hello_ms, [SRP_TIMER_DEAD] = c->dead_ms,
	    [SRP_TIMER_DELAY] = c->delay_ms, [SRP_TIMER_RETRY] = c->retry_ms,
	    [SRP_TIMER_PHASE] = c->phase_ms, [SRP_TIMER_INTERNAL] = c->internal_retry_ms,
	};
	struct srp_action *a = emit(s->out, SRP_ACT_TIMER_START);

	a->timer = timer;
	a->ms = ms[timer];
}

static void
timer_stop(struct step *s, uint8_t timer)
{
	emit(s->out, SRP_ACT_TIMER_STOP)->timer = timer;
}

static void
timers_stop(struct step *s, uint8_t unused)
{
	(void)unused;
	for (uint8_t t = 0; t < SRP_TIMER_COUNT; t++)
		timer_stop(s, t);
}

/* --- link and messages ------------------------------------------------------------------------------- */

static void
link_is(struct step *s, uint8_t is_up)
{
	s->srp->is_link_up = is_up != 0;
}

static void
redial(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->is_link_up = false;
	emit(s->out, SRP_ACT_REDIAL);
}

static void
send_plain(struct step *s, uint8_t kind)
{
	emit(s->out, kind);
}

/* PREPARE and TAKE: about our own incarnation. */
static void
send_request(struct step *s, uint8_t kind)
{
	struct srp_action *a = emit(s->out, kind);

	a->epoch = s->srp->epoch;
	a->request = s->srp->request;
	a->is_forced = s->srp->is_forced;
}

static void
send_ready(struct step *s, uint8_t kind)
{
	struct srp_action *a = emit(s->out, kind);

	a->epoch = s->ev->epoch;
	a->request = s->ev->request;
}

static void
send_refuse(struct step *s, uint8_t refuse)
{
	struct srp_action *a = emit(s->out, SRP_ACT_SEND_REFUSE);

	a->epoch = s->ev->epoch;
	a->request = s->ev->request;
	a->refuse = refuse;
	a->count = refuse == SRP_REFUSE_NOT_CONNECTED ? s->ev->not_connected : 0;
}

/* --- address, sessions --------------------------------------------------------------------------------- */

/* A new request withdraws the one before: answers to that carry another token. */
static void
ask(struct step *s, uint8_t kind)
{
	emit(s->out, kind)->token = ++s->srp->token;
}

static void
sessions_active(struct step *s, uint8_t kind)
{
	emit(s->out, kind)->epoch = s->srp->epoch;
}

/* --- alarms and answers ------------------------------------------------------------------------------ */

static void
alarm_raise(struct step *s, uint8_t alarm)
{
	if (s->srp->alarms & 1u << alarm)
		return;
	s->srp->alarms |= 1u << alarm;
	emit(s->out, SRP_ACT_ALARM_RAISE)->alarm = alarm;
}

static void
alarm_clear(struct step *s, uint8_t alarm)
{
	if (!(s->srp->alarms & 1u << alarm))
		return;
	s->srp->alarms &= ~(1u << alarm);
	emit(s->out, SRP_ACT_ALARM_CLEAR)->alarm = alarm;
}

/* To the operator who asks now, or else to the one who waits; to nobody when there is none. */
static void
answer(struct step *s, uint8_t what)
{
	bool is_asking = s->ev->kind == SRP_EV_OPERATOR_SWITCHOVER;
	uint32_t asker = is_asking ? s->ev->asker : s->srp->asker;
	struct srp_action *a;

	if (!is_asking)
		s->srp->asker = 0;
	if (asker == 0)
		return;
	a = emit(s->out, SRP_ACT_OPERATOR_ANSWER);
	a->asker = asker;
	a->answer = what;
	if (what == SRP_ANSWER_NOT_CONNECTED)
		a->count = s->ev->not_connected;
	if (what == SRP_ANSWER_PEER_REFUSED) {
		a->refuse = s->ev->refuse;
		a->count = s->ev->count;
	}
}

/* --- what the engine remembers ------------------------------------------------------------------------- */

static void
heard(struct step *s, uint8_t unused)
{
	struct srp *srp = s->srp;
	const struct srp_hello *h = s->ev->hello;

	(void)unused;
	if (h->incarnation != srp->peer.incarnation) {
		srp->prepared_epoch = 0;
		srp->given_epoch = 0;
	}
	if (h->state == SRP_ACTIVE && h->epoch != srp->prepared_epoch)
		srp->prepared_epoch = 0; /* it serves as another incarnation: the READY said before is void */
	srp->peer = *h;
	srp->is_peer_heard = true;
	if (h->epoch > srp->epoch_known)
		srp->epoch_known = h->epoch;
	timer_start(s, SRP_TIMER_DEAD);
	alarm_clear(s, SRP_ALARM_PEER_LOST);
	if (h->state != SRP_ACTIVE)
		alarm_clear(s, SRP_ALARM_DUAL_ACTIVE);
}

static void
forget_peer(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->is_peer_heard = false;
	s->srp->peer.state = SRP_INIT;
}

static void
follow(struct step *s, uint8_t unused)
{
	const struct srp_hello *h = s->ev->hello;

	(void)unused;
	s->srp->route_modifier = h->route_modifier < SRP_RM_MAX ? (uint8_t)(h->route_modifier + 1) : SRP_RM_MAX;
	s->srp->lineage = h->epoch;
}

static void
new_epoch(struct step *s, uint8_t unused)
{
	struct srp *srp = s->srp;
	uint64_t left, next = srp_epoch_free(srp, &left);

	(void)unused;
	if (next == 0)
		return; /* a block is asked for; the same guard holds at the next hello */
	srp->epoch_next = next + 1;
	srp->epoch = next << SRP_EPOCH_TAG_BITS | (srp->config.chassis_id & ((1u << SRP_EPOCH_TAG_BITS) - 1));
	srp->epoch_known = srp->epoch;
	srp->lineage = srp->epoch;
}

static void
note_block(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->epoch_next = s->ev->block_first;
	s->srp->epoch_end = s->ev->block_first + s->ev->block_count;
	s->srp->is_reserve_asked = false;
}

static void
note_prepared(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->prepared_epoch = s->ev->epoch;
	s->srp->is_prepared_forced = s->ev->is_forced;
}

static void
note_given(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->given_epoch = s->ev->epoch;
	s->srp->prepared_epoch = 0;
}

static void
note_failed(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->failed |= (uint16_t)(1u << s->ev->reason);
}

static void
note_recovered(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->failed &= (uint16_t) ~(1u << s->ev->reason);
}

static void
note_operator(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->asker = s->ev->asker;
	s->srp->is_forced = s->ev->is_forced;
	s->srp->request++;
}

static void
restart_rm(struct step *s, uint8_t value)
{
	s->srp->route_modifier = value;
}

static void
reset_rm(struct step *s, uint8_t unused)
{
	const struct srp_config *c = &s->srp->config;

	(void)unused;
	if (c->rm_initial != 0)
		s->srp->route_modifier = c->rm_initial;
	else
		s->srp->route_modifier = c->mode == SRP_MODE_PRIMARY ? SRP_RM_INITIAL_PRIMARY : SRP_RM_INITIAL_BACKUP;
}

static void
apply_config(struct step *s, uint8_t unused)
{
	(void)unused;
	s->srp->config = *s->ev->config;
}

static void
because(struct step *s, uint8_t reason)
{
	s->srp->cause = reason;
}

static const struct {
	void (*run)(struct step *s, uint8_t arg);
	uint8_t arg;
} steps[DO_COUNT] = {
    [DO_START_HELLO] = {timer_start, SRP_TIMER_HELLO},
    [DO_START_DEAD] = {timer_start, SRP_TIMER_DEAD},
    [DO_START_DELAY] = {timer_start, SRP_TIMER_DELAY},
    [DO_START_RETRY] = {timer_start, SRP_TIMER_RETRY},
    [DO_START_PHASE] = {timer_start, SRP_TIMER_PHASE},
    [DO_STOP_TIMERS] = {timers_stop, 0},
    [DO_STOP_DELAY] = {timer_stop, SRP_TIMER_DELAY},
    [DO_STOP_RETRY] = {timer_stop, SRP_TIMER_RETRY},
    [DO_STOP_PHASE] = {timer_stop, SRP_TIMER_PHASE},
    [DO_REDIAL] = {redial, 0},
    [DO_LINK_UP] = {link_is, true},
    [DO_LINK_DOWN] = {link_is, false},
    [DO_SEND_HELLO] = {send_plain, SRP_ACT_SEND_HELLO},
    [DO_SEND_PREPARE] = {send_request, SRP_ACT_SEND_PREPARE},
    [DO_SEND_READY] = {send_ready, SRP_ACT_SEND_READY},
    [DO_SEND_TAKE] = {send_request, SRP_ACT_SEND_TAKE},
    [DO_REFUSE_NOT_STANDBY] = {send_refuse, SRP_REFUSE_NOT_STANDBY},
    [DO_REFUSE_NOT_CONNECTED] = {send_refuse, SRP_REFUSE_NOT_CONNECTED},
    [DO_REFUSE_STALE] = {send_refuse, SRP_REFUSE_STALE_EPOCH},
    [DO_REFUSE_NOT_PREPARED] = {send_refuse, SRP_REFUSE_NOT_PREPARED},
    [DO_ADDRESS_TAKE] = {ask, SRP_ACT_ADDRESS_TAKE},
    [DO_ADDRESS_GIVE] = {ask, SRP_ACT_ADDRESS_GIVE},
    [DO_SESSIONS_ACTIVE] = {sessions_active, SRP_ACT_SESSIONS_ACTIVE},
    [DO_SESSIONS_STANDBY] = {send_plain, SRP_ACT_SESSIONS_STANDBY},
    [DO_SESSIONS_FLUSH] = {ask, SRP_ACT_SESSIONS_FLUSH},
    [DO_HEARD] = {heard, 0},
    [DO_FORGET_PEER] = {forget_peer, 0},
    [DO_FOLLOW] = {follow, 0},
    [DO_NEW_EPOCH] = {new_epoch, 0},
    [DO_NOTE_BLOCK] = {note_block, 0},
    [DO_NOTE_PREPARED] = {note_prepared, 0},
    [DO_NOTE_GIVEN] = {note_given, 0},
    [DO_NOTE_FAILED] = {note_failed, 0},
    [DO_NOTE_RECOVERED] = {note_recovered, 0},
    [DO_NOTE_OPERATOR] = {note_operator, 0},
    [DO_RESTART_RM] = {restart_rm, 1},
    [DO_RESET_RM] = {reset_rm, 0},
    [DO_APPLY_CONFIG] = {apply_config, 0},
    [DO_COUNT_STALE] = {send_plain, SRP_ACT_COUNTED_STALE},
    [DO_RAISE_ADDRESS] = {alarm_raise, SRP_ALARM_ADDRESS_BUSY},
    [DO_RAISE_MAC] = {alarm_raise, SRP_ALARM_MAC_CONFLICT},
    [DO_RAISE_PEER_LOST] = {alarm_raise, SRP_ALARM_PEER_LOST},
    [DO_RAISE_DUAL] = {alarm_raise, SRP_ALARM_DUAL_ACTIVE},
    [DO_CLEAR_ADDRESS] = {alarm_clear, SRP_ALARM_ADDRESS_BUSY},
    [DO_CLEAR_MAC] = {alarm_clear, SRP_ALARM_MAC_CONFLICT},
    [DO_CLEAR_DUAL] = {alarm_clear, SRP_ALARM_DUAL_ACTIVE},
    [DO_ANSWER_OK] = {answer, SRP_ANSWER_OK},
    [DO_ANSWER_NOT_ACTIVE] = {answer, SRP_ANSWER_NOT_ACTIVE},
    [DO_ANSWER_BUSY] = {answer, SRP_ANSWER_BUSY},
    [DO_ANSWER_LINK_DOWN] = {answer, SRP_ANSWER_LINK_DOWN},
    [DO_ANSWER_PEER_NOT_STANDBY] = {answer, SRP_ANSWER_PEER_NOT_STANDBY},
    [DO_ANSWER_NOT_CONNECTED] = {answer, SRP_ANSWER_NOT_CONNECTED},
    [DO_ANSWER_PEER_REFUSED] = {answer, SRP_ANSWER_PEER_REFUSED},
    [DO_ANSWER_NO_READY] = {answer, SRP_ANSWER_NO_READY},
    [DO_ANSWER_RESUMED] = {answer, SRP_ANSWER_RESUMED},
    [DO_BECAUSE_NONE] = {because, SRP_REASON_NOT_DEFINED},
    [DO_BECAUSE_DUAL_ACTIVE] = {because, SRP_REASON_DUAL_ACTIVE},
    [DO_BECAUSE_DUAL_STANDBY] = {because, SRP_REASON_DUAL_STANDBY},
    [DO_BECAUSE_DEAD] = {because, SRP_REASON_DEAD_TIMER_EXPIRY},
    [DO_BECAUSE_RETURN] = {because, SRP_REASON_FORCE_STATE_CHANGE},
    [DO_BECAUSE_MANUAL] = {because, SRP_REASON_MANUAL_SWITCHOVER},
};

/* --- public ------------------------------------------------------------------------------------------ */

void
srp_init(struct srp *srp, const struct srp_config *c)
{
	*srp = (struct srp){.config = *c, .fsm_state = FSM_DOWN};
}

/* The only place where the state changes; a change that is shown is told to the history and the peer at once. */
static void
change_state(struct step *s, uint8_t next)
{
	struct srp *srp = s->srp;
	uint8_t from = (uint8_t)srp_shown(srp->fsm_state);
	struct srp_action *a;

	if (next == FSM_SAME_STATE)
		return;
	a = emit(s->out, SRP_ACT_STEP);
	a->from_inner = srp->fsm_state;
	a->to_inner = next;
	srp->fsm_state = next;
	if (srp_shown(next) == from)
		return;
	a = emit(s->out, SRP_ACT_HISTORY);
	a->from = from;
	a->to = (uint8_t)srp_shown(next);
	a->reason = srp->cause;
	a->epoch = srp->epoch_known;
	emit(s->out, SRP_ACT_SEND_HELLO);
}

/* Ask for the next block early, so that no switchover waits for a disk; a failed disk is asked again each hello. */
static void
reserve_epochs(struct step *s)
{
	struct srp *srp = s->srp;
	uint64_t left;

	(void)srp_epoch_free(srp, &left);
	if (srp->fsm_state == FSM_DOWN || left >= SRP_EPOCH_LOW)
		return;
	if (srp->is_reserve_asked && s->ev->kind != SRP_EV_TIMER_HELLO)
		return;
	srp->is_reserve_asked = true;
	emit(s->out, SRP_ACT_EPOCH_RESERVE)->epoch =
	    srp->epoch_end > srp_epoch_counter(srp->epoch_known) ? srp->epoch_end : srp_epoch_counter(srp->epoch_known);
}

enum err
srp_input(struct srp *srp, const struct srp_event *ev, struct srp_out *out)
{
	struct srp_guard_arg arg = {.srp = srp, .ev = ev};
	struct step s = {.srp = srp, .ev = ev, .out = out};
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
	row = &srp_fsm_table()->rows[i];
	for (size_t k = 0; k < FSM_ACTIONS_MAX && row->actions[k] != DO_NOTHING; k++)
		steps[row->actions[k]].run(&s, steps[row->actions[k]].arg);
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

enum err
srp_self_check(struct text *out)
{
	enum err e = fsm_check(srp_fsm_table(), FSM_DOWN, out);

	if (rows_check(srp_wire_format()) != ERR_OK) {
		text_put(out, "srp: field rows of the link are not consistent\n");
		return ERR_FORMAT;
	}
	return e;
}
