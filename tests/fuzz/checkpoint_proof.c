/*
 * checkpoint_proof.c - any PROOF frames into a link core that is in sync with another, of either role. The first byte
 * picks the role; then come frames: length, step, bytes. Round, batch number and checksum are put right, so that what
 * stands behind them is reached.
 */
#include <stdlib.h>
#include <string.h>

#include "checkpoint/ckpt_proof.h"
#include "session/arena_layout.h"
#include "session/call_ckpt.h"
#include "session/call_rows.h"

enum { SLOTS = 1500, TOMBS = 64, CALLS = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct side {
	void *mem;
	struct call_table *table;
	struct ckpt *ckpt;
};

static uint64_t now_ms;

static void
mended(void *arg, uint32_t teid, bool is_restored, const uint8_t *p, size_t n)
{
	(void)p, (void)n;
	if (!is_restored)
		(void)call_table_drop(arg, teid_slot(teid));
}

/* Something is to be mended: the stored record of the first call is another one. */
static void
damage(struct side *s)
{
	struct arena arena;
	struct arena_view v;

	if (arena_attach(&arena, s->mem, arena_bytes(SLOTS)) == ERR_OK && arena_peek(&arena, 0, &v) == ERR_OK)
		((uint8_t *)s->mem)[v.rest + v.rest_len / 2 - (const uint8_t *)s->mem] ^= 4;
	ckpt_scrub(s->ckpt, now_ms);
}

static void
add_calls(struct side *s)
{
	struct call_store store = call_table_store(s->table);
	for (uint64_t i = 0; i < CALLS; i++) {
		struct call c = {.imsi = 1000 + i, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

		c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
		            CALL_HAS(CALL_F_STATE);
		(void)store.ops->add(store.arg, &c);
	}
}

static void
start(struct side *s, uint64_t id)
{
	static struct ckpt_ops ops;
	struct ckpt_config cfg = {.instance = 1,
	                          .chassis_id = id,
	                          .incarnation = id,
	                          .slots = SLOTS,
	                          .tombs = TOMBS,
	                          .settings = {.is_aggressive = true},
	                          .ops = &ops};
	struct arena arena;

	ops = call_ckpt_ops;
	ops.mended = mended;

	if (s->table == NULL) {
		s->mem = calloc(1, arena_bytes(SLOTS));
		if (s->mem == NULL || arena_init(&arena, s->mem, arena_bytes(SLOTS), 1, SLOTS) != ERR_OK)
			abort();
		s->table = call_table_new(&arena, NULL);
		if (id == 1)
			add_calls(s);
	}
	cfg.arg = s->table;
	cfg.digest = call_table_digest(s->table);
	s->ckpt = ckpt_new(&cfg);
	if (s->ckpt == NULL)
		abort();
}

static bool
move(struct side *from, struct side *to)
{
	static uint8_t out[CKPT_FILL_ROOM];
	struct wbuf w;

	if (!ckpt_wants_fill(from->ckpt))
		return false;
	wbuf_init(&w, out, sizeof out);
	if (ckpt_fill(from->ckpt, &w, now_ms) != ERR_OK || ckpt_input(to->ckpt, out, w.len, now_ms) != ERR_OK)
		abort(); /* two good sides understand each other */
	return true;
}

/* Both in sync with a dozen calls; the standby lacks one, so that a round has something to say. */
static void
join(struct side *active, struct side *standby)
{
	bool has_moved = true;

	ckpt_set_role(active->ckpt, CKPT_ACTIVE, 1);
	ckpt_connected(active->ckpt, true, now_ms);
	ckpt_connected(standby->ckpt, false, now_ms);
	for (unsigned turns = 0; has_moved && turns < 1000; turns++) {
		has_moved = move(active, standby);
		has_moved = move(standby, active) || has_moved;
	}
	(void)call_table_drop(standby->table, 3);
}

static void
give(struct ckpt *c, uint8_t step, const uint8_t *p, size_t n)
{
	static uint8_t frame[1024], out[CKPT_FILL_ROOM];
	struct wbuf w;
	size_t at;

	wbuf_init(&w, frame, sizeof frame);
	at = proof_begin(c, &w, (enum proof_step)step);
	if (step == PROOF_ROOT || step == PROOF_BUCKETS || step == PROOF_SLOTS)
		wbuf_u64(&w, c->rx.next_batch);
	wbuf_bytes(&w, p, n);
	proof_end(&w, at);
	if (ckpt_input(c, frame, w.len, now_ms) != ERR_OK)
		return;
	for (unsigned i = 0; i < 20 && ckpt_wants_fill(c); i++) {
		wbuf_init(&w, out, sizeof out);
		(void)ckpt_fill(c, &w, now_ms);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct side active, standby; /* the tables stay, the full sync of each run mends the standby's */
	struct ckpt *c;
	size_t at = 1;

	if (size < 3 || size > 4096)
		return 0;
	now_ms = 1000;
	start(&active, 1);
	start(&standby, 2);
	join(&active, &standby);
	c = data[0] & 1 ? active.ckpt : standby.ckpt;
	if (data[0] & 4)
		damage(&active);
	if (data[0] & 2)
		(void)ckpt_audit_begin(active.ckpt, true, now_ms);
	if (data[0] & 1) {
		now_ms += 1000;
		ckpt_tick(c, now_ms); /* a round begins */
		(void)move(&active, &standby);
	}
	while (size - at >= 2) {
		size_t n = data[at];
		uint8_t step = data[at + 1];

		at += 2;
		if (n > size - at)
			n = size - at;
		give(c, step, data + at, n);
		at += n;
	}
	ckpt_scrub(c, now_ms);
	ckpt_tick(c, now_ms + 300);
	(void)ckpt_counters(c);
	ckpt_free(active.ckpt);
	ckpt_free(standby.ckpt);
	return 0;
}
