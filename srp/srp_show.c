/*
 * srp_show.c - text of `show srp info`, `show srp statistics` and the switchover history.
 *
 * Parsers of operators take what follows the colon, one word for states and modes, and one colon a line where
 * the reference says so; lines of our own stand after the confirmed ones.
 */
#include "srp/srp_show.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "srp/srp.h"
#include "srp/srp_phase.h"

enum { LABEL_WIDTH = 40, LINE_MAX_BYTES = 128, MS_PER_SEC = 1000, US_PER_MS = 1000 };

static const char rule[] = "-------------------------------------------------------------------------------\n";

static void
line(struct text *out, const char *label, const char *value)
{
	text_printf(out, "%-*s%s\n", LABEL_WIDTH, label, value);
}

static void
line_u64(struct text *out, const char *label, uint64_t value)
{
	text_printf(out, "%-*s%" PRIu64 "\n", LABEL_WIDTH, label, value);
}

/* "Mon Mar 30 22:48:39 2020", in the time zone of show clock. */
static void
date_text(uint64_t wall_ms, char buf[LINE_MAX_BYTES])
{
	time_t t = (time_t)(wall_ms / MS_PER_SEC);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(buf, LINE_MAX_BYTES, "%a %b %d %H:%M:%S %Y", &tm);
}

/* Date and age, or "-" when it never happened. */
static void
line_when(struct text *out, const char *label, uint64_t when_ms, uint64_t now_ms)
{
	char date[LINE_MAX_BYTES];

	if (when_ms == 0) {
		line(out, label, "-");
		return;
	}
	date_text(when_ms, date);
	text_printf(out, "%-*s%s (%" PRIu64 " seconds ago)\n", LABEL_WIDTH, label, date,
	            now_ms > when_ms ? (now_ms - when_ms) / MS_PER_SEC : 0);
}

static void
info_own(const struct srp_hello *h, struct text *out)
{
	char mac[MAC_TEXT_MAX];

	line(out, "Chassis State:", srp_state_text(h->state));
	line(out, "Chassis Mode:", srp_mode_text(h->mode));
	line_u64(out, "Chassis Priority:", h->priority);
	line(out, "Local Tiebreaker:", mac_text(h->mac, mac));
	line_u64(out, "Route-Modifier:", h->route_modifier);
}

static void
info_peer(const struct srp_view *v, struct text *out)
{
	const struct srp_hello *h = &v->peer_hello;
	char mac[MAC_TEXT_MAX];
	bool is_known = v->hello_wall_ms != 0;

	line(out, "Peer State:", v->is_peer_heard ? srp_state_text(h->state) : "Init");
	line(out, "Peer Mode:", is_known ? srp_mode_text(h->mode) : "Unknown");
	line_u64(out, "Peer Priority:", h->priority);
	line(out, "Peer Tiebreaker:", mac_text(h->mac, mac));
	line_u64(out, "Peer Route-Modifier:", h->route_modifier);
}

static void
info_alarms(const struct srp_view *v, struct text *out)
{
	bool is_any = false;

	for (size_t i = 0; v->alarm_texts != NULL && i < v->alarm_count; i++) {
		line(out, is_any ? "" : "Alarms:", v->alarm_texts[i]);
		is_any = true;
	}
	for (uint8_t a = 0; v->alarm_texts == NULL && a < SRP_ALARM_COUNT; a++) {
		if (v->alarms & 1u << a) {
			line(out, is_any ? "" : "Alarms:", srp_alarm_text(a));
			is_any = true;
		}
	}
	if (!is_any)
		line(out, "Alarms:", "None");
}

/* Why an option that one side has does not act, or that it does. */
static const char *
option_text(const struct srp_view *v, uint8_t option)
{
	bool is_here = (v->self.options & option) != 0, is_there = (v->peer_hello.options & option) != 0;

	if (srp_options_agreed(v->self.options, v->peer_hello.options) & option)
		return "on";
	if (!is_here && !is_there)
		return "off";
	if (is_here != is_there)
		return is_here ? "waiting (the peer lacks it)" : "waiting (this chassis lacks it)";
	return option == SRP_OPT_EARLY ? "waiting (no data traffic is allowed that it needs)"
	                               : "off (allow-all-data-traffic takes its place)";
}

