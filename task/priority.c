/* priority.c - nice value, slice and policy of the scheduler. */
#include "task/priority.h"

#include <sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NICE = -10, REALTIME = 1, SLICE_NS = 100000 };

/* What sched_setattr(2) takes; the C library of Debian 12 does not declare it. */
struct attributes {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t realtime;
	uint64_t runtime, deadline, period; /* of an ordinary process, the first one is its slice */
};

void
priority_raise(void)
{
	struct attributes a = {.size = sizeof a, .policy = SCHED_OTHER, .runtime = SLICE_NS};

	(void)setpriority(PRIO_PROCESS, 0, NICE);
	a.nice = getpriority(PRIO_PROCESS, 0);
	(void)syscall(SYS_sched_setattr, 0, &a, 0);
}

bool
priority_realtime(bool is_on)
{
	struct sched_param p = {.sched_priority = REALTIME};

	if (is_on)
		return sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &p) == 0;
	p.sched_priority = 0;
	/* the flag stays: who is permitted by a limit only may not take it off; tasks raise themselves */
	if (sched_setscheduler(0, SCHED_OTHER | SCHED_RESET_ON_FORK, &p) == 0)
		priority_raise();
	return false;
}
