/*
 * views.c - commands that show something: each gathers a view of what is true now and hands it to its renderer.
 *
 * Counters and calls are read from the arenas of the session managers, a slice at a time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chassis/build_info.h"
#include "chassis/chassis.h"
#include "chassis/chassis_cmds.h"
#include "gateway/gateway_cmds.h"
#include "gateway/gateway_show.h"
#include "session/call_rows.h"

enum { SLOTS_PER_STEP = 2048 };

static uint64_t
sum_counter(const struct chassis *c, unsigned counter)
{
	uint64_t n = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		if (c->sessmgrs[i].arena_mem != NULL)
			n += arena_count(&c->sessmgrs[i].arena, counter);
	return n;
}

/* --- subscribers ------------------------------------------------------------------------------------------------- */

static void
show_summary(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct gateway_summary_view v = {0};

	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		v.total += (uint32_t)sessmgr_calls(&c->sessmgrs[i]);
	v.active = v.total;
	v.ggsn_ipv4 = v.total;
	gateway_show_summary(&v, call->out);
}

/* state[3]: IMSI asked for plus one, 0 all; state[4]: 1 in full */
static void
show_subscriber(struct cli_call *call, const struct call *s, time_t now)
{
	struct gateway_subscriber_view v = {.callid = s->teid, .address = s->address};
	char imsi[24], msisdn[20];

	if (call->state[4]) {
		const struct gateway_config *g = &((struct chassis *)call->app)->gateway;
		int of = gateway_find_service(g, s->service);

		gateway_show_subscriber_full(s, of >= 0 ? g->services[of].name : NULL, (unsigned)call->state[0],
		                             (uint32_t)now, call->out);
		return;
	}
	snprintf(imsi, sizeof imsi, "%0*llu", s->imsi_digits, (unsigned long long)s->imsi);
	gateway_msisdn_text(s->msisdn, s->msisdn_len, msisdn);
	v.imsi = imsi;
	v.username = msisdn;
	v.idle_s = s->active_s == 0 || now < (time_t)s->active_s ? 0 : (uint32_t)(now - (time_t)s->active_s);
	gateway_show_subscriber(&v, call->out);
}

/* state[0] session manager, [1] slot, [2] rows printed */
static enum cli_answer
step_subscribers(struct cli_call *call)
{
	struct chassis *c = call->app;
	time_t now = time(NULL);

	for (unsigned n = 0; n < SLOTS_PER_STEP; n++) {
		const struct sessmgr_slot *s = &c->sessmgrs[call->state[0]];
		uint8_t record[ARENA_RECORD_MAX];
		struct call decoded;
		size_t len;

		if (call->state[0] > c->sessmgr_count) {
			gateway_show_subscribers_foot((uint32_t)call->state[2], call->out);
			return CLI_ANSWER_DONE;
		}
		/* slots are given out lowest first: behind the highest ever used there is nothing */
		if (s->arena_mem == NULL || call->state[1] >= arena_count(&s->arena, ARENA_SLOTS_USED)) {
			call->state[0]++;
			call->state[1] = 0;
			continue;
		}
		if (arena_read(&s->arena, (uint32_t)call->state[1]++, record, &len, NULL) != ERR_OK)
			continue;
		if (call_rows_decode(record, len, &decoded) != ERR_OK ||
		    (call->state[3] != 0 && decoded.imsi + 1 != call->state[3]))
			continue;
		show_subscriber(call, &decoded, now);
		call->state[2]++;
	}
	return CLI_ANSWER_MORE;
}

static enum cli_answer
show_calls(struct cli_call *call, bool is_full)
{
	const char *imsi = cli_arg_has(call, "imsi") ? cli_arg_str(call, "digits") : NULL;

	call->state[3] = imsi == NULL ? 0 : strtoull(imsi, NULL, 10) + 1;
	call->state[4] = is_full;
	if (!call->state[4])
		gateway_show_subscribers_head(call->out);
	call->state[0] = 1;
	call->step = step_subscribers;
	return CLI_ANSWER_MORE;
}

