/*
 * standstill - how long the machine itself does not run what is to run: until it is told to end (SIGTERM).
 *
 * On each processor a thread that comes before all ordinary programs (SCHED_FIFO) wakes up each millisecond. When it is
 * late, nobody else on that processor has run either: the host of a virtual machine has given it to others. Prints the
 * longest time between two wake-ups beyond the millisecond, and how many were longer than 5 ms.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSORS_MAX = 64, PERIOD_NS = 1000000, LONG_NS = 5000000 };

struct probe {
	pthread_t thread;
	int processor;
	long long longest_ns;
	unsigned long_ones;
};

static volatile sig_atomic_t is_over;

static void
on_end(int sig)
{
	(void)sig;
	is_over = 1;
}

static long long
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (long long)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *
watch(void *arg)
{
	const struct timespec period = {0, PERIOD_NS};
	struct sched_param first = {.sched_priority = 50};
	struct probe *p = arg;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(p->processor, &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0 ||
	    pthread_setschedparam(pthread_self(), SCHED_FIFO, &first) != 0) {
		fprintf(stderr, "standstill: not permitted to come first on processor %d\n", p->processor);
		exit(1);
	}
	while (!is_over) {
		long long begun = now_ns(), late;

		clock_nanosleep(CLOCK_MONOTONIC, 0, &period, NULL);
		late = now_ns() - begun - PERIOD_NS;
		if (late > p->longest_ns)
			p->longest_ns = late;
		p->long_ones += late > LONG_NS;
	}
	return NULL;
}

int
main(void)
{
	static struct probe probes[PROCESSORS_MAX];
	long count = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned long_ones = 0;
	long long longest = 0;

	signal(SIGTERM, on_end);
	if (count > PROCESSORS_MAX)
		count = PROCESSORS_MAX;
	for (int i = 0; i < count; i++) {
		probes[i].processor = i;
		if (pthread_create(&probes[i].thread, NULL, watch, &probes[i]) != 0)
			return 1;
	}
	for (int i = 0; i < count; i++) {
		pthread_join(probes[i].thread, NULL);
		long_ones += probes[i].long_ones;
		if (probes[i].longest_ns > longest)
			longest = probes[i].longest_ns;
	}
	printf("longest_ms=%.2f long_ones=%u\n", (double)longest / 1e6, long_ones);
	return 0;
}
