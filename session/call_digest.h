/* call_digest.h - the hashes of a stored call, made of the bytes in the arena. Only call_table.c and tests use it. */
#ifndef SESSION_CALL_DIGEST_H
#define SESSION_CALL_DIGEST_H

#include "checkpoint/ckpt_digest.h"
#include "session/arena.h"

/*
 * call_digest - hash the record of @slot where it lies. `same` leaves out the fields that are checkpointed lazily
 * (CKPT_GROUP_ACCOUNTING), which a standby may rightly have older; `check` is of the whole cell. Returns as arena_peek.
 */
enum err call_digest(const struct arena *a, uint32_t slot, struct digest_hash *out);

#endif
