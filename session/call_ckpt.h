/* call_ckpt.h - the call table as the checkpoint link core sees it: @arg of these functions is a struct call_table. */
#ifndef SESSION_CALL_CKPT_H
#define SESSION_CALL_CKPT_H

#include "session/call_table.h"

/*
 * The parts of struct ckpt_ops that concern calls; conn_changed and flushed are NULL: a shell that wants them
 * copies the struct and wraps @arg, or reads ckpt_conn().
 */
extern const struct ckpt_ops call_ckpt_ops;

#endif
