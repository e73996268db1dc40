/*
 * srp_wire.c - libFuzzer target: frame headers and every message decoder, field rows included.
 *
 * The input is a stream, as the link reads it, and then changes to a good message. What decodes must encode again and
 * decode to the same; what is a hello must be taken by an engine in any state without a missing row.
 */
#include <stdlib.h>
#include <string.h>

#include "srp/srp_fsm.h"
#include "srp/srp_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
again(const struct srp_msg *m)
{
	uint8_t bytes[SRP_FRAME_MAX];
	struct rows_verdict v;
	struct srp_frame f;
	struct srp_msg back;
	struct wbuf w;
	struct rbuf r;

	wbuf_init(&w, bytes, sizeof bytes);
	if (srp_msg_encode(m, &w) != ERR_OK)
		abort();
	rbuf_init(&r, bytes, w.len);
	if (srp_frame_decode(&r, &f) != ERR_OK || f.type != m->type || srp_msg_decode(f.type, &r, &back, &v) != ERR_OK)
		abort();
	if (memcmp(&back, m, sizeof back) != 0)
		abort();
}

/* Any state that a peer may meet; the engine may do what it likes but crash or lack a row. */
static void
feed(const struct srp_msg *m)
{
	static const uint8_t event_of[SRP_MSG_TYPE_END] = {
	    [SRP_MSG_HELLO] = SRP_EV_HELLO,     [SRP_MSG_HELLO_REPLY] = SRP_EV_HELLO,
	    [SRP_MSG_PREPARE] = SRP_EV_PREPARE, [SRP_MSG_READY] = SRP_EV_READY,
	    [SRP_MSG_REFUSE] = SRP_EV_REFUSE,   [SRP_MSG_TAKE] = SRP_EV_TAKE,
	    [SRP_MSG_FLUSHED] = SRP_EV_FLUSHED,
	};
	struct srp_config c;
	struct srp_out out;
	struct srp e;

	if (event_of[m->type] == 0)
		return; /* no message of the engine: OPEN, and what other parts of the shell eat */
	srp_config_init(&c);
	c.chassis_id = c.incarnation = 1;
	for (uint8_t s = 0; s < FSM_STATE_COUNT; s++) {
		srp_init(&e, &c);
		e.fsm_state = s;
		if (m->type == SRP_MSG_RESOURCE) {
			e.config.options = SRP_OPT_INTERIM_RESOURCE;
			e.is_peer_heard = true;
			e.peer.chassis_id = m->hello.chassis_id;
			if (!srp_peer_resources(&e, &m->hello) || e.peer.calls != m->hello.calls)
				abort();
			continue;
		}
		if (srp_input(&e,
		              &(struct srp_event){.kind = event_of[m->type],
		                                  .hello = &m->hello,
		                                  .epoch = m->hello.epoch,
		                                  .request = m->request,
		                                  .reason = m->reason,
		                                  .is_rm_reset = m->is_rm_reset != 0,
		                                  .is_early = m->is_early != 0,
		                                  .timeout_ms = m->wait_ms,
		                                  .refuse = m->refuse,
		                                  .count = m->count},
		              &out) != ERR_OK)
			abort();
	}
}

static void
stream(const uint8_t *data, size_t size)
{
	struct rbuf in, body;
	struct srp_frame f;

	rbuf_init(&in, data, size);
	while (srp_frame_decode(&in, &f) == ERR_OK) {
		struct rows_verdict v;
		struct srp_msg m;

		rbuf_sub(&in, f.body_bytes, &body);
		if (body.is_short)
			break;
		if (srp_msg_decode(f.type, &body, &m, &v) == ERR_OK) {
			again(&m);
			feed(&m);
		}
	}
}

/* A good message with some octets changed: pairs of position and difference. */
static void
mutated(const uint8_t *data, size_t size)
{
	struct srp_msg m = {.type = (uint8_t)(SRP_MSG_OPEN + data[0] % (SRP_MSG_TYPE_END - SRP_MSG_OPEN)),
	                    .hello = {.chassis_id = 2,
	                              .incarnation = 1,
	                              .state = SRP_ACTIVE,
	                              .priority = 1,
	                              .mac_len = MAC_LEN,
	                              .hello_ms = 1,
	                              .dead_ms = 3},
	                    .open_kind = SRP_OPEN_CONTROL,
	                    .format = 1,
	                    .refuse = 1,
	                    .parts = 1,
	                    .piece = "{}"};
	uint8_t bytes[SRP_FRAME_MAX];
	struct wbuf w;

	if (srp_msg_name(m.type) == NULL)
		return;
	wbuf_init(&w, bytes, sizeof bytes);
	if (srp_msg_encode(&m, &w) != ERR_OK)
		abort();
	for (size_t k = 1; k + 1 < size; k += 2)
		bytes[data[k] % w.len] ^= data[k + 1];
	stream(bytes, w.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	stream(data, size);
	if (size > 0)
		mutated(data, size);
	return 0;
}
