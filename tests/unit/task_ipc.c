/* task_ipc.c - claims about task messages: whole, in order, with descriptors, never lost unless they may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "task/ipc.h"
#include "task/shm.h"

struct end {
	struct ipc_chan *chan;
	unsigned count;
	uint32_t last_id;
	size_t last_len;
	uint8_t last[64];
	int fd;
	bool is_closed;
	unsigned out_of_order;
	bool is_freeing; /* frees the channel from within the message */
};

struct rig {
	struct event_base *base;
	struct end a, b;
};

static void
on_msg(void *arg, const struct ipc_msg *m)
{
	struct end *e = arg;

	if (e->count > 0 && m->id != e->last_id + 1)
		e->out_of_order++;
	e->count++;
	e->last_id = m->id;
	e->last_len = m->len;
	memcpy(e->last, m->body, m->len < sizeof e->last ? m->len : sizeof e->last);
	if (m->fd >= 0)
		e->fd = m->fd;
	if (e->is_freeing) {
		ipc_chan_free(e->chan);
		e->chan = NULL;
	}
}

static void
on_close(void *arg)
{
	((struct end *)arg)->is_closed = true;
}

static int
setup(void **state)
{
	static struct rig r;
	int fds[2];

	memset(&r, 0, sizeof r);
	r.a.fd = r.b.fd = -1;
	r.base = event_base_new();
	assert_int_equal(ipc_pair(fds), ERR_OK);
	r.a.chan = ipc_chan_new(r.base, fds[0], on_msg, on_close, &r.a);
	r.b.chan = ipc_chan_new(r.base, fds[1], on_msg, on_close, &r.b);
	*state = &r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	ipc_chan_free(r->a.chan);
	ipc_chan_free(r->b.chan);
	event_base_free(r->base);
	return 0;
}

static void
turn(struct rig *r)
{
	for (int i = 0; i < 2000; i++)
		event_base_loop(r->base, EVLOOP_NONBLOCK);
}

static void
a_message_arrives_as_it_was_sent(void **state)
{
	struct rig *r = *state;

	assert_int_equal(ipc_send(r->a.chan, IPC_FLUSH, 77, "flush", 5, -1, 0), ERR_OK);
	turn(r);
	assert_int_equal(r->b.count, 1);
	assert_int_equal(r->b.last_id, 77);
	assert_int_equal(r->b.last_len, 5);
	assert_memory_equal(r->b.last, "flush", 5);
}

static void
a_descriptor_travels_with_its_message(void **state)
{
	struct rig *r = *state;
	uint64_t in = 42, out = 0;
	int fd;

	assert_int_equal(shm_from("test", &in, sizeof in, &fd), ERR_OK);
	assert_int_equal(ipc_send(r->a.chan, IPC_CONFIG, 1, NULL, 0, fd, 0), ERR_OK);
	close(fd);
	turn(r);
	assert_true(r->b.fd >= 0);
	assert_int_equal(shm_into(r->b.fd, &out, sizeof out), ERR_OK);
	assert_int_equal(out, 42);
	assert_int_equal(shm_into(r->b.fd, &(struct { char c[100000]; }){{0}}, 100000), ERR_SHORT);
	close(r->b.fd);
}

static void
a_full_socket_queues_what_must_not_be_lost_in_order(void **state)
{
	enum { MESSAGES = 5000 };
	struct rig *r = *state;
	uint8_t body[4096] = {0};

	for (uint32_t i = 1; i <= MESSAGES; i++)
		assert_int_equal(ipc_send(r->a.chan, IPC_BIND, i, body, sizeof body, -1, 0), ERR_OK);
	turn(r);
	assert_int_equal(r->b.count, MESSAGES);
	assert_int_equal(r->b.out_of_order, 0);
}

/* A task is killed before it reads what it was told: the kernel reports that first, its own messages come after. */
static void
the_last_messages_of_a_task_that_was_killed_are_read(void **state)
{
	struct rig *r = *state;

	assert_int_equal(ipc_send(r->b.chan, IPC_BIND, 1, NULL, 0, -1, 0), ERR_OK);
	for (uint32_t i = 1; i <= 3; i++)
		assert_int_equal(ipc_send(r->a.chan, IPC_BIND, i, NULL, 0, -1, 0), ERR_OK);
	ipc_chan_free(r->a.chan);
	r->a.chan = NULL;
	turn(r);
	assert_int_equal(r->b.count, 3);
	assert_true(r->b.is_closed);
}

