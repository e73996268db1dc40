/*
 * arg.h - argument types: is a word a value of that type, and how is it kept?
 *
 * Values are kept as canonical text: decimal without leading zeros, addresses as addr_text prints them, masks
 * dotted, choices in full. So equal values are equal text, and what is kept is what is printed.
 */
#ifndef CLI_ARG_H
#define CLI_ARG_H

#include "cli/cmd_rows.h"

enum { ARG_VALUE_MAX = CLI_LINE_MAX + 1 };

/*
 * arg_accept - @word as a value of argument @t.
 *
 * @lead  the keyword before it, for the reason
 * @out   receives the canonical text; a PREFIX gives address, NUL, mask
 * @why   receives the whole refusal, ready to print
 *
 * Returns ERR_FORMAT (not of that type) or ERR_RANGE (of the type, outside its bounds).
 */
enum err arg_accept(const struct cli_token *t, const char *lead, const char *word, char out[ARG_VALUE_MAX],
                    struct text *why);

/* arg_placeholder - how `?` shows the argument: "<1..255>", "string of size 1 to 79". */
void arg_placeholder(const struct cli_token *t, struct text *out);

/* arg_unique_choice - the choice that @word abbreviates; NULL, and @hits says whether none (0) or several fit. */
const struct cli_choice *arg_unique_choice(const struct cli_choice *choices, const char *word, unsigned *hits);

#endif
