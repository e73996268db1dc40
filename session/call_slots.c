/* call_slots.c - generations that differ from those of whoever is lost; eight slots a step. */
#include "session/call_slots.h"

#include <string.h>

enum {
	GENS = TEID_GEN_MASK + 1,
	GEN_LIFE = 5, /* between the first generations of two lives */
	PLACES = 4,
	PLACE_GENS = 6,
	LEAP_LEAST = 4, /* and as much is left behind the longest: no leap comes back to where it began */
	EACH_BYTES = 8,
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

/* Eight slots: used ones stay, known free ones go on by @leap, the others begin with @first. */
static uint64_t
lead(uint64_t eight, uint64_t first, uint64_t leap)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t is_used = eight >> 7 & each, is_known = eight >> 6 & each;
	uint64_t is_unknown = ~(is_used | is_known) & each;

	eight = (eight + (is_known & ~is_used) * leap) & ~(each * SLOT_CARRY);
	return (eight & ~(is_unknown * 0xff)) | is_unknown * first;
}

void
call_slots_lead(uint8_t *slots, uint32_t n, uint8_t first, uint8_t leap)
{
	for (uint32_t i = 0; i < n; i += EACH_BYTES) {
		size_t bytes = n - i < EACH_BYTES ? n - i : EACH_BYTES;
		uint64_t eight = 0, led;

		memcpy(&eight, slots + i, bytes);
		led = lead(eight, first, leap);
		if (led != eight) /* memory that was never used stays so */
			memcpy(slots + i, &led, bytes);
	}
}
