/*
 * ggsn_audit.h - the internal audit of one session manager: every call is examined after a takeover or the recovery of
 * a task, and one that is not consistent is purged.
 *
 * A call is consistent when its record can be read, carries the TEID of its slot, is the one that the index finds under
 * its IMSI and NSAPI, belongs to a service (if it names one) and an access point of the configuration, and holds an
 * address of that access point's pool alone. The audit goes through the slots in slices while requests are served. At
 * its end the pools are what the calls say: an address that no call holds is free again. That does not hold when calls
 * were left to be taken back from the other chassis: one of these addresses may be theirs, and all stay in use.
 *
 * A part of struct ggsn, as pure as the rest. Caller: the session manager role.
 * Source: interchassis session recovery chapter, "Optimization of Switchover Control Outage Time".
 */
#ifndef GATEWAY_GGSN_AUDIT_H
#define GATEWAY_GGSN_AUDIT_H

#include "gateway/ggsn.h"

enum ggsn_fault {
	GGSN_FAULT_NONE,
	GGSN_FAULT_RECORD,  /* cannot be read */
	GGSN_FAULT_TEID,    /* carries another TEID than its slot */
	GGSN_FAULT_INDEX,   /* the index does not find it under its IMSI and NSAPI */
	GGSN_FAULT_SERVICE, /* of a service that is not configured */
	GGSN_FAULT_APN,     /* of an access point that is not configured */
	GGSN_FAULT_ADDRESS, /* its address is in no pool of its access point */
	GGSN_FAULT_SHARED,  /* another call holds the address */
	GGSN_FAULT_COUNT
};

struct ggsn_audit_report {
	uint64_t audited; /* calls examined, those purged included */
	uint64_t purged;
	uint64_t by_fault[GGSN_FAULT_COUNT];
	uint64_t addresses_freed; /* were in use, and no call held them; only when the audit came to its end */
	uint64_t left;            /* cannot be read, and left to what the other chassis has of them */
};

/* A call that is being purged. @call is NULL when its record could not be read. */
typedef void ggsn_purged_fn(void *arg, uint32_t teid, enum ggsn_fault fault, const struct call *call);

/*
 * ggsn_audit_begin - from the first slot; one that runs begins anew. ERR_SYSTEM when memory for a second set of pool
 * maps is missing; then none runs. ggsn_new_from ends an audit: begin again.
 */
enum err ggsn_audit_begin(struct ggsn *g);

/*
 * ggsn_audit_slice - examine up to @max calls (and no more than 4096 slots). Each call to be purged leaves the store,
 * with a tombstone of type 0, when @purged has been told of it; @purged must not call into the engine.
 *
 * @is_mending  records that cannot be read may come back from the other chassis: such calls are left
 *
 * Returns ERR_SHORT: there is more; ERR_OK: that was all, none runs any more; ERR_NOT_FOUND: none runs.
 */
enum err ggsn_audit_slice(struct ggsn *g, unsigned max, uint32_t now_s, bool is_mending, ggsn_purged_fn *purged,
                          void *arg);

/* ggsn_audit_end - break it off; what it purged stays purged. */
void ggsn_audit_end(struct ggsn *g);

/* ggsn_audit_report - of the audit that runs or ran last; zeroes before. Dies with the engine. */
const struct ggsn_audit_report *ggsn_audit_report(const struct ggsn *g);

const char *ggsn_fault_text(enum ggsn_fault fault);

#endif
