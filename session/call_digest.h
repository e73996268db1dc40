/*
 * call_digest.h - the hashes of a stored call, made of the bytes in the arena. Only call_table.c and tests use it.
 *
 * They are sums, of the side of the record (arena.h) and of the rest of it: so a change of the side alone costs the
 * hash of the side. `same` leaves out the fields that are checkpointed lazily
 * (CKPT_GROUP_ACCOUNTING), which a standby may rightly have older, and which all belong to the side; `check` is of what
 * is stored.
 */
#ifndef SESSION_CALL_DIGEST_H
#define SESSION_CALL_DIGEST_H

#include "checkpoint/ckpt_digest.h"
#include "session/arena.h"

/* call_digest - hash the record of @slot where it lies; @side: its share of that. Returns as arena_peek. */
enum err call_digest(const struct arena *a, uint32_t slot, struct digest_hash *out, struct digest_hash *side);

/* call_digest_side - the share of @side in that of its record. */
struct digest_hash call_digest_side(const struct arena *a, const struct arena_piece *side);

#endif
