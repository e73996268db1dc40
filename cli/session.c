/*
 * session.c - one operator at the command line: a line in, text out, and what it waits for.
 *
 * A command is carried out at once, or asks first, or goes on in steps, or waits for the application. No
 * sockets: whoever owns the session moves the bytes.
 */
#include "cli/session.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hits.h"

static const char question[] = "Are you sure? [Yes|No]: ";

/* session_write - output of a handler: the time stamp before it, then the filters. */
static void
session_write(void *arg, const char *bytes, size_t n)
{
	struct cli_session *s = arg;

	if (s->owes_timestamp) {
		s->owes_timestamp = false;
		session_timestamp(s, &s->out);
	}
	if (s->filters.count)
		filters_write(&s->filters, bytes, n);
	else
		s->out.write(s->out.arg, bytes, n);
}

struct cli_session *
cli_session_new(struct cli *cli, const char *user, enum cli_privilege privilege, struct text out,
                void (*notify)(void *arg, struct cli_result result), void *arg)
{
	struct cli_session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->cli = cli;
	snprintf(s->user, sizeof s->user, "%s", user);
	s->privilege = privilege;
	s->out = out;
	s->notify = notify;
	s->arg = arg;
	s->sink = (struct text){.write = session_write, .arg = s};
	s->filters.out = out;
	snprintf(s->context, sizeof s->context, "local");
	place_init(&s->place);
	return s;
}

static void
call_ended(struct cli_session *s)
{
	if (s->call.ended)
		s->call.ended(&s->call);
	memset(&s->call, 0, sizeof s->call);
}

/* session_acts - what changes from now on is this user's doing. */
static void
session_acts(struct cli_session *s)
{
	snprintf(s->cli->actor, sizeof s->cli->actor, "%s", s->user);
}

static void
write_nowhere(void *arg, const char *bytes, size_t n)
{
	(void)arg, (void)bytes, (void)n;
}

void
cli_session_free(struct cli_session *s)
{
	struct text nowhere = {.write = write_nowhere};

	if (!s)
		return;
	session_acts(s);
	s->filters.out = nowhere;
	filters_end(&s->filters);
	call_ended(s);
	place_up(&s->place, s->cli->running, 0, &nowhere);
	free(s);
}

/* --- the end of a command -------------------------------------------------------------------------------- */

static struct cli_result
finish(struct cli_session *s, bool has_failed)
{
	filters_end(&s->filters);
	call_ended(s);
	s->state = CLI_STATE_DONE;
	return (struct cli_result){s->is_leaving ? CLI_STATE_EXIT : CLI_STATE_DONE, has_failed};
}

static struct cli_result
waits(struct cli_session *s, enum cli_state state)
{
	s->state = state;
	return (struct cli_result){state, false};
}

static struct cli_result
answered(struct cli_session *s, enum cli_answer answer)
{
	switch (answer) {
	case CLI_ANSWER_DONE:
		return finish(s, false);
	case CLI_ANSWER_FAILED:
		return finish(s, true);
	case CLI_ANSWER_ASK:
		if (!s->call.is_confirmed)
			return waits(s, CLI_STATE_ASKS);
		return finish(s, true);
	case CLI_ANSWER_MORE:
		assert(s->call.step);
		return waits(s, CLI_STATE_MORE);
	case CLI_ANSWER_PENDING:
		return waits(s, CLI_STATE_PENDING);
	}
	return finish(s, true);
}

/* --- carrying out --------------------------------------------------------------------------------------------- */

static struct cli_result
carry_out(struct cli_session *s)
{
	const struct cli_row *row = s->bound.row;
	const struct cli_handler *h = &s->cli->handlers[row->id];

	if (row->kind == CLI_LEAF || row->kind == CLI_OPENS)
		return finish(s, cli_apply(s->cli, &s->place, s->cli->running, &s->bound, &s->out) != ERR_OK);
	s->call.app = s->cli->setup.app;
	s->call.session = s;
	s->call.line = &s->bound;
	s->call.out = &s->sink;
	s->call.is_no = s->bound.how == CLI_HOW_NO;
	s->call.is_default = s->bound.how == CLI_HOW_DEFAULT;
	s->call.context = s->context;
	if (!h->run) {
		text_put(&s->out, "Failure: this command is not available here\n");
		return finish(s, true);
	}
	hits_count("run", "command", row->id);
	if (row->mode == &cli_exec_mode && s->cli->setup.hooks.settle != NULL)
		s->cli->setup.hooks.settle(s->cli->setup.app);
	return answered(s, h->run(&s->call));
}

