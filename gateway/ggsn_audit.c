/* ggsn_audit.c - the walk over the calls, with pool maps of its own that are filled as it goes. */
#include "gateway/ggsn_audit.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/ggsn_internal.h"

struct audit {
	uint32_t slot; /* calls in lower slots have been examined */
	struct pool *pools[GATEWAY_POOLS_MAX];
};

enum err
ggsn_audit_begin(struct ggsn *g)
{
	struct audit *a = calloc(1, sizeof *a);

	ggsn_audit_end(g);
	if (a == NULL || !ggsn_make_pools(g, a->pools)) {
		free(a);
		return ERR_SYSTEM;
	}
	g->audit = a;
	g->audit_report = (struct ggsn_audit_report){0};
	return ERR_OK;
}

void
ggsn_audit_end(struct ggsn *g)
{
	if (g->audit == NULL)
		return;
	ggsn_free_pools(g->audit->pools);
	free(g->audit);
	g->audit = NULL;
}

/* A call that was made beside the audit, in a slot that it has passed; it comes to the others by itself. */
void
ggsn_audit_added(struct ggsn *g, const struct call *call)
{
	int i = ggsn_pool_index(g, call);

	if (g->audit != NULL && i >= 0 && teid_slot(call->teid) < g->audit->slot)
		(void)pool_take(g->audit->pools[i], addr_v4_u32(&call->address));
}

void
ggsn_audit_forgotten(struct ggsn *g, const struct call *call)
{
	int i;

	if (g->audit == NULL || teid_slot(call->teid) >= g->audit->slot)
		return;
	i = ggsn_pool_index(g, call);
	if (i >= 0)
		(void)pool_give(g->audit->pools[i], addr_v4_u32(&call->address));
}

/* The address, last of all: only a call that is otherwise in order takes it in the map of the audit. */
static enum ggsn_fault
examine_address(struct ggsn *g, const struct call *call)
{
	int i = ggsn_pool_index(g, call);

	if (i < 0 || call->address.family != ADDR_V4)
		return GGSN_FAULT_ADDRESS;
	switch (pool_take(g->audit->pools[i], addr_v4_u32(&call->address))) {
	case ERR_OK:
		return GGSN_FAULT_NONE;
	case ERR_EXISTS:
		return GGSN_FAULT_SHARED;
	default:
		return GGSN_FAULT_ADDRESS;
	}
}

static enum ggsn_fault
examine(struct ggsn *g, uint32_t teid, const struct call *call, enum err e)
{
	if (e == ERR_CORRUPT)
		return GGSN_FAULT_RECORD;
	if (call->teid != teid)
		return GGSN_FAULT_TEID;
	if (e == ERR_REFUSED)
		return GGSN_FAULT_INDEX;
	if (call->service != 0 && gateway_find_service(&g->cfg, call->service) < 0)
		return GGSN_FAULT_SERVICE;
	if (gateway_find_apn(&g->cfg, call->apn) == NULL)
		return GGSN_FAULT_APN;
	return examine_address(g, call);
}

/* The pools in use are not touched: another call may hold the address, and the end of the audit sets them right. */
static void
purge(struct ggsn *g, uint32_t teid, enum ggsn_fault fault, uint32_t now_s)
{
	struct tombstone tomb = {.teid = teid, .cause = 0, .released_s = now_s};

	(void)g->store.ops->release(g->store.arg, &tomb);
	g->audit_report.purged++;
	g->audit_report.by_fault[fault]++;
}

static void
finish(struct ggsn *g)
{
	for (unsigned i = 0; i < g->cfg.pool_count; i++) {
		if (g->audit_report.left > 0)
			pool_join(g->pools[i], g->audit->pools[i]);
		else
			g->audit_report.addresses_freed += pool_become(g->pools[i], g->audit->pools[i]);
	}
	ggsn_audit_end(g);
}

enum err
ggsn_audit_slice(struct ggsn *g, unsigned max, uint32_t now_s, bool is_mending, ggsn_purged_fn *purged, void *arg)
{
	if (g->audit == NULL)
		return ERR_NOT_FOUND;
	for (unsigned i = 0; i < max; i++) {
		enum ggsn_fault fault;
		struct call call;
		uint32_t teid;
		enum err e = g->store.ops->examine(g->store.arg, &g->audit->slot, &teid, &call);

		if (e == ERR_SHORT)
			return ERR_SHORT;
		if (e == ERR_NOT_FOUND) {
			finish(g);
			return ERR_OK;
		}
		g->audit_report.audited++;
		if (e == ERR_CORRUPT && is_mending) {
			g->audit_report.left++;
			continue;
		}
		fault = examine(g, teid, &call, e);
		if (fault == GGSN_FAULT_NONE)
			continue;
		purged(arg, teid, fault, e != ERR_CORRUPT ? &call : NULL);
		purge(g, teid, fault, now_s);
	}
	return ERR_SHORT;
}

const struct ggsn_audit_report *
ggsn_audit_report(const struct ggsn *g)
{
	return &g->audit_report;
}

const char *
ggsn_fault_text(enum ggsn_fault fault)
{
	static const char *const names[GGSN_FAULT_COUNT] = {
	    [GGSN_FAULT_NONE] = "none",
	    [GGSN_FAULT_RECORD] = "record cannot be read",
	    [GGSN_FAULT_TEID] = "TEID is not that of its slot",
	    [GGSN_FAULT_INDEX] = "not found by IMSI and NSAPI",
	    [GGSN_FAULT_SERVICE] = "service is not configured",
	    [GGSN_FAULT_APN] = "access point is not configured",
	    [GGSN_FAULT_ADDRESS] = "address is in no pool of its access point",
	    [GGSN_FAULT_SHARED] = "another call holds the address",
	};

	return fault < GGSN_FAULT_COUNT ? names[fault] : "?";
}
