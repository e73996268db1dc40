/*
 * cli_link_client.c - one client of the CLI socket: a bufferevent, a session of the core, at most one running line.
 *
 *   accepted -> HELLO -> [line -> (asks) -> running (stepped | pending) -> END]* -> closing (output drains) -> freed
 *
 * Lines that arrive while one runs stay in the input buffer, in order; that buffer has a high watermark, so a flood
 * of type-ahead stops at the sender. A client is only freed at the end of the outermost callback that concerns it: what
 * is called in between marks it dead.
 */
#include "cli/cli_link_client.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/util.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "cli/cli_link.h"
#include "cli/cli_proto.h"

enum {
	INPUT_MARK = CLI_FRAME_HEADER_BYTES + CLI_FRAME_PAYLOAD_MAX + 4096, /* a whole frame always fits below it */
	OUTPUT_FRAME = 32 * 1024,
	ANSWER_MAX = CLI_FRAME_PAYLOAD_MAX,
	PROMPT_MAX = 1024,
	HELLO_WITHIN_S = 10,
	GOODBYE_WITHIN_S = 10, /* a reader that does not take its last words is cut off then */
};

struct cli_client {
	struct cli *cli;
	void (*gone)(void *arg, struct cli_client *c);
	void *gone_arg;
	unsigned number;
	char user[32];
	struct bufferevent *bev;
	struct event *step;          /* zero timeout: go on with the line or the next frames */
	struct evbuffer *output;     /* text of the running call, not framed yet */
	struct cli_session *session; /* NULL until HELLO */
	unsigned depth;              /* callbacks of ours on the stack */
	bool is_interactive;
	bool is_more;    /* the running line wants to be stepped */
	bool is_pending; /* the application will finish the running line */
	bool is_asking;  /* the next line answers a question */
	bool is_paged;   /* the shell was told so of the running line */
	bool is_muted;   /* its text is not wanted */
	bool is_closing; /* freed when the output is gone */
	bool is_dead;    /* freed at the end of this callback */
};

/* ---- frames out ---- */

static void
send_frame(struct cli_client *c, enum cli_msg type, const void *data, size_t len)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	uint8_t head[CLI_FRAME_HEADER_BYTES];

	if (c->is_dead || cli_proto_header(type, len, head) != ERR_OK)
		return;
	if (evbuffer_expand(out, sizeof head + len) != 0 || evbuffer_add(out, head, sizeof head) != 0 ||
	    (len > 0 && evbuffer_add(out, data, len) != 0))
		c->is_dead = true; /* no memory: half a frame must not be followed by another */
}

/* Text of many small writes goes out in few frames. */
static void
flush_output(struct cli_client *c)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	uint8_t head[CLI_FRAME_HEADER_BYTES];
	size_t n;

	if (c->is_interactive && !c->is_paged && cli_session_is_paged(c->session) &&
	    evbuffer_get_length(c->output) > 0) {
		send_frame(c, CLI_MSG_PAGE, NULL, 0);
		c->is_paged = true;
	}
	while (!c->is_dead && (n = evbuffer_get_length(c->output)) > 0) {
		if (n > OUTPUT_FRAME)
			n = OUTPUT_FRAME;
		cli_proto_header(CLI_MSG_OUTPUT, n, head);
		if (evbuffer_add(out, head, sizeof head) != 0 || evbuffer_remove_buffer(c->output, out, n) != (int)n)
			c->is_dead = true;
	}
}

static void
take_text(void *arg, const char *s, size_t n)
{
	struct cli_client *c = arg;

	if (c->is_muted || c->is_closing || c->is_dead)
		return;
	if (evbuffer_add(c->output, s, n) != 0)
		c->is_dead = true;
	if (c->depth == 0 || evbuffer_get_length(c->output) >= OUTPUT_FRAME)
		flush_output(c);
}

static bool
is_reader_behind(const struct cli_client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) > CLI_LINK_OUTPUT_MARK;
}

/* ---- life and death ---- */

static void
client_free(struct cli_client *c)
{
	c->gone(c->gone_arg, c);
	c->is_dead = true; /* what the session says while it ends goes nowhere */
	if (c->session != NULL) {
		cli_session_free(c->session);
		log_event(LOG_CLI_END, c->number, c->user);
	}
	if (c->step != NULL)
		event_free(c->step);
	if (c->output != NULL)
		evbuffer_free(c->output);
	bufferevent_free(c->bev);
	free(c);
}

