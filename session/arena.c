/* arena.c - two copies a slot, the later whole one counts. */
#include "session/arena.h"

#include <string.h>
#include <zlib.h>

enum { ARENA_VERSION = 1, COPY_BYTES = ARENA_SLOT_BYTES / 2, READ_TRIES = 8, CKPT_COUNTERS_ROOM = 128 };

#define ARENA_MAGIC UINT64_C(0x53544152454e4131) /* "STARENA1" */

/* Shared between processes of one machine and one release: native byte order, checked by magic and version. */
struct arena_header {
	uint64_t magic;
	uint32_t version;
	uint32_t slot_count;
	uint32_t slot_bytes;
	uint32_t instance;
	uint64_t counters[ARENA_COUNTER_COUNT];
	uint64_t ckpt[CKPT_COUNTERS_ROOM];
};

/* seq 0: never written. The CRC covers seq, len, tag and the bytes, so no mixture of two writes passes. */
struct copy_head {
	uint32_t seq;
	uint32_t crc;
	uint16_t len; /* 0: an emptied slot */
	uint16_t tag;
};

_Static_assert(sizeof(struct arena_header) <= ARENA_HEADER_BYTES, "header page");
_Static_assert((int)CKPT_COUNTER_COUNT <= (int)CKPT_COUNTERS_ROOM, "counter room");
_Static_assert(sizeof(struct copy_head) + ARENA_RECORD_MAX == COPY_BYTES, "copy layout");

static struct arena_header *
header(const struct arena *a)
{
	return (struct arena_header *)(void *)a->mem;
}

static uint8_t *
copy_at(const struct arena *a, uint32_t slot, unsigned copy)
{
	return a->mem + ARENA_HEADER_BYTES + (size_t)slot * ARENA_SLOT_BYTES + (size_t)copy * COPY_BYTES;
}

size_t
arena_bytes(uint32_t slots)
{
	return ARENA_HEADER_BYTES + (size_t)slots * ARENA_SLOT_BYTES;
}

enum err
arena_init(struct arena *a, void *mem, size_t bytes, uint32_t instance, uint32_t slots)
{
	struct arena_header *h = mem;

	if (slots == 0 || slots > 1u << 20 || bytes < arena_bytes(slots))
		return ERR_RANGE;
	*a = (struct arena){.mem = mem, .bytes = bytes, .slot_count = slots};
	h->version = ARENA_VERSION;
	h->slot_count = slots;
	h->slot_bytes = ARENA_SLOT_BYTES;
	h->instance = instance;
	__atomic_store_n(&h->magic, ARENA_MAGIC, __ATOMIC_RELEASE);
	return ERR_OK;
}

enum err
arena_attach(struct arena *a, void *mem, size_t bytes)
{
	struct arena_header *h = mem;

	if (bytes < ARENA_HEADER_BYTES || __atomic_load_n(&h->magic, __ATOMIC_ACQUIRE) != ARENA_MAGIC)
		return ERR_FORMAT;
	if (h->version != ARENA_VERSION || h->slot_bytes != ARENA_SLOT_BYTES)
		return ERR_VERSION;
	if (h->slot_count == 0 || h->slot_count > 1u << 20 || bytes < arena_bytes(h->slot_count))
		return ERR_RANGE;
	*a = (struct arena){.mem = mem, .bytes = bytes, .slot_count = h->slot_count};
	return ERR_OK;
}

uint32_t
arena_instance(const struct arena *a)
{
	return header(a)->instance;
}

static struct copy_head
head_load(const uint8_t *copy)
{
	struct copy_head h;

	memcpy(&h, copy, sizeof h);
	h.seq = __atomic_load_n((const uint32_t *)(const void *)copy, __ATOMIC_ACQUIRE);
	return h;
}

static uint32_t
copy_crc(const struct copy_head *h, const void *p)
{
	struct copy_head covered = {.seq = h->seq, .len = h->len, .tag = h->tag};

	return (uint32_t)crc32(crc32(0, (const void *)&covered, sizeof covered), p, h->len);
}

/* Which copy is the later: 0 or 1. Sequences wrap; an unwritten copy is always the older. */
static unsigned
later_copy(uint32_t seq0, uint32_t seq1)
{
	if (seq0 == 0 || seq1 == 0)
		return seq0 == 0;
	return (int32_t)(seq1 - seq0) > 0;
}

