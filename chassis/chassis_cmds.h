/*
 * chassis_cmds.h - the commands of the chassis itself: interfaces, ports, boot stack, tasks. Rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h) and for handlers (cli/cli.h).
 * system hostname, context, autoconfirm and timestamps are the core's (cli/cli_cmds.c).
 */
#ifndef CHASSIS_CHASSIS_CMDS_H
#define CHASSIS_CHASSIS_CMDS_H

#include "cli/cmd_rows.h"

enum chassis_row_id {
	CHASSIS_ROW_BOOT = CLI_ROWS_OF_CHASSIS, /* event: number image-url config-url; is_no: only number */
	CHASSIS_ROW_SESSMGR,                    /* number */
	CHASSIS_ROW_SESSION_RECOVERY,
	CHASSIS_ROW_INTERFACE,             /* name, flag loopback; a block in a context */
	CHASSIS_ROW_INTERFACE_DESCRIPTION, /* text */
	CHASSIS_ROW_INTERFACE_ADDRESS,     /* address mask, flag srp-activate */
	CHASSIS_ROW_INTERFACE_ADDRESS_ALIAS,
	CHASSIS_ROW_PORT,             /* port "S/P"; a block */
	CHASSIS_ROW_PORT_DESCRIPTION, /* text */
	CHASSIS_ROW_PORT_MEDIUM,      /* flag auto, or speed duplex */
	CHASSIS_ROW_PORT_SHUTDOWN,    /* kept as no shutdown */
	CHASSIS_ROW_PORT_BIND,        /* interface context */

	CHASSIS_ROW_SAVE,        /* url, flag -redundant; may ask */
	CHASSIS_ROW_SHOW_ERRORS, /* flag verbose */
	CHASSIS_ROW_SHOW_BOOT,
	CHASSIS_ROW_SHOW_VERSION,
	CHASSIS_ROW_SHOW_CLOCK,
	CHASSIS_ROW_SHOW_ALARM,
	CHASSIS_ROW_SHOW_TASKS,
	CHASSIS_ROW_SHOW_LICENSE,
	CHASSIS_ROW_SHOW_SUPPORT, /* url or nothing; may ask */
	CHASSIS_ROW_SHOW_ARCHIVE, /* number or nothing */
	CHASSIS_ROW_SHOW_DIFF,    /* from to */
};

extern const struct cli_mode chassis_interface_mode, chassis_port_mode;
extern const struct cli_table chassis_table;

#endif
