/*
 * srp_cmds.c - the commands of interchassis session recovery.
 *
 * Source: interchassis session recovery chapter, "Configuring the Service Redundancy Protocol (SRP) Context";
 * ranges and defaults that the chapter leaves out are the reference's proposals (section 2.3).
 */
#include "srp/srp_cmds.h"

#include <inttypes.h>

#include "cli/cfg.h"
#include "cli/cli.h"
#include "cli/cmd_card.h"

/* srp_rule - the chapter: the dead interval must be at least three times the hello interval. */
static enum err
srp_rule(const struct cfg *cfg, const struct cfg_node *block, struct text *why)
{
	uint64_t hello = cfg_leaf_uint(cfg, block, SRP_ROW_HELLO);
	uint64_t dead = cfg_leaf_uint(cfg, block, SRP_ROW_DEAD);

	if (dead >= 3 * hello)
		return ERR_OK;
	text_printf(why,
	            "dead-interval %" PRIu64 " must be at least three times hello-interval %" PRIu64
	            "; what was in force before stays",
	            dead, hello);
	return ERR_REFUSED;
}

/* srp_only_once - one chassis has one redundancy link. */
static enum err
srp_only_once(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line, struct text *why)
{
	const struct cfg_node *c = cfg_first(cfg, cfg_root(cfg), CLI_ROW_CONTEXT);

	(void)line;
	for (; c; c = cfg_next(cfg, c)) {
		if (c == block || !cfg_first(cfg, c, SRP_ROW_BLOCK))
			continue;
		text_printf(why, "service-redundancy-protocol is already in context %s", cfg_str(cfg, c, "name"));
		return ERR_REFUSED;
	}
	return ERR_OK;
}

static const uint16_t srp_ruled[] = {SRP_ROW_HELLO, SRP_ROW_DEAD, 0};

const struct cli_mode srp_mode = {
    .name = "Service Redundancy Protocol Configuration",
    .parent = &cli_context_mode,
    .prompt = "config-srp",
    .left = srp_rule,
    .ruled = srp_ruled,
};

