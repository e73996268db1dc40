/*
 * config_save.c - the running configuration to files and into chassis.db.
 *
 * It is printed in slices and written by threads, so that no hello waits for a long configuration. Every change and
 * every save becomes a generation; changes that come within KEEP_MS, or while the one before is being written, become
 * one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "chassis/chassis.h"
#include "store/file_save.h"

enum { LINES_PER_SLICE = 200, KEEP_MS = 10, KEEP_AGAIN_S = 5 };

/* --- printing into memory, in slices ------------------------------------------------------------------------------ */

struct print_job {
	struct chassis *chassis;
	struct cfg_print print;
	struct text_grown grown;
	struct text out;
	struct event *ev;
	void (*done)(struct chassis *c, void *arg, char *take_text, size_t len); /* NULL text: no memory */
	void *arg;
};

static void
print_job_end(struct print_job *j)
{
	if (j->grown.is_cut) {
		free(j->grown.data);
		j->grown.data = NULL;
	}
	j->done(j->chassis, j->arg, j->grown.data, j->grown.len);
	event_free(j->ev);
	free(j);
}

static void
on_print_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct print_job *j = arg;
	enum err e = cfg_print_step(&j->print, &j->out, LINES_PER_SLICE);

	(void)fd;
	(void)what;
	if (e == ERR_REFUSED) { /* it was changed meanwhile: from the start */
		j->grown.len = 0;
		cfg_print_init(&j->print, cli_running(j->chassis->cli), CFG_ALL, NULL);
	}
	if (e == ERR_OK || j->grown.is_cut)
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
	text_grown_init(&j->grown, &j->out);
	cfg_print_init(&j->print, cli_running(c->cli), CFG_ALL, NULL);
	j->ev = evtimer_new(c->base, on_print_slice, j);
	if (j->ev == NULL) {
		free(j);
		return ERR_SYSTEM;
	}
	event_add(j->ev, &zero);
	return ERR_OK;
}

/* --- save configuration -------------------------------------------------------------------------------------- */

/* Outlives the operator's session: the file is written all the same. */
struct saving {
	struct chassis *chassis;
	struct cli_call *call; /* NULL: the operator has gone */
	struct store_generation about;
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
saving_done(void *arg, const char *why, char *take_text, size_t len)
{
	struct saving *s = arg;
	struct cli_call *call = s->call;

	/* the file stands whether or not the archive can take it too */
	if (why != NULL || store_config_take(s->chassis->store, take_text, len, &s->about, NULL, NULL) != ERR_OK)
		free(take_text);
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
		saving_done(s, "no memory", NULL, 0);
	else if (file_save(c->base, s->path, take_text, len, saving_done, s) != ERR_OK)
		saving_done(s, strerror(errno), NULL, 0);
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
	s->chassis = c;
	s->call = call;
	s->about = (struct store_generation){.at_s = time(NULL), .is_saved = true};
	snprintf(s->about.who, sizeof s->about.who, "%s", cli_session_user(call->session));
	snprintf(s->about.what, sizeof s->about.what, "saved as %s", s->url);
	call->data = s;
	call->ended = saving_ended;
	if (print_running(c, saving_printed, s) != ERR_OK) {
		call->data = NULL;
		free(s);
		return cli_fail(call, "no memory");
	}
	return CLI_ANSWER_PENDING;
}

/* --- keeping the running configuration in chassis.db --------------------------------------------------------- */

void
config_changed(struct chassis *c)
{
	const char *who = c->load_what[0] != '\0' ? c->load_who : cli_actor(c->cli);
	const char *what = c->load_what[0] != '\0' ? c->load_what : "changed";
	struct store_generation *g = &c->change;

	if (g->who[0] == '\0') {
		snprintf(g->who, sizeof g->who, "%s", who[0] != '\0' ? who : "system");
		snprintf(g->what, sizeof g->what, "%s", what);
		return;
	}
	if (strcmp(g->who, who) != 0)
		snprintf(g->who, sizeof g->who, "several");
	if (strcmp(g->what, what) != 0)
		snprintf(g->what, sizeof g->what, "changed");
}

/* The text is final: what was changed until now is in it. */
static enum err
keep_text(struct chassis *c, char *take_text, size_t len, store_done_fn *done)
{
	c->keeping = c->change;
	c->keeping.at_s = time(NULL);
	c->change = (struct store_generation){0};
	return store_config_take(c->store, take_text, len, &c->keeping, done, c);
}

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
	if (e != ERR_OK && c->change.who[0] == '\0')
		c->change = c->keeping; /* it is still theirs when it is tried again */
	if (c->is_keep_again)
		config_keep_soon(c);
	else if (e != ERR_OK && c->keep_ev != NULL)
		event_add(c->keep_ev, &(struct timeval){KEEP_AGAIN_S, 0});
}

static void
keep_printed(struct chassis *c, void *arg, char *take_text, size_t len)
{
	(void)arg;
	if (take_text != NULL && keep_text(c, take_text, len, keep_done) == ERR_OK)
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
	struct text_grown grown;
	struct text out;
	bool is_due = c->is_keeping || evtimer_pending(c->apply_ev, NULL) ||
	              (c->keep_ev != NULL && evtimer_pending(c->keep_ev, NULL));

	if (!is_due)
		return;
	text_grown_init(&grown, &out);
	cfg_print_all(cli_running(c->cli), &out);
	if (grown.is_cut || keep_text(c, grown.data, grown.len, NULL) != ERR_OK)
		free(grown.data);
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
