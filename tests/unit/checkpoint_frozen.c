/*
 * checkpoint_frozen.c - captures of checkpoint connections, kept in tests/wire/, mean today what they meant when they
 * were made; and whatever is done to such a stream on the way, nothing is half applied.
 *
 * With FREEZE in the environment the captures of the present version are written, where there are none.
 */
#include <stdio.h>
#include <sys/stat.h>

#include "tests/unit/ckpt_rig.h"

enum { STREAM_MAX = 1 << 16, CALLS = 4, EPOCH = 7 };

#define FOLDER "tests/wire/checkpoint-4"

struct stream {
	uint8_t bytes[STREAM_MAX];
	size_t len;
};

static struct stream of_active, of_standby;

/* --- making a capture --------------------------------------------------------------------------------------- */

static void
record(struct side *from, struct stream *into)
{
	assert_true(into->len + from->out_len <= STREAM_MAX);
	memcpy(into->bytes + into->len, from->out, from->out_len);
	into->len += from->out_len;
}

static void
converse(void)
{
	for (bool goes_on = true; goes_on;) {
		goes_on = false;
		if (ckpt_wants_fill(a.ckpt))
			fill(&a);
		record(&a, &of_active);
		goes_on |= move(&a, &b);
		if (ckpt_wants_fill(b.ckpt))
			fill(&b);
		record(&b, &of_standby);
		goes_on |= move(&b, &a);
	}
}

static uint32_t
add_full_call(uint64_t imsi)
{
	struct call c = {.imsi = imsi,
	                 .imsi_digits = 15,
	                 .nsapi = 5,
	                 .state = CALL_CONNECTED,
	                 .service = 0x1a2b3c4d,
	                 .msisdn = {0x91, 0x64, 0x07},
	                 .msisdn_len = 3,
	                 .apn = "internet",
	                 .charging_id = 0x01020304,
	                 .selection_mode = 1,
	                 .created_s = 1700000000,
	                 .create_seq = 9,
	                 .create_port = 2123,
	                 .peer_teid_control = 0x11111111,
	                 .peer_teid_user = 0x22222222,
	                 .qos = {0, 0x0b, 0x92, 0x1f},
	                 .qos_len = 4,
	                 .last_type = 16,
	                 .last_seq = 9,
	                 .last_cause = 128,
	                 .active_s = 1700000000};

	assert_int_equal(addr_parse("10.64.0.7", &c.address), ERR_OK);
	assert_int_equal(addr_parse("192.0.2.60", &c.sgsn_control), ERR_OK);
	assert_int_equal(addr_parse("2001:db8::60", &c.sgsn_user), ERR_OK);
	c.present = (CALL_HAS(CALL_F_COUNT) - 1) &
	            ~(CALL_HAS(CALL_F_PCO) | CALL_HAS(CALL_F_CREATE_PEER) | CALL_HAS(CALL_F_LAST_PEER));
	assert_int_equal(a.store.ops->add(a.store.arg, &c), ERR_OK);
	return c.teid;
}

static void
update(uint32_t teid, uint32_t groups, uint32_t value)
{
	struct call c;

	assert_int_equal(a.store.ops->get(a.store.arg, teid, &c), ERR_OK);
	if (groups == CKPT_GROUP_SESSION)
		c.updates = value;
	else if (groups == CKPT_GROUP_STATS)
		c.in_bytes = value;
	else if (groups == CKPT_GROUP_IDLE)
		c.active_s = value;
	else
		c.repeats = value;
	assert_int_equal(a.store.ops->update(a.store.arg, &c, groups), ERR_OK);
}

static void
make_capture(uint32_t offered)
{
	struct ckpt_settings s = {.is_aggressive = true, .is_nack = {true, true}, .nacks_max = {3, 3}};
	uint32_t teids[CALLS];

	of_active.len = of_standby.len = 0;
	ckpt_set_role(a.ckpt, CKPT_ACTIVE, EPOCH);
	ckpt_offer(a.ckpt, offered);
	ckpt_offer(b.ckpt, offered);
	ckpt_configure(b.ckpt, &s);
	for (unsigned i = 0; i < CALLS; i++)
		teids[i] = add_full_call(UINT64_C(240011234500001) + i);
	join();
	converse();
	update(teids[0], CKPT_GROUP_SESSION, 41);
	update(teids[1], CKPT_GROUP_STATS, 42);
	update(teids[2], CKPT_GROUP_IDLE, 1700000043);
	drop_call(&a, teids[3]);
	converse();
	update(teids[0], CKPT_GROUP_ACCOUNTING, 44);
	now += CKPT_ACCOUNTING_MS / 6; /* a heartbeat of each */
	ckpt_tick(a.ckpt, now);
	ckpt_tick(b.ckpt, now);
	converse();
	call_table_drop(b.table, teid_slot(teids[1])); /* as if it had been lost: the next change is NACKed */
	update(teids[1], CKPT_GROUP_STATS, 45);
	converse();
	update(teids[2], CKPT_GROUP_ACCOUNTING, 46);
	assert_int_equal(ckpt_account_send(a.ckpt), ERR_OK);
	converse();
	ckpt_set_role(a.ckpt, CKPT_STANDBY, EPOCH);
	converse();
}

