/* chassis_srp_conn.c - the connections of the redundancy link on real sockets: the last words of a peer that was
 * killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/socket.h>

#include "base/sock.h"
#include "srp/srp_conn_link.h"

enum { TURNS_MAX = 200000, OUR_ID = 2, PEER_ID = 1 };

struct heard {
	unsigned ups, downs, messages;
	unsigned messages_before_down;
};

static void
on_up(void *arg, const struct srp_msg *open)
{
	(void)open;
	((struct heard *)arg)->ups++;
}

static void
on_down(void *arg, const char *why)
{
	struct heard *h = arg;

	(void)why;
	h->downs++;
	h->messages_before_down = h->messages;
}

static void
on_message(void *arg, const struct srp_msg *m, unsigned skipped)
{
	(void)m;
	(void)skipped;
	((struct heard *)arg)->messages++;
}

static void
on_bad(void *arg, const struct addr *from, enum err e, const char *field)
{
	(void)arg;
	(void)from;
	fail_msg("%s %s", err_text(e), field);
}

static void
on_listening(void *arg, const char *why)
{
	(void)arg;
	(void)why;
}

static void
on_nothing(void *arg)
{
	(void)arg;
}

static void
on_checkpoint(void *arg, uint32_t instance, int fd)
{
	(void)arg;
	(void)instance;
	close(fd);
}

static void
fill_open(void *arg, struct srp_msg *m)
{
	(void)arg;
	m->hello.chassis_id = OUR_ID;
	m->hello.incarnation = 1;
}

static const struct srp_conn_ops ops = {.up = on_up,
                                        .down = on_down,
                                        .message = on_message,
                                        .bad = on_bad,
                                        .listening = on_listening,
                                        .unknown_type = on_nothing,
                                        .dialled = on_nothing,
                                        .checkpoint = on_checkpoint,
                                        .fill_open = fill_open};

static void
say(int fd, const struct srp_msg *m)
{
	uint8_t frame[SRP_FRAME_MAX];
	struct wbuf w;

	wbuf_init(&w, frame, sizeof frame);
	assert_int_equal(srp_msg_encode(m, &w), ERR_OK);
	assert_int_equal(send(fd, frame, w.len, MSG_NOSIGNAL), w.len);
}

static void
turn(struct event_base *base, unsigned *turns)
{
	assert_true(++*turns < TURNS_MAX);
	event_base_loop(base, EVLOOP_NONBLOCK);
}

/* The address of this process alone: the port is always the same. */
static struct addr
own_address(unsigned last)
{
	char text[32];
	struct addr a;

	snprintf(text, sizeof text, "127.%u.%u.%u", 100 + (unsigned)getpid() / 250 % 100, 1 + (unsigned)getpid() % 250,
	         last);
	assert_int_equal(addr_parse(text, &a), ERR_OK);
	return a;
}

static void
what_came_before_a_reset_is_told_before_the_loss(void **state)
{
	struct srp_msg open = {.type = SRP_MSG_OPEN, .open_kind = SRP_OPEN_CONTROL, .format = SRP_SCHEMA_VERSION};
	struct srp_msg hello = {.type = SRP_MSG_HELLO,
	                        .hello = {.mac_len = 6, .priority = 1, .hello_ms = 1000, .dead_ms = 3000}};
	struct addr local = own_address(1), peer = own_address(2);
	struct event_base *base = event_base_new();
	struct heard heard = {0};
	struct srp_conn_link *l = srp_conn_new(base, &ops, &heard);
	unsigned turns = 0;
	int fd;

	(void)state;
	open.hello.chassis_id = hello.hello.chassis_id = PEER_ID;
	open.hello.incarnation = hello.hello.incarnation = 1;
	srp_conn_start(l, &local, &peer);
	event_base_loop(base, EVLOOP_NONBLOCK);
	fd = sock_dial(&peer, &local, SRP_PORT, 0);
	assert_true(fd >= 0);
	turn(base, &turns);
	say(fd, &open);
	while (heard.ups == 0)
		turn(base, &turns);
	say(fd, &hello);
	close(fd); /* with the OPEN of the other side unread: a reset */
	while (srp_conn_send(l, &hello) != ERR_SYSTEM)
		assert_true(++turns < TURNS_MAX);
	assert_true(srp_conn_is_up(l));
	while (heard.downs == 0)
		turn(base, &turns);
	assert_int_equal(heard.messages_before_down, 1);
	assert_false(srp_conn_is_up(l));
	srp_conn_free(l);
	event_base_free(base);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_came_before_a_reset_is_told_before_the_loss),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
