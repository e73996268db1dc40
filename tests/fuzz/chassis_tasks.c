/*
 * chassis_tasks.c - any messages of session managers and of demux into chassisd, as their channels deliver them. One
 * chassis for the whole run; no task runs behind it, so its orders go nowhere.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "chassis/tasks.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SESSMGRS = 3 };

/* The history is kept in chassis.db: one in a folder of this run. */
static void
open_store(struct chassis *c)
{
	char folder[] = "/tmp/fuzz-tasks-XXXXXX", path[64], said[200];
	struct text_fixed fixed;
	struct text why;

	text_fixed_init(&fixed, &why, said, sizeof said);
	if (mkdtemp(folder) == NULL)
		abort();
	snprintf(path, sizeof path, "%s/chassis.db", folder);
	if (store_open(path, &c->store, &why) != ERR_OK)
		abort();
}

static struct chassis *
make_chassis(void)
{
	static struct chassis c = {.sessmgr_count = SESSMGRS};
	int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (sink < 0)
		abort();
	log_open(sink, "fuzz", LOG_CRITICAL);
	c.base = event_base_new();
	open_store(&c);
	if (c.base == NULL || history_new(&c) != ERR_OK || redundancy_new(&c) != ERR_OK || sync_new(&c) != ERR_OK)
		abort();
	c.demux_watch_ev = evtimer_new(c.base, on_demux_silent, &c);
	c.flush_ev = evtimer_new(c.base, on_flush_again, &c);
	for (unsigned i = 1; i <= SESSMGRS; i++) {
		c.sessmgrs[i].chassis = &c;
		c.sessmgrs[i].instance = i;
	}
	return &c;
}

static void
give(struct chassis *c, const uint8_t *head, const uint8_t *body, size_t len)
{
	struct ipc_msg m = {.type = head[0] & 0x3f, .id = head[1] & 7, .body = body, .len = len, .fd = -1};
	struct sessmgr_slot *s = &c->sessmgrs[1 + (head[1] >> 3) % SESSMGRS];

	if (head[0] & 0x40) { /* what chassisd waits for */
		s->is_flush_awaited = s->is_clear_awaited = true;
		c->flush_left = c->clear_left = 1;
		c->flush_token = c->clear.id = head[1] & 7;
		c->is_standalone = (head[1] & 0x80) != 0;
	}
	if (head[0] & 0x80)
		on_sessmgr_message(s, &m);
	else
		on_demux_message(c, &m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct chassis *c;

	if (c == NULL)
		c = make_chassis();
	while (size >= 4) {
		size_t n = (size_t)data[2] << 8 | data[3];

		n = n < size - 4 ? n : size - 4;
		give(c, data, data + 4, n);
		data += 4 + n;
		size -= 4 + n;
	}
	return 0;
}
