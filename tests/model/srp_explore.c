/*
 * srp_explore.c - explores the product of two production engines over a lossy link, breadth first.
 *
 * A world is two engines, at most two messages in flight each way, running timers (any of them may
 * fire at any time), the service address (one owner on one host, or one namespace per chassis), cuts per direction,
 * resets, crashes, stops and restarts, operator switchovers, monitors that fail and recover on either side, the early
 * transition, route modifiers that start again. Absolute numbers are taken out: epochs by their order, incarnations as
 * current, old or none, request numbers as matching or not; what no longer matters is forgotten. Random walks with all
 * their numbers prove that a world and what is kept of it do the same. The claims are those of srp_claims.h at every
 * step and those of srp_explore_world.h; a fair schedule is run from every 16th world.
 *
 * Usage: srp_explore [states per search [families]], families as a set of bits. Without arguments the whole, which is a
 * failure when it meets fewer than ten million distinct worlds or leaves a row out. Ends with
 * "srp_explore: N states, rows R/R hit".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "srp/srp_fsm.h"
#include "tests/model/srp_claims.h"

enum {
	IN_FLIGHT = 2,
	ROWS_SEEN_MAX = 256,
	EPOCH_BLOCK_BIG = 1 << 30,
	PACKED_BYTES = 56,
	MSG_BYTES = 5,
	SIDE_BYTES = 17 + IN_FLIGHT * MSG_BYTES,
	SAMPLE_EVERY = 16,
	FAIR_ROUNDS = 24,
	FAIR_STABLE = 8,
	FAIR_ALARM = 40,
	RM_THRESHOLD = 3,
	WALKS = 400,
	WALK_STEPS = 200,
	STATES_PER_WALK = 500,
	STATES_DEFAULT = 900000,
	STATES_WANTED = 10000000,
	WORKERS = 2,
	ASKER = 1,
	TAG_BASE = 0x100
};

#include "tests/model/srp_explore_world.h"

static const struct family families[] = {
    {.name = "one host"},
    {.name = "two namespaces", .is_split = true},
    {.name = "one host, early", .is_early = true},
    {.name = "two namespaces, early", .is_split = true, .is_early = true},
    {.name = "one host, same mode and priority", .is_same_mode = true},
    {.name = "two namespaces, nothing tells them apart", .is_split = true, .is_tie = true, .is_same_mode = true},
};

enum { FAMILIES = sizeof families / sizeof families[0] };

static const struct scenario scenarios[] = {
    {.name = "from the start", .family = 0},
    {.name = "settled, stops, orders", .family = 0, .is_settled = true, .has_stops = true, .has_orders = true},
    {.name = "settled, monitors, calm", .family = 0, .is_settled = true, .is_calm = true, .has_monitors = true},
    {.name = "from the start", .family = 1},
    {.name = "settled, monitors", .family = 1, .is_settled = true, .has_monitors = true},
    {.name = "settled, calm", .family = 1, .is_settled = true, .is_calm = true, .has_orders = true},
    {.name = "settled, orders", .family = 2, .is_settled = true, .has_orders = true},
    {.name = "settled, monitors, calm", .family = 2, .is_settled = true, .is_calm = true, .has_monitors = true},
    {.name = "settled, stops", .family = 3, .is_settled = true, .has_stops = true},
    {.name = "settled, monitors", .family = 3, .is_settled = true, .has_monitors = true},
    {.name = "from the start, monitors", .family = 4, .has_monitors = true},
    {.name = "from the start", .family = 5, .has_orders = true},
};

#include "tests/model/srp_explore_pack.h"

#include "tests/model/srp_explore_check.h"

#include "tests/model/srp_explore_scripts.h"

#include "tests/model/srp_explore_seen.h"

/* What a worker found, in memory that the parent sees. */
struct found {
	uint64_t rows[ROWS_SEEN_MAX], pairs[SRP_STATE_COUNT][SRP_STATE_COUNT];
	uint64_t steps[CLAIM_STEP_COUNT], worlds[CLAIM_WORLD_COUNT];
	uint64_t distinct[FAMILIES], transitions, walked, walked_exact;
	unsigned fair_longest;
};

static uint64_t walked, walked_exact;

/* --- breadth first ------------------------------------------------------------------------------------------ */

static void
fault_at(const struct seen *s, uint32_t at, const struct world *w)
{
	if (claims_broken == NULL)
		return;
	printf("FAULT in \"%s, %s\": not so: %s\n", home->name, now->name, claims_broken);
	if (s != NULL)
		print_path(s, at);
	print_world(w);
	exit(1);
}

static void
begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	for (int i = 0; i < 2; i++) {
		struct srp_config c;

		configure(&c, i);
		srp_init(&w->s[i].e, &c);
	}
	if (now->is_settled)
		check_fair(w, w);
	fault_at(NULL, 0, w);
}

