/*
 * ckpt_rig.h - two link cores, each over its own call table, and the bytes between them moved by hand.
 */
#ifndef TESTS_CKPT_RIG_H
#define TESTS_CKPT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_wire.h"
#include "checkpoint/compress.h"
#include "session/call_account.h"
#include "session/call_ckpt.h"
#include "session/call_rows.h"

enum { SLOTS = 2000, OUT = 1 << 20, INSTANCE = 1 };

struct side {
	void *mem;
	struct call_table *table;
	struct call_store store;
	struct ckpt *ckpt;
	struct ckpt_ops ops;
	uint8_t *out;
	size_t out_len;
	unsigned flushes;
	struct ckpt_nack_storm storm; /* the last that was told */
	unsigned storms;
	struct call_account window;
	unsigned accounted, accounting_ends;
	enum err flush_result;
	unsigned audits;
	struct ckpt_audit audit;
};

static struct side a, b;
static uint64_t now;
static enum ckpt_age_class age_of_next; /* of calls that are added */

static inline enum err
side_check(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t *token, const char **field)
{
	return call_ckpt_ops.check(((struct side *)arg)->table, kind, teid, p, n, token, field);
}

static inline enum err
side_read_full(void *arg, uint32_t slot, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_full(((struct side *)arg)->table, slot, teid, out);
}

static inline enum err
side_read_micro(void *arg, uint32_t slot, uint32_t group, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_micro(((struct side *)arg)->table, slot, group, teid, out);
}

static inline enum err
side_read_tomb(void *arg, uint32_t tomb, uint32_t *teid, struct wbuf *out)
{
	return call_ckpt_ops.read_tomb(((struct side *)arg)->table, tomb, teid, out);
}

static inline enum err
side_apply(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	return call_ckpt_ops.apply(((struct side *)arg)->table, kind, teid, p, n, token);
}

static inline bool
side_drop(void *arg, uint32_t slot)
{
	return call_table_drop(((struct side *)arg)->table, slot);
}

static inline enum err
side_scrub(void *arg, uint32_t *slot, uint32_t max)
{
	return call_ckpt_ops.scrub(((struct side *)arg)->table, slot, max);
}

static inline uint32_t
side_slots_used(void *arg)
{
	return call_ckpt_ops.slots_used(((struct side *)arg)->table);
}

static inline uint32_t
side_teid(void *arg, uint32_t slot)
{
	return call_ckpt_ops.teid(((struct side *)arg)->table, slot);
}

static inline void
side_audited(void *arg, const struct ckpt_audit *audit)
{
	struct side *s = arg;

	s->audits++;
	s->audit = *audit;
}

static inline void
side_storm(void *arg, const struct ckpt_nack_storm *storm)
{
	struct side *s = arg;

	s->storm = *storm;
	s->storms++;
}

static inline void
side_flushed(void *arg, enum err result)
{
	struct side *s = arg;

	s->flushes++;
	s->flush_result = result;
}

static inline void
side_account(void *arg, uint32_t teid, const uint8_t *p, size_t n)
{
	struct side *s = arg;
	struct call mine;

	s->accounted++;
	if (s->store.ops->get(s->store.arg, teid, &mine) == ERR_OK &&
	    call_account_merge(&s->window, &mine, p, n) == ERR_OK)
		assert_int_equal(s->store.ops->update(s->store.arg, &mine, CKPT_GROUP_ACCOUNTING), ERR_OK);
}

static inline void
side_accounting_ended(void *arg)
{
	((struct side *)arg)->accounting_ends++;
}

static const struct ckpt_ops side_ops = {.read_full = side_read_full,
                                         .read_micro = side_read_micro,
                                         .read_tomb = side_read_tomb,
                                         .check = side_check,
                                         .apply = side_apply,
                                         .drop = side_drop,
                                         .nack_storm = side_storm,
                                         .account = side_account,
                                         .accounting_ended = side_accounting_ended,
                                         .scrub = side_scrub,
                                         .slots_used = side_slots_used,
                                         .teid = side_teid,
                                         .audited = side_audited,
                                         .flushed = side_flushed};

static inline void
on_created(void *arg, uint32_t slot)
{
	ckpt_call_created(((struct side *)arg)->ckpt, slot, age_of_next, now);
}

static inline void
on_changed(void *arg, uint32_t slot, uint32_t groups)
{
	ckpt_call_changed(((struct side *)arg)->ckpt, slot, groups);
}

static inline void
on_released(void *arg, uint32_t slot, uint32_t tomb)
{
	ckpt_call_released(((struct side *)arg)->ckpt, slot, tomb);
}

