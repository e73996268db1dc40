/*
 * address_io.h - taking and giving a service address: two drivers for one pair of actions.
 *
 * ADDRESS_PLAIN  a UDP socket is bound when the address is taken and closed when it is given. On one
 *                loopback the kernel then gives the address one owner: a second bind is refused. No
 *                SO_REUSEPORT or SO_REUSEADDR, ever.
 * ADDRESS_FREEBIND  the socket is bound once with IP_FREEBIND; taking adds the address to "lo" by
 *                rtnetlink, giving removes it (CAP_NET_ADMIN). For a chassis with a network of its own.
 *
 * Used by the demux role only: no other process ever holds a service socket.
 */
#ifndef GATEWAY_ADDRESS_IO_H
#define GATEWAY_ADDRESS_IO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

enum address_driver { ADDRESS_PLAIN, ADDRESS_FREEBIND };

struct address_io {
	enum address_driver driver;
	struct addr addr;
	uint16_t port;
	int sock; /* -1: none */
	bool is_taken;
};

/* address_init - nothing is opened yet. */
void address_init(struct address_io *a, enum address_driver driver, const struct addr *addr, uint16_t port);

/*
 * address_take - from now on datagrams to addr:port arrive on a->sock (non-blocking, receive buffer 8 MiB where
 * allowed). ERR_REFUSED: another owns the address (retry); ERR_SYSTEM: anything else, errno says what. Taken already:
 * ERR_OK.
 */
enum err address_take(struct address_io *a);

/* address_give - the address is free for another when this returns. What had not been read from the socket is lost
 * (plain). */
void address_give(struct address_io *a);

/* address_fini - give, and close the socket. */
void address_fini(struct address_io *a);

#endif
