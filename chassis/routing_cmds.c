/*
 * routing_cmds.c - the BGP router of a context.
 *
 * Source: interchassis session recovery chapter, "Configuring BGP Router and Gateway Address".
 */
#include "chassis/routing_cmds.h"

#include <string.h>

#include "cli/cfg.h"
#include "cli/cli.h"
#include "cli/cmd_card.h"

/* routing_only_once - a context is one router and has one number. */
static enum err
routing_only_once(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	const struct cfg_node *have = cfg_first(cfg, block, ROUTING_ROW_BGP);

	if (!have || strcmp(cfg_str(cfg, have, "as"), cli_bound_str(line, "as")) == 0)
		return ERR_OK;
	text_printf(why, "router bgp %s is already in this context", cfg_str(cfg, have, "as"));
	return ERR_REFUSED;
}

const struct cli_mode routing_bgp_mode = {
    .name = "BGP Configuration",
    .parent = &cli_context_mode,
    .prompt = "config-bgp",
};

static const struct cli_row routing_rows[] = {
    {
        .id = ROUTING_ROW_BGP,
        .mode = &cli_context_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("router", "Routing of the context"), KEYWORD("bgp", "BGP"),
                         KEY_UINT("as", 1, 4294967295, "Number of the autonomous system")),
        .opens = &routing_bgp_mode,
        .check = routing_only_once,
        .doc = "Creates or enters the BGP router of the context; a context has one.",
    },
    {
        .id = ROUTING_ROW_NETWORK,
        .mode = &routing_bgp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("network", "What is announced"), KEY_NETWORK("network", "An address or a network")),
        .doc = "Announces an address or a network to the neighbors.",
    },
    {
        .id = ROUTING_ROW_NEIGHBOR,
        .mode = &routing_bgp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("neighbor", "A BGP peer"), KEY_ADDRESS("peer", "Address of the peer"),
                         KEYWORD("remote-as", "Its autonomous system"),
                         UINT("as", 1, 4294967295, "Number of the autonomous system")),
        .doc = "A BGP peer and its autonomous system.",
    },
};

const struct cli_table routing_table = TABLE(routing_rows);
