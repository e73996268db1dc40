/*
 * history_show.c - show srp history: ten thousand transitions of each chassis are more than the loop can show in one
 * turn. A copy of them is shown by a thread, and what came of it is printed in slices.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chassis/history_internal.h"
#include "chassis/offload.h"
#include "srp/srp_history_show.h"

enum { BYTES_PER_SLICE = 16384 };

/* Outlives the operator's session until the thread is done. */
struct history_told {
	struct history_told *next;
	struct chassis *chassis;
	struct cli_call *call; /* NULL: the operator has gone */
	struct offload *work;  /* NULL: done */
	bool is_verbose, is_json;
	struct srp_history_view view; /* of the copies */
	struct srp_history_entry *own, *peer;
	struct srp_lost_call *names;
	char why_unsaved[160];
	struct text_grown text;
	size_t pos;
};

/* --- the copy -------------------------------------------------------------------------------------------------- */

static size_t
named(const struct srp_history_entry *list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++)
		n += list[i].named;
	return n;
}

static struct srp_lost_call *
copy_names(struct srp_history_entry *list, size_t count, struct srp_lost_call *to)
{
	for (size_t i = 0; i < count; i++)
		if (list[i].named > 0) {
			memcpy(to, list[i].names, list[i].named * sizeof *to);
			list[i].names = to;
			to += list[i].named;
		}
	return to;
}

/* copy - what is shown, as it is now: the loop goes on changing it. False: no memory. */
static bool
copy(struct history_told *t)
{
	struct srp_history_list *l = &t->view.list;
	struct srp_lost_call *end;

	history_view(t->chassis, &t->view);
	t->own = malloc((l->own_count + 1) * sizeof *t->own);
	t->peer = malloc((l->peer_count + 1) * sizeof *t->peer);
	t->names = malloc((named(l->own, l->own_count) + named(l->peer, l->peer_count) + 1) * sizeof *t->names);
	if (t->own == NULL || t->peer == NULL || t->names == NULL)
		return false;
	if (l->own_count > 0)
		memcpy(t->own, l->own, l->own_count * sizeof *t->own);
	if (l->peer_count > 0)
		memcpy(t->peer, l->peer, l->peer_count * sizeof *t->peer);
	end = copy_names(t->own, l->own_count, t->names);
	(void)copy_names(t->peer, l->peer_count, end);
	l->own = t->own;
	l->peer = t->peer;
	snprintf(t->why_unsaved, sizeof t->why_unsaved, "%s", t->view.unsaved_why);
	t->view.unsaved_why = t->why_unsaved;
	return true;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static void
told_free(struct history_told *t)
{
	struct history_told **at = &t->chassis->history->showing;

	while (*at != NULL && *at != t)
		at = &(*at)->next;
	if (*at == t)
		*at = t->next;
	free(t->own);
	free(t->peer);
	free(t->names);
	free(t->text.data);
	free(t);
}

static void
told_ended(struct cli_call *call)
{
	struct history_told *t = call->data;

	if (t == NULL)
		return;
	t->call = NULL;
	if (t->work == NULL)
		told_free(t);
}

static void
fail(struct history_told *t)
{
	struct cli_call *call = t->call;

	call->data = NULL;
	told_free(t);
	(void)cli_fail(call, "no memory");
	cli_session_finish(call->session, false);
}

static enum cli_answer
told_step(struct cli_call *call)
{
	struct history_told *t = call->data;
	size_t left = t->text.len - t->pos, n = left < BYTES_PER_SLICE ? left : BYTES_PER_SLICE;

	if (n > 0)
		call->out->write(call->out->arg, t->text.data + t->pos, n);
	t->pos += n;
	return t->pos < t->text.len ? CLI_ANSWER_MORE : CLI_ANSWER_DONE;
}

/* On a thread. */
static void
make(void *arg)
{
	struct history_told *t = arg;
	struct report r;
	struct text out;

	text_grown_init(&t->text, &out);
	report_begin(&r, &out, t->is_json);
	srp_show_history(&t->view, t->is_verbose, 0, &r);
	report_end(&r);
	t->text.is_cut |= r.is_cut;
}

static void
made(void *arg)
{
	struct history_told *t = arg;

	t->work = NULL;
	if (t->call == NULL)
		told_free(t);
	else if (t->text.is_cut)
		fail(t);
	else
		cli_session_go_on(t->call->session);
}

void
history_show_end(struct history *h)
{
	while (h->showing != NULL) {
		struct history_told *t = h->showing;

		if (t->work != NULL)
			offload_wait(t->work);
		told_free(t);
	}
}

enum cli_answer
history_show(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct history_told *t = calloc(1, sizeof *t);

	if (t == NULL)
		return cli_fail(call, "no memory");
	*t = (struct history_told){.next = c->history->showing,
	                           .chassis = c,
	                           .call = call,
	                           .is_verbose = cli_arg_has(call, "verbose"),
	                           .is_json = cli_wants_json(call)};
	c->history->showing = t;
	if (!copy(t) || (t->work = offload_new(c->base, make, made, t)) == NULL) {
		told_free(t);
		return cli_fail(call, "no memory");
	}
	call->data = t;
	call->step = told_step;
	call->ended = told_ended;
	return CLI_ANSWER_PENDING;
}
