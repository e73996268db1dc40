/*
 * checkpoint_pair.c - two session managers, each a call table and a link core, in virtual time over a pipe that is cut,
 * delivers pieces of any size, and between which roles turn, planned and unplanned, and processes die.
 *
 * After each history both sides come to rest and must hold the same records; then the standby's are spoiled, and an
 * audit must name and mend exactly that. On the way: what an active was told is acknowledged survives its death, and a
 * call whose deletion was acknowledged never returns. A history of faults that did not occur at all fails the run.
 *
 * Arguments: first seed, number of seeds; without them FIRST_SEED and SEEDS of the environment.
 */
#include "tests/sim/checkpoint_pair_world.h"

/* --- the pipe -------------------------------------------------------------------------------------- */

static void
link_cut(struct world *w)
{
	if (!w->is_up)
		return;
	faults[CUT]++;
	for (int i = 0; i < 2; i++) {
		faults[MID_FRAME_CUT] += w->sides[i].out_len > 0;
		w->sides[i].out_len = 0;
		ckpt_disconnected(w->sides[i].ckpt);
	}
	w->is_up = false;
}

static void
link_join(struct world *w)
{
	if (w->is_up)
		return;
	for (int i = 0; i < 2; i++) {
		w->sides[i].is_lz4 = rng_below(&w->rng, 3) != 0;
		ckpt_offer(w->sides[i].ckpt, w->sides[i].is_lz4 ? COMPRESS_OFFERED_LZ4 : COMPRESS_OFFERED);
	}
	for (int i = 0; i < 2; i++)
		CHECK(ckpt_connected(w->sides[i].ckpt, i == 0, w->now_ms) == ERR_OK, "connect");
	w->is_up = true;
}

/* Moves a random part of what is under way, and lets one side fill. */
static void
link_move(struct world *w, int from, bool is_all)
{
	struct side *s = &w->sides[from], *to = &w->sides[!from];
	size_t n = s->out_len;
	struct wbuf out;
	enum err e;

	if (!w->is_up)
		return;
	if (n > 0 && !is_all && rng_below(&w->rng, 2) == 0) {
		n = rng_below(&w->rng, (uint32_t)n + 1);
		faults[PARTIAL]++;
	}
	if (n > 0) {
		e = ckpt_input(to->ckpt, s->out, n, w->now_ms);
		CHECK(e == ERR_OK, "%s: %s", ckpt_verdict(to->ckpt)->frame, ckpt_verdict(to->ckpt)->field);
		memmove(s->out, s->out + n, s->out_len - n);
		s->out_len -= n;
	}
	if (!ckpt_wants_fill(s->ckpt) || PIPE - s->out_len < CKPT_FILL_ROOM)
		return;
	/* Sometimes there is little room, so that batches are small and many. */
	wbuf_init(&out, s->out + s->out_len, !w->is_narrow && rng_below(&w->rng, 3) ? CKPT_FILL_ROOM : CKPT_FILL_MIN);
	CHECK(ckpt_fill(s->ckpt, &out, w->now_ms) == ERR_OK, "fill");
	s->out_len += out.len;
}

static void
advance(struct world *w, uint64_t ms)
{
	w->now_ms += ms;
	world_now = w->now_ms;
	for (int i = 0; i < 2; i++)
		if (ckpt_tick(w->sides[i].ckpt, w->now_ms) != ERR_OK)
			link_cut(w);
	/* A comparison is exact in every history: only what a test spoils may ever differ. */
	for (int i = 0; i < 2; i++) {
		ckpt_scrub(w->sides[i].ckpt, w->now_ms);
		CHECK(w->is_spoiled || ckpt_counters(w->sides[i].ckpt)[CKPT_NOW_DIFFERENT] == 0,
		      "side %d says that calls differ", i);
	}
}

/* --- histories ------------------------------------------------------------------------------------- */

static struct call
random_call(struct rng *r)
{
	struct call c = {
	    .imsi = UINT64_C(262010000000000) + rng_below(r, IMSIS), .imsi_digits = 15, .state = CALL_CONNECTED};

	c.nsapi = 5;
	c.address = addr_v4(0x0a000000u + rng_below(r, 65536));
	c.charging_id = (uint32_t)rng_next(r);
	snprintf(c.apn, sizeof c.apn, "internet%u", (unsigned)rng_below(r, 1000));
	c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_ADDRESS) | CALL_HAS(CALL_F_CHARGING_ID) |
	            CALL_HAS(CALL_F_APN);
	return c;
}

