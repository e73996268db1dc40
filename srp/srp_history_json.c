/* srp_history_json.c - a transition as JSON: the one form for the disk and for the peer. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "srp/srp_history.h"

enum { WORDS_MAX = 200 };

/* --- to JSON ------------------------------------------------------------------------------------------ */

static json_t *
numbers(const uint64_t *n, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, json_integer((json_int_t)n[i]));
	return list;
}

static json_t *
steps_of(const struct srp_history_entry *e)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < e->step_count; i++) {
		const struct srp_history_step *s = &e->steps[i];

		(void)json_array_append_new(list, json_pack("[I,s,s,s]", (json_int_t)s->at_us, s->from, s->to, s->why));
	}
	return list;
}

static json_t *
names_of(const struct srp_history_entry *e, uint32_t max)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < e->named && i < max; i++) {
		const struct srp_lost_call *c = &e->names[i];

		(void)json_array_append_new(
		    list, json_pack("[I,i,i,s]", (json_int_t)c->callid, (int)c->sessmgr, (int)c->why, c->imsi));
	}
	return list;
}

char *
srp_history_encode(const struct srp_history_entry *e, uint32_t names_max)
{
	uint64_t lost[SRP_LOST_WHY_COUNT];
	char *text;
	json_t *doc;

	for (size_t i = 0; i < SRP_LOST_WHY_COUNT; i++)
		lost[i] = e->lost[i];
	doc =
	    json_pack("{s:I,s:I,s:I,s:I,s:I,s:i,s:i,s:i,s:i,s:i,s:b,s:b,s:b,s:I,s:i}", "number", (json_int_t)e->number,
	              "changed", (json_int_t)e->changed, "at_us", (json_int_t)e->wall_us, "duration_us",
	              (json_int_t)e->duration_us, "epoch", (json_int_t)e->epoch, "from", (int)e->from, "to", (int)e->to,
	              "reason", (int)e->reason, "rm", (int)e->route_modifier, "peer_rm", (int)e->peer_route_modifier,
	              "open", (int)e->is_open, "interrupted", (int)e->is_interrupted, "lost_known",
	              (int)e->is_lost_known, "calls", (json_int_t)e->calls, "left_out", (int)e->steps_left_out);
	if (doc == NULL)
		return NULL;
	if (e->announced > 0) {
		(void)json_object_set_new(doc, "came", json_integer((json_int_t)e->came));
		(void)json_object_set_new(doc, "announced", json_integer((json_int_t)e->announced));
	}
	if (e->is_offset_known)
		(void)json_object_set_new(doc, "offset_us", json_integer((json_int_t)e->offset_us));
	(void)json_object_set_new(doc, "lost", numbers(lost, SRP_LOST_WHY_COUNT));
	(void)json_object_set_new(doc, "phases_us", numbers(e->phase_us, SRP_PHASE_COUNT));
	(void)json_object_set_new(doc, "steps", steps_of(e));
	(void)json_object_set_new(doc, "names", names_of(e, names_max));
	text = json_dumps(doc, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(doc);
	return text;
}

/* --- from JSON ---------------------------------------------------------------------------------------- */

/* A whole number of @doc within 0..@max; false: missing, or outside. */
static bool
number_of(const json_t *doc, const char *key, uint64_t max, uint64_t *out)
{
	const json_t *v = json_object_get(doc, key);

	if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max)
		return false;
	*out = (uint64_t)json_integer_value(v);
	return true;
}

static bool
take_plain(const json_t *doc, struct srp_history_entry *e)
{
	uint64_t from, to, reason, rm, peer_rm, calls, left_out, came = 0, announced = 0;
	const json_t *offset = json_object_get(doc, "offset_us");

	if (!number_of(doc, "number", INT64_MAX, &e->number) || !number_of(doc, "changed", INT64_MAX, &e->changed) ||
	    !number_of(doc, "at_us", INT64_MAX / 2, &e->wall_us) ||
	    !number_of(doc, "duration_us", INT64_MAX / 2, &e->duration_us) ||
	    !number_of(doc, "epoch", INT64_MAX, &e->epoch) || !number_of(doc, "from", SRP_STATE_COUNT - 1, &from) ||
	    !number_of(doc, "to", SRP_STATE_COUNT - 1, &to) ||
	    !number_of(doc, "reason", SRP_REASON_COUNT - 1, &reason) || !number_of(doc, "rm", UINT8_MAX, &rm) ||
	    !number_of(doc, "peer_rm", UINT8_MAX, &peer_rm) || !number_of(doc, "calls", UINT32_MAX, &calls) ||
	    !number_of(doc, "left_out", UINT32_MAX, &left_out))
		return false;
	if (json_object_get(doc, "announced") != NULL &&
	    (!number_of(doc, "announced", UINT32_MAX, &announced) || !number_of(doc, "came", UINT32_MAX, &came)))
		return false;
	e->came = (uint32_t)came;
	e->announced = (uint32_t)announced;
	e->from = (uint8_t)from;
	e->to = (uint8_t)to;
	e->reason = (uint8_t)reason;
	e->route_modifier = (uint8_t)rm;
	e->peer_route_modifier = (uint8_t)peer_rm;
	e->calls = (uint32_t)calls;
	e->steps_left_out = (uint32_t)left_out;
	e->is_open = json_is_true(json_object_get(doc, "open"));
	e->is_interrupted = json_is_true(json_object_get(doc, "interrupted"));
	e->is_lost_known = json_is_true(json_object_get(doc, "lost_known"));
	e->is_offset_known = json_is_integer(offset);
	e->offset_us = json_integer_value(offset);
	return e->number > 0 && e->offset_us > -INT64_MAX / 2 && e->offset_us < INT64_MAX / 2;
}

