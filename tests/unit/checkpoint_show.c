/* checkpoint_show.c - labels and columns that programs read, and the codecs' agreement. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checkpoint/ckpt_show.h"
#include "checkpoint/compress.h"

static struct ckpt_sessmgr_view views[3];

/* show - @render's text into @buf. */
static void
show(void (*render)(const struct ckpt_sessmgr_view *, unsigned, struct report *), const struct ckpt_sessmgr_view *v,
     unsigned count, char *buf, size_t cap)
{
	struct text_fixed f;
	struct report r;
	struct text out;

	text_fixed_init(&f, &out, buf, cap);
	report_begin(&r, &out, false);
	render(v, count, &r);
	report_end(&r);
	assert_false(f.is_cut);
}

static int
setup(void **state)
{
	(void)state;
	memset(views, 0, sizeof views);
	for (unsigned i = 0; i < 3; i++) {
		views[i].instance = i + 1;
		views[i].is_running = true;
	}
	views[0].counters[CKPT_NOW_CONN] = CKPT_CONN_READY;
	views[0].counters[CKPT_NOW_ROLE] = CKPT_ACTIVE;
	views[1].counters[CKPT_NOW_CONN] = CKPT_CONN_READY;
	views[2].counters[CKPT_NOW_CONN] = CKPT_CONN_CONN;
	views[1].calls_standby = 120;
	views[2].calls_standby = 80;
	views[0].counters[CKPT_FULL_SENT] = 7;
	return 0;
}

static void
assert_line(const char *text, const char *label, const char *value)
{
	const char *at = strstr(text, label);

	assert_non_null(at);
	at += strlen(label);
	at += strspn(at, " ");
	assert_int_equal(strncmp(at, value, strlen(value)), 0);
	assert_int_equal(at[strlen(value)], '\n');
}

static void
the_sums_carry_the_known_labels(void **state)
{
	char buf[8192];

	(void)state;
	show(ckpt_show_statistics, views, 3, buf, sizeof buf);
	assert_line(buf, "Number of Sessmgrs:", "3");
	assert_line(buf, "Sessmgrs in Active-Connected state:", "1");
	assert_line(buf, "Sessmgrs in Standby-Connected state:", "1");
	assert_line(buf, "Sessmgrs in Pending-Active state:", "1");
	assert_line(buf, "Current pre-allocated calls:", "200");
	assert_line(buf, "Total full checkpoints sent:", "7");
}

/* A counter that no command shows is one that nobody knows of; gauges are told elsewhere. */
static void
every_counter_moves_a_line_of_the_statistics(void **state)
{
	static char buf[8192];

	(void)state;
	for (int k = 0; k < CKPT_NOW_PROVED_MS; k++) {
		struct ckpt_sessmgr_view v = {.instance = 1, .is_running = true};

		v.counters[k] = 777;
		show(ckpt_show_statistics, &v, 1, buf, sizeof buf);
		if (strstr(buf, " 777\n") == NULL)
			fail_msg("counter %d is not shown", k);
	}
}

static void
the_verbose_table_has_a_row_a_session_manager_with_its_connection(void **state)
{
	char buf[8192];
	const char *table;

	(void)state;
	views[2].counters[CKPT_NOW_CONN] = CKPT_CONN_NONE;
	show(ckpt_show_statistics_verbose, views, 3, buf, sizeof buf);
	table = strstr(buf, "smgr");
	assert_non_null(table);
	assert_non_null(strstr(table, "peer"));
	assert_non_null(strstr(table, "conn"));
	assert_non_null(strstr(table, "\n   1 Actv   Ready "));
	assert_non_null(strstr(table, "\n   2 Stby   Ready "));
	assert_non_null(strstr(table, "\n   3 Stby         "));
}

