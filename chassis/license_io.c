/*
 * license_io.c - the license key of a chassis: the one in the configuration, or else the one in /flash/license.lic,
 * read at the start. Looked at once a minute: what expires is told by log and alarm.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "chassis/chassis.h"
#include "license/license_file.h"

enum { CHECK_S = 60 };

static const char file_url[] = "/flash/license.lic";

/* read_at - @key against issuer and MAC of this chassis. */
static enum err
read_at(const struct chassis *c, const char *key, struct license *out, struct text *why)
{
	char mac[MAC_TEXT_MAX];

	mac_text(store_mac(c->store), mac);
	return license_read(key, c->license.issuer, mac, out, why);
}

static void
file_read(struct chassis *c)
{
	char path[4096], key[LICENSE_KEY_MAX + 1], why[200] = "its first line is no key";
	struct text_fixed f;
	struct text sink;
	enum err e;

	snprintf(path, sizeof path, "%s%s", c->options.root, file_url);
	e = license_file_key(path, key);
	if (e == ERR_NOT_FOUND)
		return;
	if (e == ERR_OK) {
		text_fixed_init(&f, &sink, why, sizeof why);
		e = read_at(c, key, &c->license.file, &sink);
	}
	c->license.has_file = e == ERR_OK;
	if (e != ERR_OK)
		log_event(LOG_LICENSE_REFUSED, file_url, why);
}

bool
license_open(struct chassis *c)
{
	memcpy(c->license.issuer, license_issuer, sizeof c->license.issuer);
	if (c->options.license_issuer != NULL &&
	    license_file_issuer(c->options.license_issuer, c->license.issuer) != ERR_OK)
		return false;
	file_read(c);
	return true;
}

enum err
license_hook(void *app, const char *key, uint32_t *features, struct text *why)
{
	struct chassis *c = app;
	struct license l = {0};

	if (key != NULL) {
		enum err e = read_at(c, key, &l, why);

		if (e != ERR_OK)
			return e;
	} else if (c->license.has_file) {
		l = c->license.file;
	}
	*features = l.features;
	return ERR_OK;
}

/* installed - the key that counts; NULL: none. */
static const struct license *
installed(const struct chassis *c, struct license *store, const char **where)
{
	const struct cfg *cfg = cli_running(c->cli);
	const char *key = cfg_leaf_str(cfg, cfg_root(cfg), CLI_ROW_LICENSE);

	*where = "the configuration";
	if (key != NULL && read_at(c, key, store, NULL) == ERR_OK)
		return store;
	*where = file_url;
	return key == NULL && c->license.has_file ? &c->license.file : NULL;
}

void
license_check(struct chassis *c)
{
	struct license l;
	const char *where;
	const struct license *now = installed(c, &l, &where);
	enum license_state state = license_state(now, time(NULL));
	char text[ALARM_TEXT_MAX] = "", day[40];
	time_t at = now != NULL ? (time_t)now->expires_s : 0;
	struct tm tm;

	if (state == LICENSE_EXPIRES || state == LICENSE_EXPIRED) {
		strftime(day, sizeof day, "%Y-%b-%d", localtime_r(&at, &tm));
		snprintf(text, sizeof text,
		         state == LICENSE_EXPIRED ? "the license key %llu expired on %s"
		                                  : "the license key %llu expires on %s",
		         (unsigned long long)now->number, day);
	}
	alarm_set(c, "license", text[0] != '\0', text);
	if (strcmp(text, c->license.told) == 0)
		return;
	snprintf(c->license.told, sizeof c->license.told, "%s", text);
	if (text[0] != '\0')
		log_event(LOG_LICENSE_EXPIRES, text);
}

static void
on_check(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	license_check(arg);
}

void
license_start(struct chassis *c)
{
	struct timeval tv = {CHECK_S, 0};

	c->license.ev = event_new(c->base, -1, EV_PERSIST, on_check, c);
	if (c->license.ev != NULL)
		event_add(c->license.ev, &tv);
}

enum cli_answer
license_run_show(struct cli_call *call)
{
	struct chassis *c = call->app;
	struct license l;
	const char *where;
	const struct license *now = installed(c, &l, &where);

	license_show(now, cli_arg_has(call, "full") ? where : NULL, time(NULL), call->out);
	return CLI_ANSWER_DONE;
}
