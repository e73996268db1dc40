/* srp_conn_link.c - control connections between two chassisds. */
#include "srp/srp_conn_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sock.h"
#include "checkpoint/ckpt.h"

enum {
	CONNS_MAX = 16,       /* control connections, agreed or not, and newcomers that have not said what they are */
	OUT_BYTES = 16 * 1024,
	NEWCOMER_MS = 2000,   /* to say OPEN */
	PEEK_AGAIN_MS = 5,
	CONNECT_MS = 200,
	REDIAL_FIRST_MS = 5,
	REDIAL_LAST_MS = 200,
	LISTEN_AGAIN_MS = 1000,
};

enum conn_stage { CONN_FREE, CONN_DIALLING, CONN_NEWCOMER, CONN_OPENING, CONN_AGREED };

struct conn {
	struct srp_conn_link *link;
	enum conn_stage stage;
	bool is_mine; /* this side dialled it */
	int fd;
	struct event *read_ev, *write_ev, *limit_ev;
	uint64_t peer_id, peer_incarnation;
	uint64_t number; /* counts up: the lowest is the oldest */
	uint8_t in[SRP_FRAME_MAX];
	size_t in_len;
	uint8_t out[OUT_BYTES];
	size_t out_len;
};

struct srp_conn_link {
	struct event_base *base;
	const struct srp_conn_ops *ops;
	void *arg;
	struct addr local, peer;
	bool is_started;
	int listen_fd;
	struct event *accept_ev, *dial_ev, *listen_ev;
	unsigned redial_ms;
	struct conn *current; /* the one that stays; NULL while down */
	uint64_t peer_id;     /* of the chassis last agreed with; 0: none yet */
	uint64_t number;      /* of the last connection made */
	struct conn conns[CONNS_MAX];
};

static void
conn_forget_events(struct conn *c)
{
	struct event *evs[] = {c->read_ev, c->write_ev, c->limit_ev};

	for (size_t i = 0; i < sizeof evs / sizeof evs[0]; i++)
		if (evs[i] != NULL)
			event_free(evs[i]);
	c->read_ev = c->write_ev = c->limit_ev = NULL;
}

