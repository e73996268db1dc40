/*
 * store.h - what a chassis keeps over a restart: chassis.db (SQLite, WAL, synchronous=FULL).
 *
 * Identity (chassis id, MAC), the reserved epochs, the GTP restart counter, boot entries, the generations of the
 * configuration, the transitions of both chassis and the external audits of this one. Everything small is read once by
 * store_open and then answered from memory, so no show command and no lookup waits for the disk. Writes after the start
 * are done by one writer thread with its own connection; their completions run on the loop thread: watch store_fd for
 * reading and call store_run_done. A write keeps the old or the new, whenever the process is killed. All functions are
 * called by one thread, the loop's. It knows no libevent and no feature: it stores what it is told.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/text.h"

enum {
	STORE_BOOT_MAX = 10,           /* boot entries */
	STORE_BOOT_PRIORITY_MAX = 100, /* 1..100, the lowest number is tried first */
	STORE_URL_MAX = 255,           /* characters of an image or configuration URL */
	STORE_CONFIG_MAX = 16 << 20,   /* bytes of a running configuration */
	STORE_TRANSITIONS_MAX = 10000, /* transitions kept of each chassis, the youngest */
	STORE_AUDITS_MAX = 100,        /* external audits kept, the youngest */
	STORE_QUEUE_MAX = 64,          /* writes waiting for the writer thread */
	STORE_EPOCHS_MAX = 1 << 20,    /* epochs reserved at once */
	STORE_GENERATIONS_MAX = 200,   /* generations kept, the youngest */
	STORE_PACKED_MAX = 64 << 20,   /* bytes of all their compressed lines together */
	STORE_WHO_MAX = 31,            /* characters of a user's name */
	STORE_WHAT_MAX = 287,          /* characters of what was done */
};

struct store;

struct store_boot {
	uint8_t priority;               /* 1..STORE_BOOT_PRIORITY_MAX */
	char image[STORE_URL_MAX + 1];  /* at least one character */
	char config[STORE_URL_MAX + 1]; /* empty: none */
};

/* A change of a chassis' state, this one's or its peer's, that has to be remembered. */
struct store_transition {
	uint64_t chassis; /* id of the chassis whose it is */
	uint64_t number;
	int64_t at_us;    /* wall clock, microseconds since 1970 */
	const char *body; /* what there is to know, JSON */
};

/* What a write came to: ERR_OK is durable; otherwise @why says what failed and the old content stands. */
typedef void store_done_fn(void *arg, enum err e, const char *why);

/*
 * store_open - open or make @path (its folder must exist), check it, migrate it, read the small things, start the
 * writer.
 *
 * Blocks for the disk (some milliseconds, a check of the whole file included). A chassis id and a MAC (locally
 * administered, 02-...) are made the first time, from the kernel's random numbers.
 *
 * @why  on an error one clear sentence without newline
 *
 * Returns ERR_SYSTEM (cannot be opened, read or written, full disk), ERR_CORRUPT (not a sound database: it is left as
 * it is), ERR_VERSION (made by a newer release), ERR_REFUSED (another process writes it for longer than 2 s).
 */
enum err store_open(const char *path, struct store **out, struct text *why);

/* store_close - finish the queued writes, end the writer, run their completions, free. NULL is fine. */
void store_close(struct store *s);

/* store_fd - readable when completions wait; owned by the store. store_run_done - run them, bounded by the queue. */
int store_fd(const struct store *s);
void store_run_done(struct store *s);

/* store_chassis_id - a random number, made once; never 0. */
uint64_t store_chassis_id(const struct store *s);

/* store_mac - the chassis' MAC address, borrowed. */
const uint8_t *store_mac(const struct store *s);

/* store_set_mac - durable on return (blocks: for the start only). ERR_RANGE for an all-zero or group address,
 * ERR_SYSTEM. */
enum err store_set_mac(struct store *s, const uint8_t mac[MAC_LEN]);

/*
 * store_reserve_epochs - reserve @n epochs, durable before return (blocks: for the start only).
 *
 * @above  the first is greater than this one, too (an epoch of the peer, 0 when unknown)
 * @first  receives the first of @n consecutive epochs never reserved before here; at least 1
 *
 * Returns ERR_RANGE (@n not in 1..STORE_EPOCHS_MAX, or the numbers are used up), ERR_SYSTEM: nothing is reserved.
 */
enum err store_reserve_epochs(struct store *s, uint32_t n, uint64_t above, uint64_t *first);

/*
 * store_gtp_restart_next - the GTP restart counter this chassis shall use if it is the first to serve its address: one
 * more (modulo 256) than the last one used or reserved; durable before return (blocks: for the start only).
 * store_gtp_restart_adopt - the peer's value is used instead; written by the writer thread, ERR_FULL when its queue is.
 */
enum err store_gtp_restart_next(struct store *s, uint8_t *out);
enum err store_gtp_restart_adopt(struct store *s, uint8_t value);

/*
 * store_boot_count, store_boot_at - the boot entries by ascending priority; the pointer dies at the next change.
 * store_boot_set adds an entry or replaces the one of the same priority: ERR_RANGE (priority, empty or
 * unterminated image), ERR_FULL (STORE_BOOT_MAX entries, or the queue). store_boot_remove: ERR_NOT_FOUND, ERR_FULL
 * (queue).
 *
 * The list answers with the new content at once; @done (may be NULL) tells when it is durable. If the write fails,
 * memory keeps the new list until the restart, and @done says so.
 */
