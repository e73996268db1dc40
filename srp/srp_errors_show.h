/* srp_errors_show.h - what show configuration errors says of the redundancy link. */
#ifndef SRP_SRP_ERRORS_SHOW_H
#define SRP_SRP_ERRORS_SHOW_H

#include "cli/cfg_report.h"

/*
 * srp_show_errors - the section of service-redundancy-protocol; nothing when there is none. @peer_priority is what the
 * peer said in its last hello, 0: it was not heard.
 */
void srp_show_errors(const struct cfg *cfg, struct cfg_report *r, unsigned peer_priority);

#endif
