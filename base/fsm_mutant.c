/*
 * fsm_mutant.c - one altered row of one table, as the environment says; only in the builds of `make mutate`.
 * The one place with state of the process for their sake.
 */
#include "base/fsm_mutant.h"

#ifdef STARLING_MUTANT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
	const struct fsm_table *last; /* the altered one, once it was asked for */
	size_t row;
	bool is_read, is_none, is_negated;
	char table[32], kind[16];
	unsigned arg;
	struct fsm_row altered;
} mutant;

static void
mutant_read(void)
{
	const char *text = getenv("STARLING_FSM_MUTANT");

	mutant.is_read = true;
	mutant.is_none = text == NULL || *text == '\0';
	if (mutant.is_none)
		return;
	if (sscanf(text, "%31[^:]:%zu:%15[^:]:%u", mutant.table, &mutant.row, mutant.kind, &mutant.arg) != 4)
		abort();
}

/* A deleted row gets an event that no table has. */
static void
mutant_alter(const struct fsm_table *t)
{
	enum { NO_EVENT = 255 };
	struct fsm_row *r = &mutant.altered;

	*r = t->rows[mutant.row];
	if (strcmp(mutant.kind, "delete") == 0) {
		r->event = NO_EVENT;
	} else if (strcmp(mutant.kind, "next") == 0) {
		r->next = (uint8_t)mutant.arg;
	} else if (strcmp(mutant.kind, "drop") == 0 && mutant.arg < FSM_ACTIONS_MAX) {
		for (size_t k = mutant.arg; k + 1 < FSM_ACTIONS_MAX; k++)
			r->actions[k] = r->actions[k + 1];
		r->actions[FSM_ACTIONS_MAX - 1] = 0;
	} else if (strcmp(mutant.kind, "unguard") == 0) {
		r->guard = 0;
	} else if (strcmp(mutant.kind, "negate") == 0) {
		mutant.is_negated = true;
	} else {
		abort();
	}
}

size_t
fsm_mutant_of(const struct fsm_table *t)
{
	if (!mutant.is_read)
		mutant_read();
	if (mutant.is_none || (mutant.last != t && strcmp(mutant.table, t->name) != 0))
		return t->count;
	if (mutant.last != t) {
		if (mutant.row >= t->count)
			abort();
		mutant.last = t;
		mutant_alter(t);
	}
	return mutant.row;
}

const struct fsm_row *
fsm_mutant_row(void)
{
	return &mutant.altered;
}

bool
fsm_mutant_negates(void)
{
	return mutant.is_negated;
}
#endif
