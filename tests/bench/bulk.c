/*
 * bulk.c - fills session managers with the records of anchors/gen_sessions.h and watches a standby follow, through the
 * entry that STARLING_BENCH opens (session/sessmgr_bulk.h). Prints key=number words on one line.
 *
 *   bulk load DIR SESSMGRS N              N sessions into the session managers whose sockets lie in DIR
 *   bulk resync A B SESSMGRS N PID...     from the first connection of B until B holds all N; CPU of these chassisds
 *                                       and their tasks
 *   bulk updates A B SESSMGRS U PID...    U updates as fast as A takes them, until B has acknowledged all
 *   bulk lag A B SESSMGRS RATE SECONDS    RATE updates a second, a part each millisecond; how long until B has one
 *   bulk change DIR SESSMGRS U            U updates, and nothing is waited for
 *   bulk rejoin DIR SESSMGRS              from the first peer that is Ready until all is acknowledged
 *   bulk same A B SESSMGRS                do both hold the same records, octet by octet?
 *
 * A record of the generator becomes a call: what a call has a field for goes there (IMSI, MSISDN, APN, address, peers,
 * charging id, traffic), all other octets are its application data, in their order. Nothing is left out.
 */
#include <poll.h>
#include <sys/un.h>

#include "gateway/gateway_types.h"
#include "gateway/gtp1.h"
#include "session/call_rows.h"
#include "session/sessmgr_bulk.h"
#include "tests/bench/anchors/bench_util.h"
#include "tests/bench/anchors/gen_sessions.h"

enum { SESSMGRS = 64, PROCESSES = 64, POLL_US = 1000, UPDATES_A_PACKET = 1000, PACKETS_AHEAD = 2 };

static unsigned sessmgrs;
static uint32_t service; /* that of configs/lab-*.cfg: a call of none does not survive the audit after a takeover */

struct side {
	int fds[SESSMGRS];
	struct bulk_status last[SESSMGRS];
};

/* --- one record of the generator as a call ------------------------------------------------------------------ */

static uint64_t
bcd(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v * 100 + (p[i] & 15u) * 10 + (p[i] >> 4);
	return v;
}

static uint64_t
le(const uint8_t *p, int bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | p[bytes];
	return v;
}

/* Octets of the record go into the application data of @c, part by part. */
static void
keep(struct call *c, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int part = c->app_len[0] < CALL_APP_PART_MAX ? 0 : c->app_len[1] < CALL_APP_PART_MAX ? 1 : 2;

		if (part == 2 && c->app_len[2] == CALL_APP_LAST_MAX)
			die("a record is too long");
		c->app[part][c->app_len[part]++] = p[i];
	}
}

static void
call_of(const uint8_t *r, size_t n, struct call *c)
{
	const uint8_t *p = r + 2, *end = r + n;
	uint8_t apn;

	*c = (struct call){
	    .teid = 1, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED, .service = service, .present = 0};
	keep(c, p, 6); /* version, flags, call id */
	p += 6;
	c->imsi = bcd(p);
	keep(c, p + 8, 8); /* IMEI */
	c->msisdn_len = CALL_MSISDN_MAX;
	c->msisdn[0] = 0x91;
	memcpy(c->msisdn + 1, p + 16, 8);
	p += 24;
	apn = *p++;
	memcpy(c->apn, p, apn);
	p += apn;
	keep(c, p, 4); /* RAT, state, instance */
	c->address = addr_v4((uint32_t)le(p + 4, 4));
	keep(c, p + 8, 16); /* IPv6 */
	p += 24;
	keep(c, p, 8);
	c->peer_teid_control = (uint32_t)le(p + 8, 4);
	c->sgsn_control = addr_v4((uint32_t)le(p + 12, 4));
	keep(c, p + 16, 8);
	c->peer_teid_user = (uint32_t)le(p + 24, 4);
	c->sgsn_user = addr_v4((uint32_t)le(p + 28, 4));
	p += 32;
	keep(c, p, 62); /* location, charging characteristics, bit rates, the first bearer's QoS and TEIDs */
	p += 62;
	c->charging_id = (uint32_t)le(p, 4);
	c->out_bytes = le(p + 4, 8);
	c->in_bytes = le(p + 12, 8);
	c->out_packets = le(p + 20, 8);
	c->in_packets = le(p + 28, 8);
	p += 36;
	keep(c, p, (size_t)(end - p));
	c->present =
	    CALL_HAS(CALL_F_TEID) | CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	    CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_SERVICE) | CALL_HAS(CALL_F_MSISDN) | CALL_HAS(CALL_F_APN) |
	    CALL_HAS(CALL_F_ADDRESS) | CALL_HAS(CALL_F_CHARGING_ID) | CALL_HAS(CALL_F_SGSN_CONTROL) |
	    CALL_HAS(CALL_F_SGSN_USER) | CALL_HAS(CALL_F_PEER_TEID_CONTROL) | CALL_HAS(CALL_F_PEER_TEID_USER) |
	    CALL_HAS(CALL_F_IN_PACKETS) | CALL_HAS(CALL_F_IN_BYTES) | CALL_HAS(CALL_F_OUT_PACKETS) |
	    CALL_HAS(CALL_F_OUT_BYTES) | CALL_HAS(CALL_F_APP_1) | CALL_HAS(CALL_F_APP_2) | CALL_HAS(CALL_F_APP_3);
}

