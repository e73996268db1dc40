/*
 * srp_fsm.h - inside the redundancy engine: names of the table's states, guards and actions.
 *
 * Used by srp.c, srp_fsm.c, srp_guard.c and their tests; the rest of the program knows srp.h only.
 *
 *            START            elected, or silence             address taken
 *   DOWN ----------> INIT ------------------------> TAKING ------------------> ACTIVE <--> PREPARING
 *                     |                              ^   |                      |             |
 *                     | peer serves or wins          |   | peer serves          | dual active | peer is ready
 *                     v        dead interval, TAKE   |   v                      v             v
 *                  STANDBY --------------------------+ STANDBY <-------------- YIELDING     GIVING
 *                     ^                              ^                                        | address given
 *                     |                              | peer lost, restarted or says no        v
 *                     |                              +------------------------ HANDING <-- FLUSHING
 *                     +----- peer heard Active ---------------------------------+
 */
#ifndef SRP_FSM_H
#define SRP_FSM_H

#include "srp/srp.h"

/* Finer than the chassis states that are shown: every step of a switchover is a state of its own. */
enum srp_fsm_state {
	FSM_DOWN,      /* shown Init: not started */
	FSM_INIT,      /* Init */
	FSM_STANDBY,   /* Standby */
	FSM_TAKING,    /* PendingActive: the service address is being taken */
	FSM_ACTIVE,    /* Active */
	FSM_PREPARING, /* Active: PREPARE is sent, nothing given up yet */
	FSM_GIVING,    /* PendingStandby: the address is being given */
	FSM_FLUSHING,  /* PendingStandby: address given, checkpoints being acknowledged */
	FSM_HANDING,   /* PendingStandby: TAKE is sent; until the peer is heard nobody knows */
	FSM_YIELDING,  /* PendingStandby: lost a dual active, the address is being given */
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
	G_COUNT
};

enum srp_do {
	DO_NOTHING,
	DO_START_HELLO,
	DO_START_DEAD,
	DO_START_DELAY,
	DO_START_RETRY,
	DO_START_PHASE,
	DO_STOP_TIMERS,
	DO_STOP_DELAY,
	DO_STOP_RETRY,
	DO_STOP_PHASE,
	DO_REDIAL,
	DO_LINK_UP,
	DO_LINK_DOWN,
	DO_SEND_HELLO,
	DO_SEND_PREPARE,
	DO_SEND_READY,
	DO_SEND_TAKE,
	DO_REFUSE_NOT_STANDBY,
	DO_REFUSE_NOT_CONNECTED,
	DO_REFUSE_STALE,
	DO_REFUSE_NOT_PREPARED,
	DO_ADDRESS_TAKE,
	DO_ADDRESS_GIVE,
	DO_SESSIONS_ACTIVE,
	DO_SESSIONS_STANDBY,
	DO_SESSIONS_FLUSH,
	DO_HEARD,         /* keep the hello, restart the dead interval, clear what it disproves */
	DO_FORGET_PEER,   /* the dead interval has passed: the peer's state is not known */
	DO_FOLLOW,        /* route modifier one above the Active's, lineage its epoch */
	DO_NEW_EPOCH,     /* a new incarnation, above every epoch known */
	DO_NOTE_BLOCK,    /* epochs reserved on disk */
	DO_NOTE_PREPARED, /* READY is said for this incarnation */
	DO_NOTE_GIVEN,    /* the peer has handed this incarnation over */
	DO_NOTE_FAILED,   /* a monitor has failed */
	DO_NOTE_RECOVERED,
	DO_NOTE_OPERATOR, /* who asked, forced or not; a new request number */
	DO_RESTART_RM,    /* route modifier 1; the Standby follows with 2 */
	DO_RESET_RM,      /* initial value of the configured mode */
	DO_APPLY_CONFIG,
	DO_COUNT_STALE,
	DO_RAISE_ADDRESS,
	DO_RAISE_MAC,
	DO_RAISE_PEER_LOST,
	DO_RAISE_DUAL,
	DO_CLEAR_ADDRESS,
	DO_CLEAR_MAC,
	DO_CLEAR_DUAL,
	DO_ANSWER_OK,
	DO_ANSWER_NOT_ACTIVE,
	DO_ANSWER_BUSY,
	DO_ANSWER_LINK_DOWN,
	DO_ANSWER_PEER_NOT_STANDBY,
	DO_ANSWER_NOT_CONNECTED,
	DO_ANSWER_PEER_REFUSED,
	DO_ANSWER_NO_READY,
	DO_ANSWER_RESUMED,
	DO_BECAUSE_NONE,
	DO_BECAUSE_DUAL_ACTIVE,
	DO_BECAUSE_DUAL_STANDBY,
	DO_BECAUSE_DEAD,
	DO_BECAUSE_RETURN,
	DO_BECAUSE_MANUAL,
	DO_COUNT
};

/* What a guard looks at. */
struct srp_guard_arg {
	const struct srp *srp;
	const struct srp_event *ev;
};

/* srp_guard_holds - for fsm_find; @arg is a struct srp_guard_arg. */
bool srp_guard_holds(uint8_t guard, const void *arg);

/* srp_epoch_free - the next counter above everything known, or 0 when the block holds none; left counts those after it.
 */
uint64_t srp_epoch_free(const struct srp *srp, uint64_t *left);

/* srp_shown - the chassis state that an inner state is shown as. */
enum srp_state srp_shown(uint8_t fsm_state);

#endif