static bool
random_existing(struct world *w, struct side *s, struct call *c)
{
	return s->store.ops->find(s->store.arg, UINT64_C(262010000000000) + rng_below(&w->rng, IMSIS), 15, 5, c) ==
	       ERR_OK;
}

static void
update(struct world *w, struct side *s)
{
	uint32_t groups = CKPT_GROUP_SESSION;
	struct call c;

	if (!random_existing(w, s, &c))
		return;
	if (rng_below(&w->rng, 2)) {
		c.peer_teid_control = (uint32_t)rng_next(&w->rng);
		c.updates++;
		c.present |= CALL_HAS(CALL_F_PEER_TEID_CONTROL) | CALL_HAS(CALL_F_UPDATES);
	} else {
		c.in_bytes += rng_below(&w->rng, 100000);
		c.active_s = (uint32_t)(w->now_ms / 1000);
		c.present |= CALL_HAS(CALL_F_IN_BYTES) | CALL_HAS(CALL_F_ACTIVE_S);
		groups = CKPT_GROUP_STATS | CKPT_GROUP_IDLE;
	}
	CHECK(s->store.ops->update(s->store.arg, &c, groups) == ERR_OK, "update");
}

static void
release(struct world *w, struct side *s)
{
	struct tombstone t = {.seq = (uint16_t)rng_next(&w->rng), .cause = 128, .port = 2123};
	struct call c;

	if (!random_existing(w, s, &c))
		return;
	t.teid = c.teid;
	t.peer = addr_v4(0x7f000001);
	CHECK(s->store.ops->release(s->store.arg, &t) == ERR_OK, "release");
}

static void
work(struct world *w, struct side *s)
{
	uint32_t dice = rng_below(&w->rng, 10);
	struct call c;

	if (dice < 4) {
		c = random_call(&w->rng);
		s->store.ops->add(s->store.arg, &c);
	} else if (dice < 8) {
		update(w, s);
	} else {
		release(w, s);
	}
}

/* --- what must hold -------------------------------------------------------------------------------- */

struct picture {
	bool is_acked[SLOTS]; /* the record, or its absence, is acknowledged */
	uint32_t teids[SLOTS];
	uint8_t records[SLOTS][ARENA_RECORD_MAX];
	size_t lens[SLOTS];
};

static struct picture *
picture_take(struct side *s)
{
	struct picture *p = calloc(1, sizeof *p);
	struct ckpt_unacked u;
	uint64_t cursor = 0;

	CHECK(p != NULL, "memory");
	for (uint32_t i = 0; i < SLOTS; i++) {
		p->is_acked[i] = true;
		if (call_table_record(s->table, i, &p->teids[i], p->records[i], &p->lens[i]) != ERR_OK)
			p->teids[i] = 0;
	}
	while (ckpt_unacked_next(s->ckpt, &cursor, &u)) {
		struct tombstone t;

		if (!u.is_tomb)
			p->is_acked[u.index] = false;
		else if (call_table_tomb(s->table, u.index, &t) == ERR_OK)
			p->is_acked[teid_slot(t.teid)] = false;
		faults[LOST_NAMED] += u.is_never_held;
	}
	return p;
}

/* The survivor must have what the dead active was told is acknowledged, unless a full sync had not ended yet. */
static void
picture_check(const struct picture *p, struct side *survivor)
{
	uint8_t buf[ARENA_RECORD_MAX];

	for (uint32_t i = 0; i < SLOTS; i++) {
		uint32_t teid = 0;
		size_t n = 0;
		enum err e = call_table_record(survivor->table, i, &teid, buf, &n);

		if (!p->is_acked[i])
			continue;
		faults[p->teids[i] ? ACKED_CHECKS : DELETED_CHECKS]++;
		if (p->teids[i] == 0)
			CHECK(e == ERR_NOT_FOUND, "slot %u: a deleted call returned", (unsigned)i);
		else
			CHECK(e == ERR_OK && n == p->lens[i] && memcmp(buf, p->records[i], n) == 0,
			      "slot %u: an acknowledged record is lost", (unsigned)i);
	}
}

