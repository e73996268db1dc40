/*
 * license_io.c - the license key of a chassis: the one in the configuration, or else the one in /flash/license.lic,
 * read at the start. Looked at once a minute: what expires is told by log and alarm.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "chassis/chassis.h"

enum { CHECK_S = 60 };

static const char file_url[] = "/flash/license.lic";

/* issuer_read - the public key in the PEM file that --license-issuer names. */
static enum err
issuer_read(const char *path, uint8_t out[LICENSE_PUBLIC_BYTES])
{
	size_t n = LICENSE_PUBLIC_BYTES;
	FILE *f = fopen(path, "re");
	EVP_PKEY *pkey = f == NULL ? NULL : PEM_read_PUBKEY(f, NULL, NULL, NULL);
	bool is_good = pkey != NULL && EVP_PKEY_get_raw_public_key(pkey, out, &n) == 1 && n == LICENSE_PUBLIC_BYTES;

	if (f != NULL)
		fclose(f);
	EVP_PKEY_free(pkey);
	return is_good ? ERR_OK : ERR_FORMAT;
}

/* read_at - @key against issuer and MAC of this chassis. */
static enum err
read_at(const struct chassis *c, const char *key, struct license *out, struct text *why)
{
	char mac[MAC_TEXT_MAX];

	mac_text(store_mac(c->store), mac);
	return license_read(key, c->license.issuer, mac, out, why);
}

/* file_read - the first line of the file that is neither empty nor a remark. */
static void
file_read(struct chassis *c)
{
	char path[4096], line[LICENSE_KEY_MAX + 2], why[200];
	struct text_fixed f;
	struct text sink;
	FILE *file;

	snprintf(path, sizeof path, "%s%s", c->options.root, file_url);
	file = fopen(path, "re");
	if (file == NULL)
		return;
	while (fgets(line, sizeof line, file) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		text_fixed_init(&f, &sink, why, sizeof why);
		c->license.has_file = read_at(c, line, &c->license.file, &sink) == ERR_OK;
		if (!c->license.has_file)
			log_event(LOG_LICENSE_REFUSED, file_url, why);
		break;
	}
	fclose(file);
}

bool
license_open(struct chassis *c)
{
	memcpy(c->license.issuer, license_issuer, sizeof c->license.issuer);
	if (c->options.license_issuer != NULL && issuer_read(c->options.license_issuer, c->license.issuer) != ERR_OK)
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

	license_show(now, where, time(NULL), call->out);
	return CLI_ANSWER_DONE;
}