/* --- talking to session managers ---------------------------------------------------------------------------- */

static int
dial(const char *directory, unsigned instance)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int size = 4 * BULK_PACKET_MAX, fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s/sessmgr-%u", directory, instance);
	for (int i = 0; i < 10000; i++, usleep(1000)) {
		if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
			setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
			return fd;
		}
	}
	die(a.sun_path);
	return -1;
}

static void
dial_all(struct side *x, const char *directory)
{
	for (unsigned i = 0; i < sessmgrs; i++)
		x->fds[i] = dial(directory, i + 1);
}

static void
answer(struct side *x, unsigned i)
{
	if (recv(x->fds[i], &x->last[i], sizeof x->last[i], 0) != (ssize_t)sizeof x->last[i])
		die("a session manager does not answer");
}

static void
ask(struct side *x, uint8_t op)
{
	for (unsigned i = 0; i < sessmgrs; i++)
		if (send(x->fds[i], &op, 1, 0) != 1)
			die("send");
	for (unsigned i = 0; i < sessmgrs; i++)
		answer(x, i);
}

/* All session managers of @x together. */
static struct bulk_status
total(const struct side *x)
{
	struct bulk_status t = {0};

	for (unsigned i = 0; i < sessmgrs; i++) {
		t.calls += x->last[i].calls;
		t.wire_sent += x->last[i].wire_sent;
		t.wire_received += x->last[i].wire_received;
		t.micro_sent += x->last[i].micro_sent;
	}
	return t;
}

static uint64_t
wire_bytes(const struct side *x)
{
	struct bulk_status t = total(x);

	return t.wire_sent + t.wire_received;
}

/* CPU of one process so far, nanoseconds. */
static uint64_t
cpu_of(unsigned pid)
{
	uint64_t v = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%u/schedstat", pid);
	f = fopen(path, "r");
	if (f != NULL && fscanf(f, "%lu", &v) != 1)
		v = 0;
	if (f != NULL)
		fclose(f);
	return v;
}

/* CPU of chassisds and their tasks. */
static uint64_t
cpu_ns(char **pids, int n)
{
	uint64_t sum = 0;
	char path[64];
	unsigned child;

	for (int i = 0; i < n; i++) {
		FILE *f;

		sum += cpu_of((unsigned)atoi(pids[i]));
		snprintf(path, sizeof path, "/proc/%s/task/%s/children", pids[i], pids[i]);
		f = fopen(path, "r");
		while (f != NULL && fscanf(f, "%u", &child) == 1)
			sum += cpu_of(child);
		if (f != NULL)
			fclose(f);
	}
	return sum;
}

/* --- load --------------------------------------------------------------------------------------------------- */

