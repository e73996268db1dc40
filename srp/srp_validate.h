/*
 * srp_validate.h - the comparison of two chassis' configuration lines.
 *
 * Text in (the lines of cli/cfg_pair.h, each begun by = or #), differences out. Pure but for the memory that _new
 * takes; thread-safe, since nothing is shared. What comes from the peer is checked here and nowhere else. It does not
 * know rows, digests, links or secrets: a secret is whatever stands between two SRP_LINES_SECRET octets, and lines
 * that differ there alone are told as such, without it.
 * Source: interchassis session recovery chapter, "Verifying the Primary and Backup Configuration"; "BGP Interaction"
 * for the order of busyout ip pool.
 */
#ifndef SRP_SRP_VALIDATE_H
#define SRP_SRP_VALIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"

enum {
	SRP_LINES_BYTES_MAX = 1 << 20, /* of one chassis, more are compared by their digest only */
	SRP_LINES_ORDERED_MAX = 4096,  /* lines of which the order counts */
	SRP_LINE_BYTES_MAX = 16 * 1024,
	SRP_LINES_SECRET = 0x1e
};

enum srp_diff_kind {
	SRP_DIFF_HERE,   /* only here */
	SRP_DIFF_PEER,   /* only on the peer */
	SRP_DIFF_ORDER,  /* on both, elsewhere in the sequence */
	SRP_DIFF_SECRET, /* the same but for the secret */
	SRP_DIFF_KIND_COUNT
};

/* One different line. */
struct srp_difference {
	uint8_t kind;        /* enum srp_diff_kind */
	uint32_t bytes;      /* of the line, without its mark = or # and its end */
	uint32_t here, peer; /* ORDER: place in the sequence of those lines that both have, from 1 */
	const char *line;    /* not NUL-terminated; dies with the srp_diff */
};

struct srp_lines;
struct srp_diff;

/*
 * srp_lines_new - take over @len octets of @text, copied: lines, each begun by = or # and ended by a newline.
 *
 * Lines are brought into their canonical order: those with = sorted, those with # behind them, sorted by their block
 * (what stands before the last ": ") and else as they came.
 *
 * Returns ERR_RANGE (too long, too many ordered lines), ERR_FORMAT (another first octet, an empty line, an octet that
 * a line cannot hold, no newline at the end, a secret without its end) or ERR_SYSTEM (no memory).
 */
enum err srp_lines_new(const char *text, size_t len, struct srp_lines **out);
void srp_lines_free(struct srp_lines *l);

/*
 * srp_lines_own - the same for this chassis' own lines, which may be more: without the bound of all octets and that of
 * ordered lines. srp_lines_is_long: they cannot be sent, only their digest can be compared.
 */
enum err srp_lines_own(const char *text, size_t len, struct srp_lines **out);
bool srp_lines_is_long(const struct srp_lines *l);

/*
 * srp_lines_pack - the canonical text, compressed: heap memory of the caller's. ERR_RANGE: srp_lines_is_long;
 * ERR_SYSTEM: no memory.
 *
 * srp_lines_unpack - what a peer sent: @len octets that it says are @plain_bytes uncompressed. Never uses more memory
 * than SRP_LINES_BYTES_MAX and what srp_lines_new takes. ERR_RANGE: more than that is declared; ERR_CORRUPT: not zlib,
 * or of another length than declared; else as srp_lines_new.
 */
enum err srp_lines_pack(const struct srp_lines *l, uint8_t **take, size_t *len);
enum err srp_lines_unpack(const uint8_t *packed, size_t len, size_t plain_bytes, struct srp_lines **out);

/* srp_lines_text - the canonical text: the same for two chassis exactly when nothing differs. */
const char *srp_lines_text(const struct srp_lines *l, size_t *len);
uint32_t srp_lines_count(const struct srp_lines *l);

/*
 * srp_diff_new - what differs, ours first where lines meet; it keeps its own copy of the lines. NULL: no memory.
 * Time: the sizes together, but with ordered lines, and with secrets among the different lines, their products.
 */
struct srp_diff *srp_diff_new(const struct srp_lines *here, const struct srp_lines *peer);
void srp_diff_free(struct srp_diff *d);

uint32_t srp_diff_count(const struct srp_diff *d);

/* srp_diff_at - difference number @i, 0 .. count - 1. */
const struct srp_difference *srp_diff_at(const struct srp_diff *d, uint32_t i);

/* srp_diff_put - "only on the peer: context isp: apn x"; what came from the peer is escaped. No end of line. */
void srp_diff_put(const struct srp_difference *x, struct text *out);

/* srp_diff_print - at most @max of them, one a line, and then "and N more". */
void srp_diff_print(const struct srp_diff *d, uint32_t max, struct text *out);

#endif
