/*
 * validation_run.c - one comparison with the peer: ask, fetch its lines, compare them; and the answers when it is the
 * peer who asks.
 *
 *   IDLE -> COLLECTING -> ASKED -> FETCHING (a window of chunks for each request) -> COMPARING -> IDLE
 *                            \______ digests are equal, and nobody wants the lines all the same ______/
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "chassis/config_errors.h"
#include "chassis/validation.h"

enum {
	WINDOW = 8, /* messages for one request: well below what the connection queues */
	MESSAGE_BYTES = SRP_CHUNKS * SRP_CHUNK_BYTES,
	RESTARTS_MAX = 3 /* the peer's lines changed while they were fetched */
};

static void begin(struct validation *v);

static void
limit(struct validation *v)
{
	struct timeval tv = {VALIDATION_ANSWER_MS / 1000, (VALIDATION_ANSWER_MS % 1000) * 1000};

	event_add(v->limit_ev, &tv);
}

/* --- the end of a run ---------------------------------------------------------------------------------------- */

static void
end(struct validation *v, enum validation_result r)
{
	struct validation_waiter waiters[VALIDATION_WAITERS_MAX];
	unsigned n = v->waiter_count;

	event_del(v->limit_ev);
	free(v->packed);
	v->packed = NULL;
	v->stage = VALIDATION_IDLE;
	if (r != VALIDATION_COMPARED)
		validation_look(v); /* drift that could not be told is tried again */
	memcpy(waiters, v->waiters, sizeof waiters);
	memcpy(v->waiters, v->later, sizeof waiters);
	v->waiter_count = v->later_count;
	v->later_count = 0;
	for (unsigned i = 0; i < n; i++)
		waiters[i].done(waiters[i].arg, r);
	if (v->waiter_count > 0 && v->stage == VALIDATION_IDLE)
		begin(v);
}

static void
broken(struct validation *v, const char *why)
{
	snprintf(v->why, sizeof v->why, "the configurations could not be compared: %s", why);
	log_event(LOG_SRP_CONFIG_UNKNOWN, v->why);
	end(v, VALIDATION_BROKEN);
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct validation *v = arg;

	(void)fd;
	(void)what;
	end(v, VALIDATION_NO_ANSWER);
}

/* --- comparing ----------------------------------------------------------------------------------------------- */

static void
compare(void *arg)
{
	struct validation_comparing *x = arg;
	struct srp_lines *peer;

	x->error = srp_lines_unpack(x->packed, x->packed_bytes, x->plain_bytes, &peer);
	if (x->error != ERR_OK)
		return;
	x->lines = srp_lines_count(peer);
	x->diff = srp_diff_new(x->own->lines, peer);
	if (x->diff == NULL)
		x->error = ERR_SYSTEM;
	srp_lines_free(peer);
}

static void
compared(void *arg)
{
	struct validation_comparing *x = arg;
	struct validation *v = x->validation;

	v->comparer = NULL;
	free(x->packed);
	x->packed = NULL;
	if (x->error == ERR_OK) {
		uint32_t own = srp_lines_count(x->own->lines);

		validation_found_set(v, x->peer_digest, srp_diff_count(x->diff), x->diff,
		                     own > x->lines ? own : x->lines);
	}
	v->stage = VALIDATION_IDLE;
	if (v->next_own != NULL) {
		struct pair_lines *next = v->next_own;

		v->next_own = NULL;
		validation_take_own(v, next);
	}
	if (x->error == ERR_OK)
		end(v, VALIDATION_COMPARED);
	else
		broken(v, x->error == ERR_SYSTEM    ? "no memory"
		          : x->error == ERR_CORRUPT ? "the peer's lines are not what it declared"
		                                    : "the peer's lines are malformed");
}

static void
fetched(struct validation *v)
{
	event_del(v->limit_ev);
	v->comparing = (struct validation_comparing){.validation = v,
	                                             .own = v->own,
	                                             .packed = v->packed,
	                                             .packed_bytes = v->packed_bytes,
	                                             .plain_bytes = v->plain_bytes,
	                                             .peer_digest = v->fetched_digest};
	v->packed = NULL;
	v->stage = VALIDATION_COMPARING;
	v->comparer = offload_new(v->chassis->base, compare, compared, &v->comparing);
	if (v->comparer == NULL) {
		free(v->comparing.packed);
		broken(v, "no memory");
	}
}

/* --- fetching ------------------------------------------------------------------------------------------------ */

