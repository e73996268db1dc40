/*
 * Claims about the chassis' end of the CLI socket: the real core behind it, sockets of a folder in /tmp before it. One
 * thread turns the loop and plays the shells, so there is nothing to wait for but the loop itself.
 */
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

static enum cli_answer
run_greet(struct cli_call *call)
{
	text_put(call->out, "hello\n");
	return CLI_ANSWER_DONE;
}

static enum cli_answer
step_flood(struct cli_call *call)
{
	t.steps++;
	for (int i = 0; i < 100; i++)
		text_put(call->out, "a line of an output that has no end\n");
	return CLI_ANSWER_MORE;
}

static void
count_end(struct cli_call *call)
{
	(void)call;
	t.ended++;
}

static enum cli_answer
run_flood(struct cli_call *call)
{
	call->step = step_flood;
	call->ended = count_end;
	return CLI_ANSWER_MORE;
}

static enum cli_answer
run_wait(struct cli_call *call)
{
	call->ended = count_end;
	t.waiting = call->session;
	return CLI_ANSWER_PENDING;
}

static enum cli_answer
run_ask(struct cli_call *call)
{
	if (!call->is_confirmed)
		return CLI_ANSWER_ASK;
	text_put(call->out, "done\n");
	return CLI_ANSWER_DONE;
}

static enum cli_answer
run_fail(struct cli_call *call)
{
	return cli_fail(call, "%s", "not now");
}

static const struct cli_handler handlers[] = {{ROW_HELLO, run_greet}, {ROW_FLOOD, run_flood}, {ROW_WAIT, run_wait},
                                              {ROW_ASK, run_ask},     {ROW_FAIL, run_fail},   {0, NULL}};
static const struct cli_handler *const handler_tables[] = {handlers, NULL};

/* ---- the rig ---- */

static enum err
try_link(struct cli_link **out)
{
	struct text_fixed f;
	struct text why;

	text_fixed_init(&f, &why, t.said, sizeof t.said);
	return cli_link_new(t.base, t.cli, t.path, out, &why);
}

static int
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

static int
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

static struct shell
connect_only(void)
{
	struct shell s = {.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0),
	                  .bytes = malloc(SCREEN)};
	struct sockaddr_un a = {.sun_family = AF_UNIX};

	strcpy(a.sun_path, t.path);
	assert_int_equal(connect(s.fd, (struct sockaddr *)&a, sizeof a), 0);
	return s;
}

static void
put(struct shell *s, enum cli_msg type, const char *text)
{
	uint8_t bytes[512];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof bytes);
	assert_int_equal(cli_proto_put(&w, type, text, strlen(text)), ERR_OK);
	assert_int_equal(send(s->fd, bytes, w.len, MSG_NOSIGNAL), (ssize_t)w.len);
}

static struct shell
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

static void
shell_free(struct shell *s)
{
	close(s->fd);
	free(s->bytes);
}

static void
turn(void)
{
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

/* Until the loop has nothing to do: what waits for somebody stays as it is. */
static void
settle(void)
{
	for (int i = 0; i < 200; i++)
		turn();
}

static void
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
static enum cli_msg
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

static void
expect(struct shell *s, enum cli_msg type, const char *text)
{
	char got[300];
	enum cli_msg m = next(s, got, sizeof got);

	if (m != type || strstr(got, text) == NULL)
		fail_msg("expected type %02x \"%s\", got %02x \"%s\"", (unsigned)type, text, (unsigned)m, got);
}

static void
expect_closed(struct shell *s)
{
	char got[300];

	assert_int_equal(next(s, got, sizeof got), 0);
}

/* ---- claims ---- */

static void
a_line_is_answered_by_its_output_and_its_status(void **state)
{
	struct shell s = shell_new(0);

	(void)state;
	put(&s, CLI_MSG_LINE, "greet");
	put(&s, CLI_MSG_LINE, "refuse");
	put(&s, CLI_MSG_LINE, "nonsense");
	expect(&s, CLI_MSG_OUTPUT, "hello\n");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_OUTPUT, "Failure: not now\n");
	expect(&s, CLI_MSG_END, "failed");
	expect(&s, CLI_MSG_OUTPUT, "Unknown command - \"nonsense\"");
	expect(&s, CLI_MSG_END, "failed");
	assert_int_equal(cli_link_sessions(t.link), 1);
	shell_free(&s);
	settle();
	assert_int_equal(cli_link_sessions(t.link), 0);
}

