/*
 * srp_link.h - the shell of the redundancy engine: feeds it time and messages, carries its actions out.
 *
 * Owns the engine (srp.h), the connections (srp_conn_link.h), the engine's timers, the counters and the
 * transitions shown. What concerns addresses, sessions, operators and the disk goes to chassisd through
 * struct srp_link_ops. No policy here. Caller: chassisd.
 */
#ifndef SRP_SRP_LINK_H
#define SRP_SRP_LINK_H

#include <event2/event.h>

#include "base/err.h"
#include "srp/srp.h"
#include "srp/srp_clock.h"
#include "srp/srp_types.h"
#include "srp/srp_wire.h"

struct srp_link;

/* Called from within srp_link; none may call srp_link_set_config or srp_link_free. Answers come by srp_link_feed. */
struct srp_link_ops {
	void (*address_take)(void *arg, uint32_t token);
	void (*address_give)(void *arg, uint32_t token);
	void (*sessions_active)(void *arg, uint64_t epoch);
	void (*sessions_standby)(void *arg);
	void (*sessions_flush)(void *arg, uint32_t token);
	/* reserve epochs above @above on disk: *first, *count */
	enum err (*epoch_reserve)(void *arg, uint64_t above, uint64_t *first, uint64_t *count);
	void (*operator_answer)(void *arg, const struct srp_action *a);
	void (*transition)(void *arg, const struct srp_transition *t, const char *words);
	void (*alarm)(void *arg, enum srp_alarm alarm, bool is_raised);
	/* the shell's part of a hello: restart_counter, sessmgrs, sessmgrs_ready, config_digest, history_seq */
	void (*fill_hello)(void *arg, struct srp_hello *h);
	/* a hello of the peer was accepted */
	void (*heard)(void *arg, const struct srp_hello *h);
	/* session managers of this chassis whose peer connection is not Ready */
	uint32_t (*not_connected)(void *arg);
	/* lines of the configuration that differ from the peer's; 0: none, or not known. NULL: nobody compares */
	uint32_t (*config_differs)(void *arg);
	/* the inner state has changed (srp_inner_text), because of @row (srp_row_reason). NULL: nobody asks */
	void (*step)(void *arg, uint8_t from_inner, uint8_t to_inner, size_t row);
	/* a message that the engine does not eat (TRANSITION and above), from the peer. NULL: passed over */
	void (*message)(void *arg, const struct srp_msg *m);
	void (*checkpoint_socket)(void *arg, uint32_t instance, int fd);
	/* the port of the link is ours (NULL), or why not: then no checkpoint connection can come */
	void (*listening)(void *arg, const struct addr *local, const char *why);
};

/* srp_link_new - stopped. NULL: no memory. @ops and @arg borrowed for life. */
struct srp_link *srp_link_new(struct event_base *base, const struct srp_link_ops *ops, void *arg);
void srp_link_free(struct srp_link *l);

/*
 * srp_link_configure - run with @cfg between @local and @peer; the first call starts the engine, a later one with other
 * values reconfigures it. srp_link_stop - no redundancy configured (any more): the engine stops.
 */
void srp_link_configure(struct srp_link *l, const struct srp_config *cfg, const struct addr *local,
                        const struct addr *peer);
void srp_link_stop(struct srp_link *l);

/* srp_link_mark - the DSCP value (0..63) of the control connections, at once and from now on. */
void srp_link_mark(struct srp_link *l, uint8_t dscp);

/* srp_link_feed - one event for the engine (copied); may be called from within an op, it is then fed after it. */
void srp_link_feed(struct srp_link *l, const struct srp_event *ev);

/*
 * srp_link_send - send @m, whose chassis id is filled in here. ERR_NOT_FOUND: no connection; ERR_RANGE: not encodable;
 * ERR_FULL, ERR_SYSTEM: the connection is lost.
 */
enum err srp_link_send(struct srp_link *l, const struct srp_msg *m);

/* srp_link_clock - the peer's wall clock against ours, as the hellos of this run told. */
const struct srp_clock *srp_link_clock(const struct srp_link *l);

const struct srp *srp_link_engine(const struct srp_link *l);
bool srp_link_is_started(const struct srp_link *l);

/* srp_link_view - what the show commands print; context and alarms' names are the caller's. Borrowed parts die at the
 * next event. */
void srp_link_view(const struct srp_link *l, struct srp_view *v);

#endif
