/* gateway_pool.c - shares of a pool are disjoint and complete; the configuration check names what is wrong. */
#include "tests/unit/gateway_fixture.h"

#include "base/rng.h"
#include "gateway/pool.h"

/* Which instance gives an address out, for every address of a /24 and several numbers of session managers. */
static void
shares_are_disjoint_complete_and_follow_the_rule(void **state)
{
	static const unsigned counts[] = {1, 2, 3, 7, 127};

	(void)state;
	for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
		uint8_t owner[256] = {0};
		unsigned given = 0;

		for (unsigned i = 1; i <= counts[k]; i++) {
			struct pool *p = pool_new(FIXTURE_POOL, 24, i, counts[k]);
			uint32_t address;

			assert_non_null(p);
			while (pool_alloc(p, &address) == ERR_OK) {
				uint32_t h = address - FIXTURE_POOL;

				assert_in_range(h, 1, 254);
				assert_int_equal(owner[h], 0);
				assert_int_equal(1 + h % counts[k], i);
				owner[h] = (uint8_t)i;
				given++;
			}
			assert_int_equal(pool_used(p), pool_size(p));
			pool_free(p);
		}
		assert_int_equal(given, 254);
	}
}

static void
smallest_pool_may_leave_an_instance_without_addresses(void **state)
{
	struct pool *p = pool_new(FIXTURE_POOL, 30, 4, 4);
	uint32_t address;

	(void)state;
	assert_int_equal(pool_size(p), 0); /* number 3 is the broadcast address */
	assert_int_equal(pool_alloc(p, &address), ERR_FULL);
	pool_free(p);
	p = pool_new(FIXTURE_POOL, 30, 127, 127);
	assert_int_equal(pool_size(p), 0);
	assert_int_equal(pool_alloc(p, &address), ERR_FULL);
	pool_free(p);
}

/* What one chassis gave out and the other never heard of is not given out again before half of what is free. */
static void
after_a_leap_what_was_given_out_unheard_rests(void **state)
{
	static const uint8_t prefixes[] = {24, 16, 12};

	(void)state;
	for (size_t k = 0; k < sizeof prefixes; k++) {
		struct pool *lost = pool_new(0x0a000000, prefixes[k], 1, 2),
		            *heir = pool_new(0x0a000000, prefixes[k], 1, 2);
		uint32_t known = pool_size(lost) / 5, unheard = pool_size(lost) / 10, free_left, address, first = 0;

		for (uint32_t i = 0; i < known; i++) {
			assert_int_equal(pool_alloc(lost, &address), ERR_OK);
			assert_int_equal(pool_take(heir, address), ERR_OK);
		}
		for (uint32_t i = 0; i < unheard; i++) {
			assert_int_equal(pool_alloc(lost, &address), ERR_OK);
			first = first == 0 ? address : first;
		}
		pool_leap(heir);
		free_left = pool_size(heir) - known;
		for (uint32_t i = 0; i + 200 < free_left / 2; i++) {
			assert_int_equal(pool_alloc(heir, &address), ERR_OK);
			assert_false(pool_is_used(lost, address));
		}
		while (pool_alloc(heir, &address) == ERR_OK && address != first)
			;
		assert_int_equal(address, first); /* in the end they are given out, too */
		pool_free(lost);
		pool_free(heir);
	}
}

static void
a_leap_in_a_full_pool_changes_nothing(void **state)
{
	struct pool *p = pool_new(FIXTURE_POOL, 24, 1, 1);
	uint32_t address, last;

	(void)state;
	while (pool_alloc(p, &last) == ERR_OK)
		;
	pool_leap(p);
	assert_int_equal(pool_alloc(p, &address), ERR_FULL);
	assert_int_equal(pool_give(p, FIXTURE_POOL + 77), ERR_OK);
	pool_leap(p);
	assert_int_equal(pool_alloc(p, &address), ERR_OK);
	assert_int_equal(address, FIXTURE_POOL + 77);
	pool_free(p);
}

static void
wrong_arguments_make_no_pool(void **state)
{
	(void)state;
	assert_null(pool_new(FIXTURE_POOL, 31, 1, 1));
	assert_null(pool_new(FIXTURE_POOL, 7, 1, 1));
	assert_null(pool_new(FIXTURE_POOL + 1, 24, 1, 1));
	assert_null(pool_new(FIXTURE_POOL, 24, 0, 1));
	assert_null(pool_new(FIXTURE_POOL, 24, 2, 1));
	assert_null(pool_new(FIXTURE_POOL, 24, 1, 128));
}