/* A subscriber has one session: the generator's IMSIs are random, and a few come twice. */
static int
is_new(uint64_t *seen, size_t cap, uint64_t imsi)
{
	size_t i = (imsi * 0x9e3779b97f4a7c15ull >> 20) & (cap - 1);

	while (seen[i] != 0 && seen[i] != imsi)
		i = (i + 1) & (cap - 1);
	if (seen[i] == imsi)
		return 0;
	seen[i] = imsi;
	return 1;
}

static void
flush(struct side *x, unsigned i, uint8_t *packet, size_t *len, uint64_t *done, uint64_t *refused)
{
	if (*len == 1)
		return;
	if (send(x->fds[i], packet, *len, 0) < 0)
		die("send");
	answer(x, i);
	*done += x->last[i].done;
	*refused += x->last[i].refused;
	*len = 1;
}

static int
load(const char *directory, uint32_t n)
{
	static uint8_t packets[SESSMGRS][BULK_PACKET_MAX];
	size_t len[SESSMGRS], cap = 1;
	uint64_t done = 0, refused = 0, twice = 0, start = now_ns(), octets = 0, *seen;
	struct side x;

	while (cap < (size_t)n * 2)
		cap <<= 1;
	seen = calloc(cap, sizeof *seen);
	dial_all(&x, directory);
	for (unsigned i = 0; i < sessmgrs; i++) {
		packets[i][0] = BULK_ADD;
		len[i] = 1;
	}
	for (uint32_t i = 1, sent = 0; sent < n; i++) {
		uint8_t record[GEN_MAX], *p;
		unsigned m = i % sessmgrs; /* whose share of the pool has 10.0.0.0 + i */
		struct wbuf w;
		struct call c;
		uint16_t bytes;

		call_of(record, gen_session(GEN_SEED, i, record), &c);
		if (!is_new(seen, cap, c.imsi)) {
			twice++;
			continue;
		}
		p = packets[m] + len[m];
		wbuf_init(&w, p + 2, 1024);
		if (call_rows_encode(&c, &w) != ERR_OK)
			die("a record that is no call");
		bytes = (uint16_t)w.len;
		memcpy(p, &bytes, 2);
		octets += w.len;
		len[m] += 2u + bytes;
		sent++;
		if (BULK_PACKET_MAX - len[m] < 1100)
			flush(&x, m, packets[m], &len[m], &done, &refused);
	}
	for (unsigned i = 0; i < sessmgrs; i++)
		flush(&x, i, packets[i], &len[i], &done, &refused);
	printf("loaded=%lu refused=%lu imsi_twice=%lu octets_rec=%.1f load_s=%.2f\n", done, refused, twice,
	       (double)octets / n, (double)(now_ns() - start) / 1e9);
	free(seen);
	return refused != 0;
}

/* --- resync ------------------------------------------------------------------------------------------------- */

static int
is_connected(struct side *b, enum ckpt_conn least)
{
	ask(b, BULK_STATUS);
	for (unsigned i = 0; i < sessmgrs; i++)
		if (b->last[i].conn >= least)
			return 1;
	return 0;
}

static int
is_in_step(const struct side *a)
{
	for (unsigned i = 0; i < sessmgrs; i++)
		if (a->last[i].conn != CKPT_CONN_READY || a->last[i].sync != CKPT_SYNC_CHANGES ||
		    a->last[i].unacked != 0)
			return 0;
	return 1;
}

