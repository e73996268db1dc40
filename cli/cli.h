/*
 * cli.h - the command line of one chassis: sessions that take lines, Tab and `?`, and give text.
 *
 * Pure of sockets, files and clocks: the application hands in handlers and hooks, and moves bytes
 * (cli_link.c). Everything an operator can type is a row (cmd_rows.h). One struct cli per chassis; its
 * trees are shared by all sessions. Not thread-safe; a handler never feeds a line to a session.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <time.h>

#include "cli/cfg.h"
#include "cli/cmd_rows.h"

struct cli;
struct cli_session;
struct cli_call;

/* What a handler says. */
enum cli_answer {
	CLI_ANSWER_DONE,
	CLI_ANSWER_FAILED,  /* it has said why (cli_fail) */
	CLI_ANSWER_ASK,     /* ask `Are you sure?`; after yes it is called again with is_confirmed */
	CLI_ANSWER_MORE,    /* long output: call->step goes on when the session is stepped */
	CLI_ANSWER_PENDING, /* the application ends it with cli_session_finish */
};

/*
 * One command being carried out. It lives until the command is done; state is the handler's own, zeroed
 * before the first call. ended, when set, is called exactly once (done, failed, interrupted, session gone).
 */
struct cli_call {
	void *app;
	struct cli_session *session;
	const struct cli_bound *line; /* cli_arg_* */
	struct text *out;             /* goes through the filters */
	bool is_no, is_default;
	bool is_confirmed;   /* asked and answered yes, -noconfirm, or autoconfirm */
	const char *context; /* the session's context, "local" at first */
	enum cli_answer (*step)(struct cli_call *call);
	void (*ended)(struct cli_call *call);
	void *data;
	uint64_t state[16];
	struct cfg_print print;
};

struct cli_handler {
	uint16_t row_id;
	enum cli_answer (*run)(struct cli_call *call); /* NULL ends the table */
};

/* What the core asks of the application; any may be NULL. */
struct cli_hooks {
	/* seal - a secret in clear to the text that is stored and printed (NUL-terminated, at most @cap bytes). */
	enum err (*seal)(void *app, const char *clear, char *sealed, size_t cap);
	/* opens - can this chassis open the sealed text? NULL: not known, nothing is said. */
	bool (*opens)(void *app, const char *sealed);
	/* now - wall clock for `timestamps`. */
	time_t (*now)(void *app);
	/* changed - the running configuration has changed; read it again. Called from within cli_session_line. */
	void (*changed)(void *app);
	/* settle - a command of Exec is about to run that may look at what was configured: bring it into force. */
	void (*settle)(void *app);
	/* load - `configure URL`: begin to load; PENDING is usual. The session is not yet in configuration mode. */
	enum cli_answer (*load)(struct cli_call *call, const char *url);
	/*
	 * license - which features @key opens; NULL: which there are without a configured key. ERR_REFUSED and one
	 * sentence in @why when it is no good; without @why nobody asks for it. No hook: all features.
	 */
	enum err (*license)(void *app, const char *key, uint32_t *features, struct text *why);
};

struct cli_setup {
	const struct cli_table *const *tables;     /* NULL-terminated; cli_table is added first by itself */
	const struct cli_handler *const *handlers; /* NULL-terminated list of tables */
	struct cli_hooks hooks;
	void *app;
	uint32_t cfg_nodes; /* 0: CFG_NODES_DEFAULT */
	uint32_t cfg_text;  /* 0: CFG_TEXT_DEFAULT */
};

/* cli_new - checks every row (see cli_check) and builds the trees. NULL: @why says what is wrong with which row. */
struct cli *cli_new(const struct cli_setup *setup, struct text *why);
void cli_free(struct cli *cli); /* sessions first */

/* cli_running - the running configuration. cli_swap - @take becomes the running one, the old one is freed. */
struct cfg *cli_running(struct cli *cli);
void cli_swap(struct cli *cli, struct cfg *take);

/*
 * cli_features_settle - the features of @cfg's license key are in force from now on: after a tree that was loaded is
 * thrown away. cli_swap does it itself.
 */
void cli_features_settle(struct cli *cli, const struct cfg *cfg);

