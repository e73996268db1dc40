/* ckpt_changes.c - the change list. */
#include "checkpoint/ckpt_changes.h"

#include <stdlib.h>

static const struct changes_list empty_list = {.first = CHANGES_NONE, .last = CHANGES_NONE};

enum err
changes_init(struct changes *x, uint32_t slots, uint32_t tombs)
{
	*x = (struct changes){.slots = slots, .tombs = tombs, .cursor = CHANGES_NONE, .listed = empty_list};
	for (int age = 0; age < CKPT_AGE_CLASS_COUNT; age++)
		x->young[age] = empty_list;
	x->entries = calloc((size_t)slots + tombs, sizeof *x->entries);
	return x->entries != NULL ? ERR_OK : ERR_SYSTEM;
}

void
changes_fini(struct changes *x)
{
	free(x->entries);
	x->entries = NULL;
}

/* Was @c listed, or young, when everything was forgotten? */
static bool
is_forgotten(const struct changes *x, const struct change *c)
{
	if (c->place == CHANGES_LISTED)
		return c->seq <= x->forgotten;
	return c->place == CHANGES_YOUNG && c->full_seq != x->forgets;
}

/* Is @c listed and held by the peer? It leaves the list with a slice to come. */
static bool
is_acked(const struct changes *x, const struct change *c)
{
	return c->place == CHANGES_LISTED && c->seq <= x->acked;
}

/* The entry as it is now: one that was forgotten is blank, one that was acknowledged has nothing to say. */
static struct change *
entry_at(struct changes *x, uint32_t entry)
{
	struct change *c = &x->entries[entry];
	bool is_gone = is_forgotten(x, c);

	if (is_gone || is_acked(x, c))
		c->pending = c->unacked = 0;
	if (is_gone)
		c->place = CHANGES_UNLISTED;
	return c;
}

static void
list_append(struct changes *x, struct changes_list *list, uint32_t entry)
{
	struct change *c = &x->entries[entry];

	c->before = list->last;
	c->after = CHANGES_NONE;
	if (list->last == CHANGES_NONE)
		list->first = entry;
	else
		x->entries[list->last].after = entry;
	list->last = entry;
	list->count++;
}

static void
list_remove(struct changes *x, struct changes_list *list, uint32_t entry)
{
	struct change *c = &x->entries[entry];

	if (c->before == CHANGES_NONE)
		list->first = c->after;
	else
		x->entries[c->before].after = c->after;
	if (c->after == CHANGES_NONE)
		list->last = c->before;
	else
		x->entries[c->after].before = c->before;
	list->count--;
}

/* Takes @entry out of wherever it is; what it had to say is still in its masks. */
static void
unlist(struct changes *x, uint32_t entry)
{
	struct change *c = entry_at(x, entry);

	if (c->place == CHANGES_LISTED) {
		if (x->cursor == entry)
			x->cursor = c->after;
		list_remove(x, &x->listed, entry);
	} else if (c->place == CHANGES_YOUNG) {
		list_remove(x, &x->young[c->age], entry);
	}
	c->place = CHANGES_UNLISTED;
}

static void
enlist(struct changes *x, uint32_t entry)
{
	struct change *c = &x->entries[entry];

	c->seq = ++x->seq;
	c->place = CHANGES_LISTED;
	list_append(x, &x->listed, entry);
	x->made++;
	if (x->listed.count > x->peak)
		x->peak = x->listed.count;
	if (x->cursor == CHANGES_NONE)
		x->cursor = entry;
}

/* Nothing of @entry is to be sent or acknowledged any more. */
static void
settle(struct changes *x, uint32_t entry)
{
	unlist(x, entry);
	x->entries[entry].pending = 0;
	x->entries[entry].unacked = 0;
}

void
changes_touch(struct changes *x, uint32_t entry, uint32_t groups)
{
	struct change *c = entry_at(x, entry);

	if (c->place == CHANGES_YOUNG)
		return;
	x->merged += c->place == CHANGES_LISTED && c->pending != 0;
	unlist(x, entry);
	c->pending |= (uint16_t)groups;
	enlist(x, entry);
}

void
changes_make_young(struct changes *x, enum ckpt_age_class age, uint32_t slot, uint64_t now_ms)
{
	struct change *c = &x->entries[slot];

	settle(x, slot);
	c->seq = now_ms;
	c->full_seq = x->forgets;
	c->place = CHANGES_YOUNG;
	c->age = (uint8_t)age;
	list_append(x, &x->young[age], slot);
}

