/* checkpoint_changes.c - the change list against a plain model, and its corners. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "checkpoint/ckpt_changes.h"

enum { SLOTS = 20, TOMBS = 6 };

static struct changes x;

static int
setup(void **state)
{
	(void)state;
	return changes_init(&x, SLOTS, TOMBS) == ERR_OK ? 0 : 1;
}

static int
teardown(void **state)
{
	(void)state;
	changes_fini(&x);
	return 0;
}

static unsigned
send_all(void)
{
	unsigned n = 0;

	for (; x.cursor != CHANGES_NONE; n++)
		changes_sent(&x);
	return n;
}

static void
a_change_moves_to_the_tail_and_travels_once(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	changes_touch(&x, 1, CKPT_GROUP_STATS);
	changes_touch(&x, 2, CKPT_GROUP_STATS);
	changes_touch(&x, 1, CKPT_GROUP_SESSION);
	assert_int_equal(x.cursor, 2);
	assert_int_equal(changes_groups(&x, 1), CKPT_GROUP_STATS | CKPT_GROUP_SESSION);
	assert_int_equal(send_all(), 2);
	assert_int_equal(x.sent, 3);
	changes_ack(&x, 2);
	assert_int_equal(x.listed.count, 1);
	changes_ack(&x, 3);
	assert_int_equal(x.listed.count, 0);
}

static void
a_call_changed_again_after_a_send_sends_only_the_new_groups_until_the_link_falls(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	changes_touch(&x, 1, CKPT_GROUP_FULL);
	send_all();
	changes_touch(&x, 1, CKPT_GROUP_STATS);
	assert_int_equal(changes_groups(&x, 1), CKPT_GROUP_STATS);
	changes_connect(&x, 0);
	assert_int_equal(changes_groups(&x, 1), CKPT_GROUP_FULL | CKPT_GROUP_STATS);
	assert_true(changes_is_never_held(&x, 1));
}

static void
an_acknowledged_full_record_counts_as_held_although_the_call_changed_since(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	changes_touch(&x, 1, CKPT_GROUP_FULL);
	changes_touch(&x, 2, CKPT_GROUP_FULL);
	send_all();
	changes_touch(&x, 1, CKPT_GROUP_STATS);
	changes_ack(&x, 2);
	assert_int_equal(x.listed.count, 1);
	assert_false(changes_is_never_held(&x, 1));
}

static void
an_acknowledgement_beyond_what_was_sent_is_ignored(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	changes_touch(&x, 1, CKPT_GROUP_FULL);
	changes_ack(&x, 1);
	assert_int_equal(x.listed.count, 1);
	assert_int_equal(x.acked, 0);
}

static void
young_calls_come_of_age_in_order_and_leave_when_released(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	changes_make_young(&x, CKPT_NON_IMS, 1, 100);
	changes_make_young(&x, CKPT_NON_IMS, 2, 200);
	changes_make_young(&x, CKPT_NON_IMS, 3, 300);
	changes_touch(&x, 2, CKPT_GROUP_STATS);
	assert_int_equal(x.listed.count, 0);
	changes_bury(&x, 2, 0);
	assert_int_equal(x.young[CKPT_NON_IMS].count, 2);
	assert_int_equal(x.listed.count, 1);
	assert_int_equal(changes_admit(&x, CKPT_NON_IMS, 99, 100), 0);
	assert_int_equal(changes_admit(&x, CKPT_NON_IMS, 100, 100), 1);
	assert_int_equal(changes_admit(&x, CKPT_NON_IMS, UINT64_MAX, 0), 0);
	assert_int_equal(changes_admit(&x, CKPT_NON_IMS, UINT64_MAX, 5), 1);
	assert_int_equal(changes_groups(&x, 3), CKPT_GROUP_FULL);
}

static void
an_overwritten_tombstone_breaks_the_list_only_when_nobody_had_it(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	changes_bury(&x, 1, 0);
	send_all();
	changes_ack(&x, x.sent);
	changes_bury(&x, 1, 0);
	assert_false(x.is_broken);
	changes_bury(&x, 2, 0);
	assert_true(x.is_broken);
	changes_forget(&x);
	assert_false(x.is_broken);
	assert_int_equal(x.listed.count, 0);
}

static void
connecting_with_what_the_peer_holds_drops_just_that(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	for (uint32_t i = 0; i < 5; i++)
		changes_touch(&x, i, CKPT_GROUP_FULL);
	send_all();
	changes_connect(&x, 3);
	assert_int_equal(x.acked, 3);
	assert_int_equal(x.listed.count, 2);
	assert_int_equal(send_all(), 2);
}

static void
connection_stamps_that_repeat_force_a_full_sync(void **state)
{
	(void)state;
	for (unsigned i = 0; i < UINT16_MAX; i++)
		changes_connect(&x, 0);
	assert_false(x.is_broken);
	changes_connect(&x, 0);
	assert_true(x.is_broken);
	assert_int_equal(x.conn, 1);
}

static void
what_was_forgotten_is_blank_wherever_it_is_touched_next(void **state)
{
	(void)state;
	changes_connect(&x, 0);
	changes_touch(&x, 1, CKPT_GROUP_FULL);
	changes_touch(&x, 2, CKPT_GROUP_FULL);
	changes_bury(&x, 9, 0);
	changes_make_young(&x, CKPT_NON_IMS, 3, 100);
	changes_make_young(&x, CKPT_NON_IMS, 4, 100);
	changes_sent(&x);
	changes_forget(&x);
	assert_int_equal(x.cursor, CHANGES_NONE);
	assert_false(changes_is_young(&x, 3));
	changes_bury(&x, 8, 0);
	assert_false(x.is_broken);
	changes_touch(&x, 1, CKPT_GROUP_STATS);
	assert_int_equal(changes_groups(&x, 1), CKPT_GROUP_STATS);
	changes_touch(&x, 3, CKPT_GROUP_SESSION);
	assert_int_equal(changes_groups(&x, 3), CKPT_GROUP_SESSION);
	changes_make_young(&x, CKPT_NON_IMS, 4, 50);
	assert_true(changes_is_young(&x, 4));
	assert_int_equal(x.listed.count, 3);
	assert_int_equal(x.young[CKPT_NON_IMS].count, 1);
	assert_int_equal(changes_admit(&x, CKPT_NON_IMS, 50, 10), 1);
	assert_int_equal(send_all(), 4);
	changes_ack(&x, x.sent);
	assert_int_equal(x.listed.count, 0);
	assert_int_equal(x.listed.first, CHANGES_NONE);
}

/* More than a slice is acknowledged: what has not left the list yet counts as held, whatever happens to it. */
static void
acknowledged_changes_leave_in_slices_and_count_as_held_at_once(void **state)
{
	enum { MANY = 2 * CHANGES_SETTLE_SLICE + 10, LATE = MANY - 1, NEWER = MANY - 2 };
	struct changes *y = &x;

	changes_fini(y);
	assert_int_equal(changes_init(y, MANY, TOMBS), ERR_OK);
	(void)state;
	changes_connect(y, 0);
	for (uint32_t i = 0; i < MANY; i++)
		changes_touch(y, i, CKPT_GROUP_FULL);
	changes_bury(y, 0, 0);
	assert_int_equal(send_all(), MANY);
	changes_ack(y, y->sent);
	assert_int_equal(y->listed.count, MANY - CHANGES_SETTLE_SLICE);
	assert_false(changes_is_settled(y));
	assert_false(changes_is_never_held(y, LATE));
	assert_int_equal(changes_groups(y, LATE), 0);
	changes_touch(y, NEWER, CKPT_GROUP_STATS);
	changes_bury(y, 1, 0); /* the tombstone before it is held: nobody misses it */
	assert_false(y->is_broken);
	changes_connect(y, y->acked); /* a cut: only what is later travels again */
	assert_int_equal(y->listed.count, 10);
	assert_int_equal(changes_groups(y, NEWER), CKPT_GROUP_STATS);
	changes_settle(y);
	assert_true(changes_is_settled(y));
	assert_int_equal(y->listed.count, 2);
	assert_int_equal(y->entries[y->cursor].seq, y->acked + 1);
	assert_int_equal(send_all(), 2);
	changes_ack(y, y->sent);
	assert_int_equal(y->listed.count, 0);
}

