/*
 * sessmgr_main.c - the session manager role: calls, checkpoints and the GGSN service of one instance.
 *
 * It connects the cores: requests from demux go through ggsn into the call table, the table's changes go to the
 * checkpoint link, replicated calls come from the link into the table and the address pools follow. Roles, peers and
 * flushes are ordered by chassisd.
 */
#include "session/sessmgr_main.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "checkpoint/ckpt_link.h"
#include "checkpoint/compress.h"
#include "gateway/ggsn.h"
#include "gateway/gtp1.h"
#include "gateway/gtp_channel.h"
#include "session/call_rows.h"
#include "session/sessmgr.h"
#include "session/sessmgr_ipc.h"
#include "srp/srp.h"
#include "task/ipc.h"
#include "task/shm.h"
#include "task/task.h"

enum { PUBLISH_MS = 100, LIVES_TOLD_APART = 256, CATCH_UP_US = 2000 };

uint32_t
sessmgr_wall_s(void)
{
	return (uint32_t)time(NULL);
}

void
sessmgr_arm_turn(struct sessmgr *s)
{
	struct timeval zero = {0, 0};

	if (!s->is_turn_armed)
		event_add(s->turn_ev, &zero);
	s->is_turn_armed = true;
}

static void
send_binds(struct sessmgr *s)
{
	if (s->data != NULL && s->bind.count > 0)
		(void)ipc_send(s->data, IPC_BIND, s->calls_ahead, s->bind.imsis, s->bind.count * sizeof(uint64_t), -1,
		               0);
	if (s->data != NULL && s->unbind.count > 0)
		(void)ipc_send(s->data, IPC_UNBIND, s->instance, s->unbind.imsis, s->unbind.count * sizeof(uint64_t),
		               -1, 0);
	s->bind.count = s->unbind.count = 0;
}

void
sessmgr_note_bind(struct sessmgr *s, struct binds *list, uint64_t imsi)
{
	if (imsi == 0)
		return;
	list->imsis[list->count++] = imsi;
	if (list->count == GTP_BINDS_MAX)
		send_binds(s);
	sessmgr_arm_turn(s);
}

void
sessmgr_publish(struct sessmgr *s)
{
	struct turns_seen turns = turns_seen(&s->turns);

	arena_count_set(&s->arena, SESSMGR_TURN_P99_US, turns.p99_us);
	arena_count_set(&s->arena, SESSMGR_TURN_MAX_US, turns.max_us);
	arena_ckpt_publish(&s->arena, ckpt_counters(s->ckpt));
	sessmgr_proof_publish(s);
}

static void
tell_conn(struct sessmgr *s)
{
	s->is_conn_due = false;
	sessmgr_publish(s);
	(void)ipc_send(s->control, IPC_PEER_CONN, s->instance, &s->conn, sizeof s->conn, -1, 0);
}

static void
on_turn(evutil_socket_t fd, short what, void *arg)
{
	struct sessmgr *s = arg;

	(void)fd;
	(void)what;
	s->is_turn_armed = false;
	if (s->is_conn_due)
		tell_conn(s);
	if (s->is_services_due)
		sessmgr_publish_services(s);
	send_binds(s);
	if (s->link != NULL)
		ckpt_link_kick(s->link);
}

/* --- changes of our own calls, told to the checkpoint link ------------------------------------------------ */

static void
on_created(void *arg, uint32_t slot)
{
	struct sessmgr *s = arg;
	enum ckpt_age_class age = CKPT_NON_IMS;
	struct call c;

	if (sessmgr_call_in_slot(s, slot, &c)) {
		sessmgr_count_service(s, slot, &c);
		age = gateway_is_ims(c.apn) ? CKPT_IMS : CKPT_NON_IMS;
	}
	ckpt_call_created(s->ckpt, slot, age, clock_now_ms());
	sessmgr_arm_turn(s);
}

static void
on_changed(void *arg, uint32_t slot, uint32_t groups)
{
	struct sessmgr *s = arg;

	ckpt_call_changed(s->ckpt, slot, groups);
	sessmgr_arm_turn(s);
}

