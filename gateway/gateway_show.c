/* gateway_show.c - StarOS text of the gateway's show commands. */
#include "gateway/gateway_show.h"

#include <inttypes.h>
#include <string.h>

enum { LABEL_CHARS = 31, VALUE_CHARS = 14 };

/* Which number stands behind a label. */
enum value { NONE, TOTAL, ACTIVE, DORMANT, GGSN_IPV4, HANDOFFS };

static const struct summary_row {
	const char *left;
	enum value left_value;
	const char *right; /* NULL: one column */
	enum value right_value;
} summary_rows[] = {
    {"Total Subscribers:", TOTAL, NULL, NONE},
    {"Active:", ACTIVE, "Dormant:", DORMANT},
    {"LAPI Devices:", NONE, NULL, NONE},
    {"DCNR Devices:", NONE, NULL, NONE},
    {"pdsn-simple-ipv4:", NONE, "pdsn-simple-ipv6:", NONE},
    {"pdsn-mobile-ip:", NONE, "ha-mobile-ipv6:", NONE},
    {"hsgw-ipv6:", NONE, "hsgw-ipv4:", NONE},
    {"hsgw-ipv4-ipv6:", NONE, "pgw-pmip-ipv6:", NONE},
    {"pgw-pmip-ipv4:", NONE, "pgw-pmip-ipv4-ipv6:", NONE},
    {"pgw-gtp-ipv6:", NONE, "pgw-gtp-ipv4:", NONE},
    {"pgw-gtp-ipv4-ipv6:", NONE, "sgw-gtp-ipv6:", NONE},
    {"sgw-gtp-ipv4:", NONE, "sgw-gtp-ipv4-ipv6:", NONE},
    {"sgw-pmip-ipv6:", NONE, "sgw-pmip-ipv4:", NONE},
    {"sgw-pmip-ipv4-ipv6:", NONE, "pgw-gtps2b-ipv4:", NONE},
    {"pgw-gtps2b-ipv6:", NONE, "pgw-gtps2b-ipv4-ipv6:", NONE},
    {"pgw-gtps2a-ipv4:", NONE, "pgw-gtps2a-ipv6:", NONE},
    {"pgw-gtps2a-ipv4-ipv6:", NONE, NULL, NONE},
    {"pgw-gtp-non-ip:", NONE, "sgw-gtp-non-ip:", NONE},
    {"mme:", NONE, "mme-embms:", NONE},
    {"henbgw-ue:", NONE, "henbgw-henb:", NONE},
    {"x2gw-enb:", NONE, NULL, NONE},
    {"ipsg-rad-snoop:", NONE, "ipsg-rad-server:", NONE},
    {"ha-mobile-ip:", NONE, "ggsn-pdp-type-ppp:", NONE},
    {"ggsn-pdp-type-ipv4:", GGSN_IPV4, "lns-l2tp:", NONE},
    {"ggsn-pdp-type-ipv6:", NONE, "ggsn-pdp-type-ipv4v6:", NONE},
    {"ggsn-mbms-ue-type-ipv4:", NONE, NULL, NONE},
    {"pdif-simple-ipv4:", NONE, NULL, NONE},
    {"pdif-simple-ipv6:", NONE, "pdif-mobile-ip:", NONE},
    {"wsg-simple-ipv4:", NONE, "wsg-simple-ipv6:", NONE},
    {"pdg-simple-ipv4:", NONE, "ttg-ipv4:", NONE},
    {"pdg-simple-ipv6:", NONE, "ttg-ipv6:", NONE},
    {"femto-ip:", NONE, NULL, NONE},
    {"epdg-pmip-ipv6:", NONE, "epdg-pmip-ipv4:", NONE},
    {"epdg-pmip-ipv4-ipv6:", NONE, NULL, NONE},
    {"epdg-gtp-ipv6:", NONE, "epdg-gtp-ipv4:", NONE},
    {"epdg-gtp-ipv4-ipv6:", NONE, NULL, NONE},
    {"sgsn:", NONE, "sgsn-pdp-type-ppp:", NONE},
    {"sgsn-pdp-type-ipv4:", NONE, "sgsn-pdp-type-ipv6:", NONE},
    {"sgsn-pdp-type-ipv4-ipv6:", NONE, "type not determined:", NONE},
    {"sgsn-subs-type-gn:", NONE, "sgsn-subs-type-s4:", NONE},
    {"sgsn-pdp-type-gn:", NONE, "sgsn-pdp-type-s4:", NONE},
    {"cdma 1x rtt sessions:", NONE, "cdma evdo sessions:", NONE},
    {"cdma evdo rev-a sessions:", NONE, "cdma 1x rtt active:", NONE},
    {"cdma evdo active:", NONE, "cdma evdo rev-a active:", NONE},
    {"hnbgw:", NONE, "hnbgw-iu:", NONE},
    {"bng-simple-ipv4:", NONE, NULL, NONE},
    {"pcc:", NONE, NULL, NONE},
    {"in bytes dropped:", NONE, "out bytes dropped:", NONE},
    {"in packet dropped:", NONE, "out packet dropped:", NONE},
    {"in packet dropped zero mbr:", NONE, "out packet dropped zero mbr:", NONE},
    {"in bytes dropped ovrchrgPtn:", NONE, "out bytes dropped ovrchrgPtn:", NONE},
    {"in packet dropped ovrchrgPtn:", NONE, "out packet dropped ovrchrgPtn:", NONE},
    {"ipv4 ttl exceeded:", NONE, "ipv4 bad hdr:", NONE},
    {"ipv4 bad length trim:", NONE, NULL, NONE},
    {"ipv4 frag failure:", NONE, "ipv4 frag sent:", NONE},
    {"ipv4 in-acl dropped:", NONE, "ipv4 out-acl dropped:", NONE},
    {"ipv6 bad hdr:", NONE, "ipv6 bad length trim:", NONE},
    {"ipv6 in-acl dropped:", NONE, "ipv6 out-acl dropped:", NONE},
    {"ipv4 in-css-down dropped:", NONE, "ipv4 out-css-down dropped:", NONE},
    {"ipv4 out xoff pkt dropped:", NONE, "ipv6 out xoff pkt dropped:", NONE},
    {"ipv4 xoff bytes dropped:", NONE, "ipv6 xoff bytes dropped:", NONE},
    {"ipv4 out no-flow dropped:", NONE, NULL, NONE},
    {"ipv4 early pdu rcvd:", NONE, "ipv4 icmp packets dropped:", NONE},
    {"ipv6 input ehrpd-access drop:", NONE, "ipv6 output ehrpd-access drop:", NONE},
    {"dormancy count:", NONE, "handoff count:", HANDOFFS},
    {"pdsn fwd dynamic flows:", NONE, "pdsn rev dynamic flows:", NONE},
    {"fwd static access-flows:", NONE, "rev static access-flows:", NONE},
    {"pdsn fwd packet filters:", NONE, "pdsn rev packet filters:", NONE},
    {"traffic flow templates:", NONE, NULL, NONE},
};

