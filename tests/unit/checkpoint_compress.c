/* checkpoint_compress.c - the zlib format: what this build packs zlib itself reads, and the other way round. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/rng.h"
#include "checkpoint/compress.h"

enum { RAW = 256 * 1024 };

static uint8_t raw[RAW], packed[RAW + 4096], out[RAW + 64];
static struct compress *c;

static int
setup(void **state)
{
	struct rng rng = {.state = 11};

	(void)state;
	for (size_t i = 0; i < RAW; i++)
		raw[i] = rng_below(&rng, 3) ? (uint8_t)(i % 251) : (uint8_t)rng_next(&rng);
	c = compress_new();
	assert_non_null(c);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	compress_free(c);
	return 0;
}

static void
zlib_reads_what_this_build_packs(void **state)
{
	static const size_t sizes[] = {1, 2, 255, 256, 4097, 65536, RAW};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		uLongf got = sizeof out;
		size_t n = 0;

		assert_int_equal(compress_pack(c, COMPRESS_ZLIB, raw, sizes[i], packed, sizeof packed, &n), ERR_OK);
		assert_int_equal(uncompress(out, &got, packed, n), Z_OK);
		assert_int_equal(got, sizes[i]);
		assert_memory_equal(out, raw, sizes[i]);
	}
}

static void
this_build_reads_what_zlib_packs_at_every_level(void **state)
{
	(void)state;
	for (int level = 0; level <= 9; level++) {
		uLongf n = sizeof packed;

		assert_int_equal(compress2(packed, &n, raw, RAW, level), Z_OK);
		memset(out, 0, sizeof out);
		assert_int_equal(compress_unpack(c, COMPRESS_ZLIB, packed, n, out, RAW), ERR_OK);
		assert_memory_equal(out, raw, RAW);
		assert_int_equal(compress_unpack(c, COMPRESS_ZLIB, packed, n, out, RAW - 1), ERR_RANGE);
		assert_int_equal(compress_unpack(c, COMPRESS_ZLIB, packed, n, out, RAW + 1), ERR_RANGE);
	}
}

/* Damage is refused, or unpacks to the very same octets (a few bits of the head mean nothing). */
static void
a_damaged_or_cut_batch_never_unpacks_to_something_else(void **state)
{
	struct rng rng = {.state = 5};
	size_t n = 0;

	(void)state;
	assert_int_equal(compress_pack(c, COMPRESS_ZLIB, raw, 20000, packed, sizeof packed, &n), ERR_OK);
	for (int i = 0; i < 2000; i++) {
		size_t at = rng_below(&rng, (uint32_t)n);
		uint8_t bit = (uint8_t)(1u << rng_below(&rng, 8));

		packed[at] ^= bit;
		memset(out, 0xee, sizeof out);
		if (compress_unpack(c, COMPRESS_ZLIB, packed, n, out, 20000) == ERR_OK)
			assert_memory_equal(out, raw, 20000);
		for (size_t k = 20000; k < 20064; k++)
			assert_int_equal(out[k], 0xee);
		packed[at] ^= bit;
	}
	for (size_t cut = 0; cut < n; cut += 1 + cut / 16)
		assert_int_not_equal(compress_unpack(c, COMPRESS_ZLIB, packed, cut, out, 20000), ERR_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(zlib_reads_what_this_build_packs),
	    cmocka_unit_test(this_build_reads_what_zlib_packs_at_every_level),
	    cmocka_unit_test(a_damaged_or_cut_batch_never_unpacks_to_something_else),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
