/*
 * srp_explore_pack.h - a world of the explorer as a string of octets without absolute numbers, and back.
 *
 * Part of srp_explore.c, which includes it once; split off for its length only.
 */
#ifndef SRP_EXPLORE_PACK_H
#define SRP_EXPLORE_PACK_H

/* --- packing: a world without absolute numbers ------------------------------------------------------------- */

enum { EPOCHS_MAX = 32, GAP_MAX = 2 };

struct ranks {
	uint64_t value[EPOCHS_MAX];
	uint8_t close[EPOCHS_MAX];
	unsigned count;
	bool is_exact;
};

static void
rank_add(struct ranks *r, uint64_t counter)
{
	unsigned k = 0;

	while (k < r->count && r->value[k] < counter)
		k++;
	if (counter == 0 || (k < r->count && r->value[k] == counter))
		return;
	memmove(&r->value[k + 1], &r->value[k], (r->count - k) * sizeof r->value[0]);
	r->value[k] = counter;
	r->count++;
}

/*
 * Numbers are put as close as what matters allows: the next incarnation is one above what its chassis knows, so a gap
 * of one is another world than a wider one; wider ones are taken as two (is_exact: none was). Where the numbers begin
 * matters only while one chassis has never had any.
 */
static void
ranks_close(struct ranks *r, bool is_first_due)
{
	uint64_t before = !is_first_due && r->count > 0 ? r->value[0] - 1 : 0, at = 0;

	r->is_exact = true;
	for (unsigned k = 0; k < r->count; k++) {
		uint64_t gap = r->value[k] - before;

		if (gap > GAP_MAX)
			r->is_exact = false;
		before = r->value[k];
		at += gap < GAP_MAX ? gap : GAP_MAX;
		r->close[k] = (uint8_t)at;
	}
}

/* closed number * 2 + chassis, 0 for no epoch */
static uint8_t
rank_of(const struct ranks *r, uint64_t epoch)
{
	uint64_t counter = srp_epoch_counter(epoch);
	unsigned k = 0;

	if (epoch == 0)
		return 0;
	while (k < r->count && r->value[k] != counter)
		k++;
	return (uint8_t)(r->close[k] << 1 | (epoch & 1));
}

static uint64_t
from_rank(uint8_t v)
{
	return v == 0 ? 0 : (uint64_t)(v >> 1) << SRP_EPOCH_TAG_BITS | (TAG_BASE + (v & 1));
}

static void
ranks_collect(const struct world *w, struct ranks *r)
{
	r->count = 0;
	for (int i = 0; i < 2; i++) {
		const struct side *s = &w->s[i];
		const uint64_t all[] = {s->e.epoch,       s->e.epoch_known, s->e.lineage,     s->e.prepared_epoch,
		                        s->e.given_epoch, s->e.peer.epoch,  s->e.peer.lineage};

		for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
			rank_add(r, srp_epoch_counter(all[k]));
		for (int k = 0; k < s->in_count; k++) {
			if (s->in[k].type == MSG_READY || s->in[k].type == MSG_REFUSE)
				continue; /* told by the request alone */
			rank_add(r, srp_epoch_counter(s->in[k].epoch));
			rank_add(r, srp_epoch_counter(s->in[k].lineage));
		}
		rank_add(r, s->allotted);
	}
	ranks_close(r, w->s[0].allotted == 0 || w->s[1].allotted == 0);
}

/* --- what no longer matters is the same in all worlds ------------------------------------------------------------ */

/* A switchover that does not run has no reason, and a peer not heard no failures; the rest is said at each line. */
static void
forget_dead(struct side *s, const struct srp_config *c)
{
	struct srp *e = &s->e;
	bool is_handing = e->fsm_state >= FSM_PREPARING && e->fsm_state <= FSM_HANDING;
	bool is_taking = e->fsm_state == FSM_TAKING || e->fsm_state == FSM_HOLDING;

	if (e->fsm_state == FSM_DOWN) { /* made anew when it starts */
		srp_init(e, c);
		s->is_flush_over = s->is_cut_short = false;
	}
	if (!is_handing) {
		e->attempt = SRP_REASON_NOT_DEFINED;
		e->is_forced = e->is_rm_reset = false;
	}
	if (!is_taking)
		e->is_flush_awaited = s->is_cut_short = false; /* said by the next TAKE */
	if (e->fsm_state < FSM_FLUSHING || e->fsm_state > FSM_HANDING)
		s->is_flush_over = false;
	if (!e->is_peer_heard)
		e->peer.failed = 0, e->peer.lineage = 0;
	if (e->prepared_epoch == 0)
		e->is_prepared_forced = false;
	e->peer.route_modifier = 0; /* only that of a hello at hand is compared */
}