static uint64_t
summary_value(const struct gateway_summary_view *v, enum value which)
{
	switch (which) {
	case TOTAL:
		return v->total;
	case ACTIVE:
		return v->active;
	case DORMANT:
		return v->dormant;
	case GGSN_IPV4:
		return v->ggsn_ipv4;
	case HANDOFFS:
		return v->handoffs;
	default:
		return 0;
	}
}

void
gateway_show_summary(const struct gateway_summary_view *v, struct text *out)
{
	for (size_t i = 0; i < sizeof summary_rows / sizeof summary_rows[0]; i++) {
		const struct summary_row *r = &summary_rows[i];
		uint64_t left = summary_value(v, r->left_value);

		if (r->right == NULL)
			text_printf(out, "%-*s%" PRIu64 "\n", LABEL_CHARS, r->left, left);
		else
			text_printf(out, "%-*s%-*" PRIu64 "%-*s%" PRIu64 "\n", LABEL_CHARS, r->left, VALUE_CHARS, left,
			            LABEL_CHARS, r->right, summary_value(v, r->right_value));
	}
}

/* The legend as the product prints it; its blanks at line ends are the product's. */
static const char legend[] =
    "+-----Access  (S) - pdsn-simple-ip     (M) - pdsn-mobile-ip  (H) - ha-mobile-ip\n"
    "|     Type:   (P) - ggsn-pdp-type-ppp  (h) - ha-ipsec        (N) - lns-l2tp\n"
    "|             (I) - ggsn-pdp-type-ipv4                       (G) - IPSG\n"
    "|             (V) - ggsn-pdp-type-ipv6                       (C) - cscf-sip\n"
    "|             (z) - ggsn-pdp-type-ipv4v6                     (A) - X2GW \n"
    "|             (R) - sgw-gtp-ipv4       (O) - sgw-gtp-ipv6    (Q) - sgw-gtp-ipv4-ipv6\n"
    "|             (W) - pgw-gtp-ipv4       (Y) - pgw-gtp-ipv6    (Z) - pgw-gtp-ipv4-ipv6\n"
    "|             (B) - pgw-gtp-non-ip     (J) - sgw-gtp-non-ip\n"
    "|             (@) - saegw-gtp-ipv4     (#) - saegw-gtp-ipv6  ($) - saegw-gtp-ipv4-ipv6\n"
    "|             (&) - samog-ip           (^) - cgw-gtp-ipv6    (*) - cgw-gtp-ipv4-ipv6\n"
    "|             (p) - sgsn-pdp-type-ppp  (s) - sgsn            (4) - sgsn-pdp-type-ip\n"
    "|             (6) - sgsn-pdp-type-ipv6 (2) - sgsn-pdp-type-ipv4-ipv6\n"
    "|             (L) - pdif-simple-ip     (K) - pdif-mobile-ip  (o) - femto-ip\n"
    "|             (F) - standalone-fa                            \n"
    "|             (e) - ggsn-mbms-ue       (U) - pdg-ipsec-ipv4\n"
    "|             (E) - ha-mobile-ipv6     (T) - pdg-ssl         (v) - pdg-ipsec-ipv6\n"
    "|             (f) - hnbgw-hnb          (g) - hnbgw-iu        (x) - s1-mme\n"
    "|                                      (k) - PCC\n"
    "|             (X) - HSGW               (n) - ePDG            (t) - henbgw-ue\n"
    "|             (m) - henbgw-henb        (q) - wsg-simple-ip   (r) - samog-pmip\n"
    "|             (D) - bng-simple-ip      (l) - pgw-pmip        (3) - GILAN\n"
    "|             (y) - User-Plane         (u) - Unknown\n"
    "|             (+) - samog-eogre        (%) - eMBMS-ipv4      (!) - eMBMS-ipv6\n"
    "|\n"
    "|+----Access  (X) - CDMA 1xRTT         (E) - GPRS GERAN      (I) - IP\n"
    "||    Tech:   (D) - CDMA EV-DO         (U) - WCDMA UTRAN     (W) - Wireless LAN\n"
    "||            (A) - CDMA EV-DO REVA    (G) - GPRS Other      (M) - WiMax\n"
    "||            (C) - CDMA Other         (J) - GAN             (O) - Femto IPSec\n"
    "||            (P) - PDIF               (S) - HSPA            (L) - eHRPD\n"
    "||            (T) - eUTRAN             (B) - PPPoE           (F) - FEMTO UTRAN\n"
    "||            (N) - NB-IoT             (Q) - WSG             (.) - Other/Unknown\n"
    "||\n"
    "||+---Call    (C) - Connected          (c) - Connecting\n"
    "|||   State:  (d) - Disconnecting      (u) - Unknown\n"
    "|||           (r) - CSCF-Registering   (R) - CSCF-Registered\n"
    "|||           (U) - CSCF-Unregistered\n"
    "|||\n"
    "|||+--Access  (A) - Attached           (N) - Not Attached\n"
    "||||  CSCF    (.) - Not Applicable\n"
    "||||  Status:\n"
    "||||\n"
    "||||+-Link    (A) - Online/Active      (D) - Dormant/Idle\n"
    "||||| Status:\n"
    "|||||\n"
    "|||||+Network (I) - IP                 (M) - Mobile-IP         (L) - L2TP\n"
    "||||||Type:   (P) - Proxy-Mobile-IP    (i) - IP-in-IP          (G) - GRE\n"
    "||||||        (V) - IPv6-in-IPv4       (S) - IPSEC             (C) - GTP\n"
    "||||||        (A) - R4 (IP-GRE)        (T) - IPv6              (u) - Unknown\n"
    "||||||        (W) - PMIPv6(IPv4)       (Y) - PMIPv6(IPv4+IPv6) (R) - IPv4+IPv6\n"
    "||||||        (v) - PMIPv6(IPv6)       (/) - GTPv1(For SAMOG)  (+) - GTPv2(For SAMOG)\n"
    "||||||        (N) - NON-IP             (x) - UDP-IPv4          (X) - UDP-IPv6\n"
    "||||||\n"
    "||||||\n"
    "vvvvvv CALLID   MSID            USERNAME               IP                            TIME-IDLE\n"
    "------ -------- --------------- ---------------------- ----------------------------- ---------\n";

