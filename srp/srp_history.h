/*
 * srp_history.h - the record of transitions: why a chassis is what it is.
 *
 * A transition goes from one settled state (Init, Standby, Active) to the next, with every inner step between them and
 * the words of the table's row that made it. Each chassis records its own and gets the other's (TRANSITION); one form,
 * JSON, serves the wire and the disk. Pure but for the codec, which allocates while it works; chassis/history.c keeps,
 * stores and exchanges.
 */
#ifndef SRP_SRP_HISTORY_H
#define SRP_SRP_HISTORY_H

#include "base/err.h"
#include "base/text.h"
#include "srp/srp_types.h"

enum {
	SRP_HISTORY_STEPS_MAX = 24,   /* further ones take the place of the last */
	SRP_HISTORY_NAMES_MAX = 1000, /* lost calls named with a transition; all are counted */
	SRP_HISTORY_NAMES_TOLD = 100, /* of them, those that the peer is told */
	SRP_HISTORY_BODY_MAX = 65536, /* octets of the encoded form */
	SRP_HISTORY_KEPT_MAX = 10000, /* transitions of each chassis that are kept, the youngest */
	SRP_HISTORY_SLOP_US = 2000000 /* what begins so much apart can be two views of one event */
};

/* Why a call was lost: it is known to the chassis that gave way. */
enum srp_lost_why {
	SRP_LOST_YOUNG,      /* younger than `checkpoint session duration` */
	SRP_LOST_NEVER_SENT, /* never checkpointed: no record of it had left this chassis */
	SRP_LOST_UNACKED,    /* sent, and not acknowledged by the peer */
	SRP_LOST_WHY_COUNT
};

struct srp_lost_call {
	uint32_t callid;
	uint16_t sessmgr;
	uint8_t why; /* enum srp_lost_why */
	char imsi[17];
};

/* An inner step. The words live as long as the history: of the tables, or kept by the caller of the decoder. */
struct srp_history_step {
	uint64_t at_us; /* since the transition began */
	const char *from, *to, *why;
};

struct srp_history_entry {
	uint64_t number;      /* 1.. on its chassis */
	uint64_t changed;     /* greater with each change of any transition of its chassis */
	uint64_t wall_us;     /* Unix time of its beginning, microseconds, by the clock of its chassis */
	uint64_t duration_us; /* 0 for one step */
	uint64_t epoch;       /* highest known at its end */
	uint8_t from, to;     /* enum srp_state; to of an open one: where it is */
	uint8_t reason;       /* enum srp_reason */
	uint8_t route_modifier, peer_route_modifier;
	bool is_open;        /* it has not ended */
	bool is_interrupted; /* the program ended in the middle of it */
	bool is_lost_known;  /* this chassis gave way: lost says how many calls were lost */
	bool is_offset_known;
	int64_t offset_us;  /* clock of its chassis less ours, as estimated when it came; of the peer's only */
	uint32_t calls;     /* on its chassis when it began */
	uint32_t announced; /* calls of the full synchronization inside of which it took over; 0: inside of none */
	uint32_t came;      /* of these */
	uint32_t lost[SRP_LOST_WHY_COUNT];
	uint64_t phase_us[SRP_PHASE_COUNT]; /* 0: there was none */
	uint32_t step_count, steps_left_out;
	struct srp_history_step steps[SRP_HISTORY_STEPS_MAX];
	uint32_t named;                    /* calls in names */
	const struct srp_lost_call *names; /* of the owner of the entry; NULL when none is named */
};

/* What is known when a step is taken. */
struct srp_history_now {
	uint64_t now_us; /* monotonic */
	uint64_t wall_us;
	uint64_t epoch;
	uint32_t calls;
	uint8_t reason; /* enum srp_reason: of the engine */
	uint8_t route_modifier, peer_route_modifier;
};

/* The transition that runs. Zero it before use. */
struct srp_history_builder {
	bool is_running;
	bool is_asking; /* the peer was asked (PREPARE), and nothing else happened yet: that alone is no transition */
	uint64_t begin_us, step_us;
	struct srp_history_entry entry;
};

enum srp_history_change {
	SRP_HISTORY_NOTHING, /* no transition yet, or none after all */
	SRP_HISTORY_GREW,    /* b->entry is open and has a step more (it may be the first) */
	SRP_HISTORY_ENDED    /* b->entry is complete */
};

/* srp_history_step - the engine went from inner state @from to @to because of @why (kept by pointer). number and
 * changed of the entry are the caller's. */
enum srp_history_change srp_history_step(struct srp_history_builder *b, const struct srp_history_now *now, uint8_t from,
                                         uint8_t to, const char *why);

/* srp_history_event - something both histories tell, without a change of the state: a dual active that was won. Does
 * nothing (false) while a transition runs. */
bool srp_history_event(struct srp_history_builder *b, const struct srp_history_now *now, uint8_t inner,
                       const char *why);

/* srp_history_why - the words that answer "why did it do that": of the first step, or, when it came back to where it
 * began, of the step at which it turned back, or, when it was stopped, of the last. Never NULL. */
const char *srp_history_why(const struct srp_history_entry *e);

/* srp_history_lost - calls lost, all reasons together. */
uint64_t srp_history_lost(const struct srp_history_entry *e);

/* srp_history_time - when @e began by our clock, microseconds since 1970: less the offset of a peer's clock. */
uint64_t srp_history_time(const struct srp_history_entry *e);

/*
 * srp_history_same - can @own and @peer be two views of one event? They overlap within SRP_HISTORY_SLOP_US, and both or
 * neither begin in Init (a chassis that comes up afterwards is another event), and they do not end in the same state.
 */
bool srp_history_same(const struct srp_history_entry *own, const struct srp_history_entry *peer);

/*
 * srp_history_view_of - of @count entries of the other chassis, in the order of srp_history_time, the one that is the
 * other view of @e: the nearest that can be, unless it is nearer to another one; NULL. @is_own: @e is ours.
 */
struct srp_history_list {
	const struct srp_history_entry *own, *peer; /* each in the order of srp_history_time */
	size_t own_count, peer_count;
};

const struct srp_history_entry *srp_history_view_of(const struct srp_history_list *l, const struct srp_history_entry *e,
                                                    bool is_own);

/* srp_history_encode - the JSON of @e on one line, of at most SRP_HISTORY_BODY_MAX octets, as heap text; NULL: no
 * memory. With @names_max the calls that are named. */
char *srp_history_encode(const struct srp_history_entry *e, uint32_t names_max);

/* What the decoder keeps: words that outlive the text, and names of calls (at most SRP_HISTORY_NAMES_MAX). */
struct srp_history_keep {
	const char *(*word)(void *arg, const char *s); /* never NULL */
	void *arg;
	struct srp_lost_call *names; /* room for SRP_HISTORY_NAMES_MAX */
};

/*
 * srp_history_decode - @n octets of JSON into @e; e->names is keep->names when calls are named.
 *
 * ERR_FORMAT: not JSON or a member is missing; ERR_RANGE: a number outside its bounds, too long. @e only on success.
 */
enum err srp_history_decode(const char *s, size_t n, const struct srp_history_keep *keep, struct srp_history_entry *e);

#endif
