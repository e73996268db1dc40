/*
 * demux_imsi.h - the demux's table of subscribers: IMSI to session manager, open addressing, bounded.
 * Only demux.c includes it. An entry's address is good until the next add or remove.
 */
#ifndef GATEWAY_DEMUX_IMSI_H
#define GATEWAY_DEMUX_IMSI_H

#include <stdbool.h>
#include <stdint.h>

struct demux_imsi_entry {
	uint64_t imsi; /* 0: empty */
	uint64_t flight_since_ms;
	uint32_t calls; /* bound at the instance */
	uint8_t instance;
	bool is_in_flight;
};

struct demux_imsi;

/* demux_imsi_new - room for @max subscribers (at most half of the slots are used); NULL: no memory. */
struct demux_imsi *demux_imsi_new(uint32_t max);
void demux_imsi_free(struct demux_imsi *t);

struct demux_imsi_entry *demux_imsi_find(struct demux_imsi *t, uint64_t imsi);

/* demux_imsi_add - a new entry without calls for @imsi (not 0, not in the table); NULL: full. */
struct demux_imsi_entry *demux_imsi_add(struct demux_imsi *t, uint64_t imsi, uint8_t instance);

void demux_imsi_remove(struct demux_imsi *t, struct demux_imsi_entry *e);

/* demux_imsi_remove_instance - all entries of @instance; as long as the table is large. */
void demux_imsi_remove_instance(struct demux_imsi *t, uint8_t instance);

#endif
