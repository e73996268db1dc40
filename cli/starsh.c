/*
 * starsh.c - the operator's shell: commands from -c, from a file or from a pipe; a terminal is starsh_line.c's.
 *
 * From a pipe or with -c nothing but the output of the commands is written, and the exit status is 1 when any line
 * failed. Lines are sent ahead of their answers, as far as buffers allow; a question takes the next line of the input
 * for its answer, and is taken back when there is none. No locale, no libraries but libc: a command costs a connection
 * and a few frames.
 */
#include "cli/starsh.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMANDS_MAX = 1024, EXIT_USAGE = 2, PATH_BYTES = 4096 };

/* Where lines come from: the commands of -c, or a descriptor. */
struct feed {
	const char **commands;
	size_t command_count, command_next;
	int fd;             /* -1: there are only commands */
	bool is_after_cr;   /* CRLF is one end of line */
	bool is_over;       /* no more lines */
	bool is_too_long;   /* the rest of a refused line is passed over */
	const char *name;   /* of a file whose first failing line is told and ends the run; NULL otherwise */
	unsigned long line; /* number of the last line taken from fd */
	size_t start, end;
	char bytes[CLI_FRAME_PAYLOAD_MAX];
};

struct run {
	struct starsh_link *link;
	struct feed *feed;
	unsigned long sent, answered; /* lines; a line is answered by END or by QUESTION */
	char last[120];               /* of a named file: the line sent last */
	bool has_question;            /* open, and its answer is not sent */
	bool has_failed;
	bool is_over;
};

/* ---- lines in ---- */

/* The next line of bytes read so far; false: there is none yet. At the end of the file the rest is a line. */
static bool
feed_split(struct feed *f, const char **line, size_t *n)
{
	size_t i;

	if (f->is_after_cr && f->start < f->end) {
		f->start += f->bytes[f->start] == '\n';
		f->is_after_cr = false;
	}
	for (i = f->start; i < f->end && f->bytes[i] != '\n' && f->bytes[i] != '\r'; i++)
		;
	if (i == f->end && !(f->is_over && f->end > f->start))
		return false;
	*line = f->bytes + f->start;
	*n = i - f->start;
	f->is_after_cr = i < f->end && f->bytes[i] == '\r';
	f->start = i < f->end ? i + 1 : i;
	return true;
}

static bool
feed_next(struct feed *f, struct run *run, const char **line, size_t *n)
{
	if (f->command_next < f->command_count) {
		*line = f->commands[f->command_next++];
		*n = strlen(*line);
		return true;
	}
	while (f->fd >= 0 && feed_split(f, line, n)) {
		f->line++;
		if (!f->is_too_long)
			return true;
		f->is_too_long = false;
	}
	if (f->fd >= 0 && f->start == 0 && f->end == sizeof f->bytes) {
		if (!f->is_too_long)
			fprintf(stderr, "starsh: a line of more than %zu characters was not sent\n",
			        sizeof f->bytes - 1);
		f->is_too_long = run->has_failed = true;
		run->is_over |= f->name != NULL;
		f->end = 0;
	}
	return false;
}

static void
feed_read(struct feed *f)
{
	ssize_t n;

	memmove(f->bytes, f->bytes + f->start, f->end - f->start);
	f->end -= f->start;
	f->start = 0;
	n = read(f->fd, f->bytes + f->end, sizeof f->bytes - f->end);
	if (n > 0)
		f->end += (size_t)n;
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		f->is_over = true;
}

static bool
feed_is_empty(const struct feed *f)
{
	return f->command_next == f->command_count && (f->fd < 0 || (f->is_over && f->start == f->end));
}

/* ---- the conversation ---- */