uint32_t
changes_admit(struct changes *x, enum ckpt_age_class age, uint64_t until_ms, uint32_t max)
{
	const struct changes_list *young = &x->young[age];
	uint32_t n = 0;

	while (n < max && young->first != CHANGES_NONE && x->entries[young->first].seq <= until_ms) {
		uint32_t slot = young->first;

		unlist(x, slot);
		changes_touch(x, slot, CKPT_GROUP_FULL);
		n++;
	}
	return n;
}

uint32_t
changes_young_count(const struct changes *x)
{
	uint32_t n = 0;

	for (int age = 0; age < CKPT_AGE_CLASS_COUNT; age++)
		n += x->young[age].count;
	return n;
}

uint32_t
changes_first_from(const struct changes *x, unsigned list)
{
	if (list == 0 && x->listed.first != CHANGES_NONE)
		return x->listed.first;
	for (unsigned age = list > 0 ? list - 1 : 0; age < CKPT_AGE_CLASS_COUNT; age++)
		if (x->young[age].first != CHANGES_NONE)
			return x->young[age].first;
	return CHANGES_NONE;
}

uint32_t
changes_next(const struct changes *x, uint32_t entry)
{
	const struct change *c = &x->entries[entry];

	if (c->after != CHANGES_NONE)
		return c->after;
	return changes_first_from(x, c->place == CHANGES_LISTED ? 1 : 2u + c->age);
}

void
changes_bury(struct changes *x, uint32_t slot, uint32_t tomb)
{
	uint32_t entry = x->slots + tomb;
	const struct change *c;

	settle(x, slot);
	c = entry_at(x, entry);
	if (c->place == CHANGES_LISTED && !is_acked(x, c))
		x->is_broken = true;
	settle(x, entry);
	changes_touch(x, entry, CKPT_GROUP_FULL);
}

void
changes_connect(struct changes *x, uint64_t held)
{
	if (held > x->acked)
		x->acked = held;
	x->cursor = CHANGES_NONE;
	changes_settle(x);
	x->cursor = x->listed.first;
	x->sent = x->acked;
	/* Stamp 0 is that of entries never sent. After 65535 connections stamps repeat: only a full sync is sure then.
	 */
	if (++x->conn == 0) {
		x->conn = 1;
		x->is_broken = true;
	}
}

uint32_t
changes_groups(const struct changes *x, uint32_t entry)
{
	const struct change *c = &x->entries[entry];

	if (is_acked(x, c))
		return 0;
	return c->conn == x->conn ? c->pending : (uint32_t)(c->pending | c->unacked);
}

void
changes_sent(struct changes *x)
{
	struct change *c = &x->entries[x->cursor];
	uint32_t groups = changes_groups(x, x->cursor);

	x->cursor = c->after;
	if (is_acked(x, c))
		return;
	if (groups & CKPT_GROUP_FULL)
		c->full_seq = (uint32_t)c->seq;
	c->unacked |= c->pending;
	c->pending = 0;
	c->conn = x->conn;
	x->sent = c->seq;
}

void
changes_ack(struct changes *x, uint64_t seq)
{
	if (seq <= x->acked || seq > x->sent)
		return;
	x->acked = seq;
	changes_settle(x);
}

bool
changes_is_settled(const struct changes *x)
{
	return x->listed.first == CHANGES_NONE || x->entries[x->listed.first].seq > x->acked;
}

void
changes_settle(struct changes *x)
{
	for (unsigned n = 0; n < CHANGES_SETTLE_SLICE && !changes_is_settled(x); n++)
		settle(x, x->listed.first);
}

void
changes_forget(struct changes *x)
{
	x->listed = empty_list;
	for (int age = 0; age < CKPT_AGE_CLASS_COUNT; age++)
		x->young[age] = empty_list;
	x->cursor = CHANGES_NONE;
	x->forgotten = x->seq;
	x->forgets++;
	x->acked = x->sent = x->seq;
	x->is_broken = false;
}

bool
changes_is_young(const struct changes *x, uint32_t entry)
{
	return x->entries[entry].place == CHANGES_YOUNG && !is_forgotten(x, &x->entries[entry]);
}

bool
changes_is_never_held(const struct changes *x, uint32_t entry)
{
	const struct change *c = &x->entries[entry];

	if (is_acked(x, c))
		return false;
	if (c->place == CHANGES_YOUNG || (c->pending & CKPT_GROUP_FULL))
		return c->place != CHANGES_UNLISTED;
	return (c->unacked & CKPT_GROUP_FULL) && (int32_t)((uint32_t)x->acked - c->full_seq) < 0;
}
