/* srp_parameters.c - claims about the parameters of the redundancy link: steps, bounds, delay, resources. */
#include "srp/srp_dead.h"
#include "tests/unit/srp_engine.h"

enum { HELLO_BEATS = 3 };

static void
the_parameters_have_the_bounds_of_their_commands(void **state)
{
	static const struct {
		const char *field;
		uint8_t rm_delta, internal_retries;
		uint32_t internal_retry_ms;
	} cases[] = {
	    {NULL, 1, 0, 5000},
	    {NULL, 16, 10, 30000},
	    {"delta-route-modifier", 0, 3, 15000},
	    {"delta-route-modifier", 17, 3, 15000},
	    {"num-internal-switchover-retry", 1, 11, 15000},
	    {"internal-switchover-retry-interval", 1, 3, 4999},
	    {"internal-switchover-retry-interval", 1, 3, 30001},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp_config c = config(SRP_MODE_BACKUP);
		const char *field = NULL;

		c.rm_delta = cases[i].rm_delta;
		c.internal_retries = cases[i].internal_retries;
		c.internal_retry_ms = cases[i].internal_retry_ms;
		assert_int_equal(srp_config_check(&c, &field), cases[i].field == NULL ? ERR_OK : ERR_RANGE);
		if (cases[i].field != NULL)
			assert_string_equal(field, cases[i].field);
	}
}

static void
a_follower_is_its_own_delta_above_the_active_and_below_every_initial_value(void **state)
{
	static const struct {
		uint8_t delta, active, follower;
	} cases[] = {
	    {1, 1, 2},    {4, 1, 5},    {16, 1, 17},  {16, 15, 31}, {16, 16, 32},
	    {16, 31, 32}, {16, 32, 33}, {16, 33, 34}, {1, 33, 34},  {16, 64, 64},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct srp e = standby();
		struct srp_hello h = e.peer;

		e.config.rm_delta = cases[i].delta;
		h.route_modifier = cases[i].active;
		hear(&e, h);
		assert_int_equal(e.route_modifier, cases[i].follower);
	}
}

/* Runs the timers that the engine asks for; returns when the chassis is no longer in Init. */
static uint32_t
ms_to_the_end_of_init(struct srp *e, uint32_t limit_ms)
{
	static const uint8_t events[SRP_TIMER_COUNT] = {[SRP_TIMER_HELLO] = SRP_EV_TIMER_HELLO,
	                                                [SRP_TIMER_DEAD] = SRP_EV_TIMER_DEAD,
	                                                [SRP_TIMER_DELAY] = SRP_EV_TIMER_DELAY};
	uint32_t due[SRP_TIMER_COUNT] = {0};

	feed_kind(e, SRP_EV_START);
	for (uint32_t now = 0; now <= limit_ms;) {
		uint8_t next = SRP_TIMER_COUNT;

		for (size_t i = 0; i < out.count; i++) {
			const struct srp_action *a = &out.actions[i];

			if (a->kind == SRP_ACT_TIMER_START)
				due[a->timer] = now + a->ms;
			else if (a->kind == SRP_ACT_TIMER_STOP)
				due[a->timer] = 0;
		}
		if (srp_state(e) != SRP_INIT)
			return now;
		for (uint8_t t = 0; t <= SRP_TIMER_DELAY; t++)
			if (due[t] != 0 && (next == SRP_TIMER_COUNT || due[t] < due[next]))
				next = t;
		assert_int_not_equal(next, SRP_TIMER_COUNT);
		now = due[next];
		due[next] = 0;
		feed_kind(e, events[next]);
	}
	return limit_ms + 1;
}

static void
the_first_dead_interval_begins_when_the_delay_interval_is_over(void **state)
{
	static const uint32_t delays[] = {0, 1, 500, 3000, 600000};

	(void)state;
	for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		struct srp_config c = config(SRP_MODE_BACKUP);
		struct srp e;

		c.delay_ms = delays[i];
		srp_init(&e, &c);
		assert_int_equal(ms_to_the_end_of_init(&e, 1000000), delays[i] + DEAD);
		assert_int_equal(srp_state(&e), SRP_PENDING_ACTIVE);
	}
}