static void
send_lines(struct run *r)
{
	const char *line;
	size_t n;

	while (starsh_link_has_room(r->link) && (r->feed->name == NULL || r->answered == r->sent) &&
	       feed_next(r->feed, r, &line, &n)) {
		snprintf(r->last, sizeof r->last, "%.*s", (int)(n < sizeof r->last ? n : sizeof r->last - 1), line);
		if (!starsh_link_queue(r->link, CLI_MSG_LINE, line, n)) {
			fprintf(stderr, "starsh: a line of more than %d characters was not sent\n",
			        CLI_FRAME_PAYLOAD_MAX);
			r->has_failed = true;
			continue;
		}
		r->sent++;
		r->has_question = false;
	}
}

/* A question nobody answers any more is taken back: the command is not carried out. */
static void
give_up_question(struct run *r, const char *question, size_t n)
{
	fprintf(stderr, "starsh: no answer to \"%.*s\", the command is not carried out\n", (int)n, question);
	r->has_failed = true;
	r->sent++; /* the INTERRUPT is answered by an END of its own */
	(void)starsh_link_queue(r->link, CLI_MSG_INTERRUPT, NULL, 0);
}

/* A line failed; of a file it is the last one that is carried out. */
static void
fail(struct run *r)
{
	r->has_failed = true;
	if (r->feed->name == NULL || r->is_over)
		return;
	fprintf(stderr, "starsh: %s line %lu failed: %s\n", r->feed->name, r->feed->line, r->last);
	r->is_over = true;
}

static void
take_frame(struct run *r, const struct cli_frame *f)
{
	struct cli_end end;

	switch (f->type) {
	case CLI_MSG_OUTPUT:
		if (!starsh_write(STDOUT_FILENO, f->data, f->len))
			r->is_over = r->has_failed = true;
		break;
	case CLI_MSG_END:
		r->answered++;
		if (cli_end_decode(f, &end) != ERR_OK || end.status != CLI_STATUS_OK)
			fail(r);
		break;
	case CLI_MSG_QUESTION:
		r->answered++;
		r->has_question = r->answered == r->sent; /* else its answer is on the way */
		break;
	case CLI_MSG_BYE:
		if (f->len > 0) {
			fprintf(stderr, "starsh: %.*s\n", (int)f->len, (const char *)f->data);
			r->has_failed = true;
		}
		r->is_over = true;
		break;
	default:
		break;
	}
}

/* All frames that are here; the text of an open question is kept in @question. */
static void
take_frames(struct run *r, char *question, size_t question_max, bool is_waiting)
{
	struct cli_frame f;
	int got = 0;

	while (!r->is_over && (got = starsh_link_next(r->link, &f, is_waiting)) > 0) {
		is_waiting = false;
		take_frame(r, &f);
		if (f.type == CLI_MSG_QUESTION)
			snprintf(question, question_max, "%.*s", (int)f.len - 1, (const char *)f.data + 1);
	}
	if (got < 0) {
		fprintf(stderr, "starsh: the connection to the chassis was lost\n");
		r->is_over = r->has_failed = true;
	}
}

static void
wait_for_something(struct run *r)
{
	const struct starsh_link *l = r->link;
	bool wants_input = r->feed->fd >= 0 && !r->feed->is_over && starsh_link_has_room(l);
	struct pollfd p[2] = {{.fd = l->fd, .events = POLLIN},
	                      {.fd = wants_input ? r->feed->fd : -1, .events = POLLIN}};

	if (l->out_start < l->out_end)
		p[0].events |= POLLOUT;
	if (poll(p, 2, -1) < 0)
		return;
	if (p[1].revents != 0)
		feed_read(r->feed);
}

