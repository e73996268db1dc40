/*
 * tables.c - the program behind `make docs` and the count of rows: prints what the tables hold.
 *
 * tables commands|wire|fsm|logs writes one page of docs/; tables rows writes one line a row, which tests/rows_hit holds
 * against what the tests have hit; tables mutants one line for each alteration of an FSM row, which tests/mutate tries.
 * Not part of an installation.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fsm.h"
#include "base/log.h"
#include "base/rows.h"
#include "chassis/chassis.h"
#include "chassis/tables.h"
#include "checkpoint/ckpt_wire.h"
#include "cli/cli.h"
#include "gateway/gtp1.h"
#include "monitor/guard_timer.h"
#include "session/call_rows.h"
#include "srp/srp.h"
#include "srp/srp_post.h"
#include "srp/srp_wire.h"

enum { GROUP_BITS = 32 };

static void
to_stdout(void *arg, const char *s, size_t n)
{
	(void)arg;
	fwrite(s, 1, n, stdout);
}

static struct text out = {to_stdout, NULL};

/* --- wire ------------------------------------------------------------------------------------------------- */

/* A format, and what its groups are called; NULL: not a group. */
struct page {
	const char *title;
	const struct rows_format *format;
	const char *(*group)(unsigned bit);
	const char *text;
};

static const char *
srp_group(unsigned bit)
{
	return bit >= SRP_MSG_OPEN && bit < SRP_MSG_TYPE_END ? srp_msg_name((uint8_t)bit) : NULL;
}

static const char *
ckpt_group(unsigned bit)
{
	return bit >= CKPT_OPEN && bit < CKPT_FRAME_TYPE_COUNT ? ckpt_frame_name((uint8_t)bit) : NULL;
}

static const char *
call_group(unsigned bit)
{
	if (1u << bit == CKPT_GROUP_FULL)
		return "full";
	for (int i = 0; i < CKPT_MICRO_COUNT; i++)
		if (1u << bit == ckpt_micro_rows[i].group)
			return ckpt_micro_rows[i].name;
	return NULL;
}

static const char *
tombstone_group(unsigned bit)
{
	return 1u << bit == CKPT_GROUP_FULL ? "INVALIDATE_CRR" : NULL;
}

