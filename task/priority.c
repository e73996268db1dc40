/* priority.c - nice value and policy of the scheduler. */
#include "task/priority.h"

#include <sched.h>
#include <sys/resource.h>

enum { NICE = -10, REALTIME = 1 };

void
priority_raise(void)
{
	(void)setpriority(PRIO_PROCESS, 0, NICE);
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
