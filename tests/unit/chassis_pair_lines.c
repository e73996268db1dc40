/* Claims about a chassis' lines as they are compared with its peer's. */
#include "chassis/pair_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ID_A = 7, ID_B = 9, ID_C = 11, LINE_BYTES = 2 * SECRETS_SEALED_MAX + 200 };

/* A chassis: a root of its own, and so a key of its own. */
struct side {
	char root[40];
	struct secrets *secrets;
	struct pair_secrets *known;
};

static void
side_open(struct side *s)
{
	char why[200];
	struct text_fixed f;
	struct text text;

	*s = (struct side){.root = "/tmp/pair_lines.XXXXXX"};
	text_fixed_init(&f, &text, why, sizeof why);
	assert_non_null(mkdtemp(s->root));
	assert_int_equal(secrets_new(s->root, &s->secrets, &text), ERR_OK);
}

static void
side_close(struct side *s)
{
	char path[80];

	snprintf(path, sizeof path, "%s/chassis.key", s->root);
	unlink(path);
	rmdir(s->root);
	secrets_free(s->secrets);
	pair_secrets_free(s->known);
}

static struct pair_lines *
make(struct side *s, uint64_t own, uint64_t peer, const char *text)
{
	struct pair_lines *p = pair_lines_new(s->secrets, own, peer, text, strlen(text), &s->known);

	assert_non_null(p);
	assert_int_not_equal(p->digest, 0);
	return p;
}

/* "=<head> <sealed> <tail>" with the secret between its marks, as cfg_pair writes it. */
static const char *
secret_line(char *line, struct side *s, const char *head, const char *clear, const char *tail)
{
	char sealed[SECRETS_SEALED_MAX + 1];

	assert_int_equal(secrets_seal(s->secrets, clear, sealed), ERR_OK);
	snprintf(line, LINE_BYTES, "=%s \x1e%s\x1e %s\n", head, sealed, tail);
	return line;
}

static void
the_same_secret_sealed_on_two_chassis_gives_one_digest(void **state)
{
	char on_a[LINE_BYTES], on_b[LINE_BYTES];
	struct pair_lines *a, *b;
	struct side x, y;

	(void)state;
	side_open(&x);
	side_open(&y);
	secret_line(on_a, &x, "radius server 1 key", "correct horse", "port 1");
	secret_line(on_b, &y, "radius server 1 key", "correct horse", "port 1");
	assert_string_not_equal(on_a, on_b);
	a = make(&x, ID_A, ID_B, on_a);
	b = make(&y, ID_B, ID_A, on_b);
	assert_int_equal(a->digest, b->digest);
	pair_lines_free(b);
	b = make(&y, ID_B, ID_A, secret_line(on_b, &y, "radius server 1 key", "correct hors", "port 1"));
	assert_int_not_equal(a->digest, b->digest);
	pair_lines_free(a);
	pair_lines_free(b);
	side_close(&x);
	side_close(&y);
}

static void
neither_clear_nor_sealed_text_is_among_the_lines(void **state)
{
	char line[LINE_BYTES], copy[LINE_BYTES] = "";
	struct pair_lines *a;
	struct side x;
	const char *text;
	size_t n;

	(void)state;
	side_open(&x);
	a = make(&x, ID_A, ID_B, secret_line(line, &x, "k", "correct horse", "end"));
	text = srp_lines_text(a->lines, &n);
	memcpy(copy, text, n);
	assert_null(strstr(copy, "correct"));
	assert_null(strstr(copy, "+B"));
	assert_int_equal(n, strlen("=k \x1e\x1e end\n") + 32);
	pair_lines_free(a);
	side_close(&x);
}

