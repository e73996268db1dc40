/* The turns of a loop are counted in processor time, each as long as its callbacks took together. */
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "task/turns.h"

enum { BURN_US = 20000, WAIT_US = 60000 };

static uint64_t
processor_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
burn(evutil_socket_t fd, short what, void *arg)
{
	uint64_t until = processor_us() + BURN_US;

	(void)fd;
	(void)what;
	(void)arg;
	while (processor_us() < until)
		;
}

static void
break_loop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void
once(struct event_base *base, unsigned after_us, event_callback_fn fn, void *arg)
{
	struct timeval tv = {0, after_us};

	assert_int_equal(event_base_once(base, -1, EV_TIMEOUT, fn, arg, &tv), 0);
}

static void
a_turn_is_as_long_as_its_callbacks_together_and_a_wait_is_none(void **state)
{
	struct event_base *base = event_base_new();
	struct turns t = {0};

	(void)state;
	once(base, 0, burn, NULL);
	once(base, 0, burn, NULL); /* both are due at once: one turn */
	once(base, WAIT_US, break_loop, base);
	turns_run(base, &t);
	assert_in_range(t.hist.count, 2, 4);
	assert_in_range(turns_seen(&t).max_us, 2 * BURN_US, UINT64_MAX);
	assert_in_range(hist_percentile(&t.hist, 50), 0, BURN_US);
	event_base_free(base);
}

static void
a_loop_ends_when_nothing_is_left_and_when_it_is_broken(void **state)
{
	struct event_base *base = event_base_new();
	struct event *never = event_new(base, -1, EV_PERSIST, burn, NULL);
	struct timeval hour = {3600, 0};
	struct turns t = {0};

	(void)state;
	once(base, 0, burn, NULL);
	turns_run(base, &t);
	assert_int_equal(t.hist.count, 1);
	event_add(never, &hour);
	once(base, 1, break_loop, base);
	turns_run(base, &t);
	assert_int_equal(t.hist.count, 2);
	event_free(never);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_turn_is_as_long_as_its_callbacks_together_and_a_wait_is_none),
	    cmocka_unit_test(a_loop_ends_when_nothing_is_left_and_when_it_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
