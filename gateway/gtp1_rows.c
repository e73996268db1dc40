/*
 * gtp1_rows.c - the elements of the GTPv1-C messages, one row each, and the fixed lengths of the TV types.
 *
 * Rows stand in ascending order of type, as TS 29.060 section 7.7 wants them on the wire. Elements that we do not
 * use have no row: those below 128 are passed over by the table of lengths, the others by their own length.
 */
#include "gateway/gtp1.h"

#include <stddef.h>

/* One group bit per message type we know; gtp1_group tells them apart. */
enum {
	ECHO_REQ = 1 << 0,
	ECHO_RSP = 1 << 1,
	CREATE_REQ = 1 << 2,
	CREATE_RSP = 1 << 3,
	UPDATE_REQ = 1 << 4,
	UPDATE_RSP = 1 << 5,
	DELETE_REQ = 1 << 6,
	DELETE_RSP = 1 << 7,
	VERSION = 1 << 8,
	RESPONSES = CREATE_RSP | UPDATE_RSP | DELETE_RSP,
	CREATE_UPDATE = CREATE_REQ | UPDATE_REQ | CREATE_RSP | UPDATE_RSP
};

#define AT(member)  .offset = offsetof(struct gtp1_msg, member)
#define LEN(member) .len_offset = offsetof(struct gtp1_msg, member)

static const struct field_row rows[GTP1_IE_COUNT] = {
    [GTP1_IE_CAUSE] = {1, 0, FIELD_U8, 0, AT(cause), 0, 0, 255, RESPONSES | DELETE_REQ, "cause"},
    [GTP1_IE_IMSI] = {2, 0, FIELD_U64, 0, AT(imsi), 0, 0, UINT64_MAX, CREATE_REQ | UPDATE_REQ, "imsi"},
    [GTP1_IE_RAI] = {3, 0, FIELD_BYTES, 0, AT(rai), LEN(rai_len), 6, 6, CREATE_REQ | UPDATE_REQ, "rai"},
    [GTP1_IE_REORDERING] = {8, 0, FIELD_U8, 0, AT(reordering), 0, 0, 255, CREATE_RSP, "reordering_required"},
    [GTP1_IE_RECOVERY] = {14, 0, FIELD_U8, 0, AT(recovery), 0, 0, 255, CREATE_UPDATE | ECHO_RSP, "recovery"},
    [GTP1_IE_SELECTION_MODE] = {15, 0, FIELD_U8, 0, AT(selection_mode), 0, 0, 255, CREATE_REQ, "selection_mode"},
    [GTP1_IE_TEID_DATA] = {16, 0, FIELD_U32, 0, AT(teid_data), 0, 1, UINT32_MAX, CREATE_UPDATE, "teid_data_i"},
    [GTP1_IE_TEID_CONTROL] = {17, 0, FIELD_U32, 0, AT(teid_control), 0, 1, UINT32_MAX, CREATE_UPDATE, "teid_control"},
    [GTP1_IE_TEARDOWN] = {19, 0, FIELD_U8, 0, AT(teardown), 0, 0, 255, DELETE_REQ, "teardown_ind"},
    [GTP1_IE_NSAPI] = {20, 0, FIELD_U8, 0, AT(nsapi), 0, 0, 255, CREATE_REQ | UPDATE_REQ | DELETE_REQ | CREATE_RSP,
                       "nsapi"},
    [GTP1_IE_LINKED_NSAPI] = {20, 1, FIELD_U8, 0, AT(linked_nsapi), 0, 0, 255, CREATE_REQ, "linked_nsapi"},
    [GTP1_IE_CHARGING_CHARACTERISTICS] = {26, 0, FIELD_U16, 0, AT(charging_characteristics), 0, 0, UINT16_MAX,
                                          CREATE_REQ, "charging_characteristics"},
    [GTP1_IE_CHARGING_ID] = {127, 0, FIELD_U32, 0, AT(charging_id), 0, 0, UINT32_MAX, CREATE_RSP | UPDATE_RSP,
                             "charging_id"},
    [GTP1_IE_EUA] = {128, 0, FIELD_BYTES, 0, AT(eua), LEN(eua_len), 2, GTP1_EUA_MAX,
                     CREATE_REQ | CREATE_RSP | UPDATE_REQ, "end_user_address"},
    [GTP1_IE_APN] = {131, 0, FIELD_BYTES, 0, AT(apn), LEN(apn_len), 1, GTP1_APN_WIRE_MAX, CREATE_REQ, "apn"},
    [GTP1_IE_PCO] = {132, 0, FIELD_BYTES, 1, AT(pco), LEN(pco_len), 1, GTP1_PCO_MAX, CREATE_UPDATE | DELETE_REQ, "pco"},
    [GTP1_IE_GSN_CONTROL] = {133, 0, FIELD_ADDR, 0, AT(gsn_control), 0, 4, 16, CREATE_UPDATE, "gsn_address_control"},
    [GTP1_IE_GSN_USER] = {133, 1, FIELD_ADDR, 0, AT(gsn_user), 0, 4, 16, CREATE_UPDATE, "gsn_address_user"},
    [GTP1_IE_MSISDN] = {134, 0, FIELD_BYTES, 0, AT(msisdn), LEN(msisdn_len), 1, GTP1_MSISDN_MAX, CREATE_REQ, "msisdn"},
    [GTP1_IE_QOS] = {135, 0, FIELD_BYTES, 0, AT(qos), LEN(qos_len), 4, GTP1_QOS_MAX, CREATE_UPDATE, "qos_profile"},
    [GTP1_IE_RAT_TYPE] = {151, 0, FIELD_U8, 0, AT(rat_type), 0, 0, 255, CREATE_REQ | UPDATE_REQ, "rat_type"},
};

