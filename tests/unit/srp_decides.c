/* srp_decides.c - what each state makes of each hello, and of silence, lost links, refusals and bounds: one line a
 * case. */
#include "tests/unit/srp_engine.h"

enum {
	KEPT = SRP_REASON_EGQC_FAILURE, /* the reason that the chain began with, as no event gives it */
	NO_ANSWER = SRP_ANSWER_COUNT,
	ASKER = 5
};

/* What the shell is asked for, and what the engine remembers. */
enum {
	TAKE = 1 << 0,
	GIVE = 1 << 1,
	SESSIONS = 1 << 2, /* sessions standby */
	SENDS_TAKE = 1 << 3,
	FLUSHED = 1 << 4,
	STOPS = 1 << 5, /* the phase timer, or that of the address */
	DIALS = 1 << 6,
	AGAIN = 1 << 7,   /* the internal retry timer is started */
	FOLLOWS = 1 << 8, /* route modifier and lineage are those of an Active that is followed */
	WAITS = 1 << 9,   /* a flush of the peer is still awaited, and a failure of it still remembered */
	HELLO = 1 << 10
};

enum {
	MAC = 1 << SRP_ALARM_MAC_CONFLICT,
	BUSY = 1 << SRP_ALARM_ADDRESS_BUSY,
	DUAL = 1 << SRP_ALARM_DUAL_ACTIVE,
	LOST = 1 << SRP_ALARM_PEER_LOST,
	INTERNAL = 1 << SRP_ALARM_INTERNAL_SWITCHOVER
};

struct expected {
	uint8_t next, answer, cause;
	uint16_t asks;
	uint8_t alarms;
};

/* Waiting for nothing to be forgotten: an operator, a flush, a failure of the other, a reason. */
static struct srp
in_state(uint8_t state, uint8_t alarms)
{
	struct srp e = active();

	e.fsm_state = state;
	e.alarms = alarms;
	e.asker = state == FSM_ACTIVE || state == FSM_HOLDING || state == FSM_YIELDING ? 0 : ASKER;
	e.cause = KEPT;
	e.attempt = SRP_REASON_MANUAL_SWITCHOVER;
	e.won_by = SRP_REASON_AAA_FAILURE;
	e.is_flush_awaited = true;
	e.prepared_epoch = 0;
	e.given_epoch = state == FSM_HOLDING ? epoch(1, PEER_ID) : 0;
	return e;
}

static uint16_t
asked(const struct srp *before, const struct srp *e)
{
	static const struct {
		uint8_t kind;
		uint16_t bit;
	} bits[] = {
	    {SRP_ACT_ADDRESS_TAKE, TAKE},    {SRP_ACT_ADDRESS_GIVE, GIVE},    {SRP_ACT_SESSIONS_STANDBY, SESSIONS},
	    {SRP_ACT_SEND_TAKE, SENDS_TAKE}, {SRP_ACT_SEND_FLUSHED, FLUSHED}, {SRP_ACT_TIMER_STOP, STOPS},
	    {SRP_ACT_REDIAL, DIALS},
	};
	uint16_t asks = starts(SRP_TIMER_INTERNAL) ? AGAIN : 0;

	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
		asks |= action(bits[i].kind) != NULL ? bits[i].bit : 0;
	if (e->lineage != before->lineage && e->route_modifier != before->route_modifier)
		asks |= FOLLOWS;
	if (e->is_flush_awaited)
		asks |= WAITS;
	if (srp_state(before) == srp_state(e) && action(SRP_ACT_SEND_HELLO) != NULL)
		asks |= HELLO;
	return asks;
}

static void
assert_expected(const char *what, size_t i, const struct srp *before, const struct srp *e, const struct expected *x)
{
	const struct srp_action *a = action(SRP_ACT_OPERATOR_ANSWER);
	uint8_t answer = a != NULL ? a->answer : NO_ANSWER;
	uint16_t asks = asked(before, e);

	if (e->fsm_state != x->next || e->alarms != x->alarms || answer != x->answer || e->cause != x->cause ||
	    asks != x->asks)
		fail_msg("%s %zu: in %s, answer %u, reason %u, asks %03x, alarms %02x", what, i,
		         srp_inner_text(e->fsm_state), answer, e->cause, asks, e->alarms);
	assert_int_equal(e->asker != 0, before->asker != 0 && answer == NO_ANSWER);
}

