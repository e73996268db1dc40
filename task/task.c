/* task.c - starting, watching and ending the processes of a chassis. */
#include "task/task.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

enum err
task_die_with_parent(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return ERR_SYSTEM;
	/* the parent may have died between fork and prctl */
	return getppid() == parent ? ERR_OK : ERR_REFUSED;
}

/* In the child, async-signal-safe only: put the descriptors where the role expects them. */
static void
task_start_child_fds(int ipc_fd, const int extra[2])
{
	/* first above every target, so that no dup2 overwrites one still needed; close-on-exec ends there */
	int high[3] = {fcntl(ipc_fd, F_DUPFD_CLOEXEC, 10), extra[0] >= 0 ? fcntl(extra[0], F_DUPFD_CLOEXEC, 10) : -1,
	               extra[1] >= 0 ? fcntl(extra[1], F_DUPFD_CLOEXEC, 10) : -1};

	for (int i = 0; i < 3; i++) {
		if (high[i] >= 0)
			dup2(high[i], TASK_IPC_FD + i);
		else
			close(TASK_IPC_FD + i);
	}
}

static void
task_start_child(const struct task_spec *spec, int ipc_fd, pid_t parent)
{
	char instance[16], parent_text[16];

	signal(SIGPIPE, SIG_DFL);
	if (task_die_with_parent(parent) != ERR_OK)
		_exit(1);
	task_start_child_fds(ipc_fd, spec->fds);
	snprintf(instance, sizeof instance, "%u", spec->instance);
	snprintf(parent_text, sizeof parent_text, "%d", (int)parent);
	execl("/proc/self/exe", "chassisd", "--role", spec->role, "--instance", instance, "--root", spec->root,
	      "--parent", parent_text, (char *)NULL);
	_exit(127);
}

static void
task_end_text(pid_t pid, char *buf, size_t cap)
{
	int status;

	if (waitpid(pid, &status, WNOHANG) != pid)
		snprintf(buf, cap, "gone");
	else if (WIFSIGNALED(status))
		snprintf(buf, cap, "signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		snprintf(buf, cap, "exit status %d", WEXITSTATUS(status));
}

static void
task_release(struct task *t)
{
	if (t->death != NULL)
		event_free(t->death);
	if (t->pidfd >= 0)
		close(t->pidfd);
	ipc_chan_free(t->ipc);
	t->death = NULL;
	t->ipc = NULL;
	t->pidfd = -1;
	t->pid = 0;
}

static void
on_death(evutil_socket_t fd, short what, void *arg)
{
	struct task *t = arg;
	char text[64];

	(void)fd;
	(void)what;
	task_end_text(t->pid, text, sizeof text);
	log_event(LOG_TASK_FAILED, t->role, t->instance, (int)t->pid, text);
	task_release(t);
	t->on_end(t, t->arg);
}

/* The channel closes a moment before the pidfd fires; on_death does the work. */
static void
on_channel_closed(void *arg)
{
	(void)arg;
}

/* Counts this start against the window; true when it is one too many. */
static bool
task_start_is_too_often(struct task *t, const struct task_spec *spec)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - t->window_s > TASK_RESTART_WINDOW_S) {
		t->window_s = now.tv_sec;
		t->restarts = 0;
	}
	if (++t->restarts <= TASK_RESTARTS_MAX)
		return false;
	log_event(LOG_TASK_GIVEN_UP, spec->role, spec->instance, t->restarts, (unsigned)TASK_RESTART_WINDOW_S);
	return true;
}

enum err
task_start(struct task *t, struct event_base *base, const struct task_spec *spec,
           void (*on_msg)(void *arg, const struct ipc_msg *m), void (*on_end)(struct task *t, void *arg), void *arg)
{
	pid_t parent = getpid(), pid;
	int pair[2];

	if (task_start_is_too_often(t, spec))
		return ERR_REFUSED;
	if (ipc_pair(pair) != ERR_OK)
		return ERR_SYSTEM;
	pid = fork();
	if (pid == 0)
		task_start_child(spec, pair[1], parent);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return ERR_SYSTEM;
	}
	t->role = spec->role;
	t->instance = spec->instance;
	t->pid = pid;
	t->on_end = on_end;
	t->arg = arg;
	t->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	t->ipc = ipc_chan_new(base, pair[0], on_msg, on_channel_closed, arg);
	t->death = t->pidfd < 0 ? NULL : event_new(base, t->pidfd, EV_READ, on_death, t);
	if (t->ipc == NULL || t->death == NULL || event_add(t->death, NULL) < 0) {
		task_kill(t);
		return ERR_SYSTEM;
	}
	log_event(LOG_TASK_STARTED, spec->role, spec->instance, (int)pid);
	return ERR_OK;
}

void
task_kill(struct task *t)
{
	if (t->pid == 0)
		return;
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	task_release(t);
}
