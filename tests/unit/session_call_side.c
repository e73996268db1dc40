/*
 * session_call_side.c - records whose counters are changed in their cells are, to the octet, those of a table that made
 * every record anew: random histories against a plain array of records.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "checkpoint/ckpt_digest.h"
#include "session/arena_layout.h"
#include "session/call_rows.h"
#include "session/call_table.h"

enum { SLOTS = 40, STEPS = 60000 };

static const uint32_t micros[] = {CKPT_GROUP_SESSION, CKPT_GROUP_STATS, CKPT_GROUP_IDLE, CKPT_GROUP_ACCOUNTING};
enum { MICROS = sizeof micros / sizeof micros[0] };

/* A call as the old way keeps it: one record, made anew by every change. */
struct kept {
	uint32_t teid; /* 0: none */
	uint8_t record[ARENA_RECORD_MAX];
	size_t n;
};

struct world {
	void *mem;
	struct arena arena;
	struct call_table *table;
	struct kept kept[SLOTS];
	struct rng rng;
};

static void
start(struct world *w, uint64_t seed)
{
	*w = (struct world){.rng = {.state = seed}, .mem = calloc(1, arena_bytes(SLOTS))};
	assert_int_equal(arena_init(&w->arena, w->mem, arena_bytes(SLOTS), 1, SLOTS), ERR_OK);
	w->table = call_table_new(&w->arena, NULL);
	assert_non_null(w->table);
}

static void
stop(struct world *w)
{
	call_table_free(w->table);
	free(w->mem);
}

/* A call with what is random about it: which fields it has, and their values. */
static struct call
random_call(struct rng *r, uint32_t teid)
{
	struct call c = {.teid = teid, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

	c.imsi = 1000 + teid_slot(teid);
	c.in_packets = rng_next(r);
	c.in_bytes = rng_next(r) >> 40;
	c.out_packets = rng_next(r) >> 20;
	c.out_bytes = rng_next(r);
	c.active_s = (uint32_t)rng_next(r);
	c.repeats = rng_below(r, 9);
	c.refused = rng_below(r, 9);
	c.peer_teid_user = (uint32_t)rng_next(r);
	c.updates = rng_below(r, 1000);
	c.qos_len = (uint8_t)rng_below(r, CALL_QOS_MAX + 1);
	memset(c.qos, (int)rng_next(r), c.qos_len);
	c.sgsn_user = addr_v4((uint32_t)rng_next(r));
	c.app_len[0] = (uint8_t)rng_next(r);
	memset(c.app[0], 6, c.app_len[0]);
	c.present =
	    rng_next(r) & (CALL_HAS(CALL_F_IN_PACKETS) | CALL_HAS(CALL_F_IN_BYTES) | CALL_HAS(CALL_F_OUT_PACKETS) |
	                   CALL_HAS(CALL_F_OUT_BYTES) | CALL_HAS(CALL_F_ACTIVE_S) | CALL_HAS(CALL_F_REPEATS) |
	                   CALL_HAS(CALL_F_REFUSED) | CALL_HAS(CALL_F_PEER_TEID_USER) | CALL_HAS(CALL_F_UPDATES) |
	                   CALL_HAS(CALL_F_QOS) | CALL_HAS(CALL_F_SGSN_USER) | CALL_HAS(CALL_F_APP_1));
	c.present |= CALL_HAS(CALL_F_TEID) | CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) |
	             CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE);
	return c;
}

static void
place(struct world *w, uint32_t slot)
{
	struct kept *k = &w->kept[slot];
	struct call c = random_call(&w->rng, teid_make(1, rng_below(&w->rng, 32), slot));
	struct wbuf out;

	wbuf_init(&out, k->record, sizeof k->record);
	assert_int_equal(call_rows_encode(&c, &out), ERR_OK);
	k->n = out.len;
	k->teid = c.teid;
	assert_int_equal(call_table_place(w->table, c.teid, k->record, k->n, call_rows_key(c.imsi, 15, 5)), ERR_OK);
}

