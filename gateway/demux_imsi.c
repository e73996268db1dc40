/* demux_imsi.c - linear probing; a removal moves later entries of the chain up, so there are no tombs. */
#include "gateway/demux_imsi.h"

#include <stdlib.h>

#include "base/rng.h"

struct demux_imsi {
	uint32_t mask; /* slots - 1 */
	uint32_t max;
	uint32_t count;
	struct demux_imsi_entry slots[];
};

struct demux_imsi *
demux_imsi_new(uint32_t max)
{
	uint32_t slots = 16;
	struct demux_imsi *t;

	while (slots / 2 < max)
		slots *= 2;
	t = calloc(1, sizeof *t + (size_t)slots * sizeof t->slots[0]);
	if (t == NULL)
		return NULL;
	t->mask = slots - 1;
	t->max = max;
	return t;
}

void
demux_imsi_free(struct demux_imsi *t)
{
	free(t);
}

static uint32_t
home(const struct demux_imsi *t, uint64_t imsi)
{
	return (uint32_t)hash_u64(imsi) & t->mask;
}

/* The slot of @imsi, or the empty one where its chain ends. */
static struct demux_imsi_entry *
probe(struct demux_imsi *t, uint64_t imsi)
{
	uint32_t i = home(t, imsi);

	while (t->slots[i].imsi != 0 && t->slots[i].imsi != imsi)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

struct demux_imsi_entry *
demux_imsi_find(struct demux_imsi *t, uint64_t imsi)
{
	struct demux_imsi_entry *e = probe(t, imsi);

	return imsi != 0 && e->imsi == imsi ? e : NULL;
}

struct demux_imsi_entry *
demux_imsi_add(struct demux_imsi *t, uint64_t imsi, uint8_t instance)
{
	struct demux_imsi_entry *e;

	if (t->count == t->max)
		return NULL;
	e = probe(t, imsi);
	*e = (struct demux_imsi_entry){.imsi = imsi, .instance = instance};
	t->count++;
	return e;
}

void
demux_imsi_remove(struct demux_imsi *t, struct demux_imsi_entry *e)
{
	uint32_t hole = (uint32_t)(e - t->slots), i = hole;

	for (;;) {
		t->slots[hole] = (struct demux_imsi_entry){0};
		do {
			i = (i + 1) & t->mask;
			if (t->slots[i].imsi == 0) {
				t->count--;
				return;
			}
			/* An entry whose home lies behind the hole stays. */
		} while (((i - home(t, t->slots[i].imsi)) & t->mask) < ((i - hole) & t->mask));
		t->slots[hole] = t->slots[i];
		hole = i;
	}
}

void
demux_imsi_remove_instance(struct demux_imsi *t, uint8_t instance)
{
	for (uint32_t i = 0; i <= t->mask; i++)
		while (t->slots[i].imsi != 0 && t->slots[i].instance == instance)
			demux_imsi_remove(t, &t->slots[i]);
}
