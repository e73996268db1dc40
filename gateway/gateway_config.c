/* gateway_config.c - lookups in the gateway's configuration and the check before the roles get it. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "gateway/gateway_types.h"

/* Where faults are told, and the worst so far. */
struct check {
	const struct gateway_config *cfg;
	struct text *out;
	enum err result;
};

static void
fault(struct check *c, enum err e, const char *what, const char *name, const char *detail)
{
	if (c->result != ERR_FORMAT)
		c->result = e;
	if (c->out == NULL)
		return;
	text_printf(c->out, "%s ", what);
	text_escaped(c->out, name, strnlen(name, GATEWAY_NAME_MAX));
	text_printf(c->out, ": %s\n", detail);
}

/* A string in its array: ended, and not empty. */
static bool
is_name(const char *s, size_t cap)
{
	size_t n = strnlen(s, cap);

	return n > 0 && n < cap;
}

/* Calls know their service by a number made of its name: two services of one number cannot be told apart. */
static void
check_identity(struct check *c, unsigned i)
{
	const struct gateway_service *s = &c->cfg->services[i];
	int first = gateway_find_service(c->cfg, s->id);
	char detail[3 * GATEWAY_NAME_MAX + 160];

	if (first == (int)i)
		return;
	snprintf(detail, sizeof detail,
	         "in context %.*s has the same call identity as ggsn-service %.*s in context %.*s and is not started: "
	         "give one of them another name",
	         GATEWAY_NAME_MAX, s->context, GATEWAY_NAME_MAX, c->cfg->services[first].name, GATEWAY_NAME_MAX,
	         c->cfg->services[first].context);
	fault(c, ERR_REFUSED, "ggsn-service", s->name, detail);
}

static void
check_service(struct check *c, unsigned i)
{
	const struct gateway_service *s = &c->cfg->services[i];

	if (!is_name(s->name, sizeof s->name) || !is_name(s->context, sizeof s->context)) {
		fault(c, ERR_FORMAT, "ggsn-service", s->name, "name or context is missing or too long");
		return;
	}
	if (s->id != gateway_service_id(s->context, s->name))
		fault(c, ERR_FORMAT, "ggsn-service", s->name, "its identity is not that of its name");
	check_identity(c, i);
	if (!s->is_bound)
		return;
	if (s->bind.family != ADDR_V4 || addr_v4_u32(&s->bind) == 0 || s->port == 0)
		fault(c, ERR_REFUSED, "ggsn-service", s->name, "bind address is not an IPv4 address");
	else if (!s->is_srp_activated)
		fault(c, ERR_REFUSED, "ggsn-service", s->name,
		      "bind address is not the address of an srp-activated loopback interface");
	for (unsigned k = 0; k < i; k++)
		if (c->cfg->services[k].is_bound && addr_equal(&c->cfg->services[k].bind, &s->bind))
			fault(c, ERR_REFUSED, "ggsn-service", s->name, "another service is bound to its address");
}

static void
check_apn(struct check *c, unsigned i)
{
	const struct gateway_apn *a = &c->cfg->apns[i];

	if (!is_name(a->name, sizeof a->name) || !is_name(a->context, sizeof a->context) ||
	    strnlen(a->pool, sizeof a->pool) == sizeof a->pool) {
		fault(c, ERR_FORMAT, "apn", a->name, "name or context is missing or too long");
		return;
	}
	if (a->pool[0] == '\0')
		fault(c, ERR_REFUSED, "apn", a->name, "no address pool is named");
	else if (gateway_find_pool(c->cfg, a->context, a->pool) < 0)
		fault(c, ERR_REFUSED, "apn", a->name, "its address pool does not exist in its context");
	for (unsigned k = 0; k < i; k++)
		if (strcasecmp(c->cfg->apns[k].name, a->name) == 0)
			fault(c, ERR_REFUSED, "apn", a->name, "exists twice");
}

static uint32_t
pool_mask(const struct gateway_pool *p)
{
	return UINT32_MAX << (32 - p->prefix_len);
}

static bool
is_overlap(const struct gateway_pool *p, const struct gateway_pool *q)
{
	return p->prefix_len < q->prefix_len ? (q->network & pool_mask(p)) == p->network
	                                     : (p->network & pool_mask(q)) == q->network;
}

