/*
 * chassis.h - the daemon of one chassis, inside: what its parts share. Private to chassis/.
 *
 *   chassis.c     life: options, start, stop
 *   tasks.c       session managers and demux: start, messages, restart
 *   redundancy.c  the engine's orders to tasks, operators, disk
 *   resources.c   what the peer is told between two hellos;  jitter.c  is the loop in time for the dead interval?
 *   sync.c        are the calls of both chassis the same? External audits
 *   post.c        what follows when it has become Active: gates, audit, accounting
 *   apply.c       running configuration -> what engine and roles get
 *   config_io.c   configuration from files and chassis.db;  config_save.c  to them
 *   generations.c the archive of the configuration, shown
 *   validation*.c the configuration held against the peer's: see validation.h
 *   history*.c    transitions of both chassis: kept, on disk, exchanged
 *   dry_run.c     srp initiate-switchover dry-run
 *   monitors.c    what the monitors are told and what they say
 *   handlers.c    commands that do something;  views.c  commands that show something
 */
#ifndef CHASSIS_CHASSIS_H
#define CHASSIS_CHASSIS_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/addr.h"
#include "base/report.h"
#include "chassis/loop_watch.h"
#include "cli/cli.h"
#include "cli/cli_link.h"
#include "gateway/address_io.h"
#include "gateway/gtp_channel.h"
#include "license/license.h"
#include "monitor/monitor_link.h"
#include "session/arena.h"
#include "session/sessmgr_ipc.h"
#include "srp/srp_history_show.h"
#include "srp/srp_link.h"
#include "srp/srp_post.h"
#include "store/secrets.h"
#include "store/store.h"
#include "task/task.h"
#include "task/turns.h"

enum { SESSMGRS_DEFAULT = 2, SESSMGRS_MAX = 64, ALARMS_MAX = 32, ALARM_TEXT_MAX = 160, EPOCH_BLOCK = 65536 };

struct chassis_options {
	const char *root;
	const char *config; /* /flash/x.cfg to load instead of the boot entry; NULL */
	const char *mac;    /* NULL: as made once */
	unsigned sessmgrs;  /* 0: as configured */
	enum address_driver driver;
	bool is_log_stderr;
	const char *license_issuer; /* PEM file of the issuer to believe; NULL: the built-in one */
};

/* One session manager as chassisd knows it. */
struct sessmgr_slot {
	struct chassis *chassis;
	unsigned instance;
	struct task task;
	int arena_fd;
	void *arena_mem;
	struct arena arena;      /* counters and records, read only here */
	struct shm_waste *waste; /* arena of a session manager that died */
	uint32_t lives;          /* how many were started */
	uint32_t slots_used;     /* the ones before this one used slots up to here */
	uint8_t peer_conn;       /* enum ckpt_conn */
	bool is_flush_awaited, is_flush_refused, is_clear_awaited;
	bool is_flush_forced; /* forced, and without a connection when it was asked: not waited for */
	bool is_audit_awaited, is_accounting_awaited;
};

struct alarm {
	bool is_raised;
	char object[32];
	char text[ALARM_TEXT_MAX];
};

/* A command of an operator that waits for tasks or for the peer. */
struct waiting {
	uint32_t id; /* 0: none waits */
	struct cli_call *call;
	uint64_t count;
};

struct post_timer {
	struct chassis *chassis;
	struct event *ev;
	uint8_t timer; /* enum srp_post_timer */
};

/* What an accounting flush brought. */
struct post_flushed {
	uint64_t calls;
	unsigned not_whole; /* session managers without an end marker */
};

/* What follows when this chassis has become Active (post.c). */
struct post {
	struct srp_post engine;
	struct srp_phase_times times; /* of the last switchover, as this chassis took part in it */
	struct post_timer timers[SRP_POST_TIMER_COUNT];
	uint32_t id; /* of the takeover: answers carry it */
	bool is_flushing, is_auditing, is_ready_awaited;
	unsigned flush_left, audit_left; /* session managers that have not answered */
	struct post_flushed flushed;
	struct sessmgr_audited audit; /* the last one, all session managers */
	uint8_t answer;               /* enum srp_post_answer, to the operator who has just asked */
};

