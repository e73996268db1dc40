/*
 * srp_show.c - `show srp info` and `show srp statistics`.
 *
 * Parsers of operators take what follows the colon, one word for states and modes, and one colon a line where
 * the reference says so; lines of our own stand after the confirmed ones.
 */
#include "srp/srp_show.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/err.h"
#include "srp/srp.h"
#include "srp/srp_history.h"
#include "srp/srp_phase.h"

enum { LABEL_MAX = 64, US_PER_MS = 1000 };

static void
info_own(const struct srp_hello *h, struct report *r)
{
	char mac[MAC_TEXT_MAX];

	report_text(r, "chassis_state", "Chassis State:", srp_state_text(h->state));
	report_text(r, "chassis_mode", "Chassis Mode:", srp_mode_text(h->mode));
	report_number(r, "chassis_priority", "Chassis Priority:", h->priority, NULL);
	report_text(r, "local_tiebreaker", "Local Tiebreaker:", mac_text(h->mac, mac));
	report_number(r, "route_modifier", "Route-Modifier:", h->route_modifier, NULL);
}

static void
info_peer(const struct srp_view *v, struct report *r)
{
	const struct srp_hello *h = &v->peer_hello;
	char mac[MAC_TEXT_MAX];
	bool is_known = v->hello_wall_ms != 0;

	report_text(r, "peer_state", "Peer State:", v->is_peer_heard ? srp_state_text(h->state) : "Init");
	report_text(r, "peer_mode", "Peer Mode:", is_known ? srp_mode_text(h->mode) : "Unknown");
	report_number(r, "peer_priority", "Peer Priority:", h->priority, NULL);
	report_text(r, "peer_tiebreaker", "Peer Tiebreaker:", mac_text(h->mac, mac));
	report_number(r, "peer_route_modifier", "Peer Route-Modifier:", h->route_modifier, NULL);
}

