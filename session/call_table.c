/* call_table.c - the calls of one session manager over an arena. */
#include "session/call_table.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint/ckpt_digest.h"
#include "session/call_digest.h"
#include "session/call_index.h"
#include "session/call_rows.h"
#include "session/call_slots.h"
#include "session/call_tombs.h"

struct call_table {
	struct arena arena;
	struct call_table_events events;
	struct call_index index;
	struct call_tombs *tombs;
	struct digest *digest;
	uint8_t *slots; /* call_slots.h */
	uint32_t instance;
	uint32_t used;
	enum ckpt_role role;
};

struct call_table *
call_table_new(const struct arena *arena, const struct call_table_events *events)
{
	struct call_table *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->arena = *arena;
	t->arena.writer = NULL;
	t->instance = arena_instance(arena);
	if (events != NULL)
		t->events = *events;
	t->slots = calloc(arena->slot_count, 1);
	t->tombs = call_tombs_new();
	t->digest = digest_new(arena->slot_count);
	if (t->slots == NULL || t->tombs == NULL || t->digest == NULL ||
	    call_index_init(&t->index, arena->slot_count) != ERR_OK || arena_open(&t->arena) != ERR_OK) {
		call_table_free(t);
		return NULL;
	}
	return t;
}

void
call_table_free(struct call_table *t)
{
	if (t == NULL)
		return;
	arena_close(&t->arena);
	call_tombs_free(t->tombs);
	digest_free(t->digest);
	call_index_fini(&t->index);
	free(t->slots);
	free(t);
}

uint32_t
call_table_count(const struct call_table *t)
{
	return t->used;
}

uint32_t
call_table_slots_used(const struct call_table *t)
{
	return t->index.top;
}

static void
publish_count(struct call_table *t)
{
	bool is_active = t->role == CKPT_ACTIVE;

	arena_count_set(&t->arena, ARENA_CALLS_NOW, is_active ? t->used : 0);
	arena_count_set(&t->arena, ARENA_CALLS_STANDBY, is_active ? 0 : t->used);
	arena_count_set(&t->arena, ARENA_SLOTS_USED, t->index.top);
	if (t->used > arena_count(&t->arena, ARENA_CALLS_MAX_SEEN))
		arena_count_set(&t->arena, ARENA_CALLS_MAX_SEEN, t->used);
}

/* This side gives out TEIDs; before it the other one did, if this one has followed it. */
static void
lead(struct call_table *t, uint64_t epoch, bool has_followed)
{
	uint8_t first = call_slots_first(epoch, arena_count(&t->arena, ARENA_LIFE));

	call_slots_lead(t->slots, t->index.slots, first, has_followed ? call_slots_leap(epoch) : 0);
}

void
call_table_set_role(struct call_table *t, enum ckpt_role role, uint64_t epoch)
{
	if (role == CKPT_ACTIVE && t->role == CKPT_STANDBY)
		arena_count_add(&t->arena, ARENA_RESTORED, t->used);
	if (role == CKPT_ACTIVE && t->role != CKPT_ACTIVE)
		lead(t, epoch, t->role == CKPT_STANDBY);
	t->role = role;
	publish_count(t);
}

static bool
is_used(const struct call_table *t, uint32_t slot)
{
	return slot < t->index.slots && (t->slots[slot] & SLOT_USED);
}

uint32_t
call_table_teid(const struct call_table *t, uint32_t slot)
{
	return is_used(t, slot) ? teid_make(t->instance, t->slots[slot], slot) : 0;
}

static bool
holds(const struct call_table *t, uint32_t teid)
{
	return teid != 0 && call_table_teid(t, teid_slot(teid)) == teid;
}

/* Every write of a record goes through here, so that the digest is of what the arena has. */
static enum err
record_write(struct call_table *t, uint32_t slot, uint8_t gen, const void *p, size_t n)
{
	enum err e = arena_write(&t->arena, slot, gen, p, n);
	struct digest_hash h;

	if (e == ERR_OK && call_digest(&t->arena, slot, &h) == ERR_OK)
		digest_put(t->digest, slot, h);
	return e;
}

/* The slot of a call that has just been written becomes used. */
static void
slot_take(struct call_table *t, uint32_t slot, uint8_t gen, uint64_t key)
{
	call_index_take(&t->index, slot, key);
	t->slots[slot] = gen | SLOT_USED;
	t->used++;
	publish_count(t);
}

