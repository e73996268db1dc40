/* monitor_group.c - objects, their sets, and the verdict on each kind. */
#include "monitor/monitor_group.h"

#include <stdio.h>
#include <string.h>

enum { GROUP_MAX = 10 };

const char *
monitor_kind_text(uint8_t kind)
{
	static const char *const names[MONITOR_KIND_COUNT] = {"AAA",        "BGP",         "Diameter",
	                                                      "BFD router", "BFD chassis", "HSRP"};

	return kind < MONITOR_KIND_COUNT ? names[kind] : "?";
}

const char *
monitor_state_text(uint8_t state)
{
	static const char *const names[MONITOR_STATE_COUNT] = {"Initializing", "Up", "Down"};

	return state < MONITOR_STATE_COUNT ? names[state] : "?";
}

const char *
monitor_key_text(const struct monitor_key *key, char *buf, size_t cap)
{
	char address[ADDR_TEXT_MAX];

	addr_text(&key->address, address);
	switch (key->kind) {
	case MONITOR_AAA:
		snprintf(buf, cap, "AAA server %s of context %s", address, key->context);
		break;
	case MONITOR_BGP:
		snprintf(buf, cap, "BGP peer %s of context %s", address, key->context);
		break;
	case MONITOR_DIAMETER:
		if (key->peer[0] != '\0')
			snprintf(buf, cap, "Diameter peer %s of endpoint %s of context %s", key->peer, key->name,
			         key->context);
		else
			snprintf(buf, cap, "Diameter endpoint %s of context %s", key->name, key->context);
		break;
	case MONITOR_HSRP:
		snprintf(buf, cap, "HSRP group %u of %s on interface %s", key->number,
		         key->family == ADDR_V6 ? "IPv6" : "IPv4", key->name);
		break;
	default:
		snprintf(buf, cap, "BFD session to %s of context %s", address, key->context);
	}
	return buf;
}

static bool
key_equal(const struct monitor_key *a, const struct monitor_key *b)
{
	return a->kind == b->kind && a->family == b->family && a->number == b->number &&
	       addr_equal(&a->address, &b->address) && strcmp(a->context, b->context) == 0 &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->peer, b->peer) == 0;
}

/* Its place among the objects, or count. */
static uint32_t
place_of(const struct monitor_group *g, const struct monitor_key *key, bool is_member)
{
	uint32_t i = 0;

	while (i < g->count && !(g->objects[i].is_member == is_member && key_equal(&g->objects[i].key, key)))
		i++;
	return i;
}

static struct monitor_object *
find(struct monitor_group *g, const struct monitor_key *key, bool is_member)
{
	uint32_t i = place_of(g, key, is_member);

	return i < g->count ? &g->objects[i] : NULL;
}

const struct monitor_object *
monitor_find(const struct monitor_group *g, const struct monitor_key *key)
{
	uint32_t i = place_of(g, key, false);

	if (i == g->count)
		i = place_of(g, key, true);
	return i < g->count ? &g->objects[i] : NULL;
}

/* The endpoint of the Diameter peer @key as a whole, or NULL when it is not watched. */
static struct monitor_object *
find_endpoint(struct monitor_group *g, const struct monitor_key *key)
{
	struct monitor_key whole = *key;

	if (key->kind != MONITOR_DIAMETER || key->peer[0] == '\0')
		return NULL;
	whole.peer[0] = '\0';
	return find(g, &whole, false);
}

static void
set_state(struct monitor_object *o, enum monitor_state state, uint64_t now_ms)
{
	if (o->state == state)
		return;
	o->state = (uint8_t)state;
	o->updated_ms = now_ms;
	o->changes++;
}

/* --- sets: objects that fail together -------------------------------------------------------------------------- */

static bool
is_endpoint(const struct monitor_object *o)
{
	return o->key.kind == MONITOR_DIAMETER && o->key.peer[0] == '\0';
}

static bool
is_peer_of(const struct monitor_object *o, const struct monitor_object *endpoint)
{
	return o->is_member && strcmp(o->key.context, endpoint->key.context) == 0 &&
	       strcmp(o->key.name, endpoint->key.name) == 0;
}

static bool
has_groups(const struct monitor_group *g, const char *context)
{
	for (uint32_t i = 0; i < g->count; i++)
		if (g->objects[i].key.kind == MONITOR_BGP && g->objects[i].group != 0 &&
		    strcmp(g->objects[i].key.context, context) == 0)
			return true;
	return false;
}

