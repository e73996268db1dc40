/* srp_conn_link.c - control connections between two chassisds: listening, newcomers, dialling. */
#include "srp/srp_conn_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sock.h"
#include "checkpoint/ckpt.h"
#include "srp/srp_conn.h"

/* --- newcomers ---------------------------------------------------------------------------------------- */

/* Looks at the first bytes without reading them: ours, a checkpoint connection, or neither. */
static void
on_newcomer_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	struct srp_conn_link *l = c->link;
	uint8_t head[CKPT_OPEN_BYTES];
	ssize_t n = recv(c->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
	uint32_t instance;
	uint64_t id;
	int taken = -1;
	enum err e;

	(void)fd;
	(void)what;
	if (n <= 0) {
		conn_close(c);
		return;
	}
	if (n >= 2 && (head[0] << 8 | head[1]) == SRP_MAGIC) {
		conn_begin(c);
		return;
	}
	e = ckpt_peek_open(head, (size_t)n, &instance, &id);
	if (e == ERR_SHORT) {
		/* what is only peeked stays readable: a timer looks again a moment later, until the limit */
		if (c->write_ev == NULL)
			c->write_ev = evtimer_new(l->base, on_newcomer_readable, c);
		if (c->write_ev != NULL)
			conn_arm(c->write_ev, PEEK_AGAIN_MS);
		return;
	}
	if (e != ERR_OK) {
		conn_complain(c, e, "first frame");
	} else if (id == conn_own_id(l) || (l->peer_id != 0 && id != l->peer_id)) {
		conn_complain(c, ERR_REFUSED, "chassis id (of a checkpoint connection)");
	} else {
		taken = c->fd;
		c->fd = -1;
	}
	conn_close(c);
	if (taken >= 0)
		l->ops->checkpoint(l->arg, instance, taken);
}

static void
on_accept(evutil_socket_t fd, short what, void *arg)
{
	struct srp_conn_link *l = arg;
	int s = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct conn *c = s < 0 ? NULL : conn_slot(l);

	(void)what;
	if (c == NULL) {
		if (s >= 0)
			close(s);
		return;
	}
	sock_tune(s);
	sock_mark(s, l->dscp); /* it may have waited since before a change */
	*c = (struct conn){.link = l, .stage = CONN_NEWCOMER, .fd = s, .number = ++l->number};
	c->read_ev = event_new(l->base, s, EV_READ, on_newcomer_readable, c);
	c->limit_ev = evtimer_new(l->base, conn_on_limit, c);
	if (c->read_ev == NULL || c->limit_ev == NULL) {
		conn_close(c);
		return;
	}
	event_add(c->read_ev, NULL);
	conn_arm(c->limit_ev, NEWCOMER_MS);
}

/* --- dialling and listening -------------------------------------------------------------------------------- */

static void
on_dialled(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	int e = what & EV_TIMEOUT ? ETIMEDOUT : sock_connect_error(fd);

	if (e != 0)
		conn_lost(c, strerror(e));
	else
		conn_begin(c);
}

static bool
is_dialling(const struct srp_conn_link *l)
{
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (l->conns[i].is_mine && (l->conns[i].stage == CONN_DIALLING || l->conns[i].stage == CONN_OPENING))
			return true;
	return false;
}

static void
open_listener(struct srp_conn_link *l)
{
	char text[ADDR_TEXT_MAX];

	l->listen_fd = sock_listen(&l->local, SRP_PORT, l->dscp);
	if (l->listen_fd < 0) {
		log_event(LOG_SRP_LISTEN, addr_text(&l->local, text), (unsigned)SRP_PORT, strerror(errno));
		l->ops->listening(l->arg, strerror(errno));
		conn_arm(l->listen_ev, LISTEN_AGAIN_MS);
		return;
	}
	l->ops->listening(l->arg, NULL);
	/* not before others: whoever connects without end must not hold up what the chassis does */
	l->accept_ev = event_new(l->base, l->listen_fd, EV_READ | EV_PERSIST, on_accept, l);
	if (l->accept_ev != NULL)
		event_add(l->accept_ev, NULL);
}

static void
on_listen(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	open_listener(arg);
}

