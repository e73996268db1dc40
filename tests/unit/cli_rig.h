/*
 * cli_rig.h - a command line with every table of the program and an operator whose screen is a buffer.
 *
 * The tables are included as source: they are const data of layers above cli, and these tests are about them all.
 */
#ifndef TESTS_CLI_RIG_H
#define TESTS_CLI_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "chassis/bulkstats_cmds.c"
#include "chassis/chassis_cmds.c"
#include "chassis/routing_cmds.c"
#include "chassis/system_cmds.c"
#include "cli/cli_internal.h"
#include "cli/session.h"
#include "gateway/aaa_cmds.c"
#include "gateway/gateway_cmds.c"
#include "gateway/ha_cmds.c"
#include "monitor/monitor_cmds.c"
#include "srp/srp_cmds.c"
#include "srp/srp_option_cmds.c"
#include "srp/srp_view_cmds.c"

enum { RIG_SCREEN = 1 << 20 };

struct rig {
	struct cli *cli;
	struct cli_session *s;
	char *screen;
	struct text_fixed fixed;
	struct text out;
	struct cli_result last;
	unsigned changes, events, steps_left, finished;
	unsigned refused_line;
	char refused[400];
	char last_line[200]; /* words of the last event, as bound */
};

static struct rig *rig_of_call(struct cli_call *call);

static enum cli_answer
rig_event(struct cli_call *call)
{
	if (call->line->row->flags & CLI_MAY_ASK && !call->is_confirmed)
		return CLI_ANSWER_ASK;
	rig_of_call(call)->events++;
	return CLI_ANSWER_DONE;
}

static enum cli_answer
rig_version(struct cli_call *call)
{
	text_put(call->out,
	         "Active Software:\n  Image Version:                  1.0\n  Image Build Number:             7\n");
	return CLI_ANSWER_DONE;
}

static enum cli_answer
rig_long_step(struct cli_call *call)
{
	text_printf(call->out, "line %u of a ", (unsigned)call->state[0]);
	text_put(call->out, "long output\n");
	return ++call->state[0] == 5 ? CLI_ANSWER_DONE : CLI_ANSWER_MORE;
}

static void
rig_long_ended(struct cli_call *call)
{
	rig_of_call(call)->finished++;
}

static enum cli_answer
rig_long(struct cli_call *call)
{
	call->step = rig_long_step;
	call->ended = rig_long_ended;
	return CLI_ANSWER_MORE;
}

static enum cli_answer
rig_pending(struct cli_call *call)
{
	if (!call->is_confirmed)
		return CLI_ANSWER_ASK;
	rig_of_call(call)->events++;
	call->ended = rig_long_ended;
	return CLI_ANSWER_PENDING;
}

static enum cli_answer
rig_save(struct cli_call *call)
{
	if (!call->is_confirmed)
		return CLI_ANSWER_ASK;
	return rig_event(call);
}

static enum cli_answer
rig_refuse(struct cli_call *call)
{
	return cli_fail(call, "%s", "not now");
}

static const struct cli_handler rig_handlers[] = {
    {CHASSIS_ROW_SHOW_VERSION, rig_version}, {CHASSIS_ROW_SAVE, rig_save},
    {CHASSIS_ROW_BOOT, rig_event},           {GATEWAY_ROW_SHOW_SUBSCRIBERS, rig_long},
    {SRP_ROW_SWITCHOVER, rig_pending},       {GATEWAY_ROW_CLEAR_SUBSCRIBERS, rig_event},
    {CHASSIS_ROW_SHOW_ALARM, rig_refuse},    {0, NULL},
};

static enum err
rig_seal(void *app, const char *clear, char *sealed, size_t cap)
{
	size_t n = strlen(clear);

	(void)app;
	if (n + 3 > cap)
		return ERR_RANGE;
	sealed[0] = '+';
	sealed[1] = 'B';
	for (size_t i = 0; i < n; i++)
		sealed[i + 2] = (char)('a' + (clear[i] * 7 + (int)i) % 26);
	sealed[n + 2] = '\0';
	return ERR_OK;
}

