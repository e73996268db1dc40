/*
 * call_table.h - the calls of one session manager: slots and TEIDs, the index by IMSI and NSAPI, tombstones.
 *
 * Sits on an arena (the records live only there) and implements struct call_store for the gateway and
 * struct ckpt_ops for the checkpoint link (call_ckpt.h). Memory beside the arena: 53 bytes a slot that was ever used,
 * 72 a slab, and about 5 MB of tombstones when all of them are. Only call_table_new allocates. Addresses from pools are
 * the gateway's affair.
 */
#ifndef SESSION_CALL_TABLE_H
#define SESSION_CALL_TABLE_H

#include "session/arena.h"
#include "session/session_types.h"

enum { CALL_TOMBS = 65536, CALL_NEXT_SLICE = 4096, CALL_RESTORE_SLICE = 1024 };

struct call_table;

/*
 * Told after each change made through the gateway's interface (not for replicated ones, but for evicted), for the
 * checkpoint link. Any may be NULL.
 */
struct call_table_events {
	void (*created)(void *arg, uint32_t slot);
	void (*changed)(void *arg, uint32_t slot, uint32_t groups);
	void (*released)(void *arg, uint32_t slot, uint32_t tomb);
	void *arg;
	/* A replicated call with the same IMSI and NSAPI arrives in another slot: the one in @slot is about to go. */
	void (*evicted)(void *arg, uint32_t slot);
};

/*
 * call_table_new - an empty table over @arena (kept by value; its memory must outlive the table), of which it becomes
 * the writer. NULL when memory is short. Calls already in the arena are taken in by call_table_restore; until it has
 * ended, new records go only into memory that held none.
 */
struct call_table *call_table_new(const struct arena *arena, const struct call_table_events *events);
void call_table_free(struct call_table *t);

/* call_table_store - the gateway's interface to @t. */
struct call_store call_table_store(struct call_table *t);

/*
 * call_table_restore - after a restart: examine up to 1024 slots from *slot on and take their calls in. ERR_SHORT: more
 * to do; ERR_OK: done. @found is called for each call (may be NULL); damaged ones are counted and emptied.
 */
enum err call_table_restore(struct call_table *t, uint32_t *slot, void (*found)(void *arg, uint32_t slot), void *arg);

/* Replicated calls, as the checkpoint link delivers them; see struct ckpt_ops for the contract. */
enum err call_table_place(struct call_table *t, uint32_t teid, const uint8_t *record, size_t n, uint64_t key);
enum err call_table_merge(struct call_table *t, uint32_t teid, const uint8_t *micro, size_t n);

/*
 * call_table_change - fields of an own call, encoded as in a micro-checkpoint, take the place of those it has; @groups
 * as for the store's update. What a source of traffic counters calls: the record is not decoded. Errors as merge.
 */
enum err call_table_change(struct call_table *t, uint32_t teid, const uint8_t *fields, size_t n, uint32_t groups);
enum err call_table_bury(struct call_table *t, const struct tombstone *tomb);
bool call_table_drop(struct call_table *t, uint32_t slot);

/* Stored records as they are. ERR_NOT_FOUND: no call in @slot. */
enum err call_table_record(const struct call_table *t, uint32_t slot, uint32_t *teid, void *buf, size_t *n);

/*
 * call_table_full, call_table_cut - append the record of @slot, or its fields of @groups (micro ones); ERR_FULL.
 * call_table_peek - its fields but those of the side, where they lie; borrowed until the table changes.
 */
enum err call_table_full(const struct call_table *t, uint32_t slot, uint32_t *teid, struct wbuf *out);
enum err call_table_cut(const struct call_table *t, uint32_t slot, uint32_t groups, uint32_t *teid, struct wbuf *out);
enum err call_table_peek(const struct call_table *t, uint32_t slot, uint32_t *teid, const uint8_t **p, size_t *n);

/*
 * Hints for the processor. expect: calls under these keys are about to be placed, or, where the first is at most
 * UINT32_MAX, these TEIDs merged, first soon, then next; ahead: @groups of @slot are to be read.
 */
void call_table_expect(const struct call_table *t, const uint64_t *tokens, size_t n, enum ckpt_when when);
void call_table_ahead(const struct call_table *t, uint32_t slot, uint32_t groups, enum ckpt_when when);

/* call_table_reserve - @n calls in all are about to be there: a hint as well. */
void call_table_reserve(struct call_table *t, uint32_t n);

enum err call_table_tomb(const struct call_table *t, uint32_t tomb, struct tombstone *out);

/* call_table_oldest_tomb - the number that the next tombstone will take. */
uint32_t call_table_oldest_tomb(const struct call_table *t);

/* call_table_teid - TEID of the call in @slot, 0 when there is none. */
uint32_t call_table_teid(const struct call_table *t, uint32_t slot);

uint32_t call_table_count(const struct call_table *t);

/* call_table_slots_used - no slot from there on was ever used. */
uint32_t call_table_slots_used(const struct call_table *t);

/*
 * The digest of the stored records (checkpoint/ckpt_digest.h), which every write keeps up to date. For the link core;
 * lives as long as the table.
 */
struct digest *call_table_digest(struct call_table *t);

/*
 * call_table_scrub - read the stored records of up to @max slots from *slot on again and compare them with what was
 * written; a record that is another one now is damaged in the digest. *slot moves on. ERR_SHORT: more to do; ERR_OK:
 * that was the last slot in use.
 */
enum err call_table_scrub(struct call_table *t, uint32_t *slot, uint32_t max);

/*
 * call_table_set_role - counters show the calls as served (active) or pre-allocated (standby). A side that becomes
 * active gives TEIDs that differ from those the other one, or a session manager before this one (ARENA_LIFE), may have
 * given last. Goes over a byte for each slot that has been used (call_slots.h).
 *
 * @epoch  the number of the takeover: each has a higher one (call_slots_first)
 */
void call_table_set_role(struct call_table *t, enum ckpt_role role, uint64_t epoch);

#endif
