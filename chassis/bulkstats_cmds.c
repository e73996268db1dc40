/*
 * bulkstats_cmds.c - the commands of bulk statistics. `bulkstat mode`, as the chapter has it, is an abbreviation.
 *
 * Source: interchassis session recovery chapter, "Disabling Bulk Statistics Collection on a Standby System"; the
 * other lines are those of the reference's sample of show configuration bulkstats.
 */
#include "chassis/bulkstats_cmds.h"

#include "cli/cmd_card.h"

const struct cli_mode bulkstats_mode = {
    .name = "Bulk Statistics Configuration",
    .parent = &cli_config_mode,
    .prompt = "config-bulkstats",
};

static const struct cli_row bulkstats_rows[] = {
    {
        .id = BULKSTATS_ROW_COLLECTION,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("bulkstats", "Bulk statistics"), KEYWORD("collection", "Collects them")),
        .doc = "Collects bulk statistics.",
    },
    {
        .id = BULKSTATS_ROW_HISTORICAL,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("bulkstats", "Bulk statistics"), KEYWORD("historical", "Of the time before"),
                         KEYWORD("collection", "Collects them")),
        .doc = "Collects historical bulk statistics.",
    },
    {
        .id = BULKSTATS_ROW_MODE,
        .mode = &cli_config_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("bulkstats", "Bulk statistics"), KEYWORD("mode", "Their settings")),
        .opens = &bulkstats_mode,
        .doc = "Enters the settings of bulk statistics.",
    },
    {
        .id = BULKSTATS_ROW_LIMIT,
        .mode = &bulkstats_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("limit", "Memory for what is not yet sent"), UINT("kbytes", 1, 4194304, "Kilobytes")),
        .doc = "Memory for statistics that are not yet sent.",
    },
    {
        .id = BULKSTATS_ROW_SAMPLE_INTERVAL,
        .mode = &bulkstats_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("sample-interval", "Time between two samples"), UINT("minutes", 1, 1440, "Minutes")),
        .doc = "Time between two samples.",
    },
    {
        .id = BULKSTATS_ROW_TRANSFER_INTERVAL,
        .mode = &bulkstats_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens =
            TOKENS(KEYWORD("transfer-interval", "Time between two transfers"), UINT("minutes", 1, 999999, "Minutes")),
        .doc = "Time between two transfers to the receiver.",
    },
    {
        .id = BULKSTATS_ROW_GATHER_ON_STANDBY,
        .mode = &bulkstats_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO_KEPT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("gather-on-standby", "Also while this chassis is Standby")),
        .doc = "Statistics are collected on a standby chassis too, until no gather-on-standby.",
    },
};

const struct cli_table bulkstats_table = TABLE(bulkstats_rows);