/* asks_first - does the row want a yes before anything happens? */
static bool
asks_first(struct cli_session *s)
{
	const struct cli_bound *line = &s->bound;
	const char *name = cli_bound_str(line, "name");
	bool is_there;

	if (!(line->row->flags & CLI_ASKS_NEW) || (name && strcmp(name, "local") == 0))
		return false;
	is_there = cfg_lookup(s->cli->running, place_block(&s->place, s->cli->running), line) != NULL;
	return is_there == (line->how != CLI_HOW_PLAIN);
}

/* is_on - the operator's own choice, or else whether the configuration holds the line @row_id. */
static bool
is_on(const struct cli_session *s, enum session_choice choice, uint16_t row_id)
{
	const struct cfg *cfg = s->cli->running;

	if (choice != SESSION_AS_CONFIGURED)
		return choice == SESSION_ON;
	return cfg_first(cfg, cfg_root(cfg), row_id) != NULL;
}

static struct cli_result
answer_line(struct cli_session *s, const char *line, size_t n)
{
	char word[8] = "";
	size_t used = 0;
	unsigned depth;

	for (size_t i = 0; i < n && used < sizeof word - 1; i++)
		if (!isspace((unsigned char)line[i]))
			word[used++] = line[i];
	if (strcasecmp(word, "y") != 0 && strcasecmp(word, "yes") != 0) {
		text_put(&s->out, "Action aborted\n");
		return finish(s, true);
	}
	depth = s->place.depth;
	place_settle(&s->place, s->cli->running);
	if (depth != s->place.depth) {
		text_put(&s->out, "Failure: somebody else has removed this block meanwhile\n");
		return finish(s, true);
	}
	s->call.is_confirmed = true;
	return carry_out(s);
}

/* remark - #exit leaves a block, but never configuration itself; nothing else in a remark counts. */
static struct cli_result
remark(struct cli_session *s, bool is_exit)
{
	if (!is_exit || s->place.depth < 2)
		return finish(s, false);
	return finish(s, place_up(&s->place, s->cli->running, s->place.depth - 1, &s->out) != ERR_OK);
}

const struct cli_mode *
session_mode(struct cli_session *s, struct words *w, unsigned full)
{
	if (s->place.depth == 0 || full < 2 || w->is_quoted[0] || w->is_quoted[1] ||
	    strcasecmp(w->word[0], "do") != 0 || w->word[1][0] == '\0' || !words_begins("show", w->word[1]))
		return place_mode(&s->place);
	w->count--;
	memmove(w->word, w->word + 1, w->count * sizeof w->word[0]);
	memmove(w->is_quoted, w->is_quoted + 1, w->count * sizeof w->is_quoted[0]);
	return &cli_exec_mode;
}

/* parse - @line to s->words, s->filters and s->bound; false when it was refused and said so. */
static bool
parse(struct cli_session *s, const char *line, size_t n)
{
	size_t bar = words_bar(line, n);
	const struct cli_mode *mode;
	struct text_fixed f;
	struct text why;
	char said[400];

	text_fixed_init(&f, &why, said, sizeof said);
	if (words_split(line, bar, &s->words, &why)) {
		text_printf(&s->out, "Failure: %s\n", said);
		return false;
	}
	if (s->words.count == 0) {
		text_put(&s->out, "Incomplete command\n");
		return false;
	}
	if (filters_parse(&s->filters, line + bar, n - bar, &s->out))
		return false;
	for (unsigned i = 0; i < s->filters.count; i++)
		s->is_paged |= s->filters.filter[i].kind == FILTER_MORE;
	mode = session_mode(s, &s->words, s->words.count);
	if (mode != place_mode(&s->place))
		hits_count("run", "command", CLI_ROW_DO_SHOW);
	if (cli_bind(s->cli, mode, s->privilege, &s->words, &s->bound, &s->out))
		return false;
	if (!filters_want_json(&s->filters) || s->bound.row->flags & CLI_HAS_JSON)
		return true;
	text_put(&s->out, "Failure: this command has no JSON form\n");
	return false;
}

struct cli_result
cli_session_line(struct cli_session *s, const char *line, size_t n)
{
	bool is_exit;

	if (s->state == CLI_STATE_MORE || s->state == CLI_STATE_PENDING)
		return (struct cli_result){s->state, false};
	session_acts(s);
	if (s->state == CLI_STATE_ASKS)
		return answer_line(s, line, n);
	while (n > 0 && (line[n - 1] == '\r' || line[n - 1] == '\n'))
		n--;
	s->is_paged = false;
	place_settle(&s->place, s->cli->running);
	if (words_remark(line, n, &is_exit))
		return remark(s, is_exit);
	if (!parse(s, line, n))
		return finish(s, true);
	/* a line before it would make no document of it */
	s->owes_timestamp = is_on(s, s->timestamps, CLI_ROW_TIMESTAMPS) && !filters_want_json(&s->filters);
	s->call.is_confirmed = s->bound.has_noconfirm || is_on(s, s->autoconfirm, CLI_ROW_AUTOCONFIRM);
	if (asks_first(s) && !s->call.is_confirmed)
		return waits(s, CLI_STATE_ASKS);
	return carry_out(s);
}