struct chassis {
	struct chassis_options options;
	struct event_base *base;
	struct turns turns;
	int64_t started_s;
	unsigned load_refused;              /* lines of the configuration loaded at the start that were refused */
	char boot_image[STORE_URL_MAX + 1]; /* of the boot entry that was used; empty: none was */
	int64_t started_boot_s;             /* of CLOCK_BOOTTIME: uptime does not follow a clock that is set */
	bool is_root_ours;                  /* the lock on run/chassisd.pid is held */
	uint64_t incarnation;               /* of this chassisd, random, never 0 */
	struct store *store;
	struct event *store_ev;
	ino_t store_inode; /* of chassis.db as it was opened */
	struct secrets *secrets;
	struct loop_watch *watch;
	struct {
		uint8_t issuer[LICENSE_PUBLIC_BYTES];
		bool has_file; /* /flash/license.lic held a good key at the start */
		struct license file;
		struct event *ev;
		char told[ALARM_TEXT_MAX];
	} license;
	struct cli *cli;
	struct cli_link *cli_link;
	struct srp_link *srp;
	struct monitor_link *monitors;
	struct sync *sync;
	char srp_context[80];
	struct validation *validation;

	/* what the roles were told last */
	struct gateway_config gateway;
	struct event *apply_ev;
	struct addr srp_local, srp_peer;
	uint8_t dscp_session;            /* dscp-marking session, 0..63 */
	struct srp_hello resources_told; /* sessmgrs, sessmgrs_ready, calls: as the peer was told last */

	struct sessmgr_slot sessmgrs[SESSMGRS_MAX + 1]; /* 1..sessmgr_count */
	unsigned sessmgr_count;
	struct task demux;
	int demux_fd;
	struct demux_shared *demux_shared;
	bool is_demux_ready;
	struct event *demux_watch_ev; /* demux was told to take or give and has not answered */
	unsigned demux_silences;
	struct event *revive_ev; /* tasks that were given up are tried again */

	/* redundancy */
	bool is_active;         /* sessions were told to serve */
	uint64_t jitter_s;      /* when the loop was last too late for the dead interval, monotonic; 0: not of late */
	bool is_realtime;       /* the loop goes before all ordinary programs of the machine */
	bool is_standalone;     /* no service-redundancy-protocol: serves without a peer */
	struct event *alone_ev; /* standalone: the next attempt to take the addresses */
	uint64_t epoch;         /* told to the session managers */
	uint8_t gate;           /* enum srp_gate, told to demux and session managers */
	struct post post;
	uint8_t restart_counter; /* GTP, of the service address */
	bool is_address_wanted, is_giving;
	uint32_t address_token;
	uint32_t flush_token;
	unsigned flush_left;
	struct event *flush_ev; /* asks those again that could not flush */
	uint32_t next_id;
	struct waiting switchover, clear, boot;
	struct srp_event switchover_ask; /* what the operator asked for, a dry run included */
	unsigned clear_left;
	bool is_clear_cut; /* a switchover ended it before its end */
	struct alarm alarms[ALARMS_MAX];
	struct history *history;
	char busy_text[96];

	/* running configuration on its way into chassis.db */
	struct event *keep_ev;
	bool is_keeping, is_keep_again;
	struct store_generation change;  /* who changed it since, and how */
	struct store_generation keeping; /* the same of the one that is being written */
	const char *load_who;            /* while a file is loaded: on whose behalf */
	char load_what[STORE_WHAT_MAX + 1];
};

/* tasks.c */
enum err tasks_start(struct chassis *c);
void tasks_stop(struct chassis *c);
void tasks_send_config(struct chassis *c);
void tasks_send_role(struct chassis *c);
void tasks_send_peer(struct chassis *c);
void tasks_send_restart_counter(struct chassis *c);
void tasks_take_address(struct chassis *c, uint32_t token);
void tasks_give_address(struct chassis *c, uint32_t token);
void tasks_flush(struct chassis *c, uint32_t token);
/* tasks_clear - every session manager releases its calls; the command in c->clear is finished when the last is done. */
void tasks_clear(struct chassis *c, uint32_t id);
void tasks_checkpoint_socket(struct chassis *c, uint32_t instance, int fd);
uint32_t tasks_not_connected(const struct chassis *c);

/* tasks_gate - demux and session managers let in what enum srp_gate @gate says, from now on. */
void tasks_gate(struct chassis *c, uint8_t gate);
/* tasks_order - false: that session manager is not there. */
bool tasks_order(struct sessmgr_slot *s, uint8_t type, uint32_t id, const void *body, size_t len);

/* post.c */
enum err post_new(struct chassis *c);
void post_transition(struct chassis *c, uint8_t to);
void post_step(struct chassis *c, uint8_t from_inner, uint8_t to_inner);
void post_options(struct chassis *c); /* what both chassis have may have changed */
void post_message(struct chassis *c, struct sessmgr_slot *s, const struct ipc_msg *m);
void post_sessmgr_gone(struct chassis *c, struct sessmgr_slot *s);
void post_connections_changed(struct chassis *c);
uint8_t post_terminate(struct chassis *c); /* returns enum srp_post_answer */
void post_view(const struct chassis *c, struct srp_view *v);
void post_show_audit(const struct chassis *c, struct report *r);

