/* call_ckpt.c - the call table behind struct ckpt_ops. */
#include "session/call_ckpt.h"

#include "session/call_rows.h"

static enum err
read_full(void *arg, uint32_t slot, uint32_t *teid, struct wbuf *out)
{
	return call_table_full(arg, slot, teid, out);
}

static enum err
read_micro(void *arg, uint32_t slot, uint32_t group, uint32_t *teid, struct wbuf *out)
{
	return call_table_cut(arg, slot, group, teid, out);
}

static enum err
read_tomb(void *arg, uint32_t tomb, uint32_t *teid, struct wbuf *out)
{
	struct tombstone t;
	enum err e = call_table_tomb(arg, tomb, &t);

	if (e != ERR_OK)
		return e;
	*teid = t.teid;
	return rows_encode(&tombstone_format, &t, CKPT_GROUP_FULL, out);
}

static uint32_t
oldest_tomb(void *arg)
{
	return call_table_oldest_tomb(arg);
}

static enum err
decode_tomb(const uint8_t *p, size_t n, struct tombstone *out, const char **field)
{
	struct rows_verdict v;
	struct rbuf in;
	enum err e;

	*out = (struct tombstone){0};
	rbuf_init(&in, p, n);
	e = rows_decode(&tombstone_format, &in, out, CKPT_GROUP_FULL, &v);
	*field = v.field != NULL ? v.field : "record";
	return e;
}

static enum err
check_tomb(uint32_t teid, const uint8_t *p, size_t n, const char **field)
{
	struct tombstone t;
	enum err e = decode_tomb(p, n, &t, field);

	if (e == ERR_OK && t.teid != teid) {
		*field = "teid";
		return ERR_FORMAT;
	}
	return e;
}

static enum err
check(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t *token, const char **field)
{
	(void)arg;
	*token = 0;
	if (kind == CKPT_KIND_FULL)
		return call_rows_check(p, n, CKPT_GROUP_FULL, teid, token, field);
	if (kind == CKPT_KIND_INVALIDATE_CRR)
		return check_tomb(teid, p, n, field);
	*token = teid;
	return call_rows_check(p, n, ckpt_micro_group(kind), teid, token, field);
}

static enum err
apply(void *arg, uint8_t kind, uint32_t teid, const uint8_t *p, size_t n, uint64_t token)
{
	struct tombstone t;
	const char *field;
	enum err e;

	if (kind == CKPT_KIND_FULL)
		return call_table_place(arg, teid, p, n, token);
	if (kind != CKPT_KIND_INVALIDATE_CRR)
		return call_table_merge(arg, teid, p, n);
	e = decode_tomb(p, n, &t, &field);
	return e == ERR_OK ? call_table_bury(arg, &t) : e;
}

static void
expect(void *arg, const uint64_t *tokens, size_t n, enum ckpt_when when)
{
	call_table_expect(arg, tokens, n, when);
}

static void
ahead(void *arg, uint32_t slot, uint32_t groups, enum ckpt_when when)
{
	call_table_ahead(arg, slot, groups, when);
}

static void
coming(void *arg, uint32_t calls)
{
	call_table_reserve(arg, calls);
}

static bool
drop(void *arg, uint32_t slot)
{
	return call_table_drop(arg, slot);
}

static enum err
scrub(void *arg, uint32_t *slot, uint32_t max)
{
	return call_table_scrub(arg, slot, max);
}

static uint32_t
slots_used(void *arg)
{
	return call_table_slots_used(arg);
}

static uint32_t
teid_of(void *arg, uint32_t slot)
{
	return call_table_teid(arg, slot);
}

const struct ckpt_ops call_ckpt_ops = {
    .read_full = read_full,
    .read_micro = read_micro,
    .read_tomb = read_tomb,
    .oldest_tomb = oldest_tomb,
    .check = check,
    .ahead = ahead,
    .coming = coming,
    .expect = expect,
    .apply = apply,
    .drop = drop,
    .scrub = scrub,
    .slots_used = slots_used,
    .teid = teid_of,
};
