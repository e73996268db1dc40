/* monitor_group.c - claims about what is watched and when a kind of monitor has failed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "monitor/monitor_group.h"

enum { LINES = 16 };

static struct monitor_group g;
static struct monitor_out out;
static struct monitor_object lines[MONITORS_MAX + 1];
static size_t count;
static uint64_t now = 1000000;

static int
setup(void **state)
{
	(void)state;
	monitor_group_init(&g);
	memset(lines, 0, sizeof lines);
	count = 0;
	return 0;
}

static struct monitor_key
key(uint8_t kind, const char *context, const char *address)
{
	struct monitor_key k = {.kind = kind};

	snprintf(k.context, sizeof k.context, "%s", context);
	if (address != NULL)
		assert_int_equal(addr_parse(address, &k.address), ERR_OK);
	return k;
}

static struct monitor_key
endpoint(const char *context, const char *name, const char *peer)
{
	struct monitor_key k = key(MONITOR_DIAMETER, context, NULL);

	snprintf(k.name, sizeof k.name, "%s", name);
	snprintf(k.peer, sizeof k.peer, "%s", peer);
	return k;
}

static void
watch_key(struct monitor_key k, uint8_t group)
{
	lines[count++] = (struct monitor_object){.key = k, .group = group};
}

static void
bgp(const char *context, const char *address, uint8_t group)
{
	watch_key(key(MONITOR_BGP, context, address), group);
}

static void
configure(void)
{
	assert_int_equal(monitor_configure(&g, lines, count, &out), ERR_OK);
}

static void
is_now(struct monitor_key k, enum monitor_state state)
{
	assert_int_equal(monitor_set_state(&g, &k, state, ++now, &out), ERR_OK);
}

/* The last call changed the verdict on @kind, and on nothing else. */
static void
assert_changed(uint8_t kind, bool is_failed)
{
	assert_int_equal(out.count, 1);
	assert_int_equal(out.kinds[0], kind);
	assert_int_equal(g.verdicts[kind].is_failed, is_failed);
	assert_int_equal(g.verdicts[kind].cause[0] != '\0', is_failed);
}

static void
assert_unchanged(void)
{
	assert_int_equal(out.count, 0);
}

static void
a_context_without_groups_fails_when_all_its_bgp_peers_are_down(void **state)
{
	(void)state;
	bgp("isp", "10.1.1.1", 0);
	bgp("isp", "2001:db8::1", 0);
	bgp("other", "10.1.1.1", 0);
	configure();
	assert_unchanged();
	is_now(key(MONITOR_BGP, "isp", "10.1.1.1"), MONITOR_DOWN);
	assert_unchanged(); /* the other is Initializing */
	is_now(key(MONITOR_BGP, "isp", "2001:db8::1"), MONITOR_UP);
	is_now(key(MONITOR_BGP, "isp", "2001:db8::1"), MONITOR_DOWN);
	assert_changed(MONITOR_BGP, true);
	assert_string_equal(g.verdicts[MONITOR_BGP].cause, "all 2 BGP peers of context isp are down");
	is_now(key(MONITOR_BGP, "isp", "10.1.1.1"), MONITOR_INITIALIZING);
	assert_changed(MONITOR_BGP, false);
}

static void
any_group_that_is_down_as_a_whole_fails_its_context(void **state)
{
	(void)state;
	bgp("PGWin", "10.1.1.16", 1);
	bgp("PGWin", "10.1.1.17", 1);
	bgp("PGWin", "2001:4333:201:1102:103:2a1::", 3);
	bgp("PGWin", "2001:4333:201:1102:103:2a1:0:1", 3);
	bgp("other", "10.1.1.18", 3); /* groups of another context have nothing to do with it */
	configure();
	is_now(key(MONITOR_BGP, "other", "10.1.1.18"), MONITOR_UP);
	is_now(key(MONITOR_BGP, "PGWin", "10.1.1.16"), MONITOR_DOWN);
	is_now(key(MONITOR_BGP, "PGWin", "2001:4333:201:1102:103:2a1::"), MONITOR_DOWN);
	assert_unchanged(); /* two are down, of two groups */
	is_now(key(MONITOR_BGP, "PGWin", "2001:4333:201:1102:103:2a1:0:1"), MONITOR_DOWN);
	assert_changed(MONITOR_BGP, true);
	assert_string_equal(g.verdicts[MONITOR_BGP].cause, "all 2 BGP peers of group 3 of context PGWin are down");
	is_now(key(MONITOR_BGP, "PGWin", "10.1.1.17"), MONITOR_DOWN);
	assert_unchanged(); /* known to have failed */
	is_now(key(MONITOR_BGP, "PGWin", "2001:4333:201:1102:103:2a1::"), MONITOR_UP);
	assert_unchanged(); /* group 1 is still down */
	assert_string_equal(g.verdicts[MONITOR_BGP].cause, "all 2 BGP peers of group 1 of context PGWin are down");
	is_now(key(MONITOR_BGP, "PGWin", "10.1.1.16"), MONITOR_UP);
	assert_changed(MONITOR_BGP, false);
}

