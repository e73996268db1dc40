/* call_tombs.c - a ring with a chained hash. */
#include "session/call_tombs.h"

#include <stdlib.h>

#include "base/rng.h"

/* Links are numbers + 1, 0 ends a chain; the latest tombstone of a TEID stands first. */
struct call_tombs {
	uint32_t next;
	uint32_t heads[CALL_TOMBS];
	uint32_t chain[CALL_TOMBS];
	struct tombstone tombs[CALL_TOMBS]; /* teid 0: never used */
};

struct call_tombs *
call_tombs_new(void)
{
	return calloc(1, sizeof(struct call_tombs));
}

void
call_tombs_free(struct call_tombs *t)
{
	free(t);
}

static uint32_t *
head_of(struct call_tombs *t, uint32_t teid)
{
	return &t->heads[hash_u64(teid) % CALL_TOMBS];
}

static void
unchain(struct call_tombs *t, uint32_t number)
{
	uint32_t *link = head_of(t, t->tombs[number].teid);

	while (*link != 0 && *link != number + 1)
		link = &t->chain[*link - 1];
	if (*link != 0)
		*link = t->chain[number];
}

uint32_t
call_tombs_add(struct call_tombs *t, const struct tombstone *tomb)
{
	uint32_t number = t->next;
	uint32_t *head = head_of(t, tomb->teid);

	if (t->tombs[number].teid != 0)
		unchain(t, number);
	t->tombs[number] = *tomb;
	t->chain[number] = *head;
	*head = number + 1;
	t->next = (number + 1) % CALL_TOMBS;
	return number;
}

const struct tombstone *
call_tombs_find(const struct call_tombs *t, uint32_t teid)
{
	for (uint32_t i = t->heads[hash_u64(teid) % CALL_TOMBS]; i != 0; i = t->chain[i - 1])
		if (t->tombs[i - 1].teid == teid)
			return &t->tombs[i - 1];
	return NULL;
}

const struct tombstone *
call_tombs_get(const struct call_tombs *t, uint32_t number)
{
	return number < CALL_TOMBS && t->tombs[number].teid != 0 ? &t->tombs[number] : NULL;
}

uint32_t
call_tombs_oldest(const struct call_tombs *t)
{
	return t->next;
}