static void
on_released(void *arg, uint32_t slot, uint32_t tomb)
{
	struct sessmgr *s = arg;

	sessmgr_count_service(s, slot, NULL);
	ckpt_call_released(s->ckpt, slot, tomb);
	sessmgr_arm_turn(s);
}

/* --- requests from demux ----------------------------------------------------------------------------------- */

/*
 * The shared counter of a refused Create: the classes an operator tells apart. One that came while the addresses of
 * calls were being marked in changed pools found no resources.
 */
static unsigned
rejected_counter(const struct sessmgr *s, const struct ggsn_result *r)
{
	if (r->is_gated && s->gate != SRP_GATE_OPEN)
		return SESSMGR_REJECTED_SWITCHOVER;
	switch (r->cause) {
	case GTP1_CAUSE_NO_RESOURCES:
		return ARENA_REJECTED_NO_RESOURCES;
	case GTP1_CAUSE_UNKNOWN_APN:
		return ARENA_REJECTED_APN;
	case GTP1_CAUSE_NO_ADDRESS:
		return ARENA_REJECTED_ADDRESS;
	default:
		return r->why != NULL ? ARENA_REJECTED_REQUEST : ARENA_REJECTED_OTHER;
	}
}

static void
count_result(struct sessmgr *s, const struct ggsn_result *r)
{
	if (r->is_repeat)
		arena_count_add(&s->arena, ARENA_REPEATED, 1);
	else if (r->type == GTP1_CREATE_REQUEST && r->cause != GTP1_CAUSE_ACCEPTED)
		arena_count_add(&s->arena, rejected_counter(s, r), 1);
}

void
sessmgr_follow_result(struct sessmgr *s, const struct ggsn_result *r)
{
	if (r->added_teid != 0 && r->removed_teid == 0)
		sessmgr_note_bind(s, &s->bind, r->imsi);
	else if (r->removed_teid != 0 && r->added_teid == 0)
		sessmgr_note_bind(s, &s->unbind, r->imsi);
	if (r->is_purged)
		sessmgr_note_purged(s, r->removed_teid);
	if (r->counted_teid != 0)
		call_account_note(&s->account.window, r->counted_teid, r->is_repeat);
	count_result(s, r);
}

static void
serve_request(struct sessmgr *s, const struct ipc_msg *m)
{
	uint8_t body[sizeof(struct gtp_datagram) + GTP1_MESSAGE_MAX];
	struct gtp_datagram d;
	struct ggsn_request in;
	struct ggsn_result r;
	struct wbuf reply;

	if (s->ggsn == NULL || m->len < sizeof d || ckpt_role(s->ckpt) != CKPT_ACTIVE)
		return;
	memcpy(&d, m->body, sizeof d);
	if (sessmgr_notice_answer(s, m->body + sizeof d, m->len - sizeof d))
		return;
	in = (struct ggsn_request){.bytes = m->body + sizeof d,
	                           .len = m->len - sizeof d,
	                           .peer = d.peer,
	                           .peer_port = d.port,
	                           .service = d.service,
	                           .now_s = sessmgr_wall_s(),
	                           .is_mending = sessmgr_is_mending(s)};
	wbuf_init(&reply, body + sizeof d, sizeof body - sizeof d);
	ggsn_input(s->ggsn, &in, &reply, &r);
	sessmgr_follow_result(s, &r);
	if (d.imsi != 0)
		send_binds(s); /* before the answer ends its being in flight, or a repeated Create could go elsewhere */
	memcpy(body, &d, sizeof d);
	if (r.verdict == GGSN_ANSWER || d.imsi != 0)
		(void)ipc_send(s->data, IPC_REPLY, s->instance, body,
		               sizeof d + (r.verdict == GGSN_ANSWER ? reply.len : 0), -1, IPC_MAY_DROP);
}

static void
on_data_message(void *arg, const struct ipc_msg *m)
{
	struct sessmgr *s = arg;

	if (m->fd >= 0)
		close(m->fd);
	if (m->type == IPC_REQUEST)
		serve_request(s, m);
	else if (m->type == IPC_BARRIER)
		(void)ipc_send(s->data, IPC_BARRIER, m->id, NULL, 0, -1, 0);
	else
		log_event(LOG_IPC_BAD, (unsigned)m->type, "demux", 1u, "not for a session manager");
}

