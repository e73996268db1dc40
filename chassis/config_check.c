/*
 * config_check.c - chassisd --check FILE: a configuration is loaded as at a start, and nothing is started.
 *
 * Each refused line is named with its number and its reason; what loads and does not work follows, as show
 * configuration errors has it. The key of no chassis is at hand, so secrets are judged by their form only.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chassis/chassis.h"
#include "chassis/config_errors.h"
#include "chassis/tables.h"
#include "store/secrets.h"

static void
print(void *arg, const char *s, size_t n)
{
	fwrite(s, 1, n, arg);
}

/* seal - a secret in clear is fine; it is not kept. */
static enum err
seal(void *app, const char *clear, char *sealed, size_t cap)
{
	(void)app;
	(void)clear;
	return (size_t)snprintf(sealed, cap, "+B") < cap ? ERR_OK : ERR_FULL;
}

static bool
opens(void *app, const char *sealed)
{
	(void)app;
	return secrets_is_sealed(sealed);
}

static void
refused(void *arg, unsigned line, const char *reason)
{
	static const char failure[] = "Failure: ";
	size_t lead = strncmp(reason, failure, sizeof failure - 1) == 0 ? sizeof failure - 1 : 0;

	printf("%s line %u: %s\n", (const char *)arg, line, reason + lead);
}

static unsigned
load(struct cli *cli, const char *path, const char *text, size_t len, unsigned *lines)
{
	struct cfg_loader *l = cfg_load_new(cli, cli_running(cli), refused, (void *)path);

	if (l == NULL)
		abort();
	for (size_t pos = 0; pos < len; ++*lines) {
		const char *end = memchr(text + pos, '\n', len - pos);
		size_t n = end == NULL ? len - pos : (size_t)(end - text) - pos;

		cfg_load_line(l, text + pos, n);
		pos += n + 1;
	}
	return cfg_load_end(l);
}

int
config_check_file(const char *path)
{
	struct text out = {.write = print, .arg = stdout}, complaint = {.write = print, .arg = stderr};
	struct cli_setup setup = {.tables = chassis_tables, .hooks = {.seal = seal, .opens = opens}};
	struct cli *cli = cli_new(&setup, &complaint);
	unsigned lines = 0, bad;
	struct config_errors e;
	const char *why = "";
	size_t len = 0;
	char *text = config_read_file(path, &len, &why);

	if (cli == NULL || text == NULL) {
		if (text == NULL)
			fprintf(stderr, "%s: %s\n", path, why);
		free(text);
		cli_free(cli);
		return 1;
	}
	bad = load(cli, path, text, len, &lines);
	config_errors_init(&e, cli_running(cli), &out, false);
	while (config_errors_step(&e) == ERR_SHORT) {
	}
	printf("%s: %u lines, %u refused; %u errors, %u warnings\n", path, lines, bad, e.report.all_errors,
	       e.report.all_warnings);
	free(text);
	cli_free(cli);
	return bad > 0 ? 1 : 0;
}
