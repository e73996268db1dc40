/* sessmgr_audit.c - the internal audit in the session manager role: slices, what follows a purged call, the report. */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "session/sessmgr.h"

/*
 * A call takes 2 to 5 us. The first requests after a takeover wait for little, later slices are longer, and between two
 * of them the processor is given up: other tasks of the chassis need it most in that moment.
 */
enum { SLICE_FIRST = 64, SLICE_STEP = 8, SLICE_LAST = 256, PAUSE_MS = 1 };

/* The call has left the store: demux and the counters follow, as after a Delete. */
static void
on_purged(void *arg, uint32_t teid, enum ggsn_fault fault, const struct call *call)
{
	struct sessmgr *s = arg;
	char imsi[24] = "unknown";

	if (call != NULL)
		sessmgr_notice_purged(s, call);
	arena_count_add(&s->arena, SESSMGR_PURGED_FIRST + (unsigned)fault, 1);
	if (call != NULL) {
		sessmgr_note_bind(s, &s->unbind, sessmgr_imsi(call));
		snprintf(imsi, sizeof imsi, "%0*llu", call->imsi_digits, (unsigned long long)call->imsi);
	}
	log_event(LOG_CALL_PURGED, teid, imsi, ggsn_fault_text(fault));
}

bool
sessmgr_is_mending(const struct sessmgr *s)
{
	return ckpt_conn(s->ckpt) != CKPT_CONN_NONE;
}

void
sessmgr_note_purged(struct sessmgr *s, uint32_t teid)
{
	on_purged(s, teid, GGSN_FAULT_RECORD, NULL);
}

void
sessmgr_purge_damaged(struct sessmgr *s, uint32_t teid, const struct call *known)
{
	if (s->ggsn == NULL)
		return;
	on_purged(s, teid, GGSN_FAULT_RECORD, known);
	(void)ggsn_purge(s->ggsn, teid, known, sessmgr_wall_s());
}

static void
report(struct sessmgr *s)
{
	struct sessmgr_audited a = {.duration_us = clock_now_us() - s->audit.begin_us};

	if (s->ggsn != NULL)
		a.report = *ggsn_audit_report(s->ggsn);
	arena_count_add(&s->arena, SESSMGR_AUDITED, a.report.audited);
	(void)ipc_send(s->control, IPC_AUDITED, s->audit.id, &a, sizeof a, -1, 0);
	s->audit.id = 0;
}

void
sessmgr_audit_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval pause = {0, PAUSE_MS * 1000};
	struct sessmgr *s = arg;

	(void)fd;
	(void)what;
	if (s->audit.id == 0)
		return;
	if (ggsn_audit_slice(s->ggsn, s->audit.slice, sessmgr_wall_s(), sessmgr_is_mending(s), on_purged, s) !=
	    ERR_SHORT) {
		report(s);
		return;
	}
	if (s->audit.slice < SLICE_LAST)
		s->audit.slice += SLICE_STEP;
	event_add(s->audit.ev, &pause);
}

void
sessmgr_audit_start(struct sessmgr *s, uint32_t id)
{
	sessmgr_audit_stop(s);
	s->audit.id = id;
	s->audit.begin_us = clock_now_us();
	s->audit.slice = SLICE_FIRST;
	/* without a service nothing can be wrong with its calls; without memory the calls are served unexamined */
	if (s->ggsn == NULL || ckpt_role(s->ckpt) != CKPT_ACTIVE || ggsn_audit_begin(s->ggsn) != ERR_OK)
		report(s);
	else
		sessmgr_audit_slice(-1, 0, s);
}

void
sessmgr_audit_stop(struct sessmgr *s)
{
	s->audit.id = 0;
	event_del(s->audit.ev);
	if (s->ggsn != NULL)
		ggsn_audit_end(s->ggsn);
}

void
sessmgr_audit_again(struct sessmgr *s)
{
	if (s->audit.id != 0 && ggsn_audit_begin(s->ggsn) != ERR_OK)
		report(s);
}
