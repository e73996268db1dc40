/* client_net.c - the socket; unconnected, so that a port without an owner for a moment is no error. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

enum { SOCKET_BUFFER_BYTES = 8 << 20 };

bool
net_open(struct client *c)
{
	int bytes = SOCKET_BUFFER_BYTES;
	socklen_t len = sizeof c->opt.local;

	c->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0)
		return false;
	(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
	return bind(c->fd, (const struct sockaddr *)&c->opt.local, sizeof c->opt.local) == 0 &&
	       getsockname(c->fd, (struct sockaddr *)&c->opt.local, &len) == 0;
}

void
net_send(struct client *c, const uint8_t *bytes, size_t len)
{
	ssize_t n = sendto(c->fd, bytes, len, 0, (const struct sockaddr *)&c->opt.remote, sizeof c->opt.remote);

	if (n < 0 && errno == ECONNREFUSED)
		c->t.refused++;
	if (n == (ssize_t)len)
		file_capture(c, &c->opt.local, &c->opt.remote, bytes, len);
}

bool
net_receive(struct client *c, uint8_t bytes[GTP1_MESSAGE_MAX], size_t *len, struct sockaddr_in *from)
{
	socklen_t from_len = sizeof *from;
	ssize_t n;

	do {
		n = recvfrom(c->fd, bytes, GTP1_MESSAGE_MAX, 0, (struct sockaddr *)from, &from_len);
		if (n < 0 && errno == ECONNREFUSED)
			c->t.refused++;
	} while (n < 0 && (errno == ECONNREFUSED || errno == EINTR));
	if (n < 0)
		return false;
	*len = (size_t)n;
	file_capture(c, from, &c->opt.local, bytes, *len);
	return true;
}
