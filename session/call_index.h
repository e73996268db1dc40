/*
 * call_index.h - slots by IMSI and NSAPI (base/keymap.h), and the free slots. Only call_table.c uses it.
 *
 * A freed slot goes to the end of the free list and rests until CALL_REST others have been freed, so that a TEID does
 * not come back soon; beyond that, low slots are used first and memory stays dense. Slots that were passed over,
 * because a replicated call came in a higher one, were never used and cost nothing until they are. Slots that somebody
 * before this one used (those below @first) come last.
 */
#ifndef SESSION_CALL_INDEX_H
#define SESSION_CALL_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/keymap.h"

enum { CALL_REST = 1024 };

#define CALL_NO_SLOT KEYMAP_NONE

struct call_index {
	struct keymap map; /* the key of a free slot: its neighbours in the free list; 0: never used */
	uint32_t slots;
	uint32_t first; /* where fresh began; 0: it has gone round */
	uint32_t fresh; /* the next slot that was never used */
	uint32_t top;   /* slots from here on were never used */
	uint32_t free_first, free_last, free_count;
};

/* call_index_init - for @slots slots, all free; @first (0..@slots - 1) is used first. ERR_SYSTEM: no memory. */
enum err call_index_init(struct call_index *x, uint32_t slots, uint32_t first);
void call_index_fini(struct call_index *x);

/* call_index_reserve - @n slots are about to be used: a hint (keymap_reserve). */
void call_index_reserve(struct call_index *x, uint32_t n);

/* call_index_find - the slot of @key, or CALL_NO_SLOT. */
uint32_t call_index_find(const struct call_index *x, uint64_t key);

/* call_index_key - the key of the used @slot. */
uint64_t call_index_key(const struct call_index *x, uint32_t slot);

/* call_index_peek - the slot that a new call should take, or CALL_NO_SLOT. Nothing changes. */
uint32_t call_index_peek(const struct call_index *x);

/* call_index_take - the free @slot is used from now on, under @key, not 0, which is not in the index. */
void call_index_take(struct call_index *x, uint32_t slot, uint64_t key);

/* call_index_give - the used @slot is free from now on. */
void call_index_give(struct call_index *x, uint32_t slot);

#endif
