/*
 * ckpt_wire.h - the bytes of a checkpoint connection: frame header, control messages, batch header.
 *
 *   frame    magic u16 = 0x5343, version u8, type u8, length u32 of the body (<= 1 MiB), CRC-32C u32, body
 *            the CRC covers the eight octets before it and the body; of a BATCH only its header, as the records
 *            have their own
 *   control  field rows (TLV8), one table for all types; unknown fields are skipped
 *   BATCH    number u64, through u64, codec u8, count u32, raw bytes u32 (<= 256 KiB), CRC-32C of the raw
 *            bytes u32, compressed records (ckpt_records.h)
 */
#ifndef CHECKPOINT_CKPT_WIRE_H
#define CHECKPOINT_CKPT_WIRE_H

#include "base/rows.h"
#include "checkpoint/ckpt_records.h"
#include "checkpoint/ckpt_types.h"

enum {
	CKPT_MAGIC = 0x5343,
	CKPT_VERSION = 4,
	CKPT_HEADER_BYTES = 12,
	CKPT_BODY_MAX = 1 << 20,
	CKPT_BATCH_HEADER_BYTES = 29,
	CKPT_RAW_MAX = 256 * 1024,
	CKPT_RECORDS_MAX = 1 << 16
};

enum ckpt_frame_type {
	CKPT_OPEN = 1,
	CKPT_OPEN_ACK,
	CKPT_HEARTBEAT,
	CKPT_READY,
	CKPT_SYNC_BEGIN,
	CKPT_SYNC_END,
	CKPT_BATCH,
	CKPT_ACK,
	CKPT_ROLE,
	CKPT_ACCOUNTING,     /* count u32, records */
	CKPT_ACCOUNTING_END, /* seq: how many records the frames before it had */
	CKPT_PROOF,          /* step u8, round u32, rest by step: ckpt_proof.h */
	CKPT_NACK,           /* standby to active: this record could not be applied, send the call in full */
	CKPT_FRAME_TYPE_COUNT
};

struct ckpt_header {
	uint8_t version;
	uint8_t type;
	uint32_t length; /* of the body, bytes */
	uint32_t crc;
};

/* The values of all control messages; which type carries which is in the table's groups (bit = type). */
struct ckpt_msg {
	uint64_t present;
	uint32_t instance;
	uint64_t chassis_id;
	uint8_t role;
	uint64_t epoch;
	uint64_t incarnation;
	uint32_t schema;
	uint32_t compressions;
	uint8_t is_aggressive;
	uint8_t is_full;
	uint64_t seq;
	uint64_t batch;
	uint64_t held_epoch;
	uint64_t held_incarnation;
	uint64_t held_seq;
	uint32_t teid;  /* of the record that is asked for again */
	uint8_t kind;   /* its CMD id; 0: a full checkpoint */
	uint8_t reason; /* enum ckpt_nack_reason */
	uint32_t calls; /* that a full synchronization will bring, about */
};

struct ckpt_batch {
	uint64_t number;
	uint64_t through; /* change sequence up to which this and all batches before carry everything */
	uint8_t codec;
	uint32_t count; /* of records, CKPT_RECORDS_MAX at most */
	uint32_t raw_bytes;
	uint32_t crc;
};

extern const struct rows_format ckpt_msg_format;

const char *ckpt_frame_name(uint8_t type);

/*
 * ckpt_header_read - ERR_SHORT: fewer than CKPT_HEADER_BYTES; ERR_FORMAT "magic", ERR_VERSION "version", ERR_RANGE
 * "length".
 */
enum err ckpt_header_read(const void *p, size_t n, struct ckpt_header *h, const char **field);

/* ckpt_header_verify - ERR_CORRUPT when header or @body (h->length bytes, borrowed) are not what was sent. */
enum err ckpt_header_verify(const struct ckpt_header *h, const uint8_t *body);

/* ckpt_frame_begin/end - write a header, and length and CRC once the body is written. @at is where the frame begins. */
size_t ckpt_frame_begin(struct wbuf *out, uint8_t type);
void ckpt_frame_end(struct wbuf *out, size_t at);

/* ckpt_msg_write - a whole control frame with the fields of its type; all of them count as present. */
enum err ckpt_msg_write(struct wbuf *out, uint8_t type, struct ckpt_msg *m);

/* ckpt_msg_read - the body of a control frame. ERR_SHORT "missing field" when one of its type's fields is not there. */
enum err ckpt_msg_read(const void *p, size_t n, uint8_t type, struct ckpt_msg *m, const char **field);

void ckpt_batch_write(struct wbuf *out, const struct ckpt_batch *b);
enum err ckpt_batch_read(struct rbuf *in, struct ckpt_batch *b, const char **field);

#endif
