/*
 * offload.h - one piece of work on a thread of its own, so that no hello waits for it. The loop goes on; when the work
 * is done, the loop is told. The work touches nothing but what it was given.
 */
#ifndef CHASSIS_OFFLOAD_H
#define CHASSIS_OFFLOAD_H

#include <event2/event.h>

struct offload;

/*
 * offload_new - @work(@arg) on a thread, then @done(@arg) on the loop's thread; @arg is the work's until then. The
 * handle frees itself just before @done. NULL: it could not begin, neither is called.
 */
struct offload *offload_new(struct event_base *base, void (*work)(void *arg), void (*done)(void *arg), void *arg);

/* offload_wait - at the end of the program: waits until the work is done; @done is not called. NULL is fine. */
void offload_wait(struct offload *o);

#endif
