/* session_table_rig.h - a call table over an arena of 64 slots, what it told, and calls of its own and replicated ones.
 */
#ifndef TESTS_UNIT_SESSION_TABLE_RIG_H
#define TESTS_UNIT_SESSION_TABLE_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "session/arena_layout.h"
#include "session/call_ckpt.h"
#include "session/call_index.h"
#include "session/call_rows.h"

enum { SLOTS = 64, MANY = 600, INSTANCE = 3 };

static uint8_t *mem;
static struct arena arena;
static struct call_table *table;
static struct call_store store;
static unsigned created, changed, released, evicted;
static uint32_t last_slot, last_tomb, last_groups;

static inline void
on_created(void *arg, uint32_t slot)
{
	(void)arg;
	created++;
	last_slot = slot;
}

static inline void
on_changed(void *arg, uint32_t slot, uint32_t groups)
{
	(void)arg;
	changed++;
	last_slot = slot;
	last_groups = groups;
}

static inline void
on_released(void *arg, uint32_t slot, uint32_t tomb)
{
	(void)arg;
	released++;
	last_slot = slot;
	last_tomb = tomb;
}

static inline void
on_evicted(void *arg, uint32_t slot)
{
	(void)arg;
	evicted++;
	last_slot = slot;
}

static const struct call_table_events events = {on_created, on_changed, on_released, NULL, on_evicted};

static inline int
setup(void **state)
{
	(void)state;
	mem = calloc(1, arena_bytes(SLOTS));
	created = changed = released = evicted = 0;
	if (arena_init(&arena, mem, arena_bytes(SLOTS), INSTANCE, SLOTS) != ERR_OK)
		return 1;
	table = call_table_new(&arena, &events);
	store = call_table_store(table);
	call_table_set_role(table, CKPT_ACTIVE, 1);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	call_table_free(table);
	free(mem);
	return 0;
}

static inline struct call
call_of(uint64_t imsi)
{
	return (struct call){.imsi = imsi,
	                     .imsi_digits = 15,
	                     .nsapi = 5,
	                     .state = CALL_CONNECTED,
	                     .present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	                                CALL_HAS(CALL_F_STATE)};
}

static inline uint32_t
add(uint64_t imsi)
{
	struct call c = call_of(imsi);

	assert_int_equal(store.ops->add(store.arg, &c), ERR_OK);
	return c.teid;
}

static inline enum err
release(uint32_t teid, uint16_t seq)
{
	struct tombstone t = {.teid = teid, .seq = seq, .cause = 128};

	return store.ops->release(store.arg, &t);
}

/* A record as the active of this instance would send it. */
static inline size_t
record(uint32_t teid, uint64_t imsi, uint8_t buf[ARENA_RECORD_MAX], uint64_t *key)
{
	struct call c = call_of(imsi);
	struct wbuf w;

	c.teid = teid;
	c.present |= CALL_HAS(CALL_F_TEID);
	*key = call_rows_key(imsi, 15, 5);
	wbuf_init(&w, buf, ARENA_RECORD_MAX);
	assert_int_equal(call_rows_encode(&c, &w), ERR_OK);
	return w.len;
}

static inline enum err
place(uint32_t teid, uint64_t imsi)
{
	uint8_t buf[ARENA_RECORD_MAX];
	uint64_t key;
	size_t n = record(teid, imsi, buf, &key);

	return call_table_place(table, teid, buf, n, key);
}

#endif