/* cli_hostname - of the running configuration; "starling" when none is set. */
const char *cli_hostname(const struct cli *cli);

/* cli_actor - the user whose line is being carried out or was the last to be; "" before the first. */
const char *cli_actor(const struct cli *cli);

/* cli_reference - every command as Markdown: docs/COMMANDS.md. cli_row_at - walk the rows; NULL past the last. */
void cli_reference(const struct cli *cli, struct text *out);
const struct cli_row *cli_row_at(const struct cli *cli, size_t index);

/* --- sessions --------------------------------------------------------------------------------------- */

enum cli_state {
	CLI_STATE_DONE,    /* show the prompt */
	CLI_STATE_ASKS,    /* show the prompt, which is a question; the next line is its answer */
	CLI_STATE_MORE,    /* call cli_session_step when there is room for output */
	CLI_STATE_PENDING, /* wait for cli_session_finish's result */
	CLI_STATE_EXIT,    /* the operator left */
};

struct cli_result {
	enum cli_state state;
	bool has_failed; /* exit status 1; meaningful with DONE and EXIT */
};

/*
 * cli_session_new - @out is where all text goes, copied; @user is copied (31 characters). @notify is called
 * with the result when a PENDING command has been finished; may be NULL. Returns NULL: no memory.
 */
struct cli_session *cli_session_new(struct cli *cli, const char *user, enum cli_privilege privilege, struct text out,
                                    void (*notify)(void *arg, struct cli_result result), void *arg);
void cli_session_free(struct cli_session *s);

/* cli_session_line - one line of @n bytes without its end of line. Not while MORE or PENDING (ignored, DONE is not
 * said). */
struct cli_result cli_session_line(struct cli_session *s, const char *line, size_t n);
struct cli_result cli_session_step(struct cli_session *s);
/* cli_session_interrupt - Ctrl-C: ends a question, long output or a pending command. */
struct cli_result cli_session_interrupt(struct cli_session *s);
/* cli_session_finish - the application has ended a PENDING command; @ok false: it has said why by cli_fail. */
void cli_session_finish(struct cli_session *s, bool ok);

/* cli_session_go_on - a PENDING command has its output ready: call->step gives it, as after CLI_ANSWER_MORE, no faster
 * than the reader reads. */
void cli_session_go_on(struct cli_session *s);

/* cli_session_prompt - the prompt, or the question, NUL-terminated in @buf; returns it. */
const char *cli_session_prompt(const struct cli_session *s, char *buf, size_t cap);

/* cli_session_complete - what the last word of @line can become, one candidate a line. */
void cli_session_complete(struct cli_session *s, const char *line, size_t n, struct text *out);
/* cli_session_help - `?` after @line: two columns, ready to show. */
void cli_session_help(struct cli_session *s, const char *line, size_t n, struct text *out);

/* cli_session_length - lines of a page for the shell's end; 0: never page. */
/* cli_session_is_paged - did the last line end in `| more`? */
bool cli_session_is_paged(const struct cli_session *s);
unsigned cli_session_length(const struct cli_session *s);

/* cli_session_user - who was named in cli_session_new; dies with the session. */
const char *cli_session_user(const struct cli_session *s);

/* --- for handlers -------------------------------------------------------------------------------------- */

/* cli_fail - `Failure: ...` and a newline, past the filters; returns CLI_ANSWER_FAILED. */
enum cli_answer cli_fail(struct cli_call *call, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* cli_arg_* - arguments of the line by name: text or NULL; a number, false when there is none; is it there? */
const char *cli_arg_str(const struct cli_call *call, const char *name);
bool cli_arg_uint(const struct cli_call *call, const char *name, uint64_t *out);
bool cli_arg_has(const struct cli_call *call, const char *name);

/* cli_wants_json - `| json` was typed: the output is to be one JSON document. Only of rows with CLI_HAS_JSON. */
bool cli_wants_json(const struct cli_call *call);

/* cli_bound_* - the same for a check of a row. */
const char *cli_bound_str(const struct cli_bound *line, const char *name);
bool cli_bound_has(const struct cli_bound *line, const char *name);

#endif
