/*
 * sock.h - TCP sockets between chassis: dialling from a given address, listening, and the settings every
 * such socket gets. Used by the shells (*_link.c, *_io.c) only.
 */
#ifndef BASE_SOCK_H
#define BASE_SOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/addr.h"

/*
 * sock_address - @a and @port as the system wants them, in @out; returns the length that counts. An address without a
 * family is one of IPv4.
 */
socklen_t sock_address(const struct addr *a, uint16_t port, struct sockaddr_storage *out);

/* sock_is_here - can @a be used on this machine? A datagram socket that is bound and closed again says so. */
bool sock_is_here(const struct addr *a);

/*
 * sock_dial - a non-blocking connect from @local (any port) to @peer:@port in progress; writable when it ends, SO_ERROR
 * says how. @local without a family: the system chooses. Its packets, the first included, carry @dscp (0..63). -1 and
 * errno when it cannot even begin.
 */
int sock_dial(const struct addr *local, const struct addr *peer, uint16_t port, uint8_t dscp);

/* sock_connect_error - how the connect that sock_dial began has ended: 0, or the errno. */
int sock_connect_error(int fd);

/* sock_listen - a non-blocking listening socket on @local:@port, its answers marked with @dscp (0..63); -1 and errno.
 */
int sock_listen(const struct addr *local, uint16_t port, uint8_t dscp);

/* sock_mark - from now on packets of @fd, of either family, carry @dscp (0..63); a listener hands it on (RFC 2474). */
void sock_mark(int fd, uint8_t dscp);

/*
 * sock_tune - non-blocking, no delay, and TCP_USER_TIMEOUT of 3 s: without it a send into a cut path sits for
 * minutes; what must be noticed sooner is noticed by the protocol's own timers.
 */
void sock_tune(int fd);

/* sock_peer - the address of the other end of @fd; no family when there is none any more. */
void sock_peer(int fd, struct addr *out);

#endif