static void
compression_is_shown_as_configured_and_as_agreed(void **state)
{
	char buf[8192];

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		views[i].counters[CKPT_NOW_CONFIGURED] = COMPRESS_LZ4;
	show(ckpt_show_statistics, views, 3, buf, sizeof buf);
	assert_line(buf, "Checkpoint compression configured:", "lz4");
	assert_line(buf, "Checkpoint compression agreed with peer:", "none");
	views[0].counters[CKPT_NOW_COMPRESSION] = COMPRESS_ZLIB;
	views[1].counters[CKPT_NOW_COMPRESSION] = COMPRESS_LZ4;
	views[2].counters[CKPT_NOW_COMPRESSION] = COMPRESS_LZ4;
	show(ckpt_show_statistics, views, 3, buf, sizeof buf);
	assert_line(buf, "Checkpoint compression agreed with peer:", "zlib (1), lz4 (2)");
}

static void
the_highest_common_codec_wins_and_a_newer_one_alone_is_not_chosen(void **state)
{
	(void)state;
	assert_int_equal(compress_agree(COMPRESS_OFFERED, COMPRESS_OFFERED), COMPRESS_ZLIB);
	assert_int_equal(compress_agree(COMPRESS_OFFERED, 1u << COMPRESS_NONE), COMPRESS_NONE);
	assert_int_equal(compress_agree(COMPRESS_OFFERED, COMPRESS_OFFERED_LZ4), COMPRESS_ZLIB);
	assert_int_equal(compress_agree(COMPRESS_OFFERED_LZ4, COMPRESS_OFFERED_LZ4), COMPRESS_LZ4);
	assert_int_equal(compress_agree(COMPRESS_OFFERED_LZ4, COMPRESS_OFFERED_LZ4 | 1u << 3), COMPRESS_LZ4);
	assert_int_equal(compress_agree(COMPRESS_OFFERED, 1u << 2), COMPRESS_NONE);
	assert_int_equal(compress_best(COMPRESS_OFFERED_LZ4), COMPRESS_LZ4);
	assert_string_equal(compress_name(COMPRESS_ZLIB), "zlib");
	assert_string_equal(compress_name((enum compress_id)9), "unknown");
}

static void
every_codec_gives_back_what_it_took_and_refuses_other_lengths(void **state)
{
	static uint8_t in[65536], packed[70000], out[65537];
	struct compress *c = compress_new();
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i * i >> 7);
	for (int id = COMPRESS_NONE; id < COMPRESS_ID_COUNT; id++)
		for (size_t len = 0; len <= sizeof in; len = len * 3 + 1) {
			assert_int_equal(compress_pack(c, (enum compress_id)id, in, len, packed, sizeof packed, &n),
			                 ERR_OK);
			assert_int_equal(compress_unpack(c, (enum compress_id)id, packed, n, out, len), ERR_OK);
			assert_memory_equal(in, out, len);
			assert_int_equal(compress_unpack(c, (enum compress_id)id, packed, n, out, len + 1), ERR_RANGE);
			if (len > 0) {
				out[len - 1] = 0x5a;
				assert_int_not_equal(compress_unpack(c, (enum compress_id)id, packed, n, out, len - 1),
				                     ERR_OK);
				assert_int_equal(out[len - 1], 0x5a);
			}
		}
	assert_int_equal(compress_pack(c, COMPRESS_ZLIB, in, 60000, packed, 20, &n), ERR_FULL);
	assert_int_equal(compress_pack(c, COMPRESS_LZ4, in, 60000, packed, 20, &n), ERR_FULL);
	assert_int_not_equal(compress_unpack(c, COMPRESS_LZ4, "no lz4 here", 11, out, 50), ERR_OK);
	assert_int_equal(compress_pack(c, (enum compress_id)9, in, 1, packed, 20, &n), ERR_NOT_FOUND);
	assert_int_equal(compress_unpack(c, COMPRESS_ZLIB, "no zlib here", 12, out, 50), ERR_FORMAT);
	compress_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(the_sums_carry_the_known_labels, setup),
	    cmocka_unit_test_setup(every_counter_moves_a_line_of_the_statistics, setup),
	    cmocka_unit_test_setup(the_verbose_table_has_a_row_a_session_manager_with_its_connection, setup),
	    cmocka_unit_test_setup(compression_is_shown_as_configured_and_as_agreed, setup),
	    cmocka_unit_test(the_highest_common_codec_wins_and_a_newer_one_alone_is_not_chosen),
	    cmocka_unit_test(every_codec_gives_back_what_it_took_and_refuses_other_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
