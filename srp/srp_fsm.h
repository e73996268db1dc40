/*
 * srp_fsm.h - inside the redundancy engine: names of the table's states, guards and actions.
 *
 * Used by srp.c, srp_do.c, srp_fsm.c, srp_guard.c and their tests; the rest of the program knows srp.h only.
 *
 *            START            elected, or silence             address taken (early: HOLDING between, until flushed)
 *   DOWN ----------> INIT ------------------------> TAKING ------------------> ACTIVE <--> PREPARING
 *                     |                              ^   |                      |             |
 *                     | peer serves or wins          |   | peer serves          | dual active | peer is ready
 *                     v        dead interval, TAKE   |   v                      v             v
 *                  STANDBY --------------------------+ STANDBY <-------------- YIELDING     GIVING --early-->
 * HANDING_FLUSH ^                              ^                                        | address given    | | | peer
 * lost, restarted or says no        v |                              +------------------------ HANDING <-- FLUSHING
 * flushed | |                                                         |   ^--------------------------+
 *                     +----- peer heard Active ---------------------------------+
 *
 *   HANDING_FLUSH and HOLDING are the early transition: the peer takes the address while this chassis still flushes.
 */
#ifndef SRP_FSM_H
#define SRP_FSM_H

#include "srp/srp.h"

/* Finer than the chassis states that are shown: every step of a switchover is a state of its own. */
enum srp_fsm_state {
	FSM_DOWN,          /* shown Init: not started */
	FSM_INIT,          /* Init */
	FSM_STANDBY,       /* Standby */
	FSM_TAKING,        /* PendingActive: the service address is being taken */
	FSM_HOLDING,       /* PendingActive: address taken early; nothing is served until the peer has flushed */
	FSM_ACTIVE,        /* Active */
	FSM_PREPARING,     /* Active: PREPARE is sent, nothing given up yet */
	FSM_GIVING,        /* PendingStandby: the address is being given */
	FSM_FLUSHING,      /* PendingStandby: address given, checkpoints being acknowledged */
	FSM_HANDING_FLUSH, /* PendingStandby: TAKE is sent early, checkpoints are still being acknowledged */
	FSM_HANDING,       /* PendingStandby: TAKE is sent; until the peer is heard nobody knows */
	FSM_YIELDING,      /* PendingStandby: lost a dual active, the address is being given */
	FSM_STATE_COUNT
};

