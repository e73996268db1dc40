/*
 * secrets.h - secrets of the configuration, sealed with a key of this chassis.
 *
 * A sealed secret is what `show configuration` prints and chassis.db holds: "+B" and base64 of version, nonce,
 * AES-256-GCM ciphertext and tag. The cipher is OpenSSL's. The key lies in a file of the chassis root, readable by its
 * owner only, and is made once; whoever has file and configuration has the secrets. Not a password hash:
 * these secrets must be shown to peers in clear. Callers: chassisd at start, the configuration.
 */
#ifndef STORE_SECRETS_H
#define STORE_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

enum {
	SECRETS_CLEAR_MAX = 255,                                                /* bytes of a secret */
	SECRETS_SEALED_MAX = 2 + (1 + 12 + SECRETS_CLEAR_MAX + 16 + 2) / 3 * 4, /* characters, without the NUL */
};

struct secrets;

/*
 * secrets_new - the key of the chassis whose root is @root; the file ROOT/chassis.key is made (0600, 32 random bytes,
 * fsynced, renamed into place) when there is none.
 *
 * @out  receives the owner's handle, secrets_free gives it back
 * @why  on an error one clear sentence without newline
 *
 * Returns ERR_SYSTEM (cannot be read or made), ERR_CORRUPT (not 32 bytes long; never overwritten: sealed
 * secrets would be lost), ERR_REFUSED (others may read the file).
 */
enum err secrets_new(const char *root, struct secrets **out, struct text *why);

/* secrets_free - forgets the key, overwriting it; NULL is fine. */
void secrets_free(struct secrets *s);

/* secrets_is_sealed - does @text look like ours (it begins with "+B")? Says nothing about whether it opens. */
bool secrets_is_sealed(const char *text);

/*
 * secrets_seal - seal @clear (1..SECRETS_CLEAR_MAX bytes, NUL-terminated) into @out (NUL-terminated). Each call takes a
 * fresh nonce, so sealing twice gives two texts.
 *
 * Returns ERR_RANGE for an empty or too long secret, ERR_SYSTEM when libcrypto fails.
 */
enum err secrets_seal(const struct secrets *s, const char *clear, char out[SECRETS_SEALED_MAX + 1]);

/*
 * secrets_open - the secret in @sealed, NUL-terminated in @clear; the caller overwrites it after use.
 *
 * Returns ERR_FORMAT when the text does not begin with "+B" or is not canonical base64 of a possible length,
 * ERR_VERSION for a version not known here, ERR_CORRUPT when it was changed or sealed by another chassis.
 */
enum err secrets_open(const struct secrets *s, const char *sealed, char clear[SECRETS_CLEAR_MAX + 1]);

#endif
