/*
 * priority.h - how soon the scheduler lets a process of a chassis in. What is not permitted is passed over: without the
 * right (CAP_SYS_NICE or limits) a chassis works, its loop is later on a loaded machine, and says so by its lateness.
 */
#ifndef TASK_PRIORITY_H
#define TASK_PRIORITY_H

#include <stdbool.h>

/*
 * priority_raise - this process before what computes: nice -10, and in slices of 0.1 ms (Linux 6.12 and later; an older
 * one keeps its own), so that a task with something urgent does not wait for another one's long work. For chassisd and
 * each task at its start.
 */
void priority_raise(void);

/*
 * priority_realtime - the calling thread before everything of the machine's ordinary programs (SCHED_RR 1), or back as
 * priority_raise had it. Threads and tasks started later are ordinary ones. Returns whether it is so now.
 */
bool priority_realtime(bool is_on);

#endif
