/* ggsn_internal.h - what ggsn.c and ggsn_pools.c share; nobody else includes it. */
#ifndef GATEWAY_GGSN_INTERNAL_H
#define GATEWAY_GGSN_INTERNAL_H

#include "gateway/ggsn.h"
#include "gateway/ggsn_audit.h"
#include "gateway/pool.h"

struct ggsn {
	struct gateway_config cfg;
	struct call_store store;
	unsigned instance;
	uint8_t restart_counter;
	uint32_t next_charging;                /* lower 25 bits of the next charging id; follows the calls */
	struct pool *pools[GATEWAY_POOLS_MAX]; /* this instance's share of cfg.pools[i] */
	int16_t pool_of_apn[GATEWAY_APNS_MAX]; /* index into pools, -1: none */
	struct ggsn_stats stats;
	bool is_new_refused;
	struct audit *audit; /* NULL: none runs */
	struct ggsn_audit_report audit_report;
};

/*
 * ggsn_take_address - an address for a call of APN number @apn.
 * @address  in: the one asked for, 0: any; out: the one taken
 * Returns GTP1_CAUSE_ACCEPTED, or 199 (no pool), 211 (none free), 220 (the one asked for is not to be had).
 */
uint8_t ggsn_take_address(struct ggsn *g, int apn, uint32_t *address);

/* ggsn_next_charging_id - never 0, unique in this instance for 2^25 calls, also after a switchover. */
uint32_t ggsn_next_charging_id(struct ggsn *g);

/* ggsn_make_pools - empty shares of the configured pools into @pools; false and all NULL when memory is short. */
bool ggsn_make_pools(const struct ggsn *g, struct pool *pools[GATEWAY_POOLS_MAX]);
void ggsn_free_pools(struct pool *pools[GATEWAY_POOLS_MAX]);

/* ggsn_pool_index - index of the pool that the addresses of @call's access point come from, or -1. */
int ggsn_pool_index(const struct ggsn *g, const struct call *call);

/* What a running audit must know of calls that come and go beside it. No effect while none runs. */
void ggsn_audit_added(struct ggsn *g, const struct call *call);
void ggsn_audit_forgotten(struct ggsn *g, const struct call *call);

#endif
