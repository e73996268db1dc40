/* checkpoint_refusals.c - each rule of the wire that a peer breaks is counted under its name, and no name is without
 * one. */
#include "base/crc32c.h"
#include "tests/unit/ckpt_moved.h"

static uint8_t bytes[4096];
static struct wbuf out;

static void
control(uint8_t type, struct ckpt_msg m)
{
	assert_int_equal(ckpt_msg_write(&out, type, &m), ERR_OK);
}

static void
frame_of(uint8_t type, const void *body, size_t n)
{
	size_t at = ckpt_frame_begin(&out, type);

	wbuf_bytes(&out, body, n);
	ckpt_frame_end(&out, at);
}

/* A batch of one record that b would take, when @edit leaves it so. */
static void
batch(void (*edit)(struct ckpt_batch *h), uint64_t seq, uint32_t teid, bool is_call)
{
	struct ckpt_batch h = {.number = counter(&b, CKPT_NOW_BATCH), .through = counter(&b, CKPT_NOW_SEQ), .count = 1};
	struct call c = {.imsi = 77, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED, .teid = teid};
	uint8_t raw[1024], content[512];
	struct ckpt_record r = {.kind = CKPT_KIND_FULL, .teid = teid, .seq = seq, .bytes = content};
	struct ckpt_packer packer;
	struct wbuf w, record;
	size_t at;

	wbuf_init(&record, content, sizeof content);
	c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_TEID);
	if (is_call)
		assert_int_equal(call_rows_encode(&c, &record), ERR_OK);
	else
		wbuf_bytes(&record, "\x01\x01no record of any call", 23);
	r.len = (uint16_t)record.len;
	wbuf_init(&w, raw, sizeof raw);
	ckpt_pack_begin(&packer, counter(&b, CKPT_NOW_SEQ));
	assert_true(ckpt_pack(&packer, &w, &r));
	h.raw_bytes = (uint32_t)w.len;
	h.crc = crc32c(0, raw, w.len);
	if (edit != NULL)
		edit(&h);
	at = ckpt_frame_begin(&out, CKPT_BATCH);
	ckpt_batch_write(&out, &h);
	wbuf_bytes(&out, raw, w.len);
	ckpt_frame_end(&out, at);
}

#define HERE teid_make(INSTANCE, 0, 5)

static void
edit_number(struct ckpt_batch *h)
{
	h->number += 5;
}
static void
edit_through(struct ckpt_batch *h)
{
	h->through -= 1;
}
static void
edit_codec(struct ckpt_batch *h)
{
	h->codec = 9;
}
static void
edit_raw(struct ckpt_batch *h)
{
	h->raw_bytes += 1;
}
static void
edit_crc(struct ckpt_batch *h)
{
	h->crc ^= 1;
}
static void
edit_count(struct ckpt_batch *h)
{
	h->count = 60000;
}
static void
edit_more(struct ckpt_batch *h)
{
	h->count = 2;
}

static void
make_magic(void)
{
	wbuf_bytes(&out, "GET / HTTP/1", 12);
}
static void
make_version(void)
{
	frame_of(CKPT_HEARTBEAT, "", 0);
	bytes[2]++;
}
static void
make_length(void)
{
	frame_of(CKPT_HEARTBEAT, "", 0);
	bytes[4] = 0x7f;
}
static void
make_crc(void)
{
	frame_of(CKPT_HEARTBEAT, "", 0);
	bytes[8] ^= 1;
}
static void
make_heartbeat(void)
{
	frame_of(CKPT_HEARTBEAT, "", 0);
}
static void
make_open(void)
{
	control(CKPT_OPEN, (struct ckpt_msg){.instance = INSTANCE, .chassis_id = 1, .incarnation = 1});
}
static void
make_instance(void)
{
	control(CKPT_OPEN, (struct ckpt_msg){.instance = 9, .chassis_id = 1, .incarnation = 1});
}
static void
make_chassis(void)
{
	control(CKPT_OPEN, (struct ckpt_msg){.instance = INSTANCE, .chassis_id = 2, .incarnation = 1});
}
static void
make_compressions(void)
{
	control(CKPT_OPEN_ACK, (struct ckpt_msg){.instance = INSTANCE, .chassis_id = 1, .incarnation = 1});
}
static void
make_missing(void)
{
	frame_of(CKPT_ACK, "", 0);
}
static void
make_sync_end(void)
{
	control(CKPT_SYNC_END, (struct ckpt_msg){.incarnation = 1});
}
static void
make_seq(void)
{
	control(CKPT_ACCOUNTING_END, (struct ckpt_msg){.incarnation = 1, .seq = 5});
}
static void
make_ack(void)
{
	control(CKPT_ACK, (struct ckpt_msg){.batch = 99});
}
static void
make_short_batch(void)
{
	frame_of(CKPT_BATCH, "abc", 3);
}
static void
make_number(void)
{
	batch(edit_number, 1, HERE, true);
}
static void
make_through(void)
{
	batch(edit_through, 1, HERE, true);
}
static void
make_codec(void)
{
	batch(edit_codec, 1, HERE, true);
}
static void
make_raw(void)
{
	batch(edit_raw, 1, HERE, true);
}
static void
make_crc32c(void)
{
	batch(edit_crc, 1, HERE, true);
}
static void
make_count(void)
{
	batch(edit_count, 1, HERE, true);
}
static void
make_record_length(void)
{
	batch(edit_more, 1, HERE, true);
}
static void
make_record_seq(void)
{
	batch(NULL, 1000, HERE, true);
}
static void
make_record_teid(void)
{
	batch(NULL, 1, teid_make(INSTANCE + 1, 0, 5), true);
}
static void
make_contents(void)
{
	batch(NULL, 1, HERE, false);
}

