/*
 * sgsn.h - what an SGSN says on the wire, and what it reads: the part that the test clients share.
 *
 * Not a client: no socket, no repetition, no memory of contexts. Callers: gtp_client (one SGSN, every answer looked
 * at), tests/bench/callgen (a million contexts and a ledger). Coding is the gateway's codec; tests/e2e/gtp_decode.py
 * judges it with tshark and scapy. Source: 3GPP TS 29.060 sections 7.3.1 to 7.3.6.
 */
#ifndef TESTS_GTP_CLIENT_SGSN_H
#define TESTS_GTP_CLIENT_SGSN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/gtp1.h"

enum { SGSN_REQUEST_MAX = 256, SGSN_NSAPI = 5 };

/* One request. Members that its type does not carry are not looked at. */
struct sgsn_ask {
	uint8_t type; /* enum gtp1_type: Echo, Create, Update or Delete PDP Context Request */
	uint16_t seq;
	uint32_t teid;         /* of the header: the chassis's; 0 in Echo and Create */
	uint64_t imsi;         /* as gtp1 has it */
	uint32_t address;      /* of the SGSN, host order */
	uint32_t teid_data;    /* the SGSN's */
	uint32_t teid_control; /* the SGSN's; 0 in an Update: the element is left out, the chassis keeps what it has */
	const char *apn;
};

/* What an accepted Create has brought. */
struct sgsn_given {
	uint32_t teid_control, teid_data, charging_id;
	uint32_t address; /* of the subscriber, host order */
};

/* sgsn_encode - @ask into @bytes; returns how many octets. */
size_t sgsn_encode(const struct sgsn_ask *ask, uint8_t bytes[SGSN_REQUEST_MAX]);

/* sgsn_is_service - does the answer @m name @service (host order) for control and user traffic? */
bool sgsn_is_service(const struct gtp1_msg *m, uint32_t service);

/* sgsn_read_create - what the accepted answer @m gives. NULL, or what is wrong with it; @out is then not written. */
const char *sgsn_read_create(const struct gtp1_msg *m, uint32_t service, struct sgsn_given *out);

/* sgsn_check_update - NULL, or what an accepted answer @m says otherwise than the Create that brought @known did. */
const char *sgsn_check_update(const struct gtp1_msg *m, uint32_t service, const struct sgsn_given *known);

/* sgsn_parse_address - ADDR[:PORT]; the port is GTP-C's when none is given. */
bool sgsn_parse_address(const char *text, struct sockaddr_in *out);

#endif
