/* ckpt_link.c - one TCP connection between two session managers of the same number. */
#include "checkpoint/ckpt_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/sock.h"

enum {
	OUT_BYTES = 3 * CKPT_FILL_ROOM,
	TICK_MS = 100,
	CONNECT_MS = 200,
	WORK_PAUSE_US = 500,
	REDIAL_FIRST_MS = 10,
	REDIAL_LAST_MS = 500,
};

struct ckpt_link {
	struct event_base *base;
	struct ckpt *core;
	struct addr local, peer;
	uint16_t port;
	uint8_t dscp;
	bool is_dialling; /* wanted: dial when there is no connection */
	bool is_pending;  /* sock is a connect in progress */
	bool is_working;  /* inside kick or input: the core may call back into its owner, which kicks again */
	bool is_deaf;     /* the peer hears nothing any more; what it had sent before is still read */
	int sock;         /* -1: none */
	struct event *read_ev, *write_ev, *tick_ev, *dial_ev, *work_ev;
	struct backoff redial;
	uint8_t *out;
	size_t out_len, out_pos;
};

static void
arm_dial(struct ckpt_link *l, unsigned ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	event_add(l->dial_ev, &tv);
}

static void
arm_work(struct ckpt_link *l)
{
	struct timeval pause = {0, WORK_PAUSE_US};

	if (ckpt_wants_work(l->core) && !event_pending(l->work_ev, EV_TIMEOUT, NULL))
		event_add(l->work_ev, &pause);
}

static void
close_socket(struct ckpt_link *l)
{
	if (l->read_ev != NULL)
		event_free(l->read_ev);
	if (l->write_ev != NULL)
		event_free(l->write_ev);
	l->read_ev = l->write_ev = NULL;
	if (l->sock >= 0)
		close(l->sock);
	l->sock = -1;
	l->out_len = l->out_pos = 0;
	l->is_deaf = false;
}

/* Ends the connection for @why and dials again if told to. */
static void
end_connection(struct ckpt_link *l, const char *why)
{
	bool was_connected = l->sock >= 0 && !l->is_pending, was_useful = ckpt_conn(l->core) == CKPT_CONN_READY;

	close_socket(l);
	if (was_connected) {
		ckpt_disconnected(l->core);
		log_event(LOG_CKPT_LOST, why);
		arm_work(l);
		if (was_useful)
			backoff_reset(&l->redial); /* one that was refused at once is dialled again ever later */
	}
	l->is_pending = false;
	if (l->is_dialling)
		arm_dial(l, backoff_next(&l->redial));
}

static void
end_refused(struct ckpt_link *l)
{
	const struct ckpt_verdict *v = ckpt_verdict(l->core);

	if (v->err != ERR_OK)
		log_event(LOG_CKPT_BAD, err_text(v->err), v->field != NULL ? v->field : v->frame);
	end_connection(l, v->err != ERR_OK ? err_text(v->err) : "the peer is silent");
}

/* Lets the core fill the buffer, with one batch at most: others want their turn as well. */
static void
fill(struct ckpt_link *l)
{
	struct wbuf w;

	if (l->out_pos == l->out_len)
		l->out_pos = l->out_len = 0;
	if (OUT_BYTES - l->out_len < CKPT_FILL_ROOM || !ckpt_wants_fill(l->core))
		return;
	wbuf_init(&w, l->out + l->out_len, OUT_BYTES - l->out_len);
	if (ckpt_fill(l->core, &w, clock_now_ms()) == ERR_OK)
		l->out_len += w.len;
}

/* Writes what is buffered: 0 all written, 1 the socket is full, -1 the connection is gone. */
static int
drain(struct ckpt_link *l)
{
	while (l->out_pos < l->out_len) {
		ssize_t n = send(l->sock, l->out + l->out_pos, l->out_len - l->out_pos, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 1;
		if (n < 0)
			return -1;
		l->out_pos += (size_t)n;
	}
	return 0;
}

void
ckpt_link_kick(struct ckpt_link *l)
{
	int r;

	arm_work(l);
	if (l->sock < 0 || l->is_pending || l->is_working || l->is_deaf)
		return;
	l->is_working = true;
	fill(l);
	r = drain(l);
	l->is_working = false;
	if (r < 0)
		l->is_deaf = true; /* a peer that was killed answers with a reset: its last words may still be unread */
	else if (r > 0 || ckpt_wants_fill(l->core))
		event_add(l->write_ev, NULL);
}

static void
on_work(evutil_socket_t fd, short what, void *arg)
{
	struct ckpt_link *l = arg;

	(void)fd;
	(void)what;
	ckpt_work(l->core);
	ckpt_link_kick(l);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ckpt_link_kick(arg);
}

/* Reads once, and carries out what came; false: nothing did, or it was the end of the connection. */
static bool
hear(struct ckpt_link *l)
{
	size_t room;
	uint8_t *to = ckpt_input_space(l->core, &room);
	ssize_t n = recv(l->sock, to, room, MSG_DONTWAIT);
	enum err e;

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !l->is_deaf)
		return false;
	if (n <= 0) {
		end_connection(l, n == 0 ? "closed by the peer" : strerror(errno));
		return false;
	}
	l->is_working = true;
	e = ckpt_input_came(l->core, (size_t)n, clock_now_ms());
	l->is_working = false;
	if (e != ERR_OK) {
		end_refused(l);
		return false;
	}
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (hear(arg))
		ckpt_link_kick(arg);
}