static void
a_peer_without_a_group_beside_groups_decides_nothing(void **state)
{
	(void)state;
	bgp("isp", "10.1.1.1", 1);
	bgp("isp", "10.1.1.2", 0);
	configure();
	is_now(key(MONITOR_BGP, "isp", "10.1.1.2"), MONITOR_DOWN);
	assert_unchanged();
	is_now(key(MONITOR_BGP, "isp", "10.1.1.1"), MONITOR_DOWN);
	assert_changed(MONITOR_BGP, true);
	assert_string_equal(g.verdicts[MONITOR_BGP].cause, "BGP peer 10.1.1.1 of context isp is down");
}

static void
aaa_fails_when_no_configured_server_answers(void **state)
{
	(void)state;
	watch_key(key(MONITOR_AAA, "isp", "10.2.0.1"), 0);
	watch_key(key(MONITOR_AAA, "other", "2001:db8::2"), 0);
	configure();
	monitor_set_active(&g, true, ++now, &out);
	assert_unchanged();
	is_now(key(MONITOR_AAA, "isp", "10.2.0.1"), MONITOR_DOWN);
	assert_unchanged();
	is_now(key(MONITOR_AAA, "other", "2001:db8::2"), MONITOR_DOWN);
	assert_changed(MONITOR_AAA, true);
	assert_string_equal(g.verdicts[MONITOR_AAA].cause, "none of 2 AAA servers answers");
	is_now(key(MONITOR_AAA, "isp", "10.2.0.1"), MONITOR_UP);
	assert_changed(MONITOR_AAA, false);
}

static void
only_an_active_chassis_probes_aaa(void **state)
{
	struct monitor_key k = key(MONITOR_AAA, "isp", "10.2.0.1");

	(void)state;
	watch_key(k, 0);
	configure();
	assert_int_equal(monitor_set_state(&g, &k, MONITOR_DOWN, ++now, &out), ERR_REFUSED);
	monitor_set_active(&g, true, ++now, &out);
	is_now(k, MONITOR_DOWN);
	assert_changed(MONITOR_AAA, true);
	monitor_set_active(&g, false, ++now, &out);
	assert_changed(MONITOR_AAA, false);
	assert_int_equal(g.objects[0].state, MONITOR_INITIALIZING);
	monitor_set_active(&g, true, ++now, &out);
	assert_unchanged();
}

static void
an_endpoint_fails_when_all_its_peers_are_down_a_named_peer_alone(void **state)
{
	struct monitor_key whole = endpoint("isp", "gx", "");

	(void)state;
	watch_key(whole, 0);
	watch_key(endpoint("isp", "gy", "p1"), 0);
	configure();
	assert_int_equal(monitor_set_state(&g, &whole, MONITOR_DOWN, ++now, &out), ERR_REFUSED);
	is_now(endpoint("isp", "gx", "a"), MONITOR_DOWN);
	assert_changed(MONITOR_DIAMETER, true);
	is_now(endpoint("isp", "gx", "b"), MONITOR_INITIALIZING);
	assert_changed(MONITOR_DIAMETER, false);
	is_now(endpoint("isp", "gx", "b"), MONITOR_UP);
	assert_unchanged();
	assert_int_equal(g.objects[0].state, MONITOR_UP);
	is_now(endpoint("isp", "gx", "b"), MONITOR_DOWN);
	assert_changed(MONITOR_DIAMETER, true);
	assert_string_equal(g.verdicts[MONITOR_DIAMETER].cause, "all 2 peers of endpoint gx of context isp are down");
	is_now(endpoint("isp", "gx", "a"), MONITOR_UP);
	assert_changed(MONITOR_DIAMETER, false);
	is_now(endpoint("isp", "gy", "p1"), MONITOR_DOWN);
	assert_changed(MONITOR_DIAMETER, true);
	assert_string_equal(g.verdicts[MONITOR_DIAMETER].cause,
	                    "Diameter peer p1 of endpoint gy of context isp is down");
}

