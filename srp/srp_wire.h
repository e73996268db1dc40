/*
 * srp_wire.h - the messages of the redundancy link: frame header and field rows.
 *
 * A frame is magic u16, version u8, type u8, length u32 (of the body, without the 12 octets of the header), CRC-32 u32
 * (of type and body: TCP's own sum is weak, and a wrong epoch would be believed), then a body of TLV8 field rows. The
 * first frame of a control connection, in both directions, is OPEN; checkpoint connections come to the same port and
 * begin with an OPEN of their own (checkpoint/ckpt_wire.h), told apart by the magic. Types and field ids that are not
 * known are skipped and counted, so releases understand each other. Pure; called by srp_link, srp_conn_link and the
 * fuzzer.
 */
#ifndef SRP_WIRE_H
#define SRP_WIRE_H

#include "base/buf.h"
#include "base/rows.h"
#include "srp/srp_types.h"

enum {
	SRP_MAGIC = 0x5352, /* "SR" */
	SRP_VERSION = 1,
	SRP_HEADER_BYTES = 12,
	SRP_BODY_MAX = 1024, /* longest body of a control message; a longer length is refused unread */
	SRP_FRAME_MAX = SRP_HEADER_BYTES + SRP_BODY_MAX,
	SRP_PIECE_MAX = 240,   /* characters of a transition in one message */
	SRP_SCHEMA_VERSION = 4 /* of the rows: raised with every change of them */
};

enum srp_msg_type {
	SRP_MSG_OPEN = 1,
	SRP_MSG_HELLO,
	SRP_MSG_HELLO_REPLY,
	SRP_MSG_PREPARE,
	SRP_MSG_READY,
	SRP_MSG_REFUSE,
	SRP_MSG_TAKE,
	SRP_MSG_FLUSHED,
	SRP_MSG_TRANSITION, /* from here on the engine eats none: srp_link_ops.message. A number is taken here, and a
	                       type is known once srp_wire.c names it and gives it rows */
	SRP_MSG_TRANSITION_ASK,
	SRP_MSG_CONFIG_REQUEST = 16,
	SRP_MSG_CONFIG_LINES,
	SRP_MSG_VALIDATE_ASK,
	SRP_MSG_VALIDATE_ANSWER,
	SRP_MSG_RESOURCE = 24,
	SRP_MSG_TYPE_END /* at most 32: the rows have a bit for each */
};

/* Why CONFIG_LINES has none. */
enum srp_lines_status {
	SRP_LINES_SENT,
	SRP_LINES_TOO_LONG,  /* more than SRP_LINES_BYTES_MAX: only the digest can be compared */
	SRP_LINES_NOT_READY, /* they are being collected, ask again */
	SRP_LINES_STATUS_COUNT
};

enum {
	SRP_CHUNK_BYTES = 255, /* a message carries SRP_CHUNKS of them */
	SRP_CHUNKS = 3,
	SRP_LINES_PACKED_MAX = (1 << 20) + 1024, /* of all chunks: what zlib makes of 1 MiB at worst, and more */
	SRP_FINDING_MAX = 200
};

enum srp_open_kind { SRP_OPEN_CONTROL = 1 };

/*
 * One message. type says which members count:
 *  OPEN         hello.chassis_id, hello.incarnation, hello.epoch, open_kind, format
 *  HELLO        hello, seq, sent_us
 *  HELLO_REPLY  hello, seq and sent_us copied from the HELLO answered
 *  PREPARE      hello.chassis_id, hello.epoch, request, is_forced, reason, is_rm_reset
 *  READY        hello.chassis_id, hello.epoch, request
 *  REFUSE       hello.chassis_id, hello.epoch, request, refuse, count
 *  TAKE         hello.chassis_id, hello.epoch, request, reason, is_rm_reset, is_early, wait_ms
 *  FLUSHED      hello.chassis_id, hello.epoch, request
 *  TRANSITION_ASK  hello.chassis_id, change, part: of the first transition changed after `change`, that piece
 *  TRANSITION   hello.chassis_id, change, part, parts, piece: the answer; the pieces together are the JSON of
 *               srp_history.h. Nothing is answered when there is none
 *  CONFIG_REQUEST   hello.chassis_id, hello.config_digest (of the lines begun with; 0: any), request, offset
 *  CONFIG_LINES     hello.chassis_id, hello.config_digest (of the sender's lines), request, status, offset,
 * packed_bytes, plain_bytes, chunks: the octets from offset on of the sender's lines (cli/cfg_pair.h), zlib
 *  VALIDATE_ASK     hello.chassis_id, request
 *  VALIDATE_ANSWER  hello.chassis_id, hello.state, hello.sessmgrs, hello.sessmgrs_ready, hello.config_digest, request,
 *                   findings, finding, is_post_processing
 *  RESOURCE     hello.chassis_id, hello.epoch, hello.sessmgrs, hello.sessmgrs_ready, hello.calls
 * present holds a bit per field row; srp_msg_encode sets it, srp_msg_decode proves that all of the type are there.
 */