static void
unplanned(struct world *w, enum fault why)
{
	struct side *old = &w->sides[w->active], *next = &w->sides[!w->active];
	bool is_synced = ckpt_sync(old->ckpt) == CKPT_SYNC_CHANGES && ckpt_conn(old->ckpt) == CKPT_CONN_READY &&
	                 ckpt_sync(next->ckpt) == CKPT_SYNC_CHANGES;
	struct picture *p = picture_take(old);

	/* Two active ones may also come about while this very connection lives: then what is under way arrives. */
	faults[why]++;
	if (why != DUAL || rng_below(&w->rng, 2))
		link_cut(w);
	ckpt_set_role(next->ckpt, CKPT_ACTIVE, ++w->epoch);
	call_table_set_role(next->table, CKPT_ACTIVE, w->epoch);
	if (is_synced)
		picture_check(p, next);
	free(p);
	w->active = !w->active;
}

static void
give_way(struct side *s, uint64_t epoch)
{
	ckpt_set_role(s->ckpt, CKPT_STANDBY, epoch);
	call_table_set_role(s->table, CKPT_STANDBY, epoch);
}

static void
settle(struct world *w)
{
	/* Work goes on while the sides come together, and then ceases. */
	link_join(w);
	for (int i = 0; i < 200; i++) {
		if (rng_below(&w->rng, 2))
			work(w, &w->sides[w->active]);
		link_move(w, 0, false);
		link_move(w, 1, false);
	}
	for (int i = 0; i < 20000 && !ckpt_is_quiet(w->sides[w->active].ckpt); i++) {
		advance(w, 10);
		link_move(w, 0, false);
		link_move(w, 1, false);
	}
	CHECK(ckpt_is_quiet(w->sides[w->active].ckpt), "no rest");
}

/* LZ4 when both were configured so as the link was made, zlib when not. */
static void
check_agreed(const struct world *w)
{
	bool is_lz4 = w->sides[0].is_lz4 && w->sides[1].is_lz4;

	for (int i = 0; i < 2; i++)
		CHECK(ckpt_counters(w->sides[i].ckpt)[CKPT_NOW_COMPRESSION] == (is_lz4 ? COMPRESS_LZ4 : COMPRESS_ZLIB),
		      "side %d agreed on another codec", i);
	faults[is_lz4 ? ON_LZ4 : ON_ZLIB]++;
}

static void
compare(struct world *w)
{
	uint8_t a[ARENA_RECORD_MAX], b[ARENA_RECORD_MAX];

	for (uint32_t i = 0; i < SLOTS; i++) {
		uint32_t ta = 0, tb = 0;
		size_t na = 0, nb = 0;
		enum err ea = call_table_record(w->sides[0].table, i, &ta, a, &na);
		enum err eb = call_table_record(w->sides[1].table, i, &tb, b, &nb);

		CHECK(ea == eb && ta == tb && na == nb && memcmp(a, b, na) == 0, "slot %u differs: %s %s", (unsigned)i,
		      err_text(ea), err_text(eb));
	}
	CHECK(call_table_count(w->sides[0].table) == call_table_count(w->sides[1].table), "counts differ");
}

#include "tests/sim/checkpoint_pair_proof.h"

static void
planned(struct world *w)
{
	struct side *old = &w->sides[w->active], *next = &w->sides[!w->active];

	if (ckpt_flush(old->ckpt) != ERR_OK)
		return;
	for (int i = 0; i < 3000 && !ckpt_is_quiet(old->ckpt); i++) {
		link_move(w, 0, false);
		link_move(w, 1, false);
		if (rng_below(&w->rng, 60) == 0) {
			faults[ABORTED]++;
			link_cut(w);
			ckpt_flush_cancel(old->ckpt);
			return;
		}
	}
	if (!ckpt_is_quiet(old->ckpt)) {
		ckpt_flush_cancel(old->ckpt);
		return;
	}
	compare(w);
	faults[PLANNED]++;
	ckpt_set_role(next->ckpt, CKPT_ACTIVE, ++w->epoch);
	call_table_set_role(next->table, CKPT_ACTIVE, w->epoch);
	if (rng_below(&w->rng, 2))
		link_move(w, next->id, false);
	give_way(old, w->epoch);
	w->active = next->id;
}

