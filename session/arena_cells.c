/* arena_cells.c - slabs of equal cells, a bitmap each; lists of slabs that have room. */
#include "session/arena_cells.h"

#include <assert.h>
#include <stdlib.h>

#include "session/arena_layout.h"

enum {
	NO_SLAB = UINT16_MAX,
	WORD_BITS = 64,
	SLAB_CELLS_MAX = ARENA_SLAB_GRANULES / 2,
	WORDS = SLAB_CELLS_MAX / WORD_BITS
};

struct slab {
	uint16_t before, after; /* in the list of its class, when it has room; spare ones use after */
	uint16_t taken;
	uint8_t cls;  /* 0: none */
	bool is_shut; /* from before, and not all of its cells were claimed yet */
	uint64_t map[WORDS];
};

struct arena_cells {
	uint8_t *classes; /* shared: written, and read only in _new */
	uint32_t slab_count;
	uint32_t fresh; /* slabs from here on were never cut */
	uint32_t taken;
	uint16_t spare; /* slabs given back, the last one first */
	uint16_t first[ARENA_CLASSES + 1];
	struct slab slabs[];
};

_Static_assert(ARENA_SLOTS_MAX / (ARENA_SLAB_BYTES / ARENA_CELL_MAX) + 1 + ARENA_CLASSES < NO_SLAB, "slab numbers");

static uint32_t
granules_of(const struct slab *s)
{
	return s->cls + 1u;
}

static uint32_t
cells_of(const struct slab *s)
{
	return ARENA_SLAB_GRANULES / granules_of(s);
}

static void
list_push(struct arena_cells *c, uint32_t i)
{
	struct slab *s = &c->slabs[i];
	uint16_t *first = &c->first[s->cls];

	s->before = NO_SLAB;
	s->after = *first;
	if (*first != NO_SLAB)
		c->slabs[*first].before = (uint16_t)i;
	*first = (uint16_t)i;
}

static void
list_remove(struct arena_cells *c, uint32_t i)
{
	struct slab *s = &c->slabs[i];

	if (s->before == NO_SLAB)
		c->first[s->cls] = s->after;
	else
		c->slabs[s->before].after = s->after;
	if (s->after != NO_SLAB)
		c->slabs[s->after].before = s->before;
}

/* An empty slab in no list belongs to no class any more. */
static void
give_back(struct arena_cells *c, uint32_t i)
{
	c->slabs[i].cls = 0;
	__atomic_store_n(&c->classes[i], 0, __ATOMIC_RELAXED);
	c->slabs[i].after = c->spare;
	c->spare = (uint16_t)i;
}

struct arena_cells *
arena_cells_new(uint8_t *classes, uint32_t slabs)
{
	struct arena_cells *c = calloc(1, sizeof *c + (size_t)slabs * sizeof c->slabs[0]);

	if (c == NULL)
		return NULL;
	c->classes = classes;
	c->slab_count = slabs;
	c->spare = NO_SLAB;
	for (unsigned k = 0; k <= ARENA_CLASSES; k++)
		c->first[k] = NO_SLAB;
	c->fresh = slabs;
	while (c->fresh > 0 && classes[c->fresh - 1] == 0)
		c->fresh--;
	/* From the back, so that the first spare one is used first. A class there is none of is damage: no cell. */
	for (uint32_t i = c->fresh; i-- > 0;) {
		uint8_t cls = __atomic_load_n(&classes[i], __ATOMIC_RELAXED);

		if (cls == 0 || cls > ARENA_CLASSES) {
			give_back(c, i);
			continue;
		}
		c->slabs[i].cls = cls;
		c->slabs[i].is_shut = true;
	}
	return c;
}

void
arena_cells_free(struct arena_cells *c)
{
	free(c);
}

/* Cuts a slab for @cls, the last one given back or a fresh one; false when there is none. */
static bool
cut_slab(struct arena_cells *c, uint8_t cls)
{
	uint32_t i = c->spare;

	if (i != NO_SLAB)
		c->spare = c->slabs[i].after;
	else if (c->fresh < c->slab_count)
		i = c->fresh++;
	else
		return false;
	c->slabs[i].cls = cls;
	__atomic_store_n(&c->classes[i], cls, __ATOMIC_RELAXED);
	list_push(c, i);
	return true;
}

static uint32_t
free_bit(const struct slab *s)
{
	uint32_t w = 0;

	while (s->map[w] == UINT64_MAX)
		w++;
	return w * WORD_BITS + (uint32_t)__builtin_ctzll(~s->map[w]);
}

uint32_t
arena_cells_take(struct arena_cells *c, size_t bytes)
{
	uint32_t granules = ((uint32_t)bytes + ARENA_GRANULE - 1) / ARENA_GRANULE;
	uint32_t cls = granules < 2 ? 1 : granules - 1, bit, i;
	struct slab *s;

	assert(cls <= ARENA_CLASSES);
	/* When no slab is left, a larger cell does as well. */
	if (c->first[cls] == NO_SLAB && !cut_slab(c, (uint8_t)cls))
		while (cls <= ARENA_CLASSES && c->first[cls] == NO_SLAB)
			cls++;
	if (cls > ARENA_CLASSES)
		return ARENA_NO_CELL;
	i = c->first[cls];
	s = &c->slabs[i];
	bit = free_bit(s);
	s->map[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
	s->taken++;
	c->taken++;
	if (s->taken == cells_of(s))
		list_remove(c, i);
	return i * ARENA_SLAB_GRANULES + bit * granules_of(s);
}

void
arena_cells_give(struct arena_cells *c, uint32_t cell)
{
	uint32_t i = cell / ARENA_SLAB_GRANULES, bit;
	struct slab *s = &c->slabs[i];
	uint64_t mask;
	bool was_full;

	assert(i < c->slab_count && s->cls != 0);
	bit = cell % ARENA_SLAB_GRANULES / granules_of(s);
	mask = UINT64_C(1) << bit % WORD_BITS;
	was_full = s->taken == cells_of(s);
	assert((s->map[bit / WORD_BITS] & mask) != 0);
	s->map[bit / WORD_BITS] &= ~mask;
	s->taken--;
	c->taken--;
	if (s->is_shut)
		return;
	if (was_full) {
		list_push(c, i);
	} else if (s->taken == 0) {
		list_remove(c, i);
		give_back(c, i);
	}
}

bool
arena_cells_claim(struct arena_cells *c, uint32_t cell, size_t bytes)
{
	uint32_t i = cell / ARENA_SLAB_GRANULES, at = cell % ARENA_SLAB_GRANULES, bit;
	struct slab *s;

	if (i >= c->slab_count || !c->slabs[i].is_shut)
		return false;
	s = &c->slabs[i];
	bit = at / granules_of(s);
	if (at % granules_of(s) != 0 || bit >= cells_of(s) || bytes > granules_of(s) * ARENA_GRANULE)
		return false;
	if (s->map[bit / WORD_BITS] & UINT64_C(1) << bit % WORD_BITS)
		return false;
	s->map[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
	s->taken++;
	c->taken++;
	return true;
}

void
arena_cells_recovered(struct arena_cells *c)
{
	for (uint32_t i = c->fresh; i-- > 0;) {
		struct slab *s = &c->slabs[i];

		if (!s->is_shut)
			continue;
		s->is_shut = false;
		if (s->taken == 0)
			give_back(c, i);
		else if (s->taken < cells_of(s))
			list_push(c, i);
	}
}

uint32_t
arena_cells_taken(const struct arena_cells *c)
{
	return c->taken;
}