static int
resync(const char *dir_a, const char *dir_b, uint32_t n, char **pids, int pid_count)
{
	uint64_t t0, t1, cpu0, wire0, before, slowest = 0;
	struct side a, b;

	dial_all(&a, dir_a);
	ask(&a, BULK_STATUS);
	wire0 = wire_bytes(&a);
	dial_all(&b, dir_b);
	while (!is_connected(&b, CKPT_CONN_CONN))
		usleep(POLL_US);
	cpu0 = cpu_ns(pids, pid_count);
	t0 = now_ns();
	do {
		usleep(POLL_US);
		before = now_ns();
		ask(&b, BULK_STATUS);
		if (now_ns() - before > slowest)
			slowest = now_ns() - before;
		if (total(&b).calls < n)
			continue;
		ask(&a, BULK_STATUS);
	} while (total(&b).calls < n || !is_in_step(&a));
	t1 = now_ns();
	printf("sync_s=%.3f cpu_s=%.3f wire_mb=%.1f held=%u slowest_answer_ms=%.1f\n", (double)(t1 - t0) / 1e9,
	       (double)(cpu_ns(pids, pid_count) - cpu0) / 1e9, (double)(wire_bytes(&a) - wire0) / 1e6, total(&b).calls,
	       (double)slowest / 1e6);
	return 0;
}

/* --- updates ------------------------------------------------------------------------------------------------ */

static void
order_updates(struct side *a, unsigned i, uint32_t count, int is_stamped, uint64_t seed)
{
	struct bulk_update u;

	memset(&u, 0, sizeof u);
	u.op = BULK_UPDATE;
	u.is_stamped = (uint8_t)is_stamped;
	u.count = count;
	u.seed = seed;
	if (send(a->fds[i], &u, sizeof u, 0) < 0)
		die("send");
}

/* Each session manager has the next packet when it has done one: none waits for another one's. Returns the updates. */
static uint64_t
update_all(struct side *a, uint32_t u)
{
	struct pollfd fds[SESSMGRS];
	uint64_t seed = 0, done = 0;
	unsigned under_way = 0;

	for (unsigned i = 0; i < sessmgrs; i++)
		fds[i] = (struct pollfd){.fd = a->fds[i], .events = POLLIN};
	for (; under_way < PACKETS_AHEAD * sessmgrs; under_way++)
		order_updates(a, under_way % sessmgrs, UPDATES_A_PACKET, 0, ++seed);
	while (under_way > 0) {
		if (poll(fds, sessmgrs, -1) < 0)
			die("poll");
		for (unsigned i = 0; i < sessmgrs; i++) {
			if ((fds[i].revents & POLLIN) == 0)
				continue;
			answer(a, i);
			done += a->last[i].done;
			under_way--;
			if (done + (uint64_t)under_way * UPDATES_A_PACKET < u) {
				order_updates(a, i, UPDATES_A_PACKET, 0, ++seed);
				under_way++;
			}
		}
	}
	return done;
}

static int
updates(const char *dir_a, const char *dir_b, uint32_t u, char **pids, int pid_count)
{
	uint64_t t0, cpu0, wire0, micro0, micros, done;
	struct side a, b;

	dial_all(&a, dir_a);
	dial_all(&b, dir_b);
	ask(&a, BULK_STATUS);
	wire0 = wire_bytes(&a);
	micro0 = total(&a).micro_sent;
	cpu0 = cpu_ns(pids, pid_count);
	t0 = now_ns();
	done = update_all(&a, u);
	do
		ask(&a, BULK_STATUS);
	while (!is_in_step(&a));
	micros = total(&a).micro_sent - micro0;
	printf("upd_s=%.0f cpu_us_upd=%.3f wire_b_upd=%.1f updates=%lu micros_per_upd=%.2f\n",
	       (double)done * 1e9 / (double)(now_ns() - t0),
	       (double)(cpu_ns(pids, pid_count) - cpu0) / 1e3 / (double)done,
	       (double)(wire_bytes(&a) - wire0) / (double)done, done, (double)micros / (double)done);
	return 0;
}

static int
change(const char *directory, uint32_t u)
{
	uint32_t done = 0;
	struct side a;

	dial_all(&a, directory);
	for (unsigned i = 0; i < sessmgrs; i++) {
		order_updates(&a, i, u / sessmgrs, 0, 1 + i);
		answer(&a, i);
		done += (uint32_t)a.last[i].unacked;
	}
	printf("done=%u\n", done);
	return 0;
}

