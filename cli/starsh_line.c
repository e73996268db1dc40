/*
 * starsh_line.c - the operator's terminal: readline at the prompt, output as it arrives, questions, pages.
 *
 *            LINE, Ctrl-Z                    PROMPT
 *   PROMPT ---------------> BUSY <---------------------- (start)
 *      ^                   |    ^
 *      +------ PROMPT -----+    +-- answer --- ASKING <-- QUESTION -- BUSY
 *
 * readline's handler is only installed in PROMPT and ASKING; in BUSY nothing typed is looked at but Ctrl-C.
 * readline calls back without an argument, so the one terminal of the process is a static object.
 */
#include "cli/starsh.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/starsh_history.h"
#include "cli/starsh_keys.h"
#include "cli/starsh_readline.h"

enum { FRAMES_AT_ONCE = 4, HISTORY_LINES = 500, PAGE_LINES = 24, PROMPT_BYTES = 1024, CTRL_Z = 26 };
enum state { BUSY, AT_PROMPT, ASKING, OVER };

static struct {
	struct starsh_link *link;
	struct starsh_readline rl;
	struct starsh_keys keys;
	enum state state;
	char prompt[PROMPT_BYTES];
	char last_history[PROMPT_BYTES];
	bool is_at_line_start; /* of the screen: the last output ended a line */
	bool is_secret;        /* the answer is not shown */
	bool is_to_exec;       /* the line was ended by Ctrl-Z */
	bool is_discarding;    /* the operator has had enough of this command's output */
	unsigned length;       /* of a page, 0: no pages */
	bool is_paged;         /* this command's output is, whatever the length says */
	const char *history;   /* the file, NULL: none */
	unsigned lines_left;   /* on this page */
	int status;
} t;

/* ---- the chassis ---- */

static void
over(int status, const char *sentence)
{
	if (t.state == OVER)
		return;
	t.state = OVER;
	t.status = status;
	if (sentence != NULL)
		fprintf(stderr, "starsh: %s\n", sentence);
}

static void
send_frame(enum cli_msg type, const char *data, size_t n)
{
	if (!starsh_link_queue(t.link, type, data, n) || !starsh_link_flush(t.link, true)) {
		/* What the chassis said before it went is still to be read; the end follows it. */
		t.link->out_start = t.link->out_end = 0;
	}
}

/* Lines of a page of this command; without a length that was set, those of the terminal. */
static unsigned
page_lines(void)
{
	struct winsize size;

	if (t.length > 1 || !t.is_paged)
		return t.length;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row : PAGE_LINES;
}

static void
begin_pages(bool is_paged)
{
	unsigned lines;

	t.is_paged = is_paged;
	lines = page_lines();
	t.lines_left = lines > 1 ? lines - 1 : 0;
}

static void
leave_prompt(void)
{
	t.rl.remove();
	t.state = BUSY;
	t.is_discarding = false;
	t.is_at_line_start = true;
	begin_pages(false);
}

static void
say_bye(const struct cli_frame *f)
{
	char reason[256];

	snprintf(reason, sizeof reason, "%.*s", (int)f->len, (const char *)f->data);
	if (!t.is_at_line_start)
		(void)starsh_write(STDOUT_FILENO, "\n", 1);
	over(f->len > 0 ? EXIT_FAILURE : EXIT_SUCCESS, f->len > 0 ? reason : NULL);
}

/* ---- output and pages ---- */

static void
put(const char *s, size_t n)
{
	if (n == 0)
		return;
	fflush(stdout); /* readline writes there, and its text comes first */
	if (!starsh_write(STDOUT_FILENO, s, n))
		over(EXIT_FAILURE, NULL);
	t.is_at_line_start = s[n - 1] == '\n';
}

/* The next key; Ctrl-C, the end of the terminal and of the process read as 'q'. */
static int
wait_key(void)
{
	struct pollfd p[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = t.keys.signal_fd, .events = POLLIN}};
	int signal_number;

	while (!starsh_keys_waiting(&t.keys) && !t.keys.is_over) {
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents != 0 && (signal_number = starsh_keys_signal(&t.keys)) != 0) {
			if (signal_number != SIGINT)
				over(EXIT_FAILURE, NULL);
			return 'q';
		}
		if (p[0].revents != 0)
			starsh_keys_read(&t.keys);
	}
	return t.keys.is_over ? 'q' : starsh_keys_take(&t.keys);
}

