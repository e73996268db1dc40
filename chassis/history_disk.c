/*
 * history_disk.c - the transitions of both chassis in chassis.db: read once, written in batches by the store's thread.
 *
 * One batch is on its way at a time; what a full disk refuses stays in memory, is said so, and is tried again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "chassis/history_internal.h"

enum { BATCH_MAX = 16, RETRY_S = 5 };

/* The batch that is on its way; freed when it is done. */
struct batch {
	struct history *history;
	size_t count;
	struct {
		bool is_own;
		uint64_t chassis, number, wall_us, changed;
	} of[BATCH_MAX];
};

static void
mark_saved(struct history *h, const struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		struct history_kept *k = b->of[i].is_own ? &h->own : &h->peer;
		size_t at = history_find(k, b->of[i].chassis, b->of[i].number, b->of[i].wall_us);

		if (at != SIZE_MAX)
			k->about[at].saved = b->of[i].changed;
	}
}

static void
on_saved(void *arg, enum err e, const char *why)
{
	struct batch *b = arg;
	struct history *h = b->history;
	struct timeval tv = {RETRY_S, 0};

	if (h == NULL) {
		free(b); /* the chassis ends */
		return;
	}
	h->saving = NULL;
	snprintf(h->why_unsaved, sizeof h->why_unsaved, "%s", e == ERR_OK ? "" : why);
	if (e == ERR_OK)
		mark_saved(h, b);
	free(b);
	alarm_set(h->chassis, "srp/history", e != ERR_OK,
	          "transitions cannot be written to chassis.db and are kept in memory");
	if (e == ERR_OK)
		history_disk_save(h);
	else
		event_add(h->save_ev, &tv);
}

static void
collect(const struct history_kept *k, bool is_own, struct batch *b, struct store_transition *list)
{
	for (size_t i = 0; i < k->count && b->count < BATCH_MAX; i++) {
		const struct srp_history_entry *e = &k->entries[i];
		char *body;

		if (k->about[i].saved == e->changed || (body = srp_history_encode(e, SRP_HISTORY_NAMES_MAX)) == NULL)
			continue;
		list[b->count] = (struct store_transition){k->about[i].chassis, e->number, (int64_t)e->wall_us, body};
		b->of[b->count].is_own = is_own;
		b->of[b->count].chassis = k->about[i].chassis;
		b->of[b->count].number = e->number;
		b->of[b->count].wall_us = e->wall_us;
		b->of[b->count++].changed = e->changed;
	}
}

void
history_disk_save(struct history *h)
{
	struct store_transition list[BATCH_MAX];
	struct timeval tv = {RETRY_S, 0};
	struct batch *b;
	enum err e = ERR_OK;

	if (h->saving != NULL || (b = calloc(1, sizeof *b)) == NULL)
		return;
	b->history = h;
	collect(&h->own, true, b, list);
	collect(&h->peer, false, b, list);
	if (b->count > 0)
		e = store_transitions_write(h->chassis->store, list, b->count, on_saved, b);
	h->saving = b->count > 0 && e == ERR_OK ? b : NULL;
	for (size_t i = 0; i < b->count; i++)
		free((char *)list[i].body);
	if (e != ERR_OK)
		event_add(h->save_ev, &tv);
	if (h->saving == NULL)
		free(b);
}

void
history_disk_soon(struct history *h)
{
	struct timeval now = {0, 0};

	event_add(h->save_ev, &now);
}

static void
on_save(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	history_disk_save(arg);
}

static void
on_read(void *arg, const struct store_transition *t)
{
	struct history *h = arg;
	struct srp_history_keep keep = {.word = history_word, .arg = h, .names = h->names};
	bool is_own = t->chassis == store_chassis_id(h->chassis->store);
	struct history_kept *k = is_own ? &h->own : &h->peer;
	struct srp_history_entry e;
	size_t at;

	/* numbers and changes go on above all that were ever used, those of a newer release included */
	if (is_own && t->number > h->last_number)
		h->last_number = t->number;
	if (srp_history_decode(t->body, strlen(t->body), &keep, &e) != ERR_OK) {
		log_event(LOG_STORE_ERROR, "transitions", "one that cannot be read is passed over");
		return;
	}
	if (is_own && e.changed > h->last_changed)
		h->last_changed = e.changed;
	at = history_insert(k, &e, t->chassis);
	if (at == SIZE_MAX)
		return;
	k->about[at].saved = e.changed;
	if (!is_own || e.is_open)
		return;
	k->about[at].told = e.changed;
	if (e.changed > h->told)
		h->told = e.changed;
}

enum err
history_disk_read(struct history *h)
{
	h->save_ev = evtimer_new(h->chassis->base, on_save, h);
	if (h->save_ev == NULL)
		return ERR_SYSTEM;
	if (store_transitions_read(h->chassis->store, on_read, h) != ERR_OK)
		log_event(LOG_STORE_ERROR, "transitions", "they cannot all be read; the others are kept");
	return ERR_OK; /* a chassis serves without its past */
}

void
history_disk_end(struct history *h)
{
	struct store_transition list[BATCH_MAX];
	struct batch b;
	enum err e = ERR_OK;

	if (h->saving != NULL)
		h->saving->history = NULL;
	do {
		b = (struct batch){0};
		collect(&h->own, true, &b, list);
		collect(&h->peer, false, &b, list);
		if (b.count > 0)
			e = store_transitions_write(h->chassis->store, list, b.count, NULL, NULL);
		mark_saved(h, &b);
		for (size_t i = 0; i < b.count; i++)
			free((char *)list[i].body);
	} while (b.count > 0 && e == ERR_OK);
	if (h->save_ev != NULL)
		event_free(h->save_ev);
}

static uint64_t
unsaved(const struct history_kept *k)
{
	uint64_t n = 0;

	for (size_t i = 0; i < k->count; i++)
		n += k->about[i].saved != k->entries[i].changed;
	return n;
}

uint64_t
history_disk_unsaved(const struct history *h)
{
	return unsaved(&h->own) + unsaved(&h->peer);
}
