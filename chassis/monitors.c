/*
 * monitors.c - the monitors of this chassis between configuration, redundancy engine, tasks and operators.
 *
 * Reads what is watched from the running configuration, tells the monitors of takeovers and local failures, and the
 * redundancy engine and the alarms of what they say. No policy: that is monitor/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "chassis/chassis.h"
#include "monitor/monitor_cmds.h"
#include "srp/srp_cmds.h"

enum { MS_PER_SEC = 1000, AAA_PORT_DEFAULT = 1812 };

static const uint8_t reasons[MONITOR_GUARDED] = {
    [MONITOR_AAA] = SRP_REASON_AAA_FAILURE,
    [MONITOR_BGP] = SRP_REASON_BGP_FAILURE,
    [MONITOR_DIAMETER] = SRP_REASON_DIAMETER_FAILURE,
};

/* --- what the monitors say ------------------------------------------------------------------------------------- */

static void
on_verdict(void *arg, enum monitor_kind kind, bool is_failed, const char *cause)
{
	char object[32], text[ALARM_TEXT_MAX];

	snprintf(object, sizeof object, "monitor/%s", monitor_kind_text((uint8_t)kind));
	snprintf(text, sizeof text, "%.*s", ALARM_TEXT_MAX - 1, cause);
	alarm_set(arg, object, is_failed, text);
}

static void
on_report(void *arg, enum monitor_kind kind, bool is_failed)
{
	redundancy_monitor(arg, reasons[kind], is_failed);
}

static const struct monitor_link_ops ops = {.verdict = on_verdict, .report = on_report};

enum err
monitors_new(struct chassis *c)
{
	c->monitors = monitor_link_new(c->base, &ops, c);
	return c->monitors == NULL ? ERR_SYSTEM : ERR_OK;
}

/* --- what they are told ---------------------------------------------------------------------------------------- */

static void
copy_text(char *dst, size_t cap, const char *src)
{
	snprintf(dst, cap, "%s", src == NULL ? "" : src);
}

static uint8_t
kind_of(const struct cfg *cfg, const struct cfg_node *line, uint16_t row)
{
	switch (row) {
	case MONITOR_ROW_BGP:
		return MONITOR_BGP;
	case MONITOR_ROW_PROBE:
		return MONITOR_AAA;
	case MONITOR_ROW_DIAMETER:
		return MONITOR_DIAMETER;
	case MONITOR_ROW_HSRP:
		return MONITOR_HSRP;
	default:
		return cfg_has(cfg, line, "chassis-to-chassis") ? MONITOR_BFD_CHASSIS : MONITOR_BFD_ROUTER;
	}
}

static uint16_t
number_of(const struct cfg *cfg, const struct cfg_node *line, const char *name)
{
	const char *text = cfg_str(cfg, line, name);

	return text == NULL ? 0 : (uint16_t)strtoul(text, NULL, 10);
}

static void
read_line(const struct cfg *cfg, const struct cfg_node *line, uint16_t row, struct monitor_object *o)
{
	struct monitor_key *k = &o->key;
	const char *family = cfg_str(cfg, line, "family");

	*o = (struct monitor_object){.key = {.kind = kind_of(cfg, line, row)}};
	copy_text(k->context, sizeof k->context, cfg_str(cfg, line, "name"));
	(void)cfg_addr(cfg, line, row == MONITOR_ROW_PROBE ? "server" : "peer", &k->address);
	if (row == MONITOR_ROW_BGP)
		o->group = (uint8_t)number_of(cfg, line, "number");
	if (row == MONITOR_ROW_PROBE)
		o->port = cfg_has(cfg, line, "udp-port") ? number_of(cfg, line, "udp-port") : AAA_PORT_DEFAULT;
	if (row == MONITOR_ROW_DIAMETER) {
		copy_text(k->name, sizeof k->name, cfg_str(cfg, line, "endpoint-name"));
		copy_text(k->peer, sizeof k->peer, cfg_str(cfg, line, "peer-name"));
		copy_text(o->realm, sizeof o->realm, cfg_str(cfg, line, "realm-name"));
	}
	if (row == MONITOR_ROW_HSRP) {
		copy_text(k->name, sizeof k->name, cfg_str(cfg, line, "interface-name"));
		k->family = family != NULL && strcmp(family, "IPv6") == 0 ? ADDR_V6 : ADDR_V4;
		k->number = number_of(cfg, line, "number");
	}
}

