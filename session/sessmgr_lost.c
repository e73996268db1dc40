/*
 * sessmgr_lost.c - this side has given way: what the peer never held is lost with it, and is counted and named, a slice
 * a turn. Until all is, the core says no READY, so that no synchronization replaces what is still to be named.
 */
#include <string.h>

#include "session/call_rows.h"
#include "session/sessmgr.h"

/* A change takes up to 0.2 us, one that is named some 4 us more. */
enum { SLICE = 2048, NAMED_PER_SLICE = 128 };

enum { YOUNG, NEVER_SENT, SENT };

static void
tell(struct sessmgr *s, const struct ckpt_unacked *u)
{
	struct sessmgr_lost lost = {.is_young = u->is_young, .is_sent = u->is_sent};
	uint8_t record[ARENA_RECORD_MAX];
	struct call c;
	size_t n;

	lost.teid = call_table_teid(s->table, u->index);
	/* read and verified again: a record that was damaged since would name somebody else */
	if (arena_read(&s->arena, u->index, record, &n, NULL) == ERR_OK && call_rows_decode(record, n, &c) == ERR_OK) {
		lost.imsi = c.imsi;
		lost.imsi_digits = c.imsi_digits;
	}
	(void)ipc_send(s->control, IPC_CALL_LOST, s->instance, &lost, sizeof lost, -1, 0);
}

static void
tell_rest(struct sessmgr *s)
{
	for (unsigned i = 0; i < SESSMGR_LOST_REASONS; i++) {
		struct sessmgr_lost rest = {
		    .is_young = i == YOUNG, .is_sent = i == SENT, .unnamed = s->lost.unnamed[i]};

		if (rest.unnamed > 0)
			(void)ipc_send(s->control, IPC_CALL_LOST, s->instance, &rest, sizeof rest, -1, 0);
	}
}

/* False: that was the last change. */
static bool
step(struct sessmgr *s)
{
	struct ckpt_unacked u;

	if (!ckpt_unacked_next(s->ckpt, &s->lost.cursor, &u))
		return false;
	if (u.is_tomb || !u.is_never_held)
		return true;
	arena_count_add(&s->arena, ARENA_CALLS_LOST, 1);
	if (s->lost.named < SESSMGR_LOST_MAX) {
		s->lost.named++;
		tell(s, &u);
	} else {
		s->lost.unnamed[u.is_young ? YOUNG : u.is_sent ? SENT : NEVER_SENT]++;
	}
	return true;
}

static void
end(struct sessmgr *s)
{
	s->lost.is_walking = false;
	event_del(s->lost.ev);
	tell_rest(s);
	ckpt_keep_unacked(s->ckpt, false);
}

void
sessmgr_lost_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct sessmgr *s = arg;
	unsigned named = s->lost.named;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < SLICE && s->lost.named - named < NAMED_PER_SLICE; i++)
		if (!step(s)) {
			end(s);
			ckpt_link_kick(s->link);
			return;
		}
	event_add(s->lost.ev, &zero);
}

void
sessmgr_lost_keep(struct sessmgr *s)
{
	ckpt_keep_unacked(s->ckpt, true);
}

void
sessmgr_lost_begin(struct sessmgr *s)
{
	s->lost.is_walking = true;
	s->lost.cursor = 0;
	s->lost.named = 0;
	memset(s->lost.unnamed, 0, sizeof s->lost.unnamed);
	sessmgr_lost_slice(-1, 0, s);
}

void
sessmgr_lost_finish(struct sessmgr *s)
{
	if (!s->lost.is_walking)
		return;
	while (step(s))
		;
	end(s);
}
