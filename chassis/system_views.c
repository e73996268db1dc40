/*
 * system_views.c - commands that show the system: contexts, uptime, interfaces, ports and the end of the event log.
 *
 * Labels and columns are those of the reference (section 1.9); those of show ip interface summary are a proposal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sock.h"
#include "chassis/chassis.h"
#include "chassis/chassis_cmds.h"
#include "chassis/system_cmds.h"

enum { LOG_TAIL_BYTES = 1 << 20 };

/* --- contexts ------------------------------------------------------------------------------------------------ */

static void
show_context_line(struct cli_call *call, const char *name, unsigned number)
{
	text_printf(call->out, "%-15s %-12u Active\n", name, number);
}

/* local is number 1 and always there; the others count in the order of the configuration. */
static enum cli_answer
show_context(struct cli_call *call)
{
	const struct chassis *c = call->app;
	const struct cfg *cfg = cli_running(c->cli);
	bool is_all = cli_arg_has(call, "all");
	unsigned number = 1;

	text_put(call->out, "Context Name    ContextID    State     Description\n");
	text_put(call->out, "--------------- --------- ----------   -----------------------\n");
	if (is_all || strcmp(call->context, "local") == 0)
		show_context_line(call, "local", number);
	for (const struct cfg_node *n = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT); n != NULL;
	     n = cfg_next(cfg, n)) {
		const char *name = cfg_str(cfg, n, "name");

		if (strcmp(name, "local") == 0)
			continue;
		number++;
		if (is_all || strcmp(call->context, name) == 0)
			show_context_line(call, name, number);
	}
	return CLI_ANSWER_DONE;
}

static enum cli_answer
show_uptime(struct cli_call *call)
{
	const struct chassis *c = call->app;
	struct timespec now;
	long long minutes;

	clock_gettime(CLOCK_BOOTTIME, &now);
	minutes = (now.tv_sec - c->started_boot_s) / 60;
	text_printf(call->out, "System uptime: %lldD %lldH %lldM\n", minutes / 1440, minutes / 60 % 24, minutes % 60);
	return CLI_ANSWER_DONE;
}

/* --- interfaces and ports ---------------------------------------------------------------------------------------- */

/* The port that is bound to interface @name of @context, or NULL. */
static const struct cfg_node *
port_of(const struct cfg *cfg, const char *context, const char *name)
{
	for (const struct cfg_node *p = cfg_first(cfg, cfg_root(cfg), CHASSIS_ROW_PORT); p != NULL;
	     p = cfg_next(cfg, p)) {
		const struct cfg_node *bind = cfg_first(cfg, p, CHASSIS_ROW_PORT_BIND);

		if (bind != NULL && strcmp(cfg_str(cfg, bind, "interface"), name) == 0 &&
		    strcmp(cfg_str(cfg, bind, "context"), context) == 0)
			return p;
	}
	return NULL;
}

/* A port is out of use until `no shutdown`. */
static bool
is_port_enabled(const struct cfg *cfg, const struct cfg_node *port)
{
	const struct cfg_node *line = cfg_first(cfg, port, CHASSIS_ROW_PORT_SHUTDOWN);

	return line != NULL && cfg_is_no(line);
}

static bool
is_interface_up(const struct chassis *c, const struct cfg *cfg, const struct cfg_node *interface,
                const struct cfg_node *port)
{
	const struct cfg_node *line = cfg_first(cfg, interface, CHASSIS_ROW_INTERFACE_ADDRESS);
	struct addr a;

	if (line == NULL || !cfg_addr(cfg, line, "address", &a))
		return false;
	if (!cfg_has(cfg, interface, "loopback") && (port == NULL || !is_port_enabled(cfg, port)))
		return false;
	if (cfg_has(cfg, line, "srp-activate") && !c->is_active)
		return false;
	return sock_is_here(&a);
}

static unsigned
mask_bits(const struct cfg *cfg, const struct cfg_node *line)
{
	struct addr mask;

	return cfg_addr(cfg, line, "mask", &mask) ? (unsigned)__builtin_popcount(addr_v4_u32(&mask)) : 32;
}

