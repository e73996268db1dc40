/* call_index.c - open addressing with linear probing, deletion by shifting back; a doubly linked free list. */
#include "session/call_index.h"

#include <assert.h>

#include "base/rng.h"

uint32_t
call_index_buckets(uint32_t slots)
{
	uint32_t n = 4;

	while (n < slots * 2)
		n *= 2;
	return n;
}

void
call_index_init(struct call_index *x, uint64_t *keys, uint32_t *buckets, uint32_t slots)
{
	*x = (struct call_index){
	    .keys = keys,
	    .buckets = buckets,
	    .bucket_mask = call_index_buckets(slots) - 1,
	    .slots = slots,
	    .free_first = CALL_NO_SLOT,
	    .free_last = CALL_NO_SLOT,
	};
}

static uint32_t
home_of(const struct call_index *x, uint64_t key)
{
	return (uint32_t)hash_u64(key) & x->bucket_mask;
}

uint32_t
call_index_find(const struct call_index *x, uint64_t key)
{
	for (uint32_t i = home_of(x, key); x->buckets[i] != 0; i = (i + 1) & x->bucket_mask)
		if (x->keys[x->buckets[i] - 1] == key)
			return x->buckets[i] - 1;
	return CALL_NO_SLOT;
}

uint32_t
call_index_peek(const struct call_index *x)
{
	uint32_t rest = x->slots / 4 < CALL_REST ? x->slots / 4 : CALL_REST;

	if (x->free_count > rest || (x->fresh == x->slots && x->free_count > 0))
		return x->free_first;
	return x->fresh < x->slots ? x->fresh : CALL_NO_SLOT;
}

/* A free slot's key holds its neighbours in the free list. */
static uint64_t
links(uint32_t before, uint32_t after)
{
	return (uint64_t)before << 32 | after;
}

static uint32_t
link_before(const struct call_index *x, uint32_t slot)
{
	return (uint32_t)(x->keys[slot] >> 32);
}

static uint32_t
link_after(const struct call_index *x, uint32_t slot)
{
	return (uint32_t)x->keys[slot];
}

static void
free_append(struct call_index *x, uint32_t slot)
{
	x->keys[slot] = links(x->free_last, CALL_NO_SLOT);
	if (x->free_last == CALL_NO_SLOT)
		x->free_first = slot;
	else
		x->keys[x->free_last] = links(link_before(x, x->free_last), slot);
	x->free_last = slot;
	x->free_count++;
}

static void
free_remove(struct call_index *x, uint32_t slot)
{
	uint32_t before = link_before(x, slot), after = link_after(x, slot);

	if (before == CALL_NO_SLOT)
		x->free_first = after;
	else
		x->keys[before] = links(link_before(x, before), after);
	if (after == CALL_NO_SLOT)
		x->free_last = before;
	else
		x->keys[after] = links(before, link_after(x, after));
	x->free_count--;
}

void
call_index_take(struct call_index *x, uint32_t slot, uint64_t key)
{
	uint32_t i = home_of(x, key);

	if (slot < x->fresh) {
		free_remove(x, slot);
	} else {
		while (x->fresh < slot)
			free_append(x, x->fresh++);
		x->fresh++;
	}
	while (x->buckets[i] != 0)
		i = (i + 1) & x->bucket_mask;
	x->buckets[i] = slot + 1;
	x->keys[slot] = key;
}

/* Is the stretch from @home to @at (round the end) free of @hole, so that the entry at @at must stay where it is? */
static bool
must_stay(uint32_t home, uint32_t hole, uint32_t at)
{
	if (hole <= at)
		return hole < home && home <= at;
	return hole < home || home <= at;
}

void
call_index_give(struct call_index *x, uint32_t slot)
{
	uint32_t hole = home_of(x, x->keys[slot]);

	while (x->buckets[hole] != slot + 1) {
		assert(x->buckets[hole] != 0);
		hole = (hole + 1) & x->bucket_mask;
	}
	for (uint32_t i = (hole + 1) & x->bucket_mask; x->buckets[i] != 0; i = (i + 1) & x->bucket_mask) {
		if (must_stay(home_of(x, x->keys[x->buckets[i] - 1]), hole, i))
			continue;
		x->buckets[hole] = x->buckets[i];
		hole = i;
	}
	x->buckets[hole] = 0;
	free_append(x, slot);
}