static void
a_peer_that_is_named_counts_for_its_endpoint_too_when_that_is_watched(void **state)
{
	(void)state;
	watch_key(endpoint("isp", "gx", "a"), 0);
	watch_key(endpoint("isp", "gx", ""), 0);
	configure();
	is_now(endpoint("isp", "gx", "b"), MONITOR_UP);
	is_now(endpoint("isp", "gx", "a"), MONITOR_DOWN);
	assert_changed(MONITOR_DIAMETER, true); /* alone */
	assert_int_equal(g.count, 4);
	assert_int_equal(g.objects[1].state, MONITOR_UP);
}

static void
a_peer_that_leaves_its_endpoint_counts_no_more(void **state)
{
	struct monitor_key b = endpoint("isp", "gx", "b");

	(void)state;
	watch_key(endpoint("isp", "gx", ""), 0);
	configure();
	is_now(endpoint("isp", "gx", "a"), MONITOR_DOWN);
	is_now(b, MONITOR_UP);
	assert_int_equal(monitor_forget_peer(&g, &b, ++now, &out), ERR_OK);
	assert_changed(MONITOR_DIAMETER, true);
	assert_int_equal(monitor_forget_peer(&g, &b, ++now, &out), ERR_NOT_FOUND);
	configure();
	assert_unchanged(); /* the peer that is left stays with its endpoint */
	assert_int_equal(g.count, 2);
	count = 0;
	configure();
	assert_changed(MONITOR_DIAMETER, false);
	assert_int_equal(g.count, 0);
}

static void
bfd_to_routers_goes_by_context_between_the_chassis_by_all(void **state)
{
	(void)state;
	watch_key(key(MONITOR_BFD_ROUTER, "isp", "10.3.0.1"), 0);
	watch_key(key(MONITOR_BFD_ROUTER, "isp", "10.3.0.2"), 0);
	watch_key(key(MONITOR_BFD_ROUTER, "other", "10.3.0.3"), 0);
	watch_key(key(MONITOR_BFD_CHASSIS, "isp", "10.3.0.4"), 0);
	watch_key(key(MONITOR_BFD_CHASSIS, "other", "10.3.0.4"), 0);
	configure();
	is_now(key(MONITOR_BFD_ROUTER, "isp", "10.3.0.1"), MONITOR_DOWN);
	assert_unchanged();
	is_now(key(MONITOR_BFD_ROUTER, "isp", "10.3.0.2"), MONITOR_DOWN);
	assert_changed(MONITOR_BFD_ROUTER, true);
	assert_string_equal(g.verdicts[MONITOR_BFD_ROUTER].cause, "all 2 BFD sessions of context isp are down");
	is_now(key(MONITOR_BFD_CHASSIS, "isp", "10.3.0.4"), MONITOR_DOWN);
	assert_unchanged();
	is_now(key(MONITOR_BFD_CHASSIS, "other", "10.3.0.4"), MONITOR_DOWN);
	assert_changed(MONITOR_BFD_CHASSIS, true);
	assert_string_equal(g.verdicts[MONITOR_BFD_CHASSIS].cause, "all 2 are down");
}

