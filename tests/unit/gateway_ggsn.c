/* gateway_ggsn.c - the GGSN service over a real call table, and its copy on the other chassis. */
#include "tests/unit/gateway_fixture.h"

#include "base/rng.h"
#include "session/arena_layout.h"

static void
create_gives_address_teid_and_service_address(void **state)
{
	struct gateway_config cfg = fixture_config(2);
	struct manager m = manager_make(&cfg, 2);
	struct answered a = manager_ask(&m, ask_create("240010000000001", 7));
	enum gtp1_pdp pdp;
	uint32_t address;

	(void)state;
	assert_int_equal(a.result.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(a.head.type, GTP1_CREATE_RESPONSE);
	assert_int_equal(a.head.seq, 7);
	assert_int_equal(a.head.teid, 0x11110007);
	assert_int_equal(teid_instance(a.msg.teid_control), 2);
	assert_int_equal(a.msg.teid_control, a.msg.teid_data);
	assert_int_equal(a.msg.teid_control, a.result.added_teid);
	assert_int_equal(a.msg.recovery, FIXTURE_RESTART);
	assert_int_equal(a.msg.reordering, 0xfe);
	assert_int_equal(addr_v4_u32(&a.msg.gsn_control), FIXTURE_SERVICE);
	assert_int_equal(addr_v4_u32(&a.msg.gsn_user), FIXTURE_SERVICE);
	assert_int_equal(a.msg.qos[1], 0x0b);
	assert_int_equal(gtp1_eua_parse(a.msg.eua, a.msg.eua_len, &pdp, &address), ERR_OK);
	assert_int_equal(address % 2, 1); /* instance 2 of 2 has the odd ones */
	assert_int_equal(manager_used(&m, 0), 1);
	assert_int_equal(call_table_count(m.table), 1);
	manager_drop(&m);
}

static void
refused_create_has_its_cause_and_leaves_nothing(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct ask cases[6];
	static const uint8_t causes[] = {GTP1_CAUSE_UNKNOWN_APN,       GTP1_CAUSE_UNKNOWN_APN,
	                                 GTP1_CAUSE_UNKNOWN_PDP_TYPE,  GTP1_CAUSE_UNKNOWN_PDP_TYPE,
	                                 GTP1_CAUSE_MANDATORY_MISSING, GTP1_CAUSE_UNKNOWN_PDP_TYPE};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		cases[i] = ask_create("240010000000001", (uint16_t)i);
	cases[0].apn = "nowhere";
	cases[1].without = UINT64_C(1) << GTP1_IE_APN;
	cases[2].pdp_number = 0x57;
	cases[3].pdp_number = 0x8d;
	cases[4].without = UINT64_C(1) << GTP1_IE_QOS;
	cases[5].address = 0x0b000001; /* not of the pool */
	for (size_t i = 0; i < 6; i++) {
		struct answered a = manager_ask(&m, cases[i]);

		assert_int_equal(a.result.cause, causes[i]);
		assert_int_equal(a.head.teid, cases[i].sgsn_teid);
		assert_int_equal(a.msg.present, UINT64_C(1) << GTP1_IE_CAUSE);
		assert_int_equal(a.result.added_teid, 0);
	}
	assert_int_equal(call_table_count(m.table), 0);
	assert_int_equal(manager_used(&m, 0), 0);
	manager_drop(&m);
}

static void
apn_is_found_in_any_case_and_with_operator_identifier(void **state)
{
	static const char *const names[] = {"INTERNET", "internet.mnc001.mcc240.gprs", "Tiny.Corp"};
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);

	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		char imsi[] = "240010000000000";
		struct ask ask;

		imsi[14] = (char)('0' + i);
		ask = ask_create(imsi, i);
		ask.apn = names[i];
		assert_int_equal(manager_ask(&m, ask).result.cause, GTP1_CAUSE_ACCEPTED);
	}
	assert_int_equal(manager_used(&m, 1), 1);
	manager_drop(&m);
}

