/* arena.c - a directory of cells; a write goes to a free cell, one store publishes it; a side is changed in its cell.
 */
#include "session/arena.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"
#include "session/arena_cells.h"
#include "session/arena_layout.h"

enum { PREFETCH_LINES = ARENA_SIDES + 4 }; /* the processor goes on by itself then */

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

/* Of a cell in its place: head and rest lie behind each other. */
static uint32_t
rest_crc(const uint8_t *head, size_t rest_len)
{
	const size_t own = sizeof((struct arena_cell_head *)0)->crc;

	return crc32c(0, head + own, sizeof(struct arena_cell_head) - own + rest_len);
}

/* Does @cell, which has a head @h, lie in the memory whole? */
static bool
is_inside(const struct arena *a, uint32_t cell, const struct arena_cell_head *h)
{
	size_t room = (size_t)(a->slab_count * ARENA_SLAB_GRANULES - cell) * ARENA_GRANULE;

	return h->len <= ARENA_RECORD_MAX && h->at <= h->len && ARENA_HEAD_AT + sizeof *h + h->len <= room;
}

/* What the directory says of a slot. */
struct place {
	uint32_t cell;
	struct arena_owner owner;
};

/* Reads entry @e of @slot: ERR_OK with the place of a cell whose side and head lie in the memory, ERR_NOT_FOUND,
 * ERR_CORRUPT. */
static enum err
place_of(const struct arena *a, uint32_t slot, uint64_t e, struct place *out)
{
	struct arena_entry x = arena_entry_unpack(e);

	if (e == 0 || (arena_entry_is_good(e) && x.ref == 0))
		return ERR_NOT_FOUND;
	if (!arena_entry_is_good(e) || x.ref + ARENA_CELL_LEAST - 1 > a->slab_count * ARENA_SLAB_GRANULES)
		return ERR_CORRUPT;
	*out = (struct place){.cell = x.ref - 1, .owner = {.slot = slot, .seq = x.seq, .tag = x.tag}};
	return ERR_OK;
}

static bool
is_owner(const struct arena_cell_head *h, const struct arena_owner *of)
{
	return h->slot == of->slot && h->tag == of->tag && h->seq == of->seq;
}

/* Copies the record of entry @e, whose writer may be at work: ERR_REFUSED, it changed the side meanwhile. */
static enum err
entry_read(const struct arena *a, uint32_t slot, uint64_t e, uint8_t *buf, size_t *n)
{
	struct arena_cell_head h;
	struct arena_side side;
	const uint8_t *cell, *rest;
	uint8_t *behind;
	uint32_t crc;
	struct place at;
	enum err result = place_of(a, slot, e, &at);

	if (result != ERR_OK)
		return result;
	cell = arena_cell_at(a, at.cell);
	result = arena_side_read(cell, &at.owner, &side);
	if (result != ERR_OK)
		return result;
	memcpy(&h, cell + ARENA_HEAD_AT, sizeof h);
	if (!is_inside(a, at.cell, &h) || !is_owner(&h, &at.owner) || h.len + side.len > ARENA_RECORD_MAX)
		return ERR_CORRUPT;
	rest = cell + ARENA_HEAD_AT + sizeof h;
	behind = buf + h.at + side.len;
	memcpy(buf, rest, h.at);
	memcpy(buf + h.at, side.bytes, side.len);
	memcpy(behind, rest + h.at, (size_t)(h.len - h.at));
	crc = crc32c(0, (const uint8_t *)&h + sizeof h.crc, sizeof h - sizeof h.crc);
	if (h.crc != crc32c(crc32c(crc, buf, h.at), behind, (size_t)(h.len - h.at)))
		return ERR_CORRUPT;
	*n = (size_t)h.len + side.len;
	return *n > 0 ? ERR_OK : ERR_CORRUPT;
}

