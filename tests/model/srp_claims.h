/*
 * srp_claims.h - what every step of the redundancy engine must keep to, said without its table.
 *
 * Part of the explorer (srp_explore.c) and of the simulation (tests/sim/srp_pair.c), which include it once each: both
 * hand in every event with the engine before and after it, and what the surroundings look like then. A claim that is
 * broken is named; how often each was checked is printed.
 */
#ifndef SRP_CLAIMS_H
#define SRP_CLAIMS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "srp/srp_fsm.h"

enum claim {
	CLAIM_HISTORY,
	CLAIM_REASON,
	CLAIM_STALE,
	CLAIM_HEARD,
	CLAIM_LINK,
	CLAIM_DIALS,
	CLAIM_TELLS,
	CLAIM_FAILURES,
	CLAIM_WON,
	CLAIM_LINEAGE,
	CLAIM_EPOCH,
	CLAIM_ANSWER,
	CLAIM_WAITS,
	CLAIM_ALARMS,
	CLAIM_DUE,
	CLAIM_READY,
	CLAIM_CALLS,
	CLAIM_TAKE,
	CLAIM_TIMERS,
	CLAIM_ADDRESS,
	CLAIM_SESSIONS,
	CLAIM_STEP_COUNT
};

static const char *const claim_texts[CLAIM_STEP_COUNT] = {
    [CLAIM_HISTORY] = "a change of the shown state is one entry of the history, and the chain of steps leads to it",
    [CLAIM_REASON] = "the reason is that of the event, or the one the chain began with",
    [CLAIM_STALE] = "a hello of a lower epoch, or our own, changes nothing",
    [CLAIM_HEARD] = "a hello is kept, and silence forgets what the peer was",
    [CLAIM_LINK] = "the engine knows whether it is connected",
    [CLAIM_DIALS] = "silence and a closed connection are dialled at once",
    [CLAIM_TELLS] = "the peer is told at each hello interval, connection and change",
    [CLAIM_FAILURES] = "failed monitors are those that failed and have not recovered",
    [CLAIM_WON] = "a non-revertible failure of the other is remembered until reset or another reason",
    [CLAIM_LINEAGE] = "calls are those of the Active that is followed, or its own",
    [CLAIM_EPOCH] = "every incarnation has a number above all that the chassis knew",
    [CLAIM_ANSWER] = "an operator is answered once, and the answer is true",
    [CLAIM_WAITS] = "no operator waits while no switchover runs",
    [CLAIM_ALARMS] = "alarms stand only in the states they are about",
    [CLAIM_DUE] = "a hand-over for a failure: it stands, the peer has it not, and it was not taken over from there",
    [CLAIM_READY] = "READY and TAKE only with the calls of that incarnation and session managers, or forced",
    [CLAIM_CALLS] = "no calls are handed to a chassis that does not hold them",
    [CLAIM_TAKE] = "TAKE only after the address was given, and after the flush or its bound unless early",
    [CLAIM_TIMERS] = "each timer runs in the states that wait for it, and in no other",
    [CLAIM_ADDRESS] = "who serves or holds early has the address; who gives, takes or flushes waits for the answer",
    [CLAIM_SESSIONS] = "sessions serve on the Active as its incarnation, and nowhere else; Holding serves nothing",
};

/* The surroundings of one engine, after the actions of a step were run. */
struct claims_env {
	uint8_t timers;     /* bit per enum srp_timer: running */
	uint8_t waiting;    /* SRP_ACT_ADDRESS_TAKE, _GIVE or SESSIONS_FLUSH is to be answered; 0: nothing */
	bool is_holding;    /* the service address */
	bool is_serving;    /* sessions were told ACTIVE last, not STANDBY */
	bool is_flush_over; /* the flush asked for last is done, or its bound has passed */
	uint64_t serving_epoch;
};

static uint64_t claims_checked[CLAIM_STEP_COUNT];
static const char *claims_broken;

static void
claim(enum claim c, bool holds)
{
	claims_checked[c]++;
	if (!holds)
		claims_broken = claim_texts[c];
}

static const struct srp_action *
claims_find(const struct srp_out *out, uint8_t kind, unsigned *count)
{
	const struct srp_action *found = NULL;

	*count = 0;
	for (size_t k = 0; k < out->count; k++) {
		if (out->actions[k].kind != kind)
			continue;
		found = &out->actions[k];
		++*count;
	}
	return found;
}

static bool
claims_does(const struct srp_out *out, uint8_t kind)
{
	unsigned n;

	return claims_find(out, kind, &n) != NULL;
}

