/* Claims about the comparison of two chassis' configuration lines. */
#include "srp/srp_validate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECRET(tag) "\x1e" tag "\x1e"

static char said[8192];

static struct srp_lines *
lines(const char *text)
{
	struct srp_lines *l = NULL;

	assert_int_equal(srp_lines_new(text, strlen(text), &l), ERR_OK);
	return l;
}

/* What is printed of the differences, at most @max lines. */
static const char *
differences(const char *here, const char *peer, uint32_t max)
{
	struct srp_lines *a = lines(here), *b = lines(peer);
	struct srp_diff *d = srp_diff_new(a, b);
	struct text_fixed f;
	struct text out;

	assert_non_null(d);
	srp_lines_free(a); /* the differences stand by themselves */
	srp_lines_free(b);
	text_fixed_init(&f, &out, said, sizeof said);
	srp_diff_print(d, max, &out);
	srp_diff_free(d);
	return said;
}

static void
the_same_lines_in_another_order_are_no_difference(void **state)
{
	(void)state;
	assert_string_equal(differences("=b\n=a\n=context x: c\n", "=context x: c\n=a\n=b\n", 10), "");
	assert_string_equal(differences("", "", 10), "");
}

static void
a_line_of_one_side_is_named_with_its_side(void **state)
{
	(void)state;
	assert_string_equal(differences("=a\n=m\n=z\n", "=a\n=n\n=z\n", 10), "only here: m\nonly on the peer: n\n");
	assert_string_equal(differences("", "=n\n", 10), "only on the peer: n\n");
	assert_string_equal(differences("=n\n", "", 10), "only here: n\n");
}

static void
a_line_that_stands_twice_on_one_side_is_one_difference(void **state)
{
	(void)state;
	assert_string_equal(differences("=a\n=a\n", "=a\n", 10), "only here: a\n");
}

static void
an_ordered_line_at_another_place_is_named_with_both_places(void **state)
{
	(void)state;
	assert_string_equal(differences("#context i: one\n#context i: two\n#context i: three\n",
	                                "#context i: two\n#context i: one\n#context i: three\n", 10),
	                    "order differs: context i: two (number 2 here, 1 on the peer)\n"
	                    "order differs: context i: one (number 1 here, 2 on the peer)\n");
}

static void
an_ordered_line_of_one_side_shifts_no_other(void **state)
{
	(void)state;
	assert_string_equal(differences("#context i: new\n#context i: one\n#context i: two\n",
	                                "#context i: one\n#context i: two\n#context i: other\n", 10),
	                    "only here: context i: new\nonly on the peer: context i: other\n");
}

static void
sequences_of_two_blocks_are_apart(void **state)
{
	(void)state;
	assert_string_equal(differences("#context a: one\n#context b: two\n#context c: three\n",
	                                "#context b: two\n#context a: one\n#context d: four\n", 10),
	                    "only here: context c: three\nonly on the peer: context d: four\n");
}

static void
a_secret_that_differs_is_told_once_and_never_shown(void **state)
{
	(void)state;
	assert_string_equal(differences("=radius server 1 key " SECRET("aa") " port 1\n",
	                                "=radius server 1 key " SECRET("bb") " port 1\n", 10),
	                    "secret differs: radius server 1 key <secret> port 1\n");
	assert_string_equal(differences("=k " SECRET("aa") " port 1\n", "=k " SECRET("aa") " port 2\n", 10),
	                    "only here: k <secret> port 1\nonly on the peer: k <secret> port 2\n");
	/* the partner sorts before a line that comes first here */
	assert_string_equal(differences("=k " SECRET("5") " q\n=k " SECRET("9") " p\n", "=k " SECRET("1") " p\n", 10),
	                    "only here: k <secret> q\nsecret differs: k <secret> p\n");
}

static void
more_than_a_screen_ends_with_a_number(void **state)
{
	(void)state;
	assert_string_equal(differences("=a\n=b\n=c\n", "", 2), "only here: a\nonly here: b\nand 1 more\n");
}

static void
what_the_peer_says_is_escaped(void **state)
{
	(void)state;
	assert_string_equal(differences("", "=a\xff\n", 2), "only on the peer: a\\xff\n");
}

static void
is_refused(const char *text, size_t len, enum err wanted)
{
	struct srp_lines *l = NULL;

	assert_int_equal(srp_lines_new(text, len, &l), wanted);
	assert_null(l);
}

static void
a_text_that_is_not_lines_is_refused(void **state)
{
	(void)state;
	is_refused("=a", 2, ERR_FORMAT);
	is_refused("=\n", 2, ERR_FORMAT);
	is_refused("\n", 1, ERR_FORMAT);
	is_refused("a\n", 2, ERR_FORMAT);
	is_refused("=a\x1b[2J\n", 7, ERR_FORMAT);
	is_refused("=a\0b\n", 5, ERR_FORMAT);
	is_refused("=a\x1e open\n", 9, ERR_FORMAT);
}

