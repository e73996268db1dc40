/*
 * cfg_pair.h - the lines that both chassis of a pair must have: what show configuration srp prints, and what decides
 * how calls live.
 *
 * Which lines these are is written on the rows: CLI_SRP_BLOCK and CLI_PAIR belong, CLI_PER_CHASSIS does not, although
 * its block does; CLI_ORDERED means that the sequence counts. A line that says its row's default is as good as none
 * and is left out. One line of text for each, the form that srp/srp_validate.h compares:
 *
 *   =context isp1: apn internet: ip address pool name p1      the order of these says nothing
 *   #context isp1: busyout ip pool all                        these are a sequence within their block
 *
 * A sealed secret stands between two CFG_SECRET_MARKs: its text differs from chassis to chassis, so the caller puts
 * something comparable in its place. Source: interchassis session recovery chapter, "Verifying the Primary and Backup
 * Configuration" and "BGP Interaction" (the order of busyout ip pool).
 */
#ifndef CLI_CFG_PAIR_H
#define CLI_CFG_PAIR_H

#include "cli/cfg.h"

#define CFG_SECRET_MARK "\x1e"

/* A walk over these lines: a plain value. */
struct cfg_pair {
	struct cfg_walk walk;
};

void cfg_pair_init(struct cfg_pair *p, const struct cfg *cfg);

/*
 * cfg_pair_step - look at @lines lines and write those that belong to @out. ERR_OK: all are written; ERR_SHORT: there
 * is more; ERR_REFUSED: the configuration has changed since the start, begin again.
 */
enum err cfg_pair_step(struct cfg_pair *p, struct text *out, unsigned lines);

#endif
