/*
 * srp_conn_link.h - the TCP connections of the redundancy link: listening, dialling, framing, and which one stays.
 *
 * Both chassis dial. The first frame of a control connection, in both directions, is OPEN; of two connections the
 * one opened by the smaller chassis id stays, a newer one replaces an older one of the same side, and a peer that has
 * restarted replaces everything. Addresses decide nothing: a relay may stand between. The same port takes the
 * checkpoint connections, which are handed on unread. Policy (what a message means, when to redial) is srp_link's.
 */
#ifndef SRP_CONN_LINK_H
#define SRP_CONN_LINK_H

#include <event2/event.h>

#include "base/err.h"
#include "srp/srp_wire.h"

enum { SRP_PORT = 7310 };

struct srp_conn_link;

struct srp_conn_ops {
	/* a connection has been agreed (repeated when another takes its place) */
	void (*up)(void *arg, const struct srp_msg *peer_open);
	/* it was closed or reset; not called for srp_conn_redial and srp_conn_stop */
	void (*down)(void *arg, const char *why);
	void (*message)(void *arg, const struct srp_msg *m, unsigned skipped);
	/* something malformed came from @from, @field may be NULL; the connection it came on is closed */
	void (*bad)(void *arg, const struct addr *from, enum err e, const char *field);
	/* the port is ours (NULL), or why it is not; then it is tried again every second */
	void (*listening)(void *arg, const char *why);
	void (*unknown_type)(void *arg);
	void (*dialled)(void *arg);
	/* an accepted checkpoint connection, taken by the callee */
	void (*checkpoint)(void *arg, uint32_t instance, int fd);
	/* what this side says in OPEN */
	void (*fill_open)(void *arg, struct srp_msg *m);
};

/* srp_conn_new - idle. @ops and @arg borrowed for life. NULL: no memory. */
struct srp_conn_link *srp_conn_new(struct event_base *base, const struct srp_conn_ops *ops, void *arg);
void srp_conn_free(struct srp_conn_link *l);

/*
 * srp_conn_start - listen on @local and dial @peer until stopped; a started link with the same addresses is left
 * alone. While the port cannot be had the peer is dialled all the same: one connection is enough.
 */
void srp_conn_start(struct srp_conn_link *l, const struct addr *local, const struct addr *peer);
void srp_conn_stop(struct srp_conn_link *l);

/* srp_conn_mark - packets of every control connection, present ones included, carry @dscp (0..63); 0 at the start. */
void srp_conn_mark(struct srp_conn_link *l, uint8_t dscp);

/*
 * srp_conn_send - on the connection that stays. ERR_NOT_FOUND: there is none. A peer that does not read loses its
 * connection. ERR_SYSTEM: it is gone; ops->down follows in a turn of the loop, behind the messages that had come.
 */
enum err srp_conn_send(struct srp_conn_link *l, const struct srp_msg *m);

/* srp_conn_redial - drop every connection, unread bytes included, and dial at once. */
void srp_conn_redial(struct srp_conn_link *l);

bool srp_conn_is_up(const struct srp_conn_link *l);

#endif