static void
an_interactive_session_gets_prompts_help_and_candidates(void **state)
{
	struct shell s = shell_new(CLI_HELLO_INTERACTIVE);

	(void)state;
	expect(&s, CLI_MSG_PROMPT, "[local]starling# ");
	put(&s, CLI_MSG_HELP, "");
	expect(&s, CLI_MSG_HELPTEXT, "Asks no more questions");
	put(&s, CLI_MSG_COMPLETE, "gre");
	expect(&s, CLI_MSG_CANDIDATES, "greet");
	put(&s, CLI_MSG_LINE, "configure");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_PROMPT, "(config)# ");
	put(&s, CLI_MSG_TO_EXEC, "");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_PROMPT, "[local]starling# ");
	put(&s, CLI_MSG_TO_EXEC, ""); /* already there: nothing is said */
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_PROMPT, "[local]starling# ");
	put(&s, CLI_MSG_LINE, "exit");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_BYE, "");
	expect_closed(&s);
	shell_free(&s);
}

static void
a_question_is_answered_by_the_next_line_or_taken_back(void **state)
{
	struct shell s = shell_new(0);

	(void)state;
	put(&s, CLI_MSG_LINE, "ask");
	put(&s, CLI_MSG_LINE, "yes");
	expect(&s, CLI_MSG_QUESTION, "Are you sure? [Yes|No]: ");
	expect(&s, CLI_MSG_OUTPUT, "done");
	expect(&s, CLI_MSG_END, "ok");
	put(&s, CLI_MSG_LINE, "ask");
	expect(&s, CLI_MSG_QUESTION, "Are you sure?");
	put(&s, CLI_MSG_INTERRUPT, "");
	expect(&s, CLI_MSG_OUTPUT, "aborted");
	expect(&s, CLI_MSG_END, "failed");
	put(&s, CLI_MSG_INTERRUPT, ""); /* nothing runs: no answer */
	put(&s, CLI_MSG_LINE, "greet");
	expect(&s, CLI_MSG_OUTPUT, "hello");
	shell_free(&s);
}

static void
lines_behind_a_running_one_wait_and_an_interrupt_passes_them(void **state)
{
	struct shell s = shell_new(0);

	(void)state;
	put(&s, CLI_MSG_LINE, "wait");
	put(&s, CLI_MSG_LINE, "greet");
	settle();
	hear(&s);
	assert_int_equal(s.len, 0);
	cli_session_finish(t.waiting, true);
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_OUTPUT, "hello");
	expect(&s, CLI_MSG_END, "ok");
	put(&s, CLI_MSG_LINE, "wait");
	put(&s, CLI_MSG_LINE, "greet");
	put(&s, CLI_MSG_LINE, "refuse");
	put(&s, CLI_MSG_INTERRUPT, "");
	expect(&s, CLI_MSG_OUTPUT, "interrupted");
	expect(&s, CLI_MSG_END, "failed");
	expect(&s, CLI_MSG_OUTPUT, "hello");
	expect(&s, CLI_MSG_END, "ok");
	expect(&s, CLI_MSG_OUTPUT, "not now");
	expect(&s, CLI_MSG_END, "failed");
	assert_int_equal(t.ended, 2);
	shell_free(&s);
}

