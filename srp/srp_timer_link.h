/*
 * srp_timer_link.h - the timers of the redundancy engine on the event loop, before everything else that is due.
 *
 * Part of the engine's shell (srp_link.c, its only caller). A timer counts from the call that starts it, also in a loop
 * that has been busy since it woke up; what a late expiry means is in srp_dead.h.
 */
#ifndef SRP_TIMER_LINK_H
#define SRP_TIMER_LINK_H

#include <event2/event.h>
#include <stdint.h>

#include "srp/srp_types.h"

struct srp_timer_link;

/* srp_timer_new - none runs; @fired(@arg) at each expiry. @base and @arg borrowed for life. NULL: no memory. */
struct srp_timer_link *srp_timer_new(struct event_base *base, void (*fired)(void *arg, enum srp_timer timer),
                                     void *arg);
void srp_timer_free(struct srp_timer_link *t);

/*
 * srp_timer_start - @timer fires once, in @ms milliseconds, instead of when it was to. @hello_ms: found over much too
 * late it waits on for so long, once; 0: it does not.
 */
void srp_timer_start(struct srp_timer_link *t, enum srp_timer timer, uint32_t ms, uint32_t hello_ms);

/* srp_timer_stop - @timer does not fire any more; SRP_TIMER_COUNT stands for all. */
void srp_timer_stop(struct srp_timer_link *t, enum srp_timer timer);

/* srp_timer_left_ms - until @timer fires; SRP_TIMER_OFF when it does not run. */
uint32_t srp_timer_left_ms(const struct srp_timer_link *t, enum srp_timer timer);

#endif
