/*
 * license_keys.c - license keys: any text is refused or read without harm; what can be issued is read back as it
 * was.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "license/license.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t secret[32] = {1, 2, 3};

static void
public_of(uint8_t out[LICENSE_PUBLIC_BYTES])
{
	size_t n = LICENSE_PUBLIC_BYTES;
	EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);

	if (pair == NULL || EVP_PKEY_get_raw_public_key(pair, out, &n) != 1)
		abort();
	EVP_PKEY_free(pair);
}

/* A license out of the input's bytes: every number any, texts cut at their bounds. */
static struct license
license_of(const uint8_t *data, size_t size)
{
	struct license l = {0};

	memcpy(&l.number, data, size < 8 ? size : 8);
	if (size > 24) {
		memcpy(&l.features, data + 8, 4);
		l.issued_s = data[12] * 86400;
		l.expires_s = data[13] * 86400;
		l.sessions = data[14];
		snprintf(l.comment, sizeof l.comment, "%.*s", (int)(size - 24), (const char *)data + 24);
	}
	snprintf(l.issuer, sizeof l.issuer, "fuzz");
	snprintf(l.chassis, sizeof l.chassis, "any");
	return l;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t issuer[LICENSE_PUBLIC_BYTES];
	char text[LICENSE_KEY_MAX + 64], key[LICENSE_KEY_MAX + 1];
	struct license l, got;

	if (size >= sizeof text)
		return 0;
	public_of(issuer);
	memcpy(text, data, size);
	text[size] = '\0';
	(void)license_read(text, issuer, "02-00-00-00-00-01", &got, NULL);
	l = license_of(data, size);
	if (license_write(&l, secret, key) != ERR_OK)
		return 0;
	if (license_read(key, issuer, NULL, &got, NULL) != ERR_OK || got.number != l.number ||
	    strcmp(got.comment, l.comment) != 0)
		abort();
	if (size > 0) { /* one changed octet and nobody believes it */
		key[data[0] % strlen(key)] ^= 1;
		if (license_read(key, issuer, NULL, &got, NULL) == ERR_OK)
			abort();
	}
	return 0;
}
