/*
 * demux_main.c - the demux role: service sockets on one side, session managers on the other.
 *
 * It decides nothing itself: the pure core (demux.h) says where a datagram goes, chassisd says when an
 * address is taken or given. Giving an address: read what is in the socket, send a barrier through every
 * session manager, and close when the last one is back, so that everything that had arrived is answered.
 */
#include "gateway/demux_main.h"

#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/address_io.h"
#include "gateway/gtp1.h"
#include "gateway/gtp_channel.h"
#include "srp/srp_types.h"
#include "task/ipc.h"
#include "task/shm.h"
#include "task/task.h"
#include "task/turns.h"

enum { READS_PER_TURN = 64, DRAIN_READS_MAX = 4096, BARRIER_WAIT_MS = 250, STATS_MS = 500, IMSIS_MAX = 2000000 };

struct demux_role;

struct channel {
	struct demux_role *role;
	unsigned instance;
	struct ipc_chan *ipc; /* NULL: that session manager is not there */
	bool is_in_barrier;
};

struct service {
	struct demux_role *role;
	uint32_t id; /* gateway_service_id; 0: no service here */
	struct address_io address;
	struct event *readable;
};

struct demux_role {
	struct event_base *base;
	struct turns turns;
	struct ipc_chan *control;
	struct gateway_config cfg;
	struct demux *core;
	struct demux_shared *shared;
	struct service services[GATEWAY_SERVICES_MAX];
	struct channel channels[GATEWAY_SESSMGRS_MAX + 1];
	struct event *barrier_timer;
	struct event *sweep_ev; /* next slice of what a session manager's death left in the table */
	uint32_t barrier_id;
	uint32_t token; /* of the last take or give: the answer carries it */
	bool is_giving;
	bool is_active; /* addresses are, or are being, taken */
};

static void
publish(struct demux_role *r)
{
	r->shared->stats = *demux_stats(r->core);
	r->shared->turns = turns_seen(&r->turns);
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		r->shared->addresses[i].is_taken = r->services[i].address.is_taken;
		r->shared->addresses[i].service = r->services[i].id;
	}
}

/* --- datagrams ---------------------------------------------------------------------------------- */

/* The served one with that id, or NULL. */
static struct service *
find_service(struct demux_role *r, uint32_t id)
{
	for (unsigned i = 0; id != 0 && i < GATEWAY_SERVICES_MAX; i++)
		if (r->services[i].id == id)
			return &r->services[i];
	return NULL;
}

static void
send_datagram(struct demux_role *r, const struct gtp_datagram *d, const void *bytes, size_t len)
{
	struct service *s = find_service(r, d->service);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htobe16(d->port)};

	if (s == NULL || s->address.sock < 0 || !s->address.is_taken) {
		r->shared->unroutable++;
		return;
	}
	memcpy(&to.sin_addr, d->peer.bytes, 4);
	if (sendto(s->address.sock, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof to) < 0)
		r->shared->send_failed++;
}

static void
forward(struct demux_role *r, unsigned instance, const struct gtp_datagram *d, const uint8_t *bytes, size_t len)
{
	uint8_t body[IPC_BODY_MAX];
	struct channel *c = &r->channels[instance];

	if (c->ipc == NULL || sizeof *d + len > sizeof body)
		return; /* the core knew it as ready a moment ago; the sender repeats its request */
	memcpy(body, d, sizeof *d);
	memcpy(body + sizeof *d, bytes, len);
	(void)ipc_send(c->ipc, IPC_REQUEST, instance, body, sizeof *d + len, -1, IPC_MAY_DROP);
}

static void
log_discard(const struct gtp_datagram *d, enum demux_reason reason)
{
	char text[ADDR_TEXT_MAX];

	log_event(LOG_GTP_DISCARD, addr_text(&d->peer, text), demux_reason_text(reason));
}

static void
handle_datagram(struct demux_role *r, struct gtp_datagram *d, const uint8_t *bytes, size_t len)
{
	uint8_t answer[GTP1_MESSAGE_MAX];
	struct demux_result result;
	struct wbuf reply;

	wbuf_init(&reply, answer, sizeof answer);
	demux_input(r->core, bytes, len, clock_now_ms(), &reply, &result);
	d->imsi = result.imsi;
	if (result.verdict == DEMUX_ANSWER)
		send_datagram(r, d, reply.data, reply.len);
	else if (result.verdict == DEMUX_FORWARD)
		forward(r, result.instance, d, bytes, len);
	else
		log_discard(d, result.reason);
}

