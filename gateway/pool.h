/*
 * pool.h - one session manager's share of an IPv4 address pool.
 *
 * Address number h of a pool (network + h) belongs to session manager instance 1 + h % count, so the
 * shares are disjoint, complete, and the same on both chassis without a word between them. The network
 * and the broadcast address are never given out. State is a bitmap and a cursor that goes round: a
 * released address rests until the cursor comes back. Not a lease database: the calls own the addresses,
 * the bitmap follows them.
 */
#ifndef GATEWAY_POOL_H
#define GATEWAY_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct pool;

/*
 * pool_new - an empty share.
 *
 * @network     host order, host bits 0
 * @prefix_len  GATEWAY_PREFIX_MIN..GATEWAY_PREFIX_MAX
 * @instance    1..@count
 * @count       session managers, 1..GATEWAY_SESSMGRS_MAX
 *
 * Returns NULL when an argument is out of range or memory is missing. Allocates (prefix /8: 2 MiB / count).
 */
struct pool *pool_new(uint32_t network, uint8_t prefix_len, unsigned instance, unsigned count);
void pool_free(struct pool *p);

/* pool_alloc - the next free address of the share in host order; ERR_FULL when all are in use. */
enum err pool_alloc(struct pool *p, uint32_t *address);

/*
 * pool_take - mark one given address used, for a restored or replicated call.
 * ERR_RANGE: not an address of this share; ERR_EXISTS: in use already. Nothing changes then.
 */
enum err pool_take(struct pool *p, uint32_t address);

/* pool_give - the address is free again. ERR_RANGE: not of this share; ERR_NOT_FOUND: it was free. */
enum err pool_give(struct pool *p, uint32_t address);

/*
 * pool_become - @p gets the used addresses of @truth, a share of the same pool; where the next search begins stays.
 * Returns how many addresses are free now that were not.
 */
uint32_t pool_become(struct pool *p, const struct pool *truth);

/* pool_join - the used addresses of @more, a share of the same pool, are used in @p as well. */
void pool_join(struct pool *p, const struct pool *more);

/*
 * pool_leap - the next search begins in the middle of the longest run of free addresses. For a share that has followed
 * another chassis and now gives out itself: what that one gave out last, and this one never heard of, lies behind the
 * addresses in use and rests as long as possible.
 */
void pool_leap(struct pool *p);

/* pool_has - does the share contain @address (used or not)? */
bool pool_has(const struct pool *p, uint32_t address);

bool pool_is_used(const struct pool *p, uint32_t address);
uint32_t pool_size(const struct pool *p); /* addresses of the share that can be given out */
uint32_t pool_used(const struct pool *p);

#endif
