/*
 * chassis_log_tail.c - any bytes as the log and as the one put away before it, through the reader and the filters of
 * show logs: what is shown are whole lines of the files, as many as were asked for.
 */
#include <sys/mman.h>

#include "chassis/system_views.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct shown {
	size_t lines;
	const char *from, *to;
};

static void
see(void *arg, const char *bytes, size_t n)
{
	struct shown *s = arg;

	if (n == 0 || bytes[n - 1] != '\n' || memchr(bytes, '\n', n - 1) != NULL || bytes < s->from ||
	    bytes + n > s->to)
		abort();
	s->lines++;
}

/* A file that ends with @data; as long as more than a tail when @is_long. */
static const char *
file_of(int which, const uint8_t *data, size_t size, bool is_long)
{
	static char path[2][40];
	static int fd[2] = {-1, -1};
	off_t at = is_long ? LOG_TAIL_BYTES - (off_t)(size / 2) : 0;

	if (fd[which] < 0) {
		fd[which] = memfd_create("log", MFD_CLOEXEC);
		snprintf(path[which], sizeof path[which], "/proc/self/fd/%d", fd[which]);
	}
	if (fd[which] < 0 || ftruncate(fd[which], 0) < 0 || pwrite(fd[which], data, size, at) != (ssize_t)size)
		abort();
	return path[which];
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char buf[2 * LOG_TAIL_BYTES];
	static const char *const facilities[] = {NULL, "srp", "cli", ""};
	struct log_filter f;
	struct shown s;
	struct cli_call call = {0};
	struct text out = {.write = see, .arg = &s};
	ssize_t old, now;
	size_t cut;

	if (size < 3 || size > LOG_TAIL_BYTES)
		return 0;
	f = (struct log_filter){.facility = facilities[data[0] & 3],
	                        .least = (enum log_severity)((data[0] >> 2) % LOG_SEVERITY_COUNT),
	                        .lines = 1 + data[1] % 8};
	cut = data[2] < size - 3 ? data[2] : size - 3;
	old = read_tail(file_of(0, data + 3, cut, data[0] >> 5 == 7), buf);
	now = read_tail(file_of(1, data + 3 + cut, size - 3 - cut, data[0] >> 5 >= 6), buf + old);
	if (old < 0 || now < 0 || old > LOG_TAIL_BYTES || now > LOG_TAIL_BYTES)
		abort();
	s = (struct shown){.from = buf, .to = buf + old + now};
	call.out = &out;
	put_log(&call, buf, (size_t)(old + now), &f);
	if (s.lines > f.lines)
		abort();
	return 0;
}
