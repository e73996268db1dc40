/*
 * ckpt_digest.h - what the records of one session manager add up to, kept while they are written: the ground of the
 * proof that two chassis hold the same calls.
 *
 * A slot has a hash of what must be the same on both sides (`now`; 0: no call) and a check of every byte that is
 * stored. Hashes are summed by bucket of DIGEST_BUCKET_SLOTS slots and as a whole, so the order of writes says nothing.
 *
 * On the active a second sum says what the standby holds once it has carried out all that was sent: a slot that was
 * written since its record was last sent is behind, and counts there with the hash it had then. A frame that carries
 * these sums is therefore compared at one and the same point of the stream, while calls go on changing.
 *
 * Hashes are made of stored bytes by the owner of the records; whoever reads them again later tells digest_checked,
 * which finds what has changed without being written. Pure; allocates only in digest_new, 32 bytes a slot that was ever
 * used. Callers: session/call_table.c writes, the link core (ckpt_proof.c) compares.
 */
#ifndef CHECKPOINT_CKPT_DIGEST_H
#define CHECKPOINT_CKPT_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

enum { DIGEST_BUCKET_SLOTS = 1024 };

/* Of a stored record, whose @same is never 0, or of a part of one. */
struct digest_hash {
	uint64_t same;  /* of the TEID and the fields both sides hold alike */
	uint32_t check; /* of every stored byte */
};

struct digest;

/* digest_new - of @slots slots (1..2^20), all empty, of a standby. NULL: no memory. */
struct digest *digest_new(uint32_t slots);
void digest_free(struct digest *d);

/* digest_buckets - how many there are: slots / DIGEST_BUCKET_SLOTS, rounded up. */
uint32_t digest_buckets(const struct digest *d);

/*
 * digest_put - the record of @slot was written; its hash is a sum, in which @part is the share of what may change by
 * itself. digest_drop - @slot is empty. Either ends its being damaged.
 */
void digest_put(struct digest *d, uint32_t slot, struct digest_hash h, struct digest_hash part);
void digest_drop(struct digest *d, uint32_t slot);

/*
 * digest_change - that part of the record of @slot was written, and its share is @part now. Says nothing about damage
 * of the rest. Nothing when there is no call.
 */
void digest_change(struct digest *d, uint32_t slot, struct digest_hash part);

/* digest_prefetch - a hint: @slot is about to be changed. */
void digest_prefetch(const struct digest *d, uint32_t slot);

/*
 * digest_set_active - to Active: the peer is taken to hold what is here now. To Standby: nothing is behind any more.
 * O(buckets) and a bit a slot.
 */
void digest_set_active(struct digest *d, bool is_active);

/* digest_sent - the peer is being given @slot as it is stored. digest_sent_gone - that there is no call in it. */
void digest_sent(struct digest *d, uint32_t slot);
void digest_sent_gone(struct digest *d, uint32_t slot);

/* digest_is_behind - on the active: what the peer was given of @slot is not what is stored. */
bool digest_is_behind(const struct digest *d, uint32_t slot);

/*
 * digest_checked - the stored record of @slot was read again and hashes to @h; NULL: it cannot be read. False when that
 * is not what was written: then @slot is damaged until it is written again.
 */
bool digest_checked(struct digest *d, uint32_t slot, const struct digest_hash *h);

/* digest_damaged_next - the first damaged slot >= @slot; false: none. digest_damaged - how many there are. */
bool digest_damaged_next(const struct digest *d, uint32_t *slot);
uint32_t digest_damaged(const struct digest *d);
bool digest_is_damaged(const struct digest *d, uint32_t slot);

/* The sums: what is stored here (a standby), or what the peer was given (an active). */
uint64_t digest_sum(const struct digest *d);
uint64_t digest_bucket(const struct digest *d, uint32_t bucket);
uint32_t digest_calls(const struct digest *d);

/* digest_of - the hash that @slot has in these sums, 0: no call. */
uint64_t digest_of(const struct digest *d, uint32_t slot);

#endif
