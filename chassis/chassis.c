/* chassis.c - the life of a chassis: from an empty root directory to a running loop, and back. */
#include "chassis/chassis.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "chassis/build_info.h"
#include "chassis/chassis_cmds.h"
#include "chassis/system_cmds.h"
#include "chassis/tables.h"
#include "monitor/guard_timer.h"
#include "task/priority.h"

enum { PRIORITIES = 3, OPEN_FILES = 4096, LOG_BYTES_MAX = 1 << 20, LOG_CHECK_S = 10, LOOK_AGAIN_US = 1000 };

static const struct cli_handler *const handlers[] = {chassis_handlers, monitor_handlers, chassis_views, srp_views,
                                                     system_views,     task_views,       NULL};

static bool
complain(const char *what, const char *why)
{
	fprintf(stderr, "chassisd: %s: %s\n", what, why);
	return false;
}

/* ROOT, ROOT/flash, ROOT/run; the lock makes a second daemon on the same root refuse to start. */
static bool
open_root(struct chassis *c)
{
	static const char *const folders[] = {"", "/flash", "/run"};
	char path[4096], text[32];
	int fd, n;

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
		snprintf(path, sizeof path, "%s%s", c->options.root, folders[i]);
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return complain(path, strerror(errno));
	}
	snprintf(path, sizeof path, "%s/run/chassisd.pid", c->options.root);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return complain(path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return complain(c->options.root, "a chassis runs on this root already");
	c->is_root_ours = true;
	n = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || write(fd, text, (size_t)n) != n)
		return complain(path, strerror(errno));
	return true; /* the descriptor stays open: it holds the lock for the life of the process */
}

/*
 * The log's descriptor is shared by all tasks, so a full log is copied to run/log.1 and emptied in place; every task
 * appends, so none needs to know. A megabyte is copied within a millisecond or so.
 */
