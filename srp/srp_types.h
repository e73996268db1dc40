/*
 * srp_types.h - plain values of the redundancy engine: states, modes, configuration, hello, reasons.
 *
 * No functions but the names of the numbers. Read by every layer; the configuration struct is filled from the
 * command rows of service-redundancy-protocol, the view struct by the engine's shell for the show commands.
 */
#ifndef SRP_TYPES_H
#define SRP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/hist.h"

/* Chassis states, as shown and as sent in a hello. */
enum srp_state { SRP_INIT, SRP_STANDBY, SRP_PENDING_ACTIVE, SRP_ACTIVE, SRP_PENDING_STANDBY, SRP_STATE_COUNT };

enum srp_mode { SRP_MODE_BACKUP, SRP_MODE_PRIMARY, SRP_MODE_COUNT };

/* Switchover reasons: numbers and names of the object starSRPSwitchReason. */
enum srp_reason {
	SRP_REASON_NOT_DEFINED,
	SRP_REASON_AAA_FAILURE,
	SRP_REASON_BGP_FAILURE,
	SRP_REASON_BFD_FAILURE,
	SRP_REASON_DIAMETER_FAILURE,
	SRP_REASON_HSRP_SWITCHOVER,
	SRP_REASON_CHASSIS_BFD_FAILURE,
	SRP_REASON_DUAL_ACTIVE,
	SRP_REASON_DUAL_STANDBY,
	SRP_REASON_DEAD_TIMER_EXPIRY,
	SRP_REASON_FORCE_STATE_CHANGE, /* here: the peer that was Active has come back without its state */
	SRP_REASON_MANUAL_SWITCHOVER,
	SRP_REASON_EGQC_FAILURE,
	SRP_REASON_COUNT
};

/* What an operator is told of `srp initiate-switchover`. */
enum srp_answer {
	SRP_ANSWER_OK,               /* the peer is Active, this chassis Standby */
	SRP_ANSWER_NOT_ACTIVE,       /* this chassis is not Active */
	SRP_ANSWER_BUSY,             /* a switchover runs already */
	SRP_ANSWER_LINK_DOWN,        /* no connection to the peer, or it was lost before anything was given up */
	SRP_ANSWER_PEER_NOT_STANDBY, /* the peer is in another state */
	SRP_ANSWER_NOT_CONNECTED,    /* count session managers of this chassis are not connected to the peer */
	SRP_ANSWER_PEER_REFUSED,     /* the peer said no: refuse and count say why */
	SRP_ANSWER_NO_READY,         /* the peer did not say it is ready in time; nothing was given up */
	SRP_ANSWER_RESUMED,          /* the hand-over did not complete; this chassis serves again */
	SRP_ANSWER_CONFIG_DIFFERS,   /* count lines of the configuration differ from the peer's */
	SRP_ANSWER_DRY_RUN_OK,       /* a dry run: the switchover would begin */
	SRP_ANSWER_COUNT
};

/* Why a chassis refuses PREPARE or TAKE; travels in SWITCH_REFUSE. */
enum srp_refuse {
	SRP_REFUSE_NONE,
	SRP_REFUSE_NOT_STANDBY,
	SRP_REFUSE_NOT_CONNECTED, /* count session managers of the refusing chassis are not ready */
	SRP_REFUSE_STALE_EPOCH,
	SRP_REFUSE_NOT_PREPARED,   /* it does not hold the calls of that incarnation, or has not said READY for it */
	SRP_REFUSE_SAME_FAILURE,   /* the hand-over is because of a monitor that has failed there as well */
	SRP_REFUSE_CONFIG_DIFFERS, /* count lines of the configuration differ, as the refusing chassis sees it */
	SRP_REFUSE_COUNT
};

