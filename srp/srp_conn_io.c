/* srp_conn_io.c - one connection of the redundancy link: frames in and out, and which one stays. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/sock.h"
#include "srp/srp_conn.h"

static void
conn_forget_events(struct conn *c)
{
	struct event *evs[] = {c->read_ev, c->write_ev, c->limit_ev};

	for (size_t i = 0; i < sizeof evs / sizeof evs[0]; i++)
		if (evs[i] != NULL)
			event_free(evs[i]);
	c->read_ev = c->write_ev = c->limit_ev = NULL;
}

void
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

void
conn_arm(struct event *ev, unsigned ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	event_add(ev, &tv);
}

/* Dials unless a dial is under way or the link is up. */
void
conn_dial_soon(struct srp_conn_link *l, unsigned ms)
{
	if (l->is_started && l->current == NULL)
		conn_arm(l->dial_ev, ms);
}

/* Who connects need not be the peer: the log names where it came from. */
void
conn_complain(struct conn *c, enum err e, const char *field)
{
	struct addr from;

	sock_peer(c->fd, &from);
	c->link->ops->bad(c->link->arg, &from, e, field);
}

/* A connection ended by itself: tell, if it was the one, and dial again. */
void
conn_lost(struct conn *c, const char *why)
{
	struct srp_conn_link *l = c->link;
	bool was_current = l->current == c, was_mine = c->is_mine;

	conn_close(c);
	if (was_current) {
		backoff_reset(&l->redial);
		conn_dial_soon(l, 0);
		l->ops->down(l->arg, why);
	} else if (was_mine) {
		conn_dial_soon(l, backoff_next(&l->redial));
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
struct conn *
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

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
		c->is_deaf = true; /* its last words may still be unread; the end is found behind them */
		return false;
	}
	if (n > 0) {
		memmove(c->out, c->out + n, c->out_len - (size_t)n);
		c->out_len -= (size_t)n;
	}
	if (c->out_len > 0)
		event_add(c->write_ev, NULL);
	return true;
}

enum err
conn_send(struct conn *c, const struct srp_msg *m)
{
	struct wbuf w;
	enum err e;

	if (c->is_deaf)
		return ERR_SYSTEM;
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
	(void)conn_flush(c);
}

static enum err
conn_say_open(struct conn *c)
{
	struct srp_msg m = {.type = SRP_MSG_OPEN, .open_kind = SRP_OPEN_CONTROL, .format = SRP_SCHEMA_VERSION};

	c->link->ops->fill_open(c->link->arg, &m);
	return conn_send(c, &m);
}

/* --- which connection stays ----------------------------------------------------------------------------- */

uint64_t
conn_own_id(struct srp_conn_link *l)
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
	uint64_t own = conn_own_id(l);

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
	backoff_reset(&l->redial);
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
		if (e == ERR_OK)
			e = srp_frame_check(&frame, c->in + in.pos);
		if (e != ERR_OK) {
			conn_bad(c, e, e == ERR_CORRUPT ? "crc32" : "frame header");
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
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !c->is_deaf)
		return;
	if (n <= 0) {
		conn_lost(c, n == 0 ? "closed by the peer" : strerror(errno));
		return;
	}
	c->in_len += (size_t)n;
	conn_frames(c);
}

void
conn_on_limit(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	conn_lost(arg, "no OPEN in time");
}

/* From here on @c speaks frames; OPEN must come within NEWCOMER_MS. */
void
conn_begin(struct conn *c)
{
	struct srp_conn_link *l = c->link;

	conn_forget_events(c);
	c->stage = CONN_OPENING;
	c->in_len = c->out_len = 0;
	c->is_deaf = false;
	c->read_ev = event_new(l->base, c->fd, EV_READ | EV_PERSIST, on_conn_readable, c);
	c->write_ev = event_new(l->base, c->fd, EV_WRITE, on_conn_writable, c);
	c->limit_ev = evtimer_new(l->base, conn_on_limit, c);
	if (c->read_ev == NULL || c->write_ev == NULL || c->limit_ev == NULL) {
		conn_lost(c, "no memory");
		return;
	}
	event_priority_set(c->read_ev, 0);
	event_add(c->read_ev, NULL);
	conn_arm(c->limit_ev, NEWCOMER_MS);
	if (c->is_mine && conn_say_open(c) != ERR_OK)
		conn_lost(c, strerror(errno));
}
