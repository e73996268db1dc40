/* ggsn_pools.c - the engine's life, and the pool shares and charging ids that follow its calls. */
#include <stdlib.h>
#include <string.h>

#include "gateway/ggsn_internal.h"
#include "gateway/gtp1.h"

enum { CHARGING_BITS = TEID_SLOT_BITS + TEID_GEN_BITS, CHARGING_LEAP = 1 << 16 };
#define CHARGING_MASK ((UINT32_C(1) << CHARGING_BITS) - 1)

void
ggsn_free_pools(struct pool *pools[GATEWAY_POOLS_MAX])
{
	for (unsigned i = 0; i < GATEWAY_POOLS_MAX; i++) {
		pool_free(pools[i]);
		pools[i] = NULL;
	}
}

bool
ggsn_make_pools(const struct ggsn *g, struct pool *pools[GATEWAY_POOLS_MAX])
{
	const struct gateway_config *cfg = &g->cfg;

	memset(pools, 0, GATEWAY_POOLS_MAX * sizeof pools[0]);
	for (unsigned i = 0; i < cfg->pool_count; i++) {
		pools[i] = pool_new(cfg->pools[i].network, cfg->pools[i].prefix_len, g->instance, cfg->sessmgr_count);
		if (pools[i] == NULL) {
			ggsn_free_pools(pools);
			return false;
		}
	}
	return true;
}

/* An engine without pools yet, or NULL. */
static struct ggsn *
new_empty(const struct gateway_config *cfg, unsigned instance, struct call_store store)
{
	struct ggsn *g;

	if (gateway_config_check(cfg, NULL) == ERR_FORMAT || instance < 1 || instance > cfg->sessmgr_count)
		return NULL;
	g = calloc(1, sizeof *g);
	if (g == NULL)
		return NULL;
	g->cfg = *cfg;
	g->store = store;
	g->instance = instance;
	g->next_charging = 1;
	for (unsigned i = 0; i < cfg->apn_count; i++)
		g->pool_of_apn[i] = (int16_t)gateway_find_pool(cfg, cfg->apns[i].context, cfg->apns[i].pool);
	return g;
}

struct ggsn *
ggsn_new(const struct gateway_config *cfg, unsigned instance, struct call_store store)
{
	struct ggsn *g = new_empty(cfg, instance, store);

	if (g != NULL && !ggsn_make_pools(g, g->pools)) {
		ggsn_free(g);
		return NULL;
	}
	return g;
}

void
ggsn_free(struct ggsn *g)
{
	if (g == NULL)
		return;
	ggsn_audit_end(g);
	ggsn_free_pools(g->pools);
	free(g);
}

/* Do the pools of @a, in their order, mean the same addresses in @b? */
static bool
is_same_pools(const struct gateway_config *a, const struct gateway_config *b)
{
	if (a->pool_count != b->pool_count || a->sessmgr_count != b->sessmgr_count)
		return false;
	for (unsigned i = 0; i < a->pool_count; i++) {
		const struct gateway_pool *p = &a->pools[i], *q = &b->pools[i];

		if (p->network != q->network || p->prefix_len != q->prefix_len || strcmp(p->name, q->name) != 0 ||
		    strcmp(p->context, q->context) != 0)
			return false;
	}
	return true;
}

struct ggsn *
ggsn_new_from(struct ggsn *take_old, const struct gateway_config *cfg, bool *is_restore_needed)
{
	struct ggsn *g = new_empty(cfg, take_old->instance, take_old->store);
	bool is_same;

	if (g == NULL)
		return NULL;
	is_same = is_same_pools(&take_old->cfg, cfg);
	if (is_same) {
		memcpy(g->pools, take_old->pools, sizeof g->pools);
		memset(take_old->pools, 0, sizeof take_old->pools);
	} else if (!ggsn_make_pools(g, g->pools)) {
		ggsn_free(g);
		return NULL;
	}
	g->restart_counter = take_old->restart_counter;
	g->next_charging = take_old->next_charging;
	g->stats = take_old->stats;
	g->is_new_refused = take_old->is_new_refused;
	ggsn_free(take_old);
	*is_restore_needed = !is_same;
	return g;
}

void
ggsn_set_restart(struct ggsn *g, uint8_t restart_counter)
{
	g->restart_counter = restart_counter;
}

void
ggsn_set_gate(struct ggsn *g, bool is_new_refused)
{
	g->is_new_refused = is_new_refused;
}

uint8_t
ggsn_take_address(struct ggsn *g, int apn, uint32_t *address)
{
	int i = g->pool_of_apn[apn];

	if (i < 0)
		return GTP1_CAUSE_NO_RESOURCES;
	if (*address != 0)
		return pool_take(g->pools[i], *address) == ERR_OK ? GTP1_CAUSE_ACCEPTED : GTP1_CAUSE_UNKNOWN_PDP_TYPE;
	if (g->cfg.pools[i].kind == GATEWAY_POOL_STATIC)
		return GTP1_CAUSE_NO_ADDRESS;
	return pool_alloc(g->pools[i], address) == ERR_OK ? GTP1_CAUSE_ACCEPTED : GTP1_CAUSE_NO_ADDRESS;
}

uint32_t
ggsn_next_charging_id(struct ggsn *g)
{
	uint32_t id = (uint32_t)g->instance << CHARGING_BITS | (g->next_charging & CHARGING_MASK);

	g->next_charging = (g->next_charging + 1) & CHARGING_MASK;
	return id;
}

/* The count goes on behind the highest id seen, so that a standby that takes over repeats none in use. */
static void
follow_charging_id(struct ggsn *g, uint32_t id)
{
	uint32_t next = ((id & CHARGING_MASK) + 1) & CHARGING_MASK;

	if (id >> CHARGING_BITS == g->instance && ((next - g->next_charging) & CHARGING_MASK) < CHARGING_MASK / 2)
		g->next_charging = next;
}

int
ggsn_pool_index(const struct ggsn *g, const struct call *call)
{
	const struct gateway_apn *apn = gateway_find_apn(&g->cfg, call->apn);

	return apn == NULL ? -1 : g->pool_of_apn[apn - g->cfg.apns];
}

static struct pool *
pool_of(const struct ggsn *g, const struct call *call)
{
	int i = ggsn_pool_index(g, call);

	return i < 0 ? NULL : g->pools[i];
}

enum err
ggsn_restore(struct ggsn *g, const struct call *call)
{
	struct pool *p = pool_of(g, call);

	follow_charging_id(g, call->charging_id);
	if (p == NULL)
		return ERR_NOT_FOUND;
	return pool_take(p, addr_v4_u32(&call->address));
}

enum err
ggsn_forget(struct ggsn *g, const struct call *call)
{
	struct pool *p = pool_of(g, call);

	ggsn_audit_forgotten(g, call);
	if (p == NULL)
		return ERR_NOT_FOUND;
	return pool_give(p, addr_v4_u32(&call->address));
}

enum err
ggsn_pool(const struct ggsn *g, unsigned index, uint32_t *size, uint32_t *used)
{
	if (index >= g->cfg.pool_count)
		return ERR_RANGE;
	*size = pool_size(g->pools[index]);
	*used = pool_used(g->pools[index]);
	return ERR_OK;
}

const struct ggsn_stats *
ggsn_stats(const struct ggsn *g)
{
	return &g->stats;
}

void
ggsn_lead(struct ggsn *g)
{
	for (unsigned i = 0; i < g->cfg.pool_count; i++)
		pool_leap(g->pools[i]);
	g->next_charging = (g->next_charging + CHARGING_LEAP) & CHARGING_MASK;
}
