/*
 * tables.c - the command tables of the program, in the order in which configuration is printed: interfaces before what
 * binds to them, pools before what takes addresses from them.
 */
#include "chassis/tables.h"

#include "chassis/bulkstats_cmds.h"
#include "chassis/chassis_cmds.h"
#include "chassis/routing_cmds.h"
#include "chassis/system_cmds.h"
#include "gateway/aaa_cmds.h"
#include "gateway/gateway_cmds.h"
#include "gateway/ha_cmds.h"
#include "monitor/monitor_cmds.h"
#include "srp/srp_cmds.h"

const struct cli_table *const chassis_tables[] = {
    &chassis_table, &bulkstats_table, &srp_table, &srp_option_table, &srp_view_table, &monitor_table,
    &aaa_table,     &gateway_table,   &ha_table,  &routing_table,    &system_table,   NULL,
};
