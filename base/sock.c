/* sock.c - TCP sockets. */
#include "base/sock.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { USER_TIMEOUT_MS = 3000, BACKLOG = 64 };

socklen_t
sock_address(const struct addr *a, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof *out);
	if (a->family == ADDR_V6) {
		struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htobe16(port)};

		memcpy(&in6.sin6_addr, a->bytes, 16);
		memcpy(out, &in6, sizeof in6);
		return sizeof in6;
	}
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htobe16(port)};

	memcpy(&in.sin_addr, a->bytes, 4);
	memcpy(out, &in, sizeof in);
	return sizeof in;
}

void
sock_tune(int fd)
{
	int one = 1;
	unsigned timeout = USER_TIMEOUT_MS;
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	(void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
}

void
sock_mark(int fd, uint8_t dscp)
{
	enum { ECN_BITS = 2 };
	int tos = dscp << ECN_BITS, domain = AF_INET;
	socklen_t len = sizeof domain;

	(void)getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len);
	if (domain == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
	else
		(void)setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
}

static int
open_tcp(const struct addr *a)
{
	return socket(a->family == ADDR_V6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

static int
fail(int fd)
{
	int e = errno;

	close(fd);
	errno = e;
	return -1;
}

int
sock_dial(const struct addr *local, const struct addr *peer, uint16_t port, uint8_t dscp)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = open_tcp(peer);

	if (fd < 0)
		return -1;
	sock_tune(fd);
	sock_mark(fd, dscp);
	if (local->family == peer->family) {
		len = sock_address(local, 0, &ss);
		if (bind(fd, (struct sockaddr *)&ss, len) < 0)
			return fail(fd);
	}
	len = sock_address(peer, port, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) < 0 && errno != EINPROGRESS)
		return fail(fd);
	return fd;
}

int
sock_connect_error(int fd)
{
	int e = 0;
	socklen_t len = sizeof e;

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len) < 0 ? errno : e;
}

int
sock_listen(const struct addr *local, uint16_t port, uint8_t dscp)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_address(local, port, &ss);
	int one = 1, fd = open_tcp(local);

	if (fd < 0)
		return -1;
	sock_mark(fd, dscp);
	/* TCP only: a restart must not wait for old connections in TIME_WAIT; two listeners are refused all the same */
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(fd, (struct sockaddr *)&ss, len) < 0 || listen(fd, BACKLOG) < 0)
		return fail(fd);
	return fd;
}

void
sock_peer(int fd, struct addr *out)
{
	struct sockaddr_storage ss = {0};
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	socklen_t len = sizeof ss;

	*out = (struct addr){0};
	if (getpeername(fd, (struct sockaddr *)&ss, &len) < 0)
		return;
	if (ss.ss_family == AF_INET) {
		memcpy(&in, &ss, sizeof in);
		*out = addr_v4(be32toh(in.sin_addr.s_addr));
	} else if (ss.ss_family == AF_INET6) {
		memcpy(&in6, &ss, sizeof in6);
		out->family = ADDR_V6;
		memcpy(out->bytes, &in6.sin6_addr, sizeof in6.sin6_addr);
	}
}

bool
sock_is_here(const struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_address(a, 0, &ss);
	int fd = socket(ss.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_here = fd >= 0 && bind(fd, (struct sockaddr *)&ss, len) == 0;

	if (fd >= 0)
		close(fd);
	return is_here;
}
