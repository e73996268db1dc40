/*
 * history.c - keeps the transitions of both chassis: in memory, in chassis.db, and exchanged with the peer.
 *
 * Own transitions come step by step from the redundancy engine. The peer's are asked for as long as its hello tells a
 * later change than the last one that came (TRANSITION_ASK, one piece at a time, so that the exchange takes a bounded
 * part of the link whatever there is to tell). Writing is the store's; what could not be written is tried again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "chassis/history_internal.h"
#include "srp/srp_fsm.h"

enum { GROWTH = 64 };

const char *
history_word(void *arg, const char *s)
{
	struct history *h = arg;
	const struct fsm_table *t = srp_fsm_table();

	for (uint8_t i = 0; i < t->state_count; i++)
		if (strcmp(srp_inner_text(i), s) == 0)
			return srp_inner_text(i);
	for (size_t i = 0; i < t->count; i++)
		if (strcmp(t->rows[i].reason, s) == 0)
			return t->rows[i].reason;
	for (size_t i = 0; i < h->word_count; i++)
		if (strcmp(h->words[i], s) == 0)
			return h->words[i];
	if (h->word_count == HISTORY_WORDS_MAX || (h->words[h->word_count] = strdup(s)) == NULL)
		return "?";
	return h->words[h->word_count++];
}

/* --- in memory ------------------------------------------------------------------------------------------------- */

static bool
make_room(struct history_kept *k)
{
	size_t room = k->room + GROWTH;
	struct srp_history_entry *e;
	struct history_about *a;

	if (k->count < k->room)
		return true;
	e = realloc(k->entries, room * sizeof *e);
	if (e != NULL)
		k->entries = e;
	a = realloc(k->about, room * sizeof *a);
	if (a != NULL)
		k->about = a;
	if (e == NULL || a == NULL)
		return false;
	k->room = room;
	return true;
}

static void
forget_oldest(struct history_kept *k)
{
	free(k->about[0].names);
	k->count--;
	k->left_out++;
	memmove(k->entries, k->entries + 1, k->count * sizeof k->entries[0]);
	memmove(k->about, k->about + 1, k->count * sizeof k->about[0]);
}

void
history_keep_names(struct srp_history_entry *e, struct history_about *a)
{
	struct srp_lost_call *names = e->named > 0 ? malloc(e->named * sizeof *names) : NULL;

	if (names != NULL)
		memcpy(names, e->names, e->named * sizeof *names);
	else
		e->named = 0;
	free(a->names);
	e->names = a->names = names;
}

/* Own ones are counted: a clock that was set back does not put the last one first. The peer's come in any order. */
static bool
is_before(const struct srp_history_entry *a, const struct srp_history_entry *b, bool is_own)
{
	return is_own ? a->number < b->number : srp_history_time(a) < srp_history_time(b);
}

size_t
history_insert(struct history_kept *k, const struct srp_history_entry *e, uint64_t chassis)
{
	size_t at;

	if (k->count == SRP_HISTORY_KEPT_MAX)
		forget_oldest(k);
	if (!make_room(k))
		return SIZE_MAX;
	for (at = k->count; at > 0 && is_before(e, &k->entries[at - 1], k->is_own); at--)
		;
	memmove(k->entries + at + 1, k->entries + at, (k->count - at) * sizeof k->entries[0]);
	memmove(k->about + at + 1, k->about + at, (k->count - at) * sizeof k->about[0]);
	k->count++;
	k->entries[at] = *e;
	k->about[at] = (struct history_about){.chassis = chassis};
	history_keep_names(&k->entries[at], &k->about[at]);
	return at;
}

size_t
history_find(const struct history_kept *k, uint64_t chassis, uint64_t number, uint64_t wall_us)
{
	for (size_t i = k->count; i-- > 0;)
		if (k->about[i].chassis == chassis && k->entries[i].number == number &&
		    k->entries[i].wall_us == wall_us)
			return i;
	return SIZE_MAX;
}

