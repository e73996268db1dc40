/* system_cmds.c - rows of the commands that show the system. */
#include "chassis/system_cmds.h"

#include "cli/cmd_card.h"

static const struct cli_row system_rows[] = {
    {
        .id = SYSTEM_ROW_SHOW_CONTEXT,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("context", "Contexts"), OPTION,
                         KEYWORD("all", "All of them, not only the present one"), CLOSE),
        .doc = "The present context, or all contexts, with their numbers.",
    },
    {
        .id = SYSTEM_ROW_SHOW_UPTIME,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("system", "The whole system"),
                         KEYWORD("uptime", "How long it runs")),
        .doc = "How long this chassis runs.",
    },
    {
        .id = SYSTEM_ROW_SHOW_INTERFACES,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("ip", "Internet protocol"),
                         KEYWORD("interface", "Logical interfaces of the present context"),
                         KEYWORD("summary", "One line each")),
        .doc =
            "The interfaces of the present context with address, port and status. UP: the address can be used on this "
            "machine now, and one of srp-activate is served by this chassis.",
    },
    {
        .id = SYSTEM_ROW_SHOW_PORTS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("port", "Ports"), KEYWORD("table", "One line each")),
        .doc =
            "The configured ports. They are virtual: there is no link to be seen, and a port is operational when it is "
            "enabled and the address of its interface can be used on this machine.",
    },
    {
        .id = SYSTEM_ROW_SHOW_LOGS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .privilege = CLI_OPERATOR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("logs", "The event log"), OPTION,
                         KEYWORD("level", "Only this severity and worse"),
                         CHOICE("severity",
                                CHOICES({"critical", "Service is lost"}, {"error", "Something failed"},
                                        {"warning", "Something should be looked at"}, {"info", "Changes of state"},
                                        {"debug", "Everything"}),
                                "Severity"),
                         CLOSE, OPTION, KEYWORD("facility", "Only of one facility"),
                         NAME("name", 1, 31, "Facility, for example srp"), CLOSE, OPTION,
                         KEYWORD("lines", "How many at most"), UINT("number", 1, SYSTEM_LOG_LINES_MAX, "Lines"), CLOSE),
        .doc =
            "The last lines of the event log, 100 when nothing else is said. What the lines mean is in docs/LOGS.md.",
    },
};

const struct cli_table system_table = TABLE(system_rows);
