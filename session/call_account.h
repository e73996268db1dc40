/*
 * call_account.h - how the signalling counters of a call that the old Active sends last are joined with what the new
 * one has counted meanwhile.
 *
 * The new Active serves before the accounting flush has come. What it counts in that time is remembered beside the
 * records, so that a counter ends as the old chassis' value plus its own, whichever came first. Plain values; the
 * window has room for CALL_ACCOUNT_CALLS calls; of further ones the larger value counts, so none ever goes back.
 */
#ifndef SESSION_CALL_ACCOUNT_H
#define SESSION_CALL_ACCOUNT_H

#include "session/session_types.h"

enum { CALL_ACCOUNT_CALLS = 1024, CALL_ACCOUNT_BUCKETS = 2 * CALL_ACCOUNT_CALLS };

/* What this chassis has counted for one call since it took over. */
struct call_counted {
	uint32_t teid; /* 0: none */
	uint32_t repeats, refused;
};

struct call_account {
	struct call_counted of[CALL_ACCOUNT_BUCKETS];
	uint32_t used;
};

/* call_account_reset - a takeover: nothing is counted yet. */
void call_account_reset(struct call_account *x);

/* call_account_note - this chassis has counted one request of @teid: a repeated one, or one that was refused. */
void call_account_note(struct call_account *x, uint32_t teid, bool is_repeat);

/*
 * call_account_merge - @mine becomes what it is together with the record @p of CKPT_GROUP_ACCOUNTING from the old
 * Active. ERR_EXISTS: nothing new in it; ERR_SHORT, _RANGE, _FORMAT: no such record. @mine is unchanged then.
 */
enum err call_account_merge(const struct call_account *x, struct call *mine, const uint8_t *p, size_t n);

#endif
