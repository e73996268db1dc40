/*
 * support.c - show support details icsr: the sixteen outputs of the chapter ("SSD"), in its order.
 *
 * It calls what the commands call and never types a command. All are taken in one loop turn, so that they agree with
 * each other; the largest, a thousand lost calls, takes about a millisecond.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "chassis/chassis.h"
#include "store/file_save.h"

/* A command without show is not there yet: give it its function and it is in every dump. */
static const struct section {
	const char *command;
	void (*show)(struct chassis *c, struct report *r);
	bool needs_link; /* says nothing while service-redundancy-protocol is not configured */
} sections[] = {
    {"show srp info", views_srp_info, true},
    {"show srp checkpoint statistics", views_checkpoint, false},
    {"show srp checkpoint statistics verbose", views_checkpoint_verbose, false},
    {"show srp checkpoint statistics debug-info", views_checkpoint_debug, false},
    {"show srp checkpoint statistics sessmgr all", views_checkpoint_sessmgrs, false},
    {"show srp checkpoint statistics sessmgr all debug-info", views_checkpoint_sessmgrs_debug, false},
    {"show srp checkpoint statistics ipsecmgr all", views_checkpoint_ipsecmgrs, false},
    {"show srp checkpoint statistics sessmgr all write-list-stats", views_checkpoint_write_lists, false},
    {"show srp checkpoint info", views_checkpoint_info, false},
    {"show srp monitor", monitors_report, false},
    {"show srp monitor all", monitors_report_all, false},
    {"show srp monitor diameter debug", monitors_report_diameter_debug, false},
    {"show srp statistics", views_srp_statistics, true},
    {"show srp call-loss statistics", views_call_loss, false},
    {"show srp audit-statistics", views_audit, false},
    {"show session subsystem facility sessmgr all debug-info", NULL, false},
};

static void
put_one(struct chassis *c, const struct section *s, struct text *out)
{
	struct report r;

	report_begin(&r, out, false);
	s->show(c, &r);
	report_end(&r);
}

static void
put_all(struct chassis *c, struct text *out)
{
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		const struct section *s = &sections[i];

		text_printf(out, "%s******** %s *******\n", i > 0 ? "\n" : "", s->command);
		if (s->show == NULL)
			text_put(out, "This command is not there yet in this release.\n");
		else if (s->needs_link && !srp_link_is_started(c->srp))
			text_put(out, "service-redundancy-protocol is not configured\n");
		else
			put_one(c, s, out);
	}
}

/* --- to file ------------------------------------------------------------------------------------------------------ */

/* Outlives the operator's session: the file is written all the same. */
struct dump {
	struct cli_call *call; /* NULL: the operator has gone */
	char url[STORE_URL_MAX + 1];
	struct timespec begun;
};

static void
dump_ended(struct cli_call *call)
{
	struct dump *d = call->data;

	if (d != NULL)
		d->call = NULL;
}

static void
dump_done(void *arg, const char *why, char *take_data, size_t len)
{
	struct dump *d = arg;
	struct cli_call *call = d->call;
	struct timespec now;
	double s;

	free(take_data);
	clock_gettime(CLOCK_MONOTONIC, &now);
	s = (double)(now.tv_sec - d->begun.tv_sec) + (double)(now.tv_nsec - d->begun.tv_nsec) / 1e9;
	if (call != NULL) {
		call->data = NULL;
		if (why != NULL)
			(void)cli_fail(call, "%s not written: %s", d->url, why);
		else
			text_printf(call->out, "Transferred %zu bytes in %.3f seconds (%.1f KB/sec)\n", len, s,
			            s > 0 ? (double)len / 1024 / s : 0.0);
		cli_session_finish(call->session, why == NULL);
	}
	free(d);
}

static enum cli_answer
to_file(struct cli_call *call, const char *path)
{
	struct chassis *c = call->app;
	struct dump *d = calloc(1, sizeof *d);
	struct text_grown g;
	struct text out;

	if (d == NULL)
		return cli_fail(call, "no memory");
	snprintf(d->url, sizeof d->url, "%s", cli_arg_str(call, "url"));
	d->call = call;
	clock_gettime(CLOCK_MONOTONIC, &d->begun);
	text_grown_init(&g, &out);
	put_all(c, &out);
	if (g.is_cut) {
		free(g.data);
		free(d);
		return cli_fail(call, "no memory");
	}
	if (file_save(c->base, path, g.data, g.len, dump_done, d) != ERR_OK) {
		free(d);
		return cli_fail(call, "the file cannot be written now");
	}
	call->data = d;
	call->ended = dump_ended;
	return CLI_ANSWER_PENDING;
}

enum cli_answer
support_show(struct cli_call *call)
{
	const char *url = cli_arg_str(call, "url");
	char path[4096];

	if (url == NULL) {
		put_all(call->app, call->out);
		return CLI_ANSWER_DONE;
	}
	if (config_path(call->app, url, path, sizeof path) != ERR_OK)
		return cli_fail(call, "%s is not a file under /flash", url);
	return call->is_confirmed ? to_file(call, path) : CLI_ANSWER_ASK;
}
