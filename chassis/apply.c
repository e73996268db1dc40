/*
 * apply.c - the running configuration, read as the engine and the roles want it.
 *
 * After a change the tree is read once (a moment later, so that a pasted block costs one reading) into a struct
 * srp_config and a struct gateway_config; what differs from before is told. Nothing is remembered here: what the tree
 * does not say is not in force. One exception: the addresses of the redundancy link stay until others are given, since
 * an operator changes them in two lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chassis/chassis.h"
#include "chassis/chassis_cmds.h"
#include "gateway/gateway_cmds.h"
#include "gateway/gtp1.h"
#include "srp/srp_cmds.h"

enum { APPLY_MS = 5 };

/* --- gateway ---------------------------------------------------------------------------------------------- */

static void
copy_name(char *dst, size_t cap, const char *src)
{
	snprintf(dst, cap, "%s", src == NULL ? "" : src);
}

/* Is @a the address of an interface of @context that is marked srp-activate? */
static bool
is_srp_activated(const struct cfg *cfg, const struct cfg_node *context, const struct addr *a)
{
	for (const struct cfg_node *i = cfg_first(cfg, context, CHASSIS_ROW_INTERFACE); i != NULL;
	     i = cfg_next(cfg, i)) {
		const struct cfg_node *line = cfg_first(cfg, i, CHASSIS_ROW_INTERFACE_ADDRESS);
		struct addr own;

		if (line != NULL && cfg_addr(cfg, line, "address", &own) && addr_equal(&own, a) &&
		    cfg_has(cfg, line, "srp-activate"))
			return true;
	}
	return false;
}

static void
read_services(const struct cfg *cfg, const struct cfg_node *context, const char *name, struct gateway_config *g)
{
	for (const struct cfg_node *n = cfg_first(cfg, context, GATEWAY_ROW_GGSN); n != NULL; n = cfg_next(cfg, n)) {
		struct gateway_service *s = &g->services[g->service_count];

		if (g->service_count == GATEWAY_SERVICES_MAX)
			return;
		copy_name(s->name, sizeof s->name, cfg_str(cfg, n, "name"));
		copy_name(s->context, sizeof s->context, name);
		s->id = gateway_service_id(s->context, s->name);
		s->port = GATEWAY_PORT_GTPC;
		s->is_bound = cfg_leaf_addr(cfg, n, GATEWAY_ROW_GGSN_BIND, &s->bind);
		s->is_srp_activated = s->is_bound && is_srp_activated(cfg, context, &s->bind);
		g->service_count++;
	}
}

static void
read_apns(const struct cfg *cfg, const struct cfg_node *context, const char *name, struct gateway_config *g)
{
	for (const struct cfg_node *n = cfg_first(cfg, context, GATEWAY_ROW_APN); n != NULL; n = cfg_next(cfg, n)) {
		struct gateway_apn *a = &g->apns[g->apn_count];
		const char *other = cfg_leaf_str(cfg, n, GATEWAY_ROW_APN_CONTEXT);

		if (g->apn_count == GATEWAY_APNS_MAX)
			return;
		copy_name(a->name, sizeof a->name, cfg_str(cfg, n, "name"));
		copy_name(a->context, sizeof a->context, other != NULL ? other : name);
		copy_name(a->pool, sizeof a->pool, cfg_leaf_str(cfg, n, GATEWAY_ROW_APN_POOL));
		g->apn_count++;
	}
}

/* An access point without a pool of its own uses the first one of its context. */
static void
default_pools(struct gateway_config *g)
{
	for (unsigned a = 0; a < g->apn_count; a++)
		for (unsigned p = 0; p < g->pool_count && g->apns[a].pool[0] == '\0'; p++)
			if (strcmp(g->pools[p].context, g->apns[a].context) == 0)
				copy_name(g->apns[a].pool, sizeof g->apns[a].pool, g->pools[p].name);
}

/* 255.255.0.0 -> 16 */
static uint8_t
prefix_of(uint32_t mask)
{
	uint8_t n = 0;

	while (n < 32 && (mask & 0x80000000u >> n) != 0)
		n++;
	return n;
}

