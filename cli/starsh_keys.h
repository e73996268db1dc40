/*
 * starsh_keys.h - the terminal as bytes: one raw mode for the whole session, keys kept until somebody wants them.
 *
 * The terminal does not echo while a command runs, and what is typed meanwhile stays here or in the kernel until the
 * next prompt, where readline shows it as if it had just been typed: type-ahead is kept and nothing is seen twice. CR,
 * LF and CRLF are one end of line. Signals come as bytes of a descriptor, too.
 */
#ifndef CLI_STARSH_KEYS_H
#define CLI_STARSH_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

struct starsh_keys {
	struct termios before;
	int signal_fd; /* SIGINT, SIGTERM, SIGHUP; for poll */
	size_t start, end;
	bool is_after_cr;
	bool is_over; /* the terminal is gone */
	unsigned char bytes[1024];
};

/* starsh_keys_open - raw mode on stdin, signals blocked and handed over; false: a sentence was written. */
bool starsh_keys_open(struct starsh_keys *k);

/* starsh_keys_close - the terminal as it was. */
void starsh_keys_close(struct starsh_keys *k);

/* starsh_keys_read - after poll said stdin is readable. */
void starsh_keys_read(struct starsh_keys *k);

/* starsh_keys_take - the next key, or -1 when none is here. starsh_keys_drop - forget what was typed ahead. */
int starsh_keys_take(struct starsh_keys *k);
void starsh_keys_drop(struct starsh_keys *k);

/* starsh_keys_signal - the next signal that came, or 0. */
int starsh_keys_signal(struct starsh_keys *k);

static inline bool
starsh_keys_waiting(const struct starsh_keys *k)
{
	return k->start < k->end;
}

#endif
