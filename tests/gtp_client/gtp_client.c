/*
 * gtp_client.c - options, loop and summary of the test client.
 *
 *   gtp_client MODE --local ADDR[:PORT] --remote ADDR[:PORT] [options]
 *
 * Modes: create (all contexts), update (creates what is not held, then Update PDP Context on random contexts), delete
 * (all that are held), mixed (create, update, delete at random). SIGTERM and SIGINT stop new requests, wait for
 * what is under way and print the summary; SIGUSR1 sets a marker: the largest gap behind it is reported.
 * Exit status: 0 when nothing was lost, refused or wrong; 1 otherwise; 2 for a wrong command line. In mixed mode a
 * Create may be refused for lack of resources: the context is tried again later.
 */
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/rng.h"
#include "client.h"

enum { BURST_MAX = 64, RATE_MAX = 1000000 };
#define LATE_NS UINT64_C(500000000)

static volatile sig_atomic_t stop_asked, markers_asked;

static void
on_signal(int number)
{
	if (number == SIGUSR1)
		markers_asked = markers_asked + 1;
	else
		stop_asked = 1;
}

uint64_t
client_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int
usage(const char *why)
{
	fprintf(stderr,
	        "gtp_client: %s\n"
	        "usage: gtp_client create|update|delete|mixed --local ADDR[:PORT] --remote ADDR[:PORT]\n"
	        "  --contexts N (1)  --imsi FIRST (240010000000000)  --apn NAME (internet)  --rate PER_SECOND (1000)\n"
	        "  --interval-us N   instead of --rate  --t3 MS (100)  --n3 TRANSMISSIONS (5)  --seconds S\n"
	        "  --ledger FILE  --state FILE  --capture FILE  --seed N\n",
	        why);
	return 2;
}

static bool
parse_mode(const char *text, enum client_mode *mode)
{
	static const char *const names[] = {"create", "update", "delete", "mixed"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(text, names[i]) == 0) {
			*mode = (enum client_mode)i;
			return true;
		}
	return false;
}

static bool
parse_imsi(const char *text, struct options *o)
{
	uint64_t wire;

	return gtp1_imsi_parse(text, &wire) == ERR_OK && gtp1_imsi_number(wire, &o->imsi, &o->imsi_digits);
}

static bool
parse_option(int which, const char *value, struct options *o)
{
	double number = strtod(value, NULL);

	switch (which) {
	case 'l':
		return sgsn_parse_address(value, &o->local);
	case 'r':
		return sgsn_parse_address(value, &o->remote);
	case 'c':
		o->contexts = (uint32_t)number;
		return number >= 1 && number <= CLIENT_CONTEXTS_MAX;
	case 'i':
		return parse_imsi(value, o);
	case 'a':
		o->apn = value;
		return true;
	case 'R':
		o->interval_ns = number >= 1 ? (uint64_t)(1e9 / number) : 0;
		return number >= 1 && number <= RATE_MAX;
	case 'I':
		o->interval_ns = (uint64_t)(number * 1000);
		return number >= 1;
	case '3':
		o->t3_ns = (uint64_t)(number * 1e6);
		return number >= 1;
	case 'n':
		o->n3 = (unsigned)number;
		return number >= 1 && number <= 10000;
	case 's':
		o->seconds = number;
		return number >= 0;
	case 'S':
		o->seed = strtoull(value, NULL, 10);
		return true;
	case 'L':
		o->ledger = value;
		return true;
	case 'T':
		o->state = value;
		return true;
	case 'C':
		o->capture = value;
		return true;
	default:
		return false;
	}
}

