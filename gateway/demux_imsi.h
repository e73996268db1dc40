/*
 * demux_imsi.h - the demux's table of subscribers: IMSI to session manager, bounded. Only demux.c includes it.
 *
 * Grows a bucket at a time (base/keymap.h); 24 bytes a subscriber, nothing for those that could be. The entries of a
 * session manager that has died are dead at once and taken out later, a slice at a time. An entry's address is good
 * until it is removed.
 */
#ifndef GATEWAY_DEMUX_IMSI_H
#define GATEWAY_DEMUX_IMSI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct demux_imsi_entry {
	uint16_t flight;  /* low half of the number of its Create in flight */
	uint16_t calls;   /* bound at the instance */
	uint8_t instance; /* 1..127; 0: nobody's entry */
	uint8_t life;     /* of the instance when the entry became its own */
	bool is_in_flight;
};

struct demux_imsi;

/* demux_imsi_new - room for @max subscribers; NULL: no memory. */
struct demux_imsi *demux_imsi_new(uint32_t max);
void demux_imsi_free(struct demux_imsi *t);

/* demux_imsi_find - the entry of @imsi, or NULL. */
struct demux_imsi_entry *demux_imsi_find(struct demux_imsi *t, uint64_t imsi);

/* demux_imsi_reserve - @n subscribers in all are about to be there: a hint (keymap_reserve). */
void demux_imsi_reserve(struct demux_imsi *t, uint32_t n);

/* demux_imsi_expect - these are about to be looked for: a hint. */
void demux_imsi_expect(const struct demux_imsi *t, const uint64_t *imsis, size_t n);

/* demux_imsi_add - a new entry without calls for @imsi (not 0, not in the table); NULL: full. */
struct demux_imsi_entry *demux_imsi_add(struct demux_imsi *t, uint64_t imsi, uint8_t instance);

/* demux_imsi_move - @e belongs to @instance from now on, without calls. */
void demux_imsi_move(struct demux_imsi *t, struct demux_imsi_entry *e, uint8_t instance);

void demux_imsi_remove(struct demux_imsi *t, struct demux_imsi_entry *e);

/* demux_imsi_remove_instance - all entries of @instance are dead: not found any more. Work is left for the sweep. */
void demux_imsi_remove_instance(struct demux_imsi *t, uint8_t instance);

/* demux_imsi_sweep - look at 4096 entries more for dead ones; false: none are left. */
bool demux_imsi_sweep(struct demux_imsi *t);

#endif
