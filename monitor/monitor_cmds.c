/*
 * monitor_cmds.c - the commands that name what a chassis watches (BGP and BFD peers, AAA servers, Diameter, HSRP), that
 * show it and that forget its failures.
 *
 * Source: interchassis session recovery chapter, "Configuring the SRP Context for BGP", "AAA Monitor" and the tables of
 * Exec commands; forms that it only names are the reference's proposals (section 2.3).
 */
#include "monitor/monitor_cmds.h"

#include <string.h>

#include "cli/bind.h"
#include "cli/cli.h"
#include "cli/cmd_card.h"
#include "monitor/monitor_group.h"
#include "srp/srp_cmds.h"

/* clang-format off */
#define MONITOR    KEYWORD("monitor", "What this chassis watches to stay Active")
#define IN_CONTEXT KEYWORD("context", "Where it is reached"), KEY_NAME("name", 1, 79, "Name of the context")
#define SRP_WORD   KEYWORD("srp", "Interchassis session recovery")
/* clang-format on */

static bool
monitor_is_text_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* monitor_is_same - @l is what @line would replace: the same row and the same keys. */
static bool
monitor_is_same(const struct cfg *cfg, const struct cfg_node *l, const struct cli_bound *line)
{
	for (const struct cli_token *t = line->row->tokens; t->kind != CLI_STOP; t++)
		if (t->is_key && !monitor_is_text_equal(cfg_str(cfg, l, t->name), cli_bound_str(line, t->name)))
			return false;
	return true;
}

/* monitor_room - a chassis watches a bounded number of things; a line that is there already may always be changed. */
static enum err
monitor_room(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	unsigned n = 0;

	for (uint16_t row = MONITOR_ROW_BGP; row <= MONITOR_ROW_HSRP; row++)
		for (const struct cfg_node *l = cfg_first(cfg, block, row); l; l = cfg_next(cfg, l)) {
			if (row == line->row->id && monitor_is_same(cfg, l, line))
				return ERR_OK;
			n++;
		}
	if (n < MONITORS_MAX)
		return ERR_OK;
	text_printf(why, "%u monitors are configured already, remove one first", n);
	return ERR_REFUSED;
}

static const struct cli_row monitor_rows[] = {
    {
        .id = MONITOR_ROW_BGP,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .check = monitor_room,
        .tokens = TOKENS(MONITOR, KEYWORD("bgp", "A BGP peer"), IN_CONTEXT, KEY_ADDRESS("peer", "Address of the peer"),
                         OPTION, KEYWORD("group", "Peers of a group fail together"),
                         UINT("number", 1, 10, "Number of the group"), CLOSE),
        .doc = "Watches a BGP peer. The monitor fails when all peers of a context are down, or all peers of one of its "
               "groups. A peer without a group in a context that has groups is shown and decides nothing. Kept; the "
               "probe that tells the peer's state is not there yet.",
    },
    {
        .id = MONITOR_ROW_BFD,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET | CLI_PER_CHASSIS,
        .check = monitor_room,
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
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .check = monitor_room,
        .tokens = TOKENS(MONITOR, KEYWORD("authentication-probe", "An AAA server"), IN_CONTEXT,
                         KEY_ADDRESS("server", "Address of the server"), OPTION,
                         KEYWORD("port", "Where the server listens; 1812 when left out"),
                         UINT("udp-port", 1, 65535, "UDP port"), CLOSE),
        .doc = "Watches a RADIUS server by authentication probes. Only the active chassis probes; the monitor fails "
               "when no server answers. Kept; the probe itself is not there yet.",
    },
    {
        .id = MONITOR_ROW_DIAMETER,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .check = monitor_room,
        .tokens = TOKENS(MONITOR, KEYWORD("diameter", "Diameter peers"), IN_CONTEXT,
                         KEYWORD("endpoint", "By the endpoint they belong to"),
                         KEY_NAME("endpoint-name", 1, 63, "Name of the endpoint"), OPTION,
                         KEYWORD("peer", "One peer of the endpoint"), KEY_NAME("peer-name", 1, 63, "Name of the peer"),
                         OPTION, KEYWORD("realm", "Its realm"), NAME("realm-name", 1, 127, "Name of the realm"), CLOSE,
                         CLOSE),
        .doc = "Watches the Diameter peers of an endpoint, or one of them. The monitor fails when all peers of an "
               "endpoint are down; a peer that is named counts alone. Kept; the probe that tells their states is not "
               "there yet.",
    },
    {
        .id = MONITOR_ROW_HSRP,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .check = monitor_room,
        .tokens =
            TOKENS(MONITOR, KEYWORD("hsrp", "An HSRP group of a router"), KEYWORD("interface", "Towards the router"),
                   KEY_NAME("interface-name", 1, 79, "Name of the interface"), KEYWORD("afi-type", "Address family"),
                   KEY_CHOICE("family", CHOICES({"IPv4", "Of IPv4"}, {"IPv6", "Of IPv6"}), "Address family"),
                   KEYWORD("hsrp-group", "The group"), KEY_UINT("number", 0, 4095, "Number of the HSRP group")),
        .doc = "Watches an HSRP group on an interface.",
    },
    {
        .id = MONITOR_ROW_BFD_IGNORE_DEAD,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("bfd-mon-ignore-dead-interval", "A standby waits for BFD, not for the dead interval")),
        .doc = "A standby chassis stays Standby when the dead interval has passed, until all chassis-to-chassis BFD "
               "monitors are down.",
    },

    /* --- Exec ------------------------------------------------------------------------------------------- */
    {
        .id = MONITOR_ROW_SHOW,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), SRP_WORD, KEYWORD("monitor", "What this chassis watches"),
                         OPTION, ONE_OF, KEYWORD("all", "Every object"), OR, KEYWORD("bgp", "BGP peers"), OR,
                         KEYWORD("bfd", "BFD sessions"), OR, KEYWORD("diameter", "Diameter endpoints and peers"),
                         OPTION, KEYWORD("debug", "With the peers of endpoints, counters and periods"), CLOSE, OR,
                         KEYWORD("authentication-probe", "AAA servers"), CLOSE, CLOSE),
        .doc =
            "What this chassis watches to stay Active: the monitors, their guard and damping periods and the objects "
            "that are down; with a word more, all objects or those of one kind.",
    },
    {
        .id = MONITOR_ROW_RESET_AAA,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(SRP_WORD, KEYWORD("reset-auth-probe-fail", "Forgets failures of the authentication probes")),
        .doc =
            "Sets the failure information of the authentication probes to 0: a chassis that became Active because the "
            "other could not reach AAA may hand over for that reason again.",
    },
    {
        .id = MONITOR_ROW_RESET_DIAMETER,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(SRP_WORD, KEYWORD("reset-diameter-fail", "Forgets failures of the Diameter monitor")),
        .doc =
            "Sets the failure information of the Diameter monitor to 0: a chassis that became Active because the other "
            "could not reach Diameter may hand over for that reason again.",
    },
};

const struct cli_table monitor_table = TABLE(monitor_rows);