static enum cli_answer
show_subscribers(struct cli_call *call)
{
	if (cli_arg_has(call, "summary")) {
		show_summary(call);
		return CLI_ANSWER_DONE;
	}
	return show_calls(call, false);
}

static enum cli_answer
show_subscribers_full(struct cli_call *call)
{
	return show_calls(call, true);
}

/* --- services ------------------------------------------------------------------------------------------------ */

/* Calls of service @id in all session managers. */
static uint32_t
service_calls(const struct chassis *c, uint32_t id)
{
	uint64_t n = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		const struct sessmgr_slot *s = &c->sessmgrs[i];

		for (unsigned k = 0; s->arena_mem != NULL && k < ARENA_SERVICES; k++)
			if (arena_count(&s->arena, SESSMGR_SERVICE_ID_FIRST + k) == id)
				n += arena_count(&s->arena, ARENA_SERVICE_FIRST + k);
	}
	return (uint32_t)n;
}

static bool
is_address_taken(const struct chassis *c, uint32_t id)
{
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++)
		if (c->demux_shared->addresses[i].service == id)
			return c->demux_shared->addresses[i].is_taken;
	return false;
}

static void
fill_service(const struct chassis *c, unsigned i, struct gateway_service_view *v)
{
	const struct gateway_service *s = &c->gateway.services[i];

	*v = (struct gateway_service_view){.name = s->name,
	                                   .context = s->context,
	                                   .bind = s->is_bound ? s->bind : (struct addr){0},
	                                   .port = s->port,
	                                   .is_srp_activated = s->is_srp_activated,
	                                   .restart_counter = c->restart_counter,
	                                   .contexts = service_calls(c, s->id)};
	if (!s->is_bound) {
		v->state = GATEWAY_SERVICE_NOT_STARTED;
		v->reason = "no bind address";
	} else if (!s->is_srp_activated) {
		v->state = GATEWAY_SERVICE_NOT_STARTED;
		v->reason = "its address is not that of an srp-activate interface of this context";
	} else if (gateway_find_service(&c->gateway, s->id) != (int)i) {
		v->state = GATEWAY_SERVICE_NOT_STARTED;
		v->reason = "another service has the same call identity: show configuration errors";
	} else if (!c->is_demux_ready) {
		v->state = GATEWAY_SERVICE_NOT_STARTED;
		v->reason = "demux is not running";
	} else if (!c->is_address_wanted || is_address_taken(c, s->id)) {
		/* on a Standby the service is started too: its address is the active chassis' */
		v->state = GATEWAY_SERVICE_STARTED;
		v->reason = c->is_address_wanted ? NULL : "the address is served by the active chassis";
	} else {
		v->state = GATEWAY_SERVICE_WAITING;
		v->reason = c->busy_text[0] != '\0' ? c->busy_text : "the address is being taken";
	}
}

static void
show_gateway_counters(struct cli_call *call)
{
	const struct chassis *c = call->app;
	struct demux_stats demux = c->demux_shared->stats;
	struct gateway_counters_view v = {
	    .demux = &demux,
	    .unroutable = c->demux_shared->unroutable,
	    .send_failed = c->demux_shared->send_failed,
	    .created = sum_counter(c, ARENA_CREATED),
	    .released = sum_counter(c, ARENA_RELEASED),
	    .repeated = sum_counter(c, ARENA_REPEATED),
	    .rejected_no_resources = sum_counter(c, ARENA_REJECTED_NO_RESOURCES),
	    .rejected_apn = sum_counter(c, ARENA_REJECTED_APN),
	    .rejected_address = sum_counter(c, ARENA_REJECTED_ADDRESS),
	    .rejected_request = sum_counter(c, ARENA_REJECTED_REQUEST),
	    .rejected_other = sum_counter(c, ARENA_REJECTED_OTHER),
	    .rejected_switchover = sum_counter(c, SESSMGR_REJECTED_SWITCHOVER),
	};

	gateway_show_counters(&v, call->out);
}