static void
on_log_timer(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;
	char path[4096], old[4096 + 8];
	struct stat st;
	int in, out;

	(void)fd;
	(void)what;
	snprintf(path, sizeof path, "%s/run/log", c->options.root);
	snprintf(old, sizeof old, "%s.1", path);
	if (fstat(STDERR_FILENO, &st) < 0 || st.st_size < LOG_BYTES_MAX)
		return;
	in = open(path, O_RDONLY | O_CLOEXEC);
	out = open(old, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (in >= 0 && out >= 0 && copy_file_range(in, NULL, out, NULL, (size_t)st.st_size, 0) >= 0)
		(void)!ftruncate(STDERR_FILENO, 0);
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
}

static void
watch_log(struct chassis *c)
{
	struct timeval period = {LOG_CHECK_S, 0};
	struct event *ev = event_new(c->base, -1, EV_PERSIST, on_log_timer, c);

	if (ev != NULL)
		event_add(ev, &period);
}

static void
open_log(struct chassis *c)
{
	char path[4096];
	int fd;

	if (c->options.is_log_stderr) {
		log_open(STDERR_FILENO, "chassisd", LOG_INFO);
		return;
	}
	snprintf(path, sizeof path, "%s/run/log", c->options.root);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (fd < 0)
		return;
	/* the tasks inherit descriptor 2: one log of one chassis */
	dup2(fd, STDERR_FILENO);
	close(fd);
	log_open(STDERR_FILENO, "chassisd", LOG_INFO);
	watch_log(c);
}

/* --- store, secrets ------------------------------------------------------------------------------------------- */

static void
on_store_done(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	store_run_done(c->store);
}

static bool
open_store(struct chassis *c)
{
	char path[4096], why[256];
	struct stat st;
	struct text_fixed fixed;
	struct text text;
	uint8_t mac[MAC_LEN];

	text_fixed_init(&fixed, &text, why, sizeof why);
	snprintf(path, sizeof path, "%s/chassis.db", c->options.root);
	if (store_open(path, &c->store, &text) != ERR_OK)
		return complain(path, why);
	if (stat(path, &st) == 0)
		c->store_inode = st.st_ino;
	if (c->options.mac != NULL &&
	    (mac_parse(c->options.mac, mac) != ERR_OK || store_set_mac(c->store, mac) != ERR_OK))
		return complain(c->options.mac, "not a MAC address a chassis can have");
	if (secrets_new(c->options.root, &c->secrets, &text) != ERR_OK)
		return complain(c->options.root, why);
	if (store_gtp_restart_next(c->store, &c->restart_counter) != ERR_OK)
		return complain(path, "cannot be written");
	c->store_ev = event_new(c->base, store_fd(c->store), EV_READ | EV_PERSIST, on_store_done, c);
	return c->store_ev != NULL && event_add(c->store_ev, NULL) == 0;
}

/* --- command line ------------------------------------------------------------------------------------------------ */

static enum err
hook_seal(void *app, const char *clear, char *sealed, size_t cap)
{
	struct chassis *c = app;
	char out[SECRETS_SEALED_MAX + 1];
	enum err e = secrets_seal(c->secrets, clear, out);

	if (e == ERR_OK && (size_t)snprintf(sealed, cap, "%s", out) >= cap)
		e = ERR_FULL;
	return e;
}

static bool
hook_opens(void *app, const char *sealed)
{
	struct chassis *c = app;
	char clear[SECRETS_CLEAR_MAX + 1];
	enum err e = secrets_open(c->secrets, sealed, clear);

	explicit_bzero(clear, sizeof clear);
	return e == ERR_OK;
}

static time_t
hook_now(void *app)
{
	(void)app;
	return time(NULL);
}

static void
hook_changed(void *app)
{
	config_changed(app);
	apply_soon(app);
}

static void
hook_settle(void *app)
{
	apply_pending(app);
}

static bool
open_cli(struct chassis *c)
{
	struct cli_setup setup = {
	    .tables = chassis_tables,
	    .handlers = handlers,
	    .hooks = {.seal = hook_seal,
	              .opens = hook_opens,
	              .now = hook_now,
	              .changed = hook_changed,
	              .settle = hook_settle,
	              .load = config_load_file,
	              .license = license_hook},
	    .app = c,
	};
	char path[4096], why[512];
	struct text_fixed fixed;
	struct text text;

	if (!license_open(c))
		return complain(c->options.license_issuer, "not a public key of Ed25519");
	text_fixed_init(&fixed, &text, why, sizeof why);
	c->cli = cli_new(&setup, &text);
	if (c->cli == NULL)
		return complain("command rows", why);
	snprintf(path, sizeof path, "%s/run/cli.sock", c->options.root);
	if (cli_link_new(c->base, c->cli, path, &c->cli_link, &text) != ERR_OK)
		return complain("command line", why);
	return true;
}

/* --- life ---------------------------------------------------------------------------------------------------- */

static void
on_apply(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	apply_now(arg);
}

static void
on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)what;
	log_event(LOG_CHASSIS_STOPPED, strsignal((int)fd));
	event_base_loopbreak(c->base);
}

static bool
open_loop(struct chassis *c)
{
	const struct timeval look_again = {0, LOOK_AGAIN_US};
	struct event_config *cfg = event_config_new();
	int signals[] = {SIGTERM, SIGINT};

	event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER);
	/* after so long of ordinary events the loop looks whether a hello has come or is due */
	event_config_set_max_dispatch_interval(cfg, &look_again, -1, 1);
	c->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (c->base == NULL || event_base_priority_init(c->base, PRIORITIES) < 0)
		return complain("event loop", "cannot be made");
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct event *ev = evsignal_new(c->base, signals[i], on_signal, c);

		if (ev == NULL || event_add(ev, NULL) < 0)
			return complain("event loop", "cannot be made");
	}
	c->apply_ev = evtimer_new(c->base, on_apply, c);
	c->watch = loop_watch_new(c->base, jitter_note, c);
	return c->apply_ev != NULL && c->watch != NULL;
}

static bool
self_check(void)
{
	char why[1024];
	struct text_fixed fixed;
	struct text text;

	text_fixed_init(&fixed, &text, why, sizeof why);
	if (srp_self_check(&text) != ERR_OK)
		return complain("redundancy engine", why);
	return guard_self_check(&text) == ERR_OK || complain("guard timers", why);
}

