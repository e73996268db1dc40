/* gtp1_values.c - the values inside the elements: IMSI, APN, End User Address, Protocol Configuration Options. */
#include <string.h>

#include "gateway/gtp1.h"

enum { IMSI_DIGITS_MIN = 6, IMSI_DIGITS_MAX = 15, NIBBLES = 16, FILLER = 0xf, LABEL_MAX = 63 };

/* Digit @i of a TBCD number: the low nibble of an octet comes first. */
static unsigned
tbcd_digit(uint64_t tbcd, unsigned i)
{
	unsigned octet = (unsigned)(tbcd >> (8 * (7 - i / 2))) & 0xff;

	return i % 2 ? octet >> 4 : octet & 0xf;
}

bool
gtp1_imsi_text(uint64_t imsi, char out[GTP1_IMSI_TEXT_MAX])
{
	unsigned n = 0;

	while (n < NIBBLES && tbcd_digit(imsi, n) <= 9)
		n++;
	if (n < IMSI_DIGITS_MIN || n > IMSI_DIGITS_MAX)
		return false;
	for (unsigned i = n; i < NIBBLES; i++)
		if (tbcd_digit(imsi, i) != FILLER)
			return false;
	for (unsigned i = 0; i < n; i++)
		out[i] = (char)('0' + tbcd_digit(imsi, i));
	out[n] = '\0';
	return true;
}

enum err
gtp1_imsi_parse(const char *text, uint64_t *imsi)
{
	uint64_t v = 0;
	size_t n = strlen(text);

	if (n < IMSI_DIGITS_MIN || n > IMSI_DIGITS_MAX || strspn(text, "0123456789") != n)
		return ERR_FORMAT;
	for (unsigned i = 0; i < NIBBLES; i++) {
		uint64_t digit = i < n ? (uint64_t)(text[i] - '0') : FILLER;

		v |= digit << (8 * (7 - i / 2) + (i % 2 ? 4 : 0));
	}
	*imsi = v;
	return ERR_OK;
}

