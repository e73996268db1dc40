/* Claims about sealed secrets and the chassis' key. */
#include "store/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64], key_path[96];

static int
make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/starling-secrets-XXXXXX");
	if (mkdtemp(root) == NULL)
		return -1;
	snprintf(key_path, sizeof key_path, "%s/chassis.key", root);
	return 0;
}

static int
drop_root(void **state)
{
	(void)state;
	unlink(key_path);
	return rmdir(root);
}

static enum err
open_keys(struct secrets **out)
{
	struct text_fixed f;
	struct text why;
	char said[256];
	enum err e;

	text_fixed_init(&f, &why, said, sizeof said);
	e = secrets_new(root, out, &why);
	assert_true((e == ERR_OK) == (said[0] == '\0'));
	return e;
}

static void
write_key(size_t n, mode_t mode)
{
	int fd = open(key_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(write(fd, "k", 1), 1);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
a_sealed_secret_opens_after_a_restart(void **state)
{
	char sealed[SECRETS_SEALED_MAX + 1], clear[SECRETS_CLEAR_MAX + 1];
	struct secrets *s;
	struct stat st;

	(void)state;
	assert_int_equal(open_keys(&s), ERR_OK);
	assert_int_equal(secrets_seal(s, "s3cret of radius", sealed), ERR_OK);
	assert_true(secrets_is_sealed(sealed));
	assert_null(strstr(sealed, "s3cret"));
	secrets_free(s);
	assert_int_equal(stat(key_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, 32);
	assert_int_equal(open_keys(&s), ERR_OK);
	assert_int_equal(secrets_open(s, sealed, clear), ERR_OK);
	assert_string_equal(clear, "s3cret of radius");
	secrets_free(s);
}

static void
every_length_from_one_to_the_longest_comes_back(void **state)
{
	char in[SECRETS_CLEAR_MAX + 2], sealed[SECRETS_SEALED_MAX + 1], clear[SECRETS_CLEAR_MAX + 1];
	struct secrets *s;

	(void)state;
	assert_int_equal(open_keys(&s), ERR_OK);
	memset(in, 0, sizeof in);
	assert_int_equal(secrets_seal(s, in, sealed), ERR_RANGE);
	for (size_t n = 1; n <= SECRETS_CLEAR_MAX; n++) {
		in[n - 1] = (char)(' ' + n % 95);
		assert_int_equal(secrets_seal(s, in, sealed), ERR_OK);
		assert_int_equal(secrets_open(s, sealed, clear), ERR_OK);
		assert_string_equal(clear, in);
	}
	assert_int_equal(strlen(sealed), SECRETS_SEALED_MAX);
	in[SECRETS_CLEAR_MAX] = 'x';
	assert_int_equal(secrets_seal(s, in, sealed), ERR_RANGE);
	secrets_free(s);
}

static void
sealing_twice_gives_two_texts(void **state)
{
	char a[SECRETS_SEALED_MAX + 1], b[SECRETS_SEALED_MAX + 1];
	struct secrets *s;

	(void)state;
	assert_int_equal(open_keys(&s), ERR_OK);
	assert_int_equal(secrets_seal(s, "same", a), ERR_OK);
	assert_int_equal(secrets_seal(s, "same", b), ERR_OK);
	assert_string_not_equal(a, b);
	secrets_free(s);
}

/* Every character exchanged for every other of the base64 alphabet and for a blank, and every cut. */
static void
no_changed_text_opens(void **state)
{
	static const char others[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \n";
	char sealed[SECRETS_SEALED_MAX + 1], clear[SECRETS_CLEAR_MAX + 1];
	struct secrets *s;
	size_t n;

	(void)state;
	assert_int_equal(open_keys(&s), ERR_OK);
	assert_int_equal(secrets_seal(s, "tamper", sealed), ERR_OK);
	n = strlen(sealed);
	for (size_t i = 0; i < n; i++) {
		char was = sealed[i];

		for (const char *c = others; *c != '\0'; c++) {
			if (*c == was)
				continue;
			sealed[i] = *c;
			assert_int_not_equal(secrets_open(s, sealed, clear), ERR_OK);
		}
		sealed[i] = '\0';
		assert_int_not_equal(secrets_open(s, sealed, clear), ERR_OK);
		sealed[i] = was;
	}
	assert_int_equal(secrets_open(s, sealed, clear), ERR_OK);
	secrets_free(s);
}

static void
what_is_not_ours_is_said_to_be_not_ours(void **state)
{
	char long_text[SECRETS_SEALED_MAX + 64], clear[SECRETS_CLEAR_MAX + 1];
	struct secrets *s;

	(void)state;
	assert_int_equal(open_keys(&s), ERR_OK);
	assert_int_equal(secrets_open(s, "", clear), ERR_FORMAT);
	assert_int_equal(secrets_open(s, "+", clear), ERR_FORMAT);
	assert_int_equal(secrets_open(s, "+B", clear), ERR_FORMAT);
	assert_int_equal(secrets_open(s, "+A1234", clear), ERR_FORMAT);
	assert_int_equal(secrets_open(s, "clear text", clear), ERR_FORMAT);
	assert_int_equal(secrets_open(s, "+BAAAA", clear), ERR_FORMAT);
	assert_int_equal(secrets_open(s, "+B====", clear), ERR_FORMAT);
	memset(long_text, 'A', sizeof long_text);
	memcpy(long_text, "+B", 2);
	long_text[sizeof long_text - 1] = '\0';
	assert_int_equal(secrets_open(s, long_text, clear), ERR_FORMAT);
	long_text[2 + 40] = '\0'; /* a possible length, version 0 */
	assert_int_equal(secrets_open(s, long_text, clear), ERR_VERSION);
	secrets_free(s);
}

static void
a_secret_of_another_chassis_is_corrupt_here(void **state)
{
	char sealed[SECRETS_SEALED_MAX + 1], clear[SECRETS_CLEAR_MAX + 1] = "untouched";
	struct secrets *s;

	(void)state;
	assert_int_equal(open_keys(&s), ERR_OK);
	assert_int_equal(secrets_seal(s, "elsewhere", sealed), ERR_OK);
	secrets_free(s);
	assert_int_equal(unlink(key_path), 0);
	assert_int_equal(open_keys(&s), ERR_OK);
	assert_int_equal(secrets_open(s, sealed, clear), ERR_CORRUPT);
	assert_string_equal(clear, "untouched");
	secrets_free(s);
}

static void
a_key_of_wrong_length_or_open_to_others_is_refused_and_kept(void **state)
{
	struct secrets *s = NULL;
	struct stat st;

	(void)state;
	write_key(31, 0600);
	assert_int_equal(open_keys(&s), ERR_CORRUPT);
	write_key(33, 0600);
	assert_int_equal(open_keys(&s), ERR_CORRUPT);
	assert_int_equal(stat(key_path, &st), 0);
	assert_int_equal(st.st_size, 33);
	write_key(0, 0600);
	assert_int_equal(open_keys(&s), ERR_CORRUPT);
	write_key(32, 0640);
	assert_int_equal(open_keys(&s), ERR_REFUSED);
	write_key(32, 0600);
	assert_int_equal(open_keys(&s), ERR_OK);
	secrets_free(s);
	unlink(key_path);
}

static void
a_missing_root_is_an_error_with_a_reason(void **state)
{
	struct text_fixed f;
	struct text why;
	struct secrets *s;
	char said[256];

	(void)state;
	text_fixed_init(&f, &why, said, sizeof said);
	assert_int_equal(secrets_new("/nonexistent/root", &s, &why), ERR_SYSTEM);
	assert_non_null(strstr(said, "No such file"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_sealed_secret_opens_after_a_restart),
	    cmocka_unit_test(every_length_from_one_to_the_longest_comes_back),
	    cmocka_unit_test(sealing_twice_gives_two_texts),
	    cmocka_unit_test(no_changed_text_opens),
	    cmocka_unit_test(what_is_not_ours_is_said_to_be_not_ours),
	    cmocka_unit_test(a_secret_of_another_chassis_is_corrupt_here),
	    cmocka_unit_test(a_key_of_wrong_length_or_open_to_others_is_refused_and_kept),
	    cmocka_unit_test(a_missing_root_is_an_error_with_a_reason),
	};

	return cmocka_run_group_tests(tests, make_root, drop_root);
}
