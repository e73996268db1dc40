/*
 * srp_do.c - the actions of the redundancy table, a table again: each changes the engine's own data, or asks something
 * of the shell, or both. Called by srp.c, row by row; nothing here decides.
 */
#include <assert.h>

#include "srp/srp_fsm.h"

struct srp_action *
srp_emit(struct srp_out *out, uint8_t kind)
{
	struct srp_action *a = &out->actions[out->count];

	assert(out->count < SRP_OUT_MAX);
	out->count++;
	*a = (struct srp_action){.kind = kind};
	return a;
}

/* --- timers ------------------------------------------------------------------------------------------ */

/* What bounds a waiting phase of the switchover that runs. */
static uint32_t
phase_ms(const struct srp *srp)
{
	return srp->phase_ms != 0 ? srp->phase_ms : srp->config.phase_ms;
}

static void
timer_start(struct srp_step *s, uint8_t timer)
{
	const struct srp_config *c = &s->srp->config;
	const uint32_t ms[SRP_TIMER_COUNT] = {
	    [SRP_TIMER_HELLO] = c->hello_ms,      [SRP_TIMER_DEAD] = c->dead_ms,
	    [SRP_TIMER_DELAY] = c->delay_ms,      [SRP_TIMER_RETRY] = c->retry_ms,
	    [SRP_TIMER_PHASE] = phase_ms(s->srp), [SRP_TIMER_INTERNAL] = c->internal_retry_ms,
	};
	struct srp_action *a = srp_emit(s->out, SRP_ACT_TIMER_START);

	a->timer = timer;
	a->ms = ms[timer];
}

static void
timer_stop(struct srp_step *s, uint8_t timer)
{
	srp_emit(s->out, SRP_ACT_TIMER_STOP)->timer = timer;
}

static void
timers_stop(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	for (uint8_t t = 0; t < SRP_TIMER_COUNT; t++)
		timer_stop(s, t);
}

/* --- link and messages ------------------------------------------------------------------------------- */

static void
link_is(struct srp_step *s, uint8_t is_up)
{
	s->srp->is_link_up = is_up != 0;
}

static void
redial(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->is_link_up = false;
	srp_emit(s->out, SRP_ACT_REDIAL);
}

static void
send_plain(struct srp_step *s, uint8_t kind)
{
	srp_emit(s->out, kind);
}

/* PREPARE, TAKE and FLUSHED: about our own incarnation. TAKE is early until the flush is over. */
static void
send_request(struct srp_step *s, uint8_t kind)
{
	struct srp_action *a = srp_emit(s->out, kind);

	a->epoch = s->srp->epoch;
	a->request = s->srp->request;
	a->is_forced = s->srp->is_forced;
	a->reason = s->srp->attempt;
	a->is_rm_reset = s->srp->is_rm_reset;
	a->is_early =
	    kind == SRP_ACT_SEND_TAKE && (s->srp->fsm_state == FSM_GIVING || s->srp->fsm_state == FSM_HANDING_FLUSH);
	a->ms = phase_ms(s->srp);
}

static void
send_ready(struct srp_step *s, uint8_t kind)
{
	struct srp_action *a = srp_emit(s->out, kind);

	a->epoch = s->ev->epoch;
	a->request = s->ev->request;
}

static void
send_refuse(struct srp_step *s, uint8_t refuse)
{
	struct srp_action *a = srp_emit(s->out, SRP_ACT_SEND_REFUSE);

	a->epoch = s->ev->epoch;
	a->request = s->ev->request;
	a->refuse = refuse;
	if (refuse == SRP_REFUSE_NOT_CONNECTED)
		a->count = s->ev->not_connected;
	if (refuse == SRP_REFUSE_CONFIG_DIFFERS)
		a->count = s->ev->config_differs;
}

/* --- address, sessions --------------------------------------------------------------------------------- */

/* A new request withdraws the one before: answers to that carry another token. */
static void
ask(struct srp_step *s, uint8_t kind)
{
	srp_emit(s->out, kind)->token = ++s->srp->token;
}

static void
sessions_active(struct srp_step *s, uint8_t kind)
{
	srp_emit(s->out, kind)->epoch = s->srp->epoch;
}

/* --- alarms and answers ------------------------------------------------------------------------------ */

