/*
 * sessmgr_clear.c - what goes through all calls in slices, a slice a turn: `clear subscribers all` releases them, and a
 * demux that has just started, which knows no subscriber, is told of them.
 */
#include <string.h>

#include "session/sessmgr.h"

enum { CLEAR_PER_TURN = 256, REBIND_PER_TURN = 1024 };

void
sessmgr_clear_end(struct sessmgr *s, bool is_cut)
{
	uint8_t body[sizeof s->cleared + 1];

	memcpy(body, &s->cleared, sizeof s->cleared);
	body[sizeof s->cleared] = is_cut;
	s->is_clearing = false;
	event_del(s->clear_ev);
	(void)ipc_send(s->control, IPC_CLEARED, s->clear_id, body, sizeof body, -1, 0);
}

void
sessmgr_clear_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct sessmgr *s = arg;
	struct ggsn_result r;
	enum err e = ERR_OK;
	struct call c;

	(void)fd;
	(void)what;
	/* ERR_SHORT: many slots without a call, that was enough */
	for (unsigned i = 0; i < CLEAR_PER_TURN && e != ERR_SHORT; i++) {
		e = s->store.ops->next(s->store.arg, &s->clear_slot, &c);
		if (e == ERR_NOT_FOUND) {
			sessmgr_clear_end(s, false);
			return;
		}
		if (e == ERR_OK && ggsn_clear(s->ggsn, c.teid, sessmgr_wall_s(), &r) == ERR_OK) {
			s->cleared++;
			sessmgr_follow_result(s, &r);
		}
	}
	event_add(s->clear_ev, &zero);
}

void
sessmgr_clear_start(struct sessmgr *s, uint32_t id)
{
	s->clear_id = id;
	s->clear_slot = 0;
	s->cleared = 0;
	s->is_clearing = ckpt_role(s->ckpt) == CKPT_ACTIVE && s->ggsn != NULL;
	if (s->is_clearing)
		sessmgr_clear_slice(-1, 0, s);
	else
		sessmgr_clear_end(s, ckpt_role(s->ckpt) != CKPT_ACTIVE);
}

void
sessmgr_rebind_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct sessmgr *s = arg;
	enum err e = ERR_OK;
	struct call c;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < REBIND_PER_TURN && e != ERR_NOT_FOUND && e != ERR_SHORT; i++) {
		e = s->store.ops->next(s->store.arg, &s->rebind_slot, &c);
		if (e == ERR_OK)
			sessmgr_note_bind(s, &s->bind, sessmgr_imsi(&c));
	}
	if (e != ERR_NOT_FOUND)
		event_add(s->rebind_ev, &zero);
}
