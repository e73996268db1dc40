/*
 * callgen_ledger.c - what is known of each context, and the file it is kept in.
 *
 * Line 1: callgen-ledger 1, contexts, IMSI of the first, the next sequence number. Then one line for each context that
 * was ever asked for: number, IMSI, NSAPI, state, control and data TEID, address, charging id, serial acknowledged,
 * serial sent, last sequence number, created, acknowledged (moments in ns), and TEID:moment of each of the last deleted
 * calls, the youngest first.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "callgen.h"

enum { LINE_MAX_BYTES = 384, LINE_FIELDS = 13 };

static const char *const state_names[STATE_COUNT] = {"free", "held", "unsure-create", "unsure-delete", "lost"};

uint32_t
ledger_control_teid(uint32_t i, uint16_t serial)
{
	return (uint32_t)(serial & SERIAL_MASK) << CONTEXT_BITS | (i + 1);
}

int32_t
ledger_context(const struct gen *g, uint32_t control_teid)
{
	uint32_t i = control_teid & ((1u << CONTEXT_BITS) - 1);

	return i == 0 || i > g->opt.contexts ? NONE : (int32_t)(i - 1);
}

bool
ledger_may_have(const struct gen *g, uint32_t i, uint32_t control_teid)
{
	const struct entry *e = &g->entries[i];
	uint32_t behind = ((control_teid >> CONTEXT_BITS) - e->serial) & SERIAL_MASK;

	return ledger_context(g, control_teid) == (int32_t)i &&
	       behind <= ((uint32_t)(e->sent - e->serial) & SERIAL_MASK);
}

void
ledger_set(struct gen *g, uint32_t i, enum state state)
{
	struct entry *e = &g->entries[i];

	g->held -= e->state == HELD;
	g->held += state == HELD;
	e->state = (uint8_t)state;
}

void
ledger_deleted(struct gen *g, uint32_t i, uint32_t teid, uint64_t now)
{
	struct entry *e = &g->entries[i];

	memmove(e->deleted + 1, e->deleted, sizeof e->deleted - sizeof e->deleted[0]);
	e->deleted[0].teid = teid;
	e->deleted[0].ns = now;
}

void
ledger_contradiction(struct gen *g, uint32_t i, uint64_t *counter, const char *what, uint32_t teid, int cause,
                     uint64_t deleted_ns)
{
	const struct entry *e = &g->entries[i];

	(*counter)++;
	if (g->printed++ >= g->opt.print)
		return;
	printf("contradiction=%s imsi=%0*" PRIu64 " teid=%08x state=%s serial=%u sent=%u cause=%d created_ns=%" PRIu64
	       " acked_ns=%" PRIu64 " deleted_ns=%" PRIu64 "\n",
	       what, g->opt.imsi_digits, g->opt.imsi + i, teid, state_names[e->state], e->serial, e->sent, cause,
	       e->created_ns, e->acked_ns, deleted_ns);
	fflush(stdout);
}

static bool
parse_state(const char *name, uint8_t *state)
{
	for (uint8_t i = 0; i < STATE_COUNT; i++)
		if (strcmp(name, state_names[i]) == 0) {
			*state = i;
			return true;
		}
	return false;
}

static bool
load_line(struct gen *g, const char *line)
{
	char state[LINE_MAX_BYTES];
	struct entry e = {0};
	uint64_t imsi;
	unsigned nsapi;
	uint32_t i;
	int end = 0;

	if (strlen(line) >= LINE_MAX_BYTES ||
	    sscanf(line, "%" SCNu32 " %" SCNu64 " %u %s %x %x %x %x %hu %hu %hu %" SCNu64 " %" SCNu64 " %n", &i, &imsi,
	           &nsapi, state, &e.given.teid_control, &e.given.teid_data, &e.given.address, &e.given.charging_id,
	           &e.serial, &e.sent, &e.seq, &e.created_ns, &e.acked_ns, &end) != LINE_FIELDS)
		return false;
	for (unsigned k = 0; k < DELETED_KEPT && line[end] != '\0'; k++) {
		line += end;
		end = 0;
		if (sscanf(line, "%x:%" SCNu64 " %n", &e.deleted[k].teid, &e.deleted[k].ns, &end) != 2 ||
		    e.deleted[k].teid == 0)
			return false;
	}
	if (line[end] != '\0')
		return false;
	if (i >= g->opt.contexts || imsi != g->opt.imsi + i || nsapi != SGSN_NSAPI || !parse_state(state, &e.state) ||
	    g->entries[i].sent != 0)
		return false;
	g->entries[i] = e;
	g->held += e.state == HELD;
	return true;
}

/* A file without a line is that of a first run. */
static const char *
load(struct gen *g, FILE *f)
{
	char line[2 * LINE_MAX_BYTES];
	uint32_t contexts;
	uint64_t imsi;

	if (fgets(line, sizeof line, f) == NULL)
		return ferror(f) ? "it cannot be read" : NULL;
	if (sscanf(line, "callgen-ledger 1 %" SCNu32 " %" SCNu64 " %hu", &contexts, &imsi, &g->next_seq) != 3)
		return "this is no ledger of callgen";
	if (contexts != g->opt.contexts)
		return "it has another number of contexts (--contexts)";
	if (imsi != g->opt.imsi)
		return "it begins with another IMSI (--imsi)";
	while (fgets(line, sizeof line, f) != NULL)
		if (!load_line(g, line))
			return "it has a line that cannot be read";
	return ferror(f) ? "it cannot be read" : NULL;
}

