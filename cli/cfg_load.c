/*
 * cfg_load.c - a configuration file, line after line, into a tree.
 *
 * The caller slices: one call per line, so a large file never holds the loop. A line that is refused is told with
 * its number and its reason and changes nothing; the file goes on.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/cli_internal.h"

struct cfg_loader {
	struct cli *cli;
	struct cfg *cfg;
	cfg_load_error *error;
	void *arg;
	unsigned line, refused;
	struct cli_place place;
	struct words words;
	struct cli_bound bound;
};

struct cfg_loader *
cfg_load_new(struct cli *cli, struct cfg *cfg, cfg_load_error *error, void *arg)
{
	struct cfg_loader *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->cli = cli;
	l->cfg = cfg;
	l->error = error;
	l->arg = arg;
	place_init(&l->place);
	place_down(&l->place, cfg, &cli_config_mode, cfg_root(cfg));
	cfg_quiet(cfg, true);
	return l;
}

/* load_event - exit and end; any other event has no place in a file. */
static enum err
load_event(struct cfg_loader *l, struct text *why)
{
	if (l->bound.row->id == CLI_ROW_END)
		return place_up(&l->place, l->cfg, 1, why);
	if (l->bound.row->id == CLI_ROW_EXIT_CONFIG)
		return l->place.depth > 1 ? place_up(&l->place, l->cfg, l->place.depth - 1, why) : ERR_OK;
	text_put(why, "Failure: this command is for the prompt, not for a configuration file");
	return ERR_REFUSED;
}

static enum err
load_words(struct cfg_loader *l, struct text *why)
{
	const struct words *w = &l->words;
	enum err e;

	if (l->place.depth == 1 && w->count == 1 && strlen(w->word[0]) >= 4 && words_begins("configure", w->word[0]))
		return ERR_OK;
	e = cli_bind(l->cli, place_mode(&l->place), CLI_ADMINISTRATOR, w, &l->bound, why);
	if (e)
		return e;
	if (l->bound.row->kind == CLI_EVENT || l->bound.row->kind == CLI_VIEW)
		return load_event(l, why);
	return cli_apply(l->cli, &l->place, l->cfg, &l->bound, why);
}

static void
refuse(struct cfg_loader *l, char *said)
{
	char *end = strchr(said, '\n');

	if (end)
		*end = '\0';
	l->refused++;
	if (l->error)
		l->error(l->arg, l->line, said);
}

void
cfg_load_line(struct cfg_loader *l, const char *line, size_t n)
{
	char said[400];
	struct text_fixed f;
	struct text why;
	bool is_exit;

	l->line++;
	place_settle(&l->place, l->cfg); /* a session may have removed a block meanwhile */
	while (n > 0 && (line[n - 1] == '\n' || line[n - 1] == '\r'))
		n--;
	text_fixed_init(&f, &why, said, sizeof said);
	if (words_remark(line, n, &is_exit)) {
		if (is_exit && l->place.depth > 1 && place_up(&l->place, l->cfg, l->place.depth - 1, &why))
			refuse(l, said);
		return;
	}
	text_put(&why, "Failure: ");
	if (words_split(line, n, &l->words, &why)) {
		refuse(l, said);
		return;
	}
	text_fixed_init(&f, &why, said, sizeof said);
	if (load_words(l, &why))
		refuse(l, said);
}

unsigned
cfg_load_end(struct cfg_loader *l)
{
	char said[400];
	struct text_fixed f;
	struct text why;
	unsigned refused;

	text_fixed_init(&f, &why, said, sizeof said);
	if (place_up(&l->place, l->cfg, 1, &why))
		refuse(l, said);
	cfg_quiet(l->cfg, false);
	refused = l->refused;
	free(l);
	return refused;
}