/* --- history ---------------------------------------------------------------------------------------------- */

/* The reason that the entry of a change from @from to @to owes to @ev; what only ends a chain keeps the chain's. */
static uint8_t
claims_reason(const struct srp *before, const struct srp_event *ev, uint8_t from, uint8_t to)
{
	switch (ev->kind) {
	case SRP_EV_TIMER_DEAD:
		return from == SRP_INIT ? SRP_REASON_NOT_DEFINED : SRP_REASON_DEAD_TIMER_EXPIRY;
	case SRP_EV_READY:
		return before->attempt;
	case SRP_EV_TAKE:
		return ev->reason;
	case SRP_EV_HELLO:
		break;
	case SRP_EV_ADDRESS_TAKEN:
	case SRP_EV_ADDRESS_GIVEN:
	case SRP_EV_FLUSHED:
		return before->cause;
	default: /* serving again, stopped */
		return SRP_REASON_NOT_DEFINED;
	}
	if (from == SRP_INIT)
		return SRP_REASON_NOT_DEFINED;
	if (from == SRP_ACTIVE)
		return SRP_REASON_DUAL_ACTIVE;
	if (to == SRP_STANDBY)
		return before->cause;
	if (ev->hello->state == SRP_INIT || ev->hello->incarnation != before->peer.incarnation)
		return from == SRP_STANDBY && ev->hello->state == SRP_STANDBY ? SRP_REASON_DUAL_STANDBY
		                                                              : SRP_REASON_FORCE_STATE_CHANGE;
	return SRP_REASON_DUAL_STANDBY;
}

static void
claims_history(const struct srp *before, const struct srp_event *ev, const struct srp *after, const struct srp_out *out)
{
	unsigned entries, steps;
	const struct srp_action *h = claims_find(out, SRP_ACT_HISTORY, &entries);
	const struct srp_action *s = claims_find(out, SRP_ACT_STEP, &steps);
	uint8_t from = (uint8_t)srp_state(before), to = (uint8_t)srp_state(after);

	if (before->fsm_state == after->fsm_state)
		claim(CLAIM_HISTORY, steps == 0);
	else
		claim(CLAIM_HISTORY,
		      steps == 1 && s->from_inner == before->fsm_state && s->to_inner == after->fsm_state);
	if (from == to) { /* a dual active won is told as well, once */
		bool is_won = entries == 1 && h->from == h->to && h->reason == SRP_REASON_DUAL_ACTIVE;
		bool is_new = ev->kind == SRP_EV_HELLO && before->fsm_state == FSM_ACTIVE &&
		              after->fsm_state == FSM_ACTIVE && ev->hello->state == SRP_ACTIVE &&
		              after->alarms & ~before->alarms & 1u << SRP_ALARM_DUAL_ACTIVE;

		claim(CLAIM_HISTORY, is_new ? is_won : entries == 0);
		return;
	}
	claim(CLAIM_HISTORY, entries == 1 && h->from == from && h->to == to);
	claim(CLAIM_REASON,
	      entries == 1 && h->reason == claims_reason(before, ev, from, to) && after->cause == h->reason);
}

/* --- what the engine knows -------------------------------------------------------------------------------- */

static bool
claims_is_stale(const struct srp *before, const struct srp_hello *h)
{
	return h->chassis_id == before->config.chassis_id ||
	       (h->incarnation == before->peer.incarnation &&
	        (h->epoch < before->peer.epoch ||
	         (h->state == SRP_ACTIVE && before->given_epoch != 0 && h->epoch <= before->given_epoch)));
}

/* But for epochs that are asked for. */
static bool
claims_is_same(const struct srp *before, const struct srp *after)
{
	struct srp now = *after;

	now.is_reserve_asked = before->is_reserve_asked;
	return memcmp(before, &now, sizeof now) == 0;
}

static void
claims_hello(const struct srp *before, const struct srp_hello *h, const struct srp *after, const struct srp_out *out)
{
	struct srp_hello kept = *h, has = after->peer;

	if (before->fsm_state == FSM_DOWN || claims_is_stale(before, h)) {
		claim(CLAIM_STALE, claims_is_same(before, after) &&
		                       claims_does(out, SRP_ACT_COUNTED_STALE) == (before->fsm_state != FSM_DOWN) &&
		                       out->count <= 2);
		return;
	}
	claim(CLAIM_HEARD, after->is_peer_heard && memcmp(&kept, &has, sizeof kept) == 0 &&
	                       after->epoch_known >= h->epoch && !(after->alarms >> SRP_ALARM_PEER_LOST & 1));
}

