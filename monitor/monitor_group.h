/*
 * monitor_group.h - what a chassis watches, the state of each object, and whether a kind of monitor has failed.
 *
 * Pure: configuration and states come in, changes of a kind's verdict go out. It probes nothing (a probe tells states
 * through monitor_set_state), keeps no time of its own and knows no guard periods (guard_timer.h judges what comes
 * out here). Caller: monitor_link.c.
 *
 * When a kind has failed; an object that is Initializing never counts as down
 *  - AAA: every configured server is down. Only an active chassis probes: elsewhere all servers are Initializing.
 *  - BGP: all peers of a context without groups are down, or all peers of any one group of a context. Both address
 *    families count alike. A peer without a group in a context that has groups decides nothing.
 *  - Diameter: all peers of an endpoint are down, or a peer that is configured by its name.
 *  - BFD to routers: all sessions of a context are down. BFD between the chassis, HSRP: all sessions are down.
 *
 * Source: interchassis session recovery chapter, "AAA Monitor" and "Configuring the SRP Context for BGP"; what is said
 * of Diameter, BFD and HSRP is our choice.
 */
#ifndef MONITOR_MONITOR_GROUP_H
#define MONITOR_MONITOR_GROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

enum {
	MONITORS_MAX = 256,        /* lines of configuration */
	MONITOR_OBJECTS_MAX = 512, /* with the peers of Diameter endpoints that a probe names */
	MONITOR_CAUSE_MAX = 320,
	MONITOR_NAME_MAX = 79,
	MONITOR_REALM_MAX = 127,
};

enum monitor_kind {
	MONITOR_AAA,
	MONITOR_BGP,
	MONITOR_DIAMETER,
	MONITOR_BFD_ROUTER,
	MONITOR_BFD_CHASSIS,
	MONITOR_HSRP,
	MONITOR_KIND_COUNT
};

enum monitor_state { MONITOR_INITIALIZING, MONITOR_UP, MONITOR_DOWN, MONITOR_STATE_COUNT };

/* What tells one object from another. Members that a kind does not use are zero. */
struct monitor_key {
	uint8_t kind;                       /* enum monitor_kind */
	uint8_t family;                     /* HSRP: ADDR_V4, ADDR_V6 */
	uint16_t number;                    /* HSRP: the group, 0..4095 */
	struct addr address;                /* AAA, BGP, BFD */
	char context[MONITOR_NAME_MAX + 1]; /* all but HSRP */
	char name[MONITOR_NAME_MAX + 1];    /* Diameter: endpoint; HSRP: interface */
	char peer[MONITOR_NAME_MAX + 1];    /* Diameter: one peer; empty: the endpoint as a whole */
};

struct monitor_object {
	struct monitor_key key;
	uint8_t group;                     /* BGP: 1..10; 0 none */
	uint16_t port;                     /* AAA: UDP port */
	char realm[MONITOR_REALM_MAX + 1]; /* Diameter */
	bool is_member;      /* a peer of an endpoint that is watched as a whole: not a line of configuration */
	uint8_t state;       /* enum monitor_state */
	uint64_t updated_ms; /* Unix time of the last change of state, 0 none yet */
	uint32_t changes;    /* of state */
};

/* The verdict on a kind. */
struct monitor_verdict {
	bool is_failed;
	char cause[MONITOR_CAUSE_MAX]; /* which object or group, in words; empty unless failed */
};

/* A plain value in the caller's storage, about 250 KiB; members are read freely and changed by the functions below. */
struct monitor_group {
	bool is_active; /* this chassis probes AAA */
	uint32_t count;
	struct monitor_object objects[MONITOR_OBJECTS_MAX]; /* in the order of configuration, members last */
	struct monitor_verdict verdicts[MONITOR_KIND_COUNT];
};

/* Kinds whose verdict has changed; the verdict itself is in the group. */
struct monitor_out {
	uint8_t count; /* 0..MONITOR_KIND_COUNT */
	uint8_t kinds[MONITOR_KIND_COUNT];
};

/* monitor_group_init - nothing is watched, this chassis is not active. */
void monitor_group_init(struct monitor_group *g);

/*
 * monitor_configure - @count objects (at most MONITORS_MAX) are watched from now on.
 *
 * @objects  borrowed; key, group, port and realm are read. Of two with the same key the first counts.
 * @out      receives the kinds whose verdict has changed
 *
 * An object that was watched before keeps its state, also when its group or port has changed. ERR_RANGE when there are
 * too many or a kind or group is out of bounds: nothing is changed then.
 */
enum err monitor_configure(struct monitor_group *g, const struct monitor_object *objects, size_t count,
                           struct monitor_out *out);

/*
 * monitor_set_state - what a probe found out about the object @key.
 *
 * @now_ms  Unix time
 * @out     receives the kinds whose verdict has changed
 *
 * A Diameter peer counts for its own line and, when its endpoint is watched as a whole, as a member of that, which it
 * becomes by the first call. An endpoint as a whole has the state of its members; it is not set itself.
 * ERR_NOT_FOUND: nothing of that key is watched; ERR_REFUSED: AAA while this chassis does not probe, or an endpoint as
 * a whole; ERR_FULL: no room for another member; ERR_RANGE: no such state. Nothing is changed then.
 */
enum err monitor_set_state(struct monitor_group *g, const struct monitor_key *key, enum monitor_state state,
                           uint64_t now_ms, struct monitor_out *out);

/* monitor_forget_peer - the Diameter peer @key has left its endpoint's configuration. ERR_NOT_FOUND: it is no member.
 */
enum err monitor_forget_peer(struct monitor_group *g, const struct monitor_key *key, uint64_t now_ms,
                             struct monitor_out *out);

/*
 * monitor_set_active - does this chassis probe AAA servers? Going inactive makes all of them Initializing, which ends a
 * failure of AAA. @now_ms as above.
 */
void monitor_set_active(struct monitor_group *g, bool is_active, uint64_t now_ms, struct monitor_out *out);

/* monitor_find - the line @key, else the member of that key; NULL: neither. Dies at the next change. */
const struct monitor_object *monitor_find(const struct monitor_group *g, const struct monitor_key *key);

/* monitor_kind_text - "AAA", "BGP", "Diameter", "BFD router", "BFD chassis", "HSRP"; "?" outside. */
const char *monitor_kind_text(uint8_t kind);

/* monitor_state_text - "Initializing", "Up", "Down"; "?" outside. */
const char *monitor_state_text(uint8_t state);

/* monitor_key_text - an object in words into @buf of @cap bytes, "BGP peer 10.1.1.1 of context isp"; returns @buf. */
const char *monitor_key_text(const struct monitor_key *key, char *buf, size_t cap);

#endif
