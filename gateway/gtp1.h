/*
 * gtp1.h - GTP version 1, control plane: header, message and value codecs.
 *
 * One plain struct holds every information element we know; a presence bit says which are there, and the
 * rows of gtp1_rows.c say which message carries which. It keeps no state, knows no call and decides nothing:
 * the ggsn engine and the demux are its callers, and so is the test client.
 * Source: 3GPP TS 29.060 (release 15) chapters 6 (header), 7 (messages), 7.7 (elements), 11.1 (errors).
 */
#ifndef GATEWAY_GTP1_H
#define GATEWAY_GTP1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/rows.h"
#include "base/text.h"

enum {
	GTP1_MESSAGE_MAX = 2048,  /* bytes of one datagram we read or write */
	GTP1_APN_WIRE_MAX = 100,  /* TS 23.003 section 9.1 */
	GTP1_APN_TEXT_MAX = 100,  /* with the NUL: labels joined by dots */
	GTP1_PCO_MAX = 251,       /* TS 24.008 section 10.5.6.3: 253 with type and length */
	GTP1_PCO_ANSWER_MAX = 32, /* what of it a call keeps */
	GTP1_QOS_MAX = 24,        /* allocation/retention priority and the profile of TS 24.008 10.5.6.5 */
	GTP1_MSISDN_MAX = 9,
	GTP1_EUA_MAX = 22,
	GTP1_IMSI_TEXT_MAX = 16, /* 15 digits and NUL */
	GTP1_NSAPI_MASK = 0x0f,  /* the upper four bits are spare */
	GTP1_PORT = 2123
};

/* Message types, TS 29.060 table 1. */
enum gtp1_type {
	GTP1_ECHO_REQUEST = 1,
	GTP1_ECHO_RESPONSE = 2,
	GTP1_VERSION_NOT_SUPPORTED = 3,
	GTP1_CREATE_REQUEST = 16,
	GTP1_CREATE_RESPONSE = 17,
	GTP1_UPDATE_REQUEST = 18,
	GTP1_UPDATE_RESPONSE = 19,
	GTP1_DELETE_REQUEST = 20,
	GTP1_DELETE_RESPONSE = 21
};

/* Cause values, TS 29.060 section 7.7.1. */
enum gtp1_cause {
	GTP1_CAUSE_ACCEPTED = 128,
	GTP1_CAUSE_NON_EXISTENT = 192,
	GTP1_CAUSE_INVALID_FORMAT = 193,
	GTP1_CAUSE_NO_RESOURCES = 199,
	GTP1_CAUSE_NOT_SUPPORTED = 200,
	GTP1_CAUSE_MANDATORY_INCORRECT = 201,
	GTP1_CAUSE_MANDATORY_MISSING = 202,
	GTP1_CAUSE_OPTIONAL_INCORRECT = 203,
	GTP1_CAUSE_SYSTEM_FAILURE = 204,
	GTP1_CAUSE_NO_ADDRESS = 211,
	GTP1_CAUSE_UNKNOWN_EXTENSION = 214,
	GTP1_CAUSE_UNKNOWN_APN = 219,
	GTP1_CAUSE_UNKNOWN_PDP_TYPE = 220
};

/* The header. flags as they came; seq, npdu are 0 when their flag is not set. */
struct gtp1_header {
	uint8_t type;
	uint8_t next_extension; /* of the first extension header, 0: none */
	bool has_seq;
	bool has_npdu;
	bool has_unknown_extension; /* one of which comprehension is required (TS 29.060 section 6.1) */
	uint16_t seq;
	uint32_t teid;
	uint8_t npdu;
};

/* Rows of the format, in the order of the table: the bit numbers of gtp1_msg.present. */
enum gtp1_ie {
	GTP1_IE_CAUSE,
	GTP1_IE_IMSI,
	GTP1_IE_RAI,
	GTP1_IE_REORDERING,
	GTP1_IE_RECOVERY,
	GTP1_IE_SELECTION_MODE,
	GTP1_IE_TEID_DATA,
	GTP1_IE_TEID_CONTROL,
	GTP1_IE_TEARDOWN,
	GTP1_IE_NSAPI,
	GTP1_IE_LINKED_NSAPI,
	GTP1_IE_CHARGING_CHARACTERISTICS,
	GTP1_IE_CHARGING_ID,
	GTP1_IE_EUA,
	GTP1_IE_APN,
	GTP1_IE_PCO,
	GTP1_IE_GSN_CONTROL,
	GTP1_IE_GSN_USER,
	GTP1_IE_MSISDN,
	GTP1_IE_QOS,
	GTP1_IE_RAT_TYPE,
	GTP1_IE_COUNT
};