static void
on_dial(evutil_socket_t fd, short what, void *arg)
{
	struct srp_conn_link *l = arg;
	struct conn *c;

	(void)fd;
	(void)what;
	if (!l->is_started || l->current != NULL)
		return;
	/* also while our own port is taken by another program: one connection is enough to hear the peer */
	c = is_dialling(l) || l->peer.family == ADDR_NONE ? NULL : conn_slot(l);
	if (c == NULL) {
		conn_arm(l->dial_ev, REDIAL_LAST_MS);
		return;
	}
	l->ops->dialled(l->arg);
	*c = (struct conn){.link = l, .stage = CONN_DIALLING, .is_mine = true, .number = ++l->number};
	c->fd = sock_dial(&l->local, &l->peer, SRP_PORT, l->dscp);
	c->write_ev = c->fd < 0 ? NULL : event_new(l->base, c->fd, EV_WRITE, on_dialled, c);
	if (c->write_ev == NULL)
		conn_lost(c, strerror(errno));
	else
		conn_arm(c->write_ev, CONNECT_MS);
}

static void
close_all(struct srp_conn_link *l)
{
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (l->conns[i].stage != CONN_FREE)
			conn_close(&l->conns[i]);
}

void
srp_conn_start(struct srp_conn_link *l, const struct addr *local, const struct addr *peer)
{
	if (l->is_started && addr_equal(local, &l->local) && addr_equal(peer, &l->peer))
		return;
	srp_conn_stop(l);
	l->local = *local;
	l->peer = *peer;
	l->is_started = true;
	backoff_reset(&l->redial);
	open_listener(l);
	conn_dial_soon(l, 0);
}

void
srp_conn_stop(struct srp_conn_link *l)
{
	l->is_started = false;
	close_all(l);
	event_del(l->dial_ev);
	event_del(l->listen_ev);
	l->peer_id = 0;
	if (l->accept_ev != NULL)
		event_free(l->accept_ev);
	l->accept_ev = NULL;
	if (l->listen_fd >= 0)
		close(l->listen_fd);
	l->listen_fd = -1;
}

void
srp_conn_mark(struct srp_conn_link *l, uint8_t dscp)
{
	if (dscp == l->dscp)
		return;
	l->dscp = dscp;
	if (l->listen_fd >= 0)
		sock_mark(l->listen_fd, dscp);
	for (unsigned i = 0; i < CONNS_MAX; i++)
		if (l->conns[i].fd >= 0)
			sock_mark(l->conns[i].fd, dscp);
}

enum err
srp_conn_send(struct srp_conn_link *l, const struct srp_msg *m)
{
	struct conn *c = l->current;
	enum err e;

	if (c == NULL)
		return ERR_NOT_FOUND;
	e = conn_send(c, m);
	if (e != ERR_OK && e != ERR_SYSTEM) /* a connection that is gone is read to its end first */
		conn_lost(c, e == ERR_FULL ? "the peer does not read" : "a message could not be made");
	return e;
}

void
srp_conn_redial(struct srp_conn_link *l)
{
	close_all(l);
	backoff_reset(&l->redial);
	conn_dial_soon(l, 0);
}

bool
srp_conn_is_up(const struct srp_conn_link *l)
{
	return l->current != NULL;
}

struct srp_conn_link *
srp_conn_new(struct event_base *base, const struct srp_conn_ops *ops, void *arg)
{
	struct srp_conn_link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	l->base = base;
	l->ops = ops;
	l->arg = arg;
	l->listen_fd = -1;
	l->redial = backoff_make(REDIAL_FIRST_MS, REDIAL_LAST_MS);
	for (unsigned i = 0; i < CONNS_MAX; i++) {
		l->conns[i].link = l;
		l->conns[i].fd = -1;
	}
	l->dial_ev = evtimer_new(base, on_dial, l);
	l->listen_ev = evtimer_new(base, on_listen, l);
	if (l->dial_ev == NULL || l->listen_ev == NULL) {
		free(l);
		return NULL;
	}
	event_priority_set(l->dial_ev, 0);
	return l;
}

void
srp_conn_free(struct srp_conn_link *l)
{
	if (l == NULL)
		return;
	srp_conn_stop(l);
	event_free(l->dial_ev);
	event_free(l->listen_ev);
	free(l);
}