static inline void
side_start_with(struct side *s, uint64_t id, bool is_aggressive, const struct ckpt_ops *ops)
{
	struct call_table_events events = {on_created, on_changed, on_released, s, NULL};
	struct ckpt_config cfg = {.instance = INSTANCE,
	                          .chassis_id = id,
	                          .incarnation = id * 100,
	                          .slots = SLOTS,
	                          .tombs = CALL_TOMBS,
	                          .settings = {.is_aggressive = is_aggressive},
	                          .schema = 1,
	                          .ops = ops,
	                          .arg = s};
	struct arena arena;

	*s = (struct side){.mem = calloc(1, arena_bytes(SLOTS)), .out = malloc(OUT)};
	assert_int_equal(arena_init(&arena, s->mem, arena_bytes(SLOTS), INSTANCE, SLOTS), ERR_OK);
	s->table = call_table_new(&arena, &events);
	s->store = call_table_store(s->table);
	cfg.digest = call_table_digest(s->table);
	s->ckpt = ckpt_new(&cfg);
	assert_non_null(s->ckpt);
}

static inline void
side_start(struct side *s, uint64_t id, bool is_aggressive)
{
	side_start_with(s, id, is_aggressive, &side_ops);
}

static inline void
side_stop(struct side *s)
{
	ckpt_free(s->ckpt);
	call_table_free(s->table);
	free(s->mem);
	free(s->out);
}

static inline int
setup(void **state)
{
	(void)state;
	now = 100000;
	age_of_next = CKPT_NON_IMS;
	side_start(&a, 1, true);
	side_start(&b, 2, true);
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, 1);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	side_stop(&a);
	side_stop(&b);
	return 0;
}

static inline void
join(void)
{
	assert_int_equal(ckpt_connected(a.ckpt, true, now), ERR_OK);
	assert_int_equal(ckpt_connected(b.ckpt, false, now), ERR_OK);
}

static inline void
cut(void)
{
	a.out_len = b.out_len = 0;
	ckpt_disconnected(a.ckpt);
	ckpt_disconnected(b.ckpt);
}

static inline void
fill(struct side *s)
{
	struct wbuf w;

	wbuf_init(&w, s->out + s->out_len, OUT - s->out_len);
	assert_int_equal(ckpt_fill(s->ckpt, &w, now), ERR_OK);
	s->out_len += w.len;
}

static inline bool
move(struct side *from, struct side *to)
{
	bool has_moved = false;

	if (ckpt_wants_fill(from->ckpt)) {
		fill(from);
		has_moved = true;
	}
	if (from->out_len > 0) {
		assert_int_equal(ckpt_input(to->ckpt, from->out, from->out_len, now), ERR_OK);
		from->out_len = 0;
		has_moved = true;
	}
	return has_moved;
}

static inline void
run(void)
{
	for (int i = 0; i < 10000; i++)
		if (!(move(&a, &b) | move(&b, &a)))
			return;
	fail_msg("no rest");
}

static inline uint32_t
add(struct side *s, uint64_t imsi)
{
	struct call c = {.imsi = imsi, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

	c.present =
	    CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE);
	assert_int_equal(s->store.ops->add(s->store.arg, &c), ERR_OK);
	return c.teid;
}

static inline void
count_bytes(struct side *s, uint32_t teid, uint64_t bytes)
{
	struct call c;

	assert_int_equal(s->store.ops->get(s->store.arg, teid, &c), ERR_OK);
	c.in_bytes = bytes;
	c.present |= CALL_HAS(CALL_F_IN_BYTES);
	assert_int_equal(s->store.ops->update(s->store.arg, &c, CKPT_GROUP_STATS), ERR_OK);
}

static inline void
drop_call(struct side *s, uint32_t teid)
{
	struct tombstone t = {.teid = teid, .cause = 128, .seq = 7};

	assert_int_equal(s->store.ops->release(s->store.arg, &t), ERR_OK);
}

static inline uint64_t
counter(struct side *s, enum ckpt_counter n)
{
	return ckpt_counters(s->ckpt)[n];
}

/* Both sides read their records and their timers run, every @step ms for @ms. */
static inline void
pass_by(uint64_t ms, unsigned step)
{
	for (uint64_t t = 0; t < ms; t += step) {
		now += step;
		ckpt_scrub(a.ckpt, now);
		ckpt_scrub(b.ckpt, now);
		assert_int_equal(ckpt_tick(a.ckpt, now), ERR_OK);
		assert_int_equal(ckpt_tick(b.ckpt, now), ERR_OK);
		run();
	}
}

#endif
