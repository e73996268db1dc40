/* monitor_show.c - the monitors, their periods and their objects. */
#include "monitor/monitor_show.h"

#include <stdio.h>
#include <string.h>

enum { MS_PER_SEC = 1000, CELL_MAX = 200 };

static const char legend[] = "Type:\n"
                             "  (A) - Auth. probe        (B) - BGP         (D) - Diameter        (F) - BFD\n"
                             "  (H) - HSRP\n"
                             "State:\n"
                             "  (I) - Initializing       (U) - Up          (D) - Down\n"
                             "GroupId:\n"
                             "  (S) - SRP Group\n";

static const struct report_column kind_columns[] = {
    {.key = "monitor", .width = 12},
    {.key = "state", .width = 13, .gap = 1},
    {.key = "objects", .width = 7, .gap = 1, .is_right = true},
    {.key = "up", .width = 5, .gap = 1, .is_right = true},
    {.key = "down", .width = 5, .gap = 1, .is_right = true},
    {.key = "initializing", .width = 5, .gap = 1, .is_right = true},
    {.key = "failures", .width = 9, .gap = 1, .is_right = true},
    {.key = "damped", .width = 7, .gap = 1, .is_right = true},
    {.key = "guard_left_s", .width = 9, .gap = 1, .is_right = true},
    {.key = "damping_left_s", .width = 11, .gap = 1, .is_right = true},
};

static const struct report_table kind_table = {
    .key = "monitors",
    .heading = "Monitor      State         Objects    Up  Down  Init  Failures  Damped Guard (s) Damping (s)\n"
               "------------ ------------- ------- ----- ----- ----- --------- ------- --------- -----------\n",
    .columns = kind_columns,
    .count = sizeof kind_columns / sizeof kind_columns[0],
};

static const struct report_column object_columns[] = {
    {.key = "type", .width = 4},
    {.key = "state", .width = 5, .gap = 1},
    {.key = "group", .width = 7, .gap = 1},
    {.key = "object", .width = 39, .gap = 1},
    {.key = "port", .width = 5, .gap = 1, .is_right = true},
    {.key = "context", .width = 20, .gap = 1},
    {.key = "last_update", .gap = 1},
};

static const struct report_table object_table = {
    .key = "objects",
    .heading = "                   IP Addr / Endpoint, peer /\n"
               "Type State GroupId Interface, group                         Port Context              Last Update\n"
               "---- ----- ------- --------------------------------------- ----- -------------------- "
               "------------------------\n",
    .columns = object_columns,
    .count = sizeof object_columns / sizeof object_columns[0],
};

/* --- kinds --------------------------------------------------------------------------------------------------- */

/* How many objects of @kind are in each state; members of endpoints are not counted. */
static unsigned
count_objects(const struct monitor_group *g, uint8_t kind, unsigned states[MONITOR_STATE_COUNT])
{
	unsigned n = 0;

	memset(states, 0, MONITOR_STATE_COUNT * sizeof states[0]);
	for (uint32_t i = 0; i < g->count; i++) {
		if (g->objects[i].key.kind != kind || g->objects[i].is_member)
			continue;
		states[g->objects[i].state]++;
		n++;
	}
	return n;
}

static const char *
kind_state(const struct monitor_view *v, uint8_t kind)
{
	unsigned states[MONITOR_STATE_COUNT];

	if (count_objects(v->group, kind, states) == 0)
		return "None";
	if (v->group->verdicts[kind].is_failed)
		return v->kinds[kind].is_guarded && v->kinds[kind].guard_state == GUARD_DAMPING ? "Damping" : "Failed";
	return states[MONITOR_UP] > 0 ? "Up" : "Initializing";
}

/* Begun seconds count: a period that runs is never shown as over. */
static struct report_cell
left(uint32_t ms)
{
	return ms == 0 ? cell_none() : cell_number((ms + MS_PER_SEC - 1) / MS_PER_SEC);
}

static uint32_t
guard_left(const struct monitor_kind_view *k)
{
	uint32_t a = k->guard_left_ms[GUARD_SWITCHOVER], b = k->guard_left_ms[GUARD_LOCAL];

	return a > b ? a : b;
}

