/* ckpt_kinds_show.c - the kinds of checkpoints and their counters, and what support wants to know of a link. */
#include <stdio.h>

#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_show.h"

enum { LABEL_COLUMN = 48, WORDS_MAX = 24 };

/* The order in which operators read them: the full checkpoint, then by number. */
static const uint8_t kinds_shown[CKPT_ROW_COUNT] = {CKPT_KIND_FULL,
                                                    CKPT_KIND_INVALIDATE_CRR,
                                                    CKPT_KIND_UPDATE_IDLESECS,
                                                    CKPT_KIND_UPDATE_CLPSTATS,
                                                    CKPT_KIND_GGSN_UPDATE_STATS,
                                                    CKPT_KIND_GGSN_UPDATE_SESSION};

static uint64_t
sum(const struct ckpt_sessmgr_view *views, unsigned count, unsigned row, enum ckpt_row_figure figure)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += views[i].counters[ckpt_row_counter(row, figure)];
	return n;
}

/* A full checkpoint has no number. */
static struct report_cell
cell_cmd_id(uint8_t kind)
{
	return kind == CKPT_KIND_FULL ? cell_none() : cell_number(kind);
}

/* --- show srp checkpoint info ------------------------------------------------------------------------------- */

static const struct report_column info_columns[] = {
    {.key = "cmd_id", .head = "CMD-ID", .width = 6, .is_right = true},
    {.key = "name", .head = "Name", .width = 19, .gap = 1},
    {.key = "category", .head = "Category", .width = 13, .gap = 1},
    {.key = "trigger", .head = "Sent at", .width = 24, .gap = 1},
    {.key = "interval", .head = "Every", .width = 6, .gap = 1},
    {.key = "accounting", .head = "Acct", .width = 4, .gap = 1},
    {.key = "sent", .head = "Sent", .width = 8, .gap = 1, .is_right = true},
    {.key = "received", .head = "Received", .width = 8, .gap = 1, .is_right = true},
    {.key = "failed", .head = "Failed", .width = 6, .gap = 1, .is_right = true},
    {.key = "nack", .head = "NACK", .gap = 1},
};

static const struct report_table info_table = {
    .key = "checkpoints", .columns = info_columns, .count = sizeof info_columns / sizeof info_columns[0]};

static const char *
interval_words(const struct ckpt_micro_row *row, const struct ckpt_settings *s, char words[WORDS_MAX])
{
	uint32_t ms = row->kind == CKPT_KIND_FULL ? s->periodic_ms : row->interval_ms;

	if (ms == 0)
		return "-";
	if (ms % 60000 == 0)
		snprintf(words, WORDS_MAX, "%u min", ms / 60000);
	else
		snprintf(words, WORDS_MAX, "%u s", ms / 1000);
	return words;
}

static const char *
nack_words(uint8_t kind, const struct ckpt_settings *s, char words[WORDS_MAX])
{
	enum ckpt_nack_class class = kind == CKPT_KIND_FULL ? CKPT_NACK_MACRO : CKPT_NACK_MICRO;

	if (kind == CKPT_KIND_INVALIDATE_CRR)
		return "-"; /* a deletion is not asked for again */
	if (!s->is_nack[class])
		return "off";
	if (s->nack_disabled[kind / 8] & 1u << kind % 8)
		return "disabled";
	snprintf(words, WORDS_MAX, "max %u", s->nacks_max[class]);
	return words;
}

