/* client_file.c - the ledger (one line per request), the contexts kept between runs, the capture file (pcap). */
#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "client.h"

enum { PCAP_SNAPLEN = 65535, PCAP_RAW_IP = 101, IP_BYTES = 20, UDP_BYTES = 8, IP_UDP = 17 };

/* Capture files are written in the writer's byte order; the magic tells the reader. Ours is big-endian throughout. */
static void
capture_head(FILE *f)
{
	uint8_t bytes[24];
	struct wbuf w;

	wbuf_init(&w, bytes, sizeof bytes);
	wbuf_u32(&w, 0xa1b2c3d4);
	wbuf_u16(&w, 2);
	wbuf_u16(&w, 4);
	wbuf_u32(&w, 0);
	wbuf_u32(&w, 0);
	wbuf_u32(&w, PCAP_SNAPLEN);
	wbuf_u32(&w, PCAP_RAW_IP);
	fwrite(bytes, 1, w.len, f);
}

bool
file_open(struct client *c)
{
	if (c->opt.ledger != NULL && (c->ledger = fopen(c->opt.ledger, "w")) == NULL)
		return false;
	if (c->opt.capture != NULL && (c->capture = fopen(c->opt.capture, "wb")) == NULL)
		return false;
	if (c->capture != NULL)
		capture_head(c->capture);
	return true;
}

static uint16_t
ip_checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)p[i] << 8 | p[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* The IPv4 and UDP headers the kernel puts in front; UDP without checksum. */
static void
capture_headers(struct wbuf *w, const struct sockaddr_in *from, const struct sockaddr_in *to, size_t len)
{
	size_t start = w->len;

	wbuf_u16(w, 0x4500);
	wbuf_u16(w, (uint16_t)(len + IP_BYTES + UDP_BYTES));
	wbuf_u32(w, 0);
	wbuf_u8(w, 64);
	wbuf_u8(w, IP_UDP);
	wbuf_u16(w, 0);
	wbuf_u32(w, ntohl(from->sin_addr.s_addr));
	wbuf_u32(w, ntohl(to->sin_addr.s_addr));
	wbuf_patch_u16(w, start + 10, ip_checksum(w->data + start, IP_BYTES));
	wbuf_u16(w, ntohs(from->sin_port));
	wbuf_u16(w, ntohs(to->sin_port));
	wbuf_u16(w, (uint16_t)(len + UDP_BYTES));
	wbuf_u16(w, 0);
}

void
file_capture(struct client *c, const struct sockaddr_in *from, const struct sockaddr_in *to, const uint8_t *bytes,
             size_t len)
{
	uint8_t head[16 + IP_BYTES + UDP_BYTES];
	struct timespec now;
	struct wbuf w;

	if (c->capture == NULL)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	wbuf_init(&w, head, sizeof head);
	wbuf_u32(&w, (uint32_t)now.tv_sec);
	wbuf_u32(&w, (uint32_t)(now.tv_nsec / 1000));
	wbuf_u32(&w, (uint32_t)(len + IP_BYTES + UDP_BYTES));
	wbuf_u32(&w, (uint32_t)(len + IP_BYTES + UDP_BYTES));
	capture_headers(&w, from, to, len);
	fwrite(head, 1, w.len, c->capture);
	fwrite(bytes, 1, len, c->capture);
}

void
file_ledger(struct client *c, const struct context *x, uint64_t answered_ns, int cause, const char *verdict)
{
	char imsi[GTP1_IMSI_TEXT_MAX] = "-";

	if (c->ledger == NULL)
		return;
	(void)gtp1_imsi_text(x->imsi, imsi);
	fprintf(c->ledger,
	        "sent_ns=%" PRIu64 " seq=%u type=%u teid=%08x imsi=%s retransmissions=%u answered_ns=%" PRIu64
	        " cause=%d verdict=%s\n",
	        x->first_ns, x->seq, x->type, x->given.teid_control, imsi, x->transmissions - 1, answered_ns, cause,
	        verdict);
}

/* Line 1: the next sequence number. Then one line a held context: IMSI, our TEID, its TEIDs, address, charging id. */
bool
file_save_state(const struct client *c)
{
	FILE *f = c->opt.state == NULL ? NULL : fopen(c->opt.state, "w");

	if (f == NULL)
		return c->opt.state == NULL;
	fprintf(f, "seq %u\n", c->next_seq);
	for (uint32_t i = 0; i < c->opt.contexts; i++) {
		const struct context *x = &c->ctx[i];
		char imsi[GTP1_IMSI_TEXT_MAX];

		if (x->is_held && gtp1_imsi_text(x->imsi, imsi))
			fprintf(f, "%u %s %08x %08x %08x %08x %08x\n", i, imsi, x->local_teid, x->given.teid_control,
			        x->given.teid_data, x->given.address, x->given.charging_id);
	}
	return fclose(f) == 0;
}

static bool
load_line(struct client *c, const char *line)
{
	char imsi[GTP1_IMSI_TEXT_MAX];
	struct context x = {0};
	uint32_t i;

	if (sscanf(line, "%u %15s %x %x %x %x %x", &i, imsi, &x.local_teid, &x.given.teid_control, &x.given.teid_data,
	           &x.given.address, &x.given.charging_id) != 7 ||
	    i >= c->opt.contexts || gtp1_imsi_parse(imsi, &x.imsi) != ERR_OK || c->ctx[i].is_held)
		return false;
	x.is_held = true;
	c->ctx[i] = x;
	c->held++;
	return true;
}

/* A file that is not there yet is no error; one that cannot be read in full is. */
bool
file_load_state(struct client *c)
{
	FILE *f = c->opt.state == NULL ? NULL : fopen(c->opt.state, "r");
	char line[256];
	unsigned seq;
	bool is_good;

	if (f == NULL)
		return true;
	is_good = fgets(line, sizeof line, f) != NULL && sscanf(line, "seq %u", &seq) == 1 && seq <= UINT16_MAX;
	if (is_good)
		c->next_seq = (uint16_t)seq;
	while (is_good && fgets(line, sizeof line, f) != NULL)
		is_good = load_line(c, line);
	fclose(f);
	return is_good;
}
