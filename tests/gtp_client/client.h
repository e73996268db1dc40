/*
 * client.h - our GTP test client: an SGSN that retransmits (T3, N3), keeps a ledger of every answer and checks it.
 *
 * One process, one socket, one poll loop; many contexts, each with at most one request under way. It uses base/
 * and the GTPv1-C codec of the gateway; tests/e2e/gtp_decode.py judges both with tshark and scapy.
 *
 *   gtp_client.c    options, loop, summary        client_net.c    socket, capture file
 *   client_ctx.c    requests and answers          client_file.c   ledger and state file
 *   client_gap.c    gaps between answers            sgsn.c         the messages, shared with tests/bench/callgen
 */
#ifndef TESTS_GTP_CLIENT_H
#define TESTS_GTP_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/hist.h"
#include "gateway/gtp1.h"
#include "sgsn.h"

enum { CLIENT_CONTEXTS_MAX = 60000, CLIENT_MARKERS_MAX = 1024, CLIENT_NONE = -1 };

enum client_mode { MODE_CREATE, MODE_UPDATE, MODE_DELETE, MODE_MIXED };

struct options {
	enum client_mode mode;
	struct sockaddr_in local, remote;
	uint32_t contexts;
	uint64_t imsi; /* of the first context, as a number */
	uint8_t imsi_digits;
	const char *apn;
	uint64_t interval_ns; /* between two new requests */
	uint64_t t3_ns;
	unsigned n3;    /* transmissions of one request */
	double seconds; /* update, mixed: how long; 0: until SIGTERM */
	uint64_t seed;
	const char *ledger, *state, *capture;
};

/* One PDP context as this SGSN knows it; number options.contexts is the path itself (Echo). */
struct context {
	uint64_t imsi; /* as gtp1 has it */
	uint32_t local_teid;
	bool is_held;
	struct sgsn_given given;

	bool is_pending;
	uint8_t type;
	uint16_t seq;
	unsigned transmissions;
	uint64_t first_ns, deadline_ns;
	int32_t next, prev; /* in the order of deadlines */
	uint16_t len;
	uint8_t bytes[SGSN_REQUEST_MAX];
};

struct totals {
	uint64_t sent; /* requests, without repetitions */
	uint64_t answered;
	uint64_t lost;
	uint64_t accepted; /* cause 128 */
	uint64_t
	    no_resources; /* a Create refused with cause 199: tried again later, and not at once after a switchover */
	uint64_t other;   /* any other cause */
	uint64_t wrong;   /* answers that contradict what is known */
	uint64_t retransmissions;
	uint64_t surplus; /* answers to nothing outstanding: a repetition was answered too */
	uint64_t late;    /* of these: a Create was refused, and its repetition accepted */
	uint64_t refused; /* ICMP port unreachable, tolerated */
	struct hist round_trip;
};

struct gaps {
	uint64_t last_ns; /* of the last accepted answer, 0: none yet */
	uint64_t max_us;
	uint64_t markers_us[CLIENT_MARKERS_MAX]; /* the largest gap behind each marker, up to the next */
	unsigned markers;
};

struct client {
	struct options opt;
	struct context *ctx; /* options.contexts + 1 */
	int32_t by_seq[65536];
	int32_t head, tail; /* pending, oldest deadline first */
	uint32_t pending;
	uint32_t held;
	uint16_t next_seq;
	uint64_t random;
	int restart_counter; /* last seen, -1: none */
	unsigned restart_changes;
	int fd;
	FILE *ledger, *capture;
	struct totals t;
	struct gaps gaps;
};

uint64_t client_now_ns(void);

/* client_net.c */
bool net_open(struct client *c);
void net_send(struct client *c, const uint8_t *bytes, size_t len);

/* net_receive - one datagram; false when there is none now. */
bool net_receive(struct client *c, uint8_t bytes[GTP1_MESSAGE_MAX], size_t *len, struct sockaddr_in *from);

/* client_ctx.c */
bool ctx_init(struct client *c);
void ctx_request(struct client *c, int32_t i, uint8_t type);
void ctx_answer(struct client *c, const uint8_t *bytes, size_t len, const struct sockaddr_in *from);

/* ctx_expire - repeat or give up what is due; returns the next deadline, 0: none. */
uint64_t ctx_expire(struct client *c, uint64_t now_ns);

/* ctx_check_addresses - counts held contexts that share an address as wrong. */
void ctx_check_addresses(struct client *c);

/* client_file.c */
bool file_open(struct client *c);
void file_ledger(struct client *c, const struct context *x, uint64_t answered_ns, int cause, const char *verdict);
bool file_load_state(struct client *c);
bool file_save_state(const struct client *c);
void file_capture(struct client *c, const struct sockaddr_in *from, const struct sockaddr_in *to, const uint8_t *bytes,
                  size_t len);

/* client_gap.c */
void gap_answer(struct gaps *g, uint64_t now_ns);
void gap_marker(struct gaps *g, uint64_t now_ns);
void gap_print(const struct gaps *g, FILE *out);

#endif
