/* monitor_link.c - events in, timers, counts, logs and reports out. */
#include "monitor/monitor_link.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { MS_PER_SEC = 1000, US_PER_MS = 1000, LOG_TEXT_MAX = 256 };

struct timer_arg {
	struct monitor_link *link;
	uint8_t kind;  /* enum monitor_kind */
	uint8_t timer; /* enum guard_timer */
};

/* What is known of one kind; guard and timers only of the guarded ones. */
struct kind_state {
	struct guard guard;
	struct event *timers[GUARD_TIMER_COUNT];
	struct timer_arg args[GUARD_TIMER_COUNT];
	uint64_t due_ms[GUARD_TIMER_COUNT]; /* monotonic; meaningful while the timer is pending */
	bool is_reported;
	bool has_row;
	size_t row; /* of the guard table: taken last */
	uint64_t failed_since_ms, last_failed_ms;
	uint32_t failures, damped, reported;
	char last_cause[MONITOR_CAUSE_MAX];
};

struct monitor_link {
	struct event_base *base;
	const struct monitor_link_ops *ops;
	void *arg;
	struct monitor_group group;
	struct kind_state kinds[MONITOR_KIND_COUNT];
};

/* --- guard engines ------------------------------------------------------------------------------------------- */

static void
run_action(struct monitor_link *l, uint8_t kind, const struct guard_action *a)
{
	struct kind_state *k = &l->kinds[kind];
	struct timeval tv = {a->ms / MS_PER_SEC, (a->ms % MS_PER_SEC) * US_PER_MS};
	bool is_failed = a->kind == GUARD_ACT_REPORT_FAILED;

	switch (a->kind) {
	case GUARD_ACT_TIMER_START:
		k->due_ms[a->timer] = clock_now_ms() + a->ms;
		event_add(k->timers[a->timer], &tv);
		break;
	case GUARD_ACT_TIMER_STOP:
		event_del(k->timers[a->timer]);
		break;
	case GUARD_ACT_DAMPED:
		k->damped++;
		log_event(LOG_MONITOR_DAMPED, monitor_kind_text(kind), k->last_cause);
		break;
	default:
		k->is_reported = is_failed;
		k->reported += is_failed;
		log_event(LOG_MONITOR_REPORTED, monitor_kind_text(kind),
		          is_failed ? "failure counts" : "failure no longer counts", guard_row_reason(k->row));
		l->ops->report(l->arg, (enum monitor_kind)kind, is_failed);
	}
}

static void
feed(struct monitor_link *l, uint8_t kind, enum guard_event ev)
{
	struct kind_state *k = &l->kinds[kind];
	struct guard_out out;

	if (guard_input(&k->guard, ev, &out) != ERR_OK)
		abort(); /* the table is checked at the start and no peer has a hand in the event: our bug */
	k->row = out.row;
	k->has_row = true;
	for (size_t i = 0; i < out.count; i++)
		run_action(l, kind, &out.actions[i]);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	const struct timer_arg *t = arg;

	(void)fd;
	(void)what;
	feed(t->link, t->kind, (enum guard_event)(GUARD_EV_TIMER_SWITCHOVER + t->timer));
}

/* --- verdicts ------------------------------------------------------------------------------------------------ */

static void
note_verdict(struct monitor_link *l, uint8_t kind)
{
	const struct monitor_verdict *v = &l->group.verdicts[kind];
	struct kind_state *k = &l->kinds[kind];

	k->failed_since_ms = v->is_failed ? clock_wall_ms() : 0;
	if (v->is_failed) {
		k->failures++;
		k->last_failed_ms = k->failed_since_ms;
		memcpy(k->last_cause, v->cause, sizeof k->last_cause);
		log_event(LOG_MONITOR_FAILED, monitor_kind_text(kind), v->cause);
	} else {
		log_event(LOG_MONITOR_RECOVERED, monitor_kind_text(kind));
	}
	l->ops->verdict(l->arg, (enum monitor_kind)kind, v->is_failed, v->cause);
	if (kind < MONITOR_GUARDED)
		feed(l, kind, v->is_failed ? GUARD_EV_FAILED : GUARD_EV_RECOVERED);
}

static void
note_verdicts(struct monitor_link *l, const struct monitor_out *out)
{
	for (uint8_t i = 0; i < out->count; i++)
		note_verdict(l, out->kinds[i]);
}

/* --- called by the chassis and by probes --------------------------------------------------------------------- */

enum err
monitor_link_configure(struct monitor_link *l, const struct monitor_object *objects, size_t count,
                       const struct guard_periods *periods)
{
	struct monitor_out out;
	enum err e = monitor_configure(&l->group, objects, count, &out);

	if (e != ERR_OK)
		return e;
	for (uint8_t kind = 0; kind < MONITOR_GUARDED; kind++)
		guard_configure(&l->kinds[kind].guard, &periods[kind]);
	note_verdicts(l, &out);
	return ERR_OK;
}

void
monitor_link_set_active(struct monitor_link *l, bool is_active)
{
	struct monitor_out out;

	if (is_active == l->group.is_active)
		return;
	monitor_set_active(&l->group, is_active, clock_wall_ms(), &out);
	note_verdicts(l, &out);
}

static bool
is_watched(const struct monitor_link *l, uint8_t kind)
{
	for (uint32_t i = 0; i < l->group.count; i++)
		if (l->group.objects[i].key.kind == kind)
			return true;
	return false;
}

/* The guard periods of one cause begin; what watches nothing needs no line in the log. */
static void
begin_guards(struct monitor_link *l, enum guard_cause cause, enum guard_event ev, const char *why)
{
	for (uint8_t kind = 0; kind < MONITOR_GUARDED; kind++) {
		uint32_t ms = l->kinds[kind].guard.periods.guard_ms[cause];

		if (ms > 0 && is_watched(l, kind))
			log_event(LOG_MONITOR_GUARD, monitor_kind_text(kind), why, (unsigned)ms);
		feed(l, kind, ev);
	}
}

