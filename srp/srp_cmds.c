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

enum { MS_PER_SEC = 1000 };

uint32_t
srp_interval_ms(const struct cfg *cfg, const struct cfg_node *block, uint16_t row_id)
{
	const struct cfg_node *line = cfg_first(cfg, block, row_id);
	uint32_t value = (uint32_t)cfg_leaf_uint(cfg, block, row_id);

	return line && cfg_has(cfg, line, "milliseconds") ? value : value * MS_PER_SEC;
}

/* srp_interval_words - an interval as its line has it. */
static void
srp_interval_words(const char *keyword, uint32_t ms, struct text *out)
{
	if (ms % MS_PER_SEC)
		text_printf(out, "%s milliseconds %" PRIu32, keyword, ms);
	else
		text_printf(out, "%s %" PRIu32, keyword, ms / MS_PER_SEC);
}

/* srp_rule - the chapter: the dead interval must be at least three times the hello interval. */
static enum err
srp_rule(const struct cfg *cfg, const struct cfg_node *block, struct text *why)
{
	uint32_t hello = srp_interval_ms(cfg, block, SRP_ROW_HELLO);
	uint32_t dead = srp_interval_ms(cfg, block, SRP_ROW_DEAD);

	if (dead >= 3 * hello)
		return ERR_OK;
	srp_interval_words("dead-interval", dead, why);
	text_put(why, " must be at least three times ");
	srp_interval_words("hello-interval", hello, why);
	text_put(why, "; what was in force before stays");
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

#define BELOW_A_SECOND "In milliseconds (extension of Starling)"

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
        .flags = CLI_PER_CHASSIS,
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
        .flags = CLI_PER_CHASSIS,
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
        .flags = CLI_PER_CHASSIS,
        .tokens = TOKENS(KEYWORD("peer-ip-address", "The other chassis"), ADDRESS("address", "Its bind address")),
        .doc = "Address of the other chassis, of the same family as the bind address.",
    },
    {
        .id = SRP_ROW_HELLO,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("hello-interval", "Time between two hello messages"), ONE_OF,
                         UINT("seconds", 1, 60, "Seconds"), OR, KEYWORD("milliseconds", BELOW_A_SECOND),
                         UINT("ms", 20, 999, "Milliseconds"), CLOSE),
        .fallback = "10",
        .doc = "Time between two hello messages to the other chassis. The form in milliseconds is an extension of "
               "Starling.",
    },
    {
        .id = SRP_ROW_DEAD,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("dead-interval", "Silence after which the other chassis counts as lost"), ONE_OF,
                         UINT("seconds", 3, 180, "Seconds, at least three times the hello interval"), OR,
                         KEYWORD("milliseconds", BELOW_A_SECOND),
                         UINT("ms", 60, 2999, "Milliseconds, at least three times the hello interval"), CLOSE),
        .fallback = "30",
        .doc = "Silence after which a standby chassis becomes Active. At least three times the hello interval, also "
               "when that is changed or goes back to its default; checked when the mode is left and at the end of a "
               "file. The form in milliseconds is an extension of Starling.",
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
        .id = SRP_ROW_DELTA_ROUTE_MODIFIER,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("delta-route-modifier", "How far the standby's route modifier is above the active's"),
                         UINT("number", 1, 16, "Step")),
        .fallback = "1",
        .doc = "A chassis that follows the active one takes its route modifier plus this number.",
    },
    {
        .id = SRP_ROW_INTERNAL_RETRIES,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("num-internal-switchover-retry", "Further attempts at a switchover for a monitor"),
                         UINT("number", 0, 10, "Attempts after the first")),
        .fallback = "3",
        .doc = "How often a switchover because of a monitor is tried again when it could not be done.",
    },
    {
        .id = SRP_ROW_INTERNAL_RETRY,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("internal-switchover-retry-interval", "Time between two such attempts"),
                         UINT("seconds", 5, 30, "Seconds")),
        .fallback = "15",
        .doc = "Time between two attempts of a switchover because of a monitor.",
    },
    {
        .id = SRP_ROW_INTERIM_RESOURCE,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(
            KEYWORD("handle-interim-resource-msg", "The peer's resource messages between two hellos count at once")),
        .doc = "Resource messages of the other chassis are applied as they come; without this they are counted, and "
               "the next hello tells the same.",
    },
    {
        .id = SRP_ROW_BIND,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_PER_CHASSIS,
        .tokens = TOKENS(KEYWORD("bind", "The local end"), KEYWORD("address", "By its address"),
                         ADDRESS("address", "Address of this chassis")),
        .doc = "Local address of the redundancy link; without it there is none.",
    },

    {
        .id = SRP_ROW_CONFIGURATION_INTERVAL,
        .mode = &srp_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("configuration-interval", "Time between two validations of the configuration"),
                         UINT("seconds", 1, 65535, "Seconds")),
        .fallback = "3600",
        .doc = "How often the configuration is compared with that of the other chassis, also when nothing changes.",
    },

    /* --- Exec ------------------------------------------------------------------------------------------- */
    {
        .id = SRP_ROW_SHOW_INFO,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("info", "State of both chassis")),
        .doc = "State, mode, priority and route modifier of this chassis and its peer.",
    },
    {
        .id = SRP_ROW_SHOW_STATISTICS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("statistics", "Counters of the redundancy link")),
        .doc = "Hello messages, connections and switchovers since the start.",
    },
    {
        .id = SRP_ROW_SHOW_CALL_LOSS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .flags = CLI_HAS_JSON,
        .feature = CLI_FEATURE_ICSR,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("srp", "Interchassis session recovery"),
                   KEYWORD("call-loss", "Calls that a switchover lost"), KEYWORD("statistics", "Counters and names")),
        .doc = "Calls that were lost in switchovers, by name.",
    },
    {
        .id = SRP_ROW_TERMINATE_POST,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("terminate-post-process", "Ends post-switchover processing by force")),
        .doc = "On the active chassis: ends accounting flush, internal audit or post-switchover processing, whichever "
               "runs; new calls are taken at once. Refused when none runs.",
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
               "once is refused before the question. dry-run asks nothing and changes "
               "nothing: would it switch, what would be lost, which gap is to be expected.",
    },
    {
        .id = SRP_ROW_VALIDATE_CONFIGURATION,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_OPERATOR,
        .tokens = TOKENS(KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("validate-configuration", "Compares the configuration with the other chassis")),
        .doc = "Compares, line by line, what both chassis must have in common: what show configuration srp prints, and "
               "what decides how calls live (services, access points, pools). Lines of one chassis alone (bind "
               "address, peer-ip-address, chassis-mode, priority) are left out, and a line that says the default is as "
               "good as none. Secrets are compared without being sent.",
    },
    {
        .id = SRP_ROW_VALIDATE_SWITCHOVER,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .feature = CLI_FEATURE_ICSR,
        .privilege = CLI_OPERATOR,
        .tokens = TOKENS(KEYWORD("srp", "Interchassis session recovery"),
                         KEYWORD("validate-switchover", "Are both chassis ready for a planned switchover?")),
        .doc = "On the active chassis: asks the other for its state, its session managers and its configuration, and "
               "says whether a switchover would be refused, and why. show srp info keeps the answer.",
    },
};

const struct cli_table srp_table = TABLE(srp_rows);
