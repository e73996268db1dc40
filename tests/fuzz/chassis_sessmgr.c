/*
 * chassis_sessmgr.c - any messages of chassisd and of demux into the session manager role, as its channels deliver
 * them. One role for the whole run, as in life: what one input did to it, the next one finds.
 *
 * The descriptor of a configuration holds a good one: a struct is handed over whole, both ends are the same binary.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "session/sessmgr_main.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 256, OTHERS = 4 };

static void
fill_config(struct gateway_config *g)
{
	g->sessmgr_count = 1;
	g->service_count = g->apn_count = g->pool_count = 1;
	strcpy(g->services[0].name, "ggsn");
	strcpy(g->services[0].context, "gn");
	g->services[0].id = gateway_service_id("gn", "ggsn");
	g->services[0].bind = addr_v4(0x7f000164);
	strcpy(g->apns[0].name, "internet");
	strcpy(g->apns[0].context, "sgi");
	strcpy(g->apns[0].pool, "main");
	strcpy(g->pools[0].name, "main");
	strcpy(g->pools[0].context, "sgi");
	g->pools[0].network = 0x0a010000;
	g->pools[0].prefix_len = 28;
}

static void
nothing(void *arg, const struct ipc_msg *m)
{
	(void)arg;
	if (m->fd >= 0)
		close(m->fd);
}

static void
closed(void *arg)
{
	(void)arg;
}

/* The role over an arena of its own, its channel to chassisd read by nobody but the loop. */
static struct sessmgr *
make_role(void)
{
	static struct sessmgr s = {.instance = 1};
	struct call_table_events events = {on_created, on_changed, on_released, &s, sessmgr_evicted};
	size_t bytes = arena_bytes(SLOTS);
	void *mem = calloc(1, bytes);
	int fds[2], sink = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (mem == NULL || sink < 0 || arena_init(&s.arena, mem, bytes, 1, SLOTS) != ERR_OK || ipc_pair(fds) != ERR_OK)
		abort();
	log_open(sink, "fuzz", LOG_CRITICAL);
	s.base = event_base_new();
	s.table = call_table_new(&s.arena, &events);
	s.services = call_services_new(SLOTS);
	s.store = call_table_store(s.table);
	s.control = ipc_chan_new(s.base, fds[0], on_control_message, on_gone, &s);
	if (s.services == NULL || !make_events(&s) || ipc_chan_new(s.base, fds[1], nothing, closed, NULL) == NULL ||
	    s.control == NULL)
		abort();
	return &s;
}

/* What goes with a message that has a descriptor; -1: none. */
static int
descriptor_for(uint8_t type)
{
	static struct gateway_config g;
	static int others[OTHERS]; /* the other ends of the last channels: an older one ends */
	static unsigned next;
	int fds[2], fd = -1;

	fill_config(&g);
	if (type == IPC_CONFIG && shm_from("config", &g, sizeof g, &fd) != ERR_OK)
		abort();
	if (type == IPC_CKPT_SOCKET && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0)
		fd = fds[0], close(fds[1]);
	if (type == IPC_DATA_CHANNEL && ipc_pair(fds) == ERR_OK) {
		fd = fds[0];
		if (others[next] > 0)
			close(others[next]);
		others[next++ % OTHERS] = fds[1];
		next %= OTHERS;
	}
	return fd;
}

static void
give(struct sessmgr *s, const uint8_t *head, const uint8_t *body, size_t len)
{
	bool is_of_demux = head[0] & 0x80;
	struct ipc_msg m = {.type = head[0] & 0x3f, .id = head[1], .body = body, .len = len, .fd = -1};

	if (head[0] & 0x40)
		m.fd = descriptor_for(m.type);
	if (!is_of_demux)
		on_control_message(s, &m);
	else if (s->data != NULL)
		on_data_message(s, &m);
	else if (m.fd >= 0)
		close(m.fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sessmgr *s;

	if (s == NULL)
		s = make_role();
	while (size >= 4) {
		size_t n = (size_t)data[2] << 8 | data[3];

		n = n < size - 4 ? n : size - 4;
		give(s, data, data + 4, n);
		event_base_loop(s->base, EVLOOP_NONBLOCK);
		data += 4 + n;
		size -= 4 + n;
	}
	event_base_loop(s->base, EVLOOP_NONBLOCK);
	return 0;
}
