/* system_cmds.h - commands that show the system: contexts, uptime, interfaces, ports, log. Rows only. */
#ifndef CHASSIS_SYSTEM_CMDS_H
#define CHASSIS_SYSTEM_CMDS_H

#include "cli/cmd_rows.h"

enum { SYSTEM_LOG_LINES_MAX = 1000, SYSTEM_LOG_LINES = 100 };

enum system_row_id {
	SYSTEM_ROW_SHOW_CONTEXT = CLI_ROWS_OF_SYSTEM, /* flag all */
	SYSTEM_ROW_SHOW_UPTIME,
	SYSTEM_ROW_SHOW_INTERFACES,
	SYSTEM_ROW_SHOW_PORTS,
	SYSTEM_ROW_SHOW_LOGS, /* severity, facility, number */
};

extern const struct cli_table system_table;

#endif
