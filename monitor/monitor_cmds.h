/*
 * monitor_cmds.h - the monitor commands of service-redundancy-protocol and what shows and resets them: rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h) and for handlers (cli/cli.h). Implements the
 * chapter's "Configuring the SRP Context for BGP" and "AAA Monitor".
 */
#ifndef MONITOR_MONITOR_CMDS_H
#define MONITOR_MONITOR_CMDS_H

#include "cli/cmd_rows.h"

enum monitor_row_id {
	MONITOR_ROW_BGP = CLI_ROWS_OF_MONITOR, /* name: the context; peer; number: the group */
	MONITOR_ROW_BFD,                       /* name peer; flags chassis-to-chassis, chassis-to-router */
	MONITOR_ROW_PROBE,                     /* name server; udp-port */
	MONITOR_ROW_DIAMETER,                  /* name endpoint-name; peer-name realm-name */
	MONITOR_ROW_HSRP,                      /* interface-name family: "IPv4", "IPv6"; number */
	MONITOR_ROW_BFD_IGNORE_DEAD,           /* bfd-mon-ignore-dead-interval */

	MONITOR_ROW_SHOW,           /* flags all, bgp, bfd, diameter, debug, authentication-probe */
	MONITOR_ROW_RESET_AAA,      /* srp reset-auth-probe-fail */
	MONITOR_ROW_RESET_DIAMETER, /* srp reset-diameter-fail */
};

extern const struct cli_table monitor_table;

#endif