static void
claims_link(const struct srp *before, const struct srp_event *ev, const struct srp *after, const struct srp_out *out)
{
	bool is_up = before->is_link_up;

	if (before->fsm_state == FSM_DOWN && ev->kind != SRP_EV_START)
		return;
	if (ev->kind == SRP_EV_LINK_UP) {
		is_up = true;
		claim(CLAIM_TELLS, claims_does(out, SRP_ACT_SEND_HELLO));
	} else if (ev->kind == SRP_EV_LINK_DOWN || ev->kind == SRP_EV_TIMER_DEAD ||
	           (ev->kind == SRP_EV_START && before->fsm_state == FSM_DOWN)) {
		is_up = false;
		claim(CLAIM_DIALS, claims_does(out, SRP_ACT_REDIAL));
	} else if (ev->kind == SRP_EV_STOP) {
		is_up = false;
	}
	if (ev->kind == SRP_EV_TIMER_DEAD)
		claim(CLAIM_HEARD, !after->is_peer_heard && after->peer.state == SRP_INIT);
	if (ev->kind == SRP_EV_TIMER_HELLO || srp_state(before) != srp_state(after) ||
	    (before->failed != after->failed && after->fsm_state != FSM_PREPARING))
		claim(CLAIM_TELLS, claims_does(out, SRP_ACT_SEND_HELLO));
	claim(CLAIM_LINK, after->is_link_up == is_up);
}

static uint8_t
claims_kept_reason(uint8_t reason)
{
	return reason == SRP_REASON_AAA_FAILURE || reason == SRP_REASON_DIAMETER_FAILURE ? reason
	                                                                                 : SRP_REASON_NOT_DEFINED;
}

static void
claims_failures(const struct srp *before, const struct srp_event *ev, const struct srp *after)
{
	uint16_t bit = (uint16_t)(1u << ev->reason), failed = before->failed;
	uint8_t won = before->won_by;

	if (ev->kind == SRP_EV_MONITOR_FAILED)
		failed |= bit;
	else if (ev->kind == SRP_EV_MONITOR_RECOVERED)
		failed &= (uint16_t)~bit;
	claim(CLAIM_FAILURES, after->failed == failed);
	if (before->fsm_state == FSM_STANDBY && after->fsm_state == FSM_TAKING)
		won = ev->kind == SRP_EV_TAKE ? claims_kept_reason(ev->reason) : SRP_REASON_NOT_DEFINED;
	else if (ev->kind == SRP_EV_STOP && before->fsm_state != FSM_DOWN)
		won = SRP_REASON_NOT_DEFINED;
	else if (ev->kind == SRP_EV_RESET_FAIL && won == ev->reason)
		won = SRP_REASON_NOT_DEFINED;
	claim(CLAIM_WON, after->won_by == won);
}

static void
claims_calls(const struct srp *before, const struct srp_event *ev, const struct srp *after, const struct srp_out *out)
{
	unsigned n;
	const struct srp_action *a = claims_find(out, SRP_ACT_SESSIONS_ACTIVE, &n);
	uint64_t lineage = before->lineage, left;
	bool is_hello =
	    ev->kind == SRP_EV_HELLO && before->fsm_state != FSM_DOWN && !claims_is_stale(before, ev->hello);

	if (is_hello && ev->hello->state == SRP_ACTIVE && !srp_serves(before))
		lineage = ev->hello->epoch;
	if (a != NULL) {
		lineage = after->epoch;
		if (a->epoch ==
		    before->epoch) /* the reserved numbers are used up: the same again until there are more */
			claim(CLAIM_EPOCH, srp_epoch_free(after, &left) == 0);
		else
			claim(CLAIM_EPOCH, a->epoch == after->epoch && a->epoch > before->epoch_known &&
			                       (!is_hello || a->epoch > ev->hello->epoch) &&
			                       after->epoch_known == a->epoch);
	} else {
		claim(CLAIM_EPOCH, after->epoch == before->epoch);
	}
	claim(CLAIM_LINEAGE, after->lineage == lineage);
	a = claims_find(out, SRP_ACT_SEND_READY, &n);
	if (a != NULL)
		claim(CLAIM_READY, before->lineage == ev->epoch && before->lineage != 0 && a->request == ev->request &&
		                       (ev->not_connected == 0 || ev->is_forced) &&
		                       (ev->config_differs == 0 || ev->is_forced) &&
		                       !(before->failed >> ev->reason & 1) && after->prepared_epoch == ev->epoch);
	if (ev->kind == SRP_EV_TAKE && before->fsm_state == FSM_STANDBY && after->fsm_state == FSM_TAKING) {
		claim(CLAIM_CALLS, before->lineage == ev->epoch && ev->epoch != 0 && after->given_epoch == ev->epoch);
		claim(CLAIM_READY, before->prepared_epoch == ev->epoch && after->prepared_epoch == 0 &&
		                       (ev->not_connected == 0 || before->is_prepared_forced));
	}
}