/* Blank: the next page. Enter: the next line. q: no more of this command. */
static void
turn_page(void)
{
	static const char ask[] = "---(more)---", wipe[] = "\r            \r";
	int key;

	put(ask, sizeof ask - 1);
	do
		key = wait_key();
	while (key != ' ' && key != '\r' && key != '\n' && key != 'q' && key != 'Q');
	put(wipe, sizeof wipe - 1);
	t.is_at_line_start = true;
	if (key == ' ')
		t.lines_left = page_lines() - 1;
	else if (key == '\r' || key == '\n')
		t.lines_left = 1;
	else
		t.is_discarding = true;
	if (t.is_discarding)
		send_frame(CLI_MSG_INTERRUPT, NULL, 0);
}

static void
show_paged(const char *s, size_t n)
{
	while (n > 0 && !t.is_discarding) {
		const char *end = memchr(s, '\n', n);
		size_t line = end != NULL ? (size_t)(end - s) + 1 : n;

		if (t.lines_left == 0 && t.is_at_line_start)
			turn_page();
		if (t.is_discarding)
			return;
		put(s, line);
		if (end != NULL && t.lines_left > 0)
			t.lines_left--;
		s += line;
		n -= line;
	}
}

static void
show(const char *s, size_t n)
{
	bool is_typing = t.state == AT_PROMPT || t.state == ASKING;

	if (is_typing) /* the chassis speaks while the operator types: above the line */
		t.rl.crlf();
	if (page_lines() > 1 && !is_typing)
		show_paged(s, n);
	else
		put(s, n);
	if (is_typing) {
		t.rl.on_new_line();
		t.rl.forced_update_display();
	}
}

/* ---- readline's questions ---- */

static void take_frame(const struct cli_frame *f);

/* The answer to COMPLETE or HELP; other frames on the way are shown. NULL: the session is over. */
static const struct cli_frame *
ask_chassis(enum cli_msg ask, enum cli_msg answer, const char *line, size_t n)
{
	static struct cli_frame f;

	send_frame(ask, line, n);
	while (t.state != OVER) {
		if (starsh_link_next(t.link, &f, true) < 0) {
			over(EXIT_FAILURE, "the connection to the chassis was lost");
			return NULL;
		}
		if (f.type == answer)
			return &f;
		take_frame(&f);
	}
	return NULL;
}

static bool
is_in_quotes(const char *s, int n)
{
	bool is_in = false;

	for (int i = 0; i < n; i++)
		is_in ^= s[i] == '"';
	return is_in;
}

static int
on_question_mark(int count, int key)
{
	const struct cli_frame *f;

	if (t.state == ASKING || is_in_quotes(*t.rl.line_buffer, *t.rl.point))
		return t.rl.insert(count, key);
	f = ask_chassis(CLI_MSG_HELP, CLI_MSG_HELPTEXT, *t.rl.line_buffer, (size_t)*t.rl.point);
	if (f == NULL)
		return 0;
	t.rl.crlf();
	put((const char *)f->data, f->len);
	if (!t.is_at_line_start)
		put("\n", 1);
	t.rl.on_new_line();
	t.rl.forced_update_display();
	return 0;
}

static int
on_ctrl_z(int count, int key)
{
	(void)count;
	(void)key;
	if (t.state != AT_PROMPT)
		return 0;
	t.is_to_exec = true;
	*t.rl.done = 1; /* ends the line as Enter would; on_line knows better */
	return 0;
}

/* readline asks for one match after the other, starting with state 0; it frees them. */
static struct cli_frame candidates;
static size_t candidates_at;

static char *
next_candidate(const char *text, int is_next)
{
	const char *word;

	if (!is_next)
		candidates_at = 0;
	/* Placeholders are for reading only, and a word that does not begin like the typed one would replace it. */
	do
		word = cli_candidates_next(&candidates, &candidates_at);
	while (word != NULL &&
	       (*word == '<' || *word == '[' || *word == '\0' || strncasecmp(word, text, strlen(text)) != 0));
	return word != NULL ? strdup(word) : NULL;
}

static char **
on_tab(const char *text, int start, int end)
{
	const struct cli_frame *f;

	(void)start;
	*t.rl.attempted_completion_over = 1; /* never the names of files */
	if (t.state != AT_PROMPT)
		return NULL;
	f = ask_chassis(CLI_MSG_COMPLETE, CLI_MSG_CANDIDATES, *t.rl.line_buffer, (size_t)end);
	if (f == NULL)
		return NULL;
	candidates = *f;
	return t.rl.completion_matches(text, next_candidate);
}

