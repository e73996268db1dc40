/* The generations that a side begins with when it gives out TEIDs: session/call_slots.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <string.h>

#include "session/call_slots.h"

enum { GENS = TEID_GEN_MASK + 1, APART = 2, FAR = 4, BACK = 2, CHAINS = 20000 };

/* The way from one generation to the other, whichever direction is shorter. */
static unsigned
distance(unsigned a, unsigned b)
{
	unsigned d = (a - b) % GENS;

	return d < GENS - d ? d : GENS - d;
}

/* The epoch of the next takeover: the same chassis counts on, one that was started again goes on in another block. */
static uint64_t
next_epoch(uint64_t epoch, uint64_t dice)
{
	return dice % 2 == 0 ? epoch + 1 : (epoch - 1) / 65536 * 65536 + 65537;
}

/* What @of says of each of three takeovers in a row is APART from the others, wherever they begin. */
static void
check_apart(uint8_t (*of)(uint64_t epoch))
{
	uint64_t dice = 12345;

	for (unsigned chain = 0; chain < CHAINS; chain++) {
		uint64_t epochs[BACK + 1] = {1 + chain % 70 + chain / 70 % 5 * 65536};

		for (unsigned i = 1; i <= BACK; i++) {
			dice = dice * 6364136223846793005u + 1442695040888963407u;
			epochs[i] = next_epoch(epochs[i - 1], dice >> 33);
		}
		for (unsigned i = 0; i < BACK; i++)
			assert_true(distance(of(epochs[i]), of(epochs[BACK])) >= APART);
	}
}

static uint8_t
first(uint64_t epoch)
{
	return call_slots_first(epoch, 0);
}

static void
takeovers_in_a_row_begin_apart_from_each_other(void **state)
{
	(void)state;
	assert_int_equal(call_slots_first(1, 0), 0);
	assert_int_equal(call_slots_first(0, 0), 0);
	check_apart(first);
}

/* All went on from the same place, since none of them was heard of. */
static void
takeovers_in_a_row_leap_apart_from_each_other_and_from_where_they_stood(void **state)
{
	(void)state;
	check_apart(call_slots_leap);
	for (uint64_t epoch = 0; epoch < 200000; epoch++)
		assert_true(distance(call_slots_leap(epoch), 0) >= FAR);
}

static void
lives_of_one_epoch_begin_apart_from_each_other(void **state)
{
	(void)state;
	for (uint64_t epoch = 1; epoch < 40; epoch++)
		for (uint64_t life = 1; life < 40; life++)
			assert_true(distance(call_slots_first(epoch, life), call_slots_first(epoch, life - 1)) >=
			            APART);
}

/* Any number of slots, and each kind beside each other in the eight that are worked on at a time. */
static void
used_slots_stay_and_known_ones_leap(void **state)
{
	uint8_t slots[67], was[sizeof slots];

	(void)state;
	for (uint32_t n = 0; n < sizeof slots; n++) {
		for (unsigned leap = 0; leap <= GENS - FAR; leap++) {
			for (uint32_t i = 0; i < sizeof slots; i++) {
				unsigned gen = (i * 7 + leap) % GENS;

				was[i] = (uint8_t)(i % 3 == 0 ? gen | SLOT_USED : i % 3 == 1 ? gen | SLOT_KNOWN : gen);
			}
			memcpy(slots, was, sizeof slots);
			call_slots_lead(slots, n, (uint8_t)leap);
			for (uint32_t i = 0; i < sizeof slots; i++) {
				unsigned known = SLOT_KNOWN | ((was[i] + leap) & TEID_GEN_MASK);

				assert_int_equal(slots[i], i < n && i % 3 == 1 ? known : was[i]);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(takeovers_in_a_row_begin_apart_from_each_other),
	    cmocka_unit_test(takeovers_in_a_row_leap_apart_from_each_other_and_from_where_they_stood),
	    cmocka_unit_test(lives_of_one_epoch_begin_apart_from_each_other),
	    cmocka_unit_test(used_slots_stay_and_known_ones_leap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
