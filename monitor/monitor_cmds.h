/*
 * monitor_cmds.h - the monitor commands of service-redundancy-protocol: rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h). Implements the chapter's "Configuring the SRP
 * Context for BGP".
 */
#ifndef MONITOR_MONITOR_CMDS_H
#define MONITOR_MONITOR_CMDS_H

#include "cli/cmd_rows.h"

enum monitor_row_id {
	MONITOR_ROW_BGP = CLI_ROWS_OF_MONITOR, /* context peer; number: the group */
	MONITOR_ROW_BFD,                       /* context peer; flags chassis-to-chassis, chassis-to-router */
	MONITOR_ROW_PROBE,                     /* context server; udp-port */
	MONITOR_ROW_DIAMETER,                  /* context endpoint-name; peer-name realm-name */
};

extern const struct cli_table monitor_table;

#endif
