/* gateway_ggsn_audit.c - the internal audit: what it finds, what it purges, and what goes on beside it; and the gate.
 */
#include "tests/unit/gateway_fixture.h"

#include "gateway/ggsn_audit.h"

/* What the audit has told. */
struct told {
	unsigned count;
	uint32_t teid;
	enum ggsn_fault fault;
	bool has_call;
};

static void
purged(void *arg, uint32_t teid, enum ggsn_fault fault, const struct call *call)
{
	struct told *t = arg;

	t->count++;
	t->teid = teid;
	t->fault = fault;
	t->has_call = call != NULL;
}

static struct told
audit_with(struct manager *m, unsigned max, bool is_mending)
{
	struct told told = {0};
	enum err e;

	assert_int_equal(ggsn_audit_begin(m->ggsn), ERR_OK);
	while ((e = ggsn_audit_slice(m->ggsn, max, FIXTURE_NOW, is_mending, purged, &told)) == ERR_SHORT)
		;
	assert_int_equal(e, ERR_OK);
	return told;
}

/* The whole audit, @max calls a slice. */
static struct told
audit(struct manager *m, unsigned max)
{
	return audit_with(m, max, false);
}

static struct call
get(const struct manager *m, uint32_t teid)
{
	struct call_store store = call_table_store(m->table);
	struct call call;

	assert_int_equal(store.ops->get(store.arg, teid, &call), ERR_OK);
	return call;
}

/* @bytes become the stored record of @teid behind the back of everybody; the index stays as it is for @call. */
static void
overwrite(struct manager *m, uint32_t teid, const struct call *was, const void *bytes, size_t n)
{
	uint64_t key = call_rows_key(was->imsi, was->imsi_digits, was->nsapi);

	assert_int_equal(call_table_place(m->table, teid, bytes, n, key), ERR_OK);
}

static void
overwrite_call(struct manager *m, uint32_t teid, const struct call *was, const struct call *now)
{
	uint8_t buf[ARENA_RECORD_MAX];
	struct wbuf w;

	wbuf_init(&w, buf, sizeof buf);
	assert_int_equal(call_rows_encode(now, &w), ERR_OK);
	overwrite(m, teid, was, buf, w.len);
}

/* Ten calls; the TEID of number @i goes to teids[i]. */
static struct manager
ten_calls(const struct gateway_config *cfg, uint32_t teids[10])
{
	struct manager m = manager_make(cfg, 1);

	for (unsigned i = 0; i < 10; i++) {
		char imsi[GTP1_IMSI_TEXT_MAX];

		snprintf(imsi, sizeof imsi, "24001000000000%u", i % 10);
		teids[i] = manager_ask(&m, ask_create(imsi, (uint16_t)i)).result.added_teid;
		assert_int_not_equal(teids[i], 0);
	}
	return m;
}

static void
an_audit_of_consistent_calls_purges_nothing(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	uint32_t teids[10];
	struct manager m = ten_calls(&cfg, teids);

	(void)state;
	for (unsigned max = 1; max <= 64; max += 21) {
		assert_int_equal(audit(&m, max).count, 0);
		assert_int_equal(ggsn_audit_report(m.ggsn)->audited, 10);
		assert_int_equal(ggsn_audit_report(m.ggsn)->purged, 0);
		assert_int_equal(ggsn_audit_report(m.ggsn)->addresses_freed, 0);
	}
	assert_int_equal(call_table_count(m.table), 10);
	assert_int_equal(manager_used(&m, 0), 10);
	manager_drop(&m);
}

/* Replicated calls lie where the other chassis had them, with free slots before and between. */
static void
an_audit_reaches_replicated_calls_in_any_slot(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	uint32_t teids[10];
	struct manager m = ten_calls(&cfg, teids), standby;

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		if (i != 5)
			(void)manager_ask(&m, ask_delete(teids[i], (uint16_t)(100 + i)));
	standby = manager_replica(&m, &cfg);
	assert_int_equal(audit(&standby, 2).count, 0);
	assert_int_equal(ggsn_audit_report(standby.ggsn)->audited, 3);
	assert_int_equal(ggsn_audit_report(standby.ggsn)->addresses_freed, 0);
	assert_int_equal(manager_used(&standby, 0), 3);
	manager_drop(&m);
	manager_drop(&standby);
}