/* Some fields of a group, merged by the table and into the plain record. */
static void
merge(struct world *w, uint32_t slot)
{
	struct kept *k = &w->kept[slot];
	uint8_t micro[ARENA_RECORD_MAX], merged[ARENA_RECORD_MAX];
	struct call c = random_call(&w->rng, k->teid);
	struct wbuf m, out;
	enum err e;

	wbuf_init(&m, micro, sizeof micro);
	assert_int_equal(rows_encode(&call_format, &c, micros[rng_below(&w->rng, MICROS)], &m), ERR_OK);
	e = call_table_merge(w->table, k->teid, micro, m.len);
	wbuf_init(&out, merged, sizeof merged);
	assert_int_equal(call_rows_merge(k->record, k->n, micro, m.len, &out), e);
	if (e != ERR_OK)
		return;
	memcpy(k->record, merged, out.len);
	k->n = out.len;
}

static void
drop(struct world *w, uint32_t slot)
{
	assert_int_equal(call_table_drop(w->table, slot), w->kept[slot].teid != 0);
	w->kept[slot].teid = 0;
}

/* The session manager has died, and its successor takes over what lies in the arena. */
static void
restart(struct world *w)
{
	uint32_t slot = 0;

	call_table_free(w->table);
	w->table = call_table_new(&w->arena, NULL);
	while (call_table_restore(w->table, &slot, NULL, NULL) == ERR_SHORT)
		;
	assert_int_equal(arena_count(&w->arena, ARENA_RESTORE_DAMAGED), 0);
}

/* Every way to read the call says the same as the plain record. */
static void
assert_same(struct world *w, uint32_t slot)
{
	const struct kept *k = &w->kept[slot];
	uint8_t buf[ARENA_RECORD_MAX], cut[ARENA_RECORD_MAX];
	struct wbuf out, want;
	uint32_t teid = 0;
	size_t n = 0;

	assert_int_equal(call_table_teid(w->table, slot), k->teid);
	wbuf_init(&out, buf, sizeof buf);
	if (k->teid == 0) {
		assert_int_equal(call_table_full(w->table, slot, &teid, &out), ERR_NOT_FOUND);
		assert_int_equal(call_table_cut(w->table, slot, CKPT_GROUP_STATS, &teid, &out), ERR_NOT_FOUND);
		return;
	}
	assert_int_equal(call_table_full(w->table, slot, &teid, &out), ERR_OK);
	assert_true(teid == k->teid && out.len == k->n && memcmp(buf, k->record, k->n) == 0);
	assert_int_equal(call_table_record(w->table, slot, &teid, buf, &n), ERR_OK);
	assert_true(n == k->n && memcmp(buf, k->record, k->n) == 0);
	for (unsigned i = 0; i < MICROS; i++) {
		wbuf_init(&out, buf, sizeof buf);
		wbuf_init(&want, cut, sizeof cut);
		assert_int_equal(call_table_cut(w->table, slot, micros[i], &teid, &out), ERR_OK);
		assert_int_equal(call_rows_cut(k->record, k->n, micros[i], &want), ERR_OK);
		assert_true(out.len == want.len && memcmp(buf, cut, want.len) == 0);
	}
}

/* A table that gets the records as they are now, without their history, has the same sums. */
static void
assert_same_sums(struct world *w)
{
	struct world fresh;
	uint32_t at = 0;

	start(&fresh, 1);
	for (uint32_t slot = 0; slot < SLOTS; slot++) {
		const struct kept *k = &w->kept[slot];

		if (k->teid != 0)
			assert_int_equal(
			    call_table_place(fresh.table, k->teid, k->record, k->n, call_rows_key(1000 + slot, 15, 5)),
			    ERR_OK);
	}
	assert_true(digest_sum(call_table_digest(w->table)) == digest_sum(call_table_digest(fresh.table)));
	assert_int_equal(call_table_scrub(w->table, &at, SLOTS), ERR_OK);
	assert_int_equal(digest_damaged(call_table_digest(w->table)), 0);
	stop(&fresh);
}

