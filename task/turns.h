/*
 * turns.h - how long the turns of an event loop are.
 *
 * A turn carries out the callbacks that are due, one after the other; whatever comes meanwhile waits for its end, so no
 * callback is longer than the longest turn. Counted is processor time of the thread: what other programs of the machine
 * take, and the wait for the next event, are not in it (chassis/loop_watch.h counts those as well).
 */
#ifndef TASK_TURNS_H
#define TASK_TURNS_H

#include "base/hist.h"

struct event_base;

struct turns {
	struct hist hist; /* microseconds */
};

/* turns_run - event_base_dispatch that counts; until the loop is broken or nothing is left to wait for. */
void turns_run(struct event_base *base, struct turns *t);

/* What a process of a chassis says of its turns in memory that it shares; one writer. */
struct turns_seen {
	uint64_t p99_us, max_us;
};

struct turns_seen turns_seen(const struct turns *t);

#endif
