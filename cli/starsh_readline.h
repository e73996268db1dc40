/*
 * starsh_readline.h - the parts of readline that the shell's terminal uses, loaded when there is a terminal.
 *
 * Linking readline costs every `starsh -c` the loading and relocation of readline and tinfo and the pages of both,
 * which is as much as the command itself; so it is opened with dlopen by the interactive shell only. A name here is a
 * pointer to readline's function or variable of that name: `rl.point` is &rl_point.
 */
#ifndef CLI_STARSH_READLINE_H
#define CLI_STARSH_READLINE_H

#include <stdbool.h>
#include <stdio.h>

#include <readline/history.h>
#include <readline/readline.h>

/* X(member, readline's name) */
#define STARSH_READLINE(X)                                                                                             \
	X(install, rl_callback_handler_install)                                                                        \
	X(remove, rl_callback_handler_remove)                                                                          \
	X(read_char, rl_callback_read_char)                                                                            \
	X(sigcleanup, rl_callback_sigcleanup)                                                                          \
	X(free_line_state, rl_free_line_state)                                                                         \
	X(replace_line, rl_replace_line)                                                                               \
	X(on_new_line, rl_on_new_line)                                                                                 \
	X(redisplay, rl_redisplay)                                                                                     \
	X(forced_update_display, rl_forced_update_display)                                                             \
	X(crlf, rl_crlf)                                                                                               \
	X(insert, rl_insert)                                                                                           \
	X(bind_key, rl_bind_key)                                                                                       \
	X(variable_bind, rl_variable_bind)                                                                             \
	X(initialize, rl_initialize)                                                                                   \
	X(tty_set_echoing, rl_tty_set_echoing)                                                                         \
	X(completion_matches, rl_completion_matches)                                                                   \
	X(add_history, add_history)                                                                                    \
	X(stifle_history, stifle_history)                                                                              \
	X(using_history, using_history)                                                                                \
	X(read_history, read_history)                                                                                  \
	X(truncate_file, history_truncate_file)                                                                        \
	X(done, rl_done)                                                                                               \
	X(point, rl_point)                                                                                             \
	X(line_buffer, rl_line_buffer)                                                                                 \
	X(readline_name, rl_readline_name)                                                                             \
	X(catch_signals, rl_catch_signals)                                                                             \
	X(getc_function, rl_getc_function)                                                                             \
	X(input_available_hook, rl_input_available_hook)                                                               \
	X(prep_term_function, rl_prep_term_function)                                                                   \
	X(deprep_term_function, rl_deprep_term_function)                                                               \
	X(attempted_completion_function, rl_attempted_completion_function)                                             \
	X(attempted_completion_over, rl_attempted_completion_over)                                                     \
	X(word_break_characters, rl_completer_word_break_characters)                                                   \
	X(completion_query_items, rl_completion_query_items)

#define X(member, name) __typeof__(&name) member;
struct starsh_readline {
	STARSH_READLINE(X)
};
#undef X

/* starsh_readline_load - fill @rl; false: a sentence was written to stderr. */
bool starsh_readline_load(struct starsh_readline *rl);

#endif
