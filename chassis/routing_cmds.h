/*
 * routing_cmds.h - the BGP router of a context: rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h). Implements the chapter's "Configuring BGP Router and
 * Gateway Address".
 */
#ifndef CHASSIS_ROUTING_CMDS_H
#define CHASSIS_ROUTING_CMDS_H

#include "cli/cmd_rows.h"

enum routing_row_id {
	ROUTING_ROW_BGP = CLI_ROWS_OF_ROUTING, /* as; a block in a context, one at most */
	ROUTING_ROW_NETWORK,                   /* network: an address with or without /len */
	ROUTING_ROW_NEIGHBOR,                  /* peer as */
};

extern const struct cli_mode routing_bgp_mode;
extern const struct cli_table routing_table;

#endif