/* --- orders of chassisd ---------------------------------------------------------------------------------------- */

static void
tell_partial(struct sessmgr *s)
{
	struct sessmgr_partial p;

	if (!ckpt_is_partial(s->ckpt, &p.came, &p.announced))
		return;
	log_event(LOG_TAKEOVER_PARTIAL, s->instance, p.came, p.announced);
	(void)ipc_send(s->control, IPC_TAKEOVER_PARTIAL, s->instance, &p, sizeof p, -1, 0);
}

static void
set_role(struct sessmgr *s, const struct ipc_msg *m)
{
	struct sessmgr_role r;
	enum ckpt_role old = ckpt_role(s->ckpt);

	if (m->len != sizeof r)
		return;
	memcpy(&r, m->body, sizeof r);
	if (r.role != CKPT_STANDBY && r.role != CKPT_ACTIVE) {
		log_event(LOG_IPC_BAD, (unsigned)m->type, "chassisd", 0u, "no role in it");
		return;
	}
	if (s->is_clearing && r.role != CKPT_ACTIVE)
		sessmgr_clear_end(s, true); /* from now on the calls follow those of the peer */
	if (r.role != CKPT_ACTIVE) {
		sessmgr_audit_stop(s);
		sessmgr_notice_stop(s);
	}
	ckpt_flush_cancel(s->ckpt);
	if (r.role == old && (r.role == CKPT_STANDBY || r.epoch == s->epoch))
		return;
	if (old == CKPT_STANDBY && r.role == CKPT_ACTIVE)
		ckpt_link_catch_up(s->link, CATCH_UP_US);
	if (r.role == CKPT_ACTIVE)
		tell_partial(s);
	s->epoch = r.epoch;
	if (r.role != old)
		call_account_reset(
		    &s->account.window); /* also before: records may come while this side is still standby */
	sessmgr_lost_finish(s);          /* of a turn before; this one's list is another */
	if (old == CKPT_ACTIVE && r.role == CKPT_STANDBY)
		sessmgr_lost_keep(s);
	sessmgr_rest(s);
	ckpt_set_role(s->ckpt, (enum ckpt_role)r.role, r.epoch);
	call_table_set_role(s->table, (enum ckpt_role)r.role, srp_epoch_counter(r.epoch));
	if (old == CKPT_STANDBY && r.role == CKPT_ACTIVE && s->ggsn != NULL && call_table_count(s->table) > 0)
		ggsn_lead(s->ggsn);
	if (old == CKPT_ACTIVE && r.role == CKPT_STANDBY)
		sessmgr_lost_begin(s);
	arena_count_set(&s->arena, ARENA_EPOCH, r.epoch);
	sessmgr_publish(s);
	ckpt_link_kick(s->link);
}

static void
set_peer(struct sessmgr *s, const struct ipc_msg *m)
{
	struct sessmgr_peer p;

	if (m->len != sizeof p)
		return;
	memcpy(&p, m->body, sizeof p);
	ckpt_link_mark(s->link, p.dscp);
	ckpt_link_dial(s->link, &p.local, &p.peer, p.port, p.is_dialling != 0);
}

/* SGSNs still use what the ones before it gave out: this one begins elsewhere, in TEIDs as well (call_slots.h). */
static void
lead_of_former_lives(const struct sessmgr *s, struct ggsn *g)
{
	for (uint64_t life = arena_count(&s->arena, ARENA_LIFE) % LIVES_TOLD_APART; life > 0; life--)
		ggsn_lead(g);
}

static bool
apply_gateway(struct sessmgr *s)
{
	bool is_restore_needed = true;
	struct ggsn *g = s->ggsn == NULL ? ggsn_new(&s->cfg, s->instance, s->store)
	                                 : ggsn_new_from(s->ggsn, &s->cfg, &is_restore_needed);

	if (g == NULL)
		return false;
	if (s->ggsn == NULL)
		lead_of_former_lives(s, g);
	s->ggsn = g;
	ggsn_set_restart(g, s->restart_counter);
	if (is_restore_needed)
		sessmgr_pools_restore(s);
	else
		sessmgr_pools_gate(s);
	sessmgr_audit_again(s);
	return true;
}

