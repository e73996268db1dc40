/*
 * srp_option_cmds.c - the options of the redundancy link: checkpoints, guard timers, marking, switchover, audit.
 *
 * Source: interchassis session recovery chapter, "SRP Redundancy, AAA and Diameter Guard Timers" to "Reducing Sync-Up
 * Time with Standby ICSR Chassis", and "Configuring Subscriber State Management Audit Process"; bounds that the
 * chapter leaves out are the reference's proposals (section 2.3).
 */
#include "srp/srp_cmds.h"

#include <string.h>

#include "cli/cfg.h"
#include "cli/cli.h"
#include "cli/cmd_card.h"

/* clang-format off */
#define CHECKPOINT_SESSION KEYWORD("checkpoint", "Replication of calls"), KEYWORD("session", "Of subscriber sessions")
#define SWITCHOVER         KEYWORD("switchover", "What is allowed while the active chassis changes")

#define AAA      KEYWORD("aaa-switchover-timers", "After a switchover because of AAA")
#define DIAMETER KEYWORD("diameter-switchover-timers", "After a switchover because of Diameter")
#define LOCAL    KEYWORD("srp-redundancy-timers", "After a local card reboot or task restart")
#define DAMPING  KEYWORD("damping-period", "Delay of a switchover because of a monitor within the guard period")
#define GUARD    KEYWORD("guard-period", "Time for local recovery or for the network to converge")

/* One guard timer: the words that name it, and its seconds. */
#define GUARD_TIMER(number, ...)                                                                                       \
    {                                                                                                                  \
        .id = number, .mode = &srp_mode, .kind = CLI_LEAF, .forms = CLI_NO | CLI_DEFAULT,                              \
        .tokens = TOKENS(KEYWORD("guard-timer", "Periods that keep local failures from becoming switchovers"),         \
                         __VA_ARGS__, UINT("seconds", 0, 300, "Seconds; 0: none")),                                    \
        .fallback = "60",                                                                                              \
        .doc = "A monitor's failure inside the guard period causes a switchover only when it outlasts the damping "    \
               "period. A changed period counts from its next start.",                                                 \
    }

/* NACKs for one kind of checkpoint. */
#define NACK(number, which, help)                                                                                      \
    {                                                                                                                  \
        .id = number, .mode = &srp_mode, .kind = CLI_LEAF, .forms = CLI_NO | CLI_DEFAULT,                              \
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,                                                                      \
        .tokens = TOKENS(CHECKPOINT_SESSION, KEYWORD("nack", "The standby says when a checkpoint was not taken over"), \
                         KEYWORD(which, help), OPTION,                                                                 \
                         KEYWORD("max-response", "How often in ten minutes; 3 when left out"),                         \
                         UINT("responses", 0, 65535, "Times"), CLOSE),                                                 \
        .fallback = "3",                                                                                               \
        .doc = "The standby chassis asks for the whole call when a checkpoint of it could not be applied, and again "  \
               "when that fails or does not come in ten minutes, until it came or was asked for max-response times. "  \
               "Without the line, and with 0, it does not ask; the next connection then brings everything.",           \
    }

static const struct cli_choice dscp_codes[] = {
    {"af11", "Assured forwarding class 1, low drop"},    {"af12", "Assured forwarding class 1, medium drop"},
    {"af13", "Assured forwarding class 1, high drop"},   {"af21", "Assured forwarding class 2, low drop"},
    {"af22", "Assured forwarding class 2, medium drop"}, {"af23", "Assured forwarding class 2, high drop"},
    {"af31", "Assured forwarding class 3, low drop"},    {"af32", "Assured forwarding class 3, medium drop"},
    {"af33", "Assured forwarding class 3, high drop"},   {"af41", "Assured forwarding class 4, low drop"},
    {"af42", "Assured forwarding class 4, medium drop"}, {"af43", "Assured forwarding class 4, high drop"},
    {"be", "Best effort"},
    {"cs1", "Class selector 1"}, {"cs2", "Class selector 2"}, {"cs3", "Class selector 3"}, {"cs4", "Class selector 4"},
    {"cs5", "Class selector 5"}, {"cs6", "Class selector 6"}, {"cs7", "Class selector 7"},
    {"ef", "Expedited forwarding, low delay"},
    {0},
};
/* clang-format on */

