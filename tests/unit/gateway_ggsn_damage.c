/* gateway_ggsn_damage.c - the GGSN service and calls whose stored record is damaged. */
#include "session/arena_layout.h"
#include "tests/unit/gateway_fixture.h"

/* The record of @teid is not what was written any more. */
static void
damage(struct manager *m, uint32_t teid)
{
	struct arena arena;
	struct arena_view v;

	assert_int_equal(arena_attach(&arena, m->mem, arena_bytes(FIXTURE_SLOTS)), ERR_OK);
	assert_int_equal(arena_peek(&arena, teid_slot(teid), &v), ERR_OK);
	((uint8_t *)m->mem)[v.rest + v.rest_len / 2 - (const uint8_t *)m->mem] ^= 4;
}

static void
a_call_whose_record_is_damaged_is_denied_only_when_nothing_can_mend_it(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	uint32_t teid = manager_ask(&m, ask_create("240010000000001", 1)).result.added_teid;
	struct ask ask = ask_delete(teid, 3), again;
	uint8_t bytes[GTP1_MESSAGE_MAX], room[GTP1_MESSAGE_MAX];
	struct ggsn_request in = {.bytes = bytes,
	                          .len = ask_bytes(&ask, bytes),
	                          .peer = addr_v4(FIXTURE_SGSN),
	                          .peer_port = 2123,
	                          .service = cfg.services[0].id,
	                          .now_s = FIXTURE_NOW,
	                          .is_mending = true};
	struct ggsn_result out;
	struct wbuf reply;

	(void)state;
	(void)manager_ask(&m, ask_create("240010000000002", 2)); /* the record written last is another one */
	damage(&m, teid);
	wbuf_init(&reply, room, sizeof room);
	ggsn_input(m.ggsn, &in, &reply, &out);
	assert_int_equal(out.verdict, GGSN_DISCARD);
	assert_int_equal(reply.len, 0);
	again = ask_create("240010000000001", 1); /* nor is a new context made beside it */
	in.len = ask_bytes(&again, bytes);
	ggsn_input(m.ggsn, &in, &reply, &out);
	assert_int_equal(out.verdict, GGSN_DISCARD);
	in.len = ask_bytes(&ask, bytes);
	in.is_mending = false;
	ggsn_input(m.ggsn, &in, &reply, &out);
	assert_int_equal(out.verdict, GGSN_ANSWER);
	assert_int_equal(out.cause, GTP1_CAUSE_NON_EXISTENT);
	damage(&m, teid); /* the same bit again: it is whole */
	wbuf_init(&reply, room, sizeof room);
	ggsn_input(m.ggsn, &in, &reply, &out);
	assert_int_equal(out.cause, GTP1_CAUSE_ACCEPTED);
	manager_drop(&m);
}

/* Left to a chassis that has gone since: the subscriber is not kept out. */
static void
who_comes_again_without_anybody_to_mend_the_call_gets_a_new_one(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct call_store store = call_table_store(m.table);
	uint32_t teid = manager_ask(&m, ask_create("240010000000001", 1)).result.added_teid;
	struct tombstone tomb;
	struct answered again;

	(void)state;
	(void)manager_ask(&m, ask_create("240010000000002", 2));
	damage(&m, teid);
	again = manager_ask(&m, ask_create("240010000000001", 3));
	assert_int_equal(again.result.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(again.result.removed_teid, teid);
	assert_true(again.result.is_purged);
	assert_int_not_equal(again.result.added_teid, 0);
	assert_int_not_equal(again.result.added_teid, teid);
	assert_int_equal(call_table_count(m.table), 2);
	assert_int_equal(store.ops->find_tombstone(store.arg, teid, &tomb), ERR_OK);
	manager_drop(&m);
}

static void
a_call_that_is_purged_leaves_its_address_when_it_is_known_and_its_tombstone_anyhow(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct call_store store = call_table_store(m.table);
	uint32_t teids[2];
	struct tombstone tomb;
	struct call known;

	(void)state;
	teids[0] = manager_ask(&m, ask_create("240010000000001", 1)).result.added_teid;
	teids[1] = manager_ask(&m, ask_create("240010000000002", 2)).result.added_teid;
	assert_int_equal(store.ops->get(store.arg, teids[0], &known), ERR_OK);
	assert_int_equal(ggsn_purge(m.ggsn, teids[0], &known, FIXTURE_NOW), ERR_OK);
	assert_int_equal(manager_used(&m, 0), 1);
	assert_int_equal(ggsn_purge(m.ggsn, teids[1], NULL, FIXTURE_NOW), ERR_OK);
	assert_int_equal(manager_used(&m, 0), 1);
	assert_int_equal(ggsn_purge(m.ggsn, teids[1], NULL, FIXTURE_NOW), ERR_NOT_FOUND);
	assert_int_equal(store.ops->find_tombstone(store.arg, teids[0], &tomb), ERR_OK);
	assert_int_equal(tomb.type, 0);
	assert_int_equal(call_table_count(m.table), 0);
	manager_drop(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_call_whose_record_is_damaged_is_denied_only_when_nothing_can_mend_it),
	    cmocka_unit_test(who_comes_again_without_anybody_to_mend_the_call_gets_a_new_one),
	    cmocka_unit_test(a_call_that_is_purged_leaves_its_address_when_it_is_known_and_its_tombstone_anyhow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
