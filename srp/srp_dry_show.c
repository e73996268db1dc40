/* srp_dry_show.c - text of srp initiate-switchover dry-run. */
#include "srp/srp_dry_show.h"

#include <inttypes.h>
#include <stdio.h>

enum { LABEL_WIDTH = 40, ROUND_TRIPS = 3, US_PER_MS = 1000 };

static void
put_label(const char *label, struct text *out)
{
	text_printf(out, "%-*s", LABEL_WIDTH, label);
}

uint64_t
srp_dry_lost(const struct srp_dry_sessmgr *s)
{
	uint64_t risk = s->young + s->unacked;

	return s->is_ready ? 0 : risk < s->calls ? risk : s->calls;
}

/* What the two engines did: one line for each change of an inner state. */
static void
put_steps(const struct srp_dry_run *run, struct text *out)
{
	for (size_t i = 0; i < run->step_count; i++) {
		const struct srp_dry_step *s = &run->steps[i];
		char step[64];

		snprintf(step, sizeof step, "%s -> %s", srp_inner_text(s->from_inner), srp_inner_text(s->to_inner));
		text_printf(out, "  %-13s %-28s %s\n", s->is_peer ? "peer chassis" : "this chassis", step,
		            srp_row_reason(s->row));
	}
}

/* Calls that the critical flush sends; one that differs and was changed as well counts twice. */
static uint64_t
flushed_of(const struct srp_dry_sessmgr *s)
{
	return s->is_ready ? s->young + s->unacked + s->differ : 0;
}

static void
put_sessmgrs(const struct srp_dry_view *v, struct text *out)
{
	uint64_t lost = 0, flushed = 0;

	text_put(out, "\nsmgr inst  peer conn       calls       young     unacked      differ  would be lost\n");
	for (size_t i = 0; i < v->sessmgr_count; i++) {
		const struct srp_dry_sessmgr *s = &v->sessmgrs[i];

		text_printf(out, "%9u  %-9s %11" PRIu64 " %11" PRIu64 " %11" PRIu64 " %11" PRIu64 " %14" PRIu64 "\n",
		            s->instance, s->conn, s->calls, s->young, s->unacked, s->differ, srp_dry_lost(s));
		lost += srp_dry_lost(s);
		flushed += flushed_of(s);
	}
	text_put(out, "\n");
	put_label("Calls sent in the critical flush:", out);
	text_printf(out, "%" PRIu64 "\n", flushed);
	put_label("Calls that would be lost:", out);
	text_printf(out, lost == 0 ? "%" PRIu64 "\n" : "up to %" PRIu64 "\n", lost);
}

static void
put_calls(const struct srp_dry_view *v, struct text *out)
{
	uint64_t lost = 0;

	for (size_t i = 0; i < v->sessmgr_count; i++)
		lost += srp_dry_lost(&v->sessmgrs[i]);
	for (size_t i = 0; i < v->call_count; i++) {
		const struct srp_dry_call *c = &v->calls[i];

		text_printf(out, "  session manager %u  callid %08x  imsi %-15s  %u s old\n", c->instance, c->callid,
		            c->imsi, c->age_s);
	}
	if (v->call_count > 0 && lost > v->call_count)
		text_printf(out, "  and %" PRIu64 " more\n", lost - v->call_count);
}

/* The gap as measured, the longest of the last ones; otherwise made of round trips. */
static void
put_gap(const struct srp_dry_view *v, struct text *out)
{
	uint64_t records = 0;
	uint32_t worst = 0;

	for (size_t i = 0; i < v->sessmgr_count; i++)
		records += flushed_of(&v->sessmgrs[i]);
	for (size_t i = 0; i < v->gap_count; i++)
		worst = v->gap_ms[i] > worst ? v->gap_ms[i] : worst;
	put_label("Expected gap:", out);
	if (v->gap_count == 1)
		text_printf(out, "%u ms, as in the last planned switchover from this chassis\n", worst);
	else if (v->gap_count > 1)
		text_printf(out, "%u ms, the longest of the last %zu planned switchovers from this chassis\n", worst,
		            v->gap_count);
	else if (v->rtt_us > 0)
		text_printf(out,
		            "%" PRIu64 ".%03" PRIu64 " ms, %d round trips; none was measured from this chassis yet\n",
		            ROUND_TRIPS * v->rtt_us / US_PER_MS, ROUND_TRIPS * v->rtt_us % US_PER_MS, ROUND_TRIPS);
	else
		text_put(out, "not known: no round trip and no switchover were measured yet\n");
	for (size_t i = 0; i < v->gap_count; i++)
		text_printf(out, "%s%u ms%s", i == 0 ? "  measured, latest first:               " : ", ", v->gap_ms[i],
		            i + 1 == v->gap_count ? "\n" : "");
	text_printf(out, "  hello round trip:                     p50 %" PRIu64 " us, p99 %" PRIu64 " us\n", v->rtt_us,
	            v->rtt_p99_us);
	text_printf(out, "  critical flush:                       %" PRIu64 " calls, about %" PRIu64 " bytes\n",
	            records, records * v->record_bytes);
}

void
srp_dry_show(const struct srp_dry_view *v, struct text *out)
{
	text_put(out, "Dry run: nothing was changed.\n");
	put_label("Would switch over:", out);
	text_put(out, v->run->would_switch ? "Yes\n" : "No\n");
	put_steps(v->run, out);
	put_sessmgrs(v, out);
	put_calls(v, out);
	put_gap(v, out);
}
