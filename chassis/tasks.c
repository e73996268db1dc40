/*
 * tasks.c - the tasks of this chassis: session managers and demux, their channels, and what is said to them.
 *
 * A session manager that ends is started again with an empty arena (mirrored tasks are another part of the product);
 * a demux that ends is started again and loses nothing: every session manager gets a new channel to it.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "chassis/chassis.h"
#include "checkpoint/ckpt_types.h"
#include "srp/srp_conn_link.h"
#include "task/shm.h"

enum { FLUSH_AGAIN_MS = 20, DEMUX_SILENCE_MS = 1000, DEMUX_SILENCES_MAX = 2 };

static void start_sessmgr(struct chassis *c, unsigned instance);
static void start_demux(struct chassis *c);

static void
send_to(struct task *t, uint8_t type, uint32_t id, const void *body, size_t len, int fd)
{
	if (t->ipc != NULL)
		(void)ipc_send(t->ipc, type, id, body, len, fd,
		               0); /* a task that is gone is started again and told everything */
}

/* --- what the tasks are told ------------------------------------------------------------------------------- */

static void
send_config(struct chassis *c, struct task *t, uint32_t id)
{
	struct sessmgr_setup setup = {.chassis_id = store_chassis_id(c->store)};
	int fd;

	if (shm_from("gateway-config", &c->gateway, sizeof c->gateway, &fd) != ERR_OK)
		return;
	send_to(t, IPC_CONFIG, id, &setup, sizeof setup, fd);
	close(fd);
}

static void
send_role(struct chassis *c, struct sessmgr_slot *s)
{
	struct sessmgr_role r = {.epoch = c->epoch, .role = c->is_active ? CKPT_ACTIVE : CKPT_STANDBY};

	send_to(&s->task, IPC_ROLE, s->instance, &r, sizeof r, -1);
}

static void
send_peer(struct chassis *c, struct sessmgr_slot *s)
{
	struct sessmgr_peer p = {.local = c->srp_local, .peer = c->srp_peer, .port = SRP_PORT, .dscp = c->dscp_session};

	p.is_dialling = c->is_active && c->srp_peer.family != ADDR_NONE;
	send_to(&s->task, IPC_PEER, s->instance, &p, sizeof p, -1);
}

void
tasks_send_config(struct chassis *c)
{
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		send_config(c, &c->sessmgrs[i].task, i);
	send_config(c, &c->demux, c->options.driver);
}

void
tasks_send_role(struct chassis *c)
{
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		send_role(c, &c->sessmgrs[i]);
}

void
tasks_send_peer(struct chassis *c)
{
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		send_peer(c, &c->sessmgrs[i]);
}

void
tasks_gate(struct chassis *c, uint8_t gate)
{
	c->gate = gate;
	send_to(&c->demux, IPC_GATE, gate, NULL, 0, -1);
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		send_to(&c->sessmgrs[i].task, IPC_GATE, gate, NULL, 0, -1);
}

bool
tasks_order(struct sessmgr_slot *s, uint8_t type, uint32_t id, const void *body, size_t len)
{
	send_to(&s->task, type, id, body, len, -1);
	return s->task.ipc != NULL;
}

void
tasks_send_restart_counter(struct chassis *c)
{
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		send_to(&c->sessmgrs[i].task, IPC_RESTART_COUNTER, c->restart_counter, NULL, 0, -1);
	send_to(&c->demux, IPC_RESTART_COUNTER, c->restart_counter, NULL, 0, -1);
}

/* An order about the addresses, watched until demux answers it. */
static void
order_demux(struct chassis *c, enum ipc_type order)
{
	struct timeval silence = {DEMUX_SILENCE_MS / 1000, 0};

	send_to(&c->demux, (uint8_t)order, c->address_token, NULL, 0, -1);
	c->demux_silences = 0;
	event_add(c->demux_watch_ev, &silence);
}

