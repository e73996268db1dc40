/* demux_imsi.c - a map of IMSIs, an entry each, free entries linked through their keys. */
#include "gateway/demux_imsi.h"

#include <stdlib.h>

#include "base/keymap.h"

enum { INSTANCES = 128, SWEEP_SLICE = 4096, LIVES_SAFE = 128 };

struct demux_imsi {
	struct keymap map;
	struct demux_imsi_entry *entries;
	uint32_t top;        /* entries from here on were never used */
	uint32_t free_first; /* KEYMAP_NONE: none; the key of a free entry is the next one */
	uint32_t swept;      /* entries from here to top may be dead; top: none is */
	uint8_t lives[INSTANCES];
};

struct demux_imsi *
demux_imsi_new(uint32_t max)
{
	struct demux_imsi *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->free_first = KEYMAP_NONE;
	t->entries = calloc(max, sizeof t->entries[0]);
	if (t->entries == NULL || keymap_init(&t->map, max) != ERR_OK) {
		demux_imsi_free(t);
		return NULL;
	}
	return t;
}

void
demux_imsi_free(struct demux_imsi *t)
{
	if (t == NULL)
		return;
	keymap_fini(&t->map);
	free(t->entries);
	free(t);
}

static bool
is_dead(const struct demux_imsi *t, const struct demux_imsi_entry *e)
{
	return e->life != t->lives[e->instance];
}

struct demux_imsi_entry *
demux_imsi_find(struct demux_imsi *t, uint64_t imsi)
{
	uint32_t i = keymap_find(&t->map, imsi);

	if (i == KEYMAP_NONE)
		return NULL;
	if (!is_dead(t, &t->entries[i]))
		return &t->entries[i];
	demux_imsi_remove(t, &t->entries[i]);
	return NULL;
}

void
demux_imsi_reserve(struct demux_imsi *t, uint32_t n)
{
	keymap_reserve(&t->map, n);
}

void
demux_imsi_expect(const struct demux_imsi *t, const uint64_t *imsis, size_t n)
{
	keymap_prefetch(&t->map, imsis, n);
}

struct demux_imsi_entry *
demux_imsi_add(struct demux_imsi *t, uint64_t imsi, uint8_t instance)
{
	uint32_t i;

	while (t->map.count == t->map.max && demux_imsi_sweep(t))
		;
	if (t->map.count == t->map.max)
		return NULL;
	i = t->free_first;
	if (i != KEYMAP_NONE) {
		t->free_first = (uint32_t)t->map.keys[i];
	} else {
		/* A table that has nothing dead in it stays so: the sweep's end moves with the top. */
		if (t->swept == t->top)
			t->swept++;
		i = t->top++;
	}
	keymap_add(&t->map, i, imsi);
	t->entries[i] = (struct demux_imsi_entry){.instance = instance, .life = t->lives[instance]};
	return &t->entries[i];
}

void
demux_imsi_move(struct demux_imsi *t, struct demux_imsi_entry *e, uint8_t instance)
{
	*e = (struct demux_imsi_entry){.instance = instance, .life = t->lives[instance]};
}

void
demux_imsi_remove(struct demux_imsi *t, struct demux_imsi_entry *e)
{
	uint32_t i = (uint32_t)(e - t->entries);

	keymap_remove(&t->map, i);
	*e = (struct demux_imsi_entry){0};
	t->map.keys[i] = t->free_first;
	t->free_first = i;
}

void
demux_imsi_remove_instance(struct demux_imsi *t, uint8_t instance)
{
	/* Lives are counted in a byte: nothing may be left of one when its number comes again. */
	if (t->lives[instance] % LIVES_SAFE == LIVES_SAFE - 1)
		while (demux_imsi_sweep(t))
			;
	t->lives[instance]++;
	t->swept = 0;
}

bool
demux_imsi_sweep(struct demux_imsi *t)
{
	uint32_t end = t->top - t->swept > SWEEP_SLICE ? t->swept + SWEEP_SLICE : t->top;

	for (; t->swept < end; t->swept++) {
		struct demux_imsi_entry *e = &t->entries[t->swept];

		if (e->instance != 0 && is_dead(t, e))
			demux_imsi_remove(t, e);
	}
	return t->swept < t->top;
}