/* Reads up to @max datagrams; false when the socket has no more. */
static bool
read_datagrams(struct service *s, unsigned max)
{
	for (unsigned i = 0; i < max; i++) {
		uint8_t bytes[GTP1_MESSAGE_MAX + 1]; /* one more than legal, so that a longer one is seen as too long */
		struct gtp_datagram d = {.service = s->id};
		struct sockaddr_in from;
		socklen_t from_len = sizeof from;
		ssize_t n =
		    recvfrom(s->address.sock, bytes, sizeof bytes, MSG_DONTWAIT, (struct sockaddr *)&from, &from_len);

		if (n < 0)
			return false;
		d.peer = addr_v4(be32toh(from.sin_addr.s_addr));
		d.port = be16toh(from.sin_port);
		handle_datagram(s->role, &d, bytes, (size_t)n);
	}
	return true;
}

static void
on_service_readable(evutil_socket_t fd, short what, void *arg)
{
	struct service *s = arg;

	(void)fd;
	(void)what;
	read_datagrams(s, READS_PER_TURN);
	publish(s->role);
}

/* --- addresses ---------------------------------------------------------------------------------- */

static void
service_listen(struct service *s, bool is_on)
{
	if (s->readable != NULL) {
		event_free(s->readable);
		s->readable = NULL;
	}
	if (!is_on)
		return;
	s->readable = event_new(s->role->base, s->address.sock, EV_READ | EV_PERSIST, on_service_readable, s);
	if (s->readable != NULL)
		event_add(s->readable, NULL);
}

static void
answer_busy(struct demux_role *r, const struct service *s, int error)
{
	char text[ADDR_TEXT_MAX], line[ADDR_TEXT_MAX + 64];
	int n = snprintf(line, sizeof line, "%s: %s", addr_text(&s->address.addr, text), strerror(error));

	(void)ipc_send(r->control, IPC_ADDRESS_BUSY, r->token, line, (size_t)n, -1, 0);
}

static void
take_addresses(struct demux_role *r)
{
	r->is_active = true;
	r->is_giving = false;
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		struct service *s = &r->services[i];

		if (s->id == 0)
			continue;
		if (address_take(&s->address) != ERR_OK) {
			answer_busy(r, s, errno);
			return;
		}
		if (s->readable == NULL)
			service_listen(s, true);
	}
	publish(r);
	(void)ipc_send(r->control, IPC_ADDRESS_TAKEN, r->token, NULL, 0, -1, 0);
}

static void
finish_giving(struct demux_role *r)
{
	if (!r->is_giving)
		return;
	r->is_giving = false;
	event_del(r->barrier_timer);
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		service_listen(&r->services[i], false);
		if (r->services[i].address.is_taken)
			address_give(&r->services[i].address);
	}
	publish(r);
	(void)ipc_send(r->control, IPC_ADDRESS_GIVEN, r->token, NULL, 0, -1, 0);
}

static void
finish_giving_if_quiet(struct demux_role *r)
{
	for (unsigned i = 1; i <= GATEWAY_SESSMGRS_MAX; i++)
		if (r->channels[i].is_in_barrier)
			return;
	finish_giving(r);
}

static void
on_barrier_timeout(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish_giving(arg); /* a session manager that does not answer must not hold the switchover */
}

static void
give_addresses(struct demux_role *r)
{
	struct timeval wait = {0, BARRIER_WAIT_MS * 1000};

	r->is_active = false;
	r->is_giving = true;
	r->barrier_id++;
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++)
		if (r->services[i].readable != NULL)
			read_datagrams(&r->services[i], DRAIN_READS_MAX);
	for (unsigned i = 1; i <= GATEWAY_SESSMGRS_MAX; i++) {
		struct channel *c = &r->channels[i];

		c->is_in_barrier =
		    c->ipc != NULL && ipc_send(c->ipc, IPC_BARRIER, r->barrier_id, NULL, 0, -1, 0) == ERR_OK;
	}
	event_add(r->barrier_timer, &wait);
	finish_giving_if_quiet(r);
}

