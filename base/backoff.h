/*
 * backoff.h - how long to wait before the next try: twice as long each time, up to a limit. A plain value; used by the
 * link shells (*_link.c) that dial a peer.
 */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

struct backoff {
	unsigned first_ms, last_ms; /* 0 < first_ms <= last_ms */
	unsigned next_ms;
};

/* backoff_reset - the next wait is the shortest again: after what was useful, or when somebody asks. */
static inline void
backoff_reset(struct backoff *b)
{
	b->next_ms = b->first_ms;
}

/* backoff_make - a back-off that begins with @first_ms and ends at @last_ms. */
static inline struct backoff
backoff_make(unsigned first_ms, unsigned last_ms)
{
	return (struct backoff){first_ms, last_ms, first_ms};
}

/* backoff_next - the milliseconds to wait now; the wait after it is twice as long. */
static inline unsigned
backoff_next(struct backoff *b)
{
	unsigned now_ms = b->next_ms;

	b->next_ms = now_ms > b->last_ms / 2 ? b->last_ms : now_ms * 2;
	return now_ms;
}

#endif