/* Opened for writing as well, so that a place that takes no ledger is refused before the run and not behind it. */
const char *
ledger_open(struct gen *g)
{
	const char *why;
	FILE *f;

	g->entries = calloc(g->opt.contexts, sizeof g->entries[0]);
	g->held_teids = calloc(g->opt.contexts, sizeof g->held_teids[0]);
	g->held_addresses = calloc(g->opt.contexts, sizeof g->held_addresses[0]);
	if (g->entries == NULL || g->held_teids == NULL || g->held_addresses == NULL)
		return "no memory";
	if (g->opt.ledger == NULL)
		return NULL;
	f = fopen(g->opt.ledger, "a+");
	if (f == NULL)
		return "it cannot be read and written";
	rewind(f);
	why = load(g, f);
	fclose(f);
	return why;
}

static void
save_line(const struct gen *g, uint32_t i, FILE *f)
{
	const struct entry *e = &g->entries[i];

	fprintf(f, "%" PRIu32 " %" PRIu64 " %u %s %08x %08x %08x %08x %hu %hu %hu %" PRIu64 " %" PRIu64, i,
	        g->opt.imsi + i, SGSN_NSAPI, state_names[e->state], e->given.teid_control, e->given.teid_data,
	        e->given.address, e->given.charging_id, e->serial, e->sent, e->seq, e->created_ns, e->acked_ns);
	for (unsigned k = 0; k < DELETED_KEPT && e->deleted[k].teid != 0; k++)
		fprintf(f, " %08x:%" PRIu64, e->deleted[k].teid, e->deleted[k].ns);
	fputc('\n', f);
}

bool
ledger_save(const struct gen *g)
{
	FILE *f = g->opt.ledger == NULL ? NULL : fopen(g->opt.ledger, "w");
	bool is_good;

	if (f == NULL)
		return g->opt.ledger == NULL;
	fprintf(f, "callgen-ledger 1 %" PRIu32 " %" PRIu64 " %hu\n", g->opt.contexts, g->opt.imsi, g->next_seq);
	for (uint32_t i = 0; i < g->opt.contexts; i++)
		if (g->entries[i].sent != 0)
			save_line(g, i, f);
	is_good = !ferror(f);
	return fclose(f) == 0 && is_good;
}

/* --- no two of the same --------------------------------------------------------------------------------------- */

static int
compare_u32(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
sort_and_compare(struct gen *g, uint32_t *values, uint32_t n, const char *what)
{
	qsort(values, n, sizeof values[0], compare_u32);
	for (uint32_t i = 1; i < n; i++)
		if (values[i] == values[i - 1]) {
			g->t.twice++;
			if (g->printed++ < g->opt.print)
				printf("contradiction=twice %s=%08x\n", what, values[i]);
		}
}

void
ledger_check_unique(struct gen *g)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < g->opt.contexts; i++)
		if (g->entries[i].state == HELD) {
			g->held_addresses[n] = g->entries[i].given.address;
			g->held_teids[n++] = g->entries[i].given.teid_control;
		}
	g->held_teid_count = n;
	sort_and_compare(g, g->held_addresses, n, "address");
	sort_and_compare(g, g->held_teids, n, "teid");
}

bool
ledger_is_held_teid(const struct gen *g, uint32_t teid)
{
	return bsearch(&teid, g->held_teids, g->held_teid_count, sizeof teid, compare_u32) != NULL;
}
