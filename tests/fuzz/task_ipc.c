/*
 * task_ipc.c - any packets on the channel between two tasks, some with a descriptor: each that is long enough for a
 * header arrives whole and in order, the first that is not ends the channel. Length, flags, bytes; again.
 */
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "task/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 5, PACKETS_MAX = 64 };

struct expect {
	const uint8_t *bytes[PACKETS_MAX];
	size_t len[PACKETS_MAX];
	bool has_fd[PACKETS_MAX];
	size_t sent, got;
	bool is_closed;
};

static void
on_msg(void *arg, const struct ipc_msg *m)
{
	struct expect *x = arg;
	const uint8_t *p = x->bytes[x->got];

	if (x->got == x->sent || x->is_closed || m->len + HEADER_BYTES != x->len[x->got] || m->type != p[0] ||
	    memcmp(&m->id, p + 1, sizeof m->id) != 0 || memcmp(m->body, p + HEADER_BYTES, m->len) != 0 ||
	    (m->fd >= 0) != x->has_fd[x->got])
		abort();
	if (m->fd >= 0)
		close(m->fd);
	x->got++;
}

static void
on_close(void *arg)
{
	struct expect *x = arg;

	x->is_closed = true;
}

static void
put(int fd, const uint8_t *p, size_t n, bool has_fd)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	struct iovec iov = {(void *)(uintptr_t)p, n};
	struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

	if (has_fd) {
		mh.msg_control = control.bytes;
		mh.msg_controllen = sizeof control.bytes;
		*CMSG_FIRSTHDR(&mh) = (struct cmsghdr){
		    .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
		memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), &fd, sizeof fd);
	}
	if (sendmsg(fd, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct event_base *base;
	struct expect x = {0};
	struct ipc_chan *c;
	int fds[2];
	bool is_cut = false;

	if (base == NULL)
		base = event_base_new();
	if (base == NULL || ipc_pair(fds) != ERR_OK || (c = ipc_chan_new(base, fds[0], on_msg, on_close, &x)) == NULL)
		abort();
	while (size >= 2 && x.sent < PACKETS_MAX && !is_cut) {
		size_t n = data[0] < size - 2 ? data[0] : size - 2;
		bool has_fd = (data[1] & 7) == 1 && n > 0;

		put(fds[1], data + 2, n, has_fd);
		is_cut = n < HEADER_BYTES;
		if (!is_cut) {
			x.bytes[x.sent] = data + 2;
			x.len[x.sent] = n;
			x.has_fd[x.sent++] = has_fd;
		}
		data += 2 + n;
		size -= 2 + n;
	}
	close(fds[1]);
	for (unsigned i = 0; i < PACKETS_MAX && !x.is_closed; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	if (x.got != x.sent || !x.is_closed)
		abort();
	ipc_chan_free(c);
	return 0;
}
