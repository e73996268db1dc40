/*
 * srp.h - the redundancy engine: one event in, a list of actions out.
 *
 * Election, hello and dead interval, unplanned and planned switchover, dual active and dual standby. Pure: no
 * socket, clock, log or allocation; the same code runs in chassisd, in the simulator and in the model explorer.
 * It is not the link (srp_link), does not touch addresses or sessions, and keeps no counters or history: its shell
 * carries the actions out and answers with events. The table itself is in srp_fsm.c.
 *
 * What the shell owes the engine
 *  - Timers: SRP_ACT_TIMER_START (re)arms one shot, SRP_ACT_TIMER_STOP forgets it; expiry is the event of that timer.
 *  - Link: SRP_ACT_REDIAL drops any connection, unread bytes included, and dials at once (later attempts at the shell's
 *    pace); that closing is not reported. LINK_UP: the connection that stays is agreed (OPEN both ways), repeated for
 *    a fresh connection. LINK_DOWN: it was closed or reset. Messages are delivered in order and only from the
 *    connection that stays. SEND_* while the link is down are dropped.
 *  - A HELLO received is fed first and then answered with HELLO_REPLY made by srp_hello_fill; a HELLO_REPLY is fed as
 *    SRP_EV_HELLO as well.
 *  - Address: a new SRP_ACT_ADDRESS_TAKE or _GIVE withdraws the one before. Take ends in ADDRESS_TAKEN or
 *    ADDRESS_BUSY, give in ADDRESS_GIVEN (also when the address was not held), each with the action's token;
 *    both may be asked for repeatedly. GIVE means: drain, barrier through the session managers, close.
 *  - Sessions: FLUSH ends in FLUSH_DONE with the token, once everything is acknowledged by the peer (of those
 *    session managers that are connected). ACTIVE and STANDBY need no answer and may be repeated.
 *  - Epochs: SRP_ACT_EPOCH_RESERVE asks for a block on disk that begins above its `epoch` (a counter); the answer is
 *    SRP_EV_EPOCH_BLOCK. Without an answer it is asked again at each hello interval.
 *  - The actions of one call are run in order before the next event is fed; no event is fed from within an action.
 */
#ifndef SRP_SRP_H
#define SRP_SRP_H

#include "base/err.h"
#include "base/fsm.h"
#include "srp/srp_types.h"

enum srp_event_kind {
	SRP_EV_START,
	SRP_EV_STOP,
	SRP_EV_RECONFIG, /* config */
	SRP_EV_LINK_UP,
	SRP_EV_LINK_DOWN,
	SRP_EV_HELLO, /* hello: from HELLO or HELLO_REPLY */
	SRP_EV_TIMER_HELLO,
	SRP_EV_TIMER_DEAD,
	SRP_EV_TIMER_DELAY,
	SRP_EV_TIMER_RETRY,
	SRP_EV_TIMER_PHASE,
	SRP_EV_TIMER_INTERNAL,
	SRP_EV_OPERATOR_SWITCHOVER, /* is_forced, not_connected, asker, config_differs, timeout_ms, is_rm_reset,
	                               is_dry_run */
	SRP_EV_MONITOR_FAILED,      /* reason */
	SRP_EV_MONITOR_RECOVERED,   /* reason */
	SRP_EV_RESET_FAIL,          /* reason: srp reset-auth-probe-fail (AAA), srp reset-diameter-fail (Diameter) */
	SRP_EV_PREPARE,       /* epoch, request, is_forced, reason, is_rm_reset from the message; not_connected and
	                         config_differs of this chassis */
	SRP_EV_READY,         /* request */
	SRP_EV_REFUSE,        /* request, refuse, count */
	SRP_EV_TAKE,          /* epoch, request, reason, is_rm_reset, is_early, timeout_ms; not_connected of this
	                         chassis */
	SRP_EV_FLUSHED,       /* epoch, request: the peer's flush is over, after an early TAKE */
	SRP_EV_ADDRESS_TAKEN, /* token */
	SRP_EV_ADDRESS_BUSY,  /* token */
	SRP_EV_ADDRESS_GIVEN, /* token */
	SRP_EV_FLUSH_DONE,    /* token */
	SRP_EV_EPOCH_BLOCK,   /* block_first, block_count */
	SRP_EV_COUNT
};