/* Makes call @teid inconsistent in the way of @fault; @other is a call that stays good. */
static void
spoil(struct manager *m, enum ggsn_fault fault, uint32_t teid, uint32_t other)
{
	struct call was = get(m, teid), now = was;

	switch (fault) {
	case GGSN_FAULT_RECORD:
		overwrite(m, teid, &was, "no record at all", 16);
		return;
	case GGSN_FAULT_TEID:
		now.teid = other;
		break;
	case GGSN_FAULT_INDEX:
		now.imsi += 5000;
		break;
	case GGSN_FAULT_SERVICE:
		now.service = 1;
		break;
	case GGSN_FAULT_APN:
		strcpy(now.apn, "gone.corp");
		break;
	case GGSN_FAULT_ADDRESS:
		now.address = addr_v4(0x0b000001);
		break;
	default:
		now.address = get(m, other).address;
	}
	overwrite_call(m, teid, &was, &now);
}

static void
each_kind_of_inconsistent_call_is_purged_and_named_and_no_other(void **state)
{
	(void)state;
	for (enum ggsn_fault fault = GGSN_FAULT_RECORD; fault < GGSN_FAULT_COUNT; fault++) {
		struct gateway_config cfg = fixture_config(1);
		uint32_t teids[10];
		struct manager m = ten_calls(&cfg, teids);
		struct call_store store = call_table_store(m.table);
		const struct ggsn_audit_report *report;
		struct tombstone tomb;
		struct call call;
		struct told told;

		spoil(&m, fault, teids[5], teids[2]);
		told = audit(&m, 3);
		report = ggsn_audit_report(m.ggsn);
		assert_int_equal(told.count, 1);
		assert_int_equal(told.teid, teids[5]);
		assert_int_equal(told.fault, fault);
		assert_int_equal(told.has_call, fault != GGSN_FAULT_RECORD);
		assert_int_equal(report->audited, 10);
		assert_int_equal(report->purged, 1);
		assert_int_equal(report->by_fault[fault], 1);
		assert_int_equal(store.ops->get(store.arg, teids[5], &call), ERR_NOT_FOUND);
		assert_int_equal(store.ops->find_tombstone(store.arg, teids[5], &tomb), ERR_OK);
		assert_int_equal(tomb.type, 0);
		assert_int_equal(call_table_count(m.table), 9);
		for (int i = 0; i < 10; i++)
			if (i != 5)
				assert_int_equal(store.ops->get(store.arg, teids[i], &call), ERR_OK);
		/* its address was not given back twice: what the nine hold is used, nothing else is */
		assert_int_equal(manager_used(&m, 0), 9);
		assert_string_not_equal(ggsn_fault_text(fault), "?");
		assert_int_equal(manager_ask(&m, ask_delete(teids[5], 99)).result.cause, GTP1_CAUSE_NON_EXISTENT);
		manager_drop(&m);
	}
	assert_string_equal(ggsn_fault_text(GGSN_FAULT_COUNT), "?");
}

/* A second service before or behind the first moves nobody's calls; one that is gone leaves calls of nobody. */
static void
calls_stay_those_of_their_service_when_services_come_and_go(void **state)
{
	struct gateway_config cfg = fixture_config(1), more = fixture_config(1), other = fixture_config(1);
	uint32_t ids[2] = {cfg.services[0].id, gateway_service_id("gn", "second")}, teids[10], teid;
	struct manager m = ten_calls(&cfg, teids);
	bool is_restore_needed;

	(void)state;
	more.service_count = 2;
	more.services[1] = more.services[0];
	more.services[0].id = ids[1];
	strcpy(more.services[0].name, "second");
	more.services[0].bind = addr_v4(FIXTURE_SERVICE + 1);
	other.services[0] = more.services[0];
	m.ggsn = ggsn_new_from(m.ggsn, &more, &is_restore_needed);
	teid = manager_ask_at(&m, ids[1], ask_create("240010000000099", 77)).result.added_teid;
	assert_int_equal(get(&m, teids[3]).service, ids[0]);
	assert_int_equal(get(&m, teid).service, ids[1]);
	assert_int_equal(audit(&m, 64).count, 0);
	assert_int_equal(manager_ask_at(&m, 5, ask_delete(teid, 78)).result.verdict, GGSN_DISCARD);
	m.ggsn = ggsn_new_from(m.ggsn, &other, &is_restore_needed);
	m.ggsn = ggsn_new_from(m.ggsn, &more, &is_restore_needed);
	assert_int_equal(audit(&m, 64).count, 0);
	m.ggsn = ggsn_new_from(m.ggsn, &other, &is_restore_needed);
	assert_int_equal(audit(&m, 64).count, 10);
	assert_int_equal(ggsn_audit_report(m.ggsn)->by_fault[GGSN_FAULT_SERVICE], 10);
	assert_int_equal(get(&m, teid).service, ids[1]);
	manager_drop(&m);
}