void
gateway_show_subscribers_head(struct text *out)
{
	text_put(out, legend);
}

/* @s escaped, then blanks up to @chars; a longer one is not cut. */
static void
put_column(struct text *out, const char *s, size_t chars)
{
	size_t n = strlen(s);

	text_escaped(out, s, n);
	text_printf(out, "%*s ", (int)(n < chars ? chars - n : 0), "");
}

void
gateway_show_subscriber(const struct gateway_subscriber_view *v, struct text *out)
{
	char address[ADDR_TEXT_MAX];

	/* ggsn-pdp-type-ipv4, technology not told, Connected, Not Attached (CSCF), link, IP. */
	text_printf(out, "I.CN%cI %08" PRIx32 " ", v->is_dormant ? 'D' : 'A', v->callid);
	put_column(out, v->imsi, 15);
	put_column(out, v->username, 22);
	put_column(out, addr_text(&v->address, address), 29);
	text_printf(out, "%02" PRIu32 "h%02" PRIu32 "m%02" PRIu32 "s\n", v->idle_s / 3600, v->idle_s / 60 % 60,
	            v->idle_s % 60);
}

void
gateway_show_subscribers_foot(uint32_t count, struct text *out)
{
	text_printf(out, "\nTotal subscribers matching specified criteria: %" PRIu32 "\n", count);
}

