/*
 * callgen.c - options and summary of the load generator (callgen.h says what it is).
 *
 *   callgen create|update|delete|churn|verify --local ADDR --remote ADDR [options]
 *
 * SIGTERM and SIGINT stop new requests, wait for what is under way, keep the ledger and print the summary: one line of
 * key=number words. Exit status: 0 when every request was answered, none unexpectedly, and nothing contradicts what
 * was acknowledged; 1 otherwise; 2 for a wrong command line, a ledger that cannot be used or an address that cannot.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "callgen.h"

static const char *const mode_names[MODE_COUNT] = {"create", "update", "delete", "churn", "verify"};
static volatile bool is_stop_asked;

static void
on_signal(int number)
{
	(void)number;
	is_stop_asked = true;
}

uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int
usage(void)
{
	fprintf(stderr,
	        "usage: callgen create|update|delete|churn|verify --local ADDR[:PORT] --remote ADDR[:PORT]\n"
	        "  --contexts N (1000, up to %d)    --imsi FIRST (240010000000000)  --apn NAME (internet)\n"
	        "  --sgsns N (1)      addresses, the first is --local, each holds every Nth context\n"
	        "  --rate PER_SECOND  (0: as fast as answers come)  --window REQUESTS_UNDER_WAY (64)\n"
	        "  --count N          update, delete: how many (0: as many as there are contexts)\n"
	        "  --seconds S        churn: how long (0: until SIGTERM)  --seed N\n"
	        "  --t3 MS (500)      until a request is repeated  --n3 N (20) transmissions of it\n"
	        "  --ledger FILE      read if it is there, and written  --print N (1000) contradictions in words\n",
	        CONTEXTS_MAX);
	return 2;
}

static int
refuse(const char *what, const char *value, const char *why)
{
	fprintf(stderr, "callgen: %s '%s': %s\n", what, value, why);
	return usage();
}

/* The options that are numbers: where they go, and their bounds. */
struct number_row {
	const char *name;
	double least, most;
	const char *why;
};

enum { N_CONTEXTS, N_SGSNS, N_RATE, N_WINDOW, N_COUNT, N_T3, N_N3, N_SECONDS, N_SEED, N_PRINT, N_NUMBERS };

static const struct number_row numbers[N_NUMBERS] = {
    [N_CONTEXTS] = {"contexts", 1, CONTEXTS_MAX, "a number of 1 to 1000000"},
    [N_SGSNS] = {"sgsns", 1, SGSNS_MAX, "a number of 1 to 64"},
    [N_RATE] = {"rate", 0, 1e6, "a number of 0 to 1000000"},
    [N_WINDOW] = {"window", 1, WINDOW_MAX, "a number of 1 to 4096"},
    [N_COUNT] = {"count", 0, 1e9, "a number of 0 to 1000000000"},
    [N_T3] = {"t3", 1, 60000, "a number of 1 to 60000"},
    [N_N3] = {"n3", 1, 10000, "a number of 1 to 10000"},
    [N_SECONDS] = {"seconds", 0, 1e6, "a number of 0 to 1000000"},
    [N_SEED] = {"seed", 0, 9e15, "a number of 0 to 9000000000000000"},
    [N_PRINT] = {"print", 0, 1e9, "a number of 0 to 1000000000"},
};

static bool
parse_number(const struct number_row *row, const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*out) && *out >= row->least && *out <= row->most;
}

static void
set_number(int which, double v, struct options *o)
{
	switch (which) {
	case N_CONTEXTS:
		o->contexts = (uint32_t)v;
		break;
	case N_SGSNS:
		o->sgsns = (uint32_t)v;
		break;
	case N_RATE:
		o->rate = (uint32_t)v;
		break;
	case N_WINDOW:
		o->window = (uint32_t)v;
		break;
	case N_COUNT:
		o->count = (uint32_t)v;
		break;
	case N_T3:
		o->t3_ns = (uint64_t)(v * 1e6);
		break;
	case N_N3:
		o->n3 = (uint32_t)v;
		break;
	case N_SECONDS:
		o->seconds = v;
		break;
	case N_SEED:
		o->seed = (uint64_t)v;
		break;
	default:
		o->print = (uint32_t)v;
	}
}

static bool
parse_imsi(const char *text, struct options *o)
{
	uint64_t wire;

	return gtp1_imsi_parse(text, &wire) == ERR_OK && gtp1_imsi_number(wire, &o->imsi, &o->imsi_digits);
}

/* An option that is no number; NULL, or what it must be. */
static const char *
parse_word(char which, const char *value, struct options *o)
{
	uint8_t wire[GTP1_APN_WIRE_MAX], len;

	switch (which) {
	case 'l':
		return sgsn_parse_address(value, &o->local) ? NULL : "an IPv4 address, and a port behind a colon";
	case 'r':
		return sgsn_parse_address(value, &o->remote) ? NULL : "an IPv4 address, and a port behind a colon";
	case 'i':
		return parse_imsi(value, o) ? NULL : "an IMSI has 6 to 15 digits";
	case 'a':
		o->apn = value;
		return gtp1_apn_wire(value, wire, &len) == ERR_OK ? NULL : "no name of an access point";
	default:
		o->ledger = value;
		return NULL;
	}
}

