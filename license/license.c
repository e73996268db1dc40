/* license.c - license keys taken apart, made and shown. The signature is libcrypto's. */
#include "license/license.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cli/feature.h"

enum { SIGNATURE_BYTES = 64, SIGNATURE_CHARS = 88, DAY_S = 86400 };

static const char signature_field[] = "|SIG=";

static const struct license_feature features[] = {
    {CLI_FEATURE_ICSR, "ICSR", "Inter-Chassis Session Recovery"},
    {CLI_FEATURE_SESSION_RECOVERY, "SR", "Session Recovery"},
    {CLI_FEATURE_ICSR_OPTIMIZATION, "OPT", "ICSR Optimization"},
};

const struct license_feature *
license_feature(unsigned i)
{
	return i < sizeof features / sizeof features[0] ? &features[i] : NULL;
}

/* --- reading ----------------------------------------------------------------------------------------------------- */

static bool
is_signed(const char *key, size_t len, const uint8_t *signature, const uint8_t issuer[LICENSE_PUBLIC_BYTES])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, issuer, LICENSE_PUBLIC_BYTES);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool is_good = pkey != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	               EVP_DigestVerify(ctx, signature, SIGNATURE_BYTES, (const uint8_t *)key, len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return is_good;
}

/* signature_of - the signature behind @base64; false unless it is written in the one right way. */
static bool
signature_of(const char *base64, uint8_t signature[SIGNATURE_CHARS / 4 * 3])
{
	uint8_t again[SIGNATURE_CHARS + 1];

	if (strlen(base64) != SIGNATURE_CHARS ||
	    EVP_DecodeBlock(signature, (const uint8_t *)base64, SIGNATURE_CHARS) < SIGNATURE_BYTES)
		return false;
	EVP_EncodeBlock(again, signature, SIGNATURE_BYTES);
	return memcmp(again, base64, SIGNATURE_CHARS) == 0;
}

/* field - the value of @name in @key up to @end, copied, cut; false when it is not there. */
static bool
field(const char *key, const char *end, const char *name, char *out, size_t cap)
{
	size_t n = strlen(name);

	for (const char *p = key; p < end;) {
		const char *bar = memchr(p, '|', (size_t)(end - p));

		if (bar == NULL)
			bar = end;
		if ((size_t)(bar - p) > n && memcmp(p, name, n) == 0 && p[n] == '=') {
			snprintf(out, cap, "%.*s", (int)((size_t)(bar - p) - n - 1), p + n + 1);
			return true;
		}
		p = bar + 1;
	}
	return false;
}

static bool
field_number(const char *key, const char *end, const char *name, uint64_t *out)
{
	char text[24], *stop;

	if (!field(key, end, name, text, sizeof text) || text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*out = strtoull(text, &stop, 10);
	return *stop == '\0' && errno == 0 && *out <= INT64_MAX;
}

static uint32_t
features_of(char *list)
{
	uint32_t bits = 0;
	char *rest = list, *word;

	while ((word = strsep(&rest, ",")) != NULL)
		for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
			if (strcmp(word, features[i].word) == 0)
				bits |= features[i].bit;
	return bits;
}

static enum err
refuse(struct text *why, enum err e, const char *reason)
{
	if (why != NULL)
		text_put(why, reason);
	return e;
}

enum err
license_read(const char *key, const uint8_t issuer[LICENSE_PUBLIC_BYTES], const char *mac, struct license *out,
             struct text *why)
{
	const char *end = strstr(key, signature_field);
	uint8_t signature[SIGNATURE_CHARS / 4 * 3];
	uint64_t version, issued, expires;
	struct license l = {0};
	char list[LICENSE_KEY_MAX];

	if (end == NULL || strlen(key) > LICENSE_KEY_MAX || !signature_of(end + sizeof signature_field - 1, signature))
		return refuse(why, ERR_FORMAT, "this is not a license key");
	if (!is_signed(key, (size_t)(end - key), signature, issuer))
		return refuse(why, ERR_CORRUPT,
		              "the license key was changed, or is not of the issuer this chassis believes");
	if (!field_number(key, end, "VER", &version) || version != 1)
		return refuse(why, ERR_VERSION, "the license key is of a version this release does not know");
	if (!field_number(key, end, "NUM", &l.number) || !field_number(key, end, "DOI", &issued) ||
	    !field_number(key, end, "DOE", &expires) || !field_number(key, end, "LIM", &l.sessions) ||
	    !field(key, end, "CMT", l.comment, sizeof l.comment) ||
	    !field(key, end, "ISS", l.issuer, sizeof l.issuer) ||
	    !field(key, end, "CHS", l.chassis, sizeof l.chassis) || !field(key, end, "FTR", list, sizeof list))
		return refuse(why, ERR_FORMAT, "the license key is not complete");
	if (mac != NULL && strcmp(l.chassis, "any") != 0 && strcasecmp(l.chassis, mac) != 0)
		return refuse(why, ERR_REFUSED, "the license key is for another chassis");
	l.issued_s = (int64_t)issued;
	l.expires_s = (int64_t)expires;
	l.features = features_of(list);
	*out = l;
	return ERR_OK;
}

/* --- making -------------------------------------------------------------------------------------------------- */

static bool
is_plain(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~' || *s == '|' || *s == '"' || *s == '\\')
			return false;
	return true;
}

static bool
sign(const char *text, size_t len, const uint8_t secret[32], uint8_t signature[SIGNATURE_BYTES])
{
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, 32);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = SIGNATURE_BYTES;
	bool is_good = pkey != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
	               EVP_DigestSign(ctx, signature, &n, (const uint8_t *)text, len) == 1 && n == SIGNATURE_BYTES;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return is_good;
}

