/*
 * fsm.h - state machines as tables: (state, event, guard, next state, actions, reason).
 *
 * The engine that owns a table evaluates guards (pure functions of its own data) and carries the
 * actions out; fsm_find only picks the row. Rows are tried in table order: the first whose guard
 * holds is taken. A (state, event) whose last row has no guard cannot fall through; fsm_check
 * proves that for every pair, so an event that is to be ignored is a row with a reason.
 * Timers are actions (start, stop) and events (expired); no guard compares time stamps.
 */
#ifndef BASE_FSM_H
#define BASE_FSM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum { FSM_ACTIONS_MAX = 8, FSM_ANY_STATE = 255, FSM_SAME_STATE = 254 };

struct fsm_row {
	uint8_t state; /* or FSM_ANY_STATE */
	uint8_t event;
	uint8_t guard;                    /* 0: always */
	uint8_t next;                     /* or FSM_SAME_STATE */
	uint8_t actions[FSM_ACTIONS_MAX]; /* in order, ended by 0 */
	const char *reason;               /* why, in words an operator understands; never NULL */
};

struct fsm_table {
	const char *name;
	const struct fsm_row *rows;
	size_t count;
	const char *const *states; /* names, state_count of them */
	const char *const *events;
	const char *const *guards;  /* guards[0] is "" */
	const char *const *actions; /* actions[0] is "" */
	size_t state_count, event_count, guard_count, action_count;
};

/* FSM_TABLE - the machine @MACHINE of the arrays rows, states, events, guards and actions of the file that says it. */
#define FSM_ARRAY_COUNT(ARRAY) (sizeof(ARRAY) / sizeof(ARRAY)[0])
#define FSM_TABLE(MACHINE)                                                                                             \
	{                                                                                                              \
		.name = (MACHINE), .rows = rows, .count = FSM_ARRAY_COUNT(rows), .states = states, .events = events,   \
		.guards = guards, .actions = actions, .state_count = FSM_ARRAY_COUNT(states),                          \
		.event_count = FSM_ARRAY_COUNT(events), .guard_count = FSM_ARRAY_COUNT(guards),                        \
		.action_count = FSM_ARRAY_COUNT(actions)                                                               \
	}

/*
 * fsm_find - the first row for (@state, @event) whose guard holds.
 *
 * @holds  asked for each non-zero guard, in row order, with @arg
 * @row    receives the index into table->rows
 *
 * Returns ERR_NO_ROW when nothing matches (fsm_check makes that impossible).
 */
enum err fsm_find(const struct fsm_table *t, uint8_t state, uint8_t event,
                  bool (*holds)(uint8_t guard, const void *arg), const void *arg, size_t *row);

/* fsm_row - what is to be done: row @row that fsm_find gave. Engines take it here, so that `make mutate` can alter it.
 */
const struct fsm_row *fsm_row(const struct fsm_table *t, size_t row);

/*
 * fsm_check - start-up self-check: every (state, event) pair ends in an unguarded row, no row stands
 * behind an unguarded one of the same pair (it could never be taken), every number has a name and every
 * row a reason, every state but @initial is entered by some row.
 *
 * Returns ERR_FORMAT and one line per fault in @out.
 */
enum err fsm_check(const struct fsm_table *t, uint8_t initial, struct text *out);

/* fsm_print - the table as Markdown, one row a line; docs/FSM.md is made of it. */
void fsm_print(const struct fsm_table *t, struct text *out);

#endif
