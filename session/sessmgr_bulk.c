/* sessmgr_bulk.c - the entry of the benches into the session manager role (sessmgr_bulk.h). */
#include "session/sessmgr_bulk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/hist.h"
#include "base/log.h"
#include "base/rng.h"
#include "session/call_rows.h"
#include "session/sessmgr.h"

/* Lags of stamped updates since they were last asked for. */
struct bulk {
	struct hist lags;
};

struct bulk_client {
	struct sessmgr *s;
	struct event *ev;
	uint8_t packet[BULK_PACKET_MAX];
};

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- orders ------------------------------------------------------------------------------------------------- */

static bool
add_one(struct sessmgr *s, const uint8_t *p, size_t n)
{
	struct call c;

	if (call_rows_decode(p, n, &c) != ERR_OK || s->store.ops->add(s->store.arg, &c) != ERR_OK)
		return false;
	(void)ggsn_restore(s->ggsn, &c);
	sessmgr_note_bind(s, &s->bind, sessmgr_imsi(&c));
	return true;
}

static void
add_all(struct sessmgr *s, struct rbuf *in, struct bulk_status *out)
{
	while (rbuf_left(in) > 0) {
		uint16_t n = 0;
		const uint8_t *p = rbuf_take(in, sizeof n);

		if (p != NULL)
			memcpy(&n, p, sizeof n);
		p = rbuf_take(in, n);
		if (p == NULL)
			return;
		if (add_one(s, p, n))
			out->done++;
		else
			out->refused++;
	}
}

/* One field of a record: id, length, value. */
static void
put_field(struct wbuf *w, unsigned field, uint64_t value, bool is_wide)
{
	wbuf_u8(w, (uint8_t)(field + 1));
	wbuf_u8(w, is_wide ? 8 : 4);
	if (is_wide)
		wbuf_u64(w, value);
	else
		wbuf_u32(w, (uint32_t)value);
}

/* A change of counters. */
enum { BLOCK = 16, DEPTH = 3, FIELDS_BYTES = 64 };

struct update {
	size_t len;
	uint8_t fields[FIELDS_BYTES];
};

static void
update_make(struct update *u, struct rng *rng, uint64_t stamp)
{
	struct wbuf w;

	wbuf_init(&w, u->fields, sizeof u->fields);
	put_field(&w, CALL_F_IN_PACKETS, rng_below(rng, 1 << 18), true);
	put_field(&w, CALL_F_IN_BYTES, stamp != 0 ? stamp : rng_next(rng) >> 36, true);
	put_field(&w, CALL_F_OUT_PACKETS, rng_below(rng, 1 << 20), true);
	put_field(&w, CALL_F_OUT_BYTES, rng_next(rng) >> 34, true);
	put_field(&w, CALL_F_ACTIVE_S, 1700000000 + rng_below(rng, 3600), false);
	u->len = w.len;
}

/* A block is announced, announced again a block later, and written another one later. */
struct block {
	uint32_t count;
	uint64_t teids[BLOCK];
	struct update all[BLOCK];
};

static void
block_make(struct sessmgr *s, struct block *b, uint32_t n, uint32_t top, struct rng *rng, uint64_t stamp)
{
	b->count = n;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = rng_below(rng, top);

		b->teids[i] = call_table_teid(s->table, slot);
		update_make(&b->all[i], rng, stamp);
		ckpt_call_expect(s->ckpt, slot);
	}
	call_table_expect(s->table, b->teids, n, CKPT_SOON);
}

static void
block_write(struct sessmgr *s, const struct block *b, struct bulk_status *out)
{
	for (uint32_t i = 0; i < b->count; i++) {
		const struct update *u = &b->all[i];

		if (b->teids[i] != 0 && call_table_change(s->table, (uint32_t)b->teids[i], u->fields, u->len,
		                                          CKPT_GROUP_STATS | CKPT_GROUP_IDLE) == ERR_OK)
			out->done++;
		else
			out->refused++;
	}
}

/* Many changes at once, as a source of counters has them: what they touch is on its way while others are written. */
static void
update_all(struct sessmgr *s, const struct bulk_update *u, struct bulk_status *out)
{
	uint32_t top = (uint32_t)arena_count(&s->arena, ARENA_SLOTS_USED);
	uint32_t left = u->count < BULK_UPDATES_MAX ? u->count : BULK_UPDATES_MAX;
	struct rng rng = {.state = u->seed};
	uint64_t stamp = u->is_stamped ? now_ns() : 0;
	struct block ring[DEPTH] = {0};

	if (top == 0 || s->ckpt == NULL)
		return;
	for (uint32_t i = 0, empty = 0; empty < DEPTH; i++) {
		uint32_t n = left < BLOCK ? left : BLOCK;
		const struct block *next = &ring[(i + DEPTH - 1) % DEPTH];

		block_make(s, &ring[i % DEPTH], n, top, &rng, stamp);
		call_table_expect(s->table, next->teids, next->count, CKPT_NEXT);
		block_write(s, &ring[(i + 1) % DEPTH], out);
		left -= n;
		empty = n == 0 ? empty + 1 : 0;
	}
}