static const struct cli_row srp_rows[] = {
    {
        .id = SRP_ROW_BLOCK,
        .mode = &cli_context_mode,
        .kind = CLI_OPENS,
        .feature = CLI_FEATURE_ICSR,
        .forms = CLI_NO,
        .flags = CLI_SRP_BLOCK,
        .tokens = TOKENS(KEYWORD("service-redundancy-protocol", "The redundancy link to the other chassis"), OPTION,
                         IGNORED("variable", "Accepted and ignored"), CLOSE),
        .opens = &srp_mode,
        .check = srp_only_once,
        .doc = "Creates or enters the redundancy link. It belongs into a context of its own; a chassis has one.",
    },

    /* --- Service Redundancy Protocol Configuration ------------------------------------------------------ */
    {
        .id = SRP_ROW_CHASSIS_MODE,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("chassis-mode", "The part this chassis has when both start"),
                         CHOICE("mode",
                                CHOICES({"primary", "Becomes Active when the other does not say otherwise"},
                                        {"backup", "Becomes Standby when the other is there"}),
                                "Part of this chassis")),
        .fallback = "backup",
        .doc = "Primary or backup: decides who becomes Active when neither chassis is.",
    },
    {
        .id = SRP_ROW_PRIORITY,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("priority", "Decides between two chassis of the same mode"),
                         UINT("number", 1, 255, "The lower number wins; the two chassis must differ")),
        .fallback = "125",
        .doc = "Decides when both chassis have the same chassis-mode: the lower number wins.",
    },
    {
        .id = SRP_ROW_PEER,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("peer-ip-address", "The other chassis"), ADDRESS("address", "Its bind address")),
        .doc = "Address of the other chassis, of the same family as the bind address.",
    },
    {
        .id = SRP_ROW_HELLO,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens =
            TOKENS(KEYWORD("hello-interval", "Time between two hello messages"), UINT("seconds", 1, 60, "Seconds")),
        .fallback = "10",
        .doc = "Time between two hello messages to the other chassis.",
    },
    {
        .id = SRP_ROW_DEAD,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("dead-interval", "Silence after which the other chassis counts as lost"),
                         UINT("seconds", 3, 180, "Seconds, at least three times the hello interval")),
        .fallback = "30",
        .doc = "Silence after which a standby chassis becomes Active. At least three times the hello interval; checked "
               "when the mode is left.",
    },
    {
        .id = SRP_ROW_DELAY,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens =
            TOKENS(KEYWORD("delay-interval", "Time after the configuration was loaded before the dead timer starts"),
                   UINT("seconds", 0, 600, "Seconds")),
        .fallback = "0",
        .doc = "Delays the first start of the dead timer after the configuration was loaded.",
    },
    {
        .id = SRP_ROW_CHECKPOINT_DURATION,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("checkpoint", "Replication of calls"), KEYWORD("session", "Of subscriber sessions"),
                         KEYWORD("duration", "Age a call must have before it is replicated"),
                         UINT("seconds", 0, 65535, "Seconds; 0 replicates at once")),
        .fallback = "60",
        .doc = "A call is replicated to the other chassis when it is older than this.",
    },
    {
        .id = SRP_ROW_DATABASE_RECOVERY,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("standby", "Settings of the standby chassis"),
                         KEYWORD("database-recovery", "How soon it takes replicated calls after a new connection"),
                         CHOICE("method",
                                CHOICES({"normal", "After seven heartbeats, one every 3 seconds"},
                                        {"aggressive", "After the first heartbeat, at once"}),
                                "Method")),
        .fallback = "normal",
        .doc = "How many heartbeats a standby waits for before it is ready for calls: seven, or one.",
    },
    {
        .id = SRP_ROW_ROUTE_MODIFIER,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens =
            TOKENS(KEYWORD("route-modifier", "The number that tells the active chassis' routes from the standby's"),
                   KEYWORD("threshold", "Where counting starts again"),
                   UINT("number", 2, 32, "The pair starts again when it is reached")),
        .fallback = "16",
        .doc = "Every switchover counts the route modifier up; at the threshold the pair starts again.",
    },
    {
        .id = SRP_ROW_BIND,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("bind", "The local end"), KEYWORD("address", "By its address"),
                         ADDRESS("address", "Address of this chassis")),
        .doc = "Local address of the redundancy link; without it there is none.",
    },

    /* --- Exec ------------------------------------------------------------------------------------------- */
    {
        .id = SRP_ROW_SHOW_INFO,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("info", "State of both chassis")),
        .doc = "State, mode, priority and route modifier of this chassis and its peer.",
    },
    {
        .id = SRP_ROW_SHOW_STATISTICS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("statistics", "Counters of the redundancy link")),
        .doc = "Hello messages, connections and switchovers since the start.",
    },
    {
        .id = SRP_ROW_SHOW_CHECKPOINT,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .feature = CLI_FEATURE_ICSR,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                   KEYWORD("checkpoint", "Replication of calls"), KEYWORD("statistics", "Counters of replication"),
                   OPTION, KEYWORD("verbose", "One line for each session manager"), CLOSE),
        .doc = "Replicated calls and checkpoints, in total or for each session manager.",
    },
    {
        .id = SRP_ROW_SHOW_CALL_LOSS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .feature = CLI_FEATURE_ICSR,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                   KEYWORD("call-loss", "Calls that a switchover lost"), KEYWORD("statistics", "Counters and names")),
        .doc = "Calls that were lost in switchovers, by name.",
    },
    {
        .id = SRP_ROW_SWITCHOVER,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .flags = CLI_MAY_ASK,
        .tokens =
            TOKENS(KEYWORD("srp", "Interchassis session recovery"),
                   KEYWORD("initiate-switchover", "Makes the other chassis Active"), OPTION,
                   KEYWORD("force", "Even if session managers are not connected, or the configurations differ"), CLOSE,
                   OPTION, KEYWORD("timeout", "Bound of each waiting phase of the hand-over, 5 seconds otherwise"),
                   UINT("seconds", 1, 3600, "Seconds"), CLOSE, OPTION,
                   KEYWORD("reset-route-modifier", "Both chassis start their route modifiers again"), CLOSE, OPTION,
                   KEYWORD("dry-run", "Tries it out on a copy of the state and says what would be"), CLOSE),
        .doc = "On the active chassis: hands over to the standby. Refused when a session manager is not connected to "
               "the other chassis, or when the configurations differ; force overrides both. What would be refused at "
               "once is refused before the question. dry-run asks nothing and changes nothing.",
    },
};

const struct cli_table srp_table = TABLE(srp_rows);
