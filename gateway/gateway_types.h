/*
 * gateway_types.h - the gateway's configuration as one plain value, and what identifies a peer.
 *
 * chassisd fills a struct gateway_config from the running configuration, checks it, and the roles get a
 * byte-for-byte copy through shared memory: no pointers, fixed sizes. It knows nothing of command rows,
 * sockets or calls. Lookups and the check are in gateway_config.c.
 */
#ifndef GATEWAY_TYPES_H
#define GATEWAY_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/text.h"
#include "checkpoint/ckpt_types.h"

enum {
	GATEWAY_SERVICES_MAX = 16,
	GATEWAY_APNS_MAX = 64,
	GATEWAY_POOLS_MAX = 64,
	GATEWAY_NAME_MAX = 79,      /* characters of a service, context or pool name */
	GATEWAY_APN_MAX = 62,       /* characters of an access point name */
	GATEWAY_SESSMGRS_MAX = 127, /* instances 1..127: seven bits of a TEID */
	GATEWAY_PREFIX_MIN = 8,     /* shortest and longest prefix of an address pool */
	GATEWAY_PREFIX_MAX = 30,
	GATEWAY_PORT_GTPC = 2123
};

/* The word after the mask of an `ip pool` line. */
enum gateway_pool_kind { GATEWAY_POOL_PUBLIC, GATEWAY_POOL_PRIVATE, GATEWAY_POOL_STATIC, GATEWAY_POOL_KIND_COUNT };

/* `standby database-recovery { normal | aggressive }`. */

struct gateway_service {
	uint32_t id; /* gateway_service_id of context and name */
	char name[GATEWAY_NAME_MAX + 1];
	char context[GATEWAY_NAME_MAX + 1];
	struct addr bind;      /* ADDR_NONE: no `bind address` line yet */
	uint16_t port;         /* GATEWAY_PORT_GTPC */
	bool is_bound;         /* the operator has bound it; it starts where the chassis is Active */
	bool is_srp_activated; /* bind is the address of an interface marked srp-activate in that context */
};

/* An APN; context is where its pool lies (`ip context-name`, otherwise the APN's own context). */
struct gateway_apn {
	char name[GATEWAY_APN_MAX + 1];
	char context[GATEWAY_NAME_MAX + 1];
	char pool[GATEWAY_NAME_MAX + 1];
	uint32_t dns_primary; /* host order, 0: none; offered in protocol configuration options */
	uint32_t dns_secondary;
};

struct gateway_pool {
	char name[GATEWAY_NAME_MAX + 1];
	char context[GATEWAY_NAME_MAX + 1];
	uint32_t network;   /* host order, host bits 0 */
	uint8_t prefix_len; /* GATEWAY_PREFIX_MIN..GATEWAY_PREFIX_MAX */
	uint8_t kind;       /* enum gateway_pool_kind */
	bool is_srp_activated;
};

struct gateway_config {
	uint32_t generation; /* raised by chassisd with every change */
	uint16_t service_count;
	uint16_t apn_count;
	uint16_t pool_count;
	uint16_t sessmgr_count; /* 1..GATEWAY_SESSMGRS_MAX */
	struct ckpt_settings checkpoint;
	bool is_graceful;       /* require graceful-cleanup-during-audit-failure */
	uint8_t graceful_cause; /* of what the SGSN of a non-IMS call is told then; 0: without a cause */
	bool is_lz4_offered;    /* checkpoint session compression lz4; from the next connection on */
	struct gateway_service services[GATEWAY_SERVICES_MAX];
	struct gateway_apn apns[GATEWAY_APNS_MAX];
	struct gateway_pool pools[GATEWAY_POOLS_MAX];
};

/*
 * gateway_config_check - is @cfg something the roles may be given?
 *
 * @out  one line per fault, in the operator's words; NULL: only the answer is wanted
 *
 * Two severities in one list: returns ERR_FORMAT when a count, a string or a number is outside its bounds (no role may
 * read it), ERR_REFUSED when it is readable but a part of it cannot work (service without srp-activated
 * address, two services on one address or with one id, APN without a pool, overlapping pools), otherwise ERR_OK.
 */
enum err gateway_config_check(const struct gateway_config *cfg, struct text *out);

/*
 * gateway_service_id - what a call remembers of its service: the same number on both chassis, wherever the service
 * stands in the configuration, and again the same when it is removed and comes back. FNV-1a (32 bits) over context,
 * a zero octet and name; 1 in place of 0, which is no service.
 */
uint32_t gateway_service_id(const char *context, const char *name);

/* gateway_find_service - index of the first service with that id, or -1. */
int gateway_find_service(const struct gateway_config *cfg, uint32_t id);

/* gateway_is_served - has service @index what it needs to be started: bound to an srp-activated IPv4 address, and an id
 * that no service before it has? */
bool gateway_is_served(const struct gateway_config *cfg, unsigned index);

/* gateway_find_apn - the APN of that name, or NULL. Case does not matter, an operator identifier behind it is
 * passed over (TS 23.003 section 9.1). */
const struct gateway_apn *gateway_find_apn(const struct gateway_config *cfg, const char *name);

/* gateway_is_ims - are calls of the access point @name IMS sessions? Those of the one that networks agreed to name
 * "ims" (GSMA IR.88), whatever its case, with or without an operator identifier. */
bool gateway_is_ims(const char *name);

/* gateway_find_pool - index of the pool @name in @context, or -1. */
int gateway_find_pool(const struct gateway_config *cfg, const char *context, const char *name);

#endif
