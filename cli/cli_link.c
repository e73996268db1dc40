/*
 * cli_link.c - the listener of the CLI socket and the list of its clients (cli_link_client.c serves each).
 */
#include "cli/cli_link.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/cli_link_client.h"
#include "cli/cli_link_socket.h"
#include "cli/cli_proto.h"

struct cli_link {
	struct event_base *base;
	struct cli *cli;
	struct cli_link_socket socket;
	struct event *accept;
	struct cli_client *clients[CLI_LINK_SESSIONS_MAX]; /* the first count are in use */
	size_t count;
	unsigned last_number;
};

static void
forget(void *arg, struct cli_client *c)
{
	struct cli_link *l = arg;

	for (size_t i = 0; i < l->count; i++) {
		if (l->clients[i] == c) {
			l->clients[i] = l->clients[--l->count];
			return;
		}
	}
}

/* A socket just accepted has room for this, so nothing needs to be kept for whom there is no place. */
static void
turn_away(int fd, const char *reason)
{
	uint8_t bytes[128];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof bytes);
	if (cli_proto_put(&w, CLI_MSG_BYE, reason, strlen(reason)) == ERR_OK)
		(void)send(fd, bytes, w.len, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct cli_link *l = arg;
	struct cli_client *c;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (fd < 0)
		return; /* gone again, or no descriptors: the listener stays */
	if (l->count == CLI_LINK_SESSIONS_MAX) {
		turn_away(fd, "The maximum of CLI sessions is reached");
		return;
	}
	c = cli_client_new(l->base, l->cli, fd, ++l->last_number, forget, l);
	if (c == NULL)
		turn_away(fd, "The chassis has no memory for another session");
	else
		l->clients[l->count++] = c;
}

enum err
cli_link_new(struct event_base *base, struct cli *cli, const char *path, struct cli_link **out, struct text *why)
{
	struct cli_link *l = calloc(1, sizeof *l);
	enum err e;

	if (l == NULL) {
		text_put(why, "Out of memory");
		return ERR_SYSTEM;
	}
	signal(
	    SIGPIPE,
	    SIG_IGN); /* a client that goes away in mid-output is an error of its socket, not the end of the chassis */
	l->base = base;
	l->cli = cli;
	e = cli_link_socket_open(&l->socket, path, why);
	if (e != ERR_OK) {
		free(l);
		return e;
	}
	l->accept = event_new(base, l->socket.fd, EV_READ | EV_PERSIST, on_accept, l);
	if (l->accept == NULL || event_add(l->accept, NULL) != 0) {
		text_put(why, "Out of memory");
		cli_link_free(l);
		return ERR_SYSTEM;
	}
	*out = l;
	return ERR_OK;
}

void
cli_link_free(struct cli_link *l)
{
	if (l == NULL)
		return;
	while (l->count > 0)
		cli_client_end(l->clients[0], "The chassis is going down");
	if (l->accept != NULL)
		event_free(l->accept);
	cli_link_socket_close(&l->socket);
	free(l);
}

size_t
cli_link_sessions(const struct cli_link *l)
{
	return l->count;
}
