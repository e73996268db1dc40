/*
 * service_errors.c - show configuration errors: core services and RADIUS addresses that do not move with the pair.
 *
 * Source: interchassis session recovery chapter: a core service is bound to an srp-activated loopback, and
 * nas-ip-address is the address of an interface of its context. Without service-redundancy-protocol nothing moves, and
 * nothing is said.
 */
#include "chassis/chassis_cmds.h"
#include "chassis/config_errors.h"
#include "gateway/aaa_cmds.h"
#include "gateway/gateway_cmds.h"
#include "gateway/ha_cmds.h"
#include "srp/srp_cmds.h"

enum found { NO_INTERFACE, INTERFACE, ACTIVATED };

/* What @context has at address @a. */
static enum found
interface_at(const struct cfg *cfg, const struct cfg_node *context, const struct addr *a)
{
	for (const struct cfg_node *i = cfg_first(cfg, context, CHASSIS_ROW_INTERFACE); i != NULL;
	     i = cfg_next(cfg, i)) {
		const struct cfg_node *line = cfg_first(cfg, i, CHASSIS_ROW_INTERFACE_ADDRESS);
		struct addr own;

		if (line != NULL && cfg_addr(cfg, line, "address", &own) && addr_equal(&own, a))
			return cfg_has(cfg, line, "srp-activate") ? ACTIVATED : INTERFACE;
	}
	return NO_INTERFACE;
}

/* What gateway_config_check says of a bound ggsn-service is left to it. */
static void
service_errors(const struct cfg *cfg, const struct cfg_node *context, struct cfg_report *r)
{
	for (const struct cfg_node *n = cfg_first(cfg, context, GATEWAY_ROW_GGSN); n != NULL; n = cfg_next(cfg, n))
		if (cfg_first(cfg, n, GATEWAY_ROW_GGSN_BIND) == NULL)
			cfg_report_error(r, cfg, n, "is not bound to an srp-activated loopback interface");
	for (const struct cfg_node *n = cfg_first(cfg, context, HA_ROW_SERVICE); n != NULL; n = cfg_next(cfg, n)) {
		struct addr a;

		if (!cfg_leaf_addr(cfg, n, HA_ROW_BIND, &a) || interface_at(cfg, context, &a) != ACTIVATED)
			cfg_report_error(r, cfg, n, "is not bound to an srp-activated loopback interface");
	}
}

static void
nas_errors(const struct cfg *cfg, const struct cfg_node *context, struct cfg_report *r)
{
	static const char *const names[] = {"address", "backup-address"};

	for (const struct cfg_node *n = cfg_first(cfg, context, AAA_ROW_NAS_ADDRESS); n != NULL; n = cfg_next(cfg, n))
		for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
			struct addr a;

			if (cfg_addr(cfg, n, names[i], &a) && interface_at(cfg, context, &a) == NO_INTERFACE)
				cfg_report_error(r, cfg, n, "no interface of the context has address %s",
				                 cfg_str(cfg, n, names[i]));
		}
}

void
config_service_errors(const struct cfg *cfg, struct cfg_report *r)
{
	bool is_pair = false;

	for (const struct cfg_node *c = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); c != NULL; c = cfg_next(cfg, c))
		is_pair |= cfg_first(cfg, c, SRP_ROW_BLOCK) != NULL;
	for (const struct cfg_node *c = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); is_pair && c != NULL;
	     c = cfg_next(cfg, c)) {
		service_errors(cfg, c, r);
		nas_errors(cfg, c, r);
	}
}
