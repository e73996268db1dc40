/*
 * config_errors.h - what a configuration holds that does not work, section by section: show configuration errors and
 * chassisd --check.
 *
 * Callers: the command's handler, the check of a file. A plain value, stepped, so that a configuration of 100,000
 * lines holds nobody up.
 */
#ifndef CHASSIS_CONFIG_ERRORS_H
#define CHASSIS_CONFIG_ERRORS_H

#include "cli/cfg_report.h"
#include "cli/cli.h"

struct config_errors {
	struct cfg_report report;
	struct cfg_walk walk;
	uint8_t section;
	const struct srp_hello *peer; /* its last hello, for the first step; NULL: not heard, or there is none */
};

/* config_errors_init - a report of @cfg to @out; both are kept until the last step. */
void config_errors_init(struct config_errors *e, const struct cfg *cfg, struct text *out, bool is_verbose);

/* config_errors_step - ERR_OK: all is printed; ERR_SHORT: there is more; ERR_REFUSED: the configuration has changed. */
enum err config_errors_step(struct config_errors *e);

/* config_service_errors - the section of core services and RADIUS: what the pair shares must move with it. */
void config_service_errors(const struct cfg *cfg, struct cfg_report *r);

struct chassis;

/*
 * config_findings - how many errors of the running configuration concern the pair (redundancy link, services, access
 * points, pools), and the first of them in @first ("" when there is none). Not stepped: these sections are short.
 */
uint32_t config_findings(struct chassis *c, char *first, size_t cap);

/* config_show_errors - the handler of show configuration errors. */
enum cli_answer config_show_errors(struct cli_call *call);

/* config_check_file - chassisd --check: prints what is wrong with the file; 0, 1 (lines refused, or unreadable). */
int config_check_file(const char *path);

#endif
