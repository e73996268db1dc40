/* history_internal.h - what the files of the history share: history.c (own), history_disk.c, history_peer.c. */
#ifndef CHASSIS_HISTORY_INTERNAL_H
#define CHASSIS_HISTORY_INTERNAL_H

#include "chassis/chassis.h"

enum { HISTORY_WORDS_MAX = 512, HISTORY_PARTS_MAX = 128 };

struct batch;        /* history_disk.c */
struct history_told; /* history_show.c */

/* What belongs to an entry beside it: entries stand alone in their array, as the show functions want them. */
struct history_about {
	uint64_t chassis;
	uint64_t saved; /* the value of `changed` that is on disk */
	uint64_t told;  /* own: the value of `changed` the peer may know; 0 while it is open */
	struct srp_lost_call *names;
};

struct history_kept {
	struct srp_history_entry *entries; /* of the peer: in the order of srp_history_time */
	struct history_about *about;
	size_t count, room;
	bool is_own; /* in the order of their numbers */
	uint64_t left_out;
};

struct history {
	struct chassis *chassis;
	struct srp_history_builder builder;
	struct history_kept own, peer;
	uint64_t last_number, last_changed;
	uint64_t told;                  /* the last change of a transition that has ended: for the hello */
	char *words[HISTORY_WORDS_MAX]; /* of other releases */
	size_t word_count;
	struct srp_lost_call names[SRP_HISTORY_NAMES_MAX]; /* of the transition that is being read */

	struct batch *saving; /* on its way to the disk; NULL: none is */
	struct event *save_ev;
	char why_unsaved[160];
	struct history_told *showing; /* to operators: a list */

	/* the peer's: what it has, what came of it, the transition that is on its way */
	uint64_t peer_chassis, peer_seq, have;
	uint64_t arriving;
	uint16_t next_part, parts;
	unsigned progress, progress_heard;
	char piece[HISTORY_PARTS_MAX * SRP_PIECE_MAX];
	size_t piece_len;
};

/* history_word - @s as a text that lives as long as the history: of the tables when it is one of theirs. */
const char *history_word(void *arg, const char *s);

/* history_insert - @e at its place of time; its index, or SIZE_MAX without memory. history_find - by chassis, number
 * and beginning (after a restart that lost some, a number can come again); SIZE_MAX. */
size_t history_insert(struct history_kept *k, const struct srp_history_entry *e, uint64_t chassis);
size_t history_find(const struct history_kept *k, uint64_t chassis, uint64_t number, uint64_t wall_us);

/* history_keep_names - copies of the names @e points to become its own; without memory they are only counted. */
void history_keep_names(struct srp_history_entry *e, struct history_about *a);

/* history_changed - own entry number @at was changed: the peer and the disk will be told. */
void history_changed(struct history *h, size_t at);

/* history_show_end - at the end of the program: what is being made for operators is given up. */
void history_show_end(struct history *h);

/* history_disk_read - everything into memory. history_disk_save - the next batch of what is not on disk, unless one is
 * on its way. history_disk_end - all that is left is given to the store; nobody waits. */
enum err history_disk_read(struct history *h);
void history_disk_save(struct history *h);
void history_disk_soon(struct history *h); /* the same, when the loop comes by again */
void history_disk_end(struct history *h);
uint64_t history_disk_unsaved(const struct history *h);

#endif