static void
pool_is_exhausted_and_recovers(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	char imsi[] = "240010000000000";
	struct answered first = {0};

	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		struct ask ask;
		struct answered a;

		imsi[14] = (char)('0' + i);
		ask = ask_create(imsi, i);
		ask.apn = "tiny.corp"; /* two addresses */
		a = manager_ask(&m, ask);
		assert_int_equal(a.result.cause, i < 2 ? GTP1_CAUSE_ACCEPTED : GTP1_CAUSE_NO_ADDRESS);
		if (i == 0)
			first = a;
	}
	assert_int_equal(manager_ask(&m, ask_delete(first.msg.teid_control, 10)).result.cause, GTP1_CAUSE_ACCEPTED);
	{
		struct ask ask = ask_create(imsi, 11);

		ask.apn = "tiny.corp";
		assert_int_equal(manager_ask(&m, ask).result.cause, GTP1_CAUSE_ACCEPTED);
	}
	manager_drop(&m);
}

static void
full_table_answers_no_resources_and_keeps_the_address_free(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	char imsi[GTP1_IMSI_TEXT_MAX];
	struct answered a;

	(void)state;
	for (uint16_t i = 0; i < FIXTURE_SLOTS; i++) {
		snprintf(imsi, sizeof imsi, "240010000001%03u", i);
		assert_int_equal(manager_ask(&m, ask_create(imsi, i)).result.cause, GTP1_CAUSE_ACCEPTED);
	}
	a = manager_ask(&m, ask_create("240019999999999", 1000));
	assert_int_equal(a.result.cause, GTP1_CAUSE_NO_RESOURCES);
	assert_int_equal(manager_used(&m, 0), FIXTURE_SLOTS);
	manager_drop(&m);
}

static void
repeated_create_gets_the_identical_answer_even_after_an_update(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct ask create = ask_create("240010000000001", 7);
	struct answered first = manager_ask(&m, create), again, updated;
	struct ask update = ask_update(first.msg.teid_control, 8);

	(void)state;
	again = manager_ask(&m, create);
	assert_true(again.result.is_repeat);
	assert_same_answer(&first, &again);
	updated = manager_ask(&m, update);
	assert_int_equal(updated.result.cause, GTP1_CAUSE_ACCEPTED);
	again = manager_ask(&m, create);
	assert_true(again.result.is_repeat);
	assert_same_answer(&first, &again);
	assert_int_equal(call_table_count(m.table), 1);
	assert_int_equal(manager_used(&m, 0), 1);
	manager_drop(&m);
}

