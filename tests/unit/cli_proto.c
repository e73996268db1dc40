/* Claims about the frames of the CLI socket. */
#include "cli/cli_proto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"

static void
a_frame_comes_back_as_it_was_written(void **state)
{
	uint8_t bytes[256];
	struct cli_frame f;
	struct wbuf w;
	struct rbuf r;

	(void)state;
	wbuf_init(&w, bytes, sizeof bytes);
	assert_int_equal(cli_proto_put(&w, CLI_MSG_LINE, "show version", 12), ERR_OK);
	assert_int_equal(cli_proto_put(&w, CLI_MSG_INTERRUPT, NULL, 0), ERR_OK);
	rbuf_init(&r, bytes, w.len);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_OK);
	assert_int_equal(f.type, CLI_MSG_LINE);
	assert_int_equal(f.len, 12);
	assert_memory_equal(f.data, "show version", 12);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_OK);
	assert_int_equal(f.type, CLI_MSG_INTERRUPT);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_SHORT);
	assert_int_equal(rbuf_left(&r), 0);
}

static void
a_frame_cut_anywhere_is_short_and_moves_nothing(void **state)
{
	uint8_t bytes[64];
	struct cli_frame f;
	struct wbuf w;
	struct rbuf r;

	(void)state;
	wbuf_init(&w, bytes, sizeof bytes);
	assert_int_equal(cli_proto_put(&w, CLI_MSG_HELP, "conf", 4), ERR_OK);
	for (size_t n = 0; n < w.len; n++) {
		rbuf_init(&r, bytes, n);
		assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_SHORT);
		assert_int_equal(r.pos, 0);
		assert_false(r.is_short);
	}
}

static void
the_longest_payload_passes_and_one_byte_more_is_refused_before_it_arrives(void **state)
{
	const size_t cap = CLI_FRAME_HEADER_BYTES + CLI_FRAME_PAYLOAD_MAX;
	uint8_t *bytes = malloc(cap), *payload = calloc(1, CLI_FRAME_PAYLOAD_MAX + 1), head[CLI_FRAME_HEADER_BYTES];
	struct cli_frame f;
	struct wbuf w;
	struct rbuf r;

	(void)state;
	wbuf_init(&w, bytes, cap);
	assert_int_equal(cli_proto_put(&w, CLI_MSG_OUTPUT, payload, CLI_FRAME_PAYLOAD_MAX + 1), ERR_RANGE);
	assert_int_equal(w.len, 0);
	assert_int_equal(cli_proto_put(&w, CLI_MSG_OUTPUT, payload, CLI_FRAME_PAYLOAD_MAX), ERR_OK);
	assert_int_equal(cli_proto_put(&w, CLI_MSG_OUTPUT, payload, 0), ERR_FULL);
	assert_int_equal(w.len, cap);
	assert_false(w.is_over);
	rbuf_init(&r, bytes, cap);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_CHASSIS, &f), ERR_OK);
	assert_int_equal(f.len, CLI_FRAME_PAYLOAD_MAX);

	assert_int_equal(cli_proto_header(CLI_MSG_LINE, CLI_FRAME_PAYLOAD_MAX, head), ERR_OK);
	head[4] = 1;
	rbuf_init(&r, head, sizeof head);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_RANGE);
	free(bytes);
	free(payload);
}

static void
a_type_of_the_other_side_is_refused_by_its_first_byte(void **state)
{
	const uint8_t output = CLI_MSG_OUTPUT, line = CLI_MSG_LINE, http = 'G';
	struct cli_frame f;
	struct rbuf r;

	(void)state;
	rbuf_init(&r, &output, 1);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_FORMAT);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_CHASSIS, &f), ERR_SHORT);
	rbuf_init(&r, &line, 1);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_CHASSIS, &f), ERR_FORMAT);
	rbuf_init(&r, &http, 1);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_FORMAT);
}

static void
frames_of_a_fixed_length_have_no_other(void **state)
{
	static const struct {
		enum cli_msg type;
		enum cli_side from;
		size_t len;
	} bad[] = {{CLI_MSG_INTERRUPT, CLI_SIDE_SHELL, 1},  {CLI_MSG_TO_EXEC, CLI_SIDE_SHELL, 1},
	           {CLI_MSG_END, CLI_SIDE_CHASSIS, 0},      {CLI_MSG_END, CLI_SIDE_CHASSIS, 4},
	           {CLI_MSG_QUESTION, CLI_SIDE_CHASSIS, 0}, {CLI_MSG_HELLO, CLI_SIDE_SHELL, 9},
	           {CLI_MSG_HELLO, CLI_SIDE_SHELL, 65}};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint8_t bytes[128], zero[65] = {0};
		struct cli_frame f;
		struct wbuf w;
		struct rbuf r;

		wbuf_init(&w, bytes, sizeof bytes);
		assert_int_equal(cli_proto_put(&w, bad[i].type, zero, bad[i].len), ERR_OK);
		rbuf_init(&r, bytes, w.len);
		assert_int_equal(cli_proto_next(&r, bad[i].from, &f), ERR_RANGE);
	}
}