/* --- session managers ----------------------------------------------------------------------------- */

static void
channel_binds(struct channel *c, const struct ipc_msg *m, bool is_bind)
{
	struct demux *core = c->role->core;
	uint64_t imsis[GTP_BINDS_MAX];
	size_t n = m->len / sizeof imsis[0] < GTP_BINDS_MAX ? m->len / sizeof imsis[0] : GTP_BINDS_MAX;

	memcpy(imsis, m->body, n * sizeof imsis[0]);
	if (is_bind)
		demux_reserve(core, c->instance, m->id);
	demux_expect(core, imsis, n);
	for (size_t i = 0; i < n; i++) {
		if (is_bind)
			(void)demux_bind(core, imsis[i],
			                 c->instance); /* a full table is counted in the core's statistics */
		else
			(void)demux_unbind(core, imsis[i], c->instance);
	}
}

static void
channel_reply(struct channel *c, const struct ipc_msg *m)
{
	struct gtp_datagram d;

	if (m->len < sizeof d)
		return;
	memcpy(&d, m->body, sizeof d);
	if (d.imsi != 0)
		demux_answered(c->role->core, d.imsi);
	if (m->len > sizeof d)
		send_datagram(c->role, &d, m->body + sizeof d, m->len - sizeof d);
}

static void
on_channel_message(void *arg, const struct ipc_msg *m)
{
	struct channel *c = arg;

	if (m->fd >= 0)
		close(m->fd);
	switch (m->type) {
	case IPC_REPLY:
		channel_reply(c, m);
		break;
	case IPC_BIND:
	case IPC_UNBIND:
		channel_binds(c, m, m->type == IPC_BIND);
		break;
	case IPC_BARRIER:
		if (m->id == c->role->barrier_id) {
			c->is_in_barrier = false;
			finish_giving_if_quiet(c->role);
		}
		break;
	default:
		log_event(LOG_IPC_BAD, (unsigned)m->type, "sessmgr", c->instance, "not for demux");
	}
}

static void
on_sweep_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct demux_role *r = arg;

	(void)fd;
	(void)what;
	if (demux_sweep(r->core))
		event_add(r->sweep_ev, &zero);
}

static void
on_channel_closed(void *arg)
{
	struct channel *c = arg;

	ipc_chan_free(c->ipc);
	c->ipc = NULL;
	c->is_in_barrier = false;
	demux_set_ready(c->role->core, c->instance, false);
	demux_unbind_all(c->role->core, c->instance);
	on_sweep_slice(-1, 0, c->role);
	finish_giving_if_quiet(c->role);
}

static void
open_channel(struct demux_role *r, unsigned instance, int fd)
{
	struct channel *c;

	if (instance == 0 || instance > GATEWAY_SESSMGRS_MAX) {
		close(fd);
		return;
	}
	c = &r->channels[instance];
	if (c->ipc != NULL)
		on_channel_closed(c);
	*c = (struct channel){.role = r, .instance = instance};
	c->ipc = ipc_chan_new(r->base, fd, on_channel_message, on_channel_closed, c);
	demux_set_ready(r->core, instance, c->ipc != NULL);
}

/* --- chassisd --------------------------------------------------------------------------------------- */

/* Service @g stays what it is: its socket, and what has arrived in it, move to the place @to. */
static bool
keep_service(struct service *to, struct service *old, const struct gateway_service *g)
{
	for (unsigned k = 0; k < GATEWAY_SERVICES_MAX; k++) {
		struct service *s = &old[k];

		if (s->id != g->id || !addr_equal(&s->address.addr, &g->bind) || s->address.port != g->port)
			continue;
		to->address = s->address;
		s->id = 0;
		return true;
	}
	return false;
}

/*
 * The services of a changed configuration, known by their ids: where one stands says nothing. Addresses that are no
 * longer wanted are free before others are opened, one service may have got another's.
 */