/* sync.c: do both chassis hold the same calls? */
enum err sync_new(struct chassis *c);
void sync_free(struct chassis *c);
void sync_message(struct chassis *c, struct sessmgr_slot *s, const struct ipc_msg *m);
void sync_sessmgr_gone(struct chassis *c, struct sessmgr_slot *s);
/* sync_apply - external audits at @start_s of the day and every @period_s from then on, or only by hand. */
void sync_apply(struct chassis *c, bool is_scheduled, uint32_t start_s, uint32_t period_s);
enum cli_answer sync_run_audit(struct cli_call *call);
void sync_show_audits(struct chassis *c, struct report *r);
/* sync_to_resend - calls of session manager @instance that differ and that a critical flush sends again. */
uint32_t sync_to_resend(const struct chassis *c, unsigned instance);

/* redundancy.c */
enum err redundancy_new(struct chassis *c);
void redundancy_apply(struct chassis *c, const struct srp_config *cfg, const struct addr *local,
                      const struct addr *peer);
/* redundancy_mark - DSCP values (0..63) of the connections to the peer, those that are there included. */
void redundancy_mark(struct chassis *c, uint8_t control, uint8_t session);
void redundancy_absent(struct chassis *c); /* no service-redundancy-protocol is configured */
/* redundancy_alarms - texts of the raised alarms of the redundancy link and of monitors, borrowed; returns how many. */
size_t redundancy_alarms(const struct chassis *c, const char *texts[ALARMS_MAX]);
void redundancy_event(struct chassis *c, enum srp_event_kind kind, uint32_t token);
/* redundancy_monitor - a failure of @reason (enum srp_reason) counts from now on, or no longer. */
void redundancy_monitor(struct chassis *c, uint8_t reason, bool is_failed);
/* redundancy_reset_fail - the engine forgets what it keeps of failures of @reason; false: it kept nothing. */
bool redundancy_reset_fail(struct chassis *c, uint8_t reason);
void redundancy_taken(struct chassis *c, uint32_t token);
/* redundancy_answer_text - what an operator is told of an answer of the engine, without `Failure: `. */
void redundancy_answer_text(uint8_t answer, uint8_t refuse, uint32_t count, char *buf, size_t cap);
void redundancy_busy(struct chassis *c, uint32_t token, const char *text, size_t n);

/* resources.c: what changes between two hellos; resources_calls - calls served, or held for the peer */
enum err resources_new(struct chassis *c);
uint32_t resources_calls(const struct chassis *c);

/* jitter.c: jitter_note - how late the loop was, for the alarm; jitter_apply - the dead interval in force */
void jitter_note(void *arg, uint64_t late_us);
void jitter_apply(struct chassis *c, uint32_t dead_ms);

/* dry_run.c: would the switchover @ev switch, and what would it cost? False: it would not, the command has failed. */
bool dry_run_show(struct chassis *c, const struct srp_event *ev, struct cli_call *call);

/* history.c: transitions of both chassis, kept and exchanged */
enum err history_new(struct chassis *c); /* after the store and before the engine; ERR_SYSTEM */
void history_free(struct chassis *c);    /* what is not on disk yet is given to the store: before store_close */
void history_step(struct chassis *c, uint8_t from_inner, uint8_t to_inner, const char *words);
/* history_event - something worth telling for @reason (enum srp_reason), without a change of the state */
void history_event(struct chassis *c, uint8_t reason, const char *words);
/* history_lost_imsi - the digits of a lost call's IMSI, or "unknown". */
void history_lost_imsi(const struct sessmgr_lost *lost, char *buf, size_t cap);
void history_lost(struct chassis *c, unsigned instance, const struct sessmgr_lost *lost);
/* history_partial - a session manager took over inside a full synchronization: told with the transition. */
void history_partial(struct chassis *c, const struct sessmgr_partial *p);
/* history_phase - @phase (enum srp_phase) of the last switchover has ended after @us microseconds */
void history_phase(struct chassis *c, uint8_t phase, uint64_t us);
uint64_t history_seq(const struct chassis *c); /* for the hello */
void history_heard(struct chassis *c, const struct srp_hello *h);
void history_message(struct chassis *c, const struct srp_msg *m); /* TRANSITION, TRANSITION_ASK */
void history_view(struct chassis *c, struct srp_history_view *v); /* borrowed until the next event */
/* history_show - show srp history [verbose]: made of a copy, by a thread, and printed in slices. */
enum cli_answer history_show(struct cli_call *call);