/* How far the connection of b has come when the frame arrives. */
enum { OPENED, ACCEPTED, DIALLED };

static const struct {
	const char *name;
	void (*make)(void);
	int when;
} rules[] = {
    {"magic", make_magic, OPENED},
    {"version", make_version, OPENED},
    {"length", make_length, OPENED},
    {"frame crc", make_crc, OPENED},
    {"before OPEN", make_heartbeat, ACCEPTED},
    {"unexpected", make_open, OPENED},
    {"instance", make_instance, ACCEPTED},
    {"chassis-id", make_chassis, ACCEPTED},
    {"compressions", make_compressions, DIALLED},
    {"missing field", make_missing, OPENED},
    {"no sync runs", make_sync_end, OPENED},
    {"seq", make_seq, OPENED},
    {"batch", make_ack, OPENED},
    {"batch header", make_short_batch, OPENED},
    {"number", make_number, OPENED},
    {"through", make_through, OPENED},
    {"codec", make_codec, OPENED},
    {"raw bytes", make_raw, OPENED},
    {"crc32c", make_crc32c, OPENED},
    {"count", make_count, OPENED},
    {"record length", make_record_length, OPENED},
    {"record seq", make_record_seq, OPENED},
    {"record teid", make_record_teid, OPENED},
    {"record contents", make_contents, OPENED},
};

static void
each_rule_that_is_broken_is_counted_under_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
		unsigned name = 0;

		while (name < CKPT_REFUSALS && strcmp(ckpt_refusals[name], rules[i].name) != 0)
			name++;
		if (name == CKPT_REFUSALS)
			fail_msg("no counter is named %s", rules[i].name);
		teardown(NULL);
		setup(NULL);
		add(&a, 1);
		join();
		run();
		if (rules[i].when != OPENED) {
			cut();
			assert_int_equal(ckpt_connected(b.ckpt, rules[i].when == DIALLED, now), ERR_OK);
		}
		wbuf_init(&out, bytes, sizeof bytes);
		rules[i].make();
		mark();
		if (ckpt_input(b.ckpt, bytes, out.len, now) == ERR_OK)
			fail_msg("%s is not refused", rules[i].name);
		moved(&b, CKPT_REJECTED, 1);
		if (moved_by(&b, (enum ckpt_counter)(CKPT_REFUSED_FIRST + name)) != 1)
			fail_msg("%s was refused as %s", rules[i].name, ckpt_verdict(b.ckpt)->field);
		moved(&b, (enum ckpt_counter)(CKPT_REFUSED_FIRST + name), 1);
	}
}

static void
every_name_has_its_rule(void **state)
{
	(void)state;
	for (unsigned name = 0; name < CKPT_REFUSALS; name++)
		if (!seen[CKPT_REFUSED_FIRST + name])
			fail_msg("nothing was refused as %s", ckpt_refusals[name]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(each_rule_that_is_broken_is_counted_under_its_name, setup, teardown),
	    cmocka_unit_test(every_name_has_its_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