enum err
arena_read(const struct arena *a, uint32_t slot, void *buf, size_t *n, uint8_t *tag)
{
	enum err result;
	size_t len = 0;
	uint64_t e;

	if (slot >= a->slot_count)
		return ERR_NOT_FOUND;
	for (unsigned i = 0; i < ARENA_READ_TRIES; i++) {
		e = entry_load(a, slot);
		result = entry_read(a, slot, e, buf, &len);
		/* While the entry stands, its cell is nobody else's: what was read was whole, or is damaged. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (entry_load(a, slot) != e || result == ERR_REFUSED)
			continue;
		if (result != ERR_CORRUPT && tag != NULL)
			*tag = arena_entry_unpack(e).tag;
		if (result == ERR_OK)
			*n = len;
		return result;
	}
	return ERR_REFUSED;
}

static enum err
place_now(const struct arena *a, uint32_t slot, struct place *out)
{
	return slot < a->slot_count ? place_of(a, slot, entry_load(a, slot), out) : ERR_NOT_FOUND;
}

static struct arena_piece
piece_of(const struct arena_side *s, const struct place *at)
{
	return (struct arena_piece){
	    .p = s->bytes, .n = s->len, .seal = s->crc ^ s->seq, .cell = at->cell, .owner = at->owner};
}

/* The current copy of the side in @at, verified. */
static enum err
side_at(const struct arena *a, const struct place *at, struct arena_piece *out)
{
	const struct arena_side *s = arena_side_current(arena_cell_at(a, at->cell));

	if (s == NULL || !arena_side_is_good(s, &at->owner))
		return ERR_CORRUPT;
	*out = piece_of(s, at);
	return ERR_OK;
}

enum err
arena_side(const struct arena *a, uint32_t slot, struct arena_piece *out)
{
	struct place at;
	enum err e = place_now(a, slot, &at);

	return e == ERR_OK ? side_at(a, &at, out) : e;
}

/* The view of the record in @at, whose side is verified. */
static enum err
view_of(const struct arena *a, const struct place *at, struct arena_view *v)
{
	struct arena_cell_head h;
	enum err e = side_at(a, at, &v->side);

	if (e != ERR_OK)
		return e;
	v->cell = arena_cell_at(a, at->cell);
	v->head = v->cell + ARENA_HEAD_AT;
	memcpy(&h, v->head, sizeof h);
	if (!is_inside(a, at->cell, &h) || !is_owner(&h, &at->owner) || h.len + v->side.n > ARENA_RECORD_MAX)
		return ERR_CORRUPT;
	v->rest = v->head + sizeof h;
	v->rest_len = h.len;
	v->at = h.at;
	v->cell_bytes = ARENA_HEAD_AT + sizeof h + h.len;
	return ERR_OK;
}

enum err
arena_peek(const struct arena *a, uint32_t slot, struct arena_view *v)
{
	struct place at;
	enum err e = place_now(a, slot, &at);

	if (e == ERR_OK)
		e = view_of(a, &at, v);
	if (e == ERR_OK && !arena_side_is_spare_good(v->cell, &at.owner))
		e = ERR_CORRUPT;
	return e;
}

enum err
arena_borrow(const struct arena *a, uint32_t slot, struct arena_view *v)
{
	struct arena_writer *w = a->writer;
	struct arena_cell_head h;
	struct place at;
	enum err e = place_now(a, slot, &at);

	if (e == ERR_OK)
		e = view_of(a, &at, v);
	if (e != ERR_OK)
		return e;
	/* What was verified or written last is not verified again: several looks at one record follow each other. */
	if (w->seen_slot != slot || w->seen_entry != entry_load(a, slot)) {
		memcpy(&h, v->head, sizeof h);
		if (h.crc != rest_crc(v->head, v->rest_len))
			return ERR_CORRUPT;
		w->seen_slot = slot;
		w->seen_entry = entry_load(a, slot);
	}
	return ERR_OK;
}

size_t
arena_join(const struct arena_view *v, void *buf)
{
	uint8_t *to = buf;

	memcpy(to, v->rest, v->at);
	memcpy(to + v->at, v->side.p, v->side.n);
	memcpy(to + v->at + v->side.n, v->rest + v->at, v->rest_len - v->at);
	return v->rest_len + v->side.n;
}

void
arena_prefetch_entry(const struct arena *a, uint32_t slot)
{
	if (slot < a->slot_count)
		__builtin_prefetch(arena_entry_at(a, slot), 1);
}

/* The first @lines of the cell of @slot. */
static void
prefetch_lines(const struct arena *a, uint32_t slot, unsigned lines, bool is_written)
{
	uint32_t ref = slot < a->slot_count ? arena_entry_unpack(entry_load(a, slot)).ref : 0;
	const uint8_t *cell;

	if (ref == 0 || ref > a->slab_count * ARENA_SLAB_GRANULES)
		return;
	cell = arena_cell_at(a, ref - 1);
	for (unsigned i = 0; i < lines; i++)
		if (is_written)
			__builtin_prefetch(cell + (size_t)i * ARENA_GRANULE, 1);
		else
			__builtin_prefetch(cell + (size_t)i * ARENA_GRANULE);
}

void
arena_prefetch_side(const struct arena *a, uint32_t slot)
{
	prefetch_lines(a, slot, ARENA_SIDES, true);
}

void
arena_prefetch(const struct arena *a, uint32_t slot)
{
	prefetch_lines(a, slot, PREFETCH_LINES, false);
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

/* The bytes of a cell with @n of rest. */
static size_t
cell_bytes(size_t n)
{
	return ARENA_HEAD_AT + sizeof(struct arena_cell_head) + n;
}

enum err
arena_adopt(struct arena *a, uint32_t slot, void *buf, size_t *n, uint8_t *tag)
{
	enum err e = arena_read(a, slot, buf, n, tag);
	struct arena_view v;
	struct place at;

	if (e != ERR_OK || a->writer->refs[slot] != 0)
		return e;
	e = place_now(a, slot, &at);
	if (e == ERR_OK)
		e = view_of(a, &at, &v);
	if (e != ERR_OK || !arena_cells_claim(a->writer->cells, at.cell, cell_bytes(v.rest_len)))
		return ERR_CORRUPT;
	arena_side_mend(arena_cell_at(a, at.cell), &at.owner);
	a->writer->refs[slot] = at.cell + 1;
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
arena_write(struct arena *a, uint32_t slot, uint8_t tag, const void *p, size_t n, struct arena_run side)
{
	struct arena_cell_head h = {.slot = slot, .len = (uint16_t)(n - side.len), .at = side.at, .tag = tag};
	const uint8_t *from = p;
	struct arena_owner owner;
	uint32_t cell;
	uint8_t *to, *head;

	if (slot >= a->slot_count || n == 0 || n > ARENA_RECORD_MAX || side.len > ARENA_SIDE_MAX ||
	    side.at > n - side.len || side.len > n)
		return ERR_RANGE;
	cell = arena_cells_take(a->writer->cells, cell_bytes(h.len));
	if (cell == ARENA_NO_CELL)
		return ERR_FULL;
	to = arena_cell_at(a, cell);
	head = to + ARENA_HEAD_AT;
	h.seq = next_seq(a, slot);
	owner = (struct arena_owner){.slot = slot, .seq = h.seq, .tag = tag};
	/* A reader that sees the first byte of this also sees that its last owner has gone. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	arena_side_init(to, &owner, from + side.at, side.len);
	memcpy(head, &h, sizeof h);
	memcpy(head + sizeof h, from, side.at);
	memcpy(head + sizeof h + side.at, from + side.at + side.len, (size_t)(h.len - side.at));
	h.crc = rest_crc(head, h.len);
	memcpy(head, &h.crc, sizeof h.crc);
	publish(a, slot, (struct arena_entry){.ref = cell + 1, .seq = h.seq, .tag = tag});
	a->writer->seen_slot = slot;
	a->writer->seen_entry = entry_load(a, slot);
	return ERR_OK;
}

enum err
arena_change(struct arena *a, struct arena_piece *side, const void *p, size_t n)
{
	struct place at = {.cell = side->cell, .owner = side->owner};
	uint8_t *cell = arena_cell_at(a, at.cell);
	struct arena_cell_head h;

	if (n > ARENA_SIDE_MAX)
		return ERR_RANGE;
	if (n > side->n) { /* seldom, and the head is a line of its own */
		memcpy(&h, cell + ARENA_HEAD_AT, sizeof h);
		if (h.len + n > ARENA_RECORD_MAX)
			return ERR_FULL;
	}
	*side = piece_of(arena_side_put(cell, &at.owner, p, n), &at);
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
