/* task_usage.c - /proc/PID/stat, status and fd. */
#include "task/task_usage.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static unsigned
count_files(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return 0;
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

/* VmHWM of /proc/PID/status; 0 when it cannot be read. */
static uint64_t
peak_of(pid_t pid)
{
	unsigned long kib = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL && sscanf(line, "VmHWM: %lu kB", &kib) != 1)
		;
	fclose(f);
	return (uint64_t)kib * 1024;
}

enum err
task_usage_read(pid_t pid, struct task_usage *out)
{
	unsigned long utime, stime;
	char path[64], line[1024];
	const char *after;
	long rss;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (f == NULL)
		return ERR_NOT_FOUND;
	after = fgets(line, sizeof line, f) == NULL ? NULL : strrchr(line, ')');
	fclose(f);
	/* behind the name: state and ten numbers, utime, stime, seven more, start time and size, resident pages */
	if (after == NULL ||
	    sscanf(after + 1,
	           " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld", &utime,
	           &stime, &rss) != 3)
		return ERR_NOT_FOUND;
	out->cpu_s = (double)(utime + stime) / (double)sysconf(_SC_CLK_TCK);
	out->rss_bytes = (uint64_t)rss * (uint64_t)sysconf(_SC_PAGESIZE);
	out->peak_bytes = peak_of(pid);
	out->files = count_files(pid);
	return ERR_OK;
}
