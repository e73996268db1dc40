/*
 * history_peer.c - the transitions of the other chassis: asked for and told, one piece at a time.
 *
 * A chassis asks as long as the peer's hello tells a later change than the last one that came. One question is
 * answered by one message, so the exchange takes a bounded part of the link whatever there is to tell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "chassis/history_internal.h"

static void
ask(struct history *h)
{
	struct srp_msg m = {.type = SRP_MSG_TRANSITION_ASK, .change = h->have, .part = h->next_part};

	(void)srp_link_send(h->chassis->srp, &m);
}

/* Up to which change the transitions of @chassis have come. */
static uint64_t
have_of(const struct history *h, uint64_t chassis)
{
	uint64_t last = 0;

	for (size_t i = 0; i < h->peer.count; i++)
		if (h->peer.about[i].chassis == chassis && h->peer.entries[i].changed > last)
			last = h->peer.entries[i].changed;
	return last;
}

void
history_heard(struct chassis *c, const struct srp_hello *hello)
{
	struct history *h = c->history;

	if (hello->chassis_id != h->peer_chassis) {
		h->peer_chassis = hello->chassis_id;
		h->have = have_of(h, hello->chassis_id);
		h->next_part = 0;
	}
	h->peer_seq = hello->history_seq;
	/* an answer may have been lost with a connection: asked again when nothing came since the last hello */
	if (h->peer_seq > h->have && (h->progress == h->progress_heard || h->next_part == 0))
		ask(h);
	h->progress_heard = h->progress;
}

/* answer - the piece the peer asks for, of the first transition that has changed after what it has. */
static void
answer(struct history *h, const struct srp_msg *asked)
{
	const struct history_kept *k = &h->own;
	size_t next = SIZE_MAX;
	struct srp_msg m = {.type = SRP_MSG_TRANSITION, .part = asked->part};
	char *body;
	size_t len, from;

	for (size_t i = 0; i < k->count; i++)
		if (k->about[i].told > asked->change && (next == SIZE_MAX || k->about[i].told < k->about[next].told))
			next = i;
	if (next == SIZE_MAX || (body = srp_history_encode(&k->entries[next], SRP_HISTORY_NAMES_TOLD)) == NULL)
		return;
	len = strlen(body);
	m.change = k->entries[next].changed;
	m.parts = (uint16_t)((len + SRP_PIECE_MAX - 1) / SRP_PIECE_MAX);
	if (m.part >= m.parts)
		m.part = 0; /* it has changed meanwhile: from the beginning */
	from = (size_t)m.part * SRP_PIECE_MAX;
	snprintf(m.piece, sizeof m.piece, "%s", body + from);
	free(body);
	if (m.parts <= HISTORY_PARTS_MAX)
		(void)srp_link_send(h->chassis->srp, &m);
}

/* arrived - all pieces of a transition of the peer are there. */
static void
arrived(struct history *h)
{
	struct srp_history_keep keep = {.word = history_word, .arg = h, .names = h->names};
	const struct srp_clock *clock = srp_link_clock(h->chassis->srp);
	struct srp_history_entry e;
	size_t at;

	h->have = h->arriving;
	if (srp_history_decode(h->piece, h->piece_len, &keep, &e) != ERR_OK || e.changed != h->arriving) {
		log_event(LOG_SRP_BAD_MESSAGE, "the peer", "not a transition", "TRANSITION");
		return;
	}
	e.is_offset_known = clock->is_known;
	e.offset_us = clock->is_known ? clock->offset_us : 0;
	at = history_find(&h->peer, h->peer_chassis, e.number, e.wall_us);
	if (at == SIZE_MAX) {
		(void)history_insert(&h->peer, &e, h->peer_chassis);
	} else {
		e.is_offset_known = h->peer.entries[at].is_offset_known; /* its place in the order stays */
		e.offset_us = h->peer.entries[at].offset_us;
		h->peer.entries[at] = e;
		history_keep_names(&h->peer.entries[at], &h->peer.about[at]);
	}
	history_disk_save(h);
}

static void
take_piece(struct history *h, const struct srp_msg *m)
{
	size_t n = strlen(m->piece);

	if (m->hello.chassis_id != h->peer_chassis || m->change <= h->have)
		return;
	if (m->change != h->arriving || m->parts != h->parts || m->part == 0) {
		/* another one than the last piece was of: it has changed meanwhile, or is the next */
		h->arriving = m->change;
		h->parts = m->parts;
		h->piece_len = 0;
		h->next_part = 0;
		if (m->part != 0)
			ask(h);
	}
	if (m->part != h->next_part || m->part >= m->parts || h->piece_len + n > sizeof h->piece)
		return;
	memcpy(h->piece + h->piece_len, m->piece, n);
	h->piece_len += n;
	h->next_part++;
	h->progress++;
	if (h->next_part == m->parts) {
		h->next_part = 0;
		arrived(h);
	}
	if (h->peer_seq > h->have)
		ask(h);
}

void
history_message(struct chassis *c, const struct srp_msg *m)
{
	if (m->type == SRP_MSG_TRANSITION_ASK)
		answer(c->history, m);
	else if (m->type == SRP_MSG_TRANSITION)
		take_piece(c->history, m);
}
