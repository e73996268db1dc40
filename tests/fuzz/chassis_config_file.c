/*
 * chassis_config_file.c - any bytes as a configuration file: read by the reader of /flash files, loaded line by line,
 * checked as chassisd --check does. What was loaded prints, loads and prints the same, and differs in no line from
 * itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "chassis/chassis.h"
#include "chassis/config_errors.h"
#include "chassis/tables.h"
#include "cli/cfg_diff.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 8192, PRINT_MAX = 1 << 17 };

static enum err
seal(void *app, const char *clear, char *sealed, size_t cap)
{
	(void)app, (void)clear;
	return (size_t)snprintf(sealed, cap, "+B") < cap ? ERR_OK : ERR_FULL;
}

static bool
opens(void *app, const char *sealed)
{
	(void)app;
	return strlen(sealed) % 2 == 0;
}

static void
refused(void *arg, unsigned line, const char *reason)
{
	(void)line;
	if (*reason == '\0' || strchr(reason, '\n') != NULL)
		abort();
	++*(unsigned *)arg;
}

/* @text loaded into a fresh tree, as a start does it; returns how many lines were refused. */
static unsigned
load(struct cli *cli, struct cfg **out, const char *text, size_t len)
{
	struct cfg_loader *l;
	unsigned told = 0, bad;

	*out = cfg_new(cli, 1024, PRINT_MAX);
	l = *out == NULL ? NULL : cfg_load_new(cli, *out, refused, &told);
	if (l == NULL)
		abort();
	for (size_t pos = 0; pos < len;) {
		const char *end = memchr(text + pos, '\n', len - pos);
		size_t n = end == NULL ? len - pos : (size_t)(end - text) - pos;

		cfg_load_line(l, text + pos, n);
		pos += n + 1;
	}
	bad = cfg_load_end(l);
	if (bad != told)
		abort();
	return bad;
}

static void
print(const struct cfg *cfg, char *buf)
{
	struct text_fixed f;
	struct text out;

	text_fixed_init(&f, &out, buf, PRINT_MAX);
	cfg_print_all(cfg, &out);
}

static void
report(const struct cfg *cfg)
{
	static char buf[PRINT_MAX];
	struct config_errors e;
	struct text_fixed f;
	struct text out;

	text_fixed_init(&f, &out, buf, sizeof buf);
	config_errors_init(&e, cfg, &out, true);
	while (config_errors_step(&e) == ERR_SHORT) {
	}
}

/* read_back - @data as a file and back by the reader. */
static char *
read_back(const uint8_t *data, size_t size, size_t *len)
{
	static int fd = -1;
	static char path[40];
	const char *why;

	if (fd < 0) {
		fd = memfd_create("config", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	return config_read_file(path, len, &why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char first[PRINT_MAX], second[PRINT_MAX], diff[256];
	static struct cli *cli;
	struct cli_setup setup = {.tables = chassis_tables, .hooks = {.seal = seal, .opens = opens}};
	struct text_fixed f;
	struct cfg *a, *b;
	struct text out;
	size_t len;
	char *text;

	if (size > FILE_MAX)
		return 0;
	text_fixed_init(&f, &out, diff, sizeof diff);
	if (cli == NULL && (cli = cli_new(&setup, &out)) == NULL)
		abort();
	text = read_back(data, size, &len);
	if (text == NULL || len != size || memcmp(text, data, size) != 0)
		abort();
	(void)load(cli, &a, text, len);
	free(text);
	print(a, first);
	report(a);
	if (load(cli, &b, first, strlen(first)) != 0)
		abort();
	print(b, second);
	text_fixed_init(&f, &out, diff, sizeof diff);
	if (strcmp(first, second) != 0 || cfg_diff(first, strlen(first), second, strlen(second), &out) != ERR_OK ||
	    diff[0] != '\0')
		abort();
	cfg_free(a);
	cfg_free(b);
	return 0;
}
