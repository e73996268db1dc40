/*
 * chassis_cmds.c - the commands of the chassis itself: interfaces, ports, boot stack, tasks, files.
 */
#include "chassis/chassis_cmds.h"

#include "cli/cmd_card.h"

const struct cli_mode chassis_interface_mode = {
    .name = "Interface Configuration",
    .parent = &cli_context_mode,
    .prompt = "config-if-eth",
    .prompt_if = "loopback",
    .prompt_then = "config-if-loopback",
};

const struct cli_mode chassis_port_mode = {
    .name = "Ethernet Port Configuration",
    .parent = &cli_config_mode,
    .prompt = "config-port-%k",
};

static const struct cli_row chassis_rows[] = {
    /* --- Global Configuration -------------------------------------------------------------------------- */
    {
        .id = CHASSIS_ROW_SESSMGR,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_PAIR,
        .tokens =
            TOKENS(KEYWORD("task", "Processes of the system"), KEYWORD("facility", "Of one kind"),
                   KEYWORD("sessmgr", "Session managers"), KEYWORD("max", "How many; counts from the next start on"),
                   UINT("number", 1, 64, "Session managers; the next start acts on it")),
        .fallback = "2",
        .doc = "Number of session managers. Takes effect at the next start of the chassis; both chassis of a pair must "
               "have the same.",
    },
    {
        .id = CHASSIS_ROW_SESSION_RECOVERY,
        .mode = &cli_config_mode,
        .kind = CLI_LEAF,
        .feature = CLI_FEATURE_SESSION_RECOVERY,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("require", "What the system must have"), KEYWORD("session", "Sessions"),
                         KEYWORD("recovery", "Survive the loss of a process or a card; counts from the next start on")),
        .doc = "Mirrors every session manager, so that its loss costs no call. Takes effect at the next start.",
    },
    {
        .id = CHASSIS_ROW_BOOT,
        .mode = &cli_config_mode,
        .kind = CLI_EVENT,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("boot", "What is started"), KEYWORD("system", "Of this system"),
                         KEYWORD("priority", "An entry of the boot stack"),
                         KEY_UINT("number", 1, 100, "The lowest number is tried first"),
                         KEYWORD("image", "The program"), URL("image-url", "The image file"),
                         KEYWORD("config", "The configuration"), URL("config-url", "The configuration file")),
        .doc = "Writes or removes an entry of the boot stack, at once; it is not part of show configuration, see show "
               "boot. The configuration of the first entry is what is loaded at the start.",
    },
    {
        .id = CHASSIS_ROW_PORT,
        .mode = &cli_config_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_MAY_ASK,
        .tokens = TOKENS(KEYWORD("port", "A port of a card"), KEYWORD("ethernet", "An ethernet port"),
                         KEY_PORT("port", 255, "Slot and port")),
        .opens = &chassis_port_mode,
        .doc = "Enters an ethernet port.",
    },

    /* --- Context Configuration ---------------------------------------------------------------------------- */
    {
        .id = CHASSIS_ROW_INTERFACE,
        .mode = &cli_context_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_MAY_ASK,
        .tokens = TOKENS(KEYWORD("interface", "A logical interface of the context"),
                         KEY_NAME("name", 1, 79, "Name of the interface"), OPTION,
                         KEYWORD("loopback", "An address of the system itself, on no port"), CLOSE),
        .opens = &chassis_interface_mode,
        .doc = "Creates or enters an interface.",
    },

    /* --- Interface Configuration ---------------------------------------------------------------------------- */
    {
        .id = CHASSIS_ROW_INTERFACE_DESCRIPTION,
        .mode = &chassis_interface_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_PER_CHASSIS,
        .tokens =
            TOKENS(KEYWORD("description", "A text for people"), STRING("text", 1, 79, "The text; blanks need quotes")),
        .doc = "A text for people; it has no effect.",
    },
    {
        .id = CHASSIS_ROW_INTERFACE_ADDRESS,
        .mode = &chassis_interface_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("ip", "IP settings of the interface"), KEYWORD("address", "Its address"), ONE_OF,
                         ADDRESS4("address", "Address of the interface"), OPTION,
                         MASK("mask", "Its mask; 255.255.255.255 when left out"), CLOSE, OR,
                         PREFIX("prefix", "Address and mask"), CLOSE, OPTION,
                         KEYWORD("srp-activate", "In use only while this chassis is Active"), CLOSE),
        .doc = "Address of the interface. With srp-activate it belongs to the pair: only the active chassis has it.",
    },
    {
        .id = CHASSIS_ROW_INTERFACE_ADDRESS_ALIAS,
        .mode = &chassis_interface_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .same_as = CHASSIS_ROW_INTERFACE_ADDRESS,
        .tokens = TOKENS(KEYWORD("ip-address", "Its address: the same as ip address"), ONE_OF,
                         ADDRESS4("address", "Address of the interface"), OPTION,
                         MASK("mask", "Its mask; 255.255.255.255 when left out"), CLOSE, OR,
                         PREFIX("prefix", "Address and mask"), CLOSE, OPTION,
                         KEYWORD("srp-activate", "In use only while this chassis is Active"), CLOSE),
        .doc = "Another spelling of ip address.",
    },

    /* --- Ethernet Port Configuration -------------------------------------------------------------------------- */
    {
        .id = CHASSIS_ROW_PORT_DESCRIPTION,
        .mode = &chassis_port_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens =
            TOKENS(KEYWORD("description", "A text for people"), STRING("text", 1, 79, "The text; blanks need quotes")),
        .doc = "A text for people; it has no effect.",
    },
    {
        .id = CHASSIS_ROW_PORT_MEDIUM,
        .mode = &chassis_port_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .tokens = TOKENS(
            KEYWORD("medium", "Speed and duplex"), ONE_OF, KEYWORD("auto", "Agreed with the other end"), OR,
            KEYWORD("speed", "Fixed"),
            CHOICE("speed", CHOICES({"10", "10 Mbit/s"}, {"100", "100 Mbit/s"}, {"1000", "1 Gbit/s"}), "Speed"),
            KEYWORD("duplex", "Fixed"),
            CHOICE("duplex", CHOICES({"full", "Both ways at once"}, {"half", "One way at a time"}), "Duplex"), CLOSE),
        .doc = "Speed and duplex of the port. Kept; on a virtual port it has no effect.",
    },
    {
        .id = CHASSIS_ROW_PORT_SHUTDOWN,
        .mode = &chassis_port_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO_KEPT,
        .tokens = TOKENS(KEYWORD("shutdown", "Takes the port out of use")),
        .doc = "A port is out of use until no shutdown.",
    },
    {
        .id = CHASSIS_ROW_PORT_BIND,
        .mode = &chassis_port_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .tokens = TOKENS(KEYWORD("bind", "Gives the port"), KEYWORD("interface", "To a logical interface"),
                         NAME("interface", 1, 79, "Name of the interface"), NAME("context", 1, 79, "Its context")),
        .doc = "Binds the port to a logical interface of a context.",
    },

    /* --- Exec ------------------------------------------------------------------------------------------------ */
    {
        .id = CHASSIS_ROW_SAVE,
        .mode = &cli_exec_mode,
        .kind = CLI_EVENT,
        .privilege = CLI_ADMINISTRATOR,
        .flags = CLI_MAY_ASK,
        .tokens = TOKENS(KEYWORD("save", "Writes to a file"), KEYWORD("configuration", "The running configuration"),
                         URL("url", "The file, for example /flash/system.cfg"), OPTION,
                         KEYWORD("-redundant", "Also on the other management card"), CLOSE),
        .doc = "Writes the running configuration to a file; asks before it replaces one.",
    },
    {
        .id = CHASSIS_ROW_SHOW_ERRORS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .privilege = CLI_OPERATOR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("configuration", "The running configuration"),
                         KEYWORD("errors", "What of it does not work"), OPTION,
                         KEYWORD("verbose", "Also sections without a finding"), CLOSE),
        .doc = "What the running configuration holds that cannot work or has no effect yet, section by section.",
    },
    {
        .id = CHASSIS_ROW_SHOW_BOOT,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("boot", "The boot stack")),
        .doc = "The boot stack, in the order in which entries are tried.",
    },
    {
        .id = CHASSIS_ROW_SHOW_VERSION,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("version", "The running software")),
        .doc = "Version, build and date of the running software.",
    },
    {
        .id = CHASSIS_ROW_SHOW_CLOCK,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("clock", "Date and time")),
        .doc = "Date and time of the chassis.",
    },
    {
        .id = CHASSIS_ROW_SHOW_ALARM,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("alarm", "Alarms"),
                   KEYWORD("outstanding", "Alarms that are not cleared"), OPTION, KEYWORD("all", "All of them"), CLOSE),
        .doc = "Alarms that are raised and not cleared.",
    },
    {
        .id = CHASSIS_ROW_SHOW_TASKS,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens =
            TOKENS(KEYWORD("show", "Shows something"), KEYWORD("task", "Processes of the system"),
                   KEYWORD("resources", "What they use"), OPTION, KEYWORD("max", "What they used at most"), CLOSE),
        .doc =
            "The processes of this chassis with their use of processor and memory. With max: what each used at most, "
            "and how long the turns of its loop were, in processor time: no callback is longer.",
    },
    {
        .id = CHASSIS_ROW_SHOW_LICENSE,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("license", "The license key"),
                         KEYWORD("information", "What it opens"), OPTION,
                         KEYWORD("full", "Also where the key was read from"), CLOSE),
        .doc = "The installed license key: who issued it, which features it opens, whether it expires.",
    },
    {
        .id = CHASSIS_ROW_SHOW_SUPPORT,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .privilege = CLI_OPERATOR,
        .feature = CLI_FEATURE_ICSR,
        .flags = CLI_MAY_ASK,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("support", "What support asks for"),
                         KEYWORD("details", "The outputs of many commands, one after the other"),
                         KEYWORD("icsr", "Those of interchassis session recovery"), OPTION, KEYWORD("to", "Not here"),
                         KEYWORD("file", "But into a file"), URL("url", "The file, for example /flash/ssd.txt"), CLOSE),
        .doc =
            "The outputs of all commands that show interchassis session recovery, taken at one moment, here or into a "
            "file. Into a file it asks first.",
    },
    {
        .id = CHASSIS_ROW_SHOW_ARCHIVE,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .privilege = CLI_OPERATOR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("configuration", "The running configuration"),
                         KEYWORD("archive", "What it was: one generation for every change and every save"), OPTION,
                         UINT("number", 1, 4294967295, "Prints the lines of this generation"), CLOSE),
        .doc =
            "The generations of the configuration that are kept: who changed or saved it, and when. With a number: the "
            "lines of that generation.",
    },
    {
        .id = CHASSIS_ROW_SHOW_DIFF,
        .mode = &cli_exec_mode,
        .kind = CLI_VIEW,
        .privilege = CLI_OPERATOR,
        .tokens = TOKENS(KEYWORD("show", "Shows something"), KEYWORD("configuration", "The running configuration"),
                         KEYWORD("diff", "Compares two generations"),
                         UINT("from", 1, 4294967295, "A generation, see show configuration archive"),
                         UINT("to", 1, 4294967295, "Another generation")),
        .doc = "The lines that one generation of the configuration has and another has not, with the blocks they stand "
               "in: - "
               "is only in the first, + only in the second.",
    },
};

const struct cli_table chassis_table = TABLE(chassis_rows);