/* --- operators, alarms, failures that ask for a hand-over --------------------------------------------------------- */

static void
claims_answers(const struct srp *before, const struct srp_event *ev, const struct srp *after, const struct srp_out *out)
{
	unsigned n;
	const struct srp_action *a = claims_find(out, SRP_ACT_OPERATOR_ANSWER, &n);

	if (ev->kind == SRP_EV_OPERATOR_SWITCHOVER) {
		bool is_begun = before->fsm_state == FSM_ACTIVE && after->fsm_state == FSM_PREPARING;

		claim(CLAIM_ANSWER, is_begun ? n == 0 && after->asker == ev->asker
		                             : n == 1 && a->asker == ev->asker && after->asker == before->asker);
	} else if (before->asker != 0 && after->asker == 0) {
		claim(CLAIM_ANSWER, n == 1 && a->asker == before->asker);
	} else {
		claim(CLAIM_ANSWER, n == 0);
	}
	if (a != NULL && a->answer == SRP_ANSWER_OK)
		claim(CLAIM_ANSWER, ev->kind == SRP_EV_HELLO && ev->hello->state == SRP_ACTIVE && !srp_serves(after));
	if (a != NULL && (a->answer == SRP_ANSWER_RESUMED || a->answer == SRP_ANSWER_NO_READY ||
	                  a->answer == SRP_ANSWER_PEER_REFUSED))
		claim(CLAIM_ANSWER, after->fsm_state == FSM_ACTIVE);
	claim(CLAIM_WAITS, after->asker == 0 ||
	                       (after->fsm_state >= FSM_PREPARING && after->fsm_state <= FSM_HANDING) ||
	                       after->fsm_state == FSM_TAKING || after->fsm_state == FSM_STANDBY);
}

static void
claims_alarms(const struct srp *after)
{
	static const uint16_t states_of[SRP_ALARM_COUNT] = {
	    [SRP_ALARM_ADDRESS_BUSY] = 1u << FSM_TAKING,
	    [SRP_ALARM_MAC_CONFLICT] = 1u << FSM_INIT | 1u << FSM_STANDBY,
	    [SRP_ALARM_PEER_LOST] = (1u << FSM_STATE_COUNT) - 1 - (1u << FSM_DOWN | 1u << FSM_INIT | 1u << FSM_STANDBY),
	    [SRP_ALARM_DUAL_ACTIVE] = 1u << FSM_ACTIVE | 1u << FSM_PREPARING | 1u << FSM_GIVING | 1u << FSM_YIELDING,
	    [SRP_ALARM_INTERNAL_SWITCHOVER] = 1u << FSM_ACTIVE | 1u << FSM_PREPARING,
	};

	for (unsigned k = 0; k < SRP_ALARM_COUNT; k++)
		if (after->alarms >> k & 1)
			claim(CLAIM_ALARMS, (states_of[k] >> after->fsm_state & 1) != 0);
}

static void
claims_prepares(const struct srp *before, const struct srp *after, const struct srp_out *out)
{
	unsigned n;
	const struct srp_action *a = claims_find(out, SRP_ACT_SEND_PREPARE, &n);

	if (a == NULL)
		return;
	claim(CLAIM_DUE, before->fsm_state == FSM_ACTIVE && after->fsm_state == FSM_PREPARING && after->is_link_up &&
	                     after->is_peer_heard && after->peer.state == SRP_STANDBY && a->epoch == after->epoch &&
	                     a->request == after->request && a->request != before->request);
	if (a->reason == SRP_REASON_MANUAL_SWITCHOVER)
		return;
	claim(CLAIM_DUE, (after->failed >> a->reason & 1) != 0 && !(after->peer.failed >> a->reason & 1) &&
	                     a->is_forced && after->won_by != a->reason && after->peer.lineage == after->epoch &&
	                     __builtin_popcount(after->failed) > __builtin_popcount(after->peer.failed));
}