void
monitor_link_switchover(struct monitor_link *l)
{
	begin_guards(l, GUARD_SWITCHOVER, GUARD_EV_SWITCHOVER, "this chassis became Active");
}

void
monitor_link_local_failure(struct monitor_link *l, const char *what)
{
	begin_guards(l, GUARD_LOCAL, GUARD_EV_LOCAL, what);
}

enum err
monitor_link_set_state(struct monitor_link *l, const struct monitor_key *key, enum monitor_state state)
{
	const struct monitor_object *o = monitor_find(&l->group, key);
	bool is_news = o == NULL || o->state != state;
	char text[LOG_TEXT_MAX];
	struct monitor_out out;
	enum err e = monitor_set_state(&l->group, key, state, clock_wall_ms(), &out);

	if (e != ERR_OK)
		return e;
	if (is_news)
		log_event(LOG_MONITOR_OBJECT, monitor_key_text(key, text, sizeof text),
		          monitor_state_text((uint8_t)state));
	note_verdicts(l, &out);
	return ERR_OK;
}

enum err
monitor_link_forget_peer(struct monitor_link *l, const struct monitor_key *key)
{
	struct monitor_out out;
	enum err e = monitor_forget_peer(&l->group, key, clock_wall_ms(), &out);

	if (e == ERR_OK)
		note_verdicts(l, &out);
	return e;
}

bool
monitor_link_reset(struct monitor_link *l, enum monitor_kind kind)
{
	struct kind_state *k = &l->kinds[kind];
	bool was_any = k->last_failed_ms != 0;

	k->failures = k->damped = k->reported = 0;
	k->last_failed_ms = 0;
	k->last_cause[0] = '\0';
	return was_any;
}

bool
monitor_link_is_reported(const struct monitor_link *l, enum monitor_kind kind)
{
	return l->kinds[kind].is_reported;
}

/* --- view ---------------------------------------------------------------------------------------------------- */

/* At least 1 while the timer runs. */
static uint32_t
left_ms(const struct kind_state *k, enum guard_timer timer, uint64_t now_ms)
{
	if (!event_pending(k->timers[timer], EV_TIMEOUT, NULL))
		return 0;
	return k->due_ms[timer] > now_ms ? (uint32_t)(k->due_ms[timer] - now_ms) : 1;
}

void
monitor_link_view(const struct monitor_link *l, struct monitor_view *v)
{
	uint64_t now_ms = clock_now_ms();

	*v = (struct monitor_view){.context = "", .now_ms = clock_wall_ms(), .group = &l->group};
	for (uint8_t kind = 0; kind < MONITOR_KIND_COUNT; kind++) {
		const struct kind_state *k = &l->kinds[kind];
		struct monitor_kind_view *to = &v->kinds[kind];

		*to = (struct monitor_kind_view){.is_guarded = kind < MONITOR_GUARDED,
		                                 .is_reported = k->is_reported,
		                                 .failed_since_ms = k->failed_since_ms,
		                                 .last_failed_ms = k->last_failed_ms,
		                                 .failures = k->failures,
		                                 .damped = k->damped,
		                                 .reported = k->reported,
		                                 .last_cause = k->last_cause,
		                                 .last_words = k->has_row ? guard_row_reason(k->row) : ""};
		if (!to->is_guarded)
			continue;
		to->guard_state = k->guard.state;
		to->periods = k->guard.periods;
		to->guard_left_ms[GUARD_SWITCHOVER] = left_ms(k, GUARD_TIMER_SWITCHOVER, now_ms);
		to->guard_left_ms[GUARD_LOCAL] = left_ms(k, GUARD_TIMER_LOCAL, now_ms);
		to->damping_left_ms = left_ms(k, GUARD_TIMER_DAMPING, now_ms);
	}
}

/* --- life ---------------------------------------------------------------------------------------------------- */

static bool
new_timers(struct monitor_link *l, uint8_t kind)
{
	struct kind_state *k = &l->kinds[kind];

	for (uint8_t t = 0; t < GUARD_TIMER_COUNT; t++) {
		k->args[t] = (struct timer_arg){l, kind, t};
		k->timers[t] = evtimer_new(l->base, on_timer, &k->args[t]);
		if (k->timers[t] == NULL)
			return false;
	}
	return true;
}

struct monitor_link *
monitor_link_new(struct event_base *base, const struct monitor_link_ops *ops, void *arg)
{
	static const struct guard_periods usual = {
	    .guard_ms = {MONITOR_GUARD_MS_DEFAULT, MONITOR_GUARD_MS_DEFAULT},
	    .damping_ms = {MONITOR_GUARD_MS_DEFAULT, MONITOR_GUARD_MS_DEFAULT},
	};
	struct monitor_link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->base = base;
	l->ops = ops;
	l->arg = arg;
	monitor_group_init(&l->group);
	for (uint8_t kind = 0; kind < MONITOR_GUARDED; kind++) {
		guard_init(&l->kinds[kind].guard, &usual);
		if (!new_timers(l, kind)) {
			monitor_link_free(l);
			return NULL;
		}
	}
	return l;
}

void
monitor_link_free(struct monitor_link *l)
{
	if (l == NULL)
		return;
	for (uint8_t kind = 0; kind < MONITOR_GUARDED; kind++)
		for (uint8_t t = 0; t < GUARD_TIMER_COUNT; t++)
			if (l->kinds[kind].timers[t] != NULL)
				event_free(l->kinds[kind].timers[t]);
	free(l);
}