static void
check_world(const struct seen *s, uint32_t at, const struct world *w)
{
	check_safety(w);
	if (at % SAMPLE_EVERY == 0)
		check_fair(w, NULL);
	if (at % SAMPLE_EVERY == SAMPLE_EVERY / 2)
		for (int i = 0; i < 2; i++)
			check_all_inert(&w->s[i].e);
	fault_at(s, at, w);
}

static void
explore(struct seen *s)
{
	struct world w, next;
	uint8_t packed[PACKED_BYTES];

	begin(&w);
	(void)pack(&w, packed);
	(void)seen_add(s, packed, 0, 0);
	for (uint32_t at = 0; at < s->count; at++) {
		unpack(s->packed[at], &w);
		check_world(s, at, &w);
		for (int i = 0; i < 2; i++) {
			for (int m = 0; m < MOVE_COUNT; m++) {
				if (!is_possible(&w, i, m))
					continue;
				next = w;
				make_move(&next, i, m);
				if (claims_broken != NULL) {
					printf("side %d move %d:", i, m);
					print_world(&next);
				}
				fault_at(s, at, &w);
				(void)pack(&next, packed);
				(void)seen_add(s, packed, at, (uint16_t)(i << 8 | m));
			}
		}
	}
}

/* --- random walks with all numbers: a world and what is kept of it do the same -------------------------------- */

static void
walk_step(struct world *w, struct rng *rng)
{
	struct world kept, again;
	uint8_t packed[PACKED_BYTES], next[PACKED_BYTES], after[PACKED_BYTES];
	int i, m;

	do {
		i = (int)rng_below(rng, 2);
		m = (int)rng_below(rng, MOVE_COUNT);
	} while (!is_possible(w, i, m));
	walked++;
	if (!pack(w, packed)) {
		make_move(w, i, m);
		return;
	}
	walked_exact++;
	unpack(packed, &kept);
	(void)pack(&kept, next);
	claim_world(CLAIM_PACKED, memcmp(next, packed, PACKED_BYTES) == 0);
	for (int k = 0; k < 2; k++)
		for (int other = 0; other < MOVE_COUNT; other++)
			claim_world(CLAIM_PACKED, is_possible(w, k, other) == is_possible(&kept, k, other));
	again = kept;
	make_move(&again, i, m);
	make_move(w, i, m);
	if (pack(w, after) && pack(&again, next))
		claim_world(CLAIM_PACKED, memcmp(next, after, PACKED_BYTES) == 0);
}

static void
walk(uint64_t seed)
{
	struct rng rng = {.state = seed};
	struct world w;

	begin(&w);
	for (int k = 0; k < WALK_STEPS && claims_broken == NULL; k++)
		walk_step(&w, &rng);
	fault_at(NULL, 0, &w);
}

/* --- workers -------------------------------------------------------------------------------------------------- */

static void *
take_memory(size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED) {
		printf("out of memory\n");
		exit(1);
	}
	return p;
}

static void
run_scenario(uint32_t limit)
{
	struct seen s = {.limit = limit, .mask = 1};

	while (s.mask < 2 * limit)
		s.mask *= 2;
	s.packed = take_memory((size_t)limit * PACKED_BYTES);
	s.parent = take_memory((size_t)limit * sizeof *s.parent);
	s.how = take_memory((size_t)limit * sizeof *s.how);
	s.slots = take_memory((size_t)s.mask * sizeof *s.slots);
	s.mask--;
	explore(&s);
	for (uint64_t k = 0; k < WALKS && k <= limit / STATES_PER_WALK; k++)
		walk(k);
	printf("%-42s %-26s %9u worlds%s\n", home->name, now->name, s.count, s.count < limit ? ", all there are" : "");
	munmap(s.packed, (size_t)limit * PACKED_BYTES);
	munmap(s.parent, (size_t)limit * sizeof *s.parent);
	munmap(s.how, (size_t)limit * sizeof *s.how);
	munmap(s.slots, ((size_t)s.mask + 1) * sizeof *s.slots);
}

static void
run_family(unsigned f, uint32_t limit, struct found *found)
{
	uint64_t slots = 1;

	while (slots < (uint64_t)limit * 6)
		slots *= 2;
	home = &families[f];
	distinct.slots = take_memory(slots * sizeof *distinct.slots);
	distinct.mask = slots - 1;
	distinct.count = 0;
	for (size_t k = 0; k < sizeof scenarios / sizeof scenarios[0]; k++) {
		now = &scenarios[k];
		if (now->family == f)
			run_scenario(limit);
	}
	found->distinct[f] = distinct.count;
	munmap(distinct.slots, slots * sizeof *distinct.slots);
}