enum srp_alarm {
	SRP_ALARM_ADDRESS_BUSY,        /* the service address is in use elsewhere; PendingActive and retrying */
	SRP_ALARM_MAC_CONFLICT,        /* mode, priority and MAC are equal on both sides: no election is possible */
	SRP_ALARM_PEER_LOST,           /* Active, and no hello for the dead interval */
	SRP_ALARM_DUAL_ACTIVE,         /* both chassis were heard to be Active */
	SRP_ALARM_INTERNAL_SWITCHOVER, /* a monitor failure asks for a hand-over, and the peer cannot take over */
	SRP_ALARM_COUNT
};

/* Phases of a switchover, in the order in which they begin; the two of ACCOUNTING_FLUSH and INTERNAL_AUDIT run side by
 * side. */
enum srp_phase {
	SRP_PHASE_NONE,
	SRP_PHASE_VALIDATE,            /* old Active: the peer is asked whether it is ready */
	SRP_PHASE_CRITICAL_FLUSH,      /* old Active: address given, checkpoints being acknowledged */
	SRP_PHASE_NETWORK_CONVERGENCE, /* from TAKE, or from the loss of the peer, until the new Active serves */
	SRP_PHASE_ACCOUNTING_FLUSH,    /* new Active: counters of calls come from the old one */
	SRP_PHASE_INTERNAL_AUDIT,      /* new Active: every call is examined */
	SRP_PHASE_POST_SWITCHOVER,     /* new Active: until every session manager is Ready at the peer */
	SRP_PHASE_COUNT
};

/* What control packets are let in; told to demux and session managers. */
enum srp_gate {
	SRP_GATE_OPEN,
	SRP_GATE_REFUSE_NEW,   /* contexts that exist are served, new ones are refused */
	SRP_GATE_DROP_CONTROL, /* nothing is answered: the sender repeats */
	SRP_GATE_COUNT
};

/* What an operator is told of `srp terminate-post-process`. */
enum srp_post_answer {
	SRP_POST_ANSWER_OK,         /* what ran was ended */
	SRP_POST_ANSWER_NONE_RUNS,  /* Active, and nothing runs */
	SRP_POST_ANSWER_NOT_ACTIVE, /* only an Active has such processing */
	SRP_POST_ANSWER_NOT_YET,    /* the chassis is about to serve; there is nothing to end yet */
	SRP_POST_ANSWER_COUNT
};

enum srp_timer {
	SRP_TIMER_HELLO,    /* next hello */
	SRP_TIMER_DEAD,     /* silence of the peer */
	SRP_TIMER_DELAY,    /* before the first dead interval after START */
	SRP_TIMER_RETRY,    /* next attempt to take the service address */
	SRP_TIMER_PHASE,    /* bound of a switchover phase */
	SRP_TIMER_INTERNAL, /* next attempt of a switchover that a monitor failure asks for */
	SRP_TIMER_COUNT
};

enum {
	SRP_RM_INITIAL_PRIMARY = 33, /* above every operational value (threshold <= 32), so that a chassis that */
	SRP_RM_INITIAL_BACKUP = 34,  /* has come up alone never attracts routes from one that serves */
	SRP_RM_MAX = 64,
	SRP_RM_THRESHOLD_DEFAULT = 16,
	SRP_HELLO_MS_DEFAULT = 10000,
	SRP_DEAD_MS_DEFAULT = 30000,
	SRP_RETRY_MS_DEFAULT = 2,
	SRP_PHASE_MS_DEFAULT = 5000,
	SRP_PRIORITY_DEFAULT = 125,
	SRP_RM_DELTA_DEFAULT = 1,
	SRP_RM_DELTA_MAX = 16,
	SRP_INTERNAL_RETRIES_DEFAULT = 3,
	SRP_INTERNAL_RETRIES_MAX = 10,
	SRP_INTERNAL_RETRY_MS_DEFAULT = 15000,
	SRP_INTERNAL_RETRY_MS_MIN = 5000,
	SRP_INTERNAL_RETRY_MS_MAX = 30000
};