struct cli_result
cli_session_step(struct cli_session *s)
{
	if (s->state != CLI_STATE_MORE)
		return (struct cli_result){s->state, false};
	session_acts(s);
	return answered(s, s->call.step(&s->call));
}

struct cli_result
cli_session_interrupt(struct cli_session *s)
{
	if (s->state == CLI_STATE_DONE)
		return (struct cli_result){CLI_STATE_DONE, false};
	text_put(&s->out, s->state == CLI_STATE_ASKS ? "Action aborted\n" : "Command interrupted\n");
	return finish(s, true);
}

void
cli_session_finish(struct cli_session *s, bool ok)
{
	struct cli_result r;

	if (s->state != CLI_STATE_PENDING)
		return;
	r = finish(s, !ok);
	if (s->notify)
		s->notify(s->arg, r);
}

void
cli_session_go_on(struct cli_session *s)
{
	struct cli_result r;

	if (s->state != CLI_STATE_PENDING)
		return;
	assert(s->call.step);
	r = waits(s, CLI_STATE_MORE);
	if (s->notify)
		s->notify(s->arg, r);
}

/* --- the prompt ------------------------------------------------------------------------------------------------ */

/* prompt_mode - "(config-port-1/10)": the mode's fragment with its key. */
static void
prompt_mode(const struct cli_session *s, struct text *out)
{
	const struct cli_mode *mode = place_mode(&s->place);
	struct cfg *cfg = s->cli->running;
	const struct cfg_node *block = place_block(&s->place, cfg);
	const char *fragment = mode->prompt;
	const char *key;

	if (!block)
		return;
	if (mode->prompt_if && cfg_has(cfg, block, mode->prompt_if))
		fragment = mode->prompt_then;
	key = strstr(fragment, "%k");
	if (!key)
		text_printf(out, "(%s)", fragment);
	else
		text_printf(out, "(%.*s%s)", (int)(key - fragment), fragment, cfg_leaf_key(cfg, block));
}

/* prompt_context - the name in the brackets: of the innermost context block, local in global configuration. */
static const char *
prompt_context(const struct cli_session *s)
{
	struct cfg *cfg = s->cli->running;

	for (unsigned d = s->place.depth; d > 1; d--) {
		const struct cfg_node *block = cfg_deref(cfg, s->place.block[d]);

		if (block && s->place.mode[d]->is_context)
			return cfg_leaf_key(cfg, block);
	}
	return s->place.depth ? "local" : s->context;
}

const char *
cli_session_prompt(const struct cli_session *s, char *buf, size_t cap)
{
	struct text_fixed f;
	struct text out;

	text_fixed_init(&f, &out, buf, cap);
	if (s->state == CLI_STATE_ASKS) {
		text_put(&out, question);
		return buf;
	}
	text_printf(&out, "[%s]%s", prompt_context(s), cli_hostname(s->cli));
	prompt_mode(s, &out);
	text_put(&out, s->privilege >= CLI_ADMINISTRATOR ? "# " : "> ");
	return buf;
}

/* --- what others ask ---------------------------------------------------------------------------------------------- */

const char *
cli_session_user(const struct cli_session *s)
{
	return s->user;
}

bool
cli_session_is_paged(const struct cli_session *s)
{
	return s->is_paged;
}

unsigned
cli_session_length(const struct cli_session *s)
{
	return s->length;
}

enum cli_answer
cli_fail(struct cli_call *call, const char *fmt, ...)
{
	char said[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof said, fmt, ap);
	va_end(ap);
	text_printf(&call->session->out, "Failure: %s\n", said);
	return CLI_ANSWER_FAILED;
}

const char *
cli_bound_str(const struct cli_bound *line, const char *name)
{
	for (unsigned i = 0; i < line->count; i++)
		if (strcmp(line->row->tokens[line->taken[i].token].name, name) == 0)
			return line->text + line->taken[i].at;
	return NULL;
}

bool
cli_bound_has(const struct cli_bound *line, const char *name)
{
	return cli_bound_str(line, name) != NULL;
}

bool
cli_wants_json(const struct cli_call *call)
{
	return filters_want_json(&call->session->filters);
}

const char *
cli_arg_str(const struct cli_call *call, const char *name)
{
	return cli_bound_str(call->line, name);
}

bool
cli_arg_has(const struct cli_call *call, const char *name)
{
	return cli_bound_has(call->line, name);
}

bool
cli_arg_uint(const struct cli_call *call, const char *name, uint64_t *out)
{
	const char *v = cli_arg_str(call, name);

	if (!v || !*v)
		return false;
	*out = strtoull(v, NULL, 10);
	return true;
}
