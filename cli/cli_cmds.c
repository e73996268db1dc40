/*
 * cli_cmds.c - the core's own commands: getting into and out of modes, the terminal, contexts, host name.
 *
 * Also the three modes everything else hangs in. Everything else stands in its feature's *_cmds.c.
 */
#include "cli/cmd_card.h"

const struct cli_mode cli_exec_mode = {.name = "Exec"};

const struct cli_mode cli_config_mode = {.name = "Global Configuration", .parent = &cli_exec_mode, .prompt = "config"};

const struct cli_mode cli_context_mode = {
    .name = "Context Configuration",
    .parent = &cli_config_mode,
    .prompt = "config-ctx",
    .is_context = true,
};

static const struct cli_row cli_rows[] = {
    /* --- Exec ------------------------------------------------------------------------------------ */
    {
        .id = CLI_ROW_CONFIGURE,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .privilege = CLI_ADMINISTRATOR,
        .tokens = TOKENS(KEYWORD("configure", "Enters global configuration mode"), OPTION,
                         URL("url", "Loads this file into the running configuration instead"), CLOSE),
        .doc = "Enters global configuration mode, or loads a file into the running configuration.",
    },
    {
        .id = CLI_ROW_CONTEXT_EXEC,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .tokens = TOKENS(KEYWORD("context", "Goes to another context"), KEY_NAME("name", 1, 79, "Name of the context")),
        .doc = "Makes an existing context the one that later commands look at; local is the first.",
    },
    {
        .id = CLI_ROW_EXIT,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .tokens = TOKENS(KEYWORD("exit", "Ends the session")),
        .doc = "Ends the session.",
    },
    {
        .id = CLI_ROW_SHOW_CONFIGURATION,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .privilege = CLI_OPERATOR,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("configuration", "The running configuration"), OPTION,
                   ONE_OF, KEYWORD("srp", "Only what interchassis session recovery uses"), OR,
                   KEYWORD("context", "Only one context"), NAME("name", 1, 79, "Name of the context"), CLOSE, CLOSE),
        .doc = "Prints the running configuration as it can be loaded again. Secrets are printed encrypted.",
    },
    {
        .id = CLI_ROW_TERMINAL,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .tokens = TOKENS(KEYWORD("terminal", "Settings of this terminal"), ONE_OF, KEYWORD("length", "Lines of a page"),
                         UINT("lines", 0, 4294967295, "Lines; 0 switches paging off"), OR,
                         KEYWORD("width", "Characters of a line; taken, and without effect: no line is wrapped"),
                         UINT("columns", 1, 4294967295, "Characters"), CLOSE),
        .doc = "Sets the length of a page for this session; a new session does not page. The width is taken and has "
               "no effect: lines are not wrapped.",
    },
    {
        .id = CLI_ROW_TIMESTAMPS_EXEC,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("timestamps", "A line with date and time before the output of each command")),
        .doc = "Prints date and time between a command and its output, in this session.",
    },
    {
        .id = CLI_ROW_AUTOCONFIRM_EXEC,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .privilege = CLI_ADMINISTRATOR,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("autoconfirm", "Asks no more questions in this session")),
        .doc = "Suppresses the confirmation questions in this session.",
    },

    /* --- every configuration mode ------------------------------------------------------------------ */
    {
        .id = CLI_ROW_EXIT_CONFIG,
        .kind = CLI_EVENT,
        .tokens = TOKENS(KEYWORD("exit", "Leaves this mode")),
        .doc = "Leaves this mode for the one it was entered from.",
    },
    {
        .id = CLI_ROW_END,
        .kind = CLI_EVENT,
        .tokens = TOKENS(KEYWORD("end", "Leaves configuration")),
        .doc = "Returns to Exec mode from any depth.",
    },

    {
        .id = CLI_ROW_DO_SHOW, /* [R]: remembered, not found in a source */
        .kind = CLI_EVENT,
        .tokens = TOKENS(KEYWORD("do", "Shows something without leaving configuration"),
                         KEYWORD("show", "Any show command of Exec mode")),
        .doc = "Carries out a show command of Exec mode, with its words and filters, in any configuration mode.",
    },

    /* --- Global Configuration ------------------------------------------------------------------------ */
    {
        .id = CLI_ROW_HOSTNAME,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("system", "Settings of the whole system"),
                         KEYWORD("hostname", "Name of this chassis, shown in the prompt"),
                         NAME("name", 1, 63, "Name of this chassis")),
        .fallback = "starling",
        .doc = "Names the chassis; the name stands in the prompt.",
    },
    {
        .id = CLI_ROW_LICENSE, /* before everything that may need it: it is printed and loaded in this order */
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .tokens =
            TOKENS(KEYWORD("license", "Which features this chassis has"), KEYWORD("key", "The key that opens them"),
                   STRING("key", 1, 2000, "The key as it was issued, in quotes")),
        .doc = "Installs a license key, at once: the keywords of its features appear. Without one the file "
               "/flash/license.lic counts. What is configured already stays when a key is removed.",
    },
    {
        .id = CLI_ROW_AUTOCONFIRM,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("autoconfirm", "Asks no more questions in any session")),
        .doc = "Suppresses the confirmation questions in all sessions.",
    },
    {
        .id = CLI_ROW_TIMESTAMPS,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(KEYWORD("timestamps", "A line with date and time before the output of each command")),
        .doc = "Prints date and time between a command and its output, in all sessions.",
    },
    {
        .id = CLI_ROW_CONTEXT,
        .mode = &cli_config_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_ASKS_NEW,
        .tokens = TOKENS(KEYWORD("context", "A context: a router of its own inside the system"),
                         KEY_NAME("name", 1, 79, "Name of the context")),
        .opens = &cli_context_mode,
        .doc = "Creates or enters a context. Creating one, and removing one with all it holds, asks first.",
    },
};

const struct cli_table cli_table = TABLE(cli_rows);