static void
enter(struct cli_client *c)
{
	c->depth++;
}

/* The end of every callback: frees a dead client, when it is the outermost. */
static void
leave(struct cli_client *c)
{
	if (--c->depth > 0)
		return;
	if (!c->is_dead)
		flush_output(c);
	if (c->is_dead)
		client_free(c);
}

static void
close_after(struct cli_client *c, const char *reason)
{
	const struct timeval within = {.tv_sec = GOODBYE_WITHIN_S};

	flush_output(c);
	send_frame(c, CLI_MSG_BYE, reason, strlen(reason));
	c->is_closing = true;
	c->is_more = c->is_pending = false;
	bufferevent_disable(c->bev, EV_READ);
	bufferevent_setwatermark(c->bev, EV_WRITE, 0, 0);
	bufferevent_set_timeouts(c->bev, NULL, &within);
}

static void
refuse(struct cli_client *c, enum err e)
{
	log_event(LOG_CLI_BAD, c->number, cli_proto_verdict(e));
	c->is_dead = true;
}

static void
step_soon(struct cli_client *c)
{
	const struct timeval at_once = {0};

	event_add(c->step, &at_once);
}

/* ---- a line's answer ---- */

static void
send_prompt(struct cli_client *c)
{
	char prompt[PROMPT_MAX];

	if (!c->is_interactive)
		return;
	cli_session_prompt(c->session, prompt, sizeof prompt);
	send_frame(c, CLI_MSG_PROMPT, prompt, strlen(prompt));
}

static void
send_end(struct cli_client *c, bool has_failed)
{
	const struct cli_end end = {.status = has_failed ? CLI_STATUS_FAILED : CLI_STATUS_OK,
	                            .length = (uint16_t)(cli_session_length(c->session) & 0xffff)};
	uint8_t payload[CLI_END_BYTES];

	c->is_paged = false;
	cli_end_encode(&end, payload);
	send_frame(c, CLI_MSG_END, payload, sizeof payload);
}

static void
send_question(struct cli_client *c)
{
	char question[PROMPT_MAX] = {0}; /* the first byte is the flags */

	cli_session_prompt(c->session, question + 1, sizeof question - 1);
	send_frame(c, CLI_MSG_QUESTION, question, 1 + strlen(question + 1));
}

static void
answer(struct cli_client *c, struct cli_result r)
{
	flush_output(c);
	c->is_muted = false;
	c->is_more = r.state == CLI_STATE_MORE;
	c->is_pending = r.state == CLI_STATE_PENDING;
	c->is_asking = r.state == CLI_STATE_ASKS;
	switch (r.state) {
	case CLI_STATE_DONE:
		send_end(c, r.has_failed);
		send_prompt(c);
		break;
	case CLI_STATE_ASKS:
		send_question(c);
		break;
	case CLI_STATE_EXIT:
		send_end(c, r.has_failed);
		close_after(c, "");
		break;
	case CLI_STATE_MORE:
		step_soon(c);
		break;
	case CLI_STATE_PENDING:
		break;
	}
}

/* The application has finished a pending line; it may do so from anywhere. */
static void
finished(void *arg, struct cli_result r)
{
	struct cli_client *c = arg;

	if (c->is_dead || c->is_closing || !c->is_pending)
		return;
	enter(c);
	answer(c, r);
	if (!c->is_dead && !c->is_closing)
		step_soon(c); /* lines may wait behind it */
	leave(c);
}

/* ---- frames in ---- */

static void
begin(struct cli_client *c, const struct cli_frame *f)
{
	const struct text out = {.write = take_text, .arg = c};
	struct cli_hello hello;
	enum err e = cli_hello_decode(f, &hello);

	if (e == ERR_VERSION)
		close_after(c,
		            "This chassis speaks another version of the CLI protocol: use the starsh of its release");
	if (e != ERR_OK && e != ERR_VERSION)
		refuse(c, e);
	if (e != ERR_OK)
		return;
	c->is_interactive = (hello.flags & CLI_HELLO_INTERACTIVE) != 0;
	c->session = cli_session_new(c->cli, c->user, CLI_ADMINISTRATOR, out, finished, c);
	if (c->session == NULL) {
		close_after(c, "The chassis has no memory for another session");
		return;
	}
	bufferevent_set_timeouts(c->bev, NULL, NULL);
	log_event(LOG_CLI_START, c->number, c->user);
	send_prompt(c);
}

