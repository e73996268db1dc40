/* fsm.c - picking a row, and proving that a table has no holes. */
#include "base/fsm.h"

#include "base/fsm_mutant.h"
#include "base/hits.h"

static bool
is_for(const struct fsm_row *r, uint8_t state, uint8_t event)
{
	return r->event == event && (r->state == state || r->state == FSM_ANY_STATE);
}

enum err
fsm_find(const struct fsm_table *t, uint8_t state, uint8_t event, bool (*holds)(uint8_t guard, const void *arg),
         const void *arg, size_t *row)
{
	size_t mutant = fsm_mutant_of(t);

	for (size_t i = 0; i < t->count; i++) {
		const struct fsm_row *r = i == mutant ? fsm_mutant_row() : &t->rows[i];

		if (is_for(r, state, event) &&
		    (r->guard == 0 || holds(r->guard, arg) != (i == mutant && fsm_mutant_negates()))) {
			*row = i;
			hits_count("taken", t->name, (unsigned)i);
			return ERR_OK;
		}
	}
	return ERR_NO_ROW;
}

const struct fsm_row *
fsm_row(const struct fsm_table *t, size_t row)
{
	return row == fsm_mutant_of(t) ? fsm_mutant_row() : &t->rows[row];
}

/* Every pair must end in an unguarded row; one that stands behind it is dead unless another state uses it. */
static unsigned
check_pair(const struct fsm_table *t, uint8_t state, uint8_t event, struct text *out)
{
	bool is_closed = false;
	unsigned faults = 0;

	for (size_t i = 0; i < t->count; i++) {
		const struct fsm_row *r = &t->rows[i];

		if (!is_for(r, state, event))
			continue;
		if (is_closed && r->state != FSM_ANY_STATE) {
			text_printf(out, "%s: row %zu (%s, %s) is never reached\n", t->name, i, t->states[state],
			            t->events[event]);
			faults++;
		}
		if (r->guard == 0)
			is_closed = true;
	}
	if (!is_closed) {
		text_printf(out, "%s: no row ends (%s, %s)\n", t->name, t->states[state], t->events[event]);
		faults++;
	}
	return faults;
}

static unsigned
check_row(const struct fsm_table *t, size_t i, struct text *out)
{
	const struct fsm_row *r = &t->rows[i];
	bool ok = (r->state == FSM_ANY_STATE || r->state < t->state_count) && r->event < t->event_count &&
	          r->guard < t->guard_count && (r->next == FSM_SAME_STATE || r->next < t->state_count) &&
	          r->reason != NULL;

	for (size_t k = 0; k < FSM_ACTIONS_MAX; k++)
		ok = ok && r->actions[k] < t->action_count;
	if (!ok)
		text_printf(out, "%s: row %zu has a number without a name, or no reason\n", t->name, i);
	return ok ? 0 : 1;
}

static bool
is_entered(const struct fsm_table *t, uint8_t state)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->rows[i].next == state && t->rows[i].state != state)
			return true;
	return false;
}

enum err
fsm_check(const struct fsm_table *t, uint8_t initial, struct text *out)
{
	unsigned faults = 0;

	for (size_t i = 0; i < t->count; i++)
		faults += check_row(t, i, out);
	if (faults > 0)
		return ERR_FORMAT;
	for (uint8_t s = 0; s < t->state_count; s++) {
		for (uint8_t e = 0; e < t->event_count; e++)
			faults += check_pair(t, s, e, out);
		if (s != initial && !is_entered(t, s)) {
			text_printf(out, "%s: no row enters %s\n", t->name, t->states[s]);
			faults++;
		}
	}
	return faults == 0 ? ERR_OK : ERR_FORMAT;
}

void
fsm_print(const struct fsm_table *t, struct text *out)
{
	text_printf(out, "| state | event | guard | next | actions | reason |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < t->count; i++) {
		const struct fsm_row *r = &t->rows[i];

		text_printf(out, "| %s | %s | %s | %s |", r->state == FSM_ANY_STATE ? "any" : t->states[r->state],
		            t->events[r->event], t->guards[r->guard],
		            r->next == FSM_SAME_STATE ? "same" : t->states[r->next]);
		for (size_t k = 0; k < FSM_ACTIONS_MAX && r->actions[k] != 0; k++)
			text_printf(out, "%s%s", k == 0 ? " " : ", ", t->actions[r->actions[k]]);
		text_printf(out, " | %s |\n", r->reason);
	}
}