/*
 * A demux that is stuck would hold the addresses, and a hand-over, for ever; started again it loses no call. Only the
 * second silence counts: after a pause of the whole machine the answer may lie unread behind the first.
 */
static void
on_demux_silent(evutil_socket_t fd, short what, void *arg)
{
	struct timeval silence = {DEMUX_SILENCE_MS / 1000, 0};
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	if (++c->demux_silences < DEMUX_SILENCES_MAX)
		event_add(c->demux_watch_ev, &silence);
	else if (task_is_running(&c->demux))
		kill(c->demux.pid, SIGKILL); /* its end is heard as any other */
}

void
tasks_take_address(struct chassis *c, uint32_t token)
{
	c->is_address_wanted = true;
	c->is_giving = false;
	event_del(c->flush_ev); /* this chassis serves: no hand-over waits for a flush */
	c->address_token = token;
	if (c->is_demux_ready)
		order_demux(c, IPC_ADDRESS_TAKE);
}

void
tasks_give_address(struct chassis *c, uint32_t token)
{
	c->is_address_wanted = false;
	c->is_giving = true;
	c->address_token = token;
	if (c->is_demux_ready)
		order_demux(c, IPC_ADDRESS_GIVE);
	else
		redundancy_event(c, SRP_EV_ADDRESS_GIVEN, token); /* nobody holds it */
}

static void
flush_answered(struct chassis *c, struct sessmgr_slot *s)
{
	if (!s->is_flush_awaited)
		return;
	s->is_flush_awaited = false;
	if (--c->flush_left == 0)
		redundancy_event(c, SRP_EV_FLUSH_DONE, c->flush_token);
}

/* Those that could not flush are asked again: their connection may have come back, until the engine takes back. */
static void
on_flush_again(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		struct sessmgr_slot *s = &c->sessmgrs[i];

		if (s->is_flush_awaited && s->is_flush_refused)
			send_to(&s->task, IPC_FLUSH, c->flush_token, NULL, 0, -1);
		s->is_flush_refused = false;
	}
}

/*
 * The answer of one session manager. One that has no connection to the peer holds calls which the peer may not: only
 * `force`, and a monitor failure, go on without them, otherwise the hand-over waits, and the bound of its phase ends
 * it.
 */
static void
flush_ended(struct chassis *c, struct sessmgr_slot *s, bool is_flushed)
{
	struct timeval again = {0, FLUSH_AGAIN_MS * 1000};

	if (is_flushed || s->is_flush_forced) {
		flush_answered(c, s);
		return;
	}
	s->is_flush_refused = true;
	if (s->is_flush_awaited)
		event_add(c->flush_ev, &again);
}

void
tasks_flush(struct chassis *c, uint32_t token)
{
	c->flush_token = token;
	c->flush_left = c->sessmgr_count;
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		struct sessmgr_slot *s = &c->sessmgrs[i];

		s->is_flush_awaited = true;
		s->is_flush_forced = srp_link_engine(c->srp)->is_forced && s->peer_conn != CKPT_CONN_READY;
	}
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		if (c->sessmgrs[i].task.ipc == NULL)
			flush_answered(c, &c->sessmgrs[i]);
		else
			send_to(&c->sessmgrs[i].task, IPC_FLUSH, token, NULL, 0, -1);
	}
}

static void
clear_answered(struct chassis *c, struct sessmgr_slot *s, uint32_t released, bool is_cut)
{
	if (!s->is_clear_awaited)
		return;
	s->is_clear_awaited = false;
	c->clear.count += released;
	c->is_clear_cut |= is_cut;
	if (--c->clear_left > 0 || c->clear.call == NULL)
		return;
	text_printf(c->clear.call->out, "Number of subscribers cleared: %llu\n", (unsigned long long)c->clear.count);
	if (c->is_clear_cut)
		(void)cli_fail(
		    c->clear.call,
		    "a switchover ended the clear, the other subscribers are those of the Active chassis now");
	cli_session_finish(c->clear.call->session, !c->is_clear_cut);
}