size_t store_boot_count(const struct store *s);
const struct store_boot *store_boot_at(const struct store *s, size_t i);
enum err store_boot_set(struct store *s, const struct store_boot *entry, store_done_fn *done, void *arg);
enum err store_boot_remove(struct store *s, uint8_t priority, store_done_fn *done, void *arg);

/*
 * A generation of the configuration: its lines after a change of the running configuration, or as they were saved to a
 * file. Numbers count up from 1. Kept are the youngest STORE_GENERATIONS_MAX whose lines fit into STORE_PACKED_MAX, and
 * in any case the last two of the running configuration. Equal lines are stored once.
 */
struct store_generation {
	int64_t number;
	int64_t at_s;          /* wall clock, seconds since 1970 */
	uint32_t lines, bytes; /* of the text */
	bool is_saved;         /* to a file; the running configuration did not change */
	char who[STORE_WHO_MAX + 1];
	char what[STORE_WHAT_MAX + 1];
};

/*
 * store_config_load - the youngest generation of the running configuration that is whole; blocks (for the start).
 *
 * @out  receives a NUL-terminated heap text, the caller frees it; @len (may be NULL) its bytes
 *
 * One whose checksum does not match is passed over and logged. Returns ERR_NOT_FOUND when none was ever kept,
 * ERR_CORRUPT when none is whole, ERR_SYSTEM.
 */
enum err store_config_load(struct store *s, char **out, size_t *len);

/*
 * store_config_take - keep @len bytes of @heap (of malloc; the store's on success, still the caller's on an error) as
 * the youngest generation: one transaction of the writer thread, which also compresses. A running configuration that
 * equals the last one makes no generation. A caller that changes often waits for @done before the next: the queue is
 * bounded. store_config_replace - the same for a copy of @config, by nobody: tests.
 *
 * @about  at_s, is_saved, who, what are copied; the rest is filled here
 *
 * Returns ERR_RANGE (longer than STORE_CONFIG_MAX), ERR_FULL (queue), ERR_SYSTEM (no memory); @done is not called then.
 */
enum err store_config_take(struct store *s, char *heap, size_t len, const struct store_generation *about,
                           store_done_fn *done, void *arg);
enum err store_config_replace(struct store *s, const char *config, size_t len, store_done_fn *done, void *arg);

/*
 * store_generation_count, store_generation_at - what is known of the durable generations, the oldest first (0);
 * pointers die when completions run. store_generation_find - by number; NULL.
 */
size_t store_generation_count(const struct store *s);
const struct store_generation *store_generation_at(const struct store *s, size_t i);
const struct store_generation *store_generation_find(const struct store *s, int64_t number);

/*
 * store_generation_read - the lines of one generation, or what @make makes of two, read by the writer thread.
 *
 * @a, @b  numbers; @b is not looked at without @make
 * @make   runs on the writer thread: pure, thread-safe; its result is heap memory. NULL: the lines of @a as they are
 * @done   called once; takes the text (heap, not NUL-terminated), NULL when @e says why not: ERR_NOT_FOUND (too old,
 * gone), ERR_CORRUPT, ERR_SYSTEM
 *
 * Returns ERR_FULL (queue) or ERR_SYSTEM (no memory); @done is not called then.
 */
typedef enum err store_make_fn(const char *a, size_t a_len, const char *b, size_t b_len, char **out, size_t *out_len);
typedef void store_text_fn(void *arg, enum err e, char *take_text, size_t len);
enum err store_generation_read(struct store *s, int64_t a, int64_t b, store_make_fn *make, store_text_fn *done,
                               void *arg);

/*
 * store_transitions_read - all transitions that are kept, the oldest first; blocks (for the start).
 *
 * @each  gets each in turn, borrowed
 *
 * Returns ERR_CORRUPT, ERR_SYSTEM.
 */
enum err store_transitions_read(struct store *s, void (*each)(void *arg, const struct store_transition *t), void *arg);

/*
 * store_transitions_write - keep @count transitions (copied), in one transaction of the writer thread; one of the same
 * chassis, number and beginning is replaced, and of each chassis the oldest beyond STORE_TRANSITIONS_MAX go.
 *
 * Returns ERR_FULL (queue) or ERR_SYSTEM (no memory): @done is not called then.
 */
enum err store_transitions_write(struct store *s, const struct store_transition *list, size_t count,
                                 store_done_fn *done, void *arg);

/* An external audit. What state, reason and result mean is the caller's; any octet may come back. */
struct store_audit {
	uint64_t number;
	uint8_t state, reason, result;
	uint64_t start_ms, sync_ms, ready_ms, took_ms; /* moments: ms since 1970 */
	uint64_t active, fresh, stale, inactive, left; /* calls */
};

/* store_audits_read - all that are kept, the oldest first; blocks (for the start). ERR_CORRUPT, ERR_SYSTEM. */
enum err store_audits_read(struct store *s, void (*each)(void *arg, const struct store_audit *a), void *arg);

/*
 * store_audit_write - keep @a; one of the same number is replaced, and the oldest beyond STORE_AUDITS_MAX go. By the
 * writer thread, which logs a failure. ERR_FULL (queue), ERR_SYSTEM (no memory).
 */
enum err store_audit_write(struct store *s, const struct store_audit *a);

#endif
