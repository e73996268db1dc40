/* ckpt_show.c - the checkpoint statistics. */
#include "checkpoint/ckpt_show.h"

#include "checkpoint/compress.h"

static uint64_t
sum(const struct ckpt_sessmgr_view *views, unsigned count, enum ckpt_counter counter)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += views[i].counters[counter];
	return n;
}

enum { LABEL_COLUMN = 48 };

static void
line(struct report *r, const char *key, const char *label, uint64_t value)
{
	report_number(r, key, label, value, NULL);
}

/* Session managers by connection: Ready ones by role, the others are pending. */
static void
show_states(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	unsigned active = 0, standby = 0, pending = 0;

	for (unsigned i = 0; i < count; i++) {
		bool is_ready = views[i].counters[CKPT_NOW_CONN] == CKPT_CONN_READY;

		if (!is_ready)
			pending++;
		else if (views[i].counters[CKPT_NOW_ROLE] == CKPT_ACTIVE)
			active++;
		else
			standby++;
	}
	line(r, "number_of_sessmgrs", "Number of Sessmgrs:", count);
	line(r, "sessmgrs_in_active_connected_state", "Sessmgrs in Active-Connected state:", active);
	line(r, "sessmgrs_in_standby_connected_state", "Sessmgrs in Standby-Connected state:", standby);
	line(r, "sessmgrs_in_pending_active_state", "Sessmgrs in Pending-Active state:", pending);
}

/* The codec that all @views have in @gauge, or how many have which. */
static void
show_codec(const char *key, const char *label, const struct ckpt_sessmgr_view *views, unsigned count,
           enum ckpt_counter gauge, struct report *r)
{
	unsigned with[COMPRESS_ID_COUNT] = {0};
	unsigned counted = 0;
	struct text_fixed f;
	struct text said;
	char text[128];

	for (unsigned i = 0; i < count; i++)
		if (views[i].counters[gauge] != COMPRESS_NONE && views[i].counters[gauge] < COMPRESS_ID_COUNT) {
			with[views[i].counters[gauge]]++;
			counted++;
		}
	text_fixed_init(&f, &said, text, sizeof text);
	for (unsigned id = COMPRESS_NONE + 1; id < COMPRESS_ID_COUNT; id++) {
		if (with[id] == 0)
			continue;
		text_printf(&said, "%s%s", f.len == 0 ? "" : ", ", compress_name((enum compress_id)id));
		if (with[id] < counted)
			text_printf(&said, " (%u)", with[id]);
	}
	report_text(r, key, label, counted == 0 ? "none" : text);
}

static void
show_calls(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	uint64_t active = 0, standby = 0, restored = 0, lost = 0;

	for (unsigned i = 0; i < count; i++) {
		active += views[i].calls_active;
		standby += views[i].calls_standby;
		restored += views[i].calls_restored;
		lost += views[i].calls_lost;
	}
	report_title(r, "\nCURRENT CALL STATISTICS");
	line(r, "current_active_calls", "Current active calls:", active);
	line(r, "current_pre_allocated_calls", "Current pre-allocated calls:", standby);
	line(r, "current_calls_not_yet_acknowledged_by_peer",
	     "Current calls not yet acknowledged by peer:", sum(views, count, CKPT_NOW_UNACKED));
	line(r, "current_calls_below_checkpoint_duration",
	     "Current calls below checkpoint duration:", sum(views, count, CKPT_NOW_YOUNG));
	report_title(r, "\nCUMULATIVE CALL RECOVERY STATISTICS");
	line(r, "total_calls_recovered", "Total calls recovered:", restored);
	line(r, "total_calls_lost", "Total calls lost:", lost);
}

