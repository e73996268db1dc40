/* ckpt_show.c - text of the checkpoint statistics. */
#include "checkpoint/ckpt_show.h"

#include <inttypes.h>

#include "checkpoint/compress.h"

static uint64_t
sum(const struct ckpt_sessmgr_view *views, unsigned count, enum ckpt_counter counter)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += views[i].counters[counter];
	return n;
}

static void
line(struct text *out, const char *label, uint64_t value)
{
	text_printf(out, "%-48s%" PRIu64 "\n", label, value);
}

/* Session managers by connection: Ready ones by role, the others are pending. */
static void
show_states(const struct ckpt_sessmgr_view *views, unsigned count, struct text *out)
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
	line(out, "Number of Sessmgrs:", count);
	line(out, "Sessmgrs in Active-Connected state:", active);
	line(out, "Sessmgrs in Standby-Connected state:", standby);
	line(out, "Sessmgrs in Pending-Active state:", pending);
}

/* The codec that all @views have in @gauge, or how many have which. */
static void
show_codec(const char *label, const struct ckpt_sessmgr_view *views, unsigned count, enum ckpt_counter gauge,
           struct text *out)
{
	unsigned with[COMPRESS_ID_COUNT] = {0};
	unsigned counted = 0;

	for (unsigned i = 0; i < count; i++)
		if (views[i].counters[gauge] != COMPRESS_NONE && views[i].counters[gauge] < COMPRESS_ID_COUNT) {
			with[views[i].counters[gauge]]++;
			counted++;
		}
	text_printf(out, "%-48s", label);
	for (unsigned id = COMPRESS_NONE + 1, first = 1; id < COMPRESS_ID_COUNT; id++) {
		if (with[id] == 0)
			continue;
		text_printf(out, "%s%s", first ? "" : ", ", compress_name((enum compress_id)id));
		if (with[id] < counted)
			text_printf(out, " (%u)", with[id]);
		first = 0;
	}
	text_put(out, counted == 0 ? "none\n" : "\n");
}

static void
show_calls(const struct ckpt_sessmgr_view *views, unsigned count, struct text *out)
{
	uint64_t active = 0, standby = 0, restored = 0, lost = 0;

	for (unsigned i = 0; i < count; i++) {
		active += views[i].calls_active;
		standby += views[i].calls_standby;
		restored += views[i].calls_restored;
		lost += views[i].calls_lost;
	}
	text_put(out, "\nCURRENT CALL STATISTICS\n");
	line(out, "Current active calls:", active);
	line(out, "Current pre-allocated calls:", standby);
	line(out, "Current calls not yet acknowledged by peer:", sum(views, count, CKPT_NOW_UNACKED));
	line(out, "Current calls below checkpoint duration:", sum(views, count, CKPT_NOW_YOUNG));
	text_put(out, "\nCUMULATIVE CALL RECOVERY STATISTICS\n");
	line(out, "Total calls recovered:", restored);
	line(out, "Total calls lost:", lost);
}

