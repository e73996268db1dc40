/* srp_timer_link.c - one libevent timer for each of the engine's. */
#include "srp/srp_timer_link.h"

#include <stdlib.h>
#include <sys/time.h>

#include "base/clock.h"
#include "srp/srp_dead.h"

struct one_timer {
	struct srp_timer_link *owner;
	enum srp_timer timer;
	struct event *ev;
	struct srp_dead dead;
	uint32_t hello_ms;
};

struct srp_timer_link {
	struct event_base *base;
	void (*fired)(void *arg, enum srp_timer timer);
	void *arg;
	struct one_timer timers[SRP_TIMER_COUNT];
};

/* From now, not from when the loop woke up: work done since must not shorten the peer's time. */
static void
arm(struct one_timer *o, uint32_t ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	event_base_update_cache_time(o->owner->base);
	event_add(o->ev, &tv);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct one_timer *o = arg;
	uint32_t more = o->hello_ms == 0 ? 0 : srp_dead_put_off(&o->dead, clock_now_ms(), o->hello_ms);

	(void)fd;
	(void)what;
	if (more > 0)
		arm(o, more);
	else
		o->owner->fired(o->owner->arg, o->timer);
}

void
srp_timer_start(struct srp_timer_link *t, enum srp_timer timer, uint32_t ms, uint32_t hello_ms)
{
	struct one_timer *o = &t->timers[timer];

	o->hello_ms = hello_ms;
	srp_dead_start(&o->dead, clock_now_ms(), ms);
	arm(o, ms);
}

void
srp_timer_stop(struct srp_timer_link *t, enum srp_timer timer)
{
	for (unsigned i = 0; i < SRP_TIMER_COUNT; i++)
		if (timer == i || timer == SRP_TIMER_COUNT)
			event_del(t->timers[i].ev);
}

struct srp_timer_link *
srp_timer_new(struct event_base *base, void (*fired)(void *arg, enum srp_timer timer), void *arg)
{
	struct srp_timer_link *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	*t = (struct srp_timer_link){.base = base, .fired = fired, .arg = arg};
	for (unsigned i = 0; i < SRP_TIMER_COUNT; i++) {
		struct one_timer *o = &t->timers[i];

		*o = (struct one_timer){.owner = t, .timer = (enum srp_timer)i};
		o->ev = evtimer_new(base, on_timer, o);
		if (o->ev == NULL) {
			srp_timer_free(t);
			return NULL;
		}
		event_priority_set(o->ev, 0);
	}
	return t;
}

void
srp_timer_free(struct srp_timer_link *t)
{
	if (t == NULL)
		return;
	for (unsigned i = 0; i < SRP_TIMER_COUNT; i++)
		if (t->timers[i].ev != NULL)
			event_free(t->timers[i].ev);
	free(t);
}

uint32_t
srp_timer_left_ms(const struct srp_timer_link *t, enum srp_timer timer)
{
	struct timeval at, now;
	int64_t us;

	if (!event_pending(t->timers[timer].ev, EV_TIMEOUT, &at))
		return SRP_TIMER_OFF;
	gettimeofday(&now, NULL);
	us = ((int64_t)at.tv_sec - now.tv_sec) * 1000000 + at.tv_usec - now.tv_usec;
	return us > 0 ? (uint32_t)(us / 1000) : 0;
}