/* Do @a and @b, lines of one kind, fail only together? */
static bool
is_one_set(const struct monitor_object *a, const struct monitor_object *b)
{
	if (a->key.kind != b->key.kind || a->is_member || b->is_member)
		return false;
	switch (a->key.kind) {
	case MONITOR_BGP:
	case MONITOR_BFD_ROUTER:
		return a->group == b->group && strcmp(a->key.context, b->key.context) == 0;
	case MONITOR_DIAMETER:
		return a == b;
	default:
		return true;
	}
}

/* Is every object of @first's set down? @n receives how many they are. */
static bool
is_set_down(const struct monitor_group *g, const struct monitor_object *first, unsigned *n)
{
	*n = 0;
	for (uint32_t i = 0; i < g->count; i++) {
		const struct monitor_object *o = &g->objects[i];

		if (!is_one_set(first, o))
			continue;
		if (o->state != MONITOR_DOWN)
			return false;
		++*n;
	}
	return true;
}

static void
cause_text(const struct monitor_group *g, const struct monitor_object *o, unsigned n, char *buf, size_t cap)
{
	char one[MONITOR_CAUSE_MAX - 32];
	unsigned peers = 0;

	if (is_endpoint(o)) {
		for (uint32_t i = 0; i < g->count; i++)
			peers += is_peer_of(&g->objects[i], o);
		if (peers == 1)
			snprintf(buf, cap, "the only peer of endpoint %s of context %s is down", o->key.name,
			         o->key.context);
		else
			snprintf(buf, cap, "all %u peers of endpoint %s of context %s are down", peers, o->key.name,
			         o->key.context);
	} else if (n == 1) {
		snprintf(buf, cap, "%s is down", monitor_key_text(&o->key, one, sizeof one));
	} else if (o->key.kind == MONITOR_BGP && o->group != 0) {
		snprintf(buf, cap, "all %u BGP peers of group %u of context %s are down", n, o->group, o->key.context);
	} else if (o->key.kind == MONITOR_BGP || o->key.kind == MONITOR_BFD_ROUTER) {
		snprintf(buf, cap, "all %u %s of context %s are down", n,
		         o->key.kind == MONITOR_BGP ? "BGP peers" : "BFD sessions", o->key.context);
	} else if (o->key.kind == MONITOR_AAA) {
		snprintf(buf, cap, "none of %u AAA servers answers", n);
	} else {
		snprintf(buf, cap, "all %u are down", n);
	}
}

static void
judge_kind(struct monitor_group *g, uint8_t kind, struct monitor_verdict *v)
{
	unsigned n;

	*v = (struct monitor_verdict){0};
	for (uint32_t i = 0; i < g->count && !v->is_failed; i++) {
		const struct monitor_object *o = &g->objects[i];

		if (o->key.kind != kind || o->is_member || o->state != MONITOR_DOWN)
			continue;
		if (kind == MONITOR_BGP && o->group == 0 && has_groups(g, o->key.context))
			continue;
		if (!is_set_down(g, o, &n))
			continue;
		v->is_failed = true;
		cause_text(g, o, n, v->cause, sizeof v->cause);
	}
}

static void
judge(struct monitor_group *g, struct monitor_out *out)
{
	out->count = 0;
	for (uint8_t kind = 0; kind < MONITOR_KIND_COUNT; kind++) {
		bool was_failed = g->verdicts[kind].is_failed;

		judge_kind(g, kind, &g->verdicts[kind]);
		if (g->verdicts[kind].is_failed != was_failed)
			out->kinds[out->count++] = kind;
	}
}

/* An endpoint as a whole: Down when all its peers are, Up when one is. */
static void
follow_members(struct monitor_group *g, struct monitor_object *endpoint, uint64_t now_ms)
{
	unsigned peers = 0, down = 0, up = 0;
	enum monitor_state state = MONITOR_INITIALIZING;

	for (uint32_t i = 0; i < g->count; i++) {
		const struct monitor_object *o = &g->objects[i];

		if (!is_peer_of(o, endpoint))
			continue;
		peers++;
		up += o->state == MONITOR_UP;
		down += o->state == MONITOR_DOWN;
	}
	if (up > 0)
		state = MONITOR_UP;
	else if (peers > 0 && down == peers)
		state = MONITOR_DOWN;
	set_state(endpoint, state, now_ms);
}

/* --- configuration ------------------------------------------------------------------------------------------- */

void
monitor_group_init(struct monitor_group *g)
{
	memset(g, 0, sizeof *g);
}

static bool
is_usable(const struct monitor_object *objects, size_t count)
{
	if (count > MONITORS_MAX)
		return false;
	for (size_t i = 0; i < count; i++)
		if (objects[i].key.kind >= MONITOR_KIND_COUNT || objects[i].group > GROUP_MAX)
			return false;
	return true;
}

