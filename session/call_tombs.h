/*
 * call_tombs.h - the tombstones of one session manager: a ring of the last CALL_TOMBS released calls, found by TEID.
 * Only call_table.c uses it.
 */
#ifndef SESSION_CALL_TOMBS_H
#define SESSION_CALL_TOMBS_H

#include "session/call_table.h"

struct call_tombs;

struct call_tombs *call_tombs_new(void);
void call_tombs_free(struct call_tombs *t);

/* call_tombs_add - keep a copy of @tomb over the oldest one; returns its number, 0..CALL_TOMBS-1. */
uint32_t call_tombs_add(struct call_tombs *t, const struct tombstone *tomb);

/* call_tombs_find - the latest one of @teid, borrowed, or NULL. */
const struct tombstone *call_tombs_find(const struct call_tombs *t, uint32_t teid);

/* call_tombs_get - by number; NULL when that place was never used. */
const struct tombstone *call_tombs_get(const struct call_tombs *t, uint32_t number);

/* call_tombs_oldest - the number that the next one takes. */
uint32_t call_tombs_oldest(const struct call_tombs *t);

#endif
