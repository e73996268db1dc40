/* call_table.c - the calls of one session manager over an arena. */
#include "session/call_table.h"

#include <stdlib.h>

#include "session/call_digest.h"
#include "session/call_rows.h"
#include "session/call_table_core.h"

struct call_table *
call_table_new(const struct arena *arena, const struct call_table_events *events)
{
	struct call_table *t = calloc(1, sizeof *t);
	uint32_t first;

	if (t == NULL)
		return NULL;
	t->arena = *arena;
	t->arena.writer = NULL;
	t->instance = arena_instance(arena);
	t->side_groups = call_rows_side_groups();
	if (events != NULL)
		t->events = *events;
	first = (uint32_t)(arena_count(arena, ARENA_SLOT_FIRST) % arena->slot_count);
	t->slots = calloc(arena->slot_count, 1);
	t->tombs = call_tombs_new();
	t->digest = digest_new(arena->slot_count);
	if (t->slots == NULL || t->tombs == NULL || t->digest == NULL ||
	    call_index_init(&t->index, arena->slot_count, first) != ERR_OK || arena_open(&t->arena) != ERR_OK) {
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
	t->first = call_slots_first(epoch, arena_count(&t->arena, ARENA_LIFE));
	t->leap = has_followed ? call_slots_leap(epoch) : 0;
	if (has_followed)
		call_slots_lead(t->slots, t->known, t->leap);
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

bool
call_table_is_used(const struct call_table *t, uint32_t slot)
{
	return slot < t->index.slots && (t->slots[slot] & SLOT_USED);
}

uint32_t
call_table_teid(const struct call_table *t, uint32_t slot)
{
	return call_table_is_used(t, slot) ? teid_make(t->instance, t->slots[slot], slot) : 0;
}

bool
call_table_holds(const struct call_table *t, uint32_t teid)
{
	return teid != 0 && call_table_teid(t, teid_slot(teid)) == teid;
}

/* Every write of a record goes through here, so that the digest is of what the arena has. */
enum err
call_table_write(struct call_table *t, uint32_t slot, uint8_t gen, const void *p, size_t n)
{
	enum err e = arena_write(&t->arena, slot, gen, p, n, call_rows_side(p, n));
	struct digest_hash h, side;

	if (e == ERR_OK && call_digest(&t->arena, slot, &h, &side) == ERR_OK)
		digest_put(t->digest, slot, h, side);
	return e;
}

static void
set_slot(struct call_table *t, uint32_t slot, uint8_t value)
{
	t->slots[slot] = value;
	if (slot >= t->known)
		t->known = slot + 1;
}

uint32_t
call_table_next_teid(const struct call_table *t, uint32_t slot)
{
	return teid_make(t->instance, t->slots[slot] & SLOT_KNOWN ? t->slots[slot] : t->first, slot);
}

/* The slot of a call that has just been written becomes used. */
void
call_table_take(struct call_table *t, uint32_t slot, uint8_t gen, uint64_t key)
{
	call_index_take(&t->index, slot, key);
	set_slot(t, slot, gen | SLOT_USED);
	t->used++;
	publish_count(t);
}

void
call_table_give(struct call_table *t, uint32_t slot)
{
	uint8_t gen = (uint8_t)((t->slots[slot] + 1) & TEID_GEN_MASK);

	call_index_give(&t->index, slot);
	set_slot(t, slot, gen | SLOT_KNOWN);
	t->used--;
	arena_clear(&t->arena, slot, gen);
	digest_drop(t->digest, slot);
	publish_count(t);
}

uint32_t
call_table_keep(struct call_table *t, const struct tombstone *tomb)
{
	struct tombstone copy = *tomb;

	copy.present = (UINT64_C(1) << tombstone_format.count) - 1;
	if (copy.peer.family == ADDR_NONE)
		copy.present &= ~TOMBSTONE_HAS_PEER;
	return call_tombs_add(t->tombs, &copy);
}

/* --- recovery and replication ---------------------------------------------------------------------- */

/* Takes the record of @slot in, if it is whole and its own; false when it is to be emptied. */
static bool
restore_slot(struct call_table *t, uint32_t slot)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct digest_hash h, side;
	const char *field;
	uint64_t key;
	uint8_t gen = 0;
	size_t n;
	enum err e = arena_adopt(&t->arena, slot, buf, &n, &gen);

	if (e == ERR_NOT_FOUND && gen != 0)
		set_slot(t, slot, (gen & TEID_GEN_MASK) | SLOT_KNOWN);
	if (e != ERR_OK)
		return e == ERR_NOT_FOUND;
	e = call_rows_check(buf, n, CKPT_GROUP_FULL, teid_make(t->instance, gen, slot), &key, &field);
	if (e != ERR_OK || call_index_find(&t->index, key) != CALL_NO_SLOT)
		return false;
	call_table_take(t, slot, gen & TEID_GEN_MASK, key);
	if (call_digest(&t->arena, slot, &h, &side) == ERR_OK)
		digest_put(t->digest, slot, h, side);
	arena_count_add(&t->arena, ARENA_RESTORED, 1);
	return true;
}

enum err
call_table_restore(struct call_table *t, uint32_t *slot, void (*found)(void *arg, uint32_t slot), void *arg)
{
	uint32_t end = t->index.slots - *slot > CALL_RESTORE_SLICE ? *slot + CALL_RESTORE_SLICE : t->index.slots;

	for (; *slot < end; ++*slot) {
		if (call_table_is_used(t, *slot))
			continue;
		if (!restore_slot(t, *slot)) {
			arena_count_add(&t->arena, ARENA_RESTORE_DAMAGED, 1);
			arena_clear(&t->arena, *slot, t->slots[*slot] & TEID_GEN_MASK);
		} else if (call_table_is_used(t, *slot) && found != NULL) {
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
	e = call_table_write(t, slot, (uint8_t)teid_gen(teid), record, n);
	if (e != ERR_OK)
		return e;
	if (call_table_is_used(t, slot) && call_index_key(&t->index, slot) == key) {
		set_slot(t, slot, (uint8_t)teid_gen(teid) | SLOT_USED);
		return ERR_OK;
	}
	if (call_table_is_used(t, slot)) {
		/* Another call was here: its record is overwritten already, only the index has to follow. */
		call_index_give(&t->index, slot);
		t->used--;
	}
	other = call_index_find(&t->index, key);
	if (other != CALL_NO_SLOT && t->events.evicted != NULL)
		t->events.evicted(t->events.arg, other);
	if (other != CALL_NO_SLOT)
		call_table_give(t, other);
	call_table_take(t, slot, (uint8_t)teid_gen(teid), key);
	return ERR_OK;
}

/* Fields of the side: nothing else of the record is looked at, or can be damaged by it. */
static enum err
merge_side(struct call_table *t, uint32_t slot, const uint8_t *micro, size_t n)
{
	uint8_t merged[ARENA_SIDE_MAX];
	struct arena_piece side;
	struct wbuf w;
	enum err e = arena_side(&t->arena, slot, &side);

	if (e != ERR_OK)
		return e;
	wbuf_init(&w, merged, sizeof merged);
	e = call_rows_merge(side.p, side.n, micro, n, &w);
	if (e != ERR_OK)
		return e;
	e = arena_change(&t->arena, &side, merged, w.len);
	if (e == ERR_OK)
		digest_change(t->digest, slot, call_digest_side(&t->arena, &side));
	return e;
}

enum err
call_table_merge(struct call_table *t, uint32_t teid, const uint8_t *micro, size_t n)
{
	uint8_t stored[ARENA_RECORD_MAX], merged[ARENA_RECORD_MAX];
	uint32_t slot = teid_slot(teid);
	struct wbuf w;
	size_t len;
	enum err e;

	if (!call_table_holds(t, teid))
		return call_table_teid(t, slot) != 0 ? ERR_EXISTS : ERR_NOT_FOUND;
	if (call_rows_is_side(micro, n))
		return merge_side(t, slot, micro, n);
	/* Verified whatever was seen of it before: in a new record, damage would get a checksum that is right. */
	e = arena_read(&t->arena, slot, stored, &len, NULL);
	if (e != ERR_OK)
		return e;
	wbuf_init(&w, merged, sizeof merged);
	e = call_rows_merge(stored, len, micro, n, &w);
	return e == ERR_OK ? call_table_write(t, slot, (uint8_t)teid_gen(teid), merged, w.len) : e;
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
	if (call_table_holds(t, tomb->teid))
		call_table_give(t, slot);
	else if (!call_table_is_used(t, slot))
		set_slot(t, slot, (uint8_t)((teid_gen(tomb->teid) + 1) & TEID_GEN_MASK) | SLOT_KNOWN);
	call_table_keep(t, tomb);
	return ERR_OK;
}

bool
call_table_drop(struct call_table *t, uint32_t slot)
{
	if (!call_table_is_used(t, slot))
		return false;
	call_table_give(t, slot);
	/* who was followed had dropped it long before, and may have given the next TEIDs of the slot */
	if (t->role == CKPT_ACTIVE)
		call_slots_lead(&t->slots[slot], 1, t->leap);
	return true;
}

enum err
call_table_record(const struct call_table *t, uint32_t slot, uint32_t *teid, void *buf, size_t *n)
{
	if (!call_table_is_used(t, slot))
		return ERR_NOT_FOUND;
	*teid = call_table_teid(t, slot);
	return arena_read(&t->arena, slot, buf, n, NULL);
}

static enum err
borrow_used(const struct call_table *t, uint32_t slot, uint32_t *teid, struct arena_view *v)
{
	if (!call_table_is_used(t, slot))
		return ERR_NOT_FOUND;
	*teid = call_table_teid(t, slot);
	return arena_borrow(&t->arena, slot, v);
}

enum err
call_table_peek(const struct call_table *t, uint32_t slot, uint32_t *teid, const uint8_t **p, size_t *n)
{
	struct arena_view v;
	enum err e = borrow_used(t, slot, teid, &v);

	if (e != ERR_OK)
		return e;
	*p = v.rest;
	*n = v.rest_len;
	return ERR_OK;
}

enum err
call_table_full(const struct call_table *t, uint32_t slot, uint32_t *teid, struct wbuf *out)
{
	struct arena_view v;
	enum err e = borrow_used(t, slot, teid, &v);

	if (e != ERR_OK)
		return e;
	wbuf_bytes(out, v.rest, v.at);
	wbuf_bytes(out, v.side.p, v.side.n);
	wbuf_bytes(out, v.rest + v.at, v.rest_len - v.at);
	return out->is_over ? ERR_FULL : ERR_OK;
}

/* What @groups need of the pieces of a record, in their order. */
static enum err
cut_pieces(const struct arena_view *v, uint32_t groups, struct wbuf *out)
{
	enum err e = call_rows_cut(v->rest, v->at, groups, out);

	if (e == ERR_OK)
		e = call_rows_cut(v->side.p, v->side.n, groups, out);
	return e == ERR_OK ? call_rows_cut(v->rest + v->at, v->rest_len - v->at, groups, out) : e;
}

enum err
call_table_cut(const struct call_table *t, uint32_t slot, uint32_t groups, uint32_t *teid, struct wbuf *out)
{
	struct arena_view v;
	enum err e;

	if (!call_table_is_used(t, slot))
		return ERR_NOT_FOUND;
	*teid = call_table_teid(t, slot);
	if ((groups & ~t->side_groups) != 0) {
		e = arena_borrow(&t->arena, slot, &v);
		return e == ERR_OK ? cut_pieces(&v, groups, out) : e;
	}
	e = arena_side(&t->arena, slot, &v.side);
	return e == ERR_OK ? call_rows_cut(v.side.p, v.side.n, groups, out) : e;
}

static void
expect_soon(const struct call_table *t, uint32_t slot)
{
	if (slot >= t->index.slots)
		return;
	__builtin_prefetch(&t->slots[slot]);
	arena_prefetch_entry(&t->arena, slot);
	digest_prefetch(t->digest, slot);
}

void
call_table_expect(const struct call_table *t, const uint64_t *tokens, size_t n, enum ckpt_when when)
{
	bool is_micro = n > 0 && tokens[0] <= UINT32_MAX;

	if (!is_micro && when == CKPT_NEXT)
		keymap_prefetch(&t->index.map, tokens, n);
	for (size_t i = 0; is_micro && i < n; i++) {
		if (when == CKPT_SOON)
			expect_soon(t, teid_slot((uint32_t)tokens[i]));
		else
			arena_prefetch_side(&t->arena, teid_slot((uint32_t)tokens[i]));
	}
}

void
call_table_reserve(struct call_table *t, uint32_t n)
{
	call_index_reserve(&t->index, n);
}

void
call_table_ahead(const struct call_table *t, uint32_t slot, uint32_t groups, enum ckpt_when when)
{
	if (when == CKPT_SOON)
		expect_soon(t, slot);
	else if (groups & ~t->side_groups)
		arena_prefetch(&t->arena, slot);
	else
		arena_prefetch_side(&t->arena, slot);
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
	struct digest_hash h, side;

	for (; max > 0 && *slot < t->index.top; max--, ++*slot) {
		arena_prefetch(&t->arena, *slot + AHEAD);
		if (call_table_is_used(t, *slot))
			(void)digest_checked(t->digest, *slot,
			                     call_digest(&t->arena, *slot, &h, &side) == ERR_OK ? &h : NULL);
	}
	return *slot < t->index.top ? ERR_SHORT : ERR_OK;
}