static void
info_options(const struct srp_view *v, struct text *out)
{
	line(out, "Allow All Data Traffic:", option_text(v, SRP_OPT_ALLOW_ALL));
	line(out, "Allow VoLTE Data Traffic:", option_text(v, SRP_OPT_ALLOW_VOLTE));
	line(out, "Maintain VoLTE Accounting:", option_text(v, SRP_OPT_VOLTE_ACCOUNTING));
	line(out, "Early Active Transition:", option_text(v, SRP_OPT_EARLY));
	line(out, "Control Outage Optimization:", option_text(v, SRP_OPT_CONTROL_OPTIMIZATION));
}

/* "1.234 ms" */
static void
line_us(struct text *out, const char *label, uint64_t us, const char *more)
{
	text_printf(out, "%-*s%" PRIu64 ".%03" PRIu64 " ms%s\n", LABEL_WIDTH, label, us / US_PER_MS, us % US_PER_MS,
	            more);
}

/* The phase that runs and how long it has, and how long the phases of the last switchover took on this chassis. */
static void
info_phases(const struct srp_view *v, struct text *out)
{
	uint8_t running = srp_phase_running(v->phases);

	if (running == SRP_PHASE_NONE)
		line(out, "Switchover Phase:", srp_phase_text(running));
	else
		text_printf(out, "%-*s%s (%" PRIu64 " ms)\n", LABEL_WIDTH, "Switchover Phase:", srp_phase_text(running),
		            srp_phase_us(v->phases, running, v->now_us) / US_PER_MS);
	line(out, "Control Packets:", srp_gate_text(v->gate));
	for (uint8_t i = SRP_PHASE_NONE + 1; i < SRP_PHASE_COUNT; i++) {
		const struct srp_phase_time *p = &v->phases->of[i];
		char label[LINE_MAX_BYTES];

		if (p->begin_wall_ms == 0)
			continue;
		snprintf(label, sizeof label, "  Last %s:", srp_phase_text(i));
		line_us(out, label, srp_phase_us(v->phases, i, v->now_us),
		        p->is_running ? " (running)"
		        : p->is_cut   ? " (cut)"
		                      : "");
	}
}

/* Ours: what a newcomer asks next. */
static void
info_more(const struct srp_view *v, struct text *out)
{
	line_u64(out, "Epoch:", srp_epoch_counter(v->self.epoch));
	line_u64(out, "Peer Epoch:", srp_epoch_counter(v->peer_hello.epoch));
	text_printf(out, "%-*s%u of %u\n", LABEL_WIDTH, "Peer Sessmgrs Ready:", v->peer_hello.sessmgrs_ready,
	            v->peer_hello.sessmgrs);
	line_u64(out, "Peer Calls:", v->peer_hello.calls);
	text_printf(out, "%-*s%" PRIu32 " ms\n", LABEL_WIDTH, "Hello Interval:", v->self.hello_ms);
	text_printf(out, "%-*s%" PRIu32 " ms\n", LABEL_WIDTH, "Dead Interval:", v->self.dead_ms);
	info_options(v, out);
	if (v->history_count > 0) {
		const struct srp_transition *t = &v->history[v->history_count - 1];

		line(out, "Last State Change Reason:", srp_reason_text(t->reason));
		line(out, "Last State Change Cause:", srp_row_reason(t->row));
	}
	if (v->phases != NULL)
		info_phases(v, out);
	info_alarms(v, out);
}

void
srp_show_info(const struct srp_view *v, struct text *out)
{
	char addr[ADDR_TEXT_MAX];

	text_put(out, "Service Redundancy Protocol:\n");
	text_put(out, rule);
	line(out, "Context:", v->context);
	line(out, "Local Address:", addr_text(&v->local, addr));
	info_own(&v->self, out);
	line(out, "Peer Remote Address:", addr_text(&v->peer, addr));
	info_peer(v, out);
	line_when(out, "Last Hello Message received:", v->hello_wall_ms, v->now_wall_ms);
	line(out, "Peer Configuration Validation:", v->config_validation);
	line(out, "Last Peer Configuration Error:", v->config_error);
	line_when(out, "Last Peer Configuration Event:", v->config_event_wall_ms, v->now_wall_ms);
	line(out, "Last Validate Switchover Status:", v->validate_switchover);
	line(out, "Connection State:", v->link_text);
	info_more(v, out);
}

