/* pool.c - a bitmap over the share: bit i is address number i * count + instance - 1 of the pool. */
#include "gateway/pool.h"

#include <stdlib.h>

#include "gateway/gateway_types.h"

enum { WORD_BITS = 64 };

struct pool {
	uint32_t network;
	uint32_t addresses; /* in the whole pool, network and broadcast included */
	uint32_t offset;    /* number of the share's first address */
	uint32_t stride;
	uint32_t bits; /* addresses of the share, network and broadcast included */
	uint32_t size; /* of them to be given out */
	uint32_t used;
	uint32_t cursor;  /* bit at which the next search starts */
	uint64_t words[]; /* 1: not to be had (used, or never given out) */
};

static uint32_t
word_count(const struct pool *p)
{
	return (p->bits + WORD_BITS - 1) / WORD_BITS;
}

static bool
bit_of(const struct pool *p, uint32_t address, uint32_t *bit)
{
	uint32_t h = address - p->network;

	if (address < p->network || h >= p->addresses || h % p->stride != p->offset)
		return false;
	if (h == 0 || h == p->addresses - 1)
		return false;
	*bit = h / p->stride;
	return true;
}

static bool
is_set(const struct pool *p, uint32_t bit)
{
	return (p->words[bit / WORD_BITS] >> bit % WORD_BITS & 1) != 0;
}

static void
set(struct pool *p, uint32_t bit)
{
	p->words[bit / WORD_BITS] |= UINT64_C(1) << bit % WORD_BITS;
}

/* Blocks what is never given out: the tail of the last word, the network and the broadcast address. */
static void
block_unusable(struct pool *p)
{
	p->size = p->bits;
	for (uint32_t i = p->bits; i < word_count(p) * WORD_BITS; i++)
		set(p, i);
	if (p->offset == 0) {
		set(p, 0);
		p->size--;
	}
	if ((p->addresses - 1) % p->stride == p->offset) {
		set(p, (p->addresses - 1) / p->stride);
		p->size--;
	}
}

struct pool *
pool_new(uint32_t network, uint8_t prefix_len, unsigned instance, unsigned count)
{
	uint32_t addresses, bits;
	struct pool *p;

	if (prefix_len < GATEWAY_PREFIX_MIN || prefix_len > GATEWAY_PREFIX_MAX || count < 1 ||
	    count > GATEWAY_SESSMGRS_MAX || instance < 1 || instance > count)
		return NULL;
	addresses = UINT32_C(1) << (32 - prefix_len);
	if (network & (addresses - 1))
		return NULL;
	bits = instance - 1 < addresses ? (addresses - instance) / count + 1 : 0;
	p = calloc(1, sizeof *p + ((size_t)bits + WORD_BITS - 1) / WORD_BITS * sizeof p->words[0]);
	if (p == NULL)
		return NULL;
	p->network = network;
	p->addresses = addresses;
	p->offset = instance - 1;
	p->stride = count;
	p->bits = bits;
	block_unusable(p);
	return p;
}

void
pool_free(struct pool *p)
{
	free(p);
}

/* The first free bit at or behind @from in its word, or -1. */
static int
free_bit(const struct pool *p, uint32_t from)
{
	uint64_t blocked = p->words[from / WORD_BITS] | ((UINT64_C(1) << from % WORD_BITS) - 1);

	return blocked == UINT64_MAX ? -1 : __builtin_ctzll(~blocked);
}

enum err
pool_alloc(struct pool *p, uint32_t *address)
{
	uint32_t words = word_count(p);
	int found;

	if (p->used == p->size)
		return ERR_FULL;
	while ((found = free_bit(p, p->cursor)) < 0)
		p->cursor = (p->cursor / WORD_BITS + 1) % words * WORD_BITS;
	p->cursor = p->cursor / WORD_BITS * WORD_BITS + (uint32_t)found;
	set(p, p->cursor);
	p->used++;
	*address = p->network + p->cursor * p->stride + p->offset;
	p->cursor = (p->cursor + 1) % (words * WORD_BITS);
	return ERR_OK;
}

enum err
pool_take(struct pool *p, uint32_t address)
{
	uint32_t bit;

	if (!bit_of(p, address, &bit))
		return ERR_RANGE;
	if (is_set(p, bit))
		return ERR_EXISTS;
	set(p, bit);
	p->used++;
	return ERR_OK;
}

enum err
pool_give(struct pool *p, uint32_t address)
{
	uint32_t bit;

	if (!bit_of(p, address, &bit))
		return ERR_RANGE;
	if (!is_set(p, bit))
		return ERR_NOT_FOUND;
	p->words[bit / WORD_BITS] &= ~(UINT64_C(1) << bit % WORD_BITS);
	p->used--;
	return ERR_OK;
}

uint32_t
pool_become(struct pool *p, const struct pool *truth)
{
	uint32_t freed = 0;

	for (uint32_t i = 0; i < word_count(p); i++) {
		freed += (uint32_t)__builtin_popcountll(p->words[i] & ~truth->words[i]);
		p->words[i] = truth->words[i];
	}
	p->used = truth->used;
	return freed;
}

void
pool_join(struct pool *p, const struct pool *more)
{
	for (uint32_t i = 0; i < word_count(p); i++) {
		p->used += (uint32_t)__builtin_popcountll(more->words[i] & ~p->words[i]);
		p->words[i] |= more->words[i];
	}
}

/* Is all of unit @i free? In a small share a unit is a bit, in a large one a word: not every bit is looked at then. */
static bool
is_unit_free(const struct pool *p, uint32_t i, bool is_word)
{
	return is_word ? p->words[i] == 0 : !is_set(p, i);
}

void
pool_leap(struct pool *p)
{
	enum { SMALL = 8192 };
	bool is_word = p->bits > SMALL;
	uint32_t units = is_word ? word_count(p) : p->bits, begin = 0, best = 0, longest = 0;

	for (uint32_t i = 0; i < units; i++) {
		if (!is_unit_free(p, i, is_word)) {
			begin = i + 1;
		} else if (i + 1 - begin > longest) {
			longest = i + 1 - begin;
			best = begin;
		}
	}
	if (longest > 0)
		p->cursor = (best + longest / 2) * (is_word ? WORD_BITS : 1);
}

bool
pool_has(const struct pool *p, uint32_t address)
{
	uint32_t bit;

	return bit_of(p, address, &bit);
}

bool
pool_is_used(const struct pool *p, uint32_t address)
{
	uint32_t bit;

	return bit_of(p, address, &bit) && is_set(p, bit);
}

uint32_t
pool_size(const struct pool *p)
{
	return p->size;
}

uint32_t
pool_used(const struct pool *p)
{
	return p->used;
}
