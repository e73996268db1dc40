/*
 * arena_cells.h - which cells of an arena are free: the private knowledge of its writer.
 *
 * A slab of 64 KiB is cut into cells of one size when it is first needed, and given back when its last cell is; a
 * bitmap in private memory says which cells are taken. The size of its cells stands in the shared class table, so that
 * a restarted writer finds the same cells again. Slabs begun or given back last are used first, and in a slab the first
 * free cell, so memory that was never touched stays so. Cells are numbers: granules of 64 bytes from the first slab.
 * Pure; only arena.c uses it, and the tests.
 */
#ifndef SESSION_ARENA_CELLS_H
#define SESSION_ARENA_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARENA_NO_CELL UINT32_MAX

struct arena_cells;

/*
 * arena_cells_new - over the shared class table of @slabs bytes (kept). Slabs that have a class are shut: their cells
 * can be claimed, and are not taken before arena_cells_recovered. NULL: no memory.
 */
struct arena_cells *arena_cells_new(uint8_t *classes, uint32_t slabs);
void arena_cells_free(struct arena_cells *c);

/* arena_cells_take - a free cell of at least @bytes (1..ARENA_CELL_MAX), the smallest there is, or ARENA_NO_CELL. */
uint32_t arena_cells_take(struct arena_cells *c, size_t bytes);

/* arena_cells_give - @cell, which was taken or claimed, is free. */
void arena_cells_give(struct arena_cells *c, uint32_t cell);

/* arena_cells_claim - a cell of a shut slab is taken; false: there is no cell of @bytes, or it is taken. */
bool arena_cells_claim(struct arena_cells *c, uint32_t cell, size_t bytes);

/* arena_cells_recovered - what nobody claimed is free. */
void arena_cells_recovered(struct arena_cells *c);

uint32_t arena_cells_taken(const struct arena_cells *c);

#endif
