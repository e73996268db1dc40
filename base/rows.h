/*
 * rows.h - field rows: one table describes a message or record for encoder, decoder, dump, fuzzer
 * and document.
 *
 * A format is a list of rows (id, occurrence, name, kind, where the value lives in a plain struct,
 * bounds, groups). Two wire styles: ROWS_TLV8 (id u8, length u8, value), ours, and ROWS_GTP1
 * (3GPP TS 29.060 section 7.7: types below 128 have a fixed length and no length field, others a
 * 16-bit length). Unknown ids are skipped and counted where the style allows it, so releases
 * understand each other. Callers: srp/, checkpoint/, session/, gateway/.
 */
#ifndef BASE_ROWS_H
#define BASE_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/text.h"

enum { ROWS_MAX = 64 }; /* rows in one format: one bit each in a presence mask */

enum field_kind {
	FIELD_U8,
	FIELD_U16,
	FIELD_U32,
	FIELD_U64,
	FIELD_BYTES, /* uint8_t[] with a uint8_t length at len_offset */
	FIELD_STR,   /* char[] in the struct, NUL-terminated there, without NUL on the wire */
	FIELD_ADDR,  /* struct addr; 4 or 16 bytes on the wire */
	FIELD_KIND_COUNT
};

/*
 * One field. Integers: min..max is the legal range of the value. BYTES, STR: min..max is the legal
 * length in bytes; the storage in the struct has max bytes (BYTES) or max + 1 (STR). ADDR: unused.
 */
struct field_row {
	uint8_t id;
	uint8_t nth; /* 0 for the first occurrence of id in a message, 1 for the second ... */
	uint8_t kind;
	uint8_t is_secret; /* the dump prints its length only */
	uint32_t offset;
	uint32_t len_offset;
	uint64_t min;
	uint64_t max;
	uint32_t groups; /* which messages or micro-checkpoints carry it: bits of the format's owner */
	const char *name;
};

enum rows_style { ROWS_TLV8, ROWS_GTP1 };

struct rows_format {
	const char *name;
	enum rows_style style;
	uint16_t version;
	const struct field_row *rows;
	size_t count;          /* 1..ROWS_MAX */
	size_t present_offset; /* of a uint64_t in the struct: bit i says that row i has a value */
	const uint8_t *tv_len; /* ROWS_GTP1: value length of types 0..127, 0 = unknown type */
};

/* What a decoder says of bytes it was given. */
struct rows_verdict {
	const char *field; /* the row's name, or NULL when the fault lies between fields */
	uint8_t id;        /* the id at which it stopped */
	unsigned skipped;  /* unknown or surplus ids passed over */
};

/*
 * rows_encode - append the rows of @obj that are present and carry one of @groups.
 *
 * Returns ERR_FULL (and the writer's fault) when they do not fit, ERR_RANGE when a value breaks its
 * own bounds (our bug upstream: nothing that is out of range goes to a peer).
 */
enum err rows_encode(const struct rows_format *f, const void *obj, uint32_t groups, struct wbuf *out);

/*
 * rows_decode - read all of @in into @obj, setting a presence bit per row found.
 *
 * @obj     caller's struct, initialised by the caller; presence bits are added, so that a partial
 *          message may be laid over a full one. Unspecified after an error: decode into a copy.
 * @groups  rows outside these groups are passed over as unknown
 * @v       always written
 *
 * Returns ERR_SHORT, ERR_RANGE or ERR_FORMAT with @v naming the field.
 */
enum err rows_decode(const struct rows_format *f, struct rbuf *in, void *obj, uint32_t groups, struct rows_verdict *v);

/* rows_dump - "name=value name=value" of the present rows, for logs and tests. */
void rows_dump(const struct rows_format *f, const void *obj, struct text *out);

/* rows_present - is row number @row of @obj present? */
int rows_present(const struct rows_format *f, const void *obj, size_t row);

/* rows_schema_hash - changes when any id, kind, bound or order changes; a test ties it to the version. */
uint32_t rows_schema_hash(const struct rows_format *f);

/* rows_check - ERR_FORMAT when ids repeat, bounds are reversed or the table is too long: start-up self-check. */
enum err rows_check(const struct rows_format *f);

#endif
