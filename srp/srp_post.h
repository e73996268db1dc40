/*
 * srp_post.h - what follows when a chassis has become Active: network convergence, then accounting flush and internal
 * audit side by side, then post-switchover processing. It drives the gates of the gateway.
 *
 * An engine of its own beside the redundancy engine (srp.h), and as pure: one event in, a list of actions out. It does
 * not decide who is Active, and nothing of it lies before Active. It audits and flushes nothing itself; its
 * shell does, and answers with events. The table is at the top of srp_post.c.
 *
 *            BEGIN                CONVERGED            both done            every session manager Ready
 *   IDLE ----------> CONVERGENCE ----------> FLUSH_AND_AUDIT ... ----------> POST ----------------------> IDLE
 *                      dropped           new calls refused       open
 *
 * What the shell owes the engine
 *  - BEGIN when the chassis begins to take the service address, CONVERGED when it serves, STOP when it serves no longer
 *    or will not after all.
 *  - START_FLUSH ends in FLUSH_DONE when the old Active has sent all that it had or cannot send more, START_AUDIT in
 *    AUDIT_DONE, START_POST in READY. CANCEL withdraws one; an answer that comes all the same is ignored.
 *  - Timers as in srp.h: one shot, armed anew by each start.
 *
 * Source: interchassis session recovery chapter, "Optimization of Switchover Control Outage Time".
 */
#ifndef SRP_SRP_POST_H
#define SRP_SRP_POST_H

#include "base/err.h"
#include "base/fsm.h"
#include "srp/srp_types.h"

enum {
	SRP_POST_FLUSH_MS = 5000,  /* an accounting flush that takes longer is cut */
	SRP_POST_AUDIT_MS = 60000, /* so is an audit: a chassis that refuses calls for longer serves nobody */
	SRP_POST_READY_MS = 600000 /* and the wait for a standby that does not come */
};

enum srp_post_event_kind {
	SRP_POST_EV_BEGIN, /* is_first, is_planned */
	SRP_POST_EV_CONVERGED,
	SRP_POST_EV_FLUSH_DONE,
	SRP_POST_EV_AUDIT_DONE,
	SRP_POST_EV_READY, /* every session manager is Ready at the peer */
	SRP_POST_EV_TIMER_FLUSH,
	SRP_POST_EV_TIMER_AUDIT,
	SRP_POST_EV_TIMER_READY,
	SRP_POST_EV_TERMINATE, /* asker */
	SRP_POST_EV_OPTIONS,   /* is_optimized */
	SRP_POST_EV_STOP,
	SRP_POST_EV_COUNT
};

struct srp_post_event {
	uint8_t kind;      /* enum srp_post_event_kind */
	bool is_first;     /* the calls, if any, were this chassis' own all the time: nothing to flush or audit */
	bool is_planned;   /* the old Active hands over and can still speak */
	bool is_optimized; /* control-outage-optimization is agreed */
	uint32_t asker;    /* comes back in the answer */
};

enum srp_post_act_kind {
	SRP_POST_ACT_PHASE_BEGIN, /* phase */
	SRP_POST_ACT_PHASE_END,   /* phase, is_cut */
	SRP_POST_ACT_TIMER_START, /* timer, ms */
	SRP_POST_ACT_TIMER_STOP,  /* timer */
	SRP_POST_ACT_START,       /* phase: ACCOUNTING_FLUSH, INTERNAL_AUDIT or POST_SWITCHOVER */
	SRP_POST_ACT_CANCEL,      /* phase */
	SRP_POST_ACT_NO_FLUSH,    /* the old Active is lost, and with it what it had counted since it last said so */
	SRP_POST_ACT_GATE,        /* gate */
	SRP_POST_ACT_ANSWER,      /* asker, answer */
	SRP_POST_ACT_COUNT
};

enum srp_post_timer { SRP_POST_TIMER_FLUSH, SRP_POST_TIMER_AUDIT, SRP_POST_TIMER_READY, SRP_POST_TIMER_COUNT };

struct srp_post_action {
	uint8_t kind;   /* enum srp_post_act_kind */
	uint8_t phase;  /* enum srp_phase */
	uint8_t timer;  /* enum srp_post_timer */
	uint8_t gate;   /* enum srp_gate */
	uint8_t answer; /* enum srp_post_answer */
	bool is_cut;
	uint32_t ms;
	uint32_t asker;
};

enum { SRP_POST_OUT_MAX = 16 };

struct srp_post_out {
	size_t count; /* 0..SRP_POST_OUT_MAX */
	size_t row;   /* of srp_post_table() */
	struct srp_post_action actions[SRP_POST_OUT_MAX];
};

/* A plain value in the caller's storage; zeroes are an engine at rest. Only srp_post.c changes it. */
struct srp_post {
	uint8_t state; /* enum of srp_post.c */
	uint8_t gate;  /* enum srp_gate, as told last */
	bool is_first, is_planned, is_optimized;
	bool is_serving;    /* CONVERGED came, STOP has not */
	bool is_audit_owed; /* an audit was broken off because the chassis gave way: not done when it takes back */
};

/*
 * srp_post_input - feed one event.
 *
 * @ev   borrowed; only the members named at its kind are read
 * @out  receives the actions, to be run in order after return, and the row taken
 *
 * Never blocks, allocates, logs or sends. Returns 0, ERR_RANGE for a kind that does not exist, or ERR_NO_ROW (our bug).
 */
enum err srp_post_input(struct srp_post *p, const struct srp_post_event *ev, struct srp_post_out *out);

/* srp_post_is_running - is there anything that `srp terminate-post-process` would end? */
bool srp_post_is_running(const struct srp_post *p);

/* srp_post_table - for the start-up self-check, docs/FSM.md and row counts; rows of it: srp_post_row_reason. */
const struct fsm_table *srp_post_table(void);
const char *srp_post_row_reason(size_t row);

#endif