static uint8_t
pool_kind(const struct cfg *cfg, const struct cfg_node *line)
{
	if (cfg_has(cfg, line, "private"))
		return GATEWAY_POOL_PRIVATE;
	return cfg_has(cfg, line, "static") ? GATEWAY_POOL_STATIC : GATEWAY_POOL_PUBLIC;
}

static void
read_pools(const struct cfg *cfg, const struct cfg_node *context, const char *name, struct gateway_config *g)
{
	for (const struct cfg_node *n = cfg_first(cfg, context, GATEWAY_ROW_POOL); n != NULL; n = cfg_next(cfg, n)) {
		struct gateway_pool *p = &g->pools[g->pool_count];
		struct addr network, mask;

		if (g->pool_count == GATEWAY_POOLS_MAX || !cfg_addr(cfg, n, "address", &network) ||
		    !cfg_addr(cfg, n, "mask", &mask))
			return;
		copy_name(p->name, sizeof p->name, cfg_str(cfg, n, "name"));
		copy_name(p->context, sizeof p->context, name);
		p->prefix_len = prefix_of(addr_v4_u32(&mask));
		p->network = addr_v4_u32(&network) & addr_v4_u32(&mask);
		p->kind = pool_kind(cfg, n);
		p->is_srp_activated = cfg_has(cfg, n, "srp-activate");
		g->pool_count++;
	}
}

/* The first service-redundancy-protocol block, and the name of its context; NULL and "". */
static const struct cfg_node *
find_srp(const struct cfg *cfg, const char **context)
{
	for (const struct cfg_node *n = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); n != NULL;
	     n = cfg_next(cfg, n)) {
		const struct cfg_node *block = cfg_first(cfg, n, SRP_ROW_BLOCK);

		*context = cfg_str(cfg, n, "name");
		if (block != NULL)
			return block;
	}
	*context = "";
	return NULL;
}

static void
read_graceful(const struct cfg *cfg, struct gateway_config *g)
{
	const struct cfg_node *n = cfg_first(cfg, cfg_root(cfg), SRP_ROW_GRACEFUL_CLEANUP);
	const char *cause = n != NULL ? cfg_str(cfg, n, "cause") : NULL;

	g->is_graceful = n != NULL && !cfg_is_no(n);
	if (g->is_graceful && cause != NULL && strcmp(cause, "system-failure") == 0)
		g->graceful_cause = GTP1_CAUSE_SYSTEM_FAILURE;
}

/* The general duration counts for the kind of session that has none of its own. */
static uint32_t
read_duration_ms(const struct cfg *cfg, const struct cfg_node *srp, uint16_t own)
{
	uint16_t row = cfg_first(cfg, srp, own) != NULL ? own : SRP_ROW_CHECKPOINT_DURATION;

	return (uint32_t)cfg_leaf_uint(cfg, srp, row) * 1000;
}

static void
read_checkpoint(const struct cfg *cfg, const struct cfg_node *srp, struct ckpt_settings *s)
{
	static const uint16_t nack_rows[] = {
	    [CKPT_NACK_MACRO] = SRP_ROW_NACK_MACRO, [CKPT_NACK_MICRO] = SRP_ROW_NACK_MICRO};
	const struct cfg_node *periodic = cfg_first(cfg, srp, SRP_ROW_PERIODIC);

	s->duration_ms[CKPT_NON_IMS] = read_duration_ms(cfg, srp, SRP_ROW_CHECKPOINT_NON_IMS);
	s->duration_ms[CKPT_IMS] = read_duration_ms(cfg, srp, SRP_ROW_CHECKPOINT_IMS);
	if (periodic == NULL || !cfg_is_no(periodic))
		s->periodic_ms = (uint32_t)cfg_leaf_uint(cfg, srp, SRP_ROW_PERIODIC) * 60 * 1000;
	s->is_aggressive = strcmp(cfg_leaf_str(cfg, srp, SRP_ROW_DATABASE_RECOVERY), "aggressive") == 0;
	for (int class = 0; class < CKPT_NACK_CLASS_COUNT; class ++) {
		s->is_nack[class] = cfg_first(cfg, srp, nack_rows[class]) != NULL;
		s->nacks_max[class] = (uint16_t)cfg_leaf_uint(cfg, srp, nack_rows[class]);
	}
}