/* Cut while acknowledged entries are still listed, and nothing settles before the list is sent: they are passed over.
 */
static void
a_connection_passes_over_what_is_held_and_still_listed(void **state)
{
	enum { MANY = 3 * CHANGES_SETTLE_SLICE };

	(void)state;
	changes_fini(&x);
	assert_int_equal(changes_init(&x, MANY, TOMBS), ERR_OK);
	changes_connect(&x, 0);
	for (uint32_t i = 0; i < MANY; i++)
		changes_touch(&x, i, CKPT_GROUP_FULL);
	send_all();
	changes_connect(&x, MANY - 1);
	assert_int_equal(x.listed.count, MANY - CHANGES_SETTLE_SLICE);
	for (; x.entries[x.cursor].seq <= x.acked; changes_sent(&x)) {
		assert_int_equal(changes_groups(&x, x.cursor), 0);
		assert_int_equal(x.sent, MANY - 1);
	}
	assert_int_equal(changes_groups(&x, x.cursor), CKPT_GROUP_FULL);
	changes_sent(&x);
	assert_int_equal(x.sent, MANY);
	assert_int_equal(x.cursor, CHANGES_NONE);
}

/* Over random histories: sorted, and what the peer got by groups is always everything that changed. */
static void
nothing_that_changed_is_ever_forgotten(void **state)
{
	uint32_t truth[SLOTS] = {0}, peer[SLOTS] = {0}, flight[SLOTS];
	struct rng r = {.state = 5};

	(void)state;
	changes_connect(&x, 0);
	memset(flight, 0, sizeof flight);
	for (int i = 0; i < 200000; i++) {
		uint32_t dice = rng_below(&r, 100), slot = rng_below(&r, SLOTS);

		if (dice < 50) {
			uint32_t g = 1u << rng_below(&r, 4);

			truth[slot] |= g;
			peer[slot] &= ~g;
			changes_touch(&x, slot, g);
		} else if (dice < 90 && x.cursor != CHANGES_NONE) {
			slot = x.cursor;
			peer[slot] |= changes_groups(&x, slot);
			changes_sent(&x);
		} else if (dice < 97) {
			changes_ack(&x, x.sent);
		} else if (dice < 99) {
			/* A cut: the peer has lost all that was not acknowledged. */
			for (uint32_t e = x.listed.first; e != CHANGES_NONE; e = x.entries[e].after)
				peer[e] &= ~(uint32_t)(x.entries[e].pending | x.entries[e].unacked);
			changes_connect(&x, x.acked);
		}
		for (uint32_t e = x.listed.first; e != CHANGES_NONE && x.entries[e].after != CHANGES_NONE;
		     e = x.entries[e].after)
			assert_true(x.entries[e].seq < x.entries[x.entries[e].after].seq);
	}
	while (x.cursor != CHANGES_NONE) {
		peer[x.cursor] |= changes_groups(&x, x.cursor);
		changes_sent(&x);
	}
	assert_memory_equal(truth, peer, sizeof truth);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(a_change_moves_to_the_tail_and_travels_once),
	    T(a_call_changed_again_after_a_send_sends_only_the_new_groups_until_the_link_falls),
	    T(an_acknowledged_full_record_counts_as_held_although_the_call_changed_since),
	    T(an_acknowledgement_beyond_what_was_sent_is_ignored),
	    T(young_calls_come_of_age_in_order_and_leave_when_released),
	    T(an_overwritten_tombstone_breaks_the_list_only_when_nobody_had_it),
	    T(connecting_with_what_the_peer_holds_drops_just_that),
	    T(connection_stamps_that_repeat_force_a_full_sync),
	    T(what_was_forgotten_is_blank_wherever_it_is_touched_next),
	    T(acknowledged_changes_leave_in_slices_and_count_as_held_at_once),
	    T(a_connection_passes_over_what_is_held_and_still_listed),
	    T(nothing_that_changed_is_ever_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
