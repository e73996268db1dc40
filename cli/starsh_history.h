/*
 * starsh_history.h - the lines of earlier sessions at a terminal: $STARSH_HISTORY, else ~/.starsh_history.
 *
 * Each line is appended as it is entered, so that shells side by side lose nothing and a killed one leaves what was
 * typed. Lines with a secret in them are not written.
 */
#ifndef CLI_STARSH_HISTORY_H
#define CLI_STARSH_HISTORY_H

/* starsh_history_file - the file's name, which lives as long as the process; NULL: no home, or STARSH_HISTORY is empty.
 */
const char *starsh_history_file(void);

/* starsh_history_add - append @line to @file (NULL: nothing is done). What cannot be written is not remembered. */
void starsh_history_add(const char *file, const char *line);

#endif
