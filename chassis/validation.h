/*
 * validation.h - the comparison of this chassis' configuration with the peer's: shell of srp/srp_validate.h and
 * srp/srp_ready.h.
 *
 *   validation.c      this chassis' lines and their digest, drift, the alarm, what show srp info says
 *   validation_run.c  one comparison with the peer, step by step: both ends of the messages
 *   validation_cmds.c the commands
 *
 * The digest of the lines travels in every hello. When the two differ and neither has changed for VALIDATION_SETTLE_MS,
 * the lines are fetched and compared; so they are every configuration-interval, and when an operator asks. Nothing
 * here holds the loop: lines are collected in slices, secrets and comparison are a thread's, and the peer sends a
 * window of chunks for each request, so that hellos pass between.
 */
#ifndef CHASSIS_VALIDATION_H
#define CHASSIS_VALIDATION_H

#include "chassis/chassis.h"
#include "chassis/offload.h"
#include "chassis/pair_lines.h"
#include "cli/cfg_pair.h"
#include "srp/srp_wire.h"

enum {
	VALIDATION_SETTLE_MS = 5000,  /* an operator is typing: no drift before both digests rested so long */
	VALIDATION_ANSWER_MS = 5000,  /* for the peer's answer, and for each step of its lines */
	VALIDATION_WAITERS_MAX = 16,  /* operators who wait for one comparison, or for the one after it */
	VALIDATION_SCREEN = 20,       /* different lines that a refusal names */
	VALIDATION_LINES_SHOWN = 1000 /* that srp validate-configuration prints */
};

enum validation_result {
	VALIDATION_COMPARED,
	VALIDATION_NO_LINK,
	VALIDATION_NO_ANSWER,
	VALIDATION_BROKEN, /* validation->why says why */
};

enum validation_stage {
	VALIDATION_IDLE,
	VALIDATION_COLLECTING, /* our own lines are not up to date yet */
	VALIDATION_ASKED,      /* VALIDATE_ASK is out */
	VALIDATION_FETCHING,   /* CONFIG_REQUEST is out */
	VALIDATION_COMPARING   /* the thread */
};

struct validation_waiter {
	void (*done)(void *arg, enum validation_result r);
	void *arg;
	bool is_thorough; /* fetches the lines although the digests are equal */
};

/* Lines being made by the thread; it owns all of it until it is done. */
struct validation_making {
	struct validation *validation;
	uint64_t own_id, peer_id, generation;
	char *text;
	size_t len;
	struct pair_secrets *secrets;
	struct pair_lines *made; /* NULL: it could not */
};

/* Lines being compared by the thread. */
struct validation_comparing {
	struct validation *validation;
	const struct pair_lines *own; /* stays while the comparison runs */
	uint8_t *packed;
	size_t packed_bytes, plain_bytes;
	uint64_t peer_digest;
	enum err error;
	struct srp_diff *diff;
	uint32_t lines; /* of the peer */
};

/* What the last comparison found. */
struct validation_found {
	bool is_valid;
	uint64_t own_digest, peer_digest; /* which lines it was about */
	uint32_t count;                   /* different lines */
	struct srp_diff *diff;            /* NULL: none, or too long to be told by line */
	uint32_t lines;                   /* compared */
};

struct validation {
	struct chassis *chassis;

	/* our own lines */
	struct cfg_pair walk;
	struct text_grown raw;
	struct text raw_out;
	struct event *collect_ev;
	bool is_collecting;
	struct offload *maker;
	struct validation_making making;
	struct pair_lines *own;
	struct pair_lines *next_own; /* made while a comparison still needs the former */
	uint64_t own_peer_id, own_generation;
	uint64_t peer_id;     /* whose pair this is; 0: not heard yet */
	uint64_t peer_digest; /* as heard last; 0: not known */
	struct pair_secrets *secrets;
	bool is_asked; /* the peer waits for our answer to asked_request */
	uint32_t asked_request;

	/* the run */
	enum validation_stage stage;
	uint32_t request;
	unsigned restarts;
	bool is_thorough;
	struct event *limit_ev;
	struct validation_waiter waiters[VALIDATION_WAITERS_MAX], later[VALIDATION_WAITERS_MAX];
	unsigned waiter_count, later_count;
	bool has_answer;
	struct srp_msg answer;
	uint8_t *packed;
	size_t have, window_from, packed_bytes, plain_bytes;
	uint64_t fetched_digest;
	struct offload *comparer;
	struct validation_comparing comparing;
	char why[120];

	/* what came of it */
	struct validation_found found;
	uint64_t event_wall_ms;
	struct event *settle_ev, *interval_ev;
	uint32_t interval_s;
	bool is_differing;     /* the alarm stands */
	char error_text[200];  /* with the first line */
	char error_short[100]; /* without */
	char status[240];      /* of the last validate-switchover; empty: none */
	uint64_t status_us;    /* monotonic */
	char status_text[280];
};

/* --- validation.c: for the rest of chassis/, see chassis.h --------------------------------------------------- */

/* validation_is_current - our own lines are those of the running configuration, for this pair. */
bool validation_is_current(const struct validation *v);

/* validation_collect - begin to bring them up to date, unless that runs already. */
void validation_collect(struct validation *v);

/* validation_look - our digest or the peer's has changed: equal is told at once, drift when both have rested. */
void validation_look(struct validation *v);

/* validation_take_own - @take are our lines from now on; who waits for them is told. */
void validation_take_own(struct validation *v, struct pair_lines *take);

/* validation_found_set - what a comparison found; @take_diff may be NULL. Alarm and texts follow. */
void validation_found_set(struct validation *v, uint64_t peer_digest, uint32_t count, struct srp_diff *take_diff,
                          uint32_t lines);

/* --- validation_run.c ---------------------------------------------------------------------------------------- */

/*
 * validation_run - compare with the peer; @done(@arg) with the result, perhaps before this returns. While a comparison
 * runs, it is followed by another. @done NULL: nobody waits. ERR_FULL: too many wait.
 */
enum err validation_run(struct validation *v, bool is_thorough, void (*done)(void *, enum validation_result),
                        void *arg);

/* validation_collected - our own lines are up to date (or @is_ok is false: they cannot be made). */
void validation_collected(struct validation *v, bool is_ok);

/* validation_run_new, validation_run_free - at the start and the end of the program. */
enum err validation_run_new(struct validation *v);
void validation_run_free(struct validation *v);

/* validation_print - the different lines of the last comparison, at most @max of them. */
void validation_print(const struct validation *v, uint32_t max, struct text *out);

#endif