void
ckpt_show_info(const struct ckpt_sessmgr_view *views, unsigned count, const struct ckpt_settings *s, struct report *r)
{
	report_table_begin(r, &info_table);
	for (unsigned i = 0; i < CKPT_ROW_COUNT; i++) {
		unsigned n = ckpt_row_of(kinds_shown[i]);
		const struct ckpt_micro_row *row = &ckpt_micro_rows[n];
		char interval[WORDS_MAX], nack[WORDS_MAX];
		const struct report_cell cells[] = {
		    cell_cmd_id(row->kind),
		    cell_text(row->name),
		    cell_text(row->category),
		    cell_text(row->trigger),
		    cell_text(interval_words(row, s, interval)),
		    cell_text(row->is_accounting ? "yes" : "no"),
		    cell_number(sum(views, count, n, CKPT_ROW_SENT)),
		    cell_number(sum(views, count, n, CKPT_ROW_RECEIVED)),
		    cell_number(sum(views, count, n, CKPT_ROW_FAILED)),
		    cell_text(nack_words(row->kind, s, nack)),
		};

		report_row(r, &info_table, cells);
	}
	report_table_end(r, &info_table);
	report_note(r, "The product writes SESS_UCHKPT_CMD_ before the names of those that have a number.");
	report_note(r, "Heartbeats, acknowledgements and synchronisation marks travel beside them and have no number.");
}

/* --- show srp micro-checkpoint statistics -------------------------------------------------------------------- */

static const struct report_column micro_columns[] = {
    {.key = "cmd_id", .head = "CMD-ID", .width = 6, .is_right = true},
    {.key = "name", .head = "Name", .width = 19, .gap = 1},
    {.key = "sent", .head = "Sent", .width = 12, .gap = 1, .is_right = true},
    {.key = "received", .head = "Received", .width = 12, .gap = 1, .is_right = true},
    {.key = "failed", .head = "Failed", .width = 10, .gap = 1, .is_right = true},
    {.key = "nacks_sent", .head = "NACKs sent", .width = 10, .gap = 1, .is_right = true},
    {.key = "nacks_received", .head = "NACKs rcvd", .width = 10, .gap = 1, .is_right = true},
};

static const struct report_table micro_table = {
    .key = "micro_checkpoints", .columns = micro_columns, .count = sizeof micro_columns / sizeof micro_columns[0]};

static void
show_micro_table(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	report_table_begin(r, &micro_table);
	for (unsigned i = 0; i < CKPT_ROW_COUNT; i++) {
		unsigned n = ckpt_row_of(kinds_shown[i]);
		struct report_cell cells[sizeof micro_columns / sizeof micro_columns[0]];

		if (kinds_shown[i] == CKPT_KIND_FULL)
			continue;
		cells[0] = cell_cmd_id(ckpt_micro_rows[n].kind);
		cells[1] = cell_text(ckpt_micro_rows[n].name);
		for (unsigned k = 0; k < CKPT_ROW_FIGURES; k++)
			cells[2 + k] = cell_number(sum(views, count, n, (enum ckpt_row_figure)k));
		report_row(r, &micro_table, cells);
	}
	report_table_end(r, &micro_table);
}

void
ckpt_show_micro(const struct ckpt_sessmgr_view *views, unsigned count, bool is_debug, struct report *r)
{
	r->label_width = LABEL_COLUMN;
	show_micro_table(views, count, r);
	if (!is_debug)
		return;
	report_list(r, "sessmgrs");
	for (unsigned i = 0; i < count; i++) {
		report_open(r, NULL);
		report_blank(r);
		report_number(r, "instance", "Sessmgr instance:", views[i].instance, NULL);
		show_micro_table(&views[i], 1, r);
		report_close(r);
	}
	report_close(r);
}

/* --- debug-info ---------------------------------------------------------------------------------------------- */

static void
show_refusals(const struct ckpt_sessmgr_view *v, struct report *r)
{
	static const struct report_column columns[] = {
	    {.key = "rule", .head = "Frames refused for", .width = 30},
	    {.key = "count", .head = "Count", .width = 10, .gap = 1, .is_right = true},
	};
	static const struct report_table table = {
	    .key = "refusals", .columns = columns, .count = sizeof columns / sizeof columns[0]};

	report_table_begin(r, &table);
	for (unsigned i = 0; i < CKPT_REFUSALS; i++) {
		uint64_t n = v->counters[CKPT_REFUSED_FIRST + i];
		const struct report_cell cells[] = {cell_text(ckpt_refusals[i]), cell_number(n)};

		if (n > 0)
			report_row(r, &table, cells);
	}
	report_table_end(r, &table);
}

