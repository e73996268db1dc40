/* call_store.c - the call table as the gateway sees it: calls as plain values, each change told. */
#include "session/call_rows.h"
#include "session/call_table_core.h"

static enum err
store_slot_get(const struct call_table *t, uint32_t slot, struct call *out)
{
	uint8_t record[ARENA_RECORD_MAX];
	struct arena_view v;
	enum err e = arena_borrow(&t->arena, slot, &v);

	return e == ERR_OK ? call_rows_decode(record, arena_join(&v, record), out) : e;
}

static enum err
store_get(void *arg, uint32_t teid, struct call *out)
{
	struct call_table *t = arg;

	return call_table_holds(t, teid) ? store_slot_get(t, teid_slot(teid), out) : ERR_NOT_FOUND;
}

static enum err
store_find(void *arg, uint64_t imsi, uint8_t imsi_digits, uint8_t nsapi, struct call *out)
{
	struct call_table *t = arg;
	uint32_t slot = call_index_find(&t->index, call_rows_key(imsi, imsi_digits, nsapi));

	if (slot == CALL_NO_SLOT)
		return ERR_NOT_FOUND;
	if (store_slot_get(t, slot, out) == ERR_OK)
		return ERR_OK;
	out->teid = call_table_teid(t, slot);
	return ERR_CORRUPT;
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
	return e == ERR_OK ? call_table_write(t, slot, (uint8_t)teid_gen(call->teid), buf, w.len) : e;
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
	copy.teid = call_table_next_teid(t, slot);
	copy.present |= CALL_HAS(CALL_F_TEID);
	e = store_write(t, &copy, slot);
	if (e != ERR_OK)
		return e;
	call_table_take(t, slot, (uint8_t)teid_gen(copy.teid), key);
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

	if (!call_table_holds(t, call->teid))
		return ERR_NOT_FOUND;
	if (call_index_key(&t->index, slot) != call_rows_key(call->imsi, call->imsi_digits, call->nsapi))
		return ERR_REFUSED;
	e = store_write(t, call, slot);
	if (e == ERR_OK && t->events.changed != NULL && groups != 0)
		t->events.changed(t->events.arg, slot, groups);
	return e;
}

static enum err
store_release(void *arg, const struct tombstone *tomb)
{
	struct call_table *t = arg;
	uint32_t slot = teid_slot(tomb->teid), number;

	if (!call_table_holds(t, tomb->teid))
		return ERR_NOT_FOUND;
	call_table_give(t, slot);
	number = call_table_keep(t, tomb);
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
		if (call_table_is_used(t, at) && store_slot_get(t, at, out) == ERR_OK)
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
		if (!call_table_is_used(t, at))
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
