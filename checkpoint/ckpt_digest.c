/* ckpt_digest.c - sums of record hashes by bucket, on the active a second one of what was sent. */
#include "checkpoint/ckpt_digest.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BITS = 64 };

struct sums {
	uint64_t whole;
	uint32_t calls;
	uint64_t *buckets;
};

struct digest_slot {
	uint64_t now;   /* of the record as written, 0 none */
	uint64_t sent;  /* when it is behind: what the peer was given */
	uint64_t part;  /* the share in now of what may change by itself, and in check */
	uint32_t check; /* of all stored bytes */
	uint32_t part_check;
};

struct digest {
	uint32_t slots, buckets, words;
	struct digest_slot *of;
	uint64_t *behind, *damaged;
	uint32_t damaged_count;
	bool is_active;
	struct sums stored, given;
};

struct digest *
digest_new(uint32_t slots)
{
	struct digest *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->slots = slots;
	d->buckets = (slots + DIGEST_BUCKET_SLOTS - 1) / DIGEST_BUCKET_SLOTS;
	d->words = (slots + WORD_BITS - 1) / WORD_BITS;
	d->of = calloc(slots, sizeof *d->of);
	d->behind = calloc(d->words, sizeof *d->behind);
	d->damaged = calloc(d->words, sizeof *d->damaged);
	d->stored.buckets = calloc(d->buckets, sizeof *d->stored.buckets);
	d->given.buckets = calloc(d->buckets, sizeof *d->given.buckets);
	if (d->of == NULL || d->behind == NULL || d->damaged == NULL || d->stored.buckets == NULL ||
	    d->given.buckets == NULL) {
		digest_free(d);
		return NULL;
	}
	return d;
}

void
digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	free(d->of);
	free(d->behind);
	free(d->damaged);
	free(d->stored.buckets);
	free(d->given.buckets);
	free(d);
}

uint32_t
digest_buckets(const struct digest *d)
{
	return d->buckets;
}

static bool
bit_is(const uint64_t *map, uint32_t slot)
{
	return (map[slot / WORD_BITS] >> slot % WORD_BITS & 1) != 0;
}

static void
bit_set(uint64_t *map, uint32_t slot, bool is_set)
{
	uint64_t bit = UINT64_C(1) << slot % WORD_BITS;

	if (is_set)
		map[slot / WORD_BITS] |= bit;
	else
		map[slot / WORD_BITS] &= ~bit;
}

/* In @s the hash of @slot becomes @to instead of @from. */
static void
sums_move(struct sums *s, uint32_t slot, uint64_t from, uint64_t to)
{
	s->whole += to - from;
	s->buckets[slot / DIGEST_BUCKET_SLOTS] += to - from;
	s->calls += (uint32_t)(to != 0) - (uint32_t)(from != 0);
}

static void
mark_damaged(struct digest *d, uint32_t slot, bool is_damaged)
{
	bool was = bit_is(d->damaged, slot);

	if (was == is_damaged)
		return;
	bit_set(d->damaged, slot, is_damaged);
	d->damaged_count += is_damaged ? 1u : UINT32_MAX;
}

/* What @slot holds changes: on an active the peer has, for the time being, what was there before. */
static void
store(struct digest *d, uint32_t slot, uint64_t same)
{
	uint64_t old = d->of[slot].now;

	if (old == same)
		return;
	sums_move(&d->stored, slot, old, same);
	d->of[slot].now = same;
	if (!d->is_active)
		return;
	if (!bit_is(d->behind, slot)) {
		d->of[slot].sent = old;
		bit_set(d->behind, slot, true);
	} else if (d->of[slot].sent == same) {
		bit_set(d->behind, slot, false);
	}
}

void
digest_put(struct digest *d, uint32_t slot, struct digest_hash h, struct digest_hash part)
{
	if (slot >= d->slots)
		return;
	mark_damaged(d, slot, false);
	d->of[slot].check = h.check;
	d->of[slot].part = part.same;
	d->of[slot].part_check = part.check;
	store(d, slot, h.same);
}

