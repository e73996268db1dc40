/*
 * ipc.h - messages between the tasks of one chassis, over SOCK_SEQPACKET socketpairs.
 *
 * A message is (type, id, body) and at most one descriptor; one packet each, so there is no framing
 * to get wrong. A channel queues what the kernel does not take now; a message marked IPC_MAY_DROP is
 * thrown away instead (GTP: the sender retransmits). Not a network protocol: both ends are the same
 * binary. Callers: chassisd and every role main.
 */
#ifndef TASK_IPC_H
#define TASK_IPC_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { IPC_BODY_MAX = 16384, IPC_QUEUE_MAX_BYTES = 64 << 20 };

enum ipc_type {
	IPC_READY = 1, /* role -> chassisd: started and listening to us */
	IPC_CONFIG, /* chassisd -> role: descriptor of a struct gateway_config, body struct sessmgr_setup; demux: id is
	               the enum address_driver */
	IPC_ROLE,   /* chassisd -> sessmgr: struct sessmgr_role (session/sessmgr_ipc.h) */
	IPC_PEER,   /* chassisd -> sessmgr: struct sessmgr_peer, where to dial for checkpoints */
	IPC_CKPT_SOCKET, /* chassisd -> sessmgr: an accepted checkpoint connection */
	IPC_FLUSH,       /* chassisd -> sessmgr: send everything, answer when acknowledged */
	IPC_FLUSHED,     /* sessmgr -> chassisd: id of the flush, body[0] 1 when all is acknowledged */
	IPC_CLEAR,       /* chassisd -> sessmgr: release every call */
	IPC_CLEARED,   /* sessmgr -> chassisd: id of the clear, body u32 calls released, u8 1 when a switchover ended it
	                */
	IPC_PEER_CONN, /* sessmgr -> chassisd: body[0] 0 none, 1 Conn, 2 Ready */
	IPC_CALL_LOST, /* sessmgr -> chassisd: struct sessmgr_lost */
	IPC_DATA_CHANNEL,    /* chassisd -> demux and sessmgr: descriptor of the channel between demux and sessmgr id */
	IPC_ADDRESS_TAKE,    /* chassisd -> demux; id: a token that comes back in the answer */
	IPC_ADDRESS_TAKEN,   /* demux -> chassisd */
	IPC_ADDRESS_BUSY,    /* demux -> chassisd: body: address and reason as text */
	IPC_ADDRESS_GIVE,    /* chassisd -> demux: drain, barrier, close */
	IPC_ADDRESS_GIVEN,   /* demux -> chassisd */
	IPC_RESTART_COUNTER, /* chassisd -> demux, sessmgr: id: the GTP restart counter */
	IPC_REQUEST,         /* demux -> sessmgr: struct gtp_datagram (gateway/gtp_channel.h), then the message */
	IPC_REPLY,           /* sessmgr -> demux: the same */
	IPC_BARRIER,         /* demux -> sessmgr, sent back when everything before it is answered */
	IPC_BIND,            /* sessmgr -> demux: u64 IMSIs that live there now; id: about how many are to come in all,
	                        0 unknown */
	IPC_UNBIND,          /* sessmgr -> demux: u64 IMSIs that are gone */
	IPC_GATE,            /* chassisd -> demux, sessmgr: id: enum srp_gate */
	IPC_AUDIT,           /* chassisd -> sessmgr: examine every call; id comes back */
	IPC_AUDIT_END,       /* chassisd -> sessmgr: break it off */
	IPC_AUDITED,         /* sessmgr -> chassisd: struct sessmgr_audited */
	IPC_ACCOUNTING_SEND, /* chassisd -> sessmgr of the old Active: what the peer has not been told of calls'
	                        counters */
	IPC_ACCOUNTING_AWAIT, /* chassisd -> sessmgr of the new Active: answer when that has come; body u64 the old
	                         epoch */
	IPC_ACCOUNTING_DONE,  /* sessmgr -> chassisd: id of the await, struct sessmgr_accounted */
	IPC_PROOF,            /* sessmgr -> chassisd: struct sessmgr_proof, calls that differ from the peer's */
	IPC_SYNC_AUDIT,       /* chassisd -> sessmgr of the Active: compare with the peer and repair; id comes back */
	IPC_SYNC_AUDITED,     /* sessmgr -> chassisd: struct ckpt_audit */
	IPC_TAKEOVER_PARTIAL, /* sessmgr -> chassisd: struct sessmgr_partial */
	IPC_TYPE_COUNT
};

enum { IPC_MAY_DROP = 1 };

struct ipc_msg {
	uint8_t type;
	uint32_t id;
	const uint8_t *body; /* borrowed for the callback */
	size_t len;
	int fd; /* -1, or the receiver's to close */
};

struct ipc_chan;

/*
 * ipc_chan_new - a channel over @fd (taken; made non-blocking). @on_msg for each message, @on_close once when the
 * other end is gone; either may free the channel. NULL when there is no memory; @fd is closed then too.
 */
struct ipc_chan *ipc_chan_new(struct event_base *base, int fd, void (*on_msg)(void *arg, const struct ipc_msg *m),
                              void (*on_close)(void *arg), void *arg);
void ipc_chan_free(struct ipc_chan *c);

/*
 * ipc_send - send or queue one message. @pass_fd is borrowed (-1: none).
 * Returns ERR_FULL when the queue is at its limit or there is no memory or descriptor for it (or at once, with
 * IPC_MAY_DROP, when the socket is full), ERR_RANGE for a body over IPC_BODY_MAX, ERR_SYSTEM when the other end is gone
 * (errno says how). Nothing was sent then.
 */
enum err ipc_send(struct ipc_chan *c, uint8_t type, uint32_t id, const void *body, size_t len, int pass_fd, int flags);

/* ipc_pair - a connected pair, close-on-exec, with large buffers. */
enum err ipc_pair(int fds[2]);

#endif
