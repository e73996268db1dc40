/*
 * aaa_cmds.h - the AAA commands of a context: RADIUS servers and attributes, the default subscriber. Rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h).
 */
#ifndef GATEWAY_AAA_CMDS_H
#define GATEWAY_AAA_CMDS_H

#include "cli/cmd_rows.h"

enum aaa_row_id {
	AAA_ROW_NAS_ADDRESS = CLI_ROWS_OF_AAA, /* address; backup-address */
	AAA_ROW_SERVER,                        /* address sealed; udp-port */
	AAA_ROW_ACCOUNTING_SERVER,             /* address sealed; udp-port */
	AAA_ROW_SUBSCRIBER_DEFAULT,            /* a block in a context */
};

extern const struct cli_mode aaa_subscriber_mode;
extern const struct cli_table aaa_table;

#endif