/* --- files --------------------------------------------------------------------------------------------------- */

static void
file_name(char name[128], const char *codec, const char *side)
{
	snprintf(name, 128, FOLDER "/%s.%s", codec, side);
}

static void
write_stream(const char *codec, const char *side, const struct stream *s)
{
	char name[128];
	FILE *f;

	file_name(name, codec, side);
	mkdir(FOLDER, 0777);
	f = fopen(name, "wbx");
	if (f == NULL)
		return;
	assert_int_equal(fwrite(s->bytes, 1, s->len, f), s->len);
	fclose(f);
}

static void
read_stream(const char *codec, const char *side, struct stream *s)
{
	char name[128];
	FILE *f;

	file_name(name, codec, side);
	f = fopen(name, "rb");
	if (f == NULL)
		fail_msg("%s is missing; the test runs in the top folder", name);
	s->len = fread(s->bytes, 1, sizeof s->bytes, f);
	fclose(f);
	assert_in_range(s->len, 1, sizeof s->bytes - 1);
}

/* --- frames -------------------------------------------------------------------------------------------------- */

/* The next frame of @s from *@at on; false at its end. */
static bool
next_frame(const struct stream *s, size_t *at, struct ckpt_header *h, const uint8_t **body)
{
	const char *field;

	if (*at == s->len)
		return false;
	assert_int_equal(ckpt_header_read(s->bytes + *at, s->len - *at, h, &field), ERR_OK);
	*body = s->bytes + *at + CKPT_HEADER_BYTES;
	*at += CKPT_HEADER_BYTES + h->length;
	assert_true(*at <= s->len);
	assert_int_equal(ckpt_header_verify(h, *body), ERR_OK);
	return true;
}

static void
count_frames(const struct stream *s, unsigned seen[CKPT_FRAME_TYPE_COUNT], struct ckpt_msg *nack)
{
	struct ckpt_header h;
	const uint8_t *body;
	size_t at = 0;

	while (next_frame(s, &at, &h, &body)) {
		struct ckpt_msg m;
		const char *field;

		assert_in_range(h.type, 1, CKPT_FRAME_TYPE_COUNT - 1);
		seen[h.type]++;
		if (h.type == CKPT_BATCH || h.type == CKPT_ACCOUNTING || h.type == CKPT_PROOF)
			continue;
		if (ckpt_msg_read(body, h.length, h.type, &m, &field) != ERR_OK)
			fail_msg("%s: %s", ckpt_frame_name(h.type), field);
		if (h.type == CKPT_OPEN || h.type == CKPT_OPEN_ACK) {
			assert_int_equal(m.instance, INSTANCE);
			assert_int_equal(m.chassis_id, h.type == CKPT_OPEN ? 1 : 2);
		}
		if (h.type == CKPT_NACK)
			*nack = m;
	}
}

static void
every_frame_of_a_capture_is_decoded(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const char *codec = i == 0 ? "zlib" : "lz4";
		unsigned active[CKPT_FRAME_TYPE_COUNT] = {0}, standby[CKPT_FRAME_TYPE_COUNT] = {0};
		struct ckpt_msg nack = {0};

		read_stream(codec, "active", &of_active);
		read_stream(codec, "standby", &of_standby);
		count_frames(&of_active, active, &nack);
		count_frames(&of_standby, standby, &nack);
		assert_int_equal(active[CKPT_OPEN], 1);
		assert_int_equal(standby[CKPT_OPEN_ACK], 1);
		assert_true(active[CKPT_HEARTBEAT] >= 2 && standby[CKPT_HEARTBEAT] >= 2);
		assert_int_equal(standby[CKPT_READY], 1);
		assert_int_equal(active[CKPT_SYNC_BEGIN], 1);
		assert_int_equal(active[CKPT_SYNC_END], 1);
		assert_true(active[CKPT_BATCH] >= 4);
		assert_in_range(standby[CKPT_ACK], 4, active[CKPT_BATCH] + 1);
		assert_int_equal(active[CKPT_ACCOUNTING], 1);
		assert_int_equal(active[CKPT_ACCOUNTING_END], 1);
		assert_int_equal(active[CKPT_ROLE], 1);
		assert_int_equal(standby[CKPT_NACK], 1);
		assert_int_equal(nack.teid, teid_make(INSTANCE, 0, 1));
		assert_int_equal(nack.kind, CKPT_KIND_GGSN_UPDATE_STATS);
		assert_int_equal(nack.reason, CKPT_NACK_SESS_NOT_FOUND);
	}
}

