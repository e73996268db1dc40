/*
 * srp_show.h - renderers of `show srp info`, `show srp statistics` and the switchover history.
 *
 * From a const view to text; no state, no clock. Labels of the first block of `show srp info` and their column are
 * those of the reference; lines of our own follow after them.
 */
#ifndef SRP_SHOW_H
#define SRP_SHOW_H

#include "base/text.h"
#include "srp/srp_types.h"

/* srp_show_info - state of both chassis. srp_show_statistics - the counters, then what srp_show_history says. */
void srp_show_info(const struct srp_view *v, struct text *out);
void srp_show_statistics(const struct srp_view *v, struct text *out);

/* srp_show_history - a heading, and the last transitions since the start, oldest first, one line each. */
void srp_show_history(const struct srp_view *v, struct text *out);

#endif