void
digest_change(struct digest *d, uint32_t slot, struct digest_hash part)
{
	struct digest_slot *s = slot < d->slots ? &d->of[slot] : NULL;
	uint64_t same;

	if (s == NULL || s->now == 0)
		return;
	same = s->now + part.same - s->part;
	s->check += part.check - s->part_check;
	s->part = part.same;
	s->part_check = part.check;
	store(d, slot, same);
}

void
digest_prefetch(const struct digest *d, uint32_t slot)
{
	if (slot < d->slots)
		__builtin_prefetch(&d->of[slot], 1);
}

void
digest_drop(struct digest *d, uint32_t slot)
{
	if (slot >= d->slots)
		return;
	mark_damaged(d, slot, false);
	store(d, slot, 0);
}

void
digest_set_active(struct digest *d, bool is_active)
{
	d->is_active = is_active;
	memset(d->behind, 0, d->words * sizeof *d->behind);
	memcpy(d->given.buckets, d->stored.buckets, d->buckets * sizeof *d->given.buckets);
	d->given.whole = d->stored.whole;
	d->given.calls = d->stored.calls;
}

/* The peer is being given @same; it had what digest_of says. */
static void
give(struct digest *d, uint32_t slot, uint64_t same)
{
	if (!d->is_active || slot >= d->slots)
		return;
	sums_move(&d->given, slot, digest_of(d, slot), same);
	bit_set(d->behind, slot, same != d->of[slot].now);
	d->of[slot].sent = same;
}

void
digest_sent(struct digest *d, uint32_t slot)
{
	if (digest_is_behind(d, slot))
		give(d, slot, d->of[slot].now);
}

void
digest_sent_gone(struct digest *d, uint32_t slot)
{
	if (slot < d->slots && digest_of(d, slot) != 0)
		give(d, slot, 0);
}

bool
digest_is_behind(const struct digest *d, uint32_t slot)
{
	return d->is_active && slot < d->slots && bit_is(d->behind, slot);
}

bool
digest_checked(struct digest *d, uint32_t slot, const struct digest_hash *h)
{
	uint64_t same = h != NULL ? h->same : 0;
	bool is_good = slot < d->slots && same == d->of[slot].now && (h == NULL || h->check == d->of[slot].check);

	if (slot < d->slots)
		mark_damaged(d, slot, !is_good);
	return is_good;
}

bool
digest_damaged_next(const struct digest *d, uint32_t *slot)
{
	for (uint32_t s = *slot; s < d->slots; s++) {
		if (s % WORD_BITS == 0 && d->damaged[s / WORD_BITS] == 0) {
			s += WORD_BITS - 1;
			continue;
		}
		if (bit_is(d->damaged, s)) {
			*slot = s;
			return true;
		}
	}
	return false;
}

uint32_t
digest_damaged(const struct digest *d)
{
	return d->damaged_count;
}

bool
digest_is_damaged(const struct digest *d, uint32_t slot)
{
	return slot < d->slots && bit_is(d->damaged, slot);
}

static const struct sums *
sums_of(const struct digest *d)
{
	return d->is_active ? &d->given : &d->stored;
}

uint64_t
digest_sum(const struct digest *d)
{
	return sums_of(d)->whole;
}

uint64_t
digest_bucket(const struct digest *d, uint32_t bucket)
{
	return bucket < d->buckets ? sums_of(d)->buckets[bucket] : 0;
}

uint32_t
digest_calls(const struct digest *d)
{
	return sums_of(d)->calls;
}

uint64_t
digest_of(const struct digest *d, uint32_t slot)
{
	if (slot >= d->slots)
		return 0;
	return digest_is_behind(d, slot) ? d->of[slot].sent : d->of[slot].now;
}
