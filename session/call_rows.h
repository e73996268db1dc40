/*
 * call_rows.h - the field rows of a call and of a tombstone, and work on encoded records.
 *
 * A record is TLV8, fields in row order. Groups (enum ckpt_group) say which micro-checkpoint carries
 * a field. Checkpoints are cut out of and merged into stored records without decoding them, so fields
 * a newer release added survive on an older standby.
 *
 * The side of a record (arena.h) is made of its fields of fixed size that belong to a group which changes all the time:
 * traffic counters, last activity, accounting. Their rows stand together, so that they are one run of the record.
 */
#ifndef SESSION_CALL_ROWS_H
#define SESSION_CALL_ROWS_H

#include "base/rows.h"
#include "session/arena.h"
#include "session/session_types.h"

enum { CALL_ROWS_VERSION = 4 };

/* The presence bit of a tombstone's peer: a call that this side released by itself has none. */
#define TOMBSTONE_HAS_PEER (UINT64_C(1) << 2)

extern const struct rows_format call_format;
extern const struct rows_format tombstone_format;

/* call_rows_encode - the full record; an address of family none counts as absent. ERR_RANGE: a value breaks its bounds
 * or a member marked * is missing. */
enum err call_rows_encode(const struct call *call, struct wbuf *out);

/* call_rows_decode - a full record into @out (cleared first); the members marked * are there. ERR_SHORT, _RANGE,
 * _FORMAT. */
enum err call_rows_decode(const void *p, size_t n, struct call *out);

/*
 * call_rows_brief - the beginning of a record that was checked: TEID, IMSI, NSAPI, state, service, APN, address and
 * charging id. @out->present says which of them are there; all other members are left as they were. ERR_SHORT.
 */
enum err call_rows_brief(const void *p, size_t n, struct call *out);

/* call_rows_key - the index key of IMSI and NSAPI, never 0. */
uint64_t call_rows_key(uint64_t imsi, uint8_t imsi_digits, uint8_t nsapi);

/*
 * call_rows_check - is @p a well formed record of @groups? Nothing is stored.
 * @key    receives the index key (FULL only)
 * @teid   the TEID the frame says; a full record must carry the same (ERR_FORMAT "teid")
 * @field  names the culprit on an error
 */
enum err call_rows_check(const void *p, size_t n, uint32_t groups, uint32_t teid, uint64_t *key, const char **field);

/* call_rows_side - where the side of a record lies; of length 0: where it would. What is no record has none, or one
 * that lies inside it. */
struct arena_run call_rows_side(const void *p, size_t n);

/* call_rows_is_side - has @p fields, and none that belongs elsewhere than to the side? */
bool call_rows_is_side(const void *p, size_t n);

/* call_rows_eager - the length of the fields of a side that are not checkpointed lazily (CKPT_GROUP_ACCOUNTING): the
 * others stand behind them. Any bytes may be there: 0..@n. */
size_t call_rows_eager(const uint8_t *side, size_t n);

/* call_rows_side_groups - the groups all of whose fields belong to the side. */
uint32_t call_rows_side_groups(void);

/* call_rows_cut - append the fields of a stored record that belong to @groups. */
enum err call_rows_cut(const void *p, size_t n, uint32_t groups, struct wbuf *out);

/* call_rows_merge - append stored record @p with the fields of @micro in place of its own. ERR_FULL, ERR_SHORT. */
enum err call_rows_merge(const void *p, size_t n, const void *micro, size_t micro_n, struct wbuf *out);

#endif
