/* call_slots.c - generations that differ from those of whoever is lost; eight slots a step. */
#include "session/call_slots.h"

#include <string.h>

enum { GEN_HALF = (TEID_GEN_MASK + 1) / 2, GEN_LIFE = 5, GEN_BLOCK = 9, EACH_BYTES = 8 };

_Static_assert(SLOT_USED == 1 << 7 && SLOT_KNOWN == 1 << 6 && (int)TEID_GEN_MASK < (int)SLOT_KNOWN,
               "call_slots_lead works on bytes");

uint8_t
call_slots_first(uint64_t epoch, uint64_t life)
{
	uint64_t left = epoch > 0 ? epoch - 1 : 0, block = left >> 16;
	uint64_t first = block * GEN_BLOCK + life * GEN_LIFE, step = 0;

	for (unsigned i = 0; i < TEID_GEN_BITS; i++, left >>= 1) /* 0, 16, 8, 24, 4 ... */
		step = step << 1 | (left & 1);
	return (uint8_t)((first + step) & TEID_GEN_MASK);
}

/* Eight slots: used ones stay, known free ones go on by half when @half is GEN_HALF, the others begin with @first. */
static uint64_t
lead(uint64_t eight, uint64_t first, uint64_t half)
{
	const uint64_t each = UINT64_C(0x0101010101010101);
	uint64_t is_used = eight >> 7 & each, is_known = eight >> 6 & each;
	uint64_t is_unknown = ~(is_used | is_known) & each;

	eight ^= (is_known & ~is_used) * half;
	return (eight & ~(is_unknown * 0xff)) | is_unknown * first;
}

void
call_slots_lead(uint8_t *slots, uint32_t n, uint8_t before, uint8_t first, bool has_followed)
{
	uint64_t half = has_followed ? GEN_HALF : 0;

	if (first == before && !has_followed)
		return;
	for (uint32_t i = 0; i < n; i += EACH_BYTES) {
		size_t bytes = n - i < EACH_BYTES ? n - i : EACH_BYTES;
		uint64_t eight = 0, led;

		memcpy(&eight, slots + i, bytes);
		led = lead(eight, first, half);
		if (led != eight) /* memory that was never used stays so */
			memcpy(slots + i, &led, bytes);
	}
}
