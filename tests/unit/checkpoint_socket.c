/* checkpoint_socket.c - the link on a real connection: what a peer sent before it was lost is applied. */
#include <errno.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/sock.h"
#include "checkpoint/ckpt_link.h"
#include "tests/unit/ckpt_rig.h"

enum { CALLS = 1500, BATCHES = 12, ROOM = 1 << 20, LOOPS_MAX = 200000, LONG_US = 60000000 };

/* The two ends of a TCP connection; the second one has room for all that the test sends. */
static void
connect_pair(int *mine, int *theirs)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int server = socket(AF_INET, SOCK_STREAM, 0), room = ROOM;
	socklen_t len = sizeof at;

	assert_int_equal(setsockopt(server, SOL_SOCKET, SO_RCVBUF, &room, sizeof room), 0);
	assert_int_equal(bind(server, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(listen(server, 1), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&at, &len), 0);
	*mine = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(*mine, (struct sockaddr *)&at, len), 0);
	*theirs = accept(server, NULL, NULL);
	assert_true(*theirs >= 0);
	sock_tune(*mine);
	close(server);
}

/* What A has to say goes into its socket; returns the bytes. */
static size_t
say(int fd)
{
	size_t n;

	fill(&a);
	n = a.out_len;
	assert_int_equal(send(fd, a.out, n, MSG_DONTWAIT | MSG_NOSIGNAL), n);
	a.out_len = 0;
	return n;
}

static void
hear(int fd)
{
	uint8_t in[4096];
	ssize_t n;

	while ((n = recv(fd, in, sizeof in, MSG_DONTWAIT)) > 0)
		assert_int_equal(ckpt_input(a.ckpt, in, (size_t)n, now), ERR_OK);
}

static void
change_all(const uint32_t *teids, uint64_t round)
{
	for (uint64_t i = 0; i < CALLS; i++)
		count_bytes(&a, teids[i], (round * CALLS + i) * UINT64_C(0x9E3779B97F4A7C15) >> 8);
}

struct rig {
	struct event_base *base;
	struct ckpt_link *link; /* of B */
	uint32_t teids[CALLS];
	int fd;     /* of A */
	int theirs; /* of B, in the link */
};

static void
turn(struct rig *r, unsigned *turns)
{
	assert_true(++*turns < LOOPS_MAX);
	event_base_loop(r->base, EVLOOP_NONBLOCK);
}

static void
rig_start(struct rig *r)
{
	unsigned turns = 0;

	r->base = event_base_new();
	r->link = ckpt_link_new(r->base, b.ckpt);
	for (unsigned i = 0; i < CALLS; i++)
		r->teids[i] = add(&a, i);
	connect_pair(&r->fd, &r->theirs);
	ckpt_link_take(r->link, r->theirs);
	assert_int_equal(ckpt_connected(a.ckpt, true, now), ERR_OK);
	while (call_table_count(b.table) < CALLS) {
		if (ckpt_wants_fill(a.ckpt))
			(void)say(r->fd);
		turn(r, &turns);
		hear(r->fd);
	}
}

static void
rig_stop(struct rig *r)
{
	ckpt_link_free(r->link);
	event_base_free(r->base);
}

/* A is killed with an acknowledgement unread, so that its kernel answers with a reset; what it said just before is in
 * the socket of B: more than is read in one turn. */
static void
lose_a(struct rig *r)
{
	unsigned turns = 0;
	size_t sent = 0;
	int waiting = 0;

	change_all(r->teids, 1);
	(void)say(r->fd);
	while (counter(&b, CKPT_MICRO_RECEIVED) == 0)
		turn(r, &turns);
	for (unsigned i = 0; i < BATCHES; i++) {
		change_all(r->teids, 2 + i);
		sent += say(r->fd);
	}
	assert_int_equal(ioctl(r->theirs, FIONREAD, &waiting), 0);
	assert_true((size_t)waiting >= sent && sent > CKPT_INPUT_MAX);
	close(r->fd);
}

static void
what_came_before_a_reset_is_applied(void **state)
{
	struct rig r;
	unsigned turns = 0;

	(void)state;
	rig_start(&r);
	lose_a(&r);
	while (counter(&b, CKPT_DISCONNECTS) == 0)
		turn(&r, &turns);
	assert_int_equal(counter(&b, CKPT_BATCHES_RECEIVED), counter(&a, CKPT_BATCHES_SENT));
	rig_stop(&r);
}

static void
who_becomes_active_first_applies_what_has_come(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r);
	lose_a(&r);
	ckpt_link_catch_up(r.link, LONG_US);
	assert_int_equal(counter(&b, CKPT_DISCONNECTS), 1);
	assert_int_equal(counter(&b, CKPT_BATCHES_RECEIVED), counter(&a, CKPT_BATCHES_SENT));
	rig_stop(&r);
}

/* A loop has others to serve: what is left when the time is over is read in turns of its own. */
static void
catching_up_ends_when_its_time_is_over(void **state)
{
	struct rig r;

	(void)state;
	rig_start(&r);
	lose_a(&r);
	ckpt_link_catch_up(r.link, 0);
	assert_int_equal(counter(&b, CKPT_DISCONNECTS), 0);
	assert_true(counter(&b, CKPT_BATCHES_RECEIVED) < counter(&a, CKPT_BATCHES_SENT));
	rig_stop(&r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(what_came_before_a_reset_is_applied, setup, teardown),
	    cmocka_unit_test_setup_teardown(who_becomes_active_first_applies_what_has_come, setup, teardown),
	    cmocka_unit_test_setup_teardown(catching_up_ends_when_its_time_is_over, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
