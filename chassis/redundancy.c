/*
 * redundancy.c - carries the redundancy engine's orders to tasks, operators, alarms and the disk, and their answers
 * back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "chassis/chassis.h"
#include "srp/srp_conn_link.h"

enum { ALONE_BUSY_MS = 100, ALONE_DISK_MS = 1000 };

static void
on_address_take(void *arg, uint32_t token)
{
	tasks_take_address(arg, token);
}

static void
on_address_give(void *arg, uint32_t token)
{
	tasks_give_address(arg, token);
}

static void
set_sessions(struct chassis *c, bool is_active, uint64_t epoch)
{
	c->is_active = is_active;
	c->epoch = epoch;
	tasks_send_role(c);
	tasks_send_peer(c);
}

static void
on_sessions_active(void *arg, uint64_t epoch)
{
	set_sessions(arg, true, epoch);
}

static void
on_sessions_standby(void *arg)
{
	struct chassis *c = arg;

	set_sessions(c, false, c->epoch);
}

static void
on_sessions_flush(void *arg, uint32_t token)
{
	tasks_flush(arg, token);
}

/* Without a number on disk there is no incarnation: said as long as it is so. */
static enum err
reserve_epochs(struct chassis *c, uint32_t count, uint64_t above, uint64_t *first)
{
	enum err e = store_reserve_epochs(c->store, count, above, first);

	alarm_set(c, "epoch", e != ERR_OK, "chassis.db cannot be written: this chassis cannot become Active");
	return e;
}

static enum err
on_epoch_reserve(void *arg, uint64_t above, uint64_t *first, uint64_t *count)
{
	struct chassis *c = arg;

	*count = EPOCH_BLOCK;
	return reserve_epochs(c, EPOCH_BLOCK, above, first);
}

/* --- the operator's switchover ------------------------------------------------------------------------------- */

static void
refused_text(uint8_t refuse, uint32_t count, char *buf, size_t cap)
{
	if (refuse == SRP_REFUSE_NOT_CONNECTED)
		snprintf(
		    buf, cap,
		    "%u session manager%s of the peer chassis not connected, switchover not initiated (use force to "
		    "override)",
		    count, count == 1 ? "" : "s");
	else if (refuse == SRP_REFUSE_CONFIG_DIFFERS)
		snprintf(buf, cap,
		         "the peer chassis refused: %u line%s of the configuration differ%s (use force to override)",
		         count, count == 1 ? "" : "s", count == 1 ? "s" : "");
	else
		snprintf(buf, cap, "the peer chassis refused: %s", srp_refuse_text(refuse));
}

void
redundancy_answer_text(uint8_t answer, uint8_t refuse, uint32_t count, char *buf, size_t cap)
{
	switch (answer) {
	case SRP_ANSWER_NOT_CONNECTED:
		snprintf(
		    buf, cap,
		    "%u session manager%s of this chassis %s not connected, switchover not initiated (use force to "
		    "override)",
		    count, count == 1 ? "" : "s", count == 1 ? "is" : "are");
		break;
	case SRP_ANSWER_CONFIG_DIFFERS:
		snprintf(buf, cap,
		         "%u line%s of the configuration differ%s from the peer's, switchover not initiated (use "
		         "force to override)",
		         count, count == 1 ? "" : "s", count == 1 ? "s" : "");
		break;
	case SRP_ANSWER_PEER_REFUSED:
		refused_text(refuse, count, buf, cap);
		break;
	default:
		snprintf(buf, cap, "%s", srp_answer_text(answer));
	}
}

static void
on_operator_answer(void *arg, const struct srp_action *a)
{
	struct chassis *c = arg;
	struct cli_call *call = c->switchover.call;
	bool is_ok = a->answer == SRP_ANSWER_OK;
	char text[200];

	redundancy_answer_text(a->answer, a->refuse, a->count, text, sizeof text);
	log_event(LOG_SRP_SWITCHOVER, text);
	if (c->switchover.id != a->asker)
		return;
	c->switchover.id = 0;
	c->switchover.call = NULL;
	if (call == NULL)
		return; /* the operator has gone meanwhile */
	if (a->answer == SRP_ANSWER_CONFIG_DIFFERS)
		validation_put_differences(c, call->out);
	if (is_ok)
		text_put(call->out, "Switchover completed\n");
	else
		(void)cli_fail(call, "%s", text);
	cli_session_finish(call->session, is_ok);
}

/* --- history, alarms, hello -------------------------------------------------------------------------------------- */

static void
on_transition(void *arg, const struct srp_transition *t, const char *words)
{
	struct chassis *c = arg;

	if (t->from == t->to)
		history_event(c, t->reason, words);
	monitors_transition(c, t);
	if (t->to == SRP_ACTIVE)
		c->busy_text[0] = '\0';
	post_transition(c, t->to);
}

static void
on_step(void *arg, uint8_t from_inner, uint8_t to_inner, size_t row)
{
	history_step(arg, from_inner, to_inner, srp_row_reason(row));
	post_step(arg, from_inner, to_inner);
}