static bool
is_among(const struct monitor_object *objects, size_t count, const struct monitor_key *key)
{
	for (size_t i = 0; i < count; i++)
		if (key_equal(&objects[i].key, key))
			return true;
	return false;
}

static void
remove_at(struct monitor_group *g, uint32_t i)
{
	memmove(&g->objects[i], &g->objects[i + 1], (--g->count - i) * sizeof g->objects[0]);
}

/* What is no longer watched goes; a member goes with its endpoint. */
static void
drop_absent(struct monitor_group *g, const struct monitor_object *objects, size_t count)
{
	for (uint32_t i = g->count; i-- > 0;) {
		struct monitor_key key = g->objects[i].key;

		if (g->objects[i].is_member)
			key.peer[0] = '\0';
		if (!is_among(objects, count, &key))
			remove_at(g, i);
	}
}

static void
insert_at(struct monitor_group *g, uint32_t i, const struct monitor_object *o)
{
	memmove(&g->objects[i + 1], &g->objects[i], (g->count++ - i) * sizeof g->objects[0]);
	g->objects[i] = *o;
}

/* The line @o at place @place: the object that was there before with its state, or a new one. */
static void
place_line(struct monitor_group *g, const struct monitor_object *o, uint32_t place)
{
	struct monitor_object *old = find(g, &o->key, false), kept = {.key = o->key};

	if (old != NULL) {
		kept = *old;
		remove_at(g, (uint32_t)(old - g->objects));
	}
	kept.group = o->group;
	kept.port = o->port;
	memcpy(kept.realm, o->realm, sizeof kept.realm);
	insert_at(g, place, &kept);
}

enum err
monitor_configure(struct monitor_group *g, const struct monitor_object *objects, size_t count, struct monitor_out *out)
{
	uint32_t place = 0;

	if (!is_usable(objects, count))
		return ERR_RANGE;
	drop_absent(g, objects, count);
	/* members have their own half of the room: the lines always fit */
	for (size_t i = 0; i < count; i++)
		if (!is_among(objects, i, &objects[i].key))
			place_line(g, &objects[i], place++);
	judge(g, out);
	return ERR_OK;
}

/* --- states -------------------------------------------------------------------------------------------------- */

static unsigned
members(const struct monitor_group *g)
{
	unsigned n = 0;

	for (uint32_t i = 0; i < g->count; i++)
		n += g->objects[i].is_member;
	return n;
}

/* The member @key of an endpoint that is watched as a whole, made when it is new; NULL: no room. */
static struct monitor_object *
member(struct monitor_group *g, const struct monitor_key *key)
{
	struct monitor_object *o = find(g, key, true);

	if (o != NULL || members(g) == MONITOR_OBJECTS_MAX - MONITORS_MAX)
		return o;
	o = &g->objects[g->count++];
	*o = (struct monitor_object){.key = *key, .is_member = true};
	return o;
}

enum err
monitor_set_state(struct monitor_group *g, const struct monitor_key *key, enum monitor_state state, uint64_t now_ms,
                  struct monitor_out *out)
{
	struct monitor_object *line = find(g, key, false), *endpoint = find_endpoint(g, key), *peer = NULL;

	if ((unsigned)state >= MONITOR_STATE_COUNT)
		return ERR_RANGE;
	if (line == NULL && endpoint == NULL)
		return ERR_NOT_FOUND;
	if ((key->kind == MONITOR_AAA && !g->is_active) || (line != NULL && is_endpoint(line)))
		return ERR_REFUSED;
	if (endpoint != NULL && (peer = member(g, key)) == NULL)
		return ERR_FULL;
	if (line != NULL)
		set_state(line, state, now_ms);
	if (peer != NULL) {
		set_state(peer, state, now_ms);
		follow_members(g, endpoint, now_ms);
	}
	judge(g, out);
	return ERR_OK;
}

enum err
monitor_forget_peer(struct monitor_group *g, const struct monitor_key *key, uint64_t now_ms, struct monitor_out *out)
{
	struct monitor_object *peer = find(g, key, true), *endpoint = find_endpoint(g, key);

	if (peer == NULL)
		return ERR_NOT_FOUND;
	remove_at(g, (uint32_t)(peer - g->objects)); /* members are behind all lines: @endpoint stays where it is */
	follow_members(g, endpoint, now_ms);
	judge(g, out);
	return ERR_OK;
}

void
monitor_set_active(struct monitor_group *g, bool is_active, uint64_t now_ms, struct monitor_out *out)
{
	g->is_active = is_active;
	for (uint32_t i = 0; i < g->count && !is_active; i++)
		if (g->objects[i].key.kind == MONITOR_AAA)
			set_state(&g->objects[i], MONITOR_INITIALIZING, now_ms);
	judge(g, out);
}