static const struct {
	const char *key, *label;
	enum ckpt_counter counter;
} totals[] = {
    {"total_full_checkpoints_sent", "Total full checkpoints sent:", CKPT_FULL_SENT},
    {"total_full_checkpoints_received", "Total full checkpoints received:", CKPT_FULL_RECEIVED},
    {"total_full_checkpoints_failed", "Total full checkpoints failed:", CKPT_FULL_FAILED},
    {"total_micro_checkpoints_sent", "Total micro checkpoints sent:", CKPT_MICRO_SENT},
    {"total_micro_checkpoints_received", "Total micro checkpoints received:", CKPT_MICRO_RECEIVED},
    {"total_micro_checkpoints_failed", "Total micro checkpoints failed:", CKPT_MICRO_FAILED},
    {"total_call_deletions_sent", "Total call deletions sent:", CKPT_INVALIDATE_SENT},
    {"total_call_deletions_sent_again", "Total call deletions sent again:", CKPT_INVALIDATE_AGAIN},
    {"total_call_deletions_received", "Total call deletions received:", CKPT_INVALIDATE_RECEIVED},
    {"total_call_deletions_failed", "Total call deletions failed:", CKPT_INVALIDATE_FAILED},
    {"total_checkpoints_of_unknown_kind_received",
     "Total checkpoints of unknown kind received:", CKPT_UNKNOWN_RECEIVED},
    {"total_batches_sent", "Total batches sent:", CKPT_BATCHES_SENT},
    {"total_batches_received", "Total batches received:", CKPT_BATCHES_RECEIVED},
    {"total_batches_ignored", "Total batches ignored:", CKPT_BATCHES_IGNORED},
    {"total_frames_refused", "Total frames refused:", CKPT_REJECTED},
    {"total_acknowledgements_sent", "Total acknowledgements sent:", CKPT_ACKS_SENT},
    {"total_acknowledgements_received", "Total acknowledgements received:", CKPT_ACKS_RECEIVED},
    {"total_heartbeats_sent", "Total heartbeats sent:", CKPT_HEARTBEATS_SENT},
    {"total_heartbeats_received", "Total heartbeats received:", CKPT_HEARTBEATS_RECEIVED},
    {"total_bytes_sent_before_compression", "Total bytes sent before compression:", CKPT_RAW_BYTES_SENT},
    {"total_bytes_received_after_decompression", "Total bytes received after decompression:", CKPT_RAW_BYTES_RECEIVED},
    {"total_bytes_sent", "Total bytes sent:", CKPT_WIRE_BYTES_SENT},
    {"total_bytes_received", "Total bytes received:", CKPT_WIRE_BYTES_RECEIVED},
    {"total_connections", "Total connections:", CKPT_CONNECTS},
    {"total_disconnections", "Total disconnections:", CKPT_DISCONNECTS},
    {"total_full_synchronisations_begun", "Total full synchronisations begun:", CKPT_SYNCS_FULL},
    {"total_synchronisations_of_changes_only", "Total synchronisations of changes only:", CKPT_SYNCS_CHANGES},
    {"total_synchronisations_received", "Total synchronisations received:", CKPT_SYNCS_RECEIVED},
    {"total_calls_removed_by_synchronisation", "Total calls removed by synchronisation:", CKPT_SYNC_DROPPED},
    {"total_first_full_checkpoints_in_critical_flush",
     "Total first full checkpoints in critical flush:", CKPT_FLUSH_FIRST_FULL},
    {"total_accounting_records_flushed", "Total accounting records flushed:", CKPT_ACCOUNTING_SENT},
    {"total_accounting_records_taken_over", "Total accounting records taken over:", CKPT_ACCOUNTING_RECEIVED},
    {"total_proofs_of_sync", "Total proofs of sync:", CKPT_PROOFS},
    {"total_proofs_that_differed", "Total proofs that differed:", CKPT_PROOFS_DIFFERENT},
    {"damaged_records_taken_back", "Damaged records taken back from the standby:", CKPT_RECORDS_RESTORED},
    {"damaged_records_lost", "Damaged records whose calls were ended:", CKPT_RECORDS_LOST},
    {"total_periodic_full_checkpoints_due", "Total periodic full checkpoints due:", CKPT_FULL_PERIODIC},
    {"total_fc_nacks_sent", "Total FC NACKs sent:", CKPT_NACK_FC_SENT},
    {"total_fc_nacks_received", "Total FC NACKs received:", CKPT_NACK_FC_RECEIVED},
    {"total_mc_nacks_sent", "Total MC NACKs sent:", CKPT_NACK_MC_SENT},
    {"total_mc_nacks_received", "Total MC NACKs received:", CKPT_NACK_MC_RECEIVED},
    {"nacks_sent_ckey_mismatch", "NACKs sent, ckey mismatch:", CKPT_NACK_CKEY_SENT},
    {"nacks_received_ckey_mismatch", "NACKs received, ckey mismatch:", CKPT_NACK_CKEY_RECEIVED},
    {"nacks_sent_session_not_found", "NACKs sent, session not found:", CKPT_NACK_NOT_FOUND_SENT},
    {"nacks_received_session_not_found", "NACKs received, session not found:", CKPT_NACK_NOT_FOUND_RECEIVED},
    {"nacks_sent_application_failure", "NACKs sent, application failure:", CKPT_NACK_APPL_SENT},
    {"nacks_received_application_failure", "NACKs received, application failure:", CKPT_NACK_APPL_RECEIVED},
    {"nacks_answered_by_a_full_checkpoint", "NACKs answered by a full checkpoint:", CKPT_NACK_ANSWERED},
    {"nacks_received_for_calls_that_have_ended", "NACKs received for calls that have ended:", CKPT_NACK_GONE},
    {"calls_asked_for_by_nack_that_came", "Calls asked for by NACK that came:", CKPT_NACK_REPAIRED},
    {"calls_asked_for_by_nack_and_given_up", "Calls asked for by NACK and given up:", CKPT_NACK_GIVEN_UP},
    {"nacks_not_sent_not_configured_or_disabled", "NACKs not sent (not configured or disabled):", CKPT_NACK_SUPPRESSED},
    {"nacks_held_back_in_a_storm", "NACKs held back in a storm:", CKPT_NACK_DELAYED},
    {"nack_storms", "NACK storms:", CKPT_NACK_STORMS},
    {"total_changes_on_the_write_list", "Total changes on the write list:", CKPT_CHANGES_MADE},
    {"total_changes_merged_on_the_write_list", "Total changes merged on the write list:", CKPT_CHANGES_MERGED},
    {"total_waits_for_acknowledgements", "Total waits for acknowledgements:", CKPT_WINDOW_FULL},
};