struct srp_event {
	uint8_t kind; /* enum srp_event_kind */
	bool is_forced;
	bool is_rm_reset;        /* the route modifiers start again with this switchover */
	bool is_early;           /* TAKE while the flush still runs; FLUSHED follows */
	bool is_dry_run;         /* only say what would be */
	uint8_t refuse;          /* enum srp_refuse */
	uint8_t reason;          /* enum srp_reason: of the monitor, or of the peer's hand-over */
	uint32_t not_connected;  /* session managers of this chassis whose peer connection is not Ready */
	uint32_t config_differs; /* lines that differ from the peer's; 0: none, or not known and accepted */
	uint32_t timeout_ms;     /* bound of each waiting phase; 0: the configured one */
	uint32_t count;
	uint32_t token;
	uint32_t request;
	uint32_t asker; /* the shell's name for the operator's session, > 0; comes back in the answer */
	uint64_t epoch;
	uint64_t block_first, block_count; /* counters first .. first + count - 1 are ours, reserved on disk */
	const struct srp_hello *hello;     /* borrowed */
	const struct srp_config *config;   /* borrowed */
};

enum srp_act_kind {
	SRP_ACT_TIMER_START, /* timer, ms */
	SRP_ACT_TIMER_STOP,  /* timer */
	SRP_ACT_REDIAL,
	SRP_ACT_SEND_HELLO,       /* srp_hello_fill gives the contents */
	SRP_ACT_SEND_PREPARE,     /* epoch, request, is_forced, reason, is_rm_reset */
	SRP_ACT_SEND_READY,       /* request, epoch */
	SRP_ACT_SEND_REFUSE,      /* request, epoch, refuse, count */
	SRP_ACT_SEND_TAKE,        /* epoch, request, reason, is_rm_reset, is_early, ms (bound of the flush) */
	SRP_ACT_SEND_FLUSHED,     /* epoch, request */
	SRP_ACT_ADDRESS_TAKE,     /* token */
	SRP_ACT_ADDRESS_GIVE,     /* token */
	SRP_ACT_SESSIONS_ACTIVE,  /* epoch: serve as this incarnation */
	SRP_ACT_SESSIONS_STANDBY, /* become a receiver of checkpoints; no timers fire */
	SRP_ACT_SESSIONS_FLUSH,   /* token */
	SRP_ACT_EPOCH_RESERVE,    /* epoch: counter above which the block must lie */
	SRP_ACT_ALARM_RAISE,      /* alarm */
	SRP_ACT_ALARM_CLEAR,      /* alarm */
	SRP_ACT_OPERATOR_ANSWER,  /* asker, answer, refuse, count */
	SRP_ACT_HISTORY,       /* from, to, reason, epoch; the words are srp_row_reason(out->row). from = to: no change
	                          of the state, but something both histories tell: a dual active won */
	SRP_ACT_STEP,          /* from_inner, to_inner: every change of the inner state (srp_inner_text) */
	SRP_ACT_COUNTED_STALE, /* a message was refused because of its epoch or request */
	SRP_ACT_COUNT
};

struct srp_action {
	uint8_t kind;   /* enum srp_act_kind */
	uint8_t timer;  /* enum srp_timer */
	uint8_t alarm;  /* enum srp_alarm */
	uint8_t answer; /* enum srp_answer */
	uint8_t refuse; /* enum srp_refuse */
	uint8_t from, to, reason;
	uint8_t from_inner, to_inner;
	bool is_forced, is_rm_reset, is_early;
	uint32_t ms;
	uint32_t token;
	uint32_t request;
	uint32_t asker;
	uint32_t count;
	uint64_t epoch;
};

enum { SRP_OUT_MAX = 24, SRP_EPOCH_LOW = 16, SRP_EPOCH_TAG_BITS = 16 };

struct srp_out {
	size_t count; /* 0..SRP_OUT_MAX */
	size_t row;   /* of srp_fsm_table(): which row was taken */
	struct srp_action actions[SRP_OUT_MAX];
};

/*
 * The engine: a plain value, in the caller's storage, copied freely by tests. Members are read through the
 * functions below; only srp.c and srp_fsm.c change them.
 */
