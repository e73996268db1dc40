/* turns.c - an event loop that counts its turns. */
#include "task/turns.h"

#include <event2/event.h>
#include <time.h>

static uint64_t
processor_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

void
turns_run(struct event_base *base, struct turns *t)
{
	uint64_t begun = processor_us();

	/* each call is one wait and one turn; 1: nothing is left to wait for */
	while (event_base_loop(base, EVLOOP_ONCE) == 0) {
		uint64_t now = processor_us();

		hist_add(&t->hist, now - begun);
		begun = now;
		if (event_base_got_break(base) || event_base_got_exit(base))
			return;
	}
}

struct turns_seen
turns_seen(const struct turns *t)
{
	enum { TAIL = 99 };

	return (struct turns_seen){.p99_us = hist_percentile(&t->hist, TAIL), .max_us = t->hist.max_us};
}
