/*
 * srp_engine.h - engines in the states that the claims of srp_engine.c and srp_switchover.c begin with.
 */
#ifndef SRP_ENGINE_H
#define SRP_ENGINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "srp/srp_fsm.h"

enum { PEER_ID = 2, SELF_ID = 1, DEAD = 3000 };

static struct srp_out out;

static inline struct srp_config
config(uint8_t mode)
{
	struct srp_config c;

	srp_config_init(&c);
	c.chassis_id = SELF_ID;
	c.incarnation = 10;
	c.mode = mode;
	c.hello_ms = DEAD / 3;
	c.dead_ms = DEAD;
	c.mac[5] = 1;
	return c;
}

static inline void
feed(struct srp *e, struct srp_event ev)
{
	assert_int_equal(srp_input(e, &ev, &out), ERR_OK);
}

static inline void
feed_kind(struct srp *e, uint8_t kind)
{
	feed(e, (struct srp_event){.kind = kind, .token = e->token, .request = e->request});
}

/* The @nth action of @kind in the last answer, or NULL. */
static inline const struct srp_action *
action(uint8_t kind)
{
	for (size_t i = 0; i < out.count; i++)
		if (out.actions[i].kind == kind)
			return &out.actions[i];
	return NULL;
}

static inline bool
starts(uint8_t timer)
{
	for (size_t i = 0; i < out.count; i++)
		if (out.actions[i].kind == SRP_ACT_TIMER_START && out.actions[i].timer == timer)
			return true;
	return false;
}

static inline bool
raises(uint8_t alarm)
{
	const struct srp_action *a = action(SRP_ACT_ALARM_RAISE);

	return a != NULL && a->alarm == alarm;
}

static inline uint64_t
epoch(uint64_t counter, uint64_t chassis)
{
	return counter << SRP_EPOCH_TAG_BITS | chassis;
}

static inline struct srp_hello
peer_hello(uint8_t state)
{
	return (struct srp_hello){.chassis_id = PEER_ID,
	                          .incarnation = 20,
	                          .state = state,
	                          .mode = SRP_MODE_BACKUP,
	                          .priority = SRP_PRIORITY_DEFAULT,
	                          .route_modifier = 1,
	                          .mac_len = MAC_LEN};
}

static inline void
hear(struct srp *e, struct srp_hello h)
{
	feed(e, (struct srp_event){.kind = SRP_EV_HELLO, .hello = &h});
}

static inline struct srp
started(uint8_t mode)
{
	struct srp_config c = config(mode);
	struct srp e;

	srp_init(&e, &c);
	feed_kind(&e, SRP_EV_START);
	feed(&e, (struct srp_event){.kind = SRP_EV_EPOCH_BLOCK, .block_first = 100, .block_count = 1000});
	feed_kind(&e, SRP_EV_LINK_UP);
	return e;
}

/* Active in contact with a Standby that follows it. */
static inline struct srp
active(void)
{
	struct srp e = started(SRP_MODE_PRIMARY);
	struct srp_hello h = peer_hello(SRP_STANDBY);

	hear(&e, peer_hello(SRP_INIT));
	feed_kind(&e, SRP_EV_ADDRESS_TAKEN);
	h.epoch = h.lineage = e.epoch;
	hear(&e, h);
	assert_int_equal(e.fsm_state, FSM_ACTIVE);
	return e;
}

/* Standby that follows an Active of epoch 50. */
static inline struct srp
standby(void)
{
	struct srp e = started(SRP_MODE_BACKUP);
	struct srp_hello h = peer_hello(SRP_ACTIVE);

	h.epoch = epoch(50, PEER_ID);
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	return e;
}

static inline void
operate(struct srp *e, uint32_t not_connected, bool is_forced)
{
	feed(e, (struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER,
	                           .asker = 5,
	                           .not_connected = not_connected,
	                           .is_forced = is_forced});
}

static inline uint8_t
answered(void)
{
	const struct srp_action *a = action(SRP_ACT_OPERATOR_ANSWER);

	assert_non_null(a);
	assert_int_equal(a->asker, 5);
	return a->answer;
}

static inline void
prepare(struct srp *e, uint64_t of, uint32_t not_connected, bool is_forced)
{
	feed(e, (struct srp_event){.kind = SRP_EV_PREPARE,
	                           .epoch = of,
	                           .request = 3,
	                           .not_connected = not_connected,
	                           .is_forced = is_forced});
}

static inline void
take(struct srp *e, uint64_t of)
{
	feed(e, (struct srp_event){.kind = SRP_EV_TAKE, .epoch = of, .request = 3});
}

#endif
