/* sessmgr_notice.c - SGSNs are told of calls that the internal audit purges, before they are purged; a few at a time.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/gtp1.h"
#include "gateway/gtp_channel.h"
#include "gateway/gtp_notice.h"
#include "session/sessmgr.h"

enum { PER_SLICE = 64, PAUSE_MS = 2 };

static void
arm(struct sessmgr *s, uint32_t ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	event_add(s->notice.ev, &tv);
}

static void
send_one(struct sessmgr *s, const struct notice *n, const uint8_t *bytes, size_t len)
{
	struct gtp_datagram d = {.peer = n->peer, .port = n->port, .service = n->service};
	uint8_t body[sizeof d + NOTICE_BYTES];

	memcpy(body, &d, sizeof d);
	memcpy(body + sizeof d, bytes, len);
	if (s->data != NULL)
		(void)ipc_send(s->data, IPC_REPLY, s->instance, body, sizeof d + len, -1, IPC_MAY_DROP);
}

void
sessmgr_notice_slice(evutil_socket_t fd, short what, void *arg)
{
	uint8_t bytes[NOTICE_BYTES];
	uint32_t wait_ms = PAUSE_MS;
	struct sessmgr *s = arg;
	struct notice n;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < PER_SLICE; i++) {
		char peer[ADDR_TEXT_MAX];
		struct wbuf w;

		wbuf_init(&w, bytes, sizeof bytes);
		if (!notices_next(s->notice.core, clock_now_ms(), &n, &w, &wait_ms))
			break;
		wait_ms = PAUSE_MS;
		if (n.is_unanswered)
			log_event(LOG_CALL_UNTOLD, n.teid, addr_text(&n.peer, peer), "no answer");
		else
			send_one(s, &n, bytes, w.len);
	}
	if (wait_ms != UINT32_MAX)
		arm(s, wait_ms);
}

void
sessmgr_notice_purged(struct sessmgr *s, const struct call *call)
{
	uint8_t cause = gateway_is_ims(call->apn) ? 0 : s->cfg.graceful_cause;
	char peer[ADDR_TEXT_MAX];
	enum err e;

	if (!s->cfg.is_graceful)
		return;
	if (s->notice.core == NULL)
		s->notice.core = notices_new();
	e = s->notice.core == NULL ? ERR_SYSTEM : notices_add(s->notice.core, call, cause, clock_now_ms());
	if (e == ERR_OK)
		sessmgr_notice_slice(-1, 0, s); /* the call is purged when this returns */
	else
		log_event(LOG_CALL_UNTOLD, call->teid, addr_text(&call->sgsn_control, peer), err_text(e));
}

bool
sessmgr_notice_answer(struct sessmgr *s, const void *bytes, size_t len)
{
	return s->notice.core != NULL && notices_answer(s->notice.core, bytes, len);
}

void
sessmgr_notice_stop(struct sessmgr *s)
{
	event_del(s->notice.ev);
	if (s->notice.core != NULL)
		notices_forget(s->notice.core);
}