static void
a_reader_that_does_not_read_stops_its_command_and_no_other(void **state)
{
	struct shell slow = shell_new(0), other = shell_new(0);
	unsigned steps;

	(void)state;
	put(&slow, CLI_MSG_LINE, "flood");
	for (unsigned before = ~0U; before != t.steps;) {
		before = t.steps;
		settle();
	}
	assert_true(t.steps > 0);
	steps = t.steps;
	/* 3.6 KB a step: what the socket takes, the mark, and one step over it */
	assert_true((size_t)steps * 3600 < CLI_LINK_OUTPUT_MARK + (1U << 20));
	put(&other, CLI_MSG_LINE, "greet");
	expect(&other, CLI_MSG_OUTPUT, "hello");
	assert_int_equal(t.steps, steps);
	for (int i = 0; i < 40; i++) /* it goes on as soon as it is read */
		expect(&slow, CLI_MSG_OUTPUT, "no end");
	settle();
	assert_true(t.steps > steps);
	shell_free(&slow);
	shell_free(&other);
}

static void
a_shell_that_dies_ends_its_command(void **state)
{
	static const char *const lines[] = {"flood", "wait", "ask"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct shell s = shell_new(0);

		put(&s, CLI_MSG_LINE, lines[i]);
		settle();
		assert_int_equal(cli_link_sessions(t.link), 1);
		shell_free(&s);
		settle();
		assert_int_equal(cli_link_sessions(t.link), 0);
		assert_int_equal(t.ended, i < 2 ? i + 1 : 2);
	}
}

static void
the_end_of_the_chassis_is_told_and_ends_what_runs(void **state)
{
	struct shell a = shell_new(0), b = shell_new(0);

	(void)state;
	put(&a, CLI_MSG_LINE, "wait");
	put(&b, CLI_MSG_LINE, "flood");
	settle();
	cli_link_free(t.link);
	t.link = NULL;
	assert_int_equal(t.ended, 2);
	expect(&a, CLI_MSG_BYE, "going down");
	expect_closed(&a);
	assert_int_equal(access(t.path, F_OK), -1);
	shell_free(&a);
	shell_free(&b);
}

static void
garbage_closes_its_connection_and_nothing_else(void **state)
{
	static const char *const garbage[] = {"GET / HTTP/1.0\r\n\r\n", "\002\177\377\377\377",
	                                      "\001zzzzbbbbbbbbbbbbbbb", "\201zzzz"};
	struct shell good = shell_new(0), bad;

	(void)state;
	for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
		bad = connect_only();
		assert_true(send(bad.fd, garbage[i], strlen(garbage[i]), MSG_NOSIGNAL) > 0);
		expect_closed(&bad);
		shell_free(&bad);
		bad = shell_new(0); /* and behind a running line */
		put(&bad, CLI_MSG_LINE, "wait");
		assert_true(send(bad.fd, garbage[i][0] == 1 ? "x" : garbage[i],
		                 garbage[i][0] == 1 ? 1 : strlen(garbage[i]), 0) > 0);
		expect_closed(&bad);
		shell_free(&bad);
	}
	bad = connect_only();
	put(&bad, CLI_MSG_LINE, "greet"); /* no HELLO */
	expect_closed(&bad);
	shell_free(&bad);
	put(&good, CLI_MSG_LINE, "greet");
	expect(&good, CLI_MSG_OUTPUT, "hello");
	assert_int_equal(cli_link_sessions(t.link), 1);
	shell_free(&good);
}

static void
mutated_frames_never_harm_the_next_session(void **state)
{
	const char *env = getenv("SEED");
	uint64_t seed = env != NULL ? strtoull(env, NULL, 0) : 77;
	struct rng rng = {.state = seed};
	struct shell s;

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 300; round++) {
		const struct cli_hello hello = {.version = CLI_PROTO_VERSION, .flags = CLI_HELLO_INTERACTIVE};
		static const enum cli_msg types[] = {CLI_MSG_LINE, CLI_MSG_COMPLETE, CLI_MSG_HELP, CLI_MSG_INTERRUPT,
		                                     CLI_MSG_TO_EXEC};
		static const char *const lines[] = {"greet",     "flood",     "wait", "ask", "refuse",
		                                    "configure", "context x", "exit", "y"};
		uint8_t bytes[512];
		struct wbuf w;

		s = connect_only();
		wbuf_init(&w, bytes, sizeof bytes);
		cli_hello_put(&w, &hello);
		for (uint32_t i = 0; i < 12; i++) {
			enum cli_msg type = types[rng_below(&rng, 5)];
			const char *line = type >= CLI_MSG_INTERRUPT ? "" : lines[rng_below(&rng, 9)];

			cli_proto_put(&w, type, line, strlen(line));
		}
		for (uint32_t i = rng_below(&rng, 4); i-- > 0;)
			bytes[rng_below(&rng, (uint32_t)w.len)] = (uint8_t)rng_next(&rng);
		assert_true(send(s.fd, bytes, w.len, MSG_NOSIGNAL) > 0);
		for (uint32_t i = rng_below(&rng, 12); i-- > 0;)
			turn();
		shell_free(&s);
	}
	settle();
	assert_int_equal(cli_link_sessions(t.link), 0);
	s = shell_new(0);
	put(&s, CLI_MSG_LINE, "greet");
	expect(&s, CLI_MSG_OUTPUT, "hello");
	shell_free(&s);
}

