/* shm.c - memfds. */
#include "task/shm.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WASTE_SLICE = 8 << 20 };

struct shm_waste {
	struct event *ev;
	int fd; /* -1: nothing is left */
	void *mem;
	size_t bytes, left;
};

enum err
shm_new(const char *name, size_t bytes, int *fd)
{
	int f = memfd_create(name, MFD_CLOEXEC);

	if (f < 0)
		return ERR_SYSTEM;
	if (ftruncate(f, (off_t)bytes) < 0) {
		close(f);
		return ERR_SYSTEM;
	}
	*fd = f;
	return ERR_OK;
}

enum err
shm_map(int fd, size_t bytes, void **mem)
{
	struct stat st;
	void *p;

	if (fstat(fd, &st) < 0)
		return ERR_SYSTEM;
	if (st.st_size < 0 || (size_t)st.st_size < bytes)
		return ERR_SHORT;
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	if (p == MAP_FAILED)
		return ERR_SYSTEM;
	*mem = p;
	return ERR_OK;
}

void
shm_unmap(void *mem, size_t bytes)
{
	if (mem != NULL)
		munmap(mem, bytes);
}

enum err
shm_from(const char *name, const void *src, size_t bytes, int *fd)
{
	void *mem;
	int f;
	enum err e = shm_new(name, bytes, &f);

	if (e != ERR_OK)
		return e;
	e = shm_map(f, bytes, &mem);
	if (e != ERR_OK) {
		close(f);
		return e;
	}
	memcpy(mem, src, bytes);
	shm_unmap(mem, bytes);
	*fd = f;
	return ERR_OK;
}

enum err
shm_into(int fd, void *dst, size_t bytes)
{
	void *mem;
	enum err e = shm_map(fd, bytes, &mem);

	if (e != ERR_OK)
		return e;
	memcpy(dst, mem, bytes);
	shm_unmap(mem, bytes);
	return ERR_OK;
}

static void
waste_end(struct shm_waste *w)
{
	event_del(w->ev);
	shm_unmap(w->mem, w->bytes);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->mem = NULL;
}

static void
on_waste_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct shm_waste *w = arg;

	(void)fd;
	(void)what;
	w->left -= w->left < WASTE_SLICE ? w->left : WASTE_SLICE;
	if (ftruncate(w->fd, (off_t)w->left) < 0 || w->left == 0)
		waste_end(w);
	else
		event_add(w->ev, &zero);
}

struct shm_waste *
shm_waste_new(struct event_base *base)
{
	struct shm_waste *w = calloc(1, sizeof *w);

	if (w == NULL)
		return NULL;
	w->fd = -1;
	w->ev = evtimer_new(base, on_waste_slice, w);
	if (w->ev == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void
shm_waste_free(struct shm_waste *w)
{
	if (w == NULL)
		return;
	waste_end(w);
	event_free(w->ev);
	free(w);
}

void
shm_waste_take(struct shm_waste *w, int fd, void *mem, size_t bytes)
{
	struct timeval zero = {0, 0};

	waste_end(w);
	w->fd = fd;
	w->mem = mem;
	w->bytes = w->left = bytes;
	event_add(w->ev, &zero);
}
