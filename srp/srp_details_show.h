/* srp_details_show.h - the inside of the redundancy engine, for `show srp details`: timers, rows taken. */
#ifndef SRP_SRP_DETAILS_SHOW_H
#define SRP_SRP_DETAILS_SHOW_H

#include "base/report.h"
#include "srp/srp_types.h"

void srp_show_details(const struct srp_view *v, struct report *r);

#endif