static void
remember(const char *line)
{
	if (*line == '\0' || strcmp(line, t.last_history) == 0)
		return;
	t.rl.add_history(line);
	starsh_history_add(t.history, line);
	snprintf(t.last_history, sizeof t.last_history, "%s", line);
}

/* A line was entered; NULL is Ctrl-D on an empty one. */
static void
on_line(char *line)
{
	bool was_asking = t.state == ASKING;

	if (t.is_secret) {
		t.rl.tty_set_echoing(1);
		t.is_secret = false;
		put("\n", 1);
	}
	leave_prompt();
	if (t.is_to_exec) {
		t.is_to_exec = false;
		put("^Z\n", 3);
		send_frame(CLI_MSG_TO_EXEC, NULL, 0);
	} else if (line == NULL && was_asking) {
		put("\n", 1);
		send_frame(CLI_MSG_INTERRUPT, NULL, 0); /* the chassis says that nothing was done */
	} else if (line == NULL) {
		put("\n", 1);
		over(EXIT_SUCCESS, NULL);
	} else {
		if (!was_asking)
			remember(line);
		send_frame(CLI_MSG_LINE, line, strlen(line));
	}
	free(line);
}

static int
next_key(FILE *unused)
{
	(void)unused;
	while (!starsh_keys_waiting(&t.keys) && !t.keys.is_over)
		starsh_keys_read(&t.keys);
	return t.keys.is_over ? EOF : starsh_keys_take(&t.keys);
}

static int
is_key_there(void)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	return starsh_keys_waiting(&t.keys) || poll(&p, 1, 0) == 1;
}

/* The terminal is in one mode all the time (starsh_keys.h); readline has only to know that it echoes. */
static void
prepare_terminal(int meta)
{
	(void)meta;
	t.rl.tty_set_echoing(!t.is_secret);
}

static void
leave_terminal(void)
{
}

static void
set_up_readline(void)
{
	static const char *const settings[][2] = {
	    {"enable-bracketed-paste", "off"}, {"show-all-if-ambiguous", "on"}, {"completion-ignore-case", "on"},
	    {"page-completions", "off"},       {"bell-style", "none"},          {"bind-tty-special-chars", "off"},
	    {"enable-meta-key", "off"}};

	*t.rl.readline_name = "starsh";
	*t.rl.catch_signals = 0;
	*t.rl.getc_function = next_key;
	*t.rl.input_available_hook = is_key_there;
	*t.rl.prep_term_function = prepare_terminal;
	*t.rl.deprep_term_function = leave_terminal;
	*t.rl.attempted_completion_function = on_tab;
	*t.rl.word_break_characters = (char *)(uintptr_t) " |";
	*t.rl.completion_query_items = -1;
	t.rl.initialize();
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		t.rl.variable_bind(settings[i][0], settings[i][1]);
	t.rl.bind_key('?', on_question_mark);
	t.rl.bind_key(CTRL_Z, on_ctrl_z);
	t.rl.using_history();
	t.rl.stifle_history(HISTORY_LINES);
	t.history = starsh_history_file();
	if (t.history != NULL) {
		(void)t.rl.truncate_file(t.history, HISTORY_LINES);
		(void)t.rl.read_history(t.history);
	}
}

/* ---- frames ---- */

static void
go_to_prompt(enum state state, const char *text, size_t n)
{
	if (!t.is_at_line_start)
		put("\n", 1);
	snprintf(t.prompt, sizeof t.prompt, "%.*s", (int)n, text);
	t.state = state;
	t.is_discarding = false;
	if (t.is_secret) /* without echo readline shows no prompt either */
		put(t.prompt, strlen(t.prompt));
	t.rl.install(t.is_secret ? "" : t.prompt, on_line);
	t.is_at_line_start = false;
}

