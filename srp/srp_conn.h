/*
 * srp_conn.h - inside the connections of the redundancy link: what its two files share. Private to srp/srp_conn_*.c.
 *
 *   srp_conn_link.c  listening, newcomers, dialling; the public functions
 *   srp_conn_io.c    one connection: frames in and out, and which one stays
 */
#ifndef SRP_SRP_CONN_H
#define SRP_SRP_CONN_H

#include <stddef.h>

#include "base/backoff.h"
#include "srp/srp_conn_link.h"

enum {
	CONNS_MAX = 16, /* control connections, agreed or not, and newcomers that have not said what they are */
	OUT_BYTES = 16 * 1024,
	NEWCOMER_MS = 2000, /* to say OPEN */
	PEEK_AGAIN_MS = 5,
	CONNECT_MS = 200,
	REDIAL_FIRST_MS = 5,
	REDIAL_LAST_MS = 200,
	LISTEN_AGAIN_MS = 1000,
};

enum conn_stage { CONN_FREE, CONN_DIALLING, CONN_NEWCOMER, CONN_OPENING, CONN_AGREED };

struct conn {
	struct srp_conn_link *link;
	enum conn_stage stage;
	bool is_mine; /* this side dialled it */
	bool is_deaf; /* the peer hears nothing any more; what it had sent before is still read */
	int fd;
	struct event *read_ev, *write_ev, *limit_ev;
	uint64_t peer_id, peer_incarnation;
	uint64_t number; /* counts up: the lowest is the oldest */
	uint8_t in[SRP_FRAME_MAX];
	size_t in_len;
	uint8_t out[OUT_BYTES];
	size_t out_len;
};

struct srp_conn_link {
	struct event_base *base;
	const struct srp_conn_ops *ops;
	void *arg;
	struct addr local, peer;
	bool is_started;
	int listen_fd;
	uint8_t dscp;
	struct event *accept_ev, *dial_ev, *listen_ev;
	struct backoff redial;
	struct conn *current; /* the one that stays; NULL while down */
	uint64_t peer_id;     /* of the chassis last agreed with; 0: none yet */
	uint64_t number;      /* of the last connection made */
	struct conn conns[CONNS_MAX];
};

/* conn_close - end @c without a word. conn_lost - it ended by itself: tell, if it was the one that stays, and dial
 * again. */
void conn_close(struct conn *c);
void conn_lost(struct conn *c, const char *why);

/* conn_slot - a free place; when there is none the oldest stranger makes room; NULL: all belong to the peer. */
struct conn *conn_slot(struct srp_conn_link *l);

/* conn_begin - from here on @c speaks frames; OPEN must come within NEWCOMER_MS. */
void conn_begin(struct conn *c);

/* conn_send - queue and send one message. ERR_FULL: the peer does not read; ERR_SYSTEM: the connection
 * is gone, which on_conn_readable finds behind what had come before. */
enum err conn_send(struct conn *c, const struct srp_msg *m);

/* conn_complain - tell the owner that something malformed came on @c. */
void conn_complain(struct conn *c, enum err e, const char *field);

/* conn_on_limit - a timer callback: @arg, a struct conn, did not say OPEN in time. */
void conn_on_limit(evutil_socket_t fd, short what, void *arg);

/* conn_own_id - this chassis' id. conn_dial_soon - dial in @ms unless the link is up. conn_arm - start a timer. */
uint64_t conn_own_id(struct srp_conn_link *l);
void conn_dial_soon(struct srp_conn_link *l, unsigned ms);
void conn_arm(struct event *ev, unsigned ms);

#endif
