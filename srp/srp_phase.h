/*
 * srp_phase.h - the phases of the last switchover and how long each took.
 *
 * The times are kept by the shell (chassis/post.c) as the two engines tell it where they are: the redundancy engine by
 * its inner state on the side that gives way, the engine of srp_post.h on the side that takes over.
 */
#ifndef SRP_SRP_PHASE_H
#define SRP_SRP_PHASE_H

#include "srp/srp_types.h"

/*
 * srp_phase_begin, srp_phase_end - at @now_us (monotonic) and @wall_ms (Unix time). The end of a phase that does not
 * run changes nothing; @is_cut: it did not come to its own end.
 */
void srp_phase_begin(struct srp_phase_times *t, uint8_t phase, uint64_t now_us, uint64_t wall_ms);
void srp_phase_end(struct srp_phase_times *t, uint8_t phase, bool is_cut, uint64_t now_us);

/* srp_phase_running - the phase that runs; of several the one that began last; SRP_PHASE_NONE. */
uint8_t srp_phase_running(const struct srp_phase_times *t);

/* srp_phase_us - how long @phase has taken so far, microseconds. */
uint64_t srp_phase_us(const struct srp_phase_times *t, uint8_t phase, uint64_t now_us);

/* srp_phase_of_step - the phase that inner state @fsm_state of the redundancy engine is, on the side that gives way. */
uint8_t srp_phase_of_step(uint8_t fsm_state);

/*
 * srp_phase_step - the redundancy engine went from one inner state to another. Asking the peer (VALIDATE) begins the
 * record of a new switchover.
 */
void srp_phase_step(struct srp_phase_times *t, uint8_t from, uint8_t to, uint64_t now_us, uint64_t wall_ms);

#endif
