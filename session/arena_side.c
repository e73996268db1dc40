/* arena_side.c - two copies, the one whose sequence follows the other's counts. */
#include "session/arena_side.h"

#include <assert.h>
#include <string.h>

#include "base/crc32c.h"

enum { NO_COPY = ARENA_SIDES };

static struct arena_side *
copy_at(uint8_t *cell, unsigned i)
{
	return (struct arena_side *)(void *)(cell + i * sizeof(struct arena_side));
}

static uint8_t
seq_of(const uint8_t *cell, unsigned i)
{
	return __atomic_load_n(cell + i * sizeof(struct arena_side) + offsetof(struct arena_side, seq),
	                       __ATOMIC_ACQUIRE);
}

/* Number @n (7 bits count) as it is stored: with a parity bit, so that no flipped bit makes another one of it. */
static uint8_t
seq_make(unsigned n)
{
	n &= 0x7f;
	return (uint8_t)(n << 1 | (unsigned)__builtin_parity(n));
}

static uint8_t
seq_moved(uint8_t seq, int by)
{
	return seq_make((unsigned)(seq >> 1) + (unsigned)by);
}

static bool
is_before(uint8_t a, uint8_t b)
{
	return a == seq_moved(a, 0) && b == seq_moved(a, 1);
}

/* Which copy is current under these sequences. */
static unsigned
current_of(uint8_t first, uint8_t second)
{
	if (is_before(second, first))
		return 0;
	return is_before(first, second) ? 1 : NO_COPY;
}

static uint32_t
side_crc(const struct arena_side *s, const struct arena_owner *of)
{
	uint32_t seed = of->slot * UINT32_C(2654435761) ^ ((uint32_t)of->seq << 8 | of->tag);

	return crc32c(seed, s, offsetof(struct arena_side, crc));
}

static void
side_fill(struct arena_side *s, const struct arena_owner *of, const void *p, size_t n, uint8_t seq)
{
	*s = (struct arena_side){.len = (uint8_t)n, .seq = seq};
	memcpy(s->bytes, p, n);
	s->crc = side_crc(s, of);
}

void
arena_side_init(uint8_t *cell, const struct arena_owner *of, const void *p, size_t n)
{
	struct arena_side s;

	for (uint8_t i = 0; i < ARENA_SIDES; i++) {
		side_fill(&s, of, p, n, seq_make(i));
		memcpy(cell + i * sizeof s, &s, sizeof s);
	}
}

const struct arena_side *
arena_side_current(const uint8_t *cell)
{
	unsigned i = current_of(seq_of(cell, 0), seq_of(cell, 1));

	return i == NO_COPY ? NULL : (const struct arena_side *)(const void *)(cell + i * sizeof(struct arena_side));
}

bool
arena_side_is_good(const struct arena_side *s, const struct arena_owner *of)
{
	return s->len <= ARENA_SIDE_MAX && s->crc == side_crc(s, of);
}

bool
arena_side_is_spare_good(const uint8_t *cell, const struct arena_owner *of)
{
	unsigned i = current_of(seq_of(cell, 0), seq_of(cell, 1));

	assert(i != NO_COPY);
	return arena_side_is_good((const struct arena_side *)(const void *)(cell + (1 - i) * sizeof(struct arena_side)),
	                          of);
}

/* All of @s goes where @to is, which is not current until its sequence is there. */
static void
side_store(struct arena_side *to, const struct arena_side *s)
{
	/* A reader that sees the first byte of this also sees what made the other copy current. */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	memcpy(to->bytes, s->bytes, sizeof to->bytes);
	to->len = s->len;
	to->crc = s->crc;
	__atomic_store_n(&to->seq, s->seq, __ATOMIC_RELEASE);
}

const struct arena_side *
arena_side_put(uint8_t *cell, const struct arena_owner *of, const void *p, size_t n)
{
	unsigned i = current_of(seq_of(cell, 0), seq_of(cell, 1));
	struct arena_side s;

	assert(i != NO_COPY && n <= ARENA_SIDE_MAX);
	side_fill(&s, of, p, n, seq_moved(seq_of(cell, i), 1));
	side_store(copy_at(cell, 1 - i), &s);
	return copy_at(cell, 1 - i);
}

void
arena_side_mend(uint8_t *cell, const struct arena_owner *of)
{
	const struct arena_side *now = arena_side_current(cell);
	struct arena_side s;

	assert(now != NULL && now->len <= ARENA_SIDE_MAX);
	side_fill(&s, of, now->bytes, now->len, seq_moved(now->seq, -1));
	side_store(copy_at(cell, now == copy_at(cell, 0) ? 1 : 0), &s);
}

enum err
arena_side_read(const uint8_t *cell, const struct arena_owner *of, struct arena_side *out)
{
	uint8_t first = seq_of(cell, 0), second = seq_of(cell, 1);
	unsigned i = current_of(first, second);

	if (i != NO_COPY)
		memcpy(out, cell + i * sizeof *out, sizeof *out);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	/* The copy that was read is written to only after the other one has become current. */
	if (seq_of(cell, 0) != first || seq_of(cell, 1) != second)
		return ERR_REFUSED;
	return i != NO_COPY && arena_side_is_good(out, of) ? ERR_OK : ERR_CORRUPT;
}
