/*
 * log.h - the event log: every line has an id from one catalogue.
 *
 * The catalogue row says facility, severity, text, what it means and what to do; the caller gives
 * only the values. Used by shells and role mains; pure cores return actions instead. Where lines go
 * is set once by the process (log_open); a limiter keeps a flood of one id at ten lines a second and
 * says how many were left out.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

enum log_severity { LOG_CRITICAL, LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG, LOG_SEVERITY_COUNT };

#define LOG_ID(id, number, facility, severity, fmt, meaning, advice) id,
enum log_id {
#include "base/log_ids.def"
	LOG_ID_COUNT
};
#undef LOG_ID

struct log_row {
	uint32_t number;
	const char *facility;
	enum log_severity severity;
	const char *fmt;
	const char *meaning;
	const char *advice;
};

/* log_severity_text - "critical" to "debug". */
const char *log_severity_text(enum log_severity severity);

/* log_row - the catalogue row of @id. */
const struct log_row *log_row(enum log_id id);

/*
 * log_open - lines at @least severity or worse go to descriptor @fd, headed by @who (facility and instance of
 * this process, borrowed for its life). @fd is kept, not closed. Before the first call lines go to stderr.
 */
void log_open(int fd, const char *who, enum log_severity least);

/* log_event - write one line; the arguments are those of the row's text. Keeps errno. */
void log_event(enum log_id id, ...);

#endif