static void
interrupt(struct cli_client *c)
{
	/* The running line is not ours any more, whatever it does while it is stopped. */
	c->is_more = c->is_pending = false;
	answer(c, cli_session_interrupt(c->session));
}

static void
to_exec(struct cli_client *c)
{
	c->is_muted = true;
	(void)cli_session_interrupt(c->session);
	(void)cli_session_line(c->session, "end", 3);
	answer(c, (struct cli_result){.state = CLI_STATE_DONE});
}

/* Candidates come one a line and go out with a NUL behind each. */
static void
complete(struct cli_client *c, const struct cli_frame *f, char *words)
{
	struct text_fixed fixed;
	struct text t;

	text_fixed_init(&fixed, &t, words, ANSWER_MAX);
	cli_session_complete(c->session, (const char *)f->data, f->len, &t);
	for (size_t i = 0; i < fixed.len; i++)
		if (words[i] == '\n')
			words[i] = '\0';
	send_frame(c, CLI_MSG_CANDIDATES, words, fixed.len);
}

static void
help(struct cli_client *c, const struct cli_frame *f, char *words)
{
	struct text_fixed fixed;
	struct text t;

	text_fixed_init(&fixed, &t, words, ANSWER_MAX);
	cli_session_help(c->session, (const char *)f->data, f->len, &t);
	send_frame(c, CLI_MSG_HELPTEXT, words, fixed.len);
}

static void
ask_session(struct cli_client *c, const struct cli_frame *f)
{
	char *words = malloc(ANSWER_MAX);

	if (words == NULL)
		c->is_dead = true;
	else if (f->type == CLI_MSG_COMPLETE)
		complete(c, f, words);
	else
		help(c, f, words);
	free(words);
}

static void
take_frame(struct cli_client *c, const struct cli_frame *f)
{
	if (c->session == NULL) {
		begin(c, f); /* anything but a HELLO is refused there */
		return;
	}
	switch (f->type) {
	case CLI_MSG_LINE:
		answer(c, cli_session_line(c->session, (const char *)f->data, f->len));
		break;
	case CLI_MSG_COMPLETE:
	case CLI_MSG_HELP:
		ask_session(c, f);
		break;
	case CLI_MSG_INTERRUPT:
		if (c->is_asking) /* else it crossed the END of what it meant to stop */
			interrupt(c);
		break;
	case CLI_MSG_TO_EXEC:
		to_exec(c);
		break;
	default: /* a second HELLO */
		refuse(c, ERR_FORMAT);
		break;
	}
}

/* The first whole frame of the input: ERR_SHORT when there is none yet. @used receives its bytes. */
static enum err
first_frame(struct evbuffer *in, struct cli_frame *f, size_t *used)
{
	size_t n = evbuffer_get_length(in);
	struct rbuf r;
	enum err e;

	if (n > CLI_FRAME_HEADER_BYTES + CLI_FRAME_PAYLOAD_MAX)
		n = CLI_FRAME_HEADER_BYTES + CLI_FRAME_PAYLOAD_MAX;
	if (n == 0)
		return ERR_SHORT;
	rbuf_init(&r, evbuffer_pullup(in, (ev_ssize_t)n), n);
	e = cli_proto_next(&r, CLI_SIDE_SHELL, f);
	*used = r.pos;
	return e;
}

/*
 * While a line runs only an INTERRUPT is looked for; it is taken out from between the frames that wait. Their headers
 * are judged on the way, so that garbage ends the session at once.
 */
static void
look_for_interrupt(struct cli_client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	size_t n = evbuffer_get_length(in), at = 0;
	struct cli_frame f;
	uint8_t *bytes;
	struct rbuf r;
	enum err e;

	if (n == 0 || (bytes = evbuffer_pullup(in, -1)) == NULL)
		return;
	rbuf_init(&r, bytes, n);
	while ((e = cli_proto_next(&r, CLI_SIDE_SHELL, &f)) == ERR_OK && f.type != CLI_MSG_INTERRUPT)
		at = r.pos;
	if (e != ERR_OK) {
		if (e != ERR_SHORT)
			refuse(c, e);
		return;
	}
	memmove(bytes + CLI_FRAME_HEADER_BYTES, bytes, at); /* the frames before it close the gap */
	evbuffer_drain(in, CLI_FRAME_HEADER_BYTES);
	interrupt(c);
}

