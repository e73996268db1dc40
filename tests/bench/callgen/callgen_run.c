/*
 * callgen_run.c - the modes and the loop.
 *
 *   create   every context that has no call, once
 *   update   opt.count Updates of held contexts at random
 *   delete   opt.count held contexts, in an order that jumps about
 *   churn    Creates until six of ten contexts are held, then two Updates to one Create and one Delete, at random
 *   verify   asks for every call that is held or may be, then for the last deleted calls of each context
 */
#include <poll.h>
#include <time.h>

#include "callgen.h"

enum { BURST_MAX = 64, STRIDE = 700001 /* a prime: no divisor of a number of contexts that is smaller */ };

/* What became of the wish for one more request. */
enum issued { ISSUED, NOT_NOW /* all that could be asked for are under way */, NO_MORE };

/* What a run still has to do. */
struct job {
	uint32_t next;    /* context a sweep is at, or how many were started */
	unsigned purpose; /* of this pass of a verify */
	uint64_t due_ns, interval_ns, end_ns;
};

/* The first idle context at or behind @from whose call is (not) held, or NONE. */
static int32_t
find_idle(const struct gen *g, uint32_t from, bool is_held)
{
	for (uint32_t k = 0; k < g->opt.contexts; k++) {
		uint32_t i = from + k < g->opt.contexts ? from + k : from + k - g->opt.contexts;

		if ((g->entries[i].state == HELD) == is_held && !g->entries[i].is_pending)
			return (int32_t)i;
	}
	return NONE;
}

static uint32_t
wanted(const struct gen *g)
{
	return g->opt.count == 0 ? g->opt.contexts : g->opt.count;
}

static enum issued
issue_create(struct gen *g, struct job *j)
{
	while (j->next < g->opt.contexts && g->entries[j->next].state == HELD)
		j->next++;
	if (j->next == g->opt.contexts)
		return NO_MORE;
	ask_context(g, j->next++, GTP1_CREATE_REQUEST, CHANGE);
	return ISSUED;
}

static enum issued
issue_update(struct gen *g, struct job *j)
{
	int32_t i = j->next < wanted(g) ? find_idle(g, rng_below(&g->rng, g->opt.contexts), true) : NONE;

	if (i == NONE)
		return j->next < wanted(g) && g->in_flight > 0 ? NOT_NOW : NO_MORE;
	j->next++;
	ask_context(g, (uint32_t)i, GTP1_UPDATE_REQUEST, CHANGE);
	return ISSUED;
}

/* A stride without a common divisor with the number of contexts comes to each of them once. */
static enum issued
issue_delete(struct gen *g, struct job *j)
{
	uint32_t n = g->opt.contexts, stride = n % STRIDE == 0 ? 1 : STRIDE;

	for (; j->next < n && (g->opt.count == 0 || g->t.sent < g->opt.count); j->next++) {
		uint32_t i = (uint32_t)(((uint64_t)j->next * stride + g->opt.seed % n) % n);

		if (g->entries[i].state != HELD)
			continue;
		j->next++;
		ask_context(g, i, GTP1_DELETE_REQUEST, CHANGE);
		return ISSUED;
	}
	return NO_MORE;
}

static enum issued
issue_churn(struct gen *g)
{
	uint32_t from = rng_below(&g->rng, g->opt.contexts), dice = rng_below(&g->rng, 4);
	bool is_create = dice == 0 || g->held * 10ull < g->opt.contexts * 6ull;
	int32_t i = find_idle(g, from, !is_create);

	if (i == NONE && is_create) {
		is_create = false;
		i = find_idle(g, from, true);
	}
	if (i == NONE)
		return NOT_NOW;
	if (is_create)
		ask_context(g, (uint32_t)i, GTP1_CREATE_REQUEST, CHANGE);
	else
		ask_context(g, (uint32_t)i, dice == 1 ? GTP1_DELETE_REQUEST : GTP1_UPDATE_REQUEST, CHANGE);
	return ISSUED;
}

static bool
verify_wants(struct gen *g, unsigned purpose, const struct entry *e)
{
	uint32_t teid;

	if (purpose == ASK_HELD)
		return e->state == HELD || e->state == UNSURE_DELETE;
	teid = e->deleted[purpose - ASK_DELETED].teid;
	if (teid == 0)
		return false;
	if (!ledger_is_held_teid(g, teid))
		return true;
	g->t.reused++;
	return false;
}

/* One pass after the other, since a context has one request under way at most. */
static enum issued
issue_verify(struct gen *g, struct job *j)
{
	while (j->purpose < ASK_DELETED + DELETED_KEPT) {
		while (j->next < g->opt.contexts && !verify_wants(g, j->purpose, &g->entries[j->next]))
			j->next++;
		if (j->next < g->opt.contexts) {
			ask_context(g, j->next++, GTP1_UPDATE_REQUEST, j->purpose);
			return ISSUED;
		}
		if (g->in_flight > 0)
			return NOT_NOW;
		if (j->purpose == ASK_HELD)
			ledger_check_unique(g);
		j->purpose++;
		j->next = 0;
	}
	return NO_MORE;
}

static enum issued
issue(struct gen *g, struct job *j)
{
	switch (g->opt.mode) {
	case MODE_CREATE:
		return issue_create(g, j);
	case MODE_UPDATE:
		return issue_update(g, j);
	case MODE_DELETE:
		return issue_delete(g, j);
	case MODE_CHURN:
		return issue_churn(g);
	default:
		return issue_verify(g, j);
	}
}

/* Starts what is due and has room. What a pause has held up is not made up for. */
static enum issued
issue_due(struct gen *g, struct job *j, uint64_t now)
{
	enum issued last = ISSUED;

	for (unsigned n = 0; n < BURST_MAX && j->due_ns <= now && g->in_flight < g->opt.window; n++) {
		if (*g->is_stop_asked || (j->end_ns != 0 && now >= j->end_ns))
			return NO_MORE;
		last = issue(g, j);
		if (last != ISSUED)
			return last;
		j->due_ns += j->interval_ns;
	}
	if (j->interval_ns != 0 && j->due_ns + BURST_MAX * j->interval_ns < now)
		j->due_ns = now;
	return g->in_flight < g->opt.window ? last : NOT_NOW;
}

static void
wait_until(const struct gen *g, uint64_t until_ns)
{
	uint64_t now = now_ns(), left = until_ns > now ? until_ns - now : 0;
	struct timespec t = {.tv_sec = (time_t)(left / 1000000000u), .tv_nsec = (long)(left % 1000000000u)};
	struct pollfd p[SGSNS_MAX];

	for (uint32_t i = 0; i < g->opt.sgsns; i++)
		p[i] = (struct pollfd){.fd = g->fds[i], .events = POLLIN};
	(void)ppoll(p, g->opt.sgsns, &t, NULL);
}

void
run(struct gen *g)
{
	uint64_t now = now_ns();
	struct job j = {
	    .purpose = ASK_HELD, .due_ns = now, .interval_ns = g->opt.rate == 0 ? 0 : 1000000000u / g->opt.rate};
	enum issued last = ISSUED;

	if (g->opt.seconds > 0)
		j.end_ns = now + (uint64_t)(g->opt.seconds * 1e9);
	while (last != NO_MORE || g->in_flight > 0) {
		uint64_t deadline;

		ask_receive(g);
		now = now_ns();
		if (last != NO_MORE)
			last = issue_due(g, &j, now);
		deadline = ask_expire(g, now);
		if (last == ISSUED && (deadline == 0 || j.due_ns < deadline))
			deadline = j.due_ns;
		if (deadline != 0)
			wait_until(g, deadline);
	}
}