/* The families go round the workers, the longest first. */
static int
run_worker(unsigned worker, uint32_t limit, unsigned which, struct found *found)
{
	for (unsigned f = 0; f < FAMILIES; f++)
		if (which >> f & 1 && f % WORKERS == worker)
			run_family(f, limit, found);
	memcpy(found->rows, row_hits, sizeof row_hits);
	memcpy(found->pairs, pair_counts, sizeof pair_counts);
	memcpy(found->steps, claims_checked, sizeof claims_checked);
	memcpy(found->worlds, world_claims, sizeof world_claims);
	found->transitions = transitions;
	found->walked = walked;
	found->walked_exact = walked_exact;
	found->fair_longest = fair_longest;
	return 0;
}

static void
add(uint64_t *to, const uint64_t *from, size_t count)
{
	for (size_t k = 0; k < count; k++)
		to[k] += from[k];
}

/* Adds what the workers found to this process' own counts; returns the distinct worlds. */
static uint64_t
gather(const struct found *found)
{
	uint64_t states = 0;

	for (unsigned n = 0; n < WORKERS; n++) {
		const struct found *f = &found[n];

		add(row_hits, f->rows, ROWS_SEEN_MAX);
		add(&pair_counts[0][0], &f->pairs[0][0], SRP_STATE_COUNT * SRP_STATE_COUNT);
		add(claims_checked, f->steps, CLAIM_STEP_COUNT);
		add(world_claims, f->worlds, CLAIM_WORLD_COUNT);
		for (unsigned k = 0; k < FAMILIES; k++)
			states += f->distinct[k];
		transitions += f->transitions;
		walked += f->walked;
		walked_exact += f->walked_exact;
		fair_longest = f->fair_longest > fair_longest ? f->fair_longest : fair_longest;
	}
	return states;
}

/* --- report --------------------------------------------------------------------------------------------------- */

static void
print_pairs(void)
{
	printf("%-22s", "state A \\ state B");
	for (uint8_t b = 0; b < SRP_STATE_COUNT; b++)
		printf("%22s", srp_state_text(b));
	printf("\n");
	for (uint8_t a = 0; a < SRP_STATE_COUNT; a++) {
		printf("%-22s", srp_state_text(a));
		for (uint8_t b = 0; b < SRP_STATE_COUNT; b++)
			printf("%22" PRIu64, pair_counts[a][b]);
		printf("\n");
	}
}

/* Returns how many claims were never checked. */
static unsigned
print_claims(void)
{
	unsigned idle = 0;

	claims_print();
	for (unsigned c = 0; c < CLAIM_STEP_COUNT; c++)
		idle += claims_checked[c] == 0;
	for (unsigned c = 0; c < CLAIM_WORLD_COUNT; c++) {
		printf("%12" PRIu64 "  %s\n", world_claims[c], world_claim_texts[c]);
		idle += world_claims[c] == 0;
	}
	return idle;
}

static size_t
print_rows(void)
{
	const struct fsm_table *t = srp_fsm_table();
	size_t hit = 0;

	for (size_t i = 0; i < t->count; i++) {
		hit += row_hits[i] > 0;
		if (row_hits[i] == 0)
			printf("row %zu is not hit: %s, %s: %s\n", i,
			       t->rows[i].state == FSM_ANY_STATE ? "any" : t->states[t->rows[i].state],
			       t->events[t->rows[i].event], t->rows[i].reason);
	}
	return hit;
}

static int
report(const struct found *found, bool is_whole)
{
	uint64_t states = gather(found);
	unsigned idle;
	size_t hit, explored = 0;

	for (size_t i = 0; i < srp_fsm_table()->count; i++)
		explored += row_hits[i] > 0;
	run_scripts();
	print_pairs();
	printf("%12s  claim\n", "checked");
	idle = print_claims();
	printf("%" PRIu64 " transitions; %" PRIu64 " steps of random walks, %" PRIu64 " of them exact\n", transitions,
	       walked, walked_exact);
	printf("bound: one Active and one Standby after at most %u hello intervals without faults\n", fair_longest);
	hit = print_rows();
	printf("rows hit: %zu by exploration, %zu more by directed scripts\n", explored, hit - explored);
	printf("srp_explore: %" PRIu64 " states, rows %zu/%zu hit\n", states, hit, srp_fsm_table()->count);
	return is_whole && (idle > 0 || hit < srp_fsm_table()->count || states < STATES_WANTED);
}

int
main(int argc, char **argv)
{
	uint32_t limit = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : STATES_DEFAULT;
	unsigned which = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : (1u << FAMILIES) - 1;
	struct found *found =
	    mmap(NULL, WORKERS * sizeof *found, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status, rc = 0;

	if (found == MAP_FAILED || limit == 0)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (unsigned n = 0; n < WORKERS; n++)
		if (fork() == 0)
			_exit(run_worker(n, limit, which, &found[n]));
	for (unsigned n = 0; n < WORKERS; n++)
		rc |= wait(&status) < 0 || status != 0;
	return rc != 0 ? 1 : report(found, argc == 1);
}
