/*
 * compress.c - codecs as rows. deflateReset a batch, never deflateInit: the set-up costs more than the batch. The zlib
 * format is ISA-L's where that was there at build time: several times as fast, and either reads what the other wrote.
 */
#include "checkpoint/compress.h"

#include <limits.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#ifdef STARLING_ISAL
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

struct compress {
#ifdef STARLING_ISAL
	struct isal_zstream deflate;
	struct inflate_state inflate;
	uint8_t level[ISAL_DEF_LVL1_DEFAULT];
#else
	z_stream deflate;
	z_stream inflate;
#endif
	LZ4_stream_t lz4;
};

struct codec {
	const char *name;
	enum err (*pack)(struct compress *c, const void *in, size_t n, void *out, size_t cap, size_t *len);
	enum err (*unpack)(struct compress *c, const void *in, size_t n, void *out, size_t raw_bytes);
	size_t piece;
};

static enum err
none_pack(struct compress *c, const void *in, size_t n, void *out, size_t cap, size_t *len)
{
	(void)c;
	if (n > cap)
		return ERR_FULL;
	memcpy(out, in, n);
	*len = n;
	return ERR_OK;
}

static enum err
none_unpack(struct compress *c, const void *in, size_t n, void *out, size_t raw_bytes)
{
	(void)c;
	if (n != raw_bytes)
		return ERR_RANGE;
	memcpy(out, in, n);
	return ERR_OK;
}

#ifdef STARLING_ISAL
struct compress *
compress_new(void)
{
	return calloc(1, sizeof(struct compress));
}

void
compress_free(struct compress *c)
{
	free(c);
}

static enum err
zlib_pack(struct compress *c, const void *in, size_t n, void *out, size_t cap, size_t *len)
{
	struct isal_zstream *z = &c->deflate;

	isal_deflate_stateless_init(z);
	z->level = 1;
	z->level_buf = c->level;
	z->level_buf_size = sizeof c->level;
	z->gzip_flag = IGZIP_ZLIB;
	z->end_of_stream = 1;
	z->next_in = (uint8_t *)(uintptr_t)in;
	z->avail_in = (uint32_t)n;
	z->next_out = out;
	z->avail_out = (uint32_t)cap;
	if (isal_deflate_stateless(z) != COMP_OK || z->avail_in != 0)
		return ERR_FULL;
	*len = cap - z->avail_out;
	return ERR_OK;
}

static enum err
zlib_unpack(struct compress *c, const void *in, size_t n, void *out, size_t raw_bytes)
{
	struct inflate_state *z = &c->inflate;
	int r;

	isal_inflate_init(z);
	z->crc_flag = ISAL_ZLIB;
	z->next_in = (uint8_t *)(uintptr_t)in;
	z->avail_in = (uint32_t)n;
	z->next_out = out;
	z->avail_out = (uint32_t)raw_bytes;
	r = isal_inflate_stateless(z);
	if (r == ISAL_OUT_OVERFLOW || (r == ISAL_END_INPUT && z->avail_out == 0))
		return ERR_RANGE;
	if (r != ISAL_DECOMP_OK)
		return ERR_FORMAT;
	return z->avail_out == 0 && z->avail_in == 0 ? ERR_OK : ERR_RANGE;
}
#else
struct compress *
compress_new(void)
{
	struct compress *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	if (deflateInit(&c->deflate, 1) != Z_OK) {
		free(c);
		return NULL;
	}
	if (inflateInit(&c->inflate) != Z_OK) {
		deflateEnd(&c->deflate);
		free(c);
		return NULL;
	}
	return c;
}

void
compress_free(struct compress *c)
{
	if (c == NULL)
		return;
	deflateEnd(&c->deflate);
	inflateEnd(&c->inflate);
	free(c);
}