/* monitors.c */
enum err monitors_new(struct chassis *c);
void monitors_apply(struct chassis *c, const struct cfg *cfg, const struct cfg_node *block); /* @block may be NULL */
void monitors_transition(struct chassis *c, const struct srp_transition *t);
void monitors_local_failure(struct chassis *c, const char *what);
void monitors_tell(struct chassis *c); /* the redundancy engine has just been started: what counts by now */
void monitors_report(struct chassis *c, struct report *r);
void monitors_report_all(struct chassis *c, struct report *r);
void monitors_report_diameter_debug(struct chassis *c, struct report *r);

/* apply.c */
void apply_read_gateway(const struct cfg *cfg, unsigned sessmgrs, struct gateway_config *g);
void apply_soon(struct chassis *c);
void apply_pending(struct chassis *c); /* what waits for apply_soon, at once */
void apply_now(struct chassis *c);

/* config_io.c */
/* config_read_file - the whole of a file, at most 16 MiB, as heap text; NULL and the reason. */
char *config_read_file(const char *path, size_t *len, const char **why);
void config_load_at_start(struct chassis *c);
enum cli_answer config_load_file(struct cli_call *call, const char *url);
enum err config_path(const struct chassis *c, const char *url, char *buf, size_t cap);

/* config_save.c */
enum cli_answer config_save(struct cli_call *call);
void config_changed(struct chassis *c); /* the running configuration has changed just now: by whom is noted */
void config_keep_soon(struct chassis *c);
void config_keep_now(struct chassis *c); /* at the end: what is not yet kept */

/* generations.c */
enum cli_answer generations_show(struct cli_call *call);
enum cli_answer generations_show_diff(struct cli_call *call);

/* srp_views.c: what several commands show */
void views_srp_info(struct chassis *c, struct report *r); /* this and the next: only when srp_link_is_started */
void views_srp_statistics(struct chassis *c, struct report *r);
void views_checkpoint(struct chassis *c, struct report *r);
void views_checkpoint_verbose(struct chassis *c, struct report *r);
void views_checkpoint_debug(struct chassis *c, struct report *r);
void views_checkpoint_sessmgrs(struct chassis *c, struct report *r);
void views_checkpoint_sessmgrs_debug(struct chassis *c, struct report *r);
void views_checkpoint_write_lists(struct chassis *c, struct report *r);
void views_checkpoint_ipsecmgrs(struct chassis *c, struct report *r);
void views_checkpoint_info(struct chassis *c, struct report *r);
void views_call_loss(struct chassis *c, struct report *r);
void views_proof(struct chassis *c, struct report *r);
void views_audit(struct chassis *c, struct report *r);

/* support.c */
enum cli_answer support_show(struct cli_call *call);

/* license_io.c */
bool license_open(struct chassis *c); /* false: --license-issuer cannot be read */
void license_start(struct chassis *c);
void license_check(struct chassis *c);
enum err license_hook(void *app, const char *key, uint32_t *features, struct text *why);
enum cli_answer license_run_show(struct cli_call *call);

/* validation*.c: the configuration held against the peer's */
enum err validation_new(struct chassis *c);
void validation_free(struct chassis *c);
void validation_config_changed(struct chassis *c);
void validation_heard(struct chassis *c, const struct srp_hello *h);
void validation_message(struct chassis *c, const struct srp_msg *m);
uint64_t validation_digest(const struct chassis *c);  /* for the hello; 0: not known yet */
uint32_t validation_differs(const struct chassis *c); /* lines known to differ from the peer's */
void validation_view(const struct chassis *c, struct srp_view *out);
enum cli_answer validation_run_configuration(struct cli_call *call); /* the commands srp validate-... */
enum cli_answer validation_run_switchover(struct cli_call *call);
/* validation_before_switchover - @go(c, lines that differ) when they are known, and also when they cannot be. */
void validation_before_switchover(struct chassis *c, void (*go)(struct chassis *c, uint32_t differs));
/* validation_freshen - what the peer has answered just now, in place of what it said in @h, its last hello. */
void validation_freshen(const struct chassis *c, struct srp_hello *h);
void validation_put_differences(const struct chassis *c, struct text *out); /* a screenful */

/* task_views.c: calls that a session manager serves or holds for the peer */
uint64_t sessmgr_calls(const struct sessmgr_slot *s);

/* alarms.c */
void alarm_set(struct chassis *c, const char *object, bool is_raised, const char *text);

extern const struct cli_handler chassis_handlers[], monitor_handlers[], chassis_views[], srp_views[], system_views[],
    task_views[];

/* chassis_new - everything but the loop; errors are printed as one clear sentence to stderr. */
struct chassis *chassis_new(const struct chassis_options *o);
void chassis_run(struct chassis *c);
void chassis_free(struct chassis *c);

#endif
