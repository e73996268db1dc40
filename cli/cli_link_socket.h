/*
 * cli_link_socket.h - the CLI's listening Unix socket as a file: made, found stale, found alive, removed.
 * Internal to cli_link.c; no libevent.
 */
#ifndef CLI_CLI_LINK_SOCKET_H
#define CLI_CLI_LINK_SOCKET_H

#include <sys/un.h>

#include "base/err.h"
#include "base/text.h"

struct cli_link_socket {
	int fd;      /* listening, non-blocking */
	int lock_fd; /* PATH.lock, held as long as the socket: of two starters one gets it */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

/* cli_link_socket_open - errors as of cli_link_new; nothing is left open or made then. */
enum err cli_link_socket_open(struct cli_link_socket *s, const char *path, struct text *why);

/* cli_link_socket_close - remove the socket file, close. */
void cli_link_socket_close(struct cli_link_socket *s);

#endif
