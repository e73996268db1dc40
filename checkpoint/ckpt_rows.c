/* ckpt_rows.c - the micro-checkpoints of this release. Source: the product's micro-checkpoint appendix. */
#include "checkpoint/ckpt_types.h"

const struct ckpt_micro_row ckpt_micro_rows[CKPT_MICRO_COUNT] = {
    {CKPT_KIND_GGSN_UPDATE_SESSION, CKPT_GROUP_SESSION, "GGSN_UPDATE_SESSION", "GGSN"},
    {CKPT_KIND_GGSN_UPDATE_STATS, CKPT_GROUP_STATS, "GGSN_UPDATE_STATS", "GGSN"},
    {CKPT_KIND_UPDATE_IDLESECS, CKPT_GROUP_IDLE, "UPDATE_IDLESECS", "Uncategorized"},
    {CKPT_KIND_CALL_ACCOUNTING, CKPT_GROUP_ACCOUNTING, "CALL_ACCOUNTING", "Starling"},
};