/* Options of the switchover: each acts only while both chassis have it (srp_options_agreed). */
enum srp_option {
	SRP_OPT_ALLOW_ALL = 1 << 0,            /* switchover allow-all-data-traffic */
	SRP_OPT_ALLOW_VOLTE = 1 << 1,          /* switchover allow-volte-data-traffic */
	SRP_OPT_VOLTE_ACCOUNTING = 1 << 2,     /* ... maintain-accounting */
	SRP_OPT_EARLY = 1 << 3,                /* switchover allow-early-active-transition */
	SRP_OPT_CONTROL_OPTIMIZATION = 1 << 4, /* switchover control-outage-optimization */
	SRP_OPT_INTERIM_RESOURCE = 1 << 5,     /* handle-interim-resource-msg */
	SRP_OPT_ALL = (1 << 6) - 1
};

/* Per-chassis configuration and identity; srp_config_init gives the defaults. */
struct srp_config {
	uint64_t chassis_id;        /* never 0, kept for the life of the chassis root; must differ between the peers */
	uint64_t incarnation;       /* never 0, another value at each start of chassisd */
	uint8_t mac[MAC_LEN];       /* tiebreaker */
	uint8_t mode;               /* enum srp_mode */
	uint8_t priority;           /* 1..255, lower wins */
	uint8_t rm_threshold;       /* 2..32: route modifiers start again at 1 and 2 here */
	uint8_t rm_initial;         /* 0: by mode (33 primary, 34 backup) */
	uint8_t rm_delta;           /* 1..16: the Standby's route modifier is so much above the Active's */
	uint8_t internal_retries;   /* 0..10: further attempts of a switchover that a monitor failure asks for */
	uint8_t options;            /* set of enum srp_option */
	uint32_t internal_retry_ms; /* 5000..30000: between two of them */
	uint32_t hello_ms;          /* > 0 */
	uint32_t dead_ms;           /* >= 3 * hello_ms, refused by the command rows otherwise */
	uint32_t delay_ms;          /* 0: the dead interval begins at START */
	uint32_t retry_ms;          /* > 0: between attempts to take a busy address */
	uint32_t phase_ms;          /* > 0: READY after PREPARE, and give plus flush, each within this */
};

/* What a chassis says of itself in HELLO and HELLO_REPLY. */
struct srp_hello {
	uint64_t chassis_id;
	uint64_t incarnation;
	uint64_t epoch;   /* Active: its incarnation's number; otherwise the highest it knows; 0 none */
	uint64_t lineage; /* number of the last Active it was or followed since its start; 0: it holds no calls */
	uint8_t state;    /* enum srp_state */
	uint8_t mode;     /* enum srp_mode */
	uint8_t priority;
	uint8_t route_modifier;
	uint8_t mac[MAC_LEN];
	uint8_t mac_len;         /* MAC_LEN; here for the field row */
	uint8_t restart_counter; /* GTP restart counter of the service address: replicated to the Standby */
	uint16_t sessmgrs;       /* number of session managers of the sender */
	uint16_t sessmgrs_ready; /* how many of them have a Ready peer connection */
	uint32_t calls;          /* held: served by an Active, pre-allocated on a Standby */
	uint32_t hello_ms;
	uint32_t dead_ms;
	uint8_t options;        /* set of enum srp_option, as configured */
	uint16_t failed;        /* monitors that have failed: bit per enum srp_reason */
	uint64_t config_digest; /* of the configuration that both must share; 0: not known (the shell's) */
	uint64_t history_seq;   /* number of its last transition; 0: none (the shell's) */
};

/* One change of state, as kept by the shell and in the durable history. */
struct srp_transition {
	uint64_t wall_ms; /* Unix time */
	uint64_t epoch;
	uint8_t from, to; /* enum srp_state */
	uint8_t reason;   /* enum srp_reason */
	uint8_t peer_state;
	uint16_t row; /* of the FSM table: srp_row_reason gives the words */
};

/* One phase of the last switchover as the shell has timed it. */
struct srp_phase_time {
	uint64_t begin_wall_ms; /* Unix time; 0: there was none in this switchover */
	uint64_t begin_us;      /* monotonic */
	uint64_t duration_us;   /* of a phase that has ended */
	bool is_running;
	bool is_cut; /* ended by its bound, by an operator, or because the chassis gave way */
};