static void
taken_address_is_not_given_out_and_foreign_ones_are_refused(void **state)
{
	struct pool *p = pool_new(FIXTURE_POOL, 28, 1, 2);
	uint32_t address;

	(void)state;
	assert_int_equal(pool_take(p, FIXTURE_POOL + 4), ERR_OK);
	assert_int_equal(pool_take(p, FIXTURE_POOL + 4), ERR_EXISTS);
	assert_int_equal(pool_take(p, FIXTURE_POOL + 5), ERR_RANGE); /* of instance 2 */
	assert_int_equal(pool_take(p, FIXTURE_POOL), ERR_RANGE);     /* the network itself */
	assert_int_equal(pool_take(p, FIXTURE_POOL + 15), ERR_RANGE);
	assert_int_equal(pool_take(p, FIXTURE_POOL + 16), ERR_RANGE);
	assert_int_equal(pool_take(p, FIXTURE_POOL - 2), ERR_RANGE);
	while (pool_alloc(p, &address) == ERR_OK)
		assert_int_not_equal(address, FIXTURE_POOL + 4);
	assert_int_equal(pool_give(p, FIXTURE_POOL + 4), ERR_OK);
	assert_int_equal(pool_give(p, FIXTURE_POOL + 4), ERR_NOT_FOUND);
	assert_int_equal(pool_give(p, FIXTURE_POOL + 5), ERR_RANGE);
	assert_true(pool_has(p, FIXTURE_POOL + 4));
	assert_false(pool_is_used(p, FIXTURE_POOL + 4));
	assert_int_equal(pool_alloc(p, &address), ERR_OK);
	assert_int_equal(address, FIXTURE_POOL + 4);
	pool_free(p);
}

static void
released_address_rests_until_the_others_were_used(void **state)
{
	struct pool *p = pool_new(FIXTURE_POOL, 24, 1, 1);
	uint32_t first, address;

	(void)state;
	assert_int_equal(pool_alloc(p, &first), ERR_OK);
	assert_int_equal(pool_give(p, first), ERR_OK);
	for (int i = 1; i < 254; i++) {
		assert_int_equal(pool_alloc(p, &address), ERR_OK);
		assert_int_not_equal(address, first);
		assert_int_equal(pool_give(p, address), ERR_OK);
	}
	assert_int_equal(pool_alloc(p, &address), ERR_OK);
	assert_int_equal(address, first);
	pool_free(p);
}

/* Random takes and gives against a plain list of what is in use. */
static void
bitmap_agrees_with_a_plain_list(void **state)
{
	struct rng rng = {.state = 20};
	struct pool *p = pool_new(0x0a000000, 22, 2, 3);
	uint8_t used[1024] = {0};
	uint32_t count = 0, address;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint32_t h = rng_below(&rng, 1024);

		if (rng_below(&rng, 2) == 0) {
			enum err e = pool_alloc(p, &address);

			assert_int_equal(e, count == pool_size(p) ? ERR_FULL : ERR_OK);
			if (e == ERR_OK) {
				assert_int_equal(used[address & 1023], 0);
				used[address & 1023] = 1;
				count++;
			}
		} else if (pool_give(p, 0x0a000000 + h) == ERR_OK) {
			assert_int_equal(used[h], 1);
			used[h] = 0;
			count--;
		} else {
			assert_int_equal(used[h], 0);
		}
		assert_int_equal(pool_used(p), count);
	}
	pool_free(p);
}

static void
good_configuration_passes(void **state)
{
	struct gateway_config cfg = fixture_config(2);
	struct text_fixed fixed;
	struct text out;
	char said[256];

	(void)state;
	text_fixed_init(&fixed, &out, said, sizeof said);
	assert_int_equal(gateway_config_check(&cfg, &out), ERR_OK);
	assert_string_equal(said, "");
}

static void
assert_fault(const struct gateway_config *cfg, enum err e, const char *words)
{
	struct text_fixed fixed;
	struct text out;
	char said[1024];

	text_fixed_init(&fixed, &out, said, sizeof said);
	assert_int_equal(gateway_config_check(cfg, &out), e);
	assert_non_null(strstr(said, words));
}

static void
each_fault_of_a_configuration_is_named(void **state)
{
	struct gateway_config cfg = fixture_config(2);

	(void)state;
	cfg.services[0].is_srp_activated = false;
	assert_fault(&cfg, ERR_REFUSED,
	             "ggsn-service ggsn: bind address is not the address of an srp-activated loopback");
	cfg = fixture_config(2);
	cfg.services[0].bind.family = ADDR_NONE;
	assert_fault(&cfg, ERR_REFUSED, "not an IPv4 address");
	cfg = fixture_config(2);
	cfg.services[1] = cfg.services[0];
	cfg.service_count = 2;
	assert_fault(&cfg, ERR_REFUSED, "another service is bound");
	cfg.services[0].id++;
	assert_fault(&cfg, ERR_FORMAT, "ggsn-service ggsn: its identity");
	cfg = fixture_config(2);
	strcpy(cfg.apns[0].pool, "none");
	assert_fault(&cfg, ERR_REFUSED, "apn internet: its address pool does not exist");
	cfg = fixture_config(2);
	cfg.pools[1].network = FIXTURE_POOL + 128;
	cfg.pools[1].prefix_len = 25;
	assert_fault(&cfg, ERR_REFUSED, "ip pool tiny: overlaps");
	cfg = fixture_config(2);
	cfg.pools[0].is_srp_activated = false;
	assert_fault(&cfg, ERR_REFUSED, "ip pool main: is not srp-activated");
	cfg = fixture_config(2);
	cfg.pools[0].network++;
	assert_fault(&cfg, ERR_FORMAT, "ip pool main");
	cfg = fixture_config(2);
	memset(cfg.apns[1].name, 'x', sizeof cfg.apns[1].name);
	assert_fault(&cfg, ERR_FORMAT, "apn");
	cfg = fixture_config(0);
	assert_fault(&cfg, ERR_FORMAT, "session managers");
	cfg = fixture_config(128);
	assert_fault(&cfg, ERR_FORMAT, "session managers");
	cfg = fixture_config(2);
	cfg.pool_count = GATEWAY_POOLS_MAX + 1;
	assert_fault(&cfg, ERR_FORMAT, "more services");
}

