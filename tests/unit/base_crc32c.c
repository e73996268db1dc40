/* base_crc32c.c - the checksum by whichever way this machine has, against the table and the standard's value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/crc32c.h"
#include "base/rng.h"

static void
the_check_value_is_that_of_the_standard(void **state)
{
	(void)state;
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_table(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "", 0), 0);
}

static void
every_length_and_alignment_gives_the_table_s_value(void **state)
{
	struct rng rng = {.state = 7};
	uint8_t bytes[2100];

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)rng_next(&rng);
	for (size_t n = 0; n < 2080; n += n < 300 ? 1 : 97)
		for (size_t at = 0; at < 16; at++)
			assert_int_equal(crc32c(0, bytes + at, n), crc32c_table(0, bytes + at, n));
}

static void
pieces_give_the_value_of_the_whole(void **state)
{
	static const char text[] = "a record in two pieces, the second one longer than the first";

	(void)state;
	for (size_t cut = 0; cut < sizeof text; cut++)
		assert_int_equal(crc32c(crc32c(0, text, cut), text + cut, sizeof text - cut),
		                 crc32c(0, text, sizeof text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_check_value_is_that_of_the_standard),
	    cmocka_unit_test(every_length_and_alignment_gives_the_table_s_value),
	    cmocka_unit_test(pieces_give_the_value_of_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
