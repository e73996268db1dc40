/*
 * call_index.h - slots by IMSI and NSAPI, and the free slots. Plain arrays handed in by call_table.c,
 * its only user: keys[slot] is the index key of a used slot, or the free list's links of a free one.
 *
 * A freed slot goes to the end of the free list and rests until CALL_REST others have been freed, so that a TEID does
 * not come back soon; beyond that, low slots are used first and memory stays dense.
 */
#ifndef SESSION_CALL_INDEX_H
#define SESSION_CALL_INDEX_H

#include <stdbool.h>
#include <stdint.h>

enum { CALL_REST = 1024 };

#define CALL_NO_SLOT UINT32_MAX

struct call_index {
	uint64_t *keys;    /* slots of them */
	uint32_t *buckets; /* slot + 1, 0 empty; bucket_mask + 1 of them, at least twice the slots */
	uint32_t bucket_mask;
	uint32_t slots;
	uint32_t fresh; /* slots from here on were never used */
	uint32_t free_first, free_last, free_count;
};

/* call_index_buckets - how many buckets @slots slots need: a power of two. */
uint32_t call_index_buckets(uint32_t slots);

void call_index_init(struct call_index *x, uint64_t *keys, uint32_t *buckets, uint32_t slots);

/* call_index_find - the slot of @key, or CALL_NO_SLOT. */
uint32_t call_index_find(const struct call_index *x, uint64_t key);

/* call_index_peek - the slot that a new call should take, or CALL_NO_SLOT. Nothing changes. */
uint32_t call_index_peek(const struct call_index *x);

/* call_index_take - the free @slot is used from now on, under @key, which is not in the index. */
void call_index_take(struct call_index *x, uint32_t slot, uint64_t key);

/* call_index_give - the used @slot is free from now on. */
void call_index_give(struct call_index *x, uint32_t slot);

#endif
