/*
 * pair_lines.h - this chassis' lines as they are compared with the peer's: secrets made comparable, digest, compressed.
 *
 * The two chassis share no key, and the same secret is sealed differently on each. So a secret is replaced by
 * PBKDF2-HMAC-SHA256 of its clear text, PAIR_SECRET_ROUNDS rounds, salted with both chassis ids and the line it stands
 * in: equal on both chassis for equal secrets, of no use for another pair or another line, and a guess costs so many
 * rounds. A weak secret can still be guessed by who reads the redundancy link, as the architecture page says. What this
 * chassis cannot open is replaced by a hash of the sealed text, which no openable secret equals.
 * All of it takes time, so it is done by a thread (chassis/offload.h); thread-safe.
 */
#ifndef CHASSIS_PAIR_LINES_H
#define CHASSIS_PAIR_LINES_H

#include "srp/srp_validate.h"
#include "store/secrets.h"

enum { PAIR_SECRET_ROUNDS = 20000 };

/* Secrets already worked out: one run's result is the next run's beginning, so that only new ones cost time. */
struct pair_secrets;
void pair_secrets_free(struct pair_secrets *s);

/* What is compared; owned by who made it. */
struct pair_lines {
	uint64_t digest;         /* of the canonical text, never 0 */
	struct srp_lines *lines; /* secrets replaced */
	uint8_t *packed;         /* NULL: too long to be sent */
	size_t packed_bytes, plain_bytes;
};

/*
 * pair_lines_new - of @text (cli/cfg_pair.h), for the pair of the chassis @own_id and @peer_id.
 *
 * @known  secrets of the run before; replaced by those of this one; *known may be NULL
 *
 * NULL: no memory, or libcrypto fails.
 */
struct pair_lines *pair_lines_new(const struct secrets *secrets, uint64_t own_id, uint64_t peer_id, const char *text,
                                  size_t len, struct pair_secrets **known);
void pair_lines_free(struct pair_lines *p);

#endif
