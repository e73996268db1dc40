/*
 * loop_watch.h - how late the loop is: a timer that measures its own lateness.
 *
 * Shows both a callback that held the loop and a machine that did not run us; the dead interval must
 * stay well above it. The histogram is shown by show srp statistics.
 */
#ifndef CHASSIS_LOOP_WATCH_H
#define CHASSIS_LOOP_WATCH_H

#include <event2/event.h>
#include <stdint.h>

#include "base/hist.h"

struct loop_watch;

/*
 * loop_watch_new - measures every 20 ms; logs LOG_LOOP_SLOW for a lateness of 50 ms or more; @note(@arg) gets each
 * measure in microseconds. NULL: no memory.
 */
struct loop_watch *loop_watch_new(struct event_base *base, void (*note)(void *arg, uint64_t late_us), void *arg);
/* loop_watch_start - measures from now on: when the loop is about to run. */
void loop_watch_start(struct loop_watch *w);
void loop_watch_free(struct loop_watch *w);

/* loop_watch_hist - lateness in microseconds; borrowed. */
const struct hist *loop_watch_hist(const struct loop_watch *w);

#endif
