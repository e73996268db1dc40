/* config_errors.c - what a configuration holds that does not work, section by section. */
#include "chassis/config_errors.h"

#include <assert.h>

#include "chassis/chassis.h"
#include "chassis/chassis_cmds.h"
#include "srp/srp_errors_show.h"

enum { LINES_PER_STEP = 500 };

/* --- services, access points and pools ---------------------------------------------------------------------------- */

/* gateway_config_check writes a line per fault; each is a finding. */
struct fault_lines {
	struct cfg_report *report;
	char line[256];
	size_t len;
};

static void
fault_write(void *arg, const char *s, size_t n)
{
	struct fault_lines *f = arg;

	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\n') {
			if (f->len < sizeof f->line - 1)
				f->line[f->len++] = s[i];
			continue;
		}
		f->line[f->len] = '\0';
		f->len = 0;
		cfg_report_error(f->report, NULL, NULL, "%s", f->line);
	}
}

static void
gateway_errors(const struct config_errors *e, struct cfg_report *r)
{
	const struct cfg *cfg = e->walk.cfg;
	struct fault_lines f = {.report = r};
	struct text text = {.write = fault_write, .arg = &f};
	struct gateway_config g;

	apply_read_gateway(cfg, (unsigned)cfg_leaf_uint(cfg, cfg_root(cfg), CHASSIS_ROW_SESSMGR), &g);
	(void)gateway_config_check(&g, &text);
}

/* --- the report ---------------------------------------------------------------------------------------------- */

/* A section looks at the whole, or at line after line and says which blocks need not be entered. */
struct section {
	const char *title;
	void (*whole)(const struct config_errors *e, struct cfg_report *r);
	bool (*line)(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line);
};

static bool
secret_errors(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line)
{
	cfg_report_secret(r, cfg, line);
	return false;
}

static void
srp_errors(const struct config_errors *e, struct cfg_report *r)
{
	srp_show_errors(e->walk.cfg, r, e->peer);
}

static void
service_errors(const struct config_errors *e, struct cfg_report *r)
{
	config_service_errors(e->walk.cfg, r);
}

/* The sections that look at the whole come first: config_findings takes those. */
static const struct section sections[] = {
    {.title = "SRP Configuration errors", .whole = srp_errors},
    {.title = "Core service redundancy errors", .whole = service_errors},
    {.title = "GGSN-service system errors", .whole = gateway_errors},
    {.title = "Encrypted secret errors", .line = secret_errors},
    {.title = "Commands without effect yet", .line = cfg_report_idle},
};

enum { SECTIONS = sizeof sections / sizeof sections[0] };

void
config_errors_init(struct config_errors *e, const struct cfg *cfg, struct text *out, bool is_verbose)
{
	*e = (struct config_errors){.section = 0};
	cfg_report_init(&e->report, out, is_verbose);
	cfg_walk_init(&e->walk, cfg);
	cfg_report_begin(&e->report, sections[0].title);
}

static void
next_section(struct config_errors *e)
{
	cfg_report_end(&e->report);
	if (++e->section == SECTIONS)
		return;
	cfg_walk_init(&e->walk, e->walk.cfg);
	cfg_report_begin(&e->report, sections[e->section].title);
}

enum err
config_errors_step(struct config_errors *e)
{
	const struct section *s = &sections[e->section];
	const struct cfg_node *line = NULL;

	if (cfg_walk_is_stale(&e->walk))
		return ERR_REFUSED;
	if (s->whole != NULL)
		s->whole(e, &e->report);
	for (unsigned i = 0; s->line != NULL && i < LINES_PER_STEP; i++) {
		line = cfg_walk_next(&e->walk);
		if (line == NULL)
			break;
		if (s->line(&e->report, e->walk.cfg, line))
			cfg_walk_skip(&e->walk);
	}
	if (line == NULL)
		next_section(e);
	return e->section == SECTIONS ? ERR_OK : ERR_SHORT;
}

/* --- for the pair -------------------------------------------------------------------------------------------- */

static const struct srp_hello *
peer_hello(const struct chassis *c)
{
	const struct srp *e = srp_link_engine(c->srp);

	return srp_link_is_started(c->srp) && e->is_peer_heard ? &e->peer : NULL;
}

/* Of the report only the number of errors and the first one are wanted. */
static void
write_nowhere(void *arg, const char *s, size_t n)
{
	(void)arg;
	(void)s;
	(void)n;
}

uint32_t
config_findings(struct chassis *c, char *first, size_t cap)
{
	struct text nowhere = {.write = write_nowhere}, words;
	struct text_fixed fixed;
	struct config_errors e;

	text_fixed_init(&fixed, &words, first, cap);
	config_errors_init(&e, cli_running(c->cli), &nowhere, false);
	e.report.first = &words;
	e.peer = peer_hello(c);
	while (e.section < SECTIONS && sections[e.section].whole != NULL && config_errors_step(&e) == ERR_SHORT)
		;
	return e.report.all_errors;
}

static enum cli_answer
step_errors(struct cli_call *call)
{
	switch (config_errors_step((struct config_errors *)call->state)) {
	case ERR_OK:
		return CLI_ANSWER_DONE;
	case ERR_SHORT:
		return CLI_ANSWER_MORE;
	default:
		return cli_fail(call, "the configuration has changed while it was looked at, please try again");
	}
}

enum cli_answer
config_show_errors(struct cli_call *call)
{
	struct chassis *c = call->app;

	static_assert(sizeof(struct config_errors) <= sizeof call->state, "the report fits into a call");
	config_errors_init((struct config_errors *)call->state, cli_running(c->cli), call->out,
	                   cli_arg_has(call, "verbose"));
	((struct config_errors *)call->state)->peer = peer_hello(c);
	call->step = step_errors;
	return step_errors(call);
}