static void
a_call_that_names_no_service_is_not_purged_for_that(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	uint32_t teids[10];
	struct manager m = ten_calls(&cfg, teids);
	struct call was = get(&m, teids[4]), now = was;

	(void)state;
	now.present &= ~CALL_HAS(CALL_F_SERVICE);
	overwrite_call(&m, teids[4], &was, &now);
	assert_int_equal(audit(&m, 64).count, 0);
	now = was;
	now.service = 0;
	overwrite_call(&m, teids[4], &was, &now);
	assert_int_equal(audit(&m, 64).count, 0);
	manager_drop(&m);
}

static void
an_address_that_no_call_holds_is_free_after_the_audit(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	uint32_t teids[10];
	struct manager m = ten_calls(&cfg, teids);
	struct call ghost = get(&m, teids[0]);

	(void)state;
	ghost.address = addr_v4(FIXTURE_POOL + 77);
	assert_int_equal(ggsn_restore(m.ggsn, &ghost), ERR_OK); /* used, and nobody's */
	assert_int_equal(manager_used(&m, 0), 11);
	assert_int_equal(audit(&m, 4).count, 0);
	assert_int_equal(ggsn_audit_report(m.ggsn)->addresses_freed, 1);
	assert_int_equal(manager_used(&m, 0), 10);
	manager_drop(&m);
}

/* Its address cannot be read: it must not be given to another one while its record may come back. */
static void
a_record_that_may_come_back_is_left_and_so_is_every_address_in_use(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	uint32_t teids[10];
	struct manager m = ten_calls(&cfg, teids);
	struct call was = get(&m, teids[3]), unmarked = get(&m, teids[5]);

	(void)state;
	overwrite(&m, teids[3], &was, "no record at all", 16);
	assert_int_equal(ggsn_forget(m.ggsn, &unmarked), ERR_OK); /* what calls hold is marked all the same */
	assert_int_equal(manager_used(&m, 0), 9);
	assert_int_equal(audit_with(&m, 4, true).count, 0);
	assert_int_equal(ggsn_audit_report(m.ggsn)->audited, 10);
	assert_int_equal(ggsn_audit_report(m.ggsn)->left, 1);
	assert_int_equal(ggsn_audit_report(m.ggsn)->addresses_freed, 0);
	assert_int_equal(manager_used(&m, 0), 10);
	assert_int_equal(audit(&m, 4).fault, GGSN_FAULT_RECORD); /* nobody is there any more */
	assert_int_equal(ggsn_audit_report(m.ggsn)->left, 0);
	assert_int_equal(ggsn_audit_report(m.ggsn)->addresses_freed, 1);
	assert_int_equal(manager_used(&m, 0), 9);
	manager_drop(&m);
}

/* At every point of the audit calls end and new ones are made, before and behind it. */
static void
calls_that_come_and_go_beside_the_audit_are_neither_purged_nor_leaked(void **state)
{
	(void)state;
	for (unsigned at = 0; at <= 10; at++) {
		struct gateway_config cfg = fixture_config(1);
		uint32_t teids[10];
		struct manager m = ten_calls(&cfg, teids);
		struct told told = {0};
		enum err e;

		assert_int_equal(ggsn_audit_begin(m.ggsn), ERR_OK);
		for (unsigned i = 0; i < at; i++)
			assert_int_equal(ggsn_audit_slice(m.ggsn, 1, FIXTURE_NOW, false, purged, &told), ERR_SHORT);
		assert_int_equal(manager_ask(&m, ask_delete(teids[2], 50)).result.cause, GTP1_CAUSE_ACCEPTED);
		assert_int_equal(manager_ask(&m, ask_delete(teids[8], 51)).result.cause, GTP1_CAUSE_ACCEPTED);
		assert_int_equal(manager_ask(&m, ask_update(teids[4], 52)).result.cause, GTP1_CAUSE_ACCEPTED);
		assert_int_equal(manager_ask(&m, ask_create("240019999999901", 53)).result.cause, GTP1_CAUSE_ACCEPTED);
		while ((e = ggsn_audit_slice(m.ggsn, 1, FIXTURE_NOW, false, purged, &told)) == ERR_SHORT)
			;
		assert_int_equal(e, ERR_OK);
		assert_int_equal(told.count, 0);
		assert_int_equal(call_table_count(m.table), 9);
		assert_int_equal(manager_used(&m, 0), 9);
		assert_int_equal(ggsn_audit_report(m.ggsn)->addresses_freed, 0);
		manager_drop(&m);
	}
}