static void
a_hello_within_the_delay_interval_starts_the_dead_interval_and_the_delay_is_over(void **state)
{
	struct srp_config c = config(SRP_MODE_BACKUP);
	struct srp_hello h = peer_hello(SRP_ACTIVE);
	const struct srp_action *stop;
	struct srp e;

	(void)state;
	c.delay_ms = 60000;
	srp_init(&e, &c);
	feed_kind(&e, SRP_EV_START);
	assert_true(starts(SRP_TIMER_DELAY));
	assert_false(starts(SRP_TIMER_DEAD));
	h.epoch = epoch(50, PEER_ID);
	hear(&e, h);
	assert_int_equal(srp_state(&e), SRP_STANDBY);
	assert_true(starts(SRP_TIMER_DEAD));
	stop = action(SRP_ACT_TIMER_STOP);
	assert_non_null(stop);
	assert_int_equal(stop->timer, SRP_TIMER_DELAY);
	/* an expiry that was on its way already does nothing */
	feed_kind(&e, SRP_EV_TIMER_DELAY);
	assert_int_equal(out.count, 0);
}

/* 20 ms and 60 ms are numbers as any others. */
static void
intervals_below_a_second_run_as_they_are(void **state)
{
	struct srp_config c = config(SRP_MODE_BACKUP);
	const char *field = NULL;
	struct srp e;

	(void)state;
	c.hello_ms = 20;
	c.dead_ms = HELLO_BEATS * c.hello_ms;
	assert_int_equal(srp_config_check(&c, &field), ERR_OK);
	srp_init(&e, &c);
	assert_int_equal(ms_to_the_end_of_init(&e, 1000), 60);
	c.dead_ms--;
	assert_int_equal(srp_config_check(&c, &field), ERR_RANGE);
	assert_string_equal(field, "dead-interval");
}

static void
resources_between_two_hellos_count_only_when_configured_and_only_from_the_peer_heard(void **state)
{
	struct srp e = standby();
	struct srp_hello said = {.chassis_id = PEER_ID, .sessmgrs = 4, .sessmgrs_ready = 3, .calls = 70};

	(void)state;
	assert_false(srp_peer_resources(&e, &said));
	assert_int_equal(e.peer.calls, 0);
	e.config.options = SRP_OPT_INTERIM_RESOURCE;
	assert_true(srp_peer_resources(&e, &said));
	assert_int_equal(e.peer.sessmgrs, 4);
	assert_int_equal(e.peer.sessmgrs_ready, 3);
	assert_int_equal(e.peer.calls, 70);
	said.calls = 71;
	said.chassis_id = SELF_ID;
	assert_false(srp_peer_resources(&e, &said));
	said.chassis_id = PEER_ID;
	feed_kind(&e, SRP_EV_TIMER_DEAD);
	assert_false(srp_peer_resources(&e, &said));
	assert_int_equal(e.peer.calls, 70);
}

static void
a_dead_interval_found_over_after_standing_still_is_put_off_once_for_one_hello(void **state)
{
	struct srp_dead d;

	(void)state;
	srp_dead_start(&d, 1000, 60);
	assert_int_equal(srp_dead_put_off(&d, 1060, 20), 0);
	assert_int_equal(srp_dead_put_off(&d, 1069, 20), 0);
	assert_int_equal(srp_dead_put_off(&d, 1070, 20), 20);
	assert_int_equal(srp_dead_put_off(&d, 1090, 20), 0);
	assert_int_equal(srp_dead_put_off(&d, 5000, 20), 0);
	srp_dead_start(&d, 5000, 60); /* the peer was heard: the next interval has its own */
	assert_int_equal(srp_dead_put_off(&d, 9000, 20), 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_parameters_have_the_bounds_of_their_commands),
	    cmocka_unit_test(a_follower_is_its_own_delta_above_the_active_and_below_every_initial_value),
	    cmocka_unit_test(the_first_dead_interval_begins_when_the_delay_interval_is_over),
	    cmocka_unit_test(a_hello_within_the_delay_interval_starts_the_dead_interval_and_the_delay_is_over),
	    cmocka_unit_test(intervals_below_a_second_run_as_they_are),
	    cmocka_unit_test(a_dead_interval_found_over_after_standing_still_is_put_off_once_for_one_hello),
	    cmocka_unit_test(resources_between_two_hellos_count_only_when_configured_and_only_from_the_peer_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
