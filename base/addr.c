/* addr.c - address values. */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum err
addr_parse(const char *text, struct addr *out)
{
	struct addr a = {0};

	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = ADDR_V4;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = ADDR_V6;
	else
		return ERR_FORMAT;
	*out = a;
	return ERR_OK;
}

const char *
addr_text(const struct addr *a, char buf[ADDR_TEXT_MAX])
{
	int af = a->family == ADDR_V6 ? AF_INET6 : AF_INET;

	if (a->family == ADDR_NONE || inet_ntop(af, a->bytes, buf, ADDR_TEXT_MAX) == NULL)
		snprintf(buf, ADDR_TEXT_MAX, "-");
	return buf;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, addr_bytes(a)) == 0;
}

unsigned
addr_bytes(const struct addr *a)
{
	if (a->family == ADDR_V4)
		return 4;
	return a->family == ADDR_V6 ? 16 : 0;
}

struct addr
addr_v4(uint32_t v)
{
	return (struct addr){.family = ADDR_V4,
	                     .bytes = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v}};
}

uint32_t
addr_v4_u32(const struct addr *a)
{
	if (a->family != ADDR_V4)
		return 0;
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 | (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

const char *
mac_text(const uint8_t mac[MAC_LEN], char buf[MAC_TEXT_MAX])
{
	snprintf(buf, MAC_TEXT_MAX, "%02X-%02X-%02X-%02X-%02X-%02X", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
	return buf;
}

enum err
mac_parse(const char *text, uint8_t mac[MAC_LEN])
{
	unsigned v[MAC_LEN];
	char end;
	int n = sscanf(text, "%2x%*1[-:]%2x%*1[-:]%2x%*1[-:]%2x%*1[-:]%2x%*1[-:]%2x%c", &v[0], &v[1], &v[2], &v[3],
	               &v[4], &v[5], &end);

	if (n != MAC_LEN)
		return ERR_FORMAT;
	for (int i = 0; i < MAC_LEN; i++)
		mac[i] = (uint8_t)v[i];
	return ERR_OK;
}
