/*
 * hits.h - counts how often rows of the tables were used, in test builds only.
 *
 * Kinds: "leaf" (a configuration row took effect), "run" (the handler of a command row ran), "taken" (an FSM row),
 * "encoded" and "decoded" (a field row). Every process of a test build writes its counts into the directory that
 * STARLING_HITS names; tests/rows_hit adds them up and names the rows that no test hits. Elsewhere it is nothing.
 */
#ifndef BASE_HITS_H
#define BASE_HITS_H

#ifdef STARLING_TEST
/* hits_count - row @row of @table was used; rows beyond HITS_ROWS and more than HITS_TABLES tables end the program. */
void hits_count(const char *kind, const char *table, unsigned row);
#else
static inline void
hits_count(const char *kind, const char *table, unsigned row)
{
	(void)kind;
	(void)table;
	(void)row;
}
#endif

enum { HITS_ROWS = 1024, HITS_TABLES = 32 };

#endif