/* 0, or the exit status after the reason was printed. */
static int
check_options(const struct options *o)
{
	uint64_t end = 1;

	for (uint8_t i = 0; i < o->imsi_digits; i++)
		end *= 10;
	if (o->local.sin_family == 0 || o->remote.sin_family == 0)
		return refuse("option", o->local.sin_family == 0 ? "--local" : "--remote", "it is missing");
	if (o->imsi + o->contexts > end)
		return refuse("option", "--imsi", "there are not so many IMSIs behind it");
	if (o->ledger == NULL && o->mode != MODE_CREATE && o->mode != MODE_CHURN)
		return refuse("option", "--ledger", "it is missing, and without it no call is known");
	return 0;
}

static int
parse_options(int argc, char **argv, struct options *o)
{
	struct option table[N_NUMBERS + 6] = {{"local", 1, NULL, 'l'},
	                                      {"remote", 1, NULL, 'r'},
	                                      {"imsi", 1, NULL, 'i'},
	                                      {"apn", 1, NULL, 'a'},
	                                      {"ledger", 1, NULL, 'L'}};
	const char *why;
	double v;
	int which;

	for (int i = 0; i < N_NUMBERS; i++)
		table[5 + i] = (struct option){numbers[i].name, 1, NULL, 1000 + i};
	while ((which = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (which == '?')
			return usage();
		if (which >= 1000) {
			if (!parse_number(&numbers[which - 1000], optarg, &v))
				return refuse(numbers[which - 1000].name, optarg, numbers[which - 1000].why);
			set_number(which - 1000, v, o);
		} else if ((why = parse_word((char)which, optarg, o)) != NULL) {
			return refuse("value", optarg, why);
		}
	}
	if (optind + 1 != argc)
		return refuse("words", optind < argc ? argv[optind + 1] : "", "one mode is wanted");
	for (o->mode = 0; o->mode < MODE_COUNT; o->mode++)
		if (strcmp(argv[optind], mode_names[o->mode]) == 0)
			return check_options(o);
	return refuse("mode", argv[optind], "there is none of this name");
}

static void
print_summary(const struct gen *g, double seconds)
{
	const struct totals *t = &g->t;
	uint32_t by_state[STATE_COUNT] = {0};
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	for (uint32_t i = 0; i < g->opt.contexts; i++)
		by_state[g->entries[i].state]++;
	printf("sent=%lu answered=%lu unanswered=%lu accepted=%lu refused=%lu gone=%lu other=%lu wrong=%lu ", t->sent,
	       t->answered, t->unanswered, t->accepted, t->refused, t->gone, t->other, t->wrong);
	printf("held=%u unsure_create=%u unsure_delete=%u lost_in_all=%u ", by_state[HELD], by_state[UNSURE_CREATE],
	       by_state[UNSURE_DELETE], by_state[LOST]);
	printf("verified_held=%lu verified_deleted=%lu unsure_there=%lu unsure_gone=%lu reused=%lu ", t->verified_held,
	       t->verified_deleted, t->unsure_there, t->unsure_gone, t->reused);
	printf("lost=%lu older=%lu returned=%lu twice=%lu ", t->lost, t->older, t->returned, t->twice);
	printf("retransmissions=%lu surplus=%lu rtt_p50_us=%lu rtt_p99_us=%lu seconds=%.3f per_s=%.0f cpu_s=%.2f "
	       "seed=%lu\n",
	       t->retransmissions, t->surplus, hist_percentile(&t->round_trip, 50), hist_percentile(&t->round_trip, 99),
	       seconds, (double)t->answered / seconds,
	       (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
	           (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
	       g->opt.seed);
}

int
main(int argc, char **argv)
{
	static struct gen g;
	struct sigaction sa = {.sa_handler = on_signal};
	const char *why;
	uint64_t start;
	double seconds;
	int status;

	g.opt = (struct options){.sgsns = 1,
	                         .contexts = 1000,
	                         .imsi = 240010000000000,
	                         .imsi_digits = 15,
	                         .apn = "internet",
	                         .window = 64,
	                         .t3_ns = 500000000,
	                         .n3 = 20,
	                         .seed = now_ns() % 1000000007,
	                         .print = 1000};
	status = parse_options(argc, argv, &g.opt);
	if (status != 0)
		return status;
	g.service = ntohl(g.opt.remote.sin_addr.s_addr);
	g.rng.state = g.opt.seed;
	g.is_stop_asked = &is_stop_asked;
	why = ledger_open(&g);
	if (why != NULL)
		return refuse("ledger", g.opt.ledger == NULL ? "" : g.opt.ledger, why);
	if (!ask_open(&g)) {
		fprintf(stderr, "callgen: %s\n", strerror(errno));
		return 2;
	}
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	start = now_ns();
	run(&g);
	seconds = (double)(now_ns() - start) / 1e9;
	if (!ledger_save(&g)) {
		fprintf(stderr, "callgen: %s: %s\n", g.opt.ledger, strerror(errno));
		return 2;
	}
	print_summary(&g, seconds);
	ask_close(&g);
	free(g.held_teids);
	free(g.held_addresses);
	free(g.entries);
	return g.t.unanswered + g.t.other + g.t.wrong + g.t.lost + g.t.older + g.t.returned + g.t.twice +
	           (g.opt.mode == MODE_CREATE ? g.t.refused : 0) >
	       0;
}