static void
show_interface(struct cli_call *call, const struct cfg *cfg, const struct cfg_node *n)
{
	const struct chassis *c = call->app;
	const char *name = cfg_str(cfg, n, "name");
	const struct cfg_node *line = cfg_first(cfg, n, CHASSIS_ROW_INTERFACE_ADDRESS);
	const struct cfg_node *port = port_of(cfg, call->context, name);
	char address[ADDR_TEXT_MAX + 8] = "None", text[ADDR_TEXT_MAX];
	struct addr a;

	if (line != NULL && cfg_addr(cfg, line, "address", &a))
		snprintf(address, sizeof address, "%s/%u", addr_text(&a, text), mask_bits(cfg, line));
	text_printf(call->out, "%-30s %-20s %-20s %s\n", name, address,
	            cfg_has(cfg, n, "loopback") ? "Loopback"
	            : port != NULL              ? cfg_str(cfg, port, "port")
	                                        : "None",
	            is_interface_up(c, cfg, n, port) ? "UP" : "DOWN");
}

static enum cli_answer
show_interfaces(struct cli_call *call)
{
	const struct chassis *c = call->app;
	const struct cfg *cfg = cli_running(c->cli);
	const struct cfg_node *context = cfg_find(cfg, cfg_root(cfg), CLI_ROW_CONTEXT, call->context);
	unsigned count = 0;

	text_put(call->out, "Interface Name                 Address/Mask         Port                 Status\n");
	text_put(call->out, "============================== ==================== ==================== ======\n");
	if (context != NULL)
		for (const struct cfg_node *n = cfg_first(cfg, context, CHASSIS_ROW_INTERFACE); n != NULL;
		     n = cfg_next(cfg, n)) {
			show_interface(call, cfg, n);
			count++;
		}
	text_printf(call->out, "Total interface count: %u\n", count);
	return CLI_ANSWER_DONE;
}

/* The interface that @port is bound to, or NULL. */
static const struct cfg_node *
interface_of(const struct cfg *cfg, const struct cfg_node *port)
{
	const struct cfg_node *bind = cfg_first(cfg, port, CHASSIS_ROW_PORT_BIND);
	const struct cfg_node *context =
	    bind == NULL ? NULL : cfg_find(cfg, cfg_root(cfg), CLI_ROW_CONTEXT, cfg_str(cfg, bind, "context"));

	return context == NULL ? NULL : cfg_find(cfg, context, CHASSIS_ROW_INTERFACE, cfg_str(cfg, bind, "interface"));
}

static enum cli_answer
show_ports(struct cli_call *call)
{
	const struct chassis *c = call->app;
	const struct cfg *cfg = cli_running(c->cli);

	text_put(call->out, "Port  Role Type                      Admin    Oper Link State    Pair  Redundant\n");
	text_put(call->out, "----- ---- ------------------------  -------- ---- ---- -------  ----- ---------\n");
	for (const struct cfg_node *p = cfg_first(cfg, cfg_root(cfg), CHASSIS_ROW_PORT); p != NULL;
	     p = cfg_next(cfg, p)) {
		const struct cfg_node *bind = cfg_first(cfg, p, CHASSIS_ROW_PORT_BIND);
		const struct cfg_node *interface = interface_of(cfg, p);
		bool is_local = bind != NULL && strcmp(cfg_str(cfg, bind, "context"), "local") == 0;
		bool is_up = interface != NULL && is_interface_up(c, cfg, interface, p);

		text_printf(call->out, "%-4s %-4s %-25s %-8s %-4s %-4s %-9s %-4s %s\n", cfg_str(cfg, p, "port"),
		            is_local ? "Mgmt" : "Srvc", "Virtual Ethernet",
		            is_port_enabled(cfg, p) ? "Enabled" : "Disabled", is_up ? "Up" : "Down", "-",
		            is_up ? "Active" : "-", "None", "-");
	}
	return CLI_ANSWER_DONE;
}

/* --- event log ----------------------------------------------------------------------------------------------- */

/* What of the log is wanted. */
struct log_filter {
	const char *facility; /* NULL: all */
	enum log_severity least;
	unsigned lines;
};

static enum log_severity
severity_of(const char *word, size_t n)
{
	int s = 0;

	while (s < LOG_SEVERITY_COUNT && (strlen(log_severity_text((enum log_severity)s)) != n ||
	                                  strncmp(log_severity_text((enum log_severity)s), word, n) != 0))
		s++;
	return (enum log_severity)s;
}

/* A line is "TIME [facility id severity] ..."; what is none belongs to nobody and is shown only unfiltered. */
static bool
is_wanted(const char *line, size_t n, const struct log_filter *f)
{
	const char *open = memchr(line, '[', n);
	const char *close = open == NULL ? NULL : memchr(open, ']', n - (size_t)(open - line));
	const char *id, *severity;

	if (close == NULL)
		return f->facility == NULL && f->least == LOG_DEBUG;
	id = memchr(open, ' ', (size_t)(close - open));
	severity = id == NULL ? NULL : memchr(id + 1, ' ', (size_t)(close - id - 1));
	if (severity == NULL || severity_of(severity + 1, (size_t)(close - severity - 1)) > f->least)
		return false;
	return f->facility == NULL || ((size_t)(id - open - 1) == strlen(f->facility) &&
	                               strncmp(open + 1, f->facility, strlen(f->facility)) == 0);
}