/* One message. Storage beyond the lengths is not defined; clear the struct before decoding. */
struct gtp1_msg {
	uint64_t present; /* bit per enum gtp1_ie */
	uint64_t imsi;    /* the eight TBCD octets as one big-endian number: 0x42000121436587f9 */
	uint32_t teid_data;
	uint32_t teid_control;
	uint32_t charging_id;
	uint16_t charging_characteristics;
	uint8_t cause;
	uint8_t reordering; /* 0xfe no, 0xff yes: the spare bits are ones */
	uint8_t recovery;
	uint8_t selection_mode; /* spare bits as they came */
	uint8_t teardown;       /* 0xfe no, 0xff yes */
	uint8_t nsapi;          /* 0..15 after masking; 0..4 are reserved, but real emulators send 0 */
	uint8_t linked_nsapi;
	uint8_t rat_type;
	uint8_t rai[6], rai_len;
	uint8_t eua[GTP1_EUA_MAX], eua_len;
	uint8_t apn[GTP1_APN_WIRE_MAX], apn_len; /* length-prefixed labels */
	uint8_t pco[GTP1_PCO_MAX], pco_len;
	uint8_t msisdn[GTP1_MSISDN_MAX], msisdn_len;
	uint8_t qos[GTP1_QOS_MAX], qos_len;
	struct addr gsn_control; /* first GSN Address: signalling */
	struct addr gsn_user;    /* second: user traffic */
};

extern const struct rows_format gtp1_format; /* gtp1_rows.c */

/* gtp1_group - the rows' group bit of a message type; 0 for a type we do not know. */
uint32_t gtp1_group(uint8_t type);

/* gtp1_has - is element @ie in @m? gtp1_set - say that it is. */
bool gtp1_has(const struct gtp1_msg *m, enum gtp1_ie ie);
void gtp1_set(struct gtp1_msg *m, enum gtp1_ie ie);

/*
 * gtp1_header_decode - the header of one datagram, extension headers passed over.
 *
 * @body  receives a reader over what follows, as long as the header's length says
 *
 * ERR_SHORT: fewer than the 8 octets, or less than the length says; ERR_VERSION: not version 1 (h->type is not
 * set); ERR_FORMAT: protocol type 0 (GTP'), or an extension header of length 0; ERR_TRAILING: octets after
 * the message. @h is written only on success.
 */
enum err gtp1_header_decode(const void *bytes, size_t len, struct gtp1_header *h, struct rbuf *body);

/*
 * gtp1_decode - the elements of a message of type @type.
 *
 * @body  consumed
 * @m     cleared first; unspecified after an error
 * @v     always written: the element at fault, how many unknown ones were passed over
 *
 * ERR_SHORT, ERR_RANGE, ERR_FORMAT as rows_decode; ERR_NOT_FOUND: a type we do not know.
 */
enum err gtp1_decode(uint8_t type, struct rbuf *body, struct gtp1_msg *m, struct rows_verdict *v);

/*
 * gtp1_cause_of - what to answer to a request after gtp1_decode returned @e.
 *
 * GTP1_CAUSE_ACCEPTED when it decoded and every mandatory element is there; otherwise 193 (not a list of elements),
 * 201/202 (mandatory element incorrect/missing) or 203 (optional one incorrect).
 * @why  receives the element's name, or NULL
 */
uint8_t gtp1_cause_of(uint8_t type, const struct gtp1_msg *m, enum err e, const struct rows_verdict *v,
                      const char **why);

/*
 * gtp1_encode - append header and elements. The sequence number goes out when h->has_seq; no N-PDU number and
 * no extension header ever does. ERR_FULL when @out is too small, ERR_RANGE when a value breaks its bounds.
 */
enum err gtp1_encode(const struct gtp1_header *h, const struct gtp1_msg *m, struct wbuf *out);