static void
show_totals(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	for (unsigned i = 0; i < sizeof totals / sizeof totals[0]; i++)
		line(r, totals[i].key, totals[i].label, sum(views, count, totals[i].counter));
}

void
ckpt_show_statistics(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	r->label_width = LABEL_COLUMN;
	show_states(views, count, r);
	show_codec("compression_configured", "Checkpoint compression configured:", views, count, CKPT_NOW_CONFIGURED,
	           r);
	show_codec("compression_agreed", "Checkpoint compression agreed with peer:", views, count, CKPT_NOW_COMPRESSION,
	           r);
	show_calls(views, count, r);
	show_totals(views, count, r);
}

/* Two lines of heads: the words are those of the reference. */
static const struct report_column sessmgr_columns[] = {
    {.key = "instance", .width = 4, .is_right = true},
    {.key = "state", .width = 6, .gap = 1},
    {.key = "peer_connection", .width = 5, .gap = 1},
    {.key = "calls", .width = 9, .gap = 1, .is_right = true},
    {.key = "unacknowledged", .width = 8, .gap = 1, .is_right = true},
    {.key = "full_sent", .width = 9, .gap = 1, .is_right = true},
    {.key = "full_received", .width = 9, .gap = 1, .is_right = true},
    {.key = "micro_sent", .width = 9, .gap = 1, .is_right = true},
    {.key = "micro_received", .width = 9, .gap = 1, .is_right = true},
    {.key = "failed", .width = 8, .gap = 1, .is_right = true},
};

