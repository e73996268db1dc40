/* Claims about license keys: what is believed, what is refused, what is shown. The keys are of pairs made here. */
#include "license/license.h"

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/feature.h"
#include "license/license_file.h"

static uint8_t secret[32], public[LICENSE_PUBLIC_BYTES];
static char key[LICENSE_KEY_MAX + 1], said[4096];

static const struct license lab = {
    .number = 42,
    .issued_s = 1600000000,
    .expires_s = 1700000000,
    .sessions = 5000,
    .features = CLI_FEATURE_ICSR | CLI_FEATURE_ICSR_OPTIMIZATION,
    .comment = "For tests, not for sale",
    .issuer = "The tests",
    .chassis = "any",
};

static void
make_pair(void)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	size_t n = 32, m = sizeof public;

	assert_int_equal(EVP_PKEY_get_raw_private_key(pkey, secret, &n), 1);
	assert_int_equal(EVP_PKEY_get_raw_public_key(pkey, public, &m), 1);
	EVP_PKEY_free(pkey);
}

static int
setup(void **state)
{
	(void)state;
	make_pair();
	return license_write(&lab, secret, key) == ERR_OK ? 0 : -1;
}

static enum err
read_key(const char *text, const char *mac, struct license *l)
{
	struct text_fixed f;
	struct text why;

	text_fixed_init(&f, &why, said, sizeof said);
	return license_read(text, public, mac, l, &why);
}

static void
a_key_that_was_made_is_read_back(void **state)
{
	struct license l;

	(void)state;
	assert_int_equal(read_key(key, "02-00-00-00-00-0A", &l), ERR_OK);
	assert_int_equal(l.number, 42);
	assert_int_equal(l.issued_s, 1600000000);
	assert_int_equal(l.expires_s, 1700000000);
	assert_int_equal(l.sessions, 5000);
	assert_int_equal(l.features, CLI_FEATURE_ICSR | CLI_FEATURE_ICSR_OPTIMIZATION);
	assert_string_equal(l.comment, lab.comment);
	assert_string_equal(l.issuer, "The tests");
	assert_string_equal(l.chassis, "any");
}

static void
every_changed_character_is_noticed(void **state)
{
	struct license l;
	size_t n = strlen(key);

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 7; bit++) {
			char *changed = strdup(key);

			changed[i] ^= (char)(1 << bit);
			if (read_key(changed, NULL, &l) == ERR_OK)
				fail_msg("character %zu, bit %d", i, bit);
			free(changed);
		}
	for (size_t i = 0; i < n; i++) {
		char *cut = strndup(key, i);

		assert_int_not_equal(read_key(cut, NULL, &l), ERR_OK);
		free(cut);
	}
	assert_int_equal(read_key("", NULL, &l), ERR_FORMAT);
}

static void
a_key_of_another_issuer_or_for_another_chassis_is_refused(void **state)
{
	struct license l, bound = lab;

	(void)state;
	snprintf(bound.chassis, sizeof bound.chassis, "02-00-00-00-00-0A");
	assert_int_equal(license_write(&bound, secret, key), ERR_OK);
	assert_int_equal(read_key(key, "02-00-00-00-00-0a", &l), ERR_OK);
	assert_int_equal(read_key(key, "02-00-00-00-00-0B", &l), ERR_REFUSED);
	assert_string_equal(said, "the license key is for another chassis");
	make_pair();
	assert_int_equal(read_key(key, NULL, &l), ERR_CORRUPT);
	assert_non_null(strstr(said, "issuer"));
	assert_int_equal(license_read(key, license_issuer, NULL, &l, NULL), ERR_CORRUPT);
}

static void
texts_that_would_break_a_key_are_not_signed(void **state)
{
	const char *const bad[] = {"a|FTR=SR", "a\"b", "a\nb", "back\\slash"};
	struct license l = lab;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(l.comment, sizeof l.comment, "%s", bad[i]);
		assert_int_equal(license_write(&l, secret, key), ERR_FORMAT);
	}
}

static void
the_key_of_the_lab_is_of_the_built_in_issuer(void **state)
{
	FILE *f = fopen("configs/lab.lic", "r");
	char line[LICENSE_KEY_MAX + 2] = "#";
	struct license l;

	(void)state;
	assert_non_null(f);
	while (line[0] == '#')
		assert_non_null(fgets(line, sizeof line, f));
	fclose(f);
	line[strcspn(line, "\n")] = '\0';
	assert_int_equal(license_read(line, license_issuer, "02-00-00-00-00-01", &l, NULL), ERR_OK);
	assert_int_equal(l.features, CLI_FEATURES_ALL);
	assert_int_equal(l.expires_s, 0);
}

