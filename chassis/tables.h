/* tables.h - the command tables of the program, in the order in which configuration is printed. */
#ifndef CHASSIS_TABLES_H
#define CHASSIS_TABLES_H

#include "cli/cmd_rows.h"

extern const struct cli_table *const chassis_tables[]; /* NULL-terminated, for cli_setup */

#endif
