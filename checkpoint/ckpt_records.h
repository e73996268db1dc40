/*
 * ckpt_records.h - the records of a batch, packed one behind the other so that they are short and compress well.
 *
 *   record    lead u8: bits 0-1 form, 2-3 TEID, 4-5 change sequence, 6 another kind than before
 *             kind u8, if bit 6 says so
 *             change sequence: 0 that of the record before, 1 the next one, 2 varint of the difference
 *             TEID: 0 that of the record before, 1 the next one, 2 varint of the difference, zigzag: 0, -1, 1, -2 ...
 *             varint: octets of the content
 *             content, by form
 *   PLAIN  0  as it is
 *   FIELDS 1  fields of id u8, length u8, value lie apart: their count u8, ids and lengths of all, values of all
 *   OWN    2  the same, and before them a field 1, which is the TEID again and is left out
 *   varint    seven bits an octet, the lowest first; bit 7 is set in all but the last
 *
 * Before the first record of a batch: kind 0, TEID 0, and the sequence up to which everything went before the batch.
 *
 * Ids and lengths are the same in most records and stand together here, so a compressor finds them in one go; values
 * between them would hide them. What a content means is not known here. Pure, no allocation. Callers: ckpt_send.c,
 * ckpt_receive.c, ckpt_account.c.
 */
#ifndef CHECKPOINT_CKPT_RECORDS_H
#define CHECKPOINT_CKPT_RECORDS_H

#include "base/buf.h"
#include "checkpoint/ckpt_types.h"

enum {
	CKPT_RECORD_HEAD_MIN = 2,  /* lead, length */
	CKPT_RECORD_HEAD_MAX = 20, /* the most before a content, and the count of fields */
	CKPT_FIELDS_MAX = UINT8_MAX,
	CKPT_OWN_BYTES = 6 /* the field that form OWN leaves out */
};

/* How the content of a record is packed. */
enum ckpt_form { CKPT_FORM_PLAIN, CKPT_FORM_FIELDS, CKPT_FORM_OWN };

struct ckpt_record {
	uint8_t kind;
	uint16_t len;
	uint32_t teid;
	uint64_t seq;
	const uint8_t *bytes; /* borrowed from the batch, or from the storage of the unpacker */
};

/* Packs: what was written last. */
struct ckpt_packer {
	uint64_t seq;
	uint32_t teid;
	uint8_t kind;
	uint32_t count; /* fields of the last record that had any */
	uint8_t heads[2 * CKPT_FIELDS_MAX];
};

/* Unpacks: what is left, and what was read last. */
struct ckpt_unpacker {
	struct rbuf in;
	struct wbuf whole; /* contents that were packed by fields */
	uint64_t seq;
	uint32_t teid;
	uint8_t kind;
};

/* ckpt_pack_begin - a batch; everything up to @seq went before it. */
void ckpt_pack_begin(struct ckpt_packer *x, uint64_t seq);

/*
 * ckpt_pack - one more record @r into @out: its sequence is not below that of the record before, its content at most
 * CKPT_RECORD_MAX bytes. False, and nothing written, unless CKPT_RECORD_HEAD_MAX and its content are free.
 */
bool ckpt_pack(struct ckpt_packer *x, struct wbuf *out, const struct ckpt_record *r);

/*
 * ckpt_unpack_begin - the records in @n bytes at @p, behind a batch that went up to @seq. @store of @cap bytes receives
 * contents; what @n bytes can hold is at most ckpt_unpack_room(@n). Both are borrowed as long as records are used.
 */
void ckpt_unpack_begin(struct ckpt_unpacker *x, const void *p, size_t n, uint64_t seq, void *store, size_t cap);

static inline size_t
ckpt_unpack_room(size_t n)
{
	return n + n / (CKPT_RECORD_HEAD_MIN + 1) * CKPT_OWN_BYTES;
}

/*
 * ckpt_unpack - the next record. ERR_SHORT, ERR_RANGE, ERR_FORMAT: there is no good one here, @field says what is
 * wrong; ERR_FULL: the storage is too small.
 */
enum err ckpt_unpack(struct ckpt_unpacker *x, struct ckpt_record *r, const char **field);

#endif
