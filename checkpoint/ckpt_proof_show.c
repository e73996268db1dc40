/* ckpt_proof_show.c - text and JSON of the proof of sync and of external audits. */
#include "checkpoint/ckpt_proof_show.h"

#include <stdio.h>

const char *
ckpt_differ_text(uint8_t kind)
{
	static const char *const texts[CKPT_DIFFER_KINDS] = {
	    [CKPT_DIFFERS] = "differs",
	    [CKPT_MISSING] = "missing on the standby",
	    [CKPT_STALE] = "not on the active",
	    [CKPT_DAMAGED_STANDBY] = "record damaged on the standby",
	    [CKPT_DAMAGED_ACTIVE] = "record damaged on the active",
	    [CKPT_UNSENT] = "changed and not sent",
	};

	return kind < CKPT_DIFFER_KINDS ? texts[kind] : "differs";
}

static void
show_sums(const struct ckpt_proof_view *views, unsigned count, uint64_t now_ms, struct report *r)
{
	uint64_t calls = 0, different = 0, digest = 0, rounds = 0, bad = 0, oldest = UINT64_MAX;
	unsigned proved = 0;
	char text[96];

	for (unsigned i = 0; i < count; i++) {
		const struct ckpt_proof_view *v = &views[i];

		different += v->different;
		rounds += v->rounds;
		bad += v->rounds_different;
		if (!v->is_running || v->proved_ms == 0)
			continue;
		proved++;
		calls += v->calls;
		digest += v->digest;
		oldest = v->proved_ms < oldest ? v->proved_ms : oldest;
	}
	if (proved == 0 && different == 0)
		snprintf(text, sizeof text, "not proved");
	else if (proved == count)
		snprintf(text, sizeof text, "%llu of %llu differ", (unsigned long long)different,
		         (unsigned long long)calls);
	else /* whoever reads this line alone must not take a part for the whole */
		snprintf(text, sizeof text, "%llu of %llu differ, %u of %u session managers not compared",
		         (unsigned long long)different, (unsigned long long)calls, count - proved, count);
	report_line(r, "%-*s%s", REPORT_LABEL_WIDTH, "Calls of both chassis:", text);
	report_only_bool(r, "is_proved", proved > 0 && proved == count);
	report_only_number(r, "calls", calls);
	report_only_number(r, "differ", different);
	report_number(r, "sessmgrs_proved", "Session managers compared:", proved, NULL);
	report_number(r, "sessmgrs", "Session managers:", count, NULL);
	if (proved > 0) {
		report_line(r, "%-*s%llu.%llu s", REPORT_LABEL_WIDTH,
		            "Age of the oldest record read:", (unsigned long long)((now_ms - oldest) / 1000),
		            (unsigned long long)((now_ms - oldest) % 1000 / 100));
		report_only_number(r, "age_ms", now_ms - oldest);
	}
	snprintf(text, sizeof text, "%016llx", (unsigned long long)digest);
	report_text(r, "digest", "Digest of the chassis:", proved > 0 ? text : NULL);
	report_number(r, "rounds", "Comparisons:", rounds, NULL);
	report_number(r, "rounds_different", "Comparisons with differences:", bad, NULL);
}

static void
show_sessmgrs(const struct ckpt_proof_view *views, unsigned count, uint64_t now_ms, struct report *r)
{
	static const struct report_column columns[] = {
	    {"smgr_inst", "smgr inst", 9, 0, true}, {"calls", "calls", 9, 2, true},
	    {"differ", "differ", 9, 2, true},       {"age_ms", "age (ms)", 9, 2, true},
	    {"digest", "digest", 16, 2, false},
	};
	static const struct report_table table = {"by_sessmgr", NULL, columns, sizeof columns / sizeof columns[0]};
	char digest[24];

	report_blank(r);
	report_table_begin(r, &table);
	for (unsigned i = 0; i < count; i++) {
		const struct ckpt_proof_view *v = &views[i];
		bool is_proved = v->is_running && v->proved_ms != 0;
		struct report_cell cells[] = {
		    cell_number(v->instance),
		    is_proved ? cell_number(v->calls) : cell_none(),
		    cell_number(v->different),
		    is_proved ? cell_number(now_ms - v->proved_ms) : cell_none(),
		    is_proved ? cell_text(digest) : cell_none(),
		};

		snprintf(digest, sizeof digest, "%016llx", (unsigned long long)v->digest);
		report_row(r, &table, cells);
	}
	report_table_end(r, &table);
}

void
ckpt_show_proof(const struct ckpt_proof_view *views, unsigned count, const struct ckpt_differ_view *names, size_t named,
                uint64_t now_ms, struct report *r)
{
	static const struct report_column columns[] = {
	    {"smgr_inst", "smgr inst", 9, 0, true},
	    {"callid", "callid", 8, 2, false},
	    {"imsi", "imsi", 15, 2, false},
	    {"how", "how", 0, 2, false},
	};
	static const struct report_table table = {"calls_that_differ", NULL, columns,
	                                          sizeof columns / sizeof columns[0]};

	show_sums(views, count, now_ms, r);
	show_sessmgrs(views, count, now_ms, r);
	if (named > 0)
		report_title(r, "\nCalls that differ:");
	else if (!r->is_json)
		return;
	report_table_begin(r, &table);
	for (size_t i = 0; i < named; i++) {
		struct report_cell cells[] = {cell_number(names[i].instance), cell_hex(names[i].callid),
		                              names[i].imsi != NULL ? cell_text(names[i].imsi) : cell_none(),
		                              cell_text(ckpt_differ_text(names[i].kind))};

		report_row(r, &table, cells);
	}
	report_table_end(r, &table);
}

void
ckpt_show_audits(const struct ckpt_audit_view *audits, size_t count, uint64_t now_ms, struct report *r)
{
	report_title(r, "");
	report_ruled(r, "External audits:");
	report_list(r, "external_audits");
	for (size_t i = 0; i < count; i++) {
		const struct ckpt_audit_view *a = &audits[i];

		if (i > 0)
			report_blank(r);
		report_open(r, NULL);
		report_number(r, "audit_number", "Audit Number:", a->number, NULL);
		report_text(r, "chassis_state", "Audit Chassis State:", a->state);
		report_when(r, "audit_start", "Audit Start Time:", a->start_ms, now_ms);
		report_when(r, "sync_start", "External Audit Sync Start Time:", a->sync_ms, now_ms);
		report_when(r, "ready_for_switchover", "Ready For Switchover Time:", a->ready_ms, now_ms);
		report_number(r, "audit_duration_ms", "Audit Duration:", a->took_ms, "ms");
		report_text(r, "audit_reason", "Audit Reason:", a->reason);
		report_text(r, "result", "Audit Result:",
		            a->is_running ? "running"
		            : a->is_cut   ? "the program ended"
		            : a->is_ended ? "compared"
		                          : "a connection or the roles changed");
		report_number(r, "active_sessions", "Total Active Sessions:", a->active, NULL);
		report_number(r, "new_sessions", "Total New Sessions:", a->fresh, NULL);
		report_number(r, "stale_sessions", "Total Stale Sessions:", a->stale, NULL);
		report_number(r, "inactive_sessions", "Total Inactive Sessions:", a->inactive, NULL);
		report_number(r, "ecs_sessions", "ECS Sessions Synchronized:", 0, NULL);
		report_number(r, "left", "Sessions Still Different:", a->left, NULL);
		report_close(r);
	}
	report_close(r);
	if (count == 0)
		report_line(r, "No external audit has run.");
}
