/*
 * arena.h - the store of encoded call records of one session manager, in memory handed in.
 *
 * The caller makes the memory (a memfd mapped shared, or plain memory in tests), zero-filled. One process
 * writes; others (chassisd for show commands, a recovering task) may read at any time. A slot holds
 * two copies of a record, each with sequence, length and CRC-32 over both; a write goes to the older copy,
 * the valid copy with the later sequence counts. So a write that stops anywhere leaves the previous record, and a
 * reader never sees a torn one. Slots that were never written cost no memory. Not the index (call_table.h).
 */
#ifndef SESSION_ARENA_H
#define SESSION_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "checkpoint/ckpt_types.h"

enum {
	ARENA_HEADER_BYTES = 4096,
	ARENA_SLOT_BYTES = 832, /* 13 cache lines: two copies of 12 + 404 bytes */
	ARENA_RECORD_MAX = ARENA_SLOT_BYTES / 2 - 12
};

/* Shared counters beside those of the checkpoint link; one writer, readers anywhere. */
enum arena_counter {
	ARENA_CALLS_NOW,      /* gauge: calls this session manager serves (active) */
	ARENA_CALLS_STANDBY,  /* gauge: pre-allocated calls (standby) */
	ARENA_CALLS_MAX_SEEN, /* gauge: most calls at one time */
	ARENA_CREATED,
	ARENA_RELEASED,
	ARENA_RESTORED,        /* found in the arena after a restart, or taken over from the active at a switchover */
	ARENA_RESTORE_DAMAGED, /* slots whose both copies were damaged */
	ARENA_REJECTED_NO_RESOURCES, /* refused creates by cause class */
	ARENA_REJECTED_APN,
	ARENA_REJECTED_ADDRESS,
	ARENA_REJECTED_REQUEST, /* malformed, missing or wrong elements */
	ARENA_REJECTED_OTHER,
	ARENA_REPEATED,   /* requests answered from what is kept */
	ARENA_CALLS_LOST, /* not acknowledged by the peer when this side gave way */
	ARENA_EPOCH,
	ARENA_SLOTS_USED,    /* gauge: no slot from here on was ever used; readers stop there */
	ARENA_SERVICE_FIRST, /* gauges: calls of service 0, 1 ... of the configuration, ARENA_SERVICES of them */
	ARENA_SERVICES = 16,
	ARENA_COUNTER_COUNT = 128
};

struct arena {
	uint8_t *mem;
	size_t bytes;
	uint32_t slot_count;
};

/* arena_bytes - memory for @slots slots. */
size_t arena_bytes(uint32_t slots);

/* arena_init - lay out zero-filled memory; ERR_RANGE when @bytes is less than arena_bytes or slots is 0 or > 2^20. */
enum err arena_init(struct arena *a, void *mem, size_t bytes, uint32_t instance, uint32_t slots);

/* arena_attach - take over memory laid out before, here or elsewhere. ERR_FORMAT: no arena; ERR_VERSION; ERR_RANGE. */
enum err arena_attach(struct arena *a, void *mem, size_t bytes);

uint32_t arena_instance(const struct arena *a);

/*
 * arena_write - store @n bytes (1..ARENA_RECORD_MAX, else ERR_RANGE) in @slot; @tag (the generation) is kept with
 * them. One writer only.
 */
enum err arena_write(struct arena *a, uint32_t slot, uint16_t tag, const void *p, size_t n);

/* arena_clear - empty @slot as safely as a write; @tag is kept. A slot that was never written stays untouched. */
void arena_clear(struct arena *a, uint32_t slot, uint16_t tag);

/*
 * arena_read - copy the record of @slot into @buf of ARENA_RECORD_MAX bytes; *n its length, *tag (may be NULL) its tag.
 * ERR_NOT_FOUND: empty (@tag is written if ever one was kept, else 0); ERR_CORRUPT: neither copy is whole.
 */
enum err arena_read(const struct arena *a, uint32_t slot, void *buf, size_t *n, uint16_t *tag);

/*
 * arena_check - examine @slot after a restart of the writer and blank a damaged copy, so that the next write
 * goes there. Returns as arena_read.
 */
enum err arena_check(struct arena *a, uint32_t slot);

/* Shared counters. add and set belong to the writer. Indices: enum arena_counter and enum ckpt_counter. */
void arena_count_add(struct arena *a, unsigned counter, uint64_t n);
void arena_count_set(struct arena *a, unsigned counter, uint64_t v);
uint64_t arena_count(const struct arena *a, unsigned counter);
void arena_ckpt_publish(struct arena *a, const uint64_t counters[CKPT_COUNTER_COUNT]);
uint64_t arena_ckpt_count(const struct arena *a, enum ckpt_counter counter);

#endif
