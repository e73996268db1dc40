/* log.c - the event log's catalogue and writer. One write(2) per line, so lines of several tasks never mix. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define LOG_ID(id, number, facility, severity, fmt, meaning, advice)                                                   \
	[id] = {number, facility, severity, fmt, meaning, advice},
static const struct log_row catalogue[LOG_ID_COUNT] = {
#include "base/log_ids.def"
};
#undef LOG_ID

enum { LINES_PER_SECOND_MAX = 10 };

/* Where this process's lines go. A process has one log, like one stderr: state of the process, not of a module. */
static struct {
	int fd;
	const char *who;
	enum log_severity least;
	struct {
		time_t second;
		unsigned lines;
	} rate[LOG_ID_COUNT];
} sink = {.fd = STDERR_FILENO, .who = "-", .least = LOG_INFO};

static const char *const severities[LOG_SEVERITY_COUNT] = {"critical", "error", "warning", "info", "debug"};

const char *
log_severity_text(enum log_severity severity)
{
	return severities[severity];
}

const struct log_row *
log_row(enum log_id id)
{
	return &catalogue[id];
}

void
log_open(int fd, const char *who, enum log_severity least)
{
	sink.fd = fd;
	sink.who = who;
	sink.least = least;
}

/* Counts this line against its id's share of the second; the first line of a new second reports what was cut. */
static unsigned
log_event_limit(enum log_id id, time_t now, int *is_allowed)
{
	unsigned cut = 0;

	if (sink.rate[id].second != now) {
		cut = sink.rate[id].lines > LINES_PER_SECOND_MAX ? sink.rate[id].lines - LINES_PER_SECOND_MAX : 0;
		sink.rate[id].second = now;
		sink.rate[id].lines = 0;
	}
	*is_allowed = ++sink.rate[id].lines <= LINES_PER_SECOND_MAX;
	return cut;
}

void
log_event(enum log_id id, ...)
{
	const struct log_row *row = &catalogue[id];
	int saved = errno, is_allowed;
	struct timespec ts;
	struct tm tm;
	char line[1024];
	unsigned cut;
	size_t n;
	va_list ap;

	if (row->severity > sink.least)
		return;
	clock_gettime(CLOCK_REALTIME, &ts);
	cut = log_event_limit(id, ts.tv_sec, &is_allowed);
	if (!is_allowed)
		return;
	localtime_r(&ts.tv_sec, &tm);
	n = strftime(line, sizeof line, "%Y-%b-%d+%H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof line - n, ".%03ld [%s %u %s] [%s pid %d] ", ts.tv_nsec / 1000000,
	                      row->facility, row->number, severities[row->severity], sink.who, (int)getpid());
	va_start(ap, id);
	n += (size_t)vsnprintf(line + n, sizeof line - n, row->fmt, ap);
	va_end(ap);
	if (cut > 0 && n < sizeof line)
		n += (size_t)snprintf(line + n, sizeof line - n, " (%u more like it left out)", cut);
	if (n > sizeof line - 1)
		n = sizeof line - 1;
	line[n++] = '\n';
	if (write(sink.fd, line, n) < 0)
		errno = saved; /* a log that cannot be written must not stop the chassis */
	errno = saved;
}