/* early_rule - the chapter: the early transition needs one of the two others first, and they stay while it is there. */
static enum err
early_rule(bool has_all, bool has_volte, struct text *why)
{
	if (has_all || has_volte)
		return ERR_OK;
	text_put(why, "switchover allow-early-active-transition needs switchover allow-all-data-traffic, or "
	              "allow-volte-data-traffic without maintain-accounting");
	return ERR_REFUSED;
}

static bool
has_volte(const struct cfg *cfg, const struct cfg_node *block)
{
	const struct cfg_node *volte = cfg_first(cfg, block, SRP_ROW_ALLOW_VOLTE);

	return volte != NULL && !cfg_has(cfg, volte, "maintain-accounting");
}

static enum err
early_needs(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	(void)line;
	return early_rule(cfg_first(cfg, block, SRP_ROW_ALLOW_ALL) != NULL, has_volte(cfg, block), why);
}

static enum err
all_may_go(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	(void)line;
	if (!cfg_first(cfg, block, SRP_ROW_ALLOW_EARLY))
		return ERR_OK;
	return early_rule(false, has_volte(cfg, block), why);
}

/* volte_may_change - maintain-accounting takes away what the early transition needs. */
static enum err
volte_may_change(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	if (!cfg_first(cfg, block, SRP_ROW_ALLOW_EARLY))
		return ERR_OK;
	return early_rule(cfg_first(cfg, block, SRP_ROW_ALLOW_ALL) != NULL, !cli_bound_has(line, "maintain-accounting"),
	                  why);
}

static enum err
volte_may_go(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	(void)line;
	if (!cfg_first(cfg, block, SRP_ROW_ALLOW_EARLY))
		return ERR_OK;
	return early_rule(cfg_first(cfg, block, SRP_ROW_ALLOW_ALL) != NULL, false, why);
}

/* RFC 2474, 2597, 3246: class selectors are the three high bits, assured forwarding adds twice the drop precedence. */
uint8_t
srp_dscp_value(const char *code)
{
	enum { CLASS = 8, DROP = 2, EF = 46 };

	if (strcmp(code, "ef") == 0)
		return EF;
	if (strncmp(code, "af", 2) == 0)
		return (uint8_t)(CLASS * (code[2] - '0') + DROP * (code[3] - '0'));
	return strncmp(code, "cs", 2) == 0 ? (uint8_t)(CLASS * (code[2] - '0')) : 0;
}

