/*
 * addr.h - IPv4 and IPv6 addresses as plain values.
 *
 * Text in both directions and comparison; no sockets. Dotted decimal and colon-separated
 * hexadecimal as the operator writes them.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum { ADDR_NONE = 0, ADDR_V4 = 4, ADDR_V6 = 6, ADDR_TEXT_MAX = 46, MAC_LEN = 6, MAC_TEXT_MAX = 18 };

/* family is ADDR_NONE (no address), ADDR_V4 (bytes[0..3]) or ADDR_V6; unused bytes are 0. */
struct addr {
	uint8_t family;
	uint8_t bytes[16];
};

/* addr_parse - @text to an address; ERR_FORMAT when it is neither family. */
enum err addr_parse(const char *text, struct addr *out);

/* addr_text - prints into @buf of ADDR_TEXT_MAX bytes and returns it; no address prints as "-". */
const char *addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX]);

bool addr_equal(const struct addr *a, const struct addr *b);

/* addr_bytes - 4, 16 or 0: how many of bytes[] count. */
unsigned addr_bytes(const struct addr *a);

/* addr_v4/addr_v4_u32 - an IPv4 address from, and to, a number in host order; 0 for other families. */
struct addr addr_v4(uint32_t host_order);
uint32_t addr_v4_u32(const struct addr *a);

/* mac_text - "02-00-43-03-1C-2B" into @buf; the hyphen form is the chapter's. mac_parse takes '-' or ':'. */
const char *mac_text(const uint8_t mac[MAC_LEN], char buf[MAC_TEXT_MAX]);
enum err mac_parse(const char *text, uint8_t mac[MAC_LEN]);

#endif
