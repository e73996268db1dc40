/*
 * cli_proto.h - the frames between starsh and the chassis on the CLI's Unix socket.
 *
 * A frame is one byte of type, four bytes of length, payload. Pure: bytes in, a frame or a verdict out; no sockets,
 * no session. Callers: cli_link.c (the chassis' end) and starsh. It is not the meaning of a line: that is the
 * session's.
 *
 * A conversation: HELLO first, then LINEs, each answered by PAGE?, OUTPUT*, perhaps QUESTION (answered by the next
 * LINE, in the order sent), then END. Interactive ones get a PROMPT after HELLO and after each END. COMPLETE is
 * answered by CANDIDATES, HELP by HELPTEXT. INTERRUPT goes past queued lines and stops the running one. BYE ends.
 */
#ifndef CLI_CLI_PROTO_H
#define CLI_CLI_PROTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum {
	CLI_PROTO_VERSION = 1,
	CLI_FRAME_HEADER_BYTES = 5,
	CLI_FRAME_PAYLOAD_MAX = 64 * 1024,
	CLI_HELLO_BYTES = 10,
	CLI_END_BYTES = 3,
};

/* Types below 0x80 come from the shell, the others from the chassis. */
enum cli_msg {
	CLI_MSG_HELLO = 0x01,      /* struct cli_hello */
	CLI_MSG_LINE = 0x02,       /* one line without its end, or the answer to a QUESTION */
	CLI_MSG_COMPLETE = 0x03,   /* the line up to the cursor */
	CLI_MSG_HELP = 0x04,       /* the line up to the cursor */
	CLI_MSG_INTERRUPT = 0x05,  /* empty: stop what runs (Ctrl-C), take a QUESTION back */
	CLI_MSG_TO_EXEC = 0x06,    /* empty: leave all configuration modes (Ctrl-Z); answered like a LINE */
	CLI_MSG_OUTPUT = 0x81,     /* text, any split */
	CLI_MSG_PROMPT = 0x82,     /* text: the session waits for a line */
	CLI_MSG_CANDIDATES = 0x83, /* whole words that may stand at the cursor, a NUL behind each */
	CLI_MSG_HELPTEXT = 0x84,   /* text */
	CLI_MSG_QUESTION = 0x85,   /* struct cli_question: the next LINE is the answer */
	CLI_MSG_END = 0x86,        /* struct cli_end: the line is done */
	CLI_MSG_PAGE = 0x88,       /* empty: the output of this line is to be shown page by page (`| more`) */
	CLI_MSG_BYE = 0x87,        /* the session is over; text says why, empty when the operator asked for it */
};

enum cli_side { CLI_SIDE_SHELL, CLI_SIDE_CHASSIS, CLI_SIDE_COUNT };
enum cli_status { CLI_STATUS_OK, CLI_STATUS_FAILED, CLI_STATUS_COUNT };
enum { CLI_HELLO_INTERACTIVE = 1, CLI_QUESTION_SECRET = 1 };

/* One frame; @data is borrowed from the input and dies when that changes. */
struct cli_frame {
	enum cli_msg type;
	const uint8_t *data;
	size_t len; /* 0..CLI_FRAME_PAYLOAD_MAX */
};

/* One line's end: enum cli_status, and the session's terminal length (0: the shell does not page). */
struct cli_end {
	uint8_t status;
	uint16_t length;
};

struct cli_hello {
	uint8_t version;
	uint8_t flags; /* CLI_HELLO_* */
	uint16_t rows; /* of the terminal, 0 when there is none */
	uint16_t columns;
};

/*
 * cli_proto_next - the next whole frame of @in.
 *
 * @in    bytes received so far; its cursor moves past the frame on success only
 * @from  who sent them: a type of the other side is refused
 *
 * Returns ERR_SHORT when the frame is not complete yet (never for a frame that can still be refused: type and
 * length are judged as soon as the header is there), ERR_FORMAT for a type nobody sends in this direction,
 * ERR_RANGE for a length the type does not allow.
 */
enum err cli_proto_next(struct rbuf *in, enum cli_side from, struct cli_frame *out);

/* cli_proto_verdict - what @e of cli_proto_next (or of cli_hello_decode) says, in words for the log. */
const char *cli_proto_verdict(enum err e);

/*
 * cli_proto_header - the five bytes before a payload of @len bytes into @head.
 * ERR_RANGE when @len is over CLI_FRAME_PAYLOAD_MAX: the caller splits.
 */
enum err cli_proto_header(enum cli_msg type, size_t len, uint8_t head[CLI_FRAME_HEADER_BYTES]);

/* cli_proto_put - append a whole frame to @out; ERR_RANGE as above, ERR_FULL when it does not fit (nothing is written).
 */
enum err cli_proto_put(struct wbuf *out, enum cli_msg type, const void *data, size_t len);

/* cli_hello_put - append a HELLO frame. cli_hello_decode - its payload; ERR_FORMAT without the magic, ERR_VERSION. */
enum err cli_hello_put(struct wbuf *out, const struct cli_hello *hello);
enum err cli_hello_decode(const struct cli_frame *frame, struct cli_hello *out);

/* cli_end_encode, cli_end_decode - the payload of END, CLI_END_BYTES; ERR_RANGE for a status nobody sends. */
void cli_end_encode(const struct cli_end *end, uint8_t payload[CLI_END_BYTES]);
enum err cli_end_decode(const struct cli_frame *frame, struct cli_end *out);

/*
 * cli_question_decode - the flags and the text (borrowed, not NUL-terminated) of a QUESTION: one byte of
 * CLI_QUESTION_* and the text. ERR_SHORT when the payload is empty.
 */
enum err cli_question_decode(const struct cli_frame *frame, uint8_t *flags, const char **text, size_t *len);

/*
 * cli_candidates_next - walk a CANDIDATES payload: the word at *@pos (NUL-terminated, borrowed), *@pos moves on.
 * NULL at the end and for a last word without its NUL.
 */
const char *cli_candidates_next(const struct cli_frame *frame, size_t *pos);

#endif
