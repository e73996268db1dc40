/* Bytes of both sides of the CLI socket into the frame decoder: a frame within the input, or a verdict; never anything
 * else. */
#include <assert.h>
#include <string.h>

#include "cli/cli_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
walk(const uint8_t *data, size_t size, enum cli_side from)
{
	struct cli_hello hello;
	struct cli_frame f;
	struct cli_end end;
	const char *text;
	struct rbuf r;
	uint8_t flags;
	size_t n, pos = 0;

	rbuf_init(&r, data, size);
	while (cli_proto_next(&r, from, &f) == ERR_OK) {
		assert(f.data >= data && f.data + f.len <= data + size && f.len <= CLI_FRAME_PAYLOAD_MAX);
		(void)cli_hello_decode(&f, &hello);
		if (cli_end_decode(&f, &end) == ERR_OK)
			assert(end.status < CLI_STATUS_COUNT);
		if (cli_question_decode(&f, &flags, &text, &n) == ERR_OK)
			assert(n + 1 == f.len);
		for (pos = 0; (text = cli_candidates_next(&f, &pos)) != NULL;)
			assert(strlen(text) < f.len && pos <= f.len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	walk(data, size, CLI_SIDE_SHELL);
	walk(data, size, CLI_SIDE_CHASSIS);
	return 0;
}
