/*
 * gateway_gtp.c - arbitrary octets through demux and GGSN service, as datagrams of 16-bit length in a row, so that
 * one input may create a call and then work on it. The store is the real call table.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/demux.h"
#include "gateway/ggsn.h"
#include "gateway/gtp1.h"
#include "session/arena.h"
#include "session/call_table.h"

enum { SLOTS = 64, SESSMGRS = 2 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
	struct demux *demux;
	struct ggsn *ggsn[SESSMGRS + 1];
	struct call_table *table[SESSMGRS + 1];
};

static void
fill_config(struct gateway_config *cfg)
{
	cfg->sessmgr_count = SESSMGRS;
	cfg->service_count = cfg->apn_count = cfg->pool_count = 1;
	strcpy(cfg->services[0].name, "ggsn");
	strcpy(cfg->services[0].context, "gn");
	cfg->services[0].id = gateway_service_id("gn", "ggsn");
	cfg->services[0].bind = addr_v4(0x7f000164);
	strcpy(cfg->apns[0].name, "internet");
	strcpy(cfg->apns[0].context, "sgi");
	strcpy(cfg->apns[0].pool, "main");
	cfg->apns[0].dns_primary = 0x08080808;
	strcpy(cfg->pools[0].name, "main");
	strcpy(cfg->pools[0].context, "sgi");
	cfg->pools[0].network = 0x0a010000;
	cfg->pools[0].prefix_len = 28;
}

/* One world for the whole run: calls stay from input to input, as they do in life. */
static void
make_world(struct world *w)
{
	static struct gateway_config cfg;
	struct call_table_events events = {0};

	fill_config(&cfg);
	w->demux = demux_new(SESSMGRS, 64);
	assert(w->demux != NULL);
	for (unsigned i = 1; i <= SESSMGRS; i++) {
		size_t bytes = arena_bytes(SLOTS);
		void *mem = calloc(1, bytes);
		struct arena arena;

		assert(mem != NULL && arena_init(&arena, mem, bytes, i, SLOTS) == ERR_OK);
		w->table[i] = call_table_new(&arena, &events);
		assert(w->table[i] != NULL);
		w->ggsn[i] = ggsn_new(&cfg, i, call_table_store(w->table[i]));
		assert(w->ggsn[i] != NULL);
		demux_set_ready(w->demux, i, true);
	}
}

static void
serve(struct world *w, unsigned instance, const uint8_t *bytes, size_t len, struct wbuf *reply)
{
	struct ggsn_request in = {.bytes = bytes,
	                          .len = len,
	                          .peer = addr_v4(0x7f000132),
	                          .peer_port = 2123,
	                          .service = gateway_service_id("gn", "ggsn"),
	                          .now_s = 1};
	struct ggsn_result out;
	uint32_t pool_size, used;

	ggsn_input(w->ggsn[instance], &in, reply, &out);
	assert((out.verdict == GGSN_ANSWER) == (reply->len > 0));
	if (out.added_teid != 0)
		(void)demux_bind(w->demux, out.imsi, instance);
	if (out.removed_teid != 0)
		(void)demux_unbind(w->demux, out.imsi, instance);
	assert(ggsn_pool(w->ggsn[instance], 0, &pool_size, &used) == ERR_OK);
	assert(used == call_table_count(w->table[instance]));
}

/* What goes out must be a message that we would take. */
static void
check_reply(const struct wbuf *reply)
{
	struct rows_verdict v;
	struct gtp1_header h;
	struct gtp1_msg m;
	struct rbuf body;

	if (reply->len == 0)
		return;
	assert(gtp1_header_decode(reply->data, reply->len, &h, &body) == ERR_OK);
	assert(gtp1_decode(h.type, &body, &m, &v) == ERR_OK);
}

static void
datagram(struct world *w, const uint8_t *bytes, size_t len, uint64_t now_ms)
{
	uint8_t out[GTP1_MESSAGE_MAX];
	struct demux_result r;
	struct wbuf reply;

	wbuf_init(&reply, out, sizeof out);
	demux_input(w->demux, bytes, len, now_ms, &reply, &r);
	if (r.verdict == DEMUX_FORWARD) {
		serve(w, r.instance, bytes, len, &reply);
		if (r.imsi != 0)
			demux_answered(w->demux, r.imsi);
	}
	check_reply(&reply);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	static uint64_t now_ms;
	struct rbuf in;

	if (w.demux == NULL)
		make_world(&w);
	rbuf_init(&in, data, size);
	while (rbuf_left(&in) > 0) {
		size_t left = rbuf_left(&in), len = rbuf_u16(&in);
		const uint8_t *bytes;

		left = left < 2 ? 0 : left - 2;
		bytes = rbuf_take(&in, len < left ? len : left);
		if (bytes != NULL)
			datagram(&w, bytes, len < left ? len : left, now_ms++);
	}
	return 0;
}
