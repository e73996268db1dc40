/* audit_time.h - when the next external audit is due. Source: interchassis session recovery chapter, "Configuring
 * Subscriber State Management Audit Process". */
#ifndef CHASSIS_AUDIT_TIME_H
#define CHASSIS_AUDIT_TIME_H

#include <stdbool.h>
#include <stdint.h>

enum { AUDIT_DAY_S = 86400 };

/*
 * audit_time_wait_s - audits are due at @start_s of each day (0..86399) and every @period_s (1..86400) after it, until
 * the next day's start. Returns the seconds (1..86400) from @now_s of the day to the next one; *is_daily: it is the
 * day's first.
 */
static inline uint32_t
audit_time_wait_s(uint32_t now_s, uint32_t start_s, uint32_t period_s, bool *is_daily)
{
	uint32_t since = (now_s + AUDIT_DAY_S - start_s) % AUDIT_DAY_S;
	uint32_t next = (since / period_s + 1) * period_s;

	*is_daily = next >= AUDIT_DAY_S;
	return (*is_daily ? AUDIT_DAY_S : next) - since;
}

#endif
