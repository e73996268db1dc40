/* session_call_digest.c - the digest of stored calls: order, what differs, what is behind, damage found by reading
 * again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mix.h"
#include "checkpoint/ckpt_digest.h"
#include "session/arena_layout.h"
#include "session/call_digest.h"
#include "session/call_rows.h"
#include "session/call_table.h"

enum { SLOTS = 3000 };

struct side {
	void *mem;
	struct arena arena;
	struct call_table *table;
	struct call_store store;
};

static void
start(struct side *s)
{
	s->mem = calloc(1, arena_bytes(SLOTS));
	assert_int_equal(arena_init(&s->arena, s->mem, arena_bytes(SLOTS), 1, SLOTS), ERR_OK);
	s->table = call_table_new(&s->arena, NULL);
	s->store = call_table_store(s->table);
}

static void
stop(struct side *s)
{
	call_table_free(s->table);
	free(s->mem);
}

static struct call
call_of(uint64_t imsi)
{
	struct call c = {.imsi = imsi, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED, .in_bytes = imsi};

	c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_IN_BYTES);
	return c;
}

static uint32_t
add(struct side *s, uint64_t imsi)
{
	struct call c = call_of(imsi);

	assert_int_equal(s->store.ops->add(s->store.arg, &c), ERR_OK);
	return c.teid;
}

/* The record of @teid placed on @to, as the checkpoint link does. */
static void
copy(struct side *from, struct side *to, uint32_t teid)
{
	uint8_t buf[ARENA_RECORD_MAX];
	const char *field;
	uint64_t key;
	uint32_t got;
	size_t n;

	assert_int_equal(call_table_record(from->table, teid_slot(teid), &got, buf, &n), ERR_OK);
	assert_int_equal(call_rows_check(buf, n, CKPT_GROUP_FULL, teid, &key, &field), ERR_OK);
	assert_int_equal(call_table_place(to->table, teid, buf, n, key), ERR_OK);
}

static uint64_t
sum(struct side *s)
{
	return digest_sum(call_table_digest(s->table));
}

static void
equal_calls_have_equal_sums_whatever_the_order(void **state)
{
	enum { CALLS = 2500 };
	uint32_t teids[CALLS];
	struct side a, b;

	(void)state;
	start(&a);
	start(&b);
	assert_true(sum(&a) == 0 && digest_buckets(call_table_digest(a.table)) == 3);
	for (unsigned i = 0; i < CALLS; i++)
		teids[i] = add(&a, 1000 + i);
	for (unsigned i = CALLS; i-- > 0;)
		copy(&a, &b, teids[i]);
	assert_true(sum(&a) == sum(&b) && sum(&a) != 0);
	assert_int_equal(digest_calls(call_table_digest(b.table)), CALLS);
	assert_true(call_table_drop(b.table, teid_slot(teids[1500])));
	assert_true(sum(&a) != sum(&b));
	for (uint32_t i = 0; i < 3; i++)
		assert_true((digest_bucket(call_table_digest(a.table), i) ==
		             digest_bucket(call_table_digest(b.table), i)) == (i != 1));
	copy(&a, &b, teids[1500]);
	assert_true(sum(&a) == sum(&b));
	for (unsigned i = 0; i < CALLS; i++) {
		assert_true(call_table_drop(a.table, teid_slot(teids[i])));
		assert_true(call_table_drop(b.table, teid_slot(teids[CALLS - 1 - i])));
	}
	assert_true(sum(&a) == 0 && sum(&b) == 0 && digest_calls(call_table_digest(a.table)) == 0);
	stop(&a);
	stop(&b);
}