void
history_changed(struct history *h, size_t at)
{
	struct srp_history_entry *e = &h->own.entries[at];
	uint64_t now = clock_wall_us();

	/* of the clock, so that it is above what was told before a restart that lost the last ones */
	h->last_changed = now > h->last_changed ? now : h->last_changed + 1;
	e->changed = h->last_changed;
	h->own.about[at].told = e->is_open ? 0 : e->changed;
	if (!e->is_open)
		h->told = e->changed;
}

/* What was open when the program ended is told as it is: how it went on, nobody here knows. */
static void
settle_interrupted(struct history *h)
{
	for (size_t i = 0; i < h->own.count; i++) {
		struct srp_history_entry *e = &h->own.entries[i];

		if (!e->is_open)
			continue;
		e->is_open = false;
		e->is_interrupted = true;
		history_changed(h, i);
	}
}

enum err
history_new(struct chassis *c)
{
	struct history *h = calloc(1, sizeof *h);
	enum err e;

	if (h == NULL)
		return ERR_SYSTEM;
	h->chassis = c;
	h->own.is_own = true;
	c->history = h;
	e = history_disk_read(h);
	if (e != ERR_OK)
		return e;
	settle_interrupted(h);
	history_disk_save(h);
	return ERR_OK;
}

static void
free_kept(struct history_kept *k)
{
	for (size_t i = 0; i < k->count; i++)
		free(k->about[i].names);
	free(k->entries);
	free(k->about);
}

void
history_free(struct chassis *c)
{
	struct history *h = c->history;

	if (h == NULL)
		return;
	history_show_end(h);
	history_disk_end(h);
	c->history = NULL;
	free_kept(&h->own);
	free_kept(&h->peer);
	for (size_t i = 0; i < h->word_count; i++)
		free(h->words[i]);
	free(h);
}

/* --- this chassis' own ------------------------------------------------------------------------------------------ */

