/*
 * shm.h - shared memory between the tasks of one chassis: memfds, sparse until touched.
 * Used for the session arenas and for handing a whole configuration to the roles.
 */
#ifndef CHASSIS_SHM_H
#define CHASSIS_SHM_H

#include <stddef.h>

#include "base/err.h"

/* shm_new - a memfd of @bytes named @name (for /proc), close-on-exec; the caller closes it. */
enum err shm_new(const char *name, size_t bytes, int *fd);

/* shm_map - map @bytes of @fd shared, readable and writable; ERR_SHORT when the memfd is smaller. munmap by shm_unmap.
 */
enum err shm_map(int fd, size_t bytes, void **mem);
void shm_unmap(void *mem, size_t bytes);

/* shm_from - a memfd that holds a copy of @src; shm_into - the reverse, ERR_SHORT when it holds fewer bytes. */
enum err shm_from(const char *name, const void *src, size_t bytes, int *fd);
enum err shm_into(int fd, void *dst, size_t bytes);

#endif