static void
take_frame(const struct cli_frame *f)
{
	struct cli_end end;
	const char *text;
	uint8_t flags;
	size_t n;

	switch (f->type) {
	case CLI_MSG_OUTPUT:
		if (!t.is_discarding)
			show((const char *)f->data, f->len);
		break;
	case CLI_MSG_PAGE:
		begin_pages(true);
		break;
	case CLI_MSG_PROMPT:
		if (t.state == BUSY)
			go_to_prompt(AT_PROMPT, (const char *)f->data, f->len);
		break;
	case CLI_MSG_QUESTION:
		if (t.state == BUSY && cli_question_decode(f, &flags, &text, &n) == ERR_OK) {
			t.is_secret = (flags & CLI_QUESTION_SECRET) != 0;
			go_to_prompt(ASKING, text, n);
		}
		break;
	case CLI_MSG_END:
		if (cli_end_decode(f, &end) == ERR_OK)
			t.length = end.length;
		break;
	case CLI_MSG_BYE:
		say_bye(f);
		break;
	default:
		break;
	}
}

/* Ctrl-C: at the prompt the typed line is dropped, a question is taken back, a running command is stopped. */
static void
on_interrupt(void)
{
	starsh_keys_drop(&t.keys);
	if (t.state == AT_PROMPT || t.state == ASKING) {
		t.rl.free_line_state();
		t.rl.sigcleanup();
		t.rl.replace_line("", 1);
		put("^C\n", 3);
	}
	if (t.state == AT_PROMPT) {
		t.rl.on_new_line();
		t.rl.redisplay();
		return;
	}
	if (t.state == ASKING) {
		t.rl.tty_set_echoing(1);
		t.is_secret = false;
		leave_prompt();
	} else {
		put("^C\n", 3);
		t.is_discarding = true; /* what is on its way already */
	}
	send_frame(CLI_MSG_INTERRUPT, NULL, 0);
}

static void
on_signal(void)
{
	int number = starsh_keys_signal(&t.keys);

	if (number == SIGINT)
		on_interrupt();
	else if (number != 0)
		over(EXIT_FAILURE, NULL);
}

static void
feed_readline(void)
{
	while ((t.state == AT_PROMPT || t.state == ASKING) && starsh_keys_waiting(&t.keys))
		t.rl.read_char();
	if (t.keys.is_over)
		over(EXIT_SUCCESS, NULL);
}

/* Some of the frames that are here: a chassis that writes faster than the terminal must leave room for Ctrl-C. */
static bool
take_frames(void)
{
	struct cli_frame f;
	int got = 1;

	for (int i = 0; i < FRAMES_AT_ONCE && t.state != OVER && got > 0; i++) {
		got = starsh_link_next(t.link, &f, false);
		if (got > 0)
			take_frame(&f);
	}
	if (got < 0) {
		if (!t.is_at_line_start)
			put("\n", 1);
		over(EXIT_FAILURE, "the connection to the chassis was lost");
	}
	return got > 0;
}

static void
loop(void)
{
	bool has_more = false; /* frames read already but not taken */

	while (t.state != OVER) {
		bool is_typing = t.state == AT_PROMPT || t.state == ASKING;
		struct pollfd p[3] = {{.fd = t.link->fd, .events = POLLIN},
		                      {.fd = t.keys.signal_fd, .events = POLLIN},
		                      {.fd = is_typing ? STDIN_FILENO : -1, .events = POLLIN}};

		if (poll(p, 3, has_more ? 0 : -1) < 0)
			continue; /* a signal of readline's own, SIGWINCH */
		if (p[1].revents != 0)
			on_signal();
		if ((p[0].revents != 0 || has_more) && t.state != OVER)
			has_more = take_frames();
		if (p[2].revents != 0 && t.state != OVER)
			starsh_keys_read(&t.keys);
		feed_readline(); /* what was typed ahead, too */
	}
}

int
starsh_terminal(struct starsh_link *l)
{
	struct cli_hello hello = {.version = CLI_PROTO_VERSION, .flags = CLI_HELLO_INTERACTIVE};
	struct winsize size;
	struct wbuf w;

	t.link = l;
	t.is_at_line_start = true;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
		hello.rows = size.ws_row;
		hello.columns = size.ws_col;
	}
	if (!starsh_readline_load(&t.rl) || !starsh_keys_open(&t.keys))
		return EXIT_FAILURE;
	set_up_readline();
	wbuf_init(&w, l->out, sizeof l->out);
	(void)cli_hello_put(&w, &hello);
	l->out_end = w.len;
	if (!starsh_link_flush(l, true))
		l->out_start = l->out_end = 0;
	loop();
	starsh_keys_close(&t.keys);
	return t.status;
}