static const struct report_table sessmgr_table = {
    .key = "sessmgrs",
    .heading = "smgr state  peer      calls  unacked      full      full     micro     micro   failed\n"
               "inst        conn                         sent      rcvd      sent      rcvd\n"
               "---- ------ ----- --------- -------- --------- --------- --------- --------- --------\n",
    .columns = sessmgr_columns,
    .count = sizeof sessmgr_columns / sizeof sessmgr_columns[0],
};

static void
show_row(const struct ckpt_sessmgr_view *v, struct report *r)
{
	static const char *const conns[] = {
	    [CKPT_CONN_NONE] = NULL, [CKPT_CONN_CONN] = "Conn", [CKPT_CONN_READY] = "Ready"};
	uint64_t conn = v->counters[CKPT_NOW_CONN];
	bool is_active = v->counters[CKPT_NOW_ROLE] == CKPT_ACTIVE;
	const char *state = is_active ? "Actv" : "Stby";
	const struct report_cell cells[] = {
	    cell_number(v->instance),
	    cell_text(v->is_running ? state : "Down"),
	    cell_text(conn <= CKPT_CONN_READY ? conns[conn] : "?"),
	    cell_number(is_active ? v->calls_active : v->calls_standby),
	    cell_number(v->counters[CKPT_NOW_UNACKED]),
	    cell_number(v->counters[CKPT_FULL_SENT]),
	    cell_number(v->counters[CKPT_FULL_RECEIVED]),
	    cell_number(v->counters[CKPT_MICRO_SENT]),
	    cell_number(v->counters[CKPT_MICRO_RECEIVED]),
	    cell_number(v->counters[CKPT_FULL_FAILED] + v->counters[CKPT_MICRO_FAILED] +
	                v->counters[CKPT_INVALIDATE_FAILED] + v->counters[CKPT_REJECTED]),
	};

	report_row(r, &sessmgr_table, cells);
}

void
ckpt_show_statistics_verbose(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	ckpt_show_statistics(views, count, r);
	report_blank(r);
	report_table_begin(r, &sessmgr_table);
	for (unsigned i = 0; i < count; i++)
		show_row(&views[i], r);
	report_table_end(r, &sessmgr_table);
}

/* --- parts of it --------------------------------------------------------------------------------------------- */

void
ckpt_show_statistics_debug(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	ckpt_show_statistics_verbose(views, count, r);
	report_list(r, "debug");
	for (unsigned i = 0; i < count; i++) {
		report_open(r, NULL);
		report_blank(r);
		r->label_width = LABEL_COLUMN;
		line(r, "instance", "Sessmgr instance:", views[i].instance);
		ckpt_show_debug(&views[i], r);
		report_close(r);
	}
	report_close(r);
}

void
ckpt_show_statistics_active(const struct ckpt_sessmgr_view *views, unsigned count, struct report *r)
{
	ckpt_show_statistics_verbose(views, count, r);
	if (count == 0) {
		report_note(r, "No session manager of this chassis is active.");
		return;
	}
	report_blank(r);
	ckpt_show_micro(views, count, false, r);
}

void
ckpt_show_sessmgrs(const struct ckpt_sessmgr_view *views, unsigned count, bool is_debug, struct report *r)
{
	report_list(r, "sessmgrs");
	for (unsigned i = 0; i < count; i++) {
		report_open(r, NULL);
		if (i > 0)
			report_blank(r);
		r->label_width = LABEL_COLUMN;
		line(r, "instance", "Sessmgr instance:", views[i].instance);
		ckpt_show_statistics(&views[i], 1, r);
		if (is_debug) {
			report_blank(r);
			ckpt_show_debug(&views[i], r);
		}
		report_close(r);
	}
	report_close(r);
}

void
ckpt_show_ipsecmgrs(struct report *r)
{
	r->label_width = LABEL_COLUMN;
	line(r, "number_of_ipsecmgrs", "Number of Ipsecmgrs:", 0);
	report_note(r, "This release has no IPsec managers, so nothing of theirs is replicated.");
}
