/* call_index.c - a map of the used slots; a doubly linked list of the free ones in its keys. */
#include "session/call_index.h"

enum err
call_index_init(struct call_index *x, uint32_t slots, uint32_t first)
{
	*x = (struct call_index){
	    .slots = slots, .first = first, .fresh = first, .free_first = CALL_NO_SLOT, .free_last = CALL_NO_SLOT};
	return keymap_init(&x->map, slots);
}

void
call_index_fini(struct call_index *x)
{
	keymap_fini(&x->map);
}

void
call_index_reserve(struct call_index *x, uint32_t n)
{
	keymap_reserve(&x->map, n);
}

uint32_t
call_index_find(const struct call_index *x, uint64_t key)
{
	return keymap_find(&x->map, key);
}

uint64_t
call_index_key(const struct call_index *x, uint32_t slot)
{
	return x->map.keys[slot];
}

uint32_t
call_index_peek(const struct call_index *x)
{
	uint32_t rest = x->slots / 4 < CALL_REST ? x->slots / 4 : CALL_REST;

	if (x->free_count > rest || (x->fresh == x->slots && x->free_count > 0))
		return x->free_first;
	return x->fresh < x->slots ? x->fresh : CALL_NO_SLOT;
}

/* A free slot's key holds its neighbours in the free list. It is never 0: both are slots, or no slot, and differ. */
static uint64_t
links(uint32_t before, uint32_t after)
{
	return (uint64_t)before << 32 | after;
}

static uint32_t
link_before(const struct call_index *x, uint32_t slot)
{
	return (uint32_t)(x->map.keys[slot] >> 32);
}

static uint32_t
link_after(const struct call_index *x, uint32_t slot)
{
	return (uint32_t)x->map.keys[slot];
}

static void
free_append(struct call_index *x, uint32_t slot)
{
	x->map.keys[slot] = links(x->free_last, CALL_NO_SLOT);
	if (x->free_last == CALL_NO_SLOT)
		x->free_first = slot;
	else
		x->map.keys[x->free_last] = links(link_before(x, x->free_last), slot);
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
		x->map.keys[before] = links(link_before(x, before), after);
	if (after == CALL_NO_SLOT)
		x->free_last = before;
	else
		x->map.keys[after] = links(before, link_after(x, after));
	x->free_count--;
}

static void
pass_used(struct call_index *x)
{
	while (x->fresh < x->top && x->map.keys[x->fresh] != 0)
		x->fresh++;
}

void
call_index_take(struct call_index *x, uint32_t slot, uint64_t key)
{
	bool is_first = x->map.keys[slot] == 0;

	if (!is_first)
		free_remove(x, slot);
	keymap_add(&x->map, slot, key);
	if (slot >= x->top)
		x->top = slot + 1;
	if (!is_first)
		return;
	pass_used(x);
	if (x->fresh == x->slots && x->first > 0) {
		x->fresh = x->first = 0;
		pass_used(x);
	}
}

void
call_index_give(struct call_index *x, uint32_t slot)
{
	keymap_remove(&x->map, slot);
	free_append(x, slot);
}
