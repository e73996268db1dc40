/*
 * task.h - supervision of the processes of one chassis.
 *
 * A task is this binary, re-executed with --role, with an IPC channel on descriptor 3 and what else
 * its kind needs on 4 and 5. It dies with chassisd (parent-death signal), and chassisd hears of its
 * death through a pidfd within the same loop turn. A task that ended is started again by its owner;
 * one that ends too often is not started for a while, and said so. Policy (who restarts what) is the owner's.
 */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "task/ipc.h"

enum { TASK_IPC_FD = 3, TASK_FD_A = 4, TASK_FD_B = 5, TASK_RESTARTS_MAX = 5, TASK_RESTART_WINDOW_S = 10 };

struct task_spec {
	const char *role; /* "sessmgr", "demux"; constant text */
	unsigned instance;
	const char *root;
	int fds[2]; /* become TASK_FD_A and TASK_FD_B in the child; -1 none; borrowed */
};

struct task {
	const char *role;
	unsigned instance;
	pid_t pid; /* 0: not running */
	struct ipc_chan *ipc;
	struct event *death;
	int pidfd;
	unsigned restarts; /* within the window that began at window_s */
	long window_s;
	void (*on_end)(struct task *t, void *arg);
	void *arg;
};

/*
 * task_start - run @spec; messages go to @on_msg(@arg), the end of the process to @on_end(task, @arg), once, after
 * which the task may be started again. ERR_REFUSED when it ended too often lately (logged).
 */
enum err task_start(struct task *t, struct event_base *base, const struct task_spec *spec,
                    void (*on_msg)(void *arg, const struct ipc_msg *m), void (*on_end)(struct task *t, void *arg),
                    void *arg);

/* task_kill - SIGKILL and forget, without on_end. */
void task_kill(struct task *t);

/* task_is_running - is there a process behind @t now? */
static inline bool
task_is_running(const struct task *t)
{
	return t->pid != 0;
}

/* task_die_with_parent - called first in a role main: this process ends when chassisd does. ERR_REFUSED: already gone.
 */
enum err task_die_with_parent(pid_t parent);

#endif
