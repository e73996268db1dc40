/*
 * ckpt_changes.h - what a standby does not have yet: one list of calls and tombstones in the order of their last
 * change, and the queue of calls still too young to be checkpointed.
 *
 * A change moves its entry to the tail under the next sequence, so that several changes between two sends travel once
 * and the list is sorted. [first, cursor) is sent and not acknowledged, [cursor, last] is not sent on this
 * connection. Acknowledged entries leave, a slice at a time, since the end of a full synchronization acknowledges
 * whatever was listed; until it has left, one counts as held. Everything is O(1) an entry, links are numbers in an
 * array made once. No bytes, no time of its own.
 *
 * Entries are numbered: 0..slots-1 the calls, slots..slots+tombs-1 the tombstones.
 */
#ifndef CHECKPOINT_CKPT_CHANGES_H
#define CHECKPOINT_CKPT_CHANGES_H

#include "checkpoint/ckpt_types.h"

#define CHANGES_NONE UINT32_MAX

enum { CHANGES_SETTLE_SLICE = 4096 }; /* acknowledged entries that leave at one time: 0.2 us each at worst */

enum changes_place { CHANGES_UNLISTED, CHANGES_LISTED, CHANGES_YOUNG };

struct change {
	uint32_t before, after;
	uint64_t seq; /* of the last change; of a young call: when it was made, ms */
	uint32_t
	    full_seq; /* low half of the sequence under which the full record was last sent; of a young call: forgets */
	uint16_t pending; /* groups changed since the last send */
	uint16_t unacked; /* groups sent since the last acknowledgement */
	uint16_t conn;    /* connection on which it was last sent */
	uint8_t place;    /* enum changes_place */
	uint8_t age;      /* of a young call: enum ckpt_age_class */
};

struct changes_list {
	uint32_t first, last, count;
};

struct changes {
	struct change *entries;
	uint32_t slots, tombs;
	uint64_t seq;   /* last change made */
	uint64_t sent;  /* everything up to here was sent on this connection */
	uint64_t acked; /* everything up to here is held by the peer */
	uint32_t cursor;
	uint64_t forgotten; /* what was listed up to here is so no more */
	uint32_t forgets;   /* and what became young when fewer were counted */
	uint16_t conn;
	bool is_broken; /* a tombstone was overwritten before it was acknowledged: only a full sync helps */
	struct changes_list listed;
	struct changes_list young[CKPT_AGE_CLASS_COUNT];
	uint64_t made, merged; /* changes; those that joined one that was not sent yet */
	uint32_t peak;         /* the longest the list has been */
};

enum err changes_init(struct changes *x, uint32_t slots, uint32_t tombs);
void changes_fini(struct changes *x);

/* changes_touch - @groups of @entry changed. A young call stays young. */
void changes_touch(struct changes *x, uint32_t entry, uint32_t groups);

/* changes_make_young - a new call enters the queue of the young ones of its class. */
void changes_make_young(struct changes *x, enum ckpt_age_class age, uint32_t slot, uint64_t now_ms);

/* changes_admit - young calls of @age made at or before @until_ms enter the list, @max at most; returns how many. */
uint32_t changes_admit(struct changes *x, enum ckpt_age_class age, uint64_t until_ms, uint32_t max);

/* changes_young_count - young calls of all classes. */
uint32_t changes_young_count(const struct changes *x);

/*
 * changes_first_from, changes_next - walk everything: the list, then the young calls, class by class. CHANGES_NONE at
 * the end. changes_first_from: the first entry of the lists from number @list on, 0 the list, 1 + class the young ones.
 */
uint32_t changes_first_from(const struct changes *x, unsigned list);
uint32_t changes_next(const struct changes *x, uint32_t entry);

/* changes_bury - the call in @slot is gone, tombstone @tomb took its place. */
void changes_bury(struct changes *x, uint32_t slot, uint32_t tomb);

/*
 * changes_connect - a standby that holds everything up to @held is there: from now on what is later counts as unsent.
 * Settles a slice.
 */
void changes_connect(struct changes *x, uint64_t held);

/* changes_groups - what of @entry must be sent on this connection; 0 when nothing must. */
uint32_t changes_groups(const struct changes *x, uint32_t entry);

/* changes_sent - the entry at the cursor was sent (or is covered by a running full sync), or is held anyway. */
void changes_sent(struct changes *x);

/* changes_ack - the peer holds everything up to @seq, which was sent. Settles a slice. */
void changes_ack(struct changes *x, uint64_t seq);

/* changes_settle - a slice of the acknowledged entries leaves the list. changes_is_settled - none is left in it. */
void changes_settle(struct changes *x);
bool changes_is_settled(const struct changes *x);

/* changes_forget - nothing is listed or young any more; sequences go on. O(1): an entry is blanked when next touched.
 */
void changes_forget(struct changes *x);

/* changes_is_young - the call in slot @entry waits to be old enough. */
bool changes_is_young(const struct changes *x, uint32_t entry);

/* changes_is_never_held - the peer acknowledged no full record of @entry. */
bool changes_is_never_held(const struct changes *x, uint32_t entry);

#endif