static const char *
alarm_object(enum srp_alarm alarm)
{
	static const char *const objects[SRP_ALARM_COUNT] = {
	    [SRP_ALARM_ADDRESS_BUSY] = "srp/address",
	    [SRP_ALARM_MAC_CONFLICT] = "srp/election",
	    [SRP_ALARM_PEER_LOST] = "srp/peer",
	    [SRP_ALARM_DUAL_ACTIVE] = "srp/dual-active",
	    [SRP_ALARM_INTERNAL_SWITCHOVER] = "srp/monitor",
	};
	_Static_assert(SRP_ALARM_COUNT == 5, "every alarm has an object that an operator can read");

	return objects[alarm];
}

static void
on_alarm(void *arg, enum srp_alarm alarm, bool is_raised)
{
	struct chassis *c = arg;
	char text[ALARM_TEXT_MAX];

	if (alarm == SRP_ALARM_ADDRESS_BUSY && c->busy_text[0] != '\0')
		snprintf(text, sizeof text, "%s (%s)", srp_alarm_text(alarm), c->busy_text);
	else if (is_raised && alarm == SRP_ALARM_INTERNAL_SWITCHOVER)
		snprintf(text, sizeof text, "%s (%s)", srp_alarm_text(alarm),
		         srp_reason_text(srp_due(srp_link_engine(c->srp))));
	else
		snprintf(text, sizeof text, "%s", srp_alarm_text(alarm));
	if (is_raised && alarm == SRP_ALARM_ADDRESS_BUSY)
		log_event(LOG_SRP_ADDRESS_BUSY, "of this chassis", c->busy_text);
	alarm_set(c, alarm_object(alarm), is_raised, text);
}

static void
on_fill_hello(void *arg, struct srp_hello *h)
{
	struct chassis *c = arg;

	h->config_digest = validation_digest(c);
	h->restart_counter = c->restart_counter;
	h->sessmgrs = (uint16_t)c->sessmgr_count;
	h->sessmgrs_ready = (uint16_t)(c->sessmgr_count - tasks_not_connected(c));
	h->calls = resources_calls(c);
	h->history_seq = history_seq(c);
}

/* The restart counter belongs to the service address: whoever serves it says the value, the other adopts it. */
static void
on_heard(void *arg, const struct srp_hello *h)
{
	struct chassis *c = arg;

	validation_heard(c, h);
	post_options(c);
	history_heard(c, h);
	if (c->is_active || (h->state != SRP_ACTIVE && h->state != SRP_PENDING_STANDBY) ||
	    h->restart_counter == c->restart_counter)
		return;
	c->restart_counter = h->restart_counter;
	(void)store_gtp_restart_adopt(c->store, h->restart_counter);
	tasks_send_restart_counter(c);
}

static uint32_t
on_not_connected(void *arg)
{
	return tasks_not_connected(arg);
}

static uint32_t
on_config_differs(void *arg)
{
	return validation_differs(arg);
}

static void
on_message(void *arg, const struct srp_msg *m)
{
	validation_message(arg, m);
	history_message(arg, m);
}

static void
on_checkpoint_socket(void *arg, uint32_t instance, int fd)
{
	tasks_checkpoint_socket(arg, instance, fd);
}

static void
on_listening(void *arg, const struct addr *local, const char *why)
{
	char address[ADDR_TEXT_MAX], text[ALARM_TEXT_MAX] = "";

	if (why != NULL)
		snprintf(text, sizeof text, "TCP port %u of %s: %s; no checkpoints can be received", (unsigned)SRP_PORT,
		         addr_text(local, address), why);
	alarm_set(arg, "srp/port", why != NULL, text);
}

static const struct srp_link_ops link_ops = {
    .address_take = on_address_take,
    .address_give = on_address_give,
    .sessions_active = on_sessions_active,
    .sessions_standby = on_sessions_standby,
    .sessions_flush = on_sessions_flush,
    .epoch_reserve = on_epoch_reserve,
    .operator_answer = on_operator_answer,
    .transition = on_transition,
    .alarm = on_alarm,
    .fill_hello = on_fill_hello,
    .heard = on_heard,
    .not_connected = on_not_connected,
    .config_differs = on_config_differs,
    .step = on_step,
    .message = on_message,
    .checkpoint_socket = on_checkpoint_socket,
    .listening = on_listening,
};

/* --- called by the rest of the chassis -------------------------------------------------------------------------- */

size_t
redundancy_alarms(const struct chassis *c, const char *texts[ALARMS_MAX])
{
	size_t n = 0;

	for (unsigned i = 0; i < ALARMS_MAX; i++)
		if (c->alarms[i].is_raised &&
		    (strncmp(c->alarms[i].object, "srp/", 4) == 0 || strncmp(c->alarms[i].object, "monitor/", 8) == 0))
			texts[n++] = c->alarms[i].text;
	return n;
}

