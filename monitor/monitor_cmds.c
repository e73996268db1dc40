/*
 * monitor_cmds.c - the commands that name what a chassis watches: BGP and BFD peers, AAA servers, Diameter.
 *
 * Source: interchassis session recovery chapter, "Configuring the SRP Context for BGP"; forms that it only names are
 * the reference's proposals (section 2.3).
 */
#include "monitor/monitor_cmds.h"

#include "cli/cmd_card.h"
#include "srp/srp_cmds.h"

/* clang-format off */
#define MONITOR    KEYWORD("monitor", "What this chassis watches to stay Active")
#define IN_CONTEXT KEYWORD("context", "Where it is reached"), KEY_NAME("name", 1, 79, "Name of the context")
/* clang-format on */

static const struct cli_row monitor_rows[] = {
    {
        .id = MONITOR_ROW_BGP,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(MONITOR, KEYWORD("bgp", "A BGP peer"), IN_CONTEXT, KEY_ADDRESS("peer", "Address of the peer"),
                         OPTION, KEYWORD("group", "Peers of a group fail together"),
                         UINT("number", 1, 10, "Number of the group"), CLOSE),
        .doc = "Watches a BGP peer. The chassis gives up when all peers of a context, or of a group, are down.",
    },
    {
        .id = MONITOR_ROW_BFD,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET | CLI_PER_CHASSIS,
        .tokens =
            TOKENS(MONITOR, KEYWORD("bfd", "A BFD session"), IN_CONTEXT, KEY_ADDRESS("peer", "Address of the peer"),
                   ONE_OF, KEYWORD("chassis-to-chassis", "The peer is the other chassis"), OR,
                   KEYWORD("chassis-to-router", "The peer is a router"), CLOSE),
        .doc = "Watches a BFD session to the other chassis or to a router.",
    },
    {
        .id = MONITOR_ROW_PROBE,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(MONITOR, KEYWORD("authentication-probe", "An AAA server"), IN_CONTEXT,
                         KEY_ADDRESS("server", "Address of the server"), OPTION,
                         KEYWORD("port", "Where the server listens; 1812 when left out"),
                         UINT("udp-port", 1, 65535, "UDP port"), CLOSE),
        .doc = "Watches a RADIUS server by authentication probes. The active chassis gives up when none answers.",
    },
    {
        .id = MONITOR_ROW_DIAMETER,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens =
            TOKENS(MONITOR, KEYWORD("diameter", "Diameter peers"), IN_CONTEXT,
                   KEYWORD("endpoint", "By the endpoint they belong to"),
                   KEY_NAME("endpoint-name", 1, 63, "Name of the endpoint"), OPTION,
                   KEYWORD("peer", "One peer of the endpoint"), NAME("peer-name", 1, 63, "Name of the peer"), OPTION,
                   KEYWORD("realm", "Its realm"), NAME("realm-name", 1, 127, "Name of the realm"), CLOSE, CLOSE),
        .doc = "Watches the Diameter peers of an endpoint, or one of them.",
    },
};

const struct cli_table monitor_table = TABLE(monitor_rows);
