/*
 * cmd_card.h - the words a *_cmds.c is written with, so that a row reads like a card.
 *
 * Included by *_cmds.c only. min and max are values of a UINT, ones of a mask, lengths of everything else; KEY_...
 * arguments make a line an instance of its own.
 */
#ifndef CLI_CMD_CARD_H
#define CLI_CMD_CARD_H

#include "cli/cmd_rows.h"

/* clang-format off */
#define TOKENS(...)                 (const struct cli_token[]){ __VA_ARGS__, {.kind = CLI_STOP} }
#define KEYWORD(n, h)               {.kind = CLI_KEYWORD, .name = n, .help = h}
#define KEYWORD_IDLE(n, h)          {.kind = CLI_KEYWORD, .name = n, .help = h, .is_idle = true}
#define ARGUMENT_(t, n, lo, hi, h)  {.kind = CLI_ARGUMENT, .type = t, .name = n, .min = lo, .max = hi, .help = h}
#define KEY_(t, n, lo, hi, h)       {.kind = CLI_ARGUMENT, .type = t, .name = n, .min = lo, .max = hi, .help = h, .is_key = true}
#define UINT(n, lo, hi, h)          ARGUMENT_(CLI_UINT, n, lo, hi, h)
#define UINT_STEP(n, lo, hi, s, h)  {.kind = CLI_ARGUMENT, .type = CLI_UINT, .name = n, .min = lo, .max = hi, .step = s, .help = h}
#define UINT_DIGITS(n, lo, hi, d, h) {.kind = CLI_ARGUMENT, .type = CLI_UINT, .name = n, .min = lo, .max = hi, .digits = d, .help = h}
#define STRING(n, lo, hi, h)        ARGUMENT_(CLI_STRING, n, lo, hi, h)
#define DIGITS(n, lo, hi, h)        ARGUMENT_(CLI_DIGITS, n, lo, hi, h)
#define NAME(n, lo, hi, h)          ARGUMENT_(CLI_NAME, n, lo, hi, h)
#define ADDRESS(n, h)               ARGUMENT_(CLI_ADDR, n, 0, 0, h)
#define ADDRESS4(n, h)              ARGUMENT_(CLI_ADDR4, n, 0, 0, h)
#define MASK(n, h)                  ARGUMENT_(CLI_MASK, n, 0, 32, h)
#define MASK_OF(n, lo, hi, h)       ARGUMENT_(CLI_MASK, n, lo, hi, h)
#define PREFIX(n, h)                ARGUMENT_(CLI_PREFIX, n, 0, 32, h)
#define PREFIX_OF(n, lo, hi, h)     ARGUMENT_(CLI_PREFIX, n, lo, hi, h)
#define NETWORK(n, h)               ARGUMENT_(CLI_NETWORK, n, 0, 0, h)
#define MAC(n, h)                   ARGUMENT_(CLI_MAC, n, 0, 0, h)
#define URL(n, h)                   ARGUMENT_(CLI_URL, n, 8, 255, h)
#define SEALED(n, h)                ARGUMENT_(CLI_SEALED, n, 1, 255, h)
#define SECRET(n, h)                ARGUMENT_(CLI_SECRET, n, 1, 127, h)
#define CHOICE(n, c, h)             {.kind = CLI_ARGUMENT, .type = CLI_CHOICE, .name = n, .choices = c, .help = h}
#define IGNORED(n, h)               {.kind = CLI_ARGUMENT, .type = CLI_NAME, .name = n, .min = 1, .max = 79, .help = h, .is_ignored = true}
#define KEY_UINT(n, lo, hi, h)      KEY_(CLI_UINT, n, lo, hi, h)
#define KEY_NAME(n, lo, hi, h)      KEY_(CLI_NAME, n, lo, hi, h)
#define KEY_ADDRESS(n, h)           KEY_(CLI_ADDR, n, 0, 0, h)
#define KEY_NETWORK(n, h)           KEY_(CLI_NETWORK, n, 0, 0, h)
#define KEY_CHOICE(n, c, h)         {.kind = CLI_ARGUMENT, .type = CLI_CHOICE, .name = n, .choices = c, .help = h, .is_key = true}
#define KEY_PORT(n, hi, h)          KEY_(CLI_PORT, n, 1, hi, h)
#define ONE_OF                      {.kind = CLI_ONE_OF}
#define OR                          {.kind = CLI_OR}
#define OPTION                      {.kind = CLI_OPTION}
#define CLOSE                       {.kind = CLI_CLOSE}
#define CHOICES(...)                (const struct cli_choice[]){ __VA_ARGS__, {0} }
#define TABLE(rows)                 { rows, sizeof(rows) / sizeof(rows)[0] }
/* clang-format on */

#endif