static void
show_totals(const struct ckpt_sessmgr_view *views, unsigned count, struct text *out)
{
	static const struct {
		const char *label;
		enum ckpt_counter counter;
	} totals[] = {
	    {"Total full checkpoints sent:", CKPT_FULL_SENT},
	    {"Total full checkpoints received:", CKPT_FULL_RECEIVED},
	    {"Total full checkpoints failed:", CKPT_FULL_FAILED},
	    {"Total micro checkpoints sent:", CKPT_MICRO_SENT},
	    {"Total micro checkpoints received:", CKPT_MICRO_RECEIVED},
	    {"Total micro checkpoints failed:", CKPT_MICRO_FAILED},
	    {"Total call deletions sent:", CKPT_INVALIDATE_SENT},
	    {"Total call deletions sent again:", CKPT_INVALIDATE_AGAIN},
	    {"Total call deletions received:", CKPT_INVALIDATE_RECEIVED},
	    {"Total call deletions failed:", CKPT_INVALIDATE_FAILED},
	    {"Total checkpoints of unknown kind received:", CKPT_UNKNOWN_RECEIVED},
	    {"Total batches sent:", CKPT_BATCHES_SENT},
	    {"Total batches received:", CKPT_BATCHES_RECEIVED},
	    {"Total batches ignored:", CKPT_BATCHES_IGNORED},
	    {"Total frames refused:", CKPT_REJECTED},
	    {"Total acknowledgements sent:", CKPT_ACKS_SENT},
	    {"Total acknowledgements received:", CKPT_ACKS_RECEIVED},
	    {"Total heartbeats sent:", CKPT_HEARTBEATS_SENT},
	    {"Total heartbeats received:", CKPT_HEARTBEATS_RECEIVED},
	    {"Total bytes sent before compression:", CKPT_RAW_BYTES_SENT},
	    {"Total bytes received after decompression:", CKPT_RAW_BYTES_RECEIVED},
	    {"Total bytes sent:", CKPT_WIRE_BYTES_SENT},
	    {"Total bytes received:", CKPT_WIRE_BYTES_RECEIVED},
	    {"Total connections:", CKPT_CONNECTS},
	    {"Total disconnections:", CKPT_DISCONNECTS},
	    {"Total full synchronisations begun:", CKPT_SYNCS_FULL},
	    {"Total synchronisations of changes only:", CKPT_SYNCS_CHANGES},
	    {"Total synchronisations received:", CKPT_SYNCS_RECEIVED},
	    {"Total calls removed by synchronisation:", CKPT_SYNC_DROPPED},
	    {"Total first full checkpoints in critical flush:", CKPT_FLUSH_FIRST_FULL},
	    {"Total accounting records flushed:", CKPT_ACCOUNTING_SENT},
	    {"Total accounting records taken over:", CKPT_ACCOUNTING_RECEIVED},
	};

	for (unsigned i = 0; i < sizeof totals / sizeof totals[0]; i++)
		line(out, totals[i].label, sum(views, count, totals[i].counter));
}

void
ckpt_show_statistics(const struct ckpt_sessmgr_view *views, unsigned count, struct text *out)
{
	show_states(views, count, out);
	show_codec("Checkpoint compression configured:", views, count, CKPT_NOW_CONFIGURED, out);
	show_codec("Checkpoint compression agreed with peer:", views, count, CKPT_NOW_COMPRESSION, out);
	show_calls(views, count, out);
	show_totals(views, count, out);
}

static void
show_row(const struct ckpt_sessmgr_view *v, struct text *out)
{
	static const char *const conns[] = {
	    [CKPT_CONN_NONE] = "", [CKPT_CONN_CONN] = "Conn", [CKPT_CONN_READY] = "Ready"};
	uint64_t conn = v->counters[CKPT_NOW_CONN];
	bool is_active = v->counters[CKPT_NOW_ROLE] == CKPT_ACTIVE;

	text_printf(out,
	            "%4" PRIu32 " %-6s %-5s %9" PRIu64 " %8" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %9" PRIu64
	            " %8" PRIu64 "\n",
	            v->instance,
	            !v->is_running ? "Down"
	            : is_active    ? "Actv"
	                           : "Stby",
	            conn <= CKPT_CONN_READY ? conns[conn] : "?", is_active ? v->calls_active : v->calls_standby,
	            v->counters[CKPT_NOW_UNACKED], v->counters[CKPT_FULL_SENT], v->counters[CKPT_FULL_RECEIVED],
	            v->counters[CKPT_MICRO_SENT], v->counters[CKPT_MICRO_RECEIVED],
	            v->counters[CKPT_FULL_FAILED] + v->counters[CKPT_MICRO_FAILED] +
	                v->counters[CKPT_INVALIDATE_FAILED] + v->counters[CKPT_REJECTED]);
}

void
ckpt_show_statistics_verbose(const struct ckpt_sessmgr_view *views, unsigned count, struct text *out)
{
	ckpt_show_statistics(views, count, out);
	text_put(out, "\n");
	text_put(out, "smgr state  peer      calls  unacked      full      full     micro     micro   failed\n");
	text_put(out, "inst        conn                         sent      rcvd      sent      rcvd\n");
	text_put(out, "---- ------ ----- --------- -------- --------- --------- --------- --------- --------\n");
	for (unsigned i = 0; i < count; i++)
		show_row(&views[i], out);
}