static void
new_create_for_a_known_subscriber_replaces_the_context(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct answered old = manager_ask(&m, ask_create("240010000000001", 7)), new, other, late;
	struct ask nsapi6 = ask_create("240010000000001", 9);

	(void)state;
	new = manager_ask(&m, ask_create("240010000000001", 8));
	assert_int_equal(new.result.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(new.result.removed_teid, old.msg.teid_control);
	assert_int_equal(new.result.added_teid, new.msg.teid_control);
	assert_int_not_equal(new.msg.teid_control, old.msg.teid_control);
	assert_int_equal(call_table_count(m.table), 1);
	assert_int_equal(manager_used(&m, 0), 1);
	late = manager_ask(&m, ask_delete(old.msg.teid_control, 20));
	assert_int_equal(late.result.cause, GTP1_CAUSE_NON_EXISTENT);
	nsapi6.nsapi = 6; /* another context of the same subscriber stands beside it */
	other = manager_ask(&m, nsapi6);
	assert_int_equal(other.result.removed_teid, 0);
	assert_int_equal(call_table_count(m.table), 2);
	manager_drop(&m);
}

static void
restarted_sgsn_with_the_same_sequence_number_gets_a_new_context(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct ask create = ask_create("240010000000001", 7);
	struct answered old = manager_ask(&m, create), new;

	(void)state;
	create.sgsn_teid = 0x99;
	new = manager_ask(&m, create);
	assert_false(new.result.is_repeat);
	assert_int_equal(new.result.removed_teid, old.msg.teid_control);
	assert_int_equal(new.head.teid, 0x99);
	manager_drop(&m);
}

static void
update_changes_sgsn_and_qos_and_is_answered_to_the_new_teid(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct call_store store = call_table_store(m.table);
	struct answered made = manager_ask(&m, ask_create("240010000000001", 7)), a;
	struct ask update = ask_update(made.msg.teid_control, 8);
	struct call call;

	(void)state;
	update.peer = FIXTURE_SGSN + 1; /* moved to another SGSN */
	a = manager_ask(&m, update);
	assert_int_equal(a.result.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(a.head.teid, update.sgsn_teid);
	assert_int_equal(a.msg.teid_control, made.msg.teid_control);
	assert_int_equal(a.msg.charging_id, made.msg.charging_id);
	assert_int_equal(a.msg.qos[1], 0x1b);
	assert_int_equal(addr_v4_u32(&a.msg.gsn_control), FIXTURE_SERVICE);
	assert_int_equal(store.ops->get(store.arg, made.msg.teid_control, &call), ERR_OK);
	assert_int_equal(call.updates, 1);
	assert_int_equal(addr_v4_u32(&call.sgsn_control), FIXTURE_SGSN + 1);
	assert_int_equal(call.peer_teid_control, update.sgsn_teid);
	manager_drop(&m);
}

static void
repeated_update_is_applied_once(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct call_store store = call_table_store(m.table);
	struct answered made = manager_ask(&m, ask_create("240010000000001", 7)), first, again;
	struct ask update = ask_update(made.msg.teid_control, 8);
	struct call call;

	(void)state;
	first = manager_ask(&m, update);
	again = manager_ask(&m, update);
	assert_true(again.result.is_repeat);
	assert_same_answer(&first, &again);
	assert_int_equal(store.ops->get(store.arg, made.msg.teid_control, &call), ERR_OK);
	assert_int_equal(call.updates, 1);
	update.port++; /* the same sequence number from another port is another request */
	assert_false(manager_ask(&m, update).result.is_repeat);
	manager_drop(&m);
}

static void
delete_frees_and_its_repetition_is_answered_from_the_tombstone(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct answered made = manager_ask(&m, ask_create("240010000000001", 7)), first, again;
	struct ask delete = ask_delete(made.msg.teid_control, 8);

	(void)state;
	first = manager_ask(&m, delete);
	assert_int_equal(first.result.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(first.head.teid, 0x11110007);
	assert_int_equal(first.result.removed_teid, made.msg.teid_control);
	assert_int_equal(manager_used(&m, 0), 0);
	again = manager_ask(&m, delete);
	assert_true(again.result.is_repeat);
	assert_same_answer(&first, &again);
	delete.seq++;
	again = manager_ask(&m, delete);
	assert_int_equal(again.result.cause, GTP1_CAUSE_NON_EXISTENT);
	assert_int_equal(again.head.teid, 0);
	manager_drop(&m);
}

static void
unknown_teid_wrong_nsapi_and_secondary_context_are_refused(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct answered made = manager_ask(&m, ask_create("240010000000001", 7)), a;
	struct ask ask = ask_update(teid_make(1, 3, 40), 8);

	(void)state;
	a = manager_ask(&m, ask);
	assert_int_equal(a.result.cause, GTP1_CAUSE_NON_EXISTENT);
	assert_int_equal(a.head.teid, 0);
	ask = ask_delete(made.msg.teid_control, 9);
	ask.nsapi = 6;
	a = manager_ask(&m, ask);
	assert_int_equal(a.result.cause, GTP1_CAUSE_NON_EXISTENT);
	assert_int_equal(a.head.teid, 0x11110007);
	ask = ask_create("240010000000001", 10);
	ask.teid = made.msg.teid_control;
	assert_int_equal(manager_ask(&m, ask).result.cause, GTP1_CAUSE_NOT_SUPPORTED);
	ask = ask_update(0, 11);
	assert_int_equal(manager_ask(&m, ask).result.cause, GTP1_CAUSE_NON_EXISTENT);
	assert_int_equal(call_table_count(m.table), 1);
	manager_drop(&m);
}

static void
what_is_no_request_is_discarded(void **state)
{
	static const uint8_t no_seq[] = {0x30, 20, 0, 2, 2, 0, 0, 0, 20, 5};
	static const uint8_t response[] = {0x32, 21, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 1, 128};
	static const uint8_t echo[] = {0x32, 1, 0, 4, 0, 0, 0, 0, 0, 1, 0, 0};
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);

	(void)state;
	assert_int_equal(manager_bytes(&m, no_seq, sizeof no_seq, FIXTURE_SGSN, 1).result.verdict, GGSN_DISCARD);
	assert_int_equal(manager_bytes(&m, response, sizeof response, FIXTURE_SGSN, 1).result.verdict, GGSN_DISCARD);
	assert_int_equal(manager_bytes(&m, echo, sizeof echo, FIXTURE_SGSN, 1).result.verdict, GGSN_DISCARD);
	assert_int_equal(manager_bytes(&m, "", 0, FIXTURE_SGSN, 1).result.verdict, GGSN_DISCARD);
	assert_int_equal(ggsn_stats(m.ggsn)->discarded, 4);
	manager_drop(&m);
}

/* Create, update and delete on one chassis, every repetition on the other. */
static void
other_chassis_answers_every_repetition_identically(void **state)
{
	struct gateway_config cfg = fixture_config(2);
	struct manager a = manager_make(&cfg, 2), b;
	struct ask create[3], update, delete;
	struct answered made[3], updated, deleted, again;

	(void)state;
	for (uint16_t i = 0; i < 3; i++) {
		static const char *const imsis[] = {"240010000000001", "240010000000002", "240010000000003"};

		create[i] = ask_create(imsis[i], (uint16_t)(10 + i));
		made[i] = manager_ask(&a, create[i]);
		assert_int_equal(made[i].result.cause, GTP1_CAUSE_ACCEPTED);
	}
	update = ask_update(made[1].msg.teid_control, 20);
	delete = ask_delete(made[2].msg.teid_control, 21);
	updated = manager_ask(&a, update);
	deleted = manager_ask(&a, delete);

	b = manager_replica(&a, &cfg);
	again = manager_ask(&b, create[0]);
	assert_same_answer(&made[0], &again);
	again = manager_ask(&b, update);
	assert_same_answer(&updated, &again);
	again = manager_ask(&b, delete);
	assert_true(again.result.is_repeat);
	assert_same_answer(&deleted, &again);
	assert_int_equal(manager_used(&b, 0), 2);
	manager_drop(&a);
	manager_drop(&b);
}

static void
other_chassis_goes_on_with_the_calls_and_gives_no_address_twice(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager a = manager_make(&cfg, 1), b;
	struct answered made = manager_ask(&a, ask_create("240010000000001", 1)), new, updated;

	(void)state;
	b = manager_replica(&a, &cfg);
	new = manager_ask(&b, ask_create("240010000000002", 2));
	assert_int_equal(new.result.cause, GTP1_CAUSE_ACCEPTED);
	assert_memory_not_equal(new.msg.eua, made.msg.eua, 6);
	assert_int_not_equal(new.msg.charging_id, made.msg.charging_id);
	assert_int_not_equal(new.msg.teid_control, made.msg.teid_control);
	updated = manager_ask(&b, ask_update(made.msg.teid_control, 3));
	assert_int_equal(updated.result.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(updated.msg.charging_id, made.msg.charging_id);
	assert_int_equal(manager_ask(&b, ask_delete(made.msg.teid_control, 4)).result.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(manager_used(&b, 0), 1);
	manager_drop(&a);
	manager_drop(&b);
}

static void
forgotten_call_frees_its_address_on_the_standby(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager a = manager_make(&cfg, 1), b;
	struct answered made = manager_ask(&a, ask_create("240010000000001", 1));
	struct call_store store;
	struct call call;

	(void)state;
	b = manager_replica(&a, &cfg);
	store = call_table_store(b.table);
	assert_int_equal(store.ops->get(store.arg, made.msg.teid_control, &call), ERR_OK);
	assert_int_equal(ggsn_restore(b.ggsn, &call), ERR_EXISTS);
	assert_int_equal(ggsn_forget(b.ggsn, &call), ERR_OK);
	assert_int_equal(ggsn_forget(b.ggsn, &call), ERR_NOT_FOUND);
	assert_int_equal(manager_used(&b, 0), 0);
	strcpy(call.apn, "gone");
	assert_int_equal(ggsn_restore(b.ggsn, &call), ERR_NOT_FOUND);
	manager_drop(&a);
	manager_drop(&b);
}

/* The two chassis below answer two subscribers who have nothing to do with each other. */
static void
a_chassis_that_takes_over_repeats_nothing_that_it_never_heard_of(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager a = manager_make(&cfg, 1), b;
	struct answered unheard, next;

	(void)state;
	(void)manager_ask(&a, ask_create("240010000000001", 1));
	b = manager_replica(&a, &cfg);
	call_table_set_role(b.table, CKPT_ACTIVE, 2);
	ggsn_lead(b.ggsn);
	unheard = manager_ask(&a, ask_create("240010000000002", 2));
	next = manager_ask(&b, ask_create("240010000000003", 2));
	assert_int_equal(unheard.msg.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_equal(next.msg.cause, GTP1_CAUSE_ACCEPTED);
	assert_int_not_equal(next.msg.teid_control, unheard.msg.teid_control);
	assert_int_not_equal(next.msg.charging_id, unheard.msg.charging_id);
	assert_memory_not_equal(next.msg.eua, unheard.msg.eua, next.msg.eua_len);
	manager_drop(&a);
	manager_drop(&b);
}

static void
changed_configuration_keeps_pools_or_asks_for_the_calls_again(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct call_store store = call_table_store(m.table);
	struct answered made = manager_ask(&m, ask_create("240010000000001", 1));
	bool is_restore_needed = true;
	struct call call;
	struct ggsn *next;

	(void)state;
	strcpy(cfg.apns[2].name, "new");
	strcpy(cfg.apns[2].context, "sgi");
	strcpy(cfg.apns[2].pool, "main");
	cfg.apn_count = 3;
	next = ggsn_new_from(m.ggsn, &cfg, &is_restore_needed);
	assert_non_null(next);
	m.ggsn = next;
	assert_false(is_restore_needed);
	assert_int_equal(manager_used(&m, 0), 1);
	cfg.pools[0].prefix_len = 23;
	next = ggsn_new_from(m.ggsn, &cfg, &is_restore_needed);
	assert_non_null(next);
	m.ggsn = next;
	assert_true(is_restore_needed);
	assert_int_equal(store.ops->get(store.arg, made.msg.teid_control, &call), ERR_OK);
	assert_int_equal(ggsn_restore(m.ggsn, &call), ERR_OK);
	assert_int_equal(manager_used(&m, 0), 1);
	assert_int_equal(manager_ask(&m, ask_delete(made.msg.teid_control, 2)).msg.cause, GTP1_CAUSE_ACCEPTED);
	cfg.sessmgr_count = 0;
	assert_null(ggsn_new_from(m.ggsn, &cfg, &is_restore_needed));
	manager_drop(&m);
}

static void
cleared_call_is_gone_and_unknown_to_its_sgsn(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct answered made = manager_ask(&m, ask_create("240010000000001", 1));
	struct ggsn_result out;
	uint64_t imsi;

	(void)state;
	assert_int_equal(gtp1_imsi_parse("240010000000001", &imsi), ERR_OK);
	assert_int_equal(ggsn_clear(m.ggsn, made.msg.teid_control, FIXTURE_NOW, &out), ERR_OK);
	assert_true(out.imsi == imsi);
	assert_int_equal(out.removed_teid, made.msg.teid_control);
	assert_int_equal(ggsn_clear(m.ggsn, made.msg.teid_control, FIXTURE_NOW, &out), ERR_NOT_FOUND);
	assert_int_equal(manager_used(&m, 0), 0);
	assert_int_equal(manager_ask(&m, ask_delete(made.msg.teid_control, 2)).result.cause, GTP1_CAUSE_NON_EXISTENT);
	manager_drop(&m);
}

/* Whatever octets come, addresses in use are as many as calls. */
static void
mutated_requests_never_leak_an_address(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct rng rng = {.state = 4711};

	(void)state;
	for (int round = 0; round < 5000; round++) {
		uint8_t bytes[GTP1_MESSAGE_MAX];
		char imsi[GTP1_IMSI_TEXT_MAX];
		struct ask ask;
		size_t len;

		snprintf(imsi, sizeof imsi, "2400100000000%02u", rng_below(&rng, 40));
		ask = rng_below(&rng, 2)
		          ? ask_create(imsi, (uint16_t)round)
		          : ask_delete(teid_make(1, rng_below(&rng, 4), rng_below(&rng, 40)), (uint16_t)round);
		len = ask_bytes(&ask, bytes);
		if (rng_below(&rng, 4) == 0)
			bytes[rng_below(&rng, (uint32_t)len)] = (uint8_t)rng_next(&rng);
		(void)manager_bytes(&m, bytes, len, FIXTURE_SGSN, 2123);
		assert_int_equal(manager_used(&m, 0) + manager_used(&m, 1), call_table_count(m.table));
	}
	manager_drop(&m);
}

/* Requests that each need a cell, in an order in which each works when the ones before did. */
static uint8_t
ask_number(struct manager *m, unsigned k, uint32_t *teid)
{
	struct answered a;

	if (k == 0) {
		a = manager_ask(m, ask_create("240010000000001", 1));
		*teid = a.result.added_teid;
		return a.result.cause;
	}
	if (k == 1)
		return manager_ask(m, ask_create("240010000000002", 2)).result.cause;
	if (k == 2)
		return manager_ask(m, ask_update(*teid, 3)).result.cause;
	if (k == 3)
		return manager_ask(m, ask_create("240010000000001", 4)).result.cause; /* in place of the first */
	return manager_ask(m, ask_create("240010000000003", 5)).result.cause;
}

/*
 * Memory of 56 cells, all but a few taken by something else: with one cell less each time another request is the first
 * that finds none. It is refused, and call, address and index agree.
 */
static void
request_that_finds_no_memory_is_refused_and_leaves_nothing_half_done(void **state)
{
	enum { MANY = 100, CELLS = ARENA_SLAB_BYTES / ARENA_CELL_MAX, REQUESTS = 5, ENOUGH = 4 };
	struct gateway_config cfg = fixture_config(1);
	uint8_t other[ARENA_RECORD_MAX] = {0};
	unsigned refused = 0;

	(void)state;
	for (uint32_t left = 0; left <= ENOUGH; left++) {
		struct manager m = manager_make_over(&cfg, 1, MANY, arena_cells_at(MANY) + (size_t)ARENA_SLAB_BYTES);
		uint32_t others = CELLS - left, teid = 0;

		for (uint32_t i = 0; i < others; i++)
			assert_int_equal(
			    call_table_place(m.table, teid_make(1, 0, MANY - 1 - i), other, sizeof other, i + 1),
			    ERR_OK);
		for (unsigned k = 0; k < REQUESTS; k++) {
			uint32_t before = call_table_count(m.table);
			uint8_t cause = k == 2 && teid == 0 ? GTP1_CAUSE_ACCEPTED : ask_number(&m, k, &teid);

			assert_true(cause == GTP1_CAUSE_ACCEPTED ||
			            cause == (k == 2 ? GTP1_CAUSE_SYSTEM_FAILURE : GTP1_CAUSE_NO_RESOURCES));
			assert_true(cause == GTP1_CAUSE_ACCEPTED || call_table_count(m.table) == before);
			assert_int_equal(manager_used(&m, 0), call_table_count(m.table) - others);
			refused += cause != GTP1_CAUSE_ACCEPTED;
			assert_true(left < ENOUGH || cause == GTP1_CAUSE_ACCEPTED);
		}
		assert_true(call_table_drop(m.table, MANY - 1));
		if (left == 0)
			assert_int_equal(ask_number(&m, 0, &teid), GTP1_CAUSE_ACCEPTED);
		manager_drop(&m);
	}
	assert_true(refused >= 6);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(create_gives_address_teid_and_service_address),
	    cmocka_unit_test(refused_create_has_its_cause_and_leaves_nothing),
	    cmocka_unit_test(apn_is_found_in_any_case_and_with_operator_identifier),
	    cmocka_unit_test(pool_is_exhausted_and_recovers),
	    cmocka_unit_test(full_table_answers_no_resources_and_keeps_the_address_free),
	    cmocka_unit_test(repeated_create_gets_the_identical_answer_even_after_an_update),
	    cmocka_unit_test(new_create_for_a_known_subscriber_replaces_the_context),
	    cmocka_unit_test(restarted_sgsn_with_the_same_sequence_number_gets_a_new_context),
	    cmocka_unit_test(update_changes_sgsn_and_qos_and_is_answered_to_the_new_teid),
	    cmocka_unit_test(repeated_update_is_applied_once),
	    cmocka_unit_test(delete_frees_and_its_repetition_is_answered_from_the_tombstone),
	    cmocka_unit_test(unknown_teid_wrong_nsapi_and_secondary_context_are_refused),
	    cmocka_unit_test(what_is_no_request_is_discarded),
	    cmocka_unit_test(other_chassis_answers_every_repetition_identically),
	    cmocka_unit_test(other_chassis_goes_on_with_the_calls_and_gives_no_address_twice),
	    cmocka_unit_test(forgotten_call_frees_its_address_on_the_standby),
	    cmocka_unit_test(a_chassis_that_takes_over_repeats_nothing_that_it_never_heard_of),
	    cmocka_unit_test(changed_configuration_keeps_pools_or_asks_for_the_calls_again),
	    cmocka_unit_test(cleared_call_is_gone_and_unknown_to_its_sgsn),
	    cmocka_unit_test(mutated_requests_never_leak_an_address),
	    cmocka_unit_test(request_that_finds_no_memory_is_refused_and_leaves_nothing_half_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