static void
crash(struct world *w, int id)
{
	bool was_active = w->active == id;

	if (was_active)
		unplanned(w, CRASH_ACTIVE);
	else
		faults[CRASH_STANDBY]++;
	link_cut(w);
	side_stop(&w->sides[id]);
	side_start(w, &w->sides[id]);
}

/* The link is lost, both are active and work; then the old one gives way. */
static void
dual(struct world *w)
{
	struct side *old = &w->sides[w->active];

	unplanned(w, DUAL);
	for (int i = 0; i < 30; i++) {
		work(w, old);
		work(w, &w->sides[w->active]);
		link_move(w, (int)rng_below(&w->rng, 2), false);
	}
	if (rng_below(&w->rng, 2))
		link_join(w);
	for (int i = 0; i < 10; i++) {
		link_move(w, 0, false);
		link_move(w, 1, false);
	}
	free(picture_take(old));
	give_way(old, w->epoch);
}

static void
step(struct world *w)
{
	uint32_t dice = rng_below(&w->rng, 1000);

	if (dice < 500)
		work(w, &w->sides[w->active]);
	else if (dice < 930)
		link_move(w, (int)rng_below(&w->rng, 2), false);
	else if (dice < 960)
		advance(w, rng_below(&w->rng, 300));
	else if (dice < 970)
		link_cut(w);
	else if (dice < 985)
		link_join(w);
	else if (dice < 988)
		crash(w, (int)rng_below(&w->rng, 2));
	else if (dice < 994)
		planned(w);
	else if (dice < 997)
		dual(w);
	else {
		int old = w->active;

		unplanned(w, UNPLANNED);
		give_way(&w->sides[old], w->epoch);
	}
}

static void
run(uint64_t seed)
{
	struct world w = {.rng = {.state = seed}, .now_ms = 1000000, .epoch = 1, .incarnation = seed * 1000};

	seed_now = seed;
	world_now = w.now_ms;
	fail_rng = (struct rng){.state = seed};
	fails_one_in = seed % 4 == 1 ? 40 : 0;
	w.is_narrow = seed % 2 == 0;
	w.duration_ms = seed % 3 == 0 ? 500 : 0;
	for (int i = 0; i < 2; i++) {
		w.sides[i].id = i;
		w.sides[i].out = malloc(PIPE);
		side_start(&w, &w.sides[i]);
	}
	ckpt_set_role(w.sides[0].ckpt, CKPT_ACTIVE, 1);
	call_table_set_role(w.sides[0].table, CKPT_ACTIVE, w.epoch);
	for (int i = 0; i < STEPS; i++) {
		step(&w);
		if (i % 500 == 499) {
			settle(&w);
			check_agreed(&w);
			compare(&w);
			prove(&w);
			spoil_and_audit(&w);
			compare(&w);
		}
	}
	for (int i = 0; i < 2; i++) {
		side_stop(&w.sides[i]);
		free(w.sides[i].out);
	}
}

static uint64_t
setting(int argc, char **argv, int at, const char *name, uint64_t otherwise)
{
	const char *text = argc > at ? argv[at] : getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

int
main(int argc, char **argv)
{
	uint64_t first = setting(argc, argv, 1, "FIRST_SEED", 1);
	uint64_t count = setting(argc, argv, 2, "SEEDS", 100);
	int never = 0;

	for (uint64_t s = first; s < first + count; s++)
		run(s);
	/* A handful of seeds need not meet every fault; ten do. */
	for (int i = 0; i < FAULT_COUNT; i++) {
		printf("%s %" PRIu64 "%s", fault_names[i], faults[i], i + 1 < FAULT_COUNT ? ", " : "\n");
		if (faults[i] == 0 && count >= 10) {
			fprintf(stderr, "checkpoint_pair: %s never happened\n", fault_names[i]);
			never = 1;
		}
	}
	return never;
}
