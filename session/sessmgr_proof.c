/*
 * sessmgr_proof.c - the proof of sync in the session manager role: stored records are read again a slice at a time, the
 * calls that differ are named to chassisd, audits are begun and reported.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mix.h"
#include "session/sessmgr.h"

enum { REST_MS = 100 };

static void
name(struct sessmgr *s, const struct ckpt_differ *d, struct sessmgr_differ *out)
{
	struct call c;

	*out = (struct sessmgr_differ){.teid = d->teid, .kind = d->kind};
	if (!sessmgr_call_in_slot(s, d->slot, &c) || c.teid != d->teid)
		return; /* not here, or not to be read: chassisd may know it from elsewhere, or not */
	out->imsi = c.imsi;
	out->imsi_digits = c.imsi_digits;
}

/* Chassisd is told when something else differs than it was told of. */
void
sessmgr_proof_publish(struct sessmgr *s)
{
	struct ckpt_differ found[SESSMGR_DIFFER_MAX];
	struct sessmgr_proof p = {.total = 0};
	uint64_t hash;

	p.total = ckpt_proof_counts(s->ckpt, p.counts);
	if (p.total == 0 && s->proof.told == 0)
		return;
	p.named = ckpt_proof_names(s->ckpt, found, SESSMGR_DIFFER_MAX);
	memset(found + p.named, 0, (SESSMGR_DIFFER_MAX - p.named) * sizeof found[0]);
	hash = p.total == 0 ? 0 : mix_bytes(p.total, found, sizeof found) | 1;
	if (hash == s->proof.told)
		return;
	s->proof.told = hash;
	for (uint32_t i = 0; i < p.named; i++)
		name(s, &found[i], &p.names[i]);
	(void)ipc_send(s->control, IPC_PROOF, s->instance, &p, sizeof p, -1, 0);
}

static void
report(struct sessmgr *s, const struct ckpt_audit *a)
{
	sessmgr_publish(s); /* who asks for the proof next sees what the audit saw */
	(void)ipc_send(s->control, IPC_SYNC_AUDITED, s->proof.audit_id, a, sizeof *a, -1, 0);
	s->proof.audit_id = 0;
}

/* A full synchronization comes first: the audit waits for its end, chassisd bounds the wait. */
static void
begin_audit(struct sessmgr *s)
{
	static const struct ckpt_audit refused;
	enum err e = ckpt_audit_begin(s->ckpt, true, clock_now_ms());

	s->proof.is_audit_due =
	    e == ERR_REFUSED && ckpt_role(s->ckpt) == CKPT_ACTIVE && ckpt_conn(s->ckpt) == CKPT_CONN_READY;
	if (e != ERR_OK && !s->proof.is_audit_due)
		report(s, &refused);
}

void
sessmgr_proof_slice(evutil_socket_t fd, short what, void *arg)
{
	struct sessmgr *s = arg;
	struct timeval wait = {0};
	uint32_t ms;

	(void)fd;
	(void)what;
	if (s->proof.is_audit_due)
		begin_audit(s);
	ms = ckpt_scrub(s->ckpt, clock_now_ms()); /* 0: the next turn, behind what comes in this one */
	wait = (struct timeval){ms / 1000, (ms % 1000) * 1000};
	ckpt_link_kick(s->link);
	event_add(s->proof.ev, &wait);
}

void
sessmgr_rest(struct sessmgr *s)
{
	struct timeval rest = {0, REST_MS * 1000};

	if (!s->proof.is_audit_due)
		event_add(s->proof.ev, &rest);
	if (s->audit.id != 0)
		event_add(s->audit.ev, &rest);
}

void
sessmgr_proof_audit(struct sessmgr *s, uint32_t id)
{
	static const struct ckpt_audit refused;

	if (s->proof.audit_id != 0)
		report(s, &refused);
	s->proof.audit_id = id;
	s->proof.is_audit_due = true;
	sessmgr_proof_slice(-1, 0, s);
}

void
sessmgr_proof_audited(struct sessmgr *s, const struct ckpt_audit *a)
{
	if (s->proof.audit_id != 0)
		report(s, a);
}