enum srp_guard {
	G_ALWAYS,
	G_HAS_DELAY,            /* a delay interval is configured */
	G_STALE,                /* hello of a lower epoch than its sender had, or of an incarnation handed over */
	G_TOKEN_OLD,            /* answer to a request that was withdrawn */
	G_REQUEST_OLD,          /* answer to an earlier PREPARE */
	G_TIE,                  /* mode, priority and MAC equal */
	G_PEER_ACTIVE,          /* hello says Active */
	G_PEER_PENDING,         /* hello says PendingActive or PendingStandby */
	G_PEER_HOLDS_CALLS,     /* hello says Standby, and that it followed an Active */
	G_PEER_STANDBY,         /* hello says Standby */
	G_PEER_NOT_STANDBY,     /* hello says anything else */
	G_PEER_RESTARTED,       /* hello of another incarnation of the peer, or in Init */
	G_PEER_CAME_BACK,       /* the peer is in Init, and this chassis holds the calls */
	G_ELECTED,              /* mode, priority, MAC: this chassis */
	G_STANDBY_TIE,          /* neither serves, and nothing tells them apart */
	G_STANDBY_ELECTED,      /* both Standby: this one holds the younger calls, or is elected */
	G_PENDING_LOST,         /* both PendingActive: the peer is preferred */
	G_DUAL_LOST,            /* both Active: the peer is preferred */
	G_DUAL_EPOCH,           /* both Active, this one is preferred, but its epoch is not higher */
	G_BEHIND,               /* the peer knows a higher epoch than this Active chassis has */
	G_RM_DUE,               /* the route modifier is at the threshold or still the initial value */
	G_BOTH_PENDING_STANDBY, /* both handed over, this one is preferred */
	G_LINK_IS_DOWN,
	G_KNOWN_NOT_STANDBY, /* the peer was not heard, or not as Standby */
	G_NOT_CONNECTED,     /* session managers are not connected, and the operator did not force */
	G_NO_EPOCH,          /* the reserved block is used up */
	G_UNREADY_SINCE,     /* as G_PREPARED, but session managers were lost since, and the operator did not force */
	G_PREPARED,          /* this TAKE hands over what READY was said for */
	G_NOT_FOLLOWED,      /* the sender's incarnation is not the one this chassis holds the calls of */
	G_EPOCH_OLD,         /* switchover message of a lower epoch than its sender had */
	G_DRY_RUN,           /* the operator only asks what would be */
	G_CONFIG_DIFFERS,    /* lines of the configuration differ, and the operator did not force */
	G_FAILED_TOO,        /* a hand-over because of a monitor that has failed on this chassis as well */
	G_PREPARED_RESET,    /* as G_PREPARED, and the route modifiers start again */
	G_EARLY_AGREED,      /* both chassis have the early transition and what it needs */
	G_FLUSH_AWAITED,     /* the address was handed over before the peer's flush was over */
	G_FLUSH_TOLD,        /* TAKE of the hand-over that runs, no longer early: the peer's flush is over */
	G_NOT_GIVEN,         /* not of the incarnation that was handed over */
	G_GIVER_GONE,        /* hello of a peer that has restarted since it handed over */
	G_KEPT,              /* non-revertible: this chassis is Active because the other failed by the same */
	G_PEER_NO_BETTER,    /* the peer reports the same failure, or as many failures */
	G_NO_TAKER,          /* no link, or no Standby that holds the calls of this incarnation */
	G_TAKER_THERE,       /* after this event a failure asks for a hand-over, and the peer can take over */
	G_TAKER_APPEARS,     /* as G_TAKER_THERE, and before this hello it was not so */
	G_NOTHING_DUE,       /* after this event no failure asks for a hand-over */
	G_RETRIES_OVER,      /* attempts used up */
	G_ATTEMPT_OVER,      /* the failure that the running attempt is about has gone */
	G_COUNT
};