static void
one_turn_takes_no_more_than_a_little_of_what_waits(void **state)
{
	enum { MESSAGES = 40 };
	struct rig *r = *state;
	uint8_t body[8192] = {0};

	for (uint32_t i = 1; i <= MESSAGES; i++)
		assert_int_equal(ipc_send(r->a.chan, IPC_BIND, i, body, sizeof body, -1, 0), ERR_OK);
	event_base_loop(r->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
	assert_in_range(r->b.count, 1, 32 * 1024 / sizeof body);
	turn(r);
	assert_int_equal(r->b.count, MESSAGES);
}

static unsigned
drain(int fd)
{
	uint8_t bytes[512];
	unsigned n = 0;

	while (recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
		n++;
	return n;
}

/* The other end has emptied the socket, so it would take all of the queue at once. */
static void
one_turn_sends_no_more_than_a_little_of_the_queue(void **state)
{
	enum { MESSAGES = 20000, A_TURN = 64 };
	struct rig *r = *state;
	uint8_t body[256] = {0};
	struct ipc_chan *chan;
	unsigned got, turns = 0;
	int fds[2];

	assert_int_equal(ipc_pair(fds), ERR_OK);
	chan = ipc_chan_new(r->base, fds[0], on_msg, on_close, &r->a);
	assert_non_null(chan);
	for (uint32_t i = 0; i < MESSAGES; i++)
		assert_int_equal(ipc_send(chan, IPC_BIND, i, body, sizeof body, -1, 0), ERR_OK);
	got = drain(fds[1]);
	assert_in_range(got, 1, MESSAGES - 2 * A_TURN);
	while (got < MESSAGES) {
		unsigned now;

		event_base_loop(r->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
		now = drain(fds[1]);
		assert_in_range(now, 0, A_TURN);
		got += now;
		assert_true(turns++ < MESSAGES);
	}
	ipc_chan_free(chan);
	close(fds[1]);
}

static void
memory_of_the_dead_is_given_back_a_slice_a_turn(void **state)
{
	enum { SLICES = 4, BYTES = SLICES * (8 << 20) };
	struct rig *r = *state;
	struct shm_waste *w = shm_waste_new(r->base);
	int fd, seen;
	off_t size = BYTES;
	unsigned turns = 0;
	void *mem;

	assert_non_null(w);
	assert_int_equal(shm_new("waste", BYTES, &fd), ERR_OK);
	assert_int_equal(shm_map(fd, BYTES, &mem), ERR_OK);
	memset(mem, 1, BYTES);
	seen = dup(fd);
	shm_waste_take(w, fd, mem, BYTES);
	while (size > 0) {
		off_t before = size;

		event_base_loop(r->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
		size = lseek(seen, 0, SEEK_END);
		assert_true(before - size <= 8 << 20);
		assert_true(turns++ < 1000);
	}
	assert_true(turns >= SLICES);
	/* One that is taken while another is left, and one that is left at the end, go as well. */
	assert_int_equal(shm_new("waste", BYTES, &fd), ERR_OK);
	shm_waste_take(w, fd, NULL, BYTES);
	assert_int_equal(shm_new("waste", BYTES, &fd), ERR_OK);
	shm_waste_take(w, fd, NULL, BYTES);
	shm_waste_free(w);
	assert_int_equal(lseek(fd, 0, SEEK_END), -1);
	close(seen);
}

static void
a_full_socket_drops_what_may_be_dropped(void **state)
{
	struct rig *r = *state;
	uint8_t body[4096] = {0};
	unsigned dropped = 0;

	for (uint32_t i = 1; i <= 5000; i++)
		dropped += ipc_send(r->a.chan, IPC_REQUEST, i, body, sizeof body, -1, IPC_MAY_DROP) == ERR_FULL;
	assert_true(dropped > 0);
	turn(r);
	assert_int_equal(r->b.count, 5000 - dropped);
}

static void
a_body_over_the_limit_is_refused(void **state)
{
	static uint8_t body[IPC_BODY_MAX + 1];
	struct rig *r = *state;

	assert_int_equal(ipc_send(r->a.chan, IPC_REQUEST, 1, body, IPC_BODY_MAX, -1, 0), ERR_OK);
	assert_int_equal(ipc_send(r->a.chan, IPC_REQUEST, 2, body, IPC_BODY_MAX + 1, -1, 0), ERR_RANGE);
	turn(r);
	assert_int_equal(r->b.count, 1);
	assert_int_equal(r->b.last_len, IPC_BODY_MAX);
}

static void
the_end_of_the_other_side_is_told_once(void **state)
{
	struct rig *r = *state;

	ipc_chan_free(r->a.chan);
	r->a.chan = NULL;
	turn(r);
	assert_true(r->b.is_closed);
}

static void
a_channel_may_be_freed_by_its_own_message(void **state)
{
	struct rig *r = *state;

	r->b.is_freeing = true;
	ipc_send(r->a.chan, IPC_CLEAR, 1, NULL, 0, -1, 0);
	ipc_send(r->a.chan, IPC_CLEAR, 2, NULL, 0, -1, 0);
	turn(r);
	assert_int_equal(r->b.count, 1);
	assert_true(r->a.is_closed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_message_arrives_as_it_was_sent, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_descriptor_travels_with_its_message, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_full_socket_queues_what_must_not_be_lost_in_order, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_turn_sends_no_more_than_a_little_of_the_queue, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_last_messages_of_a_task_that_was_killed_are_read, setup, teardown),
	    cmocka_unit_test_setup_teardown(one_turn_takes_no_more_than_a_little_of_what_waits, setup, teardown),
	    cmocka_unit_test_setup_teardown(memory_of_the_dead_is_given_back_a_slice_a_turn, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_full_socket_drops_what_may_be_dropped, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_body_over_the_limit_is_refused, setup, teardown),
	    cmocka_unit_test_setup_teardown(the_end_of_the_other_side_is_told_once, setup, teardown),
	    cmocka_unit_test_setup_teardown(a_channel_may_be_freed_by_its_own_message, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
