/*
 * arena.h - the store of encoded call records of one session manager, in memory handed in.
 *
 * The caller makes the memory (a memfd mapped shared, or plain memory in tests), zero-filled. One process
 * writes; others (chassisd for show commands) may read at any time, and a restarted writer takes over what is there.
 *
 *   header     one page: what it is, shared counters
 *   classes    a byte a slab of 64 KiB: the size of the cells it is cut into, 0 none yet
 *   directory  8 bytes a slot: which cell holds its record, its sequence and its tag (arena_layout.h)
 *   slabs      cells of 192, 256 ... 1152 bytes: twice the side of the record (arena_side.h); slot, tag, sequence,
 *              length, where the side belongs, CRC-32C over all of these; the rest of the record
 *
 * A write goes to a free cell and is published by one store into the directory; only then is the old cell free. So a
 * write that stops anywhere leaves the previous record, and a reader never sees a torn one. Which cells are free only
 * the writer knows, and it believes nothing that it reads back (arena_cells.h). Memory that was never used costs
 * nothing. Not the index (call_table.h).
 *
 * The side is a short run of the record, named by who writes it, that changes all the time: it alone can be changed
 * where it lies, and is as safe there. What is read is always the whole record.
 */
#ifndef SESSION_ARENA_H
#define SESSION_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "checkpoint/ckpt_types.h"

enum {
	ARENA_SLOTS_MAX = 1 << 20,
	ARENA_CELL_MAX = 1152,
	ARENA_SIDE_MAX = 58,                         /* the longest side */
	ARENA_RECORD_MAX = ARENA_CELL_MAX - 128 - 16 /* the longest record: two lines of side and a head of 16 bytes */
};

/* Shared counters beside those of the checkpoint link; one writer, readers anywhere. */
enum arena_counter {
	ARENA_CALLS_NOW,      /* gauge: calls this session manager serves (active) */
	ARENA_CALLS_STANDBY,  /* gauge: pre-allocated calls (standby) */
	ARENA_CALLS_MAX_SEEN, /* gauge: most calls at one time */
	ARENA_CREATED,
	ARENA_RELEASED,
	ARENA_RESTORED,        /* found in the arena after a restart, or taken over from the active at a switchover */
	ARENA_RESTORE_DAMAGED, /* slots whose directory entry or cell was damaged */
	ARENA_REJECTED_NO_RESOURCES, /* refused creates by cause class */
	ARENA_REJECTED_APN,
	ARENA_REJECTED_ADDRESS,
	ARENA_REJECTED_REQUEST, /* malformed, missing or wrong elements */
	ARENA_REJECTED_OTHER,
	ARENA_REPEATED,   /* requests answered from what is kept */
	ARENA_CALLS_LOST, /* not acknowledged by the peer when this side gave way */
	ARENA_EPOCH,
	ARENA_SLOTS_USED,    /* gauge: no slot from here on was ever used; readers stop there */
	ARENA_LIFE,          /* how many of this instance died before this one */
	ARENA_SLOT_FIRST,    /* those before this one used slots up to here: new calls take others first */
	ARENA_SERVICE_FIRST, /* gauges: calls of each service, ARENA_SERVICES of them; which, says the session manager
	                      */
	ARENA_SERVICES = 16,
	ARENA_COUNTER_COUNT = 128
};

struct arena_writer;

/* Where in a record its side lies. */
struct arena_run {
	uint16_t at;
	uint16_t len; /* 0..ARENA_SIDE_MAX */
};

/* A view of the memory; copies are views of the same. */
struct arena {
	uint8_t *mem;
	uint8_t *cells; /* of the first slab */
	uint32_t slot_count;
	uint32_t slab_count;
	struct arena_writer *writer; /* NULL: for reading and counting only */
};

/*
 * arena_bytes - memory in which each of @slots slots can hold the longest record. It is address space: what is
 * never written costs nothing.
 */
size_t arena_bytes(uint32_t slots);

/*
 * arena_init - lay out zero-filled memory, 64-byte aligned. Less of it than arena_bytes holds fewer or shorter records.
 * ERR_RANGE: not room for one slab, or slots is 0 or > ARENA_SLOTS_MAX.
 */
enum err arena_init(struct arena *a, void *mem, size_t bytes, uint32_t instance, uint32_t slots);

/*
 * arena_attach - view memory laid out before, here or elsewhere; any bytes may stand in it. ERR_FORMAT: no arena;
 * ERR_VERSION; ERR_RANGE: it says that it is larger than @bytes, or nonsense.
 */
enum err arena_attach(struct arena *a, void *mem, size_t bytes);

uint32_t arena_instance(const struct arena *a);

/*
 * arena_open - become the writer: allocates 4 bytes a slot and 72 a slab, untouched until used. The records that are
 * there stay; their cells are not written to before arena_recovered, and each record whose slot was adopted or written
 * until then is kept. ERR_SYSTEM: no memory. Costs one look at each slab.
 */
