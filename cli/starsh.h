/*
 * starsh.h - what the parts of the operator's shell share: the connection to a chassis.
 *
 * starsh knows no command: it sends lines and shows what comes. starsh.c runs commands from -c or a pipe, starsh_line.c
 * is the terminal. Not part of any daemon.
 */
#ifndef CLI_STARSH_H
#define CLI_STARSH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/cli_proto.h"

/* One connection. Frames are read into a buffer that holds the longest one; what is to be sent waits in another. */
struct starsh_link {
	int fd;
	size_t in_start, in_end;
	size_t out_start, out_end;
	uint8_t in[CLI_FRAME_HEADER_BYTES + CLI_FRAME_PAYLOAD_MAX];
	uint8_t out[2 * (CLI_FRAME_HEADER_BYTES + CLI_FRAME_PAYLOAD_MAX)];
};

/* starsh_link_open - connect to the Unix socket @path; false: a sentence was written to stderr. */
bool starsh_link_open(struct starsh_link *l, const char *path);

/* starsh_link_queue - append a frame to what is to be sent; false when there is no room for it now. */
bool starsh_link_queue(struct starsh_link *l, enum cli_msg type, const void *data, size_t len);

/* starsh_link_has_room - could a frame of the longest payload be queued? */
bool starsh_link_has_room(const struct starsh_link *l);

/* starsh_link_flush - send what the socket takes without waiting (is_waiting false) or all of it; false: the chassis is
 * gone. */
bool starsh_link_flush(struct starsh_link *l, bool is_waiting);

/*
 * starsh_link_next - the next frame: 1 and *@out (dies with the next call), 0 when none is complete and @is_waiting is
 * false, -1 when the chassis is gone or does not speak the protocol.
 */
int starsh_link_next(struct starsh_link *l, struct cli_frame *out, bool is_waiting);

/* starsh_write - all bytes to @fd; false when it is closed. */
bool starsh_write(int fd, const void *data, size_t n);

/* starsh_terminal - an interactive session on stdin and stdout until it ends; returns the exit status. */
int starsh_terminal(struct starsh_link *l);

#endif