static void
alarm_raise(struct srp_step *s, uint8_t alarm)
{
	if (s->srp->alarms & 1u << alarm)
		return;
	s->srp->alarms |= 1u << alarm;
	srp_emit(s->out, SRP_ACT_ALARM_RAISE)->alarm = alarm;
}

static void
alarm_clear(struct srp_step *s, uint8_t alarm)
{
	if (!(s->srp->alarms & 1u << alarm))
		return;
	s->srp->alarms &= ~(1u << alarm);
	srp_emit(s->out, SRP_ACT_ALARM_CLEAR)->alarm = alarm;
}

/* One that stays has no change of state to tell; its history says it all the same, once. */
static void
dual_won(struct srp_step *s, uint8_t alarm)
{
	struct srp_action *a;

	if (!(s->srp->alarms & 1u << alarm)) {
		a = srp_emit(s->out, SRP_ACT_HISTORY);
		a->from = a->to = SRP_ACTIVE;
		a->reason = SRP_REASON_DUAL_ACTIVE;
		a->epoch = s->srp->epoch_known;
	}
	alarm_raise(s, alarm);
}

static void
alarms_clear(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	for (uint8_t a = 0; a < SRP_ALARM_COUNT; a++)
		alarm_clear(s, a);
}

/* To the operator who asks now, or else to the one who waits; to nobody when there is none. */
static void
answer(struct srp_step *s, uint8_t what)
{
	bool is_asking = s->ev->kind == SRP_EV_OPERATOR_SWITCHOVER;
	uint32_t asker = is_asking ? s->ev->asker : s->srp->asker;
	struct srp_action *a;

	if (!is_asking)
		s->srp->asker = 0;
	if (asker == 0)
		return;
	a = srp_emit(s->out, SRP_ACT_OPERATOR_ANSWER);
	a->asker = asker;
	a->answer = what;
	if (what == SRP_ANSWER_NOT_CONNECTED)
		a->count = s->ev->not_connected;
	if (what == SRP_ANSWER_CONFIG_DIFFERS)
		a->count = s->ev->config_differs;
	if (what == SRP_ANSWER_PEER_REFUSED) {
		a->refuse = s->ev->refuse;
		a->count = s->ev->count;
	}
}

/* --- what the engine remembers ------------------------------------------------------------------------- */

static void
heard(struct srp_step *s, uint8_t unused)
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
forget_peer(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->is_peer_heard = false;
	s->srp->peer.state = SRP_INIT;
}

/*
 * Above the Active's by the delta, but where the Active has a value of operation, below the initial ones: a chassis
 * that comes back without its past must lose against whoever of the two has served.
 */
static uint8_t
followed_rm(uint8_t active, uint8_t delta)
{
	unsigned limit = SRP_RM_INITIAL_PRIMARY - 1;

	if (active >= limit)
		return active < SRP_RM_MAX ? (uint8_t)(active + 1) : SRP_RM_MAX;
	return active + (unsigned)delta < limit ? (uint8_t)(active + delta) : (uint8_t)limit;
}

static void
follow(struct srp_step *s, uint8_t unused)
{
	const struct srp_hello *h = s->ev->hello;

	(void)unused;
	s->srp->route_modifier = followed_rm(h->route_modifier, s->srp->config.rm_delta);
	s->srp->lineage = h->epoch;
}

static void
new_epoch(struct srp_step *s, uint8_t unused)
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
note_block(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->epoch_next = s->ev->block_first;
	s->srp->epoch_end = s->ev->block_first + s->ev->block_count;
	s->srp->is_reserve_asked = false;
}

static void
note_prepared(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->prepared_epoch = s->ev->epoch;
	s->srp->is_prepared_forced = s->ev->is_forced;
}

static void
note_given(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->given_epoch = s->ev->epoch;
	s->srp->prepared_epoch = 0;
	s->srp->is_flush_awaited = s->ev->is_early;
	s->srp->phase_ms = s->ev->timeout_ms;
	s->srp->won_by = srp_is_revertible(s->ev->reason) ? SRP_REASON_NOT_DEFINED : s->ev->reason;
}

static void
by_itself(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->is_flush_awaited = false;
	s->srp->won_by = SRP_REASON_NOT_DEFINED;
}

static void
flush_over(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->is_flush_awaited = false;
}

static void
note_failed(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->failed |= (uint16_t)(1u << s->ev->reason);
	s->srp->tries = 0;
}

static void
note_recovered(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->failed &= (uint16_t) ~(1u << s->ev->reason);
}