static const struct cli_row srp_option_rows[] = {
    /* --- checkpoints ----------------------------------------------------------------------------------------- */
    {
        .id = SRP_ROW_CHECKPOINT_IMS,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens =
            TOKENS(CHECKPOINT_SESSION, KEYWORD("duration", "Age a call must have before it is replicated"),
                   KEYWORD("ims-session", "Of IMS sessions only"), UINT("seconds", 0, 65535, "Seconds; 0: at once")),
        /* no fallback: without the line the general duration counts, whatever that is */
        .doc = "As checkpoint session duration, for IMS sessions: those of the access point named ims. Without it the "
               "general one counts.",
    },
    {
        .id = SRP_ROW_CHECKPOINT_NON_IMS,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(CHECKPOINT_SESSION, KEYWORD("duration", "Age a call must have before it is replicated"),
                         KEYWORD("non-ims-session", "Of all others"), UINT("seconds", 0, 65535, "Seconds; 0: at once")),
        .doc = "As checkpoint session duration, for sessions that are not IMS. Without it the general one counts.",
    },
    NACK(SRP_ROW_NACK_MACRO, "macro", "For full checkpoints"),
    NACK(SRP_ROW_NACK_MICRO, "micro", "For micro-checkpoints"),
    {
        .id = SRP_ROW_PERIODIC,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,
        .forms = CLI_NO_KEPT,
        .tokens = TOKENS(CHECKPOINT_SESSION, KEYWORD("periodic-interval", "Time between full checkpoints of a call"),
                         UINT_STEP("minutes", 30, 1440, 15, "Minutes, a multiple of 15")),
        .fallback = "45",
        .doc =
            "Every call is sent in full once in this time, whatever else is sent of it; with no there are no periodic "
            "full checkpoints.",
    },
    {
        .id = SRP_ROW_CHECKPOINT_COMPRESSION,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(
            CHECKPOINT_SESSION, KEYWORD("compression", "How checkpoints are compressed"),
            CHOICE("codec",
                   CHOICES({"lz4", "LZ4, when both chassis are configured so"}, {"zlib", "zlib: smaller, and slower"}),
                   "Method")),
        .fallback = "zlib",
        .doc =
            "Compression of checkpoints. LZ4 is used when both chassis are configured so, zlib otherwise. Agreed when "
            "a connection is made: a change acts at the next one.",
    },

    /* --- guard timers ---------------------------------------------------------------------------------------- */
    GUARD_TIMER(SRP_ROW_GUARD_AAA_DAMPING, AAA, DAMPING),
    GUARD_TIMER(SRP_ROW_GUARD_AAA_GUARD, AAA, GUARD),
    GUARD_TIMER(SRP_ROW_GUARD_DIAMETER_DAMPING, DIAMETER, DAMPING),
    GUARD_TIMER(SRP_ROW_GUARD_DIAMETER_GUARD, DIAMETER, GUARD),
    GUARD_TIMER(SRP_ROW_GUARD_LOCAL_AAA_DAMPING, LOCAL, KEYWORD("aaa", "AAA"), DAMPING),
    GUARD_TIMER(SRP_ROW_GUARD_LOCAL_AAA_GUARD, LOCAL, KEYWORD("aaa", "AAA"), GUARD),
    GUARD_TIMER(SRP_ROW_GUARD_LOCAL_BGP_DAMPING, LOCAL, KEYWORD("bgp", "BGP"), DAMPING),
    GUARD_TIMER(SRP_ROW_GUARD_LOCAL_BGP_GUARD, LOCAL, KEYWORD("bgp", "BGP"), GUARD),
    GUARD_TIMER(SRP_ROW_GUARD_LOCAL_DIAMETER_DAMPING, LOCAL, KEYWORD("diam", "Diameter"), DAMPING),
    GUARD_TIMER(SRP_ROW_GUARD_LOCAL_DIAMETER_GUARD, LOCAL, KEYWORD("diam", "Diameter"), GUARD),

    /* --- marking --------------------------------------------------------------------------------------------- */
    {
        .id = SRP_ROW_DSCP_CONTROL,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("dscp-marking", "Marks packets to the other chassis"),
                         KEYWORD("control", "Of control messages"), CHOICE("code", dscp_codes, "DSCP value")),
        .fallback = "be",
        .doc = "DSCP value of SRP control messages.",
    },
    {
        .id = SRP_ROW_DSCP_SESSION,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("dscp-marking", "Marks packets to the other chassis"),
                         KEYWORD("session", "Of checkpoints"), CHOICE("code", dscp_codes, "DSCP value")),
        .fallback = "be",
        .doc = "DSCP value of checkpoint messages.",
    },

    /* --- switchover ------------------------------------------------------------------------------------------ */
    {
        .id = SRP_ROW_ALLOW_ALL,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .check_no = all_may_go,
        .tokens = TOKENS(SWITCHOVER, KEYWORD("allow-all-data-traffic", "All data, before billing is reconciled")),
        .doc = "Lets all data traffic pass as soon as a chassis becomes Active. Needed on both chassis; beside it, "
               "switchover allow-volte-data-traffic does not count.",
    },
    {
        .id = SRP_ROW_ALLOW_VOLTE,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .check = volte_may_change,
        .check_no = volte_may_go,
        .tokens = TOKENS(SWITCHOVER, KEYWORD("allow-volte-data-traffic", "VoLTE data, before billing is reconciled"),
                         OPTION, KEYWORD("maintain-accounting", "But after VoLTE accounting was flushed"), CLOSE),
        .doc = "Lets VoLTE data pass during a switchover, with maintain-accounting after its accounting was flushed.",
    },
    {
        .id = SRP_ROW_ALLOW_EARLY,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,
        .forms = CLI_NO | CLI_DEFAULT,
        .check = early_needs,
        .tokens = TOKENS(SWITCHOVER, KEYWORD("allow-early-active-transition", "The new chassis is Active earlier")),
        .doc = "Shortens a planned switchover: the other chassis takes the service address while this one still "
               "flushes. Needed on both chassis. Needs allow-all-data-traffic, or allow-volte-data-traffic without "
               "maintain-accounting; these cannot be removed while it is there.",
    },
    {
        .id = SRP_ROW_CONTROL_OPTIMIZATION,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(SWITCHOVER, KEYWORD("control-outage-optimization", "New calls as soon as the audit is done")),
        .doc = "After a switchover: lets new calls in during the accounting flush, as soon as the audit is done. Both "
               "chassis must have it.",
    },

    /* --- audit ----------------------------------------------------------------------------------------------- */
    {
        .id = SRP_ROW_ADVERTISE_STANDBY,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("advertise-routes-in-standby-state", "The standby chassis advertises BGP routes too"),
                         OPTION, KEYWORD("hold-off-time", "Delay of the advertisement; 30 when left out"),
                         UINT("seconds", 1, 300, "Seconds"), CLOSE, OPTION,
                         KEYWORD("reset-bfd-nbrs", "How long BFD stays down after a reset"),
                         UINT("ms", 50, 10000, "Milliseconds"), CLOSE),
        .doc = "A standby chassis advertises its routes with a longer path. no and default remove the whole line.",
    },
    {
        .id = SRP_ROW_AUDIT_START,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("audit", "Comparison of the calls of both chassis"),
                         KEYWORD("daily-start-time", "When the first audit of a day begins"),
                         UINT_DIGITS("hour", 0, 23, 2, "Hour"), UINT_DIGITS("minute", 0, 59, 2, "Minute")),
        .doc = "When the daily audit of both chassis' calls begins. Without it audits only run by hand.",
    },
    {
        .id = SRP_ROW_AUDIT_PERIODICITY,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens =
            TOKENS(KEYWORD("audit", "Comparison of the calls of both chassis"),
                   KEYWORD("periodicity", "Time from one audit to the next"), UINT("minutes", 60, 1440, "Minutes")),
        .fallback = "60",
        .doc = "Time between two audits, from the daily start time on.",
    },

    /* --- Global Configuration ------------------------------------------------------------------------------ */
    {
        .id = SRP_ROW_GRACEFUL_CLEANUP,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_ICSR_OPTIMIZATION,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_PAIR,
        .tokens = TOKENS(
            KEYWORD("require", "What the system must have"),
            KEYWORD("graceful-cleanup-during-audit-failure", "Tells the peers of a call that an audit purges"), OPTION,
            KEYWORD("del-cause", "Cause in what they are told"), KEYWORD("non-ims-apn", "For calls of other than IMS"),
            CHOICE("cause", CHOICES({"system-failure", "System failure"}, {"none", "None"}), "Cause"), CLOSE),
        .doc = "Before a call that fails the internal audit is purged, its SGSN gets a Delete PDP Context Request, and "
               "again "
               "until it answers, five times at most. Of calls at other access points than ims, del-cause says whether "
               "the "
               "cause system failure is in it; calls at ims are told without a cause.",
    },
};

const struct cli_table srp_option_table = TABLE(srp_option_rows);