/* Lists may be shorter, of an older release, or longer, of a newer one: what both know counts. */
static bool
take_numbers(const json_t *list, uint64_t max, uint64_t *out, size_t count)
{
	if (!json_is_array(list))
		return false;
	for (size_t i = 0; i < count && i < json_array_size(list); i++) {
		const json_t *v = json_array_get(list, i);

		if (!json_is_integer(v) || json_integer_value(v) < 0 || (uint64_t)json_integer_value(v) > max)
			return false;
		out[i] = (uint64_t)json_integer_value(v);
	}
	return true;
}

/* Words of a peer come to an operator's terminal: nothing but printable ASCII, as all words of the tables are. */
static bool
is_plain(const char *s)
{
	while (*s >= ' ' && *s <= '~')
		s++;
	return *s == '\0';
}

static const char *
word_of(const json_t *list, size_t i, const struct srp_history_keep *keep)
{
	const char *s = json_string_value(json_array_get(list, i));

	return s == NULL || strlen(s) > WORDS_MAX || !is_plain(s) ? NULL : keep->word(keep->arg, s);
}

static bool
take_steps(const json_t *list, const struct srp_history_keep *keep, struct srp_history_entry *e)
{
	if (!json_is_array(list) || json_array_size(list) > SRP_HISTORY_STEPS_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *step = json_array_get(list, i);
		struct srp_history_step *s = &e->steps[i];

		if (!json_is_array(step) || !take_numbers(step, INT64_MAX / 2, &s->at_us, 1))
			return false;
		s->from = word_of(step, 1, keep);
		s->to = word_of(step, 2, keep);
		s->why = word_of(step, 3, keep);
		if (s->from == NULL || s->to == NULL || s->why == NULL)
			return false;
		e->step_count++;
	}
	return true;
}

static bool
take_names(const json_t *list, const struct srp_history_keep *keep, struct srp_history_entry *e)
{
	if (!json_is_array(list) || json_array_size(list) > SRP_HISTORY_NAMES_MAX)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *name = json_array_get(list, i);
		const char *imsi = json_string_value(json_array_get(name, 3));
		struct srp_lost_call *c = &keep->names[i];
		uint64_t n[3] = {0};

		if (imsi == NULL || strlen(imsi) >= sizeof c->imsi || !is_plain(imsi) ||
		    !take_numbers(name, UINT32_MAX, n, 3) || n[1] > UINT16_MAX || n[2] >= SRP_LOST_WHY_COUNT)
			return false;
		*c = (struct srp_lost_call){.callid = (uint32_t)n[0], .sessmgr = (uint16_t)n[1], .why = (uint8_t)n[2]};
		snprintf(c->imsi, sizeof c->imsi, "%s", imsi);
		e->named++;
	}
	e->names = e->named > 0 ? keep->names : NULL;
	return true;
}

enum err
srp_history_decode(const char *s, size_t n, const struct srp_history_keep *keep, struct srp_history_entry *e)
{
	struct srp_history_entry got = {0};
	uint64_t lost[SRP_LOST_WHY_COUNT] = {0};
	bool is_good;
	json_t *doc;

	if (n > SRP_HISTORY_BODY_MAX)
		return ERR_RANGE;
	doc = json_loadb(s, n, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(doc)) {
		json_decref(doc);
		return ERR_FORMAT;
	}
	is_good = take_plain(doc, &got) &&
	          take_numbers(json_object_get(doc, "lost"), UINT32_MAX, lost, SRP_LOST_WHY_COUNT) &&
	          take_numbers(json_object_get(doc, "phases_us"), INT64_MAX / 2, got.phase_us, SRP_PHASE_COUNT) &&
	          take_steps(json_object_get(doc, "steps"), keep, &got) &&
	          take_names(json_object_get(doc, "names"), keep, &got);
	json_decref(doc);
	for (size_t i = 0; i < SRP_LOST_WHY_COUNT; i++)
		got.lost[i] = (uint32_t)lost[i];
	if (!is_good)
		return ERR_RANGE;
	*e = got;
	return ERR_OK;
}