static bool
parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
	    {"local", 1, NULL, 'l'},       {"remote", 1, NULL, 'r'},  {"contexts", 1, NULL, 'c'},
	    {"imsi", 1, NULL, 'i'},        {"apn", 1, NULL, 'a'},     {"rate", 1, NULL, 'R'},
	    {"interval-us", 1, NULL, 'I'}, {"t3", 1, NULL, '3'},      {"n3", 1, NULL, 'n'},
	    {"seconds", 1, NULL, 's'},     {"seed", 1, NULL, 'S'},    {"ledger", 1, NULL, 'L'},
	    {"state", 1, NULL, 'T'},       {"capture", 1, NULL, 'C'}, {0}};
	int which;

	*o = (struct options){.contexts = 1,
	                      .imsi = 240010000000000,
	                      .imsi_digits = 15,
	                      .apn = "internet",
	                      .interval_ns = 1000000,
	                      .t3_ns = 100000000,
	                      .n3 = 5,
	                      .seed = client_now_ns()};
	while ((which = getopt_long(argc, argv, "", table, NULL)) != -1)
		if (which == '?' || !parse_option(which, optarg, o))
			return false;
	return optind + 1 == argc && parse_mode(argv[optind], &o->mode) && o->local.sin_family != 0 &&
	       o->remote.sin_family != 0;
}

static uint32_t
random_below(struct client *c, uint32_t n)
{
	struct rng r = {.state = c->random};
	uint32_t v = rng_below(&r, n);

	c->random = r.state;
	return v;
}

/* The first context at or behind @from that is @is_held and idle, or CLIENT_NONE. */
static int32_t
find_idle(const struct client *c, uint32_t from, bool is_held)
{
	for (uint32_t k = 0; k < c->opt.contexts; k++) {
		uint32_t i = (from + k) % c->opt.contexts;

		if (c->ctx[i].is_held == is_held && !c->ctx[i].is_pending)
			return (int32_t)i;
	}
	return CLIENT_NONE;
}

/* Creates until six of ten contexts are held, then half Updates, a quarter Creates, a quarter Deletes. */
static void
issue_mixed(struct client *c)
{
	uint32_t from = random_below(c, c->opt.contexts), dice = random_below(c, 4);
	bool is_create = dice == 0 ? c->held < c->opt.contexts : c->held * 10 < (uint64_t)c->opt.contexts * 6;
	int32_t i = find_idle(c, from, !is_create);

	if (i == CLIENT_NONE)
		return;
	if (is_create)
		ctx_request(c, i, GTP1_CREATE_REQUEST);
	else
		ctx_request(c, i, dice == 1 ? GTP1_DELETE_REQUEST : GTP1_UPDATE_REQUEST);
}

/* What a run still has to do; @next is the context the create and delete modes are at. */
struct run {
	uint32_t next;
	bool is_creating; /* update: until each context was tried once */
	uint64_t due_ns, end_ns;
};

/* One new request, if there is one to make; false when the mode has nothing left to start. */
static bool
issue(struct client *c, struct run *r)
{
	bool is_sweep = c->opt.mode == MODE_CREATE || c->opt.mode == MODE_DELETE || r->is_creating;
	bool is_delete = c->opt.mode == MODE_DELETE;
	int32_t i;

	if (is_sweep) {
		while (r->next < c->opt.contexts && c->ctx[r->next].is_held != is_delete)
			r->next++;
		if (r->next < c->opt.contexts) {
			ctx_request(c, (int32_t)r->next++, is_delete ? GTP1_DELETE_REQUEST : GTP1_CREATE_REQUEST);
			return true;
		}
		if (!r->is_creating)
			return false;
		r->is_creating = c->pending > 0;
		return true;
	}
	if (c->opt.mode == MODE_MIXED) {
		issue_mixed(c);
		return true;
	}
	i = find_idle(c, random_below(c, c->opt.contexts), true);
	if (i != CLIENT_NONE)
		ctx_request(c, i, GTP1_UPDATE_REQUEST);
	return true;
}

/* Starts what is due; false when the run starts no more. After a pause it does not make up for more than a burst. */
static bool
issue_due(struct client *c, struct run *r, uint64_t now)
{
	for (unsigned n = 0; r->due_ns <= now; n++) {
		if (stop_asked || (r->end_ns != 0 && now >= r->end_ns) || !issue(c, r))
			return false;
		r->due_ns += c->opt.interval_ns;
		if (n == BURST_MAX) {
			r->due_ns = now + c->opt.interval_ns;
			break;
		}
	}
	return true;
}

static void
receive_all(struct client *c)
{
	uint8_t bytes[GTP1_MESSAGE_MAX];
	struct sockaddr_in from;
	size_t len;

	while (net_receive(c, bytes, &len, &from))
		ctx_answer(c, bytes, len, &from);
}