static void
put_addr(struct text *out, const char *label, const struct addr *a)
{
	char text[ADDR_TEXT_MAX];

	text_printf(out, "  %-22s: %s\n", label, addr_text(a, text));
}

static void
put_number(struct text *out, const char *label, uint64_t v)
{
	text_printf(out, "  %-22s: %" PRIu64 "\n", label, v);
}

static void
show_full_counters(const struct call *c, struct text *out)
{
	put_number(out, "Updates", c->updates);
	put_number(out, "Repeated requests", c->repeats);
	put_number(out, "Refused requests", c->refused);
	put_number(out, "Input Packets", c->in_packets);
	put_number(out, "Input Bytes", c->in_bytes);
	put_number(out, "Output Packets", c->out_packets);
	put_number(out, "Output Bytes", c->out_bytes);
}

void
gateway_show_subscriber_full(const struct call *c, const char *service, unsigned instance, uint32_t now_s,
                             struct text *out)
{
	char msisdn[20];

	gateway_msisdn_text(c->msisdn, c->msisdn_len, msisdn);
	text_printf(out, "Username: %s\n", msisdn);
	text_printf(out, "  %-22s: Online/Active\n", "Status");
	text_printf(out, "  %-22s: Connected\n", "State");
	put_number(out, "Connected for (s)", now_s > c->created_s ? now_s - c->created_s : 0);
	text_printf(out, "  %-22s: %08" PRIx32 "\n", "Callid", c->teid);
	text_printf(out, "  %-22s: %0*" PRIu64 "\n", "IMSI", c->imsi_digits, c->imsi);
	put_number(out, "Sessmgr Instance", instance);
	text_printf(out, "  %-22s: %s\n", "GGSN Service", service != NULL ? service : "not configured");
	put_number(out, "NSAPI", c->nsapi);
	text_printf(out, "  %-22s: ", "APN");
	text_escaped(out, c->apn, strlen(c->apn));
	text_put(out, "\n");
	put_addr(out, "IP Address", &c->address);
	put_number(out, "Charging id", c->charging_id);
	put_addr(out, "SGSN c-addr", &c->sgsn_control);
	put_addr(out, "SGSN u-addr", &c->sgsn_user);
	text_printf(out, "  %-22s: [0x%08" PRIx32 "]\n", "SGSN c-teid", c->peer_teid_control);
	text_printf(out, "  %-22s: [0x%08" PRIx32 "]\n", "SGSN u-teid", c->peer_teid_user);
	text_printf(out, "  %-22s: [0x%08" PRIx32 "]\n", "GGSN teid", c->teid);
	show_full_counters(c, out);
}

