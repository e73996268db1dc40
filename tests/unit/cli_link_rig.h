/*
 * cli_link_rig.h - the chassis' end of the CLI socket: the real core behind it, sockets of a folder in /tmp before it.
 * One thread turns the loop and plays the shells, so there is nothing to wait for but the loop itself.
 */
#ifndef TESTS_CLI_LINK_RIG_H
#define TESTS_CLI_LINK_RIG_H

#include "cli/cli_link.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/rng.h"
#include "cli/cli.h"
#include "cli/cli_proto.h"
#include "cli/cmd_card.h"

enum { ROW_HELLO = CLI_ROWS_OF_CHASSIS, ROW_FLOOD, ROW_WAIT, ROW_ASK, ROW_FAIL };
enum { TURNS_MAX = 20000, SCREEN = 1 << 20 };

static const struct cli_row rows[] = {
    {.id = ROW_HELLO,
     .mode = &cli_exec_mode,
     .kind = CLI_EVENT,
     .tokens = TOKENS(KEYWORD("greet", "Says hello")),
     .doc = "."},
    {.id = ROW_FLOOD,
     .mode = &cli_exec_mode,
     .kind = CLI_EVENT,
     .tokens = TOKENS(KEYWORD("flood", "Never ends")),
     .doc = "."},
    {.id = ROW_WAIT,
     .mode = &cli_exec_mode,
     .kind = CLI_EVENT,
     .tokens = TOKENS(KEYWORD("wait", "Ends later")),
     .doc = "."},
    {.id = ROW_ASK,
     .mode = &cli_exec_mode,
     .kind = CLI_EVENT,
     .tokens = TOKENS(KEYWORD("ask", "Asks first")),
     .doc = "."},
    {.id = ROW_FAIL,
     .mode = &cli_exec_mode,
     .kind = CLI_EVENT,
     .tokens = TOKENS(KEYWORD("refuse", "Fails")),
     .doc = "."},
};
static const struct cli_table table = TABLE(rows);
static const struct cli_table *const tables[] = {&table, NULL};

static struct {
	char folder[64], path[96];
	struct event_base *base;
	struct cli *cli;
	struct cli_link *link;
	struct cli_session *waiting; /* of the last `wait` */
	unsigned steps, ended;
	char said[400];
} t;

/* One shell: what it has received. */
struct shell {
	int fd;
	size_t start, len;
	bool is_closed;
	uint8_t *bytes;
};

/* ---- the commands ---- */

static inline enum cli_answer
run_greet(struct cli_call *call)
{
	text_put(call->out, "hello\n");
	return CLI_ANSWER_DONE;
}

static inline enum cli_answer
step_flood(struct cli_call *call)
{
	t.steps++;
	for (int i = 0; i < 100; i++)
		text_put(call->out, "a line of an output that has no end\n");
	return CLI_ANSWER_MORE;
}

static inline void
count_end(struct cli_call *call)
{
	(void)call;
	t.ended++;
}

static inline enum cli_answer
run_flood(struct cli_call *call)
{
	call->step = step_flood;
	call->ended = count_end;
	return CLI_ANSWER_MORE;
}

static inline enum cli_answer
run_wait(struct cli_call *call)
{
	call->ended = count_end;
	t.waiting = call->session;
	return CLI_ANSWER_PENDING;
}

static inline enum cli_answer
run_ask(struct cli_call *call)
{
	if (!call->is_confirmed)
		return CLI_ANSWER_ASK;
	text_put(call->out, "done\n");
	return CLI_ANSWER_DONE;
}

static inline enum cli_answer
run_fail(struct cli_call *call)
{
	return cli_fail(call, "%s", "not now");
}

static const struct cli_handler handlers[] = {{ROW_HELLO, run_greet}, {ROW_FLOOD, run_flood}, {ROW_WAIT, run_wait},
                                              {ROW_ASK, run_ask},     {ROW_FAIL, run_fail},   {0, NULL}};
static const struct cli_handler *const handler_tables[] = {handlers, NULL};

/* ---- the rig ---- */

static inline enum err
try_link(struct cli_link **out)
{
	struct text_fixed f;
	struct text why;

	text_fixed_init(&f, &why, t.said, sizeof t.said);
	return cli_link_new(t.base, t.cli, t.path, out, &why);
}

