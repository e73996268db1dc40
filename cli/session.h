/* session.h - one operator at the command line: what session.c, session_run.c and session_help.c share. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include "cli/cli_internal.h"
#include "cli/filter.h"

/* What this operator has chosen, against what the configuration says for all. */
enum session_choice { SESSION_AS_CONFIGURED, SESSION_ON, SESSION_OFF };

struct cli_session {
	struct cli *cli;
	char user[32];
	enum cli_privilege privilege;
	struct text out; /* the operator */
	void (*notify)(void *arg, struct cli_result result);
	void *arg;

	struct cli_place place;
	char context[80]; /* of Exec mode */
	unsigned length;
	enum session_choice timestamps, autoconfirm;

	enum cli_state state;
	bool is_leaving;     /* exit at Exec: EXIT when this command is done */
	bool owes_timestamp; /* before the first output of this command */
	struct text sink;    /* what handlers write to */
	struct filters filters;
	bool is_paged; /* the last line asked for pages */
	struct words words;
	struct cli_bound bound; /* of the command in hand */
	struct cli_call call;
};

/* The handlers of the core's own rows: session_run.c. */
extern const struct cli_handler session_handlers[];

/*
 * session_mode - the mode whose words @w begins with: where the session stands, or Exec behind `do show` in
 * configuration. Then @w loses its `do`. Only the first @full words are looked at.
 */
const struct cli_mode *session_mode(struct cli_session *s, struct words *w, unsigned full);

/* session_timestamp - the line that `timestamps` puts before output. */
void session_timestamp(const struct cli_session *s, struct text *out);

#endif
