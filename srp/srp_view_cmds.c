/*
 * srp_view_cmds.c - what is shown of transitions, audits and checkpoints, and the exec commands beside them.
 *
 * Source: interchassis session recovery chapter, tables of `srp` and `show srp` commands; `history` and `details`
 * beyond their names are ours.
 */
#include "cli/cli.h"
#include "cli/cmd_card.h"
#include "srp/srp_cmds.h"

/* clang-format off */
#define SHOW         KEYWORD("show", "Shows something")
#define SHOW_SRP     SHOW, KEYWORD("srp", "Interchassis session recovery")
#define STATISTICS   KEYWORD("checkpoint", "Replication of calls"), KEYWORD("statistics", "Counters of replication")

/* Counters of replication; the words before `checkpoint` are given. */
#define CHECKPOINT_STATISTICS(number, ...)                                                                             \
    {                                                                                                                  \
        .id = number, .mode = &cli_exec_mode, .kind = CLI_VIEW, .flags = CLI_HAS_JSON, .feature = CLI_FEATURE_ICSR,    \
        .tokens = TOKENS(__VA_ARGS__, STATISTICS, OPTION, ONE_OF,                                                      \
                         KEYWORD("verbose", "And one line for each session manager"), OR,                              \
                         KEYWORD("debug-info", "And where each link stands, and what was refused"), OR,                \
                         KEYWORD("active", "Of the active session managers"),                                          \
                         KEYWORD("verbose", "With one line for each"), OR,                                             \
                         KEYWORD("ipsecmgr", "Of IPsec managers"), KEYWORD("all", "All of them"), CLOSE, CLOSE),       \
        .doc = "Replicated calls, checkpoints and NACKs, in total, for each session manager, or with what support "    \
               "asks for.",                                                                                            \
    }

#define CHECKPOINT_SESSMGR(number, ...)                                                                                \
    {                                                                                                                  \
        .id = number, .mode = &cli_exec_mode, .kind = CLI_VIEW, .flags = CLI_HAS_JSON, .feature = CLI_FEATURE_ICSR,    \
        .tokens = TOKENS(__VA_ARGS__, STATISTICS, KEYWORD("sessmgr", "Of session managers, each by itself"), ONE_OF,   \
                         KEYWORD("all", "All of them"), OR, KEYWORD("instance", "One of them"),                        \
                         UINT("number", 1, 127, "Its number"), CLOSE, OPTION, ONE_OF,                                  \
                         KEYWORD("debug-info", "And where its link stands, and what was refused"), OR,                 \
                         KEYWORD("write-list-stats", "What waits to be sent or acknowledged"), CLOSE, CLOSE),          \
        .doc = "The counters of replication of each session manager, or of one.",                                      \
    }
/* clang-format on */

static const struct cli_row srp_view_rows[] = {
    CHECKPOINT_STATISTICS(SRP_ROW_SHOW_CHECKPOINT, SHOW_SRP),
    CHECKPOINT_STATISTICS(SRP_ROW_SHOW_CHECKPOINT_SHORT, SHOW),
    CHECKPOINT_SESSMGR(SRP_ROW_SHOW_CHECKPOINT_SESSMGR, SHOW_SRP),
    CHECKPOINT_SESSMGR(SRP_ROW_SHOW_CHECKPOINT_SESSMGR_SHORT, SHOW),
    {
        .id = SRP_ROW_SHOW_MICRO,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(SHOW_SRP, KEYWORD("micro-checkpoint", "Checkpoints of a part of a call"),
                         KEYWORD("statistics", "Counters of each kind"), OPTION,
                         KEYWORD("debug-info", "For each session manager as well"), CLOSE),
        .doc = "How many micro-checkpoints of each kind were sent, received, failed and asked for again.",
    },
    {
        .id = SRP_ROW_SHOW_HISTORY,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("history", "Every transition of both chassis, and why"), OPTION,
                         KEYWORD("verbose", "With every step, phase and lost call"), CLOSE),
        .doc =
            "One line for each transition since the installation, of this chassis and of the peer, the oldest first: "
            "when, from what to what, the reason, calls lost (? when the chassis that had them did not live to tell), "
            "and why. verbose adds the steps of both chassis in the order of time.",
    },
    {
        .id = SRP_ROW_SHOW_AUDIT,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("audit-statistics", "Audits of the calls")),
        .doc = "Internal audits after switchovers, and external audits between the chassis.",
    },
    {
        .id = SRP_ROW_SHOW_CHECKPOINT_INFO,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("checkpoint", "Replication of calls"), KEYWORD("info", "Kinds of checkpoints")),
        .doc = "The kinds of checkpoints: number (CMD-ID), name, what makes each be sent and how often, whether it "
               "carries "
               "accounting, how many were sent, received and failed, and whether the standby sends NACKs for it.",
    },
    {
        .id = SRP_ROW_SHOW_PROOF,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("checkpoint", "Replication of calls"),
                         KEYWORD("proof", "Are the calls of both chassis the same? (Starling)")),
        .doc = "How many calls differ between both chassis and how old that is, or the calls that differ. Both chassis "
               "read every stored record again within two seconds and compare sums at the same change; the digest of "
               "both is the same when no call is under way. Not a command of the product.",
    },
    {
        .id = SRP_ROW_SHOW_DETAILS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("details", "Everything at once, for support")),
        .doc =
            "State, counters, checkpoints of each session manager, timers, how often each row of the state machine was "
            "taken, and the whole history.",
    },
    {
        .id = SRP_ROW_AUDIT,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("initiate-audit", "Compares the calls of both chassis"),
                         KEYWORD("manual-with-sync", "Now, and makes them equal")),
        .doc = "On the active chassis: both read all records again and compare them; calls that differ or are missing "
               "on the "
               "standby are sent in full, those that only the standby has are dropped. Answers when it has ended.",
    },
    {
        .id = SRP_ROW_NACK_OFF,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(KEYWORD("srp", "Interchassis session recovery"), KEYWORD("disable", "Switches something off"),
                         KEYWORD("nack", "Negative acknowledgements of the standby"),
                         KEYWORD("micro-chkpt-cmd", "For one micro-checkpoint"),
                         UINT("number", 1, 255, "Its CMD-ID, of show srp checkpoint info")),
        .doc = "While this chassis is the standby it no longer sends NACKs for this micro-checkpoint. Not part of the "
               "configuration: it lasts until it is enabled again or the chassis starts again.",
    },
    {
        .id = SRP_ROW_NACK_ON,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(KEYWORD("srp", "Interchassis session recovery"), KEYWORD("enable", "Switches something on"),
                         KEYWORD("nack", "Negative acknowledgements of the standby"),
                         KEYWORD("micro-chkpt-cmd", "For one micro-checkpoint"),
                         UINT("number", 1, 255, "Its CMD-ID, of show srp checkpoint info")),
        .doc = "The standby sends NACKs for this micro-checkpoint again.",
    },
};

const struct cli_table srp_view_table = TABLE(srp_view_rows);