static inline int
set_up(void **state)
{
	const struct cli_setup setup = {
	    .tables = tables, .handlers = handler_tables, .cfg_nodes = 256, .cfg_text = 16384};
	struct text_fixed f;
	struct text why;

	(void)state;
	memset(&t, 0, sizeof t);
	strcpy(t.folder, "/tmp/starling-cli-XXXXXX");
	if (mkdtemp(t.folder) == NULL)
		return -1;
	snprintf(t.path, sizeof t.path, "%s/cli.sock", t.folder);
	log_open(open("/dev/null", O_WRONLY | O_CLOEXEC), "test", LOG_INFO);
	text_fixed_init(&f, &why, t.said, sizeof t.said);
	t.base = event_base_new();
	t.cli = cli_new(&setup, &why);
	if (t.cli == NULL || try_link(&t.link) != ERR_OK) {
		fprintf(stderr, "%s\n", t.said);
		return -1;
	}
	return 0;
}

static inline int
tear_down(void **state)
{
	char lock[128];

	(void)state;
	cli_link_free(t.link);
	cli_free(t.cli);
	event_base_free(t.base);
	unlink(t.path);
	snprintf(lock, sizeof lock, "%s.lock", t.path);
	unlink(lock);
	return rmdir(t.folder);
}

static inline struct shell
connect_only(void)
{
	struct shell s = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	                  .bytes = malloc(SCREEN)};
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	strcpy(a.sun_path, t.path);
	assert_int_equal(connect(s.fd, (struct sockaddr *)&a, sizeof a), 0);
	return s;
}

static inline void
put(struct shell *s, enum cli_msg type, const char *text)
{
	uint8_t bytes[512];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof bytes);
	assert_int_equal(cli_proto_put(&w, type, text, strlen(text)), ERR_OK);
	assert_int_equal(send(s->fd, bytes, w.len, MSG_NOSIGNAL), (ssize_t)w.len);
}

static inline struct shell
shell_new(uint8_t flags)
{
	const struct cli_hello hello = {.version = CLI_PROTO_VERSION, .flags = flags};
	struct shell s = connect_only();
	uint8_t bytes[64];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof bytes);
	assert_int_equal(cli_hello_put(&w, &hello), ERR_OK);
	assert_int_equal(send(s.fd, bytes, w.len, MSG_NOSIGNAL), (ssize_t)w.len);
	return s;
}

static inline void
shell_free(struct shell *s)
{
	close(s->fd);
	free(s->bytes);
}

static inline void
turn(void)
{
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

/* Until the loop has nothing to do: what waits for somebody stays as it is. */
static inline void
settle(void)
{
	for (int i = 0; i < 200; i++)
		turn();
}

static inline void
hear(struct shell *s)
{
	ssize_t n;

	if (s->start > SCREEN / 2) { /* old output is not looked at again */
		memmove(s->bytes, s->bytes + s->start, s->len - s->start);
		s->len -= s->start;
		s->start = 0;
	}
	n = recv(s->fd, s->bytes + s->len, SCREEN - s->len, 0);
	if (n > 0)
		s->len += (size_t)n;
	else if (n == 0 || errno == ECONNRESET)
		s->is_closed = true;
}

/* The next frame; its text into @text (cut). Fails the test when none comes. */
static inline enum cli_msg
next(struct shell *s, char *text, size_t cap)
{
	struct cli_frame f;
	struct rbuf r;

	for (int i = 0; i < TURNS_MAX; i++) {
		enum err e;

		rbuf_init(&r, s->bytes + s->start, s->len - s->start);
		e = cli_proto_next(&r, CLI_SIDE_CHASSIS, &f);
		assert_true(e == ERR_OK || e == ERR_SHORT);
		if (e == ERR_OK) {
			s->start += r.pos;
			snprintf(text, cap, "%.*s", (int)f.len, (const char *)f.data);
			if (f.type == CLI_MSG_END)
				snprintf(text, cap, "%s", f.data[0] == CLI_STATUS_OK ? "ok" : "failed");
			if (f.type == CLI_MSG_QUESTION)
				snprintf(text, cap, "%.*s", (int)f.len - 1, (const char *)f.data + 1);
			return f.type;
		}
		if (s->is_closed)
			return (enum cli_msg)0;
		turn();
		hear(s);
	}
	fail_msg("no frame came");
	return (enum cli_msg)0;
}

static inline void
expect(struct shell *s, enum cli_msg type, const char *text)
{
	char got[300];
	enum cli_msg m = next(s, got, sizeof got);

	if (m != type || strstr(got, text) == NULL)
		fail_msg("expected type %02x \"%s\", got %02x \"%s\"", (unsigned)type, text, (unsigned)m, got);
}

static inline void
expect_closed(struct shell *s)
{
	char got[300];

	assert_int_equal(next(s, got, sizeof got), 0);
}

#endif
