/*
 * arena_side.h - the piece of a record that changes all the time, at the head of its cell, twice.
 *
 * Two copies of a line of 64 bytes each: the piece, its length, a sequence, CRC-32C over all of it and over whose cell
 * it is. Current is the copy whose sequence follows that of the other. A change goes to the copy that is not, and its
 * sequence, stored last, makes it current: whoever is killed in the middle of that leaves the piece as it was, and a
 * reader in another process sees one or the other. Two sequences that are no neighbours are damage.
 *
 * Pure but for the order of its stores; only arena.c and tests use it. Cells are 64-byte aligned.
 */
#ifndef SESSION_ARENA_SIDE_H
#define SESSION_ARENA_SIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "session/arena.h"

enum { ARENA_SIDES = 2 };

struct arena_side {
	uint8_t bytes[ARENA_SIDE_MAX]; /* 0 from len on */
	uint8_t len;
	uint8_t seq;
	uint32_t crc;
};

_Static_assert(sizeof(struct arena_side) == 64, "a line of the cache");

/* arena_side_init - both copies of a cell that nobody reads yet; @n at most ARENA_SIDE_MAX. */
void arena_side_init(uint8_t *cell, const struct arena_owner *of, const void *p, size_t n);

/* arena_side_current - the current copy, not verified; NULL: there is none. The writer only, as the next two. */
const struct arena_side *arena_side_current(const uint8_t *cell);

/* arena_side_is_good - is @s what was written for @of? */
bool arena_side_is_good(const struct arena_side *s, const struct arena_owner *of);

/* arena_side_is_spare_good - is the copy that is not current whole too? There must be a current one. */
bool arena_side_is_spare_good(const uint8_t *cell, const struct arena_owner *of);

/*
 * arena_side_put - @n bytes (at most ARENA_SIDE_MAX) become current, and are returned. There must be a current copy.
 */
const struct arena_side *arena_side_put(uint8_t *cell, const struct arena_owner *of, const void *p, size_t n);

/* arena_side_mend - a writer that was killed may have left the copy that is not current half written: write it. */
void arena_side_mend(uint8_t *cell, const struct arena_owner *of);

/* arena_side_read - copy the current one, from any process. ERR_CORRUPT; ERR_REFUSED: it changed meanwhile. */
enum err arena_side_read(const uint8_t *cell, const struct arena_owner *of, struct arena_side *out);

#endif