static void
slot_give(struct call_table *t, uint32_t slot)
{
	uint8_t gen = (uint8_t)((t->slots[slot] + 1) & TEID_GEN_MASK);

	call_index_give(&t->index, slot);
	t->slots[slot] = gen | SLOT_KNOWN;
	t->used--;
	arena_clear(&t->arena, slot, gen);
	digest_drop(t->digest, slot);
	publish_count(t);
}

/* --- the gateway's interface ----------------------------------------------------------------------- */

static enum err
store_slot_get(const struct call_table *t, uint32_t slot, struct call *out)
{
	const uint8_t *p;
	size_t n;
	enum err e = arena_borrow(&t->arena, slot, &p, &n);

	return e == ERR_OK ? call_rows_decode(p, n, out) : e;
}

static enum err
store_get(void *arg, uint32_t teid, struct call *out)
{
	struct call_table *t = arg;

	return holds(t, teid) ? store_slot_get(t, teid_slot(teid), out) : ERR_NOT_FOUND;
}

static enum err
store_find(void *arg, uint64_t imsi, uint8_t imsi_digits, uint8_t nsapi, struct call *out)
{
	struct call_table *t = arg;
	uint32_t slot = call_index_find(&t->index, call_rows_key(imsi, imsi_digits, nsapi));

	return slot != CALL_NO_SLOT ? store_slot_get(t, slot, out) : ERR_NOT_FOUND;
}

/* Encodes @call and writes it; nothing changes on an error. */
static enum err
store_write(struct call_table *t, const struct call *call, uint32_t slot)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct wbuf w;
	enum err e;

	wbuf_init(&w, buf, sizeof buf);
	e = call_rows_encode(call, &w);
	return e == ERR_OK ? record_write(t, slot, (uint8_t)teid_gen(call->teid), buf, w.len) : e;
}

static enum err
store_add(void *arg, struct call *call)
{
	struct call_table *t = arg;
	uint64_t key = call_rows_key(call->imsi, call->imsi_digits, call->nsapi);
	uint32_t slot = call_index_peek(&t->index);
	struct call copy = *call;
	enum err e;

	if (call_index_find(&t->index, key) != CALL_NO_SLOT)
		return ERR_EXISTS;
	if (slot == CALL_NO_SLOT)
		return ERR_FULL;
	copy.teid = teid_make(t->instance, t->slots[slot], slot);
	copy.present |= CALL_HAS(CALL_F_TEID);
	e = store_write(t, &copy, slot);
	if (e != ERR_OK)
		return e;
	slot_take(t, slot, (uint8_t)teid_gen(copy.teid), key);
	arena_count_add(&t->arena, ARENA_CREATED, 1);
	*call = copy;
	if (t->events.created != NULL)
		t->events.created(t->events.arg, slot);
	return ERR_OK;
}

static enum err
store_update(void *arg, const struct call *call, uint32_t groups)
{
	struct call_table *t = arg;
	uint32_t slot = teid_slot(call->teid);
	enum err e;

	if (!holds(t, call->teid))
		return ERR_NOT_FOUND;
	if (call_index_key(&t->index, slot) != call_rows_key(call->imsi, call->imsi_digits, call->nsapi))
		return ERR_REFUSED;
	e = store_write(t, call, slot);
	if (e == ERR_OK && t->events.changed != NULL && groups != 0)
		t->events.changed(t->events.arg, slot, groups);
	return e;
}

static uint32_t
tomb_keep(struct call_table *t, const struct tombstone *tomb)
{
	struct tombstone copy = *tomb;

	copy.present = (UINT64_C(1) << tombstone_format.count) - 1;
	if (copy.peer.family == ADDR_NONE)
		copy.present &= ~TOMBSTONE_HAS_PEER;
	return call_tombs_add(t->tombs, &copy);
}

static enum err
store_release(void *arg, const struct tombstone *tomb)
{
	struct call_table *t = arg;
	uint32_t slot = teid_slot(tomb->teid), number;

	if (!holds(t, tomb->teid))
		return ERR_NOT_FOUND;
	slot_give(t, slot);
	number = tomb_keep(t, tomb);
	arena_count_add(&t->arena, ARENA_RELEASED, 1);
	if (t->events.released != NULL)
		t->events.released(t->events.arg, slot, number);
	return ERR_OK;
}

static enum err
store_find_tombstone(void *arg, uint32_t teid, struct tombstone *out)
{
	const struct call_table *t = arg;
	const struct tombstone *tomb = call_tombs_find(t->tombs, teid);

	if (tomb == NULL)
		return ERR_NOT_FOUND;
	*out = *tomb;
	return ERR_OK;
}