static uint8_t
pack_incarnation(const struct world *w, int of, uint64_t v)
{
	return v == 0 ? 0 : v == w->s[of].e.config.incarnation ? 2 : 1;
}

/* The failures and reasons of the monitor moves in two bits; MANUAL is the third. */
static uint8_t
pack_failed(uint16_t failed)
{
	return (uint8_t)((failed >> SRP_REASON_BGP_FAILURE & 1) | (failed >> SRP_REASON_AAA_FAILURE & 1) << 1);
}

static uint16_t
unpack_failed(uint8_t v)
{
	return (uint16_t)((v & 1) << SRP_REASON_BGP_FAILURE | (v >> 1 & 1) << SRP_REASON_AAA_FAILURE);
}

static const uint8_t reasons[] = {SRP_REASON_NOT_DEFINED, SRP_REASON_BGP_FAILURE, SRP_REASON_AAA_FAILURE,
                                  SRP_REASON_MANUAL_SWITCHOVER};

static uint8_t
pack_reason(uint8_t reason)
{
	uint8_t k = 0;

	while (k < sizeof reasons - 1 && reasons[k] != reason)
		k++;
	return k;
}

/* Of each message what its receiver reads. */
static void
pack_message(const struct world *w, int i, const struct msg *m, const struct ranks *r, uint8_t *p)
{
	bool is_answer = m->type == MSG_READY || m->type == MSG_REFUSE;
	uint32_t request = w->s[is_answer ? i : 1 - i].e.request;

	p[0] = (uint8_t)(m->type | m->state << 4);
	switch (m->type) {
	case MSG_HELLO:
		p[1] = m->rm;
		p[2] = (uint8_t)(pack_incarnation(w, 1 - i, m->incarnation) | pack_failed(m->failed) << 4);
		p[3] = rank_of(r, m->epoch);
		p[4] = rank_of(r, m->lineage);
		break;
	case MSG_READY:
	case MSG_REFUSE:
		p[1] = m->request == request;
		break;
	case MSG_FLUSHED:
		p[3] = rank_of(r, m->epoch);
		break;
	default:
		p[1] = m->request == request;
		p[2] = (uint8_t)(pack_reason(m->reason) | m->is_forced << 2 | m->is_early << 3 | m->is_rm_reset << 4);
		p[3] = rank_of(r, m->epoch);
	}
}

static uint8_t *
pack_side(const struct world *w, int i, const struct ranks *r, uint8_t *p)
{
	const struct side *s = &w->s[i];
	const struct srp *e = &s->e;

	*p++ = (uint8_t)(e->fsm_state | s->pending << 4 | s->is_holding << 6 | s->is_cut << 7);
	*p++ = s->timers;
	*p++ = (uint8_t)(e->is_peer_heard | e->is_link_up << 1 | s->is_reset_due << 2);
	*p++ = (uint8_t)(pack_failed(e->failed) | pack_failed(e->peer.failed) << 2 | pack_reason(e->attempt) << 4 |
	                 (e->won_by != 0) << 6 | e->is_flush_awaited << 7);
	*p++ = (uint8_t)(e->tries | e->is_forced << 1 | e->is_rm_reset << 2 | e->is_prepared_forced << 3 |
	                 (e->asker != 0) << 4 | s->is_serving << 5 | s->is_flush_over << 6 | s->is_cut_short << 7);
	*p++ = (uint8_t)e->alarms;
	*p++ = e->route_modifier;
	*p++ = (uint8_t)(e->peer.state | pack_incarnation(w, 1 - i, e->peer.incarnation) << 4);
	*p++ = rank_of(r, e->peer.epoch);
	*p++ = rank_of(r, e->peer.lineage);
	*p++ = rank_of(r, e->epoch);
	*p++ = rank_of(r, e->epoch_known);
	*p++ = rank_of(r, e->lineage);
	*p++ = rank_of(r, e->prepared_epoch);
	*p++ = rank_of(r, e->given_epoch);
	*p++ = rank_of(r, s->allotted << SRP_EPOCH_TAG_BITS);
	*p++ = s->in_count;
	for (int k = 0; k < IN_FLIGHT; k++, p += MSG_BYTES)
		if (k < s->in_count)
			pack_message(w, i, &s->in[k], r, p);
	return p;
}

