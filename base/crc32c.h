/*
 * crc32c.h - CRC-32C (Castagnoli), the checksum of stored records and of checkpoint batches.
 *
 * The processor's own instruction where there is one; ISA-L's folding where it was there at build time (longer runs at
 * several bytes a cycle); a small table otherwise. All give the same value: 0xe3069283 for "123456789".
 */
#ifndef BASE_CRC32C_H
#define BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* crc32c - of @n bytes behind those whose value is @crc (0 at the beginning). */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* crc32c_table - the same by table alone, on any processor. */
uint32_t crc32c_table(uint32_t crc, const void *p, size_t n);

#endif