void
ckpt_link_catch_up(struct ckpt_link *l, uint64_t limit_us)
{
	uint64_t begin = clock_now_us();

	while (l->sock >= 0 && !l->is_pending && hear(l) && clock_now_us() - begin < limit_us)
		;
}

static enum err
start_connection(struct ckpt_link *l, bool is_dialler)
{
	l->is_pending = false;
	l->read_ev = event_new(l->base, l->sock, EV_READ | EV_PERSIST, on_readable, l);
	if (l->write_ev != NULL)
		event_free(l->write_ev);
	l->write_ev = event_new(l->base, l->sock, EV_WRITE, on_writable, l);
	if (l->read_ev == NULL || l->write_ev == NULL || event_add(l->read_ev, NULL) < 0)
		return ERR_SYSTEM;
	if (ckpt_connected(l->core, is_dialler, clock_now_ms()) != ERR_OK)
		return ERR_REFUSED;
	log_event(LOG_CKPT_CONNECTED, is_dialler ? "dialled" : "accepted",
	          ckpt_role(l->core) == CKPT_ACTIVE ? "sending" : "receiving");
	ckpt_link_kick(l);
	return ERR_OK;
}

static void
on_connected(evutil_socket_t fd, short what, void *arg)
{
	struct ckpt_link *l = arg;
	int e = what & EV_TIMEOUT ? ETIMEDOUT : sock_connect_error(fd);

	if (e != 0)
		end_connection(l, strerror(e));
	else if (start_connection(l, true) != ERR_OK)
		end_connection(l, "no memory");
}

static void
on_dial(evutil_socket_t fd, short what, void *arg)
{
	struct ckpt_link *l = arg;
	struct timeval limit = {0, CONNECT_MS * 1000};

	(void)fd;
	(void)what;
	if (l->sock >= 0 || !l->is_dialling)
		return;
	l->sock = sock_dial(&l->local, &l->peer, l->port, l->dscp);
	if (l->sock < 0) {
		end_connection(l, strerror(errno));
		return;
	}
	l->is_pending = true;
	l->write_ev = event_new(l->base, l->sock, EV_WRITE, on_connected, l);
	if (l->write_ev == NULL || event_add(l->write_ev, &limit) < 0)
		end_connection(l, "no memory");
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ckpt_link *l = arg;

	(void)fd;
	(void)what;
	if (ckpt_tick(l->core, clock_now_ms()) != ERR_OK)
		end_refused(l);
	ckpt_link_kick(l);
}

void
ckpt_link_dial(struct ckpt_link *l, const struct addr *local, const struct addr *peer, uint16_t port, bool is_on)
{
	bool is_same = addr_equal(local, &l->local) && addr_equal(peer, &l->peer) && port == l->port;

	l->local = *local;
	l->peer = *peer;
	l->port = port;
	l->is_dialling = is_on;
	if (!is_same)
		end_connection(l, "the peer address was changed");
	if (is_on && l->sock < 0) {
		backoff_reset(&l->redial);
		arm_dial(l, 0);
	}
}

void
ckpt_link_mark(struct ckpt_link *l, uint8_t dscp)
{
	l->dscp = dscp;
	if (l->sock >= 0)
		sock_mark(l->sock, dscp);
}

void
ckpt_link_take(struct ckpt_link *l, int fd)
{
	bool was_dialling = l->is_dialling;

	l->is_dialling = false;
	if (l->sock >= 0)
		end_connection(l, "replaced by a new connection of the peer");
	event_del(l->dial_ev);
	l->is_dialling = was_dialling;
	sock_tune(fd);
	sock_mark(fd, l->dscp);
	l->sock = fd;
	if (start_connection(l, false) != ERR_OK)
		end_connection(l, "no memory");
}

struct ckpt_link *
ckpt_link_new(struct event_base *base, struct ckpt *core)
{
	struct timeval tick = {0, TICK_MS * 1000};
	struct ckpt_link *l = calloc(1, sizeof *l);

	if (l == NULL)
		return NULL;
	*l = (struct ckpt_link){
	    .base = base, .core = core, .sock = -1, .redial = backoff_make(REDIAL_FIRST_MS, REDIAL_LAST_MS)};
	l->out = malloc(OUT_BYTES);
	l->tick_ev = event_new(base, -1, EV_PERSIST, on_tick, l);
	l->dial_ev = evtimer_new(base, on_dial, l);
	l->work_ev = evtimer_new(base, on_work, l);
	if (l->out == NULL || l->tick_ev == NULL || l->dial_ev == NULL || l->work_ev == NULL ||
	    event_add(l->tick_ev, &tick) < 0) {
		ckpt_link_free(l);
		return NULL;
	}
	return l;
}

void
ckpt_link_free(struct ckpt_link *l)
{
	if (l == NULL)
		return;
	close_socket(l);
	if (l->tick_ev != NULL)
		event_free(l->tick_ev);
	if (l->dial_ev != NULL)
		event_free(l->dial_ev);
	if (l->work_ev != NULL)
		event_free(l->work_ev);
	free(l->out);
	free(l);
}
