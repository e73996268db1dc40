/* file_save.c - durable replacement of a file by a thread. */
#include "store/file_save.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

struct save {
	pthread_t thread;
	int fd; /* eventfd: the thread is done */
	struct event *ev;
	char path[PATH_BYTES];
	char temp[PATH_BYTES + 32];
	char *data;
	size_t len;
	int error; /* errno of what failed, 0 */
	file_save_done *done;
	void *arg;
};

static int
write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return errno;
		p += w;
		n -= (size_t)w;
	}
	return fsync(fd) < 0 ? errno : 0;
}

static int
sync_folder(const char *path)
{
	char copy[PATH_BYTES];
	int fd, e;

	snprintf(copy, sizeof copy, "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	e = fsync(fd) < 0 ? errno : 0;
	close(fd);
	return e;
}

static int
save_run(const struct save *s)
{
	int fd = open(s->temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), e;

	if (fd < 0)
		return errno;
	e = write_all(fd, s->data, s->len);
	if (close(fd) < 0 && e == 0)
		e = errno;
	if (e == 0 && rename(s->temp, s->path) < 0)
		e = errno;
	if (e != 0) {
		unlink(s->temp);
		return e;
	}
	return sync_folder(s->path);
}

static void *
save_thread(void *arg)
{
	struct save *s = arg;
	uint64_t one = 1;

	(void)setpriority(PRIO_PROCESS, 0, 0); /* of this thread: the loop goes first */
	s->error = save_run(s);
	if (write(s->fd, &one, sizeof one) != sizeof one)
		abort(); /* an eventfd takes a 1 always */
	return NULL;
}

static void
save_free(struct save *s)
{
	if (s->ev != NULL)
		event_free(s->ev);
	if (s->fd >= 0)
		close(s->fd);
	free(s->data);
	free(s);
}

static void
on_saved(evutil_socket_t fd, short what, void *arg)
{
	struct save *s = arg;

	(void)fd;
	(void)what;
	pthread_join(s->thread, NULL);
	s->done(s->arg, s->error == 0 ? NULL : strerror(s->error), s->data, s->len);
	s->data = NULL;
	save_free(s);
}

enum err
file_save(struct event_base *base, const char *path, char *take_data, size_t len, file_save_done *done, void *arg)
{
	struct save *s = calloc(1, sizeof *s);
	int e;

	if (s == NULL) {
		free(take_data);
		return ERR_SYSTEM;
	}
	*s = (struct save){.fd = eventfd(0, EFD_CLOEXEC), .data = take_data, .len = len, .done = done, .arg = arg};
	snprintf(s->path, sizeof s->path, "%s", path);
	/* of its own: two that save to one name must not write into one file */
	snprintf(s->temp, sizeof s->temp, "%s.%d.part", path, s->fd);
	s->ev = s->fd < 0 ? NULL : event_new(base, s->fd, EV_READ, on_saved, s);
	e = s->ev == NULL || event_add(s->ev, NULL) < 0 ? ENOMEM : pthread_create(&s->thread, NULL, save_thread, s);
	if (e != 0) {
		save_free(s);
		errno = e;
		return ERR_SYSTEM;
	}
	return ERR_OK;
}
