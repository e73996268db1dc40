/*
 * sessmgr_bulk.h - what the benches say to a session manager: records are put in and read out past GTP, which brings
 * a few thousand a second. Values of one machine, native byte order; SOCK_SEQPACKET, one answer a packet.
 *
 * Only there when chassisd was started with STARLING_BENCH in its environment, which names a directory: then each
 * session manager listens on DIRECTORY/sessmgr-N, open to the same user alone, and logs it as a warning. A call made
 * this way takes the way of every call from the store on: index, arena, address, demux, checkpoint.
 */
#ifndef SESSION_SESSMGR_BULK_H
#define SESSION_SESSMGR_BULK_H

#include <stdint.h>

enum { BULK_PACKET_MAX = 64 * 1024, BULK_UPDATES_MAX = 65536 };

enum bulk_op {
	BULK_ADD = 1, /* then records, each u16 length and a full record (call_rows.h); its TEID is replaced */
	BULK_STATUS,
	BULK_DIGEST, /* as BULK_STATUS, with the digest; walks all calls */
	BULK_UPDATE, /* struct bulk_update */
	BULK_LAG,    /* of stamped updates that were applied here since the last time: done, lag_p50_us, lag_p99_us */
};

struct bulk_head {
	uint8_t op;
};

/*
 * Changes of traffic counters and of the last activity, as live traffic makes them: @count calls, from a generator
 * that @seed starts. With @is_stamped each carries the time, CLOCK_MONOTONIC ns, as its count of bytes in.
 */
struct bulk_update {
	uint8_t op;
	uint8_t is_stamped;
	uint32_t count;
	uint64_t seed;
};

struct bulk_status {
	uint8_t conn;       /* enum ckpt_conn */
	uint8_t sync;       /* enum ckpt_sync */
	uint32_t done;      /* by this request */
	uint32_t refused;   /* by this request: IMSI taken, no slot, bad record */
	uint32_t calls;     /* in the store */
	uint64_t unacked;   /* changes the peer has not acknowledged */
	uint64_t wire_sent; /* bytes of the checkpoint connection, all since the start */
	uint64_t wire_received;
	uint64_t micro_sent;
	uint64_t micro_received;
	uint32_t lag_p50_us, lag_p99_us;
	uint64_t
	    digest; /* sum of the CRC-32C of every record, each with its slot: the same on both sides when all is */
};

#endif
