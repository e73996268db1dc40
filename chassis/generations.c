/*
 * generations.c - show configuration archive and show configuration diff.
 *
 * The list is answered from memory. Lines are read, and compared, by the writer thread of the store, and printed in
 * slices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "chassis/chassis.h"
#include "cli/cfg_diff.h"

enum { BYTES_PER_SLICE = 16384 };

/* --- text that is printed in slices --------------------------------------------------------------------------- */

/* Outlives the operator's session until the thread has answered. */
struct shown {
	struct chassis *chassis;
	struct cli_call *call; /* NULL: the operator has gone */
	bool is_diff, is_read;
	char *text;
	size_t len, pos;
	struct event *ev;
};

static void
shown_free(struct shown *s)
{
	if (s->ev != NULL)
		event_free(s->ev);
	free(s->text);
	free(s);
}

static void
shown_ended(struct cli_call *call)
{
	struct shown *s = call->data;

	if (s == NULL)
		return;
	s->call = NULL;
	if (s->is_read)
		shown_free(s);
}

static void
shown_finish(struct shown *s, bool is_good)
{
	struct cli_call *call = s->call;

	call->data = NULL;
	shown_free(s);
	cli_session_finish(call->session, is_good);
}

static void
on_shown_slice(evutil_socket_t fd, short what, void *arg)
{
	struct timeval zero = {0, 0};
	struct shown *s = arg;
	size_t n = s->len - s->pos < BYTES_PER_SLICE ? s->len - s->pos : BYTES_PER_SLICE;

	(void)fd;
	(void)what;
	if (n > 0)
		s->call->out->write(s->call->out->arg, s->text + s->pos, n);
	s->pos += n;
	if (s->pos < s->len)
		event_add(s->ev, &zero);
	else
		shown_finish(s, true);
}

static void
shown_read(void *arg, enum err e, char *take_text, size_t len)
{
	struct timeval zero = {0, 0};
	struct shown *s = arg;

	s->text = take_text;
	s->len = len;
	s->is_read = true;
	if (s->call == NULL) {
		shown_free(s);
		return;
	}
	if (e != ERR_OK) {
		(void)cli_fail(s->call, "the generation cannot be read: %s", err_text(e));
		shown_finish(s, false);
		return;
	}
	if (s->is_diff && len == 0)
		text_put(s->call->out, "Both generations have the same lines.\n");
	event_add(s->ev, &zero);
}

static enum cli_answer
shown_start(struct cli_call *call, int64_t a, int64_t b, store_make_fn *make)
{
	struct chassis *c = call->app;
	struct shown *s = calloc(1, sizeof *s);

	if (s == NULL)
		return cli_fail(call, "no memory");
	*s = (struct shown){.chassis = c, .call = call, .is_diff = make != NULL};
	s->ev = evtimer_new(c->base, on_shown_slice, s);
	if (s->ev == NULL || store_generation_read(c->store, a, b, make, shown_read, s) != ERR_OK) {
		shown_free(s);
		return cli_fail(call, "the archive is busy, please try again");
	}
	call->data = s;
	call->ended = shown_ended;
	return CLI_ANSWER_PENDING;
}

/* --- show configuration diff ------------------------------------------------------------------------------------- */

/* On the writer thread. */
static enum err
make_diff(const char *a, size_t a_len, const char *b, size_t b_len, char **out, size_t *out_len)
{
	struct text_grown g;
	struct text text;
	enum err e;

	text_grown_init(&g, &text);
	e = cfg_diff(a, a_len, b, b_len, &text);
	if (e == ERR_OK && g.is_cut)
		e = ERR_SYSTEM;
	if (e != ERR_OK) {
		free(g.data);
		return e;
	}
	*out = g.data;
	*out_len = g.len;
	return ERR_OK;
}

enum cli_answer
generations_show_diff(struct cli_call *call)
{
	const char *const names[] = {"from", "to"};
	struct chassis *c = call->app;
	uint64_t number[2] = {0};

	for (int i = 0; i < 2; i++) {
		cli_arg_uint(call, names[i], &number[i]);
		if (store_generation_find(c->store, (int64_t)number[i]) == NULL)
			return cli_fail(call, "generation %llu is not kept, see show configuration archive",
			                (unsigned long long)number[i]);
	}
	return shown_start(call, (int64_t)number[0], (int64_t)number[1], make_diff);
}

/* --- show configuration archive ------------------------------------------------------------------------------ */

static void
show_one(struct cli_call *call, const struct store_generation *g)
{
	time_t at = (time_t)g->at_s;
	char when[40] = "unknown";
	struct tm tm;

	if (localtime_r(&at, &tm) != NULL && g->at_s > 0)
		strftime(when, sizeof when, "%a %b %d %H:%M:%S %Y", &tm);
	text_printf(call->out, "%10lld  %-24s  %-15s  %7u  ", (long long)g->number, when, g->who, g->lines);
	text_escaped(call->out, g->what, strlen(g->what));
	text_put(call->out, "\n");
}

enum cli_answer
generations_show(struct cli_call *call)
{
	struct chassis *c = call->app;
	uint64_t number;

	if (cli_arg_uint(call, "number", &number)) {
		if (store_generation_find(c->store, (int64_t)number) == NULL)
			return cli_fail(call, "generation %llu is not kept, see show configuration archive",
			                (unsigned long long)number);
		return shown_start(call, (int64_t)number, 0, NULL);
	}
	text_put(call->out, "Generation  Date and time             User               Lines  What\n");
	text_put(call->out,
	         "----------  ------------------------  ---------------  -------  ------------------------------\n");
	for (size_t i = 0; i < store_generation_count(c->store); i++)
		show_one(call, store_generation_at(c->store, i));
	return CLI_ANSWER_DONE;
}
