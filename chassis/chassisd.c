/*
 * chassisd.c - the program: the daemon of one chassis, or, with --role, one of its tasks.
 *
 * Reads its options and hands over; what a chassis is lies in chassis.c, what a task is in its own main.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "chassis/build_info.h"
#include "chassis/chassis.h"
#include "chassis/config_errors.h"
#include "gateway/demux_main.h"
#include "session/sessmgr_main.h"
#include "task/priority.h"

enum {
	OPT_ROOT = 256,
	OPT_CONFIG,
	OPT_LOG,
	OPT_MAC,
	OPT_DRIVER,
	OPT_SESSMGRS,
	OPT_ISSUER,
	OPT_ROLE,
	OPT_INSTANCE,
	OPT_PARENT,
	OPT_CHECK,
	OPT_VERSION,
	OPT_HELP
};

static const struct option options[] = {
    {"root", required_argument, NULL, OPT_ROOT},
    {"config", required_argument, NULL, OPT_CONFIG},
    {"log", required_argument, NULL, OPT_LOG},
    {"mac", required_argument, NULL, OPT_MAC},
    {"address-driver", required_argument, NULL, OPT_DRIVER},
    {"sessmgrs", required_argument, NULL, OPT_SESSMGRS},
    {"license-issuer", required_argument, NULL, OPT_ISSUER},
    {"role", required_argument, NULL, OPT_ROLE},
    {"instance", required_argument, NULL, OPT_INSTANCE},
    {"parent", required_argument, NULL, OPT_PARENT},
    {"check", required_argument, NULL, OPT_CHECK},
    {"version", no_argument, NULL, OPT_VERSION},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

static const char usage[] =
    "usage: chassisd --root DIR [--config /flash/FILE] [--log stderr] [--mac 02-XX-XX-XX-XX-XX]\n"
    "                [--address-driver plain|freebind] [--sessmgrs N]\n"
    "       chassisd --check FILE\n"
    "  --root            everything this chassis owns lies there; made when missing\n"
    "  --config          load this file instead of what the boot stack names\n"
    "  --log             log to standard error instead of DIR/run/log\n"
    "  --mac             set the chassis' MAC address (kept)\n"
    "  --address-driver  plain: bind when Active (default); freebind: add the address to lo (CAP_NET_ADMIN)\n"
    "  --sessmgrs        session managers, instead of what the configuration says (1..64)\n"
    "  --check           load a configuration and start nothing: names each bad line; status 0 or 1\n"
    "  --license-issuer  PEM file with the public key of the issuer of license keys to believe\n";

/* What a task was started as. */
struct role {
	const char *name;
	unsigned instance;
	pid_t parent;
};

static int
run_role(const struct role *r)
{
	char who[48];

	if (task_die_with_parent(r->parent) != ERR_OK)
		return 1;
	snprintf(who, sizeof who, "%s/%u", r->name, r->instance);
	log_open(STDERR_FILENO, who, LOG_INFO);
	priority_raise();
	if (strcmp(r->name, "sessmgr") == 0)
		return sessmgr_main(r->instance);
	if (strcmp(r->name, "demux") == 0)
		return demux_main();
	fprintf(stderr, "chassisd: there is no role %s\n", r->name);
	return 2;
}

static bool
parse_driver(const char *text, struct chassis_options *o)
{
	o->driver = strcmp(text, "freebind") == 0 ? ADDRESS_FREEBIND : ADDRESS_PLAIN;
	return o->driver == ADDRESS_FREEBIND || strcmp(text, "plain") == 0;
}

static bool
parse_count(const char *text, unsigned max, unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	*out = (unsigned)v;
	return *text != '\0' && *end == '\0' && v >= 1 && v <= max;
}

/* One option; false when its value is not usable. */
static bool
parse_option(int opt, struct chassis_options *o, struct role *r)
{
	switch (opt) {
	case OPT_ROOT:
		o->root = optarg;
		return true;
	case OPT_CONFIG:
		o->config = optarg;
		return true;
	case OPT_LOG:
		o->is_log_stderr = true;
		return strcmp(optarg, "stderr") == 0;
	case OPT_MAC:
		o->mac = optarg;
		return true;
	case OPT_DRIVER:
		return parse_driver(optarg, o);
	case OPT_SESSMGRS:
		return parse_count(optarg, SESSMGRS_MAX, &o->sessmgrs);
	case OPT_ISSUER:
		o->license_issuer = optarg;
		return true;
	case OPT_ROLE:
		r->name = optarg;
		return true;
	case OPT_INSTANCE:
		return parse_count(optarg, SESSMGRS_MAX, &r->instance);
	case OPT_PARENT:
		r->parent = (pid_t)atoi(optarg);
		return true;
	default:
		return false;
	}
}

int
main(int argc, char **argv)
{
	struct chassis_options o = {0};
	struct role r = {0};
	struct chassis *c;
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (opt == OPT_VERSION) {
			printf("Starling %s (%s)\n", build_version, build_commit);
			return 0;
		}
		if (opt == OPT_HELP) {
			fputs(usage, stdout);
			return 0;
		}
		if (opt == OPT_CHECK)
			return config_check_file(optarg);
		if (!parse_option(opt, &o, &r)) {
			if (opt != '?')
				fprintf(stderr, "chassisd: option value %s is not usable\n", optarg);
			fputs(usage, stderr);
			return 2;
		}
	}
	if (r.name != NULL)
		return run_role(&r);
	if (o.root == NULL || optind != argc) {
		fputs(usage, stderr);
		return 2;
	}
	c = chassis_new(&o);
	if (c == NULL)
		return 1;
	chassis_run(c);
	chassis_free(c);
	return 0;
}
