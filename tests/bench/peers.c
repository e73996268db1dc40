/*
 * peers.c - what `make bench` compares with: a probe for the gaps of other services, a socket that moves
 * between two processes, and the time of a whole process. The gap of our own service is gtp_client's.
 *
 *   peers udp OWN SERVICE PORT       a datagram every millisecond
 *   peers redis PORT PORT            a SET every millisecond, sent to both servers
 *   peers move SERVICE PORT          two processes of which one holds the UDP socket; `switch` moves it
 *   peers spawn COUNT PROGRAM ARG... median_ms= p99_ms= of a process from start to end
 *
 * The probes read `mark` and `gap` on standard input. `gap` prints the longest time between two
 * answers since `mark`, in milliseconds, and how many answers there were. The probes never wait for an
 * answer before they send on, so a gap is what any client would see.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_NS = 1000000, SPAWN_MAX = 10000 };

extern char **environ;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct sockaddr_in
ipv4(const char *address, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1) {
		fprintf(stderr, "not an address: %s\n", address);
		exit(1);
	}
	return a;
}

static int
udp_bound(const char *address, int port)
{
	struct sockaddr_in a = ipv4(address, port);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0)
		die("bind");
	return fd;
}

/* --- what is sent, and what counts as an answer ------------------------------------------------- */

struct probe {
	int fds[2];
	int count;                                      /* of fds in use */
	size_t (*request)(struct probe *p, uint8_t *b); /* into at most 512 bytes; the same goes to every fd */
	int (*answers)(struct probe *p, const uint8_t *b, size_t n);
	uint16_t seq;
};

static size_t
plain_request(struct probe *p, uint8_t *b)
{
	b[0] = (uint8_t)p->seq++;
	return 1;
}

static int
plain_answers(struct probe *p, const uint8_t *b, size_t n)
{
	(void)p;
	(void)b;
	return n > 0;
}

static size_t
redis_request(struct probe *p, uint8_t *b)
{
	return (size_t)sprintf((char *)b, "*3\r\n$3\r\nSET\r\n$5\r\nprobe\r\n$5\r\n%05u\r\n", (unsigned)p->seq++);
}

static int
redis_answers(struct probe *p, const uint8_t *b, size_t n)
{
	int count = 0;

	(void)p;
	for (size_t i = 0; i + 2 < n; i++)
		count += memcmp(b + i, "+OK", 3) == 0;
	return count;
}

/* --- the probe's loop --------------------------------------------------------------------------- */

struct gap {
	int64_t last, longest;
	unsigned long answers;
};

static void
gap_command(struct gap *g)
{
	char line[64];

	if (!fgets(line, sizeof line, stdin))
		exit(0);
	if (!strncmp(line, "mark", 4)) {
		g->longest = 0;
		g->answers = 0;
		puts("ok");
	} else {
		printf("gap_ms=%.3f answers=%lu\n", (double)g->longest / 1e6, g->answers);
	}
	fflush(stdout);
}

static void
probe_run(struct probe *p)
{
	struct gap g = {.last = now_ns()};
	int64_t next = now_ns();
	uint8_t b[65536];

	setvbuf(stdin, NULL, _IONBF, 0);
	for (;;) {
		struct pollfd f[3] = {
		    {0, POLLIN, 0}, {p->fds[0], POLLIN, 0}, {p->count > 1 ? p->fds[1] : -1, POLLIN, 0}};
		int64_t now = now_ns();
		if (now >= next) {
			size_t n = p->request(p, b);
			for (int i = 0; i < p->count; i++)
				(void)!send(p->fds[i], b, n, MSG_DONTWAIT | MSG_NOSIGNAL);
			next = next + INTERVAL_NS > now ? next + INTERVAL_NS : now + INTERVAL_NS;
		}
		struct timespec t = {0, next > now ? (long)(next - now) : 0};
		if (ppoll(f, 3, &t, NULL) <= 0)
			continue;
		if (f[0].revents)
			gap_command(&g);
		for (int i = 0; i < p->count; i++) {
			ssize_t n = f[i + 1].revents ? recv(p->fds[i], b, sizeof b, MSG_DONTWAIT) : 0;
			int count = n > 0 ? p->answers(p, b, (size_t)n) : 0;
			if (!count)
				continue;
			now = now_ns();
			if (now - g.last > g.longest)
				g.longest = now - g.last;
			g.last = now;
			g.answers += (unsigned long)count;
		}
	}
}

