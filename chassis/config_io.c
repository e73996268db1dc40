/*
 * config_io.c - the running configuration from files and from chassis.db; config_save.c is the other direction.
 *
 * At start the boot entries are tried by priority, then the configuration kept in chassis.db; what cannot be read or
 * has not one good line is passed over. While running, files are read in slices, so that no hello waits for a long
 * configuration.
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

enum { LINES_PER_SLICE = 200, FILE_BYTES_MAX = 16 << 20 };

enum err
config_path(const struct chassis *c, const char *url, char *buf, size_t cap)
{
	int n = snprintf(buf, cap, "%s%s", c->options.root, url);

	return n > 0 && (size_t)n < cap && strncmp(url, "/flash/", 7) == 0 && strstr(url, "..") == NULL ? ERR_OK
	                                                                                                : ERR_RANGE;
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
		while (text != NULL && *len < (size_t)st.st_size &&
		       (n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0)
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

/* load_end - the end of the file: changes are noted as this load's. @who is borrowed for the call. */
static void
load_end(struct load *l, const char *who)
{
	struct chassis *c = l->chassis;

	c->load_who = who;
	snprintf(c->load_what, sizeof c->load_what, "loaded from %s", l->name);
	l->refused = cfg_load_end(l->loader);
	c->load_what[0] = '\0';
	log_event(LOG_CONFIG_LOADED, l->name, l->lines, l->refused);
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
	c->load_refused = l.refused;
	if (is_good) {
		char text[ALARM_TEXT_MAX];

		snprintf(text, sizeof text, "%u line%s of %s refused at the start: show logs names them", l.refused,
		         l.refused == 1 ? "" : "s", name);
		alarm_set(c, "config", l.refused > 0, text);
		c->load_who = "system";
		snprintf(c->load_what, sizeof c->load_what, "loaded at the start from %s", name);
		cli_swap(c->cli, cfg);
		c->load_what[0] = '\0';
		log_event(LOG_CONFIG_LOADED, name, l.lines, l.refused);
	} else {
		log_event(LOG_CONFIG_NONE, name, "not one line of it is a configuration");
		cfg_free(cfg);
		cli_features_settle(c->cli, cli_running(c->cli)); /* its license key went with it */
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

		if (b->config[0] != '\0' && load_url_at_start(c, b->config)) {
			snprintf(c->boot_image, sizeof c->boot_image, "%s", b->image);
			return;
		}
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
	load_end(l, cli_session_user(call->session));
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
	load_end(l, cli_session_user(call->session));
	call->data = NULL;
	if (l->refused > 0)
		text_printf(call->out, "Failure: %s: %u of %u lines refused, the others are in force\n", l->name,
		            l->refused, l->lines);
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
