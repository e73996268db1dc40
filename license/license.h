/*
 * license.h - license keys: a line of text that says which features a chassis has, signed with Ed25519.
 *
 *   VER=1|NUM=7|CMT=lab|ISS=Starling lab|DOI=1700000000|DOE=0|CHS=any|LIM=100000|FTR=ICSR,SR,OPT|SIG=base64
 *
 * DOI and DOE are the days of issue and expiry in seconds since 1970 (0: it does not expire), CHS the MAC of the
 * chassis it is for, or any, LIM the sessions, FTR the features. Everything before |SIG= is signed. Fields and features
 * that are not known are passed over. Pure: no clock, no files. Callers: chassisd, and the generator
 * build/starling-license, with which everybody can issue keys; chassisd believes the issuer whose public key it was
 * built or started with.
 */
#ifndef LICENSE_LICENSE_H
#define LICENSE_LICENSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum {
	LICENSE_KEY_MAX = 2000, /* characters of a key */
	LICENSE_TEXT_MAX = 79,  /* characters of a comment, an issuer */
	LICENSE_WARN_DAYS = 30, /* an expiry so near is told */
	LICENSE_PUBLIC_BYTES = 32,
};

struct license {
	uint64_t number;
	int64_t issued_s, expires_s; /* expires_s 0: never */
	uint64_t sessions;
	uint32_t features; /* of CLI_FEATURE_ */
	char comment[LICENSE_TEXT_MAX + 1];
	char issuer[LICENSE_TEXT_MAX + 1];
	char chassis[24]; /* MAC, or any */
};

/* The issuer this build believes: the keys in configs/ are of it. */
extern const uint8_t license_issuer[LICENSE_PUBLIC_BYTES];

/*
 * license_read - check @key against the issuer's public key and take it apart.
 *
 * @mac  of this chassis as text; a key for another one is refused. NULL: not asked
 * @why  one sentence when it is refused; may be NULL
 *
 * Returns ERR_FORMAT (no key at all), ERR_VERSION, ERR_CORRUPT (the signature does not fit), ERR_REFUSED (another
 * chassis). Expiry is not looked at: license_state.
 */
enum err license_read(const char *key, const uint8_t issuer[LICENSE_PUBLIC_BYTES], const char *mac, struct license *out,
                      struct text *why);

/*
 * license_write - @l signed with the private Ed25519 key @secret (32 bytes) into @key.
 *
 * Returns ERR_RANGE (a number that no int64_t holds, a time before 1970), ERR_FORMAT (a text holds | or " or a byte
 * that cannot be printed), ERR_FULL, ERR_SYSTEM (libcrypto).
 */
enum err license_write(const struct license *l, const uint8_t secret[32], char key[LICENSE_KEY_MAX + 1]);

enum license_state { LICENSE_NONE, LICENSE_GOOD, LICENSE_EXPIRES, LICENSE_EXPIRED };

/* license_state - @l (NULL: none) at wall clock @now_s. An expired key still opens its features: an expiry must not
 * part a running pair. It is told. */
enum license_state license_state(const struct license *l, int64_t now_s);

/*
 * license_show - show license information; @l NULL: none is installed. @where says what it was read from: a line of our
 * own, for the full form; NULL: it is left out.
 */
void license_show(const struct license *l, const char *where, int64_t now_s, struct text *out);

/* license_feature - the features one by one: bit, short name of FTR, name as shown. False past the last. */
struct license_feature {
	uint32_t bit;
	const char *word;
	const char *name;
};
const struct license_feature *license_feature(unsigned i);

#endif