static void
probe_udp(const char *own, const char *service, int port, struct probe *p)
{
	struct sockaddr_in to = ipv4(service, port);

	p->fds[0] = udp_bound(own, 0);
	p->count = 1;
	if (connect(p->fds[0], (struct sockaddr *)&to, sizeof to) != 0)
		die("connect");
}

static void
probe_redis(char *const *ports, struct probe *p)
{
	int one = 1;

	p->count = 2;
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in to = ipv4("127.0.0.1", atoi(ports[i]));
		p->fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		if (p->fds[i] < 0 || connect(p->fds[i], (struct sockaddr *)&to, sizeof to) != 0)
			die("connect");
		setsockopt(p->fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	}
}

/* --- the socket that moves ---------------------------------------------------------------------- */

/* Holds the socket while it is this side's turn; a byte on @turn takes it or asks to give it. */
static void
move_side(const char *service, int port, int turn, int fd)
{
	uint8_t b[64];

	for (;;) {
		struct pollfd f[2] = {{turn, POLLIN, 0}, {fd, POLLIN, 0}};
		if (poll(f, 2, -1) < 0)
			exit(1);
		if (f[0].revents) {
			if (read(turn, b, 1) != 1)
				exit(0);
			if (fd >= 0)
				close(fd);
			fd = fd >= 0 ? -1 : udp_bound(service, port);
			if (write(turn, b, 1) != 1)
				exit(0);
		} else if (f[1].revents) {
			struct sockaddr_in from;
			socklen_t len = sizeof from;
			ssize_t n = recvfrom(fd, b, sizeof b, 0, (struct sockaddr *)&from, &len);
			if (n > 0)
				sendto(fd, b, (size_t)n, 0, (struct sockaddr *)&from, len);
		}
	}
}

static void
move_run(const char *service, int port)
{
	int ends[2][2], holder = 0;
	char line[64], byte = 0;

	for (int i = 0; i < 2; i++) {
		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends[i]) != 0)
			die("socketpair");
		pid_t pid = fork();
		if (pid < 0)
			die("fork");
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			move_side(service, port, ends[i][1], i == 0 ? udp_bound(service, port) : -1);
		}
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		for (int i = 0; i < 2; i++)
			if (write(ends[holder ^ i][0], &byte, 1) != 1 || read(ends[holder ^ i][0], &byte, 1) != 1)
				die("move");
		holder ^= 1;
		puts("ok");
		fflush(stdout);
	}
}

/* --- a whole process ---------------------------------------------------------------------------- */

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int
spawn_run(int count, char **argv)
{
	static double ms[SPAWN_MAX];
	posix_spawn_file_actions_t actions;

	if (count < 1 || count > SPAWN_MAX)
		return 2;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	for (int i = 0; i < count; i++) {
		int64_t start = now_ns();
		int status;
		pid_t pid;
		if (posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ) != 0)
			die(argv[0]);
		if (waitpid(pid, &status, 0) != pid || status != 0) {
			fprintf(stderr, "%s failed\n", argv[0]);
			return 1;
		}
		ms[i] = (double)(now_ns() - start) / 1e6;
	}
	qsort(ms, (size_t)count, sizeof *ms, by_value);
	printf("median_ms=%.3f p99_ms=%.3f\n", ms[count / 2], ms[(count * 99 - 1) / 100]);
	return 0;
}

int
main(int argc, char **argv)
{
	struct probe p = {.seq = 1};
	const char *verb = argc > 1 ? argv[1] : "";

	if (!strcmp(verb, "spawn") && argc > 3)
		return spawn_run(atoi(argv[2]), argv + 3);
	if (!strcmp(verb, "move") && argc == 4) {
		move_run(argv[2], atoi(argv[3]));
		return 0;
	}
	if (!strcmp(verb, "udp") && argc == 5) {
		probe_udp(argv[2], argv[3], atoi(argv[4]), &p);
		p.request = plain_request;
		p.answers = plain_answers;
	} else if (!strcmp(verb, "redis") && argc == 4) {
		probe_redis(argv + 2, &p);
		p.request = redis_request;
		p.answers = redis_answers;
	} else {
		fprintf(stderr, "see the head of tests/bench/peers.c\n");
		return 2;
	}
	puts("ready");
	fflush(stdout);
	probe_run(&p);
	return 0;
}
