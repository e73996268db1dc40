/* call_services.c - a place for each service that has calls; a slot remembers the place of its call's. */
#include "session/call_services.h"

#include <assert.h>
#include <stdlib.h>

struct place {
	uint32_t id;
	uint32_t calls; /* 0: the place is free */
};

struct call_services {
	struct place places[CALL_SERVICES_MAX + 1]; /* [0] stands for none */
	uint32_t slots;
	uint8_t place_of[];
};

struct call_services *
call_services_new(uint32_t slots)
{
	struct call_services *s = calloc(1, sizeof *s + slots);

	if (s != NULL)
		s->slots = slots;
	return s;
}

void
call_services_free(struct call_services *s)
{
	free(s);
}

/* The place of service @id, or 0. */
static uint8_t
find(const struct call_services *s, uint32_t id)
{
	unsigned i = CALL_SERVICES_MAX;

	while (i > 0 && (s->places[i].calls == 0 || s->places[i].id != id))
		i--;
	return (uint8_t)i;
}

static uint8_t
find_free(const struct call_services *s)
{
	unsigned i = CALL_SERVICES_MAX;

	while (i > 0 && s->places[i].calls > 0)
		i--;
	return (uint8_t)i;
}

void
call_services_set(struct call_services *s, uint32_t slot, uint32_t id)
{
	uint8_t *held, now = 0;

	assert(slot < s->slots);
	held = &s->place_of[slot];
	if (id != 0 && *held != 0 && s->places[*held].id == id)
		return;
	if (*held != 0)
		s->places[*held].calls--;
	if (id != 0)
		now = find(s, id);
	if (id != 0 && now == 0)
		now = find_free(s);
	if (now != 0)
		s->places[now] = (struct place){.id = id, .calls = s->places[now].calls + 1};
	*held = now;
}

uint32_t
call_services_count(const struct call_services *s, uint32_t id)
{
	uint8_t at = id == 0 ? 0 : find(s, id);

	return at == 0 ? 0 : s->places[at].calls;
}
