/* cli_link_socket.c - the CLI's listening Unix socket. A lock file decides between two starters; the kernel frees it at
 * a kill. */
#include "cli/cli_link_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static enum err
fail(struct text *why, const char *path, const char *what)
{
	text_printf(why, "%s: %s: %s", path, what, strerror(errno));
	return ERR_SYSTEM;
}

static enum err
take_lock(const char *path, int *out, struct text *why)
{
	char name[sizeof(struct sockaddr_un) + 8];
	int fd;

	snprintf(name, sizeof name, "%s.lock", path);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return fail(why, name, "cannot be made");
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		text_printf(why, "%s: a chassis is running on this root already", path);
		close(fd);
		return ERR_EXISTS;
	}
	*out = fd;
	return ERR_OK;
}

/* A file left behind by a kill refuses connections; then it goes. */
static enum err
clear_stale(const struct sockaddr_un *address, struct text *why)
{
	const char *path = address->sun_path;
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? ERR_OK : fail(why, path, "cannot be looked at");
	if (!S_ISSOCK(st.st_mode)) {
		text_printf(why, "%s is there and not a socket", path);
		return ERR_SYSTEM;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(why, path, "no socket");
	rc = connect(fd, (const struct sockaddr *)address, sizeof *address);
	if (rc == 0 || errno == EAGAIN) {
		close(fd);
		text_printf(why, "%s: another program listens there", path);
		return ERR_EXISTS;
	}
	rc = errno;
	close(fd);
	errno = rc;
	if (rc != ECONNREFUSED && rc != ENOENT)
		return fail(why, path, "cannot be tried");
	if (unlink(path) != 0 && errno != ENOENT)
		return fail(why, path, "cannot be removed");
	return ERR_OK;
}

/* The mode is set on the socket before bind, which gives it to the file: no moment in which others could connect. */
static enum err
listen_on(const struct sockaddr_un *address, int *out, struct text *why)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return fail(why, address->sun_path, "no socket");
	if (fchmod(fd, 0600) != 0 || bind(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
	    chmod(address->sun_path, 0600) != 0 || listen(fd, BACKLOG) != 0) {
		enum err e = fail(why, address->sun_path, "cannot listen");

		close(fd);
		return e;
	}
	*out = fd;
	return ERR_OK;
}

enum err
cli_link_socket_open(struct cli_link_socket *s, const char *path, struct text *why)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = -1, lock_fd = -1;
	enum err e;

	if (strlen(path) >= sizeof address.sun_path) {
		text_printf(why, "%s: the name is too long for a socket (%zu characters at most)", path,
		            sizeof address.sun_path - 1);
		return ERR_RANGE;
	}
	strcpy(address.sun_path, path);
	e = take_lock(path, &lock_fd, why);
	if (e == ERR_OK)
		e = clear_stale(&address, why);
	if (e == ERR_OK)
		e = listen_on(&address, &fd, why);
	if (e != ERR_OK) {
		if (lock_fd >= 0)
			close(lock_fd);
		return e;
	}
	s->fd = fd;
	s->lock_fd = lock_fd;
	strcpy(s->path, path);
	return ERR_OK;
}

void
cli_link_socket_close(struct cli_link_socket *s)
{
	unlink(s->path);
	close(s->fd);
	close(s->lock_fd);
}
