/*
 * mix.h - a fast 64-bit hash of bytes, the same on every machine: for telling records apart that an error made
 * different, not for keeping out somebody who looks for two that collide.
 *
 * A hash is built up: the result of one piece is the seed of the next. The length of a piece enters, so pieces cut
 * elsewhere give another result. Pure; callers: digests of stored records.
 */
#ifndef BASE_MIX_H
#define BASE_MIX_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Odd constants with as many ones as zeros (digits of the square roots of 2 and 3, and of the golden ratio). */
#define MIX_A UINT64_C(0x6a09e667f3bcc909)
#define MIX_B UINT64_C(0xbb67ae8584caa73b)
#define MIX_C UINT64_C(0x9e3779b97f4a7c15)

/* mix_fold - both halves of the product. */
static inline uint64_t
mix_fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t
mix_load(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return le64toh(v);
}

/* mix_u64 - @seed and one number. */
static inline uint64_t
mix_u64(uint64_t seed, uint64_t v)
{
	return mix_fold(seed ^ v ^ MIX_A, MIX_C ^ seed);
}

/* mix_bytes - @seed and @n bytes. Four lanes of 16 bytes, later two, so that multiplications overlap. */
static inline uint64_t
mix_bytes(uint64_t seed, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint64_t a = seed ^ MIX_A, b = seed ^ MIX_B, tail[2] = {0, 0};
	size_t left = n;

	if (left >= 64) {
		uint64_t c = a ^ MIX_C, d = b ^ MIX_C;

		for (; left >= 64; left -= 64, p += 64) {
			a = mix_fold(mix_load(p) ^ MIX_B, mix_load(p + 8) ^ a);
			b = mix_fold(mix_load(p + 16) ^ MIX_C, mix_load(p + 24) ^ b);
			c = mix_fold(mix_load(p + 32) ^ MIX_B, mix_load(p + 40) ^ c);
			d = mix_fold(mix_load(p + 48) ^ MIX_C, mix_load(p + 56) ^ d);
		}
		a = mix_fold(a ^ MIX_C, c ^ MIX_A);
		b = mix_fold(b ^ MIX_A, d ^ MIX_B);
	}
	if (left >= 32) {
		a = mix_fold(mix_load(p) ^ MIX_B, mix_load(p + 8) ^ a);
		b = mix_fold(mix_load(p + 16) ^ MIX_C, mix_load(p + 24) ^ b);
		p += 32;
		left -= 32;
	}
	if (left >= 16) {
		a = mix_fold(mix_load(p) ^ MIX_B, mix_load(p + 8) ^ a);
		p += 16;
		left -= 16;
	}
	memcpy(tail, p, left);
	b = mix_fold(le64toh(tail[0]) ^ MIX_C, le64toh(tail[1]) ^ b);
	return mix_fold(a ^ n, b ^ MIX_A);
}

#endif
