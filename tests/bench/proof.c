/*
 * proof.c - what the proof of sync costs at many calls: two link cores over their call tables in one thread, bytes
 * moved by hand. Prints the time of reading one record again, the longest slice, the background's share of a processor,
 * and how long an audit takes that finds and mends spoiled calls, by name.
 *
 * Arguments: calls (1000000), octets a record (624), calls spoiled (1000).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/rng.h"
#include "checkpoint/ckpt.h"
#include "checkpoint/ckpt_digest.h"
#include "session/call_ckpt.h"
#include "session/call_rows.h"

enum { SLOTS = 1 << 20, PIPE = 1 << 20, FILLER_ID = 200 };

struct side {
	void *mem;
	struct arena arena;
	struct call_table *table;
	struct ckpt_ops ops;
	struct ckpt *ckpt;
	uint8_t *out;
	size_t out_len;
};

static struct side sides[2];
static struct ckpt_audit audit;
static unsigned audits;
static uint64_t slice_max_ns;

static uint64_t
now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static uint64_t
now_ms(void)
{
	return now_ns(CLOCK_MONOTONIC) / 1000000;
}

static void
die(const char *what)
{
	fprintf(stderr, "proof: %s\n", what);
	exit(1);
}

static void
on_audited(void *arg, const struct ckpt_audit *a)
{
	(void)arg;
	audit = *a;
	audits++;
}

static void
start(struct side *s, unsigned id)
{
	size_t bytes = arena_bytes(SLOTS);
	struct ckpt_config cfg = {.instance = 1,
	                          .chassis_id = id,
	                          .incarnation = id,
	                          .slots = SLOTS,
	                          .tombs = CALL_TOMBS,
	                          .settings = {.is_aggressive = true},
	                          .schema = 1};

	s->mem = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->mem == MAP_FAILED || arena_init(&s->arena, s->mem, bytes, 1, SLOTS) != ERR_OK)
		die("no memory");
	s->table = call_table_new(&s->arena, NULL);
	s->out = malloc(PIPE);
	s->ops = call_ckpt_ops;
	s->ops.audited = on_audited;
	cfg.ops = &s->ops;
	cfg.arg = s->table;
	cfg.digest = call_table_digest(s->table);
	s->ckpt = ckpt_new(&cfg);
	if (s->ckpt == NULL || s->out == NULL)
		die("no memory");
}

/* A call, filled up to @bytes by fields of a later release, which are kept as they are. */
static void
add(struct side *s, uint32_t slot, size_t bytes, struct rng *rng)
{
	struct call c = {
	    .imsi = UINT64_C(262010000000000) + slot, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};
	uint8_t buf[ARENA_RECORD_MAX];
	struct wbuf w;
	uint8_t id = FILLER_ID;

	c.teid = teid_make(1, 0, slot);
	c.address = addr_v4(0x0a000000u + slot);
	c.present = CALL_HAS(CALL_F_TEID) | CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) |
	            CALL_HAS(CALL_F_NSAPI) | CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_ADDRESS) | CALL_HAS(CALL_F_APN);
	snprintf(c.apn, sizeof c.apn, "internet");
	wbuf_init(&w, buf, sizeof buf);
	if (call_rows_encode(&c, &w) != ERR_OK)
		die("encode");
	while (w.len + 2 < bytes) {
		size_t n = bytes - w.len - 2 < 200 ? bytes - w.len - 2 : 200;

		wbuf_u8(&w, id++);
		wbuf_u8(&w, (uint8_t)n);
		for (size_t i = 0; i < n; i++)
			wbuf_u8(&w, (uint8_t)(rng_next(rng) & 15));
	}
	if (call_table_place(s->table, c.teid, buf, w.len, call_rows_key(c.imsi, 15, 5)) != ERR_OK)
		die("place");
	ckpt_call_restored(s->ckpt, slot);
}

static bool
move(struct side *from, struct side *to)
{
	struct wbuf w;

	if (!ckpt_wants_fill(from->ckpt))
		return false;
	wbuf_init(&w, from->out, PIPE);
	if (ckpt_fill(from->ckpt, &w, now_ms()) != ERR_OK)
		die("fill");
	for (size_t at = 0; at < w.len; at += 16384)
		if (ckpt_input(to->ckpt, from->out + at, w.len - at < 16384 ? w.len - at : 16384, now_ms()) != ERR_OK)
			die(ckpt_verdict(to->ckpt)->field);
	return true;
}

