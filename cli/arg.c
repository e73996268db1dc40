/* arg.c - argument types of command rows. */
#include "cli/arg.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/words.h"

/* arg_number - all of @word as decimal, at most 19 digits. */
static bool
arg_number(const char *word, uint64_t *out)
{
	size_t n = strlen(word);

	if (n < 1 || n > 19 || strspn(word, "0123456789") != n)
		return false;
	*out = strtoull(word, NULL, 10);
	return true;
}

static enum err
not_a(const char *word, const char *what, struct text *why)
{
	text_printf(why, "Failure: \"%.60s\" is not %s\n", word, what);
	return ERR_FORMAT;
}

static enum err
not_a_number(const struct cli_token *t, const char *word, struct text *why)
{
	text_printf(why, "Failure: \"%.60s\" is not a number in the range %" PRIu64 " to %" PRIu64 "\n", word, t->min,
	            t->max);
	return ERR_FORMAT;
}

static enum err
accept_uint(const struct cli_token *t, const char *lead, const char *word, char *out, struct text *why)
{
	uint64_t v;

	if (*word == '\0' || strspn(word, "0123456789") != strlen(word))
		return not_a_number(t, word, why);
	if (!arg_number(word, &v) || v < t->min || v > t->max) {
		text_printf(why, "Failure: %s %.60s must be in the range %" PRIu64 " to %" PRIu64 "\n", lead, word,
		            t->min, t->max);
		return ERR_RANGE;
	}
	if (t->step && v % t->step) {
		text_printf(why, "Failure: %s %.60s must be a multiple of %u in the range %" PRIu64 " to %" PRIu64 "\n",
		            lead, word, t->step, t->min, t->max);
		return ERR_RANGE;
	}
	snprintf(out, ARG_VALUE_MAX, "%0*" PRIu64, t->digits, v);
	return ERR_OK;
}

static enum err
accept_digits(const struct cli_token *t, const char *lead, const char *word, char *out, struct text *why)
{
	size_t n = strlen(word);

	if (n < t->min || n > t->max || strspn(word, "0123456789") != n) {
		text_printf(why, "Failure: %s \"%.60s\" is not a number of %" PRIu64 " to %" PRIu64 " digits\n", lead,
		            word, t->min, t->max);
		return n < t->min || n > t->max ? ERR_RANGE : ERR_FORMAT;
	}
	memcpy(out, word, n + 1);
	return ERR_OK;
}

/* accept_text - STRING, NAME, URL, SEALED, SECRET: a length, and for some a set of characters. */
static enum err
accept_text(const struct cli_token *t, const char *word, char *out, struct text *why)
{
	static const char name_chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+";
	size_t n = strlen(word);

	if (t->type == CLI_NAME && (strspn(word, name_chars) != n || *word == '-'))
		return not_a(word, "a name of letters, digits, and . _ - + (no hyphen in front)", why);
	if (t->type == CLI_URL &&
	    (strncmp(word, "/flash/", 7) != 0 || strstr(word, "..") || strchr(word, ' ') || word[n - 1] == '/'))
		return not_a(word, "a file in /flash/", why);
	if (n < t->min || n > t->max) {
		text_printf(why, "Failure: %s must be %" PRIu64 " to %" PRIu64 " characters long, this has %zu\n",
		            t->name, t->min, t->max, n);
		return ERR_RANGE;
	}
	memcpy(out, word, n + 1);
	return ERR_OK;
}

static enum err
accept_address(const struct cli_token *t, const char *word, char *out, struct text *why)
{
	struct addr a;

	if (addr_parse(word, &a) || (t->type == CLI_ADDR4 && a.family != ADDR_V4))
		return not_a(word, t->type == CLI_ADDR4 ? "an IPv4 address" : "an IP address", why);
	addr_text(&a, out);
	return ERR_OK;
}

/* mask_of - the IPv4 mask of a decimal length. */
static bool
mask_of(const char *length, struct addr *out)
{
	uint64_t len;

	if (!arg_number(length, &len) || len > 32)
		return false;
	*out = addr_v4(len ? UINT32_MAX << (32 - len) : 0);
	return true;
}

/* mask_in_range - @mask has as many ones as @t wants. */
static enum err
mask_in_range(const struct cli_token *t, const struct addr *mask, struct text *why)
{
	unsigned ones = 0;

	for (uint32_t m = addr_v4_u32(mask); m; m <<= 1)
		ones++;
	if (ones >= t->min && ones <= t->max)
		return ERR_OK;
	text_printf(why, "Failure: mask /%u must be in the range /%" PRIu64 " to /%" PRIu64 "\n", ones, t->min, t->max);
	return ERR_RANGE;
}

static enum err
accept_mask(const struct cli_token *t, const char *word, char *out, struct text *why)
{
	struct addr a;
	uint32_t gap;

	if (*word == '/') {
		if (!mask_of(word + 1, &a))
			return not_a(word, "a mask length of /0 to /32", why);
	} else if (addr_parse(word, &a) || a.family != ADDR_V4) {
		return not_a(word, "an IPv4 mask", why);
	}
	gap = ~addr_v4_u32(&a);
	if (gap & (gap + 1))
		return not_a(word, "a mask: its ones do not stand together", why);
	addr_text(&a, out);
	return mask_in_range(t, &a, why);
}

static enum err
accept_prefix(const struct cli_token *t, const char *word, char *out, struct text *why)
{
	const char *slash = strchr(word, '/');
	char head[ADDR_TEXT_MAX];
	struct addr a, mask;

	if (!slash || (size_t)(slash - word) >= sizeof head)
		return not_a(word, "an IPv4 address with /length", why);
	memcpy(head, word, (size_t)(slash - word));
	head[slash - word] = '\0';
	if (addr_parse(head, &a) || a.family != ADDR_V4 || !mask_of(slash + 1, &mask))
		return not_a(word, "an IPv4 address with /length", why);
	addr_text(&a, out);
	addr_text(&mask, out + strlen(out) + 1);
	return mask_in_range(t, &mask, why);
}

