/*
 * call_table_core.h - the inside of the call table, shared by call_table.c (life, replication, recovery) and
 * call_store.c (the gateway's interface). Nobody else includes it.
 */
#ifndef SESSION_CALL_TABLE_CORE_H
#define SESSION_CALL_TABLE_CORE_H

#include "checkpoint/ckpt_digest.h"
#include "session/call_index.h"
#include "session/call_slots.h"
#include "session/call_table.h"
#include "session/call_tombs.h"

struct call_table {
	struct arena arena;
	struct call_table_events events;
	struct call_index index;
	struct call_tombs *tombs;
	struct digest *digest;
	uint8_t *slots; /* call_slots.h */
	uint32_t known; /* no slot from here on is known */
	uint8_t first;  /* generation of a slot that is not */
	uint32_t instance;
	uint32_t side_groups; /* micro-checkpoints that are made of the side alone */
	uint32_t used;
	enum ckpt_role role;
	uint8_t leap; /* of free slots when this side became active; what is dropped since leaps as well */
};

/* call_table_is_used - is there a call in @slot? call_table_holds - with exactly this TEID? */
bool call_table_is_used(const struct call_table *t, uint32_t slot);
bool call_table_holds(const struct call_table *t, uint32_t teid);

/* call_table_write - every write of a record goes through here: the digest is of what the arena has. As arena_write. */
enum err call_table_write(struct call_table *t, uint32_t slot, uint8_t gen, const void *p, size_t n);

/* call_table_take - the slot of a call that has just been written becomes used. call_table_give - and free again. */
void call_table_take(struct call_table *t, uint32_t slot, uint8_t gen, uint64_t key);
void call_table_give(struct call_table *t, uint32_t slot);

/* call_table_next_teid - of the next call in the free @slot. */
uint32_t call_table_next_teid(const struct call_table *t, uint32_t slot);

/* call_table_keep - a copy of @tomb with all its fields; returns its number. */
uint32_t call_table_keep(struct call_table *t, const struct tombstone *tomb);

#endif
