/*
 * gateway_fixture.h - what the gateway's tests share: a configuration, requests built with the codec, one session
 * manager over a real call table, and a copy of it as the checkpoints would have made it on the other chassis.
 */
#ifndef TESTS_UNIT_GATEWAY_FIXTURE_H
#define TESTS_UNIT_GATEWAY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/demux.h"
#include "gateway/ggsn.h"
#include "gateway/gtp1.h"
#include "session/arena.h"
#include "session/call_rows.h"
#include "session/call_table.h"

enum { FIXTURE_SLOTS = 64, FIXTURE_RESTART = 9, FIXTURE_NOW = 1700000000 };

#define FIXTURE_SERVICE 0x7f000164u /* 127.0.1.100 */
#define FIXTURE_SGSN    0x7f000132u /* 127.0.1.50 */
#define FIXTURE_POOL    0x0a010000u /* 10.1.0.0/24 */

struct manager {
	void *mem;
	struct call_table *table;
	struct ggsn *ggsn;
	unsigned instance;
};

/* One answer as it went out. */
struct answered {
	struct ggsn_result result;
	struct gtp1_header head;
	struct gtp1_msg msg;
	uint8_t bytes[GTP1_MESSAGE_MAX];
	size_t len;
};

/* A request to be: the fields a test wants to change. */
struct ask {
	uint8_t type;
	uint16_t seq;
	uint32_t teid; /* header */
	const char *imsi;
	const char *apn;
	uint8_t nsapi;
	uint32_t sgsn_teid;
	uint32_t address; /* asked for, 0: any */
	uint32_t peer;    /* sender */
	uint16_t port;
	uint64_t without;   /* bits of elements to leave out */
	uint8_t qos;        /* second octet of the QoS */
	uint8_t pdp_number; /* 0: IPv4 */
};

static inline struct gateway_config
fixture_config(unsigned sessmgrs)
{
	struct gateway_config cfg = {
	    .sessmgr_count = (uint16_t)sessmgrs, .service_count = 1, .apn_count = 2, .pool_count = 2};

	strcpy(cfg.services[0].name, "ggsn");
	strcpy(cfg.services[0].context, "gn");
	cfg.services[0].id = gateway_service_id("gn", "ggsn");
	cfg.services[0].bind = addr_v4(FIXTURE_SERVICE);
	cfg.services[0].port = GATEWAY_PORT_GTPC;
	cfg.services[0].is_bound = cfg.services[0].is_srp_activated = true;
	strcpy(cfg.apns[0].name, "internet");
	strcpy(cfg.apns[0].context, "sgi");
	strcpy(cfg.apns[0].pool, "main");
	strcpy(cfg.apns[1].name, "tiny.corp");
	strcpy(cfg.apns[1].context, "sgi");
	strcpy(cfg.apns[1].pool, "tiny");
	cfg.apns[1].dns_primary = 0x08080808;
	strcpy(cfg.pools[0].name, "main");
	strcpy(cfg.pools[0].context, "sgi");
	cfg.pools[0].network = FIXTURE_POOL;
	cfg.pools[0].prefix_len = 24;
	strcpy(cfg.pools[1].name, "tiny");
	strcpy(cfg.pools[1].context, "sgi");
	cfg.pools[1].network = 0x0a020000;
	cfg.pools[1].prefix_len = 30;
	cfg.pools[0].is_srp_activated = cfg.pools[1].is_srp_activated = true;
	return cfg;
}

static inline struct manager
manager_make_over(const struct gateway_config *cfg, unsigned instance, uint32_t slots, size_t bytes)
{
	struct call_table_events events = {0};
	struct manager m = {.instance = instance};
	struct arena arena;

	m.mem = calloc(1, bytes);
	assert_non_null(m.mem);
	assert_int_equal(arena_init(&arena, m.mem, bytes, instance, slots), ERR_OK);
	m.table = call_table_new(&arena, &events);
	assert_non_null(m.table);
	m.ggsn = ggsn_new(cfg, instance, call_table_store(m.table));
	assert_non_null(m.ggsn);
	ggsn_set_restart(m.ggsn, FIXTURE_RESTART);
	return m;
}

static inline struct manager
manager_make(const struct gateway_config *cfg, unsigned instance)
{
	return manager_make_over(cfg, instance, FIXTURE_SLOTS, arena_bytes(FIXTURE_SLOTS));
}

static inline void
manager_drop(struct manager *m)
{
	ggsn_free(m->ggsn);
	call_table_free(m->table);
	free(m->mem);
}

/* The same session manager on the other chassis: full records and tombstones, as checkpoints carry them. */
static inline struct manager
manager_replica(const struct manager *from, const struct gateway_config *cfg)
{
	struct manager to = manager_make(cfg, from->instance);
	struct call_store store = call_table_store(to.table);

	for (uint32_t slot = 0; slot < FIXTURE_SLOTS; slot++) {
		uint8_t record[ARENA_RECORD_MAX];
		size_t n = sizeof record;
		const char *field;
		struct call call;
		uint64_t key;
		uint32_t teid;

		if (call_table_record(from->table, slot, &teid, record, &n) != ERR_OK)
			continue;
		assert_int_equal(call_rows_check(record, n, CKPT_GROUP_FULL, teid, &key, &field), ERR_OK);
		assert_int_equal(call_table_place(to.table, teid, record, n, key), ERR_OK);
		assert_int_equal(store.ops->get(store.arg, teid, &call), ERR_OK);
		assert_int_equal(ggsn_restore(to.ggsn, &call), ERR_OK);
	}
	for (uint32_t i = 0; i < CALL_TOMBS; i++) {
		struct tombstone tomb;

		if (call_table_tomb(from->table, i, &tomb) == ERR_OK)
			(void)call_table_bury(to.table, &tomb);
	}
	return to;
}