/* A reason of the MIB says little of an election: the words stand beside it. */
static void
info_last(const struct srp_history_entry *e, uint64_t now_ms, struct report *r)
{
	const char *why = srp_history_why(e);

	report_when(r, "last_state_change", "Last State Change:", e->wall_us / 1000, now_ms);
	if (e->reason == SRP_REASON_NOT_DEFINED && !r->is_json)
		report_line(r, "%-*s%s (%s)", REPORT_LABEL_WIDTH,
		            "Last State Change Reason:", srp_reason_text(e->reason), why);
	else
		report_text(r, "last_state_change_reason", "Last State Change Reason:", srp_reason_text(e->reason));
	report_text(r, "last_state_change_cause", "Last State Change Cause:", why);
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
info_options(const struct srp_view *v, struct report *r)
{
	report_text(r, "allow_all_data_traffic", "Allow All Data Traffic:", option_text(v, SRP_OPT_ALLOW_ALL));
	report_text(r, "allow_volte_data_traffic", "Allow VoLTE Data Traffic:", option_text(v, SRP_OPT_ALLOW_VOLTE));
	report_text(r, "maintain_volte_accounting",
	            "Maintain VoLTE Accounting:", option_text(v, SRP_OPT_VOLTE_ACCOUNTING));
	report_text(r, "early_active_transition", "Early Active Transition:", option_text(v, SRP_OPT_EARLY));
	report_text(r, "control_outage_optimization",
	            "Control Outage Optimization:", option_text(v, SRP_OPT_CONTROL_OPTIMIZATION));
}

/* One phase of the last switchover: "1.234 ms (cut)". */
static void
info_phase(const struct srp_view *v, uint8_t phase, struct report *r)
{
	const struct srp_phase_time *p = &v->phases->of[phase];
	uint64_t us = srp_phase_us(v->phases, phase, v->now_us);
	char label[LABEL_MAX];

	snprintf(label, sizeof label, "  Last %s:", srp_phase_text(phase));
	report_line(r, "%-*s%" PRIu64 ".%03" PRIu64 " ms%s", REPORT_LABEL_WIDTH, label, us / US_PER_MS, us % US_PER_MS,
	            p->is_running ? " (running)"
	            : p->is_cut   ? " (cut)"
	                          : "");
	report_open(r, srp_phase_text(phase));
	report_only_when(r, "begin", p->begin_wall_ms);
	report_only_number(r, "duration_us", us);
	report_only_bool(r, "is_running", p->is_running);
	report_only_bool(r, "is_cut", p->is_cut);
	report_close(r);
}

/* The phase that runs and how long it has, and how long the phases of the last switchover took on this chassis. */
static void
info_phases(const struct srp_view *v, struct report *r)
{
	uint8_t running = srp_phase_running(v->phases);

	if (running == SRP_PHASE_NONE)
		report_line(r, "%-*s%s", REPORT_LABEL_WIDTH, "Switchover Phase:", srp_phase_text(running));
	else
		report_line(r, "%-*s%s (%" PRIu64 " ms)", REPORT_LABEL_WIDTH,
		            "Switchover Phase:", srp_phase_text(running),
		            srp_phase_us(v->phases, running, v->now_us) / US_PER_MS);
	report_only_text(r, "switchover_phase", running == SRP_PHASE_NONE ? NULL : srp_phase_text(running));
	report_text(r, "control_packets", "Control Packets:", srp_gate_text(v->gate));
	report_open(r, "last_phases");
	for (uint8_t i = SRP_PHASE_NONE + 1; i < SRP_PHASE_COUNT; i++)
		if (v->phases->of[i].begin_wall_ms != 0)
			info_phase(v, i, r);
	report_close(r);
}

/* Ours: what a newcomer asks next. */
static void
info_more(const struct srp_view *v, struct report *r)
{
	char ready[LABEL_MAX];

	report_number(r, "epoch", "Epoch:", srp_epoch_counter(v->self.epoch), NULL);
	report_number(r, "peer_epoch", "Peer Epoch:", srp_epoch_counter(v->peer_hello.epoch), NULL);
	if (v->is_peer_heard) {
		snprintf(ready, sizeof ready, "%u of %u", v->peer_hello.sessmgrs_ready, v->peer_hello.sessmgrs);
		report_line(r, "%-*s%s", REPORT_LABEL_WIDTH, "Peer Sessmgrs Ready:", ready);
		report_only_number(r, "peer_sessmgrs_ready", v->peer_hello.sessmgrs_ready);
		report_only_number(r, "peer_sessmgrs", v->peer_hello.sessmgrs);
		report_number(r, "peer_calls", "Peer Calls:", v->peer_hello.calls, NULL);
	} else { /* what a chassis said that is not there any more is not what is */
		report_text(r, "peer_sessmgrs_ready", "Peer Sessmgrs Ready:", NULL);
		report_only_text(r, "peer_sessmgrs", NULL);
		report_text(r, "peer_calls", "Peer Calls:", NULL);
	}
	report_number(r, "hello_interval_ms", "Hello Interval:", v->self.hello_ms, "ms");
	report_number(r, "dead_interval_ms", "Dead Interval:", v->self.dead_ms, "ms");
	info_options(v, r);
	if (v->last != NULL)
		info_last(v->last, v->now_wall_ms, r);
	if (v->phases != NULL)
		info_phases(v, r);
	report_texts(r, "alarms", "Alarms:", v->alarm_texts, v->alarm_count, "None");
}

void
srp_show_info(const struct srp_view *v, struct report *r)
{
	char addr[ADDR_TEXT_MAX];

	report_ruled(r, "Service Redundancy Protocol:");
	report_text(r, "context", "Context:", v->context);
	report_text(r, "local_address", "Local Address:", addr_text(&v->local, addr));
	info_own(&v->self, r);
	report_text(r, "peer_remote_address", "Peer Remote Address:", addr_text(&v->peer, addr));
	info_peer(v, r);
	report_when(r, "last_hello_received", "Last Hello Message received:", v->hello_wall_ms, v->now_wall_ms);
	report_text(r, "peer_configuration_validation", "Peer Configuration Validation:", v->config_validation);
	report_text(r, "last_peer_configuration_error", "Last Peer Configuration Error:", v->config_error);
	report_when(r, "last_peer_configuration_event", "Last Peer Configuration Event:", v->config_event_wall_ms,
	            v->now_wall_ms);
	report_text(r, "last_validate_switchover_status", "Last Validate Switchover Status:", v->validate_switchover);
	report_text(r, "connection_state", "Connection State:", v->link_text);
	info_more(v, r);
}

static void
statistics_bad(const struct srp_counters *c, struct report *r)
{
	uint64_t total = 0;

	for (size_t i = 0; i < SRP_BAD_KINDS; i++)
		total += c->bad_messages[i];
	report_number(r, "bad_messages_received", "Bad messages received:", total, NULL);
	report_open(r, "bad_messages_by_fault");
	for (uint8_t i = 0; i < SRP_BAD_KINDS && i < ERR_COUNT; i++) {
		char label[LABEL_MAX];

		if (c->bad_messages[i] == 0)
			continue;
		snprintf(label, sizeof label, "  %s:", err_text((enum err)i));
		report_number(r, err_text((enum err)i), label, c->bad_messages[i], NULL);
	}
	report_close(r);
	report_number(r, "unknown_types_skipped", "Unknown message types skipped:", c->unknown_types, NULL);
	report_number(r, "unknown_fields_skipped", "Unknown fields skipped:", c->skipped_fields, NULL);
	report_number(r, "lower_epoch_refused", "Messages of a lower epoch refused:", c->stale, NULL);
}

static void
statistics_switchovers(const struct srp_counters *c, struct report *r)
{
	uint64_t total = 0;

	for (size_t i = 0; i < SRP_REASON_COUNT; i++)
		total += c->switchovers[i];
	report_number(r, "switchovers", "Switchovers:", total, NULL);
	report_open(r, "switchovers_by_reason");
	for (uint8_t i = 0; i < SRP_REASON_COUNT; i++) {
		char label[LABEL_MAX];

		if (c->switchovers[i] == 0)
			continue;
		snprintf(label, sizeof label, "  %s:", srp_reason_text(i));
		report_number(r, srp_reason_text(i), label, c->switchovers[i], NULL);
	}
	report_close(r);
}

static void
statistics_messages(const struct srp_view *v, struct report *r)
{
	enum { MEDIAN = 50, TAIL = 99 };
	const struct srp_counters *c = v->counters;

	report_number(r, "hello_sent", "Hello messages sent:", c->hello_sent, NULL);
	report_number(r, "hello_received", "Hello messages received:", c->hello_received, NULL);
	report_number(r, "hello_replies_sent", "Hello replies sent:", c->reply_sent, NULL);
	report_number(r, "hello_replies_received", "Hello replies received:", c->reply_received, NULL);
	report_number(r, "hello_round_trip_p50_us", "Hello round trip p50 (us):", hist_percentile(v->hello_rtt, MEDIAN),
	              NULL);
	report_number(r, "hello_round_trip_p99_us", "Hello round trip p99 (us):", hist_percentile(v->hello_rtt, TAIL),
	              NULL);
	report_number(r, "hello_round_trip_max_us", "Hello round trip max (us):", v->hello_rtt->max_us, NULL);
	report_number(r, "configuration_validation_sent", "Configuration validation messages sent:", c->config_sent,
	              NULL);
	report_number(r, "configuration_validation_received",
	              "Configuration validation messages rcvd:", c->config_received, NULL);
	report_number(r, "resource_sent", "Resource messages sent:", c->resource_sent, NULL);
	report_number(r, "resource_received", "Resource messages received:", c->resource_received, NULL);
	report_number(r, "resource_applied", "Resource messages applied:", c->resource_applied, NULL);
	report_number(r, "switchover_messages_sent", "Switchover messages sent:", c->switch_sent, NULL);
	report_number(r, "switchover_messages_received", "Switchover messages received:", c->switch_received, NULL);
}

void
srp_show_statistics(const struct srp_view *v, struct report *r)
{
	const struct srp_counters *c = v->counters;

	report_ruled(r, "Service Redundancy Protocol Statistics:");
	statistics_messages(v, r);
	statistics_switchovers(c, r);
	report_number(r, "service_address_busy", "Service address busy:", c->address_busy, NULL);
	statistics_bad(c, r);
	report_number(r, "connections_up", "Connections up:", c->link_up, NULL);
	report_number(r, "connections_down", "Connections down:", c->link_down, NULL);
	report_number(r, "connection_attempts", "Connection attempts:", c->dials, NULL);
}
