/*
 * sessmgr_pools.c - the pools of a changed configuration start empty, and every call marks its address again: in
 * slices, since there may be a million. Until all have, no new call is taken: it could be given the address of one to
 * come.
 */
#include "session/sessmgr.h"
#include "srp/srp_post.h"

enum { SLICE = 512, PAUSE_MS = 1 }; /* a call takes some 2 us */

void
sessmgr_pools_gate(struct sessmgr *s)
{
	if (s->ggsn != NULL)
		ggsn_set_gate(s->ggsn, s->gate != SRP_GATE_OPEN || s->pools.is_restoring);
}

static void
slice(struct sessmgr *s)
{
	struct timeval pause = {0, PAUSE_MS * 1000};
	struct call c;

	for (unsigned i = 0; i < SLICE; i++) {
		enum err e = s->store.ops->next(s->store.arg, &s->pools.slot, &c);

		if (e == ERR_NOT_FOUND) {
			s->pools.is_restoring = false;
			sessmgr_pools_gate(s);
			return;
		}
		if (e == ERR_SHORT) /* many slots without a call: that was enough */
			break;
		/* a pool that is no longer configured leaves the call as it is */
		if (e == ERR_OK)
			(void)ggsn_restore(s->ggsn, &c);
	}
	event_add(s->pools.ev, &pause);
}

void
sessmgr_pools_slice(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	slice(arg);
}

void
sessmgr_pools_restore(struct sessmgr *s)
{
	s->pools.slot = 0;
	s->pools.is_restoring = true;
	event_del(s->pools.ev);
	slice(s);
	sessmgr_pools_gate(s);
}
