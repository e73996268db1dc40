/*
 * gateway_cmds.c - the commands of the gateway: GGSN services, access points, pools, subscribers.
 */
#include "gateway/gateway_cmds.h"

#include "cli/cfg.h"
#include "cli/cli.h"
#include "cli/cmd_card.h"
#include "gateway/gateway_types.h"

/* gateway_has_room - the gateway serves at most @max lines of @row in all contexts; one that is there already is
 * entered. */
static enum err
gateway_has_room(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, uint16_t row,
                 unsigned max, struct text *why)
{
	unsigned count = 0;

	if (cfg_find(cfg, block, row, cli_bound_str(line, "name")))
		return ERR_OK;
	for (const struct cfg_node *c = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); c; c = cfg_next(cfg, c))
		for (const struct cfg_node *n = cfg_first(cfg, c, row); n; n = cfg_next(cfg, n))
			count++;
	if (count < max)
		return ERR_OK;
	text_printf(why, "there are %u of them already, which is the maximum", max);
	return ERR_REFUSED;
}

static enum err
gateway_pool_fits(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	return gateway_has_room(cfg, block, line, GATEWAY_ROW_POOL, GATEWAY_POOLS_MAX, why);
}

static enum err
gateway_apn_fits(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	return gateway_has_room(cfg, block, line, GATEWAY_ROW_APN, GATEWAY_APNS_MAX, why);
}

static enum err
gateway_service_fits(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line,
                     struct text *why)
{
	return gateway_has_room(cfg, block, line, GATEWAY_ROW_GGSN, GATEWAY_SERVICES_MAX, why);
}

const struct cli_mode gateway_ggsn_mode = {
    .name = "GGSN Service Configuration",
    .parent = &cli_context_mode,
    .prompt = "config-ggsn-service",
};

const struct cli_mode gateway_apn_mode = {
    .name = "APN Configuration",
    .parent = &cli_context_mode,
    .prompt = "config-apn",
};