static void
apply_config(struct sessmgr *s, const struct ipc_msg *m)
{
	struct ckpt_config c = {.instance = s->instance,
	                        .slots = SESSMGR_SLOTS,
	                        .tombs = CALL_TOMBS,
	                        .schema = CALL_ROWS_VERSION,
	                        .ops = &sessmgr_ckpt_ops,
	                        .arg = s,
	                        .digest = call_table_digest(s->table)};
	struct sessmgr_setup setup;

	if (m->fd < 0 || m->len != sizeof setup || shm_into(m->fd, &s->cfg, sizeof s->cfg) != ERR_OK) {
		log_event(LOG_IPC_BAD, (unsigned)m->type, "chassisd", 0u, "no configuration in it");
		return;
	}
	memcpy(&setup, m->body, sizeof setup);
	if (s->ckpt == NULL) {
		c.chassis_id = setup.chassis_id;
		c.settings = s->cfg.checkpoint;
		if (getrandom(&c.incarnation, sizeof c.incarnation, 0) != sizeof c.incarnation)
			c.incarnation = clock_now_ms() << 20 | (uint64_t)getpid();
		s->ckpt = ckpt_new(&c);
		s->link = s->ckpt == NULL ? NULL : ckpt_link_new(s->base, s->ckpt);
		if (s->link == NULL)
			exit(1);
		sessmgr_proof_slice(-1, 0, s);
	}
	ckpt_offer(s->ckpt, s->cfg.is_lz4_offered ? COMPRESS_OFFERED_LZ4 : COMPRESS_OFFERED);
	ckpt_configure(s->ckpt, &s->cfg.checkpoint);
	s->is_services_due = true;
	sessmgr_arm_turn(s);
	if (!apply_gateway(s))
		log_event(LOG_IPC_BAD, (unsigned)m->type, "chassisd", 0u, "the gateway configuration cannot be used");
}

/* The last changes of this Active: a clear that goes on would change what the peer has taken over. */
static void
start_flush(struct sessmgr *s, uint32_t id)
{
	if (s->is_clearing)
		sessmgr_clear_end(s, true);
	ckpt_flush_cancel(s->ckpt); /* one that was refused is asked for again */
	s->flush_id = id;
	if (ckpt_flush(s->ckpt) != ERR_OK)
		sessmgr_tell_flushed(s, false);
	ckpt_link_kick(s->link);
}

static void
on_order(struct sessmgr *s, const struct ipc_msg *m)
{
	uint64_t epoch;

	switch (m->type) {
	case IPC_ROLE:
		set_role(s, m);
		break;
	case IPC_PEER:
		set_peer(s, m);
		break;
	case IPC_RESTART_COUNTER:
		s->restart_counter = (uint8_t)m->id;
		if (s->ggsn != NULL)
			ggsn_set_restart(s->ggsn, s->restart_counter);
		break;
	case IPC_FLUSH:
		sessmgr_rest(s);
		start_flush(s, m->id);
		break;
	case IPC_CLEAR:
		sessmgr_clear_start(s, m->id);
		break;
	case IPC_GATE:
		s->gate = (uint8_t)m->id;
		sessmgr_pools_gate(s);
		break;
	case IPC_AUDIT:
		sessmgr_audit_start(s, m->id);
		break;
	case IPC_SYNC_AUDIT:
		sessmgr_proof_audit(s, m->id);
		break;
	case IPC_ACCOUNTING_SEND:
		sessmgr_account_send(s);
		break;
	case IPC_ACCOUNTING_AWAIT:
		if (m->len == sizeof epoch) {
			memcpy(&epoch, m->body, sizeof epoch);
			sessmgr_account_await(s, m->id, epoch);
		}
		break;
	case IPC_AUDIT_END:
		sessmgr_audit_stop(s);
		break;
	default:
		log_event(LOG_IPC_BAD, (unsigned)m->type, "chassisd", 0u, "not for a session manager");
	}
}

static void
on_data_closed(void *arg)
{
	struct sessmgr *s = arg; /* demux died: chassisd starts another and sends a new channel to it */

	ipc_chan_free(s->data);
	s->data = NULL;
}