/* accept_network - an address of either family, and the length of its network where one is given. */
static enum err
accept_network(const char *word, char *out, struct text *why)
{
	static const char what[] = "an IP address with or without /length";
	const char *slash = strchr(word, '/');
	size_t n = slash ? (size_t)(slash - word) : strlen(word);
	char head[ADDR_TEXT_MAX];
	struct addr a;
	uint64_t len;

	if (n >= sizeof head)
		return not_a(word, what, why);
	memcpy(head, word, n);
	head[n] = '\0';
	if (addr_parse(head, &a) || (slash && (!arg_number(slash + 1, &len) || len > 8 * addr_bytes(&a))))
		return not_a(word, what, why);
	addr_text(&a, out);
	if (slash)
		snprintf(out + strlen(out), 5, "/%u", (unsigned)len);
	return ERR_OK;
}

static enum err
accept_port(const struct cli_token *t, const char *word, char *out, struct text *why)
{
	const char *slash = strchr(word, '/');
	uint64_t slot, port;
	char head[8];

	if (!slash || slash == word || (size_t)(slash - word) >= sizeof head)
		return not_a(word, "a port: slot/port", why);
	memcpy(head, word, (size_t)(slash - word));
	head[slash - word] = '\0';
	if (!arg_number(head, &slot) || !arg_number(slash + 1, &port))
		return not_a(word, "a port: slot/port", why);
	if (slot < t->min || slot > t->max || port < t->min || port > t->max) {
		text_printf(why,
		            "Failure: port %.60s must be in the range %" PRIu64 "/%" PRIu64 " to %" PRIu64 "/%" PRIu64
		            "\n",
		            word, t->min, t->min, t->max, t->max);
		return ERR_RANGE;
	}
	snprintf(out, ARG_VALUE_MAX, "%" PRIu64 "/%" PRIu64, slot, port);
	return ERR_OK;
}

const struct cli_choice *
arg_unique_choice(const struct cli_choice *choices, const char *word, unsigned *hits)
{
	const struct cli_choice *hit = NULL;

	*hits = 0;
	for (const struct cli_choice *c = choices; c->name; c++) {
		if (strcasecmp(c->name, word) == 0) {
			*hits = 1;
			return c;
		}
		if (*word && words_begins(c->name, word)) {
			hit = c;
			++*hits;
		}
	}
	return *hits == 1 ? hit : NULL;
}

static enum err
accept_choice(const struct cli_token *t, const char *word, char *out, struct text *why)
{
	unsigned hits;
	const struct cli_choice *c = arg_unique_choice(t->choices, word, &hits);

	if (!c) {
		text_printf(why,
		            hits ? "Ambiguous command - \"%.60s\"\n"
		                 : "Unknown command - \"%.60s\", unrecognized keyword\n",
		            word);
		return ERR_FORMAT;
	}
	strcpy(out, c->name);
	return ERR_OK;
}

static enum err
accept_mac(const char *word, char *out, struct text *why)
{
	uint8_t mac[MAC_LEN];

	if (mac_parse(word, mac))
		return not_a(word, "a MAC address", why);
	mac_text(mac, out);
	return ERR_OK;
}

enum err
arg_accept(const struct cli_token *t, const char *lead, const char *word, char out[ARG_VALUE_MAX], struct text *why)
{
	switch ((enum cli_type)t->type) {
	case CLI_UINT:
		return accept_uint(t, lead, word, out, why);
	case CLI_DIGITS:
		return accept_digits(t, lead, word, out, why);
	case CLI_STRING:
	case CLI_NAME:
	case CLI_URL:
	case CLI_SEALED:
	case CLI_SECRET:
		return accept_text(t, word, out, why);
	case CLI_CHOICE:
		return accept_choice(t, word, out, why);
	case CLI_ADDR:
	case CLI_ADDR4:
		return accept_address(t, word, out, why);
	case CLI_MASK:
		return accept_mask(t, word, out, why);
	case CLI_PREFIX:
		return accept_prefix(t, word, out, why);
	case CLI_NETWORK:
		return accept_network(word, out, why);
	case CLI_MAC:
		return accept_mac(word, out, why);
	case CLI_PORT:
		return accept_port(t, word, out, why);
	case CLI_TYPE_COUNT:
		break;
	}
	return not_a(word, "of a known type", why);
}

void
arg_placeholder(const struct cli_token *t, struct text *out)
{
	static const char *const fixed[CLI_TYPE_COUNT] = {
	    [CLI_ADDR] = "ip_address",       [CLI_ADDR4] = "ipv4_address",       [CLI_MASK] = "mask or /length",
	    [CLI_PREFIX] = "address/length", [CLI_MAC] = "mac_address",          [CLI_URL] = "/flash/file",
	    [CLI_PORT] = "slot/port",        [CLI_NETWORK] = "address[/length]",
	};

	if (t->type == CLI_UINT)
		text_printf(out, "<%" PRIu64 "..%" PRIu64 ">", t->min, t->max);
	else if (t->type == CLI_DIGITS)
		text_printf(out, "%" PRIu64 " to %" PRIu64 " digits", t->min, t->max);
	else if (fixed[t->type])
		text_put(out, fixed[t->type]);
	else
		text_printf(out, "string of size %" PRIu64 " to %" PRIu64, t->min, t->max);
}
