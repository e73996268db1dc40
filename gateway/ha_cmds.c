/*
 * ha_cmds.c - the commands of a Mobile IP home agent.
 *
 * Source: interchassis session recovery chapter, its sample of show configuration srp.
 */
#include "gateway/ha_cmds.h"

#include "cli/cmd_card.h"

/* clang-format off */
#define SPI_SECRET                                                                                                     \
    ONE_OF, KEYWORD("encrypted", "The secret as show configuration prints it"), KEYWORD("secret", "The shared secret"),\
    SEALED("sealed", "The secret, encrypted"), OR,                                                                     \
    KEYWORD("secret", "The shared secret, in clear; it is kept and printed encrypted"), SECRET("clear", "The secret"), CLOSE
#define SPI_NUMBER KEYWORD("spi-number", "Which security association"), KEY_UINT("spi", 256, 4294967295, "Its number")
#define SPI_HASH                                                                                                       \
    OPTION, KEYWORD("hash-algorithm", "How messages are authenticated"),                                               \
    CHOICE("algorithm", CHOICES({"hmac-md5", "HMAC-MD5"}, {"md5", "MD5"}, {"rfc2002-md5", "MD5 of RFC 2002"}),         \
           "Algorithm"), CLOSE
/* clang-format on */

const struct cli_mode ha_mode = {
    .name = "HA Service Configuration",
    .parent = &cli_context_mode,
    .prompt = "config-ha-service",
};

static const struct cli_row ha_rows[] = {
    {
        .id = HA_ROW_SERVICE,
        .mode = &cli_context_mode,
        .kind = CLI_OPENS,
        .forms = CLI_NO,
        .flags = CLI_MAY_ASK | CLI_NO_EFFECT_YET | CLI_PAIR,
        .tokens =
            TOKENS(KEYWORD("ha-service", "A Mobile IP home agent"), KEY_NAME("name", 1, 63, "Name of the service")),
        .opens = &ha_mode,
        .doc = "Creates or enters a home agent service.",
    },
    {
        .id = HA_ROW_MN_SPI,
        .mode = &ha_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("mn-ha-spi", "Security with mobile nodes"), SPI_NUMBER, SPI_SECRET, SPI_HASH),
        .doc = "The security association between the home agent and mobile nodes.",
    },
    {
        .id = HA_ROW_FA_SPI,
        .mode = &ha_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(
            KEYWORD("fa-ha-spi", "Security with foreign agents"), KEYWORD("remote-address", "Which foreign agents"),
            KEY_NETWORK("network", "Address of one, or the network of several"), SPI_NUMBER, SPI_SECRET, SPI_HASH),
        .doc = "The security association between the home agent and foreign agents.",
    },
    {
        .id = HA_ROW_BIND,
        .mode = &ha_mode,
        .kind = CLI_LEAF,
        .forms = CLI_NO,
        .flags = CLI_NO_EFFECT_YET,
        .tokens = TOKENS(KEYWORD("bind", "Where the service answers"), KEYWORD("address", "By its address"),
                         ADDRESS("address", "Address of an interface of this context")),
        .doc = "Starts the service at that address.",
    },
};

const struct cli_table ha_table = TABLE(ha_rows);
