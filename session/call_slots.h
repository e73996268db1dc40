/*
 * call_slots.h - one byte a slot: whether there is a call in it, and the generation of its TEID or of the next one.
 *
 * A TEID that an SGSN still uses must not be given to another call, also when this side has never heard of it: an
 * Active or a session manager that is lost takes the knowledge of its last calls with it. So generations go on
 * elsewhere whenever somebody begins to give them out, and each epoch and each life of a session manager begins
 * somewhere else. Only the call table and tests use it.
 */
#ifndef SESSION_CALL_SLOTS_H
#define SESSION_CALL_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "session/session_types.h"

/* The lowest TEID_GEN_BITS are the generation. */
enum {
	SLOT_USED = 0x80,
	SLOT_KNOWN = 0x40 /* there was a call in it once, so the generation says where the other side has come to */
};

/*
 * call_slots_first - the generation of the first call of a slot in @epoch and @life, far from those of the last ones.
 *
 * @epoch  counts the takeovers, 1 ...; a chassis that was started again goes on in another block of 65536
 * @life   how many session managers of this instance died before
 */
uint8_t call_slots_first(uint64_t epoch, uint64_t life);

/*
 * call_slots_leap - by how much known free slots go on in @epoch, 4..26: far from where they stood and from where the
 * last epochs, which went on from the same place, had brought them.
 */
uint8_t call_slots_leap(uint64_t epoch);

/*
 * call_slots_lead - this side gives out TEIDs from now on, those that it followed were the other one's: @leap (0..26)
 * more for known free slots. Goes over a byte a slot.
 */
void call_slots_lead(uint8_t *slots, uint32_t n, uint8_t leap);

#endif