static void
raise_limits(void)
{
	struct rlimit r = {OPEN_FILES, OPEN_FILES};

	(void)setrlimit(RLIMIT_NOFILE, &r); /* fewer sessions are possible without it, nothing else */
	priority_raise();
	signal(SIGPIPE, SIG_IGN);
}

struct chassis *
chassis_new(const struct chassis_options *o)
{
	struct chassis *c = calloc(1, sizeof *c);
	struct timespec now;

	if (c == NULL)
		return NULL;
	c->options = *o;
	c->started_s = time(NULL);
	clock_gettime(CLOCK_BOOTTIME, &now);
	c->started_boot_s = now.tv_sec;
	while (c->incarnation == 0)
		if (getrandom(&c->incarnation, sizeof c->incarnation, 0) < 0)
			c->incarnation = (uint64_t)c->started_s << 20 | (uint64_t)getpid();
	raise_limits();
	if (!self_check() || !open_root(c) || !open_loop(c) || !open_store(c) || !open_cli(c) ||
	    history_new(c) != ERR_OK || redundancy_new(c) != ERR_OK || resources_new(c) != ERR_OK ||
	    validation_new(c) != ERR_OK || monitors_new(c) != ERR_OK || sync_new(c) != ERR_OK) {
		chassis_free(c);
		return NULL;
	}
	open_log(c);
	config_load_at_start(c);
	c->sessmgr_count = o->sessmgrs;
	if (c->sessmgr_count == 0)
		c->sessmgr_count =
		    (unsigned)cfg_leaf_uint(cli_running(c->cli), cfg_root(cli_running(c->cli)), CHASSIS_ROW_SESSMGR);
	if (c->sessmgr_count == 0 || c->sessmgr_count > SESSMGRS_MAX)
		c->sessmgr_count = SESSMGRS_DEFAULT;
	c->gateway.sessmgr_count = (uint16_t)c->sessmgr_count; /* an empty configuration until the first apply */
	if (tasks_start(c) != ERR_OK) {
		complain("tasks", strerror(errno));
		chassis_free(c);
		return NULL;
	}
	apply_now(c);
	monitors_local_failure(c, "this chassis was started");
	license_start(c);
	log_event(LOG_CHASSIS_STARTED, cli_hostname(c->cli), c->options.root, (int)getpid());
	return c;
}

void
chassis_run(struct chassis *c)
{
	loop_watch_start(c->watch);
	turns_run(c->base, &c->turns);
}

/* Only who holds the lock may remove the file: another chassis may run on this root. */
static void
remove_pid_file(const struct chassis *c)
{
	char path[4096];

	if (!c->is_root_ours)
		return;
	snprintf(path, sizeof path, "%s/run/chassisd.pid", c->options.root);
	unlink(path);
}

/* Events that are not pending are nobody's but ours: a leak that a sanitizer finds at the end hides others. */
static void
close_events(struct chassis *c)
{
	struct event *evs[] = {c->apply_ev, c->alone_ev, c->keep_ev, c->flush_ev, c->demux_watch_ev, c->revive_ev};

	for (size_t i = 0; i < sizeof evs / sizeof evs[0]; i++)
		if (evs[i] != NULL)
			event_free(evs[i]);
	for (unsigned i = 0; i < SRP_POST_TIMER_COUNT; i++)
		if (c->post.timers[i].ev != NULL)
			event_free(c->post.timers[i].ev);
}

void
chassis_free(struct chassis *c)
{
	if (c == NULL)
		return;
	remove_pid_file(c);
	if (c->store != NULL && c->cli != NULL && c->demux_shared != NULL)
		config_keep_now(c);
	if (c->demux_shared != NULL)
		tasks_stop(c);
	validation_free(c);
	srp_link_free(c->srp);
	monitor_link_free(c->monitors);
	cli_link_free(c->cli_link);
	if (c->cli != NULL)
		cli_free(c->cli);
	sync_free(c);
	history_free(c);
	store_close(c->store);
	secrets_free(c->secrets);
	loop_watch_free(c->watch);
	close_events(c);
	free(c);
}