/* The wanted lines of @tail from the end, then out in their order. */
static void
put_log(struct cli_call *call, const char *tail, size_t n, const struct log_filter *f)
{
	const char *lines[SYSTEM_LOG_LINES_MAX];
	unsigned count = 0;
	size_t end = n;

	while (end > 0 && count < f->lines) {
		const char *before = memrchr(tail, '\n', end - 1);
		const char *line = before == NULL ? tail : before + 1;

		if (is_wanted(line, end - (size_t)(line - tail), f))
			lines[count++] = line;
		end = (size_t)(line - tail);
	}
	while (count-- > 0) {
		const char *stop = memchr(lines[count], '\n', n - (size_t)(lines[count] - tail));

		call->out->write(call->out->arg, lines[count], (size_t)(stop - lines[count]) + 1);
	}
}

/* The last LOG_TAIL_BYTES of @path in whole lines into @buf; returns how many octets, -1: errno says why. */
static ssize_t
read_tail(const char *path, char *buf)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *first = buf;
	struct stat st;
	ssize_t n;
	off_t from;

	if (fd < 0 || fstat(fd, &st) < 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	from = st.st_size > LOG_TAIL_BYTES ? st.st_size - LOG_TAIL_BYTES : 0;
	n = pread(fd, buf, LOG_TAIL_BYTES, from);
	close(fd);
	while (n > 0 && buf[n - 1] != '\n') /* a line that is being written */
		n--;
	if (from > 0 && n > 0) { /* the first one is cut */
		first = (char *)memchr(buf, '\n', (size_t)n) + 1;
		n -= first - buf;
		memmove(buf, first, (size_t)n);
	}
	return n;
}

/* The end of the log, and before it that of the one that was put away as full, in *@tail (the caller frees it). */
static bool
read_log(const struct chassis *c, char **tail, size_t *n)
{
	char path[4096], *buf = malloc(2 * LOG_TAIL_BYTES);
	ssize_t old, now;

	if (buf == NULL)
		return false;
	snprintf(path, sizeof path, "%s/run/log.1", c->options.root);
	old = read_tail(path, buf);
	if (old < 0)
		old = 0;
	snprintf(path, sizeof path, "%s/run/log", c->options.root);
	now = read_tail(path, buf + old);
	if (now < 0) {
		free(buf);
		return false;
	}
	*tail = buf;
	*n = (size_t)(old + now);
	return true;
}

static bool
is_facility(const char *name)
{
	for (int i = 0; i < LOG_ID_COUNT; i++)
		if (strcmp(log_row((enum log_id)i)->facility, name) == 0)
			return true;
	return false;
}

static enum cli_answer
show_logs(struct cli_call *call)
{
	struct log_filter f = {.least = LOG_DEBUG, .lines = SYSTEM_LOG_LINES};
	const struct chassis *c = call->app;
	uint64_t number;
	char *tail;
	size_t n;

	if (cli_arg_has(call, "level"))
		f.least = severity_of(cli_arg_str(call, "severity"), strlen(cli_arg_str(call, "severity")));
	if (cli_arg_has(call, "facility"))
		f.facility = cli_arg_str(call, "name");
	if (f.facility != NULL && !is_facility(f.facility))
		return cli_fail(call, "no event is of facility %s", f.facility);
	if (cli_arg_uint(call, "number", &number))
		f.lines = (unsigned)number;
	if (c->options.is_log_stderr)
		return cli_fail(call, "the log goes to standard error");
	if (!read_log(c, &tail, &n))
		return cli_fail(call, "the log cannot be read: %s", strerror(errno));
	put_log(call, tail, n, &f);
	free(tail);
	return CLI_ANSWER_DONE;
}

const struct cli_handler system_views[] = {
    {SYSTEM_ROW_SHOW_CONTEXT, show_context},
    {SYSTEM_ROW_SHOW_UPTIME, show_uptime},
    {SYSTEM_ROW_SHOW_INTERFACES, show_interfaces},
    {SYSTEM_ROW_SHOW_PORTS, show_ports},
    {SYSTEM_ROW_SHOW_LOGS, show_logs},
    {0, NULL},
};
