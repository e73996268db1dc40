/*
 * checkpoint_pair_world.h - the two sides of checkpoint_pair.c: their tables, link cores and what these tell, and the
 * faults that are counted.
 */
#ifndef TESTS_CHECKPOINT_PAIR_WORLD_H
#define TESTS_CHECKPOINT_PAIR_WORLD_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "checkpoint/ckpt.h"
#include "checkpoint/compress.h"
#include "session/call_ckpt.h"
#include "session/call_rows.h"

enum { SLOTS = 300, STEPS = 1500, PIPE = 1 << 20, IMSIS = 400 };

enum fault {
	CUT,
	MID_FRAME_CUT,
	PARTIAL,
	CRASH_ACTIVE,
	CRASH_STANDBY,
	PLANNED,
	UNPLANNED,
	DUAL,
	ABORTED,
	FULL_SYNC,
	CHANGES_SYNC,
	ACKED_CHECKS,
	DELETED_CHECKS,
	LOST_NAMED,
	ON_ZLIB,
	ON_LZ4,
	PROVED,
	SPOILED_BIT,
	SPOILED_LOST,
	SPOILED_STALE,
	TAKEN_BACK,
	AUDITED,
	NACKED,
	FAULT_COUNT
};

static const char *const fault_names[FAULT_COUNT] = {
    "cut",         "cut-in-frame",  "partial",   "crash-active", "crash-standby", "planned",         "unplanned",
    "dual-active", "aborted-flush", "full-sync", "changes-sync", "acked-checked", "deleted-checked", "lost-named",
    "on-zlib",     "on-lz4",        "proved",    "flipped-bit",  "lost-call",     "stale-call",      "taken-back",
    "audited",     "failed-apply"};

static uint64_t faults[FAULT_COUNT];
static uint64_t seed_now;

#define CHECK(cond, ...)                                                                                               \
	do {                                                                                                           \
		if (!(cond)) {                                                                                         \
			fprintf(stderr, "checkpoint_pair: seed %" PRIu64 ": line %d: ", seed_now, __LINE__);           \
			fprintf(stderr, __VA_ARGS__);                                                                  \
			fputc('\n', stderr);                                                                           \
			exit(1);                                                                                       \
		}                                                                                                      \
	} while (0)

struct side {
	int id;
	void *mem;
	struct call_table *table;
	struct ckpt_ops ops;
	struct ckpt *ckpt;
	struct call_store store;
	uint8_t *out; /* bytes on the way to the other side */
	size_t out_len;
	bool is_lz4; /* configured */
	bool is_flushed;
};

struct world {
	struct rng rng;
	struct side sides[2];
	uint64_t now_ms;
	uint64_t epoch;
	uint64_t incarnation;
	uint32_t duration_ms;
	int active;
	bool is_up;
	bool is_spoiled;
	bool is_narrow; /* the pipe takes a dozen records at a time, so that a full sync lasts */
};

static uint64_t world_now;

static struct ckpt_audit last_audit;
static unsigned audits;

static void
on_audited(void *arg, const struct ckpt_audit *a)
{
	(void)arg;
	last_audit = *a;
	audits++;
}

static void
on_created(void *arg, uint32_t slot)
{
	ckpt_call_created(((struct side *)arg)->ckpt, slot, CKPT_NON_IMS, world_now);
}

static void
on_changed(void *arg, uint32_t slot, uint32_t groups)
{
	ckpt_call_changed(((struct side *)arg)->ckpt, slot, groups);
}

static void
on_released(void *arg, uint32_t slot, uint32_t tomb)
{
	ckpt_call_released(((struct side *)arg)->ckpt, slot, tomb);
}

/* On some seeds one in so many records cannot be applied, whatever it is; 0: all can. */
static uint32_t fails_one_in;
static struct rng fail_rng;

/* A record that cannot be had back is the end of its call, here as in the session manager. */
static void
on_mended(void *arg, uint32_t teid, bool is_restored, const uint8_t *p, size_t n)
{
	const struct tombstone t = {.teid = teid, .cause = 128};
	struct call_store store = call_table_store(arg);

	(void)p;
	(void)n;
	if (!is_restored)
		(void)store.ops->release(store.arg, &t);
}

static enum err
apply_or_fail(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	static const enum err why[] = {ERR_NOT_FOUND, ERR_EXISTS, ERR_FULL};

	if (fails_one_in == 0 || rng_below(&fail_rng, fails_one_in) != 0)
		return call_ckpt_ops.apply(arg, kind, teid, p, n, token);
	faults[NACKED]++;
	return why[rng_below(&fail_rng, 3)];
}

static void
side_start(struct world *w, struct side *s)
{

	struct arena arena;
	struct call_table_events events = {on_created, on_changed, on_released, s, NULL};
	struct ckpt_config cfg = {.instance = 1,
	                          .chassis_id = (uint64_t)s->id + 1,
	                          .incarnation = ++w->incarnation,
	                          .slots = SLOTS,
	                          .tombs = CALL_TOMBS,
	                          .settings = {.duration_ms = {w->duration_ms, w->duration_ms},
	                                       .is_aggressive = true,
	                                       .is_nack = {true, true},
	                                       .nacks_max = {3, 3},
	                                       .periodic_ms = 60000},
	                          .schema = 1,
	                          .ops = &s->ops};

	s->ops = call_ckpt_ops;
	s->ops.audited = on_audited;
	s->ops.apply = apply_or_fail;
	s->ops.mended = on_mended;
	s->mem = calloc(1, arena_bytes(SLOTS));
	CHECK(s->mem != NULL && arena_init(&arena, s->mem, arena_bytes(SLOTS), 1, SLOTS) == ERR_OK, "arena");
	s->table = call_table_new(&arena, &events);
	cfg.arg = s->table;
	cfg.digest = call_table_digest(s->table);
	s->ckpt = ckpt_new(&cfg);
	s->store = call_table_store(s->table);
	s->out_len = 0;
	CHECK(s->table != NULL && s->ckpt != NULL, "memory");
}

static void
side_stop(struct side *s)
{
	const uint64_t *n = ckpt_counters(s->ckpt);

	faults[FULL_SYNC] += n[CKPT_SYNCS_FULL];
	faults[CHANGES_SYNC] += n[CKPT_SYNCS_CHANGES];
	CHECK(fails_one_in > 0 || n[CKPT_FULL_FAILED] + n[CKPT_MICRO_FAILED] + n[CKPT_INVALIDATE_FAILED] == 0,
	      "a checkpoint failed");
	CHECK(n[CKPT_REJECTED] == 0, "%s refused: %s", ckpt_verdict(s->ckpt)->frame, ckpt_verdict(s->ckpt)->field);
	ckpt_free(s->ckpt);
	call_table_free(s->table);
	free(s->mem);
}

#endif