/* --- surroundings ------------------------------------------------------------------------------------------- */

static void
claims_timers(const struct srp *e, uint8_t timers)
{
	bool runs[SRP_TIMER_COUNT];
	bool is_down = e->fsm_state == FSM_DOWN;
	bool is_waiting =
	    (e->fsm_state >= FSM_PREPARING && e->fsm_state <= FSM_HANDING_FLUSH) || e->fsm_state == FSM_HOLDING;

	for (int t = 0; t < SRP_TIMER_COUNT; t++)
		runs[t] = (timers >> t & 1) != 0;
	claim(CLAIM_TIMERS, runs[SRP_TIMER_HELLO] == !is_down && runs[SRP_TIMER_PHASE] == is_waiting);
	claim(CLAIM_TIMERS, (!runs[SRP_TIMER_RETRY] || e->fsm_state == FSM_TAKING) &&
	                        (!runs[SRP_TIMER_DELAY] || e->fsm_state == FSM_INIT) &&
	                        (!runs[SRP_TIMER_INTERNAL] || !is_down));
	claim(CLAIM_TIMERS, runs[SRP_TIMER_DEAD] == (!is_down && !runs[SRP_TIMER_DELAY]));
}

static void
claims_address(const struct srp *e, const struct claims_env *env)
{
	bool is_idle = env->waiting == 0, is_giving = env->waiting == SRP_ACT_ADDRESS_GIVE;
	bool is_flushing = env->waiting == SRP_ACT_SESSIONS_FLUSH, is_taking = env->waiting == SRP_ACT_ADDRESS_TAKE;
	bool ok;

	switch (e->fsm_state) {
	case FSM_ACTIVE:
	case FSM_PREPARING:
	case FSM_HOLDING:
		ok = env->is_holding && is_idle;
		break;
	case FSM_GIVING:
	case FSM_YIELDING:
		ok = is_giving;
		break;
	case FSM_FLUSHING:
	case FSM_HANDING_FLUSH:
		ok = !env->is_holding && is_flushing;
		break;
	case FSM_HANDING:
		ok = !env->is_holding && (is_idle || is_flushing);
		break;
	case FSM_TAKING:
		ok = is_taking || (env->timers >> SRP_TIMER_RETRY & 1);
		break;
	case FSM_STANDBY:
		ok = is_giving || (!env->is_holding && !is_taking);
		break;
	default:
		ok = !is_taking && !is_flushing;
	}
	claim(CLAIM_ADDRESS, ok);
}

static void
claims_sessions(const struct srp *e, const struct claims_env *env)
{
	if (srp_serves(e))
		claim(CLAIM_SESSIONS, env->is_serving && env->serving_epoch == e->epoch);
	else if (e->fsm_state == FSM_GIVING)
		claim(CLAIM_SESSIONS, env->is_serving);
	else if (e->fsm_state <= FSM_STANDBY || e->fsm_state == FSM_HOLDING)
		claim(CLAIM_SESSIONS, !env->is_serving);
}

/*
 * claims_step - everything that one step must keep to; claims_broken names what it does not, NULL otherwise.
 *
 * @env  after the actions of @out were run
 */
static void
claims_step(const struct srp *before, const struct srp_event *ev, const struct srp *after, const struct srp_out *out,
            const struct claims_env *env)
{
	unsigned n;
	const struct srp_action *take = claims_find(out, SRP_ACT_SEND_TAKE, &n);

	claims_history(before, ev, after, out);
	if (ev->kind == SRP_EV_HELLO)
		claims_hello(before, ev->hello, after, out);
	claims_link(before, ev, after, out);
	claims_failures(before, ev, after);
	claims_calls(before, ev, after, out);
	claims_answers(before, ev, after, out);
	claims_alarms(after);
	claims_prepares(before, after, out);
	claims_timers(after, env->timers);
	claims_address(after, env);
	claims_sessions(after, env);
	if (take != NULL)
		claim(CLAIM_TAKE, !env->is_holding && take->epoch == after->epoch && take->request == after->request &&
		                      take->reason == after->attempt && (take->is_early || env->is_flush_over));
	if (claims_does(out, SRP_ACT_SEND_FLUSHED))
		claim(CLAIM_TAKE, env->is_flush_over);
}

static void
claims_print(void)
{
	for (unsigned c = 0; c < CLAIM_STEP_COUNT; c++)
		printf("%12" PRIu64 "  %s\n", claims_checked[c], claim_texts[c]);
}

#endif
