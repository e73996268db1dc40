/* keymap.c - linear hashing: buckets are split one after the other, in their order. */
#include "base/keymap.h"

#include <assert.h>
#include <stdlib.h>

#include "base/rng.h"

enum err
keymap_init(struct keymap *m, uint32_t max)
{
	*m = (struct keymap){
	    .keys = calloc(max, sizeof *m->keys),
	    .next = calloc(max, sizeof *m->next),
	    .heads = calloc(max, sizeof *m->heads),
	    .max = max,
	    .buckets = 1,
	};
	if (m->keys != NULL && m->next != NULL && m->heads != NULL)
		return ERR_OK;
	keymap_fini(m);
	return ERR_SYSTEM;
}

void
keymap_fini(struct keymap *m)
{
	free(m->keys);
	free(m->next);
	free(m->heads);
	*m = (struct keymap){0};
}

/* The largest power of two that is not above @n. */
static uint32_t
power_below(uint32_t n)
{
	return UINT32_C(1) << (31 - __builtin_clz(n));
}

/* Buckets that have not been split in this round hold what will be that of the bucket one power above. */
static uint32_t
bucket_of(const struct keymap *m, uint64_t key)
{
	uint32_t power = power_below(m->buckets), b = (uint32_t)hash_u64(key) & (power * 2 - 1);

	return b < m->buckets ? b : b - power;
}

uint32_t
keymap_find(const struct keymap *m, uint64_t key)
{
	for (uint32_t i = m->heads[bucket_of(m, key)]; i != 0; i = m->next[i - 1])
		if (m->keys[i - 1] == key)
			return i - 1;
	return KEYMAP_NONE;
}

void
keymap_prefetch(const struct keymap *m, const uint64_t *keys, size_t n)
{
	enum { TOGETHER = 64 }; /* more requests than a core has under way; what they bring stays near */

	for (size_t from = 0; from < n; from += TOGETHER) {
		size_t to = n - from < TOGETHER ? n : from + TOGETHER;

		for (size_t k = from; k < to; k++)
			__builtin_prefetch(&m->heads[bucket_of(m, keys[k])], 1);
		for (size_t k = from; k < to; k++) {
			uint32_t i = m->heads[bucket_of(m, keys[k])];

			if (i != 0) {
				__builtin_prefetch(&m->keys[i - 1]);
				__builtin_prefetch(&m->next[i - 1]);
			}
		}
	}
}

/* The bucket that will be split in a while: its items are far apart. */
static void
split_prefetch(const struct keymap *m)
{
	enum { AHEAD = 8 };
	uint32_t younger = m->buckets + AHEAD, i;

	if (younger >= m->max)
		return;
	i = m->heads[younger - power_below(younger)];
	if (i != 0) {
		__builtin_prefetch(&m->keys[i - 1]);
		__builtin_prefetch(&m->next[i - 1]);
	}
}

/* One more bucket, and the items of its elder that belong into it. */
static void
split(struct keymap *m)
{
	uint32_t younger = m->buckets++, elder = younger - power_below(younger);
	uint32_t *link = &m->heads[elder];

	split_prefetch(m);
	while (*link != 0) {
		uint32_t i = *link;

		if (bucket_of(m, m->keys[i - 1]) == elder) {
			link = &m->next[i - 1];
			continue;
		}
		*link = m->next[i - 1];
		m->next[i - 1] = m->heads[younger];
		m->heads[younger] = i;
	}
}

/* So many are walked in a millisecond. */
enum { BUCKETS_WALKED_MAX = 1 << 20 };

/* All items, in one chain, out of their buckets. */
static uint32_t
take_all(struct keymap *m)
{
	uint32_t all = 0;

	for (uint32_t b = 0; b < m->buckets; b++) {
		uint32_t *link = &m->heads[b];

		while (*link != 0)
			link = &m->next[*link - 1];
		*link = all;
		all = m->heads[b];
		m->heads[b] = 0;
	}
	return all;
}

void
keymap_reserve(struct keymap *m, uint32_t n)
{
	uint32_t all, next;

	if (n > m->max)
		n = m->max;
	if (n <= m->buckets || m->count > KEYMAP_RESERVE_MAX || m->buckets > BUCKETS_WALKED_MAX)
		return;
	all = take_all(m);
	m->buckets = n;
	for (uint32_t i = all; i != 0; i = next) {
		uint32_t *head = &m->heads[bucket_of(m, m->keys[i - 1])];

		next = m->next[i - 1];
		m->next[i - 1] = *head;
		*head = i;
	}
}

void
keymap_add(struct keymap *m, uint32_t item, uint64_t key)
{
	uint32_t *head;

	m->keys[item] = key;
	m->count++;
	if (m->count > m->buckets)
		split(m);
	head = &m->heads[bucket_of(m, key)];
	m->next[item] = *head;
	*head = item + 1;
}

void
keymap_remove(struct keymap *m, uint32_t item)
{
	uint32_t *link = &m->heads[bucket_of(m, m->keys[item])];

	while (*link != item + 1) {
		assert(*link != 0);
		link = &m->next[*link - 1];
	}
	*link = m->next[item];
	m->count--;
}
