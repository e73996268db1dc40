/* call_digest.c - hashes over the cell of a record. */
#include "session/call_digest.h"

#include "base/mix.h"
#include "session/call_rows.h"

/* Groups that are checkpointed lazily. */
enum { LAZY = CKPT_GROUP_ACCOUNTING };

enum err
call_digest(const struct arena *a, uint32_t slot, struct digest_hash *out)
{
	uint64_t same = mix_u64(arena_instance(a), (uint64_t)slot << 8), rest;
	struct arena_view v;
	enum err e = arena_peek(a, slot, &v);

	if (e != ERR_OK)
		return e;
	same = mix_u64(same, v.tag);
	rest = mix_bytes(same, v.cell, (size_t)(v.record - v.cell));
	call_rows_hash(v.record, v.len, LAZY, &same, &rest);
	*out = (struct digest_hash){.same = same != 0 ? same : 1, .check = (uint32_t)(mix_u64(rest, same) >> 32)};
	return ERR_OK;
}