void
ckpt_show_debug(const struct ckpt_sessmgr_view *v, struct report *r)
{
	static const struct {
		const char *key, *label;
		enum ckpt_counter counter;
	} gauges[] = {
	    {"incarnation", "Incarnation:", CKPT_NOW_INCARNATION},
	    {"epoch", "Epoch:", CKPT_NOW_EPOCH},
	    {"sequence", "Last change made or held:", CKPT_NOW_SEQ},
	    {"acknowledged_sequence", "Last change that the standby holds:", CKPT_NOW_ACKED},
	    {"next_batch", "Next batch:", CKPT_NOW_BATCH},
	    {"batches_in_flight", "Batches not yet acknowledged:", CKPT_NOW_IN_FLIGHT},
	    {"peer_schema", "Schema of the peer's call records:", CKPT_NOW_SCHEMA},
	    {"calls_asked_for", "Calls asked for by NACK and not yet there:", CKPT_NOW_NACKS},
	};

	r->label_width = LABEL_COLUMN;
	for (unsigned i = 0; i < sizeof gauges / sizeof gauges[0]; i++)
		report_number(r, gauges[i].key, gauges[i].label, v->counters[gauges[i].counter], NULL);
	show_refusals(v, r);
}

/* --- write-list-stats ----------------------------------------------------------------------------------------- */

void
ckpt_show_write_lists(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	static const struct {
		struct report_column column;
		enum ckpt_counter counter;
	} of[] = {
	    {{.key = "young", .head = "Young", .width = 9, .gap = 1, .is_right = true}, CKPT_NOW_YOUNG},
	    {{.key = "listed", .head = "Listed", .width = 9, .gap = 1, .is_right = true}, CKPT_NOW_UNACKED},
	    {{.key = "longest", .head = "Longest", .width = 9, .gap = 1, .is_right = true}, CKPT_NOW_LIST_PEAK},
	    {{.key = "changes", .head = "Changes", .width = 12, .gap = 1, .is_right = true}, CKPT_CHANGES_MADE},
	    {{.key = "merged", .head = "Merged", .width = 12, .gap = 1, .is_right = true}, CKPT_CHANGES_MERGED},
	    {{.key = "batches", .head = "Batches", .width = 10, .gap = 1, .is_right = true}, CKPT_BATCHES_SENT},
	    {{.key = "in_flight", .head = "In flight", .width = 9, .gap = 1, .is_right = true}, CKPT_NOW_IN_FLIGHT},
	    {{.key = "waits", .head = "Waits", .width = 8, .gap = 1, .is_right = true}, CKPT_WINDOW_FULL},
	};
	enum { COLUMNS = 1 + sizeof of / sizeof of[0] };
	struct report_column columns[COLUMNS] = {{.key = "instance", .head = "smgr", .width = 4, .is_right = true}};
	const struct report_table table = {.key = "write_lists", .columns = columns, .count = COLUMNS};

	for (unsigned k = 1; k < COLUMNS; k++)
		columns[k] = of[k - 1].column;
	report_table_begin(r, &table);
	for (unsigned i = 0; i < count; i++) {
		struct report_cell cells[COLUMNS] = {cell_number(views[i].instance)};

		for (unsigned k = 1; k < COLUMNS; k++)
			cells[k] = cell_number(views[i].counters[of[k - 1].counter]);
		report_row(r, &table, cells);
	}
	report_table_end(r, &table);
	report_note(
	    r, "Listed: calls and deletions changed and not yet acknowledged. Merged: changes that joined one that "
	       "had not been sent.");
}
