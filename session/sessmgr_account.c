/* sessmgr_account.c - the accounting flush in the session manager role: sent as the old Active, awaited as the new one.
 */
#include <stdlib.h>

#include "session/sessmgr.h"

/* In test builds a flush can be held back, so that what happens during one can be seen from outside. */
static unsigned
hold_ms(void)
{
#ifdef STARLING_TEST
	const char *ms = getenv("STARLING_HOLD_ACCOUNTING_MS");

	return ms != NULL ? (unsigned)atoi(ms) : 0;
#else
	return 0;
#endif
}

void
sessmgr_account_send(struct sessmgr *s)
{
	unsigned ms = hold_ms();
	struct timeval later = {ms / 1000, (ms % 1000) * 1000};

	if (ms > 0)
		event_add(s->account.send_ev, &later);
	else
		sessmgr_account_send_now(-1, 0, s);
}

void
sessmgr_account_send_now(evutil_socket_t fd, short what, void *arg)
{
	struct sessmgr *s = arg;

	(void)fd;
	(void)what;
	(void)ckpt_account_send(s->ckpt); /* without a connection the other side knows that nothing can come */
	ckpt_link_kick(s->link);
}

static void
tell(struct sessmgr *s, uint64_t calls, bool is_whole)
{
	struct sessmgr_accounted a = {.calls = calls, .is_whole = is_whole};

	sessmgr_publish(s); /* who sees that it is over sees its counters as well */
	(void)ipc_send(s->control, IPC_ACCOUNTING_DONE, s->account.id, &a, sizeof a, -1, 0);
	s->account.id = 0;
}

void
sessmgr_account_look(struct sessmgr *s)
{
	uint64_t calls = 0;

	if (s->account.id == 0)
		return;
	if (ckpt_account_ended(s->ckpt, s->account.epoch, &calls))
		tell(s, calls, true);
	else if (ckpt_conn(s->ckpt) == CKPT_CONN_NONE)
		tell(s, 0, false);
}

void
sessmgr_account_await(struct sessmgr *s, uint32_t id, uint64_t epoch)
{
	s->account.id = id;
	s->account.epoch = epoch;
	sessmgr_account_look(s);
}

void
sessmgr_account_came(struct sessmgr *s, uint32_t teid, const uint8_t *p, size_t n)
{
	struct call mine;

	if (s->store.ops->get(s->store.arg, teid, &mine) == ERR_OK &&
	    call_account_merge(&s->account.window, &mine, p, n) == ERR_OK)
		(void)s->store.ops->update(s->store.arg, &mine, CKPT_GROUP_ACCOUNTING);
}
