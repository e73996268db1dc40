/*
 * srp_explore_seen.h - the worlds of the explorer that were seen, and how each was reached.
 *
 * Part of srp_explore.c, which includes it once; split off for its length only.
 */
#ifndef SRP_EXPLORE_SEEN_H
#define SRP_EXPLORE_SEEN_H

struct seen {
	uint8_t (*packed)[PACKED_BYTES];
	uint32_t *parent;
	uint16_t *how; /* side << 8 | move */
	uint32_t *slots;
	uint32_t count, limit, mask;
};

static uint64_t
hash_bytes(const uint8_t *p)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < PACKED_BYTES; i += sizeof(uint64_t)) {
		uint64_t v;

		memcpy(&v, p + i, sizeof v);
		h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	return h;
}

/*
 * Searches of one family meet the same worlds; each counts once. Fingerprints of 64 bits: with N worlds two of them
 * have the same one with odds of N * N / 2^65, and then one world too few is counted, none left out.
 */
static uint64_t pair_counts[SRP_STATE_COUNT][SRP_STATE_COUNT];

static struct {
	uint64_t *slots;
	uint64_t mask, count;
} distinct;

static void
mark_distinct(uint64_t fingerprint, const uint8_t *packed)
{
	uint64_t f = hash_u64(fingerprint) | 1, h = f >> 8 & distinct.mask;

	while (distinct.slots[h] != 0) {
		if (distinct.slots[h] == f)
			return;
		h = (h + 1) & distinct.mask;
	}
	distinct.slots[h] = f;
	distinct.count++;
	pair_counts[srp_shown(packed[0] & 15)][srp_shown(packed[SIDE_BYTES] & 15)]++;
}

/* Returns true and the index when @packed is new; false when it is known, or the limit is reached. */
static bool
seen_add(struct seen *s, const uint8_t *packed, uint32_t parent, uint16_t how)
{
	uint64_t h64 = hash_bytes(packed), h = h64 & s->mask;

	while (s->slots[h] != 0) {
		if (memcmp(s->packed[s->slots[h] - 1], packed, PACKED_BYTES) == 0)
			return false;
		h = (h + 1) & s->mask;
	}
	if (s->count == s->limit)
		return false;
	mark_distinct(h64, packed);
	memcpy(s->packed[s->count], packed, PACKED_BYTES);
	s->parent[s->count] = parent;
	s->how[s->count] = how;
	s->slots[h] = ++s->count;
	return true;
}

static void
print_path(const struct seen *s, uint32_t at)
{
	uint32_t path[256];
	size_t n = 0;
	struct world w;

	for (; n < 256; at = s->parent[at]) {
		path[n++] = at;
		if (at == 0)
			break;
	}
	while (n-- > 0) {
		unpack(s->packed[path[n]], &w);
		printf("  side %u move %2u:", s->how[path[n]] >> 8, s->how[path[n]] & 255u);
		print_world(&w);
	}
}

#endif
