/* sgsn.c - requests of an SGSN, and what the answers to them must say. */
#include "sgsn.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static void
put_bytes(struct gtp1_msg *m, enum gtp1_ie ie, uint8_t *to, uint8_t *to_len, const void *from, uint8_t n)
{
	memcpy(to, from, n);
	*to_len = n;
	gtp1_set(m, ie);
}

/* The SGSN's side of a context: what Create and Update both say. */
static void
put_sgsn(const struct sgsn_ask *ask, struct gtp1_msg *m)
{
	static const uint8_t qos[] = {0x01, 0x0b, 0x92, 0x1f};

	m->teid_data = ask->teid_data;
	m->gsn_control = addr_v4(ask->address);
	m->gsn_user = m->gsn_control;
	gtp1_set(m, GTP1_IE_TEID_DATA);
	if (ask->teid_control != 0) {
		m->teid_control = ask->teid_control;
		gtp1_set(m, GTP1_IE_TEID_CONTROL);
	}
	gtp1_set(m, GTP1_IE_NSAPI);
	gtp1_set(m, GTP1_IE_GSN_CONTROL);
	gtp1_set(m, GTP1_IE_GSN_USER);
	m->nsapi = SGSN_NSAPI;
	put_bytes(m, GTP1_IE_QOS, m->qos, &m->qos_len, qos, sizeof qos);
}

static void
put_create(const struct sgsn_ask *ask, struct gtp1_msg *m)
{
	static const uint8_t msisdn[] = {0x91, 0x64, 0x07, 0x12, 0x32, 0x54, 0xf6};
	static const uint8_t rai[] = {0x42, 0xf0, 0x10, 0x00, 0x01, 0x01};

	put_sgsn(ask, m);
	m->imsi = ask->imsi;
	m->selection_mode = 0xfd;
	m->recovery = 1;
	m->charging_characteristics = 0x0800;
	gtp1_set(m, GTP1_IE_IMSI);
	gtp1_set(m, GTP1_IE_SELECTION_MODE);
	gtp1_set(m, GTP1_IE_RECOVERY);
	gtp1_set(m, GTP1_IE_CHARGING_CHARACTERISTICS);
	put_bytes(m, GTP1_IE_RAI, m->rai, &m->rai_len, rai, sizeof rai);
	put_bytes(m, GTP1_IE_MSISDN, m->msisdn, &m->msisdn_len, msisdn, sizeof msisdn);
	gtp1_eua_ipv4(m, 0);
	if (gtp1_apn_wire(ask->apn, m->apn, &m->apn_len) == ERR_OK)
		gtp1_set(m, GTP1_IE_APN);
}

size_t
sgsn_encode(const struct sgsn_ask *ask, uint8_t bytes[SGSN_REQUEST_MAX])
{
	struct gtp1_header h = {.type = ask->type, .has_seq = true, .seq = ask->seq, .teid = ask->teid};
	struct gtp1_msg m = {0};
	struct wbuf w;

	if (ask->type == GTP1_CREATE_REQUEST) {
		put_create(ask, &m);
	} else if (ask->type == GTP1_UPDATE_REQUEST) {
		put_sgsn(ask, &m);
	} else if (ask->type == GTP1_DELETE_REQUEST) {
		m.teardown = 0xff;
		m.nsapi = SGSN_NSAPI;
		gtp1_set(&m, GTP1_IE_TEARDOWN);
		gtp1_set(&m, GTP1_IE_NSAPI);
	}
	wbuf_init(&w, bytes, SGSN_REQUEST_MAX);
	if (gtp1_encode(&h, &m, &w) != ERR_OK)
		abort();
	return w.len;
}

bool
sgsn_is_service(const struct gtp1_msg *m, uint32_t service)
{
	struct addr a = addr_v4(service);

	return gtp1_has(m, GTP1_IE_GSN_CONTROL) && gtp1_has(m, GTP1_IE_GSN_USER) && addr_equal(&m->gsn_control, &a) &&
	       addr_equal(&m->gsn_user, &a);
}

const char *
sgsn_read_create(const struct gtp1_msg *m, uint32_t service, struct sgsn_given *out)
{
	enum gtp1_pdp pdp;
	uint32_t address;

	if (!gtp1_has(m, GTP1_IE_TEID_CONTROL) || !gtp1_has(m, GTP1_IE_TEID_DATA) || !gtp1_has(m, GTP1_IE_CHARGING_ID))
		return "element-missing";
	if (!sgsn_is_service(m, service))
		return "gsn-address";
	if (!gtp1_has(m, GTP1_IE_EUA) || gtp1_eua_parse(m->eua, m->eua_len, &pdp, &address) != ERR_OK ||
	    pdp != GTP1_PDP_IPV4 || address == 0)
		return "end-user-address";
	*out = (struct sgsn_given){.teid_control = m->teid_control,
	                           .teid_data = m->teid_data,
	                           .charging_id = m->charging_id,
	                           .address = address};
	return NULL;
}

const char *
sgsn_check_update(const struct gtp1_msg *m, uint32_t service, const struct sgsn_given *known)
{
	if (gtp1_has(m, GTP1_IE_TEID_CONTROL) && m->teid_control != known->teid_control)
		return "teid-control-changed";
	if (gtp1_has(m, GTP1_IE_TEID_DATA) && m->teid_data != known->teid_data)
		return "teid-data-changed";
	if (gtp1_has(m, GTP1_IE_CHARGING_ID) && m->charging_id != known->charging_id)
		return "charging-id-changed";
	return sgsn_is_service(m, service) ? NULL : "gsn-address";
}

bool
sgsn_parse_address(const char *text, struct sockaddr_in *out)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');
	size_t n = colon == NULL ? strlen(text) : (size_t)(colon - text);
	long port = colon == NULL ? GTP1_PORT : strtol(colon + 1, NULL, 10);

	if (n >= sizeof host || port < 0 || port > 65535)
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	*out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	return inet_pton(AF_INET, host, &out->sin_addr) == 1;
}
