/*
 * cli_link.h - the chassis' end of the CLI socket: libevent listener, sessions, back-pressure.
 *
 * Frames in, session calls, frames out (cli_proto.h); what a line means is cli.h's. No callback takes longer than a
 * slice of a command: long commands are stepped with zero-timeout events, and not stepped while the reader's
 * output waits above a mark. Called by chassisd's main.
 */
#ifndef CLI_CLI_LINK_H
#define CLI_CLI_LINK_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

struct cli;
struct event_base;
struct cli_link;

enum {
	CLI_LINK_SESSIONS_MAX = 64,
	CLI_LINK_OUTPUT_MARK = 256 * 1024, /* bytes waiting for a reader above which its command is not stepped */
	CLI_LINK_SLICE_US = 2000,          /* work for one session in one callback */
};

/*
 * cli_link_new - listen on @path (mode 0600) and serve sessions of @cli.
 *
 * A socket file nobody listens on is removed; one that answers is a running chassis.
 *
 * @base, @cli  borrowed until cli_link_free
 * @path        shorter than a Unix socket's name may be (107 bytes)
 * @why         on an error one clear sentence without newline
 *
 * Returns ERR_EXISTS (a chassis listens there), ERR_RANGE (@path too long), ERR_SYSTEM.
 */
enum err cli_link_new(struct event_base *base, struct cli *cli, const char *path, struct cli_link **out,
                      struct text *why);

/* cli_link_free - end every session (BYE with a reason), close the listener, remove the socket file. NULL is fine. */
void cli_link_free(struct cli_link *l);

/* cli_link_sessions - how many are connected. */
size_t cli_link_sessions(const struct cli_link *l);

#endif
