/*
 * keymap.h - small numbers by 64-bit key: the chains of a hash table over items that the owner numbers.
 *
 * Linear hashing: with every item one more bucket is used, and the items of one older bucket are shared with it, so
 * that there is no moment at which a large table is made anew, and memory follows the number of items: 16 bytes each.
 * The arrays are allocated for the declared maximum at once and cost nothing until they are touched. Keys of numbers
 * that are not in the map are the owner's (its free list, say).
 */
#ifndef BASE_KEYMAP_H
#define BASE_KEYMAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define KEYMAP_NONE UINT32_MAX

enum { KEYMAP_RESERVE_MAX = 4096 };

struct keymap {
	uint64_t *keys;  /* an item each */
	uint32_t *next;  /* an item each: the next one of its bucket + 1, 0 ends */
	uint32_t *heads; /* a bucket each: its first item + 1, 0 empty */
	uint32_t max;
	uint32_t buckets; /* in use, 1..max */
	uint32_t count;
};

/* keymap_init - for items 0..@max-1, @max 1..2^31. ERR_SYSTEM: no memory. */
enum err keymap_init(struct keymap *m, uint32_t max);
void keymap_fini(struct keymap *m);

/*
 * keymap_reserve - @n items in all are about to be there: their buckets are in use from now on, so that none has to be
 * split for them. A hint: nothing happens in a map that already has more than KEYMAP_RESERVE_MAX items, whose sharing
 * out would take too long.
 */
void keymap_reserve(struct keymap *m, uint32_t n);

/* keymap_find - the item under @key, or KEYMAP_NONE. */
uint32_t keymap_find(const struct keymap *m, uint64_t key);

/* keymap_prefetch - the @n @keys are about to be looked for or added: their memory is asked for, all at the same time.
 */
void keymap_prefetch(const struct keymap *m, const uint64_t *keys, size_t n);

/* keymap_add - @item, which is not in the map, under @key, which is not either. */
void keymap_add(struct keymap *m, uint32_t item, uint64_t key);

/* keymap_remove - @item, which is in the map. */
void keymap_remove(struct keymap *m, uint32_t item);

#endif
