/*
 * ckpt_link.h - the socket of one session manager's checkpoint link: moves bytes and time into and out of the
 * pure core (ckpt.h).
 *
 * It dials while told to (the Active does), takes connections that chassisd accepted, ends what the core
 * refuses and dials again at once. It holds no policy: who dials and when comes from chassisd. Caller: the sessmgr
 * role.
 */
#ifndef CHECKPOINT_CKPT_LINK_H
#define CHECKPOINT_CKPT_LINK_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "checkpoint/ckpt.h"

struct ckpt_link;

/* ckpt_link_new - no connection yet; @core borrowed for the link's life. NULL: no memory. */
struct ckpt_link *ckpt_link_new(struct event_base *base, struct ckpt *core);
void ckpt_link_free(struct ckpt_link *l);

/*
 * ckpt_link_dial - dial @peer:@port from @local whenever there is no connection; @is_on false stops dialling and leaves
 * an existing connection alone. A changed address ends the connection.
 */
void ckpt_link_dial(struct ckpt_link *l, const struct addr *local, const struct addr *peer, uint16_t port, bool is_on);

/* ckpt_link_mark - packets of the connections, the present one included, carry the DSCP value @dscp (0..63). */
void ckpt_link_mark(struct ckpt_link *l, uint8_t dscp);

/* ckpt_link_take - use the accepted connection @fd (taken) instead of the present one. */
void ckpt_link_take(struct ckpt_link *l, int fd);

/*
 * ckpt_link_catch_up - carries out what has come and is not read yet, for @limit_us at most: before the role changes,
 * or it would be ignored. May end the connection. What is to be answered goes with the next kick.
 */
void ckpt_link_catch_up(struct ckpt_link *l, uint64_t limit_us);

/* ckpt_link_kick - to be called after anything was said to the core: sends what it has to send. */
void ckpt_link_kick(struct ckpt_link *l);

#endif