static void
statistics_bad(const struct srp_counters *c, struct text *out)
{
	uint64_t total = 0;

	for (size_t i = 0; i < SRP_BAD_KINDS; i++)
		total += c->bad_messages[i];
	line_u64(out, "Bad messages received:", total);
	for (uint8_t i = 0; i < SRP_BAD_KINDS && i < ERR_COUNT; i++) {
		char label[LINE_MAX_BYTES];

		if (c->bad_messages[i] == 0)
			continue;
		snprintf(label, sizeof label, "  %s:", err_text((enum err)i));
		line_u64(out, label, c->bad_messages[i]);
	}
	line_u64(out, "Unknown message types skipped:", c->unknown_types);
	line_u64(out, "Unknown fields skipped:", c->skipped_fields);
	line_u64(out, "Messages of a lower epoch refused:", c->stale);
}

static void
statistics_switchovers(const struct srp_counters *c, struct text *out)
{
	uint64_t total = 0;

	for (size_t i = 0; i < SRP_REASON_COUNT; i++)
		total += c->switchovers[i];
	line_u64(out, "Switchovers:", total);
	for (uint8_t i = 0; i < SRP_REASON_COUNT; i++) {
		char label[LINE_MAX_BYTES];

		if (c->switchovers[i] == 0)
			continue;
		snprintf(label, sizeof label, "  %s:", srp_reason_text(i));
		line_u64(out, label, c->switchovers[i]);
	}
}

void
srp_show_history(const struct srp_view *v, struct text *out)
{
	text_printf(out, "%-24s %-20s %-20s %-24s %8s\n", "Time", "From", "To", "Reason", "Epoch");
	for (size_t i = 0; i < v->history_count; i++) {
		const struct srp_transition *t = &v->history[i];
		char date[LINE_MAX_BYTES];

		date_text(t->wall_ms, date);
		text_printf(out, "%-24s %-20s %-20s %-24s %8" PRIu64 "\n", date, srp_state_text(t->from),
		            srp_state_text(t->to), srp_reason_text(t->reason), srp_epoch_counter(t->epoch));
		text_printf(out, "  Cause: %s\n", srp_row_reason(t->row));
	}
}

void
srp_show_statistics(const struct srp_view *v, struct text *out)
{
	enum { MEDIAN = 50, TAIL = 99 };
	const struct srp_counters *c = v->counters;

	text_put(out, "Service Redundancy Protocol Statistics:\n");
	text_put(out, rule);
	line_u64(out, "Hello messages sent:", c->hello_sent);
	line_u64(out, "Hello messages received:", c->hello_received);
	line_u64(out, "Hello replies sent:", c->reply_sent);
	line_u64(out, "Hello replies received:", c->reply_received);
	line_u64(out, "Hello round trip p50 (us):", hist_percentile(v->hello_rtt, MEDIAN));
	line_u64(out, "Hello round trip p99 (us):", hist_percentile(v->hello_rtt, TAIL));
	line_u64(out, "Hello round trip max (us):", v->hello_rtt->max_us);
	line_u64(out, "Configuration validation messages sent:", c->config_sent);
	line_u64(out, "Configuration validation messages rcvd:", c->config_received);
	line_u64(out, "Resource messages sent:", c->resource_sent);
	line_u64(out, "Resource messages received:", c->resource_received);
	line_u64(out, "Resource messages applied:", c->resource_applied);
	line_u64(out, "Switchover messages sent:", c->switch_sent);
	line_u64(out, "Switchover messages received:", c->switch_received);
	statistics_switchovers(c, out);
	line_u64(out, "Service address busy:", c->address_busy);
	statistics_bad(c, out);
	line_u64(out, "Connections up:", c->link_up);
	line_u64(out, "Connections down:", c->link_down);
	line_u64(out, "Connection attempts:", c->dials);
	if (v->history_count > 0) {
		text_put(out, "\nChanges of the chassis state:\n");
		srp_show_history(v, out);
		text_put(out, "\n");
	}
}
