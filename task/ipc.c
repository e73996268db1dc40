/* ipc.c - task messages over SOCK_SEQPACKET. */
#include "task/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	HEADER_BYTES = 5,
	SOCKET_BUFFER_BYTES = 4 << 20,
	MESSAGES_PER_TURN = 64,
	BYTES_PER_TURN = 32 * 1024 /* 4096 subscribers bound take a millisecond or two */
};

struct queued {
	STAILQ_ENTRY(queued) link;
	int fd;
	size_t len;
	uint8_t bytes[];
};

struct ipc_chan {
	int fd;
	struct event *read_ev;
	struct event *write_ev;
	STAILQ_HEAD(, queued) queue;
	size_t queued_bytes;
	void (*on_msg)(void *arg, const struct ipc_msg *m);
	void (*on_close)(void *arg);
	void *arg;
	bool *freed; /* set by ipc_chan_free while a callback runs */
};

enum err
ipc_pair(int fds[2])
{
	int size = SOCKET_BUFFER_BYTES;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return ERR_SYSTEM;
	for (int i = 0; i < 2; i++) {
		/* FORCE needs a right we may not have; the plain one is capped by the system, which is enough */
		if (setsockopt(fds[i], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
			(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	}
	return ERR_OK;
}

/* One sendmsg; 0, or the errno. */
static int
send_packet(int sock, struct iovec *iov, size_t iovs, int pass_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct msghdr mh = {.msg_iov = iov, .msg_iovlen = iovs};

	if (pass_fd >= 0) {
		struct cmsghdr *c;

		mh.msg_control = control.bytes;
		mh.msg_controllen = sizeof control.bytes;
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &pass_fd, sizeof(int));
	}
	return sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? errno : 0;
}

static void
put_header(uint8_t h[HEADER_BYTES], uint8_t type, uint32_t id)
{
	h[0] = type;
	memcpy(h + 1, &id, sizeof id); /* same machine, same binary: native order */
}

static enum err
enqueue(struct ipc_chan *c, const uint8_t header[HEADER_BYTES], const void *body, size_t len, int pass_fd)
{
	struct queued *q;

	if (c->queued_bytes + HEADER_BYTES + len > IPC_QUEUE_MAX_BYTES)
		return ERR_FULL;
	q = malloc(sizeof *q + HEADER_BYTES + len);
	if (q == NULL)
		return ERR_FULL;
	q->fd = pass_fd >= 0 ? fcntl(pass_fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (pass_fd >= 0 && q->fd < 0) {
		free(q); /* a message without the descriptor it is about would say something else */
		return ERR_FULL;
	}
	q->len = HEADER_BYTES + len;
	memcpy(q->bytes, header, HEADER_BYTES);
	if (len > 0)
		memcpy(q->bytes + HEADER_BYTES, body, len);
	STAILQ_INSERT_TAIL(&c->queue, q, link);
	c->queued_bytes += q->len;
	event_add(c->write_ev, NULL);
	return ERR_OK;
}

enum err
ipc_send(struct ipc_chan *c, uint8_t type, uint32_t id, const void *body, size_t len, int pass_fd, int flags)
{
	uint8_t header[HEADER_BYTES];
	struct iovec iov[2] = {{header, sizeof header}, {(void *)(uintptr_t)body, len}};
	int e;

	if (len > IPC_BODY_MAX)
		return ERR_RANGE;
	put_header(header, type, id);
	if (!STAILQ_EMPTY(&c->queue))
		return flags & IPC_MAY_DROP ? ERR_FULL : enqueue(c, header, body, len, pass_fd);
	e = send_packet(c->fd, iov, len > 0 ? 2 : 1, pass_fd);
	if (e == 0)
		return ERR_OK;
	if (e == EAGAIN || e == EWOULDBLOCK || e == ENOBUFS)
		return flags & IPC_MAY_DROP ? ERR_FULL : enqueue(c, header, body, len, pass_fd);
	errno = e;
	return ERR_SYSTEM; /* the reader's close event tells the owner */
}

static void
dequeue(struct ipc_chan *c)
{
	struct queued *q = STAILQ_FIRST(&c->queue);

	STAILQ_REMOVE_HEAD(&c->queue, link);
	c->queued_bytes -= q->len;
	if (q->fd >= 0)
		close(q->fd);
	free(q);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_chan *c = arg;

	(void)what;
	/* a reader on another processor may take them as fast as they come: the rest waits for the next turn */
	for (int i = 0; i < MESSAGES_PER_TURN && !STAILQ_EMPTY(&c->queue); i++) {
		struct queued *q = STAILQ_FIRST(&c->queue);
		struct iovec iov = {q->bytes, q->len};
		int e = send_packet(fd, &iov, 1, q->fd);

		if (e == EAGAIN || e == EWOULDBLOCK || e == ENOBUFS)
			break;
		dequeue(c);
	}
	if (!STAILQ_EMPTY(&c->queue))
		event_add(c->write_ev, NULL);
}

static int
received_fd(struct msghdr *mh)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c != NULL; c = CMSG_NXTHDR(mh, c)) {
		int fd;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
			memcpy(&fd, CMSG_DATA(c), sizeof fd);
			return fd;
		}
	}
	return -1;
}

