/*
 * fsm_mutant.h - a row of a state machine as `make mutate` has altered it; in every other build the row as written.
 *
 * A build with STARLING_MUTANT reads STARLING_FSM_MUTANT=table:row:kind:arg once. Kinds: "delete" (the row matches
 * nothing), "next" (goes to state arg instead), "drop" (without its arg-th action), "unguard" (its guard always holds),
 * "negate" (its guard holds when it should not). Used by fsm.c and by the engines, which take rows through fsm_row.
 */
#ifndef BASE_FSM_MUTANT_H
#define BASE_FSM_MUTANT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fsm.h"

#ifdef STARLING_MUTANT
/* fsm_mutant_of - which row of @t is altered; t->count: none. A description that is not understood ends the program. */
size_t fsm_mutant_of(const struct fsm_table *t);

/* fsm_mutant_row - the altered row of the table for which fsm_mutant_of has named one. */
const struct fsm_row *fsm_mutant_row(void);

/* fsm_mutant_negates - is its guard to be asked the other way round? */
bool fsm_mutant_negates(void);
#else
static inline size_t
fsm_mutant_of(const struct fsm_table *t)
{
	return t->count;
}

static inline const struct fsm_row *
fsm_mutant_row(void)
{
	return NULL;
}

static inline bool
fsm_mutant_negates(void)
{
	return false;
}
#endif

#endif
