/*
 * shm.h - shared memory between the tasks of one chassis: memfds, sparse until touched.
 * Used for the session arenas and for handing a whole configuration to the roles.
 */
#ifndef TASK_SHM_H
#define TASK_SHM_H

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

/*
 * shm_waste - memory of a task that died, given back a slice of 8 MiB a loop turn: the pages of a large memfd are freed
 * by whoever lets go of it last, a tenth of a second long at a million sessions.
 */
struct event_base;
struct shm_waste;
struct shm_waste *shm_waste_new(struct event_base *base); /* NULL: no memory */
void shm_waste_free(struct shm_waste *w);                 /* NULL is allowed; what is left goes at once */

/* shm_waste_take - @fd, a memfd of @bytes, and its mapping @mem (may be NULL) are @w's; an earlier one goes at once. */
void shm_waste_take(struct shm_waste *w, int fd, void *mem, size_t bytes);

#endif
