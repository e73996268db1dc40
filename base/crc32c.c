/* crc32c.c - three ways to one value. */
#include "base/crc32c.h"

#include <string.h>
#ifdef STARLING_ISAL
#include <isa-l/crc.h>
#endif

/* Reflected polynomial 0x82f63b78, four bits a step. */
static const uint32_t nibbles[16] = {
    0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
    0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9, 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
};

uint32_t
crc32c_table(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *b = p;

	crc = ~crc;
	for (size_t i = 0; i < n; i++) {
		crc ^= b[i];
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}

#ifdef STARLING_ISAL
uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	return ~crc32_iscsi((unsigned char *)(uintptr_t)p, (int)n, ~crc);
}
#elif defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t
crc32c_sse42(uint32_t crc, const uint8_t *b, size_t n)
{
	uint64_t c = ~crc, word;

	for (; n >= sizeof word; n -= sizeof word, b += sizeof word) {
		memcpy(&word, b, sizeof word);
		c = __builtin_ia32_crc32di(c, word);
	}
	while (n-- > 0)
		c = __builtin_ia32_crc32qi((uint32_t)c, *b++);
	return ~(uint32_t)c;
}

uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	return __builtin_cpu_supports("sse4.2") ? crc32c_sse42(crc, p, n) : crc32c_table(crc, p, n);
}
#else
uint32_t
crc32c(uint32_t crc, const void *p, size_t n)
{
	return crc32c_table(crc, p, n);
}
#endif