static size_t
read_objects(const struct cfg *cfg, const struct cfg_node *block, struct monitor_object *objects)
{
	size_t n = 0;

	for (uint16_t row = MONITOR_ROW_BGP; block != NULL && row <= MONITOR_ROW_HSRP; row++)
		for (const struct cfg_node *l = cfg_first(cfg, block, row); l != NULL && n < MONITORS_MAX;
		     l = cfg_next(cfg, l))
			read_line(cfg, l, row, &objects[n++]);
	return n;
}

static uint32_t
seconds(const struct cfg *cfg, const struct cfg_node *block, uint16_t row)
{
	return (uint32_t)cfg_leaf_uint(cfg, block, row) * MS_PER_SEC;
}

/* BGP has no periods of its own after a switchover: the route modifier is what keeps its traffic in place. */
static void
read_periods(const struct cfg *cfg, const struct cfg_node *block, struct guard_periods *p)
{
	static const struct {
		uint8_t kind, cause;
		uint16_t guard, damping;
	} rows[] = {
	    {MONITOR_AAA, GUARD_SWITCHOVER, SRP_ROW_GUARD_AAA_GUARD, SRP_ROW_GUARD_AAA_DAMPING},
	    {MONITOR_DIAMETER, GUARD_SWITCHOVER, SRP_ROW_GUARD_DIAMETER_GUARD, SRP_ROW_GUARD_DIAMETER_DAMPING},
	    {MONITOR_AAA, GUARD_LOCAL, SRP_ROW_GUARD_LOCAL_AAA_GUARD, SRP_ROW_GUARD_LOCAL_AAA_DAMPING},
	    {MONITOR_BGP, GUARD_LOCAL, SRP_ROW_GUARD_LOCAL_BGP_GUARD, SRP_ROW_GUARD_LOCAL_BGP_DAMPING},
	    {MONITOR_DIAMETER, GUARD_LOCAL, SRP_ROW_GUARD_LOCAL_DIAMETER_GUARD, SRP_ROW_GUARD_LOCAL_DIAMETER_DAMPING},
	};

	memset(p, 0, MONITOR_GUARDED * sizeof *p);
	for (size_t i = 0; block != NULL && i < sizeof rows / sizeof rows[0]; i++) {
		p[rows[i].kind].guard_ms[rows[i].cause] = seconds(cfg, block, rows[i].guard);
		p[rows[i].kind].damping_ms[rows[i].cause] = seconds(cfg, block, rows[i].damping);
	}
}

void
monitors_apply(struct chassis *c, const struct cfg *cfg, const struct cfg_node *block)
{
	struct monitor_object *objects = calloc(MONITORS_MAX, sizeof *objects);
	struct guard_periods periods[MONITOR_GUARDED];
	enum err e = ERR_SYSTEM;

	read_periods(cfg, block, periods);
	if (objects != NULL)
		e = monitor_link_configure(c->monitors, objects, read_objects(cfg, block, objects), periods);
	alarm_set(c, "monitor", e != ERR_OK, "the monitors of the configuration could not be taken over");
	free(objects);
}

/* A chassis that takes its addresses back after a hand-over that failed has seen no network turn round. */
void
monitors_transition(struct chassis *c, const struct srp_transition *t)
{
	monitor_link_set_active(c->monitors, t->to == SRP_ACTIVE || t->to == SRP_PENDING_STANDBY);
	if (t->to == SRP_ACTIVE && t->from == SRP_PENDING_ACTIVE)
		monitor_link_switchover(c->monitors);
}