void
tasks_clear(struct chassis *c, uint32_t id)
{
	c->clear_left = c->sessmgr_count;
	c->is_clear_cut = false;
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		c->sessmgrs[i].is_clear_awaited = true;
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		if (c->sessmgrs[i].task.ipc == NULL)
			clear_answered(c, &c->sessmgrs[i], 0, false);
		else
			send_to(&c->sessmgrs[i].task, IPC_CLEAR, id, NULL, 0, -1);
	}
}

void
tasks_checkpoint_socket(struct chassis *c, uint32_t instance, int fd)
{
	if (instance >= 1 && instance <= c->sessmgr_count && !c->is_active)
		send_to(&c->sessmgrs[instance].task, IPC_CKPT_SOCKET, instance, NULL, 0, fd);
	close(fd);
}

uint32_t
tasks_not_connected(const struct chassis *c)
{
	uint32_t n = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		n += c->sessmgrs[i].peer_conn != CKPT_CONN_READY;
	return n;
}

/* --- what they say ------------------------------------------------------------------------------------------- */

static void
note_lost(struct chassis *c, unsigned instance, const struct ipc_msg *m)
{
	struct sessmgr_lost lost;
	char imsi[24];

	if (m->len != sizeof lost)
		return;
	memcpy(&lost, m->body, sizeof lost);
	history_lost(c, instance, &lost);
	if (lost.unnamed > 0)
		return;
	history_lost_imsi(&lost, imsi, sizeof imsi);
	log_event(LOG_CALL_LOST, lost.teid, imsi,
	          lost.is_young  ? "too young to be checkpointed"
	          : lost.is_sent ? "not acknowledged by the peer"
	                         : "never checkpointed");
}

static void
note_partial(struct chassis *c, const struct ipc_msg *m)
{
	struct sessmgr_partial p;

	if (m->len != sizeof p)
		return;
	memcpy(&p, m->body, sizeof p);
	history_partial(c, &p);
}

static bool
all_run(const struct chassis *c)
{
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		if (!task_is_running(&c->sessmgrs[i].task))
			return false;
	return true;
}

static void
on_sessmgr_message(void *arg, const struct ipc_msg *m)
{
	struct sessmgr_slot *s = arg;
	struct chassis *c = s->chassis;
	uint32_t released;

	if (m->fd >= 0)
		close(m->fd);
	switch (m->type) {
	case IPC_READY:
		if (all_run(c))
			alarm_set(c, "sessmgr", false, "");
		break;
	case IPC_PEER_CONN:
		s->peer_conn = m->len == 1 ? m->body[0] : CKPT_CONN_NONE;
		post_connections_changed(c);
		break;
	case IPC_FLUSHED:
		if (m->id == c->flush_token)
			flush_ended(c, s, m->len == 1 && m->body[0] != 0);
		break;
	case IPC_CLEARED:
		if (m->len != sizeof released + 1 || m->id != c->clear.id)
			break;
		memcpy(&released, m->body, sizeof released);
		clear_answered(c, s, released, m->body[sizeof released] != 0);
		break;
	case IPC_AUDITED:
	case IPC_ACCOUNTING_DONE:
		post_message(c, s, m);
		break;
	case IPC_PROOF:
	case IPC_SYNC_AUDITED:
		sync_message(c, s, m);
		break;
	case IPC_CALL_LOST:
		note_lost(c, s->instance, m);
		break;
	case IPC_TAKEOVER_PARTIAL:
		note_partial(c, m);
		break;
	default:
		log_event(LOG_IPC_BAD, (unsigned)m->type, "sessmgr", s->instance, "not for chassisd");
	}
}

static void
on_demux_ready(struct chassis *c)
{
	c->is_demux_ready = true;
	alarm_set(c, "demux", false, "");
	if (c->is_address_wanted)
		order_demux(c, IPC_ADDRESS_TAKE);
}

