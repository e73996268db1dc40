/*
 * session_arena.c - a restarted writer over an arena in which anything may stand. The input changes memory that a table
 * has left behind: bytes of the header, class table, directory and cells, and whole entries and cells whose sums
 * are put right again, so that what lies behind them is reached. Then it is attached to, taken over, and written to,
 * whole records and sides. What the sanitizers do not see is asserted: no slot changes another one's record.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32c.h"

#include "base/buf.h"
#include "session/arena_layout.h"
#include "session/call_table.h"

enum { SLOTS = 64, SLABS = 3, CALLS = 40, RAW = 12 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t
memory_bytes(void)
{
	return arena_cells_at(SLOTS) + SLABS * ARENA_SLAB_BYTES;
}

static struct call
call_of(uint64_t imsi)
{
	struct call c = {.imsi = imsi, .imsi_digits = 15, .nsapi = 5, .state = CALL_CONNECTED};

	c.present = CALL_HAS(CALL_F_IMSI) | CALL_HAS(CALL_F_IMSI_DIGITS) | CALL_HAS(CALL_F_NSAPI) |
	            CALL_HAS(CALL_F_STATE) | CALL_HAS(CALL_F_APN);
	memset(c.apn, 'a', imsi % CALL_APN_MAX + 1);
	return c;
}

/* Calls of many lengths, one released, and a few records that are none. */
static uint8_t *
make_template(void)
{
	uint8_t *mem = calloc(1, memory_bytes()), record[ARENA_RECORD_MAX];
	struct call_table *t;
	struct call_store s;
	struct arena a;

	assert(mem != NULL && arena_init(&a, mem, memory_bytes(), 1, SLOTS) == ERR_OK);
	t = call_table_new(&a, NULL);
	assert(t != NULL);
	s = call_table_store(t);
	for (uint64_t i = 0; i < CALLS; i++) {
		struct call c = call_of(i);

		assert(s.ops->add(s.arg, &c) == ERR_OK);
	}
	assert(call_table_drop(t, 7));
	memset(record, 0x5a, sizeof record);
	for (uint32_t i = 0; i < RAW; i++)
		(void)call_table_place(t, teid_make(1, i, CALLS + i), record, 100 + i * 70, 1000 + i);
	call_table_free(t);
	return mem;
}

/* The head of a cell, with its CRC right for the length it says, and a side that is its own. */
static void
seal_cell(struct arena *a, uint32_t cell, struct arena_cell_head h)
{
	const size_t sum = sizeof h.crc, room = (size_t)(SLABS * ARENA_SLAB_GRANULES - cell) * ARENA_GRANULE;
	const struct arena_owner owner = {.slot = h.slot, .seq = h.seq, .tag = h.tag};
	uint8_t *p = arena_cell_at(a, cell) + ARENA_HEAD_AT;

	if (ARENA_HEAD_AT + sizeof h + h.len > room)
		return;
	arena_side_init(p - ARENA_HEAD_AT, &owner, "side", h.at % 5);
	memcpy(p, &h, sizeof h);
	h.crc = crc32c(0, p + sum, sizeof h - sum + h.len);
	memcpy(p, &h, sizeof h);
}

/* One change: what, where, a value. */
static void
change(struct arena *a, uint8_t what, uint16_t at, uint16_t value)
{
	uint32_t slot = at % SLOTS, cell = (uint32_t)(at >> 6) % (SLABS * ARENA_SLAB_GRANULES);
	struct arena_cell_head h;

	switch (what % 6) {
	case 0:
		a->mem[at % 32] ^= (uint8_t)value;
		break;
	case 1:
		arena_classes(a)[at % SLABS] = (uint8_t)(value % (ARENA_CLASSES + 2));
		break;
	case 2:
		((uint8_t *)arena_entry_at(a, 0))[at % (SLOTS * sizeof(uint64_t))] ^= (uint8_t)value;
		break;
	case 3:
		arena_cell_at(a, cell)[value % ARENA_GRANULE] ^= (uint8_t)(value >> 8);
		break;
	case 4: /* an entry that looks right, to wherever */
		*arena_entry_at(a, slot) = arena_entry_pack(
		    (struct arena_entry){.ref = value, .seq = (uint16_t)(at >> 8), .tag = (uint8_t)(at & 3)});
		break;
	default: /* a slot and a cell that fit each other */
		if (cell + ARENA_CELL_LEAST > SLABS * ARENA_SLAB_GRANULES)
			break;
		memcpy(&h, arena_cell_at(a, cell) + ARENA_HEAD_AT, sizeof h);
		h.slot = slot;
		h.len = value % (ARENA_RECORD_MAX + 2);
		h.at = (uint16_t)(value >> 3) % (ARENA_RECORD_MAX + 2);
		seal_cell(a, cell, h);
		*arena_entry_at(a, slot) =
		    arena_entry_pack((struct arena_entry){.ref = cell + 1, .seq = h.seq, .tag = h.tag});
	}
}

struct seen {
	uint8_t record[ARENA_RECORD_MAX];
	size_t n;
};