static void
every_octet_of_the_shared_fields_changes_the_hash(void **state)
{
	uint8_t record[700];
	uint64_t seen[sizeof record + 2], whole;

	(void)state;
	for (size_t i = 0; i < sizeof record; i++)
		record[i] = (uint8_t)(i * 7);
	for (size_t n = 600; n < sizeof record; n++) {
		whole = mix_bytes(1, record, n);
		for (size_t i = 0; i < n; i++) {
			record[i] ^= 1u << (i + n) % 8;
			seen[i] = mix_bytes(1, record, n);
			record[i] ^= 1u << (i + n) % 8;
			assert_true(seen[i] != whole && (i == 0 || seen[i] != seen[i - 1]));
		}
		assert_true(mix_bytes(1, record, n - 1) != whole && mix_bytes(2, record, n) != whole);
	}
	assert_true(mix_bytes(1, "\0", 1) != mix_bytes(1, "\0\0", 2));
}

/* Writes @micro over the call and returns its hashes. */
static struct digest_hash
hash_after(struct side *s, uint32_t teid, const void *micro, size_t n)
{
	struct digest_hash h, side;

	assert_int_equal(call_table_merge(s->table, teid, micro, n), ERR_OK);
	assert_int_equal(call_digest(&s->arena, teid_slot(teid), &h, &side), ERR_OK);
	return h;
}

static void
a_field_that_is_checkpointed_lazily_counts_in_the_check_alone(void **state)
{
	static const uint8_t bytes_in[] = {29, 8, 0, 0, 0, 0, 0, 0, 0, 9}, repeats[] = {33, 4, 0, 0, 0, 9};
	struct digest_hash before, after, side;
	struct side s;
	uint32_t teid;

	(void)state;
	start(&s);
	teid = add(&s, 1000);
	assert_int_equal(call_digest(&s.arena, teid_slot(teid), &before, &side), ERR_OK);
	after = hash_after(&s, teid, repeats, sizeof repeats);
	assert_true(before.same == after.same && before.check != after.check);
	before = after;
	after = hash_after(&s, teid, bytes_in, sizeof bytes_in);
	assert_true(before.same != after.same && before.check != after.check);
	stop(&s);
}

/* Of a side that changes, every octet and where it stands counts; and the hash of a call is never that of none. */
static void
every_octet_of_the_side_changes_the_hash(void **state)
{
	uint8_t micro[10] = {28, 8};
	uint64_t seen[300];
	unsigned n = 0;
	struct side s;
	uint32_t teid;

	(void)state;
	start(&s);
	teid = add(&s, 1000);
	for (uint8_t field = 28; field <= 31; field++)
		for (unsigned bit = 0; bit < 64; bit++) {
			struct digest_hash h;

			micro[0] = field;
			memset(micro + 2, 0, 8);
			micro[2 + bit / 8] = (uint8_t)(1u << bit % 8);
			h = hash_after(&s, teid, micro, sizeof micro);
			assert_true((h.same & 1) == 1 &&
			            h.same == digest_of(call_table_digest(s.table), teid_slot(teid)));
			for (unsigned i = 0; i < n; i++)
				assert_true(seen[i] != h.same);
			seen[n++] = h.same;
		}
	stop(&s);
}

/* What was written is known as a sum, so damage of the one part outlasts a write of the other. */
static void
a_change_of_the_side_does_not_end_damage_of_the_rest(void **state)
{
	static const uint8_t bytes_in[] = {29, 8, 0, 0, 0, 0, 0, 0, 0, 9};
	static const uint8_t updates[] = {27, 4, 0, 0, 0, 1};
	struct arena_view v;
	struct digest *d;
	struct side s;
	uint32_t teid, slot, at = 0;
	uint8_t *octet;

	(void)state;
	start(&s);
	d = call_table_digest(s.table);
	teid = add(&s, 1000);
	slot = teid_slot(teid);
	add(&s, 1001);
	assert_int_equal(arena_peek(&s.arena, slot, &v), ERR_OK);
	octet = (uint8_t *)s.mem + (v.rest - (const uint8_t *)s.mem) + 3;
	*octet ^= 1;
	assert_int_equal(call_table_scrub(s.table, &at, SLOTS), ERR_OK);
	assert_true(digest_is_damaged(d, slot));
	assert_int_equal(call_table_merge(s.table, teid, bytes_in, sizeof bytes_in), ERR_OK);
	assert_true(digest_is_damaged(d, slot));
	assert_int_equal(call_table_merge(s.table, teid, updates, sizeof updates), ERR_CORRUPT);
	at = 0;
	assert_int_equal(call_table_scrub(s.table, &at, SLOTS), ERR_OK);
	assert_true(digest_is_damaged(d, slot));
	*octet ^= 1;
	at = 0;
	assert_int_equal(call_table_scrub(s.table, &at, SLOTS), ERR_OK);
	assert_false(digest_is_damaged(d, slot));
	assert_int_equal(call_table_merge(s.table, teid, updates, sizeof updates), ERR_OK);
	stop(&s);
}

