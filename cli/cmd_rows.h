/*
 * cmd_rows.h - command rows: one const row describes one command, whole.
 *
 * A row says mode, privilege, words with their own help and range, which forms exist (no, default),
 * what the command is (configuration leaf, opener of a mode, event, view), its default and its
 * documentation. Matching, `?`, Tab, abbreviation, range errors, show configuration, file loading and
 * the command reference all come from it. Rows live in the *_cmds.c of their feature, written with the
 * words of cmd_card.h; nothing here knows a feature.
 */
#ifndef CLI_CMD_ROWS_H
#define CLI_CMD_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/text.h"
#include "cli/feature.h"

struct cfg;
struct cfg_node;
struct cli_bound;

enum {
	CLI_LINE_MAX = 4000, /* characters of one line, without the end of line */
	CLI_WORDS_MAX = 120, /* words of one line (libcli drops the 128th silently) */
	CLI_TOKENS_MAX = 60, /* tokens of one row */
	CLI_TAKEN_MAX = 40,  /* tokens one line can take */
	CLI_DEPTH_MAX = 6,   /* modes inside each other, configuration included */
	CLI_QUESTION_MAX = 128,
};

/* Who may. The numbers are libcli's privilege levels. */
enum cli_privilege { CLI_INSPECTOR = 0, CLI_OPERATOR = 5, CLI_ADMINISTRATOR = 10 };

enum cli_kind {
	CLI_LEAF,  /* one line of configuration, kept in the tree; normally without a handler */
	CLI_OPENS, /* opens a mode: a block of configuration */
	CLI_EVENT, /* something happens now: a handler */
	CLI_VIEW,  /* something is shown: a handler that changes nothing */
};

enum cli_form {
	CLI_NO = 1,      /* `no X` removes what `X` wrote */
	CLI_DEFAULT = 2, /* `default X` does the same */
	CLI_NO_KEPT = 4, /* `no X` is itself kept and printed; `default X` removes it */
};

enum cli_flag {
	CLI_MAY_ASK = 2,        /* takes -noconfirm; the handler decides whether to ask (CLI_ANSWER_ASK) */
	CLI_ASKS_NEW = 4,       /* opener: creating (not entering) asks; takes -noconfirm */
	CLI_SRP_BLOCK = 8,      /* the line or block belongs to `show configuration srp` */
	CLI_NO_EFFECT_YET = 16, /* kept and printed; help, reference and show configuration errors say the rest */
	CLI_PAIR = 32, /* decides how calls live: both chassis of a pair must have it, as what CLI_SRP_BLOCK marks */
	CLI_PER_CHASSIS = 64, /* of one chassis, though its block belongs to the pair: never compared */
	CLI_ORDERED = 128,    /* both chassis must have these lines in the same order */
	CLI_HAS_JSON = 256,   /* view: `| json` gives one JSON document */
};

enum cli_token_kind {
	CLI_STOP = 0, /* end of the row */
	CLI_KEYWORD,
	CLI_ARGUMENT,
	CLI_ONE_OF, /* alternatives, parted by CLI_OR, up to CLI_CLOSE; one must be taken */
	CLI_OR,
	CLI_OPTION, /* up to CLI_CLOSE: may be left out; options side by side come in any order */
	CLI_CLOSE,
};

enum cli_type {
	CLI_UINT,    /* decimal, min..max */
	CLI_STRING,  /* min..max characters, blanks in double quotes */
	CLI_NAME,    /* min..max characters of letters, digits, . _ - + */
	CLI_DIGITS,  /* min..max decimal digits, kept as they are: an IMSI */
	CLI_CHOICE,  /* one of a list; a unique beginning is enough */
	CLI_ADDR,    /* IPv4 or IPv6 */
	CLI_ADDR4,   /* IPv4 */
	CLI_MASK,    /* IPv4 mask of min..max ones, dotted or /len; kept dotted */
	CLI_PREFIX,  /* A.B.C.D/min..max: the second form of an address and a mask that stand before its CLI_OR */
	CLI_NETWORK, /* an address of either family, with or without /len; kept as it is */
	CLI_MAC,     /* - or : between the octets */
	CLI_URL,     /* /flash/... without .. */
	CLI_PORT,    /* slot/port, 1..max each */
	CLI_SEALED,  /* a secret as `show configuration` prints it: min..max characters */
	CLI_SECRET,  /* a secret in clear; kept as the `encrypted KEYWORD SEALED` that stands before its CLI_OR */
	CLI_TYPE_COUNT
};