bool
gtp1_imsi_number(uint64_t imsi, uint64_t *number, uint8_t *digits)
{
	char text[GTP1_IMSI_TEXT_MAX];
	uint64_t v = 0;

	if (!gtp1_imsi_text(imsi, text))
		return false;
	for (const char *p = text; *p != '\0'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	*number = v;
	*digits = (uint8_t)strlen(text);
	return true;
}

uint64_t
gtp1_imsi_wire(uint64_t number, uint8_t digits)
{
	uint64_t imsi = UINT64_MAX;

	if (digits < IMSI_DIGITS_MIN || digits > IMSI_DIGITS_MAX)
		return 0;
	for (unsigned i = digits; i-- > 0; number /= 10)
		imsi ^= (number % 10 ^ FILLER) << (8 * (7 - i / 2) + (i % 2 ? 4 : 0));
	return number == 0 ? imsi : 0;
}

enum err
gtp1_apn_text(const uint8_t *wire, size_t len, char out[GTP1_APN_TEXT_MAX])
{
	struct rbuf in;
	char text[GTP1_APN_TEXT_MAX];
	size_t n = 0;

	rbuf_init(&in, wire, len);
	if (len == 0 || len > GTP1_APN_WIRE_MAX)
		return ERR_FORMAT;
	while (rbuf_left(&in) > 0) {
		uint8_t label = rbuf_u8(&in);
		const uint8_t *p = rbuf_take(&in, label);

		if (p == NULL || label == 0 || label > LABEL_MAX || memchr(p, '.', label) || memchr(p, 0, label))
			return ERR_FORMAT;
		if (n > 0)
			text[n++] = '.';
		memcpy(text + n, p, label);
		n += label;
	}
	text[n] = '\0';
	memcpy(out, text, n + 1);
	return ERR_OK;
}

enum err
gtp1_apn_wire(const char *text, uint8_t out[GTP1_APN_WIRE_MAX], uint8_t *len)
{
	struct wbuf w;

	wbuf_init(&w, out, GTP1_APN_WIRE_MAX);
	for (;;) {
		size_t n = strcspn(text, ".");

		if (n == 0 || n > LABEL_MAX)
			return ERR_FORMAT;
		wbuf_u8(&w, (uint8_t)n);
		wbuf_bytes(&w, text, n);
		if (text[n] == '\0')
			break;
		text += n + 1;
	}
	if (w.is_over)
		return ERR_RANGE;
	*len = (uint8_t)w.len;
	return ERR_OK;
}

/* PDP type organisation 0 is ETSI (only PPP), 1 is IETF (numbers of PPP protocols), TS 29.060 section 7.7.27. */
static enum gtp1_pdp
pdp_type(uint8_t organisation, uint8_t number)
{
	if (organisation == 0 && number == 1)
		return GTP1_PDP_PPP;
	if (organisation != 1)
		return GTP1_PDP_OTHER;
	switch (number) {
	case 0x21:
		return GTP1_PDP_IPV4;
	case 0x57:
		return GTP1_PDP_IPV6;
	case 0x8d:
		return GTP1_PDP_IPV4V6;
	default:
		return GTP1_PDP_OTHER;
	}
}

enum err
gtp1_eua_parse(const uint8_t *eua, size_t len, enum gtp1_pdp *pdp, uint32_t *v4)
{
	struct rbuf in;
	uint8_t organisation, number;
	uint32_t address = 0;
	enum gtp1_pdp type;

	rbuf_init(&in, eua, len);
	organisation = rbuf_u8(&in) & 0x0f;
	number = rbuf_u8(&in);
	if (in.is_short)
		return ERR_FORMAT;
	type = pdp_type(organisation, number);
	if (type == GTP1_PDP_IPV4 && rbuf_left(&in) > 0) {
		address = rbuf_u32(&in);
		if (in.is_short || rbuf_left(&in) > 0)
			return ERR_FORMAT;
	}
	*pdp = type;
	*v4 = address;
	return ERR_OK;
}

void
gtp1_eua_ipv4(struct gtp1_msg *m, uint32_t v4)
{
	struct wbuf w;

	wbuf_init(&w, m->eua, sizeof m->eua);
	wbuf_u8(&w, 0xf1);
	wbuf_u8(&w, 0x21);
	if (v4 != 0)
		wbuf_u32(&w, v4);
	m->eua_len = (uint8_t)w.len;
	gtp1_set(m, GTP1_IE_EUA);
}

/* Protocol identifiers in Protocol Configuration Options, and codes and options of IPCP (RFC 1332, RFC 1877). */
enum {
	PCO_PPP = 0x80, /* extension bit, configuration protocol 0: PPP for use with IP PDP type */
	PCO_IPCP = 0x8021,
	PCO_DNS_IPV4 = 0x000d,
	IPCP_CONFIGURE_REQUEST = 1,
	IPCP_CONFIGURE_NAK = 3,
	IPCP_HEADER_BYTES = 4,
	IPCP_DNS1 = 129,
	IPCP_DNS2 = 131,
	IPCP_DNS_BYTES = 6
};

static enum err
pco_parse_ipcp(struct rbuf *in, struct gtp1_pco *out)
{
	uint8_t code = rbuf_u8(in), id = rbuf_u8(in);
	uint16_t length = rbuf_u16(in);
	struct rbuf options;

	if (in->is_short || length < IPCP_HEADER_BYTES)
		return ERR_FORMAT;
	rbuf_sub(in, length - (size_t)IPCP_HEADER_BYTES, &options);
	if (options.is_short)
		return ERR_FORMAT;
	if (code != IPCP_CONFIGURE_REQUEST)
		return ERR_OK;
	out->has_ipcp = true;
	out->ipcp_id = id;
	while (rbuf_left(&options) > 0) {
		uint8_t option = rbuf_u8(&options), n = rbuf_u8(&options);

		if (n < 2 || rbuf_take(&options, n - (size_t)2) == NULL)
			return ERR_FORMAT;
		out->wants_dns1 |= option == IPCP_DNS1;
		out->wants_dns2 |= option == IPCP_DNS2;
	}
	return ERR_OK;
}

enum err
gtp1_pco_parse(const uint8_t *pco, size_t len, struct gtp1_pco *out)
{
	struct gtp1_pco got = {0};
	struct rbuf in;

	rbuf_init(&in, pco, len);
	(void)rbuf_u8(&in);
	while (rbuf_left(&in) > 0) {
		uint16_t protocol = rbuf_u16(&in);
		uint8_t n = rbuf_u8(&in);
		struct rbuf content;

		rbuf_sub(&in, n, &content);
		if (in.is_short)
			return ERR_FORMAT;
		got.wants_dns_container |= protocol == PCO_DNS_IPV4;
		if (protocol == PCO_IPCP && pco_parse_ipcp(&content, &got) != ERR_OK)
			return ERR_FORMAT;
	}
	if (in.is_short)
		return ERR_FORMAT;
	*out = got;
	return ERR_OK;
}

static void
pco_put_ipcp_dns(struct wbuf *w, uint8_t option, uint32_t server)
{
	wbuf_u8(w, option);
	wbuf_u8(w, IPCP_DNS_BYTES);
	wbuf_u32(w, server);
}

static void
pco_put_container(struct wbuf *w, uint32_t server)
{
	if (GTP1_PCO_ANSWER_MAX - w->len < 7)
		return;
	wbuf_u16(w, PCO_DNS_IPV4);
	wbuf_u8(w, 4);
	wbuf_u32(w, server);
}

void
gtp1_pco_answer(const struct gtp1_pco *ask, uint32_t dns1, uint32_t dns2, uint8_t out[GTP1_PCO_ANSWER_MAX],
                uint8_t *len)
{
	bool is_dns1 = ask->has_ipcp && ask->wants_dns1 && dns1 != 0;
	bool is_dns2 = ask->has_ipcp && ask->wants_dns2 && dns2 != 0;
	uint16_t options = (uint16_t)((is_dns1 + is_dns2) * IPCP_DNS_BYTES);
	struct wbuf w;

	wbuf_init(&w, out, GTP1_PCO_ANSWER_MAX);
	wbuf_u8(&w, PCO_PPP);
	if (options > 0) {
		wbuf_u16(&w, PCO_IPCP);
		wbuf_u8(&w, (uint8_t)(options + IPCP_HEADER_BYTES));
		wbuf_u8(&w, IPCP_CONFIGURE_NAK);
		wbuf_u8(&w, ask->ipcp_id);
		wbuf_u16(&w, (uint16_t)(options + IPCP_HEADER_BYTES));
	}
	if (is_dns1)
		pco_put_ipcp_dns(&w, IPCP_DNS1, dns1);
	if (is_dns2)
		pco_put_ipcp_dns(&w, IPCP_DNS2, dns2);
	if (ask->wants_dns_container && dns1 != 0)
		pco_put_container(&w, dns1);
	if (ask->wants_dns_container && dns2 != 0)
		pco_put_container(&w, dns2);
	*len = w.len > 1 ? (uint8_t)w.len : 0;
}
