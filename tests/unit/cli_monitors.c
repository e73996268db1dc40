/* cli_monitors.c - claims about the monitor commands: which lines are kept side by side, and how many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli_rig.h"

enum { PEERS = 50, ENDPOINTS = 10, NODES = 128, TEXT = 16384 };

static int
setup(void **state)
{
	*state = rig_new(CLI_ADMINISTRATOR);
	return *state == NULL;
}

static int
teardown(void **state)
{
	rig_free(*state);
	return 0;
}

static const struct cfg_node *
block_of(const struct cfg *cfg)
{
	return cfg_first(cfg, cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT), SRP_ROW_BLOCK);
}

static unsigned
lines_of(const struct cfg *cfg, uint16_t row)
{
	unsigned n = 0;

	for (const struct cfg_node *l = cfg_first(cfg, block_of(cfg), row); l; l = cfg_next(cfg, l))
		n++;
	return n;
}

/* In so small a tree the keys of an endpoint and of one of its peers meet in one bucket sooner or later. */
static void
an_endpoint_as_a_whole_and_each_of_its_peers_are_lines_of_their_own(void **state)
{
	struct rig *r = *state;

	for (unsigned e = 0; e < ENDPOINTS; e++) {
		struct cfg *cfg = cfg_new(r->cli, NODES, TEXT);
		char text[8192];
		int n = snprintf(text, sizeof text, "context srp\nservice-redundancy-protocol\n");

		for (unsigned p = 0; p < PEERS; p++)
			n += snprintf(text + n, sizeof text - (size_t)n,
			              "monitor diameter context c endpoint e%u peer p%u\n", e, p);
		n += snprintf(text + n, sizeof text - (size_t)n, "monitor diameter context c endpoint e%u\n", e);
		if (rig_load(r, cfg, text, (size_t)n))
			fail_msg("%u %s", r->refused_line, r->refused);
		assert_int_equal(lines_of(cfg, MONITOR_ROW_DIAMETER), PEERS + 1);
		n = snprintf(text, sizeof text,
		             "context srp\nservice-redundancy-protocol\nno monitor diameter context c endpoint e%u\n",
		             e);
		if (rig_load(r, cfg, text, (size_t)n))
			fail_msg("%u %s", r->refused_line, r->refused);
		assert_int_equal(lines_of(cfg, MONITOR_ROW_DIAMETER), PEERS);
		assert_int_equal(rig_load(r, cfg, text, (size_t)n), 1);
		assert_non_null(strstr(r->refused, "does not exist"));
		cfg_free(cfg);
	}
}

static void
one_monitor_too_many_is_refused_and_a_line_that_is_there_can_still_be_changed(void **state)
{
	static const char block[] = "context srp\nservice-redundancy-protocol\n";
	struct rig *r = *state;
	struct cfg *cfg = cfg_new(r->cli, 4 * MONITORS_MAX, 65536);
	char text[20000];
	int n = snprintf(text, sizeof text, "%smonitor hsrp interface i afi-type IPv4 hsrp-group 1\n", block);

	for (unsigned i = 1; i < MONITORS_MAX; i++)
		n += snprintf(text + n, sizeof text - (size_t)n, "monitor bgp context c 10.1.1.%u\n", i);
	if (rig_load(r, cfg, text, (size_t)n))
		fail_msg("%u %s", r->refused_line, r->refused);
	n = snprintf(text, sizeof text, "%smonitor bgp context c 10.1.2.1\n", block);
	assert_int_equal(rig_load(r, cfg, text, (size_t)n), 1);
	assert_non_null(strstr(r->refused, "256 monitors are configured already, remove one first"));
	n = snprintf(text, sizeof text, "%smonitor bgp context c 10.1.1.7 group 2\n", block);
	if (rig_load(r, cfg, text, (size_t)n))
		fail_msg("%u %s", r->refused_line, r->refused);
	n = snprintf(text, sizeof text, "%sno monitor bgp context c 10.1.1.7\nmonitor bgp context c 10.1.2.1\n", block);
	if (rig_load(r, cfg, text, (size_t)n))
		fail_msg("%u %s", r->refused_line, r->refused);
	assert_int_equal(lines_of(cfg, MONITOR_ROW_BGP), MONITORS_MAX - 1);
	cfg_free(cfg);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(an_endpoint_as_a_whole_and_each_of_its_peers_are_lines_of_their_own),
	    T(one_monitor_too_many_is_refused_and_a_line_that_is_there_can_still_be_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
