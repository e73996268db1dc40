/*
 * session_arena_kill.c - a writer that is killed at any moment, in a write or in a change of a side, leaves each slot
 * with the record before or the new one, and a reader beside it never sees anything else. Real processes over one
 * shared mapping.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/rng.h"
#include "session/arena_layout.h"

enum { SLOTS = 50, ROUNDS = 400, READS = 300000, GONE = 0x80000000u };

/* In the shared mapping, before the arena: what the writer says it has done. */
struct progress {
	uint32_t done[SLOTS];  /* number of the last write, change or clear of a slot that has returned */
	uint32_t begun[SLOTS]; /* and of the last one that was begun */
	uint32_t writes;
	uint64_t seed;
};

static struct progress *progress;
static uint8_t *mem;
static size_t bytes;

static int
setup(void **state)
{
	size_t head = arena_pages(sizeof *progress);
	struct arena a;

	(void)state;
	bytes = arena_bytes(SLOTS);
	progress = mmap(NULL, head + bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (progress == MAP_FAILED)
		return 1;
	mem = (uint8_t *)progress + head;
	progress->seed = 1;
	return arena_init(&a, mem, bytes, 1, SLOTS) == ERR_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	munmap(progress, arena_pages(sizeof *progress) + bytes);
	return 0;
}

/* Of a slot every eighth number is a clear, the one behind it a write, and the others are changes of its side. */
enum { ROUND = 8 };

static int
is_clear(uint32_t n)
{
	return n % ROUND == 0;
}

static int
is_write(uint32_t n)
{
	return n % ROUND == 1;
}

/* The side after number @n: its length and every byte follow from that. It lies where the number does. */
static struct arena_run
side_of(uint32_t slot, uint32_t n, uint8_t p[ARENA_SIDE_MAX])
{
	uint64_t h = hash_u64((uint64_t)slot << 32 | n);
	struct arena_run run = {.at = 5, .len = (uint16_t)(sizeof n + h % (ARENA_SIDE_MAX - sizeof n))};

	memset(p, (int)(h >> 40), run.len);
	memcpy(p, &n, sizeof n);
	return run;
}

/* The record of @slot after number @n: what was written, with the side of that number. */
static size_t
record_of(uint32_t slot, uint32_t n, uint8_t buf[ARENA_RECORD_MAX])
{
	uint64_t h = hash_u64(UINT64_C(1) << 63 | (uint64_t)slot << 32 | n / ROUND);
	size_t rest = 8 + h % (ARENA_RECORD_MAX - ARENA_SIDE_MAX - 8);
	uint8_t side[ARENA_SIDE_MAX];
	struct arena_run run = side_of(slot, n, side);

	memset(buf, (int)(h >> 32), rest + run.len);
	memcpy(buf + run.at, side, run.len);
	return rest + run.len;
}

static uint8_t
tag_of(uint32_t n)
{
	return (uint8_t)(n / ROUND);
}

/* The number of the write whose record @slot holds, GONE when it is empty; 0 when it is neither. */
static uint32_t
number_in(const struct arena *a, uint32_t slot, enum err *e)
{
	uint8_t buf[ARENA_RECORD_MAX], want[ARENA_RECORD_MAX], tag = 0;
	uint32_t n;
	size_t len = 0;

	*e = arena_read(a, slot, buf, &len, &tag);
	if (*e != ERR_OK)
		return *e == ERR_NOT_FOUND ? GONE : 0;
	memcpy(&n, buf + side_of(slot, 0, want).at, sizeof n);
	return len == record_of(slot, n, want) && memcmp(buf, want, len) == 0 && tag == tag_of(n) ? n : 0;
}

static void
adopt_all(struct arena *a)
{
	uint8_t buf[ARENA_RECORD_MAX];
	size_t n;

	if (arena_attach(a, mem, bytes) != ERR_OK || arena_open(a) != ERR_OK)
		_exit(2);
	for (uint32_t i = 0; i < SLOTS; i++)
		if (arena_adopt(a, i, buf, &n, NULL) == ERR_CORRUPT)
			_exit(3);
	arena_recovered(a);
}

/* Number @n of @slot. */
static enum err
carry_out(struct arena *a, uint32_t slot, uint32_t n)
{
	uint8_t buf[ARENA_RECORD_MAX], p[ARENA_SIDE_MAX];
	struct arena_run run = side_of(slot, n, p);
	struct arena_piece side;
	enum err e;

	if (is_clear(n)) {
		arena_clear(a, slot, tag_of(n));
		return ERR_OK;
	}
	if (is_write(n))
		return arena_write(a, slot, tag_of(n), buf, record_of(slot, n, buf), run);
	e = arena_side(a, slot, &side);
	return e == ERR_OK ? arena_change(a, &side, p, run.len) : e;
}

/* Writes until it is killed. */
static void
write_for_ever(void)
{
	struct rng r = {.state = progress->seed};
	struct arena a;

	adopt_all(&a);
	for (;;) {
		uint32_t slot = rng_below(&r, SLOTS), n = progress->done[slot] + 1;

		__atomic_store_n(&progress->begun[slot], n, __ATOMIC_RELEASE);
		if (carry_out(&a, slot, n) != ERR_OK)
			_exit(4);
		__atomic_store_n(&progress->done[slot], n, __ATOMIC_RELEASE);
		__atomic_store_n(&progress->writes, progress->writes + 1, __ATOMIC_RELEASE);
	}
}

static pid_t
start_writer(void)
{
	pid_t pid, parent = getpid();

	progress->writes = 0;
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		/* A test that fails must not leave it behind. */
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(5);
		write_for_ever();
	}
	return pid;
}