static void
change_services(struct demux_role *r, enum address_driver driver)
{
	struct service old[GATEWAY_SERVICES_MAX];
	bool is_kept[GATEWAY_SERVICES_MAX] = {false};

	memcpy(old, r->services, sizeof old);
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		service_listen(&old[i], false);
		r->services[i] = (struct service){.role = r, .address.sock = -1};
		if (i >= r->cfg.service_count || !gateway_is_served(&r->cfg, i))
			continue;
		r->services[i].id = r->cfg.services[i].id;
		is_kept[i] = keep_service(&r->services[i], old, &r->cfg.services[i]);
	}
	for (unsigned k = 0; k < GATEWAY_SERVICES_MAX; k++)
		if (old[k].id != 0)
			address_fini(&old[k].address);
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		struct service *s = &r->services[i];

		if (is_kept[i])
			service_listen(s, s->address.is_taken);
		if (s->id == 0 || is_kept[i])
			continue;
		address_init(&s->address, driver, &r->cfg.services[i].bind, r->cfg.services[i].port);
		if (driver == ADDRESS_FREEBIND)
			address_give(&s->address); /* a killed predecessor may have left it on lo */
	}
}

static void
apply_config(struct demux_role *r, const struct ipc_msg *m)
{
	if (m->fd < 0 || shm_into(m->fd, &r->cfg, sizeof r->cfg) != ERR_OK) {
		log_event(LOG_IPC_BAD, (unsigned)m->type, "chassisd", 0u, "no configuration in it");
		return;
	}
	change_services(r, (enum address_driver)m->id);
	demux_set_pools(r->core, &r->cfg);
	if (r->is_active)
		take_addresses(r);
}

static void
on_control_message(void *arg, const struct ipc_msg *m)
{
	struct demux_role *r = arg;

	switch (m->type) {
	case IPC_CONFIG:
		apply_config(r, m);
		break;
	case IPC_DATA_CHANNEL:
		open_channel(r, m->id, m->fd);
		return; /* the descriptor is the channel's now */
	case IPC_RESTART_COUNTER:
		demux_set_restart(r->core, (uint8_t)m->id);
		break;
	case IPC_GATE:
		demux_set_dropping(r->core, m->id == SRP_GATE_DROP_CONTROL);
		break;
	case IPC_ADDRESS_TAKE:
		r->token = m->id;
		take_addresses(r);
		break;
	case IPC_ADDRESS_GIVE:
		r->token = m->id;
		give_addresses(r);
		break;
	default:
		log_event(LOG_IPC_BAD, (unsigned)m->type, "chassisd", 0u, "not for demux");
	}
	if (m->fd >= 0)
		close(m->fd);
}

static void
on_control_closed(void *arg)
{
	struct demux_role *r = arg;

	event_base_loopbreak(r->base);
}

static void
on_stats_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	publish(arg);
}

static enum err
role_init(struct demux_role *r)
{
	struct timeval stats = {0, STATS_MS * 1000};
	struct event *timer;
	void *mem;

	r->base = event_base_new();
	r->core = demux_new(GATEWAY_SESSMGRS_MAX, IMSIS_MAX);
	if (r->base == NULL || r->core == NULL || shm_map(TASK_FD_A, sizeof *r->shared, &mem) != ERR_OK)
		return ERR_SYSTEM;
	r->shared = mem;
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		r->services[i] = (struct service){.role = r, .address.sock = -1};
	}
	r->barrier_timer = evtimer_new(r->base, on_barrier_timeout, r);
	r->sweep_ev = evtimer_new(r->base, on_sweep_slice, r);
	timer = event_new(r->base, -1, EV_PERSIST, on_stats_timer, r);
	r->control = ipc_chan_new(r->base, TASK_IPC_FD, on_control_message, on_control_closed, r);
	if (r->barrier_timer == NULL || r->sweep_ev == NULL || timer == NULL || event_add(timer, &stats) < 0 ||
	    r->control == NULL)
		return ERR_SYSTEM;
	return ipc_send(r->control, IPC_READY, 0, NULL, 0, -1, 0);
}

int
demux_main(void)
{
	struct demux_role *r = calloc(1, sizeof *r);

	if (r == NULL || role_init(r) != ERR_OK)
		return 1;
	turns_run(r->base, &r->turns);
	return 0;
}