static void
an_audit_can_be_broken_off_and_begun_again(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	uint32_t teids[10];
	struct manager m = ten_calls(&cfg, teids);
	bool is_restore_needed;
	struct told told = {0};

	(void)state;
	assert_int_equal(ggsn_audit_slice(m.ggsn, 1, FIXTURE_NOW, false, purged, &told), ERR_NOT_FOUND);
	assert_int_equal(ggsn_audit_begin(m.ggsn), ERR_OK);
	assert_int_equal(ggsn_audit_slice(m.ggsn, 4, FIXTURE_NOW, false, purged, &told), ERR_SHORT);
	ggsn_audit_end(m.ggsn);
	assert_int_equal(ggsn_audit_slice(m.ggsn, 1, FIXTURE_NOW, false, purged, &told), ERR_NOT_FOUND);
	assert_int_equal(ggsn_audit_begin(m.ggsn), ERR_OK);
	assert_int_equal(ggsn_audit_slice(m.ggsn, 4, FIXTURE_NOW, false, purged, &told), ERR_SHORT);
	assert_int_equal(audit(&m, 4).count, 0);
	assert_int_equal(ggsn_audit_report(m.ggsn)->audited, 10);
	assert_int_equal(ggsn_audit_begin(m.ggsn), ERR_OK);
	m.ggsn = ggsn_new_from(m.ggsn, &cfg, &is_restore_needed);
	assert_non_null(m.ggsn);
	assert_int_equal(ggsn_audit_slice(m.ggsn, 1, FIXTURE_NOW, false, purged, &told), ERR_NOT_FOUND);
	assert_int_equal(manager_used(&m, 0), 10);
	manager_drop(&m);
}

/* --- the gate ------------------------------------------------------------------------------------------- */

static void
the_gate_refuses_new_contexts_and_serves_those_that_exist(void **state)
{
	struct gateway_config cfg = fixture_config(1);
	struct manager m = manager_make(&cfg, 1);
	struct ask create = ask_create("240010000000001", 7);
	struct answered made = manager_ask(&m, create), again, refused;
	bool is_restore_needed;

	(void)state;
	ggsn_set_gate(m.ggsn, true);
	refused = manager_ask(&m, ask_create("240010000000002", 8));
	assert_int_equal(refused.result.cause, GTP1_CAUSE_NO_RESOURCES);
	assert_true(refused.result.is_gated);
	assert_int_equal(refused.head.teid, 0x11110008);
	assert_int_equal(call_table_count(m.table), 1);
	assert_int_equal(manager_used(&m, 0), 1);

	again = manager_ask(&m, create);
	assert_same_answer(&made, &again);
	assert_int_equal(manager_ask(&m, ask_update(made.msg.teid_control, 9)).result.cause, GTP1_CAUSE_ACCEPTED);

	/* one that would replace the context is new, too: the old one stays */
	refused = manager_ask(&m, ask_create("240010000000001", 700));
	assert_true(refused.result.is_gated);
	assert_int_equal(call_table_count(m.table), 1);

	m.ggsn = ggsn_new_from(m.ggsn, &cfg, &is_restore_needed);
	assert_true(manager_ask(&m, ask_create("240010000000002", 8)).result.is_gated);
	assert_int_equal(manager_ask(&m, ask_delete(made.msg.teid_control, 10)).result.cause, GTP1_CAUSE_ACCEPTED);
	ggsn_set_gate(m.ggsn, false);
	assert_int_equal(manager_ask(&m, ask_create("240010000000002", 8)).result.cause, GTP1_CAUSE_ACCEPTED);
	manager_drop(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_audit_of_consistent_calls_purges_nothing),
	    cmocka_unit_test(an_audit_reaches_replicated_calls_in_any_slot),
	    cmocka_unit_test(each_kind_of_inconsistent_call_is_purged_and_named_and_no_other),
	    cmocka_unit_test(calls_stay_those_of_their_service_when_services_come_and_go),
	    cmocka_unit_test(a_call_that_names_no_service_is_not_purged_for_that),
	    cmocka_unit_test(a_record_that_may_come_back_is_left_and_so_is_every_address_in_use),
	    cmocka_unit_test(an_address_that_no_call_holds_is_free_after_the_audit),
	    cmocka_unit_test(calls_that_come_and_go_beside_the_audit_are_neither_purged_nor_leaked),
	    cmocka_unit_test(an_audit_can_be_broken_off_and_begun_again),
	    cmocka_unit_test(the_gate_refuses_new_contexts_and_serves_those_that_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