static int
run_lines(struct starsh_link *l, struct feed *f)
{
	const struct cli_hello hello = {.version = CLI_PROTO_VERSION};
	struct run r = {.link = l, .feed = f};
	char question[256] = "";
	struct wbuf w;

	wbuf_init(&w, l->out, sizeof l->out);
	(void)cli_hello_put(&w, &hello);
	l->out_end = w.len;
	while (!r.is_over) {
		send_lines(&r);
		if (feed_is_empty(f) && r.answered == r.sent && !r.has_question)
			break;
		if (feed_is_empty(f) && r.has_question) {
			give_up_question(&r, question, strlen(question));
			r.has_question = false;
		}
		/* A chassis that is gone may have said why: what it sent is read all the same. */
		(void)starsh_link_flush(l, false);
		if (f->fd >= 0 || l->out_start < l->out_end)
			wait_for_something(&r);
		take_frames(&r, question, sizeof question, f->fd < 0 && l->out_start == l->out_end);
	}
	return r.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- start ---- */

static void
usage(FILE *to)
{
	fputs("usage: starsh [-r ROOT | -s SOCKET] [-c COMMAND... | -f FILE | -S]\n"
	      "  -r ROOT     the chassis whose root directory this is (default: $STARLING_ROOT)\n"
	      "  -s SOCKET   the chassis' CLI socket itself\n"
	      "  -c COMMAND  carry COMMAND out, write its output only; several are carried out in order\n"
	      "  -f FILE     carry the lines of FILE out, up to the first that fails, which is named\n"
	      "  -S          as ForceCommand of sshd: carry SSH_ORIGINAL_COMMAND out, if there is one\n"
	      "Without -c and -f lines are read from the terminal, or from standard input.\n"
	      "The exit status is 0, or 1 when a command failed or no chassis answers.\n",
	      to);
}

/* The lines of the command that sshd was given, as if each had come with -c; the text is cut in place. */
static void
take_ssh_command(struct feed *f)
{
	char *text = getenv("SSH_ORIGINAL_COMMAND");

	for (char *line = text != NULL ? strtok(text, "\n") : NULL; line != NULL && f->command_count < COMMANDS_MAX;
	     line = strtok(NULL, "\n"))
		f->commands[f->command_count++] = line;
}

static bool
find_socket(const char *root, const char *given, char path[PATH_BYTES])
{
	if (root == NULL)
		root = getenv("STARLING_ROOT");
	if (given == NULL && (root == NULL || *root == '\0')) {
		fputs("starsh: which chassis? give -r ROOT or -s SOCKET, or set STARLING_ROOT\n", stderr);
		return false;
	}
	if (given != NULL)
		snprintf(path, PATH_BYTES, "%s", given);
	else
		snprintf(path, PATH_BYTES, "%s/run/cli.sock", root);
	return true;
}

int
main(int argc, char **argv)
{
	static struct starsh_link link;
	static struct feed feed;
	static const char *commands[COMMANDS_MAX];
	const char *root = NULL, *given = NULL;
	char path[PATH_BYTES];
	int option;

	feed.commands = commands;
	feed.fd = -1;
	while ((option = getopt(argc, argv, "r:s:c:f:Sh")) != -1) {
		if (option == 'r')
			root = optarg;
		else if (option == 's')
			given = optarg;
		else if (option == 'c' && feed.command_count < COMMANDS_MAX)
			commands[feed.command_count++] = optarg;
		else if (option == 'S')
			take_ssh_command(&feed);
		else if (option == 'f' && feed.name == NULL)
			feed.name = optarg;
		else {
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? EXIT_SUCCESS : EXIT_USAGE;
		}
	}
	if (optind < argc || (feed.name != NULL && feed.command_count > 0)) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (feed.name != NULL && (feed.fd = open(feed.name, O_RDONLY | O_CLOEXEC)) < 0) {
		fprintf(stderr, "starsh: %s: %s\n", feed.name, strerror(errno));
		return EXIT_FAILURE;
	}
	if (!find_socket(root, given, path) || !starsh_link_open(&link, path))
		return EXIT_FAILURE;
	if (feed.command_count == 0 && feed.name == NULL && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		return starsh_terminal(&link);
	if (feed.command_count == 0 && feed.name == NULL)
		feed.fd = STDIN_FILENO;
	return run_lines(&link, &feed);
}
