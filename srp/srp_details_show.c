/* srp_details_show.c - timers and rows of the redundancy engine. */
#include "srp/srp_details_show.h"

#include <stdio.h>

#include "srp/srp.h"

static void
show_timers(const struct srp_view *v, struct report *r)
{
	static const char *const names[SRP_TIMER_COUNT] = {
	    [SRP_TIMER_HELLO] = "hello",       [SRP_TIMER_DEAD] = "dead",
	    [SRP_TIMER_DELAY] = "delay",       [SRP_TIMER_RETRY] = "address retry",
	    [SRP_TIMER_PHASE] = "phase bound", [SRP_TIMER_INTERNAL] = "internal switchover retry",
	};
	static const struct report_column columns[] = {
	    {.key = "timer", .head = "Timer", .width = 28},
	    {.key = "left_ms", .head = "ms left", .width = 10, .gap = 1, .is_right = true},
	};
	static const struct report_table table = {.key = "timers", .columns = columns, .count = 2};

	report_text(r, "inner_state", "Inner state:", srp_inner_text(v->inner_state));
	report_table_begin(r, &table);
	for (unsigned t = 0; t < SRP_TIMER_COUNT; t++) {
		const struct report_cell cells[] = {
		    cell_text(names[t]),
		    v->timer_ms[t] == SRP_TIMER_OFF ? cell_none() : cell_number(v->timer_ms[t]),
		};

		report_row(r, &table, cells);
	}
	report_table_end(r, &table);
}

static void
show_rows(const struct srp_view *v, struct report *r)
{
	static const struct report_column columns[] = {
	    {.key = "row", .head = "Row", .width = 4, .is_right = true},
	    {.key = "taken", .head = "taken", .width = 10, .gap = 1, .is_right = true},
	    {.key = "state", .head = "state", .width = 10, .gap = 1},
	    {.key = "event", .head = "event", .width = 20, .gap = 1},
	    {.key = "why", .head = "why", .gap = 1},
	};
	static const struct report_table table = {.key = "rows_taken", .columns = columns, .count = 5};
	const struct fsm_table *fsm = srp_fsm_table();

	report_table_begin(r, &table);
	for (size_t i = 0; i < fsm->count && i < SRP_ROW_HITS; i++) {
		const struct fsm_row *row = &fsm->rows[i];
		const struct report_cell cells[] = {
		    cell_number(i),
		    cell_number(v->row_hits[i]),
		    cell_text(row->state == FSM_ANY_STATE ? "any" : fsm->states[row->state]),
		    cell_text(fsm->events[row->event]),
		    cell_text(row->reason),
		};

		if (v->row_hits[i] > 0)
			report_row(r, &table, cells);
	}
	report_table_end(r, &table);
}

void
srp_show_details(const struct srp_view *v, struct report *r)
{
	report_ruled(r, "State machine:");
	show_timers(v, r);
	report_blank(r);
	show_rows(v, r);
}