static void
records_are_those_of_a_table_that_makes_every_record_anew(void **state)
{
	static struct world w;

	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		start(&w, seed);
		for (unsigned step = 0; step < STEPS; step++) {
			uint32_t slot = rng_below(&w.rng, SLOTS), dice = rng_below(&w.rng, 1000);

			if (w.kept[slot].teid == 0 || dice < 50)
				place(&w, slot);
			else if (dice < 60)
				drop(&w, slot);
			else
				merge(&w, slot);
			if (dice == 999)
				restart(&w);
			assert_same(&w, slot);
			if (step % 1000 == 0)
				assert_same_sums(&w);
		}
		for (uint32_t slot = 0; slot < SLOTS; slot++)
			assert_same(&w, slot);
		stop(&w);
	}
}

/* The longest record there may be: a change that would make it longer is refused, and nothing changes. */
static void
a_record_does_not_grow_past_its_bound_by_a_side(void **state)
{
	static const uint8_t active_s[] = {32, 4, 0, 0, 0, 9}, shorter[] = {36, 90};
	static struct world w;
	struct kept *k = &w.kept[3];
	uint8_t filler[ARENA_RECORD_MAX] = {0};

	(void)state;
	start(&w, 9);
	place(&w, 3);
	/* fields of a later release fill it up to six octets less, then to five */
	for (size_t left = sizeof active_s; left + 1 >= sizeof active_s; left--) {
		struct call c = random_call(&w.rng, k->teid);
		struct wbuf out;
		uint8_t id = 200;

		c.present &= ~(CALL_HAS(CALL_F_ACTIVE_S) | CALL_HAS(CALL_F_REPEATS) | CALL_HAS(CALL_F_REFUSED));
		wbuf_init(&out, k->record, sizeof k->record);
		assert_int_equal(call_rows_encode(&c, &out), ERR_OK);
		while (out.len < ARENA_RECORD_MAX - left) {
			size_t room = ARENA_RECORD_MAX - left - out.len, len = room < 202 ? room - 2 : shorter[1];

			wbuf_u8(&out, id++);
			wbuf_u8(&out, (uint8_t)len);
			wbuf_bytes(&out, filler, len);
		}
		k->n = out.len;
		assert_int_equal(k->n, ARENA_RECORD_MAX - left);
		assert_int_equal(call_table_place(w.table, k->teid, k->record, k->n, call_rows_key(1003, 15, 5)),
		                 ERR_OK);
		assert_int_equal(call_table_merge(w.table, k->teid, active_s, sizeof active_s),
		                 left >= sizeof active_s ? ERR_OK : ERR_FULL);
		if (left < sizeof active_s)
			assert_same(&w, 3);
	}
	stop(&w);
}

static void
a_change_of_a_damaged_side_is_refused(void **state)
{
	static const uint8_t bytes_in[] = {29, 8, 0, 0, 0, 0, 0, 0, 0, 9};
	static struct world w;
	struct arena_view v;
	uint8_t *octet;

	(void)state;
	start(&w, 4);
	place(&w, 3);
	assert_int_equal(arena_peek(&w.arena, 3, &v), ERR_OK);
	octet = (uint8_t *)w.mem + (v.side.p - (const uint8_t *)w.mem) + 5;
	*octet ^= 8;
	assert_int_equal(call_table_merge(w.table, w.kept[3].teid, bytes_in, sizeof bytes_in), ERR_CORRUPT);
	*octet ^= 8;
	assert_same(&w, 3);
	assert_int_equal(call_table_merge(w.table, w.kept[3].teid, bytes_in, sizeof bytes_in), ERR_OK);
	stop(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(records_are_those_of_a_table_that_makes_every_record_anew),
	    cmocka_unit_test(a_record_does_not_grow_past_its_bound_by_a_side),
	    cmocka_unit_test(a_change_of_a_damaged_side_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