void
gateway_show_service(const struct gateway_service_view *v, struct text *out)
{
	static const char *const states[] = {
	    [GATEWAY_SERVICE_STARTED] = "Started",
	    [GATEWAY_SERVICE_NOT_STARTED] = "Not started",
	    [GATEWAY_SERVICE_WAITING] = "Not started (waiting for the address)",
	};
	bool is_bound = v->bind.family != ADDR_NONE;
	char address[ADDR_TEXT_MAX];

	text_printf(out, "Service name: %s\n", v->name);
	text_printf(out, "  Context:                 %s\n", v->context);
	text_printf(out, "  Bind:                    %s\n", is_bound ? "Done" : "Not Done");
	if (is_bound)
		text_printf(out, "  Local IP Address:        %-17s Local IP Port: %u\n", addr_text(&v->bind, address),
		            v->port);
	text_printf(out, "  SRP Activated:           %s\n", v->is_srp_activated ? "Yes" : "No");
	text_printf(out, "  Service Status:          %s\n", states[v->state]);
	if (v->reason != NULL)
		text_printf(out, "  Status Reason:           %s\n", v->reason);
	text_printf(out, "  GTP Restart Counter:     %u\n", v->restart_counter);
	text_printf(out, "  Current PDP Contexts:    %" PRIu32 "\n", v->contexts);
}

static void
put_counter(struct text *out, const char *label, uint64_t v)
{
	text_printf(out, "  %-38s %" PRIu64 "\n", label, v);
}

/* Of what demux answered itself or discarded; reasons that never occurred have no line. */
static void
show_reasons(const struct demux_stats *s, struct text *out)
{
	for (unsigned r = DEMUX_REASON_NONE + 1; r < DEMUX_REASON_COUNT; r++)
		if (s->by_reason[r] > 0)
			text_printf(out, "    of these, %-26s %" PRIu64 "\n", demux_reason_text((enum demux_reason)r),
			            s->by_reason[r]);
}

void
gateway_show_counters(const struct gateway_counters_view *v, struct text *out)
{
	text_put(out, "\nGTP-C messages of this chassis:\n");
	put_counter(out, "Received:", v->demux->received);
	put_counter(out, "Forwarded to session managers:", v->demux->forwarded);
	put_counter(out, "Answered by demux:", v->demux->answered);
	put_counter(out, "Discarded:", v->demux->discarded);
	show_reasons(v->demux, out);
	put_counter(out, "Answers without an address:", v->unroutable);
	put_counter(out, "Answers that could not be sent:", v->send_failed);
	text_put(out, "PDP contexts:\n");
	put_counter(out, "Created:", v->created);
	put_counter(out, "Released:", v->released);
	put_counter(out, "Repeated requests:", v->repeated);
	put_counter(out, "Rejected, no resources:", v->rejected_no_resources);
	put_counter(out, "Rejected, unknown APN:", v->rejected_apn);
	put_counter(out, "Rejected, no address:", v->rejected_address);
	put_counter(out, "Rejected, malformed:", v->rejected_request);
	put_counter(out, "Rejected, new in a switchover:", v->rejected_switchover);
	put_counter(out, "Rejected, other:", v->rejected_other);
}

void
gateway_msisdn_text(const uint8_t *msisdn, uint8_t len, char out[20])
{
	size_t n = 0;

	for (unsigned i = 2; i < 2u * len && n < 18; i++) {
		unsigned digit = i % 2 ? msisdn[i / 2] >> 4 : msisdn[i / 2] & 0xf;

		if (digit > 9)
			break;
		out[n++] = (char)('0' + digit);
	}
	if (n == 0)
		out[n++] = '-';
	out[n] = '\0';
}
