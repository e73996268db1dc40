/* call_slots.c - generations that differ from those of whoever is lost; eight slots a step. */
#include "session/call_slots.h"

#include <string.h>

enum {
	GENS = TEID_GEN_MASK + 1,
	GEN_LIFE = 5, /* between the first generations of two lives */
	PLACES = 4,
	PLACE_GENS = 6,
	LEAP_LEAST = 4,   /* and as much is left behind the longest: no leap comes back to where it began */
	SLOT_CARRY = 0x20 /* between the generation and the bits above it */
};

_Static_assert(SLOT_USED == 1 << 7 && SLOT_KNOWN == 1 << 6 && SLOT_CARRY == GENS, "call_slots_lead works on bytes");
_Static_assert(LEAP_LEAST + PLACES * PLACE_GENS <= GENS, "a leap carries once at most");

/*
 * Even numbers below PLACES * PLACE_GENS. The epochs of a chassis follow each other in a block of 65536, and a start
 * begins another one: the first of a block, the others of an even and those of an odd one never share a number, and
 * each of these goes round four of them.
 */
static unsigned
place(uint64_t epoch)
{
	uint64_t n = epoch > 0 ? epoch - 1 : 0, step = n & 0xffff, block = n >> 16;
	unsigned kind = step == 0 ? 0 : block % 2 == 0 ? 2 : 4;

	return (unsigned)((step + block) % PLACES) * PLACE_GENS + kind;
}

uint8_t
call_slots_first(uint64_t epoch, uint64_t life)
{
	return (uint8_t)((place(epoch) + life * GEN_LIFE) & TEID_GEN_MASK);
}

uint8_t
call_slots_leap(uint64_t epoch)
{
	return (uint8_t)(LEAP_LEAST + place(epoch));
}

/* Eight slots: free ones that are known go on by @leap (in each octet). */
static uint64_t
lead(uint64_t eight, uint64_t leap)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t goes = eight >> 6 & ~(eight >> 7) & each;

	return (eight + (((goes << 8) - goes) & leap)) & ~(each * SLOT_CARRY);
}

void
call_slots_lead(uint8_t *slots, uint32_t n, uint8_t leap)
{
	const uint64_t leaps = UINT64_C(0x0101010101010101) * leap;
	uint32_t i = 0;

	for (; n - i >= sizeof leaps; i += sizeof leaps) {
		uint64_t eight;

		memcpy(&eight, slots + i, sizeof eight);
		eight = lead(eight, leaps);
		memcpy(slots + i, &eight, sizeof eight);
	}
	for (; i < n; i++)
		slots[i] = (uint8_t)lead(slots[i], leap);
}
