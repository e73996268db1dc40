/*
 * checkpoint_pair_proof.h - the part of checkpoint_pair.c that proves both sides equal, spoils records of both, and has
 * an audit mend them.
 */
#ifndef TESTS_CHECKPOINT_PAIR_PROOF_H
#define TESTS_CHECKPOINT_PAIR_PROOF_H

#include "checkpoint/ckpt_digest.h"
#include "session/arena_layout.h"

static void
turn(struct world *w)
{
	advance(w, 20);
	link_move(w, 0, false);
	link_move(w, 1, false);
}

/* At rest, a round ends in which everything was read again, and both sums are the same. */
static void
prove(struct world *w)
{
	uint64_t begun = w->now_ms, proved = 0;
	const struct call_table *t = w->sides[w->active].table;

	while (proved <= begun && w->now_ms < begun + 60000) {
		turn(w);
		proved = ckpt_counters(w->sides[0].ckpt)[CKPT_NOW_PROVED_MS];
		if (ckpt_counters(w->sides[1].ckpt)[CKPT_NOW_PROVED_MS] < proved)
			proved = ckpt_counters(w->sides[1].ckpt)[CKPT_NOW_PROVED_MS];
	}
	CHECK(proved > begun, "not proved");
	CHECK(ckpt_counters(w->sides[0].ckpt)[CKPT_NOW_DIGEST] == ckpt_counters(w->sides[1].ckpt)[CKPT_NOW_DIGEST],
	      "sums differ");
	CHECK(ckpt_counters(w->sides[!w->active].ckpt)[CKPT_NOW_PROOF_CALLS] == call_table_count(t), "calls proved");
	faults[PROVED]++;
}

static bool
spoil_bit(struct world *w, struct side *s, uint32_t slot)
{
	struct arena arena;
	struct arena_view v;

	CHECK(arena_attach(&arena, s->mem, arena_bytes(SLOTS)) == ERR_OK, "arena");
	if (arena_peek(&arena, slot, &v) != ERR_OK)
		return false;
	((uint8_t *)s->mem)[v.cell - (uint8_t *)s->mem + rng_below(&w->rng, (uint32_t)v.cell_bytes)] ^=
	    (uint8_t)(1u << rng_below(&w->rng, 8));
	return true;
}

/* A call of its own in a slot that holds none. */
static bool
spoil_stale(struct side *s, uint32_t slot)
{
	struct call c = {.imsi = 1000 + slot, .imsi_digits = 15, .nsapi = 6, .state = CALL_CONNECTED};
	uint8_t buf[ARENA_RECORD_MAX];
	struct wbuf w;

	if (call_table_teid(s->table, slot) != 0)
		return false;
	c.teid = teid_make(1, 3, slot);
	c.present = CALL_HAS(CALL_F_TEID) | CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) |
	            CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE);
	wbuf_init(&w, buf, sizeof buf);
	CHECK(call_rows_encode(&c, &w) == ERR_OK, "encode");
	return call_table_place(s->table, c.teid, buf, w.len, call_rows_key(c.imsi, 15, 6)) == ERR_OK;
}

static void
spoil_and_audit(struct world *w)
{
	uint32_t fails = fails_one_in;
	struct side *s = &w->sides[!w->active], *active = &w->sides[w->active];
	uint64_t restored = ckpt_counters(active->ckpt)[CKPT_RECORDS_RESTORED];
	uint32_t found[4] = {0}, slot = rng_below(&w->rng, 10), calls = call_table_count(active->table);

	fails_one_in = 0; /* an audit says what it could not mend, and here it can */
	w->is_spoiled = true;
	for (; slot < SLOTS; slot += 1 + rng_below(&w->rng, 60)) {
		uint32_t dice = rng_below(&w->rng, 4);

		if (dice == 0)
			found[0] += spoil_bit(w, s, slot);
		else if (dice == 1)
			found[1] += call_table_drop(s->table, slot);
		else if (dice == 2)
			found[3] += spoil_bit(w, active, slot);
		else
			found[2] += spoil_stale(s, slot);
	}
	audits = 0;
	CHECK(ckpt_audit_begin(active->ckpt, true, w->now_ms) == ERR_OK, "no audit");
	for (int i = 0; i < 20000 && audits == 0; i++)
		turn(w);
	CHECK(audits == 1 && last_audit.is_ended, "the audit did not end");
	CHECK(last_audit.found[CKPT_DAMAGED_STANDBY] == found[0] && last_audit.found[CKPT_MISSING] == found[1] &&
	          last_audit.found[CKPT_STALE] == found[2] && last_audit.found[CKPT_DIFFERS] == 0,
	      "the audit found %u %u %u instead of %u %u %u", (unsigned)last_audit.found[CKPT_DAMAGED_STANDBY],
	      (unsigned)last_audit.found[CKPT_MISSING], (unsigned)last_audit.found[CKPT_STALE], (unsigned)found[0],
	      (unsigned)found[1], (unsigned)found[2]);
	CHECK(last_audit.found[CKPT_DAMAGED_ACTIVE] == found[3] &&
	          ckpt_counters(active->ckpt)[CKPT_RECORDS_RESTORED] - restored == found[3] &&
	          call_table_count(active->table) == calls,
	      "of %u records damaged on the active %u were found and %u taken back, %u of %u calls are left",
	      (unsigned)found[3], (unsigned)last_audit.found[CKPT_DAMAGED_ACTIVE],
	      (unsigned)(ckpt_counters(active->ckpt)[CKPT_RECORDS_RESTORED] - restored),
	      (unsigned)call_table_count(active->table), (unsigned)calls);
	CHECK(last_audit.left == 0, "%u calls still differ", (unsigned)last_audit.left);
	prove(w);
	w->is_spoiled = false;
	fails_one_in = fails;
	faults[SPOILED_BIT] += found[0];
	faults[SPOILED_LOST] += found[1];
	faults[SPOILED_STALE] += found[2];
	faults[TAKEN_BACK] += found[3];
	faults[AUDITED]++;
}

#endif
