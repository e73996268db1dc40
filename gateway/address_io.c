/* address_io.c - the plain-bind and the free-bind driver. */
#include "gateway/address_io.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sock.h"

enum { RECEIVE_BUFFER_BYTES = 8 << 20 };

void
address_init(struct address_io *a, enum address_driver driver, const struct addr *addr, uint16_t port)
{
	*a = (struct address_io){.driver = driver, .addr = *addr, .port = port, .sock = -1};
}

/* A bound socket in a->sock, or the errno. */
static int
open_bound(struct address_io *a)
{
	int one = 1, size = RECEIVE_BUFFER_BYTES, e;
	struct sockaddr_storage ss;
	socklen_t len = sock_address(&a->addr, a->port, &ss);
	int s = socket(ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (s < 0)
		return errno;
	if (setsockopt(s, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		(void)setsockopt(s, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* capped by the system: good enough */
	if (a->driver == ADDRESS_FREEBIND && setsockopt(s, IPPROTO_IP, IP_FREEBIND, &one, sizeof one) < 0)
		goto fail;
	if (bind(s, (struct sockaddr *)&ss, len) < 0)
		goto fail;
	a->sock = s;
	return 0;
fail:
	e = errno;
	close(s);
	return e;
}

/* One rtnetlink request to add or remove the host address on "lo"; 0 or the errno. */
static int
change_lo(const struct address_io *a, uint16_t type, uint16_t flags)
{
	struct {
		struct nlmsghdr h;
		struct ifaddrmsg m;
		char attrs[64];
	} req = {.h = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ifaddrmsg)),
	               .nlmsg_type = type,
	               .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags}};
	struct {
		struct nlmsghdr h;
		struct nlmsgerr e;
		char rest[256];
	} ack = {0};
	unsigned n = addr_bytes(&a->addr);
	struct rtattr *rta = (struct rtattr *)(void *)((char *)&req + NLMSG_ALIGN(req.h.nlmsg_len));
	int s, e = 0;

	req.m.ifa_family = a->addr.family == ADDR_V6 ? AF_INET6 : AF_INET;
	req.m.ifa_prefixlen = (uint8_t)(n * 8);
	req.m.ifa_index = if_nametoindex("lo");
	rta->rta_type = IFA_LOCAL;
	rta->rta_len = (unsigned short)RTA_LENGTH(n);
	memcpy(RTA_DATA(rta), a->addr.bytes, n);
	req.h.nlmsg_len = (uint32_t)(NLMSG_ALIGN(req.h.nlmsg_len) + RTA_ALIGN(rta->rta_len));
	s = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (s < 0)
		return errno;
	/* the kernel answers before send() returns, so this never waits */
	if (send(s, &req, req.h.nlmsg_len, 0) < 0 || recv(s, &ack, sizeof ack, 0) < 0)
		e = errno;
	else if (ack.h.nlmsg_type == NLMSG_ERROR)
		e = -ack.e.error;
	close(s);
	return e;
}

static enum err
verdict(int e)
{
	if (e == 0)
		return ERR_OK;
	errno = e;
	return e == EADDRINUSE ? ERR_REFUSED : ERR_SYSTEM;
}

enum err
address_take(struct address_io *a)
{
	int e = a->sock >= 0 ? 0 : open_bound(a);

	if (e == 0 && a->driver == ADDRESS_FREEBIND && !a->is_taken) {
		e = change_lo(a, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
	}
	if (e == 0)
		a->is_taken = true;
	return verdict(e);
}

void
address_give(struct address_io *a)
{
	if (a->driver == ADDRESS_FREEBIND) {
		/* also when we do not think we hold it: a predecessor that was killed may have left it behind */
		(void)change_lo(a, RTM_DELADDR, 0);
	} else if (a->sock >= 0) {
		close(a->sock);
		a->sock = -1;
	}
	a->is_taken = false;
}

void
address_fini(struct address_io *a)
{
	address_give(a);
	if (a->sock >= 0)
		close(a->sock);
	a->sock = -1;
}