static enum cli_answer
show_ggsn(struct cli_call *call)
{
	const struct chassis *c = call->app;
	const char *only = cli_arg_has(call, "name") ? cli_arg_str(call, "service") : NULL;
	unsigned shown = 0;

	for (unsigned i = 0; i < c->gateway.service_count; i++) {
		struct gateway_service_view v;

		if (only != NULL && strcmp(only, c->gateway.services[i].name) != 0)
			continue;
		if (shown++ > 0)
			text_put(call->out, "\n");
		fill_service(c, i, &v);
		gateway_show_service(&v, call->out);
	}
	if (only != NULL && shown == 0)
		return cli_fail(call, "there is no ggsn-service %s", only);
	if (only == NULL)
		show_gateway_counters(call);
	return CLI_ANSWER_DONE;
}

/* --- chassis ------------------------------------------------------------------------------------------------- */

static enum cli_answer
show_boot(struct cli_call *call)
{
	const struct chassis *c = call->app;

	text_put(call->out, "\n");
	for (size_t i = 0; i < store_boot_count(c->store); i++) {
		const struct store_boot *b = store_boot_at(c->store, i);

		text_printf(call->out, "boot system priority %u \\\n    image %s \\\n    config %s\n\n", b->priority,
		            b->image, b->config);
	}
	return CLI_ANSWER_DONE;
}

static enum cli_answer
show_version(struct cli_call *call)
{
	const struct chassis *c = call->app;

	text_put(call->out, "Active Software:\n");
	text_printf(call->out, "  Image Version:                  %s\n", build_version);
	text_printf(call->out, "  Image Description:              %s\n", build_description);
	text_printf(call->out, "  Image Date:                     %s\n", build_date);
	text_printf(call->out, "  Boot Image:                     %s\n",
	            c->boot_image[0] != '\0' ? c->boot_image : "None");
	text_printf(call->out, "  Source Commit ID:               %s\n", build_commit);
	return CLI_ANSWER_DONE;
}

static enum cli_answer
show_clock(struct cli_call *call)
{
	time_t now = time(NULL);
	char line[80];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(line, sizeof line, "%A %B %d %H:%M:%S %Z %Y", &tm);
	text_printf(call->out, "%s\n", line);
	return CLI_ANSWER_DONE;
}

static enum cli_answer
show_alarms(struct cli_call *call)
{
	const struct chassis *c = call->app;

	text_put(call->out, "Sev Object          Event\n");
	text_put(call->out,
	         "--- ----------      ---------------------------------------------------------------------------\n");
	for (unsigned i = 0; i < ALARMS_MAX; i++)
		if (c->alarms[i].is_raised)
			text_printf(call->out, "MJ  %-15s %s\n", c->alarms[i].object, c->alarms[i].text);
	return CLI_ANSWER_DONE;
}

const struct cli_handler chassis_views[] = {
    {GATEWAY_ROW_SHOW_SUBSCRIBERS, show_subscribers},
    {GATEWAY_ROW_SHOW_SUBSCRIBERS_FULL, show_subscribers_full},
    {GATEWAY_ROW_SHOW_GGSN, show_ggsn},
    {CHASSIS_ROW_SHOW_BOOT, show_boot},
    {CHASSIS_ROW_SHOW_VERSION, show_version},
    {CHASSIS_ROW_SHOW_CLOCK, show_clock},
    {CHASSIS_ROW_SHOW_ALARM, show_alarms},
    {CHASSIS_ROW_SHOW_LICENSE, license_run_show},
    {CHASSIS_ROW_SHOW_SUPPORT, support_show},
    {CHASSIS_ROW_SHOW_ARCHIVE, generations_show},
    {CHASSIS_ROW_SHOW_DIFF, generations_show_diff},
    {0, NULL},
};
