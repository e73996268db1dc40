/* offload.c - work on a thread of its own. */
#include "chassis/offload.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

struct offload {
	pthread_t thread;
	int fd; /* eventfd: the work is done */
	struct event *ev;
	void (*work)(void *arg);
	void (*done)(void *arg);
	void *arg;
};

static void *
offload_thread(void *arg)
{
	struct offload *o = arg;
	uint64_t one = 1;

	(void)setpriority(PRIO_PROCESS, 0, 0); /* of this thread: the loop goes first */
	o->work(o->arg);
	if (write(o->fd, &one, sizeof one) != sizeof one)
		abort(); /* an eventfd takes a 1 always */
	return NULL;
}

static void
offload_free(struct offload *o)
{
	if (o->ev != NULL)
		event_free(o->ev);
	if (o->fd >= 0)
		close(o->fd);
	free(o);
}

void
offload_wait(struct offload *o)
{
	if (o == NULL)
		return;
	pthread_join(o->thread, NULL);
	offload_free(o);
}

static void
on_done(evutil_socket_t fd, short what, void *arg)
{
	struct offload *o = arg;
	void (*done)(void *) = o->done;
	void *for_whom = o->arg;

	(void)fd;
	(void)what;
	offload_wait(o);
	done(for_whom);
}

struct offload *
offload_new(struct event_base *base, void (*work)(void *arg), void (*done)(void *arg), void *arg)
{
	struct offload *o = calloc(1, sizeof *o);

	if (o == NULL)
		return NULL;
	*o = (struct offload){.fd = eventfd(0, EFD_CLOEXEC), .work = work, .done = done, .arg = arg};
	o->ev = o->fd < 0 ? NULL : event_new(base, o->fd, EV_READ, on_done, o);
	if (o->ev == NULL || event_add(o->ev, NULL) < 0 || pthread_create(&o->thread, NULL, offload_thread, o) != 0) {
		offload_free(o);
		return NULL;
	}
	return o;
}
