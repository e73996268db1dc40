/*
 * aaa_cmds.c - the AAA commands of a context: RADIUS servers and attributes, the default subscriber.
 *
 * Source: interchassis session recovery chapter, "Setting Subscriber to Default Mode" and its sample of show
 * configuration srp.
 */
#include "gateway/aaa_cmds.h"

#include "cli/cmd_card.h"

/* clang-format off */
#define RADIUS_SECRET                                                                                                  \
    ONE_OF, KEYWORD("encrypted", "The secret as show configuration prints it"), KEYWORD("key", "The shared secret"),   \
    SEALED("sealed", "The secret, encrypted"), OR,                                                                     \
    KEYWORD("key", "The shared secret, in clear; it is kept and printed encrypted"), SECRET("secret", "The secret"), CLOSE
/* clang-format on */

const struct cli_mode aaa_subscriber_mode = {
    .name = "Subscriber Configuration",
    .parent = &cli_context_mode,
    .prompt = "config-subscriber",
};

static const struct cli_row aaa_rows[] = {
    {
        .id = AAA_ROW_NAS_ADDRESS,
        .mode = &cli_context_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO | CLI_DEFAULT,
        .flags = CLI_NO_EFFECT_YET | CLI_SRP_BLOCK,
        .tokens = TOKENS(KEYWORD("radius", "RADIUS"), KEYWORD("attribute", "What requests say of this system"),
                         KEYWORD("nas-ip-address", "Attribute NAS-IP-Address"), KEYWORD("address", "By its address"),
                         ADDRESS("address", "Address of this system"), OPTION,
                         KEYWORD("backup", "When the first cannot be used"),
                         ADDRESS("backup-address", "Address of this system"), CLOSE),
        .doc = "The address from which RADIUS requests are sent and which they name.",
    },
    {
        .id = AAA_ROW_SERVER,
        .mode = &cli_context_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET | CLI_SRP_BLOCK,
        .tokens = TOKENS(KEYWORD("radius", "RADIUS"), KEYWORD("server", "A server for authentication"),
                         KEY_ADDRESS("address", "Address of the server"), RADIUS_SECRET, OPTION,
                         KEYWORD("port", "Where the server listens; 1812 when left out"),
                         UINT("udp-port", 1, 65535, "UDP port"), CLOSE),
        .doc = "A RADIUS server and the secret shared with it.",
    },
    {
        .id = AAA_ROW_ACCOUNTING_SERVER,
        .mode = &cli_context_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET | CLI_SRP_BLOCK,
        .tokens = TOKENS(KEYWORD("radius", "RADIUS"), KEYWORD("accounting", "Accounting"),
                         KEYWORD("server", "A server for accounting"), KEY_ADDRESS("address", "Address of the server"),
                         RADIUS_SECRET, OPTION, KEYWORD("port", "Where the server listens; 1813 when left out"),
                         UINT("udp-port", 1, 65535, "UDP port"), CLOSE),
        .doc = "A RADIUS accounting server and the secret shared with it.",
    },
    {
        .id = AAA_ROW_SUBSCRIBER_DEFAULT,
        .mode = &cli_context_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET | CLI_PAIR,
        .tokens = TOKENS(KEYWORD("subscriber", "Settings of subscribers"),
                         KEYWORD("default", "Of those that nothing else is said of")),
        .opens = &aaa_subscriber_mode,
        .doc = "Creates or enters the template of subscribers of this context.",
    },
};

const struct cli_table aaa_table = TABLE(aaa_rows);