static int
rejoin(const char *directory)
{
	uint64_t t0, wire0;
	struct side a;

	dial_all(&a, directory);
	ask(&a, BULK_STATUS);
	wire0 = wire_bytes(&a);
	while (!is_connected(&a, CKPT_CONN_READY))
		usleep(POLL_US);
	t0 = now_ns();
	do {
		usleep(POLL_US);
		ask(&a, BULK_STATUS);
	} while (!is_in_step(&a));
	printf("rejoin_ms=%.1f wire_b=%lu\n", (double)(now_ns() - t0) / 1e6, wire_bytes(&a) - wire0);
	return 0;
}

static int
lag(const char *dir_a, const char *dir_b, uint32_t rate, uint32_t seconds)
{
	uint64_t tick = now_ns();
	uint32_t p50 = 0, p99 = 0, seen = 0;
	struct side a, b;

	dial_all(&a, dir_a);
	dial_all(&b, dir_b);
	ask(&b, BULK_LAG);
	for (uint32_t ms = 0; ms < seconds * 1000; ms++) {
		struct timespec at;

		tick += 1000000;
		at = (struct timespec){(time_t)(tick / 1000000000), (long)(tick % 1000000000)};
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
		for (unsigned i = 0; i < sessmgrs; i++)
			order_updates(&a, i, rate / 1000 / sessmgrs, 1, (uint64_t)ms << 8 | i);
		for (unsigned i = 0; i < sessmgrs; i++)
			answer(&a, i);
	}
	do
		ask(&a, BULK_STATUS);
	while (!is_in_step(&a));
	ask(&b, BULK_LAG);
	for (unsigned i = 0; i < sessmgrs; i++) {
		p50 = b.last[i].lag_p50_us > p50 ? b.last[i].lag_p50_us : p50;
		p99 = b.last[i].lag_p99_us > p99 ? b.last[i].lag_p99_us : p99;
		seen += b.last[i].done;
	}
	printf("lag_p50_us=%u lag_p99_us=%u seen=%u\n", p50, p99, seen);
	return 0;
}

static int
same(const char *dir_a, const char *dir_b)
{
	struct side a, b;

	dial_all(&a, dir_a);
	dial_all(&b, dir_b);
	ask(&a, BULK_DIGEST);
	ask(&b, BULK_DIGEST);
	for (unsigned i = 0; i < sessmgrs; i++)
		if (a.last[i].digest != b.last[i].digest || a.last[i].calls != b.last[i].calls) {
			printf("sessmgr=%u calls=%u and %u, the records differ\n", i + 1, a.last[i].calls,
			       b.last[i].calls);
			return 1;
		}
	printf("same=%u\n", total(&a).calls);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	bool is_one = strcmp(mode, "load") == 0 || strcmp(mode, "change") == 0 || strcmp(mode, "rejoin") == 0;
	int at = is_one ? 3 : 4, least = strcmp(mode, "same") == 0 || strcmp(mode, "rejoin") == 0 ? at + 1 : at + 2;

	if (argc < least) {
		fprintf(stderr, "see the head of tests/bench/bulk.c\n");
		return 2;
	}
	alarm(300);
	service = gateway_service_id("isp", "ggsn");
	sessmgrs = (unsigned)atoi(argv[at]);
	if (sessmgrs < 1 || sessmgrs > SESSMGRS)
		return 2;
	if (strcmp(mode, "load") == 0)
		return load(argv[2], (uint32_t)atoi(argv[4]));
	if (strcmp(mode, "resync") == 0)
		return resync(argv[2], argv[3], (uint32_t)atoi(argv[5]), argv + 6, argc - 6);
	if (strcmp(mode, "updates") == 0)
		return updates(argv[2], argv[3], (uint32_t)atoi(argv[5]), argv + 6, argc - 6);
	if (strcmp(mode, "change") == 0)
		return change(argv[2], (uint32_t)atoi(argv[4]));
	if (strcmp(mode, "rejoin") == 0)
		return rejoin(argv[2]);
	if (strcmp(mode, "lag") == 0 && argc == 7)
		return lag(argv[2], argv[3], (uint32_t)atoi(argv[5]), (uint32_t)atoi(argv[6]));
	return same(argv[2], argv[3]);
}
