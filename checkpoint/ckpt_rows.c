/*
 * ckpt_rows.c - the kinds of checkpoints of this release, and the names by which frames are refused.
 * Source: the product's micro-checkpoint appendix; macro-checkpoints have no number there.
 */
#include "checkpoint/ckpt.h"

/* clang-format off */
const struct ckpt_micro_row ckpt_micro_rows[CKPT_ROW_COUNT] = {
    /* kind, group, name, category, trigger, interval, accounting, within */
    {CKPT_KIND_GGSN_UPDATE_SESSION, CKPT_GROUP_SESSION, "GGSN_UPDATE_SESSION", "GGSN", "update of a context", 0, false, 0},
    {CKPT_KIND_GGSN_UPDATE_STATS, CKPT_GROUP_STATS, "GGSN_UPDATE_STATS", "GGSN", "data counters changed", 0, true, 0},
    {CKPT_KIND_UPDATE_IDLESECS, CKPT_GROUP_IDLE, "UPDATE_IDLESECS", "Uncategorized", "activity of a call", 0, false, CKPT_GROUP_SESSION | CKPT_GROUP_STATS | CKPT_GROUP_ACCOUNTING},
    {CKPT_KIND_UPDATE_CLPSTATS, CKPT_GROUP_ACCOUNTING, "UPDATE_CLPSTATS", "Uncategorized", "repeats; switchover", CKPT_ACCOUNTING_MS, true, 0},
    [CKPT_ROW_INVALIDATE] = {CKPT_KIND_INVALIDATE_CRR, 0, "INVALIDATE_CRR", "Uncategorized", "end of a call", 0, false, 0},
    [CKPT_ROW_FULL] = {CKPT_KIND_FULL, CKPT_GROUP_FULL, "FULL_CHECKPOINT", "Macro", "new call, sync, NACK", 0, true, 0},
};
/* clang-format on */

const char *const ckpt_refusals[CKPT_REFUSALS] = {
    "magic",    "version",      "length",        "frame crc",     "before OPEN",  "unexpected",
    "instance", "chassis-id",   "compressions",  "missing field", "no sync runs", "seq",
    "batch",    "batch header", "number",        "through",       "codec",        "raw bytes",
    "crc32c",   "count",        "record length", "record seq",    "record teid",  "record contents",
};
