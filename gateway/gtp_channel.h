/*
 * gtp_channel.h - what demux and a session manager say to each other, and what demux lets chassisd see.
 * Plain values between tasks of one chassis (same binary), carried by task/ipc.
 */
#ifndef GATEWAY_GTP_CHANNEL_H
#define GATEWAY_GTP_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "gateway/demux.h"
#include "gateway/gateway_types.h"
#include "task/turns.h"

/* Head of IPC_REQUEST and IPC_REPLY; the GTP message follows. */
struct gtp_datagram {
	uint64_t imsi; /* of a Create, as gtp1 has it; 0 for others */
	struct addr peer;
	uint32_t service; /* id of the one whose address it came to or is to leave from */
	uint16_t port;    /* of the peer, host order */
};

enum { GTP_BINDS_MAX = 1024 }; /* IMSIs in one IPC_BIND or IPC_UNBIND */

/* One page shared with chassisd, written by demux twice a second and at each address change. */
struct demux_shared {
	struct demux_stats stats;
	struct turns_seen turns;
	uint64_t send_failed;
	uint64_t unroutable; /* replies for an address that had been given away */
	struct {
		uint32_t service; /* id */
		bool is_taken;
	} addresses[GATEWAY_SERVICES_MAX];
};

#endif