static void
on_demux_message(void *arg, const struct ipc_msg *m)
{
	struct chassis *c = arg;

	if (m->fd >= 0)
		close(m->fd);
	if (m->type != IPC_READY)
		event_del(c->demux_watch_ev);
	switch (m->type) {
	case IPC_READY:
		on_demux_ready(c);
		break;
	case IPC_ADDRESS_TAKEN:
		redundancy_taken(c, m->id);
		break;
	case IPC_ADDRESS_BUSY:
		redundancy_busy(c, m->id, (const char *)m->body, m->len);
		break;
	case IPC_ADDRESS_GIVEN:
		c->is_giving = false;
		redundancy_event(c, SRP_EV_ADDRESS_GIVEN, m->id);
		break;
	default:
		log_event(LOG_IPC_BAD, (unsigned)m->type, "demux", 1u, "not for chassisd");
	}
}

/* --- starting and ending ----------------------------------------------------------------------------------------- */

/* A new pair between demux and @s; both ends learn of it, whichever of them has just been started. */
static void
connect_data(struct chassis *c, struct sessmgr_slot *s)
{
	int pair[2];

	if (c->demux.ipc == NULL || s->task.ipc == NULL || ipc_pair(pair) != ERR_OK)
		return;
	send_to(&c->demux, IPC_DATA_CHANNEL, s->instance, NULL, 0, pair[0]);
	send_to(&s->task, IPC_DATA_CHANNEL, s->instance, NULL, 0, pair[1]);
	close(pair[0]);
	close(pair[1]);
}

static void
drop_arena(struct sessmgr_slot *s)
{
	if (s->arena.mem != NULL && arena_count(&s->arena, ARENA_SLOTS_USED) > s->slots_used)
		s->slots_used = (uint32_t)arena_count(&s->arena, ARENA_SLOTS_USED);
	if (s->arena_fd >= 0)
		shm_waste_take(s->waste, s->arena_fd, s->arena_mem, arena_bytes(SESSMGR_SLOTS));
	s->arena_mem = NULL;
	s->arena = (struct arena){0};
	s->arena_fd = -1;
}

static void
on_sessmgr_end(struct task *t, void *arg)
{
	struct sessmgr_slot *s = arg;
	struct chassis *c = s->chassis;

	(void)t;
	monitors_local_failure(c, "a session manager ended");
	s->peer_conn = CKPT_CONN_NONE;
	flush_answered(c, s);
	clear_answered(c, s, 0, false); /* its calls went with it */
	post_sessmgr_gone(c, s);
	sync_sessmgr_gone(c, s);
	drop_arena(s);
	start_sessmgr(c, s->instance);
}

static void
on_demux_end(struct task *t, void *arg)
{
	struct chassis *c = arg;

	(void)t;
	monitors_local_failure(c, "demux ended");
	c->is_demux_ready = false;
	event_del(c->demux_watch_ev);
	start_demux(c);
	if (c->is_giving) {
		c->is_giving = false;
		redundancy_event(c, SRP_EV_ADDRESS_GIVEN, c->address_token); /* its sockets died with it */
	}
}

static enum err
new_arena(struct sessmgr_slot *s)
{
	size_t bytes = arena_bytes(SESSMGR_SLOTS);
	char name[32];
	enum err e;

	if (s->waste == NULL)
		s->waste = shm_waste_new(s->chassis->base);
	if (s->waste == NULL)
		return ERR_SYSTEM;
	snprintf(name, sizeof name, "sessmgr-%u", s->instance);
	e = shm_new(name, bytes, &s->arena_fd);
	if (e != ERR_OK)
		return e;
	e = shm_map(s->arena_fd, bytes, &s->arena_mem);
	/* laid out here: this side reads counters before the task has started; the task attaches */
	if (e == ERR_OK)
		e = arena_init(&s->arena, s->arena_mem, bytes, s->instance, SESSMGR_SLOTS);
	if (e != ERR_OK)
		return e;
	arena_count_set(&s->arena, ARENA_LIFE, s->lives++);
	arena_count_set(&s->arena, ARENA_SLOT_FIRST, s->slots_used);
	return e;
}