/* --- hellos --------------------------------------------------------------------------------------------------- */

enum peer { SERVES, PREFERRED, TAKING_BACK, HANDS_OVER, FOLLOWER, EMPTY, RESTARTED };

static struct srp_hello
hello_of(enum peer kind, const struct srp *e)
{
	static const uint8_t states[] = {
	    [SERVES] = SRP_ACTIVE,
	    [PREFERRED] = SRP_ACTIVE,
	    [TAKING_BACK] = SRP_PENDING_ACTIVE,
	    [HANDS_OVER] = SRP_PENDING_STANDBY,
	    [FOLLOWER] = SRP_STANDBY,
	    [EMPTY] = SRP_STANDBY,
	    [RESTARTED] = SRP_INIT,
	};
	struct srp_hello h = peer_hello(states[kind]);

	h.epoch = e->epoch;
	h.lineage = kind == EMPTY || kind == RESTARTED ? 0 : e->epoch;
	h.route_modifier = 9;
	if (kind == SERVES)
		h.epoch = e->epoch + (1u << SRP_EPOCH_TAG_BITS);
	if (kind == PREFERRED || kind == TAKING_BACK)
		h.route_modifier = 0;
	if (kind == RESTARTED)
		h.incarnation++;
	return h;
}

static const struct {
	uint8_t state, alarms, peer;
	struct expected x;
} hellos[] = {
    {FSM_STANDBY, MAC, SERVES, {FSM_STANDBY, SRP_ANSWER_OK, KEPT, FOLLOWS | WAITS, 0}},
    {FSM_STANDBY, MAC, RESTARTED, {FSM_TAKING, NO_ANSWER, SRP_REASON_FORCE_STATE_CHANGE, TAKE, 0}},
    {FSM_STANDBY, MAC, EMPTY, {FSM_TAKING, NO_ANSWER, SRP_REASON_DUAL_STANDBY, TAKE, 0}},
    {FSM_STANDBY, MAC, TAKING_BACK, {FSM_STANDBY, NO_ANSWER, KEPT, WAITS, MAC}},
    {FSM_STANDBY, MAC, HANDS_OVER, {FSM_STANDBY, NO_ANSWER, KEPT, WAITS, MAC}},
    {FSM_TAKING, BUSY, SERVES, {FSM_STANDBY, SRP_ANSWER_OK, KEPT, FOLLOWS | GIVE | SESSIONS | STOPS | WAITS, 0}},
    {FSM_TAKING, BUSY, TAKING_BACK, {FSM_STANDBY, NO_ANSWER, KEPT, GIVE | SESSIONS | STOPS | WAITS, 0}},
    {FSM_TAKING, BUSY, FOLLOWER, {FSM_TAKING, NO_ANSWER, KEPT, WAITS, BUSY}},
    {FSM_HOLDING, 0, SERVES, {FSM_STANDBY, NO_ANSWER, KEPT, FOLLOWS | GIVE | SESSIONS | STOPS, 0}},
    {FSM_HOLDING, 0, TAKING_BACK, {FSM_STANDBY, NO_ANSWER, KEPT, GIVE | SESSIONS | STOPS, 0}},
    {FSM_HOLDING, 0, RESTARTED, {FSM_TAKING, NO_ANSWER, KEPT, TAKE | STOPS, 0}},
    {FSM_HOLDING, 0, HANDS_OVER, {FSM_HOLDING, NO_ANSWER, KEPT, WAITS, 0}},
    {FSM_ACTIVE, INTERNAL, PREFERRED, {FSM_YIELDING, NO_ANSWER, SRP_REASON_DUAL_ACTIVE, GIVE | WAITS, DUAL}},
    {FSM_ACTIVE, INTERNAL, FOLLOWER, {FSM_ACTIVE, NO_ANSWER, KEPT, WAITS, INTERNAL}},
    {FSM_PREPARING,
     INTERNAL,
     PREFERRED,
     {FSM_YIELDING, SRP_ANSWER_PEER_NOT_STANDBY, SRP_REASON_DUAL_ACTIVE, GIVE | STOPS | WAITS, DUAL}},
    {FSM_PREPARING, 0, TAKING_BACK, {FSM_ACTIVE, SRP_ANSWER_PEER_NOT_STANDBY, KEPT, STOPS | AGAIN | WAITS, 0}},
    {FSM_PREPARING, 0, FOLLOWER, {FSM_PREPARING, NO_ANSWER, KEPT, WAITS, 0}},
    {FSM_GIVING, 0, SERVES, {FSM_YIELDING, SRP_ANSWER_OK, KEPT, FOLLOWS | STOPS | WAITS, 0}},
    {FSM_GIVING, 0, RESTARTED, {FSM_TAKING, NO_ANSWER, SRP_REASON_FORCE_STATE_CHANGE, TAKE | STOPS | WAITS, 0}},
    {FSM_GIVING, 0, FOLLOWER, {FSM_GIVING, NO_ANSWER, KEPT, WAITS, 0}},
    {FSM_FLUSHING, 0, SERVES, {FSM_STANDBY, SRP_ANSWER_OK, KEPT, FOLLOWS | SESSIONS | STOPS | WAITS, 0}},
    {FSM_FLUSHING, 0, RESTARTED, {FSM_TAKING, NO_ANSWER, SRP_REASON_FORCE_STATE_CHANGE, TAKE | STOPS | WAITS, 0}},
    {FSM_FLUSHING, 0, FOLLOWER, {FSM_FLUSHING, NO_ANSWER, KEPT, WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, SERVES, {FSM_STANDBY, SRP_ANSWER_OK, KEPT, FOLLOWS | SESSIONS | STOPS | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, RESTARTED, {FSM_TAKING, NO_ANSWER, SRP_REASON_FORCE_STATE_CHANGE, TAKE | STOPS | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, FOLLOWER, {FSM_HANDING_FLUSH, NO_ANSWER, KEPT, SENDS_TAKE | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, HANDS_OVER, {FSM_TAKING, NO_ANSWER, SRP_REASON_DUAL_STANDBY, TAKE | STOPS | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, TAKING_BACK, {FSM_HANDING_FLUSH, NO_ANSWER, KEPT, WAITS, 0}},
    {FSM_HANDING, 0, SERVES, {FSM_STANDBY, SRP_ANSWER_OK, KEPT, FOLLOWS | SESSIONS | WAITS, 0}},
    {FSM_HANDING, 0, RESTARTED, {FSM_TAKING, NO_ANSWER, SRP_REASON_FORCE_STATE_CHANGE, TAKE | WAITS, 0}},
    {FSM_HANDING, 0, FOLLOWER, {FSM_HANDING, NO_ANSWER, KEPT, SENDS_TAKE | WAITS, 0}},
    {FSM_HANDING, 0, HANDS_OVER, {FSM_TAKING, NO_ANSWER, SRP_REASON_DUAL_STANDBY, TAKE | WAITS, 0}},
    {FSM_HANDING, 0, TAKING_BACK, {FSM_HANDING, NO_ANSWER, KEPT, WAITS, 0}},
    {FSM_YIELDING, DUAL, SERVES, {FSM_YIELDING, NO_ANSWER, KEPT, FOLLOWS | WAITS, DUAL}},
    {FSM_YIELDING, DUAL, FOLLOWER, {FSM_YIELDING, NO_ANSWER, KEPT, WAITS, 0}},
};

static void
each_state_decides_by_the_hello(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
		struct srp e = in_state(hellos[i].state, hellos[i].alarms), before = e;

		hear(&e, hello_of(hellos[i].peer, &e));
		assert_expected("hello", i, &before, &e, &hellos[i].x);
		assert_true(starts(SRP_TIMER_DEAD));
		assert_true(e.is_peer_heard && e.peer.state == hello_of(hellos[i].peer, &before).state);
		if (before.fsm_state == FSM_STANDBY && e.fsm_state == FSM_TAKING)
			assert_int_equal(e.won_by, SRP_REASON_NOT_DEFINED);
		else
			assert_int_equal(e.won_by, SRP_REASON_AAA_FAILURE);
	}
}

/* --- everything else ------------------------------------------------------------------------------------------- */

static const struct {
	uint8_t state, alarms, event;
	struct expected x;
} events[] = {
    {FSM_INIT, MAC, SRP_EV_TIMER_DEAD, {FSM_TAKING, NO_ANSWER, SRP_REASON_NOT_DEFINED, TAKE | DIALS | WAITS, 0}},
    {FSM_STANDBY, MAC, SRP_EV_TIMER_DEAD, {FSM_TAKING, NO_ANSWER, SRP_REASON_DEAD_TIMER_EXPIRY, TAKE | DIALS, 0}},
    {FSM_TAKING, BUSY, SRP_EV_TIMER_DEAD, {FSM_TAKING, NO_ANSWER, KEPT, DIALS, BUSY}},
    {FSM_TAKING, BUSY, SRP_EV_TIMER_RETRY, {FSM_TAKING, NO_ANSWER, KEPT, TAKE | WAITS, BUSY}},
    {FSM_TAKING, 0, SRP_EV_ADDRESS_BUSY, {FSM_TAKING, NO_ANSWER, KEPT, WAITS, BUSY}},
    {FSM_HOLDING, 0, SRP_EV_TIMER_DEAD, {FSM_TAKING, NO_ANSWER, KEPT, TAKE | STOPS | DIALS, 0}},
    {FSM_HOLDING, 0, SRP_EV_TIMER_PHASE, {FSM_TAKING, NO_ANSWER, KEPT, TAKE, 0}},
    {FSM_ACTIVE, 0, SRP_EV_TIMER_DEAD, {FSM_ACTIVE, NO_ANSWER, KEPT, DIALS | WAITS, LOST}},
    {FSM_PREPARING, INTERNAL, SRP_EV_READY, {FSM_GIVING, NO_ANSWER, SRP_REASON_MANUAL_SWITCHOVER, GIVE | WAITS, 0}},
    {FSM_PREPARING, 0, SRP_EV_REFUSE, {FSM_ACTIVE, SRP_ANSWER_PEER_REFUSED, KEPT, STOPS | AGAIN | WAITS, 0}},
    {FSM_PREPARING, 0, SRP_EV_TIMER_PHASE, {FSM_ACTIVE, SRP_ANSWER_NO_READY, KEPT, AGAIN | WAITS, 0}},
    {FSM_PREPARING, 0, SRP_EV_LINK_DOWN, {FSM_ACTIVE, SRP_ANSWER_LINK_DOWN, KEPT, STOPS | DIALS | AGAIN | WAITS, 0}},
    {FSM_PREPARING,
     0,
     SRP_EV_TIMER_DEAD,
     {FSM_ACTIVE, SRP_ANSWER_LINK_DOWN, KEPT, STOPS | DIALS | AGAIN | WAITS, LOST}},
    {FSM_GIVING, 0, SRP_EV_TIMER_PHASE, {FSM_TAKING, NO_ANSWER, SRP_REASON_NOT_DEFINED, TAKE | WAITS, 0}},
    {FSM_GIVING, 0, SRP_EV_LINK_DOWN, {FSM_TAKING, NO_ANSWER, SRP_REASON_NOT_DEFINED, TAKE | STOPS | DIALS | WAITS, 0}},
    {FSM_GIVING,
     0,
     SRP_EV_TIMER_DEAD,
     {FSM_TAKING, NO_ANSWER, SRP_REASON_DEAD_TIMER_EXPIRY, TAKE | STOPS | DIALS | WAITS, 0}},
    {FSM_FLUSHING, 0, SRP_EV_FLUSH_DONE, {FSM_HANDING, NO_ANSWER, KEPT, SENDS_TAKE | STOPS | WAITS, 0}},
    {FSM_FLUSHING, 0, SRP_EV_TIMER_PHASE, {FSM_TAKING, NO_ANSWER, SRP_REASON_NOT_DEFINED, TAKE | WAITS, 0}},
    {FSM_FLUSHING,
     0,
     SRP_EV_LINK_DOWN,
     {FSM_TAKING, NO_ANSWER, SRP_REASON_NOT_DEFINED, TAKE | STOPS | DIALS | WAITS, 0}},
    {FSM_FLUSHING,
     0,
     SRP_EV_TIMER_DEAD,
     {FSM_TAKING, NO_ANSWER, SRP_REASON_DEAD_TIMER_EXPIRY, TAKE | STOPS | DIALS | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, SRP_EV_FLUSH_DONE, {FSM_HANDING, NO_ANSWER, KEPT, FLUSHED | STOPS | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, SRP_EV_TIMER_PHASE, {FSM_HANDING, NO_ANSWER, KEPT, FLUSHED | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, SRP_EV_LINK_UP, {FSM_HANDING_FLUSH, NO_ANSWER, KEPT, SENDS_TAKE | HELLO | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, SRP_EV_LINK_DOWN, {FSM_HANDING_FLUSH, NO_ANSWER, KEPT, DIALS | WAITS, 0}},
    {FSM_HANDING_FLUSH, 0, SRP_EV_REFUSE, {FSM_TAKING, NO_ANSWER, SRP_REASON_NOT_DEFINED, TAKE | STOPS | WAITS, 0}},
    {FSM_HANDING_FLUSH,
     0,
     SRP_EV_TIMER_DEAD,
     {FSM_TAKING, NO_ANSWER, SRP_REASON_DEAD_TIMER_EXPIRY, TAKE | STOPS | DIALS | WAITS, 0}},
    {FSM_HANDING, 0, SRP_EV_LINK_UP, {FSM_HANDING, NO_ANSWER, KEPT, SENDS_TAKE | HELLO | WAITS, 0}},
    {FSM_HANDING, 0, SRP_EV_LINK_DOWN, {FSM_HANDING, NO_ANSWER, KEPT, DIALS | WAITS, 0}},
    {FSM_HANDING, 0, SRP_EV_REFUSE, {FSM_TAKING, NO_ANSWER, SRP_REASON_NOT_DEFINED, TAKE | WAITS, 0}},
    {FSM_HANDING, 0, SRP_EV_TIMER_DEAD, {FSM_TAKING, NO_ANSWER, SRP_REASON_DEAD_TIMER_EXPIRY, TAKE | DIALS | WAITS, 0}},
    {FSM_YIELDING, DUAL, SRP_EV_ADDRESS_GIVEN, {FSM_STANDBY, NO_ANSWER, KEPT, SESSIONS | WAITS, 0}},
    {FSM_YIELDING,
     DUAL,
     SRP_EV_TIMER_DEAD,
     {FSM_TAKING, NO_ANSWER, SRP_REASON_DEAD_TIMER_EXPIRY, TAKE | DIALS | WAITS, 0}},
};

static void
each_state_decides_by_silence_bounds_and_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
		struct srp e = in_state(events[i].state, events[i].alarms), before = e;
		bool is_silence = events[i].event == SRP_EV_TIMER_DEAD;

		feed_kind(&e, events[i].event);
		assert_expected("event", i, &before, &e, &events[i].x);
		assert_int_equal(e.is_peer_heard, !is_silence);
		if (is_silence) {
			assert_true(starts(SRP_TIMER_DEAD));
			assert_int_equal(e.peer.state, SRP_INIT);
		}
		if (events[i].event == SRP_EV_LINK_UP || events[i].event == SRP_EV_LINK_DOWN)
			assert_int_equal(e.is_link_up, events[i].event == SRP_EV_LINK_UP);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_state_decides_by_the_hello),
	    cmocka_unit_test(each_state_decides_by_silence_bounds_and_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