static void
conn_close(struct conn *c)
{
	conn_forget_events(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->stage = CONN_FREE;
	if (c->link->current == c)
		c->link->current = NULL;
}

static void
arm(struct event *ev, unsigned ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	event_add(ev, &tv);
}

/* Dials unless a dial is under way or the link is up. */
static void
dial_soon(struct srp_conn_link *l, unsigned ms)
{
	if (l->is_started && l->current == NULL)
		arm(l->dial_ev, ms);
}

/* Who connects need not be the peer: the log names where it came from. */
static void
conn_complain(struct conn *c, enum err e, const char *field)
{
	struct addr from;

	sock_peer(c->fd, &from);
	c->link->ops->bad(c->link->arg, &from, e, field);
}

/* A connection ended by itself: tell, if it was the one, and dial again. */
static void
conn_lost(struct conn *c, const char *why)
{
	struct srp_conn_link *l = c->link;
	bool was_current = l->current == c, was_mine = c->is_mine;

	conn_close(c);
	if (was_current) {
		l->redial_ms = REDIAL_FIRST_MS;
		dial_soon(l, 0);
		l->ops->down(l->arg, why);
	} else if (was_mine) {
		dial_soon(l, l->redial_ms);
		l->redial_ms = l->redial_ms * 2 > REDIAL_LAST_MS ? REDIAL_LAST_MS : l->redial_ms * 2;
	}
}

/* One that came by itself and has not said OPEN yet: whoever connects and stays silent is one of these. */
static bool
conn_is_stranger(const struct conn *c)
{
	return c->stage == CONN_NEWCOMER || (c->stage == CONN_OPENING && !c->is_mine);
}

/*
 * A free place; when all are taken, that of the oldest stranger, so that silent connections, however many, never keep
 * the peer out: it says OPEN at once. There is always one: at most the current one and one dialled are no strangers.
 */
static struct conn *
conn_slot(struct srp_conn_link *l)
{
	struct conn *oldest = NULL;

	for (unsigned i = 0; i < CONNS_MAX; i++) {
		struct conn *c = &l->conns[i];

		if (c->stage == CONN_FREE)
			return c;
		if (conn_is_stranger(c) && (oldest == NULL || c->number < oldest->number))
			oldest = c;
	}
	if (oldest != NULL)
		conn_close(oldest);
	return oldest;
}

/* --- writing ---------------------------------------------------------------------------------------- */

static void on_conn_writable(evutil_socket_t fd, short what, void *arg);

static bool
conn_flush(struct conn *c)
{
	ssize_t n = c->out_len == 0 ? 0 : send(c->fd, c->out, c->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	if (n > 0) {
		memmove(c->out, c->out + n, c->out_len - (size_t)n);
		c->out_len -= (size_t)n;
	}
	if (c->out_len > 0)
		event_add(c->write_ev, NULL);
	return true;
}

static enum err
conn_send(struct conn *c, const struct srp_msg *m)
{
	struct wbuf w;
	enum err e;

	wbuf_init(&w, c->out + c->out_len, sizeof c->out - c->out_len);
	e = srp_msg_encode(m, &w);
	if (e != ERR_OK)
		return e;
	c->out_len += w.len;
	return conn_flush(c) ? ERR_OK : ERR_SYSTEM;
}

static void
on_conn_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (!conn_flush(c))
		conn_lost(c, strerror(errno));
}

static enum err
conn_say_open(struct conn *c)
{
	struct srp_msg m = {.type = SRP_MSG_OPEN, .open_kind = SRP_OPEN_CONTROL, .format = SRP_SCHEMA_VERSION};

	c->link->ops->fill_open(c->link->arg, &m);
	return conn_send(c, &m);
}

/* --- which connection stays ----------------------------------------------------------------------------- */

static uint64_t
own_id(struct srp_conn_link *l)
{
	struct srp_msg m = {0};

	l->ops->fill_open(l->arg, &m);
	return m.hello.chassis_id;
}

/*
 * Does @c, which has just said OPEN, take the place of the present connection? A chassis of another id does not while
 * the present one lives (a dead one ends with the dead interval), unless this side found it at the configured address.
 */
static bool
conn_is_better(const struct conn *c, const struct conn *present, uint64_t own)
{
	if (c->peer_id != present->peer_id)
		return c->is_mine && !present->is_mine;
	if (c->peer_incarnation != present->peer_incarnation)
		return true;
	if (c->is_mine == present->is_mine)
		return true; /* the opener would not have dialled again if it still had the old one */
	return c->is_mine == (own < c->peer_id);
}

static void
conn_agree(struct conn *c, const struct srp_msg *open)
{
	struct srp_conn_link *l = c->link;
	struct conn *old = l->current;
	uint64_t own = own_id(l);

	c->peer_id = open->hello.chassis_id;
	c->peer_incarnation = open->hello.incarnation;
	if (c->peer_id == own) {
		conn_complain(c, ERR_REFUSED, "chassis id (it is our own)");
		conn_lost(c, "connected to itself");
		return;
	}
	if (!c->is_mine && conn_say_open(c) != ERR_OK) {
		conn_lost(c, "cannot send");
		return;
	}
	if (old != NULL && !conn_is_better(c, old, own)) {
		if (c->peer_id != old->peer_id)
			conn_complain(c, ERR_REFUSED, "chassis id (another chassis is connected)");
		conn_close(c);
		return;
	}
	event_del(c->limit_ev);
	c->stage = CONN_AGREED;
	l->current = c;
	l->peer_id = c->peer_id;
	if (old != NULL)
		conn_close(old);
	l->redial_ms = REDIAL_FIRST_MS;
	l->ops->up(l->arg, open);
}

/* --- reading -------------------------------------------------------------------------------------------- */

static void
conn_bad(struct conn *c, enum err e, const char *field)
{
	conn_complain(c, e, field);
	conn_lost(c, "malformed message");
}

/* One decoded frame; false when the connection is gone or no longer this one. */
static bool
conn_message(struct conn *c, uint8_t type, struct rbuf *body)
{
	struct srp_conn_link *l = c->link;
	struct rows_verdict v;
	struct srp_msg m;
	enum err e = srp_msg_decode(type, body, &m, &v);

	if (e == ERR_NOT_FOUND) {
		l->ops->unknown_type(l->arg);
		return true;
	}
	if (e != ERR_OK) {
		conn_bad(c, e, v.field);
		return false;
	}
	if (m.type == SRP_MSG_OPEN && c->stage == CONN_OPENING && m.open_kind == SRP_OPEN_CONTROL)
		conn_agree(c, &m);
	else if (c->stage == CONN_AGREED && c == l->current && m.type != SRP_MSG_OPEN)
		l->ops->message(l->arg, &m, v.skipped);
	else {
		conn_bad(c, ERR_REFUSED, "type (out of turn)");
		return false;
	}
	return c->stage == CONN_AGREED && c == l->current;
}

/* Carries out whole frames in c->in; false when the connection must not be touched again. */
static bool
conn_frames(struct conn *c)
{
	for (;;) {
		struct srp_frame frame;
		struct rbuf in, body;
		uint8_t copy[SRP_BODY_MAX];
		enum err e;

		rbuf_init(&in, c->in, c->in_len);
		e = srp_frame_decode(&in, &frame);
		if (e == ERR_SHORT || (e == ERR_OK && rbuf_left(&in) < frame.body_bytes))
			return true;
		if (e != ERR_OK) {
			conn_bad(c, e, "frame header");
			return false;
		}
		memcpy(copy, rbuf_take(&in, frame.body_bytes), frame.body_bytes);
		rbuf_init(&body, copy, frame.body_bytes);
		memmove(c->in, c->in + in.pos, c->in_len - in.pos);
		c->in_len -= in.pos;
		if (!conn_message(c, frame.type, &body))
			return false;
	}
}

static void
on_conn_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t n = recv(fd, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n <= 0) {
		conn_lost(c, n == 0 ? "closed by the peer" : strerror(errno));
		return;
	}
	c->in_len += (size_t)n;
	conn_frames(c);
}