/* Returns whether no gap between two epochs was narrowed. */
static bool
pack(const struct world *whole, uint8_t out[PACKED_BYTES])
{
	struct world copy = *whole, *w = &copy;
	struct ranks r;
	uint8_t *p = out;

	for (int i = 0; i < 2; i++)
		forget_dead(&w->s[i], &whole->s[i].e.config);

	memset(out, 0, PACKED_BYTES);
	ranks_collect(w, &r);
	for (int i = 0; i < 2; i++)
		p = pack_side(w, i, &r, p);
	*p++ = w->is_connected;
	return r.is_exact;
}

static void
unpack_message(struct msg *m, const uint8_t *p)
{
	*m = (struct msg){.type = p[0] & 15, .state = p[0] >> 4, .epoch = from_rank(p[3])};
	if (m->type == MSG_HELLO) {
		m->rm = p[1];
		m->incarnation = p[2] & 15;
		m->failed = unpack_failed(p[2] >> 4);
		m->lineage = from_rank(p[4]);
		return;
	}
	m->request = p[1];
	m->reason = reasons[p[2] & 3];
	m->is_forced = (p[2] >> 2 & 1) != 0;
	m->is_early = (p[2] >> 3 & 1) != 0;
	m->is_rm_reset = (p[2] >> 4 & 1) != 0;
}

static const uint8_t *
unpack_side(struct world *w, int i, const uint8_t *p)
{
	struct side *s = &w->s[i];
	struct srp *e = &s->e;
	struct srp_config c;

	configure(&c, i);
	srp_init(e, &c);
	e->fsm_state = p[0] & 15;
	s->pending = p[0] >> 4 & 3;
	s->is_holding = (p[0] >> 6 & 1) != 0;
	s->is_cut = (p[0] >> 7) != 0;
	s->timers = p[1];
	p++;
	e->is_peer_heard = (p[1] & 1) != 0;
	e->is_link_up = (p[1] >> 1 & 1) != 0;
	s->is_reset_due = (p[1] >> 2 & 1) != 0;
	p++;
	e->failed = unpack_failed(p[1]);
	e->peer.failed = unpack_failed(p[1] >> 2);
	e->attempt = reasons[p[1] >> 4 & 3];
	e->won_by = p[1] >> 6 & 1 ? SRP_REASON_AAA_FAILURE : SRP_REASON_NOT_DEFINED;
	e->is_flush_awaited = p[1] >> 7 != 0;
	p++;
	e->tries = p[1] & 1;
	e->is_forced = (p[1] >> 1 & 1) != 0;
	e->is_rm_reset = (p[1] >> 2 & 1) != 0;
	e->is_prepared_forced = (p[1] >> 3 & 1) != 0;
	e->asker = p[1] >> 4 & 1 ? ASKER : 0;
	s->is_serving = (p[1] >> 5 & 1) != 0;
	s->is_flush_over = (p[1] >> 6 & 1) != 0;
	s->is_cut_short = p[1] >> 7 != 0;
	p++;
	e->alarms = p[1];
	p++;
	e->peer.options = c.options; /* a hello says them before they count */
	e->route_modifier = p[1];
	e->peer.state = p[2] & 15;
	e->peer.incarnation = p[2] >> 4;
	e->peer.epoch = from_rank(p[3]);
	e->peer.lineage = from_rank(p[4]);
	e->epoch = s->serving_epoch = from_rank(p[5]);
	e->epoch_known = from_rank(p[6]);
	e->lineage = from_rank(p[7]);
	e->prepared_epoch = from_rank(p[8]);
	e->given_epoch = from_rank(p[9]);
	s->allotted = p[10] >> 1;
	e->epoch_next = s->allotted + 1;
	e->epoch_end = EPOCH_BLOCK_BIG;
	e->request = 1;
	s->in_count = p[11];
	p += 12;
	for (int k = 0; k < s->in_count; k++)
		unpack_message(&s->in[k], p + k * MSG_BYTES);
	return p + IN_FLIGHT * MSG_BYTES;
}

static void
unpack(const uint8_t *p, struct world *w)
{
	memset(w, 0, sizeof *w);
	for (int i = 0; i < 2; i++)
		p = unpack_side(w, i, p);
	w->is_connected = *p != 0;
}

#endif