static void
a_line_that_stays_keeps_its_state_and_a_new_one_begins_initializing(void **state)
{
	uint64_t at;

	(void)state;
	bgp("isp", "10.1.1.1", 1);
	bgp("isp", "10.1.1.2", 1);
	configure();
	is_now(key(MONITOR_BGP, "isp", "10.1.1.1"), MONITOR_DOWN);
	at = now;
	is_now(key(MONITOR_BGP, "isp", "10.1.1.2"), MONITOR_UP);

	/* in front of them, another group, and the one that was up is gone */
	count = 0;
	bgp("isp", "10.1.1.3", 2);
	bgp("isp", "10.1.1.1", 2);
	configure();
	assert_unchanged();
	assert_int_equal(g.count, 2);
	assert_int_equal(g.objects[0].state, MONITOR_INITIALIZING);
	assert_int_equal(g.objects[0].updated_ms, 0);
	assert_int_equal(g.objects[1].state, MONITOR_DOWN);
	assert_int_equal(g.objects[1].group, 2);
	assert_int_equal(g.objects[1].updated_ms, at);
	assert_int_equal(g.objects[1].changes, 1);
}

static void
a_change_of_configuration_is_judged_as_a_change_of_state(void **state)
{
	(void)state;
	bgp("isp", "10.1.1.1", 0);
	bgp("isp", "10.1.1.2", 0);
	configure();
	is_now(key(MONITOR_BGP, "isp", "10.1.1.1"), MONITOR_DOWN);
	is_now(key(MONITOR_BGP, "isp", "10.1.1.2"), MONITOR_UP);
	count = 1;
	configure();
	assert_changed(MONITOR_BGP, true);
	lines[0].group = 1;
	bgp("isp", "10.1.1.4", 1);
	configure();
	assert_changed(MONITOR_BGP, false);
}

static void
what_is_not_watched_or_does_not_exist_is_refused_and_changes_nothing(void **state)
{
	struct monitor_key k = key(MONITOR_BGP, "isp", "10.1.1.9");

	(void)state;
	bgp("isp", "10.1.1.1", 0);
	bgp("isp", "10.1.1.1", 4); /* of two with one key the first counts */
	configure();
	assert_int_equal(g.count, 1);
	assert_int_equal(g.objects[0].group, 0);
	assert_int_equal(monitor_set_state(&g, &k, MONITOR_DOWN, ++now, &out), ERR_NOT_FOUND);
	k = g.objects[0].key;
	assert_int_equal(monitor_set_state(&g, &k, MONITOR_STATE_COUNT, ++now, &out), ERR_RANGE);
	lines[1].group = 11;
	assert_int_equal(monitor_configure(&g, lines, count, &out), ERR_RANGE);
	lines[1] = (struct monitor_object){.key = {.kind = MONITOR_KIND_COUNT}};
	assert_int_equal(monitor_configure(&g, lines, count, &out), ERR_RANGE);
	assert_int_equal(monitor_configure(&g, lines, MONITORS_MAX + 1, &out), ERR_RANGE);
	assert_int_equal(g.count, 1);
}

static void
all_lines_fit_beside_all_members_and_one_more_member_is_refused(void **state)
{
	char name[16];
	struct monitor_key k;

	(void)state;
	watch_key(endpoint("isp", "gx", ""), 0);
	configure();
	for (int i = 0; i < MONITOR_OBJECTS_MAX - MONITORS_MAX; i++) {
		snprintf(name, sizeof name, "p%d", i);
		is_now(endpoint("isp", "gx", name), MONITOR_UP);
	}
	k = endpoint("isp", "gx", "one-more");
	assert_int_equal(monitor_set_state(&g, &k, MONITOR_DOWN, ++now, &out), ERR_FULL);
	for (uint32_t i = 1; i < MONITORS_MAX; i++) {
		k = key(MONITOR_BGP, "isp", NULL);
		k.address = addr_v4(i);
		watch_key(k, 0);
	}
	configure();
	assert_int_equal(g.count, MONITOR_OBJECTS_MAX);
	assert_int_equal(g.objects[0].state, MONITOR_UP);
	is_now(k, MONITOR_UP);
}