static void
show_kind(const struct monitor_view *v, uint8_t kind, struct report *r)
{
	const struct monitor_kind_view *k = &v->kinds[kind];
	unsigned states[MONITOR_STATE_COUNT];
	unsigned objects = count_objects(v->group, kind, states);
	struct report_cell cells[] = {
	    cell_text(monitor_kind_text(kind)),
	    cell_text(kind_state(v, kind)),
	    cell_number(objects),
	    cell_number(states[MONITOR_UP]),
	    cell_number(states[MONITOR_DOWN]),
	    cell_number(states[MONITOR_INITIALIZING]),
	    cell_number(k->failures),
	    cell_number(k->damped),
	    left(guard_left(k)),
	    left(k->damping_left_ms),
	};

	report_row(r, &kind_table, cells);
}

static void
show_failed(const struct monitor_view *v, struct report *r)
{
	char date[REPORT_DATE_MAX];

	report_list(r, "failed");
	for (uint8_t kind = 0; kind < MONITOR_KIND_COUNT; kind++) {
		const struct monitor_verdict *x = &v->group->verdicts[kind];

		if (!x->is_failed)
			continue;
		report_open(r, NULL);
		report_line(r, "%s failed since %s: %s", monitor_kind_text(kind),
		            report_date(v->kinds[kind].failed_since_ms, date), x->cause);
		report_only_text(r, "monitor", monitor_kind_text(kind));
		report_only_when(r, "since", v->kinds[kind].failed_since_ms);
		report_only_text(r, "cause", x->cause);
		report_close(r);
	}
	report_close(r);
}

/* --- objects ------------------------------------------------------------------------------------------------- */

static const char *
type_text(uint8_t kind, bool is_json)
{
	static const char *const letters[MONITOR_KIND_COUNT] = {"(A)", "(B)", "(D)", "(F)", "(F)", "(H)"};

	return is_json ? monitor_kind_text(kind) : letters[kind];
}

static const char *
state_text(uint8_t state, bool is_json)
{
	static const char *const letters[MONITOR_STATE_COUNT] = {"(I)", "(U)", "(D)"};

	return is_json ? monitor_state_text(state) : letters[state];
}

static const char *
object_text(const struct monitor_object *o, char buf[CELL_MAX])
{
	char address[ADDR_TEXT_MAX];

	if (o->key.kind == MONITOR_DIAMETER)
		snprintf(buf, CELL_MAX, "%s%s%s%s", o->is_member ? "  " : "", o->key.name,
		         o->key.peer[0] != '\0' ? ", " : "", o->key.peer);
	else if (o->key.kind == MONITOR_HSRP)
		snprintf(buf, CELL_MAX, "%s, %s group %u", o->key.name, o->key.family == ADDR_V6 ? "IPv6" : "IPv4",
		         o->key.number);
	else
		snprintf(buf, CELL_MAX, "%s", addr_text(&o->key.address, address));
	return buf;
}

static void
show_object(const struct monitor_object *o, struct report *r)
{
	char object[CELL_MAX], group[8];

	snprintf(group, sizeof group, r->is_json ? "%u" : "%u (S)", o->group);
	report_row(r, &object_table,
	           (struct report_cell[]){
	               cell_text(type_text(o->key.kind, r->is_json)),
	               cell_text(state_text(o->state, r->is_json)),
	               o->group != 0 ? cell_text(group) : cell_text(NULL),
	               cell_text(object_text(o, object)),
	               o->port != 0 ? cell_number(o->port) : cell_none(),
	               o->key.context[0] != '\0' ? cell_text(o->key.context) : cell_none(),
	               o->updated_ms != 0 ? cell_when(o->updated_ms) : cell_none(),
	           });
}

static bool
is_shown(const struct monitor_object *o, unsigned kinds, bool is_down_only, bool has_members)
{
	return (kinds >> o->key.kind & 1) != 0 && (!is_down_only || o->state == MONITOR_DOWN) &&
	       (has_members || !o->is_member);
}

