/*
 * resources.c - tells the peer between two hellos that session managers or calls have come or gone.
 *
 * A hello says the same, but may be seconds away. Looked at every RESOURCE_MS, which also bounds the rate; what the
 * peer does with it is its `handle-interim-resource-msg`. A link that comes up begins with a hello, so nothing is owed
 * to a peer that was not connected.
 */
#include "chassis/chassis.h"

enum { RESOURCE_MS = 200 };

uint32_t
resources_calls(const struct chassis *c)
{
	uint64_t n = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		if (c->sessmgrs[i].arena_mem != NULL)
			n += arena_count(&c->sessmgrs[i].arena, c->is_active ? ARENA_CALLS_NOW : ARENA_CALLS_STANDBY);
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;
	struct srp_hello *told = &c->resources_told;
	struct srp_msg m = {.type = SRP_MSG_RESOURCE};
	const struct srp *engine = srp_link_engine(c->srp);

	(void)fd;
	(void)what;
	m.hello.epoch = engine->epoch_known;
	m.hello.sessmgrs = (uint16_t)c->sessmgr_count;
	m.hello.sessmgrs_ready = (uint16_t)(c->sessmgr_count - tasks_not_connected(c));
	m.hello.calls = resources_calls(c);
	if (m.hello.sessmgrs == told->sessmgrs && m.hello.sessmgrs_ready == told->sessmgrs_ready &&
	    m.hello.calls == told->calls)
		return;
	*told = m.hello;
	/* hellos that are as frequent say it themselves */
	if (srp_link_is_started(c->srp) && engine->is_link_up && engine->config.hello_ms > RESOURCE_MS)
		(void)srp_link_send(c->srp, &m);
}

enum err
resources_new(struct chassis *c)
{
	struct timeval period = {0, RESOURCE_MS * 1000};
	struct event *ev = event_new(c->base, -1, EV_PERSIST, on_tick, c);

	return ev != NULL && event_add(ev, &period) == 0 ? ERR_OK : ERR_SYSTEM;
}