/*
 * The bytes go first, the sequence last and in one store: a write that stops before it leaves a copy that is the older
 * one and fails its CRC.
 */
static void
copy_write(struct arena *a, uint32_t slot, uint16_t tag, const void *p, size_t n)
{
	uint32_t seq[2] = {head_load(copy_at(a, slot, 0)).seq, head_load(copy_at(a, slot, 1)).seq};
	unsigned later = later_copy(seq[0], seq[1]);
	uint8_t *to = copy_at(a, slot, !later);
	struct copy_head h = {.seq = seq[later] + 1, .len = (uint16_t)n, .tag = tag};

	if (h.seq == 0)
		h.seq = 1;
	h.crc = copy_crc(&h, p);
	if (n > 0)
		memcpy(to + sizeof h, p, n);
	memcpy(to + sizeof h.seq, (const uint8_t *)&h + sizeof h.seq, sizeof h - sizeof h.seq);
	__atomic_store_n((uint32_t *)(void *)to, h.seq, __ATOMIC_RELEASE);
}

enum err
arena_write(struct arena *a, uint32_t slot, uint16_t tag, const void *p, size_t n)
{
	if (slot >= a->slot_count || n == 0 || n > ARENA_RECORD_MAX)
		return ERR_RANGE;
	copy_write(a, slot, tag, p, n);
	return ERR_OK;
}

void
arena_clear(struct arena *a, uint32_t slot, uint16_t tag)
{
	if (slot >= a->slot_count)
		return;
	if (head_load(copy_at(a, slot, 0)).seq == 0 && head_load(copy_at(a, slot, 1)).seq == 0)
		return;
	copy_write(a, slot, tag, "", 0);
}

/* Copies what @copy holds into @buf; false when it is not whole. */
static int
copy_read(const uint8_t *copy, void *buf, struct copy_head *h)
{
	*h = head_load(copy);
	if (h->seq == 0 || h->len > ARENA_RECORD_MAX)
		return 0;
	memcpy(buf, copy + sizeof *h, h->len);
	return copy_crc(h, buf) == h->crc;
}

/* One attempt; ERR_CORRUPT may only mean that the writer was faster. */
static enum err
slot_read(const struct arena *a, uint32_t slot, void *buf, struct copy_head *h)
{
	uint32_t seq0 = head_load(copy_at(a, slot, 0)).seq;
	uint32_t seq1 = head_load(copy_at(a, slot, 1)).seq;
	unsigned later = later_copy(seq0, seq1);

	*h = (struct copy_head){0};
	if (seq0 == 0 && seq1 == 0)
		return ERR_NOT_FOUND;
	if (!copy_read(copy_at(a, slot, later), buf, h) && !copy_read(copy_at(a, slot, !later), buf, h))
		return ERR_CORRUPT;
	return h->len == 0 ? ERR_NOT_FOUND : ERR_OK;
}

enum err
arena_read(const struct arena *a, uint32_t slot, void *buf, size_t *n, uint16_t *tag)
{
	struct copy_head h;
	enum err e = ERR_CORRUPT;

	if (slot >= a->slot_count)
		return ERR_NOT_FOUND;
	for (int i = 0; e == ERR_CORRUPT && i < READ_TRIES; i++)
		e = slot_read(a, slot, buf, &h);
	if (e == ERR_CORRUPT)
		return e;
	if (tag != NULL)
		*tag = h.tag;
	if (e == ERR_OK)
		*n = h.len;
	return e;
}

enum err
arena_check(struct arena *a, uint32_t slot)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct copy_head h;

	if (slot >= a->slot_count)
		return ERR_NOT_FOUND;
	if (slot_read(a, slot, buf, &h) == ERR_CORRUPT)
		return ERR_CORRUPT;
	for (unsigned i = 0; i < 2; i++) {
		uint8_t *copy = copy_at(a, slot, i);
		struct copy_head damaged;

		if (head_load(copy).seq != 0 && !copy_read(copy, buf, &damaged))
			memset(copy, 0, COPY_BYTES);
	}
	return h.len == 0 ? ERR_NOT_FOUND : ERR_OK;
}

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