enum err arena_open(struct arena *a);

/* arena_close - frees what arena_open allocated; the records stay. */
void arena_close(struct arena *a);

/*
 * arena_adopt - after a restart of the writer: take over the record of @slot, which arena_read gives at the same time.
 * Returns as arena_read; ERR_CORRUPT also when its cell is none, or another slot's: then clear it.
 */
enum err arena_adopt(struct arena *a, uint32_t slot, void *buf, size_t *n, uint8_t *tag);

/* arena_recovered - every slot was adopted that is going to be: all other cells are free. One step a slab. */
void arena_recovered(struct arena *a);

/*
 * arena_write - store @n bytes (1..ARENA_RECORD_MAX) in @slot; @tag (the generation) is kept with them, @side lies
 * inside them; else ERR_RANGE. ERR_FULL: no cell is free; the slot is as it was. The writer only.
 */
enum err arena_write(struct arena *a, uint32_t slot, uint8_t tag, const void *p, size_t n, struct arena_run side);

/* Whose cell it is, as the directory says. */
struct arena_owner {
	uint32_t slot;
	uint16_t seq;
	uint8_t tag;
};

/* The side of a record where it lies; dies at the next write. 64 bytes can be read of it. */
struct arena_piece {
	const uint8_t *p;
	size_t n;
	uint32_t seal; /* of its sequence and its checksum: differs when anything of it does */
	uint32_t cell;
	struct arena_owner owner;
};

/* arena_side - the side of the record in @slot, verified. The writer only. ERR_NOT_FOUND, ERR_CORRUPT. */
enum err arena_side(const struct arena *a, uint32_t slot, struct arena_piece *out);

/*
 * arena_change - the side that arena_side gave, with no write since, becomes @n bytes (0..ARENA_SIDE_MAX, else
 * ERR_RANGE), and @side is the new one; nothing else is touched. ERR_FULL: the record would be longer than
 * ARENA_RECORD_MAX. On an error nothing changed. The writer only.
 */
enum err arena_change(struct arena *a, struct arena_piece *side, const void *p, size_t n);

/* arena_clear - empty @slot as safely as a write; @tag is kept. A slot that was never written stays untouched. */
void arena_clear(struct arena *a, uint32_t slot, uint8_t tag);

/*
 * arena_read - copy the record of @slot into @buf of ARENA_RECORD_MAX bytes; *n its length, *tag (may be NULL) its tag.
 * ERR_NOT_FOUND: empty (@tag is written if ever one was kept, else 0); ERR_CORRUPT: damaged; ERR_REFUSED: the writer
 * was faster ARENA_READ_TRIES times.
 */
enum { ARENA_READ_TRIES = 64 };
enum err arena_read(const struct arena *a, uint32_t slot, void *buf, size_t *n, uint8_t *tag);

/* A record where it lies: the rest, which lacks the side, and where that belongs. */
struct arena_view {
	const uint8_t *cell; /* as stored */
	size_t cell_bytes;
	const uint8_t *head, *rest; /* the head ends where the rest begins */
	size_t rest_len;
	size_t at; /* 0..rest_len: the side belongs there */
	struct arena_piece side;
};

/*
 * arena_peek - the record of @slot in place, the CRC-32C of the rest not computed, that of both copies of its side is;
 * it dies at the next write. The writer only. Returns as arena_read; ERR_CORRUPT here means that directory entry and
 * cell disagree, or that the side is damaged.
 */
enum err arena_peek(const struct arena *a, uint32_t slot, struct arena_view *v);

/*
 * arena_borrow - the record of @slot where it lies, checked as by arena_read, but that the rest is not when it is the
 * one that was borrowed or written last; it dies at the next write. The writer only. Returns as arena_read.
 */
enum err arena_borrow(const struct arena *a, uint32_t slot, struct arena_view *v);

/* arena_join - the whole record into @buf of ARENA_RECORD_MAX bytes; returns its length. */
size_t arena_join(const struct arena_view *v, void *buf);

/*
 * Hints: arena_prefetch_entry, its place in the directory; a step later arena_prefetch_side, or arena_prefetch for all.
 */
void arena_prefetch_entry(const struct arena *a, uint32_t slot);
void arena_prefetch_side(const struct arena *a, uint32_t slot);
void arena_prefetch(const struct arena *a, uint32_t slot);

/* arena_cells_used - cells that hold a record, as the writer knows it. */
uint32_t arena_cells_used(const struct arena *a);

/* Shared counters. add and set belong to the writer. Indices: enum arena_counter and enum ckpt_counter. */
void arena_count_add(struct arena *a, unsigned counter, uint64_t n);
void arena_count_set(struct arena *a, unsigned counter, uint64_t v);
uint64_t arena_count(const struct arena *a, unsigned counter);
void arena_ckpt_publish(struct arena *a, const uint64_t counters[CKPT_COUNTER_COUNT]);
uint64_t arena_ckpt_count(const struct arena *a, enum ckpt_counter counter);

#endif
