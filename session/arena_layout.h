/*
 * arena_layout.h - how an arena lies in memory. Shared between processes of one machine and one release: native byte
 * order, checked by magic and version. Only arena*.c and their tests include it.
 */
#ifndef SESSION_ARENA_LAYOUT_H
#define SESSION_ARENA_LAYOUT_H

#include "session/arena.h"
#include "session/arena_side.h"

enum {
	ARENA_VERSION = 4,
	ARENA_PAGE = 4096,
	ARENA_GRANULE = 64, /* cells begin at multiples of it */
	ARENA_SLAB_BYTES = 64 * 1024,
	ARENA_SLAB_GRANULES = ARENA_SLAB_BYTES / ARENA_GRANULE,
	ARENA_CLASSES = ARENA_CELL_MAX / ARENA_GRANULE - 1, /* class k: cells of k + 1 granules */
	ARENA_CKPT_COUNTERS_ROOM = 256
};

#define ARENA_MAGIC UINT64_C(0x53544152454e4131) /* "STARENA1" */

struct arena_header {
	uint64_t magic;
	uint32_t version;
	uint32_t slot_count;
	uint32_t slab_count;
	uint32_t instance;
	uint64_t counters[ARENA_COUNTER_COUNT];
	uint64_t ckpt[ARENA_CKPT_COUNTERS_ROOM];
};

/* Behind two of struct arena_side. */
struct arena_cell_head {
	uint32_t crc; /* over the rest of the head and the rest of the record */
	uint32_t slot;
	uint16_t len; /* of the rest */
	uint16_t seq;
	uint16_t at; /* 0..len: the side belongs there */
	uint8_t tag;
	uint8_t zero;
};

enum {
	ARENA_HEAD_AT = ARENA_SIDES * sizeof(struct arena_side),
	ARENA_CELL_LEAST = 3 /* granules: sides, head and a byte */
};

_Static_assert(sizeof(struct arena_header) <= ARENA_PAGE, "header page");
_Static_assert((int)CKPT_COUNTER_COUNT <= (int)ARENA_CKPT_COUNTERS_ROOM, "counter room");
_Static_assert(ARENA_HEAD_AT + sizeof(struct arena_cell_head) + ARENA_RECORD_MAX == ARENA_CELL_MAX, "cell layout");

/*
 * A directory entry: cell + 1 (granules from the first slab; 0: no record) in bits 0-31, sequence in 32-47, tag in
 * 48-55, and in 56-63 a check byte that any damage within one byte breaks. 0 is a slot that was never written.
 */
struct arena_entry {
	uint32_t ref;
	uint16_t seq;
	uint8_t tag;
};

static inline uint8_t
arena_entry_check(uint64_t e)
{
	e &= UINT64_MAX >> 8;
	e ^= e >> 32;
	e ^= e >> 16;
	return (uint8_t)(e ^ e >> 8 ^ 0xa5);
}

static inline bool
arena_entry_is_good(uint64_t e)
{
	return arena_entry_check(e) == (uint8_t)(e >> 56);
}

static inline uint64_t
arena_entry_pack(struct arena_entry x)
{
	uint64_t e = x.ref | (uint64_t)x.seq << 32 | (uint64_t)x.tag << 48;

	return e | (uint64_t)arena_entry_check(e) << 56;
}

static inline struct arena_entry
arena_entry_unpack(uint64_t e)
{
	return (struct arena_entry){.ref = (uint32_t)e, .seq = (uint16_t)(e >> 32), .tag = (uint8_t)(e >> 48)};
}

static inline size_t
arena_pages(size_t bytes)
{
	return (bytes + ARENA_PAGE - 1) / ARENA_PAGE * ARENA_PAGE;
}

/* Offsets from the beginning of the memory, for an arena of @slots. The class table is as long as its maximum. */
static inline uint32_t
arena_slabs_max(uint32_t slots)
{
	/* one slab may be begun in each class, and a write takes its cell before the old one is free */
	return slots / (ARENA_SLAB_BYTES / ARENA_CELL_MAX) + 1 + ARENA_CLASSES;
}

static inline size_t
arena_directory_at(uint32_t slots)
{
	return ARENA_PAGE + arena_pages(arena_slabs_max(slots));
}

static inline size_t
arena_cells_at(uint32_t slots)
{
	return arena_directory_at(slots) + arena_pages((size_t)slots * sizeof(uint64_t));
}

static inline uint8_t *
arena_classes(const struct arena *a)
{
	return a->mem + ARENA_PAGE;
}

static inline uint64_t *
arena_entry_at(const struct arena *a, uint32_t slot)
{
	return (uint64_t *)(void *)(a->mem + arena_directory_at(a->slot_count)) + slot;
}

static inline uint8_t *
arena_cell_at(const struct arena *a, uint32_t cell)
{
	return a->cells + (size_t)cell * ARENA_GRANULE;
}

#endif
