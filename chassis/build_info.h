/* build_info.h - what this program is: version, build number, commit and date, for show version and messages. */
#ifndef CHASSIS_BUILD_INFO_H
#define CHASSIS_BUILD_INFO_H

extern const char build_version[];     /* "0.1.0" */
extern const char build_commit[];      /* twelve hexadecimal digits, or "unknown" */
extern const char build_date[];        /* "Nov 21 2026 13:50:02" */
extern const char build_description[]; /* "Deployment_Build" or, with sanitizers, "NonDeployment_Build" */

#endif