struct srp_phase_times {
	struct srp_phase_time of[SRP_PHASE_COUNT]; /* by enum srp_phase; [0] is not used */
};

enum { SRP_BAD_KINDS = 16, SRP_ROW_HITS = 512 };
#define SRP_TIMER_OFF UINT32_MAX

/* Counters of the link and the engine; the shell counts, the renderer prints. */
struct srp_counters {
	uint64_t hello_sent, hello_received, reply_sent, reply_received;
	uint64_t switch_sent, switch_received;         /* PREPARE, READY, REFUSE, TAKE */
	uint64_t config_sent, config_received;         /* configuration validation messages */
	uint64_t resource_sent, resource_received;     /* resource messages */
	uint64_t resource_applied;                     /* handle-interim-resource-msg */
	uint64_t bad_messages[SRP_BAD_KINDS];          /* by enum err */
	uint64_t unknown_types, skipped_fields, stale; /* stale: refused because of a lower epoch */
	uint64_t link_up, link_down, dials;
	uint64_t switchovers[SRP_REASON_COUNT]; /* changes to Active or from Active, by reason */
	uint64_t address_busy;                  /* attempts that found the address in use */
};

struct srp_history_entry; /* srp_history.h */

/* Everything `show srp ...` prints; borrowed for the call of a renderer. */
struct srp_view {
	const char *context; /* name of the context that holds SRP */
	struct addr local, peer;
	struct srp_hello self; /* srp_hello_fill */
	struct srp_hello peer_hello;
	bool is_peer_heard; /* peer_hello is valid: heard within the dead interval or at least once */
	bool is_link_up;
	const char *link_text;                /* "None", "Connecting", "Connected" */
	uint64_t now_wall_ms;                 /* Unix time of this view */
	uint64_t hello_wall_ms;               /* of the last hello, 0 never */
	uint64_t config_event_wall_ms;        /* last peer configuration event, 0 never */
	const char *config_validation;        /* "Initial", "In Progress", "Complete" */
	const char *config_error;             /* "None" or text */
	const char *validate_switchover;      /* "None" or text without ':' */
	const struct srp_counters *counters;  /* never NULL */
	const struct hist *hello_rtt;         /* microseconds; never NULL */
	const struct srp_phase_times *phases; /* of the last switchover; NULL: not shown */
	uint64_t now_us;                      /* monotonic, for phases that run */
	uint8_t gate;                         /* enum srp_gate */
	uint8_t inner_state;                  /* srp_inner_text */
	uint32_t timer_ms[SRP_TIMER_COUNT];   /* until each fires, SRP_TIMER_OFF */
	const uint64_t *row_hits;             /* SRP_ROW_HITS: how often each row of the table was taken */
	const struct srp_history_entry *last; /* transition of this chassis; NULL: none */
	const char *const *alarm_texts;       /* outstanding ones of the redundancy, in words */
	size_t alarm_count;
};

/* Names of the numbers; "?" for a number outside. srp_state_text spells PendingStandby as ActivePendingStandby. */
const char *srp_state_text(uint8_t state);
const char *srp_mode_text(uint8_t mode);

/* srp_mode_of - the mode a configuration line names; NULL and anything else than "primary" is Backup, the default. */
enum srp_mode srp_mode_of(const char *word);
const char *srp_reason_text(uint8_t reason);
const char *srp_answer_text(uint8_t answer);
const char *srp_refuse_text(uint8_t refuse);
const char *srp_alarm_text(uint8_t alarm);
const char *srp_phase_text(uint8_t phase);
const char *srp_gate_text(uint8_t gate);
const char *srp_post_answer_text(uint8_t answer);

/*
 * srp_options_agreed - which options act between a chassis with @self and a peer with @peer (sets of enum srp_option).
 *
 * Those that both have; ALLOW_ALL takes the place of ALLOW_VOLTE, and EARLY needs ALLOW_ALL, or ALLOW_VOLTE while
 * neither maintains the accounting.
 */
uint8_t srp_options_agreed(uint8_t self, uint8_t peer);

#endif
