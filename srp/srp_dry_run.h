/*
 * srp_dry_run.h - what a switchover would do now: the real state machine, run on copies.
 *
 * This chassis is a copy of the live engine, the peer a second engine made of its last hello. Addresses are given,
 * taken and checkpoints flushed at once; no timer expires, nothing leaves the function. It says what the engines would
 * say; what the shell would meet on the way (an address in use, a flush that hangs) it cannot know. Caller: the handler
 * of `srp initiate-switchover dry-run`.
 */
#ifndef SRP_DRY_RUN_H
#define SRP_DRY_RUN_H

#include "srp/srp.h"

enum { SRP_DRY_RUN_STEPS_MAX = 24 };

/* One change of an inner state (srp_inner_text), in order; row gives the words (srp_row_reason). */
struct srp_dry_step {
	bool is_peer;
	uint8_t from_inner, to_inner;
	uint16_t row;
};

struct srp_dry_run {
	bool would_switch; /* the peer would end Active, this chassis Standby */
	uint8_t answer;    /* enum srp_answer: what the operator would be told */
	uint8_t refuse;    /* enum srp_refuse, with SRP_ANSWER_PEER_REFUSED */
	uint32_t count;    /* of the answer */
	size_t step_count; /* 0..SRP_DRY_RUN_STEPS_MAX */
	struct srp_dry_step steps[SRP_DRY_RUN_STEPS_MAX];
};

/*
 * srp_dry_run - run the operator's switchover @ev on copies of @live and of its peer.
 *
 * @ev   SRP_EV_OPERATOR_SWITCHOVER as the shell would feed it; asker and is_dry_run do not matter. What the peer counts
 *       as not connected is read from its last hello, and it is taken to see the same number of differing lines.
 * @out  always written
 */
void srp_dry_run(const struct srp *live, const struct srp_event *ev, struct srp_dry_run *out);

#endif
