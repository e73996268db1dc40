/*
 * cli_line.c - arbitrary bytes as an operator's lines, Tab, `?` and file lines.
 *
 * The first byte of each line chooses what is done with the rest. After every input the running configuration must
 * print, load and print the same.
 */
#include "tests/unit/cli_rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one(struct rig *r, struct cfg_loader **loader, const char *line, size_t n)
{
	char what = n ? line[0] : 'r';

	rig_clear(r);
	line += n > 0;
	n -= n > 0;
	if (what == '\t') {
		cli_session_complete(r->s, line, n, &r->out);
	} else if (what == '?') {
		cli_session_help(r->s, line, n, &r->out);
	} else if (what == 'f') {
		if (!*loader)
			*loader = cfg_load_new(r->cli, cli_running(r->cli), rig_load_error, r);
		cfg_load_line(*loader, line, n);
	} else if (what == 'i') {
		cli_session_interrupt(r->s);
	} else {
		r->last = cli_session_line(r->s, line, n);
		while (r->last.state == CLI_STATE_MORE)
			r->last = cli_session_step(r->s);
		if (r->last.state == CLI_STATE_PENDING)
			cli_session_finish(r->s, n & 1);
	}
	rig_prompt(r);
}

static void
must_reload(struct rig *r)
{
	struct cfg *again = cfg_new(r->cli, 256, 32768);
	char *first = rig_print(cli_running(r->cli)), *second;

	if (rig_load(r, again, first, strlen(first)) != 0) {
		fprintf(stderr, "line %u: %s\n%s", r->refused_line, r->refused, first);
		abort();
	}
	second = rig_print(again);
	if (strcmp(first, second) != 0) {
		fprintf(stderr, "%s became %s", first, second);
		abort();
	}
	free(first);
	free(second);
	cfg_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct rig *r;
	struct cfg_loader *loader = NULL;

	if (!r) {
		r = rig_new(CLI_ADMINISTRATOR);
		cli_session_free(r->s);
	}
	r->s = cli_session_new(r->cli, "fuzz", CLI_ADMINISTRATOR, r->out, rig_notify, r);
	for (size_t i = 0; i < size;) {
		const uint8_t *end = memchr(data + i, '\n', size - i);
		size_t n = end ? (size_t)(end - data) - i : size - i;
		char *line = malloc(n ? n : 1);

		memcpy(line, data + i, n);
		one(r, &loader, line, n);
		free(line);
		i += n + 1;
	}
	if (loader)
		cfg_load_end(loader);
	cli_session_free(r->s);
	must_reload(r);
	cli_swap(r->cli, cfg_new(r->cli, 256, 32768));
	return 0;
}