static void
thirty_days_before_its_end_a_key_is_told(void **state)
{
	const int64_t day = 86400, end = lab.expires_s;
	struct license endless = lab;

	(void)state;
	endless.expires_s = 0;
	assert_int_equal(license_state(NULL, 0), LICENSE_NONE);
	assert_int_equal(license_state(&endless, INT64_MAX), LICENSE_GOOD);
	assert_int_equal(license_state(&lab, end - 30 * day - 1), LICENSE_GOOD);
	assert_int_equal(license_state(&lab, end - 30 * day), LICENSE_EXPIRES);
	assert_int_equal(license_state(&lab, end - 1), LICENSE_EXPIRES);
	assert_int_equal(license_state(&lab, end), LICENSE_EXPIRED);
}

static const char *
show(const struct license *l, int64_t now_s)
{
	struct text_fixed f;
	struct text out;

	text_fixed_init(&f, &out, said, sizeof said);
	license_show(l, NULL, now_s, &out);
	return said;
}

static enum err
key_in(const char *text, char found[LICENSE_KEY_MAX + 1])
{
	char path[] = "/tmp/starling-license-XXXXXX";
	int fd = mkstemp(path);
	enum err e;

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
	e = license_file_key(path, found);
	unlink(path);
	return e;
}

static void
the_key_of_a_file_is_its_first_line_that_is_no_remark(void **state)
{
	char text[3 * LICENSE_KEY_MAX];

	(void)state;
	assert_int_equal(key_in("\r\n# a remark\r\nVER=1|A\r\nVER=1|B\n", key), ERR_OK);
	assert_string_equal(key, "VER=1|A");
	assert_int_equal(key_in("VER=1|no end of line", key), ERR_OK);
	assert_int_equal(key_in("# only remarks\n", key), ERR_NOT_FOUND);
	assert_int_equal(license_file_key("/nonexistent/license.lic", key), ERR_NOT_FOUND);
	/* the end of a long remark is no key, and neither is a part of a line that is longer than any */
	snprintf(text, sizeof text, "#%0*d\nVER=1|C\n", LICENSE_KEY_MAX + 10, 7);
	assert_int_equal(key_in(text, key), ERR_OK);
	assert_string_equal(key, "VER=1|C");
	snprintf(text, sizeof text, "V%0*d\n", LICENSE_KEY_MAX, 7);
	assert_int_equal(key_in(text, key), ERR_RANGE);
	text[LICENSE_KEY_MAX] = '\n';
	assert_int_equal(key_in(text, key), ERR_OK);
}

static void
what_is_shown_has_the_references_blocks(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	assert_string_equal(show(&lab, lab.issued_s),
	                    "Key Information (installed key):\n"
	                    "  Comment       For tests, not for sale\n"
	                    "  Chassis Type  Any Hardware\n"
	                    "  Issued        Sunday September 13 12:26:40 UTC 2020\n"
	                    "  Expires       Tuesday November 14 22:13:20 UTC 2023\n"
	                    "  Issued By     The tests\n"
	                    "  Key Number    42\n"
	                    "Enabled Features:\n"
	                    "  Feature                                             Applicable Part Numbers\n"
	                    "  --------------------------------------------------  -----------------------------\n"
	                    "  GGSN                                                [ none ]\n"
	                    "  Inter-Chassis Session Recovery                      [ none ]\n"
	                    "  ICSR Optimization                                   [ none ]\n"
	                    "Session Limits:\n"
	                    "                 Sessions  Session Type\n"
	                    "               ----------  -----------------------\n"
	                    "                     5000  GGSN\n"
	                    "CARD License Counts:\n"
	                    "  [none]\n"
	                    "Status:\n"
	                    "  Chassis Type           starling (Any Hardware)\n"
	                    "  License Status         Good (Any Hardware)\n");
	assert_non_null(strstr(show(&lab, lab.expires_s - 86400 * 3), "NOTICE: The key expires in 3 days.\nStatus:\n"));
	assert_non_null(strstr(show(&lab, lab.expires_s), "License Status         Expired (Any Hardware)\n"));
	assert_non_null(strstr(show(NULL, 0), "Key Information (no key installed):\n"));
	assert_null(strstr(show(NULL, 0), "Session Recovery"));
	assert_non_null(strstr(show(NULL, 0), "License Status         Not Installed\n"));
}

static void
the_full_form_says_where_the_key_was_read_from(void **state)
{
	struct text_fixed f;
	struct text out;

	(void)state;
	text_fixed_init(&f, &out, said, sizeof said);
	license_show(&lab, "/flash/license.lic", lab.issued_s, &out);
	assert_non_null(strstr(said, "  Key Number    42\n  Read From     /flash/license.lic\nEnabled Features:\n"));
}

#define T(f) cmocka_unit_test_setup(f, setup)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(a_key_that_was_made_is_read_back),
	    T(every_changed_character_is_noticed),
	    T(a_key_of_another_issuer_or_for_another_chassis_is_refused),
	    T(texts_that_would_break_a_key_are_not_signed),
	    T(the_key_of_the_lab_is_of_the_built_in_issuer),
	    T(thirty_days_before_its_end_a_key_is_told),
	    T(the_key_of_a_file_is_its_first_line_that_is_no_remark),
	    T(what_is_shown_has_the_references_blocks),
	    T(the_full_form_says_where_the_key_was_read_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
