/*
 * gateway_show.h - StarOS text of the gateway's show commands, from plain views.
 *
 * Who fills the views (chassisd, from the arenas and the roles' counters) and where the text goes is the
 * caller's affair. `show subscribers all` is printed as head, rows and foot, so that a long table can be
 * made in slices of a few milliseconds.
 * Source: samples show-subscribers-summary--1 and show-subscribers-imsi--1.
 */
#ifndef GATEWAY_GATEWAY_SHOW_H
#define GATEWAY_GATEWAY_SHOW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/text.h"
#include "gateway/demux.h"
#include "session/session_types.h"

/* What the reference's counters are here; every row without a member is 0: there are no such sessions. */
struct gateway_summary_view {
	uint32_t total;
	uint32_t active;
	uint32_t dormant;
	uint32_t ggsn_ipv4;
	uint64_t handoffs; /* updates that changed the SGSN, 0 when not counted */
};

/* One row of the subscriber table. Texts are borrowed and may come from a peer: they are escaped. */
struct gateway_subscriber_view {
	uint32_t callid;
	const char *imsi;     /* digits */
	const char *username; /* MSISDN digits, "-" when unknown */
	struct addr address;
	uint32_t idle_s;
	bool is_dormant;
};

enum gateway_service_state {
	GATEWAY_SERVICE_STARTED,     /* the socket is bound here */
	GATEWAY_SERVICE_NOT_STARTED, /* not bound by the operator, or the chassis is not Active */
	GATEWAY_SERVICE_WAITING      /* Active, but the address cannot be bound yet */
};

struct gateway_service_view {
	const char *name;
	const char *context;
	struct addr bind; /* ADDR_NONE: no bind address configured */
	uint16_t port;
	bool is_srp_activated;
	enum gateway_service_state state;
	const char *reason; /* why it is not started; NULL: nothing to say */
	uint8_t restart_counter;
	uint32_t contexts; /* PDP contexts of the service */
};

void gateway_show_summary(const struct gateway_summary_view *v, struct text *out);

void gateway_show_subscribers_head(struct text *out);
void gateway_show_subscriber(const struct gateway_subscriber_view *v, struct text *out);
void gateway_show_subscribers_foot(uint32_t count, struct text *out);

/* gateway_show_subscriber_full - one block of label and value for @c of session manager @instance; @now_s: wall clock;
 * @service: the name of its service, NULL: that is not configured here.
 */
void gateway_show_subscriber_full(const struct call *c, const char *service, unsigned instance, uint32_t now_s,
                                  struct text *out);

/* gateway_show_service - one block; blocks are separated by an empty line, which is the caller's. */
void gateway_show_service(const struct gateway_service_view *v, struct text *out);

/* What the tasks of the gateway have counted since they started. */
struct gateway_counters_view {
	const struct demux_stats *demux; /* borrowed */
	uint64_t unroutable;             /* answers for an address that had been given away */
	uint64_t send_failed;
	uint64_t created, released, repeated;
	uint64_t rejected_no_resources, rejected_apn, rejected_address, rejected_request, rejected_other;
	uint64_t rejected_switchover; /* new contexts while a switchover let none in */
};

/* gateway_show_counters - messages, what was discarded and why, and what became of the requests. */
void gateway_show_counters(const struct gateway_counters_view *v, struct text *out);

/* gateway_msisdn_text - the digits of an MSISDN element (type octet, then TBCD) into @out; "-" when there are none. */
void gateway_msisdn_text(const uint8_t *msisdn, uint8_t len, char out[20]);

#endif
