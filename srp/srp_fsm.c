/*
 * srp_fsm.c - the redundancy state machine as a table. Read it from top to bottom: rows are tried in
 * order, the first whose guard holds is taken.
 *
 * Everything an operator can ask "why did it do that" has its answer in the last column. srp.c runs
 * the actions and assigns the state; after a change of the shown state it adds HISTORY and a hello.
 */
#include "srp/srp_fsm.h"

/* clang-format off */
static const struct fsm_row rows[] = {
	/* state, event, guard, next, actions, reason */

	/* ---- not started --------------------------------------------------------------------------------- */
	{FSM_DOWN, SRP_EV_START, G_HAS_DELAY, FSM_INIT, {DO_RESET_RM, DO_START_HELLO, DO_START_DELAY, DO_REDIAL},
	 "started; the dead interval begins after the delay interval"},
	{FSM_DOWN, SRP_EV_START, G_ALWAYS, FSM_INIT, {DO_RESET_RM, DO_START_HELLO, DO_START_DEAD, DO_REDIAL}, "started"},
	{FSM_DOWN, SRP_EV_STOP, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},
	{FSM_DOWN, SRP_EV_RECONFIG, G_ALWAYS, FSM_SAME_STATE, {DO_APPLY_CONFIG, DO_RESET_RM}, "configured before the start"},
	{FSM_DOWN, SRP_EV_LINK_UP, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},
	{FSM_DOWN, SRP_EV_LINK_DOWN, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},
	{FSM_DOWN, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},
	{FSM_DOWN, SRP_EV_TIMER_HELLO, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},
	{FSM_DOWN, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},
	{FSM_DOWN, SRP_EV_PREPARE, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},
	{FSM_DOWN, SRP_EV_TAKE, G_ALWAYS, FSM_SAME_STATE, {0}, "not started"},

	/* ---- at any time --------------------------------------------------------------------------------- */
	{FSM_ANY_STATE, SRP_EV_START, G_ALWAYS, FSM_SAME_STATE, {0}, "started already"},
	{FSM_ANY_STATE, SRP_EV_STOP, G_ALWAYS, FSM_DOWN,
	 {DO_BECAUSE_NONE, DO_STOP_TIMERS, DO_ADDRESS_GIVE, DO_SESSIONS_STANDBY, DO_LINK_DOWN, DO_ANSWER_NOT_ACTIVE},
	 "stopped by configuration"},
	{FSM_INIT, SRP_EV_RECONFIG, G_ALWAYS, FSM_SAME_STATE, {DO_APPLY_CONFIG, DO_RESET_RM, DO_START_HELLO, DO_SEND_HELLO},
	 "configuration changed before the election"},
	{FSM_ANY_STATE, SRP_EV_RECONFIG, G_ALWAYS, FSM_SAME_STATE, {DO_APPLY_CONFIG, DO_START_HELLO, DO_SEND_HELLO},
	 "configuration changed; the peer is told"},
	{FSM_ANY_STATE, SRP_EV_HELLO, G_STALE, FSM_SAME_STATE, {DO_COUNT_STALE}, "hello of a lower epoch refused"},
	{FSM_ANY_STATE, SRP_EV_TIMER_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_SEND_HELLO, DO_START_HELLO}, "hello interval"},
	{FSM_ANY_STATE, SRP_EV_EPOCH_BLOCK, G_ALWAYS, FSM_SAME_STATE, {DO_NOTE_BLOCK}, "epochs reserved on disk"},
	{FSM_ANY_STATE, SRP_EV_ADDRESS_TAKEN, G_TOKEN_OLD, FSM_SAME_STATE, {0}, "answer to a request since withdrawn"},
	{FSM_ANY_STATE, SRP_EV_ADDRESS_BUSY, G_TOKEN_OLD, FSM_SAME_STATE, {0}, "answer to a request since withdrawn"},
	{FSM_ANY_STATE, SRP_EV_ADDRESS_GIVEN, G_TOKEN_OLD, FSM_SAME_STATE, {0}, "answer to a request since withdrawn"},
	{FSM_ANY_STATE, SRP_EV_FLUSH_DONE, G_TOKEN_OLD, FSM_SAME_STATE, {0}, "answer to a request since withdrawn"},

	/* ---- Init: a hello decides, or the dead interval without one ------------------------------------- */
	{FSM_INIT, SRP_EV_TIMER_DELAY, G_ALWAYS, FSM_SAME_STATE, {DO_START_DEAD}, "delay interval over; the dead interval begins"},
	{FSM_INIT, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_NONE, DO_FORGET_PEER, DO_ADDRESS_TAKE, DO_START_DEAD, DO_REDIAL},
	 "no hello within the dead interval after start"},
	{FSM_INIT, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_STANDBY, {DO_BECAUSE_NONE, DO_HEARD, DO_STOP_DELAY, DO_FOLLOW, DO_CLEAR_MAC},
	 "the peer is Active already"},
	{FSM_INIT, SRP_EV_HELLO, G_PEER_PENDING, FSM_STANDBY, {DO_BECAUSE_NONE, DO_HEARD, DO_STOP_DELAY, DO_CLEAR_MAC},
	 "the peer is about to serve or to hand over"},
	{FSM_INIT, SRP_EV_HELLO, G_PEER_HOLDS_CALLS, FSM_STANDBY, {DO_BECAUSE_NONE, DO_HEARD, DO_STOP_DELAY, DO_CLEAR_MAC},
	 "the peer is Standby and holds the calls"},
	{FSM_INIT, SRP_EV_HELLO, G_TIE, FSM_SAME_STATE, {DO_HEARD, DO_STOP_DELAY, DO_RAISE_MAC},
	 "no election: mode, priority and MAC are equal on both chassis"},
	{FSM_INIT, SRP_EV_HELLO, G_ELECTED, FSM_TAKING,
	 {DO_BECAUSE_NONE, DO_HEARD, DO_STOP_DELAY, DO_CLEAR_MAC, DO_ADDRESS_TAKE}, "elected by mode, priority or MAC"},
	{FSM_INIT, SRP_EV_HELLO, G_ALWAYS, FSM_STANDBY, {DO_BECAUSE_NONE, DO_HEARD, DO_STOP_DELAY, DO_CLEAR_MAC},
	 "the peer is elected by mode, priority or MAC"},
	{FSM_INIT, SRP_EV_TAKE, G_ALWAYS, FSM_SAME_STATE, {DO_REFUSE_NOT_PREPARED}, "restarted since it was ready: holds no calls"},

	/* ---- Standby ------------------------------------------------------------------------------------- */
	{FSM_STANDBY, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_DEAD, DO_FORGET_PEER, DO_ADDRESS_TAKE, DO_START_DEAD, DO_REDIAL}, "no hello within the dead interval"},
	{FSM_STANDBY, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_SAME_STATE, {DO_HEARD, DO_FOLLOW, DO_CLEAR_MAC, DO_ANSWER_OK}, "the peer serves"},
	{FSM_STANDBY, SRP_EV_HELLO, G_PEER_CAME_BACK, FSM_TAKING, {DO_BECAUSE_RETURN, DO_HEARD, DO_ADDRESS_TAKE},
	 "the peer has restarted and this chassis holds the calls"},
	{FSM_STANDBY, SRP_EV_HELLO, G_STANDBY_TIE, FSM_SAME_STATE, {DO_HEARD, DO_RAISE_MAC},
	 "neither serves and no election: mode, priority and MAC are equal"},
	{FSM_STANDBY, SRP_EV_HELLO, G_STANDBY_ELECTED, FSM_TAKING,
	 {DO_BECAUSE_DUAL_STANDBY, DO_HEARD, DO_CLEAR_MAC, DO_ADDRESS_TAKE}, "both Standby; this chassis is preferred"},
	{FSM_STANDBY, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer is about to decide"},
	{FSM_STANDBY, SRP_EV_PREPARE, G_EPOCH_OLD, FSM_SAME_STATE, {DO_REFUSE_STALE, DO_COUNT_STALE}, "request of a lower epoch refused"},
	{FSM_STANDBY, SRP_EV_PREPARE, G_NOT_FOLLOWED, FSM_SAME_STATE, {DO_REFUSE_NOT_PREPARED},
	 "this chassis does not hold the calls of the peer's incarnation"},
	{FSM_STANDBY, SRP_EV_PREPARE, G_NOT_CONNECTED, FSM_SAME_STATE, {DO_REFUSE_NOT_CONNECTED},
	 "session managers of the standby are not ready"},
	{FSM_STANDBY, SRP_EV_PREPARE, G_ALWAYS, FSM_SAME_STATE, {DO_NOTE_PREPARED, DO_SEND_READY}, "ready to take over"},
	{FSM_STANDBY, SRP_EV_TAKE, G_UNREADY_SINCE, FSM_SAME_STATE, {DO_REFUSE_NOT_CONNECTED},
	 "session managers were lost since this chassis was ready"},
	{FSM_STANDBY, SRP_EV_TAKE, G_PREPARED, FSM_TAKING, {DO_BECAUSE_MANUAL, DO_NOTE_GIVEN, DO_ADDRESS_TAKE},
	 "the peer hands over on request of its operator"},
	{FSM_STANDBY, SRP_EV_TAKE, G_ALWAYS, FSM_SAME_STATE, {DO_REFUSE_NOT_PREPARED, DO_COUNT_STALE},
	 "hand-over of an incarnation this chassis is not ready for"},

	/* ---- PendingActive: the address decides ---------------------------------------------------------- */
	{FSM_TAKING, SRP_EV_ADDRESS_TAKEN, G_NO_EPOCH, FSM_SAME_STATE, {DO_START_RETRY},
	 "address taken; waiting for epochs to be reserved on disk"},
	{FSM_TAKING, SRP_EV_ADDRESS_TAKEN, G_ALWAYS, FSM_ACTIVE,
	 {DO_NEW_EPOCH, DO_SESSIONS_ACTIVE, DO_STOP_RETRY, DO_CLEAR_ADDRESS, DO_ANSWER_RESUMED}, "service address taken"},
	{FSM_TAKING, SRP_EV_ADDRESS_BUSY, G_ALWAYS, FSM_SAME_STATE, {DO_RAISE_ADDRESS, DO_START_RETRY},
	 "service address in use; trying again"},
	{FSM_TAKING, SRP_EV_TIMER_RETRY, G_ALWAYS, FSM_SAME_STATE, {DO_ADDRESS_TAKE}, "next attempt to take the service address"},
	{FSM_TAKING, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_STANDBY,
	 {DO_HEARD, DO_FOLLOW, DO_ADDRESS_GIVE, DO_SESSIONS_STANDBY, DO_STOP_RETRY, DO_CLEAR_ADDRESS, DO_ANSWER_OK},
	 "the peer serves after all"},
	{FSM_TAKING, SRP_EV_HELLO, G_PENDING_LOST, FSM_STANDBY,
	 {DO_HEARD, DO_ADDRESS_GIVE, DO_SESSIONS_STANDBY, DO_STOP_RETRY, DO_CLEAR_ADDRESS},
	 "both PendingActive; the peer is preferred"},
	{FSM_TAKING, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer does not serve"},
	{FSM_TAKING, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_SAME_STATE, {DO_FORGET_PEER, DO_START_DEAD, DO_REDIAL},
	 "still no hello; fresh connection"},
	{FSM_TAKING, SRP_EV_TAKE, G_ALWAYS, FSM_SAME_STATE, {0}, "taking over already"},

	/* ---- Active -------------------------------------------------------------------------------------- */
	{FSM_ACTIVE, SRP_EV_HELLO, G_DUAL_LOST, FSM_YIELDING,
	 {DO_BECAUSE_DUAL_ACTIVE, DO_HEARD, DO_RAISE_DUAL, DO_ADDRESS_GIVE}, "dual active; the peer is preferred"},
	{FSM_ACTIVE, SRP_EV_HELLO, G_DUAL_EPOCH, FSM_SAME_STATE,
	 {DO_HEARD, DO_RAISE_DUAL, DO_NEW_EPOCH, DO_SESSIONS_ACTIVE, DO_SEND_HELLO},
	 "dual active won; a new epoch tells its calls from the peer's"},
	{FSM_ACTIVE, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_SAME_STATE, {DO_HEARD, DO_RAISE_DUAL}, "dual active; waiting for the peer to yield"},
	{FSM_ACTIVE, SRP_EV_HELLO, G_BEHIND, FSM_SAME_STATE, {DO_HEARD, DO_NEW_EPOCH, DO_SESSIONS_ACTIVE, DO_SEND_HELLO},
	 "the peer was Active meanwhile; a new epoch above its own"},
	{FSM_ACTIVE, SRP_EV_HELLO, G_RM_DUE, FSM_SAME_STATE, {DO_HEARD, DO_RESTART_RM, DO_SEND_HELLO},
	 "in contact, and the route modifier is at its threshold: the pair starts again at 1 and 2"},
	{FSM_ACTIVE, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer is there"},
	{FSM_ACTIVE, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_SAME_STATE, {DO_FORGET_PEER, DO_RAISE_PEER_LOST, DO_START_DEAD, DO_REDIAL},
	 "no hello within the dead interval; this chassis goes on alone"},
	{FSM_ACTIVE, SRP_EV_OPERATOR_SWITCHOVER, G_LINK_IS_DOWN, FSM_SAME_STATE, {DO_ANSWER_LINK_DOWN}, "no connection to the peer"},
	{FSM_ACTIVE, SRP_EV_OPERATOR_SWITCHOVER, G_KNOWN_NOT_STANDBY, FSM_SAME_STATE, {DO_ANSWER_PEER_NOT_STANDBY},
	 "the peer is not Standby"},
	{FSM_ACTIVE, SRP_EV_OPERATOR_SWITCHOVER, G_NOT_CONNECTED, FSM_SAME_STATE, {DO_ANSWER_NOT_CONNECTED},
	 "session managers are not connected to the peer"},
	{FSM_ACTIVE, SRP_EV_OPERATOR_SWITCHOVER, G_ALWAYS, FSM_PREPARING, {DO_NOTE_OPERATOR, DO_SEND_PREPARE, DO_START_PHASE},
	 "operator asks for a switchover; the peer is asked whether it is ready"},
	{FSM_ACTIVE, SRP_EV_TAKE, G_ALWAYS, FSM_SAME_STATE, {DO_SEND_HELLO}, "taken over already; the peer is told"},

	/* ---- Active, PREPARE sent: nothing is given up, so every doubt ends in Active --------------------- */
	{FSM_PREPARING, SRP_EV_READY, G_REQUEST_OLD, FSM_SAME_STATE, {DO_COUNT_STALE}, "answer to an earlier request"},
	{FSM_PREPARING, SRP_EV_READY, G_ALWAYS, FSM_GIVING, {DO_BECAUSE_MANUAL, DO_ADDRESS_GIVE, DO_START_PHASE},
	 "the peer is ready; the service address is given first"},
	{FSM_PREPARING, SRP_EV_REFUSE, G_REQUEST_OLD, FSM_SAME_STATE, {DO_COUNT_STALE}, "answer to an earlier request"},
	{FSM_PREPARING, SRP_EV_REFUSE, G_ALWAYS, FSM_ACTIVE, {DO_STOP_PHASE, DO_ANSWER_PEER_REFUSED}, "the peer refuses"},
	{FSM_PREPARING, SRP_EV_TIMER_PHASE, G_ALWAYS, FSM_ACTIVE, {DO_ANSWER_NO_READY}, "the peer does not say that it is ready"},
	{FSM_PREPARING, SRP_EV_LINK_DOWN, G_ALWAYS, FSM_ACTIVE, {DO_LINK_DOWN, DO_REDIAL, DO_STOP_PHASE, DO_ANSWER_LINK_DOWN},
	 "connection lost before anything was given up"},
	{FSM_PREPARING, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_ACTIVE,
	 {DO_FORGET_PEER, DO_RAISE_PEER_LOST, DO_START_DEAD, DO_REDIAL, DO_STOP_PHASE, DO_ANSWER_LINK_DOWN},
	 "peer lost before anything was given up"},
	{FSM_PREPARING, SRP_EV_HELLO, G_DUAL_LOST, FSM_YIELDING,
	 {DO_BECAUSE_DUAL_ACTIVE, DO_HEARD, DO_RAISE_DUAL, DO_STOP_PHASE, DO_ADDRESS_GIVE, DO_ANSWER_PEER_NOT_STANDBY},
	 "dual active; the peer is preferred"},
	{FSM_PREPARING, SRP_EV_HELLO, G_PEER_NOT_STANDBY, FSM_ACTIVE, {DO_HEARD, DO_STOP_PHASE, DO_ANSWER_PEER_NOT_STANDBY},
	 "the peer is no longer Standby"},
	{FSM_PREPARING, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer is there"},
	{FSM_PREPARING, SRP_EV_OPERATOR_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {DO_ANSWER_BUSY}, "a switchover runs already"},
	{FSM_PREPARING, SRP_EV_TAKE, G_ALWAYS, FSM_SAME_STATE, {DO_SEND_HELLO}, "taken over already; the peer is told"},

	/* ---- PendingStandby, address being given: the peer was told nothing, so it can be taken back ------ */
	{FSM_GIVING, SRP_EV_ADDRESS_GIVEN, G_ALWAYS, FSM_FLUSHING, {DO_SESSIONS_FLUSH}, "address given; checkpoints are flushed"},
	{FSM_GIVING, SRP_EV_TIMER_PHASE, G_ALWAYS, FSM_TAKING, {DO_BECAUSE_NONE, DO_ADDRESS_TAKE},
	 "giving the address took too long; serving again"},
	{FSM_GIVING, SRP_EV_LINK_DOWN, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_NONE, DO_LINK_DOWN, DO_REDIAL, DO_STOP_PHASE, DO_ADDRESS_TAKE},
	 "connection lost before the hand-over; serving again"},
	{FSM_GIVING, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_DEAD, DO_FORGET_PEER, DO_START_DEAD, DO_REDIAL, DO_STOP_PHASE, DO_ADDRESS_TAKE},
	 "peer lost before the hand-over; serving again"},
	{FSM_GIVING, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_YIELDING, {DO_HEARD, DO_FOLLOW, DO_STOP_PHASE, DO_ANSWER_OK},
	 "the peer has become Active by itself"},
	{FSM_GIVING, SRP_EV_HELLO, G_PEER_RESTARTED, FSM_TAKING,
	 {DO_BECAUSE_RETURN, DO_HEARD, DO_STOP_PHASE, DO_ADDRESS_TAKE}, "the standby that was ready has restarted"},
	{FSM_GIVING, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer is there"},
	{FSM_GIVING, SRP_EV_OPERATOR_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {DO_ANSWER_BUSY}, "a switchover runs already"},

	/* ---- PendingStandby, flushing: still nothing told ------------------------------------------------- */
	{FSM_FLUSHING, SRP_EV_FLUSH_DONE, G_ALWAYS, FSM_HANDING, {DO_STOP_PHASE, DO_SEND_TAKE},
	 "every checkpoint is acknowledged; the peer takes over"},
	{FSM_FLUSHING, SRP_EV_TIMER_PHASE, G_ALWAYS, FSM_TAKING, {DO_BECAUSE_NONE, DO_ADDRESS_TAKE},
	 "checkpoints were not acknowledged in time; serving again"},
	{FSM_FLUSHING, SRP_EV_LINK_DOWN, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_NONE, DO_LINK_DOWN, DO_REDIAL, DO_STOP_PHASE, DO_ADDRESS_TAKE},
	 "connection lost before the hand-over; serving again"},
	{FSM_FLUSHING, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_DEAD, DO_FORGET_PEER, DO_START_DEAD, DO_REDIAL, DO_STOP_PHASE, DO_ADDRESS_TAKE},
	 "peer lost before the hand-over; serving again"},
	{FSM_FLUSHING, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_STANDBY,
	 {DO_HEARD, DO_FOLLOW, DO_STOP_PHASE, DO_SESSIONS_STANDBY, DO_ANSWER_OK}, "the peer has become Active by itself"},
	{FSM_FLUSHING, SRP_EV_HELLO, G_PEER_RESTARTED, FSM_TAKING,
	 {DO_BECAUSE_RETURN, DO_HEARD, DO_STOP_PHASE, DO_ADDRESS_TAKE}, "the standby that was ready has restarted"},
	{FSM_FLUSHING, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer is there"},
	{FSM_FLUSHING, SRP_EV_OPERATOR_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {DO_ANSWER_BUSY}, "a switchover runs already"},

	/* ---- PendingStandby, TAKE sent: unknown is not no; only hello, refusal or the dead interval decide - */
	{FSM_HANDING, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_STANDBY, {DO_HEARD, DO_FOLLOW, DO_SESSIONS_STANDBY, DO_ANSWER_OK},
	 "the peer serves"},
	{FSM_HANDING, SRP_EV_HELLO, G_PEER_RESTARTED, FSM_TAKING, {DO_BECAUSE_RETURN, DO_HEARD, DO_ADDRESS_TAKE},
	 "the standby that was ready has restarted"},
	{FSM_HANDING, SRP_EV_HELLO, G_PEER_STANDBY, FSM_SAME_STATE, {DO_HEARD, DO_SEND_TAKE}, "the peer is still Standby: TAKE is repeated"},
	{FSM_HANDING, SRP_EV_HELLO, G_BOTH_PENDING_STANDBY, FSM_TAKING,
	 {DO_BECAUSE_DUAL_STANDBY, DO_HEARD, DO_ADDRESS_TAKE}, "both hand over; this chassis is preferred"},
	{FSM_HANDING, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer is about to serve"},
	{FSM_HANDING, SRP_EV_LINK_UP, G_ALWAYS, FSM_SAME_STATE, {DO_LINK_UP, DO_SEND_HELLO, DO_SEND_TAKE},
	 "connected again: TAKE is repeated"},
	{FSM_HANDING, SRP_EV_REFUSE, G_REQUEST_OLD, FSM_SAME_STATE, {DO_COUNT_STALE}, "answer to an earlier request"},
	{FSM_HANDING, SRP_EV_REFUSE, G_ALWAYS, FSM_TAKING, {DO_BECAUSE_NONE, DO_ADDRESS_TAKE},
	 "the peer did not take over; serving again"},
	{FSM_HANDING, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_DEAD, DO_FORGET_PEER, DO_START_DEAD, DO_REDIAL, DO_ADDRESS_TAKE},
	 "peer lost during the hand-over; the address decides"},
	{FSM_HANDING, SRP_EV_OPERATOR_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {DO_ANSWER_BUSY}, "a switchover runs already"},

	/* ---- PendingStandby, dual active lost ------------------------------------------------------------- */
	{FSM_YIELDING, SRP_EV_ADDRESS_GIVEN, G_ALWAYS, FSM_STANDBY, {DO_SESSIONS_STANDBY, DO_CLEAR_DUAL}, "address given; the peer serves"},
	{FSM_YIELDING, SRP_EV_HELLO, G_PEER_ACTIVE, FSM_SAME_STATE, {DO_HEARD, DO_FOLLOW}, "the peer serves"},
	{FSM_YIELDING, SRP_EV_HELLO, G_ALWAYS, FSM_SAME_STATE, {DO_HEARD}, "the peer is there"},
	{FSM_YIELDING, SRP_EV_TIMER_DEAD, G_ALWAYS, FSM_TAKING,
	 {DO_BECAUSE_DEAD, DO_FORGET_PEER, DO_START_DEAD, DO_REDIAL, DO_ADDRESS_TAKE, DO_CLEAR_DUAL}, "the peer that was preferred is lost"},

	/* ---- everything else ------------------------------------------------------------------------------ */
	{FSM_ANY_STATE, SRP_EV_LINK_UP, G_ALWAYS, FSM_SAME_STATE, {DO_LINK_UP, DO_SEND_HELLO}, "connected to the peer"},
	{FSM_ANY_STATE, SRP_EV_LINK_DOWN, G_ALWAYS, FSM_SAME_STATE, {DO_LINK_DOWN, DO_REDIAL},
	 "connection closed; dialled again at once, the dead interval runs on"},
	{FSM_ANY_STATE, SRP_EV_PREPARE, G_ALWAYS, FSM_SAME_STATE, {DO_REFUSE_NOT_STANDBY}, "this chassis is not Standby"},
	{FSM_ANY_STATE, SRP_EV_TAKE, G_ALWAYS, FSM_SAME_STATE, {DO_REFUSE_NOT_STANDBY}, "this chassis hands over itself"},
	{FSM_ANY_STATE, SRP_EV_READY, G_ALWAYS, FSM_SAME_STATE, {0}, "no switchover waits for it"},
	{FSM_ANY_STATE, SRP_EV_REFUSE, G_ALWAYS, FSM_SAME_STATE, {0}, "no switchover waits for it"},
	{FSM_ANY_STATE, SRP_EV_OPERATOR_SWITCHOVER, G_ALWAYS, FSM_SAME_STATE, {DO_ANSWER_NOT_ACTIVE}, "this chassis is not Active"},
	{FSM_ANY_STATE, SRP_EV_TIMER_DELAY, G_ALWAYS, FSM_SAME_STATE, {0}, "the election is over"},
	{FSM_ANY_STATE, SRP_EV_TIMER_RETRY, G_ALWAYS, FSM_SAME_STATE, {0}, "no address is wanted"},
	{FSM_ANY_STATE, SRP_EV_TIMER_PHASE, G_ALWAYS, FSM_SAME_STATE, {0}, "no switchover runs"},
	{FSM_ANY_STATE, SRP_EV_TIMER_INTERNAL, G_ALWAYS, FSM_SAME_STATE, {0}, "no monitor failure asks for a switchover"},
	{FSM_ANY_STATE, SRP_EV_MONITOR_FAILED, G_ALWAYS, FSM_SAME_STATE, {DO_NOTE_FAILED}, "a monitor has failed"},
	{FSM_ANY_STATE, SRP_EV_MONITOR_RECOVERED, G_ALWAYS, FSM_SAME_STATE, {DO_NOTE_RECOVERED}, "a monitor has recovered"},
	{FSM_ANY_STATE, SRP_EV_RESET_FAIL, G_ALWAYS, FSM_SAME_STATE, {0}, "no failure is kept"},
	{FSM_ANY_STATE, SRP_EV_FLUSHED, G_ALWAYS, FSM_SAME_STATE, {0}, "no hand-over waits for it"},
	{FSM_ANY_STATE, SRP_EV_ADDRESS_TAKEN, G_ALWAYS, FSM_SAME_STATE, {0}, "the address is held already"},
	{FSM_ANY_STATE, SRP_EV_ADDRESS_BUSY, G_ALWAYS, FSM_SAME_STATE, {0}, "no address is wanted"},
	{FSM_ANY_STATE, SRP_EV_ADDRESS_GIVEN, G_ALWAYS, FSM_SAME_STATE, {0}, "the address was given before"},
	{FSM_ANY_STATE, SRP_EV_FLUSH_DONE, G_ALWAYS, FSM_SAME_STATE, {0}, "no switchover waits for it"},
};
/* clang-format on */

static const char *const states[] = {
    [FSM_DOWN] = "Down",       [FSM_INIT] = "Init",           [FSM_STANDBY] = "Standby", [FSM_TAKING] = "Taking",
    [FSM_ACTIVE] = "Active",   [FSM_PREPARING] = "Preparing", [FSM_GIVING] = "Giving",   [FSM_FLUSHING] = "Flushing",
    [FSM_HANDING] = "Handing", [FSM_YIELDING] = "Yielding",
};

static const char *const events[] = {
    [SRP_EV_START] = "start",
    [SRP_EV_STOP] = "stop",
    [SRP_EV_RECONFIG] = "reconfig",
    [SRP_EV_LINK_UP] = "link up",
    [SRP_EV_LINK_DOWN] = "link down",
    [SRP_EV_HELLO] = "hello",
    [SRP_EV_TIMER_HELLO] = "hello interval",
    [SRP_EV_TIMER_DEAD] = "dead interval",
    [SRP_EV_TIMER_DELAY] = "delay interval",
    [SRP_EV_TIMER_RETRY] = "retry",
    [SRP_EV_TIMER_PHASE] = "phase timeout",
    [SRP_EV_TIMER_INTERNAL] = "internal retry",
    [SRP_EV_OPERATOR_SWITCHOVER] = "operator switchover",
    [SRP_EV_MONITOR_FAILED] = "monitor failed",
    [SRP_EV_MONITOR_RECOVERED] = "monitor recovered",
    [SRP_EV_RESET_FAIL] = "reset of a failure",
    [SRP_EV_PREPARE] = "PREPARE",
    [SRP_EV_READY] = "READY",
    [SRP_EV_REFUSE] = "REFUSE",
    [SRP_EV_TAKE] = "TAKE",
    [SRP_EV_FLUSHED] = "FLUSHED",
    [SRP_EV_ADDRESS_TAKEN] = "address taken",
    [SRP_EV_ADDRESS_BUSY] = "address busy",
    [SRP_EV_ADDRESS_GIVEN] = "address given",
    [SRP_EV_FLUSH_DONE] = "flush done",
    [SRP_EV_EPOCH_BLOCK] = "epoch block",
};

static const char *const guards[] = {
    [G_ALWAYS] = "",
    [G_HAS_DELAY] = "delay configured",
    [G_STALE] = "lower epoch",
    [G_TOKEN_OLD] = "withdrawn",
    [G_REQUEST_OLD] = "earlier request",
    [G_TIE] = "nothing tells them apart",
    [G_PEER_ACTIVE] = "peer Active",
    [G_PEER_PENDING] = "peer pending",
    [G_PEER_HOLDS_CALLS] = "peer Standby with calls",
    [G_PEER_STANDBY] = "peer Standby",
    [G_PEER_NOT_STANDBY] = "peer not Standby",
    [G_PEER_RESTARTED] = "peer restarted",
    [G_PEER_CAME_BACK] = "peer in Init, calls here",
    [G_ELECTED] = "elected",
    [G_STANDBY_TIE] = "neither serves, tie",
    [G_STANDBY_ELECTED] = "both Standby, preferred",
    [G_PENDING_LOST] = "both PendingActive, not preferred",
    [G_DUAL_LOST] = "both Active, not preferred",
    [G_DUAL_EPOCH] = "both Active, preferred, epoch not higher",
    [G_BEHIND] = "peer knows a higher epoch",
    [G_RM_DUE] = "route modifier at threshold",
    [G_BOTH_PENDING_STANDBY] = "both PendingStandby, preferred",
    [G_LINK_IS_DOWN] = "link down",
    [G_KNOWN_NOT_STANDBY] = "peer not known as Standby",
    [G_NOT_CONNECTED] = "not connected, not forced",
    [G_NO_EPOCH] = "no epoch left",
    [G_UNREADY_SINCE] = "ready for it, but not connected any more, not forced",
    [G_PREPARED] = "ready for it",
    [G_NOT_FOLLOWED] = "calls of another incarnation",
    [G_EPOCH_OLD] = "lower epoch",
};

static const char *const actions[] = {
    [DO_NOTHING] = "",
    [DO_START_HELLO] = "start hello timer",
    [DO_START_DEAD] = "start dead timer",
    [DO_START_DELAY] = "start delay timer",
    [DO_START_RETRY] = "start retry timer",
    [DO_START_PHASE] = "start phase timer",
    [DO_STOP_TIMERS] = "stop all timers",
    [DO_STOP_DELAY] = "stop delay timer",
    [DO_STOP_RETRY] = "stop retry timer",
    [DO_STOP_PHASE] = "stop phase timer",
    [DO_REDIAL] = "redial",
    [DO_LINK_UP] = "note link up",
    [DO_LINK_DOWN] = "note link down",
    [DO_SEND_HELLO] = "send hello",
    [DO_SEND_PREPARE] = "send PREPARE",
    [DO_SEND_READY] = "send READY",
    [DO_SEND_TAKE] = "send TAKE",
    [DO_REFUSE_NOT_STANDBY] = "send REFUSE not standby",
    [DO_REFUSE_NOT_CONNECTED] = "send REFUSE not connected",
    [DO_REFUSE_STALE] = "send REFUSE lower epoch",
    [DO_REFUSE_NOT_PREPARED] = "send REFUSE not prepared",
    [DO_ADDRESS_TAKE] = "take address",
    [DO_ADDRESS_GIVE] = "give address",
    [DO_SESSIONS_ACTIVE] = "sessions active",
    [DO_SESSIONS_STANDBY] = "sessions standby",
    [DO_SESSIONS_FLUSH] = "flush checkpoints",
    [DO_HEARD] = "keep hello, restart dead timer",
    [DO_FORGET_PEER] = "peer state unknown",
    [DO_FOLLOW] = "follow the Active",
    [DO_NEW_EPOCH] = "new epoch",
    [DO_NOTE_BLOCK] = "note epoch block",
    [DO_NOTE_PREPARED] = "note what READY is for",
    [DO_NOTE_GIVEN] = "note what was handed over",
    [DO_NOTE_FAILED] = "note failure",
    [DO_NOTE_RECOVERED] = "note recovery",
    [DO_NOTE_OPERATOR] = "note operator",
    [DO_RESTART_RM] = "route modifier 1",
    [DO_RESET_RM] = "route modifier initial",
    [DO_APPLY_CONFIG] = "apply configuration",
    [DO_COUNT_STALE] = "count stale message",
    [DO_RAISE_ADDRESS] = "raise address busy",
    [DO_RAISE_MAC] = "raise MAC conflict",
    [DO_RAISE_PEER_LOST] = "raise peer lost",
    [DO_RAISE_DUAL] = "raise dual active",
    [DO_CLEAR_ADDRESS] = "clear address busy",
    [DO_CLEAR_MAC] = "clear MAC conflict",
    [DO_CLEAR_DUAL] = "clear dual active",
    [DO_ANSWER_OK] = "answer ok",
    [DO_ANSWER_NOT_ACTIVE] = "answer not Active",
    [DO_ANSWER_BUSY] = "answer busy",
    [DO_ANSWER_LINK_DOWN] = "answer link down",
    [DO_ANSWER_PEER_NOT_STANDBY] = "answer peer not Standby",
    [DO_ANSWER_NOT_CONNECTED] = "answer not connected",
    [DO_ANSWER_PEER_REFUSED] = "answer peer refused",
    [DO_ANSWER_NO_READY] = "answer no READY",
    [DO_ANSWER_RESUMED] = "answer resumed",
    [DO_BECAUSE_NONE] = "reason notDefined",
    [DO_BECAUSE_DUAL_ACTIVE] = "reason dualActive",
    [DO_BECAUSE_DUAL_STANDBY] = "reason dualStandby",
    [DO_BECAUSE_DEAD] = "reason deadTimerExpiry",
    [DO_BECAUSE_RETURN] = "reason forceStateChange",
    [DO_BECAUSE_MANUAL] = "reason manualSwitchOver",
};

_Static_assert(sizeof states / sizeof states[0] == FSM_STATE_COUNT, "a state without a name");
_Static_assert(sizeof events / sizeof events[0] == SRP_EV_COUNT, "an event without a name");
_Static_assert(sizeof guards / sizeof guards[0] == G_COUNT, "a guard without a name");
_Static_assert(sizeof actions / sizeof actions[0] == DO_COUNT, "an action without a name");

static const struct fsm_table table = {
    .name = "srp",
    .rows = rows,
    .count = sizeof rows / sizeof rows[0],
    .states = states,
    .events = events,
    .guards = guards,
    .actions = actions,
    .state_count = FSM_STATE_COUNT,
    .event_count = SRP_EV_COUNT,
    .guard_count = G_COUNT,
    .action_count = DO_COUNT,
};

const struct fsm_table *
srp_fsm_table(void)
{
	return &table;
}

const char *
srp_row_reason(size_t row)
{
	return row < table.count ? table.rows[row].reason : "?";
}

const char *
srp_inner_text(uint8_t inner)
{
	return inner < FSM_STATE_COUNT ? states[inner] : "?";
}

enum srp_state
srp_shown(uint8_t fsm_state)
{
	static const uint8_t shown[FSM_STATE_COUNT] = {
	    [FSM_DOWN] = SRP_INIT,
	    [FSM_INIT] = SRP_INIT,
	    [FSM_STANDBY] = SRP_STANDBY,
	    [FSM_TAKING] = SRP_PENDING_ACTIVE,
	    [FSM_ACTIVE] = SRP_ACTIVE,
	    [FSM_PREPARING] = SRP_ACTIVE,
	    [FSM_GIVING] = SRP_PENDING_STANDBY,
	    [FSM_FLUSHING] = SRP_PENDING_STANDBY,
	    [FSM_HANDING] = SRP_PENDING_STANDBY,
	    [FSM_YIELDING] = SRP_PENDING_STANDBY,
	};

	return (enum srp_state)shown[fsm_state];
}
