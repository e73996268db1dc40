/* cli_link_faults.c - claims about the CLI socket under bad bytes, too many sessions, and a bad path. */
#include "tests/unit/cli_link_rig.h"

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

int
main(void)
{
#define CLAIM(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    CLAIM(garbage_closes_its_connection_and_nothing_else),
	    CLAIM(mutated_frames_never_harm_the_next_session),
	    CLAIM(one_session_too_many_is_turned_away_with_a_sentence),
	    CLAIM(a_stale_socket_is_replaced_and_a_live_one_is_not),
	    CLAIM(a_path_too_long_or_a_plain_file_in_its_place_is_said_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
