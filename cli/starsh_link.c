/* starsh_link.c - the shell's connection to a chassis. */
#include "cli/starsh.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool
starsh_link_open(struct starsh_link *l, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	l->in_start = l->in_end = l->out_start = l->out_end = 0;
	if (strlen(path) >= sizeof address.sun_path) {
		fprintf(stderr, "starsh: %s: the name of a socket has at most %zu characters\n", path,
		        sizeof address.sun_path - 1);
		return false;
	}
	strcpy(address.sun_path, path);
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (l->fd >= 0 && connect(l->fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return true;
	if (errno == ENOENT || errno == ECONNREFUSED)
		fprintf(stderr, "starsh: no chassis is running at %s\n", path);
	else
		fprintf(stderr, "starsh: cannot connect to the chassis at %s: %s\n", path, strerror(errno));
	if (l->fd >= 0)
		close(l->fd);
	return false;
}

bool
starsh_link_queue(struct starsh_link *l, enum cli_msg type, const void *data, size_t len)
{
	struct wbuf w;

	if (l->out_start > 0) {
		memmove(l->out, l->out + l->out_start, l->out_end - l->out_start);
		l->out_end -= l->out_start;
		l->out_start = 0;
	}
	wbuf_init(&w, l->out + l->out_end, sizeof l->out - l->out_end);
	if (cli_proto_put(&w, type, data, len) != ERR_OK)
		return false;
	l->out_end += w.len;
	return true;
}

bool
starsh_link_has_room(const struct starsh_link *l)
{
	return sizeof l->out - (l->out_end - l->out_start) >= CLI_FRAME_HEADER_BYTES + CLI_FRAME_PAYLOAD_MAX;
}

bool
starsh_link_flush(struct starsh_link *l, bool is_waiting)
{
	while (l->out_start < l->out_end) {
		ssize_t n = send(l->fd, l->out + l->out_start, l->out_end - l->out_start,
		                 MSG_NOSIGNAL | (is_waiting ? 0 : MSG_DONTWAIT));

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			l->out_start += (size_t)n;
	}
	return true;
}

/* More bytes behind those not read yet; 0: nothing there now, -1: the end. */
static int
fill(struct starsh_link *l, bool is_waiting)
{
	ssize_t n;

	if (l->in_start > 0) {
		memmove(l->in, l->in + l->in_start, l->in_end - l->in_start);
		l->in_end -= l->in_start;
		l->in_start = 0;
	}
	n = recv(l->fd, l->in + l->in_end, sizeof l->in - l->in_end, is_waiting ? 0 : MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
		return 0;
	if (n <= 0)
		return -1;
	l->in_end += (size_t)n;
	return 1;
}

int
starsh_link_next(struct starsh_link *l, struct cli_frame *out, bool is_waiting)
{
	struct rbuf r;
	enum err e;
	int got;

	for (;;) {
		rbuf_init(&r, l->in + l->in_start, l->in_end - l->in_start);
		e = cli_proto_next(&r, CLI_SIDE_CHASSIS, out);
		if (e == ERR_OK) {
			l->in_start += r.pos;
			return 1;
		}
		if (e != ERR_SHORT) {
			fprintf(stderr, "starsh: the other end sent %s\n", cli_proto_verdict(e));
			return -1;
		}
		got = fill(l, is_waiting);
		if (got < 0 || (got == 0 && !is_waiting))
			return got;
	}
}

bool
starsh_write(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EAGAIN) { /* somebody made our terminal non-blocking */
			struct pollfd wait = {.fd = fd, .events = POLLOUT};

			poll(&wait, 1, -1);
			continue;
		}
		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return true;
}