/* A record that is one part. */
static void
put(struct digest *d, uint32_t slot, uint64_t same, uint32_t check)
{
	digest_put(d, slot, (struct digest_hash){same, check}, (struct digest_hash){0});
}

static void
a_change_of_a_part_moves_the_sums_by_its_difference(void **state)
{
	struct digest *d = digest_new(100);

	(void)state;
	digest_change(d, 5, (struct digest_hash){2, 2});
	digest_change(d, 100, (struct digest_hash){2, 2});
	assert_int_equal(digest_sum(d), 0);
	digest_put(d, 5, (struct digest_hash){100, 10}, (struct digest_hash){60, 4});
	digest_set_active(d, true);
	digest_change(d, 5, (struct digest_hash){65, 2});
	assert_true(digest_is_behind(d, 5) && digest_of(d, 5) == 100);
	assert_true(digest_checked(d, 5, &(struct digest_hash){105, 8}));
	assert_false(digest_checked(d, 5, &(struct digest_hash){105, 9}));
	digest_change(d, 5, (struct digest_hash){64, 3});
	digest_change(d, 5, (struct digest_hash){65, 2});
	digest_sent(d, 5);
	assert_int_equal(digest_sum(d), 105);
	digest_free(d);
}

/* Flips one bit in every octet of the cell in turn, head and record. */
static void
any_flipped_bit_of_a_stored_record_is_found_by_reading_it_again(void **state)
{
	struct arena_view v;
	struct side s;
	uint32_t teid, slot, at = 0;
	uint8_t *cell;

	(void)state;
	start(&s);
	for (unsigned i = 0; i < 50; i++)
		add(&s, 1000 + i);
	teid = add(&s, 7777);
	slot = teid_slot(teid);
	assert_int_equal(arena_peek(&s.arena, slot, &v), ERR_OK);
	cell = (uint8_t *)s.mem + (v.cell - (const uint8_t *)s.mem);
	for (size_t i = 0; i < v.cell_bytes; i++) {
		uint32_t found = 0;

		cell[i] ^= 0x10;
		at = 0;
		assert_int_equal(call_table_scrub(s.table, &at, SLOTS), ERR_OK);
		assert_int_equal(digest_damaged(call_table_digest(s.table)), 1);
		assert_true(digest_damaged_next(call_table_digest(s.table), &found));
		assert_int_equal(found, slot);
		cell[i] ^= 0x10;
		at = 0;
		assert_int_equal(call_table_scrub(s.table, &at, SLOTS), ERR_OK);
		assert_int_equal(digest_damaged(call_table_digest(s.table)), 0);
	}
	/* The directory entry as well. */
	*arena_entry_at(&s.arena, slot) ^= 1 << 5;
	at = 0;
	assert_int_equal(call_table_scrub(s.table, &at, SLOTS), ERR_OK);
	assert_true(digest_is_damaged(call_table_digest(s.table), slot));
	stop(&s);
}