static bool
rig_opens(void *app, const char *sealed)
{
	(void)app;
	return sealed[0] == '+';
}

static time_t
rig_now(void *app)
{
	(void)app;
	return 1574691178; /* Monday November 25 14:12:58 UTC 2019 */
}

static void
rig_changed(void *app)
{
	((struct rig *)app)->changes++;
}

static void
rig_notify(void *arg, struct cli_result result)
{
	((struct rig *)arg)->last = result;
}

static struct rig *
rig_of_call(struct cli_call *call)
{
	return call->app;
}

#include "chassis/tables.c"
static const struct cli_handler *const rig_handler_tables[] = {rig_handlers, NULL};

static inline void
rig_clear(struct rig *r)
{
	text_fixed_init(&r->fixed, &r->out, r->screen, RIG_SCREEN);
}

static inline struct rig *
rig_new(enum cli_privilege privilege)
{
	struct rig *r = calloc(1, sizeof *r);
	struct cli_setup setup = {
	    .tables = chassis_tables,
	    .handlers = rig_handler_tables,
	    .hooks = {.seal = rig_seal, .opens = rig_opens, .now = rig_now, .changed = rig_changed},
	    .app = r,
	    .cfg_nodes = 4096,
	    .cfg_text = 256 * 1024,
	};

	r->screen = malloc(RIG_SCREEN);
	rig_clear(r);
	r->cli = cli_new(&setup, &r->out);
	if (!r->cli) {
		fprintf(stderr, "%s", r->screen);
		abort();
	}
	r->s = cli_session_new(r->cli, "tester", privilege, r->out, rig_notify, r);
	return r;
}

static inline void
rig_free(struct rig *r)
{
	cli_session_free(r->s);
	cli_free(r->cli);
	free(r->screen);
	free(r);
}

/* rig_type - one line, stepped to its end; returns what it printed. */
static inline const char *
rig_type(struct rig *r, const char *line)
{
	rig_clear(r);
	r->last = cli_session_line(r->s, line, strlen(line));
	while (r->last.state == CLI_STATE_MORE)
		r->last = cli_session_step(r->s);
	return r->screen;
}

static inline const char *
rig_prompt(struct rig *r)
{
	static char prompt[300];

	return cli_session_prompt(r->s, prompt, sizeof prompt);
}

static inline const char *
rig_tab(struct rig *r, const char *line)
{
	rig_clear(r);
	cli_session_complete(r->s, line, strlen(line), &r->out);
	return r->screen;
}

static inline const char *
rig_help(struct rig *r, const char *line)
{
	rig_clear(r);
	cli_session_help(r->s, line, strlen(line), &r->out);
	return r->screen;
}

static void
rig_load_error(void *arg, unsigned line, const char *reason)
{
	struct rig *r = arg;

	r->refused_line = line;
	snprintf(r->refused, sizeof r->refused, "%s", reason);
}

/* rig_load - the lines of @text into @cfg; returns how many were refused. */
static inline unsigned
rig_load(struct rig *r, struct cfg *cfg, const char *text, size_t n)
{
	struct cfg_loader *l = cfg_load_new(r->cli, cfg, rig_load_error, r);

	r->refused_line = 0;
	for (size_t i = 0; i < n;) {
		const char *end = memchr(text + i, '\n', n - i);
		size_t len = end ? (size_t)(end - text) - i : n - i;

		cfg_load_line(l, text + i, len);
		i += len + 1;
	}
	return cfg_load_end(l);
}

/* rig_file - the text of a file of the source tree; the caller frees it. */
static inline char *
rig_file(const char *name)
{
	char *text = calloc(1, 65536);
	FILE *f = fopen(name, "r");

	if (!f || fread(text, 1, 65535, f) == 0)
		abort();
	fclose(f);
	return text;
}

/* rig_print - the whole of @cfg; the caller frees it. */
static inline char *
rig_print(const struct cfg *cfg)
{
	char *buf = malloc(RIG_SCREEN);
	struct text_fixed f;
	struct text out;

	text_fixed_init(&f, &out, buf, RIG_SCREEN);
	cfg_print_all(cfg, &out);
	return buf;
}

#endif