static const char *
gtp_group(unsigned bit)
{
	static const struct {
		uint8_t type;
		const char *name;
	} names[] = {
	    {GTP1_ECHO_REQUEST, "Echo Request"},
	    {GTP1_ECHO_RESPONSE, "Echo Response"},
	    {GTP1_VERSION_NOT_SUPPORTED, "Version Not Supported"},
	    {GTP1_CREATE_REQUEST, "Create PDP Context Request"},
	    {GTP1_CREATE_RESPONSE, "Create PDP Context Response"},
	    {GTP1_UPDATE_REQUEST, "Update PDP Context Request"},
	    {GTP1_UPDATE_RESPONSE, "Update PDP Context Response"},
	    {GTP1_DELETE_REQUEST, "Delete PDP Context Request"},
	    {GTP1_DELETE_RESPONSE, "Delete PDP Context Response"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gtp1_group(names[i].type) == 1u << bit)
			return names[i].name;
	return NULL;
}

static const char frames_text[] =
    "A frame is magic (2 octets), version (1), type (1), length of the body (4), checksum (4), body. All numbers are\n"
    "big-endian. The checksum of a control connection is the CRC-32 of type and body, that of a checkpoint connection\n"
    "the CRC-32C of the eight octets before it and the body, of a BATCH of its header only: the records have their\n"
    "own. The body is a list of fields: id (1 octet), length (1), value. Fields of unknown ids are skipped and "
    "counted.\n";
static const char call_text[] = "The payload of a record: fields as in the frames above, in ascending order of ids. A "
                                "full record carries all rows,\n"
                                "a micro-checkpoint those of its group.\n";

static void
fill_pages(struct page pages[5])
{
	pages[0] = (struct page){"SRP: control connection, and the first frame of every connection", srp_wire_format(),
	                         srp_group, frames_text};
	pages[1] = (struct page){"Checkpoint connection", &ckpt_msg_format, ckpt_group, frames_text};
	pages[2] = (struct page){"Call record", &call_format, call_group, call_text};
	pages[3] = (struct page){"Record of a call that has ended", &tombstone_format, tombstone_group, call_text};
	pages[4] = (struct page){"GTPv1-C", &gtp1_format, gtp_group,
	                         "Elements below 128 have a fixed length and no length field, others a length of 2 "
	                         "octets (3GPP TS 29.060, section 7.7).\n"};
}

static void
put_bounds(const struct field_row *r)
{
	if (r->kind == FIELD_ADDR)
		text_put(&out, "4 or 16 octets");
	else if (r->kind == FIELD_BYTES || r->kind == FIELD_STR)
		text_printf(&out, "%" PRIu64 " to %" PRIu64 " octets", r->min, r->max);
	else
		text_printf(&out, "%" PRIu64 " to %" PRIu64, r->min, r->max);
}

static void
put_groups(const struct page *p, uint32_t groups)
{
	const char *comma = "";

	for (unsigned bit = 0; bit < GROUP_BITS; bit++) {
		const char *name = groups & 1u << bit ? p->group(bit) : NULL;

		if (name == NULL)
			continue;
		text_printf(&out, "%s%s", comma, name);
		comma = ", ";
	}
}

static void
put_format(const struct page *p)
{
	static const char *const kinds[FIELD_KIND_COUNT] = {"u8", "u16", "u32", "u64", "octets", "text", "address"};

	text_printf(&out, "\n## %s\n\n%s\nVersion %u, schema %08" PRIx32 ".\n\n", p->title, p->text, p->format->version,
	            rows_schema_hash(p->format));
	text_put(&out, "| id | name | kind | bounds | carried by |\n|---|---|---|---|---|\n");
	for (size_t i = 0; i < p->format->count; i++) {
		const struct field_row *r = &p->format->rows[i];

		text_printf(&out, "| %u", r->id);
		if (r->nth > 0)
			text_printf(&out, " (%u)", r->nth + 1u);
		text_printf(&out, " | %s | %s | ", r->name, kinds[r->kind]);
		put_bounds(r);
		text_put(&out, " | ");
		put_groups(p, r->groups);
		text_put(&out, " |\n");
	}
}

static void
put_frame_types(const char *title, unsigned magic, unsigned version, unsigned header, unsigned body_max,
                const char *(*name)(unsigned bit))
{
	text_printf(&out, "| %s | 0x%04x | %u | %u | %u |", title, magic, version, header, body_max);
	for (unsigned type = 0; type < GROUP_BITS; type++)
		if (name(type) != NULL)
			text_printf(&out, " %u %s", type, name(type));
	text_put(&out, " |\n");
}

static const char proof_text[] =
    "\nA PROOF frame (checkpoint/ckpt_proof.h) has step u8, round u32; then by step:\n\n"
    "| step | from | what follows |\n|---|---|---|\n"
    "| 1 ROOT | active | number of the next batch u64, repair u8, calls u32, sum u64, age of the oldest record read in "
    "ms u32, damaged calls u32, count u16, so many slot u32 and TEID u32 |\n"
    "| 2 BUCKETS | active | next batch u64, first bucket u32, count u16, so many sums u64 |\n"
    "| 3 SLOTS | active | next batch u64, from u32, to u32, last u8, count u16, so many slot - from u16, TEID u32, "
    "hash u64 |\n"
    "| 4 READ | active | nothing: read all records again |\n"
    "| 5 ASK_BUCKETS | standby | nothing |\n"
    "| 6 ASK_SLOTS | standby | count u16, so many buckets u16 |\n"
    "| 7 NAMES | standby | count u16, so many slot u32, TEID u32, kind u8 |\n"
    "| 8 RESEND | standby | count u16, so many slots u32 |\n"
    "| 9 VERDICT | standby | calls by kind of difference 6 x u32, age of the oldest record read in ms u32 |\n"
    "| 10 DONE | standby | nothing: all records were read again |\n"
    "\nA sum is that of the hashes (base/mix.h) of the records of 1024 slots, or of all, modulo 2^64; the fields of "
    "CALL_ACCOUNTING, which travel lazily, are left out.\n";

static void
wire(void)
{
	struct page pages[5];

	fill_pages(pages);
	text_put(&out, "# Wire formats\n\nMade of the field rows by `make docs`; change those, not this page.\n");
	text_put(&out, "\n## Frames\n\n| connection | magic | version | header octets | body at most | types |\n"
	               "|---|---|---|---|---|---|\n");
	put_frame_types("control", SRP_MAGIC, SRP_VERSION, SRP_HEADER_BYTES, SRP_BODY_MAX, srp_group);
	put_frame_types("checkpoint", CKPT_MAGIC, CKPT_VERSION, CKPT_HEADER_BYTES, CKPT_BODY_MAX, ckpt_group);
	text_printf(
	    &out,
	    "\nA BATCH has a fixed header of %d octets: number u64, through u64 (all changes up to this sequence\n"
	    "are in this batch and those before), codec u8 (0 none, 1 zlib, 2 LZ4 block), count of records u32,\n"
	    "raw octets u32 (at most %d), CRC-32C of the raw octets u32; then the records, packed.\n"
	    "A record (checkpoint/ckpt_records.h) begins with an octet: bits 0-1 form, 2-3 TEID, 4-5 change sequence, "
	    "6 the\n"
	    "kind. Then kind u8, if bit 6 is set, else that of the record before; change sequence: 0 that of the "
	    "record\n"
	    "before, 1 the next one, 2 varint of the difference; TEID: 0 that of the record before, 1 the next one, 2\n"
	    "varint of the difference, zigzag; varint: octets of the content; content. Before the first record: kind "
	    "0,\n"
	    "TEID 0, `through` of the batch before (`seq` of SYNC_BEGIN or SYNC_END). Form %d: content as it is. Form "
	    "%d:\n"
	    "fields of id u8, length u8, value in two parts: their count u8, ids and lengths of all, values of all. "
	    "Form %d:\n"
	    "the same behind a field 1, which is the TEID and left out. A varint has seven bits an octet, the lowest "
	    "first,\n"
	    "and bit 7 in all but the last. An ACCOUNTING frame is count u32, records; the sequence of all is 0.\n",
	    CKPT_BATCH_HEADER_BYTES, CKPT_RAW_MAX, CKPT_FORM_PLAIN, CKPT_FORM_FIELDS, CKPT_FORM_OWN);
	text_put(&out, proof_text);
	text_put(&out, "\n| record kind | name | category | sent at | accounting |\n|---|---|---|---|---|\n");
	for (int kind = 0; kind <= UINT8_MAX; kind++) {
		const struct ckpt_micro_row *row = &ckpt_micro_rows[ckpt_row_of((uint8_t)kind)];

		if (ckpt_row_of((uint8_t)kind) < CKPT_ROW_COUNT)
			text_printf(&out, "| %u | %s | %s | %s | %s |\n", row->kind, row->name, row->category,
			            row->trigger, row->is_accounting ? "yes" : "no");
	}
	text_put(&out, "\nRecords of other kinds are passed over and counted. A field keeps its id and its group for "
	               "ever; one that\n"
	               "joins or leaves a group does so under a new id and with a new version of the rows.\n");
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
		put_format(&pages[i]);
}

/* --- state machine, log catalogue, commands ----------------------------------------------------------------- */

static void
put_names(const char *title, const char *const *names, size_t count)
{
	text_printf(&out, "\n%s:", title);
	for (size_t i = 0; i < count; i++)
		if (names[i][0] != '\0')
			text_printf(&out, "%s `%s`", i > 0 && names[i - 1][0] != '\0' ? "," : "", names[i]);
	text_put(&out, "\n");
}

/* Every state machine of the program: pages and rows to be hit come from here. */
static const struct fsm_table *
machine(size_t i)
{
	const struct fsm_table *(*const all[])(void) = {srp_fsm_table, srp_post_table, guard_fsm_table};

	return i < sizeof all / sizeof all[0] ? all[i]() : NULL;
}

static void
fsm(void)
{
	const struct fsm_table *t;

	text_put(&out, "# State machines\n\nMade of the FSM rows by `make docs`; change those, not this page. Rows of "
	               "one state and "
	               "event are tried from the top; the first whose guard holds is taken.\n");
	for (size_t i = 0; (t = machine(i)) != NULL; i++) {
		text_printf(&out, "\n## %s\n", t->name);
		put_names("States", t->states, t->state_count);
		put_names("Events", t->events, t->event_count);
		put_names("Guards", t->guards, t->guard_count);
		text_put(&out, "\n");
		fsm_print(t, &out);
	}
}

static int
by_number(const void *a, const void *b)
{
	const struct log_row *x = log_row(*(const enum log_id *)a), *y = log_row(*(const enum log_id *)b);

	return x->number < y->number ? -1 : x->number > y->number;
}

static void
logs(void)
{
	enum log_id ids[LOG_ID_COUNT];

	text_put(&out,
	         "# Events of the log\n\nMade of the catalogue by `make docs`; change that, not this page. `show logs` "
	         "prints "
	         "them.\n\n| id | facility | severity | text | meaning | what to do |\n|---|---|---|---|---|---|\n");
	for (int i = 0; i < LOG_ID_COUNT; i++)
		ids[i] = (enum log_id)i;
	qsort(ids, LOG_ID_COUNT, sizeof ids[0], by_number);
	for (int i = 0; i < LOG_ID_COUNT; i++) {
		const struct log_row *r = log_row(ids[i]);

		text_printf(&out, "| %" PRIu32 " | %s | %s | `%s` | %s | %s |\n", r->number, r->facility,
		            log_severity_text(r->severity), r->fmt, r->meaning, r->advice);
	}
}

static struct cli *
new_cli(void)
{
	struct cli_setup setup = {.tables = chassis_tables, .cfg_nodes = 16, .cfg_text = 4096};
	struct cli *cli = cli_new(&setup, &out);

	if (cli == NULL)
		exit(1);
	return cli;
}

static void
commands(void)
{
	struct cli *cli = new_cli();

	cli_reference(cli, &out);
	cli_free(cli);
}

/* --- rows ------------------------------------------------------------------------------------------------------ */

/* KIND TABLE NUMBER TEXT, the first three as base/hits.h has them. */
static void
row_lines(void)
{
	static const char *const kinds[] = {
	    [CLI_LEAF] = "leaf", [CLI_OPENS] = "leaf", [CLI_EVENT] = "run", [CLI_VIEW] = "run"};
	const struct fsm_table *t;
	struct cli *cli = new_cli();
	const struct cli_row *row;
	struct page pages[5];

	for (size_t i = 0; (row = cli_row_at(cli, i)) != NULL; i++) {
		text_printf(&out, "%s command %u %s:", kinds[row->kind], row->id,
		            row->mode != NULL ? row->mode->name : "every configuration mode");
		for (const struct cli_token *k = row->tokens; k->kind == CLI_KEYWORD; k++)
			text_printf(&out, " %s", k->name);
		text_put(&out, "\n");
	}
	cli_free(cli);
	for (size_t m = 0; (t = machine(m)) != NULL; m++)
		for (size_t i = 0; i < t->count; i++)
			text_printf(&out, "taken %s %zu %s, %s, %s: %s\n", t->name, i,
			            t->rows[i].state == FSM_ANY_STATE ? "any" : t->states[t->rows[i].state],
			            t->events[t->rows[i].event], t->guards[t->rows[i].guard], t->rows[i].reason);
	fill_pages(pages);
	for (size_t p = 0; p < sizeof pages / sizeof pages[0]; p++)
		for (size_t i = 0; i < pages[p].format->count; i++) {
			text_printf(&out, "encoded %s %zu %s\n", pages[p].format->name, i,
			            pages[p].format->rows[i].name);
			text_printf(&out, "decoded %s %zu %s\n", pages[p].format->name, i,
			            pages[p].format->rows[i].name);
		}
}

/* --- rows altered ----------------------------------------------------------------------------------------- */

/* One line for each alteration of a row: what STARLING_FSM_MUTANT takes (base/fsm_mutant.h), then its words. */
static void
mutant_line(const struct fsm_table *t, size_t row, const char *kind, unsigned arg, const char *what)
{
	const struct fsm_row *r = &t->rows[row];

	text_printf(&out, "%s:%zu:%s:%u\t%s\t%s\t%s\t%s%s%s\n", t->name, row, kind, arg,
	            r->state == FSM_ANY_STATE ? "any" : t->states[r->state], t->events[r->event], t->guards[r->guard],
	            kind, what[0] == '\0' ? "" : " ", what);
}

/* Two other states for every row, which ones by its number; "same" for a row that goes somewhere. */
static void
mutant_next(const struct fsm_table *t, size_t row)
{
	const struct fsm_row *r = &t->rows[row];
	unsigned wanted = 2;

	if (r->next != FSM_SAME_STATE && r->state != r->next) {
		mutant_line(t, row, "next", FSM_SAME_STATE, "same");
		wanted = 1;
	}
	for (unsigned k = 0; k < t->state_count && wanted > 0; k++) {
		unsigned other = (unsigned)((row * 5 + k) % t->state_count);

		if (other == r->next || other == r->state)
			continue;
		mutant_line(t, row, "next", other, t->states[other]);
		wanted--;
	}
}

static void
mutants_of(const struct fsm_table *t)
{
	for (size_t i = 0; i < t->count; i++) {
		mutant_line(t, i, "delete", 0, "");
		mutant_next(t, i);
		for (unsigned k = 0; k < FSM_ACTIONS_MAX && t->rows[i].actions[k] != 0; k++)
			mutant_line(t, i, "drop", k, t->actions[t->rows[i].actions[k]]);
		if (t->rows[i].guard != 0) {
			mutant_line(t, i, "unguard", 0, "");
			mutant_line(t, i, "negate", 0, "");
		}
	}
}

static void
mutants(void)
{
	const struct fsm_table *t;

	for (size_t m = 0; (t = machine(m)) != NULL; m++)
		mutants_of(t);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *word;
		void (*run)(void);
	} all[] = {{"commands", commands}, {"wire", wire},      {"fsm", fsm},
	           {"logs", logs},         {"rows", row_lines}, {"mutants", mutants}};

	for (size_t i = 0; argc == 2 && i < sizeof all / sizeof all[0]; i++)
		if (strcmp(argv[1], all[i].word) == 0) {
			all[i].run();
			return fflush(stdout) == 0 ? 0 : 1;
		}
	fputs("usage: tables commands|wire|fsm|logs|rows|mutants\n", stderr);
	return 2;
}
