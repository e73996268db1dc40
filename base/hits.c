/*
 * hits.c - the counts lie in a shared mapping of the process' file, so that they survive kill -9, of which the tests
 * make much use. Only in test builds; the one place with state of the process for their sake.
 */
#include "base/hits.h"

#ifdef STARLING_TEST
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct hits {
	char kind[16];
	char table[48];
	uint32_t rows[HITS_ROWS];
};

static struct {
	struct hits *tables;
	pid_t pid; /* a child by fork writes a file of its own */
} mapped;

static struct hits *
hits_map(void)
{
	const char *directory = getenv("STARLING_HITS");
	char path[4096];
	int fd = -1;
	void *mem;

	if (directory != NULL && *directory != '\0') {
		snprintf(path, sizeof path, "%s/%s.%d", directory, program_invocation_short_name, (int)getpid());
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
		if (fd >= 0 && ftruncate(fd, HITS_TABLES * sizeof(struct hits)) < 0) {
			close(fd);
			fd = -1;
		}
	}
	mem = mmap(NULL, HITS_TABLES * sizeof(struct hits), PROT_READ | PROT_WRITE,
	           fd >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS, fd, 0);
	if (fd >= 0)
		close(fd);
	if (mem == MAP_FAILED)
		abort();
	return mem;
}

void
hits_count(const char *kind, const char *table, unsigned row)
{
	if (mapped.pid != getpid()) {
		mapped.tables = hits_map();
		mapped.pid = getpid();
	}
	for (unsigned i = 0; i < HITS_TABLES && row < HITS_ROWS; i++) {
		struct hits *h = &mapped.tables[i];

		if (h->kind[0] == '\0') {
			snprintf(h->kind, sizeof h->kind, "%s", kind);
			snprintf(h->table, sizeof h->table, "%s", table);
		}
		if (strcmp(h->kind, kind) == 0 && strcmp(h->table, table) == 0) {
			h->rows[row]++;
			return;
		}
	}
	abort();
}
#endif