static enum err
store_next(void *arg, uint32_t *slot, struct call *out)
{
	struct call_table *t = arg;

	for (unsigned looked = 0; *slot < t->index.top; looked++) {
		uint32_t at = *slot;

		if (looked == CALL_NEXT_SLICE)
			return ERR_SHORT;
		++*slot;
		if (is_used(t, at) && store_slot_get(t, at, out) == ERR_OK)
			return ERR_OK;
	}
	return ERR_NOT_FOUND;
}

static enum err
store_examine(void *arg, uint32_t *slot, uint32_t *teid, struct call *out)
{
	struct call_table *t = arg;
	uint64_t key;

	for (unsigned looked = 0; *slot < t->index.top; looked++) {
		uint32_t at = *slot;

		if (looked == CALL_NEXT_SLICE)
			return ERR_SHORT;
		++*slot;
		if (!is_used(t, at))
			continue;
		*teid = call_table_teid(t, at);
		if (store_slot_get(t, at, out) != ERR_OK)
			return ERR_CORRUPT;
		key = call_rows_key(out->imsi, out->imsi_digits, out->nsapi);
		return call_index_find(&t->index, key) == at ? ERR_OK : ERR_REFUSED;
	}
	return ERR_NOT_FOUND;
}

static uint32_t
store_count(void *arg)
{
	return call_table_count(arg);
}

static const struct call_store_ops store_ops = {
    .get = store_get,
    .find = store_find,
    .add = store_add,
    .update = store_update,
    .release = store_release,
    .find_tombstone = store_find_tombstone,
    .next = store_next,
    .count = store_count,
    .examine = store_examine,
};

struct call_store
call_table_store(struct call_table *t)
{
	return (struct call_store){.ops = &store_ops, .arg = t};
}

/* --- recovery and replication ---------------------------------------------------------------------- */

/* Takes the record of @slot in, if it is whole and its own; false when it is to be emptied. */
static bool
restore_slot(struct call_table *t, uint32_t slot)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct digest_hash h;
	const char *field;
	uint64_t key;
	uint8_t gen = 0;
	size_t n;
	enum err e = arena_adopt(&t->arena, slot, buf, &n, &gen);

	if (e == ERR_NOT_FOUND && gen != 0)
		t->slots[slot] = (gen & TEID_GEN_MASK) | SLOT_KNOWN;
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND;
	e = call_rows_check(buf, n, CKPT_GROUP_FULL, teid_make(t->instance, gen, slot), &key, &field);
	if (e != ERR_OK || call_index_find(&t->index, key) != CALL_NO_SLOT)
		return false;
	slot_take(t, slot, gen & TEID_GEN_MASK, key);
	if (call_digest(&t->arena, slot, &h) == ERR_OK)
		digest_put(t->digest, slot, h);
	arena_count_add(&t->arena, ARENA_RESTORED, 1);
	return true;
}

enum err
call_table_restore(struct call_table *t, uint32_t *slot, void (*found)(void *arg, uint32_t slot), void *arg)
{
	uint32_t end = t->index.slots - *slot > CALL_RESTORE_SLICE ? *slot + CALL_RESTORE_SLICE : t->index.slots;

	for (; *slot < end; ++*slot) {
		if (is_used(t, *slot))
			continue;
		if (!restore_slot(t, *slot)) {
			arena_count_add(&t->arena, ARENA_RESTORE_DAMAGED, 1);
			arena_clear(&t->arena, *slot, t->slots[*slot] & TEID_GEN_MASK);
		} else if (is_used(t, *slot) && found != NULL) {
			found(arg, *slot);
		}
	}
	if (end < t->index.slots)
		return ERR_SHORT;
	arena_recovered(&t->arena);
	return ERR_OK;
}

enum err
call_table_place(struct call_table *t, uint32_t teid, const uint8_t *record, size_t n, uint64_t key)
{
	uint32_t slot = teid_slot(teid), other;
	enum err e;

	if (teid_instance(teid) != t->instance || slot >= t->index.slots)
		return ERR_REFUSED;
	e = record_write(t, slot, (uint8_t)teid_gen(teid), record, n);
	if (e != ERR_OK)
		return e;
	if (is_used(t, slot) && call_index_key(&t->index, slot) == key) {
		t->slots[slot] = (uint8_t)teid_gen(teid) | SLOT_USED;
		return ERR_OK;
	}
	if (is_used(t, slot)) {
		/* Another call was here: its record is overwritten already, only the index has to follow. */
		call_index_give(&t->index, slot);
		t->used--;
	}
	other = call_index_find(&t->index, key);
	if (other != CALL_NO_SLOT && t->events.evicted != NULL)
		t->events.evicted(t->events.arg, other);
	if (other != CALL_NO_SLOT)
		slot_give(t, other);
	slot_take(t, slot, (uint8_t)teid_gen(teid), key);
	return ERR_OK;
}