/* gtp1_is_request - is @type a request that has a response? gtp1_response_type - that response's type, or 0. */
bool gtp1_is_request(uint8_t type);
uint8_t gtp1_response_type(uint8_t type);

/* gtp1_reject - append the response to @request (a request type) that has only a cause, with TEID @teid. */
enum err gtp1_reject(const struct gtp1_header *request, uint32_t teid, uint8_t cause, struct wbuf *out);

/* gtp1_echo_response, gtp1_version_not_supported - append such a message; TS 29.060 sections 7.2.2, 7.2.3. */
enum err gtp1_echo_response(const struct gtp1_header *request, uint8_t restart_counter, struct wbuf *out);
enum err gtp1_version_not_supported(struct wbuf *out);

/* --- values ------------------------------------------------------------------------------------------ */

/* gtp1_imsi_text - the digits of @imsi into @out and true; false when a nibble is no digit or there are fewer than 6.
 */
bool gtp1_imsi_text(uint64_t imsi, char out[GTP1_IMSI_TEXT_MAX]);

/* gtp1_imsi_parse - 6..15 digits to the wire number; ERR_FORMAT otherwise. */
enum err gtp1_imsi_parse(const char *text, uint64_t *imsi);

/* gtp1_imsi_number - @imsi as the number its digits make, and how many they are; false as gtp1_imsi_text. */
bool gtp1_imsi_number(uint64_t imsi, uint64_t *number, uint8_t *digits);

/* gtp1_imsi_wire - the other way; @number has at most @digits digits, 6..15 (0 is returned otherwise: no IMSI). */
uint64_t gtp1_imsi_wire(uint64_t number, uint8_t digits);

/* gtp1_apn_text - labels to dotted text; ERR_FORMAT when they do not add up, are empty or hold a dot or NUL. */
enum err gtp1_apn_text(const uint8_t *wire, size_t len, char out[GTP1_APN_TEXT_MAX]);

/* gtp1_apn_wire - dotted text to labels of 1..63 octets; ERR_FORMAT, ERR_RANGE. */
enum err gtp1_apn_wire(const char *text, uint8_t out[GTP1_APN_WIRE_MAX], uint8_t *len);

enum gtp1_pdp { GTP1_PDP_OTHER, GTP1_PDP_IPV4, GTP1_PDP_PPP, GTP1_PDP_IPV6, GTP1_PDP_IPV4V6 };

/* gtp1_eua_parse - End User Address (TS 29.060 section 7.7.27): type, and the IPv4 address in host order or 0.
 * ERR_FORMAT. */
enum err gtp1_eua_parse(const uint8_t *eua, size_t len, enum gtp1_pdp *pdp, uint32_t *v4);

/* gtp1_eua_ipv4 - put an IPv4 End User Address with @v4 (host order; 0: to be assigned, no address) into @m. */
void gtp1_eua_ipv4(struct gtp1_msg *m, uint32_t v4);

/* The protocols of a Protocol Configuration Options list that we look at. */
struct gtp1_pco {
	uint8_t ipcp_id; /* identifier of the IPCP Configure-Request */
	bool has_ipcp;   /* an IPCP Configure-Request was there */
	bool wants_dns1; /* it named option 129, 131 */
	bool wants_dns2;
	bool wants_dns_container; /* container 000dH, DNS server IPv4 address request */
};

/* gtp1_pco_parse - TS 24.008 section 10.5.6.3; ERR_FORMAT when lengths do not add up. Other protocols are passed over.
 */
enum err gtp1_pco_parse(const uint8_t *pco, size_t len, struct gtp1_pco *out);

/*
 * gtp1_pco_answer - the options that answer @ask.
 *
 * @dns1, @dns2  host order, 0: none
 * @out, @len    the element's value; length 0: nothing to say, the element is left out
 *
 * An IPCP Configure-Request that names DNS servers (RFC 1877) gets a Configure-Nak with the servers' addresses and
 * its own identifier; the container 000dH gets one container per server. Nothing is said of what was not asked. When
 * both forms are asked for two servers, the last container does not fit and is left out.
 */
void gtp1_pco_answer(const struct gtp1_pco *ask, uint32_t dns1, uint32_t dns2, uint8_t out[GTP1_PCO_ANSWER_MAX],
                     uint8_t *len);

#endif
