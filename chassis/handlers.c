/* handlers.c - commands that do something: switchover, clear, boot stack, save. What would be refused is refused before
 * the question whether the operator is sure. */
#include <stdio.h>
#include <string.h>

#include "chassis/chassis.h"
#include "chassis/chassis_cmds.h"
#include "chassis/config_errors.h"
#include "gateway/gateway_cmds.h"
#include "srp/srp_cmds.h"
#include "srp/srp_dry_run.h"

enum { ANSWER_TEXT_MAX = 200 };

/* --- srp initiate-switchover ----------------------------------------------------------------------------------- */

static void
switchover_ended(struct cli_call *call)
{
	struct chassis *c = call->app;

	if (c->switchover.call == call)
		c->switchover.call = NULL; /* the operator has gone; the switchover goes on */
}

/* The configurations have been compared, unless that was not asked for. */
static void
ask_engine(struct chassis *c, uint32_t differs)
{
	struct cli_call *call = c->switchover.call;
	struct srp_event ev = c->switchover_ask;

	if (call == NULL) { /* the operator has gone before anything began */
		c->switchover = (struct waiting){0};
		return;
	}
	ev.not_connected = tasks_not_connected(c);
	ev.config_differs = differs;
	if (!ev.is_dry_run) {
		srp_link_feed(c->srp, &ev);
		return;
	}
	c->switchover = (struct waiting){0};
	cli_session_finish(call->session, dry_run_show(c, &ev, call));
}

/* The engine may answer at once: it is asked when the command is already waiting. */
static void
start_switchover(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	if (c->switchover_ask.is_forced || srp_state(srp_link_engine(c->srp)) != SRP_ACTIVE)
		ask_engine(c, 0);
	else
		validation_before_switchover(c, ask_engine);
}

static struct srp_event
switchover_event(struct cli_call *call)
{
	struct chassis *c = call->app;
	uint64_t seconds = 0;

	(void)cli_arg_uint(call, "seconds", &seconds);
	return (struct srp_event){.kind = SRP_EV_OPERATOR_SWITCHOVER,
	                          .is_forced = cli_arg_has(call, "force"),
	                          .is_rm_reset = cli_arg_has(call, "reset-route-modifier"),
	                          .is_dry_run = cli_arg_has(call, "dry-run"),
	                          .timeout_ms = (uint32_t)seconds * 1000,
	                          .not_connected = tasks_not_connected(c)};
}

/*
 * What the engine would refuse at once is refused before the question. Whether the configurations differ is asked
 * behind it: the peer has to be asked.
 */
static enum cli_answer
run_switchover(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct srp_event ev = switchover_event(call);
	struct timeval zero = {0, 0};
	struct srp_dry_run dry;
	char text[ANSWER_TEXT_MAX];

	if (!srp_link_is_started(c->srp))
		return cli_fail(call, "service-redundancy-protocol is not configured");
	if (c->switchover.id != 0)
		return cli_fail(call, "%s", srp_answer_text(SRP_ANSWER_BUSY));
	srp_dry_run(srp_link_engine(c->srp), &ev, &dry);
	if (!ev.is_dry_run && !dry.would_switch && dry.step_count == 0) {
		redundancy_answer_text(dry.answer, dry.refuse, dry.count, text, sizeof text);
		return cli_fail(call, "%s", text);
	}
	if (!ev.is_dry_run && !call->is_confirmed)
		return CLI_ANSWER_ASK;
	if (event_base_once(c->base, -1, EV_TIMEOUT, start_switchover, c, &zero) < 0)
		return cli_fail(call, "no memory");
	c->switchover = (struct waiting){.id = ++c->next_id, .call = call};
	c->switchover_ask = ev;
	c->switchover_ask.asker = c->switchover.id;
	call->ended = switchover_ended;
	return CLI_ANSWER_PENDING;
}

static enum cli_answer
run_terminate(struct cli_call *call)
{
	uint8_t answer;

	if (!srp_link_is_started(((struct chassis *)call->app)->srp))
		return cli_fail(call, "service-redundancy-protocol is not configured");
	answer = post_terminate(call->app);
	if (answer != SRP_POST_ANSWER_OK)
		return cli_fail(call, "%s", srp_post_answer_text(answer));
	text_put(call->out, "Post-switchover processing terminated\n");
	return CLI_ANSWER_DONE;
}

/* --- clear subscribers -------------------------------------------------------------------------------------------- */

static void
clear_ended(struct cli_call *call)
{
	struct chassis *c = call->app;

	if (c->clear.call == call)
		c->clear = (struct waiting){0};
}

static void
start_clear(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	if (c->clear.call != NULL)
		tasks_clear(c, c->clear.id);
}

