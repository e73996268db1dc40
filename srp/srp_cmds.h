/*
 * srp_cmds.h - the commands of service-redundancy-protocol: rows only.
 *
 * The numbers name rows for the configuration getters (cli/cfg.h) and for handlers (cli/cli.h).
 * Arguments are named in the comments. Implements the chapter's "Configuring the SRP Context".
 */
#ifndef SRP_SRP_CMDS_H
#define SRP_SRP_CMDS_H

#include "cli/cfg.h"

enum srp_row_id {
	SRP_ROW_BLOCK = CLI_ROWS_OF_SRP, /* service-redundancy-protocol, in a context */
	SRP_ROW_CHASSIS_MODE,            /* mode: "primary", "backup" */
	SRP_ROW_PRIORITY,                /* number */
	SRP_ROW_PEER,                    /* address */
	SRP_ROW_HELLO,                   /* seconds, or ms: srp_interval_ms */
	SRP_ROW_DEAD,                    /* the same */
	SRP_ROW_DELAY,                   /* seconds */
	SRP_ROW_CHECKPOINT_DURATION,     /* seconds */
	SRP_ROW_CHECKPOINT_COMPRESSION,  /* codec: "lz4", "zlib" */
	SRP_ROW_ROUTE_MODIFIER,          /* threshold */
	SRP_ROW_DELTA_ROUTE_MODIFIER,    /* number */
	SRP_ROW_INTERNAL_RETRIES,        /* number */
	SRP_ROW_INTERNAL_RETRY,          /* seconds */
	SRP_ROW_INTERIM_RESOURCE,        /* handle-interim-resource-msg */
	SRP_ROW_DATABASE_RECOVERY,       /* method: "normal", "aggressive" */
	SRP_ROW_BIND,                    /* address */
	SRP_ROW_CONFIGURATION_INTERVAL,  /* seconds */

	/* options: srp_option_cmds.c */
	SRP_ROW_CHECKPOINT_IMS,     /* seconds */
	SRP_ROW_CHECKPOINT_NON_IMS, /* seconds */
	SRP_ROW_NACK_MACRO,         /* responses */
	SRP_ROW_NACK_MICRO,         /* responses */
	SRP_ROW_PERIODIC,           /* minutes; kept as no checkpoint session periodic-interval */
	SRP_ROW_GUARD_AAA_DAMPING,  /* guard-timer: seconds, as all down to LOCAL_DIAMETER_GUARD */
	SRP_ROW_GUARD_AAA_GUARD,
	SRP_ROW_GUARD_DIAMETER_DAMPING,
	SRP_ROW_GUARD_DIAMETER_GUARD,
	SRP_ROW_GUARD_LOCAL_AAA_DAMPING,
	SRP_ROW_GUARD_LOCAL_AAA_GUARD,
	SRP_ROW_GUARD_LOCAL_BGP_DAMPING,
	SRP_ROW_GUARD_LOCAL_BGP_GUARD,
	SRP_ROW_GUARD_LOCAL_DIAMETER_DAMPING,
	SRP_ROW_GUARD_LOCAL_DIAMETER_GUARD,
	SRP_ROW_DSCP_CONTROL,         /* code */
	SRP_ROW_DSCP_SESSION,         /* code */
	SRP_ROW_ALLOW_ALL,            /* switchover allow-all-data-traffic */
	SRP_ROW_ALLOW_VOLTE,          /* flag maintain-accounting */
	SRP_ROW_ALLOW_EARLY,          /* switchover allow-early-active-transition */
	SRP_ROW_CONTROL_OPTIMIZATION, /* switchover control-outage-optimization */
	SRP_ROW_ADVERTISE_STANDBY,    /* seconds: hold-off-time; ms: reset-bfd-nbrs */
	SRP_ROW_AUDIT_START,          /* hour minute */
	SRP_ROW_AUDIT_PERIODICITY,    /* minutes */
	SRP_ROW_GRACEFUL_CLEANUP,     /* in global configuration: cause */

	SRP_ROW_SHOW_INFO,
	SRP_ROW_SHOW_STATISTICS,
	SRP_ROW_SHOW_CALL_LOSS,
	SRP_ROW_TERMINATE_POST,
	SRP_ROW_SWITCHOVER, /* flags force, reset-route-modifier, dry-run; seconds */
	SRP_ROW_VALIDATE_CONFIGURATION,
	SRP_ROW_VALIDATE_SWITCHOVER,

	/* srp_view_cmds.c */
	SRP_ROW_SHOW_HISTORY, /* flag verbose */
	SRP_ROW_SHOW_AUDIT,
	SRP_ROW_SHOW_CHECKPOINT_INFO,
	SRP_ROW_SHOW_PROOF,
	SRP_ROW_SHOW_CHECKPOINT,         /* flags verbose, debug-info, active, ipsecmgr */
	SRP_ROW_SHOW_CHECKPOINT_SESSMGR, /* instance, flags debug-info, write-list-stats */
	SRP_ROW_SHOW_CHECKPOINT_SHORT,   /* the same two without the word srp */
	SRP_ROW_SHOW_CHECKPOINT_SESSMGR_SHORT,
	SRP_ROW_SHOW_MICRO, /* flag debug-info */
	SRP_ROW_SHOW_DETAILS,
	SRP_ROW_AUDIT,
	SRP_ROW_NACK_OFF, /* number */
	SRP_ROW_NACK_ON,  /* number */
};

/*
 * srp_interval_ms - milliseconds of the line @row_id (SRP_ROW_HELLO, SRP_ROW_DEAD) of @block, written in seconds or in
 * milliseconds; the default of the row when there is no line.
 */
uint32_t srp_interval_ms(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id);

/* srp_dscp_value - the six bits (0..63) of a code of dscp-marking, one of its 21. */
uint8_t srp_dscp_value(const char *code);

extern const struct cli_mode srp_mode;
extern const struct cli_table srp_table, srp_option_table, srp_view_table;

#endif