static void
a_hello_is_known_by_magic_and_version(void **state)
{
	struct cli_hello in = {.version = CLI_PROTO_VERSION,
	                       .flags = CLI_HELLO_INTERACTIVE,
	                       .rows = 24,
	                       .columns = 512},
	                 out;
	uint8_t bytes[32];
	struct cli_frame f;
	struct wbuf w;
	struct rbuf r;

	(void)state;
	wbuf_init(&w, bytes, sizeof bytes);
	assert_int_equal(cli_hello_put(&w, &in), ERR_OK);
	rbuf_init(&r, bytes, w.len);
	assert_int_equal(cli_proto_next(&r, CLI_SIDE_SHELL, &f), ERR_OK);
	assert_int_equal(cli_hello_decode(&f, &out), ERR_OK);
	assert_memory_equal(&in, &out, sizeof in);

	bytes[CLI_FRAME_HEADER_BYTES + 4]++;
	assert_int_equal(cli_hello_decode(&f, &out), ERR_VERSION);
	bytes[CLI_FRAME_HEADER_BYTES]++;
	assert_int_equal(cli_hello_decode(&f, &out), ERR_FORMAT);
	f.type = CLI_MSG_LINE;
	assert_int_equal(cli_hello_decode(&f, &out), ERR_FORMAT);
}

static void
candidates_are_walked_and_a_last_word_without_its_nul_is_left_out(void **state)
{
	const struct cli_frame f = {.type = CLI_MSG_CANDIDATES, .data = (const uint8_t *)"show\0srp\0cut", .len = 12};
	size_t pos = 0;

	(void)state;
	assert_string_equal(cli_candidates_next(&f, &pos), "show");
	assert_string_equal(cli_candidates_next(&f, &pos), "srp");
	assert_null(cli_candidates_next(&f, &pos));
	assert_null(cli_candidates_next(&f, &pos));
}

static void
a_question_has_flags_and_a_text(void **state)
{
	struct cli_frame f = {.type = CLI_MSG_QUESTION, .data = (const uint8_t *)"\1Password: ", .len = 11};
	const char *text;
	uint8_t flags;
	size_t len;

	(void)state;
	assert_int_equal(cli_question_decode(&f, &flags, &text, &len), ERR_OK);
	assert_int_equal(flags, CLI_QUESTION_SECRET);
	assert_int_equal(len, 10);
	assert_memory_equal(text, "Password: ", 10);
	f.len = 0;
	assert_int_equal(cli_question_decode(&f, &flags, &text, &len), ERR_SHORT);
}

static void
an_end_has_a_known_status_and_the_terminal_length(void **state)
{
	struct cli_end in = {.status = CLI_STATUS_FAILED, .length = 512}, out;
	uint8_t payload[CLI_END_BYTES];
	struct cli_frame f = {.type = CLI_MSG_END, .data = payload, .len = sizeof payload};

	(void)state;
	cli_end_encode(&in, payload);
	assert_int_equal(cli_end_decode(&f, &out), ERR_OK);
	assert_int_equal(out.status, CLI_STATUS_FAILED);
	assert_int_equal(out.length, 512);
	payload[0] = CLI_STATUS_COUNT;
	assert_int_equal(cli_end_decode(&f, &out), ERR_RANGE);
	f.len = 2;
	assert_int_equal(cli_end_decode(&f, &out), ERR_SHORT);
}

static void
random_bytes_end_in_a_verdict(void **state)
{
	const char *env = getenv("SEED");
	uint64_t seed = env != NULL ? strtoull(env, NULL, 0) : 20240511;
	struct rng rng = {.state = seed};

	(void)state;
	print_message("seed %llu\n", (unsigned long long)seed);
	for (int round = 0; round < 20000; round++) {
		uint8_t bytes[64];
		uint32_t n = rng_below(&rng, sizeof bytes + 1);
		struct cli_frame f;
		struct cli_hello hello;
		struct rbuf r;
		size_t pos = 0;

		for (uint32_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)(rng_below(&rng, 4) == 0 ? rng_next(&rng) : rng_below(&rng, 8));
		rbuf_init(&r, bytes, n);
		while (cli_proto_next(&r, CLI_SIDE_SHELL, &f) == ERR_OK) {
			assert_true(f.data + f.len <= bytes + n);
			(void)cli_hello_decode(&f, &hello);
			while (cli_candidates_next(&f, &pos) != NULL)
				;
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_frame_comes_back_as_it_was_written),
	    cmocka_unit_test(a_frame_cut_anywhere_is_short_and_moves_nothing),
	    cmocka_unit_test(the_longest_payload_passes_and_one_byte_more_is_refused_before_it_arrives),
	    cmocka_unit_test(a_type_of_the_other_side_is_refused_by_its_first_byte),
	    cmocka_unit_test(frames_of_a_fixed_length_have_no_other),
	    cmocka_unit_test(a_hello_is_known_by_magic_and_version),
	    cmocka_unit_test(candidates_are_walked_and_a_last_word_without_its_nul_is_left_out),
	    cmocka_unit_test(a_question_has_flags_and_a_text),
	    cmocka_unit_test(an_end_has_a_known_status_and_the_terminal_length),
	    cmocka_unit_test(random_bytes_end_in_a_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
