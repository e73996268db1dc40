/* srp_errors_show.h - what show configuration errors says of the redundancy link. */
#ifndef SRP_SRP_ERRORS_SHOW_H
#define SRP_SRP_ERRORS_SHOW_H

#include "cli/cfg_report.h"

struct srp_hello;

/*
 * srp_show_errors - the section of service-redundancy-protocol; nothing when there is none. @peer is the last hello of
 * the peer, borrowed; NULL: it was not heard.
 */
void srp_show_errors(const struct cfg *cfg, struct cfg_report *r, const struct srp_hello *peer);

#endif