static void
forget_won(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	if (s->srp->won_by == s->ev->reason)
		s->srp->won_by = SRP_REASON_NOT_DEFINED;
}

static void
first_try(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->tries = 0;
}

static void
count_retry(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->tries++;
}

/* A chassis whose network is gone serves nobody: connected session managers are not demanded, as with force. */
static void
note_internal(struct srp_step *s, uint8_t unused)
{
	struct srp *srp = s->srp;

	(void)unused;
	srp->attempt = srp_due(srp);
	srp->asker = 0;
	srp->is_forced = true;
	srp->is_rm_reset = false;
	srp->phase_ms = 0;
	srp->request++;
}

static void
note_operator(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->asker = s->ev->asker;
	s->srp->is_forced = s->ev->is_forced;
	s->srp->attempt = SRP_REASON_MANUAL_SWITCHOVER;
	s->srp->is_rm_reset = s->ev->is_rm_reset;
	s->srp->phase_ms = s->ev->timeout_ms;
	s->srp->request++;
}

static void
restart_rm(struct srp_step *s, uint8_t value)
{
	s->srp->route_modifier = value;
}

static void
reset_rm(struct srp_step *s, uint8_t unused)
{
	const struct srp_config *c = &s->srp->config;

	(void)unused;
	if (c->rm_initial != 0)
		s->srp->route_modifier = c->rm_initial;
	else
		s->srp->route_modifier = c->mode == SRP_MODE_PRIMARY ? SRP_RM_INITIAL_PRIMARY : SRP_RM_INITIAL_BACKUP;
}

static void
apply_config(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->config = *s->ev->config;
}

static void
because(struct srp_step *s, uint8_t reason)
{
	s->srp->cause = reason;
}

static void
because_attempt(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->cause = s->srp->attempt;
}

static void
because_given(struct srp_step *s, uint8_t unused)
{
	(void)unused;
	s->srp->cause = s->ev->reason;
}

