/*
 * cfg_report.h - the frame of `show configuration errors`: sections of what is kept and does not work.
 *
 * Knows no rule of a feature: who finds something says it here. Errors come before warnings in a section. Lines
 * are the configuration's, so a secret is told in its sealed form only. Layout: the reference's sample
 * show-configuration-errors-verbose.
 */
#ifndef CLI_CFG_REPORT_H
#define CLI_CFG_REPORT_H

#include "cli/cfg.h"

/* A report in progress: a plain value. */
struct cfg_report {
	struct text *out;
	const char *title;
	uint32_t errors, warnings;         /* of this section */
	uint32_t all_errors, all_warnings; /* of the whole report */
	bool is_verbose;                   /* sections that found nothing are printed too */
	bool is_headed;
	struct text *first; /* receives the first error's words; NULL: they were put there, or nobody asks */
};

void cfg_report_init(struct cfg_report *r, struct text *out, bool is_verbose);

/* cfg_report_begin - a section; @title is borrowed until cfg_report_end. */
void cfg_report_begin(struct cfg_report *r, const char *title);
void cfg_report_end(struct cfg_report *r);

/*
 * cfg_report_error, cfg_report_warning - one finding: the place of @line and the line itself (both left out when @line
 * is NULL), then the sentence.
 */
void cfg_report_error(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void cfg_report_warning(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* cfg_report_secret - an error when @line holds a secret that this chassis cannot open (cli_hooks.opens). */
void cfg_report_secret(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line);

/* cfg_report_idle - a warning when @line, or an option in it, has no effect yet. Returns whether the whole line has
 * none. */
bool cfg_report_idle(struct cfg_report *r, const struct cfg *cfg, const struct cfg_node *line);

#endif