void
apply_read_gateway(const struct cfg *cfg, unsigned sessmgrs, struct gateway_config *g)
{
	const char *context;
	const struct cfg_node *srp = find_srp(cfg, &context);

	memset(g, 0, sizeof *g);
	g->sessmgr_count = (uint16_t)sessmgrs;
	g->checkpoint.duration_ms[CKPT_NON_IMS] = g->checkpoint.duration_ms[CKPT_IMS] = 60000;
	if (srp != NULL) {
		g->is_lz4_offered = strcmp(cfg_leaf_str(cfg, srp, SRP_ROW_CHECKPOINT_COMPRESSION), "lz4") == 0;
		read_checkpoint(cfg, srp, &g->checkpoint);
	}
	read_graceful(cfg, g);
	for (const struct cfg_node *n = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); n != NULL;
	     n = cfg_next(cfg, n)) {
		const char *name = cfg_str(cfg, n, "name");

		read_services(cfg, n, name, g);
		read_apns(cfg, n, name, g);
		read_pools(cfg, n, name, g);
	}
	default_pools(g);
}

static void
apply_gateway(struct chassis *c, const struct cfg *cfg)
{
	struct gateway_config next;
	struct text_fixed fixed;
	struct text text;
	char line[ALARM_TEXT_MAX];
	enum err e;

	apply_read_gateway(cfg, c->sessmgr_count, &next);
	next.generation = c->gateway.generation;
	memcpy(next.checkpoint.nack_disabled, c->gateway.checkpoint.nack_disabled,
	       sizeof next.checkpoint.nack_disabled);
	text_fixed_init(&fixed, &text, line, sizeof line);
	e = gateway_config_check(&next, &text);
	line[strcspn(line, "\n")] = '\0';
	alarm_set(c, "gateway", e != ERR_OK, line);
	/* what no role may read is not told: what was in force stays */
	if (e == ERR_FORMAT || memcmp(&next, &c->gateway, sizeof next) == 0)
		return;
	next.generation++;
	c->gateway = next;
	tasks_send_config(c);
}

/* --- redundancy --------------------------------------------------------------------------------------------- */

static uint8_t
read_options(const struct cfg *cfg, const struct cfg_node *block)
{
	static const struct {
		uint16_t row;
		uint8_t option;
	} options[] = {
	    {SRP_ROW_ALLOW_ALL, SRP_OPT_ALLOW_ALL},
	    {SRP_ROW_ALLOW_VOLTE, SRP_OPT_ALLOW_VOLTE},
	    {SRP_ROW_ALLOW_EARLY, SRP_OPT_EARLY},
	    {SRP_ROW_CONTROL_OPTIMIZATION, SRP_OPT_CONTROL_OPTIMIZATION},
	    {SRP_ROW_INTERIM_RESOURCE, SRP_OPT_INTERIM_RESOURCE},
	};
	const struct cfg_node *volte = cfg_first(cfg, block, SRP_ROW_ALLOW_VOLTE);
	uint8_t set = volte != NULL && cfg_has(cfg, volte, "maintain-accounting") ? SRP_OPT_VOLTE_ACCOUNTING : 0;

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if (cfg_first(cfg, block, options[i].row) != NULL)
			set |= options[i].option;
	return set;
}

