/* loop_watch.c - lateness of the event loop. */
#include "chassis/loop_watch.h"

#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"

enum { PERIOD_US = 20000, REPORT_US = 50000 };

struct loop_watch {
	struct event *timer;
	uint64_t due_us;
	struct hist hist;
	void (*note)(void *arg, uint64_t late_us);
	void *arg;
};

static void
arm(struct loop_watch *w)
{
	struct timeval tv = {0, PERIOD_US};

	w->due_us = clock_now_us() + PERIOD_US;
	event_add(w->timer, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;
	uint64_t now = clock_now_us(), late = now > w->due_us ? now - w->due_us : 0;

	(void)fd;
	(void)what;
	hist_add(&w->hist, late);
	if (late >= REPORT_US)
		log_event(LOG_LOOP_SLOW, (unsigned)(late / 1000), "the loop or the machine stood still");
	w->note(w->arg, late);
	arm(w);
}

struct loop_watch *
loop_watch_new(struct event_base *base, void (*note)(void *arg, uint64_t late_us), void *arg)
{
	struct loop_watch *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->note = note;
	w->arg = arg;
	w->timer = evtimer_new(base, on_timer, w);
	if (w->timer == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void
loop_watch_start(struct loop_watch *w)
{
	arm(w);
}

void
loop_watch_free(struct loop_watch *w)
{
	if (w == NULL)
		return;
	event_free(w->timer);
	free(w);
}

const struct hist *
loop_watch_hist(const struct loop_watch *w)
{
	return &w->hist;
}
