/*
 * starling_license.c - the program that issues license keys. Open on purpose: whoever runs a lab is its own issuer.
 *
 * The pair it makes are PEM files as `openssl genpkey -algorithm ed25519` writes them. A chassis believes a key when
 * its chassisd was started with --license-issuer FILE.pub, or was built with that issuer (license/license_issuer.c).
 */
#include <fcntl.h>
#include <getopt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/feature.h"
#include "license/license.h"

enum { DAY_S = 86400 };

static const char usage[] =
    "usage: starling-license pair PREFIX\n"
    "           make PREFIX.key (keep it secret) and PREFIX.pub (for chassisd --license-issuer)\n"
    "       starling-license issuer FILE.pub\n"
    "           the public key as C text for license/license_issuer.c\n"
    "       starling-license key FILE.key [--feature icsr|session-recovery|icsr-optimization|all]...\n"
    "           [--comment TEXT] [--issuer TEXT] [--number N] [--days N] [--chassis MAC] [--sessions N]\n"
    "           print a license key; --days negative: expired already; without --days it does not expire\n";

static int
fail(const char *what)
{
	fprintf(stderr, "starling-license: %s\n", what);
	return 1;
}

static int
make_pair(const char *prefix)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	char path[4096];
	FILE *f;
	int fd;

	if (pkey == NULL)
		return fail("no key could be made");
	snprintf(path, sizeof path, "%s.key", prefix);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	f = fd < 0 ? NULL : fdopen(fd, "w");
	if (f == NULL || PEM_write_PrivateKey(f, pkey, NULL, NULL, 0, NULL, NULL) != 1 || fclose(f) != 0)
		return fail("the private key cannot be written; an existing one is not overwritten");
	snprintf(path, sizeof path, "%s.pub", prefix);
	f = fopen(path, "we");
	if (f == NULL || PEM_write_PUBKEY(f, pkey) != 1 || fclose(f) != 0)
		return fail("the public key cannot be written");
	EVP_PKEY_free(pkey);
	return 0;
}

static int
print_issuer(const char *path)
{
	uint8_t raw[LICENSE_PUBLIC_BYTES];
	size_t n = sizeof raw;
	FILE *f = fopen(path, "re");
	EVP_PKEY *pkey = f == NULL ? NULL : PEM_read_PUBKEY(f, NULL, NULL, NULL);

	if (f != NULL)
		fclose(f);
	if (pkey == NULL || EVP_PKEY_get_raw_public_key(pkey, raw, &n) != 1 || n != sizeof raw)
		return fail("this is not an Ed25519 public key");
	for (size_t i = 0; i < n; i++)
		printf("0x%02x,%s", raw[i], i % 16 == 15 ? "\n" : " ");
	EVP_PKEY_free(pkey);
	return 0;
}

static int
read_secret(const char *path, uint8_t secret[32])
{
	size_t n = 32;
	FILE *f = fopen(path, "re");
	EVP_PKEY *pkey = f == NULL ? NULL : PEM_read_PrivateKey(f, NULL, NULL, NULL);
	int is_good = pkey != NULL && EVP_PKEY_get_raw_private_key(pkey, secret, &n) == 1 && n == 32;

	if (f != NULL)
		fclose(f);
	EVP_PKEY_free(pkey);
	return is_good;
}

static uint32_t
feature_of(const char *word)
{
	if (strcmp(word, "icsr") == 0)
		return CLI_FEATURE_ICSR;
	if (strcmp(word, "session-recovery") == 0)
		return CLI_FEATURE_SESSION_RECOVERY;
	if (strcmp(word, "icsr-optimization") == 0)
		return CLI_FEATURE_ICSR_OPTIMIZATION;
	return strcmp(word, "all") == 0 ? CLI_FEATURES_ALL : 0;
}

/* One option of `key`; 0 when it cannot be used. */
static int
take_option(struct license *l, int opt, const char *value)
{
	char *end = NULL;
	long long n = strtoll(value, &end, 10);
	int is_number = *value != '\0' && *end == '\0';

	switch (opt) {
	case 'f':
		l->features |= feature_of(value);
		return feature_of(value) != 0;
	case 'c':
		return snprintf(l->comment, sizeof l->comment, "%s", value) < (int)sizeof l->comment;
	case 'i':
		return snprintf(l->issuer, sizeof l->issuer, "%s", value) < (int)sizeof l->issuer;
	case 'm':
		return snprintf(l->chassis, sizeof l->chassis, "%s", value) < (int)sizeof l->chassis;
	case 'n':
		l->number = (uint64_t)n;
		return is_number && n >= 0;
	case 's':
		l->sessions = (uint64_t)n;
		return is_number && n >= 0;
	case 'd':
		l->expires_s = l->issued_s + n * DAY_S;
		return is_number && n > -10000 && n < 100000;
	default:
		return 0;
	}
}

static int
make_key(int argc, char **argv)
{
	static const struct option options[] = {
	    {"feature", required_argument, NULL, 'f'}, {"comment", required_argument, NULL, 'c'},
	    {"issuer", required_argument, NULL, 'i'},  {"chassis", required_argument, NULL, 'm'},
	    {"number", required_argument, NULL, 'n'},  {"sessions", required_argument, NULL, 's'},
	    {"days", required_argument, NULL, 'd'},    {NULL, 0, NULL, 0},
	};
	struct license l = {.number = 1,
	                    .sessions = 1000000,
	                    .issued_s = time(NULL),
	                    .comment = "Starling",
	                    .issuer = "Starling",
	                    .chassis = "any"};
	char key[LICENSE_KEY_MAX + 1];
	uint8_t secret[32];
	int opt;

	while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (opt == '?' || !take_option(&l, opt, optarg))
			return fail("an option or its value is not usable");
	if (optind + 1 != argc || !read_secret(argv[optind], secret))
		return fail("no private key of Ed25519");
	if (license_write(&l, secret, key) != ERR_OK)
		return fail("no key can be made of these texts");
	memset(secret, 0, sizeof secret);
	printf("%s\n", key);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "pair") == 0)
		return make_pair(argv[2]);
	if (argc == 3 && strcmp(argv[1], "issuer") == 0)
		return print_issuer(argv[2]);
	if (argc >= 3 && strcmp(argv[1], "key") == 0)
		return make_key(argc - 1, argv + 1);
	fputs(usage, stderr);
	return 2;
}