/* Waits until @pid has written more than @until times; it may not end before. */
static void
await_writes(pid_t pid, uint32_t until)
{
	while (__atomic_load_n(&progress->writes, __ATOMIC_ACQUIRE) <= until)
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
}

/* Kills @pid, which must still have been writing. */
static void
end_writer(pid_t pid)
{
	int status;

	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Is @n what a slot may hold when the writes from @from to @to may be the last one? */
static int
is_among(uint32_t n, uint32_t from, uint32_t to)
{
	for (uint32_t k = from; k <= to; k++)
		if (n == (k == 0 || is_clear(k) ? GONE : k))
			return 1;
	return 0;
}

static void
check_slots(struct arena *a)
{
	uint32_t live = 0;

	for (uint32_t i = 0; i < SLOTS; i++) {
		enum err e;
		uint32_t n = number_in(a, i, &e);

		assert_true(n != 0 && is_among(n, progress->done[i], progress->begun[i]));
		/* The next writer goes on from here; what was begun counts as done when it is there. */
		if (n == GONE ? is_clear(progress->begun[i]) || progress->begun[i] == 0 : n == progress->begun[i])
			progress->done[i] = progress->begun[i];
		progress->begun[i] = progress->done[i];
		live += n != GONE;
	}
	assert_int_equal(arena_cells_used(a), live);
}

static void
a_writer_killed_at_any_moment_leaves_the_old_record_or_the_new_one(void **state)
{
	struct rng r = {.state = 7};
	unsigned in_the_middle = 0;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		uint32_t until = rng_below(&r, 300);
		struct arena a;
		pid_t pid;

		progress->seed = rng_next(&r);
		pid = start_writer();
		await_writes(pid, until);
		for (volatile uint32_t spin = rng_below(&r, 5000); spin > 0; spin--)
			;
		end_writer(pid);
		for (uint32_t i = 0; i < SLOTS; i++)
			in_the_middle += progress->begun[i] != progress->done[i];
		adopt_all(&a);
		check_slots(&a);
		arena_close(&a);
	}
	assert_true(in_the_middle > 0);
}

static void
a_reader_beside_the_writer_never_sees_a_torn_record(void **state)
{
	struct rng r = {.state = 8};
	unsigned read = 0, empty = 0, passed = 0;
	struct arena a;
	pid_t pid = start_writer();

	(void)state;
	assert_int_equal(arena_attach(&a, mem, bytes), ERR_OK);
	await_writes(pid, 0);
	for (int i = 0; i < READS; i++) {
		uint32_t slot = rng_below(&r, SLOTS);
		uint32_t before = __atomic_load_n(&progress->done[slot], __ATOMIC_ACQUIRE), after, n;
		enum err e;

		n = number_in(&a, slot, &e);
		after = __atomic_load_n(&progress->begun[slot], __ATOMIC_ACQUIRE);
		if (e == ERR_REFUSED) {
			passed++;
			continue;
		}
		assert_true(n != 0 && is_among(n, before, after));
		read += n != GONE;
		empty += n == GONE;
	}
	end_writer(pid);
	assert_true(read > 0 && empty > 0 && passed < READS / 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_writer_killed_at_any_moment_leaves_the_old_record_or_the_new_one, setup,
	                                    teardown),
	    cmocka_unit_test_setup_teardown(a_reader_beside_the_writer_never_sees_a_torn_record, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
