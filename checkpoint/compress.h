/*
 * compress.h - the codecs of a batch behind one table, and how two sides agree on one.
 *
 * Each side offers a bit mask of codec ids; the highest common one is used until the connection ends. A batch
 * names its codec: the agreed one, or none where compression would only cost time. States are made once.
 */
#ifndef CHECKPOINT_COMPRESS_H
#define CHECKPOINT_COMPRESS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Bit numbers in the offered mask and codec numbers in a batch; a later format takes the next number. */
enum compress_id { COMPRESS_NONE = 0, COMPRESS_ZLIB = 1, COMPRESS_LZ4 = 2, COMPRESS_ID_COUNT };

/* What a side offers: zlib always, so that two sides have one in common, and LZ4 where it is configured. */
enum {
	COMPRESS_OFFERED = 1u << COMPRESS_NONE | 1u << COMPRESS_ZLIB,
	COMPRESS_OFFERED_LZ4 = COMPRESS_OFFERED | 1u << COMPRESS_LZ4
};

struct compress;

struct compress *compress_new(void);
void compress_free(struct compress *c);

/* compress_agree - the highest id in both masks; COMPRESS_NONE when there is no other. */
enum compress_id compress_agree(uint32_t offered, uint32_t by_peer);

/* compress_best - the highest id in one mask: what is configured. */
enum compress_id compress_best(uint32_t offered);

const char *compress_name(enum compress_id id);

/* compress_piece - bytes that are best packed together, at most COMPRESS_PIECE_MAX: more is hardly smaller for that. */
enum { COMPRESS_PIECE_MAX = 128 * 1024 };
size_t compress_piece(enum compress_id id);

/*
 * compress_pack - @n bytes into at most @cap bytes of @out. ERR_FULL: it would not become smaller than @cap, send it as
 * it is. ERR_NOT_FOUND: no such codec.
 */
enum err compress_pack(struct compress *c, enum compress_id id, const void *in, size_t n, void *out, size_t cap,
                       size_t *len);

/*
 * compress_unpack - must give exactly @raw_bytes bytes. ERR_RANGE: another length (nothing is written past @raw_bytes);
 * ERR_FORMAT: not of this format, which is also what an LZ4 block says that would be longer; ERR_NOT_FOUND: no such
 * codec.
 */
enum err compress_unpack(struct compress *c, enum compress_id id, const void *in, size_t n, void *out,
                         size_t raw_bytes);

#endif