static void
read_srp(struct chassis *c, const struct cfg *cfg, const struct cfg_node *block, struct srp_config *s)
{
	srp_config_init(s);
	s->chassis_id = store_chassis_id(c->store);
	s->incarnation = c->incarnation;
	memcpy(s->mac, store_mac(c->store), MAC_LEN);
	s->mode = srp_mode_of(cfg_leaf_str(cfg, block, SRP_ROW_CHASSIS_MODE));
	s->priority = (uint8_t)cfg_leaf_uint(cfg, block, SRP_ROW_PRIORITY);
	s->hello_ms = srp_interval_ms(cfg, block, SRP_ROW_HELLO);
	s->dead_ms = srp_interval_ms(cfg, block, SRP_ROW_DEAD);
	s->delay_ms = (uint32_t)cfg_leaf_uint(cfg, block, SRP_ROW_DELAY) * 1000;
	s->rm_threshold = (uint8_t)cfg_leaf_uint(cfg, block, SRP_ROW_ROUTE_MODIFIER);
	s->options = read_options(cfg, block);
	s->rm_delta = (uint8_t)cfg_leaf_uint(cfg, block, SRP_ROW_DELTA_ROUTE_MODIFIER);
	s->internal_retries = (uint8_t)cfg_leaf_uint(cfg, block, SRP_ROW_INTERNAL_RETRIES);
	s->internal_retry_ms = (uint32_t)cfg_leaf_uint(cfg, block, SRP_ROW_INTERNAL_RETRY) * 1000;
}

static void
apply_srp(struct chassis *c, const struct cfg *cfg, const struct cfg_node *block)
{
	struct srp_config s;
	struct addr local, peer = {0};
	const char *field = NULL;
	char text[ALARM_TEXT_MAX];

	if (block == NULL) {
		alarm_set(c, "srp", false, "");
		redundancy_absent(c);
		return;
	}
	read_srp(c, cfg, block, &s);
	redundancy_mark(c, srp_dscp_value(cfg_leaf_str(cfg, block, SRP_ROW_DSCP_CONTROL)),
	                srp_dscp_value(cfg_leaf_str(cfg, block, SRP_ROW_DSCP_SESSION)));
	if (!cfg_leaf_addr(cfg, block, SRP_ROW_BIND, &local) || !cfg_leaf_addr(cfg, block, SRP_ROW_PEER, &peer)) {
		alarm_set(c, "srp", true,
		          srp_link_is_started(c->srp)
		              ? "no bind address or no peer-ip-address; the former stay in force until others are given"
		              : "service-redundancy-protocol has no bind address or no peer-ip-address yet");
		return;
	}
	if (local.family != peer.family) {
		alarm_set(c, "srp", true,
		          "service-redundancy-protocol: bind address and peer-ip-address are of different families");
		return;
	}
	if (srp_config_check(&s, &field) != ERR_OK) {
		snprintf(text, sizeof text, "service-redundancy-protocol: %s is not usable", field);
		alarm_set(c, "srp", true, text);
		return;
	}
	alarm_set(c, "srp", false, "");
	redundancy_apply(c, &s, &local, &peer);
}

/* Audits begin by the clock when a start time is configured. */
static void
apply_audit(struct chassis *c, const struct cfg *cfg, const struct cfg_node *block)
{
	const struct cfg_node *n = block != NULL ? cfg_first(cfg, block, SRP_ROW_AUDIT_START) : NULL;
	const char *hour = n != NULL ? cfg_str(cfg, n, "hour") : NULL;
	const char *minute = n != NULL ? cfg_str(cfg, n, "minute") : NULL;
	bool is_on = hour != NULL && minute != NULL;

	sync_apply(c, is_on, is_on ? (uint32_t)(atoi(hour) * 3600 + atoi(minute) * 60) : 0,
	           is_on ? (uint32_t)cfg_leaf_uint(cfg, block, SRP_ROW_AUDIT_PERIODICITY) * 60 : 0);
}

void
apply_now(struct chassis *c)
{
	const struct cfg *cfg = cli_running(c->cli);
	const char *context;
	const struct cfg_node *srp = find_srp(cfg, &context);

	copy_name(c->srp_context, sizeof c->srp_context, context);
	apply_gateway(c, cfg);
	monitors_apply(c, cfg, srp);
	apply_audit(c, cfg, srp);
	apply_srp(c, cfg, srp);
	validation_config_changed(c);
	license_check(c);
	config_keep_soon(c);
}

void
apply_pending(struct chassis *c)
{
	if (!evtimer_pending(c->apply_ev, NULL))
		return;
	event_del(c->apply_ev);
	apply_now(c);
}

void
apply_soon(struct chassis *c)
{
	struct timeval tv = {0, APPLY_MS * 1000};

	event_add(c->apply_ev, &tv);
}