static void
wait_until(const struct client *c, uint64_t until_ns)
{
	uint64_t now = client_now_ns(), left = until_ns > now ? until_ns - now : 0;
	struct timespec t = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	(void)ppoll(&p, 1, &t, NULL);
}

/* Repetitions of a Create that was refused may still be accepted. */
static void
wait_for_late(struct client *c)
{
	uint64_t end = client_now_ns() + LATE_NS;

	if (c->t.no_resources == 0 || c->t.retransmissions == 0)
		return;
	while (client_now_ns() < end) {
		wait_until(c, end);
		receive_all(c);
	}
}

static void
run_loop(struct client *c)
{
	uint64_t now = client_now_ns();
	struct run r = {.is_creating = c->opt.mode == MODE_UPDATE, .due_ns = now};
	bool is_issuing = true;
	int markers_seen = 0;

	if (c->opt.seconds > 0)
		r.end_ns = now + (uint64_t)(c->opt.seconds * 1e9);
	ctx_request(c, (int32_t)c->opt.contexts, GTP1_ECHO_REQUEST);
	while (is_issuing || c->pending > 0) {
		uint64_t deadline;

		receive_all(c);
		now = client_now_ns();
		for (; markers_seen < markers_asked; markers_seen++)
			gap_marker(&c->gaps, now);
		if (is_issuing)
			is_issuing = issue_due(c, &r, now);
		deadline = ctx_expire(c, now);
		if (is_issuing && (deadline == 0 || r.due_ns < deadline))
			deadline = r.due_ns;
		if (deadline != 0)
			wait_until(c, deadline);
	}
	wait_for_late(c);
}

static void
print_summary(const struct client *c, double seconds)
{
	const struct totals *t = &c->t;

	gap_print(&c->gaps, stdout);
	printf("sent=%llu answered=%llu lost=%llu cause_128=%llu no_resources=%llu other=%llu wrong=%llu held=%u "
	       "retransmissions=%llu "
	       "surplus=%llu late=%llu restart_counter=%d restart_changes=%u rtt_p50_us=%llu rtt_p99_us=%llu "
	       "max_gap_us=%llu "
	       "seconds=%.3f seed=%llu\n",
	       (unsigned long long)t->sent, (unsigned long long)t->answered, (unsigned long long)t->lost,
	       (unsigned long long)t->accepted, (unsigned long long)t->no_resources, (unsigned long long)t->other,
	       (unsigned long long)t->wrong, c->held, (unsigned long long)t->retransmissions,
	       (unsigned long long)t->surplus, (unsigned long long)t->late, c->restart_counter, c->restart_changes,
	       (unsigned long long)hist_percentile(&t->round_trip, 50),
	       (unsigned long long)hist_percentile(&t->round_trip, 99), (unsigned long long)c->gaps.max_us, seconds,
	       (unsigned long long)c->opt.seed);
}

static bool
close_files(struct client *c)
{
	bool is_good = file_save_state(c);

	if (c->ledger != NULL)
		is_good &= fclose(c->ledger) == 0;
	if (c->capture != NULL)
		is_good &= fclose(c->capture) == 0;
	return is_good;
}

int
main(int argc, char **argv)
{
	static struct client c;
	struct sigaction sa = {.sa_handler = on_signal};
	uint64_t start;

	c.restart_counter = -1;
	if (!parse_options(argc, argv, &c.opt))
		return usage("what is wanted is not clear");
	c.random = c.opt.seed;
	c.next_seq = (uint16_t)(c.opt.seed * 40503u >> 4);
	if (!ctx_init(&c) || !file_load_state(&c))
		return usage("the state file cannot be used");
	if (!file_open(&c) || !net_open(&c)) {
		perror("gtp_client");
		return 2;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	start = client_now_ns();
	run_loop(&c);
	ctx_check_addresses(&c);
	if (!close_files(&c)) {
		perror("gtp_client");
		return 2;
	}
	print_summary(&c, (double)(client_now_ns() - start) / 1e9);
	close(c.fd);
	free(c.ctx);
	return c.t.lost > 0 || c.t.wrong > 0 || c.t.other > 0 || (c.t.no_resources > 0 && c.opt.mode != MODE_MIXED);
}
