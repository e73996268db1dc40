/* call_digest.c - hashes over the cell of a record. */
#include "session/call_digest.h"

#include "base/mix.h"
#include "session/arena_side.h"
#include "session/call_rows.h"

/* Seeds of the two shares. */
enum { OF_REST, OF_SIDE };

static uint64_t
seed(const struct arena *a, uint32_t slot, uint8_t tag, unsigned share)
{
	return mix_u64((uint64_t)arena_instance(a) << 32 | slot, (uint64_t)tag << 8 | share);
}

/* Of the @n bytes at @p, of which 64 can be read: words as they lie, what is behind @n taken out. */
static uint64_t
mix_line(uint64_t from, const uint8_t *p, size_t n)
{
	enum { WORDS = sizeof(struct arena_side) / sizeof(uint64_t) };
	uint64_t w[WORDS], a = from ^ MIX_A, b = from ^ MIX_B;

	for (size_t i = 0; i < WORDS; i++) {
		size_t left = n > i * 8 ? n - i * 8 : 0;

		w[i] = left >= 8 ? mix_load(p + i * 8) : mix_load(p + i * 8) & ((UINT64_C(1) << left * 8) - 1);
	}
	for (size_t i = 0; i < WORDS; i += 4) {
		a = mix_fold(w[i] ^ MIX_B, w[i + 1] ^ a);
		b = mix_fold(w[i + 2] ^ MIX_C, w[i + 3] ^ b);
	}
	return mix_fold(a ^ n, b ^ MIX_A);
}

/* The share of the rest is odd, that of the side even: so their sum is never 0, which would be no call. */
struct digest_hash
call_digest_side(const struct arena *a, const struct arena_piece *side)
{
	uint64_t from = seed(a, side->owner.slot, side->owner.tag, OF_SIDE);
	uint64_t same = mix_line(from, side->p, call_rows_eager(side->p, side->n));

	return (struct digest_hash){.same = same & ~UINT64_C(1), .check = (uint32_t)(mix_u64(from, side->seal) >> 32)};
}

enum err
call_digest(const struct arena *a, uint32_t slot, struct digest_hash *out, struct digest_hash *side)
{
	struct arena_view v;
	uint64_t same, check;
	enum err e = arena_peek(a, slot, &v);

	if (e != ERR_OK)
		return e;
	*side = call_digest_side(a, &v.side);
	same = mix_bytes(seed(a, slot, v.side.owner.tag, OF_REST), v.rest, v.rest_len) | 1;
	check = mix_bytes(same, v.head, (size_t)(v.rest - v.head));
	*out = (struct digest_hash){.same = same + side->same, .check = (uint32_t)(check >> 32) + side->check};
	return ERR_OK;
}
