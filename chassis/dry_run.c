/*
 * dry_run.c - srp initiate-switchover dry-run: the real engines on copies (srp/srp_dry_run.h), and beside it what is
 * measured of calls and gaps.
 *
 * A call is held by the peer when it was acknowledged. What is young, not acknowledged or known to differ is sent in
 * the critical flush, so it is only lost where a session manager has no connection: there the young ones are named, as
 * far as a look at the first slots finds them; of the others only the session manager knows which they are.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chassis/chassis.h"
#include "session/call_rows.h"
#include "srp/srp_dry_show.h"

enum { SLOTS_LOOKED_AT = 2048 };

/* --- calls --------------------------------------------------------------------------------------------------- */

static void
name_calls(const struct chassis *c, const struct sessmgr_slot *s, struct srp_dry_call *calls, size_t *count)
{
	const uint32_t *young_ms = c->gateway.checkpoint.duration_ms;
	uint32_t now = (uint32_t)time(NULL);
	uint64_t end = arena_count(&s->arena, ARENA_SLOTS_USED);

	for (uint32_t slot = 0; slot < end && slot < SLOTS_LOOKED_AT && *count < SRP_DRY_CALLS_NAMED; slot++) {
		uint8_t record[ARENA_RECORD_MAX];
		struct srp_dry_call *x = &calls[*count];
		struct call call;
		size_t len;

		if (arena_read(&s->arena, slot, record, &len, NULL) != ERR_OK ||
		    call_rows_decode(record, len, &call) != ERR_OK ||
		    now - call.created_s >= young_ms[gateway_is_ims(call.apn) ? CKPT_IMS : CKPT_NON_IMS] / 1000)
			continue;
		*x = (struct srp_dry_call){.instance = s->instance, .callid = call.teid, .age_s = now - call.created_s};
		snprintf(x->imsi, sizeof x->imsi, "%0*llu", call.imsi_digits, (unsigned long long)call.imsi);
		(*count)++;
	}
}

static size_t
read_sessmgrs(const struct chassis *c, struct srp_dry_sessmgr *out, struct srp_dry_call *calls, size_t *call_count)
{
	static const char *const conns[] = {
	    [CKPT_CONN_NONE] = "", [CKPT_CONN_CONN] = "Conn", [CKPT_CONN_READY] = "Ready"};
	size_t n = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		const struct sessmgr_slot *s = &c->sessmgrs[i];
		struct srp_dry_sessmgr *x = &out[n++];

		*x = (struct srp_dry_sessmgr){
		    .instance = i, .conn = conns[s->peer_conn], .is_ready = s->peer_conn == CKPT_CONN_READY};
		if (s->arena_mem == NULL)
			continue;
		x->calls = arena_count(&s->arena, ARENA_CALLS_NOW);
		x->young = arena_ckpt_count(&s->arena, CKPT_NOW_YOUNG);
		x->unacked = arena_ckpt_count(&s->arena, CKPT_NOW_UNACKED);
		x->differ = sync_to_resend(c, i);
		if (!x->is_ready)
			name_calls(c, s, calls, call_count);
	}
	return n;
}

static uint64_t
record_bytes(const struct chassis *c)
{
	uint64_t bytes = 0, records = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		const struct arena *a = &c->sessmgrs[i].arena;

		if (c->sessmgrs[i].arena_mem == NULL)
			continue;
		bytes += arena_ckpt_count(a, CKPT_RAW_BYTES_SENT);
		records += arena_ckpt_count(a, CKPT_FULL_SENT) + arena_ckpt_count(a, CKPT_MICRO_SENT) +
		           arena_ckpt_count(a, CKPT_INVALIDATE_SENT);
	}
	return records == 0 ? 0 : bytes / records;
}

/* --- gaps ---------------------------------------------------------------------------------------------------- */

/* From the order to give the address until the peer has said that it serves, youngest first. */
static void
read_gaps(const struct srp_history_list *l, struct srp_dry_view *out)
{
	enum { US_PER_MS = 1000 };

	for (size_t i = l->own_count; i > 0 && out->gap_count < SRP_DRY_GAPS; i--) {
		const struct srp_history_entry *e = &l->own[i - 1];

		if (e->from == SRP_ACTIVE && e->to == SRP_STANDBY && e->reason == SRP_REASON_MANUAL_SWITCHOVER &&
		    !e->is_open && !e->is_interrupted)
			out->gap_ms[out->gap_count++] = (uint32_t)((e->phase_us[SRP_PHASE_CRITICAL_FLUSH] +
			                                            e->phase_us[SRP_PHASE_NETWORK_CONVERGENCE]) /
			                                           US_PER_MS);
	}
}

/* --- the command --------------------------------------------------------------------------------------------- */

bool
dry_run_show(struct chassis *c, const struct srp_event *ev, struct cli_call *call)
{
	enum { MEDIAN = 50, TAIL = 99 };
	struct srp_dry_sessmgr sessmgrs[SESSMGRS_MAX];
	struct srp_dry_call calls[SRP_DRY_CALLS_NAMED];
	struct srp_dry_view v = {.sessmgrs = sessmgrs, .calls = calls};
	struct srp_dry_run run;
	struct srp live;
	struct srp_history_view history;
	struct srp_view view;
	char refusal[200];

	live = *srp_link_engine(c->srp);
	if (!ev->is_forced)
		validation_freshen(c, &live.peer);
	srp_dry_run(&live, ev, &run);
	srp_link_view(c->srp, &view);
	redundancy_answer_text(run.answer, run.refuse, run.count, refusal, sizeof refusal);
	if (run.answer == SRP_ANSWER_NOT_ACTIVE)
		return cli_fail(call, "%s", refusal) == CLI_ANSWER_DONE;
	v.run = &run;
	v.sessmgr_count = read_sessmgrs(c, sessmgrs, calls, &v.call_count);
	v.record_bytes = record_bytes(c);
	v.rtt_us = hist_percentile(view.hello_rtt, MEDIAN);
	v.rtt_p99_us = hist_percentile(view.hello_rtt, TAIL);
	history_view(c, &history);
	read_gaps(&history.list, &v);
	if (run.answer == SRP_ANSWER_CONFIG_DIFFERS)
		validation_put_differences(c, call->out);
	srp_dry_show(&v, call->out);
	return run.would_switch || cli_fail(call, "%s", refusal) == CLI_ANSWER_DONE;
}
