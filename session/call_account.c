/* call_account.c - a small table of what was counted since the takeover, by TEID. */
#include "session/call_account.h"

#include <string.h>

#include "base/rows.h"
#include "session/call_rows.h"

void
call_account_reset(struct call_account *x)
{
	memset(x, 0, sizeof *x);
}

/* The bucket of @teid, or the empty one where it would go: there are twice as many buckets as calls. */
static uint32_t
bucket_of(const struct call_account *x, uint32_t teid)
{
	uint32_t i = teid * UINT32_C(2654435761) % CALL_ACCOUNT_BUCKETS;

	while (x->of[i].teid != 0 && x->of[i].teid != teid)
		i = (i + 1) % CALL_ACCOUNT_BUCKETS;
	return i;
}

void
call_account_note(struct call_account *x, uint32_t teid, bool is_repeat)
{
	struct call_counted *c = &x->of[bucket_of(x, teid)];

	if (c->teid == 0) {
		if (x->used == CALL_ACCOUNT_CALLS)
			return;
		c->teid = teid;
		x->used++;
	}
	if (is_repeat)
		c->repeats++;
	else
		c->refused++;
}

/* @mine without @since, which was counted here, is what the old chassis had when it last said so. */
static uint32_t
joined(uint32_t mine, uint32_t since, uint32_t theirs)
{
	uint32_t known = mine - since;

	return (theirs > known ? theirs : known) + since;
}

enum err
call_account_merge(const struct call_account *x, struct call *mine, const uint8_t *p, size_t n)
{
	const struct call_counted *since = &x->of[bucket_of(x, mine->teid)];
	struct call theirs = {0};
	struct rows_verdict v;
	uint32_t repeats, refused, active_s;
	struct rbuf in;
	enum err e;

	rbuf_init(&in, p, n);
	e = rows_decode(&call_format, &in, &theirs, CKPT_GROUP_ACCOUNTING, &v);
	if (e != ERR_OK)
		return e;
	repeats = joined(mine->repeats, since->repeats, theirs.repeats);
	refused = joined(mine->refused, since->refused, theirs.refused);
	active_s = theirs.active_s > mine->active_s ? theirs.active_s : mine->active_s;
	if (repeats == mine->repeats && refused == mine->refused && active_s == mine->active_s)
		return ERR_EXISTS;
	mine->repeats = repeats;
	mine->refused = refused;
	mine->active_s = active_s;
	mine->present |= CALL_HAS(CALL_F_REPEATS) | CALL_HAS(CALL_F_REFUSED) | CALL_HAS(CALL_F_ACTIVE_S);
	return ERR_OK;
}
