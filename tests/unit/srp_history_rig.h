/* srp_history_rig.h - steps, a whole switchover, and transitions made at once, for the tests of the history. */
#ifndef TESTS_UNIT_SRP_HISTORY_RIG_H
#define TESTS_UNIT_SRP_HISTORY_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "srp/srp.h"
#include "srp/srp_fsm.h"
#include "srp/srp_history_show.h"

#define NOON UINT64_C(1795262400000000) /* 2026-11-21 12:00:00 */

enum { SECOND = 1000000 };

static struct srp_history_builder builder;

static inline enum srp_history_change
step(uint64_t at_us, uint8_t reason, uint8_t from, uint8_t to, const char *why)
{
	struct srp_history_now now = {.now_us = 500 + at_us,
	                              .wall_us = NOON + at_us,
	                              .epoch = UINT64_C(3) << SRP_EPOCH_TAG_BITS,
	                              .calls = 20,
	                              .reason = reason,
	                              .route_modifier = 2,
	                              .peer_route_modifier = 1};

	return srp_history_step(&builder, &now, from, to, why);
}

static inline int
fresh(void **state)
{
	(void)state;
	memset(&builder, 0, sizeof builder);
	return 0;
}

/* A whole switchover of the operator, as its old Active sees it. */
static inline void
hand_over(void)
{
	assert_int_equal(step(0, 0, FSM_ACTIVE, FSM_PREPARING, "operator asks; the peer is asked"),
	                 SRP_HISTORY_NOTHING);
	assert_int_equal(step(100, 11, FSM_PREPARING, FSM_GIVING, "the peer is ready"), SRP_HISTORY_GREW);
	assert_int_equal(step(300, 11, FSM_GIVING, FSM_FLUSHING, "address given"), SRP_HISTORY_GREW);
	assert_int_equal(step(700, 11, FSM_FLUSHING, FSM_HANDING, "everything is acknowledged"), SRP_HISTORY_GREW);
	assert_int_equal(step(1500, 11, FSM_HANDING, FSM_STANDBY, "the peer serves"), SRP_HISTORY_ENDED);
}

static const struct srp_lost_call lost[] = {
    {.callid = 0xbeef, .sessmgr = 2, .why = SRP_LOST_YOUNG, .imsi = "240010123456789"},
    {.callid = 0xcafe, .sessmgr = 1, .why = SRP_LOST_UNACKED, .imsi = "240010123456780"},
};

static inline struct srp_history_entry
sample(void)
{
	struct srp_history_entry e;

	fresh(NULL);
	hand_over();
	e = builder.entry;
	e.number = 7;
	e.changed = 99;
	e.lost[SRP_LOST_YOUNG] = 4;
	e.lost[SRP_LOST_UNACKED] = 1;
	e.named = 2;
	e.names = lost;
	return e;
}

static inline struct srp_history_entry
entry(uint64_t number, uint64_t wall_us, uint8_t from, uint8_t to, uint8_t reason, const char *why)
{
	return (struct srp_history_entry){.number = number,
	                                  .changed = number,
	                                  .wall_us = wall_us,
	                                  .from = from,
	                                  .to = to,
	                                  .reason = reason,
	                                  .step_count = 1,
	                                  .steps = {{0, "A", "B", why}}};
}

#endif