void
monitors_local_failure(struct chassis *c, const char *what)
{
	monitor_link_local_failure(c->monitors, what);
}

void
monitors_tell(struct chassis *c)
{
	for (uint8_t kind = 0; kind < MONITOR_GUARDED; kind++)
		if (monitor_link_is_reported(c->monitors, (enum monitor_kind)kind))
			redundancy_monitor(c, reasons[kind], true);
}

/* --- show srp monitor ------------------------------------------------------------------------------------------- */

static void
view(struct chassis *c, struct monitor_view *v)
{
	monitor_link_view(c->monitors, v);
	v->context = c->srp_context;
}

void
monitors_report(struct chassis *c, struct report *r)
{
	struct monitor_view v;

	view(c, &v);
	monitor_show_summary(&v, r);
}

void
monitors_report_all(struct chassis *c, struct report *r)
{
	struct monitor_view v;

	view(c, &v);
	monitor_show_objects(&v, MONITOR_SHOW_ALL, r);
}

void
monitors_report_diameter_debug(struct chassis *c, struct report *r)
{
	struct monitor_view v;

	view(c, &v);
	monitor_show_debug(&v, MONITOR_DIAMETER, r);
}

static unsigned
kinds_asked(const struct cli_call *call)
{
	if (cli_arg_has(call, "bgp"))
		return 1u << MONITOR_BGP;
	if (cli_arg_has(call, "bfd"))
		return 1u << MONITOR_BFD_ROUTER | 1u << MONITOR_BFD_CHASSIS;
	if (cli_arg_has(call, "diameter"))
		return 1u << MONITOR_DIAMETER;
	return cli_arg_has(call, "authentication-probe") ? 1u << MONITOR_AAA : MONITOR_SHOW_ALL;
}

static enum cli_answer
run_show(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct monitor_view v;
	struct report r;

	view(c, &v);
	report_begin(&r, call->out, cli_wants_json(call));
	if (cli_arg_has(call, "debug"))
		monitor_show_debug(&v, MONITOR_DIAMETER, &r);
	else if (kinds_asked(call) != MONITOR_SHOW_ALL || cli_arg_has(call, "all"))
		monitor_show_objects(&v, kinds_asked(call), &r);
	else
		monitor_show_summary(&v, &r);
	report_end(&r);
	return CLI_ANSWER_DONE;
}

/* --- srp reset-auth-probe-fail, srp reset-diameter-fail ----------------------------------------------------------- */

/* What stands goes on to stand: from now on it counts as if it were new. */
static enum cli_answer
reset(struct cli_call *call, enum monitor_kind kind, const char *words)
{
	struct chassis *c = call->app;
	struct monitor_view v;
	bool was_any;

	if (!srp_link_is_started(c->srp))
		return cli_fail(call, "service-redundancy-protocol is not configured");
	was_any = monitor_link_reset(c->monitors, kind);
	was_any = redundancy_reset_fail(c, reasons[kind]) || was_any;
	view(c, &v);
	if (was_any)
		text_printf(call->out, "Failure information of %s was reset\n", words);
	else
		text_printf(call->out, "There is no failure information of %s to reset\n", words);
	if (v.group->verdicts[kind].is_failed)
		text_printf(call->out, "The failure stands: %s\n", v.group->verdicts[kind].cause);
	return CLI_ANSWER_DONE;
}

static enum cli_answer
run_reset_aaa(struct cli_call *call)
{
	return reset(call, MONITOR_AAA, "the authentication probe");
}

static enum cli_answer
run_reset_diameter(struct cli_call *call)
{
	return reset(call, MONITOR_DIAMETER, "the Diameter monitor");
}

const struct cli_handler monitor_handlers[] = {
    {MONITOR_ROW_SHOW, run_show},
    {MONITOR_ROW_RESET_AAA, run_reset_aaa},
    {MONITOR_ROW_RESET_DIAMETER, run_reset_diameter},
    {0, NULL},
};