static void
zlib_io(z_stream *z, const void *in, size_t n, void *out, size_t cap)
{
	z->next_in = (Bytef *)(uintptr_t)in;
	z->avail_in = (uInt)n;
	z->next_out = out;
	z->avail_out = (uInt)cap;
}

static enum err
zlib_pack(struct compress *c, const void *in, size_t n, void *out, size_t cap, size_t *len)
{
	deflateReset(&c->deflate);
	zlib_io(&c->deflate, in, n, out, cap);
	if (deflate(&c->deflate, Z_FINISH) != Z_STREAM_END)
		return ERR_FULL;
	*len = cap - c->deflate.avail_out;
	return ERR_OK;
}

static enum err
zlib_unpack(struct compress *c, const void *in, size_t n, void *out, size_t raw_bytes)
{
	int r;

	inflateReset(&c->inflate);
	zlib_io(&c->inflate, in, n, out, raw_bytes);
	r = inflate(&c->inflate, Z_FINISH);
	if (r == Z_STREAM_END)
		return c->inflate.avail_out == 0 && c->inflate.avail_in == 0 ? ERR_OK : ERR_RANGE;
	return r == Z_BUF_ERROR && c->inflate.avail_out == 0 ? ERR_RANGE : ERR_FORMAT;
}
#endif

static enum err
lz4_pack(struct compress *c, const void *in, size_t n, void *out, size_t cap, size_t *len)
{
	int got = n > LZ4_MAX_INPUT_SIZE ? 0 : LZ4_compress_fast_extState(&c->lz4, in, out, (int)n, (int)cap, 1);

	if (got <= 0)
		return ERR_FULL;
	*len = (size_t)got;
	return ERR_OK;
}

static enum err
lz4_unpack(struct compress *c, const void *in, size_t n, void *out, size_t raw_bytes)
{
	int got;

	(void)c;
	if (n > INT_MAX || raw_bytes > INT_MAX)
		return ERR_FORMAT;
	got = LZ4_decompress_safe(in, out, (int)n, (int)raw_bytes);
	if (got < 0)
		return ERR_FORMAT;
	return (size_t)got == raw_bytes ? ERR_OK : ERR_RANGE;
}

static const struct codec codecs[COMPRESS_ID_COUNT] = {
    [COMPRESS_NONE] = {"none", none_pack, none_unpack, 64 * 1024},
    [COMPRESS_ZLIB] = {"zlib", zlib_pack, zlib_unpack, COMPRESS_PIECE_MAX}, /* tables of codes in each piece */
    [COMPRESS_LZ4] = {"lz4", lz4_pack, lz4_unpack, 64 * 1024},              /* as far back as it looks */
};

enum compress_id
compress_agree(uint32_t offered, uint32_t by_peer)
{
	for (int id = COMPRESS_ID_COUNT - 1; id > COMPRESS_NONE; id--)
		if (offered & by_peer & 1u << id)
			return (enum compress_id)id;
	return COMPRESS_NONE;
}

enum compress_id
compress_best(uint32_t offered)
{
	return compress_agree(offered, offered);
}

const char *
compress_name(enum compress_id id)
{
	return (unsigned)id < COMPRESS_ID_COUNT ? codecs[id].name : "unknown";
}

size_t
compress_piece(enum compress_id id)
{
	return (unsigned)id < COMPRESS_ID_COUNT ? codecs[id].piece : codecs[COMPRESS_NONE].piece;
}

enum err
compress_pack(struct compress *c, enum compress_id id, const void *in, size_t n, void *out, size_t cap, size_t *len)
{
	return (unsigned)id < COMPRESS_ID_COUNT ? codecs[id].pack(c, in, n, out, cap, len) : ERR_NOT_FOUND;
}

enum err
compress_unpack(struct compress *c, enum compress_id id, const void *in, size_t n, void *out, size_t raw_bytes)
{
	return (unsigned)id < COMPRESS_ID_COUNT ? codecs[id].unpack(c, in, n, out, raw_bytes) : ERR_NOT_FOUND;
}