static void
open_data(struct sessmgr *s, int fd)
{
	ipc_chan_free(s->data);
	s->data = ipc_chan_new(s->base, fd, on_data_message, on_data_closed, s);
	s->bind.count = s->unbind.count = 0;
	s->rebind_slot = 0;
	s->calls_ahead = call_table_count(s->table);
	sessmgr_rebind_slice(-1, 0, s);
}

static void
on_control_message(void *arg, const struct ipc_msg *m)
{
	struct sessmgr *s = arg;

	if (m->type == IPC_CONFIG) {
		apply_config(s, m);
	} else if (m->type == IPC_DATA_CHANNEL && m->fd >= 0) {
		open_data(s, m->fd);
		return; /* the descriptor is the channel's now */
	} else if (s->ckpt == NULL) {
		log_event(LOG_IPC_BAD, (unsigned)m->type, "chassisd", 0u, "came before the configuration");
	} else if (m->type == IPC_CKPT_SOCKET && m->fd >= 0) {
		ckpt_link_take(s->link, m->fd);
		return; /* the descriptor is the link's now */
	} else {
		on_order(s, m);
	}
	if (m->fd >= 0)
		close(m->fd);
}

static void
on_gone(void *arg)
{
	struct sessmgr *s = arg;

	event_base_loopbreak(s->base);
}

static void
on_publish(evutil_socket_t fd, short what, void *arg)
{
	struct sessmgr *s = arg;

	(void)fd;
	(void)what;
	if (s->ckpt != NULL)
		sessmgr_publish(s);
}

static bool
make_events(struct sessmgr *s)
{
	s->turn_ev = evtimer_new(s->base, on_turn, s);
	s->clear_ev = evtimer_new(s->base, sessmgr_clear_slice, s);
	s->rebind_ev = evtimer_new(s->base, sessmgr_rebind_slice, s);
	s->account.send_ev = evtimer_new(s->base, sessmgr_account_send_now, s);
	s->pools.ev = evtimer_new(s->base, sessmgr_pools_slice, s);
	s->audit.ev = evtimer_new(s->base, sessmgr_audit_slice, s);
	s->notice.ev = evtimer_new(s->base, sessmgr_notice_slice, s);
	s->proof.ev = evtimer_new(s->base, sessmgr_proof_slice, s);
	s->lost.ev = evtimer_new(s->base, sessmgr_lost_slice, s);
	return s->turn_ev != NULL && s->clear_ev != NULL && s->rebind_ev != NULL && s->pools.ev != NULL &&
	       s->account.send_ev != NULL && s->audit.ev != NULL && s->proof.ev != NULL && s->notice.ev != NULL &&
	       s->lost.ev != NULL;
}

static enum err
role_init(struct sessmgr *s)
{
	struct call_table_events events = {.created = on_created,
	                                   .changed = on_changed,
	                                   .released = on_released,
	                                   .evicted = sessmgr_evicted,
	                                   .arg = s};
	struct timeval period = {0, PUBLISH_MS * 1000};
	size_t bytes = arena_bytes(SESSMGR_SLOTS);
	struct event *timer;
	void *mem;

	s->base = event_base_new();
	if (s->base == NULL || shm_map(TASK_FD_A, bytes, &mem) != ERR_OK ||
	    arena_attach(&s->arena, mem, bytes) != ERR_OK)
		return ERR_SYSTEM;
	s->table = call_table_new(&s->arena, &events);
	s->services = call_services_new(SESSMGR_SLOTS);
	timer = event_new(s->base, -1, EV_PERSIST, on_publish, s);
	if (s->table == NULL || s->services == NULL || !make_events(s) || timer == NULL ||
	    event_add(timer, &period) < 0)
		return ERR_SYSTEM;
	s->store = call_table_store(s->table);
	s->control = ipc_chan_new(s->base, TASK_IPC_FD, on_control_message, on_gone, s);
	if (s->control == NULL)
		return ERR_SYSTEM;
	sessmgr_bulk_open(s);
	return ipc_send(s->control, IPC_READY, s->instance, NULL, 0, -1, 0);
}

int
sessmgr_main(unsigned instance)
{
	struct sessmgr *s = calloc(1, sizeof *s);

	if (s == NULL)
		return 1;
	s->instance = instance;
	if (role_init(s) != ERR_OK)
		return 1;
	turns_run(s->base, &s->turns);
	return 0;
}
