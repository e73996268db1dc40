/*
 * ha_cmds.h - the commands of a Mobile IP home agent: rows only.
 *
 * Kept so that configurations of the chapter load and print; there is no home agent.
 */
#ifndef GATEWAY_HA_CMDS_H
#define GATEWAY_HA_CMDS_H

#include "cli/cmd_rows.h"

enum ha_row_id {
	HA_ROW_SERVICE = CLI_ROWS_OF_HA, /* name; a block in a context */
	HA_ROW_MN_SPI,                   /* spi sealed; algorithm */
	HA_ROW_FA_SPI,                   /* network spi sealed; algorithm */
	HA_ROW_BIND,                     /* address */
};

extern const struct cli_mode ha_mode;
extern const struct cli_table ha_table;

#endif