enum err
call_table_merge(struct call_table *t, uint32_t teid, const uint8_t *micro, size_t n)
{
	uint8_t merged[ARENA_RECORD_MAX];
	const uint8_t *there;
	struct wbuf w;
	size_t stored;
	enum err e;

	if (!holds(t, teid))
		return call_table_teid(t, teid_slot(teid)) != 0 ? ERR_EXISTS : ERR_NOT_FOUND;
	arena_distrust(&t->arena); /* merged into a new record, damage would get a checksum that is right */
	e = arena_borrow(&t->arena, teid_slot(teid), &there, &stored);
	if (e != ERR_OK)
		return e;
	wbuf_init(&w, merged, sizeof merged);
	e = call_rows_merge(there, stored, micro, n, &w);
	return e == ERR_OK ? record_write(t, teid_slot(teid), (uint8_t)teid_gen(teid), merged, w.len) : e;
}

enum err
call_table_change(struct call_table *t, uint32_t teid, const uint8_t *fields, size_t n, uint32_t groups)
{
	enum err e = call_table_merge(t, teid, fields, n);

	if (e == ERR_OK && t->events.changed != NULL && groups != 0)
		t->events.changed(t->events.arg, teid_slot(teid), groups);
	return e;
}

enum err
call_table_bury(struct call_table *t, const struct tombstone *tomb)
{
	uint32_t slot = teid_slot(tomb->teid);

	if (teid_instance(tomb->teid) != t->instance || slot >= t->index.slots)
		return ERR_REFUSED;
	if (holds(t, tomb->teid))
		slot_give(t, slot);
	else if (!is_used(t, slot))
		t->slots[slot] = (uint8_t)((teid_gen(tomb->teid) + 1) & TEID_GEN_MASK) | SLOT_KNOWN;
	tomb_keep(t, tomb);
	return ERR_OK;
}

bool
call_table_drop(struct call_table *t, uint32_t slot)
{
	if (!is_used(t, slot))
		return false;
	slot_give(t, slot);
	return true;
}

enum err
call_table_record(const struct call_table *t, uint32_t slot, uint32_t *teid, void *buf, size_t *n)
{
	if (!is_used(t, slot))
		return ERR_NOT_FOUND;
	*teid = call_table_teid(t, slot);
	return arena_read(&t->arena, slot, buf, n, NULL);
}

enum err
call_table_peek(const struct call_table *t, uint32_t slot, uint32_t *teid, const uint8_t **p, size_t *n)
{
	if (!is_used(t, slot))
		return ERR_NOT_FOUND;
	*teid = call_table_teid(t, slot);
	return arena_borrow(&t->arena, slot, p, n);
}

void
call_table_expect(const struct call_table *t, const uint64_t *tokens, size_t n)
{
	bool is_micro = n > 0 && tokens[0] <= UINT32_MAX;

	if (!is_micro) {
		keymap_prefetch(&t->index.map, tokens, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		arena_prefetch_entry(&t->arena, teid_slot((uint32_t)tokens[i]));
	for (size_t i = 0; i < n; i++)
		arena_prefetch(&t->arena, teid_slot((uint32_t)tokens[i]));
}

void
call_table_ahead(const struct call_table *t, uint32_t slot)
{
	arena_prefetch(&t->arena, slot);
}

enum err
call_table_tomb(const struct call_table *t, uint32_t tomb, struct tombstone *out)
{
	const struct tombstone *found = call_tombs_get(t->tombs, tomb);

	if (found == NULL)
		return ERR_NOT_FOUND;
	*out = *found;
	return ERR_OK;
}

uint32_t
call_table_oldest_tomb(const struct call_table *t)
{
	return call_tombs_oldest(t->tombs);
}

/* --- digest ------------------------------------------------------------------------------------------ */

struct digest *
call_table_digest(struct call_table *t)
{
	return t->digest;
}

enum err
call_table_scrub(struct call_table *t, uint32_t *slot, uint32_t max)
{
	enum { AHEAD = 8 };
	struct digest_hash h;

	for (; max > 0 && *slot < t->index.top; max--, ++*slot) {
		arena_prefetch(&t->arena, *slot + AHEAD);
		if (is_used(t, *slot))
			(void)digest_checked(t->digest, *slot, call_digest(&t->arena, *slot, &h) == ERR_OK ? &h : NULL);
	}
	return *slot < t->index.top ? ERR_SHORT : ERR_OK;
}
