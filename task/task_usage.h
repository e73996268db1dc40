/* task_usage.h - what a process uses, read from /proc. */
#ifndef TASK_TASK_USAGE_H
#define TASK_TASK_USAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct task_usage {
	double cpu_s; /* user and system time since its start */
	uint64_t rss_bytes;
	uint64_t peak_bytes; /* of rss_bytes, since its start */
	unsigned files;      /* open descriptors */
};

/* task_usage_read - ERR_NOT_FOUND when there is no process @pid. */
enum err task_usage_read(pid_t pid, struct task_usage *out);

#endif