/*
 * Octets after the type of the TV elements, TS 29.060 table 37. RAB Context (22) is 9: NSAPI and four
 * sequence numbers; older software that counts 7 contradicts the element's own drawing in section 7.7.19.
 */
static const uint8_t tv_len[128] = {
    [1] = 1,   /* Cause */
    [2] = 8,   /* IMSI */
    [3] = 6,   /* Routeing Area Identity */
    [4] = 4,   /* TLLI */
    [5] = 4,   /* P-TMSI */
    [8] = 1,   /* Reordering Required */
    [9] = 28,  /* Authentication Triplet */
    [11] = 1,  /* MAP Cause */
    [12] = 3,  /* P-TMSI Signature */
    [13] = 1,  /* MS Validated */
    [14] = 1,  /* Recovery */
    [15] = 1,  /* Selection Mode */
    [16] = 4,  /* TEID Data I */
    [17] = 4,  /* TEID Control Plane */
    [18] = 5,  /* TEID Data II */
    [19] = 1,  /* Teardown Ind */
    [20] = 1,  /* NSAPI */
    [21] = 1,  /* RANAP Cause */
    [22] = 9,  /* RAB Context */
    [23] = 1,  /* Radio Priority SMS */
    [24] = 1,  /* Radio Priority */
    [25] = 2,  /* Packet Flow Id */
    [26] = 2,  /* Charging Characteristics */
    [27] = 2,  /* Trace Reference */
    [28] = 2,  /* Trace Type */
    [29] = 1,  /* MS Not Reachable Reason */
    [126] = 1, /* Packet Transfer Command (charging protocol) */
    [127] = 4, /* Charging ID */
};

const struct rows_format gtp1_format = {
    .name = "gtp1",
    .style = ROWS_GTP1,
    .version = 1,
    .rows = rows,
    .count = GTP1_IE_COUNT,
    .present_offset = offsetof(struct gtp1_msg, present),
    .tv_len = tv_len,
};

uint32_t
gtp1_group(uint8_t type)
{
	switch (type) {
	case GTP1_ECHO_REQUEST:
		return ECHO_REQ;
	case GTP1_ECHO_RESPONSE:
		return ECHO_RSP;
	case GTP1_VERSION_NOT_SUPPORTED:
		return VERSION;
	case GTP1_CREATE_REQUEST:
		return CREATE_REQ;
	case GTP1_CREATE_RESPONSE:
		return CREATE_RSP;
	case GTP1_UPDATE_REQUEST:
		return UPDATE_REQ;
	case GTP1_UPDATE_RESPONSE:
		return UPDATE_RSP;
	case GTP1_DELETE_REQUEST:
		return DELETE_REQ;
	case GTP1_DELETE_RESPONSE:
		return DELETE_RSP;
	default:
		return 0;
	}
}