static void
name_service(struct gateway_config *cfg, unsigned i, const char *context, const char *name)
{
	struct gateway_service *s = &cfg->services[i];

	*s = (struct gateway_service){.id = gateway_service_id(context, name),
	                              .bind = addr_v4(FIXTURE_SERVICE + i),
	                              .port = GATEWAY_PORT_GTPC,
	                              .is_bound = true,
	                              .is_srp_activated = true};
	snprintf(s->name, sizeof s->name, "%s", name);
	snprintf(s->context, sizeof s->context, "%s", context);
}

/* The values are those of FNV-1a as published; what calls carry must never change. */
static void
a_service_is_known_by_context_and_name_wherever_it_stands(void **state)
{
	struct gateway_config cfg = fixture_config(2);
	const char *const names[] = {"one", "two", "three"};

	(void)state;
	assert_int_equal(gateway_service_id("", ""), 0x050c5d1f);
	assert_int_equal(gateway_service_id("isp", "ggsn539599"), 0x4104ebc2);
	assert_int_not_equal(gateway_service_id("ab", "c"), gateway_service_id("a", "bc"));
	cfg.service_count = 3;
	for (unsigned turn = 0; turn < 3; turn++) {
		for (unsigned i = 0; i < 3; i++)
			name_service(&cfg, i, "isp", names[(i + turn) % 3]);
		assert_int_equal(gateway_config_check(&cfg, NULL), ERR_OK);
		for (unsigned i = 0; i < 3; i++) {
			int at = gateway_find_service(&cfg, gateway_service_id("isp", names[i]));

			assert_int_equal(at, (i + 3 - turn) % 3);
			assert_string_equal(cfg.services[at].name, names[i]);
		}
	}
	assert_int_equal(gateway_find_service(&cfg, gateway_service_id("other", "one")), -1);
}

static void
two_services_of_one_identity_are_refused_with_both_names_and_the_second_is_not_served(void **state)
{
	struct gateway_config cfg = fixture_config(2);

	(void)state;
	cfg.service_count = 3;
	name_service(&cfg, 0, "isp", "ggsn539599");
	name_service(&cfg, 1, "isp", "other");
	name_service(&cfg, 2, "isp", "ggsn722382");
	assert_int_equal(cfg.services[0].id, cfg.services[2].id);
	assert_fault(&cfg, ERR_REFUSED,
	             "ggsn-service ggsn722382: in context isp has the same call identity as "
	             "ggsn-service ggsn539599 in context isp and is not started");
	assert_true(gateway_is_served(&cfg, 0));
	assert_true(gateway_is_served(&cfg, 1));
	assert_false(gateway_is_served(&cfg, 2));
	name_service(&cfg, 0, "isp", "ggsn539600");
	assert_int_equal(gateway_config_check(&cfg, NULL), ERR_OK);
	assert_true(gateway_is_served(&cfg, 2));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(shares_are_disjoint_complete_and_follow_the_rule),
	    cmocka_unit_test(smallest_pool_may_leave_an_instance_without_addresses),
	    cmocka_unit_test(after_a_leap_what_was_given_out_unheard_rests),
	    cmocka_unit_test(a_leap_in_a_full_pool_changes_nothing),
	    cmocka_unit_test(wrong_arguments_make_no_pool),
	    cmocka_unit_test(taken_address_is_not_given_out_and_foreign_ones_are_refused),
	    cmocka_unit_test(released_address_rests_until_the_others_were_used),
	    cmocka_unit_test(bitmap_agrees_with_a_plain_list),
	    cmocka_unit_test(good_configuration_passes),
	    cmocka_unit_test(each_fault_of_a_configuration_is_named),
	    cmocka_unit_test(a_service_is_known_by_context_and_name_wherever_it_stands),
	    cmocka_unit_test(two_services_of_one_identity_are_refused_with_both_names_and_the_second_is_not_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