/* --- replay -------------------------------------------------------------------------------------------------- */

/* A standby that hears the capture from the beginning. */
static void
new_standby(uint32_t offered)
{
	side_stop(&b);
	side_start(&b, 2, true);
	ckpt_offer(b.ckpt, offered);
	assert_int_equal(ckpt_connected(b.ckpt, false, now), ERR_OK);
}

static struct call
held(uint32_t slot)
{
	struct call c;

	assert_int_equal(b.store.ops->get(b.store.arg, teid_make(INSTANCE, 0, slot), &c), ERR_OK);
	return c;
}

static void
a_standby_that_hears_a_capture_holds_the_calls_it_was_about(void **state)
{
	char text[ADDR_TEXT_MAX];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct call c;

		read_stream(i == 0 ? "zlib" : "lz4", "active", &of_active);
		new_standby(i == 0 ? COMPRESS_OFFERED : COMPRESS_OFFERED_LZ4);
		assert_int_equal(ckpt_input(b.ckpt, of_active.bytes, of_active.len, now), ERR_OK);
		fill(&b); /* ends the sweep */
		assert_int_equal(call_table_count(b.table), CALLS - 1);
		c = held(0);
		assert_int_equal(c.imsi, UINT64_C(240011234500001));
		assert_int_equal(c.updates, 41);
		assert_int_equal(c.charging_id, 0x01020304);
		assert_int_equal(c.service, 0x1a2b3c4d);
		assert_string_equal(c.apn, "internet");
		assert_string_equal(addr_text(&c.address, text), "10.64.0.7");
		assert_string_equal(addr_text(&c.sgsn_user, text), "2001:db8::60");
		assert_memory_equal(c.qos, "\x00\x0b\x92\x1f", 4);
		assert_int_equal(held(1).in_bytes, 45);
		assert_int_equal(held(2).active_s, 1700000043);
		assert_int_equal(c.repeats, 44);
		assert_int_equal(counter(&b, CKPT_ACCOUNTING_RECEIVED), 1);
		assert_int_equal(counter(&b, CKPT_FULL_FAILED) + counter(&b, CKPT_MICRO_FAILED), 0);
	}
}

/* --- what may happen on the way ------------------------------------------------------------------------------- */

static unsigned
frames_of(const struct stream *s, size_t at[], unsigned max)
{
	struct ckpt_header h;
	const uint8_t *body;
	size_t pos = 0;
	unsigned n = 0;

	for (at[0] = 0; next_frame(s, &pos, &h, &body); at[n] = pos) {
		n++;
		assert_true(n < max);
	}
	return n;
}

/* A standby to which the frames of the capture come in the order @order; ends with the first that is refused. */
static enum err
hear(const struct stream *s, const size_t at[], const unsigned order[], unsigned n)
{
	new_standby(COMPRESS_OFFERED);
	for (unsigned i = 0; i < n; i++) {
		enum err e = ckpt_input(b.ckpt, s->bytes + at[order[i]], at[order[i] + 1] - at[order[i]], now);

		if (e != ERR_OK)
			return e;
		if (ckpt_wants_fill(b.ckpt))
			fill(&b);
		b.out_len = 0;
	}
	return ERR_OK;
}

static bool
is_batch(const struct stream *s, size_t at)
{
	return s->bytes[at + 3] == CKPT_BATCH;
}

enum { FRAMES_MAX = 64 };