static void
request(struct validation *v)
{
	struct srp_msg m = {.type = SRP_MSG_CONFIG_REQUEST, .request = v->request, .offset = (uint32_t)v->have};

	m.hello.config_digest = v->fetched_digest;
	v->window_from = v->have;
	limit(v);
	if (srp_link_send(v->chassis->srp, &m) != ERR_OK)
		end(v, VALIDATION_NO_LINK);
}

static void
fetch(struct validation *v)
{
	free(v->packed);
	v->packed = NULL;
	v->have = v->packed_bytes = v->plain_bytes = 0;
	v->fetched_digest = 0;
	v->request++;
	v->stage = VALIDATION_FETCHING;
	request(v);
}

/* Both too long to travel, or one of them: the digests alone say that they differ. */
static void
too_long(struct validation *v, uint64_t peer_digest)
{
	validation_found_set(v, peer_digest, v->own->digest != peer_digest, NULL, srp_lines_count(v->own->lines));
	end(v, VALIDATION_COMPARED);
}

/* first_chunk - the peer says what is to come; false when the run has ended. */
static bool
first_chunk(struct validation *v, const struct srp_msg *m)
{
	if (m->status == SRP_LINES_TOO_LONG) {
		too_long(v, m->hello.config_digest);
		return false;
	}
	if (m->status != SRP_LINES_SENT) {
		broken(v, "the peer's configuration is being changed, try again");
		return false;
	}
	v->fetched_digest = m->hello.config_digest;
	v->packed_bytes = m->packed_bytes;
	v->plain_bytes = m->plain_bytes;
	v->packed = malloc(v->packed_bytes + 1);
	if (v->packed == NULL)
		broken(v, "no memory");
	return v->packed != NULL;
}

/* append - the chunks of @m; false when they are none, or more than was declared. */
static bool
append(struct validation *v, const struct srp_msg *m)
{
	size_t before = v->have;

	for (unsigned i = 0; i < SRP_CHUNKS; i++) {
		if (m->chunk_bytes[i] > v->packed_bytes - v->have)
			return false;
		memcpy(v->packed + v->have, m->chunk[i], m->chunk_bytes[i]);
		v->have += m->chunk_bytes[i];
	}
	return v->have > before;
}

static void
on_lines(struct validation *v, const struct srp_msg *m)
{
	if (v->stage != VALIDATION_FETCHING || m->request != v->request || m->offset != v->have)
		return; /* of a run that has ended */
	if (v->packed == NULL && !first_chunk(v, m))
		return;
	if (m->hello.config_digest != v->fetched_digest || m->status != SRP_LINES_SENT) {
		if (++v->restarts > RESTARTS_MAX)
			broken(v, "the peer's configuration is being changed, try again");
		else
			fetch(v);
		return;
	}
	if (!append(v, m)) {
		broken(v, "the peer sent no lines");
		return;
	}
	if (v->have == v->packed_bytes)
		fetched(v);
	else if (v->have - v->window_from >= WINDOW * MESSAGE_BYTES)
		request(v);
}

/* A peer asks for our lines: a window of them, from the offset it has come to. */
static void
on_request(struct validation *v, const struct srp_msg *in)
{
	struct srp_msg m = {.type = SRP_MSG_CONFIG_LINES, .request = in->request, .offset = in->offset};
	const struct pair_lines *own = v->own;

	if (own == NULL || !validation_is_current(v))
		m.status = SRP_LINES_NOT_READY;
	else if (own->packed == NULL)
		m.status = SRP_LINES_TOO_LONG;
	m.hello.config_digest = validation_digest(v->chassis);
	if (m.status != SRP_LINES_SENT || in->offset >= own->packed_bytes) {
		(void)srp_link_send(v->chassis->srp, &m);
		return;
	}
	m.packed_bytes = (uint32_t)own->packed_bytes;
	m.plain_bytes = (uint32_t)own->plain_bytes;
	for (unsigned w = 0; w < WINDOW && m.offset < own->packed_bytes; w++) {
		uint32_t at = m.offset;

		for (unsigned i = 0; i < SRP_CHUNKS; i++) {
			size_t left = own->packed_bytes - at;

			m.chunk_bytes[i] = (uint8_t)(left < SRP_CHUNK_BYTES ? left : SRP_CHUNK_BYTES);
			memcpy(m.chunk[i], own->packed + at, m.chunk_bytes[i]);
			at += m.chunk_bytes[i];
		}
		if (srp_link_send(v->chassis->srp, &m) != ERR_OK)
			return;
		m.offset = at;
	}
}

/* --- asking -------------------------------------------------------------------------------------------------- */

static void
ask(struct validation *v)
{
	struct srp_msg m = {.type = SRP_MSG_VALIDATE_ASK, .request = ++v->request};

	v->stage = VALIDATION_ASKED;
	limit(v);
	if (srp_link_send(v->chassis->srp, &m) != ERR_OK)
		end(v, VALIDATION_NO_LINK);
}