enum err
license_write(const struct license *l, const uint8_t secret[32], char key[LICENSE_KEY_MAX + 1])
{
	uint8_t signature[SIGNATURE_BYTES], base64[SIGNATURE_CHARS + 1];
	struct text_fixed f;
	struct text out;
	const char *comma = "";

	if (l->number > INT64_MAX || l->sessions > INT64_MAX || l->issued_s < 0 || l->expires_s < 0)
		return ERR_RANGE; /* license_read would not take it */
	if (!is_plain(l->comment) || !is_plain(l->issuer) || !is_plain(l->chassis))
		return ERR_FORMAT;
	text_fixed_init(&f, &out, key, LICENSE_KEY_MAX + 1);
	text_printf(&out,
	            "VER=1|NUM=%" PRIu64 "|CMT=%s|ISS=%s|DOI=%" PRId64 "|DOE=%" PRId64 "|CHS=%s|LIM=%" PRIu64 "|FTR=",
	            l->number, l->comment, l->issuer, l->issued_s, l->expires_s, l->chassis, l->sessions);
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
		if (l->features & features[i].bit) {
			text_printf(&out, "%s%s", comma, features[i].word);
			comma = ",";
		}
	if (!sign(key, f.len, secret, signature))
		return ERR_SYSTEM;
	EVP_EncodeBlock(base64, signature, SIGNATURE_BYTES);
	text_printf(&out, "%s%s", signature_field, (const char *)base64);
	return f.is_cut ? ERR_FULL : ERR_OK;
}

/* --- showing ------------------------------------------------------------------------------------------------- */

enum license_state
license_state(const struct license *l, int64_t now_s)
{
	if (l == NULL)
		return LICENSE_NONE;
	if (l->expires_s == 0 || l->expires_s - now_s > (int64_t)LICENSE_WARN_DAYS * DAY_S)
		return LICENSE_GOOD;
	return l->expires_s > now_s ? LICENSE_EXPIRES : LICENSE_EXPIRED;
}

static void
show_time(const char *label, int64_t at_s, struct text *out)
{
	char when[80] = "unknown";
	time_t at = (time_t)at_s;
	struct tm tm;

	if (localtime_r(&at, &tm) != NULL)
		strftime(when, sizeof when, "%A %B %d %H:%M:%S %Z %Y", &tm);
	text_printf(out, "  %-13s %s\n", label, when);
}

/* Source: sample show-license-information--1, the virtual chassis. */
void
license_show(const struct license *l, const char *where, int64_t now_s, struct text *out)
{
	static const char *const states[] = {"Not Installed", "Good", "Good", "Expired"};
	enum license_state state = license_state(l, now_s);
	const char *holder = l == NULL ? "" : strcmp(l->chassis, "any") == 0 ? " (Any Hardware)" : " (This Chassis)";

	text_printf(out, "Key Information (%s):\n", l != NULL ? "installed key" : "no key installed");
	if (l != NULL) {
		text_printf(out, "  Comment       %s\n  Chassis Type  %s\n", l->comment,
		            strcmp(l->chassis, "any") == 0 ? "Any Hardware" : l->chassis);
		show_time("Issued", l->issued_s, out);
		if (l->expires_s != 0)
			show_time("Expires", l->expires_s, out);
		text_printf(out, "  Issued By     %s\n  Key Number    %" PRIu64 "\n", l->issuer, l->number);
		if (where != NULL)
			text_printf(out, "  Read From     %s\n", where);
	}
	text_put(out,
	         "Enabled Features:\n  Feature                                             Applicable Part Numbers\n"
	         "  --------------------------------------------------  -----------------------------\n");
	text_printf(out, "  %-50s  [ none ]\n", "GGSN");
	for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
		if (l != NULL && l->features & features[i].bit)
			text_printf(out, "  %-50s  [ none ]\n", features[i].name);
	text_put(out, "Session Limits:\n                 Sessions  Session Type\n               ----------  "
	              "-----------------------\n");
	if (l != NULL)
		text_printf(out, "               %10" PRIu64 "  GGSN\n", l->sessions);
	else
		text_put(out, "  [none]\n");
	text_put(out, "CARD License Counts:\n  [none]\n");
	if (state == LICENSE_EXPIRES)
		text_printf(out, "NOTICE: The key expires in %" PRId64 " days.\n", (l->expires_s - now_s) / DAY_S);
	if (state == LICENSE_EXPIRED)
		text_put(out, "NOTICE: The features of an expired key stay; install a new one.\n");
	text_printf(out, "Status:\n  Chassis Type           starling%s\n  License Status         %s%s\n", holder,
	            states[state], holder);
}