static void
show_table(const struct monitor_view *v, unsigned kinds, bool is_down_only, bool has_members, struct report *r)
{
	const struct monitor_group *g = v->group;
	bool is_any = false;

	for (uint32_t i = 0; i < g->count; i++)
		is_any = is_any || is_shown(&g->objects[i], kinds, is_down_only, has_members);
	if (!is_any) {
		report_note(r, is_down_only                ? "No monitored object is down."
		               : kinds == MONITOR_SHOW_ALL ? "No monitor is configured."
		                                           : "No such monitor is configured.");
		return;
	}
	if (!r->is_json)
		text_put(r->out, legend);
	report_blank(r);
	report_table_begin(r, &object_table);
	for (uint32_t i = 0; i < g->count; i++)
		if (is_shown(&g->objects[i], kinds, is_down_only, has_members))
			show_object(&g->objects[i], r);
	report_table_end(r, &object_table);
}

/* --- the three commands -------------------------------------------------------------------------------------- */

void
monitor_show_summary(const struct monitor_view *v, struct report *r)
{
	report_text(r, "context", "Context:", v->context[0] != '\0' ? v->context : NULL);
	report_text(r, "authentication_probe", "Authentication probe:",
	            v->group->is_active ? "by this chassis" : "not by this chassis, it is not Active");
	report_blank(r);
	report_table_begin(r, &kind_table);
	for (uint8_t kind = 0; kind < MONITOR_KIND_COUNT; kind++)
		show_kind(v, kind, r);
	report_table_end(r, &kind_table);
	report_blank(r);
	show_failed(v, r);
	show_table(v, MONITOR_SHOW_ALL, true, true, r);
}

void
monitor_show_objects(const struct monitor_view *v, unsigned kinds, struct report *r)
{
	show_table(v, kinds, false, false, r);
}

static void
show_periods(const struct monitor_kind_view *k, struct report *r)
{
	const struct guard_periods *p = &k->periods;

	report_number(r, "guard_after_switchover_ms", "Guard period after a switchover:", p->guard_ms[GUARD_SWITCHOVER],
	              "ms");
	report_number(r, "guard_after_switchover_left_ms", "  left:", k->guard_left_ms[GUARD_SWITCHOVER], "ms");
	report_number(r, "damping_after_switchover_ms", "  its damping period:", p->damping_ms[GUARD_SWITCHOVER], "ms");
	report_number(r, "guard_after_local_failure_ms",
	              "Guard period after a local failure:", p->guard_ms[GUARD_LOCAL], "ms");
	report_number(r, "guard_after_local_failure_left_ms", "  left:", k->guard_left_ms[GUARD_LOCAL], "ms");
	report_number(r, "damping_after_local_failure_ms", "  its damping period:", p->damping_ms[GUARD_LOCAL], "ms");
	report_number(r, "damping_left_ms", "Damping period left:", k->damping_left_ms, "ms");
}

void
monitor_show_debug(const struct monitor_view *v, enum monitor_kind kind, struct report *r)
{
	const struct monitor_kind_view *k = &v->kinds[kind];
	const struct monitor_verdict *x = &v->group->verdicts[kind];

	report_text(r, "monitor", "Monitor:", monitor_kind_text((uint8_t)kind));
	report_text(r, "state", "State:", kind_state(v, (uint8_t)kind));
	report_text(r, "cause", "Cause:", x->is_failed ? x->cause : NULL);
	report_when(r, "failed_since", "Failed since:", k->failed_since_ms, v->now_ms);
	report_number(r, "failures", "Failures:", k->failures, NULL);
	report_number(r, "damped", "  recovered in the damping period:", k->damped, NULL);
	report_number(r, "reported", "  told to the redundancy engine:", k->reported, NULL);
	report_when(r, "last_failure", "Last failure:", k->last_failed_ms, v->now_ms);
	report_text(r, "last_failure_cause", "Last failure cause:", k->last_cause[0] != '\0' ? k->last_cause : NULL);
	if (k->is_guarded) {
		report_text(r, "guard_engine", "Guard engine:", guard_state_text(k->guard_state));
		report_text(r, "guard_engine_words", "  last:", k->last_words[0] != '\0' ? k->last_words : NULL);
		show_periods(k, r);
	}
	report_blank(r);
	show_table(v, 1u << kind, false, true, r);
}
