/* arena.c - a directory of cells; a write goes to a free cell, one store publishes it. */
#include "session/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "session/arena_cells.h"
#include "session/arena_layout.h"

enum { PREFETCH_LINES = 4 }; /* the processor goes on by itself then */

struct arena_writer {
	struct arena_cells *cells;
	uint32_t seen_slot; /* the record verified or written last, and its entry: not verified again */
	uint64_t seen_entry;
	uint32_t refs[]; /* a slot each: the cell it owns + 1, 0 none. The directory only repeats it, for others. */
};

static struct arena_header *
header(const struct arena *a)
{
	return (struct arena_header *)(void *)a->mem;
}

size_t
arena_bytes(uint32_t slots)
{
	return arena_cells_at(slots) + (size_t)arena_slabs_max(slots) * ARENA_SLAB_BYTES;
}

/* The view of an arena whose numbers are in range. */
static struct arena
view(void *mem, uint32_t slots, uint32_t slabs)
{
	return (struct arena){
	    .mem = mem, .cells = (uint8_t *)mem + arena_cells_at(slots), .slot_count = slots, .slab_count = slabs};
}

enum err
arena_init(struct arena *a, void *mem, size_t bytes, uint32_t instance, uint32_t slots)
{
	struct arena_header *h = mem;
	size_t slabs;

	if (slots == 0 || slots > ARENA_SLOTS_MAX || bytes < arena_cells_at(slots) + ARENA_SLAB_BYTES)
		return ERR_RANGE;
	slabs = (bytes - arena_cells_at(slots)) / ARENA_SLAB_BYTES;
	if (slabs > arena_slabs_max(slots))
		slabs = arena_slabs_max(slots);
	*a = view(mem, slots, (uint32_t)slabs);
	h->version = ARENA_VERSION;
	h->slot_count = slots;
	h->slab_count = (uint32_t)slabs;
	h->instance = instance;
	__atomic_store_n(&h->magic, ARENA_MAGIC, __ATOMIC_RELEASE);
	return ERR_OK;
}

enum err
arena_attach(struct arena *a, void *mem, size_t bytes)
{
	struct arena_header *h = mem;
	uint32_t slots, slabs;

	if (bytes < ARENA_PAGE || __atomic_load_n(&h->magic, __ATOMIC_ACQUIRE) != ARENA_MAGIC)
		return ERR_FORMAT;
	if (h->version != ARENA_VERSION)
		return ERR_VERSION;
	slots = __atomic_load_n(&h->slot_count, __ATOMIC_RELAXED);
	slabs = __atomic_load_n(&h->slab_count, __ATOMIC_RELAXED);
	if (slots == 0 || slots > ARENA_SLOTS_MAX || slabs == 0 || slabs > arena_slabs_max(slots) ||
	    bytes < arena_cells_at(slots) + (size_t)slabs * ARENA_SLAB_BYTES)
		return ERR_RANGE;
	*a = view(mem, slots, slabs);
	return ERR_OK;
}

uint32_t
arena_instance(const struct arena *a)
{
	return header(a)->instance;
}

/* --- reading ------------------------------------------------------------------------------------------------ */

static uint64_t
entry_load(const struct arena *a, uint32_t slot)
{
	return __atomic_load_n(arena_entry_at(a, slot), __ATOMIC_ACQUIRE);
}

static uint32_t
cell_crc(const struct arena_cell_head *h, const void *p)
{
	const uint8_t *covered = (const uint8_t *)h + sizeof h->crc;

	return crc32c(crc32c(0, covered, sizeof *h - sizeof h->crc), p, h->len);
}

/* The same of a cell in its place: head and record lie behind each other. */
static uint32_t
cell_crc_there(const uint8_t *cell, size_t len)
{
	const size_t own = sizeof((struct arena_cell_head *)0)->crc;

	return crc32c(0, cell + own, sizeof(struct arena_cell_head) - own + len);
}

/* Does @cell, which has a head @h, lie in the memory whole? */
static bool
is_inside(const struct arena *a, uint32_t cell, const struct arena_cell_head *h)
{
	size_t room = (size_t)(a->slab_count * ARENA_SLAB_GRANULES - cell) * ARENA_GRANULE;

	return h->len > 0 && h->len <= ARENA_RECORD_MAX && sizeof *h + h->len <= room;
}

/* Copies the head and the record of @cell; false when it does not lie in the memory. */
static bool
cell_copy(const struct arena *a, uint32_t cell, struct arena_cell_head *h, void *buf)
{
	if (cell >= a->slab_count * ARENA_SLAB_GRANULES)
		return false;
	memcpy(h, arena_cell_at(a, cell), sizeof *h);
	if (!is_inside(a, cell, h))
		return false;
	memcpy(buf, arena_cell_at(a, cell) + sizeof *h, h->len);
	return true;
}

