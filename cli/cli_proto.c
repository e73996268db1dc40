/* cli_proto.c - the frames between starsh and the chassis. Which types and lengths exist is one table. */
#include "cli/cli_proto.h"

#include <string.h>

enum { HELLO_MAGIC = 0x53545348 /* "STSH" */, HELLO_LONGEST = 64 /* a later version may say more */ };

struct type_row {
	uint8_t type;
	uint8_t from; /* enum cli_side */
	uint32_t min; /* payload bytes */
	uint32_t max;
};

static const struct type_row types[] = {
    {CLI_MSG_HELLO, CLI_SIDE_SHELL, CLI_HELLO_BYTES, HELLO_LONGEST},
    {CLI_MSG_LINE, CLI_SIDE_SHELL, 0, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_COMPLETE, CLI_SIDE_SHELL, 0, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_HELP, CLI_SIDE_SHELL, 0, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_INTERRUPT, CLI_SIDE_SHELL, 0, 0},
    {CLI_MSG_TO_EXEC, CLI_SIDE_SHELL, 0, 0},
    {CLI_MSG_OUTPUT, CLI_SIDE_CHASSIS, 0, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_PROMPT, CLI_SIDE_CHASSIS, 0, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_CANDIDATES, CLI_SIDE_CHASSIS, 0, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_HELPTEXT, CLI_SIDE_CHASSIS, 0, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_QUESTION, CLI_SIDE_CHASSIS, 1, CLI_FRAME_PAYLOAD_MAX},
    {CLI_MSG_END, CLI_SIDE_CHASSIS, CLI_END_BYTES, CLI_END_BYTES},
    {CLI_MSG_PAGE, CLI_SIDE_CHASSIS, 0, 0},
    {CLI_MSG_BYE, CLI_SIDE_CHASSIS, 0, CLI_FRAME_PAYLOAD_MAX},
};

static const struct type_row *
find_type(uint8_t type, enum cli_side from)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].type == type && types[i].from == from)
			return &types[i];
	return NULL;
}

enum err
cli_proto_next(struct rbuf *in, enum cli_side from, struct cli_frame *out)
{
	struct rbuf r = *in; /* the caller's cursor stays where it is unless a whole frame was read */
	const struct type_row *row;
	const uint8_t *data;
	uint32_t len;
	uint8_t type;

	if (rbuf_left(&r) == 0)
		return ERR_SHORT;
	type = rbuf_u8(&r);
	row = find_type(type, from);
	if (row == NULL)
		return ERR_FORMAT;
	len = rbuf_u32(&r);
	if (r.is_short)
		return ERR_SHORT;
	if (len < row->min || len > row->max)
		return ERR_RANGE;
	data = rbuf_take(&r, len);
	if (data == NULL)
		return ERR_SHORT;
	*in = r;
	*out = (struct cli_frame){.type = (enum cli_msg)type, .data = data, .len = len};
	return ERR_OK;
}

const char *
cli_proto_verdict(enum err e)
{
	switch (e) {
	case ERR_OK:
		return "a whole frame";
	case ERR_SHORT:
		return "a part of a frame";
	case ERR_FORMAT:
		return "something that is not a CLI frame";
	case ERR_RANGE:
		return "a frame of a forbidden length";
	case ERR_VERSION:
		return "another version of the CLI protocol";
	default:
		return err_text(e);
	}
}

enum err
cli_proto_header(enum cli_msg type, size_t len, uint8_t head[CLI_FRAME_HEADER_BYTES])
{
	struct wbuf w;

	if (len > CLI_FRAME_PAYLOAD_MAX)
		return ERR_RANGE;
	wbuf_init(&w, head, CLI_FRAME_HEADER_BYTES);
	wbuf_u8(&w, (uint8_t)type);
	wbuf_u32(&w, (uint32_t)len);
	return ERR_OK;
}

enum err
cli_proto_put(struct wbuf *out, enum cli_msg type, const void *data, size_t len)
{
	uint8_t head[CLI_FRAME_HEADER_BYTES];
	enum err e = cli_proto_header(type, len, head);

	if (e != ERR_OK)
		return e;
	if (out->is_over || out->cap - out->len < sizeof head + len)
		return ERR_FULL;
	wbuf_bytes(out, head, sizeof head);
	if (len > 0)
		wbuf_bytes(out, data, len);
	return ERR_OK;
}

enum err
cli_hello_put(struct wbuf *out, const struct cli_hello *hello)
{
	uint8_t payload[CLI_HELLO_BYTES];
	struct wbuf w;

	wbuf_init(&w, payload, sizeof payload);
	wbuf_u32(&w, HELLO_MAGIC);
	wbuf_u8(&w, hello->version);
	wbuf_u8(&w, hello->flags);
	wbuf_u16(&w, hello->rows);
	wbuf_u16(&w, hello->columns);
	return cli_proto_put(out, CLI_MSG_HELLO, payload, w.len);
}

enum err
cli_hello_decode(const struct cli_frame *frame, struct cli_hello *out)
{
	struct cli_hello h;
	struct rbuf r;

	if (frame->type != CLI_MSG_HELLO)
		return ERR_FORMAT;
	rbuf_init(&r, frame->data, frame->len);
	if (rbuf_u32(&r) != HELLO_MAGIC)
		return ERR_FORMAT;
	h.version = rbuf_u8(&r);
	h.flags = rbuf_u8(&r);
	h.rows = rbuf_u16(&r);
	h.columns = rbuf_u16(&r);
	if (r.is_short)
		return ERR_FORMAT;
	if (h.version != CLI_PROTO_VERSION)
		return ERR_VERSION;
	*out = h;
	return ERR_OK;
}

void
cli_end_encode(const struct cli_end *end, uint8_t payload[CLI_END_BYTES])
{
	struct wbuf w;

	wbuf_init(&w, payload, CLI_END_BYTES);
	wbuf_u8(&w, end->status);
	wbuf_u16(&w, end->length);
}

enum err
cli_end_decode(const struct cli_frame *frame, struct cli_end *out)
{
	struct cli_end end;
	struct rbuf r;

	rbuf_init(&r, frame->data, frame->len);
	end.status = rbuf_u8(&r);
	end.length = rbuf_u16(&r);
	if (r.is_short)
		return ERR_SHORT;
	if (end.status >= CLI_STATUS_COUNT)
		return ERR_RANGE;
	*out = end;
	return ERR_OK;
}

enum err
cli_question_decode(const struct cli_frame *frame, uint8_t *flags, const char **text, size_t *len)
{
	if (frame->len < 1)
		return ERR_SHORT;
	*flags = frame->data[0];
	*text = (const char *)frame->data + 1;
	*len = frame->len - 1;
	return ERR_OK;
}

const char *
cli_candidates_next(const struct cli_frame *frame, size_t *pos)
{
	const uint8_t *word, *end;

	if (*pos >= frame->len)
		return NULL;
	word = frame->data + *pos;
	end = memchr(word, 0, frame->len - *pos);
	if (end == NULL)
		return NULL;
	*pos += (size_t)(end - word) + 1;
	return (const char *)word;
}