static uint32_t
calls_now(const struct chassis *c)
{
	uint64_t n = 0;

	for (unsigned i = 1; i <= c->sessmgr_count; i++)
		if (c->sessmgrs[i].arena_mem != NULL)
			n += arena_count(&c->sessmgrs[i].arena, ARENA_CALLS_NOW) +
			     arena_count(&c->sessmgrs[i].arena, ARENA_CALLS_STANDBY);
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static struct srp_history_now
now_of(struct chassis *c)
{
	const struct srp *e = srp_link_engine(c->srp);

	return (struct srp_history_now){
	    .now_us = clock_now_us(),
	    .wall_us = clock_wall_us(),
	    .epoch = e->epoch_known,
	    .calls = calls_now(c),
	    .reason = e->cause,
	    .route_modifier = e->route_modifier,
	    .peer_route_modifier = e->peer.route_modifier,
	};
}

/* record - the builder's entry, as it is now, into the list: its first state, or in place of the one before. */
static void
record(struct history *h)
{
	struct srp_history_entry *e = &h->builder.entry;
	uint64_t id = store_chassis_id(h->chassis->store);
	size_t at;

	if (e->number == 0)
		e->number = ++h->last_number;
	at = history_find(&h->own, id, e->number, e->wall_us);
	if (at != SIZE_MAX)
		h->own.entries[at] = *e;
	else
		at = history_insert(&h->own, e, id);
	if (at == SIZE_MAX)
		return; /* no memory: the log has it */
	history_changed(h, at);
	history_disk_soon(h); /* not now: a switchover may be under way, and this is the loop that carries it out */
}

void
history_step(struct chassis *c, uint8_t from_inner, uint8_t to_inner, const char *words)
{
	struct srp_history_now now = now_of(c);

	if (srp_history_step(&c->history->builder, &now, from_inner, to_inner, words) != SRP_HISTORY_NOTHING)
		record(c->history);
}

void
history_event(struct chassis *c, uint8_t reason, const char *words)
{
	struct srp_history_now now = now_of(c);

	now.reason = reason; /* the engine's is that of its last change */
	if (srp_history_event(&c->history->builder, &now, srp_link_engine(c->srp)->fsm_state, words))
		record(c->history);
}

/* The last transition of this chassis that @wanted holds for; NULL. */
static struct srp_history_entry *
last_own(struct history *h, bool (*wanted)(const struct srp_history_entry *e))
{
	for (size_t i = h->own.count; i-- > 0;)
		if (wanted(&h->own.entries[i]))
			return &h->own.entries[i];
	return NULL;
}

static bool
gave_way(const struct srp_history_entry *e)
{
	return e->is_lost_known;
}

static bool
took_over(const struct srp_history_entry *e)
{
	return e->to == SRP_ACTIVE && !e->is_open;
}

void
history_lost_imsi(const struct sessmgr_lost *lost, char *buf, size_t cap)
{
	if (lost->imsi_digits > 0)
		snprintf(buf, cap, "%0*llu", lost->imsi_digits, (unsigned long long)lost->imsi);
	else
		snprintf(buf, cap, "unknown");
}

static void
name_lost(struct history *h, struct srp_history_entry *e, unsigned instance, const struct sessmgr_lost *lost,
          uint8_t why)
{
	struct history_about *a = &h->own.about[e - h->own.entries];
	struct srp_lost_call *names;

	if (e->named == SRP_HISTORY_NAMES_MAX)
		return;
	names = realloc(a->names, (e->named + 1) * sizeof *names);
	if (names == NULL)
		return;
	names[e->named] = (struct srp_lost_call){.callid = lost->teid, .sessmgr = (uint16_t)instance, .why = why};
	history_lost_imsi(lost, names[e->named].imsi, sizeof names[0].imsi);
	e->named++;
	e->names = a->names = names;
}

void
history_lost(struct chassis *c, unsigned instance, const struct sessmgr_lost *lost)
{
	struct history *h = c->history;
	struct srp_history_entry *e = last_own(h, gave_way);
	uint8_t why = lost->is_young ? SRP_LOST_YOUNG : lost->is_sent ? SRP_LOST_UNACKED : SRP_LOST_NEVER_SENT;

	if (e == NULL)
		return;
	e->lost[why] += lost->unnamed > 0 ? lost->unnamed : 1;
	if (lost->unnamed == 0)
		name_lost(h, e, instance, lost, why);
	history_changed(h, (size_t)(e - h->own.entries));
	history_disk_soon(h); /* with those that come in the same turn */
}

void
history_partial(struct chassis *c, const struct sessmgr_partial *p)
{
	struct history *h = c->history;
	struct srp_history_entry *e = h->builder.is_running ? &h->builder.entry : last_own(h, took_over);

	if (e == NULL)
		return;
	e->came += p->came;
	e->announced += p->announced;
	if (h->builder.is_running)
		return; /* recorded with its next step */
	history_changed(h, (size_t)(e - h->own.entries));
	history_disk_soon(h);
}

void
history_phase(struct chassis *c, uint8_t phase, uint64_t us)
{
	struct srp_history_entry *e = last_own(c->history, took_over);

	if (e == NULL || phase == SRP_PHASE_NONE || phase >= SRP_PHASE_COUNT)
		return;
	e->phase_us[phase] = us > 0 ? us : 1;
	history_changed(c->history, (size_t)(e - c->history->own.entries));
	history_disk_save(c->history);
}

/* --- shown ----------------------------------------------------------------------------------------------------- */

uint64_t
history_seq(const struct chassis *c)
{
	return c->history->told;
}

void
history_view(struct chassis *c, struct srp_history_view *v)
{
	const struct history *h = c->history;
	const struct srp_clock *clock = srp_link_clock(c->srp);

	*v = (struct srp_history_view){
	    .list = {h->own.entries, h->peer.entries, h->own.count, h->peer.count},
	    .left_out = h->own.left_out + h->peer.left_out,
	    .is_offset_known = clock->is_known,
	    .offset_us = clock->offset_us,
	    .rtt_us = clock->rtt_us,
	    .unsaved = h->why_unsaved[0] != '\0' ? history_disk_unsaved(h) : 0,
	    .unsaved_why = h->why_unsaved,
	};
}
