/*
 * bulkstats_cmds.h - the commands of bulk statistics: rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h). Implements the chapter's "Disabling Bulk Statistics
 * Collection on a Standby System".
 */
#ifndef CHASSIS_BULKSTATS_CMDS_H
#define CHASSIS_BULKSTATS_CMDS_H

#include "cli/cmd_rows.h"

enum bulkstats_row_id {
	BULKSTATS_ROW_COLLECTION = CLI_ROWS_OF_BULKSTATS,
	BULKSTATS_ROW_HISTORICAL,
	BULKSTATS_ROW_MODE,              /* a block of global configuration */
	BULKSTATS_ROW_LIMIT,             /* kbytes */
	BULKSTATS_ROW_SAMPLE_INTERVAL,   /* minutes */
	BULKSTATS_ROW_TRANSFER_INTERVAL, /* minutes */
	BULKSTATS_ROW_GATHER_ON_STANDBY, /* kept as no gather-on-standby */
};

extern const struct cli_mode bulkstats_mode;
extern const struct cli_table bulkstats_table;

#endif
