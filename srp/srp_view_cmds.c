/*
 * srp_view_cmds.c - what is shown of transitions, audits and checkpoints, and the exec commands whose effect comes with
 * audits and negative acknowledgements.
 *
 * Source: interchassis session recovery chapter, tables of `srp` and `show srp` commands; `history` and `details`
 * beyond their names are ours.
 */
#include "cli/cli.h"
#include "cli/cmd_card.h"
#include "srp/srp_cmds.h"

static const struct cli_row srp_view_rows[] = {
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
        .doc = "The checkpoints that are sent, with their numbers (CMD-ID) and what makes each be sent.",
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
        .flags = CLI_NO_EFFECT_YET,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(KEYWORD("srp", "Interchassis session recovery"), KEYWORD("disable", "Switches something off"),
                         KEYWORD("nack", "Negative acknowledgements of the standby"),
                         KEYWORD("micro-chkpt-cmd", "For one micro-checkpoint"),
                         UINT("number", 1, 255, "Its CMD-ID, of show srp checkpoint info")),
        .doc = "The standby no longer sends NACKs for a micro-checkpoint that fails again and again.",
    },
    {
        .id = SRP_ROW_NACK_ON,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .flags = CLI_NO_EFFECT_YET,
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
