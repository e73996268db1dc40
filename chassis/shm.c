/* shm.c - memfds. */
#include "chassis/shm.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
	enum err e = shm_new(name, bytes, fd);

	if (e != ERR_OK)
		return e;
	e = shm_map(*fd, bytes, &mem);
	if (e != ERR_OK) {
		close(*fd);
		return e;
	}
	memcpy(mem, src, bytes);
	shm_unmap(mem, bytes);
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
