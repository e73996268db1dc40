/* session_run.c - the core's own commands: configure, exit, end, context, terminal, show configuration. */
#include <stdio.h>
#include <string.h>

#include "cli/session.h"

enum { SHOW_LINES = 200 }; /* a step of show configuration: well under a millisecond */

static enum cli_answer
run_configure(struct cli_call *call)
{
	struct cli_session *s = call->session;
	const char *url = cli_arg_str(call, "url");

	if (url)
		return s->cli->setup.hooks.load ? s->cli->setup.hooks.load(call, url)
		                                : cli_fail(call, "files cannot be loaded here");
	place_down(&s->place, s->cli->running, &cli_config_mode, cfg_root(s->cli->running));
	return CLI_ANSWER_DONE;
}

static enum cli_answer
run_exit(struct cli_call *call)
{
	call->session->is_leaving = true;
	return CLI_ANSWER_DONE;
}

static enum cli_answer
leave_to(struct cli_call *call, unsigned depth)
{
	struct cli_session *s = call->session;

	return place_up(&s->place, s->cli->running, depth, &s->out) ? CLI_ANSWER_FAILED : CLI_ANSWER_DONE;
}

static enum cli_answer
run_exit_config(struct cli_call *call)
{
	return leave_to(call, call->session->place.depth - 1);
}

static enum cli_answer
run_end(struct cli_call *call)
{
	return leave_to(call, 0);
}

static enum cli_answer
run_context(struct cli_call *call)
{
	struct cli_session *s = call->session;
	const struct cfg *cfg = s->cli->running;
	const char *name = cli_arg_str(call, "name");

	if (strcmp(name, "local") != 0 && !cfg_find(cfg, cfg_root(cfg), CLI_ROW_CONTEXT, name))
		return cli_fail(call, "context %s does not exist", name);
	snprintf(s->context, sizeof s->context, "%s", name);
	return CLI_ANSWER_DONE;
}

static enum cli_answer
run_terminal(struct cli_call *call)
{
	uint64_t n = 0;

	if (cli_arg_uint(call, "lines", &n))
		call->session->length = (unsigned)n;
	return CLI_ANSWER_DONE;
}

static enum cli_answer
run_timestamps(struct cli_call *call)
{
	call->session->timestamps = call->is_no ? SESSION_OFF : SESSION_ON;
	return CLI_ANSWER_DONE;
}

static enum cli_answer
run_autoconfirm(struct cli_call *call)
{
	call->session->autoconfirm = call->is_no ? SESSION_OFF : SESSION_ON;
	return CLI_ANSWER_DONE;
}

static enum cli_answer
step_show(struct cli_call *call)
{
	switch (cfg_print_step(&call->print, call->out, SHOW_LINES)) {
	case ERR_OK:
		return CLI_ANSWER_DONE;
	case ERR_SHORT:
		return CLI_ANSWER_MORE;
	default:
		return cli_fail(call, "the configuration has changed while it was printed, please try again");
	}
}

static enum cli_answer
run_show(struct cli_call *call)
{
	struct cfg *cfg = call->session->cli->running;
	const char *name = cli_arg_str(call, "name");

	if (name && !cfg_find(cfg, cfg_root(cfg), CLI_ROW_CONTEXT, name))
		return cli_fail(call, "context %s does not exist", name);
	cfg_print_init(&call->print, cfg, cli_arg_has(call, "srp") ? CFG_SRP : name ? CFG_ONE_CONTEXT : CFG_ALL, name);
	call->step = step_show;
	return step_show(call);
}

void
session_timestamp(const struct cli_session *s, struct text *out)
{
	char line[80];
	struct tm tm;
	time_t now;

	if (!s->cli->setup.hooks.now)
		return;
	now = s->cli->setup.hooks.now(s->cli->setup.app);
	if (localtime_r(&now, &tm) && strftime(line, sizeof line, "%A %B %d %H:%M:%S %Z %Y\n", &tm))
		text_put(out, line);
}

const struct cli_handler session_handlers[] = {
    {CLI_ROW_CONFIGURE, run_configure},
    {CLI_ROW_EXIT, run_exit},
    {CLI_ROW_CONTEXT_EXEC, run_context},
    {CLI_ROW_SHOW_CONFIGURATION, run_show},
    {CLI_ROW_TERMINAL, run_terminal},
    {CLI_ROW_TIMESTAMPS_EXEC, run_timestamps},
    {CLI_ROW_AUTOCONFIRM_EXEC, run_autoconfirm},
    {CLI_ROW_EXIT_CONFIG, run_exit_config},
    {CLI_ROW_END, run_end},
    {0, NULL},
};