struct srp {
	struct srp_config config;
	struct srp_hello peer; /* last hello accepted; zeroes before, and state Init after a dead interval */
	bool is_peer_heard;    /* at least one hello since the last dead interval */
	bool is_link_up;
	uint8_t fsm_state; /* enum srp_fsm_state of srp_fsm.h */
	uint8_t cause;     /* enum srp_reason of the change that runs or ran last */
	uint8_t route_modifier;
	bool is_reserve_asked;
	uint32_t alarms;  /* bit per enum srp_alarm */
	uint32_t token;   /* of the last address or flush request */
	uint32_t request; /* number of the last PREPARE */
	uint32_t asker;   /* operator who waits, 0 none */
	bool is_forced;
	bool is_rm_reset;               /* the switchover that runs restarts the route modifiers */
	bool is_flush_awaited;          /* TAKE was early and FLUSHED has not come */
	uint8_t attempt;                /* enum srp_reason: what the switchover that runs is for */
	uint8_t won_by;                 /* AAA or Diameter failure of the other that made this chassis Active; 0 none */
	uint8_t tries;                  /* retries of the switchover that a failure asks for */
	uint16_t failed;                /* monitors of this chassis that have failed: bit per enum srp_reason */
	uint32_t phase_ms;              /* bound of the waiting phases of the switchover that runs; 0: configured */
	uint64_t epoch;                 /* of this chassis' last or current Active incarnation; 0 never */
	uint64_t epoch_known;           /* highest of both chassis */
	uint64_t lineage;               /* see struct srp_hello */
	uint64_t prepared_epoch;        /* READY was said for this incarnation of the peer; 0 none */
	bool is_prepared_forced;        /* and its operator had forced it */
	uint64_t given_epoch;           /* the peer handed this incarnation to us; 0 none */
	uint64_t epoch_next, epoch_end; /* counters reserved on disk: next .. end - 1 */
};

/* srp_config_init - the defaults of the reference; ids and MAC are zero and must be set. */
void srp_config_init(struct srp_config *c);

/*
 * srp_config_check - ERR_RANGE when a member is outside the bounds given in struct srp_config
 * (dead_ms >= 3 * hello_ms among them); @field then names it (a constant text).
 */
enum err srp_config_check(const struct srp_config *c, const char **field);

/* srp_init - @c is copied and must pass srp_config_check. The engine rests until SRP_EV_START. */
void srp_init(struct srp *srp, const struct srp_config *c);

/*
 * srp_input - feed one event to the redundancy engine.
 *
 * @ev   borrowed; only the members named at its kind are read
 * @out  receives 0..SRP_OUT_MAX actions, to be run in order after return, and the row taken
 *
 * Never blocks, allocates, logs or sends. Returns 0, or ERR_NO_ROW (our bug: state unchanged), or ERR_RANGE for an
 * event kind or a hello state that does not exist (nothing changed).
 * Source: interchassis session recovery chapter, "Chassis Initialization" to "Chassis Switchover".
 */
enum err srp_input(struct srp *srp, const struct srp_event *ev, struct srp_out *out);

/* srp_state - the chassis state that is shown and sent. */
enum srp_state srp_state(const struct srp *srp);

/* srp_serves - true while this chassis holds the service address and answers (Active, a running PREPARE included). */
bool srp_serves(const struct srp *srp);

/*
 * srp_hello_fill - what this chassis says of itself now. restart_counter, sessmgrs, sessmgrs_ready, calls,
 * config_digest and history_seq belong to the shell and are left as they are.
 */
void srp_hello_fill(const struct srp *srp, struct srp_hello *out);

/*
 * srp_due - the reason (enum srp_reason) for which this Active should hand over to the peer as it was heard last; 0:
 * none. A failure that is kept, and one that the peer shares, does not count; nor does any while the peer reports as
 * many.
 */
uint8_t srp_due(const struct srp *srp);

/*
 * srp_peer_resources - what the peer says of its session managers and calls between two hellos, in @h (sessmgrs,
 * sessmgrs_ready, calls; chassis_id says whose they are). Taken over, and true, when SRP_OPT_INTERIM_RESOURCE is
 * configured and the peer is heard; decides nothing, so it is no event.
 */
bool srp_peer_resources(struct srp *srp, const struct srp_hello *h);

/* srp_epoch_counter - the number an operator reads: an epoch without the tag of the chassis. */
static inline uint64_t
srp_epoch_counter(uint64_t epoch)
{
	return epoch >> SRP_EPOCH_TAG_BITS;
}

/* srp_mac_compare - < 0, 0, > 0 as @a is lower, equal, higher: last three octets from left to right, then the whole. */
int srp_mac_compare(const uint8_t a[MAC_LEN], const uint8_t b[MAC_LEN]);

/* srp_fsm_table - the state machine, for the start-up self-check, docs/FSM.md and row counts. */
const struct fsm_table *srp_fsm_table(void);

/* srp_row_reason - the words of row @row; "?" outside. */
const char *srp_row_reason(size_t row);

/* srp_inner_text - the name of an inner state, as SRP_ACT_STEP has it: "Flushing"; "?" outside. */
const char *srp_inner_text(uint8_t inner);

/* srp_self_check - fsm_check of the table and rows_check of the wire formats; ERR_FORMAT and the faults in @out. */
enum err srp_self_check(struct text *out);

#endif
