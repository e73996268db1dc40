/*
 * task_views.c - show task resources: the processes of this chassis, what they use now and used at most.
 *
 * Columns and labels of the first form are those of the reference (section 1.9), those of `max` a proposal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "chassis/chassis.h"
#include "chassis/chassis_cmds.h"
#include "task/task_usage.h"

/* A process as it is shown; pid 0: it does not run. */
struct task_view {
	const char *facility;
	unsigned instance;
	pid_t pid;
	bool has_sessions;
	uint64_t sessions, sessions_max;
	struct turns_seen turns;
};

uint64_t
sessmgr_calls(const struct sessmgr_slot *s)
{
	if (s->arena_mem == NULL)
		return 0;
	return arena_count(&s->arena, ARENA_CALLS_NOW) + arena_count(&s->arena, ARENA_CALLS_STANDBY);
}

static struct task_view
sessmgr_view(const struct sessmgr_slot *s, unsigned instance)
{
	struct task_view v = {.facility = "sessmgr",
	                      .instance = instance,
	                      .pid = s->task.pid,
	                      .has_sessions = true,
	                      .sessions = sessmgr_calls(s)};

	if (s->arena_mem == NULL)
		return v;
	v.sessions_max = arena_count(&s->arena, ARENA_CALLS_MAX_SEEN);
	v.turns.p99_us = arena_count(&s->arena, SESSMGR_TURN_P99_US);
	v.turns.max_us = arena_count(&s->arena, SESSMGR_TURN_MAX_US);
	return v;
}

static void
show_each(struct cli_call *call, void (*show)(struct cli_call *, const struct task_view *))
{
	const struct chassis *c = call->app;

	show(call, &(struct task_view){
	               .facility = "chassisd", .instance = 1, .pid = getpid(), .turns = turns_seen(&c->turns)});
	show(call, &(struct task_view){
	               .facility = "demux", .instance = 1, .pid = c->demux.pid, .turns = c->demux_shared->turns});
	for (unsigned i = 1; i <= c->sessmgr_count; i++) {
		struct task_view v = sessmgr_view(&c->sessmgrs[i], i);

		show(call, &v);
	}
}

static const char *
sessions_text(const struct task_view *v, uint64_t n, char text[24])
{
	snprintf(text, 24, "%" PRIu64, n);
	return v->has_sessions ? text : "--";
}

static double
megabytes(uint64_t bytes)
{
	return (double)bytes / 1048576.0;
}

/* The beginning of a row; false, and all of it: the process does not run. @third: width of the third column. */
static bool
show_head(struct cli_call *call, const struct task_view *v, int third, struct task_usage *u)
{
	bool is_running = v->pid != 0 && task_usage_read(v->pid, u) == ERR_OK;

	text_printf(call->out, " 1/0 %-12s %5u", v->facility, v->instance);
	if (!is_running)
		text_printf(call->out, " %9s %9s %*s %9s  down\n", "--", "--", third, "--", "--");
	return is_running;
}

static void
show_now(struct cli_call *call, const struct task_view *v)
{
	struct task_usage u;
	char text[24];

	if (show_head(call, v, 6, &u))
		text_printf(call->out, " %7.1fs %8.1fM %6u %9s  good\n", u.cpu_s, megabytes(u.rss_bytes), u.files,
		            sessions_text(v, v->sessions, text));
}

static void
show_most(struct cli_call *call, const struct task_view *v)
{
	struct task_usage u;
	char text[24];

	if (show_head(call, v, 9, &u))
		text_printf(call->out, " %8.1fM %9s %7.2fms %7.2fms  good\n", megabytes(u.peak_bytes),
		            sessions_text(v, v->sessions_max, text), (double)v->turns.p99_us / 1000,
		            (double)v->turns.max_us / 1000);
}

static enum cli_answer
show_tasks(struct cli_call *call)
{
	bool is_max = cli_arg_has(call, "max");

	text_put(call->out, is_max ? "                   task    memory  sessions      turn      turn\n"
	                             " cpu facility      inst       max       max       p99       max  status\n"
	                             "----------------------- --------- --------- --------- ---------  ------\n"
	                           : "                   task   cputime    memory  files  sessions\n"
	                             " cpu facility      inst      used      used   used      used  status\n"
	                             "----------------------- --------- --------- ------ ---------  ------\n");
	show_each(call, is_max ? show_most : show_now);
	return CLI_ANSWER_DONE;
}

const struct cli_handler task_views[] = {
    {CHASSIS_ROW_SHOW_TASKS, show_tasks},
    {0, NULL},
};