static void
on_answer(struct validation *v, const struct srp_msg *m)
{
	if (v->stage != VALIDATION_ASKED || m->request != v->request)
		return;
	v->answer = *m;
	v->has_answer = true;
	v->peer_digest = m->hello.config_digest; /* fresher than that of the last hello */
	if (v->own->digest != m->hello.config_digest || v->is_thorough) {
		if (v->own->packed == NULL)
			too_long(v, m->hello.config_digest);
		else
			fetch(v);
		return;
	}
	validation_found_set(v, m->hello.config_digest, 0, NULL, srp_lines_count(v->own->lines));
	end(v, VALIDATION_COMPARED);
}

/* The answer to a peer who asked: as soon as our own lines are up to date. */
static void
answer(struct validation *v)
{
	struct srp_msg m = {.type = SRP_MSG_VALIDATE_ANSWER, .request = v->asked_request};
	struct chassis *c = v->chassis;

	v->is_asked = false;
	m.hello.state = (uint8_t)srp_state(srp_link_engine(c->srp));
	m.hello.sessmgrs = (uint16_t)c->sessmgr_count;
	m.hello.sessmgrs_ready = (uint16_t)(c->sessmgr_count - tasks_not_connected(c));
	m.hello.config_digest = validation_digest(c);
	m.is_post_processing = srp_post_is_running(&c->post.engine);
	m.findings = config_findings(c, m.finding, sizeof m.finding);
	(void)srp_link_send(c->srp, &m);
}

static void
on_ask(struct validation *v, const struct srp_msg *m)
{
	v->is_asked = true;
	v->asked_request = m->request;
	if (validation_is_current(v))
		answer(v);
	else
		validation_collect(v);
}

void
validation_message(struct chassis *c, const struct srp_msg *m)
{
	struct validation *v = c->validation;

	switch (m->type) {
	case SRP_MSG_CONFIG_REQUEST:
		on_request(v, m);
		break;
	case SRP_MSG_CONFIG_LINES:
		on_lines(v, m);
		break;
	case SRP_MSG_VALIDATE_ASK:
		on_ask(v, m);
		break;
	case SRP_MSG_VALIDATE_ANSWER:
		on_answer(v, m);
		break;
	default:
		break;
	}
}

/* --- the beginning of a run ---------------------------------------------------------------------------------- */

static void
begin(struct validation *v)
{
	struct srp_view view;

	v->has_answer = false;
	v->restarts = 0;
	v->is_thorough = false;
	for (unsigned i = 0; i < v->waiter_count; i++)
		v->is_thorough |= v->waiters[i].is_thorough;
	srp_link_view(v->chassis->srp, &view);
	v->stage = VALIDATION_COLLECTING;
	limit(v);
	if (!view.is_link_up)
		end(v, VALIDATION_NO_LINK);
	else if (validation_is_current(v))
		ask(v);
	else
		validation_collect(v);
}

void
validation_collected(struct validation *v, bool is_ok)
{
	if (v->is_asked && is_ok)
		answer(v);
	if (v->stage != VALIDATION_COLLECTING)
		return;
	if (is_ok)
		ask(v);
	else
		broken(v, "no memory");
}

enum err
validation_run(struct validation *v, bool is_thorough, void (*done)(void *, enum validation_result), void *arg)
{
	struct validation_waiter w = {.done = done, .arg = arg, .is_thorough = is_thorough};
	bool is_running = v->stage != VALIDATION_IDLE;

	if ((is_running ? v->later_count : v->waiter_count) == VALIDATION_WAITERS_MAX)
		return ERR_FULL;
	if (done != NULL && is_running)
		v->later[v->later_count++] = w;
	else if (done != NULL)
		v->waiters[v->waiter_count++] = w;
	if (!is_running)
		begin(v);
	return ERR_OK;
}

void
validation_print(const struct validation *v, uint32_t max, struct text *out)
{
	if (v->found.diff != NULL)
		srp_diff_print(v->found.diff, max, out);
	else if (v->found.count > 0)
		text_printf(out, "%s\n", v->error_text);
}

void
validation_run_free(struct validation *v)
{
	if (v->comparer != NULL) {
		offload_wait(v->comparer);
		free(v->comparing.packed);
		srp_diff_free(v->comparing.diff);
	}
	free(v->packed);
}

enum err
validation_run_new(struct validation *v)
{
	v->limit_ev = evtimer_new(v->chassis->base, on_limit, v);
	return v->limit_ev == NULL ? ERR_SYSTEM : ERR_OK;
}