static inline struct ask
ask_create(const char *imsi, uint16_t seq)
{
	return (struct ask){.type = GTP1_CREATE_REQUEST,
	                    .seq = seq,
	                    .imsi = imsi,
	                    .apn = "internet",
	                    .nsapi = 5,
	                    .sgsn_teid = 0x11110000u + seq,
	                    .peer = FIXTURE_SGSN,
	                    .port = 2123,
	                    .qos = 0x0b};
}

static inline struct ask
ask_update(uint32_t teid, uint16_t seq)
{
	return (struct ask){.type = GTP1_UPDATE_REQUEST,
	                    .seq = seq,
	                    .teid = teid,
	                    .nsapi = 5,
	                    .sgsn_teid = 0x22220000u + seq,
	                    .peer = FIXTURE_SGSN,
	                    .port = 2123,
	                    .qos = 0x1b};
}

static inline struct ask
ask_delete(uint32_t teid, uint16_t seq)
{
	return (struct ask){
	    .type = GTP1_DELETE_REQUEST, .seq = seq, .teid = teid, .nsapi = 5, .peer = FIXTURE_SGSN, .port = 2123};
}

static inline void
ask_fill_context(const struct ask *a, struct gtp1_msg *m)
{
	const uint8_t qos[] = {0x01, a->qos, 0x92, 0x1f};

	m->teid_data = m->teid_control = a->sgsn_teid;
	m->gsn_control = m->gsn_user = addr_v4(a->peer);
	memcpy(m->qos, qos, sizeof qos);
	m->qos_len = sizeof qos;
	m->present |= UINT64_C(1) << GTP1_IE_TEID_DATA | UINT64_C(1) << GTP1_IE_TEID_CONTROL |
	              UINT64_C(1) << GTP1_IE_GSN_CONTROL | UINT64_C(1) << GTP1_IE_GSN_USER | UINT64_C(1) << GTP1_IE_QOS;
}

static inline size_t
ask_bytes(const struct ask *a, uint8_t out[GTP1_MESSAGE_MAX])
{
	struct gtp1_header h = {.type = a->type, .has_seq = true, .seq = a->seq, .teid = a->teid};
	struct gtp1_msg m = {.nsapi = a->nsapi};
	struct wbuf w;

	gtp1_set(&m, GTP1_IE_NSAPI);
	if (a->type != GTP1_DELETE_REQUEST)
		ask_fill_context(a, &m);
	if (a->type == GTP1_CREATE_REQUEST) {
		assert_int_equal(gtp1_imsi_parse(a->imsi, &m.imsi), ERR_OK);
		gtp1_set(&m, GTP1_IE_IMSI);
		assert_int_equal(gtp1_apn_wire(a->apn, m.apn, &m.apn_len), ERR_OK);
		gtp1_set(&m, GTP1_IE_APN);
		gtp1_eua_ipv4(&m, a->address);
		if (a->pdp_number != 0)
			m.eua[1] = a->pdp_number;
	}
	m.present &= ~a->without;
	wbuf_init(&w, out, GTP1_MESSAGE_MAX);
	assert_int_equal(gtp1_encode(&h, &m, &w), ERR_OK);
	return w.len;
}

/* Hands @bytes to @m; an answer is decoded again and must be a whole, valid message. */
static inline struct answered
manager_bytes_at(struct manager *m, uint32_t service, const void *bytes, size_t len, uint32_t peer, uint16_t port)
{
	struct ggsn_request in = {.bytes = bytes,
	                          .len = len,
	                          .peer = addr_v4(peer),
	                          .peer_port = port,
	                          .service = service,
	                          .now_s = FIXTURE_NOW};
	struct answered a = {0};
	struct rows_verdict v;
	struct rbuf body;
	struct wbuf w;

	wbuf_init(&w, a.bytes, sizeof a.bytes);
	ggsn_input(m->ggsn, &in, &w, &a.result);
	a.len = w.len;
	assert_int_equal(a.result.verdict == GGSN_ANSWER, a.len > 0);
	if (a.len == 0)
		return a;
	assert_int_equal(gtp1_header_decode(a.bytes, a.len, &a.head, &body), ERR_OK);
	assert_int_equal(gtp1_decode(a.head.type, &body, &a.msg, &v), ERR_OK);
	assert_int_equal(a.msg.cause, a.result.cause);
	return a;
}

static inline struct answered
manager_bytes(struct manager *m, const void *bytes, size_t len, uint32_t peer, uint16_t port)
{
	return manager_bytes_at(m, gateway_service_id("gn", "ggsn"), bytes, len, peer, port);
}

/* @ask came to the address of service @service. */
static inline struct answered
manager_ask_at(struct manager *m, uint32_t service, struct ask ask)
{
	uint8_t bytes[GTP1_MESSAGE_MAX];
	size_t len = ask_bytes(&ask, bytes);

	return manager_bytes_at(m, service, bytes, len, ask.peer, ask.port);
}

static inline struct answered
manager_ask(struct manager *m, struct ask ask)
{
	uint8_t bytes[GTP1_MESSAGE_MAX];
	size_t len = ask_bytes(&ask, bytes);

	return manager_bytes(m, bytes, len, ask.peer, ask.port);
}

static inline void
assert_same_answer(const struct answered *a, const struct answered *b)
{
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->bytes, b->bytes, a->len);
}

static inline uint32_t
manager_used(const struct manager *m, unsigned pool)
{
	uint32_t size, used;

	assert_int_equal(ggsn_pool(m->ggsn, pool, &size, &used), ERR_OK);
	return used;
}

#endif
