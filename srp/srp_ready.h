/*
 * srp_ready.h - is the pair ready for a planned switchover? What srp validate-switchover decides and says.
 *
 * Pure: facts in, verdict and words out. The facts are gathered by its shell (chassis/validation*.c), which has asked
 * the peer for its part.
 * Source: interchassis session recovery chapter, "Chassis Switchover" (session managers) and the upgrade procedure,
 * which asks for srp validate-configuration and srp validate-switchover before srp initiate-switchover.
 */
#ifndef SRP_SRP_READY_H
#define SRP_SRP_READY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum srp_ready {
	SRP_READY,
	SRP_READY_NOT_ACTIVE,
	SRP_READY_NO_LINK,
	SRP_READY_NO_ANSWER,
	SRP_READY_PEER_NOT_STANDBY,
	SRP_READY_NOT_CONNECTED,      /* count session managers of this chassis */
	SRP_READY_PEER_NOT_CONNECTED, /* count session managers of the peer */
	SRP_READY_POST_PROCESSING,    /* what follows the last switchover is not over, here or on the peer */
	SRP_READY_CONFIG_UNKNOWN,     /* the lines could not be compared: detail */
	SRP_READY_CONFIG_DIFFERS,     /* count lines */
	SRP_READY_FINDINGS,           /* count errors in the configuration of this chassis: detail is the first */
	SRP_READY_PEER_FINDINGS,      /* the same on the peer */
	SRP_READY_COUNT
};

/* What is known when the verdict is asked for. Texts are borrowed, "" when there is nothing to say. */
struct srp_ready_facts {
	uint8_t state, peer_state; /* enum srp_state; the peer's as it answered */
	bool is_link_up;
	bool has_answer; /* the peer has answered: peer_* are valid */
	bool is_post_processing, peer_is_post_processing;
	uint32_t not_connected, peer_not_connected; /* session managers */
	bool is_compared;
	uint32_t differs; /* lines */
	const char *compare_error;
	uint32_t findings, peer_findings;
	const char *finding, *peer_finding;
};

/* srp_ready_decide - the first reason against a switchover, in the order of the enum; SRP_READY: none. */
enum srp_ready srp_ready_decide(const struct srp_ready_facts *f);

/* srp_ready_put - @ready in words for an operator; what came from the peer is escaped. No end of line. */
void srp_ready_put(enum srp_ready ready, const struct srp_ready_facts *f, struct text *out);

/*
 * srp_ready_status - the same as show srp info says it: "Remote Chassis - Ready for Switchover" or "... - Not Ready for
 * Switchover, " and the words, without a colon, since parsers allow one a line.
 */
void srp_ready_status(enum srp_ready ready, const struct srp_ready_facts *f, char *buf, size_t cap);

#endif
