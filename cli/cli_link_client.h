/*
 * cli_link_client.h - one client of the CLI socket. Internal to cli_link.c, which owns the list of them.
 */
#ifndef CLI_CLI_LINK_CLIENT_H
#define CLI_CLI_LINK_CLIENT_H

struct cli;
struct cli_client;
struct event_base;

/*
 * cli_client_new - serve the accepted, non-blocking @fd (taken on success) as session @number.
 *
 * @gone  called once, with @gone_arg, right before the client is freed: by itself when the other end or the session
 * ends, or within cli_client_end
 *
 * Returns NULL without memory; @fd is still the caller's then.
 */
struct cli_client *cli_client_new(struct event_base *base, struct cli *cli, int fd, unsigned number,
                                  void (*gone)(void *arg, struct cli_client *c), void *gone_arg);

/* cli_client_end - say goodbye with @reason as far as the socket takes it at once, and free. Not from within a command.
 */
void cli_client_end(struct cli_client *c, const char *reason);

#endif