static void
a_text_that_is_too_long_is_refused(void **state)
{
	size_t len = SRP_LINES_BYTES_MAX + 1;
	char *text = malloc(len);

	(void)state;
	for (size_t i = 0; i < len; i += 2)
		memcpy(text + i, "#\n", i + 2 <= len ? 2 : 1);
	is_refused(text, len, ERR_RANGE);
	memset(text, 'x', len);
	text[0] = '=';
	text[SRP_LINE_BYTES_MAX + 1] = '\n';
	is_refused(text, SRP_LINE_BYTES_MAX + 2, ERR_RANGE);
	for (size_t i = 0; i < len - 3; i += 3)
		memcpy(text + i, "#x\n", 3);
	is_refused(text, 3 * (SRP_LINES_ORDERED_MAX + 1), ERR_RANGE);
	free(text);
}

static void
the_canonical_text_is_the_same_exactly_when_nothing_differs(void **state)
{
	struct srp_lines *a = lines("#c: 1\n=b\n#c: 2\n=a\n"), *b = lines("=a\n#c: 1\n=b\n#c: 2\n"),
	                 *c = lines("=a\n#c: 2\n=b\n#c: 1\n");
	const char *text, *other;
	size_t n, m;

	(void)state;
	assert_string_equal(differences("=a\n#c: 1\n", "=a\n#c: 1\n", 9), "");
	text = srp_lines_text(a, &n);
	assert_int_equal(n, 18);
	assert_memory_equal(text, "=a\n=b\n#c: 1\n#c: 2\n", n);
	other = srp_lines_text(b, &m);
	assert_int_equal(m, n);
	assert_memory_equal(other, text, n);
	other = srp_lines_text(c, &m);
	assert_int_equal(m, n);
	assert_memory_not_equal(other, text, n);
	assert_int_equal(srp_lines_count(a), 4);
	srp_lines_free(a);
	srp_lines_free(b);
	srp_lines_free(c);
}

static void
packed_lines_come_back_and_a_lying_size_is_refused(void **state)
{
	struct srp_lines *a = lines("=a\n=context x: b\n#c: 1\n"), *b = NULL, *none = NULL;
	const char *text, *back;
	uint8_t *packed = NULL;
	size_t n, m, k;

	(void)state;
	text = srp_lines_text(a, &n);
	assert_int_equal(srp_lines_pack(a, &packed, &k), ERR_OK);
	assert_int_equal(srp_lines_unpack(packed, k, n, &b), ERR_OK);
	back = srp_lines_text(b, &m);
	assert_int_equal(m, n);
	assert_memory_equal(back, text, n);
	assert_int_equal(srp_lines_unpack(packed, k, n - 1, &none), ERR_CORRUPT);
	assert_int_equal(srp_lines_unpack(packed, k, n + 1, &none), ERR_CORRUPT);
	assert_int_equal(srp_lines_unpack(packed, k - 1, n, &none), ERR_CORRUPT);
	assert_int_equal(srp_lines_unpack(packed, k, SRP_LINES_BYTES_MAX + 1, &none), ERR_RANGE);
	packed[k / 2] ^= 0x55;
	assert_int_not_equal(srp_lines_unpack(packed, k, n, &none), ERR_OK);
	assert_null(none);
	free(packed);
	srp_lines_free(a);
	srp_lines_free(b);
}

static void
own_lines_may_be_too_many_to_send(void **state)
{
	size_t len = 3 * (SRP_LINES_ORDERED_MAX + 1);
	char *text = malloc(len);
	struct srp_lines *l = NULL;
	uint8_t *packed;
	size_t n;

	(void)state;
	for (size_t i = 0; i < len; i += 3)
		memcpy(text + i, "#x\n", 3);
	assert_int_equal(srp_lines_own(text, len, &l), ERR_OK);
	assert_true(srp_lines_is_long(l));
	assert_int_equal(srp_lines_pack(l, &packed, &n), ERR_RANGE);
	srp_lines_free(l);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_same_lines_in_another_order_are_no_difference),
	    cmocka_unit_test(a_line_of_one_side_is_named_with_its_side),
	    cmocka_unit_test(a_line_that_stands_twice_on_one_side_is_one_difference),
	    cmocka_unit_test(an_ordered_line_at_another_place_is_named_with_both_places),
	    cmocka_unit_test(an_ordered_line_of_one_side_shifts_no_other),
	    cmocka_unit_test(sequences_of_two_blocks_are_apart),
	    cmocka_unit_test(a_secret_that_differs_is_told_once_and_never_shown),
	    cmocka_unit_test(more_than_a_screen_ends_with_a_number),
	    cmocka_unit_test(what_the_peer_says_is_escaped),
	    cmocka_unit_test(a_text_that_is_not_lines_is_refused),
	    cmocka_unit_test(a_text_that_is_too_long_is_refused),
	    cmocka_unit_test(the_canonical_text_is_the_same_exactly_when_nothing_differs),
	    cmocka_unit_test(packed_lines_come_back_and_a_lying_size_is_refused),
	    cmocka_unit_test(own_lines_may_be_too_many_to_send),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
