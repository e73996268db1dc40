/* srp_phase.c - phase times. */
#include "srp/srp_phase.h"

#include "srp/srp_fsm.h"

void
srp_phase_begin(struct srp_phase_times *t, uint8_t phase, uint64_t now_us, uint64_t wall_ms)
{
	t->of[phase] = (struct srp_phase_time){.begin_wall_ms = wall_ms, .begin_us = now_us, .is_running = true};
}

void
srp_phase_end(struct srp_phase_times *t, uint8_t phase, bool is_cut, uint64_t now_us)
{
	struct srp_phase_time *p = &t->of[phase];

	if (!p->is_running)
		return;
	p->is_running = false;
	p->is_cut = is_cut;
	p->duration_us = now_us - p->begin_us;
}

uint8_t
srp_phase_running(const struct srp_phase_times *t)
{
	uint8_t last = SRP_PHASE_NONE;

	for (uint8_t i = 1; i < SRP_PHASE_COUNT; i++)
		if (t->of[i].is_running && (last == SRP_PHASE_NONE || t->of[i].begin_us >= t->of[last].begin_us))
			last = i;
	return last;
}

uint64_t
srp_phase_us(const struct srp_phase_times *t, uint8_t phase, uint64_t now_us)
{
	const struct srp_phase_time *p = &t->of[phase];

	return p->is_running ? now_us - p->begin_us : p->duration_us;
}

uint8_t
srp_phase_of_step(uint8_t fsm_state)
{
	static const uint8_t phases[FSM_STATE_COUNT] = {
	    [FSM_PREPARING] = SRP_PHASE_VALIDATE,          [FSM_GIVING] = SRP_PHASE_CRITICAL_FLUSH,
	    [FSM_FLUSHING] = SRP_PHASE_CRITICAL_FLUSH,     [FSM_HANDING_FLUSH] = SRP_PHASE_CRITICAL_FLUSH,
	    [FSM_HANDING] = SRP_PHASE_NETWORK_CONVERGENCE,
	};

	return fsm_state < FSM_STATE_COUNT ? phases[fsm_state] : SRP_PHASE_NONE;
}

void
srp_phase_step(struct srp_phase_times *t, uint8_t from, uint8_t to, uint64_t now_us, uint64_t wall_ms)
{
	uint8_t old = srp_phase_of_step(from), next = srp_phase_of_step(to);
	bool is_back = to == FSM_ACTIVE || to == FSM_TAKING; /* nothing, or not all, was handed over */

	if (old == next)
		return;
	if (old != SRP_PHASE_NONE)
		srp_phase_end(t, old, is_back, now_us);
	if (next == SRP_PHASE_VALIDATE)
		*t = (struct srp_phase_times){0};
	if (next != SRP_PHASE_NONE)
		srp_phase_begin(t, next, now_us, wall_ms);
}
