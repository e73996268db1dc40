/* srp_history.c - transitions being built of steps, and two chassis' views of one event. */
#include "srp/srp_history.h"

#include <string.h>

#include "srp/srp.h"
#include "srp/srp_fsm.h"
#include "srp/srp_phase.h"

static bool
is_settled(uint8_t inner)
{
	return inner == FSM_DOWN || inner == FSM_INIT || inner == FSM_STANDBY || inner == FSM_ACTIVE;
}

static uint8_t
phase_of(uint8_t inner)
{
	if (inner == FSM_TAKING || inner == FSM_HOLDING)
		return SRP_PHASE_NETWORK_CONVERGENCE;
	return inner == FSM_HANDING_FLUSH ? SRP_PHASE_CRITICAL_FLUSH : srp_phase_of_step(inner);
}

static void
begin(struct srp_history_builder *b, const struct srp_history_now *now, uint8_t from)
{
	*b = (struct srp_history_builder){.is_running = true, .begin_us = now->now_us, .step_us = now->now_us};
	b->entry.wall_us = now->wall_us;
	b->entry.calls = now->calls;
	b->entry.from = (uint8_t)srp_shown(from);
}

static void
add_step(struct srp_history_entry *e, uint64_t at_us, uint8_t from, uint8_t to, const char *why)
{
	uint32_t at = e->step_count;

	if (at == SRP_HISTORY_STEPS_MAX) {
		at--;
		e->steps_left_out++;
	} else {
		e->step_count++;
	}
	e->steps[at] = (struct srp_history_step){at_us, srp_inner_text(from), srp_inner_text(to), why};
}

/* What is true of it now; the last word is that of its end. */
static void
note(struct srp_history_builder *b, const struct srp_history_now *now, uint8_t to)
{
	struct srp_history_entry *e = &b->entry;

	e->to = (uint8_t)srp_shown(to);
	e->reason = now->reason;
	e->epoch = now->epoch;
	e->route_modifier = now->route_modifier;
	e->peer_route_modifier = now->peer_route_modifier;
	e->duration_us = now->now_us - b->begin_us;
	e->is_open = !is_settled(to);
	e->is_lost_known = e->from == SRP_ACTIVE && e->to != SRP_ACTIVE && !e->is_open;
}

enum srp_history_change
srp_history_step(struct srp_history_builder *b, const struct srp_history_now *now, uint8_t from, uint8_t to,
                 const char *why)
{
	if (!b->is_running) {
		if (is_settled(to) && srp_shown(from) == srp_shown(to))
			return SRP_HISTORY_NOTHING; /* started or stopped before an election */
		begin(b, now, from);
	}
	b->entry.phase_us[phase_of(from)] += now->now_us - b->step_us;
	b->entry.phase_us[SRP_PHASE_NONE] = 0;
	b->step_us = now->now_us;
	add_step(&b->entry, now->now_us - b->begin_us, from, to, why);
	note(b, now, to);
	if (from == FSM_PREPARING && to == FSM_ACTIVE && b->is_asking) {
		b->is_running = false;
		return SRP_HISTORY_NOTHING;
	}
	b->is_asking = to == FSM_PREPARING;
	b->is_running = b->entry.is_open || b->is_asking;
	if (b->is_asking)
		return SRP_HISTORY_NOTHING;
	return b->is_running ? SRP_HISTORY_GREW : SRP_HISTORY_ENDED;
}

bool
srp_history_event(struct srp_history_builder *b, const struct srp_history_now *now, uint8_t inner, const char *why)
{
	if (b->is_running || !is_settled(inner))
		return false;
	begin(b, now, inner);
	add_step(&b->entry, 0, inner, inner, why);
	note(b, now, inner);
	b->is_running = false;
	return true;
}

const char *
srp_history_why(const struct srp_history_entry *e)
{
	const char *taking = srp_inner_text(FSM_TAKING);

	if (e->step_count == 0)
		return "?";
	if (e->to == SRP_INIT && !e->is_open)
		return e->steps[e->step_count - 1].why;
	for (uint32_t i = e->step_count; e->from == e->to && i-- > 0;)
		if (strcmp(e->steps[i].to, taking) == 0)
			return e->steps[i].why;
	return e->steps[0].why;
}

uint64_t
srp_history_lost(const struct srp_history_entry *e)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < SRP_LOST_WHY_COUNT; i++)
		n += e->lost[i];
	return n;
}

uint64_t
srp_history_time(const struct srp_history_entry *e)
{
	return e->is_offset_known ? e->wall_us - (uint64_t)e->offset_us : e->wall_us;
}

/* --- two views ------------------------------------------------------------------------------------------ */

static uint64_t
distance(const struct srp_history_entry *a, const struct srp_history_entry *b)
{
	uint64_t x = srp_history_time(a), y = srp_history_time(b);

	return x > y ? x - y : y - x;
}

bool
srp_history_same(const struct srp_history_entry *own, const struct srp_history_entry *peer)
{
	uint64_t own_begin = srp_history_time(own), peer_begin = srp_history_time(peer);
	uint64_t own_end = own_begin + own->duration_us + SRP_HISTORY_SLOP_US;
	uint64_t peer_end = peer_begin + peer->duration_us + SRP_HISTORY_SLOP_US;

	bool is_cut = own->is_interrupted || peer->is_interrupted || own->is_open || peer->is_open;

	if (own->to == peer->to && !is_cut)
		return false;
	return (own->from == SRP_INIT) == (peer->from == SRP_INIT) && own_begin <= peer_end && peer_begin <= own_end;
}

/* nearest - of @list the entry that is nearest to @e and can be its other view; near the place of its time only. */
static const struct srp_history_entry *
nearest(const struct srp_history_entry *list, size_t count, const struct srp_history_entry *e)
{
	enum { NEIGHBOURS = 32 };
	const struct srp_history_entry *best = NULL;
	uint64_t time = srp_history_time(e);
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (srp_history_time(&list[middle]) < time)
			low = middle + 1;
		else
			high = middle;
	}
	high = low + NEIGHBOURS < count ? low + NEIGHBOURS : count;
	for (size_t i = low > NEIGHBOURS ? low - NEIGHBOURS : 0; i < high; i++)
		if (srp_history_same(e, &list[i]) && (best == NULL || distance(e, &list[i]) < distance(e, best)))
			best = &list[i];
	return best;
}

const struct srp_history_entry *
srp_history_view_of(const struct srp_history_list *l, const struct srp_history_entry *e, bool is_own)
{
	const struct srp_history_entry *other =
	    is_own ? nearest(l->peer, l->peer_count, e) : nearest(l->own, l->own_count, e);
	const struct srp_history_entry *back;

	if (other == NULL)
		return NULL;
	back = is_own ? nearest(l->own, l->own_count, other) : nearest(l->peer, l->peer_count, other);
	return back == e ? other : NULL;
}