struct cli_choice {
	const char *name; /* NULL ends the list */
	const char *help;
};

struct cli_token {
	uint8_t kind;
	uint8_t type;
	bool is_ignored;  /* accepted, not kept */
	bool is_key;      /* this argument makes the line an instance of its own */
	bool is_idle;     /* this option alone has no effect yet, as CLI_NO_EFFECT_YET for a row */
	uint8_t step;     /* UINT: only multiples of this; 0: any */
	uint8_t digits;   /* UINT: kept with at least so many, 06 */
	const char *name; /* the keyword, or the argument's name: unique in the row */
	const char *help;
	uint64_t min, max;
	const struct cli_choice *choices;
};

/*
 * A mode. Root modes are cli_exec_mode and cli_config_mode. The prompt fragment may hold %k: the key of
 * the line that opened it.
 */
struct cli_mode {
	const char *name;
	const struct cli_mode *parent;
	const char *prompt;      /* "config-srp" */
	const char *prompt_if;   /* a keyword of the opening line that gives ... */
	const char *prompt_then; /* ... this fragment instead; both NULL otherwise */
	bool is_context;         /* its key stands in the prompt's brackets */
	/*
	 * left - the rule across leaves, asked after every change in the block. While it refuses, the leaves that
	 * were in force stay in force for the application; when the mode is left so, those the rule is about (ruled)
	 * come back, the others count, and the reason is printed. Returns ERR_REFUSED and one sentence in @why. Leaves
	 * only in such a mode.
	 */
	enum err (*left)(const struct cfg *cfg, const struct cfg_node *block, struct text *why);
	const uint16_t *ruled; /* row ids, ended by 0; needed with left */
};

struct cli_row {
	uint16_t id; /* unique over all tables */
	uint8_t kind;
	uint8_t privilege;
	uint8_t forms;
	uint16_t flags;
	uint8_t feature;             /* 0, or the CLI_FEATURE_ that the licence must have */
	uint16_t same_as;            /* 0, or the row under which the line is kept: same words after the leading ones */
	const struct cli_mode *mode; /* NULL: every configuration mode */
	const struct cli_mode *opens;
	const struct cli_token *tokens;
	const char *fallback; /* the first argument when the line is not there; NULL: none */
	/* check - the reason against an otherwise right line, before it is kept: ERR_REFUSED and a sentence; NULL: none
	 */
	enum err (*check)(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line,
	                  struct text *why);
	/* check_no - the same against removing a line that is there */
	enum err (*check_no)(const struct cfg *cfg, const struct cfg_node *block, const struct cli_bound *line,
	                     struct text *why);
	const char *doc;
};

struct cli_table {
	const struct cli_row *rows;
	size_t count;
};

extern const struct cli_mode cli_exec_mode, cli_config_mode, cli_context_mode;
extern const struct cli_table cli_table; /* the core's own rows: cli/cli_cmds.c */

/* Rows the core itself knows, and where the others' numbers begin. */
enum cli_row_id {
	CLI_ROW_NONE,
	CLI_ROW_CONFIGURE,
	CLI_ROW_EXIT,
	CLI_ROW_CONTEXT_EXEC,
	CLI_ROW_SHOW_CONFIGURATION,
	CLI_ROW_TERMINAL,
	CLI_ROW_TIMESTAMPS_EXEC,
	CLI_ROW_AUTOCONFIRM_EXEC,
	CLI_ROW_EXIT_CONFIG,
	CLI_ROW_END,
	CLI_ROW_HOSTNAME, /* argument name */
	CLI_ROW_AUTOCONFIRM,
	CLI_ROW_TIMESTAMPS,
	CLI_ROW_CONTEXT, /* argument name; opens cli_context_mode */
	CLI_ROW_LICENSE, /* argument key */
	CLI_ROW_DO_SHOW, /* the words after `do` are a command of Exec mode */
	CLI_ROWS_OF_SRP = 100,
	CLI_ROWS_OF_GATEWAY = 200,
	CLI_ROWS_OF_CHASSIS = 300,
	CLI_ROWS_OF_MONITOR = 400,
	CLI_ROWS_OF_ROUTING = 500,
	CLI_ROWS_OF_BULKSTATS = 550,
	CLI_ROWS_OF_AAA = 600,
	CLI_ROWS_OF_HA = 650,
	CLI_ROWS_OF_SYSTEM = 800,
	CLI_ROW_ID_MAX = 1000
};

#endif