void
redundancy_event(struct chassis *c, enum srp_event_kind kind, uint32_t token)
{
	struct srp_event ev = {.kind = (uint8_t)kind, .token = token};

	if (srp_link_is_started(c->srp))
		srp_link_feed(c->srp, &ev);
}

void
redundancy_monitor(struct chassis *c, uint8_t reason, bool is_failed)
{
	struct srp_event ev = {.kind = is_failed ? SRP_EV_MONITOR_FAILED : SRP_EV_MONITOR_RECOVERED, .reason = reason};

	if (srp_link_is_started(c->srp))
		srp_link_feed(c->srp, &ev);
}

bool
redundancy_reset_fail(struct chassis *c, uint8_t reason)
{
	struct srp_event ev = {.kind = SRP_EV_RESET_FAIL, .reason = reason};
	bool was_any = srp_link_engine(c->srp)->won_by == reason;

	if (srp_link_is_started(c->srp))
		srp_link_feed(c->srp, &ev);
	return was_any;
}

/* Alone there is no engine that tries again. */
static void
on_alone(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	if (c->is_standalone)
		tasks_take_address(c, 0);
	else
		apply_soon(c);
}

enum err
redundancy_new(struct chassis *c)
{
	c->srp = srp_link_new(c->base, &link_ops, c);
	c->alone_ev = evtimer_new(c->base, on_alone, c);
	return c->srp == NULL || c->alone_ev == NULL ? ERR_SYSTEM : post_new(c);
}

static void
alone_again(struct chassis *c, unsigned ms)
{
	struct timeval tv = {ms / 1000, (ms % 1000) * 1000};

	event_add(c->alone_ev, &tv);
}

void
redundancy_taken(struct chassis *c, uint32_t token)
{
	c->busy_text[0] = '\0';
	alarm_set(c, "address", false, "");
	redundancy_event(c, SRP_EV_ADDRESS_TAKEN, token);
}

void
redundancy_busy(struct chassis *c, uint32_t token, const char *text, size_t n)
{
	char line[ALARM_TEXT_MAX];

	snprintf(c->busy_text, sizeof c->busy_text, "%.*s", (int)n, text);
	if (!c->is_standalone) {
		redundancy_event(c, SRP_EV_ADDRESS_BUSY, token);
		return;
	}
	snprintf(line, sizeof line, "service address is in use elsewhere (%s)", c->busy_text);
	alarm_set(c, "address", true, line);
	alone_again(c, ALONE_BUSY_MS);
}

void
redundancy_apply(struct chassis *c, const struct srp_config *cfg, const struct addr *local, const struct addr *peer)
{
	bool was_peer_same = addr_equal(local, &c->srp_local) && addr_equal(peer, &c->srp_peer), was_started;

	if (c->is_standalone) {
		/* what served alone becomes one of two: the engine decides who serves from now on */
		c->is_standalone = false;
		event_del(c->alone_ev);
		alarm_set(c, "address", false, "");
		tasks_give_address(c, 0);
		set_sessions(c, false, c->epoch);
	}
	c->srp_local = *local;
	c->srp_peer = *peer;
	jitter_apply(c, cfg->dead_ms);
	was_started = srp_link_is_started(c->srp);
	srp_link_configure(c->srp, cfg, local, peer);
	if (!was_started)
		monitors_tell(c);
	post_options(c);
	if (!was_peer_same)
		tasks_send_peer(c);
}

void
redundancy_mark(struct chassis *c, uint8_t control, uint8_t session)
{
	bool is_same = session == c->dscp_session;

	c->dscp_session = session;
	srp_link_mark(c->srp, control);
	if (!is_same)
		tasks_send_peer(c);
}

void
redundancy_absent(struct chassis *c)
{
	uint64_t first;

	if (srp_link_is_started(c->srp)) {
		srp_link_stop(c->srp);
		alarm_set(c, "srp/port", false, "");
		alarm_set(c, "srp/jitter", false, "");
		jitter_apply(c, UINT32_MAX);
		tasks_give_address(c, 0);
		set_sessions(c, false, c->epoch);
	}
	if (c->is_standalone || c->gateway.service_count == 0)
		return;
	/* lines are missing, perhaps those of the redundancy link: alone it could serve beside its peer */
	alarm_set(
	    c, "srp/alone", c->load_refused > 0,
	    "lines of the configuration were refused and it has no service-redundancy-protocol: not serving alone");
	if (c->load_refused > 0)
		return;
	if (reserve_epochs(c, 1, srp_epoch_counter(c->epoch), &first) != ERR_OK) {
		alone_again(c, ALONE_DISK_MS);
		return;
	}
	c->srp_peer = (struct addr){0};
	c->is_standalone = true;
	set_sessions(c, true,
	             first << SRP_EPOCH_TAG_BITS | (store_chassis_id(c->store) & ((1u << SRP_EPOCH_TAG_BITS) - 1)));
	tasks_take_address(c, 0);
}