/* Every slot but @but reads as it did. */
static void
check_others(const struct arena *a, const struct seen *seen, uint32_t but)
{
	for (uint32_t i = 0; i < a->slot_count && i < SLOTS; i++) {
		uint8_t buf[ARENA_RECORD_MAX];
		size_t n = 0;
		enum err e = arena_read(a, i, buf, &n, NULL);

		assert(i == but || (e == ERR_OK) == (seen[i].n != 0));
		assert(i == but || (n == seen[i].n && memcmp(buf, seen[i].record, n) == 0));
	}
}

/* The side of the record in @slot becomes @n octets; what is seen of the slot follows. */
static void
change_side(struct arena *a, uint32_t slot, uint8_t n, struct seen *seen)
{
	uint8_t bytes[ARENA_SIDE_MAX];
	struct arena_piece side;
	struct arena_view v;

	memset(bytes, n, sizeof bytes);
	if (arena_side(a, slot, &side) != ERR_OK || arena_change(a, &side, bytes, n) != ERR_OK)
		return;
	assert(side.n == n && memcmp(side.p, bytes, n) == 0);
	if (arena_borrow(a, slot, &v) == ERR_OK)
		seen->n = arena_join(&v, seen->record);
}

static void
take_over(struct arena *a, struct rbuf *in)
{
	static struct seen seen[SLOTS];
	uint8_t record[ARENA_RECORD_MAX];

	memset(seen, 0, sizeof seen);
	assert(arena_open(a) == ERR_OK);
	for (uint32_t i = 0; i < a->slot_count; i++) {
		uint8_t buf[ARENA_RECORD_MAX];
		size_t n;
		enum err e = arena_adopt(a, i, buf, &n, NULL);

		if (e == ERR_CORRUPT)
			arena_clear(a, i, 0);
		if (e != ERR_OK || i >= SLOTS)
			continue;
		seen[i].n = n;
		memcpy(seen[i].record, buf, n);
	}
	arena_recovered(a);
	check_others(a, seen, SLOTS);
	while (rbuf_left(in) >= 3) {
		uint8_t first = rbuf_u8(in);
		uint32_t slot = first % SLOTS;
		size_t n = rbuf_u16(in) % ARENA_RECORD_MAX;
		struct arena_run run = {.at = (uint16_t)(n / 3), .len = (uint16_t)(n / 3 % (ARENA_SIDE_MAX + 1))};

		if (first >= 128) {
			change_side(a, slot, (uint8_t)(n % (ARENA_SIDE_MAX + 1)), &seen[slot]);
			check_others(a, seen, SLOTS);
			continue;
		}
		memset(record, (int)(n ^ slot), sizeof record);
		if (n == 0)
			arena_clear(a, slot, 1);
		else if (arena_write(a, slot, 1, record, n, run) != ERR_OK)
			continue;
		if (slot < a->slot_count) {
			seen[slot].n = n;
			memcpy(seen[slot].record, record, n);
		}
		check_others(a, seen, SLOTS);
	}
	arena_close(a);
}

/* The same through the call table: what it says it has can be read, and new calls find their place. */
static void
restore_table(struct arena *a)
{
	struct call_table *t = call_table_new(a, NULL);
	struct call_store s;
	uint32_t slot = 0, n = 0;
	struct call c;

	assert(t != NULL);
	s = call_table_store(t);
	while (call_table_restore(t, &slot, NULL, NULL) == ERR_SHORT)
		;
	slot = 0;
	while (s.ops->next(s.arg, &slot, &c) != ERR_NOT_FOUND)
		n++;
	assert(n <= call_table_count(t));
	for (uint64_t i = 100; i < 100 + SLOTS; i++) {
		c = call_of(i);
		if (s.ops->add(s.arg, &c) == ERR_OK)
			assert(s.ops->get(s.arg, c.teid, &c) == ERR_OK && c.imsi == i);
	}
	for (slot = 0; slot < a->slot_count; slot++)
		(void)call_table_drop(t, slot);
	assert(call_table_count(t) == 0);
	call_table_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *template, *mem;
	struct arena a;
	struct rbuf in;
	uint8_t way, changes;

	if (template == NULL) {
		template = make_template();
		mem = malloc(memory_bytes());
	}
	if (size < 2 || size > 4096)
		return 0;
	memcpy(mem, template, memory_bytes());
	rbuf_init(&in, data, size);
	way = rbuf_u8(&in);
	changes = rbuf_u8(&in);
	assert(arena_attach(&a, mem, memory_bytes()) == ERR_OK);
	for (unsigned i = 0; i < changes && rbuf_left(&in) >= 5; i++) {
		uint8_t what = rbuf_u8(&in);
		uint16_t at = rbuf_u16(&in);

		change(&a, what, at, rbuf_u16(&in));
	}
	if (arena_attach(&a, mem, memory_bytes()) != ERR_OK)
		return 0;
	if (way & 1)
		restore_table(&a);
	else
		take_over(&a, &in);
	return 0;
}
