/*
 * config_io.c - the running configuration from and to files, and into chassis.db.
 *
 * At start the boot entries are tried by priority, then the configuration kept in chassis.db; what cannot be read or
 * has not one good line is passed over. While running, files are read and printed in slices, and written by
 * a thread, so that no hello waits for a long configuration.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "chassis/chassis.h"
#include "chassis/file_save.h"

enum { LINES_PER_SLICE = 200, FILE_BYTES_MAX = 16 << 20, KEEP_MS = 10, KEEP_AGAIN_S = 5 };

enum err
config_path(const struct chassis *c, const char *url, char *buf, size_t cap)
{
	int n = snprintf(buf, cap, "%s%s", c->options.root, url);

	return n > 0 && (size_t)n < cap && strncmp(url, "/flash/", 7) == 0 && strstr(url, "..") == NULL ? ERR_OK : ERR_RANGE;
}

char *
config_read_file(const char *path, size_t *len, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe by that name must not hold the loop */
	struct stat st;
	char *text = NULL;
	ssize_t n = 0;

	*len = 0;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		*why = fd < 0 ? strerror(errno) : "not a file";
	} else if (st.st_size > FILE_BYTES_MAX) {
		*why = "longer than 16 MiB";
	} else {
		text = malloc((size_t)st.st_size + 1);
		while (text != NULL && *len < (size_t)st.st_size && (n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0)
			*len += (size_t)n;
		*why = text == NULL ? "no memory" : n < 0 ? strerror(errno) : NULL;
		if (*why != NULL) {
			free(text); /* half a configuration is none */
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* --- loading ------------------------------------------------------------------------------------------------- */

struct load {
	struct chassis *chassis;
	struct cli_call *call; /* NULL at start, or when the operator has gone */
	struct cfg_loader *loader;
	const char *name;
	char url[STORE_URL_MAX + 1];
	char *text;
	size_t len, pos;
	unsigned lines, refused;
	struct event *ev;
};

static void
load_error(void *arg, unsigned line, const char *reason)
{
	struct load *l = arg;

	/* the session's words begin with it too; once is enough behind the file and the line */
	if (strncmp(reason, "Failure: ", 9) == 0)
		reason += 9;
	log_event(LOG_CONFIG_LINE, l->name, line, reason);
	if (l->call != NULL)
		text_printf(l->call->out, "Failure: %s line %u: %s\n", l->name, line, reason);
}

/* Feeds up to @max lines; true when there is more. */
static bool
load_lines(struct load *l, unsigned max)
{
	for (unsigned i = 0; i < max && l->pos < l->len; i++) {
		const char *start = l->text + l->pos;
		const char *end = memchr(start, '\n', l->len - l->pos);
		size_t n = end == NULL ? l->len - l->pos : (size_t)(end - start);

		cfg_load_line(l->loader, start, n);
		l->lines++;
		l->pos += n + 1;
	}
	return l->pos < l->len;
}

/* Loads @take_text into a fresh tree and makes it the running one if a single line of it is good. */
static bool
load_at_start(struct chassis *c, const char *name, char *take_text, size_t len)
{
	struct load l = {.chassis = c, .name = name, .text = take_text, .len = len};
	struct cfg *cfg = cfg_new(c->cli, CFG_NODES_DEFAULT, CFG_TEXT_DEFAULT);
	bool is_good;

	l.loader = cfg == NULL ? NULL : cfg_load_new(c->cli, cfg, load_error, &l);
	if (l.loader == NULL) {
		free(take_text);
		cfg_free(cfg);
		return false;
	}
	while (load_lines(&l, LINES_PER_SLICE)) {
	}
	l.refused = cfg_load_end(l.loader);
	is_good = cfg_lines(cfg) > 0;
	if (is_good) {
		cli_swap(c->cli, cfg);
		log_event(LOG_CONFIG_LOADED, name, l.lines, l.refused);
	} else {
		log_event(LOG_CONFIG_NONE, name, "not one line of it is a configuration");
		cfg_free(cfg);
	}
	free(take_text);
	return is_good;
}

static bool
load_url_at_start(struct chassis *c, const char *url)
{
	char path[4096];
	const char *why = "not under /flash";
	size_t len = 0;
	char *text = config_path(c, url, path, sizeof path) != ERR_OK ? NULL : config_read_file(path, &len, &why);

	if (text == NULL) {
		log_event(LOG_CONFIG_NONE, url, why);
		return false;
	}
	return load_at_start(c, url, text, len);
}

void
config_load_at_start(struct chassis *c)
{
	char *text;
	size_t len;

	if (c->options.config != NULL && load_url_at_start(c, c->options.config))
		return;
	for (size_t i = 0; i < store_boot_count(c->store); i++) {
		const struct store_boot *b = store_boot_at(c->store, i);

		if (b->config[0] != '\0' && load_url_at_start(c, b->config))
			return;
	}
	if (store_config_load(c->store, &text, &len) == ERR_OK)
		load_at_start(c, "running configuration of chassis.db", text, len);
	else
		log_event(LOG_CONFIG_NONE, "running configuration of chassis.db", "there is none");
}

static void
load_free(struct load *l)
{
	if (l->ev != NULL)
		event_free(l->ev);
	free(l->text);
	free(l);
}

/* The operator has gone or pressed Ctrl-C: what is loaded stays, the rest is not read. */
static void
load_ended(struct cli_call *call)
{
	struct load *l = call->data;

	if (l == NULL)
		return;
	l->refused = cfg_load_end(l->loader);
	log_event(LOG_CONFIG_LOADED, l->name, l->lines, l->refused);
	load_free(l);
	call->data = NULL;
}

static void
on_load_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct load *l = arg;
	struct cli_call *call = l->call;

	(void)fd;
	(void)what;
	if (load_lines(l, LINES_PER_SLICE)) {
		event_add(l->ev, &zero);
		return;
	}
	l->refused = cfg_load_end(l->loader);
	log_event(LOG_CONFIG_LOADED, l->name, l->lines, l->refused);
	call->data = NULL;
	if (l->refused > 0)
		text_printf(call->out, "Failure: %s: %u of %u lines refused, the others are in force\n", l->name, l->refused, l->lines);
	cli_session_finish(call->session, l->refused == 0);
	load_free(l);
}

enum cli_answer
config_load_file(struct cli_call *call, const char *url)
{
	struct chassis *c = call->app;
	struct timeval zero = {0, 0};
	struct load *l;
	char path[4096];
	const char *why;

	if (config_path(c, url, path, sizeof path) != ERR_OK)
		return cli_fail(call, "%s is not a file under /flash", url);
	l = calloc(1, sizeof *l);
	if (l == NULL)
		return cli_fail(call, "no memory");
	l->chassis = c;
	l->call = call;
	snprintf(l->url, sizeof l->url, "%s", url);
	l->name = l->url;
	l->text = config_read_file(path, &l->len, &why);
	if (l->text == NULL) {
		load_free(l);
		return cli_fail(call, "%s: %s", url, why);
	}
	l->loader = cfg_load_new(c->cli, cli_running(c->cli), load_error, l);
	l->ev = evtimer_new(c->base, on_load_slice, l);
	if (l->loader == NULL || l->ev == NULL) {
		load_free(l);
		return cli_fail(call, "no memory");
	}
	call->data = l;
	call->ended = load_ended;
	event_add(l->ev, &zero);
	return CLI_ANSWER_PENDING;
}

/* --- printing into memory, in slices ------------------------------------------------------------------------------ */

struct print_job {
	struct chassis *chassis;
	struct cfg_print print;
	char *text;
	size_t len, cap;
	bool is_short_of_memory;
	struct event *ev;
	void (*done)(struct chassis *c, void *arg, char *take_text, size_t len); /* NULL text: no memory */
	void *arg;
};

static void
print_job_write(void *arg, const char *s, size_t n)
{
	struct print_job *j = arg;

	if (j->len + n > j->cap) {
		size_t cap = (j->cap + n) * 2 + 4096;
		char *grown = realloc(j->text, cap);

		if (grown == NULL) {
			j->is_short_of_memory = true;
			return;
		}
		j->text = grown;
		j->cap = cap;
	}
	memcpy(j->text + j->len, s, n);
	j->len += n;
}

static void
print_job_end(struct print_job *j)
{
	if (j->is_short_of_memory) {
		free(j->text);
		j->text = NULL;
	}
	j->done(j->chassis, j->arg, j->text, j->len);
	event_free(j->ev);
	free(j);
}

static void
on_print_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct print_job *j = arg;
	struct text out = {.write = print_job_write, .arg = j};
	enum err e = cfg_print_step(&j->print, &out, LINES_PER_SLICE);

	(void)fd;
	(void)what;
	if (e == ERR_REFUSED) { /* it was changed meanwhile: from the start */
		j->len = 0;
		cfg_print_init(&j->print, cli_running(j->chassis->cli), CFG_ALL, NULL);
	}
	if (e == ERR_OK || j->is_short_of_memory)
		print_job_end(j);
	else
		event_add(j->ev, &zero);
}

static enum err
print_running(struct chassis *c, void (*done)(struct chassis *, void *, char *, size_t), void *arg)
{
	struct timeval zero = {0, 0};
	struct print_job *j = calloc(1, sizeof *j);

	if (j == NULL)
		return ERR_SYSTEM;
	*j = (struct print_job){.chassis = c, .done = done, .arg = arg};
	cfg_print_init(&j->print, cli_running(c->cli), CFG_ALL, NULL);
	j->ev = evtimer_new(c->base, on_print_slice, j);
	if (j->ev == NULL) {
		free(j);
		return ERR_SYSTEM;
	}
	event_add(j->ev, &zero);
	return ERR_OK;
}

/* --- save configuration --------------------------------------------------------------------------------------------- */

/* Outlives the operator's session: the file is written all the same. */
struct saving {
	struct cli_call *call; /* NULL: the operator has gone */
	char url[STORE_URL_MAX + 1];
	char path[4096];
};

static void
saving_ended(struct cli_call *call)
{
	struct saving *s = call->data;

	if (s != NULL)
		s->call = NULL;
}

static void
saving_done(void *arg, const char *why)
{
	struct saving *s = arg;
	struct cli_call *call = s->call;

	if (call != NULL) {
		call->data = NULL;
		if (why != NULL)
			(void)cli_fail(call, "%s not saved: %s", s->url, why);
		cli_session_finish(call->session, why == NULL);
	}
	free(s);
}

static void
saving_printed(struct chassis *c, void *arg, char *take_text, size_t len)
{
	struct saving *s = arg;

	if (take_text == NULL)
		saving_done(s, "no memory");
	else if (file_save(c->base, s->path, take_text, len, saving_done, s) != ERR_OK)
		saving_done(s, strerror(errno));
}

enum cli_answer
config_save(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct saving *s = calloc(1, sizeof *s);

	if (s == NULL)
		return cli_fail(call, "no memory");
	snprintf(s->url, sizeof s->url, "%s", cli_arg_str(call, "url"));
	if (config_path(c, s->url, s->path, sizeof s->path) != ERR_OK) {
		free(s);
		return cli_fail(call, "%s is not a file under /flash", cli_arg_str(call, "url"));
	}
	if (!call->is_confirmed && access(s->path, F_OK) == 0) {
		free(s);
		return CLI_ANSWER_ASK;
	}
	s->call = call;
	call->data = s;
	call->ended = saving_ended;
	if (print_running(c, saving_printed, s) != ERR_OK) {
		call->data = NULL;
		free(s);
		return cli_fail(call, "no memory");
	}
	return CLI_ANSWER_PENDING;
}

/* --- keeping the running configuration in chassis.db ------------------------------------------------------------------ */

/* Is the file that is written to still the one by that name? Writing to one that was removed never fails. */
static bool
is_store_there(const struct chassis *c)
{
	char path[4096];
	struct stat st;

	snprintf(path, sizeof path, "%s/chassis.db", c->options.root);
	return stat(path, &st) == 0 && st.st_ino == c->store_inode;
}

static void
keep_done(void *arg, enum err e, const char *why)
{
	struct chassis *c = arg;

	if (e == ERR_OK && !is_store_there(c)) {
		e = ERR_CORRUPT;
		why = "chassis.db was removed or replaced: nothing is kept, save the configuration and restart";
	}
	c->is_keeping = false;
	alarm_set(c, "store", e != ERR_OK, e != ERR_OK ? why : "");
	if (c->is_keep_again)
		config_keep_soon(c);
	else if (e != ERR_OK && c->keep_ev != NULL)
		event_add(c->keep_ev, &(struct timeval){KEEP_AGAIN_S, 0});
}

static void
keep_printed(struct chassis *c, void *arg, char *take_text, size_t len)
{
	(void)arg;
	if (take_text != NULL && store_config_take(c->store, take_text, len, keep_done, c) == ERR_OK)
		return;
	free(take_text);
	keep_done(c, ERR_SYSTEM, "the running configuration could not be kept in chassis.db");
}

static void
on_keep(evutil_socket_t fd, short what, void *arg)
{
	struct chassis *c = arg;

	(void)fd;
	(void)what;
	c->is_keep_again = c->is_keeping;
	if (c->is_keeping)
		return;
	c->is_keeping = print_running(c, keep_printed, NULL) == ERR_OK;
}

/* At the end there is nobody left to be held up: what is not yet kept is printed whole; store_close writes it. */
void
config_keep_now(struct chassis *c)
{
	struct print_job j = {.chassis = c};
	struct text out = {.write = print_job_write, .arg = &j};
	bool is_due = c->is_keeping || evtimer_pending(c->apply_ev, NULL) || (c->keep_ev != NULL && evtimer_pending(c->keep_ev, NULL));

	if (!is_due)
		return;
	cfg_print_all(cli_running(c->cli), &out);
	if (j.is_short_of_memory || store_config_take(c->store, j.text, j.len, NULL, NULL) != ERR_OK)
		free(j.text);
}

void
config_keep_soon(struct chassis *c)
{
	struct timeval tv = {0, KEEP_MS * 1000};

	if (c->keep_ev == NULL)
		c->keep_ev = evtimer_new(c->base, on_keep, c);
	if (c->keep_ev != NULL)
		event_add(c->keep_ev, &tv);
}