static void
check_pool(struct check *c, unsigned i)
{
	const struct gateway_pool *p = &c->cfg->pools[i];

	if (!is_name(p->name, sizeof p->name) || !is_name(p->context, sizeof p->context) ||
	    p->prefix_len < GATEWAY_PREFIX_MIN || p->prefix_len > GATEWAY_PREFIX_MAX ||
	    p->kind >= GATEWAY_POOL_KIND_COUNT || (p->network & ~pool_mask(p)) != 0) {
		fault(c, ERR_FORMAT, "ip pool", p->name, "name, network or mask is not possible");
		return;
	}
	if (!p->is_srp_activated)
		fault(c, ERR_REFUSED, "ip pool", p->name, "is not srp-activated");
	for (unsigned k = 0; k < i; k++) {
		const struct gateway_pool *q = &c->cfg->pools[k];

		if (strcmp(p->context, q->context) == 0 && strcmp(p->name, q->name) == 0)
			fault(c, ERR_REFUSED, "ip pool", p->name, "exists twice");
		else if (strcmp(p->context, q->context) == 0 && is_overlap(p, q))
			fault(c, ERR_REFUSED, "ip pool", p->name, "overlaps another pool of its context");
	}
}

enum err
gateway_config_check(const struct gateway_config *cfg, struct text *out)
{
	struct check c = {.cfg = cfg, .out = out, .result = ERR_OK};

	if (cfg->service_count > GATEWAY_SERVICES_MAX || cfg->apn_count > GATEWAY_APNS_MAX ||
	    cfg->pool_count > GATEWAY_POOLS_MAX) {
		fault(&c, ERR_FORMAT, "gateway", "", "more services, APNs or pools than there may be");
		return c.result;
	}
	if (cfg->sessmgr_count < 1 || cfg->sessmgr_count > GATEWAY_SESSMGRS_MAX)
		fault(&c, ERR_FORMAT, "gateway", "", "number of session managers is out of range");
	for (unsigned i = 0; i < cfg->pool_count; i++)
		check_pool(&c, i);
	for (unsigned i = 0; i < cfg->apn_count; i++)
		check_apn(&c, i);
	for (unsigned i = 0; i < cfg->service_count; i++)
		check_service(&c, i);
	return c.result;
}

static uint32_t
fnv1a(uint32_t hash, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ (uint8_t)s[i]) * UINT32_C(16777619);
	return hash;
}

uint32_t
gateway_service_id(const char *context, const char *name)
{
	uint32_t hash = fnv1a(UINT32_C(2166136261), context, strlen(context) + 1);

	hash = fnv1a(hash, name, strlen(name));
	return hash != 0 ? hash : 1;
}

int
gateway_find_service(const struct gateway_config *cfg, uint32_t id)
{
	for (int i = 0; i < cfg->service_count; i++)
		if (cfg->services[i].id == id)
			return i;
	return -1;
}

bool
gateway_is_served(const struct gateway_config *cfg, unsigned index)
{
	const struct gateway_service *s = &cfg->services[index];

	return s->is_bound && s->is_srp_activated && s->bind.family == ADDR_V4 &&
	       gateway_find_service(cfg, s->id) == (int)index;
}

static const struct gateway_apn *
find_apn_exact(const struct gateway_config *cfg, const char *name, size_t len)
{
	for (unsigned i = 0; i < cfg->apn_count; i++)
		if (len < sizeof cfg->apns[i].name && cfg->apns[i].name[len] == '\0' &&
		    strncasecmp(cfg->apns[i].name, name, len) == 0)
			return &cfg->apns[i];
	return NULL;
}

/* Length of @name without an operator identifier (".mncXXX.mccYYY.gprs", TS 23.003 section 9.1.2). */
static size_t
network_identifier_len(const char *name)
{
	enum { OPERATOR_CHARS = 19 };
	size_t n = strlen(name);
	const char *tail = name + n - OPERATOR_CHARS;

	if (n <= OPERATOR_CHARS || strncasecmp(tail, ".mnc", 4) != 0 || strncasecmp(tail + 7, ".mcc", 4) != 0 ||
	    strcasecmp(tail + 14, ".gprs") != 0)
		return n;
	return n - OPERATOR_CHARS;
}

const struct gateway_apn *
gateway_find_apn(const struct gateway_config *cfg, const char *name)
{
	const struct gateway_apn *a = find_apn_exact(cfg, name, strlen(name));

	return a != NULL ? a : find_apn_exact(cfg, name, network_identifier_len(name));
}

bool
gateway_is_ims(const char *name)
{
	size_t n = network_identifier_len(name);

	return n == 3 && strncasecmp(name, "ims", n) == 0;
}

int
gateway_find_pool(const struct gateway_config *cfg, const char *context, const char *name)
{
	for (int i = 0; i < cfg->pool_count; i++)
		if (strcmp(cfg->pools[i].context, context) == 0 && strcmp(cfg->pools[i].name, name) == 0)
			return i;
	return -1;
}