static void
scrub(struct side *s)
{
	/* of this thread, so that other programs of the machine do not count */
	uint64_t begun = now_ns(CLOCK_THREAD_CPUTIME_ID), ns;

	ckpt_scrub(s->ckpt, now_ms());
	ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - begun;
	slice_max_ns = ns > slice_max_ns ? ns : slice_max_ns;
}

/* A turn of both sides; they wait 2 ms, as their timers would. */
static void
turn(bool is_waiting)
{
	struct timespec wait = {0, 2000000};

	for (int i = 0; i < 2; i++) {
		scrub(&sides[i]);
		ckpt_tick(sides[i].ckpt, now_ms());
	}
	while (move(&sides[0], &sides[1]) | move(&sides[1], &sides[0]))
		;
	if (is_waiting)
		nanosleep(&wait, NULL);
}

static void
spoil(struct rng *rng, uint32_t calls, uint32_t n, uint32_t done[3])
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t slot = (uint32_t)((uint64_t)i * calls / n) + rng_below(rng, calls / n);
		struct arena_view v;

		if (i % 2) {
			done[1] += call_table_drop(sides[1].table, slot);
		} else if (arena_peek(&sides[1].arena, slot, &v) == ERR_OK) {
			((uint8_t *)sides[1].mem)[v.cell + v.cell_bytes - 5 - (uint8_t *)sides[1].mem] ^= 1;
			done[0]++;
		}
	}
}

int
main(int argc, char **argv)
{
	uint32_t calls = argc > 1 ? (uint32_t)atoi(argv[1]) : 1000000, at = 0, done[3] = {0};
	size_t bytes = argc > 2 ? (size_t)atoi(argv[2]) : 624;
	uint32_t spoiled = argc > 3 ? (uint32_t)atoi(argv[3]) : 1000;
	struct rng rng = {.state = 1};
	uint64_t begun, cpu, wall;

	if (calls < 1000 || calls > SLOTS || spoiled == 0 || spoiled > calls / 2)
		die("calls 1000 to 1048576, spoiled 1 to half of them");
	start(&sides[0], 1);
	start(&sides[1], 2);
	ckpt_set_role(sides[0].ckpt, CKPT_ACTIVE, 1);
	for (uint32_t i = 0; i < calls; i++)
		add(&sides[0], i, bytes, &rng);
	ckpt_connected(sides[0].ckpt, true, now_ms());
	ckpt_connected(sides[1].ckpt, false, now_ms());
	while (!ckpt_is_quiet(sides[0].ckpt))
		turn(false);
	begun = now_ns(CLOCK_MONOTONIC);
	while (call_table_scrub(sides[1].table, &at, 2048) == ERR_SHORT)
		;
	printf("read again: %.3f us a record of %zu octets\n", (double)(now_ns(CLOCK_MONOTONIC) - begun) / 1e3 / calls,
	       bytes);
	slice_max_ns = 0;
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	wall = now_ns(CLOCK_MONOTONIC);
	while (now_ns(CLOCK_MONOTONIC) - wall < UINT64_C(6000000000))
		turn(true);
	printf("background: %.1f %% of a processor for both sides, longest slice %.2f ms, proof at most %" PRIu64
	       " ms old\n",
	       100.0 * (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / (double)(now_ns(CLOCK_MONOTONIC) - wall),
	       (double)slice_max_ns / 1e6, now_ms() - ckpt_counters(sides[0].ckpt)[CKPT_NOW_PROVED_MS]);
	spoil(&rng, calls, spoiled, done);
	begun = now_ns(CLOCK_MONOTONIC);
	cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	slice_max_ns = 0;
	if (ckpt_audit_begin(sides[0].ckpt, true, now_ms()) != ERR_OK)
		die("no audit");
	while (audits == 0)
		turn(false);
	printf("audit: %.2f s (%.2f s of processor for both sides), %u calls, %u damaged of %u, %u missing of %u, %u "
	       "left, longest slice %.2f ms\n",
	       (double)(now_ns(CLOCK_MONOTONIC) - begun) / 1e9, (double)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu) / 1e9,
	       (unsigned)audit.calls, (unsigned)audit.found[CKPT_DAMAGED_STANDBY], (unsigned)done[0],
	       (unsigned)audit.found[CKPT_MISSING], (unsigned)done[1], (unsigned)audit.left,
	       (double)slice_max_ns / 1e6);
	return audit.is_ended && audit.left == 0 && audit.found[CKPT_DAMAGED_STANDBY] == done[0] &&
	               audit.found[CKPT_MISSING] == done[1]
	           ? 0
	           : 1;
}