static const struct {
	void (*run)(struct srp_step *s, uint8_t arg);
	uint8_t arg;
} steps[DO_COUNT] = {
    [DO_START_HELLO] = {timer_start, SRP_TIMER_HELLO},
    [DO_START_DEAD] = {timer_start, SRP_TIMER_DEAD},
    [DO_START_DELAY] = {timer_start, SRP_TIMER_DELAY},
    [DO_START_RETRY] = {timer_start, SRP_TIMER_RETRY},
    [DO_START_PHASE] = {timer_start, SRP_TIMER_PHASE},
    [DO_START_INTERNAL] = {timer_start, SRP_TIMER_INTERNAL},
    [DO_STOP_TIMERS] = {timers_stop, 0},
    [DO_STOP_DELAY] = {timer_stop, SRP_TIMER_DELAY},
    [DO_STOP_RETRY] = {timer_stop, SRP_TIMER_RETRY},
    [DO_STOP_PHASE] = {timer_stop, SRP_TIMER_PHASE},
    [DO_STOP_INTERNAL] = {timer_stop, SRP_TIMER_INTERNAL},
    [DO_REDIAL] = {redial, 0},
    [DO_LINK_UP] = {link_is, true},
    [DO_LINK_DOWN] = {link_is, false},
    [DO_SEND_HELLO] = {send_plain, SRP_ACT_SEND_HELLO},
    [DO_SEND_PREPARE] = {send_request, SRP_ACT_SEND_PREPARE},
    [DO_SEND_READY] = {send_ready, SRP_ACT_SEND_READY},
    [DO_SEND_TAKE] = {send_request, SRP_ACT_SEND_TAKE},
    [DO_SEND_FLUSHED] = {send_request, SRP_ACT_SEND_FLUSHED},
    [DO_REFUSE_NOT_STANDBY] = {send_refuse, SRP_REFUSE_NOT_STANDBY},
    [DO_REFUSE_NOT_CONNECTED] = {send_refuse, SRP_REFUSE_NOT_CONNECTED},
    [DO_REFUSE_STALE] = {send_refuse, SRP_REFUSE_STALE_EPOCH},
    [DO_REFUSE_NOT_PREPARED] = {send_refuse, SRP_REFUSE_NOT_PREPARED},
    [DO_REFUSE_CONFIG_DIFFERS] = {send_refuse, SRP_REFUSE_CONFIG_DIFFERS},
    [DO_REFUSE_SAME_FAILURE] = {send_refuse, SRP_REFUSE_SAME_FAILURE},
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
    [DO_BY_ITSELF] = {by_itself, 0},
    [DO_FLUSH_OVER] = {flush_over, 0},
    [DO_NOTE_FAILED] = {note_failed, 0},
    [DO_NOTE_RECOVERED] = {note_recovered, 0},
    [DO_FORGET_WON] = {forget_won, 0},
    [DO_FIRST_TRY] = {first_try, 0},
    [DO_COUNT_RETRY] = {count_retry, 0},
    [DO_NOTE_INTERNAL] = {note_internal, 0},
    [DO_NOTE_OPERATOR] = {note_operator, 0},
    [DO_RESTART_RM] = {restart_rm, 1},
    [DO_RESET_RM] = {reset_rm, 0},
    [DO_APPLY_CONFIG] = {apply_config, 0},
    [DO_COUNT_STALE] = {send_plain, SRP_ACT_COUNTED_STALE},
    [DO_RAISE_ADDRESS] = {alarm_raise, SRP_ALARM_ADDRESS_BUSY},
    [DO_RAISE_MAC] = {alarm_raise, SRP_ALARM_MAC_CONFLICT},
    [DO_RAISE_PEER_LOST] = {alarm_raise, SRP_ALARM_PEER_LOST},
    [DO_RAISE_DUAL] = {alarm_raise, SRP_ALARM_DUAL_ACTIVE},
    [DO_DUAL_WON] = {dual_won, SRP_ALARM_DUAL_ACTIVE},
    [DO_RAISE_INTERNAL] = {alarm_raise, SRP_ALARM_INTERNAL_SWITCHOVER},
    [DO_CLEAR_ADDRESS] = {alarm_clear, SRP_ALARM_ADDRESS_BUSY},
    [DO_CLEAR_MAC] = {alarm_clear, SRP_ALARM_MAC_CONFLICT},
    [DO_CLEAR_DUAL] = {alarm_clear, SRP_ALARM_DUAL_ACTIVE},
    [DO_CLEAR_INTERNAL] = {alarm_clear, SRP_ALARM_INTERNAL_SWITCHOVER},
    [DO_CLEAR_ALARMS] = {alarms_clear, 0},
    [DO_ANSWER_OK] = {answer, SRP_ANSWER_OK},
    [DO_ANSWER_NOT_ACTIVE] = {answer, SRP_ANSWER_NOT_ACTIVE},
    [DO_ANSWER_BUSY] = {answer, SRP_ANSWER_BUSY},
    [DO_ANSWER_LINK_DOWN] = {answer, SRP_ANSWER_LINK_DOWN},
    [DO_ANSWER_PEER_NOT_STANDBY] = {answer, SRP_ANSWER_PEER_NOT_STANDBY},
    [DO_ANSWER_NOT_CONNECTED] = {answer, SRP_ANSWER_NOT_CONNECTED},
    [DO_ANSWER_PEER_REFUSED] = {answer, SRP_ANSWER_PEER_REFUSED},
    [DO_ANSWER_NO_READY] = {answer, SRP_ANSWER_NO_READY},
    [DO_ANSWER_RESUMED] = {answer, SRP_ANSWER_RESUMED},
    [DO_ANSWER_CONFIG_DIFFERS] = {answer, SRP_ANSWER_CONFIG_DIFFERS},
    [DO_ANSWER_DRY_RUN_OK] = {answer, SRP_ANSWER_DRY_RUN_OK},
    [DO_BECAUSE_NONE] = {because, SRP_REASON_NOT_DEFINED},
    [DO_BECAUSE_DUAL_ACTIVE] = {because, SRP_REASON_DUAL_ACTIVE},
    [DO_BECAUSE_DUAL_STANDBY] = {because, SRP_REASON_DUAL_STANDBY},
    [DO_BECAUSE_DEAD] = {because, SRP_REASON_DEAD_TIMER_EXPIRY},
    [DO_BECAUSE_RETURN] = {because, SRP_REASON_FORCE_STATE_CHANGE},
    [DO_BECAUSE_ATTEMPT] = {because_attempt, 0},
    [DO_BECAUSE_GIVEN] = {because_given, 0},
};

void
srp_do(struct srp_step *s, uint8_t action)
{
	steps[action].run(s, steps[action].arg);
}