static void
objects_have_names(void **state)
{
	struct monitor_key hsrp = {.kind = MONITOR_HSRP, .family = ADDR_V6, .number = 7, .name = "wire"};
	char buf[200];
	struct monitor_key k;

	(void)state;
	assert_string_equal(monitor_key_text(&hsrp, buf, sizeof buf), "HSRP group 7 of IPv6 on interface wire");
	hsrp.family = ADDR_V4;
	assert_string_equal(monitor_key_text(&hsrp, buf, sizeof buf), "HSRP group 7 of IPv4 on interface wire");
	k = endpoint("isp", "gx", "");
	assert_string_equal(monitor_key_text(&k, buf, sizeof buf), "Diameter endpoint gx of context isp");
	k = key(MONITOR_AAA, "isp", "10.0.0.1");
	assert_string_equal(monitor_key_text(&k, buf, sizeof buf), "AAA server 10.0.0.1 of context isp");
	k = key(MONITOR_BFD_CHASSIS, "isp", "10.0.0.1");
	assert_string_equal(monitor_key_text(&k, buf, sizeof buf), "BFD session to 10.0.0.1 of context isp");
	assert_string_equal(monitor_kind_text(MONITOR_KIND_COUNT), "?");
	assert_string_equal(monitor_state_text(MONITOR_STATE_COUNT), "?");
	assert_string_equal(monitor_state_text(MONITOR_DOWN), "Down");
}

/* The chapter's rule for BGP, from scratch: is there a group, or a context without groups, that is down as a whole? */
static bool
model_bgp(const struct monitor_group *m)
{
	for (uint32_t i = 0; i < m->count; i++) {
		const struct monitor_object *a = &m->objects[i];
		unsigned all = 0, down = 0, grouped = 0;

		for (uint32_t k = 0; k < m->count; k++) {
			const struct monitor_object *b = &m->objects[k];

			if (strcmp(a->key.context, b->key.context) != 0)
				continue;
			grouped += b->group != 0;
			all += b->group == a->group;
			down += b->group == a->group && b->state == MONITOR_DOWN;
		}
		if (all == down && (a->group != 0 || grouped == 0))
			return true;
	}
	return false;
}

static void
random_peers_groups_and_configurations_agree_with_the_rule(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 300; seed++) {
		struct rng rng = {.state = seed};
		unsigned changes = 0;

		setup(state);
		for (unsigned step = 0; step < 200; step++) {
			struct monitor_key k = key(MONITOR_BGP, rng_below(&rng, 2) ? "a" : "b", NULL);
			bool was_failed = g.verdicts[MONITOR_BGP].is_failed;

			k.address = addr_v4(1 + rng_below(&rng, 3));
			if (rng_below(&rng, 10) == 0) {
				if (count < LINES && rng_below(&rng, 3) > 0)
					watch_key(k, (uint8_t)rng_below(&rng, 3));
				else if (count > 0)
					lines[rng_below(&rng, (uint32_t)count)] = lines[count - 1], count--;
				configure();
			} else if (monitor_set_state(&g, &k, (enum monitor_state)rng_below(&rng, 3), ++now, &out)) {
				continue;
			}
			if (g.verdicts[MONITOR_BGP].is_failed != model_bgp(&g))
				fail_msg("seed %llu step %u", (unsigned long long)seed, step);
			assert_int_equal(out.count, was_failed != g.verdicts[MONITOR_BGP].is_failed);
			changes += out.count;
		}
		assert_true(changes > 0);
	}
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {
	    T(a_context_without_groups_fails_when_all_its_bgp_peers_are_down),
	    T(any_group_that_is_down_as_a_whole_fails_its_context),
	    T(a_peer_without_a_group_beside_groups_decides_nothing),
	    T(aaa_fails_when_no_configured_server_answers),
	    T(only_an_active_chassis_probes_aaa),
	    T(an_endpoint_fails_when_all_its_peers_are_down_a_named_peer_alone),
	    T(a_peer_that_is_named_counts_for_its_endpoint_too_when_that_is_watched),
	    T(a_peer_that_leaves_its_endpoint_counts_no_more),
	    T(bfd_to_routers_goes_by_context_between_the_chassis_by_all),
	    T(a_line_that_stays_keeps_its_state_and_a_new_one_begins_initializing),
	    T(a_change_of_configuration_is_judged_as_a_change_of_state),
	    T(what_is_not_watched_or_does_not_exist_is_refused_and_changes_nothing),
	    T(all_lines_fit_beside_all_members_and_one_more_member_is_refused),
	    T(objects_have_names),
	    T(random_peers_groups_and_configurations_agree_with_the_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