static void
on_conn_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	conn_lost(arg, "no OPEN in time");
}

/* From here on @c speaks frames; OPEN must come within NEWCOMER_MS. */
static void
conn_begin(struct conn *c)
{
	struct srp_conn_link *l = c->link;

	conn_forget_events(c);
	c->stage = CONN_OPENING;
	c->in_len = c->out_len = 0;
	c->read_ev = event_new(l->base, c->fd, EV_READ | EV_PERSIST, on_conn_readable, c);
	c->write_ev = event_new(l->base, c->fd, EV_WRITE, on_conn_writable, c);
	c->limit_ev = evtimer_new(l->base, on_conn_limit, c);
	if (c->read_ev == NULL || c->write_ev == NULL || c->limit_ev == NULL) {
		conn_lost(c, "no memory");
		return;
	}
	event_priority_set(c->read_ev, 0);
	event_add(c->read_ev, NULL);
	arm(c->limit_ev, NEWCOMER_MS);
	if (c->is_mine && conn_say_open(c) != ERR_OK)
		conn_lost(c, strerror(errno));
}

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
			arm(c->write_ev, PEEK_AGAIN_MS);
		return;
	}
	if (e != ERR_OK) {
		conn_complain(c, e, "first frame");
	} else if (id == own_id(l) || (l->peer_id != 0 && id != l->peer_id)) {
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
	*c = (struct conn){.link = l, .stage = CONN_NEWCOMER, .fd = s, .number = ++l->number};
	c->read_ev = event_new(l->base, s, EV_READ, on_newcomer_readable, c);
	c->limit_ev = evtimer_new(l->base, on_conn_limit, c);
	if (c->read_ev == NULL || c->limit_ev == NULL) {
		conn_close(c);
		return;
	}
	event_add(c->read_ev, NULL);
	arm(c->limit_ev, NEWCOMER_MS);
}

/* --- dialling and listening -------------------------------------------------------------------------------- */

static void
on_dialled(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	int e = 0;
	socklen_t len = sizeof e;

	if (what & EV_TIMEOUT)
		e = ETIMEDOUT;
	else
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &len);
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

	l->listen_fd = sock_listen(&l->local, SRP_PORT);
	if (l->listen_fd < 0) {
		log_event(LOG_SRP_LISTEN, addr_text(&l->local, text), (unsigned)SRP_PORT, strerror(errno));
		l->ops->listening(l->arg, strerror(errno));
		arm(l->listen_ev, LISTEN_AGAIN_MS);
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
		arm(l->dial_ev, REDIAL_LAST_MS);
		return;
	}
	l->ops->dialled(l->arg);
	*c = (struct conn){.link = l, .stage = CONN_DIALLING, .is_mine = true, .number = ++l->number};
	c->fd = sock_dial(&l->local, &l->peer, SRP_PORT);
	c->write_ev = c->fd < 0 ? NULL : event_new(l->base, c->fd, EV_WRITE, on_dialled, c);
	if (c->write_ev == NULL)
		conn_lost(c, strerror(errno));
	else
		arm(c->write_ev, CONNECT_MS);
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
	l->redial_ms = REDIAL_FIRST_MS;
	open_listener(l);
	dial_soon(l, 0);
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

enum err
srp_conn_send(struct srp_conn_link *l, const struct srp_msg *m)
{
	struct conn *c = l->current;
	enum err e;

	if (c == NULL)
		return ERR_NOT_FOUND;
	e = conn_send(c, m);
	if (e != ERR_OK)
		conn_lost(c, e == ERR_FULL ? "the peer does not read" : strerror(errno));
	return e;
}

void
srp_conn_redial(struct srp_conn_link *l)
{
	close_all(l);
	l->redial_ms = REDIAL_FIRST_MS;
	dial_soon(l, 0);
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
