/*
 * srp_show.h - what `show srp info` and `show srp statistics` say.
 *
 * From a const view to a report (text or JSON); no state, no clock. Labels of the first block of `show srp info` and
 * their column are those of the reference; lines of our own follow after them.
 */
#ifndef SRP_SHOW_H
#define SRP_SHOW_H

#include "base/report.h"
#include "srp/srp_types.h"

/* srp_show_info - state of both chassis. srp_show_statistics - the counters of the link. */
void srp_show_info(const struct srp_view *v, struct report *r);
void srp_show_statistics(const struct srp_view *v, struct report *r);

#endif