static void
a_secret_says_nothing_to_another_pair_or_in_another_line(void **state)
{
	char first[LINE_BYTES], second[LINE_BYTES];
	struct pair_lines *here, *other_pair, *other_line;
	const char *p, *q;
	struct side x;
	size_t n;

	(void)state;
	side_open(&x);
	here = make(&x, ID_A, ID_B, secret_line(first, &x, "k", "hush", "1"));
	other_pair = make(&x, ID_A, ID_C, first);
	other_line = make(&x, ID_A, ID_B, secret_line(second, &x, "k", "hush", "2"));
	p = srp_lines_text(here->lines, &n);
	q = srp_lines_text(other_pair->lines, &n);
	assert_memory_not_equal(p + 4, q + 4, 32);
	q = srp_lines_text(other_line->lines, &n);
	assert_memory_not_equal(p + 4, q + 4, 32);
	pair_lines_free(here);
	pair_lines_free(other_pair);
	pair_lines_free(other_line);
	side_close(&x);
}

static void
what_this_chassis_cannot_open_equals_no_secret(void **state)
{
	static const char foreign[] = "=k \x1e"
	                              "01abd002c82b4a2c\x1e 1\n";
	struct pair_lines *a, *b;
	struct side x;
	const char *text;
	size_t n;

	(void)state;
	side_open(&x);
	a = make(&x, ID_A, ID_B, foreign);
	b = make(&x, ID_A, ID_B, foreign);
	text = srp_lines_text(a->lines, &n);
	assert_int_equal(text[4], '!');
	assert_int_equal(a->digest, b->digest);
	pair_lines_free(a);
	pair_lines_free(b);
	side_close(&x);
}

static void
a_secret_once_worked_out_is_remembered(void **state)
{
	char line[LINE_BYTES];
	struct pair_lines *a, *b;
	struct secrets *none = NULL;
	struct side x;

	(void)state;
	side_open(&x);
	a = make(&x, ID_A, ID_B, secret_line(line, &x, "k", "hush", "1"));
	/* without a key it could not be opened again */
	b = pair_lines_new(none, ID_A, ID_B, line, strlen(line), &x.known);
	assert_non_null(b);
	assert_int_equal(a->digest, b->digest);
	pair_lines_free(a);
	pair_lines_free(b);
	side_close(&x);
}

static void
no_line_at_all_has_a_digest_and_travels(void **state)
{
	struct srp_lines *back = NULL;
	struct pair_lines *a;
	struct side x;

	(void)state;
	side_open(&x);
	a = pair_lines_new(x.secrets, ID_A, ID_B, NULL, 0, &x.known);
	assert_non_null(a);
	assert_int_not_equal(a->digest, 0);
	assert_int_equal(srp_lines_unpack(a->packed, a->packed_bytes, a->plain_bytes, &back), ERR_OK);
	srp_lines_free(back);
	pair_lines_free(a);
	side_close(&x);
}

static void
lines_too_long_to_send_have_a_digest_alone(void **state)
{
	size_t len = SRP_LINES_BYTES_MAX + 100;
	char *text = malloc(len);
	struct pair_lines *a;
	struct side x;

	(void)state;
	for (size_t i = 0; i < len; i++)
		text[i] = i % 100 == 0 ? '=' : i % 100 == 99 || i == len - 1 ? '\n' : 'x';
	side_open(&x);
	a = pair_lines_new(x.secrets, ID_A, ID_B, text, len, &x.known);
	assert_non_null(a);
	assert_null(a->packed);
	assert_int_not_equal(a->digest, 0);
	pair_lines_free(a);
	side_close(&x);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_secret_sealed_on_two_chassis_gives_one_digest),
	    cmocka_unit_test(neither_clear_nor_sealed_text_is_among_the_lines),
	    cmocka_unit_test(a_secret_says_nothing_to_another_pair_or_in_another_line),
	    cmocka_unit_test(what_this_chassis_cannot_open_equals_no_secret),
	    cmocka_unit_test(a_secret_once_worked_out_is_remembered),
	    cmocka_unit_test(no_line_at_all_has_a_digest_and_travels),
	    cmocka_unit_test(lines_too_long_to_send_have_a_digest_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