/* What entry @e of @slot says: ERR_OK with head and record, ERR_NOT_FOUND, ERR_CORRUPT. */
static enum err
entry_read(const struct arena *a, uint32_t slot, uint64_t e, struct arena_cell_head *h, void *buf)
{
	struct arena_entry x = arena_entry_unpack(e);

	if (e == 0 || (arena_entry_pack(x) == e && x.ref == 0))
		return ERR_NOT_FOUND;
	if (arena_entry_pack(x) != e || !cell_copy(a, x.ref - 1, h, buf))
		return ERR_CORRUPT;
	return h->slot == slot && h->tag == x.tag && h->seq == x.seq && h->crc == cell_crc(h, buf) ? ERR_OK
	                                                                                           : ERR_CORRUPT;
}

enum err
arena_read(const struct arena *a, uint32_t slot, void *buf, size_t *n, uint8_t *tag)
{
	struct arena_cell_head h;
	enum err result;
	uint64_t e;

	if (slot >= a->slot_count)
		return ERR_NOT_FOUND;
	for (unsigned i = 0; i < ARENA_READ_TRIES; i++) {
		e = entry_load(a, slot);
		result = entry_read(a, slot, e, &h, buf);
		/* While the entry stands, its cell is nobody else's: what was read was whole, or is damaged. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (entry_load(a, slot) != e)
			continue;
		if (result != ERR_CORRUPT && tag != NULL)
			*tag = arena_entry_unpack(e).tag;
		if (result == ERR_OK)
			*n = h.len;
		return result;
	}
	return ERR_REFUSED;
}

enum err
arena_peek(const struct arena *a, uint32_t slot, struct arena_view *v)
{
	uint32_t granules = a->slab_count * ARENA_SLAB_GRANULES;
	struct arena_cell_head h;
	struct arena_entry x;
	uint64_t e;

	if (slot >= a->slot_count)
		return ERR_NOT_FOUND;
	e = entry_load(a, slot);
	x = arena_entry_unpack(e);
	if (e == 0 || (arena_entry_pack(x) == e && x.ref == 0))
		return ERR_NOT_FOUND;
	if (arena_entry_pack(x) != e || x.ref > granules)
		return ERR_CORRUPT;
	v->cell = arena_cell_at(a, x.ref - 1);
	memcpy(&h, v->cell, sizeof h);
	if (!is_inside(a, x.ref - 1, &h) || h.slot != slot || h.tag != x.tag || h.seq != x.seq)
		return ERR_CORRUPT;
	v->cell_bytes = sizeof h + h.len;
	v->record = v->cell + sizeof h;
	v->len = h.len;
	v->tag = h.tag;
	return ERR_OK;
}

enum err
arena_borrow(const struct arena *a, uint32_t slot, const uint8_t **p, size_t *n)
{
	struct arena_writer *w = a->writer;
	struct arena_view v;
	enum err e = arena_peek(a, slot, &v);
	struct arena_cell_head h;

	if (e != ERR_OK)
		return e;
	/* What was verified or written last is not verified again: several looks at one record follow each other. */
	if (w->seen_slot != slot || w->seen_entry != entry_load(a, slot)) {
		memcpy(&h, v.cell, sizeof h);
		if (h.crc != cell_crc_there(v.cell, v.len))
			return ERR_CORRUPT;
		w->seen_slot = slot;
		w->seen_entry = entry_load(a, slot);
	}
	*p = v.record;
	*n = v.len;
	return ERR_OK;
}

void
arena_distrust(struct arena *a)
{
	a->writer->seen_slot = ARENA_SLOTS_MAX; /* none */
}

void
arena_prefetch_entry(const struct arena *a, uint32_t slot)
{
	if (slot < a->slot_count)
		__builtin_prefetch(arena_entry_at(a, slot), 1);
}

void
arena_prefetch(const struct arena *a, uint32_t slot)
{
	uint32_t ref = slot < a->slot_count ? arena_entry_unpack(entry_load(a, slot)).ref : 0;

	if (ref == 0 || ref > a->slab_count * ARENA_SLAB_GRANULES)
		return;
	for (unsigned i = 0; i < PREFETCH_LINES; i++)
		__builtin_prefetch(arena_cell_at(a, ref - 1) + (size_t)i * ARENA_GRANULE);
}

/* --- writing ------------------------------------------------------------------------------------------------ */

enum err
arena_open(struct arena *a)
{
	struct arena_writer *w = calloc(1, sizeof *w + (size_t)a->slot_count * sizeof w->refs[0]);

	if (w == NULL)
		return ERR_SYSTEM;
	w->cells = arena_cells_new(arena_classes(a), a->slab_count);
	if (w->cells == NULL) {
		free(w);
		return ERR_SYSTEM;
	}
	w->seen_slot = ARENA_SLOTS_MAX; /* none */
	a->writer = w;
	return ERR_OK;
}

void
arena_close(struct arena *a)
{
	if (a->writer == NULL)
		return;
	arena_cells_free(a->writer->cells);
	free(a->writer);
	a->writer = NULL;
}

enum err
arena_adopt(struct arena *a, uint32_t slot, void *buf, size_t *n, uint8_t *tag)
{
	enum err e = arena_read(a, slot, buf, n, tag);
	uint32_t ref;

	if (e != ERR_OK || a->writer->refs[slot] != 0)
		return e;
	ref = arena_entry_unpack(entry_load(a, slot)).ref;
	if (ref == 0 || !arena_cells_claim(a->writer->cells, ref - 1, sizeof(struct arena_cell_head) + *n))
		return ERR_CORRUPT;
	a->writer->refs[slot] = ref;
	return ERR_OK;
}

void
arena_recovered(struct arena *a)
{
	arena_cells_recovered(a->writer->cells);
}

/* From now on @slot is @ref (0: empty); what it owned before is free after that. */
static void
publish(struct arena *a, uint32_t slot, struct arena_entry x)
{
	uint32_t *owned = &a->writer->refs[slot], old = *owned;

	*owned = x.ref;
	__atomic_store_n(arena_entry_at(a, slot), arena_entry_pack(x), __ATOMIC_RELEASE);
	if (old != 0)
		arena_cells_give(a->writer->cells, old - 1);
}

static uint16_t
next_seq(const struct arena *a, uint32_t slot)
{
	return (uint16_t)(arena_entry_unpack(entry_load(a, slot)).seq + 1);
}

enum err
arena_write(struct arena *a, uint32_t slot, uint8_t tag, const void *p, size_t n)
{
	struct arena_cell_head h = {.slot = slot, .len = (uint16_t)n, .tag = tag};
	uint32_t cell;
	uint8_t *to;

	if (slot >= a->slot_count || n == 0 || n > ARENA_RECORD_MAX)
		return ERR_RANGE;
	cell = arena_cells_take(a->writer->cells, sizeof h + n);
	if (cell == ARENA_NO_CELL)
		return ERR_FULL;
	to = arena_cell_at(a, cell);
	h.seq = next_seq(a, slot);
	/* A reader that sees the first byte of this also sees that its last owner has gone. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(to, &h, sizeof h);
	memcpy(to + sizeof h, p, n);
	h.crc = cell_crc_there(to, n);
	memcpy(to, &h.crc, sizeof h.crc);
	publish(a, slot, (struct arena_entry){.ref = cell + 1, .seq = h.seq, .tag = tag});
	a->writer->seen_slot = slot;
	a->writer->seen_entry = entry_load(a, slot);
	return ERR_OK;
}

void
arena_clear(struct arena *a, uint32_t slot, uint8_t tag)
{
	if (slot >= a->slot_count || entry_load(a, slot) == 0)
		return;
	publish(a, slot, (struct arena_entry){.seq = next_seq(a, slot), .tag = tag});
}

uint32_t
arena_cells_used(const struct arena *a)
{
	return arena_cells_taken(a->writer->cells);
}

/* --- counters ----------------------------------------------------------------------------------------------- */

void
arena_count_add(struct arena *a, unsigned counter, uint64_t n)
{
	arena_count_set(a, counter, arena_count(a, counter) + n);
}

void
arena_count_set(struct arena *a, unsigned counter, uint64_t v)
{
	if (counter < ARENA_COUNTER_COUNT)
		__atomic_store_n(&header(a)->counters[counter], v, __ATOMIC_RELAXED);
}

uint64_t
arena_count(const struct arena *a, unsigned counter)
{
	if (counter >= ARENA_COUNTER_COUNT)
		return 0;
	return __atomic_load_n(&header(a)->counters[counter], __ATOMIC_RELAXED);
}

void
arena_ckpt_publish(struct arena *a, const uint64_t counters[CKPT_COUNTER_COUNT])
{
	for (unsigned i = 0; i < CKPT_COUNTER_COUNT; i++)
		__atomic_store_n(&header(a)->ckpt[i], counters[i], __ATOMIC_RELAXED);
}

uint64_t
arena_ckpt_count(const struct arena *a, enum ckpt_counter counter)
{
	return counter < CKPT_COUNTER_COUNT ? __atomic_load_n(&header(a)->ckpt[counter], __ATOMIC_RELAXED) : 0;
}