static enum cli_answer
run_clear(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct timeval zero = {0, 0};

	if (!c->is_active)
		return cli_fail(call, "this chassis is not Active, its calls follow those of the peer");
	if (c->clear.call != NULL)
		return cli_fail(call, "another clear runs");
	if (!call->is_confirmed)
		return CLI_ANSWER_ASK;
	if (event_base_once(c->base, -1, EV_TIMEOUT, start_clear, c, &zero) < 0)
		return cli_fail(call, "no memory");
	c->clear = (struct waiting){.id = ++c->next_id, .call = call};
	call->ended = clear_ended;
	return CLI_ANSWER_PENDING;
}

/* --- boot stack ---------------------------------------------------------------------------------------------- */

/* The command waits until the entry is on disk; @arg is the call's own mark, cleared when the operator goes. */
static void
boot_done(void *arg, enum err e, const char *why)
{
	struct chassis *c = arg;
	struct cli_call *call = c->boot.call;

	c->boot = (struct waiting){0};
	if (call == NULL)
		return;
	if (e != ERR_OK)
		(void)cli_fail(call, "the boot stack is changed until the next start only, it was not written: %s",
		               why);
	cli_session_finish(call->session, e == ERR_OK);
}

static void
boot_ended(struct cli_call *call)
{
	struct chassis *c = call->app;

	if (c->boot.call == call)
		c->boot.call = NULL;
}

static enum err
boot_change(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct store_boot b = {0};
	uint64_t priority = 0;

	(void)cli_arg_uint(call, "number", &priority);
	b.priority = (uint8_t)priority;
	if (call->is_no)
		return store_boot_remove(c->store, b.priority, boot_done, c);
	snprintf(b.image, sizeof b.image, "%s", cli_arg_str(call, "image-url"));
	snprintf(b.config, sizeof b.config, "%s", cli_arg_str(call, "config-url"));
	return store_boot_set(c->store, &b, boot_done, c);
}

static enum cli_answer
run_boot(struct cli_call *call)
{
	struct chassis *c = call->app;
	enum err e;

	if (c->boot.id != 0)
		return cli_fail(call, "another change of the boot stack is being written");
	e = boot_change(call);
	if (e == ERR_NOT_FOUND)
		return cli_fail(call, "there is no boot entry of priority %s", cli_arg_str(call, "number"));
	if (e == ERR_FULL)
		return cli_fail(call, "the boot stack has %u entries already, remove one first",
		                (unsigned)STORE_BOOT_MAX);
	if (e != ERR_OK)
		return cli_fail(call, "the boot entry is not usable: %s", err_text(e));
	c->boot = (struct waiting){.id = ++c->next_id, .call = call};
	call->ended = boot_ended;
	return CLI_ANSWER_PENDING;
}

/* --- NACKs of a kind of checkpoint --------------------------------------------------- */

static enum cli_answer
set_nack(struct cli_call *call, bool is_disabled)
{
	struct chassis *c = call->app;
	uint64_t number = 0;
	uint8_t *set, bit;
	unsigned row;

	(void)cli_arg_uint(call, "number", &number);
	row = ckpt_row_of((uint8_t)number);
	if (row == CKPT_ROW_UNKNOWN)
		return cli_fail(call, "there is no micro-checkpoint %u, show srp checkpoint info names them",
		                (unsigned)number);
	set = &c->gateway.checkpoint.nack_disabled[number / 8];
	bit = (uint8_t)(1u << number % 8);
	*set = is_disabled ? *set | bit : *set & (uint8_t)~bit;
	c->gateway.generation++;
	tasks_send_config(c);
	text_printf(call->out, "NACKs for micro-checkpoint %u (%s) are %s on this chassis\n", (unsigned)number,
	            ckpt_micro_rows[row].name, is_disabled ? "disabled" : "enabled");
	return CLI_ANSWER_DONE;
}

static enum cli_answer
run_nack_off(struct cli_call *call)
{
	return set_nack(call, true);
}

static enum cli_answer
run_nack_on(struct cli_call *call)
{
	return set_nack(call, false);
}

const struct cli_handler chassis_handlers[] = {
    {SRP_ROW_SWITCHOVER, run_switchover},
    {SRP_ROW_VALIDATE_CONFIGURATION, validation_run_configuration},
    {SRP_ROW_VALIDATE_SWITCHOVER, validation_run_switchover},
    {SRP_ROW_TERMINATE_POST, run_terminate},
    {GATEWAY_ROW_CLEAR_SUBSCRIBERS, run_clear},
    {CHASSIS_ROW_BOOT, run_boot},
    {CHASSIS_ROW_SAVE, config_save},
    {CHASSIS_ROW_SHOW_ERRORS, config_show_errors},
    {SRP_ROW_AUDIT, sync_run_audit},
    {SRP_ROW_NACK_OFF, run_nack_off},
    {SRP_ROW_NACK_ON, run_nack_on},
    {0, NULL},
};
