/*
 * gateway_cmds.h - the commands of the gateway: services, access points, pools, subscribers. Rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h) and for handlers (cli/cli.h).
 */
#ifndef GATEWAY_GATEWAY_CMDS_H
#define GATEWAY_GATEWAY_CMDS_H

#include "cli/cmd_rows.h"

enum gateway_row_id {
	GATEWAY_ROW_GGSN = CLI_ROWS_OF_GATEWAY, /* name; a block in a context */
	GATEWAY_ROW_GGSN_BIND,                  /* address */
	GATEWAY_ROW_APN,                        /* name; a block in a context */
	GATEWAY_ROW_APN_CONTEXT,                /* context */
	GATEWAY_ROW_APN_POOL,                   /* pool */
	GATEWAY_ROW_POOL,    /* name address mask; flags public private static resource srp-activate; public-priority
	                        private-priority group */
	GATEWAY_ROW_BUSYOUT, /* which, or pool-name; first last, lower or upper */

	GATEWAY_ROW_SHOW_SUBSCRIBERS,      /* flags summary, all; imsi: digits */
	GATEWAY_ROW_SHOW_SUBSCRIBERS_FULL, /* flag all; imsi: digits */
	GATEWAY_ROW_SHOW_GGSN,             /* flag all, or service */
	GATEWAY_ROW_CLEAR_SUBSCRIBERS,     /* flag all */
};

extern const struct cli_mode gateway_ggsn_mode, gateway_apn_mode;
extern const struct cli_table gateway_table;

#endif