enum srp_do {
	DO_NOTHING,
	DO_START_HELLO,
	DO_START_DEAD,
	DO_START_DELAY,
	DO_START_RETRY,
	DO_START_PHASE,
	DO_START_INTERNAL,
	DO_STOP_TIMERS,
	DO_STOP_DELAY,
	DO_STOP_RETRY,
	DO_STOP_PHASE,
	DO_STOP_INTERNAL,
	DO_REDIAL,
	DO_LINK_UP,
	DO_LINK_DOWN,
	DO_SEND_HELLO,
	DO_SEND_PREPARE,
	DO_SEND_READY,
	DO_SEND_TAKE,
	DO_SEND_FLUSHED,
	DO_REFUSE_NOT_STANDBY,
	DO_REFUSE_NOT_CONNECTED,
	DO_REFUSE_STALE,
	DO_REFUSE_NOT_PREPARED,
	DO_REFUSE_CONFIG_DIFFERS,
	DO_REFUSE_SAME_FAILURE,
	DO_ADDRESS_TAKE,
	DO_ADDRESS_GIVE,
	DO_SESSIONS_ACTIVE,
	DO_SESSIONS_STANDBY,
	DO_SESSIONS_FLUSH,
	DO_HEARD,         /* keep the hello, restart the dead interval, clear what it disproves */
	DO_FORGET_PEER,   /* the dead interval has passed: the peer's state is not known */
	DO_FOLLOW,        /* route modifier above the Active's by the delta, lineage its epoch */
	DO_NEW_EPOCH,     /* a new incarnation, above every epoch known */
	DO_NOTE_BLOCK,    /* epochs reserved on disk */
	DO_NOTE_PREPARED, /* READY is said for this incarnation */
	DO_NOTE_GIVEN,    /* the peer has handed this incarnation over, early or not, because of what */
	DO_BY_ITSELF,     /* nobody handed over: no flush is awaited, no failure of the other is remembered */
	DO_FLUSH_OVER,    /* the peer's flush is over, or is not waited for any longer */
	DO_NOTE_FAILED,   /* a monitor has failed */
	DO_NOTE_RECOVERED,
	DO_FORGET_WON, /* the failure of the other counts again */
	DO_FIRST_TRY,  /* attempts are counted from here */
	DO_COUNT_RETRY,
	DO_NOTE_INTERNAL, /* an attempt for the failure that asks for it, forced; a new request number */
	DO_NOTE_OPERATOR, /* who asked, forced or not; a new request number */
	DO_RESTART_RM,    /* route modifier 1; the Standby follows */
	DO_RESET_RM,      /* initial value of the configured mode */
	DO_APPLY_CONFIG,
	DO_COUNT_STALE,
	DO_RAISE_ADDRESS,
	DO_RAISE_MAC,
	DO_RAISE_PEER_LOST,
	DO_RAISE_DUAL,
	DO_DUAL_WON, /* as DO_RAISE_DUAL, and the history of the one that stays tells it as well */
	DO_RAISE_INTERNAL,
	DO_CLEAR_ADDRESS,
	DO_CLEAR_MAC,
	DO_CLEAR_DUAL,
	DO_CLEAR_INTERNAL,
	DO_CLEAR_ALARMS,
	DO_ANSWER_OK,
	DO_ANSWER_NOT_ACTIVE,
	DO_ANSWER_BUSY,
	DO_ANSWER_LINK_DOWN,
	DO_ANSWER_PEER_NOT_STANDBY,
	DO_ANSWER_NOT_CONNECTED,
	DO_ANSWER_PEER_REFUSED,
	DO_ANSWER_NO_READY,
	DO_ANSWER_RESUMED,
	DO_ANSWER_CONFIG_DIFFERS,
	DO_ANSWER_DRY_RUN_OK,
	DO_BECAUSE_NONE,
	DO_BECAUSE_DUAL_ACTIVE,
	DO_BECAUSE_DUAL_STANDBY,
	DO_BECAUSE_DEAD,
	DO_BECAUSE_RETURN,
	DO_BECAUSE_ATTEMPT, /* what this chassis hands over for */
	DO_BECAUSE_GIVEN,   /* what the peer hands over for */
	DO_COUNT
};

/* A row being taken. */
struct srp_step {
	struct srp *srp;
	const struct srp_event *ev;
	struct srp_out *out;
};

/* srp_do - run one action (enum srp_do, not DO_NOTHING) of the row. */
void srp_do(struct srp_step *s, uint8_t action);

/* srp_emit - append an action for the shell; there is room for those of any row. */
struct srp_action *srp_emit(struct srp_out *out, uint8_t kind);

/* What a guard looks at. */
struct srp_guard_arg {
	const struct srp *srp;
	const struct srp_event *ev;
};

/* srp_guard_holds - for fsm_find; @arg is a struct srp_guard_arg. */
bool srp_guard_holds(uint8_t guard, const void *arg);

/* srp_is_revertible - false for AAA and Diameter: who became Active because of them stays. */
bool srp_is_revertible(uint8_t reason);

/* srp_epoch_free - the next counter above everything known, or 0 when the block holds none; left counts those after it.
 */
uint64_t srp_epoch_free(const struct srp *srp, uint64_t *left);

/* srp_shown - the chassis state that an inner state is shown as. */
enum srp_state srp_shown(uint8_t fsm_state);

#endif
