/*
 * chassis_demux.c - any messages of chassisd and of the session managers into the demux role, as its channels deliver
 * them. One role for the whole run. It has a service that is not bound, so no address of the machine is touched.
 */
#include <fcntl.h>

#include "gateway/demux_main.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OTHERS = 4 };

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

static struct demux_role *
make_role(void)
{
	static struct demux_role r;
	static struct demux_shared shared;
	int fds[2], sink = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (sink < 0 || ipc_pair(fds) != ERR_OK)
		abort();
	log_open(sink, "fuzz", LOG_CRITICAL);
	r.base = event_base_new();
	r.core = demux_new(GATEWAY_SESSMGRS_MAX, 4096);
	r.shared = &shared;
	for (unsigned i = 0; i < GATEWAY_SERVICES_MAX; i++) {
		r.services[i] = (struct service){.role = &r, .address.sock = -1};
	}
	r.barrier_timer = evtimer_new(r.base, on_barrier_timeout, &r);
	r.control = ipc_chan_new(r.base, fds[0], on_control_message, on_control_closed, &r);
	if (r.core == NULL || r.control == NULL || ipc_chan_new(r.base, fds[1], nothing, closed, NULL) == NULL)
		abort();
	return &r;
}

static int
descriptor_for(uint8_t type)
{
	static struct gateway_config g;
	static int others[OTHERS]; /* the other ends of the last channels: an older one ends */
	static unsigned next;
	int fds[2], fd = -1;

	g.sessmgr_count = 2;
	g.service_count = 1;
	if (type == IPC_CONFIG && shm_from("config", &g, sizeof g, &fd) != ERR_OK)
		abort();
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
give(struct demux_role *r, const uint8_t *head, const uint8_t *body, size_t len)
{
	unsigned from = head[0] >> 6; /* 0, 1 chassisd; 2, 3 a session manager */
	struct channel *c = &r->channels[1 + head[1] % GATEWAY_SESSMGRS_MAX];
	struct ipc_msg m = {.type = head[0] & 0x1f, .id = head[1], .body = body, .len = len, .fd = -1};

	if (head[0] & 0x20)
		m.fd = descriptor_for(m.type);
	if (from < 2)
		on_control_message(r, &m);
	else if (c->ipc != NULL)
		on_channel_message(c, &m);
	else if (m.fd >= 0)
		close(m.fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct demux_role *r;

	if (r == NULL)
		r = make_role();
	while (size >= 4) {
		size_t n = (size_t)data[2] << 8 | data[3];

		n = n < size - 4 ? n : size - 4;
		give(r, data, data + 4, n);
		event_base_loop(r->base, EVLOOP_NONBLOCK);
		data += 4 + n;
		size -= 4 + n;
	}
	return 0;
}