struct srp_msg {
	uint64_t present;
	uint8_t type; /* enum srp_msg_type */
	struct srp_hello hello;
	uint32_t seq;
	uint64_t sent_us; /* the sender's monotonic clock, given back in the reply: round trip */
	uint8_t open_kind;
	uint16_t format; /* schema version of the sender's rows */
	uint32_t request;
	uint8_t is_forced; /* 0 or 1 */
	uint8_t refuse;
	uint8_t reason;      /* enum srp_reason */
	uint8_t is_rm_reset; /* 0 or 1, as is_early */
	uint8_t is_early;
	uint32_t wait_ms; /* bound of the sender's flush */
	uint64_t wall_us; /* HELLO, HELLO_REPLY: the sender's Unix time in microseconds, for the offset of the clocks */
	uint64_t change;
	uint16_t part, parts; /* 0.., 1.. */
	char piece[SRP_PIECE_MAX + 1];
	uint32_t count;
	uint8_t status; /* enum srp_lines_status */
	uint32_t offset, packed_bytes, plain_bytes;
	uint8_t chunk[SRP_CHUNKS][SRP_CHUNK_BYTES];
	uint8_t chunk_bytes[SRP_CHUNKS];
	uint32_t findings;                 /* errors in the sender's configuration */
	char finding[SRP_FINDING_MAX + 1]; /* the first of them */
	uint8_t is_post_processing;        /* the sender is still busy with what follows a switchover */
};

struct srp_frame {
	uint8_t type;
	uint32_t body_bytes; /* 0..SRP_BODY_MAX */
	uint32_t crc;
};

/*
 * srp_frame_decode - read the 12 octets of a header from @in.
 *
 * ERR_SHORT (wait for more; nothing consumed), ERR_FORMAT (no magic), ERR_VERSION, ERR_RANGE (longer than
 * SRP_BODY_MAX). After any but ERR_SHORT the stream cannot be trusted: the link closes it.
 */
enum err srp_frame_decode(struct rbuf *in, struct srp_frame *out);

/* srp_frame_check - ERR_CORRUPT unless the @f->body_bytes of @body are those the header was made for. */
enum err srp_frame_check(const struct srp_frame *f, const uint8_t *body);

/* srp_msg_name - "HELLO"; NULL for a type that has no rows (yet). */
const char *srp_msg_name(uint8_t type);

/* srp_msg_encode - append header and body of @m; ERR_FULL, or ERR_RANGE for a value outside its bounds (@out as
 * before). */
enum err srp_msg_encode(const struct srp_msg *m, struct wbuf *out);

/*
 * srp_msg_decode - the body of a frame of @type.
 *
 * @body  exactly the body
 * @v     always written: the field at fault, ids skipped
 *
 * ERR_NOT_FOUND for a type we do not know (skip it and count), ERR_SHORT, ERR_RANGE, ERR_FORMAT (also: a field
 * of the type is missing, v->field names it); @out is written only on success.
 */
enum err srp_msg_decode(uint8_t type, struct rbuf *body, struct srp_msg *out, struct rows_verdict *v);

/* srp_wire_format - the rows, for docs/WIRE.md, the schema hash test and the start-up check. */
const struct rows_format *srp_wire_format(void);

/* srp_msg_dump - "HELLO seq=1 state=3 ..." for logs. */
void srp_msg_dump(const struct srp_msg *m, struct text *out);

#endif