/* Step the running line, or take frames, until the slice is used up, the reader is behind, or nothing is left. */
static void
work(struct cli_client *c)
{
	const uint64_t until = clock_now_us() + CLI_LINK_SLICE_US;
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct cli_frame f;
	size_t used;
	enum err e;

	if (c->is_more || c->is_pending)
		look_for_interrupt(c);
	while (!c->is_dead && !c->is_closing && !c->is_pending && !is_reader_behind(c)) {
		if (clock_now_us() >= until) {
			step_soon(c);
			return;
		}
		if (c->is_more) {
			answer(c, cli_session_step(c->session));
			continue;
		}
		e = first_frame(in, &f, &used);
		if (e == ERR_SHORT)
			return;
		if (e != ERR_OK) {
			refuse(c, e);
			return;
		}
		take_frame(c, &f);
		evbuffer_drain(in, used);
		if (!c->is_dead && (c->is_more || c->is_pending))
			look_for_interrupt(c);
	}
}

/* ---- libevent's callbacks ---- */

static void
on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	enter(arg);
	work(arg);
	leave(arg);
}

static void
on_step(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	enter(arg);
	work(arg);
	leave(arg);
}

/* The reader has caught up to half the mark (or to the end, when closing). */
static void
on_write(struct bufferevent *bev, void *arg)
{
	struct cli_client *c = arg;

	enter(c);
	if (c->is_closing)
		c->is_dead = evbuffer_get_length(bufferevent_get_output(bev)) == 0;
	else
		work(c);
	leave(c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct cli_client *c = arg;

	(void)bev;
	enter(c);
	if ((what & BEV_EVENT_TIMEOUT) != 0 && c->session == NULL && !c->is_closing)
		log_event(LOG_CLI_BAD, c->number, "nothing");
	else if ((what & BEV_EVENT_EOF) != 0 && evbuffer_get_length(bufferevent_get_input(c->bev)) > 0 &&
	         c->session == NULL)
		log_event(LOG_CLI_BAD, c->number, cli_proto_verdict(ERR_SHORT));
	c->is_dead = true;
	leave(c);
}

/* ---- for the listener ---- */

static void
name_peer(int fd, char *user, size_t cap)
{
	struct passwd entry, *found = NULL;
	char text[1024];
	struct ucred cred;
	socklen_t len = sizeof cred;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) != 0) {
		snprintf(user, cap, "unknown");
		return;
	}
	if (getpwuid_r(cred.uid, &entry, text, sizeof text, &found) == 0 && found != NULL)
		snprintf(user, cap, "%s", found->pw_name);
	else
		snprintf(user, cap, "uid%u", (unsigned)cred.uid);
}

struct cli_client *
cli_client_new(struct event_base *base, struct cli *cli, int fd, unsigned number,
               void (*gone)(void *, struct cli_client *), void *gone_arg)
{
	const struct timeval within = {.tv_sec = HELLO_WITHIN_S};
	struct cli_client *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	*c = (struct cli_client){.cli = cli, .gone = gone, .gone_arg = gone_arg, .number = number};
	name_peer(fd, c->user, sizeof c->user);
	c->output = evbuffer_new();
	c->step = evtimer_new(base, on_step, c);
	if (c->output != NULL && c->step != NULL)
		c->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->bev == NULL) {
		if (c->output != NULL)
			evbuffer_free(c->output);
		if (c->step != NULL)
			event_free(c->step);
		free(c);
		return NULL;
	}
	bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
	bufferevent_setwatermark(c->bev, EV_READ, 0, INPUT_MARK);
	bufferevent_setwatermark(c->bev, EV_WRITE, CLI_LINK_OUTPUT_MARK / 2, 0);
	bufferevent_set_timeouts(c->bev, &within, NULL);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	return c;
}

void
cli_client_end(struct cli_client *c, const char *reason)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	flush_output(c);
	send_frame(c, CLI_MSG_BYE, reason, strlen(reason));
	evbuffer_unfreeze(out, 1); /* the bufferevent guards the front of its output; it is not asked any more */
	evbuffer_write(out, bufferevent_getfd(c->bev));
	client_free(c);
}