static void
a_batch_that_is_missing_twice_there_or_too_early_is_refused_by_its_number(void **state)
{
	unsigned order[FRAMES_MAX + 1], n, tried = 0;
	size_t at[FRAMES_MAX];

	(void)state;
	read_stream("zlib", "active", &of_active);
	n = frames_of(&of_active, at, FRAMES_MAX);
	for (unsigned k = 0; k < n; k++) {
		unsigned later = k + 1, count = 0;

		if (!is_batch(&of_active, at[k]))
			continue;
		while (later < n && !is_batch(&of_active, at[later]))
			later++;
		/* twice */
		for (unsigned i = 0; i < n; i++) {
			order[count++] = i;
			if (i == k)
				order[count++] = i;
		}
		assert_int_equal(hear(&of_active, at, order, count), ERR_RANGE);
		assert_string_equal(ckpt_verdict(b.ckpt)->field, "number");
		if (later == n)
			continue;
		/* missing */
		count = 0;
		for (unsigned i = 0; i < n; i++)
			if (i != k)
				order[count++] = i;
		assert_int_equal(hear(&of_active, at, order, count), ERR_RANGE);
		/* in the other order */
		for (unsigned i = 0; i < n; i++)
			order[i] = i;
		order[k] = later;
		order[later] = k;
		assert_int_equal(hear(&of_active, at, order, n), ERR_RANGE);
		tried++;
	}
	assert_true(tried >= 3);
}

static uint64_t
applied(void)
{
	return counter(&b, CKPT_FULL_RECEIVED) + counter(&b, CKPT_MICRO_RECEIVED) +
	       counter(&b, CKPT_INVALIDATE_RECEIVED) + counter(&b, CKPT_ACCOUNTING_RECEIVED);
}

/* What the standby holds, slot by slot; a call that is not there is all zeros. */
static void
take_calls(struct call calls[CALLS])
{
	memset(calls, 0, CALLS * sizeof calls[0]);
	for (uint32_t slot = 0; slot < CALLS; slot++)
		(void)b.store.ops->get(b.store.arg, teid_make(INSTANCE, 0, slot), &calls[slot]);
}

/* Frame @k, a batch, was taken with one octet of its compressed contents changed, which may unpack to the same: then
 * its CRC holds, and it means what it meant. */
static bool
is_same_batch(const size_t *at, unsigned k)
{
	struct call got[CALLS], meant[CALLS];

	take_calls(got);
	new_standby(COMPRESS_OFFERED);
	assert_int_equal(ckpt_input(b.ckpt, of_active.bytes, at[k + 1], now), ERR_OK);
	take_calls(meant);
	return of_active.bytes[at[k] + 3] == CKPT_BATCH && memcmp(got, meant, sizeof got) == 0;
}

/* One octet of one frame is another one: that frame is refused, or never completes; nothing of it is applied. */
static void
a_flipped_octet_is_refused_and_counted_by_name_and_nothing_of_its_frame_is_applied(void **state)
{
	size_t at[FRAMES_MAX];
	unsigned n;

	(void)state;
	read_stream("zlib", "active", &of_active);
	n = frames_of(&of_active, at, FRAMES_MAX);
	for (unsigned k = 0; k < n; k++)
		for (size_t i = at[k]; i < at[k + 1]; i += 3) {
			uint64_t before, refused = 0;
			enum err e;

			new_standby(COMPRESS_OFFERED);
			assert_int_equal(ckpt_input(b.ckpt, of_active.bytes, at[k], now), ERR_OK);
			before = applied();
			of_active.bytes[i] ^= 0x10;
			e = ckpt_input(b.ckpt, of_active.bytes + at[k], at[k + 1] - at[k], now);
			of_active.bytes[i] ^= 0x10;
			if (e == ERR_OK && i - at[k] > 7 && is_same_batch(at, k))
				continue;
			assert_int_equal(applied(), before);
			for (unsigned name = 0; name < CKPT_REFUSALS; name++)
				refused += counter(&b, (enum ckpt_counter)(CKPT_REFUSED_FIRST + name));
			assert_int_equal(refused, e != ERR_OK);
			/* a length that has grown waits for octets that never come: the silence ends that */
			if (e == ERR_OK)
				assert_in_range(i - at[k], 4, 7);
		}
}

static void
a_frame_that_is_cut_short_waits_and_is_not_half_applied(void **state)
{
	size_t at[FRAMES_MAX];
	unsigned n;

	(void)state;
	read_stream("zlib", "active", &of_active);
	n = frames_of(&of_active, at, FRAMES_MAX);
	for (unsigned k = 0; k < n; k++) {
		uint64_t before;

		new_standby(COMPRESS_OFFERED);
		assert_int_equal(ckpt_input(b.ckpt, of_active.bytes, at[k], now), ERR_OK);
		before = applied();
		assert_int_equal(ckpt_input(b.ckpt, of_active.bytes + at[k], at[k + 1] - at[k] - 1, now), ERR_OK);
		assert_int_equal(applied(), before);
		assert_int_equal(ckpt_input(b.ckpt, of_active.bytes + at[k + 1] - 1, 1, now), ERR_OK);
	}
}