static void
scrubbing_goes_in_slices_and_a_new_record_ends_the_damage(void **state)
{
	struct arena_view v;
	struct side s;
	uint32_t teid = 0, at = 0;
	struct call c;

	(void)state;
	start(&s);
	for (unsigned i = 0; i < 100; i++)
		teid = add(&s, 1000 + i);
	assert_int_equal(arena_peek(&s.arena, teid_slot(teid), &v), ERR_OK);
	((uint8_t *)s.mem)[v.rest - (const uint8_t *)s.mem + v.rest_len - 1] ^= 1;
	assert_int_equal(call_table_scrub(s.table, &at, 60), ERR_SHORT);
	assert_int_equal(at, 60);
	assert_int_equal(digest_damaged(call_table_digest(s.table)), 0);
	assert_int_equal(call_table_scrub(s.table, &at, 60), ERR_OK);
	assert_int_equal(digest_damaged(call_table_digest(s.table)), 1);
	c = call_of(1099);
	c.teid = teid;
	c.present |= CALL_HAS(CALL_F_TEID);
	assert_int_equal(s.store.ops->update(s.store.arg, &c, CKPT_GROUP_FULL), ERR_OK);
	assert_int_equal(digest_damaged(call_table_digest(s.table)), 0);
	stop(&s);
}

static void
an_active_counts_what_was_sent_not_what_is_stored(void **state)
{
	struct digest *d = digest_new(3000);
	uint64_t before;

	(void)state;
	put(d, 5, 50, 1);
	put(d, 2000, 70, 1);
	digest_set_active(d, true);
	before = digest_sum(d);
	assert_int_equal(before, 120);
	put(d, 5, 51, 1);
	put(d, 6, 9, 1);
	digest_drop(d, 2000);
	assert_int_equal(digest_sum(d), before);
	assert_int_equal(digest_calls(d), 2);
	assert_true(digest_is_behind(d, 5) && digest_is_behind(d, 6) && digest_is_behind(d, 2000));
	digest_sent(d, 5);
	assert_int_equal(digest_sum(d), 121);
	assert_int_equal(digest_bucket(d, 0), 51);
	digest_sent_gone(d, 2000);
	assert_int_equal(digest_sum(d), 51);
	assert_int_equal(digest_bucket(d, 1), 0);
	digest_sent(d, 6);
	assert_int_equal(digest_sum(d), 60);
	assert_int_equal(digest_calls(d), 2);
	/* Sent, changed, changed back: the peer is up to date again. */
	put(d, 6, 10, 1);
	put(d, 6, 9, 1);
	assert_false(digest_is_behind(d, 6));
	/* A deletion that is sent once more, after the slot was used again: until the new call is sent, nothing is
	 * there. */
	digest_sent_gone(d, 6);
	assert_true(digest_is_behind(d, 6) && digest_of(d, 6) == 0);
	digest_sent(d, 6);
	assert_true(!digest_is_behind(d, 6) && digest_of(d, 6) == 9);
	put(d, 7, 3, 1);
	digest_set_active(d, false);
	assert_int_equal(digest_sum(d), 63);
	digest_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(equal_calls_have_equal_sums_whatever_the_order),
	    cmocka_unit_test(every_octet_of_the_shared_fields_changes_the_hash),
	    cmocka_unit_test(a_field_that_is_checkpointed_lazily_counts_in_the_check_alone),
	    cmocka_unit_test(every_octet_of_the_side_changes_the_hash),
	    cmocka_unit_test(a_change_of_the_side_does_not_end_damage_of_the_rest),
	    cmocka_unit_test(a_change_of_a_part_moves_the_sums_by_its_difference),
	    cmocka_unit_test(any_flipped_bit_of_a_stored_record_is_found_by_reading_it_again),
	    cmocka_unit_test(scrubbing_goes_in_slices_and_a_new_record_ends_the_damage),
	    cmocka_unit_test(an_active_counts_what_was_sent_not_what_is_stored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
