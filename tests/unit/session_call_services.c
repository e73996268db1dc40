/* session_call_services.c - the calls of each service are counted by its identity. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "session/call_services.h"

enum { SLOTS = 600, STEPS = 20000, SERVICES = 16 };

/* Against a plain array of what each slot holds. */
static void
counts_are_those_of_the_calls_whatever_comes_and_goes(void **state)
{
	struct call_services *s = call_services_new(SLOTS);
	uint32_t held[SLOTS] = {0}, counts[SERVICES + 1] = {0};
	struct rng r = {.state = 1};

	(void)state;
	assert_non_null(s);
	for (unsigned i = 0; i < STEPS; i++) {
		uint32_t slot = (uint32_t)rng_below(&r, SLOTS), of = (uint32_t)rng_below(&r, SERVICES + 1);

		counts[held[slot]]--;
		counts[of]++;
		held[slot] = of;
		call_services_set(s, slot, of == 0 ? 0 : of * 0x01010101u);
		assert_int_equal(call_services_count(s, of * 0x01010101u), of == 0 ? 0 : counts[of]);
	}
	for (uint32_t of = 1; of <= SERVICES; of++)
		assert_int_equal(call_services_count(s, of * 0x01010101u), counts[of]);
	call_services_free(s);
}

static void
services_beyond_the_last_place_are_not_counted_until_one_is_free(void **state)
{
	struct call_services *s = call_services_new(SLOTS);

	(void)state;
	assert_non_null(s);
	for (uint32_t i = 0; i < CALL_SERVICES_MAX; i++)
		call_services_set(s, i, i + 1);
	call_services_set(s, 400, 1000);
	assert_int_equal(call_services_count(s, 1000), 0);
	for (uint32_t i = 0; i < CALL_SERVICES_MAX; i++)
		assert_int_equal(call_services_count(s, i + 1), 1);
	call_services_set(s, 7, 0);
	assert_int_equal(call_services_count(s, 8), 0);
	call_services_set(s, 401, 1000);
	call_services_set(s, 400, 0);
	assert_int_equal(call_services_count(s, 1000), 1);
	call_services_free(s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(counts_are_those_of_the_calls_whatever_comes_and_goes),
	    cmocka_unit_test(services_beyond_the_last_place_are_not_counted_until_one_is_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