/* --- a peer of another release --------------------------------------------------------------------------------- */

/* Writes frame @k of the capture with @extra octets of fields behind its body. */
static void
grown_frame(const size_t at[], unsigned k, const void *extra, size_t n, struct wbuf *w)
{
	size_t begin = ckpt_frame_begin(w, of_active.bytes[at[k] + 3]);

	wbuf_bytes(w, of_active.bytes + at[k] + CKPT_HEADER_BYTES, at[k + 1] - at[k] - CKPT_HEADER_BYTES);
	wbuf_bytes(w, extra, n);
	ckpt_frame_end(w, begin);
}

static void
fields_and_frames_of_a_newer_release_are_passed_over(void **state)
{
	static uint8_t bytes[STREAM_MAX];
	size_t at[FRAMES_MAX];
	struct wbuf w;
	unsigned n;

	(void)state;
	read_stream("zlib", "active", &of_active);
	n = frames_of(&of_active, at, FRAMES_MAX);
	wbuf_init(&w, bytes, sizeof bytes);
	for (unsigned k = 0; k < n; k++) {
		uint8_t type = of_active.bytes[at[k] + 3];
		bool has_fields =
		    type != CKPT_BATCH && type != CKPT_ACCOUNTING && type != CKPT_HEARTBEAT && type != CKPT_PROOF;
		size_t begin;

		grown_frame(at, k, "\xf0\x03new", has_fields ? 5 : 0, &w);
		if (k == 0)
			continue;
		begin = ckpt_frame_begin(&w, 200);
		wbuf_bytes(&w, "whatever it means", 17);
		ckpt_frame_end(&w, begin);
	}
	assert_false(w.is_over);
	new_standby(COMPRESS_OFFERED);
	assert_int_equal(ckpt_input(b.ckpt, bytes, w.len, now), ERR_OK);
	fill(&b);
	assert_int_equal(call_table_count(b.table), CALLS - 1);
	assert_int_equal(held(1).in_bytes, 45);
	assert_int_equal(counter(&b, CKPT_UNKNOWN_RECEIVED), n - 1);
}

static void
another_wire_version_is_refused_by_name(void **state)
{
	(void)state;
	read_stream("zlib", "active", &of_active);
	new_standby(COMPRESS_OFFERED);
	of_active.bytes[2]++;
	assert_int_equal(ckpt_input(b.ckpt, of_active.bytes, of_active.len, now), ERR_VERSION);
	assert_string_equal(ckpt_verdict(b.ckpt)->field, "version");
}

/* What would be frozen today is what was frozen, as long as the version is the same. Compression may differ. */
static void
the_present_release_still_says_the_same(void **state)
{
	static struct stream frozen;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const char *codec = i == 0 ? "zlib" : "lz4";
		unsigned now_seen[CKPT_FRAME_TYPE_COUNT] = {0}, then_seen[CKPT_FRAME_TYPE_COUNT] = {0};
		struct ckpt_msg nack;

		make_capture(i == 0 ? COMPRESS_OFFERED : COMPRESS_OFFERED_LZ4);
		if (getenv("FREEZE") != NULL) {
			write_stream(codec, "active", &of_active);
			write_stream(codec, "standby", &of_standby);
		}
		read_stream(codec, "standby", &frozen);
		if (frozen.len != of_standby.len || memcmp(frozen.bytes, of_standby.bytes, frozen.len) != 0)
			fail_msg("what the standby says has changed without a new version");
		read_stream(codec, "active", &frozen);
		count_frames(&frozen, then_seen, &nack);
		count_frames(&of_active, now_seen, &nack);
		assert_memory_equal(now_seen, then_seen, sizeof now_seen);
		teardown(NULL);
		setup(NULL);
	}
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(the_present_release_still_says_the_same),
	    T(every_frame_of_a_capture_is_decoded),
	    T(a_standby_that_hears_a_capture_holds_the_calls_it_was_about),
	    T(a_batch_that_is_missing_twice_there_or_too_early_is_refused_by_its_number),
	    T(a_flipped_octet_is_refused_and_counted_by_name_and_nothing_of_its_frame_is_applied),
	    T(a_frame_that_is_cut_short_waits_and_is_not_half_applied),
	    T(fields_and_frames_of_a_newer_release_are_passed_over),
	    T(another_wire_version_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