static const struct cli_row gateway_rows[] = {
    /* --- Context Configuration ------------------------------------------------------------------------ */
    {
        .id = GATEWAY_ROW_POOL,
        .mode = &cli_context_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_PAIR,
        .tokens = TOKENS(
            KEYWORD("ip", "IP settings of the context"), KEYWORD("pool", "Addresses for subscribers"),
            KEY_NAME("name", 1, 31, "Name of the pool"), ONE_OF, ADDRESS4("address", "First address of the network"),
            MASK_OF("mask", GATEWAY_PREFIX_MIN, GATEWAY_PREFIX_MAX, "Its mask"), OR,
            PREFIX_OF("prefix", GATEWAY_PREFIX_MIN, GATEWAY_PREFIX_MAX, "The network"), CLOSE, OPTION, ONE_OF,
            KEYWORD("public", "For subscribers that ask for a public address"),
            UINT("public-priority", 0, 10, "Priority, 0 is the highest; kept, no effect yet"), OR,
            KEYWORD("private", "Addresses used by this system only"),
            UINT("private-priority", 0, 10, "Priority, 0 is the highest; kept, no effect yet"), OR,
            KEYWORD("static", "Only addresses that somebody else has given"), OR,
            KEYWORD_IDLE("resource", "Reserved for an access point; used as public"), CLOSE, CLOSE, OPTION,
            KEYWORD("srp-activate", "Announced only while this chassis is Active"), CLOSE, OPTION,
            KEYWORD_IDLE("group-name", "Puts the pool into a group"), NAME("group", 1, 31, "Name of the group"), CLOSE),
        .check = gateway_pool_fits,
        .doc = "A pool of subscriber addresses. With srp-activate it belongs to the pair and is used by the active "
               "chassis only; without it an alarm says so. Priorities, resource and group-name are kept and have no "
               "effect yet: the first pool of its context serves an access point that names none.",
    },
    {
        .id = GATEWAY_ROW_BUSYOUT,
        .mode = &cli_context_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET | CLI_SRP_BLOCK | CLI_ORDERED,
        .tokens = TOKENS(
            KEYWORD("busyout", "No new calls there"), KEYWORD("ip", "IPv4"), KEYWORD("pool", "Pools of this context"),
            ONE_OF,
            KEY_CHOICE("which",
                       CHOICES({"all", "All of them"}, {"all-dynamic", "Those that addresses are chosen from"},
                               {"all-static", "Those of addresses somebody else has given"}),
                       "Which pools"),
            OR, KEYWORD("name", "One of them"), KEY_NAME("pool-name", 1, 31, "Name of the pool"), CLOSE, OPTION, ONE_OF,
            KEYWORD("address-range", "Only some of its addresses"), ADDRESS4("first", "The first address"),
            ADDRESS4("last", "The last address"), OR, KEYWORD("lower-percentage", "Only its lower addresses"),
            UINT("lower", 1, 100, "Percent"), OR, KEYWORD("upper-percentage", "Only its upper addresses"),
            UINT("upper", 1, 100, "Percent"), CLOSE, CLOSE),
        .doc =
            "Takes pools, or some of their addresses, out of use for new calls. Both chassis of a pair must have these "
            "lines in the same order. The words behind pool are a reconstruction: no source prints them.",
    },
    {
        .id = GATEWAY_ROW_APN,
        .mode = &cli_context_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_MAY_ASK | CLI_PAIR,
        .tokens =
            TOKENS(KEYWORD("apn", "An access point name"), KEY_NAME("name", 1, 62, "Name, as subscribers ask for it")),
        .opens = &gateway_apn_mode,
        .check = gateway_apn_fits,
        .doc = "Creates or enters an access point.",
    },
    {
        .id = GATEWAY_ROW_GGSN,
        .mode = &cli_context_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_MAY_ASK | CLI_PAIR,
        .tokens = TOKENS(KEYWORD("ggsn-service", "A GGSN: GTP version 1 from SGSNs"),
                         KEY_NAME("name", 1, 63, "Name of the service")),
        .opens = &gateway_ggsn_mode,
        .check = gateway_service_fits,
        .doc = "Creates or enters a GGSN service.",
    },

    /* --- GGSN Service Configuration ---------------------------------------------------------------------- */
    {
        .id = GATEWAY_ROW_GGSN_BIND,
        .mode = &gateway_ggsn_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("bind", "Where the service answers"), KEYWORD("address", "By its address"),
                         ADDRESS("address", "Address of an interface of this context")),
        .doc =
            "Starts the service at that address. On an srp-activate interface it answers on the active chassis only.",
    },

    /* --- APN Configuration --------------------------------------------------------------------------------- */
    {
        .id = GATEWAY_ROW_APN_CONTEXT,
        .mode = &gateway_apn_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("ip", "IP settings of the access point"),
                         KEYWORD("context-name", "The context its subscribers' traffic goes to"),
                         NAME("context", 1, 79, "Name of the context")),
        .doc = "The context whose pools and routes the access point uses; its own context when not set.",
    },
    {
        .id = GATEWAY_ROW_APN_POOL,
        .mode = &gateway_apn_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("ip", "IP settings of the access point"),
                         KEYWORD("address", "Addresses of subscribers"), KEYWORD("pool", "From a pool"),
                         KEYWORD("name", "By its name"), NAME("pool", 1, 31, "Name of a pool of its context")),
        .doc =
            "The pool that subscribers of the access point get their address from; the first one of its context when "
            "not set.",
    },

    /* --- Exec ---------------------------------------------------------------------------------------------- */
    {
        .id = GATEWAY_ROW_SHOW_SUBSCRIBERS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("subscribers", "Calls"), ONE_OF,
                   KEYWORD("summary", "Numbers by kind"), OR, KEYWORD("all", "One line for each call"), OR,
                   KEYWORD("imsi", "The calls of one subscriber, a line each"), DIGITS("digits", 6, 15, "IMSI"), CLOSE),
        .doc = "Calls of this chassis.",
    },
    {
        .id = GATEWAY_ROW_SHOW_SUBSCRIBERS_FULL,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("subscribers", "Calls"),
                         KEYWORD("full", "Everything that is known of a call"), ONE_OF, KEYWORD("all", "All calls"), OR,
                         KEYWORD("imsi", "The calls of one subscriber"), DIGITS("digits", 6, 15, "IMSI"), CLOSE),
        .doc = "Calls of this chassis with their TEIDs, addresses and counters.",
    },
    {
        .id = GATEWAY_ROW_SHOW_GGSN,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("ggsn-service", "GGSN services"), ONE_OF,
                         KEYWORD("all", "All of them"), OR, KEYWORD("name", "One of them"),
                         NAME("service", 1, 63, "Name of the service"), CLOSE),
        .doc = "State and address of GGSN services.",
    },
    {
        .id = GATEWAY_ROW_CLEAR_SUBSCRIBERS,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .privilege = CLI_ADMINISTRATOR,
        .flags = CLI_MAY_ASK,
        .tokens = TOKENS(KEYWORD("clear", "Ends or resets something"), KEYWORD("subscribers", "Calls"),
                         KEYWORD("all", "All of them")),
        .doc = "Ends all calls of this chassis.",
    },
};

const struct cli_table gateway_table = TABLE(gateway_rows);