/* One message: its length, 0 nothing there now, -1 the other end is gone. */
static int
receive_one(struct ipc_chan *c)
{
	uint8_t bytes[HEADER_BYTES + IPC_BODY_MAX];
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = {bytes, sizeof bytes};
	struct msghdr mh = {
	    .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
	ssize_t n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct ipc_msg m;

	/* told once, of an end that had not read everything, and before the messages it had sent */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(c->fd, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -1;
	if (n < HEADER_BYTES)
		return -1; /* 0 is the end of the stream; shorter than a header cannot be ours */
	m = (struct ipc_msg){
	    .type = bytes[0], .body = bytes + HEADER_BYTES, .len = (size_t)n - HEADER_BYTES, .fd = received_fd(&mh)};
	memcpy(&m.id, bytes + 1, sizeof m.id);
	c->on_msg(c->arg, &m);
	return (int)n;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ipc_chan *c = arg;
	bool freed = false;
	int r = 1, bytes = 0;

	(void)fd;
	(void)what;
	c->freed = &freed;
	for (int i = 0; i < MESSAGES_PER_TURN && bytes < BYTES_PER_TURN && r > 0; i++) {
		r = receive_one(c);
		bytes += r;
		if (freed)
			return;
	}
	c->freed = NULL;
	if (r < 0) {
		event_del(c->read_ev);
		c->on_close(c->arg);
	}
}

struct ipc_chan *
ipc_chan_new(struct event_base *base, int fd, void (*on_msg)(void *arg, const struct ipc_msg *m),
             void (*on_close)(void *arg), void *arg)
{
	struct ipc_chan *c = calloc(1, sizeof *c);

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	*c = (struct ipc_chan){.fd = fd, .on_msg = on_msg, .on_close = on_close, .arg = arg};
	STAILQ_INIT(&c->queue);
	evutil_make_socket_nonblocking(fd);
	c->read_ev = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->write_ev = event_new(base, fd, EV_WRITE, on_writable, c);
	if (c->read_ev == NULL || c->write_ev == NULL || event_add(c->read_ev, NULL) < 0) {
		ipc_chan_free(c);
		return NULL;
	}
	return c;
}

void
ipc_chan_free(struct ipc_chan *c)
{
	if (c == NULL)
		return;
	if (c->freed != NULL)
		*c->freed = true;
	while (!STAILQ_EMPTY(&c->queue))
		dequeue(c);
	if (c->read_ev != NULL)
		event_free(c->read_ev);
	if (c->write_ev != NULL)
		event_free(c->write_ev);
	close(c->fd);
	free(c);
}