static uint64_t
digest(struct sessmgr *s)
{
	uint32_t top = (uint32_t)arena_count(&s->arena, ARENA_SLOTS_USED), teid;
	uint8_t record[ARENA_RECORD_MAX];
	uint64_t sum = 0;
	size_t n;

	for (uint32_t slot = 0; slot < top; slot++)
		if (call_table_record(s->table, slot, &teid, record, &n) == ERR_OK)
			sum += hash_u64((uint64_t)teid << 32 | crc32c(0, record, n));
	return sum;
}

/* A stamp is the only count of bytes that stands so near the clock. */
void
sessmgr_bulk_applied(struct sessmgr *s, const uint8_t *p, size_t n)
{
	enum { FIELD = 10, AT = FIELD + 2 }; /* behind the count of packets, of the same form */
	const uint64_t second = 1000000000;
	uint64_t stamp, now;
	struct rbuf in;

	if (n < FIELD + 10 || p[FIELD] != CALL_F_IN_BYTES + 1)
		return;
	rbuf_init(&in, p + AT, sizeof stamp);
	stamp = rbuf_u64(&in);
	now = stamp > second ? now_ns() : 0;
	if (stamp <= now && now - stamp < 60 * second)
		hist_add(&s->bulk->lags, (now - stamp) / 1000);
}

static void
take_lags(struct bulk *b, struct bulk_status *out)
{
	out->done = (uint32_t)b->lags.count;
	out->lag_p50_us = (uint32_t)hist_percentile(&b->lags, 50);
	out->lag_p99_us = (uint32_t)hist_percentile(&b->lags, 99);
	b->lags = (struct hist){0};
}

static void
carry_out(struct sessmgr *s, const uint8_t *p, size_t n, struct bulk_status *out)
{
	const uint64_t *counters;
	struct bulk_update u;
	struct rbuf in;

	rbuf_init(&in, p, n);
	switch (rbuf_u8(&in)) {
	case BULK_ADD:
		if (s->ggsn != NULL)
			add_all(s, &in, out);
		break;
	case BULK_UPDATE:
		if (n != sizeof u)
			break;
		memcpy(&u, p, sizeof u);
		update_all(s, &u, out);
		if (s->link != NULL)
			ckpt_link_kick(s->link); /* nobody waits for the answer of a source of counters */
		break;
	case BULK_LAG:
		take_lags(s->bulk, out);
		break;
	case BULK_DIGEST:
		out->digest = digest(s);
		break;
	}
	out->calls = call_table_count(s->table);
	if (s->ckpt == NULL)
		return;
	counters = ckpt_counters(s->ckpt);
	out->conn = (uint8_t)ckpt_conn(s->ckpt);
	out->sync = (uint8_t)ckpt_sync(s->ckpt);
	out->unacked = counters[CKPT_NOW_UNACKED];
	out->wire_sent = counters[CKPT_WIRE_BYTES_SENT];
	out->wire_received = counters[CKPT_WIRE_BYTES_RECEIVED];
	out->micro_sent = counters[CKPT_MICRO_SENT];
	out->micro_received = counters[CKPT_MICRO_RECEIVED];
}

/* --- the socket --------------------------------------------------------------------------------------------- */

static void
on_client(evutil_socket_t fd, short what, void *arg)
{
	struct bulk_client *b = arg;
	struct bulk_status out = {0};
	ssize_t n = recv(fd, b->packet, sizeof b->packet, MSG_DONTWAIT);

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		carry_out(b->s, b->packet, (size_t)n, &out);
		n = send(fd, &out, sizeof out, MSG_NOSIGNAL | MSG_DONTWAIT);
	}
	if (n <= 0) {
		event_free(b->ev);
		close(fd);
		free(b);
	}
}

static void
on_listen(evutil_socket_t fd, short what, void *arg)
{
	int size = 4 * BULK_PACKET_MAX, client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct sessmgr *s = arg;
	struct bulk_client *b = client < 0 ? NULL : calloc(1, sizeof *b);

	(void)what;
	if (b != NULL)
		b->ev = event_new(s->base, client, EV_READ | EV_PERSIST, on_client, b);
	if (b == NULL || b->ev == NULL || event_add(b->ev, NULL) < 0) {
		free(b);
		if (client >= 0)
			close(client);
		return;
	}
	b->s = s;
	(void)setsockopt(client, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
}

void
sessmgr_bulk_open(struct sessmgr *s)
{
	const char *directory = getenv("STARLING_BENCH");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct event *ev;
	mode_t old;
	int fd, n;

	if (directory == NULL)
		return;
	s->bulk = calloc(1, sizeof *s->bulk);
	if (s->bulk == NULL)
		return;
	n = snprintf(a.sun_path, sizeof a.sun_path, "%s/sessmgr-%u", directory, s->instance);
	if (n < 0 || (size_t)n >= sizeof a.sun_path)
		return;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	unlink(a.sun_path);
	old = umask(0177);
	n = fd < 0 ? -1 : bind(fd, (struct sockaddr *)&a, sizeof a);
	umask(old);
	ev = n < 0 || listen(fd, 4) < 0 ? NULL : event_new(s->base, fd, EV_READ | EV_PERSIST, on_listen, s);
	if (ev != NULL && event_add(ev, NULL) == 0)
		log_event(LOG_BULK_OPEN, a.sun_path);
	else {
		if (ev != NULL)
			event_free(ev);
		if (fd >= 0)
			close(fd);
	}
}