/* What makes a task die may pass: bad input ends, memory is freed. A chassis without it would serve nobody. */
static void
revive_later(struct chassis *c)
{
	struct timeval later = {TASK_RESTART_WINDOW_S + 1, 0};

	if (!event_pending(c->revive_ev, EV_TIMEOUT, NULL))
		event_add(c->revive_ev, &later);
}

static void
on_revive(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	if (!task_is_running(&c->demux))
		start_demux(c);
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		if (!task_is_running(&c->sessmgrs[i].task))
			start_sessmgr(c, i);
}

static void
start_sessmgr(struct chassis *c, unsigned instance)
{
	struct sessmgr_slot *s = &c->sessmgrs[instance];
	struct task_spec spec = {.role = "sessmgr", .instance = instance, .root = c->options.root, .fds = {-1, -1}};

	if (new_arena(s) != ERR_OK) {
		log_event(LOG_TASK_FAILED, "sessmgr", instance, 0, "no memory for its arena");
		drop_arena(s);
		revive_later(c);
		return;
	}
	spec.fds[0] = s->arena_fd;
	if (task_start(&s->task, c->base, &spec, on_sessmgr_message, on_sessmgr_end, s) != ERR_OK) {
		alarm_set(c, "sessmgr", true, "a session manager does not stay alive; it is tried again after a while");
		drop_arena(s);
		revive_later(c);
		return;
	}
	send_config(c, &s->task, instance);
	send_to(&s->task, IPC_RESTART_COUNTER, c->restart_counter, NULL, 0, -1);
	send_to(&s->task, IPC_GATE, c->gate, NULL, 0, -1);
	connect_data(c, s);
	send_role(c, s);
	send_peer(c, s);
}

static void
start_demux(struct chassis *c)
{
	struct task_spec spec = {.role = "demux", .instance = 1, .root = c->options.root, .fds = {c->demux_fd, -1}};

	if (task_start(&c->demux, c->base, &spec, on_demux_message, on_demux_end, c) != ERR_OK) {
		alarm_set(c, "demux", true, "demux does not stay alive; it is tried again after a while");
		revive_later(c);
		return;
	}
	send_config(c, &c->demux, c->options.driver);
	send_to(&c->demux, IPC_RESTART_COUNTER, c->restart_counter, NULL, 0, -1);
	send_to(&c->demux, IPC_GATE, c->gate, NULL, 0, -1);
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		connect_data(c, &c->sessmgrs[i]);
}

enum err
tasks_start(struct chassis *c)
{
	void *mem;

	c->flush_ev = evtimer_new(c->base, on_flush_again, c);
	c->demux_watch_ev = evtimer_new(c->base, on_demux_silent, c);
	c->revive_ev = evtimer_new(c->base, on_revive, c);
	if (c->flush_ev == NULL || c->demux_watch_ev == NULL || c->revive_ev == NULL)
		return ERR_SYSTEM;
	if (shm_new("demux", sizeof *c->demux_shared, &c->demux_fd) != ERR_OK ||
	    shm_map(c->demux_fd, sizeof *c->demux_shared, &mem) != ERR_OK)
		return ERR_SYSTEM;
	c->demux_shared = mem;
	for (unsigned i = 1; i <= SESSMGRS_MAX; i++)
		c->sessmgrs[i] = (struct sessmgr_slot){.chassis = c, .instance = i, .arena_fd = -1};
	start_demux(c);
	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		start_sessmgr(c, i);
	return ERR_OK;
}

void
tasks_stop(struct chassis *c)
{
	task_kill(&c->demux);
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		task_kill(&c->sessmgrs[i].task);
		drop_arena(&c->sessmgrs[i]);
		shm_waste_free(c->sessmgrs[i].waste);
	}
	shm_unmap(c->demux_shared, sizeof *c->demux_shared);
	c->demux_shared = NULL;
}