static void
one_session_too_many_is_turned_away_with_a_sentence(void **state)
{
	struct shell s[CLI_LINK_SESSIONS_MAX + 1];

	(void)state;
	for (int i = 0; i < CLI_LINK_SESSIONS_MAX; i++) {
		s[i] = shell_new(CLI_HELLO_INTERACTIVE);
		expect(&s[i], CLI_MSG_PROMPT, "#");
	}
	s[CLI_LINK_SESSIONS_MAX] = connect_only();
	expect(&s[CLI_LINK_SESSIONS_MAX], CLI_MSG_BYE, "maximum of CLI sessions");
	expect_closed(&s[CLI_LINK_SESSIONS_MAX]);
	shell_free(&s[0]);
	settle();
	s[0] = shell_new(CLI_HELLO_INTERACTIVE);
	expect(&s[0], CLI_MSG_PROMPT, "#");
	for (int i = 0; i <= CLI_LINK_SESSIONS_MAX; i++)
		shell_free(&s[i]);
}

static void
a_stale_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	struct cli_link *second = NULL;
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(try_link(&second), ERR_EXISTS);
	assert_non_null(strstr(t.said, "running"));
	cli_link_free(t.link);
	t.link = NULL;

	strcpy(a.sun_path, t.path);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(try_link(&second), ERR_EXISTS); /* somebody listens */
	close(fd);
	assert_int_equal(access(t.path, F_OK), 0);
	assert_int_equal(try_link(&t.link), ERR_OK); /* nobody does any more */
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
a_path_too_long_or_a_plain_file_in_its_place_is_said_so(void **state)
{
	struct cli_link *second = NULL;
	struct text_fixed f;
	struct text why;
	char path[300];

	(void)state;
	memset(path, 'x', sizeof path);
	path[sizeof path - 1] = '\0';
	text_fixed_init(&f, &why, t.said, sizeof t.said);
	assert_int_equal(cli_link_new(t.base, t.cli, path, &second, &why), ERR_RANGE);
	cli_link_free(t.link);
	t.link = NULL;
	close(open(t.path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(try_link(&second), ERR_SYSTEM);
	assert_non_null(strstr(t.said, "not a socket"));
}

#define CLAIM(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CLAIM(a_line_is_answered_by_its_output_and_its_status),
	    CLAIM(an_interactive_session_gets_prompts_help_and_candidates),
	    CLAIM(a_question_is_answered_by_the_next_line_or_taken_back),
	    CLAIM(lines_behind_a_running_one_wait_and_an_interrupt_passes_them),
	    CLAIM(a_reader_that_does_not_read_stops_its_command_and_no_other),
	    CLAIM(a_shell_that_dies_ends_its_command),
	    CLAIM(the_end_of_the_chassis_is_told_and_ends_what_runs),
	    CLAIM(garbage_closes_its_connection_and_nothing_else),
	    CLAIM(mutated_frames_never_harm_the_next_session),
	    CLAIM(one_session_too_many_is_turned_away_with_a_sentence),
	    CLAIM(a_stale_socket_is_replaced_and_a_live_one_is_not),
	    CLAIM(a_path_too_long_or_a_plain_file_in_its_place_is_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
